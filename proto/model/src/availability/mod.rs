//! Free/busy as values (MS-OXWAVLS): how busy a mailbox is in a window, told as a string of digits, and times that would suit many.
//! Nothing is read here: whoever asks brings the events. No clock.

mod hours;
mod merged;
mod suggestion;
#[cfg(test)]
mod tests;

pub use hours::{WorkingHours, WorkingPeriod};
pub use merged::{Digits, Slots, merged};
pub use suggestion::{Ask, Candidate, Conflict, DaySuggestions, Participant, Quality, Schedule, suggest};

use jiff::Timestamp;

/// LegacyFreeBusyType, from what leaves one free to what does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusyType {
    Free,
    /// Busy for nobody who only asks for a time.
    WorkingElsewhere,
    Tentative,
    Busy,
    OOF,
    /// Nothing is known.
    NoData,
}

impl BusyType {
    pub const ALL: [BusyType; 6] = [
        BusyType::Free,
        BusyType::WorkingElsewhere,
        BusyType::Tentative,
        BusyType::Busy,
        BusyType::OOF,
        BusyType::NoData,
    ];

    /// As on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            BusyType::Free => "Free",
            BusyType::WorkingElsewhere => "WorkingElsewhere",
            BusyType::Tentative => "Tentative",
            BusyType::Busy => "Busy",
            BusyType::OOF => "OOF",
            BusyType::NoData => "NoData",
        }
    }

    pub fn from_word(word: &str) -> Option<BusyType> {
        BusyType::ALL.into_iter().find(|busy| busy.word() == word)
    }

    /// Whether a meeting could be then.
    pub fn is_free(self) -> bool {
        self <= BusyType::WorkingElsewhere
    }
}

/// Time that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub start: Timestamp,
    pub end: Timestamp,
    pub busy: BusyType,
}
