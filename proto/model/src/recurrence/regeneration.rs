//! When a task that regenerates is due again (MS-OXWSTASK 2.2.4): so long after the day it was done.

use super::{Every, Pattern, Unit};
use jiff::civil::Date;
use jiff::{Span, ToSpan};

impl Pattern {
    /// The day of the next one, given the day on which this one was done. None: the pattern does not regenerate, or time ends.
    pub fn regenerated(&self, done: Date) -> Option<Date> {
        let Pattern::Regeneration(unit, Every { interval }) = *self else { return None };
        let span: Span = match unit {
            Unit::Days => interval.days(),
            Unit::Weeks => interval.weeks(),
            Unit::Months => interval.months(),
            Unit::Years => interval.years(),
        };
        done.checked_add(span).ok()
    }
}
