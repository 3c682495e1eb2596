//! Asks workers what to tell held clients, in batches, and writes what they answer.

use std::collections::VecDeque;
use std::fs::File;
use std::os::fd::OwnedFd;

use ewsd_ipc::{Body, HeldOutcome, INLINE_LIMIT, RENDER_BATCH_MAX, RenderReason};
use log::warn;

use crate::dispatch::Waiting;
use crate::master::Master;
use crate::state::{After, ConnId, Render, Source, State, Time};

/// A held call on which so many workers died is given up.
const CRASHES_MAX: u8 = 2;

impl Master {
    /// Marks a held call for rendering at the end of this turn.
    pub fn want_render(&mut self, id: ConnId, why: RenderReason) {
        if why == RenderReason::Changed && self.pauses(id) {
            return;
        }
        if let Some(held) = self.table.held_mut(id) {
            // Whoever has not yet taken what was told is told no more; it is looked at again then (`stream.rs`).
            if held.unsent() > 0 && why == RenderReason::Changed {
                return;
            }
            // What is put off until a change can be told is not put off for a heartbeat or the end.
            if held.render() == Render::No || (held.render() == Render::Later && why != RenderReason::Changed) {
                held.set_render(Render::Wanted);
                self.to_render.push((id, why));
            }
        }
    }

    /// Puts the marked calls into the queue, spread over the workers as far as batches allow.
    pub fn flush_renders(&mut self) {
        if self.to_render.is_empty() {
            return;
        }
        let mut marked = std::mem::take(&mut self.to_render);
        if self.later.is_on() {
            marked = self.put_off_changes(marked);
        }
        let workers = self.fleet.ready_requests(self.dispatch.current.number).max(1);
        let batch = marked.len().div_ceil(workers).clamp(1, RENDER_BATCH_MAX);
        for calls in marked.chunks(batch) {
            for part in self.parts_that_fit(calls) {
                self.submit_other(Waiting::Render(part));
            }
        }
    }

    /// Calls whose contexts go into one message.
    fn parts_that_fit(&self, calls: &[(ConnId, RenderReason)]) -> Vec<Vec<(ConnId, RenderReason)>> {
        let (mut parts, mut part, mut bytes) = (Vec::with_capacity(1), Vec::with_capacity(calls.len()), 0);
        for call in calls {
            let length = self.table.held(call.0).map_or(0, |held| held.context().len());
            if bytes + length > INLINE_LIMIT && !part.is_empty() {
                parts.push(std::mem::take(&mut part));
                bytes = 0;
            }
            bytes += length;
            part.push(*call);
        }
        parts.push(part);
        parts
    }

    /// A job with this held call is on its way.
    pub fn rendering(&mut self, id: ConnId, job: u64) {
        if let Some(held) = self.table.held_mut(id) {
            held.rendered_by(job);
        }
    }

    /// A worker rendered a held call. One that left meanwhile is passed over.
    pub fn rendered(&mut self, id: ConnId, job: u64, outcome: HeldOutcome, memfd: Option<OwnedFd>) {
        if self.table.held(id).is_none_or(|held| held.render() != Render::job(job)) {
            return;
        }
        if !matches!(outcome, HeldOutcome::Later { .. }) {
            self.looked_at(id);
        }
        let Some(held) = self.table.held_mut(id) else {
            return;
        };
        held.crashes = 0;
        match outcome {
            HeldOutcome::Later { ms } => self.put_off(id, ms),
            HeldOutcome::Still { keep } => self.keep_holding(id, keep),
            HeldOutcome::Unreadable => {
                held.set_render(Render::No);
                self.hold_deadline(id);
            }
            HeldOutcome::Chunk { .. } if held.stream().is_none() => self.close(id),
            HeldOutcome::Chunk { bytes, keep } => {
                self.metrics.chunks += 1;
                self.stream(id, &bytes);
                self.keep_holding(id, keep);
            }
            HeldOutcome::Answer { then, bytes } => {
                self.metrics.answers += 1;
                let mut sources = VecDeque::from([Source::Bytes(held.take_unsent(), 0)]);
                sources.push_back(match (bytes, memfd) {
                    (Body::Memfd(length), Some(fd)) => Source::Memfd(File::from(fd), 0, length),
                    (Body::Memfd(_), None) => Source::Bytes(Vec::new(), 0),
                    (Body::Inline(bytes), _) => Source::Bytes(bytes, 0),
                });
                self.forget_hold(id);
                self.write_sources(id, sources, After::from(then));
            }
        }
    }

    /// The worker that rendered these died: others are asked, unless that happened too often with one.
    pub fn render_again(&mut self, ids: Vec<ConnId>) {
        for id in ids {
            let Some(held) = self.table.held_mut(id) else {
                continue;
            };
            held.set_render(Render::No);
            held.crashes += 1;
            if held.crashes > CRASHES_MAX {
                warn!("connection {id}: {} workers died over this held call, giving it up", held.crashes);
                self.close(id);
            } else {
                self.want_render(id, RenderReason::Changed);
            }
        }
    }

    /// Answers every held call as if its deadline had come, so that the clients come back elsewhere.
    pub fn release_all_held(&mut self) {
        let held: Vec<ConnId> = self
            .table
            .iter()
            .filter(|conn| matches!(&conn.state, State::Held(held) if held.time == Time::Left))
            .map(|conn| conn.id)
            .collect();
        for id in held {
            self.hold_deadline(id);
        }
    }
}
