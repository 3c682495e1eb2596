//! Deliveries that race with GetEvents, on several mailboxes at a time: each message must be told exactly once.

use std::collections::HashSet;
use std::sync::mpsc;
use std::time::Instant;

use clap::Args;

use crate::error::{Error, Result};
use crate::target::{Server, Target};
use crate::{memory, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Rounds in all: a delivery and the call that must tell of it.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rounds: u32,
    /// Clients, each with a mailbox and a sender of its own.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=256))]
    clients: u32,
}

pub fn run(options: &Options) -> Result {
    let clients = usize::try_from(options.clients).unwrap_or(1);
    let target = Target::find(&options.server, clients, &[])?;
    println!("{}", memory::machine());
    let rounds = options.rounds.div_ceil(options.clients);
    let begun = Instant::now();
    let held = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..clients)
            .map(|n| {
                scope.spawn({
                    let target = &target;
                    move || race(target, n, rounds)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|t| t.join().unwrap_or_else(|_| Err(Error::new("a client's thread has panicked"))))
            .sum::<Result<u32>>()
    })?;
    println!(
        "{} rounds of deliveries racing with GetEvents on {clients} mailboxes in {:.1} s: none lost, none doubled ({held} calls needed more than one message)",
        u64::from(rounds) * u64::from(options.clients),
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The rounds of one client; how many answers told of more than one message.
fn race(target: &Target, n: usize, rounds: u32) -> Result<u32> {
    let account = target.account(n)?.clone();
    let mut client = target.connect()?;
    let reply = client.call(&account.request("", &soap::subscribe()))?;
    reply.check()?;
    let text = reply.text();
    let value = |name: &str| {
        soap::last_element(&text, name)
            .map(str::to_owned)
            .ok_or_else(|| Error::new(format!("Subscribe answers without {name}")))
    };
    let (subscription, mut watermark) = (value("SubscriptionId")?, value("Watermark")?);
    let (go, turns) = mpsc::channel::<u32>();
    let (mut told, mut several) = (HashSet::new(), 0);
    std::thread::scope(|scope| -> Result {
        let sender = scope.spawn({
            let address = account.address.clone();
            move || -> Result {
                let mut session = target.mail()?;
                while let Ok(spins) = turns.recv() {
                    // Each delivery meets the call at another moment.
                    for _ in 0..spins {
                        std::hint::spin_loop();
                    }
                    session.deliver(&address, "race")?;
                }
                Ok(())
            }
        });
        for round in 0..rounds {
            let spins = round.wrapping_mul(2_654_435_761) % 300_000;
            go.send(spins).map_err(|_| Error::new("the sender has ended"))?;
            let operation = soap::get_events(&subscription, &watermark);
            let reply = client.call(&account.request("Prefer: wait=60\r\n", &operation))?;
            reply.check()?;
            let text = reply.text();
            let events: Vec<&str> = text.split("NewMailEvent>").skip(1).step_by(2).collect();
            if events.is_empty() {
                return Err(Error::new(format!("round {round}: a delivery was slept through: {text:.800}")));
            }
            several += u32::from(events.len() > 1);
            for event in events {
                let id =
                    soap::attribute(event, "ItemId", "Id").ok_or_else(|| Error::new("an event without an item"))?;
                if !told.insert(id) {
                    return Err(Error::new(format!("round {round}: a message was told twice")));
                }
            }
            watermark = soap::last_element(&text, "Watermark").unwrap_or_default().to_owned();
        }
        drop(go);
        sender.join().unwrap_or_else(|_| Err(Error::new("the sender's thread has panicked")))
    })?;
    if told.len() == usize::try_from(rounds).unwrap_or_default() {
        Ok(several)
    } else {
        Err(Error::new(format!("{} deliveries, {} told", rounds, told.len())))
    }
}
