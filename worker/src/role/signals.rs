//! Signals as events of a descriptor: nothing interrupts a worker between two lines of code.
//!
//! All workers block what a terminal or a service manager sends to a whole group: stopping is the master's decision, and it
//! tells workers by closing their sockets. Roles that wait read what came.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// SIGTERM, or the master is gone.
    Stop,
    /// A child process changed its state.
    Child,
    /// One of the other descriptors has something to read.
    More,
    /// The time is over.
    Timeout,
}

pub struct Signals(SignalFd);

impl Signals {
    /// From now on SIGTERM, SIGINT, SIGHUP and SIGCHLD end nothing by themselves. Children started by `std::process` get
    /// an empty mask again.
    pub fn catch() -> nix::Result<Signals> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGCHLD] {
            set.add(signal);
        }
        set.thread_block()?;
        // SIGINT and SIGHUP stay blocked and unread: a terminal sends them to everybody.
        set.remove(Signal::SIGINT);
        set.remove(Signal::SIGHUP);
        SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK).map(Signals)
    }

    /// Waits for a signal, for the master's end, or for the time to pass; None waits for ever.
    pub fn wait(&self, master: BorrowedFd<'_>, timeout: Option<Duration>) -> io::Result<Event> {
        let timeout = match timeout {
            Some(time) => PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX),
            None => PollTimeout::NONE,
        };
        loop {
            if let Some(event) = self.next()? {
                return Ok(event);
            }
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN), PollFd::new(master, PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Ok(0) => return Ok(Event::Timeout),
                Ok(_) => {}
                Err(nix::Error::EINTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [_, master] = fds;
            // The master writes nothing there: the descriptor is readable only when it is gone.
            if master.any().unwrap_or(true) {
                return Ok(Event::Stop);
            }
        }
    }

    /// The same, and for anything to read on `others`; for the one that is the jobs socket, its end is something to read.
    pub fn wait_also(&self, master: BorrowedFd<'_>, others: &[BorrowedFd<'_>], timeout: Duration) -> io::Result<Event> {
        if let Some(event) = self.next()? {
            return Ok(event);
        }
        let all = [self.0.as_fd(), master].into_iter().chain(others.iter().copied());
        let mut fds: Vec<PollFd<'_>> = all.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        // Rounded up: a wait that ends a moment too early would be followed by many that do not wait.
        let timeout = PollTimeout::try_from(timeout + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
        match poll(&mut fds, timeout) {
            Ok(0) => return Ok(Event::Timeout),
            Ok(_) | Err(nix::Error::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready = |fd: Option<&PollFd<'_>>| fd.is_some_and(|fd| fd.any().unwrap_or(true));
        Ok(match self.next()? {
            Some(event) => event,
            None if ready(fds.get(1)) => Event::Stop,
            None => Event::More,
        })
    }

    /// Waits for a signal only, at most so long: for what must be finished whoever is gone.
    pub fn pause(&self, timeout: Duration) -> io::Result<Event> {
        if let Some(event) = self.next()? {
            return Ok(event);
        }
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(self.next()?.unwrap_or(Event::Timeout)),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for `other` to have something to read, whoever is gone and whatever is signalled.
    pub fn listen(&self, other: BorrowedFd<'_>, timeout: Duration) -> io::Result<()> {
        let mut fds = [PollFd::new(other, PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::try_from(timeout).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(nix::Error::EINTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn next(&self) -> io::Result<Option<Event>> {
        let Some(info) = self.0.read_signal()? else { return Ok(None) };
        let child = info.ssi_signo == Signal::SIGCHLD as u32;
        Ok(Some(if child { Event::Child } else { Event::Stop }))
    }
}
