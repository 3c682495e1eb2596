//! Terms: words as the index has them. A word by itself stands for it anywhere; behind a colon and a letter for it in one
//! place (`:s` subject, `:f` author, `:r` recipients, `:t` `:c` `:b` each list of them, `:a` attachments).

use postgres::types::{FromSql, Type};
use std::error::Error;

use super::places::{self, Stands};
use crate::StoreError;
use crate::row::FromColumn;
use crate::search::{LAST, OCTETS, SEARCHED, WORDS};

/// Items that are gone since they were entered. No word has such a character.
pub(super) const DEAD: &str = "/dead";

/// Items whose body has words that are no terms, or may have: it is long, or its words are not kept.
pub(super) const CUT: &str = "/cut";

/// Items that entered a folder.
pub(super) fn of_folder(folder: i64) -> String {
    format!("/{folder}")
}

/// A `tsvector` as PostgreSQL sends it: a count; of each word its letters, a zero, a count, positions of 16 bits whose upper
/// two are the weight.
pub(super) struct Vector<'r>(&'r [u8]);

impl<'r> FromSql<'r> for Vector<'r> {
    fn from_sql(_: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Vector(raw))
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::TS_VECTOR
    }
}

impl<'r> FromColumn<'r> for Vector<'r> {
    type Raw = Vector<'r>;

    fn from_column(raw: Vector<'r>) -> Result<Self, StoreError> {
        Ok(raw)
    }
}

/// Bits of the weights that a word has.
pub(super) const A: u8 = 1 << 3;
pub(super) const B: u8 = 1 << 2;
pub(super) const C: u8 = 1 << 1;
pub(super) const D: u8 = 1;

impl<'r> Vector<'r> {
    /// Octets of it.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Gives each word with the weights that it has and its positions; what is no vector ends it.
    fn words(&self, mut give: impl FnMut(&'r str, u8, &'r [u8])) {
        let Some((_count, mut rest)) = self.0.split_first_chunk::<4>() else { return };
        loop {
            let Some(end) = memchr::memchr(0, rest) else { return };
            let (word, behind) = rest.split_at(end);
            let Some((count, behind)) = behind.get(1..).and_then(|behind| behind.split_first_chunk::<2>()) else {
                return;
            };
            let length = usize::from(u16::from_be_bytes(*count)) * 2;
            let Some((positions, behind)) = behind.split_at_checked(length) else { return };
            let weights = positions.iter().step_by(2).fold(0, |weights, high| weights | 1 << (high >> 6));
            if let Ok(word) = std::str::from_utf8(word) {
                give(word, weights, positions);
            }
            rest = behind;
        }
    }

    /// Whether these are all words of a body of so many octets, as far as they tell.
    pub fn has_body(&self, octets: i64) -> bool {
        // HTML of which the text is not known yet may say a little more than it has octets.
        let mut words = 0;
        self.words(|_, weights, _| words += usize::from(weights & D));
        let is_short = usize::try_from(octets).is_ok_and(|octets| octets <= SEARCHED / 2);
        // A vector ends where its octets are too many; as it is sent it has fewer than were counted.
        is_short && (1..WORDS).contains(&words) && self.size() < OCTETS / 2
    }

    /// The terms of an item's own words, and where they stand; those of one place are where the word by itself is.
    pub fn terms(&self, give: &mut impl FnMut(&str, Option<Stands<'_>>)) {
        let mut coded = String::new();
        self.words(|word, weights, positions| {
            give(word, Some(Stands::At(positions, 0)));
            for (weight, code) in [(A, ":f"), (B, ":s"), (C, ":r")] {
                if weights & weight != 0 && !word.starts_with(':') {
                    coded.clear();
                    coded.push_str(code);
                    coded.push_str(word);
                    give(&coded, None);
                }
            }
        });
    }

    /// The terms of the words of one of its attachments, behind those that end at a position; answers where these end.
    pub fn terms_of_attachment(&self, base: u16, give: &mut impl FnMut(&str, Option<Stands<'_>>)) -> u16 {
        let mut end = 0;
        self.words(|_, _, positions| end = end.max(places::last(positions)));
        let end = base.saturating_add(end);
        // Where positions end, it is not told either that there are none.
        let is_told = end < LAST;
        self.words(|word, _, positions| {
            give(word, Some(Stands::Attached));
            let stands = if is_told { Stands::At(positions, base) } else { Stands::Attached };
            give(&format!(":a{word}"), Some(stands));
        });
        // No phrase goes from one into the next.
        end.saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_vector_is_read_as_it_is_sent() {
        let word = |word: &str, positions: &[u16]| {
            let mut octets = [word.as_bytes(), b"\0"].concat();
            octets.extend(u16::try_from(positions.len()).unwrap_or_default().to_be_bytes());
            positions.iter().for_each(|position| octets.extend(position.to_be_bytes()));
            octets
        };
        let octets = [
            3_u32.to_be_bytes().to_vec(),
            word("ann", &[0xc001, 0x4003]),
            word("body", &[7, 9]),
            word(":tann", &[0x4003]),
            word("plan", &[0x8002]),
        ]
        .concat();
        let mut terms = Vec::new();
        Vector(&octets).terms(&mut |term, _| terms.push(term.to_owned()));
        assert_eq!(terms, ["ann", ":fann", ":rann", "body", ":tann", "plan", ":splan"]);
        terms.clear();
        Vector(octets.get(..14).unwrap()).terms_of_attachment(0, &mut |term, _| terms.push(term.to_owned()));
        assert_eq!(terms, ["ann", ":aann"], "as far as it goes");
        Vector(&[]).terms(&mut |_, _| terms.clear());
        assert_eq!(terms.len(), 2);
    }
}
