//! What a `Contains` asks for: the words that its pattern may stand in, or parts of these.

use super::ask::{Answers, LOOKED, Met, TermQuery, TermRanges, exactly};
use super::budget::{Budget, PARTS, PIECES, WORDS};
use super::pattern::{Edge, Piece, edges, is_row, pieces};
use super::places::{Choice, Chosen};
use super::set::Set;
use super::term::{self, ANYWHERE, FAR, FROM, LONG, NAMES, PLACES, RECIPIENTS, SUBJECT};
use super::vocabulary::Matches;
use crate::query::{ContainsMode, Field, ScalarType};
use crate::search::Wanted;
use crate::sql::clean;
use crate::{Mailbox, StoreError};
use ewsd_model::property::Column;
use std::collections::BTreeMap;

/// Words for which it is asked first: those that came first are the frequent ones.
const FIRST_WORDS: usize = 256;

/// Pieces of a pattern of which it is looked at whether their words stand in a row, and words that these may be.
const IN_ROW: usize = 16;
const CHOICES: usize = 64;

/// The pieces of a pattern whose words stand in a row, in that order.
pub(super) struct MultiPhraseQuery {
    code: &'static str,
    weights: u8,
    pieces: Vec<PhraseTerm>,
    exact: Option<Exact>,
}

enum PhraseTerm {
    /// And the place of its term in the list of these.
    Word(String, usize),
    /// By place in the list of fits.
    Part(usize),
}

impl MultiPhraseQuery {
    /// The words that each piece may be, with the items of those that are known; the terms of the others are added to those that
    /// are asked for. None where they are too many.
    fn chosen(&self, answers: &Answers, terms: &mut BTreeMap<String, Set>) -> Option<Vec<Choice>> {
        let mut count = 0;
        let mut choice = |piece: &PhraseTerm| {
            let choice: Choice = match piece {
                PhraseTerm::Word(word, term) => {
                    let items = answers.terms.get(*term)?.clone();
                    vec![Chosen { word: word.clone(), items, is_same: true }]
                }
                PhraseTerm::Part(at) => {
                    let words = &answers.parts.get(*at)?.as_ref()?.words;
                    let words = words.iter().take(CHOICES + 1).cloned();
                    words.map(|(word, is_same)| Chosen { word, items: Set::default(), is_same }).collect()
                }
            };
            count += choice.len();
            (count <= CHOICES).then_some(choice)
        };
        let choices = self.pieces.iter().map(&mut choice).collect::<Option<Vec<_>>>()?;
        for (_, choice) in self.pieces.iter().zip(&choices).filter(|(piece, _)| matches!(piece, PhraseTerm::Part(_))) {
            terms.extend(choice.iter().map(|chosen| (format!("{}{}", self.code, chosen.word), Set::default())));
        }
        Some(choices)
    }
}

/// The same with the words that each may be.
pub(super) struct MultiPhrase {
    pub choices: Vec<Choice>,
    pub weights: u8,
    pub exact: Option<Exact>,
}

/// What a pattern asks for besides its pieces. Whatever has these and that is a hit.
#[derive(Clone)]
pub(super) struct Exact {
    /// Between each two pieces.
    pub between: Vec<Wanted>,
    /// No part of a word is before the first, nor behind the last.
    pub begins: bool,
    pub ends: bool,
}

impl Exact {
    /// Of a pattern in ASCII that begins and ends with letters or digits, and is looked for anywhere in a text.
    fn of(text: &str, mode: ContainsMode) -> Option<Exact> {
        let (left, right) = edges(mode);
        let is_letter = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
        let octets = text.as_bytes();
        let is_whole = text.is_ascii() && is_letter(octets.first()) && is_letter(octets.last());
        if !is_whole || left == Edge::Closed || right == Edge::Closed {
            return None;
        }
        let between = text.split(|c: char| c.is_ascii_alphanumeric()).filter(|between| !between.is_empty());
        Some(Exact {
            between: between.map(Wanted::new).collect(),
            begins: left == Edge::Word,
            ends: right == Edge::Word,
        })
    }
}

/// What has come of a piece.
pub(super) struct Expansion {
    pub met: Met,
    words: Matches,
}

/// Words that fit a piece of a pattern.
pub(super) struct PartQuery {
    /// The place that is asked, by its code.
    code: &'static str,
    piece: Piece,
    /// The piece is all of the pattern, so the items that have such words are hits.
    is_all: bool,
}

/// A field as the index has its words.
struct Indexed {
    /// The place that has every word of it, by its code.
    code: &'static str,
    /// A word of the place is the field's.
    is_own: bool,
    /// Its value is several texts with semicolons between them, each of which has its words in a row.
    is_list: bool,
}

/// None of a field whose words are not in the index.
fn indexed(field: &Field) -> Option<Indexed> {
    let (code, is_own) = match field {
        Field::Column(Column::Subject) => (SUBJECT, true),
        Field::Column(Column::From) => (FROM, true),
        Field::Column(Column::FromName | Column::Sender) => (FROM, false),
        Field::Column(Column::DisplayTo | Column::DisplayCc | Column::DisplayBcc) => (RECIPIENTS, false),
        Field::Json("ToRecipients" | "CcRecipients" | "BccRecipients", ScalarType::Mailboxes) => (RECIPIENTS, false),
        Field::AttachmentName => (NAMES, true),
        Field::Body => (ANYWHERE, true),
        _ => return None,
    };
    let is_list = matches!(field, Field::Column(Column::DisplayTo | Column::DisplayCc | Column::DisplayBcc));
    Some(Indexed { code, is_own, is_list })
}

/// The weight that words of a place have where they stand; None if that is not kept.
fn weights(code: &str) -> Option<u8> {
    [(ANYWHERE, term::D), (SUBJECT, term::B), (FROM, term::A), (RECIPIENTS, term::C)]
        .into_iter()
        .find_map(|(place, weight)| (place == code).then_some(weight))
}

impl TermRanges {
    pub fn contains(&mut self, field: &Field, mode: ContainsMode, ignore_case: bool, text: &str) -> Option<TermQuery> {
        let Indexed { code, is_own, is_list } = indexed(field)?;
        let text = clean(text);
        let pieces = pieces(&text, edges(mode));
        let is_letters = text.bytes().all(|octet| octet.is_ascii_alphanumeric());
        let has_case = text.bytes().any(|octet| octet.is_ascii_alphabetic());
        let is_sure = mode == ContainsMode::Substring && is_own && is_letters && (ignore_case || !has_case);
        self.folds |= ignore_case;
        let is_told = is_own && (code == SUBJECT || code == ANYWHERE) && (ignore_case || !has_case);
        let exact = Exact::of(&text, mode).filter(|_| is_told);
        // The words of a name are followed by those of its address, and not by the next name.
        let is_row = is_row(&text) && !(is_list && text.contains(';'));
        let query = self.pieces(code, pieces, is_sure, is_row, exact)?;
        let cut = self.term(&term::cut(code));
        // Whatever words they have, they may have others.
        let mut marks = vec![cut];
        if code == ANYWHERE || code == FROM {
            marks.push(self.term(&term::more(code)));
        }
        let mut any = vec![TermQuery::Unless(Box::new(query), marks), TermQuery::Terms(cut).perhaps()];
        if code == ANYWHERE {
            any.push(TermQuery::Terms(self.term(LONG)).perhaps());
        }
        Some(TermQuery::Any(any))
    }

    /// `is_all`: an item that has the one piece is a hit. `is_row`: their words stand one behind the other. `exact`: what is
    /// asked for besides.
    fn pieces(
        &mut self,
        code: &'static str,
        pieces: Vec<Piece>,
        is_all: bool,
        is_row: bool,
        exact: Option<Exact>,
    ) -> Option<TermQuery> {
        if pieces.iter().any(Piece::is_long) {
            return Some(TermQuery::Any(Vec::new()));
        }
        if self.parts.len() + PIECES > PARTS {
            return None;
        }
        let (count, mut parts) = (pieces.len(), 0);
        let (mut all, mut terms) = (Vec::new(), Vec::new());
        for piece in pieces.into_iter().take(WORDS) {
            if piece.is_word() {
                let term = self.term(&format!("{code}{}", piece.text));
                all.push(TermQuery::Terms(term));
                terms.push(PhraseTerm::Word(piece.text, term));
            } else if parts < PIECES {
                parts += 1;
                all.push(TermQuery::Part(self.parts.len()));
                terms.push(PhraseTerm::Part(self.parts.len()));
                self.parts.push(PartQuery { code, piece, is_all });
            }
        }
        let query = (!all.is_empty()).then_some(TermQuery::All(all))?;
        // Of one piece it is asked whether its word is one of the place, and what is around it.
        let is_one = count == 1 && exact.as_ref().is_some_and(|exact| exact.begins || exact.ends || code == ANYWHERE);
        let weights =
            weights(code).filter(|_| is_row && terms.len() == count && ((2..=IN_ROW).contains(&count) || is_one));
        let query = if is_all { query } else { query.perhaps() };
        let Some(weights) = weights else { return Some(query) };
        self.multi_phrases.push(MultiPhraseQuery { code, weights, pieces: terms, exact });
        Some(TermQuery::MultiPhrase { all: Box::new(query), phrase: self.multi_phrases.len() - 1, far: self.term(FAR) })
    }

    fn term(&mut self, term: &str) -> usize {
        self.range(exactly(term))
    }
}

/// Which items are asked for: those that have a word as it is in the pattern, those that may have it, and those that may have it
/// elsewhere than in the body.
const SAME: i64 = 0;
const OTHER: i64 = 1;
const ELSEWHERE: i64 = 2;

impl Mailbox<'_> {
    /// The words that each piece of some patterns may stand in, with their items; None of a pattern where these are too many.
    pub(super) fn multi_phrases(
        &mut self,
        queries: &[MultiPhraseQuery],
        answers: &Answers,
        budget: &mut Budget,
    ) -> Result<Vec<Option<MultiPhrase>>, StoreError> {
        let mut terms = BTreeMap::new();
        let chosen: Vec<_> = queries.iter().map(|query| query.chosen(answers, &mut terms)).collect();
        // Those of whole words are known, of those that fit a piece all together only.
        let asked = (0..).zip(terms.keys().cloned()).collect();
        let Some(sets) = self.items_of_terms(asked, terms.len(), budget)? else {
            return Ok(queries.iter().map(|_| None).collect());
        };
        terms.values_mut().zip(sets).for_each(|(known, set)| *known = set);
        let phrases = queries.iter().zip(chosen).map(|(query, choices)| {
            let mut choices = choices?;
            for chosen in choices.iter_mut().flatten() {
                if let Some(set) = terms.get(&format!("{}{}", query.code, chosen.word)) {
                    chosen.items = set.clone();
                }
            }
            Some(MultiPhrase { choices, weights: query.weights, exact: query.exact.clone() })
        });
        Ok(phrases.collect())
    }

    /// The items that have the words which fit; None if these are too many, or the items.
    ///
    /// `folders`: all items that are asked for.
    pub(super) fn expansion(
        &mut self,
        part: &PartQuery,
        folders: &Set,
        budget: &mut Budget,
    ) -> Result<Option<Expansion>, StoreError> {
        let Some(words) = self.matching(part.code, &part.piece, budget)? else { return Ok(None) };
        let (mut same, mut all, mut elsewhere) = (Set::default(), Set::default(), Set::default());
        let (mut rest, mut count) = (words.as_slice(), FIRST_WORDS);
        while !rest.is_empty() {
            let (some, later) = rest.split_at(count.min(rest.len()));
            let Some([a, b, c]) = self.with_words(part, some, budget)? else { return Ok(None) };
            all.union(a.clone());
            same.union(a);
            all.union(b);
            elsewhere.union(c);
            (rest, count) = (later, count * 8);
            // Where few are left it is cheaper to look at these, and where most are met the piece tells little.
            let mut left = folders.clone();
            left.subtract(if part.is_all { &same } else { &all });
            if !rest.is_empty() && left.len() <= if part.is_all { LOOKED } else { folders.len() / 2 } {
                all = folders.clone();
                break;
            }
        }
        let mut sure = same;
        sure.subtract(&elsewhere);
        Ok(Some(Expansion { met: Met { sure, all }, words }))
    }

    /// The items that have some words: as they are in the pattern, otherwise, and perhaps elsewhere than in the body. None if
    /// they are too many.
    fn with_words(
        &mut self,
        part: &PartQuery,
        words: &[(String, bool)],
        budget: &mut Budget,
    ) -> Result<Option<[Set; 3]>, StoreError> {
        let mut terms = Vec::new();
        let mut ask = |number: i64, code: &str, word: &str| terms.push((number, format!("{code}{word}")));
        for (word, is_same) in words {
            let is_sure = part.is_all && *is_same;
            ask(if is_sure { SAME } else { OTHER }, part.code, word);
            if is_sure && part.code == ANYWHERE {
                PLACES.iter().filter(|code| **code != NAMES).for_each(|code| ask(ELSEWHERE, code, word));
                ask(ELSEWHERE, term::ATTACHMENTS, word);
            }
        }
        Ok(self.items_of_terms(terms, 3, budget)?.and_then(|sets| sets.try_into().ok()))
    }
}
