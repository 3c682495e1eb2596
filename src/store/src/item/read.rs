//! Reading items by number: one query for all of them, with what the plan asks for.

use super::{ItemRow, Plan};
use crate::blob::first_parts;
use crate::column::{Columns, read};
use crate::connection::corrupt;
use crate::sql::{Param, Sql, object};
use crate::{Mailbox, StoreError};
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use postgres::Row;

/// Columns that every plan reads.
const ALWAYS: &str = "i.item, i.folder, i.kind, i.change, i.flags, i.attachments, i.creator";
const ALWAYS_COUNT: usize = 7;

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
        let mut found = rows.iter().map(|row| item(row, plan)).collect::<Result<Vec<_>, _>>()?;
        let hashes = rows.iter().map(|row| hashes(row, plan)).collect::<Result<Vec<_>, _>>()?;
        drop(rows);
        for (item, [body, mime]) in found.iter_mut().zip(&hashes) {
            self.read_rest(body.as_deref(), &mut item.body)?;
            self.read_rest(mime.as_deref(), &mut item.mime)?;
        }
        Ok(found)
    }

    /// The numbers of all items of a folder, associated ones too, oldest first.
    pub fn item_numbers(&mut self, folder: FolderNo) -> Result<Vec<ItemNo>, StoreError> {
        let sql = Sql::new("select item from item where mailbox = $1 and folder = $2 order by item")
            .with([self.no.0.into(), folder.0.into()]);
        self.store.read(&sql)?.iter().map(|row| row.try_get(0).map(ItemNo).map_err(corrupt)).collect()
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
fn hashes(row: &Row, plan: &Plan) -> Result<[Option<Vec<u8>>; 2], StoreError> {
    let last = |back: usize| row.try_get(row.len().saturating_sub(back)).map_err(corrupt);
    Ok(match (plan.body, plan.mime) {
        (true, true) => [last(2)?, last(1)?],
        (true, false) => [last(1)?, None],
        (false, true) => [None, last(1)?],
        (false, false) => [None, None],
    })
}

/// Reads what [`fields`] selected. Of large contents only the first part: [`Mailbox::items`] reads the rest.
pub(super) fn item(row: &Row, plan: &Plan) -> Result<ItemRow, StoreError> {
    let kind: i16 = row.try_get(2).map_err(corrupt)?;
    let kind = ItemKind::from_number(kind).ok_or_else(|| StoreError::Corrupt(format!("item kind {kind}")))?;
    let mut at = ALWAYS_COUNT;
    let mut next = || {
        at += 1;
        at - 1
    };
    let mut columns = Columns::new();
    for column in plan.columns.rows().filter(|row| !row.item.is_empty()) {
        if let Some(value) = read(column.holds, row, next())? {
            columns.add(column.column, value);
        }
    }
    let props = plan.json.then(|| object(row, next())).transpose().map_err(corrupt)?;
    let ext = plan.ext.then(|| object(row, next())).transpose().map_err(corrupt)?;
    let body = if plan.body { row.try_get(next()).map_err(corrupt)? } else { None };
    let mime = if plan.mime { row.try_get(next()).map_err(corrupt)? } else { None };
    let read = || {
        Ok(ItemRow {
            item: ItemNo(row.try_get(0)?),
            folder: FolderNo(row.try_get(1)?),
            kind,
            change: Seq(row.try_get(3)?),
            flags: row.try_get::<_, i32>(4)? as u32,
            attachments: row.try_get::<_, i32>(5)? as u32,
            creator: row.try_get(6)?,
            columns,
            props,
            ext,
            body,
            mime,
        })
    };
    read().map_err(corrupt)
}
