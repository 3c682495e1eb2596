//! The table of throughput and answer times, and what the server's processes weigh.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;

use crate::crowd::{Crowd, Kind};
use crate::error::{Error, Result};
use crate::post::Post;
use crate::prepare::{self, Mailbox};
use crate::stats::{Times, median, to_usize};
use crate::target::{self, Server, Target};
use crate::{idle, memory, soap, storm};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often each figure is taken; the table shows the medians.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    runs: u32,
    /// Connections at a time, each with a mailbox of its own.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8], value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Vec<u16>,
    /// All connections use one mailbox.
    #[arg(long)]
    one_mailbox: bool,
    /// Idle and held clients for the figures of memory; 0: none.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    clients: u32,
    /// Measure this operation only, by its place in the table from 1.
    #[arg(long)]
    only: Option<usize>,
}

/// Seconds that a call is held.
const WAIT: u32 = 600;
/// Messages in the folder that is searched, and the bytes of their texts.
const ITEMS: usize = 1000;
const BYTES: usize = 10_240;

type Make = fn(&Mailbox) -> String;

const OPERATIONS: &[(&str, Make)] = &[
    ("GetFolder", |_| soap::get_folder()),
    ("GetItem, 10 KB of text", |m| soap::get_item(&m.item)),
    ("FindItem, 50 of 1,000, Default", |m| soap::find_item(&m.full)),
    ("CreateItem, SaveOnly, 10 KB", |m| soap::create_items(&m.empty, 1, BYTES)),
    ("SyncFolderItems, 512 ids", |m| soap::sync_items(&m.full)),
];

pub fn run(options: &Options) -> Result {
    let most = options.connections.iter().copied().max().map_or(1, usize::from);
    target::room_for(to_usize(options.clients) + most)?;
    let mailboxes = if options.one_mailbox { 1 } else { most };
    let clients = to_usize(options.clients);
    let settings = idle::settings(clients * 2, WAIT);
    let target = Target::find(&options.server, mailboxes, &settings)?;
    let mailboxes = (0..mailboxes).map(|n| prepare::mailbox(&target, n, ITEMS, BYTES)).collect::<Result<Vec<_>>>()?;
    println!("{}\n", memory::machine());
    println!("| operation | connections | requests/s | p50 ms | p99 ms |\n|---|---|---|---|---|");
    for (n, (name, make)) in OPERATIONS.iter().enumerate() {
        if options.only.is_some_and(|only| only != n + 1) {
            continue;
        }
        for connections in &options.connections {
            let figures = (0..options.runs)
                .map(|_| measure(&target, &mailboxes, *make, usize::from(*connections), options.seconds))
                .collect::<Result<Vec<_>>>()?;
            println!(
                "| {name} | {connections} | {:.0} | {:.3} | {:.3} |",
                median(figures.iter().map(|f| f.rate).collect()),
                median(figures.iter().map(|f| f.times.percentile_ms(50.0)).collect()),
                median(figures.iter().map(|f| f.times.percentile_ms(99.0)).collect()),
            );
        }
    }
    match (options.only, clients, target.master()) {
        (None, 1.., Ok(_)) => weigh(&target, clients),
        (None, 1.., Err(why)) => {
            println!("\n{why}");
            Ok(())
        }
        _ => Ok(()),
    }
}

struct Figure {
    rate: f64,
    times: Times,
}

/// Calls as fast as the answers come, on so many connections.
fn measure(target: &Target, mailboxes: &[Mailbox], make: Make, connections: usize, seconds: f64) -> Result<Figure> {
    let go = AtomicBool::new(false);
    let time = Duration::from_secs_f64(seconds.clamp(0.1, 600.0));
    let worked = std::thread::scope(|scope| {
        let threads: Vec<_> = mailboxes
            .iter()
            .cycle()
            .take(connections)
            .map(|mailbox| {
                let go = &go;
                scope.spawn(move || -> Result<(Vec<Duration>, Duration)> {
                    let request = mailbox.account.request("", &make(mailbox));
                    let mut client = target.connect()?;
                    for _ in 0..20 {
                        client.call(&request)?.check()?;
                    }
                    while !go.load(Ordering::Acquire) {
                        std::thread::park_timeout(Duration::from_millis(1));
                    }
                    let mut times = Vec::with_capacity(1 << 16);
                    let begun = Instant::now();
                    let mut before = begun;
                    while before - begun < time {
                        if client.call(&request)?.status != 200 {
                            return Err(Error::new("an answer with an error during the measurement"));
                        }
                        let now = Instant::now();
                        times.push(now - before);
                        before = now;
                    }
                    Ok((times, before - begun))
                })
            })
            .collect();
        std::thread::park_timeout(Duration::from_millis(300));
        go.store(true, Ordering::Release);
        threads
            .into_iter()
            .map(|t| t.join().unwrap_or_else(|_| Err(Error::new("a client's thread has panicked"))))
            .collect::<Result<Vec<_>>>()
    })?;
    let rate = worked.iter().map(|(times, took)| times.len() as f64 / took.as_secs_f64()).sum();
    let times = Times::new(worked.into_iter().flat_map(|(times, _)| times).collect());
    Ok(Figure { rate, times })
}

/// PSS of master and workers, and what an idle and a held client add to the master, which alone has them.
fn weigh(target: &Target, clients: usize) -> Result {
    println!("\n| memory (PSS) | |\n|---|---|");
    println!("| master | {} KB |", memory::pss(target.master()?)? / 1024);
    // One that has served its requests may end between the listing and the reading.
    let each: Vec<u64> =
        memory::workers(target.master()?)?.into_iter().filter_map(|pid| memory::pss(pid).ok()).collect();
    let mean = each.iter().sum::<u64>() / u64::try_from(each.len().max(1)).unwrap_or(1);
    println!("| each of {} workers | {} KB |", each.len(), mean / 1024);

    let before = memory::pss(target.master()?)?;
    let request = target.account(0)?.request("", &soap::get_folder());
    let mut idle = Vec::with_capacity(clients);
    for _ in 0..clients {
        let mut client = target.connect()?;
        client.call(&request)?.check()?;
        idle.push(client);
    }
    let after = memory::pss(target.master()?)?;
    println!("| each of {clients} idle connections (master) | {} bytes |", share(before, after, clients));
    drop(idle);

    let before = memory::pss(target.master()?)?;
    let mut held = Crowd::new()?;
    let mailboxes = target.accounts.len().min(clients);
    held.gather(target, Kind::Pull, clients, (0, mailboxes))?;
    held.ask_all(target, 0..clients, WAIT)?;
    let after = memory::pss(target.master()?)?;
    println!("| each of {clients} held clients (master) | {} bytes |", share(before, after, clients));
    let woken = storm::wake(target, &mut held, &mut Post::open(target)?, mailboxes)?;
    println!("\n{}", storm::in_words(&woken));
    Ok(())
}

fn share(before: u64, after: u64, clients: usize) -> u64 {
    after.saturating_sub(before) / u64::try_from(clients.max(1)).unwrap_or(1)
}
