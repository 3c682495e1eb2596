//! Who is told of a change that some master made: a client on each by each, and all of them at once.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::fleet::{Fleet, WAIT};
use super::holders::Holder;
use crate::crowd::{Crowd, Kind, PATIENCE, What};
use crate::error::{During as _, Error, Result};
use crate::figures::Figures;
use crate::post::Post;
use crate::progress::Progress;
use crate::stats::{Times, ms, to_usize};
use crate::target::Target;

/// Those who tell, and what is noted of it.
pub struct Told<'t> {
    pub fleet: &'t Fleet,
    pub figures: &'t mut Figures,
}

/// How long is waited until all are told.
const ALL: Duration = Duration::from_secs(300);
/// Between two questions to those who hold them.
const ASK: Duration = Duration::from_millis(100);

type Open = fn(&Target) -> Result<Post>;
/// The ways of changing a mailbox.
const WAYS: [Open; 2] = [Post::items, Post::open];

impl Told<'_> {
    /// A client on each master, which has a mailbox of its own (`first` and those after it), is woken by each master.
    pub fn pairs(&mut self, first: usize, rounds: u32) -> Result {
        let nodes = &self.fleet.nodes;
        let mut crowd = Crowd::new()?;
        for (who, node) in nodes.iter().enumerate() {
            crowd.gather(node, Kind::Pull, 1, (first + who, 1))?;
            crowd.ask(node, who, WAIT)?;
        }
        println!("\n| one client is woken by | on | times | p50 ms | p99 ms | most |\n|---|---|---|---|---|---|");
        for open in WAYS {
            let (mut here, mut elsewhere) = (Times::default(), Times::default());
            let mut name = "";
            let progress = Progress::new("a client on each master, by each", to_usize(rounds) * nodes.len());
            for from in nodes {
                for _ in 0..rounds {
                    // A server waits for nobody who says nothing.
                    let mut post = open(from)?;
                    name = post.name();
                    for (who, on) in nodes.iter().enumerate() {
                        let times = if std::ptr::eq(from, on) { &mut here } else { &mut elsewhere };
                        let sent = post.bring(on.account(first + who)?, "to one")?;
                        times.add(told(&mut crowd, who)?.saturating_duration_since(sent));
                        crowd.ask(on, who, WAIT)?;
                    }
                    progress.step();
                }
            }
            drop(progress);
            for (on, key, times) in [("the same master", "here", &here), ("another", "elsewhere", &elsewhere)] {
                let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| ms(times.percentile(percent)));
                println!("| {name} | {on} | {} | {p50} | {p99} | {most} |", times.len());
                self.figures.put_times(&format!("{key}_{name}"), times);
            }
        }
        Ok(())
    }

    /// A message to each mailbox, from one master after the other: all are told, once.
    pub fn waves(&mut self, holders: &mut [Holder], clients: usize, mailboxes: usize, waves: u32) -> Result {
        let heads =
            ["all are woken by", "clients", "p50 ms", "p99 ms", "last", "first message to last answer", "held by each"];
        println!("\n| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
        for open in WAYS.iter().cycle().take(WAYS.len() * to_usize(waves)) {
            holders.iter_mut().try_for_each(Holder::wave)?;
            let mut posts = self.fleet.nodes.iter().map(open).collect::<Result<Vec<_>>>()?;
            let name = posts.first().map_or("", Post::name);
            let clock = (Instant::now(), SystemTime::now());
            let mut sent = HashMap::new();
            for mailbox in 0..mailboxes {
                let at = mailbox % posts.len().max(1);
                let (Some(post), Some(node)) = (posts.get_mut(at), self.fleet.nodes.get(at)) else { continue };
                let at = post.bring(node.account(mailbox)?, "to all")?;
                let at = (clock.1 + at.saturating_duration_since(clock.0)).duration_since(UNIX_EPOCH);
                sent.insert(mailbox, at.during("the clock")?);
            }
            drop(posts);
            let Sum { times, last: end, .. } = all_told(holders, clients, &sent)?;
            let whole = end.saturating_sub(sent.values().min().copied().unwrap_or_default());
            let held = self.fleet.until_held(clients)?;
            // Who was told again meanwhile, is told so here.
            Sum::default().add(holders, &sent)?.complain()?;
            let [p50, p99, last] = [50.0, 99.0, 100.0].map(|percent| ms(times.percentile(percent)));
            let held = held.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            println!("| {name} | {} | {p50} | {p99} | {last} | {} | {held} |", times.len(), ms(whole));
            self.figures.put_times(&format!("all_{name}"), &times);
        }
        Ok(())
    }
}

/// When this one, and nobody else, was told.
fn told(crowd: &mut Crowd, who: usize) -> Result<Instant> {
    let (end, mut told) = (Instant::now() + PATIENCE, Vec::new());
    while Instant::now() < end {
        crowd.hear(Duration::from_secs(1), &mut told)?;
        match told.pop() {
            Some(told) if told.who == who && matches!(told.what, What::News { .. }) => return Ok(told.at),
            Some(told) => {
                return Err(Error::new(format!("client {} was told, and not {who}: {:?}", told.who, told.what)));
            }
            None => {}
        }
    }
    Err(Error::new(format!("the client on master {who} was not woken within {PATIENCE:?}")))
}

/// What all holders have reported of a wave.
#[derive(Debug, Default)]
struct Sum {
    times: Times,
    /// When the last answer was here.
    last: Duration,
    told: usize,
    doubled: u64,
    lost: u64,
    reasons: Vec<String>,
}

impl Sum {
    /// Adds what came since, by the times at which the mailboxes' messages were taken.
    fn add(mut self, holders: &mut [Holder], sent: &HashMap<usize, Duration>) -> Result<Sum> {
        for holder in holders {
            let report = holder.report()?;
            self.told += report.told.len();
            self.doubled += report.doubled;
            self.lost += report.lost;
            self.reasons.extend(report.reasons);
            for (account, at) in report.told {
                // An answer may be here before the 250 is.
                let at = Duration::from_micros(at);
                self.last = self.last.max(at);
                self.times.add(sent.get(&account).map_or(Duration::ZERO, |sent| at.saturating_sub(*sent)));
            }
        }
        Ok(self)
    }

    fn complain(&self) -> Result {
        if self.doubled == 0 && self.lost == 0 {
            return Ok(());
        }
        let reasons = self.reasons.join("; ");
        Err(Error::new(format!("{} were told twice, {} connections were lost: {reasons}", self.doubled, self.lost)))
    }
}

/// Waits until all of them were told.
fn all_told(holders: &mut [Holder], clients: usize, sent: &HashMap<usize, Duration>) -> Result<Sum> {
    let (end, mut sum) = (Instant::now() + ALL, Sum::default());
    while sum.told < clients {
        if Instant::now() > end {
            return Err(Error::new(format!("only {} of {clients} were told within {ALL:?}", sum.told)));
        }
        std::thread::park_timeout(ASK);
        sum = sum.add(holders, sent)?;
        sum.complain()?;
    }
    Ok(sum)
}
