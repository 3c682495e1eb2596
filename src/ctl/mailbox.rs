//! `ewsctl mailbox`: what is done to what lies in mailboxes.

use std::path::Path;

use clap::Subcommand;
use ewsd_mailbox::deliver::{Again, read_again};
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_settings::Settings;
use ewsd_store::{Store, StoreError, Unread};
use serde_json::json;

use super::database::{away, open};
use super::progress::Progress;
use super::{Exit, Out, Result, account, control};

/// See to what lies in mailboxes.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read mail again that was kept unread because reading it failed.
    ///
    /// Such mail has the subject "(A message that could not be read)". It keeps its place; what is read now is shown. The
    /// server does the same by itself after an upgrade to a version that reads more.
    #[command(after_help = "Examples:\n  ewsctl mailbox reconvert\n  ewsctl mailbox reconvert anna@example.org\n  \
        ewsctl mailbox reconvert --json | jq .unread\n\n\
        The exit status is 0 when no such mail is left, else that of data that does not fit.")]
    Reconvert {
        /// Login or address of an account; without it all mailboxes.
        #[arg(value_name = "MAILBOX")]
        account: Option<String>,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Reconvert { account } => reconvert(&settings, &mut store, account.as_deref(), out),
    }
}

/// Messages that are looked up at a time.
const AT_ONCE: i64 = 1_000;

fn reconvert(settings: &Settings, store: &mut Store, name: Option<&str>, out: Out) -> Result {
    let mailbox = name.map(|name| account::find(settings, store, name)).transpose()?.map(|account| account.mailbox);
    let failed = |error: StoreError| away(settings, &error);
    let mut all: Vec<(MailboxNo, ItemNo)> = Vec::new();
    loop {
        let last = all.last().copied().unwrap_or((MailboxNo(0), ItemNo(0)));
        let more = store.unread_mail(Unread { mailbox, before: None }, last, AT_ONCE).map_err(failed)?;
        if more.is_empty() {
            break;
        }
        all.extend(more);
    }
    let (mut read, mut unread) = (0_usize, 0_usize);
    let mut progress = Progress::new("messages", all.len(), out.json);
    for (mailbox, item) in all {
        match read_again(store, mailbox, item).map_err(failed)? {
            Again::Read => read += 1,
            Again::Unread => unread += 1,
            Again::Gone => {}
        }
        progress.step();
    }
    drop(progress);
    control::tell_changes(settings, store)?;
    out.tell(&json!({ "read": read, "unread": unread }), &format!("{read} messages read, {unread} still unread"))?;
    if unread == 0 { Ok(()) } else { Err(Exit::Data.because(format!("{unread} messages could not be read"))) }
}
