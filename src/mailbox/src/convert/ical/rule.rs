//! RRULE and patterns (MS-OXCICAL 2.1.3.2.2): the templates of what both can say. What no pattern says is not read.

use ewsd_ical::{ByDay, Frequency, Moment, Rule};
use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Series, Weekly,
};
use ewsd_model::timezone::{ItemZone, instant};
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// Occurrences that a range can count.
const MOST: i32 = 999;

/// The recurrence that a rule says for a start on that day, at that time of the zone. None: no pattern says it.
pub(super) fn recurrence(rule: &Rule, start: Date, time: Time, zone: &TimeZone) -> Option<Recurrence> {
    if rule.others || rule.interval < 1 {
        return None;
    }
    let pattern = match rule.frequency {
        Frequency::Daily => daily(rule)?,
        Frequency::Weekly => weekly(rule, start)?,
        Frequency::Monthly => months(rule, start, rule.interval)?,
        Frequency::Yearly => yearly(rule, start)?,
        _ => return None,
    };
    let end = match (rule.count, rule.until) {
        (None, None) => End::Never,
        (Some(count), _) if count <= MOST => End::After(count),
        (Some(count), _) => {
            // More than can be counted: until the day of the last one.
            let endless = Recurrence { pattern, range: Range { start, end: End::Never } };
            match Series::new(&endless).ok()?.date(u32::try_from(count).ok()?) {
                Some(last) => End::On(last),
                None => End::Never,
            }
        }
        (None, Some(until)) => End::On(last_day(until, time, zone)),
    };
    let recurrence = Recurrence { pattern, range: Range { start, end } };
    recurrence.check().ok().map(|()| recurrence)
}

/// The last day on which something that begins at a time of day begins by then (RFC 5545 3.3.10: what begins at that very moment
/// is one more).
fn last_day(until: Moment, begins: Time, zone: &TimeZone) -> Date {
    let until = match until {
        Moment::Date(day) => return day,
        Moment::Utc(time) => zone.to_datetime(instant(&TimeZone::UTC, time)),
        Moment::Local(time) => time,
    };
    let day = until.date();
    if until.time() < begins { day.yesterday().unwrap_or(day) } else { day }
}

fn has_parts(rule: &Rule) -> bool {
    !(rule.by_month_day.is_empty() && rule.by_month.is_empty() && rule.by_position.is_empty())
}

fn plain_days(rule: &Rule) -> Option<Days> {
    let days = rule.by_day.iter().map(|day| day.nth.is_none().then(|| DayOfWeek::from(day.day)));
    Some(Days::of(&days.collect::<Option<Vec<_>>>()?))
}

/// Days of the week beside a daily rule are a weekly one: some programs write every working day so.
fn daily(rule: &Rule) -> Option<Pattern> {
    match (rule.by_day.is_empty(), rule.interval, has_parts(rule)) {
        (_, _, true) => None,
        (true, interval, _) => Some(Pattern::Daily(Every { interval })),
        (false, 1, _) => {
            Some(Pattern::Weekly(Weekly { interval: 1, days: plain_days(rule)?, first: DayOfWeek::Sunday }))
        }
        _ => None,
    }
}

fn weekly(rule: &Rule, start: Date) -> Option<Pattern> {
    if has_parts(rule) {
        return None;
    }
    let days = if rule.by_day.is_empty() { Days::of(&[start.weekday().into()]) } else { plain_days(rule)? };
    let first = rule.week_start.map_or(DayOfWeek::Monday, DayOfWeek::from);
    Some(Pattern::Weekly(Weekly { interval: rule.interval, days, first }))
}

/// A day of a month: its number, or which of some days of the week.
enum InMonth {
    Number(i32),
    Nth(DayOfWeek, Index),
}

fn in_month(rule: &Rule, start: Date) -> Option<InMonth> {
    match (rule.by_month_day.as_slice(), rule.by_day.as_slice(), rule.by_position.as_slice()) {
        ([], [], []) => Some(InMonth::Number(i32::from(start.day()))),
        // The last day.
        ([-1], [], []) => Some(InMonth::Number(31)),
        ([day @ 1..=31], [], [] | [1 | -1]) => Some(InMonth::Number(*day)),
        // The last of the 28th to the n-th that the month has.
        (days @ [28, ..], [], [-1]) => {
            let last = i32::try_from(days.len()).ok()? + 27;
            days.iter().copied().eq(28..=last).then_some(InMonth::Number(last)).filter(|_| last <= 31)
        }
        ([], [ByDay { nth: Some(nth), day }], []) => Some(InMonth::Nth((*day).into(), index(*nth)?)),
        ([], days, [position]) => {
            let bits = days.iter().try_fold(0, |bits, day| {
                day.nth.is_none().then(|| bits | u32::from(DayOfWeek::from(day.day).bits()))
            })?;
            Some(InMonth::Nth(DayOfWeek::from_bits(bits)?, index(*position)?))
        }
        _ => None,
    }
}

fn index(nth: i32) -> Option<Index> {
    match nth {
        -1 => Some(Index::Last),
        1..=4 => Index::ALL.get(usize::try_from(nth - 1).ok()?).copied(),
        _ => None,
    }
}

fn months(rule: &Rule, start: Date, interval: i32) -> Option<Pattern> {
    if rule.frequency == Frequency::Monthly && !rule.by_month.is_empty() {
        return None;
    }
    Some(match in_month(rule, start)? {
        InMonth::Number(day) => Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day }),
        InMonth::Nth(day, index) => Pattern::RelativeMonthly(RelativeMonthly { interval, day, index }),
    })
}

/// Every so many years is every so many months: no pattern counts years.
fn yearly(rule: &Rule, start: Date) -> Option<Pattern> {
    let month = match rule.by_month.as_slice() {
        // The n-th such day of a year is nobody's pattern.
        [] if !rule.by_day.is_empty() => return None,
        // A day of a month without a month is one of each (RFC 5545 3.3.10).
        [] if !rule.by_month_day.is_empty() => {
            let every = rule.interval == 1 && rule.by_position.is_empty();
            return every.then(|| months(rule, start, 1))?;
        }
        [] => start.month(),
        [month] => i8::try_from(*month).ok()?,
        _ => return None,
    };
    let month = Month::from_number(month)?;
    if rule.interval > 1 {
        let same = month.number() == start.month();
        return same.then(|| months(rule, start, rule.interval.checked_mul(12)?))?;
    }
    Some(match in_month(rule, start)? {
        InMonth::Number(day) => Pattern::AbsoluteYearly(AbsoluteYearly { day, month }),
        InMonth::Nth(day, index) => Pattern::RelativeYearly(RelativeYearly { day, index, month }),
    })
}

/// The RRULE of a recurrence whose occurrences begin at that time of day. None for what regenerates.
pub(super) fn write(recurrence: &Recurrence, at: Time, zone: &ItemZone) -> Option<String> {
    let (frequency, interval, days) = match &recurrence.pattern {
        Pattern::Daily(every) => ("DAILY", every.interval, String::new()),
        Pattern::Weekly(weekly) => {
            let days: Vec<&str> = weekly.days.iter().map(short).collect();
            ("WEEKLY", weekly.interval, format!(";BYDAY={}", days.join(",")))
        }
        Pattern::AbsoluteMonthly(monthly) => ("MONTHLY", monthly.interval, number(monthly.day)),
        Pattern::RelativeMonthly(monthly) => ("MONTHLY", monthly.interval, nth(monthly.day, monthly.index)),
        Pattern::AbsoluteYearly(yearly) => {
            ("YEARLY", 1, format!("{};BYMONTH={}", number(yearly.day), yearly.month.number()))
        }
        Pattern::RelativeYearly(yearly) => {
            ("YEARLY", 1, format!("{};BYMONTH={}", nth(yearly.day, yearly.index), yearly.month.number()))
        }
        Pattern::Regeneration(..) => return None,
    };
    let end = match recurrence.range.end {
        End::Never => String::new(),
        End::After(count) => format!(";COUNT={count}"),
        End::On(end) => {
            let until = instant(&zone.time_zone(), end.to_datetime(at));
            format!(";UNTIL={}", Moment::Utc(TimeZone::UTC.to_datetime(until)).write())
        }
    };
    let week = match &recurrence.pattern {
        Pattern::Weekly(weekly) => format!(";WKST={}", short(weekly.first)),
        _ => String::new(),
    };
    Some(format!("FREQ={frequency}{end};INTERVAL={interval}{days}{week}"))
}

/// The last day by its sign; the 29th and the 30th plainly, though a month without them has none then: few programs understand the
/// rule that would say it.
fn number(day: i32) -> String {
    if day == 31 { ";BYMONTHDAY=-1".to_owned() } else { format!(";BYMONTHDAY={day}") }
}

fn nth(day: DayOfWeek, index: Index) -> String {
    let position = if index == Index::Last { -1 } else { index as i32 + 1 };
    if day.is_single() {
        return format!(";BYDAY={position}{}", short(day));
    }
    let single = DayOfWeek::ALL.iter().filter(|one| one.is_single() && one.bits() & day.bits() != 0);
    let days: Vec<&str> = single.map(|day| short(*day)).collect();
    format!(";BYDAY={};BYSETPOS={position}", days.join(","))
}

pub(super) fn short(day: DayOfWeek) -> &'static str {
    match day {
        DayOfWeek::Sunday => "SU",
        DayOfWeek::Monday => "MO",
        DayOfWeek::Tuesday => "TU",
        DayOfWeek::Wednesday => "WE",
        DayOfWeek::Thursday => "TH",
        DayOfWeek::Friday => "FR",
        _ => "SA",
    }
}
