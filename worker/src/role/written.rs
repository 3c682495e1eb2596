//! Writing an answer, as far as a socket takes it.

use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, OwnedFd};

use ewsd_ipc::memfd;
use nix::sys::socket::{MsgFlags, sendmsg};

/// How much of an answer the socket took.
pub(super) enum Sent {
    Whole,
    Part(usize),
    /// The client is gone.
    Gone,
}

/// Writes both parts with one call, as far as the socket takes them without waiting.
pub(super) fn send_at_once(client: &OwnedFd, head: &[u8], body: &[u8]) -> Sent {
    let parts = [IoSlice::new(head), IoSlice::new(body)];
    let total = head.len() + body.len();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    loop {
        return match sendmsg::<()>(client.as_raw_fd(), &parts, &[], flags, None) {
            Ok(written) if written >= total => Sent::Whole,
            Ok(written) => Sent::Part(written),
            Err(nix::Error::EAGAIN) => Sent::Part(0),
            Err(nix::Error::EINTR) => continue,
            Err(_) => Sent::Gone,
        };
    }
}

/// What it did not take, for the master to write.
pub(super) fn rest_in_memfd(parts: &[&[u8]]) -> io::Result<std::fs::File> {
    use std::io::Write as _;
    let mut file = memfd::create(c"ewsd-reply")?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}
