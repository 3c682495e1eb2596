//! `ewsctl account`: who has a mailbox here, and may log in.

use std::path::Path;

use clap::Subcommand;
use ewsd_model::booking::{OPTIONS, Resource};
use ewsd_settings::Settings;
use ewsd_store::{Account, Missing, NewAccount, Store, StoreError};
use serde_json::{Map, Value, json};

use super::database::{away, open};
use super::{Exit, Failure, Out, Result, account_set, address, completions, control, password};

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
        #[arg(long, value_name = "CODE", value_parser = language)]
        language: Option<String>,
        /// Size beyond which nothing more is written, such as 500M or 2G; 0: none; without it mail.quota_bytes.
        #[arg(long, value_name = "BYTES", value_parser = size)]
        quota: Option<i64>,
        /// Read the password from the first line of standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        /// Keep what NTLM needs of the password although auth.ntlm is off.
        #[arg(long)]
        ntlm: bool,
        /// Give it no password here: others know it (auth.basic_against), or it logs in without one.
        #[arg(long, conflicts_with_all = ["password_stdin", "ntlm"])]
        no_password: bool,
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
        #[arg(add = completions::accounts())]
        account: String,
    },
    /// Change an account: KEY=VALUE, as many as are wanted; all of them or none.
    #[command(after_help = account_set::help())]
    Set {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: String,
        /// What to change.
        #[arg(required = true, value_name = "KEY=VALUE", add = completions::account_keys())]
        changes: Vec<String>,
    },
    /// Give an account a new password, or none.
    #[command(after_help = "Examples:\n  ewsctl account password anna@example.org\n  \
        ewsctl account password anna@example.org --password-stdin <secret\n  \
        ewsctl account password anna@example.org --remove")]
    Password {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: String,
        /// Read the password from the first line of standard input instead of asking for it.
        #[arg(long)]
        password_stdin: bool,
        /// Keep what NTLM needs of the password although auth.ntlm is off.
        #[arg(long)]
        ntlm: bool,
        /// Take the password away, for NTLM and Digest as well: whoever auth.basic_against names knows it from now on.
        #[arg(long, conflicts_with_all = ["password_stdin", "ntlm"])]
        remove: bool,
    },
    /// Keep an account from logging in and from getting mail. Its mailbox stays.
    #[command(after_help = "Example:\n  ewsctl account disable anna@example.org")]
    Disable {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: String,
    },
    /// Let a disabled account log in again.
    #[command(after_help = "Example:\n  ewsctl account enable anna@example.org")]
    Enable {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
        account: String,
    },
    /// Remove an account with its mailbox and everything in it.
    #[command(after_help = "Example:\n  ewsctl account delete anna@example.org --yes")]
    Delete {
        /// Its login or one of its addresses.
        #[arg(add = completions::accounts())]
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
        Command::Add { address, login, name, language, quota, password_stdin, ntlm, no_password, if_missing } => {
            let new = NewAccount {
                login: login.as_deref().unwrap_or(address).to_lowercase(),
                display_name: name.as_deref().unwrap_or_else(|| local_part(address)).to_owned(),
                addresses: vec![address::checked(address)?],
                language: language.as_deref().unwrap_or(&settings.mail.default_language).to_owned(),
                quota_bytes: *quota,
                password_phc: None,
            };
            add(&settings, new, (!no_password).then_some((*password_stdin, *ntlm)), *if_missing, out)
        }
        Command::List => list(&settings, out),
        Command::Show { account } => show(&settings, account, out),
        Command::Set { account, changes } => account_set::run(&settings, account, changes, out),
        Command::Password { account, remove: true, .. } => remove_password(&settings, account, out),
        Command::Password { account, password_stdin, ntlm, .. } => {
            set_password(&settings, account, *password_stdin, *ntlm, out)
        }
        Command::Disable { account } => switch(&settings, account, true, out),
        Command::Enable { account } => switch(&settings, account, false, out),
        Command::Delete { account, yes, if_exists } => delete(&settings, account, *yes, *if_exists, out),
    }
}

/// The tag of a language in which folders have names.
fn language(tag: &str) -> std::result::Result<String, String> {
    let known = ewsd_model::distinguished::speaks(tag);
    known
        .then(|| tag.to_owned())
        .ok_or_else(|| format!("folders have names in: {}", ewsd_settings::LANGUAGES.join(", ")))
}

fn size(text: &str) -> std::result::Result<i64, String> {
    account_set::octets(text).ok_or_else(|| "bytes such as 1000000, 500M or 2G".to_owned())
}

/// Creates the account; with a password of its own (from standard input or not, for NTLM or not), asked for only when the database
/// is there.
fn add(
    settings: &Settings,
    mut new: NewAccount,
    own_password: Option<(bool, bool)>,
    if_missing: bool,
    out: Out,
) -> Result {
    let mut store = open(settings)?;
    if if_missing {
        if let Some(account) = store.account_by_login(&new.login).map_err(|error| away(settings, &error))? {
            return out.tell(&Value::Object(describe(&account)), &format!("{} is there already", account.login));
        }
    }
    let password = own_password.map(|(from_stdin, _)| password::read(from_stdin)).transpose()?;
    new.password_phc = password.as_deref().map(password::hash).transpose()?;
    let account = store.create_account(&new).map_err(|error| match error {
        StoreError::Exists(Missing::Account) => Exit::Exists.because(format!("the login {} is taken", new.login)),
        StoreError::Exists(Missing::Address) => {
            Exit::Exists.because(format!("the address {} is taken", new.addresses.join(", ")))
        }
        other => away(settings, &other),
    })?;
    if let Some((password, (_, ntlm))) = password.as_ref().zip(own_password) {
        password::keep_secrets(settings, &mut store, &account, password, ntlm)?;
    }
    forget(settings)?;
    out.tell(&Value::Object(describe(&account)), &format!("added {}", account.login))
}

fn list(settings: &Settings, out: Out) -> Result {
    let mut store = open(settings)?;
    let accounts = store.accounts().map_err(|error| away(settings, &error))?;
    let used = store.all_used().map_err(|error| away(settings, &error))?;
    let used: std::collections::HashMap<_, _> = used.into_iter().collect();
    let used = |account: &Account| used.get(&account.mailbox).copied().unwrap_or(0);
    if out.json {
        let with_use = |account: &Account| {
            let mut description = describe(account);
            description.insert("used_bytes".into(), json!(used(account)));
            Value::Object(description)
        };
        return say!("{:#}", accounts.iter().map(with_use).collect::<Value>());
    }
    for account in &accounts {
        let state = if account.disabled { "  (disabled)" } else { "" };
        let address = account.primary_address.as_deref().unwrap_or("-");
        let room = match account.quota_bytes.map_or(settings.mail.quota_bytes, i64::unsigned_abs) {
            0 => format!("{:>7}        ", in_short(used(account))),
            quota => {
                format!("{:>7} of {:4}", in_short(used(account)), in_short(i64::try_from(quota).unwrap_or(i64::MAX)))
            }
        };
        say!("{:32} {:32} {room} {}{state}", account.login, address, account.display_name)?;
    }
    Ok(())
}

/// Octets in a few letters: `0`, `17K`, `1.5G`.
pub fn in_short(octets: i64) -> String {
    let (mut value, mut unit) = (octets as f64, "");
    for next in ["K", "M", "G", "T"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1024.0, next);
    }
    if unit.is_empty() || value >= 10.0 { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") }
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
    say!("zone       {}", account.zone.as_deref().unwrap_or(&settings.calendar.time_zone))?;
    say!("works      {}", account.working_hours.as_deref().unwrap_or("mo-fr 8:00-17:00"))?;
    if account.exempt {
        say!("exempt     from the shares of accounts")?;
    }
    if let Some(resource) = account.resource {
        say!("resource   {}{}", resource.word(), unusual(&account))?;
    }
    say!("mailbox    {} ({used} bytes, {quota})", account.guid)
}

fn set_password(settings: &Settings, name: &str, password_stdin: bool, ntlm: bool, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = find(settings, &mut store, name)?;
    let password = password::read(password_stdin)?;
    let hash = password::hash(&password)?;
    store.set_password(account.account, Some(&hash)).map_err(|error| away(settings, &error))?;
    password::keep_secrets(settings, &mut store, &account, &password, ntlm)?;
    forget(settings)?;
    out.tell(&Value::Object(describe(&account)), &format!("{} has a new password", account.login))
}

fn remove_password(settings: &Settings, name: &str, out: Out) -> Result {
    let mut store = open(settings)?;
    let account = find(settings, &mut store, name)?;
    store.set_password(account.account, None).map_err(|error| away(settings, &error))?;
    store.set_secrets(account.account, &[]).map_err(|error| away(settings, &error))?;
    forget(settings)?;
    let who = match settings.auth.basic_against.as_str() {
        "accounts" => "nobody knows another one, see auth.basic_against",
        _ => "auth.basic_against says who is asked",
    };
    out.tell(&Value::Object(describe(&account)), &format!("{} has no password here any more: {who}", account.login))
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

/// The options by which a resource answers that are not as usual.
fn unusual(account: &Account) -> String {
    let own = OPTIONS.iter().filter(|row| row.value(&account.booking) != row.default);
    let own: Vec<String> = own.map(|row| format!("{}={}", row.name, row.value(&account.booking))).collect();
    if own.is_empty() { String::new() } else { format!(" ({})", own.join(", ")) }
}

/// An account as JSON has it.
pub fn describe(account: &Account) -> Map<String, Value> {
    let pairs = [
        ("login", json!(account.login)),
        ("name", json!(account.display_name)),
        ("address", json!(account.primary_address)),
        ("disabled", json!(account.disabled)),
        ("language", json!(account.language)),
        ("quota_bytes", json!(account.quota_bytes)),
        ("zone", json!(account.zone)),
        ("working_hours", json!(account.working_hours)),
        ("resource", json!(account.resource.map(Resource::word))),
        ("exempt", json!(account.exempt)),
        ("mailbox", json!(account.guid.to_string())),
        ("sid", json!(account.guid.to_sid())),
    ];
    let mut described: Map<String, Value> = pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if account.resource.is_some() {
        let options = OPTIONS.iter().map(|row| (row.name.to_owned(), row.value(&account.booking).json()));
        described.insert("booking".to_owned(), Value::Object(options.collect()));
    }
    described
}

pub fn local_part(address: &str) -> &str {
    address.split('@').next().unwrap_or(address)
}

#[cfg(test)]
mod tests {
    #[test]
    fn sizes_are_told_in_short() {
        let short: Vec<String> = [0, 999, 1000, 20_000, 1_600_000_000, 5 << 40].map(super::in_short).into();
        assert_eq!(short, ["0", "999", "1.0K", "20K", "1.5G", "5.0T"]);
    }

    #[test]
    fn a_language_can_be_chosen_when_folders_have_names_in_it() {
        let named: Vec<&str> = std::iter::once("en").chain(ewsd_model::distinguished::LANGUAGES).collect();
        assert_eq!(ewsd_settings::LANGUAGES, named);
    }
}
