//! The queue as administrators see it.

use crate::row::{Fields, all, first};
use crate::sql::Sql;
use crate::{Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use jiff::Timestamp;

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxFigures {
    pub queued: i64,
    /// Those of them that were tried in vain.
    pub deferred: i64,
    pub oldest: Option<Timestamp>,
}

/// A message in the queue, without its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    pub mailbox: MailboxNo,
    pub id: i64,
    pub sender: String,
    pub recipients: Vec<String>,
    pub submitted: Timestamp,
    pub attempts: i32,
    /// When it is tried next.
    pub next: Timestamp,
    pub last_error: Option<String>,
    /// A courier has it in hand now.
    pub sending: bool,
    /// Octets.
    pub size: i64,
}

const QUEUED: &str = "
    select mailbox, id, sender, recipients, submitted, attempts, next_at, last_error, holder is not null,
        (select coalesce(sum(length(data)), 0)::bigint from blob b where b.mailbox = o.mailbox and b.hash = o.mime)
    from outbox o ";

impl Store {
    /// How much waits, of all mailboxes.
    pub fn outbox_figures(&mut self) -> Result<OutboxFigures, StoreError> {
        let sql = Sql::new("select count(*), count(last_error), min(submitted) from outbox");
        let row = self.read_one(&sql, Missing::Outgoing)?;
        let mut fields = Fields::new(&row);
        Ok(OutboxFigures { queued: fields.next()?, deferred: fields.next()?, oldest: fields.next()? })
    }

    /// Messages in the order of their submission, after the one numbered `after`.
    pub fn queued(&mut self, after: i64, limit: i64) -> Result<Vec<Queued>, StoreError> {
        let sql = Sql::new(format!("{QUEUED} where id > $1 order by id limit $2")).with([after.into(), limit.into()]);
        all(&self.read(&sql)?, queued)
    }

    /// One message.
    pub fn queued_one(&mut self, id: i64) -> Result<Queued, StoreError> {
        let sql = Sql::new(format!("{QUEUED} where id = $1")).with([id.into()]);
        let row = self.read_one(&sql, Missing::Outgoing)?;
        queued(&mut Fields::new(&row))
    }

    /// The octets of one message.
    pub fn queued_mime(&mut self, id: i64) -> Result<Vec<u8>, StoreError> {
        const MIME: &str = "
            select (select string_agg(data, ''::bytea order by part) from blob b
                where b.mailbox = o.mailbox and b.hash = o.mime) from outbox o where id = $1";
        let row = self.read_one(&Sql::new(MIME).with([id.into()]), Missing::Outgoing)?;
        first::<Option<_>>(&row)?.ok_or(StoreError::NotFound(Missing::Blob))
    }

    /// Makes a message due now; without a number all. Says how many; those being sent now are not counted.
    pub fn retry_queued(&mut self, id: Option<i64>) -> Result<i64, StoreError> {
        let sql = Sql::new(
            "update outbox set next_at = now() where holder is null and ($1::bigint is null or id = $1::bigint) returning 1",
        )
        .with([id.map_or(crate::sql::Param::Null, Into::into)]);
        crate::sql::int(self.query(&sql)?.len())
    }

    /// Takes a message out, without a report to its sender. False: it is being sent now.
    pub fn cancel_queued(&mut self, id: i64) -> Result<bool, StoreError> {
        let sql = Sql::new("delete from outbox where id = $1 and holder is null returning 1").with([id.into()]);
        Ok(self.query_opt(&sql)?.is_some())
    }
}

fn queued(fields: &mut Fields<'_>) -> Result<Queued, StoreError> {
    Ok(Queued {
        mailbox: fields.next()?,
        id: fields.next()?,
        sender: fields.next()?,
        recipients: fields.next()?,
        submitted: fields.next()?,
        attempts: fields.next()?,
        next: fields.next()?,
        last_error: fields.next()?,
        sending: fields.next()?,
        size: fields.next()?,
    })
}
