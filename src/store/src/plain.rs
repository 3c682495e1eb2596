//! The text of HTML bodies that were stored before it was kept with them (V31). The janitor goes through the items of a
//! mailbox by number, a step at a time, and has each such body read. What is moved meanwhile gets a higher number, and is
//! met later.

use crate::blob::{Hash, plain_parts};
use crate::row::{Fields, firsts};
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use ewsd_model::value::BodyType;

/// What a step has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainDue {
    /// HTML bodies whose text is not kept.
    pub bodies: Vec<Hash>,
    /// The last item of the step. None: there are no more behind it.
    upto: Option<i64>,
}

impl PlainDue {
    pub fn is_last(&self) -> bool {
        self.upto.is_none()
    }
}

impl Store {
    /// Mailboxes that have such bodies, or may have.
    pub fn plain_due(&mut self, limit: i64) -> Result<Vec<MailboxNo>, StoreError> {
        let sql = Sql::new("select mailbox from plain_due order by mailbox limit $1").with([limit.into()]);
        firsts(&self.read(&sql)?)
    }
}

impl Mailbox<'_> {
    /// The bodies of the next `limit` items.
    pub fn bodies_due(&mut self, limit: i64) -> Result<PlainDue, StoreError> {
        let sql = Sql::new(format!(
            "with page as ( \
                 select i.item, i.body, i.body_type from item i, plain_due d \
                 where d.mailbox = $1 and i.mailbox = $1 and i.item > d.upto order by i.item limit $2) \
             select case when count(*) = $2 then max(item) end, ( \
                 select string_agg(distinct p.body, ''::bytea) from page p join blob b on b.mailbox = $1 and b.hash = p.body and b.part = 0 \
                 where p.body_type = {} and b.plain is null) \
             from page",
            BodyType::Html as i32
        ))
        .with([self.no.0.into(), limit.into()]);
        let row = self.store.read_one(&sql, Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        let (upto, bodies): (Option<i64>, Option<&[u8]>) = (fields.next()?, fields.next()?);
        let bodies = bodies.unwrap_or_default().chunks_exact(32);
        let bodies = bodies.filter_map(|hash| Some(Hash(hash.try_into().ok()?))).collect();
        Ok(PlainDue { bodies, upto })
    }

    /// Keeps the text of an HTML body.
    pub fn put_plain(&mut self, body: &Hash, plain: &str) -> Result<(), StoreError> {
        self.transaction(|mailbox| mailbox.fill_in(body, plain))
    }

    fn fill_in(&mut self, body: &Hash, plain: &str) -> Result<(), StoreError> {
        // Counter first, contents after it: the order in which everybody locks.
        self.lock()?;
        let hash = || Param::Bytes(body.0.to_vec().into());
        let count = Sql::new("select part from blob where mailbox = $1 and hash = $2 order by part")
            .with([self.no.0.into(), hash()]);
        let parts: Vec<i32> = firsts(&self.store.read(&count)?)?;
        let texts: Vec<_> = plain_parts(Some(plain), parts.len()).map(Some).collect();
        let numbers = (0..int(parts.len())?).collect();
        let sql = Sql::new(
            "update blob b set plain = p.plain from unnest($3::int[], $4::text[]) as p (part, plain) \
             where b.mailbox = $1 and b.hash = $2 and b.part = p.part and b.plain is null returning 1",
        )
        .with([self.no.0.into(), hash(), Param::Ints(numbers), Param::OptTexts(texts)]);
        self.store.query(&sql).map(drop)
    }

    /// The step is done.
    pub fn settle_plain(&mut self, due: &PlainDue) -> Result<(), StoreError> {
        let sql = match due.upto {
            Some(upto) => Sql::new("update plain_due set upto = $2 where mailbox = $1 and upto < $2 returning 1")
                .with([self.no.0.into(), upto.into()]),
            None => Sql::new("delete from plain_due where mailbox = $1 returning 1").with([self.no.0.into()]),
        };
        self.store.query(&sql).map(drop)
    }
}
