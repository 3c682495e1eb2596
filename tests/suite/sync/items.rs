//! SyncFolderItems: whatever happens between the pages, the client's copy equals the server's.

use crate::support::ops::{
    Id, SyncPage, create_folder, delete, folder, hierarchy_request, save_mime, save_simple, set_field, set_read, shape,
    sync, sync_all, sync_hierarchy, sync_request, transfer,
};
use crate::support::{message, shared};
use std::collections::HashMap;

crate::tests![
    reports_everything_at_first,
    reports_each_kind_of_change,
    tells_a_read_flag_from_a_change,
    reports_each_item_once,
    reports_moves_as_deletion_and_creation,
    pages_and_says_when_it_is_done,
    returns_the_shape_that_was_asked,
    skips_what_is_ignored,
    refuses_a_state_that_is_none,
    reports_a_folder_that_has_gone,
    keeps_a_state_over_many_changes,
    refuses_to_tell_mime,
];

fn changed_id(change: &crate::support::xml::Node) -> String {
    change.find("t:ItemId").or(change.find("t:FolderId")).expect("an id").attribute("Id").unwrap().to_owned()
}

/// MS-OXWSSYNC_R131 MS-OXWSSYNC_R382 MS-OXWSSYNC_R65 MS-OXWSSYNC_R6701
fn reports_everything_at_first() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "synced");
    let empty = sync(&mut ews, &which, "", 10);
    assert!(empty.last && empty.changes.is_empty() && !empty.state.is_empty());
    let ids: Vec<Id> = (0..3).map(|n| save_simple(&mut ews, &which, &format!("item {n}"))).collect();
    let first = sync(&mut ews, &which, "", 10);
    assert_eq!((first.kinds(), first.last), (vec!["Create"; 3], true));
    let mut found: Vec<String> = first.changes.iter().map(|(_, c)| changed_id(c)).collect();
    found.sort();
    let mut wanted: Vec<String> = ids.into_iter().map(|i| i.id).collect();
    wanted.sort();
    assert_eq!(found, wanted);
    let quiet = sync(&mut ews, &which, &first.state, 10);
    assert!(quiet.last && quiet.changes.is_empty(), "{quiet:?}");
}

/// MS-OXWSSYNC_R504 MS-OXWSSYNC_R131 MS-OXWSSYNC_R132 MS-OXWSSYNC_R134 MS-OXWSSYNC_R136 MS-OXWSSYNC_R184 MS-OXWSSYNC_R194
/// MS-OXWSSYNC_R1951 MS-OXWSSYNC_R1572
fn reports_each_kind_of_change() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "kinds");
    let ids: Vec<Id> = (0..4).map(|n| save_simple(&mut ews, &which, &format!("item {n}"))).collect();
    let ids: Vec<Id> = ids.iter().map(|id| set_read(&mut ews, id, false)).collect();
    let state = sync_all(&mut ews, &which);
    set_field(&mut ews, &ids[0], "item:Subject", "<t:Subject>changed</t:Subject>");
    set_read(&mut ews, &ids[1], true);
    delete(&mut ews, "HardDelete", &ids[2]);
    let new = save_simple(&mut ews, &which, "new");
    let page = sync(&mut ews, &which, &state, 10);
    let by_id: HashMap<String, &str> = page.changes.iter().map(|(kind, c)| (changed_id(c), kind.as_str())).collect();
    let wanted = [(&ids[0], "Update"), (&ids[1], "ReadFlagChange"), (&ids[2], "Delete"), (&new, "Create")];
    assert_eq!(by_id.len(), wanted.len(), "{page:?}");
    for (id, kind) in wanted {
        assert_eq!(by_id.get(&id.id), Some(&kind), "{page:?}");
    }
    let read = &page.changes.iter().find(|(kind, _)| kind == "ReadFlagChange").unwrap().1;
    assert_eq!(read.text("t:IsRead"), Some("true"));
    assert!(page.last);
}

/// MS-OXWSSYNC_R195 MS-OXWSSYNC_R1952
fn tells_a_read_flag_from_a_change() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "read");
    let id = save_simple(&mut ews, &which, "item");
    let id = set_read(&mut ews, &id, true);
    let state = sync_all(&mut ews, &which);
    let id = set_read(&mut ews, &id, false);
    let page = sync(&mut ews, &which, &state, 10);
    assert_eq!(page.kinds(), ["ReadFlagChange"]);
    assert_eq!(page.changes[0].1.text("t:IsRead"), Some("false"));
    let id = set_read(&mut ews, &id, true);
    let id = set_field(&mut ews, &id, "item:Subject", "<t:Subject>other</t:Subject>");
    let page = sync(&mut ews, &which, &page.state, 10);
    assert_eq!(page.kinds(), ["Update"], "read and changed is changed");
    let id = set_read(&mut ews, &id, true);
    let page = sync(&mut ews, &which, &page.state, 10);
    assert!(page.changes.iter().all(|(kind, _)| kind == "ReadFlagChange"), "read as before: {page:?}");
    let id = set_read(&mut ews, &id, false);
    set_read(&mut ews, &id, true);
    let page = sync(&mut ews, &which, &page.state, 10);
    assert!(
        page.changes.iter().all(|(kind, c)| kind == "ReadFlagChange" && c.text("t:IsRead") == Some("true")),
        "{page:?}"
    );
}

/// Change after change makes one entry; what came and went between two syncs makes none.
fn reports_each_item_once() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "once");
    let mut id = save_simple(&mut ews, &which, "item");
    let state = sync_all(&mut ews, &which);
    for n in 0..5 {
        id = set_field(&mut ews, &id, "item:Subject", &format!("<t:Subject>change {n}</t:Subject>"));
    }
    let new = save_simple(&mut ews, &which, "new");
    set_field(&mut ews, &new, "item:Subject", "<t:Subject>new and changed</t:Subject>");
    let fleeting = save_simple(&mut ews, &which, "fleeting");
    delete(&mut ews, "HardDelete", &fleeting);
    let request = sync_request(&which, &state, 100, &shape("IdOnly", &["item:Subject"]));
    let page = SyncPage::of(&ews.one(&request));
    let mut found: Vec<(String, String)> = page
        .changes
        .iter()
        .map(|(kind, c)| (kind.clone(), c.find("t:Subject").map(|s| s.text.clone()).unwrap_or_default()))
        .collect();
    found.sort();
    assert_eq!(found, [("Create".into(), "new and changed".into()), ("Update".into(), "change 4".into())]);
}

/// Thunderbird needs the Delete in the source and the Create in the target.
fn reports_moves_as_deletion_and_creation() {
    let mut ews = shared::mailbox();
    let (from, to) = (create_folder(&mut ews, "inbox", "from"), create_folder(&mut ews, "inbox", "to"));
    let id = save_simple(&mut ews, &from, "moving");
    let (from_state, to_state) = (sync_all(&mut ews, &from), sync_all(&mut ews, &to));
    let moved = transfer(&mut ews, "MoveItem", &id, &to);
    let page = sync(&mut ews, &from, &from_state, 10);
    assert_eq!((page.kinds(), changed_id(&page.changes[0].1)), (vec!["Delete"], id.id));
    let page = sync(&mut ews, &to, &to_state, 10);
    assert_eq!((page.kinds(), changed_id(&page.changes[0].1)), (vec!["Create"], moved.id.clone()));
    let copy = transfer(&mut ews, "CopyItem", &moved, &from);
    let page = sync(&mut ews, &from, &from_state, 10);
    let created: Vec<String> = page.changes.iter().filter(|(k, _)| k == "Create").map(|(_, c)| changed_id(c)).collect();
    assert_eq!(created, [copy.id]);
}

/// MS-OXWSSYNC_R388 MS-OXWSSYNC_R3891 MS-OXWSSYNC_R67 MS-OXWSSYNC_R6702: exact, else clients loop.
fn pages_and_says_when_it_is_done() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "pages");
    for n in 0..10 {
        save_simple(&mut ews, &which, &format!("{n}"));
    }
    for most in [1, 3, 5, 10, 11] {
        let (mut state, mut seen, mut pages) = (String::new(), std::collections::HashSet::new(), 0);
        loop {
            let page = sync(&mut ews, &which, &state, most);
            assert!(page.changes.len() <= most);
            for (kind, change) in &page.changes {
                assert_eq!(kind, "Create");
                assert!(seen.insert(changed_id(change)), "each once");
            }
            state = page.state;
            pages += 1;
            if page.last {
                break;
            }
            assert_eq!(page.changes.len(), most, "only the last page is short");
        }
        assert_eq!((seen.len(), pages), (10, 10usize.div_ceil(most)), "pages of {most}");
    }
}

/// MS-OXWSSYNC_R3782 MS-OXWSSYNC_R3783 MS-OXWSSYNC_R37814 MS-OXWSSYNC_R37815 MS-OXWSSYNC_R156
fn returns_the_shape_that_was_asked() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "shape");
    save_mime(&mut ews, &which, &message::rich("shaped"));
    let mut ask = |shape: &str| {
        let page = SyncPage::of(&ews.one(&sync_request(&which, "", 10, shape)));
        page.changes[0].1.want("t:Message").clone()
    };
    assert_eq!(ask(&shape("IdOnly", &[])).names(), ["t:ItemId"]);
    let default = ask(&shape("Default", &[]));
    assert_eq!(default.text("t:Subject"), Some("shaped"));
    assert!(default.get("t:Body").is_none() && default.get("t:MimeContent").is_none());
    let added = ask(&shape("IdOnly", &["item:Subject", "message:IsRead"]));
    assert_eq!(added.names(), ["t:ItemId", "t:Subject", "t:IsRead"]);
}

/// MS-OXWSSYNC_R385 MS-OXWSSYNC_R3851 MS-OXWSSYNC_R3852; exchangelib sends an id that is none.
fn skips_what_is_ignored() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "ignored");
    let ids: Vec<Id> = (0..3).map(|n| save_simple(&mut ews, &which, &format!("{n}"))).collect();
    let request = format!(
        "<m:SyncFolderItems><m:ItemShape>{}</m:ItemShape><m:SyncFolderId>{}</m:SyncFolderId><m:Ignore>{}<t:ItemId Id=\"AAA=\"/></m:Ignore>\
         <m:MaxChangesReturned>10</m:MaxChangesReturned></m:SyncFolderItems>",
        shape("IdOnly", &[]),
        folder(&which),
        ids[1].bare()
    );
    let page = SyncPage::of(&ews.one(&request));
    let found: Vec<String> = page.changes.iter().map(|(_, c)| changed_id(c)).collect();
    assert_eq!(found.len(), 2);
    assert!(!found.contains(&ids[1].id));
}

/// MS-OXWSCDATA_R518 MS-OXWSCDATA_R5188: Evolution starts anew upon this code.
fn refuses_a_state_that_is_none() {
    let mut ews = shared::mailbox();
    let (a, b) = (create_folder(&mut ews, "inbox", "a"), create_folder(&mut ews, "inbox", "b"));
    let items = sync_all(&mut ews, &a);
    let hierarchy = sync_hierarchy(&mut ews, "").state;
    let plain = shape("IdOnly", &[]);
    for (what, request) in [
        ("text", sync_request(&a, "nonsense", 10, &plain)),
        ("base64 of nothing", sync_request(&a, "AAAA", 10, &plain)),
        ("a cut state", sync_request(&a, &items[..items.len() / 4 * 2], 10, &plain)),
        ("another folder's", sync_request(&b, &items, 10, &plain)),
        ("a hierarchy's", sync_request(&a, &hierarchy, 10, &plain)),
        ("items' for a hierarchy", hierarchy_request(&items, &plain)),
        ("text for a hierarchy", hierarchy_request("nonsense", &plain)),
    ] {
        let answer = ews.call(&request);
        assert_eq!(answer.codes(), ["ErrorInvalidSyncStateData"], "{what}");
        let message = &answer.messages[0];
        assert!(message.get("m:SyncState").is_some(), "exchangelib reads it on errors, too");
    }
    let mut other = shared::mailbox();
    let refused = other.call(&sync_request("inbox", &items, 10, &plain));
    assert_eq!(refused.codes(), ["ErrorInvalidSyncStateData"], "another mailbox's");
}

fn reports_a_folder_that_has_gone() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "gone");
    let state = sync_all(&mut ews, &which);
    ews.ok(&format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
        folder(&which)
    ));
    assert_eq!(ews.error(&sync_request(&which, &state, 10, &shape("IdOnly", &[]))), "ErrorSyncFolderNotFound");
}

fn keeps_a_state_over_many_changes() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "long");
    let id = save_simple(&mut ews, &which, "item");
    let state = sync_all(&mut ews, &which);
    for n in 0..200 {
        set_read(&mut ews, &id, n % 2 == 0);
    }
    let page = sync(&mut ews, &which, &state, 512);
    assert!(page.last && page.changes.len() <= 1, "{page:?}");
    assert!(state.len() < 10_000);
}

/// MS-OXWSSYNC_R3787
fn refuses_to_tell_mime() {
    let mut ews = shared::mailbox();
    let asked = |mime: bool| {
        let shape = format!("<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>{mime}</t:IncludeMimeContent>");
        sync_request("inbox", "", 10, &shape)
    };
    assert_eq!(ews.error(&asked(true)), "ErrorInvalidPropertyForOperation");
    ews.one(&asked(false));
}
