//! Searching items: filter, order, page.

use super::read::{fields, item};
use super::{ItemRow, Plan};
use crate::index::{Bits, Candidates};
use crate::query::{Cmp, Field, Filter, Found, Grouping, Order, Page, Table, condition, group, order};
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
        let narrowed = self.narrowed(search)?;
        let (rows, total, from_end) = self.page_rows(search, &narrowed, &plan, page)?;
        let mut rows = all(&rows, |fields| item(fields, &plan))?;
        if from_end {
            rows.reverse();
        }
        Found::of(page, rows, total)
    }

    /// One page of the items found, by groups. Answers for each row besides what tells its group from the others.
    pub fn find_groups(
        &mut self,
        search: &Search<'_>,
        grouping: &Grouping,
        plan: &Plan,
        page: Page,
    ) -> Result<Found<(ItemRow, Option<String>)>, StoreError> {
        let plan = Plan { body: false, mime: false, ..*plan };
        let page = Page { offset: page.offset.max(0), ..page };
        let narrowed = self.narrowed(search)?;
        let mut sql = search.select(self.no);
        let (groups, key) = group(grouping, page.from_end, &mut sql)?;
        sql.push(&fields(&plan)).push(", ").push(&key);
        from(search, &narrowed, &mut sql)?;
        sql.push(" order by ").push(&groups);
        order(search.orders(), Table::Item, "i.item", page.from_end, &mut sql)?;
        sql.push(" limit ").bind(page.limit).push("::bigint offset ").bind(page.offset).push("::bigint");
        let rows = self.store.read(&sql)?;
        let mut rows = all(&rows, |fields| Ok((item(fields, &plan)?, fields.next()?)))?;
        if page.from_end {
            rows.reverse();
        }
        let total = match narrowed {
            Candidates::Total(total, _) => total,
            narrowed => self.count(search, &narrowed)?,
        };
        Found::of(page, rows, total)
    }

    /// How many items a search finds.
    pub fn count_items(&mut self, search: &Search<'_>) -> Result<i64, StoreError> {
        match self.narrowed(search)? {
            Candidates::Total(total, _) => Ok(total),
            narrowed => self.count(search, &narrowed),
        }
    }

    fn count(&mut self, search: &Search<'_>, narrowed: &Candidates) -> Result<i64, StoreError> {
        first(&self.store.read_one(&search.count(self.no, narrowed)?, Missing::Mailbox)?)
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
        let narrowed = self.narrowed(search)?;
        let mut sql = search.select(self.no);
        sql.push("w.place - 1 from (select row_number() over (order by ");
        order(search.orders(), Table::Item, "i.item", from_end, &mut sql)?;
        sql.push(") as place, ");
        condition(wanted, Table::Item, &mut sql)?;
        sql.push(" as met");
        from(search, &narrowed, &mut sql)?;
        sql.push(") w where w.met limit 1");
        self.store.read(&sql)?.first().map(first).transpose()
    }

    /// The page's rows, how many there are on all pages, and whether these were read from the end.
    fn page_rows(
        &mut self,
        search: &Search<'_>,
        narrowed: &Candidates,
        plan: &Plan,
        page: Page,
    ) -> Result<(Vec<Row>, i64, bool), StoreError> {
        // A search for the unread need not go through the folder once it has found all of them.
        if search.counter().is_some() && (page.offset >= FAR || *search.filter != Filter::True) {
            let total = self.count(search, narrowed)?;
            let near = nearest(page, total);
            if near.limit == 0 {
                return Ok((Vec::new(), total, false));
            }
            let rows = self.window(search, narrowed, plan, near)?;
            // Else the folder has changed between the two, and the window with it.
            if total_of(&rows)? == Some(total) {
                return Ok((rows, total, near.from_end));
            }
        }
        let rows = self.window(search, narrowed, plan, page)?;
        let read = int(rows.len())?;
        let told =
            if search.counter().is_some() || counts_along(search, narrowed, page) { total_of(&rows)? } else { None };
        let total = match told {
            Some(total) => total,
            None if read < page.limit && (read > 0 || page.offset == 0) => page.offset + read,
            None => match narrowed {
                Candidates::Total(total, _) => *total,
                narrowed => self.count(search, narrowed)?,
            },
        };
        Ok((rows, total, page.from_end))
    }

    fn window(
        &mut self,
        search: &Search<'_>,
        narrowed: &Candidates,
        plan: &Plan,
        page: Page,
    ) -> Result<Vec<Row>, StoreError> {
        let mut sql = search.select(self.no);
        sql.push(&fields(plan));
        if let Some(counter) = search.counter() {
            sql.push(", ").push(counter);
        } else if counts_along(search, narrowed, page) {
            sql.push(", count(*) over ()");
        }
        let far = page.offset >= FAR;
        if far {
            sql.push(" from unnest(array(select i.item");
        }
        from(search, narrowed, &mut sql)?;
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

    /// The numbers of what is found there.
    pub(crate) fn numbers<'s>(&self, mailbox: MailboxNo, narrowed: &Candidates) -> Result<Sql<'s>, StoreError> {
        let mut sql = self.select(mailbox);
        sql.push("i.item");
        from(self, narrowed, &mut sql)?;
        Ok(sql)
    }

    /// Counts what is found.
    fn count<'s>(&self, mailbox: MailboxNo, narrowed: &Candidates) -> Result<Sql<'s>, StoreError> {
        let mut sql = self.select(mailbox);
        match self.counter() {
            Some(counter) => {
                sql.push(counter);
            }
            None => {
                sql.push("count(*)");
                from(self, narrowed, &mut sql)?;
            }
        }
        Ok(sql)
    }

    /// The beginning of a statement: `$1` is the mailbox, `$2` the folders.
    fn select<'s>(&self, mailbox: MailboxNo) -> Sql<'s> {
        let numbers = self.folders.iter().map(|folder| folder.0).collect();
        Sql::new("select ").with([mailbox.0.into(), Param::Ints(numbers)])
    }
}

/// Items that are looked at one by one are counted by the way, not a second time.
fn counts_along(search: &Search<'_>, narrowed: &Candidates, page: Page) -> bool {
    narrowed.items().is_some() && search.counter().is_none() && page.offset < FAR
}

/// The same rows counted from the end that is nearer, and no more of them than there are.
fn nearest(page: Page, total: i64) -> Page {
    let limit = page.limit.min(total - page.offset).max(0);
    let behind = (total - page.offset - limit).max(0);
    if behind < page.offset { Page { offset: behind, limit, from_end: !page.from_end } } else { Page { limit, ..page } }
}

/// What the counter said, in the last column of every row.
fn total_of(rows: &[Row]) -> Result<Option<i64>, StoreError> {
    rows.first().map(|row| Fields::new(row).skip(row.len() - 1).next()).transpose()
}

/// ` from item i where ...`, for a statement that began with [`Search::select`].
fn from(search: &Search<'_>, narrowed: &Candidates, sql: &mut Sql) -> Result<(), StoreError> {
    match narrowed.items() {
        None => sql.push(" from item i"),
        // A fence: they are looked up by number, whatever the order asked for has an index on.
        Some(items) => sql
            .push(" from (select i.* from unnest(")
            .bind(Param::Ints(items.to_vec()))
            .push("::bigint[]) w (item) join item i on i.mailbox = $1 and i.item = w.item offset 0) i"),
    };
    sql.push(" where i.mailbox = $1 and i.folder = ");
    match search.folders {
        // Of one folder the index gives the rows in order. `$2` stays in use for the count.
        [one] => sql.bind(one.0).push("::bigint and cardinality($2::bigint[]) = 1"),
        _ => sql.push("any($2::bigint[])"),
    };
    sql.push(if search.associated { " and i.associated" } else { " and not i.associated" });
    match narrowed {
        Candidates::Hits(_) => {}
        // It is known which these are: whatever the filter looks at costs more. A `case`, lest their range be looked up instead of
        // the rows in order.
        Candidates::Total(_, Some(bits)) => {
            let (begin, chunk) = (bits.first * Bits::CHUNK, Bits::CHUNK);
            let last = begin + int(bits.places.len())? * chunk - 1;
            sql.push(" and case when i.item between ").bind(begin).push("::bigint and ").bind(last);
            sql.push("::bigint then get_bit(").bind(Param::Bytes(bits.octets.clone().into())).push("::bytea, ");
            sql.push("nullif((").bind(Param::Ints(bits.places.clone()));
            sql.push("::bigint[])[((i.item - ").bind(begin);
            sql.push(&format!("::bigint) / {chunk})::int + 1], -1) * {chunk} + i.item % {chunk}) = 1 else false end"));
        }
        _ if *search.filter == Filter::True => {}
        _ => {
            sql.push(" and ");
            condition(search.filter, Table::Item, sql)?;
        }
    }
    Ok(())
}
