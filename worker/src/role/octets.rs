//! The octets of a body, wherever they are: in the job's message, or in a memfd that came with it, mapped and not copied.

use std::io;
use std::ops::Deref;
use std::os::fd::OwnedFd;

use ewsd_ipc::Body;
use ewsd_ipc::memfd::Mapped;

pub(super) enum Octets {
    Inline(Vec<u8>),
    Mapped(Mapped),
}

impl Octets {
    /// An error is that of mmap(2), or a memfd that did not come.
    pub fn of(body: Body, memfd: Option<OwnedFd>) -> io::Result<Octets> {
        match (body, memfd) {
            (Body::Inline(octets), _) => Ok(Octets::Inline(octets)),
            (Body::Memfd(length), Some(fd)) => Mapped::new(fd, length).map(Octets::Mapped),
            (Body::Memfd(_), None) => Err(io::Error::new(io::ErrorKind::InvalidData, "a body without its descriptor")),
        }
    }
}

impl Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Octets::Inline(octets) => octets,
            Octets::Mapped(mapped) => mapped,
        }
    }
}
