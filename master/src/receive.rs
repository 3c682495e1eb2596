//! Receives requests: reads what a client sends until a whole one is there, then submits it (`dispatch.rs`).
//!
//! Small bodies are collected here, in memory. Large ones go through `admit.rs` and `collect.rs`; LMTP lines are framed in
//! `lmtp.rs`. The master reads heads only to find where a request ends; what it says is for a worker.

use std::os::fd::AsRawFd;

use ewsd_http::chunk::Step;
use ewsd_http::head::parse_head;
use ewsd_http::{BodyKind, ChunkDecoder, EndFinder, HttpError, forwarded, proxy};
use ewsd_ipc::INLINE_LIMIT;
use log::debug;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};

use crate::clock::Millis;
use crate::master::{Master, TURN_BYTES};
use crate::refuse;
use crate::state::{Admission, ConnId, Protocol, ReadyJob, SmallBody, State};
use crate::tokens::Subject;

/// What reading from a socket brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadResult {
    /// So many bytes at the start of `scratch`.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The client closed its sending side, or the connection broke.
    End,
}

/// Whether what was received so far led anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    Need,
    /// The connection is in another state now, and somebody else takes care of it.
    Moved,
}

impl Master {
    /// Reads until a request is complete, or nothing more is there.
    pub fn receive(&mut self, id: ConnId) {
        let mut taken = 0;
        loop {
            if self.frame(id) == Progress::Moved {
                return;
            }
            if taken >= TURN_BYTES {
                return self.continue_later(Subject::Conn(id));
            }
            match self.read(id) {
                ReadResult::Bytes(n) => {
                    taken += n;
                    if !self.keep(id, n) {
                        return;
                    }
                }
                ReadResult::Nothing => return self.wait_for_rest(id),
                ReadResult::End => return self.close(id),
            }
        }
    }

    /// Reads on and gives `take` what comes, until it says that it has enough, or nothing more is there.
    pub fn read_on(&mut self, id: ConnId, take: fn(&mut Master, ConnId, &[u8]) -> bool) {
        let mut taken = 0;
        loop {
            if taken >= TURN_BYTES {
                return self.continue_later(Subject::Conn(id));
            }
            match self.read(id) {
                ReadResult::Bytes(n) => {
                    taken += n;
                    let scratch = std::mem::take(&mut self.scratch);
                    let goes_on = take(self, id, scratch.get(..n).unwrap_or_default());
                    self.scratch = scratch;
                    if !goes_on {
                        return;
                    }
                }
                ReadResult::Nothing => return,
                ReadResult::End => return self.close(id),
            }
        }
    }

    /// One read into `scratch`.
    fn read(&mut self, id: ConnId) -> ReadResult {
        let Some(socket) = self.table.get(id).and_then(|conn| conn.socket.as_ref()) else {
            return ReadResult::End;
        };
        loop {
            return match recv(socket.as_raw_fd(), &mut self.scratch, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => ReadResult::End,
                Ok(n) => ReadResult::Bytes(n),
                Err(Errno::EAGAIN) => ReadResult::Nothing,
                Err(Errno::EINTR) => continue,
                Err(_) => ReadResult::End,
            };
        }
    }

    /// Appends `n` bytes of `scratch` to what the connection has; false when it was refused for lack of memory.
    fn keep(&mut self, id: ConnId, n: usize) -> bool {
        if let Some(conn) = self.table.get_mut(id) {
            conn.pending.extend_from_slice(self.scratch.get(..n).unwrap_or_default());
        }
        self.charge(id);
        if self.buffered > self.config.limits.buffered_bytes {
            self.refuse(id, refuse::ARRIVING);
            return false;
        }
        true
    }

    /// Arms the deadline of a request of which a part is there.
    fn wait_for_rest(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        // Set without touching the heap when the first byte came; most requests are complete before they need it.
        let at = conn.deadline;
        self.timers.set(conn, at);
    }

    /// Looks whether what is there is a request, and submits it.
    fn frame(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        if let State::Idle = conn.state {
            if conn.pending.is_empty() {
                return Progress::Need;
            }
            conn.state = State::Head(EndFinder::default());
            conn.deadline = self.clock.after(match conn.kind {
                Protocol::Http | Protocol::Admin => self.config.limits.head,
                Protocol::Lmtp | Protocol::Control => self.config.limits.idle,
            });
        }
        if conn.preface {
            match self.take_preface(id) {
                Progress::Need => {}
                moved => return moved,
            }
            let Some(conn) = self.table.get(id).filter(|conn| !conn.preface && !conn.pending.is_empty()) else {
                return Progress::Need;
            };
            debug!("connection {id} is from {}", conn.ip);
        }
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        match (conn.kind, &conn.state) {
            (Protocol::Lmtp, State::SkipLine) => self.skip_line(id),
            (Protocol::Lmtp, _) => self.frame_lines(id),
            (Protocol::Control, _) => self.frame_command(id),
            (_, State::Body(_)) => self.frame_body(id),
            _ => self.frame_head(id),
        }
    }

    /// The header of the PROXY protocol, once, before anything else. Whoever may not send it, or sends something else, is nobody
    /// that one could answer.
    fn take_preface(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let trusted = conn.ip.is_unspecified() || self.config.proxies.iter().any(|proxy| proxy.contains(conn.ip));
        let preface = match proxy::read(&conn.pending) {
            Ok(None) if trusted => return Progress::Need,
            Ok(Some(preface)) if trusted => preface,
            _ => {
                debug!(
                    "connection {id} from {}: no header of the PROXY protocol, or not from a trusted proxy",
                    conn.ip
                );
                self.close(id);
                return Progress::Moved;
            }
        };
        conn.preface = false;
        conn.pending.drop_front(preface.length);
        if preface.client.is_none() {
            // Workers must not take it for the proxy's own: see `ConnRecord::peer`.
            conn.port = 0;
        }
        self.charge(id);
        match preface.client {
            Some(client) if !self.belongs_to(id, client) => {
                self.metrics.refused_connections += 1;
                self.turn_away(id, refuse::CROWDED);
                Progress::Moved
            }
            _ => Progress::Need,
        }
    }

    fn frame_head(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let State::Head(finder) = &mut conn.state else {
            return Progress::Moved;
        };
        let found = match finder.find(&conn.pending) {
            Ok(None) => return Progress::Need,
            Ok(Some(head_len)) => conn.pending.get(..head_len).ok_or(HttpError::bad("malformed request head")),
            Err(error) => Err(error),
        };
        let head = match found.and_then(parse_head) {
            Ok(head) => head,
            Err(error) => {
                self.refuse(id, error);
                return Progress::Moved;
            }
        };
        let (head_len, kind, expect_continue) = (head.head_len, head.body, head.expect_continue);
        conn.keep_alive = head.keep_alive;
        let credentials = self.acquaintances.credentials(&head);
        let forwarded = forwarded::field(&head);
        if conn.kind == Protocol::Admin {
            return self.answer_admin(id, head_len, kind);
        }
        self.find_lane(id, credentials, forwarded.as_deref());
        self.begin_body(id, head_len, kind, expect_continue)
    }

    /// Decides where the body goes: nowhere, into memory, or past a worker first.
    fn begin_body(&mut self, id: ConnId, head_len: usize, kind: BodyKind, expect_continue: bool) -> Progress {
        match kind {
            BodyKind::None => {
                self.submit(id, ReadyJob::Http { head_len, body_len: 0 });
                return Progress::Moved;
            }
            BodyKind::Length(length) if length > self.config.limits.body_bytes => {
                self.refuse(id, refuse::TOO_LARGE);
                return Progress::Moved;
            }
            BodyKind::Length(length) if !fits_inline(head_len, length) => {
                self.submit_admission(id, head_len, kind, expect_continue);
                return Progress::Moved;
            }
            BodyKind::Length(_) | BodyKind::Chunked => {}
        }
        let waits = expect_continue && !self.has_begun(id, head_len);
        if waits && kind == BodyKind::Chunked {
            // It may turn out large: whether it is welcome is a worker's to say.
            self.submit_admission(id, head_len, kind, true);
            return Progress::Moved;
        }
        if waits {
            // To ask for a small body costs less than a worker's time, and a connection whose first request is answered 401
            // lives on: NTLM's handshake needs that, and .NET's clients expect 100 Continue before each request.
            self.send_continue(id);
        }
        self.start_small_body(id, head_len, kind);
        self.frame_body(id)
    }

    /// Whether anything behind the head is there.
    pub fn has_begun(&self, id: ConnId, head_len: usize) -> bool {
        self.table.get(id).is_some_and(|conn| conn.pending.len() > head_len)
    }

    /// Lets a body that fits into memory, or may fit, arrive in `pending`.
    fn start_small_body(&mut self, id: ConnId, head_len: usize, kind: BodyKind) {
        let since = self.clock.now();
        let deadline = self.body_deadline(since, 0, false);
        let body = SmallBody { head_len, kind, since, decoder: ChunkDecoder::default(), decoded: Vec::new() };
        if let Some(conn) = self.table.get_mut(id) {
            // Nothing of a memfd is given up here, so the state may be set without set_state.
            conn.state = State::Body(Box::new(body));
            conn.deadline = deadline;
        }
    }

    fn submit_admission(&mut self, id: ConnId, head_len: usize, kind: BodyKind, expect_continue: bool) {
        let admission = Admission {
            job: 0,
            head_len,
            kind,
            expect_continue,
            decoder: ChunkDecoder::default(),
            decoded: Vec::new(),
        };
        self.submit(id, ReadyJob::Admit(Box::new(admission)));
    }

    /// Tells a waiting client to send its body. If that does not fit into an empty socket buffer, the client is gone.
    pub fn send_continue(&mut self, id: ConnId) {
        if let Some(socket) = self.table.get(id).and_then(|conn| conn.socket.as_ref()) {
            let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
            // A failure shows at the next read.
            let _ = send(socket.as_raw_fd(), ewsd_http::reply::CONTINUE, flags);
        }
    }

    fn frame_body(&mut self, id: ConnId) -> Progress {
        let Some(conn) = self.table.get_mut(id) else {
            return Progress::Moved;
        };
        let State::Body(body) = &mut conn.state else {
            return Progress::Moved;
        };
        let head_len = body.head_len;
        if let BodyKind::Length(length) = body.kind {
            let body_len = usize::try_from(length).unwrap_or(usize::MAX);
            if conn.pending.len() - head_len.min(conn.pending.len()) < body_len {
                return Progress::Need;
            }
            self.submit(id, ReadyJob::Http { head_len, body_len });
            return Progress::Moved;
        }
        match decode_small(body, conn.pending.octets()) {
            Ok(Chunks::More) => Progress::Need,
            Ok(Chunks::Done) => {
                let body = std::mem::take(&mut body.decoded);
                self.submit(id, ReadyJob::HttpDecoded { head_len, body });
                Progress::Moved
            }
            Ok(Chunks::TooLarge) => {
                let admission = Admission {
                    job: 0,
                    head_len,
                    kind: BodyKind::Chunked,
                    expect_continue: false,
                    decoder: body.decoder,
                    decoded: std::mem::take(&mut body.decoded),
                };
                self.submit(id, ReadyJob::Admit(Box::new(admission)));
                Progress::Moved
            }
            Err(error) => {
                self.refuse(id, error);
                Progress::Moved
            }
        }
    }

    /// When a body that began at `since` and of which `received` bytes are there is too slow. Mail servers take their time before
    /// they start to send (RFC 5321 4.5.3.2.5), so for mail the grace is longer.
    pub fn body_deadline(&self, since: Millis, received: u64, is_mail: bool) -> Millis {
        let limits = &self.config.limits;
        let grace = crate::clock::millis(if is_mail { limits.idle } else { limits.head });
        let allowed = received.saturating_mul(1000) / limits.body_min_rate.max(1);
        since.saturating_add(grace).saturating_add(allowed)
    }
}

/// Whether head and body travel inside a message.
fn fits_inline(head_len: usize, length: u64) -> bool {
    (head_len as u64).saturating_add(length) <= INLINE_LIMIT as u64
}

enum Chunks {
    More,
    Done,
    TooLarge,
}

/// Decodes what lies behind the head in `pending` and takes it out.
fn decode_small(body: &mut SmallBody, pending: &mut Vec<u8>) -> Result<Chunks, HttpError> {
    let mut at = body.head_len;
    let result = loop {
        let (used, step) = body.decoder.feed(pending.get(at..).unwrap_or_default())?;
        if let Step::Data(data) = step {
            body.decoded.extend_from_slice(data);
        }
        at += used;
        match step {
            Step::Data(_) if body.head_len + body.decoded.len() > INLINE_LIMIT => break Chunks::TooLarge,
            Step::Data(_) => {}
            Step::More => break Chunks::More,
            Step::Done => break Chunks::Done,
        }
    };
    pending.drain(body.head_len..at.min(pending.len()));
    Ok(result)
}
