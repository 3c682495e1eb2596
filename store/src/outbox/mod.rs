//! The queue of outgoing mail. A message is put in by the transaction that sends it; the courier takes it out.

use crate::blob::Parts;
use crate::connection::corrupt;
use crate::sql::{Param, Sql, clean};
use crate::{Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;
use jiff::Timestamp;
use postgres::Row;

#[derive(Clone, Copy, Debug)]
pub struct NewOutgoing<'a> {
    pub mailbox: MailboxNo,
    /// Envelope sender; empty for reports.
    pub sender: &'a str,
    pub recipients: &'a [String],
    pub mime: &'a [u8],
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outgoing {
    pub mailbox: MailboxNo,
    pub id: i64,
    pub sender: String,
    pub recipients: Vec<String>,
    pub submitted: Timestamp,
    /// Attempts made so far, the one now begun included.
    pub attempts: i32,
    pub last_error: Option<String>,
    pub mime: Vec<u8>,
}

impl Store {
    /// Queues a message for recipients elsewhere. Inside a [`Store::transaction`] it is queued only if that commits.
    pub fn put_outgoing(&mut self, new: &NewOutgoing) -> Result<i64, StoreError> {
        self.transaction(|store| {
            let mut parts = Parts::default();
            let hash = parts.add(new.mime);
            store.put_ahead(new.mailbox, &mut parts)?;
            let sql =
                Sql::new("insert into outbox (mailbox, sender, recipients, mime) values ($1, $2, $3, $4) returning id")
                    .with([
                        new.mailbox.0.into(),
                        new.sender.into(),
                        Param::Texts(new.recipients.iter().map(|address| clean(address)).collect()),
                        Param::Bytes(hash.0.to_vec().into()),
                    ]);
            let row = store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Outgoing))?;
            row.try_get(0).map_err(corrupt)
        })
    }

    /// The next message whose time has come, reserved for `lease_seconds`: if nothing is heard by then it is due again.
    pub fn next_outgoing(&mut self, lease_seconds: i64) -> Result<Option<Outgoing>, StoreError> {
        const NEXT: &str = "
            with due as (
                select mailbox, id from outbox where next_at <= now() order by next_at limit 1 for update skip locked
            )
            update outbox o set attempts = o.attempts + 1, next_at = now() + make_interval(secs => $1::float8)
            from due where o.mailbox = due.mailbox and o.id = due.id
            returning o.mailbox, o.id, o.sender, o.recipients, o.submitted, o.attempts, o.last_error,
                (select string_agg(data, ''::bytea order by part) from blob b where b.mailbox = o.mailbox and b.hash = o.mime)";
        let sql = Sql::new(NEXT).with([Param::Real(lease_seconds as f64)]);
        self.query_opt(&sql)?.map(|row| outgoing(&row).map_err(corrupt)).transpose()
    }

    /// Everybody has it, or nobody will: the message is done with.
    pub fn finish_outgoing(&mut self, mailbox: MailboxNo, id: i64) -> Result<(), StoreError> {
        let sql = Sql::new("delete from outbox where mailbox = $1 and id = $2 returning 1")
            .with([mailbox.0.into(), id.into()]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Outgoing))
    }

    /// Try again in `seconds`, and only with `recipients`: the others have it.
    pub fn postpone_outgoing(
        &mut self,
        mailbox: MailboxNo,
        id: i64,
        seconds: i64,
        recipients: &[String],
        error: &str,
    ) -> Result<(), StoreError> {
        let sql = Sql::new(
            "update outbox set next_at = now() + make_interval(secs => $3::float8), recipients = $4, last_error = $5 \
             where mailbox = $1 and id = $2 returning 1",
        )
        .with([
            mailbox.0.into(),
            id.into(),
            Param::Real(seconds as f64),
            Param::Texts(recipients.iter().map(|address| clean(address)).collect()),
            error.into(),
        ]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Outgoing))
    }

    /// How many messages wait, of all mailboxes.
    pub fn outgoing_count(&mut self) -> Result<i64, StoreError> {
        let sql = Sql::new("select count(*) from outbox");
        self.read_one(&sql, Missing::Outgoing)?.try_get(0).map_err(corrupt)
    }
}

fn outgoing(row: &Row) -> Result<Outgoing, postgres::Error> {
    Ok(Outgoing {
        mailbox: MailboxNo(row.try_get(0)?),
        id: row.try_get(1)?,
        sender: row.try_get(2)?,
        recipients: row.try_get(3)?,
        submitted: row.try_get(4)?,
        attempts: row.try_get(5)?,
        last_error: row.try_get(6)?,
        mime: row.try_get::<_, Option<Vec<u8>>>(7)?.unwrap_or_default(),
    })
}
