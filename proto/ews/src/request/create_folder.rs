//! CreateFolder (MS-OXWSFOLD 3.1.4.2).

use crate::Failure;
use crate::object::NewFolder;
use crate::record::{entries, only, record};
use crate::target::TargetFolder;

record! {
    CreateFolder {
        attributes {}
        elements {
            "ParentFolderId" parent: required TargetFolder, only(TargetFolder::read);
            "Folders" folders: required Vec<Result<NewFolder, Failure>>, entries(NewFolder::read);
        }
    }
}
