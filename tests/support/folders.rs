//! Requests about folders, and what comes back.

use super::ews::Ews;
use super::ops::{field, folder, shape};
use super::xml::Node;

pub fn get_request(base: &str, ids: &str) -> String {
    format!(
        "<m:GetFolder><m:FolderShape>{}</m:FolderShape><m:FolderIds>{ids}</m:FolderIds></m:GetFolder>",
        shape(base, &[])
    )
}

pub fn find_folders(ews: &mut Ews, parent: &str, traversal: &str, view: &str) -> Node {
    let message = ews.one(&format!(
        "<m:FindFolder Traversal=\"{traversal}\"><m:FolderShape>{}</m:FolderShape>{view}<m:ParentFolderIds>{}\
         </m:ParentFolderIds></m:FindFolder>",
        shape("Default", &["folder:ParentFolderId"]),
        folder(parent)
    ));
    message.want("m:RootFolder").clone()
}

pub fn names(root: &Node) -> Vec<String> {
    root.all("t:Folders/*").iter().map(|f| f.want("t:DisplayName").text.clone()).collect()
}

pub fn update(ews: &mut Ews, id: &str, updates: &str) -> Node {
    ews.call(&update_request(id, updates)).messages.remove(0)
}

pub fn update_request(id: &str, updates: &str) -> String {
    format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates>{updates}</t:Updates></t:FolderChange>\
         </m:FolderChanges></m:UpdateFolder>",
        folder(id)
    )
}

pub fn set(uri: &str, property: &str) -> String {
    format!("<t:SetFolderField>{}<t:Folder>{property}</t:Folder></t:SetFolderField>", field(uri))
}

pub fn delete_request(kind: &str, ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|i| folder(i)).collect();
    format!("<m:DeleteFolder DeleteType=\"{kind}\"><m:FolderIds>{ids}</m:FolderIds></m:DeleteFolder>")
}
