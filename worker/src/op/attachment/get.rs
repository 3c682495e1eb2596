//! GetAttachment (MS-OXWSATT 3.1.4.3): contents of files, and attached messages as items.

use ewsd_ews::fault::Outcome;
use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::GetAttachment;
use ewsd_ews::view::ItemView;
use ewsd_model::PropId;
use ewsd_model::id::{FolderNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::value::AttachmentInfo;
use ewsd_store::{AttachmentKind, AttachmentRow, ItemRow};

use crate::compute::item::attachment_info;
use crate::compute::{Bodies, Item};
use crate::convert::mime;
use crate::error::{Result, outcome};
use crate::gate::{Granted, Right};
use crate::op::path::Shape;
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: GetAttachment) -> Result<Vec<Outcome<AttachmentView>>> {
    let mut shape = Shape::of_attached(request.shape.as_ref(), cx.version);
    request.ids.iter().map(|id| outcome(one(cx, &mut shape, id))).collect()
}

fn one(cx: &mut Cx<'_>, shape: &mut Shape, id: &str) -> Result<AttachmentView> {
    let attachment = cx.gate.attachment(id, Right::Read)?;
    let (granted, folder) = (attachment.item.granted, attachment.item.folder);
    let row = cx.gate.store(&granted).attachment(granted.mailbox(), attachment.attachment, true)?;
    let is_item = row.kind == AttachmentKind::Item;
    let item = is_item.then(|| attached_item(cx, shape, &granted, &row));
    // The id is answered as it was asked for: clients look for it.
    let info = AttachmentInfo { id: id.to_owned(), ..attachment_info(&granted, folder, &row) };
    let content = if is_item { None } else { Some(row.content.unwrap_or_default()) };
    Ok(AttachmentView { info: AttachmentInfo { content, ..info }, root: None, item })
}

/// Ids that only stored items have.
const OF_STORED_ITEMS: [PropId; 3] = [PropId::ItemItemId, PropId::ItemParentFolderId, PropId::ItemEffectiveRights];

/// An attached message, read off its octets. It is no item of the mailbox and has no id of its own.
fn attached_item(cx: &Cx<'_>, shape: &mut Shape, granted: &Granted, attachment: &AttachmentRow) -> ItemView {
    let octets = attachment.content.as_deref().unwrap_or_default();
    let parsed = mime::parse(octets, cx.now);
    let mut columns = parsed.columns;
    for column in [Column::Received, Column::Created, Column::Modified] {
        columns.set(column, ewsd_model::Value::Time(attachment.modified));
    }
    let row = ItemRow {
        item: attachment.item,
        folder: FolderNo(0),
        kind: parsed.kind,
        change: Seq(0),
        flags: parsed.flags,
        attachments: 0,
        columns,
        props: Some(parsed.props),
        ext: None,
        body: Some(parsed.body.into_bytes()),
        mime: None,
    };
    let bodies = Bodies::default();
    let item = Item { row: &row, owner: granted, attachments: &[], mime: Some(octets), bodies: &bodies, listed: false };
    let mut view = shape.view(&item);
    view.props.retain(|(id, _)| !OF_STORED_ITEMS.contains(id));
    view
}
