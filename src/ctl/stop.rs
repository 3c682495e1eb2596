//! `ewsctl stop`: the server finishes what it has begun and ends.

use std::path::Path;

use serde_json::json;

use super::{Out, Result, control};

/// Stop the server: no new requests, what has begun is finished, clients that wait get their answer.
///
/// Returns when the master has taken the request; it ends after at most process.drain_seconds. The same as SIGTERM to ewsd.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  ewsctl -c /etc/ewsd/ewsd.toml stop")]
pub struct Args {}

pub fn run(config: &Path, _: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let answer = control::require(&settings, &json!({"cmd": "stop"}))?;
    out.tell(&answer, "stopping")
}
