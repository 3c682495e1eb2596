//! Properties that are stored as they are: columns, flag bits, members of the JSON document.

use ewsd_model::Value;
use ewsd_model::property::{Column, Prop, Source, Type};
use ewsd_model::value::{Flag, FlagStatus};
use ewsd_store::{Columns, ItemRow, json};

/// The property's value, in the form of its row's type. None: not set, or not stored.
pub fn value(row: &Prop, item: &ItemRow) -> Option<Value> {
    let value = match row.source {
        Source::Column(column) => column_value(row, column, &item.columns)?,
        Source::Bit(mask) => Value::Bool(item.flags & mask != 0),
        Source::Json => json::decode(row.ty, item.props.as_ref()?.get(row.element)?)?,
        Source::Blob(_) | Source::Children | Source::Computed => return None,
    };
    // An entry that has no address yet, as MAPI clients make them, is none to others.
    let value = match value {
        Value::Addresses(mut entries) => {
            entries.retain(|(_, mailbox)| mailbox.address.is_some());
            Value::Addresses(entries)
        }
        value => value,
    };
    (!is_empty(&value)).then_some(value)
}

fn column_value(row: &Prop, column: Column, columns: &Columns) -> Option<Value> {
    match (row.ty, column) {
        (Type::Flag, _) => Some(Value::Flag(flag(columns))),
        (Type::Enum(_), _) => {
            // An item without an icon of its own has the default one, -1.
            let number = columns.number(column).or((column == Column::IconIndex).then_some(-1))?;
            row.word_of(i32::try_from(number).ok()?).map(|word| Value::Text(word.to_owned()))
        }
        (Type::Int, _) => columns.number(column).map(|number| Value::Int(clamp(number))),
        _ => columns.get(column).cloned(),
    }
}

/// A number as `xs:int`: sizes and counts beyond it are shown as the largest.
pub fn clamp(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

/// The follow-up flag. An item that was never flagged has one too: `NotFlagged`.
pub fn flag(columns: &Columns) -> Flag {
    let status = match columns.number(Column::FlagStatus) {
        Some(1) => FlagStatus::Complete,
        Some(2) => FlagStatus::Flagged,
        _ => FlagStatus::NotFlagged,
    };
    Flag {
        status,
        start: columns.time(Column::FlagStart),
        due: columns.time(Column::FlagDue),
        complete: columns.time(Column::FlagComplete),
    }
}

/// Empty texts and lists are never sent: clients read an absent element as not set.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Texts(texts) => texts.is_empty(),
        Value::Mailboxes(list) => list.is_empty(),
        Value::Headers(pairs) | Value::Entries(pairs) => pairs.is_empty(),
        Value::Addresses(entries) => entries.is_empty(),
        Value::PostalAddresses(entries) => entries.is_empty(),
        Value::Members(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::PropId;
    use ewsd_model::property::bit;
    use serde_json::json;

    #[test]
    fn columns_take_the_form_of_their_row() {
        let mut item = row();
        item.columns.set(Column::Importance, Value::Int(2));
        item.columns.set(Column::Size, Value::Long(1 << 40));
        item.columns.set(Column::Subject, Value::Text(String::new()));
        item.columns.set(Column::FlagStatus, Value::Int(2));
        item.flags = bit::READ;
        let get = |id: PropId| value(id.row(), &item);
        assert_eq!(get(PropId::ItemImportance), Some(Value::Text("High".into())));
        assert_eq!(get(PropId::ItemSize), Some(Value::Int(i32::MAX)));
        assert_eq!(get(PropId::ItemSubject), None);
        assert_eq!(get(PropId::ItemIconIndex), Some(Value::Text("Default".into())));
        assert_eq!(get(PropId::MessageIsRead), Some(Value::Bool(true)));
        assert_eq!(get(PropId::ItemIsDraft), Some(Value::Bool(false)));
        let Some(Value::Flag(flag)) = get(PropId::ItemFlag) else { panic!("no flag") };
        assert_eq!(flag.status, FlagStatus::Flagged);
    }

    #[test]
    fn json_members_are_read_by_element() {
        let mut item = row();
        item.props = json!({ "ToRecipients": [{ "name": "Ann" }], "ReplyTo": [] }).as_object().cloned();
        let Some(Value::Mailboxes(list)) = value(PropId::MessageToRecipients.row(), &item) else { panic!("no list") };
        assert_eq!(list.first().and_then(|one| one.name.as_deref()), Some("Ann"));
        assert_eq!(value(PropId::MessageReplyTo.row(), &item), None);
        assert_eq!(value(PropId::MessageCcRecipients.row(), &item), None);
    }
}
