//! Opens the listening sockets: `ADDRESS:PORT` or `unix:PATH`. What comes in is taken in `accept.rs`.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrLike, UnixAddr, bind, listen,
    setsockopt, socket, sockopt,
};
use nix::unistd::Group;

use crate::activate::Activated;
use crate::config::Listen;
use crate::state::Protocol;

/// A listening socket.
#[derive(Debug)]
pub struct Listener {
    pub socket: Socket,
    pub kind: Protocol,
    /// Its number among all listeners, which its events carry.
    pub number: usize,
    /// Its index within its setting, which workers are told.
    pub index: u16,
    /// Connections begin with a header of the PROXY protocol.
    pub proxy: bool,
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

impl Listener {
    /// One that is open already: its kind, number, index, and whether connections begin with a header of the PROXY protocol.
    pub fn of(
        socket: OwnedFd,
        unix: bool,
        (kind, number, index, proxy): (Protocol, usize, u16, bool),
        address: String,
        path: Option<PathBuf>,
    ) -> Listener {
        let socket = if unix {
            Socket::Unix(mio::net::UnixListener::from_std(socket.into()))
        } else {
            Socket::Tcp(mio::net::TcpListener::from_std(socket.into()))
        };
        Listener { socket, kind, number, index, proxy, address, path }
    }

    /// The file that goes with it.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
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

/// Opens one listener, or takes it from the service manager, who then has its file as well.
///
/// # Errors
/// A sentence that names the address and what is wrong with it.
pub fn open(listen: &Listen, kind: Protocol, index: u16, activated: &mut Activated) -> Result<Listener, String> {
    let text = &listen.address;
    if let Some(socket) = activated.take(text) {
        let place = (kind, 0, index, listen.proxy);
        return Ok(Listener::of(socket, text.starts_with("unix:"), place, text.clone(), None));
    }
    let opened = match text.strip_prefix("unix:") {
        Some(path) => open_unix(Path::new(path), listen).map(|socket| (socket, text.clone(), Some(path.into()))),
        None => open_tcp(text, listen.reuseport).map(|(socket, bound)| (socket, bound.to_string(), None)),
    };
    match opened {
        Ok((socket, address, path)) => {
            Ok(Listener { socket, kind, number: 0, index, proxy: listen.proxy, address, path })
        }
        Err(error) => Err(format!("cannot listen on {text} ({}): {error}", setting(kind))),
    }
}

/// The setting that names the address.
fn setting(kind: Protocol) -> &'static str {
    match kind {
        Protocol::Http => "server.http",
        Protocol::Lmtp => "server.lmtp",
        Protocol::Admin => "server.admin",
        Protocol::Control => "server.state_dir",
    }
}

fn flags() -> SockFlag {
    SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK
}

/// The kernel cuts this down to net.core.somaxconn.
fn backlog() -> io::Result<Backlog> {
    Ok(Backlog::new(4096)?)
}

fn open_tcp(text: &str, reuseport: bool) -> io::Result<(Socket, SocketAddr)> {
    let address =
        text.to_socket_addrs()?.next().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such address"))?;
    let listener = match address {
        SocketAddr::V4(v4) => bound(AddressFamily::Inet, &SockaddrIn::from(v4), reuseport)?,
        SocketAddr::V6(v6) => bound(AddressFamily::Inet6, &SockaddrIn6::from(v6), reuseport)?,
    };
    listen(&listener, backlog()?)?;
    let listener = std::net::TcpListener::from(listener);
    let bound = listener.local_addr()?;
    Ok((Socket::Tcp(mio::net::TcpListener::from_std(listener)), bound))
}

fn bound(family: AddressFamily, address: &dyn SockaddrLike, reuseport: bool) -> io::Result<OwnedFd> {
    let listener = socket(family, SockType::Stream, flags(), None)?;
    setsockopt(&listener, sockopt::ReuseAddr, &true)?;
    if reuseport {
        setsockopt(&listener, sockopt::ReusePort, &true)?;
    }
    bind(listener.as_raw_fd(), address)?;
    Ok(listener)
}

fn open_unix(path: &Path, options: &Listen) -> io::Result<Socket> {
    // Below /run, where nothing lasts. Whoever may not make the folder is told by bind.
    if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
        let _ = fs::create_dir(folder);
    }
    remove_stale(path)?;
    let listener = socket(AddressFamily::Unix, SockType::Stream, flags(), None)?;
    bind(listener.as_raw_fd(), &UnixAddr::new(path)?)?;
    if let Some(name) = &options.group {
        let known = Group::from_name(name)?;
        let group =
            known.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no group {name}")))?;
        chown(path, None, Some(group.gid.as_raw()))?;
    }
    // Nobody gets in before the file is as it should be: nothing listens yet.
    fs::set_permissions(path, fs::Permissions::from_mode(options.mode))?;
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
