//! CreateFolder (MS-OXWSFOLD 3.1.4.2).

use ewsd_model::failure::Failure;
use ewsd_model::object::NewFolder;
use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{entries, only, record};

record! {
    CreateFolder {
        attributes {}
        elements {
            "ParentFolderId" parent: required TargetFolder, only(TargetFolder::read);
            "Folders" folders: required Vec<Result<NewFolder, Failure>>, entries(NewFolder::read);
        }
    }
}
