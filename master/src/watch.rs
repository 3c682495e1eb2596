//! Who waits for which mailbox, and the newest journal number heard of each.
//!
//! A change can be heard between a worker's look and its `Hold`; so numbers of mailboxes that nobody watches are remembered
//! too, for the last many thousand mailboxes. What is lost nevertheless is found by the sweep.

use std::collections::HashMap;

use crate::few::Few;
use crate::state::ConnId;

/// After so many mailboxes the older half of what was heard is forgotten.
const RECENT_MAX: usize = 65_536;

#[derive(Debug, Default)]
struct Watched {
    newest: u64,
    who: Few<ConnId>,
}

/// The index from mailboxes to held calls.
#[derive(Debug, Default)]
pub struct Watchers {
    watched: HashMap<u64, Watched>,
    recent: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
}

impl Watchers {
    /// `mailbox` reached `seq`. Returns those who wait for it; who has seen that much already is the caller's to know.
    pub fn heard(&mut self, mailbox: u64, seq: u64) -> Vec<ConnId> {
        let Some(watched) = self.watched.get_mut(&mailbox) else {
            self.remember(mailbox, seq);
            return Vec::new();
        };
        if seq > watched.newest {
            watched.newest = seq;
            return watched.who.as_slice().to_vec();
        }
        Vec::new()
    }

    fn remember(&mut self, mailbox: u64, seq: u64) {
        let newest = self.recent.entry(mailbox).or_insert(0);
        *newest = (*newest).max(seq);
        if self.recent.len() > RECENT_MAX {
            self.older = std::mem::take(&mut self.recent);
        }
    }

    /// The newest number heard of `mailbox`; 0 if none.
    pub fn newest(&self, mailbox: u64) -> u64 {
        let remembered = || {
            let of = |map: &HashMap<u64, u64>| map.get(&mailbox).copied().unwrap_or(0);
            of(&self.recent).max(of(&self.older))
        };
        self.watched.get(&mailbox).map_or_else(remembered, |watched| watched.newest)
    }

    /// `id` waits for `mailbox` from now on.
    pub fn add(&mut self, mailbox: u64, id: ConnId) {
        if !self.watched.contains_key(&mailbox) {
            let newest = self.newest(mailbox);
            self.recent.remove(&mailbox);
            self.older.remove(&mailbox);
            self.watched.insert(mailbox, Watched { newest, who: Few::default() });
        }
        if let Some(watched) = self.watched.get_mut(&mailbox) {
            watched.who.push(id);
        }
    }

    /// `id` does not wait for `mailbox` any more.
    pub fn remove(&mut self, mailbox: u64, id: ConnId) {
        let Some(watched) = self.watched.get_mut(&mailbox) else {
            return;
        };
        watched.who.remove(&id);
        if watched.who.as_slice().is_empty() {
            let newest = watched.newest;
            self.watched.remove(&mailbox);
            self.remember(mailbox, newest);
        }
    }

    /// Every watched mailbox with the newest number heard.
    pub fn all(&self) -> Vec<(u64, u64)> {
        self.watched.iter().map(|(mailbox, watched)| (*mailbox, watched.newest)).collect()
    }

    /// The same, and what is remembered of mailboxes that nobody watches, at most so many.
    pub fn known(&self, most: usize) -> Vec<(u64, u64)> {
        let recent = self.recent.iter().map(|(mailbox, newest)| (*mailbox, *newest));
        self.all().into_iter().chain(recent).take(most).collect()
    }

    /// How many mailboxes are watched.
    pub fn len(&self) -> usize {
        self.watched.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{RECENT_MAX, Watchers};

    #[test]
    fn what_was_heard_before_anybody_watched_is_known() {
        let mut watchers = Watchers::default();
        assert!(watchers.heard(1, 5).is_empty());
        assert!(watchers.heard(1, 3).is_empty());
        assert_eq!(watchers.newest(1), 5);
        watchers.add(1, 100);
        assert_eq!(watchers.newest(1), 5);
        assert!(watchers.heard(1, 5).is_empty());
        assert_eq!(watchers.heard(1, 6), [100]);
        watchers.remove(1, 100);
        assert!(watchers.is_empty());
        assert_eq!(watchers.newest(1), 6);
    }

    #[test]
    fn memory_of_the_unwatched_is_bounded() {
        let mut watchers = Watchers::default();
        watchers.add(u64::MAX, 1);
        for mailbox in 0..10 * RECENT_MAX as u64 {
            watchers.heard(mailbox, mailbox + 1);
        }
        assert!(watchers.recent.len() + watchers.older.len() <= 2 * RECENT_MAX + 1);
        // At least the last RECENT_MAX are there.
        let last = 10 * RECENT_MAX as u64 - 1;
        assert!((0..RECENT_MAX as u64).all(|back| watchers.newest(last - back) == last - back + 1));
        assert_eq!(watchers.newest(0), 0);
    }

    #[test]
    fn only_the_one_that_leaves_leaves() {
        let mut watchers = Watchers::default();
        for id in 1..=3 {
            watchers.add(9, id);
        }
        watchers.remove(9, 2);
        watchers.remove(9, 7);
        let mut who = watchers.heard(9, 1);
        who.sort_unstable();
        assert_eq!(who, [1, 3]);
        assert_eq!((watchers.len(), watchers.all()), (1, vec![(9, 1)]));
    }
}
