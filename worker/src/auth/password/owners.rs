//! Who came in from a network before, and so is not kept out by what others there guess, nor waits with strangers until its password is
//! hashed. Asked about once a minute for a network, whatever is guessed there, and under whatever names.

use std::collections::HashMap;

use ewsd_http::network::Network;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::Store;

/// Seconds for which what the database said is good.
const GOOD: u64 = 60;
/// Seconds in which it is not asked again when it said nothing.
const AGAIN: u64 = 5;
/// People of one network: those who came last.
const PEOPLE: i64 = 10_000;
/// More networks, or more names in all of them, are forgotten all at once.
const NETWORKS: usize = 1000;
const NAMES: usize = 100_000;

/// As a worker knows them.
#[derive(Default)]
pub struct Owners {
    networks: HashMap<Network, People>,
}

struct People {
    /// Accounts by each of their names.
    names: HashMap<String, i64>,
    until: u64,
}

impl Owners {
    /// The account of the first of these names that somebody has who came in from there.
    pub fn find<'n>(
        &mut self,
        network: Network,
        mut names: impl Iterator<Item = &'n str>,
        store: &mut Store,
        settings: &Settings,
        now: u64,
    ) -> Option<i64> {
        if settings.auth.login_days == 0 {
            return None;
        }
        if self.networks.get(&network).is_none_or(|people| people.until <= now) {
            let (names, until) = match store.people_of_network(&network.to_string(), PEOPLE) {
                Ok(people) => (people.into_iter().collect(), now + GOOD),
                Err(error) => {
                    note!(Warn, "who came in from {network} cannot be found out: {error}");
                    (HashMap::new(), now + AGAIN)
                }
            };
            self.keep(network, People { names, until });
        }
        let people = self.networks.get(&network)?;
        names.find_map(|name| people.names.get(&name.to_lowercase()).copied())
    }

    /// Somebody came in from there. Other workers hear of it when they ask again.
    pub fn add(&mut self, network: Network, login: &str, account: i64) {
        if let Some(people) = self.networks.get_mut(&network) {
            people.names.insert(login.to_lowercase(), account);
        }
    }

    fn keep(&mut self, network: Network, people: People) {
        let known: usize = self.networks.values().map(|known| known.names.len()).sum();
        if self.networks.len() >= NETWORKS || known + people.names.len() > NAMES {
            self.networks.clear();
        }
        self.networks.insert(network, people);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut owners = Owners::default();
        let network = |n: u32| Network::around(std::net::Ipv4Addr::from(n).into(), 32, 64);
        for n in 0..5000 {
            owners.keep(network(n), People { names: HashMap::new(), until: 1 });
            assert!(owners.networks.len() <= NETWORKS);
        }
        owners.networks.clear();
        for n in 0..30 {
            let names = (0..10_000).map(|name| (format!("{n} {name}"), 1)).collect();
            owners.keep(network(n), People { names, until: 1 });
            assert!(owners.networks.values().map(|people| people.names.len()).sum::<usize>() <= NAMES);
        }
    }

    #[test]
    fn nobody_is_asked_where_nothing_is_noted() {
        let mut store = Store::lazy(&ewsd_store::Options::new("host=/nowhere")).unwrap();
        let mut settings = Settings::default();
        let network = Network::parse("192.0.2.1").unwrap();
        let mut owners = Owners::default();
        let people = People { names: [("anna".to_owned(), 7)].into(), until: 60 };
        owners.keep(network, people);
        let mut find = |name: &str, settings: &Settings, now| {
            owners.find(network, std::iter::once(name), &mut store, settings, now)
        };
        assert_eq!((find("ANNA", &settings, 59), find("bert", &settings, 59)), (Some(7), None));
        assert_eq!(find("anna", &settings, 60), None, "the database is away");
        settings.auth.login_days = 0;
        assert_eq!(find("anna", &settings, 59), None);
    }
}
