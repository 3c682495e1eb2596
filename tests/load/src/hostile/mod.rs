//! One account that takes all it can get, and one network of strangers, beside an ordinary user, mail that comes and an administrator;
//! and the same requests made by many honest accounts, for comparison.
//!
//! Every client says with the PROXY protocol whose it is: local ones would have no share of their own. Whoever makes the load
//! is a process of its own, at the least priority, whose own work so takes nothing from the server.

pub mod load;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use self::load::{Client, Load, Made};
use crate::error::{Error, Result};
use crate::figures::Figures;
use crate::guess::connect;
use crate::stats::{Times, median, ms};
use crate::target::{self, Account, Server, Target};
use crate::{memory, prepare, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Honest accounts that make the load for comparison.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u8).range(2..=200))]
    honest: u8,
    /// Requests that are under way at a time, of all accounts together: searches in bodies, pages, synchronisations, new messages.
    #[arg(long, default_value_t = 54, value_parser = clap::value_parser!(u16).range(1..=500))]
    busy: u16,
    /// Calls that wait for an event, of all accounts together.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u16).range(0..=5000))]
    held: u16,
    /// Connections of the strangers' network: those that say nothing, that dribble, that guess passwords, that announce large requests.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u16).range(0..=5000))]
    strangers: u16,
    /// Messages in each mailbox, of two kilobytes.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(50..=10_000))]
    messages: u16,
    /// Seconds of each measurement.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=300))]
    seconds: u16,
    /// Pairs of measurements, honest and hostile in turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=50))]
    pairs: u8,
    /// Write the figures into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Between two requests of the ordinary user.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two messages, and between two questions of the administrator.
const MAIL: Duration = Duration::from_millis(250);
const ADMIN: Duration = Duration::from_secs(1);
/// Where the ordinary user is, and where the strangers are.
const USER: Ipv4Addr = Ipv4Addr::new(10, 200, 1, 1);
const STRANGERS: [u8; 3] = [10, 66, 6];

pub fn run(options: &Options) -> Result {
    options.server.own_only("this is done")?;
    let connections = [options.busy, options.held, options.strangers].map(usize::from);
    target::room_for(connections.iter().sum())?;
    let honest = usize::from(options.honest);
    let settings = [
        ("server.http", "127.0.0.1:0 proxy".to_owned()),
        ("server.lmtp", "127.0.0.1:0".to_owned()),
        ("notifications.pull_wait_most", "600".to_owned()),
    ];
    let target = Target::find(&options.server, honest + 2, &settings)?;
    let [user, taker, others @ ..] = target.accounts.as_slice() else { return Err(Error::new("no accounts")) };
    println!("{}", memory::machine());
    println!(
        "{} requests at once and {} waiting calls, of {honest} accounts, or of one beside {} connections of strangers; pairs of {} s\n",
        options.busy, options.held, options.strangers, options.seconds
    );
    let taker = vec![client(&target, taker, 0, options)?];
    let crowd: Vec<Client> =
        (1..).zip(others).map(|(n, account)| client(&target, account, n, options)).collect::<Result<_>>()?;
    let load = |clients: &[Client], strangers| Load {
        http: target.http(),
        seconds: options.seconds.into(),
        busy: options.busy,
        held: options.held,
        strangers,
        network: STRANGERS,
        clients: clients.to_vec(),
    };
    let loads = [("honest", load(&crowd, 0)), ("hostile", load(&taker, options.strangers))];
    let (mut figures, mut wrong, mut ratios) = (Figures::default(), Vec::new(), Vec::new());
    println!("| load | GetFolder | p50 ms | p99 ms | worst ms | mail | worst ms | ewsctl | worst ms | made |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for _ in 0..options.pairs {
        let mut p99 = Vec::new();
        for (name, load) in &loads {
            let seen = beside(&target, user, load)?;
            seen.print(name);
            p99.push(seen.user.percentile(99.0).as_secs_f64() * 1000.0);
            wrong.extend(seen.wrong.into_iter().map(|wrong| format!("{name}: {wrong}")));
        }
        if let [honest, hostile] = p99[..] {
            ratios.push(hostile / honest);
        }
    }
    let ratio = median(ratios);
    println!(
        "\np99 beside the hostile load is {ratio:.2} of that beside the honest one (median of {} pairs)",
        options.pairs
    );
    figures.put("ratio_p99", ratio);
    if let Some(file) = &options.json {
        let parameters = json!({
            "honest": options.honest, "busy": options.busy, "held": options.held, "strangers": options.strangers,
            "messages": options.messages, "seconds": options.seconds,
        });
        figures.write(file, "hostile", &parameters)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(wrong.join("; "))) }
}

/// A mailbox that there is something to do in, of somebody in a network of their own.
fn client(target: &Target, account: &Account, n: u8, options: &Options) -> Result<Client> {
    let at = Ipv4Addr::new(10, 50, n, 1);
    let mut connection = connect(target.http(), at)?;
    let filled = prepare::with(&mut connection, account, usize::from(n), options.messages.into(), 2_000)?;
    let subscription = connection.call(&soap::request(&account.authorization, "", &soap::subscribe()))?;
    subscription.check()?;
    let text = subscription.text();
    let value = |name: &str| {
        let value = soap::last_element(&text, name).map(str::to_owned);
        value.ok_or_else(|| Error::new(format!("Subscribe answers without {name}")))
    };
    Ok(Client {
        at,
        authorization: account.authorization.clone(),
        operations: vec![
            load::search(&filled.full),
            soap::find_item(&filled.full),
            soap::sync_items(&filled.full),
            soap::create_items(&filled.empty, 1, 10_000),
            soap::get_item(&filled.item),
        ],
        waits: soap::get_events(&value("SubscriptionId")?, &value("Watermark")?),
    })
}

/// What was seen beside a load.
struct Seen {
    user: Times,
    mail: Times,
    admin: Times,
    made: Made,
    wrong: Vec<String>,
}

fn beside(target: &Target, user: &Account, load: &Load) -> Result<Seen> {
    let over = AtomicBool::new(false);
    let is_over = || over.load(Ordering::Acquire);
    let (made, user, mail, admin) = std::thread::scope(|scope| {
        let works = scope.spawn(|| work(target, user, &is_over));
        let mails = scope.spawn(|| again_and_again(MAIL, &is_over, &mut || deliver(target, user)));
        let asks = scope.spawn(|| again_and_again(ADMIN, &is_over, &mut || target.ewsctl(&["status"]).map(drop)));
        let made = load.run();
        over.store(true, Ordering::Release);
        let joined = |thread: std::thread::ScopedJoinHandle<'_, Outcome>| {
            thread.join().unwrap_or_else(|_| Outcome::failed(&Error::new("a thread has panicked")))
        };
        (made, joined(works), joined(mails), joined(asks))
    });
    let wrong = [("the user", &user), ("mail", &mail), ("ewsctl", &admin)]
        .into_iter()
        .filter_map(|(who, outcome)| outcome.wrong.as_ref().map(|why| format!("{who}: {why}")))
        .collect();
    let [user, mail, admin] = [user, mail, admin].map(|outcome| Times::new(outcome.times));
    Ok(Seen { user, mail, admin, made: made?, wrong })
}

/// How long each took, and what failed first.
struct Outcome {
    times: Vec<Duration>,
    wrong: Option<String>,
}

impl Outcome {
    fn failed(error: &Error) -> Outcome {
        Outcome { times: Vec::new(), wrong: Some(error.to_string()) }
    }
}

/// Whoever fails goes on: what is seen is how often, and how long the others take.
fn again_and_again(pause: Duration, is_over: &dyn Fn() -> bool, once: &mut dyn FnMut() -> Result) -> Outcome {
    let (mut times, mut failed, mut first) = (Vec::new(), 0, None);
    while !is_over() {
        let begun = Instant::now();
        match once() {
            Ok(()) => times.push(begun.elapsed()),
            Err(error) => {
                failed += 1;
                first.get_or_insert(error);
            }
        }
        std::thread::park_timeout(pause);
    }
    Outcome { times, wrong: first.map(|first| format!("{failed} failed, the first: {first}")) }
}

/// GetFolder on one connection, which is made anew if it ends.
fn work(target: &Target, user: &Account, is_over: &dyn Fn() -> bool) -> Outcome {
    let request = soap::request(&user.authorization, "", &soap::get_folder());
    let mut connection = None;
    again_and_again(PAUSE, is_over, &mut || {
        let mut client = connection.take().map_or_else(|| connect(target.http(), USER), Ok)?;
        client.call(&request)?.check()?;
        connection = Some(client);
        Ok(())
    })
}

fn deliver(target: &Target, to: &Account) -> Result {
    target.mail()?.deliver(&to.address, "beside all that")
}

impl Seen {
    fn print(&self, name: &str) {
        let [p50, p99, worst] = [50.0, 99.0, 100.0].map(|percent| ms(self.user.percentile(percent)));
        let [mail, admin] = [&self.mail, &self.admin].map(|times| ms(times.percentile(100.0)));
        println!(
            "| {name} | {} | {p50} | {p99} | {worst} | {} | {mail} | {} | {admin} | {} |",
            self.user.len(),
            self.mail.len(),
            self.admin.len(),
            self.made
        );
    }
}
