//! Messages whose times name no zone, as those about whole days mostly are: they are about the days of whoever gets them. Until it
//! is known who that is they are told as days of UTC.

use ewsd_model::PropId;
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_store::{Map, json};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;

/// Members that are such times.
const TIMES: [PropId; 6] = [
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarRecurrenceId,
    PropId::CalendarOriginalStart,
    PropId::MeetingProposedStart,
    PropId::MeetingProposedEnd,
];

/// What the clocks of UTC show, on those of a zone.
pub(super) fn within(time: Timestamp, zone: &ItemZone) -> Timestamp {
    instant(&zone.time_zone(), TimeZone::UTC.to_datetime(time))
}

/// Has the times of a message's document be those of a zone.
pub(super) fn settle(props: &mut Map, zone: &ItemZone) {
    settle_times(props, zone);
    for id in [PropId::CalendarStartTimeZone, PropId::CalendarEndTimeZone] {
        props.insert(id.row().element.to_owned(), json::encode_zone(zone));
    }
    props.insert(PropId::CalendarTimeZone.row().element.to_owned(), zone.name().into());
    let own = props.get_mut(PropId::CalendarModifiedOccurrences.row().element).and_then(Json::as_array_mut);
    for exception in own.into_iter().flatten() {
        let own = exception.get_mut("props").and_then(Json::as_object_mut);
        // One that names its zone is when it says.
        let own = own.filter(|own| !own.contains_key(PropId::CalendarStartTimeZone.row().element));
        own.into_iter().for_each(|own| settle_times(own, zone));
    }
}

fn settle_times(props: &mut Map, zone: &ItemZone) {
    for name in TIMES.map(|id| id.row().element) {
        let time = props.get(name).and_then(Json::as_str).and_then(|time| time.parse::<Timestamp>().ok());
        if let Some(time) = time {
            props.insert(name.to_owned(), within(time, zone).to_string().into());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let mut props = serde_json::json!({
            "Start": "2026-12-01T00:00:00Z", "End": "2026-12-02T00:00:00Z", "StartTimeZone": "UTC", "EndTimeZone": "UTC",
            "ModifiedOccurrences": [
                { "date": "2026-12-02", "props": { "Start": "2026-12-03T00:00:00Z" } },
                { "date": "2026-12-04", "props": { "Start": "2026-12-04T09:00:00Z", "StartTimeZone": "Tokyo Standard Time" } },
            ],
        })
        .as_object()
        .cloned()
        .unwrap();
        settle(&mut props, &ItemZone::named("Eastern Standard Time").unwrap());
        assert_eq!((&props["Start"], &props["End"]), (&"2026-12-01T05:00:00Z".into(), &"2026-12-02T05:00:00Z".into()));
        let own = &props["ModifiedOccurrences"];
        assert_eq!(own[0]["props"]["Start"], "2026-12-03T05:00:00Z");
        assert_eq!(own[1]["props"]["Start"], "2026-12-04T09:00:00Z");
        assert_eq!(props["StartTimeZone"], json::encode_zone(&ItemZone::named("Eastern Standard Time").unwrap()));
    }
}
