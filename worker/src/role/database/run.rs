//! Running postgres as a child: started, waited for, stopped in its own way, and never left behind.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, kill};
use nix::unistd::Pid;

use super::programs::Programs;
use crate::note::note;

/// How long an earlier postgres of ours may take to end.
const PREDECESSOR: Duration = Duration::from_secs(60);

/// A running postgres.
pub struct Server {
    child: Child,
    signals: SigSet,
}

impl Server {
    pub fn start(data: &Path, sockets: &Path, programs: &Programs) -> Result<Server, String> {
        await_predecessor(data)?;
        let mut signals = SigSet::empty();
        [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD].into_iter().for_each(|signal| signals.add(signal));
        signals.thread_block().map_err(|error| format!("cannot block signals: {error}"))?;
        let mut command = Command::new(&programs.postgres);
        command
            .arg("-D")
            .arg(data)
            .arg("-c")
            .arg("listen_addresses=")
            .arg("-c")
            .arg(format!("unix_socket_directories={}", quoted_list(sockets)))
            .stdin(Stdio::null());
        // SAFETY: between fork and exec only prctl, which is async-signal-safe; the parent has one thread, so the
        // signal comes when the process dies and not earlier.
        unsafe {
            command.pre_exec(|| nix::sys::prctl::set_pdeathsig(Signal::SIGINT).map_err(std::io::Error::from));
        }
        let child = command.spawn().map_err(|error| format!("cannot run {}: {error}", programs.postgres.display()))?;
        Ok(Server { child, signals })
    }

    /// Stays until the master says stop (then postgres ends its sessions and stops), or until postgres ends by itself.
    pub fn stay(mut self) -> Result<(), String> {
        let mut stopping = false;
        loop {
            match self.signals.wait() {
                Ok(Signal::SIGCHLD) | Err(_) => {}
                Ok(_) if stopping => {}
                Ok(signal) => {
                    note!(Debug, "{signal}: stopping postgres");
                    stopping = true;
                    // "Fast": sessions are ended, everything is written.
                    self.tell(Signal::SIGINT)?;
                }
            }
            match self.child.try_wait() {
                Ok(None) => {}
                Ok(Some(status)) if status.success() || stopping => return Ok(()),
                Ok(Some(status)) => return Err(format!("postgres ended: {status}")),
                Err(error) => return Err(format!("lost postgres: {error}")),
            }
        }
    }

    fn tell(&self, signal: Signal) -> Result<(), String> {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap_or(0));
        kill(pid, signal).map_err(|error| format!("cannot stop postgres: {error}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // On the way out with an error: it must not outlive its keeper. An error here means that it is gone already.
        if matches!(self.child.try_wait(), Ok(None)) && self.tell(Signal::SIGINT).is_ok() {
            let _ = self.child.wait();
        }
    }
}

/// `unix_socket_directories` is a list: a name with a comma or a space goes into double quotes.
fn quoted_list(directory: &Path) -> String {
    format!("\"{}\"", directory.display().to_string().replace('"', "\"\""))
}

/// Waits for a postgres of this cluster that is still writing its last pages: its keeper was killed.
fn await_predecessor(data: &Path) -> Result<(), String> {
    let deadline = Instant::now() + PREDECESSOR;
    while let Some(pid) = predecessor(data) {
        if Instant::now() > deadline {
            return Err(format!("process {pid} still uses {}: end it first", data.display()));
        }
        // Asked again each time: one that had just started may not have listened yet. It may also end by itself.
        let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The process named by postmaster.pid, if it lives and really is a postgres in this directory.
fn predecessor(data: &Path) -> Option<i32> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    let here = fs::canonicalize(data).ok()?;
    let there = fs::read_link(format!("/proc/{pid}/cwd")).ok()?;
    (here == there).then_some(pid)
}
