//! Values of calendar items as members of `props`.

use ewsd_model::calendar::{Answer, Attendee, ChangeHighlights, EnhancedLocation};
use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::{decode_mailbox, decode_pairs, encode_mailbox, object, text};

fn time(json: &Json, key: &str) -> Option<Timestamp> {
    json.get(key)?.as_str()?.parse().ok()
}

/// Adds the times that are there.
fn with_times<const N: usize>(json: Json, times: [(&str, Option<Timestamp>); N]) -> Json {
    let mut members = match json {
        Json::Object(members) => members,
        _ => Map::new(),
    };
    for (key, time) in times {
        if let Some(time) = time {
            members.insert(key.to_owned(), Json::from(time.to_string()));
        }
    }
    Json::Object(members)
}

pub(super) fn encode_attendee(attendee: &Attendee) -> Json {
    let mut json = encode_mailbox(&attendee.mailbox);
    if let (Json::Object(members), Some(answer)) = (&mut json, attendee.response) {
        members.insert("response".to_owned(), Json::from(answer.name()));
    }
    let times = [
        ("answered", attendee.last_response),
        ("proposed_start", attendee.proposed_start),
        ("proposed_end", attendee.proposed_end),
    ];
    with_times(json, times)
}

pub(super) fn decode_attendee(json: &Json) -> Option<Attendee> {
    Some(Attendee {
        mailbox: decode_mailbox(json)?,
        response: text(json, "response").and_then(|word| Answer::from_name(&word)),
        last_response: time(json, "answered"),
        proposed_start: time(json, "proposed_start"),
        proposed_end: time(json, "proposed_end"),
    })
}

pub(super) fn encode_location(location: &EnhancedLocation) -> Json {
    let texts = [("name", Some(location.display_name.as_str())), ("annotation", location.annotation.as_deref())];
    let mut json = object(texts);
    if let (Json::Object(members), Some(parts)) = (&mut json, &location.address) {
        let parts = parts.iter().map(|(name, text)| Json::from([name.as_str(), text.as_str()].as_slice()));
        members.insert("address".to_owned(), parts.collect());
    }
    json
}

pub(super) fn decode_location(json: &Json) -> Option<EnhancedLocation> {
    json.as_object()?;
    Some(EnhancedLocation {
        display_name: text(json, "name").unwrap_or_default(),
        annotation: text(json, "annotation"),
        address: json.get("address").and_then(decode_pairs),
    })
}

pub(super) fn encode_highlights(highlights: &ChangeHighlights) -> Json {
    let json = object([("location", highlights.location.as_deref())]);
    with_times(json, [("start", highlights.start), ("end", highlights.end)])
}

pub(super) fn decode_highlights(json: &Json) -> Option<ChangeHighlights> {
    json.as_object()?;
    Some(ChangeHighlights { location: text(json, "location"), start: time(json, "start"), end: time(json, "end") })
}
