//! EmptyFolder (MS-OXWSFOLD 3.1.4.5).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, record};
use crate::word::DeleteType;

record! {
    EmptyFolder {
        attributes {
            "DeleteType" delete_type: required DeleteType;
            "DeleteSubFolders" sub_folders: required bool;
        }
        elements {
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
