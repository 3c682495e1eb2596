//! The worker processes by role: who must run, who runs, who is started next and when. What the roles are and how they differ is
//! the table of `proto/ipc/src/role.rs`; nothing here knows one by its name.
//!
//! The database role comes first; the others start when it said `Ready`. A role that dies before it is ready is started again
//! after a growing pause. Forking is in `spawn.rs`, burying in `reap.rs`.

use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

use ewsd_ipc::fd;
use ewsd_ipc::role::{Duty, Processes, ROLES, Role};
use ewsd_ipc::seqpacket;
use ewsd_ipc::shared::PLACES;
use log::{error, info, warn};
use mio::Interest;
use mio::unix::SourceFd;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::clock::{Millis, NEVER, millis};
use crate::config::Config;
use crate::dispatch::Generation;
use crate::master::{Master, worker_token};
use crate::stop::Phase;
use crate::timers::Due;

/// Number of a worker process since the master started.
pub type WorkerId = u32;

/// The longest pause before a role that keeps dying is started again, in seconds.
const PAUSE_MAX: u64 = 60;

/// How far a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Starting,
    Ready,
    /// Finishes what it has and exits.
    Retiring,
    /// Broke the rules or took too long; a SIGKILL is on its way.
    Killed,
}

/// A worker process.
#[derive(Debug)]
pub struct Worker {
    pub id: WorkerId,
    pub role: Role,
    pub slot: u32,
    pub generation: u32,
    pub pid: Pid,
    pub channel: OwnedFd,
    /// For roles without jobs: words to them go in here; closing it tells them to finish.
    pub stop: Option<OwnedFd>,
    pub condition: Condition,
    pub greeted: bool,
    pub started: Millis,
    pub job: Option<u64>,
    /// Since when it has nothing to do; of a request worker that is ready and has no job.
    pub idle_since: Millis,
    /// Until when it owes a sign of life; see `overdue.rs`.
    pub due: Millis,
    pub requests: u64,
    /// Why it is about to end, in its own words.
    pub complaint: Option<String>,
}

impl Worker {
    /// For status and metrics: starting, idle, busy, retiring, killed.
    pub fn state(&self) -> &'static str {
        match self.condition {
            Condition::Killed => "killed",
            Condition::Retiring => "retiring",
            Condition::Starting => "starting",
            Condition::Ready if self.job.is_some() => "busy",
            Condition::Ready => "idle",
        }
    }
}

/// A place that must be filled with a running worker.
#[derive(Debug)]
pub struct Post {
    pub role: Role,
    pub slot: u32,
    pub worker: Option<WorkerId>,
    /// Times in a row that it could not be started.
    pub failures: u32,
    pub start_at: Millis,
    /// It did what it had to and needs no successor.
    pub done: bool,
    /// Why it could not be filled, until it is.
    pub trouble: Option<String>,
}

/// All workers and posts.
#[derive(Debug, Default)]
pub struct Fleet {
    pub workers: HashMap<WorkerId, Worker>,
    pub posts: Vec<Post>,
    pub last_worker: WorkerId,
    pub database_ready: bool,
    /// Number of the newest generation of request workers.
    pub generation: u32,
}

impl Fleet {
    /// How many request workers of a generation take jobs.
    pub fn ready_requests(&self, generation: u32) -> usize {
        self.workers
            .values()
            .filter(|w| w.role.has_jobs() && w.generation == generation && w.condition == Condition::Ready)
            .count()
    }

    /// A number that no worker has had, and a place in the shared memory that no worker has.
    fn next_worker(&self) -> WorkerId {
        let taken = |id: WorkerId| self.workers.keys().any(|other| other % PLACES == id % PLACES);
        (self.last_worker + 1..).take(PLACES as usize).find(|id| !taken(*id)).unwrap_or(self.last_worker + 1)
    }

    /// The first generation.
    pub fn of(config: &Config) -> Fleet {
        let mut fleet = Fleet { generation: 1, ..Fleet::default() };
        fleet.set_posts(config);
        fleet
    }

    /// Sets the posts: each role has one, or as many as the settings want.
    pub fn set_posts(&mut self, config: &Config) {
        let wanted = |role: Role| match role.row().processes {
            Processes::One => 1,
            Processes::Workers => config.workers,
            Processes::Logins => config.logins,
        };
        self.posts.retain(|post| (post.slot as usize) < wanted(post.role));
        for role in ROLES.iter().map(|row| row.role) {
            for slot in 0..wanted(role) as u32 {
                if !self.posts.iter().any(|post| post.role == role && post.slot == slot) {
                    let post = Post { role, slot, worker: None, failures: 0, start_at: 0, done: false, trouble: None };
                    self.posts.push(post);
                }
            }
        }
    }

    /// Leaves the posts empty of all roles that a reload replaces; the processes that filled them are on their own.
    pub fn vacate(&mut self) {
        for post in self.posts.iter_mut().filter(|post| !post.role.brings_database()) {
            post.worker = None;
            post.failures = 0;
            post.start_at = 0;
            post.done = false;
            post.trouble = None;
        }
    }
}

impl Master {
    /// Whether requests can be served now.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Running && self.fleet.ready_requests(self.dispatch.current.number) > 0
    }

    /// Starts every role whose time has come.
    pub fn start_due(&mut self) {
        if self.phase >= Phase::StoppingWorkers {
            return;
        }
        let now = self.clock.now();
        let may_start = |role: Role| !role.row().needs_database || self.fleet.database_ready;
        let due: Vec<(Role, u32)> = self
            .fleet
            .posts
            .iter()
            .filter(|post| post.worker.is_none() && !post.done && post.start_at <= now && may_start(post.role))
            .map(|post| (post.role, post.slot))
            .collect();
        for (role, slot) in due {
            match self.start(role, slot) {
                Ok(id) => {
                    if let Some(post) = self.post_mut(role, slot) {
                        post.worker = Some(id);
                    }
                }
                Err(error) => {
                    error!("cannot start the {} worker: {error}", role.name());
                    self.pause(role, slot, error.to_string());
                }
            }
        }
        self.want_housekeeping();
    }

    fn start(&mut self, role: Role, slot: u32) -> std::io::Result<WorkerId> {
        let (channel, theirs) = seqpacket::pair()?;
        let id = self.fleet.next_worker();
        ewsd_ipc::shared::vacate(&self.shared, id)?;
        self.registry.register(&mut SourceFd(&channel.as_raw_fd()), worker_token(id), Interest::READABLE)?;
        let generation = if role.has_jobs() { self.fleet.generation } else { 0 };
        let (jobs, stop) = match (role.has_jobs(), self.generation_of(generation)) {
            (true, Some(generation)) => (generation.receive.as_fd().try_clone_to_owned()?, None),
            _ => seqpacket::pair().map(|(ours, theirs)| (theirs, Some(ours)))?,
        };
        let row = role.row();
        let own = row.answers.map(|service| (service, self.desks.of(service)));
        let (shared, settings) = own.map_or((&self.shared, &self.settings), |(_, desk)| (&desk.shared, &desk.settings));
        let mut fds = vec![
            (fd::JOBS, jobs.as_fd()),
            (fd::CHANNEL, theirs.as_fd()),
            (fd::SHARED, shared.as_fd()),
            (fd::SETTINGS, settings.as_fd()),
        ];
        fds.extend(own.map(|(service, desk)| (service.descriptor(), desk.answer.as_fd())));
        fds.extend(row.asks.iter().map(|service| (service.descriptor(), self.desks.of(*service).ask.as_fd())));
        let pid = self.runner.spawn(&self.config, role, (id, generation, slot), &fds)?;
        self.fleet.last_worker = id;
        self.metrics.workers_started += 1;
        let worker = Worker {
            id,
            role,
            slot,
            generation,
            pid,
            channel,
            stop,
            condition: Condition::Starting,
            greeted: false,
            started: self.clock.now(),
            job: None,
            idle_since: self.clock.now(),
            due: NEVER,
            requests: 0,
            complaint: None,
        };
        self.fleet.workers.insert(id, worker);
        self.worker_by(id, self.grace());
        Ok(id)
    }

    /// The current or the coming generation.
    fn generation_of(&self, number: u32) -> Option<&Generation> {
        [Some(&self.dispatch.current), self.dispatch.next.as_ref()].into_iter().flatten().find(|g| g.number == number)
    }

    /// The place of a role.
    pub fn post_mut(&mut self, role: Role, slot: u32) -> Option<&mut Post> {
        self.fleet.posts.iter_mut().find(|post| post.role == role && post.slot == slot)
    }

    /// A role could not start, or ended right after: 1, 2, 4 ... 60 seconds until the next attempt.
    pub fn pause(&mut self, role: Role, slot: u32, why: String) {
        let mut at = self.clock.now();
        if let Some(post) = self.post_mut(role, slot) {
            let seconds = 1u64.checked_shl(post.failures.min(6)).unwrap_or(PAUSE_MAX).min(PAUSE_MAX);
            at += seconds * 1000;
            post.failures += 1;
            post.worker = None;
            post.start_at = at;
            post.trouble = Some(why);
            warn!("the {} worker in slot {slot} did not last; next attempt in {seconds} s", role.name());
        }
        self.timers.push(at, Due::Housekeeping);
    }

    /// A worker said that it is ready.
    pub fn worker_ready(&mut self, id: WorkerId) {
        let now = self.clock.now();
        let Some(worker) = self.fleet.workers.get_mut(&id) else {
            return;
        };
        worker.condition = Condition::Ready;
        worker.idle_since = now;
        if worker.role.has_jobs() {
            worker.due = NEVER;
        }
        let (role, slot, generation) = (worker.role, worker.slot, worker.generation);
        let post = self.post_mut(role, slot).filter(|post| post.worker == Some(id));
        let is_heir = post.is_some();
        if let Some(post) = post {
            post.trouble = None;
        }
        match role.row().duty {
            Duty::Database => {
                info!("the database is ready");
                self.fleet.database_ready = true;
                self.start_due();
            }
            Duty::Jobs => {
                self.switch_generation(generation);
                self.tell_ready();
            }
            // One that a reload told to end may have been ready by then: whoever has its post is no elder.
            Duty::Own if is_heir => self.end_elders(id, role, slot),
            Duty::Own => {}
        }
    }

    /// The heir of a role stands: whoever filled its post before may go.
    fn end_elders(&mut self, heir: WorkerId, role: Role, slot: u32) {
        let ends = self.grace();
        let elders = self.fleet.workers.values_mut().filter(|w| w.role == role && w.slot == slot && w.id != heir);
        for elder in elders.filter(|elder| elder.stop.is_some()) {
            elder.stop = None;
            elder.due = ends;
            signal(elder.pid, Signal::SIGTERM);
        }
        self.expect_by(ends);
    }

    /// Whether what a reload asked for does not stand yet: a generation, or the heir of a role.
    pub fn is_reloading(&self) -> bool {
        let stands = |post: &Post| {
            let worker = post.worker.and_then(|id| self.fleet.workers.get(&id));
            worker.is_some_and(|worker| worker.condition != Condition::Starting)
        };
        let waits = self.fleet.posts.iter().any(|post| post.role.starts_anew() && !stands(post));
        self.dispatch.next.is_some() || waits
    }

    /// A worker takes no more jobs: its successor starts now.
    pub fn worker_retires(&mut self, id: WorkerId) {
        let ends = self.grace().saturating_add(millis(self.config.limits.request));
        let Some(worker) = self.fleet.workers.get_mut(&id) else {
            return;
        };
        worker.condition = Condition::Retiring;
        // Its last job has its own time, and may not have begun.
        worker.due = ends;
        let (role, slot) = (worker.role, worker.slot);
        if let Some(post) = self.post_mut(role, slot).filter(|post| post.worker == Some(id)) {
            post.worker = None;
            post.start_at = 0;
        }
        self.expect_by(ends);
        self.start_due();
    }

    /// Kills a worker that breaks the rules of the protocol, or that took too long. What it has is freed when it is gone.
    pub fn kill_worker(&mut self, id: WorkerId, why: &str) {
        let Some(worker) = self.fleet.workers.get_mut(&id) else {
            return;
        };
        error!("killing {} worker {} (slot {}): {why}", worker.role.name(), worker.pid, worker.slot);
        worker.condition = Condition::Killed;
        self.metrics.workers_killed += 1;
        if let Err(error) = self.registry.deregister(&mut SourceFd(&worker.channel.as_raw_fd())) {
            warn!("its channel was not watched: {error}");
        }
        signal(worker.pid, Signal::SIGKILL);
    }
}

/// Sends a signal to a child that was not yet waited for, so the pid is still its own.
pub fn signal(pid: Pid, signal: Signal) {
    if let Err(error) = kill(pid, signal) {
        warn!("cannot send {signal} to worker {pid}: {error}");
    }
}
