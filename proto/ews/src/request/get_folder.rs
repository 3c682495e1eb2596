//! GetFolder (MS-OXWSFOLD 3.1.4.6).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, record};
use crate::shape::FolderShape;

record! {
    GetFolder {
        attributes {}
        elements {
            "FolderShape" shape: required FolderShape, FolderShape::read;
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
