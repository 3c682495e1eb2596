//! Signals as events of a descriptor, for commands that go on until somebody ends them and have something to put right then.

use std::cell::Cell;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::read;

use super::Result;

/// SIGINT, SIGTERM, SIGHUP and the end of a child, as a descriptor; and the end of standard input, if that counts.
pub struct Signals {
    signals: SignalFd,
    /// Whether standard input is still to be watched for its end.
    input: Cell<bool>,
}

/// What made a wait end.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants an end.
    Stop,
    /// A child ended.
    Child,
    /// The time is over.
    Time,
}

impl Signals {
    /// From now on these signals end nothing by themselves.
    pub fn catch(until_eof: bool) -> Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGCHLD] {
            set.add(signal);
        }
        let caught = set
            .thread_block()
            .and_then(|()| SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC));
        let signals = caught.map_err(|error| format!("signals: {error}"))?;
        Ok(Self { signals, input: Cell::new(until_eof) })
    }

    /// Waits for the next signal, at most so long; `None` is for ever.
    pub fn wait(&self, most: Option<Duration>) -> Result<Event> {
        let until = most.map(|most| Instant::now() + most);
        loop {
            if let Some(event) = self.pending()? {
                return Ok(event);
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                return Ok(Event::Time);
            }
            let timeout =
                left.map_or(PollTimeout::NONE, |left| PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX));
            let input = std::io::stdin();
            let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            if self.input.get() {
                watched.push(PollFd::new(input.as_fd(), PollFlags::POLLIN));
            }
            match poll(&mut watched, timeout) {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(format!("signals: {error}").into()),
            }
        }
    }

    /// Has somebody asked for the end meanwhile?
    pub fn stop_wanted(&self) -> Result<bool> {
        Ok(self.pending()? == Some(Event::Stop))
    }

    fn pending(&self) -> Result<Option<Event>> {
        let signal = self.signals.read_signal().map_err(|error| format!("signals: {error}"))?;
        Ok(match signal {
            Some(signal) if signal.ssi_signo == Signal::SIGCHLD as u32 => Some(Event::Child),
            Some(_) => Some(Event::Stop),
            None => self.input_ended().then_some(Event::Stop),
        })
    }

    /// Whoever had the other end of standard input is gone. Said once; what else comes in is thrown away.
    fn input_ended(&self) -> bool {
        let input = std::io::stdin();
        let mut watched = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        if !self.input.get() || !matches!(poll(&mut watched, PollTimeout::ZERO), Ok(1)) {
            return false;
        }
        let ended = !matches!(read(&input, &mut [0; 4096]), Ok(1..) | Err(Errno::EINTR | Errno::EAGAIN));
        self.input.set(!ended);
        ended
    }
}
