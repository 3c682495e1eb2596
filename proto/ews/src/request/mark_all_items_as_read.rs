//! MarkAllItemsAsRead (MS-OXWSCORE 3.1.4.6).

use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{list, record, value};

record! {
    MarkAllItemsAsRead {
        attributes {}
        elements {
            /// The state that all items get.
            "ReadFlag" read: required bool, value;
            "SuppressReadReceipts" suppress_read_receipts: required bool, value;
            "FolderIds" folders: required Vec<TargetFolder>, list(TargetFolder::read);
        }
    }
}
