//! `ewsctl kick`: closes clients' connections.

use std::net::IpAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::{Out, Result, completions, control, show};

/// Close connections: of an account, from an address, or one.
///
/// What waits is closed at once, what a worker has when it is done with it. Clients come back by themselves: to keep somebody
/// out, `ewsctl account disable` first.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "ewsctl kick [OPTIONS] <ACCOUNT|--address <ADDRESS>|--conn <NUMBER>>",
    after_help = "Examples:\n  ewsctl account disable anna@example.org && ewsctl kick anna@example.org\n  \
        ewsctl kick --address 192.0.2.7\n  ewsctl kick --conn 16777219"
)]
pub struct Args {
    /// The connections on which this account asked last: its login or one of its addresses.
    #[arg(required_unless_present_any = ["address", "conn"], add = completions::accounts())]
    account: Option<String>,
    /// Those from this IP address.
    #[arg(long)]
    address: Option<IpAddr>,
    /// This one, as `ewsctl show connections` numbers it.
    #[arg(long, value_name = "NUMBER", value_parser = super::whole::<u64>)]
    conn: Option<u64>,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load_to_reach(config)?;
    let mut question = json!({"cmd": "kick"});
    let mut ask = |name: &str, value: Value| question.as_object_mut().map(|members| members.insert(name.into(), value));
    if let Some(name) = &args.account {
        ask("mailbox", show::mailbox(&settings, name)?.into());
    }
    if let Some(address) = args.address {
        ask("address", address.to_string().into());
    }
    if let Some(conn) = args.conn {
        ask("conn", conn.into());
    }
    let answer = control::require(&settings, &question)?;
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
    let (kicked, busy) = (number("kicked"), number("busy"));
    let later = if busy > 0 { format!(", {busy} more when their request is done") } else { String::new() };
    out.tell(&json!({"kicked": kicked, "busy": busy}), &format!("{kicked} closed{later}"))
}
