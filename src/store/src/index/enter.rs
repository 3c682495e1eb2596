//! Entering words: a step takes the items behind those that are in, and leaves a mark in the same transaction. Several
//! programs may try; one of them does it.

use super::ASIDE;
use super::set::place;
use super::term::{CUT, DEAD, Vector, of_folder};
use crate::journal::ChangeKind;
use crate::row::{Fields, all, first, firsts};
use crate::sql::{Param, Sql};
use crate::{Mailbox, Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use std::collections::BTreeMap;

/// Items read at a time.
const PAGE: i64 = 500;
/// Octets of words of one step, as the database has them.
const OCTETS: usize = 32 << 20;
/// Rows of one statement.
const ROWS: usize = 10_000;

/// What a step has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    pub items: usize,
    /// There may be more to enter.
    pub more: bool,
}

/// Rows to be: of each term, of each chunk, the numbers.
#[derive(Default)]
struct Rows(BTreeMap<String, Vec<(i64, Vec<u8>)>>);

impl Rows {
    /// Numbers come in ascending order.
    fn add(&mut self, term: &str, number: i64) {
        let (chunk, octets) = place(number);
        // Most terms are there already: look before copying.
        if !self.0.contains_key(term) {
            self.0.insert(term.to_owned(), Vec::new());
        }
        let Some(chunks) = self.0.get_mut(term) else { return };
        match chunks.last_mut().filter(|(last, _)| *last == chunk) {
            // A word of the text and of an attachment is one.
            Some((_, numbers)) if numbers.ends_with(&octets) => {}
            Some((_, numbers)) => numbers.extend(octets),
            None => chunks.push((chunk, octets.to_vec())),
        }
    }
}

impl Store {
    /// Mailboxes with more than `least` changes since their words were entered.
    pub fn unindexed(&mut self, least: i64, limit: i64) -> Result<Vec<MailboxNo>, StoreError> {
        let sql = Sql::new(
            "select c.mailbox from counter c left join indexed x on x.mailbox = c.mailbox \
             where c.seq - coalesce(x.upto, 0) > $1 order by c.mailbox limit $2",
        )
        .with([least.into(), limit.into()]);
        firsts(&self.read(&sql)?)
    }
}

impl Mailbox<'_> {
    /// Enters words of at most `limit` items.
    pub fn enter_words(&mut self, limit: usize) -> Result<Entered, StoreError> {
        self.transaction(|mailbox| mailbox.enter(limit))
    }

    fn enter(&mut self, limit: usize) -> Result<Entered, StoreError> {
        let nothing = Entered { items: 0, more: false };
        let no = self.no.0;
        let begin =
            Sql::new("insert into indexed (mailbox, upto) values ($1, 0) on conflict do nothing").with([no.into()]);
        self.store.query(&begin)?;
        let mark = Sql::new("select upto from indexed where mailbox = $1 for update skip locked").with([no.into()]);
        let Some(row) = self.store.query_opt(&mark)? else { return Ok(nothing) };
        let mut upto: i64 = first(&row)?;
        if upto > 0 && self.is_worn()? {
            self.begin_anew()?;
            upto = 0;
        }
        // Whatever has a number up to this one is there to be seen.
        let newest = Sql::new("select seq from counter where mailbox = $1").with([no.into()]);
        let newest: i64 = first(&self.store.read_one(&newest, Missing::Mailbox)?)?;
        if newest <= upto {
            return Ok(nothing);
        }
        let mut rows = Rows::default();
        let (items, reached) = self.collect(upto, newest, limit, &mut rows)?;
        let more = reached < newest;
        self.bury(upto, reached, &mut rows)?;
        self.put(rows)?;
        let end = Sql::new("update indexed set upto = $2 where mailbox = $1").with([no.into(), reached.into()]);
        self.store.query(&end)?;
        Ok(Entered { items, more })
    }

    /// The terms of the items between two numbers; how many there were, and the number up to which all are in.
    fn collect(&mut self, from: i64, to: i64, limit: usize, rows: &mut Rows) -> Result<(usize, i64), StoreError> {
        let (mut at, mut items, mut octets) = (from, 0, 0);
        while items < limit && octets < OCTETS {
            let sql = Sql::new(
                "select item, folder, associated, search, \
                     (select sum(coalesce(octet_length(b.plain), octet_length(b.data))) from blob b \
                      where b.mailbox = $1 and b.hash = i.body) \
                 from item i where mailbox = $1 and item > $2 and item <= $3 order by item limit $4",
            )
            .with([self.no.0.into(), at.into(), to.into(), PAGE.into()]);
            let page = self.store.read(&sql)?;
            let mut last = at;
            for row in &page {
                let mut fields = Fields::new(row);
                let (item, folder, associated): (i64, i64, bool) = (fields.next()?, fields.next()?, fields.next()?);
                last = item;
                if associated {
                    continue;
                }
                rows.add(&of_folder(folder), item);
                let words = fields.next::<Option<Vector<'_>>>()?;
                if let Some(words) = &words {
                    octets += words.size();
                    words.terms(&mut |term| rows.add(term, item));
                }
                if let Some(body) = fields.next::<Option<i64>>()? {
                    if !words.is_some_and(|words| words.has_body(body)) {
                        rows.add(CUT, item);
                    }
                }
            }
            octets += self.collect_attachments(at, last, rows)?;
            items += page.len();
            if crate::sql::int(page.len())? < PAGE {
                return Ok((items, to));
            }
            at = last;
        }
        Ok((items, at))
    }

    /// Those of their attachments; answers the octets.
    fn collect_attachments(&mut self, after: i64, upto: i64, rows: &mut Rows) -> Result<usize, StoreError> {
        let sql = Sql::new(
            "select a.item, a.search from attachment a join item i on i.mailbox = $1 and i.item = a.item \
             where a.mailbox = $1 and a.item > $2 and a.item <= $3 and not i.associated and a.search is not null order by a.item",
        )
        .with([self.no.0.into(), after.into(), upto.into()]);
        let mut octets = 0;
        // A term that an item of the same page brought ends with a later number: it is entered out of order, which is no harm.
        for row in &self.store.read(&sql)? {
            let mut fields = Fields::new(row);
            let item: i64 = fields.next()?;
            let words: Vector<'_> = fields.next()?;
            octets += words.size();
            words.terms_of_attachment(&mut |term| rows.add(term, item));
        }
        Ok(octets)
    }

    /// Items that went between two places of the journal.
    fn bury(&mut self, from: i64, to: i64, rows: &mut Rows) -> Result<(), StoreError> {
        let sql = Sql::new(gone("seq > $2 and seq <= $3")).with([self.no.0.into(), from.into(), to.into()]);
        let mut numbers: Vec<i64> = firsts(&self.store.read(&sql)?)?;
        numbers.sort_unstable();
        numbers.iter().for_each(|number| rows.add(DEAD, *number));
        Ok(())
    }

    fn put(&mut self, rows: Rows) -> Result<(), StoreError> {
        let mut rows = rows
            .0
            .into_iter()
            .flat_map(|(term, chunks)| chunks.into_iter().map(move |(chunk, numbers)| (term.clone(), chunk, numbers)));
        loop {
            let (mut terms, mut chunks, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
            for (term, chunk, octets) in rows.by_ref().take(ROWS) {
                terms.push(term.into());
                chunks.push(chunk);
                numbers.push(octets.into());
            }
            if terms.is_empty() {
                return Ok(());
            }
            let sql = Sql::new(
                "insert into word (mailbox, term, chunk, items) \
                 select $1, w.term, w.chunk, w.items from unnest($2::text[], $3::bigint[], $4::bytea[]) as w (term, chunk, items) \
                 on conflict (mailbox, term, chunk) do update set items = word.items || excluded.items",
            )
            .with([self.no.0.into(), Param::Texts(terms), Param::Ints(chunks), Param::BytesMany(numbers)]);
            self.store.query(&sql)?;
        }
    }

    /// Whether so much has changed since that all is better entered anew.
    fn is_worn(&mut self) -> Result<bool, StoreError> {
        let swept = Sql::new(
            "delete from reword r where r.mailbox = $1 \
             and not exists (select from item i where i.mailbox = $1 and i.item = r.item)",
        )
        .with([self.no.0.into()]);
        self.store.query(&swept)?;
        let sql = Sql::new(
            "select (select count(*) from reword where mailbox = $1), \
             (select coalesce(sum(octet_length(items)), 0)::bigint / 2 from word where mailbox = $1 and term = $2), \
             (select coalesce(sum(total), 0)::bigint from folder where mailbox = $1)",
        )
        .with([self.no.0.into(), DEAD.into()]);
        let row = self.store.read_one(&sql, Missing::Mailbox)?;
        let [changed, dead, items]: [i64; 3] =
            all(std::slice::from_ref(&row), |fields| Ok([fields.next()?, fields.next()?, fields.next()?]))?
                .into_iter()
                .next()
                .unwrap_or_default();
        Ok(changed > crate::sql::int(ASIDE / 2)? || (dead > 10_000 && dead > items))
    }

    fn begin_anew(&mut self) -> Result<(), StoreError> {
        for text in ["delete from word where mailbox = $1", "delete from reword where mailbox = $1"] {
            self.store.query(&Sql::new(text).with([self.no.0.into()]))?;
        }
        Ok(())
    }
}

/// Numbers that items had before they were moved or deleted, in that part of the journal.
pub(super) fn gone(part: &str) -> String {
    format!(
        "select coalesce(old_item, item) from journal where mailbox = $1 and {part} and kind in ({}, {})",
        ChangeKind::ItemMoved.sql(),
        ChangeKind::ItemDeleted.sql()
    )
}
