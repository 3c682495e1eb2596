//! Removing items for good.

use super::relocate::counters;
use crate::journal::{ChangeKind, Count, Rows, Write};
use crate::row::all;
use crate::sql::Param;
use crate::{Mailbox, StoreError};
use ewsd_model::id::ItemNo;
use ewsd_model::property::bit;

impl Mailbox<'_> {
    /// Removes items with their attachments. Answers those that were there. Contents that nobody else names are collected later.
    pub fn delete_items(&mut self, items: &[ItemNo]) -> Result<Vec<ItemNo>, StoreError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let mut write = Write::new(self.no);
        let numbers = write.place(Param::Ints(items.iter().map(|item| item.0).collect()));
        write.step(
            "source",
            &format!(
                "select item, folder, change, size, row_number() over (order by item) as n, \
                 (flags & {associated} = 0)::int::bigint as normal, (flags & {unread} = 0)::int::bigint as unread \
                 from item where mailbox = $1 and item = any({numbers}::bigint[])",
                associated = bit::ASSOCIATED,
                unread = bit::READ | bit::ASSOCIATED
            ),
        );
        write.dead("select coalesce(sum(size), 0) from source");
        write.bump(&Count::Of("source"), "0", "exists (select from source)");
        write.step(
            "removed",
            "delete from item i using taken, source where i.mailbox = $1 and i.item = source.item and i.change = source.change \
             returning i.item",
        );
        counters(&mut write, "select folder, -normal as total, -unread as unread, -size as bytes from source");
        write.rows(&Rows {
            n: "source.n",
            kind: &ChangeKind::ItemDeleted.sql(),
            item: "source.item",
            folder: "case when removed.item is not null then source.folder end",
            associated: "source.normal = 0",
            counts: "source.normal <> 0",
            from: "taken cross join source left join removed on removed.item = source.item",
            ..Rows::default()
        });
        let rows = write.run(self, ", source.item", "taken, source order by source.n")?;
        all(&rows, |fields| fields.skip(1).next())
    }
}
