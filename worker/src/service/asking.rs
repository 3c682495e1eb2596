//! A process that asks.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_mailbox::clock;
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
    /// Not in time.
    Late,
    /// What came is no answer.
    Wrong(io::Error),
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
        let (ours, theirs) = seqpacket::pair().map_err(Unanswered::Wrong)?;
        let fds: Vec<_> = std::iter::once(theirs.as_fd()).chain(files.iter().copied()).collect();
        match seqpacket::send(self.socket.as_fd(), question, &fds, Wait::No) {
            Ok(()) => Ok(Asked { answers: ours }),
            Err(error) if seqpacket::would_block(&error) => Err(Unanswered::Late),
            Err(error) if is_gone(&error) => Err(Unanswered::Gone),
            Err(error) => Err(Unanswered::Wrong(error)),
        }
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
                Err(error) => return Err(Unanswered::Wrong(error.into())),
            }
        }
        let mut files = Vec::new();
        match seqpacket::receive(self.answers.as_fd(), buffer, &mut files, Wait::No) {
            Ok(0) => Err(Unanswered::Gone),
            Ok(length) => Ok((length, files)),
            Err(error) if is_gone(&error) => Err(Unanswered::Gone),
            Err(error) => Err(Unanswered::Wrong(error)),
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}
