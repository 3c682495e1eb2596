//! Whether the database answers. `/readyz` wants to know: a worker is asked, and what it says counts for a moment for whoever asks
//! next. Nobody waits longer for it than a load balancer would: no word in time means no.

use ewsd_http::reply::Head;

use crate::clock::Millis;
use crate::dispatch::Waiting;
use crate::master::Master;
use crate::state::{After, ConnId, ReadyProbe, State};

/// How long a good answer counts, in milliseconds.
const FRESH_MS: Millis = 1000;

/// How long one is waited for, in milliseconds.
const WITHIN_MS: Millis = 3000;

/// What is known.
#[derive(Debug, Default)]
pub struct Probing {
    /// A worker is asked, or will be.
    open: bool,
    /// When one last said yes.
    good: Option<Millis>,
    /// Who waits; some of them may have left.
    waiting: Vec<ConnId>,
}

impl Master {
    /// Answers `/readyz`, now or when a worker has looked.
    pub fn ask_ready(&mut self, id: ConnId, asking: ReadyProbe) {
        let now = self.clock.now();
        let fresh = self.probing.good.is_some_and(|at| now.saturating_sub(at) < FRESH_MS);
        if !self.is_ready() || fresh {
            return self.tell_readiness(id, asking, fresh);
        }
        self.set_state(id, State::Asking(asking));
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, now + WITHIN_MS);
        }
        self.probing.waiting.push(id);
        if !std::mem::replace(&mut self.probing.open, true) {
            // Ahead of the requests: whether those are answered is the question.
            self.dispatch.queue.push_urgent(Waiting::Probe);
            self.want_housekeeping();
        }
    }

    /// A worker has looked, or could not.
    pub fn probed(&mut self, good: bool) {
        self.probing.open = false;
        if good {
            self.probing.good = Some(self.clock.now());
        }
        for id in std::mem::take(&mut self.probing.waiting) {
            self.answer_asking(id, good);
        }
    }

    /// Tells one that waits.
    pub fn answer_asking(&mut self, id: ConnId, good: bool) {
        if let Some(State::Asking(asking)) = self.table.get(id).map(|conn| &conn.state) {
            let asking = *asking;
            self.tell_readiness(id, asking, good);
        }
    }

    fn tell_readiness(&mut self, id: ConnId, asking: ReadyProbe, good: bool) {
        let good = good && self.is_ready();
        let (status, text) = if good { (200, "ready\n") } else { (503, "not ready\n") };
        let head = Head::new(status)
            .date(self.clock.unix())
            .header("Content-Type", "text/plain")
            .connection(asking.keep_alive, asking.version_minor);
        let mut reply = head.with_body(text.as_bytes());
        if asking.head_only {
            reply.truncate(reply.len() - text.len());
        }
        self.write(id, reply, if asking.keep_alive { After::Keep } else { After::Close });
    }
}
