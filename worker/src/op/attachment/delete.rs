//! DeleteAttachment (MS-OXWSATT 3.1.4.2). The last answer about an item has its present change key.

use ewsd_ews::fault::Outcome;
use ewsd_ews::request::DeleteAttachment;
use ewsd_model::code::Code;
use ewsd_model::value::WireId;
use ewsd_store::{Missing, StoreError};

use super::root;
use crate::error::{Error, Result, outcome};
use crate::gate::Right;
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: DeleteAttachment) -> Result<Vec<Outcome<WireId>>> {
    request.ids.iter().map(|id| outcome(one(cx, id))).collect()
}

fn one(cx: &mut Cx<'_>, id: &str) -> Result<WireId> {
    let attachment = cx.gate.attachment(id, Right::Modify)?;
    let granted = attachment.item.granted;
    let store = cx.gate.store(&granted);
    // The number is the attachment's own; where its item has moved to since the id was made, the store knows.
    let missing = |error| match error {
        StoreError::NotFound(Missing::Attachment | Missing::Item) => Error::from(Code::ErrorInvalidAttachmentId),
        other => other.into(),
    };
    let row = store.attachment(granted.mailbox(), attachment.attachment, false).map_err(missing)?;
    let gone = store.delete_attachments(granted.mailbox(), row.item, &[row.attachment]);
    let (_, item) = gone.map_err(missing)?;
    Ok(root(&granted, &item))
}
