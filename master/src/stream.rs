//! What a stream does besides being held (`hold.rs`): chunks that a worker rendered, heartbeats that none has to render, and a
//! client that reads slowly.
//!
//! A stream is told nothing more while bytes for it wait: what happens meanwhile stays where it is, and is looked at when the
//! client has taken them. One that takes nothing for `limits.idle_seconds` is given up.

use std::os::fd::AsRawFd;

use ewsd_ipc::message::{Pieces, Share};
use ewsd_ipc::{AfterReply, Piece, RenderReason};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, send};

use crate::clock::{Millis, NEVER};
use crate::master::Master;
use crate::state::{After, ConnId, FULL, Held, Loss, State, Stream};

/// Unsent bytes of a stream after which its client counts as gone, whoever let it come so far.
const STREAM_BACKLOG: usize = 256 * 1024;

impl Held {
    /// Its end is being seen to: no heartbeat comes any more.
    pub fn quieten(&mut self) {
        if let Some(stream) = self.stream_mut() {
            stream.next_beat = NEVER;
        }
    }
}

impl Master {
    /// Whether an owner may have one more stream. One that a newer one has taken the place of, and that only waits to be told
    /// so, does not count.
    pub fn may_stream(&self, share: &Share) -> bool {
        let known = self.streams.count(share.owner);
        if share.owner == 0 || known < share.most {
            return true;
        }
        let counts =
            |held: &Held| held.stream().is_some_and(|stream| stream.owner == share.owner && stream.loss == Loss::None);
        let open = self.table.iter().filter(|conn| matches!(&conn.state, State::Held(held) if counts(held)));
        open.count() < share.most as usize
    }

    /// Its owner has too many: what a worker has prepared for that is the end of it.
    pub fn end_stream_at_once(&mut self, id: ConnId, share: &Share, then: AfterReply) {
        let bytes: Vec<u8> = share
            .at_most
            .0
            .iter()
            .flat_map(|piece| match piece {
                Piece::Shared(bytes) | Piece::Own(bytes) => bytes.as_slice(),
                Piece::Date | Piece::Context { .. } | Piece::Base64 { .. } | Piece::Uuid { .. } => &[],
            })
            .copied()
            .collect();
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        conn.keep_alive &= then == AfterReply::Keep;
        let after = if conn.keep_alive { After::Keep } else { After::Close };
        self.metrics.streams_refused += 1;
        self.write(id, bytes, after);
    }

    /// The part of a held call that streams have.
    pub fn new_stream(&mut self, owner: u64, deadline: Millis, heartbeat: u32, at_beat: Pieces) -> Stream {
        self.streams.begun(owner);
        let next_beat = beat(self.clock.now(), heartbeat);
        let at_beat = self.interned.keep_whole(at_beat.0);
        Stream {
            owner,
            at_beat,
            deadline,
            next_beat,
            heartbeat,
            loss: Loss::None,
            paused: false,
            full: false,
            unsent: None,
        }
    }

    /// A time of a stream came that is not its deadline.
    pub fn stream_due(&mut self, id: ConnId, now: Millis) {
        let unix = self.clock.unix();
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let State::Held(held) = &mut conn.state else {
            return;
        };
        let Some(stream) = held.stream_mut() else {
            return;
        };
        if stream.stalled() <= now {
            self.metrics.held_left += 1;
            return self.close(id);
        }
        if stream.paused && stream.pause_ends() <= now {
            stream.paused = false;
            let at = stream.next_time();
            self.timers.set(conn, at);
            return self.compare(id);
        }
        if stream.next_beat > now {
            let at = stream.next_time();
            return self.timers.set(conn, at);
        }
        stream.next_beat = beat(now, stream.heartbeat);
        let at = stream.next_time();
        if stream.at_beat.is_empty() {
            self.timers.set(conn, at);
            return self.want_render(id, RenderReason::Heartbeat);
        }
        let mut bytes = Vec::new();
        // Bytes on their way are a sign of life, too.
        if let Some(stream) = held.stream().filter(|stream| stream.unsent.is_none()) {
            stream.at_beat.append_to(&mut bytes, unix, held.context(), &[]);
            self.metrics.heartbeats += 1;
        }
        self.timers.set(conn, at);
        self.stream(id, &bytes);
    }

    /// Whether the client of a stream was told something only just: it is told more in a moment.
    pub fn pauses(&mut self, id: ConnId) -> bool {
        let now = self.clock.now();
        let Some(conn) = self.table.get_mut(id) else {
            return false;
        };
        let State::Held(held) = &mut conn.state else {
            return false;
        };
        let Some(stream) = held.stream_mut().filter(|stream| stream.pause_ends() > now) else {
            return false;
        };
        stream.paused = true;
        let at = stream.next_time();
        self.timers.set(conn, at);
        true
    }

    /// Writes bytes of a stream that goes on.
    pub fn stream(&mut self, id: ConnId, bytes: &[u8]) {
        let now = self.clock.now();
        if let Some(stream) = self.table.held_mut(id).and_then(Held::stream_mut) {
            stream.add(bytes);
            // The heap is not told: the entry there is the earlier one, and finds out.
            stream.next_beat = beat(now, stream.heartbeat);
            stream.full = bytes.len() >= FULL;
        }
        self.flush_stream(id);
    }

    /// Writes what the socket takes of a stream.
    pub fn flush_stream(&mut self, id: ConnId) {
        let patience = self.clock.after(self.config.limits.idle);
        loop {
            let Some(conn) = self.table.get_mut(id) else {
                return;
            };
            let (State::Held(held), Some(socket)) = (&mut conn.state, conn.socket.as_ref()) else {
                return;
            };
            let Some(stream) = held.stream_mut() else {
                return;
            };
            let Some(unsent) = stream.unsent.as_mut().filter(|unsent| !unsent.octets.is_empty()) else {
                return self.drained(id);
            };
            match send(socket.as_raw_fd(), &unsent.octets, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
                Ok(n) => {
                    unsent.octets.drain(..n);
                    unsent.stalled = NEVER;
                }
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if unsent.octets.len() <= STREAM_BACKLOG => {
                    if unsent.stalled == NEVER {
                        unsent.stalled = patience;
                        let at = stream.next_time();
                        self.timers.set(conn, at);
                    }
                    self.want_room(id);
                    return self.charge(id);
                }
                Err(_) => {
                    self.metrics.held_left += 1;
                    return self.close(id);
                }
            }
        }
    }

    /// The client of a stream has taken all there was: what happened meanwhile is looked at now.
    fn drained(&mut self, id: ConnId) {
        if let Some(stream) = self.table.held_mut(id).and_then(Held::stream_mut) {
            stream.unsent = None;
        }
        self.charge(id);
        self.compare(id);
    }
}

fn beat(now: Millis, heartbeat: u32) -> Millis {
    if heartbeat == 0 { NEVER } else { now.saturating_add(u64::from(heartbeat)) }
}
