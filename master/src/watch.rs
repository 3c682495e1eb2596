//! Who waits for which mailbox, and the newest journal number heard of each.
//!
//! A change can be heard between a worker's look and its `Hold`; so numbers of mailboxes that nobody watches are remembered
//! too, for the last many thousand mailboxes. What is lost nevertheless is found by the sweep.

use std::collections::HashMap;

use crate::table::Slot;

/// After so many mailboxes the older half of what was heard is forgotten.
const RECENT_MAX: usize = 65_536;

/// Who waits for a mailbox. Most have one watcher: the others stand elsewhere.
#[derive(Debug, Clone, Copy)]
struct Watched {
    newest: u64,
    first: Slot,
    /// Which of [`Watchers::others`]; 0: there are none.
    others: u32,
}

/// The index from mailboxes to held calls.
#[derive(Debug, Default)]
pub struct Watchers {
    watched: HashMap<u64, Watched>,
    /// Watchers of mailboxes that have several, and which of the lists are free. The first is nobody's.
    others: Vec<Vec<Slot>>,
    free: Vec<u32>,
    recent: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
}

impl Watchers {
    /// `mailbox` reached `seq`. Returns those who wait for it; who has seen that much already is the caller's to know.
    pub fn heard(&mut self, mailbox: u64, seq: u64) -> Vec<Slot> {
        let Some(watched) = self.watched.get_mut(&mailbox) else {
            self.remember(mailbox, seq);
            return Vec::new();
        };
        if seq > watched.newest {
            watched.newest = seq;
            let others = self.others.get(watched.others as usize).into_iter().flatten();
            // Whoever is told first leaves first, and is found first in `remove`.
            return others.rev().copied().chain(std::iter::once(watched.first)).collect();
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

    /// The connection in `slot` waits for `mailbox` from now on.
    pub fn add(&mut self, mailbox: u64, slot: Slot) {
        let Some(watched) = self.watched.get_mut(&mailbox) else {
            let newest = self.newest(mailbox);
            self.recent.remove(&mailbox);
            self.older.remove(&mailbox);
            self.watched.insert(mailbox, Watched { newest, first: slot, others: 0 });
            return;
        };
        if watched.others == 0 {
            watched.others = self.free.pop().unwrap_or_else(|| {
                self.others.resize_with(self.others.len().max(1) + 1, Vec::new);
                u32::try_from(self.others.len()).unwrap_or(u32::MAX) - 1
            });
        }
        if let Some(others) = self.others.get_mut(watched.others as usize) {
            others.push(slot);
        }
    }

    /// It does not wait for `mailbox` any more.
    pub fn remove(&mut self, mailbox: u64, slot: Slot) {
        let Some(watched) = self.watched.get_mut(&mailbox) else {
            return;
        };
        let newest = watched.newest;
        match self.others.get_mut(watched.others as usize).filter(|others| !others.is_empty()) {
            Some(others) => {
                match others.iter().rposition(|other| *other == slot) {
                    Some(at) => {
                        others.swap_remove(at);
                    }
                    None if watched.first == slot => watched.first = others.pop().unwrap_or(slot),
                    None => {}
                }
                if others.is_empty() {
                    *others = Vec::new();
                    self.free.push(std::mem::take(&mut watched.others));
                }
            }
            None if watched.first == slot => {
                self.watched.remove(&mailbox);
                self.remember(mailbox, newest);
            }
            None => {}
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
        watchers.remove(9, 1);
        assert_eq!((watchers.heard(9, 2), watchers.free.len()), (vec![3], 1), "the other takes its place");
        for (mailbox, id) in [(9, 4), (10, 5), (10, 6)] {
            watchers.add(mailbox, id);
        }
        assert_eq!((watchers.heard(9, 3), watchers.heard(10, 3)), (vec![4, 3], vec![6, 5]));
        for (mailbox, id) in [(9, 4), (9, 3), (10, 5), (10, 6)] {
            watchers.remove(mailbox, id);
        }
        assert_eq!((watchers.len(), watchers.free.len(), watchers.newest(10)), (0, 2, 3));
    }
}
