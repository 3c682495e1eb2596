//! Bringing the database's tables up to this program, one program at a time.

use crate::clock;
use crate::connection::config;
use crate::error::{Verdict, text, verdict};
use crate::{Options, StoreError};
use postgres::{Client, NoTls};
use std::time::Duration;

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Key of the advisory lock under which migrations run: "ewsd" in ASCII.
const LOCK: i64 = 0x6577_7364;

/// What the database has of the migrations that this program knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Version and name, in order.
    pub applied: Vec<(i64, String)>,
    /// Known here, not applied.
    pub pending: Vec<(i64, String)>,
    /// Applied by a newer program: this one must not run on the database.
    pub unknown: Vec<(i64, String)>,
}

impl MigrationStatus {
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.unknown.is_empty()
    }
}

/// Applies what is missing, under a lock that other nodes wait for. Says which were applied.
pub fn migrate(options: &Options) -> Result<Vec<(i64, String)>, StoreError> {
    let mut client = connect(options)?;
    client.batch_execute(&format!("select pg_advisory_lock({LOCK})")).map_err(|error| failed(&error))?;
    // Ends with the connection as well.
    let report = embedded::migrations::runner().run(&mut client);
    let unlocked = client.batch_execute(&format!("select pg_advisory_unlock({LOCK})"));
    let report = report.map_err(|error| StoreError::Db(format!("migration failed: {error}")))?;
    unlocked.map_err(|error| failed(&error))?;
    Ok(report.applied_migrations().iter().map(|m| (i64::from(m.version()), m.name().to_owned())).collect())
}

/// Compares without changing anything.
pub fn migration_status(options: &Options) -> Result<MigrationStatus, StoreError> {
    const HISTORY: &str = "refinery_schema_history";
    let mut client = connect(options)?;
    let there = client
        .query_one("select to_regclass($1) is not null", &[&HISTORY])
        .and_then(|row| row.try_get::<_, bool>(0))
        .map_err(|error| failed(&error))?;
    let mut applied: Vec<(i64, String)> = Vec::new();
    if there {
        let rows = client
            .query(&format!("select version::bigint, name from {HISTORY} order by version"), &[])
            .map_err(|error| failed(&error))?;
        for row in rows {
            let pair = row.try_get(0).and_then(|version| Ok((version, row.try_get(1)?)));
            applied.push(pair.map_err(|error| failed(&error))?);
        }
    }
    let known: Vec<(i64, String)> = embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(|m| (i64::from(m.version()), m.name().to_owned()))
        .collect();
    let missing_in = |list: &[(i64, String)], version: i64| !list.iter().any(|(known, _)| *known == version);
    let pending = known.iter().filter(|(version, _)| missing_in(&applied, *version)).cloned().collect();
    let (applied, unknown) = applied.into_iter().partition(|(version, _)| !missing_in(&known, *version));
    Ok(MigrationStatus { applied, pending, unknown })
}

/// Waits until the server takes connections, at most `patience`. For the database role; nobody else may wait.
pub fn wait_ready(options: &Options, patience: Duration) -> Result<(), StoreError> {
    let deadline = clock::now() + patience;
    let mut pause = Duration::from_millis(20);
    loop {
        match connect(options) {
            Err(StoreError::Busy { .. }) if clock::now() + pause < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_secs(1));
            }
            Err(error) => return Err(error),
            Ok(_) => return Ok(()),
        }
    }
}

fn connect(options: &Options) -> Result<Client, StoreError> {
    config(options)?.connect(NoTls).map_err(|error| match verdict(&error) {
        Verdict::Away => {
            log::debug!("PostgreSQL is not there yet: {}", text(&error));
            StoreError::Busy { retry_ms: options.retry_ms }
        }
        _ => failed(&error),
    })
}

fn failed(error: &postgres::Error) -> StoreError {
    StoreError::Db(text(error))
}
