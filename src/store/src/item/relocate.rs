//! Moving and copying items into a folder: each enters it under a new number.

use super::place::PRIVATE;
use super::update::item_refs;
use super::{ItemRef, event, reminder};
use crate::attachment::COLUMNS as ATTACHMENT;
use crate::column::copied;
use crate::folder::TOUCHED;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::first;
use crate::sql::{Param, Sql};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::property::bit;
use ewsd_model::{ItemKind, PropId};

impl Mailbox<'_> {
    /// Moves items; the answer is in the order given, without those that are not there.
    /// [`StoreError::NotFound`] of the folder if the target is not there.
    pub fn move_items(&mut self, items: &[ItemNo], target: FolderNo) -> Result<Vec<ItemRef>, StoreError> {
        let (mut write, target_place) = sources(self.no, items, target);
        write.bump(&Count::Of("source"), "0", &guard(&target_place));
        write.step(
            "changed",
            &format!(
                "update item i set item = taken.base + source.n, folder = {target_place}, change = taken.base + source.n, modified = now() \
                 from taken, source where i.mailbox = $1 and i.item = source.item and i.change = source.change returning source.item"
            ),
        );
        event::move_step(&mut write, &target_place);
        counters(
            &mut write,
            &format!(
                "select folder, -normal as total, -unread as unread, -size as bytes from source \
                 union all select {target_place}, normal, unread, size from source"
            ),
        );
        // The target may be removed under the statement; then it is not among the folders that were updated.
        write.rows(&Rows {
            n: "source.n",
            kind: &ChangeKind::ItemMoved.sql(),
            item: "taken.base + source.n",
            folder: &format!(
                "case when changed.item is not null and exists (select from counted where counted.folder = {target_place}) then {target_place} end"
            ),
            old_item: "source.item",
            old_folder: "source.folder",
            associated: "source.normal = 0",
            counts: "source.normal <> 0",
            from: "taken cross join source left join changed on changed.item = source.item",
            ..Rows::default()
        });
        finish(self, write, items, target, &target_place)
    }

    /// Copies items, attachments included; the answer is in the order given, without those that are not there. `creator`: the
    /// account that makes the copies, if that is not the owner of the mailbox. Of calendar items that are private, or have dates
    /// that are, it stays whoever made them: a copy opens them to nobody.
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
        let size = Sql::new("select coalesce(sum(size), 0)::bigint from item where mailbox = $1 and item = any($2)")
            .with([self.no.0.into(), Param::Ints(items.iter().map(|item| item.0).collect())]);
        let octets = first(&self.store.read_one(&size, Missing::Mailbox)?)?;
        self.check_room(octets)?;
        let (mut write, target_place) = sources(self.no, items, target);
        write.step(
            "attachments",
            "select a.*, source.n as item_n, row_number() over (order by source.n, a.attachment) as n \
             from attachment a, source where a.mailbox = $1 and a.item = source.item",
        );
        write.bump(&Count::Of("source"), "(select count(*) from attachments)", &guard(&target_place));
        let columns: Vec<&str> = copied().collect();
        let creator = format!("{}::bigint", write.place(creator.map_or(Param::Null, Param::Int)));
        let stays = has_private("o");
        let maker = format!("case when {creator} is not null and {stays} then o.creator else {creator} end");
        write.step(
            "made",
            &format!(
                "insert into item (mailbox, item, folder, change, creator, {}) \
                 select $1, taken.base + source.n, {target_place}, taken.base + source.n, {maker}, {} \
                 from taken, source, item o where o.mailbox = $1 and o.item = source.item returning item",
                columns.join(", "),
                columns.iter().map(|column| format!("o.{column}")).collect::<Vec<_>>().join(", ")
            ),
        );
        copy_belongings(&mut write);
        event::copy_step(&mut write, &target_place);
        reminder::copy_step(&mut write);
        counters(
            &mut write,
            &format!("select {target_place} as folder, normal as total, unread, size as bytes from source"),
        );
        write.rows(&Rows {
            n: "source.n",
            kind: &ChangeKind::ItemCopied.sql(),
            item: "made.item",
            folder: &format!("case when made.item is not null then {target_place} end"),
            old_item: "source.item",
            old_folder: "source.folder",
            associated: "source.normal = 0",
            counts: "source.normal <> 0",
            from: "taken cross join source left join made on made.item = taken.base + source.n",
            ..Rows::default()
        });
        finish(self, write, items, target, &target_place)
    }
}

/// Whether a row of the table of items is a calendar item that is private, or a series with such a date.
fn has_private(row: &str) -> String {
    format!(
        "({row}.kind = {kind} and ({row}.sensitivity is not distinct from {PRIVATE} \
         or {row}.props @? '$.{changes}[*].columns.sensitivity ? (@ == {PRIVATE})'))",
        kind = ItemKind::CalendarItem as i64,
        changes = PropId::CalendarModifiedOccurrences.row().element,
    )
}

/// `source`: the items that are there, with their place in the order given.
fn sources(mailbox: MailboxNo, items: &[ItemNo], target: FolderNo) -> (Write<'static>, String) {
    let mut known = std::collections::HashSet::new();
    let numbers = items.iter().filter(|item| known.insert(**item)).map(|item| item.0).collect();
    let mut write = Write::new(mailbox);
    let numbers = write.place(Param::Ints(numbers));
    let target = format!("{}::bigint", write.place(target.0));
    write.step(
        "source",
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
    format!("exists (select from source) and exists (select from folder where mailbox = $1 and folder = {target})")
}

/// `counted`: adds what `deltas` selects (folder, total, unread, bytes) to the folders' counters.
pub(super) fn counters(write: &mut Write, deltas: &str) {
    write.step(
        "counted",
        &format!(
            "update folder o set total = o.total + delta.total, unread = o.unread + delta.unread, bytes = o.bytes + delta.bytes, {TOUCHED}, \
             change = case when delta.moved then taken.seq else o.change end \
             from taken, (select folder, sum(total)::bigint as total, sum(unread)::bigint as unread, \
                 sum(bytes)::bigint as bytes, bool_or(total <> 0) as moved from ({deltas}) deltas group by folder) delta \
             where o.mailbox = $1 and o.folder = delta.folder returning o.folder"
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
    let select = format!(", taken.base + source.n, {target_place}, source.kind, taken.base + source.n, source.item");
    let rows = write.run(mailbox, &select, "taken, source order by source.n")?;
    if rows.is_empty() && mailbox.folders(&[target], &[])?.is_empty() {
        return Err(StoreError::NotFound(Missing::Folder));
    }
    item_refs(&rows)
}

/// What lies in tables of its own goes along.
fn copy_belongings(write: &mut Write) {
    write.step(
        "attached",
        &format!(
            "insert into attachment (mailbox, attachment, item, {ATTACHMENT}) \
             select $1, taken.attachment - (select count(*) from attachments) + attachments.n, \
                 taken.base + attachments.item_n, {ATTACHMENT} from taken, attachments"
        ),
    );
    write.step(
        "named",
        "insert into contact (mailbox, item, key, text) select $1, taken.base + source.n, o.key, o.text \
         from taken, source, contact o where o.mailbox = $1 and o.item = source.item",
    );
}
