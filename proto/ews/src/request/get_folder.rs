//! GetFolder (MS-OXWSFOLD 3.1.4.6).

use crate::record::{list, record};
use crate::shape::FolderShape;
use crate::target::TargetFolder;

record! {
    GetFolder {
        attributes {}
        elements {
            "FolderShape" shape: required FolderShape, FolderShape::read;
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
