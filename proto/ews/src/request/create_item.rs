//! CreateItem (MS-OXWSCORE 3.1.4.2).

use crate::Failure;
use crate::object::NewItem;
use crate::record::{entries, only, record};
use crate::target::TargetFolder;
use crate::word::{Disposition, SendInvitations};

record! {
    CreateItem {
        attributes {
            "MessageDisposition" disposition: optional Disposition;
            "SendMeetingInvitations" invitations: optional SendInvitations;
        }
        elements {
            "SavedItemFolderId" saved_folder: optional TargetFolder, only(TargetFolder::read);
            "Items" items: required Vec<Result<NewItem, Failure>>, entries(NewItem::read);
        }
    }
}
