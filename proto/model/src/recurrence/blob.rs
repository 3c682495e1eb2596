//! PidLidAppointmentRecur (0x8216, MS-OXOCAL 2.2.1.44): the recurrence, which days are deleted, and what exceptions have of their
//! own, as octets. Only what a series holds at once; bodies and attendees of exceptions are attachments beside it.

mod exception;
mod pattern;
#[cfg(test)]
mod tests;

pub use exception::Exception;

use super::{Recurrence, Series};
use crate::octets::Octets;
use jiff::civil::{Date, DateTime, Time, date};
use jiff::{SignedDuration, Span};
use std::collections::BTreeSet;

/// Deleted and changed occurrences that are read of one series: more than a daily one has in fifty years.
const MOST: u32 = 20_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecurrenceBlob {
    pub recurrence: Recurrence,
    /// Minutes from the midnight of an occurrence's day to its start and its end.
    pub start: i32,
    pub end: i32,
    /// Original days of those that are deleted; those of exceptions are not among them.
    pub deleted: Vec<Date>,
    /// By original day.
    pub exceptions: Vec<Exception>,
}

const READER: u16 = 0x3004;
const READER_2: u32 = 0x3006;
const WRITER_2: u32 = 0x3009;

impl RecurrenceBlob {
    /// None: the octets are damaged, or say what no recurrence here can (ErrorCalendarInvalidPropertyState).
    pub fn read(octets: &[u8]) -> Option<RecurrenceBlob> {
        let mut octets = Octets::new(octets);
        let (recurrence, without) = pattern::read(&mut octets)?;
        octets.u32()?;
        let writer = octets.u32()?;
        let start = i32::try_from(octets.u32()?).ok()?;
        let end = i32::try_from(octets.u32()?).ok()?;
        let count = octets.u16()?;
        let mut exceptions = Vec::new();
        for _ in 0..count {
            exceptions.push(Exception::read(&mut octets)?);
        }
        // What is said again in Unicode may be cut off.
        if !octets.is_empty() {
            octets.counted()?;
            for exception in &mut exceptions {
                if !octets.is_empty() {
                    exception.read_more(&mut octets, writer)?;
                }
            }
        }
        exceptions.sort_by_key(|exception| exception.original);
        let changed: BTreeSet<Date> = exceptions.iter().map(|exception| exception.original.date()).collect();
        let deleted = without.into_iter().filter(|day| !changed.contains(day)).collect();
        (start <= end).then_some(RecurrenceBlob { recurrence, start, end, deleted, exceptions })
    }

    /// None for what has no occurrence, and for what regenerates.
    pub fn write(&self) -> Option<Vec<u8>> {
        let series = Series::new(&self.recurrence).ok()?;
        let mut without: Vec<Date> = self.deleted.clone();
        without.extend(self.exceptions.iter().map(|exception| exception.original.date()));
        without.sort_unstable();
        without.dedup();
        let mut moved: Vec<Date> = self.exceptions.iter().map(|exception| exception.start.date()).collect();
        moved.sort_unstable();
        let mut octets = pattern::write(&self.recurrence, &series, &without, &moved)?;
        octets.extend(READER_2.to_le_bytes());
        octets.extend(WRITER_2.to_le_bytes());
        octets.extend(self.start.to_le_bytes());
        octets.extend(self.end.to_le_bytes());
        octets.extend(u16::try_from(self.exceptions.len()).ok()?.to_le_bytes());
        self.exceptions.iter().for_each(|exception| exception.write(&mut octets));
        octets.extend([0; 4]);
        self.exceptions.iter().for_each(|exception| exception.write_more(&mut octets));
        octets.extend([0; 4]);
        Some(octets)
    }
}

const EPOCH: Date = date(1601, 1, 1);

/// Minutes since 1601, local.
fn minutes(time: DateTime) -> u32 {
    let since = time.duration_since(EPOCH.to_datetime(Time::midnight()));
    u32::try_from(since.as_mins()).unwrap_or(0)
}

fn minutes_of(day: Date) -> u32 {
    minutes(day.to_datetime(Time::midnight()))
}

fn time_of(minutes: u32) -> Option<DateTime> {
    let since = SignedDuration::from_mins(i64::from(minutes));
    EPOCH.to_datetime(Time::midnight()).checked_add(since).ok()
}

/// Some writers put times of day into what is a day.
fn day_of(minutes: u32) -> Option<Date> {
    time_of(minutes).map(DateTime::date)
}

/// Midnight of the first day of the month, so many after the first there is.
fn month_of(months: i32) -> u32 {
    Span::new().try_months(months).and_then(|months| EPOCH.checked_add(months)).map_or(0, minutes_of)
}
