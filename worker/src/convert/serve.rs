//! The converter's side: each question has its own measure of the processor's time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ewsd_mailbox::clock;
use ewsd_mailbox::convert::{self, Confined};
use ewsd_wire::{Wire, from_bytes, to_bytes};
use nix::sys::time::TimeSpec;
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;

use super::message::{Answer, MESSAGE, Payload, Question};
use crate::service::serving::{answer, deadly_timer};
use crate::service::{Serve, Turn};

/// Whoever converts, in its own process.
pub(crate) struct Converter {
    confined: Confined,
    /// Ends the process when a conversion takes longer than it may.
    timer: Timer,
    most: Duration,
    /// What was converted so far.
    pub done: u64,
    /// Time that it took.
    pub took: Duration,
}

impl Converter {
    /// To be made before the process shuts itself in.
    pub fn timer() -> nix::Result<Timer> {
        deadly_timer(ClockId::CLOCK_PROCESS_CPUTIME_ID)
    }

    /// `most`: the processor's time of one conversion.
    pub fn new(confined: Confined, timer: Timer, most: Duration) -> Converter {
        Converter { confined, timer, most, done: 0, took: Duration::ZERO }
    }

    fn convert(
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

impl Serve for Converter {
    const LONGEST: usize = MESSAGE;
    const FILES: usize = 2;
    const SECRET: bool = false;

    fn serve(&mut self, question: &[u8], files: Vec<OwnedFd>, reply: &OwnedFd) -> io::Result<Turn> {
        let question = from_bytes::<Question>(question).ok().filter(|known| known.descriptors() == files.len());
        let Some(question) = question else {
            send(reply, Answer::Refused, None)?;
            return Ok(Turn::Served);
        };
        // One that must be asked of whoever has converted nothing yet.
        if question.fresh && self.done > 0 {
            send(reply, Answer::Worn, None)?;
            return Ok(Turn::Worn);
        }
        self.convert(question, files.into_iter(), reply)?;
        Ok(Turn::Served)
    }
}

fn send(reply: &OwnedFd, said: Answer, file: Option<BorrowedFd<'_>>) -> io::Result<()> {
    answer(reply, &to_bytes(&said), file)
}
