//! An LMTP client (RFC 2033) that can also send raw bytes.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer: its code and the text of each line.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

pub struct Lmtp {
    reader: BufReader<TcpStream>,
    pub greeting: Reply,
}

impl Lmtp {
    /// Connects and reads the greeting.
    pub fn connect(address: SocketAddr) -> Lmtp {
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("no connection to {address}: {e}"));
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        let mut lmtp = Lmtp { reader: BufReader::new(stream), greeting: Reply { code: 0, lines: Vec::new() } };
        lmtp.greeting = lmtp.reply();
        assert_eq!(lmtp.greeting.code, 220, "{:?}", lmtp.greeting);
        lmtp
    }

    /// Connects and says LHLO.
    pub fn hello(address: SocketAddr) -> Lmtp {
        let mut lmtp = Lmtp::connect(address);
        let reply = lmtp.command("LHLO client.example.test");
        assert_eq!(reply.code, 250, "{reply:?}");
        lmtp
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.reader.get_mut().write_all(bytes).expect("the server takes the bytes");
    }

    pub fn command(&mut self, line: &str) -> Reply {
        self.send(format!("{line}\r\n").as_bytes());
        self.reply()
    }

    pub fn reply(&mut self) -> Reply {
        self.try_reply().expect("an answer")
    }

    pub fn try_reply(&mut self) -> std::io::Result<Reply> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the server closed"));
            }
            let line = line.trim_end();
            let code = line.get(..3).and_then(|c| c.parse().ok()).unwrap_or_else(|| panic!("no code: {line:?}"));
            lines.push(line.get(4..).unwrap_or_default().to_owned());
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(Reply { code, lines });
            }
        }
    }

    /// Delivers a message; the answer for each recipient that was accepted, else the refusal of it, in order.
    pub fn deliver(&mut self, from: &str, to: &[&str], message: &[u8]) -> Vec<Reply> {
        let reply = self.command(&format!("MAIL FROM:<{from}> SIZE={}", message.len()));
        if reply.code != 250 {
            return vec![reply; to.len()];
        }
        let mut replies: Vec<Reply> = to.iter().map(|to| self.command(&format!("RCPT TO:<{to}>"))).collect();
        if replies.iter().all(|r| r.code != 250) {
            self.command("RSET");
            return replies;
        }
        let go = self.command("DATA");
        assert_eq!(go.code, 354, "{go:?}");
        self.send(&stuffed(message));
        for reply in replies.iter_mut().filter(|r| r.code == 250) {
            *reply = self.try_reply().expect("an answer for each recipient");
        }
        replies
    }
}

/// A message as it goes over the line: dots doubled, the final dot added.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 16);
    for line in message.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// Delivers one message to one mailbox, which must be accepted.
pub fn deliver(address: SocketAddr, to: &str, message: &[u8]) {
    let replies = Lmtp::hello(address).deliver("sender@elsewhere.test", &[to], message);
    assert_eq!(replies[0].code, 250, "{replies:?}");
}

/// Delivers one message on a connection of its own, which may end at any time; the code of the answer that decided, and an error
/// if there was none, or none within that time.
pub fn try_deliver(address: SocketAddr, to: &str, message: &[u8], within: Duration) -> std::io::Result<u16> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(within))?;
    let mut lmtp = Lmtp { reader: BufReader::new(stream), greeting: Reply { code: 0, lines: Vec::new() } };
    lmtp.greeting = lmtp.try_reply()?;
    if lmtp.greeting.code != 220 {
        return Ok(lmtp.greeting.code);
    }
    let recipient = format!("RCPT TO:<{to}>");
    for command in ["LHLO client.example.test", "MAIL FROM:<a@elsewhere.test>", &recipient, "DATA"] {
        lmtp.reader.get_mut().write_all(format!("{command}\r\n").as_bytes())?;
        let code = lmtp.try_reply()?.code;
        if code / 100 > 3 {
            return Ok(code);
        }
    }
    lmtp.reader.get_mut().write_all(&stuffed(message))?;
    Ok(lmtp.try_reply()?.code)
}
