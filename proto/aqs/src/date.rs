//! Dates as people type them, as spans of time in a zone: days, times of day, months, days of the week, and spans relative to
//! today. Month before day where slashes are, day before month where points are.

mod name;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan, Zoned};

/// First instant, and the first one after it.
pub(crate) fn span(text: &str, now: &Zoned) -> Option<(Timestamp, Timestamp)> {
    let text = text.trim();
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some((instant, instant.checked_add(1.second()).ok()?));
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
    let (first, after) = match name::relative(&words, now.date()) {
        Some((first, after)) => (first.to_datetime(Time::midnight()), after.to_datetime(Time::midnight())),
        None => dated(&words, now.date())?,
    };
    Some((instant(first, now.time_zone())?, instant(after, now.time_zone())?))
}

fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_timestamp(local).ok()
}

/// A day or a span of days, or a time of a day.
fn dated(words: &[&str], today: Date) -> Option<(DateTime, DateTime)> {
    if let [one] = words {
        if let Some((day, time)) = one.split_once('t').filter(|(day, _)| day.ends_with(|c: char| c.is_ascii_digit())) {
            return at(name::days(&[day], today)?, time_of(&[time])?);
        }
    }
    if let Some((first, after)) = name::days(words, today) {
        return Some((first.to_datetime(Time::midnight()), after.to_datetime(Time::midnight())));
    }
    // The last word or two are a time.
    (1..=2).find_map(|count| {
        let (days, time) = words.split_at_checked(words.len().checked_sub(count)?)?;
        at(name::days(days, today)?, time_of(time)?)
    })
}

fn at((first, after): (Date, Date), (time, length): (Time, Span)) -> Option<(DateTime, DateTime)> {
    let is_day = first.tomorrow().ok()? == after;
    let start = first.to_datetime(time);
    is_day.then_some((start, start.checked_add(length).ok()?))
}

/// `17:51`, `17:51:32`, `5:51 pm`, `5pm`, and how long it lasts: as long as it is exact.
fn time_of(words: &[&str]) -> Option<(Time, Span)> {
    let joined: String = words.concat();
    let (digits, half) = match (joined.strip_suffix("am"), joined.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (joined.as_str(), None),
    };
    let mut parts = digits.split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: Option<i8> = parts.next().map(str::parse).transpose().ok()?;
    let second: Option<i8> =
        parts.next().map(|text| text.split('.').next().unwrap_or(text).parse()).transpose().ok()?;
    if parts.next().is_some() || (minute.is_none() && half.is_none()) {
        return None;
    }
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    let length = match (minute, second) {
        (None, _) => 1.hour(),
        (_, None) => 1.minute(),
        _ => 1.second(),
    };
    Some((Time::new(hour, minute.unwrap_or(0), second.unwrap_or(0), 0).ok()?, length))
}
