//! `ewsctl show`: who is there at this moment, and what is being done for them.

use std::collections::HashMap;
use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{ListedSubscription, SubscriptionKind};
use serde_json::{Value, json};

use super::control::{self, text_of};
use super::database::{away, open};
use super::status::span;
use super::{Out, Result, account, completions};

/// List connections, calls that wait, workers, subscriptions, or requests that wait for a worker.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The clients' connections: whose, from where, what they are doing.
    ///
    /// Whose a connection is, is told of the last request on it. Mail that comes in is nobody's.
    #[command(after_help = "Examples:\n  ewsctl show connections --state serving\n  \
        ewsctl show connections --account anna@example.org --json | jq '.[].conn'")]
    Connections(Chosen),
    /// The calls that wait for something to happen: GetEvents and streams.
    #[command(after_help = "Example:\n  ewsctl show held --account anna@example.org")]
    Held(Chosen),
    /// The worker processes with their memory, and what each is doing.
    #[command(after_help = "Example:\n  ewsctl show workers")]
    Workers,
    /// The subscriptions, which outlive connections.
    #[command(after_help = "Example:\n  ewsctl show subscriptions anna@example.org")]
    Subscriptions {
        /// Only those of this account: its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: Option<String>,
    },
    /// The requests that workers have, the longest first, and those that wait for one. Mail that waits: `ewsctl queue list`.
    #[command(after_help = "Example:\n  ewsctl show queue")]
    Queue,
}

/// Which connections.
#[derive(Debug, clap::Args)]
struct Chosen {
    /// Only those of this account: its login or one of its addresses.
    #[arg(long, value_name = "ACCOUNT", add = completions::accounts())]
    account: Option<String>,
    /// Only those from this IP address.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<std::net::IpAddr>,
    /// Only those that do this: idle, receiving, admitting, queued, serving, held, draining.
    #[arg(long, value_name = "STATE")]
    state: Option<String>,
    /// Not more than that.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = super::whole::<u64>)]
    most: u64,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    match &args.command {
        Command::Connections(chosen) => connections(&super::load_to_reach(config)?, chosen, None, out),
        Command::Held(chosen) => connections(&super::load_to_reach(config)?, chosen, Some("held"), out),
        Command::Workers => workers(&super::load_to_reach(config)?, out),
        Command::Subscriptions { account } => subscriptions(&super::load(config)?, account.as_deref(), out),
        Command::Queue => queue(&super::load_to_reach(config)?, out),
    }
}

/// Logins by the numbers of their mailboxes; without a database nobody has a name, and the list is as good without.
struct Names(HashMap<u64, String>);

impl Names {
    fn read(settings: &Settings) -> Names {
        let read = || open(settings).ok()?.accounts().ok();
        let pair = |account: ewsd_store::Account| Some((u64::try_from(account.mailbox.0).ok()?, account.login));
        Names(read().unwrap_or_default().into_iter().filter_map(pair).collect())
    }

    fn of(&self, mailbox: u64) -> String {
        match self.0.get(&mailbox) {
            Some(login) => login.clone(),
            None if mailbox == 0 => "-".to_owned(),
            None => format!("mailbox {mailbox}"),
        }
    }
}

/// The mailbox of an account, as the master knows it.
pub fn mailbox(settings: &Settings, name: &str) -> Result<u64> {
    let mut store = open(settings)?;
    let account = account::find(settings, &mut store, name)?;
    Ok(u64::try_from(account.mailbox.0).unwrap_or_default())
}

fn connections(settings: &Settings, chosen: &Chosen, state: Option<&str>, out: Out) -> Result {
    let mut question = json!({"cmd": "connections", "most": chosen.most});
    let mut ask = |name: &str, value: Value| question.as_object_mut().map(|members| members.insert(name.into(), value));
    if let Some(name) = &chosen.account {
        ask("mailbox", mailbox(settings, name)?.into());
    }
    if let Some(address) = chosen.address {
        ask("address", address.to_string().into());
    }
    if let Some(state) = state.or(chosen.state.as_deref()) {
        ask("state", state.into());
    }
    let mut answer = control::require(settings, &question)?;
    let names = Names::read(settings);
    let mut rows = answer.get_mut("connections").map(Value::take).unwrap_or_default();
    for row in rows.as_array_mut().into_iter().flatten() {
        name_owner(row, &names);
    }
    if out.json {
        return say!("{rows:#}");
    }
    for row in rows.as_array().into_iter().flatten() {
        say!("{}", line(row))?;
    }
    match number(&answer, "left_off") {
        0 => Ok(()),
        more => say!("and {more} more: --most N, or choose by --account, --address, --state"),
    }
}

/// Puts the login beside the number of the mailbox.
fn name_owner(row: &mut Value, names: &Names) {
    let mailbox = number(row, "mailbox");
    if let Some(members) = row.as_object_mut() {
        members.insert("login".to_owned(), names.of(mailbox).into());
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}

/// A connection in a line.
fn line(row: &Value) -> String {
    let text = |name| text_of(row, name).unwrap_or("?");
    let from = match (text("address"), number(row, "port")) {
        ("local", _) => "local".to_owned(),
        (address, port) if address.contains(':') => format!("[{address}]:{port}"),
        (address, port) => format!("{address}:{port}"),
    };
    let what = match row.get("stream").and_then(Value::as_bool) {
        Some(true) => "stream",
        _ => text("state"),
    };
    let left = row.get("left_s").and_then(Value::as_u64).map(|left| format!("  ends in {}", span(left)));
    format!(
        "{:>14}  {:4} {what:9} {from:24} {:32} {:>7} requests{}",
        number(row, "conn"),
        text("protocol"),
        text("login"),
        number(row, "served"),
        left.unwrap_or_default(),
    )
}

fn workers(settings: &Settings, out: Out) -> Result {
    let mut status = control::require(settings, &json!({"cmd": "status"}))?;
    let jobs = control::require(settings, &json!({"cmd": "jobs"}))?;
    let names = Names::read(settings);
    let mut workers = status.get_mut("workers").map(Value::take).unwrap_or_default();
    for worker in workers.as_array_mut().into_iter().flatten() {
        let pid = number(worker, "pid");
        let job = jobs.get("running").and_then(Value::as_array).into_iter().flatten();
        let mut job = job.clone().find(|job| number(job, "pid") == pid).cloned().unwrap_or_default();
        if let Some(about) = job.get_mut("about") {
            name_owner(about, &names);
        }
        if let Some(members) = worker.as_object_mut() {
            members.insert("resident_bytes".to_owned(), resident(pid).into());
            members.insert("job".to_owned(), job);
        }
    }
    if out.json {
        return say!("{workers:#}");
    }
    for worker in workers.as_array().into_iter().flatten() {
        let memory = worker.get("resident_bytes").and_then(Value::as_u64);
        say!(
            "{:9} {:>3}  pid {:<8} generation {:<3} {:9} {:>8} requests  {:>9}  {:>7}{}",
            text_of(worker, "role").unwrap_or("?"),
            number(worker, "slot"),
            number(worker, "pid"),
            number(worker, "generation"),
            text_of(worker, "state").unwrap_or("?"),
            number(worker, "requests"),
            span(number(worker, "age_s")),
            memory.map_or("?".to_owned(), |bytes| account::in_short(i64::try_from(bytes).unwrap_or(i64::MAX))),
            worker
                .get("job")
                .filter(|job| !job.is_null())
                .map(|job| format!("  {}", job_text(job)))
                .unwrap_or_default(),
        )?;
    }
    Ok(())
}

/// Bytes of memory that a process has at this moment (RSS), if it is still there.
fn resident(pid: u64) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// What a job is about, and since when.
fn job_text(job: &Value) -> String {
    let about = job.get("about").unwrap_or(&Value::Null);
    let what = match (text_of(job, "what").unwrap_or("?"), about) {
        ("request", Value::Object(_)) => format!(
            "request of {} from {}, connection {}",
            text_of(about, "login").unwrap_or("-"),
            text_of(about, "address").unwrap_or("?"),
            number(about, "conn")
        ),
        ("render", calls) => format!("looks again at {calls} calls"),
        (what, _) => what.to_owned(),
    };
    match job.get("ms").and_then(Value::as_u64) {
        Some(ms) => format!("{what}, for {}.{:03} s", ms / 1000, ms % 1000),
        None => what,
    }
}

fn queue(settings: &Settings, out: Out) -> Result {
    let mut jobs = control::require(settings, &json!({"cmd": "jobs"}))?;
    let names = Names::read(settings);
    for list in ["running", "waiting"] {
        for job in jobs.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(about) = job.get_mut("about") {
                name_owner(about, &names);
            }
        }
    }
    if out.json {
        return say!("{:#}", json!({"running": jobs.get("running"), "waiting": jobs.get("waiting")}));
    }
    let list = |name: &str| jobs.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for job in list("running") {
        let who =
            job.get("pid").and_then(Value::as_u64).map_or("taken by nobody yet".to_owned(), |pid| format!("pid {pid}"));
        say!("{who:20} {}", job_text(job))?;
    }
    for job in list("waiting") {
        say!("{:20} {}", "waits", job_text(job))?;
    }
    say!("{} with workers, {} waiting", list("running").len(), list("waiting").len())
}

fn subscriptions(settings: &Settings, name: Option<&str>, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = name.map(|name| account::find(settings, &mut store, name)).transpose()?;
    let all =
        store.listed_subscriptions(account.map(|account| account.account)).map_err(|error| away(settings, &error))?;
    if out.json {
        return say!("{:#}", all.iter().map(subscription).collect::<Value>());
    }
    for one in &all {
        let folders = one.folders.map_or("all folders".to_owned(), |n| format!("{n} folders"));
        let whose = if one.owner == one.login { String::new() } else { format!(" of {}", one.owner) };
        let end = match u64::try_from(one.left_seconds) {
            Ok(left) => format!("ends in {}", span(left)),
            Err(_) => "is over".to_owned(),
        };
        say!("{:32} {:9} {folders}{whose}, {end}", one.login, kind(one.kind))?;
    }
    Ok(())
}

fn subscription(one: &ListedSubscription) -> Value {
    json!({
        "id": one.id.to_string(), "login": one.login, "owner": one.owner, "kind": kind(one.kind), "folders": one.folders,
        "left_s": one.left_seconds, "stream": one.stream,
    })
}

fn kind(kind: SubscriptionKind) -> &'static str {
    match kind {
        SubscriptionKind::Pull => "pull",
        SubscriptionKind::Streaming => "streaming",
        SubscriptionKind::Push => "push",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn a_connection_fits_into_a_line() {
        let row = json!({
            "conn": 16_777_216, "protocol": "http", "state": "held", "address": "192.0.2.7", "port": 4711, "mailbox": 3,
            "login": "anna", "served": 12, "left_s": 61, "stream": true,
        });
        let line = super::line(&row);
        for part in ["16777216", "stream", "192.0.2.7:4711", "anna", "12 requests", "ends in 1m 01s"] {
            assert!(line.contains(part), "{part} in {line}");
        }
        let local = super::line(&json!({"state": "idle", "address": "local", "left_s": null}));
        assert!(local.contains("idle") && local.contains("local") && !local.contains("ends"), "{local}");
        assert!(super::line(&json!({"address": "2001:db8::1", "port": 5})).contains("[2001:db8::1]:5"));
    }

    #[test]
    fn a_job_says_for_whom_and_since_when() {
        let about = json!({"login": "anna", "address": "192.0.2.7", "conn": 5});
        let text = super::job_text(&json!({"what": "request", "about": about, "ms": 1234}));
        assert_eq!(text, "request of anna from 192.0.2.7, connection 5, for 1.234 s");
        assert_eq!(
            super::job_text(&json!({"what": "render", "about": 3, "ms": 7})),
            "looks again at 3 calls, for 0.007 s"
        );
        assert_eq!(super::job_text(&json!({"what": "sweep", "about": null})), "sweep");
    }
}
