//! What is shown of a private calendar item to those who may read the calendar but are not its owner: when it is, and that it is
//! private.

use ewsd_model::property::{Column, bit};
use ewsd_model::{PropId, Value};
use ewsd_store::{Columns, ItemRow, Map};
use serde_json::Value as Json;

use crate::gate::PRIVATE;

/// What stands where the subject would.
pub const SUBJECT: &str = "Private Appointment";

/// Members that say when something is, and what a client knows it by.
const MEMBERS: [PropId; 17] = [
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarOriginalStart,
    PropId::CalendarStartTimeZone,
    PropId::CalendarEndTimeZone,
    PropId::CalendarTimeZone,
    PropId::CalendarIsAllDayEvent,
    PropId::CalendarLegacyFreeBusyStatus,
    PropId::CalendarDuration,
    PropId::CalendarCalendarItemType,
    PropId::CalendarIsRecurring,
    PropId::CalendarIsCancelled,
    PropId::CalendarRecurrence,
    PropId::CalendarModifiedOccurrences,
    PropId::CalendarDeletedOccurrences,
    PropId::CalendarRecurrenceId,
    PropId::CalendarUID,
];

/// Columns that are told of it as they are.
const COLUMNS: [Column; 5] = [Column::Class, Column::Change, Column::Created, Column::Modified, Column::Sensitivity];

/// The item with nothing else.
pub fn stripped(row: &ItemRow) -> ItemRow {
    let mut columns = Columns::new();
    for column in COLUMNS {
        if let Some(value) = row.columns.get(column) {
            columns.set(column, value.clone());
        }
    }
    columns.set(Column::Subject, Value::Text(SUBJECT.to_owned()));
    let kept = |props: &Map| -> Map {
        let names = MEMBERS.iter().map(|id| id.row().element);
        let mut kept: Map = names.filter_map(|name| Some((name.to_owned(), props.get(name)?.clone()))).collect();
        changes_mut(&mut kept).for_each(|change| *change = censored(change));
        kept
    };
    ItemRow {
        item: row.item,
        folder: row.folder,
        kind: row.kind,
        change: row.change,
        flags: row.flags & bit::READ,
        attachments: 0,
        creator: row.creator,
        columns,
        props: row.props.as_ref().map(kept),
        ext: None,
        body: None,
        mime: None,
        occurrence: row.occurrence,
    }
}

/// Whether some dates of a series that is open are private.
pub fn has_private_dates(row: &ItemRow) -> bool {
    let changes = row.props.as_ref().and_then(|props| props.get(PropId::CalendarModifiedOccurrences.row().element));
    row.occurrence.is_none() && changes.and_then(Json::as_array).is_some_and(|all| all.iter().any(is_private))
}

/// A series that is open to all with what is private in it hidden; None: there is nothing private in it.
pub fn without_private(row: &ItemRow) -> Option<ItemRow> {
    if !has_private_dates(row) {
        return None;
    }
    let mut row = row.clone();
    if let Some(props) = &mut row.props {
        changes_mut(props).filter(|change| is_private(change)).for_each(|change| *change = censored(change));
    }
    (row.ext, row.mime) = (None, None);
    Some(row)
}

/// What occurrences of a series have of their own.
fn changes_mut(props: &mut Map) -> impl Iterator<Item = &mut Json> {
    let changes = props.get_mut(PropId::CalendarModifiedOccurrences.row().element);
    changes.and_then(Json::as_array_mut).into_iter().flatten()
}

fn is_private(change: &Json) -> bool {
    change.pointer("/columns/sensitivity").and_then(Json::as_i64) == Some(PRIVATE)
}

/// Of what an occurrence has of its own, when it is.
fn censored(change: &Json) -> Json {
    const TIMES: [PropId; 3] = [PropId::CalendarStart, PropId::CalendarEnd, PropId::CalendarLegacyFreeBusyStatus];
    let props = change.get("props").and_then(Json::as_object);
    let time = |id: &PropId| Some((id.row().element.to_owned(), props?.get(id.row().element)?.clone()));
    let times: Map = TIMES.iter().filter_map(time).collect();
    let columns = serde_json::json!({ "sensitivity": PRIVATE, "subject": SUBJECT });
    serde_json::json!({ "date": change.get("date"), "props": times, "columns": columns })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::property::testing::row;

    #[test]
    fn nothing_is_left_but_the_time() {
        let mut item = row();
        item.flags = bit::READ | bit::HAS_ATTACHMENTS | bit::REMINDER_SET;
        item.attachments = 2;
        item.body = Some(b"words".to_vec());
        item.ext = Some(Map::new());
        item.columns.set(Column::Subject, Value::Text("Doctor".into()));
        item.columns.set(Column::Sensitivity, Value::Int(2));
        item.columns.set(Column::Categories, Value::Texts(vec!["Red".into()]));
        item.props =
            serde_json::json!({ "Start": "2026-12-01T09:00:00Z", "Location": "Clinic", "Organizer": {}, "UID": "u" })
                .as_object()
                .cloned();
        let left = stripped(&item);
        assert_eq!(left.columns.text(Column::Subject), Some(SUBJECT));
        assert_eq!(left.columns.number(Column::Sensitivity), Some(2));
        assert!(left.columns.get(Column::Categories).is_none());
        let names: Vec<String> = left.props.unwrap().keys().cloned().collect();
        assert_eq!(names, ["Start", "UID"]);
        assert_eq!((left.flags, left.attachments, left.body, left.ext), (bit::READ, 0, None, None));
    }

    #[test]
    fn private_occurrences_of_an_open_series_say_when_they_are() {
        let mut item = row();
        item.mime = Some(b"BEGIN:VCALENDAR".to_vec());
        let open = serde_json::json!({ "date": "2026-12-01", "props": { "Location": "Hall" } });
        let doctor = serde_json::json!({
            "date": "2026-12-02", "columns": { "sensitivity": 2, "subject": "Doctor" },
            "props": { "Start": "2026-12-02T09:00:00Z", "Location": "Clinic" }, "body": [0, "words"],
        });
        let hidden = serde_json::json!({
            "date": "2026-12-02", "columns": { "sensitivity": 2, "subject": SUBJECT },
            "props": { "Start": "2026-12-02T09:00:00Z" },
        });
        let mut series = |changes: Vec<Json>| {
            item.props = serde_json::json!({ "ModifiedOccurrences": changes }).as_object().cloned();
            without_private(&item)
        };
        assert_eq!(series(vec![open.clone()]), None);
        let shown = series(vec![open.clone(), doctor]).unwrap();
        assert_eq!(shown.props.unwrap()["ModifiedOccurrences"], serde_json::json!([open, hidden]));
        assert_eq!(shown.mime, None);
    }
}
