//! `ewsctl grant`: who may act as others (ExchangeImpersonation): archivers, synchronising services, rooms' displays.

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{Account, ImpersonationTarget, Store};
use serde_json::{Value, json};

use super::database::{away, open};
use super::exit::Exit;
use super::out::Out;
use super::{Result, account, completions};

/// Let accounts act as others, and list who may.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Let an account act as others.
    #[command(after_help = "Examples:\n  ewsctl grant impersonation --to archiver@example.org --over all\n  \
        ewsctl grant impersonation --to sync@example.org --over sales@example.org --over anna@example.org")]
    Impersonation {
        /// Login or address of the account that will act.
        #[arg(long, value_name = "ACCOUNT", add = completions::accounts())]
        to: String,
        /// As whom: an account, whoever is in a group, or all.
        #[arg(long, value_name = "ACCOUNT|GROUP|all", required = true, add = completions::accounts_and_groups())]
        over: Vec<String>,
    },
    /// Take such a grant back.
    #[command(after_help = "Example:\n  ewsctl grant revoke --from archiver@example.org --over all")]
    Revoke {
        /// Login or address of the account that acts.
        #[arg(long, value_name = "ACCOUNT", add = completions::accounts())]
        from: String,
        /// As it was granted.
        #[arg(long, value_name = "ACCOUNT|GROUP|all", required = true, add = completions::accounts_and_groups())]
        over: Vec<String>,
        /// It is right as well when there is none.
        #[arg(long)]
        if_exists: bool,
    },
    /// List all grants.
    #[command(after_help = "Example:\n  ewsctl grant list --json | jq -r '.[].grantee'")]
    List,
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Impersonation { to, over } => grant(&settings, &mut store, to, over, out),
        Command::Revoke { from, over, if_exists } => revoke(&settings, &mut store, from, over, *if_exists, out),
        Command::List => list(&settings, &mut store, out),
    }
}

/// Whoever may act so already goes on to.
fn grant(settings: &Settings, store: &mut Store, who: &str, over: &[String], out: Out) -> Result {
    let (grantee, scopes) = parties(settings, store, who, over)?;
    for (name, scope) in over.iter().zip(scopes) {
        store.grant_impersonation(grantee.account, scope).map_err(|error| away(settings, &error))?;
        tell(&grantee, "may act as", name, out)?;
    }
    Ok(())
}

fn revoke(settings: &Settings, store: &mut Store, who: &str, over: &[String], if_exists: bool, out: Out) -> Result {
    let (grantee, scopes) = parties(settings, store, who, over)?;
    for (name, scope) in over.iter().zip(scopes) {
        let was = store.revoke_impersonation(grantee.account, scope).map_err(|error| away(settings, &error))?;
        if !was && !if_exists {
            let said = format!("{} has no grant over {name}: see `ewsctl grant list`", grantee.login);
            return Err(Exit::NoUser.because(said));
        }
        tell(&grantee, "may no longer act as", name, out)?;
    }
    Ok(())
}

/// Who acts, and as whom.
fn parties(
    settings: &Settings,
    store: &mut Store,
    who: &str,
    over: &[String],
) -> Result<(Account, Vec<ImpersonationTarget>)> {
    let grantee = account::find(settings, store, who)?;
    let scopes: Result<Vec<ImpersonationTarget>> = over.iter().map(|name| scope(settings, store, name)).collect();
    Ok((grantee, scopes?))
}

fn tell(grantee: &Account, done: &str, name: &str, out: Out) -> Result {
    out.tell(&json!({"grantee": grantee.login, "over": name}), &format!("{} {done} {name}", grantee.login))
}

fn scope(settings: &Settings, store: &mut Store, name: &str) -> Result<ImpersonationTarget> {
    if name == "all" {
        return Ok(ImpersonationTarget::Everybody);
    }
    match store.group(name).map_err(|error| away(settings, &error))? {
        Some(group) => Ok(ImpersonationTarget::Group(group.group)),
        None => Ok(ImpersonationTarget::Account(account::find(settings, store, name)?.account)),
    }
}

fn list(settings: &Settings, store: &mut Store, out: Out) -> Result {
    let grants = store.impersonation_grants().map_err(|error| away(settings, &error))?;
    if out.json {
        let all: Vec<Value> =
            grants.iter().map(|grant| json!({"grantee": grant.grantee, "over": grant.over})).collect();
        return say!("{:#}", Value::Array(all));
    }
    for grant in &grants {
        say!("{:32} {}", grant.grantee, grant.over.as_deref().unwrap_or("all"))?;
    }
    Ok(())
}
