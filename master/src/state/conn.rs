//! One connection: whose it is, what it has sent, what it is doing.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use ewsd_ipc::ConnRecord;

use super::State;
use crate::clock::{Millis, NEVER};
use crate::thin::Thin;
use crate::turns::{Credentials, Lane, ThinLane, first_lane, known_mailbox};

/// Number of a connection: a count in the upper 40 bits, its slot in the lower 24. Never used twice.
pub type ConnId = u64;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Requests for workers.
    Http,
    /// Mail for workers (RFC 2033).
    Lmtp,
    /// Metrics and health, answered here.
    Admin,
    /// `ewsctl`, answered here.
    Control,
}

impl Protocol {
    /// Whether it counts against the caps on clients.
    pub fn is_client(self) -> bool {
        matches!(self, Protocol::Http | Protocol::Lmtp)
    }
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    pub id: ConnId,
    /// None while a worker owns it.
    pub socket: Option<OwnedFd>,
    /// Tells whether a worker handed back the same socket: the lower half of its inode's number, which is all that sockets have.
    pub inode: u32,
    pub ip: IpAddr,
    pub port: u16,
    pub listener: u16,
    pub kind: Protocol,
    /// The header of the PROXY protocol has not come yet.
    pub preface: bool,
    /// Something may be there to read although no event will say so.
    pub unread: bool,
    /// Registered for writing, too.
    pub wants_room: bool,
    /// What the last request said of the connection's future.
    pub keep_alive: bool,
    pub served: u32,
    /// An administrator wants it closed as soon as the worker that has it hands it back.
    pub kicked: bool,
    /// Where its requests wait for their turn.
    lane: ThinLane,
    /// What stands for the credentials of the present request; 0: it has none that are the same each time.
    pub credentials: Credentials,
    pub deadline: Millis,
    /// Time of its valid entry in the heap.
    pub timer: Millis,
    /// How much of `buffered_bytes` it is charged with.
    pub charged: u32,
    /// Opaque, from the last worker.
    pub context: Thin,
    /// Received and not yet sent to a worker: the present request, then what was pipelined behind it.
    pub pending: Thin,
    pub state: State,
}

/// What a slot takes: there are ten thousand of them.
const _: () = assert!(size_of::<Conn>() <= 112);

impl Conn {
    /// Where its requests wait for their turn.
    pub fn lane(&self) -> Lane {
        self.lane.into()
    }

    /// They wait there from now on.
    pub fn set_lane(&mut self, lane: Lane) {
        self.lane = lane.into();
    }

    /// What workers are told of it.
    pub fn record(&self) -> ConnRecord {
        ConnRecord {
            conn: self.id,
            peer: SocketAddr::new(self.ip, self.port),
            listener: self.listener,
            served: self.served,
            mailbox: known_mailbox(self),
            hashes: self.lane().hashes(),
            context: self.context.to_vec(),
        }
    }
}

/// A connection as it starts, or, while a worker owns its socket, without one.
pub fn fresh(
    id: ConnId,
    socket: impl Into<Option<OwnedFd>>,
    inode: u32,
    peer: SocketAddr,
    listener: u16,
    kind: Protocol,
) -> Conn {
    Conn {
        id,
        socket: socket.into(),
        inode,
        ip: peer.ip(),
        port: peer.port(),
        listener,
        kind,
        preface: false,
        unread: false,
        wants_room: false,
        keep_alive: true,
        served: 0,
        kicked: false,
        lane: first_lane(kind).into(),
        credentials: 0,
        deadline: NEVER,
        timer: NEVER,
        charged: 0,
        context: Thin::default(),
        pending: Thin::default(),
        state: State::Idle,
    }
}
