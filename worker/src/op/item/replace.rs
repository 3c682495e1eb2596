//! A message replaced by another one, given whole: UpdateItem of `item:MimeContent`. The item keeps its id, place, read state
//! and what MIME does not tell (categories, flag, extended properties).

use ewsd_model::PropId;
use ewsd_model::Value;
use ewsd_model::id::{ItemNo, MailboxNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_model::value::Body;
use ewsd_store::{AttachmentRow, ItemRef, ItemUpdate, Store, StoreError};

use super::derive;
use super::draft::Attached;
use super::edit::Edit;
use crate::convert::mime::Parsed;

/// Columns that a message tells; one that the new message does not tell is unset.
const TOLD: &[Column] = &[
    Column::Subject,
    Column::Sent,
    Column::DisplayTo,
    Column::DisplayCc,
    Column::DisplayBcc,
    Column::FromName,
    Column::From,
    Column::Sender,
    Column::MessageId,
    Column::InReplyTo,
    Column::References,
    Column::ConversationTopic,
    Column::ConversationIndex,
    Column::ConversationId,
];

/// Columns that it may tell, and that stay as they are if it does not.
const SAID: &[Column] = &[Column::Importance, Column::Sensitivity, Column::Categories, Column::Size];

/// Members that a message tells.
const MEMBERS: &[PropId] = &[
    PropId::MessageToRecipients,
    PropId::MessageCcRecipients,
    PropId::MessageBccRecipients,
    PropId::MessageReplyTo,
    PropId::ItemInternetMessageHeaders,
];

/// Flags that a message tells.
const FLAGS: &[u32] = &[bit::READ_RECEIPT, bit::DELIVERY_RECEIPT, bit::HAS_ATTACHMENTS];

/// Puts the message into an edit that has nothing else yet: other changes of the same update go over it.
pub fn overlay(edit: &mut Edit<'_>, octets: &[u8], parsed: &Parsed<'_>) {
    for column in TOLD {
        match parsed.columns.get(*column) {
            Some(value) => edit.set.set(*column, value.clone()),
            None => edit.unset.insert(*column),
        }
    }
    for column in SAID {
        if let Some(value) = parsed.columns.get(*column) {
            edit.set.set(*column, value.clone());
        }
    }
    for id in MEMBERS {
        let element = id.row().element;
        let member = parsed.props.get(element).cloned().unwrap_or_default();
        edit.props.insert(element.to_owned(), member);
    }
    for mask in FLAGS {
        edit.set_bit(*mask, parsed.flags & mask != 0);
    }
    edit.set_bit(bit::MIME_STALE, false);
    let body_type = derive::body_type(&parsed.columns);
    edit.body = Some(Some(Body { body_type, text: parsed.body.clone(), truncated: None }));
    edit.mime = Some(octets.to_vec());
    edit.touched.extend([PropId::ItemMimeContent, PropId::ItemBody]);
    edit.changed.insert(PropId::ItemMimeContent);
}

/// Writes the update, and the new message's attachments for the old ones. Inside a transaction.
pub fn write(
    store: &mut Store,
    mailbox: MailboxNo,
    item: ItemNo,
    update: &ItemUpdate<'_>,
    expect: Seq,
    parsed: &Parsed<'_>,
) -> Result<ItemRef, StoreError> {
    let mut changed = store.update_item(mailbox, item, update, Some(expect))?;
    let old: Vec<_> = store.attachments(mailbox, &[item])?.iter().map(|row: &AttachmentRow| row.attachment).collect();
    if old.is_empty() && parsed.attachments.is_empty() {
        return Ok(changed);
    }
    if !old.is_empty() {
        changed = store.delete_attachments(mailbox, item, &old)?.1;
    }
    let new: Vec<Attached> = parsed.attachments.iter().cloned().map(Attached::parsed).collect();
    if !new.is_empty() {
        let rows: Vec<_> = new.iter().map(Attached::row).collect();
        changed = store.create_attachments(mailbox, item, &rows)?.1;
    }
    // The attachments are the message's own: it tells the whole, and its size is that of its octets.
    let mut settled = ItemUpdate::default();
    if update.set_flags & bit::MIME_STALE == 0 {
        settled.clear_flags = bit::MIME_STALE;
    }
    if let Some(size) = update.set.number(Column::Size) {
        settled.set.set(Column::Size, Value::Long(size));
    }
    store.update_item(mailbox, item, &settled, Some(changed.change))
}
