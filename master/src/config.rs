//! What the master is told at start and at every reload. The program that runs it fills this in from the settings.
//!
//! Plain values only: the master reads no configuration file and no environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use ewsd_http::network::Network;

/// The master's share of the settings; each field names its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `server.state_dir`.
    pub state_dir: PathBuf,
    /// What is executed at an upgrade in place.
    pub program: Program,
    /// `server.http`.
    pub http: Vec<Listen>,
    /// `server.lmtp`.
    pub lmtp: Vec<Listen>,
    /// `server.admin`.
    pub admin: Vec<Listen>,
    /// `server.trusted_proxies`.
    pub proxies: Vec<Network>,
    /// `limits.exempt_networks`.
    pub exempt: Vec<Network>,
    /// The worker program.
    pub worker: PathBuf,
    /// `process.user`; none: choose (see `spawn.rs`). Without effect unless the master is root.
    pub user: Option<String>,
    /// `process.login_user`; none: logins run as the others. Without effect unless the master is root.
    pub login_user: Option<String>,
    /// What workers find in their environment beside the master's own.
    pub environment: Vec<(&'static str, String)>,
    /// Number of request workers, at least 1.
    pub workers: usize,
    /// Number of login processes; 0: nobody else is asked for passwords.
    pub logins: usize,
    /// `process.drain_seconds`.
    pub drain: Duration,
    /// `notifications.sweep_seconds`.
    pub sweep: Duration,
    /// The section `limits`.
    pub limits: Limits,
}

/// How this program is executed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Program {
    /// Where it lay when it was started: where the next one is looked for.
    pub path: PathBuf,
    /// Its arguments, without those of an upgrade.
    pub arguments: Vec<OsString>,
}

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// `ADDRESS:PORT` or `unix:PATH`; port 0 takes a free one.
    pub address: String,
    /// Connections begin with a header of the PROXY protocol.
    pub proxy: bool,
    /// Several masters share the port (SO_REUSEPORT).
    pub reuseport: bool,
    /// Of a Unix socket's file.
    pub mode: u32,
    /// Of a Unix socket's file; none: the master's own.
    pub group: Option<String>,
}

impl Listen {
    /// Without options, as open to local users as a port of the loopback address is; the directory may restrict it.
    pub fn at(address: impl Into<String>) -> Listen {
        Listen { address: address.into(), proxy: false, reuseport: false, mode: 0o666, group: None }
    }
}

/// What clients may take. Bytes, numbers, times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `limits.connections`: clients in all; 0 = as many as descriptors allow, [`CONNECTIONS`] at most.
    pub connections: usize,
    /// `limits.connections_per_address`; 0 = no limit.
    pub connections_per_address: usize,
    /// `limits.connections_per_network`; 0 = half of all.
    pub connections_per_network: usize,
    /// `limits.held_per_account`.
    pub held_per_account: usize,
    /// `limits.workers_per_account`; 0 = three quarters of them.
    pub workers_per_account: usize,
    /// `limits.buffered_bytes`: request and reply bytes in memory for all clients together; in memfds see [`Limits::memfd_bytes`].
    pub buffered_bytes: usize,
    /// `limits.head_seconds`.
    pub head: Duration,
    /// `limits.body_min_rate`, bytes per second.
    pub body_min_rate: u64,
    /// `limits.idle_seconds`; also the longest time in which a slow reader must take something.
    pub idle: Duration,
    /// `limits.request_seconds`.
    pub request: Duration,
    /// `limits.queue_seconds`.
    pub queue: Duration,
    /// `limits.body_bytes`.
    pub body_bytes: u64,
    /// `limits.pipelined_bytes`.
    pub pipelined_bytes: usize,
}

/// Clients in all, where the settings say nothing.
pub const CONNECTIONS: usize = 20_000;

/// What lies in memfds may take so many times `limits.buffered_bytes`.
const MEMFD_FACTOR: u64 = 4;

impl Limits {
    /// Bytes that all admitted bodies together may take in memfds; as many again all answers that are not read yet.
    #[must_use]
    pub fn memfd_bytes(&self) -> u64 {
        (self.buffered_bytes as u64).saturating_mul(MEMFD_FACTOR)
    }
}

/// Settings in whatever form processes read them; see `ewsd_ipc::fd::SETTINGS`. Not to be printed.
#[derive(Clone)]
pub struct Handed {
    /// All of them.
    pub workers: Vec<u8>,
    /// Those of converters: limits, and nothing that is secret.
    pub converters: Vec<u8>,
    /// Those of logins: limits, and whom they ask.
    pub logins: Vec<u8>,
}

/// What a reload found. Not to be printed: the settings may hold a password.
pub struct Reloaded {
    /// The new values, with the running ones for whatever counts only after a restart.
    pub config: Config,
    /// The same values as processes are handed them.
    pub settings: Handed,
    /// Keys that changed but count only after a restart.
    pub not_reloadable: Vec<String>,
}
