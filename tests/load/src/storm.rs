//! All clients that wait are woken at once: one message to each mailbox, and how long it takes until the last has its answer.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::crowd::{Crowd, Kind, MOMENT, PATIENCE, What};
use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::idle;
use crate::memory;
use crate::post::Post;
use crate::stats::{Times, median, ms, to_usize};
use crate::target::{self, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Clients that wait in a GetEvents.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    clients: u32,
    /// Clients that wait on a stream: woken by themselves, after the others.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    streams: u32,
    /// Mailboxes that they share out among themselves: a row for each number.
    #[arg(long, value_delimiter = ',', default_values_t = [8, 1], value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: Vec<u32>,
    /// Rounds of: all wait, one message to each mailbox, all are woken. Figures are their medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    #[command(flatten)]
    out: Out,
}

/// Seconds that a call is held.
const WAIT: u32 = 3600;

pub fn run(options: &Options) -> Result {
    let [pulls, streams] = [options.clients, options.streams].map(to_usize);
    let most = pulls.max(streams);
    target::room_for(most)?;
    let mailboxes = options.mailboxes.iter().copied().max().map_or(1, to_usize);
    let target = Target::find(&options.server, mailboxes, &idle::settings(most, WAIT))?;
    println!("{}\n", memory::machine());
    println!("| clients | mailboxes | woken by | p50 ms | p99 ms | last |\n|---|---|---|---|---|---|");
    let mut figures = Figures::default();
    for (kind, count) in [(Kind::Pull, pulls), (Kind::Stream, streams)] {
        for mailboxes in options.mailboxes.iter().copied().map(to_usize) {
            if count > 0 {
                storms(options, &target, &mut figures, (kind, count, mailboxes))?;
            }
        }
    }
    let parameters = json!({
        "clients": pulls, "streams": streams, "mailboxes": options.mailboxes, "rounds": options.rounds,
        "workers": options.server.workers,
    });
    options.out.write(&figures, "storm", &parameters)
}

fn storms(
    options: &Options,
    target: &Target,
    figures: &mut Figures,
    (kind, count, mailboxes): (Kind, usize, usize),
) -> Result {
    let mut crowd = Crowd::new()?;
    crowd.gather(target, kind, count, (0, mailboxes))?;
    crowd.ask_all(target, 0..count, WAIT)?;
    let mut post = Post::open(target)?;
    let (mut all, mut rounds) = (Times::default(), Vec::new());
    for round in 1..=options.rounds {
        if kind == Kind::Stream {
            crowd.rest(MOMENT)?;
        }
        let times = wake(target, &mut crowd, &mut post, mailboxes)?;
        rounds.push([50.0, 99.0, 100.0].map(|percent| times.percentile_ms(percent)));
        all.merge(&times);
        if round < options.rounds && kind == Kind::Pull {
            crowd.ask_all(target, 0..count, WAIT)?;
        }
    }
    let middle = |n: usize| median(rounds.iter().filter_map(|round| round.get(n).copied()).collect());
    let [p50, p99, last] = [0, 1, 2].map(middle);
    println!("| {count} ({}) | {mailboxes} | {} | {p50:.1} | {p99:.1} | {last:.1} |", kind.name(), post.name());
    let name = format!("{}_{mailboxes}_mailboxes", kind.name());
    for (what, value) in [("p50_ms", p50), ("p99_ms", p99), ("last_ms", last)] {
        figures.put(&format!("{name}_{what}"), value);
    }
    figures.put_curve(&name, &all);
    Ok(())
}

/// One message to each mailbox; the time from its 250, or the reply, to the answer of each client.
///
/// # Errors
/// Somebody was told nothing, or something else.
pub fn wake(target: &Target, crowd: &mut Crowd, post: &mut Post, mailboxes: usize) -> Result<Times> {
    let (mut sent, mut told) = (Vec::with_capacity(mailboxes), Vec::with_capacity(crowd.len()));
    for account in 0..mailboxes {
        sent.push(post.bring(target.account(account)?, "wake up")?);
        crowd.hear(Duration::ZERO, &mut told)?;
    }
    let end = Instant::now() + PATIENCE;
    while told.len() < crowd.len() {
        if Instant::now() > end {
            return Err(Error::new(format!("only {} of {} were woken in {PATIENCE:?}", told.len(), crowd.len())));
        }
        crowd.hear(Duration::from_secs(1), &mut told)?;
        told.retain(|told| told.what != What::Beat);
    }
    let since = |told: crate::crowd::Told| match told.what {
        // An answer may be here before the 250 is.
        What::News { .. } => {
            let sent = sent.get(crowd.account(told.who)).copied().unwrap_or(told.at);
            Ok(told.at.saturating_duration_since(sent))
        }
        what => Err(Error::new(format!("a client was told {what:?} instead of the news"))),
    };
    told.into_iter().map(since).collect()
}

/// How long so many clients took to be woken, for a table.
pub fn in_words(times: &Times) -> String {
    let [p50, p99, last] = [50.0, 99.0, 100.0].map(|percent| ms(times.percentile(percent)));
    format!(
        "{} held clients woken by a message to each mailbox: p50 {p50} ms, p99 {p99} ms, last {last} ms after the 250",
        times.len()
    )
}
