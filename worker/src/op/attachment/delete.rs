//! DeleteAttachment (MS-OXWSATT 3.1.4.2): each answer names the item it was attached to, with its new change key.

use ewsd_ews::request::DeleteAttachment;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::Right;
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::value::WireId;

use crate::op::Cx;
use crate::op::item::relocate::wire_id;

pub fn run(cx: &mut Cx<'_>, request: DeleteAttachment) -> Result<Vec<Outcome<WireId>>> {
    request.ids.iter().map(|id| outcome(one(cx, id))).collect()
}

fn one(cx: &mut Cx<'_>, id: &str) -> Result<WireId> {
    let attachment = cx.gate.attachment(id, Right::Modify)?;
    if !attachment.within.levels().is_empty() {
        // An attached message is kept as the octets that came.
        return Err(Code::ErrorCannotDeleteObject.into());
    }
    let granted = attachment.item.granted;
    let (store, mailbox) = (cx.gate.store(&granted), granted.mailbox());
    // The item may have moved since the id was made: the attachment knows where it hangs.
    let item = store.attachment(mailbox, attachment.attachment, false)?.item;
    let (_, changed) = store.delete_attachments(mailbox, item, &[attachment.attachment])?;
    Ok(wire_id(&granted, &changed))
}
