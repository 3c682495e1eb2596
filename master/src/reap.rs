//! Buries workers: what they still said is heard, what they had is freed, and their posts are filled again.

use log::{error, info, warn};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::dispatch::{About, Sent};
use crate::master::Master;
use crate::roles::{Condition, Role, Worker, WorkerId};
use crate::stop::Phase;

/// A worker that dies this young after `Ready` counts as one that cannot start, in milliseconds. Only for roles that no client
/// can kill: for request workers a crash loop needs a request each time.
const YOUNG_MS: u64 = 2000;

impl Master {
    /// Waits for every child that has exited.
    pub fn reap(&mut self) {
        loop {
            match waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::Exited(pid, code)) => {
                    self.bury_pid(pid, &format!("exited with status {code}"), code == 0)
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) => {
                    // A role without a handler for SIGTERM ends like this when it is told to stop.
                    let clean = signal == Signal::SIGTERM && self.was_told_to_stop(pid);
                    self.bury_pid(pid, &format!("was killed by {signal}"), clean);
                }
                Ok(WaitStatus::StillAlive) | Err(Errno::ECHILD) => return,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return error!("waitpid: {error}"),
            }
        }
    }

    fn was_told_to_stop(&self, pid: Pid) -> bool {
        let worker = self.fleet.workers.values().find(|worker| worker.pid == pid);
        worker.is_some_and(|worker| worker.role != Role::Request && worker.stop.is_none())
    }

    fn bury_pid(&mut self, pid: Pid, how: &str, clean: bool) {
        let Some(id) = self.fleet.workers.values().find(|worker| worker.pid == pid).map(|worker| worker.id) else {
            return;
        };
        self.hear_out(id);
        if let Some(worker) = self.fleet.workers.remove(&id) {
            self.bury(worker, how, clean);
        }
    }

    fn bury(&mut self, worker: Worker, how: &str, clean: bool) {
        let age = self.clock.now().saturating_sub(worker.started);
        let name = worker.role.name();
        let expected = clean
            && (worker.condition == Condition::Retiring || self.phase != Phase::Running || !self.is_posted(&worker));
        if clean {
            info!("{name} worker {} (slot {}) {how} after {} requests", worker.pid, worker.slot, worker.requests);
        } else {
            warn!("{name} worker {} (slot {}) {how} after {} requests", worker.pid, worker.slot, worker.requests);
            self.metrics.workers_died += 1;
            self.dispatch.last_death = self.clock.now();
        }
        if let Some(job) = worker.job {
            self.lose(job);
        }
        if !expected {
            self.refill(&worker, clean, age);
        }
        self.clear_generations();
        if !clean && worker.role == Role::Request {
            // It may have committed something and died before it could tell.
            self.sweep_now();
        }
        self.want_housekeeping();
    }

    fn is_posted(&mut self, worker: &Worker) -> bool {
        let id = worker.id;
        self.post_mut(worker.role, worker.slot).is_some_and(|post| post.worker == Some(id))
    }

    /// Sees to the post of a worker that ended without being asked to.
    fn refill(&mut self, worker: &Worker, clean: bool, age: u64) {
        let id: WorkerId = worker.id;
        let (role, slot) = (worker.role, worker.slot);
        let Some(post) = self.post_mut(role, slot).filter(|post| post.worker == Some(id)) else {
            return;
        };
        post.worker = None;
        let was_ready = worker.condition != Condition::Starting;
        if role == Role::Database && clean && was_ready {
            // The database runs elsewhere and is prepared.
            post.done = true;
        } else if !was_ready || (role != Role::Request && age < YOUNG_MS) {
            self.pause(role, slot);
        } else {
            self.start_due();
        }
    }

    /// A job will never be answered.
    pub fn lose(&mut self, job: u64) {
        let Some(Sent { about, generation, worker, .. }) = self.dispatch.sent.remove(&job) else {
            return;
        };
        if worker.is_none() && generation == self.dispatch.current.number {
            self.dispatch.untaken = self.dispatch.untaken.saturating_sub(1);
        }
        self.metrics.jobs_lost += 1;
        match about {
            // The socket died with its worker.
            About::Conn(id) => self.close(id),
            About::Render(ids) => self.render_again(ids),
            About::Sweep => self.sweep_over(),
        }
    }
}
