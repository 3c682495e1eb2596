//! HTTP jobs: who is asking, the answer, and the socket back to the master.
//!
//! The answer is written with one call that does not wait; what the socket does not take goes to the master in a memfd. A large
//! one is in such a file from the start.

use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;

use ewsd_ews::Fault;
use ewsd_http::Head;
use ewsd_http::head::parse_head;
use ewsd_ipc::memfd;
use ewsd_ipc::{Body, ConnRecord, Count, Reply, Then};
use ewsd_mailbox::log::{self, note};
use ewsd_mailbox::random;
use ewsd_model::code::Code;
use ewsd_store::Account;
use nix::sys::socket::{MsgFlags, Shutdown, sendmsg, shutdown};

use super::context::ConnContext;
use super::octets::Octets;
use super::request::Worker;
use crate::auth::{self, Denied, Peer, Via};
use crate::front::ews::{self, Counts};
use crate::front::route::{self, Handler, Request, Route, Tongue};
use crate::front::{Answer, Preferences, Response};

/// A handler with whom it is for.
enum Ready {
    Account(fn(Rc<Account>, Request<'_>) -> Answer, Rc<Account>),
    Anybody(fn(Request<'_>) -> Answer),
}

impl Worker<'_> {
    /// A complete request.
    pub(super) fn http(
        &mut self,
        job: u64,
        mut conn: ConnRecord,
        client: OwnedFd,
        head: &[u8],
        body: Body,
        memfd: Option<OwnedFd>,
    ) -> io::Result<()> {
        let id = begin();
        let body = match Octets::of(body, memfd) {
            Ok(body) => body,
            Err(error) => {
                note!(Error, "the request body: {error}");
                return self.reply(job, conn, client, broken(), &Preferences::default(), &id);
            }
        };
        // The master has read it before; another reading here would be a fault of one of us.
        let head = match parse_head(head) {
            Ok(head) => head,
            Err(error) => {
                let response = Response { close: true, ..Response::text(error.status, error.text) };
                return self.reply(job, conn, client, response, &Preferences::default(), &id);
            }
        };
        let preferences = Preferences::read(&head);
        let answer = self.answer(&head, &body, &mut conn, &preferences);
        self.tell_changes()?;
        match answer {
            Answer::Now(response) => self.reply(job, conn, client, response, &preferences, &id),
            Answer::Later(held) => self.hold(job, conn, client, &preferences, &id, *held),
        }
    }

    fn answer(&mut self, head: &Head<'_>, body: &[u8], conn: &mut ConnRecord, preferences: &Preferences) -> Answer {
        match self.enter(head, conn) {
            Ok((_, ready)) => self.run(ready, body, preferences),
            Err(response) => Answer::Now(response),
        }
    }

    /// The row of the request's path, and its handler with whom it is for; else the answer that ends the request.
    fn enter(&mut self, head: &Head<'_>, conn: &mut ConnRecord) -> Result<(&'static Route, Ready), Response> {
        let route = route::find(head.method, head.path()).handler()?;
        let ready = match route.handler {
            Handler::Account(handler) => Ready::Account(handler, self.caller(head, conn, route.tongue)?),
            Handler::Anybody(handler) => Ready::Anybody(handler),
        };
        Ok((route, ready))
    }

    fn run(&mut self, ready: Ready, body: &[u8], preferences: &Preferences) -> Answer {
        let mut counts = Counts::default();
        let (store, settings) = (&mut self.store, self.settings);
        let request = Request { body, preferences, store, settings, counts: &mut counts };
        let answer = match ready {
            Ready::Account(handler, caller) => handler(caller, request),
            Ready::Anybody(handler) => handler(request),
        };
        self.count(counts);
        answer
    }

    fn count(&mut self, counts: Counts) {
        self.tally.add(Count::Operations, counts.operations);
        self.tally.add(Count::Faults, counts.faults);
        self.tally.add(Count::ResponseErrors, counts.errors);
        self.tally.add(Count::NotImplemented, counts.not_built);
    }

    /// The account behind a request, else the answer that ends it. What its scheme keeps lies with the connection from now on.
    fn caller(&mut self, head: &Head<'_>, conn: &mut ConnRecord, tongue: Tongue) -> Result<Rc<Account>, Response> {
        let peer = self.peer(conn.peer.ip(), head);
        let bound = match ConnContext::read(&conn.context) {
            Some(ConnContext::Login(bound)) => Some(bound),
            Some(ConnContext::Lmtp(_)) | None => None,
        };
        let entered =
            self.auth.authenticate(head, peer, bound.as_ref(), &mut self.store, self.settings, self.end.shared());
        let bound = match &entered {
            Ok(entered) => entered.bound.clone(),
            Err(Denied::Continue { bound, .. }) => Some(bound.clone()),
            Err(_) => None,
        };
        conn.context = bound.map(|bound| ConnContext::Login(bound).write()).unwrap_or_default();
        match entered {
            Ok(entered) => {
                self.tally.add(Count::AuthSuccesses, 1);
                self.tally.add(Count::AuthCacheHits, u32::from(entered.via == Via::Cache));
                Ok(entered.account)
            }
            Err(denied) => {
                self.tally.add(Count::AuthFailures, u32::from(denied == Denied::Refused));
                Err(self.denied(denied, tongue))
            }
        }
    }

    fn peer(&self, socket: IpAddr, head: &Head<'_>) -> Peer {
        // Several fields are one list (RFC 9110 5.3).
        let fields = head.headers().filter(|(name, _)| name.eq_ignore_ascii_case("X-Forwarded-For"));
        let hops: Vec<&str> = fields.filter_map(|(_, value)| std::str::from_utf8(value).ok()).collect();
        Peer::find(socket, Some(&hops.join(",")), &self.settings.server.trusted_proxies)
    }

    fn denied(&self, denied: Denied, tongue: Tongue) -> Response {
        match (denied, tongue) {
            (Denied::Unasked | Denied::Refused, _) => Response::challenge(auth::offers(self.settings)),
            (Denied::Continue { challenge, .. }, _) => Response::challenge(vec![challenge]),
            (Denied::Busy { retry_ms }, Tongue::Soap) => {
                ews::fault_response(&Fault::busy(u64::from(retry_ms)), &mut Counts::default())
            }
            (Denied::Busy { retry_ms }, Tongue::Text) => Response::text(503, "The database is away. Try again later.")
                .with("Retry-After", retry_ms.div_ceil(1000).to_string()),
            (Denied::Broken, Tongue::Soap) => {
                ews::fault_response(&Fault::new(Code::ErrorInternalServerError), &mut Counts::default())
            }
            (Denied::Broken, Tongue::Text) => broken(),
        }
    }

    /// The head of a request with a large body: is it wanted at all?
    pub(super) fn admit(
        &mut self,
        job: u64,
        mut conn: ConnRecord,
        client: OwnedFd,
        head: &[u8],
        declared: Option<u64>,
    ) -> io::Result<()> {
        let id = begin();
        let limits = &self.settings.limits;
        let (most, thrown_away) = (limits.body_bytes, limits.unauthenticated_bytes);
        let (response, preferences, waits) = match parse_head(head) {
            Err(error) => {
                (Response { close: true, ..Response::text(error.status, error.text) }, Preferences::default(), false)
            }
            Ok(head) => {
                let preferences = Preferences::read(&head);
                let response = match self.enter(&head, &mut conn) {
                    Err(response) => response,
                    Ok(_) if declared.is_some_and(|length| length > most) => {
                        Response { close: true, ..Response::text(413, "The request is larger than this server takes.") }
                    }
                    Ok((Route { takes_body: true, .. }, _)) => {
                        self.end.send(&Reply::Collect { job, conn, limit: most }, &[client.as_fd()])?;
                        return Ok(());
                    }
                    Ok((_, ready)) => match self.run(ready, &[], &preferences) {
                        Answer::Now(response) => response,
                        Answer::Later(held) => held.response,
                    },
                };
                (response, preferences, head.expect_continue)
            }
        };
        // A body that is read to its end leaves a connection that can be used again. One of unknown length may be short.
        // A client that waits for 100 Continue has sent none of it, and is told the end at once (RFC 9110 10.1.1).
        let short = !waits && declared.is_none_or(|length| length <= thrown_away);
        let response = Response { close: response.close || !short, ..response };
        let then = if preferences.keep_alive && !response.close { Then::Keep } else { Then::Close };
        let (mut reply, body) = response.into_bytes(&preferences, &id, 0);
        reply.extend_from_slice(&body);
        let limit = if short { thrown_away } else { 0 };
        self.end.send(&Reply::Discard { job, conn, limit, then, reply }, &[client.as_fd()])
    }

    /// Writes an answer and gives the socket back.
    fn reply(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        response: Response,
        preferences: &Preferences,
        id: &str,
    ) -> io::Result<()> {
        if response.large.is_some() {
            return self.reply_large(job, conn, client, response, preferences, id);
        }
        let keep = preferences.keep_alive && !response.close;
        note!(Debug, "{} with {} octets", response.status, response.body.len());
        let (head, body) = response.into_bytes(preferences, id, self.settings.http.gzip_bytes);
        let then = if keep { Then::Keep } else { Then::Close };
        match send_at_once(&client, &head, &body) {
            Sent::Whole if keep => self.end.send(&Reply::Idle { job, conn }, &[client.as_fd()]),
            Sent::Whole => {
                // What the client still sends must not make the kernel throw our answer away.
                let _ = shutdown(client.as_raw_fd(), Shutdown::Write);
                self.end.send(&Reply::Closed { job }, &[])
            }
            Sent::Gone => self.end.send(&Reply::Closed { job }, &[]),
            Sent::Part(written) => {
                let rest: Vec<&[u8]> = match written.checked_sub(head.len()) {
                    Some(of_body) => vec![body.get(of_body..).unwrap_or_default()],
                    None => vec![head.get(written..).unwrap_or_default(), &body],
                };
                let length = rest.iter().map(|part| part.len() as u64).sum();
                let file = match rest_in_memfd(&rest) {
                    Ok(file) => file,
                    Err(error) => {
                        note!(Error, "the rest of an answer: {error}");
                        return self.end.send(&Reply::Closed { job }, &[]);
                    }
                };
                let drain = Reply::Drain { job, conn, then, offset: 0, length };
                self.end.send(&drain, &[client.as_fd(), file.as_fd()])
            }
        }
    }
}

impl Worker<'_> {
    /// Has the master write an answer that is in a file.
    fn reply_large(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        mut response: Response,
        preferences: &Preferences,
        id: &str,
    ) -> io::Result<()> {
        let Some(large) = response.large.take() else { return self.end.send(&Reply::Closed { job }, &[]) };
        note!(Debug, "{} with {} octets", response.status, large.length());
        let then = if preferences.keep_alive && !response.close { Then::Keep } else { Then::Close };
        let head = response.large_head(&large, preferences, id);
        match large.headed(&head, !preferences.head_only) {
            Ok((file, offset, length)) => {
                let drain = Reply::Drain { job, conn, then, offset, length };
                self.end.send(&drain, &[client.as_fd(), file.as_fd()])
            }
            Err(error) => {
                note!(Error, "an answer: {error}");
                self.end.send(&Reply::Closed { job }, &[])
            }
        }
    }
}

/// Starts a request: an id for its answer and for the log.
fn begin() -> String {
    let id = random::request_id().to_string();
    log::request(&id);
    id
}

fn broken() -> Response {
    Response {
        close: true,
        ..Response::text(500, "The server failed. The request's id leads to the cause in its log.")
    }
}

/// How much of an answer the socket took.
pub(super) enum Sent {
    Whole,
    Part(usize),
    /// The client is gone.
    Gone,
}

/// Writes both parts with one call, as far as the socket takes them without waiting.
pub(super) fn send_at_once(client: &OwnedFd, head: &[u8], body: &[u8]) -> Sent {
    let parts = [IoSlice::new(head), IoSlice::new(body)];
    let total = head.len() + body.len();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    loop {
        return match sendmsg::<()>(client.as_raw_fd(), &parts, &[], flags, None) {
            Ok(written) if written >= total => Sent::Whole,
            Ok(written) => Sent::Part(written),
            Err(nix::Error::EAGAIN) => Sent::Part(0),
            Err(nix::Error::EINTR) => continue,
            Err(_) => Sent::Gone,
        };
    }
}

fn rest_in_memfd(parts: &[&[u8]]) -> io::Result<std::fs::File> {
    use std::io::Write as _;
    let mut file = memfd::create(c"ewsd-reply")?;
    for part in parts {
        file.write_all(part)?;
    }
    Ok(file)
}
