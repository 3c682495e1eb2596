//! The table of connections: one slot per client, whatever it is doing.
//!
//! `Conn::state` says who owns the socket: in `Serve` and `Admit` a worker does and `socket` is none, in every other state
//! the master does and the socket is registered with epoll. The transitions are in LIFECYCLE.md.

use std::collections::VecDeque;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use ewsd_http::{BodyKind, ChunkDecoder, EndFinder};
use ewsd_ipc::{ConnRecord, Then};

use crate::clock::{Millis, NEVER};
use crate::drain::Source;
use crate::hold::Held;
use crate::probe::Asking;

/// Number of a connection: a count in the upper 40 bits, its slot in the lower 24. Never used twice.
pub type ConnId = u64;

const SLOT_BITS: u32 = 24;

/// Ids below this are no connections; see `tokens.rs`.
pub const FIRST_CONN: ConnId = 1 << SLOT_BITS;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Requests for workers.
    Http,
    /// Mail for workers (RFC 2033).
    Lmtp,
    /// Metrics and health, answered here.
    Admin,
    /// `ewsctl`, answered here.
    Control,
}

impl Kind {
    /// Whether it counts against the caps on clients.
    pub fn is_client(self) -> bool {
        matches!(self, Kind::Http | Kind::Lmtp)
    }
}

/// What a connection is doing.
#[derive(Debug)]
pub enum State {
    /// Between requests: nothing of the next one came.
    Idle,
    /// Part of a head, or of a line, is in `pending`.
    Head(EndFinder),
    /// LMTP: a line is too long and is thrown away up to its LF.
    SkipLine,
    /// The head is in `pending`; its small body is arriving.
    Body(Box<SmallBody>),
    /// A whole request waits for room on the jobs socket.
    Queued(Box<ReadyJob>),
    /// A worker owns the socket.
    Serve,
    /// A worker owns the socket and decides about the body.
    Admit(Box<Admission>),
    /// An admitted body, or LMTP message data, is being collected.
    Collect(Box<Collect>),
    /// A body is read and thrown away before its answer is written.
    Discard(Box<Discard>),
    /// A long poll or a stream waits.
    Held(Box<Held>),
    /// Admin: waits for a worker's word on whether the database answers.
    Asking(Asking),
    /// The rest of a reply is written as the client reads.
    Drain(Box<Drain>),
    /// Everything is written and the sending side closed; what still comes is thrown away so that the client sees the answer
    /// and not a reset. Bytes it may still send.
    Linger(u32),
}

/// A body that fits into memory together with its head.
#[derive(Debug)]
pub struct SmallBody {
    pub head_len: usize,
    pub kind: BodyKind,
    /// When the body began, for the minimum rate.
    pub since: Millis,
    /// Chunked only: the decoder, what it yielded, and how much of `pending` behind the head it has read.
    pub decoder: ChunkDecoder,
    pub decoded: Vec<u8>,
}

/// A job that is ready to be sent; the bytes that stay in `Conn::pending` are counted from its start.
#[derive(Debug)]
pub enum ReadyJob {
    /// `head_len` bytes of head, then `body_len` bytes of body in `pending`.
    Http { head_len: usize, body_len: usize },
    /// The head in `pending`, the body elsewhere.
    HttpDecoded { head_len: usize, body: Vec<u8> },
    /// The head in `pending`, the body in a memfd.
    HttpMemfd { head_len: usize, body: File, length: u64 },
    /// The head in `pending`; the body is not taken yet.
    Admit(Box<Admission>),
    /// Greet an LMTP client.
    LmtpGreeting,
    /// Complete lines: so many bytes of `pending`.
    LmtpLines { length: usize },
    /// Message data.
    LmtpData { body: File, length: u64 },
    /// Message data over the limit.
    LmtpTooBig,
    /// A line over the limit.
    LmtpLongLine,
}

/// A request whose body waits for a worker's decision. `pending` holds its head and the first bytes of the body.
#[derive(Debug)]
pub struct Admission {
    /// The job that asks, once it is sent.
    pub job: u64,
    pub head_len: usize,
    pub kind: BodyKind,
    pub expect_continue: bool,
    pub decoder: ChunkDecoder,
    /// What was decoded before it grew too large.
    pub decoded: Vec<u8>,
}

/// A body on its way into a memfd.
#[derive(Debug)]
pub struct Collect {
    pub file: File,
    /// Bytes written to the file.
    pub length: u64,
    pub limit: u64,
    pub since: Millis,
    pub framing: Framing,
}

/// Where a collected body ends.
#[derive(Debug)]
pub enum Framing {
    /// HTTP: so many bytes are missing; the head is the first `head_len` bytes of `pending`.
    Length { head_len: usize, left: u64 },
    /// HTTP: the decoder knows.
    Chunked { head_len: usize, decoder: ChunkDecoder },
    /// LMTP: a line with nothing but a dot. `over` = the limit was passed, nothing is kept any more.
    Dot { scan: crate::lmtp::DotScan, over: bool },
}

/// A body that nobody wants.
#[derive(Debug)]
pub struct Discard {
    /// Length framing: bytes missing. Chunked: bytes that may still come.
    pub left: u64,
    pub decoder: Option<ChunkDecoder>,
    pub since: Millis,
    pub received: u64,
    pub then: Then,
    pub reply: Vec<u8>,
}

/// The rest of a reply.
#[derive(Debug)]
pub struct Drain {
    pub sources: VecDeque<Source>,
    /// When it began and how much of it was taken, for the minimum rate.
    pub since: Millis,
    pub written: u64,
    pub after: After,
}

/// What follows when everything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Wait for the next request.
    Keep,
    /// Close, letting the client read first.
    Close,
}

impl From<Then> for After {
    fn from(then: Then) -> Self {
        match then {
            Then::Keep => After::Keep,
            Then::Close => After::Close,
        }
    }
}

/// One connection.
#[derive(Debug)]
pub struct Conn {
    pub id: ConnId,
    /// None while a worker owns it.
    pub socket: Option<OwnedFd>,
    /// Tells whether a worker handed back the same socket.
    pub inode: u64,
    pub ip: IpAddr,
    pub port: u16,
    pub listener: u16,
    pub kind: Kind,
    /// Something may be there to read although no event will say so.
    pub unread: bool,
    /// Registered for writing, too.
    pub wants_room: bool,
    /// What the last request said of the connection's future.
    pub keep_alive: bool,
    /// Counted in the cap per address and in all.
    pub capped: bool,
    pub served: u32,
    pub deadline: Millis,
    /// Time of its valid entry in the heap.
    pub timer: Millis,
    /// How much of `buffered_bytes` it is charged with.
    pub charged: u32,
    /// Opaque, from the last worker.
    pub context: Box<[u8]>,
    /// Received and not yet sent to a worker: the present request, then what was pipelined behind it.
    pub pending: Vec<u8>,
    pub state: State,
}

impl Conn {
    /// What workers are told of it.
    pub fn record(&self) -> ConnRecord {
        ConnRecord {
            conn: self.id,
            peer: SocketAddr::new(self.ip, self.port),
            listener: self.listener,
            served: self.served,
            context: self.context.to_vec(),
        }
    }
}

/// All connections.
#[derive(Debug, Default)]
pub struct Table {
    slots: Vec<Option<Conn>>,
    free: Vec<u32>,
    count: u64,
}

impl Table {
    /// Makes a slot; `fill` gets the new connection's id.
    pub fn insert(&mut self, fill: impl FnOnce(ConnId) -> Conn) -> ConnId {
        self.count += 1;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as u32
        });
        let id = (self.count << SLOT_BITS) | u64::from(slot);
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(fill(id));
        }
        id
    }

    /// The connection of that number, if it still exists.
    pub fn get(&self, id: ConnId) -> Option<&Conn> {
        self.slots.get(slot_of(id))?.as_ref().filter(|conn| conn.id == id)
    }

    /// As [`Self::get`], to change it.
    pub fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.slots.get_mut(slot_of(id))?.as_mut().filter(|conn| conn.id == id)
    }

    /// Takes a connection out; dropping it closes the socket.
    pub fn remove(&mut self, id: ConnId) -> Option<Conn> {
        let place = self.slots.get_mut(slot_of(id))?;
        if place.as_ref()?.id != id {
            return None;
        }
        self.free.push(slot_of(id) as u32);
        place.take()
    }

    /// Every connection.
    pub fn iter(&self) -> impl Iterator<Item = &Conn> {
        self.slots.iter().flatten()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

fn slot_of(id: ConnId) -> usize {
    (id & (FIRST_CONN - 1)) as usize
}

/// A connection as it starts.
pub fn fresh(id: ConnId, socket: OwnedFd, inode: u64, peer: SocketAddr, listener: u16, kind: Kind) -> Conn {
    Conn {
        id,
        socket: Some(socket),
        inode,
        ip: peer.ip(),
        port: peer.port(),
        listener,
        kind,
        unread: false,
        wants_room: false,
        keep_alive: true,
        capped: false,
        served: 0,
        deadline: NEVER,
        timer: NEVER,
        charged: 0,
        context: Box::default(),
        pending: Vec::new(),
        state: State::Idle,
    }
}
