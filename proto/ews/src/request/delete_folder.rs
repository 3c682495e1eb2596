//! DeleteFolder (MS-OXWSFOLD 3.1.4.4).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, record};
use crate::word::DeleteType;

record! {
    DeleteFolder {
        attributes {
            "DeleteType" delete_type: required DeleteType;
        }
        elements {
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
