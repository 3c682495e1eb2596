//! The table of what contacts are searched by: written with the item, gone with it, found without case and accents.

use crate::support::*;
use ewsd_model::ItemKind;
use ewsd_model::id::ItemNo;
use ewsd_model::property::mapi::Scalar;
use ewsd_store::*;
use serde_json::json;

fn rows(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

fn add(house: &mut House, of: &[(&str, &str)]) -> ItemNo {
    let new = NewItem { contact: rows(of), ..NewItem::new(house.inbox, ItemKind::Contact) };
    house.store.mailbox(house.mailbox).create_item(&new).unwrap().item
}

fn stored(house: &mut House, item: ItemNo) -> Vec<(String, String)> {
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let rows = client.query("select key, text from contact where item = $1 order by key", &[&item.0]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn search(house: &mut House, filter: &Filter, orders: &[Order]) -> Vec<ItemNo> {
    let page = Page::first(10);
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let inboxes = [inbox];
    let search = Search { filter, orders, ..Search::new(&inboxes) };
    let found = house.store.mailbox(mailbox).find_items(&search, &Plan::default(), page).unwrap();
    found.rows.iter().map(|row| row.item).collect()
}

fn field(key: &str) -> Field {
    Field::Contact(key.to_owned())
}

fn is(key: &str, text: &str) -> Filter {
    Filter::Compare(field(key), Cmp::Eq, Scalar::Text(text.to_owned()))
}

#[test]
fn rows_are_written_with_the_item_and_go_with_it() {
    let mut house = house();
    let item = add(&mut house, &[("Surname", "Nov"), ("Department", "Lab")]);
    let new = rows(&[("Surname", "Dvor"), ("GivenName", "Jana")]);
    let update = ItemUpdate { contact: Some(&new), ..ItemUpdate::default() };
    let changed = house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    assert_eq!(stored(&mut house, item), rows(&[("GivenName", "Jana"), ("Surname", "Dvor")]));
    let missed = house.store.mailbox(house.mailbox).update_item(item, &update, Some(ewsd_model::id::Seq(1)));
    assert!(matches!(missed, Err(StoreError::Conflict { current }) if current == changed.change));
    let other = ItemUpdate { set: subject("x"), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(item, &other, None).unwrap();
    assert_eq!(stored(&mut house, item).len(), 2, "what says nothing of them leaves them");
    let copy = house.store.mailbox(house.mailbox).copy_items(&[item], house.drafts, None).unwrap()[0].item;
    let moved = house.store.mailbox(house.mailbox).move_items(&[item], house.drafts).unwrap()[0].item;
    assert_eq!(stored(&mut house, item), []);
    for item in [copy, moved] {
        assert_eq!(stored(&mut house, item).len(), 2);
    }
    house.store.mailbox(house.mailbox).delete_items(&[copy, moved]).unwrap();
    assert_eq!(house.number("select count(*) from contact"), 0);
    house.check();
}

#[test]
fn contacts_are_searched_and_sorted_by_them() {
    let mut house = house();
    let long = "a".repeat(5000);
    let one =
        add(&mut house, &[("Surname", "Čech"), ("EmailAddresses/EmailAddress1", "One@Far.test"), ("Note", &long)]);
    let two = add(&mut house, &[("Surname", "Dan"), ("EmailAddresses/EmailAddress1", "two@far.test")]);
    let none = add(&mut house, &[]);
    assert_eq!(search(&mut house, &is("EmailAddresses/EmailAddress1", "one@far.TEST"), &[]), [one]);
    assert_eq!(search(&mut house, &is("EmailAddresses/EmailAddress2", "one@far.test"), &[]), []);
    assert_eq!(search(&mut house, &is("Surname", "cech"), &[]), [], "accents count where texts are compared");
    assert_eq!(search(&mut house, &is("Surname", "čECH"), &[]), [one]);
    assert_eq!(search(&mut house, &is("Note", &long), &[]), [one]);
    assert_eq!(search(&mut house, &is("Note", &long[1..]), &[]), []);
    let not = Filter::Not(Box::new(is("Surname", "Dan")));
    assert_eq!(search(&mut house, &not, &[Order { field: field("Surname"), ascending: true }]), [none, one]);
    let order = |ascending| [Order { field: field("Surname"), ascending }];
    assert_eq!(search(&mut house, &Filter::True, &order(true)), [none, one, two]);
    assert_eq!(search(&mut house, &Filter::True, &order(false)), [two, one, none]);
    assert_eq!(search(&mut house, &Filter::Exists(field("Surname")), &order(true)), [one, two]);
    let prefix = Filter::Contains {
        field: field("Surname"),
        mode: ContainsMode::Prefixed,
        ignore_case: true,
        text: "da".to_owned(),
    };
    assert_eq!(search(&mut house, &prefix, &[]), [two]);
    assert!(
        house
            .store
            .mailbox(house.mailbox)
            .children(house.inbox, true, &is("Surname", "x"), &[], Page::first(1))
            .is_err()
    );
}

#[test]
fn names_are_found_by_their_beginnings() {
    let mut house = house();
    let jana = add(
        &mut house,
        &[
            ("DisplayName", "Jana Eva Dvořák"),
            ("DisplayName/2", "Eva Dvořák"),
            ("DisplayName/3", "Dvořák"),
            ("Surname", "Dvořák"),
            ("EmailAddresses/EmailAddress1", "jd@far.test"),
            ("EmailAddresses/EmailAddress3", "other@far.test"),
            ("SpouseName", "Quido"),
        ],
    );
    let (mailbox, inbox, drafts) = (house.mailbox, house.inbox, house.drafts);
    let mut keys = |text: &str, exact| {
        let found = house.store.mailbox(mailbox).resolve_contacts(&[inbox], text, exact, 9).unwrap();
        assert!(found.iter().all(|one| one.item == jana));
        found.into_iter().flat_map(|one| one.keys).collect::<Vec<_>>()
    };
    assert_eq!(keys("DVORAK", false), ["DisplayName/3", "Surname"]);
    assert_eq!(keys("jana e", false), ["DisplayName"]);
    assert_eq!(keys("eva d", false), ["DisplayName/2"]);
    assert_eq!(keys("other@", false), ["EmailAddresses/EmailAddress3"]);
    assert_eq!(keys("JD@far.test", true), ["EmailAddresses/EmailAddress1"]);
    for nobody in ["vorak", "quido", "%", "_d", "jana dvorak", "\u{10FFFF}", &"x".repeat(9000)] {
        assert!(keys(nobody, false).is_empty(), "{nobody}");
    }
    assert!(keys("jd@far", true).is_empty() && keys("Dvořák", true).is_empty());
    assert!(house.store.mailbox(mailbox).resolve_contacts(&[drafts], "jana", false, 9).unwrap().is_empty());
}

/// Contacts of before have their rows made by the migration.
#[test]
fn contacts_of_early_programs_are_searched_too() {
    let mut house = house();
    let props = json!({
        "GivenName": "Jana", "DisplayName": "Jana N", "Surname": " ", "~GivenName": 4, "Birthday": "1980-05-06T00:00:00Z",
        "EmailAddresses": [["EmailAddress1", "jana@far.test"], ["EmailAddress2", ""]], "PhoneNumbers": [["HomePhone", "1"]]
    });
    let new = NewItem { props: props.as_object().unwrap().clone(), ..NewItem::new(house.inbox, ItemKind::Contact) };
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    house.add(house.inbox, "mail");
    house.execute("drop table contact; drop function ewsd_fold");
    house.execute(include_str!("../../migrations/V6__contact.sql"));
    let expected = [
        ("DisplayName", "Jana N"),
        ("DisplayName/2", "N"),
        ("EmailAddresses/EmailAddress1", "jana@far.test"),
        ("GivenName", "Jana"),
        ("PhoneNumbers/HomePhone", "1"),
    ];
    assert_eq!(stored(&mut house, item), rows(&expected));
    assert_eq!(house.number("select count(*) from contact"), 5);
}
