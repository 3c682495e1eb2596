//! What a handler is about to do, and which rights on a folder are enough for it. The only place where the two meet: folders,
//! items and attachments, the owner's and those of others, are all judged by [`covers`].

use ewsd_model::rights::Rights;

/// What a handler is about to do with a folder, or with something in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See that the folder is there.
    Visible,
    /// Read items, and list them.
    Read,
    CreateItems,
    /// Create folder-associated items: what the folder keeps about itself.
    CreateAssociated,
    CreateFolders,
    /// Change an item. Of a folder: all that are in it.
    EditItems,
    /// Remove an item, or move it away. Of a folder: all that are in it.
    DeleteItems,
    /// Change, move or remove the folder itself, and the rights on it.
    ManageFolder,
}

/// Whether rights on a folder (MS-OXCPERM 2.2.7) let do this. `own`: with an item that the caller made.
pub fn covers(rights: Rights, right: Right, own: bool) -> bool {
    let enough = match right {
        Right::Visible => Rights::FOLDER_VISIBLE.or(Rights::READ_ANY).or(Rights::FOLDER_OWNER),
        Right::Read => Rights::READ_ANY,
        Right::CreateItems => Rights::CREATE,
        Right::CreateFolders => Rights::CREATE_SUBFOLDER,
        Right::EditItems if own => Rights::EDIT_ANY.or(Rights::EDIT_OWNED),
        Right::EditItems => Rights::EDIT_ANY,
        Right::DeleteItems if own => Rights::DELETE_ANY.or(Rights::DELETE_OWNED),
        Right::DeleteItems => Rights::DELETE_ANY,
        Right::CreateAssociated | Right::ManageFolder => Rights::FOLDER_OWNER,
    };
    rights.0 & enough.0 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Right; 8] = [
        Right::Visible,
        Right::Read,
        Right::CreateItems,
        Right::CreateAssociated,
        Right::CreateFolders,
        Right::EditItems,
        Right::DeleteItems,
        Right::ManageFolder,
    ];

    #[test]
    fn owners_may_everything_and_strangers_nothing() {
        for right in ALL {
            assert!(covers(Rights::OWNER, right, false), "{right:?}");
            assert!(!covers(Rights::NONE, right, true), "{right:?}");
        }
    }

    /// What clients are told of a folder or an item is what the gate lets them do.
    #[test]
    fn effective_rights_are_what_is_let_in() {
        for level in Rights::levels() {
            let Some(rights) = Rights::from_level(level) else { continue };
            let folder = rights.on_folder();
            for (told, right) in [
                (folder.read, Right::Read),
                (folder.create_contents, Right::CreateItems),
                (folder.create_associated, Right::CreateAssociated),
                (folder.create_hierarchy, Right::CreateFolders),
                (folder.modify, Right::ManageFolder),
                (folder.delete, Right::ManageFolder),
            ] {
                assert_eq!(told, covers(rights, right, false), "{level} {right:?}");
            }
            for own in [false, true] {
                let item = rights.on_item(own);
                for (told, right) in
                    [(item.read, Right::Read), (item.modify, Right::EditItems), (item.delete, Right::DeleteItems)]
                {
                    assert_eq!(told, covers(rights, right, own), "{level} {right:?} {own}");
                }
            }
        }
    }
}
