//! LMTP framing: greeting, groups of lines, data up to the final dot.

use crate::server::Server;

fn server() -> Server {
    Server::start(&["lmtp=yes"])
}

#[test]
fn a_conversation_is_framed_line_by_line_and_dot_by_dot() {
    let server = server();
    let mut client = server.lmtp();
    assert_eq!(client.until("\r\n"), "220 scripted\r\n");
    assert_eq!(client.send("LHLO me\r\n").until("\r\n"), "250 LHLO me\r\n");
    client.send("MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n");
    for line in ["MAIL FROM:<a>", "RCPT TO:<b>", "DATA"] {
        assert_eq!(client.until("\r\n"), format!("250 {line}\r\n"));
    }
    client.send("Subject: x\r\n\r\n..dots\r\n.\r\n");
    assert_eq!(client.until("\r\n"), "250 22 Subject: x\\r\\n\\r\\n..dots\\r\\n\r\n");
    assert_eq!(client.send("quit\r\n").until("\r\n"), "221 bye\r\n");
    assert!(client.closed());
    server.stop();
}

#[test]
fn an_idle_conversation_holds_no_worker() {
    let server = Server::start(&["lmtp=yes", "workers=1"]);
    let mut clients: Vec<_> = (0..20).map(|_| server.lmtp()).collect();
    for client in &mut clients {
        client.until("220 scripted\r\n");
        client.send("MAIL FROM:<a>\r\nDATA\r\n").until("250 DATA\r\n");
        client.send("half of a mess");
    }
    assert_eq!(server.get("/echo").status, 200);
    for client in &mut clients {
        assert_eq!(client.send("age\r\n.\r\n").until("\r\n"), "250 19 half of a message\\r\\n\r\n");
    }
    server.stop();
}

#[test]
fn everything_may_come_at_once() {
    let server = server();
    let mut client = server.lmtp();
    client.send("LHLO me\r\nDATA\r\nfirst\r\n.\r\nDATA\r\n.\r\nRSET\r\nQUIT\r\n");
    assert_eq!(
        client.until("221 bye\r\n"),
        concat!(
            "220 scripted\r\n250 LHLO me\r\n250 DATA\r\n250 7 first\\r\\n\r\n250 DATA\r\n250 0 \r\n",
            "221 bye\r\n"
        )
    );
    server.stop();
}

#[test]
fn the_end_is_found_at_every_split() {
    let server = server();
    let message = b"a\r\n.b\r\n.\rc\r\n\n.\n\r.\r\n.\r\n";
    for split in 1..message.len() {
        let mut client = server.lmtp();
        client.until("220 scripted\r\n");
        client.send("DATA\r\n").until("250 DATA\r\n");
        client.send(&message[..split]);
        server.number("total");
        client.send(&message[split..]);
        let expected = String::from_utf8_lossy(&message[..message.len() - 3]).escape_debug().to_string();
        assert_eq!(client.until("\r\n"), format!("250 {} {expected}\r\n", message.len() - 3), "split at {split}");
    }
    server.stop();
}

#[test]
fn data_over_the_limit_is_thrown_away_to_its_end() {
    let server = server();
    let mut client = server.lmtp();
    client.until("220 scripted\r\n");
    for n in [1000, 1001, 3_000_000] {
        client.send("DATA\r\n").until("250 DATA\r\n");
        client.send(vec![b'x'; n - 2]).send("\r\n.\r\n");
        let answer = client.until("\r\n");
        assert_eq!(answer.starts_with("250 1000 x"), n == 1000, "{answer}");
        assert_eq!(answer == "552 too big\r\n", n > 1000, "{answer}");
    }
    assert_eq!(server.number("memfd_bytes"), 0);
    server.stop();
}

#[test]
fn a_line_that_does_not_end_is_not_kept() {
    let server = server();
    let mut client = server.lmtp();
    client.until("220 scripted\r\n");
    client.send(vec![b'x'; 2_000_000]).send("\r\nNOOP\r\n");
    assert_eq!(client.until("NOOP\r\n"), "500 line too long\r\n250 NOOP\r\n");
    server.stop();
}

#[test]
fn slow_mail_servers_are_told_before_they_are_left() {
    let server = Server::start(&["lmtp=yes", "idle=150", "body_min_rate=1000000"]);
    let mut idle = server.lmtp();
    idle.until("220 scripted\r\n");
    let mut line = server.lmtp();
    line.until("220 scripted\r\n");
    line.send("NOO");
    let mut data = server.lmtp();
    data.until("220 scripted\r\n");
    data.send("DATA\r\n").until("250 DATA\r\n");
    data.send("half");
    for client in [&mut idle, &mut line, &mut data] {
        assert!(client.until("\r\n").starts_with("421 4.3.2 "));
        assert!(client.closed());
    }
    server.stop();
}
