//! An upgrade in place: the next program is executed in this process, with every descriptor open and the state in a memfd. Clients
//! notice nothing, whatever they are doing; workers go on, and are replaced as at a reload by those of the new program.
//!
//! Execution cannot be taken back, so the new program is tried first, as a child: it must understand this state
//! (`state/carry.rs`) and accept the settings. If it does not, this one goes on and says why. Taking over is in `adopt.rs`.

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};

use ewsd_ipc::{RenderReason, memfd};
use ewsd_wire::to_bytes;
use log::{error, info};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, execv};

use crate::clock::Millis;
use crate::desks::Desk;
use crate::dispatch::{Generation, JobTarget, Sent, Waiting};
use crate::inherit::{all_or_none, keep_open};
use crate::json::{object, quote};
use crate::listen::Socket;
use crate::master::Master;
use crate::roles::{Condition, signal};
use crate::state::carry::{
    AboutRow, ConditionRow, DeskRow, GenerationRow, KindRow, Ledger, ListenerRow, OutboxRow, PostRow, SentRow,
    WaitingRow, WorkerRow,
};
use crate::state::pack::Pack;
use crate::state::{After, ConnId};
use crate::stop::Phase;
use crate::timers::Due;

/// The argument with which the next program is told what to try, on its standard input.
pub const TRY: &str = "--try-upgrade";
/// The argument with which it is told what to take over: the number of a descriptor.
pub const TAKE: &str = "--take-over";
/// A trial may take so long, in milliseconds.
const TRIAL_MS: Millis = 20_000;
/// Octets of what a trial says that are repeated.
const TRIAL_OUTPUT: u64 = 1024;
/// Numbers of mailboxes that are carried over; what is left out is found by the sweep.
const CARRIED_MAILBOXES: usize = 60_000;

/// An upgrade that is being tried.
#[derive(Debug)]
pub struct Trial {
    pid: Pid,
    said: File,
    /// Who is to be told how it went.
    pub asked: Vec<ConnId>,
    until: Millis,
}

impl Master {
    /// Tries the program that lies where this one did. How it went is told to `asked`, and to the log.
    ///
    /// # Errors
    /// Why it is not even tried.
    pub fn begin_upgrade(&mut self, asked: Option<ConnId>) -> Result<(), String> {
        if self.phase != Phase::Running {
            return Err("the server is stopping".to_owned());
        }
        if self.trial.is_some() {
            return Err("an upgrade is under way".to_owned());
        }
        if self.is_reloading() {
            return Err("a reload is under way: try again when it is done".to_owned());
        }
        let failed = |what: &'static str| move |error: std::io::Error| format!("{what}: {error}");
        let (state, _) = self.pack().map_err(failed("the state"))?;
        let said = memfd::create(c"ewsd-trial").map_err(failed("a file for the trial"))?;
        let stderr = said.try_clone().map_err(failed("a file for the trial"))?;
        let program = &self.config.program;
        let child = Command::new(&program.path)
            .args(&program.arguments)
            .arg(TRY)
            .stdin(Stdio::from(state))
            .stdout(Stdio::null())
            .stderr(Stdio::from(stderr))
            .spawn()
            .map_err(|error| format!("{}: {error}", program.path.display()))?;
        let pid = i32::try_from(child.id()).map(Pid::from_raw).map_err(|error| error.to_string())?;
        info!("upgrade: trying {}", program.path.display());
        let until = self.clock.now() + TRIAL_MS;
        self.timers.push(until, Due::Trial);
        self.trial = Some(Trial { pid, said, asked: asked.into_iter().collect(), until });
        Ok(())
    }

    /// The time of a trial is over.
    pub fn trial_due(&mut self, at: Millis) {
        if let Some(trial) = self.trial.as_ref().filter(|trial| trial.until == at) {
            signal(trial.pid, Signal::SIGKILL);
        }
    }

    /// A child ended that is no worker. `why`: it did not end well.
    pub fn tried(&mut self, pid: Pid, why: Option<String>) {
        if self.trial.as_ref().is_none_or(|trial| trial.pid != pid) {
            return;
        }
        let Some(mut trial) = self.trial.take() else {
            return;
        };
        let mut said = String::new();
        let read = trial
            .said
            .seek(SeekFrom::Start(0))
            .and_then(|_| (&trial.said).take(TRIAL_OUTPUT).read_to_string(&mut said));
        if let Err(error) = read {
            said = format!("{said} ({error})");
        }
        let failed = match why {
            None => self.upgrade_now(&trial.asked),
            Some(_) if self.clock.now() >= trial.until => {
                format!("the new program did not say within {} s whether it can go on", TRIAL_MS / 1000)
            }
            Some(why) if said.trim().is_empty() => format!("the new program refuses, and does not say why ({why})"),
            Some(why) => format!("the new program refuses ({why}): {}", said.trim()),
        };
        error!("nothing was upgraded, this program goes on: {failed}");
        self.metrics.upgrades_refused += 1;
        let answer = format!("{}\n", object([("ok", "false".to_owned()), ("error", quote(&failed))]));
        for id in trial.asked {
            self.write(id, answer.clone().into_bytes(), After::Keep);
        }
    }

    /// Becomes the next program. Returns only when that cannot be done, with the reason.
    fn upgrade_now(&mut self, asked: &[ConnId]) -> String {
        self.flush_renders();
        self.flush_nodes();
        self.flush_pushed();
        if self.phase != Phase::Running || self.is_reloading() {
            return "the server stops or reloads by now".to_owned();
        }
        self.asked = asked.to_vec();
        match self.pack() {
            Err(error) => format!("the state: {error}"),
            Ok((state, kept)) => self.execute(&state, kept),
        }
    }

    fn execute(&self, state: &File, mut kept: Vec<RawFd>) -> String {
        let program = &self.config.program;
        kept.push(state.as_raw_fd());
        let number = state.as_raw_fd().to_string();
        let words = [program.path.as_os_str()].into_iter().chain(program.arguments.iter().map(AsRef::as_ref));
        let words: Result<Vec<CString>, _> =
            words.map(|word| CString::new(word.as_bytes())).chain([CString::new(TAKE), CString::new(number)]).collect();
        let words = match words {
            Ok(words) => words,
            Err(error) => return error.to_string(),
        };
        let Some(path) = words.first().cloned() else {
            return "there is no program".to_owned();
        };
        if let Err(error) = all_or_none(&kept) {
            return format!("a descriptor: {error}");
        }
        info!("upgrade: {} takes over {} connections", program.path.display(), self.table.len());
        let Err(error) = execv(&path, &words);
        // Nothing happened: children must not inherit clients.
        match keep_open(&kept, false) {
            Ok(()) => format!("{}: {error}", program.path.display()),
            Err(another) => format!("{}: {error}; and a descriptor: {another}", program.path.display()),
        }
    }

    /// The state as it is, in a file, and the descriptors that it names.
    fn pack(&self) -> std::io::Result<(File, Vec<RawFd>)> {
        let mut pack = Pack::default();
        let mut file = memfd::create(c"ewsd-state")?;
        let ledger = self.ledger(&mut pack)?;
        let mut out = Vec::with_capacity(1 << 20);
        put(&mut out, &to_bytes(&ledger));
        for conn in self.table.iter() {
            put(&mut out, &to_bytes(&pack.conn(conn)?));
            if out.len() > 1 << 20 {
                file.write_all(&out)?;
                out.clear();
            }
        }
        file.write_all(&out)?;
        file.seek(SeekFrom::Start(0))?;
        Ok((file, pack.kept))
    }

    fn ledger(&self, pack: &mut Pack) -> std::io::Result<Ledger> {
        let dispatch = &self.dispatch;
        let generation = |generation: &Generation, pack: &mut Pack| GenerationRow {
            number: generation.number,
            send: generation.send.as_ref().map(|send| pack.fd(send)),
            receive: pack.fd(&generation.receive),
        };
        let requests = dispatch.queue.requests().into_iter().map(WaitingRow::Conn);
        Ok(Ledger {
            protocol: ewsd_ipc::PROTOCOL,
            settings: self.settings_text()?,
            now: self.clock.now(),
            files: self.runner.files(),
            listeners: self.listener_rows(pack),
            workers: self.worker_rows(pack),
            posts: self.post_rows(),
            last_worker: self.fleet.last_worker,
            database_ready: self.fleet.database_ready,
            generation: self.fleet.generation,
            current: generation(&dispatch.current, pack),
            old: dispatch.old.iter().map(|old| generation(old, pack)).collect(),
            queue: dispatch.queue.own().map(waiting_row).chain(requests).collect(),
            sent: dispatch.sent.iter().map(|(job, sent)| sent_row(*job, sent)).collect(),
            outstanding: dispatch.outstanding as u64,
            newest_taken: dispatch.newest_taken,
            last_job: dispatch.last_job,
            last_death: dispatch.last_death,
            told_ready: self.told_ready,
            shared: pack.fd(&self.shared),
            convert: desk(&self.desks.convert, pack),
            login: desk(&self.desks.login, pack),
            epoch: self.epoch,
            others: self.nodes.others,
            pushed: self.pushes.mailboxes().map(|mailbox| (mailbox, 0)).collect(),
            heard: self.watchers.known(CARRIED_MAILBOXES),
            outbox: OutboxRow {
                queued: self.outbox.queued,
                deferred: self.outbox.deferred,
                oldest: self.outbox.oldest,
            },
            asked: self.asked.clone(),
            numbered: self.table.numbered(),
            connections: self.table.len() as u64,
        })
    }

    fn listener_rows(&self, pack: &mut Pack) -> Vec<ListenerRow> {
        let rows = self.listeners.iter().map(|listener| ListenerRow {
            fd: pack.fd(&BorrowedListener(listener.socket.raw())),
            unix: matches!(listener.socket, Socket::Unix(_)),
            kind: KindRow::from(listener.kind),
            number: listener.number as u32,
            index: listener.index,
            proxy: listener.proxy,
            address: listener.address.clone(),
            path: listener.path().map(|path| path.display().to_string()).unwrap_or_default(),
        });
        rows.collect()
    }

    fn post_rows(&self) -> Vec<PostRow> {
        let rows = self.fleet.posts.iter().map(|post| PostRow {
            role: post.role.name().to_owned(),
            slot: post.slot,
            worker: post.worker,
            failures: post.failures,
            start_at: post.start_at,
            done: post.done,
        });
        rows.collect()
    }

    fn worker_rows(&self, pack: &mut Pack) -> Vec<WorkerRow> {
        let rows = self.fleet.workers.values().map(|worker| WorkerRow {
            id: worker.id,
            role: worker.role.name().to_owned(),
            slot: worker.slot,
            generation: worker.generation,
            pid: worker.pid.as_raw().unsigned_abs(),
            channel: pack.fd(&worker.channel),
            stop: worker.stop.as_ref().map(|stop| pack.fd(stop)),
            condition: match worker.condition {
                Condition::Starting => ConditionRow::Starting,
                Condition::Ready => ConditionRow::Ready,
                Condition::Retiring => ConditionRow::Retiring,
                Condition::Killed => ConditionRow::Killed,
            },
            greeted: worker.greeted,
            started: worker.started,
            job: worker.job,
            idle_since: worker.idle_since,
            due: worker.due,
            requests: worker.requests,
        });
        rows.collect()
    }

    /// The settings as workers were handed them.
    pub fn settings_text(&self) -> std::io::Result<Vec<u8>> {
        let length = self.settings.metadata()?.len();
        memfd::read(&self.settings, length)
    }
}

/// A listener's descriptor by its number.
struct BorrowedListener(RawFd);

impl AsRawFd for BorrowedListener {
    fn as_raw_fd(&self) -> RawFd {
        self.0
    }
}

fn waiting_row(waiting: &Waiting) -> WaitingRow {
    match waiting {
        Waiting::Conn(id) => WaitingRow::Conn(*id),
        Waiting::Render(calls) => WaitingRow::Render(calls.iter().map(|(id, why)| (*id, why_number(*why))).collect()),
        Waiting::Sweep(known) => WaitingRow::Sweep(known.clone()),
        Waiting::Probe => WaitingRow::Probe,
    }
}

fn why_number(why: RenderReason) -> u64 {
    match why {
        RenderReason::Changed => 0,
        RenderReason::Heartbeat => 1,
        RenderReason::Deadline => 2,
    }
}

fn sent_row(job: u64, sent: &Sent) -> SentRow {
    SentRow {
        job,
        about: match &sent.about {
            JobTarget::Conn(id) => AboutRow::Conn(*id),
            JobTarget::Render(ids) => AboutRow::Render(ids.clone()),
            JobTarget::Sweep => AboutRow::Sweep,
            JobTarget::Probe => AboutRow::Probe,
        },
        generation: sent.generation,
        at: sent.at,
        expires: sent.expires,
        worker: sent.worker,
        missing_since: sent.missing_since,
    }
}

/// A row with its length in front.
fn put(out: &mut Vec<u8>, row: &[u8]) {
    out.extend_from_slice(&(row.len() as u64).to_le_bytes());
    out.extend_from_slice(row);
}

fn desk(desk: &Desk, pack: &mut Pack) -> DeskRow {
    DeskRow { ask: pack.fd(&desk.ask), answer: pack.fd(&desk.answer), shared: pack.fd(&desk.shared) }
}
