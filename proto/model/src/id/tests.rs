//! Ids: round trips, the sizes clients need, hostile text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::ItemKind;
use jiff::civil::date;
use proptest::prelude::*;

const BOX: Guid = Guid([0x3f, 0x25, 0x04, 0xe0, 0x4f, 0x89, 0x11, 0xd3, 0x9a, 0x0c, 3, 5, 0xe8, 0x2c, 0x33, 1]);

fn item(folder: i64, item: i64) -> ItemId {
    ItemId { mailbox: BOX, folder: FolderNo(folder), item: ItemNo(item) }
}

/// Packs as Exchange does (MS-OXWSITEMID 2.1.3.1.1), to prove that packed ids are read.
fn packed(octets: &[u8]) -> String {
    let mut out = vec![1];
    let mut rest = &octets[1..];
    while let Some(&first) = rest.first() {
        let run = rest.iter().take(257).take_while(|o| **o == first).count();
        out.push(first);
        if run > 1 {
            out.extend([first, (run - 2) as u8]);
        }
        rest = &rest[run..];
    }
    STANDARD.encode(out)
}

#[test]
fn guid_text() {
    assert_eq!(BOX.to_string(), "3f2504e0-4f89-11d3-9a0c-0305e82c3301");
    assert_eq!(Guid::parse("{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"), Some(BOX));
    assert_eq!(BOX.packed()[..8], [0xe0, 0x04, 0x25, 0x3f, 0x89, 0x4f, 0xd3, 0x11]);
    assert_eq!(Guid::from_packed(BOX.packed()), BOX);
    for bad in [
        "",
        "3f2504e0-4f89-11d3-9a0c-0305e82c330",
        "3f2504e04f89-11d3-9a0c-0305e82c33011",
        "3f2504e0-4f89-11d3-9a0c-0305e82c330g",
    ] {
        assert_eq!(Guid::parse(bad), None, "{bad}");
    }
    assert_eq!(Guid::parse("3f2504e0-4f89-11d3-9a0c-0305e82c33é"), None);
}

/// As many days as there is room for in the ticks, most of which no calendar has.
#[test]
fn days_that_no_calendar_has_are_not_found() {
    let first = EwsId::parse(&OccurrenceId { master: item(7, 9), date: date(1601, 1, 2) }.encode()).unwrap();
    let day = u64::from_le_bytes(first.entry[entry::ITEM_LEN..].try_into().unwrap());
    for ticks in [day * 4_000_000, day * 10_000_000, u64::MAX / day * day, u64::MAX] {
        let mut id = first.clone();
        id.entry.truncate(entry::ITEM_LEN);
        id.entry.extend(ticks.to_le_bytes());
        assert_eq!(ItemId::decode_any(&STANDARD.encode(id.octets())), Err(IdError::NoSuchItem), "{ticks}");
    }
}

#[test]
fn occurrences_name_their_master_and_a_day() {
    let id = OccurrenceId { master: item(7, 9), date: date(2026, 3, 29) };
    assert_eq!(ItemId::decode_any(&id.encode()), Ok((id.master, Some(id.date))));
    assert_eq!(ItemId::decode_any(&id.master.encode()), Ok((id.master, None)));
    assert_eq!(ItemId::decode(&id.encode()), Err(IdError::IsOccurrence));
    assert!(id.encode().len() <= 512);
    let far = OccurrenceId { master: item(7, 9), date: date(4500, 8, 31) };
    assert_eq!(ItemId::decode_any(&far.encode()), Ok((far.master, Some(far.date))));
}

#[test]
fn lengths_and_kinds() {
    let id = item(7, 9);
    assert_eq!(id.encode().len(), 152);
    assert_eq!(ItemId::decode(&id.encode()), Ok(id));
    assert_eq!(FolderId::decode(&id.encode()), Err(IdError::IsItem));
    assert_eq!(AttachmentId::decode(&id.encode()), Err(IdError::NotAttachment));

    let folder = FolderId { mailbox: BOX, folder: FolderNo(7) };
    assert_eq!(folder.encode().len(), 120);
    assert_eq!(FolderId::decode(&folder.encode()), Ok(folder));
    assert_eq!(ItemId::decode(&folder.encode()), Err(IdError::IsFolder));

    let attachment = AttachmentId { item: id, attachment: AttachmentNo(11), within: AttachmentPath::default() };
    assert_eq!(AttachmentId::decode(&attachment.encode()), Ok(attachment));
    assert_eq!(ItemId::decode(&attachment.encode()), Err(IdError::IsAttachment));

    let mut deep = attachment;
    while let Some(within) = deep.within.deeper(3) {
        deep.within = within;
        assert_eq!(AttachmentId::decode(&deep.encode()), Ok(deep));
        assert_eq!(ItemId::decode(&deep.encode()), Err(IdError::IsAttachment));
    }
    assert_eq!(deep.within.levels(), [3; MAX_WITHIN]);
    assert!(deep.encode().len() < 512);
    assert_eq!(AttachmentPath::default().deeper(0), None);

    let conversation = ConversationId { mailbox: BOX, conversation: [5; 16] };
    assert_eq!(ConversationId::decode(&conversation.encode()), Ok(conversation));
    assert_eq!(ItemId::decode(&conversation.encode()), Err(IdError::IsConversation));
    assert_eq!(ConversationId::decode(&id.encode()), Err(IdError::Malformed));
}

#[test]
fn refusals() {
    assert_eq!(ItemId::decode(""), Err(IdError::Empty));
    for bad in ["DUMMY", "XXX", "AAAA==", "AAA=", "AAAA", "AQAA", "====", "é", "AAMkAA=="] {
        assert_eq!(ItemId::decode(bad), Err(IdError::Malformed), "{bad}");
    }
    assert_eq!(IdError::Malformed.code().name(), "ErrorInvalidIdMalformed");
    assert_eq!(ItemId::decode(&item(7, 0).encode()), Err(IdError::NoSuchItem));

    let mut other = EwsId::own(BOX, storage::MAILBOX, item(7, 9).entry_id());
    other.entry[4] ^= 1;
    assert_eq!(ItemId::decode(&STANDARD.encode(other.octets())), Err(IdError::NoSuchItem));
    let mut occurrence = EwsId::own(BOX, storage::MAILBOX, item(7, 9).entry_id());
    occurrence.processing = processing::RECURRENCE;
    assert_eq!(ItemId::decode(&STANDARD.encode(occurrence.octets())), Err(IdError::IsOccurrence));
}

#[test]
fn packed_ids_are_read() {
    let id = item(1, 2);
    let octets = STANDARD.decode(id.encode()).unwrap();
    assert_eq!(ItemId::decode(&packed(&octets)), Ok(id));
    // A run without its count, and a bomb.
    assert_eq!(EwsId::parse(&STANDARD.encode([1, 3, 3])), Err(IdError::Malformed));
    let bomb: Vec<u8> = [1].into_iter().chain([7, 7, 255].repeat(300)).collect();
    assert_eq!(EwsId::parse(&STANDARD.encode(bomb)), Err(IdError::Malformed));
}

#[test]
fn change_keys() {
    let key = ChangeKey::new(ItemKind::Message, Seq(77));
    assert_eq!(ChangeKey::decode(&key.encode()), Ok(key));
    assert_eq!(ChangeKey::of_item(&key.encode()), Ok(Seq(77)));
    assert_eq!(ChangeKey::of_folder(&key.encode()), Err(ChangeKeyError));
    for bad in ["", "XXX", "AAAAAAAAAAAAAAAAAAAAAAAA", "CQAAAAgAAAAAAAAAAAAATQ=="] {
        let read = ChangeKey::decode(bad);
        assert!(read.is_err() || read.map(|k| k.encode()) == Ok(bad.to_owned()), "{bad}");
    }
}

proptest! {
    #[test]
    fn items_round_trip(guid: [u8; 16], folder in 1i64..1 << 48, number in 1i64..1 << 48, attachment in 1i64..i64::MAX) {
        let id = ItemId { mailbox: Guid(guid), folder: FolderNo(folder), item: ItemNo(number) };
        prop_assert_eq!(ItemId::decode(&id.encode()), Ok(id));
        let id = AttachmentId { item: id, attachment: AttachmentNo(attachment), within: AttachmentPath::default() };
        prop_assert_eq!(AttachmentId::decode(&id.encode()), Ok(id));
    }

    #[test]
    fn hostile_text(text in ".{0,300}") {
        let _ = (ItemId::decode(&text), FolderId::decode(&text), AttachmentId::decode(&text));
        let _ = (ConversationId::decode(&text), ChangeKey::decode(&text), Guid::parse(&text));
    }

    #[test]
    fn hostile_octets(octets in prop::collection::vec(prop_oneof![0u8..9, any::<u8>()], 0..300)) {
        let text = STANDARD.encode(octets);
        if let Ok(id) = ItemId::decode(&text) {
            prop_assert_eq!(ItemId::decode(&id.encode()), Ok(id));
        }
        let _ = (FolderId::decode(&text), AttachmentId::decode(&text), ChangeKey::decode(&text));
    }

    /// One octet changed: refused, or another id that stands by itself; never the same one.
    #[test]
    fn damaged(at in 0usize..113, by in 1u8..) {
        let id = item(7, 9);
        let mut octets = STANDARD.decode(id.encode()).unwrap();
        octets[at] ^= by;
        let text = STANDARD.encode(&octets);
        if let Ok(other) = ItemId::decode(&text) {
            // The GUID's text is read in either case.
            prop_assert!(other != id || (4..40).contains(&at));
        }
    }
}

#[test]
fn a_guid_is_a_sid_and_back() {
    let guid = Guid([0, 0, 0, 7, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 0, 0, 0, 0]);
    assert_eq!(guid.to_sid(), "S-1-5-21-7-4294967295-16909060-0");
    assert_eq!(Guid::from_sid(&guid.to_sid()), Some(guid));
    assert_eq!(Guid::from_sid("s-1-5-21-7-4294967295-16909060-0"), Some(guid));
    for wrong in [
        "",
        "S-1-5-21-",
        "S-1-5-21-1-2-3",
        "S-1-5-21-1-2-3-4-5",
        "S-1-5-21-1-2-3-4294967296",
        "S-1-5-21-1-2-3-+4",
        "S-1-5-18",
        "S-1-5-21-é",
    ] {
        assert_eq!(Guid::from_sid(wrong), None, "{wrong}");
    }
}

#[test]
fn ids_are_put_together_at_once() {
    let item = ItemId { mailbox: Guid([0xAB; 16]), folder: FolderNo(7), item: ItemNo(9) };
    let octets = item.octets();
    assert_eq!((octets.len(), octets.capacity()), (HEAD_LEN + entry::ITEM_LEN, HEAD_LEN + entry::ITEM_LEN));
    let guid = Guid([0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0, 1, 2, 3, 0xFD, 0xFE, 0xFF, 0x10]);
    assert_eq!(guid.to_string(), "01234567-89ab-cdef-0001-0203fdfeff10");
    assert_eq!(Guid::parse(&guid.to_string()), Some(guid));
}
