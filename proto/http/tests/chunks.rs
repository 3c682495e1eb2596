//! The chunk decoder: the same at every split, and strict. And the writers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_http::chunk::{LAST_CHUNK, Step, put_chunk};
use ewsd_http::reply::{Framing, Head, refusal};
use ewsd_http::{ChunkDecoder, HttpError, date};
use proptest::prelude::*;

/// Feeds the pieces; the body, and how much of the last piece was left over.
fn decode(pieces: &[&[u8]]) -> Result<Option<(Vec<u8>, usize)>, HttpError> {
    let mut decoder = ChunkDecoder::default();
    let mut body = Vec::new();
    for piece in pieces {
        let mut at = 0;
        loop {
            let (used, step) = decoder.feed(&piece[at..])?;
            at += used;
            match step {
                Step::Data(data) => body.extend_from_slice(data),
                Step::More => {
                    assert_eq!(at, piece.len());
                    break;
                }
                Step::Done => return Ok(Some((body, piece.len() - at))),
            }
        }
    }
    assert!(!decoder.is_done());
    Ok(None)
}

const GOOD: &[u8] = b"5\r\nhello\r\n0A;name=\"value\"\r\n0123456789\r\n00\r\nX-Trailer: yes\r\nY: z\r\n\r\nNEXT";

#[test]
fn the_same_at_every_split() {
    let whole = decode(&[GOOD]).unwrap().unwrap();
    assert_eq!(whole, (b"hello0123456789".to_vec(), 4));
    let end = GOOD.len() - 4;
    for a in 0..end {
        for b in a..end {
            let (body, left) = decode(&[&GOOD[..a], &GOOD[a..b], &GOOD[b..]]).unwrap().unwrap();
            assert_eq!((body.as_slice(), left), (&b"hello0123456789"[..], 4), "split at {a} and {b}");
        }
    }
}

#[test]
fn malformed_chunks_are_refused() {
    let long_line = format!("5;{}\r\n", "x".repeat(2000));
    let long_trailer = format!("0\r\n{}\r\n", "X: y\r\n".repeat(3000));
    let all = [
        "\r\n",
        ";x\r\n",
        " 5\r\nhello\r\n",
        "5 \r\nhello\r\n",
        "+5\r\nhello\r\n",
        "0x5\r\nhello\r\n",
        "g\r\n",
        "-1\r\n",
        "5\nhello\r\n",
        "5\rhello",
        "5\r\rhello",
        "5\r\nhello\n",
        "5\r\nhelloX",
        "5\r\nhello\rX",
        "5\r\nhello!\r\n",
        "5;a\nb\r\nhello",
        "5;a\rb\r\nhello",
        "5;\0\r\nhello",
        "1000000000000000\r\n",
        "ffffffffffffffffffff\r\n",
        "0\r\nX: y\nZ: z\r\n\r\n",
        "0\r\n\n",
        "0\r\n folded\r\n\r\n",
        "0\r\nX: y\r\n folded\r\n\r\n",
        "0\r\n\rX",
        long_line.as_str(),
        long_trailer.as_str(),
    ];
    for text in all {
        assert_eq!(decode(&[text.as_bytes()]).unwrap_err().status, 400, "{text:?}");
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(decode(&bytes).unwrap_err().status, 400, "{text:?} byte by byte");
    }
    assert_eq!(decode(&[b"5\r\nhel"]).unwrap(), None);
}

proptest! {
    #[test]
    fn what_is_written_is_read(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20), step in 1..40usize) {
        let mut wire = Vec::new();
        for chunk in &chunks {
            put_chunk(chunk, &mut wire);
        }
        wire.extend_from_slice(LAST_CHUNK);
        let pieces: Vec<&[u8]> = wire.chunks(step).collect();
        prop_assert_eq!(decode(&pieces).unwrap(), Some((chunks.concat(), 0)));
    }

    #[test]
    fn hostile_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1..20usize) {
        let pieces: Vec<&[u8]> = bytes.chunks(step).collect();
        let _ = decode(&pieces);
    }
}

#[test]
fn reply_heads() {
    let bytes = Head::new(200).header("X", "a\r\nSet-Cookie: b\0").connection(true, 1).with_body(b"hi");
    assert_eq!(bytes, b"HTTP/1.1 200 OK\r\nX: a  Set-Cookie: b \r\nContent-Length: 2\r\n\r\nhi");
    let bytes = Head::new(304).connection(true, 0).end(Framing::Empty);
    assert_eq!(bytes, b"HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n");
    let bytes = Head::new(200).connection(false, 1).end(Framing::Chunked);
    assert_eq!(bytes, b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
    let text = String::from_utf8(refusal(HttpError { status: 503, text: "later" }, Some(5), 784_111_777)).unwrap();
    assert!(text.starts_with("HTTP/1.1 503 Service Unavailable\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), "{text}");
    assert!(text.contains("Retry-After: 5\r\nConnection: close\r\nContent-Length: 6\r\n\r\nlater\n"), "{text}");
}

#[test]
fn dates() {
    for (unix, text) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ] {
        assert_eq!(date::format(unix), text);
    }
}
