//! Listing the folders below one.

use super::FolderRow;
use super::read::{FIELDS, folder_row};
use crate::query::{Field, Filter, Found, Order, Page, Table, condition, order};
use crate::row::{all, first};
use crate::sql::{Sql, int};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo};
use ewsd_model::property::Column;

const BY_NAME: &[Order] = &[Order { field: Field::Column(Column::Name), ascending: true }];

impl Mailbox<'_> {
    /// The folders directly below `parent`, or with `deep` all below it; `parent` itself is not among them.
    pub fn children(
        &mut self,
        parent: FolderNo,
        deep: bool,
        filter: &Filter,
        orders: &[Order],
        page: Page,
    ) -> Result<Found<FolderRow>, StoreError> {
        let orders = if orders.is_empty() { BY_NAME } else { orders };
        let page = Page { offset: page.offset.max(0), ..page };
        let mut sql = Sql::new(below(deep));
        sql.push("select ").push(FIELDS);
        from(self.no, parent, deep, filter, &mut sql)?;
        sql.push(" order by ");
        order(orders, Table::Folder, "o.folder", page.from_end, &mut sql)?;
        sql.push(" limit ").bind(page.limit).push("::bigint offset ").bind(page.offset).push("::bigint");
        let mut rows = all(&self.store.read(&sql)?, folder_row)?;
        let read = int(rows.len())?;
        let total = if read < page.limit && (read > 0 || page.offset == 0) {
            page.offset + read
        } else {
            let mut sql = Sql::new(below(deep));
            sql.push("select count(*)");
            from(self.no, parent, deep, filter, &mut sql)?;
            first(&self.store.read_one(&sql, Missing::Mailbox)?)?
        };
        if page.from_end {
            rows.reverse();
        }
        Found::of(page, rows, total)
    }
}

fn below(deep: bool) -> &'static str {
    if deep {
        "with recursive below as (
            select folder from folder where mailbox = $1 and parent = $2
            union all
            select k.folder from folder k join below on k.mailbox = $1 and k.parent = below.folder
        ) "
    } else {
        ""
    }
}

fn from(mailbox: MailboxNo, parent: FolderNo, deep: bool, filter: &Filter, sql: &mut Sql) -> Result<(), StoreError> {
    sql.params.push(mailbox.0.into());
    sql.params.push(parent.0.into());
    sql.push(if deep {
        " from below join folder o on o.mailbox = $1 and o.folder = below.folder where true"
    } else {
        " from folder o where o.mailbox = $1 and o.parent = $2"
    });
    if *filter != Filter::True {
        sql.push(" and ");
        condition(filter, Table::Folder, sql)?;
    }
    Ok(())
}
