//! Lines of octets: where the next one begins, what its end is.

use memchr::memchr;

use crate::cut::Cut;

/// What ends a line: LF with or without CR before it; CR in mail that has no LF at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineEnd(u8);

impl LineEnd {
    pub fn of(octets: &[u8]) -> LineEnd {
        match memchr(b'\n', octets) {
            None if memchr(b'\r', octets).is_some() => LineEnd(b'\r'),
            _ => LineEnd(b'\n'),
        }
    }

    /// Where the line after the one at `at` begins.
    pub fn next(self, octets: &[u8], at: usize) -> usize {
        let rest = octets.cut(at..);
        memchr(self.0, rest).map_or(octets.len(), |end| at + end + 1)
    }
}

/// The line without what ends it. Relays that wrote CR CR LF are forgiven.
pub(crate) fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let end = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    line.cut(..end)
}

/// Where what stands before a delimiter's line ends: the line end before it belongs to the delimiter (RFC 2046 5.1.1).
pub(crate) fn before(octets: &[u8], delimiter: usize) -> usize {
    let before = octets.cut(..delimiter);
    let bare = before.strip_suffix(b"\n").map_or_else(
        || before.strip_suffix(b"\r").unwrap_or(before),
        |before| before.strip_suffix(b"\r").unwrap_or(before),
    );
    bare.len()
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Without blanks and line ends on either side.
pub(crate) fn trim(octets: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = octets.iter().position(|byte| !is_space(byte)).unwrap_or(octets.len());
    let end = octets.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    octets.cut(start..end)
}
