//! What master and workers say to each other, and how descriptors travel with it.
//!
//! Bytes in, values out: this crate decides nothing. It must never learn what a request means.
//!
//! | question | file |
//! |---|---|
//! | what can be said | [`message`] |
//! | what is counted | `count.rs` |
//! | what is said of LMTP connections | `lmtp.rs` |
//! | how a message is laid out | the crate `wire` |
//! | how it is sent, with descriptors | [`seqpacket`] |
//! | which roles are there, what must be known of each | [`role`] |
//! | bodies too large for a message | [`memfd`] |
//! | what all workers share | [`shared`] |
//! | what the numbers of streams are made of | [`stream`] |
//! | what a worker calls | [`worker_end`] |
//! | why a process ends before its time | [`fault`] |

mod count;
mod doubt;
pub mod fault;
mod held;
mod lmtp;
pub mod memfd;
pub mod message;
pub mod role;
pub mod seqpacket;
pub mod shared;
pub mod stream;
pub mod worker_end;

pub use ewsd_wire::Refused;
pub use fault::Fault;
pub use message::{
    AfterReply, Body, ClockDoubt, ConnRecord, Count, HeldCall, HeldOutcome, HoldUpdate, Job, LmtpExpect, LmtpInput,
    Piece, RenderReason, Reply, Watch, Word,
};
pub use role::Role;
pub use worker_end::WorkerEnd;

/// Version of everything in [`message`] and [`shared`]; a worker says it in `Hello`, and the master refuses another one.
pub const PROTOCOL: u32 = 14;

/// Largest message in bytes: an inline head and body ([`INLINE_LIMIT`]) plus the connection's record.
pub const MAX_MESSAGE: usize = 76 * 1024;

/// Head and body (or one reply) of at most this many bytes travel inside the message, longer ones in a memfd.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// Most bytes of opaque context a connection may carry between two requests: an LMTP session with its recipients.
pub const CONN_CONTEXT_MAX: usize = 8 * 1024;

/// Most bytes of opaque context a held call may carry: a stream names each of its subscriptions there.
pub const HELD_CONTEXT_MAX: usize = 10 * 1024;

/// Most mailboxes that one held call may watch.
pub const WATCH_MAX: usize = 256;

/// Most held calls in one `Render` job, if their contexts together stay below [`INLINE_LIMIT`].
pub const RENDER_BATCH_MAX: usize = 128;

/// Most (mailbox, number) pairs in one `Sweep` or `Changed`.
pub const PAIRS_MAX: usize = 1024;

/// Parts of a ready-made reply.
pub const PIECES_MAX: usize = 16;

/// Octets of a complaint.
pub const COMPLAINT_MAX: usize = 1024;

/// Octets of what a node says of itself.
pub const DESCRIPTION_MAX: usize = 16 * 1024;

/// Octets of a label in [`message::ServedRow`].
pub const LABEL_MAX: usize = 64;

/// Most rows in one `Served`.
pub const SERVED_MAX: usize = 256;

/// Inherited descriptors of every worker process.
pub mod fd {
    /// Receiving end of the jobs socket that all workers of a generation share.
    pub const JOBS: i32 = 3;
    /// The worker's own channel to the master.
    pub const CHANNEL: i32 = 4;
    /// Memory that all workers share; see [`crate::shared`].
    pub const SHARED: i32 = 5;
    /// The settings of the master's generation: a sealed memfd that all its workers share. Read it with
    /// [`crate::worker_end::settings`].
    pub const SETTINGS: i32 = 6;
    /// The socket of the converters: for those the end at which questions come, for those who ask the other one. Take it with
    /// [`crate::worker_end::desk`].
    pub const CONVERT: i32 = 7;
    /// The socket of the logins, likewise; request workers ask.
    pub const LOGIN: i32 = 8;
    /// The first number that no worker inherits.
    pub const END: i32 = 9;
}
