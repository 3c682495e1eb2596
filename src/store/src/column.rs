//! Columns: what a property row's `Source::Column` is in SQL. One table; add a column by adding a row (and a migration).

use crate::row::{Fields, Whole};
use crate::sql::{Param, clean};
use crate::{StoreError, json};
use ewsd_model::Value;
use ewsd_model::property::{Column, Type};
use jiff::Timestamp;
use std::borrow::Cow;

/// What a column holds, and so which [`Value`] it is read as and written from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// `bigint`: Value::Long.
    Long,
    /// `integer` or `smallint`: Value::Int. Enumerations by their MAPI number (PidTagImportance 0..2, PidTagSensitivity 0..3,
    /// PidTagFlagStatus, body type 0 text 1 HTML).
    Int,
    Bool,
    Text,
    Time,
    Bytes,
    /// `text[]`: Value::Texts.
    Texts,
    /// `jsonb` of one mailbox: Value::Mailbox.
    Mailbox,
}

/// A row of the table.
pub(crate) struct ColumnRow {
    pub column: Column,
    /// Column of `item`; empty where items have none.
    pub item: &'static str,
    /// Column of `folder`; empty where folders have none.
    pub folder: &'static str,
    pub holds: Holds,
    /// Null means: not set.
    pub nullable: bool,
    /// Changes only through the verbs that keep it true (create, move, the counters).
    pub fixed: bool,
}

const fn row(column: Column, item: &'static str, folder: &'static str, holds: Holds) -> ColumnRow {
    ColumnRow { column, item, folder, holds, nullable: true, fixed: false }
}

impl ColumnRow {
    const fn set(mut self) -> Self {
        self.nullable = false;
        self
    }

    const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }
}

/// Expression for the number of folders below one; `o` is the folder.
const CHILDREN: &str = "(select count(*) from folder k where k.mailbox = o.mailbox and k.parent = o.folder)";

/// In the order of the enum: [`lookup`] indexes it, a test compares.
pub(crate) static COLUMNS: &[ColumnRow] = &[
    row(Column::Id, "item", "folder", Holds::Long).set().fixed(),
    row(Column::Parent, "folder", "parent", Holds::Long).fixed(),
    row(Column::Class, "class", "class", Holds::Text).set(),
    row(Column::Change, "change", "change", Holds::Long).set().fixed(),
    row(Column::Created, "created", "created", Holds::Time).set(),
    row(Column::Modified, "modified", "modified", Holds::Time).set(),
    row(Column::Size, "size", "bytes", Holds::Long).set(),
    row(Column::Subject, "subject", "", Holds::Text),
    row(Column::Received, "received", "", Holds::Time).set(),
    row(Column::Sent, "sent", "", Holds::Time),
    row(Column::Importance, "importance", "", Holds::Int).set(),
    row(Column::Sensitivity, "sensitivity", "", Holds::Int).set(),
    row(Column::DisplayTo, "display_to", "", Holds::Text),
    row(Column::DisplayCc, "display_cc", "", Holds::Text),
    row(Column::DisplayBcc, "display_bcc", "", Holds::Text),
    row(Column::FromName, "from_name", "", Holds::Text),
    row(Column::From, "from_mailbox", "", Holds::Mailbox),
    row(Column::Sender, "sender", "", Holds::Mailbox),
    row(Column::MessageId, "message_id", "", Holds::Text),
    row(Column::InReplyTo, "in_reply_to", "", Holds::Text),
    row(Column::References, "refs", "", Holds::Text),
    row(Column::ConversationId, "conversation", "", Holds::Bytes),
    row(Column::ConversationTopic, "topic", "", Holds::Text),
    row(Column::ConversationIndex, "conv_index", "", Holds::Bytes),
    row(Column::Culture, "culture", "", Holds::Text),
    row(Column::Categories, "categories", "", Holds::Texts),
    row(Column::Preview, "preview", "", Holds::Text),
    row(Column::IconIndex, "icon_index", "", Holds::Int),
    row(Column::FlagStatus, "flag_status", "", Holds::Int),
    row(Column::FlagStart, "flag_start", "", Holds::Time),
    row(Column::FlagDue, "flag_due", "", Holds::Time),
    row(Column::FlagComplete, "flag_complete", "", Holds::Time),
    row(Column::ModifiedBy, "modified_by", "", Holds::Text),
    row(Column::ReminderDue, "reminder_due", "", Holds::Time),
    row(Column::BodyType, "body_type", "", Holds::Int),
    row(Column::Name, "", "name", Holds::Text).set(),
    row(Column::Distinguished, "", "distinguished", Holds::Text).fixed(),
    row(Column::Total, "", "total", Holds::Long).set().fixed(),
    row(Column::Unread, "", "unread", Holds::Long).set().fixed(),
    row(Column::ChildCount, "", CHILDREN, Holds::Long).set().fixed(),
    row(Column::Hidden, "", "hidden", Holds::Bool).set(),
];

/// The column's row. None only if the model has a column that this table has not, which a test excludes.
pub(crate) fn lookup(column: Column) -> Option<&'static ColumnRow> {
    COLUMNS.get(column as usize)
}

/// Of an item, what no [`Column`] names. With [`written`] it is all that a copy has from it.
const BESIDE: [&str; 9] = ["kind", "flags", "unreadable", "attachments", "body", "mime", "props", "ext", "search"];

/// The columns of an item that its maker gives values.
pub(crate) fn written() -> impl Iterator<Item = &'static ColumnRow> {
    COLUMNS.iter().filter(|row| !row.item.is_empty() && !row.fixed)
}

/// What an item is written with besides its place and number, and what its copy has too: in the order of every `insert`.
pub(crate) fn copied() -> impl Iterator<Item = &'static str> {
    BESIDE.into_iter().chain(written().map(|row| row.item))
}

/// Whether every item has a value in the column.
pub fn is_always_set(column: Column) -> bool {
    lookup(column).is_some_and(|row| !row.nullable)
}

/// What a column of items is called in documents. None: items have none.
pub fn column_name(column: Column) -> Option<&'static str> {
    lookup(column).map(|row| row.item).filter(|name| !name.is_empty())
}

/// The column that documents call so, and how its value stands there.
pub fn stored_column(name: &str) -> Option<(Column, Type)> {
    let row = COLUMNS.iter().find(|row| row.item == name && !name.is_empty())?;
    Some((row.column, type_of(row.holds)))
}

pub(crate) fn type_of(holds: Holds) -> Type {
    match holds {
        Holds::Long => Type::Long,
        Holds::Int => Type::Int,
        Holds::Bool => Type::Bool,
        Holds::Text => Type::Text,
        Holds::Time => Type::Time,
        Holds::Bytes => Type::Bytes,
        Holds::Texts => Type::Texts,
        Holds::Mailbox => Type::SingleRecipient,
    }
}

/// A set of columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ColumnSet(u128);

impl ColumnSet {
    pub const NONE: ColumnSet = ColumnSet(0);

    /// All that items have.
    pub fn of_items() -> ColumnSet {
        COLUMNS.iter().filter(|row| !row.item.is_empty()).map(|row| row.column).collect()
    }

    pub const fn with(self, column: Column) -> Self {
        ColumnSet(self.0 | 1 << column as u8)
    }

    pub const fn without(self, column: Column) -> Self {
        ColumnSet(self.0 & !(1 << column as u8))
    }

    pub fn insert(&mut self, column: Column) {
        *self = self.with(column);
    }

    pub const fn contains(self, column: Column) -> bool {
        self.0 & (1 << column as u8) != 0
    }

    pub const fn union(self, other: ColumnSet) -> Self {
        ColumnSet(self.0 | other.0)
    }

    /// Its columns, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Column> {
        self.rows().map(|row| row.column)
    }

    /// The rows of the table that are in the set, in its order.
    pub(crate) fn rows(self) -> impl Iterator<Item = &'static ColumnRow> {
        COLUMNS.iter().filter(move |row| self.contains(row.column))
    }
}

impl FromIterator<Column> for ColumnSet {
    fn from_iter<I: IntoIterator<Item = Column>>(columns: I) -> Self {
        columns.into_iter().fold(ColumnSet::NONE, ColumnSet::with)
    }
}

/// Values by column: of a row that was read, or to be written. A column without a value is not set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns(Vec<(Column, Value)>);

impl Columns {
    pub fn new() -> Self {
        Columns::default()
    }

    pub fn get(&self, column: Column) -> Option<&Value> {
        self.0.iter().find(|(known, _)| *known == column).map(|(_, value)| value)
    }

    pub fn remove(&mut self, column: Column) {
        self.0.retain(|(known, _)| *known != column);
    }

    pub fn set(&mut self, column: Column, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == column) {
            Some((_, old)) => *old = value,
            None => self.0.push((column, value)),
        }
    }

    /// None yet, with room for all of these.
    pub(crate) fn for_all(columns: ColumnSet) -> Self {
        Columns(Vec::with_capacity(columns.0.count_ones() as usize))
    }

    /// Adds a column that is known not to be there.
    pub(crate) fn add(&mut self, column: Column, value: Value) {
        self.0.push((column, value));
    }

    pub fn take(&mut self, column: Column) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == column)?;
        Some(self.0.swap_remove(at).1)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Column, &Value)> {
        self.0.iter().map(|(column, value)| (*column, value))
    }

    pub fn text(&self, column: Column) -> Option<&str> {
        match self.get(column)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Of a column of whole numbers, wide or not.
    pub fn number(&self, column: Column) -> Option<i64> {
        match self.get(column)? {
            Value::Int(number) => Some(i64::from(*number)),
            Value::Long(number) => Some(*number),
            _ => None,
        }
    }

    pub fn time(&self, column: Column) -> Option<Timestamp> {
        match self.get(column)? {
            Value::Time(time) => Some(*time),
            _ => None,
        }
    }
}

/// Reads the next column.
pub(crate) fn read(holds: Holds, fields: &mut Fields<'_>) -> Result<Option<Value>, StoreError> {
    Ok(match holds {
        Holds::Long => fields.next::<Option<_>>()?.map(Value::Long),
        // `smallint` or `integer`.
        Holds::Int => fields.next::<Option<Whole>>()?.map(|Whole(number)| Value::Int(number as i32)),
        Holds::Bool => fields.next::<Option<_>>()?.map(Value::Bool),
        Holds::Text => fields.next::<Option<_>>()?.map(Value::Text),
        Holds::Time => fields.next::<Option<_>>()?.map(Value::Time),
        Holds::Bytes => fields.next::<Option<_>>()?.map(Value::Bytes),
        Holds::Texts => fields.next::<Option<_>>()?.map(Value::Texts),
        Holds::Mailbox => fields
            .next::<Option<serde_json::Value>>()?
            .and_then(|value| json::decode_mailbox(&value))
            .map(Value::Mailbox),
    })
}

/// The value as a parameter for the column.
pub(crate) fn param(row: &ColumnRow, value: &Value) -> Result<Param<'static>, StoreError> {
    let owned = |text: &str| Cow::Owned(clean(text).into_owned());
    Ok(match (row.holds, value) {
        (Holds::Long | Holds::Int, Value::Long(number)) => Param::Int(*number),
        (Holds::Long | Holds::Int, Value::Int(number)) => Param::Int(i64::from(*number)),
        (Holds::Bool, Value::Bool(value)) => Param::Bool(*value),
        (Holds::Text, Value::Text(text)) => Param::Text(owned(text)),
        (Holds::Time, Value::Time(time)) => Param::Time(*time),
        (Holds::Bytes, Value::Bytes(bytes)) => Param::Bytes(Cow::Owned(bytes.clone())),
        (Holds::Texts, Value::Texts(texts)) => Param::Texts(texts.iter().map(|text| owned(text)).collect()),
        (Holds::Mailbox, Value::Mailbox(mailbox)) => Param::Json(crate::sql::clean_json(json::encode_mailbox(mailbox))),
        _ => return Err(StoreError::Corrupt(format!("column {:?} cannot hold a value of another type", row.column))),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (at, row) in COLUMNS.iter().enumerate() {
            assert_eq!(row.column as usize, at, "{:?}", row.column);
            assert!(!row.item.is_empty() || !row.folder.is_empty());
        }
        assert_eq!(COLUMNS.len(), Column::Hidden as usize + 1);
        assert!(COLUMNS.len() <= 128, "ColumnSet has 128 bits");
    }

    #[test]
    fn a_set_lists_its_rows_in_table_order() {
        let set: ColumnSet = [Column::Sent, Column::Class, Column::Subject].into_iter().collect();
        let names: Vec<_> = set.rows().map(|row| row.item).collect();
        assert_eq!(names, ["class", "subject", "sent"]);
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let row = lookup(Column::Subject).unwrap();
        assert!(param(row, &Value::Int(3)).is_err());
        assert!(param(row, &Value::Text("a\0b".into())).is_ok());
    }
}
