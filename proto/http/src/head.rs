//! Request heads: find their end, read them, refuse everything ambiguous (RFC 9112 sections 2, 3, 6, 11.2).

use crate::status::HttpError;
use crate::{HEAD_MAX, HEADERS_MAX};

/// How the body of a request is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// No body.
    None,
    /// That many bytes follow (never 0).
    Length(u64),
    /// Chunks follow; see [`crate::ChunkDecoder`].
    Chunked,
}

/// A request head, borrowed from the bytes it was read from.
#[derive(Debug, Clone)]
pub struct Head<'b> {
    /// The method as sent (case matters).
    pub method: &'b str,
    /// The request target as sent: path and query, or `*`, or an absolute URI.
    pub target: &'b str,
    /// 0 or 1: HTTP/1.0 or HTTP/1.1.
    pub version_minor: u8,
    /// Bytes of the head with its empty line and any empty line before it; the body starts there.
    pub head_len: usize,
    /// How the body is framed.
    pub body: BodyKind,
    /// Whether the client lets the connection live after the answer.
    pub keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub expect_continue: bool,
    headers: Vec<httparse::Header<'b>>,
}

impl<'b> Head<'b> {
    /// The first value of the header field `name` (any case), without surrounding blanks.
    pub fn header(&self, name: &str) -> Option<&'b [u8]> {
        self.headers().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of `name` if it is UTF-8.
    pub fn header_str(&self, name: &str) -> Option<&'b str> {
        std::str::from_utf8(self.header(name)?).ok()
    }

    /// How often the header field `name` occurs.
    pub fn count(&self, name: &str) -> usize {
        self.headers().filter(|(n, _)| n.eq_ignore_ascii_case(name)).count()
    }

    /// All header fields in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'b str, &'b [u8])> {
        self.headers.iter().map(|h| (h.name, h.value.trim_ascii()))
    }

    /// The path of the target: no query, no scheme and authority.
    pub fn path(&self) -> &'b str {
        let target = match self.target.split_once("://") {
            Some((scheme, rest)) if !scheme.contains('/') => {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
            }
            _ => self.target,
        };
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// The query of the target, without `?`.
    pub fn query(&self) -> Option<&'b str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

/// Finds the end of a head that arrives piece by piece, looking at each byte once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndFinder {
    /// Bytes already looked at.
    seen: u32,
    /// Where the present line starts.
    line: u32,
    /// Whether a line with something in it was seen.
    begun: bool,
}

impl EndFinder {
    /// `buffer` is everything received so far. Returns the length of the head once its empty line is there.
    ///
    /// # Errors
    /// 400: a line that does not end in CRLF, a first byte that starts no method, more than [`HEAD_MAX`] bytes.
    pub fn find(&mut self, buffer: &[u8]) -> Result<Option<usize>, HttpError> {
        while let Some(rest) = buffer.get(self.seen as usize..) {
            let Some(at) = rest.iter().position(|byte| *byte == b'\n') else {
                break;
            };
            let end = self.seen as usize + at;
            if end == 0 || buffer.get(end - 1) != Some(&b'\r') {
                return Err(HttpError::bad("a line of the head does not end in CRLF"));
            }
            let empty = end - self.line as usize == 1;
            if end >= HEAD_MAX {
                return Err(TOO_LONG);
            }
            self.seen = end as u32 + 1;
            self.line = self.seen;
            if empty && self.begun {
                return Ok(Some(end + 1));
            }
            // RFC 9112 2.2: an empty line before the request line is overlooked; more than two are no request.
            if empty && end > 3 {
                return Err(HttpError::bad("empty lines instead of a request"));
            }
            self.begun |= !empty;
        }
        if buffer.len() >= HEAD_MAX {
            return Err(TOO_LONG);
        }
        if let Some(first) = buffer.get(self.line as usize) {
            if !self.begun && !first.is_ascii_alphabetic() && *first != b'\r' {
                return Err(HttpError::bad("this is no HTTP request"));
            }
        }
        self.seen = buffer.len() as u32;
        Ok(None)
    }
}

const TOO_LONG: HttpError = HttpError::bad("the request head is too long");

/// Reads the head at the start of `buffer`; none while it is incomplete.
///
/// # Errors
/// 400 for a head that is malformed or that another parser could read differently, 417 for an unknown expectation, 505 for
/// another version than 1.0 and 1.1. Answer it and close the connection.
pub fn scan_head(buffer: &[u8]) -> Result<Option<Head<'_>>, HttpError> {
    let Some(head_len) = EndFinder::default().find(buffer)? else {
        return Ok(None);
    };
    parse_head(buffer.get(..head_len).unwrap_or_default()).map(Some)
}

/// Reads a complete head, as found by [`EndFinder`].
///
/// # Errors
/// As [`scan_head`].
pub fn parse_head(bytes: &[u8]) -> Result<Head<'_>, HttpError> {
    if bytes.contains(&0) {
        return Err(HttpError::bad("a NUL in the head"));
    }
    refuse_folding(bytes)?;
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(n)) if n == bytes.len() => {}
        Ok(_) => return Err(HttpError::bad("malformed request head")),
        Err(httparse::Error::Version) if names_version(bytes) => {
            return Err(HttpError { status: 505, text: "only HTTP/1.0 and HTTP/1.1 are spoken here" });
        }
        Err(httparse::Error::TooManyHeaders) => return Err(HttpError::bad("too many header fields")),
        Err(httparse::Error::HeaderName) => return Err(HttpError::bad("malformed header field name")),
        Err(_) => return Err(HttpError::bad("malformed request head")),
    }
    let (Some(method), Some(target), Some(version_minor)) = (request.method, request.path, request.version) else {
        return Err(HttpError::bad("malformed request line"));
    };
    // As [`EndFinder`] has it of a head that comes in pieces.
    if !method.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(HttpError::bad("this is no HTTP request"));
    }
    let mut head = Head {
        method,
        target,
        version_minor,
        head_len: bytes.len(),
        body: BodyKind::None,
        keep_alive: version_minor == 1,
        expect_continue: false,
        headers: request.headers.to_vec(),
    };
    check_target(&head)?;
    check_host(&head)?;
    head.body = body_kind(&head)?;
    head.keep_alive = keep_alive(&head);
    head.expect_continue = expect_continue(&head)?;
    Ok(head)
}

/// Whether the request line is well formed but for the number of its version.
fn names_version(head: &[u8]) -> bool {
    let line = head.trim_ascii_start().split(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut words = line.split(|byte| *byte == b' ');
    let (_method, _target, version) = (words.next(), words.next(), words.next());
    words.next().is_none() && version.is_some_and(|version| version.starts_with(b"HTTP/"))
}

/// Obsolete line folding, blanks around the colon's left side and bare CR: each has made two parsers disagree.
fn refuse_folding(bytes: &[u8]) -> Result<(), HttpError> {
    let mut previous = b'\n';
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == b'\r' && rest.peek() != Some(&b'\n') {
            return Err(HttpError::bad("a CR without LF in the head"));
        }
        if previous == b'\n' && matches!(byte, b' ' | b'\t') {
            return Err(HttpError::bad("a folded or indented line in the head"));
        }
        previous = byte;
    }
    Ok(())
}

fn check_target(head: &Head<'_>) -> Result<(), HttpError> {
    let good =
        head.target.starts_with('/') || head.target == "*" || head.target.contains("://") || head.method == "CONNECT";
    if good && !head.target.contains('#') { Ok(()) } else { Err(HttpError::bad("malformed request target")) }
}

/// Exactly one Host with HTTP/1.1, at most one with HTTP/1.0, of the characters a host can have (RFC 9112 3.2).
fn check_host(head: &Head<'_>) -> Result<(), HttpError> {
    let count = head.count("host");
    if count > 1 || (count == 0 && head.version_minor == 1) {
        return Err(HttpError::bad("a request needs exactly one Host"));
    }
    let good = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:[]%!$&'()*+;=".contains(byte);
    match head.header("host") {
        Some(host) if !host.iter().all(good) => Err(HttpError::bad("malformed Host")),
        _ => Ok(()),
    }
}

/// How the body is framed (RFC 9112 6.3), refusing whatever is said twice or strangely.
fn body_kind(head: &Head<'_>) -> Result<BodyKind, HttpError> {
    match (head.count("transfer-encoding"), head.count("content-length")) {
        (0, 0) => Ok(BodyKind::None),
        (0, 1) => match content_length(head.header("content-length").unwrap_or_default())? {
            0 => Ok(BodyKind::None),
            length => Ok(BodyKind::Length(length)),
        },
        (1, 0) => {
            let coding = head.header("transfer-encoding").unwrap_or_default();
            if head.version_minor == 0 {
                Err(HttpError::bad("Transfer-Encoding in an HTTP/1.0 request"))
            } else if coding.eq_ignore_ascii_case(b"chunked") {
                Ok(BodyKind::Chunked)
            } else {
                Err(HttpError::bad("the only transfer coding taken is chunked"))
            }
        }
        (0, _) => Err(HttpError::bad("more than one Content-Length")),
        (_, 0) => Err(HttpError::bad("more than one Transfer-Encoding")),
        _ => Err(HttpError::bad("both Content-Length and Transfer-Encoding")),
    }
}

/// Digits only, at most 18 of them.
fn content_length(value: &[u8]) -> Result<u64, HttpError> {
    if value.is_empty() || value.len() > 18 || !value.iter().all(u8::is_ascii_digit) {
        return Err(HttpError::bad("malformed Content-Length"));
    }
    Ok(value.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0')))
}

fn keep_alive(head: &Head<'_>) -> bool {
    let has = |option: &str| {
        head.headers()
            .filter(|(name, _)| name.eq_ignore_ascii_case("connection"))
            .flat_map(|(_, value)| value.split(|byte| *byte == b','))
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
    };
    match head.version_minor {
        0 => has("keep-alive") && !has("close"),
        _ => !has("close"),
    }
}

/// RFC 9110 10.1.1; an HTTP/1.0 client cannot wait for an interim answer.
fn expect_continue(head: &Head<'_>) -> Result<bool, HttpError> {
    match head.header("expect") {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"100-continue") => {
            Ok(head.version_minor == 1 && head.body != BodyKind::None)
        }
        Some(_) => Err(HttpError { status: 417, text: "the only expectation known is 100-continue" }),
    }
}
