//! `ewsload`: how much the server does, and what it needs for it. Talks to loopback addresses only, and is bounded in count and
//! time: a measuring instrument, not a weapon.
//!
//! Requests are made beforehand and answers only searched for a few words, so that what is measured is the server.
//! Next: `bench` (throughput and memory), `hold` (many waiting clients), `dribble` (slow ones), `race` (nothing lost).

mod bench;
mod demo;
mod dribble;
mod error;
mod hold;
mod http;
mod lmtp;
mod memory;
mod prepare;
mod race;
mod soap;
mod stats;
mod target;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

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
    /// Many clients that wait for an event; then one mail to each mailbox wakes them all.
    Hold(hold::Options),
    /// Clients that dribble requests and clients that never read, beside one that counts.
    Dribble(dribble::Options),
    /// Deliveries that race with waiting calls: each must be told exactly once.
    Race(race::Options),
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
        Command::Hold(options) => hold::run(&options),
        Command::Dribble(options) => dribble::run(&options),
        Command::Race(options) => race::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ewsload: {error}");
            ExitCode::FAILURE
        }
    }
}
