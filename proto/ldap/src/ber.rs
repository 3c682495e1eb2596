//! As much of BER (X.690) as LDAP needs (RFC 4511 5.1): tags of one octet, definite lengths.
//!
//! It is our own since passwords pass through it: every buffer is as long as it must be from the start and wiped at its end, and what
//! is read is never descended into further than a message of the table goes.

use zeroize::Zeroizing;

use crate::Malformed;

/// Octets of a message, or of a part of it.
pub(crate) type Octets = Zeroizing<Vec<u8>>;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
/// Of a class of the message's own: a value, or something that has members.
pub(crate) const CONTEXT: u8 = 0x80;
pub(crate) const CONSTRUCTED: u8 = 0x20;
pub(crate) const APPLICATION: u8 = 0x40;

/// An element of these parts.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Octets {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let significant = octets.iter().position(|octet| *octet != 0).and_then(|at| octets.get(at..)).unwrap_or_default();
    let mut out = Zeroizing::new(Vec::with_capacity(2 + octets.len() + length));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7f) => out.push(short),
        _ => {
            out.push(0x80 | significant.len() as u8);
            out.extend_from_slice(significant);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A number, as an INTEGER or an ENUMERATED.
pub(crate) fn number(tag: u8, number: u32) -> Octets {
    let octets = number.to_be_bytes();
    // Without a leading zero octet the first bit would be the sign.
    let lead = u8::from(octets.first().is_some_and(|first| *first >= 0x80));
    let zeros = octets.iter().position(|octet| *octet != 0).unwrap_or(3);
    let needed = match octets.get(zeros) {
        Some(first) if *first >= 0x80 => zeros.saturating_sub(1),
        _ => zeros,
    };
    let zero = [0];
    element(tag, &[zero.get(..usize::from(lead)).unwrap_or_default(), octets.get(needed..).unwrap_or_default()])
}

/// Octets that are taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'o>(pub &'o [u8]);

impl<'o> Reader<'o> {
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag and its content.
    pub fn next(&mut self) -> Result<(u8, &'o [u8]), Malformed> {
        let (tag, used, length) = head(self.0)?.ok_or(Malformed("an element ends early"))?;
        let rest = self.0.get(used..).unwrap_or_default();
        let (content, after) = rest.split_at_checked(length).ok_or(Malformed("an element ends early"))?;
        self.0 = after;
        Ok((tag, content))
    }

    /// The content of the next element, which must have this tag.
    pub fn element(&mut self, tag: u8) -> Result<&'o [u8], Malformed> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Malformed("an element of another type was expected")),
        }
    }

    /// A number that is not negative.
    pub fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let content = self.element(tag)?;
        let is_one = !content.is_empty() && content.len() <= 5 && content.first().is_some_and(|first| *first < 0x80);
        let value = content.iter().fold(0, |value: u64, octet| value << 8 | u64::from(*octet));
        u32::try_from(value).ok().filter(|_| is_one).ok_or(Malformed("a number is out of range"))
    }
}

/// Tag, octets of the head, octets of the content; none while the head is not whole.
pub(crate) fn head(octets: &[u8]) -> Result<Option<(u8, usize, usize)>, Malformed> {
    let [tag, first, rest @ ..] = octets else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Malformed("a tag of several octets"));
    }
    match first {
        0..=0x7f => Ok(Some((*tag, 2, usize::from(*first)))),
        0x81..=0x84 => {
            let Some(length) = rest.get(..usize::from(first & 0x7f)) else { return Ok(None) };
            let value = length.iter().fold(0, |value: usize, octet| value << 8 | usize::from(*octet));
            Ok(Some((*tag, 2 + length.len(), value)))
        }
        _ => Err(Malformed("a length that LDAP does not have")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_are_as_short_as_they_can_be_and_never_negative() {
        for (value, octets) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (u32::MAX, &[2, 5, 0, 255, 255, 255, 255]),
        ] {
            assert_eq!(number(INTEGER, value).as_slice(), octets);
            assert_eq!(Reader(octets).number(INTEGER), Ok(value));
        }
        assert!(Reader(&[2, 1, 0x80]).number(INTEGER).is_err() && Reader(&[2, 0]).number(INTEGER).is_err());
    }

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let octets = element(OCTET_STRING, &[&content]);
            let mut reader = Reader(&octets);
            assert_eq!(reader.element(OCTET_STRING), Ok(content.as_slice()), "{length}");
            assert!(reader.is_empty());
        }
        for octets in [&[4, 0x80, 0, 0][..], &[4, 0x85, 0, 0, 0, 0, 1, 0], &[0x1f, 1, 1], &[4, 2, 1], &[]] {
            assert!(Reader(octets).next().is_err(), "{octets:?}");
        }
    }
}
