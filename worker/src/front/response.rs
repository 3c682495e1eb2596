//! An answer as it goes over the wire: status line, header fields, body, compressed if that is wanted and worth it.

use std::borrow::Cow;
use std::io::Write as _;

use ewsd_http::reply::{Framing, Head};
use ewsd_mailbox::clock;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::pieces::FileBody;
use super::preferences::Preferences;

/// Exactly this: DavMail parses nothing else.
pub const XML: &str = "text/xml; charset=utf-8";
pub const JSON: &str = "application/json; charset=utf-8";
pub const HTML: &str = "text/html; charset=utf-8";
pub const TEXT: &str = "text/plain; charset=utf-8";

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Empty for an answer without a body.
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    pub body: Vec<u8>,
    /// The body instead, where it is large.
    pub large: Option<FileBody>,
    /// Close the connection although the client would keep it.
    pub close: bool,
    /// Never compressed.
    pub plain: bool,
    /// The master keeps it back so long, in milliseconds.
    pub delay_ms: u32,
    /// It is none: the master hands the request out again, to have a password hashed of somebody who is known or not.
    pub must_hash: Option<bool>,
    /// A login goes on with the next request of the connection.
    pub goes_on: bool,
}

impl Response {
    pub fn new(status: u16, content_type: &'static str, body: Vec<u8>) -> Response {
        Response { status, content_type, body, ..Response::default() }
    }

    /// A line of plain text for people.
    pub fn text(status: u16, text: &str) -> Response {
        Response::new(status, TEXT, format!("{text}\n").into_bytes())
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    /// 401 with a line for each scheme. The body of the request was taken, so the connection lives on and the client tries again
    /// on it.
    pub fn challenge(offers: Vec<String>) -> Response {
        let response = Response { status: 401, ..Response::default() };
        offers.into_iter().fold(response, |response, offer| response.with("WWW-Authenticate", offer))
    }

    /// Head and body, to be written one behind the other. `gzip_bytes` as in the settings; 0: never.
    pub fn into_bytes(mut self, preferences: &Preferences, request_id: &str, gzip_bytes: u64) -> (Vec<u8>, Vec<u8>) {
        let worth = gzip_bytes > 0 && !self.plain && self.body.len() as u64 >= gzip_bytes;
        if worth && preferences.gzip {
            if let Some(smaller) = gzip(&self.body) {
                self.body = smaller;
                self.headers.push(("Content-Encoding", "gzip".into()));
            }
        }
        let length = self.body.len() as u64;
        let head = self.head(preferences, request_id, length, worth);
        let body = if preferences.head_only { Vec::new() } else { self.body };
        (head, body)
    }

    /// The head of a large answer.
    pub fn large_head(&mut self, large: &FileBody, preferences: &Preferences, request_id: &str) -> Vec<u8> {
        if large.gzip {
            self.headers.push(("Content-Encoding", "gzip".into()));
        }
        self.head(preferences, request_id, large.length(), true)
    }

    /// The head of an answer whose body comes piece by piece and as yet has no end. HTTP/1.0 knows no chunks: its end is the
    /// connection's.
    pub fn stream_head(&self, preferences: &Preferences, request_id: &str) -> Vec<u8> {
        let chunked = preferences.version_minor > 0;
        // nginx would keep back what it calls a buffer's worth.
        let head = self.begin(preferences, request_id).header("X-Accel-Buffering", "no");
        head.connection(preferences.keep_alive && chunked, preferences.version_minor).end(if chunked {
            Framing::Chunked
        } else {
            Framing::Empty
        })
    }

    /// `varies`: another client would have got it compressed, or not.
    fn head(&mut self, preferences: &Preferences, request_id: &str, length: u64, varies: bool) -> Vec<u8> {
        if varies {
            self.headers.push(("Vary", "Accept-Encoding".into()));
        }
        let keep = preferences.keep_alive && !self.close;
        self.begin(preferences, request_id).connection(keep, preferences.version_minor).end(Framing::Length(length))
    }

    fn begin(&self, preferences: &Preferences, request_id: &str) -> Head {
        let mut head = Head::new(self.status).date(clock::unix()).header("Cache-Control", "private");
        if !self.content_type.is_empty() {
            head = head.header("Content-Type", self.content_type);
        }
        head = head.header("request-id", request_id);
        if let Some(echo) = &preferences.echo {
            head = head.header("client-request-id", echo);
        }
        for (name, value) in &self.headers {
            head = head.header(name, value);
        }
        head
    }
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    // XML of this kind shrinks to a tenth at the fastest level; more effort gains little and takes the worker's time.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().filter(|smaller| smaller.len() < body.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn text(response: Response, preferences: &Preferences, gzip_bytes: u64) -> (String, Vec<u8>) {
        let (head, body) = response.into_bytes(preferences, "id-1", gzip_bytes);
        (String::from_utf8_lossy(&head).into_owned(), body)
    }

    fn keep() -> Preferences {
        Preferences { keep_alive: true, version_minor: 1, ..Preferences::default() }
    }

    #[test]
    fn the_challenge_keeps_the_connection() {
        let (head, body) = text(Response::challenge(vec!["Negotiate".into(), "Basic".into()]), &keep(), 0);
        assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
        assert!(head.contains("\r\nWWW-Authenticate: Negotiate\r\nWWW-Authenticate: Basic\r\n"), "{head}");
        assert!(head.contains("\r\nContent-Length: 0\r\n") && !head.contains("Connection"), "{head}");
        assert!(body.is_empty());
    }

    #[test]
    fn large_answers_shrink_where_that_is_wanted() {
        let large = || Response::new(200, XML, b"<a/>".repeat(1000));
        let preferences = Preferences { gzip: true, ..keep() };
        let (head, body) = text(large(), &preferences, 1024);
        assert!(head.contains("Content-Encoding: gzip\r\n") && body.len() < 200, "{head}");
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())));
        for (preferences, least) in [(keep(), 1024), (preferences.clone(), 0), (preferences, 5000)] {
            let (head, body) = text(large(), &preferences, least);
            assert!(!head.contains("Content-Encoding") && body.len() == 4000, "{head}");
        }
    }

    #[test]
    fn streams_have_no_length() {
        let head = |version_minor| {
            let preferences = Preferences { version_minor, gzip: true, ..keep() };
            String::from_utf8(Response::new(200, XML, Vec::new()).stream_head(&preferences, "id-1")).unwrap()
        };
        let (new, old) = (head(1), head(0));
        assert!(new.contains("\r\nTransfer-Encoding: chunked\r\n") && !new.contains("Connection"), "{new}");
        assert!(old.contains("\r\nConnection: close\r\n") && !old.contains("Transfer-Encoding"), "{old}");
        assert!(!new.contains("Content-Length") && !old.contains("Content-Length"));
    }

    #[test]
    fn what_was_wished_is_in_the_head() {
        let preferences = Preferences { echo: Some("c-1".into()), head_only: true, ..keep() };
        let (head, body) = text(Response::text(200, "hello"), &preferences, 0);
        assert!(head.contains("\r\nrequest-id: id-1\r\nclient-request-id: c-1\r\n"), "{head}");
        assert!(head.contains("Content-Length: 6\r\n") && body.is_empty());
        let (head, _) = text(Response { close: true, ..Response::text(404, "x") }, &keep(), 0);
        assert!(head.contains("\r\nConnection: close\r\n"), "{head}");
    }
}
