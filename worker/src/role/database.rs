//! The database role. Without `database.url` it runs the private PostgreSQL for as long as the server lives; with one it
//! waits for that server. Either way it migrates the tables under a lock, then says Ready: only then do others start.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use ewsd_ipc::{Fault, Reply, WorkerEnd};
use ewsd_mailbox::clock;
use ewsd_mailbox::log::note;
use ewsd_settings::Settings;
use ewsd_store::{Limits, Options, StoreError, embedded, migrate, migration_status, wait_ready};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::cluster::Cluster;
use super::hears_within_all;
use super::signals::{Event, Signals};

/// Between two looks whether PostgreSQL is there: soon at first, then with patience, for each look leaves a line in its log.
const LOOK: Duration = Duration::from_millis(50);
const LOOK_LONGER: Duration = Duration::from_millis(500);
/// Between two looks whether somebody shuts PostgreSQL down: it says so in a file and nowhere else.
const GLANCE: Duration = Duration::from_secs(1);
/// What the janitor and the courier give a statement; they work in small steps.
const ROLE_STATEMENT: Duration = Duration::from_secs(60);
const ROLE_STATEMENT_LEAST: Duration = Duration::from_secs(5);
/// The master hears so often from this role while PostgreSQL runs, and believes it alive for three times as long.
const SIGN: Duration = Duration::from_secs(20);
/// What making the cluster may take on a slow disk, and stopping it.
const MAKING: Duration = Duration::from_secs(900);
/// What migrations of large tables may take, and waiting for those of another node.
const MIGRATING: Duration = Duration::from_secs(86_400);
/// How long a fast shutdown may take before it is made an immediate one.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where the private cluster has its socket.
pub(crate) fn socket_folder(settings: &Settings) -> PathBuf {
    Path::new(&settings.server.state_dir).join("pg-run")
}

/// Where the database of these settings is, for whichever process asks. `application` shows in `pg_stat_activity`.
pub fn options(settings: &Settings, application: &str) -> Options {
    let mut options = match settings.database.url.as_str() {
        "" => Options::socket(&socket_folder(settings), embedded::USER),
        url => Options::new(url),
    };
    options.application = application.to_owned();
    options.limits = limits(settings);
    options.retry_ms = u32::try_from(settings.database.retry_seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    options
}

/// What mailboxes may take.
fn limits(settings: &Settings) -> Limits {
    let figure = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Limits {
        quota_bytes: figure(settings.mail.quota_bytes),
        changes_per_hour: figure(settings.limits.changes_per_hour),
        folders: figure(settings.limits.folders),
        folder_depth: figure(settings.limits.folder_depth),
    }
}

/// The same for requests. What all statements of one may take together is [`request_time`]; PostgreSQL gives up a single one a
/// little sooner, which costs no connection.
pub(super) fn options_for_requests(settings: &Settings) -> Options {
    let statement_timeout = Some(request_time(settings).saturating_sub(margin(settings)));
    Options { statement_timeout, ..options(settings, "ewsd request") }
}

/// The same for roles that nobody waits for.
pub(super) fn options_for_role(settings: &Settings, application: &str) -> Options {
    let time = role_statement(settings);
    Options { statement_timeout: Some(time), answer_timeout: Some(time + time / 10), ..options(settings, application) }
}

/// What one of their statements may take.
pub(super) fn role_statement(settings: &Settings) -> Duration {
    Duration::from_secs(settings.limits.request_seconds).clamp(ROLE_STATEMENT_LEAST, ROLE_STATEMENT)
}

/// How long the database may take over everything that one job asks of it: the worker must answer before it is killed.
pub(super) fn request_time(settings: &Settings) -> Duration {
    Duration::from_secs(settings.limits.request_seconds).saturating_sub(margin(settings))
}

fn margin(settings: &Settings) -> Duration {
    (Duration::from_secs(settings.limits.request_seconds) / 10).min(Duration::from_secs(5))
}

/// Ends with an error when PostgreSQL could not be started, or ended by itself: the master starts this role anew, unless that is
/// hopeless.
pub fn run(end: &WorkerEnd, settings: &Settings, signals: &Signals) -> Result<(), Fault> {
    let options = options(settings, "ewsd database");
    hears_within_all(end, MAKING).map_err(text)?;
    if !settings.database.url.is_empty() {
        if wait(end, signals, &options, None)? {
            prepare_tables(end, &options)?;
        }
        return Ok(());
    }
    let cluster = Cluster::prepare(settings)?;
    if !outlive(end, signals, &cluster)? {
        return Ok(());
    }
    let mut server = Server::new(cluster.start()?);
    if wait(end, signals, &options, Some(&mut server))? {
        prepare_tables(end, &options)?;
        note!(Info, "PostgreSQL is ready, process {}", server.child.id());
        let mut said: Option<Instant> = None;
        while signals.wait(end.channel(), Some(GLANCE)).map_err(text)? != Event::Stop {
            server.must_run()?;
            if said.is_none_or(|time| clock::since(time) >= SIGN) {
                hears_within_all(end, 3 * SIGN).map_err(text)?;
                said = Some(clock::monotonic());
            }
            if cluster.is_stopping(server.pid()) {
                server.hurry();
            }
        }
    }
    // The master may be gone.
    let _ = hears_within_all(end, MAKING);
    Ok(server.stop(signals)?)
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}

fn refused(error: &StoreError) -> Fault {
    match error {
        StoreError::Hopeless(why) => Fault::hopeless(why.as_str()),
        other => other.to_string().into(),
    }
}

fn prepare_tables(end: &WorkerEnd, options: &Options) -> Result<(), Fault> {
    hears_within_all(end, MIGRATING).map_err(text)?;
    let status = migration_status(options).map_err(|error| refused(&error))?;
    if let Some((version, name)) = status.unknown.first() {
        let why = format!("the tables were made by a newer ewsd (V{version} {name}): install that one again");
        return Err(Fault::hopeless(why));
    }
    for (version, name) in migrate(options).map_err(|error| refused(&error))? {
        note!(Info, "migrated the tables to V{version} {name}");
    }
    end.send(&Reply::Ready {}, &[]).map_err(text)?;
    Ok(hears_within_all(end, 3 * SIGN).map_err(text)?)
}

/// Waits until PostgreSQL takes connections. False: stop instead. Recovery after a crash may take as long as it likes.
fn wait(end: &WorkerEnd, signals: &Signals, options: &Options, mut server: Option<&mut Server>) -> Result<bool, Fault> {
    let start = clock::monotonic();
    let mut told = 0;
    loop {
        hears_within_all(end, 3 * SIGN).map_err(text)?;
        match wait_ready(options, Duration::ZERO) {
            Ok(()) => return Ok(true),
            Err(StoreError::Busy { .. }) => {}
            Err(error) => return Err(refused(&error)),
        }
        if clock::since(start).as_secs() / 10 > told {
            told = clock::since(start).as_secs() / 10;
            note!(Warn, "PostgreSQL does not take connections yet, after {} s", told * 10);
        }
        let pause = if clock::since(start) < LOOK_LONGER { LOOK } else { LOOK_LONGER };
        if signals.wait(end.channel(), Some(pause)).map_err(text)? == Event::Stop {
            return Ok(false);
        }
        if let Some(server) = server.as_mut() {
            server.must_run()?;
        }
    }
}

/// Waits for the server of an earlier role to end. False: stop instead.
fn outlive(end: &WorkerEnd, signals: &Signals, cluster: &Cluster) -> Result<bool, String> {
    let start = clock::monotonic();
    let mut asked = None;
    while let Some(pid) = cluster.predecessor() {
        let signal = if clock::since(start) < PATIENCE { Signal::SIGINT } else { Signal::SIGQUIT };
        if asked != Some(signal) {
            note!(Info, "waiting for the PostgreSQL of an earlier start to end, process {pid}");
            // It may end at this very moment.
            let _ = kill(pid, signal);
            asked = Some(signal);
        }
        hears_within_all(end, 3 * SIGN).map_err(text)?;
        if signals.wait(end.channel(), Some(LOOK)).map_err(text)? == Event::Stop {
            return Ok(false);
        }
    }
    // Making the cluster's settings comes next, or its start.
    hears_within_all(end, MAKING).map_err(text)?;
    Ok(true)
}

/// The running server. Ends with this value at the latest.
struct Server {
    child: Child,
    /// When it was first seen shutting down, and the last signal that it was sent for that.
    hurried: Option<(Instant, Signal)>,
}

impl Server {
    fn new(child: Child) -> Server {
        Server { child, hurried: None }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Somebody told it to shut down. In the smart way (SIGTERM) it would take no new session and wait for ours to end, which
    /// they never do: neither gone nor of use. So it ends soon, and this role is started again.
    fn hurry(&mut self) {
        let (since, sent) = self.hurried.unwrap_or((clock::monotonic(), Signal::SIGTERM));
        let signal = if clock::since(since) < PATIENCE { Signal::SIGINT } else { Signal::SIGQUIT };
        if sent != signal {
            note!(Warn, "somebody shuts PostgreSQL down, process {}: it ends now and is started again", self.pid());
            self.signal(signal);
        }
        self.hurried = Some((since, signal));
    }

    fn must_run(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("PostgreSQL ended by itself ({status}); its messages stand above")),
            Err(error) => Err(format!("PostgreSQL: {error}")),
        }
    }

    fn signal(&self, signal: Signal) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Not yet waited for, so the number is still its own.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// A fast shutdown: connections are cut, what is committed is written out.
    fn stop(mut self, signals: &Signals) -> Result<(), String> {
        note!(Info, "stopping PostgreSQL");
        self.signal(Signal::SIGINT);
        let start = clock::monotonic();
        while matches!(self.child.try_wait(), Ok(None)) {
            if clock::since(start) > PATIENCE {
                note!(Warn, "PostgreSQL does not stop: it will recover at its next start");
                self.signal(Signal::SIGQUIT);
                return self.child.wait().map(|_| ()).map_err(text);
            }
            signals.pause(LOOK).map_err(text)?;
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGINT);
            let _ = self.child.wait();
        }
    }
}
