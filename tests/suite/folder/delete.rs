//! DeleteFolder.

use crate::support::folders::delete_request;
use crate::support::ops::{create_folder, find, folder_id, get_folder, save_simple, shape, sync_hierarchy};
use crate::support::{message, ops, shared};

crate::tests![deletes_with_everything_inside, moves_a_folder_to_the_deleted_ones, protects_distinguished_folders,];

fn deletes_with_everything_inside() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "doomed");
    let inner = create_folder(&mut ews, &top, "inner");
    let item = save_simple(&mut ews, &inner, "inside");
    let state = sync_hierarchy(&mut ews, "").state;
    ews.ok(&delete_request("HardDelete", &[&top]));
    assert_eq!(ops::get_error(&mut ews, &item), "ErrorItemNotFound");
    let changes = sync_hierarchy(&mut ews, &state);
    let deleted: Vec<&str> = changes
        .changes
        .iter()
        .filter(|(kind, _)| kind == "Delete")
        .filter_map(|(_, c)| c.want("t:FolderId").attribute("Id"))
        .collect();
    assert!(deleted.contains(&top.as_str()) && deleted.contains(&inner.as_str()), "{deleted:?}");
    let found = ews.error(&delete_request("HardDelete", &[&top]));
    assert!(matches!(found.as_str(), "ErrorFolderNotFound" | "ErrorItemNotFound"), "{found}");
}

fn moves_a_folder_to_the_deleted_ones() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "thrown away");
    let item = save_simple(&mut ews, &top, &message::unique("inside"));
    ews.ok(&delete_request("MoveToDeletedItems", &[&top]));
    let parent = get_folder(&mut ews, &top, "IdOnly", &["folder:ParentFolderId"]);
    let trash = folder_id(&mut ews, "deleteditems");
    assert_eq!(parent.want("t:ParentFolderId").attribute("Id"), Some(trash.as_str()), "the folder keeps its id");
    assert_eq!(find(&mut ews, &top, &shape("IdOnly", &[]), "").all("t:Items/*").len(), 1);
    ops::get(&mut ews, &item, &shape("IdOnly", &[]));
}

fn protects_distinguished_folders() {
    let mut ews = shared::mailbox();
    for kind in ["HardDelete", "SoftDelete", "MoveToDeletedItems"] {
        let answer = ews.call(&delete_request(kind, &["inbox", "calendar", "root"]));
        assert_eq!(answer.codes(), ["ErrorDeleteDistinguishedFolder"; 3], "{kind}");
    }
}
