//! Push subscriptions: whose subscriber is to be called, by which courier, and what became of it.
//!
//! A row is due when its time has come (the first StatusEvent, one after quiet, a retry) or when its mailbox has changed since
//! it was told. Any node's courier may take it: the row names who has, who holds an advisory lock of that number while its session
//! lives, as with the outbox. What was told is written when the subscriber has said that it heard: whoever dies in between leaves
//! the row as it was, and it is told again.

use crate::Mailbox;
use crate::outbox::claim::{LOCKS, abandoned};
use crate::row::{Fields, all, first, firsts};
use crate::sql::{Param, Sql, int};
use crate::stream::EventPosition;
use crate::{Missing, NewSubscription, Store, StoreError};
use ewsd_model::id::{Guid, MailboxNo, Seq};

/// How the subscriber of a new subscription is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPush {
    pub url: String,
    /// Of quiet, after which a StatusEvent is sent.
    pub frequency_seconds: i64,
    pub caller_data: Option<String>,
    /// Where to begin, if not now.
    pub from: Option<EventPosition>,
}

/// Which subscriptions a courier takes.
#[derive(Clone, Copy, Debug)]
pub struct PushClaim {
    /// The courier's number, as in the outbox.
    pub holder: i32,
    /// How long they are its own without [`Store::renew_pushes`].
    pub lease_seconds: i64,
    /// At most so many.
    pub limit: i64,
}

/// A subscription whose subscriber is to be called.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    pub mailbox: MailboxNo,
    pub guid: Guid,
    pub id: Guid,
    pub account: i64,
    pub url: String,
    pub frequency_seconds: i64,
    pub caller_data: Option<String>,
    /// Calls in a row that failed.
    pub failures: i64,
    /// Its time has come, whether or not there is something to tell.
    pub due: bool,
}

/// What becomes of a subscription that a courier has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// The subscriber heard it: told up to there, and quiet begins anew.
    Heard(EventPosition),
    /// There was nothing to tell up to there; nobody was called.
    Nothing(EventPosition),
    /// It could not be told; the first retry comes after `first_seconds`, each further one twice as long after the first failure.
    Failed { first_seconds: i64 },
}

impl Mailbox<'_> {
    /// Makes a push subscription. See [`Mailbox::create_subscription`].
    pub fn create_push(&mut self, new: &NewSubscription, push: &NewPush, most: i64) -> Result<(Guid, Seq), StoreError> {
        let no = self.no;
        let made = self.store.transaction(|store| {
            let (id, since) = store.mailbox(no).create_subscription(new, most)?;
            let guid = || Param::Guid(uuid::Uuid::from_bytes(id.0));
            let sql = Sql::new(
                "insert into push (mailbox, id, url, frequency, caller_data) values ($1, $2, $3, $4, $5) returning 1",
            )
            .with([
                no.0.into(),
                guid(),
                push.url.as_str().into(),
                push.frequency_seconds.into(),
                push.caller_data.as_deref().into(),
            ]);
            store.query(&sql)?;
            if let Some(from) = push.from {
                let sql = Sql::new(
                    "update subscription set told = $3, told_events = $4 where mailbox = $1 and id = $2 returning 1",
                )
                .with([no.0.into(), guid(), from.seq.0.into(), i64::from(from.events).into()]);
                store.query(&sql)?;
            }
            Ok::<_, StoreError>((id, since))
        })?;
        self.store.queued = true;
        Ok(made)
    }

    /// Ends what a courier has of a subscription. False: it has it no more, or the subscription is gone.
    pub fn settle_push(&mut self, holder: i32, id: Guid, called: Called) -> Result<bool, StoreError> {
        const HEARD: &str = "
            with done as (
                update push set holder = null, lease = null, failures = 0, first_failed = null,
                    due = case when $6::boolean then now() + make_interval(secs => frequency) else due end
                where mailbox = $1 and id = $2 and holder = $3 returning mailbox, id
            )
            update subscription s set told = $4, told_events = $5
            from done where s.mailbox = done.mailbox and s.id = done.id returning 1";
        const FAILED: &str = "
            update push set holder = null, lease = null, failures = failures + 1,
                first_failed = coalesce(first_failed, now()),
                due = coalesce(first_failed, now()) + make_interval(secs => $4::float8 * power(2, least(failures, 30)))
            where mailbox = $1 and id = $2 and holder = $3 returning 1";
        let key = [self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0)), i64::from(holder).into()];
        let told = |told: EventPosition, heard: bool| {
            Sql::new(HEARD).with(key.clone()).with([told.seq.0.into(), i64::from(told.events).into(), heard.into()])
        };
        let sql = match called {
            Called::Heard(upto) => told(upto, true),
            Called::Nothing(upto) => told(upto, false),
            Called::Failed { first_seconds } => Sql::new(FAILED).with(key).with([Param::Real(first_seconds as f64)]),
        };
        Ok(self.store.query_opt(&sql)?.is_some())
    }

    /// Whether the next retry of a subscription would come later after the first failure than its frequency allows.
    pub fn push_is_lost(&mut self, id: Guid) -> Result<bool, StoreError> {
        let sql = Sql::new(
            "select failures > 0 and due > first_failed + make_interval(secs => frequency) from push
            where mailbox = $1 and id = $2",
        )
        .with([self.no.0.into(), Param::Guid(uuid::Uuid::from_bytes(id.0))]);
        first(&self.store.read_one(&sql, Missing::Subscription)?)
    }
}

impl Store {
    /// Takes subscriptions whose subscribers are to be called, the longest waiting first.
    pub fn claim_pushes(&mut self, claim: &PushClaim) -> Result<Vec<Push>, StoreError> {
        const TAKE: &str = "
            with ready as materialized (
                select p.mailbox, p.id, p.due <= now() as is_due from push p
                    join subscription s on s.mailbox = p.mailbox and s.id = p.id
                    join counter c on c.mailbox = p.mailbox
                where p.holder is null and (p.due <= now() or (p.failures = 0
                    and (c.seq > coalesce(s.told, s.since) or coalesce(s.told_events, 255) < 255)))
                order by p.due limit $3 for update of p skip locked
            )
            update push p set holder = $1, lease = now() + make_interval(secs => $2::float8)
            from ready r, subscription s, mailbox m
            where p.mailbox = r.mailbox and p.id = r.id and s.mailbox = r.mailbox and s.id = r.id and m.mailbox = r.mailbox
            returning p.mailbox, m.guid, p.id, s.account, p.url, p.frequency::bigint, p.caller_data, p.failures::bigint, r.is_due";
        self.transaction(|store| {
            store.hold_lock(claim.holder)?;
            let sql = Sql::new(TAKE).with([
                i64::from(claim.holder).into(),
                Param::Real(claim.lease_seconds as f64),
                claim.limit.into(),
            ]);
            all(&store.query(&sql)?, push)
        })
    }

    /// Keeps what a courier has for another lease.
    pub fn renew_pushes(&mut self, holder: i32, lease_seconds: i64) -> Result<(), StoreError> {
        let sql = Sql::new("update push set lease = now() + make_interval(secs => $2::float8) where holder = $1")
            .with([i64::from(holder).into(), Param::Real(lease_seconds as f64)]);
        self.query(&sql).map(drop)
    }

    /// Frees what couriers had that are no more: those whose lock nobody has, and those that did not renew in time.
    pub fn free_pushes(&mut self, holder: i32) -> Result<i64, StoreError> {
        let free = format!(
            "update push p set holder = null, lease = null where {} returning 1",
            abandoned("p.holder", "p.lease")
        );
        let sql = Sql::new(free).with([i64::from(holder).into(), i64::from(LOCKS).into()]);
        int(self.query(&sql)?.len())
    }

    /// Gives back all that a courier has, as when it ends.
    pub fn release_pushes(&mut self, holder: i32) -> Result<(), StoreError> {
        let sql =
            Sql::new("update push set holder = null, lease = null where holder = $1").with([i64::from(holder).into()]);
        self.query(&sql).map(drop)
    }

    /// The mailboxes that have push subscriptions.
    pub fn pushed_mailboxes(&mut self) -> Result<Vec<MailboxNo>, StoreError> {
        firsts(&self.read(&Sql::new("select distinct mailbox from push order by mailbox"))?)
    }

    /// Seconds until the next call that no change asks for; none: there is none.
    pub fn next_push_seconds(&mut self) -> Result<Option<f64>, StoreError> {
        let sql = Sql::new(
            "select extract(epoch from due - now())::float8 from push where holder is null order by due limit 1",
        );
        self.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }
}

fn push(fields: &mut Fields<'_>) -> Result<Push, StoreError> {
    Ok(Push {
        mailbox: fields.next()?,
        guid: fields.next()?,
        id: fields.next()?,
        account: fields.next()?,
        url: fields.next()?,
        frequency_seconds: fields.next()?,
        caller_data: fields.next()?,
        failures: fields.next()?,
        due: fields.next()?,
    })
}
