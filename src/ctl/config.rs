//! `ewsctl config`: is the file right, and what does it amount to?

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;

use serde_json::{Map, Value, json};

use super::{Exit, Out, Result, completions};

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
        #[arg(add = completions::setting_keys())]
        key: Option<String>,
        /// Leave out what is at its default.
        #[arg(long, conflicts_with = "key")]
        changed: bool,
        /// All keys at their defaults with their meaning: the text of the shipped ewsd.toml.
        #[arg(long, conflicts_with_all = ["key", "changed"])]
        defaults: bool,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    match &args.command {
        Command::Check => {
            super::load(config)?;
            out.tell(&json!({"file": config, "right": true}), &format!("{}: right", config.display()))
        }
        Command::Show { defaults: true, .. } => super::print(format_args!("{}", ewsd_settings::sample())),
        Command::Show { key: Some(key), .. } => match super::load(config)?.value_of(key) {
            Some(value) => out.tell(&json!({ key: as_json(&value) }), &value),
            // The table's own words for a key that it lacks.
            None => Settings::default().assign(key, "").map_err(|error| Exit::NoInput.because(error.to_string())),
        },
        Command::Show { changed, .. } if out.json => say!("{:#}", values(&super::load(config)?, *changed)),
        Command::Show { changed, .. } => super::print(format_args!("{}", super::load(config)?.show(*changed))),
    }
}

/// Every key with its value as the file has it; `changed`: those that are not at their defaults.
fn values(settings: &Settings, changed: bool) -> Value {
    let defaults = Settings::default();
    let keys = ewsd_settings::SECTIONS.iter().flat_map(|section| section.rows).map(|row| row.key);
    let pairs = keys.filter(|key| !changed || settings.value_of(key) != defaults.value_of(key));
    Value::Object(
        pairs
            .map(|key| (key.to_owned(), settings.value_of(key).map_or(Value::Null, |value| as_json(&value))))
            .collect::<Map<_, _>>(),
    )
}

/// A value as the file has it is written alike in JSON: texts in double quotes, lists of them, numbers but for their `_`.
fn as_json(value: &str) -> Value {
    let number = value.chars().all(|c| c.is_ascii_digit() || c == '_').then(|| value.replace('_', ""));
    serde_json::from_str(number.as_deref().unwrap_or(value)).unwrap_or_else(|_| Value::from(value))
}
