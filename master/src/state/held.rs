//! A held call: what it watches, two times, and what to say at the deadline. The verbs are `hold.rs`,
//! `stream.rs`, `render.rs` and `later.rs`.

use crate::clock::Millis;
use crate::few::Few;
use crate::intern::ReadyReply;

/// A held call.
#[derive(Debug)]
pub struct Held {
    /// (mailbox, number its client has seen).
    pub watch: Few<(u64, u64)>,
    pub at_deadline: ReadyReply,
    pub context: Box<[u8]>,
    pub deadline: Millis,
    /// How often a worker died while rendering this.
    pub crashes: u8,
    /// Its deadline came while it was being rendered.
    pub over: bool,
    /// A worker was asked to render what its deadline says.
    pub asked_last: bool,
    pub render: Render,
    /// Of a stream, whose head is written already.
    pub stream: Option<Box<Stream>>,
}

/// What a stream keeps besides.
#[derive(Debug)]
pub struct Stream {
    /// Whose it is; 0: it is not counted.
    pub owner: u64,
    /// The ready-made heartbeat; none: a worker renders it.
    pub at_beat: ReadyReply,
    pub next_beat: Millis,
    /// Milliseconds of silence before a heartbeat; 0 = none.
    pub heartbeat: u32,
    /// Bytes that the socket did not take yet. While there are any, nothing more is rendered for this client.
    pub out: Vec<u8>,
    /// When its client is given up, if it has not taken anything until then.
    pub stalled: Millis,
}

/// Whether somebody is asked to render a held call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Render {
    /// No.
    No,
    /// It waits for a job.
    Wanted,
    /// It waits until workers can look again (`later.rs`).
    Later,
    /// This job has it.
    Job(u64),
}

impl Held {
    /// Bytes of a stream that wait.
    pub fn unsent(&self) -> usize {
        self.stream.as_ref().map_or(0, |stream| stream.out.len())
    }

    /// Takes the bytes that wait.
    pub fn take_unsent(&mut self) -> Vec<u8> {
        self.stream.as_mut().map(|stream| std::mem::take(&mut stream.out)).unwrap_or_default()
    }

    /// When something is due next: its deadline, a heartbeat, or the end of patience.
    pub fn next_time(&self) -> Millis {
        self.stream.as_ref().map_or(self.deadline, |stream| self.deadline.min(stream.next_beat).min(stream.stalled))
    }
}
