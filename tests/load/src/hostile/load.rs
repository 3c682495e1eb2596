//! Those who make the load: a process of its own, at the least priority, told by its standard input what to do. It ends by itself.

use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::error::{During, Error, Result};
use crate::guess::connect;
use crate::http;
use crate::{memory, soap};

/// Somebody who makes a load, and what there is in that mailbox.
#[derive(Debug, Clone)]
pub struct Client {
    pub at: Ipv4Addr,
    pub authorization: String,
    /// What it asks again and again, and the call that waits.
    pub operations: Vec<String>,
    pub waits: String,
}

/// What is to be done.
#[derive(Debug)]
pub struct Load {
    pub http: SocketAddr,
    pub seconds: u64,
    /// Requests under way at a time, and calls that wait, shared out over the clients.
    pub busy: u16,
    pub held: u16,
    /// Connections without an account, from one network.
    pub strangers: u16,
    pub network: [u8; 3],
    pub clients: Vec<Client>,
}

macro_rules! made {
    ($( $name:ident: $words:literal, )*) => {
        /// What came of it.
        #[derive(Debug, Default)]
        pub struct Made { $( $name: u64, )* }

        #[derive(Default)]
        struct Counts { $( $name: AtomicU64, )* }

        impl Counts {
            fn json(self) -> Value {
                json!({ $( stringify!($name): self.$name.into_inner(), )* })
            }
        }

        impl Made {
            fn read(made: &Value) -> Option<Made> {
                Some(Made { $( $name: made.get(stringify!($name))?.as_u64()?, )* })
            }
        }

        impl fmt::Display for Made {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let parts = [$( (self.$name, $words), )*];
                let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}"));
                f.write_str(&parts.collect::<Vec<_>>().join(", "))
            }
        }
    };
}

made! {
    answered: "answered",
    busy: "told to wait",
    cut: "cut off",
    held: "calls waiting",
    refused: "calls refused",
    guesses: "guesses answered",
    announced: "large requests refused",
    shut: "silent ones shut out",
}

/// Of a thread that does nothing but wait.
const STACK: usize = 256 * 1024;
/// Of the strangers, those who guess and those who announce large requests have a thread each, and this part of all.
const ACTIVE: u16 = 16;
/// An answer that does not come in so long is given up by strangers.
const PATIENCE: Duration = Duration::from_secs(2);
/// A silent or dribbling connection says one octet more after so long, or finds that it is shut.
const BEAT: Duration = Duration::from_millis(500);

impl Load {
    /// Has a process of its own do it.
    pub fn run(&self) -> Result<Made> {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(std::env::current_exe()?).arg("loaders");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().during("nice")?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(self.json().to_string().as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(Error::new(format!("those who make the load ended with {}", output.status)));
        }
        let made: Value = serde_json::from_slice(&output.stdout).during("what they say")?;
        Made::read(&made).ok_or_else(|| Error::new(format!("those who make the load say {made}")))
    }

    fn json(&self) -> Value {
        let clients = self.clients.iter().map(|client| {
            json!({
                "at": client.at.to_string(), "authorization": client.authorization, "operations": client.operations,
                "waits": client.waits,
            })
        });
        json!({
            "http": self.http.to_string(), "seconds": self.seconds, "busy": self.busy, "held": self.held,
            "strangers": self.strangers, "network": self.network, "clients": clients.collect::<Vec<_>>(),
        })
    }

    fn read(orders: &Value) -> Option<Load> {
        let number = |name: &str| u16::try_from(orders.get(name)?.as_u64()?).ok();
        let list = |value: &Value, name: &str| value.get(name)?.as_array().cloned();
        let octets: Option<Vec<u8>> =
            list(orders, "network")?.iter().map(|n| n.as_u64().and_then(|n| u8::try_from(n).ok())).collect();
        let clients: Option<Vec<Client>> = list(orders, "clients")?
            .iter()
            .map(|client| {
                let text = |name: &str| client.get(name).and_then(Value::as_str);
                let operations = list(client, "operations")?;
                Some(Client {
                    at: text("at")?.parse().ok()?,
                    authorization: text("authorization")?.to_owned(),
                    operations: operations.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                    waits: text("waits")?.to_owned(),
                })
            })
            .collect();
        Some(Load {
            http: orders.get("http")?.as_str()?.parse().ok()?,
            seconds: number("seconds")?.into(),
            busy: number("busy")?,
            held: number("held")?,
            strangers: number("strangers")?,
            network: octets?.try_into().ok()?,
            clients: clients?,
        })
    }
}

/// The process that makes the load.
pub fn run() -> Result {
    let orders: Value = serde_json::from_reader(std::io::stdin()).during("orders")?;
    let load = Load::read(&orders).ok_or_else(|| Error::new("these are no orders"))?;
    let connections = [load.busy, load.held, load.strangers].map(usize::from);
    memory::allow_connections(connections.iter().sum())?;
    if !load.http.ip().is_loopback() {
        return Err(Error::new(format!("{} is another machine's", load.http)));
    }
    let (counts, end) = (Counts::default(), Instant::now() + Duration::from_secs(load.seconds));
    std::thread::scope(|scope| -> Result {
        let spawn = |work: Box<dyn FnOnce() + Send>| -> Result {
            std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work)?;
            Ok(())
        };
        let (load, counts) = (&load, &counts);
        for (n, client) in (0..load.busy).zip(load.clients.iter().cycle()) {
            spawn(Box::new(move || be_busy(load, client, n, counts, end)))?;
        }
        spawn(Box::new(move || hold(load, counts, end)))?;
        let active = load.strangers / ACTIVE;
        for n in 0..active {
            spawn(Box::new(move || guess(load, n, counts, end)))?;
            spawn(Box::new(move || announce(load, counts, end)))?;
        }
        if load.strangers > 0 {
            let silent = load.strangers - 2 * active;
            spawn(Box::new(move || be_silent(load, silent, counts, end)))?;
        }
        Ok(())
    })?;
    println!("{}", counts.json());
    Ok(())
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Whatever is in the bodies must be looked at: no index knows parts of words.
pub fn search(folder: &str) -> String {
    format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>\
         <m:IndexedPageItemView MaxEntriesReturned=\"10\" Offset=\"0\" BasePoint=\"Beginning\"/><m:Restriction>\
         <t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\"><t:FieldURI FieldURI=\"item:Body\"/>\
         <t:Constant Value=\"ick brown cat\"/></t:Contains></m:Restriction>\
         <m:ParentFolderIds><t:FolderId Id=\"{folder}\"/></m:ParentFolderIds></m:FindItem>"
    )
}

/// One request after the other; a connection that ends is made anew.
fn be_busy(load: &Load, client: &Client, n: u16, counts: &Counts, end: Instant) {
    let requests: Vec<Vec<u8>> =
        client.operations.iter().map(|operation| soap::request(&client.authorization, "", operation)).collect();
    let mut connection: Option<http::Client> = None;
    // Each at another place of the round.
    for request in requests.iter().cycle().skip(n.into()) {
        if Instant::now() >= end {
            return;
        }
        let mine = connection.take().map_or_else(|| connect(load.http, client.at), Ok);
        let answered = mine.and_then(|mut mine| {
            let reply = mine.call(request)?;
            let busy = reply.status == 503 || reply.contains("ErrorServerBusy");
            let counter = if busy { &counts.busy } else { &counts.answered };
            count(counter);
            Ok(mine)
        });
        match answered {
            Ok(mine) => connection = Some(mine),
            Err(_) => {
                count(&counts.cut);
                std::thread::park_timeout(Duration::from_millis(10));
            }
        }
    }
}

/// Calls that wait until the end.
fn hold(load: &Load, counts: &Counts, end: Instant) {
    let wait = format!("Prefer: wait={}\r\n", load.seconds + 60);
    let mut waiting = Vec::new();
    for client in load.clients.iter().cycle().take(load.held.into()) {
        let request = soap::request(&client.authorization, &wait, &client.waits);
        let asked = connect(load.http, client.at).and_then(|mut mine| mine.send(&request).map(|()| mine));
        waiting.extend(asked.ok());
        if Instant::now() >= end {
            break;
        }
    }
    rest(end);
    for client in &mut waiting {
        count(if is_open(client) { &counts.held } else { &counts.refused });
    }
}

fn rest(end: Instant) {
    while Instant::now() < end {
        std::thread::park_timeout(end.saturating_duration_since(Instant::now()));
    }
}

/// Whether nothing has come, not even its end.
fn is_open(client: &mut http::Client) -> bool {
    let quiet = client.line.set_nonblocking(true).is_ok();
    let came = client.line.read(&mut [0; 1]);
    quiet && came.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// An address of the strangers' network.
fn stranger(load: &Load, n: u16) -> Ipv4Addr {
    let [a, b, c] = load.network;
    Ipv4Addr::new(a, b, c, u8::try_from(n % 254 + 1).unwrap_or(1))
}

/// Wrong passwords for the accounts that there are.
fn guess(load: &Load, n: u16, counts: &Counts, end: Instant) {
    for round in 0_u64.. {
        if Instant::now() >= end {
            return;
        }
        let login = format!("user{}@example.test:guess {n} {round}", round % 50 + 1);
        let authorization = format!("Basic {}", STANDARD.encode(login));
        let request = soap::request(&authorization, "", &soap::get_folder());
        if ask(load, stranger(load, n), &request).is_ok() {
            count(&counts.guesses);
        }
    }
}

/// Requests of fifty megabytes by nobody, of which the head comes and a part.
fn announce(load: &Load, counts: &Counts, end: Instant) {
    let head =
        "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: load\r\nContent-Type: text/xml\r\nContent-Length: 52000000\r\n\r\n";
    let request = [head.as_bytes(), &[b'x'; 60_000]].concat();
    while Instant::now() < end {
        if ask(load, stranger(load, 0), &request).is_ok() {
            count(&counts.announced);
        }
    }
}

/// One request on a connection of its own; a right one would have been answered soon.
fn ask(load: &Load, at: Ipv4Addr, request: &[u8]) -> Result {
    let mut client = connect(load.http, at)?;
    client.set_read_timeout(PATIENCE)?;
    client.call(request).map(drop)
}

/// Connections that say nothing, and others that say an octet now and then; whoever is shut out comes again.
fn be_silent(load: &Load, silent: u16, counts: &Counts, end: Instant) {
    let request = soap::request("", "", &soap::get_folder());
    let mut there: Vec<Option<http::Client>> = (0..silent).map(|_| None).collect();
    for octet in request {
        if Instant::now() >= end {
            return;
        }
        let beat = Instant::now() + BEAT;
        for (n, place) in (0..silent).zip(&mut there) {
            // Every second one dribbles.
            let octet = (n % 2 == 1).then_some(octet);
            let kept = place.take().and_then(|client| stays(client, octet, counts));
            *place = kept.or_else(|| connect(load.http, stranger(load, n)).ok());
        }
        rest(beat.min(end));
    }
    rest(end);
}

/// Whether one is still there, and says its octet.
fn stays(mut client: http::Client, octet: Option<u8>, counts: &Counts) -> Option<http::Client> {
    let open = is_open(&mut client) && client.line.set_nonblocking(false).is_ok();
    if open && octet.is_none_or(|octet| client.send(&[octet]).is_ok()) {
        return Some(client);
    }
    count(&counts.shut);
    None
}
