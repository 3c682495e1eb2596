//! Takes new connections, and turns them away over the caps. The next verb is `receive.rs`.

use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use log::warn;
use nix::libc;
use nix::sys::socket::{setsockopt, sockopt};

use crate::master::Master;
use crate::refuse;
use crate::state::{ConnId, Protocol, ReadyJob, fresh};
use crate::timers::Due;
use crate::tokens::Subject;
use crate::turns::network;

/// Connections taken from one listener before others get their turn.
const TURN_ACCEPTS: usize = 128;

/// Over the cap on connections this many more are let in to be told so; beyond, they are closed without a word.
const TURNED_AWAY_AT_ONCE: usize = 256;

impl Master {
    /// Accepts what waits on a listener.
    pub fn accept(&mut self, number: usize) {
        for _ in 0..TURN_ACCEPTS {
            let Some(listener) = self.listeners.iter().find(|known| known.number == number && self.accepting) else {
                return;
            };
            let (kind, index, proxy) = (listener.kind, listener.index, listener.proxy);
            match listener.socket.accept() {
                Ok((socket, peer)) => self.welcome(socket, peer, kind, index, proxy),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if out_of_descriptors(&error) => {
                    warn!("no descriptor left for a new connection: raise LimitNOFILE or lower limits.connections");
                    self.accepting = false;
                    self.timers.push(self.clock.now() + 200, Due::Accept);
                    return;
                }
                // The client left before it was accepted, or a signal came.
                Err(_) => {}
            }
        }
        self.continue_later(Subject::Listener(number));
    }

    /// Goes on accepting after descriptors had run out.
    pub fn accept_again(&mut self) {
        self.accepting = true;
        for number in self.listeners.iter().map(|listener| listener.number).collect::<Vec<_>>() {
            self.continue_later(Subject::Listener(number));
        }
    }

    fn welcome(&mut self, socket: OwnedFd, peer: SocketAddr, kind: Protocol, listener: u16, proxy: bool) {
        let Ok(stat) = nix::sys::stat::fstat(&socket) else {
            return;
        };
        // Fails on Unix sockets, which have nothing to delay.
        let _ = setsockopt(&socket, sockopt::TcpNoDelay, &true);
        self.metrics.accepted(kind);
        let last = kind.is_client() && self.is_near_the_end(socket.as_raw_fd());
        // Of a proxy's connections the clients are told in a moment.
        let counted = if proxy { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { peer.ip() };
        let mut room = !last && self.has_room(kind, counted);
        if !room && kind.is_client() && self.drop_silent() {
            room = self.has_room(kind, counted);
        }
        let places = self.places();
        if !room && (last || self.clients > places + TURNED_AWAY_AT_ONCE.min(places)) {
            self.metrics.refused_connections += 1;
            return;
        }
        let id = self.table.insert(|id| fresh(id, socket, stat.st_ino as u32, peer, listener, kind));
        if let Some(conn) = self.table.get_mut(id) {
            conn.preface = proxy;
        }
        self.count_in(id);
        if !self.watch_socket(id) {
            return self.close(id);
        }
        if !room {
            self.metrics.refused_connections += 1;
            return self.turn_away(id, refuse::CROWDED);
        }
        match kind {
            Protocol::Lmtp => self.submit(id, ReadyJob::LmtpGreeting),
            _ => self.wait_idle(id),
        }
    }

    /// Whether the caps allow one more connection from `ip`.
    fn has_room(&self, kind: Protocol, ip: IpAddr) -> bool {
        let limits = &self.config.limits;
        if !kind.is_client() {
            return self.has_place(kind);
        }
        let from_there = self.per_address.get(&ip).copied().unwrap_or(0) as usize;
        let unlimited = limits.connections_per_address == 0 || ip.is_unspecified() || self.is_exempt(ip);
        self.has_place(kind)
            && (unlimited || from_there < limits.connections_per_address)
            && (!self.has_network_share(ip) || self.of_network(ip) < self.network_places())
    }

    fn of_network(&self, ip: IpAddr) -> usize {
        self.per_network.get(&network(ip)).copied().unwrap_or(0) as usize
    }

    /// Clients from one network.
    fn network_places(&self) -> usize {
        match self.config.limits.connections_per_network {
            0 => self.places() / 2,
            most => most,
        }
    }

    /// One more from there.
    pub fn count_at(&mut self, ip: IpAddr) {
        self.clients += 1;
        *self.per_address.entry(ip).or_insert(0) += 1;
        *self.per_network.entry(network(ip)).or_insert(0) += 1;
    }

    fn count_in(&mut self, id: ConnId) {
        if let Some(kind) = self.table.get(id).map(|conn| conn.kind) {
            self.crowd.come(kind, id);
            self.tidy_newcomers();
        }
        if let Some(ip) = self.table.get(id).filter(|conn| conn.kind.is_client()).map(|conn| conn.ip) {
            self.count_at(ip);
        }
    }

    /// A proxy says whose connection it is: from here on it counts as that one's. False: that one has enough of them.
    pub fn belongs_to(&mut self, id: ConnId, client: SocketAddr) -> bool {
        let Some((former, kind)) = self.table.get(id).map(|conn| (conn.ip, conn.kind)) else {
            return false;
        };
        let capped = kind.is_client();
        if capped {
            self.count_out(former);
        }
        let room = self.has_room(kind, client.ip());
        if let Some(conn) = self.table.get_mut(id) {
            (conn.ip, conn.port) = (client.ip(), client.port());
        }
        if capped {
            self.count_at(client.ip());
        }
        room
    }

    /// Takes a connection that is going away out of the caps.
    pub fn count_out(&mut self, ip: IpAddr) {
        self.clients = self.clients.saturating_sub(1);
        one_less(&mut self.per_address, &ip);
        one_less(&mut self.per_network, &network(ip));
    }
}

fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

fn out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS))
}
