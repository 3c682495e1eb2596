//! NTLMv2 ([MS-NLMP]; over HTTP [MS-NTHT]): a challenge and its answer, then the connection is the client's. The challenge lies
//! with the connection in the meantime, so that the answer may come to any worker.
//!
//! `ewsd-ntlm` knows the messages; here are accounts, failures and what is kept. `negotiate.rs` speaks the same inside SPNEGO.
//! On a connection that is a proxy's, nothing of this is offered: it would bind one client's name to all that the proxy sends on.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_mailbox::random;
use ewsd_ntlm::{Authenticate, MESSAGE_MAX, Names, Negotiate, NtHash, Pending, Refused, Session, challenge, verify};
use ewsd_settings::Settings;
use ewsd_store::{Account, Store};
use ewsd_wire::form::Bytes;
use ewsd_wire::wire;

use super::{Attempt, Bound, Circumstances, Scheme};
use crate::auth::password;
use crate::auth::proof::{self, Kept};
use crate::auth::sealed::SecretKind;
use crate::auth::{AdmittedBy, Denied, Entered, Peer, failed};

/// Seconds in which a challenge must be answered.
const PATIENCE: u64 = 120;
/// Octets of a host name that are told to clients: what is kept of a challenge has a bound.
const NAME_MAX: usize = 100;
/// 100 ns in a second, and seconds from 1601 to 1970.
const TICKS: u64 = 10_000_000;
const SINCE_1601: u64 = 11_644_473_600;

pub struct Ntlm;

wire! {
    /// What lies with the connection.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) enum NtlmState {
        /// A challenge that is not answered yet.
        0 Challenged {
            negotiate: Vec<u8> as Bytes<256>,
            challenge: Vec<u8> as Bytes<1024>,
            /// SPNEGO: the client's list of mechanisms; empty without it.
            list: Vec<u8> as Bytes<256>,
            /// The client must sign that list: its first choice was another.
            sign: bool,
            /// Seconds since 1970.
            until: u64,
        }
        /// SPNEGO: this mechanism was chosen, its first message is to come.
        1 Chosen(list: Vec<u8> as Bytes<256>)
        /// The connection is this account's, as long as accounts stay as they were; but other nodes change some without telling, so
        /// not for ever. (2 had no end.)
        3 Known {
            account: u64,
            epoch: u64,
            /// Seconds since 1970.
            until: u64,
        }
    }
}

impl Scheme for Ntlm {
    fn number(&self) -> u8 {
        2
    }

    fn name(&self) -> &'static str {
        "ntlm"
    }

    fn speaks(&self, settings: &Settings, peer: Peer) -> bool {
        usable(settings, peer)
    }

    fn offer(&self, settings: &Settings, peer: Peer, _: &dyn Fn() -> String) -> Option<String> {
        self.speaks(settings, peer).then(|| "NTLM".to_owned())
    }

    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
        let Some(text) = attempt.credentials("NTLM") else { return known(attempt, self.number(), cx) };
        let message = decode(text, MESSAGE_MAX, attempt.peer)?;
        if let Some((message, kept)) = begin(&message, &[], false, cx) {
            return Err(Denied::Continue {
                challenge: format!("NTLM {}", STANDARD.encode(message)),
                bound: Some(kept_as(self.number(), &kept)),
            });
        }
        let (account, _) = finish(&message, kept(attempt), attempt.peer, cx)?;
        Ok(Some(entered(account, self.number(), None, cx)))
    }
}

/// Whether NTLM is spoken with a client at all.
pub(super) fn usable(settings: &Settings, peer: Peer) -> bool {
    settings.auth.ntlm && peer.is_alone()
}

/// What a client sends behind the scheme's name, of `most` octets.
pub(super) fn decode(text: &[u8], most: usize, peer: Peer) -> Result<Vec<u8>, Denied> {
    if text.len().div_ceil(4) * 3 > most + 2 {
        password::refused("", peer, "a message that is too long");
        return Err(Denied::Refused);
    }
    STANDARD.decode(text).map_err(|_| Denied::Unasked)
}

pub(super) fn kept(attempt: &Attempt<'_>) -> Option<NtlmState> {
    attempt.bound.and_then(|bound| ewsd_wire::from_bytes(bound).ok())
}

pub(super) fn kept_as(scheme: u8, kept: &NtlmState) -> Bound {
    Bound { scheme, state: ewsd_wire::to_bytes(kept) }
}

/// The account whose connection this is. Credentials of any kind say more than the connection does.
pub(super) fn known(attempt: &Attempt<'_>, scheme: u8, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied> {
    let Some(NtlmState::Known { account, epoch, until }) =
        kept(attempt).filter(|_| attempt.head.header("Authorization").is_none())
    else {
        return Ok(None);
    };
    // Accounts have changed since, or may have, this one's password maybe: the client says once more who it is.
    if epoch != cx.epoch || until <= cx.now {
        return Ok(None);
    }
    let account = cx.account(i64::try_from(account).unwrap_or(0)).map_err(failed)?;
    let bound = Bound { scheme, state: attempt.bound.unwrap_or_default().to_vec() };
    Ok(account.filter(|account| !account.disabled).map(|account| Entered {
        account,
        via: AdmittedBy::Connection,
        bound: Some(bound),
        reply: None,
    }))
}

pub(super) fn entered(account: Rc<Account>, scheme: u8, reply: Option<String>, cx: &Circumstances<'_>) -> Entered {
    let until = cx.now.saturating_add(cx.settings.auth.cache_seconds.max(1));
    let kept = NtlmState::Known { account: u64::try_from(account.account).unwrap_or(0), epoch: cx.epoch, until };
    Entered { account, via: AdmittedBy::Password, bound: Some(kept_as(scheme, &kept)), reply }
}

/// The challenge to a first message, and what is kept of it. None: this is no first message.
pub(super) fn begin(message: &[u8], list: &[u8], sign: bool, cx: &Circumstances<'_>) -> Option<(Vec<u8>, NtlmState)> {
    let negotiate = Negotiate::read(message).ok()?;
    let time = (cx.now + SINCE_1601) * TICKS;
    let challenge = challenge(negotiate, &names(cx.settings), random::array(), time);
    let kept = NtlmState::Challenged {
        negotiate: message.to_vec(),
        challenge: challenge.clone(),
        list: list.to_vec(),
        sign,
        until: cx.now + PATIENCE,
    };
    Some((challenge, kept))
}

fn names(settings: &Settings) -> Names {
    let host = match settings.server.name.as_str() {
        "" => crate::role::host_name(),
        name => name.to_owned(),
    };
    let fits = host.len() <= NAME_MAX && host.is_ascii();
    Names::of_host(if fits { &host } else { "server" })
}

/// The account that the last message proves, and the session with its client.
pub(super) fn finish(
    message: &[u8],
    kept: Option<NtlmState>,
    peer: Peer,
    cx: &mut Circumstances<'_>,
) -> Result<(Rc<Account>, Session), Denied> {
    // Answers to no challenge: the client begins anew. Each challenge is answered once, since what is kept goes with every request.
    let Some(NtlmState::Challenged { negotiate, challenge, until, .. }) = kept else { return Err(Denied::Unasked) };
    if until < cx.now {
        return Err(Denied::Unasked);
    }
    let Ok(message) = Authenticate::read(message, &challenge) else {
        password::refused("", peer, "malformed message");
        return Err(Denied::Refused);
    };
    let names = names_of(&message);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let find = |store: &mut Store| password::find(names.iter().copied(), store);
    let pending = Pending { negotiate: &negotiate, challenge: &challenge };
    proof::check(&KEPT, &names, peer, cx, find, |secret| {
        let hash = secret.first_chunk::<16>().map(|hash| NtHash(*hash)).ok_or(KEPT.missing)?;
        verify(&message, pending, &hash).map_err(Refused::reason)
    })
}

const KEPT: Kept = Kept { kind: SecretKind::Nt, missing: "no NT hash", nobody: &[0xa5; 16] };

/// The names under which a client's account may be known, the fullest first.
fn names_of(message: &Authenticate<'_>) -> Vec<String> {
    let (user, domain) = (message.user.as_str(), message.domain.as_str());
    let full = !domain.is_empty() && !user.contains('@');
    let full = full.then(|| format!("{user}@{domain}"));
    full.into_iter().chain([user.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_kept_fits_beside_the_connection() {
        let name = format!("{}.example.org", "x".repeat(NAME_MAX - 12));
        let negotiate = Negotiate::read(&[b"NTLMSSP\0\x01\0\0\0\x01\x02\0\0".as_slice(), &[0; 240]].concat()).unwrap();
        let challenge = challenge(negotiate, &Names::of_host(&name), [0; 8], 0);
        let kept =
            NtlmState::Challenged { negotiate: vec![0; 256], challenge, list: vec![0; 256], sign: true, until: 1 };
        let bound = kept_as(2, &kept);
        let written = ewsd_wire::to_bytes(&bound);
        assert_eq!(ewsd_wire::from_bytes::<Bound>(&written).ok(), Some(bound), "{} octets", written.len());
    }
}
