//! What connections are doing, as data, and as the bytes in which an upgrade in place carries it over (`carry.rs`, `pack.rs`).
//! Nothing here acts; the verbs are the files beside this folder, and none of them is imported here.
//!
//! `Conn::state` says who owns the socket: in `Serve` and `Admit` a worker does and `socket` is none, in every other state
//! the master does and the socket is registered with epoll. The transitions are in LIFECYCLE.md.

mod body;
pub mod carry;
mod conn;
mod dot;
mod drain;
mod held;
mod job;
pub mod pack;
mod parked;

use std::rc::Rc;

use ewsd_http::EndFinder;

pub use body::{Admission, Collect, Discard, Framing, SmallBody};
pub use conn::{Conn, ConnId, Protocol, fresh};
pub use dot::DotScan;
pub use drain::{After, Drain, Memfds, Source};
pub use held::{FULL, Held, Loss, Render, Stream, Time, Unsent};
pub use job::ReadyJob;
pub use parked::Block;

/// What a connection is doing.
#[derive(Debug)]
pub enum State {
    /// Between requests: nothing of the next one came.
    Idle,
    /// Part of a head, or of a line, is in `pending`.
    Head(EndFinder),
    /// LMTP: a line is too long and is thrown away up to its LF.
    SkipLine,
    /// The head is in `pending`; its small body is arriving.
    Body(Box<SmallBody>),
    /// A whole request waits for room on the jobs socket.
    Queued(Box<ReadyJob>),
    /// The same, when many do: the request lies in a memfd.
    Parked { block: Rc<Block>, number: u32 },
    /// A worker owns the socket.
    Serve,
    /// A worker owns the socket and decides about the body.
    Admit(Box<Admission>),
    /// An admitted body, or LMTP message data, is being collected.
    Collect(Box<Collect>),
    /// A body is read and thrown away before its answer is written.
    Discard(Box<Discard>),
    /// A long poll or a stream waits.
    Held(Box<Held>),
    /// Admin: waits for a worker's word on whether the database answers.
    Asking(ReadyProbe),
    /// The rest of a reply is written as the client reads.
    Drain(Box<Drain>),
    /// Everything is written and the sending side closed; what still comes is thrown away so that the client sees the answer
    /// and not a reset. Bytes it may still send.
    Linger(u32),
}

/// How `/readyz` was asked for.
#[derive(Debug, Clone, Copy)]
pub struct ReadyProbe {
    pub head_only: bool,
    pub keep_alive: bool,
    pub version_minor: u8,
}

impl State {
    /// What it is doing, in the words of `ewsctl show` and of the metrics.
    pub fn name(&self) -> &'static str {
        match self {
            State::Idle => "idle",
            State::Head(_) | State::SkipLine | State::Body(_) | State::Collect(_) | State::Discard(_) => "receiving",
            State::Queued(_) | State::Parked { .. } => "queued",
            State::Serve | State::Asking(_) => "serving",
            State::Admit(_) => "admitting",
            State::Held(_) => "held",
            State::Drain(_) | State::Linger(_) => "draining",
        }
    }

    /// Bytes that this state keeps in memory besides `pending`.
    pub fn bytes(&self) -> usize {
        match self {
            State::Body(body) => body.decoded.len(),
            State::Queued(ready) => match &**ready {
                ReadyJob::HttpDecoded { body, .. } => body.len(),
                ReadyJob::Admit(admission) => admission.decoded.len(),
                _ => 0,
            },
            State::Parked { block, number } => block.length(*number),
            State::Admit(admission) => admission.decoded.len(),
            State::Discard(discard) => discard.reply.len(),
            State::Drain(drain) => drain.bytes(),
            State::Held(held) => held.unsent(),
            _ => 0,
        }
    }

    /// Bytes that this state keeps in memfds of the master's.
    pub fn memfds(&self) -> Memfds {
        let requests = match self {
            State::Collect(collect) if !matches!(collect.framing, Framing::Dot { over: true, .. }) => collect.length,
            State::Queued(ready) => match &**ready {
                ReadyJob::HttpMemfd { length, .. } | ReadyJob::LmtpData { length, .. } => *length,
                _ => 0,
            },
            _ => 0,
        };
        Memfds { requests, answers: if let State::Drain(drain) = self { drain.unread() } else { 0 } }
    }
}
