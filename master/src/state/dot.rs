//! Where message data ends (RFC 5321 4.1.1.4), however it comes in pieces.

/// Finds the end of message data: CRLF, a dot, CRLF, and nothing less (a bare LF around the dot ends nothing, or two servers
/// would disagree where a message ends). The dots that RFC 5321 4.5.2 doubles stay doubled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DotScan {
    state: Before,
    /// Bytes of a possible end that turned out to be data, to be stored before the rest of the input.
    carry: u8,
}

/// How much of CRLF `.` CRLF stands before the next byte. Data starts as if after a CRLF.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    #[default]
    LineStart,
    Text,
    Cr,
    Dot,
    DotCr,
}

/// In the order of the numbers by which they are carried over.
const SEEN: [Before; 5] = [Before::LineStart, Before::Text, Before::Cr, Before::Dot, Before::DotCr];

impl DotScan {
    /// Looks at more input. Returns the part of it that is data for sure, and where the input goes on behind the final dot
    /// if it is there. A dot, or a dot and CR, at the very end of the input is held back: see [`Self::carried`].
    pub fn feed<'i>(&mut self, input: &'i [u8]) -> (&'i [u8], Option<usize>) {
        let held_before = self.held();
        self.carry = 0;
        // Where the input has a dot at a line's start that may be the end.
        let mut dot_at = None;
        let mut waiting = held_before > 0;
        for (at, byte) in input.iter().enumerate() {
            let before = self.state;
            self.state = match (before, byte) {
                (Before::LineStart, b'.') => Before::Dot,
                (Before::Dot, b'\r') => Before::DotCr,
                (Before::DotCr, b'\n') => {
                    let data = if waiting { 0 } else { dot_at.unwrap_or(at) };
                    return (input.get(..data).unwrap_or_default(), Some(at + 1));
                }
                (Before::Cr, b'\n') => Before::LineStart,
                (_, b'\r') => Before::Cr,
                _ => Before::Text,
            };
            match self.state {
                Before::Dot => dot_at = Some(at),
                Before::DotCr => {}
                _ => {
                    dot_at = None;
                    if waiting {
                        self.carry = held_before;
                        waiting = false;
                    }
                }
            }
        }
        let data = match (waiting, dot_at) {
            (true, _) => 0,
            (false, Some(at)) => at,
            (false, None) => input.len(),
        };
        (input.get(..data).unwrap_or_default(), None)
    }

    /// Bytes that an earlier call held back and that the last call found to be data; they come before what it returned.
    pub fn carried(&self) -> Vec<u8> {
        b".\r".iter().take(usize::from(self.carry)).copied().collect()
    }

    /// As two numbers.
    pub fn to_parts(self) -> (u8, u8) {
        let seen = SEEN.iter().position(|seen| *seen == self.state).unwrap_or(0);
        (u8::try_from(seen).unwrap_or(0), self.carry)
    }

    /// Out of [`Self::to_parts`]; none: there is no such place.
    pub fn from_parts(seen: u8, carry: u8) -> Option<DotScan> {
        let state = *SEEN.get(usize::from(seen))?;
        (carry <= 2).then_some(DotScan { state, carry })
    }

    /// How many bytes of a possible end are held back.
    fn held(&self) -> u8 {
        match self.state {
            Before::Dot => 1,
            Before::DotCr => 2,
            _ => 0,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::DotScan;

    /// Feeds the pieces; the data, and where the last piece went on behind the dot.
    fn scan(pieces: &[&[u8]]) -> (Vec<u8>, Option<usize>) {
        let mut scan = DotScan::default();
        let mut data = Vec::new();
        for piece in pieces {
            let (part, end) = scan.feed(piece);
            data.extend_from_slice(&scan.carried());
            data.extend_from_slice(part);
            if end.is_some() {
                return (data, end);
            }
        }
        (data, None)
    }

    #[test]
    fn the_end_is_found_at_every_split() {
        for (text, data) in [
            (&b".\r\n"[..], &b""[..]),
            (b"a\r\n.\r\n", b"a\r\n"),
            (b"..\r\n.\r\n", b"..\r\n"),
            (b".a\r\n.\r\n", b".a\r\n"),
            (b".\r.\r\n\r\n.\r\n", b".\r.\r\n\r\n"),
            (b".\r\r\n.\r\n", b".\r\r\n"),
            (b"a\n.\n.\r\nb\r.\r\n\r\n.\r\n", b"a\n.\n.\r\nb\r.\r\n\r\n"),
            (b"a\r\n.\n\r\n.\r\n", b"a\r\n.\n\r\n"),
            (b"\r\r\n.\r\n", b"\r\r\n"),
        ] {
            let with_more = [text, b"RSET\r\n"].concat();
            assert_eq!(scan(&[&with_more]), (data.to_vec(), Some(text.len())), "{:?}", text.escape_ascii().to_string());
            for a in 0..text.len() {
                for b in a..text.len() {
                    let (got, end) = scan(&[&text[..a], &text[a..b], &with_more[b..]]);
                    let place = format!("{} at {a} and {b}", text.escape_ascii());
                    assert_eq!((got.as_slice(), end), (data, Some(text.len() - b)), "{place}");
                }
            }
            assert_eq!(scan(&[&text[..text.len() - 1]]).1, None);
        }
    }
}
