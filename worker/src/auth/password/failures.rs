//! Failures of a minute, which begins with the first of them, in the memory that all workers share. A change of accounts leaves
//! them as they are: else who guesses would begin anew with each.
//!
//! Three counts, each with its own purpose. Of a network: over the limit nothing from there is judged any more. Of an account
//! from a network: the same where the network is not known, behind a proxy that names no clients. Of an account, wherever from: the
//! answers to wrong guesses come later and later, while its owner, whose network has done nothing, gets in.

use std::net::IpAddr;

use ewsd_http::network::Network;
use ewsd_ipc::shared::{About, Shared};
use ewsd_store::Account;

use crate::auth::scheme::Circumstances;
use crate::auth::{Peer, tag};

const MINUTE: u64 = 60;
/// Failures that cost nothing: everybody mistypes.
const FREE: u64 = 3;
/// Milliseconds of the first delay; it doubles with each further failure.
const FIRST: u64 = 500;

/// A tag, and whom it is about.
type Count = ([u8; 16], About);

pub struct Failures<'a> {
    shared: &'a Shared,
    /// Those over whose limit nothing is judged.
    refusing: Vec<Count>,
    /// That of the account, which only delays.
    account: Count,
    most: u64,
    longest_ms: u64,
    now: u64,
}

impl<'a> Failures<'a> {
    /// Those of the account that was found, however the login was spelled: with a domain, as an address, as another of its
    /// addresses. These ones where there is none.
    pub fn of_account(self, account: Option<&Account>, cx: &Circumstances<'a>, peer: Peer) -> Failures<'a> {
        // No login has a NUL.
        account.map_or(self, |account| {
            Failures::about(cx, &format!("\0{}", account.account), u64::try_from(account.account).unwrap_or(0), peer)
        })
    }

    /// Of a login as it is without a domain.
    pub fn new(cx: &Circumstances<'a>, login: &str, peer: Peer) -> Failures<'a> {
        Failures::about(cx, login, 0, peer)
    }

    fn about(cx: &Circumstances<'a>, login: &str, account: u64, peer: Peer) -> Failures<'a> {
        let shared = cx.shared;
        let login = login.to_lowercase();
        let network = network(peer.address);
        let address = Some(network.base());
        let network = network.to_string();
        let both = [login.as_bytes(), network.as_bytes()];
        // Of a login that is nobody's nothing is told: it may be a password in the wrong field.
        let there = if account == 0 { About::default() } else { About { account, address } };
        let mut refusing = vec![(tag(shared, b"failures of login there", &both), there)];
        // A proxy's own address stands for all its clients: one of them must not lock out the others.
        if !peer.shared {
            let of_network = tag(shared, b"failures of network", &[network.as_bytes()]);
            refusing.push((of_network, About { account: 0, address }));
        }
        Failures {
            shared,
            refusing,
            account: (tag(shared, b"failures of login", &[login.as_bytes()]), About { account, address: None }),
            most: cx.settings.auth.failures_per_minute,
            longest_ms: cx.settings.auth.failure_delay_seconds * 1000,
            now: cx.now,
        }
    }

    fn of(&self, (tag, _): &Count) -> u64 {
        self.shared.count(tag, self.now)
    }

    /// Whether there were so many from there that nothing is judged any more.
    pub fn over(&self) -> bool {
        self.most > 0 && self.refusing.iter().any(|count| self.of(count) >= self.most)
    }

    pub fn count(&self) {
        for (tag, about) in self.refusing.iter().chain([&self.account]) {
            self.shared.raise(tag, *about, self.now + MINUTE, self.now);
        }
    }

    /// How long the answer to a failure is kept back, in milliseconds: no worker waits, the master does.
    pub fn delay_ms(&self) -> u32 {
        let worst = self.refusing.iter().chain([&self.account]).map(|count| self.of(count)).max().unwrap_or(0);
        delay_ms(worst, self.most, self.longest_ms)
    }
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

    const ONE: Count = ([1; 16], About { account: 1, address: None });
    const OTHER: Count = ([2; 16], About { account: 2, address: None });

    #[test]
    fn a_change_of_accounts_gives_no_new_guesses() {
        let region = ewsd_ipc::shared::create(&[7; 32]).unwrap();
        let shared = Shared::map(&region).unwrap();
        let failures =
            Failures { shared: &shared, refusing: vec![ONE], account: OTHER, most: 5, longest_ms: 8_000, now: 7 };
        (0..5).for_each(|_| failures.count());
        ewsd_ipc::shared::set_epoch(&region, 2).unwrap();
        assert_eq!((failures.over(), failures.delay_ms()), (true, 1_000));
    }

    #[test]
    fn a_minute_begins_with_the_first_failure() {
        let shared = Shared::map(ewsd_ipc::shared::create(&[7; 32]).unwrap()).unwrap();
        let at =
            |now| Failures { shared: &shared, refusing: vec![ONE], account: OTHER, most: 2, longest_ms: 8_000, now };
        [119, 121].into_iter().for_each(|now| at(now).count());
        assert_eq!([120, 121, 178, 179].map(|now| at(now).over()), [true, true, true, false]);
        at(180).count();
        assert_eq!([200, 239].map(|now| at(now).over()), [false, false]);
    }

    #[test]
    fn guessing_gets_slower() {
        let delays: Vec<u32> = (0..9).map(|failures| delay_ms(failures, 30, 8_000)).collect();
        assert_eq!(delays, [0, 0, 0, 0, 500, 1_000, 2_000, 4_000, 8_000]);
        let of_many = [(30, 8_000), (30, 0), (0, 8_000)].map(|(most, longest)| delay_ms(1_000_000, most, longest));
        assert_eq!(of_many, [8_000, 0, 0]);
    }
}
