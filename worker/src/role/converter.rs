//! The converter role: reads what strangers wrote, for whoever asks (`../convert/`). It has no database, no network, no files, and
//! of the settings only the limits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use ewsd_ipc::seqpacket::Wait;
use ewsd_ipc::{Count, Reply, WorkerEnd, worker_end};
use ewsd_settings::Settings;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::hears_within_all;
use super::request::Tally;
use crate::convert::{Converter, Limits, Turn, shut_in};

/// Between two signs of life, and no more than `limits.convert_seconds`.
const ROUND: Duration = Duration::from_secs(10);
/// What may come on top of that and of a conversion: the processor is for others, too.
const SLACK: Duration = Duration::from_secs(10);

const QUESTION: u64 = 0;
const MASTER: u64 = 1;

pub(super) fn run(end: &WorkerEnd, settings: &Settings) -> Result<(), String> {
    let limits = Limits::of(settings);
    let socket = worker_end::convert().map_err(|error| error.to_string())?;
    let epoll = watch(end, socket.as_fd()).map_err(|error| format!("epoll: {error}"))?;
    let mut converter = shut_in(&limits)?;
    let mut told = Reported::default();
    let failed = |error: io::Error| format!("the converter: {error}");
    end.send(&Reply::Ready {}, &[]).map_err(failed)?;
    let mut left = settings.process.retire_after;
    let round = ROUND.min(limits.time);
    loop {
        hears_within_all(end, round + 4 * limits.time + SLACK).map_err(failed)?;
        let turn = turns(&epoll, &mut converter, socket.as_fd(), round, &mut left).map_err(failed)?;
        told.tell(end, &converter).map_err(failed)?;
        match turn {
            Turn::End => return Ok(()),
            Turn::Worn => return end.send(&Reply::Retiring {}, &[]).map_err(failed),
            Turn::Nothing | Turn::Served => {}
        }
    }
}

/// Wakes one converter for each question, not all of them.
fn watch(end: &WorkerEnd, socket: BorrowedFd<'_>) -> nix::Result<Epoll> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE, QUESTION))?;
    epoll.add(end.jobs(), EpollEvent::new(EpollFlags::EPOLLIN, MASTER))?;
    epoll.add(end.channel(), EpollEvent::new(EpollFlags::EPOLLIN, MASTER))?;
    Ok(epoll)
}

/// Answers questions until a round is over, or something is to be told.
fn turns(
    epoll: &Epoll,
    converter: &mut Converter,
    socket: BorrowedFd<'_>,
    round: Duration,
    left: &mut u64,
) -> io::Result<Turn> {
    let until = ewsd_mailbox::clock::monotonic() + round;
    loop {
        let wait = until.saturating_duration_since(ewsd_mailbox::clock::monotonic());
        let timeout = EpollTimeout::try_from(wait + Duration::from_millis(1)).unwrap_or(EpollTimeout::ZERO);
        let mut events = [EpollEvent::empty(); 2];
        let ready = match epoll.wait(&mut events, timeout) {
            Ok(ready) => ready,
            Err(nix::Error::EINTR) => continue,
            Err(error) => return Err(error.into()),
        };
        let events = events.get(..ready).unwrap_or_default();
        // The master says nothing to converters: its sockets are readable when it wants this one to end, or is gone.
        if events.iter().any(|event| event.data() == MASTER) {
            leave(epoll, converter, socket)?;
            return Ok(Turn::End);
        }
        // Without an event there may be a question, too: one that woke somebody who was killed before it was taken.
        match converter.turn(socket, Wait::No)? {
            Turn::Served => *left = left.saturating_sub(1),
            Turn::Nothing if events.is_empty() => return Ok(Turn::Nothing),
            Turn::Nothing => {}
            end => {
                leave(epoll, converter, socket)?;
                return Ok(end);
            }
        }
        if *left == 0 {
            leave(epoll, converter, socket)?;
            return Ok(Turn::Worn);
        }
        if wait.is_zero() {
            return Ok(Turn::Served);
        }
    }
}

/// Is woken for no further question, and answers those for which the kernel woke nobody else.
fn leave(epoll: &Epoll, converter: &mut Converter, socket: BorrowedFd<'_>) -> io::Result<()> {
    epoll.delete(socket)?;
    while !matches!(converter.turn(socket, Wait::No)?, Turn::Nothing | Turn::End) {}
    Ok(())
}

/// What the master has heard of.
#[derive(Default)]
struct Reported {
    done: u64,
    took: Duration,
}

impl Reported {
    fn tell(&mut self, end: &WorkerEnd, converter: &Converter) -> io::Result<()> {
        let done = converter.done - self.done;
        let took = converter.took.saturating_sub(self.took).as_millis();
        let mut tally = Tally::default();
        tally.add(Count::Conversions, u32::try_from(done).unwrap_or(u32::MAX));
        tally.add(Count::ConversionMilliseconds, u32::try_from(took).unwrap_or(u32::MAX));
        self.done = converter.done;
        // What is less than a millisecond is told with the next ones.
        self.took += Duration::from_millis(u64::try_from(took).unwrap_or(u64::MAX));
        tally.tell(end)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use ewsd_ipc::seqpacket;
    use ewsd_mailbox::clock;
    use ewsd_mailbox::convert::{Confined, Convert, TABLE};

    use super::*;
    use crate::convert::ConverterClient;

    /// A reload comes together with a question that nobody else was woken for.
    #[test]
    fn whoever_leaves_answers_what_woke_it() {
        let (ask, answer) = seqpacket::pair().unwrap();
        let (mut master, end) = UnixStream::pair().unwrap();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        epoll.add(&answer, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE, QUESTION)).unwrap();
        epoll.add(&end, EpollEvent::new(EpollFlags::EPOLLIN, MASTER)).unwrap();
        let within = Duration::from_secs(10);
        let mut converter = Converter::new(Confined::claim(), Converter::timer().unwrap(), within);
        let row = TABLE.first().unwrap();
        let asker = thread::spawn(move || {
            let start = clock::monotonic();
            let answer = ConverterClient::new(ask, within).convert(row.conversion, &(row.sample)(), b"x");
            assert!(answer.is_ok(), "{:?} after {:?}", answer.err(), clock::since(start));
        });
        let mut asked = [nix::poll::PollFd::new(answer.as_fd(), nix::poll::PollFlags::POLLIN)];
        nix::poll::poll(&mut asked, nix::poll::PollTimeout::NONE).unwrap();
        master.write_all(b"x").unwrap();
        assert_eq!(turns(&epoll, &mut converter, answer.as_fd(), within, &mut 9).unwrap(), Turn::End);
        asker.join().unwrap();
    }
}
