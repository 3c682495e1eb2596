//! Between two requests: the connection waits, and what the client already sent is looked at first.

use crate::master::Master;
use crate::state::{ConnId, Protocol, State};
use crate::stop::Phase;

impl Master {
    /// A reply is complete and the connection lives on.
    pub fn next_request(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        conn.state = State::Idle;
        let unread = std::mem::take(&mut conn.unread) || !conn.pending.is_empty();
        if self.phase != Phase::Running && conn.kind.is_client() && conn.pending.is_empty() {
            return self.start_linger(id);
        }
        self.wait_idle(id);
        self.charge(id);
        if unread {
            self.receive(id);
        }
    }

    /// Gives an idle connection its deadline. Who came to ask something asks soon.
    pub fn wait_idle(&mut self, id: ConnId) {
        let limits = &self.config.limits;
        let (first, later) = (self.clock.after(limits.head.min(limits.idle)), self.clock.after(limits.idle));
        if let Some(conn) = self.table.get_mut(id) {
            let is_new = conn.served == 0 && conn.kind == Protocol::Http;
            self.timers.set(conn, if is_new { first } else { later });
        }
    }
}
