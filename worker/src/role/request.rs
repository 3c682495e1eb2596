//! The request role: takes one job after another from the socket that all request workers share, and answers it.
//!
//! What a job is about is in the file of its kind: `http.rs`, `lmtp.rs`, `held.rs`. A worker owns a client's socket from the
//! moment a job brings it until it is handed back, and never waits for a client meanwhile.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use ewsd_ipc::message::Pairs;
use ewsd_ipc::role::Service;
use ewsd_ipc::stream::stream_key;
use ewsd_ipc::{Count, Job, Reply, WorkerEnd, worker_end};
use ewsd_mailbox::log::{self, note};
use ewsd_model::id::{MailboxNo, Seq};
use ewsd_settings::{Listener, Settings};
use ewsd_store::{Store, StoreError};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::access::Accesses;
use super::memory;
use crate::auth::{self, ALL_SCHEMES, Authenticator};
use crate::front::autodiscover::Accepted;
use crate::login::LoginClient;
use crate::trace::{Trace, Watch};

/// Most pairs in one message to the master.
const PAIRS: usize = ewsd_ipc::PAIRS_MAX;
/// Who asks whether the database answers does not wait longer.
const PROBE: Duration = Duration::from_secs(2);
/// Counters wait so long for more before they are told.
const QUIET: Duration = Duration::from_millis(200);

/// A request worker: what lives from one job to the next.
pub(super) struct Worker<'a> {
    pub end: &'a WorkerEnd,
    pub settings: &'a Settings,
    pub store: Store,
    pub auth: Authenticator,
    /// The domains of our people, for clients that have not logged in.
    pub accepted: Accepted,
    /// Of each of `server.http`.
    pub doors: Vec<Door>,
    pub tally: Tally,
    pub accesses: Accesses,
    /// Of the request at work, if its account is traced.
    pub trace: Option<Trace>,
    /// Whether anybody is.
    pub traces: Watch,
    /// The server's host name.
    pub name: String,
}

/// Serves until the master closes this generation's jobs, or the worker has served its number.
pub(super) fn run(end: &WorkerEnd, settings: &Settings) -> Result<(), String> {
    let options = super::database::options_for_requests(settings);
    let store = match Store::connect(&options) {
        Err(StoreError::Busy { .. }) => Store::lazy(&options),
        other => other,
    };
    let mut worker = Worker::new(end, settings, store.map_err(|error| error.to_string())?);
    let logins = worker_end::desk(Service::Login).map_err(|error| error.to_string())?;
    worker.auth.prepare(settings, LoginClient::new(logins, settings));
    worker.serve_all().map_err(|error| format!("the master: {error}"))
}

impl<'a> Worker<'a> {
    pub fn new(end: &'a WorkerEnd, settings: &'a Settings, store: Store) -> Worker<'a> {
        let name = match settings.server.name.as_str() {
            "" => host_name(),
            name => name.to_owned(),
        };
        Worker {
            end,
            settings,
            store,
            auth: Authenticator::default(),
            accepted: Accepted::default(),
            doors: doors(settings),
            tally: Tally::default(),
            accesses: Accesses::new(&settings.log),
            trace: None,
            traces: Watch::default(),
            name,
        }
    }

    pub fn serve_all(&mut self) -> io::Result<()> {
        self.end.send(&Reply::Ready {}, &[])?;
        let mut left = self.settings.process.retire_after;
        while left > 0 {
            if self.tell_counts_when_quiet()? && self.has_grown() {
                return self.end.send(&Reply::Retiring {}, &[]);
            }
            let Some((job, fds)) = self.end.next_job()? else { break };
            left -= 1;
            if left == 0 {
                // Said before the last job is done, so that the successor starts meanwhile.
                self.end.send(&Reply::Retiring {}, &[])?;
            }
            self.serve(job, fds)?;
            self.tally.add(Count::ConversionDeaths, crate::convert::take_deaths());
            log::request("");
        }
        self.tell_counts()
    }

    fn serve(&mut self, job: Job, fds: Vec<OwnedFd>) -> io::Result<()> {
        self.store.limit(Some(super::database::request_time(self.settings)));
        let mut fds = fds.into_iter();
        let mut client =
            || fds.next().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a job without its socket"));
        match job {
            Job::Http { job, conn, head, body } => {
                let client = client()?;
                self.http(job, conn, client, &head, body, fds.next())
            }
            Job::Admit { job, conn, head, declared } => self.admit(job, conn, client()?, &head, declared),
            Job::Lmtp { job, conn, input } => {
                let client = client()?;
                self.lmtp(job, conn, client, input, fds.next())
            }
            Job::Render { job, batch } => self.render(job, batch.0),
            Job::Sweep { job, known } => self.sweep(job, &known.0),
            Job::Probe { job } => {
                let within = super::database::request_time(self.settings).min(PROBE);
                self.store.limit(Some(within));
                let good = self.store.ping().is_ok();
                self.end.send(&Reply::Probed { job, good }, &[])
            }
        }
    }

    /// Tells the master what was committed since the last time. Called before the client hears of it.
    pub fn tell_changes(&mut self) -> io::Result<()> {
        tell_changes(&mut self.store, self.end)
    }

    /// Which of these mailboxes moved without anybody saying so?
    fn sweep(&mut self, job: u64, known: &[(u64, u64)]) -> io::Result<()> {
        let mailboxes: Vec<MailboxNo> =
            known.iter().filter_map(|(mailbox, _)| i64::try_from(*mailbox).ok()).map(MailboxNo).collect();
        let newest = match self.store.newest_of(&mailboxes) {
            Ok(newest) => newest,
            // The next sweep looks again.
            Err(StoreError::Busy { .. }) => Vec::new(),
            Err(error) => {
                note!(Error, "sweep: {error}");
                self.tally.add(Count::DatabaseErrors, 1);
                Vec::new()
            }
        };
        let newest = newest.into_iter().map(|(mailbox, seq)| pair(mailbox, seq));
        let moved: Vec<_> =
            newest.filter(|(mailbox, seq)| known.iter().any(|(known, seen)| known == mailbox && seq > seen)).collect();
        for part in moved.chunks(PAIRS) {
            self.end.send(&Reply::Changed { changes: Pairs(part.to_vec()) }, &[])?;
        }
        self.end.send(&Reply::Swept { job }, &[])
    }

    /// A process that once needed much does not always give all of it back.
    fn has_grown(&self) -> bool {
        let most = self.settings.process.retire_bytes;
        let kept = memory::kept().filter(|kept| most > 0 && *kept > most);
        if let Some(kept) = kept {
            note!(Info, "retires: it keeps {kept} bytes");
        }
        kept.is_some()
    }

    /// Counters are told when nothing else is to be done, or when many have come together. Says whether they were.
    fn tell_counts_when_quiet(&mut self) -> io::Result<bool> {
        if self.tally.is_empty() && self.accesses.is_empty() {
            return Ok(false);
        }
        let jobs = self.end.jobs();
        let mut fds = [PollFd::new(jobs, PollFlags::POLLIN)];
        let quiet = PollTimeout::try_from(QUIET).unwrap_or(PollTimeout::ZERO);
        let full = self.tally.is_full() || self.accesses.is_full();
        let waited = if full { Ok(0) } else { poll(&mut fds, quiet) };
        match waited {
            Ok(0) => self.tell_counts().map(|()| true),
            _ => Ok(false),
        }
    }

    fn tell_counts(&mut self) -> io::Result<()> {
        self.tally.tell(self.end)?;
        self.accesses.tell(self.end)
    }
}

/// What workers need to know of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Door {
    /// The login schemes that are spoken there, as `Peer::schemes`.
    pub schemes: u32,
    /// Connections begin with the header of the PROXY protocol.
    pub prefaced: bool,
}

/// What is so of each of `server.http`. Where a proxy passes on connections as they are, header fields are the clients' own:
/// whom they name is believed there only if somebody says so.
fn doors(settings: &Settings) -> Vec<Door> {
    let door = |text: &String| {
        let listener = Listener::parse(text).ok();
        let prefaced = listener.as_ref().is_some_and(|listener| listener.proxy);
        let named = listener.and_then(|listener| listener.schemes).map(|names| auth::mask(&names));
        let unnamed = if prefaced { ALL_SCHEMES & !auth::mask(&["headers"]) } else { ALL_SCHEMES };
        Door { schemes: named.unwrap_or(unnamed), prefaced }
    };
    settings.server.http.iter().map(door).collect()
}

/// What [`Worker::tell_changes`] does.
pub(super) fn tell_changes(store: &mut Store, end: &WorkerEnd) -> io::Result<()> {
    let changes = store.take_changes();
    for part in changes.chunks(PAIRS) {
        let pairs: Vec<(u64, u64)> = part.iter().map(|(mailbox, seq)| pair(*mailbox, *seq)).collect();
        end.send(&Reply::Changed { changes: Pairs(pairs) }, &[])?;
    }
    let ended = store.take_ended_streams();
    for part in ended.chunks(PAIRS) {
        let pairs = part.iter().map(|stream| (stream_key(*stream), 1)).collect();
        end.send(&Reply::Changed { changes: Pairs(pairs) }, &[])?;
    }
    if store.take_queued() {
        end.send(&Reply::Queued {}, &[])?;
    }
    Ok(())
}

/// Numbers as the master knows them.
pub(super) fn pair(mailbox: MailboxNo, seq: Seq) -> (u64, u64) {
    (u64::try_from(mailbox.0).unwrap_or(0), u64::try_from(seq.0).unwrap_or(0))
}

/// The machine's name.
pub(crate) fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// Counters that the master has not heard of yet.
#[derive(Default)]
pub(super) struct Tally {
    counts: Vec<(Count, u32)>,
    jobs: u32,
}

impl Tally {
    pub fn add(&mut self, what: Count, n: u32) {
        if n == 0 {
            return;
        }
        self.jobs += 1;
        match self.counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, count)) => *count = count.saturating_add(n),
            None => self.counts.push((what, n)),
        }
    }

    fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    fn is_full(&self) -> bool {
        self.jobs >= 256
    }

    pub fn tell(&mut self, end: &WorkerEnd) -> io::Result<()> {
        self.jobs = 0;
        for (what, n) in self.counts.drain(..) {
            end.send(&Reply::Tally { what, n }, &[])?;
        }
        Ok(())
    }
}
