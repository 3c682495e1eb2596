//! Deadlines: a heap with lazy deletion.
//!
//! A connection has one deadline and at most a few entries here. Moving a deadline later costs nothing: the old entry fires
//! early, is seen to be early, and is put back. Moving it earlier adds an entry and leaves the old one to be ignored.
//! An entry of a connection is eight octets, its time and its slot: there is one for each client that waits, and few others.
//! What happens at a deadline is in `expire.rs`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ewsd_ipc::stream::SLOT_BITS;

use crate::clock::{Millis, NEVER};
use crate::state::Conn;
use crate::stop::Phase;
use crate::table::{Slot, slot_of};

/// The latest time of an entry of a connection, 34 years after the start: later ones fire then and are put back.
const FARTHEST: Millis = (1 << (u64::BITS - SLOT_BITS)) - 1;

/// What a deadline belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Due {
    /// The connection that is in that slot.
    Conn(Slot),
    /// Look for changes nobody told of.
    Sweep,
    /// Ask a worker again about held calls that were put off.
    Later,
    /// A program that is tried for an upgrade takes too long.
    Trial,
    /// Tell the herald what its socket had no room for.
    Nodes,
    /// Once a second while there is something to watch, and when a role is to be started: jobs, roles, the own queue.
    Housekeeping,
    /// Something that workers owe is overdue; see `overdue.rs`.
    Owed,
    /// Tell the service manager that the loop turns.
    Watchdog,
    /// Accept again after descriptors ran out.
    Accept,
    /// The time to finish requests is over.
    DrainOver,
    /// Who was told to stop in that phase did not.
    StopOver(Phase),
}

/// All deadlines.
#[derive(Debug, Default)]
pub struct Timers {
    /// Of connections: the time in the upper 40 bits, the slot in the lower 24.
    conns: BinaryHeap<Reverse<u64>>,
    others: BinaryHeap<Reverse<(Millis, Due)>>,
}

impl Timers {
    /// Fires `due` at `at`. For connections use [`Self::set`].
    pub fn push(&mut self, at: Millis, due: Due) {
        match due {
            _ if at == NEVER => {}
            Due::Conn(slot) => self.conns.push(Reverse((at.min(FARTHEST) << SLOT_BITS) | u64::from(slot))),
            due => self.others.push(Reverse((at, due))),
        }
    }

    /// Gives a connection another deadline ([`NEVER`] for none).
    pub fn set(&mut self, conn: &mut Conn, at: Millis) {
        conn.deadline = at;
        if at < conn.timer {
            conn.timer = at.min(FARTHEST);
            self.push(at, Due::Conn(slot_of(conn.id)));
        }
    }

    /// The time of the next entry.
    pub fn next(&self) -> Option<Millis> {
        let conn = self.conns.peek().map(|Reverse(entry)| unpack(*entry).0);
        let other = self.others.peek().map(|Reverse((at, _))| *at);
        conn.into_iter().chain(other).min()
    }

    /// Takes out an entry that is due at `now`.
    pub fn pop(&mut self, now: Millis) -> Option<(Millis, Due)> {
        if self.others.peek().is_some_and(|Reverse((at, _))| *at <= now) {
            return self.others.pop().map(|Reverse(entry)| entry);
        }
        if self.conns.peek().is_some_and(|Reverse(entry)| unpack(*entry).0 <= now) {
            return self.conns.pop().map(|Reverse(entry)| unpack(entry));
        }
        None
    }

    /// Drops the entries of connections that `lives` does not know, when they have become too many for `connections`.
    pub fn tidy(&mut self, connections: usize, lives: impl Fn(Millis, Slot) -> bool) {
        if self.conns.len() > 4 * connections + 1024 {
            self.conns.retain(|Reverse(entry)| match unpack(*entry) {
                (at, Due::Conn(slot)) => lives(at, slot),
                _ => true,
            });
        }
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = (Millis, Due)> {
        let others = self.others.iter().map(|Reverse(entry)| *entry);
        self.conns.iter().map(|Reverse(entry)| unpack(*entry)).chain(others)
    }

    /// Number of entries, stale ones included.
    pub fn len(&self) -> usize {
        self.conns.len() + self.others.len()
    }
}

fn unpack(entry: u64) -> (Millis, Due) {
    (entry >> SLOT_BITS, Due::Conn((entry & ((1 << SLOT_BITS) - 1)) as Slot))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::{Due, Timers};
    use crate::clock::NEVER;
    use crate::state::{Conn, Protocol, fresh};

    fn conn(id: u64) -> Conn {
        let socket = File::open("/dev/null").map(std::os::fd::OwnedFd::from);
        let peer = ([127, 0, 0, 1], 1).into();
        match socket {
            Ok(socket) => fresh(id, socket, 0, peer, 0, Protocol::Http),
            Err(error) => unreachable!("{error}"),
        }
    }

    #[test]
    fn a_deadline_moved_later_costs_no_entry() {
        let mut timers = Timers::default();
        let mut conn = conn(1);
        for at in 100..200 {
            timers.set(&mut conn, at);
        }
        assert_eq!((timers.len(), conn.timer, conn.deadline), (1, 100, 199));
        // Earlier: a second entry; the first is stale then, which its time tells.
        timers.set(&mut conn, 50);
        assert_eq!((timers.len(), conn.timer), (2, 50));
        assert_eq!(timers.pop(49), None);
        assert_eq!(timers.pop(50), Some((50, Due::Conn(1))));
        timers.set(&mut conn, NEVER);
        assert_eq!(timers.next(), Some(100));
    }

    #[test]
    fn entries_of_the_dead_are_dropped_when_they_are_many() {
        let mut timers = Timers::default();
        timers.push(7, Due::Sweep);
        for id in 0..5000 {
            timers.set(&mut conn(id), 1000 + id);
        }
        timers.tidy(2000, |_, _| false);
        assert_eq!(timers.len(), 5001);
        timers.tidy(10, |at, slot| at == 1000 + u64::from(slot) && slot < 10);
        assert_eq!((timers.len(), timers.next()), (11, Some(7)));
    }
}
