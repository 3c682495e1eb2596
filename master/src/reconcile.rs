//! Keeps the books straight when workers die: jobs that nobody has any more are lost, jobs that nobody can take are taken back.
//!
//! A worker may die between receiving a job and writing down that it has it. Jobs leave the socket in order, so a job is out of it
//! when a later one was taken or the socket is empty; if then nobody has it for a while, it died with a worker.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

use ewsd_ipc::seqpacket::{self, Wait};
use ewsd_ipc::{Body, Job, LmtpInput};
use log::{info, warn};

use crate::clock::Millis;
use crate::dispatch::{JobTarget, Sent, Waiting};
use crate::master::Master;
use crate::roles::Condition;
use crate::state::{ConnId, ReadyJob, State};

/// How long a worker that lives may take from receiving a job to saying so, in milliseconds.
const TOOK_WITHIN_MS: u64 = 5000;

impl Master {
    /// Looks for jobs that died with a worker; only after one died.
    pub fn reconcile(&mut self) {
        self.look();
        let now = self.clock.now();
        let death = self.dispatch.last_death;
        let untaken: Vec<u64> = self
            .dispatch
            .sent
            .iter()
            .filter(|(_, sent)| sent.worker.is_none() && sent.at <= death)
            .map(|(job, _)| *job)
            .collect();
        for job in untaken {
            let is_out = self.is_out(job);
            let Some(sent) = self.dispatch.sent.get_mut(&job) else {
                continue;
            };
            match sent.missing_since {
                None if is_out => sent.missing_since = Some(now),
                Some(since) if now.saturating_sub(since) > TOOK_WITHIN_MS => {
                    warn!("job {job} died with a worker");
                    self.lose(job);
                }
                _ => {}
            }
        }
    }

    /// Whether a job is certainly not in its socket any more.
    fn is_out(&self, job: u64) -> bool {
        let Some(sent) = self.dispatch.sent.get(&job) else {
            return true;
        };
        let current = &self.dispatch.current;
        let generation = if sent.generation == current.number {
            if job < self.dispatch.newest_taken {
                return true;
            }
            Some(current)
        } else {
            self.dispatch.old.iter().find(|old| old.number == sent.generation)
        };
        generation.is_none_or(|generation| matches!(seqpacket::queued(generation.receive.as_fd()), Ok(0)))
    }

    /// Takes jobs back from sockets that nobody reads, and drops generations that are finished.
    pub fn clear_generations(&mut self) {
        let can_take = |master: &Master, number: u32| {
            let takes = |condition| condition != Condition::Starting;
            master.fleet.workers.values().any(|w| w.role.has_jobs() && w.generation == number && takes(w.condition))
        };
        if !can_take(self, self.dispatch.current.number) {
            self.take_jobs_back(self.dispatch.current.number, |_| false);
        }
        let mut index = 0;
        while let Some(number) = self.dispatch.old.get(index).map(|old| old.number) {
            if can_take(self, number) {
                index += 1;
                continue;
            }
            self.take_jobs_back(number, |_| false);
            self.dispatch.old.remove(index);
            info!("generation {number} is finished");
        }
    }

    /// Takes jobs back from the socket of a generation, oldest first, until `enough`, or until there is none. They are put on
    /// their way again only when all are out: it may lead into the same socket.
    pub fn take_jobs_back(&mut self, number: u32, enough: impl Fn(&Master) -> bool) {
        let mut back = Vec::new();
        while !enough(self) {
            let old = self.dispatch.old.iter().find(|old| old.number == number);
            let current = Some(&self.dispatch.current).filter(|current| current.number == number);
            let Some(generation) = current.or(old) else {
                break;
            };
            let mut fds = Vec::new();
            let mut scratch = std::mem::take(&mut self.scratch);
            let job = match seqpacket::receive(generation.receive.as_fd(), &mut scratch, &mut fds, Wait::No) {
                Ok(n) if n > 0 => Job::decode(scratch.get(..n).unwrap_or_default(), fds.len()).ok(),
                _ => None,
            };
            self.scratch = scratch;
            let Some(job) = job else {
                break;
            };
            if let Some(sent) = self.dispatch.take_off(job.number()) {
                back.push((sent, job, fds));
            }
        }
        for (sent, job, fds) in back {
            self.take_job_back(sent, job, fds);
        }
    }

    fn take_job_back(&mut self, sent: Sent, job: Job, fds: Vec<OwnedFd>) {
        match (sent.about, job) {
            (JobTarget::Conn(id), job) => self.conn_back(id, job, fds, sent.expires),
            (JobTarget::Render(ids), Job::Render { batch, .. }) => {
                let again =
                    batch.0.iter().filter(|call| ids.contains(&call.held)).map(|call| (call.held, call.why)).collect();
                self.submit_other(Waiting::Render(again));
            }
            (JobTarget::Render(_), _) => {}
            (JobTarget::Sweep, Job::Sweep { known, .. }) => self.submit_other(Waiting::Sweep(known.0)),
            (JobTarget::Sweep, _) => self.sweep_over(),
            (JobTarget::Probe, _) => self.probed(false),
        }
    }

    /// Puts a connection back into the state it had before its job was sent.
    fn conn_back(&mut self, id: ConnId, job: Job, fds: Vec<OwnedFd>, expires: Millis) {
        let now = self.clock.now();
        let state = self.take_state(id);
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let mut fds = fds.into_iter();
        conn.socket = fds.next();
        let memfd = fds.next().map(File::from);
        let mut front = Vec::new();
        let ready = match (job, state, memfd) {
            (Job::Http { head, body: Body::Inline(body), .. }, _, _) => {
                let lengths = ReadyJob::Http { head_len: head.len(), body_len: body.len() };
                front = [head, body].concat();
                Some(lengths)
            }
            (Job::Http { head, body: Body::Memfd(length), .. }, _, Some(body)) => {
                front = head;
                Some(ReadyJob::HttpMemfd { head_len: front.len(), body, length })
            }
            (Job::Admit { .. }, Some(State::Admit(admission)), _) => Some(ReadyJob::Admit(admission)),
            (Job::Lmtp { input, .. }, _, memfd) => lmtp_back(input, memfd, &mut front),
            _ => None,
        };
        front.append(&mut conn.pending.take());
        conn.pending = front.into();
        match ready {
            Some(_) if expires <= now && self.watch_socket(id) => self.too_busy(id),
            Some(ready) if self.watch_socket(id) => self.submit_by(id, ready, expires),
            _ => self.close(id),
        }
    }
}

fn lmtp_back(input: LmtpInput, memfd: Option<File>, front: &mut Vec<u8>) -> Option<ReadyJob> {
    Some(match (input, memfd) {
        (LmtpInput::Greeting, _) => ReadyJob::LmtpGreeting,
        (LmtpInput::Lines(lines), _) => {
            *front = lines;
            ReadyJob::LmtpLines { length: front.len() }
        }
        (LmtpInput::Data(Body::Memfd(length)), Some(body)) => ReadyJob::LmtpData { body, length },
        (LmtpInput::Data(_), _) => return None,
        (LmtpInput::TooBig, _) => ReadyJob::LmtpTooBig,
        (LmtpInput::LongLine, _) => ReadyJob::LmtpLongLine,
    })
}
