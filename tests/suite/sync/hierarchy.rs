//! SyncFolderHierarchy: whatever happens between the pages, the client's copy equals the server's.

use crate::support::ops::{SyncPage, create_folder, folder, shape, sync_hierarchy};
use crate::support::{lmtp, message, ops, shared};

crate::tests![reports_the_whole_hierarchy_at_first, reports_folder_changes, reports_parents_before_children,];

fn changed_id(change: &crate::support::xml::Node) -> String {
    change.find("t:ItemId").or(change.find("t:FolderId")).expect("an id").attribute("Id").unwrap().to_owned()
}

/// MS-OXWSSYNC_R84 MS-OXWSSYNC_R262 MS-OXWSSYNC_R2602 MS-OXWSSYNC_R44 MS-OXWSSYNC_R4601 MS-OXWSSYNC_R1021 MS-OXWSSYNC_R1041
/// MS-OXWSSYNC_R1081
fn reports_the_whole_hierarchy_at_first() {
    let mut ews = shared::mailbox();
    let page = sync_hierarchy(&mut ews, "");
    assert!(page.last && page.changes.iter().all(|(kind, _)| kind == "Create"));
    let elements: std::collections::HashSet<&str> =
        page.changes.iter().map(|(_, c)| c.children[0].name.as_str()).collect();
    for wanted in ["t:Folder", "t:CalendarFolder", "t:ContactsFolder", "t:TasksFolder"] {
        assert!(elements.contains(wanted), "{elements:?}");
    }
    for name in ["inbox", "drafts", "sentitems", "calendar"] {
        let id = ops::folder_id(&mut ews, name);
        assert!(page.changes.iter().any(|(_, c)| changed_id(c) == id), "{name}");
    }
    let quiet = sync_hierarchy(&mut ews, &page.state);
    assert!(quiet.last && quiet.changes.is_empty(), "{quiet:?}");
    let request = format!(
        "<m:SyncFolderHierarchy><m:FolderShape>{}</m:FolderShape><m:SyncFolderId>{}</m:SyncFolderId></m:SyncFolderHierarchy>",
        shape("IdOnly", &[]),
        folder("msgfolderroot")
    );
    let below = SyncPage::of(&ews.one(&request));
    let top = ops::folder_id(&mut ews, "msgfolderroot");
    assert!(below.changes.iter().all(|(_, c)| changed_id(c) != top), "the root itself is not listed");
    let inbox = ops::folder_id(&mut ews, "inbox");
    assert!(below.changes.iter().any(|(_, c)| changed_id(c) == inbox));
}

/// MS-OXWSSYNC_R503 MS-OXWSSYNC_R85 MS-OXWSSYNC_R117 MS-OXWSSYNC_R10020; count changes make an Update.
fn reports_folder_changes() {
    let mut ews = shared::mailbox();
    let first = sync_hierarchy(&mut ews, "").state;
    let made = create_folder(&mut ews, "inbox", "made");
    let page = sync_hierarchy(&mut ews, &first);
    let own: Vec<&str> = page.changes.iter().filter(|(_, c)| changed_id(c) == made).map(|(k, _)| k.as_str()).collect();
    assert_eq!(own, ["Create"], "{page:?}");
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("counted", "x"));
    let inbox = ops::folder_id(&mut ews, "inbox");
    let page = sync_hierarchy(&mut ews, &page.state);
    let update = page.changes.iter().find(|(_, c)| changed_id(c) == inbox).unwrap_or_else(|| panic!("{page:?}"));
    assert_eq!(update.0, "Update");
    assert_eq!(update.1.find("t:UnreadCount").map(|n| n.text.as_str()), Some("1"));
    ews.ok(&format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
        folder(&made)
    ));
    let page = sync_hierarchy(&mut ews, &page.state);
    let own: Vec<&str> = page.changes.iter().filter(|(_, c)| changed_id(c) == made).map(|(k, _)| k.as_str()).collect();
    assert_eq!(own, ["Delete"]);
}

fn reports_parents_before_children() {
    let mut ews = shared::mailbox();
    let mut parent = "inbox".to_owned();
    for n in 0..6 {
        parent = create_folder(&mut ews, &parent, &format!("level {n}"));
    }
    let page = sync_hierarchy(&mut ews, "");
    let mut known = std::collections::HashSet::new();
    let listed: std::collections::HashSet<String> = page.changes.iter().map(|(_, c)| changed_id(c)).collect();
    for (_, change) in &page.changes {
        let above = change.find("t:ParentFolderId").unwrap().attribute("Id").unwrap().to_owned();
        assert!(known.contains(&above) || !listed.contains(&above), "a child before its parent");
        known.insert(changed_id(change));
    }
}
