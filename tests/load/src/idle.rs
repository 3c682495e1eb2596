//! What clients cost that wait while nothing happens: memory of the server's processes and of the kernel, processor time, octets on the wire.
//!
//! Rows stand on each other: first nobody is there, then the held calls, then streams besides, then connections that are only kept. A share
//! of memory is what the processes grew by since the row before. At last the held calls end every few seconds and are made anew.

use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::crowd::{Crowd, Kind, Told, What};
use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::memory;
use crate::processes::{Processes, Sample};
use crate::progress::Progress;
use crate::stats::to_usize;
use crate::target::{self, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Clients that wait in a GetEvents, for longer than the measurement takes (`notifications.pull_wait_most`).
    #[arg(short = 'n', long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    clients: u32,
    /// Clients that wait on a stream.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    streams: u32,
    /// Clients that keep their connection and ask nothing.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    keep_alive: u32,
    /// Mailboxes that they share out among themselves.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: u32,
    /// How long each row is watched.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3000))]
    seconds: u32,
    /// At last, calls of GetEvents that are held for so many seconds and made anew; 0: none.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3000))]
    renew: u32,
    #[command(flatten)]
    out: Out,
}

/// What a row's beginning leaves to be done (an answer's last octets, a commit's) is over after that.
const REST: Duration = Duration::from_secs(5);
/// A wait is longer than a row by so many seconds: all are to be there, and the rows after it as well.
const SPARE: u32 = 600;
/// So many clients of a kind come and go before anything is taken: what a worker needs for its first is no client's.
const WARM: usize = 400;

/// What was watched, each row a line.
struct Watch<'t> {
    target: &'t Target,
    crowd: Crowd,
    time: Duration,
    figures: Figures,
    before: Option<Sample>,
    /// Seconds for which GetEvents waits.
    wait: u32,
}

pub fn run(options: &Options) -> Result {
    let [pulls, streams, kept] = [options.clients, options.streams, options.keep_alive].map(to_usize);
    let all = pulls + streams + kept;
    target::room_for(all)?;
    let wait = (options.seconds + SPARE).min(3600);
    let target = Target::find(&options.server, to_usize(options.mailboxes), &settings(all, wait))?;
    println!("{}\n", memory::machine());
    if let Err(why) = target.master() {
        println!("{why}\n");
    }
    let heads = ["clients", "PSS each, octets", "kernel each", "ewsd, % of a core", "PostgreSQL", "octets/s", "told"];
    println!("| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
    let time = Duration::from_secs(options.seconds.into());
    for (kind, count) in [(Kind::Pull, pulls), (Kind::Stream, streams)] {
        warm_up(&target, kind, count.min(WARM), to_usize(options.mailboxes))?;
    }
    let before = sample(&target)?;
    let mut watch = Watch { target: &target, crowd: Crowd::new()?, time, figures: Figures::default(), before, wait };
    let accounts = (0, to_usize(options.mailboxes));
    watch.row("nobody", 0, "nobody")?;
    for (kind, count) in [(Kind::Pull, pulls), (Kind::Stream, streams), (Kind::KeepAlive, kept)] {
        if count > 0 {
            watch.add(kind, count, accounts)?;
        }
    }
    if options.renew > 0 && pulls > 0 {
        watch.renew(pulls, options.renew)?;
    }
    let parameters = json!({
        "clients": pulls, "streams": streams, "keep_alive": kept, "mailboxes": options.mailboxes, "seconds": options.seconds,
        "renew": options.renew, "workers": options.server.workers,
    });
    options.out.write(&watch.figures, "idle", &parameters)
}

/// Those of a server of this program's own that lets so many wait.
pub fn settings(clients: usize, wait: u32) -> Vec<(&'static str, String)> {
    let many = clients.max(1).to_string();
    vec![
        ("limits.connections", (clients + 1000).to_string()),
        ("limits.held_per_account", many.clone()),
        ("limits.streams_per_account", many.clone()),
        ("limits.subscriptions_per_account", (clients * 4 + 1000).to_string()),
        ("limits.idle_seconds", "3600".to_owned()),
        ("notifications.pull_wait_most", wait.to_string()),
    ]
}

fn warm_up(target: &Target, kind: Kind, count: usize, mailboxes: usize) -> Result {
    let mut crowd = Crowd::new()?;
    crowd.gather(target, kind, count, (0, mailboxes))?;
    crowd.ask_all(target, 0..count, 60)
}

fn sample(target: &Target) -> Result<Option<Sample>> {
    target.master().ok().map(Processes::sample).transpose()
}

impl Watch<'_> {
    /// More clients of a kind, which wait, and their row.
    fn add(&mut self, kind: Kind, count: usize, accounts: (usize, usize)) -> Result {
        let first = self.crowd.len();
        self.crowd.gather(self.target, kind, count, accounts)?;
        self.crowd.ask_all(self.target, first..first + count, self.wait)?;
        let (name, key) = match kind {
            Kind::Pull => ("held GetEvents", "pull"),
            Kind::Stream => ("and streams", "stream"),
            Kind::KeepAlive => ("and kept connections", "keep_alive"),
        };
        self.row(&format!("{count} {name}"), count, key)
    }

    /// Watches for a while, and prints what was seen.
    fn row(&mut self, name: &str, count: usize, key: &str) -> Result {
        self.listen("resting", REST, None)?;
        let begun = sample(self.target)?;
        let octets = self.crowd.octets;
        let told = self.listen(name, self.time, None)?;
        self.tell(name, count, key, begun, (octets, told))
    }

    fn tell(&mut self, name: &str, count: usize, key: &str, begun: Option<Sample>, heard: (u64, usize)) -> Result {
        let seconds = self.time.as_secs_f64();
        let octets = (self.crowd.octets - heard.0) as f64 / seconds;
        let (mut memory, mut processor) = (["".to_owned(), "".to_owned()], ["".to_owned(), "".to_owned()]);
        if let (Some(before), Some(begun), Some(now)) = (self.before, begun, sample(self.target)?) {
            let share = |was: u64, is: u64| (is as f64 - was as f64) / count.max(1) as f64;
            let [pss, kernel] = [share(before.ewsd_pss, begun.ewsd_pss), share(before.kernel, begun.kernel)];
            if count > 0 {
                memory = [format!("{pss:.0}"), format!("{kernel:.0}")];
                self.figures.put(&format!("{key}_pss_octets"), pss);
                self.figures.put(&format!("{key}_kernel_octets"), kernel);
            } else {
                self.figures.put("nobody_pss_mb", begun.ewsd_pss as f64 / 1e6);
                memory = [format!("{} KB in all", begun.ewsd_pss / 1024), String::new()];
            }
            let percent = |was: Duration, is: Duration| is.saturating_sub(was).as_secs_f64() / seconds * 100.0;
            let ewsd = percent(begun.ewsd_cpu, now.ewsd_cpu);
            let postgres = percent(begun.postgres_cpu, now.postgres_cpu);
            self.figures.put(&format!("{key}_cpu_percent"), ewsd + postgres);
            processor = [format!("{ewsd:.3}"), format!("{postgres:.3}")];
            self.before = Some(now);
        }
        self.figures.put(&format!("{key}_octets_per_second"), octets);
        println!("| {name} | {} | {} | {octets:.0} | {} |", memory.join(" | "), processor.join(" | "), heard.1);
        Ok(())
    }

    /// Listens to the crowd; how often somebody was told something. Whose call is over asks again, if calls are renewed.
    ///
    /// # Errors
    /// A connection is over, or a call that should wait.
    fn listen(&mut self, what: &str, time: Duration, renew: Option<u32>) -> Result<usize> {
        let mut told = Vec::new();
        let mut count = 0;
        Progress::over(what, time, |left| -> Result {
            self.crowd.hear(left, &mut told)?;
            count += told.len();
            told.drain(..).try_for_each(|told| react(&mut self.crowd, self.target, &told, renew))
        })?;
        Ok(count)
    }

    /// All held calls end after so many seconds and are made anew, spread evenly.
    fn renew(&mut self, pulls: usize, seconds: u32) -> Result {
        let begun = Instant::now();
        let each = Duration::from_secs(seconds.into()) / u32::try_from(pulls).unwrap_or(u32::MAX);
        let progress = Progress::new("clients that ask again and again", pulls);
        let mut told = Vec::new();
        for (n, who) in (0..pulls).enumerate() {
            let due = begun + each * u32::try_from(n).unwrap_or(u32::MAX);
            while let Some(left) = due.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                self.crowd.hear(left, &mut told)?;
                told.drain(..).try_for_each(|told| react(&mut self.crowd, self.target, &told, Some(seconds)))?;
            }
            self.crowd.come_again(self.target, who)?;
            self.crowd.ask(self.target, who, seconds)?;
            progress.step();
        }
        drop(progress);
        let name = format!("{pulls} GetEvents anew every {seconds} s");
        let sampled = sample(self.target)?;
        let octets = self.crowd.octets;
        let told = self.listen(&name, self.time, Some(seconds))?;
        self.before = sampled;
        self.tell(&name, pulls, "renew", sampled, (octets, told))
    }
}

fn react(crowd: &mut Crowd, target: &Target, told: &Told, renew: Option<u32>) -> Result {
    match (&told.what, renew) {
        (What::Beat, _) => Ok(()),
        (What::Nothing | What::News { .. }, Some(seconds)) => crowd.ask(target, told.who, seconds),
        (What::Closed, _) => crowd.ask(target, told.who, 0),
        (what, _) => Err(Error::new(format!("a client that should wait was told: {what:?}"))),
    }
}
