//! Who is asking. A scheme reads credentials (`scheme/`), a password is judged by `password/`; accounts lately seen are in
//! `cache.rs`.
//!
//! | question | file |
//! |---|---|
//! | which schemes are there, what is offered, what sticks to a connection? | `scheme/mod.rs` |
//! | one scheme | `scheme/<scheme>.rs` |
//! | at which priority is a password hashed? | `password/hashing.rs` |
//! | is a password right? | `password/mod.rs`, for accounts with a hash of their own `password/local.rs`, for others `password/elsewhere.rs` |
//! | is a proof of a password right, that does not say it? | `proof.rs` |
//! | is a token of an identity provider good? | `token.rs` (what is in one: `ewsd-jwt`); who fetches its keys `../courier/keys.rs` |
//! | whom does a certificate's subject name? | `subject.rs` |
//! | may one account act as another? | `impersonate.rs` |
//! | is a Kerberos token good? | `kerberos.rs` |
//! | what is kept of passwords under a key? | `sealed.rs` |
//! | who guesses too often? | `password/failures.rs`; whom that does not keep out, `password/owners.rs` |
//! | from where did somebody come in? | `note_place` here |
//! | where does a request really come from? | `peer.rs` |
//!
//! A password once found right is taken again for a while from the memory that all workers share, under a tag that only this
//! start of the server can compute. An unknown user costs as much time as a wrong password. Failures are counted there too,
//! by account and by address: over the limit nobody's hash is computed, so guessing costs the guesser time and the server none.

mod cache;
pub mod impersonate;
mod kerberos;
pub mod password;
mod peer;
mod proof;
pub mod scheme;
pub mod sealed;
mod subject;
#[cfg(test)]
mod tests;
mod token;

use std::rc::Rc;

use ewsd_http::Head;
use ewsd_ipc::message::Hashing;
use ewsd_ipc::shared::Shared;
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store, StoreError};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use self::cache::AccountCache;
use self::kerberos::Acceptor;
use self::password::{Hasher, Owners};
pub use self::peer::{ALL_SCHEMES, Peer};
use self::scheme::is_spoken;
use self::scheme::{Attempt, Circumstances, SCHEMES, Scheme};
pub use self::scheme::{Bound, mask, offers};
use self::sealed::Keyring;
use self::token::Keys;
use crate::login::LoginClient;

/// Seconds in which it is not noted again that somebody came in.
const HOUR: u64 = 3600;

/// Why a request is nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No credentials, or of a scheme that is not offered: the challenge is the answer, nothing is counted.
    Unasked,
    /// A scheme goes on: its own challenge is the answer, and what it says stays with the connection.
    Continue {
        /// The value of `WWW-Authenticate`.
        challenge: String,
        /// What the connection keeps until the answer comes; none: nothing.
        bound: Option<Bound>,
    },
    /// They were refused.
    Refused,
    /// They were a token, and were refused: who has got it from elsewhere is told to get another.
    BadToken,
    /// A password is hashed in the turn of such, of somebody who is known or not: nothing is answered yet.
    MustHash { known: bool },
    /// The accounts cannot be read now; try again after so many milliseconds.
    Busy { retry_ms: u32 },
    /// Our fault; it is in the log.
    Broken,
}

/// How a request got in, for the counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdmittedBy {
    /// The shared memory of successes.
    Cache,
    /// A hash was computed.
    Password,
    /// What the connection keeps.
    Connection,
    /// The proxy in front.
    Proxy,
}

/// Somebody let in.
#[derive(Clone, Debug)]
pub struct Entered {
    pub account: Rc<Account>,
    pub via: AdmittedBy,
    /// What the connection keeps from now on.
    pub bound: Option<Bound>,
    /// The value of `WWW-Authenticate` on the answer, where a scheme proves the server, too.
    pub reply: Option<String>,
}

/// Judges requests; knows the accounts that this worker has seen lately.
#[derive(Default)]
pub struct Authenticator {
    known: AccountCache,
    keyring: Keyring,
    kerberos: Acceptor,
    tokens: Keys,
    owners: Owners,
    hasher: Hasher,
    logins: Option<LoginClient>,
    /// How long the answer to the request last refused is kept back, in milliseconds.
    pub delay_ms: u32,
    /// Of the request that is judged.
    pub turn: Turn,
}

/// In whose turn the master has handed out a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// That of this mailbox's account, with whose credentials it came; 0: they are not known.
    pub mailbox: u64,
    /// Whose passwords are hashed.
    pub hashes: Hashing,
}

impl Default for Turn {
    fn default() -> Turn {
        Turn { mailbox: 0, hashes: Hashing::No }
    }
}

impl Authenticator {
    /// Finds out at the start what would fail at the first login. `logins`: who asks others about passwords.
    pub(crate) fn prepare(&mut self, settings: &Settings, logins: LoginClient) {
        self.logins = Some(logins);
        if !settings.auth.keytab.is_empty() {
            self.kerberos.is_ready(&settings.auth.keytab, clock::unix());
        }
    }

    /// The account whose credentials `head` carries, or whose `bound` lies with the connection.
    pub fn authenticate(
        &mut self,
        head: &Head<'_>,
        peer: Peer,
        bound: Option<&Bound>,
        store: &mut Store,
        settings: &Settings,
        shared: &Shared,
    ) -> Result<Entered, Denied> {
        // The epoch before anything is read: what is read may be of an older one, never of a newer one.
        let (epoch, now) = (shared.accounts_epoch(), clock::unix());
        let Authenticator { known, keyring, kerberos, tokens, owners, hasher, logins, turn, .. } = self;
        let logins = logins.as_ref();
        let mut cx = Circumstances {
            store,
            settings,
            shared,
            known,
            keyring,
            kerberos,
            tokens,
            owners,
            hasher,
            turn: *turn,
            logins,
            delay_ms: 0,
            epoch,
            now,
        };
        let judged = judge(SCHEMES, head, peer, bound, &mut cx);
        self.delay_ms = cx.delay_ms;
        judged
    }

    /// The account of that number, from what is known or from the store. For held calls, whose caller was found before.
    pub fn by_number(
        &mut self,
        number: i64,
        store: &mut Store,
        settings: &Settings,
        shared: &Shared,
    ) -> Result<Option<Rc<Account>>, StoreError> {
        let mut cx = Circumstances {
            store,
            settings,
            shared,
            known: &mut self.known,
            keyring: &mut self.keyring,
            kerberos: &mut self.kerberos,
            tokens: &mut self.tokens,
            owners: &mut self.owners,
            hasher: &mut self.hasher,
            turn: Turn::default(),
            logins: self.logins.as_ref(),
            delay_ms: 0,
            epoch: shared.accounts_epoch(),
            now: clock::unix(),
        };
        cx.account(number)
    }
}

/// The first of the offered schemes that the request speaks decides.
fn judge(
    schemes: &[&dyn Scheme],
    head: &Head<'_>,
    peer: Peer,
    bound: Option<&Bound>,
    cx: &mut Circumstances<'_>,
) -> Result<Entered, Denied> {
    let settings = cx.settings;
    for scheme in schemes.iter().filter(|scheme| is_spoken(scheme.number(), peer) && scheme.speaks(settings, peer)) {
        // Connections of a proxy are shared by its clients: what one left there is nobody's.
        let mine = bound.filter(|bound| peer.is_alone() && bound.scheme == scheme.number());
        let attempt = Attempt { head, peer, bound: mine.map(|bound| bound.state.as_slice()) };
        if let Some(entered) = scheme.accept(&attempt, cx).map_err(|denied| left(denied, peer))? {
            note_place(scheme.name(), peer, &entered, cx);
            return Ok(Entered { bound: entered.bound.filter(|_| peer.is_alone()), ..entered });
        }
    }
    Err(Denied::Unasked)
}

/// Nor does a scheme that goes on leave anything with a connection that others share.
fn left(denied: Denied, peer: Peer) -> Denied {
    match denied {
        Denied::Continue { challenge, bound } => {
            Denied::Continue { challenge, bound: bound.filter(|_| peer.is_alone()) }
        }
        other => other,
    }
}

/// Notes from where somebody came in, once an hour: nobody is kept out because that cannot be.
fn note_place(scheme: &str, peer: Peer, entered: &Entered, cx: &mut Circumstances<'_>) {
    if cx.settings.auth.login_days == 0 || matches!(entered.via, AdmittedBy::Cache | AdmittedBy::Connection) {
        return;
    }
    // Only NTLM leaves somebody with the connection.
    let scheme = match (scheme, entered.bound.is_some()) {
        ("negotiate", true) => "ntlm",
        ("negotiate", false) => "kerberos",
        (scheme, _) => scheme,
    };
    let (account, network) = (entered.account.account, password::network(peer.address));
    cx.owners.add(network, &entered.account.login, account);
    let network = network.to_string();
    let tag = tag(cx.shared, b"login place", &[&account.to_le_bytes(), network.as_bytes(), scheme.as_bytes()]);
    if cx.shared.lookup(&tag, cx.now).is_some() {
        return;
    }
    match cx.store.note_login(account, &network, scheme) {
        Ok(()) => cx.shared.remember(&tag, u64::try_from(account).unwrap_or(0), cx.now + HOUR, cx.epoch),
        Err(error) => note!(Warn, "from where {} came in cannot be noted: {error}", entered.account.login),
    }
}

pub(crate) fn failed(error: StoreError) -> Denied {
    match error {
        StoreError::Busy { retry_ms } => Denied::Busy { retry_ms },
        other => {
            note!(Error, "accounts cannot be read: {other}");
            Denied::Broken
        }
    }
}

/// A name in the shared memory that tells nobody what it was made of.
pub(crate) fn tag(shared: &Shared, purpose: &[u8], parts: &[&[u8]]) -> [u8; 16] {
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
