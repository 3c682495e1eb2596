//! What happens when a deadline comes. The heap itself is in `timers.rs`.

use crate::clock::{Millis, NEVER};
use crate::master::Master;
use crate::refuse;
use crate::state::{Conn, ConnId, Framing, Protocol, State};
use crate::table::Slot;
use crate::timers::Due;

impl Master {
    /// An entry of the heap fired.
    pub fn expire(&mut self, at: Millis, due: Due) {
        match due {
            Due::Conn(slot) => self.expire_entry(at, slot),
            Due::Sweep => self.sweep_due(),
            Due::Later => self.later_due(at),
            Due::Trial => self.trial_due(at),
            Due::Nodes => self.nodes_due(),
            Due::Housekeeping => self.keep_house(),
            Due::Owed => self.owed_due(at),
            Due::Accept => self.accept_again(),
            Due::DrainOver => self.drain_over(),
            Due::StopOver(phase) => self.stop_over(phase),
            Due::Watchdog => {
                crate::notify::alive();
                self.arm_watchdog();
            }
        }
    }

    /// Arms the next sign of life, if the service manager wants any.
    pub fn arm_watchdog(&mut self) {
        if let Some(period) = crate::notify::watchdog_period() {
            self.timers.push(self.clock.now() + period, Due::Watchdog);
        }
    }

    /// Ignores stale entries and puts early ones back.
    fn expire_entry(&mut self, at: Millis, slot: Slot) {
        let Some(id) = self.table.at(slot).filter(|conn| conn.timer == at).map(|conn| conn.id) else {
            return;
        };
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        conn.timer = NEVER;
        let deadline = conn.deadline;
        if deadline > self.clock.now() {
            return self.timers.set(conn, deadline);
        }
        conn.deadline = NEVER;
        self.expire_conn(id);
    }

    fn expire_conn(&mut self, id: ConnId) {
        let Some(conn) = self.table.get(id) else {
            return;
        };
        match &conn.state {
            // Mail servers expect to be told (RFC 5321 3.8).
            State::Idle | State::Head(_) | State::SkipLine if conn.kind == Protocol::Lmtp => self.too_slow(id),
            State::Idle | State::Drain(_) | State::Linger(_) | State::SkipLine => self.close(id),
            State::Head(_) if conn.kind != Protocol::Http => self.close(id),
            State::Head(_) => self.too_slow(id),
            State::Body(_) | State::Collect(_) | State::Discard(_) => self.check_rate(id),
            State::Queued(_) | State::Parked { .. } => self.too_busy(id),
            State::Held(_) => self.hold_due(id),
            State::Asking(_) => self.answer_asking(id, false),
            State::Serve | State::Admit(_) => {}
        }
    }

    /// A body's deadline came: later, if enough has arrived.
    fn check_rate(&mut self, id: ConnId) {
        let Some((since, received, is_mail)) = self.table.get(id).and_then(progress) else {
            return;
        };
        let deadline = self.body_deadline(since, received, is_mail);
        if deadline <= self.clock.now() {
            return self.too_slow(id);
        }
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, deadline);
        }
    }

    /// Nobody took its request in time.
    pub fn too_busy(&mut self, id: ConnId) {
        self.refuse(id, refuse::QUEUED_TOO_LONG);
    }

    fn too_slow(&mut self, id: ConnId) {
        self.refuse(id, refuse::TOO_SLOW);
    }

    /// Once a second while there is something to watch.
    fn keep_house(&mut self) {
        self.housekeeping = false;
        self.dispatch.full = false;
        self.reconcile();
        self.start_due_if_any();
        let busy = !self.dispatch.sent.is_empty() || !self.dispatch.queue.is_empty();
        if busy || self.fleet.posts.iter().any(|post| post.worker.is_none() && !post.done) {
            self.want_housekeeping();
        }
    }

    fn start_due_if_any(&mut self) {
        if self.fleet.posts.iter().any(|post| post.worker.is_none() && !post.done) {
            self.start_due();
        }
    }
}

/// Since when a body arrives, how much of it is there, and whether it is mail.
fn progress(conn: &Conn) -> Option<(Millis, u64, bool)> {
    match &conn.state {
        State::Body(body) => {
            let raw = conn.pending.len().saturating_sub(body.head_len) + body.decoded.len();
            Some((body.since, raw as u64, false))
        }
        State::Collect(collect) => {
            Some((collect.since, collect.length, matches!(collect.framing, Framing::Dot { .. })))
        }
        State::Discard(discard) => Some((discard.since, discard.received, false)),
        _ => None,
    }
}
