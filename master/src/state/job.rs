//! A request that is complete, or complete enough for a worker. The verb is `dispatch.rs`.

use std::fs::File;

use super::Admission;

/// A job that is ready to be sent; the bytes that stay in `Conn::pending` are counted from its start.
#[derive(Debug)]
pub enum ReadyJob {
    /// `head_len` bytes of head, then `body_len` bytes of body in `pending`.
    Http { head_len: usize, body_len: usize },
    /// The head in `pending`, the body elsewhere.
    HttpDecoded { head_len: usize, body: Vec<u8> },
    /// The head in `pending`, the body in a memfd.
    HttpMemfd { head_len: usize, body: File, length: u64 },
    /// The head in `pending`; the body is not taken yet.
    Admit(Box<Admission>),
    /// Greet an LMTP client.
    LmtpGreeting,
    /// Complete lines: so many bytes of `pending`.
    LmtpLines { length: usize },
    /// Message data.
    LmtpData { body: File, length: u64 },
    /// Message data over the limit.
    LmtpTooBig,
    /// A line over the limit.
    LmtpLongLine,
}
