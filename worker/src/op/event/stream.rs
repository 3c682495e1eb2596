//! GetStreamingEvents (MS-OXWSNTIF 3.1.4.2): opening a stream, and what goes down it when a mailbox has moved.
//!
//! A stream names its subscriptions in its context, with the place up to which each was told on this connection. What outlives the
//! connection lies in the subscription's row ([`StreamProgress`]): written while the documents are on their way, so that a
//! client that comes back at once finds it, and a worker that dies in between leaves it as it was. A subscription belongs to
//! the connection that asked for it last: its row bears that one's number.

use std::collections::BTreeMap;
use std::rc::Rc;

use ewsd_ews::StreamDocument;
use ewsd_ews::reply::{self, Notification};
use ewsd_ews::request::GetStreamingEvents;
use ewsd_ews::word::ConnectionStatus;
use ewsd_ipc::RenderReason;
use ewsd_ipc::stream::stream_number;
use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::{Gate, Granted};
use ewsd_mailbox::random;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{Guid, MailboxNo, Seq};
use ewsd_store::{
    Account, ClaimedSubscription, EventPosition, Store, StoreError, StreamPosition, Subscription, SubscriptionKind,
};
use ewsd_wire::form::{List, Maybe};
use ewsd_wire::{from_bytes, to_bytes, wire};
use std::time::Duration;

use super::looks::look;
use super::token::{SubscriptionId, Watermark};
use crate::form::{Number, Octets};
use crate::op::{Cx, Hold, Resumed, Stream};

/// Subscriptions of one stream.
const IDS: usize = 200;
/// Events of one document.
const EVENTS: usize = 50;
/// Octets of documents that one look makes: what is left is told by the next.
const ROOM: usize = 48 * 1024;
/// What a document takes, and an event in it, at most.
const DOCUMENT: usize = 1200;
const EVENT: usize = 1000;

wire! {
    /// What a stream keeps.
    struct Place version 2 {
        /// The number that its subscriptions bear.
        stream: i64,
        parts: Vec<PartRow> as List<IDS>,
    }

    /// A [`Part`].
    struct PartRow {
        /// None: its caller's own.
        mailbox: Option<Guid> as Maybe<Octets>,
        id: Guid as Octets,
        seq: Seq as Number,
        events: u8,
    }
}

/// One of a stream's subscriptions.
#[derive(Clone, Copy)]
struct Part {
    mailbox: Guid,
    id: Guid,
    /// Told up to there.
    seq: Seq,
    events: u8,
}

impl Place {
    /// For a caller whose own mailbox is `own`.
    fn of(stream: i64, parts: &[Part], own: Guid) -> Place {
        let row = |part: &Part| {
            let Part { mailbox, id, seq, events } = *part;
            PartRow { mailbox: (mailbox != own).then_some(mailbox), id, seq, events }
        };
        Place { stream, parts: parts.iter().map(row).collect() }
    }

    /// The reverse.
    fn parts(&self, own: Guid) -> Vec<Part> {
        let part = |row: &PartRow| {
            let PartRow { mailbox, id, seq, events } = *row;
            Part { mailbox: mailbox.unwrap_or(own), id, seq, events }
        };
        self.parts.iter().map(part).collect()
    }
}

impl Part {
    fn wire_id(&self) -> String {
        SubscriptionId { mailbox: self.mailbox, id: self.id }.encode()
    }

    fn mark(&self) -> Watermark {
        Watermark { mailbox: self.mailbox, seq: self.seq, told: self.events }
    }

    fn position(&self, stream: i64) -> StreamPosition {
        StreamPosition { stream, id: self.id, told: EventPosition { seq: self.seq, events: self.events } }
    }
}

/// What is to be kept of what a stream was told.
#[derive(Debug, Default)]
pub struct StreamProgress(Vec<(Granted, StreamPosition)>);

impl StreamProgress {
    /// Keeps all that streams of one caller were told, in the transaction of [`with_rows`].
    pub fn keep(told: &[StreamProgress], store: &mut Store, caller: &Rc<Account>) -> Result<(), StoreError> {
        let mut mailboxes: BTreeMap<MailboxNo, (Granted, Vec<StreamPosition>)> = BTreeMap::new();
        for (granted, position) in told.iter().flat_map(|progress| &progress.0) {
            mailboxes.entry(granted.mailbox()).or_insert_with(|| (*granted, Vec::new())).1.push(*position);
        }
        let mut gate = Gate::new(store, Rc::clone(caller));
        for (granted, positions) in mailboxes.values() {
            gate.open(granted).tell_streams(positions)?;
        }
        Ok(())
    }

    fn add(&mut self, granted: Granted, stream: i64, part: &Part) {
        self.0.push((granted, part.position(stream)));
    }
}

pub fn run(cx: &mut Cx<'_>, request: GetStreamingEvents) -> Result<Vec<Outcome<StreamDocument>>> {
    if request.ids.is_empty() || request.ids.len() > IDS {
        let text = format!("A stream has 1 to {IDS} subscriptions.");
        return Err(Failure::with_text(Code::ErrorInvalidSubscriptionRequest, text).into());
    }
    let mut refused = Refused::default();
    let wanted = wanted(cx, &request.ids, &mut refused)?;
    if !refused.is_empty() {
        return Ok(refused.last_words());
    }
    let notifications = &cx.settings.notifications;
    let asked = u64::try_from(request.timeout).unwrap_or(0) * 60;
    let wait = Duration::from_secs(asked.min(notifications.stream_most));
    let heartbeat = Duration::from_secs(notifications.heartbeat);
    let number = stream_number(cx.conn, u64::from_le_bytes(random::array()));
    let mut parts = Vec::with_capacity(wanted.len());
    let mut watch = Vec::with_capacity(1);
    for (granted, rows) in wanted {
        let seconds = i64::try_from(wait.as_secs()).unwrap_or(i64::MAX);
        let ids: Vec<Guid> = rows.iter().map(|row| row.id).collect();
        let claimed = cx.gate.open(&granted).claim_stream(&ids, number, seconds)?;
        for row in rows {
            let Some(claim) = claimed.iter().find(|claim| claim.id == row.id) else {
                let id = SubscriptionId { mailbox: granted.guid(), id: row.id };
                refused.add(Code::ErrorSubscriptionNotFound, id.encode());
                continue;
            };
            let part = begin(cx, &granted, &row, claim, number)?;
            // What happened since is told as soon as the master has the stream.
            cx.gate.open(&granted).announce(claim.newest);
            note_seen(&mut watch, granted.mailbox(), part.mark().read_after());
            parts.push(part);
        }
    }
    if !refused.is_empty() {
        return Ok(refused.last_words());
    }
    let context = to_bytes(&Place::of(number, &parts, cx.caller.guid));
    let most = u32::try_from(cx.session.share(cx.settings.limits.streams_per_account)).unwrap_or(u32::MAX);
    let stream = Some(Stream { number, heartbeat, most });
    cx.hold = Some(Hold { watch, wait, context, own: Vec::new(), stream });
    Ok(vec![Outcome::Success(StreamDocument::Status(ConnectionStatus::Ok))])
}

/// Where a stream begins to tell of a subscription. What came since concerns it or not: where it does not, the place in its row
/// moves here, once for each stream. It would else lie where something last did, and be trimmed from the journal with what the
/// subscription never asked for.
fn begin(
    cx: &mut Cx<'_>,
    granted: &Granted,
    row: &Subscription,
    claim: &ClaimedSubscription,
    stream: i64,
) -> Result<Part> {
    let mut part = Part { mailbox: granted.guid(), id: claim.id, seq: claim.told.seq, events: claim.told.events };
    if part.mark().read_after() >= claim.newest {
        return Ok(part);
    }
    match look(cx, granted, row, part.mark(), (1, false)) {
        Ok(seen) if seen.events.is_empty() => {
            (part.seq, part.events) = (seen.upto, Watermark::ALL);
            cx.gate.open(granted).tell_streams(&[part.position(stream)])?;
        }
        // What there is to tell, and why nothing can be told: both go down the stream.
        Ok(_) | Err(Error::Failure(_)) => {}
        Err(fault) => return Err(fault),
    }
    Ok(part)
}

/// The subscriptions that are asked for, by mailbox.
fn wanted(cx: &mut Cx<'_>, ids: &[String], refused: &mut Refused) -> Result<Vec<(Granted, Vec<Subscription>)>> {
    let mut named: Vec<(Granted, Vec<Guid>)> = Vec::with_capacity(1);
    for text in ids {
        let Some(id) = SubscriptionId::decode(text) else {
            refused.add(Code::ErrorInvalidSubscription, text.trim().to_owned());
            continue;
        };
        match named.iter_mut().find(|(granted, _)| granted.guid() == id.mailbox) {
            Some((_, ids)) if ids.contains(&id.id) => {}
            Some((_, ids)) => ids.push(id.id),
            None => match super::watched(cx, id.mailbox)? {
                Some(granted) => named.push((granted, vec![id.id])),
                None => refused.add(Code::ErrorSubscriptionNotFound, text.trim().to_owned()),
            },
        }
    }
    let mut wanted = Vec::with_capacity(named.len());
    for (granted, ids) in named {
        let rows = cx.gate.open(&granted).subscriptions(&ids)?;
        let mut mine = Vec::with_capacity(ids.len());
        for id in ids {
            match usable(rows.iter().find(|row| row.id == id), cx.caller.account) {
                Ok(row) => mine.push(row.clone()),
                Err(code) => refused.add(code, SubscriptionId { mailbox: granted.guid(), id }.encode()),
            }
        }
        wanted.push((granted, mine));
    }
    Ok(wanted)
}

/// Whether a subscription is there, the caller's, and to be read as a stream.
fn usable(row: Option<&Subscription>, caller: i64) -> Result<&Subscription, Code> {
    let row = row.ok_or(Code::ErrorSubscriptionNotFound)?;
    match row {
        _ if row.account != caller => Err(Code::ErrorSubscriptionAccessDenied),
        _ if row.kind != SubscriptionKind::Streaming => Err(Code::ErrorInvalidSubscription),
        _ if row.expired => Err(Code::ErrorExpiredSubscription),
        _ => Ok(row),
    }
}

fn note_seen(watch: &mut Vec<(MailboxNo, Seq)>, mailbox: MailboxNo, seen: Seq) {
    match watch.iter_mut().find(|(known, _)| *known == mailbox) {
        Some((_, least)) => *least = seen.min(*least),
        None => watch.push((mailbox, seen)),
    }
}

/// Subscriptions of streams that are there, and the leave to use each.
pub type Rows = Rc<[(Granted, Subscription)]>;

/// Runs `body` with the subscriptions of held streams of one caller, in a transaction: until it is over no other connection gets one
/// of them, so that what is sent meanwhile is told by these alone.
pub fn with_rows<T, E: From<Error> + From<StoreError>>(
    store: &mut Store,
    caller: &Rc<Account>,
    contexts: &[&[u8]],
    mut body: impl FnMut(&mut Store, Rows) -> Result<T, E>,
) -> Result<T, E> {
    let named = named(&mut Gate::new(store, Rc::clone(caller)), caller.guid, contexts)?;
    let Some(((first, ids), others)) = named.split_first() else { return body(store, Rows::default()) };
    Gate::new(store, Rc::clone(caller)).open(first).with_subscriptions(ids, |store, rows| {
        let mut found: Vec<_> = rows.into_iter().map(|row| (*first, row)).collect();
        for (granted, ids) in others {
            let mut gate = Gate::new(store, Rc::clone(caller));
            let rows = gate.open(granted).with_subscriptions(ids, |_, rows| Ok::<_, StoreError>(rows))?;
            found.extend(rows.into_iter().map(|row| (*granted, row)));
        }
        body(store, found.into())
    })
}

/// The subscriptions that held streams name, by mailbox, in the order in which they are locked.
fn named(gate: &mut Gate<'_>, own: Guid, contexts: &[&[u8]]) -> Result<Vec<(Granted, Vec<Guid>)>> {
    let mut mailboxes: BTreeMap<MailboxNo, (Granted, Vec<Guid>)> = BTreeMap::new();
    for context in contexts {
        for part in place(context)?.parts(own) {
            if let Some(granted) = gate.subscriber(part.mailbox)? {
                mailboxes.entry(granted.mailbox()).or_insert_with(|| (granted, Vec::new())).1.push(part.id);
            }
        }
    }
    Ok(mailboxes.into_values().collect())
}

fn place(context: &[u8]) -> Result<Place> {
    from_bytes(context).map_err(|_| Error::internal("a stream's context is damaged"))
}

/// Looks at a stream again, whose subscriptions are in [`Cx::rows`]: what happened since goes into documents, one for each of them.
pub fn resume(cx: &mut Cx<'_>, context: &[u8], why: RenderReason) -> Result<Resumed<Vec<Outcome<StreamDocument>>>> {
    let place = place(context)?;
    let mut look = StreamLook::new(place.stream, cx.caller.guid);
    let rows = Rc::clone(&cx.rows);
    for part in place.parts(cx.caller.guid) {
        let row = rows.iter().find(|(granted, row)| granted.guid() == part.mailbox && row.id == part.id);
        let mine = usable(row.map(|(_, row)| row), cx.caller.account).and_then(|row| match row.stream {
            Some(stream) if stream == place.stream => Ok(()),
            _ => Err(Code::ErrorNewEventStreamConnectionOpened),
        });
        match (mine, row) {
            (Ok(()), Some((granted, row))) => look.part(cx, *granted, row, part)?,
            (mine, _) => look.refused.add(mine.err().unwrap_or(Code::ErrorSubscriptionNotFound), part.wire_id()),
        }
    }
    Ok(look.end(why))
}

/// One look at a stream.
struct StreamLook {
    /// Its number.
    stream: i64,
    /// The caller's own mailbox.
    own: Guid,
    documents: Vec<StreamDocument>,
    refused: Refused,
    /// Those that go on.
    parts: Vec<Part>,
    watch: Vec<(MailboxNo, Seq)>,
    telling: StreamProgress,
    /// Octets of documents that may still be made.
    room: usize,
}

impl StreamLook {
    fn new(stream: i64, own: Guid) -> StreamLook {
        StreamLook {
            stream,
            own,
            documents: Vec::new(),
            refused: Refused::default(),
            parts: Vec::new(),
            watch: Vec::new(),
            telling: StreamProgress::default(),
            room: ROOM,
        }
    }

    fn part(&mut self, cx: &mut Cx<'_>, granted: Granted, row: &Subscription, mut part: Part) -> Result<()> {
        let most = usize::try_from(cx.settings.notifications.events).unwrap_or(EVENTS).min(EVENTS);
        let fit = self.room.saturating_sub(DOCUMENT) / EVENT;
        let mut more = true;
        if fit > 0 {
            match look(cx, &granted, row, part.mark(), (most.min(fit), false)) {
                Ok(seen) => {
                    more = seen.more;
                    let last = seen.last.filter(|_| more).map(|mark| (mark.seq, mark.told));
                    (part.seq, part.events) = last.unwrap_or((seen.upto, Watermark::ALL));
                    if !seen.events.is_empty() {
                        self.room = self.room.saturating_sub(DOCUMENT + seen.events.len() * EVENT);
                        self.tell(&granted, &part, seen.events.clone());
                    }
                }
                Err(Error::Failure(failure))
                    if matches!(failure.code, Code::ErrorEventNotFound | Code::ErrorInvalidWatermark) =>
                {
                    // What lies between is gone for good: the client is told, and the stream goes on from here.
                    (part.seq, part.events) = (cx.gate.open(&granted).newest()?, Watermark::ALL);
                    more = false;
                    self.refused.add(Code::ErrorMissedNotificationEvents, part.wire_id());
                    self.telling.add(granted, self.stream, &part);
                }
                // The owner of the folders no longer lets them be read: the stream goes on without.
                Err(Error::Failure(failure)) if failure.code == Code::ErrorAccessDenied => {
                    self.refused.add(failure.code, part.wire_id());
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        let seen = part.mark().read_after();
        if more {
            // There is at least the next number; the master need not have heard of it.
            cx.gate.open(&granted).announce(Seq(seen.0 + 1));
        }
        note_seen(&mut self.watch, granted.mailbox(), seen);
        self.parts.push(part);
        Ok(())
    }

    fn tell(&mut self, granted: &Granted, part: &Part, events: Vec<reply::Event>) {
        self.documents.push(StreamDocument::Notifications(vec![Notification {
            subscription: part.wire_id(),
            previous_watermark: None,
            more_events: None,
            events,
        }]));
        self.telling.add(*granted, self.stream, part);
    }

    fn end(mut self, why: RenderReason) -> Resumed<Vec<Outcome<StreamDocument>>> {
        self.documents.extend(self.refused.documents());
        let over = self.parts.is_empty() || why == RenderReason::Deadline;
        if over {
            self.documents.push(StreamDocument::Status(ConnectionStatus::Closed));
        }
        let documents: Vec<_> = self.documents.into_iter().map(Outcome::Success).collect();
        if over {
            return Resumed::End(documents);
        }
        let context = to_bytes(&Place::of(self.stream, &self.parts, self.own));
        let stream = Some(Stream { number: self.stream, heartbeat: Duration::ZERO, most: 0 });
        let hold = Hold { watch: self.watch, context, stream, ..Hold::default() };
        if documents.is_empty() { Resumed::Still(hold) } else { Resumed::More(documents, hold, self.telling) }
    }
}

/// Subscriptions that are told no more, by the reason.
#[derive(Default)]
struct Refused(Vec<(Code, Vec<String>)>);

impl Refused {
    fn add(&mut self, code: Code, id: String) {
        match self.0.iter_mut().find(|(known, _)| *known == code) {
            Some((_, ids)) => ids.push(id),
            None => self.0.push((code, vec![id])),
        }
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn documents(self) -> impl Iterator<Item = StreamDocument> {
        self.0
            .into_iter()
            .map(|(code, subscriptions)| StreamDocument::Error { failure: Failure::new(code), subscriptions })
    }

    /// All that a stream has that is not opened.
    fn last_words(self) -> Vec<Outcome<StreamDocument>> {
        let closed = StreamDocument::Status(ConnectionStatus::Closed);
        self.documents().chain([closed]).map(Outcome::Success).collect()
    }
}
