//! GetAttachment (MS-OXWSATT 3.1.4.3): the contents, many ids in one call.

use ewsd_ews::fault::Outcome;
use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::GetAttachment;
use ewsd_model::code::Code;
use ewsd_model::value::AttachmentInfo;
use ewsd_store::{AttachmentKind, Missing, StoreError};

use crate::error::{Error, Result, outcome};
use crate::gate::Right;
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: GetAttachment) -> Result<Vec<Outcome<AttachmentView>>> {
    request.ids.iter().map(|id| outcome(one(cx, id))).collect()
}

fn one(cx: &mut Cx<'_>, id: &str) -> Result<AttachmentView> {
    let attachment = cx.gate.attachment(id, Right::Read)?;
    let granted = attachment.item.granted;
    let store = cx.gate.store(&granted);
    let row = store.attachment(granted.mailbox(), attachment.attachment, true).map_err(|error| match error {
        StoreError::NotFound(Missing::Attachment) => Error::from(Code::ErrorInvalidAttachmentId),
        other => other.into(),
    })?;
    let mut info = AttachmentInfo {
        id: id.to_owned(),
        name: row.name,
        content_type: row.content_type,
        content_id: row.content_id,
        content_location: row.content_location,
        size: row.size,
        modified: Some(row.modified),
        inline: row.inline,
        content: Some(row.content.unwrap_or_default()),
        is_item: false,
    };
    // A message that came with a message, until attached items can be opened: as the file that it also is.
    if row.kind == AttachmentKind::Item {
        info.content_type.get_or_insert_with(|| "message/rfc822".to_owned());
    }
    Ok(AttachmentView { info, root: None, item: None })
}
