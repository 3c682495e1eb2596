//! Bringing the database's tables up to this program, one program at a time.
//!
//! A migration is a file of `../migrations` and a row of [`MIGRATIONS`]; the table `migration` keeps which are applied, with the
//! digest of each text: one that was edited after it had been applied is refused. Databases of early programs have
//! `refinery_schema_history` instead, whose rows are taken over once.

use crate::clock;
use crate::connection::{LETTERS, target};
use crate::error::{Verdict, refused, text, verdict};
use crate::session::{Broken, EffectiveUser, Session};
use crate::{Options, StoreError};
use postgres::{Client, NoTls};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Key of the advisory lock under which migrations run: "ewsd" in ASCII.
const LOCK: i64 = 0x6577_7364;

/// The history that early programs kept.
const FORMER: &str = "refinery_schema_history";

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($version:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../migrations/V", $version, "__", $name, ".sql")),
        }),*]
    };
}

/// Every file of `../migrations`, in the order in which they are applied. A row that was released stays as it is, file and all.
const MIGRATIONS: &[Migration] = migrations![
    1 "mailboxes",
    2 "outbox_holder",
    3 "far_pages",
    4 "message_id_digest",
    5 "creator",
    6 "contact",
    7 "group",
    8 "attached",
    9 "raw_numbers",
    10 "folder_class",
    11 "shares",
    12 "quiet_subscriptions",
    13 "streams",
    14 "words",
    15 "word_index",
    16 "event",
    17 "sealed",
    18 "impersonation",
    19 "nodes",
    20 "push",
    21 "working_hours",
    22 "reminder",
    23 "resource",
    24 "quota_warning",
    25 "unread",
    26 "incarnation",
    27 "token_keys",
    28 "exempt",
    29 "delivered",
    30 "unreadable",
    31 "plain",
    32 "cut_bodies",
    33 "login_place",
    34 "login_place_network",
    35 "folder_touched",
    36 "clock_seen",
    37 "word_place",
    38 "vocabulary",
    39 "between",
    40 "renewal",
    41 "words_anew",
];

impl Migration {
    fn pair(&self) -> (i64, String) {
        (i64::from(self.version), self.name.to_owned())
    }

    /// SHA-256 of the file, in hexadecimal digits (as sha256sum prints it).
    fn checksum(&self) -> String {
        Sha256::digest(self.sql.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What the database says of an applied migration.
struct Applied {
    version: i32,
    name: String,
    /// None in the former history, whose digests were others.
    checksum: Option<String>,
}

/// Which table has the history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum HistoryTable {
    Nowhere,
    Former,
    Here,
}

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
    let applied = apply(&mut client);
    let unlocked = client.batch_execute(&format!("select pg_advisory_unlock({LOCK})"));
    let applied = applied?;
    unlocked.map_err(|error| failed(&error))?;
    Ok(applied)
}

/// Compares without changing anything.
pub fn migration_status(options: &Options) -> Result<MigrationStatus, StoreError> {
    let (_, history) = history(&mut connect(options)?).map_err(|error| failed(&error))?;
    let (known, unknown): (Vec<Applied>, Vec<Applied>) =
        history.into_iter().partition(|row| find(row.version).is_some());
    let is_pending = |one: &&Migration| !known.iter().any(|row| row.version == one.version);
    let pending = MIGRATIONS.iter().filter(is_pending).map(Migration::pair).collect();
    let pairs = |rows: Vec<Applied>| rows.into_iter().map(|row| (i64::from(row.version), row.name)).collect();
    Ok(MigrationStatus { applied: pairs(known), pending, unknown: pairs(unknown) })
}

fn find(version: i32) -> Option<&'static Migration> {
    MIGRATIONS.iter().find(|one| one.version == version)
}

/// Holds the lock.
fn apply(client: &mut Client) -> Result<Vec<(i64, String)>, StoreError> {
    let (kept, history) = history(client).map_err(|error| failed(&error))?;
    check(&history)?;
    if history.is_empty() {
        fit_for_letters(client)?;
    }
    take_over(client, kept).map_err(|error| failed(&error))?;
    let newest = history.last().map_or(0, |row| row.version);
    let mut applied = Vec::new();
    for one in MIGRATIONS.iter().filter(|one| one.version > newest) {
        run(client, one).map_err(|error| match failed(&error) {
            StoreError::Db(why) => StoreError::Db(format!("migration V{} {} failed: {why}", one.version, one.name)),
            away => away,
        })?;
        applied.push(one.pair());
    }
    Ok(applied)
}

/// Refuses a new database that could not tell small letters from large ones: it keeps what it was made with.
fn fit_for_letters(client: &mut Client) -> Result<(), StoreError> {
    for ask in LETTERS {
        let fit: bool = client.query_one(ask, &[]).and_then(|row| row.try_get(0)).map_err(|error| failed(&error))?;
        if !fit {
            let why = "database.url: the database does not know small letters from large ones beyond a to z, so that \
                searches would miss some: make it anew with createdb --encoding UTF8 --locale C.UTF-8 --template template0";
            return Err(StoreError::Hopeless(why.to_owned()));
        }
    }
    Ok(())
}

/// What is applied, by version.
fn history(client: &mut Client) -> Result<(HistoryTable, Vec<Applied>), postgres::Error> {
    let row =
        client.query_one("select to_regclass('migration') is not null, to_regclass($1) is not null", &[&FORMER])?;
    let (kept, select) = match (row.try_get(0)?, row.try_get(1)?) {
        (true, _) => (HistoryTable::Here, "select version, name, checksum from migration order by version".to_owned()),
        (false, true) => {
            (HistoryTable::Former, format!("select version, name::text, null::text from {FORMER} order by version"))
        }
        (false, false) => return Ok((HistoryTable::Nowhere, Vec::new())),
    };
    let rows = client.query(&select, &[])?;
    let read = |row: &postgres::Row| {
        Ok(Applied { version: row.try_get(0)?, name: row.try_get(1)?, checksum: row.try_get(2)? })
    };
    Ok((kept, rows.iter().map(read).collect::<Result<_, postgres::Error>>()?))
}

/// Refuses a database whose history this program cannot go on with.
fn check(history: &[Applied]) -> Result<(), StoreError> {
    let refuse = |why: String| Err(StoreError::Hopeless(why));
    for row in history {
        let (version, name) = (row.version, &row.name);
        let Some(known) = find(version) else {
            return refuse(format!("a newer ewsd applied the migration V{version} {name}: start that version of ewsd"));
        };
        if known.name != *name {
            return refuse(format!(
                "the migration V{version} was applied as {name}, but is {} in this ewsd",
                known.name
            ));
        }
        if row.checksum.as_ref().is_some_and(|checksum| *checksum != known.checksum()) {
            return refuse(format!(
                "the migration V{version} {name} was edited after it had been applied: start the ewsd that applied it, \
                 and change the tables by a new migration"
            ));
        }
    }
    let newest = history.last().map_or(0, |row| row.version);
    match MIGRATIONS.iter().find(|one| one.version < newest && !history.iter().any(|row| row.version == one.version)) {
        Some(one) => refuse(format!(
            "the migration V{} {} was never applied, though V{newest} was: restore a backup",
            one.version, one.name
        )),
        None => Ok(()),
    }
}

/// Makes the table of the history if there is none, with what the former one has.
fn take_over(client: &mut Client, kept: HistoryTable) -> Result<(), postgres::Error> {
    if kept == HistoryTable::Here {
        return Ok(());
    }
    let mut transaction = client.transaction()?;
    transaction.batch_execute(
        "create table migration (
            version integer primary key,
            name text not null,
            -- SHA-256 of the file.
            checksum text not null,
            applied timestamptz not null default now()
        )",
    )?;
    if kept == HistoryTable::Former {
        let take = format!(
            "insert into migration select version, name, $2, applied_on::timestamptz from {FORMER} where version = $1"
        );
        for one in MIGRATIONS {
            transaction.execute(&take, &[&one.version, &one.checksum()])?;
        }
        // A program that knows only this one would take newer tables for its own.
        transaction.batch_execute(&format!("drop table {FORMER}"))?;
    }
    transaction.commit()
}

fn run(client: &mut Client, one: &Migration) -> Result<(), postgres::Error> {
    let mut transaction = client.transaction()?;
    transaction.batch_execute(one.sql)?;
    let row = "insert into migration (version, name, checksum) values ($1, $2, $3)";
    transaction.execute(row, &[&one.version, &one.name, &one.checksum()])?;
    transaction.commit()
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
    let target = target(options)?;
    // The driver's own waits for ever on a Unix socket whose server is there and silent.
    match Session::connect(&target, options.connect_timeout) {
        Err(Broken::Late | Broken::Local(_)) => return Err(StoreError::Busy { retry_ms: options.retry_ms }),
        Err(Broken::Sql(_)) | Ok(_) => {}
    }
    let config = postgres::Config::from(target.config);
    let _seen_as = EffectiveUser::of(target.user).map_err(|error| StoreError::Db(error.to_string()))?;
    let connected = match target.tls {
        Some(tls) => config.connect(tls),
        None => config.connect(NoTls),
    };
    let mut client = connected.map_err(|error| match verdict(&error) {
        Verdict::Away => {
            log::debug!("PostgreSQL is not there yet: {}", text(&error));
            StoreError::Busy { retry_ms: options.retry_ms }
        }
        _ => refused(&error),
    })?;
    new_enough(&mut client)?;
    Ok(client)
}

/// Milliseconds after which one that was lost may be there again.
const AGAIN_MS: u32 = 1000;

/// The oldest version that the statements run on, as PostgreSQL numbers them.
const OLDEST: i32 = 150_000;

fn new_enough(client: &mut Client) -> Result<(), StoreError> {
    let row = client
        .query_one("select current_setting('server_version_num')::int, current_setting('server_version')", &[])
        .map_err(|error| failed(&error))?;
    let (number, name): (i32, String) = (row.get(0), row.get(1));
    if number < OLDEST {
        let why = format!("database.url: PostgreSQL {name} is too old: 15 or newer is needed");
        return Err(StoreError::Hopeless(why));
    }
    Ok(())
}

/// Whoever lost the server may try again.
fn failed(error: &postgres::Error) -> StoreError {
    match verdict(error) {
        Verdict::Away => StoreError::Busy { retry_ms: AGAIN_MS },
        _ => StoreError::Db(text(error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::MIGRATIONS;

    #[test]
    fn every_file_is_a_row_and_versions_grow() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        let mut files: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let mut rows: Vec<String> =
            MIGRATIONS.iter().map(|one| format!("V{}__{}.sql", one.version, one.name)).collect();
        files.sort();
        rows.sort();
        assert_eq!(files, rows, "put the file into the table MIGRATIONS");
        assert!(MIGRATIONS.is_sorted_by(|one, next| one.version < next.version));
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        let one = super::Migration { version: 1, name: "x", sql: "abc" };
        assert_eq!(one.checksum(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
