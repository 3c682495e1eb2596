//! `ewsload`: how much the server does, and what it needs for it. Talks to loopback addresses only, and is bounded in count and
//! time: a measuring instrument, not a weapon.
//!
//! Requests are made beforehand and answers only searched for a few words, so that what is measured is the server.
//! Next: `bench` (throughput and memory), `calendar` (views and free/busy), `hold` (many waiting clients), `dribble` (slow ones), `race` (nothing lost), `guess` (wrong passwords beside people who work),
//! `login` (what each scheme costs), `corpus` (read rightly),
//! `figures` (written down and compared).

mod bench;
mod calendar;
mod corpus;
mod demo;
mod dribble;
mod error;
mod figures;
mod guess;
mod hold;
mod http;
mod lmtp;
mod login;
mod memory;
mod prepare;
mod proof;
mod race;
mod soap;
mod stats;
mod target;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

use crate::error::{Error, Result};

/// Measure an EWS server on this machine.
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
    /// Many clients that wait for an event; then one mail to each mailbox wakes them all.
    Hold(hold::Options),
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
    /// Processor time of the workers for a login, by each scheme, on new connections.
    Login(login::Options),
    /// The process of a client of Kerberos.
    #[command(hide = true)]
    Tickets(login::tickets::Options),
    /// Compare the figures of two runs (`hold --json`); the exit status is 1 if one became worse.
    Compare(figures::Options),
    /// Print ewsload(1), for the package.
    #[command(hide = true)]
    Man,
}

/// Which server is measured.
#[derive(Debug, Args)]
struct Server {
    /// The `ready.json` of a running demo; without it one is started and stopped again.
    #[arg(long, value_name = "FILE")]
    ready: Option<PathBuf>,
    /// The `ewsctl` that starts the demo; without it the one beside this program.
    #[arg(long, value_name = "FILE")]
    ewsctl: Option<PathBuf>,
    /// Request workers of the demo that is started; 0: one per processor, at least two.
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    workers: u16,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Bench(options) => bench::run(&options),
        Command::Calendar(options) => calendar::run(&options),
        Command::Hold(options) => hold::run(&options),
        Command::Dribble(options) => dribble::run(&options),
        Command::Corpus(options) => corpus::run(&options),
        Command::Race(options) => race::run(&options),
        Command::Guess(options) => guess::run(&options),
        Command::Guessers => guess::attack::run(),
        Command::Login(options) => login::run(&options),
        Command::Tickets(options) => login::tickets::run(&options),
        Command::Compare(options) => figures::compare(&options),
        Command::Man => man(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ewsload: {error}");
            ExitCode::FAILURE
        }
    }
}

fn man() -> Result<()> {
    let page = clap_mangen::Man::new(Cli::command()).title("ewsload");
    // No date: two builds of the same source give the same octets.
    let head = concat!(".TH ewsload 1 \"\" \"ewsd ", env!("CARGO_PKG_VERSION"), "\" \"ewsd\"\n");
    let mut out = std::io::stdout().lock();
    out.write_all(head.as_bytes())?;
    let sections = [
        clap_mangen::Man::render_name_section,
        clap_mangen::Man::render_synopsis_section,
        clap_mangen::Man::render_description_section,
        clap_mangen::Man::render_options_section,
        clap_mangen::Man::render_subcommands_section,
    ];
    sections.into_iter().try_for_each(|section| section(&page, &mut out)).map_err(Error::from)
}
