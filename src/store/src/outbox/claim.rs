//! What the courier does with the queue: takes messages, keeps them while it sends, gives them back or ends them.

use super::{Outgoing, texts};
use crate::row::{Fields, all, first};
use crate::sql::{Param, Sql};
use crate::{Before, Missing, Store, StoreError};
use ewsd_model::id::MailboxNo;

/// First key of the couriers' advisory locks ("outb" in ASCII); the second is the courier's number.
pub(crate) const LOCKS: i32 = 0x6f75_7462;

/// Whether what the column `holder` names as a courier's is that of one that is no more, or that did not renew its `lease` in time.
/// `$1` is the courier that asks, `$2` [`LOCKS`].
pub(crate) fn abandoned(holder: &str, lease: &str) -> String {
    format!(
        "{holder} is not null and {holder} <> $1 and ({lease} <= now() or not exists ( \
             select from pg_locks l \
             where l.locktype = 'advisory' and l.classid = $2::bigint::oid and l.objid = {holder}::bigint::oid \
             and l.objsubid = 2 and l.granted \
             and l.database = (select d.oid from pg_database d where d.datname = current_database())))"
    )
}

/// Which messages a courier takes.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The courier's number: positive, random, another one for each process.
    pub holder: i32,
    /// How long they are its own without [`Store::renew_outgoing`].
    pub lease_seconds: i64,
    /// At most so many.
    pub limit: i64,
    /// Only those that were submitted before.
    pub submitted: Option<Before>,
}

/// A message that goes on waiting.
#[derive(Clone, Copy, Debug)]
pub struct Postponed<'a> {
    pub mailbox: MailboxNo,
    pub id: i64,
    pub holder: i32,
    /// Until the next attempt.
    pub seconds: i64,
    /// Who does not have it yet.
    pub recipients: &'a [String],
    pub error: Option<&'a str>,
    /// False: it was not really tried, so the attempt does not count.
    pub attempted: bool,
}

impl Store {
    /// Takes messages whose time has come, the longest waiting first. Locks of other couriers' claims are passed by.
    pub fn claim_outgoing(&mut self, claim: &Claim) -> Result<Vec<Outgoing>, StoreError> {
        const TAKE: &str = "
            with due as materialized (
                select mailbox, id from outbox
                where holder is null and next_at <= now()
                  and ($4::timestamptz is null or submitted <= $4)
                order by next_at limit $3 for update skip locked
            )
            update outbox o
            set attempts = o.attempts + 1, holder = $1, next_at = now() + make_interval(secs => $2::float8)
            from due where o.mailbox = due.mailbox and o.id = due.id
            returning o.mailbox, o.id, o.sender, o.recipients, o.submitted, o.attempts, o.last_error,
                (select string_agg(data, ''::bytea order by part) from blob b where b.mailbox = o.mailbox and b.hash = o.mime)";
        self.transaction(|store| {
            store.hold_lock(claim.holder)?;
            let sql = Sql::new(TAKE).with([
                i64::from(claim.holder).into(),
                Param::Real(claim.lease_seconds as f64),
                claim.limit.into(),
                claim.submitted.map(Before::time).into(),
            ]);
            all(&store.query(&sql)?, outgoing)
        })
    }

    /// Keeps what a courier has for another lease. Takes its lock anew, should the connection have been lost.
    pub fn renew_outgoing(&mut self, holder: i32, lease_seconds: i64) -> Result<(), StoreError> {
        self.hold_lock(holder)?;
        let sql = Sql::new("update outbox set next_at = now() + make_interval(secs => $2::float8) where holder = $1")
            .with([i64::from(holder).into(), Param::Real(lease_seconds as f64)]);
        self.query(&sql).map(drop)
    }

    /// Frees what couriers held that are no more: those whose lock nobody has, and those that did not renew in time.
    pub fn free_outgoing(&mut self, holder: i32) -> Result<i64, StoreError> {
        let free = format!(
            "update outbox o set holder = null, next_at = now() where {} returning 1",
            abandoned("o.holder", "o.next_at")
        );
        let sql = Sql::new(free).with([i64::from(holder).into(), i64::from(LOCKS).into()]);
        crate::sql::int(self.query(&sql)?.len())
    }

    /// Gives back all that a courier has, as when it ends.
    pub fn release_outgoing(&mut self, holder: i32) -> Result<(), StoreError> {
        let sql = Sql::new("update outbox set holder = null, next_at = now() where holder = $1")
            .with([i64::from(holder).into()]);
        self.query(&sql).map(drop)
    }

    /// Everybody has it, or nobody will: the message is done with. False: it is gone already.
    pub fn finish_outgoing(&mut self, mailbox: MailboxNo, id: i64) -> Result<bool, StoreError> {
        let sql = Sql::new("delete from outbox where mailbox = $1 and id = $2 returning 1")
            .with([mailbox.0.into(), id.into()]);
        Ok(self.query_opt(&sql)?.is_some())
    }

    /// Gives a message back to wait. False: it is gone, or another courier's by now.
    pub fn postpone_outgoing(&mut self, wait: &Postponed) -> Result<bool, StoreError> {
        const WAIT: &str = "
            update outbox set holder = null, next_at = now() + make_interval(secs => $4::float8), recipients = $5,
                last_error = coalesce($6, last_error), attempts = attempts - case when $7::boolean then 0 else 1 end
            where mailbox = $1 and id = $2 and holder = $3 returning 1";
        let sql = Sql::new(WAIT).with([
            wait.mailbox.0.into(),
            wait.id.into(),
            i64::from(wait.holder).into(),
            Param::Real(wait.seconds as f64),
            texts(wait.recipients),
            wait.error.into(),
            wait.attempted.into(),
        ]);
        Ok(self.query_opt(&sql)?.is_some())
    }

    /// From now on only `recipients` wait for a message that is being sent.
    pub fn narrow_outgoing(&mut self, mailbox: MailboxNo, id: i64, recipients: &[String]) -> Result<(), StoreError> {
        let sql = Sql::new("update outbox set recipients = $3 where mailbox = $1 and id = $2 returning 1").with([
            mailbox.0.into(),
            id.into(),
            texts(recipients),
        ]);
        self.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Outgoing))
    }

    /// Seconds until the next message that nobody holds is due; none: there is none.
    pub fn next_outgoing_seconds(&mut self) -> Result<Option<f64>, StoreError> {
        let sql = Sql::new(
            "select extract(epoch from next_at - now())::float8 from outbox where holder is null order by next_at limit 1",
        );
        self.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }

    /// Takes the courier's lock if this connection does not have it.
    pub(crate) fn hold_lock(&mut self, holder: i32) -> Result<(), StoreError> {
        const HOLD: &str = "
            select case when exists (
                select from pg_locks
                where locktype = 'advisory' and classid = $1::bigint::oid and objid = $2::bigint::oid and objsubid = 2
                  and pid = pg_backend_pid()
            ) then true else pg_try_advisory_lock($1::bigint::int, $2::bigint::int) end";
        let sql = Sql::new(HOLD).with([i64::from(LOCKS).into(), i64::from(holder).into()]);
        let row = self.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Outgoing))?;
        // Not so: the lost connection's session has not ended yet. It is the same courier's.
        if first(&row)? { Ok(()) } else { Err(self.busy()) }
    }
}

fn outgoing(fields: &mut Fields<'_>) -> Result<Outgoing, StoreError> {
    Ok(Outgoing {
        mailbox: fields.next()?,
        id: fields.next()?,
        sender: fields.next()?,
        recipients: fields.next()?,
        submitted: fields.next()?,
        attempts: fields.next()?,
        last_error: fields.next()?,
        mime: fields.next::<Option<_>>()?.unwrap_or_default(),
    })
}
