//! Words for searching: what an item holds of them, in which place, in which order; and searches as questions about that.
//! They are made here and not by `to_tsvector`, which takes a run of Chinese or Japanese for one word and costs three times as
//! much.
//!
//! An item's words are a `tsvector`. Weights tell places apart: A the author, B the subject, C recipients, D the body. The
//! recipients of each list have their words a second time, behind a colon and a letter of the list. Words of an attachment are
//! a `tsvector` of its row: A its name, D its text.
//!
//! | question | file |
//! |---|---|
//! | which words does a text have? | here |
//! | how are they put together? | `vector.rs` |
//! | what stands between them? | `between.rs` |

mod between;
mod vector;

use std::borrow::Cow;
use std::collections::HashMap;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub(crate) use between::{Around, Between, Wanted};
use vector::Vector;

use crate::query::Place;
use crate::sql::clean;

/// Where in an item a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// Who wrote it, and who sent it for them.
    From,
    To,
    Cc,
    Bcc,
    Subject,
    /// The body without markup, and whatever else finds the item.
    Body,
}

/// Octets of a body whose words are kept: PostgreSQL's own limit for the words of one row is 1 MiB.
pub const SEARCHED: usize = 256 * 1024;
/// Distinct words kept of a body.
pub(crate) const WORDS: usize = 4_000;
/// The same of the other texts of one area, which are read by their words alone.
pub(crate) const HEAD_WORDS: usize = 40_000;
/// Characters of a word; the rest is dropped on both sides, so long words still meet.
pub(crate) const LENGTH: usize = 40;
/// The last position that PostgreSQL knows: beyond it words are found, but not the order in which they stand.
pub(crate) const LAST: u16 = 16_383;
/// Positions of one word that it keeps.
pub(crate) const POSITIONS: usize = 255;
/// Octets of words and positions of one item, which may not have more than a megabyte of them.
pub(crate) const OCTETS: usize = 900_000;

/// Bits of the weights that a word has: the upper two bits of a position are the number of its weight.
pub(crate) const A: u8 = 1 << 3;
pub(crate) const B: u8 = 1 << 2;
pub(crate) const C: u8 = 1 << 1;
pub(crate) const D: u8 = 1;

impl Area {
    fn weight(self) -> u8 {
        match self {
            Area::From => A,
            Area::Subject => B,
            Area::To | Area::Cc | Area::Bcc => C,
            Area::Body => D,
        }
    }

    /// What the area's words have before them when they are kept a second time.
    fn code(self) -> Option<&'static str> {
        match self {
            Area::To => Some(":t"),
            Area::Cc => Some(":c"),
            Area::Bcc => Some(":b"),
            Area::From | Area::Subject | Area::Body => None,
        }
    }
}

/// An item's words as a `tsvector` as it is sent, None if there is none. Each text is a piece of its area: no phrase goes from
/// one into the next. Texts of one weight come one behind the other: the index tells by that where they end (`index/term.rs`).
pub(crate) fn vector(texts: &[(Area, String)]) -> Option<Vec<u8>> {
    filled(texts).finish()
}

fn filled(texts: &[(Area, String)]) -> Vector {
    let mut vector = Vector::default();
    let mut counts: HashMap<Area, usize> = HashMap::new();
    for (area, text) in texts {
        let count = counts.entry(*area).or_default();
        let most = if *area == Area::Body { WORDS } else { HEAD_WORDS };
        *count = vector.add(text, area.weight(), area.code(), *count, most);
    }
    vector
}

/// The same of an attachment, in text form.
pub(crate) fn attachment_vector(name: &str, text: &str) -> Option<String> {
    let mut vector = Vector::default();
    vector.add(name, A, None, 0, WORDS);
    vector.add(text, D, None, 0, WORDS);
    vector.text()
}

/// A search as `tsquery`s in text form, one for the item's words and one for those of its attachments; None of which there is
/// nothing to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub item: Option<String>,
    pub attachment: Option<String>,
}

/// Words that stand one after the other in a place. `whole`: the last one as it is; else it only begins so. None if there is
/// no word.
pub(crate) fn question(place: Place, text: &str, whole: bool) -> Option<Question> {
    let words = in_order(text);
    let last = words.len().checked_sub(1)?;
    let phrase = |code: &str, weights: &str| {
        let term = |(at, word): (usize, &String)| {
            let begins = if at == last && !whole { "*" } else { "" };
            let colon = if begins.is_empty() && weights.is_empty() { "" } else { ":" };
            format!("'{code}{word}'{colon}{begins}{weights}")
        };
        words.iter().enumerate().map(term).collect::<Vec<_>>().join(" <-> ")
    };
    let item = match place {
        Place::Anywhere => Some(phrase("", "")),
        Place::From => Some(phrase("", "A")),
        Place::Subject => Some(phrase("", "B")),
        Place::Body => Some(phrase("", "D")),
        Place::Recipients => Some(phrase("", "C")),
        Place::Participants => Some(phrase("", "AC")),
        Place::To => Some(phrase(":t", "")),
        Place::Cc => Some(phrase(":c", "")),
        Place::Bcc => Some(phrase(":b", "")),
        Place::Attachment => None,
    };
    let attachment = matches!(place, Place::Anywhere | Place::Attachment).then(|| phrase("", ""));
    Some(Question { item, attachment })
}

/// How many words a search asks for.
pub(crate) fn count(text: &str) -> usize {
    in_order(text).len()
}

/// The words of a text, in lower case; scripts without spaces in overlapping pairs of characters, of which vectors hold the last
/// character of a run besides.
pub(crate) fn in_order(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    visit(text, &mut |word, increment| {
        if increment == Increment::One {
            words.push(word.to_owned());
        }
        words.len() < WORDS
    });
    words
}

/// How far a word stands behind the word before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Increment {
    One,
    /// It is the end of that word. Nobody asks for it beside that.
    Zero,
}

/// Gives each word to `take` until that has enough.
fn visit(text: &str, take: &mut impl FnMut(&str, Increment) -> bool) {
    let mut word = String::new();
    // File names of Macs are decomposed, what people type is not; and a mark by itself would end a word.
    let text = composed(text);
    let mut rest: &str = &text;
    while let Some(run) = next_run(&mut rest) {
        if !of_run(run, &mut word, take) {
            return;
        }
    }
}

/// Gives each word of a run of letters and digits; whether that has not enough.
fn of_run(run: &str, word: &mut String, take: &mut impl FnMut(&str, Increment) -> bool) -> bool {
    if !run.is_ascii() {
        return pieces(run, word, take);
    }
    let run = run.get(..LENGTH).unwrap_or(run);
    if !run.bytes().any(|octet| octet.is_ascii_uppercase()) {
        return take(run, Increment::One);
    }
    word.clear();
    word.push_str(run);
    word.make_ascii_lowercase();
    take(word, Increment::One)
}

/// Takes the next letters and digits off a text. Where they are ASCII, no character is looked up.
fn next_run<'t>(rest: &mut &'t str) -> Option<&'t str> {
    loop {
        let start = rest.bytes().position(|octet| octet.is_ascii_alphanumeric() || !octet.is_ascii())?;
        let text = rest.get(start..)?;
        let end = text.bytes().position(|octet| !octet.is_ascii_alphanumeric()).unwrap_or(text.len());
        let is_ascii = text.as_bytes().get(end).is_none_or(u8::is_ascii);
        let end = if is_ascii { end } else { text.find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len()) };
        let (run, after) = text.split_at_checked(end)?;
        if !run.is_empty() {
            *rest = after;
            return Some(run);
        }
        // A character beyond ASCII that belongs to no word.
        let mut characters = text.chars();
        characters.next()?;
        *rest = characters.as_str();
    }
}

/// Letters with their marks as one character each (NFC), which most texts have already; without NUL, as texts are stored.
fn composed(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return text;
    }
    Cow::Owned(text.nfc().collect())
}

fn pieces(run: &str, word: &mut String, take: &mut impl FnMut(&str, Increment) -> bool) -> bool {
    // Lower case can bring marks that are neither letter nor digit.
    let lower: Vec<char> = run.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
    let mut give = |part: &[char], increment: Increment| {
        word.clear();
        word.extend(part);
        take(word, increment)
    };
    lower.chunk_by(|a, b| dense(*a) == dense(*b)).all(|piece| match piece {
        // Each character begins a pair, by which it is found alone; the last one does not.
        [first, .., last] if dense(*first) => {
            piece.windows(2).all(|pair| give(pair, Increment::One)) && give(&[*last], Increment::Zero)
        }
        _ => give(piece.get(..LENGTH).unwrap_or(piece), Increment::One),
    })
}

/// Scripts that are written without spaces between words.
pub(crate) fn dense(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn of(texts: &[(Area, &str)]) -> Vec<String> {
        let texts: Vec<_> = texts.iter().map(|(area, text)| (*area, (*text).to_owned())).collect();
        let vector = filled(&texts).text().unwrap_or_default();
        let mut words: Vec<String> = vector.split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    }

    #[test]
    fn words_have_places_and_positions() {
        assert_eq!(of(&[(Area::Body, "Re: Ärger, ärger & 3 Äpfel!")]), ["'3':4", "'re':1", "'äpfel':5", "'ärger':2,3"]);
        assert_eq!(of(&[(Area::Body, "\u{0} --")]), Vec::<String>::new());
        // No phrase goes from one text into the next.
        assert_eq!(of(&[(Area::Subject, "a b"), (Area::Body, "a")]), ["'a':1B,4", "'b':2B"]);
        assert_eq!(of(&[(Area::From, "x"), (Area::To, "x")]), ["':tx':3C", "'x':1A,3C"]);
    }

    #[test]
    fn a_text_is_cut_where_its_characters_say() {
        let taken = |text: &str| {
            let (mut rest, mut runs) = (text, Vec::new());
            while let Some(run) = next_run(&mut rest) {
                runs.push(run.to_owned());
            }
            runs
        };
        for text in [
            "",
            "a",
            "-",
            "\u{e4}",
            "\u{2014}",
            "A b,c",
            "na\u{ef}ve \u{e9}t\u{e9}",
            "x\u{2014}y \u{2014}z\u{2014}",
            "1\u{b2}3 \u{661}",
            "\u{4f1a}\u{8b70}A\u{3000}b",
            "\u{2026}caf\u{e9}\u{2026}Caf\u{e9}s\u{a0}end\u{a0}",
        ] {
            let characters = text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty());
            assert_eq!(taken(text), characters.collect::<Vec<_>>(), "{text:?}");
        }
    }

    #[test]
    fn many_words_stay_apart() {
        let many: Vec<String> = (0..WORDS - 1).map(|n| format!("w{n}")).collect();
        let text = [many.join(" "), many.join(" ")].join(" ");
        let words = of(&[(Area::Body, &text)]);
        assert_eq!(words.len(), many.len());
        assert!(words.iter().all(|word| word.split(',').count() == 2), "{words:?}");
        let vector = filled(&[(Area::Body, text)]).text().unwrap();
        let sorted: Vec<&str> = vector.split(' ').map(|word| word.split(':').next().unwrap()).collect();
        assert!(sorted.is_sorted(), "{sorted:?}");
    }

    #[test]
    fn decomposed_letters_are_those_of_one_character() {
        assert_eq!(of(&[(Area::Body, "A\u{308}rger a\u{308}rger.pdf")]), ["'pdf':3", "'\u{e4}rger':1,2"]);
        assert_eq!(of(&[(Area::Body, "\u{1112}\u{1161}\u{11ab}")]), of(&[(Area::Body, "\u{d55c}")]));
        let asked = |text: &str| question(Place::Attachment, text, false);
        assert_eq!(asked("A\u{308}rg"), asked("\u{e4}rg"));
    }

    #[test]
    fn scripts_without_spaces_are_cut_in_pairs() {
        assert_eq!(of(&[(Area::Body, "会議室A")]), ["'a':3", "'会議':1", "'室':2", "'議室':2"]);
        // The last character is found alone, like those that begin a pair, and before what follows it.
        let asked = |text: &str| question(Place::Body, text, false).unwrap().item.unwrap();
        assert_eq!((asked("会議室"), asked("室a")), ("'会議':D <-> '議室':*D".into(), "'室':D <-> 'a':*D".into()));
        assert_eq!(of(&[(Area::Body, "月")]), ["'月':1"]);
    }

    #[test]
    fn a_long_text_keeps_its_words_and_those_of_other_places() {
        let long: String = (0..30_000).map(|n| format!("w{n} same ")).collect();
        let words = of(&[(Area::Body, &long), (Area::Subject, "late")]);
        assert_eq!(words.len(), WORDS + 1);
        let same = words.iter().find(|word| word.starts_with("'same'")).unwrap();
        assert_eq!(same.split(',').count(), POSITIONS);
        assert!(words.contains(&"'late':8001B".to_owned()), "{:?}", words.iter().find(|word| word.contains("late")));
    }

    #[test]
    fn a_search_is_quoted() {
        let asked = |place, text: &str, whole| question(place, text, whole).unwrap();
        let both = |item: &str, attachment: Option<&str>| Question {
            item: Some(item.to_owned()).filter(|item| !item.is_empty()),
            attachment: attachment.map(str::to_owned),
        };
        let phrase = "'it' <-> 's' <-> 'a':*";
        assert_eq!(asked(Place::Anywhere, "it's \\ a", false), both(phrase, Some(phrase)));
        assert_eq!(asked(Place::Subject, "A b", true), both("'a':B <-> 'b':B", None));
        assert_eq!(asked(Place::To, "x", false), both("':tx':*", None));
        assert_eq!(asked(Place::Participants, "x", false), both("'x':*AC", None));
        assert_eq!(asked(Place::Attachment, "x.pdf", true), both("", Some("'x' <-> 'pdf'")));
        assert_eq!(question(Place::Anywhere, "--", false), None);
    }
}
