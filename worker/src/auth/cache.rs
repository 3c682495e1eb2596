//! What a worker has seen lately of accounts: them, the names under which they proved who they are, and what was needed for that of what
//! is kept of their passwords.
//!
//! That stays sealed as it lies in the database, and is opened for each login: the memory says no more than the database does to who
//! has not the key. Who can read a worker's memory has that, too, and what it asks the database with; a core is never written
//! (`role/bounds.rs`).

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;

use ewsd_store::Account;

use super::sealed::SecretKind;

/// More of a kind than that are forgotten all at once.
const MOST: usize = 20_000;

/// What was seen, with the second from which it is not believed any more.
type Seen<K, V> = HashMap<K, (V, u64)>;

/// All of it is valid in `epoch` only.
#[derive(Default)]
pub struct AccountCache {
    accounts: Seen<i64, Rc<Account>>,
    names: Seen<String, i64>,
    sealed: Seen<(i64, SecretKind), Rc<[u8]>>,
    epoch: u64,
}

impl AccountCache {
    pub fn get(&self, number: i64, epoch: u64, now: u64) -> Option<Rc<Account>> {
        find(&self.accounts, &number, now).filter(|_| self.epoch == epoch)
    }

    pub fn insert(&mut self, account: Rc<Account>, epoch: u64, expires: u64) {
        self.begin(epoch);
        put(&mut self.accounts, account.account, account, expires);
    }

    /// Who proved lately to be of these names.
    pub fn named(&self, names: &[&str], epoch: u64, now: u64) -> Option<Rc<Account>> {
        self.get(find(&self.names, &key(names), now)?, epoch, now)
    }

    /// It proved to be that.
    pub fn insert_named(&mut self, names: &[&str], account: Rc<Account>, epoch: u64, expires: u64) {
        self.begin(epoch);
        put(&mut self.names, key(names), account.account, expires);
        self.insert(account, epoch, expires);
    }

    /// What is kept of its password, as it is sealed.
    pub fn sealed(&self, number: i64, kind: SecretKind, epoch: u64, now: u64) -> Option<Rc<[u8]>> {
        find(&self.sealed, &(number, kind), now).filter(|_| self.epoch == epoch)
    }

    pub fn insert_sealed(&mut self, number: i64, kind: SecretKind, sealed: Rc<[u8]>, epoch: u64, expires: u64) {
        self.begin(epoch);
        put(&mut self.sealed, (number, kind), sealed, expires);
    }

    /// What is of another epoch is forgotten.
    fn begin(&mut self, epoch: u64) {
        if self.epoch != epoch {
            *self = AccountCache { epoch, ..AccountCache::default() };
        }
    }
}

fn find<K: Eq + Hash, V: Clone>(seen: &Seen<K, V>, key: &K, now: u64) -> Option<V> {
    seen.get(key).filter(|(_, expires)| *expires > now).map(|(value, _)| value.clone())
}

fn put<K: Eq + Hash, V>(seen: &mut Seen<K, V>, key: K, value: V, expires: u64) {
    if seen.len() >= MOST {
        seen.clear();
    }
    seen.insert(key, (value, expires));
}

/// No name has a NUL (`Authenticate::read` of NTLM, and no field of HTTP).
fn key(names: &[&str]) -> String {
    names.join("\0")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::auth::tests::account;

    #[test]
    fn what_was_seen_is_believed_for_its_time_and_epoch() {
        let mut cache = AccountCache::default();
        cache.insert_named(&["alice@example.test", "alice"], account(7), 1, 60);
        cache.insert_sealed(7, SecretKind::Nt, [1, 2].into(), 1, 60);
        let seen = |cache: &AccountCache, epoch, now| {
            let named = cache.named(&["alice@example.test", "alice"], epoch, now).map(|account| account.account);
            (named, cache.sealed(7, SecretKind::Nt, epoch, now).map(|sealed| sealed.to_vec()))
        };
        assert_eq!(seen(&cache, 1, 59), (Some(7), Some(vec![1, 2])));
        for (epoch, now) in [(1, 60), (2, 59)] {
            assert_eq!(seen(&cache, epoch, now), (None, None), "{epoch} {now}");
        }
        // Whoever is read again is not named again.
        cache.insert(account(7), 1, 90);
        assert_eq!((seen(&cache, 1, 60), cache.get(7, 1, 60).is_some()), ((None, None), true));
        assert!(cache.named(&["alice"], 1, 1).is_none() && cache.sealed(7, SecretKind::DigestMd5, 1, 1).is_none());
        // Anything of a new epoch ends all of the old one.
        cache.insert_sealed(8, SecretKind::Nt, [3].into(), 2, 60);
        assert_eq!((cache.accounts.len(), cache.names.len(), cache.sealed.len()), (0, 0, 1));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut cache = AccountCache::default();
        let one = account(1);
        for n in 0..i64::try_from(MOST).unwrap() * 2 + 10 {
            cache.insert_named(&[&n.to_string()], one.clone(), 1, 60);
            cache.insert_sealed(n, SecretKind::Nt, [1].into(), 1, 60);
            assert!(cache.names.len() <= MOST && cache.sealed.len() <= MOST);
        }
        assert!(cache.names.len() >= 10 && cache.sealed.len() >= 10);
    }
}
