//! A process that asks.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Where questions are handed in.
#[derive(Debug)]
pub(crate) struct Desk {
    socket: OwnedFd,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Unanswered {
    /// Whoever took the question is gone.
    Gone,
    /// It was none that the question may be asked of.
    Worn,
    /// Not in time, or something that asking takes was not to be had.
    Late,
    /// What came is no answer.
    Wrong(io::Error),
}

/// What the kernel says while this process, or the machine, has too little of something.
const SHORT: [i32; 5] = [libc::EMFILE, libc::ENFILE, libc::ENOMEM, libc::ENOSPC, libc::ENOBUFS];

impl Unanswered {
    /// Why something failed that is needed for asking. What runs short comes back: it says nothing of question or answer.
    pub fn of(error: io::Error) -> Unanswered {
        if is_gone(&error) {
            return Unanswered::Gone;
        }
        if error.raw_os_error().is_some_and(|code| SHORT.contains(&code)) {
            note!(Warn, "a question waits: {error}");
            return Unanswered::Late;
        }
        if seqpacket::would_block(&error) { Unanswered::Late } else { Unanswered::Wrong(error) }
    }
}

/// A question that was handed in. Who drops it wants no answer any more.
#[derive(Debug)]
pub(crate) struct Asked {
    answers: OwnedFd,
}

impl Desk {
    pub fn new(socket: OwnedFd) -> Desk {
        Desk { socket }
    }

    /// Hands a question in, with `files` beside it.
    pub fn ask(&self, question: &[u8], files: &[BorrowedFd<'_>]) -> Result<Asked, Unanswered> {
        let (ours, theirs) = seqpacket::pair().map_err(Unanswered::of)?;
        let fds: Vec<_> = std::iter::once(theirs.as_fd()).chain(files.iter().copied()).collect();
        seqpacket::send(self.socket.as_fd(), question, &fds, Wait::No).map_err(Unanswered::of)?;
        Ok(Asked { answers: ours })
    }

    /// Whether nobody is left who could take a question, nor will be.
    pub fn is_closed(&self) -> bool {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::empty())];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|n| n > 0)
    }
}

impl Asked {
    /// What is answered next: its length in `buffer`, and what came beside it.
    pub fn next(&self, buffer: &mut [u8], until: Instant) -> Result<(usize, Vec<OwnedFd>), Unanswered> {
        let mut fds = [PollFd::new(self.answers.as_fd(), PollFlags::POLLIN)];
        loop {
            let left = until.saturating_duration_since(clock::monotonic());
            let left = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
            match poll(&mut fds, left) {
                Ok(0) => return Err(Unanswered::Late),
                Ok(_) => break,
                Err(nix::Error::EINTR) => {}
                Err(error) => return Err(Unanswered::of(error.into())),
            }
        }
        let mut files = Vec::new();
        match seqpacket::receive_cut(self.answers.as_fd(), buffer, &mut files, Wait::No).map_err(Unanswered::of)? {
            (0, _) => Err(Unanswered::Gone),
            (length, false) => Ok((length, files)),
            // There was no descriptor left for what came beside it.
            (_, true) => Err(Unanswered::of(io::Error::from_raw_os_error(libc::EMFILE))),
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
