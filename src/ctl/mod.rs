//! `ewsctl`: one file per command.
//!
//! Commands talk to the running server by its control socket (`control.rs`), to the database by `ewsd-store`, and to nothing else.
//! Next: the file named after the command; `demo/` for the whole server in one command.

use std::fmt;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use ewsd_mailbox::convert;
use ewsd_settings::{Log, Settings, logging};
use ewsd_worker::convert::Child;

use self::exit::Exit;
use self::out::Out;

/// Prints a line on standard output; an error when that fails.
macro_rules! say {
    ($($text:tt)*) => { $crate::ctl::print(format_args!("{}\n", format_args!($($text)*))) };
}

mod account;
mod account_set;
mod address;
mod calendar;
mod completions;
mod config;
mod control;
mod database;
mod deliver;
mod demo;
mod doctor;
mod exit;
mod grant;
mod group;
mod kick;
mod login;
mod mailbox;
mod man;
mod nodes;
mod operations;
mod out;
mod password;
mod progress;
mod queue;
mod reach;
mod reload;
mod samples;
mod show;
mod signals;
mod status;
mod stop;
mod top;
mod trace;
mod upgrade;

/// What went wrong and what to do about it, ready to be printed after `ewsctl: `.
type Result<T = ()> = std::result::Result<T, Failure>;

/// The end of a command that did not work out.
#[derive(Debug)]
pub struct Failure {
    pub code: Exit,
    pub text: String,
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Exit::Failed.because(text)
    }
}

impl From<ewsd_settings::Error> for Failure {
    fn from(error: ewsd_settings::Error) -> Self {
        Exit::Config.because(error.to_string())
    }
}

const EXAMPLES: &str = "Examples:
  ewsctl demo --dir /var/tmp/ewsd-demo     a whole server to try, in the foreground
  ewsctl account add anna@example.org      a new account with its mailbox
  ewsctl status                            what the running server does
  ewsctl help account add                  more about one command";

/// Administration of ewsd, the Exchange Web Services server.
#[derive(Debug, Parser)]
#[command(name = "ewsctl", version, after_help = EXAMPLES)]
pub struct Cli {
    /// The configuration file of the server.
    #[arg(short, long, global = true, value_name = "FILE", default_value = ewsd_settings::DEFAULT_FILE)]
    config: PathBuf,

    /// Print results as JSON: one value, of the same members in every version to come.
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Account(account::Args),
    Address(address::Args),
    Group(group::Args),
    Grant(grant::Args),
    Login(login::Args),
    Deliver(deliver::Args),
    Calendar(calendar::Args),
    Mailbox(mailbox::Args),
    Queue(queue::Args),
    Status(status::Args),
    Show(show::Args),
    Kick(kick::Args),
    Top(top::Args),
    Trace(trace::Args),
    Stop(stop::Args),
    Reload(reload::Args),
    Doctor(doctor::Args),
    Upgrade(upgrade::Args),
    Config(config::Args),
    Database(database::Args),
    Operations(operations::Args),
    Man(man::Args),
    Completions(completions::Args),
}

/// Runs the command of the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|word| word == CONVERTER) {
        return converter();
    }
    completions::answer();
    let cli = match command_line() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let out = Out { json: cli.json };
    // What the store and delivery log in the server's processes, here a person sees.
    logging::start(&Log { level: "warn".into(), target: "stderr".into(), ..Log::default() }, false);
    convert::by(Child::new(CONVERTER));
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Account(args) => account::run(&cli.config, &args, out),
        Command::Address(args) => address::run(&cli.config, &args, out),
        Command::Group(args) => group::run(&cli.config, &args, out),
        Command::Grant(args) => grant::run(&cli.config, &args, out),
        Command::Login(args) => login::run(&cli.config, &args, out),
        Command::Deliver(args) => deliver::run(&cli.config, &args, out),
        Command::Calendar(args) => calendar::run(&cli.config, &args, out),
        Command::Mailbox(args) => mailbox::run(&cli.config, &args, out),
        Command::Queue(args) => queue::run(&cli.config, &args, out),
        Command::Status(args) => status::run(&cli.config, &args, out),
        Command::Show(args) => show::run(&cli.config, &args, out),
        Command::Kick(args) => kick::run(&cli.config, &args, out),
        Command::Top(args) => top::run(&cli.config, &args, out),
        Command::Trace(args) => trace::run(&cli.config, &args, out),
        Command::Stop(args) => stop::run(&cli.config, &args, out),
        Command::Upgrade(args) => upgrade::run(&cli.config, &args, out),
        Command::Reload(args) => reload::run(&cli.config, &args, out),
        Command::Doctor(args) => doctor::run(&cli.config, &args, out),
        Command::Config(args) => config::run(&cli.config, &args, out),
        Command::Database(args) => database::run(&cli.config, &args, out),
        Command::Operations(args) => operations::run(&args, out),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("ewsctl: {}", failure.text);
            ExitCode::from(failure.code.number())
        }
    }
}

/// With this argument the program is the converter of another one, and nothing else: no file is read, no server asked.
const CONVERTER: &str = "--convert-for-parent";

fn converter() -> ExitCode {
    logging::start(&Log { level: "warn".into(), target: "stderr".into(), ..Log::default() }, false);
    match ewsd_worker::convert::be_child() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ewsctl: {why}");
            ExitCode::from(Exit::Io.number())
        }
    }
}

/// The arguments; else what was to be said of them is said, and the status is left.
fn command_line() -> std::result::Result<Cli, ExitCode> {
    let matches = exit::document(Cli::command()).try_get_matches();
    matches.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| {
        let _ = error.print();
        if error.use_stderr() { ExitCode::from(Exit::Usage.number()) } else { ExitCode::SUCCESS }
    })
}

/// Prints on standard output. A reader that has gone (`| head`) has seen what it wanted.
fn print(text: fmt::Arguments<'_>) -> Result {
    match std::io::stdout().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Exit::Io.because(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Reads a number of the command line, with words for a person when it is none.
fn whole<N: std::str::FromStr>(text: &str) -> std::result::Result<N, String> {
    text.parse().map_err(|_| "a whole number is needed".to_owned())
}

fn load(config: &Path) -> Result<Settings> {
    Ok(Settings::load(config)?)
}

/// As [`load`], for commands that only talk to the running server: all they need is server.state_dir, so a file that is broken
/// otherwise does not keep them from it.
fn load_to_reach(config: &Path) -> Result<Settings> {
    let (settings, wrong) = Settings::salvage(config, "server.state_dir")?;
    if let Some(wrong) = wrong {
        eprintln!(
            "ewsctl: {wrong}; the server that runs in {} is asked all the same, and goes on with what it has read before",
            settings.server.state_dir
        );
    }
    Ok(settings)
}
