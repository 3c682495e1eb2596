//! Outcomes of looks at held calls, many in one message to the master.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;

use ewsd_ipc::message::{Outcomes, RenderedCall};
use ewsd_ipc::{Body, HeldOutcome, HoldUpdate, INLINE_LIMIT, Reply, WorkerEnd};

/// What an outcome takes in a message besides its bytes, at most.
const OUTCOME: usize = 64;

/// Outcomes that go to the master in one message: a batch is a hundred calls, and a message takes longer than rendering one.
pub(super) struct Together<'e> {
    end: &'e WorkerEnd,
    job: u64,
    calls: Vec<RenderedCall>,
    octets: usize,
}

impl<'e> Together<'e> {
    /// None, of that job.
    pub(super) fn new(end: &'e WorkerEnd, job: u64) -> Together<'e> {
        Together { end, job, calls: Vec::new(), octets: 0 }
    }

    /// Adds one; what is there already goes first if both do not fit.
    pub(super) fn add(&mut self, call: RenderedCall) -> io::Result<()> {
        let octets = OUTCOME
            + match &call.outcome {
                HeldOutcome::Answer { bytes: Body::Inline(bytes), .. } => bytes.len(),
                HeldOutcome::Chunk { bytes, keep } => bytes.len() + kept(keep),
                HeldOutcome::Still { keep } => kept(keep),
                HeldOutcome::Answer { .. } | HeldOutcome::Later { .. } | HeldOutcome::Unreadable => 0,
            };
        if self.octets + octets > INLINE_LIMIT {
            self.send()?;
        }
        self.octets += octets;
        self.calls.push(call);
        Ok(())
    }

    /// Sends one whose bytes are in a file.
    pub(super) fn send_alone(&self, call: RenderedCall, file: &File) -> io::Result<()> {
        self.end.send(&Reply::Rendered { job: self.job, held: call.held, outcome: call.outcome }, &[file.as_fd()])
    }

    /// Sends what is there.
    pub(super) fn send(&mut self) -> io::Result<()> {
        let job = self.job;
        self.octets = 0;
        let mut calls = std::mem::take(&mut self.calls);
        let reply = match (calls.pop(), calls.is_empty()) {
            (None, _) => return Ok(()),
            (Some(RenderedCall { held, outcome }), true) => Reply::Rendered { job, held, outcome },
            (Some(last), false) => {
                calls.push(last);
                Reply::RenderedTogether { job, outcomes: Outcomes(calls) }
            }
        };
        self.end.send(&reply, &[])
    }
}

fn kept(keep: &HoldUpdate) -> usize {
    keep.context.0.len() + keep.watch.0.len() * size_of::<(u64, u64)>()
}
