//! The string of digits, one for each interval of a window (MS-OXWAVLS MergedFreeBusy).

use super::{Block, BusyType};
use crate::Version;
use jiff::Timestamp;

/// What the digits mean: 2013 has a word for working elsewhere, which got the digit that no data had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    Four,
    Five,
}

impl Digits {
    pub fn of(version: Version) -> Digits {
        if version >= Version::Exchange2013 { Digits::Five } else { Digits::Four }
    }

    fn digit(self, busy: BusyType) -> char {
        match (busy, self) {
            (BusyType::Free, _) | (BusyType::WorkingElsewhere, Digits::Four) => '0',
            (BusyType::Tentative, _) => '1',
            (BusyType::Busy, _) => '2',
            (BusyType::OOF, _) => '3',
            (BusyType::WorkingElsewhere, Digits::Five) | (BusyType::NoData, Digits::Four) => '4',
            (BusyType::NoData, Digits::Five) => '5',
        }
    }
}

/// Intervals of a window from its start, the last one perhaps cut short; in each what leaves one least free counts. What it
/// takes does not grow with what is added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    start: Timestamp,
    end: Timestamp,
    /// Seconds.
    step: i64,
    busy: Vec<BusyType>,
}

impl Slots {
    /// None for a window that is none.
    pub fn new(start: Timestamp, end: Timestamp, minutes: i32) -> Slots {
        let step = i64::from(minutes.max(1)) * 60;
        let length = end.as_second() - start.as_second();
        let count = usize::try_from((length.max(0) + step - 1) / step).unwrap_or(0);
        Slots { start, end, step, busy: vec![BusyType::Free; count] }
    }

    /// The same where nothing is known.
    pub fn unknown(start: Timestamp, end: Timestamp, minutes: i32) -> Slots {
        let mut slots = Slots::new(start, end, minutes);
        slots.busy.fill(BusyType::NoData);
        slots
    }

    /// Blocks come in any order.
    pub fn add(&mut self, block: &Block) {
        if block.start >= self.end || block.end <= self.start || block.start >= block.end {
            return;
        }
        let from = (block.start.as_second() - self.start.as_second()).max(0) / self.step;
        let until = (block.end.as_second() - self.start.as_second() + self.step - 1).max(0) / self.step;
        let until = usize::try_from(until).unwrap_or(usize::MAX).min(self.busy.len());
        let places = usize::try_from(from).unwrap_or(0)..until;
        for slot in self.busy.get_mut(places).unwrap_or_default() {
            *slot = (*slot).max(block.busy);
        }
    }

    /// Whatever the other has, of the same window and intervals.
    pub fn merge(&mut self, other: &Slots) {
        for (slot, more) in self.busy.iter_mut().zip(&other.busy) {
            *slot = (*slot).max(*more);
        }
    }

    pub fn text(&self, digits: Digits) -> String {
        self.busy.iter().map(|busy| digits.digit(*busy)).collect()
    }
}

/// The digits of some blocks; see [`Slots`].
pub fn merged(start: Timestamp, end: Timestamp, minutes: i32, blocks: &[Block], digits: Digits) -> String {
    let mut slots = Slots::new(start, end, minutes);
    blocks.iter().for_each(|block| slots.add(block));
    slots.text(digits)
}
