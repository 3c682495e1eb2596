//! DeleteAttachment (MS-OXWSATT 3.1.4.2): each answer names the item it was attached to, with its new change key.

use ewsd_ews::request::DeleteAttachment;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Attachment, GrantedItem, Right};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::value::WireId;

use crate::op::Cx;
use crate::op::item::relocate::wire_id;

pub fn run(cx: &mut Cx<'_>, request: DeleteAttachment) -> Result<Vec<Outcome<WireId>>> {
    let attachments = cx.gate.attachments(&request.ids, Right::EditItems)?;
    attachments.into_iter().map(|attachment| outcome(attachment.and_then(|one| delete(cx, &one)))).collect()
}

fn delete(cx: &mut Cx<'_>, attachment: &Attachment) -> Result<WireId> {
    if !attachment.within.levels().is_empty() {
        // An attached message is kept as the octets that came.
        return Err(Code::ErrorCannotDeleteObject.into());
    }
    let GrantedItem { granted, item, .. } = attachment.item;
    let mut mailbox = cx.gate.open(&granted);
    let (_, changed) = mailbox.delete_attachments(item, &[attachment.attachment])?;
    Ok(wire_id(&granted, &changed))
}
