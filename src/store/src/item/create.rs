//! Making items: one statement each, with contents, attachments, counters and journal.

use super::{ItemRef, NewItem, contact, event, reminder};
use crate::attachment;
use crate::blob::{AHEAD, Hash, Parts};
use crate::column::{Holds, copied, param, written};
use crate::folder::TOUCHED;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::sql::{Param, int};
use crate::{Mailbox, Missing, StoreError, search};
use ewsd_model::id::{ItemNo, MailboxNo, Seq};
use ewsd_model::property::{Column, bit};

impl Mailbox<'_> {
    /// Makes one item: one round trip. [`StoreError::NotFound`] if there is no such folder.
    pub fn create_item(&mut self, new: &NewItem) -> Result<ItemRef, StoreError> {
        let mut parts = Parts::default();
        let body = new.body.map(|body| parts.add_body(body, new.plain));
        let mime = new.mime.map(|mime| parts.add(mime));
        let contents: Vec<Hash> = new.attachments.iter().map(|attachment| parts.add(attachment.content)).collect();
        let octets = parts.octets;
        if parts.octets > AHEAD && !self.store.in_transaction() {
            return self.transaction(|mailbox| mailbox.create_item(new));
        }
        if parts.octets > AHEAD {
            self.put_ahead(&mut parts)?;
        }
        let write = compose(self.no, new, &parts, [body, mime], &contents, octets)?;
        let rows = write.run(self, "", "taken")?;
        let seq = first(rows.first().ok_or(StoreError::NotFound(Missing::Folder))?)?;
        let item = ItemNo(seq);
        Ok(ItemRef { item, folder: new.folder, kind: new.kind, change: Seq(seq), old: item })
    }

    /// Makes several, all or none, in one transaction.
    pub fn create_items(&mut self, new: &[NewItem]) -> Result<Vec<ItemRef>, StoreError> {
        match new {
            [] => Ok(Vec::new()),
            [one] => Ok(vec![self.create_item(one)?]),
            many => self.transaction(|mailbox| many.iter().map(|one| mailbox.create_item(one)).collect()),
        }
    }
}

fn compose<'a>(
    mailbox: MailboxNo,
    new: &'a NewItem,
    parts: &Parts<'a>,
    [body, mime]: [Option<Hash>; 2],
    contents: &[Hash],
    parts_octets: usize,
) -> Result<Write<'a>, StoreError> {
    let mut write = Write::new(mailbox);
    let associated = new.flags & bit::ASSOCIATED != 0;
    let unread = !associated && new.flags & bit::READ == 0;
    let size = new.columns.number(Column::Size).unwrap_or(0);
    write.room(if size > 0 { size } else { int(parts_octets)? });

    let folder = write.place(new.folder.0);
    let attachments = write.place(int(new.attachments.len())?);
    let guard = format!("exists (select from folder where mailbox = $1 and folder = {folder})");
    write.bump(&Count::One, &format!("{attachments}::bigint"), &guard);
    if !parts.is_empty() {
        write.step_with("contents", |sql| parts.insert(sql, ", taken"));
    }
    let (total, unread, bytes) =
        (write.place(i64::from(!associated)), write.place(i64::from(unread)), write.place(size));
    write.step(
        "counted",
        &format!(
            "update folder o set total = o.total + {total}::bigint, unread = o.unread + {unread}::bigint, bytes = o.bytes + {bytes}::bigint, {TOUCHED}, \
             change = case when {total}::bigint > 0 then taken.seq else o.change end \
             from taken where o.mailbox = $1 and o.folder = {folder} returning o.folder"
        ),
    );
    item_step(&mut write, new, body, mime, &attachments)?;
    if !new.attachments.is_empty() {
        attachment::insert_step(&mut write, &new.attachments, contents, "taken, made", "made.item");
    }
    if !new.contact.is_empty() {
        contact::insert_step(&mut write, &new.contact, "made");
    }
    if let Some(event) = &new.event {
        event::insert_step(&mut write, event, "made");
    }
    reminder::insert_step(&mut write, &new.props, "made");
    let kind = if new.delivered { ChangeKind::ItemNewMail } else { ChangeKind::ItemCreated };
    let associated = associated.to_string();
    let counts = (new.flags & bit::ASSOCIATED == 0).to_string();
    write.rows(&Rows {
        kind: &kind.sql(),
        item: "taken.seq",
        folder: "counted.folder",
        associated: &associated,
        counts: &counts,
        from: "taken left join counted on true",
        ..Rows::default()
    });
    Ok(write)
}

/// The item's row: values in the order of [`copied`]. Every column is named, set or not, so that all items are made by the
/// same few statements.
fn item_step<'a>(
    write: &mut Write<'a>,
    new: &'a NewItem,
    body: Option<Hash>,
    mime: Option<Hash>,
    attachments: &str,
) -> Result<(), StoreError> {
    let names: Vec<&str> = copied().collect();
    let kind = write.place(new.kind as i64);
    let flags = write.place(i64::from(new.flags as i32));
    // The bit, where an index may have it; see `set_step` of an update.
    let unreadable = write.place(if new.flags & bit::UNREADABLE != 0 { Param::Bool(true) } else { Param::Null });
    let hash = |hash: Option<Hash>| hash.map_or(Param::Null, |hash| Param::Bytes(hash.0.to_vec().into()));
    let (body, mime) = (write.place(hash(body)), write.place(hash(mime)));
    let (props, ext) = (write.place(new.props.clone()), write.place(new.ext.clone()));
    let creator = write.place(new.creator.map_or(Param::Null, Param::Int));
    let words = write.place(search::vector(new.search).map_or(Param::Null, Param::Vector));
    let mut values = format!(
        "$1, taken.seq, counted.folder, taken.seq, {creator}, {kind}, {flags}, {unreadable}::boolean, {attachments}::bigint, {body}, {mime}, {props}, \
         {ext}, {words}::tsvector"
    );
    for row in written() {
        let value = match new.columns.get(row.column) {
            Some(value) => param(row, value)?,
            None => default(row.column, new),
        };
        let place = write.place(value);
        if row.holds == Holds::Time && !row.nullable {
            values.push_str(&format!(", coalesce({place}::timestamptz, now())"));
        } else {
            values.push_str(&format!(", {place}"));
        }
    }
    write.step(
        "made",
        &format!(
            "insert into item (mailbox, item, folder, change, creator, {}) select {values} from taken, counted returning item",
            names.join(", ")
        ),
    );
    Ok(())
}

/// What a column that must have a value holds when nothing is said.
fn default(column: Column, new: &NewItem) -> Param<'static> {
    let row = crate::column::lookup(column);
    match column {
        Column::Class => Param::Text(new.kind.row().default_class.into()),
        Column::Importance => Param::Int(1),
        _ if row.is_some_and(|row| !row.nullable && matches!(row.holds, Holds::Int | Holds::Long)) => Param::Int(0),
        _ => Param::Null,
    }
}
