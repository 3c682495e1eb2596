//! The schemes by which a client says who it is (RFC 9110 11), one file each.
//!
//! A new one is a file with its [`Scheme`] and its line in [`SCHEMES`]. What it must remember between two requests of a connection
//! (a pending challenge, an identity) is a [`Bound`]: a few bytes that lie in the master beside the connection, so no worker
//! is tied to a client.

mod basic;

use std::rc::Rc;

use ewsd_http::Head;
use ewsd_ipc::shared::Shared;
use ewsd_settings::Settings;
use ewsd_store::{Account, Store, StoreError};
use ewsd_wire::form::Bytes;
use ewsd_wire::wire;

use super::known::Known;
use super::{Denied, Entered, Peer};

/// All schemes, in the order in which they are offered and asked.
pub const SCHEMES: &[&dyn Scheme] = &[&basic::Basic];

/// Most octets that a scheme may leave with a connection.
const BOUND_MAX: usize = 1024;

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

    /// The value of its `WWW-Authenticate` field; none where it is not offered, and then it is not accepted either.
    fn offer(&self, settings: &Settings) -> Option<String>;

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
    pub known: &'a mut Known,
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
        // Other nodes change accounts without telling: nothing is believed for longer than a password is.
        let expires = self.now + self.settings.auth.cache_seconds.max(1);
        self.known.insert(account.clone(), self.epoch, expires);
        account
    }
}

/// The values of the `WWW-Authenticate` fields, one for each scheme that is offered.
pub fn offers(settings: &Settings) -> Vec<String> {
    SCHEMES.iter().filter_map(|scheme| scheme.offer(settings)).collect()
}

#[cfg(test)]
mod tests {
    use super::SCHEMES;

    #[test]
    fn no_two_schemes_have_one_number() {
        let mut numbers: Vec<u8> = SCHEMES.iter().map(|scheme| scheme.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), SCHEMES.len());
    }
}
