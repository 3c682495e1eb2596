//! A history of rules as a zone that reads times: TZif octets (RFC 9636) for the library that reads those of the tz database
//! as well, so that there is one way for all.

use super::begin_of;
use super::rules::{Change, DayRule, Daylight, History, Rules};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;

/// Changes of earlier years are not told; the first rule's standard time holds there.
const FIRST_YEAR: i16 = 1900;

/// The last year whose changes are told one by one where no rule in the form of POSIX can.
pub(super) const LAST_YEAR: i16 = 2300;

impl History {
    pub fn time_zone(&self) -> TimeZone {
        let last = self.rules().last();
        let (from, rules) =
            last.map_or((FIRST_YEAR, &Rules { standard: 0, daylight: None }), |(from, rules)| (*from, rules));
        let posix = posix(rules);
        if let (1, Some(posix)) = (self.rules().len(), &posix) {
            return TimeZone::posix(posix).unwrap_or(TimeZone::UTC);
        }
        let until = if posix.is_some() { from.saturating_add(1).clamp(FIRST_YEAR, LAST_YEAR) } else { LAST_YEAR };
        let octets = tzif(&self.shifts(until), posix.as_deref().unwrap_or_default());
        // The octets are made here, of values that were checked.
        TimeZone::tzif("", &octets).unwrap_or(TimeZone::UTC)
    }

    /// Seconds since 1970 at which clocks change, and what is in force from there; the first is what is in force before.
    fn shifts(&self, until: i16) -> Vec<(i64, Clock)> {
        let mut clock = Clock::standard(self.in_year(FIRST_YEAR));
        let mut shifts = vec![(i64::MIN, clock)];
        for year in FIRST_YEAR..=until {
            let rules = self.in_year(year);
            for (at, next) in of_year(rules, year) {
                if next != clock {
                    shifts.push((utc_seconds(at, clock), next));
                    clock = next;
                }
            }
        }
        // A definition may have a year's changes cross the next one's.
        shifts.sort_by_key(|(at, _)| *at);
        shifts.dedup_by_key(|(at, _)| *at);
        shifts
    }
}

/// What all times are called: nobody asks for the abbreviation.
const NAME: &str = "LCL";

/// What clocks show.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Clock {
    /// Minutes to add to get UTC.
    bias: i32,
    daylight: bool,
}

impl Clock {
    fn standard(rules: &Rules) -> Clock {
        Clock { bias: rules.standard, daylight: false }
    }
}

/// The changes of a year by the clock before each, and what is in force after; the first is what the year begins with.
fn of_year(rules: &Rules, year: i16) -> Vec<(DateTime, Clock)> {
    let begin = begin_of(year);
    let standard = Clock::standard(rules);
    let Some(Daylight { bias, begins, ends }) = &rules.daylight else { return vec![(begin, standard)] };
    let daylight = Clock { bias: *bias, daylight: true };
    let (Some(on), Some(off)) = (begins.in_year(year), ends.in_year(year)) else { return vec![(begin, standard)] };
    if on < off {
        vec![(begin, standard), (on, daylight), (off, standard)]
    } else {
        vec![(begin, daylight), (off, standard), (on, daylight)]
    }
}

fn utc_seconds(local: DateTime, before: Clock) -> i64 {
    let since = local.duration_since(date(1970, 1, 1).at(0, 0, 0, 0));
    (since + SignedDuration::from_mins(i64::from(before.bias))).as_secs()
}

/// A rule in the form of POSIX; None where that has no words for it.
fn posix(rules: &Rules) -> Option<String> {
    let mut text = format!("{NAME}{}", hours(rules.standard));
    if let Some(Daylight { bias, begins, ends }) = &rules.daylight {
        text += &format!("{NAME}{},{},{}", hours(*bias), posix_change(begins)?, posix_change(ends)?);
    }
    Some(text)
}

fn posix_change(change: &Change) -> Option<String> {
    let time = hours(change.minutes);
    match change.on {
        DayRule::Nth(day, nth @ (-1 | 1..=4)) => {
            let week = if nth == -1 { 5 } else { nth };
            Some(format!("M{}.{week}.{}/{time}", change.month, day as u8))
        }
        // Days of a year without the 29th of February.
        DayRule::Day(day) if (change.month, day) != (2, 29) => {
            Some(format!("J{}/{time}", Date::new(2001, change.month, 1).ok()?.day_of_year() + i16::from(day) - 1))
        }
        _ => None,
    }
}

fn hours(minutes: i32) -> String {
    let sign = if minutes < 0 { "-" } else { "" };
    format!("{sign}{}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
}

/// RFC 9636: an empty block of version 1, the block of 64 bits, the rule for later times.
fn tzif(shifts: &[(i64, Clock)], rule: &str) -> Vec<u8> {
    let mut clocks: Vec<Clock> = Vec::new();
    let mut kinds: Vec<u8> = Vec::new();
    for (_, clock) in shifts {
        let known = clocks.iter().position(|known| known == clock);
        let at = known.unwrap_or_else(|| {
            clocks.push(*clock);
            clocks.len() - 1
        });
        kinds.push(u8::try_from(at).unwrap_or(0));
    }
    let mut octets = header(0, 1, 1);
    octets.extend_from_slice(&[0; 6 + 1]);
    octets.extend(header(shifts.len().saturating_sub(1), clocks.len(), NAME.len() + 1));
    // The first is what is in force before all changes: the first of the kinds.
    shifts.iter().skip(1).for_each(|(at, _)| octets.extend(at.to_be_bytes()));
    octets.extend(kinds.iter().skip(1));
    for clock in &clocks {
        octets.extend((-clock.bias * 60).to_be_bytes());
        octets.extend([u8::from(clock.daylight), 0]);
    }
    octets.extend(NAME.bytes().chain([0]));
    octets.push(b'\n');
    octets.extend(rule.bytes());
    octets.push(b'\n');
    octets
}

fn header(changes: usize, clocks: usize, letters: usize) -> Vec<u8> {
    let mut octets = b"TZif2".to_vec();
    octets.extend([0; 15]);
    // isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt
    for count in [0, 0, 0, changes, clocks, letters] {
        octets.extend((count as u32).to_be_bytes());
    }
    octets
}
