//! Those who guess: a process of its own, at the least priority, told by its standard input what to do. Each network has some
//! connections; an answer that is long in coming is given up, for a right password would have been answered at once.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::{connect, guesser};
use crate::error::{During, Error, Result};
use crate::http::Client;
use crate::proof::Scheme;
use crate::soap;
use crate::target;

/// What is to be done.
#[derive(Debug)]
pub struct Attack {
    pub http: SocketAddr,
    pub scheme: Scheme,
    pub guesses: u32,
    pub networks: u8,
    pub at_once: u8,
    pub patience: Duration,
    pub logins: Vec<String>,
}

/// What came of the guesses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// With 401, in time.
    pub answered: usize,
    pub given_up: usize,
    /// With another status.
    pub turned_away: usize,
    /// By the end of the connection.
    pub cut: usize,
    pub got_in: usize,
}

/// Of a thread that does nothing but wait.
const STACK: usize = 256 * 1024;

impl Attack {
    /// Has a process of its own do it, and ends that after so long.
    pub fn run(&self, most: Duration) -> Result<Came> {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(std::env::current_exe()?).arg("guessers");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().during("nice")?;
        let orders = json!({
            "http": self.http.to_string(), "scheme": self.scheme.to_string(), "guesses": self.guesses, "networks": self.networks,
            "at_once": self.at_once, "patience_ms": u64::try_from(self.patience.as_millis()).unwrap_or_default(),
            "logins": self.logins,
        });
        let told = child.stdin.take().map(|mut input| input.write_all(orders.to_string().as_bytes()));
        let ended = told.unwrap_or(Ok(())).map_err(Error::from).and_then(|()| wait(&mut child, most));
        if ended.is_err() {
            // It may have ended by itself.
            let _ = child.kill();
        }
        let output = child.wait_with_output()?;
        ended?;
        let came: Value = serde_json::from_slice(&output.stdout).during("what the guessers say")?;
        let count = |name: &str| came.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let count = |name: &str| count(name).ok_or_else(|| Error::new(format!("the guessers say nothing of {name}")));
        Ok(Came {
            answered: count("answered")?,
            given_up: count("given_up")?,
            turned_away: count("turned_away")?,
            cut: count("cut")?,
            got_in: count("got_in")?,
        })
    }

    fn read(orders: &Value) -> Option<Attack> {
        let number = |name: &str| orders.get(name).and_then(Value::as_u64);
        let text = |name: &str| orders.get(name).and_then(Value::as_str);
        let logins = orders.get("logins")?.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        Some(Attack {
            http: text("http")?.parse().ok()?,
            scheme: Scheme::from_str(text("scheme")?, true).ok()?,
            guesses: u32::try_from(number("guesses")?).ok()?,
            networks: u8::try_from(number("networks")?).ok()?,
            at_once: u8::try_from(number("at_once")?).ok()?,
            patience: Duration::from_millis(number("patience_ms")?.max(1)),
            logins,
        })
    }
}

fn wait(child: &mut Child, most: Duration) -> Result {
    let end = Instant::now() + most;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(Error::new(format!("the guessers ended with {status}"))),
            None if Instant::now() > end => {
                return Err(Error::new(format!("the guessers are not done after {most:?}")));
            }
            None => std::thread::park_timeout(Duration::from_millis(20)),
        }
    }
}

/// The process that guesses.
pub fn run() -> Result {
    let orders: Value = serde_json::from_reader(std::io::stdin()).during("orders")?;
    let attack = Attack::read(&orders).ok_or_else(|| Error::new("these are no orders"))?;
    target::room_for(usize::from(attack.networks) * usize::from(attack.at_once))?;
    if !attack.http.ip().is_loopback() {
        return Err(Error::new(format!("{} is another machine's", attack.http)));
    }
    let (next, counts) = (AtomicU32::new(0), Counts::default());
    std::thread::scope(|scope| -> Result {
        for network in 0..attack.networks {
            for _ in 0..attack.at_once {
                let (attack, next, counts) = (&attack, &next, &counts);
                std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
                    guess_on(attack, network, next, counts);
                })?;
            }
        }
        Ok(())
    })?;
    let Counts { answered, given_up, turned_away, cut, got_in } = counts;
    let of = AtomicUsize::into_inner;
    let came = json!({
        "answered": of(answered), "given_up": of(given_up), "turned_away": of(turned_away), "cut": of(cut), "got_in": of(got_in),
    });
    println!("{came}");
    Ok(())
}

#[derive(Default)]
struct Counts {
    answered: AtomicUsize,
    given_up: AtomicUsize,
    turned_away: AtomicUsize,
    cut: AtomicUsize,
    got_in: AtomicUsize,
}

/// One guess after the other until all are done.
fn guess_on(attack: &Attack, network: u8, next: &AtomicU32, counts: &Counts) {
    let mut client: Option<Client> = None;
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= attack.guesses {
            return;
        }
        let at = usize::try_from(n).unwrap_or_default() % attack.logins.len().max(1);
        let Some(login) = attack.logins.get(at) else { return };
        let begun = Instant::now();
        let mine = client.take().map_or_else(|| connect(attack.http, guesser(network)), Ok);
        let (what, kept) = match mine.and_then(|client| guess(attack, client, login, n)) {
            Ok((401, client)) => (&counts.answered, Some(client)),
            Ok((200, _)) => (&counts.got_in, None),
            Ok(_) => (&counts.turned_away, None),
            Err(_) if begun.elapsed() >= attack.patience => (&counts.given_up, None),
            Err(_) => (&counts.cut, None),
        };
        what.fetch_add(1, Ordering::Relaxed);
        client = kept;
    }
}

fn guess(attack: &Attack, mut client: Client, login: &str, n: u32) -> Result<(u16, Client)> {
    client.set_read_timeout(attack.patience)?;
    let proof = attack.scheme.proof(&mut client, login, &format!("guess {n}"))?;
    let status = client.call(&soap::request(&proof, "", &soap::get_folder()))?.status;
    Ok((status, client))
}
