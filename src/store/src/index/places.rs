//! Where frequent words stand in their items, for phrases: of two words in half of all items each, looking at the items one by one
//! took 14 µs each and more. Rare words are not kept here, for few items have them.
//!
//! A row of `word_place` has the entries of one term among 4,096 numbers, in any order: two octets of the number, whose highest bit
//! says that the word stands in an attachment; else a count and so many positions, two octets each, the upper two bits of which are
//! the weight, and where the bit below says so, for each an octet for what stands around the word there (`search/between.rs`). A
//! number without an entry is one whose positions are not kept.

use super::ask::Met;
use super::contains::MultiPhrase;
use super::set::Set;
use super::window::Window;
use crate::search::{Around, LAST, POSITIONS};
use std::collections::{BTreeMap, HashMap};

/// Numbers of a row.
const CHUNK: i64 = Window::NUMBERS as i64;
/// What reading a row takes besides its octets, in octets.
const CHUNK_READ: usize = 1 << 10;
const ATTACHED: u16 = 1 << 15;
const AROUND: u16 = 1 << 14;

/// Where a word stands in an item.
#[derive(Clone, Copy)]
pub(super) enum Stands<'p> {
    /// At these positions, as PostgreSQL sends them, behind so many others; what stands around it at each, if that is known.
    At(&'p [u8], u16, &'p [u8]),
    /// In one of its attachments.
    Attached,
}

/// The row of a number.
pub(super) fn chunk(number: i64) -> i64 {
    number.div_euclid(CHUNK)
}

/// Adds an entry to a row.
pub(super) fn put(number: i64, stands: Stands<'_>, out: &mut Vec<u8>) {
    let within = u16::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
    match stands {
        Stands::Attached => out.extend((within | ATTACHED).to_le_bytes()),
        Stands::At(positions, base, around) => {
            out.extend((within | if around.is_empty() { 0 } else { AROUND }).to_le_bytes());
            let positions = positions.chunks_exact(2).take(usize::from(u8::MAX));
            out.push(u8::try_from(positions.len()).unwrap_or_default());
            for position in positions.filter_map(<[u8]>::first_chunk).map(|pair| u16::from_be_bytes(*pair)) {
                out.extend((position & !LAST | (position & LAST).saturating_add(base).min(LAST)).to_le_bytes());
            }
            out.extend(around.iter().take(usize::from(u8::MAX)));
        }
    }
}

/// The first of some positions.
pub(super) fn first(positions: &[u8]) -> u16 {
    positions.first_chunk::<2>().map_or(LAST, |pair| u16::from_be_bytes(*pair) & LAST)
}

/// The last of some positions.
pub(super) fn last(positions: &[u8]) -> u16 {
    sent(positions).map(|(_, place)| place).max().unwrap_or_default()
}

/// Positions as PostgreSQL sends them: the weight (bit n: weight n) and the place of each.
pub(super) fn sent(positions: &[u8]) -> impl Iterator<Item = (u8, u16)> {
    weighted(positions, u16::from_be_bytes)
}

/// The same of an entry.
fn kept(positions: &[u8]) -> impl Iterator<Item = (u8, u16)> {
    weighted(positions, u16::from_le_bytes)
}

fn weighted(positions: &[u8], read: fn([u8; 2]) -> u16) -> impl Iterator<Item = (u8, u16)> {
    let numbers = positions.chunks_exact(2).filter_map(<[u8]>::first_chunk).map(move |pair| read(*pair));
    numbers.map(|position| (1 << (position >> 14), position & LAST))
}

/// Rows of some terms, by chunk.
#[derive(Default)]
pub(super) struct Places(HashMap<String, BTreeMap<i64, Vec<u8>>>);

/// A word in a chunk.
struct InChunk {
    /// The numbers, of those that are asked for, that have an entry, and those with one in an attachment.
    known: Window,
    attached: Window,
    /// Those in which it stands nowhere else.
    told: Window,
    /// Where it has one of the weights that are asked for.
    places: Vec<At>,
}

/// A place of a word, and what is known of it there.
#[derive(Clone, Copy)]
struct At {
    /// The number and the place, with a bit between them: the one behind the last place of a number is nowhere.
    key: u32,
    around: Around,
    is_same: bool,
}

/// Bits of a place, and the one before it.
const PLACE: u32 = 15;

impl InChunk {
    /// Of the numbers that are asked for. `weights`: bit n: weight n.
    fn read(mut octets: &[u8], weights: u8, asked: &Window) -> InChunk {
        let mut word =
            InChunk { known: Window::EMPTY, attached: Window::EMPTY, told: Window::EMPTY, places: Vec::new() };
        let (mut counts, mut untold) = ([0_u16; Window::NUMBERS as usize], Window::EMPTY);
        while let Some((number, rest)) = octets.split_first_chunk::<2>() {
            let number = u16::from_le_bytes(*number);
            let within = number & !(ATTACHED | AROUND);
            octets = rest;
            let is_asked = asked.has(within);
            if number & ATTACHED != 0 {
                if is_asked {
                    word.known.insert(within);
                    word.attached.insert(within);
                }
                continue;
            }
            let Some((count, rest)) = octets.split_first() else { break };
            let Some((positions, rest)) = rest.split_at_checked(2 * usize::from(*count)) else { break };
            let known = if number & AROUND != 0 { usize::from(*count) } else { 0 };
            let Some((around, rest)) = rest.split_at_checked(known) else { break };
            octets = rest;
            if !is_asked {
                continue;
            }
            word.known.insert(within);
            let mut around = around.iter();
            for (weight, place) in kept(positions) {
                let around = around.next().map_or(Around::default(), |octet| Around::of(*octet));
                if place >= LAST {
                    untold.insert(within);
                }
                if weights & weight != 0 {
                    let key = u32::from(within) << PLACE | u32::from(place);
                    word.places.push(At { key, around, is_same: true });
                }
            }
            if let Some(all) = counts.get_mut(usize::from(within)) {
                *all = all.saturating_add(u16::from(*count));
                if usize::from(*all) >= POSITIONS {
                    untold.insert(within);
                }
            }
        }
        word.told = word.known & !untold;
        word
    }
}

impl Places {
    pub fn add(&mut self, term: String, chunk: i64, octets: Vec<u8>) {
        self.0.entry(term).or_default().insert(chunk, octets);
    }

    fn row(&self, term: &String, chunk: i64) -> Option<&[u8]> {
        self.0.get(term)?.get(&chunk).map(Vec::as_slice)
    }

    /// Octets that are read to look where terms stand.
    pub fn octets<'t>(&self, terms: impl Iterator<Item = &'t String>) -> usize {
        terms
            .filter_map(|term| self.0.get(term))
            .flat_map(BTreeMap::values)
            .map(|octets| CHUNK_READ + octets.len())
            .sum()
    }

    /// In which of the items the terms stand one behind the other, all with one of the weights; and in which that cannot be told.
    pub fn phrase(&self, terms: &[String], weights: u8, items: &Set) -> (Set, Set) {
        let (mut sure, mut unsure) = (Set::default(), Set::default());
        for (chunk, asked) in items.windows() {
            let rows: Option<Vec<&[u8]>> = terms.iter().map(|term| self.row(term, chunk)).collect();
            let Some(rows) = rows else {
                unsure.put(chunk, asked);
                continue;
            };
            let (mut known, mut attached, mut rest) = (asked, asked, Vec::with_capacity(rows.len()));
            for octets in rows {
                let word = InChunk::read(octets, weights, &known);
                known = known & word.known;
                attached = attached & word.attached;
                rest.push(in_order(word.places));
            }
            let [yes, _] = in_sequence(&rest, |_, _| Stand::Yes);
            sure.put(chunk, known & yes);
            // In the attachments it may.
            unsure.put(chunk, (known & attached & !yes) | (asked & !known));
        }
        (sure, unsure)
    }
}

/// A word that a piece of a pattern may stand in.
pub(super) struct Chosen {
    pub word: String,
    /// The items that have it.
    pub items: Set,
    /// The piece does stand in it.
    pub is_same: bool,
}

/// The words that a piece of a pattern may stand in.
pub(super) type Choice = Vec<Chosen>;

/// Whether a pattern stands in an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stand {
    No,
    Perhaps,
    Yes,
}

impl Places {
    /// The items in which one word of each choice stands behind one of the choice before, all with one of the weights, and what
    /// is asked for stands between them; and all in which that may be.
    pub fn sequence(&self, phrase: &MultiPhrase, items: &Set) -> Met {
        let mut met = Met::default();
        for (chunk, asked) in items.windows() {
            let mut untold = Window::EMPTY;
            let choices = phrase.choices.iter().map(|choice| {
                let mut places = Vec::new();
                for chosen in choice {
                    let has = chosen.items.window(chunk) & asked;
                    let word = self.row(&chosen.word, chunk).filter(|_| !has.is_empty());
                    let Some(word) = word.map(|octets| InChunk::read(octets, phrase.weights, &has)) else {
                        untold = untold | has;
                        continue;
                    };
                    untold = untold | (has & !word.told);
                    places.extend(word.places.iter().map(|at| At { is_same: chosen.is_same, ..*at }));
                }
                in_order(places)
            });
            let choices: Vec<_> = choices.collect();
            let [yes, perhaps] = in_sequence(&choices, |number, at| phrase.stand(number, at.around, at.is_same));
            met.sure.put(chunk, asked & yes);
            met.all.put(chunk, asked & (yes | perhaps | untold));
        }
        met
    }
}

fn in_order(mut places: Vec<At>) -> Vec<At> {
    if !places.is_sorted_by_key(|at| at.key) {
        places.sort_by_key(|at| at.key);
    }
    places
}

/// The numbers in which a place of each list follows one of the list before and stands as it is asked for, and those in which it
/// may. `stand`: how a place of the list of that number does.
fn in_sequence(lists: &[Vec<At>], stand: impl Fn(usize, &At) -> Stand) -> [Window; 2] {
    let [mut yes, mut perhaps] = [Window::EMPTY; 2];
    let Some((first, behind)) = lists.split_first() else { return [yes, perhaps] };
    let mut ends: Vec<(u32, Stand)> = first.iter().map(|at| (at.key, stand(0, at))).collect();
    ends.retain(|(_, stands)| *stands > Stand::No);
    for (number, list) in (1..).zip(behind) {
        let mut list = list.as_slice();
        ends.retain_mut(|(key, stands)| {
            *key += 1;
            let before = list.iter().take_while(|at| at.key < *key).count();
            list = list.get(before..).unwrap_or_default();
            let there = list.iter().take_while(|at| at.key == *key);
            *stands = there.map(|at| stand(number, at)).max().unwrap_or(Stand::No).min(*stands);
            *stands > Stand::No
        });
    }
    for (key, stands) in ends {
        let of = if stands == Stand::Yes { &mut yes } else { &mut perhaps };
        of.insert(u16::try_from(key >> PLACE).unwrap_or_default());
    }
    [yes, perhaps]
}

impl MultiPhrase {
    /// Whether a word of the pattern is as it asks for, with what stands around it.
    fn stand(&self, number: usize, around: Around, is_same: bool) -> Stand {
        let Some(exact) = self.exact.as_ref().filter(|_| is_same) else { return Stand::Perhaps };
        let is_last = number + 1 == self.choices.len();
        let edges = (number > 0 || !exact.begins || around.begins()) && (!is_last || !exact.ends || around.ends());
        let between = exact.between.get(number).map_or(Some(true), |wanted| around.is_before(*wanted));
        match between {
            Some(false) => Stand::No,
            Some(true) if edges => Stand::Yes,
            _ => Stand::Perhaps,
        }
    }
}
