//! `ewsload`: how much the server does, and what it needs for it. Talks to loopback addresses unless told otherwise, and is bounded in
//! count and time: a measuring instrument, not a weapon.
//!
//! Requests are made beforehand and answers only searched for a few words, so that what is measured is the server.
//!
//! Next: `target/` (which server, who logs in), then a file for each scenario: `bench` (throughput), `calendar` (views and free/busy), `idle`,
//! `wake` and `storm` (many clients that wait: `crowd/`), `nodes/` (on many masters), `mixed/` (a whole day), `churn` (they come and go),
//! `dribble` (slow ones), `race` (nothing lost), `guess/` (wrong passwords beside people who work), `hostile/` (one account and one network that take
//! all they can), `peaks/` (memory for one message, request, answer), `login/` (what each scheme costs), `corpus` (read rightly). `figures` are
//! written down and compared, `plot` draws them.

mod bench;
mod calendar;
mod churn;
mod corpus;
mod crowd;
mod demo;
mod dribble;
mod error;
mod figures;
mod guess;
mod hostile;
mod http;
mod idle;
mod line;
mod lmtp;
mod login;
mod man;
mod memory;
mod mixed;
mod nodes;
mod pace;
mod peaks;
mod plot;
mod post;
mod prepare;
mod processes;
mod programs;
mod progress;
mod proof;
mod race;
mod soap;
mod stats;
mod storm;
mod target;
mod wake;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// Measure an EWS server: one of its own, one that runs on this machine, or, by leave, another one.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Throughput, answer times and memory, as tables.
    Bench(bench::Options),
    /// Views of a full calendar beside a small one, and who is free of many people.
    Calendar(calendar::Options),
    /// What clients cost that wait while nothing happens: memory, processor time, octets.
    Idle(idle::Options),
    /// One client at a time is woken among many that wait.
    Wake(wake::Options),
    /// All clients that wait are woken at once.
    Storm(storm::Options),
    /// Most wait, some work, mail comes in; with an upgrade in the middle, if wanted.
    Mixed(mixed::Options),
    /// The same for long: memory and descriptors over time.
    Soak(mixed::Soak),
    /// Many masters on one database that share a port, and clients on all of them: memory, processor time, who is told, and what a
    /// change costs the database. The exit status is 1 if a client is not told, or told twice.
    Nodes(nodes::Options),
    /// A process of clients that wait.
    #[command(hide = true)]
    Holders,
    /// Clients that come and go.
    Churn(churn::Options),
    /// Clients that dribble requests and clients that never read, beside one that counts.
    Dribble(dribble::Options),
    /// Messages of other people's tests, delivered and read back.
    Corpus(corpus::Options),
    /// Deliveries that race with waiting calls: each must be told exactly once.
    Race(race::Options),
    /// Wrong passwords from many networks on many accounts, beside people who work and owners who log in; the exit status is 1 if one of
    /// these does not get in.
    Guess(guess::Options),
    /// The process that guesses.
    #[command(hide = true)]
    Guessers,
    /// One account that takes all it can get, and a network of strangers, beside a user, mail and an administrator; and the same load
    /// of many honest accounts. The exit status is 1 if one of the three is not served.
    Hostile(hostile::Options),
    /// The process that makes that load.
    #[command(hide = true)]
    Loaders,
    /// The most memory that any process takes for one message, request or answer; the exit status is 1 if it is more than there may be.
    Peaks(peaks::Options),
    /// Processor time of the workers for a login, by each scheme, on new connections.
    Login(login::Options),
    /// The process of a client of Kerberos.
    #[command(hide = true)]
    Tickets(login::tickets::Options),
    /// Compare the figures of two runs (--json); the exit status is 1 if one became worse.
    Compare(figures::Options),
    /// Print ewsload(1), for the package.
    #[command(hide = true)]
    Man,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Bench(options) => bench::run(&options),
        Command::Calendar(options) => calendar::run(&options),
        Command::Idle(options) => idle::run(&options),
        Command::Wake(options) => wake::run(&options),
        Command::Storm(options) => storm::run(&options),
        Command::Mixed(options) => mixed::run(&options),
        Command::Soak(options) => mixed::soak(&options),
        Command::Nodes(options) => nodes::run(&options),
        Command::Holders => nodes::holders::run(),
        Command::Churn(options) => churn::run(&options),
        Command::Dribble(options) => dribble::run(&options),
        Command::Corpus(options) => corpus::run(&options),
        Command::Race(options) => race::run(&options),
        Command::Guess(options) => guess::run(&options),
        Command::Guessers => guess::attack::run(),
        Command::Hostile(options) => hostile::run(&options),
        Command::Loaders => hostile::load::run(),
        Command::Peaks(options) => peaks::run(&options),
        Command::Login(options) => login::run(&options),
        Command::Tickets(options) => login::tickets::run(&options),
        Command::Compare(options) => figures::compare(&options),
        Command::Man => man::print(Cli::command()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ewsload: {error}");
            ExitCode::FAILURE
        }
    }
}
