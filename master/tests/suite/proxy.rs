//! The PROXY protocol: whose connection it is, said by who may say it, before anything else.

use crate::server::{Client, Server, number};

const ASK: &str = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";

fn told(server: &Server, preface: &[u8]) -> Client {
    let mut client = server.connect();
    client.send(preface).send(ASK);
    client
}

#[test]
fn the_client_is_whom_the_proxy_names() {
    let server = Server::start(&["proxy=yes"]);
    let v2 = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\x09\xcb\0\x71\x01\x12\x67\x01\xbb".as_slice()].concat();
    for (preface, peer) in [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n".as_slice(), "192.0.2.7:4711"),
        (b"PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", "[2001:db8::7]:4711"),
        (&v2, "198.51.100.9:4711"),
    ] {
        let mut client = told(&server, preface);
        assert_eq!(client.reply().header("x-peer"), peer);
        // It holds for the connection.
        assert_eq!(client.get("/echo").header("x-peer"), peer);
    }
    // The proxy's own connections stay the proxy's.
    assert_eq!(told(&server, b"PROXY UNKNOWN\r\n").reply().header("x-peer"), "127.0.0.1:0", "nobody is named");
    // In as many pieces as one likes.
    let mut client = server.connect();
    for octet in b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n" {
        client.send([*octet]);
    }
    client.send(ASK);
    assert_eq!(client.reply().header("x-peer"), "192.0.2.7:4711");
    server.stop();
}

#[test]
fn who_does_not_say_it_or_may_not_is_sent_away() {
    let server = Server::start(&["proxy=yes"]);
    for preface in [&b""[..], b"PROXY TCP4 nonsense\r\n", b"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0"] {
        assert!(told(&server, preface).closed(), "{preface:?}");
    }
    server.stop();
    let server = Server::start(&["proxy=yes", "proxies=192.0.2.0/24"]);
    assert!(told(&server, b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n").closed(), "127.0.0.1 is no proxy");
    server.stop();
    // Without the option it is no request either.
    let server = Server::start(&[]);
    assert_eq!(told(&server, b"PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n").reply().status, 400);
    server.stop();
}

#[test]
fn connections_count_as_the_clients() {
    let server = Server::start(&["proxy=yes", "connections_per_address=2"]);
    let from = |address: &str| told(&server, format!("PROXY TCP4 {address} 198.51.100.1 4711 443\r\n").as_bytes());
    let mut inside = vec![from("192.0.2.7"), from("192.0.2.7"), from("192.0.2.8")];
    for client in &mut inside {
        assert_eq!(client.reply().status, 200);
    }
    assert_eq!(from("192.0.2.7").reply().status, 503);
    let mut other = from("192.0.2.8");
    assert_eq!(other.reply().status, 200);
    // What it leaves is free again.
    drop(inside);
    server.until("only one is left", |status| number(status, "idle") == 1);
    assert_eq!(from("192.0.2.7").reply().status, 200);
    server.stop();
}
