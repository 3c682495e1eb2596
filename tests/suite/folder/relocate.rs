//! MoveFolder and CopyFolder.

use crate::support::ews::Ews;
use crate::support::ops::{
    create_folder, drain, folder, folder_id, get, get_folder, save_simple, shape, subjects, subscribe, sync_hierarchy,
};
use crate::support::{ops, shared};

crate::tests![
    moves_a_folder_with_everything_inside,
    refuses_to_move_where_it_cannot_be,
    copies_a_folder_with_everything_inside,
    tells_of_a_moved_folder,
];

fn request(operation: &str, which: &[&str], to: &str) -> String {
    let ids: String = which.iter().map(|w| folder(w)).collect();
    format!(
        "<m:{operation}><m:ToFolderId>{}</m:ToFolderId><m:FolderIds>{ids}</m:FolderIds></m:{operation}>",
        folder(to)
    )
}

fn parent(ews: &mut Ews, which: &str) -> String {
    let found = get_folder(ews, which, "IdOnly", &["folder:ParentFolderId"]);
    found.want("t:ParentFolderId").attribute("Id").unwrap().to_owned()
}

/// A folder keeps its id; so do the items inside.
fn moves_a_folder_with_everything_inside() {
    let mut ews = shared::mailbox();
    let (moving, target) =
        (create_folder(&mut ews, "inbox", "moving"), create_folder(&mut ews, "msgfolderroot", "target"));
    let inner = create_folder(&mut ews, &moving, "inner");
    let item = save_simple(&mut ews, &inner, "inside");
    let state = sync_hierarchy(&mut ews, "").state;
    ews.one(&request("MoveFolder", &[&moving], &target));
    assert_eq!(parent(&mut ews, &moving), target);
    get(&mut ews, &item, &shape("IdOnly", &[]));
    assert_eq!(subjects(&mut ews, &inner), ["inside"]);
    let page = sync_hierarchy(&mut ews, &state);
    let changed: Vec<(&str, &str)> = page
        .changes
        .iter()
        .map(|(kind, c)| (kind.as_str(), c.find("t:FolderId").unwrap().attribute("Id").unwrap()))
        .collect();
    assert!(changed.contains(&("Update", moving.as_str())), "{changed:?}");
    assert!(!changed.contains(&("Delete", moving.as_str())), "{changed:?}");
}

fn refuses_to_move_where_it_cannot_be() {
    let mut ews = shared::mailbox();
    let (outer, other) = (create_folder(&mut ews, "inbox", "same"), create_folder(&mut ews, "msgfolderroot", "other"));
    let inner = create_folder(&mut ews, &outer, "inner");
    create_folder(&mut ews, &other, "SAME");
    assert_eq!(ews.error(&request("MoveFolder", &["inbox"], &other)), "ErrorMoveDistinguishedFolder");
    assert_eq!(ews.error(&request("MoveFolder", &[&outer], &other)), "ErrorFolderExists");
    let code = ews.error(&request("MoveFolder", &[&outer], &inner));
    assert!(code.starts_with("Error"), "into itself: {code}");
    let inbox = folder_id(&mut ews, "inbox");
    assert_eq!(parent(&mut ews, &outer), inbox);
}

fn copies_a_folder_with_everything_inside() {
    let mut ews = shared::mailbox();
    let (original, target) =
        (create_folder(&mut ews, "inbox", "original"), create_folder(&mut ews, "msgfolderroot", "target"));
    let inner = create_folder(&mut ews, &original, "inner");
    save_simple(&mut ews, &original, "one");
    let two = save_simple(&mut ews, &inner, "two");
    let message = ews.one(&request("CopyFolder", &[&original], &target));
    let copy = message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned();
    assert_ne!(copy, original);
    assert_eq!(subjects(&mut ews, &copy), ["one"]);
    let children = ews.one(&format!(
        "<m:FindFolder Traversal=\"Shallow\"><m:FolderShape>{}</m:FolderShape><m:ParentFolderIds>{}</m:ParentFolderIds></m:FindFolder>",
        shape("Default", &[]),
        folder(&copy)
    ));
    let child = children.want("m:RootFolder/t:Folders/t:Folder");
    assert_eq!(child.text("t:DisplayName"), Some("inner"));
    let child = child.want("t:FolderId").attribute("Id").unwrap().to_owned();
    ops::delete(&mut ews, "HardDelete", &two);
    assert_eq!(subjects(&mut ews, &child), ["two"], "a copy leads a life of its own");
    assert_eq!(get_folder(&mut ews, &child, "Default", &[]).number("t:TotalCount"), 1);
}

fn tells_of_a_moved_folder() {
    let mut ews = shared::mailbox();
    let (moving, target) =
        (create_folder(&mut ews, "inbox", "moving"), create_folder(&mut ews, "msgfolderroot", "target"));
    let inbox = folder_id(&mut ews, "inbox");
    let mut subscription = subscribe(&mut ews, &[], &["MovedEvent"]);
    ews.one(&request("MoveFolder", &[&moving], &target));
    let events = drain(&mut ews, &mut subscription);
    assert_eq!(events.len(), 1, "{events:?}");
    let moved = &events[0].1;
    assert_eq!(moved.want("t:FolderId").attribute("Id"), Some(moving.as_str()));
    assert_eq!(moved.want("t:ParentFolderId").attribute("Id"), Some(target.as_str()));
    assert_eq!(moved.want("t:OldFolderId").attribute("Id"), Some(moving.as_str()));
    assert_eq!(moved.want("t:OldParentFolderId").attribute("Id"), Some(inbox.as_str()));
}
