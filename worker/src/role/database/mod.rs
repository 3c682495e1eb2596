//! The database role: makes sure that there is a database with the right tables before any request worker starts.
//!
//! Without `database.url` it owns a private cluster: makes it once (`make.rs`), runs `postgres` as its child, brings the
//! tables up to date, says Ready, and stays until the master stops it or postgres ends. With a database of the
//! administrator's it waits for that, brings the tables up to date, says Ready and is done.
//!
//! It runs as the unprivileged user already (`master/src/spawn.rs`), so postgres never runs as root.

mod make;
mod programs;
mod run;

use std::path::Path;
use std::time::Duration;

use ewsd_ipc::{Reply, WorkerEnd};
use ewsd_settings::Settings;
use ewsd_store::{Options, embedded};

use crate::note::note;

/// How long a database may take until it accepts connections: a cluster that was cut off replays its log first.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where the tables are, by the settings.
pub fn options(settings: &Settings) -> Options {
    let mut options = match settings.database.url.as_str() {
        "" => Options::socket(&Path::new(&settings.server.state_dir).join("pg-run"), embedded::USER),
        url => Options::new(url),
    };
    options.retry_ms = u32::try_from(settings.database.retry_seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
    options
}

/// Runs the role. An error is for the log, and for the master to try again later.
pub fn run(settings: &Settings, end: &WorkerEnd) -> Result<(), String> {
    let options = options(settings);
    if !settings.database.url.is_empty() {
        return prepare(&options, end);
    }
    let state = Path::new(&settings.server.state_dir);
    let (data, sockets) = (state.join("pg"), state.join("pg-run"));
    let programs = programs::find(&settings.database.bin_dir, make::version(&data)?)?;
    make::socket_directory(&sockets)?;
    make::cluster(&data, &programs)?;
    let server = run::Server::start(&data, &sockets, &programs)?;
    prepare(&options, end)?;
    server.stay()
}

fn prepare(options: &Options, end: &WorkerEnd) -> Result<(), String> {
    ewsd_store::wait_ready(options, PATIENCE).map_err(|error| format!("no database: {error}"))?;
    for (version, name) in ewsd_store::migrate(options).map_err(|error| error.to_string())? {
        note!(Info, "database brought to version {version} ({name})");
    }
    let status = ewsd_store::migration_status(options).map_err(|error| error.to_string())?;
    if !status.unknown.is_empty() {
        return Err("the database was made by a newer ewsd: start that one, or restore a backup from before".to_owned());
    }
    end.send(&Reply::Ready {}, &[]).map_err(|error| format!("the master is gone: {error}"))
}
