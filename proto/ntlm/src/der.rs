//! As much of DER (X.690) as SPNEGO's tokens need: tags of one octet, definite lengths.

use crate::Malformed;

/// Tags.
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const OID: u8 = 0x06;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
/// What a first token is wrapped in (RFC 2743 3.1).
pub(crate) const APPLICATION: u8 = 0x60;

/// The tag of member `n` of a sequence.
pub(crate) const fn member(n: u8) -> u8 {
    0xa0 | n
}

/// Octets that are taken apart.
#[derive(Clone, Copy)]
pub(crate) struct Der<'d>(pub &'d [u8]);

impl<'d> Der<'d> {
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element: its tag, its content, and all its octets.
    pub fn next(&mut self) -> Result<(u8, &'d [u8], &'d [u8]), Malformed> {
        let whole = self.0;
        let (tag, rest) = whole.split_first().ok_or(Malformed)?;
        let (first, rest) = rest.split_first().ok_or(Malformed)?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(*first), rest),
            0x81..=0x83 => {
                let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(Malformed)?;
                (octets.iter().fold(0, |length, octet| length << 8 | usize::from(*octet)), rest)
            }
            _ => return Err(Malformed),
        };
        let (content, after) = rest.split_at_checked(length).ok_or(Malformed)?;
        self.0 = after;
        let used = whole.get(..whole.len() - after.len()).unwrap_or(whole);
        Ok((*tag, content, used))
    }

    /// The content of the next element, which must have this tag.
    pub fn element(&mut self, tag: u8) -> Result<&'d [u8], Malformed> {
        match self.next()? {
            (found, content, _) if found == tag => Ok(content),
            _ => Err(Malformed),
        }
    }
}

/// The only element that the octets hold: its content.
pub(crate) fn only(octets: &[u8], tag: u8) -> Result<&[u8], Malformed> {
    let mut der = Der(octets);
    let content = der.element(tag)?;
    der.is_empty().then_some(content).ok_or(Malformed)
}

/// An element.
pub(crate) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..=0x7f => out.push(length as u8),
        length @ 0x80..=0xff => out.extend_from_slice(&[0x81, length as u8]),
        // Nothing that is written here reaches 64 KiB.
        length => {
            out.push(0x82);
            out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(content);
    out
}
