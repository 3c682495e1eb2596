//! Searching items: filter, order, page.

use super::read::{fields, item};
use super::{ItemRow, Plan};
use crate::query::{Cmp, Field, Filter, Found, Order, Page, Table, condition, order};
use crate::row::{Fields, all, first};
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Missing, StoreError};
use ewsd_model::id::{FolderNo, MailboxNo};
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use postgres::Row;

/// Newest first, where the caller has no wish.
const NEWEST_FIRST: &[Order] = &[Order { field: Field::Column(Column::Received), ascending: false }];

/// With so many rows before a page, they are counted off by number alone, and the page's own rows read after that.
const FAR: i64 = 256;

/// Where a search looks.
#[derive(Clone, Copy)]
struct Scope<'a> {
    folders: &'a [FolderNo],
    associated: bool,
    filter: &'a Filter,
}

impl Mailbox<'_> {
    /// Items of `folders`, either the normal or the `associated` ones. Bodies and messages are not read, whatever the plan.
    #[allow(clippy::too_many_arguments)]
    pub fn find_items(
        &mut self,
        folders: &[FolderNo],
        associated: bool,
        plan: &Plan,
        filter: &Filter,
        orders: &[Order],
        page: Page,
    ) -> Result<Found<ItemRow>, StoreError> {
        let plan = Plan { body: false, mime: false, ..*plan };
        let orders = if orders.is_empty() { NEWEST_FIRST } else { orders };
        let scope = Scope { folders, associated, filter };
        let page = Page { offset: page.offset.max(0), ..page };
        let (rows, total, from_end) = self.page_rows(scope, &plan, orders, page)?;
        let mut rows = all(&rows, |fields| item(fields, &plan))?;
        if from_end {
            rows.reverse();
        }
        let offset = page.offset + int(rows.len())?;
        Ok(Found { rows, total, offset, last: offset >= total })
    }

    /// How many items a search finds.
    pub fn count_items(&mut self, folders: &[FolderNo], associated: bool, filter: &Filter) -> Result<i64, StoreError> {
        let scope = Scope { folders, associated, filter };
        let mut sql = scope.select(self.no);
        match scope.counter() {
            Some(counter) => {
                sql.push(counter);
            }
            None => {
                sql.push("count(*)");
                from(scope, &mut sql)?;
            }
        }
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// How many rows of the search come before the first that meets `wanted`, counted from the last with `from_end`; None
    /// where none does.
    #[allow(clippy::too_many_arguments)]
    pub fn rows_before(
        &mut self,
        folders: &[FolderNo],
        associated: bool,
        filter: &Filter,
        wanted: &Filter,
        orders: &[Order],
        from_end: bool,
    ) -> Result<Option<i64>, StoreError> {
        let orders = if orders.is_empty() { NEWEST_FIRST } else { orders };
        let scope = Scope { folders, associated, filter };
        // The rows come numbered in their order; sorting them by the number would only keep `limit` from ending the walk.
        let mut sql = scope.select(self.no);
        sql.push("w.place - 1 from (select row_number() over (order by ");
        order(orders, Table::Item, "i.item", from_end, &mut sql)?;
        sql.push(") as place, ");
        condition(wanted, Table::Item, &mut sql)?;
        sql.push(" as met");
        from(scope, &mut sql)?;
        sql.push(") w where w.met limit 1");
        self.store.read(&sql)?.first().map(first).transpose()
    }

    /// The page's rows, how many there are on all pages, and whether these were read from the end.
    fn page_rows(
        &mut self,
        scope: Scope<'_>,
        plan: &Plan,
        orders: &[Order],
        page: Page,
    ) -> Result<(Vec<Row>, i64, bool), StoreError> {
        // A search for the unread need not go through the folder once it has found all of them.
        if scope.counter().is_some() && (page.offset >= FAR || *scope.filter != Filter::True) {
            let total = self.count_items(scope.folders, scope.associated, scope.filter)?;
            let near = nearest(page, total);
            if near.limit == 0 {
                return Ok((Vec::new(), total, false));
            }
            let rows = self.window(scope, plan, orders, near)?;
            // Else the folder has changed between the two, and the window with it.
            if total_of(&rows)? == Some(total) {
                return Ok((rows, total, near.from_end));
            }
        }
        let rows = self.window(scope, plan, orders, page)?;
        let read = int(rows.len())?;
        let told = if scope.counter().is_some() { total_of(&rows)? } else { None };
        let total = match told {
            Some(total) => total,
            None if read < page.limit && (read > 0 || page.offset == 0) => page.offset + read,
            None => self.count_items(scope.folders, scope.associated, scope.filter)?,
        };
        Ok((rows, total, page.from_end))
    }

    fn window(&mut self, scope: Scope<'_>, plan: &Plan, orders: &[Order], page: Page) -> Result<Vec<Row>, StoreError> {
        let mut sql = scope.select(self.no);
        sql.push(&fields(plan));
        if let Some(counter) = scope.counter() {
            sql.push(", ").push(counter);
        }
        let far = page.offset >= FAR;
        if far {
            sql.push(" from unnest(array(select i.item");
        }
        from(scope, &mut sql)?;
        sql.push(" order by ");
        order(orders, Table::Item, "i.item", page.from_end, &mut sql)?;
        sql.push(" limit ").bind(page.limit).push("::bigint offset ").bind(page.offset).push("::bigint");
        if far {
            sql.push(
                ")) with ordinality w (item, place) join item i on i.mailbox = $1 and i.item = w.item order by w.place",
            );
        }
        self.store.read(&sql)
    }
}

impl Scope<'_> {
    /// The search's total as the folders keep count of it, as an expression on `$1` and `$2`.
    fn counter(&self) -> Option<&'static str> {
        let unread = Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(false));
        match self.filter {
            _ if self.associated => None,
            Filter::True => Some(
                "(select coalesce(sum(f.total), 0)::bigint from folder f where f.mailbox = $1 and f.folder = any($2))",
            ),
            filter if *filter == unread => Some(
                "(select coalesce(sum(f.unread), 0)::bigint from folder f where f.mailbox = $1 and f.folder = any($2))",
            ),
            _ => None,
        }
    }

    /// The beginning of a statement: `$1` is the mailbox, `$2` the folders.
    fn select<'s>(&self, mailbox: MailboxNo) -> Sql<'s> {
        let numbers = self.folders.iter().map(|folder| folder.0).collect();
        Sql::new("select ").with([mailbox.0.into(), Param::Ints(numbers)])
    }
}

/// The same rows counted from the end that is nearer, and no more of them than there are.
fn nearest(page: Page, total: i64) -> Page {
    let limit = page.limit.min(total - page.offset).max(0);
    let behind = (total - page.offset - limit).max(0);
    match behind < page.offset {
        true => Page { offset: behind, limit, from_end: !page.from_end },
        false => Page { limit, ..page },
    }
}

/// What the counter said, in the last column of every row.
fn total_of(rows: &[Row]) -> Result<Option<i64>, StoreError> {
    rows.first().map(|row| Fields::new(row).skip(row.len() - 1).next()).transpose()
}

/// ` from item i where ...`, for a statement that began with [`Scope::select`].
fn from(scope: Scope<'_>, sql: &mut Sql) -> Result<(), StoreError> {
    sql.push(" from item i where i.mailbox = $1 and i.folder = ");
    match scope.folders {
        // Of one folder the index gives the rows in order. `$2` stays in use for the count.
        [one] => sql.bind(one.0).push("::bigint and cardinality($2::bigint[]) = 1"),
        _ => sql.push("any($2::bigint[])"),
    };
    sql.push(if scope.associated { " and i.associated" } else { " and not i.associated" });
    if *scope.filter != Filter::True {
        sql.push(" and ");
        condition(scope.filter, Table::Item, sql)?;
    }
    Ok(())
}
