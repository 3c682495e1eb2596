//! Held calls: handing one to the master, and looking again when the master says so.
//!
//! While it is held nothing of a call is in a worker: what is needed to answer it travels as a few bytes of context. Its
//! caller is looked up anew each time, so an account that was disabled meanwhile is told nothing more.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use std::rc::Rc;
use std::time::Duration;

use ewsd_ews::word::ConnectionStatus;
use ewsd_ews::{Fault, Form, Headers, StreamDocument};
use ewsd_ipc::message::{HeldContext, Pieces, RenderedCall, Share, Watch};
use ewsd_ipc::stream::stream_key;
use ewsd_ipc::{
    AfterReply, Body, ConnRecord, Count, HELD_CONTEXT_MAX, HeldCall, HeldOutcome, HoldUpdate, INLINE_LIMIT, Piece,
    RenderReason, Reply, memfd,
};
use ewsd_mailbox::error::Error;
use ewsd_mailbox::log::{self, note};
use ewsd_mailbox::session::Session;
use ewsd_model::Version;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::Guid;
use ewsd_model::operation::Op;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store, StoreError};
use ewsd_wire::form::{Maybe, Rest, Text, Varint};
use ewsd_wire::{Reader, Refused, Wire as _, form, from_bytes, to_bytes, wire};

use super::frame::Frame;
use super::ready_made::ready_made;
use super::request::{Worker, pair, tell_changes};
use super::together::Together;
use super::written::{Sent, send_at_once};
use crate::auth::Peer;
use crate::form::{Octets, Row};
use crate::front::ews::{self, Counts};
use crate::front::{self, Preferences, Response};
use crate::op::event::looks::{LookCache, SharedLooks};
use crate::op::event::stream::{self, Rows};
use crate::op::event::token::SubscriptionId;
use crate::op::{self, Cx, Hold, Resumed, Stream, StreamProgress};

/// Milliseconds after which a call is looked at again whose answer had no room.
const ROOM_AGAIN_MS: u32 = 1000;

impl Worker<'_> {
    /// Gives the client to the master until something moves.
    pub(super) fn hold(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        preferences: &Preferences,
        id: &str,
        held: front::HeldCall,
    ) -> io::Result<()> {
        let front::HeldCall { response, hold, caller, op, version, form } = held;
        let context = Context {
            account: caller,
            op,
            version,
            says: Says {
                milliseconds: form.milliseconds,
                keep_alive: preferences.keep_alive,
                applied: response.headers.iter().any(|(name, _)| *name == "Preference-Applied"),
            },
            version_minor: preferences.version_minor,
            wait: u32::try_from(hold.wait.as_secs()).unwrap_or(u32::MAX),
            id: Guid::parse(id).ok_or_else(|| io::Error::other("a request's id is no UUID"))?,
            echo: preferences.echo.clone(),
            payload: hold.context.clone(),
        };
        let context = to_bytes(&context);
        if let Some(stream) = hold.stream {
            return self.hold_stream((job, conn, client), preferences, (response, id), (hold, stream, context));
        }
        // After it the master keeps or closes the connection as the request asked: the answer says the same, from the same head.
        let at_deadline = Pieces(ready_made(response, preferences, id, &hold, &context));
        let reply = Reply::Hold {
            job,
            conn,
            watch: watch(&hold),
            then: AfterReply::Keep,
            deadline_ms: milliseconds(hold.wait),
            at_deadline,
            heartbeat_ms: 0,
            at_beat: Pieces::default(),
            stream: false,
            share: Share::default(),
            context: HeldContext(context),
        };
        self.end.send(&reply, &[client.as_fd()])
    }

    /// Begins a stream: its head and its first document are written here, its heartbeats and its end by the master.
    fn hold_stream(
        &mut self,
        (job, conn, client): (u64, ConnRecord, OwnedFd),
        preferences: &Preferences,
        (response, id): (Response, &str),
        (hold, stream, context): (Hold, Stream, Vec<u8>),
    ) -> io::Result<()> {
        let frame = Frame::of(preferences);
        let head = response.stream_head(preferences, id);
        match send_at_once(&client, &head, &frame.documents(&[response.body])) {
            Sent::Whole => {}
            // Not even this fits: nobody reads.
            Sent::Part(_) | Sent::Gone => return self.end.send(&Reply::Closed { job }, &[]),
        }
        let account = held_by(&context);
        let status = |status| frame.documents(&[StreamDocument::Status(status).to_bytes(Form::default())]);
        let end = [status(ConnectionStatus::Closed), frame.end().to_vec()].concat();
        let failure = Failure::new(Code::ErrorExceededConnectionCount);
        let many = StreamDocument::Error { failure, subscriptions: Vec::new() }.to_bytes(Form::default());
        let at_most = Pieces(vec![Piece::Shared([frame.documents(&[many]), end.clone()].concat())]);
        let reply = Reply::Hold {
            job,
            conn,
            watch: watch(&hold),
            then: frame.then(preferences),
            deadline_ms: milliseconds(hold.wait),
            at_deadline: Pieces(vec![Piece::Shared(end)]),
            heartbeat_ms: milliseconds(stream.heartbeat),
            at_beat: Pieces(vec![Piece::Shared(status(ConnectionStatus::Ok))]),
            stream: true,
            share: Share { owner: account, most: stream.most, at_most },
            context: HeldContext(context),
        };
        self.end.send(&reply, &[client.as_fd()])
    }

    /// Looks at each held call of a batch again.
    pub(super) fn render(&mut self, job: u64, batch: Vec<HeldCall>) -> io::Result<()> {
        let looks = LookCache::of(batch.iter().filter_map(subscription_of).collect());
        let mut together = Together::new(self.end, job);
        let mut streams = Vec::new();
        for call in &batch {
            let looked = match self.looking(call, &looks) {
                Ok(looking) if looking.context.is_stream() => {
                    streams.push(looking);
                    continue;
                }
                Ok(looking) => self.look(&looking),
                Err(ended) => *ended,
            };
            self.tell_changes()?;
            tell_rendered(&mut together, call, looked)?;
        }
        streams.sort_by_key(|looking| looking.context.account);
        for streams in streams.chunk_by(|one, next| one.context.account == next.context.account) {
            self.look_at_streams(streams, &mut together)?;
        }
        together.send()
    }

    /// A call is to be looked at in its caller's name; or what it comes to without.
    fn looking<'l>(&mut self, call: &'l HeldCall, looks: &SharedLooks) -> Result<Looking<'l>, Box<HeldResult>> {
        let context: Context = from_bytes(&call.context).map_err(|refused| {
            // Made by another version of this program: the client asks again. Whether it reads a stream, whose head is out, the
            // master knows, and it has the answer that fits.
            note!(Error, "held call {}: its context cannot be read: {refused}", call.held);
            Box::new(HeldResult::of(HeldOutcome::Unreadable))
        })?;
        log::request(&context.id.to_string());
        let ended = match self.auth.by_number(context.account, &mut self.store, self.settings, self.end.shared()) {
            Ok(Some(caller)) if !caller.disabled => {
                return Ok(Looking { call, context, caller, looks: Rc::clone(looks) });
            }
            Ok(_) if context.is_stream() => context.end_stream(&[]),
            Ok(_) => context.answer(Response::challenge(self.offers(Peer::UNKNOWN))),
            Err(error) => self.cannot_look(call, &Error::from(error).into_failure().into(), &context),
        };
        Err(Box::new(ended))
    }

    fn look(&mut self, looking: &Looking<'_>) -> HeldResult {
        let mut counts = Counts::default();
        let looked = looking.look(&mut self.store, self.settings, Rows::default(), &mut counts);
        self.count_errors(counts);
        looked.unwrap_or_else(|fault| self.cannot_look(looking.call, &fault, &looking.context))
    }

    /// Looks at streams of one caller, and tells the master what their clients are told before what must be kept of it is committed:
    /// whatever dies in between, nothing is lost. All in one transaction, or where that fails each in its own.
    fn look_at_streams(&mut self, streams: &[Looking<'_>], together: &mut Together<'_>) -> io::Result<()> {
        let Some(Looking { caller, .. }) = streams.first() else { return Ok(()) };
        let contexts: Vec<&[u8]> = streams.iter().map(|looking| looking.context.payload.as_slice()).collect();
        let (end, settings) = (self.end, self.settings);
        let mut counts = Counts::default();
        let mut told: Option<Vec<StreamProgress>> = None;
        let kept = stream::with_rows(&mut self.store, caller, &contexts, |store, rows| {
            // Run again after another session's change, they are not sent again.
            if told.is_none() {
                counts = Counts::default();
                let look = |looking: &Looking<'_>| looking.look(store, settings, Rc::clone(&rows), &mut counts);
                let mut looked = streams.iter().map(look).collect::<Result<Vec<_>, Fault>>()?;
                tell_changes(store, end)?;
                told = Some(looked.iter_mut().filter_map(|looked| looked.telling.take()).collect());
                for (looking, looked) in streams.iter().zip(looked) {
                    tell_rendered(together, looking.call, looked)?;
                }
                together.send()?;
            }
            StreamProgress::keep(told.as_deref().unwrap_or_default(), store, caller).map_err(Untold::from)
        });
        self.count_errors(counts);
        match (kept, streams) {
            (Ok(()), _) => Ok(()),
            (Err(Untold::Unsent(error)), _) => Err(error),
            (Err(Untold::Fault(fault)), _) if told.is_some() => {
                note!(Warn, "streams may be told again what they were told: {}", fault.code);
                Ok(())
            }
            (Err(Untold::Fault(fault)), [looking]) => {
                let looked = self.cannot_look(looking.call, &fault, &looking.context);
                tell_rendered(together, looking.call, looked)
            }
            _ => streams.chunks(1).try_for_each(|one| self.look_at_streams(one, together)),
        }
    }

    fn count_errors(&mut self, counts: Counts) {
        self.tally.add(Count::Faults, counts.faults);
        self.tally.add(Count::ResponseErrors, counts.errors);
    }

    /// While the database is away nothing can be told of a call, so it stays held. Only one whose time is over is ended.
    fn cannot_look(&mut self, call: &HeldCall, fault: &Fault, context: &Context) -> HeldResult {
        if fault.code == Code::ErrorServerBusy && call.why != RenderReason::Deadline {
            let ms = u32::try_from(self.store.pause_left().as_millis()).unwrap_or(u32::MAX);
            return HeldResult::of(HeldOutcome::Later { ms });
        }
        let mut counts = Counts::default();
        let response = ews::fault_response(fault, &mut counts);
        self.tally.add(Count::Faults, counts.faults);
        if context.is_stream() {
            // Status and head are out already: an error document says it.
            let failure = Failure::with_text(fault.code, fault.text.clone());
            let error = StreamDocument::Error { failure, subscriptions: Vec::new() };
            return context.end_stream(&[error.to_bytes(Form::default())]);
        }
        context.answer(response)
    }
}

/// Tells the master what a held call's client is told.
fn tell_rendered(together: &mut Together<'_>, call: &HeldCall, looked: HeldResult) -> io::Result<()> {
    match fit((looked.outcome, looked.bytes)) {
        Ok((outcome, None)) => together.add(RenderedCall { held: call.held, outcome }),
        Ok((outcome, Some(file))) => together.send_alone(RenderedCall { held: call.held, outcome }, &file),
        Err(error) => {
            note!(Error, "an answer to a held call: {error}");
            // It has no room: the call is looked at again. One whose time is over is ended.
            let ended = HeldOutcome::Answer { then: AfterReply::Close, bytes: Body::Inline(Vec::new()) };
            let outcome =
                if call.why == RenderReason::Deadline { ended } else { HeldOutcome::Later { ms: ROOM_AGAIN_MS } };
            together.add(RenderedCall { held: call.held, outcome })
        }
    }
}

/// A held call that is looked at, and in whose name.
struct Looking<'l> {
    call: &'l HeldCall,
    context: Context,
    caller: Rc<Account>,
    looks: SharedLooks,
}

impl Looking<'_> {
    /// `rows`: of a stream.
    fn look(
        &self,
        store: &mut Store,
        settings: &Settings,
        rows: Rows,
        counts: &mut Counts,
    ) -> Result<HeldResult, Fault> {
        let Looking { call, context, .. } = self;
        log::request(&context.id.to_string());
        let headers = Headers { version: Some(context.version), ..Headers::default() };
        let session = Session::new(store, settings, Rc::clone(&self.caller), headers.culture.as_deref());
        let looks = Some(Rc::clone(&self.looks));
        let mut cx = Cx { looks, rows, ..Cx::new(session, context.version, &headers) };
        let form = Form { milliseconds: context.says.milliseconds, ..Form::default() };
        Ok(match op::resume(&mut cx, context.op, &context.payload, call.why)? {
            Resumed::Still(hold) => HeldResult::of(HeldOutcome::Still { keep: context.keep(hold) }),
            Resumed::More(reply, hold, telling) => {
                let bytes = context.frame().documents(&ews::documents(&reply, form, counts));
                let chunk = HeldOutcome::Chunk { bytes, keep: context.keep(hold) };
                HeldResult { telling: Some(telling), ..HeldResult::of(chunk) }
            }
            Resumed::End(reply) => context.end_stream(&ews::documents(&reply, form, counts)),
            Resumed::Answer(reply) if context.is_stream() => context.end_stream(&ews::documents(&reply, form, counts)),
            Resumed::Answer(reply) => context.answer(ews::reply_response(&reply, form, counts)),
        })
    }
}

/// What a look came to.
struct HeldResult {
    outcome: HeldOutcome,
    /// Of an outcome that ends the hold.
    bytes: Vec<u8>,
    /// What is to be kept of what a stream is told.
    telling: Option<StreamProgress>,
}

impl HeldResult {
    fn of(outcome: HeldOutcome) -> HeldResult {
        HeldResult { outcome, bytes: Vec::new(), telling: None }
    }

    fn end(then: AfterReply, bytes: Vec<u8>) -> HeldResult {
        HeldResult { bytes, ..HeldResult::of(HeldOutcome::Answer { then, bytes: Body::Inline(Vec::new()) }) }
    }
}

/// Why a stream is not told, or what it was told not kept.
enum Untold {
    /// The master could not be told.
    Unsent(io::Error),
    /// It could not be looked at, or the database did not take what is to be kept.
    Fault(Fault),
}

impl From<io::Error> for Untold {
    fn from(error: io::Error) -> Untold {
        Untold::Unsent(error)
    }
}

impl From<Fault> for Untold {
    fn from(fault: Fault) -> Untold {
        Untold::Fault(fault)
    }
}

impl From<Error> for Untold {
    fn from(error: Error) -> Untold {
        Untold::Fault(error.into_failure().into())
    }
}

impl From<StoreError> for Untold {
    fn from(error: StoreError) -> Untold {
        Error::from(error).into()
    }
}

/// The subscription that a held GetEvents is about.
fn subscription_of(call: &HeldCall) -> Option<SubscriptionId> {
    let context = from_bytes::<Context>(&call.context).ok().filter(|context| context.op == Op::GetEvents)?;
    op::event::get::subscription_of(&context.payload)
}

/// Whose a call is, as the master counts.
fn held_by(context: &[u8]) -> u64 {
    from_bytes::<Context>(context).map_or(0, |context| context.account.unsigned_abs())
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn watch(hold: &Hold) -> Watch {
    let mailboxes = hold.watch.iter().map(|(mailbox, seq)| pair(*mailbox, *seq));
    Watch(mailboxes.chain(hold.stream.map(|stream| (stream_key(stream.number), 0))).collect())
}

/// Puts an answer's bytes into the message, or beside it if they are too many. An error is that of making or writing a memfd.
fn fit((outcome, bytes): (HeldOutcome, Vec<u8>)) -> io::Result<(HeldOutcome, Option<std::fs::File>)> {
    let HeldOutcome::Answer { then, .. } = outcome else { return Ok((outcome, None)) };
    if bytes.len() <= INLINE_LIMIT {
        return Ok((HeldOutcome::Answer { then, bytes: Body::Inline(bytes) }, None));
    }
    let file = memfd::of(c"ewsd-answer", &bytes)?;
    Ok((HeldOutcome::Answer { then, bytes: Body::Memfd(bytes.len() as u64) }, Some(file)))
}

wire! {
    /// What is needed to answer a held call, in at most [`HELD_CONTEXT_MAX`] octets with what the operation adds. The version
    /// changes with the layout and with the numbers of operations and versions: a context of another one is not read.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Context version 4 {
        account: i64 as Varint,
        op: Op as Row,
        version: Version as Row,
        says: Says as Bits,
        version_minor: u8,
        /// Seconds.
        wait: u32 as Varint,
        id: Guid as Octets,
        echo: Option<String> as Maybe<Text<128>>,
        /// The operation's own.
        payload: Vec<u8> as Rest<HELD_CONTEXT_MAX>,
    }
}

/// What a call's answer says besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Says {
    /// Times with milliseconds.
    milliseconds: bool,
    keep_alive: bool,
    /// `Preference-Applied`.
    applied: bool,
}

/// A bit each, the least first.
enum Bits {}

impl form::Form<Says> for Bits {
    fn put(value: &Says, out: &mut Vec<u8>) {
        let Says { milliseconds, keep_alive, applied } = *value;
        out.push(u8::from(milliseconds) | u8::from(keep_alive) << 1 | u8::from(applied) << 2);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Says, Refused> {
        let bits = u8::get(reader)?;
        let bit = |n: u8| bits >> n & 1 == 1;
        let says = Says { milliseconds: bit(0), keep_alive: bit(1), applied: bit(2) };
        if bits < 8 { Ok(says) } else { Err(Refused::BadValue(what)) }
    }
}

impl Context {
    fn is_stream(&self) -> bool {
        self.op == Op::GetStreamingEvents
    }

    fn frame(&self) -> Frame {
        Frame::of(&self.preferences())
    }

    /// How the call goes on.
    fn keep(&self, hold: Hold) -> HoldUpdate {
        let watch = watch(&hold);
        HoldUpdate { watch, context: HeldContext(to_bytes(&Context { payload: hold.context, ..self.clone() })) }
    }

    /// An outcome that ends the hold.
    fn answer(&self, mut response: Response) -> HeldResult {
        let preferences = self.preferences();
        if self.says.applied {
            response = response.with("Preference-Applied", format!("wait={}", self.wait));
        }
        let then = if preferences.keep_alive && !response.close { AfterReply::Keep } else { AfterReply::Close };
        let (mut bytes, body) = response.into_bytes(&preferences, &self.id.to_string(), 0);
        bytes.extend_from_slice(&body);
        HeldResult::end(then, bytes)
    }

    /// The last documents of a stream, and its end.
    fn end_stream(&self, documents: &[Vec<u8>]) -> HeldResult {
        let frame = self.frame();
        let mut bytes = frame.documents(documents);
        bytes.extend_from_slice(frame.end());
        HeldResult::end(frame.then(&self.preferences()), bytes)
    }

    fn preferences(&self) -> Preferences {
        Preferences {
            echo: self.echo.clone(),
            keep_alive: self.says.keep_alive,
            version_minor: self.version_minor,
            ..Preferences::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn context() -> Context {
        Context {
            account: 7,
            op: Op::GetEvents,
            version: Version::Exchange2013Sp1,
            says: Says { milliseconds: true, keep_alive: true, applied: true },
            version_minor: 1,
            wait: 30,
            id: Guid([7; 16]),
            echo: Some("client-1".into()),
            payload: b"payload".to_vec(),
        }
    }

    #[test]
    fn a_context_comes_back_as_it_went() {
        let bytes = to_bytes(&context());
        assert_eq!(from_bytes(&bytes), Ok(context()));
        assert!(bytes.len() < 45, "{}", bytes.len());
        let longest = Context { echo: Some("e".repeat(128)), payload: vec![0; 320], ..context() };
        assert!(to_bytes(&longest).len() <= HELD_CONTEXT_MAX);
        for end in 0..bytes.len() - 7 {
            assert!(from_bytes::<Context>(bytes.get(..end).unwrap()).is_err());
        }
        let never = to_bytes(&Context { op: Op::GetFolder, ..context() });
        assert!(from_bytes::<Context>(&never).is_err(), "an operation that the table lets nobody hold");
    }
}
