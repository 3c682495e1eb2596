//! When a task that regenerates is due again (MS-OXWSTASK 2.2.4): so long after the day it was done.

use super::{Every, Pattern, Unit};
use jiff::Span;
use jiff::civil::Date;

impl Pattern {
    /// The day of the next one, given the day on which this one was done. None: the pattern does not regenerate, or time ends.
    pub fn regenerated(&self, done: Date) -> Option<Date> {
        let Pattern::Regeneration(unit, Every { interval }) = *self else { return None };
        let none = Span::new();
        let span = match unit {
            Unit::Days => none.try_days(interval),
            Unit::Weeks => none.try_weeks(interval),
            Unit::Months => none.try_months(interval),
            Unit::Years => none.try_years(interval),
        };
        done.checked_add(span.ok()?).ok()
    }
}
