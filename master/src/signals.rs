//! Signals, read from a descriptor like everything else.

use std::io;

use log::{error, info};
use mio::unix::SourceFd;
use mio::{Interest, Registry};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::{AsFd, AsRawFd};

use crate::master::Master;
use crate::tokens;

/// The signals the master listens to. They stay blocked; children unblock them.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
}

impl Signals {
    /// Blocks the signals and opens the descriptor.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn open(registry: &Registry) -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP, Signal::SIGCHLD, Signal::SIGUSR2] {
            set.add(signal);
        }
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        registry.register(&mut SourceFd(&fd.as_fd().as_raw_fd()), tokens::SIGNALS, Interest::READABLE)?;
        Ok(Signals { fd })
    }

    fn next(&mut self) -> Option<Signal> {
        match self.fd.read_signal() {
            Ok(Some(info)) => Signal::try_from(info.ssi_signo as i32).ok(),
            Ok(None) => None,
            Err(error) => {
                error!("cannot read signals: {error}");
                None
            }
        }
    }
}

impl Master {
    /// Does what pending signals ask for.
    pub fn take_signals(&mut self) {
        while let Some(signal) = self.signals.next() {
            match signal {
                Signal::SIGCHLD => self.reap(),
                Signal::SIGHUP => {
                    if let Err(why) = self.reload() {
                        error!("nothing was reloaded: {why}");
                    }
                }
                Signal::SIGUSR2 => {
                    if let Err(why) = self.begin_upgrade(None) {
                        error!("nothing is upgraded: {why}");
                    }
                }
                other => {
                    info!("{other}: stopping");
                    self.begin_stop();
                }
            }
        }
    }
}
