//! The master's state and its event loop: one thread, edge-triggered epoll, never blocking but in `poll`.
//!
//! Each verb is an `impl Master` in the file of its name; this file only says what there is and who is called for which event.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::time::Duration;

use ewsd_http::network::Network;
use ewsd_ipc::{Fault, RenderReason};
use log::{debug, warn};
use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Registry, Token};

use crate::clock::{Clock, Millis};
use crate::config::{Config, Reloaded};
use crate::crowd::Crowd;
use crate::desks::Desks;
use crate::dispatch::Dispatch;
use crate::doubt::ClockState;
use crate::intern::Interned;
use crate::later::Later;
use crate::listen::Listener;
use crate::metrics::Metrics;
use crate::nodes::Nodes;
use crate::outbox::Outbox;
use crate::owners::Owners;
use crate::park::Parking;
use crate::probe::Probing;
use crate::push::Pushes;
use crate::roles::Fleet;
use crate::signals::Signals;
use crate::spawn::Runner;
use crate::state::{ConnId, Memfds, State};
use crate::stop::Phase;
use crate::sweep::Sweeping;
use crate::table::Table;
use crate::timers::{Due, Timers};
use crate::tokens::{self, Subject, subject};
use crate::turns::{KnownCredentials, Lane};
use crate::upgrade::Trial;
use crate::watch::Watchers;

/// Reads the settings again; the error is a sentence for the log.
pub type ReloadFn = Box<dyn FnMut() -> Result<Reloaded, String>>;

/// Bytes read from or written to one connection before the others get their turn.
pub const TURN_BYTES: usize = 1024 * 1024;

/// Everything the master knows.
pub struct Master {
    pub config: Config,
    pub reload_fn: ReloadFn,
    pub clock: Clock,
    pub timers: Timers,
    pub registry: Registry,
    pub signals: Signals,
    pub listeners: Vec<Listener>,
    /// After descriptors ran out nothing is accepted until `Due::Accept`.
    pub accepting: bool,
    pub table: Table,
    /// Connections of clients in all, and per address.
    pub clients: usize,
    pub crowd: Crowd,
    /// Those of them that only linger: their answer is written.
    pub lingering: usize,
    pub per_address: HashMap<IpAddr, u32>,
    pub per_network: HashMap<Network, u32>,
    /// Bytes of requests and replies in memory, and in memfds.
    pub buffered: usize,
    pub memfds: Memfds,
    pub dispatch: Dispatch,
    /// Where requests wait when many do.
    pub parking: Parking,
    pub acquaintances: KnownCredentials,
    pub fleet: Fleet,
    pub runner: Runner,
    pub watchers: Watchers,
    pub interned: Interned,
    pub sweeping: Sweeping,
    /// Held calls to be rendered at the end of this turn.
    pub to_render: Vec<(ConnId, RenderReason)>,
    /// Held calls that nobody can look at now.
    pub later: Later,
    pub metrics: Metrics,
    /// What is known of the database.
    pub probing: Probing,
    /// Time of the entry of the heap for all that workers owe.
    pub owed_at: Millis,
    pub outbox: Outbox,
    pub doubt: ClockState,
    pub nodes: Nodes,
    /// An upgrade that is being tried.
    pub trial: Option<Trial>,
    /// Who waits to hear that this program has taken over.
    pub asked: Vec<ConnId>,
    pub pushes: Pushes,
    pub streams: Owners,
    /// Calls that are held for each account, by its mailbox, streams apart.
    pub held_calls: Owners,
    /// The memory that workers share, and its epoch.
    pub shared: File,
    pub epoch: u64,
    /// The settings that workers started from now on are handed.
    pub settings: File,
    /// What those are given instead who answer others, and where they are asked.
    pub desks: Desks,
    pub phase: Phase,
    /// Why it stops although nobody told it to.
    pub fault: Option<Fault>,
    /// Generation for which the service manager was told.
    pub told_ready: u32,
    /// What has more to do than one turn allowed.
    pub again: Vec<Subject>,
    /// Where bytes are read into before they are kept.
    pub scratch: Box<[u8]>,
    /// Whether `Due::Housekeeping` is in the heap.
    pub housekeeping: bool,
}

impl Master {
    /// Turns until the last role has exited.
    ///
    /// # Errors
    /// Only when epoll itself fails.
    pub fn turn_until_stopped(&mut self, poll: &mut Poll) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while self.phase != Phase::Stopped {
            match poll.poll(&mut events, self.patience()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            self.clock.tick();
            for event in &events {
                self.event(event);
            }
            for subject in std::mem::take(&mut self.again) {
                self.go_on(subject);
            }
            while let Some((at, due)) = self.timers.pop(self.clock.now()) {
                self.expire(at, due);
            }
            self.flush_renders();
            self.flush_queue();
            self.flush_nodes();
            self.flush_pushed();
            self.step_stop();
        }
        Ok(())
    }

    /// How long `poll` may wait.
    fn patience(&self) -> Option<Duration> {
        if !self.again.is_empty() {
            return Some(Duration::ZERO);
        }
        self.timers.next().map(|at| Duration::from_millis(at.saturating_sub(self.clock.now())))
    }

    fn event(&mut self, event: &Event) {
        match subject(event.token()) {
            Subject::Signals => self.take_signals(),
            Subject::Jobs => self.dispatch.room(&self.registry),
            Subject::Listener(index) => self.accept(index),
            Subject::Worker(worker) => self.hear(worker),
            Subject::Conn(id) => self.conn_event(id, event),
        }
    }

    /// Continues what was cut short for the sake of the others.
    fn go_on(&mut self, subject: Subject) {
        match subject {
            Subject::Listener(index) => self.accept(index),
            Subject::Worker(worker) => self.hear(worker),
            Subject::Conn(id) => {
                self.writable(id);
                self.readable(id);
            }
            Subject::Signals | Subject::Jobs => {}
        }
    }

    fn conn_event(&mut self, id: ConnId, event: &Event) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let broken = event.is_error() || event.is_write_closed();
        let hashes = matches!(conn.lane(), Lane::Hashing { .. });
        match conn.state {
            State::Held(_) if broken || event.is_read_closed() => {
                self.metrics.held_left += 1;
                self.close(id);
            }
            State::Queued(_) | State::Parked { .. } | State::Drain(_) | State::Asking(_) if broken => self.close(id),
            // Who guesses does not wait for the answer: a right password would have had one.
            State::Queued(_) | State::Parked { .. } if event.is_read_closed() && hashes => self.close(id),
            _ => {
                if event.is_writable() {
                    self.writable(id);
                }
                if event.is_readable() || event.is_read_closed() || broken {
                    self.readable(id);
                }
            }
        }
    }

    /// The client sent something, or left.
    pub fn readable(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        match conn.state {
            State::Idle | State::Head(_) | State::SkipLine | State::Body(_) => self.receive(id),
            State::Collect(_) => self.collect(id),
            State::Discard(_) => self.discard(id),
            State::Linger(_) => self.linger(id),
            State::Queued(_) | State::Parked { .. } | State::Held(_) | State::Asking(_) | State::Drain(_) => {
                conn.unread = true;
            }
            State::Serve | State::Admit(_) => {}
        }
    }

    /// The client has room for more.
    pub fn writable(&mut self, id: ConnId) {
        match self.table.get(id).map(|conn| &conn.state) {
            Some(State::Drain(_)) => self.drain(id),
            Some(State::Held(_)) => self.flush_stream(id),
            _ => {}
        }
    }

    /// Registers the socket of a connection; an event follows at once if something is there.
    /// False: it cannot be watched (it is no socket); the caller closes it.
    pub fn watch_socket(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.table.get_mut(id) else {
            return false;
        };
        let Some(socket) = conn.socket.as_ref() else {
            return false;
        };
        conn.wants_room = false;
        match self.registry.register(&mut SourceFd(&socket.as_raw_fd()), Token(id as usize), Interest::READABLE) {
            Ok(()) => true,
            Err(error) => {
                warn!("cannot watch connection {id}: {error}");
                false
            }
        }
    }

    /// Asks for an event when the client has room again. Most connections never need one, so it is not asked for from the start.
    pub fn want_room(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id).filter(|conn| !conn.wants_room) else {
            return;
        };
        let Some(socket) = conn.socket.as_ref() else {
            return;
        };
        conn.wants_room = true;
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.registry.reregister(&mut SourceFd(&socket.as_raw_fd()), Token(id as usize), interest) {
            warn!("cannot watch connection {id}: {error}");
        }
    }

    /// Takes the socket of a connection out of epoll; always before it is sent to a worker.
    pub fn unwatch_socket(&self, id: ConnId) {
        if let Some(socket) = self.table.get(id).and_then(|conn| conn.socket.as_ref()) {
            if let Err(error) = self.registry.deregister(&mut SourceFd(&socket.as_raw_fd())) {
                debug!("connection {id} was not watched: {error}");
            }
        }
    }

    /// Makes sure that the next housekeeping comes within a second.
    pub fn want_housekeeping(&mut self) {
        if !self.housekeeping {
            self.housekeeping = true;
            self.timers.push(self.clock.now() + 1000, Due::Housekeeping);
        }
    }

    /// Says whose turn comes again.
    pub fn continue_later(&mut self, subject: Subject) {
        if !self.again.contains(&subject) {
            self.again.push(subject);
        }
    }

    /// Puts a connection into another state and keeps the count of bytes in memfds and in memory.
    pub fn set_state(&mut self, id: ConnId, state: State) {
        if let Some(conn) = self.table.get_mut(id) {
            self.memfds = self.memfds.without(conn.state.memfds()).and(state.memfds());
            conn.state = state;
        }
        self.charge(id);
    }

    /// Takes the state out of a connection and leaves `Idle` behind, keeping the same counts.
    pub fn take_state(&mut self, id: ConnId) -> Option<State> {
        let conn = self.table.get_mut(id)?;
        self.memfds = self.memfds.without(conn.state.memfds());
        Some(std::mem::replace(&mut conn.state, State::Idle))
    }

    /// Charges a connection with the bytes it now keeps in memory.
    pub fn charge(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let kept = conn.pending.len() + conn.state.bytes();
        self.buffered = self.buffered.saturating_sub(conn.charged as usize).saturating_add(kept);
        conn.charged = u32::try_from(kept).unwrap_or(u32::MAX);
    }
}

/// Token of a worker's channel.
pub fn worker_token(worker: u32) -> Token {
    Token(tokens::WORKERS + worker as usize)
}
