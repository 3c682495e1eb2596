//! What others owe the master, and until when: the one place that sees to it that nothing is waited for without end.
//!
//! | owed | until | else |
//! |---|---|---|
//! | a job in the socket is taken | `limits.queue_seconds` after it was ready | taken back; 503 (a render is asked for again) |
//! | a job is answered | `limits.request_seconds` after it was seen to be taken | its worker is killed |
//! | a worker is ready | that long after its start, at least ten seconds | killed |
//! | a role without jobs says how it is | when each said that it would, by `Step` | killed |
//! | a worker that retires or was told to end is gone | as if it started | killed |
//!
//! All of them share one entry of the heap, at or before the first of their times: a job costs a comparison. What connections owe
//! has entries of its own (`timers.rs`). [`Master::without_deadline`] is the proof, which the tests ask for.

use std::collections::HashSet;

use log::warn;

use crate::clock::{Millis, NEVER, millis};
use crate::dispatch::JobTarget;
use crate::master::Master;
use crate::roles::{Condition, WorkerId};
use crate::state::{Conn, State};
use crate::table::slot_of;
use crate::timers::Due;
use crate::tokens::Subject;

/// The least time for a worker to start or to end, in milliseconds.
const START_MS: Millis = 10_000;

/// How long after a job was sent it is looked whether somebody has it, in milliseconds, and how often from then on: most are over
/// before. So much later than its time may one be ended that takes too long.
const LOOK_MS: Millis = 1000;

/// The most that a role may ask for one step, in milliseconds: a day, for migrations of large tables.
const STEP_MAX_MS: Millis = 86_400_000;

impl Master {
    /// Somebody owes something until `at`.
    pub fn expect_by(&mut self, at: Millis) {
        if at < self.owed_at {
            self.owed_at = at;
            self.timers.push(at, Due::Owed);
        }
    }

    /// A job was sent that must be taken until `at`.
    pub fn look_by(&mut self, at: Millis) {
        self.expect_by(at.min(self.clock.now().saturating_add(LOOK_MS)));
    }

    /// Until when a worker that starts now, or is told to end now, must have done so.
    pub fn grace(&self) -> Millis {
        self.clock.now().saturating_add(millis(self.config.limits.request).max(START_MS))
    }

    /// Gives a worker until `due`.
    pub fn worker_by(&mut self, id: WorkerId, due: Millis) {
        if let Some(worker) = self.fleet.workers.get_mut(&id) {
            worker.due = due;
            self.expect_by(due);
        }
    }

    /// A role says that it will say something again within so many milliseconds.
    pub fn step(&mut self, id: WorkerId, within_ms: u32) {
        let due = self.clock.now().saturating_add(u64::from(within_ms).min(STEP_MAX_MS));
        self.worker_by(id, due);
    }

    /// The entry of the heap fired.
    pub fn owed_due(&mut self, at: Millis) {
        if at != self.owed_at {
            return;
        }
        self.owed_at = NEVER;
        self.look();
        self.kill_overdue();
        self.recall_untaken();
        let soon = self.clock.now().saturating_add(LOOK_MS);
        let jobs = self.dispatch.sent.values();
        let jobs = jobs.map(|sent| if sent.worker.is_some() { sent.expires } else { sent.expires.min(soon) });
        let workers = self.fleet.workers.values().filter(|worker| worker.condition != Condition::Killed);
        if let Some(next) = jobs.chain(workers.map(|worker| worker.due)).min() {
            self.expect_by(next);
        }
    }

    fn kill_overdue(&mut self) {
        let now = self.clock.now();
        let alive = self.fleet.workers.values().filter(|worker| worker.condition != Condition::Killed);
        let mut late: Vec<(WorkerId, &str)> = alive
            .filter(|worker| worker.due <= now)
            .map(|worker| match worker.condition {
                Condition::Starting => (worker.id, "it does not get ready"),
                Condition::Retiring => (worker.id, "it does not end"),
                Condition::Ready | Condition::Killed => (worker.id, "it says nothing any more"),
            })
            .collect();
        for sent in self.dispatch.sent.values_mut().filter(|sent| sent.expires <= now) {
            if let Some(worker) = sent.worker {
                // The rest is the kernel's: the job is lost when the worker is gone.
                sent.expires = NEVER;
                late.push((worker, "its request takes longer than limits.request_seconds"));
            }
        }
        for (id, why) in late {
            if self.fleet.workers.get(&id).is_some_and(|worker| worker.condition != Condition::Killed) {
                self.kill_worker(id, why);
            }
        }
    }

    /// Jobs that nobody took in time come back from their sockets. One that is in none was received by a worker that went no
    /// further, and is lost.
    fn recall_untaken(&mut self) {
        let now = self.clock.now();
        let overdue = |master: &Master| -> Vec<(u64, u32)> {
            let untaken = master.dispatch.sent.iter().filter(|(_, sent)| sent.worker.is_none() && sent.expires <= now);
            untaken.map(|(job, sent)| (*job, sent.generation)).collect()
        };
        let late = overdue(self);
        if late.is_empty() {
            return;
        }
        warn!("{} jobs were not taken within limits.queue_seconds", late.len());
        self.kill_deaf();
        let generations: HashSet<u32> = late.iter().map(|(_, generation)| *generation).collect();
        for generation in generations {
            self.take_jobs_back(generation, |master| overdue(master).iter().all(|(_, other)| *other != generation));
        }
        for (job, _) in overdue(self) {
            self.lose(job);
        }
    }

    /// Workers that had nothing to do for a request's time and left an overdue job lying.
    fn kill_deaf(&mut self) {
        let now = self.clock.now();
        let allowed = millis(self.config.limits.request);
        let waits = |generation: u32, since: Millis| {
            let mut untaken = self.dispatch.sent.values().filter(|sent| sent.worker.is_none());
            untaken.any(|sent| sent.generation == generation && sent.expires <= now && sent.at >= since)
        };
        let deaf: Vec<WorkerId> = self
            .fleet
            .workers
            .values()
            .filter(|w| w.role.has_jobs() && w.condition == Condition::Ready && w.job.is_none())
            .filter(|w| now.saturating_sub(w.idle_since) >= allowed && waits(w.generation, w.idle_since))
            .map(|w| w.id)
            .collect();
        for id in deaf {
            self.kill_worker(id, "it takes no jobs");
        }
    }

    /// Everything outstanding for which no entry of the heap stands, in words. Always empty.
    pub fn without_deadline(&self) -> Vec<String> {
        let entries: HashSet<(Millis, Due)> = self.timers.entries().collect();
        let owed = |at: Millis| self.owed_at <= at && entries.contains(&(self.owed_at, Due::Owed));
        let mut found = Vec::new();
        for conn in self.table.iter() {
            let timed = conn.timer <= conn.deadline && entries.contains(&(conn.timer, Due::Conn(slot_of(conn.id))));
            let covered = match conn.state {
                State::Serve | State::Admit(_) => {
                    self.dispatch.sent.values().any(|sent| sent.about == JobTarget::Conn(conn.id))
                }
                _ => timed && conn.deadline != NEVER || self.again.contains(&Subject::Conn(conn.id)),
            };
            if !covered {
                found.push(format!("connection {}: {}", conn.id, state_name(conn)));
            }
        }
        let killed =
            |id: WorkerId| self.fleet.workers.get(&id).is_none_or(|worker| worker.condition == Condition::Killed);
        for (job, sent) in &self.dispatch.sent {
            if !owed(sent.expires) && !sent.worker.is_some_and(killed) {
                found.push(format!("job {job}: {:?}", sent.about));
            }
        }
        for worker in self.fleet.workers.values().filter(|worker| worker.condition != Condition::Killed) {
            // One that has a job owes that; one that has none waits for us.
            let at_work = worker.role.has_jobs() && worker.condition == Condition::Ready;
            if !at_work && (worker.due == NEVER || !owed(worker.due)) {
                found.push(format!("{} worker {}: {}", worker.role.name(), worker.pid, worker.state()));
            }
        }
        let housekeeping = entries.iter().any(|(_, due)| *due == Due::Housekeeping);
        if !self.dispatch.queue.is_empty() && !housekeeping {
            found.push("the queue".to_owned());
        }
        found
    }
}

fn state_name(conn: &Conn) -> String {
    let state = format!("{:?}", conn.state);
    state.split(['(', ' ']).next().unwrap_or_default().to_owned()
}
