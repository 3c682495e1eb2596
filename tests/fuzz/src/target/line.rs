//! How requests and mail come in: HTTP, what proxies put in front of it, LMTP.

use std::net::{IpAddr, Ipv4Addr};

use ewsd_http::answer::scan_answer;
use ewsd_http::chunk::{Step, put_chunk};
use ewsd_http::{BodyKind, ChunkDecoder, EndFinder, forwarded, proxy, query, scan_head};
use ewsd_lmtp::{Limits, Lines, Session, Step as Todo, unstuff};
use ewsd_wire::{from_bytes, to_bytes};

use super::Target;

pub const TARGETS: &[Target] = &[
    Target { name: "head", run: head, seeds: HEADS, pieces: HTTP },
    Target { name: "chunks", run: chunks, seeds: CHUNKS, pieces: HTTP },
    Target { name: "answer", run: answer, seeds: ANSWERS, pieces: HTTP },
    Target { name: "proxy", run: preface, seeds: PREFACES, pieces: PREFACE },
    Target { name: "lmtp", run: lmtp, seeds: SESSIONS, pieces: LMTP },
];

/// Where a head ends does not depend on how it comes, and only one field says how long the body is.
fn head(octets: &[u8]) {
    let Ok(Some(head)) = scan_head(octets) else { return };
    let mut finder = EndFinder::default();
    let mut come = (1..=octets.len()).filter_map(|end| octets.get(..end));
    let end = come.find_map(|come| finder.find(come).transpose());
    assert_eq!(end, Some(Ok(head.head_len)), "another end when it comes in pieces");
    assert!(head.head_len <= octets.len() && head.path().starts_with(['/', '*']), "a head of nothing");
    assert!(head.count("Content-Length") + head.count("Transfer-Encoding") <= 1, "two say how long it is");
    assert_eq!(head.body == BodyKind::Chunked, head.count("Transfer-Encoding") == 1, "chunks without a word of them");
    for (name, value) in query::pairs(head.query().unwrap_or_default()) {
        assert!(name.len() + value.len() <= 3 * head.head_len, "more than there is");
    }
    // The last hop is the trusted proxy's own word: nothing before it may have it passed over.
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let known = forwarded::field(&head).map(|hops| hops + ", 192.0.2.1");
    let origin = forwarded::origin(loopback, known.as_deref(), |address| address == loopback);
    assert!(origin.shared == known.is_none(), "a client hides behind the proxy");
}

/// The same comes out however it comes in, and what is left after the end is the next request's.
fn chunks(octets: &[u8]) {
    let whole = decode(&mut ChunkDecoder::default(), octets);
    let mut decoder = ChunkDecoder::default();
    let (mut data, mut used) = (Vec::new(), 0);
    let mut result = Ok(());
    for octet in octets.chunks(1) {
        if decoder.is_done() {
            break;
        }
        decoder = ChunkDecoder::from_parts(decoder.to_parts()).expect("its own parts");
        match decode(&mut decoder, octet) {
            Ok((some, length)) => {
                data.extend(some);
                used += length;
            }
            Err(()) => {
                result = Err(());
                break;
            }
        }
    }
    assert_eq!(whole, result.map(|()| (data, used)), "another body when it comes in pieces");
    let mut written = Vec::new();
    if !octets.is_empty() {
        put_chunk(octets, &mut written);
        let read = decode(&mut ChunkDecoder::default(), &written).expect("a chunk of our own");
        assert_eq!(read.0, octets, "a chunk does not come back");
    }
}

fn decode(decoder: &mut ChunkDecoder, octets: &[u8]) -> Result<(Vec<u8>, usize), ()> {
    let (mut data, mut used) = (Vec::new(), 0);
    loop {
        let rest = octets.get(used..).unwrap_or_default();
        let (length, step) = decoder.feed(rest).map_err(|_| ())?;
        used += length;
        match step {
            Step::Data(some) => data.extend_from_slice(some),
            Step::More | Step::Done => return Ok((data, used)),
        }
    }
}

fn answer(octets: &[u8]) {
    if let Ok(Some(answer)) = scan_answer(octets) {
        assert!(answer.length <= octets.len() && (100..=599).contains(&answer.status), "an answer of nothing");
    }
}

/// A header that is whole has been incomplete in each of its beginnings, and never none.
fn preface(octets: &[u8]) {
    let Ok(Some(whole)) = proxy::read(octets) else { return };
    assert!(whole.length <= octets.len(), "it ends behind what has come");
    for end in 0..whole.length {
        assert_eq!(proxy::read(octets.get(..end).unwrap_or_default()), Ok(None), "its beginning of {end} octets");
    }
    assert_eq!(proxy::read(octets.get(..whole.length).unwrap_or_default()), Ok(Some(whole)), "what follows counts");
}

/// Each command has its reply; a session comes back from where it lies between two.
fn lmtp(octets: &[u8]) {
    let limits = Limits { message_bytes: 1000, recipients: 4, errors: 5 };
    let mut session = Session::default();
    for line in Lines::new(octets) {
        let mut out = Vec::new();
        match session.line(line, "here.test", &limits, &mut out) {
            Todo::Recipient(path) => {
                assert!(!path.is_null(), "mail to nobody");
                session.recipient(Ok(7), &limits, &mut out);
            }
            Todo::Close => break,
            Todo::Data => {
                let transaction = session.take_transaction().expect("mail for somebody");
                assert!((1..=limits.recipients).contains(&transaction.recipients.len()), "more than may be");
            }
            Todo::Done => {}
        }
        let replies = String::from_utf8(out).expect("replies are text");
        assert!(replies.ends_with("\r\n"), "no reply");
        assert!(
            replies
                .lines()
                .all(|line| line.as_bytes().get(..3).is_some_and(|code| code.iter().all(u8::is_ascii_digit)))
        );
        assert_eq!(from_bytes::<Session>(&to_bytes(&session)).as_ref(), Ok(&session), "a session does not come back");
    }
    assert!(unstuff(octets).len() <= octets.len(), "a message grows");
}

const HEADS: &[&[u8]] = &[
    b"POST /EWS/Exchange.asmx?a=b%20c&d HTTP/1.1\r\nHost: mail.x.test\r\nContent-Type: text/xml\r\nContent-Length: 10\r\n\
      X-Forwarded-For: 6.6.6.6, [2001:db8::1]:80\r\nExpect: 100-continue\r\n\r\n",
    b"GET /readyz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\n\r\n",
];

const CHUNKS: &[&[u8]] = &[b"5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\nGET /", b"1\r\nx\r\n0\r\n\r\n"];

const ANSWERS: &[&[u8]] = &[
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nCache-Control: public, max-age=300\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
];

const HTTP: &[&[u8]] = &[
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b": ",
    b":",
    b" ",
    b"\t",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"Host: x\r\n",
    b"Content-Length: 0\r\n",
    b"Content-Length: +1\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip, chunked\r\n",
    b"Connection: close\r\n",
    b"X-Forwarded-For: 127.0.0.1",
    b"X-Forwarded-For: \xff\r\n",
    b",",
    b"?",
    b"%",
    b"%00",
    b"+",
    b"&",
    b";",
    b"0\r\n",
    b"fffffffffffffff\r\n",
    b"\0",
    b"\xff",
];

const PREFACES: &[&[u8]] = &[
    b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\nGET",
    b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n",
    b"PROXY UNKNOWN ffff::1 x\r\n",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10\xc0\0\x02\x07\xc6\x33\x64\x01\x12\x67\x01\xbb\x03\0\x01xG",
    b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
];

const PREFACE: &[&[u8]] = &[
    b"PROXY ",
    b"TCP4",
    b"TCP6",
    b"UNKNOWN",
    b"\r\n",
    b"\n",
    b" ",
    b"::ffff:1.2.3.4",
    b"\r\n\r\n\0\r\nQUIT\n",
    b"\x21\x11\0\x0c",
    b"\x21\x21\0\x24",
    b"\x21\x31\0\xd8",
    b"\xff\xff",
    b"\x03\0\x04",
];

const SESSIONS: &[&[u8]] = &[
    b"LHLO a.test\r\nMAIL FROM:<a@b.test> SIZE=100 BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<c@d.test>\r\nDATA\r\nRSET\r\nQUIT\r\n",
    b"LHLO [192.0.2.1]\r\nMAIL FROM:<>\r\nRCPT TO:<\"a b\"@[192.0.2.1]>\r\nRCPT TO:<@x,@y:z@d>\r\nVRFY x\r\n..\r\n",
];

const LMTP: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"LHLO ",
    b"MAIL FROM:",
    b"RCPT TO:",
    b"DATA\r\n",
    b"RSET\r\n",
    b"<>",
    b"<",
    b">",
    b"\"",
    b"\\",
    b"@",
    b"[",
    b"]",
    b" SIZE=",
    b"99999999999999999999",
    b" SMTPUTF8",
    b" BODY=",
    b"\xc3\xbc",
    b"\xff",
    b"\0",
    b"\r\n.",
];
