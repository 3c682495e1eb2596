//! Failures of a minute, which begins with the first of them, in the memory that all workers share. A change of accounts leaves
//! them as they are: else who guesses would begin anew with each.
//!
//! Three counts, each with its own purpose. Of a network: over the limit nothing from there is judged any more, but the
//! logins of those who came in from there before (`owners.rs`): somebody who guesses does not keep a whole office out. Of an account
//! from a network: nothing is judged, whoever it is. Of an account, wherever from: the answers to wrong guesses come
//! later and later, while its owner, whose network has done nothing, gets in.

use std::borrow::Borrow;
use std::net::IpAddr;
use std::time::Instant;

use ewsd_http::network::Network;
use ewsd_ipc::shared::{About, Shared};
use ewsd_mailbox::clock;
use ewsd_store::{Account, Store, StoreError};

use super::refused;
use crate::auth::scheme::Circumstances;
use crate::auth::{Denied, Peer, failed, tag};

const MINUTE: u64 = 60;
/// Failures that cost nothing: everybody mistypes.
const FREE: u64 = 3;
/// Milliseconds of the first delay; it doubles with each further failure.
const FIRST: u64 = 500;

/// A tag, and whom it is about.
type Count = ([u8; 16], About);

/// What has failed before a login is judged.
pub struct Failures<'a> {
    shared: &'a Shared,
    /// That of the account from there, over whose limit nothing is judged.
    there: Count,
    /// That of the network. None: a proxy's own address stands for all its clients, and one of them must not lock out the others.
    network: Option<Count>,
    /// The account, as what failed of it is counted under, wherever from. That only delays, so nobody who gets in is looked up there.
    login: String,
    number: u64,
    /// The account came in from there before: what others there guess does not count against it.
    apart: Option<i64>,
    most: u64,
    longest_ms: u64,
    now: u64,
    begun: Instant,
}

/// The account that `find` finds under one of these names, and what counts against its logins; refused where that is too much. All
/// schemes in which a secret is checked come through here.
pub fn admit<'a, 'n, A: Borrow<Account>>(
    names: impl Iterator<Item = &'n str> + Clone,
    peer: Peer,
    cx: &mut Circumstances<'a>,
    find: impl FnOnce(&mut Store) -> Result<Option<A>, StoreError>,
) -> Result<(Option<A>, Failures<'a>), Denied> {
    let spelled = Failures::new(cx, names.clone().last().unwrap_or_default(), peer);
    let spelled = Failures { apart: spelled.apart(names.clone(), peer, cx), ..spelled };
    let account = if spelled.over() { None } else { find(cx.store).map_err(failed)? };
    let failures = spelled.of_account(account.as_ref().map(A::borrow), cx, peer);
    if failures.over() {
        cx.delay_ms = failures.delay_ms();
        refused(names.clone().next().unwrap_or_default(), peer, "too many failures");
        return Err(Denied::Refused);
    }
    Ok((account, failures))
}

impl<'a> Failures<'a> {
    /// Those of the account that was found, however the login was spelled: with a domain, as an address, as another of its
    /// addresses. These ones where there is none.
    fn of_account(self, account: Option<&Account>, cx: &Circumstances<'a>, peer: Peer) -> Failures<'a> {
        let Some(account) = account else { return Failures { apart: None, ..self } };
        let apart = self.apart.filter(|number| *number == account.account);
        // No login has a NUL.
        let login = format!("\0{}", account.account);
        let number = u64::try_from(account.account).unwrap_or(0);
        let about = About { account: number, address: Some(network(peer.address).base()) };
        let there = there(cx.shared, &login, about, peer);
        Failures { there, login, number, apart, ..self }
    }

    /// Of a login as it is without a domain.
    fn new(cx: &Circumstances<'a>, login: &str, peer: Peer) -> Failures<'a> {
        let shared = cx.shared;
        let login = login.to_lowercase();
        let network = network(peer.address);
        let address = Some(network.base());
        let network = network.to_string();
        let of_network = || (tag(shared, b"failures of network", &[network.as_bytes()]), About { account: 0, address });
        Failures {
            shared,
            // Of a login that is nobody's nothing is told: it may be a password in the wrong field.
            there: there(shared, &login, About::default(), peer),
            network: (!peer.shared).then(of_network),
            login,
            number: 0,
            apart: None,
            most: cx.settings.auth.failures_per_minute,
            longest_ms: cx.settings.auth.failure_delay_seconds * 1000,
            now: cx.now,
            begun: clock::monotonic(),
        }
    }

    /// The account of these names, where the network is over its limit and the account came in from there before.
    fn apart<'n>(&self, names: impl Iterator<Item = &'n str>, peer: Peer, cx: &mut Circumstances<'a>) -> Option<i64> {
        let over = self.network.as_ref().is_some_and(|network| self.is_over(network));
        let Circumstances { owners, store, settings, now, .. } = cx;
        if over { owners.find(network(peer.address), names, store, settings, *now) } else { None }
    }

    fn of(&self, (tag, _): &Count) -> u64 {
        self.shared.count(tag, self.now)
    }

    fn is_over(&self, count: &Count) -> bool {
        self.most > 0 && self.of(count) >= self.most
    }

    /// Whether there were so many from there that nothing is judged any more.
    fn over(&self) -> bool {
        self.is_over(&self.there)
            || self.apart.is_none() && self.network.as_ref().is_some_and(|network| self.is_over(network))
    }

    /// Whether a password is hashed before those of strangers: of an account with whose credentials the request came, as the master knows, or that
    /// came in from there before, where nobody guesses too much.
    pub fn is_acquainted(&self, account: Option<&Account>, peer: Peer, cx: &mut Circumstances<'a>) -> bool {
        let Some(account) = account else { return false };
        if u64::try_from(account.mailbox.0) == Ok(cx.turn.mailbox) {
            return true;
        }
        let Circumstances { owners, store, settings, now, .. } = cx;
        let mut there = || {
            let login = std::iter::once(account.login.as_str());
            owners.find(network(peer.address), login, store, settings, *now) == Some(account.account)
        };
        self.network.as_ref().is_some_and(|network| !self.is_over(network)) && there()
    }

    fn all(&self) -> impl Iterator<Item = Count> {
        let about = About { account: self.number, address: None };
        let account = (tag(self.shared, b"failures of login", &[self.login.as_bytes()]), about);
        [self.there, account].into_iter().chain(self.network)
    }

    /// One more, of whoever said to be that.
    pub fn fail(&self, login: &str, peer: Peer, reason: &str, cx: &mut Circumstances<'_>) -> Denied {
        for (tag, about) in self.all() {
            self.shared.raise(&tag, about, self.now + MINUTE, self.now);
        }
        cx.delay_ms = self.delay_ms();
        refused(login, peer, reason);
        Denied::Refused
    }

    /// How long the answer to a failure is kept back, in milliseconds: no worker waits, the master does. What judging took is a part of
    /// it, or the time would tell whether anything was judged.
    fn delay_ms(&self) -> u32 {
        let worst = self.all().map(|count| self.of(&count)).max().unwrap_or(0);
        let took = u32::try_from(clock::since(self.begun).as_millis()).unwrap_or(u32::MAX);
        delay_ms(worst, self.most, self.longest_ms).saturating_sub(took)
    }
}

/// That of a login from there, in small letters.
fn there(shared: &Shared, login: &str, about: About, peer: Peer) -> Count {
    let network = network(peer.address).to_string();
    (tag(shared, b"failures of login there", &[login.as_bytes(), network.as_bytes()]), about)
}

/// By the worst of the counts. No limit: no delays.
pub fn delay_ms(failures: u64, most: u64, longest_ms: u64) -> u32 {
    if most == 0 {
        return 0;
    }
    let doubled = match failures.checked_sub(FREE) {
        None | Some(0) => 0,
        Some(more) => FIRST.checked_shl(u32::try_from(more - 1).unwrap_or(u32::MAX).min(32)).unwrap_or(u64::MAX),
    };
    u32::try_from(doubled.min(longest_ms)).unwrap_or(u32::MAX)
}

/// What one client can choose its addresses from: one of version 4, 64 bits of version 6.
pub fn network(address: IpAddr) -> Network {
    Network::around(address, 32, 64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const THERE: Count = ([1; 16], About { account: 1, address: None });
    const NETWORK: Count = ([3; 16], About { account: 3, address: None });

    fn shared() -> (std::fs::File, Shared) {
        let region = ewsd_ipc::shared::create(&[7; 32]).unwrap();
        let shared = Shared::map(&region).unwrap();
        (region, shared)
    }

    fn failures(shared: &Shared, most: u64, now: u64) -> Failures<'_> {
        let begun = clock::monotonic();
        let network = Some(NETWORK);
        let login = "anna".to_owned();
        Failures { shared, there: THERE, network, login, number: 2, apart: None, most, longest_ms: 8_000, now, begun }
    }

    fn count(failures: &Failures<'_>, (tag, about): Count) {
        failures.shared.raise(&tag, about, failures.now + MINUTE, failures.now);
    }

    #[test]
    fn a_change_of_accounts_gives_no_new_guesses() {
        let (region, shared) = shared();
        let failures = failures(&shared, 5, 7);
        (0..5).for_each(|_| count(&failures, THERE));
        ewsd_ipc::shared::set_epoch(&region, 2).unwrap();
        assert!(failures.over() && (900..=1_000).contains(&failures.delay_ms()), "{}", failures.delay_ms());
    }

    #[test]
    fn a_minute_begins_with_the_first_failure() {
        let (_, shared) = shared();
        let at = |now| failures(&shared, 2, now);
        [119, 121].into_iter().for_each(|now| count(&at(now), THERE));
        assert_eq!([120, 121, 178, 179].map(|now| at(now).over()), [true, true, true, false]);
        count(&at(180), THERE);
        assert_eq!([200, 239].map(|now| at(now).over()), [false, false]);
    }

    /// Whoever came in from there before is not kept out by others there, but by guesses of its own password.
    #[test]
    fn guesses_of_others_keep_no_owner_out() {
        let (_, shared) = shared();
        let stranger = failures(&shared, 3, 7);
        (0..9).for_each(|_| count(&stranger, NETWORK));
        let owner = || Failures { apart: Some(1), ..failures(&shared, 3, 7) };
        assert_eq!((stranger.over(), owner().over()), (true, false));
        assert!(owner().delay_ms() > 7_000, "a wrong one is answered as late as others' are");
        (0..3).for_each(|_| count(&stranger, THERE));
        assert!(owner().over());
    }

    #[test]
    fn guessing_gets_slower() {
        let delays: Vec<u32> = (0..9).map(|failures| delay_ms(failures, 30, 8_000)).collect();
        assert_eq!(delays, [0, 0, 0, 0, 500, 1_000, 2_000, 4_000, 8_000]);
        let of_many = [(30, 8_000), (30, 0), (0, 8_000)].map(|(most, longest)| delay_ms(1_000_000, most, longest));
        assert_eq!(of_many, [8_000, 0, 0]);
    }
}
