//! Failures of this minute, one count for the account and one for the address, in the memory that all workers share: where a success
//! has its account a count has its number. Workers that count at the same moment may lose one; the limit is no exact figure.

use ewsd_ipc::shared::Shared;

use super::Credentials;
use crate::auth::scheme::Circumstances;
use crate::auth::{Peer, tag};

const MINUTE: u64 = 60;

pub struct Failures<'a> {
    shared: &'a Shared,
    tags: Vec<[u8; 16]>,
    most: u64,
    now: u64,
}

impl<'a> Failures<'a> {
    pub fn new(cx: &Circumstances<'a>, credentials: &Credentials, peer: Peer) -> Failures<'a> {
        let shared = cx.shared;
        let login = credentials.names().last().unwrap_or_default().to_lowercase();
        let mut tags = vec![tag(shared, b"failures of login", &[login.as_bytes()])];
        // A proxy's own address stands for all its clients: one of them must not lock out the others.
        if !peer.shared {
            tags.push(tag(shared, b"failures of address", &[peer.address.to_string().as_bytes()]));
        }
        Failures { shared, tags, most: cx.settings.auth.failures_per_minute, now: cx.now }
    }

    /// Whether there were so many that no password is judged any more.
    pub fn over(&self) -> bool {
        self.most > 0 && self.tags.iter().any(|tag| self.shared.lookup(tag, self.now).unwrap_or(0) >= self.most)
    }

    pub fn count(&self) {
        let expires = (self.now / MINUTE + 1) * MINUTE;
        let epoch = self.shared.accounts_epoch();
        for tag in &self.tags {
            let count = self.shared.lookup(tag, self.now).unwrap_or(0) + 1;
            self.shared.remember(tag, count, expires, epoch);
        }
    }
}
