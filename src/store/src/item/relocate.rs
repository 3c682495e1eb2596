//! Moving and copying items into a folder: each enters it under a new number.

use super::ItemRef;
use super::update::item_refs;
use crate::journal::{Count, Kind, Rows, Write};
use crate::sql::Param;
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::property::bit;

impl Mailbox<'_> {
    /// Moves items; the answer is in the order given, without those that are not there.
    /// [`StoreError::NotFound`] of the folder if the target is not there.
    pub fn move_items(&mut self, items: &[ItemNo], target: FolderNo) -> Result<Vec<ItemRef>, StoreError> {
        let (mut write, target_place) = sources(self.no, items, target);
        write.bump(&Count::Of("src"), "0", &guard(&target_place));
        write.step(
            "u",
            &format!(
                "update item i set item = c.base + src.n, folder = {target_place}, change = c.base + src.n, modified = now() \
                 from c, src where i.mailbox = $1 and i.item = src.item and i.change = src.change returning src.item"
            ),
        );
        counters(
            &mut write,
            &format!(
                "select folder, -normal as total, -unread as unread, -size as bytes from src \
                 union all select {target_place}, normal, unread, size from src"
            ),
        );
        // The target may be removed under the statement; then it is not among the folders that were updated.
        write.rows(&Rows {
            n: "src.n",
            kind: &Kind::ItemMoved.sql(),
            item: "c.base + src.n",
            folder: &format!(
                "case when u.item is not null and exists (select from f where f.folder = {target_place}) then {target_place} end"
            ),
            old_item: "src.item",
            old_folder: "src.folder",
            associated: "src.normal = 0",
            counts: "src.normal <> 0",
            from: "c cross join src left join u on u.item = src.item",
            ..Rows::default()
        });
        finish(self, write, items, target, &target_place)
    }

    /// Copies items, attachments included; the answer is in the order given, without those that are not there. `creator`: the
    /// account that makes the copies, if that is not the owner of the mailbox.
    pub fn copy_items(
        &mut self,
        items: &[ItemNo],
        target: FolderNo,
        creator: Option<i64>,
    ) -> Result<Vec<ItemRef>, StoreError> {
        if !self.store.in_transaction() {
            return self.transaction(|mailbox| mailbox.copy_items(items, target, creator));
        }
        // The counter is locked before the look: nothing that is copied, contents included, can go meanwhile.
        self.lock()?;
        let (mut write, target_place) = sources(self.no, items, target);
        write.step(
            "att",
            "select a.*, src.n as item_n, row_number() over (order by src.n, a.attachment) as n \
             from attachment a, src where a.mailbox = $1 and a.item = src.item",
        );
        write.bump(&Count::Of("src"), "(select count(*) from att)", &guard(&target_place));
        let columns = copied_columns();
        let creator = write.place(creator.map_or(Param::Null, Param::Int));
        write.step(
            "i",
            &format!(
                "insert into item (mailbox, item, folder, change, creator, {columns}) \
                 select $1, c.base + src.n, {target_place}, c.base + src.n, {creator}::bigint, {} \
                 from c, src, item o where o.mailbox = $1 and o.item = src.item returning item",
                columns.split(", ").map(|column| format!("o.{column}")).collect::<Vec<_>>().join(", ")
            ),
        );
        write.step(
            "a",
            "insert into attachment (mailbox, attachment, item, kind, name, content_type, content_id, content_location, \
                 size, modified, is_inline, content, props) \
             select $1, c.attachment - (select count(*) from att) + att.n, c.base + att.item_n, kind, name, content_type, \
                 content_id, content_location, size, modified, is_inline, content, props from c, att",
        );
        counters(
            &mut write,
            &format!("select {target_place} as folder, normal as total, unread, size as bytes from src"),
        );
        write.rows(&Rows {
            n: "src.n",
            kind: &Kind::ItemCopied.sql(),
            item: "i.item",
            folder: &format!("case when i.item is not null then {target_place} end"),
            old_item: "src.item",
            old_folder: "src.folder",
            associated: "src.normal = 0",
            counts: "src.normal <> 0",
            from: "c cross join src left join i on i.item = c.base + src.n",
            ..Rows::default()
        });
        finish(self, write, items, target, &target_place)
    }
}

/// `src`: the items that are there, with their place in the order given.
fn sources(mailbox: MailboxNo, items: &[ItemNo], target: FolderNo) -> (Write<'static>, String) {
    let mut known = std::collections::HashSet::new();
    let numbers = items.iter().filter(|item| known.insert(**item)).map(|item| item.0).collect();
    let mut write = Write::new(mailbox);
    let numbers = write.place(Param::Ints(numbers));
    let target = format!("{}::bigint", write.place(target.0));
    write.step(
        "src",
        &format!(
            "select i.item, i.folder, i.kind, i.change, i.size, row_number() over (order by w.at) as n, \
             (i.flags & {associated} = 0)::int::bigint as normal, (i.flags & {unread} = 0)::int::bigint as unread \
             from unnest({numbers}::bigint[]) with ordinality as w (item, at), item i where i.mailbox = $1 and i.item = w.item",
            associated = bit::ASSOCIATED,
            unread = bit::READ | bit::ASSOCIATED
        ),
    );
    (write, target)
}

fn guard(target: &str) -> String {
    format!("exists (select from src) and exists (select from folder where mailbox = $1 and folder = {target})")
}

/// `f`: adds what `deltas` selects (folder, total, unread, bytes) to the folders' counters.
pub(super) fn counters(write: &mut Write, deltas: &str) {
    write.step(
        "f",
        &format!(
            "update folder o set total = o.total + d.total, unread = o.unread + d.unread, bytes = o.bytes + d.bytes, \
             change = case when d.moved then c.seq else o.change end \
             from c, (select folder, sum(total)::bigint as total, sum(unread)::bigint as unread, \
                 sum(bytes)::bigint as bytes, bool_or(total <> 0) as moved from ({deltas}) x group by folder) d \
             where o.mailbox = $1 and o.folder = d.folder returning o.folder"
        ),
    );
}

fn finish(
    mailbox: &mut Mailbox<'_>,
    write: Write,
    items: &[ItemNo],
    target: FolderNo,
    target_place: &str,
) -> Result<Vec<ItemRef>, StoreError> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let select = format!(", c.base + src.n, {target_place}, src.kind, c.base + src.n, src.item");
    let rows = write.run(mailbox, &select, "c, src order by src.n")?;
    if rows.is_empty() && mailbox.folders(&[target], &[])?.is_empty() {
        return Err(StoreError::NotFound(Missing::Folder));
    }
    item_refs(&rows)
}

/// Everything of an item that its copy has too.
fn copied_columns() -> String {
    let mut columns = String::from("kind, flags, attachments, body, mime, props, ext, search");
    for row in crate::column::COLUMNS.iter().filter(|row| !row.item.is_empty() && !row.fixed) {
        columns.push_str(", ");
        columns.push_str(row.item);
    }
    columns
}
