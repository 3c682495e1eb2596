//! Deliveries that race with GetEvents, on several mailboxes at a time: each message must be told exactly once. Some of the clients go away
//! while they wait and come again with the watermark that they have, and the server is upgraded meanwhile.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

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
    /// In so many of a hundred rounds the client goes away while it waits, at another moment each time, and comes again.
    #[arg(long, default_value_t = 20, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(0..=100))]
    disconnects: u32,
    /// So often the server, one of this program's own, is upgraded in place, spread over the rounds.
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1000))]
    upgrades: u32,
}

/// What came of it.
#[derive(Debug, Default)]
struct Seen {
    /// Calls that told of more than one message.
    several: u32,
    /// Clients that went away and came again.
    gone: u32,
}

/// How far all of them are, for whoever upgrades.
#[derive(Debug, Default)]
struct Course {
    rounds: AtomicU64,
    over: AtomicBool,
}

/// How often an upgrade looks how far they are.
const LOOK: Duration = Duration::from_millis(5);
/// A server takes an upgrade only when what the last one began is done.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn run(options: &Options) -> Result {
    let clients = usize::try_from(options.clients).unwrap_or(1);
    if options.upgrades > 0 {
        options.server.own_only("upgrades are tried")?;
    }
    let target = Target::find(&options.server, clients, &[])?;
    println!("{}", memory::machine());
    let rounds = options.rounds.div_ceil(options.clients);
    let all = u64::from(rounds) * u64::from(options.clients);
    let begun = Instant::now();
    let course = Course::default();
    let (seen, upgraded) = std::thread::scope(|scope| -> Result<(Vec<Seen>, u32)> {
        let one = |n: usize| {
            let (target, course) = (&target, &course);
            scope.spawn(move || race(target, course, n, (rounds, options.disconnects)))
        };
        let threads: Vec<_> = (0..clients).map(one).collect();
        let upgrading = scope.spawn(|| upgrade(&target, &course, options.upgrades, all));
        let died = |_| Err(Error::new("a client's thread has panicked"));
        let seen: Result<Vec<Seen>> = threads.into_iter().map(|t| t.join().unwrap_or_else(died)).collect();
        course.over.store(true, Ordering::Release);
        let upgraded = upgrading.join().unwrap_or_else(|_| Err(Error::new("the upgrades' thread has panicked")));
        Ok((seen?, upgraded?))
    })?;
    let sum = |pick: fn(&Seen) -> u32| seen.iter().map(pick).sum::<u32>();
    println!(
        "{all} rounds of deliveries racing with GetEvents on {clients} mailboxes in {:.1} s: none lost, none doubled ({} calls \
         told of more than one message, {} times a client went away while it waited and came again, {upgraded} upgrades)",
        begun.elapsed().as_secs_f64(),
        sum(|seen| seen.several),
        sum(|seen| seen.gone),
    );
    Ok(())
}

/// So many upgrades, spread over the rounds; how many there were.
fn upgrade(target: &Target, course: &Course, upgrades: u32, rounds: u64) -> Result<u32> {
    let mut done = 0;
    while done < upgrades {
        let due = rounds * u64::from(done + 1) / u64::from(upgrades + 1);
        while course.rounds.load(Ordering::Acquire) < due {
            if course.over.load(Ordering::Acquire) {
                return Ok(done);
            }
            std::thread::park_timeout(LOOK);
        }
        let end = Instant::now() + PATIENCE;
        while let Err(error) = target.ewsctl(&["upgrade"]) {
            if !error.to_string().contains("under way") || Instant::now() > end {
                return Err(error);
            }
            std::thread::park_timeout(LOOK);
        }
        done += 1;
    }
    Ok(done)
}

/// Numbers that are spread over all that there are.
fn spread(n: u32) -> u32 {
    n.wrapping_mul(2_654_435_761)
}

/// Waits for so long that each time it is another moment.
fn spin(spins: u32) {
    for _ in 0..spins {
        std::hint::spin_loop();
    }
}

/// The rounds of one client, in so many of a hundred of which it goes away.
fn race(target: &Target, course: &Course, n: usize, (rounds, disconnects): (u32, u32)) -> Result<Seen> {
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
    let (mut told, mut seen) = (HashSet::new(), Seen::default());
    std::thread::scope(|scope| -> Result {
        let sender = scope.spawn({
            let address = account.address.clone();
            move || -> Result {
                let mut session = target.mail()?;
                while let Ok(spins) = turns.recv() {
                    // Each delivery meets the call at another moment.
                    spin(spins);
                    session.deliver(&address, "race")?;
                }
                Ok(())
            }
        });
        for round in 0..rounds {
            go.send(spread(round) % 300_000).map_err(|_| Error::new("the sender has ended"))?;
            let request = account.request("Prefer: wait=60\r\n", &soap::get_events(&subscription, &watermark));
            if spread(round.rotate_left(16)) % 100 < disconnects {
                client.send(&request)?;
                spin(spread(!round) % 300_000);
                client = target.connect()?;
                seen.gone += 1;
            }
            let reply = client.call(&request)?;
            reply.check()?;
            let text = reply.text();
            let events: Vec<&str> = text.split("NewMailEvent>").skip(1).step_by(2).collect();
            if events.is_empty() {
                return Err(Error::new(format!("round {round}: a delivery was slept through: {text:.800}")));
            }
            seen.several += u32::from(events.len() > 1);
            for event in events {
                let id =
                    soap::attribute(event, "ItemId", "Id").ok_or_else(|| Error::new("an event without an item"))?;
                if !told.insert(id) {
                    return Err(Error::new(format!("round {round}: a message was told twice")));
                }
            }
            watermark = soap::last_element(&text, "Watermark").unwrap_or_default().to_owned();
            course.rounds.fetch_add(1, Ordering::Release);
        }
        drop(go);
        sender.join().unwrap_or_else(|_| Err(Error::new("the sender's thread has panicked")))
    })?;
    if told.len() == usize::try_from(rounds).unwrap_or_default() {
        Ok(seen)
    } else {
        Err(Error::new(format!("{} deliveries, {} told", rounds, told.len())))
    }
}
