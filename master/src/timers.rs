//! Deadlines: a heap with lazy deletion.
//!
//! A connection has one deadline and at most a few entries here. Moving a deadline later costs nothing: the old entry fires
//! early, is seen to be early, and is put back. Moving it earlier adds an entry and leaves the old one to be ignored.
//! What happens at a deadline is in `expire.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::clock::{Millis, NEVER};
use crate::table::{Conn, ConnId};

/// What a deadline belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A connection.
    Conn(ConnId),
    /// Look for changes nobody told of.
    Sweep,
    /// Once a second while there is something to watch, and when a role is to be started: jobs, roles, the own queue.
    Housekeeping,
    /// Tell the service manager that the loop turns.
    Watchdog,
    /// Accept again after descriptors ran out.
    Accept,
    /// The time to finish requests is over.
    DrainOver,
    /// A role that was told to stop did not.
    StopOver,
}

/// All deadlines.
#[derive(Debug, Default)]
pub struct Timers {
    heap: BinaryHeap<Reverse<(Millis, Due)>>,
}

impl Timers {
    /// Fires `due` at `at`. For connections use [`Self::set`].
    pub fn push(&mut self, at: Millis, due: Due) {
        if at != NEVER {
            self.heap.push(Reverse((at, due)));
        }
    }

    /// Gives a connection another deadline ([`NEVER`] for none).
    pub fn set(&mut self, conn: &mut Conn, at: Millis) {
        conn.deadline = at;
        if at < conn.timer {
            conn.timer = at;
            self.push(at, Due::Conn(conn.id));
        }
    }

    /// The time of the next entry.
    pub fn next(&self) -> Option<Millis> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes out an entry that is due at `now`.
    pub fn pop(&mut self, now: Millis) -> Option<(Millis, Due)> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse(entry)| entry)
    }

    /// Drops the entries of connections that `lives` does not know, when they have become too many for `connections`.
    pub fn tidy(&mut self, connections: usize, lives: impl Fn(Millis, ConnId) -> bool) {
        if self.heap.len() > 4 * connections + 1024 {
            self.heap.retain(|Reverse((at, due))| match due {
                Due::Conn(id) => lives(*at, *id),
                _ => true,
            });
        }
    }

    /// Number of entries, stale ones included.
    pub fn len(&self) -> usize {
        self.heap.len()
    }
}
