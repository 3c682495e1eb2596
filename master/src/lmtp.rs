//! Frames LMTP (RFC 2033): groups of command lines, and message data up to the final dot. Framing only; what a line says is
//! for a worker. The one word known here is DATA, because a group of commands ends with it (RFC 2920 3.1).

use ewsd_ipc::LmtpExpect;

use crate::master::Master;
use crate::receive::Progress;
use crate::table::{ConnId, Framing, ReadyJob, State};

/// Longest line taken, its LF included.
const LINE_MAX: usize = 4096;

/// Most bytes in one group of lines.
const GROUP_MAX: usize = 32 * 1024;

impl Master {
    /// Submits the complete lines at the start of `pending`.
    pub fn frame_lines(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        match group(&conn.pending) {
            Group::Lines(length) => self.submit(id, ReadyJob::LmtpLines { length }),
            Group::Incomplete => return Progress::Need,
            Group::TooLong { skip, ended } => {
                conn.pending.drain(..skip);
                if ended {
                    self.submit(id, ReadyJob::LmtpLongLine);
                } else {
                    conn.state = State::SkipLine;
                    return Progress::Need;
                }
            }
        }
        Progress::Moved
    }

    /// Goes on as the worker said: lines, or data.
    pub fn lmtp_next(&mut self, id: ConnId, expect: LmtpExpect) {
        match expect {
            LmtpExpect::Lines => self.next_request(id),
            LmtpExpect::Data { limit } => {
                let first = self.table.get_mut(id).map(|conn| std::mem::take(&mut conn.pending)).unwrap_or_default();
                let framing = Framing::Dot { scan: DotScan::default(), over: false };
                self.start_collect(id, limit, framing, &[], &first);
            }
        }
    }

    /// Throws away the rest of a line that is too long.
    pub fn skip_line(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let Some(end) = conn.pending.iter().position(|byte| *byte == b'\n') else {
            conn.pending.clear();
            return Progress::Need;
        };
        conn.pending.drain(..=end);
        self.submit(id, ReadyJob::LmtpLongLine);
        Progress::Moved
    }
}

/// What stands at the start of a buffer.
#[derive(Debug, PartialEq, Eq)]
enum Group {
    /// So many bytes of complete lines.
    Lines(usize),
    /// No complete line yet.
    Incomplete,
    /// A line over the limit: how much to skip, and whether its LF was among it.
    TooLong { skip: usize, ended: bool },
}

fn group(buffer: &[u8]) -> Group {
    let mut length = 0;
    while let Some(rest) = buffer.get(length..).filter(|rest| !rest.is_empty()) {
        let line = match rest.iter().position(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if length == 0 && rest.len() > LINE_MAX => return Group::TooLong { skip: rest.len(), ended: false },
            None => break,
        };
        if line > LINE_MAX {
            if length == 0 {
                return Group::TooLong { skip: line, ended: true };
            }
            break;
        }
        if length + line > GROUP_MAX {
            break;
        }
        let is_data = rest.get(..line).is_some_and(|line| line.trim_ascii().eq_ignore_ascii_case(b"DATA"));
        length += line;
        if is_data {
            break;
        }
    }
    if length == 0 { Group::Incomplete } else { Group::Lines(length) }
}

/// Finds the end of message data: CRLF, a dot, CRLF, and nothing less (a bare LF around the dot ends nothing, or two servers
/// would disagree where a message ends). The dots that RFC 5321 4.5.2 doubles stay doubled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DotScan {
    state: Seen,
    /// Bytes of a possible end that turned out to be data, to be stored before the rest of the input.
    carry: u8,
}

/// How much of CRLF `.` CRLF stands before the next byte. Data starts as if after a CRLF.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    LineStart,
    Text,
    Cr,
    Dot,
    DotCr,
}

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
                (Seen::LineStart, b'.') => Seen::Dot,
                (Seen::Dot, b'\r') => Seen::DotCr,
                (Seen::DotCr, b'\n') => {
                    let data = if waiting { 0 } else { dot_at.unwrap_or(at) };
                    return (input.get(..data).unwrap_or_default(), Some(at + 1));
                }
                (Seen::Cr, b'\n') => Seen::LineStart,
                (_, b'\r') => Seen::Cr,
                _ => Seen::Text,
            };
            match self.state {
                Seen::Dot => dot_at = Some(at),
                Seen::DotCr => {}
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

    /// How many bytes of a possible end are held back.
    fn held(&self) -> u8 {
        match self.state {
            Seen::Dot => 1,
            Seen::DotCr => 2,
            _ => 0,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::{DotScan, Group, LINE_MAX, group};

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

    #[test]
    fn groups_end_with_data_or_the_last_whole_line() {
        assert_eq!(group(b""), Group::Incomplete);
        assert_eq!(group(b"NOOP"), Group::Incomplete);
        assert_eq!(group(b"NOOP\r\nRS"), Group::Lines(6));
        assert_eq!(group(b"MAIL\r\n data \r\nmore\r\n"), Group::Lines(14));
        assert_eq!(group(b"DATAX\r\nmore\r\n"), Group::Lines(13));
        let long = [vec![b'x'; LINE_MAX], b"\nNOOP\r\n".to_vec()].concat();
        assert_eq!(group(&long), Group::TooLong { skip: LINE_MAX + 1, ended: true });
        assert_eq!(group(&long[..LINE_MAX]), Group::Incomplete);
        assert_eq!(group(&[b"NOOP\r\n".to_vec(), long].concat()), Group::Lines(6));
        assert_eq!(group(&vec![b'x'; LINE_MAX + 1]), Group::TooLong { skip: LINE_MAX + 1, ended: false });
        let many = b"NOOP\r\n".repeat(10_000);
        assert!(matches!(group(&many), Group::Lines(n) if n % 6 == 0 && n <= 32 * 1024));
    }
}
