//! Rights on folders, given by their owners.

use super::ews::Ews;
use super::ops::{field, folder};

/// The request that gives a folder its whole list of rights; `entries` are `t:Permission` elements.
pub fn give_request(which: &str, element: &str, list: &str, entries: &str) -> String {
    format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates><t:SetFolderField>{}<t:{element}><t:PermissionSet>\
         <t:{list}>{entries}</t:{list}></t:PermissionSet></t:{element}></t:SetFolderField></t:Updates></t:FolderChange>\
         </m:FolderChanges></m:UpdateFolder>",
        folder(which),
        field("folder:PermissionSet")
    )
}

/// An entry for a person; `rest` is the level, with single rights before it if it is Custom.
pub fn person(address: &str, rest: &str) -> String {
    entry(&format!("<t:PrimarySmtpAddress>{address}</t:PrimarySmtpAddress>"), rest)
}

pub fn entry(user: &str, rest: &str) -> String {
    format!("<t:Permission><t:UserId>{user}</t:UserId>{rest}</t:Permission>")
}

pub fn level(name: &str) -> String {
    format!("<t:PermissionLevel>{name}</t:PermissionLevel>")
}

/// Gives a mail folder its whole list of rights.
pub fn give(owner: &mut Ews, which: &str, entries: &str) {
    owner.one(&give_request(which, "Folder", "Permissions", entries));
}

/// Gives one person a level on a mail folder, and nobody else anything.
pub fn lend(owner: &mut Ews, which: &str, address: &str, name: &str) {
    give(owner, which, &person(address, &level(name)));
}

/// The folder of another's mailbox that has a name of its own there.
pub fn named(address: &str, name: &str) -> String {
    format!(
        "<t:DistinguishedFolderId Id=\"{name}\"><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>\
         </t:DistinguishedFolderId>"
    )
}
