//! UpdateItem (MS-OXWSCORE 3.1.4.9).

use ewsd_model::change::ItemChange;
use ewsd_model::failure::Failure;
use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{entries, only, record};
use crate::word::{ConflictResolution, Disposition, SendUpdates};

record! {
    UpdateItem {
        attributes {
            "ConflictResolution" conflicts: required ConflictResolution;
            "MessageDisposition" disposition: optional Disposition;
            "SendMeetingInvitationsOrCancellations" meeting_updates: optional SendUpdates;
            "SuppressReadReceipts" suppress_read_receipts: default bool;
        }
        elements {
            "SavedItemFolderId" saved_folder: optional TargetFolder, only(TargetFolder::read);
            "ItemChanges" changes: required Vec<Result<ItemChange, Failure>>, entries(ItemChange::read);
        }
    }
}
