//! Who is asking. Basic credentials against the accounts table; other schemes will stand beside `basic.rs`.
//!
//! A password once found right is taken again for a while from the memory that all workers share, under a tag that only this
//! start of the server can compute. An unknown user costs as much time as a wrong password. Failures are counted there too,
//! by account and by address: over the limit nobody's hash is computed, so guessing costs the guesser time and the server none.
//!
//! The line that a refused login leaves in the log is what the shipped fail2ban filter reads: change both together.

mod basic;
pub mod password;
mod peer;

use std::collections::HashMap;
use std::rc::Rc;

use ewsd_http::Head;
use ewsd_ipc::shared::Shared;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store, StoreError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use basic::Credentials;
pub use peer::Peer;

/// Why a request is nobody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No credentials, or of a scheme that is not offered: the challenge is the answer, nothing is counted.
    Unasked,
    /// They were refused.
    Refused,
    /// The accounts cannot be read now; try again after so many milliseconds.
    Busy { retry_ms: u32 },
    /// Our fault; it is in the log.
    Broken,
}

/// How a request got in, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The shared memory of successes.
    Cache,
    /// A hash was computed.
    Password,
}

/// The accounts that this worker has seen lately.
#[derive(Default)]
pub struct Authenticator {
    /// By number; valid in `epoch` only.
    known: HashMap<i64, (Rc<Account>, u64)>,
    epoch: u64,
}

/// More accounts than that are forgotten all at once.
const KNOWN: usize = 20_000;
/// Where the account does not matter: a count.
const MINUTE: u64 = 60;

impl Authenticator {
    /// The account whose credentials `head` carries.
    pub fn authenticate(
        &mut self,
        head: &Head<'_>,
        peer: Peer,
        store: &mut Store,
        settings: &Settings,
        shared: &Shared,
    ) -> Result<(Rc<Account>, Via), Denied> {
        let header = head.header("Authorization").filter(|_| settings.auth.basic).ok_or(Denied::Unasked)?;
        let credentials = Credentials::from_header(header).ok_or(Denied::Unasked)?;
        // Before anything is read: what is read may be of an older epoch, never of a newer one.
        let epoch = shared.accounts_epoch();
        let now = clock::unix();
        let tag = success_tag(shared, &credentials);
        if settings.auth.cache_seconds > 0 {
            if let Some(number) = shared.lookup(&tag, now) {
                let account = self.account(number, epoch, now, settings, store).map_err(failed)?;
                if let Some(account) = account.filter(|account| !account.disabled) {
                    return Ok((account, Via::Cache));
                }
            }
        }
        let counters = Counters::new(shared, &credentials, peer, settings, now);
        if counters.over() {
            refused(&credentials, peer, "too many failures");
            return Err(Denied::Refused);
        }
        let account = find(&credentials, store).map_err(failed)?;
        let stored = account.as_ref().and_then(|account| account.password_phc.as_deref());
        let right = password::verify(&credentials.password, stored);
        let reason = match &account {
            None => "unknown user",
            Some(_) if !right => "wrong password",
            Some(account) if account.disabled => "account disabled",
            Some(account) => {
                let account = Rc::new(account.clone());
                self.remember(account.clone(), epoch, now, settings);
                let number = u64::try_from(account.account).unwrap_or(0);
                if settings.auth.cache_seconds > 0 && number > 0 {
                    shared.remember(&tag, number, now + settings.auth.cache_seconds, epoch);
                }
                return Ok((account, Via::Password));
            }
        };
        counters.count();
        refused(&credentials, peer, reason);
        Err(Denied::Refused)
    }

    /// The account of that number, from what is known or from the store. For held calls, whose caller was found before.
    pub fn by_number(
        &mut self,
        number: i64,
        store: &mut Store,
        settings: &Settings,
        shared: &Shared,
    ) -> Result<Option<Rc<Account>>, StoreError> {
        let number = u64::try_from(number).unwrap_or(0);
        self.account(number, shared.accounts_epoch(), clock::unix(), settings, store)
    }

    fn account(
        &mut self,
        number: u64,
        epoch: u64,
        now: u64,
        settings: &Settings,
        store: &mut Store,
    ) -> Result<Option<Rc<Account>>, StoreError> {
        let Ok(number) = i64::try_from(number) else { return Ok(None) };
        if self.epoch == epoch {
            if let Some((account, _)) = self.known.get(&number).filter(|(_, expires)| *expires > now) {
                return Ok(Some(account.clone()));
            }
        }
        let Some(account) = store.account(number)? else { return Ok(None) };
        let account = Rc::new(account);
        self.remember(account.clone(), epoch, now, settings);
        Ok(Some(account))
    }

    fn remember(&mut self, account: Rc<Account>, epoch: u64, now: u64, settings: &Settings) {
        if self.epoch != epoch || self.known.len() >= KNOWN {
            self.known.clear();
            self.epoch = epoch;
        }
        // Other nodes change accounts without telling: nothing is believed for longer than a password is.
        let expires = now + settings.auth.cache_seconds.max(1);
        self.known.insert(account.account, (account, expires));
    }
}

fn failed(error: StoreError) -> Denied {
    match error {
        StoreError::Busy { retry_ms } => Denied::Busy { retry_ms },
        other => {
            note!(Error, "accounts cannot be read: {other}");
            Denied::Broken
        }
    }
}

/// By login, then by address; the same for the name without its domain.
fn find(credentials: &Credentials, store: &mut Store) -> Result<Option<Account>, StoreError> {
    for name in credentials.names() {
        if let Some(account) = store.account_by_login(name)? {
            return Ok(Some(account));
        }
        if name.contains('@') {
            if let Some(account) = store.account_by_address(name)? {
                return Ok(Some(account));
            }
        }
    }
    Ok(None)
}

fn refused(credentials: &Credentials, peer: Peer, reason: &str) {
    let login: String = credentials.login.chars().take(128).collect();
    note!(Warn, "authentication failure: address={} login={login:?} reason={reason:?}", peer.address);
}

fn tag(shared: &Shared, purpose: &[u8], parts: &[&[u8]]) -> [u8; 16] {
    // A key of any length is taken; the error cannot be.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(shared.key()) else { return [0; 16] };
    mac.update(purpose);
    for part in parts {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    let digest: [u8; 32] = mac.finalize().into_bytes().into();
    let mut tag = [0; 16];
    tag.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    tag
}

fn success_tag(shared: &Shared, credentials: &Credentials) -> [u8; 16] {
    let login = credentials.login.to_lowercase();
    tag(shared, b"basic", &[login.as_bytes(), credentials.password.as_bytes()])
}

/// Failures of this minute, one count for the account and one for the address, in the same shared memory: where a success
/// has its account a count has its number. Workers that count at the same moment may lose one; the limit is no exact figure.
struct Counters<'a> {
    shared: &'a Shared,
    tags: Vec<[u8; 16]>,
    most: u64,
    now: u64,
}

impl<'a> Counters<'a> {
    fn new(shared: &'a Shared, credentials: &Credentials, peer: Peer, settings: &Settings, now: u64) -> Counters<'a> {
        let login = credentials.names().last().unwrap_or_default().to_lowercase();
        let mut tags = vec![tag(shared, b"failures of login", &[login.as_bytes()])];
        // A proxy's own address stands for all its clients: one of them must not lock out the others.
        if !peer.shared {
            tags.push(tag(shared, b"failures of address", &[peer.address.to_string().as_bytes()]));
        }
        Counters { shared, tags, most: settings.auth.failures_per_minute, now }
    }

    fn over(&self) -> bool {
        self.most > 0 && self.tags.iter().any(|tag| self.shared.lookup(tag, self.now).unwrap_or(0) >= self.most)
    }

    fn count(&self) {
        let expires = (self.now / MINUTE + 1) * MINUTE;
        let epoch = self.shared.accounts_epoch();
        for tag in &self.tags {
            let count = self.shared.lookup(tag, self.now).unwrap_or(0) + 1;
            self.shared.remember(tag, count, expires, epoch);
        }
    }
}
