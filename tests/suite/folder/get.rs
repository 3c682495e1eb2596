//! GetFolder.

use crate::support::ews::{Ews, code};
use crate::support::folders::{delete_request, find_folders, get_request, names, set, update};
use crate::support::ops::{
    create_folder, delete, field, folder, folder_id, get_folder, save_simple, set_read, sync_hierarchy,
};
use crate::support::wait::until;
use crate::support::xml::Node;
use crate::support::{ops, shared};
use std::time::Duration;

crate::tests![
    has_every_distinguished_folder,
    answers_each_id_in_order,
    returns_the_shape_that_was_asked,
    knows_the_class_of_each_folder,
    the_upper_folders_have_no_class,
    keeps_what_clients_hide_below_the_root,
    counts_items_and_children,
    tells_when_something_in_it_changed,
    names_another_mailbox_only_to_its_owner,
    refuses_ids_that_are_none,
];

/// On-premises names that every mailbox has; clients ask for up to 31 at once.
const EVERY_MAILBOX: &[&str] = &[
    "root",
    "msgfolderroot",
    "inbox",
    "drafts",
    "sentitems",
    "deleteditems",
    "outbox",
    "junkemail",
    "calendar",
    "contacts",
    "tasks",
    "notes",
    "journal",
    "searchfolders",
    "recoverableitemsroot",
    "recoverableitemsdeletions",
    "recoverableitemsversions",
    "recoverableitemspurges",
];

/// MS-OXWSFOLD_R6602 MS-OXWSFOLD_R8402
fn has_every_distinguished_folder() {
    let mut ews = shared::mailbox();
    let ids: String = EVERY_MAILBOX.iter().map(|name| folder(name)).collect();
    let messages = ews.ok(&get_request("Default", &ids));
    assert_eq!(messages.len(), EVERY_MAILBOX.len());
    let mut seen = std::collections::HashSet::new();
    for (name, message) in EVERY_MAILBOX.iter().zip(&messages) {
        let id = message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned();
        assert!(seen.insert(id), "{name} is another folder's second name");
    }
}

/// One answer for each id, in the order of the ids, errors in their places: Thunderbird fails when counts differ.
fn answers_each_id_in_order() {
    let mut ews = shared::mailbox();
    let inbox = folder_id(&mut ews, "inbox");
    let ids =
        [folder("drafts"), folder("archiveinbox"), folder(&inbox), "<t:FolderId Id=\"XXX\"/>".into(), folder("tasks")];
    let answer = ews.call(&get_request("Default", &ids.concat()));
    let codes = answer.codes();
    assert_eq!(
        (codes.len(), codes[0], codes[2], codes[3], codes[4]),
        (5, "NoError", "NoError", "ErrorInvalidIdMalformed", "NoError")
    );
    assert!(matches!(codes[1], "ErrorFolderNotFound" | "ErrorItemNotFound" | "ErrorInvalidOperation"), "{}", codes[1]);
    let first = answer.messages[0].want("m:Folders/*");
    assert_eq!(first.text("t:DisplayName"), Some("Drafts"));
    assert_eq!(answer.messages[2].want("m:Folders/*/t:FolderId").attribute("Id"), Some(inbox.as_str()));
    assert_eq!(answer.messages[1].want("m:Folders").children, []);
    assert_eq!(answer.messages[1].attribute("ResponseClass"), Some("Error"));
}

/// MS-OXWSCDATA_R59 MS-OXWSCDATA_R61 MS-OXWSCDATA_R62
fn returns_the_shape_that_was_asked() {
    let mut ews = shared::mailbox();
    let id_only = get_folder(&mut ews, "inbox", "IdOnly", &[]);
    assert_eq!(id_only.names(), ["t:FolderId"]);
    let default = get_folder(&mut ews, "inbox", "Default", &[]);
    assert_eq!(default.names(), ["t:FolderId", "t:DisplayName", "t:TotalCount", "t:ChildFolderCount", "t:UnreadCount"]);
    let all = get_folder(&mut ews, "inbox", "AllProperties", &[]);
    for name in [
        "t:FolderId",
        "t:ParentFolderId",
        "t:FolderClass",
        "t:DisplayName",
        "t:TotalCount",
        "t:ChildFolderCount",
        "t:EffectiveRights",
        "t:UnreadCount",
    ] {
        assert!(all.get(name).is_some(), "{name} in {all:#?}");
    }
    let added = get_folder(
        &mut ews,
        "inbox",
        "IdOnly",
        &["folder:FolderClass", "folder:ParentFolderId", "folder:DistinguishedFolderId"],
    );
    assert_eq!(
        added.names(),
        ["t:FolderId", "t:ParentFolderId", "t:FolderClass", "t:DistinguishedFolderId"],
        "in the schema's order"
    );
    assert_eq!(added.text("t:DistinguishedFolderId"), Some("inbox"));
    let rights = all.want("t:EffectiveRights");
    for name in ["t:CreateContents", "t:CreateHierarchy", "t:Read"] {
        assert_eq!(rights.text(name), Some("true"), "{name}");
    }
}

/// MS-OXWSFOLD_R70 MS-OXWSFOLD_R585 MS-OXWSFOLD_R586 MS-OXWSFOLD_R587 MS-OXWSFOLD_R588 MS-OXWSFOLD_R589
/// MS-OXWSFOLD_R2802 MS-OXWSFOLD_R2901 MS-OXWSFOLD_R3301 MS-OXWSFOLD_R3501
fn knows_the_class_of_each_folder() {
    let mut ews = shared::mailbox();
    for (name, class, element) in [
        ("inbox", "IPF.Note", "t:Folder"),
        ("drafts", "IPF.Note", "t:Folder"),
        ("sentitems", "IPF.Note", "t:Folder"),
        ("calendar", "IPF.Appointment", "t:CalendarFolder"),
        ("contacts", "IPF.Contact", "t:ContactsFolder"),
        ("tasks", "IPF.Task", "t:TasksFolder"),
        ("notes", "IPF.StickyNote", "t:Folder"),
        ("journal", "IPF.Journal", "t:Folder"),
    ] {
        let found = get_folder(&mut ews, name, "IdOnly", &["folder:FolderClass"]);
        assert_eq!((found.name.as_str(), found.text("t:FolderClass")), (element, Some(class)), "{name}");
    }
}

/// Clients take a folder of a mail class for a place where mail lies.
fn the_upper_folders_have_no_class() {
    let mut ews = shared::mailbox();
    for name in ["root", "msgfolderroot"] {
        let found = get_folder(&mut ews, name, "AllProperties", &["folder:FolderClass"]);
        assert_eq!(found.get("t:FolderClass"), None, "{name}");
    }
    let exists = format!("<m:Restriction><t:Exists>{}</t:Exists></m:Restriction>", field("folder:FolderClass"));
    let classed = names(&find_folders(&mut ews, "root", "Shallow", &exists));
    assert!(!classed.contains(&"Top of Information Store".to_owned()) && classed.contains(&"Sharing".to_owned()));
    // One that was made without a class may be given one that leaves it what it is.
    let id = create_folder(&mut ews, "inbox", "without a class");
    let message = update(&mut ews, &id, &set("folder:FolderClass", "<t:FolderClass>IPF.Note</t:FolderClass>"));
    assert_eq!(code(&message), "NoError");
    assert_eq!(get_folder(&mut ews, &id, "AllProperties", &[]).text("t:FolderClass"), Some("IPF.Note"));
    let message = update(&mut ews, &id, &set("folder:FolderClass", "<t:FolderClass>IPF.Own</t:FolderClass>"));
    assert_eq!(code(&message), "ErrorObjectTypeChanged");
}

/// Not of the folder itself: CalDAV clients behind a gateway look again when 0x670a is another. It counts seconds.
fn tells_when_something_in_it_changed() {
    let mut ews = shared::mailbox();
    let id = ops::save_simple(&mut ews, "drafts", "one");
    let times = |ews: &mut Ews| {
        let paths = ["0x670a", "0x3008"]
            .map(|tag| format!("<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"SystemTime\"/>"));
        let request = get_request("IdOnly", &folder("drafts")).replace(
            "</m:FolderShape>",
            &format!("<t:AdditionalProperties>{}</t:AdditionalProperties></m:FolderShape>", paths.concat()),
        );
        let told = ews.one(&request);
        told.all("m:Folders/*/t:ExtendedProperty/t:Value").iter().map(|value| value.text.clone()).collect::<Vec<_>>()
    };
    let before = times(&mut ews);
    let after = until("another time", Duration::from_secs(30), || {
        ops::set_field(&mut ews, &id, "item:Subject", "<t:Subject>two</t:Subject>");
        Some(times(&mut ews)).filter(|now| *now != before)
    });
    assert!(after[0] > before[0], "{before:?} {after:?}");
    assert_eq!(after[1], before[1], "the folder itself is as it was");
}

fn keeps_what_clients_hide_below_the_root() {
    let mut ews = shared::mailbox();
    let hidden = "<t:ExtendedFieldURI PropertyTag=\"0x10f4\" PropertyType=\"Boolean\"/>";
    let root = get_folder(&mut ews, "root", "Default", &[]);
    let below = find_folders(&mut ews, "root", "Shallow", "");
    assert_eq!(root.number("t:ChildFolderCount"), below.all("t:Folders/*").len() as i64);
    let found = names(&below);
    for name in [
        "Common Views",
        "Deferred Action",
        "Finder",
        "Freebusy Data",
        "MailboxAssociations",
        "Reminders",
        "Schedule",
        "Sharing",
        "Shortcuts",
        "Spooler Queue",
        "To-Do Search",
        "Views",
    ] {
        assert!(found.iter().any(|known| known == name), "{name} in {found:?}");
    }
    let named = |name: &str| {
        format!(
            "<m:Restriction><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value=\"{name}\"/></t:FieldURIOrConstant>\
             </t:IsEqualTo></m:Restriction>",
            field("folder:DisplayName")
        )
    };
    let views = find_folders(&mut ews, "root", "Shallow", &named("Common Views"));
    let id = views.want("t:Folders/t:Folder/t:FolderId").attribute("Id").unwrap().to_owned();
    let request = get_request("AllProperties", &folder(&id)).replace(
        "</m:FolderShape>",
        &format!(
            "<t:AdditionalProperties>{hidden}{}</t:AdditionalProperties></m:FolderShape>",
            field("folder:DistinguishedFolderId")
        ),
    );
    let found = ews.one(&request).want("m:Folders/t:Folder").clone();
    assert_eq!(found.text("t:ExtendedProperty/t:Value"), Some("true"));
    assert_eq!((found.get("t:FolderClass"), found.get("t:DistinguishedFolderId")), (None, None), "{found:#?}");
    assert_eq!(ews.error(&delete_request("HardDelete", &[&id])), "ErrorDeleteDistinguishedFolder");
    let told = sync_hierarchy(&mut ews, "");
    let is_it = |change: &Node| change.find("t:FolderId").and_then(|f| f.attribute("Id")) == Some(id.as_str());
    assert_eq!(told.changes.iter().filter(|(kind, change)| kind == "Create" && is_it(change)).count(), 1);
    let seen = names(&find_folders(&mut ews, "msgfolderroot", "Deep", ""));
    assert!(!seen.iter().any(|name| name == "Common Views" || name == "Sharing"), "{seen:?}");
}

/// MS-OXWSFOLD_R7201 MS-OXWSFOLD_R7501 MS-OXWSFOLD_R9901 MS-OXWSFOLD_R10011
fn counts_items_and_children() {
    let mut ews = shared::mailbox();
    let parent = create_folder(&mut ews, "inbox", "counted");
    let counts = |ews: &mut Ews| {
        let f = get_folder(ews, &parent, "Default", &[]);
        (f.number("t:TotalCount"), f.number("t:UnreadCount"), f.number("t:ChildFolderCount"))
    };
    assert_eq!(counts(&mut ews), (0, 0, 0));
    let first = save_simple(&mut ews, &parent, "first");
    let second = save_simple(&mut ews, &parent, "second");
    create_folder(&mut ews, &parent, "child");
    let unread = counts(&mut ews).1;
    assert_eq!(counts(&mut ews), (2, unread, 1));
    let first = set_read(&mut ews, &first, false);
    let second = set_read(&mut ews, &second, false);
    assert_eq!(counts(&mut ews).1, 2);
    let first = set_read(&mut ews, &first, true);
    assert_eq!(counts(&mut ews), (2, 1, 1));
    let first = set_read(&mut ews, &first, true);
    assert_eq!(counts(&mut ews), (2, 1, 1), "read twice is read once");
    delete(&mut ews, "HardDelete", &second);
    assert_eq!(counts(&mut ews), (1, 0, 1));
    ops::transfer(&mut ews, "MoveItem", &first, "drafts");
    assert_eq!(counts(&mut ews), (0, 0, 1));
}

/// Rights on folders come later; until then a mailbox is its owner's alone.
fn names_another_mailbox_only_to_its_owner() {
    let mut ews = shared::mailbox();
    let mut other = shared::mailbox();
    let named = |address: &str| {
        format!(
            "<t:DistinguishedFolderId Id=\"inbox\"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>"
        )
    };
    let own = ews.account.address.clone();
    ews.ok(&get_request("Default", &named(&own)));
    assert_eq!(ews.error(&get_request("Default", &named(&other.account.address))), "ErrorAccessDenied");
    assert_eq!(ews.error(&get_request("Default", &named("nobody@example.test"))), "ErrorNonExistentMailbox");
    let theirs = folder_id(&mut other, "inbox");
    let refused = ews.error(&get_request("Default", &folder(&theirs)));
    assert!(matches!(refused.as_str(), "ErrorAccessDenied" | "ErrorFolderNotFound" | "ErrorItemNotFound"), "{refused}");
    let item = save_simple(&mut other, "inbox", "private");
    let refused = ops::get_error(&mut ews, &item);
    assert!(matches!(refused.as_str(), "ErrorAccessDenied" | "ErrorItemNotFound"), "{refused}");
}

fn refuses_ids_that_are_none() {
    let mut ews = shared::mailbox();
    let item = save_simple(&mut ews, "drafts", "an item");
    for (id, codes) in [
        ("XXX".to_owned(), &["ErrorInvalidIdMalformed"][..]),
        ("AAAA==".into(), &["ErrorInvalidIdMalformed"]),
        ("!!!!".into(), &["ErrorInvalidIdMalformed"]),
        (String::new(), &["ErrorInvalidIdEmpty", "ErrorInvalidIdMalformed"]),
        (item.id, &["ErrorCannotUseItemIdForFolderId"]),
    ] {
        let found = ews.error(&get_request("IdOnly", &format!("<t:FolderId Id=\"{id}\"/>")));
        assert!(codes.contains(&found.as_str()), "{id:?}: {found}");
    }
    let gone = create_folder(&mut ews, "inbox", "gone");
    ews.ok(&delete_request("HardDelete", &[&gone]));
    let found = ews.error(&get_request("IdOnly", &folder(&gone)));
    assert!(matches!(found.as_str(), "ErrorFolderNotFound" | "ErrorItemNotFound"), "{found}");
}
