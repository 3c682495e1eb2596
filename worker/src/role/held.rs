//! Held calls: handing one to the master, and looking again when the master says so.
//!
//! While it is held nothing of a call is in a worker: what is needed to answer it travels as a few bytes of context. Its
//! caller is looked up anew each time, so an account that was disabled meanwhile is told nothing more.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use ewsd_ews::{Fault, Form, Headers};
use ewsd_ipc::message::{HeldContext, Pieces, Watch};
use ewsd_ipc::{
    Body, ConnRecord, Count, HELD_CONTEXT_MAX, HeldCall, INLINE_LIMIT, Keep, Outcome, PIECES_MAX, Piece, Reply, Then,
    Why, memfd,
};
use ewsd_mailbox::error::Error;
use ewsd_mailbox::log::{self, note};
use ewsd_mailbox::session::Session;
use ewsd_model::Version;
use ewsd_model::code::Code;
use ewsd_model::operation::Op;
use ewsd_wire::form::{Maybe, Rest, Text};
use ewsd_wire::{from_bytes, to_bytes, wire};

use super::request::{Worker, pair};
use crate::auth;
use crate::form::Row;
use crate::front::ews::{self, Counts};
use crate::front::{Held, Preferences, Response};
use crate::op::{self, Resumed};
use crate::op::{Cx, Hold};

impl Worker<'_> {
    /// Gives the client to the master until something moves.
    pub(super) fn hold(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        preferences: &Preferences,
        id: &str,
        held: Held,
    ) -> io::Result<()> {
        let Held { response, hold, caller, op, version, form } = held;
        let context = Context {
            account: caller,
            op,
            version,
            milliseconds: form.milliseconds,
            keep_alive: preferences.keep_alive,
            version_minor: preferences.version_minor,
            applied: response.headers.iter().any(|(name, _)| *name == "Preference-Applied"),
            wait: u32::try_from(hold.wait.as_secs()).unwrap_or(u32::MAX),
            id: id.to_owned(),
            echo: preferences.echo.clone(),
            payload: hold.context.clone(),
        };
        let deadline_ms = u32::try_from(hold.wait.as_millis()).unwrap_or(u32::MAX);
        let context = to_bytes(&context);
        // After it the master keeps or closes the connection as the request asked: the answer says the same, from the same head.
        let at_deadline = Pieces(ready_made(response, preferences, id, &hold, &context));
        let watch = watch(&hold);
        let context = HeldContext(context);
        let reply = Reply::Hold { job, conn, watch, deadline_ms, at_deadline, heartbeat_ms: 0, stream: false, context };
        self.end.send(&reply, &[client.as_fd()])
    }

    /// Looks at each held call of a batch again.
    pub(super) fn render(&mut self, job: u64, batch: Vec<HeldCall>) -> io::Result<()> {
        for call in batch {
            let outcome = self.look_again(&call);
            self.tell_changes()?;
            let (outcome, file) = fit(outcome);
            let fds: Vec<_> = file.iter().map(AsFd::as_fd).collect();
            self.end.send(&Reply::Rendered { job, held: call.held, outcome }, &fds)?;
        }
        Ok(())
    }

    fn look_again(&mut self, call: &HeldCall) -> (Outcome, Vec<u8>) {
        let context: Context = match from_bytes(&call.context) {
            Ok(context) => context,
            Err(refused) => {
                // Made by another version of this program: the client asks again.
                note!(Error, "held call {}: its context cannot be read: {refused}", call.held);
                return closing(Response::text(500, "The server was changed meanwhile. Ask again."));
            }
        };
        log::request(&context.id);
        let preferences = context.preferences();
        let caller = match self.auth.by_number(context.account, &mut self.store, self.settings, self.end.shared()) {
            Ok(Some(caller)) if !caller.disabled => caller,
            Ok(_) => {
                return answer(Response::challenge(auth::offers(self.settings)), &context, &preferences);
            }
            Err(error) => {
                return self.cannot_look(call, &Error::from(error).into_failure().into(), &context, &preferences);
            }
        };
        let headers = Headers { version: Some(context.version), ..Headers::default() };
        let session = Session::new(&mut self.store, self.settings, caller, headers.culture.as_deref());
        let mut cx = Cx::new(session, context.version, &headers);
        let form = Form { milliseconds: context.milliseconds };
        let mut counts = Counts::default();
        let response = match op::resume(&mut cx, context.op, &context.payload, call.why) {
            Ok(Resumed::Still(hold)) => {
                let watch = watch(&hold);
                let context = Context { payload: hold.context, ..context };
                let keep = Keep { watch, context: HeldContext(to_bytes(&context)) };
                return (Outcome::Still { keep }, Vec::new());
            }
            Ok(Resumed::Answer(reply)) => ews::reply_response(&reply, form, &mut counts),
            Err(fault) => return self.cannot_look(call, &fault, &context, &preferences),
        };
        self.tally.add(Count::Faults, counts.faults);
        self.tally.add(Count::ResponseErrors, counts.errors);
        answer(response, &context, &preferences)
    }

    /// While the database is away nothing can be told of a call, so it stays held. Only one whose time is over is ended.
    fn cannot_look(
        &mut self,
        call: &HeldCall,
        fault: &Fault,
        context: &Context,
        preferences: &Preferences,
    ) -> (Outcome, Vec<u8>) {
        if fault.code == Code::ErrorServerBusy && call.why != Why::Deadline {
            let ms = u32::try_from(self.store.pause_left().as_millis()).unwrap_or(u32::MAX);
            return (Outcome::Later { ms }, Vec::new());
        }
        let mut counts = Counts::default();
        let response = ews::fault_response(fault, &mut counts);
        self.tally.add(Count::Faults, counts.faults);
        answer(response, context, preferences)
    }
}

fn watch(hold: &Hold) -> Watch {
    Watch(hold.watch.iter().map(|(mailbox, seq)| pair(*mailbox, *seq)).collect())
}

/// An outcome that ends the hold, and its bytes.
fn answer(mut response: Response, context: &Context, preferences: &Preferences) -> (Outcome, Vec<u8>) {
    if context.applied {
        response = response.with("Preference-Applied", format!("wait={}", context.wait));
    }
    let then = if preferences.keep_alive && !response.close { Then::Keep } else { Then::Close };
    let (mut bytes, body) = response.into_bytes(preferences, &context.id, 0);
    bytes.extend_from_slice(&body);
    (Outcome::Answer { then, bytes: Body::Inline(Vec::new()) }, bytes)
}

fn closing(response: Response) -> (Outcome, Vec<u8>) {
    let (mut bytes, body) = Response { close: true, ..response }.into_bytes(&Preferences::default(), "-", 0);
    bytes.extend_from_slice(&body);
    (Outcome::Answer { then: Then::Close, bytes: Body::Inline(Vec::new()) }, bytes)
}

/// Puts an answer's bytes into the message, or beside it if they are too many.
fn fit((outcome, bytes): (Outcome, Vec<u8>)) -> (Outcome, Option<std::fs::File>) {
    let Outcome::Answer { then, .. } = outcome else { return (outcome, None) };
    if bytes.len() <= INLINE_LIMIT {
        return (Outcome::Answer { then, bytes: Body::Inline(bytes) }, None);
    }
    match memfd::of(c"ewsd-answer", &bytes) {
        Ok(file) => (Outcome::Answer { then, bytes: Body::Memfd(bytes.len() as u64) }, Some(file)),
        Err(error) => {
            note!(Error, "an answer of {} octets: {error}", bytes.len());
            fit(closing(Response::text(500, "The server is short of memory.")))
        }
    }
}

/// The whole answer for the deadline, cut where it differs from client to client: the master keeps the rest once for all, and
/// what stands in the call's context is not sent twice. The context keeps its layout while the call is held.
fn ready_made(response: Response, preferences: &Preferences, id: &str, hold: &Hold, context: &[u8]) -> Vec<Piece> {
    let plain = Preferences { gzip: false, ..preferences.clone() };
    let (mut bytes, body) = response.into_bytes(&plain, id, 0);
    bytes.extend_from_slice(&body);
    let own = [id].into_iter().chain(preferences.echo.as_deref()).chain(hold.own.iter().map(String::as_str));
    let own: Vec<&[u8]> = own.map(str::as_bytes).filter(|own| !own.is_empty()).collect();
    let mut pieces = Vec::new();
    let mut rest = &bytes[..];
    if let Some((before, after)) = around_date(&bytes) {
        pieces = vec![Piece::Shared(before.to_vec()), Piece::Date];
        rest = after;
    }
    cut(rest, &own, context, &mut pieces);
    pieces
}

/// What stands before and behind the value of the `Date` header.
fn around_date(reply: &[u8]) -> Option<(&[u8], &[u8])> {
    const NAME: &[u8] = b"\r\nDate: ";
    let value = find(reply, NAME)? + NAME.len();
    let (before, rest) = reply.split_at(value);
    Some((before, rest.get(find(rest, b"\r\n")?..)?))
}

fn cut(bytes: &[u8], own: &[&[u8]], context: &[u8], pieces: &mut Vec<Piece>) {
    let mut rest = bytes;
    while !rest.is_empty() && pieces.len() + 3 < PIECES_MAX {
        let first = own.iter().filter_map(|own| Some((find(rest, own)?, own.len()))).min();
        let Some((at, length)) = first else { break };
        let (shared, tail) = rest.split_at(at);
        let (mine, tail) = tail.split_at(length);
        if !shared.is_empty() {
            pieces.push(Piece::Shared(shared.to_vec()));
        }
        pieces.push(stretch(mine, context).unwrap_or_else(|| Piece::Own(mine.to_vec())));
        rest = tail;
    }
    if !rest.is_empty() {
        let mixed = own.iter().any(|own| find(rest, own).is_some());
        pieces.push(if mixed { Piece::Own(rest.to_vec()) } else { Piece::Shared(rest.to_vec()) });
    }
}

/// Where `mine` stands in the context.
fn stretch(mine: &[u8], context: &[u8]) -> Option<Piece> {
    let at = u16::try_from(find(context, mine)?).ok()?;
    Some(Piece::Context { at, length: u16::try_from(mine.len()).ok()? })
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

wire! {
    /// What is needed to answer a held call, in at most [`HELD_CONTEXT_MAX`] octets with what the operation adds. The version
    /// changes with the layout and with the numbers of operations and versions: a context of another one is not read.
    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Context version 3 {
        account: i64,
        op: Op as Row,
        version: Version as Row,
        milliseconds: bool,
        keep_alive: bool,
        version_minor: u8,
        /// The answer says `Preference-Applied`.
        applied: bool,
        /// Seconds.
        wait: u32,
        id: String as Text<128>,
        echo: Option<String> as Maybe<Text<128>>,
        /// The operation's own.
        payload: Vec<u8> as Rest<HELD_CONTEXT_MAX>,
    }
}

impl Context {
    fn preferences(&self) -> Preferences {
        Preferences {
            echo: self.echo.clone(),
            keep_alive: self.keep_alive,
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
            milliseconds: true,
            keep_alive: true,
            version_minor: 1,
            applied: true,
            wait: 30,
            id: "5c2fa3de-0000-0000-0000-000000000001".into(),
            echo: Some("client-1".into()),
            payload: b"payload".to_vec(),
        }
    }

    #[test]
    fn a_context_comes_back_as_it_went() {
        let bytes = to_bytes(&context());
        assert_eq!(from_bytes(&bytes), Ok(context()));
        assert!(bytes.len() < 82, "{}", bytes.len());
        let longest = Context { echo: Some("e".repeat(128)), payload: vec![0; 320], ..context() };
        assert!(to_bytes(&longest).len() <= HELD_CONTEXT_MAX);
        for end in 0..bytes.len() - 7 {
            assert!(from_bytes::<Context>(bytes.get(..end).unwrap()).is_err());
        }
        let never = to_bytes(&Context { op: Op::GetFolder, ..context() });
        assert!(from_bytes::<Context>(&never).is_err(), "an operation that the table lets nobody hold");
    }

    #[test]
    fn answers_are_cut_where_they_differ() {
        let mut pieces = Vec::new();
        cut(b"head one body two tail", &[b"two", b"one"], b"(two)", &mut pieces);
        let expected = [
            Piece::Shared(b"head ".to_vec()),
            Piece::Own(b"one".to_vec()),
            Piece::Shared(b" body ".to_vec()),
            Piece::Context { at: 1, length: 3 },
            Piece::Shared(b" tail".to_vec()),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn the_date_is_left_to_the_master() {
        let reply = b"HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX: y\r\n\r\n";
        let (before, after) = around_date(reply).unwrap();
        assert!(before.ends_with(b"Date: ") && after.starts_with(b"\r\nX: y"));
        assert_eq!(around_date(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }

    #[test]
    fn an_answer_with_many_differences_stays_whole() {
        let bytes = b"x=1,".repeat(40);
        let mut pieces = Vec::new();
        cut(&bytes, &[b"1"], b"", &mut pieces);
        assert!(pieces.len() <= PIECES_MAX);
        let whole: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| match piece {
                Piece::Own(b) | Piece::Shared(b) => b.clone(),
                Piece::Date | Piece::Context { .. } => Vec::new(),
            })
            .collect();
        assert_eq!(whole, bytes);
    }
}
