//! Searching items: filter, order, page.

use super::read::{fields, item};
use super::{ItemRow, Plan};
use crate::connection::corrupt;
use crate::query::{Field, Filter, Found, Order, Page, Table, condition, order};
use crate::sql::{Param, Sql, int};
use crate::{Missing, Store, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo};
use ewsd_model::property::{Column, bit};

/// Newest first, where the caller has no wish.
const NEWEST_FIRST: &[Order] = &[Order { field: Field::Column(Column::Received), ascending: false }];

impl Store {
    /// Items of `folders`, either the normal or the `associated` ones. Bodies and messages are not read, whatever the plan.
    #[allow(clippy::too_many_arguments)]
    pub fn find_items(
        &mut self,
        mailbox: MailboxNo,
        folders: &[FolderNo],
        associated: bool,
        plan: &Plan,
        filter: &Filter,
        orders: &[Order],
        page: Page,
    ) -> Result<Found<ItemRow>, StoreError> {
        let plan = Plan { body: false, mime: false, ..*plan };
        let orders = if orders.is_empty() { NEWEST_FIRST } else { orders };
        // The folders keep count of their normal items.
        let counted = *filter == Filter::True && !associated;
        let mut sql = Sql::new("select ");
        sql.push(&fields(&plan));
        if counted {
            sql.push(", (select coalesce(sum(f.total), 0)::bigint from folder f where f.mailbox = $1 and f.folder = any($2))");
        }
        from(mailbox, folders, associated, filter, &mut sql)?;
        sql.push(" order by ");
        order(orders, Table::Item, "i.item", page.from_end, &mut sql)?;
        sql.push(" limit ").bind(page.limit).push("::bigint offset ").bind(page.offset.max(0)).push("::bigint");
        let rows = self.read(&sql)?;

        let read = int(rows.len())?;
        let total = match rows.last() {
            Some(row) if counted => row.try_get(row.len() - 1).map_err(corrupt)?,
            _ if read < page.limit && (read > 0 || page.offset <= 0) => page.offset.max(0) + read,
            _ => self.count_items(mailbox, folders, associated, filter)?,
        };
        let mut rows = rows.iter().map(|row| item(row, &plan)).collect::<Result<Vec<_>, _>>()?;
        if page.from_end {
            rows.reverse();
        }
        let offset = page.offset.max(0) + read;
        Ok(Found { rows, total, offset, last: offset >= total })
    }

    /// How many items a search finds.
    pub fn count_items(
        &mut self,
        mailbox: MailboxNo,
        folders: &[FolderNo],
        associated: bool,
        filter: &Filter,
    ) -> Result<i64, StoreError> {
        let mut sql = Sql::new("select count(*)");
        from(mailbox, folders, associated, filter, &mut sql)?;
        self.read_one(&sql, Missing::Mailbox)?.try_get(0).map_err(corrupt)
    }
}

fn from(
    mailbox: MailboxNo,
    folders: &[FolderNo],
    associated: bool,
    filter: &Filter,
    sql: &mut Sql,
) -> Result<(), StoreError> {
    let numbers: Vec<i64> = folders.iter().map(|folder| folder.0).collect();
    sql.params.push(mailbox.0.into());
    sql.params.push(Param::Ints(numbers));
    sql.push(" from item i where i.mailbox = $1 and i.folder = ");
    match folders {
        // Of one folder the index gives the rows in order. `$2` stays in use for the count.
        [one] => sql.bind(one.0).push("::bigint and cardinality($2::bigint[]) = 1"),
        _ => sql.push("any($2::bigint[])"),
    };
    let sign = if associated { "<>" } else { "=" };
    sql.push(" and i.flags & ").number(bit::ASSOCIATED).push(&format!(" {sign} 0"));
    if *filter != Filter::True {
        sql.push(" and ");
        condition(filter, Table::Item, sql)?;
    }
    Ok(())
}
