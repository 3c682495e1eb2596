//! SyncFolderHierarchy (MS-OXWSSYNC 3.1.4.1).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{only, record, text};
use crate::shape::FolderShape;

record! {
    SyncFolderHierarchy {
        attributes {}
        elements {
            "FolderShape" shape: required FolderShape, FolderShape::read;
            /// The mailbox's root when not said.
            "SyncFolderId" folder: optional TargetFolder, only(TargetFolder::read);
            /// Nothing, or empty: from the beginning.
            "SyncState" sync_state: optional String, text;
        }
    }
}
