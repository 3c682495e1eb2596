//! The turns of a role that answers what others ask (`../service/`).

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use ewsd_ipc::WorkerEnd;
use ewsd_ipc::seqpacket::Wait;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::service::{Serve, Server, Turn};

/// Between two signs of life at most.
pub(super) const ROUND: Duration = Duration::from_secs(10);
/// What may come on top of that and of an answer: the processor is for others, too.
pub(super) const SLACK: Duration = Duration::from_secs(10);

const QUESTION: u64 = 0;
const MASTER: u64 = 1;

/// Wakes one process for each question, not all of them.
pub(super) fn watch(end: &WorkerEnd, socket: BorrowedFd<'_>) -> nix::Result<Epoll> {
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
    epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE, QUESTION))?;
    epoll.add(end.jobs(), EpollEvent::new(EpollFlags::EPOLLIN, MASTER))?;
    epoll.add(end.channel(), EpollEvent::new(EpollFlags::EPOLLIN, MASTER))?;
    Ok(epoll)
}

/// Answers questions until a round is over, or something is to be told.
pub(super) fn turns<S: Serve>(
    epoll: &Epoll,
    server: &mut Server<S>,
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
        // The master says nothing to whoever answers: its sockets are readable when it wants this one to end, or is gone.
        if events.iter().any(|event| event.data() == MASTER) {
            leave(epoll, server, socket)?;
            return Ok(Turn::End);
        }
        // Without an event there may be a question, too: one that woke somebody who was killed before it was taken.
        match server.turn(socket, Wait::No)? {
            Turn::Served => *left = left.saturating_sub(1),
            Turn::Nothing if events.is_empty() => return Ok(Turn::Nothing),
            Turn::Nothing => {}
            end => {
                leave(epoll, server, socket)?;
                return Ok(end);
            }
        }
        if *left == 0 {
            leave(epoll, server, socket)?;
            return Ok(Turn::Worn);
        }
        if wait.is_zero() {
            return Ok(Turn::Served);
        }
    }
}

/// Is woken for no further question, and answers those for which the kernel woke nobody else.
fn leave<S: Serve>(epoll: &Epoll, server: &mut Server<S>, socket: BorrowedFd<'_>) -> io::Result<()> {
    epoll.delete(socket)?;
    while !matches!(server.turn(socket, Wait::No)?, Turn::Nothing | Turn::End) {}
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;
    use std::thread;

    use ewsd_ipc::seqpacket;
    use ewsd_mailbox::clock;
    use ewsd_mailbox::convert::{Confined, Convert, TABLE};

    use super::*;
    use crate::convert::{Converter, ConverterClient};

    /// A reload comes together with a question that nobody else was woken for.
    #[test]
    fn whoever_leaves_answers_what_woke_it() {
        let (ask, answer) = seqpacket::pair().unwrap();
        let (mut master, end) = UnixStream::pair().unwrap();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        epoll.add(&answer, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLEXCLUSIVE, QUESTION)).unwrap();
        epoll.add(&end, EpollEvent::new(EpollFlags::EPOLLIN, MASTER)).unwrap();
        let within = Duration::from_secs(10);
        let converter = Converter::new(Confined::claim(), Converter::timer().unwrap(), within);
        let mut server = Server::new(converter);
        let row = TABLE.first().unwrap();
        let asker = thread::spawn(move || {
            let start = clock::monotonic();
            let answer = ConverterClient::new(ask, within).convert(row.conversion, &(row.sample)(), b"x");
            assert!(answer.is_ok(), "{:?} after {:?}", answer.err(), clock::since(start));
        });
        let mut asked = [nix::poll::PollFd::new(answer.as_fd(), nix::poll::PollFlags::POLLIN)];
        nix::poll::poll(&mut asked, nix::poll::PollTimeout::NONE).unwrap();
        master.write_all(b"x").unwrap();
        assert_eq!(turns(&epoll, &mut server, answer.as_fd(), within, &mut 9).unwrap(), Turn::End);
        asker.join().unwrap();
    }
}
