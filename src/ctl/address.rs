//! `ewsctl address`: the addresses under which an account gets mail.

use std::path::Path;

use clap::Subcommand;
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

/// The address in lower case, if it can be one (RFC 5321: 64 bytes, @, 255 bytes; UTF-8 as in RFC 6531).
pub fn checked(address: &str) -> Result<String> {
    let refused = || format!("{address}: not a mail address such as anna@example.org").into();
    let Some((local, domain)) = address.rsplit_once('@') else { return Err(refused()) };
    let odd = |c: char| c.is_control() || c.is_whitespace() || "<>()[],;:\\\"".contains(c);
    let label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let fits = (1..=64).contains(&local.len())
        && (1..=255).contains(&domain.len())
        && !local.contains('@')
        && !local.contains(odd)
        && domain.split('.').all(label);
    if fits { Ok(address.to_lowercase()) } else { Err(refused()) }
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
