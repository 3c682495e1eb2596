//! The domains whose people may have mailboxes here, kept for a while: who has not logged in makes no query.

use ewsd_mailbox::deliver::Domains;
use ewsd_settings::Settings;
use ewsd_store::{Store, StoreError};

/// Seconds after which they are read again.
const KEPT: u64 = 60;

#[derive(Default)]
pub struct Accepted {
    domains: Option<Domains>,
    until: u64,
}

impl Accepted {
    /// Whether an address is in one of them. `now` in seconds.
    pub fn holds(
        &mut self,
        address: &str,
        now: u64,
        store: &mut Store,
        settings: &Settings,
    ) -> Result<bool, StoreError> {
        if self.domains.is_none() || self.until <= now {
            self.domains = Some(Domains::read(store, settings)?);
            self.until = now + KEPT;
        }
        Ok(self.domains.as_ref().is_some_and(|domains| domains.hold(address)))
    }
}
