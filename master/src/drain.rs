//! Writes replies: what fits at once, the rest as the client reads. Replies come from workers (a memfd) or from the master.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd};

use log::warn;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::sendfile::sendfile;
use nix::sys::socket::{MsgFlags, send};

use crate::clock::millis;
use crate::master::{Master, TURN_BYTES};
use crate::state::{After, Conn, ConnId, Drain, Source, State};
use crate::tokens::Subject;
use crate::turns::Lane;

impl Source {
    /// Writes some; the number of bytes, 0 when the source is shorter than it was said to be.
    fn write_to(&mut self, socket: impl AsFd) -> Result<usize, Errno> {
        match self {
            Source::Bytes(bytes, at) => {
                let rest = bytes.get(*at..).unwrap_or_default();
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                let n = send(socket.as_fd().as_raw_fd(), rest, flags)?;
                *at += n;
                Ok(n)
            }
            Source::Memfd(file, at, end) => {
                let mut offset = i64::try_from(*at).map_err(|_| Errno::EINVAL)?;
                let most = usize::try_from(*end - *at).unwrap_or(usize::MAX).min(TURN_BYTES);
                let n = sendfile(socket, file, Some(&mut offset), most)?;
                *at += n as u64;
                Ok(n)
            }
        }
    }
}

impl Master {
    /// Writes a reply that is in memory.
    pub fn write(&mut self, id: ConnId, bytes: Vec<u8>, after: After) {
        self.write_sources(id, VecDeque::from([Source::Bytes(bytes, 0)]), after);
    }

    /// Writes a reply: at once as far as the socket takes it, then as the client reads.
    pub fn write_sources(&mut self, id: ConnId, sources: VecDeque<Source>, after: After) {
        if sources.iter().any(|source| matches!(source, Source::Memfd(..))) {
            self.make_nonblocking(id);
        }
        self.set_state(id, State::Drain(Box::new(Drain { sources, since: self.clock.now(), written: 0, after })));
        // Whatever ran before (a body's time, a held call's) is over; the heap hears of it only if the socket is full.
        let idle = self.clock.after(self.config.limits.idle);
        if let Some(conn) = self.table.get_mut(id) {
            conn.deadline = idle;
        }
        self.drain(id);
        while self.memfds.answers > self.config.limits.memfd_bytes() && self.cut_off_unread() {}
    }

    /// Answers lie in memory until they are read. Of the account, or the network, that leaves most of them unread, the oldest
    /// connection goes; nobody does who alone has any. False: nobody went.
    fn cut_off_unread(&mut self) -> bool {
        let unread = |conn: &Conn| match &conn.state {
            State::Drain(drain) => {
                Some((conn.lane(), drain.unread(), drain.since, conn.id)).filter(|(_, n, ..)| *n > 0)
            }
            _ => None,
        };
        let all: Vec<_> = self.table.iter().filter_map(unread).collect();
        let mut lanes: HashMap<Lane, u64> = HashMap::new();
        for (lane, bytes, ..) in &all {
            *lanes.entry(*lane).or_insert(0) += bytes;
        }
        let most = lanes.into_iter().max_by_key(|(_, bytes)| *bytes);
        let of_most = all.iter().filter(|(lane, ..)| most.is_some_and(|(most, _)| most == *lane));
        let oldest = of_most.min_by_key(|(_, _, since, id)| (*since, *id)).filter(|_| all.len() > 1);
        let Some((_, bytes, _, id)) = oldest else { return false };
        warn!(
            "connection {id} is closed, which left {bytes} bytes unread: too many answers are not read, see limits.buffered_bytes"
        );
        self.metrics.cut_off += 1;
        self.close(*id);
        true
    }

    /// sendfile(2) has no flag of its own for this, and a worker may have changed the socket's.
    fn make_nonblocking(&mut self, id: ConnId) {
        if let Some(socket) = self.table.get(id).and_then(|conn| conn.socket.as_ref()) {
            // Fails on nothing that is open.
            let _ = fcntl(socket, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
        }
    }

    /// Writes on.
    pub fn drain(&mut self, id: ConnId) {
        let mut written = 0;
        // Who takes a little now and then takes for ever.
        let rate = self.config.limits.body_min_rate.max(1);
        let patience = millis(self.config.limits.idle);
        loop {
            let idle = self.clock.after(self.config.limits.idle);
            let Some(conn) = self.table.get_mut(id) else {
                return;
            };
            let (State::Drain(drain), Some(socket)) = (&mut conn.state, conn.socket.as_ref()) else {
                return;
            };
            let Some(source) = drain.sources.front_mut() else {
                let after = drain.after;
                return self.written(id, after);
            };
            if source.is_empty() {
                self.memfds.answers = self.memfds.answers.saturating_sub(source.memfd_bytes());
                drain.sources.pop_front();
                continue;
            }
            if written >= TURN_BYTES {
                return self.continue_later(Subject::Conn(id));
            }
            match source.write_to(socket) {
                Ok(0) => return self.close(id),
                Ok(n) => {
                    written += n;
                    drain.written += n as u64;
                    let allowed = drain.written.saturating_mul(1000) / rate;
                    conn.deadline = idle.min(drain.since.saturating_add(patience).saturating_add(allowed));
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => {
                    let at = conn.deadline;
                    self.timers.set(conn, at);
                    return self.want_room(id);
                }
                Err(_) => return self.close(id),
            }
        }
    }

    /// The whole reply is written.
    fn written(&mut self, id: ConnId, after: After) {
        match after {
            After::Keep => self.next_request(id),
            After::Close => self.start_linger(id),
        }
    }
}
