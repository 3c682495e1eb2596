//! The distinct words of a mailbox, of each place, for parts of words: a block of them after the other is looked through, which
//! takes a millisecond for a hundred thousand words. Cut words are not among them (`term::is_cut`).
//!
//! A block has a mark before each word and one at its end. A word that has letters with marks stands there without these, and
//! behind another mark as it is.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::pattern::{Piece, without_marks};
use super::term::{is_cut, placed};
use crate::row::Fields;
use crate::sql::{Param, Sql, int};
use crate::{Mailbox, StoreError};

/// Before each word. No word has such a character.
const WORD: u8 = 1;
/// Before a word with its marks, which stands behind it without.
const MARKED: u8 = 2;
/// Octets of a block, and of one word more: two take a page.
const BLOCK: usize = 3_900;
/// Blocks with fitting words that are read of a pattern.
const BLOCKS: i64 = 8_000;
/// Fitting words of a pattern: of more it is not looked up which items have them.
const MATCHES: usize = 50_000;

/// Words that fit a piece of a pattern: of each whether it has the letters as they are there.
pub(super) type Matches = Vec<(String, bool)>;

impl Mailbox<'_> {
    /// Adds words that are new in the mailbox, given as terms.
    pub(super) fn put_vocabulary(&mut self, terms: &BTreeSet<String>) -> Result<(), StoreError> {
        let mut blocks: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
        for (code, word) in terms.iter().filter_map(|term| placed(term)).filter(|(_, word)| !is_cut(word)) {
            let blocks = blocks.entry(code).or_default();
            if blocks.last().is_none_or(|block| block.len() >= BLOCK) {
                blocks.push(Vec::new());
            }
            blocks.last_mut().into_iter().for_each(|block| push(word, block));
        }
        let (mut codes, mut texts) = (Vec::new(), Vec::new());
        for (code, block) in
            blocks.into_iter().flat_map(|(code, blocks)| blocks.into_iter().map(move |block| (code, block)))
        {
            codes.push(code.into());
            texts.push([block, vec![WORD]].concat().into());
        }
        if codes.is_empty() {
            return Ok(());
        }
        let sql = Sql::new(
            "insert into vocabulary (mailbox, code, block, terms) select $1, v.code, \
             coalesce((select max(o.block) from vocabulary o where o.mailbox = $1 and o.code = v.code), 0) + v.n, v.terms \
             from unnest($2::text[], $3::bytea[]) with ordinality as v (code, terms, n)",
        )
        .with([self.no.0.into(), Param::Texts(codes), Param::BytesMany(texts)]);
        self.store.query(&sql).map(drop)
    }

    /// The words of a place that a piece of a pattern may stand in, those of the oldest items first; None if there are too many.
    pub(super) fn matching(
        &mut self,
        code: &str,
        piece: &Piece,
        budget: &mut Budget,
    ) -> Result<Option<Matches>, StoreError> {
        let wanted = without_marks(&piece.text);
        let Some(left) = budget.statement() else { return Ok(None) };
        let most = BLOCKS.min(left / int(BLOCK)?);
        let sql = Sql::new(
            "select v.terms from vocabulary v where v.mailbox = $1 and v.code = $2 and position($3::bytea in v.terms) > 0 order by v.block limit $4",
        )
        .with([
            self.no.0.into(),
            Param::Text(code.into()),
            Param::Bytes(wanted.as_bytes().into()),
            most.into(),
        ]);
        let (mut blocks, mut matches) = (0, Vec::new());
        self.store.read_each(&sql, |row| {
            let block: &[u8] = Fields::new(row).next()?;
            blocks += 1;
            budget.row(block);
            // Those that are too many are none.
            if matches.len() <= MATCHES {
                find(piece, &wanted, block, &mut matches);
            }
            Ok(())
        })?;
        matches.iter().for_each(|(word, _)| budget.row(word.as_bytes()));
        Ok((blocks < most && matches.len() <= MATCHES).then_some(matches))
    }
}

fn push(word: &str, block: &mut Vec<u8>) {
    let bare = without_marks(word);
    block.push(WORD);
    block.extend(bare.as_bytes());
    if bare != word {
        block.push(MARKED);
        block.extend(word.as_bytes());
    }
}

/// The words of a block that fit.
fn find(piece: &Piece, wanted: &str, block: &[u8], matches: &mut Matches) {
    // Each word has that, and again behind it.
    if wanted.is_empty() {
        return;
    }
    let finder = memchr::memmem::Finder::new(wanted.as_bytes());
    let mut at = 0;
    while let Some(found) = block.get(at..).and_then(|rest| finder.find(rest)) {
        let (before, rest) = block.split_at(at + found);
        let begin = memchr::memrchr(WORD, before).map_or(0, |mark| mark + 1);
        let end = before.len() + memchr::memchr(WORD, rest).unwrap_or(rest.len());
        at = end;
        let Some(Ok(entry)) = block.get(begin..end).map(std::str::from_utf8) else { continue };
        let (bare, word) = entry.split_once(char::from(MARKED)).unwrap_or((entry, entry));
        if piece.fits(wanted, word, bare) {
            matches.push((word.to_owned(), piece.is_in(word)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Edge;
    use super::*;

    #[test]
    fn words_are_found_in_a_block() {
        let mut block = Vec::new();
        ["banana", "caf\u{e9}", "cafeteria", "na"].iter().for_each(|word| push(word, &mut block));
        block.push(WORD);
        let found = |text: &str, left, right| {
            let piece = Piece { text: text.to_owned(), left, right };
            let mut matches = Vec::new();
            find(&piece, &without_marks(text), &block, &mut matches);
            matches
                .into_iter()
                .map(|(word, is_same)| format!("{word}{}", u8::from(is_same)))
                .collect::<Vec<_>>()
                .join(" ")
        };
        use Edge::{Closed, Open};
        assert_eq!(found("na", Open, Open), "banana1 na1");
        assert_eq!(found("na", Closed, Open), "na1");
        assert_eq!(found("an", Open, Closed), "");
        assert_eq!(found("cafe", Open, Open), "caf\u{e9}0 cafeteria1");
        assert_eq!(found("af\u{e9}", Open, Closed), "caf\u{e9}1");
        assert_eq!(found("x", Open, Open), "");
        // Nothing is left of it without marks.
        assert_eq!(found("\u{301}", Open, Open), "");
    }
}
