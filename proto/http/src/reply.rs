//! Reply heads: status, header fields, and how the body is framed. Used by workers and by the master's own short answers.

use crate::date;
use crate::status::{HttpError, reason};

/// How the body of a reply is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// That many bytes follow.
    Length(u64),
    /// Chunks follow ([`crate::chunk::put_chunk`]).
    Chunked,
    /// No body and no length, as 204 and 304 have it.
    Empty,
}

/// A reply head that is being put together. Nothing it writes can end a line early: CR, LF and NUL in values become blanks.
#[derive(Debug, Clone)]
pub struct Head {
    bytes: Vec<u8>,
}

impl Head {
    /// Starts with the status line.
    pub fn new(status: u16) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(format!("HTTP/1.1 {status} {}\r\n", reason(status)).as_bytes());
        Head { bytes }
    }

    /// Adds a header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(b": ");
        self.bytes.extend(value.bytes().map(|byte| if matches!(byte, b'\r' | b'\n' | 0) { b' ' } else { byte }));
        self.bytes.extend_from_slice(b"\r\n");
        self
    }

    /// Adds `Date`; `unix` in seconds since 1970.
    #[must_use]
    pub fn date(self, unix: u64) -> Self {
        self.header("Date", &date::format(unix))
    }

    /// Adds `Connection: close`.
    #[must_use]
    pub fn close(self) -> Self {
        self.header("Connection", "close")
    }

    /// Adds what `keep_alive` asks for: nothing for HTTP/1.1, `keep-alive` for HTTP/1.0, otherwise `close`.
    #[must_use]
    pub fn connection(self, keep_alive: bool, version_minor: u8) -> Self {
        match (keep_alive, version_minor) {
            (false, _) => self.close(),
            (true, 0) => self.header("Connection", "keep-alive"),
            (true, _) => self,
        }
    }

    /// Ends the head; the body follows behind the returned bytes.
    pub fn end(self, framing: Framing) -> Vec<u8> {
        let mut done = match framing {
            Framing::Length(length) => self.header("Content-Length", &length.to_string()),
            Framing::Chunked => self.header("Transfer-Encoding", "chunked"),
            Framing::Empty => self,
        };
        done.bytes.extend_from_slice(b"\r\n");
        done.bytes
    }

    /// Ends the head with `Content-Length` and appends the whole body.
    pub fn with_body(self, body: &[u8]) -> Vec<u8> {
        let mut bytes = self.end(Framing::Length(body.len() as u64));
        bytes.extend_from_slice(body);
        bytes
    }
}

/// The interim answer to `Expect: 100-continue`.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A complete short answer in plain text that closes the connection; `retry_after` in seconds adds that header.
pub fn refusal(error: HttpError, retry_after: Option<u32>, unix: u64) -> Vec<u8> {
    let mut head = Head::new(error.status).date(unix).header("Content-Type", "text/plain; charset=utf-8");
    if let Some(seconds) = retry_after {
        head = head.header("Retry-After", &seconds.to_string());
    }
    head.close().with_body(format!("{}\n", error.text).as_bytes())
}
