//! One request to a web server, over a connection of its own, bounded in time and size. Redirects are not followed.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use ewsd_http::answer::{AnswerBody, scan_answer};
use ewsd_http::chunk::{ChunkDecoder, Step};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::tls::{Deadline, Timed, config};

/// Interim answers (1xx) before the one that counts.
const INTERIM: usize = 8;

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub until: Instant,
    /// The setting that says so.
    pub setting: &'static str,
    /// Octets of an answer, head and all.
    pub octets: usize,
}

/// What came back.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Names and values, as they came.
    pub fields: Vec<(String, String)>,
    /// For how many seconds it is good, where it says so.
    pub max_age: Option<u64>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let named = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// Sends `request` to `address`, over TLS where a name is given that the server must prove, by the system's certificates and
/// those of the file that a setting (key, value) names; read for each request, so that a file put right counts at once.
///
/// # Errors
/// Why there is no answer.
pub(crate) fn ask(
    address: SocketAddr,
    tls: Option<(&String, (&str, &str))>,
    request: &[u8],
    bounds: Bounds,
) -> Result<Reply, String> {
    let text = |error: io::Error| error.to_string();
    let deadline = Deadline { until: bounds.until, setting: bounds.setting };
    let socket = TcpStream::connect_timeout(&address, deadline.left().map_err(text)?).map_err(text)?;
    let mut socket = Timed { socket, deadline };
    let Some((host, ca)) = tls else { return exchange(&mut socket, request, bounds.octets).map_err(text) };
    let host = ServerName::try_from(host.clone()).map_err(|error| error.to_string())?;
    let session = ClientConnection::new(config(ca)?, host).map_err(|error| error.to_string())?;
    exchange(&mut StreamOwned::new(session, socket), request, bounds.octets).map_err(text)
}

/// Sends the request and reads the whole answer, of at most so many octets.
///
/// # Errors
/// What the stream reports; `InvalidData` for what is no answer, or too long.
pub fn exchange(stream: &mut (impl Read + Write), request: &[u8], most: usize) -> io::Result<Reply> {
    let wrong = |error: ewsd_http::HttpError| io::Error::new(io::ErrorKind::InvalidData, error.text);
    stream.write_all(request)?;
    stream.flush()?;
    let mut received = Vec::new();
    let mut interim = 0;
    let head = loop {
        match scan_answer(&received).map_err(wrong)? {
            Some(head) if (100..200).contains(&head.status) && interim < INTERIM => {
                received.drain(..head.length.min(received.len()));
                interim += 1;
            }
            Some(head) => break head,
            None if more(stream, &mut received, most)? == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            None => {}
        }
    };
    let rest = received.split_off(head.length.min(received.len()));
    let fields = fields(&received);
    received = rest;
    let body = match head.body {
        AnswerBody::Length(length) => {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            while received.len() < length {
                if more(stream, &mut received, most)? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            received.truncate(length);
            received
        }
        AnswerBody::ToEnd => {
            while more(stream, &mut received, most)? > 0 {}
            received
        }
        AnswerBody::Chunked => chunks(stream, received, most)?,
    };
    Ok(Reply { status: head.status, fields, max_age: head.max_age, body })
}

/// The lines of a head that was found to be one, but for its first.
fn fields(head: &[u8]) -> Vec<(String, String)> {
    let lines = String::from_utf8_lossy(head);
    let fields = lines.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect()
}

fn chunks(stream: &mut impl Read, mut received: Vec<u8>, most: usize) -> io::Result<Vec<u8>> {
    let (mut decoder, mut body) = (ChunkDecoder::default(), Vec::new());
    loop {
        let (used, step) =
            decoder.feed(&received).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.text))?;
        let over = match step {
            Step::Data(data) => {
                body.extend_from_slice(data);
                None
            }
            Step::Done => return Ok(body),
            Step::More => Some(()),
        };
        received.drain(..used.min(received.len()));
        if over.is_some() && more(stream, &mut received, most)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if body.len() > most {
            return Err(too_long());
        }
    }
}

/// Reads what there is; 0 at the end.
fn more(stream: &mut impl Read, received: &mut Vec<u8>, most: usize) -> io::Result<usize> {
    if received.len() >= most {
        return Err(too_long());
    }
    let mut buffer = [0; 4096];
    let n = match stream.read(&mut buffer) {
        // Many servers close without TLS's farewell; that the answer is whole its framing says.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
        other => other?,
    };
    received.extend_from_slice(buffer.get(..n).unwrap_or_default());
    Ok(n)
}

fn too_long() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the answer is too long")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    const MOST: usize = 64 * 1024;

    /// What a server says, and what it was told.
    struct Scripted(Vec<u8>, usize);

    impl Read for Scripted {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // A few octets at a time.
            let n = buffer.len().min(3).min(self.0.len());
            buffer[..n].copy_from_slice(&self.0[..n]);
            self.0.drain(..n);
            Ok(n)
        }
    }

    impl Write for Scripted {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn answers_are_read_whole_in_every_framing_or_not_at_all() {
        let ask = |answer: &str| exchange(&mut Scripted(answer.as_bytes().to_vec(), 0), b"x", MOST);
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\nhello",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        ] {
            let reply = ask(answer).unwrap();
            assert_eq!((reply.status, reply.max_age, reply.body.as_slice()), (200, None, &b"hello"[..]), "{answer}");
        }
        let reply = ask("HTTP/1.1 401 No\r\nA: b: c\r\na:d\r\nContent-Length: 0\r\n\r\n").unwrap();
        let fields = reply.fields.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
        assert_eq!((fields.join(" ").as_str(), reply.field("A")), ("A=b: c a=d Content-Length=0", Some("b: c")));
        for answer in [
            "",
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "220 mail.example.test ESMTP\r\n",
        ] {
            assert!(ask(answer).is_err(), "{answer}");
        }
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(MOST + 5000));
        assert!(ask(&long).unwrap_err().to_string().contains("too long"));
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
        let long = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(20));
        assert!(ask(&long).unwrap_err().to_string().contains("too long"));
    }
}
