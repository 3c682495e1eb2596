//! Many wrong passwords from many networks, beside people who work and owners of the attacked accounts who log in.
//!
//! Every client says with the PROXY protocol whose it is: local ones would have no share of their own. Who guesses does so in a process
//! of its own, at the least priority.

pub mod attack;
mod people;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use self::attack::{Attack, Came};
use self::people::{Kind, Logins, Owner};
use crate::error::{Error, Result};
use crate::figures::Figures;
use crate::http::Client;
use crate::memory;
use crate::proof::Scheme;
use crate::stats::{Times, ms};
use crate::target::{self, Account, Door, Server, Target};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// Wrong passwords, by each scheme.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    guesses: u32,
    /// Networks that they come from.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u8).range(1..=250))]
    networks: u8,
    /// Accounts that are attacked.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(40..=20_000))]
    accounts: u32,
    /// Guesses that each network has under way at a time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=100))]
    at_once: u8,
    /// Milliseconds after which a guesser gives an answer up: a right password would have been answered.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(50..=60_000))]
    patience: u32,
    /// Schemes by which passwords are guessed.
    #[arg(long, value_delimiter = ',', default_values_t = [Scheme::Basic, Scheme::Digest, Scheme::Ntlm])]
    schemes: Vec<Scheme>,
    /// People who work meanwhile, whose accounts nobody attacks.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u8).range(1..=100))]
    people: u8,
    /// Milliseconds between two requests of each.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pause: u32,
    /// Seconds of their work before and after.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=60))]
    quiet: u32,
    /// Write the figures into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Owners at home, and in networks of those who guess.
const AT_HOME: u8 = 15;
const INSIDE: u8 = 5;
/// An attack that takes longer is ended.
const MOST: Duration = Duration::from_secs(600);

/// Where those who guess are, whose network is a /24 of each.
fn guesser(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 1, n, 1)
}

/// Connects as a client at that address does through a proxy that passes connections on.
pub fn connect(server: SocketAddr, at: Ipv4Addr) -> Result<Client> {
    let mut client = Client::connect(&Door::plain(server))?;
    client.send(format!("PROXY TCP4 {at} 127.0.0.1 40000 80\r\n").as_bytes())?;
    Ok(client)
}

pub fn run(options: &Options) -> Result {
    options.server.own_only("passwords are guessed")?;
    target::room_for(usize::from(options.people))?;
    let attacked = usize::try_from(options.accounts).unwrap_or_default();
    let settings = [
        ("server.http", "127.0.0.1:0 proxy".to_owned()),
        ("auth.ntlm", "true".to_owned()),
        ("auth.digest", "true".to_owned()),
    ];
    let target = Target::find(&options.server, attacked + usize::from(options.people), &settings)?;
    println!("{}", memory::machine());
    println!(
        "{} guesses from {} networks on {attacked} accounts by each scheme, {} at once from each; {} users beside them\n",
        options.guesses, options.networks, options.at_once, options.people
    );
    let (victims, others) = target.accounts.split_at(attacked.min(target.accounts.len()));
    let owners = owners(victims);
    let newcomers = victims.get(owners.len()..).unwrap_or_default();
    let mut figures = Figures::default();
    let mut wrong = Vec::new();
    for scheme in &options.schemes {
        for owner in &owners {
            people::log_in(&target, *scheme, owner.at, owner.account, 0)?;
        }
        let outcome = one(options, &target, *scheme, victims, others, &owners, newcomers)?;
        wrong.extend(outcome.tell(*scheme, &mut figures));
        target.ewsctl(&["login", "forgive"])?;
    }
    if let Some(file) = &options.json {
        let parameters = json!({
            "guesses": options.guesses, "networks": options.networks, "accounts": options.accounts, "at_once": options.at_once,
            "patience": options.patience, "people": options.people, "pause": options.pause,
        });
        figures.write(file, "guess", &parameters)?;
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::new(wrong.join("; "))) }
}

fn owners(victims: &[Account]) -> Vec<Owner<'_>> {
    let homes = (0..AT_HOME).map(|n| (Kind::AtHome, Ipv4Addr::new(10, 100, n, 1)));
    let inside = (0..INSIDE).map(|n| (Kind::Inside, guesser(n)));
    homes.chain(inside).zip(victims).map(|((kind, at), account)| Owner { kind, at, account }).collect()
}

/// What one attack was like.
struct Outcome {
    before: Times,
    during: Times,
    after: Times,
    came: Came,
    took: Duration,
    logins: Logins,
    judged: usize,
    refused: usize,
}

fn one(
    options: &Options,
    target: &Target,
    scheme: Scheme,
    victims: &[Account],
    others: &[Account],
    owners: &[Owner<'_>],
    newcomers: &[Account],
) -> Result<Outcome> {
    let pause = Duration::from_millis(options.pause.into());
    let quiet = Duration::from_secs(options.quiet.into());
    let alone = || {
        let end = Instant::now() + quiet;
        people::work(target, others, pause, &|| Instant::now() >= end)
    };
    let before = alone()?;
    let logged = target.log()?.len();
    let attack = Attack {
        http: target.http(),
        scheme,
        guesses: options.guesses,
        networks: options.networks,
        at_once: options.at_once,
        patience: Duration::from_millis(options.patience.into()),
        logins: victims.iter().map(|victim| victim.login.clone()).collect(),
    };
    let over = AtomicBool::new(false);
    let is_over = || over.load(Ordering::Acquire);
    let begun = Instant::now();
    let (came, during, logins) = std::thread::scope(|scope| {
        let working = scope.spawn(|| people::work(target, others, pause, &is_over));
        let owning = scope.spawn(|| people::come(target, scheme, owners, newcomers, &is_over));
        let came = attack.run(MOST);
        over.store(true, Ordering::Release);
        let died = |_| Err(Error::new("a thread has panicked"));
        (came, working.join().unwrap_or_else(died), owning.join().unwrap_or_else(|_| Err(Error::new("panicked"))))
    });
    let took = begun.elapsed();
    let log = target.log()?;
    let log = String::from_utf8_lossy(log.get(logged..).unwrap_or_default());
    let failures = || log.lines().filter(|line| line.contains("authentication failure"));
    let refused = failures().filter(|line| line.contains("too many failures")).count();
    let judged = failures().count() - refused;
    Ok(Outcome { before, during: during?, came: came?, took, logins: logins?, judged, refused, after: alone()? })
}

impl Outcome {
    /// Prints it; what must not be.
    fn tell(&self, scheme: Scheme, figures: &mut Figures) -> Vec<String> {
        let Outcome { came, logins, .. } = self;
        let total = came.answered + came.given_up;
        println!("## {scheme}\n");
        println!(
            "{total} guesses in {:.1} s: {} judged, {} refused; {} answered in time, {} given up, {} turned away, {} cut off",
            self.took.as_secs_f64(),
            self.judged,
            self.refused,
            came.answered,
            came.given_up,
            came.turned_away,
            came.cut
        );
        println!("\n| GetFolder of others | calls | p50 ms | p99 ms | worst ms |\n|---|---|---|---|---|");
        for (when, times) in [("before", &self.before), ("during", &self.during), ("after", &self.after)] {
            let [p50, p99, worst] = [50.0, 99.0, 100.0].map(|percent| times.percentile(percent));
            println!("| {when} | {} | {} | {} | {} |", times.len(), ms(p50), ms(p99), ms(worst));
            figures.put(&format!("{scheme}_{when}_p99_ms"), p99.as_secs_f64() * 1000.0);
        }
        println!("\n| logins | tried | got in | busy | kept out | p50 ms | worst ms |\n|---|---|---|---|---|---|---|");
        let mut wrong = Vec::new();
        for kind in [Kind::AtHome, Kind::Inside, Kind::Newcomer] {
            let of = logins.of(kind);
            let times = Times::new(of.times);
            let (p50, worst) = (ms(times.percentile(50.0)), ms(times.percentile(100.0)));
            println!("| {kind} | {} | {} | {} | {} | {p50} | {worst} |", of.tried, times.len(), of.busy, of.out);
            if kind != Kind::Newcomer && times.len() < of.tried {
                wrong.push(format!("{scheme}: {} of {} logins of {kind} were kept out", of.busy + of.out, of.tried));
            }
        }
        println!();
        if came.got_in > 0 {
            wrong.push(format!("{scheme}: {} guesses got in", came.got_in));
        }
        wrong
    }
}
