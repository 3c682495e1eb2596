//! Asking: what a condition wants of the index, and where the answer says to look.

use super::ASIDE;
use super::budget::{Budget, ROW, WORDS};
use super::contains::{Expansion, MultiPhrase, MultiPhraseQuery, PartQuery};
use super::places::Places;
use super::renew::gone;
use super::set::{Bits, Set};
use super::term::{A, B, C, D, DEAD, of_folder};
use crate::item::Search;
use crate::query::{Cmp, ContainsMode, Filter, Place};
use crate::row::{Fields, first, firsts};
use crate::search::in_order;
use crate::sql::{Param, Sql};
use crate::{Mailbox, StoreError};
use ewsd_model::property::mapi::Scalar;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// So few items are looked at one by one, 14 µs each or more.
const FEW: usize = 5_000;
/// With more of them it is cheaper to read where the words of a phrase stand.
pub(super) const LOOKED: usize = 500;
/// So few hits are put in order by their own rows, 7 µs each.
const KNOWN: usize = 2_000;
/// As many are not, unless a page of them is met soon on the way through the folder, 2 µs a row: among the newest numbers, which
/// are the newest mail nearly always.
const SOME: usize = 50_000;
const PAGE: usize = 100;
const NEWEST: usize = 10_000;
/// So many are looked at one by one where the whole folder would be the other way.
const MANY: usize = 200_000;
/// Octets of the bits that go with a search: a mailbox of a million items, each of which changed thirty times.
const BITS: usize = 4 << 20;

/// Where a search must look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Candidates {
    /// Everywhere.
    No,
    /// At these items and at no other.
    Items(Vec<i64>),
    /// Nowhere: it is these.
    Hits(Vec<i64>),
    /// Everywhere, but there are so many; these, if their numbers are not too far apart.
    Total(i64, Option<Bits>),
}

impl Candidates {
    /// The items, if the search is about these alone.
    pub fn items(&self) -> Option<&[i64]> {
        match self {
            Candidates::Items(items) | Candidates::Hits(items) => Some(items),
            Candidates::No | Candidates::Total(..) => None,
        }
    }
}

/// What a condition wants of the index.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TermQuery {
    /// The terms between two, by place in the list of them.
    Terms(usize),
    /// The words that fit a piece of a pattern, by place in the list of these.
    Part(usize),
    All(Vec<TermQuery>),
    Any(Vec<TermQuery>),
    /// An item that meets it may meet the condition.
    Perhaps(Box<TermQuery>),
    /// An item that meets it and has one of these terms may meet the condition.
    Unless(Box<TermQuery>, Vec<usize>),
    /// What the pieces of a pattern ask for, and how their words must stand in a row; by place in the list of these.
    /// And the items, by place in the list of terms, of which not all places are known.
    MultiPhrase {
        all: Box<TermQuery>,
        phrase: usize,
        far: usize,
    },
    /// What all the words of a phrase ask for, and how they must stand, if that is known; by place in the list of phrases.
    Phrase(Box<TermQuery>, Option<usize>),
}

impl TermQuery {
    pub fn perhaps(self) -> TermQuery {
        TermQuery::Perhaps(Box::new(self))
    }
}

/// Terms from the first up to before the second.
pub(super) type Range = (String, String);

/// Terms that stand one behind the other, with one of these weights (bit n: weight n).
struct Phrase {
    terms: Vec<String>,
    weights: u8,
}

/// The terms that are asked for.
#[derive(Default)]
pub(super) struct TermRanges {
    pub ranges: Vec<Range>,
    /// Where each is in the list.
    known: HashMap<Range, usize>,
    phrases: Vec<Phrase>,
    pub parts: Vec<PartQuery>,
    pub multi_phrases: Vec<MultiPhraseQuery>,
    /// The database is asked to compare without case.
    pub folds: bool,
}

impl TermRanges {
    /// What must hold of an item that meets the condition; None if the index cannot tell.
    fn of(&mut self, filter: &Filter) -> Option<TermQuery> {
        match filter {
            Filter::And(parts) => {
                let parts: Vec<&Filter> = parts.iter().filter(|part| **part != Filter::True).collect();
                let all: Vec<TermQuery> = parts.iter().filter_map(|part| self.of(part)).collect();
                let is_told = all.len() == parts.len();
                let all = (!all.is_empty()).then_some(TermQuery::All(all))?;
                Some(if is_told { all } else { all.perhaps() })
            }
            Filter::Or(parts) => parts.iter().map(|part| self.of(part)).collect::<Option<Vec<_>>>().map(TermQuery::Any),
            Filter::Words { place, text, whole } => self.words(*place, text, *whole),
            Filter::Contains { field, mode, ignore_case, text } => self.contains(field, *mode, *ignore_case, text),
            Filter::Compare(field, Cmp::Eq, Scalar::Text(text)) => {
                self.contains(field, ContainsMode::FullString, true, text)
            }
            _ => None,
        }
    }

    fn words(&mut self, place: Place, text: &str, whole: bool) -> Option<TermQuery> {
        // Codes of terms; the code of those that tell where words stand, and the weights that they have there.
        let (codes, stands, weights): (&[&str], &str, u8) = match place {
            Place::Anywhere => (&[""], "", A | B | C | D),
            Place::Subject => (&[":s"], "", B),
            Place::From => (&[":f"], "", A),
            Place::To => (&[":t"], ":t", C),
            Place::Cc => (&[":c"], ":c", C),
            Place::Bcc => (&[":b"], ":b", C),
            Place::Recipients => (&[":r"], "", C),
            Place::Participants => (&[":f", ":r"], "", A | C),
            Place::Attachment => (&[":a"], ":a", A | D),
            // Words of the body have no letter: they are most of all.
            Place::Body => (&[""], "", D),
        };
        let words = in_order(text);
        let query = self.all_words(codes, &words, whole)?;
        if words.len() == 1 {
            return Some(if place == Place::Body { query.perhaps() } else { query });
        }
        // Which words begin so is not looked at.
        let stands = (whole && words.len() <= WORDS).then(|| {
            self.phrases.push(Phrase { terms: words.iter().map(|word| format!("{stands}{word}")).collect(), weights });
            self.phrases.len() - 1
        });
        Some(TermQuery::Phrase(Box::new(query), stands))
    }

    /// All of the words; not that they stand in order, nor all in the same place.
    fn all_words(&mut self, codes: &[&str], words: &[String], whole: bool) -> Option<TermQuery> {
        let last = words.len().checked_sub(1)?;
        let asked = words.iter().enumerate().take(WORDS);
        let mut query = |at: usize, word: &String| {
            let any = codes.iter().map(|code| {
                // No term has a control character in it, nor the last one that there is.
                let begin = format!("{code}{word}");
                let end = format!("{begin}{}", if at == last && !whole { '\u{10FFFF}' } else { '\u{1}' });
                TermQuery::Terms(self.range((begin, end)))
            });
            TermQuery::Any(any.collect())
        };
        Some(TermQuery::All(asked.map(|(at, word)| query(at, word)).collect()))
    }

    /// The place of a range in the list, once of each.
    pub(super) fn range(&mut self, range: Range) -> usize {
        *self.known.entry(range).or_insert_with_key(|range| {
            self.ranges.push(range.clone());
            self.ranges.len() - 1
        })
    }
}

/// One term and no other.
pub(super) fn exactly(term: &str) -> Range {
    (term.to_owned(), format!("{term}\u{1}"))
}

/// What the answers come to: items that meet the condition, and all that may.
#[derive(Clone, Default)]
pub(super) struct Met {
    pub sure: Set,
    pub all: Set,
}

/// What the index has answered.
pub(super) struct Answers {
    pub terms: Vec<Set>,
    /// None where too many words fit.
    pub parts: Vec<Option<Expansion>>,
    /// All that there is in the folders.
    folders: Set,
}

/// What tells where words stand, if that is asked.
trait Standing {
    /// Of a phrase, the items in which it does, and those of which that cannot be told.
    fn phrase(&self, _at: usize, _items: &Set) -> Option<(Set, Set)> {
        None
    }

    /// Of the pieces of a pattern, the items in which they do, and all in which they may.
    fn multi_phrase(&self, _at: usize, _items: &Set) -> Option<Met> {
        None
    }
}

/// It is not asked.
struct Anyhow;

impl Standing for Anyhow {}

/// By places, of phrases of words and of patterns, in the items of which nothing else tells.
struct ByPlaces<'a> {
    places: Places,
    phrases: &'a [Phrase],
    multi_phrases: Vec<Option<MultiPhrase>>,
    unsure: Set,
    budget: RefCell<Budget>,
}

impl ByPlaces<'_> {
    /// The items of which it is looked up where terms stand, and the others; None if that is more than one search may look up.
    fn looked<'t>(&self, items: &Set, terms: impl Iterator<Item = &'t String>) -> Option<(Set, Set)> {
        if !self.budget.borrow_mut().looks(self.places.octets(terms)) {
            return None;
        }
        let (mut looked, mut rest) = (items.clone(), items.clone());
        looked.intersect(&self.unsure);
        rest.subtract(&looked);
        Some((looked, rest))
    }
}

impl Standing for ByPlaces<'_> {
    fn phrase(&self, at: usize, items: &Set) -> Option<(Set, Set)> {
        let phrase = self.phrases.get(at)?;
        let (looked, rest) = self.looked(items, phrase.terms.iter())?;
        let (sure, mut unsure) = self.places.phrase(&phrase.terms, phrase.weights, &looked);
        unsure.union(rest);
        Some((sure, unsure))
    }

    fn multi_phrase(&self, at: usize, items: &Set) -> Option<Met> {
        let phrase = self.multi_phrases.get(at)?.as_ref()?;
        let (looked, rest) = self.looked(items, phrase.choices.iter().flatten().map(|chosen| &chosen.word))?;
        let mut met = self.places.sequence(phrase, &looked);
        met.all.union(rest);
        Some(met)
    }
}

fn meets(query: &TermQuery, answers: &Answers, stand: &impl Standing) -> Met {
    // One part after the other: none waits in memory for the others.
    let meets = |part: &TermQuery| meets(part, answers, stand);
    match query {
        TermQuery::Terms(at) => {
            let all = answers.terms.get(*at).cloned().unwrap_or_default();
            Met { sure: all.clone(), all }
        }
        TermQuery::Part(at) => match answers.parts.get(*at) {
            Some(Some(expansion)) => expansion.met.clone(),
            _ => Met { sure: Set::default(), all: answers.folders.clone() },
        },
        TermQuery::Unless(inner, terms) => {
            let mut met = meets(inner);
            terms.iter().filter_map(|at| answers.terms.get(*at)).for_each(|set| met.sure.subtract(set));
            met
        }
        TermQuery::Any(parts) => parts.iter().map(meets).fold(Met::default(), |mut any, met| {
            any.sure.union(met.sure);
            any.all.union(met.all);
            any
        }),
        TermQuery::All(parts) => {
            let all = parts.iter().map(meets).reduce(|mut both, met| {
                both.sure.intersect(&met.sure);
                both.all.intersect(&met.all);
                both
            });
            all.unwrap_or_default()
        }
        TermQuery::Perhaps(inner) => Met { sure: Set::default(), ..meets(inner) },
        TermQuery::MultiPhrase { all, phrase, far } => {
            let known = meets(all);
            let Some(mut met) = stand.multi_phrase(*phrase, &known.all) else { return known };
            let mut far = answers.terms.get(*far).cloned().unwrap_or_default();
            far.intersect(&known.all);
            met.all.union(far);
            met.all.union(known.sure.clone());
            met.sure.union(known.sure);
            met
        }
        TermQuery::Phrase(inner, phrase) => {
            let all = meets(inner).all;
            match phrase.and_then(|phrase| stand.phrase(phrase, &all)) {
                Some((sure, unsure)) => {
                    let mut all = unsure;
                    all.union(sure.clone());
                    Met { sure, all }
                }
                None => Met { sure: Set::default(), all },
            }
        }
    }
}

/// What the index does not know.
struct Unindexed {
    /// The database's lower case is that of the words, of which some languages have another.
    folds: bool,
    /// How often it had been begun anew.
    renewals: i64,
    /// Items that must be looked at.
    look: Set,
    /// Items that are there no more.
    gone: Vec<i64>,
}

impl Mailbox<'_> {
    /// Where the search must look.
    pub(crate) fn narrowed(&mut self, search: &Search<'_>) -> Result<Candidates, StoreError> {
        self.narrowed_within(search, Budget::new())
    }

    pub(super) fn narrowed_within(
        &mut self,
        search: &Search<'_>,
        mut budget: Budget,
    ) -> Result<Candidates, StoreError> {
        let mut asked = TermRanges::default();
        let Some(query) = asked.of(search.filter).filter(|_| !search.associated) else { return Ok(Candidates::No) };
        let aside = self.aside()?.filter(|aside| aside.folds || !asked.folds);
        let Some(aside) = aside else { return Ok(Candidates::No) };
        let named = asked.ranges.len();
        asked.ranges.extend(search.folders.iter().map(|folder| exactly(&of_folder(folder.0))));
        asked.ranges.push(exactly(DEAD));
        let Some(mut terms) = self.items_of_ranges(&asked.ranges, &mut budget)? else { return Ok(Candidates::No) };
        let dead = terms.pop().unwrap_or_default();
        let folders = terms.split_off(named).into_iter().fold(Set::default(), |mut all, folder| {
            all.union(folder);
            all
        });
        let parts = asked.parts.iter().map(|part| self.expansion(part, &folders, &mut budget));
        let parts = parts.collect::<Result<_, StoreError>>()?;
        let answers = Answers { terms, parts, folders };
        let folders = &answers.folders;
        let within = |met: Met| {
            let [sure, all] = [met.sure, met.all].map(|mut set| {
                set.intersect(folders);
                set.subtract(&aside.look);
                set
            });
            Met { sure, all }
        };
        let mut found = within(meets(&query, &answers, &Anyhow));
        // Where words stand is read only where looking at the items would take longer.
        let mut unsure = found.all.clone();
        unsure.subtract(&found.sure);
        if !(asked.phrases.is_empty() && asked.multi_phrases.is_empty()) && unsure.len() > LOOKED {
            let multi_phrases = self.multi_phrases(&asked.multi_phrases, &answers, &mut budget)?;
            let of_them = multi_phrases
                .iter()
                .flatten()
                .flat_map(|phrase| phrase.choices.iter().flatten())
                .map(|chosen| &chosen.word);
            let terms = asked.phrases.iter().flat_map(|phrase| &phrase.terms).chain(of_them).collect();
            let places = self.places(terms, &unsure, &mut budget)?;
            let budget = RefCell::new(budget);
            let stand = ByPlaces { places, phrases: &asked.phrases, multi_phrases, unsure, budget };
            found = within(meets(&query, &answers, &stand));
        }
        // All of it may have been entered anew meanwhile: then answers lack what was beyond the steps made until they were read.
        if self.renewals()? != Some(aside.renewals) {
            return Ok(Candidates::No);
        }
        self.candidates(search, found, &dead, folders, aside)
    }

    /// What the index has found, with what it does not know.
    fn candidates(
        &mut self,
        search: &Search<'_>,
        mut found: Met,
        dead: &Set,
        folders: &Set,
        aside: Unindexed,
    ) -> Result<Candidates, StoreError> {
        let mut unsure = found.all.clone();
        unsure.subtract(&found.sure);
        let is_part = |set: &Set| set.len() <= MANY && set.len() < folders.len() / 4;
        // Of those that are hits already nothing more is read.
        if unsure.len() <= FEW || (found.sure.len() > unsure.len() && is_part(&unsure)) {
            let mut look = aside.look;
            look.union(unsure);
            let mut hits = found.sure;
            hits.union(self.found_among(search, &look.numbers())?.into_iter().collect());
            let count = hits.len();
            if count <= KNOWN || (count <= SOME && hits.among_newest(folders, NEWEST) < PAGE) {
                return Ok(Candidates::Hits(hits.numbers()));
            }
            if aside.gone.len() < ASIDE {
                hits.subtract(dead);
                hits.subtract(&aside.gone.iter().copied().collect());
                return Ok(Candidates::Total(crate::sql::int(hits.len())?, hits.bits(BITS)));
            }
        } else if is_part(&found.all) {
            found.all.union(aside.look);
            return Ok(Candidates::Items(found.all.numbers()));
        }
        Ok(Candidates::No)
    }

    /// None while too much is not in the index, or nothing is, or what is gone is not known.
    fn aside(&mut self) -> Result<Option<Unindexed>, StoreError> {
        let sql = Sql::new(format!(
            "select x.renewals, lower('I\u{130}\u{212a}\u{3a3}') = 'iik\u{3c3}', \
             array(select i.item from item i where i.mailbox = $1 and i.item > x.upto limit $2), \
             array(select r.item from reword r where r.mailbox = $1 and r.item <= x.upto limit $2), \
             array({} limit $2) \
             from indexed x join counter c on c.mailbox = x.mailbox \
             where x.mailbox = $1 and x.upto > 0 and x.buried >= c.trimmed",
            gone("seq > x.buried", "x.upto")
        ))
        .with([self.no.0.into(), crate::sql::int(ASIDE)?.into()]);
        let Some(row) = self.store.read_opt(&sql)? else { return Ok(None) };
        let mut fields = Fields::new(&row);
        let (renewals, folds): (i64, bool) = (fields.next()?, fields.next()?);
        let [newer, changed, gone]: [Vec<i64>; 3] = [fields.next()?, fields.next()?, fields.next()?];
        if newer.len() >= ASIDE || changed.len() >= ASIDE {
            return Ok(None);
        }
        Ok(Some(Unindexed { folds, renewals, look: newer.into_iter().chain(changed).collect(), gone }))
    }

    /// How often the index was begun anew until now; None if there is none any more.
    fn renewals(&mut self) -> Result<Option<i64>, StoreError> {
        let sql = Sql::new("select renewals from indexed where mailbox = $1").with([self.no.0.into()]);
        self.store.read_opt(&sql)?.map(|row| first(&row)).transpose()
    }

    /// Where terms stand in these items; of so many of them, the newest first, as may be read.
    fn places(&mut self, terms: BTreeSet<&String>, items: &Set, budget: &mut Budget) -> Result<Places, StoreError> {
        let mut places = Places::default();
        let Some(left) = budget.statement() else { return Ok(places) };
        let chunks = items.windows().map(|(chunk, _)| chunk).collect();
        let sql = Sql::new(format!(
            "select p.term, p.chunk, p.items from (select w.term, w.chunk, w.items, \
                 sum(octet_length(w.items) + {ROW}) over (order by w.chunk desc, w.term) as octets \
                 from word_place w where w.mailbox = $1 and w.term = any($2::text[]) and w.chunk = any($3::bigint[])) p \
             where p.octets <= $4::bigint"
        ))
        .with([
            self.no.0.into(),
            Param::Texts(terms.into_iter().map(|term| term.into()).collect()),
            Param::Ints(chunks),
            left.into(),
        ]);
        self.store.read_each(&sql, |row| {
            let mut fields = Fields::new(row);
            let (term, chunk): (String, i64) = (fields.next()?, fields.next()?);
            let items: Vec<u8> = fields.next()?;
            budget.row(&items);
            places.add(term, chunk, items);
            Ok(())
        })?;
        Ok(places)
    }

    /// Which of the items the search finds.
    fn found_among(&mut self, search: &Search<'_>, items: &[i64]) -> Result<Vec<i64>, StoreError> {
        match items {
            [] => Ok(Vec::new()),
            some => firsts(&self.store.read(&search.numbers(self.no, &Candidates::Items(some.to_vec()))?)?),
        }
    }
}
