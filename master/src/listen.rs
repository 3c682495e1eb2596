//! Opens the listening sockets: `ADDRESS:PORT` or `unix:PATH`. What comes in is taken in `accept.rs`.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrLike, UnixAddr, bind, listen,
    setsockopt, socket, sockopt,
};

use crate::state::Kind;

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    pub socket: Socket,
    pub kind: Kind,
    /// Its number among all listeners, which its events carry.
    pub number: usize,
    /// Its index within its setting, which workers are told.
    pub index: u16,
    /// Where it really listens: `ADDRESS:PORT` or `unix:PATH`.
    pub address: String,
    /// The file to remove when it is closed.
    path: Option<PathBuf>,
}

/// The two kinds of listening sockets.
#[derive(Debug)]
pub enum Socket {
    Tcp(mio::net::TcpListener),
    Unix(mio::net::UnixListener),
}

impl Socket {
    /// Takes one connection: its socket (non-blocking, close-on-exec) and the client's address, unspecified for a Unix socket.
    ///
    /// # Errors
    /// What accept4(2) reports; `WouldBlock` when nobody waits.
    pub fn accept(&self) -> io::Result<(OwnedFd, SocketAddr)> {
        match self {
            Socket::Tcp(listener) => listener.accept().map(|(stream, peer)| (stream.into(), peer)),
            Socket::Unix(listener) => {
                let nowhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
                listener.accept().map(|(stream, _)| (stream.into(), nowhere))
            }
        }
    }

    /// For epoll.
    pub fn raw(&self) -> RawFd {
        match self {
            Socket::Tcp(listener) => listener.as_raw_fd(),
            Socket::Unix(listener) => listener.as_raw_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // It may be gone already; nobody is left to be told.
            let _ = fs::remove_file(path);
        }
    }
}

/// Opens one listener; `mode` is the mode of a Unix socket's file.
///
/// # Errors
/// A sentence that names the address and what is wrong with it.
pub fn open(text: &str, kind: Kind, index: u16, mode: u32) -> Result<Listener, String> {
    let opened = match text.strip_prefix("unix:") {
        Some(path) => open_unix(Path::new(path), mode).map(|socket| (socket, text.to_owned(), Some(path.into()))),
        None => open_tcp(text).map(|(socket, bound)| (socket, bound.to_string(), None)),
    };
    match opened {
        Ok((socket, address, path)) => Ok(Listener { socket, kind, number: 0, index, address, path }),
        Err(error) => Err(format!("cannot listen on {text}: {error}")),
    }
}

fn flags() -> SockFlag {
    SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK
}

/// The kernel cuts this down to net.core.somaxconn.
fn backlog() -> io::Result<Backlog> {
    Ok(Backlog::new(4096)?)
}

fn open_tcp(text: &str) -> io::Result<(Socket, SocketAddr)> {
    let address =
        text.to_socket_addrs()?.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such address"))?;
    let listener = match address {
        SocketAddr::V4(v4) => bound(AddressFamily::Inet, &SockaddrIn::from(v4))?,
        SocketAddr::V6(v6) => bound(AddressFamily::Inet6, &SockaddrIn6::from(v6))?,
    };
    listen(&listener, backlog()?)?;
    let listener = std::net::TcpListener::from(listener);
    let bound = listener.local_addr()?;
    Ok((Socket::Tcp(mio::net::TcpListener::from_std(listener)), bound))
}

fn bound(family: AddressFamily, address: &dyn SockaddrLike) -> io::Result<OwnedFd> {
    let listener = socket(family, SockType::Stream, flags(), None)?;
    setsockopt(&listener, sockopt::ReuseAddr, &true)?;
    bind(listener.as_raw_fd(), address)?;
    Ok(listener)
}

fn open_unix(path: &Path, mode: u32) -> io::Result<Socket> {
    remove_stale(path)?;
    let listener = socket(AddressFamily::Unix, SockType::Stream, flags(), None)?;
    bind(listener.as_raw_fd(), &UnixAddr::new(path)?)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    listen(&listener, backlog()?)?;
    Ok(Socket::Unix(mio::net::UnixListener::from_std(listener.into())))
}

/// Removes a socket that a dead server left behind, never one that somebody answers on.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(meta) if !meta.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "the path exists and is no socket"))
        }
        Ok(_) => match UnixStream::connect(path) {
            Ok(_) => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server answers there; stop it first")),
            Err(_) => fs::remove_file(path),
        },
    }
}
