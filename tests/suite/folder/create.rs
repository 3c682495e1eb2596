//! CreateFolder.

use crate::support::ews::code;
use crate::support::folders::{delete_request, set, update};
use crate::support::ops::{create_folder, folder, get_folder};
use crate::support::shared;

crate::tests![
    creates_folders_of_every_kind,
    creates_several_in_order,
    refuses_a_name_that_is_taken,
    refuses_what_cannot_be_a_folder,
];

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
