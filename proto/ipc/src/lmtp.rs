//! What master and workers tell each other of an LMTP connection.

use ewsd_wire::form::Bytes;
use ewsd_wire::wire;

use crate::INLINE_LIMIT;
use crate::message::Body;

wire! {
    /// What the master framed on an LMTP connection (RFC 2033).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum LmtpInput {
        /// Nothing came yet: greet.
        0 Greeting
        /// One or more complete lines, each with its CRLF; at most [`INLINE_LIMIT`] bytes.
        1 Lines(lines: Vec<u8> as Bytes<INLINE_LIMIT>)
        /// Message data as it came (dots still doubled, RFC 5321 4.5.2), without the final `.` CRLF.
        2 Data(body: Body)
        /// The message data was over the limit and was thrown away up to the final dot.
        3 TooBig
        /// A line longer than the framing allows came and was thrown away up to its LF.
        4 LongLine
    }

    /// What to frame next on an LMTP connection.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum LmtpExpect {
        /// Command lines.
        0 Lines
        /// Message data up to the final dot, at most `limit` bytes.
        1 Data {
            /// Most bytes to keep; more is thrown away and reported as [`LmtpInput::TooBig`].
            limit: u64,
        }
    }
}
