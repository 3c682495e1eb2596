//! What one search may ask of the index, whatever its filter is made of. What is beyond that the index does not tell: the search
//! looks at items instead, and what that costs is bounded by `query/cost.rs`.

use super::ask::Range;
use super::set::{Gathered, Set};
use crate::row::Fields;
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, StoreError};

/// Words of a text or a pattern: more would hardly tell more.
pub(super) const WORDS: usize = 64;
/// Pieces of a pattern for which the words of the mailbox are looked through.
pub(super) const PIECES: usize = 4;
/// The same of all patterns: of one that might have more the index does not tell.
pub(super) const PARTS: usize = 16;
/// Statements.
const STATEMENTS: usize = 64;
/// Octets of rows that are read, and so of the memory for them.
const OCTETS: i64 = 64 << 20;
/// What a row takes besides its octets.
pub(super) const ROW: i64 = 128;
/// Octets of rows that are gone through for where words stand, a nanosecond or more each: those of each phrase.
const LOOKS: usize = 2 << 30;

/// What is left of it.
pub(super) struct Budget {
    statements: usize,
    octets: i64,
    looks: usize,
}

impl Budget {
    pub fn new() -> Budget {
        Budget { statements: STATEMENTS, octets: OCTETS, looks: LOOKS }
    }

    /// One statement more, and how many octets its rows may have; None if there is no more to be asked.
    pub fn statement(&mut self) -> Option<i64> {
        self.statements = self.statements.checked_sub(1)?;
        (self.octets > 0).then_some(self.octets)
    }

    /// A row was read.
    pub fn row(&mut self, octets: &[u8]) {
        self.octets -= int(octets.len()).unwrap_or(i64::MAX).saturating_add(ROW);
    }

    /// Whether so many octets may be gone through.
    pub fn looks(&mut self, octets: usize) -> bool {
        let left = self.looks.checked_sub(octets);
        left.map(|left| self.looks = left).is_some()
    }
}

/// The rows of ranges of terms.
const RANGES: &str = "unnest($2::bigint[], $4::text[], $5::text[]) as t (n, first, after) \
    join word w on w.mailbox = $1 and w.term >= t.first collate \"C\" and w.term < t.after collate \"C\"";
/// Those of terms.
const TERMS: &str = "unnest($2::bigint[], $4::text[]) as t (n, term) join word w on w.mailbox = $1 and w.term = t.term";

impl Mailbox<'_> {
    /// The items of each range of terms; None if that is more than may be read.
    pub(super) fn items_of_ranges(
        &mut self,
        ranges: &[Range],
        budget: &mut Budget,
    ) -> Result<Option<Vec<Set>>, StoreError> {
        let Some(most) = budget.statement() else { return Ok(None) };
        let numbers = (0..int(ranges.len())?).collect();
        let texts = |pick: fn(&Range) -> &String| Param::Texts(ranges.iter().map(|range| pick(range).into()).collect());
        let texts = [texts(|range| &range.0), texts(|range| &range.1)];
        self.items_of(RANGES, (numbers, ranges.len()), texts, most, budget)
    }

    /// The items of terms: of each the number of the set that they are put into, of so many; None if that is more than may be
    /// read, which is half of what is left.
    pub(super) fn items_of_terms(
        &mut self,
        terms: Vec<(i64, String)>,
        sets: usize,
        budget: &mut Budget,
    ) -> Result<Option<Vec<Set>>, StoreError> {
        if terms.is_empty() {
            return Ok(Some(vec![Set::default(); sets]));
        }
        let Some(left) = budget.statement() else { return Ok(None) };
        let (numbers, terms) = terms.into_iter().map(|(number, term)| (number, term.into())).unzip();
        self.items_of(TERMS, (numbers, sets), [Param::Texts(terms)], left / 2, budget)
    }

    /// `numbers`: of each range or term the set that its items are put into, of so many.
    fn items_of<const N: usize>(
        &mut self,
        from: &str,
        (numbers, sets): (Vec<i64>, usize),
        texts: [Param<'_>; N],
        most: i64,
        budget: &mut Budget,
    ) -> Result<Option<Vec<Set>>, StoreError> {
        let sql = Sql::new(format!(
            "with w as materialized (select t.n, w.chunk, w.items from {from} limit $3::bigint / {ROW} + 1), \
             s as (select coalesce(sum(octet_length(w.items) + {ROW}), 0) > $3 as is_much from w) \
             select null::bigint, null::bigint, null::bytea from s where s.is_much \
             union all select w.n, w.chunk, w.items from w where not (select s.is_much from s)"
        ))
        .with([self.no.0.into(), Param::Ints(numbers), most.into()].into_iter().chain(texts));
        let mut is_much = false;
        let mut found: Vec<_> = (0..sets).map(|_| Gathered::default()).collect();
        self.store.read_each(&sql, |row| {
            let mut fields = Fields::new(row);
            let Some(number) = fields.next::<Option<i64>>()? else {
                is_much = true;
                return Ok(());
            };
            let (chunk, items): (i64, &[u8]) = (fields.next()?, fields.next()?);
            budget.row(items);
            let set = usize::try_from(number).ok().and_then(|at| found.get_mut(at));
            set.into_iter().for_each(|set| set.add(chunk, items));
            Ok(())
        })?;
        Ok((!is_much).then(|| found.into_iter().map(Set::from).collect()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::Candidates;
    use super::super::ask::exactly;
    use super::*;
    use crate::row::firsts;
    use crate::testing::database;
    use crate::{Area, Columns, ContainsMode, Field, Filter, NewAccount, NewItem, Place, Search, Store};
    use ewsd_model::id::FolderNo;
    use ewsd_model::property::Column;
    use ewsd_model::{ItemKind, Value};

    /// A mailbox with words that is asked for some of them.
    #[test]
    fn no_search_reads_more_than_it_may() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let no = store.create_account(&NewAccount { login: "a".to_owned(), ..NewAccount::default() }).unwrap().mailbox;
        let mut mailbox = store.mailbox(no);
        let inbox = mailbox.folder_by_distinguished("inbox").unwrap().folder;
        let words = [(Area::Subject, "one two".to_owned())];
        let item = NewItem { search: &words, ..NewItem::new(inbox, ItemKind::Message) };
        let items = [0, 1].map(|_| mailbox.create_item(&item).unwrap().item.0);
        mailbox.enter_words(10).unwrap();
        let mut ask = |statements, octets| {
            let mut budget = Budget { statements, octets, looks: 0 };
            let found = mailbox.items_of_ranges(&[exactly("one"), exactly("two")], &mut budget).unwrap();
            let terms = vec![(1, "one".to_owned()), (1, "two".to_owned())];
            let found_too = mailbox.items_of_terms(terms, 2, &mut budget).unwrap();
            let numbers = |sets: Vec<Set>| sets.iter().map(Set::numbers).collect::<Vec<_>>();
            (found.map(numbers), found_too.map(numbers), budget.octets)
        };
        let both = items.to_vec();
        let all = (Some(vec![both.clone(), both.clone()]), Some(vec![Vec::new(), both]));
        let rows = 2 * ROW + 8;
        // What is asked for first may have all that there is, the next half of the rest.
        assert_eq!(ask(2, 3 * rows), (all.0.clone(), all.1, rows));
        assert_eq!(ask(2, rows), (all.0.clone(), None, 0));
        assert_eq!(ask(2, rows - 1), (None, None, rows - 1));
        assert_eq!(ask(1, 3 * rows), (all.0, None, 2 * rows));
        assert_eq!(ask(0, 3 * rows), (None, None, 3 * rows));
    }

    /// Items that find each other's words: enough that places are asked for.
    fn filled(mailbox: &mut Mailbox<'_>, inbox: FolderNo) -> Result<(), StoreError> {
        const WORDS: [&str; 5] = ["alpha", "alphabet", "beta", "gamma", "s"];
        (0..1_200_usize).try_for_each(|n| {
            let text = [n, n / 5, n / 25, n / 125].map(|at| WORDS[at % WORDS.len()]).join(" ");
            let words = [(Area::Subject, text.clone()), (Area::Body, text.clone())];
            let mut columns = Columns::new();
            columns.set(Column::Subject, Value::Text(text));
            let item = NewItem { columns, search: &words, ..NewItem::new(inbox, ItemKind::Message) };
            mailbox.create_item(&item).map(drop)
        })
    }

    fn found(mailbox: &mut Mailbox<'_>, search: &Search<'_>, narrowed: &Candidates) -> Vec<i64> {
        let sql = search.numbers(mailbox.no, narrowed).unwrap();
        let mut numbers = firsts(&mailbox.store.read(&sql).unwrap()).unwrap();
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn whatever_is_left_a_search_finds_the_same() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let no = store.create_account(&NewAccount { login: "a".to_owned(), ..NewAccount::default() }).unwrap().mailbox;
        let mut mailbox = store.mailbox(no);
        let inbox = mailbox.folder_by_distinguished("inbox").unwrap().folder;
        mailbox.transaction(|mailbox| filled(mailbox, inbox)).unwrap();
        while mailbox.enter_words(2_000).unwrap().more {}
        let words = |place, text: &str| Filter::Words { place, text: text.to_owned(), whole: true };
        let contains = |mode, text: &str| {
            let (field, text) = (Field::Column(Column::Subject), text.to_owned());
            Filter::Contains { field, mode, ignore_case: true, text }
        };
        let filters = [
            words(Place::Subject, "alpha"),
            words(Place::Body, "beta gamma"),
            words(Place::Anywhere, "alpha s alpha"),
            contains(ContainsMode::Substring, "pha be"),
            contains(ContainsMode::Substring, "lph"),
            contains(ContainsMode::ExactPhrase, "gamma s"),
            Filter::And(vec![words(Place::Subject, "beta gamma"), contains(ContainsMode::Substring, "amma al")]),
            Filter::Or(vec![words(Place::Subject, "s s"), contains(ContainsMode::Prefixed, "alphabet b")]),
        ];
        let budgets = (0..8)
            .map(|statements| (statements, OCTETS, LOOKS))
            .chain((0..24).map(|power| (STATEMENTS, 1 << power, LOOKS)))
            .chain((0..24).map(|power| (STATEMENTS, OCTETS, 1 << power)));
        let budgets: Vec<_> = budgets.collect();
        let folders = [inbox];
        let mut told = [0, 0];
        for filter in &filters {
            let search = Search { filter, ..Search::new(&folders) };
            let expected = found(&mut mailbox, &search, &Candidates::No);
            for (statements, octets, looks) in budgets.iter().copied() {
                let narrowed = mailbox.narrowed_within(&search, Budget { statements, octets, looks }).unwrap();
                let name = format!("{statements} {octets} {looks} {filter:?} {narrowed:?}");
                assert!(found(&mut mailbox, &search, &narrowed) == expected, "{name}");
                if let Candidates::Total(total, _) = narrowed {
                    assert_eq!(total, int(expected.len()).unwrap(), "{name}");
                }
                told[usize::from(narrowed == Candidates::No)] += 1;
            }
        }
        assert!(told.iter().all(|times| *times > 50), "both are tried: {told:?}");
    }

    #[test]
    fn places_are_looked_up_as_long_as_that_is_not_too_much() {
        let mut budget = Budget { statements: 0, octets: 0, looks: 100 };
        assert_eq!([50, 60, 50, 1].map(|octets| budget.looks(octets)), [true, false, true, false]);
    }
}
