//! What may be said of a recurrence (MS-OXWSCDATA, MS-OXWSMTGS), and the code of each violation.

use super::{End, Pattern, Range, Recurrence, Unit};
use crate::Code;
use jiff::civil::{Date, date};

/// The first day that a recurrence may start on.
pub const FIRST_START: Date = date(1601, 4, 1);

/// The last day that a recurrence may end on; a series without an end has none after it.
pub const LAST_END: Date = date(4500, 9, 1);

const MOST_OCCURRENCES: i32 = 999;

impl Recurrence {
    /// Of a calendar item. Whether there is an occurrence at all, and whether the last one is early enough, is known to
    /// [`Series::new`](super::Series::new) only.
    pub fn check(&self) -> Result<(), Code> {
        if self.pattern.is_regeneration() {
            return Err(Code::ErrorUnsupportedRecurrence);
        }
        self.pattern.check()?;
        self.range.check()
    }

    /// Of a task: what depends on when it is done cannot end on a certain day.
    pub fn check_of_task(&self) -> Result<(), Code> {
        self.pattern.check()?;
        match (self.pattern, self.range.end) {
            (Pattern::Regeneration(..), End::On(_)) => Err(Code::ErrorUnsupportedRecurrence),
            _ => self.range.check(),
        }
    }
}

impl Pattern {
    fn check(&self) -> Result<(), Code> {
        match *self {
            Pattern::Daily(every) | Pattern::Regeneration(Unit::Days, every) => within(every.interval, 999),
            Pattern::Regeneration(_, every) => within(every.interval, 99),
            Pattern::Weekly(weekly) => {
                within(weekly.interval, 99)?;
                if weekly.days.iter().any(|day| !day.is_single()) {
                    Err(Code::ErrorCalendarInvalidDayForWeeklyRecurrence)
                } else if weekly.days.is_empty() || !weekly.first.is_single() {
                    Err(Code::ErrorCalendarInvalidRecurrence)
                } else {
                    Ok(())
                }
            }
            Pattern::AbsoluteMonthly(monthly) => {
                within(monthly.interval, 99)?;
                within(monthly.day, 31)
            }
            Pattern::RelativeMonthly(monthly) => within(monthly.interval, 99),
            Pattern::AbsoluteYearly(yearly) => within(yearly.day, 31),
            Pattern::RelativeYearly(_) => Ok(()),
        }
    }
}

impl Range {
    fn check(&self) -> Result<(), Code> {
        if self.start < FIRST_START {
            return Err(Code::ErrorCalendarOutOfRange);
        }
        match self.end {
            End::On(end) if end > LAST_END => Err(Code::ErrorRecurrenceEndDateTooBig),
            End::On(end) if end < self.start => Err(Code::ErrorRecurrenceHasNoOccurrence),
            End::After(count) => within(count, MOST_OCCURRENCES),
            _ => Ok(()),
        }
    }
}

fn within(number: i32, most: i32) -> Result<(), Code> {
    if (1..=most).contains(&number) { Ok(()) } else { Err(Code::ErrorCalendarOutOfRange) }
}
