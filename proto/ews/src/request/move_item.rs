//! MoveItem and CopyItem (MS-OXWSCORE 3.1.4.7, 3.1.4.1).

use ewsd_model::target::{BaseItemId, TargetFolder};

use crate::cursor::Read;
use crate::record::{list, only, record, value};

record! {
    MoveCopyItem {
        attributes {}
        elements {
            "ToFolderId" to: required TargetFolder, only(TargetFolder::read);
            "ItemIds" items: required Vec<BaseItemId>, list(BaseItemId::read);
            /// True when not said.
            "ReturnNewItemIds" return_new_ids: optional bool, value;
        }
    }
}
