//! The zone of GetUserAvailability and of working hours (MS-OXWAVLS SerializableTimeZone): one rule, in numbers.

use super::resolve::by_rules;
use super::rules::{Change, DayRule, Daylight, History, Rules, sane};
use super::{Custom, ItemZone, Zone};
use crate::Code;
use crate::recurrence::DayOfWeek;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerializableZone {
    /// Minutes to add to local time to get UTC; those of both parts are added to it.
    pub bias: i32,
    pub standard: SerializableTime,
    pub daylight: SerializableTime,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerializableTime {
    pub bias: i32,
    /// Minutes since midnight.
    pub minutes: i32,
    /// 1 to 4, 5 for the last; with a year the day of the month.
    pub order: i32,
    /// 1 to 12; 0 for never.
    pub month: i32,
    pub day: DayOfWeek,
    pub year: Option<i32>,
}

impl SerializableZone {
    /// What it says. ErrorTimeZone where that is no time.
    pub fn rules(&self) -> Result<Rules, Code> {
        let bias = |more: i32| self.bias.checked_add(more).and_then(sane).ok_or(Code::ErrorTimeZone);
        let standard = bias(self.standard.bias)?;
        let ahead = bias(self.daylight.bias)?;
        let none = [&self.standard, &self.daylight].iter().any(|time| time.month == 0);
        if none || standard == ahead {
            return Ok(Rules::fixed(standard));
        }
        let (begins, ends) = (self.daylight.change()?, self.standard.change()?);
        Ok(Rules { standard, daylight: Some(Daylight { bias: ahead, begins, ends }) }.simple())
    }

    /// The zone: one of the table that has these rules in that year, else the rules alone.
    pub fn zone(&self, year: i16, preferred: Option<&'static Zone>) -> Result<ItemZone, Code> {
        let rules = self.rules()?;
        Ok(match by_rules(&rules, year, preferred) {
            Some(zone) => ItemZone::Known(zone),
            None => ItemZone::Custom(Arc::new(Custom::new("Custom", "Custom", History::always(rules)))),
        })
    }

    /// The zone as it is in a year.
    pub fn of(zone: &ItemZone, year: i16) -> SerializableZone {
        let history = zone.history(year.saturating_sub(3)..=year.saturating_add(3));
        let rules = history.in_year(year);
        let never = SerializableTime { bias: 0, minutes: 0, order: 0, month: 0, day: DayOfWeek::Sunday, year: None };
        let (standard, daylight) = match &rules.daylight {
            None => (never.clone(), never),
            Some(daylight) => {
                let ahead = daylight.bias - rules.standard;
                (SerializableTime::of(&daylight.ends, 0, year), SerializableTime::of(&daylight.begins, ahead, year))
            }
        };
        SerializableZone { bias: rules.standard, standard, daylight }
    }
}

impl SerializableTime {
    fn change(&self) -> Result<Change, Code> {
        const WRONG: Code = Code::ErrorTimeZone;
        let month = i8::try_from(self.month).ok().filter(|month| (1..=12).contains(month)).ok_or(WRONG)?;
        let on = match (self.year.unwrap_or(0), self.order) {
            (0, 5) if self.day.is_single() => DayRule::Nth(self.day, -1),
            (0, order @ 1..=4) if self.day.is_single() => DayRule::Nth(self.day, order as i8),
            (1.., day @ 1..=31) => DayRule::Day(day as i8),
            _ => return Err(WRONG),
        };
        match self.minutes {
            0..=1440 => Ok(Change { month, on, minutes: self.minutes }),
            _ => Err(WRONG),
        }
    }

    fn of(change: &Change, bias: i32, year: i16) -> SerializableTime {
        let month = i32::from(change.month);
        let (order, day, year) = match change.on {
            DayRule::Nth(day, -1) => (5, day, None),
            DayRule::Nth(day, nth @ 1..=4) => (i32::from(nth), day, None),
            // No weekday that can be told: the day of this year.
            _ => {
                let date = change.in_year(year);
                let day = date.map_or(1, |date| i32::from(date.day()));
                (day, date.map_or(DayOfWeek::Sunday, |date| date.weekday().into()), Some(i32::from(year)))
            }
        };
        // The end of a day has no time of its own.
        SerializableTime { bias, minutes: change.minutes.min(1439), order, month, day, year }
    }
}
