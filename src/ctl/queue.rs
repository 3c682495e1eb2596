//! `ewsctl queue`: the mail that waits to leave.

use std::io::Write as _;
use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{Missing, Queued, Store, StoreError};
use serde_json::{Value, json};

use super::database::{away, open};
use super::{Exit, Failure, Out, Result, control};

/// List, show, retry and cancel outgoing mail.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what waits, the oldest first.
    #[command(after_help = "Example:\n  ewsctl queue list --json | jq '.[] | select(.attempts > 3) | .id'")]
    List,
    /// Show one message: who waits for it, and why.
    #[command(after_help = "Examples:\n  ewsctl queue show 17\n  ewsctl queue show 17 --message >17.eml")]
    Show {
        /// Its number.
        #[arg(value_parser = super::whole::<i64>)]
        id: i64,
        /// Print the message itself instead, as it is.
        #[arg(long)]
        message: bool,
    },
    /// Try again now instead of later.
    #[command(
        override_usage = "ewsctl queue retry [OPTIONS] <ID|--all>",
        after_help = "Examples:\n  ewsctl queue retry 17\n  ewsctl queue retry --all"
    )]
    Retry {
        /// The message's number.
        #[arg(required_unless_present = "all", value_parser = super::whole::<i64>)]
        id: Option<i64>,
        /// Every message.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Take a message out. Nobody gets it, and its sender gets no report.
    #[command(after_help = "Example:\n  ewsctl queue cancel 17")]
    Cancel {
        /// The message's number.
        #[arg(value_parser = super::whole::<i64>)]
        id: i64,
        /// It is right as well when there is none of that number.
        #[arg(long)]
        if_exists: bool,
    },
}

/// Rows read at a time.
const PAGE: i64 = 500;

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match args.command {
        Command::List => list(&settings, &mut store, out.json),
        Command::Show { id, message: true, .. } => {
            let octets = store.queued_mime(id).map_err(|error| failed(&settings, id, &error))?;
            let written = std::io::stdout().write_all(&octets);
            written.map_err(|error| Exit::Io.because(format!("standard output: {error}")))
        }
        Command::Show { id, .. } => {
            let one = store.queued_one(id).map_err(|error| failed(&settings, id, &error))?;
            if out.json { say!("{:#}", as_json(&one)) } else { show(&one) }
        }
        Command::Retry { id, .. } => {
            let n = store.retry_queued(id).map_err(|error| away(&settings, &error))?;
            if let (0, Some(id)) = (n, id) {
                store.queued_one(id).map_err(|error| failed(&settings, id, &error))?;
                return Err(being_sent(id));
            }
            control::tell(&settings, &json!({"cmd": "queued"}))?;
            out.tell(&json!({"retried": n}), &format!("{n} to be tried now"))
        }
        Command::Cancel { id, if_exists } => {
            if !store.cancel_queued(id).map_err(|error| away(&settings, &error))? {
                match store.queued_one(id) {
                    Err(StoreError::NotFound(Missing::Outgoing)) if if_exists => {
                        return out.tell(&Value::Null, &format!("there is no message {id} in the queue"));
                    }
                    found => found.map_err(|error| failed(&settings, id, &error))?,
                };
                return Err(being_sent(id));
            }
            control::tell(&settings, &json!({"cmd": "queued"}))?;
            out.tell(&json!({"cancelled": id}), &format!("message {id} is cancelled"))
        }
    }
}

fn being_sent(id: i64) -> Failure {
    Exit::Temporary.because(format!("message {id} is being sent at this moment"))
}

fn failed(settings: &Settings, id: i64, error: &StoreError) -> Failure {
    match error {
        StoreError::NotFound(Missing::Outgoing) => {
            Exit::NoInput.because(format!("there is no message {id} in the queue"))
        }
        other => away(settings, other),
    }
}

fn list(settings: &Settings, store: &mut Store, json: bool) -> Result {
    let mut all: Vec<Value> = Vec::new();
    let (mut after, mut n) = (0, 0usize);
    loop {
        let page = store.queued(after, PAGE).map_err(|error| away(settings, &error))?;
        let Some(last) = page.last() else { break };
        after = last.id;
        n += page.len();
        for one in &page {
            if json {
                all.push(as_json(one));
                continue;
            }
            let to = match one.recipients.as_slice() {
                [first, rest @ ..] if !rest.is_empty() => format!("{first} and {} more", rest.len()),
                few => few.concat(),
            };
            say!("{:>8}  {}  {:>9}  <{}> to {to}", one.id, time(one.submitted), one.size, one.sender)?;
            say!("          {}", state(one))?;
        }
    }
    if json { say!("{:#}", Value::from(all)) } else { say!("{n} in the queue") }
}

fn show(one: &Queued) -> Result {
    say!("number      {}", one.id)?;
    say!("submitted   {}", time(one.submitted))?;
    say!("sender      {}", if one.sender.is_empty() { "<>" } else { &one.sender })?;
    for recipient in &one.recipients {
        say!("recipient   {recipient}")?;
    }
    say!("size        {} bytes", one.size)?;
    say!("attempts    {}", one.attempts)?;
    say!("state       {}", state(one))
}

fn state(one: &Queued) -> String {
    let error = one.last_error.as_deref().unwrap_or_default();
    match (one.sending, error) {
        (true, _) => "being sent".to_owned(),
        (false, "") => "waits for its first attempt".to_owned(),
        (false, error) => format!("next attempt {}: {error}", time(one.next)),
    }
}

fn time(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn as_json(one: &Queued) -> Value {
    json!({
        "id": one.id, "mailbox": one.mailbox.0, "sender": one.sender, "recipients": one.recipients, "size": one.size,
        "submitted": one.submitted.to_string(), "attempts": one.attempts, "next": one.next.to_string(),
        "sending": one.sending, "last_error": one.last_error,
    })
}
