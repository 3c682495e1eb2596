//! A connection to a directory's server: TCP or a Unix socket, with TLS or without.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use ewsd_settings::Directory;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::tls::{Deadline, Timed};

pub(super) enum Line {
    Tcp(Timed<TcpStream>),
    Tls(Box<StreamOwned<ClientConnection, Timed<TcpStream>>>),
    Unix(Timed<UnixStream>),
}

impl Line {
    /// Connects; also what the server is called.
    ///
    /// # Errors
    /// Why it is not reached, with what it is called.
    pub fn open(server: &Directory, deadline: Deadline) -> Result<(Line, String), String> {
        match server {
            Directory::Ldap { host, port } | Directory::Ldaps { host, port } => {
                let name = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
                match tcp(host, *port, deadline) {
                    Ok(socket) => Ok((Line::Tcp(Timed { socket, deadline }), name)),
                    Err(error) => Err(format!("{name}: {error}")),
                }
            }
            Directory::Ldapi { path } => match UnixStream::connect(path) {
                Ok(socket) => Ok((Line::Unix(Timed { socket, deadline }), path.clone())),
                Err(error) => Err(format!("{path}: {error}")),
            },
        }
    }

    /// Goes on with TLS: the handshake is made, and the server has proved to be `host`.
    ///
    /// # Errors
    /// Why not.
    pub fn encrypt(self, tls: Arc<ClientConfig>, host: &str) -> Result<Line, String> {
        let Line::Tcp(mut socket) = self else { return Err("there is no TLS on this connection".to_owned()) };
        let host = ServerName::try_from(host.to_owned()).map_err(|error| error.to_string())?;
        let mut session = ClientConnection::new(tls, host).map_err(|error| error.to_string())?;
        while session.is_handshaking() {
            session.complete_io(&mut socket).map_err(|error| format!("TLS: {error}"))?;
        }
        Ok(Line::Tls(Box::new(StreamOwned::new(session, socket))))
    }
}

/// The first of the host's addresses that can be connected to.
fn tcp(host: &str, port: u16, deadline: Deadline) -> io::Result<TcpStream> {
    let mut why = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, deadline.left()?) {
            Ok(socket) => {
                // A question is one write and waits for its answer.
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Err(error) => why = error,
        }
    }
    Err(why)
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Line::Tcp(socket) => socket.read(buffer),
            Line::Tls(session) => session.read(buffer),
            Line::Unix(socket) => socket.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Line::Tcp(socket) => socket.write(octets),
            Line::Tls(session) => session.write(octets),
            Line::Unix(socket) => socket.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Line::Tcp(socket) => socket.flush(),
            Line::Tls(session) => session.flush(),
            Line::Unix(socket) => socket.flush(),
        }
    }
}
