//! What is in the index and no longer right: numbers that are gone, words that changed; and entering all of it anew, where that
//! has become too much.
//!
//! A renewal begins with `upto` at 0, where searches do without the index, and the step behind that clears it. Whether one is due
//! is judged where all is in, never between its own steps (`upto` is below `buried`): while much changes it would not end.

use super::ASIDE;
use super::enter::Rows;
use super::term::DEAD;
use crate::journal::ChangeKind;
use crate::row::{Fields, first, firsts};
use crate::sql::{Sql, int};
use crate::{Mailbox, Missing, StoreError};

/// So many numbers that are gone, and more than there are items, wear it out.
const WORN: i64 = 10_000;
/// Rows that one step removes.
const CLEARED: i64 = 50_000;

/// How far it goes.
pub(super) struct Extent {
    /// The number up to which items are in it.
    pub upto: i64,
    /// The change up to which it knows which of these are gone.
    pub buried: i64,
}

impl Extent {
    fn read(fields: &mut Fields<'_>) -> Result<Extent, StoreError> {
        Ok(Extent { upto: fields.next()?, buried: fields.next()? })
    }
}

impl Mailbox<'_> {
    /// Comes before a step, in a transaction of its own: removes marks that say nothing any more, and begins a renewal where one is
    /// due.
    pub(super) fn prepare(&mut self) -> Result<(), StoreError> {
        // Whoever changes words holds this lock to the end: nobody has found a mark that goes here, so that none need be put, and
        // writes words that are not seen yet. It is held for milliseconds; the entering is done without.
        self.store.lock_mailbox(self.no)?;
        let begin = Sql::new(
            "insert into indexed (mailbox, upto, buried) select mailbox, 0, seq from counter where mailbox = $1 \
             on conflict do nothing",
        );
        self.store.query(&begin.with([self.no.0.into()]))?;
        let Some(extent) = self.hold_index()? else { return Ok(()) };
        let sql = Sql::new("select trimmed from counter where mailbox = $1").with([self.no.0.into()]);
        let trimmed: i64 = first(&self.store.read_one(&sql, Missing::Mailbox)?)?;
        // These are entered with the words that they have by then, or never.
        let needless = Sql::new(
            "delete from reword r where r.mailbox = $1 \
             and (r.item > $2 or not exists (select from item i where i.mailbox = $1 and i.item = r.item))",
        );
        self.store.query(&needless.with([self.no.0.into(), extent.upto.into()]))?;
        // What went before the journal begins is known to nobody, if it was not buried in time.
        let is_torn = trimmed > extent.buried;
        if is_torn || (extent.upto > 0 && extent.upto >= extent.buried && self.is_worn()?) {
            self.begin_anew()?;
        }
        Ok(())
    }

    /// Keeps others from entering until the end of the transaction; None if one of them does.
    pub(super) fn hold_index(&mut self) -> Result<Option<Extent>, StoreError> {
        let sql = Sql::new("select upto, buried from indexed where mailbox = $1 for update skip locked")
            .with([self.no.0.into()]);
        self.store.query_opt(&sql)?.map(|row| Extent::read(&mut Fields::new(&row))).transpose()
    }

    /// Whether so much has changed since that all is better entered anew.
    fn is_worn(&mut self) -> Result<bool, StoreError> {
        let sql = Sql::new(
            "select (select count(*) from reword where mailbox = $1), \
             (select coalesce(sum(octet_length(items)), 0)::bigint / 2 from word where mailbox = $1 and term = $2), \
             (select coalesce(sum(total), 0)::bigint from folder where mailbox = $1)",
        )
        .with([self.no.0.into(), DEAD.into()]);
        let row = self.store.read_one(&sql, Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        let (changed, dead, items): (i64, i64, i64) = (fields.next()?, fields.next()?, fields.next()?);
        Ok(changed > int(ASIDE / 2)? || (dead > WORN && dead > items))
    }

    /// What is gone by now is in none of the steps to come.
    fn begin_anew(&mut self) -> Result<(), StoreError> {
        for text in [
            "update indexed x set upto = 0, buried = c.seq, renewals = x.renewals + 1 from counter c \
             where x.mailbox = $1 and c.mailbox = $1",
            "delete from reword where mailbox = $1",
        ] {
            self.store.query(&Sql::new(text).with([self.no.0.into()]))?;
        }
        Ok(())
    }

    /// Removes what was entered before a renewal, some of it in each step; says whether all of it is gone.
    pub(super) fn clear_index(&mut self) -> Result<bool, StoreError> {
        for table in ["word", "word_place", "vocabulary"] {
            let sql = Sql::new(format!(
                "with gone as (delete from {table} where ctid = any(array( \
                     select ctid from {table} where mailbox = $1 limit $2)) returning 1) select count(*) from gone"
            ));
            let sql = sql.with([self.no.0.into(), CLEARED.into()]);
            let removed: Option<i64> = self.store.query_opt(&sql)?.map(|row| first(&row)).transpose()?;
            if removed == Some(CLEARED) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Numbers that are in it, of items that went between `extent.buried` and a later change.
    pub(super) fn bury(&mut self, extent: &Extent, to: i64, rows: &mut Rows) -> Result<(), StoreError> {
        let sql = Sql::new(gone("seq > $2 and seq <= $3", "$4"));
        let sql = sql.with([self.no.0.into(), extent.buried.into(), to.into(), extent.upto.into()]);
        let mut numbers: Vec<i64> = firsts(&self.store.read(&sql)?)?;
        numbers.sort_unstable();
        numbers.iter().for_each(|number| rows.add(DEAD, *number, None));
        Ok(())
    }

    /// Before the journal up to a change is removed: what went until then nobody could tell any more.
    pub(crate) fn bury_before_trim(&mut self, to: i64) -> Result<(), StoreError> {
        let sql = Sql::new("select upto, buried from indexed where mailbox = $1 and buried < $2 for update")
            .with([self.no.0.into(), to.into()]);
        let Some(row) = self.store.query_opt(&sql)? else { return Ok(()) };
        let mut rows = Rows::default();
        self.bury(&Extent::read(&mut Fields::new(&row))?, to, &mut rows)?;
        self.put(rows)?;
        let end = Sql::new("update indexed set buried = $2 where mailbox = $1").with([self.no.0.into(), to.into()]);
        self.store.query(&end).map(drop)
    }
}

/// Numbers that items had before they were moved or deleted, in that part of the journal, up to the last that is in the index.
pub(super) fn gone(part: &str, upto: &str) -> String {
    format!(
        "select coalesce(old_item, item) from journal where mailbox = $1 and {part} and kind in ({}, {}) \
         and not associated and coalesce(old_item, item) <= {upto}",
        ChangeKind::ItemMoved.sql(),
        ChangeKind::ItemDeleted.sql()
    )
}
