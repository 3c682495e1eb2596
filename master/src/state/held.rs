//! A held call: what it watches, two times, and what to say at the deadline. The verbs are `hold.rs`, `render.rs` and `later.rs`.

use crate::clock::Millis;
use crate::few::Few;
use crate::intern::Kept;

/// A held call.
#[derive(Debug)]
pub struct Held {
    /// (mailbox, number its client has seen).
    pub watch: Few<(u64, u64)>,
    pub at_deadline: Kept,
    pub context: Box<[u8]>,
    pub deadline: Millis,
    pub next_beat: Millis,
    /// Milliseconds between heartbeats; 0 = none.
    pub heartbeat: u32,
    /// How often a worker died while rendering this.
    pub crashes: u8,
    pub stream: bool,
    /// Its deadline came while it was being rendered.
    pub over: bool,
    /// A worker was asked to render what its deadline says.
    pub asked_last: bool,
    pub render: Render,
    /// Bytes of a stream that the socket did not take yet.
    pub out: Vec<u8>,
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
        self.out.len()
    }

    /// When something is due next: its deadline or a heartbeat.
    pub fn next_time(&self) -> Millis {
        self.deadline.min(self.next_beat)
    }
}
