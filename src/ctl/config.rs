//! `ewsctl config`: is the file right, and what does it amount to?

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;

use super::Result;

/// Check or show the configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the configuration file and say whether it is right.
    #[command(after_help = "Example:\n  ewsctl -c ./ewsd.toml config check")]
    Check,
    /// Print every setting as the server would take it.
    #[command(after_help = "Examples:\n  ewsctl config show --changed          what differs from the defaults\n  \
        ewsctl config show limits.find_rows   one value\n  \
        ewsctl config show --defaults         every key with its meaning, without reading a file")]
    Show {
        /// Only this key, such as limits.find_rows.
        key: Option<String>,
        /// Leave out what is at its default.
        #[arg(long, conflicts_with = "key")]
        changed: bool,
        /// All keys at their defaults with their meaning: the text of the shipped ewsd.toml.
        #[arg(long, conflicts_with_all = ["key", "changed"])]
        defaults: bool,
    },
}

pub fn run(config: &Path, args: &Args) -> Result {
    match &args.command {
        Command::Check => {
            super::load(config)?;
            say!("{}: right", config.display())
        }
        Command::Show { defaults: true, .. } => super::print(format_args!("{}", ewsd_settings::sample())),
        Command::Show { key: Some(key), .. } => match super::load(config)?.value_of(key) {
            Some(value) => say!("{value}"),
            // The table's own words for a key that it lacks.
            None => Ok(Settings::default().set(&format!("{key}="))?),
        },
        Command::Show { changed, .. } => super::print(format_args!("{}", super::load(config)?.show(*changed))),
    }
}
