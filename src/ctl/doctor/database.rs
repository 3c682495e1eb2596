//! The database: whether it can be reached, is new enough and right, and what time it has.

use ewsd_settings::Settings;
use ewsd_store::{Doubt, Health, Store, StoreError};

use super::super::database::options;
use super::{Finding, Patient, right, warning, wrong};

/// The oldest PostgreSQL that is supported, as `server_version_num` counts.
const OLDEST: i32 = 150_000;
/// What makes a database with the right encoding and locale, which it keeps.
const MAKE_ANEW: &str = "make one with createdb --encoding UTF8 --locale C.UTF-8 --template template0";
/// Seconds by which the database's clock may differ.
const UNSEEN: f64 = 2.0;
/// Beyond that what expires does so at wrong times, and mail carries wrong dates.
const WRONG: f64 = 60.0;

fn ask(patient: &Patient<'_>) -> std::result::Result<Health, StoreError> {
    Store::connect(&options(&patient.settings))?.health()
}

/// It answers, and is of a version that will do.
pub fn database(patient: &Patient<'_>) -> Vec<Finding> {
    let private = patient.settings.database.url.is_empty();
    if private && patient.status.is_none() {
        return vec![right("the private PostgreSQL starts with the server")];
    }
    let health = match ask(patient) {
        Ok(health) => health,
        Err(StoreError::Busy { .. }) if private => {
            return vec![wrong(
                "the private PostgreSQL does not answer",
                "the server's log says why (journalctl -u ewsd); run the doctor as root",
            )];
        }
        Err(StoreError::Busy { .. }) => {
            return vec![wrong(
                "nothing answers where database.url leads",
                "is PostgreSQL started, and does a firewall stand between?",
            )];
        }
        Err(StoreError::Hopeless(said)) if said.contains("Peer authentication") => {
            return vec![wrong(
                said,
                "it takes a Unix user of the same name alone: run this as the server's user (sudo -u ewsd ewsctl doctor)",
            )];
        }
        Err(error) => return vec![wrong(error.to_string(), "mend database.url, or what it names on the server")],
    };
    let mut found = vec![version(&health)];
    if !health.letters {
        found.push(letters(&health));
    }
    found
}

/// A new one is refused, one from before goes on.
fn letters(health: &Health) -> Finding {
    let text =
        "the database does not know small letters from large ones beyond a to z: searches miss some, or are slow";
    if health.tables {
        return warning(text, format!("{MAKE_ANEW}, stop the server, pg_dump from here and restore there"));
    }
    wrong(text, MAKE_ANEW)
}

fn version(health: &Health) -> Finding {
    let said = format!("PostgreSQL {}.{}", health.version / 10_000, health.version % 10_000);
    match health.version {
        old if old < OLDEST => {
            wrong(format!("{said} is too old"), "PostgreSQL 15 or newer is needed: pg_dump there, restore here")
        }
        _ if !health.tables => right(format!("{said} answers; the server makes its tables when it starts")),
        _ => right(format!("{said} answers")),
    }
}

/// Its clock and this machine's agree.
pub fn clock(patient: &Patient<'_>) -> Vec<Finding> {
    if patient.settings.database.url.is_empty() && patient.status.is_none() {
        return Vec::new();
    }
    let before = jiff::Timestamp::now();
    let Ok(health) = ask(patient) else { return Vec::new() };
    // Somewhere between the two it was asked.
    let after = jiff::Timestamp::now();
    let ahead = health.clock.duration_since(after).as_secs_f64().max(0.0);
    let behind = before.duration_since(health.clock).as_secs_f64().max(0.0);
    let mut found = vec![difference(ahead - behind)];
    // Before it runs nobody looks, which it would wait for when it starts.
    if patient.status.is_some() {
        found.extend(doubt(&patient.settings));
    }
    found
}

/// Whether age is judged by it.
fn doubt(settings: &Settings) -> Option<Finding> {
    let seen = Store::connect(&options(settings)).ok()?.seen_clock().ok()?;
    match seen.judge(jiff::Timestamp::now(), settings.limits.clock_seconds) {
        // That they are apart was said.
        Ok(_) | Err(Doubt::Apart { .. }) => None,
        Err(Doubt::Jumped { left }) => Some(warning(
            format!(
                "the clock jumped, or no server ran for an hour: nothing is thrown away by its age for {left} s more"
            ),
            "set it right if it is not; then nothing is to be done (limits.clock_seconds)",
        )),
    }
}

fn difference(seconds: f64) -> Finding {
    let text = format!(
        "the database's clock is {:.0} s {} this machine's",
        seconds.abs(),
        if seconds < 0.0 { "behind" } else { "ahead of" }
    );
    let cure = "have both machines take the time from the same servers (timedatectl, chronyc tracking)";
    match seconds.abs() {
        apart if apart > WRONG => wrong(text, cure),
        apart if apart > UNSEEN => warning(text, cure),
        _ => right("the database's clock is this machine's"),
    }
}
