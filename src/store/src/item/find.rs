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

const EVERYTHING: &Filter = &Filter::True;

/// With so many rows before a page, they are counted off by number alone, and the page's own rows read after that.
const FAR: i64 = 256;

/// What is searched for: the same for finding, counting and for the place of a row.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    pub folders: &'a [FolderNo],
    /// Either the folder-associated items or the normal ones.
    pub associated: bool,
    pub filter: &'a Filter,
    /// Newest first, if empty.
    pub orders: &'a [Order],
}

impl<'a> Search<'a> {
    /// All normal items, newest first.
    pub fn new(folders: &'a [FolderNo]) -> Search<'a> {
        Search { folders, associated: false, filter: EVERYTHING, orders: &[] }
    }
}

impl Mailbox<'_> {
    /// One page of the items found. Bodies and messages are not read, whatever the plan.
    pub fn find_items(&mut self, search: &Search<'_>, plan: &Plan, page: Page) -> Result<Found<ItemRow>, StoreError> {
        let plan = Plan { body: false, mime: false, ..*plan };
        let page = Page { offset: page.offset.max(0), ..page };
        let (rows, total, from_end) = self.page_rows(search, &plan, page)?;
        let mut rows = all(&rows, |fields| item(fields, &plan))?;
        if from_end {
            rows.reverse();
        }
        let offset = page.offset + int(rows.len())?;
        Ok(Found { rows, total, offset, last: offset >= total })
    }

    /// How many items a search finds.
    pub fn count_items(&mut self, search: &Search<'_>) -> Result<i64, StoreError> {
        let mut sql = search.select(self.no);
        match search.counter() {
            Some(counter) => {
                sql.push(counter);
            }
            None => {
                sql.push("count(*)");
                from(search, &mut sql)?;
            }
        }
        first(&self.store.read_one(&sql, Missing::Mailbox)?)
    }

    /// How many rows of the search come before the first that meets `wanted`, counted from the last with `from_end`; None
    /// where none does.
    pub fn rows_before(
        &mut self,
        search: &Search<'_>,
        wanted: &Filter,
        from_end: bool,
    ) -> Result<Option<i64>, StoreError> {
        // The rows come numbered in their order; sorting them by the number would only keep `limit` from ending the walk.
        let mut sql = search.select(self.no);
        sql.push("w.place - 1 from (select row_number() over (order by ");
        order(search.orders(), Table::Item, "i.item", from_end, &mut sql)?;
        sql.push(") as place, ");
        condition(wanted, Table::Item, &mut sql)?;
        sql.push(" as met");
        from(search, &mut sql)?;
        sql.push(") w where w.met limit 1");
        self.store.read(&sql)?.first().map(first).transpose()
    }

    /// The page's rows, how many there are on all pages, and whether these were read from the end.
    fn page_rows(&mut self, search: &Search<'_>, plan: &Plan, page: Page) -> Result<(Vec<Row>, i64, bool), StoreError> {
        // A search for the unread need not go through the folder once it has found all of them.
        if search.counter().is_some() && (page.offset >= FAR || *search.filter != Filter::True) {
            let total = self.count_items(search)?;
            let near = nearest(page, total);
            if near.limit == 0 {
                return Ok((Vec::new(), total, false));
            }
            let rows = self.window(search, plan, near)?;
            // Else the folder has changed between the two, and the window with it.
            if total_of(&rows)? == Some(total) {
                return Ok((rows, total, near.from_end));
            }
        }
        let rows = self.window(search, plan, page)?;
        let read = int(rows.len())?;
        let told = if search.counter().is_some() { total_of(&rows)? } else { None };
        let total = match told {
            Some(total) => total,
            None if read < page.limit && (read > 0 || page.offset == 0) => page.offset + read,
            None => self.count_items(search)?,
        };
        Ok((rows, total, page.from_end))
    }

    fn window(&mut self, search: &Search<'_>, plan: &Plan, page: Page) -> Result<Vec<Row>, StoreError> {
        let mut sql = search.select(self.no);
        sql.push(&fields(plan));
        if let Some(counter) = search.counter() {
            sql.push(", ").push(counter);
        }
        let far = page.offset >= FAR;
        if far {
            sql.push(" from unnest(array(select i.item");
        }
        from(search, &mut sql)?;
        sql.push(" order by ");
        order(search.orders(), Table::Item, "i.item", page.from_end, &mut sql)?;
        sql.push(" limit ").bind(page.limit).push("::bigint offset ").bind(page.offset).push("::bigint");
        if far {
            sql.push(
                ")) with ordinality w (item, place) join item i on i.mailbox = $1 and i.item = w.item order by w.place",
            );
        }
        self.store.read(&sql)
    }
}

impl Search<'_> {
    fn orders(&self) -> &[Order] {
        if self.orders.is_empty() { NEWEST_FIRST } else { self.orders }
    }

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

/// ` from item i where ...`, for a statement that began with [`Search::select`].
fn from(search: &Search<'_>, sql: &mut Sql) -> Result<(), StoreError> {
    sql.push(" from item i where i.mailbox = $1 and i.folder = ");
    match search.folders {
        // Of one folder the index gives the rows in order. `$2` stays in use for the count.
        [one] => sql.bind(one.0).push("::bigint and cardinality($2::bigint[]) = 1"),
        _ => sql.push("any($2::bigint[])"),
    };
    sql.push(if search.associated { " and i.associated" } else { " and not i.associated" });
    if *search.filter != Filter::True {
        sql.push(" and ");
        condition(search.filter, Table::Item, sql)?;
    }
    Ok(())
}
