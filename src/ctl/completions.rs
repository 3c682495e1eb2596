//! `ewsctl completions`: what a shell needs to complete the commands.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Result};

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl completions bash >/usr/share/bash-completion/completions/ewsctl\n  \
    source <(ewsctl completions bash)")]
pub struct Args {
    /// The shell to print for.
    shell: Shell,
}

pub fn run(args: &Args) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ewsctl", &mut script);
    super::print(format_args!("{}", String::from_utf8_lossy(&script)))
}
