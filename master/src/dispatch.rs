//! Hands out jobs: one shared SEQPACKET from which the kernel gives each job to whichever worker is free, and in front of it the
//! master's own queue, in which everybody takes turns (`turns.rs`).
//!
//! At most one job for each worker lies in the socket: what lies in the queue here can still get its 503, its client can still
//! leave, and whoever comes late can still come before the tenth request of another. A socket is out of epoll before it is
//! sent, and the master's copy is closed after it was sent.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use ewsd_http::BodyKind;
use ewsd_ipc::seqpacket::{self, Wait, would_block};
use ewsd_ipc::{Body, HeldCall, Job, LmtpInput, MAX_MESSAGE, RenderReason};
use log::{error, warn};
use mio::unix::SourceFd;
use mio::{Interest, Registry};

use crate::clock::{Millis, NEVER};
use crate::master::Master;
use crate::refuse;
use crate::roles::WorkerId;
use crate::state::{Conn, ConnId, ReadyJob, State};
use crate::tokens;
use crate::turns::{Lane, Turns};

/// A jobs socket and the workers that read from it.
#[derive(Debug)]
pub struct Generation {
    pub number: u32,
    /// Closed (none) when its workers are to finish.
    pub send: Option<OwnedFd>,
    /// Kept to give to new workers, and to take jobs back when no worker is left.
    pub receive: OwnedFd,
    /// Whether room on the sending end is watched for.
    watched: bool,
}

impl Generation {
    /// A new pair.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub fn new(number: u32) -> io::Result<Self> {
        let (send, receive) = seqpacket::pair()?;
        Ok(Generation::of(number, Some(send), receive))
    }

    /// One whose descriptors are there already.
    pub fn of(number: u32, send: Option<OwnedFd>, receive: OwnedFd) -> Self {
        Generation { number, send, receive, watched: false }
    }

    /// Asks for an event when the sending end has room; at once if it has. Not asked for from the start: each job that a worker
    /// takes makes room, and the master would wake up for all of them.
    ///
    /// # Errors
    /// What epoll_ctl(2) reports.
    fn want_room(&mut self, registry: &Registry) -> io::Result<()> {
        let Some(send) = &self.send else { return Ok(()) };
        let (fd, room) = (send.as_raw_fd(), Interest::WRITABLE);
        let mut source = SourceFd(&fd);
        if self.watched {
            return registry.reregister(&mut source, tokens::JOBS, room);
        }
        registry.register(&mut source, tokens::JOBS, room)?;
        self.watched = true;
        Ok(())
    }

    /// There is room: no further event.
    ///
    /// # Errors
    /// What epoll_ctl(2) reports.
    fn has_room(&mut self, registry: &Registry) -> io::Result<()> {
        match &self.send {
            Some(send) if std::mem::take(&mut self.watched) => registry.deregister(&mut SourceFd(&send.as_raw_fd())),
            _ => Ok(()),
        }
    }
}

/// What a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobTarget {
    /// A connection whose socket travels with it.
    Conn(ConnId),
    /// Held calls, those not yet answered.
    Render(Vec<ConnId>),
    /// A sweep.
    Sweep,
    /// Does the database answer?
    Probe,
}

/// A job that was sent and is not over.
#[derive(Debug)]
pub struct Sent {
    pub about: JobTarget,
    pub generation: u32,
    pub lane: Lane,
    pub at: Millis,
    /// When it must be taken; once it is, when it must be answered.
    pub expires: Millis,
    /// Who took it.
    pub worker: Option<WorkerId>,
    /// Since when it is known to have left the socket without anybody having written down that it is his.
    pub missing_since: Option<Millis>,
}

/// What waits for room on the jobs socket.
#[derive(Debug)]
pub enum Waiting {
    Conn(ConnId),
    Render(Vec<(ConnId, RenderReason)>),
    Sweep(Vec<(u64, u64)>),
    Probe,
}

/// The jobs: sent, and waiting.
#[derive(Debug)]
pub struct Dispatch {
    pub current: Generation,
    /// Started by a reload; becomes the current one when its first worker is ready.
    pub next: Option<Generation>,
    /// Finishing.
    pub old: Vec<Generation>,
    pub queue: Turns,
    pub sent: HashMap<u64, Sent>,
    /// Sent in the current generation and not over: a worker has it, or it lies in the socket.
    pub outstanding: usize,
    /// The last attempt found no room on the socket; cleared by whatever may have made some.
    pub full: bool,
    /// Highest job number taken by anybody.
    pub newest_taken: u64,
    pub last_job: u64,
    /// When a worker last died.
    pub last_death: Millis,
    out: Vec<u8>,
}

impl Dispatch {
    /// Nothing sent yet.
    pub fn new(current: Generation) -> Self {
        Dispatch {
            current,
            next: None,
            old: Vec::new(),
            queue: Turns::default(),
            sent: HashMap::new(),
            outstanding: 0,
            full: false,
            newest_taken: 0,
            last_job: 0,
            last_death: 0,
            out: Vec::with_capacity(MAX_MESSAGE),
        }
    }

    /// Puts a job on the socket; false when there is no room, which is then waited for.
    #[allow(clippy::too_many_arguments, reason = "callers have borrowed parts of the master")]
    fn send(
        &mut self,
        registry: &Registry,
        job: &Job,
        fds: &[BorrowedFd<'_>],
        about: JobTarget,
        lane: Lane,
        at: Millis,
        expires: Millis,
    ) -> io::Result<bool> {
        let Some(socket) = &self.current.send else {
            return Ok(false);
        };
        job.encode(&mut self.out);
        match seqpacket::send(socket.as_fd(), &self.out, fds, Wait::No) {
            Ok(()) => {}
            Err(error) if would_block(&error) => {
                self.full = true;
                self.current.want_room(registry)?;
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        let generation = self.current.number;
        self.sent
            .insert(job.number(), Sent { about, generation, lane, at, expires, worker: None, missing_since: None });
        self.queue.begin(lane);
        self.outstanding += 1;
        Ok(true)
    }

    /// The socket has room again.
    pub fn room(&mut self, registry: &Registry) {
        self.full = false;
        if let Err(error) = self.current.has_room(registry) {
            warn!("cannot stop watching the jobs socket: {error}");
        }
    }

    /// A job is over, lost or taken back.
    pub fn take_off(&mut self, job: u64) -> Option<Sent> {
        let sent = self.sent.remove(&job)?;
        self.queue.end(sent.lane);
        if sent.generation == self.current.number {
            self.outstanding = self.outstanding.saturating_sub(1);
            self.full = false;
        }
        Some(sent)
    }

    /// How many jobs nobody is known to have.
    pub fn untaken(&self) -> usize {
        self.sent.values().filter(|sent| sent.worker.is_none()).count()
    }

    fn next_job(&mut self) -> u64 {
        self.last_job += 1;
        self.last_job
    }
}

/// What became of an attempt.
enum SendResult {
    Sent,
    Full,
    /// There is nothing to send any more.
    Gone,
}

impl Master {
    /// A connection has a job ready: sends it or lets it wait.
    pub fn submit(&mut self, id: ConnId, what: ReadyJob) {
        if let (ReadyJob::Http { .. } | ReadyJob::HttpDecoded { .. }, Some(conn)) = (&what, self.table.get(id)) {
            if conn.pending.len() - what.used().min(conn.pending.len()) > self.config.limits.pipelined_bytes {
                return self.refuse(id, refuse::PIPELINED);
            }
        }
        let expires = self.clock.after(self.config.limits.queue);
        self.submit_by(id, what, expires);
    }

    /// The same for one that must be taken until `expires`.
    pub fn submit_by(&mut self, id: ConnId, what: ReadyJob, expires: Millis) {
        self.set_state(id, State::Queued(Box::new(what)));
        if let Some(conn) = self.table.get_mut(id) {
            conn.deadline = expires;
        }
        let lane = self.table.get(id).map(Conn::lane).unwrap_or_default();
        if self.dispatch.queue.is_empty()
            && self.may_send()
            && self.dispatch.queue.may_go(lane, self.shares())
            && matches!(self.send_conn(id), SendResult::Sent | SendResult::Gone)
        {
            return;
        }
        if let Some(conn) = self.table.get_mut(id) {
            self.timers.set(conn, expires);
            self.dispatch.queue.push(lane, id);
            self.park(id);
            self.want_housekeeping();
        }
        let table = &self.table;
        let waits =
            |id| table.get(id).is_some_and(|conn| matches!(conn.state, State::Queued(_) | State::Parked { .. }));
        self.dispatch.queue.tidy(table.len(), waits);
    }

    /// Adds something without a connection to the queue.
    pub fn submit_other(&mut self, waiting: Waiting) {
        self.dispatch.queue.push_own(waiting);
        self.want_housekeeping();
    }

    /// Sends what waits while there is room.
    pub fn flush_queue(&mut self) {
        self.send_waiting();
        self.parking.clear();
    }

    fn send_waiting(&mut self) {
        let shares = self.shares();
        while self.may_send() {
            let Some((lane, waiting)) = self.dispatch.queue.pop(shares) else {
                return;
            };
            let attempt = match &waiting {
                Waiting::Conn(id) => self.send_conn(*id),
                Waiting::Render(batch) => self.send_render(batch),
                Waiting::Sweep(known) => {
                    self.send_other(JobTarget::Sweep, |job| Job::Sweep { job, known: known.clone().into() })
                }
                Waiting::Probe => self.send_other(JobTarget::Probe, |job| Job::Probe { job }),
            };
            match (attempt, waiting) {
                (SendResult::Full, waiting) => return self.dispatch.queue.put_back(lane, waiting),
                (SendResult::Gone, Waiting::Sweep(_)) => self.sweep_over(),
                (SendResult::Gone, Waiting::Probe) => self.probed(false),
                _ => {}
            }
        }
    }

    /// Jobs go out only to workers that said `Ready`: one that each has, and one for each ahead of them.
    fn may_send(&self) -> bool {
        let workers = self.fleet.ready_requests(self.dispatch.current.number);
        workers > 0 && !self.dispatch.full && self.dispatch.outstanding < 2 * workers
    }

    fn send_conn(&mut self, id: ConnId) -> SendResult {
        if !self.unpark(id) {
            return SendResult::Gone;
        }
        let number = self.dispatch.next_job();
        let Some(conn) = self.table.get(id) else {
            return SendResult::Gone;
        };
        let (State::Queued(ready), Some(socket)) = (&conn.state, conn.socket.as_ref()) else {
            return SendResult::Gone;
        };
        let (expires, lane) = (conn.deadline, conn.lane());
        let (job, memfd) = build(conn, ready, number);
        let mut fds = vec![socket.as_fd()];
        fds.extend(memfd.map(AsFd::as_fd));
        self.unwatch_socket(id);
        match self.dispatch.send(&self.registry, &job, &fds, JobTarget::Conn(id), lane, self.clock.now(), expires) {
            Ok(true) => {
                self.look_by(expires);
                self.handed_out(id, number);
                return SendResult::Sent;
            }
            Ok(false) if self.watch_socket(id) => return SendResult::Full,
            Ok(false) => self.close(id),
            Err(error) => {
                error!("a job could not be sent: {error}");
                if self.watch_socket(id) {
                    self.refuse(id, refuse::NOT_SENT);
                } else {
                    self.close(id);
                }
            }
        }
        SendResult::Gone
    }

    /// The job is on its way: from here on a worker owns the socket, and the master's copy is closed.
    fn handed_out(&mut self, id: ConnId, number: u64) {
        let Some(State::Queued(ready)) = self.take_state(id) else {
            return;
        };
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        conn.socket = None;
        conn.deadline = NEVER;
        conn.unread = false;
        let used = ready.used();
        conn.pending.drop_front(used);
        conn.state = match *ready {
            ReadyJob::Admit(mut admission) => {
                admission.job = number;
                State::Admit(admission)
            }
            _ => State::Serve,
        };
        self.metrics.jobs += 1;
        self.charge(id);
    }

    fn send_render(&mut self, batch: &[(ConnId, RenderReason)]) -> SendResult {
        let number = self.dispatch.next_job();
        let calls: Vec<HeldCall> = batch
            .iter()
            .filter_map(|(held, why)| match &self.table.get(*held)?.state {
                State::Held(call) => Some(HeldCall { held: *held, why: *why, context: call.context().to_vec() }),
                _ => None,
            })
            .collect();
        let ids: Vec<ConnId> = calls.iter().map(|call| call.held).collect();
        if ids.is_empty() {
            return SendResult::Gone;
        }
        let job = Job::Render { job: number, batch: calls.into() };
        let expires = self.clock.after(self.config.limits.queue);
        match self.dispatch.send(
            &self.registry,
            &job,
            &[],
            JobTarget::Render(ids.clone()),
            Lane::Shared,
            self.clock.now(),
            expires,
        ) {
            Ok(true) => {
                self.look_by(expires);
                for id in ids {
                    self.rendering(id, number);
                }
                self.metrics.renders += 1;
                SendResult::Sent
            }
            Ok(false) => SendResult::Full,
            Err(error) => {
                error!("a render job could not be sent: {error}");
                SendResult::Gone
            }
        }
    }

    /// Sends a job that is about no connection and no held call.
    fn send_other(&mut self, about: JobTarget, job: impl FnOnce(u64) -> Job) -> SendResult {
        let job = job(self.dispatch.next_job());
        let expires = self.clock.after(self.config.limits.queue);
        match self.dispatch.send(&self.registry, &job, &[], about, Lane::Shared, self.clock.now(), expires) {
            Ok(true) => {
                self.look_by(expires);
                SendResult::Sent
            }
            Ok(false) => SendResult::Full,
            Err(error) => {
                error!("a job could not be sent: {error}");
                SendResult::Gone
            }
        }
    }
}

impl ReadyJob {
    /// How many bytes at the start of `pending` go away with the job.
    pub fn used(&self) -> usize {
        match self {
            ReadyJob::Http { head_len, body_len } => head_len + body_len,
            ReadyJob::HttpDecoded { head_len, .. } | ReadyJob::HttpMemfd { head_len, .. } => *head_len,
            ReadyJob::LmtpLines { length } => *length,
            // The head is needed again when the body is there.
            ReadyJob::Admit(_) => 0,
            ReadyJob::LmtpGreeting | ReadyJob::LmtpData { .. } | ReadyJob::LmtpTooBig | ReadyJob::LmtpLongLine => 0,
        }
    }
}

/// The message for a job that is ready, and the memfd that goes with it.
fn build<'c>(conn: &Conn, what: &'c ReadyJob, job: u64) -> (Job, Option<&'c File>) {
    let bytes = |from: usize, to: usize| conn.pending.get(from..to).unwrap_or_default().to_vec();
    let http = |head_len: usize, body: Body| Job::Http { job, conn: conn.record(), head: bytes(0, head_len), body };
    let lmtp = |input: LmtpInput| Job::Lmtp { job, conn: conn.record(), input };
    match what {
        ReadyJob::Http { head_len, body_len } => {
            (http(*head_len, Body::Inline(bytes(*head_len, head_len + body_len))), None)
        }
        ReadyJob::HttpDecoded { head_len, body } => (http(*head_len, Body::Inline(body.clone())), None),
        ReadyJob::HttpMemfd { head_len, body, length } => (http(*head_len, Body::Memfd(*length)), Some(body)),
        ReadyJob::Admit(admission) => {
            let declared = match admission.kind {
                BodyKind::Length(length) => Some(length),
                BodyKind::None | BodyKind::Chunked => None,
            };
            (Job::Admit { job, conn: conn.record(), head: bytes(0, admission.head_len), declared }, None)
        }
        ReadyJob::LmtpGreeting => (lmtp(LmtpInput::Greeting), None),
        ReadyJob::LmtpLines { length } => (lmtp(LmtpInput::Lines(bytes(0, *length))), None),
        ReadyJob::LmtpData { body, length } => (lmtp(LmtpInput::Data(Body::Memfd(*length))), Some(body)),
        ReadyJob::LmtpTooBig => (lmtp(LmtpInput::TooBig), None),
        ReadyJob::LmtpLongLine => (lmtp(LmtpInput::LongLine), None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use ewsd_ipc::seqpacket::{self, Wait};
    use ewsd_ipc::{Job, MAX_MESSAGE};
    use mio::{Events, Poll};
    use std::os::fd::AsFd;

    use super::{Dispatch, Generation, JobTarget, Lane};

    #[test]
    fn the_master_wakes_up_for_room_only_where_there_was_none() {
        let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(8));
        let registry = poll.registry().try_clone().unwrap();
        let mut dispatch = Dispatch::new(Generation::new(1).unwrap());
        let send = |dispatch: &mut Dispatch| {
            let job = dispatch.next_job();
            dispatch.send(&registry, &Job::Probe { job }, &[], JobTarget::Probe, Lane::Shared, 0, 0).unwrap()
        };
        let take = |dispatch: &mut Dispatch| {
            let mut buffer = vec![0; MAX_MESSAGE];
            seqpacket::receive(dispatch.current.receive.as_fd(), &mut buffer, &mut Vec::new(), Wait::No).unwrap();
            let oldest = dispatch.sent.keys().min().copied().unwrap();
            dispatch.take_off(oldest);
        };
        let mut woken = |most: u64| {
            poll.poll(&mut events, Some(Duration::from_millis(most))).unwrap();
            events.iter().count()
        };
        for _ in 0..10 {
            assert!(send(&mut dispatch));
            take(&mut dispatch);
            assert_eq!(woken(0), 0);
        }
        for _ in 0..2 {
            while send(&mut dispatch) {}
            assert!(dispatch.full && woken(0) == 0);
            while dispatch.outstanding > 0 {
                take(&mut dispatch);
            }
            assert_eq!(woken(10_000), 1);
            dispatch.room(&registry);
            assert!(!dispatch.full && send(&mut dispatch));
            take(&mut dispatch);
            assert_eq!(woken(0), 0);
        }
    }
}
