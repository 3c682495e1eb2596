//! Clients that come and go at a rate: each connects, asks something or begins to wait, and leaves without a word. What the server took
//! before it must have again afterwards.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::idle;
use crate::memory;
use crate::pace::Pace;
use crate::processes::Processes;
use crate::progress::Progress;
use crate::soap;
use crate::stats::{Times, ms, to_usize};
use crate::target::{self, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Clients that come, a second.
    #[arg(long, default_value_t = 200.0, value_name = "PER SECOND")]
    rate: f64,
    /// For how long.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Those that can be there at a time.
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    active: u32,
    /// Mailboxes that they share out among themselves.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: u32,
    #[command(flatten)]
    out: Out,
}

/// Those who left are forgotten after that.
const REST: Duration = Duration::from_secs(3);

pub fn run(options: &Options) -> Result {
    let (active, mailboxes) = (to_usize(options.active), to_usize(options.mailboxes));
    target::room_for(active)?;
    let target = Target::find(&options.server, mailboxes, &idle::settings(1000, 60))?;
    println!("{}\n", memory::machine());
    let sample = || target.master().ok().map(Processes::sample).transpose();
    // Workers have seen everything once before.
    come(&target, &Pace::new(options.rate, REST), mailboxes)?;
    let before = sample()?;
    let pace = Pace::new(options.rate, Duration::from_secs(options.seconds.into()));
    let _progress = Progress::new("clients come and go", 0);
    let times = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..active).map(|_| scope.spawn(|| come(&target, &pace, mailboxes))).collect();
        let died = |_| Err(Error::new("a client's thread has panicked"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(died)).collect::<Result<Vec<_>>>()
    })?;
    let mut all = Times::default();
    times.iter().for_each(|times| all.merge(times));
    std::thread::sleep(REST);
    let mut figures = Figures::default();
    figures.put_times("come", &all);
    let [p50, p99, most] = [50.0, 99.0, 100.0].map(|percent| ms(all.percentile(percent)));
    println!(
        "{} clients came and went: p50 {p50} ms, p99 {p99} ms, most {most} ms until they were answered",
        all.len()
    );
    if let (Some(before), Some(after)) = (before, sample()?) {
        let [was, is] = [before, after].map(|sample| sample.ewsd_pss as f64 / 1e6);
        println!(
            "descriptors {} and {} afterwards; memory {was:.1} MB and {is:.1}",
            before.descriptors, after.descriptors
        );
        figures.put("descriptors_left", after.descriptors as f64 - before.descriptors as f64);
        figures.put("ewsd_pss_mb", is);
    }
    let parameters = json!({
        "rate": options.rate, "seconds": options.seconds, "active": active, "mailboxes": mailboxes, "workers": options.server.workers,
    });
    options.out.write(&figures, "churn", &parameters)
}

/// Clients come one after the other; every second one leaves while it waits. The times until they were answered.
fn come(target: &Target, pace: &Pace, mailboxes: usize) -> Result<Times> {
    let mut times = Times::default();
    while let Some((n, due)) = pace.next() {
        let n = usize::try_from(n).unwrap_or_default();
        let account = target.account(n / 2 % mailboxes.max(1))?;
        let mut client = target.connect()?;
        if n % 2 == 0 {
            client.call(&account.request("", &soap::get_folder()))?.check()?;
            times.add(due.elapsed());
            continue;
        }
        let reply = client.call(&account.request("", &soap::subscribe()))?;
        reply.check()?;
        times.add(due.elapsed());
        let text = reply.text();
        let value = |name| soap::last_element(&text, name).unwrap_or_default();
        let operation = soap::get_events(value("SubscriptionId"), value("Watermark"));
        client.send(&account.request("Prefer: wait=60\r\n", &operation))?;
    }
    Ok(times)
}
