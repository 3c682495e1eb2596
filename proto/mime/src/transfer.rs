//! Transfer encodings (RFC 2045 section 6): base64, quoted-printable, and which one a field names. Nothing fails: what is
//! wrong is passed over or kept as it stands, and decoding goes on after it.

use std::borrow::Cow;

use crate::cut::Cut;
use crate::line::is_blank;
use crate::{lex, uu};

/// How the octets of a part were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// 7bit, 8bit, binary, or not said: as they are.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    Uuencode,
    /// A name that nobody knows: as they are.
    Unknown,
}

impl Encoding {
    /// The first token of a Content-Transfer-Encoding field; comments do not count.
    pub fn named(value: &[u8]) -> Encoding {
        let name: Vec<u8> = lex::first_word(value)
            .iter()
            .filter(|byte| byte.is_ascii_alphanumeric())
            .map(u8::to_ascii_lowercase)
            .collect();
        match name.as_slice() {
            b"" | b"7bit" | b"8bit" | b"binary" | b"7bits" | b"8bits" | b"none" => Encoding::Identity,
            b"base64" | b"b64" | b"xbase64" => Encoding::Base64,
            b"quotedprintable" | b"qp" | b"xquotedprintable" => Encoding::QuotedPrintable,
            b"xuuencode" | b"uuencode" | b"xuue" | b"uue" | b"xuu" => Encoding::Uuencode,
            _ => Encoding::Unknown,
        }
    }

    pub fn decode(self, octets: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Encoding::Identity | Encoding::Unknown => Cow::Borrowed(octets),
            Encoding::Base64 => Cow::Owned(base64(octets)),
            Encoding::QuotedPrintable => Cow::Owned(quoted_printable(octets)),
            Encoding::Uuencode => Cow::Owned(uu::body(octets)),
        }
    }
}

const FOREIGN: u8 = 0x80;
const PADDING: u8 = 0x81;

/// What each octet is worth in base64.
const VALUES: [u8; 256] = values();

#[allow(clippy::indexing_slicing)] // While it is compiled; a wrong index would not compile.
const fn values() -> [u8; 256] {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [FOREIGN; 256];
    let mut at = 0;
    while at < letters.len() {
        values[letters[at] as usize] = at as u8;
        at += 1;
    }
    values[b'=' as usize] = PADDING;
    values
}

fn value(letter: u8) -> u8 {
    VALUES.get(usize::from(letter)).copied().unwrap_or(FOREIGN)
}

/// Octets outside of the alphabet are ignored (RFC 2045 6.8). Padding ends a group of four letters wherever it stands, so
/// texts that were put one after another come out one after another.
pub fn base64(letters: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(letters.len() / 4 * 3 + 3);
    let (mut group, mut count) = (0_u32, 0_u8);
    let mut rest = letters;
    while let Some((four, after)) = rest.split_first_chunk::<4>() {
        if count == 0 {
            let [a, b, c, d] = four.map(value);
            if (a | b | c | d) < FOREIGN {
                let bits = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
                let [_, x, y, z] = bits.to_be_bytes();
                out.extend_from_slice(&[x, y, z]);
                rest = after;
                continue;
            }
        }
        step(value(four[0]), &mut group, &mut count, &mut out);
        rest = rest.cut(1..);
    }
    for letter in rest {
        step(value(*letter), &mut group, &mut count, &mut out);
    }
    flush(&mut group, &mut count, &mut out);
    out
}

fn step(value: u8, group: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    match value {
        PADDING => flush(group, count, out),
        FOREIGN => {}
        _ => {
            *group = *group << 6 | u32::from(value);
            *count += 1;
            if *count == 4 {
                let [_, x, y, z] = group.to_be_bytes();
                out.extend_from_slice(&[x, y, z]);
                (*group, *count) = (0, 0);
            }
        }
    }
}

/// What a group that was not filled holds: one octet of two letters, two of three.
fn flush(group: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    match *count {
        2 => out.push((*group >> 4) as u8),
        3 => out.extend_from_slice(&((*group >> 2) as u16).to_be_bytes()),
        _ => {}
    }
    (*group, *count) = (0, 0);
}

/// Letters that end inside of an octet whose other bits must be in what follows: a text that was cut anywhere. Answers
/// where in a group of four they end, if `before` letters of it were there.
pub(crate) fn within(letters: &str, before: usize) -> Option<usize> {
    if letters.contains('=') {
        return None;
    }
    let values = letters.bytes().map(value).filter(|value| *value < FOREIGN);
    let (count, last) = values.fold((before, 0), |(count, _), value| (count + 1, value));
    let is_within = match count % 4 {
        1 => true,
        2 => last & 0x0f != 0,
        3 => last & 0x03 != 0,
        _ => false,
    };
    is_within.then_some(count % 4)
}

/// RFC 2045 6.7: blanks at the end of a line go, `=` there joins lines, digits may be small, and a `=` that begins no
/// escape is a `=`.
pub fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let content = crate::line::bare(line);
        let end = content.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |last| last + 1);
        let ended = line.len() > content.len();
        let kept = if ended { content.get(..end) } else { content.get(..) }.unwrap_or_default();
        match content.cut(..end).strip_suffix(b"=") {
            Some(joined) => escapes(joined, false, &mut out),
            None => {
                escapes(kept, false, &mut out);
                out.extend_from_slice(line.cut(content.len()..));
            }
        }
    }
    out
}

/// The escapes of one line. `underscores` are blanks in encoded words (RFC 2047 4.2).
pub(crate) fn escapes(line: &[u8], underscores: bool, out: &mut Vec<u8>) {
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        match (byte, after) {
            (b'=', [high, low, tail @ ..]) if hex(*high, *low).is_some() => {
                out.extend(hex(*high, *low));
                rest = tail;
                continue;
            }
            (b'_', _) if underscores => out.push(b' '),
            _ => out.push(*byte),
        }
        rest = after;
    }
}

/// The octet that two hexadecimal digits say.
pub(crate) fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

/// Percent-encoded octets (RFC 2231, RFC 3986); what is no escape stays.
pub(crate) fn percent(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some((byte, after)) = rest.split_first() {
        rest = match (byte, after) {
            (b'%', [high, low, tail @ ..]) if hex(*high, *low).is_some() => {
                out.extend(hex(*high, *low));
                tail
            }
            _ => {
                out.push(*byte);
                after
            }
        };
    }
}
