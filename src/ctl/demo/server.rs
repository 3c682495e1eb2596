//! The running server of a demo: start, wait until it is ready, stop, and leave no process behind.
//!
//! `ewsctl demo` is the subreaper of everything below it: should the master die, its children come here and are ended here.

use std::cell::Cell;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, read};
use serde_json::{Value, json};

use super::super::{Result, control};
use super::place::{Place, program};

/// How often the starting server is asked whether it is ready.
const ASK: Duration = Duration::from_millis(50);
/// initdb, migrations and the first workers, on a slow machine.
const START: Duration = Duration::from_secs(180);
/// What the master may take to stop beyond process.drain_seconds.
const STOP: Duration = Duration::from_secs(60);

/// SIGINT, SIGTERM, SIGHUP and the end of the master, as a descriptor; and the end of standard input, if that counts.
pub struct Signals {
    signals: SignalFd,
    /// Whether standard input is still to be watched for its end.
    input: Cell<bool>,
}

/// What made a wait end.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants the demo to end.
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

/// The master and everything below it.
pub struct Server {
    master: Child,
    patience: Duration,
}

impl Server {
    /// Starts the master in a process group of its own, so that Ctrl-C at the terminal reaches only `ewsctl`, which stops it in order.
    /// Should `ewsctl` be killed, the master stops by itself.
    pub fn start(place: &Place) -> Result<Self> {
        refuse_second(place)?;
        prctl::set_child_subreaper(true).map_err(|error| format!("prctl: {error}"))?;
        let program = program("ewsd")?;
        let master = Command::new(&program)
            .arg("-c")
            .arg(&place.config)
            .arg("--with-parent")
            .arg(std::process::id().to_string())
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let patience = STOP + Duration::from_secs(place.settings.process.drain_seconds);
        Ok(Self { master, patience })
    }

    pub fn pid(&self) -> u32 {
        self.master.id()
    }

    /// Waits until the master says that it serves; its status then. `None`: somebody wants the end before that.
    pub fn ready(&mut self, place: &Place, signals: &Signals) -> Result<Option<Value>> {
        let until = Instant::now() + START;
        loop {
            if let Some(status) = self.ended()? {
                return Err(format!("the server ended before it was ready ({status}); its log is above").into());
            }
            if let Ok(status) = control::ask(&place.settings, &json!({"cmd": "status"})) {
                if status.get("ready").and_then(Value::as_bool) == Some(true) {
                    return Ok(Some(status));
                }
            }
            if Instant::now() > until {
                return Err(format!("the server is not ready after {} s; its log is above", START.as_secs()).into());
            }
            if signals.wait(Some(ASK))? == Event::Stop {
                return Ok(None);
            }
        }
    }

    /// Stays until somebody wants the end, by a signal or by `ewsctl stop`. A master that ends otherwise is a failure.
    pub fn attend(&mut self, signals: &Signals) -> Result {
        loop {
            match self.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server ended by itself ({status}); its log is above").into()),
                None => {}
            }
            match signals.wait(None)? {
                Event::Stop => return Ok(()),
                Event::Child | Event::Time => {}
            }
        }
    }

    /// Stops the master and sees that nothing is left of it.
    pub fn stop(mut self, signals: &Signals) -> Result {
        let outcome = self.stop_master(signals);
        let left = end_orphans(signals)?;
        outcome?;
        match left {
            0 => Ok(()),
            _ => Err(format!("the server left {left} processes behind; they were killed").into()),
        }
    }

    fn stop_master(&mut self, signals: &Signals) -> Result {
        if self.ended()?.is_some() {
            return Ok(());
        }
        // An answer of "no such process" is as good.
        let _gone = kill(pid_of(&self.master), Signal::SIGTERM);
        let until = Instant::now() + self.patience;
        loop {
            match self.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(format!("the server ended with {status}").into()),
                None if Instant::now() > until => break,
                None => {
                    signals.wait(Some(until.saturating_duration_since(Instant::now())))?;
                }
            }
        }
        self.master.kill().and_then(|()| self.master.wait()).map_err(|error| format!("the server: {error}"))?;
        Err(format!("the server did not stop within {} s and was killed", self.patience.as_secs()).into())
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.master.try_wait().map_err(|error| format!("the server: {error}"))?)
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX))
}

fn refuse_second(place: &Place) -> Result {
    match control::ask(&place.settings, &json!({"cmd": "status"})) {
        Err(control::Silence::NotRunning) => Ok(()),
        _ => Err(format!(
            "a server runs in {} already: stop it with `ewsctl -c {} stop`",
            place.dir.display(),
            place.config.display()
        )
        .into()),
    }
}

/// Ends what a dead master left; how many processes that took by force.
fn end_orphans(signals: &Signals) -> Result<usize> {
    // Workers and PostgreSQL end by themselves when their parent does; they get time for it.
    let until = Instant::now() + Duration::from_secs(10);
    while !reap()? {
        if Instant::now() > until {
            let mut killed = 0;
            for pid in children()? {
                killed += usize::from(kill(pid, Signal::SIGKILL).is_ok());
            }
            while !reap()? {
                signals.wait(Some(ASK))?;
            }
            return Ok(killed);
        }
        signals.wait(Some(ASK))?;
    }
    Ok(0)
}

/// Takes the status of every ended child; true when there is no child any more.
fn reap() -> Result<bool> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => return Ok(false),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(Errno::ECHILD) => return Ok(true),
            Err(error) => return Err(format!("waitpid: {error}").into()),
        }
    }
}

fn children() -> Result<Vec<Pid>> {
    let own = Pid::this();
    let text = std::fs::read_to_string(format!("/proc/self/task/{own}/children"))
        .map_err(|error| format!("/proc: {error}"))?;
    Ok(text.split_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect())
}
