//! Held calls that no worker can look at now, because the database is away: they are put off together.
//!
//! A worker that says `Later` says it of all calls, not of one. So while it is so, changes only mark calls, and one of
//! them is rendered now and then, after growing pauses, to find out; its outcome decides for all. Ten thousand marked calls
//! cost no more than one. Heartbeats and deadlines are not put off: they go to workers as ever (`render.rs`).

use std::collections::BTreeSet;
use std::ops::Bound;

use ewsd_ipc::RenderReason;
use log::{info, warn};

use crate::clock::{Millis, NEVER};
use crate::dispatch::Waiting;
use crate::master::Master;
use crate::state::{ConnId, Render, Time};
use crate::timers::Due;

/// Between two attempts, in milliseconds: the first pause, and the longest.
const PAUSE_MIN: u64 = 100;
const PAUSE_MAX: u64 = 5000;

/// What is put off. Empty and without a time as long as workers can look.
#[derive(Debug)]
pub struct Later {
    /// Calls to render when it is of use again. One that ended meanwhile is passed over then.
    calls: BTreeSet<ConnId>,
    /// Milliseconds from the last attempt to the next one; 0: nothing is put off.
    pause: u64,
    /// The time of the valid timer.
    next: Millis,
    /// The call that was rendered to find out, until its outcome is there.
    asked: Option<ConnId>,
    /// The last one asked: another one is next, should only some of them be hindered.
    last: ConnId,
}

impl Default for Later {
    fn default() -> Self {
        Later { calls: BTreeSet::new(), pause: 0, next: NEVER, asked: None, last: 0 }
    }
}

impl Later {
    /// Whether calls are put off now.
    pub fn is_on(&self) -> bool {
        self.pause > 0
    }

    /// How many wait, some that ended meanwhile included.
    pub fn len(&self) -> usize {
        self.calls.len()
    }
}

impl Master {
    /// A worker could not look at a held call, and knows that nobody can for `ms`.
    pub fn put_off(&mut self, id: ConnId, ms: u32) {
        self.metrics.looks_put_off += 1;
        let Some(held) = self.table.held_mut(id) else {
            return;
        };
        held.set_render(Render::No);
        if held.time != Time::Left {
            return self.hold_deadline(id);
        }
        if !self.later.is_on() {
            self.later.pause = u64::from(ms).clamp(PAUSE_MIN, PAUSE_MAX);
            warn!("held calls cannot be looked at now; the next attempt is in {} ms", self.later.pause);
            self.ask_after_pause();
            self.take_queued_renders();
        }
        self.mark_later(id);
    }

    /// Of calls that are marked for rendering, keeps those that cannot be put off.
    pub fn put_off_changes(&mut self, marked: Vec<(ConnId, RenderReason)>) -> Vec<(ConnId, RenderReason)> {
        let (later, now): (Vec<_>, Vec<_>) = marked.into_iter().partition(|(_, why)| *why == RenderReason::Changed);
        for (id, _) in later {
            self.mark_later(id);
        }
        now
    }

    /// The outcome of a call was another one than `Later`.
    pub fn looked_at(&mut self, id: ConnId) {
        if self.later.asked != Some(id) {
            return;
        }
        let calls = std::mem::take(&mut self.later).calls;
        info!("held calls can be looked at again; {} were put off", calls.len() + 1);
        for id in calls {
            if let Some(held) = self.table.held_mut(id) {
                if held.render() == Render::Later {
                    held.set_render(Render::No);
                    self.want_render(id, RenderReason::Changed);
                }
            }
        }
    }

    /// A worker committed something: an attempt is of use soon.
    pub fn ask_soon(&mut self) {
        if self.later.is_on() {
            self.later.pause = PAUSE_MIN;
            if self.later.next > self.clock.now() + PAUSE_MIN {
                self.ask_after_pause();
            }
        }
    }

    /// The time of an attempt came: one call is rendered for all.
    pub fn later_due(&mut self, at: Millis) {
        if at != self.later.next {
            return;
        }
        self.later.pause = (self.later.pause * 2).min(PAUSE_MAX);
        let out = self.later.asked.is_some_and(|id| {
            self.table.held(id).is_some_and(|held| matches!(held.render(), Render::Wanted | Render::Job(_)))
        });
        if !out && !self.ask_one() {
            // All of them left, or their deadlines came.
            self.later = Later::default();
            return;
        }
        self.ask_after_pause();
    }

    /// False: there is nothing to ask about.
    fn ask_one(&mut self) -> bool {
        loop {
            let behind = (Bound::Excluded(self.later.last), Bound::Unbounded);
            let next = self.later.calls.range(behind).next().or_else(|| self.later.calls.first()).copied();
            let Some(id) = next else {
                return false;
            };
            self.later.calls.remove(&id);
            self.later.last = id;
            if let Some(held) = self.table.held_mut(id) {
                if held.render() == Render::Later {
                    held.set_render(Render::Wanted);
                    self.later.asked = Some(id);
                    self.submit_other(Waiting::Render(vec![(id, RenderReason::Changed)]));
                    return true;
                }
            }
        }
    }

    fn mark_later(&mut self, id: ConnId) {
        if let Some(held) = self.table.held_mut(id) {
            held.set_render(Render::Later);
            self.later.calls.insert(id);
            if self.later.asked == Some(id) {
                self.later.asked = None;
            }
        }
    }

    fn ask_after_pause(&mut self) {
        self.later.next = self.clock.now() + self.later.pause;
        self.timers.push(self.later.next, Due::Later);
    }

    /// Renders that no worker has yet would only be put off one by one.
    fn take_queued_renders(&mut self) {
        for waiting in self.dispatch.queue.take_own() {
            match waiting {
                Waiting::Render(batch) => {
                    let batch = self.put_off_changes(batch);
                    if !batch.is_empty() {
                        self.dispatch.queue.push_own(Waiting::Render(batch));
                    }
                }
                other => self.dispatch.queue.push_own(other),
            }
        }
    }
}
