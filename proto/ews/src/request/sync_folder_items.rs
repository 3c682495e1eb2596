//! SyncFolderItems (MS-OXWSSYNC 3.1.4.2).

use ewsd_model::target::{BaseItemId, TargetFolder};

use crate::cursor::Read;
use crate::limits;
use crate::record::{array, only, record, text, value, within};
use crate::shape::ItemShape;
use crate::word::SyncScope;

record! {
    SyncFolderItems {
        attributes {}
        elements {
            "ItemShape" shape: required ItemShape, ItemShape::read;
            "SyncFolderId" folder: required TargetFolder, only(TargetFolder::read);
            /// Nothing, or empty: from the beginning.
            "SyncState" sync_state: optional String, text;
            /// Items whose changes are not to be told.
            "Ignore" ignore: default Vec<BaseItemId>, array(BaseItemId::read);
            /// 1..=512.
            "MaxChangesReturned" max_changes: required i32, within(limits::SYNC_CHANGES);
            /// NormalItems when not said.
            "SyncScope" scope: optional SyncScope, value;
        }
    }
}
