//! Takes over what a former program of this process left (`upgrade.rs`): its descriptors, its workers, its connections,
//! whatever they are doing. The times go on; what is registered with epoll is registered anew, which reports at once whatever
//! has come meanwhile.

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::AsRawFd;

use ewsd_ipc::role::Role;
use ewsd_ipc::stream::stream_slot;
use ewsd_ipc::{RenderReason, memfd};
use ewsd_wire::from_bytes;
use log::{error, info};
use mio::unix::SourceFd;
use mio::{Interest, Registry};
use nix::unistd::Pid;

use crate::clock::NEVER;
use crate::desks::Desk;
use crate::dispatch::{Dispatch, Generation, JobTarget, Sent, Waiting};
use crate::inherit::Inheritance;
use crate::intern::Interned;
use crate::json::object;
use crate::listen::Listener;
use crate::master::{Master, worker_token};
use crate::outbox::Outbox;
use crate::roles::{Condition, Fleet, Post, Worker};
use crate::state::carry::{
    AboutRow, ConditionRow, ConnRow, DeskRow, GenerationRow, Ledger, ListenerRow, PostRow, SentRow, WaitingRow,
    WorkerRow,
};
use crate::state::pack::{self, Unpack as _, Wrong};
use crate::state::{After, Conn, ConnId, Protocol, Render, State, Stream};
use crate::table::{Table, slot_of};
use crate::tokens::Subject;
use crate::turns::{Lane, known_mailbox};

/// What a former program left.
#[derive(Debug)]
pub struct Inherited {
    pub ledger: Ledger,
    pub conns: Vec<ConnRow>,
    pub descriptors: Inheritance,
}

impl Inherited {
    /// Reads what lies in the file that is descriptor `number`, and makes it this process's own.
    ///
    /// # Errors
    /// A sentence: it is another version's, or damaged.
    pub fn inherit(number: u32) -> Result<Inherited, String> {
        let mut descriptors = Inheritance::default();
        let file = File::from(descriptors.own(number)?);
        let (ledger, conns) = read(&file)?;
        Ok(Inherited { ledger, conns, descriptors })
    }

    /// The settings of the former program, as its workers had them.
    pub fn settings(&self) -> &[u8] {
        &self.ledger.settings
    }
}

/// Whether this program understands the state that lies in a file; its settings.
///
/// # Errors
/// A sentence: why not.
pub fn understands(file: &File) -> Result<Vec<u8>, String> {
    let (ledger, _) = read(file)?;
    for worker in &ledger.workers {
        role(&worker.role)?;
    }
    Ok(ledger.settings)
}

fn read(file: &File) -> Result<(Ledger, Vec<ConnRow>), String> {
    let length = file.metadata().map_err(|error| format!("the state: {error}"))?.len();
    let bytes = memfd::read(file, length).map_err(|error| format!("the state: {error}"))?;
    let mut rest = bytes.as_slice();
    let foreign = |what: &dyn std::fmt::Display| {
        format!("the running program's state is of another version ({what}): restart instead of upgrading in place")
    };
    let ledger: Ledger = from_bytes(row(&mut rest)?).map_err(|refused| foreign(&refused))?;
    if ledger.protocol != ewsd_ipc::PROTOCOL {
        return Err(foreign(&format_args!(
            "its workers speak protocol {}, these {}",
            ledger.protocol,
            ewsd_ipc::PROTOCOL
        )));
    }
    let mut conns = Vec::with_capacity(usize::try_from(ledger.connections).unwrap_or(0).min(1 << 20));
    while !rest.is_empty() {
        conns.push(from_bytes(row(&mut rest)?).map_err(|refused| foreign(&refused))?);
    }
    if conns.len() as u64 != ledger.connections {
        return Err(foreign(&format_args!("{} of {} connections", conns.len(), ledger.connections)));
    }
    Ok((ledger, conns))
}

fn row<'r>(rest: &mut &'r [u8]) -> Result<&'r [u8], String> {
    let short = || "the running program's state breaks off".to_owned();
    let (length, behind) = rest.split_first_chunk::<8>().ok_or_else(short)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| short())?;
    let (row, behind) = behind.split_at_checked(length).ok_or_else(short)?;
    *rest = behind;
    Ok(row)
}

fn role(name: &str) -> Result<Role, Wrong> {
    Role::from_name(name).ok_or_else(|| format!("the running program has a role {name}, which is not known here"))
}

/// The listeners of the former program.
///
/// # Errors
/// A descriptor that is none.
pub fn listeners(rows: Vec<ListenerRow>, fds: &mut Inheritance) -> Result<Vec<Listener>, Wrong> {
    rows.into_iter()
        .map(|row| {
            let socket = fds.own(row.fd)?;
            let path = Some(row.path).filter(|path| !path.is_empty()).map(Into::into);
            let (number, kind) = (row.number as usize, Protocol::from(row.kind));
            Ok(Listener::of(socket, row.unix, (kind, number, row.index, row.proxy), row.address, path))
        })
        .collect()
}

/// The jobs of the former program, out of its ledger.
///
/// # Errors
/// A descriptor that is none.
pub fn dispatch(ledger: &mut Ledger, fds: &mut Inheritance) -> Result<Dispatch, Wrong> {
    let generation = |row: &GenerationRow, fds: &mut Inheritance| -> Result<Generation, Wrong> {
        let send = row.send.map(|send| fds.own(send)).transpose()?;
        Ok(Generation::of(row.number, send, fds.own(row.receive)?))
    };
    let mut dispatch = Dispatch::new(generation(&ledger.current, fds)?);
    for old in &ledger.old {
        dispatch.old.push(generation(old, fds)?);
    }
    // Requests have their turns when their connections are there.
    let is_request = |row: &WaitingRow| matches!(row, WaitingRow::Conn(_));
    let (requests, own): (Vec<_>, Vec<_>) = std::mem::take(&mut ledger.queue).into_iter().partition(is_request);
    ledger.queue = requests;
    own.into_iter().map(waiting).for_each(|waiting| dispatch.queue.push_own(waiting));
    dispatch.sent = std::mem::take(&mut ledger.sent).into_iter().map(sent).collect();
    dispatch.outstanding = pack::size(ledger.outstanding)?;
    dispatch.newest_taken = ledger.newest_taken;
    dispatch.last_job = ledger.last_job;
    dispatch.last_death = ledger.last_death;
    Ok(dispatch)
}

fn waiting(row: WaitingRow) -> Waiting {
    match row {
        WaitingRow::Conn(id) => Waiting::Conn(id),
        WaitingRow::Render(calls) => Waiting::Render(calls.into_iter().map(|(id, why)| (id, why_of(why))).collect()),
        WaitingRow::Sweep(known) => Waiting::Sweep(known),
        WaitingRow::Probe => Waiting::Probe,
    }
}

fn why_of(number: u64) -> RenderReason {
    match number {
        1 => RenderReason::Heartbeat,
        2 => RenderReason::Deadline,
        _ => RenderReason::Changed,
    }
}

fn sent(row: SentRow) -> (u64, Sent) {
    let about = match row.about {
        AboutRow::Conn(id) => JobTarget::Conn(id),
        AboutRow::Render(ids) => JobTarget::Render(ids),
        AboutRow::Sweep => JobTarget::Sweep,
        AboutRow::Probe => JobTarget::Probe,
    };
    let SentRow { job, generation, at, expires, worker, missing_since, .. } = row;
    (job, Sent { about, generation, lane: Lane::Shared, at, expires, worker, missing_since })
}

/// The worker processes, which are this process's children as before.
///
/// # Errors
/// A descriptor that is none, a role that is not known, or what epoll reports.
pub fn fleet(ledger: &mut Ledger, fds: &mut Inheritance, registry: &Registry) -> Result<Fleet, Wrong> {
    let mut workers = HashMap::new();
    for row in std::mem::take(&mut ledger.workers) {
        let worker = worker(row, fds)?;
        if worker.condition != Condition::Killed {
            registry
                .register(&mut SourceFd(&worker.channel.as_raw_fd()), worker_token(worker.id), Interest::READABLE)
                .map_err(|error| format!("the channel of a worker: {error}"))?;
        }
        workers.insert(worker.id, worker);
    }
    let posts: Result<Vec<Post>, Wrong> = std::mem::take(&mut ledger.posts).into_iter().map(post).collect();
    Ok(Fleet {
        workers,
        posts: posts?,
        last_worker: ledger.last_worker,
        database_ready: ledger.database_ready,
        generation: ledger.generation,
    })
}

fn worker(row: WorkerRow, fds: &mut Inheritance) -> Result<Worker, Wrong> {
    let pid = i32::try_from(row.pid).map_err(|_| format!("process {}", row.pid))?;
    Ok(Worker {
        id: row.id,
        role: role(&row.role)?,
        slot: row.slot,
        generation: row.generation,
        pid: Pid::from_raw(pid),
        channel: fds.own(row.channel)?,
        stop: row.stop.map(|stop| fds.own(stop)).transpose()?,
        condition: match row.condition {
            ConditionRow::Starting => Condition::Starting,
            ConditionRow::Ready => Condition::Ready,
            ConditionRow::Retiring => Condition::Retiring,
            ConditionRow::Killed => Condition::Killed,
        },
        greeted: row.greeted,
        started: row.started,
        job: row.job,
        idle_since: row.idle_since,
        due: row.due,
        requests: row.requests,
        complaint: None,
    })
}

fn post(row: PostRow) -> Result<Post, Wrong> {
    let PostRow { slot, worker, failures, start_at, done, .. } = row;
    Ok(Post { role: role(&row.role)?, slot, worker, failures, start_at, done, trouble: None })
}

impl Master {
    /// Whoever waits and whoever is served has a lane now.
    fn resume_turns(&mut self, waiting: Vec<WaitingRow>) {
        let lane = |table: &Table, id: ConnId| table.get(id).map(Conn::lane).unwrap_or_default();
        for row in waiting {
            if let WaitingRow::Conn(id) = row {
                self.dispatch.queue.push(lane(&self.table, id), id);
            }
        }
        let Dispatch { sent, queue, .. } = &mut self.dispatch;
        for sent in sent.values_mut() {
            if let JobTarget::Conn(id) = sent.about {
                sent.lane = lane(&self.table, id);
            }
            queue.begin(sent.lane);
        }
    }

    /// Takes the connections and what goes with them; the rest of the ledger is in its place already.
    ///
    /// # Errors
    /// What does not fit.
    pub fn adopt(&mut self, ledger: Ledger, conns: Vec<ConnRow>, fds: &mut Inheritance) -> Result<(), Wrong> {
        self.epoch = ledger.epoch;
        self.told_ready = ledger.told_ready;
        self.nodes.others = ledger.others;
        self.pushes.restore(ledger.pushed);
        let row = ledger.outbox;
        self.outbox = Outbox { queued: row.queued, deferred: row.deferred, oldest: row.oldest };
        for (mailbox, seq) in ledger.heard {
            self.watchers.heard(mailbox, seq);
        }
        self.table.number_from(ledger.numbered);
        let mut interned = Interned::default();
        let ids: Vec<ConnId> = conns.iter().map(|row| row.id).collect();
        for row in conns {
            let deadline = row.deadline;
            let mut conn = pack::conn(row, &mut interned, fds)?;
            conn.deadline = deadline;
            self.table.put_back(conn).map_err(|id| format!("connection {id} is there twice"))?;
        }
        self.interned = interned;
        for id in ids {
            self.settle_in(id);
        }
        self.resume_turns(ledger.queue);
        let sweeps = self.dispatch.sent.values().filter(|sent| sent.about == JobTarget::Sweep).count()
            + self.dispatch.queue.own().filter(|waiting| matches!(waiting, Waiting::Sweep(_))).count();
        self.sweeping.resume(sweeps);
        self.want_sweep();
        self.want_housekeeping();
        self.owed_at = NEVER;
        let jobs = self.dispatch.sent.values().map(|sent| sent.expires);
        let owed = jobs.chain(self.fleet.workers.values().map(|worker| worker.due)).min();
        self.expect_by(owed.unwrap_or(NEVER));
        for id in self.fleet.workers.keys().copied().collect::<Vec<_>>() {
            self.continue_later(Subject::Worker(id));
        }
        // Whoever ended while nobody listened.
        self.reap();
        info!("took over {} connections and {} workers", self.table.len(), self.fleet.workers.len());
        self.asked = ledger.asked;
        Ok(())
    }

    /// Puts a connection into all that is counted and watched.
    fn settle_in(&mut self, id: ConnId) {
        let Some(conn) = self.table.get(id) else {
            return;
        };
        let (kind, capped, ip) = (conn.kind, conn.kind.is_client(), conn.ip);
        self.lingering += usize::from(capped && matches!(conn.state, State::Linger(_)));
        self.memfds = self.memfds.and(conn.state.memfds());
        self.crowd.come(kind, id);
        if capped {
            self.count_at(ip);
        }
        self.charge(id);
        if let Some(conn) = self.table.get_mut(id) {
            let at = conn.deadline;
            self.timers.set(conn, at);
        }
        if self.table.get(id).is_some_and(|conn| conn.socket.is_none()) {
            return;
        }
        if !self.watch_socket(id) {
            return self.close(id);
        }
        self.resume_state(id);
    }

    fn resume_state(&mut self, id: ConnId) {
        let Some(conn) = self.table.get_mut(id) else {
            return;
        };
        let account = known_mailbox(conn);
        match &mut conn.state {
            State::Drain(_) => self.want_room(id),
            State::Asking(asking) => {
                let asking = *asking;
                self.ask_ready(id, asking);
            }
            State::Held(held) => {
                let at = held.stream().map_or(conn.deadline, Stream::next_time);
                let watch: Vec<(u64, u64)> = held.pairs().collect();
                let (unsent, owner) = (held.unsent() > 0, held.stream().map(|stream| stream.owner));
                let later = held.render() == Render::Later;
                if later {
                    held.set_render(Render::No);
                }
                self.timers.set(conn, at);
                for (mailbox, _) in watch.into_iter().filter(|(mailbox, _)| stream_slot(*mailbox).is_none()) {
                    self.watchers.add(mailbox, slot_of(id));
                }
                match owner {
                    Some(owner) => self.streams.begun(owner),
                    None => self.held_calls.begun(account),
                }
                if later {
                    self.want_render(id, RenderReason::Changed);
                }
                if unsent {
                    self.want_room(id);
                }
            }
            State::Idle if !conn.pending.is_empty() => self.continue_later(Subject::Conn(id)),
            _ => {}
        }
    }

    /// Replaces the workers by those of this program, with the settings as they are in the file now, and tells whoever asked
    /// for the upgrade.
    pub fn finish_upgrade(&mut self) {
        self.metrics.upgrades += 1;
        let answer = match self.renew(false) {
            Ok(_) => object([
                ("ok", "true".to_owned()),
                ("generation", self.fleet.generation.to_string()),
                ("version", crate::json::quote(env!("CARGO_PKG_VERSION"))),
            ]),
            Err(why) => {
                error!("the workers of the former program go on: {why}");
                let why = format!("the program is upgraded, its workers are not: {why}");
                object([("ok", "false".to_owned()), ("error", crate::json::quote(&why))])
            }
        };
        for id in std::mem::take(&mut self.asked) {
            self.write(id, format!("{answer}\n").into_bytes(), After::Keep);
        }
    }
}

/// What a service has of its own.
///
/// # Errors
/// A descriptor that is none.
pub fn desk(row: &DeskRow, settings: File, fds: &mut Inheritance) -> Result<Desk, Wrong> {
    let (ask, answer) = (fds.own(row.ask)?, fds.own(row.answer)?);
    Ok(Desk { ask, answer, shared: file(row.shared, fds)?, settings })
}

/// A descriptor of the former program that is a file.
///
/// # Errors
/// It is not open.
pub fn file(number: u32, fds: &mut Inheritance) -> Result<File, Wrong> {
    fds.own(number).map(File::from)
}
