//! What is told of a request when it is over: its line in the access log, and its place in the figures by operation and code.
//!
//! A worker serves one request at a time, so what is known of it so far lies here and nobody passes it around.

use std::io;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::Instant;

use ewsd_http::Head;
use ewsd_ipc::message::{LATENCY_US, ServedRow, ServedRows};
use ewsd_ipc::{Reply, SERVED_MAX, WorkerEnd};
use ewsd_mailbox::clock;
use ewsd_settings::Log;
use ewsd_settings::access::{Access, Request};
use ewsd_store::Account;

use super::request::Worker;
use crate::front::ews::Counts;
use crate::trace::{Outcome, Trace};

/// Octets of the client's name for itself that are kept.
const AGENT: usize = 256;

/// The request at work.
#[derive(Default)]
struct Entry {
    started: Option<Instant>,
    address: Option<IpAddr>,
    caller: Option<Rc<Account>>,
    agent: String,
    octets_in: u64,
    counts: Counts,
}

/// Requests of one operation with one code within one step of time.
struct Row {
    operation: &'static str,
    code: &'static str,
    bound: u8,
    n: u32,
    micros: u64,
}

/// The access log of a worker, and the figures that the master has not heard of yet.
pub(super) struct Accesses {
    log: Access,
    rows: Vec<Row>,
    now: Entry,
}

/// How a request ended, in its protocol's words.
pub(super) struct End {
    pub operation: &'static str,
    pub code: &'static str,
    pub status: u16,
    pub octets_out: u64,
}

impl Accesses {
    pub fn new(settings: &Log) -> Accesses {
        Accesses { log: Access::start(settings), rows: Vec::new(), now: Entry::default() }
    }

    /// A request begins.
    pub fn begin(&mut self, address: IpAddr, octets_in: u64) {
        let started = Some(clock::monotonic());
        self.now = Entry { started, address: Some(address), octets_in, ..Entry::default() };
    }

    /// What its head says.
    pub fn head(&mut self, head: &Head<'_>) {
        let agent = head.header("User-Agent").unwrap_or_default();
        self.agent(&String::from_utf8_lossy(agent.get(..AGENT).unwrap_or(agent)));
    }

    /// What the client calls itself.
    pub fn agent(&mut self, agent: &str) {
        agent.clone_into(&mut self.now.agent);
    }

    /// Where it really comes from.
    pub fn address(&mut self, address: IpAddr) {
        self.now.address = Some(address);
    }

    /// Whose it is.
    pub fn caller(&mut self, caller: &Rc<Account>) {
        self.now.caller = Some(caller.clone());
    }

    /// What was done.
    pub fn did(&mut self, counts: Counts) {
        self.now.counts = counts;
    }

    /// It is over, with an answer of HTTP: how it ended.
    pub fn end_http(&mut self, id: &str, status: u16, octets_out: u64) -> End {
        let Counts { op, code, .. } = self.now.counts;
        let operation = op.map_or("none", |op| op.name());
        let code = code.map_or(if op.is_some() { "NoError" } else { status_name(status) }, |code| code.name());
        let end = End { operation, code, status, octets_out };
        self.end(id, &end);
        end
    }

    /// It is over.
    pub fn end(&mut self, id: &str, end: &End) {
        let entry = std::mem::take(&mut self.now);
        // Nothing was begun: a body that is still to come ends its request later.
        let Some(started) = entry.started else { return };
        let micros = u64::try_from(clock::since(started).as_micros()).unwrap_or(u64::MAX);
        self.count(end, micros);
        let address = entry.address.filter(|address| !address.is_unspecified()).map(|address| address.to_string());
        self.log.tell(&Request {
            id,
            address: address.as_deref().unwrap_or("local"),
            login: entry.caller.as_ref().map_or("", |account| account.login.as_str()),
            operation: end.operation,
            code: end.code,
            status: end.status,
            micros,
            octets_in: entry.octets_in,
            octets_out: end.octets_out,
            agent: &entry.agent,
        });
    }

    fn count(&mut self, end: &End, micros: u64) {
        let bound = LATENCY_US.iter().position(|bound| micros <= *bound).unwrap_or(LATENCY_US.len()) as u8;
        let same = |row: &&mut Row| row.bound == bound && row.operation == end.operation && row.code == end.code;
        match self.rows.iter_mut().find(same) {
            Some(row) => (row.n, row.micros) = (row.n.saturating_add(1), row.micros.saturating_add(micros)),
            None => self.rows.push(Row { operation: end.operation, code: end.code, bound, n: 1, micros }),
        }
    }

    /// Whether everything was told.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.log.is_empty()
    }

    /// Whether it is time to tell.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= SERVED_MAX / 2
    }

    /// Tells the master of the figures and writes what waits of the log.
    pub fn tell(&mut self, end: &WorkerEnd) -> io::Result<()> {
        self.log.flush();
        let rows: Vec<ServedRow> = self.rows.drain(..).map(ServedRow::from).collect();
        for part in rows.chunks(SERVED_MAX) {
            end.send(&Reply::Served { requests: ServedRows(part.to_vec()) }, &[])?;
        }
        Ok(())
    }
}

impl Worker<'_> {
    /// Begins to write down somebody's request, if that is wanted.
    pub(super) fn trace(&mut self, id: &str, account: &Account, address: IpAddr, head: &[u8], body: &[u8]) {
        let state_dir = &self.settings.server.state_dir;
        let anybody = self.traces.is_anybody(state_dir, clock::unix());
        self.trace = if anybody { Trace::of(state_dir, account.mailbox, id) } else { None };
        if let Some(trace) = &self.trace {
            trace.request(&account.login, &address.to_string(), head, body);
        }
    }

    /// Writes down how it ended. `octets`: none if the master will answer.
    pub(super) fn traced(&mut self, end: &End, head: &[u8], body: Option<&[u8]>, octets: Option<u64>) {
        if let Some(trace) = self.trace.take() {
            trace.answer(&Outcome { head, body, octets, operation: end.operation, code: end.code });
        }
    }
}

impl From<Row> for ServedRow {
    fn from(row: Row) -> ServedRow {
        let Row { operation, code, bound, n, micros } = row;
        ServedRow { operation: operation.into(), code: code.into(), bound, n, micros }
    }
}

/// A status as a label.
fn status_name(status: u16) -> &'static str {
    match status {
        200 => "200",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        413 => "413",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}
