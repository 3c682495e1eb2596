//! The table of messages: everything the master can tell a worker and a worker can tell the master.
//!
//! A row is: kind byte, name, how many descriptors it always carries, and its fields. Encoding, decoding, the exact
//! descriptor count and [`ROWS`] come out of the table. Descriptor 0 is the client's socket wherever a row says 1;
//! a [`Body::Memfd`] or a `Drain` adds one more after it. Who owns a socket when: `master/LIFECYCLE.md`.
//!
//! This file must not decide anything: what the master does with a reply is in `master/src/`, what a worker does with a
//! job is in `worker/src/role/`.

use std::net::SocketAddr;

use crate::codec::{Reader, Refused, Wire, get_bytes, get_list, put_list};
use crate::{
    CONN_CONTEXT_MAX, HELD_CONTEXT_MAX, INLINE_LIMIT, MAX_MESSAGE, PAIRS_MAX, PIECES_MAX, RENDER_BATCH_MAX, WATCH_MAX,
};

/// One line of the table, for the master's checks and for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// First byte of the message.
    pub kind: u8,
    /// Its name here and in logs.
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
    /// This worker has the job; sent before anything else is done with it.
    67 Took [0] { job: u64 }
    /// The reply is written; keep the connection for its next request.
    68 Idle [1] { job: u64, conn: ConnRecord }
    /// The worker closed the client's socket.
    69 Closed [0] { job: u64 }
    /// Part of the reply is written; the rest is in descriptor 1 (a memfd), from `offset` to `length`.
    70 Drain [2] {
        job: u64, conn: ConnRecord, then: Then,
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
        job: u64, conn: ConnRecord, limit: u64, then: Then,
        /// A complete HTTP reply.
        reply: Vec<u8>,
    }
    /// LMTP: the replies are written; frame this next. The session's state is in `conn.context`.
    73 LmtpNext [1] { job: u64, conn: ConnRecord, expect: LmtpExpect }
    /// Nothing to tell yet: keep the client until something moves.
    74 Hold [1] {
        job: u64, conn: ConnRecord, watch: Watch,
        /// Milliseconds until `at_deadline` is written.
        deadline_ms: u32,
        /// The whole reply at the deadline, or for a stream its last bytes. Empty: a worker is asked to render it.
        at_deadline: Pieces,
        /// Milliseconds between heartbeats of a stream, which a worker renders; 0 = none.
        heartbeat_ms: u32,
        /// The head of the reply is already written and chunks follow.
        stream: bool,
        /// Whatever the worker needs to render; at most [`HELD_CONTEXT_MAX`] bytes.
        context: HeldContext,
    }
    /// One held call of a `Render` job. The job is over when each call of its batch had its `Rendered`.
    75 Rendered [0] { job: u64, held: u64, outcome: Outcome }
    /// The sweep is over.
    76 Swept [0] { job: u64 }
    /// These mailboxes reached these numbers (said after commit).
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
}

messages! {
    /// Master to a role that has no jobs, over the socket that takes the place of the jobs socket.
    Word from_master=true rows=WORD_ROWS

    /// There may be mail to send: look now.
    128 Look [0] {
        /// An administrator wants it: whatever was to wait is tried now.
        anew: bool,
    }
}

/// What the master keeps of a connection between requests. Workers get a copy and hand it back; the master believes only `context`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnRecord {
    /// Number of the connection; never used twice while the master runs.
    pub conn: u64,
    /// The client's address; 0.0.0.0:0 for a Unix socket.
    pub peer: SocketAddr,
    /// Which listener: its index within `server.http` or `server.lmtp`.
    pub listener: u16,
    /// Requests already served on this connection.
    pub served: u32,
    /// Opaque to the master, at most [`CONN_CONTEXT_MAX`] bytes: pending NTLM challenge, LMTP session.
    pub context: Vec<u8>,
}

impl Wire for ConnRecord {
    fn put(&self, out: &mut Vec<u8>) {
        self.conn.put(out);
        self.peer.put(out);
        self.listener.put(out);
        self.served.put(out);
        self.context.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(ConnRecord {
            conn: u64::get(reader)?,
            peer: SocketAddr::get(reader)?,
            listener: u16::get(reader)?,
            served: u32::get(reader)?,
            context: get_bytes(reader, CONN_CONTEXT_MAX, "connection context")?,
        })
    }
}

/// Bytes inside the message, or in a memfd that travels with it (read from its start).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// At most [`INLINE_LIMIT`] bytes.
    Inline(Vec<u8>),
    /// Number of bytes in the memfd, the last descriptor of the message.
    Memfd(u64),
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

impl Wire for Body {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Body::Inline(bytes) => {
                out.push(0);
                bytes.put(out);
            }
            Body::Memfd(length) => {
                out.push(1);
                length.put(out);
            }
        }
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match u8::get(reader)? {
            0 => Ok(Body::Inline(get_bytes(reader, INLINE_LIMIT, "inline body")?)),
            1 => Ok(Body::Memfd(u64::get(reader)?)),
            _ => Err(Refused::BadValue("body")),
        }
    }
    fn descriptors(&self) -> usize {
        usize::from(matches!(self, Body::Memfd(_)))
    }
}

/// What becomes of the connection once the reply is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Wait for the next request.
    Keep,
    /// Close.
    Close,
}

/// What the master framed on an LMTP connection (RFC 2033).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LmtpInput {
    /// Nothing came yet: greet.
    Greeting,
    /// One or more complete lines, each with its CRLF; at most [`INLINE_LIMIT`] bytes.
    Lines(Vec<u8>),
    /// Message data as it came (dots still doubled, RFC 5321 4.5.2), without the final `.` CRLF.
    Data(Body),
    /// The message data was over the limit and was thrown away up to the final dot.
    TooBig,
    /// A line longer than the framing allows came and was thrown away up to its LF.
    LongLine,
}

impl Wire for LmtpInput {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            LmtpInput::Greeting => out.push(0),
            LmtpInput::Lines(lines) => {
                out.push(1);
                lines.put(out);
            }
            LmtpInput::Data(body) => {
                out.push(2);
                body.put(out);
            }
            LmtpInput::TooBig => out.push(3),
            LmtpInput::LongLine => out.push(4),
        }
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(match u8::get(reader)? {
            0 => LmtpInput::Greeting,
            1 => LmtpInput::Lines(get_bytes(reader, INLINE_LIMIT, "LMTP lines")?),
            2 => LmtpInput::Data(Body::get(reader)?),
            3 => LmtpInput::TooBig,
            4 => LmtpInput::LongLine,
            _ => return Err(Refused::BadValue("LMTP input")),
        })
    }
    fn descriptors(&self) -> usize {
        match self {
            LmtpInput::Data(body) => body.descriptors(),
            _ => 0,
        }
    }
}

/// What to frame next on an LMTP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LmtpExpect {
    /// Command lines.
    Lines,
    /// Message data up to the final dot, at most `limit` bytes.
    Data {
        /// Most bytes to keep; more is thrown away and reported as [`LmtpInput::TooBig`].
        limit: u64,
    },
}

/// Why a held call is rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A watched mailbox moved.
    Changed,
    /// A stream's heartbeat is due.
    Heartbeat,
    /// The deadline came and no ready-made reply was given.
    Deadline,
}

/// One member of a `Render` job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldCall {
    /// Number of the held call.
    pub held: u64,
    /// What happened.
    pub why: Why,
    /// What the worker gave with `Hold`, or with the last outcome that kept holding.
    pub context: Vec<u8>,
}

impl Wire for HeldCall {
    fn put(&self, out: &mut Vec<u8>) {
        self.held.put(out);
        self.why.put(out);
        self.context.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(HeldCall {
            held: u64::get(reader)?,
            why: Why::get(reader)?,
            context: get_bytes(reader, HELD_CONTEXT_MAX, "held context")?,
        })
    }
}

/// How a held call goes on after an outcome that keeps holding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keep {
    /// Replaces the watch of the held call.
    pub watch: Watch,
    /// Replaces its context.
    pub context: HeldContext,
}

impl Wire for Keep {
    fn put(&self, out: &mut Vec<u8>) {
        self.watch.put(out);
        self.context.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(Keep { watch: Watch::get(reader)?, context: HeldContext::get(reader)? })
    }
}

/// What a held call's client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The whole reply, or the last bytes of a stream; the hold is over.
    Answer {
        /// What becomes of the connection.
        then: Then,
        /// The bytes to write.
        bytes: Body,
    },
    /// One chunk of a stream (with its chunk framing); the hold goes on.
    Chunk {
        /// The bytes to write.
        bytes: Vec<u8>,
        /// How it goes on.
        keep: Keep,
    },
    /// Nothing to tell; the hold goes on.
    Still {
        /// How it goes on.
        keep: Keep,
    },
    /// It cannot be told now whether there is something: the hold goes on as it was, and a worker is asked again. Never the
    /// outcome of [`Why::Deadline`], which somebody waits for.
    Later {
        /// Milliseconds before which asking is of no use.
        ms: u32,
    },
}

impl Wire for Outcome {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Outcome::Answer { then, bytes } => {
                out.push(0);
                then.put(out);
                bytes.put(out);
            }
            Outcome::Chunk { bytes, keep } => {
                out.push(1);
                bytes.put(out);
                keep.put(out);
            }
            Outcome::Still { keep } => {
                out.push(2);
                keep.put(out);
            }
            Outcome::Later { ms } => {
                out.push(3);
                ms.put(out);
            }
        }
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(match u8::get(reader)? {
            0 => Outcome::Answer { then: Then::get(reader)?, bytes: Body::get(reader)? },
            1 => Outcome::Chunk { bytes: get_bytes(reader, INLINE_LIMIT, "chunk")?, keep: Keep::get(reader)? },
            2 => Outcome::Still { keep: Keep::get(reader)? },
            3 => Outcome::Later { ms: u32::get(reader)? },
            _ => return Err(Refused::BadValue("outcome")),
        })
    }
    fn descriptors(&self) -> usize {
        match self {
            Outcome::Answer { bytes, .. } => bytes.descriptors(),
            _ => 0,
        }
    }
}

/// A part of a ready-made reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The same for many held calls: the master keeps one copy.
    Shared(Vec<u8>),
    /// This call's own.
    Own(Vec<u8>),
    /// The time at which it is written, as in a `Date` header (RFC 9110 5.6.7).
    Date,
    /// A stretch of the call's own context, which is kept anyway.
    Context {
        /// Where it begins, in octets from the context's start.
        at: u16,
        /// Its length in octets.
        length: u16,
    },
}

impl Wire for Piece {
    fn put(&self, out: &mut Vec<u8>) {
        let (tag, bytes) = match self {
            Piece::Shared(bytes) => (0, bytes),
            Piece::Own(bytes) => (1, bytes),
            Piece::Date => return out.push(2),
            Piece::Context { at, length } => {
                out.push(3);
                at.put(out);
                return length.put(out);
            }
        };
        out.push(tag);
        bytes.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match u8::get(reader)? {
            0 => Ok(Piece::Shared(Vec::get(reader)?)),
            1 => Ok(Piece::Own(Vec::get(reader)?)),
            2 => Ok(Piece::Date),
            3 => Ok(Piece::Context { at: u16::get(reader)?, length: u16::get(reader)? }),
            _ => Err(Refused::BadValue("piece")),
        }
    }
}

macro_rules! bounded_list {
    ($(#[$meta:meta])* $name:ident of $member:ty, max $max:expr, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $name(pub Vec<$member>);

        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                put_list(&self.0, out);
            }
            fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
                Ok($name(get_list(reader, $max, $what)?))
            }
        }

        impl From<Vec<$member>> for $name {
            fn from(list: Vec<$member>) -> Self {
                $name(list)
            }
        }
    };
}

bounded_list! {
    /// (mailbox, newest journal number the client has seen) pairs of a held call; 1 to [`WATCH_MAX`].
    Watch of (u64, u64), max WATCH_MAX, "watch list"
}
bounded_list! {
    /// (mailbox, newest journal number) pairs, at most [`PAIRS_MAX`].
    Pairs of (u64, u64), max PAIRS_MAX, "list of mailboxes"
}
bounded_list! {
    /// Held calls to render together, at most [`RENDER_BATCH_MAX`].
    Batch of HeldCall, max RENDER_BATCH_MAX, "render batch"
}
bounded_list! {
    /// A ready-made reply: its parts in order, at most [`PIECES_MAX`].
    Pieces of Piece, max PIECES_MAX, "pieces"
}

/// Opaque bytes of a held call, at most [`HELD_CONTEXT_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldContext(pub Vec<u8>);

impl Wire for HeldContext {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(HeldContext(get_bytes(reader, HELD_CONTEXT_MAX, "held context")?))
    }
}

impl From<Vec<u8>> for HeldContext {
    fn from(bytes: Vec<u8>) -> Self {
        HeldContext(bytes)
    }
}

macro_rules! wire_enum {
    ($name:ident $what:literal $( $value:literal $variant:ident )*) => {
        impl Wire for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self { $( $name::$variant => $value, )* });
            }
            fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
                match u8::get(reader)? {
                    $( $value => Ok($name::$variant), )*
                    _ => Err(Refused::BadValue($what)),
                }
            }
        }
    };
}
wire_enum!(Then "then" 0 Keep 1 Close);
wire_enum!(Why "why" 0 Changed 1 Heartbeat 2 Deadline);

impl Wire for LmtpExpect {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            LmtpExpect::Lines => out.push(0),
            LmtpExpect::Data { limit } => {
                out.push(1);
                limit.put(out);
            }
        }
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match u8::get(reader)? {
            0 => Ok(LmtpExpect::Lines),
            1 => Ok(LmtpExpect::Data { limit: u64::get(reader)? }),
            _ => Err(Refused::BadValue("LMTP expectation")),
        }
    }
}

macro_rules! counts {
    ($( $value:literal $variant:ident $metric:literal $help:literal )*) => {
        /// Counters that workers feed by `Tally` and the master exports.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Count { $( #[doc = $help] $variant, )* }

        impl Count {
            /// Every counter.
            pub const ALL: &[Count] = &[ $( Count::$variant, )* ];

            /// Its name in the metrics, without the `ewsd_` in front and the `_total` behind.
            pub fn metric(self) -> &'static str {
                match self { $( Count::$variant => $metric, )* }
            }

            /// Its line of help in the metrics.
            pub fn help(self) -> &'static str {
                match self { $( Count::$variant => $help, )* }
            }
        }
        wire_enum!(Count "counter" $( $value $variant )*);
    };
}

counts! {
    0 Operations "operations" "SOAP operations run"
    1 Faults "faults" "SOAP faults answered"
    2 ResponseErrors "response_errors" "Response messages of class Error"
    3 AuthSuccesses "auth_successes" "Requests authenticated"
    4 AuthFailures "auth_failures" "Requests whose credentials were refused"
    5 AuthCacheHits "auth_cache_hits" "Requests authenticated from the shared cache"
    6 Deliveries "deliveries" "Messages delivered into a mailbox"
    7 DeliveryFailures "delivery_failures" "Recipients refused at delivery"
    8 Sent "sent" "Messages accepted for sending"
    9 EventsTold "events_told" "Notification events handed to clients"
    10 DatabaseErrors "database_errors" "Database calls that failed"
    11 DatabaseReconnects "database_reconnects" "Times a worker connected to the database again"
    12 NotImplemented "not_implemented" "Operations refused because they are not built"
    13 SubscriptionsExpired "subscriptions_expired" "Subscriptions removed after their timeout"
    14 OutgoingSent "outgoing_sent" "Recipients elsewhere whose message the smarthost took"
    15 OutgoingDeferred "outgoing_deferred" "Recipients elsewhere whose message has to be tried again"
    16 OutgoingFailed "outgoing_failed" "Recipients elsewhere who will not get their message"
    17 OutgoingReports "outgoing_reports" "Non-delivery reports put into senders' mailboxes"
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
            Reply::Took { job }
            | Reply::Idle { job, .. }
            | Reply::Closed { job }
            | Reply::Drain { job, .. }
            | Reply::Collect { job, .. }
            | Reply::Discard { job, .. }
            | Reply::LmtpNext { job, .. }
            | Reply::Hold { job, .. }
            | Reply::Rendered { job, .. }
            | Reply::Swept { job }
            | Reply::Probed { job, .. } => Some(*job),
            Reply::Hello { .. }
            | Reply::Ready {}
            | Reply::Retiring {}
            | Reply::Changed { .. }
            | Reply::Tally { .. }
            | Reply::Queued {}
            | Reply::Outbox { .. }
            | Reply::Step { .. } => None,
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
            | Reply::Hold { conn, .. } => Some(conn),
            _ => None,
        }
    }
}
