//! HTTP jobs: who is asking, the answer, and the socket back to the master.
//!
//! The answer is written with one call that does not wait; what the socket does not take goes to the master in a memfd. A large
//! one is in such a file from the start.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;

use ewsd_ews::Fault;
use ewsd_http::head::parse_head;
use ewsd_http::{Head, forwarded};
use ewsd_ipc::message::{Hashing, HeldContext, Piece, Pieces, Share, Watch};
use ewsd_ipc::{AfterReply, Body, ConnRecord, Count, Reply};
use ewsd_mailbox::log::{self, note};
use ewsd_mailbox::{clock, random};
use ewsd_model::code::Code;
use ewsd_store::Account;
use nix::sys::socket::{Shutdown, shutdown};

use super::context::ConnContext;
use super::octets::Octets;
use super::request::{Door, Worker};
use super::written::{Sent, rest_in_memfd, send_at_once};
use crate::auth::{self, ALL_SCHEMES, AdmittedBy, Bound, Denied, Peer, Turn};
use crate::front::ews::{self, Counts};
use crate::front::route::{self, ErrorFormat, Handler, Request, Route};
use crate::front::{Answer, Preferences, Response};

/// A handler with whom it is for.
enum Ready {
    Account(fn(Rc<Account>, Request<'_>) -> Answer, Caller),
    Anybody(fn(Request<'_>) -> Answer),
}

/// Who is asking.
struct Caller {
    account: Rc<Account>,
    /// What the answer says in `WWW-Authenticate`.
    reply: Option<String>,
    /// The connection is this one's from now on.
    stays: bool,
}

/// A request's head, with what is known of where it comes from.
struct ReceivedHead<'a> {
    octets: &'a [u8],
    head: &'a Head<'a>,
    peer: Peer,
    conn: u64,
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
        self.accesses.begin(conn.peer.ip(), body.len());
        let body = match Octets::of(body, memfd) {
            Ok(body) => body,
            Err(error) => {
                note!(Error, "the request body: {error}");
                let answer = if error.kind() == io::ErrorKind::InvalidData { broken() } else { short() };
                return self.reply(job, conn, client, answer, &Preferences::default(), &id);
            }
        };
        // Whose body is in a file was admitted before that came.
        if matches!(body, Octets::Mapped(_)) {
            conn.hashes = Hashing::Strangers;
        }
        // The master has read it before; another reading here would be a fault of one of us.
        let octets = head;
        let head = match parse_head(octets) {
            Ok(head) => head,
            Err(error) => {
                let response = Response { close: true, ..Response::text(error.status, error.text) };
                return self.reply(job, conn, client, response, &Preferences::default(), &id);
            }
        };
        self.accesses.head(&head);
        let preferences = Preferences::read(&head);
        let asked = ReceivedHead { octets, head: &head, peer: self.peer(&conn, &head), conn: conn.conn };
        let entered = self.enter(&asked, &mut conn);
        self.tell_whose(job, &conn, &entered)?;
        self.trace = None;
        if let Ok((_, Ready::Account(_, caller))) = &entered {
            let account = caller.account.clone();
            self.trace(&id, &account, asked.peer.address, octets, &body);
        }
        let answer = match entered {
            Ok((route, ready)) => self.run(route, ready, &asked, &body, &preferences),
            Err(Response { must_hash: Some(known), .. }) => {
                let reply = Reply::MustHash { job, conn, known, head: octets.to_vec(), body: body.to_vec() };
                return self.end.send(&reply, &[client.as_fd()]);
            }
            Err(response) => Answer::Now(response),
        };
        self.tell_changes()?;
        match answer {
            Answer::Now(response) => self.reply(job, conn, client, response, &preferences, &id),
            Answer::Later(held) => {
                let end = self.accesses.end_http(&id, 200, 0);
                self.traced(&end, &[], None, None);
                self.hold(job, conn, client, &preferences, &id, *held)
            }
        }
    }

    /// The row of the request's path, and its handler with whom it is for; else the answer that ends the request.
    fn enter(&mut self, asked: &ReceivedHead<'_>, conn: &mut ConnRecord) -> Result<(&'static Route, Ready), Response> {
        self.accesses.address(asked.peer.address);
        let route = route::find(asked.head.method, asked.head.path()).handler()?;
        let ready = match route.handler {
            Handler::Account(handler) => {
                let caller = self.caller(asked, conn, route.errors);
                Ready::Account(handler, caller.map_err(|response| route.dress(response))?)
            }
            Handler::Anybody(handler) => Ready::Anybody(handler),
        };
        Ok((route, ready))
    }

    /// The master lets accounts take turns; it does not know this one's credentials yet.
    fn tell_whose(&self, job: u64, conn: &ConnRecord, entered: &Result<(&Route, Ready), Response>) -> io::Result<()> {
        let Ok((_, Ready::Account(_, caller))) = entered else { return Ok(()) };
        let Account { exempt, mailbox, .. } = *caller.account;
        let mailbox = u64::try_from(mailbox.0).unwrap_or(conn.mailbox);
        if !exempt && mailbox == conn.mailbox {
            return Ok(());
        }
        self.end.send(&Reply::Whose { job, mailbox, exempt }, &[])
    }

    fn run(
        &mut self,
        route: &Route,
        ready: Ready,
        asked: &ReceivedHead<'_>,
        body: &[u8],
        preferences: &Preferences,
    ) -> Answer {
        let mut counts = Counts::default();
        let Worker { store, settings, accepted, .. } = self;
        let &ReceivedHead { head, peer, conn, .. } = asked;
        let request = Request { body, head, peer, conn, accepted, preferences, store, settings, counts: &mut counts };
        let (mut answer, caller) = match ready {
            Ready::Account(handler, caller) => (handler(caller.account.clone(), request), Some(caller)),
            Ready::Anybody(handler) => (handler(request), None),
        };
        self.count(counts);
        let response = match &mut answer {
            Answer::Now(response) => response,
            Answer::Later(held) => &mut held.response,
        };
        let mut dressed = route.dress(std::mem::take(response));
        if let Some(caller) = caller {
            if let Some(reply) = caller.reply {
                dressed = dressed.with("WWW-Authenticate", reply);
            }
            if caller.stays {
                dressed = dressed.with("Persistent-Auth", "true");
            }
        }
        *response = dressed;
        answer
    }

    fn count(&mut self, counts: Counts) {
        self.tally.add(Count::Operations, counts.operations);
        self.tally.add(Count::Faults, counts.faults);
        self.tally.add(Count::ResponseErrors, counts.errors);
        self.tally.add(Count::NotImplemented, counts.not_built);
        self.accesses.did(counts);
    }

    /// The account behind a request, else the answer that ends it. What its scheme keeps lies with the connection from now on.
    fn caller(
        &mut self,
        asked: &ReceivedHead<'_>,
        conn: &mut ConnRecord,
        errors: ErrorFormat,
    ) -> Result<Caller, Response> {
        let peer = asked.peer;
        let bound = match ConnContext::read(&std::mem::take(&mut conn.context)) {
            Some(ConnContext::Login(bound)) => Some(bound),
            Some(ConnContext::Admitted { account, head, reply, bound }) => {
                if head == self.head_tag(asked.octets) {
                    conn.context = written(bound.as_ref());
                    return self.admitted(account, &reply, bound.is_some(), peer, errors);
                }
                None
            }
            Some(ConnContext::Lmtp(_)) | None => None,
        };
        let shared = self.end.shared();
        self.auth.turn = Turn { mailbox: conn.mailbox, hashes: conn.hashes };
        let entered = self.auth.authenticate(asked.head, peer, bound.as_ref(), &mut self.store, self.settings, shared);
        let bound = match &entered {
            Ok(entered) => entered.bound.as_ref(),
            Err(Denied::Continue { bound, .. }) => bound.as_ref(),
            Err(_) => None,
        };
        conn.context = written(bound);
        match entered {
            Ok(entered) => {
                self.tally.add(Count::AuthSuccesses, 1);
                self.tally.add(Count::AuthCacheHits, u32::from(entered.via == AdmittedBy::Cache));
                self.accesses.caller(&entered.account);
                Ok(Caller { account: entered.account, reply: entered.reply, stays: entered.bound.is_some() })
            }
            Err(denied) => {
                let refused = matches!(denied, Denied::Refused | Denied::BadToken);
                self.tally.add(Count::AuthFailures, refused.into());
                let delay_ms = if refused { self.auth.delay_ms } else { 0 };
                Err(Response { delay_ms, ..self.denied(denied, peer, errors) })
            }
        }
    }

    /// Who was found when the head was looked at.
    fn admitted(
        &mut self,
        account: u64,
        reply: &[u8],
        stays: bool,
        peer: Peer,
        errors: ErrorFormat,
    ) -> Result<Caller, Response> {
        let number = i64::try_from(account).unwrap_or(0);
        let found = self.auth.by_number(number, &mut self.store, self.settings, self.end.shared());
        match found.map(|account| account.filter(|account| !account.disabled)) {
            Ok(Some(account)) => {
                self.accesses.caller(&account);
                let reply = Some(String::from_utf8_lossy(reply).into_owned()).filter(|reply| !reply.is_empty());
                Ok(Caller { account, reply, stays })
            }
            Ok(None) => Err(self.denied(Denied::Refused, peer, errors)),
            Err(error) => Err(self.denied(auth::failed(error), peer, errors)),
        }
    }

    /// Keeps who it is until the body has come.
    fn admit_caller(&self, conn: &mut ConnRecord, octets: &[u8], ready: Ready) {
        let Ready::Account(_, caller) = ready else { return };
        let bound = match ConnContext::read(&conn.context) {
            Some(ConnContext::Login(bound)) => Some(bound),
            _ => None,
        };
        let reply = caller.reply.unwrap_or_default().into_bytes();
        let account = u64::try_from(caller.account.account).unwrap_or(0);
        let head = self.head_tag(octets);
        conn.context = ConnContext::Admitted { account, head, reply, bound }.write();
    }

    /// Tells one request of a connection from the next.
    fn head_tag(&self, octets: &[u8]) -> Vec<u8> {
        auth::tag(self.end.shared(), b"head", &[octets]).to_vec()
    }

    fn peer(&self, conn: &ConnRecord, head: &Head<'_>) -> Peer {
        let hops = forwarded::field(head);
        let door = self.doors.get(usize::from(conn.listener)).copied();
        let door = door.unwrap_or(Door { schemes: ALL_SCHEMES, prefaced: false });
        let peer = match conn.peer {
            proxy if door.prefaced && proxy.port() == 0 => Peer::unnamed(proxy.ip()),
            client => Peer::find(client.ip(), hops.as_deref(), &self.settings.server.trusted_proxies),
        };
        let named =
            ["X-Forwarded-Proto", "X-Real-IP", "Forwarded", "Via"].iter().any(|name| head.header(name).is_some());
        Peer { relayed: peer.relayed || named, schemes: door.schemes, ..peer }
    }

    /// The schemes that are offered to a client.
    pub(super) fn offers(&self, peer: Peer) -> Vec<String> {
        let shared = self.end.shared();
        auth::offers(self.settings, peer, &|| auth::scheme::digest::nonce(shared, clock::unix()))
    }

    fn denied(&self, denied: Denied, peer: Peer, errors: ErrorFormat) -> Response {
        match (denied, errors) {
            (Denied::Unasked | Denied::Refused, _) => Response::challenge(self.offers(peer)),
            (Denied::MustHash { known }, _) => Response { must_hash: Some(known), ..Response::default() },
            (Denied::BadToken, _) => Response::challenge(auth::scheme::bearer::after_bad_token(self.offers(peer))),
            (Denied::Continue { challenge, .. }, _) => {
                Response { goes_on: true, ..Response::challenge(vec![challenge]) }
            }
            (Denied::Busy { retry_ms }, ErrorFormat::Soap) => {
                ews::fault_response(&Fault::busy(u64::from(retry_ms)), &mut Counts::default())
            }
            (Denied::Busy { retry_ms }, ErrorFormat::Text) => {
                Response::text(503, "Who you are cannot be found out now. Try again later.")
                    .with("Retry-After", retry_ms.div_ceil(1000).to_string())
            }
            (Denied::Broken, ErrorFormat::Soap) => {
                ews::fault_response(&Fault::new(Code::ErrorInternalServerError), &mut Counts::default())
            }
            (Denied::Broken, ErrorFormat::Text) => broken(),
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
        self.accesses.begin(conn.peer.ip(), 0);
        let limits = &self.settings.limits;
        let most = limits.body_bytes;
        let octets = head;
        let (response, preferences, waits) = match parse_head(octets) {
            Err(error) => {
                (Response { close: true, ..Response::text(error.status, error.text) }, Preferences::default(), false)
            }
            Ok(head) => {
                self.accesses.head(&head);
                let preferences = Preferences::read(&head);
                let asked = ReceivedHead { octets, head: &head, peer: self.peer(&conn, &head), conn: conn.conn };
                let entered = self.enter(&asked, &mut conn);
                self.tell_whose(job, &conn, &entered)?;
                let response = match entered {
                    Err(Response { must_hash: Some(known), .. }) => {
                        let reply = Reply::MustHash { job, conn, known, head: Vec::new(), body: Vec::new() };
                        return self.end.send(&reply, &[client.as_fd()]);
                    }
                    Err(response) => response,
                    Ok(_) if declared.is_some_and(|length| length > most) => {
                        Response { close: true, ..Response::text(413, "The request is larger than this server takes.") }
                    }
                    Ok((Route { takes_body: true, .. }, ready)) => {
                        self.admit_caller(&mut conn, octets, ready);
                        self.end.send(&Reply::Collect { job, conn, limit: most }, &[client.as_fd()])?;
                        return Ok(());
                    }
                    Ok((route, ready)) => match self.run(route, ready, &asked, &[], &preferences) {
                        Answer::Now(response) => response,
                        Answer::Later(held) => held.response,
                    },
                };
                (response, preferences, head.expect_continue)
            }
        };
        // A body that is read to its end leaves a connection that can be used again. One of unknown length may be short.
        // Where a login goes on it is read whatever its length: the next step must come over this connection, and clients send the
        // whole body with each.
        let thrown_away = if response.goes_on { most } else { limits.unauthenticated_bytes };
        // A client that waits for 100 Continue has sent none of it, and is told the end at once (RFC 9110 10.1.1).
        let short = !waits && declared.is_none_or(|length| length <= thrown_away);
        let response = Response { close: response.close || !short, ..response };
        let then = if preferences.keep_alive && !response.close { AfterReply::Keep } else { AfterReply::Close };
        self.accesses.end_http(&id, response.status, response.body.len() as u64);
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
        let octets = response.body.len() as u64;
        let end = self.accesses.end_http(id, response.status, octets);
        let response_delay = response.delay_ms;
        // What is traced is what a person can read.
        let plain = self.trace.as_ref().map(|_| response.body.clone());
        let (head, body) = response.into_bytes(preferences, id, self.settings.http.gzip_bytes);
        self.traced(&end, &head, plain.as_deref(), Some(octets));
        let then = if keep { AfterReply::Keep } else { AfterReply::Close };
        if response_delay > 0 {
            return self.keep_back(job, conn, client, [head, body].concat(), then, response_delay);
        }
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
    /// Has the master write an answer later. Nothing but its time brings it, and whoever leaves earlier is forgotten.
    fn keep_back(
        &mut self,
        job: u64,
        conn: ConnRecord,
        client: OwnedFd,
        answer: Vec<u8>,
        then: AfterReply,
        delay_ms: u32,
    ) -> io::Result<()> {
        let reply = Reply::Hold {
            job,
            conn,
            watch: Watch::default(),
            then,
            deadline_ms: delay_ms,
            at_deadline: Pieces(vec![Piece::Own(answer)]),
            heartbeat_ms: 0,
            at_beat: Pieces::default(),
            stream: false,
            share: Share::default(),
            context: HeldContext::default(),
        };
        self.end.send(&reply, &[client.as_fd()])
    }

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
        let octets = large.length();
        let head = response.large_head(&large, preferences, id);
        let (file, offset, length) = match large.headed(&head, !preferences.head_only) {
            Ok(answer) => answer,
            Err(error) => {
                // Nothing of it was told yet.
                note!(Error, "an answer: {error}");
                return self.reply(job, conn, client, short(), preferences, id);
            }
        };
        let end = self.accesses.end_http(id, response.status, octets);
        let then = if preferences.keep_alive && !response.close { AfterReply::Keep } else { AfterReply::Close };
        self.traced(&end, &head, None, Some(octets));
        let drain = Reply::Drain { job, conn, then, offset, length };
        self.end.send(&drain, &[client.as_fd(), file.as_fd()])
    }
}

fn written(bound: Option<&Bound>) -> Vec<u8> {
    bound.map(|bound| ConnContext::Login(bound.clone()).write()).unwrap_or_default()
}

/// Starts a request: an id for its answer and for the log.
fn begin() -> String {
    let id = random::request_id().to_string();
    log::request(&id);
    id
}

/// There is not memory enough, which says nothing of the request.
fn short() -> Response {
    let answer = Response::text(503, "The server has no room for this request right now. Try again later.");
    Response { close: true, ..answer.with("Retry-After", "1") }
}

fn broken() -> Response {
    Response {
        close: true,
        ..Response::text(500, "The server failed. The request's id leads to the cause in its log.")
    }
}
