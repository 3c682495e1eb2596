//! The queue of outgoing mail as far as the master knows it: it wakes the courier, and repeats the courier's figures.

use ewsd_ipc::Word;
use ewsd_ipc::seqpacket::{self, Wait, would_block};
use log::warn;
use std::os::fd::AsFd;

use crate::json::object;
use crate::master::Master;
use crate::metrics::{describe, put};

/// What the courier said last.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Messages in the queue.
    pub queued: u64,
    /// Those of them that were tried in vain.
    pub deferred: u64,
    /// When the oldest was submitted, in seconds since 1970.
    pub oldest: Option<u64>,
}

impl Outbox {
    /// For status.
    pub fn json(&self) -> String {
        object([
            ("queued", self.queued.to_string()),
            ("deferred", self.deferred.to_string()),
            ("oldest", self.oldest.map_or_else(|| "null".to_owned(), |time| time.to_string())),
        ])
    }

    /// Appends the gauges.
    pub fn write(&self, out: &mut String) {
        for (name, help, n) in [
            ("outgoing_queued", "Messages in the queue of outgoing mail", self.queued),
            ("outgoing_retrying", "Messages in that queue that were tried in vain", self.deferred),
            (
                "outgoing_oldest_timestamp_seconds",
                "When the oldest message in that queue was submitted; 0: there is none",
                self.oldest.unwrap_or(0),
            ),
        ] {
            describe(out, name, help, "gauge");
            put(out, format_args!("ewsd_{name} {n}"));
        }
    }
}

impl Master {
    /// There may be mail to send. A courier whose socket is full has been told often enough; one that is starting looks by
    /// itself.
    pub fn wake_courier(&mut self, anew: bool) {
        let couriers = self.fleet.workers.values().filter(|worker| worker.role.row().looks_for_mail);
        let mut message = Vec::new();
        Word::Look { anew }.encode(&mut message);
        for socket in couriers.filter_map(|worker| worker.stop.as_ref()) {
            match seqpacket::send(socket.as_fd(), &message, &[], Wait::No) {
                Ok(()) => {}
                Err(error) if would_block(&error) => {}
                // It is dying; its successor looks by itself.
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                Err(error) => warn!("cannot wake the courier: {error}"),
            }
        }
    }
}
