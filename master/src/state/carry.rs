//! The state as bytes, for an upgrade in place: what one program writes into a memfd before it executes the next one, and what that
//! one reads. A row for whatever is kept, with the numbers of descriptors, which stay open across exec(2).
//!
//! The version in [`Ledger`] changes with any layout here, and with what the layouts mean: a program that knows another one
//! refuses, and the old program goes on. Writing is in `pack.rs` beside this, taking over in `adopt.rs` of the crate.

use std::net::SocketAddr;

use ewsd_ipc::message::{Pieces, Watch};
use ewsd_wire::form::{List, Text};
use ewsd_wire::wire;

/// Members of a list that is not bounded by its meaning.
const MANY: usize = 65_535;

wire! {
    /// All but the connections.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Ledger version 4 {
        /// [`ewsd_ipc::PROTOCOL`]: workers of the old program go on with it.
        pub protocol: u32,
        /// The settings as they were handed to workers.
        pub settings: Vec<u8>,
        /// The time, in the old program's milliseconds.
        pub now: u64,
        /// The soft limit of descriptors that workers get back.
        pub files: u64,
        pub listeners: Vec<ListenerRow> as List<MANY>,
        pub workers: Vec<WorkerRow> as List<MANY>,
        pub posts: Vec<PostRow> as List<MANY>,
        pub last_worker: u32,
        pub database_ready: bool,
        pub generation: u32,
        pub current: GenerationRow,
        pub old: Vec<GenerationRow> as List<MANY>,
        pub queue: Vec<WaitingRow> as List<MANY>,
        pub sent: Vec<SentRow> as List<MANY>,
        pub outstanding: u64,
        pub newest_taken: u64,
        pub last_job: u64,
        pub last_death: u64,
        pub told_ready: u32,
        /// The memory that workers share.
        pub shared: u32,
        pub convert: DeskRow,
        pub login: DeskRow,
        pub epoch: u64,
        pub others: u32,
        pub pushed: Vec<(u64, u64)> as List<MANY>,
        /// Numbers heard of mailboxes, those that are watched first; what is left out the sweep finds.
        pub heard: Vec<(u64, u64)> as List<MANY>,
        pub outbox: OutboxRow,
        /// Connections of the control socket on which somebody waits to hear that it is done.
        pub asked: Vec<u64> as List<MANY>,
        /// How many connections were numbered so far.
        pub numbered: u64,
        /// How many connections follow.
        pub connections: u64,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DeskRow {
        pub ask: u32,
        pub answer: u32,
        pub shared: u32,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct OutboxRow {
        pub queued: u64,
        pub deferred: u64,
        pub oldest: Option<u64>,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ListenerRow {
        pub fd: u32,
        pub unix: bool,
        pub kind: KindRow,
        pub number: u32,
        pub index: u16,
        pub proxy: bool,
        pub address: String as Text<4096>,
        /// Empty: no file.
        pub path: String as Text<4096>,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum KindRow {
        0 Http
        1 Lmtp
        2 Admin
        3 Control
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct WorkerRow {
        pub id: u32,
        pub role: String as Text<64>,
        pub slot: u32,
        pub generation: u32,
        pub pid: u32,
        pub channel: u32,
        pub stop: Option<u32>,
        pub condition: ConditionRow,
        pub greeted: bool,
        pub started: u64,
        pub job: Option<u64>,
        pub idle_since: u64,
        pub due: u64,
        pub requests: u64,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ConditionRow {
        0 Starting
        1 Ready
        2 Retiring
        3 Killed
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct PostRow {
        pub role: String as Text<64>,
        pub slot: u32,
        pub worker: Option<u32>,
        pub failures: u32,
        pub start_at: u64,
        pub done: bool,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct GenerationRow {
        pub number: u32,
        pub send: Option<u32>,
        pub receive: u32,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum WaitingRow {
        0 Conn(id: u64)
        /// With what happened: 0 changed, 1 heartbeat, 2 deadline.
        1 Render(calls: Vec<(u64, u64)> as List<MANY>)
        2 Sweep(known: Vec<(u64, u64)> as List<MANY>)
        3 Probe
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SentRow {
        pub job: u64,
        pub about: AboutRow,
        pub generation: u32,
        pub at: u64,
        pub expires: u64,
        pub worker: Option<u32>,
        pub missing_since: Option<u64>,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum AboutRow {
        0 Conn(id: u64)
        1 Render(ids: Vec<u64> as List<MANY>)
        2 Sweep
        3 Probe
    }

    /// A connection.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ConnRow {
        pub id: u64,
        /// None while a worker owns it.
        pub socket: Option<u32>,
        pub inode: u32,
        pub peer: SocketAddr,
        pub listener: u16,
        pub kind: KindRow,
        pub preface: bool,
        pub unread: bool,
        pub keep_alive: bool,
        pub served: u32,
        pub mailbox: u64,
        pub kicked: bool,
        pub deadline: u64,
        pub context: Vec<u8>,
        pub pending: Vec<u8>,
        pub state: StateRow,
    }

    /// As [`super::State`].
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum StateRow {
        0 Idle
        1 Head
        2 SkipLine
        3 Body(body: BodyRow)
        4 Queued(ready: ReadyRow)
        5 Serve
        6 Admit(admission: AdmissionRow)
        7 Collect(collect: CollectRow)
        8 Discard(discard: DiscardRow)
        9 Held(held: HeldRow)
        10 Asking(asking: AskingRow)
        11 Drain(drain: DrainRow)
        12 Linger(bytes: u32)
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum BodyKindRow {
        0 None
        1 Length(bytes: u64)
        2 Chunked
    }

    /// A decoder of chunks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct ChunkRow {
        pub state: u8,
        pub digits: u8,
        pub left: u64,
        pub line: u16,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct BodyRow {
        pub head_len: u64,
        pub kind: BodyKindRow,
        pub since: u64,
        pub decoder: ChunkRow,
        pub decoded: Vec<u8>,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct AdmissionRow {
        pub job: u64,
        pub head_len: u64,
        pub kind: BodyKindRow,
        pub expect_continue: bool,
        pub decoder: ChunkRow,
        pub decoded: Vec<u8>,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum ReadyRow {
        0 Http { head_len: u64, body_len: u64 }
        1 HttpDecoded { head_len: u64, body: Vec<u8> }
        2 HttpMemfd { head_len: u64, body: u32, length: u64 }
        3 Admit(admission: AdmissionRow)
        4 LmtpGreeting
        5 LmtpLines { length: u64 }
        6 LmtpData { body: u32, length: u64 }
        7 LmtpTooBig
        8 LmtpLongLine
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct CollectRow {
        pub file: u32,
        pub length: u64,
        pub limit: u64,
        pub since: u64,
        pub framing: FramingRow,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum FramingRow {
        0 Length { head_len: u64, left: u64 }
        1 Chunked { head_len: u64, decoder: ChunkRow }
        2 Dot { seen: u8, carry: u8, over: bool }
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DiscardRow {
        pub left: u64,
        pub chunked: bool,
        pub decoder: ChunkRow,
        pub since: u64,
        pub received: u64,
        pub close: bool,
        pub reply: Vec<u8>,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HeldRow {
        pub watch: Watch,
        pub at_deadline: Pieces,
        pub context: Vec<u8>,
        pub crashes: u8,
        pub time: TimeRow,
        pub render: RenderRow,
        pub is_stream: bool,
        pub stream: StreamRow,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RenderRow {
        0 No
        1 Wanted
        2 Later
        3 Job(job: u32)
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum TimeRow {
        0 Left
        1 Over
        2 Asked
    }

    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct StreamRow {
        pub owner: u64,
        pub at_beat: Pieces,
        pub deadline: u64,
        pub next_beat: u64,
        pub heartbeat: u32,
        pub out: Vec<u8>,
        pub stalled: u64,
        pub loss: LossRow,
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub enum LossRow {
        #[default]
        0 None
        1 Heard
        2 Asked
    }

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct AskingRow {
        pub head_only: bool,
        pub keep_alive: bool,
        pub version_minor: u8,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DrainRow {
        pub sources: Vec<SourceRow> as List<MANY>,
        pub since: u64,
        pub written: u64,
        pub close: bool,
    }

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum SourceRow {
        /// What is left of it.
        0 Bytes(bytes: Vec<u8>)
        1 Memfd { file: u32, at: u64, end: u64 }
    }
}
