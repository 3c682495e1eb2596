//! `ewsctl group`: addresses whose mail goes to their members.

use std::path::Path;

use clap::Subcommand;
use ewsd_settings::Settings;
use ewsd_store::{Group, GroupMember, Missing, Store, StoreError};
use serde_json::{Map, Value, json};

use super::account::local_part;
use super::database::{away, open};
use super::exit::Exit;
use super::out::Out;
use super::{Result, account, address, completions};

/// Create, fill, list and delete groups.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Create a group without members.
    #[command(after_help = "Example:\n  ewsctl group create team@example.org --name \"The team\"")]
    Create {
        /// Its mail address.
        group: String,
        /// The name that people see; without it the part of the address before the @.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// Leave a group with this address as it is.
        #[arg(long)]
        if_missing: bool,
    },
    /// Add members: accounts, or other groups.
    #[command(after_help = "Examples:\n  ewsctl group add team@example.org anna@example.org ben@example.org\n  \
        ewsctl group add all@example.org team@example.org")]
    Add {
        /// The group's address.
        #[arg(add = completions::groups())]
        group: String,
        /// Logins or addresses of accounts, addresses of groups.
        #[arg(required = true, add = completions::accounts_and_groups())]
        members: Vec<String>,
    },
    /// Take members out.
    #[command(after_help = "Example:\n  ewsctl group remove team@example.org ben@example.org")]
    Remove {
        /// The group's address.
        #[arg(add = completions::groups())]
        group: String,
        /// Logins or addresses of accounts, addresses of groups.
        #[arg(required = true, add = completions::accounts_and_groups())]
        members: Vec<String>,
    },
    /// List all groups, or the members of one.
    #[command(
        after_help = "Examples:\n  ewsctl group list\n  ewsctl group list team@example.org --json | jq -r '.[].address'"
    )]
    List {
        /// The address of the group whose members are wanted.
        #[arg(add = completions::groups())]
        group: Option<String>,
    },
    /// Delete a group; mail to it is refused from then on. Its members stay.
    #[command(after_help = "Example:\n  ewsctl group delete team@example.org")]
    Delete {
        /// The group's address.
        #[arg(add = completions::groups())]
        group: String,
        /// It is right as well when there is none.
        #[arg(long)]
        if_exists: bool,
    },
}

pub fn run(config: &Path, args: &Args, out: Out) -> Result {
    let settings = super::load(config)?;
    let mut store = open(&settings)?;
    match &args.command {
        Command::Create { group, name, if_missing } => {
            create(&settings, &mut store, group, name.as_deref(), *if_missing, out)
        }
        Command::Add { group, members } => {
            let group = find(&settings, &mut store, group)?;
            members.iter().try_for_each(|name| add(&settings, &mut store, &group, name, out))
        }
        Command::Remove { group, members } => {
            let group = find(&settings, &mut store, group)?;
            members.iter().try_for_each(|name| remove(&settings, &mut store, &group, name, out))
        }
        Command::List { group: None } => list(&settings, &mut store, out),
        Command::List { group: Some(group) } => members(&settings, &mut store, group, out),
        Command::Delete { group, if_exists } => delete(&settings, &mut store, group, *if_exists, out),
    }
}

fn delete(settings: &Settings, store: &mut Store, address: &str, if_exists: bool, out: Out) -> Result {
    if if_exists && store.group(address).map_err(|error| away(settings, &error))?.is_none() {
        return out.tell(&json!({"address": address}), &format!("there is no {address}"));
    }
    let group = find(settings, store, address)?;
    store.delete_group(group.group).map_err(|error| away(settings, &error))?;
    out.tell(&json!({"address": group.address}), &format!("deleted {}", group.address))
}

fn create(
    settings: &Settings,
    store: &mut Store,
    group: &str,
    name: Option<&str>,
    if_missing: bool,
    out: Out,
) -> Result {
    let address = address::checked(group)?;
    if if_missing {
        if let Some(there) = store.group(&address).map_err(|error| away(settings, &error))? {
            let told = json!({"address": there.address, "name": there.display_name});
            return out.tell(&told, &format!("{} is there already", there.address));
        }
    }
    let name = name.unwrap_or_else(|| local_part(&address));
    store.create_group(&address, name).map_err(|error| match error {
        StoreError::Exists(_) => Exit::Exists.because(format!("the address {address} is taken")),
        other => away(settings, &other),
    })?;
    out.tell(&json!({"address": address, "name": name}), &format!("created {address}"))
}

fn add(settings: &Settings, store: &mut Store, group: &Group, name: &str, out: Out) -> Result {
    let member = member(settings, store, name)?;
    store.add_member(group.group, &member).map_err(|error| match error {
        StoreError::Cycle => {
            Exit::Data.because(format!("{} is in {name}, or is it: a group cannot be in itself", group.address))
        }
        other => away(settings, &other),
    })?;
    let address = address_of(&member);
    out.tell(&json!({"group": group.address, "member": address}), &format!("{address} is in {}", group.address))
}

fn remove(settings: &Settings, store: &mut Store, group: &Group, name: &str, out: Out) -> Result {
    let member = member(settings, store, name)?;
    store.remove_member(group.group, &member).map_err(|error| match error {
        StoreError::NotFound(Missing::Address) => Exit::NoUser.because(format!("{name} is not in {}", group.address)),
        other => away(settings, &other),
    })?;
    let address = address_of(&member);
    let line = format!("{address} is no longer in {}", group.address);
    out.tell(&json!({"group": group.address, "member": address}), &line)
}

fn list(settings: &Settings, store: &mut Store, out: Out) -> Result {
    let groups = store.groups().map_err(|error| away(settings, &error))?;
    if out.json {
        let describe =
            |group: &Group| json!({"address": group.address, "name": group.display_name, "members": group.members});
        return say!("{:#}", groups.iter().map(describe).collect::<Value>());
    }
    for group in &groups {
        let count = if group.members == 1 { "1 member".to_owned() } else { format!("{} members", group.members) };
        say!("{:40} {count:>12}  {}", group.address, group.display_name)?;
    }
    Ok(())
}

fn members(settings: &Settings, store: &mut Store, group: &str, out: Out) -> Result {
    let group = find(settings, store, group)?;
    let members = store.members(group.group).map_err(|error| away(settings, &error))?;
    if out.json {
        return say!("{:#}", members.iter().map(|member| Value::Object(describe(member))).collect::<Value>());
    }
    for member in &members {
        match member {
            GroupMember::Account { name, address, .. } => say!("{address:40} {name}")?,
            GroupMember::Group { name, address, .. } => say!("{address:40} {name}  (group)")?,
        }
    }
    Ok(())
}

fn describe(member: &GroupMember) -> Map<String, Value> {
    let (kind, name, address) = match member {
        GroupMember::Account { name, address, .. } => ("account", name, address),
        GroupMember::Group { name, address, .. } => ("group", name, address),
    };
    let pairs = [("address", json!(address)), ("name", json!(name)), ("kind", json!(kind))];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn find(settings: &Settings, store: &mut Store, address: &str) -> Result<Group> {
    let found = store.group(address).map_err(|error| away(settings, &error))?;
    found.ok_or_else(|| Exit::NoUser.because(format!("there is no group {address}: `ewsctl group list` shows all")))
}

/// The account or group of that name.
fn member(settings: &Settings, store: &mut Store, name: &str) -> Result<GroupMember> {
    if let Some(group) = store.group(name).map_err(|error| away(settings, &error))? {
        return Ok(GroupMember::Group { group: group.group, name: group.display_name, address: group.address });
    }
    let account = account::find(settings, store, name)?;
    match account.primary_address {
        Some(address) => Ok(GroupMember::Account { account: account.account, name: account.display_name, address }),
        None => Err(Exit::Data.because(format!("{name} has no address: `ewsctl address add` gives it one"))),
    }
}

fn address_of(member: &GroupMember) -> &str {
    match member {
        GroupMember::Account { address, .. } | GroupMember::Group { address, .. } => address,
    }
}
