//! SendItem (MS-OXWSCORE 3.1.4.8).

use crate::record::{list, only, record};
use crate::target::{BaseItemId, TargetFolder};

record! {
    SendItem {
        attributes {
            "SaveItemToFolder" save: required bool;
        }
        elements {
            "ItemIds" items: required Vec<BaseItemId>, list(BaseItemId::read);
            "SavedItemFolderId" saved_folder: optional TargetFolder, only(TargetFolder::read);
        }
    }
}
