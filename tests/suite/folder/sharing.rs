//! Each permission level lets do in another's folder what its bits say, and clients are told just that.
//!
//! The table of operations stands here, with the bits that are enough for each; levels and their bits are the model's.

use ewsd_model::rights::Rights;

use crate::support::ews::{Ews, code};
use crate::support::ops::{self, Id, field, folder, get_fields, get_folder, save, save_simple, shape};
use crate::support::shared;
use crate::support::sharing::{give_request, lend, level, person};

crate::tests![
    levels_let_do_what_they_say,
    tells_effective_rights_of_each_item,
    makes_and_moves_folders_of_others,
    sends_nothing_for_others,
    wakes_the_owner,
];

/// A kind of item with the folders it goes to.
struct Kind {
    parent: &'static str,
    folder: &'static str,
    element: &'static str,
    /// What a new one needs.
    inside: &'static str,
}

const KINDS: [Kind; 2] = [
    Kind { parent: "inbox", folder: "Folder", element: "t:Message", inside: "<t:Subject>before</t:Subject>" },
    Kind {
        parent: "contacts",
        folder: "ContactsFolder",
        element: "t:Contact",
        inside: "<t:Subject>before</t:Subject>",
    },
];

/// What is tried on the folder, on an item that the owner made, and on one that the other made; with the bits of which one is
/// enough. Each gets items of its own.
struct Trial {
    name: &'static str,
    enough: Rights,
    /// Enough where the item is one's own.
    own: Rights,
    request: fn(&Kind, &str, &Id) -> String,
}

const TRIALS: &[Trial] = &[
    Trial {
        name: "see",
        enough: Rights(Rights::FOLDER_VISIBLE.0 | Rights::READ_ANY.0 | Rights::FOLDER_OWNER.0),
        own: Rights::NONE,
        request: |_, which, _| {
            let shape = shape("Default", &[]);
            format!(
                "<m:GetFolder><m:FolderShape>{shape}</m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>",
                folder(which)
            )
        },
    },
    Trial {
        name: "list",
        enough: Rights::READ_ANY,
        own: Rights::NONE,
        request: |_, which, _| ops::find_request(which, &shape("IdOnly", &[]), ""),
    },
    Trial {
        name: "read",
        enough: Rights::READ_ANY,
        own: Rights::NONE,
        request: |_, _, id| ops::get_request(&shape("Default", &[]), &[id]),
    },
    Trial {
        name: "create",
        enough: Rights::CREATE,
        own: Rights::NONE,
        request: |kind, which, _| ops::save_request(which, &item(kind)),
    },
    Trial {
        name: "edit",
        enough: Rights::EDIT_ANY,
        own: Rights::EDIT_OWNED,
        request: |kind, _, id| {
            let set = format!(
                "<t:SetItemField>{}<{2}>{1}</{2}></t:SetItemField>",
                field("item:Subject"),
                "<t:Subject>after</t:Subject>",
                kind.element
            );
            ops::update_request(&id.bare(), "AlwaysOverwrite", &set)
        },
    },
    Trial {
        name: "attach",
        enough: Rights::EDIT_ANY,
        own: Rights::EDIT_OWNED,
        request: |_, _, id| {
            format!(
                "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name>\
                 <t:Content>YQ==</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
                id.id
            )
        },
    },
    Trial {
        name: "delete",
        enough: Rights::DELETE_ANY,
        own: Rights::DELETE_OWNED,
        request: |_, _, id| ops::delete_request("MoveToDeletedItems", &[id]),
    },
    Trial {
        name: "delete for good",
        enough: Rights::DELETE_ANY,
        own: Rights::DELETE_OWNED,
        request: |_, _, id| ops::delete_request("HardDelete", &[id]),
    },
    Trial {
        name: "make a folder",
        enough: Rights::CREATE_SUBFOLDER,
        own: Rights::NONE,
        request: |_, which, id| {
            // A name that no other has.
            let name = &id.id[id.id.len() - 24..];
            format!(
                "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{name}\
                 </t:DisplayName></t:Folder></m:Folders></m:CreateFolder>",
                folder(which)
            )
        },
    },
    Trial {
        name: "change the folder",
        enough: Rights::FOLDER_OWNER,
        own: Rights::NONE,
        request: |_, which, _| {
            format!(
                "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates><t:SetFolderField><t:ExtendedFieldURI \
                 PropertyTag=\"0x3004\" PropertyType=\"String\"/><t:Folder><t:ExtendedProperty><t:ExtendedFieldURI \
                 PropertyTag=\"0x3004\" PropertyType=\"String\"/><t:Value>x</t:Value></t:ExtendedProperty></t:Folder>\
                 </t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
                folder(which)
            )
        },
    },
    Trial {
        name: "mark all as read",
        enough: Rights::EDIT_ANY,
        own: Rights::NONE,
        request: |_, which, _| {
            format!(
                "<m:MarkAllItemsAsRead><m:ReadFlag>true</m:ReadFlag><m:SuppressReadReceipts>true</m:SuppressReadReceipts>\
                 <m:FolderIds>{}</m:FolderIds></m:MarkAllItemsAsRead>",
                folder(which)
            )
        },
    },
    // Last, as nothing is left after it.
    Trial {
        name: "empty",
        enough: Rights::DELETE_ANY,
        own: Rights::NONE,
        request: |_, which, _| {
            format!(
                "<m:EmptyFolder DeleteType=\"HardDelete\" DeleteSubFolders=\"false\"><m:FolderIds>{}</m:FolderIds></m:EmptyFolder>",
                folder(which)
            )
        },
    },
];

fn item(kind: &Kind) -> String {
    format!("<{0}>{1}</{0}>", kind.element, kind.inside)
}

/// A folder of its kind, with the level for one person.
fn make(owner: &mut Ews, kind: &Kind, name: &str) -> String {
    let message = owner.one(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:{1}><t:DisplayName>{name}</t:DisplayName></t:{1}>\
         </m:Folders></m:CreateFolder>",
        folder(kind.parent),
        kind.folder
    ));
    message.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned()
}

/// MS-OXWSFOLD_R46 MS-OXWSFOLD_R4502 MS-OXWSFOLD_R4702 MS-OXWSFOLD_R47001 MS-OXWSFOLD_R51001 MS-OXWSFOLD_R51002
/// MS-OXWSFOLD_R51003 MS-OXWSFOLD_R52001 MS-OXWSFOLD_R52002 MS-OXWSFOLD_R52003
fn levels_let_do_what_they_say() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    for kind in &KINDS {
        for name in Rights::levels() {
            let Some(rights) = Rights::from_level(name).filter(|rights| !name.starts_with("Free") && rights.0 < 0x800)
            else {
                continue;
            };
            let which = make(&mut owner, kind, name);
            let give = |owner: &mut Ews, name: &str| {
                owner.one(&give_request(&which, kind.folder, "Permissions", &person(&address, &level(name))));
            };
            for trial in TRIALS {
                give(&mut owner, "Owner");
                let mine = save(&mut other, &which, &item(kind));
                let theirs = save(&mut owner, &which, &item(kind));
                give(&mut owner, name);
                for (id, own) in [(&mine, true), (&theirs, false)] {
                    let allowed = rights.0 & trial.enough.0 != 0 || own && rights.0 & trial.own.0 != 0;
                    let expected = if allowed { "NoError" } else { "ErrorAccessDenied" };
                    let answer = other.call(&(trial.request)(kind, &which, id));
                    assert_eq!(answer.codes(), [expected], "{name}: {} {}, own: {own}", trial.name, kind.element);
                }
            }
        }
    }
}

/// MS-OXWSFOLD_R810107 MS-OXWSFOLD_R810108 MS-OXWSFOLD_R810109 MS-OXWSFOLD_R8101010
fn tells_effective_rights_of_each_item() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    let which = ops::create_folder(&mut owner, "inbox", "told");
    lend(&mut owner, &which, &address, "Owner");
    let (mine, theirs) = (save_simple(&mut other, &which, "mine"), save_simple(&mut owner, &which, "theirs"));
    let told = |node: &crate::support::xml::Node| {
        let rights = node.want("t:EffectiveRights");
        ["t:Read", "t:Modify", "t:Delete"].map(|name| rights.text(name) == Some("true"))
    };
    for name in ["Reviewer", "NoneditingAuthor", "Author", "Editor", "Owner"] {
        let rights = Rights::from_level(name).unwrap();
        lend(&mut owner, &which, &address, name);
        for (id, own) in [(&mine, true), (&theirs, false)] {
            let expected = [
                true,
                rights.has(Rights::EDIT_ANY) || own && rights.has(Rights::EDIT_OWNED),
                rights.has(Rights::DELETE_ANY) || own && rights.has(Rights::DELETE_OWNED),
            ];
            assert_eq!(told(&get_fields(&mut other, id, &["item:EffectiveRights"])), expected, "{name} {own}");
            let list = ops::find(&mut other, &which, &shape("IdOnly", &["item:EffectiveRights"]), "");
            let listed = list.all("t:Items/*").into_iter().find(|node| Id::of(node).id == id.id).unwrap().clone();
            assert_eq!(told(&listed), expected, "listed: {name} {own}");
        }
        let folder = get_folder(&mut other, &which, "IdOnly", &["folder:EffectiveRights"]);
        let manages = rights.has(Rights::FOLDER_OWNER);
        assert_eq!(told(&folder), [true, manages, manages], "{name}");
    }
    // A move keeps the maker, a copy has another one.
    lend(&mut owner, &which, &address, "Author");
    let moved = ops::transfer(&mut owner, "MoveItem", &mine, "drafts");
    let back = ops::transfer(&mut owner, "MoveItem", &moved, &which);
    let copy = ops::transfer(&mut other, "CopyItem", &theirs, &which);
    for id in [&back, &copy] {
        assert_eq!(told(&get_fields(&mut other, id, &["item:EffectiveRights"])), [true; 3]);
    }
    assert_eq!(told(&get_fields(&mut owner, &theirs, &["item:EffectiveRights"])), [true; 3], "the owner's own");
}

fn makes_and_moves_folders_of_others() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let address = other.account.address.clone();
    let top = ops::create_folder(&mut owner, "inbox", "top");
    let private = ops::create_folder(&mut owner, &top, "private");
    lend(&mut owner, &top, &address, "Owner");
    let relocate = |operation: &str, which: &str, to: &str| {
        format!(
            "<m:{operation}><m:ToFolderId>{}</m:ToFolderId><m:FolderIds>{}</m:FolderIds></m:{operation}>",
            folder(to),
            folder(which)
        )
    };
    let remove = |which: &str| {
        format!(
            "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
            folder(which)
        )
    };
    let empty = format!(
        "<m:EmptyFolder DeleteType=\"HardDelete\" DeleteSubFolders=\"true\"><m:FolderIds>{}</m:FolderIds></m:EmptyFolder>",
        folder(&top)
    );
    // What is below goes along: it must be one's to take.
    for request in
        [remove(&top), relocate("CopyFolder", &top, &top), relocate("MoveFolder", &private, &top), empty.clone()]
    {
        assert_eq!(other.error(&request), "ErrorAccessDenied", "{request:.200}");
    }
    for operation in ["MoveFolder", "CopyFolder"] {
        assert_eq!(other.error(&relocate(operation, &top, "inbox")), "ErrorCrossMailboxMoveCopy");
    }
    // Rights are given by those who own the folder.
    lend(&mut owner, &top, &address, "PublishingEditor");
    let made_for = |name: &str| {
        format!(
            "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders><t:Folder><t:DisplayName>{name}</t:DisplayName>\
             <t:PermissionSet><t:Permissions>{}</t:Permissions></t:PermissionSet></t:Folder></m:Folders></m:CreateFolder>",
            folder(&top),
            person(&address, &level("Owner"))
        )
    };
    assert_eq!(other.error(&made_for("grabbed")), "ErrorAccessDenied");
    lend(&mut owner, &top, &address, "Owner");
    other.one(&made_for("given"));
    let (one, two) = (ops::create_folder(&mut other, &top, "one"), ops::create_folder(&mut other, &top, "two"));
    other.one(&relocate("MoveFolder", &one, &two));
    other.one(&relocate("CopyFolder", &one, &top));
    other.one(&remove(&two));
    lend(&mut owner, &private, &address, "Owner");
    other.one(&empty);
    other.one(&remove(&top));
}

fn sends_nothing_for_others() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let which = ops::create_folder(&mut owner, "inbox", "outgoing");
    lend(&mut owner, &which, &other.account.address.clone(), "Owner");
    let to = format!(
        "<t:ToRecipients><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:ToRecipients>",
        owner.account.address
    );
    let message = format!("<t:Message><t:Subject>out</t:Subject>{to}</t:Message>");
    let draft = save(&mut other, &which, &message);
    let send = ops::save_request(&which, &message).replace("SaveOnly", "SendAndSaveCopy");
    let update =
        ops::update_request(&draft.xml(), "AlwaysOverwrite", &ops::set("item:Subject", "<t:Subject>x</t:Subject>"));
    for disposition in ["SendOnly", "SendAndSaveCopy"] {
        assert_eq!(other.error(&update.replace("SaveOnly", disposition)), "ErrorAccessDenied");
    }
    assert_eq!(other.error(&send), "ErrorAccessDenied");
    assert_eq!(ops::subjects(&mut owner, &which), ["out"], "nothing was changed, and nothing came");
    // An answer to what one may read leaves from one's own mailbox; who may not change the message leaves no mark on it.
    lend(&mut owner, &which, &other.account.address.clone(), "Reviewer");
    let before = ops::list(&mut owner, &which);
    other.call(&format!(
        "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:ForwardItem>{to}<t:ReferenceItemId Id=\"{}\"/></t:ForwardItem>\
         </m:Items></m:CreateItem>",
        draft.id
    ));
    assert_eq!(ops::subjects(&mut other, "sentitems"), ["FW: out"]);
    assert_eq!(ops::list(&mut owner, &which), before);
}

/// What another does in a mailbox, whoever waits for news of it is told.
fn wakes_the_owner() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let which = ops::create_folder(&mut owner, "inbox", "watched");
    lend(&mut owner, &which, &other.account.address.clone(), "Editor");
    let mut subscription = ops::subscribe(&mut owner, &[&which], ops::ALL_EVENTS);
    ops::drain(&mut owner, &mut subscription);
    owner.send(&ops::events_request(&subscription), &["Prefer: wait=60"]);
    let id = save_simple(&mut other, &which, "news");
    let answer = owner.receive();
    assert_eq!(code(&answer.messages[0]), "NoError");
    let events = ops::events_of(&answer);
    assert_eq!(events.kinds()[0], "Created");
    let state = ops::sync_all(&mut owner, &which);
    ops::delete(&mut other, "HardDelete", &id);
    assert_eq!(ops::sync(&mut owner, &which, &state, 10).kinds(), ["Delete"]);
}
