//! The roles of a worker process, one file each, named as in their table (`proto/ipc/src/role.rs`). The master starts each
//! with a few descriptors (`ewsd_ipc::fd`) and tells it by `--role`.
//!
//! | role | more of it |
//! |---|---|
//! | request | `http.rs`, `lmtp.rs`, `held.rs` (a stream's body: `frame.rs`); what connections keep: `context.rs`; what is told of requests: `access.rs` |
//! | database | `cluster.rs` |
//! | courier | `../courier/` |
//! | login | `serving.rs`, `../login/` |
//! | converter | `serving.rs`, `../convert/`, `../sandbox.rs` |
//!
//! Every role ends when the master's end of its sockets is closed, whatever became of the master.

mod access;
mod bounds;
mod cluster;
mod context;
mod converter;
mod courier;
pub mod database;
mod frame;
mod held;
mod herald;
mod http;
mod janitor;
mod lmtp;
mod login;
mod memory;
mod octets;
mod ready_made;
mod request;
mod serving;
mod signals;
#[cfg(test)]
mod tests;
mod together;
mod written;

pub(crate) use bounds::be_idle;
pub(crate) use request::host_name;

use std::io;
use std::time::Duration;

use ewsd_ipc::message::Complaint;
use ewsd_ipc::role::Service;
use ewsd_ipc::{COMPLAINT_MAX, Fault, Reply, Role, WorkerEnd};
use ewsd_mailbox::convert;
use ewsd_mailbox::log::{self, note};
use ewsd_settings::Settings;

use self::signals::Signals;
use crate::convert::ConverterClient;
use crate::sandbox;

type Work = fn(&WorkerEnd, &Settings, &Signals) -> Result<(), Fault>;

/// Whose work is where.
fn work(role: Role) -> Work {
    match role {
        Role::Request => |end, settings, _| Ok(request::run(end, settings)?),
        Role::Janitor => |end, settings, signals| Ok(janitor::run(end, settings, signals)?),
        Role::Courier => |end, settings, signals| Ok(courier::run(end, settings, signals)?),
        Role::Converter => |end, settings, _| Ok(converter::run(end, settings)?),
        Role::Herald => |end, settings, signals| Ok(herald::run(end, settings, signals)?),
        Role::Login => |end, settings, _| Ok(login::run(end, settings)?),
        Role::Database => database::run,
    }
}

/// Tells the master that it hears from this role again when it has waited so long and taken a step, or less; else it is killed.
fn hears_within(end: &WorkerEnd, settings: &Settings, wait: Duration) -> io::Result<()> {
    hears_within_all(end, wait + 2 * database::role_statement(settings))
}

/// The same for a role that knows how long it takes at most.
fn hears_within_all(end: &WorkerEnd, all: Duration) -> io::Result<()> {
    let within_ms = u32::try_from(all.as_millis()).unwrap_or(u32::MAX);
    end.send(&Reply::Step { within_ms }, &[])
}

/// How the master starts a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// The name of one of [`ewsd_ipc::role::ROLES`].
    pub role: String,
    /// Its number among all workers, by which the master finds what it has written down.
    pub number: u32,
    /// Which generation of workers this one belongs to, for the log.
    pub generation: u64,
    /// Its place among the workers of its role, for the log.
    pub slot: u64,
}

/// The settings that the master handed to this process: those of its own generation, whatever the file says by now.
pub fn settings() -> Result<Settings, String> {
    let bytes = ewsd_ipc::worker_end::settings().map_err(|error| error.to_string())?;
    let text = std::str::from_utf8(&bytes).map_err(|error| format!("the settings from the master: {error}"))?;
    Settings::parse(text, "the settings from the master").map_err(|error| error.to_string())
}

/// Runs a worker until its work or its master is gone. An error is one line for the log and for standard error.
pub fn run(args: &Args, settings: &Settings) -> Result<(), Fault> {
    let Some(role) = Role::from_name(&args.role) else {
        return Err(Fault::from(format!("there is no role {:?}: workers are started by ewsd, not by hand", args.role)));
    };
    log::role(role.name());
    if role.row().sandbox.bounded_memory {
        bounds::set(settings.limits.worker_bytes).map_err(|error| format!("limits.worker_bytes: {error}"))?;
    }
    let signals = Signals::catch().map_err(|error| format!("signals: {error}"))?;
    let end = WorkerEnd::inherit(args.number).map_err(|error| error.to_string())?;
    if role.row().asks.contains(&Service::Convert) {
        let socket = ewsd_ipc::worker_end::desk(Service::Convert).map_err(|error| error.to_string())?;
        convert::by(ConverterClient::new(socket, ConverterClient::within(settings)));
    }
    // Converters do it themselves, when they have closed what they have no use for.
    if role.row().answers != Some(Service::Convert) {
        sandbox::apply(role, settings).map_err(|error| format!("the sandbox: {error}"))?;
    }
    note!(Debug, "started, generation {}, slot {}", args.generation, args.slot);
    work(role)(&end, settings, &signals).inspect_err(|why| {
        let text = why.text.bytes().take(COMPLAINT_MAX).collect();
        // A master that is gone wants to know nothing.
        let _ = end.send(&Reply::Complaint { text: Complaint(text) }, &[]);
    })
}
