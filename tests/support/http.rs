//! A small blocking HTTP/1.1 client that can also misbehave: it sends any bytes and shows the answer's bytes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use rustls::{ClientConfig, ClientConnection};

/// An answer, its body decoded from chunks but not from gzip.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of this name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the server means to close after this answer.
    pub fn closes(&self) -> bool {
        self.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"))
    }
}

/// One connection. Bytes read beyond an answer stay for the next.
pub struct Http {
    pub stream: TcpStream,
    pub address: SocketAddr,
    /// Inside of TLS.
    tls: Option<Box<ClientConnection>>,
    unread: Vec<u8>,
}

impl Http {
    pub fn connect(address: SocketAddr) -> Http {
        Http::try_connect(address).unwrap_or_else(|e| panic!("no connection to {address}: {e}"))
    }

    pub fn try_connect(address: SocketAddr) -> std::io::Result<Http> {
        Http::over(TcpStream::connect(address)?, address)
    }

    /// From an address of this machine: all of 127.0.0.0/8 are.
    pub fn connect_from(source: Ipv4Addr, address: SocketAddr) -> Http {
        let SocketAddr::V4(target) = address else { panic!("{address} is not of version 4") };
        let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).expect("a socket");
        bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0))).expect("an address of this machine");
        connect(socket.as_raw_fd(), &SockaddrIn::from(target)).unwrap_or_else(|e| panic!("{source} to {address}: {e}"));
        Http::over(TcpStream::from(socket), address).expect("a connection")
    }

    /// Inside of TLS, to a server that calls itself `localhost`; the configuration has the certificate of the client, if any.
    pub fn connect_tls(address: SocketAddr, config: Arc<ClientConfig>) -> std::io::Result<Http> {
        let name = "localhost".try_into().map_err(|_| bad("name"))?;
        let session = ClientConnection::new(config, name).map_err(|error| bad(&error.to_string()))?;
        let plain = Http::try_connect(address)?;
        Ok(Http { tls: Some(Box::new(session)), ..plain })
    }

    fn over(stream: TcpStream, address: SocketAddr) -> std::io::Result<Http> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(90)))?;
        stream.set_write_timeout(Some(Duration::from_secs(90)))?;
        Ok(Http { stream, address, tls: None, unread: Vec::new() })
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).expect("the server takes the bytes");
    }

    fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match &mut self.tls {
            Some(session) => rustls::Stream::new(session.as_mut(), &mut self.stream).write_all(bytes),
            None => self.stream.write_all(bytes),
        }
    }

    /// A stopped process that goes on is told of an interruption where a deadline is set (signal(7)): it reads on.
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let read = match &mut self.tls {
                Some(session) => rustls::Stream::new(session.as_mut(), &mut self.stream).read(buffer),
                None => self.stream.read(buffer),
            };
            match read {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Sends a request with the usual head and the given extra header lines (without line ends).
    pub fn try_post(&mut self, path: &str, headers: &[&str], body: &[u8]) -> std::io::Result<Reply> {
        let request = request("POST", path, headers, body);
        self.try_send(&request)?;
        self.try_reply()
    }

    pub fn post(&mut self, path: &str, headers: &[&str], body: &[u8]) -> Reply {
        self.try_post(path, headers, body).expect("an answer")
    }

    pub fn get(&mut self, path: &str, headers: &[&str]) -> Reply {
        let mut head = format!("GET {path} HTTP/1.1\r\nHost: test\r\n");
        for line in headers {
            head.push_str(line);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.send(head.as_bytes());
        self.reply()
    }

    pub fn reply(&mut self) -> Reply {
        self.try_reply().expect("an answer")
    }

    /// Reads one answer, interim ones (1xx) skipped.
    pub fn try_reply(&mut self) -> std::io::Result<Reply> {
        loop {
            let reply = self.read_reply()?;
            if reply.status / 100 != 1 {
                return Ok(reply);
            }
        }
    }

    /// Reads one answer, be it an interim one.
    pub fn read_reply(&mut self) -> std::io::Result<Reply> {
        let mut reply = self.read_head()?;
        if reply.status / 100 == 1 || reply.status == 204 || reply.status == 304 {
            return Ok(reply);
        }
        reply.body = if reply.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked")) {
            let mut body = Vec::new();
            while let Some(chunk) = self.chunk()? {
                body.extend(chunk);
            }
            body
        } else if let Some(length) = reply.header("content-length") {
            let length = length.parse().map_err(|_| bad("length"))?;
            self.take(length)?
        } else {
            self.rest()?
        };
        Ok(reply)
    }

    /// Reads the head of an answer alone.
    pub fn read_head(&mut self) -> std::io::Result<Reply> {
        let head = self.take_through(b"\r\n\r\n")?;
        let head = String::from_utf8(head).map_err(|_| bad("head is no text"))?;
        let mut lines = head.trim_end().split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = match first.strip_prefix("HTTP/1.1 ").and_then(|r| r.get(..3)) {
            Some(digits) => digits.parse().map_err(|_| bad(first))?,
            None => return Err(bad(first)),
        };
        let headers: Vec<(String, String)> = lines
            .map(|l| l.split_once(':').map(|(n, v)| (n.to_owned(), v.trim().to_owned())))
            .collect::<Option<_>>()
            .ok_or_else(|| bad("header without a colon"))?;
        Ok(Reply { status, headers, body: Vec::new() })
    }

    /// The next chunk of a chunked body; `None` after the last.
    pub fn chunk(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let line = self.take_through(b"\r\n")?;
        let text = String::from_utf8_lossy(&line);
        let size = usize::from_str_radix(text.trim().split(';').next().unwrap_or_default(), 16)
            .map_err(|_| bad("chunk size"))?;
        if size == 0 {
            self.take_through(b"\r\n")?;
            return Ok(None);
        }
        let data = self.take(size)?;
        self.take(2)?;
        Ok(Some(data))
    }

    /// Everything until the server closes.
    pub fn rest(&mut self) -> std::io::Result<Vec<u8>> {
        let mut all = std::mem::take(&mut self.unread);
        self.stream.read_to_end(&mut all)?;
        Ok(all)
    }

    /// Whether the server has closed: waits for its end of stream, takes a reset as one.
    pub fn closed(&mut self) -> bool {
        let mut byte = [0];
        self.unread.is_empty() && matches!(self.stream.read(&mut byte), Ok(0) | Err(_))
    }

    /// Whether nothing has come for `time`.
    pub fn silent_for(&mut self, time: Duration) -> bool {
        if !self.unread.is_empty() {
            return false;
        }
        self.stream.set_read_timeout(Some(time)).unwrap();
        let mut byte = [0];
        let silent = match self.stream.peek(&mut byte) {
            Err(e) => matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut),
            Ok(_) => false,
        };
        self.stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        silent
    }

    /// The client's port, by which the server's end is found in /proc/net/tcp.
    pub fn port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    fn fill(&mut self) -> std::io::Result<()> {
        let mut buffer = [0; 16384];
        let n = self.read(&mut buffer)?;
        if n == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the server closed"));
        }
        self.unread.extend_from_slice(&buffer[..n]);
        Ok(())
    }

    pub fn take(&mut self, n: usize) -> std::io::Result<Vec<u8>> {
        while self.unread.len() < n {
            self.fill()?;
        }
        let rest = self.unread.split_off(n);
        Ok(std::mem::replace(&mut self.unread, rest))
    }

    fn take_through(&mut self, mark: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut from = 0;
        loop {
            if let Some(at) = self.unread[from..].windows(mark.len()).position(|w| w == mark) {
                return self.take(from + at + mark.len());
            }
            from = self.unread.len().saturating_sub(mark.len());
            self.fill()?;
        }
    }
}

/// The bytes of a request with Content-Length.
pub fn request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut out = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n", body.len());
    for line in headers {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out.push_str("\r\n");
    let mut out = out.into_bytes();
    out.extend_from_slice(body);
    out
}

fn bad(what: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned())
}
