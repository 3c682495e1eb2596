//! `ewsctl reload`: the server reads its configuration anew; nobody is dropped.

use std::path::Path;

use serde_json::{Value, json};

use super::{Out, Result, control};

/// Read the configuration anew, with fresh workers. No connection is dropped.
///
/// Keys that only a restart applies keep their running values; they are named. The same as SIGHUP to ewsd.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ewsctl config check && ewsctl reload")]
pub struct Args {}

pub fn run(config: &Path, _: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let answer = control::require(&settings, &json!({"cmd": "reload"}))?;
    out.tell(&answer, "reloaded")?;
    if out.json {
        return Ok(());
    }
    let kept = answer.get("restart_needed").and_then(Value::as_array);
    for key in kept.into_iter().flatten().filter_map(Value::as_str) {
        say!("{key} is taken at the next start only")?;
    }
    Ok(())
}
