//! CreateAttachment (MS-OXWSATT 3.1.4.1): attachments added to a stored item, which gets a new change key by it.

use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::CreateAttachment;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{GrantedItem, Part, Right};
use ewsd_mailbox::item::draft::Attached;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::value::AttachmentInfo;

use crate::op::Cx;
use crate::op::item::relocate::wire_id;

/// All that can be attached are, in one change of the item; the others fail by themselves.
pub fn run(cx: &mut Cx<'_>, request: CreateAttachment) -> Result<Vec<Outcome<AttachmentView>>> {
    let parent = &request.parent;
    let item = cx.gate.item_by_id(&parent.id, parent.change_key.as_deref(), Right::EditItems)?;
    if item.part != Part::Whole {
        let text = "Files are attached to a series, for all of its dates: name its master.";
        return Err(Failure::with_text(Code::ErrorInvalidOperation, text).into());
    }
    let mut prepared = Vec::with_capacity(request.attachments.len());
    for wanted in request.attachments {
        let attached = match wanted {
            Ok(wanted) => Attached::new(cx, wanted),
            Err(failure) => Err(failure.into()),
        };
        prepared.push(match attached {
            Err(fault @ Error::Fault(_)) => return Err(fault),
            attached => attached,
        });
    }
    let mut views = store(cx, &item, &prepared)?.into_iter();
    let each = |attached: Result<Attached>| {
        attached?;
        views.next().ok_or_else(|| Code::ErrorItemNotFound.into())
    };
    prepared.into_iter().map(each).map(outcome).collect()
}

fn store(cx: &mut Cx<'_>, item: &GrantedItem, prepared: &[Result<Attached>]) -> Result<Vec<AttachmentView>> {
    let rows: Vec<_> = prepared.iter().flatten().map(Attached::row).collect();
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let granted = item.granted;
    let (numbers, changed) = cx.gate.open(&granted).create_attachments(item.item, &rows)?;
    let view = |(number, row): (_, &ewsd_store::NewAttachment<'_>)| AttachmentView {
        info: AttachmentInfo {
            id: granted.attachment_id(changed.folder, changed.item, number).encode(),
            name: row.name.to_owned(),
            is_item: row.kind.is_item(),
            ..AttachmentInfo::default()
        },
        root: Some(wire_id(&granted, &changed)),
        item: None,
    };
    Ok(numbers.into_iter().zip(&rows).map(view).collect())
}
