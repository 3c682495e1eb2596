//! Changing items: properties, contents, read state.

use super::{ItemRef, ItemUpdate, contact, event, reminder};
use crate::blob::{AHEAD, Hash, Parts};
use crate::column::{lookup, param};
use crate::folder::TOUCHED;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::{Fields, all, first};
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Map, Missing, StoreError, index, search};
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo, Seq};
use ewsd_model::property::{Column, bit};
use postgres::Row;

/// True for an item that counts as unread, of flags `{}`.
fn unread(flags: &str) -> String {
    format!("(({flags}) & {} = 0)::int", bit::READ | bit::ASSOCIATED)
}

impl Mailbox<'_> {
    /// Changes one item, whole or not at all: one round trip. With `expect`, only if that is its change number:
    /// [`StoreError::Conflict`] otherwise.
    pub fn update_item(
        &mut self,
        item: ItemNo,
        update: &ItemUpdate,
        expect: Option<Seq>,
    ) -> Result<ItemRef, StoreError> {
        let mut parts = Parts::default();
        let body = update.body.map(|body| body.map(|body| parts.add_body(body, update.plain)));
        let mime = update.mime.map(|mime| mime.map(|mime| parts.add(mime)));
        if parts.octets > AHEAD && !self.store.in_transaction() {
            return self.transaction(|mailbox| mailbox.update_item(item, update, expect));
        }
        if parts.octets > AHEAD {
            self.put_ahead(&mut parts)?;
        }
        let replaced: Vec<&str> = [(body, "source.body"), (mime, "source.mime")]
            .iter()
            .filter(|(new, _)| new.is_some())
            .map(|(_, old)| *old)
            .collect();
        let mut write = compose(self.no, item, update, expect, parts.octets, &replaced)?;
        if !parts.is_empty() {
            write.step_with("contents", |sql| parts.insert(sql, ", taken"));
        }
        set_step(&mut write, update, body, mime)?;
        if update.search.is_some() {
            index::reword_step(&mut write, "changed");
        }
        if let Some(rows) = update.contact {
            contact::replace_steps(&mut write, rows, "changed");
        }
        if let Some(event) = &update.event {
            event::replace_step(&mut write, event, "changed");
        }
        reminder::replace_step(&mut write, &update.props, "changed");
        counter_step(&mut write, update)?;
        let kind = match (is_read_state(update), &update.event) {
            (true, _) => ChangeKind::ItemRead,
            (false, Some(_)) => ChangeKind::ItemRescheduled,
            (false, None) => ChangeKind::ItemModified,
        };
        write.rows(&Rows {
            kind: &kind.sql(),
            item: "source.item",
            folder: "changed.folder",
            associated: &format!("source.flags & {} <> 0", bit::ASSOCIATED),
            counts: "exists (select from delta where delta.unread <> 0)",
            from: "taken cross join source left join changed on true",
            ..Rows::default()
        });
        let rows = write.run(
            self,
            ", source.item, source.folder, coalesce(changed.kind, source.kind), taken.seq, source.item",
            "taken, source left join changed on true",
        )?;
        match rows.first() {
            Some(row) => item_ref(Fields::new(row).skip(1)),
            None => Err(self.why_not(item)?),
        }
    }

    /// Sets the read state where it is another. Answers those that changed.
    pub fn set_read(&mut self, items: &[ItemNo], read: bool) -> Result<Vec<ItemRef>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = Write::new(self.no);
        let items = write.place(Param::Ints(items.iter().map(|item| item.0).collect()));
        read_state(self, write, &format!("item = any({items}::bigint[])"), read)
    }

    /// The same for all items of a folder.
    pub fn set_all_read(&mut self, folder: FolderNo, read: bool) -> Result<Vec<ItemRef>, StoreError> {
        let mut write = Write::new(self.no);
        let folder = write.place(folder.0);
        read_state(self, write, &format!("folder = {folder}"), read)
    }

    /// Why a change of one item found nothing to change.
    fn why_not(&mut self, item: ItemNo) -> Result<StoreError, StoreError> {
        let sql = Sql::new("select change from item where mailbox = $1 and item = $2")
            .with([self.no.0.into(), item.0.into()]);
        Ok(match self.store.read_opt(&sql)? {
            Some(row) => StoreError::Conflict { current: first(&row)? },
            None => StoreError::NotFound(Missing::Item),
        })
    }
}

fn is_read_state(update: &ItemUpdate) -> bool {
    let flags = update.set_flags | update.clear_flags;
    flags & bit::READ != 0
        && flags & !bit::READ == 0
        && update.set.is_empty()
        && update.unset == crate::ColumnSet::NONE
        && update.props.is_empty()
        && update.ext.is_empty()
        && update.body.is_none()
        && update.mime.is_none()
        && update.search.is_none()
        && update.kind.is_none()
        && update.contact.is_none()
        && update.event.is_none()
}

/// `source`, the item as it is, and `taken`.
fn compose<'a>(
    mailbox: MailboxNo,
    item: ItemNo,
    update: &'a ItemUpdate,
    expect: Option<Seq>,
    octets: usize,
    replaced: &[&str],
) -> Result<Write<'a>, StoreError> {
    if update.set_flags & update.clear_flags != 0 {
        return Err(StoreError::Corrupt("a flag is both set and cleared".to_owned()));
    }
    let mut write = Write::new(mailbox);
    write.shaped();
    let item = write.place(item.0);
    let expected = match expect {
        Some(change) => format!(" and change = {}", write.place(change.0)),
        None => String::new(),
    };
    write.step(
        "source",
        &format!(
            "select item, folder, kind, change, flags, size, body, mime from item where mailbox = $1 and item = {item}{expected}"
        ),
    );
    if octets > 0 {
        write.room(int(octets)?);
    }
    if !replaced.is_empty() {
        write.dead(&format!(
            "select coalesce(sum(octet_length(b.data)), 0) from blob b, source where b.mailbox = $1 and b.hash in ({})",
            replaced.join(", ")
        ));
    }
    write.bump(&Count::One, "0", "exists (select from source)");
    Ok(write)
}

/// `changed`: the item's row.
fn set_step<'a>(
    write: &mut Write<'a>,
    update: &'a ItemUpdate,
    body: Option<Option<Hash>>,
    mime: Option<Option<Hash>>,
) -> Result<(), StoreError> {
    let mut sets = String::from("change = taken.seq");
    let mut set = |text: String| {
        sets.push_str(", ");
        sets.push_str(&text);
    };
    if update.set_flags | update.clear_flags != 0 {
        let (on, off) = flag_places(write, update);
        set(format!("flags = (i.flags | {on}::int) & ~{off}::int"));
        // Not where other flags change: an index has the column, and no item is entered anew for being read.
        if (update.set_flags | update.clear_flags) & bit::UNREADABLE != 0 {
            set(format!("unreadable = {}", if update.set_flags & bit::UNREADABLE != 0 { "true" } else { "null" }));
        }
    }
    for (column, value) in update.set.iter() {
        let row = lookup(column).filter(|row| !row.item.is_empty() && !row.fixed);
        let row = row.ok_or_else(|| StoreError::Corrupt(format!("column {column:?} cannot be set")))?;
        set(format!("{} = {}", row.item, write.place(param(row, value)?)));
    }
    for row in update.unset.rows() {
        if row.item.is_empty() || row.fixed || !row.nullable {
            return Err(StoreError::Corrupt(format!("column {:?} cannot be unset", row.column)));
        }
        set(format!("{} = null", row.item));
    }
    if !update.set.iter().any(|(column, _)| column == Column::Modified) {
        set("modified = now()".to_owned());
    }
    for (document, changes) in [("props", &update.props), ("ext", &update.ext)] {
        if let Some(expression) = merged(write, &format!("i.{document}"), changes) {
            set(format!("{document} = {expression}"));
        }
    }
    for (name, content) in [("body", body), ("mime", mime)] {
        if let Some(hash) = content {
            let hash = hash.map_or(Param::Null, |hash| Param::Bytes(hash.0.to_vec().into()));
            set(format!("{name} = {}", write.place(hash)));
        }
    }
    if let Some(texts) = update.search {
        let words = search::vector(texts).map_or(Param::Null, Param::Vector);
        set(format!("search = {}::tsvector", write.place(words)));
    }
    if let Some(kind) = update.kind {
        set(format!("kind = {}", write.place(kind as i64)));
    }
    write.step(
        "changed",
        &format!(
            "update item i set {sets} from taken, source where i.mailbox = $1 and i.item = source.item and i.change = source.change \
             returning i.item, i.folder, i.kind"
        ),
    );
    Ok(())
}

/// A document with members set, and taken out where the change is null; None where nothing changes.
pub(crate) fn merged(write: &mut Write, document: &str, changes: &Map) -> Option<String> {
    if changes.is_empty() {
        return None;
    }
    let gone: Vec<_> = changes.iter().filter(|(_, v)| v.is_null()).map(|(k, _)| k.clone().into()).collect();
    let set: Map = changes.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect();
    let (set, gone) = (write.place(set), write.place(Param::Texts(gone)));
    Some(format!("({document} || {set}::jsonb) - {gone}::text[]"))
}

/// Flags to set and to clear, as the column holds them: the same 32 bits, signed.
fn flag_places(write: &mut Write, update: &ItemUpdate) -> (String, String) {
    let [on, off] = [update.set_flags, update.clear_flags].map(|flags| write.place(i64::from(flags as i32)));
    (on, off)
}

/// `delta` and `counted`: the folder's counters.
fn counter_step(write: &mut Write, update: &ItemUpdate) -> Result<(), StoreError> {
    let (on, off) = flag_places(write, update);
    let size = match update.set.number(Column::Size) {
        Some(size) => format!("{}::bigint - source.size", write.place(size)),
        None => "0::bigint".to_owned(),
    };
    let (before, after) = (unread("source.flags"), unread(&format!("(source.flags | {on}::int) & ~{off}::int")));
    write.step("delta", &format!("select source.folder, {after} - {before} as unread, {size} as bytes from source"));
    write.step(
        "counted",
        &format!(
            "update folder o set unread = o.unread + delta.unread, bytes = o.bytes + delta.bytes, {TOUCHED}, \
             change = case when delta.unread <> 0 then taken.seq else o.change end \
             from taken, delta where o.mailbox = $1 and o.folder = delta.folder"
        ),
    );
    Ok(())
}

/// Sets the read state of the items that meet `condition`.
fn read_state(
    mailbox: &mut Mailbox<'_>,
    mut write: Write,
    condition: &str,
    read: bool,
) -> Result<Vec<ItemRef>, StoreError> {
    let read = write.place(read);
    write.step(
        "source",
        &format!(
            "select item, folder, kind, change, flags, row_number() over (order by item) as n \
             from item where mailbox = $1 and {condition} and (flags & {} <> 0) <> {read}",
            bit::READ
        ),
    );
    write.bump(&Count::Of("source"), "0", "exists (select from source)");
    write.step(
        "changed",
        &format!(
            "update item i set change = taken.base + source.n, modified = now(), flags = i.flags # {} \
             from taken, source where i.mailbox = $1 and i.item = source.item and i.change = source.change returning i.item",
            bit::READ
        ),
    );
    write.step(
        "counted",
        &format!(
            "update folder o set unread = o.unread + delta.unread, {TOUCHED}, change = taken.seq from taken, \
             (select folder, sum(case when {read} then -1 else 1 end)::bigint as unread from source \
              where flags & {} = 0 group by folder) delta \
             where o.mailbox = $1 and o.folder = delta.folder",
            bit::ASSOCIATED
        ),
    );
    write.rows(&Rows {
        n: "source.n",
        kind: &ChangeKind::ItemRead.sql(),
        item: "source.item",
        folder: "case when changed.item is not null then source.folder end",
        associated: &format!("source.flags & {} <> 0", bit::ASSOCIATED),
        counts: &format!("source.flags & {} = 0", bit::ASSOCIATED),
        from: "taken cross join source left join changed on changed.item = source.item",
        ..Rows::default()
    });
    let rows = write.run(
        mailbox,
        ", source.item, source.folder, source.kind, taken.base + source.n, source.item",
        "taken, source",
    )?;
    item_refs(&rows)
}

/// Reads item, folder, kind, change and old number.
pub(crate) fn item_ref(fields: &mut Fields<'_>) -> Result<ItemRef, StoreError> {
    Ok(ItemRef {
        item: fields.next()?,
        folder: fields.next()?,
        kind: fields.next()?,
        change: fields.next()?,
        old: fields.next()?,
    })
}

/// The same of every row of a change: the first column is its number.
pub(super) fn item_refs(rows: &[Row]) -> Result<Vec<ItemRef>, StoreError> {
    all(rows, |fields| item_ref(fields.skip(1)))
}
