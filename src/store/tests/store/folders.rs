//! Folders: create, read, list, change, move, copy, delete.

use crate::support::*;
use ewsd_model::FolderKind;
use ewsd_model::id::{FolderNo, MailboxNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_store::*;
use serde_json::json;

impl House {
    fn folder(&mut self, parent: FolderNo, name: &str) -> FolderNo {
        let new = NewFolder::new(parent, FolderKind::Folder, name);
        self.store.mailbox(self.mailbox).create_folder(&new).unwrap().0
    }

    fn names(&mut self, parent: FolderNo, deep: bool) -> Vec<String> {
        let all = Page::first(1000);
        let found = self.store.mailbox(self.mailbox).children(parent, deep, &Filter::True, &[], all).unwrap();
        found.rows.into_iter().map(|row| row.name).collect()
    }
}

#[test]
fn folders_are_found_by_number_and_by_name_at_once() {
    let mut house = house();
    let (inbox, drafts) = (house.inbox, house.drafts);
    let mut found =
        house.store.mailbox(house.mailbox).folders(&[drafts, FolderNo(9999)], &["inbox", "nosuch"]).unwrap();
    found.sort_by_key(|row| row.folder != inbox);
    assert_eq!(found.iter().map(|row| row.folder).collect::<Vec<_>>(), [inbox, drafts]);
    assert_eq!(found[0].distinguished.as_deref(), Some("inbox"));
    assert!(house.store.mailbox(house.mailbox).folders(&[], &[]).unwrap().is_empty());
    assert!(matches!(
        house.store.mailbox(house.mailbox).folder(FolderNo(9999)),
        Err(StoreError::NotFound(Missing::Folder))
    ));
    assert!(house.store.mailbox(house.mailbox).folder_by_distinguished("nosuch").is_err());
    assert!(house.store.mailbox(MailboxNo(999)).folders(&[inbox], &["inbox"]).unwrap().is_empty());
}

#[test]
fn the_tree_starts_at_one_root() {
    let mut house = house();
    let root = house.store.mailbox(house.mailbox).folder_by_distinguished("root").unwrap();
    assert_eq!(root.parent, None);
    let way = house.store.mailbox(house.mailbox).ancestors(house.inbox).unwrap();
    let top = house.store.mailbox(house.mailbox).folder_by_distinguished("msgfolderroot").unwrap();
    assert_eq!(way, [house.inbox, top.folder, root.folder]);
    assert!(house.store.mailbox(house.mailbox).ancestors(FolderNo(9999)).unwrap().is_empty());
    let all = Page::first(1000);
    let below = house.store.mailbox(house.mailbox).children(root.folder, true, &Filter::True, &[], all).unwrap();
    let made = ewsd_model::distinguished::made().count() as i64;
    assert_eq!((below.total, below.last), (made - 1, true));
}

#[test]
fn a_new_folder_has_what_it_was_given() {
    let mut house = house();
    let before = house.newest();
    let parent = house.store.mailbox(house.mailbox).folder(house.inbox).unwrap();
    let mut new = NewFolder::new(house.inbox, FolderKind::CalendarFolder, "Été");
    new.class = "IPF.Appointment.Custom".to_owned();
    new.hidden = true;
    new.props = json!({"a": 1}).as_object().unwrap().clone();
    new.ext = json!({"b": 2}).as_object().unwrap().clone();
    let (number, change) = house.store.mailbox(house.mailbox).create_folder(&new).unwrap();
    let row = house.store.mailbox(house.mailbox).folder(number).unwrap();
    assert_eq!((row.folder, row.parent, row.change), (number, Some(house.inbox), change));
    assert_eq!((row.kind, row.class.as_str(), row.name.as_str()), (new.kind, new.class.as_str(), "Été"));
    assert_eq!((row.hidden, row.props, row.ext), (true, new.props, new.ext));
    let after = house.store.mailbox(house.mailbox).folder(house.inbox).unwrap();
    assert_eq!((after.child_count, after.change), (parent.child_count + 1, change));
    assert_eq!(house.kinds(before), [ChangeKind::FolderCreated]);
    assert_eq!(house.store.take_changes(), [(house.mailbox, change)]);
    house.check();
}

#[test]
fn a_name_is_there_once_in_a_folder() {
    let mut house = house();
    house.folder(house.inbox, "Work");
    let before = house.newest();
    let again =
        house.store.mailbox(house.mailbox).create_folder(&NewFolder::new(house.inbox, FolderKind::Folder, "WORK"));
    assert!(matches!(again, Err(StoreError::Exists(Missing::Folder))));
    let orphan =
        house.store.mailbox(house.mailbox).create_folder(&NewFolder::new(FolderNo(9999), FolderKind::Folder, "x"));
    assert!(matches!(orphan, Err(StoreError::NotFound(Missing::Folder))));
    let other = house.folder(house.drafts, "Work");
    let rename = FolderUpdate { name: Some("a".into()), ..FolderUpdate::default() };
    house.store.mailbox(house.mailbox).update_folder(other, &rename, None).unwrap();
    assert_eq!(house.newest().0, before.0 + 2);
    assert!(matches!(house.store.mailbox(house.mailbox).move_folder(house.inbox, house.inbox), Err(StoreError::Cycle)));
    house.check();
}

#[test]
fn an_update_changes_what_it_names() {
    let mut house = house();
    let folder = house.folder(house.inbox, "Work");
    let before = house.newest();
    let update = FolderUpdate {
        name: Some("Play".to_owned()),
        class: Some("IPF.Note.X".to_owned()),
        hidden: Some(true),
        props: json!({"p": 1}).as_object().unwrap().clone(),
        ext: json!({"e": [1]}).as_object().unwrap().clone(),
    };
    let change = house.store.mailbox(house.mailbox).update_folder(folder, &update, Some(before)).unwrap();
    let row = house.store.mailbox(house.mailbox).folder(folder).unwrap();
    assert_eq!((row.name.as_str(), row.class.as_str(), row.hidden), ("Play", "IPF.Note.X", true));
    assert_eq!((row.props["p"].as_i64(), row.ext["e"][0].as_i64(), row.change), (Some(1), Some(1), change));
    let stale = house.store.mailbox(house.mailbox).update_folder(folder, &update, Some(before)).unwrap_err();
    assert!(matches!(stale, StoreError::Conflict { current } if current == change));
    let nowhere = house.store.mailbox(house.mailbox).update_folder(FolderNo(9999), &update, None).unwrap_err();
    assert!(matches!(nowhere, StoreError::NotFound(Missing::Folder)));
    assert_eq!(house.kinds(before), [ChangeKind::FolderModified]);
    house.check();
}

#[test]
fn children_are_listed_in_pages_by_name() {
    let mut house = house();
    for name in ["b", "Á", "a", "C"] {
        house.folder(house.inbox, name);
    }
    let deep =
        house.store.mailbox(house.mailbox).children(house.inbox, false, &Filter::True, &[], Page::first(1)).unwrap();
    let a = deep.rows[0].folder;
    house.folder(a, "zz");
    assert_eq!(house.names(house.inbox, false), ["a", "Á", "b", "C"]);
    assert_eq!(house.names(house.inbox, true), ["a", "Á", "b", "C", "zz"]);
    let mut page = |page| {
        let found = house.store.mailbox(house.mailbox).children(house.inbox, true, &Filter::True, &[], page).unwrap();
        let names: Vec<_> = found.rows.iter().map(|row| row.name.clone()).collect();
        (names.join(""), found.total, found.offset, found.last)
    };
    assert_eq!(page(Page { offset: 1, limit: 2, from_end: false }), ("Áb".into(), 5, 3, false));
    assert_eq!(page(Page { offset: 3, limit: 2, from_end: false }), ("Czz".into(), 5, 5, true));
    assert_eq!(page(Page { offset: 9, limit: 2, from_end: false }), (String::new(), 5, 9, true));
    assert_eq!(page(Page { offset: 0, limit: 2, from_end: true }), ("Czz".into(), 5, 2, false));
    let filter = Filter::Compare(Field::Column(Column::Name), Cmp::Gt, Scalar::Text("B".into()));
    let order = [Order { field: Field::Column(Column::Name), ascending: false }];
    let found =
        house.store.mailbox(house.mailbox).children(house.inbox, false, &filter, &order, Page::first(9)).unwrap();
    assert_eq!(found.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["C"]);
    let parents = Filter::Compare(Field::Column(Column::ChildCount), Cmp::Ge, Scalar::Int(1));
    let found = house.store.mailbox(house.mailbox).children(house.inbox, false, &parents, &[], Page::first(9)).unwrap();
    assert_eq!(found.rows.iter().map(|row| row.folder).collect::<Vec<_>>(), [a]);
}

#[test]
fn a_moved_folder_keeps_its_number_and_its_contents() {
    let mut house = house();
    let work = house.folder(house.inbox, "Work");
    let sub = house.folder(work, "Sub");
    let item = house.add(sub, "x");
    let before = house.newest();
    let change = house.store.mailbox(house.mailbox).move_folder(work, house.drafts).unwrap();
    for folder in [work, sub, house.inbox, house.drafts] {
        assert_eq!(house.store.mailbox(house.mailbox).folder(folder).unwrap().change, change);
    }
    assert_eq!(house.store.mailbox(house.mailbox).folder(work).unwrap().parent, Some(house.drafts));
    assert_eq!(house.store.mailbox(house.mailbox).folder(sub).unwrap().parent, Some(work));
    assert!(house.row(item).is_some());
    let events = house.store.mailbox(house.mailbox).events(&Scope::All, before, 9).unwrap();
    let moved = &events.entries[0];
    assert_eq!((moved.kind, moved.folder, moved.old_folder), (ChangeKind::FolderMoved, work, Some(house.inbox)));
    assert_eq!(moved.parent, Some(house.drafts));
    assert!(matches!(house.store.mailbox(house.mailbox).move_folder(work, sub), Err(StoreError::Cycle)));
    assert!(house.store.mailbox(house.mailbox).move_folder(work, FolderNo(9999)).is_err());
    assert!(house.store.mailbox(house.mailbox).move_folder(FolderNo(9999), work).is_err());
    house.folder(house.inbox, "work");
    assert!(matches!(house.store.mailbox(house.mailbox).move_folder(work, house.inbox), Err(StoreError::Exists(_))));
    house.check();
}

#[test]
fn a_copied_folder_is_copied_whole() {
    let mut house = house();
    let work = house.folder(house.inbox, "Work");
    let sub = house.folder(work, "Sub");
    house.add(work, "x");
    house.add(sub, "y");
    let (copy, _) = house.store.mailbox(house.mailbox).copy_folder(work, house.drafts, None).unwrap();
    assert_eq!(house.names(house.drafts, true), ["Sub", "Work"]);
    assert_eq!(house.counts(copy), (1, 1));
    assert!(matches!(house.store.mailbox(house.mailbox).copy_folder(work, sub, None), Err(StoreError::Cycle)));
    assert!(matches!(
        house.store.mailbox(house.mailbox).copy_folder(work, house.inbox, None),
        Err(StoreError::Exists(_))
    ));
    house.check();
}

#[test]
fn a_deleted_folder_takes_everything_along() {
    let mut house = house();
    let work = house.folder(house.inbox, "Work");
    let sub = house.folder(work, "Sub");
    let kept = house.add(house.inbox, "kept");
    house.add(work, "x");
    let mut hidden = message(sub, "y");
    hidden.flags = ewsd_model::property::bit::ASSOCIATED;
    house.store.mailbox(house.mailbox).create_item(&hidden).unwrap();
    let before = house.newest();
    let last = house.store.mailbox(house.mailbox).delete_folder(work).unwrap();
    assert_eq!(
        house.kinds(before),
        [ChangeKind::ItemDeleted, ChangeKind::ItemDeleted, ChangeKind::FolderDeleted, ChangeKind::FolderDeleted]
    );
    let events = house.store.mailbox(house.mailbox).events(&Scope::All, before, 9).unwrap();
    assert_eq!((events.entries[2].folder, events.entries[2].parent), (sub, Some(work)));
    assert_eq!((events.entries[3].folder, events.entries[3].parent), (work, Some(house.inbox)));
    let inbox = house.store.mailbox(house.mailbox).folder(house.inbox).unwrap();
    assert_eq!((inbox.child_count, inbox.change, inbox.total), (0, last, 1));
    assert!(house.row(kept).is_some());
    assert_eq!(house.number("select count(*) from item"), 1);
    assert!(matches!(
        house.store.mailbox(house.mailbox).delete_folder(work),
        Err(StoreError::NotFound(Missing::Folder))
    ));
    house.check();
}

#[test]
fn an_emptied_folder_stays() {
    let mut house = house();
    let sub = house.folder(house.inbox, "Sub");
    house.add(house.inbox, "x");
    house.add(sub, "y");
    assert!(house.store.mailbox(house.mailbox).empty_folder(house.inbox, false).unwrap().is_some());
    assert_eq!((house.counts(house.inbox), house.counts(sub)), ((0, 0), (1, 1)));
    house.check();
    assert!(house.store.mailbox(house.mailbox).empty_folder(house.inbox, true).unwrap().is_some());
    assert!(house.names(house.inbox, true).is_empty());
    assert_eq!(house.store.mailbox(house.mailbox).empty_folder(house.inbox, true).unwrap(), None);
    house.check();
}

/// What is not counted too: clients look again when this time is another.
#[test]
fn whatever_changes_in_a_folder_touches_it() {
    let mut house = house();
    let (inbox, drafts) = (house.inbox, house.drafts);
    let mut last = Vec::new();
    let mut touched = |house: &mut House, what: &str, wanted: [bool; 2]| {
        let mut mailbox = house.store.mailbox(house.mailbox);
        let now = [inbox, drafts].map(|folder| mailbox.folder(folder).unwrap()).map(|row| (row.touched, row.modified));
        if let [one, two] = last[..] {
            let [one, two]: [(jiff::Timestamp, jiff::Timestamp); 2] = [one, two];
            assert_eq!([now[0].0 > one.0, now[1].0 > two.0], wanted, "{what}");
            assert_eq!([now[0].1, now[1].1], [one.1, two.1], "{what}: the folders themselves did not change");
        }
        last = now.to_vec();
    };
    touched(&mut house, "nothing", [false, false]);
    let item = house.add(inbox, "one");
    touched(&mut house, "created", [true, false]);
    let update = ItemUpdate { set: subject("two"), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    touched(&mut house, "changed", [true, false]);
    house.store.mailbox(house.mailbox).set_read(&[item], true).unwrap();
    touched(&mut house, "read", [true, false]);
    let file = NewAttachment { content: b"", ..NewAttachment::file() };
    let (files, _) = house.store.mailbox(house.mailbox).create_attachments(item, &[file]).unwrap();
    touched(&mut house, "a file came", [true, false]);
    house.store.mailbox(house.mailbox).delete_attachments(item, &files).unwrap();
    touched(&mut house, "a file went", [true, false]);
    let copies = house.store.mailbox(house.mailbox).copy_items(&[item], drafts, None).unwrap();
    touched(&mut house, "copied", [false, true]);
    house.store.mailbox(house.mailbox).move_items(&[copies[0].item], inbox).unwrap();
    touched(&mut house, "moved", [true, true]);
    house.store.mailbox(house.mailbox).delete_items(&[item]).unwrap();
    touched(&mut house, "deleted", [true, false]);
    house.store.mailbox(house.mailbox).empty_folder(inbox, false).unwrap();
    touched(&mut house, "emptied", [true, false]);
}

#[test]
fn a_distinguished_name_can_be_given_later() {
    let mut house = house();
    let folder = house.folder(house.inbox, "Cache");
    house.store.mailbox(house.mailbox).set_distinguished(folder, Some("mecontact")).unwrap();
    assert_eq!(house.store.mailbox(house.mailbox).folder_by_distinguished("mecontact").unwrap().folder, folder);
    house.store.mailbox(house.mailbox).set_distinguished(folder, None).unwrap();
    assert!(house.store.mailbox(house.mailbox).folder_by_distinguished("mecontact").is_err());
    assert!(house.store.mailbox(house.mailbox).set_distinguished(FolderNo(9999), None).is_err());
    assert_eq!(house.store.newest_of(&[house.mailbox, MailboxNo(77)]).unwrap(), [(house.mailbox, Seq(folder.0))]);
}

#[test]
fn rights_are_known_as_they_were() {
    let mut house = house();
    let mailbox = house.mailbox;
    let (work, other) = (house.folder(house.inbox, "work"), house.folder(house.inbox, "other"));
    let mut places = vec![house.newest()];
    for step in 1..4 {
        let rights = json!([{ "account": step }]);
        let props = json!({ "PermissionSet": rights }).as_object().unwrap().clone();
        house
            .store
            .mailbox(mailbox)
            .update_folder(work, &FolderUpdate { props, ..FolderUpdate::default() }, None)
            .unwrap();
        // What is no change of rights, in the folder and of the folder, tells nothing of them.
        house.add(work, "mail");
        let name = Some(format!("work {step}"));
        house
            .store
            .mailbox(mailbox)
            .update_folder(work, &FolderUpdate { name, ..FolderUpdate::default() }, None)
            .unwrap();
        places.push(house.newest());
    }
    let expected = [json!([]), json!([{ "account": 1 }]), json!([{ "account": 2 }]), json!([{ "account": 3 }])];
    for gone in [false, true] {
        for (place, expected) in places.iter().zip(&expected) {
            let mut known =
                house.store.mailbox(mailbox).folder_rights_at(&[work, other, FolderNo(9999)], *place).unwrap();
            known.sort_by_key(|(folder, _)| *folder);
            assert_eq!(known, [(work, expected.clone()), (other, json!([]))], "{place:?}, gone: {gone}");
        }
        let below = house.store.mailbox(mailbox).child_rights(&[house.inbox, house.drafts]).unwrap();
        assert_eq!(below.len(), if gone { 0 } else { 2 });
        if !gone {
            house.store.mailbox(mailbox).empty_folder(house.inbox, true).unwrap();
        }
    }
    let now = house.newest();
    assert!(house.store.mailbox(mailbox).folder_rights_at(&[work], now).unwrap().is_empty(), "gone");
    house.check();
}
