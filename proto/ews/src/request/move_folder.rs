//! MoveFolder and CopyFolder (MS-OXWSFOLD 3.1.4.7, 3.1.4.1).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, only, record};

record! {
    MoveCopyFolder {
        attributes {}
        elements {
            "ToFolderId" to: required TargetFolder, only(TargetFolder::read);
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
