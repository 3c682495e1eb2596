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
use crate::search::{Around, LAST, POSITIONS};
use std::collections::{BTreeMap, HashMap};

/// Numbers of a row.
const CHUNK: i64 = 1 << 12;
const NUMBERS: usize = 1 << 12;
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

/// Rows of some terms.
#[derive(Default)]
pub(super) struct Places(HashMap<String, BTreeMap<i64, Vec<u8>>>);

/// A row, to be looked up by number.
struct Row<'r> {
    /// For each number the first of its entries in `entries`, from 1.
    heads: Vec<u32>,
    entries: Vec<Entry<'r>>,
    attached: Vec<bool>,
}

struct Entry<'r> {
    positions: &'r [u8],
    /// Nothing, or an octet for each.
    around: &'r [u8],
    /// The next entry of the number.
    next: u32,
}

impl<'r> Row<'r> {
    fn read(mut octets: &'r [u8]) -> Row<'r> {
        let mut row = Row { heads: vec![0; NUMBERS], entries: Vec::new(), attached: vec![false; NUMBERS] };
        while let Some((number, rest)) = octets.split_first_chunk::<2>() {
            let number = u16::from_le_bytes(*number);
            let within = usize::from(number & !(ATTACHED | AROUND));
            octets = rest;
            if number & ATTACHED != 0 {
                row.attached.get_mut(within).into_iter().for_each(|attached| *attached = true);
                continue;
            }
            let Some((count, rest)) = octets.split_first() else { break };
            let Some((positions, rest)) = rest.split_at_checked(2 * usize::from(*count)) else { break };
            let known = if number & AROUND != 0 { usize::from(*count) } else { 0 };
            let Some((around, rest)) = rest.split_at_checked(known) else { break };
            octets = rest;
            if let Some(head) = row.heads.get_mut(within) {
                row.entries.push(Entry { positions, around, next: *head });
                *head = u32::try_from(row.entries.len()).unwrap_or_default();
            }
        }
        row
    }

    fn is_known(&self, within: usize) -> bool {
        self.heads.get(within).is_some_and(|head| *head > 0) || self.is_attached(within)
    }

    fn is_attached(&self, within: usize) -> bool {
        self.attached.get(within).copied().unwrap_or_default()
    }

    fn entries(&self, within: usize) -> impl Iterator<Item = &Entry<'r>> {
        let entry = |at: u32| self.entries.get((at as usize).checked_sub(1)?);
        let first = self.heads.get(within).and_then(|head| entry(*head));
        std::iter::successors(first, move |before| entry(before.next))
    }

    /// Places of a word where it has one of the weights (bit n: weight n).
    fn places(&self, within: usize, weights: u8) -> impl Iterator<Item = u16> {
        let positions = self.entries(within).flat_map(|entry| kept(entry.positions));
        positions.filter(move |(weight, _)| weights & weight != 0).map(|(_, place)| place)
    }

    /// Gives the places of a word, like [`Row::places`], and what stands around it there; false where it may stand elsewhere, too.
    fn told(&self, within: usize, weights: u8, mut give: impl FnMut(u16, Around)) -> bool {
        let (mut count, mut is_told) = (0, self.is_known(within));
        for entry in self.entries(within) {
            let mut around = entry.around.iter();
            for (weight, place) in kept(entry.positions) {
                let around = around.next().map_or(Around::default(), |octet| Around::of(*octet));
                count += 1;
                is_told &= place < LAST;
                if weights & weight != 0 {
                    give(place, around);
                }
            }
        }
        is_told && count < POSITIONS
    }

    fn has(&self, within: usize, weights: u8, place: u16) -> bool {
        self.places(within, weights).any(|other| other == place)
    }
}

impl Places {
    pub fn add(&mut self, term: String, chunk: i64, octets: Vec<u8>) {
        self.0.entry(term).or_default().insert(chunk, octets);
    }

    /// In which of the items the terms stand one behind the other, all with one of the weights; and in which that cannot be told.
    pub fn phrase(&self, terms: &[String], weights: u8, items: &Set) -> (Set, Set) {
        let (mut sure, mut unsure) = (Set::default(), Set::default());
        let mut chunk_of = i64::MIN;
        let mut rows: Option<Vec<Row<'_>>> = None;
        for number in items.iter() {
            if chunk(number) != chunk_of {
                chunk_of = chunk(number);
                let octets = |term: &String| self.0.get(term)?.get(&chunk_of);
                rows = terms.iter().map(|term| octets(term).map(|octets| Row::read(octets))).collect();
            }
            let within = usize::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
            match rows.as_ref().map(|rows| stands(rows, weights, within)) {
                Some(Some(true)) => sure.insert(number),
                Some(Some(false)) => {}
                Some(None) | None => unsure.insert(number),
            }
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

/// A place of a word, and what is known of it there.
struct At {
    place: u16,
    around: Around,
    is_same: bool,
}

/// A word in a chunk: its row, if it has one.
type InChunk<'r> = (Option<Row<'r>>, &'r Chosen);

impl Places {
    fn in_chunk<'r>(&'r self, choice: &'r Choice, chunk: i64) -> Vec<InChunk<'r>> {
        let row = |word: &String| Some(Row::read(self.0.get(word)?.get(&chunk)?));
        choice.iter().map(|chosen| (row(&chosen.word), chosen)).collect()
    }

    /// The items in which one word of each choice stands behind one of the choice before, all with one of the weights, and what
    /// is asked for stands between them; and all in which that may be.
    pub fn sequence(&self, phrase: &MultiPhrase, items: &Set) -> Met {
        let mut met = Met::default();
        let mut chunk_of = i64::MIN;
        let mut rows: Vec<Vec<InChunk<'_>>> = Vec::new();
        let mut places: Vec<Vec<At>> = phrase.choices.iter().map(|_| Vec::new()).collect();
        for number in items.iter() {
            if chunk(number) != chunk_of {
                chunk_of = chunk(number);
                rows = phrase.choices.iter().map(|choice| self.in_chunk(choice, chunk_of)).collect();
            }
            match in_sequence(phrase, &rows, number, &mut places) {
                Stand::Yes => {
                    met.sure.insert(number);
                    met.all.insert(number);
                }
                Stand::Perhaps => met.all.insert(number),
                Stand::No => {}
            }
        }
        met
    }
}

/// `places`: room for those of each choice.
fn in_sequence(phrase: &MultiPhrase, rows: &[Vec<InChunk<'_>>], number: i64, places: &mut [Vec<At>]) -> Stand {
    let within = usize::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
    let mut is_told = true;
    for (choice, places) in rows.iter().zip(places.iter_mut()) {
        places.clear();
        for (row, chosen) in choice.iter().filter(|(_, chosen)| chosen.items.contains(number)) {
            let is_same = chosen.is_same;
            is_told &= row.as_ref().is_some_and(|row| {
                row.told(within, phrase.weights, |place, around| places.push(At { place, around, is_same }))
            });
        }
    }
    places.iter_mut().for_each(|places| places.sort_by_key(|at| at.place));
    let begins = places.first().map(Vec::as_slice).unwrap_or_default();
    let stand = begins.iter().map(|at| from_there(phrase, places, at.place)).max().unwrap_or(Stand::No);
    if is_told { stand } else { stand.max(Stand::Perhaps) }
}

/// Whether the pattern stands where the first of its words is at that place.
fn from_there(phrase: &MultiPhrase, places: &[Vec<At>], first: u16) -> Stand {
    let mut stand = Stand::Yes;
    for ((number, place), choice) in (0..).zip(first..).zip(places) {
        let behind = choice.get(choice.partition_point(|at| at.place < place)..).unwrap_or_default();
        let there = behind.iter().take_while(|at| at.place == place);
        let best = there.map(|at| phrase.stand(number, at.around, at.is_same)).max().unwrap_or(Stand::No);
        stand = stand.min(best);
        if stand == Stand::No {
            break;
        }
    }
    stand
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

/// Whether the phrase stands there; None if that cannot be told.
fn stands(rows: &[Row<'_>], weights: u8, within: usize) -> Option<bool> {
    if !rows.iter().all(|row| row.is_known(within)) {
        return None;
    }
    let (first, behind) = rows.split_first()?;
    let goes_on = |place: u16| {
        let mut rows = (place..).skip(1).zip(behind);
        rows.all(|(place, row)| row.has(within, weights, place))
    };
    if first.places(within, weights).any(goes_on) {
        return Some(true);
    }
    // In the attachments it may.
    (!rows.iter().all(|row| row.is_attached(within))).then_some(false)
}
