//! Reading items by number: one query for all of them, with what the plan asks for.

use super::{ItemRow, Plan};
use crate::blob::first_parts;
use crate::column::{Columns, read};
use crate::row::{Fields, all, firsts};
use crate::sql::{Param, Sql};
use crate::{Mailbox, StoreError};
use ewsd_model::id::{FolderNo, ItemNo};

/// Columns that every plan reads.
const ALWAYS: &str = "i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator";

impl Mailbox<'_> {
    /// Items by number, in no particular order; those that are not there are left out.
    pub fn items(&mut self, items: &[ItemNo], plan: &Plan) -> Result<Vec<ItemRow>, StoreError> {
        let mut sql = Sql::new("select ");
        sql.shaped = true;
        sql.push(&fields(plan)).push(" from item i where i.mailbox = $1 and i.item = ");
        sql.params.push(self.no.0.into());
        match items {
            [] => return Ok(Vec::new()),
            [one] => sql.bind(one.0),
            many => sql.push("any(").bind(Param::Ints(many.iter().map(|item| item.0).collect())).push(")"),
        };
        let rows = self.store.read(&sql)?;
        let found = all(&rows, |fields| Ok((item(fields, plan)?, hashes(fields, plan)?)))?;
        drop(rows);
        let mut items = Vec::with_capacity(found.len());
        for (mut item, [body, mime]) in found {
            self.read_rest(body.as_deref(), &mut item.body)?;
            self.read_rest(mime.as_deref(), &mut item.mime)?;
            items.push(item);
        }
        Ok(items)
    }

    /// The numbers of all items of a folder, associated ones too, oldest first.
    pub fn item_numbers(&mut self, folder: FolderNo) -> Result<Vec<ItemNo>, StoreError> {
        let sql = Sql::new("select item from item where mailbox = $1 and folder = $2 order by item")
            .with([self.no.0.into(), folder.0.into()]);
        firsts(&self.store.read(&sql)?)
    }
}

/// What to select of `item i` for a plan.
pub(super) fn fields(plan: &Plan) -> String {
    let mut text = String::from(ALWAYS);
    for row in plan.columns.rows().filter(|row| !row.item.is_empty()) {
        text.push_str(", i.");
        text.push_str(row.item);
    }
    for (wanted, document) in [(plan.json, "props"), (plan.ext, "ext")] {
        if wanted {
            text.push_str(", i.");
            text.push_str(document);
        }
    }
    for (wanted, content) in [(plan.body, "i.body"), (plan.mime, "i.mime")] {
        if wanted {
            text.push_str(", ");
            text.push_str(&first_parts("i.mailbox", content));
        }
    }
    for (wanted, hash) in [(plan.body, ", i.body"), (plan.mime, ", i.mime")] {
        if wanted {
            text.push_str(hash);
        }
    }
    text
}

/// The names of body and message, which [`fields`] selected last.
fn hashes(fields: &mut Fields<'_>, plan: &Plan) -> Result<[Option<Vec<u8>>; 2], StoreError> {
    Ok([fields.next_if(plan.body)?.flatten(), fields.next_if(plan.mime)?.flatten()])
}

/// Reads what [`fields`] selected, but for the names. Of large contents only the first part: [`Mailbox::items`] reads the rest.
pub(super) fn item(fields: &mut Fields<'_>, plan: &Plan) -> Result<ItemRow, StoreError> {
    let mut row = ItemRow {
        item: fields.next()?,
        folder: fields.next()?,
        kind: fields.next()?,
        change: fields.next()?,
        flags: fields.next()?,
        attachments: fields.next()?,
        creator: fields.next()?,
        columns: Columns::for_all(plan.columns),
        props: None,
        ext: None,
        body: None,
        mime: None,
        occurrence: None,
    };
    for column in plan.columns.rows().filter(|row| !row.item.is_empty()) {
        if let Some(value) = read(column.holds, fields)? {
            row.columns.add(column.column, value);
        }
    }
    row.props = fields.next_if(plan.json)?;
    row.ext = fields.next_if(plan.ext)?;
    row.body = fields.next_if(plan.body)?.flatten();
    row.mime = fields.next_if(plan.mime)?.flatten();
    Ok(row)
}
