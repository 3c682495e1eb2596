//! The converter's side: one question at a time, each with its own measure of the processor's time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_mailbox::clock;
use ewsd_mailbox::convert::{self, Confined};
use ewsd_wire::{Wire, from_bytes, to_bytes};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigEvent, SigevNotify, Signal};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

use super::message::{Answer, MESSAGE, Payload, Question};

/// Whoever converts, in its own process.
pub(crate) struct Converter {
    confined: Confined,
    /// Ends the process when a conversion takes longer than it may.
    timer: Timer,
    most: Duration,
    buffer: Vec<u8>,
    /// What was converted so far.
    pub done: u64,
    /// Time that it took.
    pub took: Duration,
}

/// What became of a look for questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// None was there.
    Nothing,
    /// Somebody was answered.
    Served,
    /// One was asked for that has converted nothing yet: this one ends.
    Worn,
    /// Nobody asks any more.
    End,
}

impl Converter {
    /// `most`: the processor's time of one conversion. To be made before the process shuts itself in.
    pub fn timer() -> nix::Result<Timer> {
        let killed = SigevNotify::SigevSignal { signal: Signal::SIGKILL, si_value: 0 };
        Timer::new(ClockId::CLOCK_PROCESS_CPUTIME_ID, SigEvent::new(killed))
    }

    pub fn new(confined: Confined, timer: Timer, most: Duration) -> Converter {
        let buffer = vec![0; MESSAGE];
        Converter { confined, timer, most, buffer, done: 0, took: Duration::ZERO }
    }

    /// Takes a question, if there is one, and answers it.
    pub fn turn(&mut self, socket: BorrowedFd<'_>, wait: Wait) -> io::Result<Turn> {
        let mut fds = Vec::with_capacity(3);
        let length = match seqpacket::receive(socket, &mut self.buffer, &mut fds, wait) {
            Ok(0) => return Ok(Turn::End),
            Ok(length) => length,
            Err(error) if seqpacket::would_block(&error) => return Ok(Turn::Nothing),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(Turn::End),
            Err(error) => return Err(error),
        };
        let mut fds = fds.into_iter();
        let Some(reply) = fds.next() else { return Ok(Turn::Served) };
        let question = from_bytes::<Question>(self.buffer.get(..length).unwrap_or_default()).ok();
        let question = question.filter(|question| question.descriptors() == fds.len());
        if has_left(&reply) {
            return Ok(Turn::Served);
        }
        let Some(question) = question else {
            send(&reply, Answer::Refused, None)?;
            return Ok(Turn::Served);
        };
        if question.fresh && self.done > 0 {
            send(&reply, Answer::Worn, None)?;
            return Ok(Turn::Worn);
        }
        self.answer(question, fds, &reply)?;
        Ok(Turn::Served)
    }

    fn answer(
        &mut self,
        question: Question,
        mut files: impl Iterator<Item = OwnedFd>,
        reply: &OwnedFd,
    ) -> io::Result<()> {
        let start = clock::monotonic();
        let most = Expiration::OneShot(TimeSpec::from_duration(self.most));
        self.timer.set(most, TimerSetTimeFlags::empty())?;
        self.done += 1;
        let mut octets = |place: Payload| {
            let file = if place.descriptors() > 0 { files.next() } else { None };
            place.octets(file)
        };
        let (asked, octets) = match (octets(question.asked), octets(question.octets)) {
            (Ok(asked), Ok(octets)) => (asked, octets),
            _ => return send(reply, Answer::Later, None),
        };
        match convert::answer(&self.confined, question.conversion, &asked, &octets) {
            Ok(told) => {
                let (answer, file) = match Payload::of_answer(&told) {
                    Ok((place, file)) => (Answer::Done(place), file),
                    Err(_) => (Answer::Later, None),
                };
                send(reply, answer, file.as_ref().map(AsFd::as_fd))?;
            }
            Err(_) => send(reply, Answer::Refused, None)?,
        }
        self.took += clock::since(start);
        Ok(())
    }
}

/// Whether nobody waits for the answer any more.
fn has_left(reply: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(reply.as_fd(), PollFlags::empty())];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..))
}

fn send(reply: &OwnedFd, answer: Answer, file: Option<BorrowedFd<'_>>) -> io::Result<()> {
    match seqpacket::send(reply.as_fd(), &to_bytes(&answer), file.as_slice(), Wait::No) {
        // Whoever asked did not wait.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
