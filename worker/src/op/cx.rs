//! What a handler is given: the mailbox's session, and what EWS asks besides.
//!
//! A handler is `pub fn run(cx: &mut Cx<'_>, request: GetItem) -> Result<...>` in its own file below `op/`. It reaches the
//! store only through the session's gate, reads the time from its `now`, and answers [`ewsd_mailbox::error::Error`].

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use ewsd_ews::Headers;
use ewsd_mailbox::session::Session;
use ewsd_model::Version;
use ewsd_model::id::{MailboxNo, Seq};

use super::event::looks::SharedLooks;
use super::event::stream::Rows;

/// One request on its way through a handler. It is a [`Session`] to everything that knows no EWS.
pub struct Cx<'a> {
    pub session: Session<'a>,
    /// The schema version asked for; the newest if none was.
    pub version: Version,
    /// The SOAP header.
    pub headers: &'a Headers,
    /// The number of its connection, as the master counts.
    pub conn: u64,
    /// How long the client may be kept waiting for an event.
    pub wait: Wait,
    /// What it has in common with other calls that are looked at now.
    pub looks: Option<SharedLooks>,
    /// The subscriptions of the stream that is looked at, and of others.
    pub rows: Rows,
    /// Set by a handler that has nothing to tell yet and may wait.
    pub hold: Option<Hold>,
}

impl<'a> Cx<'a> {
    /// A request whose client does not wait.
    pub fn new(session: Session<'a>, version: Version, headers: &'a Headers) -> Cx<'a> {
        Cx { session, version, headers, conn: 0, wait: Wait::default(), looks: None, rows: Rows::default(), hold: None }
    }
}

impl<'a> Deref for Cx<'a> {
    type Target = Session<'a>;

    fn deref(&self) -> &Session<'a> {
        &self.session
    }
}

impl DerefMut for Cx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.session
    }
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
    /// Mailboxes and the newest journal number the client has seen of each; 1 to 250.
    pub watch: Vec<(MailboxNo, Seq)>,
    /// Until the deadline.
    pub wait: Duration,
    /// What the operation needs to look again ([`crate::op::resume`]); at most 8300 bytes.
    pub context: Vec<u8>,
    /// Parts of the reply that differ from client to client (ids, watermarks), in the order in which they occur in it: the
    /// rest is kept once for all clients.
    pub own: Vec<String>,
    /// It is a stream: the reply beside it is its first document, and is sent now.
    pub stream: Option<Stream>,
}

/// What a stream needs besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// The number that its subscriptions bear. Not negative.
    pub number: i64,
    /// Of silence, after which the client is told that the stream is open.
    pub heartbeat: Duration,
    /// Streams that its owner may have open.
    pub most: u32,
}
