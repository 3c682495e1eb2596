//! The master program: reads the settings, once at start and once for each reload, and runs the master. Links neither clap nor
//! SQL; what it does is in `master/src`.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ewsd_master::{Config, FAILED, Fault, Handed, Inherited, Limits, Listen, Network, Program, Reloaded};
use ewsd_settings::{DEFAULT_FILE, Listener, Server, Settings, logging};
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

Signals: SIGTERM and SIGINT finish the requests and stop, a second one stops at once; SIGHUP reloads the settings;
SIGUSR2 goes on as the program that lies where this one did, and drops nobody.
";

/// Exit status for a wrong command line, as clap has it.
const BAD_USAGE: u8 = 2;

enum Command {
    Run {
        file: PathBuf,
        parent: Option<i32>,
    },
    /// Say whether the running program's state, on standard input, is understood.
    Try {
        file: PathBuf,
    },
    /// Go on with the state in that descriptor.
    TakeOver {
        file: PathBuf,
        descriptor: u32,
    },
    Print(String),
}

fn main() -> ExitCode {
    match arguments(std::env::args_os().skip(1)) {
        Ok(Command::Run { file, parent }) => {
            match parent.map_or(Ok(()), stop_with).map_err(Fault::from).and_then(|()| serve(&file)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(fault) => complain(&fault.text, fault.status),
            }
        }
        Ok(Command::Try { file }) => match try_upgrade(&file) {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => complain(&why, FAILED),
        },
        Ok(Command::TakeOver { file, descriptor }) => {
            match Inherited::inherit(descriptor).map_err(Fault::from).and_then(|left| take_over(&file, left)) {
                Ok(()) => ExitCode::SUCCESS,
                Err(fault) => complain(&fault.text, fault.status),
            }
        }
        Ok(Command::Print(text)) => match std::io::stdout().write_all(text.as_bytes()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => complain(&error.to_string(), FAILED),
        },
        Err(why) => complain(&format!("{why}\n\n{USAGE}"), BAD_USAGE),
    }
}

fn complain(why: &str, status: u8) -> ExitCode {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "ewsd: {}", why.trim_end());
    ExitCode::from(status)
}

fn arguments(mut words: impl Iterator<Item = OsString>) -> Result<Command, String> {
    let mut file = PathBuf::from(DEFAULT_FILE);
    let mut parent = None;
    let (mut tried, mut descriptor) = (false, None);
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        match text.as_ref() {
            "-h" | "--help" => return Ok(Command::Print(USAGE.to_owned())),
            "-V" | "--version" => return Ok(Command::Print(format!("ewsd {}\n", env!("CARGO_PKG_VERSION")))),
            "--with-parent" => {
                let pid = words.next().and_then(|pid| pid.to_str()?.parse().ok());
                parent = Some(pid.ok_or(format!("{text} needs a PID"))?);
            }
            ewsd_master::TRY => tried = true,
            ewsd_master::TAKE => {
                let number = words.next().and_then(|number| number.to_str()?.parse().ok());
                descriptor = Some(number.ok_or(format!("{text} needs a number"))?);
            }
            "-c" | "--config" => file = words.next().ok_or(format!("{text} needs a FILE"))?.into(),
            _ => match text.strip_prefix("--config=").or_else(|| text.strip_prefix("-c")) {
                Some(name) => file = name.into(),
                None => return Err(format!("unknown argument {text}")),
            },
        }
    }
    Ok(match descriptor {
        _ if tried => Command::Try { file },
        Some(descriptor) => Command::TakeOver { file, descriptor },
        None => Command::Run { file, parent },
    })
}

/// From here on the end of the parent, however it comes about, is a SIGTERM to this process.
fn stop_with(parent: i32) -> Result<(), String> {
    prctl::set_pdeathsig(Signal::SIGTERM).map_err(|error| format!("--with-parent: {error}"))?;
    // It may have ended before that line.
    if getppid().as_raw() == parent {
        Ok(())
    } else {
        Err(format!("process {parent} did not start this one, or has ended already"))
    }
}

fn serve(file: &Path) -> Result<(), Fault> {
    let file = std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let running = Settings::load(&file).map_err(|error| Fault::hopeless(error.to_string()))?;
    logging::start(&running.log, journald());
    let config = config(&running, &file)?;
    let settings = for_workers(&running);
    ewsd_master::run(config, &settings, reloader(running, file))
}

/// Goes on where a former program of this process was, with its settings; what the file says by now is taken by the reload
/// that follows.
fn take_over(file: &Path, left: Inherited) -> Result<(), Fault> {
    let running = former(left.settings())?;
    logging::start(&running.log, journald());
    let config = config(&running, file)?;
    let settings = for_workers(&running);
    ewsd_master::take_over(config, &settings, reloader(running, file.to_owned()), left)
}

/// Whether this program could go on in the place of the one that runs.
fn try_upgrade(file: &Path) -> Result<(), String> {
    let state = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| format!("standard input: {error}"))?;
    let running = former(&ewsd_master::understands(&state.into())?)?;
    let new = Settings::load(file).map_err(|error| error.to_string())?;
    let config = config(&running.reloaded(&new), file)?;
    if !config.worker.is_file() {
        return Err(format!("{} is not there; set process.worker", config.worker.display()));
    }
    Ok(())
}

/// The settings of the running program.
fn former(text: &[u8]) -> Result<Settings, String> {
    let text = std::str::from_utf8(text).map_err(|error| format!("the running program's settings: {error}"))?;
    Settings::parse(text, "the running program's settings").map_err(|error| error.to_string())
}

fn journald() -> bool {
    std::env::var_os("JOURNAL_STREAM").is_some()
}

fn reloader(mut running: Settings, file: PathBuf) -> impl FnMut() -> Result<Reloaded, String> {
    move || {
        let new = Settings::load(&file).map_err(|error| error.to_string())?;
        let not_reloadable = running.not_reloadable(&new).into_iter().map(str::to_owned).collect();
        let merged = running.reloaded(&new);
        let config = config(&merged, &file)?;
        let settings = for_workers(&merged);
        logging::start(&merged.log, journald());
        running = merged;
        Ok(Reloaded { config, settings, not_reloadable })
    }
}

/// What workers are handed: every key, so that none of them depends on the file, or on the defaults of another version. Those who
/// answer others have the limits, how to log, and logins whom to ask; everything else is as if nothing were set.
fn for_workers(settings: &Settings) -> Handed {
    let Settings { limits, process, log, auth, .. } = settings;
    let known = Settings { limits: limits.clone(), process: process.clone(), log: log.clone(), ..Settings::default() };
    // Where the key lies that they must not read.
    let server = Server { state_dir: settings.server.state_dir.clone(), ..Server::default() };
    let logins = Settings { auth: auth.clone(), server, ..known.clone() };
    let text = |settings: &Settings| settings.show(false).into_bytes();
    Handed { workers: text(settings), converters: text(&known), logins: text(&logins) }
}

fn networks(list: &[String]) -> Vec<Network> {
    list.iter().filter_map(|network| Network::parse(network)).collect()
}

/// The master's share of the settings.
fn config(settings: &Settings, file: &Path) -> Result<Config, String> {
    let Settings { server, process, limits, auth, notifications, .. } = settings;
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let seconds = Duration::from_secs;
    let workers = match process.workers {
        0 => std::thread::available_parallelism().map_or(2, |n| n.get().max(2)),
        n => size(n),
    };
    let logins = match process.logins {
        _ if auth.basic_against == "accounts" => 0,
        0 => (workers / 2).max(1),
        n => size(n),
    };
    Ok(Config {
        state_dir: server.state_dir.clone().into(),
        program: Program { path: own_path()?, arguments: vec!["-c".into(), file.into()] },
        http: listen(&server.http)?,
        lmtp: listen(&server.lmtp)?,
        admin: listen(Some(&server.admin).filter(|address| !address.is_empty()))?,
        proxies: networks(&server.trusted_proxies),
        exempt: networks(&limits.exempt_networks),
        worker: worker_program(&process.worker)?,
        environment: match auth.keytab.as_str() {
            "" => Vec::new(),
            keytab => vec![("KRB5_KTNAME", format!("FILE:{keytab}"))],
        },
        user: Some(process.user.clone()).filter(|name| !name.is_empty()),
        login_user: Some(process.login_user.clone()).filter(|name| !name.is_empty() && auth.basic_against == "pam"),
        workers,
        logins,
        drain: seconds(process.drain_seconds),
        sweep: seconds(notifications.sweep_seconds),
        limits: Limits {
            connections: size(limits.connections),
            connections_per_address: size(limits.connections_per_address),
            connections_per_network: size(limits.connections_per_network),
            held_per_account: size(limits.held_per_account),
            workers_per_account: size(limits.workers_per_account),
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

fn listen<'l>(listeners: impl IntoIterator<Item = &'l String>) -> Result<Vec<Listen>, String> {
    let all = listeners.into_iter().map(|text| {
        let listener = Listener::parse(text).map_err(|why| format!("the listener {text} {why}"))?;
        let (mode, group) = (listener.file_mode(), listener.group.map(str::to_owned));
        let (address, Listener { proxy, reuseport, .. }) = (listener.address.to_owned(), listener);
        Ok(Listen { address, proxy, reuseport, mode, group })
    });
    all.collect()
}

/// Where this program lies, or lay: a package may have put another one there.
fn own_path() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let text = own.to_string_lossy();
    Ok(text.strip_suffix(" (deleted)").map_or(own.clone(), PathBuf::from))
}

fn worker_program(set: &str) -> Result<PathBuf, String> {
    if !set.is_empty() {
        return Ok(set.into());
    }
    let own = own_path()?;
    let here = own.with_file_name("ewsd-worker");
    // Packages keep what is no command for people out of the way.
    let away = own.parent().map(|folder| folder.join("../libexec/ewsd-worker"));
    Ok(away.filter(|away| !here.exists() && away.exists()).unwrap_or(here))
}
