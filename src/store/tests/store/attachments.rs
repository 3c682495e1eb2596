//! Attachments and contents.

use crate::support::*;
use ewsd_model::id::{AttachmentNo, ItemNo};
use ewsd_model::property::bit;
use ewsd_store::*;

fn file<'a>(name: &'a str, content: &'a [u8]) -> NewAttachment<'a> {
    NewAttachment { name, content, ..NewAttachment::file() }
}

#[test]
fn an_attachment_comes_back_as_it_was_given() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    let new = NewAttachment {
        kind: AttachmentKind::Message,
        name: "Grüße.eml",
        content_type: Some("message/rfc822"),
        content_id: Some("1@x"),
        content_location: Some("loc"),
        inline: true,
        modified: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        content: b"Subject: x\r\n\r\n",
        search: "",
        props: serde_json::json!({"k": "v"}).as_object().unwrap().clone(),
    };
    let (numbers, parent) =
        house.store.mailbox(house.mailbox).create_attachments(item, std::slice::from_ref(&new)).unwrap();
    assert_eq!(parent.item, item);
    assert!(parent.change.0 > item.0);
    let row = house.store.mailbox(house.mailbox).attachment(item, numbers[0], true).unwrap();
    assert_eq!((row.item, row.kind, row.name.as_str()), (item, new.kind, new.name));
    assert_eq!(row.content_type.as_deref(), new.content_type);
    assert_eq!((row.content_id.as_deref(), row.content_location.as_deref()), (new.content_id, new.content_location));
    assert_eq!((row.inline, Some(row.modified), row.size), (true, new.modified, 14));
    assert_eq!((row.content.as_deref(), row.props), (Some(new.content), new.props));
    assert_eq!(house.store.mailbox(house.mailbox).attachment(item, numbers[0], false).unwrap().content, None);
    let missing = house.store.mailbox(house.mailbox).attachment(item, AttachmentNo(99), true).unwrap_err();
    assert!(matches!(missing, StoreError::NotFound(Missing::Attachment)));
    let other = house.add(house.inbox, "other");
    let crossed = house.store.mailbox(house.mailbox).attachment(other, numbers[0], true).unwrap_err();
    assert!(matches!(crossed, StoreError::NotFound(Missing::Attachment)), "of another item");
    house.check();
}

#[test]
fn the_item_knows_of_its_attachments() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    let before = house.newest();
    let inline = NewAttachment { inline: true, ..file("i", b"123") };
    let (first, _) = house.store.mailbox(house.mailbox).create_attachments(item, &[inline]).unwrap();
    let row = house.row(item).unwrap();
    assert_eq!(
        (row.attachments, row.flags & bit::HAS_ATTACHMENTS, row.flags & bit::MIME_STALE),
        (1, 0, bit::MIME_STALE)
    );
    let (second, parent) =
        house.store.mailbox(house.mailbox).create_attachments(item, &[file("a", b"1234"), file("b", b"")]).unwrap();
    assert_eq!((second.len(), second[1].0), (2, second[0].0 + 1));
    let row = house.row(item).unwrap();
    assert_eq!((row.attachments, row.flags & bit::HAS_ATTACHMENTS), (3, bit::HAS_ATTACHMENTS));
    assert_eq!(row.columns.number(ewsd_model::property::Column::Size), Some(107));
    assert_eq!(row.change, parent.change);
    house.check();
    let listed = house.store.mailbox(house.mailbox).attachments(&[item]).unwrap();
    assert_eq!(listed.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["i", "a", "b"]);

    let gone = [second[0], AttachmentNo(99), second[1]];
    let (gone, parent) = house.store.mailbox(house.mailbox).delete_attachments(item, &gone).unwrap();
    assert_eq!(gone, second);
    let row = house.row(item).unwrap();
    assert_eq!((row.attachments, row.flags & bit::HAS_ATTACHMENTS, row.change), (1, 0, parent.change));
    house.check();
    assert_eq!(house.kinds(before), [ChangeKind::ItemModified; 3]);
    assert!(house.store.mailbox(house.mailbox).delete_attachments(item, &second).is_err());
    assert!(house.store.mailbox(house.mailbox).delete_attachments(ItemNo(99), &first).is_err(), "of another item");
    assert!(house.store.mailbox(house.mailbox).create_attachments(ItemNo(9999), &[file("a", b"")]).is_err());
}

#[test]
fn attachments_of_an_item_made_with_them_are_numbered_in_order() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.flags = bit::HAS_ATTACHMENTS;
    new.attachments = vec![file("one", b"1"), file("two", b"2"), file("three", b"3")];
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    let listed = house.store.mailbox(house.mailbox).attachments(&[item]).unwrap();
    assert_eq!(listed.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["one", "two", "three"]);
    assert_eq!(house.row(item).unwrap().attachments, 3);
    assert_eq!(listed.iter().map(|row| row.attachment.0).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_content_is_stored_once() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.body = Some(b"same");
    new.mime = Some(b"same");
    new.attachments = vec![file("a", b"same"), file("b", b"other")];
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    assert_eq!(house.number("select count(*) from blob"), 2);
    let hash = house.store.mailbox(house.mailbox).put_blob(b"same").unwrap();
    assert_eq!(hash, Hash::of(b"same"));
    assert_eq!(house.store.mailbox(house.mailbox).blob(&hash).unwrap(), b"same");
    assert_eq!(house.number("select count(*) from blob"), 2);
    let empty = house.store.mailbox(house.mailbox).put_blob(b"").unwrap();
    assert_eq!(house.store.mailbox(house.mailbox).blob(&empty).unwrap(), b"");
    assert!(matches!(
        house.store.mailbox(house.mailbox).blob(&Hash::of(b"none")),
        Err(StoreError::NotFound(Missing::Blob))
    ));
}

#[test]
fn contents_that_nobody_names_are_collected() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.body = Some(b"body");
    new.mime = Some(b"mime");
    new.attachments = vec![file("a", b"attachment")];
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    let outgoing = NewOutgoing { mailbox: house.mailbox, sender: "a@x", recipients: &["b@x".into()], mime: b"out" };
    house.store.put_outgoing(&outgoing).unwrap();
    for n in 0..5_u8 {
        house.store.mailbox(house.mailbox).put_blob(&[n]).unwrap();
    }
    let collect =
        |house: &mut House, limit| house.store.mailbox(house.mailbox).collect_orphans(before(3600), limit).unwrap();
    assert_eq!(collect(&mut house, 100), 0, "too young");
    house.execute("update blob set touched = now() - interval '2 hours'");
    assert_eq!(collect(&mut house, 3), 3);
    assert_eq!(collect(&mut house, 100), 2);
    assert_eq!(house.number("select count(*) from blob"), 4);
    house.store.mailbox(house.mailbox).delete_items(&[item]).unwrap();
    assert_eq!(collect(&mut house, 100), 3);
    assert_eq!(house.number("select count(*) from blob"), 1);
}

#[test]
fn a_content_that_is_named_again_is_kept() {
    let mut house = house();
    house.store.mailbox(house.mailbox).put_blob(b"x").unwrap();
    house.execute("update blob set touched = now() - interval '2 hours'");
    house.store.mailbox(house.mailbox).put_blob(b"x").unwrap();
    assert_eq!(house.store.mailbox(house.mailbox).collect_orphans(before(3600), 100).unwrap(), 0);
}
