//! Terms: words as the index has them. A word by itself stands for it anywhere; behind a colon and a letter for it in one
//! place (`:s` subject, `:f` author, `:r` recipients, `:t` `:c` `:b` each list of them, `:a` attachments, `:n` their names).

use postgres::types::{FromSql, Type};
use std::error::Error;

use super::places::{self, Stands};
use crate::StoreError;
use crate::row::FromColumn;
pub(super) use crate::search::{A, B, C, D};
use crate::search::{Between, HEAD_WORDS, LAST, LENGTH, OCTETS, POSITIONS, SEARCHED, WORDS, in_order};

/// Items that are gone since they were entered. No word has such a character.
pub(super) const DEAD: &str = "/dead";

/// Items whose body has words that are no terms, or may have: it is long, or its words are not kept.
pub(super) const CUT: &str = "/cut";

/// Items that have such words anywhere because these themselves are long.
pub(super) const LONG: &str = "/long";

/// Items that have words of the body which are not the body's.
pub(super) const MORE: &str = "/more";

/// Items whose words stand, or may stand, in places beyond the last that is kept, though they are kept at others.
pub(super) const FAR: &str = "/far";

/// The places that have words of their own beside those that a word has anywhere, whose code is empty: subject, author,
/// recipients, names of attachments. Items that have, or may have, words there which are no terms are in `/cut` and the code.
pub(super) const PLACES: [&str; 4] = [SUBJECT, FROM, RECIPIENTS, NAMES];
pub(super) const ANYWHERE: &str = "";
pub(super) const SUBJECT: &str = ":s";
pub(super) const FROM: &str = ":f";
pub(super) const RECIPIENTS: &str = ":r";
pub(super) const NAMES: &str = ":n";
/// Words of attachments, names and texts.
pub(super) const ATTACHMENTS: &str = ":a";

/// Of a term its place and the word; None of what is none of a word of these.
pub(super) fn placed(term: &str) -> Option<(&'static str, &str)> {
    let found = PLACES.iter().find_map(|code| Some((*code, term.strip_prefix(code)?)));
    found.or_else(|| (!term.starts_with([':', '/'])).then_some((ANYWHERE, term)))
}

/// The items that may have words in a place which are no terms, by the place's code.
pub(super) fn cut(code: &str) -> String {
    format!("{CUT}{code}")
}

/// The items that have words of a place which are not that place's alone, by its code: only the author and the body have such.
pub(super) fn more(code: &str) -> String {
    format!("{MORE}{code}")
}

/// Whether the word of a text may be longer than the term, or was cut otherwise, as words of former versions were.
pub(super) fn is_cut(word: &str) -> bool {
    // Pairs of characters are shorter.
    word.len() > 8
        && if word.is_ascii() { word.len() >= LENGTH } else { word.chars().count() >= LENGTH || !is_one(word) }
}

fn is_one(word: &str) -> bool {
    matches!(in_order(word).as_slice(), [one] if one == word)
}

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

/// What a vector tells of whether all words are in it.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    /// Those of the places of which every word has its position, unless more words of all of them were given than are kept.
    weights: u8,
    /// Words of the body; none if there may be more.
    body: usize,
    /// Distinct words of all other places.
    heads: usize,
    /// They are in it, as far as they were given.
    is_whole: bool,
}

impl Told {
    /// Whether all words of a place are in it, which has some, by the weight of it.
    pub fn has(&self, weight: u8) -> bool {
        self.is_whole && self.weights & weight != 0
    }

    /// Whether all words of the name are in it, for an attachment's.
    pub fn has_name(&self) -> bool {
        self.has(A) && self.heads < WORDS
    }

    /// Whether all words of a body of so many octets are in it.
    pub fn has_body(&self, octets: i64) -> bool {
        // HTML of which the text is not known yet may say a little more than it has octets.
        let is_short = usize::try_from(octets).is_ok_and(|octets| octets <= SEARCHED / 2);
        is_short && (1..WORDS).contains(&self.body)
    }
}

/// How far the places of words go.
struct Reach {
    /// The first and the last place of each weight (bit n: n): of one that no word has the last that there is, and the first.
    ends: [(u16, u16); 4],
    last: u16,
    /// Up to there every word has its position. Behind it one that is known need not have one: it has as many as are kept, or its
    /// position is beyond the last.
    full: u16,
    /// A word may stand in more places than are kept.
    is_cut: bool,
}

impl Reach {
    fn ends(&self, weight: u8) -> (u16, u16) {
        self.ends.get(weight.trailing_zeros() as usize).copied().unwrap_or((LAST, 0))
    }

    /// Where the text of a weight begins, as far as it is known: not before.
    fn begin(&self, weight: u8) -> u16 {
        self.ends(weight).0
    }

    /// Whether that is where it begins.
    fn is_begin_told(&self, weight: u8) -> bool {
        self.begin(weight) <= self.full
    }

    /// Whether every word of its texts, which stand one behind the other, has the weight.
    fn is_told(&self, weight: u8) -> bool {
        let (begin, end) = self.ends(weight);
        begin <= end && end < self.full
    }
}

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

    /// What it tells of whether all words are in it.
    pub fn told(&self) -> Told {
        let (mut body, mut heads, mut has_places) = (0, 0, false);
        let reach = self.reach();
        let weights = [A, B, C].into_iter().filter(|weight| reach.is_told(*weight)).fold(0, |all, weight| all | weight);
        self.words(|_, of, positions| {
            body += usize::from(of & D);
            heads += usize::from(of & (A | B | C) != 0);
            has_places |= of & D != 0 && places::first(positions) < LAST;
        });
        // A vector ends where its octets are too many; as it is sent it has fewer than were counted.
        let is_whole = self.size() < OCTETS / 2 && heads < HEAD_WORDS / 2;
        // Words from before they had places are not all of any place, and those of every place.
        Told {
            weights,
            body: if is_whole && has_places { body } else { 0 },
            heads,
            is_whole: is_whole && (has_places || body == 0),
        }
    }

    /// How far its places go.
    fn reach(&self) -> Reach {
        // The one before the last may be the gap behind a text.
        let mut reach = Reach { ends: [(LAST, 0); 4], last: 0, full: LAST - 2, is_cut: false };
        self.words(|_, _, positions| {
            if positions.len() / 2 >= POSITIONS {
                reach.is_cut = true;
                reach.full = reach.full.min(places::last(positions));
            }
            for (weight, place) in places::sent(positions) {
                reach.last = reach.last.max(place);
                let ends = reach.ends.get_mut(weight.trailing_zeros() as usize);
                ends.into_iter().for_each(|(begin, end)| (*begin, *end) = (place.min(*begin), place.max(*end)));
            }
        });
        reach
    }

    /// Whether words may stand in places that are not kept. `body`: at most so many words, which come last.
    pub fn is_far(&self, body: Option<usize>) -> bool {
        let reach = self.reach();
        // Where each place up to the last is some word's, there is none behind that, nor behind the end of a text.
        let body = body.map(|words| words.saturating_add(usize::from(reach.begin(D))));
        reach.last >= LAST - 2 || (reach.is_cut && body.is_none_or(|end| end >= usize::from(LAST)))
    }

    /// The terms of an item's own words, and where they stand; those of one place are where the word by itself is.
    ///
    /// `texts`: what the words of a weight are of, for what stands between them.
    pub fn terms(&self, texts: &[(u8, Between)], give: &mut impl FnMut(&str, Option<Stands<'_>>)) {
        let reach = self.reach();
        let around = |word: &str, own: u8, place: u16| {
            let is_known = place < LAST && reach.is_begin_told(own);
            let (_, text) = texts.iter().find(|(weight, _)| *weight == own && is_known)?;
            Some(text.around(usize::from(place.checked_sub(reach.begin(own))?), word))
        };
        let (mut coded, mut arounds) = (String::new(), Vec::new());
        self.words(|word, weights, positions| {
            arounds.clear();
            arounds.extend(
                places::sent(positions).map(|(weight, place)| around(word, weight, place).unwrap_or_default().octet()),
            );
            if arounds.iter().all(|around| *around == 0) {
                arounds.clear();
            }
            give(word, Some(Stands::At(positions, 0, &arounds)));
            for (weight, code) in [(A, FROM), (B, SUBJECT), (C, RECIPIENTS)] {
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
        self.words(|word, weights, positions| {
            give(word, Some(Stands::Attached));
            if weights & A != 0 {
                give(&format!("{NAMES}{word}"), None);
            }
            let stands = if is_told { Stands::At(positions, base, &[]) } else { Stands::Attached };
            give(&format!("{ATTACHMENTS}{word}"), Some(stands));
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
    fn words_that_may_be_cut_are_known() {
        for (word, expected) in [
            ("abc", false),
            ("0123456789012345678901234567890123456789", true),
            ("012345678901234567890123456789012345678", false),
            ("\u{e4}\u{f6}\u{fc}\u{e4}\u{f6}\u{fc}", false),
            ("\u{4f1a}\u{8b70}", false),
            // As they were cut before there were pairs, and composed letters.
            ("\u{4f1a}\u{8b70}\u{5ba4}", true),
            ("abcdefga\u{308}", true),
        ] {
            assert_eq!(is_cut(word), expected, "{word}");
        }
        assert_eq!(placed(":sword"), Some((SUBJECT, "word")));
        assert_eq!(placed("word"), Some((ANYWHERE, "word")));
        assert_eq!((placed(":tword"), placed(DEAD)), (None, None));
    }

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
        Vector(&octets).terms(&[], &mut |term, _| terms.push(term.to_owned()));
        assert_eq!(terms, ["ann", ":fann", ":rann", "body", ":tann", "plan", ":splan"]);
        terms.clear();
        Vector(octets.get(..14).unwrap()).terms_of_attachment(0, &mut |term, _| terms.push(term.to_owned()));
        assert_eq!(terms, ["ann", ":nann", ":aann"], "as far as it goes");
        Vector(&[]).terms(&[], &mut |_, _| terms.clear());
        assert_eq!(terms.len(), 3);
    }
}
