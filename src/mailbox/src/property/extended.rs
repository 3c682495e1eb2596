//! MAPI properties of an item: other names of its properties, parts of them, or values stored as they came (MS-OXWSXPROP).
//!
//! What a MAPI property stands for is the model's alias table. Writing them is `item/edit_mapi.rs`, with [`to_value`] from here.

use std::borrow::Cow;

use ewsd_model::property::alias::{Alias, FlagPart, Part, message_flags};
use ewsd_model::property::mapi::{ExtendedName, ExtendedValue, MapiType, Scalar};
use ewsd_model::property::{Column, ExtendedPath, Prop, Source, Type};
use ewsd_model::value::{BodyType, Mailbox, PostalPart};
use ewsd_model::{PropId, Value};
use ewsd_store::{Columns, json};

use super::item::{ShownItem, instance_key};
use super::stored;
use crate::calendar::blob;
use crate::convert::table::HtmlText;
use crate::convert::{ask, html, mime};

/// The value of the MAPI property `path` of an item. `alias` is what it stands for in items of that kind, `key` the path's own.
pub fn value(item: &ShownItem<'_>, path: &ExtendedPath, alias: Option<Alias>, key: &str) -> Option<ExtendedValue> {
    match alias {
        None => own(item, path, key),
        Some(Alias::Header) => own(item, path, key).or_else(|| header(item, path).map(text)),
        // The number itself: there are more than there are words.
        Some(Alias::Prop(id)) if is_number(id, path.ty) => match id.row().source {
            Source::Column(column) => from_column(item, path.ty, column),
            _ => match item.row.props.as_ref()?.get(id.row().element)? {
                serde_json::Value::Number(number) => Some(ExtendedValue::One(whole(path.ty, number.as_i64()?))),
                _ => from_value(id.row(), path.ty, &item.value(id)?),
            },
        },
        Some(Alias::Prop(id)) => {
            let whole = ShownItem { listed: false, ..*item };
            from_value(id.row(), path.ty, &whole.value(id)?)
        }
        Some(Alias::Column(column)) => from_column(item, path.ty, column),
        Some(alias) => worked_out(item, path.ty, alias),
    }
}

/// Whether the property is one of words, and it is the number behind them that is meant.
pub fn is_number(id: PropId, ty: MapiType) -> bool {
    let row = id.row();
    matches!(row.ty, Type::Enum(_)) && matches!(row.source, Source::Column(_) | Source::Json) && ty.is_whole()
}

/// Stored under its key.
fn own(item: &ShownItem<'_>, path: &ExtendedPath, key: &str) -> Option<ExtendedValue> {
    json::decode_extended(path.ty, path.array, item.row.ext.as_ref()?.get(key)?)
}

/// The lines of that name, joined.
fn header(item: &ShownItem<'_>, path: &ExtendedPath) -> Option<String> {
    let ExtendedName::Name(_, wanted) = &path.name else { return None };
    let lines = item.headers()?;
    let found: Vec<String> =
        lines.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

fn from_column(item: &ShownItem<'_>, ty: MapiType, column: Column) -> Option<ExtendedValue> {
    let one = match item.row.columns.get(column)? {
        Value::Text(text) => Scalar::Text(text.clone()),
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(number) => whole(ty, i64::from(*number)),
        Value::Long(number) => whole(ty, *number),
        Value::Time(time) => Scalar::Time(*time),
        Value::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
        _ => return None,
    };
    Some(ExtendedValue::One(one))
}

/// The aliases that are no property or column as a whole.
fn worked_out(item: &ShownItem<'_>, ty: MapiType, alias: Alias) -> Option<ExtendedValue> {
    let row = item.row;
    let columns = &row.columns;
    let whole_item = ShownItem { listed: false, ..*item };
    match alias {
        Alias::Prop(_) | Alias::Column(_) | Alias::Header => None,
        Alias::Part(id, part) => match whole_item.value(id)? {
            Value::Mailbox(one) => part_of(one, part).map(text),
            _ => None,
        },
        Alias::Names(id) => match whole_item.value(id)? {
            Value::Mailboxes(list) => Some(text(names(&list))),
            _ => None,
        },
        Alias::Entry(id, key) => match whole_item.value(id)? {
            Value::Entries(entries) => entries.into_iter().find(|entry| entry.0 == key).map(|entry| text(entry.1)),
            _ => None,
        },
        Alias::EntryPart(id, key, part) => address_part(item, id, key, part).map(text),
        Alias::Postal(id, key, part) => postal_part(item, id, key, part).map(text),
        Alias::Flag(part) => flag_part(columns, ty, part),
        Alias::Headers => {
            let lines = item.headers()?;
            Some(text(lines.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()))
        }
        Alias::MessageFlags => Some(int(i64::from(message_flags(row.flags)))),
        Alias::PlainBody => body(item, BodyType::Text).map(text),
        Alias::HtmlBody => {
            let html = body(item, BodyType::Html)?;
            Some(if ty == MapiType::Binary { bytes(html.into_bytes()) } else { text(html) })
        }
        Alias::NormalizedSubject => columns.text(Column::Subject).map(|subject| text(mime::topic(subject).to_owned())),
        Alias::SubjectPrefix => {
            let subject = columns.text(Column::Subject)?;
            subject.strip_suffix(mime::topic(subject)).map(|prefix| text(prefix.to_owned()))
        }
        Alias::Place => Some(ExtendedValue::One(whole(ty, row.item.0))),
        Alias::EntryId => Some(bytes(item.owner.item_id(row.folder, row.item).entry_id())),
        Alias::ParentEntryId => Some(bytes(item.owner.folder_id(row.folder).entry_id())),
        Alias::RecordKey | Alias::SearchKey => {
            let mut key = item.owner.guid().0.to_vec();
            key.extend(row.item.0.to_be_bytes());
            Some(bytes(key))
        }
        Alias::InstanceKey => Some(bytes(instance_key(row))),
        Alias::Access => {
            // MODIFY 1, READ 2, DELETE 4 (MS-OXCPRPT 2.2.1.1).
            let rights = item.owner.on_item(item.row.creator);
            let bits = [(rights.modify, 1), (rights.read, 2), (rights.delete, 4)];
            Some(int(bits.iter().filter(|(has, _)| *has).map(|(_, bit)| bit).sum()))
        }
        Alias::Octets(which) => blob::value(row, which).map(bytes),
        Alias::NextPlace | Alias::LastPlace | Alias::LastChange | Alias::HasSubfolders => None,
    }
}

fn flag_part(columns: &Columns, ty: MapiType, part: FlagPart) -> Option<ExtendedValue> {
    let flag = stored::flag(columns);
    match part {
        // The number itself, as of every property of words.
        FlagPart::Status => columns.number(Column::FlagStatus).map(|number| ExtendedValue::One(whole(ty, number))),
        FlagPart::Start => flag.start.map(time),
        FlagPart::Due => flag.due.map(time),
        FlagPart::Complete => flag.complete.map(time),
    }
}

fn address_part(item: &ShownItem<'_>, id: PropId, key: &str, part: Part) -> Option<String> {
    let Value::Addresses(entries) = dictionary(item, id)? else { return None };
    let entry = entries.into_iter().find(|entry| entry.0 == key)?.1;
    match part {
        Part::Name => entry.name,
        Part::Address => entry.address,
        Part::Routing => entry.routing.or_else(|| entry.address.map(|_| "SMTP".to_owned())),
    }
}

fn postal_part(item: &ShownItem<'_>, id: PropId, key: &str, part: PostalPart) -> Option<String> {
    let Value::PostalAddresses(entries) = dictionary(item, id)? else { return None };
    let entry = entries.into_iter().find(|entry| entry.0 == key)?.1;
    entry.part(part).map(str::to_owned)
}

/// A dictionary as it is kept, entries without an address too.
fn dictionary(item: &ShownItem<'_>, id: PropId) -> Option<Value> {
    let row = id.row();
    json::decode(row.ty, item.row.props.as_ref()?.get(row.element)?)
}

fn body(item: &ShownItem<'_>, form: BodyType) -> Option<String> {
    let body = super::body::stored(item.row)?;
    match (body.body_type, form) {
        (BodyType::Html, BodyType::Text) => item.converted(ask(&HtmlText {}, body.text.as_bytes())),
        (BodyType::Text, BodyType::Html) => Some(html::from_text(&body.text)),
        _ => Some(body.text),
    }
}

fn part_of(one: Mailbox, part: Part) -> Option<String> {
    match part {
        Part::Name => one.name.or(one.address),
        Part::Address => one.address,
        Part::Routing => Some(one.routing.unwrap_or_else(|| "SMTP".to_owned())),
    }
}

fn names(list: &[Mailbox]) -> String {
    let names = list.iter().filter_map(|one| one.name.as_deref().or(one.address.as_deref()));
    names.collect::<Vec<_>>().join("; ")
}

fn text(text: String) -> ExtendedValue {
    ExtendedValue::One(Scalar::Text(text))
}

fn int(number: i64) -> ExtendedValue {
    ExtendedValue::One(Scalar::Int(number))
}

fn time(time: jiff::Timestamp) -> ExtendedValue {
    ExtendedValue::One(Scalar::Time(time))
}

fn bytes(bytes: Vec<u8>) -> ExtendedValue {
    ExtendedValue::One(Scalar::Bytes(bytes))
}

/// A number in the width of its MAPI type: what does not fit is the largest that does.
fn whole(ty: MapiType, number: i64) -> Scalar {
    Scalar::Int(match ty {
        MapiType::Integer => i64::from(stored::clamp(number)),
        MapiType::Short => number.clamp(i64::from(i16::MIN), i64::from(i16::MAX)),
        _ => number,
    })
}

/// A property's value as the MAPI property that is the same thing.
fn from_value(row: &Prop, ty: MapiType, value: &Value) -> Option<ExtendedValue> {
    Some(ExtendedValue::One(match value {
        Value::Text(word) if matches!(row.ty, Type::Enum(_)) && ty != MapiType::String => {
            whole(ty, i64::from(row.number_of(word)?))
        }
        Value::Text(text) => Scalar::Text(text.clone()),
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Int(number) => whole(ty, i64::from(*number)),
        Value::Long(number) => whole(ty, *number),
        Value::Double(number) => Scalar::Real(*number),
        Value::Time(time) => Scalar::Time(*time),
        Value::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
        Value::Texts(texts) => {
            return Some(ExtendedValue::Many(texts.iter().map(|text| Scalar::Text(text.clone())).collect()));
        }
        _ => return None,
    }))
}

/// A MAPI value as the property that is the same thing. None: it is none of the property's values.
pub fn to_value(id: PropId, value: &ExtendedValue) -> Option<Value> {
    let row = id.row();
    let scalar = match value {
        ExtendedValue::Many(many) => {
            let texts = many.iter().map(|one| match one {
                Scalar::Text(text) => Some(text.clone()),
                _ => None,
            });
            return (row.ty == Type::Texts).then(|| texts.collect::<Option<_>>()).flatten().map(Value::Texts);
        }
        ExtendedValue::One(scalar) => scalar,
    };
    Some(match (row.ty, scalar) {
        (Type::Text, Scalar::Text(text)) => Value::Text(text.clone()),
        (Type::Enum(words), Scalar::Text(word)) => {
            Value::Text((*words.iter().find(|known| *known == word)?).to_owned())
        }
        (Type::Enum(_), Scalar::Int(number)) => Value::Text(row.word_of(i32::try_from(*number).ok()?)?.to_owned()),
        (Type::Bool, Scalar::Bool(value)) => Value::Bool(*value),
        (Type::Int, Scalar::Int(number)) => Value::Int(i32::try_from(*number).ok()?),
        (Type::Long, Scalar::Int(number)) => Value::Long(*number),
        (Type::Double, Scalar::Real(number)) => Value::Double(*number),
        (Type::Time, Scalar::Time(time)) => Value::Time(*time),
        (Type::Bytes, Scalar::Bytes(bytes)) => Value::Bytes(bytes.clone()),
        (Type::Texts, Scalar::Text(text)) => Value::Texts(vec![text.clone()]),
        _ => return None,
    })
}

/// The text of a MAPI body value: HTML as octets is UTF-8 here.
pub fn body_text(value: &ExtendedValue) -> Option<Cow<'_, str>> {
    match value {
        ExtendedValue::One(Scalar::Text(text)) => Some(Cow::Borrowed(text)),
        ExtendedValue::One(Scalar::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::property::Bodies;
    use crate::property::testing::{owner, row};
    use ewsd_model::property::{Mapi, SetId, bit};
    use ewsd_store::ItemRow;
    use serde_json::json;

    fn get(row: &ItemRow, path: &ExtendedPath) -> Option<ExtendedValue> {
        let owner = owner();
        let bodies = Bodies::default();
        let item = ShownItem {
            row,
            owner: &owner,
            attachments: &[],
            mime: None,
            bodies: &bodies,
            listed: true,
            told: &[],
            trouble: None,
        };
        value(&item, path, path.alias(row.kind.kinds()), &path.key())
    }

    fn tag(tag: u16, ty: MapiType) -> ExtendedPath {
        ExtendedPath::tag(tag, ty)
    }

    #[test]
    fn aliases_show_the_property() {
        let mut item = row();
        item.flags = bit::READ | bit::HAS_ATTACHMENTS;
        item.columns.set(Column::Subject, Value::Text("Re: Lunch".into()));
        item.columns.set(Column::Importance, Value::Int(2));
        item.columns.set(Column::FlagStatus, Value::Int(2));
        item.columns.set(Column::Categories, Value::Texts(vec!["a".into()]));
        let ann = Mailbox { name: Some("Ann".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
        item.columns.set(Column::From, Value::Mailbox(ann));
        assert_eq!(get(&item, &tag(0x0037, MapiType::String)), Some(text("Re: Lunch".into())));
        assert_eq!(get(&item, &tag(0x0e1d, MapiType::String)), Some(text("Lunch".into())));
        assert_eq!(get(&item, &tag(0x003d, MapiType::String)), Some(text("Re: ".into())));
        assert_eq!(get(&item, &tag(0x0017, MapiType::Integer)), Some(int(2)));
        assert_eq!(get(&item, &tag(0x0e07, MapiType::Integer)), Some(int(0x11)));
        assert_eq!(get(&item, &tag(0x1090, MapiType::Integer)), Some(int(2)));
        assert_eq!(get(&item, &tag(0x0e23, MapiType::Integer)), Some(int(item.item.0)));
        assert_eq!(get(&item, &tag(0x0065, MapiType::String)), Some(text("ann@example.test".into())));
        let keywords = Mapi::Names(SetId::PublicStrings, "Keywords", MapiType::String).path();
        assert_eq!(get(&item, &keywords), Some(ExtendedValue::Many(vec![Scalar::Text("a".into())])));
    }

    #[test]
    fn what_means_nothing_is_its_own() {
        let mut item = row();
        let deleted = Mapi::Id(SetId::Common, 0x8570, MapiType::Integer).path();
        assert_eq!(get(&item, &deleted), None);
        item.ext = json!({ deleted.key(): 1, "0x10f3001f": "a.EML" }).as_object().cloned();
        assert_eq!(get(&item, &deleted), Some(int(1)));
        assert_eq!(get(&item, &tag(0x10f3, MapiType::String)), Some(text("a.EML".into())));
        assert_eq!(get(&item, &tag(0x10f3, MapiType::Binary)), None);
    }

    #[test]
    fn header_lines_by_name() {
        let mut item = row();
        item.props =
            json!({ "InternetMessageHeaders": [["Content-Class", "urn:x"], ["To", "a"]] }).as_object().cloned();
        let path = Mapi::Name(SetId::InternetHeaders, "content-class", MapiType::String).path();
        assert_eq!(get(&item, &path), Some(text("urn:x".into())));
        assert_eq!(get(&item, &tag(0x007d, MapiType::String)), Some(text("Content-Class: urn:x\r\nTo: a\r\n".into())));
    }

    #[test]
    fn values_go_back() {
        assert_eq!(to_value(PropId::ItemImportance, &int(0)), Some(Value::Text("Low".into())));
        assert_eq!(to_value(PropId::ItemImportance, &int(7)), None);
        assert_eq!(to_value(PropId::ItemSubject, &text("x".into())), Some(Value::Text("x".into())));
        let many = ExtendedValue::Many(vec![Scalar::Text("a".into())]);
        assert_eq!(to_value(PropId::ItemCategories, &many), Some(Value::Texts(vec!["a".into()])));
    }
}
