//! Mailboxes whose changes the courier wants to hear of, because it calls subscribers to them. What its socket does not take
//! it finds when it looks by itself.

use std::collections::{HashMap, HashSet};
use std::os::fd::AsFd;

use ewsd_ipc::message::Pairs;
use ewsd_ipc::seqpacket::{self, Wait, would_block};
use ewsd_ipc::{PAIRS_MAX, Word};
use log::warn;

use crate::master::Master;
use crate::roles::WorkerId;

/// So many go into the state that an upgrade carries over; its new courier says all of them again.
const MOST: usize = 60_000;

/// What couriers want to hear of.
#[derive(Debug, Default)]
pub struct Pushes {
    mailboxes: HashSet<u64>,
    /// Those that have changed in this turn.
    changed: HashMap<u64, u64>,
}

impl Pushes {
    /// All of them.
    pub fn mailboxes(&self) -> impl Iterator<Item = u64> {
        self.mailboxes.iter().copied().take(MOST)
    }

    /// Those that a former program of this process knew.
    pub fn restore(&mut self, mailboxes: Vec<(u64, u64)>) {
        self.mailboxes = mailboxes.into_iter().map(|(mailbox, _)| mailbox).collect();
    }
}

impl Master {
    /// A courier says which mailboxes matter to it.
    ///
    /// # Errors
    /// The rule that was broken: another role said it.
    pub fn pushed(&mut self, id: WorkerId, anew: bool, mailboxes: Vec<(u64, u64)>) -> Result<(), String> {
        if !self.fleet.workers.get(&id).is_some_and(|worker| worker.role.row().looks_for_mail) {
            return Err("is no courier".to_owned());
        }
        if anew {
            self.pushes.mailboxes.clear();
        }
        self.pushes.mailboxes.extend(mailboxes.into_iter().map(|(mailbox, _)| mailbox));
        Ok(())
    }

    /// A mailbox changed.
    pub fn note_pushed(&mut self, mailbox: u64, seq: u64) {
        if self.pushes.mailboxes.contains(&mailbox) {
            let newest = self.pushes.changed.entry(mailbox).or_insert(0);
            *newest = seq.max(*newest);
        }
    }

    /// Tells couriers what changed in this turn.
    pub fn flush_pushed(&mut self) {
        if self.pushes.changed.is_empty() {
            return;
        }
        let pairs: Vec<(u64, u64)> = self.pushes.changed.drain().collect();
        let mut message = Vec::new();
        for part in pairs.chunks(PAIRS_MAX) {
            Word::Changed { changes: Pairs(part.to_vec()) }.encode(&mut message);
            let couriers = self.fleet.workers.values().filter(|worker| worker.role.row().looks_for_mail);
            for socket in couriers.filter_map(|worker| worker.stop.as_ref()) {
                match seqpacket::send(socket.as_fd(), &message, &[], Wait::No) {
                    Ok(()) => {}
                    Err(error) if would_block(&error) => {}
                    // It is dying; its successor looks by itself.
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                    Err(error) => warn!("cannot tell the courier: {error}"),
                }
            }
        }
    }
}
