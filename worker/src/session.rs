//! What a handler is given: who asks, in which version, and the gate to the mailboxes.
//!
//! A handler is `pub fn run(cx: &mut Cx<'_>, request: GetItem) -> Result<GetItemReply>` in its own file below `op/`.
//! It reaches the store only through [`Cx::gate`], reads the time from [`Cx::now`], and answers [`crate::error::Error`].

use std::rc::Rc;
use std::time::Duration;

use ewsd_ews::Headers;
use ewsd_model::Version;
use ewsd_model::id::{MailboxNo, Seq};
use ewsd_settings::Settings;
use ewsd_store::Account;
use jiff::Timestamp;

use crate::gate::Gate;

/// One request on its way through a handler.
pub struct Cx<'a> {
    /// The only way to mailboxes.
    pub gate: Gate<'a>,
    pub settings: &'a Settings,
    /// Who asks.
    pub caller: Rc<Account>,
    /// The schema version asked for; the newest if none was.
    pub version: Version,
    /// The SOAP header.
    pub headers: &'a Headers,
    /// In the answer's `request-id` header and in every log line.
    pub request_id: &'a str,
    /// When the request was taken up.
    pub now: Timestamp,
    /// How long the client may be kept waiting for an event.
    pub wait: Wait,
    /// Set by a handler that has nothing to tell yet and may wait.
    pub hold: Option<Hold>,
}

/// How long GetEvents may wait when there is nothing to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wait {
    /// Zero: answer at once.
    pub most: Duration,
    /// The client asked for it (`Prefer: wait=N`, RFC 7240 4.3): the answer says `Preference-Applied`.
    pub asked: bool,
}

/// Keep the client until something moves. The reply that the handler returns beside it is what is sent at the deadline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hold {
    /// Mailboxes and the newest journal number the client has seen of each; 1 to 64.
    pub watch: Vec<(MailboxNo, Seq)>,
    /// Until the deadline.
    pub wait: Duration,
    /// What the operation needs to look again ([`crate::op::resume`]); at most 320 bytes.
    pub context: Vec<u8>,
    /// Parts of the reply that differ from client to client (ids, watermarks), in the order in which they occur in it: the
    /// rest is kept once for all clients.
    pub own: Vec<String>,
}
