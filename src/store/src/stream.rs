//! Subscriptions that are read as streams: which connection has one, and how far it was told.
//!
//! The reader of a stream keeps no watermark, so the place in the journal lies here. A connection is known by a number of its own,
//! which each of its subscriptions bears: what a second connection takes over, the first one is told no more. Whoever lost a
//! subscription is remembered until [`Store::take_ended_streams`], so that the master can wake it.

use crate::row::Fields;
use crate::sql::{Param, Sql};
use crate::subscription::{COLUMNS, subscription};
use crate::{Mailbox, Store, StoreError, Subscription};
use ewsd_model::id::{Guid, Seq};

/// A place between two events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPosition {
    pub seq: Seq,
    /// How many events of the change `seq`; 255: all of them.
    pub events: u8,
}

impl EventPosition {
    pub(crate) fn read(fields: &mut Fields<'_>) -> Result<EventPosition, StoreError> {
        let (seq, events) = (fields.next()?, fields.next::<i32>()?);
        let events = u8::try_from(events).map_err(|_| StoreError::Corrupt(format!("{events} events told")))?;
        Ok(EventPosition { seq, events })
    }
}

/// How far the reader of a stream was told of one of its subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPosition {
    pub stream: i64,
    pub id: Guid,
    pub told: EventPosition,
}

/// A subscription that a stream took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedSubscription {
    pub id: Guid,
    pub told: EventPosition,
    /// The number of the mailbox's last change.
    pub newest: Seq,
}

impl Mailbox<'_> {
    /// Gives subscriptions whose time is not over to the stream of that number. Their time begins in `seconds`, when the
    /// stream ends at the latest. Those that are missing in the answer are gone.
    pub fn claim_stream(
        &mut self,
        ids: &[Guid],
        stream: i64,
        seconds: i64,
    ) -> Result<Vec<ClaimedSubscription>, StoreError> {
        // Locked in the order of their ids: two connections with the same ones wait for each other.
        const CLAIM: &str = "
            with old as (
                select id, stream from subscription
                where mailbox = $1 and id = any($2::uuid[]) and ends > now()
                order by id for update
            )
            update subscription s set stream = $3, ends = now() + make_interval(secs => $4::int + s.timeout)
            from old, counter c
            where s.mailbox = $1 and s.id = old.id and c.mailbox = $1
            returning s.id, coalesce(s.told, s.since), coalesce(s.told_events, 255)::int, c.seq, old.stream";
        let sql = Sql::new(CLAIM).with([self.no.0.into(), guids(ids), stream.into(), seconds.into()]);
        let mut claimed = Vec::with_capacity(ids.len());
        for row in self.store.query(&sql)? {
            let mut fields = Fields::new(&row);
            claimed.push(ClaimedSubscription {
                id: fields.next()?,
                told: EventPosition::read(&mut fields)?,
                newest: fields.next()?,
            });
            self.store.ended_streams.extend(fields.next::<Option<i64>>()?);
        }
        Ok(claimed)
    }

    /// Keeps how far readers of streams were told. Says of how many subscriptions: one that another stream has by now is left
    /// alone. It is not waited for the disk: what a crash of the database takes back is told once more.
    pub fn tell_streams(&mut self, told: &[StreamPosition]) -> Result<usize, StoreError> {
        const TELL: &str = "
            update subscription s set told = t.seq, told_events = t.events
            from (select unnest($2::uuid[]) as id, unnest($3::bigint[]) as seq, unnest($4::smallint[]) as events,
                         unnest($5::bigint[]) as stream) t,
                 set_config('synchronous_commit', 'off', true) relaxed
            where s.mailbox = $1 and s.id = t.id and s.stream = t.stream returning 1";
        let ids: Vec<Guid> = told.iter().map(|one| one.id).collect();
        let numbers = |number: fn(&StreamPosition) -> i64| Param::Ints(told.iter().map(number).collect());
        let sql = Sql::new(TELL).with([
            self.no.0.into(),
            guids(&ids),
            numbers(|one| one.told.seq.0),
            numbers(|one| i64::from(one.told.events)),
            numbers(|one| one.stream),
        ]);
        Ok(self.store.query(&sql)?.len())
    }

    /// Runs `body` with those of several subscriptions that are there, in a transaction that begins with reading them: until it is
    /// over nobody else gets or ends one. Of several mailboxes, begin with the lower number: two streams with the same ones wait for
    /// each other. It is not waited for the disk, either.
    pub fn with_subscriptions<T, E: From<StoreError>>(
        &mut self,
        ids: &[Guid],
        mut body: impl FnMut(&mut Store, Vec<Subscription>) -> Result<T, E>,
    ) -> Result<T, E> {
        let sql = Sql::new(format!(
            "select {COLUMNS} from subscription s, set_config('synchronous_commit', 'off', true) relaxed
            where mailbox = $1 and id = any($2::uuid[]) order by id for update of s"
        ))
        .with([self.no.0.into(), guids(ids)]);
        let no = self.no;
        self.store.transaction_from(&sql, |store, rows| {
            let read = rows.iter().map(|row| subscription(no, &mut Fields::new(row)));
            body(store, read.collect::<Result<_, _>>()?)
        })
    }
}

impl Store {
    /// Streams that lost a subscription to another one, or to Unsubscribe, since the last call. To be told to the master.
    pub fn take_ended_streams(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.ended_streams)
    }
}

/// For a place that says `$n::uuid[]`.
pub(crate) fn guids(ids: &[Guid]) -> Param<'static> {
    Param::Guids(ids.iter().map(|id| uuid::Uuid::from_bytes(id.0)).collect())
}
