//! What a field is in SQL: one value of the row, or several of which any will do.

use super::{Field, ScalarType};
use crate::StoreError;
use crate::blob;
use crate::column::{Holds, lookup};
use crate::item::AUTHORS;
use crate::sql::{Param, Sql, clean};
use ewsd_model::property::Column;

/// The table that a query is about; its row is `i` for items and `o` for folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Item,
    Folder,
}

/// What is compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Bool,
    Number,
    Text,
    Time,
    Bytes,
    /// Octets that a document holds as base64.
    Encoded,
}

pub(super) enum Operand {
    /// An expression, null where the property is not set.
    One { text: String, class: Class, nullable: bool },
    /// A `select` of texts as `v`.
    Many(String),
}

impl Table {
    pub fn alias(self) -> &'static str {
        match self {
            Table::Item => "i",
            Table::Folder => "o",
        }
    }
}

/// The field's SQL; values it needs are added to `sql`.
pub(super) fn operand(field: &Field, table: Table, sql: &mut Sql) -> Result<Operand, StoreError> {
    let alias = table.alias();
    match field {
        Field::Column(column) => of_column(*column, table),
        Field::Bit(mask) => {
            let text = match table {
                Table::Item => format!("({alias}.flags & {mask} <> 0)"),
                Table::Folder => return Err(StoreError::Corrupt("folders have no flags".to_owned())),
            };
            Ok(Operand::One { text, class: Class::Bool, nullable: false })
        }
        Field::Json(name, ty) => {
            let document = format!("({alias}.props->{})", sql.place(*name) + "::text");
            Ok(member(&document, *ty))
        }
        Field::Ext { key, ty, array } => {
            let document = format!("({alias}.ext->{}::text)", sql.place(Param::Text(clean(key).into_owned().into())));
            Ok(if *array && *ty == ScalarType::Text {
                texts(&document)
            } else if *array {
                elements(&document)
            } else {
                member(&document, *ty)
            })
        }
        Field::Header(name) => {
            let document = format!("({alias}.props->'InternetMessageHeaders')");
            let name = sql.place(Param::Text(clean(name).into_owned().into()));
            Ok(Operand::Many(format!(
                "select h->>1 as v from jsonb_array_elements({}) h where lower(h->>0) = lower({name}::text)",
                list(&document)
            )))
        }
        Field::Contact(key) if table == Table::Item => Ok(contact(key, alias, sql)),
        Field::Contact(_) => Err(StoreError::Corrupt("folders are no contacts".to_owned())),
        Field::AttachmentName if table == Table::Item => Ok(Operand::Many(format!(
            "select a.name as v from attachment a where a.mailbox = {alias}.mailbox and a.item = {alias}.item and {alias}.attachments > 0"
        ))),
        Field::AttachmentName => Err(StoreError::Corrupt("folders have no attachments".to_owned())),
        Field::Body if table == Table::Item => Ok(Operand::Many(format!(
            "select {} as v from blob b where b.mailbox = {alias}.mailbox and b.hash = {alias}.body",
            blob::body_text(&format!("{alias}.body_type"), "b")
        ))),
        Field::Body => Err(StoreError::Corrupt("folders have no body".to_owned())),
    }
}

fn of_column(column: Column, table: Table) -> Result<Operand, StoreError> {
    let alias = table.alias();
    let row = lookup(column);
    let name = row.map_or("", |row| if table == Table::Item { row.item } else { row.folder });
    let row = row.filter(|_| !name.is_empty());
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("no column {column:?} in this table")))?;
    if (table, column) == (Table::Folder, Column::Class) {
        // A folder without a class has an empty one.
        return Ok(Operand::One { text: format!("nullif({alias}.class, '')"), class: Class::Text, nullable: true });
    }
    // An expression brings its own names.
    let text = if name.starts_with('(') { name.to_owned() } else { format!("{alias}.{name}") };
    let class = match row.holds {
        Holds::Long | Holds::Int => Class::Number,
        Holds::Bool => Class::Bool,
        Holds::Text => Class::Text,
        Holds::Time => Class::Time,
        Holds::Bytes => Class::Bytes,
        Holds::Texts => return Ok(Operand::Many(format!("select unnest({text}) as v"))),
        Holds::Mailbox if (table, column) == (Table::Item, Column::From) => {
            let others = format!("({alias}.props->'{AUTHORS}')");
            return Ok(Operand::Many(format!("{} union all {}", people(&text), people(&others))));
        }
        Holds::Mailbox => return Ok(Operand::Many(people(&text))),
    };
    Ok(Operand::One { text, class, nullable: row.nullable })
}

/// A row of the table of contacts.
fn contact(key: &str, alias: &str, sql: &mut Sql) -> Operand {
    let key = sql.place(Param::Text(clean(key).into_owned().into()));
    let text = format!(
        "(select k.text from contact k where k.mailbox = {alias}.mailbox and k.item = {alias}.item and k.key = {key}::text)"
    );
    Operand::One { text, class: Class::Text, nullable: true }
}

fn member(document: &str, ty: ScalarType) -> Operand {
    let text = format!("({document}#>>'{{}}')");
    let one = |text: String, class| Operand::One { text, class, nullable: true };
    match ty {
        ScalarType::Bool => {
            one(format!("(case jsonb_typeof({document}) when 'boolean' then {document}::boolean end)"), Class::Bool)
        }
        ScalarType::Int | ScalarType::Real => {
            one(format!("(case jsonb_typeof({document}) when 'number' then {document}::numeric end)"), Class::Number)
        }
        ScalarType::Text => one(text, Class::Text),
        ScalarType::Time => one(
            format!(r"(case when {text} ~ '^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$' then {text}::timestamptz end)"),
            Class::Time,
        ),
        ScalarType::Bytes => one(text, Class::Encoded),
        ScalarType::Texts => texts(document),
        ScalarType::Mailboxes => Operand::Many(people(document)),
    }
}

fn texts(document: &str) -> Operand {
    Operand::Many(format!("select t as v from jsonb_array_elements_text({}) t", list(document)))
}

/// Values of other types are compared by their text.
fn elements(document: &str) -> Operand {
    texts(document)
}

/// Names and addresses of one mailbox or of a list of them.
fn people(document: &str) -> String {
    format!(
        "select p.v from jsonb_array_elements({}) m, lateral (values (m->>'name'), (m->>'address')) p (v) where p.v is not null",
        list(document)
    )
}

/// The document as an array, whatever it is.
fn list(document: &str) -> String {
    format!(
        "(case jsonb_typeof({document}) when 'array' then {document} when 'object' then jsonb_build_array({document}) else '[]' end)"
    )
}
