//! Ends connections: at once, or so that the client still reads what was written.

use std::os::fd::AsRawFd;

use nix::sys::socket::{MsgFlags, Shutdown, recv, shutdown};

use crate::master::Master;
use crate::state::{ConnId, State};
use crate::thin::Thin;

/// How long a client may go on sending after its last answer, in milliseconds.
const LINGER_MS: u64 = 2000;

/// How much it may send in that time.
const LINGER_BYTES: u32 = 1024 * 1024;

impl Master {
    /// Forgets a connection and closes its socket, if the master owns it.
    pub fn close(&mut self, id: ConnId) {
        self.forget_hold(id);
        self.unwatch_socket(id);
        let Some(conn) = self.table.remove(id) else {
            return;
        };
        self.crowd.go(conn.kind);
        self.buffered = self.buffered.saturating_sub(conn.charged as usize);
        self.memfds = self.memfds.without(conn.state.memfds());
        if conn.kind.is_client() {
            self.count_out(conn.ip);
            let lingered = usize::from(matches!(conn.state, State::Linger(_)));
            self.lingering = self.lingering.saturating_sub(lingered);
        }
        self.metrics.closed += 1;
        let table = &self.table;
        self.timers.tidy(table.len(), |at, slot| table.at(slot).is_some_and(|conn| conn.timer == at));
    }

    /// Closes the sending side and waits a moment for the client to close its own: closing while something unread lies in the
    /// socket would reset the connection and could take the answer with it (RFC 9112 9.6).
    pub fn start_linger(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let Some(socket) = conn.socket.as_ref() else {
            return self.close(id);
        };
        if shutdown(socket.as_raw_fd(), Shutdown::Write).is_err() {
            return self.close(id);
        }
        conn.pending = Thin::default();
        self.lingering += usize::from(conn.kind.is_client() && !matches!(conn.state, State::Linger(_)));
        self.timers.set(conn, self.clock.now() + LINGER_MS);
        self.set_state(id, State::Linger(LINGER_BYTES));
        self.linger(id);
    }

    /// Throws away what still comes.
    pub fn linger(&mut self, id: ConnId) {
        loop {
            let Some(conn) = self.table.get_mut(id) else {
                return;
            };
            let (Some(socket), State::Linger(left)) = (conn.socket.as_ref(), &mut conn.state) else {
                return;
            };
            match recv(socket.as_raw_fd(), &mut self.scratch, MsgFlags::MSG_DONTWAIT) {
                Ok(n) if n > 0 && (n as u32) < *left => *left -= n as u32,
                Err(nix::errno::Errno::EAGAIN) => return,
                Err(nix::errno::Errno::EINTR) => {}
                _ => return self.close(id),
            }
        }
    }
}
