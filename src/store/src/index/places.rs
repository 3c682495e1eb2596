//! Where frequent words stand in their items, for phrases: of two words in half of all items each, looking at the items one by one
//! took 14 µs each and more. Rare words are not kept here, for few items have them.
//!
//! A row of `word_place` has the entries of one term among 4,096 numbers, in any order: two octets of the number, whose highest bit
//! says that the word stands in an attachment; else a count and so many positions, two octets each, the upper two bits of which are
//! the weight. A number without an entry is one whose positions are not kept.

use super::set::Set;
use crate::search::{LAST, POSITIONS};
use std::collections::{BTreeMap, HashMap};

/// Numbers of a row.
const CHUNK: i64 = 1 << 12;
const NUMBERS: usize = 1 << 12;
const ATTACHED: u16 = 1 << 15;
/// Bits of a position that are the place, the others are the weight.
const PLACE: u16 = (1 << 14) - 1;

/// Where a word stands in an item.
#[derive(Clone, Copy)]
pub(super) enum Stands<'p> {
    /// At these positions, as PostgreSQL sends them, behind so many others.
    At(&'p [u8], u16),
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
        Stands::At(positions, base) => {
            out.extend(within.to_le_bytes());
            let positions = positions.chunks_exact(2).take(usize::from(u8::MAX));
            out.push(u8::try_from(positions.len()).unwrap_or_default());
            for pair in positions {
                let position = pair.iter().fold(0_u16, |number, octet| number << 8 | u16::from(*octet));
                out.extend((position & !PLACE | (position & PLACE).saturating_add(base).min(PLACE)).to_le_bytes());
            }
        }
    }
}

/// The first of some positions.
pub(super) fn first(positions: &[u8]) -> u16 {
    positions.first_chunk::<2>().map_or(PLACE, |pair| u16::from_be_bytes(*pair) & PLACE)
}

/// The last of some positions.
pub(super) fn last(positions: &[u8]) -> u16 {
    let numbers = positions.chunks_exact(2).map(|pair| pair.iter().fold(0_u16, |n, octet| n << 8 | u16::from(*octet)));
    numbers.map(|position| position & PLACE).max().unwrap_or_default()
}

/// Rows of some terms.
#[derive(Default)]
pub(super) struct Places(HashMap<String, BTreeMap<i64, Vec<u8>>>);

/// A row, to be looked up by number.
struct Row<'r> {
    /// For each number the first of its entries in `entries`, from 1.
    heads: Vec<u32>,
    /// Positions, and the next entry of the number.
    entries: Vec<(&'r [u8], u32)>,
    attached: Vec<bool>,
}

impl<'r> Row<'r> {
    fn read(mut octets: &'r [u8]) -> Row<'r> {
        let mut row = Row { heads: vec![0; NUMBERS], entries: Vec::new(), attached: vec![false; NUMBERS] };
        while let Some((number, rest)) = octets.split_first_chunk::<2>() {
            let number = u16::from_le_bytes(*number);
            let within = usize::from(number & !ATTACHED);
            octets = rest;
            if number & ATTACHED != 0 {
                row.attached.get_mut(within).into_iter().for_each(|attached| *attached = true);
                continue;
            }
            let Some((count, rest)) = octets.split_first() else { break };
            let Some((positions, rest)) = rest.split_at_checked(2 * usize::from(*count)) else { break };
            octets = rest;
            if let Some(head) = row.heads.get_mut(within) {
                row.entries.push((positions, *head));
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

    /// Places of a word where it has one of the weights (bit n: weight n).
    fn places(&self, within: usize, weights: u8) -> impl Iterator<Item = u16> {
        let entry = |at: u32| self.entries.get((at as usize).checked_sub(1)?);
        let first = self.heads.get(within).and_then(|head| entry(*head));
        let entries = std::iter::successors(first, move |(_, next)| entry(*next));
        let positions = entries.flat_map(|(positions, _)| positions.chunks_exact(2));
        let numbers = positions.map(|pair| pair.iter().rev().fold(0_u16, |n, octet| n << 8 | u16::from(*octet)));
        numbers.filter(move |position| weights & 1 << (position >> 14) != 0).map(|position| position & PLACE)
    }

    /// Adds the places of a word, like [`Row::places`]; false where it may stand elsewhere, too.
    fn told(&self, within: usize, weights: u8, out: &mut Vec<u16>) -> bool {
        let before = out.len();
        out.extend(self.places(within, u8::MAX));
        let is_told = self.is_known(within)
            && out.len() - before < POSITIONS
            && out.iter().skip(before).all(|place| *place < LAST);
        out.truncate(before);
        out.extend(self.places(within, weights));
        is_told
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
        for number in items.numbers() {
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

/// The words that a piece of a pattern may stand in, of each the items that have it.
pub(super) type Choice = Vec<(String, Set)>;

/// The same in a chunk: rows, of words that have one.
type Chosen<'r> = Vec<(Option<Row<'r>>, &'r Set)>;

impl Places {
    fn chosen<'r>(&'r self, choice: &'r Choice, chunk: i64) -> Chosen<'r> {
        let row = |word: &String| Some(Row::read(self.0.get(word)?.get(&chunk)?));
        choice.iter().map(|(word, has)| (row(word), has)).collect()
    }

    /// The items in which one word of each choice may stand behind one of the choice before, all with one of the weights.
    pub fn sequence(&self, choices: &[Choice], weights: u8, items: &Set) -> Set {
        let mut found = Set::default();
        let mut chunk_of = i64::MIN;
        let mut chosen: Vec<Chosen<'_>> = Vec::new();
        let mut places = vec![Vec::new(); choices.len()];
        for number in items.numbers() {
            if chunk(number) != chunk_of {
                chunk_of = chunk(number);
                chosen = choices.iter().map(|choice| self.chosen(choice, chunk_of)).collect();
            }
            if may_stand(&chosen, weights, number, &mut places) {
                found.insert(number);
            }
        }
        found
    }
}

/// `places`: room for those of each choice.
fn may_stand(chosen: &[Chosen<'_>], weights: u8, number: i64, places: &mut [Vec<u16>]) -> bool {
    let within = usize::try_from(number.rem_euclid(CHUNK)).unwrap_or_default();
    for (choice, places) in chosen.iter().zip(places.iter_mut()) {
        places.clear();
        for (row, _) in choice.iter().filter(|(_, has)| has.contains(number)) {
            if !row.as_ref().is_some_and(|row| row.told(within, weights, places)) {
                return true;
            }
        }
    }
    let Some((first, behind)) = places.split_first() else { return true };
    first.iter().any(|place| (*place..).skip(1).zip(behind).all(|(next, places)| places.contains(&next)))
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
