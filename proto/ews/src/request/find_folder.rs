//! FindFolder (MS-OXWSSRCH 3.1.4.1).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::page::Paging;
use crate::record::{list, record};
use crate::restriction::Restriction;
use crate::shape::FolderShape;
use crate::word::FolderTraversal;

record! {
    FindFolder {
        attributes {
            "Traversal" traversal: required FolderTraversal;
        }
        elements {
            "FolderShape" shape: required FolderShape, FolderShape::read;
            "IndexedPageFolderView" | "FractionalPageFolderView" paging: optional Paging, Paging::read;
            "Restriction" restriction: optional Restriction, Restriction::read;
            "ParentFolderIds" parents: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
