//! Bodies on their way: into memory, into a memfd, or nowhere. The verbs are `receive.rs`, `admit.rs` and `collect.rs`.

use std::fs::File;

use ewsd_http::{BodyKind, ChunkDecoder};
use ewsd_ipc::AfterReply;

use super::DotScan;
use crate::clock::Millis;

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
    Dot { scan: DotScan, over: bool },
}

/// A body that nobody wants.
#[derive(Debug)]
pub struct Discard {
    /// Length framing: bytes missing. Chunked: bytes that may still come.
    pub left: u64,
    pub decoder: Option<ChunkDecoder>,
    pub since: Millis,
    pub received: u64,
    pub then: AfterReply,
    pub reply: Vec<u8>,
}
