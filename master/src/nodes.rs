//! Other nodes of the same database, as far as the master knows them: how many there are, and what the herald is to tell them.
//!
//! Changes are put together until the end of a turn, for each mailbox the newest number. What the herald's socket does not
//! take waits for the next turn; what is lost with a herald the other nodes find by their sweeps.

use std::collections::HashMap;
use std::os::fd::AsFd;

use ewsd_ipc::message::{Description, Pairs};
use ewsd_ipc::seqpacket::{self, Wait, would_block};
use ewsd_ipc::stream::stream_slot;
use ewsd_ipc::{DESCRIPTION_MAX, PAIRS_MAX, Reply, Word};
use log::{info, warn};

use crate::gauges::Gauges;
use crate::json::{object, quote};
use crate::master::Master;
use crate::roles::WorkerId;
use crate::timers::Due;

/// More mailboxes than that do not wait for a herald: those that changed are found by the others' sweeps.
const UNTOLD_MAX: usize = 65_536;
/// After so many mailboxes the older half of what was told is forgotten: it may then be told once more.
const TOLD_MAX: usize = 65_536;
/// Milliseconds after which a full socket is tried again.
const AGAIN_MS: u64 = 20;

/// What is known of other nodes.
#[derive(Debug, Default)]
pub struct Nodes {
    /// How many there are, as the herald said last.
    pub others: u32,
    /// For each mailbox the newest number that they have not been told.
    untold: HashMap<u64, u64>,
    /// For each mailbox the newest number that all nodes know: it was told, by this one or another. What held calls brought is
    /// not in here, for this node alone may have heard it that way.
    told: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
    /// `Due::Nodes` is in the heap.
    armed: bool,
}

impl Nodes {
    /// Notes that all nodes know of a number, or will; false: they did before.
    fn note_told(&mut self, mailbox: u64, seq: u64) -> bool {
        let of = |map: &HashMap<u64, u64>| map.get(&mailbox).copied().unwrap_or(0);
        if of(&self.told).max(of(&self.older)) >= seq {
            return false;
        }
        self.told.insert(mailbox, seq);
        if self.told.len() > TOLD_MAX {
            self.older = std::mem::take(&mut self.told);
        }
        true
    }

    /// A mailbox reached a number, which the others are to be told unless they know.
    fn owe(&mut self, mailbox: u64, seq: u64) {
        let full = self.untold.len() >= UNTOLD_MAX && !self.untold.contains_key(&mailbox);
        if self.others == 0 || full {
            return;
        }
        // A stream may lose one subscription after the other.
        if stream_slot(mailbox).is_none() && !self.note_told(mailbox, seq) {
            return;
        }
        let newest = self.untold.entry(mailbox).or_insert(0);
        *newest = seq.max(*newest);
    }

    /// There are no others: nobody is owed anything, and those to come know nothing of this.
    fn alone(&mut self) {
        *self = Nodes { armed: self.armed, ..Nodes::default() };
    }
}

impl Master {
    /// These mailboxes reached these numbers: workers of this node said so, or other nodes.
    pub fn changed(&mut self, changes: Vec<(u64, u64)>, elsewhere: bool) {
        for (mailbox, seq) in changes {
            if elsewhere {
                self.changed_elsewhere(mailbox, seq);
            } else {
                self.changed_here(mailbox, seq);
            }
        }
        self.ask_soon();
    }

    /// Workers of this node said so: whoever watches here is rendered, other nodes are told.
    pub fn changed_here(&mut self, mailbox: u64, seq: u64) {
        self.metrics.changes += 1;
        self.nodes.owe(mailbox, seq);
        self.note_pushed(mailbox, seq);
        self.heard(mailbox, seq);
    }

    /// Another node said so.
    pub fn changed_elsewhere(&mut self, mailbox: u64, seq: u64) {
        if stream_slot(mailbox).is_none() {
            self.nodes.note_told(mailbox, seq);
        }
        self.note_pushed(mailbox, seq);
        self.heard(mailbox, seq);
    }

    /// Hands to the herald what other nodes have not been told; at the end of each turn.
    pub fn flush_nodes(&mut self) {
        if self.nodes.untold.is_empty() {
            return;
        }
        let mut pairs: Vec<(u64, u64)> = self.nodes.untold.drain().collect();
        while !pairs.is_empty() {
            let part = pairs.split_off(pairs.len().saturating_sub(PAIRS_MAX));
            let word = Word::Changed { changes: Pairs(part) };
            if self.tell_herald(&word) {
                continue;
            }
            if let Word::Changed { changes } = word {
                self.nodes.untold.extend(changes.0);
            }
            self.nodes.untold.extend(pairs);
            if !self.nodes.armed {
                self.nodes.armed = true;
                self.timers.push(self.clock.now() + AGAIN_MS, Due::Nodes);
            }
            return;
        }
    }

    /// Time to try a full socket again, which the end of the turn does.
    pub fn nodes_due(&mut self) {
        self.nodes.armed = false;
    }

    /// Says something to the herald; false: its socket is full. While there is none nothing can be said, and nothing waits.
    fn tell_herald(&self, word: &Word) -> bool {
        let heralds = self.fleet.workers.values().filter(|worker| worker.role.row().tells_nodes);
        let mut message = Vec::new();
        word.encode(&mut message);
        let mut taken = true;
        for socket in heralds.filter_map(|worker| worker.stop.as_ref()) {
            match seqpacket::send(socket.as_fd(), &message, &[], Wait::No) {
                Ok(()) => {}
                Err(error) if would_block(&error) => taken = false,
                // It is dying.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                Err(error) => warn!("cannot tell the herald: {error}"),
            }
        }
        taken
    }

    /// Does what only the herald may say.
    ///
    /// # Errors
    /// The rule that was broken: another role said it.
    pub fn obey_herald(&mut self, id: WorkerId, reply: &Reply) -> Result<(), String> {
        if !self.fleet.workers.get(&id).is_some_and(|worker| worker.role.row().tells_nodes) {
            return Err("is no herald".to_owned());
        }
        match reply {
            Reply::Nodes { others } => {
                if self.nodes.others != *others {
                    info!("other nodes on this database: {others}");
                }
                self.nodes.others = *others;
                if *others == 0 {
                    self.nodes.alone();
                }
            }
            Reply::Missed {} => self.sweep_now(),
            Reply::Forget {} => self.forget_accounts()?,
            Reply::Describe { question } => {
                let mut text = self.description().into_bytes();
                text.truncate(DESCRIPTION_MAX);
                // A herald that does not listen gives no answer, and whoever asked sees that.
                self.tell_herald(&Word::Description { question: *question, text: Description(text) });
            }
            _ => {}
        }
        Ok(())
    }

    /// What this node does, for `ewsctl status --all-nodes`.
    fn description(&mut self) -> String {
        let gauges = Gauges::of(self);
        let mut connections: Vec<(&str, String)> = gauges.states().map(|(name, n)| (name, n.to_string())).into();
        connections.push(("total", gauges.total.to_string()));
        object([
            ("version", quote(env!("CARGO_PKG_VERSION"))),
            ("pid", std::process::id().to_string()),
            ("uptime_s", (self.clock.now() / 1000).to_string()),
            ("ready", self.is_ready().to_string()),
            ("phase", quote(self.phase.name())),
            ("workers", self.config.workers.to_string()),
            ("other_nodes", self.nodes.others.to_string()),
            ("addresses", self.addresses()),
            ("connections", object(connections)),
            ("queue", gauges.queue.to_string()),
            ("held", gauges.held.to_string()),
            ("streams", gauges.streams.to_string()),
            ("watched_mailboxes", gauges.watched.to_string()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use ewsd_ipc::stream::{stream_key, stream_number};

    use super::{Nodes, TOLD_MAX, UNTOLD_MAX};

    #[test]
    fn what_others_know_they_are_not_told_again() {
        let mut nodes = Nodes { others: 1, ..Nodes::default() };
        nodes.owe(1, 5);
        nodes.owe(1, 4);
        assert_eq!(nodes.untold.drain().collect::<Vec<_>>(), [(1, 5)]);
        nodes.owe(1, 5);
        assert!(nodes.note_told(1, 7), "another node said so");
        nodes.owe(1, 6);
        assert!(nodes.untold.is_empty());
        nodes.owe(1, 8);
        assert_eq!(nodes.untold.len(), 1);
        let key = stream_key(stream_number(7, 7));
        for _ in 0..2 {
            nodes.untold.clear();
            nodes.owe(key, 1);
            assert_eq!(nodes.untold.get(&key), Some(&1), "what a stream loses is news each time");
        }
        nodes.alone();
        nodes.owe(1, 9);
        assert!(nodes.untold.is_empty() && nodes.told.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut nodes = Nodes { others: 1, ..Nodes::default() };
        for mailbox in 0..4 * TOLD_MAX as u64 {
            nodes.note_told(mailbox, 1);
            nodes.owe(mailbox + u64::MAX / 2, 1);
        }
        assert!(nodes.told.len() + nodes.older.len() <= 2 * TOLD_MAX + 1);
        assert_eq!(nodes.untold.len(), UNTOLD_MAX);
    }
}
