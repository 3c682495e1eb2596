//! `ewsctl account set`: what can be changed of an account, as a table of keys. Help, completion and messages come out of it.

use ewsd_model::availability::WorkingHours;
use ewsd_model::booking::{self, Resource};
use ewsd_model::distinguished;
use ewsd_model::timezone::ItemZone;
use ewsd_settings::Settings;
use ewsd_store::{Account, AccountChange, FolderUpdate, Missing, Store, StoreError};
use serde_json::{Value, json};

use super::database::{away, open};
use super::{Exit, Out, Result, account, control};

/// A key that an account has.
pub struct Key {
    pub name: &'static str,
    /// What it means, for people.
    pub meaning: &'static str,
    /// The change that a value stands for, or what would fit.
    read: fn(&str) -> std::result::Result<AccountChange<'_>, &'static str>,
}

/// All keys.
pub const KEYS: &[Key] = &[
    Key { name: "name", meaning: "the name that people see", read: name },
    Key { name: "login", meaning: "the name to log in with", read: login },
    Key {
        name: "language",
        meaning: "of the folder names, such as de or pt-BR; folders that have the names of the old one are renamed",
        read: language,
    },
    Key {
        name: "quota",
        meaning: "size beyond which nothing more is written, such as 500M; 0: none; default: as mail.quota_bytes says",
        read: quota,
    },
    Key {
        name: "zone",
        meaning: "the time zone, as Windows or the tz database call it; default: as calendar.time_zone says",
        read: zone,
    },
    Key {
        name: "working_hours",
        meaning: "when its owner works, such as \"mo-th 8:00-17:00, fr 8:00-13:00\"; default: mo-fr 8:00-17:00",
        read: working_hours,
    },
    Key {
        name: "resource",
        meaning: "room or equipment: nobody's, it answers meeting requests by itself; none: somebody's",
        read: resource,
    },
    Key {
        name: "exempt",
        meaning: "yes: no share binds it (limits.*_per_account, limits.*_per_hour), as for an archiver; no: they do",
        read: exempt,
    },
];

/// What stands before the options by which a resource answers ([`booking::OPTIONS`]).
const BOOKING: &str = "booking.";

fn name(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let fits = !value.trim().is_empty() && !value.contains(char::is_control);
    fits.then_some(AccountChange::Name(value)).ok_or("a name of at least one letter, in one line")
}

fn login(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let fits = !value.is_empty() && !value.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':');
    fits.then_some(AccountChange::Login(value)).ok_or("a login without blanks and colons")
}

fn language(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let known = distinguished::speaks(value);
    known.then_some(AccountChange::Language(value)).ok_or("a language in which folders have names, such as de or pt-BR")
}

fn quota(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    if value == "default" {
        return Ok(AccountChange::Quota(None));
    }
    octets(value)
        .map(|octets| AccountChange::Quota(Some(octets)))
        .ok_or("octets such as 1000000, 500M or 2G; 0 or default")
}

fn zone(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let known = value == "default" || ItemZone::named(value).is_some();
    known
        .then_some(AccountChange::Zone(Some(value).filter(|value| *value != "default")))
        .ok_or("a time zone such as \"W. Europe Standard Time\" or Europe/Berlin; or default")
}

fn working_hours(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let known = value == "default" || WorkingHours::periods_of(value).is_some();
    known
        .then_some(AccountChange::WorkingHours(Some(value).filter(|value| *value != "default")))
        .ok_or("days and hours such as \"mo-fr 8:00-17:00\"; or default")
}

fn resource(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    let known = value == "none" || Resource::from_word(value).is_some();
    known.then(|| AccountChange::Resource(Resource::from_word(value))).ok_or("room, equipment or none")
}

fn exempt(value: &str) -> std::result::Result<AccountChange<'_>, &'static str> {
    match value {
        "yes" => Ok(AccountChange::Exempt(true)),
        "no" => Ok(AccountChange::Exempt(false)),
        _ => Err("yes or no"),
    }
}

/// An option of resources, named without what stands before it.
fn option<'a>(name: &str, value: &str) -> Option<std::result::Result<AccountChange<'a>, String>> {
    let row = booking::Row::of(name)?;
    if value == "default" {
        return Some(Ok(AccountChange::Booking(row.name, None)));
    }
    Some(row.read(value).map(|setting| AccountChange::Booking(row.name, Some(setting))))
}

/// `500`, `500K`, `500M`, `2G`, `1T`: powers of 1024.
pub fn octets(text: &str) -> Option<i64> {
    let (digits, power) = match text.char_indices().last()? {
        (at, unit) if !unit.is_ascii_digit() => (text.get(..at)?, "KMGT".find(unit.to_ascii_uppercase())? + 1),
        _ => (text, 0),
    };
    let number: i64 = digits.parse().ok().filter(|number| *number >= 0)?;
    number.checked_mul(1024_i64.checked_pow(u32::try_from(power).ok()?)?)
}

/// What the help says of the keys.
pub fn help() -> String {
    let keys = KEYS.iter().map(|key| format!("\n  {:13} {}", key.name, key.meaning));
    let options = booking::OPTIONS
        .iter()
        .map(|row| format!("\n  {:28} {} ({})", format!("{BOOKING}{}", row.name), row.meaning, row.default));
    format!(
        "Keys:{}\n\nHow a room or equipment answers (yes, no or a number; default: as in brackets). Its days and hours are those of its \
         zone, without one those of the meeting:{}\n\nExamples:\n  ewsctl account set anna@example.org quota=2G name=\"Anna Ahrens\"\n  \
         ewsctl account set anna@example.org language=de-AT\n  \
         ewsctl account set anna@example.org zone=Europe/Vienna working_hours=\"mo-th 8:00-17:00, fr 8:00-13:00\"\n  \
         ewsctl account set hall@example.org resource=room zone=Europe/Vienna booking.window_days=365",
        keys.collect::<String>(),
        options.collect::<String>()
    )
}

fn change(assignment: &str) -> Result<AccountChange<'_>> {
    let (key, value) = assignment
        .split_once('=')
        .ok_or_else(|| Exit::Usage.because(format!("{assignment}: not of the form KEY=VALUE")))?;
    let unfit = |fits: String| Exit::Data.because(format!("{key}: {value:?} does not fit: {fits}"));
    if let Some(read) = key.strip_prefix(BOOKING).and_then(|name| option(name, value)) {
        return read.map_err(unfit);
    }
    let names = || {
        let keys = KEYS.iter().map(|key| key.name.to_owned());
        let options = booking::OPTIONS.iter().map(|row| format!("{BOOKING}{}", row.name));
        keys.chain(options).collect::<Vec<_>>().join(", ")
    };
    let row = KEYS.iter().find(|row| row.name == key);
    let row = row.ok_or_else(|| Exit::NoInput.because(format!("an account has no {key}: there are {}", names())))?;
    (row.read)(value).map_err(|fits| unfit(fits.to_owned()))
}

pub fn run(settings: &Settings, name: &str, assignments: &[String], out: Out) -> Result {
    let changes = assignments.iter().map(|assignment| change(assignment)).collect::<Result<Vec<_>>>()?;
    let mut store = open(settings)?;
    let before = account::find(settings, &mut store, name)?;
    store.change_account(before.account, &changes).map_err(|error| match error {
        StoreError::Exists(Missing::Account) => Exit::Exists.because("another account has that login"),
        other => away(settings, &other),
    })?;
    let renamed = if changes.iter().any(|change| matches!(change, AccountChange::Language(_))) {
        rename_folders(settings, &mut store, &before)?
    } else {
        0
    };
    account::forget(settings)?;
    let after = store.account(before.account).map_err(|error| away(settings, &error))?;
    let after = after.ok_or_else(|| Exit::NoUser.because(format!("{name} was deleted meanwhile")))?;
    let mut value = account::describe(&after);
    value.insert("folders_renamed".to_owned(), json!(renamed));
    let folders = if renamed > 0 { format!(", {renamed} folders are renamed") } else { String::new() };
    out.tell(&Value::Object(value), &format!("{} is changed{folders}", after.login))
}

/// Gives the folders that are still called as the old language has it their names in the new one. How many.
fn rename_folders(settings: &Settings, store: &mut Store, before: &Account) -> Result<usize> {
    let failed = |error| away(settings, &error);
    let after = store.account(before.account).map_err(failed)?;
    let language = after.map_or_else(|| before.language.clone(), |after| after.language);
    let mut renamed = 0;
    for row in distinguished::made() {
        let (old, new) = (row.display_name(&before.language), row.display_name(&language));
        if old == new {
            continue;
        }
        let mut mailbox = store.mailbox(before.mailbox);
        let Ok(folder) = mailbox.folder_by_distinguished(row.name) else { continue };
        if folder.name != old {
            continue;
        }
        let update = FolderUpdate { name: Some(new.to_owned()), ..FolderUpdate::default() };
        match mailbox.update_folder(folder.folder, &update, None) {
            Ok(_) => renamed += 1,
            // Its owner has one of that name there already.
            Err(StoreError::Exists(_)) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    control::tell_changes(settings, store)?;
    Ok(renamed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{KEYS, booking, change, help, octets};
    use ewsd_model::booking::{Resource, Setting};
    use ewsd_store::AccountChange;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, size) in
            [("0", Some(0)), ("17", Some(17)), ("2k", Some(2048)), ("500M", Some(500 << 20)), ("1T", Some(1 << 40))]
        {
            assert_eq!(octets(text), size, "{text}");
        }
        for text in ["", "M", "-1", "1.5G", "5X", "9999999999T", "1 "] {
            assert_eq!(octets(text), None, "{text:?}");
        }
    }

    #[test]
    fn each_key_says_what_fits() {
        assert_eq!(change("quota=2G").unwrap(), AccountChange::Quota(Some(2 << 30)));
        assert_eq!(change("quota=default").unwrap(), AccountChange::Quota(None));
        assert_eq!(change("zone=Europe/Berlin").unwrap(), AccountChange::Zone(Some("Europe/Berlin")));
        assert_eq!(change("zone=default").unwrap(), AccountChange::Zone(None));
        let hours = "mo-th 8-17, fr 8-13";
        assert_eq!(change("working_hours=mo-th 8-17, fr 8-13").unwrap(), AccountChange::WorkingHours(Some(hours)));
        assert_eq!(change("working_hours=default").unwrap(), AccountChange::WorkingHours(None));
        assert_eq!(change("resource=room").unwrap(), AccountChange::Resource(Some(Resource::Room)));
        assert_eq!(change("resource=none").unwrap(), AccountChange::Resource(None));
        assert_eq!(change("exempt=yes").unwrap(), AccountChange::Exempt(true));
        let days = AccountChange::Booking("window_days", Some(Setting::Number(30)));
        assert_eq!(change("booking.window_days=30").unwrap(), days);
        assert_eq!(change("booking.external=default").unwrap(), AccountChange::Booking("external", None));
        assert_eq!(change("language=de-AT").unwrap(), AccountChange::Language("de-AT"));
        for (wrong, says) in [
            ("quota=much", "500M"),
            ("language=klingon", "such as de"),
            ("login=a b", "without blanks"),
            ("name= ", "at least one letter"),
            ("zone=Moon/Tranquility", "Europe/Berlin"),
            ("working_hours=always", "mo-fr 8:00-17:00"),
            (
                "colour=red",
                "there are name, login, language, quota, zone, working_hours, resource, exempt, booking.auto_accept",
            ),
            ("exempt=perhaps", "yes or no"),
            ("resource=sauna", "room, equipment or none"),
            ("booking.window_days=9999", "a number up to 1080"),
            ("booking.colour=red", "an account has no booking.colour"),
            ("name", "KEY=VALUE"),
        ] {
            let said = change(wrong).unwrap_err().text;
            assert!(said.contains(says), "{wrong}: {said}");
        }
        assert!(KEYS.iter().all(|key| help().contains(key.meaning)));
        assert!(booking::OPTIONS.iter().all(|row| help().contains(row.meaning)));
    }
}
