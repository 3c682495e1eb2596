//! The running server of a demo: start, wait until it is ready, stop, and leave no process behind.
//!
//! `ewsctl demo` is the subreaper of everything below it: should the master die, its children come here and are ended here.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use ewsd_settings::Settings;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::super::signals::{Event, Signals};
use super::super::{Exit, Result, control};
use super::place::{Place, program};

/// How often the starting server is asked whether it is ready.
const ASK: Duration = Duration::from_millis(50);
/// initdb, migrations and the first workers, on a slow machine.
const START: Duration = Duration::from_secs(180);
/// What the master may take to stop beyond process.drain_seconds.
const STOP: Duration = Duration::from_secs(60);

/// The master and everything below it.
pub struct Server {
    master: Child,
    patience: Duration,
}

impl Server {
    /// Starts the master in a process group of its own, so that Ctrl-C at the terminal reaches only `ewsctl`, which stops it
    /// in order. Should `ewsctl` be killed, the master stops by itself.
    pub fn start(place: &Place) -> Result<Self> {
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

/// Refuses a directory in which a server runs, or may run, without touching it.
pub fn refuse_second(dir: &Path, settings: &Settings) -> Result {
    // Of a directory that is not there yet, nothing runs in it.
    let Ok(dir) = dir.canonicalize() else { return Ok(()) };
    let mut settings = settings.clone();
    settings.server.state_dir = dir.join("state").display().to_string();
    match control::ask(&settings, &json!({"cmd": "status"})) {
        Err(control::ControlError::NotRunning) => Ok(()),
        _ => Err(Exit::Exists.because(format!(
            "a server runs in {} already: stop it with `ewsctl -c {} stop`",
            dir.display(),
            dir.join("ewsd.toml").display()
        ))),
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
