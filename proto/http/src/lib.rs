//! HTTP/1.1 framing (RFC 9112): request heads, chunked bodies, reply heads. Bytes in, values out; no sockets, no clock.
//!
//! One rule stands above all: whatever two HTTP parsers could read differently is refused (400 and close), because a proxy
//! stands in front of this server. What a path or a header *means* is not decided here.
//!
//! | question | file |
//! |---|---|
//! | where a request ends and what it carries | [`head`] |
//! | chunked bodies, both ways | [`chunk`] |
//! | how an answer starts | [`reply`]; read as a client: [`answer`] |
//! | what stands in a query | [`query`] |
//! | whose connection is it, by the PROXY protocol | [`proxy`] |
//! | networks | [`network`] |
//! | whose request is it, by what proxies add | [`forwarded`] |
//! | statuses and their texts | [`status`] |

pub mod answer;
pub mod chunk;
pub mod date;
pub mod forwarded;
pub mod head;
pub mod network;
pub mod proxy;
pub mod query;
pub mod reply;
pub mod status;

pub use chunk::ChunkDecoder;
pub use head::{BodyKind, EndFinder, Head, scan_head};
pub use status::HttpError;

/// Longest request head in bytes, its empty line included.
pub const HEAD_MAX: usize = 64 * 1024;

/// Most header fields in a request.
pub const HEADERS_MAX: usize = 100;
