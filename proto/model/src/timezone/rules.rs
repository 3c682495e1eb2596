//! What clocks do in a year, as Windows and EWS tell it: one standard time, and perhaps one daylight time with a change at
//! either end.

use crate::recurrence::{DayOfWeek, Index};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};

/// What a zone does in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Minutes to add to local standard time to get UTC: -60 for Berlin.
    pub standard: i32,
    /// None: the zone keeps standard time all year.
    pub daylight: Option<Daylight>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Daylight {
    /// Minutes to add to local daylight time to get UTC.
    pub bias: i32,
    pub begins: Change,
    pub ends: Change,
}

/// When the clocks are changed, by the time they show before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// 1 to 12.
    pub month: i8,
    pub on: DayRule,
    /// Since midnight; 1440 is the end of the day.
    pub minutes: i32,
}

/// The day of a change in its month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DayRule {
    /// A single day of the week, and which of them: 1 to 4, or -1 for the last, -2 for the one before, to -4.
    Nth(DayOfWeek, i8),
    /// 1 to 31.
    Day(i8),
}

impl Change {
    /// The local time of it in a year. None: no such day.
    pub fn in_year(&self, year: i16) -> Option<DateTime> {
        let first = Date::new(year, self.month, 1).ok()?;
        let date = match self.on {
            DayRule::Day(day) => Date::new(year, self.month, day.min(first.days_in_month())).ok()?,
            DayRule::Nth(day, nth) => {
                let before = (day as i8 - DayOfWeek::from(first.weekday()) as i8).rem_euclid(7);
                let times = (first.days_in_month() - before - 1) / 7 + 1;
                let nth = if nth < 0 { times + nth } else { nth - 1 };
                Date::new(year, self.month, 1 + before + 7 * nth).ok()?
            }
        };
        let midnight = date.to_datetime(Time::midnight());
        midnight.checked_add(SignedDuration::from_mins(i64::from(self.minutes))).ok()
    }

    /// The occurrence as recurrences say it; None where they cannot.
    pub fn index(&self) -> Option<(DayOfWeek, Index)> {
        match self.on {
            DayRule::Nth(day, -1) => Some((day, Index::Last)),
            DayRule::Nth(day, nth) => Some((day, *Index::ALL.get(usize::try_from(nth).ok()?.checked_sub(1)?)?)),
            DayRule::Day(_) => None,
        }
    }
}

/// Rules, each from the beginning of a year on; the first one's hold before that as well. There is at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History(Vec<(i16, Rules)>);

impl History {
    /// One rule for ever.
    pub fn always(rules: Rules) -> History {
        History(vec![(1, rules)])
    }

    /// None: there is no rule. Years ascend, a rule that changes nothing is left out.
    pub fn new(mut rules: Vec<(i16, Rules)>) -> Option<History> {
        rules.sort_by_key(|(year, _)| *year);
        rules.dedup_by(|later, earlier| later.1 == earlier.1);
        if rules.is_empty() { None } else { Some(History(rules)) }
    }

    pub fn rules(&self) -> &[(i16, Rules)] {
        &self.0
    }

    pub fn in_year(&self, year: i16) -> &Rules {
        const NONE: &Rules = &Rules { standard: 0, daylight: None };
        let begun = self.0.iter().rev().find(|(from, _)| *from <= year);
        begun.or(self.0.first()).map_or(NONE, |(_, rules)| rules)
    }
}

impl Rules {
    pub fn fixed(standard: i32) -> Rules {
        Rules { standard, daylight: None }
    }

    /// Leaves out a daylight time that never is: clients that must name one name one that does nothing.
    pub fn simple(self) -> Rules {
        match &self.daylight {
            Some(daylight) if daylight.bias == self.standard => Rules::fixed(self.standard),
            Some(daylight) if daylight.begins == daylight.ends => Rules::fixed(self.standard),
            _ => self,
        }
    }
}

/// A bias that a clock on earth may have, with room to spare.
pub(super) fn sane(bias: i32) -> Option<i32> {
    (-1440..1440).contains(&bias).then_some(bias)
}
