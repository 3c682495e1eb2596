//! Ids of single occurrences of series.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use jiff::civil::{Date, date};

use super::{EwsId, IdError, ItemId, entry, processing, storage};

/// One occurrence of a series: its master, and the day on which the pattern has it, in the zone of the series. It stays what it
/// is when the occurrence is moved to another day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OccurrenceId {
    pub master: ItemId,
    pub date: Date,
}

impl ItemId {
    /// An item, or the master of an occurrence with its day.
    pub fn decode_any(text: &str) -> Result<(ItemId, Option<Date>), IdError> {
        let mut id = EwsId::parse(text)?;
        if !id.attachments.is_empty() {
            return Err(IdError::IsAttachment);
        }
        if id.processing != processing::RECURRENCE || id.entry.len() != entry::OCCURRENCE_LEN {
            return Ok((id.item()?, None));
        }
        let ticks = id.entry.split_off(entry::ITEM_LEN);
        let ticks = ticks.try_into().map(u64::from_le_bytes).map_err(|_| IdError::Malformed)?;
        id.processing = processing::NORMAL;
        let date = day_of(ticks).ok_or(IdError::NoSuchItem)?;
        Ok((id.item()?, Some(date)))
    }
}

/// Ticks of 100 ns of a day (MS-DTYP 2.3.3).
const DAY: u64 = 24 * 60 * 60 * 10_000_000;

/// The day that begins so many ticks after the beginning of 1601.
fn day_of(ticks: u64) -> Option<Date> {
    let days = i64::try_from(ticks / DAY).ok().filter(|_| ticks % DAY == 0)?;
    date(1601, 1, 1).checked_add(SignedDuration::from_hours(24 * days)).ok()
}

fn ticks_of(day: Date) -> u64 {
    let days = date(1601, 1, 1).until(day).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or(0) * DAY
}

impl OccurrenceId {
    pub fn encode(&self) -> String {
        let mut entry = self.master.entry_id();
        entry.extend(ticks_of(self.date).to_le_bytes());
        let id =
            EwsId { processing: processing::RECURRENCE, ..EwsId::own(self.master.mailbox, storage::MAILBOX, entry) };
        STANDARD.encode(id.octets())
    }
}
