//! A process that answers: one question at a time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ewsd_ipc::seqpacket::{self, Wait};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::timer::Timer;
use nix::time::ClockId;
use zeroize::Zeroize as _;

/// What became of a look for questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// None was there.
    Nothing,
    /// Somebody was answered.
    Served,
    /// This one answers no more, and ends.
    Worn,
    /// Nobody asks any more.
    End,
}

/// Whoever answers.
pub(crate) trait Serve {
    /// Octets of the longest question.
    const LONGEST: usize;
    /// Descriptors that come with one at most.
    const FILES: usize;
    /// Whether a question has a secret in it, which is wiped as soon as it is answered.
    const SECRET: bool;

    /// Answers a question, by [`answer`] to `reply`. An error ends the process.
    fn serve(&mut self, question: &[u8], files: Vec<OwnedFd>, reply: &OwnedFd) -> io::Result<Turn>;
}

/// Takes questions.
#[derive(Debug)]
pub(crate) struct Server<S> {
    /// Whoever answers them.
    pub serves: S,
    buffer: Vec<u8>,
}

impl<S: Serve> Server<S> {
    pub fn new(serves: S) -> Server<S> {
        Server { serves, buffer: vec![0; S::LONGEST] }
    }

    /// Takes a question, if there is one, and answers it.
    pub fn turn(&mut self, socket: BorrowedFd<'_>, wait: Wait) -> io::Result<Turn> {
        let mut fds = Vec::with_capacity(1 + S::FILES);
        let length = match seqpacket::receive(socket, &mut self.buffer, &mut fds, wait) {
            Ok(0) => return Ok(Turn::End),
            Ok(length) => length,
            Err(error) if seqpacket::would_block(&error) => return Ok(Turn::Nothing),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Turn::End),
            Err(error) => return Err(error),
        };
        let mut fds = fds.into_iter();
        let Some(reply) = fds.next() else { return Ok(Turn::Served) };
        let question = self.buffer.get_mut(..length).unwrap_or_default();
        let turn = if has_left(&reply) { Ok(Turn::Served) } else { self.serves.serve(question, fds.collect(), &reply) };
        if S::SECRET {
            question.zeroize();
        }
        turn
    }
}

/// Whether nobody waits for the answer any more.
fn has_left(reply: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(reply.as_fd(), PollFlags::empty())];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..))
}

/// Answers; that nobody waits for it is no error.
pub(crate) fn answer(reply: &OwnedFd, octets: &[u8], file: Option<BorrowedFd<'_>>) -> io::Result<()> {
    match seqpacket::send(reply.as_fd(), octets, file.as_slice(), Wait::No) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Ends the process by SIGKILL when it goes off. To be made before the process shuts itself in.
pub(crate) fn deadly_timer(clock: ClockId) -> nix::Result<Timer> {
    let killed = SigevNotify::SigevSignal { signal: Signal::SIGKILL, si_value: 0 };
    Timer::new(clock, SigEvent::new(killed))
}
