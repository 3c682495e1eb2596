//! CreateAttachment (MS-OXWSATT 3.1.4.1).

use ewsd_model::failure::Failure;
use ewsd_model::object::NewAttachment;
use ewsd_model::value::WireId;

use crate::cursor::Read;
use crate::record::{entries, record};

record! {
    CreateAttachment {
        attributes {}
        elements {
            "ParentItemId" parent: required WireId, WireId::read;
            "Attachments" attachments: required Vec<Result<NewAttachment, Failure>>, entries(NewAttachment::read);
        }
    }
}
