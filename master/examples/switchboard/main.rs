//! A master with scripted workers and no mail: for the tests of this crate, for benches, and to look at.
//!
//! `switchboard STATE_DIR [KEY=VALUE]...` runs the master; it executes this same program as its workers. Keys: the fields of
//! `Limits` (times in milliseconds), `workers`, `drain`, `sweep`, `lmtp=yes`. A reload reads more of them from
//! `STATE_DIR/reload.conf`. What the workers do is in `worker.rs`; they are handed `STATE_DIR/worker.conf` as it was at start
//! or at the last reload.

mod worker;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ewsd_ipc::Fault;
use ewsd_master::{Config, Handed, Limits, Listen, Network, Program, Reloaded};

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        let _ = writeln!(std::io::stderr(), "{:5} {}", record.level(), record.args());
    }
    fn flush(&self) {}
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = if words.iter().any(|word| word == "--role") { worker::main(&words) } else { master(&words) };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = writeln!(std::io::stderr(), "switchboard: {fault}");
            ExitCode::from(fault.status)
        }
    }
}

fn master(words: &[String]) -> Result<(), Fault> {
    let _ = log::set_logger(&Lines);
    log::set_max_level(if std::env::var_os("QUIET").is_some() {
        log::LevelFilter::Error
    } else {
        log::LevelFilter::Debug
    });
    let at = words.iter().position(|word| word == ewsd_master::TRY || word == ewsd_master::TAKE);
    let (words, upgrade) = words.split_at(at.unwrap_or(words.len()));
    let usage = || "Usage: switchboard STATE_DIR [KEY=VALUE]...".to_owned();
    let (dir, keys) = words.split_first().ok_or_else(usage)?;
    let dir = PathBuf::from(dir);
    let config = config_of(&dir, keys)?;
    let settings = for_workers(&dir)?;
    let keys = keys.to_vec();
    let refuses = dir.join("refuse-upgrade");
    let reload = move || {
        let extra = std::fs::read_to_string(dir.join("reload.conf")).map_err(|error| error.to_string())?;
        let mut all = keys.clone();
        all.extend(extra.lines().map(str::to_owned));
        let not_reloadable = vec!["server.http".to_owned()];
        Ok(Reloaded { config: config_of(&dir, &all)?, settings: for_workers(&dir)?, not_reloadable })
    };
    match upgrade {
        [] => ewsd_master::run(config, &settings, reload),
        [_, number] => {
            let number = number.parse().map_err(|_| "no descriptor".to_owned())?;
            ewsd_master::take_over(config, &settings, reload, ewsd_master::Inherited::inherit(number)?)
        }
        _ if refuses.exists() => Err(std::fs::read_to_string(refuses).unwrap_or_default().into()),
        _ => {
            use std::os::fd::AsFd as _;
            let state = std::io::stdin().as_fd().try_clone_to_owned().map_err(|error| error.to_string())?;
            Ok(ewsd_master::understands(&state.into()).map(drop)?)
        }
    }
}

/// What workers are handed: where they keep their files, and their own configuration.
fn for_workers(dir: &Path) -> Result<Handed, String> {
    let text = std::fs::read_to_string(dir.join("worker.conf")).map_err(|error| error.to_string())?;
    let workers = format!("dir={}\n{text}", dir.display()).into_bytes();
    Ok(Handed { converters: workers.clone(), logins: workers.clone(), workers })
}

fn config_of(dir: &Path, keys: &[String]) -> Result<Config, String> {
    let worker = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut config = Config {
        state_dir: dir.to_owned(),
        program: Program {
            path: worker.clone(),
            arguments: [dir.as_os_str().to_owned()].into_iter().chain(keys.iter().map(Into::into)).collect(),
        },
        http: vec![Listen::at("127.0.0.1:0")],
        lmtp: Vec::new(),
        admin: vec![Listen::at("127.0.0.1:0")],
        proxies: Network::parse("127.0.0.1").into_iter().collect(),
        exempt: Vec::new(),
        worker,
        environment: Vec::new(),
        user: None,
        login_user: None,
        workers: 2,
        logins: 0,
        drain: Duration::from_secs(10),
        sweep: Duration::from_secs(3600),
        // None of them is in the way of a test that does not set it.
        limits: Limits {
            connections: 20_000,
            connections_per_address: 0,
            connections_per_network: 0,
            held_per_account: 5_000,
            workers_per_account: 0,
            buffered_bytes: 1 << 28,
            head: Duration::from_secs(60),
            body_min_rate: 500,
            idle: Duration::from_secs(60),
            request: Duration::from_secs(60),
            queue: Duration::from_secs(60),
            body_bytes: 1 << 27,
            pipelined_bytes: 64 * 1024,
        },
    };
    for key in keys {
        let (name, value) = key.split_once('=').ok_or(format!("{key}: not KEY=VALUE"))?;
        let number = || value.parse::<usize>().map_err(|error| format!("{key}: {error}"));
        let time = || number().map(|ms| Duration::from_millis(ms as u64));
        let limits = &mut config.limits;
        match name {
            "workers" => config.workers = number()?,
            "http" => config.http = vec![Listen::at(value)],
            "lmtp" => config.lmtp = vec![Listen::at("127.0.0.1:0")],
            "proxy" => config.http.iter_mut().for_each(|listen| listen.proxy = value == "yes"),
            "exempt" => config.exempt = value.split(',').filter_map(Network::parse).collect(),
            "proxies" => config.proxies = value.split(',').filter_map(Network::parse).collect(),
            "unix" => config.http.push(Listen::at(format!("unix:{value}"))),
            "drain" => config.drain = time()?,
            "sweep" => config.sweep = time()?,
            "connections" => limits.connections = number()?,
            "connections_per_address" => limits.connections_per_address = number()?,
            "connections_per_network" => limits.connections_per_network = number()?,
            "held_per_account" => limits.held_per_account = number()?,
            "workers_per_account" => limits.workers_per_account = number()?,
            "buffered_bytes" => limits.buffered_bytes = number()?,
            "head" => limits.head = time()?,
            "body_min_rate" => limits.body_min_rate = number()? as u64,
            "idle" => limits.idle = time()?,
            "request" => limits.request = time()?,
            "queue" => limits.queue = time()?,
            "body_bytes" => limits.body_bytes = number()? as u64,
            "pipelined_bytes" => limits.pipelined_bytes = number()?,
            _ => return Err(format!("{name}: no such key")),
        }
    }
    Ok(config)
}
