//! Values as members of the `props` and `ext` documents, and back. This is a database format: once written, always read.
//!
//! | value | JSON |
//! |---|---|
//! | text, enumeration, GUID | string |
//! | whole number, real, boolean | number, boolean |
//! | time | string, RFC 3339 in UTC |
//! | octets | string, base64 |
//! | mailbox | object of `name`, `address`, `routing`, `kind`, `item`, `item_change`, each only if set |
//! | postal address | object of its elements, each only if set |
//! | dictionary, headers | array of `[key, value]`; mail addresses once were texts in it |
//! | attendees | array of mailboxes with `response`, `answered`, `proposed_start`, `proposed_end` |
//! | place with address | object of `name`, `annotation`, `address` (array of `[element, text]`) |
//! | what an update of a meeting changed | object of `location`, `start`, `end` |
//! | members of a list | array of `[key, mailbox]`, the mailbox with `status` |
//! | recurrence, time zone | see `json/recurrence.rs` |
//! | several | array |

mod calendar;
pub mod recurrence;

pub use recurrence::{decode_zone, encode_zone};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::Value;
use ewsd_model::property::Type;
use ewsd_model::property::mapi::{ExtendedValue, MapiType, Scalar};
use ewsd_model::value::{Mailbox, Member, PostalAddress, PostalPart, WireId};
use serde_json::{Map, Value as Json};

/// A property's value for `props`; None for values that never live there (ids, bodies, computed ones).
pub fn encode(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Text(text) => Json::from(text.as_str()),
        Value::Bool(value) => Json::from(*value),
        Value::Int(number) => Json::from(*number),
        Value::Long(number) => Json::from(*number),
        Value::Double(number) => Json::from(*number),
        Value::Time(time) => Json::from(time.to_string()),
        Value::Bytes(bytes) => Json::from(STANDARD.encode(bytes)),
        Value::Texts(texts) => Json::from(texts.as_slice()),
        Value::Mailbox(mailbox) => encode_mailbox(mailbox),
        Value::Mailboxes(mailboxes) => mailboxes.iter().map(encode_mailbox).collect(),
        Value::Headers(pairs) | Value::Entries(pairs) => {
            pairs.iter().map(|(key, value)| Json::from([key.as_str(), value.as_str()].as_slice())).collect()
        }
        Value::Addresses(entries) => pairs(entries, encode_mailbox),
        Value::PostalAddresses(entries) => pairs(entries, encode_postal),
        Value::Members(members) => members
            .iter()
            .map(|member| Json::from(vec![Json::from(member.key.as_str()), encode_member(member)]))
            .collect(),
        Value::Recurrence(value) => recurrence::encode(value),
        Value::TimeZone(definition) => recurrence::encode_definition(definition),
        Value::Attendees(attendees) => attendees.iter().map(calendar::encode_attendee).collect(),
        Value::EnhancedLocation(location) => calendar::encode_location(location),
        Value::ChangeHighlights(highlights) => calendar::encode_highlights(highlights),
        _ => return None,
    })
}

/// What a member becomes by a value; null, which takes it out of the document, for values that never live there.
pub fn member(value: &Value) -> Json {
    encode(value).unwrap_or(Json::Null)
}

fn pairs<V>(entries: &[(String, V)], encode: fn(&V) -> Json) -> Json {
    entries.iter().map(|(key, value)| Json::from(vec![Json::from(key.as_str()), encode(value)])).collect()
}

/// What [`encode`] wrote for a property of this type; None if it cannot be that.
pub fn decode(ty: Type, json: &Json) -> Option<Value> {
    Some(match ty {
        Type::Text | Type::Enum(_) => Value::Text(json.as_str()?.to_owned()),
        Type::Bool => Value::Bool(json.as_bool()?),
        Type::Int => Value::Int(i32::try_from(json.as_i64()?).ok()?),
        Type::Long => Value::Long(json.as_i64()?),
        Type::Double => Value::Double(json.as_f64()?),
        Type::Time => Value::Time(json.as_str()?.parse().ok()?),
        Type::Bytes => Value::Bytes(STANDARD.decode(json.as_str()?).ok()?),
        Type::Texts => {
            Value::Texts(json.as_array()?.iter().map(|t| t.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        Type::SingleRecipient => Value::Mailbox(decode_mailbox(json)?),
        Type::Recipients => Value::Mailboxes(json.as_array()?.iter().map(decode_mailbox).collect::<Option<_>>()?),
        Type::Headers => Value::Headers(decode_pairs(json)?),
        Type::Entries(_) => Value::Entries(decode_pairs(json)?),
        Type::Addresses(_) => Value::Addresses(keyed(json, decode_entry)?),
        Type::PostalAddresses(_) => Value::PostalAddresses(keyed(json, decode_postal)?),
        Type::Recurrence | Type::TaskRecurrence => Value::Recurrence(recurrence::decode(json)?),
        // An item's zone, or a definition as it was given.
        Type::TimeZone | Type::MeetingTimeZone => {
            if json.is_string() {
                Value::TimeZone(Box::new(decode_zone(json)?.definition()))
            } else {
                Value::TimeZone(Box::new(recurrence::decode_definition(json)?))
            }
        }
        Type::Members => {
            let members = keyed(json, |member| Some((decode_mailbox(member)?, text(member, "status"))))?;
            Value::Members(
                members.into_iter().map(|(key, (mailbox, status))| Member { key, mailbox, status }).collect(),
            )
        }
        Type::Attendees => {
            Value::Attendees(json.as_array()?.iter().map(calendar::decode_attendee).collect::<Option<_>>()?)
        }
        Type::EnhancedLocation => Value::EnhancedLocation(calendar::decode_location(json)?),
        Type::ChangeHighlights => Value::ChangeHighlights(calendar::decode_highlights(json)?),
        _ => return None,
    })
}

/// An extended property's value for `ext`.
pub fn encode_extended(value: &ExtendedValue) -> Json {
    match value {
        ExtendedValue::One(scalar) => encode_scalar(scalar),
        ExtendedValue::Many(scalars) => scalars.iter().map(encode_scalar).collect(),
    }
}

/// What [`encode_extended`] wrote for a property of this type; None if it cannot be that.
pub fn decode_extended(ty: MapiType, array: bool, json: &Json) -> Option<ExtendedValue> {
    if array {
        let scalars = json.as_array()?.iter().map(|one| decode_scalar(ty, one)).collect::<Option<_>>()?;
        return Some(ExtendedValue::Many(scalars));
    }
    decode_scalar(ty, json).map(ExtendedValue::One)
}

fn encode_scalar(scalar: &Scalar) -> Json {
    match scalar {
        Scalar::Bool(value) => Json::from(*value),
        Scalar::Int(number) => Json::from(*number),
        Scalar::Real(number) => encode_real(*number),
        Scalar::Text(text) => Json::from(text.as_str()),
        Scalar::Time(time) => Json::from(time.to_string()),
        Scalar::Bytes(bytes) => Json::from(STANDARD.encode(bytes)),
    }
}

/// JSON has no number for what is infinite or none: those are words.
fn encode_real(number: f64) -> Json {
    if number.is_finite() { Json::from(number) } else { Json::from(number.to_string()) }
}

fn decode_real(json: &Json) -> Option<f64> {
    json.as_f64().or_else(|| json.as_str()?.parse().ok())
}

fn decode_scalar(ty: MapiType, json: &Json) -> Option<Scalar> {
    Some(match ty {
        MapiType::Boolean => Scalar::Bool(json.as_bool()?),
        MapiType::Integer | MapiType::Long | MapiType::Short | MapiType::Currency => Scalar::Int(json.as_i64()?),
        MapiType::Double | MapiType::Float | MapiType::ApplicationTime => Scalar::Real(decode_real(json)?),
        MapiType::String | MapiType::Clsid => Scalar::Text(json.as_str()?.to_owned()),
        MapiType::SystemTime => Scalar::Time(json.as_str()?.parse().ok()?),
        MapiType::Binary => Scalar::Bytes(STANDARD.decode(json.as_str()?).ok()?),
        MapiType::Error | MapiType::Null | MapiType::Object => return None,
    })
}

pub(crate) fn encode_mailbox(mailbox: &Mailbox) -> Json {
    let item = mailbox.item.as_ref();
    object([
        ("name", mailbox.name.as_deref()),
        ("address", mailbox.address.as_deref()),
        ("routing", mailbox.routing.as_deref()),
        ("kind", mailbox.kind.as_deref()),
        ("item", item.map(|item| item.id.as_str())),
        ("item_change", item.and_then(|item| item.change_key.as_deref())),
    ])
}

pub(crate) fn decode_mailbox(json: &Json) -> Option<Mailbox> {
    json.as_object()?;
    let part = |key: &str| text(json, key);
    let item = part("item").map(|id| Box::new(WireId { id, change_key: part("item_change") }));
    Some(Mailbox { name: part("name"), address: part("address"), routing: part("routing"), kind: part("kind"), item })
}

/// An entry of mail addresses, which once was nothing but the address.
fn decode_entry(json: &Json) -> Option<Mailbox> {
    match json.as_str() {
        Some(address) => Some(Mailbox { address: Some(address.to_owned()), ..Mailbox::default() }),
        None => decode_mailbox(json),
    }
}

fn encode_member(member: &Member) -> Json {
    let mut json = encode_mailbox(&member.mailbox);
    if let (Json::Object(members), Some(status)) = (&mut json, &member.status) {
        members.insert("status".to_owned(), Json::from(status.as_str()));
    }
    json
}

fn encode_postal(address: &PostalAddress) -> Json {
    object(PostalPart::ALL.map(|part| (part.element(), address.part(part))))
}

fn decode_postal(json: &Json) -> Option<PostalAddress> {
    json.as_object()?;
    let mut address = PostalAddress::default();
    PostalPart::ALL.iter().for_each(|part| address.set(*part, text(json, part.element())));
    Some(address)
}

pub(super) fn object<const N: usize>(parts: [(&str, Option<&str>); N]) -> Json {
    let members = parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), Json::from(part?))));
    Json::Object(members.collect::<Map<_, _>>())
}

pub(super) fn text(json: &Json, key: &str) -> Option<String> {
    json.get(key).and_then(Json::as_str).map(str::to_owned)
}

pub(super) fn decode_pairs(json: &Json) -> Option<Vec<(String, String)>> {
    keyed(json, |value| value.as_str().map(str::to_owned))
}

/// A dictionary's entries, each read by `decode`.
fn keyed<V>(json: &Json, decode: impl Fn(&Json) -> Option<V>) -> Option<Vec<(String, V)>> {
    let pair = |pair: &Json| match pair.as_array()?.as_slice() {
        [key, value] => Some((key.as_str()?.to_owned(), decode(value)?)),
        _ => None,
    };
    json.as_array()?.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;
    use ewsd_model::calendar::{Answer, Attendee, ChangeHighlights, EnhancedLocation};

    #[test]
    fn every_stored_type_comes_back_as_it_was() {
        let mailbox =
            Mailbox { name: Some("Ann".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
        let item = Some(Box::new(WireId { id: "AA==".into(), change_key: Some("k".into()) }));
        let linked = Mailbox { item, ..mailbox.clone() };
        let home = PostalAddress { city: Some("Brno".into()), ..PostalAddress::default() };
        let cases = [
            (Type::Text, Value::Text("é".into())),
            (Type::Bool, Value::Bool(true)),
            (Type::Int, Value::Int(-3)),
            (Type::Long, Value::Long(1 << 40)),
            (Type::Double, Value::Double(0.25)),
            (Type::Time, Value::Time("2026-01-02T03:04:05.123456Z".parse().unwrap())),
            (Type::Bytes, Value::Bytes(vec![0, 255, 7])),
            (Type::Texts, Value::Texts(vec!["a".into(), "b".into()])),
            (Type::SingleRecipient, Value::Mailbox(mailbox.clone())),
            (Type::Recipients, Value::Mailboxes(vec![mailbox, Mailbox::default()])),
            (Type::Headers, Value::Headers(vec![("Subject".into(), "x".into())])),
            (Type::Entries(&["A"]), Value::Entries(vec![("A".into(), "1".into())])),
            (Type::Addresses(&["A"]), Value::Addresses(vec![("A".into(), linked.clone())])),
            (Type::PostalAddresses(&["A"]), Value::PostalAddresses(vec![("A".into(), home)])),
            (
                Type::Attendees,
                Value::Attendees(vec![Attendee {
                    mailbox: linked.clone(),
                    response: Some(Answer::Decline),
                    last_response: Some("2026-01-02T03:04:05Z".parse().unwrap()),
                    ..Attendee::default()
                }]),
            ),
            (
                Type::EnhancedLocation,
                Value::EnhancedLocation(EnhancedLocation {
                    display_name: "Room".into(),
                    annotation: None,
                    address: Some(vec![("City".into(), "Brno".into())]),
                }),
            ),
            (
                Type::ChangeHighlights,
                Value::ChangeHighlights(ChangeHighlights {
                    location: Some("x".into()),
                    start: Some("2026-01-02T03:04:05Z".parse().unwrap()),
                    end: None,
                }),
            ),
            (
                Type::Members,
                Value::Members(vec![Member { key: "k".into(), mailbox: linked, status: Some("Normal".into()) }]),
            ),
        ];
        for (ty, value) in cases {
            assert_eq!(decode(ty, &encode(&value).unwrap()), Some(value), "{ty:?}");
        }
    }

    #[test]
    fn every_extended_type_comes_back_as_it_was() {
        let cases = [
            (MapiType::Boolean, Scalar::Bool(false)),
            (MapiType::Currency, Scalar::Int(i64::MAX)),
            (MapiType::Float, Scalar::Real(1.5)),
            (MapiType::Double, Scalar::Real(f64::INFINITY)),
            (MapiType::Double, Scalar::Real(f64::NEG_INFINITY)),
            (MapiType::Clsid, Scalar::Text("{…}".into())),
            (MapiType::SystemTime, Scalar::Time("1601-01-01T00:00:00Z".parse().unwrap())),
            (MapiType::Binary, Scalar::Bytes(vec![1, 2])),
        ];
        for (ty, scalar) in cases {
            let one = ExtendedValue::One(scalar.clone());
            let many = ExtendedValue::Many(vec![scalar.clone(), scalar]);
            assert_eq!(decode_extended(ty, false, &encode_extended(&one)), Some(one));
            assert_eq!(decode_extended(ty, true, &encode_extended(&many)), Some(many));
        }
    }

    #[test]
    fn addresses_that_were_texts_are_read() {
        let once = serde_json::json!([["A", "ann@example.test"]]);
        let ann = Mailbox { address: Some("ann@example.test".into()), ..Mailbox::default() };
        assert_eq!(decode(Type::Addresses(&["A"]), &once), Some(Value::Addresses(vec![("A".into(), ann)])));
    }

    #[test]
    fn what_is_of_another_shape_is_not_read() {
        assert_eq!(decode(Type::Recipients, &Json::from("x")), None);
        assert_eq!(decode(Type::Headers, &serde_json::json!([["a"]])), None);
        assert_eq!(decode_extended(MapiType::Integer, true, &Json::from(1)), None);
    }
}
