//! The words of an item with their positions, as a `tsvector`.

use std::hash::{BuildHasher, RandomState};

use super::{Increment, LAST, OCTETS, POSITIONS, visit};

/// No word, no position.
const NONE: u32 = u32::MAX;
/// Places for words at the beginning.
const SLOTS: usize = 1024;

/// Words with their positions. What belongs to a word lies in lists that all share: a text of a thousand words does not take a
/// thousand pieces of memory.
pub(super) struct Vector {
    /// Of all words, one behind the other.
    letters: String,
    words: Vec<Word>,
    /// Places in `words` by the words' hashes, with open addressing; a power of two, at most half of them taken.
    slots: Vec<u32>,
    /// Hashes are keyed: whoever writes a text chooses its words.
    keys: RandomState,
    /// With weights, and where the word's next one lies.
    positions: Vec<(u16, u32)>,
    position: u16,
    octets: usize,
}

struct Word {
    hash: u64,
    /// In `letters`.
    start: usize,
    end: usize,
    count: u16,
    /// In `positions`.
    first: u32,
    last: u32,
}

impl Default for Vector {
    fn default() -> Self {
        Vector {
            letters: String::new(),
            words: Vec::new(),
            slots: vec![NONE; SLOTS],
            keys: RandomState::new(),
            positions: Vec::new(),
            position: 0,
            octets: 0,
        }
    }
}

impl Vector {
    /// Adds a text of an area of which `count` distinct words are there already, and at most `most` will be; answers how many
    /// are now.
    pub fn add(&mut self, text: &str, weight: u8, code: Option<&str>, mut count: usize, most: usize) -> usize {
        let mut coded = String::new();
        visit(text, &mut |word, increment| {
            if increment == Increment::One {
                self.position = self.position.saturating_add(1).min(LAST);
            }
            if !self.put(word, weight, &mut count, most) {
                return false;
            }
            code.is_none_or(|code| {
                coded.clear();
                coded.push_str(code);
                coded.push_str(word);
                self.put(&coded, weight, &mut count, most)
            })
        });
        // The next text is another piece.
        self.position = self.position.saturating_add(1).min(LAST);
        count
    }

    fn put(&mut self, word: &str, weight: u8, count: &mut usize, most: usize) -> bool {
        let place = self.position | (weight.trailing_zeros() as u16) << 14;
        let hash = self.keys.hash_one(word);
        if let Some(at) = self.find(word, hash) {
            // Behind the last position there is nothing to be told; a word that stands nowhere else is found all the same.
            let known = self.words.get(at).map_or(POSITIONS, |word| usize::from(word.count));
            if known < POSITIONS && place & LAST < LAST {
                self.stands(at, place);
                self.octets += 2;
            }
            return self.octets < OCTETS;
        }
        if *count >= most || self.octets >= OCTETS {
            return false;
        }
        *count += 1;
        self.octets += word.len() + 8;
        let start = self.letters.len();
        self.letters.push_str(word);
        self.words.push(Word { hash, start, end: self.letters.len(), count: 0, first: NONE, last: NONE });
        self.stands(self.words.len() - 1, place);
        if 2 * self.words.len() > self.slots.len() {
            self.grow();
        } else {
            self.enter(hash, self.words.len() - 1);
        }
        true
    }

    /// Where in `words` a word is.
    fn find(&self, word: &str, hash: u64) -> Option<usize> {
        let taken = self.chain(hash).map_while(|slot| self.slots.get(slot).copied().filter(|at| *at != NONE));
        let is_it =
            |at: &usize| self.words.get(*at).is_some_and(|known| known.hash == hash && self.text_of(known) == word);
        taken.map(|at| at as usize).find(is_it)
    }

    /// The slots in which a word may be, in their order.
    fn chain(&self, hash: u64) -> impl Iterator<Item = usize> + use<> {
        let (mask, begin) = (self.slots.len() - 1, hash as usize);
        (0..=mask).map(move |step| begin.wrapping_add(step) & mask)
    }

    fn enter(&mut self, hash: u64, at: usize) {
        let free = self.chain(hash).find(|slot| self.slots.get(*slot) == Some(&NONE));
        if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
            *slot = index(at);
        }
    }

    fn grow(&mut self) {
        self.slots = vec![NONE; 2 * self.slots.len()];
        let hashes: Vec<u64> = self.words.iter().map(|word| word.hash).collect();
        hashes.into_iter().enumerate().for_each(|(at, hash)| self.enter(hash, at));
    }

    /// A word stands in one place more.
    fn stands(&mut self, at: usize, place: u16) {
        let new = index(self.positions.len());
        self.positions.push((place, NONE));
        let Some(word) = self.words.get_mut(at) else { return };
        word.count += 1;
        let before = std::mem::replace(&mut word.last, new);
        match self.positions.get_mut(before as usize) {
            Some((_, next)) => *next = new,
            None => word.first = new,
        }
    }

    fn text_of(&self, word: &Word) -> &str {
        self.letters.get(word.start..word.end).unwrap_or_default()
    }

    fn positions_of(&self, word: &Word) -> impl Iterator<Item = u16> {
        let at = |at: u32| self.positions.get(at as usize).copied();
        std::iter::successors(at(word.first), move |(_, next)| at(*next)).map(|(position, _)| position)
    }

    /// In PostgreSQL's order, which is that of the octets.
    fn sorted(&self) -> Vec<(&str, &Word)> {
        // Most are told apart by their beginnings, without a look elsewhere. No word has a zero in it.
        let beginning = |text: &str| {
            let mut octets = [0; 8];
            octets.iter_mut().zip(text.bytes()).for_each(|(octet, of)| *octet = of);
            u64::from_be_bytes(octets)
        };
        let texts = self.words.iter().map(|word| (self.text_of(word), word));
        let mut words: Vec<(u64, &str, &Word)> = texts.map(|(text, word)| (beginning(text), text, word)).collect();
        words.sort_unstable_by_key(|(beginning, text, _)| (*beginning, *text));
        words.into_iter().map(|(_, text, word)| (text, word)).collect()
    }

    /// As PostgreSQL takes it: a count; of each word its letters, a zero, a count and that many positions.
    pub fn finish(self) -> Option<Vec<u8>> {
        let count = u32::try_from(self.words.len()).ok().filter(|count| *count > 0)?;
        let mut out = Vec::with_capacity(self.octets + 8);
        out.extend_from_slice(&count.to_be_bytes());
        for (text, word) in self.sorted() {
            out.extend_from_slice(text.as_bytes());
            out.push(0);
            out.extend_from_slice(&word.count.to_be_bytes());
            self.positions_of(word).for_each(|position| out.extend_from_slice(&position.to_be_bytes()));
        }
        Some(out)
    }

    /// `'word':1A,7`
    pub fn text(self) -> Option<String> {
        let one = |position: u16| {
            let weight = ["", "C", "B", "A"].get(usize::from(position >> 14)).copied().unwrap_or_default();
            format!("{}{weight}", position & LAST)
        };
        // Words are letters and digits only, so quoting is all they need.
        let words = self
            .sorted()
            .into_iter()
            .map(|(text, word)| format!("'{text}':{}", self.positions_of(word).map(one).collect::<Vec<_>>().join(",")));
        let text = words.collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}

/// There are never so many: `OCTETS` bounds them.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}
