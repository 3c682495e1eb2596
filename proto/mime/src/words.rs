//! Encoded words (RFC 2047): text of any characters in fields that hold ASCII.
//!
//! Words of one character set that follow each other are joined as octets before they are decoded, for writers cut
//! characters in two. What is no encoded word stays as it stands.

use std::borrow::Cow;

use crate::charset::Charset;
use crate::cut::Cut;
use crate::transfer;

/// One encoded word.
struct Word<'a> {
    charset: &'a str,
    /// B, else Q.
    base64: bool,
    text: &'a str,
    /// Octets of the whole word.
    len: usize,
}

/// The text with its encoded words decoded and blanks between them gone.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains("=?") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut run = Run::default();
    let mut rest = text;
    while let Some(at) = rest.find("=?") {
        let (before, from) = rest.split_at(at);
        let Some(word) = word(from) else {
            run.end(&mut out);
            out.push_str(before);
            out.push_str("=?");
            rest = from.cut(2..);
            continue;
        };
        if !run.begun || !before.trim_ascii().is_empty() {
            run.end(&mut out);
            out.push_str(before);
        }
        run.add(&word, &mut out);
        rest = from.cut(word.len..);
    }
    run.end(&mut out);
    out.push_str(rest);
    Cow::Owned(out)
}

/// Octets of the encoded word that `text` begins with.
pub(crate) fn length(text: &str) -> Option<usize> {
    word(text).map(|word| word.len)
}

fn word(text: &str) -> Option<Word<'_>> {
    let inner = text.strip_prefix("=?")?;
    let (charset, rest) = inner.split_at(inner.bytes().take(80).position(|byte| byte == b'?')?);
    let is_name = |c: char| c.is_ascii_graphic() && !matches!(c, '=' | '<' | '>' | '"' | '(' | ')' | ',');
    if charset.is_empty() || !charset.chars().all(is_name) {
        return None;
    }
    let base64 = match rest.as_bytes() {
        [b'?', b'b' | b'B', b'?', ..] => true,
        [b'?', b'q' | b'Q', b'?', ..] => false,
        _ => return None,
    };
    let start = rest.get(3..)?;
    // Another word begins before this one ends: it is none, and nobody reads on from each of many beginnings.
    let is_end = |pair: &[u8]| pair == b"?=";
    let begins =
        |at: usize| start.as_bytes().get(at..at + 3).is_some_and(|three| three.starts_with(b"=?") && three != b"=?=");
    let end = start.as_bytes().windows(2).enumerate().find(|(at, pair)| is_end(pair) || begins(*at))?;
    let (end, _) = Some(end).filter(|(_, pair)| is_end(pair))?;
    let text = start.get(..end)?;
    let len = 2 + charset.len() + 3 + end + 2;
    Some(Word { charset, base64, text, len })
}

/// Words that belong together.
#[derive(Default)]
struct Run {
    begun: bool,
    charset: Option<Charset>,
    octets: Vec<u8>,
    /// Letters of base64 that end within an octet, and how many of them begin their group of four.
    letters: String,
    count: usize,
}

impl Run {
    fn add(&mut self, word: &Word<'_>, out: &mut String) {
        let charset = Charset::named(word.charset.split('*').next().unwrap_or_default());
        if self.begun && self.charset != Some(charset) {
            self.end(out);
        }
        self.begun = true;
        self.charset = Some(charset);
        if !word.base64 {
            self.settle();
            for stretch in word.text.as_bytes().chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
                match std::str::from_utf8(stretch) {
                    // Characters that somebody wrote bare are known already.
                    Ok(text) if !text.is_ascii() => {
                        out.push_str(&charset.decode(&self.octets));
                        self.octets.clear();
                        out.push_str(text);
                    }
                    _ => transfer::escapes(stretch, true, &mut self.octets),
                }
            }
            return;
        }
        self.letters.push_str(word.text);
        match transfer::within(word.text, self.count) {
            Some(count) => self.count = count,
            None => self.settle(),
        }
    }

    fn settle(&mut self) {
        if !self.letters.is_empty() {
            self.octets.append(&mut transfer::base64(self.letters.as_bytes()));
            self.letters.clear();
        }
        self.count = 0;
    }

    fn end(&mut self, out: &mut String) {
        self.settle();
        if let Some(charset) = self.charset.take() {
            out.push_str(&charset.decode(&self.octets));
        }
        self.octets.clear();
        self.begun = false;
    }
}
