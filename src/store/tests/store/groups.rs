//! Groups of the directory.

use crate::support::*;
use ewsd_store::*;

fn account(house: &mut House, login: &str) -> GroupMember {
    let account = house.store.create_account(&new_account(login)).unwrap();
    GroupMember::Account {
        account: account.account,
        name: account.display_name,
        address: account.primary_address.unwrap(),
    }
}

fn group(house: &mut House, name: &str) -> (i64, GroupMember) {
    let group = house.store.create_group(&format!("{name}@example.test"), name).unwrap();
    (group.group, GroupMember::Group { group: group.group, name: group.display_name, address: group.address })
}

fn reached(house: &mut House, addresses: &[&str]) -> Vec<(String, String)> {
    let asked: Vec<String> = addresses.iter().map(|address| (*address).to_owned()).collect();
    let mut found: Vec<_> = house
        .store
        .recipients(&asked)
        .unwrap()
        .into_iter()
        .map(|one| (one.address.clone(), one.own_address().to_owned()))
        .collect();
    found.sort();
    found
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let full = |name: &&str| format!("{name}@example.test");
    of.iter().map(|(a, b)| (full(a), full(b))).collect()
}

#[test]
fn addresses_belong_to_one_account_or_group() {
    let mut house = house();
    let made = house.store.create_group("Team@Example.test", "Team").unwrap();
    assert_eq!((made.address.as_str(), made.members), ("team@example.test", 0));
    assert!(matches!(house.store.create_group("TEAM@example.test", "x"), Err(StoreError::Exists(Missing::Address))));
    assert!(matches!(house.store.create_group("alice@example.test", "x"), Err(StoreError::Exists(Missing::Address))));
    let alice = house.account.account;
    let taken = house.store.add_address(alice, "team@example.test", false);
    assert!(matches!(taken, Err(StoreError::Exists(Missing::Address))));
    assert!(matches!(house.store.create_account(&new_account("team")), Err(StoreError::Exists(Missing::Address))));
    assert!(matches!(house.store.remove_address("team@example.test"), Err(StoreError::NotFound(Missing::Address))));
    assert!(house.store.account_by_address("team@example.test").unwrap().is_none());
    assert_eq!(house.store.groups().unwrap(), std::slice::from_ref(&made));
    assert_eq!(house.number("select count(*) from mail_group"), 1, "what was refused left nothing");
    house.store.delete_group(made.group).unwrap();
    assert!(house.store.group("team@example.test").unwrap().is_none());
    assert!(matches!(house.store.delete_group(made.group), Err(StoreError::NotFound(Missing::Group))));
}

#[test]
fn members_are_reached_once_at_any_depth() {
    let mut house = house();
    let (bob, carol) = (account(&mut house, "bob"), account(&mut house, "carol"));
    let (team, as_team) = group(&mut house, "team");
    let (all, _) = group(&mut house, "all");
    house.store.add_member(team, &bob).unwrap();
    house.store.add_member(team, &bob).unwrap();
    house.store.add_member(all, &as_team).unwrap();
    house.store.add_member(all, &bob).unwrap();
    house.store.add_member(all, &carol).unwrap();
    assert_eq!(house.store.members(all).unwrap(), [bob.clone(), carol.clone(), as_team.clone()]);
    assert_eq!(house.store.groups().unwrap()[0].members, 3);
    let expected = pairs(&[("alice", "alice"), ("all", "bob"), ("all", "carol"), ("team", "bob")]);
    assert_eq!(reached(&mut house, &["All@example.test", "alice@example.test", "team@example.test", "no@x"]), expected);
    let carols = house.store.account_by_login("carol").unwrap().unwrap();
    house.store.set_disabled(carols.account, true).unwrap();
    assert_eq!(reached(&mut house, &["all@example.test"]), pairs(&[("all", "bob")]));
    house.store.remove_member(all, &bob).unwrap();
    assert_eq!(reached(&mut house, &["all@example.test"]), pairs(&[("all", "bob")]), "by the other way");
    assert!(matches!(house.store.remove_member(all, &bob), Err(StoreError::NotFound(_))));
    house.store.delete_account(carols.account).unwrap();
    assert_eq!(house.store.members(all).unwrap(), [as_team]);
    house.store.delete_group(team).unwrap();
    assert!(house.store.members(all).unwrap().is_empty() && reached(&mut house, &["all@example.test"]).is_empty());
}

#[test]
fn rings_are_refused_and_would_do_no_harm() {
    let mut house = house();
    let bob = account(&mut house, "bob");
    let groups = ["a", "b", "c"].map(|name| group(&mut house, name));
    house.store.add_member(groups[0].0, &groups[1].1).unwrap();
    house.store.add_member(groups[1].0, &groups[2].1).unwrap();
    house.store.add_member(groups[2].0, &bob).unwrap();
    for (into, member) in [(0, 0), (1, 0), (2, 0), (2, 1)] {
        let refused = house.store.add_member(groups[into].0, &groups[member].1);
        assert!(matches!(refused, Err(StoreError::Cycle)), "{member} in {into}");
    }
    house.execute(&format!("insert into group_member values ({}, null, {})", groups[2].0, groups[0].0));
    assert_eq!(reached(&mut house, &["a@example.test", "c@example.test"]), pairs(&[("a", "bob"), ("c", "bob")]));
}

#[test]
fn groups_are_in_the_directory() {
    let mut house = house();
    let made = house.store.create_group("staff@example.test", "Alice's people").unwrap();
    let mut found = |text: &str| {
        let found = house.store.resolve_names(text, 9).unwrap();
        found.into_iter().map(|one| (one.is_group, one.address)).collect::<Vec<_>>()
    };
    let (alice, staff) = ((false, "alice@example.test".to_owned()), (true, "staff@example.test".to_owned()));
    assert_eq!(found("alice"), [alice.clone(), staff.clone()], "by name");
    assert_eq!(found("people"), std::slice::from_ref(&staff));
    assert_eq!(found("smtp:Staff@example.test"), [staff]);
    assert_eq!(found("smtp:alice@example.test"), [alice]);
    for name in ["STAFF@example.test", "staff", "alice's people"] {
        assert_eq!(house.store.groups_named(name).unwrap(), std::slice::from_ref(&made), "{name}");
    }
    assert!(house.store.groups_named("staf").unwrap().is_empty());
}
