//! The table of messages: everything the master can tell a worker and a worker can tell the master.
//!
//! A row is: kind byte, name, how many descriptors it always carries, and its fields. Encoding, decoding, the exact descriptor count and
//! [`ROWS`] come out of the table. Descriptor 0 is the client's socket wherever a row says 1; a [`Body::Memfd`] or a `Drain` adds one
//! after it. Who owns a socket when: `master/LIFECYCLE.md`. What is done with a reply is in `master/src/`, with a job in `worker/src/role/`.

use std::net::SocketAddr;

use ewsd_wire::form::{Bytes, List};
use ewsd_wire::{Reader, Refused, Wire, wire};

pub use crate::count::{Count, LATENCY_US};
pub use crate::doubt::ClockDoubt;
pub use crate::held::{HeldCall, HeldOutcome, HoldUpdate, Outcomes, Piece, RenderedCall};
pub use crate::lmtp::{LmtpExpect, LmtpInput};
use crate::{
    COMPLAINT_MAX, CONN_CONTEXT_MAX, DESCRIPTION_MAX, HELD_CONTEXT_MAX, INLINE_LIMIT, LABEL_MAX, MAX_MESSAGE,
    PAIRS_MAX, PIECES_MAX, RENDER_BATCH_MAX, SERVED_MAX, WATCH_MAX,
};

/// One line of the table, for the master's checks and for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// First byte of the message, and its name here and in logs.
    pub kind: u8,
    pub name: &'static str,
    /// Whether the master sends it (otherwise a worker does).
    pub from_master: bool,
    /// Descriptors it always carries; a memfd in a field adds to it.
    pub descriptors: usize,
}

macro_rules! messages {
    (
        $(#[$meta:meta])* $name:ident from_master=$from_master:literal rows=$rows:ident
        $( $(#[$row_meta:meta])* $kind:literal $variant:ident [$fds:literal] { $( $(#[$field_meta:meta])* $field:ident : $ty:ty ),* $(,)? } )*
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$row_meta])* $variant { $( $(#[$field_meta])* $field: $ty ),* }, )*
        }

        /// The rows of this direction.
        pub const $rows: &[Row] = &[
            $( Row { kind: $kind, name: stringify!($variant), from_master: $from_master, descriptors: $fds }, )*
        ];

        impl $name {
            /// Name of the message, for logs.
            pub fn name(&self) -> &'static str {
                match self { $( $name::$variant { .. } => stringify!($variant), )* }
            }

            /// Exactly how many descriptors travel with this message.
            pub fn descriptors(&self) -> usize {
                match self { $( $name::$variant { $($field),* } => $fds $( + $field.descriptors() )*, )* }
            }

            /// Replaces the contents of `out` by the encoded message.
            pub fn encode(&self, out: &mut Vec<u8>) {
                out.clear();
                match self {
                    $( $name::$variant { $($field),* } => { out.push($kind); $( $field.put(out); )* } )*
                }
            }

            /// Reads a message that came with `came` descriptors.
            ///
            /// # Errors
            /// [`Refused`]: not exactly one message of this direction, or another number of descriptors than it must have.
            pub fn decode(message: &[u8], came: usize) -> Result<Self, Refused> {
                if message.len() > MAX_MESSAGE {
                    return Err(Refused::TooBig("message"));
                }
                let mut reader = Reader::new(message);
                let decoded = match u8::get(&mut reader)? {
                    $( $kind => { $( let $field = <$ty as Wire>::get(&mut reader)?; )* $name::$variant { $($field),* } } )*
                    unknown => return Err(Refused::UnknownKind(unknown)),
                };
                reader.end()?;
                let expected = decoded.descriptors();
                if expected == came { Ok(decoded) } else { Err(Refused::Descriptors { expected, came }) }
            }
        }
    };
}

messages! {
    /// Master to any request worker, over the shared jobs socket.
    Job from_master=true rows=JOB_ROWS

    /// One complete HTTP request.
    1 Http [1] {
        /// Names this job in every reply to it; never used twice.
        job: u64, conn: ConnRecord,
        /// The request head as it came, with the empty line.
        head: Vec<u8>,
        /// The request body, chunked framing already removed.
        body: Body,
    }
    /// The head of a request whose body is too large to be taken before somebody decided so (authentication, size).
    2 Admit [1] {
        job: u64, conn: ConnRecord,
        /// The request head as it came, with the empty line.
        head: Vec<u8>,
        /// Content-Length in bytes; none = chunked.
        declared: Option<u64>,
    }
    /// The next piece of an LMTP conversation.
    3 Lmtp [1] { job: u64, conn: ConnRecord, input: LmtpInput }
    /// Look again at held calls, say for each what to tell its client.
    4 Render [0] { job: u64, batch: Batch }
    /// Has any of these mailboxes moved past the number? Answered by `Changed` (if so) and then `Swept`.
    5 Sweep [0] { job: u64, known: Pairs }
    /// Does the database answer?
    6 Probe [0] { job: u64 }
}

messages! {
    /// Worker to master, over the worker's own channel.
    Reply from_master=false rows=REPLY_ROWS

    /// First message of every worker.
    64 Hello [0] {
        /// [`crate::PROTOCOL`] of the worker.
        version: u32,
        /// Its process id.
        pid: u32,
    }
    /// A request worker can take jobs; the database role says it when the schema stands.
    65 Ready [0] {}
    /// The worker takes no further job and exits when the present one is done; the master starts its successor now.
    66 Retiring [0] {}
    /// The reply is written; keep the connection for its next request.
    68 Idle [1] { job: u64, conn: ConnRecord }
    /// The worker closed the client's socket.
    69 Closed [0] { job: u64 }
    /// Part of the reply is written; the rest is in descriptor 1 (a memfd), from `offset` to `length`.
    70 Drain [2] {
        job: u64, conn: ConnRecord, then: AfterReply,
        /// First byte not yet written.
        offset: u64,
        /// Bytes of the whole reply in the memfd.
        length: u64,
    }
    /// Answer to `Admit`: take the body (with 100 Continue if the client waits for it), then send the request as `Http`.
    71 Collect [1] {
        job: u64, conn: ConnRecord,
        /// Most bytes of body to take; over it the master answers 413.
        limit: u64,
    }
    /// Answer to `Admit`: read and throw away at most `limit` bytes of body, then write `reply`.
    72 Discard [1] {
        job: u64, conn: ConnRecord, limit: u64, then: AfterReply,
        /// A complete HTTP reply.
        reply: Vec<u8>,
    }
    /// LMTP: the replies are written; frame this next. The session's state is in `conn.context`.
    73 LmtpNext [1] { job: u64, conn: ConnRecord, expect: LmtpExpect }
    /// Nothing to tell yet: keep the client until something moves, or, where nothing is watched, until the deadline.
    74 Hold [1] {
        job: u64, conn: ConnRecord, watch: Watch,
        /// What becomes of the connection after `at_deadline`.
        then: AfterReply,
        /// Milliseconds until `at_deadline` is written.
        deadline_ms: u32,
        /// The whole reply at the deadline, or for a stream its last bytes. Empty: a worker is asked to render it.
        at_deadline: Pieces,
        /// Milliseconds of silence after which a stream's client is told `at_beat`; 0 = never.
        heartbeat_ms: u32,
        /// One chunk of a stream, with its framing. Empty: a worker is asked to render it.
        at_beat: Pieces,
        /// The head of the reply is already written and chunks follow.
        stream: bool,
        /// Of a stream: how many its owner may have.
        share: Share,
        /// Whatever the worker needs to render; at most [`HELD_CONTEXT_MAX`] bytes.
        context: HeldContext,
    }
    /// One held call of a `Render` job. The job is over when each call of its batch had its outcome, here or in `RenderedTogether`.
    75 Rendered [0] { job: u64, held: u64, outcome: HeldOutcome }
    /// The sweep is over.
    76 Swept [0] { job: u64 }
    /// These mailboxes reached these numbers (said after commit); a stream's key ([`crate::stream`]): it lost a subscription.
    77 Changed [0] { changes: Pairs }
    /// Adds `n` to a counter that the master exports.
    78 Tally [0] { what: Count, n: u32 }
    /// Mail was queued for the courier (said after commit).
    79 Queued [0] {}
    /// The courier: what the queue of outgoing mail holds.
    80 Outbox [0] {
        /// Messages in it.
        queued: u64,
        /// Those of them that were tried in vain.
        deferred: u64,
        /// When the oldest was submitted, in seconds since 1970; none: the queue is empty.
        oldest: Option<u64>,
    }
    /// A role other than request: it works or waits, and says something again within so many milliseconds. If it does not, it is
    /// killed.
    81 Step [0] { within_ms: u32 }
    /// Whether the database answered.
    82 Probed [0] { job: u64, good: bool }
    /// Requests that are over, told when there is nothing else to do.
    83 Served [0] { requests: ServedRows }
    /// Why this process ends in a moment: a line for the administrator.
    84 Complaint [0] { text: Complaint }
    /// The herald: so many other nodes serve the same database. With none nobody needs to be told of changes.
    85 Nodes [0] { others: u32 }
    /// The herald was away, or changes may have been lost: look at all that is watched.
    86 Missed [0] {}
    /// The herald: accounts were changed somewhere; what workers remember of them is void.
    87 Forget [0] {}
    /// The herald: somebody asks all nodes what they do. Answered by [`Word::Description`].
    88 Describe [0] { question: i64 }
    /// The courier: tell it by [`Word::Changed`] when one of these mailboxes changes; the numbers mean nothing. `anew`: and no others.
    89 Pushed [0] { anew: bool, mailboxes: Pairs }
    /// The request is of that mailbox's account, which the master did not know, or which shares do not bind. Said before the job is over.
    90 Whose [0] { job: u64, mailbox: u64, exempt: bool }
    /// A password must be hashed to answer this: hand it out again in the turn of such ([`ConnRecord::hashes`]).
    /// Of an `Admit` neither head nor body is looked at: the master has them.
    91 MustHash [1] {
        job: u64, conn: ConnRecord,
        /// Of somebody who logged in before with these credentials, or from there: before strangers.
        known: bool,
        /// As it came.
        head: Vec<u8>,
        /// As it came, not in a memfd.
        body: Vec<u8>,
    }
    /// Held calls of a `Render` job, none of which has its answer in a memfd.
    93 RenderedTogether [0] { job: u64, outcomes: Outcomes }
    /// The janitor: whether the clock is believed by which age is judged, and seconds until it is, if it goes on evenly.
    92 Clock [0] { doubt: ClockDoubt, left_s: u64 }
}

messages! {
    /// Master to a role that has no jobs, over the socket that takes the place of the jobs socket.
    Word from_master=true rows=WORD_ROWS

    /// There may be mail to send: look now.
    128 Look [0] {
        /// An administrator wants it: whatever was to wait is tried now.
        anew: bool,
    }
    /// These mailboxes reached these numbers here: other nodes want to know.
    129 Changed [0] { changes: Pairs }
    /// What this node does, as JSON.
    130 Description [0] { question: i64, text: Description }
}

wire! {
    /// What the master keeps of a connection between requests. Workers get a copy and hand it back; the master believes only `context` and `mailbox`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ConnRecord {
        /// Number of the connection; never used twice while the master runs.
        pub conn: u64,
        /// The client's address; 0.0.0.0:0 for a Unix socket. With port 0 that of a proxy whose PROXY header names nobody.
        pub peer: SocketAddr,
        /// Which listener: its index within `server.http` or `server.lmtp`.
        pub listener: u16,
        /// Requests already served on this connection.
        pub served: u32,
        /// The mailbox of the account in whose turn the request was handed out; 0: not known, see [`Reply::Whose`].
        pub mailbox: u64,
        /// Whether the request was handed out for the sake of its password: see [`Reply::MustHash`].
        pub hashes: Hashing,
        /// Opaque to the master: pending NTLM challenge, LMTP session.
        pub context: Vec<u8> as Bytes<CONN_CONTEXT_MAX>,
    }

    /// Bytes inside the message, or in a memfd that travels with it (read from its start).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Body {
        /// At most [`INLINE_LIMIT`] bytes.
        0 Inline(bytes: Vec<u8> as Bytes<INLINE_LIMIT>)
        /// Number of bytes in the memfd, the last descriptor of the message.
        1 Memfd(length: u64) fds 1
    }

    /// Whose password is hashed.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Hashing {
        /// None is.
        0 No
        /// That of somebody who logged in before with these credentials, or from there.
        1 Known
        2 Strangers
    }

    /// What becomes of the connection once the reply is written.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum AfterReply {
        /// Wait for the next request.
        0 Keep
        /// Close.
        1 Close
    }

    /// Why a held call is rendered.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum RenderReason {
        /// A watched mailbox moved.
        0 Changed
        /// A stream's heartbeat is due and no ready-made one was given.
        1 Heartbeat
        /// The deadline came and no ready-made reply was given.
        2 Deadline
    }

    /// Requests of one operation that ended with one code and took about as long.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct ServedRow {
        /// Letters, digits and `_`: a label of the metrics, of which the master knows no more.
        pub operation: Vec<u8> as Bytes<LABEL_MAX>,
        /// Likewise.
        pub code: Vec<u8> as Bytes<LABEL_MAX>,
        /// Which of [`LATENCY_US`] is the first that they did not exceed; one more than there are: none.
        pub bound: u8,
        /// How many.
        pub n: u32,
        /// Microseconds that they took together.
        pub micros: u64,
    }

    /// UTF-8, at most [`COMPLAINT_MAX`] octets.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Complaint(pub Vec<u8> as Bytes<COMPLAINT_MAX>);

    /// UTF-8, at most [`DESCRIPTION_MAX`] octets.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Description(pub Vec<u8> as Bytes<DESCRIPTION_MAX>);

    /// At most [`SERVED_MAX`] of them.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct ServedRows(pub Vec<ServedRow> as List<SERVED_MAX>);

    /// (mailbox, newest journal number the client has seen) pairs of a held call, at most [`WATCH_MAX`].
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Watch(pub Vec<(u64, u64)> as List<WATCH_MAX>);

    /// (mailbox, newest journal number) pairs, at most [`PAIRS_MAX`].
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Pairs(pub Vec<(u64, u64)> as List<PAIRS_MAX>);

    /// Held calls to render together, at most [`RENDER_BATCH_MAX`].
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Batch(pub Vec<HeldCall> as List<RENDER_BATCH_MAX>);

    /// A ready-made reply: its parts in order, at most [`PIECES_MAX`].
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Pieces(pub Vec<Piece> as List<PIECES_MAX>);

    /// How many streams one owner may have on this server at a time.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Share {
        /// Whose it is; 0: it is not counted.
        pub owner: u64,
        /// With so many open ones a further one is told `at_most` and ends.
        pub most: u32,
        /// Its last bytes.
        pub at_most: Pieces,
    }

    /// Opaque bytes of a held call, at most [`HELD_CONTEXT_MAX`].
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct HeldContext(pub Vec<u8> as Bytes<HELD_CONTEXT_MAX>);
}

impl Body {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Body::Inline(bytes) => bytes.len() as u64,
            Body::Memfd(length) => *length,
        }
    }

    /// Whether there is no byte.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Job {
    /// The job's number, which every reply to it names.
    pub fn number(&self) -> u64 {
        match self {
            Job::Http { job, .. }
            | Job::Admit { job, .. }
            | Job::Lmtp { job, .. }
            | Job::Render { job, .. }
            | Job::Sweep { job, .. }
            | Job::Probe { job } => *job,
        }
    }
}

impl Reply {
    /// The job it is about, if it is about one.
    pub fn job(&self) -> Option<u64> {
        match self {
            Reply::Idle { job, .. }
            | Reply::Closed { job }
            | Reply::Drain { job, .. }
            | Reply::Collect { job, .. }
            | Reply::Discard { job, .. }
            | Reply::LmtpNext { job, .. }
            | Reply::MustHash { job, .. }
            | Reply::Hold { job, .. }
            | Reply::Rendered { job, .. }
            | Reply::RenderedTogether { job, .. }
            | Reply::Swept { job }
            | Reply::Probed { job, .. } => Some(*job),
            _ => None,
        }
    }

    /// The connection's record, where the client's socket comes back as descriptor 0.
    pub fn record(&self) -> Option<&ConnRecord> {
        match self {
            Reply::Idle { conn, .. }
            | Reply::Drain { conn, .. }
            | Reply::Collect { conn, .. }
            | Reply::Discard { conn, .. }
            | Reply::LmtpNext { conn, .. }
            | Reply::MustHash { conn, .. }
            | Reply::Hold { conn, .. } => Some(conn),
            _ => None,
        }
    }
}
