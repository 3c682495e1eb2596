//! Is a password right? What every scheme asks that is given one. Who knows is either `local.rs` or
//! `elsewhere.rs`: each account has one of them.
//!
//! The line that a refused login leaves in the log is what the shipped fail2ban filter reads: change both together.

mod elsewhere;
mod failures;
mod hashing;
mod local;
mod owners;
pub(super) mod principal;

use std::rc::Rc;

use ewsd_ipc::message::Hashing;
use ewsd_ipc::shared::Shared;
use ewsd_mailbox::log::note;
use ewsd_store::Account;
use zeroize::Zeroizing;

pub(super) use self::failures::admit;
pub use self::failures::{delay_ms, network};
pub use self::hashing::Hasher;
pub(super) use self::local::find;
pub use self::local::hash;
pub use self::owners::Owners;
use super::scheme::Circumstances;
use super::{AdmittedBy, Denied, Peer, failed, tag};

/// What a client says of itself, not yet believed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub login: String,
    /// Wiped when it is let go of.
    pub password: Zeroizing<String>,
}

/// A password never reaches a log, not even by accident.
impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Credentials {
    /// The names under which the account may be known: as given (a login or an address), then without its domain.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        let bare = self.login.split_once('\\').map(|(_, user)| user).filter(|user| !user.is_empty());
        std::iter::once(self.login.as_str()).chain(bare)
    }
}

/// The account whose password that is: from the shared memory of successes, else by asking who knows.
pub fn check(
    credentials: &Credentials,
    peer: Peer,
    cx: &mut Circumstances<'_>,
) -> Result<(Rc<Account>, AdmittedBy), Denied> {
    let tag = success_tag(cx.shared, credentials);
    let remembered = cx.settings.auth.cache_seconds > 0;
    if let Some(number) = cx.shared.lookup(&tag, cx.now).filter(|_| remembered) {
        let account = cx.account(i64::try_from(number).unwrap_or(0)).map_err(failed)?;
        if let Some(account) = account.filter(|account| !account.disabled) {
            return Ok((account, AdmittedBy::Cache));
        }
    }
    let (account, failures) = admit(credentials.names(), peer, cx, |store| find(credentials.names(), store))?;
    let right = if elsewhere::knows(account.as_ref(), cx.settings) {
        elsewhere::is_right(credentials, account.as_ref(), peer, cx)?
    } else {
        match cx.turn.hashes {
            Hashing::No => {
                let known = failures.is_acquainted(account.as_ref(), peer, cx);
                return Err(Denied::MustHash { known });
            }
            Hashing::Known => local::is_right(credentials, account.as_ref()),
            Hashing::Strangers => cx.hasher.is_right(credentials, account.as_ref()),
        }
    };
    let reason = match account {
        None => "unknown user",
        Some(_) if !right => "wrong password",
        Some(account) if account.disabled => "account disabled",
        Some(account) => {
            let account = cx.remember(account);
            let number = u64::try_from(account.account).unwrap_or(0);
            if remembered && number > 0 {
                cx.shared.remember(&tag, number, cx.now + cx.settings.auth.cache_seconds, cx.epoch);
            }
            return Ok((account, AdmittedBy::Password));
        }
    };
    Err(failures.fail(&credentials.login, peer, reason, cx))
}

/// The line in the log.
pub(super) fn refused(login: &str, peer: Peer, reason: &str) {
    let login: String = login.chars().take(128).collect();
    note!(Warn, "authentication failure: address={} login={login:?} reason={reason:?}", peer.address);
}

fn success_tag(shared: &Shared, credentials: &Credentials) -> [u8; 16] {
    let login = credentials.login.to_lowercase();
    tag(shared, b"basic", &[login.as_bytes(), credentials.password.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::Credentials;

    #[test]
    fn names_are_tried_with_and_without_domain() {
        let credentials = |login: &str| Credentials { login: login.into(), password: String::new().into() };
        assert_eq!(credentials("D\\alice").names().collect::<Vec<_>>(), ["D\\alice", "alice"]);
        assert_eq!(credentials("alice@d").names().collect::<Vec<_>>(), ["alice@d"]);
    }
}
