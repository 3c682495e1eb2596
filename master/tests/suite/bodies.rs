//! Request bodies: small, chunked, large after admission, refused.

use crate::server::Server;

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(size) {
        ewsd_http::chunk::put_chunk(chunk, &mut out);
    }
    out.extend_from_slice(ewsd_http::chunk::LAST_CHUNK);
    out
}

fn pattern(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn chunked_bodies_are_decoded_whatever_their_size() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for (n, size) in [(0, 1), (5, 2), (60_000, 999), (70_000, 65_536), (3_000_000, 100_000)] {
        let body = pattern(n);
        client.send("POST /upload?limit=10000000 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.send(chunked(&body, size));
        let reply = client.reply();
        assert_eq!((reply.status, reply.body == body), (200, true), "{n} bytes");
    }
    server.stop();
}

#[test]
fn a_large_body_is_taken_after_admission_only() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let body = pattern(5_000_000);
    assert!(client.post("/upload?limit=10000000", &body).body == body);
    // And the connection is still in step.
    assert_eq!(client.get("/echo").header("x-served"), "2");
    assert_eq!(server.number("memfd_bytes"), 0);
    server.stop();
}

#[test]
fn a_body_that_nobody_wants_is_passed_over() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for chunks in [false, true] {
        let body = pattern(300_000);
        let reply = if chunks {
            client.send("POST /discard?limit=1000000 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(chunked(&body, 5000)).reply()
        } else {
            client.post("/discard?limit=1000000", &body)
        };
        assert_eq!((reply.status, reply.text().as_str()), (401, "no"));
        assert_eq!(client.get("/echo").status, 200);
    }
    // Over the limit the answer comes, and then the end.
    let reply = client.send("POST /discard?limit=10 HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n").reply();
    assert_eq!((reply.status, reply.header("x-declared")), (401, "200000"));
    assert!(client.closed());
    server.stop();
}

#[test]
fn expect_continue_is_answered_when_the_body_is_wanted() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let head = |path: &str, n: usize| {
        format!("POST {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {n}\r\n\r\n")
    };
    for n in [5, 60_000, 500_000] {
        client.send(head("/upload?limit=1000000", n));
        assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(client.send(pattern(n)).reply().body, pattern(n));
        client.send(EXPECT_CHUNKED.replace("PATH", "/upload?limit=1000000"));
        assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        assert_eq!(client.send(chunked(&pattern(n), 9000)).reply().body, pattern(n));
        // Whoever does not wait is asked for nothing.
        client.send([head("/upload?limit=1000000", n).as_bytes(), &pattern(n)].concat());
        assert_eq!(client.until("\r\n\r\n").split(' ').nth(1), Some("200"));
        assert_eq!(client.bytes(n), pattern(n));
    }
    assert_eq!(server.number("memfd_bytes"), 0);
    server.stop();
}

const EXPECT_CHUNKED: &str =
    "POST PATH HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Of a body that is not small the refusal comes instead of the 100, and then the end (RFC 9110 10.1.1).
#[test]
fn who_waits_for_100_and_is_refused_is_told_at_once() {
    let server = Server::start(&["body_bytes=1000000"]);
    let head = |path: &str, n: usize| {
        format!("POST {path} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {n}\r\n\r\n")
    };
    for (head, status) in [
        (head("/discard?limit=1000000", 500_000), "401"),
        (head("/discard?limit=1000", 500_000), "401"),
        (EXPECT_CHUNKED.replace("PATH", "/discard?limit=1000000"), "401"),
        (EXPECT_CHUNKED.replace("PATH", "/discard?limit=0"), "401"),
        (head("/upload?limit=1000", 500_000), "413"),
        (head("/upload?limit=9999999", 1_000_001), "413"),
    ] {
        let mut client = server.connect();
        client.send(&head);
        assert_eq!(client.until("\r\n\r\n").split(' ').nth(1), Some(status), "{head}");
        assert!(client.closed(), "{head}");
    }
    // A small one is asked for at once, so that the connection lives on.
    let mut client = server.connect();
    client.send(head("/echo", 5));
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.send("12345").reply().status, 200);
    assert_eq!(client.get("/echo").status, 200);
    // How long a chunked body is shows only as it comes.
    let mut client = server.connect();
    client.send(EXPECT_CHUNKED.replace("PATH", "/upload?limit=1000"));
    assert_eq!(client.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(client.send(chunked(&pattern(2000), 500)).reply().status, 413);
    assert!(client.closed());
    server.stop();
}

#[test]
fn a_body_over_the_servers_limit_never_reaches_a_worker() {
    let server = Server::start(&["body_bytes=100000"]);
    let mut client = server.connect();
    client.send("POST /upload?limit=9999999 HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n");
    assert_eq!(client.reply().status, 413);
    let mut client = server.connect();
    client.send("POST /upload?limit=9999999 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(chunked(&pattern(150_000), 10_000));
    assert_eq!(client.reply().status, 413);
    server.stop();
}

#[test]
fn a_worker_that_dies_over_an_admission_takes_only_that_connection() {
    let server = Server::start(&["workers=1"]);
    let mut client = server.connect();
    client.send("POST /die HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
    assert!(client.closed());
    server.until_number("total", 0);
    assert_eq!(server.get("/echo").status, 200);
    server.stop();
}
