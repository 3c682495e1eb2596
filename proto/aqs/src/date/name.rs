//! Days and spans of days, by number and by name.

use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// First day, and the first one after.
type Days = (Date, Date);

/// `today`, `last week`, `coming year`: a span that counts from today. Weeks begin on Sunday.
pub(super) fn relative(words: &[&str], today: Date) -> Option<Days> {
    let joined: String = words.concat();
    let day = |first: Date| Some((first, first.tomorrow().ok()?));
    match joined.as_str() {
        "today" => return day(today),
        "yesterday" => return day(today.yesterday().ok()?),
        "tomorrow" => return day(today.tomorrow().ok()?),
        _ => {}
    }
    let (which, unit) = WHICH.iter().find_map(|which| Some((*which, joined.strip_prefix(which)?)))?;
    let (start, step) = match unit {
        "week" => (sunday(today)?, 1.week()),
        "month" => (today.first_of_month(), 1.month()),
        "year" => (today.first_of_year(), 1.year()),
        _ => return None,
    };
    let tomorrow = today.tomorrow().ok()?;
    Some(match which {
        "this" => (start, start.checked_add(step).ok()?),
        "last" | "previous" => (start.checked_sub(step).ok()?, start),
        "next" => {
            let next = start.checked_add(step).ok()?;
            (next, next.checked_add(step).ok()?)
        }
        // As long as one, up to today and from today on.
        "past" => (tomorrow.checked_sub(step).ok()?, tomorrow),
        _ => (today, today.checked_add(step).ok()?),
    })
}

const WHICH: &[&str] = &["this", "last", "previous", "next", "past", "coming"];

/// A day, a month, a year, a day of this week; or a span that counts from today.
pub(super) fn days(words: &[&str], today: Date) -> Option<Days> {
    if let Some(found) = relative(words, today) {
        return Some(found);
    }
    let day = |first: Option<Date>| Some((first?, first?.tomorrow().ok()?));
    match words {
        [one] => day(numbered(one, today))
            .or_else(|| weekday(one, today))
            .or_else(|| {
                let month = month(one)?;
                whole_month(today.year(), month)
            })
            .or_else(|| {
                let year = year(one).filter(|_| one.len() == 4)?;
                Some((Date::new(year, 1, 1).ok()?, Date::new(year.checked_add(1)?, 1, 1).ok()?))
            }),
        // December 11; 11 December; December 2013.
        [a, b] => match (month(a), month(b)) {
            (Some(month), None) if b.len() == 4 => whole_month(year(b)?, month),
            (Some(month), None) => day(Date::new(today.year(), month, number(b)?).ok()),
            (None, Some(month)) => day(Date::new(today.year(), month, number(a)?).ok()),
            _ => None,
        },
        [a, b, c] => {
            let (month, number) = match (month(a), month(b)) {
                (Some(month), None) => (month, number(b)?),
                (None, Some(month)) => (month, number(a)?),
                _ => return None,
            };
            day(Date::new(year(c)?, month, number).ok())
        }
        _ => None,
    }
}

fn whole_month(year: i16, month: i8) -> Option<Days> {
    let first = Date::new(year, month, 1).ok()?;
    Some((first, first.checked_add(1.month()).ok()?))
}

/// `2013-12-31`, `12/31/2013`, `12/31`, `31.12.2013`, `31.12.`
fn numbered(text: &str, today: Date) -> Option<Date> {
    if let Some(bare) = text.strip_suffix('.') {
        return of_parts(bare.split('.').collect(), true, today);
    }
    for (sign, day_first) in [('/', false), ('.', true)] {
        if text.contains(sign) {
            return of_parts(text.split(sign).collect(), day_first, today);
        }
    }
    let is_iso = text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
    text.parse::<Date>().ok().filter(|_| is_iso)
}

fn of_parts(parts: Vec<&str>, day_first: bool, today: Date) -> Option<Date> {
    let (a, b, year) = match parts.as_slice() {
        [a, b] => (a, b, today.year()),
        [a, b, c] => (a, b, year(c)?),
        _ => return None,
    };
    let (month, day) = if day_first { (b, a) } else { (a, b) };
    Date::new(year, number(month)?, number(day)?).ok()
}

fn number(text: &str) -> Option<i8> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Four digits, or two of this or the last century.
fn year(text: &str) -> Option<i16> {
    let year: i16 = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    match text.len() {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// The first day of the week that a day is in.
fn sunday(day: Date) -> Option<Date> {
    day.checked_sub(Span::new().try_days(day.weekday().to_sunday_zero_offset()).ok()?).ok()
}

/// A day of the week that today is in.
fn weekday(text: &str, today: Date) -> Option<Days> {
    let wanted = position(&WEEKDAYS, text)?;
    let day = sunday(today)?.checked_add(Span::new().try_days(i64::try_from(wanted).ok()?).ok()?).ok()?;
    Some((day, day.tomorrow().ok()?))
}

/// 1 to 12.
fn month(text: &str) -> Option<i8> {
    i8::try_from(position(&MONTHS, text)? + 1).ok()
}

/// The name, or the beginning of it that people write.
fn position(names: &[&str], text: &str) -> Option<usize> {
    names.iter().position(|name| *name == text || (text.len() >= 3 && text.len() <= 4 && name.starts_with(text)))
}

const WEEKDAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
