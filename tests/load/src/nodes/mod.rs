//! Many masters on one database that share a port, and clients that wait on all of them, held by many processes.
//!
//! First what a change costs the database while more and more masters run (`cost.rs`). Then all clients come (`holders.rs`): how the kernel
//! dealt them out, what that takes (`bill.rs`), who is told of a change that another master made, and all of them at once.
//! `fleet.rs` starts the masters, `room.rs` says beforehand whether this machine has room for it.

mod bill;
mod cost;
mod fleet;
pub mod holders;
mod room;
mod told;

use std::net::Ipv4Addr;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use self::bill::{Bill, Rest};
use self::cost::Cost;
use self::fleet::{Fleet, WAIT};
use self::holders::{Holder, Job};
use self::told::Told;
use crate::error::{Error, Result};
use crate::figures::{Figures, Out};
use crate::memory;
use crate::progress::Progress;
use crate::stats::to_usize;
use crate::target::{Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Masters, each with workers of its own (`--workers`).
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=64))]
    nodes: u32,
    /// Clients that wait in a GetEvents, on whichever master the kernel gives them to.
    #[arg(short = 'n', long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    clients: u32,
    /// Processes that hold them, each with descriptors of its own and an address of its own in 127.0.1.0/24.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=250))]
    processes: u32,
    /// Mailboxes that they share out among themselves.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    mailboxes: u32,
    /// How long is watched what all of it takes, when nobody is there and when all are.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3000))]
    seconds: u32,
    /// How often a client on each master is woken by each master, in each way.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rounds: u32,
    /// How often all of them are woken at once, in each way.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=1000))]
    waves: u32,
    /// Changes in a round of which the cost is measured: a hundred a second, five rounds.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    changes: u32,
    #[command(flatten)]
    out: Out,
}

/// Rounds of changes, of which the middle counts.
const COST_ROUNDS: u32 = 5;
/// What was begun before is over after that.
const REST: Duration = Duration::from_secs(5);

pub fn run(options: &Options) -> Result {
    options.server.own_only("several masters are measured")?;
    let [nodes, clients, processes, mailboxes] =
        [options.nodes, options.clients, options.processes, options.mailboxes].map(to_usize);
    let each =
        room::check(&room::Wanted { nodes, clients, processes, workers: to_usize(options.server.workers.into()) })?;
    println!("{}\n", memory::machine());
    // Beside the mailboxes of the many, one for each master's own client, and one whose changes are counted.
    let mut fleet = Fleet::new(&options.server, (clients, each), mailboxes + nodes + 1)?;
    let mut figures = Figures::default();
    let cost = Cost { changes: options.changes, rounds: COST_ROUNDS, account: mailboxes + nodes };
    costs(&cost, &mut fleet, nodes, &mut figures)?;
    let nobody = rest(&fleet, &[], options.seconds, "nobody is there")?;
    let mut holders = gather(&fleet, clients, processes, mailboxes)?;
    let dealt = fleet.until_held(clients)?;
    println!("\n{}\n", imbalance(&dealt));
    let held = rest(&fleet, &holders, options.seconds, "all wait")?;
    bill::tell(&nobody, &held, clients, options.seconds.into()).iter().for_each(|(name, n)| figures.put(name, *n));
    let mut told = Told { fleet: &fleet, figures: &mut figures };
    told.pairs(mailboxes, options.rounds)?;
    told.waves(&mut holders, clients, mailboxes, options.waves)?;
    let parameters = json!({
        "nodes": nodes, "clients": clients, "processes": processes, "mailboxes": mailboxes, "seconds": options.seconds,
        "rounds": options.rounds, "changes": options.changes, "waves": options.waves, "workers": options.server.workers,
    });
    options.out.write(&figures, "nodes", &parameters)
}

/// What a change costs, with one master, two, and all.
fn costs(cost: &Cost, fleet: &mut Fleet, nodes: usize, figures: &mut Figures) -> Result {
    println!(
        "| masters | a client of the mailbox is held on | PostgreSQL, µs for a change | ewsd, all masters |\n|---|---|---|---|"
    );
    let mut rows = vec![(1, 0), (2, 0), (nodes, 0), (nodes, 1), (nodes, nodes)];
    rows.dedup();
    for (masters, held) in rows {
        fleet.grow(masters)?;
        let [postgres, ewsd] = cost.measure(fleet, held)?;
        println!("| {masters} | {held} | {postgres:.0} | {ewsd:.0} |");
        figures.put(&format!("change_{masters}_masters_{held}_held_postgres_us"), postgres);
        figures.put(&format!("change_{masters}_masters_{held}_held_ewsd_us"), ewsd);
    }
    fleet.until_held(0).map(drop)
}

/// All of them come, each process's from an address of its own.
fn gather(fleet: &Fleet, clients: usize, processes: usize, mailboxes: usize) -> Result<Vec<Holder>> {
    let ready =
        fleet.nodes.first().map(Target::announcement).transpose()?.ok_or_else(|| Error::new("no master runs"))?;
    let start = |n: usize| {
        let share = clients / processes + usize::from(n < clients % processes);
        let host = u8::try_from(n + 1).map_err(|_| Error::new("too many processes"))?;
        Holder::start(&Job {
            ready: ready.clone(),
            shared: fleet.shared,
            from: Ipv4Addr::new(127, 0, 1, host),
            clients: share,
            mailboxes,
            wait: WAIT,
        })
    };
    let mut holders = (0..processes).map(start).collect::<Result<Vec<_>>>()?;
    holders.iter_mut().try_for_each(Holder::until_asked)?;
    Ok(holders)
}

fn rest(fleet: &Fleet, holders: &[Holder], seconds: u32, what: &str) -> Result<Rest> {
    let masters = fleet.nodes.iter().map(Target::master).collect::<Result<Vec<_>>>()?;
    let load: Vec<u32> = holders.iter().map(Holder::pid).collect();
    let wait = |time: Duration| {
        Progress::over(what, time, |left| -> Result {
            std::thread::park_timeout(left);
            Ok(())
        })
    };
    wait(REST)?;
    let begun = Bill::of(&masters, &load)?;
    wait(Duration::from_secs(seconds.into()))?;
    Ok((begun, Bill::of(&masters, &load)?))
}

/// How evenly the kernel dealt them out.
fn imbalance(dealt: &[u64]) -> String {
    let all: u64 = dealt.iter().sum();
    let mean = all as f64 / dealt.len().max(1) as f64;
    let off = |n: Option<&u64>| (n.copied().unwrap_or_default() as f64 / mean.max(1.0) - 1.0) * 100.0;
    let (least, most) = (off(dealt.iter().min()), off(dealt.iter().max()));
    format!(
        "{all} calls are held by {} masters on one port (SO_REUSEPORT): {}; {least:+.1} to {most:+.1} % of the mean",
        dealt.len(),
        dealt.iter().map(u64::to_string).collect::<Vec<_>>().join(", "),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn imbalance_is_told_in_per_cent_of_the_mean() {
        let text = super::imbalance(&[90, 100, 110]);
        assert!(
            text.starts_with("300 calls are held by 3 masters") && text.ends_with("-10.0 to +10.0 % of the mean"),
            "{text}"
        );
    }
}
