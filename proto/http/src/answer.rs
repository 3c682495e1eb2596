//! Heads of answers (RFC 9112 4, 6.3), for whoever asks as a client.

use crate::status::HttpError;
use crate::{HEAD_MAX, HEADERS_MAX};

/// The head of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Octets of the head with its empty line.
    pub length: usize,
    pub body: AnswerBody,
    /// Seconds for which the answer is good (Cache-Control, RFC 9111 5.2.2); none: it does not say.
    pub max_age: Option<u64>,
}

/// Where the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerBody {
    Length(u64),
    Chunked,
    /// With the connection.
    ToEnd,
}

/// Reads the head at the start of `buffer`; none while it is incomplete. Interim answers (1xx) are heads of their own.
///
/// # Errors
/// 502: it is no answer of HTTP/1.1 or 1.0, or one whose end cannot be told.
pub fn scan_answer(buffer: &[u8]) -> Result<Option<Answer>, HttpError> {
    const NONE: HttpError = HttpError { status: 502, text: "the answer is not HTTP/1.1" };
    let mut fields = [httparse::EMPTY_HEADER; HEADERS_MAX];
    let mut response = httparse::Response::new(&mut fields);
    let length = match response.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if buffer.len() < HEAD_MAX => return Ok(None),
        _ => return Err(NONE),
    };
    // Others are none (RFC 9110 15).
    let status = response.code.filter(|status| (100..=599).contains(status)).ok_or(NONE)?;
    let values = |name: &'static str| {
        response.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value)
    };
    let mut codings = values("Transfer-Encoding");
    let body = match (status, codings.next()) {
        (100..=199 | 204 | 304, _) => AnswerBody::Length(0),
        (_, Some(coding)) if coding.trim_ascii().eq_ignore_ascii_case(b"chunked") && codings.next().is_none() => {
            AnswerBody::Chunked
        }
        (_, Some(_)) => return Err(HttpError { status: 502, text: "the answer has an unknown transfer coding" }),
        (_, None) => {
            let mut lengths = values("Content-Length").map(|value| {
                let text = std::str::from_utf8(value).ok().map(str::trim)?;
                text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
            });
            match (lengths.next(), lengths.next()) {
                (None, _) => AnswerBody::ToEnd,
                (Some(Some(length)), None) => AnswerBody::Length(length),
                _ => return Err(HttpError { status: 502, text: "the answer's length is none" }),
            }
        }
    };
    let max_age = values("Cache-Control").filter_map(|value| std::str::from_utf8(value).ok()).find_map(max_age);
    Ok(Some(Answer { status, length, body, max_age }))
}

/// What a Cache-Control says of the time; what must be asked for each time is good for none.
fn max_age(value: &str) -> Option<u64> {
    let mut directives = value.split(',').map(str::trim);
    directives.find_map(|directive| match directive.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("max-age") => value.trim_matches('"').parse().ok(),
        None if directive.eq_ignore_ascii_case("no-cache") || directive.eq_ignore_ascii_case("no-store") => Some(0),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_end_of_an_answer_is_told_or_it_is_refused() {
        let scan = |text: &str| scan_answer(text.as_bytes());
        for (text, status, body) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, AnswerBody::Length(5)),
            ("HTTP/1.0 500\r\n\r\n", 500, AnswerBody::ToEnd),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n", 200, AnswerBody::Chunked),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", 100, AnswerBody::Length(0)),
            ("HTTP/1.1 204 No Content\r\n\r\n", 204, AnswerBody::Length(0)),
            (
                "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
                302,
                AnswerBody::Length(0),
            ),
        ] {
            let answer = scan(text).unwrap().unwrap();
            assert_eq!((answer.status, answer.body), (status, body), "{text}");
            let head = answer.length;
            assert!(text.get(..head).unwrap().ends_with("\r\n\r\n"));
            for end in 0..head {
                assert_eq!(scan(text.get(..end).unwrap()), Ok(None), "{text} cut at {end}");
            }
        }
        for wrong in [
            "SSH-2.0-x\r\n",
            "HTTP/2 200\r\n\r\n",
            "HTTP/1.1 099 x\r\n\r\n",
            "HTTP/1.1 600 x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert!(scan(wrong).is_err(), "{wrong}");
        }
        assert!(scan_answer(&[b'x'; 70_000]).is_err());
        assert!(scan(&format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(70_000))).is_err());
    }

    #[test]
    fn how_long_an_answer_is_good_is_told() {
        let age =
            |fields: &str| scan_answer(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes()).unwrap().unwrap().max_age;
        for (fields, seconds) in [
            ("", None),
            ("Cache-Control: public, Max-Age=600\r\n", Some(600)),
            ("Cache-Control: public\r\ncache-control: max-age=\"7\", must-revalidate\r\n", Some(7)),
            ("Cache-Control: no-store\r\n", Some(0)),
            ("Cache-Control: max-age=-1\r\n", None),
            ("Cache-Control: s-maxage=5\r\n", None),
        ] {
            assert_eq!(age(fields), seconds, "{fields}");
        }
    }
}
