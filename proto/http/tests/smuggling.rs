//! What two parsers could read differently is refused; what is plain is read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_http::BodyKind::{Chunked, Length, None as Empty};
use ewsd_http::{BodyKind, EndFinder, HEAD_MAX, scan_head};
use proptest::prelude::*;

/// Each is complete, and refused with the status.
const REFUSED: &[(u16, &str)] = &[
    // Framing said twice, or strangely.
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\ncontent-length: 4\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3 3\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1_000\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: \x0bchunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n"),
    (400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    // Lines.
    (400, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\n Transfer-Encoding: chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\n Host: h\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"),
    (400, "GET / HTTP/1.1\nHost: h\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\n\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\n: empty\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: h\r\nX\u{e9}: a\r\n\r\n"),
    (400, "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    // Request line.
    (400, "&ET / HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "GET  / HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "GET / HTTP/1.1 \r\nHost: h\r\n\r\n"),
    (400, "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "GET /#part HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "G@T / HTTP/1.1\r\nHost: h\r\n\r\n"),
    (400, "GET /\r\nHost: h\r\n\r\n"),
    (505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"),
    (505, "GET / HTTP/1.2\r\nHost: h\r\n\r\n"),
    (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    // Host and Expect.
    (400, "GET / HTTP/1.1\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    (417, "GET / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n"),
];

/// Each is taken: body, keep-alive, expects 100.
const TAKEN: &[(&str, BodyKind, bool, bool)] = &[
    ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", Empty, true, false),
    ("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", Empty, true, false),
    ("GET / HTTP/1.0\r\n\r\n", Empty, false, false),
    ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", Empty, true, false),
    ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", Empty, false, false),
    ("GET / HTTP/1.1\r\nHost: h\r\nConnection: TE, Close\r\n\r\n", Empty, false, false),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", Empty, true, false),
    ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:  0012 \r\n\r\n", Length(12), true, false),
    ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n", Chunked, true, false),
    ("POST / HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length: 9\r\nExpect: 100-Continue\r\n\r\n", Length(9), true, true),
    ("POST / HTTP/1.0\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n", Length(9), false, false),
    ("GET http://h/x?y HTTP/1.1\r\nHost: h\r\n\r\n", Empty, true, false),
    ("OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n", Empty, true, false),
];

#[test]
fn ambiguous_heads_are_refused() {
    for (status, text) in REFUSED {
        match scan_head(text.as_bytes()) {
            Err(error) => assert_eq!(error.status, *status, "{text:?}: {error}"),
            Ok(other) => panic!("{text:?} was read as {other:?}"),
        }
    }
}

#[test]
fn plain_heads_are_read() {
    for (text, body, keep_alive, expect) in TAKEN {
        let with_more = format!("{text}more");
        let head = scan_head(with_more.as_bytes()).unwrap().unwrap();
        assert_eq!((head.body, head.keep_alive, head.expect_continue), (*body, *keep_alive, *expect), "{text:?}");
        assert_eq!(head.head_len, text.len());
    }
}

#[test]
fn what_is_asked_can_be_looked_up() {
    let text = b"POST http://h:1/EWS/Exchange.asmx?a=b&c HTTP/1.1\r\nHost: h\r\nX: one\r\nx:  two \r\n\r\n";
    let head = scan_head(text).unwrap().unwrap();
    assert_eq!((head.path(), head.query(), head.method), ("/EWS/Exchange.asmx", Some("a=b&c"), "POST"));
    assert_eq!((head.header("x"), head.header_str("X"), head.count("x")), (Some(&b"one"[..]), Some("one"), 2));
    assert_eq!(head.headers().last(), Some(("x", &b"two"[..])));
    assert_eq!(head.header("y"), None);
    assert_eq!(scan_head(b"GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").unwrap().unwrap().path(), "/");
    assert_eq!(scan_head(b"GET /a?b=http://c/d HTTP/1.1\r\nHost: h\r\n\r\n").unwrap().unwrap().path(), "/a");
}

/// Whole or byte by byte: the same verdict, and the finder's end is the head's.
#[test]
fn the_verdict_does_not_depend_on_the_pieces() {
    let texts = REFUSED.iter().map(|(_, text)| *text).chain(TAKEN.iter().map(|(text, ..)| *text));
    for text in texts {
        let whole = scan_head(text.as_bytes()).map(|head| head.map(|head| head.head_len));
        let mut finder = EndFinder::default();
        let mut found = Ok(None);
        for end in 1..=text.len() {
            found = finder.find(&text.as_bytes()[..end]);
            if !matches!(found, Ok(None)) {
                break;
            }
        }
        match (&whole, &found) {
            (Ok(Some(a)), Ok(Some(b))) => assert_eq!(a, b, "{text:?}"),
            // The finder sees lines only; the rest is refused when the head is read.
            (Err(_), Ok(Some(_)) | Err(_)) => {}
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn long_heads_and_other_protocols_are_refused_early() {
    let mut long = b"GET / HTTP/1.1\r\nHost: h\r\nX: ".to_vec();
    assert!(scan_head(&long).unwrap().is_none());
    long.resize(HEAD_MAX, b'x');
    assert_eq!(scan_head(&long).unwrap_err().status, 400);
    for start in [&b"\x16\x03\x01"[..], b"\x80", b" GET", b"\n", b"\0"] {
        assert_eq!(scan_head(start).unwrap_err().status, 400, "{start:?}");
    }
    let many: String = (0..101).map(|i| format!("X{i}: y\r\n")).collect();
    assert_eq!(scan_head(format!("GET / HTTP/1.1\r\nHost: h\r\n{many}\r\n").as_bytes()).unwrap_err().status, 400);
}

proptest! {
    #[test]
    fn hostile_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = scan_head(&bytes);
    }

    /// Printable noise between the lines of a head, which gets further than random bytes.
    #[test]
    fn hostile_lines_do_no_harm(lines in proptest::collection::vec("[ -~\t]{0,40}", 0..8)) {
        let text = format!("POST / HTTP/1.1\r\nHost: h\r\n{}\r\n\r\n", lines.join("\r\n"));
        if let Ok(Some(head)) = scan_head(text.as_bytes()) {
            prop_assert!(head.head_len <= text.len());
            prop_assert!(head.count("content-length") + head.count("transfer-encoding") <= 1);
        }
    }
}
