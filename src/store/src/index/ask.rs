//! Asking: what a condition wants of the index, and where the answer says to look.

use super::ASIDE;
use super::enter::gone;
use super::set::Set;
use super::term::{CUT, DEAD, of_folder};
use crate::item::Search;
use crate::query::{Cmp, ContainsMode, Field, Filter, Place};
use crate::row::{Fields, first};
use crate::search::in_order;
use crate::sql::{Param, Sql};
use crate::{Mailbox, StoreError};
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;

/// With so few items to look at the rest of the search is about them alone.
const FEW: usize = 5_000;
/// So many are looked at one by one where the whole folder would be the other way.
const MANY: usize = 200_000;
/// Words of a text that are asked for: more would hardly tell more.
const WORDS: usize = 64;
/// Rows, and octets in them, that one search reads.
const ROWS: i64 = 20_000;
const OCTETS: i64 = 32 << 20;

/// Where a search must look.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Candidates {
    /// Everywhere.
    No,
    /// At these items and at no other.
    Items(Vec<i64>),
    /// Everywhere, but there are so many.
    Total(i64),
}

impl Candidates {
    /// The items, if the search is about these alone.
    pub fn items(&self) -> Option<&[i64]> {
        match self {
            Candidates::Items(items) => Some(items),
            Candidates::No | Candidates::Total(_) => None,
        }
    }
}

/// What a condition wants of the index.
#[derive(Clone, Debug, PartialEq)]
enum TermQuery {
    /// The terms between two, by place in the list of them.
    Terms(usize),
    All(Vec<TermQuery>),
    Any(Vec<TermQuery>),
}

/// Terms from the first up to before the second.
type Range = (String, String);

/// The terms that are asked for.
#[derive(Default)]
struct TermRanges {
    ranges: Vec<Range>,
    /// The condition says more than the index can.
    inexact: bool,
}

impl TermRanges {
    /// What must hold of an item that meets the condition; None if the index cannot tell.
    fn of(&mut self, filter: &Filter) -> Option<TermQuery> {
        match filter {
            Filter::And(parts) => {
                let mut all = Vec::new();
                for part in parts.iter().filter(|part| **part != Filter::True) {
                    match self.of(part) {
                        Some(wish) => all.push(wish),
                        None => self.inexact = true,
                    }
                }
                (!all.is_empty()).then_some(TermQuery::All(all))
            }
            Filter::Or(parts) => parts.iter().map(|part| self.of(part)).collect::<Option<Vec<_>>>().map(TermQuery::Any),
            Filter::Words { place, text, whole } => self.words(*place, text, *whole),
            Filter::Contains { field, mode, text, .. } => {
                self.inexact = true;
                let whole = *mode == ContainsMode::FullString;
                if *mode == ContainsMode::Substring { None } else { self.field(field, text, whole) }
            }
            Filter::Compare(field @ (Field::Column(Column::Subject) | Field::Body), Cmp::Eq, Scalar::Text(text)) => {
                self.inexact = true;
                self.field(field, text, true)
            }
            _ => None,
        }
    }

    fn words(&mut self, place: Place, text: &str, whole: bool) -> Option<TermQuery> {
        let codes: &[&str] = match place {
            Place::Anywhere => &[""],
            Place::Subject => &[":s"],
            Place::From => &[":f"],
            Place::To => &[":t"],
            Place::Cc => &[":c"],
            Place::Bcc => &[":b"],
            Place::Recipients => &[":r"],
            Place::Participants => &[":f", ":r"],
            Place::Attachment => &[":a"],
            // Words of the body have no letter: they are most of all.
            Place::Body => {
                self.inexact = true;
                &[""]
            }
        };
        self.phrase(codes, text, whole)
    }

    /// The words of a text that a field has.
    fn field(&mut self, field: &Field, text: &str, whole: bool) -> Option<TermQuery> {
        if *field != Field::Body {
            return self.phrase(codes_of(field)?, text, whole);
        }
        let words = self.phrase(&[""], text, whole)?;
        self.ranges.push(exactly(CUT));
        Some(TermQuery::Any(vec![words, TermQuery::Terms(self.ranges.len() - 1)]))
    }

    /// All words of a text; not that they stand in order, nor all in the same place.
    fn phrase(&mut self, codes: &[&str], text: &str, whole: bool) -> Option<TermQuery> {
        let words = in_order(text);
        let last = words.len().checked_sub(1)?;
        self.inexact |= last > 0;
        let asked = words.iter().enumerate().take(WORDS);
        let wish = |at: usize, word: &String, ranges: &mut Vec<Range>| {
            let any = codes.iter().map(|code| {
                // No term has a control character in it, nor the last one that there is.
                let begin = format!("{code}{word}");
                let end = format!("{begin}{}", if at == last && !whole { '\u{10FFFF}' } else { '\u{1}' });
                ranges.push((begin, end));
                TermQuery::Terms(ranges.len() - 1)
            });
            TermQuery::Any(any.collect())
        };
        Some(TermQuery::All(asked.map(|(at, word)| wish(at, word, &mut self.ranges)).collect()))
    }
}

/// One term and no other.
fn exactly(term: &str) -> Range {
    (term.to_owned(), format!("{term}\u{1}"))
}

/// The places that have every word of a field.
fn codes_of(field: &Field) -> Option<&'static [&'static str]> {
    Some(match field {
        Field::Column(Column::Subject) => &[":s"],
        Field::Column(Column::From | Column::FromName | Column::Sender) => &[":f"],
        Field::AttachmentName => &[":a"],
        _ => return None,
    })
}

/// What the answers come to.
fn meets(wish: &TermQuery, answers: &[Set]) -> Set {
    match wish {
        TermQuery::Terms(at) => answers.get(*at).cloned().unwrap_or_default(),
        TermQuery::Any(parts) => parts.iter().fold(Set::default(), |mut all, part| {
            all.union(meets(part, answers));
            all
        }),
        TermQuery::All(parts) => {
            let mut sets = parts.iter().map(|part| meets(part, answers));
            let mut both = sets.next().unwrap_or_default();
            sets.for_each(|set| both.intersect(&set));
            both
        }
    }
}

/// What the index does not know.
struct Unindexed {
    /// The number up to which it knew all else.
    upto: i64,
    /// Items that must be looked at.
    look: Set,
    /// Items that are there no more.
    gone: Vec<i64>,
}

impl Mailbox<'_> {
    /// Where the search must look.
    pub(crate) fn narrowed(&mut self, search: &Search<'_>) -> Result<Candidates, StoreError> {
        let mut wishes = TermRanges::default();
        let Some(wish) = wishes.of(search.filter).filter(|_| !search.associated) else { return Ok(Candidates::No) };
        let Some(aside) = self.aside()? else { return Ok(Candidates::No) };
        let named = wishes.ranges.len();
        wishes.ranges.extend(search.folders.iter().map(|folder| exactly(&of_folder(folder.0))));
        wishes.ranges.push(exactly(DEAD));
        let Some(mut answers) = self.answers(&wishes.ranges)? else { return Ok(Candidates::No) };
        // All of it may be entered anew meanwhile: then the answers lack what was beyond the steps made so far.
        if self.indexed_upto()? < aside.upto {
            return Ok(Candidates::No);
        }
        let dead = answers.pop().unwrap_or_default();
        let folders = answers.split_off(named).into_iter().fold(Set::default(), |mut all, folder| {
            all.union(folder);
            all
        });
        let mut found = meets(&wish, &answers);
        found.intersect(&folders);
        found.subtract(&aside.look);
        if found.len() <= FEW {
            found.union(aside.look);
            return Ok(Candidates::Items(found.numbers()));
        }
        found.subtract(&dead);
        found.subtract(&aside.gone.iter().copied().collect());
        let beside = aside.look.numbers();
        if !wishes.inexact && aside.gone.len() < ASIDE {
            let rest = self.count_among(search, &beside)?;
            return Ok(Candidates::Total(rest + crate::sql::int(found.len())?));
        }
        if found.len() <= MANY && found.len() < folders.len() / 4 {
            found.union(beside.into_iter().collect());
            Ok(Candidates::Items(found.numbers()))
        } else {
            Ok(Candidates::No)
        }
    }

    /// None while too much is not in the index, or nothing is.
    fn aside(&mut self) -> Result<Option<Unindexed>, StoreError> {
        let sql = Sql::new(format!(
            "select x.upto, \
             array(select i.item from item i where i.mailbox = $1 and i.item > x.upto limit $2), \
             array(select r.item from reword r where r.mailbox = $1 limit $2), \
             array({} limit $2) \
             from indexed x where x.mailbox = $1 and x.upto > 0",
            gone("seq > x.upto")
        ))
        .with([self.no.0.into(), crate::sql::int(ASIDE)?.into()]);
        let Some(row) = self.store.read_opt(&sql)? else { return Ok(None) };
        let mut fields = Fields::new(&row);
        let upto: i64 = fields.next()?;
        let [newer, changed, gone]: [Vec<i64>; 3] = [fields.next()?, fields.next()?, fields.next()?];
        if newer.len() >= ASIDE || changed.len() >= ASIDE {
            return Ok(None);
        }
        Ok(Some(Unindexed { upto, look: newer.into_iter().chain(changed).collect(), gone }))
    }

    /// The number up to which items are in the index now.
    fn indexed_upto(&mut self) -> Result<i64, StoreError> {
        let sql = Sql::new("select upto from indexed where mailbox = $1").with([self.no.0.into()]);
        self.store.read_opt(&sql)?.map_or(Ok(0), |row| first(&row))
    }

    /// The items of each range of terms; None if that is more than one search may read.
    fn answers(&mut self, ranges: &[Range]) -> Result<Option<Vec<Set>>, StoreError> {
        let texts = |pick: fn(&Range) -> &String| Param::Texts(ranges.iter().map(|range| pick(range).into()).collect());
        let params = [self.no.0.into(), texts(|range| &range.0), texts(|range| &range.1)];
        const FROM: &str = "unnest($2::text[], $3::text[]) with ordinality as t (first, after, n) \
            join word w on w.mailbox = $1 and w.term >= t.first collate \"C\" and w.term < t.after collate \"C\"";
        let size = format!(
            "select count(*), coalesce(sum(octets), 0)::bigint from (select octet_length(w.items) as octets from {FROM} limit {ROWS}) s"
        );
        let row = self.store.read_one(&Sql::new(size).with(params.clone()), crate::Missing::Mailbox)?;
        let mut fields = Fields::new(&row);
        let (rows, octets): (i64, i64) = (fields.next()?, fields.next()?);
        if rows >= ROWS || octets > OCTETS {
            return Ok(None);
        }
        let sql = Sql::new(format!("select t.n, w.chunk, w.items from {FROM}")).with(params);
        let mut sets = vec![Set::default(); ranges.len()];
        for row in &self.store.read(&sql)? {
            let mut fields = Fields::new(row);
            let (n, chunk): (i64, i64) = (fields.next()?, fields.next()?);
            let items: &[u8] = fields.next()?;
            if let Some(set) = usize::try_from(n - 1).ok().and_then(|at| sets.get_mut(at)) {
                set.add(chunk, items);
            }
        }
        Ok(Some(sets))
    }

    fn count_among(&mut self, search: &Search<'_>, items: &[i64]) -> Result<i64, StoreError> {
        match items {
            [] => Ok(0),
            some => {
                let sql = search.count(self.no, Some(some))?;
                first(&self.store.read_one(&sql, crate::Missing::Mailbox)?)
            }
        }
    }
}
