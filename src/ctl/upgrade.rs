//! `ewsctl upgrade`: the running server goes on as the program that is installed by now. No connection is dropped.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::control::{self, text_of};
use super::database::{away, options};
use super::{Exit, Out, Result};

/// The master has tried the new program after so long, and says what came of it: longer than it lets that take.
const TRIAL: Duration = Duration::from_secs(30);
/// Between two looks at how far the new workers are.
const LOOK: Duration = Duration::from_millis(50);
/// The workers of the new program stand after so long, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// Go on as the program that is installed now: held calls, streams, uploads, all of them, notice nothing.
///
/// The tables are brought up to it (take a dump before), then the new program is tried. If it cannot start, or does not
/// understand what the running one has, that one goes on and the reason is told: restart the service then. The same as SIGUSR2
/// to ewsd. Packages do this when they are upgraded.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  apt install ewsd && ewsctl upgrade")]
pub struct Args {}

pub fn run(config: &Path, _: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    // The workers of the new program want their tables; those of the old one go on with them.
    let applied = ewsd_store::migrate(&options(&settings)).map_err(|error| away(&settings, &error))?;
    for (version, name) in applied.iter().filter(|_| !out.json) {
        say!("applied {version} {name}")?;
    }
    let answer = control::require_within(&settings, &json!({"cmd": "upgrade"}), TRIAL)?;
    let wanted = answer.get("generation").and_then(Value::as_u64).unwrap_or_default();
    let until = Instant::now() + PATIENCE;
    loop {
        let status = control::require(&settings, &json!({"cmd": "status"}))?;
        let number = status.get("generation").and_then(Value::as_u64).unwrap_or_default();
        if number >= wanted && status.get("reloading").and_then(Value::as_bool) != Some(true) {
            break;
        }
        if Instant::now() > until {
            let text = "the program is upgraded, its workers do not stand yet; `ewsctl status` tells how it gets on";
            return Err(Exit::Temporary.because(text));
        }
        std::thread::park_timeout(LOOK);
    }
    out.tell(&answer, &format!("upgraded to ewsd {}", text_of(&answer, "version").unwrap_or("?")))
}
