//! SOCK_SEQPACKET with descriptors: one message, its bytes and its descriptors, whole or not at all.
//!
//! A stream would let bytes and descriptors drift apart. Every received descriptor is close-on-exec, and one that comes
//! with a refused message is closed. One of the few files with `unsafe`; who owns a descriptor is said at each call.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

/// Most descriptors sent with one message by us.
pub const SEND_FDS_MAX: usize = 4;

/// The kernel's limit per message (SCM_MAX_FD): room for this many means that a hostile sender cannot cause a cut-off list.
const KERNEL_FDS_MAX: usize = 253;

#[repr(C, align(8))]
struct SendControl([u8; 64]);

#[repr(C, align(8))]
struct ReceiveControl([u8; 1056]);

/// Whether a call may wait for room or for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Block.
    Yes,
    /// Fail with `WouldBlock`.
    No,
}

impl Wait {
    fn flag(self) -> libc::c_int {
        match self {
            Wait::Yes => 0,
            Wait::No => libc::MSG_DONTWAIT,
        }
    }
}

/// A connected pair, both ends close-on-exec.
///
/// # Errors
/// What socketpair(2) reports.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// Sends one message. The kernel duplicates `fds`: the caller still owns its copies and closes them itself.
///
/// # Errors
/// `WouldBlock` when there is no room (also ETOOMANYREFS: too many descriptors are under way); `InvalidInput` for more
/// than [`SEND_FDS_MAX`] descriptors or no byte; else what sendmsg(2) reports. Interruptions are retried.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], fds: &[BorrowedFd<'_>], wait: Wait) -> io::Result<()> {
    if fds.len() > SEND_FDS_MAX || bytes.is_empty() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut iov = libc::iovec { iov_base: bytes.as_ptr() as *mut libc::c_void, iov_len: bytes.len() };
    let mut control = SendControl([0; 64]);
    let payload = size_of_val(fds) as u32;
    // SAFETY: msghdr is plain data for which all-zero is a valid value.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &mut iov;
    header.msg_iovlen = 1;
    if !fds.is_empty() {
        header.msg_control = (&raw mut control).cast();
        // SAFETY: CMSG_SPACE only computes. 4 descriptors need 32 bytes, SendControl has 64.
        header.msg_controllen = unsafe { libc::CMSG_SPACE(payload) } as usize;
        // SAFETY: the control buffer is aligned for cmsghdr and larger than msg_controllen, so the first header lies
        // inside it, and behind it there is room for fds.len() integers. The descriptors stay open during the call,
        // because `fds` borrows them.
        unsafe {
            let cmsg = libc::CMSG_FIRSTHDR(&header);
            (*cmsg).cmsg_level = libc::SOL_SOCKET;
            (*cmsg).cmsg_type = libc::SCM_RIGHTS;
            (*cmsg).cmsg_len = libc::CMSG_LEN(payload) as usize;
            let data = libc::CMSG_DATA(cmsg).cast::<libc::c_int>();
            for (i, fd) in fds.iter().enumerate() {
                data.add(i).write_unaligned(fd.as_raw_fd());
            }
        }
    }
    loop {
        // SAFETY: header points to iov and control, which live until the call returns.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), &header, libc::MSG_NOSIGNAL | wait.flag()) };
        if sent >= 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => continue,
            Some(libc::ETOOMANYREFS | libc::ENOBUFS) => return Err(io::ErrorKind::WouldBlock.into()),
            _ => return Err(error),
        }
    }
}

/// Receives one message into `buffer` and appends its descriptors, now owned by the caller, to `fds`.
/// Returns its length; 0 means that the other end is closed.
///
/// # Errors
/// `InvalidData` when the message or its descriptors were cut off (those that came are closed); `WouldBlock`; else what
/// recvmsg(2) reports. Interruptions are retried.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], fds: &mut Vec<OwnedFd>, wait: Wait) -> io::Result<usize> {
    match receive_cut(socket, buffer, fds, wait)? {
        (length, false) => Ok(length),
        (_, true) => Err(io::Error::new(io::ErrorKind::InvalidData, "message or its descriptors were cut off")),
    }
}

/// The same; true instead of an error when the message is whole and this process had no room for all of its descriptors
/// (RLIMIT_NOFILE), of which those that came are closed.
///
/// # Errors
/// `InvalidData` when the message itself was cut off; else as [`receive`].
pub fn receive_cut(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    fds: &mut Vec<OwnedFd>,
    wait: Wait,
) -> io::Result<(usize, bool)> {
    let mut iov = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut control = ReceiveControl([0; 1056]);
    // SAFETY: msghdr is plain data for which all-zero is a valid value.
    let mut header: libc::msghdr = unsafe { zeroed() };
    header.msg_iov = &mut iov;
    header.msg_iovlen = 1;
    let length = loop {
        header.msg_control = (&raw mut control).cast();
        header.msg_controllen = size_of::<ReceiveControl>();
        // SAFETY: header points to iov (over `buffer`) and control, which live until the call returns.
        let got = unsafe { libc::recvmsg(socket.as_raw_fd(), &mut header, libc::MSG_CMSG_CLOEXEC | wait.flag()) };
        if got >= 0 {
            break got as usize;
        }
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    };
    let before = fds.len();
    // SAFETY: the kernel filled msg_controllen bytes of the aligned control buffer with whole control messages; each
    // descriptor in an SCM_RIGHTS message is new, open and known to nobody else, so OwnedFd may own it.
    unsafe {
        let mut cmsg = libc::CMSG_FIRSTHDR(&header);
        while !cmsg.is_null() {
            if (*cmsg).cmsg_level == libc::SOL_SOCKET && (*cmsg).cmsg_type == libc::SCM_RIGHTS {
                let bytes = ((*cmsg).cmsg_len as usize).saturating_sub(libc::CMSG_LEN(0) as usize);
                let data = libc::CMSG_DATA(cmsg).cast::<libc::c_int>();
                for i in 0..(bytes / size_of::<libc::c_int>()).min(KERNEL_FDS_MAX) {
                    fds.push(OwnedFd::from_raw_fd(data.add(i).read_unaligned()));
                }
            }
            cmsg = libc::CMSG_NXTHDR(&header, cmsg);
        }
    }
    let flags = header.msg_flags;
    if flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0 {
        fds.truncate(before);
    }
    if flags & libc::MSG_TRUNC != 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message or its descriptors were cut off"));
    }
    Ok((length, flags & libc::MSG_CTRUNC != 0))
}

/// Bytes that lie in `socket`, sent by the other end and not yet received by anybody; 0 = the queue is empty.
///
/// # Errors
/// What ioctl(2) FIONREAD reports.
pub fn queued(socket: BorrowedFd<'_>) -> io::Result<usize> {
    let mut queued: libc::c_int = 0;
    // SAFETY: FIONREAD writes one int to the pointer it is given.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::FIONREAD, &raw mut queued) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(usize::try_from(queued).unwrap_or(0)) }
}

/// Errors that mean: nothing now, come back later.
pub fn would_block(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
