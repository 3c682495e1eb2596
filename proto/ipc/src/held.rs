//! Held calls in messages: what a worker is asked about them, what it says, and the parts of their ready-made replies.

use ewsd_wire::form::{Bytes, List};
use ewsd_wire::wire;

use crate::message::{AfterReply, Body, HeldContext, RenderReason, Watch};
use crate::{HELD_CONTEXT_MAX, INLINE_LIMIT, RENDER_BATCH_MAX};

wire! {
    /// One member of a `Render` job.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HeldCall {
        /// Number of the held call.
        pub held: u64,
        /// What happened.
        pub why: RenderReason,
        /// What the worker gave with `Hold`, or with the last outcome that kept holding.
        pub context: Vec<u8> as Bytes<HELD_CONTEXT_MAX>,
    }

    /// How a held call goes on after an outcome that keeps holding.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct HoldUpdate {
        /// Replaces the watch of the held call.
        pub watch: Watch,
        /// Replaces its context.
        pub context: HeldContext,
    }

    /// What a held call's client is told.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum HeldOutcome {
        /// The whole reply, or the last bytes of a stream; the hold is over.
        0 Answer {
            /// What becomes of the connection.
            then: AfterReply,
            /// The bytes to write.
            bytes: Body,
        }
        /// One chunk of a stream (with its chunk framing); the hold goes on.
        1 Chunk {
            /// The bytes to write.
            bytes: Vec<u8> as Bytes<INLINE_LIMIT>,
            /// How it goes on.
            keep: HoldUpdate,
        }
        /// Nothing to tell; the hold goes on.
        2 Still {
            /// How it goes on.
            keep: HoldUpdate,
        }
        /// It cannot be told now whether there is something: the hold goes on as it was, and a worker is asked again. Never the
        /// outcome of [`RenderReason::Deadline`], which somebody waits for.
        3 Later {
            /// Milliseconds before which asking is of no use.
            ms: u32,
        }
        /// Its context is of another version: it ends with what was made ready for its deadline.
        4 Unreadable
    }

    /// One of several held calls.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RenderedCall {
        /// Number of the held call.
        pub held: u64,
        pub outcome: HeldOutcome,
    }

    /// At most [`RENDER_BATCH_MAX`] of them.
    #[derive(Debug, Clone, PartialEq, Eq, Default)]
    pub struct Outcomes(pub Vec<RenderedCall> as List<RENDER_BATCH_MAX>);

    /// A part of a ready-made reply.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Piece {
        /// The same for many held calls: the master keeps one copy.
        0 Shared(bytes: Vec<u8>)
        /// This call's own.
        1 Own(bytes: Vec<u8>)
        /// The time at which it is written, as in a `Date` header (RFC 9110 5.6.7).
        2 Date
        /// A stretch of the call's own context, which is kept anyway.
        3 Context {
            /// Where it begins, in octets from the context's start.
            at: u16,
            /// Its length in octets.
            length: u16,
        }
        /// The same, told in base64 with its padding (RFC 4648 section 4).
        4 Base64 {
            /// Where it begins.
            at: u16,
            /// Its length in octets, of which the text has four for each three.
            length: u16,
        }
        /// Sixteen octets of the context, told as a UUID (RFC 9562 section 4).
        5 Uuid {
            /// Where they begin.
            at: u16,
        }
    }
}
