//! Between two requests: the connection waits, and what the client already sent is looked at first.

use crate::master::Master;
use crate::stop::Phase;
use crate::table::{ConnId, State};

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

    /// Gives an idle connection its deadline.
    pub fn wait_idle(&mut self, id: ConnId) {
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, self.clock.after(self.config.limits.idle));
        }
    }
}
