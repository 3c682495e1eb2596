//! Items: create, read, update, move, copy, delete.

use crate::support::*;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, Value};
use ewsd_store::*;
use serde_json::json;

#[test]
fn an_item_comes_back_as_it_was_made() {
    let mut house = house();
    let time = |text: &str| Value::Time(text.parse().unwrap());
    let text = |text: &str| Value::Text(text.to_owned());
    let someone = Mailbox { name: Some("Ann".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
    let values = [
        (Column::Class, text("IPM.Note.Custom")),
        (Column::Created, time("2026-01-01T00:00:00Z")),
        (Column::Modified, time("2026-01-01T00:00:01Z")),
        (Column::Size, Value::Long(12_345)),
        (Column::Subject, text("Grüße\u{0}")),
        (Column::Received, time("2026-01-02T03:04:05.123456Z")),
        (Column::Sent, time("2026-01-02T03:04:04Z")),
        (Column::Importance, Value::Int(2)),
        (Column::Sensitivity, Value::Int(3)),
        (Column::DisplayTo, text("Bob")),
        (Column::DisplayCc, text("Carol")),
        (Column::DisplayBcc, text("Dave")),
        (Column::FromName, text("Ann")),
        (Column::From, Value::Mailbox(someone.clone())),
        (Column::Sender, Value::Mailbox(someone)),
        (Column::MessageId, text("<1@example.test>")),
        (Column::InReplyTo, text("<0@example.test>")),
        (Column::References, text("<0@example.test>")),
        (Column::ConversationId, Value::Bytes(vec![7; 16])),
        (Column::ConversationTopic, text("Grüße")),
        (Column::ConversationIndex, Value::Bytes(vec![1; 22])),
        (Column::Culture, text("de-DE")),
        (Column::Categories, Value::Texts(vec!["Red".into(), "Blue, \"x\"".into()])),
        (Column::Preview, text("Hello")),
        (Column::IconIndex, Value::Int(256)),
        (Column::FlagStatus, Value::Int(2)),
        (Column::FlagStart, time("2026-02-01T00:00:00Z")),
        (Column::FlagDue, time("2026-02-02T00:00:00Z")),
        (Column::FlagComplete, time("2026-02-03T00:00:00Z")),
        (Column::ModifiedBy, text("alice")),
        (Column::ReminderDue, time("2026-02-04T00:00:00Z")),
        (Column::BodyType, Value::Int(1)),
    ];
    let mut new = NewItem::new(house.inbox, ItemKind::Message);
    for (column, value) in values.clone() {
        new.columns.set(column, value);
    }
    new.flags = bit::FROM_ME | bit::READ;
    new.props = json!({"ToRecipients": [{"name": "Bob"}], "Odd\u{0}": "a\u{0}b"}).as_object().unwrap().clone();
    new.ext = json!({"0x1035001f": "x"}).as_object().unwrap().clone();
    new.body = Some("<p>ü</p>".as_bytes());
    new.mime = Some(b"Subject: x\r\n\r\n\xff\xfe");
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    let row = house.row(made.item).unwrap();
    for (column, value) in values {
        let expected = if column == Column::Subject { text("Grüße") } else { value };
        assert_eq!(row.columns.get(column), Some(&expected), "{column:?}");
    }
    assert_eq!((row.folder, row.kind, row.change), (house.inbox, ItemKind::Message, made.change));
    assert_eq!(row.flags, bit::FROM_ME | bit::READ);
    assert_eq!(serde_json::Value::from(row.props.unwrap()), json!({"ToRecipients": [{"name": "Bob"}], "Odd": "ab"}));
    assert_eq!(row.ext.unwrap()["0x1035001f"], "x");
    assert_eq!(row.body.unwrap(), "<p>ü</p>".as_bytes());
    assert_eq!(row.mime.unwrap(), b"Subject: x\r\n\r\n\xff\xfe");
    assert_eq!(house.counts(house.inbox), (1, 0));
    house.check();
}

#[test]
fn what_is_not_said_gets_its_default() {
    let mut house = house();
    let item = house.add(house.drafts, "x");
    let row = house.row(item).unwrap();
    assert_eq!(row.columns.text(Column::Class), Some("IPM.Note"));
    assert_eq!(row.columns.number(Column::Importance), Some(1));
    assert_eq!(row.columns.number(Column::Sensitivity), Some(0));
    assert!(row.columns.time(Column::Received).is_some());
    assert!(row.columns.get(Column::Sent).is_none());
    assert_eq!((row.body, row.mime), (None, None));
}

#[test]
fn the_number_of_an_item_is_its_place_in_the_journal() {
    let mut house = house();
    let before = house.newest();
    let item = house.add(house.inbox, "x");
    assert_eq!(item.0, before.0 + 1);
    assert_eq!(house.newest().0, item.0);
    assert_eq!(house.kinds(before), [ChangeKind::ItemCreated]);
    assert_eq!(house.store.take_changes(), [(house.mailbox, Seq(item.0))]);
    assert!(house.store.take_changes().is_empty());
}

#[test]
fn an_item_for_a_folder_that_is_not_there_changes_nothing() {
    let mut house = house();
    let before = house.newest();
    let error = house.store.mailbox(house.mailbox).create_item(&message(FolderNo(9999), "x")).unwrap_err();
    assert!(matches!(error, StoreError::NotFound(Missing::Folder)));
    assert_eq!(house.newest(), before);
    assert!(house.store.take_changes().is_empty());
}

#[test]
fn several_are_made_or_none() {
    let mut house = house();
    let before = house.newest();
    let bad = [message(house.inbox, "a"), message(FolderNo(9999), "b")];
    assert!(house.store.mailbox(house.mailbox).create_items(&bad).is_err());
    assert_eq!(house.newest(), before);
    assert!(house.store.take_changes().is_empty());
    let good = [message(house.inbox, "a"), message(house.drafts, "b")];
    let made = house.store.mailbox(house.mailbox).create_items(&good).unwrap();
    assert_eq!(made.iter().map(|made| made.folder).collect::<Vec<_>>(), [house.inbox, house.drafts]);
    house.check();
}

#[test]
fn associated_items_are_not_counted() {
    let mut house = house();
    let mut new = message(house.inbox, "rules");
    new.flags = bit::ASSOCIATED;
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    assert_eq!(house.counts(house.inbox), (0, 0));
    let update = ItemUpdate { set: subject("other"), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    house.check();
    house.store.mailbox(house.mailbox).set_read(&[item], true).unwrap();
    house.check();
    let moved = house.store.mailbox(house.mailbox).move_items(&[item], house.drafts).unwrap();
    house.check();
    house.store.mailbox(house.mailbox).delete_items(&[moved[0].item]).unwrap();
    house.check();
}

#[test]
fn an_update_changes_what_it_names() {
    let mut house = house();
    let mut new = message(house.inbox, "old");
    new.columns.set(Column::Preview, Value::Text("p".into()));
    new.props = json!({"a": 1, "b": 2}).as_object().unwrap().clone();
    new.body = Some(b"old");
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    let mut update = ItemUpdate { set: subject("new"), set_flags: bit::FROM_ME, ..ItemUpdate::default() };
    update.set.set(Column::Size, Value::Long(777));
    update.unset.insert(Column::Preview);
    update.props = json!({"a": null, "c": [3]}).as_object().unwrap().clone();
    update.ext = json!({"k": "v"}).as_object().unwrap().clone();
    update.body = Some(Some(b"new"));
    update.kind = Some(ItemKind::PostItem);
    let after = house.store.mailbox(house.mailbox).update_item(made.item, &update, Some(made.change)).unwrap();
    assert_eq!((after.item, after.kind), (made.item, ItemKind::PostItem));
    assert_eq!(after.change.0, made.change.0 + 1);
    let row = house.row(made.item).unwrap();
    assert_eq!(row.columns.text(Column::Subject), Some("new"));
    assert_eq!(row.columns.get(Column::Preview), None);
    assert_eq!(serde_json::Value::from(row.props.unwrap()), json!({"b": 2, "c": [3]}));
    assert_eq!(row.ext.unwrap()["k"], "v");
    assert_eq!(row.body.unwrap(), b"new");
    assert_eq!((row.flags, row.change), (bit::FROM_ME, after.change));
    assert_eq!(house.kinds(made.change), [ChangeKind::ItemModified]);
    house.check();
    let gone = ItemUpdate { body: Some(None), clear_flags: bit::FROM_ME, ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(made.item, &gone, None).unwrap();
    let row = house.row(made.item).unwrap();
    assert_eq!((row.body, row.flags), (None, 0));
}

#[test]
fn an_update_of_another_state_is_a_conflict() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    let update = ItemUpdate { set: subject("y"), ..ItemUpdate::default() };
    let first = house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    house.store.take_changes();
    let error = house.store.mailbox(house.mailbox).update_item(item, &update, Some(Seq(item.0))).unwrap_err();
    assert!(matches!(error, StoreError::Conflict { current } if current == first.change));
    let error = house.store.mailbox(house.mailbox).update_item(ItemNo(99_999), &update, None).unwrap_err();
    assert!(matches!(error, StoreError::NotFound(Missing::Item)));
    assert_eq!(house.newest(), first.change);
    assert!(house.store.take_changes().is_empty());
}

#[test]
fn columns_that_the_store_keeps_true_cannot_be_set() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    for (column, value) in [(Column::Parent, Value::Long(1)), (Column::Name, Value::Text("n".into()))] {
        let mut update = ItemUpdate::default();
        update.set.set(column, value);
        assert!(matches!(
            house.store.mailbox(house.mailbox).update_item(item, &update, None),
            Err(StoreError::Corrupt(_))
        ));
    }
    let unset = ItemUpdate { unset: [Column::Class].into_iter().collect(), ..ItemUpdate::default() };
    assert!(house.store.mailbox(house.mailbox).update_item(item, &unset, None).is_err());
}

#[test]
fn the_read_state_is_remembered_as_such() {
    let mut house = house();
    let items: Vec<ItemNo> = (0..3).map(|n| house.add(house.inbox, &n.to_string())).collect();
    assert_eq!(house.counts(house.inbox), (3, 3));
    let before = house.newest();
    let update = ItemUpdate { set_flags: READ, ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(items[0], &update, None).unwrap();
    let changed = house.store.mailbox(house.mailbox).set_read(&items, true).unwrap();
    assert_eq!(changed.iter().map(|changed| changed.item).collect::<Vec<_>>(), items[1..]);
    assert_eq!(house.counts(house.inbox), (3, 0));
    assert_eq!(house.kinds(before), [ChangeKind::ItemRead; 3]);
    assert_eq!(house.store.mailbox(house.mailbox).set_read(&items, true).unwrap(), []);
    assert_eq!(house.store.mailbox(house.mailbox).set_all_read(house.inbox, false).unwrap().len(), 3);
    assert_eq!(house.counts(house.inbox), (3, 3));
    house.check();
}

#[test]
fn a_moved_item_has_a_new_number_and_keeps_the_rest() {
    let mut house = house();
    let attachment = NewAttachment { name: "a.txt", content: b"hello", ..NewAttachment::file() };
    let mut new = message(house.inbox, "x");
    new.attachments = vec![attachment];
    new.body = Some(b"body");
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    let other = house.add(house.inbox, "y");
    let wanted = [other, ItemNo(99_999), made.item, other];
    let moved = house.store.mailbox(house.mailbox).move_items(&wanted, house.drafts).unwrap();
    assert_eq!(moved.iter().map(|moved| moved.old).collect::<Vec<_>>(), [other, made.item]);
    assert!(moved.iter().all(|moved| moved.folder == house.drafts && moved.change.0 == moved.item.0));
    assert!(house.row(made.item).is_none());
    let row = house.row(moved[1].item).unwrap();
    assert_eq!((row.columns.text(Column::Subject), row.body.as_deref()), (Some("x"), Some(&b"body"[..])));
    let attachments = house.store.mailbox(house.mailbox).attachments(&[moved[1].item]).unwrap();
    assert_eq!(attachments.len(), 1);
    assert_eq!((house.counts(house.inbox), house.counts(house.drafts)), ((0, 0), (2, 2)));
    let events = house.store.mailbox(house.mailbox).events(&Scope::All, Seq(other.0), 10).unwrap();
    let entry = &events.entries[1];
    assert_eq!((entry.kind, entry.item, entry.old_item), (ChangeKind::ItemMoved, Some(moved[1].item), Some(made.item)));
    assert_eq!((entry.folder, entry.old_folder), (house.drafts, Some(house.inbox)));
    house.check();
}

#[test]
fn a_move_to_nowhere_changes_nothing() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    let error = house.store.mailbox(house.mailbox).move_items(&[item], FolderNo(9999)).unwrap_err();
    assert!(matches!(error, StoreError::NotFound(Missing::Folder)));
    assert!(house.store.mailbox(house.mailbox).copy_items(&[item], FolderNo(9999), None).is_err());
    assert_eq!(house.store.mailbox(house.mailbox).move_items(&[ItemNo(9999)], house.inbox).unwrap(), []);
    assert_eq!(house.store.mailbox(house.mailbox).move_items(&[], house.inbox).unwrap(), []);
    assert_eq!(house.newest().0, item.0);
    house.check();
}

#[test]
fn a_move_within_a_folder_is_a_move() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    let moved = house.store.mailbox(house.mailbox).move_items(&[item], house.inbox).unwrap();
    assert_eq!(moved[0].item.0, item.0 + 1);
    assert_eq!(house.counts(house.inbox), (1, 1));
    house.check();
}

#[test]
fn a_copy_has_everything() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.attachments = vec![
        NewAttachment { name: "a", content: b"one", ..NewAttachment::file() },
        NewAttachment { name: "b", content: b"two", inline: true, ..NewAttachment::file() },
    ];
    new.ext = json!({"k": 1}).as_object().unwrap().clone();
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    let copies = house.store.mailbox(house.mailbox).copy_items(&[made.item], house.drafts, None).unwrap();
    let (mut a, mut b) = (house.row(made.item).unwrap(), house.row(copies[0].item).unwrap());
    for row in [&mut a, &mut b] {
        for column in [Column::Id, Column::Parent, Column::Change] {
            row.columns.take(column);
        }
    }
    assert_eq!((&a.columns, &a.props, &a.ext, a.flags), (&b.columns, &b.props, &b.ext, b.flags));
    let of = |rows: &[AttachmentRow]| rows.iter().map(|row| (row.name.clone(), row.inline)).collect::<Vec<_>>();
    let (old, new) = (
        house.store.mailbox(house.mailbox).attachments(&[made.item]).unwrap(),
        house.store.mailbox(house.mailbox).attachments(&[copies[0].item]).unwrap(),
    );
    assert_eq!(of(&old), of(&new));
    assert!(new.iter().all(|new| old.iter().all(|old| old.attachment != new.attachment)));
    assert_eq!(house.kinds(made.change), [ChangeKind::ItemCopied]);
    house.check();
}

#[test]
fn deleted_items_are_gone_with_their_attachments() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.attachments = vec![NewAttachment { name: "a", content: b"one", ..NewAttachment::file() }];
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    let other = house.add(house.inbox, "y");
    let gone = house.store.mailbox(house.mailbox).delete_items(&[other, ItemNo(7), item]).unwrap();
    assert_eq!(gone, [item, other]);
    assert_eq!(house.counts(house.inbox), (0, 0));
    assert_eq!(house.number("select count(*) from attachment"), 0);
    assert_eq!(house.kinds(Seq(other.0)), [ChangeKind::ItemDeleted; 2]);
    assert_eq!(house.store.mailbox(house.mailbox).delete_items(&[item]).unwrap(), []);
    house.check();
}

#[test]
fn large_contents_go_ahead_in_the_same_transaction() {
    let mut house = house();
    let big: Vec<u8> = (0..20_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut new = message(house.inbox, "big");
    new.mime = Some(&big);
    new.attachments = vec![NewAttachment { name: "same", content: &big, ..NewAttachment::file() }];
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    assert_eq!(house.number("select count(*) from blob"), 20_000_000_u64.div_ceil(1 << 20) as i64);
    assert!(house.row(made.item).unwrap().mime.unwrap() == big);
    let update = ItemUpdate { mime: Some(Some(&big[1..])), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(made.item, &update, None).unwrap();
    assert!(house.row(made.item).unwrap().mime.unwrap() == big[1..]);
    let bad = NewItem { folder: FolderNo(9999), mime: Some(&big[2..]), ..message(house.inbox, "") };
    let blobs = house.number("select count(*) from blob");
    assert!(house.store.mailbox(house.mailbox).create_item(&bad).is_err());
    assert_eq!(house.number("select count(*) from blob"), blobs);
    house.check();
}

/// Contents come back whole, whether all of their parts are read with the row or some after it.
#[test]
fn contents_of_every_length_are_read_whole() {
    let mut house = house();
    let octets: Vec<u8> = (0..9 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let part = 1 << 20;
    for length in [0, 1, part, 4 * part - 8, 4 * part - 1, 4 * part, 4 * part + 1, 8 * part, 9 * part] {
        let text = "€".repeat(length / 3);
        let attached = NewAttachment { content: &octets[..length], ..NewAttachment::file() };
        let new = NewItem {
            body: Some(text.as_bytes()),
            mime: Some(&octets[..length]),
            attachments: vec![attached],
            ..message(house.inbox, "long")
        };
        let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
        let row = house.row(item).unwrap();
        assert_eq!(row.body.map(|body| body == text.as_bytes()), Some(true), "{length}");
        assert_eq!(row.mime.map(|mime| mime == octets[..length]), Some(true), "{length}");
        let attachment = house.store.mailbox(house.mailbox).attachments(&[item]).unwrap()[0].attachment;
        let row = house.store.mailbox(house.mailbox).attachment(item, attachment, true).unwrap();
        assert_eq!(row.content.map(|content| content == octets[..length]), Some(true), "{length}");
        let only = |body, mime| Plan { body, mime, ..Plan::default() };
        for (body, mime) in [(true, false), (false, true), (false, false)] {
            let row = house.store.mailbox(house.mailbox).items(&[item], &only(body, mime)).unwrap().remove(0);
            assert_eq!(
                (row.body.map(|b| b.len()), row.mime.map(|m| m.len())),
                (body.then_some(text.len()), mime.then_some(length))
            );
        }
        let hash = house.store.mailbox(house.mailbox).put_blob(&octets[..length]).unwrap();
        assert!(house.store.mailbox(house.mailbox).blob(&hash).unwrap() == octets[..length], "{length}");
    }
}

#[test]
fn who_made_an_item_is_kept() {
    let mut house = house();
    let mailbox = house.mailbox;
    let new = NewItem { creator: Some(7), ..message(house.inbox, "by another") };
    let theirs = house.store.mailbox(mailbox).create_item(&new).unwrap().item;
    let own = house.add(house.inbox, "by the owner");
    assert_eq!((house.row(theirs).unwrap().creator, house.row(own).unwrap().creator), (Some(7), None));
    let moved = house.store.mailbox(mailbox).move_items(&[theirs], house.drafts).unwrap()[0].item;
    assert_eq!(house.row(moved).unwrap().creator, Some(7), "a move keeps it");
    let copies = house.store.mailbox(mailbox).copy_items(&[moved, own], house.inbox, Some(8)).unwrap();
    let made: Vec<_> = copies.iter().map(|copy| house.row(copy.item).unwrap().creator).collect();
    assert_eq!(made, [Some(8), Some(8)], "a copy is its maker's");
    let copy = house.store.mailbox(mailbox).copy_items(&[moved], house.inbox, None).unwrap()[0].item;
    assert_eq!(house.row(copy).unwrap().creator, None);
    let (inbox, drafts) = (house.inbox, house.drafts);
    let named = [(drafts, moved), (inbox, moved), (inbox, own), (FolderNo(9999), own)];
    let mut places = house.store.mailbox(mailbox).item_places(&named).unwrap();
    places.sort_by_key(|place| (place.folder != drafts, place.item != moved));
    let told: Vec<_> = places.iter().map(|place| (place.folder, place.item, place.there, place.creator)).collect();
    assert_eq!(told, [(drafts, moved, true, Some(7)), (inbox, moved, false, None), (inbox, own, true, None)]);
}

/// In the order of mailboxes and items, from a place on; older ones alone where that is asked for.
#[test]
fn mail_that_nobody_could_read_is_found_by_who_gave_up() {
    let mut house = house();
    let inbox = house.inbox;
    let [fine, old, now, never] = ["fine", "old", "now", "never"].map(|subject| house.add(inbox, subject));
    for (item, mark) in [(old, json!(2)), (now, json!(3)), (never, json!("0.1.0"))] {
        let props = Map::from_iter([(GAVE_UP.to_owned(), mark)]);
        let update = ItemUpdate { set_flags: bit::UNREADABLE, props, ..ItemUpdate::default() };
        house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    }
    house.execute(&format!("update item set props = '{{\"GaveUp\": 1}}' where item = {}", fine.0));
    let mailbox = house.mailbox;
    let mut found = |mailbox, before, after: ItemNo, limit| {
        let after = (house.mailbox, after);
        let found = house.store.unread_mail(Unread { mailbox, before }, after, limit).unwrap();
        assert!(found.iter().all(|(of, _)| *of == house.mailbox));
        found.into_iter().map(|(_, item)| item).collect::<Vec<_>>()
    };
    assert_eq!(found(None, None, ItemNo(0), 10), [old, now, never]);
    assert_eq!(found(Some(mailbox), None, ItemNo(0), 10), [old, now, never]);
    assert_eq!(found(None, Some(3), ItemNo(0), 10), [old, never]);
    assert_eq!(found(None, Some(2), ItemNo(0), 10), [never]);
    assert_eq!(found(None, None, ItemNo(0), 1), [old]);
    assert_eq!(found(None, None, old, 10), [now, never]);
    let nobody = ewsd_model::id::MailboxNo(mailbox.0 + 1);
    let of_nobody = Unread { mailbox: Some(nobody), before: None };
    assert_eq!(house.store.unread_mail(of_nobody, (nobody, ItemNo(0)), 9).unwrap(), []);
}

/// Wherever it goes, until it is read; that its owner has seen it says nothing.
#[test]
fn mail_that_nobody_could_read_is_found_as_long_as_it_is_so() {
    let mut house = house();
    let mut new = message(house.inbox, "unreadable");
    new.flags = bit::UNREADABLE;
    let (no, target) = (house.mailbox, house.drafts);
    let found = |house: &mut House| {
        let of = Unread { mailbox: None, before: None };
        house.store.unread_mail(of, (no, ItemNo(0)), 10).unwrap().into_iter().map(|(_, item)| item).collect::<Vec<_>>()
    };
    let made = house.store.mailbox(no).create_item(&new).unwrap().item;
    house.store.mailbox(no).set_read(&[made], true).unwrap();
    assert_eq!(found(&mut house), [made]);
    let copy = house.store.mailbox(no).copy_items(&[made], target, None).unwrap()[0].item;
    let moved = house.store.mailbox(no).move_items(&[made], target).unwrap()[0].item;
    assert_eq!(found(&mut house), [copy, moved]);
    for item in [copy, moved] {
        let update = ItemUpdate { clear_flags: bit::UNREADABLE | bit::READ, ..ItemUpdate::default() };
        house.store.mailbox(no).update_item(item, &update, None).unwrap();
    }
    assert_eq!(found(&mut house), []);
}

/// PostgreSQL then leaves the indexes alone (HOT): neither key nor condition of one may have a column that is changed by reading.
#[test]
fn no_index_has_what_changes_when_mail_is_read() {
    let named = "select count(*) from pg_index x
        join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = x.indexrelid
            and d.refclassid = 'pg_class'::regclass and d.refobjid = x.indrelid
        join pg_attribute a on a.attrelid = x.indrelid and a.attnum = d.refobjsubid
        where x.indrelid = 'item'::regclass and a.attname";
    let mut house = house();
    assert_eq!(house.number(&format!("{named} in ('flags', 'change', 'modified')")), 0);
    assert!(house.number(&format!("{named} in ('associated', 'unreadable')")) >= 2, "conditions are looked at");
}
