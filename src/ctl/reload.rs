//! `ewsctl reload`: the server reads its configuration anew; nobody is dropped.

use std::path::Path;
use std::time::{Duration, Instant};

use ewsd_settings::Settings;
use serde_json::{Value, json};

use super::control::{self, text_of};
use super::{Exit, Out, Result};

/// Between two looks at how far the new generation is.
const LOOK: Duration = Duration::from_millis(50);

/// Read the configuration anew, with fresh workers. No connection is dropped.
///
/// Returns when the workers with the new settings serve; when they cannot start it says why, and those with the old ones go on
/// until they can. Keys that only a restart applies keep their running values; they are named. The same as SIGHUP to ewsd.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ewsctl config check && ewsctl reload")]
pub struct Args {
    /// Wait no longer than that for the new workers; 0: not at all.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = super::whole::<u64>)]
    wait: u64,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let answer = control::require(&settings, &json!({"cmd": "reload"}))?;
    if args.wait > 0 {
        wait(&settings, &answer, Duration::from_secs(args.wait))?;
    }
    out.tell(&answer, if args.wait > 0 { "reloaded" } else { "reloading" })?;
    if out.json {
        return Ok(());
    }
    let kept = answer.get("restart_needed").and_then(Value::as_array);
    for key in kept.into_iter().flatten().filter_map(Value::as_str) {
        say!("{key} is taken at the next start only")?;
    }
    Ok(())
}

/// Until everything that starts with the new settings stands.
fn wait(settings: &Settings, answer: &Value, most: Duration) -> Result {
    let wanted = answer.get("generation").and_then(Value::as_u64).unwrap_or_default();
    let until = Instant::now() + most;
    loop {
        let status = control::require(settings, &json!({"cmd": "status"}))?;
        let number = status.get("generation").and_then(Value::as_u64).unwrap_or_default();
        let waits = status.get("reloading").and_then(Value::as_bool) == Some(true);
        if number >= wanted && !waits {
            return Ok(());
        }
        if let Some(why) = failing(&status) {
            return Err(Exit::Failed.because(format!(
                "the settings are taken, but with them this does not start: {why}. What ran before goes on, and starting is \
                 tried again and again: mend it, and reload once more"
            )));
        }
        if Instant::now() > until {
            let text = format!(
                "after {} s the new workers do not stand yet; `ewsctl status` tells how it gets on",
                most.as_secs()
            );
            return Err(Exit::Temporary.because(text));
        }
        std::thread::park_timeout(LOOK);
    }
}

/// What cannot start, in words; none: everything can.
pub fn failing(status: &Value) -> Option<String> {
    let rows = status.get("failing").and_then(Value::as_array)?;
    let mut reasons: Vec<String> = rows
        .iter()
        .map(|row| format!("{} ({})", text_of(row, "role").unwrap_or("?"), text_of(row, "why").unwrap_or("?")))
        .collect();
    reasons.dedup();
    (!reasons.is_empty()).then(|| reasons.join(", "))
}
