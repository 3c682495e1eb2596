//! `ewsctl address`: the addresses under which an account gets mail.

use std::path::Path;

use clap::Subcommand;
use ewsd_model::address::Address;
use ewsd_settings::Settings;
use ewsd_store::{Account, Missing, OwnedAddress, Store, StoreError};
use serde_json::{Value, json};

use super::database::{away, open};
use super::{Exit, Out, Result, account, completions};

/// Add, list and remove mail addresses of accounts.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Give an account one more address.
    #[command(after_help = "Example:\n  ewsctl address add anna@example.org info@example.org")]
    Add {
        /// The account's login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: String,
        /// The new address.
        address: String,
        /// Make it the primary one, which others see.
        #[arg(long)]
        primary: bool,
        /// It is right as well when the account has it already.
        #[arg(long)]
        if_missing: bool,
    },
    /// List the addresses of one account, or of all.
    #[command(
        after_help = "Examples:\n  ewsctl address list\n  ewsctl address list anna@example.org --json | jq -r '.[].address'"
    )]
    List {
        /// The account's login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: Option<String>,
    },
    /// Take an address away; mail to it is refused from then on.
    #[command(after_help = "Example:\n  ewsctl address remove info@example.org")]
    Remove {
        /// The address.
        address: String,
        /// It is right as well when nobody has it.
        #[arg(long)]
        if_exists: bool,
        /// Even if it is the last one of its account, which then gets no mail at all.
        #[arg(long)]
        yes: bool,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Add { account: name, address, primary, if_missing } => {
            let account = account::find(&settings, &mut store, name)?;
            let address = checked(address)?;
            let taken = || Exit::Exists.because(format!("the address {address} is taken"));
            // The store takes it twice from the account that has it, so that it can become the primary one.
            if !*if_missing && !*primary && has(&settings, &mut store, &account, &address)? {
                return Err(taken());
            }
            match store.add_address(account.account, &address, *primary) {
                Err(StoreError::Exists(Missing::Address)) => return Err(taken()),
                added => added.map_err(|error| away(&settings, &error))?,
            }
            account::forget(&settings)?;
            let value = json!({"login": account.login, "address": address});
            out.tell(&value, &format!("{} has the address {address}", account.login))
        }
        Command::List { account: name } => list(&settings, &mut store, name.as_deref(), out),
        Command::Remove { address, if_exists, yes } => {
            let address = address.to_lowercase();
            if !*yes {
                refuse_last(&settings, &mut store, &address)?;
            }
            match store.remove_address(&address) {
                Err(StoreError::NotFound(_)) if *if_exists => {}
                Err(StoreError::NotFound(_)) => {
                    return Err(Exit::NoUser.because(format!("nobody has the address {address}")));
                }
                removed => removed.map_err(|error| away(&settings, &error))?,
            }
            account::forget(&settings)?;
            out.tell(&json!({"address": address}), &format!("nobody has the address {address} any more"))
        }
    }
}

fn list(settings: &Settings, store: &mut Store, name: Option<&str>, out: Out) -> Result {
    let login = name.map(|name| account::find(settings, store, name)).transpose()?.map(|account| account.login);
    let mut all = store.all_addresses().map_err(|error| away(settings, &error))?;
    all.retain(|one| login.as_ref().is_none_or(|login| *login == one.login));
    if out.json {
        let describe = |one: &OwnedAddress| json!({"address": one.address, "login": one.login, "primary": one.primary});
        return say!("{:#}", all.iter().map(describe).collect::<Value>());
    }
    for one in &all {
        say!("{:40} {}{}", one.address, one.login, if one.primary { "  (primary)" } else { "" })?;
    }
    Ok(())
}

/// Refuses to leave an account without any address.
fn refuse_last(settings: &Settings, store: &mut Store, address: &str) -> Result {
    let failed = |error| away(settings, &error);
    let Some(account) = store.account_by_address(address).map_err(failed)? else { return Ok(()) };
    match store.addresses(account.account).map_err(failed)?.len() {
        2.. => Ok(()),
        _ => Err(Exit::Usage.because(format!(
            "{address} is the last address of {}, who would get no mail any more: say --yes if that is meant",
            account.login
        ))),
    }
}

/// Whether the address is this account's.
fn has(settings: &Settings, store: &mut Store, account: &Account, address: &str) -> Result<bool> {
    let addresses = store.addresses(account.account).map_err(|error| away(settings, &error))?;
    Ok(addresses.iter().any(|known| known == address))
}

/// Octets of a local part (RFC 5321 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The address in lower case, if an account can have it.
pub fn checked(address: &str) -> Result<String> {
    let fits = |parts: &Address<'_>| !parts.is_quoted() && !parts.is_literal() && parts.local.len() <= LONGEST_LOCAL;
    match Address::parse(address).filter(fits) {
        Some(_) => Ok(address.to_lowercase()),
        None => Err(Exit::Data.because(format!("{address}: not a mail address such as anna@example.org"))),
    }
}

#[cfg(test)]
mod tests {
    use super::checked;

    #[test]
    fn addresses_are_told_from_other_things() {
        for good in ["anna@example.org", "Anna.A+x@Example.ORG", "j\u{f6}rg@b\u{fc}cher.example", "root@localhost"] {
            assert!(checked(good).is_ok_and(|address| address == good.to_lowercase()), "{good}");
        }
        for bad in ["anna", "@example.org", "anna@", "a b@example.org", "a@b@c", "a@b..c", "<a@b.c>", "a@b.c\r\nX: y"] {
            assert!(checked(bad).is_err(), "{bad}");
        }
    }
}
