//! What of a calendar touches a time: items and occurrences in the order of their starts. The store's index gives the items, of
//! a series its own arithmetic the occurrences: neither looks at what is not told. What is kept of a view does not grow with what
//! touches its time: of series only the occurrences that come first, of all others their number.

use std::collections::{BinaryHeap, HashMap};

use ewsd_model::PropId;
use ewsd_model::code::Code;
use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_model::property::Column;
use ewsd_store::{ColumnSet, ItemRow, Mailbox, Outline, Plan};
use jiff::Timestamp;
use jiff::civil::Date;

use super::series::{Master, Occurrence};
use super::when;
use crate::error::Result;

/// An item or an occurrence of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub item: ItemNo,
    pub start: Timestamp,
    /// Of an occurrence.
    pub placed: Option<Occurrence>,
}

impl Entry {
    /// Its place in the order.
    fn key(&self) -> (Timestamp, ItemNo, Option<Date>) {
        (self.start, self.item, self.placed.map(|at| at.date))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Entry) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Entry) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// A view, before anything but times was read of it.
pub struct View {
    /// In the order of their starts.
    pub entries: Vec<Entry>,
    /// All that touch the time.
    pub total: usize,
}

/// Series that are read at a time.
const AT_ONCE: usize = 256;

/// Entries that a view has at most, whoever asks.
const ENTRIES: usize = 100_000;

/// Series that a view may have to look into: their numbers alone are kept.
const SERIES: usize = 200_000;

/// What of a series says when its occurrences are.
const MEMBERS: [PropId; 7] = [
    PropId::CalendarIsAllDayEvent,
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarStartTimeZone,
    PropId::CalendarRecurrence,
    PropId::CalendarModifiedOccurrences,
    PropId::CalendarDeletedOccurrences,
];

/// What touches the time from `from` to `to` in folders. At most `most` entries, and of those that start together all or none,
/// where that leaves any: who goes on with another view misses none. ErrorResultSetTooBig: there are more series than can be
/// looked into.
pub fn find(
    mailbox: &mut Mailbox<'_>,
    folders: &[FolderNo],
    from: Timestamp,
    to: Timestamp,
    most: usize,
) -> Result<View> {
    // Both as the database has them: what it counts and what is walked here are told by the same instants.
    let [from, to] = [from, to].map(when::whole_microseconds);
    // An instant has a width, too, the least that the database knows: what begins, runs or ends then.
    let until = if to > from { to } else { from.checked_add(jiff::SignedDuration::from_micros(1)).unwrap_or(from) };
    // One more says what begins the next view.
    let most = most.min(ENTRIES);
    let found = mailbox.events_in(folders, from, until, most + 1, SERIES)?.ok_or(Code::ErrorResultSetTooBig)?;
    let mut first = First { most: most + 1, entries: BinaryHeap::new() };
    for event in &found.singles {
        first.take(Entry { item: event.item, start: event.starts, placed: None });
    }
    let mut total = found.total;
    let members = MEMBERS.map(|id| id.row().element);
    let outline = Outline { members: &members, changes: PropId::CalendarModifiedOccurrences.row().element };
    for some in found.series.chunks(AT_ONCE) {
        for (item, props) in mailbox.outlines(some, &outline)? {
            let Some(master) = Master::read(&props) else { continue };
            total = total.saturating_add(master.count_between(from, until));
            first.take_series(item, &master, from, until);
        }
    }
    let mut entries = first.entries.into_sorted_vec();
    if let Some(next) = entries.get(most).map(|entry| entry.start) {
        // What starts together is told together, if there is room for it at all.
        let kept = entries.iter().take_while(|entry| entry.start < next).count();
        entries.truncate(if kept == 0 { most } else { kept });
    }
    Ok(View { entries, total })
}

/// The entries that come first.
struct First {
    most: usize,
    entries: BinaryHeap<Entry>,
}

impl First {
    /// Answers whether it is among them so far.
    fn take(&mut self, entry: Entry) -> bool {
        if self.entries.len() >= self.most {
            match self.entries.peek() {
                Some(last) if entry < *last => drop(self.entries.pop()),
                _ => return false,
            }
        }
        self.entries.push(entry);
        true
    }

    /// Occurrences come in the order of their starts, moved ones after them: none is looked at once one came too late.
    fn take_series(&mut self, item: ItemNo, master: &Master, from: Timestamp, until: Timestamp) {
        let entry = |at: Occurrence| Entry { item, start: at.start, placed: Some(at) };
        for at in master.plain_between(from, until) {
            if !self.take(entry(at)) {
                break;
            }
        }
        for at in master.moved_between(from, until) {
            self.take(entry(at));
        }
    }
}

impl View {
    /// The rows of the entries, in their order; those that went meanwhile are left out.
    pub fn rows(&self, mailbox: &mut Mailbox<'_>, plan: &Plan) -> Result<Vec<ItemRow>> {
        let singles = self.numbers(|entry| entry.placed.is_none());
        let mut read: HashMap<ItemNo, ItemRow> = HashMap::with_capacity(singles.len());
        for some in singles.chunks(AT_ONCE) {
            read.extend(mailbox.items(some, plan)?.into_iter().map(|row| (row.item, row)));
        }
        let series = self.numbers(|entry| entry.placed.is_some());
        // Occurrences are told from the whole document.
        let plan = Plan { json: true, body: false, mime: false, ..*plan };
        let mut masters: HashMap<ItemNo, (ItemRow, Master)> = HashMap::with_capacity(series.len());
        for some in series.chunks(AT_ONCE) {
            for row in mailbox.items(some, &plan)? {
                if let Some(master) = Master::of_row(&row) {
                    masters.insert(row.item, (row, master));
                }
            }
        }
        let row = |entry: &Entry| match entry.placed {
            None => read.remove(&entry.item),
            Some(at) => masters.get(&entry.item).map(|(row, master)| master.shown(row, at)),
        };
        Ok(self.entries.iter().filter_map(row).collect())
    }

    /// Each item of such entries once.
    fn numbers(&self, of: impl Fn(&Entry) -> bool) -> Vec<ItemNo> {
        let mut numbers: Vec<ItemNo> = self.entries.iter().filter(|entry| of(entry)).map(|entry| entry.item).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// What is read of items that are only compared with others.
pub fn brief() -> Plan {
    let columns: ColumnSet = [Column::Subject, Column::Sensitivity].into_iter().collect();
    Plan { columns, json: true, ..Plan::default() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn master(json: serde_json::Value) -> Master {
        Master::read(json.as_object().unwrap()).unwrap()
    }

    /// Daily for ever, with one that moved far ahead, one that moved away and one that is gone.
    fn daily() -> Master {
        master(serde_json::json!({
            "Start": "2001-01-01T09:00:00Z", "End": "2001-01-01T10:00:00Z", "StartTimeZone": "UTC",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2001-01-01" },
            "DeletedOccurrences": ["2026-12-03", "2026-12-20"],
            "ModifiedOccurrences": [
                { "date": "2026-12-04", "props": { "Start": "2026-12-04T20:00:00Z", "End": "2026-12-04T21:00:00Z" } },
                { "date": "2026-12-05", "props": { "Start": "2027-12-05T20:00:00Z", "End": "2027-12-05T21:00:00Z" } },
                { "date": "2030-01-01", "props": { "Start": "2026-12-06T07:00:00Z", "End": "2026-12-06T08:00:00Z" } },
            ],
        }))
    }

    #[test]
    fn a_series_is_counted_as_a_walk_would() {
        let daily = daily();
        for (from, to) in [
            ("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z"),
            ("2026-12-01T09:30:00Z", "2026-12-01T09:30:01Z"),
            ("2026-12-03T00:00:00Z", "2026-12-04T00:00:00Z"),
            ("2000-01-01T00:00:00Z", "2001-01-01T09:00:00Z"),
            ("2026-12-20T00:00:00Z", "2028-01-01T00:00:00Z"),
        ] {
            let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(daily.count_between(from, to), daily.between(from, to).count(), "{from} to {to}");
        }
    }

    #[test]
    fn the_first_are_kept_whatever_comes_in_which_order() {
        let (from, until) = ("2026-12-01T00:00:00Z".parse().unwrap(), "2028-12-01T00:00:00Z".parse().unwrap());
        let mut first = First { most: 6, entries: BinaryHeap::new() };
        let single = |text: &str| Entry { item: ItemNo(1), start: text.parse().unwrap(), placed: None };
        assert!(first.take(single("2026-12-02T09:00:00Z")));
        first.take_series(ItemNo(2), &daily(), from, until);
        assert!(!first.take(single("2027-01-01T00:00:00Z")));
        let starts: Vec<String> =
            first.entries.into_sorted_vec().iter().map(|entry| format!("{} {}", entry.start, entry.item.0)).collect();
        assert_eq!(
            starts,
            [
                "2026-12-01T09:00:00Z 2",
                "2026-12-02T09:00:00Z 1",
                "2026-12-02T09:00:00Z 2",
                "2026-12-04T20:00:00Z 2",
                "2026-12-06T07:00:00Z 2",
                "2026-12-06T09:00:00Z 2",
            ]
        );
    }
}
