//! UpdateFolder.

use crate::support::ews::code;
use crate::support::folders::{delete_request, get_request, set, update};
use crate::support::ops::{create_folder, field, folder, get_folder, sync_hierarchy};
use crate::support::shared;

crate::tests![
    renames_and_sets_properties,
    updates_only_what_may_be,
    says_of_a_folder_that_went_that_it_is_gone,
    keeps_extended_properties,
];

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
