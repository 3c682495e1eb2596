//! DeleteItem (MS-OXWSCORE 3.1.4.3).

use ewsd_model::target::BaseItemId;

use crate::cursor::Read;
use crate::record::{list, record};
use crate::word::{AffectedTasks, DeleteType, SendInvitations};

record! {
    DeleteItem {
        attributes {
            "DeleteType" delete_type: required DeleteType;
            "SendMeetingCancellations" cancellations: optional SendInvitations;
            "AffectedTaskOccurrences" affected_tasks: optional AffectedTasks;
            "SuppressReadReceipts" suppress_read_receipts: default bool;
        }
        elements {
            "ItemIds" items: required Vec<BaseItemId>, list(BaseItemId::read);
        }
    }
}
