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
/// How long a fast shutdown may take before it is made an immediate one, and four times as long as that one may.
const PATIENCE: Duration = Duration::from_secs(60);
/// The same for one that has nothing to write out.
const IMPATIENCE: Duration = Duration::from_secs(5);

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
    // The other half is for saying what became of it.
    let end_timeout = margin(settings) / 2;
    Options { statement_timeout, end_timeout, ..options(settings, "ewsd request") }
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
        prepare(end, signals, &options, None)?;
        return Ok(());
    }
    let cluster = Cluster::prepare(settings)?;
    if !outlive(end, signals, &cluster)? {
        return Ok(());
    }
    let mut server = Server::new(cluster.start()?, signals, PATIENCE);
    let kept = keep(end, signals, &options, &cluster, &mut server);
    // It may take its time to end, whatever went wrong. The master may be gone.
    let _ = hears_within_all(end, MAKING);
    server.stop(&options);
    kept
}

/// Has the server serve for as long as the master wants. An error when it ends before, or when it cannot serve.
fn keep(
    end: &WorkerEnd,
    signals: &Signals,
    options: &Options,
    cluster: &Cluster,
    server: &mut Server<'_>,
) -> Result<(), Fault> {
    if !prepare(end, signals, options, Some(&mut *server))? {
        return Ok(());
    }
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
    Ok(())
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

/// Waits for PostgreSQL and sees to its tables; anew, should it go away meanwhile, which says nothing of them. False: stop instead.
fn prepare(
    end: &WorkerEnd,
    signals: &Signals,
    options: &Options,
    mut server: Option<&mut Server<'_>>,
) -> Result<bool, Fault> {
    while wait(end, signals, options, server.as_deref_mut())? {
        match prepare_tables(end, options)? {
            Ok(()) => {
                end.send(&Reply::Ready {}, &[]).map_err(text)?;
                hears_within_all(end, 3 * SIGN).map_err(text)?;
                return Ok(true);
            }
            Err(StoreError::Busy { .. }) => note!(Warn, "PostgreSQL went away while its tables were looked at"),
            Err(error) => return Err(refused(&error)),
        }
    }
    Ok(false)
}

/// The inner error is the store's.
fn prepare_tables(end: &WorkerEnd, options: &Options) -> Result<Result<(), StoreError>, Fault> {
    hears_within_all(end, 3 * SIGN).map_err(text)?;
    let status = match migration_status(options) {
        Ok(status) => status,
        Err(error) => return Ok(Err(error)),
    };
    if let Some((version, name)) = status.unknown.first() {
        let why = format!("the tables were made by a newer ewsd (V{version} {name}): install that one again");
        return Err(Fault::hopeless(why));
    }
    // Whether there is nothing to do is known soon.
    let within = if status.pending.is_empty() { 3 * SIGN } else { MIGRATING };
    hears_within_all(end, within).map_err(text)?;
    Ok(migrate(options).map(|applied| {
        applied.iter().for_each(|(version, name)| note!(Info, "migrated the tables to V{version} {name}"));
    }))
}

/// Waits until PostgreSQL takes connections. False: stop instead. Recovery after a crash may take as long as it likes.
fn wait(
    end: &WorkerEnd,
    signals: &Signals,
    options: &Options,
    mut server: Option<&mut Server<'_>>,
) -> Result<bool, Fault> {
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
        let signal = ended_by(clock::since(start), PATIENCE);
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

/// How a server is told to end that was first told so long ago: to cut its connections and write out what is committed; to leave that
/// to its next start; and by the kernel, for one may hang, or stand still, and hear nothing.
fn ended_by(waited: Duration, patience: Duration) -> Signal {
    match waited {
        _ if waited < patience => Signal::SIGINT,
        _ if waited < patience + patience / 4 => Signal::SIGQUIT,
        _ => Signal::SIGKILL,
    }
}

/// The running server. Ends with this value at the latest.
struct Server<'s> {
    child: Child,
    signals: &'s Signals,
    /// As [`PATIENCE`].
    patience: Duration,
    /// When it was first seen shutting down, and the last signal that it was sent for that.
    hurried: Option<(Instant, Signal)>,
}

impl<'s> Server<'s> {
    fn new(child: Child, signals: &'s Signals, patience: Duration) -> Server<'s> {
        Server { child, signals, patience, hurried: None }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Somebody told it to shut down. In the smart way (SIGTERM) it would take no new session and wait for ours to end, which
    /// they never do: neither gone nor of use. So it ends soon, and this role is started again.
    fn hurry(&mut self) {
        let (since, sent) = self.hurried.unwrap_or((clock::monotonic(), Signal::SIGTERM));
        let signal = ended_by(clock::since(since), self.patience);
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

    /// Returns when it has ended. One that takes no session recovers, or stands still: it may hang for as long as it likes, and its next
    /// start does again whatever it is at.
    fn stop(mut self, options: &Options) {
        match wait_ready(options, Duration::ZERO) {
            Ok(()) => note!(Info, "stopping PostgreSQL"),
            Err(error) => {
                note!(Info, "stopping PostgreSQL, which takes no session: {error}");
                self.patience = IMPATIENCE;
            }
        }
        self.end();
    }

    fn end(&mut self) {
        let (start, mut sent) = (clock::monotonic(), None);
        while matches!(self.child.try_wait(), Ok(None)) {
            let signal = ended_by(clock::since(start), self.patience);
            if sent != Some(signal) {
                if sent.is_some() {
                    note!(
                        Warn,
                        "PostgreSQL does not stop, now it is told by {signal}: it will recover at its next start"
                    );
                }
                self.signal(signal);
                sent = Some(signal);
            }
            // Without it, it is only looked more often.
            let _ = self.signals.pause(LOOK);
        }
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_server_that_does_not_end_is_ended() {
        let signals = Signals::catch().unwrap();
        let deaf = "trap '' INT QUIT; echo; exec sleep 600";
        let mut child = Command::new("sh").args(["-c", deaf]).stdout(Stdio::piped()).spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        drop(Server::new(child, &signals, Duration::from_millis(200)));
        assert!(kill(pid, None).is_err(), "it is gone, and waited for");
    }

    #[test]
    fn a_server_is_asked_before_it_is_killed() {
        let after = |seconds| ended_by(Duration::from_secs(seconds), PATIENCE);
        assert_eq!([0, 59, 60, 74, 75].map(after), {
            use Signal::{SIGINT, SIGKILL, SIGQUIT};
            [SIGINT, SIGINT, SIGQUIT, SIGQUIT, SIGKILL]
        });
    }
}
