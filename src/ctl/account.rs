//! `ewsctl account`: who has a mailbox here, and may log in.

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{Account, Missing, NewAccount, Store, StoreError};
use serde_json::{Map, Value, json};

use super::database::{away, open};
use super::{Exit, Failure, Out, Result, address, control, password};

/// Add, show, change and remove accounts.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account with its mailbox.
    #[command(after_help = "Examples:\n  ewsctl account add anna@example.org --name \"Anna Ahrens\"\n  \
        ewsctl account add ben@example.org --language de --password-stdin <secret")]
    Add {
        /// Its mail address.
        address: String,
        /// The name to log in with; without it the address.
        #[arg(long, value_name = "NAME")]
        login: Option<String>,
        /// The name that people see; without it the part of the address before the @.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Language of the mailbox's folder names; without it mail.default_language.
        #[arg(long, value_name = "CODE", value_parser = clap::builder::PossibleValuesParser::new(ewsd_settings::LANGUAGES))]
        language: Option<String>,
        /// Size beyond which mail is put off; 0: none; without it mail.quota_bytes.
        #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(i64).range(0..))]
        quota: Option<i64>,
        /// Read the password from the first line of standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        /// Leave an account with this login as it is; no password is asked for then.
        #[arg(long)]
        if_missing: bool,
    },
    /// List all accounts.
    #[command(after_help = "Example:\n  ewsctl account list --json | jq -r '.[].login'")]
    List,
    /// Show one account with its addresses.
    #[command(after_help = "Example:\n  ewsctl account show anna@example.org")]
    Show {
        /// Its login or one of its addresses.
        account: String,
    },
    /// Give an account a new password.
    #[command(after_help = "Examples:\n  ewsctl account password anna@example.org\n  \
        ewsctl account password anna@example.org --password-stdin <secret")]
    Password {
        /// Its login or one of its addresses.
        account: String,
        /// Read the password from the first line of standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Keep an account from logging in and from getting mail. Its mailbox stays.
    #[command(after_help = "Example:\n  ewsctl account disable anna@example.org")]
    Disable {
        /// Its login or one of its addresses.
        account: String,
    },
    /// Let a disabled account log in again.
    #[command(after_help = "Example:\n  ewsctl account enable anna@example.org")]
    Enable {
        /// Its login or one of its addresses.
        account: String,
    },
    /// Remove an account with its mailbox and everything in it.
    #[command(after_help = "Example:\n  ewsctl account delete anna@example.org --yes")]
    Delete {
        /// Its login or one of its addresses.
        account: String,
        /// Really remove it; there is no way back.
        #[arg(long)]
        yes: bool,
        /// It is right as well when there is none.
        #[arg(long)]
        if_exists: bool,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    match &args.command {
        Command::Add { address, login, name, language, quota, password_stdin, if_missing } => {
            let new = NewAccount {
                login: login.as_deref().unwrap_or(address).to_lowercase(),
                display_name: name.as_deref().unwrap_or_else(|| local_part(address)).to_owned(),
                addresses: vec![address::checked(address)?],
                language: language.as_deref().unwrap_or(&settings.mail.default_language).to_owned(),
                quota_bytes: *quota,
                password_phc: None,
            };
            add(&settings, new, *password_stdin, *if_missing, out)
        }
        Command::List => list(&settings, out),
        Command::Show { account } => show(&settings, account, out),
        Command::Password { account, password_stdin } => set_password(&settings, account, *password_stdin, out),
        Command::Disable { account } => switch(&settings, account, true, out),
        Command::Enable { account } => switch(&settings, account, false, out),
        Command::Delete { account, yes, if_exists } => delete(&settings, account, *yes, *if_exists, out),
    }
}

/// Creates the account; with a password of its own, asked for only when the database is there.
fn add(settings: &Settings, mut new: NewAccount, password_stdin: bool, if_missing: bool, out: Out) -> Result {
    let mut store = open(settings)?;
    if if_missing {
        if let Some(account) = store.account_by_login(&new.login).map_err(|error| away(settings, &error))? {
            return out.tell(&Value::Object(describe(&account)), &format!("{} is there already", account.login));
        }
    }
    new.password_phc = Some(password::hash(&password::read(password_stdin)?)?);
    let account = store.create_account(&new).map_err(|error| match error {
        StoreError::Exists(Missing::Account) => Exit::Exists.because(format!("the login {} is taken", new.login)),
        StoreError::Exists(Missing::Address) => {
            Exit::Exists.because(format!("the address {} is taken", new.addresses.join(", ")))
        }
        other => away(settings, &other),
    })?;
    forget(settings)?;
    out.tell(&Value::Object(describe(&account)), &format!("added {}", account.login))
}

fn list(settings: &Settings, out: Out) -> Result {
    let mut store = open(settings)?;
    let accounts = store.accounts().map_err(|error| away(settings, &error))?;
    if out.json {
        let accounts: Vec<Value> = accounts.iter().map(|account| Value::Object(describe(account))).collect();
        return say!("{:#}", Value::Array(accounts));
    }
    for account in &accounts {
        let state = if account.disabled { "  (disabled)" } else { "" };
        let address = account.primary_address.as_deref().unwrap_or("-");
        say!("{:32} {:32} {}{state}", account.login, address, account.display_name)?;
    }
    Ok(())
}

fn show(settings: &Settings, name: &str, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = find(settings, &mut store, name)?;
    let addresses = store.addresses(account.account).map_err(|error| away(settings, &error))?;
    let used = store.mailbox(account.mailbox).used().map_err(|error| away(settings, &error))?;
    if out.json {
        let mut description = describe(&account);
        description.insert("addresses".into(), json!(addresses));
        description.insert("used_bytes".into(), json!(used));
        return say!("{:#}", Value::Object(description));
    }
    let quota = match account.quota_bytes.map_or(settings.mail.quota_bytes, i64::unsigned_abs) {
        0 => "no limit".to_owned(),
        bytes => format!("limit {bytes}"),
    };
    let primary = |address: &String| Some(address) == account.primary_address.as_ref();
    say!("login      {}", account.login)?;
    say!("name       {}", account.display_name)?;
    say!("state      {}", if account.disabled { "disabled" } else { "active" })?;
    for address in &addresses {
        say!("address    {address}{}", if primary(address) { " (primary)" } else { "" })?;
    }
    say!("language   {}", account.language)?;
    say!("mailbox    {} ({used} bytes, {quota})", account.guid)
}

fn set_password(settings: &Settings, name: &str, password_stdin: bool, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = find(settings, &mut store, name)?;
    let hash = password::hash(&password::read(password_stdin)?)?;
    store.set_password(account.account, Some(&hash)).map_err(|error| away(settings, &error))?;
    forget(settings)?;
    out.tell(&Value::Object(describe(&account)), &format!("{} has a new password", account.login))
}

fn switch(settings: &Settings, name: &str, disabled: bool, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = find(settings, &mut store, name)?;
    store.set_disabled(account.account, disabled).map_err(|error| away(settings, &error))?;
    forget(settings)?;
    let account = Account { disabled, ..account };
    let state = if disabled { "disabled" } else { "enabled" };
    out.tell(&Value::Object(describe(&account)), &format!("{} is {state}", account.login))
}

fn delete(settings: &Settings, name: &str, sure: bool, if_exists: bool, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = match find(settings, &mut store, name) {
        Err(Failure { code: Exit::NoUser, .. }) if if_exists => {
            return out.tell(&Value::Null, &format!("there is no account {name}"));
        }
        found => found?,
    };
    if !sure {
        let text = format!("{} and its mailbox would be gone for good: say so with --yes", account.login);
        return Err(Exit::Usage.because(text));
    }
    store.delete_account(account.account).map_err(|error| away(settings, &error))?;
    forget(settings)?;
    out.tell(&Value::Object(describe(&account)), &format!("removed {}", account.login))
}

/// The account with that login or address.
pub fn find(settings: &Settings, store: &mut Store, name: &str) -> Result<Account> {
    let name = name.to_lowercase();
    let found = match store.account_by_login(&name) {
        Ok(None) => store.account_by_address(&name),
        found => found,
    };
    let found = found.map_err(|error| away(settings, &error))?;
    found.ok_or_else(|| Exit::NoUser.because(format!("there is no account {name}: `ewsctl account list` shows all")))
}

/// Workers remember accounts and passwords that were right; they must not go by old ones.
pub fn forget(settings: &Settings) -> Result {
    control::tell(settings, &json!({"cmd": "forget"}))
}

fn describe(account: &Account) -> Map<String, Value> {
    let pairs = [
        ("login", json!(account.login)),
        ("name", json!(account.display_name)),
        ("address", json!(account.primary_address)),
        ("disabled", json!(account.disabled)),
        ("language", json!(account.language)),
        ("quota_bytes", json!(account.quota_bytes)),
        ("mailbox", json!(account.guid.to_string())),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

pub fn local_part(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_language_can_be_chosen_when_folders_have_names_in_it() {
        let named: Vec<&str> = std::iter::once("en").chain(ewsd_model::distinguished::LANGUAGES).collect();
        assert_eq!(ewsd_settings::LANGUAGES, named);
    }
}
