//! How many connections of each kind there may be, and who goes when it is full.
//!
//! Administrators have pools of their own, one for the admin listener and one for `ewsctl`: neither clients nor each other take
//! their places. Mail has a share of the clients' places that HTTP cannot take. And all clients together leave the descriptors
//! that the master itself needs, whatever the setting says: those of workers, of bodies, and of sockets that come back.

use std::collections::VecDeque;

use crate::config::CONNECTIONS;
use crate::master::Master;
use crate::state::{Conn, ConnId, Protocol, State};

/// Connections to the admin listener, unless descriptors are few.
const ADMIN: usize = 128;

/// Connections of `ewsctl`.
const CONTROL: usize = 16;

/// Descriptors that the master needs for itself, and for each request worker: its sockets, and those of jobs that come back.
const OWN: usize = 64;
const FOR_EACH_WORKER: usize = 8;

/// Places for mail at most; it has one in sixteen.
const MAIL: usize = 64;

/// Who is there.
#[derive(Debug, Default)]
pub struct Crowd {
    http: usize,
    lmtp: usize,
    admin: usize,
    control: usize,
    /// Those that had not said anything when they came, oldest first. Some may have gone, or spoken, since.
    newcomers: VecDeque<ConnId>,
}

impl Crowd {
    fn of(&mut self, kind: Protocol) -> &mut usize {
        match kind {
            Protocol::Http => &mut self.http,
            Protocol::Lmtp => &mut self.lmtp,
            Protocol::Admin => &mut self.admin,
            Protocol::Control => &mut self.control,
        }
    }

    /// One has come.
    pub fn come(&mut self, kind: Protocol, id: ConnId) {
        *self.of(kind) += 1;
        if kind == Protocol::Http {
            self.newcomers.push_back(id);
        }
    }

    /// One has gone.
    pub fn go(&mut self, kind: Protocol) {
        let count = self.of(kind);
        *count = count.saturating_sub(1);
    }
}

/// How many descriptors a server needs for so many clients, `limits.connections`, with so many request workers.
#[must_use]
pub fn descriptors_for(connections: u64, workers: u64) -> u64 {
    let own = OWN + ADMIN + CONTROL;
    connections.saturating_add(workers.saturating_mul(FOR_EACH_WORKER as u64)).saturating_add(own as u64)
}

impl Master {
    /// Descriptors that are not for clients.
    pub fn reserve(&self) -> usize {
        let own = OWN + FOR_EACH_WORKER * self.config.workers + self.admin_places() + CONTROL;
        own.min(self.descriptors() / 2)
    }

    fn descriptors(&self) -> usize {
        usize::try_from(self.runner.descriptors()).unwrap_or(usize::MAX)
    }

    fn admin_places(&self) -> usize {
        ADMIN.min(self.descriptors() / 16)
    }

    /// Clients in all.
    pub fn places(&self) -> usize {
        let wanted = match self.config.limits.connections {
            0 => CONNECTIONS,
            wanted => wanted,
        };
        wanted.min(self.descriptors().saturating_sub(self.reserve()))
    }

    /// Whether there is a place for one more of that kind.
    pub fn has_place(&self, kind: Protocol) -> bool {
        let crowd = &self.crowd;
        let places = self.places();
        let mail = if self.listeners.iter().any(|listener| listener.kind == Protocol::Lmtp) { places / 16 } else { 0 };
        match kind {
            Protocol::Http => self.clients < places && crowd.http < places - mail.min(MAIL),
            Protocol::Lmtp => self.clients < places,
            Protocol::Admin => crowd.admin < self.admin_places(),
            Protocol::Control => crowd.control < CONTROL,
        }
    }

    /// Whether a descriptor with this number is one of the last ones: the kernel gives the lowest that is free.
    pub fn is_near_the_end(&self, fd: i32) -> bool {
        usize::try_from(fd).is_ok_and(|fd| fd >= self.descriptors().saturating_sub(self.reserve()))
    }

    /// Closes the oldest HTTP connection that has said nothing yet; false: there is none.
    pub fn drop_silent(&mut self) -> bool {
        while let Some(id) = self.crowd.newcomers.pop_front() {
            if self.table.get(id).is_some_and(is_silent) {
                self.metrics.refused_connections += 1;
                self.close(id);
                return true;
            }
        }
        false
    }

    /// Closes a client that waits for nothing, so that there is a descriptor for who does.
    pub fn drop_idle(&mut self) {
        if self.drop_silent() {
            return;
        }
        let idle = self.table.iter().find(|conn| conn.kind.is_client() && matches!(conn.state, State::Idle));
        if let Some(id) = idle.map(|conn| conn.id) {
            self.close(id);
        }
    }

    /// Forgets newcomers that spoke or went: those before the first that did not, and all of them when they are many.
    pub fn tidy_newcomers(&mut self) {
        while self.crowd.newcomers.front().is_some_and(|id| !self.table.get(*id).is_some_and(is_silent)) {
            self.crowd.newcomers.pop_front();
        }
        if self.crowd.newcomers.len() > 2 * self.table.len() + 256 {
            let table = &self.table;
            self.crowd.newcomers.retain(|id| table.get(*id).is_some_and(is_silent));
        }
    }
}

fn is_silent(conn: &Conn) -> bool {
    conn.served == 0 && matches!(conn.state, State::Idle)
}
