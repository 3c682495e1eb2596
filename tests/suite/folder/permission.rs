//! Rights on folders: what is given is shown, and lets others in just so far.

use crate::support::ews::{Ews, code};
use crate::support::ops::{
    self, Id, create_folder, field, find_request, folder, folder_id, get_folder, get_request, save_simple, shape,
    subscribe_request, sync_request,
};
use crate::support::shared;
use crate::support::sharing::{entry, give, give_request, lend, level, named, person};
use crate::support::xml::Node;

crate::tests![
    shows_what_was_given,
    gives_single_rights,
    gives_rights_on_a_calendar,
    gives_rights_on_a_new_calendar,
    hands_rights_down_to_new_folders,
    takes_rights_away,
    refuses_sets_that_contradict_themselves,
    lets_a_reader_in,
    lets_an_owner_change_the_folder,
    keeps_everybody_else_out,
    tells_nothing_of_folders_that_were_never_seen,
    tells_once_of_folders_that_are_seen_no_more,
];

fn set_of(ews: &mut Ews, which: &str) -> Node {
    get_folder(ews, which, "IdOnly", &["folder:PermissionSet"]).want("t:PermissionSet").clone()
}

fn of_address<'a>(set: &'a Node, address: &str) -> &'a Node {
    let of = |entry: &&&Node| entry.text("t:UserId/t:PrimarySmtpAddress") == Some(address);
    set.all("*/*").iter().find(of).unwrap_or_else(|| panic!("no {address} in {set:#?}"))
}

/// MS-OXWSFOLD_R9802 MS-OXWSFOLD_R980301 MS-OXWSFOLD_R980302 MS-OXWSFOLD_R4302 MS-OXWSCDATA_R1299 MS-OXWSCDATA_R1300
/// MS-OXWSCDATA_R1301
fn shows_what_was_given() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let which = create_folder(&mut ews, "inbox", "given");
    let address = other.account.address.clone();
    let plain = set_of(&mut ews, &which);
    let users: Vec<Option<&str>> =
        plain.all("t:Permissions/t:Permission").iter().map(|p| p.text("t:UserId/t:DistinguishedUser")).collect();
    assert_eq!(users, [Some("Default"), Some("Anonymous")]);
    for name in [
        "None",
        "Owner",
        "PublishingEditor",
        "Editor",
        "PublishingAuthor",
        "Author",
        "NoneditingAuthor",
        "Reviewer",
        "Contributor",
    ] {
        give(&mut ews, &which, &person(&address.to_uppercase(), &level(name)));
        let set = set_of(&mut ews, &which);
        let entry = of_address(&set, &address);
        assert_eq!(entry.text("t:PermissionLevel"), Some(name));
        assert!(entry.text("t:UserId/t:DisplayName").is_some_and(|name| !name.is_empty()), "{entry:#?}");
        // What was read can be sent back.
        let back: String = set.all("t:Permissions/*").iter().map(|entry| xml(entry)).collect();
        give(&mut ews, &which, &back);
        assert_eq!(set_of(&mut ews, &which), set);
    }
}

fn xml(node: &Node) -> String {
    let inner: String = node.children.iter().map(xml).collect();
    format!("<{0}>{1}{inner}</{0}>", node.name, node.text)
}

/// MS-OXWSFOLD_R4501 MS-OXWSFOLD_R46 MS-OXWSFOLD_R4502 MS-OXWSFOLD_R460101 MS-OXWSFOLD_R460102 MS-OXWSFOLD_R4702 MS-OXWSFOLD_R47001
/// MS-OXWSFOLD_R480301 MS-OXWSFOLD_R490301 MS-OXWSFOLD_R500301 MS-OXWSFOLD_R51001 MS-OXWSFOLD_R51002 MS-OXWSFOLD_R51003
/// MS-OXWSFOLD_R52001 MS-OXWSFOLD_R52002 MS-OXWSFOLD_R52003
fn gives_single_rights() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let which = create_folder(&mut ews, "inbox", "single");
    let address = other.account.address.clone();
    for (edit, delete, read, flag) in
        [("All", "Owned", "FullDetails", true), ("Owned", "None", "None", false), ("None", "All", "FullDetails", true)]
    {
        let rights = format!(
            "<t:CanCreateItems>{flag}</t:CanCreateItems><t:CanCreateSubFolders>{}</t:CanCreateSubFolders>\
             <t:IsFolderOwner>false</t:IsFolderOwner><t:IsFolderVisible>{flag}</t:IsFolderVisible>\
             <t:IsFolderContact>{flag}</t:IsFolderContact><t:EditItems>{edit}</t:EditItems><t:DeleteItems>{delete}</t:DeleteItems>\
             <t:ReadItems>{read}</t:ReadItems>",
            !flag
        );
        give(&mut ews, &which, &person(&address, &format!("{rights}{}", level("Custom"))));
        let set = set_of(&mut ews, &which);
        let shown = of_address(&set, &address);
        assert_eq!(shown.text("t:PermissionLevel"), Some("Custom"));
        let told: String = shown.children[1..9].iter().map(xml).collect();
        assert_eq!(told, rights);
    }
    // Rights that a level has a name for are shown by it, those not said are not given.
    give(&mut ews, &which, &person(&address, &format!("<t:CanCreateItems>true</t:CanCreateItems>{}", level("Custom"))));
    let set = set_of(&mut ews, &which);
    assert_eq!(of_address(&set, &address).text("t:EditItems"), Some("None"));
    assert_eq!(of_address(&set, &address).text("t:IsFolderVisible"), Some("false"));
}

fn gives_rights_on_a_calendar() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    let calendar = |rest: &str| person(&address, rest).replace("t:Permission>", "t:CalendarPermission>");
    for name in ["FreeBusyTimeOnly", "FreeBusyTimeAndSubjectAndLocation", "Reviewer", "Editor"] {
        let entries = calendar(&format!("<t:CalendarPermissionLevel>{name}</t:CalendarPermissionLevel>"));
        ews.one(&give_request("calendar", "CalendarFolder", "CalendarPermissions", &entries));
        let set = set_of(&mut ews, "calendar");
        assert_eq!(of_address(&set, &address).text("t:CalendarPermissionLevel"), Some(name));
    }
    let entries = calendar("<t:CalendarPermissionLevel>Reviewer</t:CalendarPermissionLevel>");
    let wrong = give_request("drafts", "CalendarFolder", "CalendarPermissions", &entries);
    assert_eq!(ews.error(&wrong), "ErrorCannotSetCalendarPermissionOnNonCalendarFolder");
    let wrong = give_request("calendar", "Folder", "Permissions", &person(&address, &level("Reviewer")));
    assert_eq!(ews.error(&wrong), "ErrorCannotSetNonCalendarPermissionOnCalendarFolder");
}

/// Levels and single rights of calendars, said when one is made.
fn gives_rights_on_a_new_calendar() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    let single = |read: &str| {
        format!(
            "<t:CanCreateItems>true</t:CanCreateItems><t:ReadItems>{read}</t:ReadItems>\
             <t:CalendarPermissionLevel>Custom</t:CalendarPermissionLevel>"
        )
    };
    let level = |name: &str| format!("<t:CalendarPermissionLevel>{name}</t:CalendarPermissionLevel>");
    for (rights, level, read) in [
        (level("FreeBusyTimeOnly"), "FreeBusyTimeOnly", "TimeOnly"),
        (level("FreeBusyTimeAndSubjectAndLocation"), "FreeBusyTimeAndSubjectAndLocation", "TimeAndSubjectAndLocation"),
        (level("Author"), "Author", "FullDetails"),
        (single("TimeOnly"), "Custom", "TimeOnly"),
        (single("TimeAndSubjectAndLocation"), "Custom", "TimeAndSubjectAndLocation"),
        (single("FullDetails"), "Custom", "FullDetails"),
        (single("None"), "Custom", "None"),
    ] {
        let entry = person(&address, &rights).replace("t:Permission>", "t:CalendarPermission>");
        let name = crate::support::message::unique("calendar");
        let message = ews.one(&format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:CalendarFolder><t:DisplayName>{name}</t:DisplayName>\
             <t:PermissionSet><t:CalendarPermissions>{entry}</t:CalendarPermissions></t:PermissionSet></t:CalendarFolder></m:Folders>\
             </m:CreateFolder>",
            folder("calendar")
        ));
        let id = message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned();
        let set = set_of(&mut ews, &id);
        let shown = of_address(&set, &address);
        assert_eq!((shown.text("t:CalendarPermissionLevel"), shown.text("t:ReadItems")), (Some(level), Some(read)));
        // Everybody else may know when.
        let users = set.all("t:CalendarPermissions/t:CalendarPermission");
        assert_eq!(users[0].text("t:CalendarPermissionLevel"), Some("FreeBusyTimeOnly"));
    }
}

fn hands_rights_down_to_new_folders() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    let above = create_folder(&mut ews, "inbox", "above");
    give(&mut ews, &above, &person(&address, &level("Reviewer")));
    let below = create_folder(&mut ews, &above, "below");
    let set = set_of(&mut ews, &below);
    assert_eq!(of_address(&set, &address).text("t:PermissionLevel"), Some("Reviewer"));
    let message = ews.one(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>own</t:DisplayName>\
         <t:PermissionSet><t:Permissions>{}</t:Permissions></t:PermissionSet></t:Folder></m:Folders></m:CreateFolder>",
        folder(&above),
        person(&address, &level("Editor"))
    ));
    let own = message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned();
    let set = set_of(&mut ews, &own);
    assert_eq!(of_address(&set, &address).text("t:PermissionLevel"), Some("Editor"), "what was said goes before");
}

fn takes_rights_away() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let which = create_folder(&mut ews, "inbox", "taken");
    let plain = set_of(&mut ews, &which);
    give(&mut ews, &which, &person(&other.account.address, &level("Reviewer")));
    assert_ne!(set_of(&mut ews, &which), plain);
    give(&mut ews, &which, "");
    assert_eq!(set_of(&mut ews, &which), plain);
}

/// MS-OXWSFOLD_R54911
fn refuses_sets_that_contradict_themselves() {
    let (mut ews, other) = (shared::mailbox(), shared::mailbox());
    let which = create_folder(&mut ews, "inbox", "refused");
    let (address, reviewer) = (other.account.address.clone(), level("Reviewer"));
    let both =
        "<t:PrimarySmtpAddress>a@example.test</t:PrimarySmtpAddress><t:DistinguishedUser>Default</t:DistinguishedUser>";
    let edit = format!("<t:EditItems>All</t:EditItems>{reviewer}");
    let time = format!("<t:ReadItems>FullDetails</t:ReadItems>{}", level("Contributor"));
    for (entries, expected) in [
        (person(&address, &edit), "ErrorInvalidPermissionSettings"),
        (person(&address, &time), "ErrorInvalidPermissionSettings"),
        (person(&address, &reviewer).repeat(2), "ErrorDuplicateUserIdsSpecified"),
        (entry(both, &reviewer), "ErrorInvalidUserInfo"),
        (entry("<t:DisplayName>Somebody</t:DisplayName>", &reviewer), "ErrorMissingUserIdInformation"),
        (entry("<t:SID>S-1-5-21</t:SID>", &reviewer), "ErrorInvalidUserSid"),
        (person("nobody@example.test", &reviewer), "ErrorInvalidUserInfo"),
    ] {
        assert_eq!(ews.error(&give_request(&which, "Folder", "Permissions", &entries)), expected, "{entries}");
    }
    assert_eq!(set_of(&mut ews, &which).all("t:Permissions/*").len(), 2, "nothing was changed");
}

fn get_request_of(id: &str) -> String {
    format!(
        "<m:GetFolder><m:FolderShape>{}</m:FolderShape><m:FolderIds>{id}</m:FolderIds></m:GetFolder>",
        shape("AllProperties", &["folder:PermissionSet"])
    )
}

/// MS-OXWSFOLD_R8101010 MS-OXWSFOLD_R8101011 MS-OXWSFOLD_R810108
fn lets_a_reader_in() {
    let (mut owner, mut reader) = (shared::mailbox(), shared::mailbox());
    let inbox = folder_id(&mut owner, "inbox");
    let id = save_simple(&mut owner, "inbox", "to be read");
    let hidden = save_simple(&mut owner, "drafts", "hidden");
    create_folder(&mut owner, "inbox", "not lent");
    let theirs = named(&owner.account.address, "inbox");
    assert_eq!(reader.error(&get_request_of(&theirs)), "ErrorAccessDenied");
    assert_eq!(ops::get_error(&mut reader, &id), "ErrorAccessDenied");
    give(&mut owner, "inbox", &person(&reader.account.address, &level("Reviewer")));
    let lent = create_folder(&mut owner, "inbox", "lent");
    let message = reader.one(&get_request_of(&theirs));
    let found = message.want("m:Folders/t:Folder");
    assert_eq!(found.want("t:FolderId").attribute("Id"), Some(inbox.as_str()));
    let rights = found.want("t:EffectiveRights");
    let told = ["t:Read", "t:CreateContents", "t:Modify", "t:Delete"].map(|name| rights.text(name));
    assert_eq!(told, [Some("true"), Some("false"), Some("false"), Some("false")]);
    assert!(found.get("t:PermissionSet").is_none(), "whom else the owner trusts is not told");
    // Items: by search, by id, by synchronization.
    let rows = reader.one(&find_request(&inbox, &shape("Default", &[]), ""));
    assert_eq!(rows.all("m:RootFolder/t:Items/*").len(), 1);
    assert_eq!(ops::get_fields(&mut reader, &id, &["item:Subject"]).text("t:Subject"), Some("to be read"));
    assert_eq!(ops::sync(&mut reader, &inbox, "", 10).kinds(), ["Create"]);
    // Both mailboxes in one request, items of one number in both.
    let own = save_simple(&mut reader, "drafts", "own");
    let answer = reader.call(&get_request(&shape("IdOnly", &["item:Subject"]), &[&own, &id, &hidden]));
    assert_eq!(answer.codes(), ["NoError", "NoError", "ErrorAccessDenied"]);
    // Folders below: only those that are lent as well.
    let below = format!(
        "<m:FindFolder Traversal=\"Deep\"><m:FolderShape>{}</m:FolderShape><m:ParentFolderIds>{theirs}</m:ParentFolderIds></m:FindFolder>",
        shape("Default", &[])
    );
    let message = reader.one(&below);
    let names: Vec<&str> =
        message.all("m:RootFolder/t:Folders/*").iter().filter_map(|f| f.text("t:DisplayName")).collect();
    assert_eq!(names, ["lent"]);
    assert_eq!(message.want("m:RootFolder").attribute("TotalItemsInView"), Some("1"));
    let hierarchy = format!(
        "<m:SyncFolderHierarchy><m:FolderShape>{}</m:FolderShape><m:SyncFolderId>{theirs}</m:SyncFolderId></m:SyncFolderHierarchy>",
        shape("IdOnly", &[])
    );
    let message = reader.one(&hierarchy);
    let ids: Vec<&str> = message.find_all("t:FolderId").iter().filter_map(|id| id.attribute("Id")).collect();
    assert_eq!(ids, [lent.as_str()]);
    // And out again.
    give(&mut owner, "inbox", "");
    assert_eq!(reader.error(&get_request_of(&theirs)), "ErrorAccessDenied");
    assert_eq!(ops::get_error(&mut reader, &id), "ErrorAccessDenied");
    assert_eq!(reader.error(&sync_request(&inbox, "", 10, &shape("IdOnly", &[]))), "ErrorAccessDenied");
}

/// MS-OXWSFOLD_R4701 MS-OXWSFOLD_R810109
fn lets_an_owner_change_the_folder() {
    let (mut ews, mut other) = (shared::mailbox(), shared::mailbox());
    let which = create_folder(&mut ews, "inbox", "entrusted");
    let rename = |name: &str| {
        format!(
            "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates><t:SetFolderField>{}<t:Folder><t:DisplayName>{name}\
             </t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
            folder(&which),
            field("folder:DisplayName")
        )
    };
    give(&mut ews, &which, &person(&other.account.address, &level("PublishingEditor")));
    assert_eq!(other.error(&rename("no")), "ErrorAccessDenied");
    let below = create_folder(&mut other, &which, "made by another");
    assert_eq!(get_folder(&mut ews, &below, "Default", &[]).text("t:DisplayName"), Some("made by another"));
    give(&mut ews, &which, &person(&other.account.address, &level("Owner")));
    other.one(&rename("renamed by another"));
    assert_eq!(get_folder(&mut ews, &which, "Default", &[]).text("t:DisplayName"), Some("renamed by another"));
    assert_eq!(set_of(&mut other, &which).all("t:Permissions/*").len(), 3);
}

/// Rights reach no further than their folder, and whoever has none is let in nowhere.
fn keeps_everybody_else_out() {
    let (mut owner, mut other, mut third) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let inbox = folder_id(&mut owner, "inbox");
    let id = save_simple(&mut owner, "inbox", "kept");
    give(&mut owner, "inbox", &person(&other.account.address, &level("Owner")));
    assert_eq!(ops::get_error(&mut third, &id), "ErrorAccessDenied");
    let private = save_simple(&mut owner, "drafts", "private");
    // An id says where its item is, but is not believed.
    let drafts = folder_id(&mut owner, "drafts");
    assert_eq!(ops::get_error(&mut other, &private), "ErrorAccessDenied");
    assert_eq!(other.error(&find_request(&drafts, &shape("IdOnly", &[]), "")), "ErrorAccessDenied");
    let gone = Id { id: id.id.clone(), key: String::new() };
    for request in [
        ops::delete_request("HardDelete", &[&gone]),
        ops::transfer_request("MoveItem", &[&gone], "drafts"),
        ops::transfer_request("CopyItem", &[&gone], "drafts"),
        ops::update_request(&gone.bare(), "AlwaysOverwrite", &ops::set("message:IsRead", "<t:IsRead>true</t:IsRead>")),
        ops::save_request(&inbox, &ops::simple("x", "y")),
        subscribe_request(&[&inbox], ops::ALL_EVENTS, 5),
        format!(
            "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
            folder(&inbox)
        ),
        format!(
            "<m:EmptyFolder DeleteType=\"HardDelete\" DeleteSubFolders=\"false\"><m:FolderIds>{}</m:FolderIds></m:EmptyFolder>",
            folder(&inbox)
        ),
    ] {
        let answer = third.call(&request);
        assert_eq!(code(&answer.messages[0]), "ErrorAccessDenied", "{request:.200}");
    }
    // Even an owner of the folder sends nothing from it.
    let send = format!("<m:SendItem SaveItemToFolder=\"false\"><m:ItemIds>{}</m:ItemIds></m:SendItem>", id.xml());
    assert_eq!(other.error(&send), "ErrorAccessDenied");
    ops::get(&mut owner, &id, &shape("IdOnly", &[]));
}

/// A folder of the owner's with two in it; the reader may see it and the first of the two.
struct Shelf {
    owner: Ews,
    reader: Ews,
    top: String,
    shown: String,
    hidden: String,
}

impl Shelf {
    fn new() -> Shelf {
        let (mut owner, reader) = (shared::mailbox(), shared::mailbox());
        let top = create_folder(&mut owner, "inbox", "shelf");
        let (shown, hidden) = (create_folder(&mut owner, &top, "shown"), create_folder(&mut owner, &top, "hidden"));
        for which in [&top, &shown] {
            lend(&mut owner, which, &reader.account.address, "Reviewer");
        }
        Shelf { owner, reader, top, shown, hidden }
    }

    fn lend(&mut self, which: &str) {
        lend(&mut self.owner, which, &self.reader.account.address, "Reviewer");
    }

    /// What the reader is told of the shelf since `state`, each with its id; `state` moves on.
    fn news(&mut self, state: &mut String) -> Vec<(String, String)> {
        let told = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        let page = ops::SyncPage::of(&self.reader.one(&format!(
            "<m:SyncFolderHierarchy><m:FolderShape>{}</m:FolderShape><m:SyncFolderId>{}</m:SyncFolderId>{told}\
             </m:SyncFolderHierarchy>",
            shape("IdOnly", &[]),
            folder(&self.top)
        )));
        *state = page.state;
        let id = |node: &Node| node.find_all("t:FolderId")[0].attribute("Id").unwrap().to_owned();
        page.changes.iter().map(|(kind, node)| (kind.clone(), id(node))).collect()
    }
}

fn told(kind: &str, id: &str) -> Vec<(String, String)> {
    vec![(kind.to_owned(), id.to_owned())]
}

fn removal(kind: &str, which: &str) -> String {
    format!("<m:DeleteFolder DeleteType=\"{kind}\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>", folder(which))
}

fn tells_nothing_of_folders_that_were_never_seen() {
    let mut shelf = Shelf::new();
    let mut state = String::new();
    assert_eq!(shelf.news(&mut state), told("Create", &shelf.shown.clone()));
    let children = |ews: &mut Ews, which: &str| {
        get_folder(ews, which, "IdOnly", &["folder:ChildFolderCount"]).text("t:ChildFolderCount").unwrap().to_owned()
    };
    assert_eq!(children(&mut shelf.reader, &shelf.top), "1", "not even their number");
    assert_eq!(children(&mut shelf.owner, &shelf.top), "2");
    let hidden = shelf.hidden.clone();
    save_simple(&mut shelf.owner, &hidden, "mail");
    assert_eq!(shelf.news(&mut state), []);
    let other = shared::mailbox();
    lend(&mut shelf.owner, &hidden, &other.account.address, "Editor");
    assert_eq!(shelf.news(&mut state), [], "others' rights");
    // Given and taken between two looks.
    shelf.lend(&hidden);
    give(&mut shelf.owner, &hidden, "");
    assert_eq!(shelf.news(&mut state), []);
    let below = create_folder(&mut shelf.owner, &hidden, "below");
    assert_eq!(shelf.news(&mut state), []);
    shelf.owner.one(&removal("HardDelete", &below));
    assert_eq!(shelf.news(&mut state), [], "removed");
    shelf.owner.one(&removal("MoveToDeletedItems", &hidden));
    assert_eq!(shelf.news(&mut state), [], "moved out of the tree");
}

fn tells_once_of_folders_that_are_seen_no_more() {
    let mut shelf = Shelf::new();
    let mut state = String::new();
    let (shown, hidden) = (shelf.shown.clone(), shelf.hidden.clone());
    assert_eq!(shelf.news(&mut state), told("Create", &shown));
    save_simple(&mut shelf.owner, &shown, "mail");
    assert_eq!(shelf.news(&mut state), told("Update", &shown));
    give(&mut shelf.owner, &shown, "");
    save_simple(&mut shelf.owner, &shown, "more mail");
    assert_eq!(shelf.news(&mut state), told("Delete", &shown));
    save_simple(&mut shelf.owner, &shown, "still more");
    assert_eq!(shelf.news(&mut state), [], "once");
    shelf.lend(&shown);
    shelf.lend(&hidden);
    let mut back = shelf.news(&mut state);
    back.sort();
    let mut both = [told("Create", &shown), told("Create", &hidden)].concat();
    both.sort();
    assert_eq!(back, both, "given again");
    // Taken and removed between two looks; removed; moved away.
    give(&mut shelf.owner, &shown, "");
    shelf.owner.one(&removal("HardDelete", &shown));
    assert_eq!(shelf.news(&mut state), told("Delete", &shown));
    let last = create_folder(&mut shelf.owner, &hidden, "last");
    assert_eq!(shelf.news(&mut state).len(), 2, "it came, and the one above has a child more");
    shelf.owner.one(&removal("MoveToDeletedItems", &last));
    assert!(shelf.news(&mut state).contains(&("Delete".to_owned(), last)));
    shelf.owner.one(&removal("HardDelete", &hidden));
    assert_eq!(shelf.news(&mut state), told("Delete", &hidden));
}
