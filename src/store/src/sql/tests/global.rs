//! A database of many servers is divided by mailbox, by an engine made for it. So that this can be done, a statement names the one mailbox
//! that it is about, or stands here with the reason why it cannot.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who is asked about before it is known where their mailbox lies: small tables, which every part of the database has.
const DIRECTORY: &str = "accounts, addresses, groups and grants: asked to find out which mailbox is meant";
/// What somebody must find that is due, wherever it lies; an index on the time or the state finds it.
const DUE: &str = "work that is due in any mailbox, taken by who does it";
/// What administrators ask.
const ADMIN: &str = "asked by an administrator about all at once";
const HERALD: &str = "what nodes tell each other, and which mailboxes changed meanwhile";
const HEALTH: &str = "whether the database answers";
/// A row for each identity provider, of which a server has one.
const PROVIDER: &str = "keys of the identity provider, which says who somebody is before a mailbox is meant";
const MEMBERS: &str = "a row in each mailbox of a group's members, whom the directory told";
const JANITOR: &str = "which mailboxes there is something to do in";

/// Functions of `Store` that no mailbox is named to.
const GLOBAL: &[(&str, &str)] = &[
    ("account", DIRECTORY),
    ("account_by_address", DIRECTORY),
    ("account_by_login", DIRECTORY),
    ("accounts", ADMIN),
    ("add_address", DIRECTORY),
    ("add_member", DIRECTORY),
    ("addresses", DIRECTORY),
    ("all_addresses", ADMIN),
    ("all_used", ADMIN),
    ("almost_full", JANITOR),
    ("ask_nodes", HERALD),
    ("calendars", DIRECTORY),
    ("cancel_queued", ADMIN),
    ("change_account", DIRECTORY),
    ("claim_outgoing", DUE),
    ("claim_pushes", DUE),
    ("claim_token_keys", DUE),
    ("create_account", DIRECTORY),
    ("create_group", DIRECTORY),
    ("delete_account", DIRECTORY),
    ("delete_group", DIRECTORY),
    ("domains", DIRECTORY),
    ("expire_delivered", JANITOR),
    ("expire_login_places", JANITOR),
    ("expire_subscriptions", JANITOR),
    ("forget_delivered", MEMBERS),
    ("free_outgoing", DUE),
    ("free_pushes", DUE),
    ("grant_impersonation", DIRECTORY),
    ("group", DIRECTORY),
    ("group_calendars", DIRECTORY),
    ("group_recipients", DIRECTORY),
    ("groups", ADMIN),
    ("groups_named", DIRECTORY),
    ("health", HEALTH),
    ("impersonation_grants", ADMIN),
    ("judge_clock", JANITOR),
    ("keep_token_keys", PROVIDER),
    ("listed_subscriptions", ADMIN),
    ("littered", JANITOR),
    ("login_places", ADMIN),
    ("mailbox_by_guid", DIRECTORY),
    ("mailboxes", JANITOR),
    ("may_act_as", DIRECTORY),
    ("members", DIRECTORY),
    ("newest_of", HERALD),
    ("next_outgoing_seconds", DUE),
    ("next_push_seconds", DUE),
    ("next_token_keys_seconds", DUE),
    ("nodes", HERALD),
    ("note_login", DIRECTORY),
    ("outbox_figures", ADMIN),
    ("people_of_network", DIRECTORY),
    ("ping", HEALTH),
    ("plain_due", JANITOR),
    ("pushed_mailboxes", DUE),
    ("queued", ADMIN),
    ("queued_mime", ADMIN),
    ("queued_one", ADMIN),
    ("recipients", DIRECTORY),
    ("release_outgoing", DUE),
    ("release_pushes", DUE),
    ("remove_address", DIRECTORY),
    ("remove_member", DIRECTORY),
    ("renew_outgoing", DUE),
    ("renew_pushes", DUE),
    ("resolve_names", DIRECTORY),
    ("retry_queued", ADMIN),
    ("revoke_impersonation", DIRECTORY),
    ("secret", DIRECTORY),
    ("seen_clock", JANITOR),
    ("set_disabled", DIRECTORY),
    ("set_password", DIRECTORY),
    ("set_quota", DIRECTORY),
    ("set_secrets", DIRECTORY),
    ("token_keys", PROVIDER),
    ("unindexed", JANITOR),
    ("unread_mail", JANITOR),
    ("want_token_keys", PROVIDER),
];

/// Functions that ask nothing by themselves.
const SILENT: &[&str] = &[
    "announce",
    "limit",
    "mailbox",
    "part",
    "take_changes",
    "take_ended_streams",
    "take_queued",
    "transaction",
    "without_quota",
];

/// Pages that are named after something else than the function that asks.
const PAGES: &[(&str, &str)] = &[("resolve_address", "resolve_names")];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.path() {
            path if path.is_dir() => sources(&path, found),
            path if path.extension().is_some_and(|end| end == "rs") => found.push(path),
            _ => {}
        }
    }
}

/// Public functions of `Store` that ask the database and are not told which mailbox.
fn asked() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let mut found = BTreeSet::new();
    for text in files.iter().map(|file| fs::read_to_string(file).unwrap()) {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        for block in text.split("\nimpl Store {").skip(1).map(|rest| rest.split("\n}\n").next().unwrap_or_default()) {
            for function in block.split("\n    pub fn ").skip(1) {
                let body = function.split("\n    }\n").next().unwrap_or_default();
                let (name, rest) = body.split_once('(').unwrap();
                let name = name.split('<').next().unwrap_or_default();
                let told = ["mailbox: MailboxNo", "new: &NewOutgoing", "wait: &Postponed"];
                let named =
                    told.iter().any(|parameter| rest.split(" {").next().unwrap_or_default().contains(parameter));
                if rest.contains("&mut self") && !named && !SILENT.contains(&name) {
                    found.insert(name.to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn whatever_names_no_mailbox_stands_on_the_list() {
    let asked = asked();
    let listed: BTreeSet<String> = GLOBAL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(GLOBAL.is_sorted() && listed.len() == GLOBAL.len());
    let missing: Vec<&String> = asked.difference(&listed).collect();
    assert!(missing.is_empty(), "name the mailbox, or say in GLOBAL why not: {missing:?}");
    let others: Vec<&String> = listed.difference(&asked).collect();
    assert!(others.is_empty(), "not functions of Store that ask: {others:?}");
}

#[test]
fn every_other_statement_names_one_mailbox() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let page = entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
        let function = PAGES.iter().find(|(known, _)| *known == page).map_or(page.as_str(), |(_, function)| *function);
        if GLOBAL.iter().any(|(known, _)| *known == function) {
            continue;
        }
        let text = fs::read_to_string(entry.path()).unwrap();
        for statement in text.split(";\n").filter(|statement| statement.trim().len() > 1) {
            let names =
                ["mailbox = $1", "(mailbox, ", "$1::bigint", "select $1", "values ($1", "begin", "commit", "set "];
            if !names.iter().any(|name| statement.contains(name)) {
                wrong.push(format!("{page}: {statement}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
