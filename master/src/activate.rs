//! Sockets on which the service manager listens for this program (sd_listen_fds(3)): a restart refuses nobody, and a port
//! below 1024 wants no privilege. Which listener each of them is, is told by its address.

use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use log::warn;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{SockaddrStorage, getsockname, getsockopt, sockopt};

use crate::inherit::Inheritance;
use crate::state::pack::Unpack;

/// Where a socket listens.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// The sockets that no listener has taken yet.
#[derive(Debug, Default)]
pub struct Activated(Vec<(Place, OwnedFd)>);

impl Activated {
    /// What the service manager gave this process. To be asked once.
    ///
    /// # Errors
    /// A sentence: one of the descriptors is no socket that listens.
    pub fn given() -> Result<Activated, String> {
        let failed = |why: String| format!("the service manager's sockets: {why}");
        let mut inheritance = Inheritance::default();
        let mut sockets = Vec::new();
        for raw in sd_notify::listen_fds().map_err(|error| failed(error.to_string()))? {
            let number = u32::try_from(raw).map_err(|error| failed(error.to_string()))?;
            let socket = inheritance.own(number).map_err(failed)?;
            let place = place(&socket).map_err(|error| failed(format!("descriptor {raw}: {error}")))?;
            sockets.push((place.ok_or_else(|| failed(format!("descriptor {raw} does not listen")))?, socket));
        }
        Ok(Activated(sockets))
    }

    /// The one that listens there: `ADDRESS:PORT` or `unix:PATH`. It does not block.
    pub fn take(&mut self, address: &str) -> Option<OwnedFd> {
        let is_there = |place: &Place| match (address.strip_prefix("unix:"), place) {
            (Some(path), Place::Unix(bound)) => Path::new(path) == bound,
            (None, Place::Tcp(bound)) => address.to_socket_addrs().is_ok_and(|mut all| all.next() == Some(*bound)),
            _ => false,
        };
        let at = self.0.iter().position(|(place, _)| is_there(place))?;
        Some(self.0.swap_remove(at).1)
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        for (place, _) in &self.0 {
            warn!(
                "the service manager listens on {place:?}, which is no listener of the configuration: nobody answers there"
            );
        }
    }
}

/// Where it listens; none: it does not, or is of another family.
fn place(socket: &OwnedFd) -> nix::Result<Option<Place>> {
    if !getsockopt(socket, sockopt::AcceptConn)? {
        return Ok(None);
    }
    let flags = OFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFL)?);
    fcntl(socket, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    let name: SockaddrStorage = getsockname(socket.as_raw_fd())?;
    let v4 = name.as_sockaddr_in().map(|v4| Place::Tcp(SocketAddrV4::from(*v4).into()));
    let v6 = || name.as_sockaddr_in6().map(|v6| Place::Tcp(SocketAddrV6::from(*v6).into()));
    let unix = || name.as_unix_addr().and_then(|unix| unix.path()).map(|path| Place::Unix(path.to_owned()));
    Ok(v4.or_else(v6).or_else(unix))
}
