//! A keep-alive HTTP client that does no more than needed: it sends octets made beforehand, and reads by Content-Length or, as proxies
//! may have it, in chunks (RFC 9112 section 7.1).

use std::io::{Read, Write};
use std::time::Duration;

use crate::error::{During, Error, Result};
use crate::line::Line;
use crate::target::Door;

/// One connection with its buffer, which each answer overwrites.
#[derive(Debug)]
pub struct Client {
    pub line: Line,
    door: Door,
    buffer: Vec<u8>,
    /// The body of an answer in chunks.
    joined: Vec<u8>,
    /// The answer before said that the connection ends with it.
    over: bool,
}

/// An answer: its status and its body, borrowed from the connection.
#[derive(Debug)]
pub struct Reply<'c> {
    pub status: u16,
    pub head: &'c [u8],
    pub body: &'c [u8],
}

impl Reply<'_> {
    /// Whether the text stands in the body.
    pub fn contains(&self, text: &str) -> bool {
        contains(self.body, text)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// An error unless the status is 200 and every response message succeeded.
    pub fn check(&self) -> Result {
        if self.status == 200 && self.contains("NoError") && !self.contains("ResponseClass=\"Error\"") {
            return Ok(());
        }
        let text: String = self.text().chars().take(600).collect();
        Err(Error::new(format!("status {}: {text}", self.status)))
    }
}

/// Whether the text stands in the octets.
pub fn contains(octets: &[u8], text: &str) -> bool {
    memchr::memmem::find(octets, text.as_bytes()).is_some()
}

impl Client {
    pub fn connect(door: &Door) -> Result<Client> {
        let line = door.connect()?;
        Ok(Client { line, door: door.clone(), buffer: Vec::with_capacity(1 << 14), joined: Vec::new(), over: false })
    }

    /// How long to wait for octets.
    pub fn set_read_timeout(&self, time: Duration) -> Result {
        self.line.set_read_timeout(time)
    }

    /// Sends a request, on a new connection where the server has ended the former one with its answer.
    pub fn send(&mut self, request: &[u8]) -> Result {
        if std::mem::take(&mut self.over) {
            self.line = self.door.connect()?;
        }
        self.line.write_all(request).and_then(|()| self.line.flush()).during("sending")
    }

    /// Sends a request and reads its answer.
    pub fn call(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.send(request)?;
        self.receive()
    }

    pub fn receive(&mut self) -> Result<Reply<'_>> {
        self.buffer.clear();
        self.joined.clear();
        let mut octets = [0; 1 << 16];
        let frame = loop {
            match frame(&self.buffer)? {
                Some(frame) if frame.end.is_some_and(|end| self.buffer.len() >= end) => break frame,
                Some(frame) if frame.end.is_none() && self.join(frame.start)? => break frame,
                _ => {}
            }
            let n = self.line.read(&mut octets).during("receiving")?;
            if n == 0 {
                return Err(Error::new("the server closed the connection"));
            }
            self.buffer.extend_from_slice(octets.get(..n).unwrap_or_default());
        };
        self.over = frame.last;
        let head = self.buffer.get(..frame.start).unwrap_or_default();
        let body = match frame.end {
            Some(end) => self.buffer.get(frame.start..end).unwrap_or_default(),
            None => &self.joined,
        };
        Ok(Reply { status: frame.status, head, body })
    }

    /// Whether all chunks have come, which are put together then.
    fn join(&mut self, mut at: usize) -> Result<bool> {
        self.joined.clear();
        while let Some(chunk) = chunk(&self.buffer, at)? {
            self.joined.extend_from_slice(self.buffer.get(chunk.start..chunk.end).unwrap_or_default());
            if chunk.start == chunk.end {
                return Ok(true);
            }
            at = chunk.next;
        }
        Ok(false)
    }
}

/// Where the body of an answer lies.
#[derive(Debug)]
pub struct Frame {
    pub status: u16,
    pub start: usize,
    /// None: it comes in chunks.
    pub end: Option<usize>,
    /// The connection ends with it.
    pub last: bool,
}

/// Reads the head at the start of the octets; none while it is incomplete.
pub fn frame(octets: &[u8]) -> Result<Option<Frame>> {
    let Some(start) = memchr::memmem::find(octets, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = std::str::from_utf8(octets.get(..start).unwrap_or_default()).unwrap_or_default().to_ascii_lowercase();
    let status =
        head.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(|| Error::new(format!("no status: {head:.60}")))?;
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length = field("content-length:").and_then(|value| value.parse::<usize>().ok());
    let chunked = field("transfer-encoding:").is_some_and(|value| value.ends_with("chunked"));
    let end = match (chunked, length) {
        (true, _) => None,
        (false, Some(length)) => Some(start.saturating_add(length)),
        (false, None) => return Err(Error::new(format!("an answer without a length: {status}"))),
    };
    Ok(Some(Frame { status, start, end, last: field("connection:") == Some("close") }))
}

/// Where the octets of a chunk lie, and the next one begins.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    pub start: usize,
    pub end: usize,
    pub next: usize,
}

/// The chunk that begins at `at`; none while it is incomplete. The last has no octets.
pub fn chunk(octets: &[u8], at: usize) -> Result<Option<Chunk>> {
    let rest = octets.get(at..).unwrap_or_default();
    let Some(line) = memchr::memmem::find(rest, b"\r\n") else { return Ok(None) };
    let size = String::from_utf8_lossy(rest.get(..line).unwrap_or_default()).into_owned();
    let size = size.split(';').next().unwrap_or_default().trim();
    let size = usize::from_str_radix(size, 16).map_err(|_| Error::new(format!("no size of a chunk: {size:.20}")))?;
    let start = at + line + 2;
    let end = start.saturating_add(size);
    let next = end.saturating_add(2);
    Ok((octets.len() >= next).then_some(Chunk { start, end, next }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Chunk;

    #[test]
    fn an_answer_is_framed_by_its_length() {
        let octets = b"HTTP/1.1 200 OK\r\nCONTENT-Length: 3\r\nConnection: close\r\n\r\nabcHTTP";
        assert!(super::frame(&octets[..20]).unwrap().is_none());
        let frame = super::frame(octets).unwrap().unwrap();
        assert_eq!((frame.status, octets.get(frame.start..frame.end.unwrap())), (200, Some(&b"abc"[..])));
        assert!(frame.last);
        assert!(super::frame(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_found_when_they_are_whole() {
        let octets = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n";
        let frame = super::frame(octets).unwrap().unwrap();
        assert!(frame.end.is_none() && !frame.last);
        for cut in frame.start..frame.start + 12 {
            assert_eq!(super::chunk(octets.get(..cut).unwrap(), frame.start).unwrap(), None, "{cut}");
        }
        let chunk = super::chunk(octets, frame.start).unwrap().unwrap();
        assert_eq!(octets.get(chunk.start..chunk.end), Some(&b"abc"[..]));
        let last = super::chunk(octets, chunk.next).unwrap().unwrap();
        assert_eq!(last, Chunk { start: octets.len() - 2, end: octets.len() - 2, next: octets.len() });
        assert!(super::chunk(b"xyz\r\n", 0).is_err());
    }
}
