//! Frames LMTP (RFC 2033): groups of command lines, and message data up to the final dot. Framing only; what a line says is
//! for a worker. The one word known here is DATA, because a group of commands ends with it (RFC 2920 3.1).

use ewsd_ipc::LmtpExpect;

use crate::master::Master;
use crate::receive::Progress;
use crate::state::{ConnId, DotScan, Framing, ReadyJob, State};
use crate::thin::Thin;

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
                conn.pending.drop_front(skip);
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
                let first = self.table.get_mut(id).map(|conn| conn.pending.take()).unwrap_or_default();
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
            conn.pending = Thin::default();
            return Progress::Need;
        };
        conn.pending.drop_front(end + 1);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::{Group, LINE_MAX, group};

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
