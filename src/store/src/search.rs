//! Words for the full-text index. They are made here and not by `to_tsvector`, which takes a run of Chinese or Japanese for
//! one word and costs three times as much.

use std::collections::HashSet;

/// Words kept of one item.
const WORDS: usize = 4_000;
/// Characters of a word; the rest is dropped on both sides, so long words still meet.
const LENGTH: usize = 40;

/// The distinct words of a text, in lower case; scripts without spaces in overlapping pairs of characters.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut known: HashSet<String> = HashSet::new();
    let mut take = |word: &str| {
        // Most words of a text are there already: look before copying.
        if !known.contains(word) {
            known.insert(word.to_owned());
        }
        known.len() < WORDS
    };
    visit(text, &mut take);
    known.into_iter().collect()
}

/// The words of a search as a `tsquery` in text form: every one of them, each as a whole or as a beginning. None if there is no word.
pub(crate) fn query(text: &str) -> Option<String> {
    // Words are letters and digits only, so quoting is all they need.
    let mut terms: Vec<String> = words(text).iter().map(|word| format!("'{word}':*")).collect();
    terms.sort();
    (!terms.is_empty()).then(|| terms.join(" & "))
}

/// Gives each word to `take` until that has enough.
fn visit(text: &str, take: &mut impl FnMut(&str) -> bool) {
    let mut word = String::new();
    for run in text.split(|c: char| !c.is_alphanumeric()).filter(|run| !run.is_empty()) {
        word.clear();
        let more = if run.is_ascii() {
            word.push_str(run.get(..LENGTH).unwrap_or(run));
            word.make_ascii_lowercase();
            take(&word)
        } else {
            pieces(run, &mut word, take)
        };
        if !more {
            return;
        }
    }
}

fn pieces(run: &str, word: &mut String, take: &mut impl FnMut(&str) -> bool) -> bool {
    // Lower case can bring marks that are neither letter nor digit.
    let lower: Vec<char> = run.chars().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
    let mut give = |part: &[char]| {
        word.clear();
        word.extend(part);
        take(word)
    };
    lower.chunk_by(|a, b| dense(*a) == dense(*b)).all(|piece| match piece {
        [first, _, ..] if dense(*first) => piece.windows(2).all(&mut give),
        _ => give(piece.get(..LENGTH).unwrap_or(piece)),
    })
}

/// Scripts that are written without spaces between words.
fn dense(c: char) -> bool {
    matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{2E80}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn sorted(text: &str) -> Vec<String> {
        let mut words = words(text);
        words.sort();
        words
    }

    #[test]
    fn words_are_distinct_and_lower() {
        assert_eq!(sorted("Re: Ärger, ärger & 3 Äpfel!"), ["3", "re", "äpfel", "ärger"]);
        assert!(words("\u{0} --").is_empty());
    }

    #[test]
    fn scripts_without_spaces_are_cut_in_pairs() {
        assert_eq!(sorted("会議室A"), ["a", "会議", "議室"]);
        assert_eq!(words("月"), ["月"]);
    }

    #[test]
    fn a_search_is_quoted() {
        assert_eq!(query("it's \\ a"), Some("'a':* & 'it':* & 's':*".to_owned()));
        assert_eq!(query("--"), None);
    }
}
