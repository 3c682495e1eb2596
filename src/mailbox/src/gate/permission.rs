//! A folder's permission set as it is kept among the folder's properties: read for clients, and for the gate.
//!
//! An array of objects of `account`, `rights`, and for people `name` and `address` as they were when the right was given. The
//! account's number decides; it is never given out again. A database format: once written, always read.

use ewsd_model::PropId;
use ewsd_model::rights::Rights;
use ewsd_model::value::{Permission, PermissionUser};
use ewsd_store::Map;
use serde_json::{Value as Json, json};

/// Stands for every account that has no entry of its own.
const DEFAULT: i64 = 0;
/// Stands for whoever did not say who he is: nobody, on this server.
const ANONYMOUS: i64 = -1;

/// The member of a folder's properties that holds it.
pub fn key() -> &'static str {
    PropId::FolderPermissionSet.row().element
}

/// What is kept. People come with the number of their account.
pub fn kept(entries: &[(Permission, Option<i64>)]) -> Json {
    let entry = |(permission, account): &(Permission, Option<i64>)| {
        let rights = permission.rights.0;
        match &permission.user {
            PermissionUser::Default => json!({ "account": DEFAULT, "rights": rights }),
            PermissionUser::Anonymous => json!({ "account": ANONYMOUS, "rights": rights }),
            PermissionUser::Address { name, address } => {
                json!({ "account": account, "rights": rights, "name": name, "address": address })
            }
        }
    };
    entries.iter().map(entry).collect()
}

fn entries(props: &Map) -> impl Iterator<Item = (i64, Rights, &Json)> {
    props.get(key()).into_iter().flat_map(listed)
}

fn listed(list: &Json) -> impl Iterator<Item = (i64, Rights, &Json)> {
    list.as_array().into_iter().flatten().filter_map(|entry| {
        let rights = u32::try_from(entry.get("rights")?.as_u64()?).ok()?;
        Some((entry.get("account")?.as_i64()?, Rights(rights), entry))
    })
}

/// What an account that is not the owner may do with the folder.
pub fn rights(props: &Map, account: i64) -> Rights {
    props.get(key()).map(|list| rights_in(list, account)).unwrap_or_default()
}

/// The same by the list itself, as the journal has it of a folder that was.
pub fn rights_in(list: &Json, account: i64) -> Rights {
    let of = |wanted: i64| listed(list).find(|(account, ..)| *account == wanted).map(|(_, rights, _)| rights);
    of(account).or_else(|| of(DEFAULT)).unwrap_or_default()
}

/// The same of a calendar: where nothing was ever said of everybody, they may know when its owner is busy. `list`: as the folder
/// has it, if it has one.
pub fn of_calendar(list: Option<&Json>, account: i64) -> Rights {
    let of = |wanted: i64| {
        let mut entries = list.into_iter().flat_map(listed);
        entries.find(|(account, ..)| *account == wanted).map(|(_, rights, _)| rights)
    };
    of(account).or_else(|| of(DEFAULT)).unwrap_or(Rights::FREE_BUSY_TIME)
}

/// All entries; those of everybody else come first and are there even if nothing was ever said of them.
pub fn shown(props: &Map, calendar: bool) -> Vec<Permission> {
    let everybody = [(DEFAULT, PermissionUser::Default), (ANONYMOUS, PermissionUser::Anonymous)];
    let mut shown: Vec<Permission> = Vec::new();
    for (number, user) in everybody {
        let rights = entries(props).find(|(account, ..)| *account == number).map(|(_, rights, _)| rights);
        let unsaid = if calendar && number == DEFAULT { Rights::FREE_BUSY_TIME } else { Rights::NONE };
        shown.push(Permission { user, rights: rights.unwrap_or(unsaid), calendar });
    }
    for (_, rights, entry) in entries(props).filter(|(account, ..)| *account > DEFAULT) {
        let text = |member: &str| entry.get(member).and_then(Json::as_str).unwrap_or_default().to_owned();
        let user = PermissionUser::Address { name: text("name"), address: text("address") };
        shown.push(Permission { user, rights, calendar });
    }
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn entry(user: PermissionUser, rights: Rights) -> Permission {
        Permission { user, rights, calendar: false }
    }

    #[test]
    fn what_is_kept_is_shown_and_decides() {
        let bob = PermissionUser::Address { name: "Bob".into(), address: "bob@example.test".into() };
        let all =
            [(entry(bob.clone(), Rights::EDITOR), Some(7)), (entry(PermissionUser::Default, Rights::REVIEWER), None)];
        let mut props = Map::new();
        assert_eq!(rights(&props, 7), Rights::NONE);
        assert_eq!(shown(&props, false).len(), 2, "everybody and nobody");
        props.insert(key().to_owned(), kept(&all));
        assert_eq!((rights(&props, 7), rights(&props, 8)), (Rights::EDITOR, Rights::REVIEWER));
        let wanted = [
            entry(PermissionUser::Default, Rights::REVIEWER),
            entry(PermissionUser::Anonymous, Rights::NONE),
            entry(bob, Rights::EDITOR),
        ];
        assert_eq!(shown(&props, false), wanted);
    }

    #[test]
    fn calendars_tell_everybody_when_their_owner_is_busy() {
        assert_eq!(of_calendar(None, 7), Rights::FREE_BUSY_TIME);
        assert_eq!(shown(&Map::new(), true)[0].rights, Rights::FREE_BUSY_TIME);
        assert_eq!(shown(&Map::new(), true)[1].rights, Rights::NONE, "nobody is not everybody");
        let mine = PermissionUser::Address { name: "Bob".into(), address: "bob@example.test".into() };
        let one = kept(&[(entry(mine.clone(), Rights::REVIEWER), Some(7))]);
        assert_eq!(
            (of_calendar(Some(&one), 7), of_calendar(Some(&one), 8)),
            (Rights::REVIEWER, Rights::FREE_BUSY_TIME)
        );
        let none =
            kept(&[(entry(PermissionUser::Default, Rights::NONE), None), (entry(mine, Rights::FREE_BUSY), Some(7))]);
        assert_eq!((of_calendar(Some(&none), 7), of_calendar(Some(&none), 8)), (Rights::FREE_BUSY, Rights::NONE));
    }

    #[test]
    fn what_is_damaged_gives_nothing() {
        for text in ["{}", "7", "[7]", r#"[{"account":7}]"#, r#"[{"account":7,"rights":-1}]"#] {
            let mut props = Map::new();
            props.insert(key().to_owned(), serde_json::from_str(text).unwrap());
            assert_eq!(rights(&props, 7), Rights::NONE, "{text}");
        }
    }
}
