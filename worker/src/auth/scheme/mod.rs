//! The schemes by which a client says who it is (RFC 9110 11), one file each.
//!
//! A new one is a file with its [`Scheme`] and its line in [`SCHEMES`]. What it must remember between two requests of a connection
//! (a pending challenge, an identity) is a [`Bound`]: a few bytes that lie in the master beside the connection, so no worker
//! is tied to a client.

mod basic;
pub mod bearer;
pub mod digest;
mod header;
mod negotiate;
mod ntlm;

use std::rc::Rc;

use ewsd_http::Head;
use ewsd_ipc::shared::Shared;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store, StoreError};
use ewsd_wire::form::Bytes;
use ewsd_wire::wire;

use super::cache::AccountCache;
use super::kerberos::Acceptor;
use super::password::{self, Hasher, Owners};
use super::sealed::{Keyring, SecretKind};
use super::token::Keys;
use super::{Denied, Entered, Peer, Turn, failed};
use crate::login::LoginClient;

/// All schemes, in the order in which they are offered and asked.
pub const SCHEMES: &[&dyn Scheme] = &[
    &header::Header,
    &negotiate::Negotiate,
    &ntlm::Ntlm,
    &bearer::Bearer,
    &digest::SHA256,
    &digest::MD5,
    &basic::Basic,
];

/// Most octets that a scheme may leave with a connection.
const BOUND_MAX: usize = 2048;

wire! {
    /// What a scheme keeps of a connection.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Bound {
        /// [`Scheme::number`] of the scheme it belongs to.
        pub scheme: u8,
        /// The scheme's own.
        pub state: Vec<u8> as Bytes<BOUND_MAX>,
    }
}

/// A way to say who one is.
pub trait Scheme: Sync {
    /// Tells its [`Bound`] from others': never given to another scheme.
    fn number(&self) -> u8;

    /// As the settings name it.
    fn name(&self) -> &'static str;

    /// The value of its `WWW-Authenticate` field; none where it is not offered.
    /// `nonce` makes one of now.
    fn offer(&self, settings: &Settings, peer: Peer, nonce: &dyn Fn() -> String) -> Option<String>;

    /// Whether it is accepted. Asked for each request.
    fn speaks(&self, settings: &Settings, peer: Peer) -> bool;

    /// Who is asking. None: the request says nothing in this scheme. An error ends the request.
    fn accept(&self, attempt: &Attempt<'_>, cx: &mut Circumstances<'_>) -> Result<Option<Entered>, Denied>;
}

/// What a request says of its sender.
pub struct Attempt<'a> {
    pub head: &'a Head<'a>,
    pub peer: Peer,
    /// What this scheme has left with the connection.
    pub bound: Option<&'a [u8]>,
}

impl<'a> Attempt<'a> {
    /// What stands behind the scheme's name in `Authorization`.
    pub fn credentials(&self, scheme: &str) -> Option<&'a [u8]> {
        let (name, rest) = self.head.header("Authorization")?.split_at_checked(scheme.len())?;
        let mine = name.eq_ignore_ascii_case(scheme.as_bytes()) && rest.first().is_some_and(u8::is_ascii_whitespace);
        mine.then(|| rest.trim_ascii())
    }
}

/// What a scheme has to go by.
pub struct Circumstances<'a> {
    pub store: &'a mut Store,
    pub settings: &'a Settings,
    pub shared: &'a Shared,
    pub known: &'a mut AccountCache,
    pub keyring: &'a mut Keyring,
    pub kerberos: &'a mut Acceptor,
    pub tokens: &'a mut Keys,
    pub owners: &'a mut Owners,
    pub hasher: &'a mut Hasher,
    pub turn: Turn,
    /// Who is asked about passwords that are not known here; none: nobody can be.
    pub(crate) logins: Option<&'a LoginClient>,
    /// How long the answer to a refused request is kept back, in milliseconds.
    pub delay_ms: u32,
    /// Of the accounts: read before anything else was.
    pub epoch: u64,
    /// Seconds since 1970.
    pub now: u64,
}

impl Circumstances<'_> {
    /// The account of that number, from what is known or from the store.
    pub fn account(&mut self, number: i64) -> Result<Option<Rc<Account>>, StoreError> {
        if let Some(account) = self.known.get(number, self.epoch, self.now) {
            return Ok(Some(account));
        }
        let account = self.store.account(number)?;
        Ok(account.map(|account| self.remember(account)))
    }

    pub fn remember(&mut self, account: Account) -> Rc<Account> {
        let account = Rc::new(account);
        self.known.insert(account.clone(), self.epoch, self.expires());
        account
    }

    /// Other nodes change accounts without telling: nothing is believed for longer than a password is.
    fn expires(&self) -> u64 {
        self.now + self.settings.auth.cache_seconds.max(1)
    }

    /// As [`Self::remember`], of one that proved to be of these names.
    pub fn remember_named(&mut self, names: &[&str], account: Account) -> Rc<Account> {
        if self.settings.auth.cache_seconds == 0 {
            return self.remember(account);
        }
        let account = Rc::new(account);
        self.known.insert_named(names, account.clone(), self.epoch, self.expires());
        account
    }

    /// What somebody's proof was judged by, as it is sealed.
    pub fn remember_sealed(&mut self, account: i64, kind: SecretKind, sealed: Vec<u8>) {
        if self.settings.auth.cache_seconds > 0 {
            self.known.insert_sealed(account, kind, sealed.into(), self.epoch, self.expires());
        }
    }

    /// The account whom others vouch for under one of these names, or a reason why there is none.
    pub fn vouched(&mut self, names: &[&str]) -> Result<Result<Rc<Account>, &'static str>, Denied> {
        if let Some(account) = self.known.named(names, self.epoch, self.now).filter(|account| !account.disabled) {
            return Ok(Ok(account));
        }
        Ok(match password::find(names.iter().copied(), self.store).map_err(failed)? {
            None => Err("unknown user"),
            Some(account) if account.disabled => Err("account disabled"),
            Some(account) => Ok(self.remember_named(names, account)),
        })
    }
}

/// The values of the `WWW-Authenticate` fields, one for each scheme that is offered.
pub fn offers(settings: &Settings, peer: Peer, nonce: &dyn Fn() -> String) -> Vec<String> {
    let spoken = SCHEMES.iter().filter(|scheme| is_spoken(scheme.number(), peer));
    spoken.filter_map(|scheme| scheme.offer(settings, peer, nonce)).collect()
}

/// Whether the listener speaks a scheme.
pub fn is_spoken(number: u8, peer: Peer) -> bool {
    peer.schemes.checked_shr(u32::from(number)).is_none_or(|bits| bits & 1 == 1)
}

/// Schemes by name as bits by number, as [`Peer::schemes`] has them.
pub fn mask(names: &[&str]) -> u32 {
    let named = SCHEMES.iter().filter(|scheme| names.contains(&scheme.name()));
    named.fold(0, |bits, scheme| bits | 1u32.checked_shl(u32::from(scheme.number())).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use ewsd_settings::Settings;

    use super::ntlm::{NtlmState, kept_as};
    use super::{SCHEMES, is_spoken, mask, offers};
    use crate::auth::tests::{ask_for, peers};
    use crate::auth::{AdmittedBy, Denied, Peer};

    /// Everything that can be on is.
    fn all_on() -> Settings {
        let mut settings = Settings::default();
        let auth = &mut settings.auth;
        (auth.basic, auth.digest, auth.ntlm, auth.negotiate) = (true, true, true, true);
        auth.keytab = "/nonexistent/keytab".to_owned();
        auth.jwks_file = "/nonexistent/keys".to_owned();
        auth.headers = vec!["X-Remote-User".to_owned()];
        settings
    }

    /// The schemes as they are, whatever lies with the connection: alone, NTLM's two names know their client again.
    #[test]
    fn nobody_is_known_by_a_shared_connection() {
        let settings = all_on();
        for row in SCHEMES {
            let known = NtlmState::Known { account: 7, epoch: 1, until: 50 };
            let left = kept_as(row.number(), &known);
            for (peer, alone) in peers() {
                let binds = matches!(row.name(), "ntlm" | "negotiate");
                let next = ask_for(SCHEMES, &settings, "", Some(&left), peer).map(|entered| entered.via);
                let expected = if alone && binds { Ok(AdmittedBy::Connection) } else { Err(Denied::Unasked) };
                assert_eq!(next, expected, "{}: {peer:?}", row.name());
            }
        }
    }

    /// Nor is what would bind one even begun.
    #[test]
    fn what_binds_a_connection_is_not_begun_on_a_shared_one() {
        let settings = all_on();
        for (peer, alone) in peers() {
            let offered = offers(&settings, peer, &String::new);
            assert_eq!(offered.iter().any(|offer| offer == "NTLM"), alone, "{peer:?}: {offered:?}");
            for name in ["NTLM", "Negotiate"] {
                let line = format!("Authorization: {name} TlRMTVNTUAABAAAAB4IIAA==\r\n");
                let begun = ask_for(SCHEMES, &settings, &line, None, peer).map(|entered| entered.via);
                let goes_on = matches!(&begun, Err(Denied::Continue { challenge, .. }) if challenge.starts_with(name));
                assert_eq!(goes_on, alone, "{name} for {peer:?}: {begun:?}");
                assert!(alone || begun == Err(Denied::Unasked), "{name} for {peer:?}: {begun:?}");
            }
        }
    }

    #[test]
    fn listeners_speak_what_they_are_told_to() {
        let mut names: Vec<&str> = SCHEMES.iter().map(|scheme| scheme.name()).collect();
        let mut known = ewsd_settings::LOGIN_SCHEMES.to_vec();
        names.sort_unstable();
        names.dedup();
        known.sort_unstable();
        assert_eq!(names, known);
        let peer = Peer { schemes: mask(&["basic", "ntlm"]), ..Peer::UNKNOWN };
        let spoken: Vec<&str> =
            SCHEMES.iter().filter(|scheme| is_spoken(scheme.number(), peer)).map(|scheme| scheme.name()).collect();
        assert_eq!(spoken, ["ntlm", "basic"]);
    }

    #[test]
    fn no_two_schemes_have_one_number() {
        let mut numbers: Vec<u8> = SCHEMES.iter().map(|scheme| scheme.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), SCHEMES.len());
    }
}
