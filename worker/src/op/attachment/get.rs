//! GetAttachment (MS-OXWSATT 3.1.4.3): contents of files, and attached messages as items.

use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::GetAttachment;
use ewsd_ews::view::ItemView;
use ewsd_mailbox::convert::mime;
use ewsd_mailbox::deliver::attachment_kind;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Attachment, Granted, Item, Right};
use ewsd_mailbox::item::draft::CLASS;
use ewsd_mailbox::property::item::attachment_info;
use ewsd_mailbox::property::{self, Bodies};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::{AttachmentId, FolderNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::value::AttachmentInfo;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{AttachmentKind, AttachmentRow, ItemRow, Map};

use crate::op::Cx;
use crate::op::shape::Shape;

pub fn run(cx: &mut Cx<'_>, request: GetAttachment) -> Result<Vec<Outcome<AttachmentView>>> {
    let mut shape = Shape::of_attached(request.shape.as_ref(), cx.version);
    let attachments = cx.gate.attachments(&request.ids, Right::Read)?;
    let named = request.ids.iter().zip(attachments);
    named.map(|(id, attachment)| outcome(attachment.and_then(|one| view(cx, &mut shape, id, &one)))).collect()
}

fn view(cx: &mut Cx<'_>, shape: &mut Shape, id: &str, attachment: &Attachment) -> Result<AttachmentView> {
    let Item { granted, folder, item, .. } = attachment.item;
    let mut row = cx.gate.store(&granted).attachment(granted.mailbox(), item, attachment.attachment, true)?;
    for number in attachment.within.levels() {
        row = inner(cx, &row, *number)?;
    }
    let of = AttachmentId { within: attachment.within, ..granted.attachment_id(folder, row.item, row.attachment) };
    let is_item = row.kind == AttachmentKind::Item;
    let item = is_item.then(|| attached_item(cx, shape, &granted, &of, &row));
    // The id is answered as it was asked for: clients look for it.
    let info = AttachmentInfo { id: id.to_owned(), ..attachment_info(&granted, folder, &row) };
    let content = if is_item { None } else { Some(row.content.unwrap_or_default()) };
    Ok(AttachmentView { info: AttachmentInfo { content, ..info }, root: None, item })
}

/// What is attached to an attached message, counted from 1.
fn inner(cx: &Cx<'_>, outer: &AttachmentRow, number: u16) -> Result<AttachmentRow> {
    let octets = outer.content.as_deref().filter(|_| outer.kind == AttachmentKind::Item).unwrap_or_default();
    let parsed = mime::parse(octets, cx.now);
    let found = parsed.attachments.into_iter().nth(usize::from(number).saturating_sub(1));
    let found = found.ok_or(Code::ErrorInvalidAttachmentId)?;
    Ok(AttachmentRow { content: Some(found.content.to_vec()), ..inner_row(outer, &found) })
}

/// The row that it would have as an attachment of a stored item; without content.
fn inner_row(outer: &AttachmentRow, found: &mime::Attachment<'_>) -> AttachmentRow {
    AttachmentRow {
        attachment: outer.attachment,
        item: outer.item,
        kind: attachment_kind(found),
        name: found.name.clone(),
        content_type: found.content_type.clone(),
        content_id: found.content_id.clone(),
        content_location: found.content_location.clone(),
        size: i64::try_from(found.content.len()).unwrap_or(i64::MAX),
        modified: outer.modified,
        inline: found.inline,
        props: Map::new(),
        content: None,
    }
}

/// The list of what is attached to an attached message, with ids that lead into it.
fn inner_list(
    owner: &Granted,
    of: &AttachmentId,
    outer: &AttachmentRow,
    all: &[mime::Attachment<'_>],
) -> Vec<AttachmentInfo> {
    let info = |(number, found): (u16, &mime::Attachment<'_>)| {
        let id = AttachmentId { within: of.within.deeper(number)?, ..*of }.encode();
        Some(AttachmentInfo { id, ..attachment_info(owner, of.item.folder, &inner_row(outer, found)) })
    };
    (1..).zip(all).filter_map(info).collect()
}

/// Ids that only stored items have.
const OF_STORED_ITEMS: [PropId; 3] = [PropId::ItemItemId, PropId::ItemParentFolderId, PropId::ItemEffectiveRights];

/// An attached message, read off its octets. It is no item of the mailbox and has no id of its own.
fn attached_item(
    cx: &Cx<'_>,
    shape: &mut Shape,
    granted: &Granted,
    of: &AttachmentId,
    attachment: &AttachmentRow,
) -> ItemView {
    let octets = attachment.content.as_deref().unwrap_or_default();
    let parsed = mime::parse(octets, cx.now);
    let attached = inner_list(granted, of, attachment, &parsed.attachments);
    let mut columns = parsed.columns;
    for column in [Column::Received, Column::Created, Column::Modified] {
        columns.set(column, Value::Time(attachment.modified));
    }
    let class = attachment.props.get(CLASS).and_then(serde_json::Value::as_str);
    if let Some(class) = class {
        columns.set(Column::Class, Value::Text(class.to_owned()));
    }
    let row = ItemRow {
        item: attachment.item,
        folder: FolderNo(0),
        kind: class.map_or(parsed.kind, ItemKind::from_class),
        change: Seq(0),
        flags: parsed.flags,
        attachments: 0,
        creator: None,
        columns,
        props: Some(parsed.props),
        ext: None,
        body: Some(parsed.body.into_bytes()),
        mime: None,
    };
    let bodies = Bodies::default();
    let item = property::Item {
        row: &row,
        owner: granted,
        attachments: &[],
        mime: Some(octets),
        bodies: &bodies,
        listed: false,
    };
    let mut view = shape.view(&item);
    view.props.retain(|(id, _)| !OF_STORED_ITEMS.contains(id));
    if !attached.is_empty() {
        view.props.push((PropId::ItemAttachments, Value::Attachments(attached)));
    }
    view
}
