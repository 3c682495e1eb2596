//! `ewsctl login`: what failed logins have brought upon people.

use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};

use super::out::Out;
use super::{Result, control};

/// See to failed logins.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Forget all failed logins: whoever had too many of them may try again at once.
    #[command(after_help = "Example:\n  ewsctl login forgive")]
    Forgive,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    match &args.command {
        Command::Forgive => {
            control::tell(&settings, &json!({"cmd": "forgive"}))?;
            out.tell(&Value::Null, "failed logins are forgotten")
        }
    }
}
