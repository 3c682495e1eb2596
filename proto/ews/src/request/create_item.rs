//! CreateItem (MS-OXWSCORE 3.1.4.2).

use ewsd_model::failure::Failure;
use ewsd_model::object::NewItem;
use ewsd_model::target::TargetFolder;

use crate::cursor::Read;
use crate::record::{entries, only, record};
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
