//! CreateAttachment (MS-OXWSATT 3.1.4.1): files. All of a request go to one item, each by itself.

use ewsd_ews::fault::{Failure, Outcome};
use ewsd_ews::object::{NewAttachment as Asked, NewContent};
use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::CreateAttachment;
use ewsd_ews::target::BaseItemId;
use ewsd_model::code::Code;
use ewsd_model::value::AttachmentInfo;
use ewsd_store::{Missing, NewAttachment, StoreError};

use super::root;
use crate::error::{Error, Result, outcome};
use crate::gate::{Item, Right};
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: CreateAttachment) -> Result<Vec<Outcome<AttachmentView>>> {
    let parent = cx.gate.item(&BaseItemId::Item(request.parent), Right::Modify)?;
    request.attachments.into_iter().map(|asked| outcome(one(cx, &parent, asked))).collect()
}

fn one(cx: &mut Cx<'_>, parent: &Item, asked: Result<Asked, Failure>) -> Result<AttachmentView> {
    let asked = asked?;
    let NewContent::File(content) = &asked.content else {
        return Err(Code::ErrorInvalidItemForOperationCreateItemAttachment.into());
    };
    let limit = cx.settings.limits.message_bytes;
    if content.len() as u64 > limit {
        let text = format!("An attachment has at most {limit} octets.");
        return Err(Failure::with_text(Code::ErrorAttachmentSizeLimitExceeded, text).into());
    }
    let new = NewAttachment {
        name: &asked.name,
        content_type: asked.content_type.as_deref(),
        content_id: asked.content_id.as_deref(),
        content_location: asked.content_location.as_deref(),
        inline: asked.inline,
        content,
        ..NewAttachment::file()
    };
    let granted = parent.granted;
    let store = cx.gate.store(&granted);
    let made = store.create_attachments(granted.mailbox(), parent.item, std::slice::from_ref(&new));
    let (numbers, item) = made.map_err(|error| match error {
        StoreError::NotFound(Missing::Item) => Error::from(Code::ErrorItemNotFound),
        other => other.into(),
    })?;
    let Some(number) = numbers.first() else { return Err(Error::internal("an attachment was made without a number")) };
    let id = granted.attachment_id(item.folder, item.item, *number).encode();
    let info = AttachmentInfo { id, ..AttachmentInfo::default() };
    Ok(AttachmentView { info, root: Some(root(&granted, &item)), item: None })
}
