//! What the master itself tells clients that are not served: one table of refusals, said in the client's protocol. The connection
//! ends with it.

use ewsd_http::HttpError;
use ewsd_http::reply::refusal;
use log::debug;

use crate::master::Master;
use crate::state::{After, ConnId, Protocol};

/// When a client that was sent away with 503 should come back, in seconds.
const RETRY_AFTER: u32 = 5;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP; 503 comes with Retry-After.
    pub error: HttpError,
    /// LMTP (RFC 5321 4.2.2, RFC 3463), without its CRLF.
    lmtp: &'static str,
}

const CLOSING: &str = "421 4.3.2 Service not available, closing transmission channel";

/// Over `limits.connections`, `limits.connections_per_address` or `limits.connections_per_network`.
pub const CROWDED: Refusal = Refusal {
    lmtp: "421 4.3.2 Too many connections, try again later",
    ..busy("too many connections, try again later")
};
/// Over `limits.held_per_account`.
pub const HELD: Refusal = busy("too many calls of this account wait already");
/// Over `limits.buffered_bytes`.
pub const ARRIVING: Refusal = busy("too many requests are arriving, try again later");
/// As many times over it in memfds.
pub const UPLOADING: Refusal = busy("too much is being uploaded, try again later");
/// A body could not be kept.
pub const NO_MEMORY: Refusal = busy("out of memory, try again later");
/// `limits.queue_seconds` are over.
pub const QUEUED_TOO_LONG: Refusal = busy("the server is busy, try again later");
/// A job could not be sent.
pub const NOT_SENT: Refusal = busy("try again later");
pub const STOPPING: Refusal = busy("the server is stopping");
/// `limits.head_seconds`, `limits.body_min_rate`; for mail `limits.idle_seconds`.
pub const TOO_SLOW: Refusal = refused(408, "the request arrives too slowly");
/// Over what a worker or `limits.body_bytes` allows.
pub const TOO_LARGE: Refusal = refused(413, "the request is larger than allowed");
/// Over `limits.pipelined_bytes`.
pub const PIPELINED: Refusal = refused(400, "more pipelined than limits.pipelined_bytes");
/// To the admin listener.
pub const NO_BODY: Refusal = refused(400, "nothing here takes a body");

const fn busy(text: &'static str) -> Refusal {
    refused(503, text)
}

const fn refused(status: u16, text: &'static str) -> Refusal {
    Refusal { error: HttpError { status, text }, lmtp: CLOSING }
}

/// What the framing of requests refuses has words of its own.
impl From<HttpError> for Refusal {
    fn from(error: HttpError) -> Refusal {
        Refusal { error, lmtp: CLOSING }
    }
}

impl Refusal {
    fn bytes(&self, kind: Protocol, unix: u64) -> Vec<u8> {
        match kind {
            Protocol::Lmtp => format!("{}\r\n", self.lmtp).into_bytes(),
            Protocol::Control => {
                format!("{{\"ok\":false,\"error\":{}}}\n", crate::json::quote(self.error.text)).into_bytes()
            }
            Protocol::Http | Protocol::Admin => {
                refusal(self.error, (self.error.status == 503).then_some(RETRY_AFTER), unix)
            }
        }
    }
}

impl Master {
    /// Refuses what a client asked for, and ends the connection.
    pub fn refuse(&mut self, id: ConnId, refusal: impl Into<Refusal>) {
        let refusal = refusal.into();
        if let Some(conn) = self.table.get(id) {
            debug!("connection {id} from {}: {}", conn.ip, refusal.error);
            self.metrics.refused(refusal.error.status);
            self.turn_away(id, refusal);
        }
    }

    /// As [`Self::refuse`], of a client that has asked for nothing yet.
    pub fn turn_away(&mut self, id: ConnId, refusal: Refusal) {
        if let Some(kind) = self.table.get(id).map(|conn| conn.kind) {
            let bytes = refusal.bytes(kind, self.clock.unix());
            self.write(id, bytes, After::Close);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_told_in_his_own_protocol() {
        let said = |refusal: Refusal, kind| String::from_utf8(refusal.bytes(kind, 0)).unwrap();
        let http = said(CROWDED, Protocol::Http);
        assert!(http.starts_with("HTTP/1.1 503 ") && http.contains("\r\nRetry-After: 5\r\n"), "{http}");
        assert!(!said(TOO_SLOW, Protocol::Http).contains("Retry-After"));
        assert_eq!(said(CROWDED, Protocol::Lmtp), "421 4.3.2 Too many connections, try again later\r\n");
        assert!(said(STOPPING, Protocol::Lmtp).starts_with("421 4.3.2 Service not available"));
        assert_eq!(
            said(CROWDED, Protocol::Control),
            "{\"ok\":false,\"error\":\"too many connections, try again later\"}\n"
        );
    }
}
