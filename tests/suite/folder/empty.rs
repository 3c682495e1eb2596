//! EmptyFolder.

use crate::support::ops::{
    create_folder, folder, folder_id, get, get_error, get_folder, save_simple, shape, subjects, transfer,
};
use crate::support::{ops, shared};

crate::tests![empties_a_folder, empties_with_sub_folders, keeps_the_folders_of_every_mailbox,];

fn empty_request(which: &str, kind: &str, sub_folders: bool) -> String {
    format!(
        "<m:EmptyFolder DeleteType=\"{kind}\" DeleteSubFolders=\"{sub_folders}\"><m:FolderIds>{}</m:FolderIds></m:EmptyFolder>",
        folder(which)
    )
}

fn empties_a_folder() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "emptied");
    let inner = create_folder(&mut ews, &which, "inner");
    let ids: Vec<ops::Id> = (0..3).map(|n| save_simple(&mut ews, &which, &format!("{n}"))).collect();
    let kept = save_simple(&mut ews, &inner, "kept");
    ews.one(&empty_request(&which, "HardDelete", false));
    assert_eq!(subjects(&mut ews, &which), Vec::<String>::new());
    assert_eq!(get_error(&mut ews, &ids[0]), "ErrorItemNotFound");
    get(&mut ews, &kept, &shape("IdOnly", &[]));
    assert_eq!(get_folder(&mut ews, &which, "Default", &[]).number("t:TotalCount"), 0);
    let moved = save_simple(&mut ews, &which, "thrown away");
    ews.one(&empty_request(&which, "MoveToDeletedItems", false));
    assert_eq!(subjects(&mut ews, "deleteditems"), ["thrown away"]);
    assert_eq!(get_error(&mut ews, &moved), "ErrorItemNotFound");
    assert_eq!(ews.error(&empty_request("calendar", "HardDelete", false)), "ErrorCannotEmptyFolder");
}

fn empties_with_sub_folders() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "emptied");
    let inner = create_folder(&mut ews, &which, "inner");
    save_simple(&mut ews, &which, "one");
    let two = save_simple(&mut ews, &inner, "two");
    ews.one(&empty_request(&which, "HardDelete", true));
    assert_eq!(get_error(&mut ews, &two), "ErrorItemNotFound");
    assert_eq!(get_folder(&mut ews, &which, "Default", &[]).number("t:ChildFolderCount"), 0);
    let item = save_simple(&mut ews, &which, "still a folder");
    transfer(&mut ews, "MoveItem", &item, "drafts");
}

/// Emptying a folder with all below it takes nothing that every mailbox has.
fn keeps_the_folders_of_every_mailbox() {
    let mut ews = shared::mailbox();
    let item = save_simple(&mut ews, "inbox", "kept");
    for (which, below) in [("msgfolderroot", "inbox"), ("recoverableitemsroot", "recoverableitemsdeletions")] {
        for kind in ["HardDelete", "SoftDelete", "MoveToDeletedItems"] {
            assert_eq!(ews.error(&empty_request(which, kind, true)), "ErrorCannotEmptyFolder", "{which} {kind}");
        }
        folder_id(&mut ews, below);
    }
    get(&mut ews, &item, &shape("IdOnly", &[]));
    ews.one(&empty_request("msgfolderroot", "HardDelete", false));
    ews.one(&empty_request("inbox", "HardDelete", true));
    assert_eq!(get_error(&mut ews, &item), "ErrorItemNotFound");
}
