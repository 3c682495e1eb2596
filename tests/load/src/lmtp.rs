//! Just enough LMTP to deliver a message.

use std::fmt::Debug;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use crate::error::{During, Error, Result};
use crate::target::Lmtp;

/// What a session speaks over.
trait Stream: Read + Write + Send + Debug {}

impl Stream for TcpStream {}
impl Stream for UnixStream {}

#[derive(Debug)]
pub struct Session {
    reader: BufReader<Box<dyn Stream>>,
    line: String,
}

impl Session {
    pub fn open(place: &Lmtp) -> Result<Session> {
        let stream: Box<dyn Stream> = match place {
            Lmtp::Port(address) => {
                let stream = TcpStream::connect(address).during(address)?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            Lmtp::Socket(path) => Box::new(UnixStream::connect(path).during(path.display())?),
        };
        let mut session = Session { reader: BufReader::new(stream), line: String::new() };
        session.expect("220")?;
        session.say(b"LHLO load.example.test\r\n")?;
        session.expect("250")?;
        Ok(session)
    }

    /// Delivers a short message to one address, with the dialogue in one write.
    pub fn deliver(&mut self, to: &str, subject: &str) -> Result {
        let dialogue = format!(
            "MAIL FROM:<load@elsewhere.test>\r\nRCPT TO:<{to}>\r\nDATA\r\nFrom: load@elsewhere.test\r\nSubject: {subject}\r\n\r\nwords\r\n.\r\n"
        );
        self.say(dialogue.as_bytes())?;
        for code in ["250", "250", "354", "250"] {
            self.expect(code)?;
        }
        Ok(())
    }

    /// Delivers a whole message, whatever is in it.
    pub fn deliver_octets(&mut self, to: &str, message: &[u8]) -> Result {
        self.say(format!("MAIL FROM:<corpus@elsewhere.test>\r\nRCPT TO:<{to}>\r\nDATA\r\n").as_bytes())?;
        for code in ["250", "250", "354"] {
            self.expect(code)?;
        }
        let mut stuffed = Vec::with_capacity(message.len() + 64);
        for line in message.split_inclusive(|octet| *octet == b'\n') {
            if line.starts_with(b".") {
                stuffed.push(b'.');
            }
            stuffed.extend_from_slice(line);
        }
        // The end stands in a line of its own.
        if !message.ends_with(b"\r\n") {
            stuffed.extend_from_slice(b"\r\n");
        }
        stuffed.extend_from_slice(b".\r\n");
        self.say(&stuffed)?;
        self.expect("250")
    }

    fn say(&mut self, bytes: &[u8]) -> Result {
        self.reader.get_mut().write_all(bytes).during("LMTP")
    }

    fn expect(&mut self, code: &str) -> Result {
        loop {
            self.line.clear();
            if self.reader.read_line(&mut self.line).during("LMTP")? == 0 {
                return Err(Error::new("the LMTP server closed the connection"));
            }
            if !self.line.starts_with(code) {
                return Err(Error::new(format!("{code} expected of LMTP, got {}", self.line.trim())));
            }
            if self.line.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
    }
}
