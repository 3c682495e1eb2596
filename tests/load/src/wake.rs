//! One client at a time among many that wait: from the moment at which mail is taken, or an item made, to its answer.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::crowd::{Crowd, Kind, MOMENT, PATIENCE, What};
use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::idle;
use crate::memory;
use crate::post::Post;
use crate::progress::Progress;
use crate::stats::{Times, ms, to_usize};
use crate::target::{self, Account, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Clients that wait in a GetEvents meanwhile.
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    clients: u32,
    /// Clients that wait on a stream meanwhile.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    streams: u32,
    /// Mailboxes of those that are not woken.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: u32,
    /// How often one is woken, of each kind and in each way.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// Milliseconds from one message to the next, at least.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=60_000))]
    pause: u32,
    #[command(flatten)]
    out: Out,
}

/// Those that are woken in turn, each with a mailbox of its own: one that was woken is held again long before its next turn.
const WOKEN: usize = 64;
/// Seconds that a call is held.
const WAIT: u32 = 3600;

pub fn run(options: &Options) -> Result {
    let [pulls, streams, mailboxes] = [options.clients, options.streams, options.mailboxes].map(to_usize);
    let all = pulls + streams + 2 * WOKEN;
    target::room_for(all)?;
    let target = Target::find(&options.server, mailboxes + 2 * WOKEN, &idle::settings(all, WAIT))?;
    println!("{}\n", memory::machine());
    let mut crowd = Crowd::new()?;
    let woken = [(Kind::Pull, 0, WOKEN), (Kind::Stream, WOKEN, WOKEN)];
    let others =
        [(Kind::Pull, pulls), (Kind::Stream, streams)].map(|(kind, count)| (kind, 2 * WOKEN, mailboxes, count));
    for (kind, first, accounts, count) in woken.map(|(kind, first, n)| (kind, first, n, n)).into_iter().chain(others) {
        let begin = crowd.len();
        crowd.gather(&target, kind, count, (first, accounts))?;
        crowd.ask_all(&target, begin..begin + count, WAIT)?;
    }
    println!("{} clients wait, one at a time is woken\n", crowd.len());
    println!("| woken by | client | times | p50 ms | p99 ms | most |\n|---|---|---|---|---|---|");
    let mut figures = Figures::default();
    for open in Post::ways(&target) {
        let mut post = open(&target)?;
        for (kind, first, count) in woken {
            let mut one = One { target: &target, crowd: &mut crowd, post: &mut post };
            let times = one.rounds(kind, (first, count), options)?;
            let name = format!("{}_{}", kind.name(), one.post.name());
            let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| ms(times.percentile(percent)));
            println!("| {} | {} | {} | {p50} | {p99} | {most} |", one.post.name(), kind.name(), times.len());
            figures.put_times(&name, &times);
        }
    }
    let parameters = json!({
        "clients": pulls, "streams": streams, "mailboxes": mailboxes, "rounds": options.rounds, "pause": options.pause,
        "workers": options.server.workers,
    });
    options.out.write(&figures, "wake", &parameters)
}

/// Who is woken, and by whom.
struct One<'o> {
    target: &'o Target,
    crowd: &'o mut Crowd,
    post: &'o mut Post,
}

impl One<'_> {
    /// Wakes those in turn whose numbers, and whose accounts', begin at `first`.
    fn rounds(&mut self, kind: Kind, (first, count): (usize, usize), options: &Options) -> Result<Times> {
        let progress = Progress::new(&format!("{} by {}", kind.name(), self.post.name()), to_usize(options.rounds));
        let turn = if kind == Kind::Stream { MOMENT } else { Duration::ZERO };
        let pause = Duration::from_millis(options.pause.into()).max(turn / u32::try_from(count).unwrap_or(1));
        let mut times = Times::default();
        for round in 0..to_usize(options.rounds) {
            let next = Instant::now() + pause;
            let who = first + round % count;
            let account = self.target.account(who)?;
            times.add(self.wake(who, account)?);
            if kind == Kind::Pull {
                self.crowd.ask(self.target, who, WAIT)?;
            }
            self.crowd.rest(next.saturating_duration_since(Instant::now()))?;
            progress.step();
        }
        Ok(times)
    }

    fn wake(&mut self, who: usize, account: &Account) -> Result<Duration> {
        let sent = self.post.bring(account, "wake up")?;
        let mut told = Vec::new();
        while sent.elapsed() < PATIENCE {
            self.crowd.hear(Duration::from_secs(1), &mut told)?;
            for told in told.drain(..) {
                match told.what {
                    What::News { .. } if told.who == who => return Ok(told.at.saturating_duration_since(sent)),
                    What::Beat => {}
                    what => return Err(Error::new(format!("client {} was told, and not {who}: {what:?}", told.who))),
                }
            }
        }
        Err(Error::new(format!("client {who} was not woken within {PATIENCE:?}")))
    }
}
