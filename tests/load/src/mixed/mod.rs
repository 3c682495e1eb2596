//! A day of many people: most of them wait, some work, mail comes in; if wanted, the server is upgraded in the middle.
//!
//! `work.rs` has what people do who work, `waiting.rs` the others. Requests and mail keep to a rate, whether answers come or not
//! (`crate::pace`). `soak` is the same for hours, with what the server takes drawn over time.

mod waiting;
mod work;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use self::waiting::{News, Waited};
use self::work::{Done, WORK};
use crate::crowd::{Crowd, Kind};
use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::idle;
use crate::memory;
use crate::pace::Pace;
use crate::plot;
use crate::post::Post;
use crate::processes::{Processes, Sample};
use crate::programs::{Programs, Refusal, refused};
use crate::stats::{Times, median, ms, to_usize};
use crate::target::{self, Server, Target};

#[derive(Debug, Args)]
pub struct Load {
    #[command(flatten)]
    server: Server,
    /// Clients that wait in a GetEvents.
    #[arg(short = 'n', long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    clients: u32,
    /// Clients that wait on a stream.
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    streams: u32,
    /// Mailboxes that all of them share out among themselves.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: u32,
    /// Connections of those who work.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    active: u32,
    /// Their requests a second, all together.
    #[arg(long, default_value_t = 50.0, value_name = "PER SECOND")]
    rate: f64,
    /// Messages that come in, a second.
    #[arg(long, default_value_t = 5.0, value_name = "PER SECOND")]
    mail: f64,
    #[command(flatten)]
    out: Out,
}

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    load: Load,
    /// For how long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(5..=86_400))]
    seconds: u32,
    /// After so many seconds the server, one of this program's own, is upgraded in place. The exit status is 1 if anybody notices more
    /// than a pause.
    #[arg(long, value_name = "SECONDS")]
    upgrade_after: Option<u32>,
    /// The program that it would be upgraded to is of no use: the one that runs must refuse it, say why and go on, and nobody may
    /// notice anything.
    #[arg(long, value_name = "HOW", requires = "upgrade_after")]
    refused: Option<Refusal>,
}

#[derive(Debug, Args)]
pub struct Soak {
    #[command(flatten)]
    load: Load,
    /// For how long.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    minutes: u32,
}

/// Seconds that a call is held.
const WAIT: u32 = 300;
/// What the server takes is looked at so often in a run.
const SAMPLES: u32 = 240;
/// What comes so long after an upgrade's end is counted to it.
const AFTER: Duration = Duration::from_secs(2);

pub fn run(options: &Options) -> Result {
    let mut server = options.load.server.clone();
    if options.upgrade_after.is_some() {
        server.own_only("an upgrade is tried")?;
    }
    let copied = |refusal| Programs::copy(&server).map(|programs| (programs, refusal));
    let programs = options.refused.map(copied).transpose()?;
    server.ewsctl = programs.as_ref().map(|(programs, _)| programs.ewsctl()).or(server.ewsctl);
    let upgrade = options
        .upgrade_after
        .map(|seconds| Upgrade { after: Duration::from_secs(seconds.into()), refused: programs.as_ref() });
    let time = Duration::from_secs(options.seconds.into());
    day(&options.load, &server, time, upgrade)?.tell(&options.load, "mixed", options.seconds)
}

pub fn soak(options: &Soak) -> Result {
    let time = Duration::from_secs(u64::from(options.minutes) * 60);
    day(&options.load, &options.load.server, time, None)?.tell(&options.load, "soak", options.minutes * 60)
}

/// An upgrade in the middle.
#[derive(Clone, Copy)]
struct Upgrade<'p> {
    after: Duration,
    /// To a program that is of no use, in which way.
    refused: Option<&'p (Programs, Refusal)>,
}

/// What is going on, for all threads.
pub struct World<'t> {
    pub target: &'t Target,
    /// From an upgrade's beginning to a little after its end.
    pub upgrading: AtomicBool,
    pub over: AtomicBool,
    pub news: Mutex<News>,
}

/// What came of it.
struct Day {
    done: Done,
    waited: Waited,
    mailed: (Times, usize),
    samples: Vec<(f64, Sample)>,
    upgrade: Option<Upgraded>,
}

/// What an administrator saw of an upgrade.
struct Upgraded {
    took: Duration,
    /// Why it was refused, where it was to be.
    refused: Option<String>,
}

fn day(load: &Load, server: &Server, time: Duration, upgrade: Option<Upgrade<'_>>) -> Result<Day> {
    let [pulls, streams, mailboxes] = [load.clients, load.streams, load.mailboxes].map(to_usize);
    target::room_for(pulls + streams + to_usize(load.active) + 1)?;
    let settings = idle::settings(pulls + streams + to_usize(load.active), WAIT);
    let target = Target::find(server, mailboxes, &settings)?;
    println!("{}", memory::machine());
    let desks = work::desks(&target, to_usize(load.active), mailboxes)?;
    let mut crowd = Crowd::new()?;
    for (kind, count) in [(Kind::Pull, pulls), (Kind::Stream, streams)] {
        let first = crowd.len();
        crowd.gather(&target, kind, count, (0, mailboxes))?;
        crowd.ask_all(&target, first..first + count, WAIT)?;
    }
    println!(
        "{pulls} clients wait in GetEvents, {streams} on streams; {} requests/s, {} messages/s\n",
        load.rate, load.mail
    );
    let world = World {
        target: &target,
        upgrading: AtomicBool::new(false),
        over: AtomicBool::new(false),
        news: Mutex::default(),
    };
    let (pace, mail) = (Pace::new(load.rate, time), Pace::new(load.mail, time));
    let (world, pace) = (&world, &pace);
    std::thread::scope(|scope| {
        let working: Vec<_> = desks.into_iter().map(|desk| scope.spawn(move || desk.work(world, pace))).collect();
        let waiting = scope.spawn(move || waiting::wait(world, crowd, WAIT));
        let mailing = scope.spawn(move || deliver(world, &mail, mailboxes));
        let upgrading = upgrade.map(|upgrade| scope.spawn(move || upgraded(world, upgrade)));
        let samples = samples(world, time);
        let died = "a thread has panicked";
        let mut done = Done::default();
        for thread in working {
            done.merge(thread.join().map_err(|_| Error::new(died))?);
        }
        let mailed = mailing.join().map_err(|_| Error::new(died))??;
        let upgrade = upgrading.map(|thread| thread.join().map_err(|_| Error::new(died))?).transpose()?;
        world.over.store(true, Ordering::Release);
        let waited = waiting.join().map_err(|_| Error::new(died))??;
        Ok(Day { done, waited, mailed, samples: samples?, upgrade })
    })
}

/// Mail to one mailbox after the other; the times, and how many were not taken.
fn deliver(world: &World<'_>, pace: &Pace, mailboxes: usize) -> Result<(Times, usize)> {
    let mut post = Post::open(world.target)?;
    let (mut times, mut failed) = (Times::default(), 0);
    while let Some((n, due)) = pace.next() {
        let account = usize::try_from(n).unwrap_or_default() % mailboxes.max(1);
        let sent = post.bring(world.target.account(account)?, "of the day");
        times.add(due.elapsed());
        match sent {
            Ok(sent) => world.news.lock().map_err(|_| Error::new("a thread has panicked"))?.sent(account, sent),
            Err(error) => {
                failed += 1;
                eprintln!("ewsload: mail: {error}");
                post = Post::open(world.target)?;
            }
        }
    }
    Ok((times, failed))
}

fn upgraded(world: &World<'_>, upgrade: Upgrade<'_>) -> Result<Upgraded> {
    std::thread::sleep(upgrade.after);
    upgrade.refused.map_or(Ok(()), |(programs, refusal)| programs.replace(*refusal))?;
    world.upgrading.store(true, Ordering::Release);
    let begun = Instant::now();
    let outcome = world.target.ewsctl(&["upgrade"]);
    let took = begun.elapsed();
    std::thread::sleep(AFTER);
    world.upgrading.store(false, Ordering::Release);
    match upgrade.refused {
        Some(_) => Ok(Upgraded { took, refused: Some(refused(outcome)?) }),
        None => outcome.map(|_| Upgraded { took, refused: None }),
    }
}

/// What the server takes, again and again; nothing of one whose processes are not known.
fn samples(world: &World<'_>, time: Duration) -> Result<Vec<(f64, Sample)>> {
    let Ok(master) = world.target.master() else { return Ok(Vec::new()) };
    let begun = Instant::now();
    let each = (time / SAMPLES).max(Duration::from_secs(1));
    let mut samples = Vec::new();
    let mut next = begun;
    while begun.elapsed() < time {
        samples.push((begun.elapsed().as_secs_f64(), Processes::sample(master)?));
        next += each;
        std::thread::park_timeout(next.saturating_duration_since(Instant::now()));
    }
    Ok(samples)
}

impl Day {
    fn tell(&self, load: &Load, scenario: &str, seconds: u32) -> Result {
        let mut figures = Figures::default();
        println!("| request | answered | failed | p50 ms | p99 ms | most |\n|---|---|---|---|---|---|");
        let mail = (&self.mailed.0, self.mailed.1);
        let rows = WORK.iter().zip(&self.done.each).map(|(work, each)| (work.name, work.key, &each.times, each.failed));
        let mail = ("mail in", "mail", mail.0, mail.1);
        let woken = [("told, pull", "told_pull", Kind::Pull), ("told, stream", "told_stream", Kind::Stream)];
        let woken = woken.map(|(name, key, kind)| (name, key, self.waited.of(kind), 0));
        for (name, key, times, failed) in rows.chain([mail]).chain(woken) {
            let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| ms(times.percentile(percent)));
            println!("| {name} | {} | {failed} | {p50} | {p99} | {most} |", times.len());
            for (what, percent) in [("p50_ms", 50.0), ("p99_ms", 99.0), ("most_ms", 100.0)] {
                figures.put(&format!("{key}_{what}"), times.percentile_ms(percent));
            }
        }
        let failed = self.done.each.iter().map(|each| each.failed).sum::<usize>() + self.mailed.1;
        let dropped = self.waited.dropped.len();
        println!("\n{failed} requests failed, {dropped} of those who wait were dropped");
        self.done.complaints.iter().chain(&self.waited.dropped).take(10).for_each(|why| println!("  {why}"));
        figures.put("failed", failed as f64);
        figures.put("dropped", dropped as f64);
        if let Some(Upgraded { took, refused }) = &self.upgrade {
            let pause = self.done.upgrading.percentile(100.0);
            refused.iter().for_each(|why| println!("the upgrade was refused, the old program goes on: {why}"));
            println!(
                "the upgrade took {} ms; the longest pause of a request meanwhile was {} ms ({} requests)",
                ms(*took),
                ms(pause),
                self.done.upgrading.len()
            );
            figures.put("upgrade_ms", took.as_secs_f64() * 1000.0);
            figures.put("upgrade_pause_ms", pause.as_secs_f64() * 1000.0);
        }
        self.tell_course(&mut figures);
        let parameters = json!({
            "clients": load.clients, "streams": load.streams, "mailboxes": load.mailboxes, "active": load.active, "rate": load.rate,
            "mail": load.mail, "seconds": seconds, "upgrade": self.upgrade.is_some(), "workers": load.server.workers,
        });
        load.out.write(&figures, scenario, &parameters)?;
        match failed + dropped {
            0 => Ok(()),
            _ => Err(Error::new(format!("{failed} requests failed, {dropped} clients were dropped"))),
        }
    }

    /// What the server took, in the middle of the first and of the last quarter.
    fn tell_course(&self, figures: &mut Figures) {
        type Pick = fn(&Sample) -> f64;
        let what: [(&str, Pick); 3] = [
            ("ewsd_pss_mb", |sample| sample.ewsd_pss as f64 / 1e6),
            ("postgres_pss_mb", |sample| sample.postgres_pss as f64 / 1e6),
            ("descriptors", |sample| sample.descriptors as f64),
        ];
        let quarter = self.samples.len().div_ceil(4);
        if quarter == 0 {
            return;
        }
        println!("\n| over time | first quarter | last quarter |\n|---|---|---|");
        figures.curves.kind = plot::Kind::Course;
        for (name, pick) in what {
            let of = |samples: &[(f64, Sample)]| median(samples.iter().map(|(_, sample)| pick(sample)).collect());
            let first = of(self.samples.get(..quarter).unwrap_or_default());
            let last = of(self.samples.get(self.samples.len() - quarter..).unwrap_or_default());
            println!("| {name} | {first:.1} | {last:.1} |");
            figures.put(&format!("{name}_last"), last);
            let line = self.samples.iter().map(|(at, sample)| (*at, pick(sample))).collect();
            figures.curves.lines.push((name.to_owned(), line));
        }
    }
}
