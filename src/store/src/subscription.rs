//! Subscriptions: they outlive connections, workers and restarts, and any node can serve them.

use crate::row::{Fields, kinds};
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, Map, Missing, Scope, Store, StoreError};
use ewsd_model::id::{FolderNo, Guid, MailboxNo, Seq};
use postgres::Row;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
pub enum SubscriptionKind {
    Pull = 0,
    Streaming = 1,
    Push = 2,
}

kinds! {
    SubscriptionKind: |number| match number {
        0 => Some(SubscriptionKind::Pull),
        1 => Some(SubscriptionKind::Streaming),
        2 => Some(SubscriptionKind::Push),
        _ => None,
    }, "subscription kind";
}

#[derive(Clone, Debug)]
pub struct NewSubscription {
    /// The account that may use it.
    pub account: i64,
    pub kind: SubscriptionKind,
    pub scope: Scope,
    /// Bits as the worker numbers the kinds of events.
    pub events: u32,
    /// Without a call for so long it is gone.
    pub timeout_seconds: i64,
    /// Whatever else the worker wants to keep with it (callback address, caller's data).
    pub details: Map,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub mailbox: MailboxNo,
    pub id: Guid,
    pub account: i64,
    pub kind: SubscriptionKind,
    pub scope: Scope,
    pub events: u32,
    /// The journal's number when it was made.
    pub since: Seq,
    pub timeout_seconds: i64,
    pub details: Map,
    /// Its time is over; it will be removed soon.
    pub expired: bool,
    /// Between these two numbers, the second included, the journal has nothing to tell.
    pub quiet: Option<(Seq, Seq)>,
}

impl Mailbox<'_> {
    /// Makes it and answers its id and the number from which it watches. `most` is how many one account may have:
    /// [`StoreError::Subscriptions`] beyond.
    pub fn create_subscription(&mut self, new: &NewSubscription, most: i64) -> Result<(Guid, Seq), StoreError> {
        const CREATE: &str = "
            insert into subscription (mailbox, account, kind, folders, events, since, timeout, ends, details)
            select $1, $2, $3, $4, $5, c.seq, $6::int, now() + make_interval(secs => $6::int), $7
            from counter c
            where c.mailbox = $1 and (select count(*) from subscription where account = $2 and ends > now()) < $8
            returning id, since";
        let folders = match &new.scope {
            Scope::All => Param::Null,
            Scope::Folders(folders) => Param::Ints(folders.iter().map(|folder| folder.0).collect()),
        };
        let sql = Sql::new(CREATE).with([
            self.no.0.into(),
            new.account.into(),
            Param::Int(new.kind as i64),
            folders,
            Param::Int(i64::from(new.events as i32)),
            new.timeout_seconds.into(),
            new.details.clone().into(),
            most.into(),
        ]);
        match self.store.query_opt(&sql)? {
            Some(row) => {
                let mut fields = Fields::new(&row);
                Ok((fields.next()?, fields.next()?))
            }
            None => self.newest().and(Err(StoreError::Subscriptions)),
        }
    }

    /// Reads it and, if its time is not over, starts its time anew. Writes only when a sixteenth of the time has passed.
    pub fn subscription(&mut self, id: Guid) -> Result<Subscription, StoreError> {
        const READ: &str = "
            with s as (
                select * from subscription where mailbox = $1 and id = $2
            ), t as (
                update subscription o set ends = now() + make_interval(secs => s.timeout) from s
                where o.mailbox = $1 and o.id = s.id and o.ends > now()
                  and o.ends < now() + make_interval(secs => s.timeout * 0.9375)
            )
            select account, kind, folders, events, since, timeout, details, ends <= now(), quiet_from, quiet_upto from s";
        let sql = Sql::new(READ).with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0))]);
        let row = self.store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Subscription))?;
        subscription(self.no, id, &row)
    }

    /// Starts its time anew, for a stream that is open.
    pub fn touch_subscription(&mut self, id: Guid) -> Result<(), StoreError> {
        self.subscription(id).map(drop)
    }

    /// Remembers that there is nothing to tell between two numbers, the second included.
    pub fn note_quiet(&mut self, id: Guid, from: Seq, upto: Seq) -> Result<(), StoreError> {
        let sql = Sql::new(
            "update subscription set quiet_from = $3, quiet_upto = $4 where mailbox = $1 and id = $2 returning 1",
        )
        .with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0)), from.0.into(), upto.0.into()]);
        self.store.query_opt(&sql).map(drop)
    }

    pub fn delete_subscription(&mut self, id: Guid) -> Result<(), StoreError> {
        let sql = Sql::new("delete from subscription where mailbox = $1 and id = $2 returning 1")
            .with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0))]);
        self.store.query_opt(&sql)?.map(drop).ok_or(StoreError::NotFound(Missing::Subscription))
    }
}

impl Store {
    /// Removes those whose time has been over for `grace_seconds`; during the grace they are answered as expired.
    pub fn expire_subscriptions(&mut self, grace_seconds: i64) -> Result<i64, StoreError> {
        let sql =
            Sql::new("delete from subscription where ends < now() - make_interval(secs => $1::float8) returning 1")
                .with([Param::Real(grace_seconds as f64)]);
        int(self.query(&sql)?.len())
    }
}

fn quiet(fields: &mut Fields<'_>) -> Result<Option<(Seq, Seq)>, StoreError> {
    let (from, upto): (Option<Seq>, Option<Seq>) = (fields.next()?, fields.next()?);
    Ok(from.zip(upto))
}

fn subscription(mailbox: MailboxNo, id: Guid, row: &Row) -> Result<Subscription, StoreError> {
    let mut fields = Fields::new(row);
    Ok(Subscription {
        mailbox,
        id,
        account: fields.next()?,
        kind: fields.next()?,
        scope: match fields.next::<Option<Vec<i64>>>()? {
            Some(folders) => Scope::Folders(folders.into_iter().map(FolderNo).collect()),
            None => Scope::All,
        },
        events: fields.next()?,
        since: fields.next()?,
        timeout_seconds: fields.next::<i32>()?.into(),
        details: fields.next()?,
        expired: fields.next()?,
        quiet: quiet(&mut fields)?,
    })
}
