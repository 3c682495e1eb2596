//! GetAttachment (MS-OXWSATT 3.1.4.3): contents of files, and attached items. One that is named more than once is read once, and
//! none that the answer has no room for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use ewsd_ews::reply::AttachmentView;
use ewsd_ews::request::GetAttachment;
use ewsd_ews::view::ItemView;
use ewsd_mailbox::convert::table::{Headers, Mail};
use ewsd_mailbox::convert::{ask, mime};
use ewsd_mailbox::deliver::attachment_kind;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Attachment, Granted, GrantedItem, Right};
use ewsd_mailbox::item::load;
use ewsd_mailbox::property::item::{attachment_info, headers};
use ewsd_mailbox::property::{self, Bodies};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::{AttachmentId, FolderNo, Seq};
use ewsd_model::property::Column;
use ewsd_model::value::AttachmentInfo;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{AttachmentKind, AttachmentRow, ItemRow, Map, attached, json};

use crate::op::Cx;
use crate::op::budget::{self, Budget};
use crate::op::shape::Shape;

pub fn run(cx: &mut Cx<'_>, request: GetAttachment) -> Result<Vec<Outcome<Rc<AttachmentView>>>> {
    let mut shape = Shape::of_attached(request.shape.as_ref(), cx.version);
    let attachments = cx.gate.attachments(&request.ids, Right::Read)?;
    let mut budget = Budget::new(cx.settings);
    // By the id as it is asked for, which is answered too.
    let mut known: HashMap<&str, (Rc<AttachmentView>, u64)> = HashMap::new();
    let mut answers = Vec::with_capacity(request.ids.len());
    for (id, attachment) in request.ids.iter().zip(attachments) {
        let shown = match attachment {
            Ok(_) if budget.is_spent() => Err(budget::exceeded().into()),
            Ok(one) => match known.get(id.as_str()) {
                Some((view, octets)) => Ok((view.clone(), *octets)),
                None => view(cx, &mut shape, id, &one).map(|view| {
                    let octets = budget::of_attachment(&view.info, view.item.as_ref());
                    (Rc::new(view), octets)
                }),
            },
            Err(error) => Err(error),
        };
        let given = shown.and_then(|(view, octets)| {
            budget.take(octets)?;
            known.insert(id, (view.clone(), octets));
            Ok(view)
        });
        answers.push(outcome(given)?);
    }
    Ok(answers)
}

fn view(cx: &mut Cx<'_>, shape: &mut Shape, id: &str, attachment: &Attachment) -> Result<AttachmentView> {
    let GrantedItem { granted, folder, item, .. } = attachment.item;
    let mut row = cx.gate.open(&granted).attachment(item, attachment.attachment, true)?;
    for number in attachment.within.levels() {
        row = inner(cx, row, *number)?;
    }
    let of = AttachmentId { within: attachment.within, ..granted.attachment_id(folder, row.item, row.attachment) };
    let is_item = row.kind.is_item();
    let item = if is_item { Some(attached_item(cx, shape, &granted, &of, &row)?) } else { None };
    // The id is answered as it was asked for: clients look for it.
    let info = AttachmentInfo { id: id.to_owned(), ..attachment_info(&granted, folder, &row) };
    let content = if is_item { None } else { Some(row.content.unwrap_or_default()) };
    Ok(AttachmentView { info: AttachmentInfo { content, ..info }, root: None, item })
}

/// What is attached to an attached item, counted from 1, with its content.
fn inner(cx: &Cx<'_>, outer: AttachmentRow, number: u16) -> Result<AttachmentRow> {
    let octets = outer.content.as_deref().unwrap_or_default();
    let at = usize::from(number).saturating_sub(1);
    let (found, content) = match outer.kind {
        AttachmentKind::File => None,
        AttachmentKind::Message => {
            let found = ask(&Mail { now: cx.now }, octets)?.attachments.into_iter().nth(at);
            found.map(|found| (parsed_row(&outer, &found), found.content.to_vec()))
        }
        AttachmentKind::Whole => {
            let whole = attached::decode(octets, outer.modified)?;
            whole.attachments.into_iter().zip(whole.contents).nth(at).map(|(row, content)| (row, content.to_vec()))
        }
    }
    .ok_or(Code::ErrorInvalidAttachmentId)?;
    Ok(AttachmentRow { attachment: outer.attachment, item: outer.item, content: Some(content), ..found })
}

/// The row that a part of a message would have as an attachment of a stored item; without content.
fn parsed_row(outer: &AttachmentRow, found: &mime::Attachment<'_>) -> AttachmentRow {
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

/// The list of what is attached to an attached item, with ids that lead into it.
fn inner_list(owner: &Granted, of: &AttachmentId, all: &[AttachmentRow]) -> Vec<AttachmentInfo> {
    let info = |(number, row): (u16, &AttachmentRow)| {
        let id = AttachmentId { within: of.within.deeper(number)?, ..*of }.encode();
        Some(AttachmentInfo { id, ..attachment_info(owner, of.item.folder, row) })
    };
    (1..).zip(all).filter_map(info).collect()
}

/// Ids that only stored items have.
const OF_STORED_ITEMS: [PropId; 3] = [PropId::ItemItemId, PropId::ItemParentFolderId, PropId::ItemEffectiveRights];

/// An attached item. It is no item of the mailbox and has no id of its own.
fn attached_item(
    cx: &Cx<'_>,
    shape: &mut Shape,
    granted: &Granted,
    of: &AttachmentId,
    attachment: &AttachmentRow,
) -> Result<ItemView> {
    let octets = attachment.content.as_deref().unwrap_or_default();
    let Shown { row, attached, mime } = match attachment.kind {
        AttachmentKind::Whole => whole(octets, attachment)?,
        AttachmentKind::Message | AttachmentKind::File => message(cx, octets, attachment)?,
    };
    if shape.insists_on_mime() && !row.kind.row().has_mime {
        return Err(Code::ErrorUnsupportedMimeConversion.into());
    }
    let bodies = Bodies::default();
    let mime = mime.as_deref();
    let item = property::ShownItem {
        row: &row,
        owner: granted,
        attachments: &[],
        mime,
        bodies: &bodies,
        listed: false,
        told: &[],
        trouble: None,
    };
    let mut view = shape.view(&item)?;
    view.props.retain(|(id, _)| !OF_STORED_ITEMS.contains(id));
    let attached = inner_list(granted, of, &attached);
    if !attached.is_empty() {
        view.props.push((PropId::ItemAttachments, Value::Attachments(attached)));
    }
    Ok(view)
}

/// All that is told of an attached item.
struct Shown<'a> {
    row: ItemRow,
    /// What is attached to it.
    attached: Vec<AttachmentRow>,
    /// The item as MIME, if it has such a form.
    mime: Option<Cow<'a, [u8]>>,
}

/// An item that is kept with all its properties.
fn whole<'a>(octets: &[u8], attachment: &AttachmentRow) -> Result<Shown<'a>> {
    let whole = attached::decode(octets, attachment.modified)?;
    let (mut row, attached) = (whole.row.clone(), whole.attachments.clone());
    row.item = attachment.item;
    if row.kind == ItemKind::DistributionList {
        // Lists cannot stand in an attachment under their own name (ItemAttachmentType).
        row.kind = ItemKind::Item;
    }
    let mime = row.kind.row().has_mime.then(|| load::LoadedItem::attached(whole).into_mime()).transpose()?;
    if let (Some(octets), None) = (&mime, headers(&row)) {
        // Once it left it would have these.
        let lines = json::member(&Value::Headers(ask(&Headers {}, octets)?));
        let props = row.props.get_or_insert_default();
        props.insert(PropId::ItemInternetMessageHeaders.row().element.to_owned(), lines);
    }
    Ok(Shown { row, attached, mime: mime.map(Cow::Owned) })
}

/// The member of an attachment's document where an early program kept the class that octets do not tell.
const CLASS: &str = "ItemClass";

/// A message that came as octets, read off them.
fn message<'a>(cx: &Cx<'_>, octets: &'a [u8], attachment: &AttachmentRow) -> Result<Shown<'a>> {
    let parsed = ask(&Mail { now: cx.now }, octets)?;
    let attached = parsed.attachments.iter().map(|found| parsed_row(attachment, found)).collect();
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
        occurrence: None,
    };
    Ok(Shown { row, attached, mime: Some(Cow::Borrowed(octets)) })
}
