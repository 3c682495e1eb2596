//! `ewsctl database`, and how every other command reaches the database.

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{Options, Store, StoreError};
use ewsd_worker::database_options;
use nix::unistd::{User, geteuid};
use serde_json::{Value, json};

use super::{Exit, Out, Result};

/// Look after the database's tables.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the tables up to this version of ewsd. The server does the same when it starts.
    #[command(after_help = "Example:\n  pg_dump ewsd >before.sql && ewsctl database migrate")]
    Migrate,
    /// Say which migrations are applied and which are still to come.
    Status,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let options = options(&settings);
    match args.command {
        Command::Migrate => {
            let applied = ewsd_store::migrate(&options).map_err(|error| away(&settings, &error))?;
            if out.json {
                return say!("{:#}", list(&applied));
            }
            for (version, name) in &applied {
                say!("applied {version} {name}")?;
            }
            if applied.is_empty() {
                say!("nothing to do")?;
            }
            Ok(())
        }
        Command::Status => status(&settings, &options, out),
    }
}

fn status(settings: &Settings, options: &Options, out: Out) -> Result {
    let status = ewsd_store::migration_status(options).map_err(|error| away(settings, &error))?;
    let lists = [("applied", &status.applied), ("to come", &status.pending), ("newer", &status.unknown)];
    if out.json {
        let (applied, pending, newer) = (list(&status.applied), list(&status.pending), list(&status.unknown));
        say!("{:#}", json!({"applied": applied, "pending": pending, "newer": newer}))?;
    } else {
        for (state, migrations) in lists {
            for (version, name) in migrations {
                say!("{state:8} {version:>4} {name}")?;
            }
        }
    }
    if status.is_current() {
        return Ok(());
    }
    let advice = if status.unknown.is_empty() {
        "the tables are older than this version of ewsd: `ewsctl database migrate`, or start the server"
    } else {
        "the tables are newer than this version of ewsd: install the newer one"
    };
    Err(advice.to_owned().into())
}

fn list(migrations: &[(i64, String)]) -> Value {
    migrations.iter().map(|(version, name)| json!({"version": version, "name": name})).collect()
}

/// Where the database of these settings is. To a server of its own machine root shows itself as the user that ewsd runs as,
/// whom peer authentication lets in.
pub fn options(settings: &Settings) -> Options {
    let mut options = database_options(settings, "ewsctl");
    if geteuid().is_root() && !settings.database.url.is_empty() {
        let user = User::from_name(&settings.process.user).ok().flatten();
        options.unix_user = user.map(|user| user.uid.as_raw());
    }
    options
}

/// The store of these settings.
pub fn open(settings: &Settings) -> Result<Store> {
    let failed = |error| away(settings, &error);
    let mut store = Store::connect(&options(settings)).map_err(failed)?;
    if !store.health().map_err(failed)?.tables {
        return Err(
            Exit::Config.because("the database has no tables yet: start the server, or `ewsctl database migrate`")
        );
    }
    Ok(store)
}

/// A store error for a person: what it was, and for a database out of reach, what to look at.
pub fn away(settings: &Settings, error: &StoreError) -> super::Failure {
    match error {
        StoreError::Busy { .. } if settings.database.url.is_empty() => Exit::Temporary.because(format!(
            "the private PostgreSQL below {} does not answer: it runs while ewsd runs (`systemctl start ewsd`), and only root \
             and its own user may enter",
            settings.server.state_dir
        )),
        StoreError::Busy { .. } => {
            Exit::Temporary.because("PostgreSQL does not answer: is database.url right, and does it run?")
        }
        // It goes by the Unix user, whoever the URL names.
        StoreError::Hopeless(said) if said.contains("Peer authentication failed") => Exit::Denied.because(format!(
            "{said}; run this as the user that the server runs as: `sudo -u {} ewsctl ...`",
            if settings.process.user.is_empty() { "ewsd" } else { &settings.process.user }
        )),
        StoreError::Hopeless(said) => Exit::Config.because(said.as_str()),
        other => Exit::Software.because(other.to_string()),
    }
}
