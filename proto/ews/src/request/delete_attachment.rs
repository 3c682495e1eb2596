//! DeleteAttachment (MS-OXWSATT 3.1.4.2).

use super::get_attachment::attachment_id;
use crate::record::{list, record};

record! {
    DeleteAttachment {
        attributes {}
        elements {
            /// Attachment ids as they came.
            "AttachmentIds" ids: required Vec<String>, list(attachment_id);
        }
    }
}
