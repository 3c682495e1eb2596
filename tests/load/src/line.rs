//! A connection to a server: TCP, or TLS over it. Both may be asked not to wait, and both can be watched by their descriptor.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsRawFd as _, RawFd};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::error::{During, Result};

/// What octets go through.
#[derive(Debug)]
pub enum Line {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Line {
    /// Encrypts it as of now; the certificate must be good for `host`.
    ///
    /// # Errors
    /// What is wrong with the other side, in rustls' words.
    pub fn encrypt(mut stream: TcpStream, tls: &Arc<ClientConfig>, host: &str) -> Result<Line> {
        let name = ServerName::try_from(host.to_owned()).during(format_args!("{host} in a certificate"))?;
        let mut connection = ClientConnection::new(Arc::clone(tls), name).during("TLS")?;
        while connection.is_handshaking() {
            connection.complete_io(&mut stream).during(format_args!("TLS with {host}"))?;
        }
        Ok(Line::Tls(Box::new(StreamOwned::new(connection, stream))))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Line::Plain(stream) => stream,
            Line::Tls(stream) => &stream.sock,
        }
    }

    pub fn set_read_timeout(&self, time: Duration) -> Result {
        self.socket().set_read_timeout(Some(time)).during("a deadline for reading")
    }

    /// Whether reading says `WouldBlock` from now on where there is nothing.
    pub fn set_nonblocking(&self, on: bool) -> Result {
        self.socket().set_nonblocking(on).during("not to wait")
    }

    pub fn descriptor(&self) -> RawFd {
        self.socket().as_raw_fd()
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Plain(stream) => stream.read(buffer),
            Line::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Line::Plain(stream) => stream.write(octets),
            Line::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Line::Plain(stream) => stream.flush(),
            Line::Tls(stream) => stream.flush(),
        }
    }
}
