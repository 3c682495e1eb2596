//! What a request for a series says of occurrences that have something of their own: what they are, as everybody who is invited may
//! know it. What else the organizer's calendar has with them (answers, proposals, categories, flags, reminders, whose meeting
//! it is) is the organizer's.

use ewsd_model::property::{Column, bit};
use ewsd_model::{PropId, Value};
use ewsd_store::{Map, column_name, json};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::{notice, people};
use crate::calendar::series::{Exception, Master};
use crate::convert::mime;

/// Members that are told.
const MEMBERS: [PropId; 12] = [
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarStartTimeZone,
    PropId::CalendarEndTimeZone,
    PropId::CalendarTimeZone,
    PropId::CalendarDuration,
    PropId::CalendarIsAllDayEvent,
    PropId::CalendarLocation,
    PropId::CalendarEnhancedLocation,
    PropId::CalendarDateTimeStamp,
    PropId::CalendarAppointmentSequenceNumber,
    PropId::MeetingRequestIntendedFreeBusyStatus,
];

/// Columns that are told; the last two with a text of its own.
const COLUMNS: [Column; 5] =
    [Column::Subject, Column::Importance, Column::Sensitivity, Column::BodyType, Column::Preview];

/// The lists of those who are invited, and the columns that show their names.
const INVITED: [(PropId, Column); 2] =
    [(PropId::CalendarRequiredAttendees, Column::DisplayTo), (PropId::CalendarOptionalAttendees, Column::DisplayCc)];

/// Writes the occurrences of a request's document so; the rest of the document is what others get already. Those of which
/// nothing is left are as the series is.
pub(super) fn tell(props: &mut Map) {
    let Some(mut master) = Master::read(props) else { return };
    let (series, times) = (master.series.clone(), master.times.clone());
    for (date, own) in &mut master.exceptions {
        let by_pattern = series.number(*date).map(|_| times.on(*date));
        *own = told(own, props, by_pattern);
    }
    master.exceptions.retain(|_, own| *own != Exception::default());
    for (name, json) in master.write_changes() {
        props.insert(name.to_owned(), json);
    }
}

fn told(own: &Exception, series: &Map, by_pattern: Option<(Timestamp, Timestamp)>) -> Exception {
    let mut told = Exception { body: own.body.clone(), ..Exception::default() };
    let mut put = |name: &str, value: &Json| {
        let same = series.get(name).unwrap_or(&Json::Null) == value;
        if !same {
            told.props.insert(name.to_owned(), value.clone());
        }
    };
    for id in MEMBERS {
        let usual = match id {
            PropId::CalendarStart => by_pattern.map(|(start, _)| start),
            PropId::CalendarEnd => by_pattern.map(|(_, end)| end),
            _ => None,
        };
        let name = id.row().element;
        if let Some(value) = own.props.get(name).filter(|_| usual.is_none() || own.time(id) != usual) {
            put(name, value);
        }
    }
    // What it is to be for those who accept it.
    if let Some(busy) = own.props.get(PropId::CalendarLegacyFreeBusyStatus.row().element) {
        put(PropId::MeetingRequestIntendedFreeBusyStatus.row().element, busy);
    }
    let columns = COLUMNS.iter().take(if own.body.is_some() { 5 } else { 3 });
    for name in columns.filter_map(|column| column_name(*column)) {
        if let Some(value) = own.columns.get(name) {
            told.columns.insert(name.to_owned(), value.clone());
        }
    }
    told.set = own.set & bit::RESPONSE_REQUESTED;
    told.clear = own.clear & bit::RESPONSE_REQUESTED;
    invited(&mut told, own, series);
    // The stamp alone says nothing.
    let stamps = [PropId::CalendarDateTimeStamp, PropId::CalendarAppointmentSequenceNumber];
    let mut rest = told.clone();
    stamps.iter().for_each(|id| drop(rest.props.remove(id.row().element)));
    if rest == Exception::default() { rest } else { told }
}

/// Who is invited to it, where that are others than to the series.
fn invited(told: &mut Exception, own: &Exception, series: &Map) {
    if !INVITED.iter().any(|(id, _)| own.props.contains_key(id.row().element)) {
        return;
    }
    let mut all = Map::new();
    all.extend(
        series
            .get(PropId::CalendarOrganizer.row().element)
            .map(|organizer| (PropId::CalendarOrganizer.row().element.to_owned(), organizer.clone())),
    );
    for (id, _) in INVITED {
        let name = id.row().element;
        if let Some(list) = own.props.get(name).or_else(|| series.get(name)) {
            all.insert(name.to_owned(), list.clone());
        }
    }
    notice::lead(&mut all);
    for (id, column) in INVITED {
        let name = id.row().element;
        let list = all.get(name).cloned().unwrap_or_default();
        if !own.props.contains_key(name) || series.get(name).unwrap_or(&Json::Null) == &list {
            continue;
        }
        let names = people::list(&all, id).into_iter().map(|one| one.mailbox).collect::<Vec<_>>();
        let names = Value::Text(mime::display(&names));
        if let (Some(column), Some(names)) = (column_name(column), json::encode(&names)) {
            told.columns.insert(column.to_owned(), names);
        }
        told.props.insert(name.to_owned(), list);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn series(exceptions: Json) -> Map {
        let mailbox = |address: &str| serde_json::json!({ "address": address });
        let mut props = serde_json::json!({
            "Start": "2026-12-01T09:00:00Z", "End": "2026-12-01T10:00:00Z", "StartTimeZone": "UTC", "Location": "Hall",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2026-12-01", "count": 5 },
            "Organizer": mailbox("boss@x.test"),
            "RequiredAttendees": [mailbox("ann@x.test")],
            "ModifiedOccurrences": exceptions,
        })
        .as_object()
        .cloned()
        .unwrap();
        notice::lead(&mut props);
        tell(&mut props);
        props
    }

    #[test]
    fn what_is_the_organizers_is_not_told() {
        let props = series(serde_json::json!([
            { "date": "2026-12-02", "set": bit::REMINDER_SET, "columns": { "subject": "other", "categories": ["mine"] },
              "ext": { "x": "y" }, "props": {
                "Start": "2026-12-02T12:00:00Z", "End": "2026-12-02T13:00:00Z", "Location": "Hall", "IsOrganizer": true,
                "AppointmentState": 1, "MyResponseType": "Organizer", "LegacyFreeBusyStatus": "OOF",
                "ReminderMinutesBeforeStart": 5, "When": "noon", "IsMeeting": true } },
            { "date": "2026-12-03", "columns": { "categories": ["mine"] }, "props": { "IsOrganizer": true,
                "Start": "2026-12-03T09:00:00Z", "End": "2026-12-03T10:00:00Z", "DateTimeStamp": "2026-11-30T09:00:00Z",
                "RequiredAttendees": [{ "address": "ann@x.test", "response": "Decline" }] } },
        ]));
        assert_eq!(
            props["ModifiedOccurrences"],
            serde_json::json!([{ "date": "2026-12-02", "columns": { "subject": "other" }, "props": {
                "Start": "2026-12-02T12:00:00Z", "End": "2026-12-02T13:00:00Z", "IntendedFreeBusyStatus": "OOF" } }])
        );
    }
}
