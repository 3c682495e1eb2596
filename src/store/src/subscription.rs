//! Subscriptions: they outlive connections, workers and restarts, and any node can serve them.

use crate::row::{Fields, all, first, kinds};
use crate::sql::{Param, Sql, int};
use crate::stream::{EventPosition, guids};
use crate::{Before, Mailbox, Map, Missing, Scope, Store, StoreError};
use ewsd_model::id::{FolderNo, Guid, MailboxNo, Seq};

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
    /// The stream that reads it, or was the last to.
    pub stream: Option<i64>,
    /// How far its reader was told, where the reader keeps no watermark.
    pub told: EventPosition,
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
            select {columns} from s";
        let sql = Sql::new(READ.replace("{columns}", COLUMNS))
            .with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0))]);
        let row = self.store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Subscription))?;
        subscription(self.no, &mut Fields::new(&row))
    }

    /// Reads several, those that are there, in no order, and starts their time anew, as [`Mailbox::subscription`]. Of thousands that
    /// are read at once, because their mailbox has changed, mostly none is to be written: those that are take a statement more.
    pub fn renew_subscriptions(&mut self, ids: &[Guid]) -> Result<Vec<Subscription>, StoreError> {
        const DUE: &str = "ends > now() and ends < now() + make_interval(secs => timeout * 0.9375)";
        let sql =
            Sql::new(format!("select {COLUMNS}, {DUE} from subscription where mailbox = $1 and id = any($2::uuid[])"));
        let (mut found, mut due) = (Vec::with_capacity(ids.len()), Vec::new());
        for row in self.store.query(&sql.with([self.no.0.into(), guids(ids)]))? {
            let mut fields = Fields::new(&row);
            let subscription = subscription(self.no, &mut fields)?;
            if fields.next()? {
                due.push(subscription.id);
            }
            found.push(subscription);
        }
        if !due.is_empty() {
            let sql = Sql::new(format!(
                "update subscription set ends = now() + make_interval(secs => timeout)
                where mailbox = $1 and id = any($2::uuid[]) and {DUE} returning 1"
            ));
            self.store.query(&sql.with([self.no.0.into(), guids(&due)]))?;
        }
        Ok(found)
    }

    /// Those of several that are there, in no order. Their time does not start anew.
    pub fn subscriptions(&mut self, ids: &[Guid]) -> Result<Vec<Subscription>, StoreError> {
        let sql = Sql::new(format!("select {COLUMNS} from subscription where mailbox = $1 and id = any($2::uuid[])"))
            .with([self.no.0.into(), guids(ids)]);
        self.store.read(&sql)?.iter().map(|row| subscription(self.no, &mut Fields::new(row))).collect()
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
        let sql = Sql::new("delete from subscription where mailbox = $1 and id = $2 returning stream")
            .with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0))]);
        let row = self.store.query_opt(&sql)?.ok_or(StoreError::NotFound(Missing::Subscription))?;
        self.store.ended_streams.extend(first::<Option<i64>>(&row)?);
        Ok(())
    }
}

/// A subscription as administrators see it.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedSubscription {
    pub id: Guid,
    /// Login of whose it is.
    pub login: String,
    /// Login of whose mailbox it is in.
    pub owner: String,
    pub kind: SubscriptionKind,
    /// How many folders it names; none: the whole mailbox.
    pub folders: Option<i64>,
    /// Seconds until it ends if nobody asks for it; negative: it is over.
    pub left_seconds: i64,
    /// The stream that reads it, or was the last to.
    pub stream: Option<i64>,
}

impl Store {
    /// All subscriptions, or those of one account, by login and by when they end.
    pub fn listed_subscriptions(&mut self, account: Option<i64>) -> Result<Vec<ListedSubscription>, StoreError> {
        const LIST: &str = "
            select s.id, a.login, o.login, s.kind, cardinality(s.folders)::bigint,
                extract(epoch from s.ends - now())::bigint, s.stream
            from subscription s
            join account a on a.account = s.account
            join account o on o.mailbox = s.mailbox
            where $1::bigint is null or s.account = $1
            order by a.login, s.ends, s.id";
        let sql = Sql::new(LIST).with([account.map_or(Param::Null, Param::Int)]);
        all(&self.read(&sql)?, |fields| {
            Ok(ListedSubscription {
                id: fields.next()?,
                login: fields.next()?,
                owner: fields.next()?,
                kind: fields.next()?,
                folders: fields.next()?,
                left_seconds: fields.next()?,
                stream: fields.next()?,
            })
        })
    }

    /// Removes those whose time was over before; until then they are answered as expired.
    pub fn expire_subscriptions(&mut self, before: Before) -> Result<i64, StoreError> {
        let sql = Sql::new("delete from subscription where ends < $1 returning 1").with([before.time().into()]);
        int(self.query(&sql)?.len())
    }
}

fn quiet(fields: &mut Fields<'_>) -> Result<Option<(Seq, Seq)>, StoreError> {
    let (from, upto): (Option<Seq>, Option<Seq>) = (fields.next()?, fields.next()?);
    Ok(from.zip(upto))
}

/// What [`subscription`] reads.
pub(crate) const COLUMNS: &str = "id, account, kind, folders, events, since, timeout, details, ends <= now(), quiet_from, quiet_upto, \
                       stream, coalesce(told, since), coalesce(told_events, 255)::int";

/// Reads [`COLUMNS`].
pub(crate) fn subscription(mailbox: MailboxNo, fields: &mut Fields<'_>) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        mailbox,
        id: fields.next()?,
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
        quiet: quiet(fields)?,
        stream: fields.next()?,
        told: EventPosition::read(fields)?,
    })
}
