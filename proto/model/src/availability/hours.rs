//! When somebody works: the days and hours, and how people write them down (`mo-th 8:00-17:00, fr 8:00-13:00`).

use crate::recurrence::{DayOfWeek, Days};
use crate::timezone::ItemZone;
use jiff::Timestamp;

/// When somebody works.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkingHours {
    pub zone: ItemZone,
    /// At least one.
    pub periods: Vec<WorkingPeriod>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkingPeriod {
    pub days: Days,
    /// Minutes since midnight, 0 to 1440.
    pub start: i32,
    pub end: i32,
}

/// Periods that somebody may have: as many as a week has days, twice.
const PERIODS: usize = 14;

/// Minutes of a day.
const DAY: i32 = 1440;

impl WorkingHours {
    /// Monday to Friday, eight to five.
    pub fn usual(zone: ItemZone) -> WorkingHours {
        let days = Days::from_bits(DayOfWeek::Weekday.bits());
        WorkingHours { zone, periods: vec![WorkingPeriod { days, start: 480, end: 1020 }] }
    }

    /// Whether all of that time is worked; it is of one day.
    pub fn cover(&self, start: Timestamp, end: Timestamp) -> bool {
        let zone = self.zone.time_zone();
        let (first, last) = (zone.to_datetime(start), zone.to_datetime(end));
        let minutes = |time: jiff::civil::DateTime| i32::from(time.hour()) * 60 + i32::from(time.minute());
        let ends = match last.date() {
            same if same == first.date() => minutes(last),
            // Midnight ends the day before.
            next if minutes(last) == 0 && first.date().tomorrow().ok() == Some(next) => DAY,
            _ => return false,
        };
        let day = DayOfWeek::from(first.weekday());
        self.periods.iter().any(|period| period.days.has(day) && period.start <= minutes(first) && ends <= period.end)
    }

    /// Periods as people write them, divided by commas: days (`mo-fr`, `mo+we`, `sunday`), then from when to when. None: it
    /// is not that, or a period ends before it begins.
    pub fn periods_of(text: &str) -> Option<Vec<WorkingPeriod>> {
        let periods: Option<Vec<WorkingPeriod>> = text.split(',').map(period).collect();
        periods.filter(|periods| periods.len() <= PERIODS)
    }

    /// What [`WorkingHours::periods_of`] reads.
    pub fn periods_text(&self) -> String {
        let texts: Vec<String> = self.periods.iter().map(WorkingPeriod::text).collect();
        texts.join(", ")
    }
}

impl WorkingPeriod {
    fn text(&self) -> String {
        let clock = |minutes: i32| format!("{}:{:02}", minutes / 60, minutes % 60);
        // Weeks of work begin on Monday.
        let days: Vec<i8> = (1..=7).filter(|day| self.days.bits() & bit(*day) != 0).collect();
        let mut runs: Vec<(i8, i8)> = Vec::new();
        for day in days {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == day => *last = day,
                _ => runs.push((day, day)),
            }
        }
        let run = |&(first, last): &(i8, i8)| match last - first {
            0 => name(first).to_owned(),
            _ => format!("{}-{}", name(first), name(last)),
        };
        let runs: Vec<String> = runs.iter().map(run).collect();
        format!("{} {}-{}", runs.join("+"), clock(self.start), clock(self.end))
    }
}

/// Of a day from Monday, 1, to Sunday, 7.
fn bit(day: i8) -> u8 {
    1 << (day % 7)
}

fn name(day: i8) -> &'static str {
    const NAMES: [&str; 7] = ["su", "mo", "tu", "we", "th", "fr", "sa"];
    usize::try_from(day % 7).ok().and_then(|at| NAMES.get(at)).unwrap_or(&"")
}

fn period(text: &str) -> Option<WorkingPeriod> {
    let (days, hours) = text.trim().split_once(char::is_whitespace)?;
    let (start, end) = hours.split_once('-')?;
    let (start, end) = (clock(start)?, clock(end)?);
    let mut bits = 0;
    for run in days.split('+') {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        let (first, last) = (day(first)?, day(last)?);
        // A run may go over the end of the week.
        let length = (last - first).rem_euclid(7);
        bits |= (0..=length).fold(0, |bits, more| bits | bit(first + more));
    }
    (start < end).then(|| WorkingPeriod { days: Days::from_bits(bits), start, end })
}

/// A day by its English name or at least two letters of it; Sunday is 7.
fn day(text: &str) -> Option<i8> {
    let text = text.trim().to_ascii_lowercase();
    let is = |day: &&DayOfWeek| day.is_single() && day.word().to_ascii_lowercase().starts_with(&text);
    let day = DayOfWeek::ALL.iter().find(is).filter(|_| text.len() >= 2)?;
    Some(if *day == DayOfWeek::Sunday { 7 } else { *day as i8 })
}

/// `8`, `8:00`, `17:30`, `24:00`.
fn clock(text: &str) -> Option<i32> {
    let (hours, minutes) = text.trim().split_once(':').unwrap_or((text.trim(), "00"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| digits(text));
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?);
    Some(hours * 60 + minutes).filter(|all| *all <= DAY)
}
