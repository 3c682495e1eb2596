//! The master program: reads the settings, once at start and once for each reload, and runs the master. Links neither clap nor SQL; what it does is in `master/src`.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ewsd_master::{Config, Limits, Reloaded};
use ewsd_settings::{DEFAULT_FILE, Settings, logging};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::getppid;

const USAGE: &str = "Usage: ewsd [-c FILE] [--with-parent PID]

Exchange Web Services server: the master process. It stays in the foreground and logs to standard error.

Options:
  -c, --config FILE      The configuration file [default: /etc/ewsd/ewsd.toml]
      --with-parent PID  Stop as by SIGTERM when the process that starts ewsd, and whose PID this is, ends
  -h, --help             Print help
  -V, --version          Print version

Signals: SIGTERM and SIGINT finish the requests and stop, a second one stops at once; SIGHUP reloads the settings.
";

/// Exit status for a wrong command line, as clap has it.
const BAD_USAGE: u8 = 2;

enum Asked {
    Run { file: PathBuf, parent: Option<i32> },
    Print(String),
}

fn main() -> ExitCode {
    match arguments(std::env::args_os().skip(1)) {
        Ok(Asked::Run { file, parent }) => match parent.map_or(Ok(()), stop_with).and_then(|()| serve(&file)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => complain(&why, 1),
        },
        Ok(Asked::Print(text)) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error.to_string(), 1),
        },
        Err(why) => complain(&format!("{why}\n\n{USAGE}"), BAD_USAGE),
    }
}

fn complain(why: &str, status: u8) -> ExitCode {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "ewsd: {}", why.trim_end());
    ExitCode::from(status)
}

fn arguments(mut words: impl Iterator<Item = OsString>) -> Result<Asked, String> {
    let mut file = PathBuf::from(DEFAULT_FILE);
    let mut parent = None;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.as_ref() {
            "-h" | "--help" => return Ok(Asked::Print(USAGE.to_owned())),
            "-V" | "--version" => return Ok(Asked::Print(format!("ewsd {}\n", env!("CARGO_PKG_VERSION")))),
            "--with-parent" => {
                let pid = words.next().and_then(|pid| pid.to_str()?.parse().ok());
                parent = Some(pid.ok_or(format!("{text} needs a PID"))?);
            }
            "-c" | "--config" => file = words.next().ok_or(format!("{text} needs a FILE"))?.into(),
            _ => match text.strip_prefix("--config=").or_else(|| text.strip_prefix("-c")) {
                Some(name) => file = name.into(),
                None => return Err(format!("unknown argument {text}")),
            },
        }
    }
    Ok(Asked::Run { file, parent })
}

/// From here on the end of the parent, however it comes about, is a SIGTERM to this process.
fn stop_with(parent: i32) -> Result<(), String> {
    prctl::set_pdeathsig(Signal::SIGTERM).map_err(|error| format!("--with-parent: {error}"))?;
    // It may have ended before that line.
    match getppid().as_raw() == parent {
        true => Ok(()),
        false => Err(format!("process {parent} did not start this one, or has ended already")),
    }
}

fn serve(file: &Path) -> Result<(), String> {
    let file = std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut running = Settings::load(&file).map_err(|error| error.to_string())?;
    let journald = std::env::var_os("JOURNAL_STREAM").is_some();
    logging::start(&running.log, journald);
    let config = config(&running)?;
    let settings = for_workers(&running);
    let reload = move || {
        let new = Settings::load(&file).map_err(|error| error.to_string())?;
        let not_reloadable = running.not_reloadable(&new).into_iter().map(str::to_owned).collect();
        let merged = running.reloaded(&new);
        let config = self::config(&merged)?;
        let settings = for_workers(&merged);
        logging::start(&merged.log, journald);
        running = merged;
        Ok(Reloaded { config, settings, not_reloadable })
    };
    ewsd_master::run(config, &settings, reload)
}

/// What workers are handed: every key, so that none of them depends on the file, or on the defaults of another version.
fn for_workers(settings: &Settings) -> Vec<u8> {
    settings.show(false).into_bytes()
}

/// The master's share of the settings.
fn config(settings: &Settings) -> Result<Config, String> {
    let Settings { server, process, limits, notifications, .. } = settings;
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let seconds = Duration::from_secs;
    Ok(Config {
        state_dir: server.state_dir.clone().into(),
        http: server.http.clone(),
        lmtp: server.lmtp.clone(),
        admin: Some(server.admin.clone()).filter(|address| !address.is_empty()).into_iter().collect(),
        worker: worker_program(&process.worker)?,
        user: Some(process.user.clone()).filter(|name| !name.is_empty()),
        workers: match process.workers {
            0 => std::thread::available_parallelism().map_or(2, |n| n.get().max(2)),
            n => size(n),
        },
        drain: seconds(process.drain_seconds),
        sweep: seconds(notifications.sweep_seconds),
        limits: Limits {
            connections: size(limits.connections),
            connections_per_address: size(limits.connections_per_address),
            buffered_bytes: size(limits.buffered_bytes),
            head: seconds(limits.head_seconds),
            body_min_rate: limits.body_min_rate,
            idle: seconds(limits.idle_seconds),
            request: seconds(limits.request_seconds),
            queue: seconds(limits.queue_seconds),
            body_bytes: limits.body_bytes,
            pipelined_bytes: size(limits.pipelined_bytes),
        },
    })
}

fn worker_program(set: &str) -> Result<PathBuf, String> {
    if !set.is_empty() {
        return Ok(set.into());
    }
    let own = std::env::current_exe()
        .map_err(|error| format!("cannot find the worker program: {error}; set process.worker"))?;
    Ok(own.with_file_name("ewsd-worker"))
}
