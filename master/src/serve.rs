//! Hears workers: every message of every channel, checked as if it came from an enemy. One that breaks the rules is killed.
//!
//! A reply must name the job that its sender has taken and not finished; a socket that comes back must be the one that went.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ewsd_ipc::message::RenderedCall;
use ewsd_ipc::seqpacket::{self, Wait, would_block};
use ewsd_ipc::{Body, ConnRecord, HeldOutcome, PROTOCOL, Reply};
use log::{debug, error, warn};
use nix::sys::stat::fstat;

use crate::dispatch::{JobTarget, Sent};
use crate::doubt::ClockState;
use crate::hold::HoldRequest;
use crate::master::Master;
use crate::outbox::Outbox;
use crate::roles::{Condition, Worker, WorkerId};
use crate::state::{Admission, After, ConnId, Source, State};
use crate::tokens::Subject;

/// Messages taken from one worker before others get their turn.
const TURN_MESSAGES: usize = 256;

/// A rule was broken; the text says which.
type Broken = String;

impl Master {
    /// Reads what a worker said.
    pub fn hear(&mut self, id: WorkerId) {
        for _ in 0..TURN_MESSAGES {
            if !self.hear_one(id) {
                return;
            }
        }
        self.continue_later(Subject::Worker(id));
    }

    /// Reads everything that a dead worker still said.
    pub fn hear_out(&mut self, id: WorkerId) {
        while self.hear_one(id) {}
    }

    /// One message; false when there is none, or the worker is not listened to any more.
    fn hear_one(&mut self, id: WorkerId) -> bool {
        let Some(worker) = self.fleet.workers.get(&id).filter(|worker| worker.condition != Condition::Killed) else {
            return false;
        };
        let mut fds = Vec::new();
        let mut scratch = std::mem::take(&mut self.scratch);
        let received = seqpacket::receive_cut(worker.channel.as_fd(), &mut scratch, &mut fds, Wait::No);
        let understood = match received {
            // Closed: SIGCHLD follows.
            Ok((0, _)) => Ok(None),
            Err(error) if would_block(&error) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
            Err(error) => Err(error.to_string()),
            Ok((n, true)) => {
                let bytes = scratch.get(..n).unwrap_or_default().to_vec();
                self.scratch = scratch;
                return self.hear_cut(id, &bytes);
            }
            Ok((n, false)) => Reply::decode(scratch.get(..n).unwrap_or_default(), fds.len())
                .map(Some)
                .map_err(|error| error.to_string()),
        };
        self.scratch = scratch;
        let done = match understood {
            Ok(None) => return false,
            Ok(Some(reply)) => {
                let name = reply.name();
                self.obey(id, reply, fds).map_err(|why| format!("{name}: {why}"))
            }
            Err(why) => Err(why),
        };
        if let Err(why) = done {
            self.kill_worker(id, &why);
            return false;
        }
        true
    }

    /// There was no descriptor left for what came with a message, which is not its sender's fault. The connection that it is
    /// about is lost; somebody who waits for nothing makes room for the next one.
    fn hear_cut(&mut self, id: WorkerId, bytes: &[u8]) -> bool {
        warn!("no descriptor left for what a worker handed back: raise LimitNOFILE or lower limits.connections");
        self.drop_idle();
        // The number of descriptors is part of what is checked; the kernel dropped some.
        let Some(reply) = (0..=2).find_map(|came| Reply::decode(bytes, came).ok()) else {
            self.kill_worker(id, "a message that is none");
            return false;
        };
        let done = match reply.job().map(|job| (job, self.dispatch.sent.get(&job).map(|sent| sent.about.clone()))) {
            Some((job, Some(JobTarget::Conn(conn)))) => self.finish(id, job).map(|_| self.close(conn)),
            _ => self.obey(id, reply, Vec::new()),
        };
        if let Err(why) = done {
            self.kill_worker(id, &why);
            return false;
        }
        true
    }

    fn obey(&mut self, id: WorkerId, reply: Reply, fds: Vec<OwnedFd>) -> Result<(), Broken> {
        let Some(worker) = self.fleet.workers.get_mut(&id) else {
            return Ok(());
        };
        if let Reply::Hello { version, .. } = reply {
            if version != PROTOCOL || worker.greeted {
                return Err(format!(
                    "speaks protocol {version}, this is {PROTOCOL}: is process.worker of another version?"
                ));
            }
            worker.greeted = true;
            return Ok(());
        }
        if !worker.greeted {
            return Err("said something before Hello".to_owned());
        }
        match reply {
            Reply::Hello { .. } => {}
            Reply::Ready {} => self.worker_ready(id),
            Reply::Retiring {} => self.worker_retires(id),
            Reply::Whose { job, mailbox, exempt } => self.hear_whose(id, job, (mailbox, exempt))?,
            Reply::Changed { changes } => {
                let elsewhere = worker.role.row().tells_nodes;
                self.changed(changes.0, elsewhere);
            }
            Reply::Nodes { .. } | Reply::Missed {} | Reply::Forget {} | Reply::Describe { .. } => {
                self.obey_herald(id, &reply)?;
            }
            Reply::Tally { what, n } => self.metrics.tally(what, n),
            Reply::Complaint { text } => {
                worker.complaint = Some(String::from_utf8_lossy(&text.0).into_owned());
            }
            Reply::Served { requests } => requests.0.iter().try_for_each(|row| self.metrics.operations.add(row))?,
            Reply::Pushed { anew, mailboxes } => self.pushed(id, anew, mailboxes.0)?,
            Reply::Queued {} => self.wake_courier(false),
            Reply::Outbox { queued, deferred, oldest } => self.outbox = Outbox { queued, deferred, oldest },
            Reply::Clock { doubt, left_s } => self.doubt = ClockState { doubt, left_s },
            Reply::Rendered { job, held, outcome } => self.obey_rendered(id, job, held, outcome, fds)?,
            Reply::RenderedTogether { job, outcomes } => self.obey_together(id, job, outcomes.0)?,
            Reply::Step { within_ms } => {
                if self.fleet.workers.get(&id).is_some_and(|worker| !worker.role.says_step()) {
                    return Err("is no role with steps".to_owned());
                }
                self.step(id, within_ms);
            }
            Reply::Probed { job, good } => {
                self.check_about(job, |about| *about == JobTarget::Probe)?;
                self.finish(id, job)?;
                self.probed(good);
            }
            Reply::Swept { job } => {
                self.check_about(job, |about| *about == JobTarget::Sweep)?;
                self.finish(id, job)?;
                self.sweep_over();
            }
            other => self.obey_conn(id, other, fds)?,
        }
        Ok(())
    }

    /// Who says something about a job has it, or is found to have it.
    fn has(&mut self, id: WorkerId, job: u64) -> Result<(), Broken> {
        let expires = self.clock.after(self.config.limits.request);
        let sent = self.dispatch.sent.get_mut(&job).ok_or("no such job")?;
        if sent.worker == Some(id) {
            return Ok(());
        }
        let worker = self.fleet.workers.get_mut(&id).ok_or("no such worker")?;
        if !worker.role.has_jobs() || worker.generation != sent.generation || sent.worker.is_some() {
            return Err("the job was not for it".to_owned());
        }
        // It may have been seen to have its next one before its word about this one was read.
        worker.job = worker.job.max(Some(job));
        worker.requests += 1;
        sent.worker = Some(id);
        sent.expires = expires;
        if sent.generation == self.dispatch.current.number {
            self.dispatch.newest_taken = self.dispatch.newest_taken.max(job);
        }
        self.expect_by(expires);
        Ok(())
    }

    /// Looks which jobs were taken of which nobody has said anything yet.
    pub fn look(&mut self) {
        if self.dispatch.untaken() == 0 {
            return;
        }
        let free = |worker: &&Worker| worker.role.has_jobs() && worker.job.is_none();
        let free: Vec<WorkerId> = self.fleet.workers.values().filter(free).map(|worker| worker.id).collect();
        for id in free {
            self.look_at(id);
        }
    }

    /// The same for one worker.
    pub fn look_at(&mut self, id: WorkerId) {
        let job = match ewsd_ipc::shared::taken(&self.shared, id) {
            Ok(job) => job,
            Err(error) => return error!("cannot read which job a worker has: {error}"),
        };
        // What it had before is over.
        if self.dispatch.sent.get(&job).is_some_and(|sent| sent.worker.is_none()) {
            if let Err(why) = self.has(id, job) {
                self.kill_worker(id, &why);
            }
        }
    }

    fn hear_whose(&mut self, id: WorkerId, job: u64, (mailbox, exempt): (u64, bool)) -> Result<(), Broken> {
        self.has(id, job)?;
        let Some(JobTarget::Conn(conn)) = self.dispatch.sent.get(&job).map(|sent| &sent.about) else {
            return Err("the job is about no connection".to_owned());
        };
        self.met(*conn, mailbox, exempt);
        Ok(())
    }

    /// Whether a job is of the kind that a reply answers. If not it stays on the books, and is lost when its worker is gone.
    fn check_about(&self, job: u64, fits: impl Fn(&JobTarget) -> bool) -> Result<(), Broken> {
        match self.dispatch.sent.get(&job) {
            Some(sent) if fits(&sent.about) => Ok(()),
            Some(sent) => Err(format!("the job was {:?}", sent.about)),
            None => Err("no such job".to_owned()),
        }
    }

    /// The job is over: takes it off the books.
    fn finish(&mut self, id: WorkerId, job: u64) -> Result<Sent, Broken> {
        self.has(id, job)?;
        let worker = self.fleet.workers.get_mut(&id).ok_or("no such worker")?;
        if worker.job == Some(job) {
            worker.job = None;
            worker.idle_since = self.clock.now();
        }
        let sent = self.dispatch.take_off(job).ok_or("no such job")?;
        self.metrics.served(self.clock.now().saturating_sub(sent.at));
        Ok(sent)
    }

    fn obey_together(&mut self, id: WorkerId, job: u64, calls: Vec<RenderedCall>) -> Result<(), Broken> {
        calls.into_iter().try_for_each(|RenderedCall { held, outcome }| {
            if matches!(outcome, HeldOutcome::Answer { bytes: Body::Memfd(_), .. }) {
                return Err("a memfd among several".to_owned());
            }
            self.obey_rendered(id, job, held, outcome, Vec::new())
        })
    }

    fn obey_rendered(
        &mut self,
        id: WorkerId,
        job: u64,
        held: u64,
        outcome: HeldOutcome,
        fds: Vec<OwnedFd>,
    ) -> Result<(), Broken> {
        self.has(id, job)?;
        if let HeldOutcome::Chunk { keep, .. } | HeldOutcome::Still { keep } = &outcome {
            if keep.watch.0.is_empty() {
                return Err("keeps holding without a watch".to_owned());
            }
        }
        let Some(JobTarget::Render(open)) = self.dispatch.sent.get_mut(&job).map(|sent| &mut sent.about) else {
            return Err("the job renders nothing".to_owned());
        };
        let at = open.iter().position(|open| *open == held).ok_or("that call was not in the job")?;
        open.swap_remove(at);
        let over = open.is_empty();
        if over {
            self.finish(id, job)?;
        }
        self.rendered(held, job, outcome, fds.into_iter().next());
        Ok(())
    }

    /// Replies that end a job about a connection.
    fn obey_conn(&mut self, id: WorkerId, reply: Reply, fds: Vec<OwnedFd>) -> Result<(), Broken> {
        let job = reply.job().ok_or("belongs to no connection")?;
        self.check_about(job, |about| matches!(about, JobTarget::Conn(_)))?;
        let JobTarget::Conn(conn) = self.finish(id, job)?.about else {
            return Ok(());
        };
        let state = self.take_state(conn);
        let mut fds = fds.into_iter();
        if let Some(record) = reply.record() {
            let socket = fds.next().ok_or("came without the socket")?;
            if let Err(why) = self.take_back(conn, record, socket) {
                self.close(conn);
                return Err(why);
            }
        }
        if self.table.get(conn).is_some_and(|conn| conn.kicked) {
            self.close(conn);
            return Ok(());
        }
        let admission = match state {
            Some(State::Admit(admission)) => Some(*admission),
            _ => None,
        };
        if let Reply::MustHash { known, head, body, .. } = reply {
            return self.hash_later(conn, known, head, body, admission);
        }
        self.carry_on(conn, reply, fds.next(), admission)
    }

    /// The socket is the master's again.
    fn take_back(&mut self, id: ConnId, record: &ConnRecord, socket: OwnedFd) -> Result<(), Broken> {
        let conn = self.table.get_mut(id).ok_or("no such connection")?;
        if record.conn != id || !is_same(socket.as_fd(), conn.inode) {
            return Err("handed back another socket".to_owned());
        }
        conn.socket = Some(socket);
        conn.context = record.context.clone().into();
        conn.served = conn.served.saturating_add(1);
        if self.watch_socket(id) { Ok(()) } else { Err("handed back a socket that cannot be watched".to_owned()) }
    }

    fn carry_on(
        &mut self,
        id: ConnId,
        reply: Reply,
        memfd: Option<OwnedFd>,
        admission: Option<Admission>,
    ) -> Result<(), Broken> {
        let asked = admission.is_some();
        if let (Some(admission), false) = (&admission, matches!(reply, Reply::Collect { .. } | Reply::Discard { .. })) {
            // The worker answered without caring for the body; what came of it cannot be told from a next request.
            debug!("connection {id}: answered at once, {} bytes of head", admission.head_len);
            return self.end_unread(id, reply, memfd);
        }
        match (reply, admission) {
            (Reply::Idle { .. }, _) => self.next_request(id),
            (Reply::Closed { .. }, _) => self.close(id),
            (Reply::Drain { then, offset, length, .. }, _) => {
                self.drain_memfd(id, memfd, offset, length, After::from(then))
            }
            (Reply::Collect { limit, .. }, Some(admission)) => self.admit_collect(id, admission, limit),
            (Reply::Discard { limit, then, reply, .. }, Some(admission)) => {
                self.admit_discard(id, admission, limit, then, reply);
            }
            (Reply::LmtpNext { expect, .. }, _) => self.lmtp_next(id, expect),
            (
                Reply::Hold {
                    watch,
                    then,
                    deadline_ms,
                    at_deadline,
                    heartbeat_ms,
                    at_beat,
                    stream,
                    share,
                    context,
                    ..
                },
                _,
            ) => {
                // What its time alone brings must be there.
                if watch.0.is_empty() && (at_deadline.0.is_empty() || heartbeat_ms > 0 || stream) {
                    self.close(id);
                    return Err("holds without a watch".to_owned());
                }
                let (watch, context) = (watch.0, context.0);
                let stream = stream.then_some(share);
                let request =
                    HoldRequest { watch, then, deadline_ms, at_deadline, heartbeat_ms, at_beat, stream, context };
                self.hold(id, request);
            }
            (other, _) => {
                self.close(id);
                return Err(format!("{} does not answer this job (admission: {asked})", other.name()));
            }
        }
        Ok(())
    }

    fn end_unread(&mut self, id: ConnId, reply: Reply, memfd: Option<OwnedFd>) -> Result<(), Broken> {
        match reply {
            Reply::Idle { .. } => self.start_linger(id),
            Reply::Closed { .. } => self.close(id),
            Reply::Drain { offset, length, .. } => self.drain_memfd(id, memfd, offset, length, After::Close),
            other => {
                self.close(id);
                return Err(format!("{} does not answer Admit", other.name()));
            }
        }
        Ok(())
    }

    fn drain_memfd(&mut self, id: ConnId, memfd: Option<OwnedFd>, offset: u64, length: u64, after: After) {
        self.metrics.drains += 1;
        match memfd {
            Some(fd) => self.write_sources(id, [Source::Memfd(fd.into(), offset.min(length), length)].into(), after),
            None => self.close(id),
        }
    }
}

/// Whether a descriptor is the socket that was sent away.
fn is_same(fd: BorrowedFd<'_>, inode: u32) -> bool {
    fstat(fd).is_ok_and(|stat| stat.st_ino as u32 == inode && (stat.st_mode & nix::libc::S_IFMT) == nix::libc::S_IFSOCK)
}
