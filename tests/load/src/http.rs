//! A keep-alive HTTP client that does no more than needed: it sends bytes made beforehand and reads by Content-Length.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::error::{During, Error, Result};

/// One connection with its buffer, which each answer overwrites.
#[derive(Debug)]
pub struct Client {
    pub stream: TcpStream,
    buffer: Vec<u8>,
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

/// Whether the text stands in the bytes.
pub fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Client> {
        let stream = TcpStream::connect(address).during(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Client { stream, buffer: Vec::with_capacity(1 << 16) })
    }

    pub fn send(&mut self, request: &[u8]) -> Result {
        self.stream.write_all(request).during("sending")
    }

    /// Sends a request and reads its answer.
    pub fn call(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.send(request)?;
        self.receive()
    }

    pub fn receive(&mut self) -> Result<Reply<'_>> {
        self.buffer.clear();
        let mut chunk = [0; 1 << 16];
        let frame = loop {
            if let Some(frame) = frame(&self.buffer)? {
                if self.buffer.len() >= frame.end {
                    break frame;
                }
            }
            let n = self.stream.read(&mut chunk).during("receiving")?;
            if n == 0 {
                return Err(Error::new("the server closed the connection"));
            }
            self.buffer.extend_from_slice(chunk.get(..n).unwrap_or_default());
        };
        let head = self.buffer.get(..frame.start).unwrap_or_default();
        Ok(Reply { status: frame.status, head, body: self.buffer.get(frame.start..frame.end).unwrap_or_default() })
    }
}

/// Where the body of an answer lies.
pub struct Frame {
    pub status: u16,
    pub start: usize,
    pub end: usize,
}

/// Reads the head at the start of the bytes; none while it is incomplete.
pub fn frame(bytes: &[u8]) -> Result<Option<Frame>> {
    let Some(start) = bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(bytes.get(..start).unwrap_or_default()).to_ascii_lowercase();
    let status =
        head.get(9..12).and_then(|s| s.parse().ok()).ok_or_else(|| Error::new(format!("no status: {head:.60}")))?;
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"))
        .and_then(|value| value.trim().parse().ok())
        .ok_or_else(|| Error::new("an answer without Content-Length"))?;
    Ok(Some(Frame { status, start, end: start + length }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    #[test]
    fn an_answer_is_framed_by_its_length() {
        let bytes = b"HTTP/1.1 200 OK\r\nCONTENT-Length: 3\r\n\r\nabcHTTP";
        assert!(super::frame(&bytes[..20]).unwrap().is_none());
        let frame = super::frame(bytes).unwrap().unwrap();
        assert_eq!((frame.status, bytes.get(frame.start..frame.end)), (200, Some(&b"abc"[..])));
        assert!(super::frame(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
