//! Accounts, addresses, names.

use crate::support::*;
use ewsd_store::*;

#[test]
fn a_new_account_has_a_mailbox_with_all_folders() {
    let mut house = house();
    let (number, mailbox) = (house.account.account, house.mailbox);
    let found = house.store.account_by_login("ALICE").unwrap().unwrap();
    assert_eq!(found, house.account);
    assert_eq!(house.store.account_by_address("Alice@Example.test").unwrap().unwrap().account, number);
    assert_eq!(house.store.account_by_mailbox(mailbox).unwrap().unwrap().account, number);
    assert_eq!(house.store.mailbox_by_guid(found.guid).unwrap(), Some(mailbox));
    let names = house.store.mailbox(mailbox).distinguished_map().unwrap();
    assert_eq!(names.len(), ewsd_model::distinguished::made().count());
    house.check();
}

#[test]
fn folders_are_named_in_the_language_of_the_account() {
    let mut house = house();
    let new = NewAccount { language: "de".to_owned(), ..new_account("hans") };
    let hans = house.store.create_account(&new).unwrap();
    assert_eq!(house.store.mailbox(hans.mailbox).folder_by_distinguished("inbox").unwrap().name, "Posteingang");
}

#[test]
fn a_login_or_an_address_belongs_to_one() {
    let mut house = house();
    let taken = house.store.create_account(&new_account("Alice")).unwrap_err();
    assert!(matches!(taken, StoreError::Exists(Missing::Account)), "{taken}");
    let new = NewAccount { addresses: vec!["ALICE@example.test".to_owned()], ..new_account("bob") };
    assert!(matches!(house.store.create_account(&new), Err(StoreError::Exists(Missing::Address))));
    assert!(house.store.account_by_login("bob").unwrap().is_none(), "rolled back");
    assert_eq!(house.store.accounts().unwrap().len(), 1);
}

#[test]
fn an_account_always_has_one_primary_address() {
    let mut house = house();
    let account = house.account.account;
    house.store.add_address(account, "A.Example@example.test", false).unwrap();
    assert_eq!(house.store.addresses(account).unwrap(), ["alice@example.test", "a.example@example.test"]);
    house.store.add_address(account, "a.example@example.test", true).unwrap();
    assert_eq!(house.store.addresses(account).unwrap(), ["a.example@example.test", "alice@example.test"]);
    house.store.remove_address("a.EXAMPLE@example.test").unwrap();
    assert_eq!(house.store.account(account).unwrap().unwrap().primary_address.unwrap(), "alice@example.test");
    assert!(matches!(house.store.remove_address("none@example.test"), Err(StoreError::NotFound(Missing::Address))));
    assert!(matches!(
        house.store.add_address(999, "x@example.test", true),
        Err(StoreError::NotFound(Missing::Account))
    ));
}

#[test]
fn settings_of_an_account_are_changed() {
    let mut house = house();
    let account = house.account.account;
    house.store.set_password(account, Some("$argon2id$x")).unwrap();
    house.store.set_disabled(account, true).unwrap();
    let changes = [
        AccountChange::Name("Alice B."),
        AccountChange::Quota(Some(5)),
        AccountChange::Language("de-AT"),
        AccountChange::Login("Alice.B"),
    ];
    house.store.change_account(account, &changes).unwrap();
    let now = house.store.account(account).unwrap().unwrap();
    assert_eq!(now.password_phc.as_deref(), Some("$argon2id$x"));
    assert!(now.disabled);
    assert_eq!((now.display_name.as_str(), now.quota_bytes), ("Alice B.", Some(5)));
    assert_eq!((now.language.as_str(), now.login.as_str()), ("de-AT", "alice.b"));
    house.store.create_account(&new_account("bob")).unwrap();
    let taken =
        house.store.change_account(account, &[AccountChange::Name("X"), AccountChange::Login("BOB")]).unwrap_err();
    assert!(matches!(taken, StoreError::Exists(Missing::Account)), "{taken}");
    assert_eq!(house.store.account(account).unwrap().unwrap().display_name, "Alice B.", "all or nothing");
    let owned: Vec<_> = house.store.all_addresses().unwrap().into_iter().map(|one| (one.address, one.login)).collect();
    assert_eq!(
        owned,
        [("alice@example.test", "alice.b"), ("bob@example.test", "bob")].map(|(a, l)| (a.into(), l.into()))
    );
    assert!(house.store.all_used().unwrap().iter().any(|(mailbox, used)| (*mailbox, *used) == (house.mailbox, 0)));
    assert!(house.store.set_disabled(999, true).is_err());
    assert!(house.store.set_quota(999, None).is_err());
    assert!(house.store.change_account(999, &[AccountChange::Name("x")]).is_err());
}

#[test]
fn a_deleted_account_leaves_nothing() {
    let mut house = house();
    house.add(house.inbox, "x");
    house.store.mailbox(house.mailbox).put_blob(b"x").unwrap();
    house.store.mailbox(house.mailbox).enter_words(10).unwrap();
    house.store.delete_account(house.account.account).unwrap();
    for table in [
        "account",
        "address",
        "mailbox",
        "counter",
        "folder",
        "item",
        "attachment",
        "blob",
        "journal",
        "word",
        "vocabulary",
        "reword",
        "indexed",
    ] {
        assert_eq!(house.number(&format!("select count(*) from {table}")), 0, "{table}");
    }
    assert!(house.store.delete_account(house.account.account).is_err());
    assert!(matches!(house.store.mailbox(house.mailbox).newest(), Err(StoreError::NotFound(Missing::Mailbox))));
}

#[test]
fn names_are_found_by_their_beginnings() {
    let mut house = house();
    for login in ["bob", "bobby", "carol"] {
        house.store.create_account(&new_account(login)).unwrap();
    }
    let mut names = |text: &str, limit| {
        let found = house.store.resolve_names(text, limit).unwrap();
        found.into_iter().map(|entry| entry.address).collect::<Vec<_>>()
    };
    assert_eq!(names("BOB", 10), ["bob@example.test", "bobby@example.test"]);
    assert_eq!(names("BOB", 1).len(), 1);
    assert_eq!(names("exam", 10).len(), 4, "the second word of each name");
    assert_eq!(names("smtp:Bob@example.test", 10), ["bob@example.test"]);
    assert_eq!(names("bob@exa", 10), ["bob@example.test"]);
    for nobody in ["", "  ", "smtp:", "ob", "%", "_ob", "smtp:bob", "é", "\u{0}"] {
        assert!(names(nobody, 10).is_empty(), "{nobody:?}");
    }
    let bob = house.store.account_by_login("bob").unwrap().unwrap();
    house.store.set_disabled(bob.account, true).unwrap();
    assert!(house.store.resolve_names("smtp:bob@example.test", 10).unwrap().is_empty());
}

#[test]
fn recipients_are_found_in_one_go() {
    let mut house = house();
    house.store.add_address(house.account.account, "second@example.test", false).unwrap();
    let asked = ["Second@Example.test", "nobody@example.test", "alice@example.test", "second@example.test"];
    let mut found = house.store.recipients(&asked.map(str::to_owned)).unwrap();
    found.sort_by(|a, b| a.address.cmp(&b.address));
    let addresses: Vec<_> = found.iter().map(|r| (r.address.as_str(), r.primary_address.as_str())).collect();
    assert_eq!(
        addresses,
        [("alice@example.test", "alice@example.test"), ("second@example.test", "alice@example.test")]
    );
    assert_eq!(house.store.domains().unwrap(), ["example.test"]);
    assert_eq!(house.store.mailboxes(ewsd_model::id::MailboxNo(0), 10).unwrap(), [house.mailbox]);
}

#[test]
fn secrets_go_with_the_password_and_the_account() {
    let mut house = house();
    let account = house.account.account;
    house.store.set_secrets(account, &[(1, b"one".to_vec()), (2, b"two".to_vec())]).unwrap();
    assert_eq!(house.store.secret(account, 1).unwrap().as_deref(), Some(b"one".as_slice()));
    assert_eq!(house.store.secret(account, 3).unwrap(), None);
    assert_eq!(house.store.secret(account + 1, 1).unwrap(), None);
    house.store.set_secrets(account, &[(2, b"new".to_vec())]).unwrap();
    assert_eq!(house.store.secret(account, 1).unwrap(), None);
    house.store.set_password(account, Some("phc")).unwrap();
    assert_eq!(house.store.secret(account, 2).unwrap(), None);
    house.store.set_secrets(account, &[(1, b"one".to_vec())]).unwrap();
    house.store.delete_account(account).unwrap();
    assert_eq!(house.store.secret(account, 1).unwrap(), None);
}

#[test]
fn grants_say_as_whom_somebody_may_act() {
    let mut house = house();
    let made = |house: &mut House, name: &str| house.store.create_account(&new_account(name)).unwrap().account;
    let (service, anna, ben) = (made(&mut house, "service"), made(&mut house, "anna"), made(&mut house, "ben"));
    let store = &mut house.store;
    assert_eq!(store.may_act_as(service, anna).unwrap(), Granted::Nothing);
    assert!(store.grant_impersonation(service, ImpersonationTarget::Account(anna)).unwrap());
    assert!(!store.grant_impersonation(service, ImpersonationTarget::Account(anna)).unwrap(), "it may already");
    assert_eq!(store.may_act_as(service, anna).unwrap(), Granted::This);
    assert_eq!(store.may_act_as(service, ben).unwrap(), Granted::Others);
    assert_eq!(store.may_act_as(service, 0).unwrap(), Granted::Others, "nobody");
    assert_eq!(store.may_act_as(anna, service).unwrap(), Granted::Nothing, "one way only");
    assert!(store.grant_impersonation(service, ImpersonationTarget::Everybody).unwrap());
    assert_eq!(store.may_act_as(service, ben).unwrap(), Granted::This);
    let grants = store.impersonation_grants().unwrap();
    assert_eq!(grants.iter().map(|grant| grant.over.is_none()).collect::<Vec<_>>(), [true, false]);
    assert!(store.revoke_impersonation(service, ImpersonationTarget::Everybody).unwrap());
    assert!(!store.revoke_impersonation(service, ImpersonationTarget::Everybody).unwrap());
    store.delete_account(anna).unwrap();
    assert_eq!(store.may_act_as(service, ben).unwrap(), Granted::Nothing, "grants go with either side");
}
