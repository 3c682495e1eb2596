//! Removing items for good.

use super::relocate::counters;
use crate::journal::{Count, Kind, Rows, Write};
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
            "src",
            &format!(
                "select item, folder, change, size, row_number() over (order by item) as n, \
                 (flags & {associated} = 0)::int::bigint as normal, (flags & {unread} = 0)::int::bigint as unread \
                 from item where mailbox = $1 and item = any({numbers}::bigint[])",
                associated = bit::ASSOCIATED,
                unread = bit::READ | bit::ASSOCIATED
            ),
        );
        write.bump(&Count::Of("src"), "0", "exists (select from src)");
        write.step(
            "x",
            "delete from item i using c, src where i.mailbox = $1 and i.item = src.item and i.change = src.change \
             returning i.item",
        );
        counters(&mut write, "select folder, -normal as total, -unread as unread, -size as bytes from src");
        write.rows(&Rows {
            n: "src.n",
            kind: &Kind::ItemDeleted.sql(),
            item: "src.item",
            folder: "case when x.item is not null then src.folder end",
            associated: "src.normal = 0",
            counts: "src.normal <> 0",
            from: "c cross join src left join x on x.item = src.item",
            ..Rows::default()
        });
        let rows = write.run(self, ", src.item", "c, src order by src.n")?;
        all(&rows, |fields| fields.skip(1).next())
    }
}
