//! What the master is told at start and at every reload. The program that runs it fills this in from the settings.
//!
//! Plain values only: the master reads no configuration file and no environment.

use std::path::PathBuf;
use std::time::Duration;

/// The master's share of the settings; each field names its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `server.state_dir`.
    pub state_dir: PathBuf,
    /// `server.http`: `ADDRESS:PORT` or `unix:PATH`; port 0 takes a free one.
    pub http: Vec<String>,
    /// `server.lmtp`, the same form.
    pub lmtp: Vec<String>,
    /// `server.admin`, the same form.
    pub admin: Vec<String>,
    /// The worker program.
    pub worker: PathBuf,
    /// `process.user`; none: choose (see `spawn.rs`). Without effect unless the master is root.
    pub user: Option<String>,
    /// Number of request workers, at least 1.
    pub workers: usize,
    /// `process.drain_seconds`.
    pub drain: Duration,
    /// `notifications.sweep_seconds`.
    pub sweep: Duration,
    /// The section `limits`.
    pub limits: Limits,
}

/// What clients may take. Bytes, numbers, times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// `limits.connections`: clients in all.
    pub connections: usize,
    /// `limits.connections_per_address`; 0 = no limit.
    pub connections_per_address: usize,
    /// `limits.buffered_bytes`: request and reply bytes in memory for all clients together. Bodies in memfds may take
    /// [`MEMFD_FACTOR`] times as much.
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

/// Bodies that were admitted lie in memfds; all of them together may take this many times `limits.buffered_bytes`.
pub const MEMFD_FACTOR: u64 = 4;

/// What a reload found. Not to be printed: the settings may hold a password.
pub struct Reloaded {
    /// The new values, with the running ones for whatever counts only after a restart.
    pub config: Config,
    /// The same values as workers are handed them, in whatever form they read; see `ewsd_ipc::fd::SETTINGS`.
    pub settings: Vec<u8>,
    /// Keys that changed but count only after a restart.
    pub not_reloadable: Vec<String>,
}
