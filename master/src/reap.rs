//! Buries workers: what they still said is heard, what they had is freed, and their posts are filled again.

use std::fmt;

use ewsd_ipc::fault::HOPELESS;
use log::{error, info, warn};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::dispatch::{JobTarget, Sent};
use crate::master::Master;
use crate::roles::{Condition, Worker, WorkerId};
use crate::stop::Phase;

/// A worker that ends by itself this young counts as one that cannot start, in milliseconds. One that is killed by a signal does
/// not: somebody else, or a request, did that.
const YOUNG_MS: u64 = 2000;

/// After so long a life earlier failures to start are forgotten, in milliseconds.
const SETTLED_MS: u64 = 60_000;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Exit(i32),
    Killed(Signal),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Exit(code) => write!(f, "exited with status {code}"),
            End::Killed(signal) => write!(f, "was killed by {signal}"),
        }
    }
}

impl Master {
    /// Waits for every child that has exited.
    pub fn reap(&mut self) {
        loop {
            match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => self.bury_pid(pid, End::Exit(code)),
                Ok(WaitStatus::Signaled(pid, signal, _)) => self.bury_pid(pid, End::Killed(signal)),
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return error!("waitpid: {error}"),
            }
        }
    }

    fn bury_pid(&mut self, pid: Pid, end: End) {
        let Some(id) = self.fleet.workers.values().find(|worker| worker.pid == pid).map(|worker| worker.id) else {
            return self.tried(pid, (end != End::Exit(0)).then(|| format!("it {end}")));
        };
        self.hear_out(id);
        self.look_at(id);
        if let Some(worker) = self.fleet.workers.remove(&id) {
            self.bury(worker, end);
        }
    }

    fn bury(&mut self, worker: Worker, end: End) {
        let age = self.clock.now().saturating_sub(worker.started);
        let Worker { pid, role, slot, requests, .. } = worker;
        // A role without a handler for SIGTERM ends by it when it is told to stop.
        let told = !role.has_jobs() && worker.stop.is_none();
        let clean = end == End::Exit(0) || (told && end == End::Killed(Signal::SIGTERM));
        if clean {
            info!("{} worker {pid} (slot {slot}) {end} after {requests} requests", role.name());
        } else {
            warn!("{} worker {pid} (slot {slot}) {end} after {requests} requests", role.name());
            self.metrics.workers_died += 1;
            self.dispatch.last_death = self.clock.now();
        }
        let had: Vec<u64> =
            self.dispatch.sent.iter().filter(|(_, sent)| sent.worker == Some(worker.id)).map(|(job, _)| *job).collect();
        had.into_iter().for_each(|job| self.lose(job));
        let expected = clean && (worker.condition == Condition::Retiring || self.phase != Phase::Running);
        if !expected {
            self.refill(&worker, end, age);
        }
        self.clear_generations();
        if !clean && role.row().commits {
            // It may have committed something and died before it could tell.
            self.sweep_now();
        }
        self.want_housekeeping();
    }

    /// Sees to the post of a worker that ended without being asked to.
    fn refill(&mut self, worker: &Worker, end: End, age: u64) {
        let id: WorkerId = worker.id;
        let (role, slot) = (worker.role, worker.slot);
        let Some(post) = self.post_mut(role, slot).filter(|post| post.worker == Some(id)) else {
            return;
        };
        post.worker = None;
        if age > SETTLED_MS {
            post.failures = 0;
        }
        let was_ready = worker.condition != Condition::Starting;
        let by_itself = matches!(end, End::Exit(_));
        if role.brings_database() && end == End::Exit(0) && was_ready {
            // The database runs elsewhere and is prepared.
            post.done = true;
            return;
        }
        let why = worker.complaint.clone().unwrap_or_else(|| format!("it {end}"));
        // What worked once was no wrong setting.
        let hopeless = end == End::Exit(HOPELESS.into()) && !self.fleet.database_ready;
        if role.brings_database() && hopeless && self.phase == Phase::Running {
            self.give_up(why);
        } else if !was_ready || (by_itself && age < YOUNG_MS) {
            self.pause(role, slot, why);
        } else {
            self.start_due();
        }
    }

    /// A job will never be answered.
    pub fn lose(&mut self, job: u64) {
        let Some(Sent { about, .. }) = self.dispatch.take_off(job) else {
            return;
        };
        self.metrics.jobs_lost += 1;
        match about {
            // The socket died with its worker.
            JobTarget::Conn(id) => self.close(id),
            JobTarget::Render(ids) => self.render_again(ids),
            JobTarget::Sweep => self.sweep_over(),
            JobTarget::Probe => self.probed(false),
        }
    }
}
