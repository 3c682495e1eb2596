//! GetFolder, FindFolder, CreateFolder, UpdateFolder, DeleteFolder.

use crate::support::ews::{Ews, code};
use crate::support::ops::{
    create_folder, delete, field, find, folder, folder_id, get_folder, save_simple, set_read, shape, sync_hierarchy,
};
use crate::support::xml::Node;
use crate::support::{message, ops, shared};

crate::tests![
    has_every_distinguished_folder,
    answers_each_id_in_order,
    returns_the_shape_that_was_asked,
    knows_the_class_of_each_folder,
    the_upper_folders_have_no_class,
    keeps_what_clients_hide_below_the_root,
    counts_items_and_children,
    names_another_mailbox_only_to_its_owner,
    refuses_ids_that_are_none,
    creates_folders_of_every_kind,
    creates_several_in_order,
    refuses_a_name_that_is_taken,
    refuses_what_cannot_be_a_folder,
    finds_children_and_descendants,
    pages_through_folders,
    filters_folders,
    renames_and_sets_properties,
    updates_only_what_may_be,
    says_of_a_folder_that_went_that_it_is_gone,
    keeps_extended_properties,
    deletes_with_everything_inside,
    moves_a_folder_to_the_deleted_ones,
    protects_distinguished_folders,
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

fn get_request(base: &str, ids: &str) -> String {
    format!(
        "<m:GetFolder><m:FolderShape>{}</m:FolderShape><m:FolderIds>{ids}</m:FolderIds></m:GetFolder>",
        shape(base, &[])
    )
}

fn find_folders(ews: &mut Ews, parent: &str, traversal: &str, view: &str) -> Node {
    let message = ews.one(&format!(
        "<m:FindFolder Traversal=\"{traversal}\"><m:FolderShape>{}</m:FolderShape>{view}<m:ParentFolderIds>{}\
         </m:ParentFolderIds></m:FindFolder>",
        shape("Default", &["folder:ParentFolderId"]),
        folder(parent)
    ));
    message.want("m:RootFolder").clone()
}

fn names(root: &Node) -> Vec<String> {
    root.all("t:Folders/*").iter().map(|f| f.want("t:DisplayName").text.clone()).collect()
}

fn update(ews: &mut Ews, id: &str, updates: &str) -> Node {
    ews.call(&update_request(id, updates)).messages.remove(0)
}

fn update_request(id: &str, updates: &str) -> String {
    format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates>{updates}</t:Updates></t:FolderChange>\
         </m:FolderChanges></m:UpdateFolder>",
        folder(id)
    )
}

fn set(uri: &str, property: &str) -> String {
    format!("<t:SetFolderField>{}<t:Folder>{property}</t:Folder></t:SetFolderField>", field(uri))
}

fn delete_request(kind: &str, ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|i| folder(i)).collect();
    format!("<m:DeleteFolder DeleteType=\"{kind}\"><m:FolderIds>{ids}</m:FolderIds></m:DeleteFolder>")
}

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

/// MS-OXWSFOLD_R2202 MS-OXWSFOLD_R22202 MS-OXWSFOLD_R252 MS-OXWSFOLD_R5890
fn creates_folders_of_every_kind() {
    let mut ews = shared::mailbox();
    for (element, name, class) in [
        ("Folder", "mail", None),
        ("CalendarFolder", "dates", Some("IPF.Appointment")),
        ("ContactsFolder", "people", Some("IPF.Contact")),
        ("TasksFolder", "duties", Some("IPF.Task")),
    ] {
        let message = ews.one(&format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:{element}><t:DisplayName>{name}\
             </t:DisplayName></t:{element}></m:Folders></m:CreateFolder>",
            folder("msgfolderroot")
        ));
        let made = message.want("m:Folders/*");
        assert_eq!(made.name, format!("t:{element}"));
        let id = made.want("t:FolderId").attribute("Id").unwrap();
        let found = get_folder(&mut ews, id, "AllProperties", &[]);
        assert_eq!(found.name, format!("t:{element}"));
        assert_eq!(found.text("t:FolderClass"), class);
        assert_eq!(found.text("t:DisplayName"), Some(name));
    }
    let message = ews.one(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:FolderClass>IPF.Note.Custom</t:FolderClass>\
         <t:DisplayName>custom</t:DisplayName></t:Folder></m:Folders></m:CreateFolder>",
        folder("inbox")
    ));
    let id = message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap();
    assert_eq!(get_folder(&mut ews, id, "AllProperties", &[]).text("t:FolderClass"), Some("IPF.Note.Custom"));
}

fn creates_several_in_order() {
    let mut ews = shared::mailbox();
    let one = |name: &str| format!("<t:Folder><t:DisplayName>{name}</t:DisplayName></t:Folder>");
    let answer = ews.call(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders>{}{}{}</m:Folders></m:CreateFolder>",
        folder("inbox"),
        one("alpha"),
        one("Alpha"),
        one("beta")
    ));
    assert_eq!(answer.codes(), ["NoError", "ErrorFolderExists", "NoError"]);
    let beta = answer.messages[2].want("m:Folders/*/t:FolderId").attribute("Id").unwrap();
    assert_eq!(get_folder(&mut ews, beta, "Default", &[]).text("t:DisplayName"), Some("beta"));
}

/// MS-OXWSFOLD_R217 MS-OXWSFOLD_R22203; names compare without case, in every script.
fn refuses_a_name_that_is_taken() {
    let mut ews = shared::mailbox();
    let request = |parent: &str, name: &str| {
        format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{name}</t:DisplayName>\
             </t:Folder></m:Folders></m:CreateFolder>",
            folder(parent)
        )
    };
    create_folder(&mut ews, "inbox", "Übung");
    assert_eq!(ews.error(&request("inbox", "ÜBUNG")), "ErrorFolderExists");
    assert_eq!(ews.error(&request("msgfolderroot", "inbox")), "ErrorFolderExists");
    ews.ok(&request("drafts", "Übung"));
    let other = create_folder(&mut ews, "inbox", "other");
    let renamed = update(&mut ews, &other, &set("folder:DisplayName", "<t:DisplayName>übung</t:DisplayName>"));
    assert_eq!(code(&renamed), "ErrorFolderExists");
    let same = update(&mut ews, &other, &set("folder:DisplayName", "<t:DisplayName>OTHER</t:DisplayName>"));
    assert_eq!(code(&same), "NoError", "a folder does not stand in its own way");
}

/// MS-OXWSFOLD_R216 MS-OXWSFOLD_R71021
fn refuses_what_cannot_be_a_folder() {
    let mut ews = shared::mailbox();
    let gone = create_folder(&mut ews, "inbox", "gone");
    ews.ok(&delete_request("HardDelete", &[&gone]));
    let request = |parent: &str, inner: &str| {
        format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders>{inner}</m:Folders></m:CreateFolder>",
            folder(parent)
        )
    };
    let named = "<t:Folder><t:DisplayName>x</t:DisplayName></t:Folder>";
    let found = ews.error(&request(&gone, named));
    assert!(
        matches!(found.as_str(), "ErrorParentFolderNotFound" | "ErrorFolderNotFound" | "ErrorItemNotFound"),
        "{found}"
    );
    let found = ews.error(&request("inbox", "<t:Folder/>"));
    assert!(found.starts_with("Error"), "a folder needs a name");
    let wrong =
        "<t:CalendarFolder><t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>y</t:DisplayName></t:CalendarFolder>";
    assert_eq!(ews.error(&request("inbox", wrong)), "ErrorNoFolderClassOverride");
}

fn finds_children_and_descendants() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "top");
    let b = create_folder(&mut ews, &top, "b");
    create_folder(&mut ews, &top, "a");
    create_folder(&mut ews, &b, "inner");
    let shallow = find_folders(&mut ews, &top, "Shallow", "");
    assert_eq!(names(&shallow), ["a", "b"], "in order of name");
    assert_eq!(shallow.attribute("TotalItemsInView"), Some("2"));
    assert_eq!(shallow.attribute("IncludesLastItemInRange"), Some("true"));
    let mut deep = names(&find_folders(&mut ews, &top, "Deep", ""));
    deep.sort();
    assert_eq!(deep, ["a", "b", "inner"]);
    let root = names(&find_folders(&mut ews, "msgfolderroot", "Shallow", ""));
    for name in
        ["Inbox", "Drafts", "Sent Items", "Deleted Items", "Outbox", "Junk Email", "Calendar", "Contacts", "Tasks"]
    {
        assert!(root.iter().any(|n| n == name), "{name} in {root:?}");
    }
    assert!(find_folders(&mut ews, &b, "Shallow", "").get("t:Folders").is_some_and(|f| f.children.len() == 1));
}

/// exchangelib walks the tree by pages of IdOnly from 0.
fn pages_through_folders() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "inbox", "paged");
    for n in 0..7 {
        create_folder(&mut ews, &top, &format!("f{n}"));
    }
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let view =
            format!("<m:IndexedPageFolderView MaxEntriesReturned=\"3\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>");
        let page = find_folders(&mut ews, &top, "Shallow", &view);
        assert_eq!(page.attribute("TotalItemsInView"), Some("7"));
        seen.extend(names(&page));
        if page.attribute("IncludesLastItemInRange") == Some("true") {
            break;
        }
        offset = page.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
    }
    assert_eq!(seen, ["f0", "f1", "f2", "f3", "f4", "f5", "f6"]);
}

/// DavMail's LIST asks by 0x3613 (the folder's class), or by its absence.
fn filters_folders() {
    let mut ews = shared::mailbox();
    let top = create_folder(&mut ews, "msgfolderroot", "filtered");
    create_folder(&mut ews, &top, "mail");
    ews.ok(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>dates</t:DisplayName>\
         </t:CalendarFolder></m:Folders></m:CreateFolder>",
        folder(&top)
    ));
    let equal = |path: &str, value: &str| {
        format!(
            "<m:Restriction><t:IsEqualTo>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant>\
             </t:IsEqualTo></m:Restriction>"
        )
    };
    let class = "<t:ExtendedFieldURI PropertyTag=\"0x3613\" PropertyType=\"String\"/>";
    assert_eq!(names(&find_folders(&mut ews, &top, "Shallow", &equal(class, "IPF.Appointment"))), ["dates"]);
    assert_eq!(names(&find_folders(&mut ews, &top, "Shallow", &equal(&field("folder:DisplayName"), "MAIL"))), ["mail"]);
    assert_eq!(
        names(&find_folders(&mut ews, &top, "Shallow", &equal(&field("folder:DisplayName"), "absent"))),
        Vec::<String>::new()
    );
}

/// MS-OXWSFOLD_R546 MS-OXWSFOLD_R8902 MS-OXWSFOLD_R9301
fn renames_and_sets_properties() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "before");
    let before = get_folder(&mut ews, &id, "IdOnly", &[]);
    let answer = update(&mut ews, &id, &set("folder:DisplayName", "<t:DisplayName>after &amp; beyond</t:DisplayName>"));
    assert_eq!(code(&answer), "NoError");
    let after = get_folder(&mut ews, &id, "Default", &[]);
    assert_eq!(after.text("t:DisplayName"), Some("after & beyond"));
    assert_ne!(after.want("t:FolderId").attribute("ChangeKey"), before.want("t:FolderId").attribute("ChangeKey"));
    assert_eq!(after.want("t:FolderId").attribute("Id"), Some(id.as_str()), "the id stays");
    let state = sync_hierarchy(&mut ews, "").state;
    update(&mut ews, &id, &set("folder:DisplayName", "<t:DisplayName>again</t:DisplayName>"));
    assert_eq!(sync_hierarchy(&mut ews, &state).kinds(), ["Update"]);
}

/// MS-OXWSFOLD_R73 MS-OXWSFOLD_R76 MS-OXWSCDATA_R335
fn updates_only_what_may_be() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "fixed");
    for (updates, wanted) in [
        (set("folder:TotalCount", "<t:TotalCount>5</t:TotalCount>"), "ErrorInvalidPropertySet"),
        (set("folder:ChildFolderCount", "<t:ChildFolderCount>5</t:ChildFolderCount>"), "ErrorInvalidPropertySet"),
        (set("folder:DisplayName", "<t:FolderClass>IPF.Note</t:FolderClass>"), "ErrorUpdatePropertyMismatch"),
        (
            set("folder:DisplayName", "<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>x</t:DisplayName>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (
            format!("<t:DeleteFolderField>{}</t:DeleteFolderField>", field("folder:DisplayName")),
            "ErrorInvalidPropertyDelete",
        ),
        (set("folder:FolderClass", "<t:FolderClass>IPF.Appointment</t:FolderClass>"), "ErrorObjectTypeChanged"),
    ] {
        let message = update(&mut ews, &id, &updates);
        assert_eq!(code(&message), wanted, "{updates}");
    }
    assert_eq!(get_folder(&mut ews, &id, "Default", &[]).text("t:DisplayName"), Some("fixed"));
}

/// By UpdateFolder alone as an item is.
fn says_of_a_folder_that_went_that_it_is_gone() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "gone");
    ews.ok(&delete_request("HardDelete", &[&id]));
    let rename = set("folder:DisplayName", "<t:DisplayName>x</t:DisplayName>");
    assert_eq!(code(&update(&mut ews, &id, &rename)), "ErrorItemNotFound");
    assert_eq!(code(&update(&mut ews, "archiveroot", &rename)), "ErrorFolderNotFound");
    assert_eq!(ews.error(&get_request("IdOnly", &folder(&id))), "ErrorFolderNotFound");
}

/// MS-OXWSFOLD_R7701
fn keeps_extended_properties() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "extended");
    let path = "<t:ExtendedFieldURI PropertySetId=\"9bf757ae-69b5-4d8a-bf1d-2dd0c0871a28\" PropertyName=\"Colour\" PropertyType=\"String\"/>";
    let property = format!("<t:ExtendedProperty>{path}<t:Value>grün</t:Value></t:ExtendedProperty>");
    let message =
        update(&mut ews, &id, &format!("<t:SetFolderField>{path}<t:Folder>{property}</t:Folder></t:SetFolderField>"));
    assert_eq!(code(&message), "NoError");
    let mut read = || {
        let message = ews.one(&format!(
            "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}</t:AdditionalProperties>\
             </m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>",
            folder(&id)
        ));
        message.text("m:Folders/*/t:ExtendedProperty/t:Value").map(str::to_owned)
    };
    assert_eq!(read().as_deref(), Some("grün"));
    let message = update(&mut ews, &id, &format!("<t:DeleteFolderField>{path}</t:DeleteFolderField>"));
    assert_eq!(code(&message), "NoError");
    let message = ews.one(&format!(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}</t:AdditionalProperties>\
         </m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>",
        folder(&id)
    ));
    assert_eq!(message.get("m:Folders/*/t:ExtendedProperty"), None);
}

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
