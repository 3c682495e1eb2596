//! DeleteItem.

use crate::support::ops::{Id, delete, delete_request, get_error, save_simple, subjects};
use crate::support::{ops, shared};

crate::tests![
    moves_to_the_deleted_items,
    deletes_softly,
    deletes_for_good,
    deletes_several_in_order,
    deletes_what_is_deleted_already,
];

/// MS-OXWSMSG_R152 MS-OXWSMSG_R153 MS-OXWSMSG_R154
fn moves_to_the_deleted_items() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "inbox", "thrown away");
    delete(&mut ews, "MoveToDeletedItems", &id);
    assert_eq!(subjects(&mut ews, "inbox"), Vec::<String>::new());
    assert_eq!(subjects(&mut ews, "deleteditems"), ["thrown away"]);
    assert_eq!(get_error(&mut ews, &id), "ErrorItemNotFound", "an item's id does not outlive its move");
    let there = ops::list(&mut ews, "deleteditems").remove(0);
    delete(&mut ews, "MoveToDeletedItems", &there);
    assert_eq!(subjects(&mut ews, "deleteditems"), ["thrown away"], "it stays where it is");
}

fn deletes_softly() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "inbox", "soft");
    delete(&mut ews, "SoftDelete", &id);
    assert_eq!(subjects(&mut ews, "inbox"), Vec::<String>::new());
    assert_eq!(subjects(&mut ews, "deleteditems"), Vec::<String>::new());
    assert_eq!(subjects(&mut ews, "recoverableitemsdeletions"), ["soft"]);
}

fn deletes_for_good() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "inbox", "hard");
    delete(&mut ews, "HardDelete", &id);
    for place in ["inbox", "deleteditems", "recoverableitemsdeletions"] {
        assert_eq!(subjects(&mut ews, place), Vec::<String>::new(), "{place}");
    }
    assert_eq!(get_error(&mut ews, &id), "ErrorItemNotFound");
}

fn deletes_several_in_order() {
    let mut ews = shared::mailbox();
    let ids: Vec<Id> = (0..3).map(|n| save_simple(&mut ews, "drafts", &format!("several {n}"))).collect();
    let malformed = Id { id: "AAAA==".into(), key: String::new() };
    let answer = ews.call(&delete_request("HardDelete", &[&ids[0], &malformed, &ids[2], &ids[0]]));
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidIdMalformed", "NoError", "ErrorItemNotFound"]);
    assert_eq!(subjects(&mut ews, "drafts"), ["several 1"]);
}

fn deletes_what_is_deleted_already() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "twice");
    delete(&mut ews, "HardDelete", &id);
    for kind in ["HardDelete", "SoftDelete", "MoveToDeletedItems"] {
        assert_eq!(ews.error(&delete_request(kind, &[&id])), "ErrorItemNotFound");
    }
}
