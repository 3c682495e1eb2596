//! What must stand in a text that has a pattern in it, by the words that the index makes of both. A pattern says less of a
//! text's words than the text itself: letters may go on before and behind it, and marks may follow that change its last letter.

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::query::ContainsMode;
use crate::search::{LENGTH, dense};

/// What is before or behind a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Anything.
    Open,
    /// Nothing that PostgreSQL takes for a part of a word. Of letters and digits beyond ASCII it need not think as we do.
    Word,
    /// The word ends there.
    Closed,
}

/// A part of a pattern that stands in one word of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// As words are: in lower case.
    pub text: String,
    pub left: Edge,
    pub right: Edge,
}

impl Piece {
    /// Words that have it are cut.
    pub fn is_long(&self) -> bool {
        self.text.chars().count() >= LENGTH
    }

    pub fn is_word(&self) -> bool {
        (self.left, self.right) == (Edge::Closed, Edge::Closed)
    }

    /// Whether a word has it. `bare` is the word, `wanted` the piece, each without marks.
    pub fn fits(&self, wanted: &str, word: &str, bare: &str) -> bool {
        if (self.left, self.right) == (Edge::Open, Edge::Open) {
            return memchr::memmem::find(bare.as_bytes(), wanted.as_bytes()).is_some();
        }
        let (octets, is_same) = (bare.as_bytes(), word == bare);
        let holds = |edge, beside: Option<&u8>| match edge {
            Edge::Open => true,
            Edge::Word => beside.is_none_or(|octet| !octet.is_ascii() || !is_same),
            Edge::Closed => beside.is_none(),
        };
        (0..octets.len()).any(|at| {
            let (before, rest) = octets.split_at(at);
            rest.starts_with(wanted.as_bytes())
                && holds(self.left, before.last())
                && holds(self.right, rest.get(wanted.len()))
        })
    }

    /// Whether the letters as they are stand in a word where they must.
    pub fn is_in(&self, word: &str) -> bool {
        match (self.left, self.right) {
            (Edge::Open, Edge::Open) => word.contains(&self.text),
            (Edge::Open, _) => word.ends_with(&self.text),
            (_, Edge::Open) => word.starts_with(&self.text),
            _ => word == self.text,
        }
    }
}

/// The letters without the marks that composing may have joined with them, or other marks than a pattern has: of a text in
/// pieces it is the pieces' one after the other.
pub(super) fn without_marks(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.nfd().filter(|c| canonical_combining_class(*c) == 0).collect()
}

/// What the index makes of a character of a pattern, wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Letter,
    /// Of a script without spaces.
    Dense,
    /// No part of a word.
    Gap,
    /// What it becomes is for its neighbours to say.
    Unknown,
}

fn kind(c: char) -> Kind {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Kind::Letter } else { Kind::Gap };
    }
    let is_alone = canonical_combining_class(c) == 0 && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes;
    match (is_alone, c.is_alphanumeric()) {
        (false, _) => Kind::Unknown,
        (true, false) => Kind::Gap,
        (true, true) if dense(c) => Kind::Dense,
        (true, true) => Kind::Letter,
    }
}

/// Whether the words of a text that the pieces stand in stand one behind the other.
pub(super) fn is_row(text: &str) -> bool {
    text.chars().all(|c| kind(c) != Kind::Unknown)
}

/// What is before and behind a pattern that meets a condition.
pub(super) fn edges(mode: ContainsMode) -> (Edge, Edge) {
    match mode {
        ContainsMode::FullString => (Edge::Closed, Edge::Closed),
        ContainsMode::Prefixed => (Edge::Closed, Edge::Open),
        ContainsMode::Substring => (Edge::Open, Edge::Open),
        ContainsMode::PrefixOnWords => (Edge::Word, Edge::Open),
        ContainsMode::ExactPhrase => (Edge::Word, Edge::Word),
    }
}

/// The pieces of a pattern that has those edges.
pub(super) fn pieces(text: &str, (left, right): (Edge, Edge)) -> Vec<Piece> {
    let kinds: Vec<(char, Kind)> = text.chars().map(|c| (c, kind(c))).collect();
    let mut found = Vec::new();
    let mut before = left;
    let mut runs = kinds.chunk_by(|(_, a), (_, b)| a == b).peekable();
    while let Some(run) = runs.next() {
        let of = |run: &[(char, Kind)]| run.first().map_or(Kind::Gap, |(_, kind)| *kind);
        let behind = runs.peek().map_or(right, |next| beside(of(next)));
        let letters: String = run.iter().flat_map(|(c, _)| c.to_lowercase()).filter(|c| c.is_alphanumeric()).collect();
        match of(run) {
            Kind::Letter => found.push(Piece { text: letters, left: before, right: behind }),
            Kind::Dense => pairs(&letters, behind, &mut found),
            Kind::Gap | Kind::Unknown => {}
        }
        before = beside(of(run));
    }
    found.retain(|piece| !piece.text.is_empty());
    found
}

fn beside(kind: Kind) -> Edge {
    if kind == Kind::Unknown { Edge::Open } else { Edge::Closed }
}

/// As the words of such scripts are: each character begins a pair, the last one stands for itself. A mark may follow the last.
fn pairs(letters: &str, behind: Edge, found: &mut Vec<Piece>) {
    let letters: Vec<char> = letters.chars().collect();
    let piece = |some: &[char], right| Piece { text: some.iter().collect(), left: Edge::Closed, right };
    match letters.as_slice() {
        [one] => found.push(piece(&[*one], Edge::Open)),
        some => {
            let last = some.len().saturating_sub(2);
            let right = if behind == Edge::Closed { Edge::Closed } else { Edge::Open };
            let pairs = some.windows(2).enumerate();
            found.extend(pairs.map(|(at, pair)| piece(pair, if at == last { right } else { Edge::Closed })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_cut_where_every_text_is() {
        let cut = |text: &str, mode| {
            let edge = |edge| match edge {
                Edge::Open => "~",
                Edge::Word => "\\",
                Edge::Closed => "|",
            };
            let piece = |piece: &Piece| format!("{}{}{}", edge(piece.left), piece.text, edge(piece.right));
            pieces(text, edges(mode)).iter().map(piece).collect::<Vec<_>>().join(" ")
        };
        use ContainsMode::*;
        for (text, mode, expected) in [
            ("", Substring, ""),
            ("--", Substring, ""),
            ("arter", Substring, "~arter~"),
            ("Person77@ex", Substring, "~person77| |ex~"),
            ("rterly the fig", ExactPhrase, "\\rterly| |the| |fig\\"),
            ("-rterly", PrefixOnWords, "|rterly~"),
            ("a b", Prefixed, "|a| |b~"),
            ("a b", FullString, "|a| |b|"),
            ("\u{e9}t\u{c9}", Substring, "~\u{e9}t\u{e9}~"),
            // Marks: what is before one may be another letter, and what is behind may go on.
            ("cafe\u{301}s", Substring, "~cafe~ ~s~"),
            ("\u{307}u", Substring, "~u~"),
            ("\u{4f1a}", FullString, "|\u{4f1a}~"),
            ("x\u{4f1a}\u{8b70}\u{5ba4}", Substring, "~x| |\u{4f1a}\u{8b70}| |\u{8b70}\u{5ba4}~"),
            ("\u{4f1a}\u{8b70}\u{3002}", Substring, "|\u{4f1a}\u{8b70}|"),
            ("\u{2014}a\u{2014}", Substring, "|a|"),
        ] {
            assert_eq!(cut(text, mode), expected, "{text} {mode:?}");
        }
    }

    #[test]
    fn pieces_stand_in_words() {
        let piece = |text: &str, left, right| Piece { text: text.to_owned(), left, right };
        let fits = |piece: &Piece, word: &str| piece.fits(&without_marks(&piece.text), word, &without_marks(word));
        use Edge::{Closed, Open, Word};
        for (piece, word, expected) in [
            (piece("rte", Open, Open), "quarterly", true),
            (piece("rte", Closed, Open), "quarterly", false),
            (piece("ana", Open, Closed), "banana", true),
            (piece("cafe", Open, Open), "caf\u{e9}s", true),
            (piece("cafe", Closed, Closed), "caf\u{e9}", true),
            (piece("y", Word, Open), "xy", false),
            (piece("y", Word, Open), "x\u{b2}y", true),
            (piece("y", Word, Word), "\u{e9}y", true),
        ] {
            assert_eq!(fits(&piece, word), expected, "{piece:?} {word}");
        }
    }
}
