//! The masters: the first with the private PostgreSQL, the others on that, all on one port (SO_REUSEPORT) and each on one of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::idle;
use crate::target::{Server, Target};

/// Seconds that a call is held: longer than all this takes.
pub const WAIT: u32 = 3600;
/// Within that time they know of each other, and those who wait are held.
const PATIENCE: Duration = Duration::from_secs(300);
/// Between two questions.
const ASK: Duration = Duration::from_millis(200);

/// The masters, as they were started. The last goes first: the first has the database.
#[derive(Debug)]
pub struct Fleet {
    server: Server,
    accounts: usize,
    /// Clients of all of them, and of each, with what the kernel's dealing adds.
    clients: (usize, usize),
    pub shared: SocketAddr,
    pub nodes: Vec<Target>,
}

impl Fleet {
    /// None runs yet.
    pub fn new(server: &Server, clients: (usize, usize), accounts: usize) -> Result<Fleet> {
        // Whoever takes it in between is found when the first listens.
        let shared = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        Ok(Fleet { server: server.clone(), accounts, clients, shared, nodes: Vec::new() })
    }

    /// So many run, and know of each other.
    pub fn grow(&mut self, nodes: usize) -> Result {
        while self.nodes.len() < nodes {
            let mut settings = idle::settings(self.clients.0, WAIT);
            settings.extend([
                ("limits.connections", self.clients.1.to_string()),
                ("limits.queue_seconds", "600".to_owned()),
                ("server.http", format!("[\"127.0.0.1:0\", \"{} reuseport\"]", self.shared)),
            ]);
            settings.extend(self.nodes.first().map(Target::shared).transpose()?.into_iter().flatten());
            self.nodes.push(Target::find(&self.server, self.accounts, &settings)?);
        }
        let others = u64::try_from(nodes.saturating_sub(1)).unwrap_or_default();
        self.until("the masters know of each other", |status| status.get("other_nodes") == Some(&others.into()))
    }

    /// All of them say so of themselves.
    fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Result {
        let end = Instant::now() + PATIENCE;
        for node in &self.nodes {
            while !is_so(&node.status()?) {
                if Instant::now() > end {
                    return Err(Error::new(format!("not within {PATIENCE:?}: {what}")));
                }
                std::thread::park_timeout(ASK);
            }
        }
        Ok(())
    }

    /// Calls that each of them holds.
    pub fn held(&self) -> Result<Vec<u64>> {
        let held = |status: Value| status.get("connections").and_then(|c| c.get("held")).and_then(Value::as_u64);
        self.nodes.iter().map(|node| Ok(held(node.status()?).unwrap_or_default())).collect()
    }

    /// Waits until so many calls are held by all of them together; how many by each.
    ///
    /// # Errors
    /// They are not, after a time.
    pub fn until_held(&self, calls: usize) -> Result<Vec<u64>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let held = self.held()?;
            if usize::try_from(held.iter().sum::<u64>()) == Ok(calls) {
                return Ok(held);
            }
            if Instant::now() > end {
                return Err(Error::new(format!("{calls} calls are to be held, and {held:?} are")));
            }
            std::thread::park_timeout(ASK);
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        while let Some(node) = self.nodes.pop() {
            drop(node);
        }
    }
}
