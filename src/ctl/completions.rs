//! `ewsctl completions`: what a shell needs to complete the commands, and the words that the program itself knows: accounts,
//! groups, keys.
//!
//! The shell asks the program at each press of the key. What cannot be found out (no database, no right to read the settings) is
//! not completed, and nothing is said: somebody is in the middle of a line.

use std::env::ArgsOs;
use std::ffi::OsStr;
use std::path::PathBuf;

use clap_complete::Shell;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use ewsd_settings::Settings;
use ewsd_store::Store;

use super::database::options;
use super::{Cli, Exit, Result, account_set};

/// Print the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  ewsctl completions bash >/usr/share/bash-completion/completions/ewsctl\n  \
    source <(ewsctl completions bash)")]
pub struct Args {
    /// The shell to print for.
    shell: Shell,
}

/// With this in the environment the program answers a shell, and does nothing else.
const ASKED: &str = "EWSCTL_COMPLETE";

pub fn run(args: &Args) -> Result {
    let shell = args.shell.to_string();
    let known = Shells::builtins();
    let completer = known.completer(&shell).ok_or_else(|| Exit::Usage.because(format!("{shell} is not known")))?;
    let mut script = Vec::new();
    completer
        .write_registration(ASKED, "ewsctl", "ewsctl", "ewsctl", &mut script)
        .map_err(|error| Exit::Io.because(error.to_string()))?;
    super::print(format_args!("{}", String::from_utf8_lossy(&script)))
}

/// Answers a shell that asks, and ends; else returns.
pub fn answer() {
    CompleteEnv::with_factory(<Cli as clap::CommandFactory>::command).var(ASKED).complete();
}

/// Logins of accounts.
pub fn accounts() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| from_database(current, logins))
}

/// Addresses of groups.
pub fn groups() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| from_database(current, addresses))
}

/// Both.
pub fn accounts_and_groups() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        from_database(current, |store| Some([logins(store)?, addresses(store)?].concat()))
    })
}

/// `KEY=` of what `account set` changes.
pub fn account_keys() -> ArgValueCompleter {
    let keys = || account_set::KEYS.iter().map(|key| (format!("{}=", key.name), key.meaning)).collect();
    ArgValueCompleter::new(move |current: &OsStr| matching(current, keys()))
}

/// Keys of the settings.
pub fn setting_keys() -> ArgValueCompleter {
    let rows = || ewsd_settings::SECTIONS.iter().flat_map(|section| section.rows);
    let keys = move || rows().map(|row| (row.key.to_owned(), row.doc)).collect();
    ArgValueCompleter::new(move |current: &OsStr| matching(current, keys()))
}

type Words = Vec<(String, &'static str)>;

fn logins(store: &mut Store) -> Option<Words> {
    Some(store.accounts().ok()?.into_iter().map(|account| (account.login, "")).collect())
}

fn addresses(store: &mut Store) -> Option<Words> {
    Some(store.groups().ok()?.into_iter().map(|group| (group.address, "")).collect())
}

/// Those that begin like what is there already.
fn matching(current: &OsStr, words: Words) -> Vec<CompletionCandidate> {
    let begun = current.to_string_lossy().to_lowercase();
    let fits = words.into_iter().filter(|(word, _)| word.to_lowercase().starts_with(&begun));
    fits.map(|(word, help)| CompletionCandidate::new(word).help(Some(help.into()).filter(|_| !help.is_empty())))
        .collect()
}

fn from_database(current: &OsStr, ask: impl FnOnce(&mut Store) -> Option<Words>) -> Vec<CompletionCandidate> {
    let words = || {
        let settings = Settings::load(&config(std::env::args_os())).ok()?;
        ask(&mut Store::connect(&options(&settings)).ok()?)
    };
    matching(current, words().unwrap_or_default())
}

/// The configuration file that the line which is being written names, or the usual one.
fn config(arguments: ArgsOs) -> PathBuf {
    let mut words = arguments.skip_while(|word| word != "--").skip(1);
    let mut named = None;
    while let Some(word) = words.next() {
        match word.to_str() {
            Some("-c" | "--config") => named = words.next(),
            Some(word) => named = word.strip_prefix("--config=").map(Into::into).or(named),
            None => {}
        }
    }
    named.map_or_else(|| PathBuf::from(ewsd_settings::DEFAULT_FILE), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_that_begin_alike() {
        let found = |completer: &ArgValueCompleter, begun: &str| -> Vec<String> {
            let all = completer.complete(OsStr::new(begun));
            all.iter().map(|one| one.get_value().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(found(&account_keys(), "l"), ["login=", "language="]);
        assert!(found(&setting_keys(), "limits.find").contains(&"limits.find_rows".to_owned()));
        assert!(found(&setting_keys(), "none.such").is_empty());
    }
}
