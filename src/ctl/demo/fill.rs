//! The demo's accounts and their first mail. What an earlier start has made is left as it is.

use ewsd_settings::Settings;
use ewsd_store::{NewAccount, Store};

use super::super::database::{away, open};
use super::super::signals::Signals;
use super::super::{Result, account, password, samples};

/// The domain of all accounts; nobody in the world can have it (RFC 2606).
pub const DOMAIN: &str = "example.test";
/// The password of all accounts. The demo listens on loopback addresses.
pub const PASSWORD: &str = "demo";

/// Those who come before user0001, and who write to each other in the samples.
const PEOPLE: [(&str, &str); 3] = [("alice", "Alice Adams"), ("bob", "Bob Brown"), ("carol", "Carol Clark")];

/// An account of the demo.
pub struct Login {
    pub address: String,
}

/// Makes the accounts that are missing, with mail for the first ones; `None` when somebody wants the end before that.
pub fn fill(settings: &Settings, count: u32, with_samples: bool, signals: &Signals) -> Result<Option<Vec<Login>>> {
    let mut store = open(settings)?;
    // One hash for all: argon2 takes its time on purpose, and there may be thousands.
    let hash = password::hash(PASSWORD)?;
    let mut logins = Vec::new();
    let mut new = Vec::new();
    for index in 0..count {
        if signals.stop_wanted()? {
            return Ok(None);
        }
        let (local, name) = person(index);
        let address = format!("{local}@{DOMAIN}");
        if make(settings, &mut store, &address, name, &hash)? {
            new.push(address.clone());
        }
        logins.push(Login { address });
    }
    if with_samples {
        new.retain(|address| logins.iter().take(PEOPLE.len()).any(|login| login.address == *address));
        let delivered = deliver(settings, &mut store, &new);
        // Whoever is left below the demo at its end is no process of the server's.
        ewsd_mailbox::convert::rest();
        delivered?;
    }
    // Nobody can be waiting for a mailbox that was not there: the changes are told to no one.
    account::forget(settings)?;
    Ok(Some(logins))
}

fn person(index: u32) -> (String, String) {
    match PEOPLE.get(index as usize) {
        Some((local, name)) => ((*local).to_owned(), (*name).to_owned()),
        None => {
            let number = index + 1 - PEOPLE.len() as u32;
            (format!("user{number:04}"), format!("User {number:04}"))
        }
    }
}

/// Makes the account; false when it is there.
fn make(settings: &Settings, store: &mut Store, address: &str, name: String, hash: &str) -> Result<bool> {
    let failed = |error| away(settings, &error);
    if store.account_by_login(address).map_err(failed)?.is_some() {
        return Ok(false);
    }
    let new = NewAccount {
        login: address.to_owned(),
        display_name: name,
        password_phc: Some(hash.to_owned()),
        addresses: vec![address.to_owned()],
        language: settings.mail.default_language.clone(),
        quota_bytes: None,
    };
    let account = store.create_account(&new).map_err(failed)?;
    password::keep_secrets(settings, store, &account, PASSWORD, false)?;
    Ok(true)
}

fn deliver(settings: &Settings, store: &mut Store, recipients: &[String]) -> Result {
    if recipients.is_empty() {
        return Ok(());
    }
    let samples = samples::all(jiff::Timestamp::now()).map_err(|error| format!("sample mail: {error}"))?;
    for sample in samples {
        for (recipient, outcome) in
            ewsd_mailbox::deliver::deliver(store, settings, sample.sender, recipients, &sample.message)
        {
            outcome.map_err(|error| format!("sample mail for {recipient}: {error}"))?;
        }
    }
    Ok(())
}
