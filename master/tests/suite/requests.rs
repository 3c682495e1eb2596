//! Requests and replies: framing, keep-alive, pipelining, draining, the admin listener.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::server::{Client, Server};

#[test]
fn a_request_goes_to_a_worker_and_its_connection_stays() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let first = client.post("/echo", b"hello");
    assert_eq!((first.status, first.text().as_str()), (200, "hello"));
    assert_eq!(first.header("x-served"), "0");
    assert!(first.header("x-peer").starts_with("127.0.0.1:"));
    let second = client.get("/context?set=abc");
    assert_eq!(second.header("x-served"), "1");
    assert_eq!(second.header("x-conn"), first.header("x-conn"));
    assert_eq!(client.get("/echo").header("x-context"), "abc");
    server.until_number("idle", 1);
    server.stop();
}

/// Between two masters nobody is refused, nor told of another port.
#[test]
fn sockets_of_a_service_manager_outlive_the_master() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let key = format!("http={address}");
    for _ in 0..2 {
        let mut early = Client::connect(&address);
        early.ask("/echo");
        let server = Server::activated(&[&key], &listener);
        assert_eq!(early.reply().status, 200);
        assert!(!server.log().contains("nobody answers there"), "{}", server.log());
        server.stop();
    }
    let server = Server::activated(&[], &listener);
    assert!(server.log().contains("nobody answers there"), "{}", server.log());
    server.stop();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    let mut all = Vec::new();
    for i in 0..50 {
        let body = format!("body {i}");
        all.extend(format!("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}", body.len()).bytes());
    }
    client.send(all);
    for i in 0..50 {
        assert_eq!(client.reply().text(), format!("body {i}"));
    }
    server.stop();
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    for byte in b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" {
        client.send([*byte]);
    }
    assert_eq!(client.reply().text(), "hello");
    server.stop();
}

#[test]
fn the_worker_may_close_and_http_1_0_is_closed() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    assert_eq!(client.get("/close").header("connection"), "close");
    assert!(client.closed());
    let mut old = server.connect();
    old.send("GET /echo HTTP/1.0\r\n\r\n");
    assert_eq!(old.reply().status, 200);
    assert!(old.closed());
    server.until_number("total", 0);
    server.stop();
}

#[test]
fn a_client_that_sends_its_end_early_is_still_answered() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/echo").stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.reply().status, 200);
    assert!(client.closed());
    server.stop();
}

#[test]
fn large_replies_are_drained_while_others_are_served() {
    let server = Server::start(&["workers=1"]);
    const SIZE: usize = 20_000_000;
    for path in ["/big", "/drain"] {
        let mut slow = server.connect();
        slow.ask(&format!("{path}?n={SIZE}"));
        server.until_number("draining", 1);
        // The only worker is free again.
        assert_eq!(server.get("/echo").status, 200);
        let reply = slow.reply();
        assert_eq!(reply.body.len(), SIZE);
        assert!(reply.body.iter().enumerate().all(|(i, byte)| *byte == b'a' + (i % 23) as u8));
        assert_eq!(slow.get("/echo").status, 200);
    }
    server.stop();
}

#[test]
fn a_request_pipelined_behind_a_drained_reply_is_served() {
    let server = Server::start(&[]);
    let mut client = server.connect();
    client.ask("/big?n=9000000");
    server.until_number("draining", 1);
    client.ask("/echo");
    assert_eq!(client.reply().body.len(), 9_000_000);
    assert_eq!(client.reply().header("x-served"), "1");
    server.stop();
}

#[test]
fn bad_requests_get_400_and_the_end() {
    let server = Server::start(&[]);
    for request in [
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
        "GET / HTTP/1.1\nHost: h\n\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00",
    ] {
        let mut client = server.connect();
        client.send(request);
        let reply = client.reply();
        assert_eq!((reply.status, reply.header("connection")), (400, "close"), "{request:?}");
        assert!(client.closed());
    }
    assert_eq!(server.pids("request").len(), 2);
    server.stop();
}

#[test]
fn a_unix_listener_serves_too() {
    let path = std::env::temp_dir().join(format!("ewsd-unix-{}.sock", std::process::id()));
    let server = Server::start(&[&format!("unix={}", path.display())]);
    let mut stream = std::os::unix::net::UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET /echo HTTP/1.0\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.contains("X-Peer: 0.0.0.0:0"), "{text}");
    assert!(text.contains("X-Listener: 1"), "{text}");
    server.stop();
    assert!(!path.exists());
}

#[test]
fn the_admin_listener_answers_by_itself() {
    let server = Server::start(&[]);
    server.get("/echo");
    let mut admin = Client::connect(&server.address("admin"));
    assert_eq!(admin.get("/healthz").status, 200);
    assert_eq!(admin.get("/readyz").text(), "ready\n");
    let metrics = admin.get("/metrics").text();
    for line in ["ewsd_operations_total 1", "ewsd_connections{state=\"held\"} 0", "ewsd_ready 1", "ewsd_jobs_total 1"] {
        assert!(metrics.lines().any(|known| known == line), "{line} in {metrics}");
    }
    assert_eq!(admin.get("/other").status, 404);
    assert_eq!(admin.post("/metrics", b"").status, 405);
    assert_eq!(admin.post("/metrics", b"x").status, 400);
    server.stop();
}

#[test]
fn the_control_socket_says_what_is_wrong() {
    let server = Server::start(&[]);
    for (line, text) in [
        ("{}", "a command looks like"),
        ("nonsense", "expected one JSON object"),
        ("{\"cmd\":\"dance\"}", "unknown command dance"),
        ("{\"cmd\":\"changed\",\"mailbox\":1}", "whole number \\\"seq\\\""),
        ("{\"cmd\":\"status\",\"x\":[1]}", "expected a string"),
    ] {
        let answer = server.command(line);
        assert!(answer.starts_with("{\"ok\":false,") && answer.contains(text), "{line}: {answer}");
    }
    assert!(server.status().starts_with("{\"ok\":true,"));
    assert_eq!(server.get("/echo").header("x-epoch"), "1");
    assert!(server.command("{\"cmd\":\"forget\"}").starts_with("{\"ok\":true"));
    assert_eq!(server.get("/echo").header("x-epoch"), "2");
    server.stop();
}
