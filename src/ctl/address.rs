//! `ewsctl address`: the addresses under which an account gets mail.

use std::path::Path;

use clap::Subcommand;
use ewsd_model::address::Address;
use ewsd_store::{Missing, StoreError};

use super::database::{away, open};
use super::{Result, account};

/// Add and remove an account's mail addresses.
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
        account: String,
        /// The new address.
        address: String,
        /// Make it the primary one, which others see.
        #[arg(long)]
        primary: bool,
    },
    /// Take an address away; mail to it is refused from then on.
    #[command(after_help = "Example:\n  ewsctl address remove info@example.org")]
    Remove {
        /// The address.
        address: String,
    },
}

pub fn run(config: &Path, args: &Args) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Add { account: name, address, primary } => {
            let account = account::find(&settings, &mut store, name)?;
            let address = checked(address)?;
            store.add_address(account.account, &address, *primary).map_err(|error| match error {
                StoreError::Exists(Missing::Address) => format!("the address {address} is taken").into(),
                other => away(&settings, &other),
            })?;
            account::forget(&settings)?;
            say!("{} has the address {address}", account.login)
        }
        Command::Remove { address } => {
            let address = address.to_lowercase();
            store.remove_address(&address).map_err(|error| match error {
                StoreError::NotFound(_) => format!("nobody has the address {address}").into(),
                other => away(&settings, &other),
            })?;
            account::forget(&settings)?;
            say!("nobody has the address {address} any more")
        }
    }
}

/// Octets of a local part (RFC 5321 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;

/// The address in lower case, if an account can have it.
pub fn checked(address: &str) -> Result<String> {
    let fits = |parts: &Address<'_>| !parts.is_quoted() && !parts.is_literal() && parts.local.len() <= LONGEST_LOCAL;
    match Address::parse(address).filter(fits) {
        Some(_) => Ok(address.to_lowercase()),
        None => Err(format!("{address}: not a mail address such as anna@example.org").into()),
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
