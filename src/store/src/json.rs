//! Values as members of the `props` and `ext` documents, and back. This is a database format: once written, always read.
//!
//! | value | JSON |
//! |---|---|
//! | text, enumeration, GUID | string |
//! | whole number, real, boolean | number, boolean |
//! | time | string, RFC 3339 in UTC |
//! | octets | string, base64 |
//! | mailbox | object of `name`, `address`, `routing`, `kind`, each only if set |
//! | dictionary, headers | array of `[key, value]` |
//! | several | array |

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::Value;
use ewsd_model::property::Type;
use ewsd_model::property::mapi::{ExtendedValue, MapiType, Scalar};
use ewsd_model::value::Mailbox;
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
        _ => return None,
    })
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
    let parts = [
        ("name", &mailbox.name),
        ("address", &mailbox.address),
        ("routing", &mailbox.routing),
        ("kind", &mailbox.kind),
    ];
    let members = parts.into_iter().filter_map(|(key, part)| Some((key.to_owned(), Json::from(part.as_deref()?))));
    Json::Object(members.collect::<Map<_, _>>())
}

pub(crate) fn decode_mailbox(json: &Json) -> Option<Mailbox> {
    let members = json.as_object()?;
    let part = |key: &str| members.get(key).and_then(Json::as_str).map(str::to_owned);
    Some(Mailbox { name: part("name"), address: part("address"), routing: part("routing"), kind: part("kind") })
}

fn decode_pairs(json: &Json) -> Option<Vec<(String, String)>> {
    let pair = |pair: &Json| match pair.as_array()?.as_slice() {
        [key, value] => Some((key.as_str()?.to_owned(), value.as_str()?.to_owned())),
        _ => None,
    };
    json.as_array()?.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn every_stored_type_comes_back_as_it_was() {
        let mailbox =
            Mailbox { name: Some("Ann".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
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
    fn what_is_of_another_shape_is_not_read() {
        assert_eq!(decode(Type::Recipients, &Json::from("x")), None);
        assert_eq!(decode(Type::Headers, &serde_json::json!([["a"]])), None);
        assert_eq!(decode_extended(MapiType::Integer, true, &Json::from(1)), None);
    }
}
