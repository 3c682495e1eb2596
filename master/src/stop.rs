//! Stops: first the listening, then the requests, then the workers, last the database.
//!
//! Held clients get the answer of their deadline at once, so that they come back to another server, or to this one when it is up
//! again. A second signal cuts the waiting short.

use ewsd_ipc::Fault;
use log::{error, info, warn};
use nix::sys::signal::Signal;

use crate::clock::Millis;
use crate::master::Master;
use crate::refuse;
use crate::roles::signal;
use crate::state::{ConnId, Protocol, State};
use crate::timers::Due;

/// How long workers may take to exit before they are killed, in milliseconds; they have no request any more by then, or too slow
/// a one.
const WORKERS_MS: Millis = 10_000;

/// The same for the database, which writes its checkpoint.
const DATABASE_MS: Millis = 90_000;

/// How far stopping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Running,
    /// No new connections; requests are finished.
    Draining,
    /// Everything but the database is told to exit.
    StoppingWorkers,
    /// The database is told to exit.
    StoppingDatabase,
    /// Nothing runs any more.
    Stopped,
}

impl Phase {
    /// For status.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Running => "running",
            Phase::Draining => "draining",
            Phase::StoppingWorkers => "stopping workers",
            Phase::StoppingDatabase => "stopping the database",
            Phase::Stopped => "stopped",
        }
    }
}

impl Master {
    /// Starts to stop; called again, it stops without waiting for requests.
    pub fn begin_stop(&mut self) {
        if self.phase != Phase::Running {
            return self.stop_workers();
        }
        self.phase = Phase::Draining;
        crate::notify::stopping();
        self.listeners.retain(|listener| !listener.kind.is_client());
        let idle: Vec<ConnId> = self
            .table
            .iter()
            .filter(|conn| conn.kind.is_client() && matches!(conn.state, State::Idle))
            .map(|conn| conn.id)
            .collect();
        info!("closing {} idle connections, finishing {}", idle.len(), self.clients.saturating_sub(idle.len()));
        for id in idle {
            match self.table.get(id).map(|conn| conn.kind) {
                Some(Protocol::Lmtp) => self.refuse(id, refuse::STOPPING),
                _ => self.close(id),
            }
        }
        self.release_all_held();
        self.timers.push(self.clock.after(self.config.drain), Due::DrainOver);
    }

    /// Nobody can be served before a setting is changed: stops, and says why.
    pub fn give_up(&mut self, why: String) {
        error!("this cannot come right by itself, stopping: {why}");
        self.fault = Some(Fault::hopeless(why));
        self.begin_stop();
        // What came meanwhile waits for workers that there will not be.
        self.stop_workers();
    }

    /// Goes to the next phase when the present one is over; called once per turn.
    pub fn step_stop(&mut self) {
        match self.phase {
            Phase::Draining if self.clients == self.lingering => self.stop_workers(),
            Phase::StoppingWorkers if self.fleet.workers.values().all(|worker| worker.role.brings_database()) => {
                self.stop_database();
            }
            Phase::StoppingDatabase if self.fleet.workers.is_empty() => self.phase = Phase::Stopped,
            _ => {}
        }
    }

    /// The time to finish requests is over.
    pub fn drain_over(&mut self) {
        if self.phase == Phase::Draining {
            warn!("{} connections are not finished after process.drain_seconds", self.clients - self.lingering);
            self.stop_workers();
        }
    }

    fn stop_workers(&mut self) {
        if self.phase >= Phase::StoppingWorkers {
            return;
        }
        self.phase = Phase::StoppingWorkers;
        // Request workers see the end of their jobs, other roles the end of theirs and a SIGTERM.
        self.dispatch.current.send = None;
        self.dispatch.next = None;
        for worker in self.fleet.workers.values_mut().filter(|worker| !worker.role.brings_database()) {
            worker.stop = None;
            if !worker.role.has_jobs() {
                signal(worker.pid, Signal::SIGTERM);
            }
        }
        self.timers.push(self.clock.now() + WORKERS_MS, Due::StopOver(self.phase));
    }

    fn stop_database(&mut self) {
        self.phase = Phase::StoppingDatabase;
        for worker in self.fleet.workers.values_mut() {
            worker.stop = None;
            signal(worker.pid, Signal::SIGTERM);
        }
        self.timers.push(self.clock.now() + DATABASE_MS, Due::StopOver(self.phase));
        if self.fleet.workers.is_empty() {
            self.phase = Phase::Stopped;
        }
    }

    /// Whoever was told in `phase` and is still there did not listen. A later phase has a time of its own: the workers' is too short
    /// for the database, and whose role was killed would outlive the server.
    pub fn stop_over(&mut self, phase: Phase) {
        if self.phase != phase {
            return;
        }
        let database_too = phase == Phase::StoppingDatabase;
        for worker in self.fleet.workers.values().filter(|worker| database_too || !worker.role.brings_database()) {
            warn!("{} worker {} does not exit, killing it", worker.role.name(), worker.pid);
            signal(worker.pid, Signal::SIGKILL);
        }
    }
}
