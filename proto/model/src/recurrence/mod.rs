//! Recurrences as EWS knows them (MS-OXWSCDATA RecurrenceType, MS-OXWSTASK TaskRecurrenceType): what a client says, what of it
//! is wrong (`check.rs`), and which days it means (`series.rs`). Local dates only: zones are `timezone/`, instants `instants.rs`.
//! No clock, nothing read.

pub mod blob;
mod check;
mod instants;
mod regeneration;
mod series;
#[cfg(test)]
mod tests;

pub use check::{FIRST_START, LAST_END};
pub use instants::{Clock, Instance, Times};
pub use series::{Dates, Series};

use jiff::civil::{Date, Weekday};

/// A pattern and how long it goes on. It holds what was said, right or wrong, until [`Recurrence::check`] or [`Series::new`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    pub pattern: Pattern,
    pub range: Range,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every so many days.
    Daily(Every),
    Weekly(Weekly),
    AbsoluteMonthly(AbsoluteMonthly),
    RelativeMonthly(RelativeMonthly),
    AbsoluteYearly(AbsoluteYearly),
    RelativeYearly(RelativeYearly),
    /// Of tasks only: the next one is made when this one is done, so long after that.
    Regeneration(Unit, Every),
}

impl Pattern {
    pub fn is_regeneration(&self) -> bool {
        matches!(self, Pattern::Regeneration(..))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Every {
    /// 1 to 999 of days, 1 to 99 of what is longer.
    pub interval: i32,
}

/// What a regenerating pattern counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Days,
    Weeks,
    Months,
    Years,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// 1 to 99; the week of the range's start is the first.
    pub interval: i32,
    pub days: Days,
    /// The day that weeks begin with. Requests may leave it out: Sunday then.
    pub first: DayOfWeek,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsoluteMonthly {
    /// 1 to 99.
    pub interval: i32,
    /// 1 to 31; the last of the month where it has fewer.
    pub day: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativeMonthly {
    /// 1 to 99.
    pub interval: i32,
    pub day: DayOfWeek,
    pub index: Index,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsoluteYearly {
    /// 1 to 31; the last of the month where it has fewer.
    pub day: i32,
    pub month: Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelativeYearly {
    pub day: DayOfWeek,
    pub index: Index,
    pub month: Month,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first day that may be one of the series; it need not match the pattern.
    pub start: Date,
    pub end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Never,
    /// The last day that may be one of the series.
    On(Date),
    /// So many occurrences, those that were deleted later included: 1 to 999.
    After(i32),
}

/// An enumeration of the schema: its variants, which stand in the order of the schema, are its words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $word:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name {
            $($(#[$vdoc])* $word,)+
        }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$word,)+];

            /// As on the wire.
            pub const fn word(self) -> &'static str {
                match self {
                    $($name::$word => stringify!($word),)+
                }
            }

            pub fn from_word(word: &str) -> Option<$name> {
                match word {
                    $(stringify!($word) => Some($name::$word),)+
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// DayOfWeekType; Sunday is 0.
    DayOfWeek {
        Sunday,
        Monday,
        Tuesday,
        Wednesday,
        Thursday,
        Friday,
        Saturday,
        /// Any day.
        Day,
        /// Monday to Friday.
        Weekday,
        /// Saturday and Sunday.
        WeekendDay,
    }
}

impl DayOfWeek {
    /// None of the three that are sets of days.
    pub fn is_single(self) -> bool {
        self < DayOfWeek::Day
    }

    /// The days it means as bits, Sunday the lowest (MS-OXOCAL, PatternTypeSpecific).
    pub fn bits(self) -> u8 {
        match self {
            DayOfWeek::Day => 0x7f,
            DayOfWeek::Weekday => 0x3e,
            DayOfWeek::WeekendDay => 0x41,
            single => 1 << single as u8,
        }
    }

    /// What [`DayOfWeek::bits`] says; None for a set that has no word.
    pub fn from_bits(bits: u32) -> Option<DayOfWeek> {
        Self::ALL.iter().copied().find(|day| u32::from(day.bits()) == bits)
    }
}

/// The day that weeks begin with where nothing else was said.
impl Default for DayOfWeek {
    fn default() -> DayOfWeek {
        DayOfWeek::Sunday
    }
}

impl From<Weekday> for DayOfWeek {
    fn from(day: Weekday) -> DayOfWeek {
        match day {
            Weekday::Sunday => DayOfWeek::Sunday,
            Weekday::Monday => DayOfWeek::Monday,
            Weekday::Tuesday => DayOfWeek::Tuesday,
            Weekday::Wednesday => DayOfWeek::Wednesday,
            Weekday::Thursday => DayOfWeek::Thursday,
            Weekday::Friday => DayOfWeek::Friday,
            Weekday::Saturday => DayOfWeek::Saturday,
        }
    }
}

/// A set of words of [`DayOfWeek`], so that what does not belong into a weekly pattern can be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Days(u16);

impl Days {
    pub fn of(days: &[DayOfWeek]) -> Days {
        days.iter().fold(Days::default(), |set, day| set.with(*day))
    }

    /// Of bits, Sunday the lowest.
    pub fn from_bits(bits: u8) -> Days {
        Days(u16::from(bits & 0x7f))
    }

    /// The single days of it as bits, Sunday the lowest.
    pub fn bits(self) -> u8 {
        (self.0 & 0x7f) as u8
    }

    #[must_use]
    pub fn with(self, day: DayOfWeek) -> Days {
        Days(self.0 | 1 << day as u16)
    }

    pub fn has(self, day: DayOfWeek) -> bool {
        self.0 & 1 << day as u16 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the schema's order.
    pub fn iter(self) -> impl Iterator<Item = DayOfWeek> {
        DayOfWeek::ALL.iter().copied().filter(move |day| self.has(*day))
    }
}

words! {
    /// DayOfWeekIndexType.
    Index { First, Second, Third, Fourth, Last }
}

words! {
    /// MonthNamesType.
    Month { January, February, March, April, May, June, July, August, September, October, November, December }
}

impl Month {
    /// 1 to 12.
    pub fn number(self) -> i8 {
        self as i8 + 1
    }

    pub fn from_number(number: i8) -> Option<Month> {
        usize::try_from(number).ok().and_then(|number| Self::ALL.get(number.checked_sub(1)?)).copied()
    }
}
