//! When the owner of a calendar is busy (MS-OXWAVLS 3.1.4.1): each item and each occurrence in a time, from one look at the store
//! whose answer is bounded. What a series costs is what it has in that time, not how long it has been going on.

use std::ops::ControlFlow;

use ewsd_model::availability::{Block, BusyType};
use ewsd_model::code::Code;
use ewsd_model::id::ItemNo;
use ewsd_model::property::{Column, Type, bit};
use ewsd_model::{PropId, Value};
use ewsd_store::{Bounds, BusyItem, Outline, column_name, json};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::series::{Exception, Master, Occurrence};
use crate::error::{Error, Result};
use crate::gate::{Calendar, Gate};

/// What is read of each item at most, and of all of them: some thousand series with all that is changed in them.
const BOUNDS: Bounds = Bounds { rows: 20_000, octets: 16 << 20 };

/// PidTagSensitivity: private.
const PRIVATE: i32 = 2;

/// What free and busy time is told from.
const MEMBERS: [PropId; 13] = [
    PropId::CalendarIsAllDayEvent,
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarStartTimeZone,
    PropId::CalendarRecurrence,
    PropId::CalendarModifiedOccurrences,
    PropId::CalendarDeletedOccurrences,
    PropId::CalendarLegacyFreeBusyStatus,
    PropId::CalendarIsCancelled,
    PropId::CalendarIsMeeting,
    PropId::CalendarIsRecurring,
    PropId::CalendarLocation,
    PropId::CalendarUID,
];

/// A time that is taken, or said to be free by an item.
#[derive(Clone, Copy, Debug)]
pub struct BusyTime<'a> {
    pub block: Block,
    item: &'a BusyItem,
    /// Of an occurrence.
    placed: Option<Occurrence>,
    own: Option<&'a Exception>,
}

impl<'a> BusyTime<'a> {
    fn member(&self, id: PropId) -> Option<&'a Json> {
        let name = id.row().element;
        let own = self.own.and_then(|own| own.props.get(name));
        own.or_else(|| self.item.props.get(name)).filter(|member| !member.is_null())
    }

    fn text(&self, id: PropId) -> Option<&'a str> {
        self.member(id)?.as_str()
    }

    fn is(&self, id: PropId) -> bool {
        self.member(id).and_then(Json::as_bool) == Some(true)
    }

    fn column(&self, column: Column, ty: Type) -> Option<Value> {
        let own = self.own?.columns.get(column_name(column)?)?;
        json::decode(ty, own)
    }

    pub fn item(&self) -> ItemNo {
        self.item.item
    }

    /// `calendar:UID`.
    pub fn uid(&self) -> Option<&'a str> {
        self.text(PropId::CalendarUID)
    }

    pub fn subject(&self) -> Option<String> {
        match self.column(Column::Subject, Type::Text) {
            Some(Value::Text(own)) => Some(own),
            _ => self.item.subject.clone(),
        }
    }

    pub fn location(&self) -> Option<&'a str> {
        self.text(PropId::CalendarLocation)
    }

    pub fn is_meeting(&self) -> bool {
        self.is(PropId::CalendarIsMeeting)
    }

    pub fn is_recurring(&self) -> bool {
        self.item.series
    }

    pub fn is_exception(&self) -> bool {
        self.placed.is_some_and(|placed| placed.exception)
    }

    pub fn is_reminder_set(&self) -> bool {
        let (set, clear) = self.own.map_or((0, 0), |own| (own.set, own.clear));
        (self.item.flags | set) & !clear & bit::REMINDER_SET != 0
    }

    pub fn is_private(&self) -> bool {
        match self.column(Column::Sensitivity, Type::Int) {
            Some(Value::Int(own)) => own == PRIVATE,
            _ => self.item.sensitivity == PRIVATE,
        }
    }

    /// How busy its owner is. Whoever is to be there no more is free.
    fn busy(&self) -> BusyType {
        if self.is(PropId::CalendarIsCancelled) {
            return BusyType::Free;
        }
        self.text(PropId::CalendarLegacyFreeBusyStatus).and_then(BusyType::from_word).unwrap_or(BusyType::Busy)
    }
}

/// Goes through what a calendar has in a time, until it is told to break. Occurrences of a series come in the order of their days,
/// items in the order of their starts. ErrorResultSetTooBig: there is more than can be looked at.
pub fn visit(
    gate: &mut Gate<'_>,
    calendar: &Calendar,
    from: Timestamp,
    to: Timestamp,
    visitor: &mut dyn FnMut(BusyTime<'_>) -> ControlFlow<()>,
) -> Result<()> {
    let members = MEMBERS.map(|id| id.row().element);
    let outline = Outline { members: &members, changes: PropId::CalendarModifiedOccurrences.row().element };
    let (mut mailbox, folder) = gate.open_calendar(calendar);
    let found = mailbox.busy_between(folder, from, to, &outline, BOUNDS)?;
    let items = found.ok_or(Error::from(Code::ErrorResultSetTooBig))?;
    for item in &items {
        let flow = if item.series { of_series(item, from, to, visitor) } else { of_single(item, visitor) };
        if flow.is_break() {
            break;
        }
    }
    Ok(())
}

fn of_single(item: &BusyItem, visitor: &mut dyn FnMut(BusyTime<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    let ends = item.ends.unwrap_or(item.starts);
    visitor(busy_time(item, item.starts, ends, None, None))
}

fn of_series(
    item: &BusyItem,
    from: Timestamp,
    to: Timestamp,
    visitor: &mut dyn FnMut(BusyTime<'_>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let Some(master) = Master::read(&item.props) else { return ControlFlow::Continue(()) };
    for at in master.between(from, to).filter(|at| at.end > from) {
        let own = master.exceptions.get(&at.date);
        visitor(busy_time(item, at.start, at.end, Some(at), own))?;
    }
    ControlFlow::Continue(())
}

fn busy_time<'a>(
    item: &'a BusyItem,
    start: Timestamp,
    end: Timestamp,
    placed: Option<Occurrence>,
    own: Option<&'a Exception>,
) -> BusyTime<'a> {
    let block = Block { start, end, busy: BusyType::Busy };
    let mut taken = BusyTime { block, item, placed, own };
    taken.block.busy = taken.busy();
    taken
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_store::Map;

    fn item(props: Json) -> BusyItem {
        BusyItem {
            item: ItemNo(7),
            starts: "2026-01-05T08:00:00Z".parse().unwrap(),
            ends: None,
            series: true,
            flags: bit::REMINDER_SET,
            sensitivity: 0,
            subject: Some("Daily".to_owned()),
            props: props.as_object().cloned().unwrap_or_else(Map::new),
        }
    }

    fn told(item: &BusyItem, from: &str, to: &str) -> Vec<(String, String, BusyType, bool, bool)> {
        let mut told = Vec::new();
        let flow = of_series(item, from.parse().unwrap(), to.parse().unwrap(), &mut |taken| {
            let subject = taken.subject().unwrap_or_default();
            let private = taken.is_private();
            told.push((taken.block.start.to_string(), subject, taken.block.busy, private, taken.is_reminder_set()));
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        told
    }

    #[test]
    fn occurrences_are_as_busy_as_they_say() {
        let daily = item(serde_json::json!({
            "Start": "2026-01-05T08:00:00Z", "End": "2026-01-05T09:00:00Z",
            "StartTimeZone": "W. Europe Standard Time", "LegacyFreeBusyStatus": "Tentative",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2026-01-05" },
            "DeletedOccurrences": ["2031-06-02"],
            "ModifiedOccurrences": [
                { "date": "2031-06-03", "props": { "LegacyFreeBusyStatus": "OOF" },
                  "columns": { "subject": "Away", "sensitivity": 2 }, "clear": bit::REMINDER_SET },
                { "date": "2031-06-04", "props": { "IsCancelled": true } },
            ],
        }));
        let row = |start: &str, subject: &str, busy, private, reminded| {
            (start.to_owned(), subject.to_owned(), busy, private, reminded)
        };
        let mut found = told(&daily, "2031-06-01T00:00:00Z", "2031-06-06T00:00:00Z");
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(
            found,
            [
                row("2031-06-01T07:00:00Z", "Daily", BusyType::Tentative, false, true),
                row("2031-06-03T07:00:00Z", "Away", BusyType::OOF, true, false),
                row("2031-06-04T07:00:00Z", "Daily", BusyType::Free, false, true),
                row("2031-06-05T07:00:00Z", "Daily", BusyType::Tentative, false, true),
            ]
        );
        // What ends when the time begins is none of it.
        assert!(told(&daily, "2031-06-01T08:00:00Z", "2031-06-01T09:00:00Z").is_empty());
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let daily = item(serde_json::json!({
            "Start": "2026-01-05T08:00:00Z", "End": "2026-01-05T09:00:00Z", "StartTimeZone": "UTC",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2026-01-05" },
        }));
        let mut seen = 0;
        let flow = of_series(&daily, Timestamp::UNIX_EPOCH, Timestamp::MAX, &mut |_| {
            seen += 1;
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert!(flow.is_break() && seen == 3);
    }
}
