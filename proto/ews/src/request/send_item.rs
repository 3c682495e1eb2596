//! SendItem (MS-OXWSCORE 3.1.4.8).

use ewsd_model::target::{BaseItemId, TargetFolder};

use crate::cursor::Read;
use crate::record::{list, only, record};

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
