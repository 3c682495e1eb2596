//! Many clients in a held GetEvents, watched with one poll: few threads, however many they are.

use std::collections::HashMap;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use serde_json::json;

use crate::error::{During, Error, Result};
use crate::figures::Figures;
use crate::http::contains;
use crate::lmtp::Session;
use crate::stats::{Times, median, ms};
use crate::target::Target;
use crate::{Server, memory, soap};

#[derive(Debug, Args)]
pub struct Options {
    #[command(flatten)]
    server: Server,
    /// How many clients wait.
    #[arg(value_parser = clap::value_parser!(u32).range(1..=20_000))]
    clients: u32,
    /// Mailboxes that they share out among themselves.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1000))]
    mailboxes: u32,
    /// Rounds of: all wait, one mail to each mailbox, all are woken.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Write the figures, medians of the rounds, into this file, for `ewsload compare`.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The longest time to wait for all to be held, or for all answers.
const PATIENCE: Duration = Duration::from_secs(120);

struct Waiting {
    stream: TcpStream,
    account: usize,
    subscription: String,
    watermark: String,
    answer: Vec<u8>,
}

/// Clients that wait.
pub struct Crowd {
    poll: Poll,
    clients: Vec<Waiting>,
    accounts: usize,
}

pub fn run(options: &Options) -> Result {
    memory::allow_connections()?;
    let (clients, mailboxes) = (to_usize(options.clients), to_usize(options.mailboxes));
    let settings = [
        ("limits.connections", (clients + 1000).to_string()),
        ("limits.held_per_account", clients.max(1).to_string()),
        ("notifications.pull_wait_most", "600".to_owned()),
    ];
    let target = Target::find(&options.server, mailboxes, &settings)?;
    println!("{}", memory::machine());
    let before = memory::pss(target.master)?;
    let mut crowd = Crowd::gather(&target, clients, 600)?;
    let after = memory::pss(target.master)?;
    println!(
        "{clients} held; the master weighs {} KB, {} KB more than before",
        after / 1024,
        after.saturating_sub(before) / 1024
    );
    let mut figures = Figures::default();
    figures.put("master_octets_per_client", after.saturating_sub(before) as f64 / clients.max(1) as f64);
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        let times = crowd.wake_once(&target)?;
        println!(
            "round {round}: {} woken by a mail to each of {} mailboxes: p50 {} ms, p99 {} ms, last {} ms after the 250",
            times.len(),
            crowd.accounts,
            ms(times.percentile(50.0)),
            ms(times.percentile(99.0)),
            ms(times.percentile(100.0))
        );
        let milliseconds = |percent| times.percentile(percent).as_secs_f64() * 1000.0;
        rounds.push([milliseconds(50.0), milliseconds(99.0), milliseconds(100.0)]);
        if round < options.rounds {
            crowd.ask_all(&target, 600)?;
        }
    }
    for (at, name) in ["wake_p50_ms", "wake_p99_ms", "wake_last_ms"].into_iter().enumerate() {
        figures.put(name, median(rounds.iter().filter_map(|round| round.get(at).copied()).collect()));
    }
    let parameters = json!({"clients": clients, "mailboxes": mailboxes, "workers": options.server.workers});
    options.json.as_ref().map_or(Ok(()), |file| figures.write(file, "hold", &parameters))
}

impl Crowd {
    /// Connects and subscribes so many clients, shared out over the accounts, and leaves them all waiting.
    pub fn gather(target: &Target, clients: usize, seconds: u32) -> Result<Crowd> {
        let accounts = target.accounts.len().min(clients).max(1);
        let mut crowd = Crowd { poll: Poll::new()?, clients: Vec::with_capacity(clients), accounts };
        for n in 0..clients {
            let account = n % accounts;
            let mut client = target.connect()?;
            let reply = client.call(&soap::request(&target.account(account)?.authorization, "", &soap::subscribe()))?;
            reply.check()?;
            let text = reply.text();
            let value = |name: &str| {
                soap::last_element(&text, name)
                    .map(str::to_owned)
                    .ok_or_else(|| Error::new(format!("Subscribe answers without {name}")))
            };
            let (subscription, watermark) = (value("SubscriptionId")?, value("Watermark")?);
            client.stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(client.stream);
            crowd.poll.registry().register(&mut stream, Token(n), Interest::READABLE)?;
            crowd.clients.push(Waiting { stream, account, subscription, watermark, answer: Vec::new() });
        }
        crowd.ask_all(target, seconds)?;
        Ok(crowd)
    }

    fn ask_all(&mut self, target: &Target, seconds: u32) -> Result {
        use std::io::Write;
        for client in &mut self.clients {
            let operation = soap::get_events(&client.subscription, &client.watermark);
            let wait = format!("Prefer: wait={seconds}\r\n");
            let request = soap::request(&target.account(client.account)?.authorization, &wait, &operation);
            // A request of a kilobyte fits the empty buffer of a socket.
            client.stream.write_all(&request).during("GetEvents")?;
        }
        self.settle()
    }

    /// Waits until no answer has come for a while: all are held.
    fn settle(&mut self) -> Result {
        let mut events = Events::with_capacity(1024);
        self.poll.poll(&mut events, Some(Duration::from_secs(2)))?;
        if events.iter().next().is_some() {
            return Err(Error::new("a client that should wait was answered at once"));
        }
        Ok(())
    }

    /// One mail to each mailbox; the time from its 250 to each answer.
    pub fn wake(mut self, target: &Target) -> Result<Times> {
        self.wake_once(target)
    }

    fn wake_once(&mut self, target: &Target) -> Result<Times> {
        let mut session = Session::open(target.lmtp)?;
        let mut delivered = HashMap::new();
        let mut times = Vec::with_capacity(self.clients.len());
        let mut events = Events::with_capacity(4096);
        for account in 0..self.accounts {
            session.deliver(&target.account(account)?.address, "wake up")?;
            delivered.insert(account, Instant::now());
            self.poll.poll(&mut events, Some(Duration::ZERO))?;
            self.take(&events, &delivered, &mut times)?;
        }
        let end = Instant::now() + PATIENCE;
        while times.len() < self.clients.len() {
            if Instant::now() > end {
                return Err(Error::new(format!(
                    "only {} of {} were woken in {PATIENCE:?}",
                    times.len(),
                    self.clients.len()
                )));
            }
            self.poll.poll(&mut events, Some(Duration::from_secs(1)))?;
            self.take(&events, &delivered, &mut times)?;
        }
        Ok(Times::new(times))
    }

    /// Reads what has come; a complete answer is timed and must tell of the mail.
    fn take(&mut self, events: &Events, delivered: &HashMap<usize, Instant>, times: &mut Vec<Duration>) -> Result {
        let mut chunk = [0; 16384];
        for event in events {
            let Some(client) = self.clients.get_mut(event.token().0) else {
                continue;
            };
            loop {
                match client.stream.read(&mut chunk) {
                    Ok(0) => return Err(Error::new("the server closed a waiting connection")),
                    Ok(n) => client.answer.extend_from_slice(chunk.get(..n).unwrap_or_default()),
                    Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                    Err(e) => return Err(e.into()),
                }
            }
            let Some(frame) = crate::http::frame(&client.answer)?.filter(|f| client.answer.len() >= f.end) else {
                continue;
            };
            if frame.status != 200 || !contains(&client.answer, "NewMailEvent") {
                let text = String::from_utf8_lossy(&client.answer).into_owned();
                return Err(Error::new(format!("a waiting client was answered without the mail: {text:.600}")));
            }
            // An answer may come before this end has read the 250.
            let since = delivered.get(&client.account).map_or(Duration::ZERO, Instant::elapsed);
            times.push(since);
            let text = String::from_utf8_lossy(&client.answer).into_owned();
            client.watermark = soap::last_element(&text, "Watermark").unwrap_or_default().to_owned();
            client.answer.clear();
        }
        Ok(())
    }
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
