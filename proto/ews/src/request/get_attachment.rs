//! GetAttachment (MS-OXWSATT 3.1.4.3).

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::record::{list, record};
use crate::shape::AttachmentShape;

record! {
    GetAttachment {
        attributes {}
        elements {
            "AttachmentShape" shape: optional AttachmentShape, AttachmentShape::read;
            /// Attachment ids as they came.
            "AttachmentIds" ids: required Vec<String>, list(attachment_id);
        }
    }
}

/// RequestAttachmentIdType.
pub(crate) fn attachment_id(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<String, Fault> {
    if element.name() != "AttachmentId" {
        return Err(c.unexpected(element));
    }
    let id = c.attribute(element, "Id")?;
    c.empty()?;
    Ok(id)
}
