//! `ewsctl doctor`: what is wrong with this set-up, and how it is cured.
//!
//! Each examination is a line of [`EXAMINATIONS`] and a function in the file of its kind; it looks and changes nothing. What a file
//! alone can tell is `ewsctl config check`'s matter.

use std::path::{Path, PathBuf};

use clap::Subcommand;

use ewsd_settings::Settings;
use serde_json::{Value, json};

use super::reach::Who;
use super::{Exit, Out, Result, control};

mod autodiscover;
mod certificate;
mod database;
mod listeners;
mod logins;
mod mail;
mod process;
mod proxy;

/// Look for what keeps the server, or its clients, from working: programs, users, files, addresses, descriptors, database, clock,
/// proxies, certificate, directory, mail. Looks, and changes nothing.
///
/// Run it as root, on the machine of the server: before its first start, and when something is wrong.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:\n  sudo ewsctl doctor\n  ewsctl doctor --json | jq '.[] | select(.state == \"wrong\")'\n  \
        ewsctl doctor autodiscover anna@example.org"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// The configuration of a proxy in front, beside those of nginx, Apache and HAProxy below /etc.
    #[arg(long, value_name = "FILE")]
    proxy: Vec<PathBuf>,
    /// The user that the MTA connects as; without it those of Postfix and Exim, where they are installed.
    #[arg(long, value_name = "USER")]
    mta_user: Option<String>,
    /// Where Postfix has its configuration.
    #[arg(long, value_name = "DIR", default_value = "/etc/postfix")]
    postfix: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    Autodiscover(autodiscover::Args),
}

/// How an examination ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Right,
    /// Nothing that keeps it from working today.
    Warning,
    Wrong,
}

/// What an examination found.
#[derive(Debug)]
struct Finding {
    state: State,
    text: String,
    /// What to do about it; empty where all is well.
    cure: String,
}

fn right(text: impl Into<String>) -> Finding {
    Finding { state: State::Right, text: text.into(), cure: String::new() }
}

fn wrong(text: impl Into<String>, cure: impl Into<String>) -> Finding {
    Finding { state: State::Wrong, text: text.into(), cure: cure.into() }
}

fn warning(text: impl Into<String>, cure: impl Into<String>) -> Finding {
    Finding { state: State::Warning, text: text.into(), cure: cure.into() }
}

/// What is looked at.
struct Patient<'a> {
    config: &'a Path,
    settings: Settings,
    args: &'a Args,
    /// What the running server says of itself, if one runs.
    status: Option<Value>,
    /// Whom the workers run as; none: nobody can be found, which is an examination of its own.
    user: Option<Who>,
}

/// What is examined, and how.
type Examination = (&'static str, fn(&Patient<'_>) -> Vec<Finding>);

/// In the order in which things are needed.
const EXAMINATIONS: &[Examination] = &[
    ("worker", process::worker),
    ("user", process::user),
    ("state", process::state),
    ("room", process::room),
    ("files", process::files),
    ("keytab", process::keytab),
    ("descriptors", process::descriptors),
    ("addresses", listeners::addresses),
    ("public URL", listeners::public_url),
    ("database", database::database),
    ("clock", database::clock),
    ("proxies", proxy::proxies),
    ("certificate", certificate::certificate),
    ("logins", logins::logins),
    ("mail in", mail::into_here),
    ("mail out", mail::out_of_here),
];

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    if let Some(Command::Autodiscover(args)) = &args.command {
        return autodiscover::run(config, args, out);
    }
    let settings = super::load(config)?;
    let status = control::ask(&settings, &json!({"cmd": "status"})).ok();
    let user = process::runs_as(&settings, status.as_ref());
    let patient = Patient { config, settings, args, status, user };
    let examined =
        EXAMINATIONS.iter().flat_map(|(name, examine)| examine(&patient).into_iter().map(|found| (*name, found)));
    report(examined, out)
}

/// Tells what was found, as it is found.
fn report(found: impl IntoIterator<Item = (&'static str, Finding)>, out: Out) -> Result {
    let mut rows = Vec::new();
    let mut found_wrong = 0;
    for (name, Finding { state, text, cure }) in found {
        found_wrong += usize::from(state == State::Wrong);
        let word = match state {
            State::Right => "right",
            State::Warning => "warning",
            State::Wrong => "wrong",
        };
        if !out.json {
            say!("{:8} {name:12} {text}", if state == State::Right { word.to_owned() } else { word.to_uppercase() })?;
            if !cure.is_empty() {
                say!("{:8} {:12} -> {cure}", "", "")?;
            }
        }
        rows.push(json!({"examination": name, "state": word, "text": text, "cure": cure}));
    }
    if out.json {
        say!("{:#}", Value::from(rows))?;
    }
    match found_wrong {
        0 => Ok(()),
        1 => Err(Exit::Failed.because("one thing is wrong; the line below it says what helps")),
        n => Err(Exit::Failed.because(format!("{n} things are wrong; the line below each says what helps"))),
    }
}
