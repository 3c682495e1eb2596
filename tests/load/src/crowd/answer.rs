//! What a client that waits is told: an answer, or one document after the other of a stream.

use crate::error::{Error, Result};
use crate::http::{self, contains};
use crate::soap;

/// What a client was told.
#[derive(Debug, PartialEq, Eq)]
pub enum What {
    /// Something is new.
    News { watermark: String },
    /// Nothing is, and a call of GetEvents is over.
    Nothing,
    /// A stream is open.
    Beat,
    /// A stream is over, by its time.
    Closed,
    /// The connection is over, or of no use: why.
    Lost(String),
}

/// What has come and was not looked at.
#[derive(Debug, Default)]
pub struct Inbox {
    octets: Vec<u8>,
    /// Of a stream, whose head was read.
    documents: bool,
    /// It was of no use.
    lost: bool,
}

impl Inbox {
    /// An answer is asked for.
    pub fn begin(&mut self) {
        self.octets.clear();
        self.documents = false;
    }

    pub fn take(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
    }

    /// The next that is whole.
    pub fn next(&mut self) -> Option<What> {
        if self.lost {
            return None;
        }
        let what = match self.whole() {
            Ok(Some(text)) => read(&text),
            Ok(None) => return None,
            Err(error) => What::Lost(error.to_string()),
        };
        self.lost = matches!(what, What::Lost(_));
        Some(what)
    }

    /// The body of an answer, or a stream's next document.
    fn whole(&mut self) -> Result<Option<Vec<u8>>> {
        if self.documents {
            return self.document();
        }
        let Some(frame) = http::frame(&self.octets)? else { return Ok(None) };
        if frame.status != 200 {
            return Err(Error::new(format!("answered with {}", frame.status)));
        }
        match frame.end {
            Some(end) if self.octets.len() < end => Ok(None),
            Some(end) => {
                let body = self.octets.get(frame.start..end).unwrap_or_default().to_vec();
                self.octets.drain(..end);
                Ok(Some(body))
            }
            None => {
                self.documents = true;
                self.octets.drain(..frame.start);
                self.document()
            }
        }
    }

    /// A document is a chunk; the last, which has nothing, ends the answer.
    fn document(&mut self) -> Result<Option<Vec<u8>>> {
        while let Some(chunk) = http::chunk(&self.octets, 0)? {
            let body = self.octets.get(chunk.start..chunk.end).unwrap_or_default().to_vec();
            self.octets.drain(..chunk.next.min(self.octets.len()));
            if !body.is_empty() {
                return Ok(Some(body));
            }
            self.documents = false;
            if self.octets.is_empty() {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

fn read(body: &[u8]) -> What {
    let is = |text: &str| contains(body, text);
    if is("NewMailEvent") || is("CreatedEvent") {
        // Ten thousand are read where the server works that is measured.
        let text = std::str::from_utf8(body).unwrap_or_default();
        return What::News { watermark: soap::last_element(text, "Watermark").unwrap_or_default().to_owned() };
    }
    match () {
        () if is("ConnectionStatus>Closed<") => What::Closed,
        () if is("ResponseClass=\"Error\"") || !is("NoError") => {
            What::Lost(String::from_utf8_lossy(body).chars().take(600).collect())
        }
        () if is("GetStreamingEventsResponse") => What::Beat,
        () => What::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbox, What};

    fn told(octets: &[u8]) -> Vec<What> {
        let mut inbox = Inbox::default();
        let mut all = Vec::new();
        // However they are cut.
        for octet in octets {
            inbox.take(&[*octet]);
            while let Some(what) = inbox.next() {
                all.push(what);
            }
        }
        all
    }

    fn answer(body: &str) -> Vec<u8> {
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn an_answer_says_what_is_new_or_that_nothing_is() {
        let news = "NoError<m:Watermark>w1</m:Watermark><t:NewMailEvent/><t:Watermark>w2</t:Watermark>";
        let both = [answer(news), answer("NoError <t:StatusEvent/>")].concat();
        assert_eq!(told(&both), [What::News { watermark: "w2".to_owned() }, What::Nothing]);
        assert_eq!(told(b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"), [What::Lost("answered with 503".to_owned())]);
        let failed = told(&answer("ResponseClass=\"Error\" ErrorExpiredSubscription"));
        assert!(matches!(failed.as_slice(), [What::Lost(why)] if why.contains("Expired")), "{failed:?}");
    }

    #[test]
    fn a_stream_is_a_document_a_chunk() {
        let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        let open = "<m:GetStreamingEventsResponse>NoError<m:ConnectionStatus>OK</m:ConnectionStatus>";
        let news = "<m:GetStreamingEventsResponse>NoError<t:CreatedEvent/>";
        let closed = "<m:GetStreamingEventsResponse>NoError<m:ConnectionStatus>Closed</m:ConnectionStatus>";
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned();
        let stream = [head, chunk(open), chunk(news), chunk(open), chunk(closed), "0\r\n\r\n".to_owned()].concat();
        let stream = [stream.into_bytes(), answer("NoError")].concat();
        let news = What::News { watermark: String::new() };
        assert_eq!(told(&stream), [What::Beat, news, What::Beat, What::Closed, What::Nothing]);
    }
}
