//! Rules out of tz data, which knows instants only: what changes in a year, and which rule says so in as many years as
//! possible.

use super::begin_of;
use super::compile::LAST_YEAR;
use super::rules::{Change, DayRule, Daylight, History, Rules};
use crate::recurrence::DayOfWeek;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use std::ops::RangeInclusive;

/// What a year has to say for a rule.
#[derive(Clone)]
struct Year {
    standard: i32,
    /// Its bias, and the rules that would tell the beginning and the end.
    daylight: Option<(i32, Vec<Change>, Vec<Change>)>,
}

impl History {
    /// The rules of a zone in those years, each for as long as it explains what is known: at least one. Of years that nobody's
    /// rules are for the nearest one stands.
    pub fn of(zone: &TimeZone, years: RangeInclusive<i16>) -> History {
        let mut rules: Vec<(i16, Rules)> = Vec::new();
        let mut open: Option<(i16, Year)> = None;
        let known = |year: i16| year.clamp(1, LAST_YEAR);
        for year in known(*years.start())..=known(*years.end()) {
            let facts = Year::of(zone, year);
            open = match open {
                None => Some((year, facts)),
                Some((since, known)) => match known.together(&facts) {
                    Some(both) => Some((since, both)),
                    None => {
                        rules.push((since, known.rules()));
                        Some((year, facts))
                    }
                },
            };
        }
        rules.extend(open.map(|(since, known)| (since, known.rules())));
        History::new(rules).unwrap_or_else(|| History::always(Rules::fixed(0)))
    }
}

impl Year {
    fn of(zone: &TimeZone, year: i16) -> Year {
        let shifts = shifts(zone, year);
        let begins = shifts.iter().find(|shift| shift.after > shift.before);
        let ends = shifts.iter().find(|shift| shift.after < shift.before);
        match (begins, ends) {
            (Some(begins), Some(ends)) => Year {
                standard: -ends.after,
                daylight: Some((-begins.after, explanations(begins.at), explanations(ends.at))),
            },
            // No change, or a change for good: the offset the year ends with.
            _ => {
                let end = super::instant(zone, Date::new(year, 12, 31).unwrap_or(Date::MAX).at(12, 0, 0, 0));
                Year { standard: -minutes(zone.to_offset(end)), daylight: None }
            }
        }
    }

    /// What is true in these years and in that one.
    fn together(&self, other: &Year) -> Option<Year> {
        if self.standard != other.standard {
            return None;
        }
        let daylight = match (&self.daylight, &other.daylight) {
            (None, None) => None,
            (Some((bias, begins, ends)), Some((other, begin, end))) if bias == other => {
                let begins: Vec<Change> = begins.iter().copied().filter(|change| begin.contains(change)).collect();
                let ends: Vec<Change> = ends.iter().copied().filter(|change| end.contains(change)).collect();
                if begins.is_empty() || ends.is_empty() {
                    return None;
                }
                Some((*bias, begins, ends))
            }
            _ => return None,
        };
        Some(Year { standard: self.standard, daylight })
    }

    fn rules(self) -> Rules {
        let daylight = self
            .daylight
            .and_then(|(bias, begins, ends)| Some(Daylight { bias, begins: *begins.first()?, ends: *ends.first()? }));
        Rules { standard: self.standard, daylight }
    }
}

/// One change of the clocks: the local time before it, and the offsets on both sides in minutes.
struct Shift {
    at: DateTime,
    before: i32,
    after: i32,
}

fn minutes(offset: Offset) -> i32 {
    offset.seconds() / 60
}

/// The changes of a year, by the clock before each; the midnight that ends it belongs to it.
fn shifts(zone: &TimeZone, year: i16) -> Vec<Shift> {
    let (begin, end) = (begin_of(year), begin_of(year.saturating_add(1)));
    let first = super::instant(zone, begin);
    let mut before = zone.to_offset(first);
    let mut shifts = Vec::new();
    for transition in zone.following(first) {
        let at = before.to_datetime(transition.timestamp());
        if at > end {
            break;
        }
        if at != begin && transition.offset() != before {
            shifts.push(Shift { at, before: minutes(before), after: minutes(transition.offset()) });
        }
        before = transition.offset();
    }
    shifts
}

/// The rules that this change would follow, the likeliest first: the last such day of the week or the n-th; of a midnight the end
/// of the day before, likewise; the day of the month.
fn explanations(at: DateTime) -> Vec<Change> {
    let time = i32::from(at.hour()) * 60 + i32::from(at.minute());
    let mut all = Vec::new();
    let ends_year = at.day_of_year() == 1 && time == 0;
    if !ends_year {
        all.extend(weekdays(at, time));
    }
    if let (0, Ok(eve)) = (time, at.date().yesterday()) {
        all.extend(weekdays(eve.at(0, 0, 0, 0), 24 * 60));
        if ends_year {
            all.push(Change { month: eve.month(), on: DayRule::Day(eve.day()), minutes: 24 * 60 });
            return all;
        }
    }
    all.push(Change { month: at.month(), on: DayRule::Day(at.day()), minutes: time });
    all
}

fn weekdays(at: DateTime, minutes: i32) -> Vec<Change> {
    let day = DayOfWeek::from(at.date().weekday());
    let (nth, last) = ((at.day() - 1) / 7 + 1, at.day() + 7 > at.date().days_in_month());
    let places = [last.then_some(-1), (nth < 5).then_some(nth)];
    places.into_iter().flatten().map(|nth| Change { month: at.month(), on: DayRule::Nth(day, nth), minutes }).collect()
}
