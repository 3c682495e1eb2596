//! Uuencoded files: as a transfer encoding, and within a text between `begin 644 name` and `end` (POSIX uuencode).

use std::ops::Range;

use crate::cut::Cut;
use crate::line::bare;
use crate::text;

/// A file within a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inline {
    /// Its lines, `begin` and `end` included.
    pub place: Range<usize>,
    pub name: String,
    pub content: Vec<u8>,
}

/// A body that is uuencoded: the file in it; without a `begin`, the lines that are lines of a file.
pub(crate) fn body(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() / 4 * 3);
    let mut begun = !octets.split(|byte| *byte == b'\n').any(|line| begin(bare(line)).is_some());
    for line in octets.split(|byte| *byte == b'\n') {
        let line = bare(line);
        if !begun {
            begun = begin(line).is_some();
        } else if line == b"end" {
            break;
        } else if let Some(count) = length(line) {
            decode(line, count, &mut out);
        }
    }
    out
}

/// The whole files in a text. One without its `end`, or with a line that is none of uuencode, is text.
pub fn files(octets: &[u8]) -> Vec<Inline> {
    let mut found = Vec::new();
    let mut open: Option<Inline> = None;
    let mut at = 0;
    for line in octets.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        let line = bare(line);
        if let Some(mut file) = open.take() {
            if line == b"end" {
                file.place.end = at;
                found.push(file);
                continue;
            }
            if let Some(count) = length(line) {
                decode(line, count, &mut file.content);
                open = Some(file);
                continue;
            }
        }
        let name = begin(line).map(|name| text::utf8(name).trim().to_owned());
        open = name.map(|name| Inline { place: start..at, name, content: Vec::new() });
    }
    found
}

/// The name after `begin` and a mode.
fn begin(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"begin ")?;
    let digits = rest.iter().take_while(|byte| (b'0'..=b'7').contains(*byte)).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?;
    ((3..=4).contains(&digits) && !name.trim_ascii().is_empty()).then_some(name)
}

/// How many octets a line holds, if it is long enough for them and no longer than writers make it.
fn length(line: &[u8]) -> Option<usize> {
    let Some((first, letters)) = line.split_first() else { return Some(0) };
    if !line.iter().all(|byte| (b' '..=b'`').contains(byte)) {
        return None;
    }
    let count = usize::from(first.wrapping_sub(b' ') & 0x3f);
    let needed = count.div_ceil(3) * 4;
    // Blanks at a line's end get lost, and some writers put a check letter there.
    let least = (count * 8).div_ceil(6);
    (letters.len() <= needed + 2 && letters.len() + 4 >= least).then_some(count)
}

fn decode(line: &[u8], count: usize, out: &mut Vec<u8>) {
    let end = out.len() + count;
    for four in line.cut(1..).chunks(4) {
        let bits = (0..4).fold(0_u32, |bits, at| {
            let letter = four.get(at).copied().unwrap_or(b' ');
            bits << 6 | u32::from(letter.wrapping_sub(b' ') & 0x3f)
        });
        let [_, octets @ ..] = bits.to_be_bytes();
        out.extend_from_slice(&octets);
    }
    out.resize(end, 0);
}
