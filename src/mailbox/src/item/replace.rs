//! A message replaced by another one, given whole: UpdateItem of `item:MimeContent`. The item keeps its id, place, read state
//! and what MIME does not tell (categories, flag, extended properties). A calendar item is replaced by an event in the same way.

use ewsd_model::PropId;
use ewsd_model::Value;
use ewsd_model::id::{ItemNo, Seq};
use ewsd_model::property::{Column, InMime, Source, TABLE, bit};
use ewsd_model::value::Body;
use ewsd_store::{AUTHORS, AttachmentRow, ItemRef, ItemUpdate, Mailbox, StoreError};

use super::derive;
use super::draft::Attached;
use super::edit::Edit;
use crate::calendar::ical;
use crate::convert::mime::Parsed;
use crate::error::Result;
use crate::session::Session;

/// Puts the message into an edit that has nothing else yet: other changes of the same update go over it.
pub fn overlay(edit: &mut Edit<'_>, octets: &[u8], parsed: &Parsed<'_>) {
    for row in TABLE.iter().filter(|row| row.in_mime != InMime::No) {
        match row.source {
            Source::Column(column) => overlay_column(edit, column, row.in_mime, parsed),
            Source::Bit(mask) => edit.set_bit(mask, parsed.flags & mask != 0),
            Source::Json => {
                let member = parsed.props.get(row.element).cloned().unwrap_or_default();
                edit.props.insert(row.element.to_owned(), member);
            }
            // The body comes whole.
            Source::Blob(_) | Source::Children | Source::Computed => {}
        }
    }
    if edit.member(AUTHORS).is_some() || parsed.props.contains_key(AUTHORS) {
        edit.props.insert(AUTHORS.to_owned(), parsed.props.get(AUTHORS).cloned().unwrap_or_default());
    }
    // No rows of their own: the name is the author's, the size that of the octets.
    overlay_column(edit, Column::FromName, InMime::Always, parsed);
    overlay_column(edit, Column::Size, InMime::Perhaps, parsed);
    // A class that the client chose stays, unless the message has one of its own.
    let is_told = |class: Option<&str>| {
        class.is_some_and(|class| class.starts_with("IPM.Note.SMIME") || class.starts_with("REPORT."))
    };
    let before = edit.base.and_then(|base| base.columns.text(Column::Class));
    if is_told(before) || parsed.columns.text(Column::Class) != Some(edit.kind.row().default_class) {
        overlay_column(edit, Column::Class, InMime::Perhaps, parsed);
    }
    edit.set_bit(bit::MIME_STALE, false);
    let body_type = derive::body_type(&parsed.columns);
    edit.body = Some(Some(Body { body_type, text: parsed.body.clone(), truncated: None }));
    edit.plain = parsed.plain.clone();
    edit.mime = Some(octets.to_vec());
    edit.touched.extend([PropId::ItemMimeContent, PropId::ItemBody]);
    edit.changed.insert(PropId::ItemMimeContent);
}

/// Puts a calendar item that is given as iCalendar into an edit that has nothing else yet. Its files stay as they are.
pub fn event(session: &mut Session<'_>, edit: &mut Edit<'_>, octets: &[u8]) -> Result<()> {
    let told = ical::first(session, session.zone.zone.clone(), octets)?;
    Ok(ical::lay(edit, told)?)
}

fn overlay_column(edit: &mut Edit<'_>, column: Column, in_mime: InMime, parsed: &Parsed<'_>) {
    match parsed.columns.get(column) {
        Some(value) => edit.set.set(column, value.clone()),
        None if in_mime == InMime::Always => edit.unset.insert(column),
        None => {}
    }
}

/// Writes the update, and the new message's attachments for the old ones. Inside a transaction.
pub fn write(
    mailbox: &mut Mailbox<'_>,
    item: ItemNo,
    update: &ItemUpdate<'_>,
    expect: Seq,
    parsed: &Parsed<'_>,
) -> std::result::Result<ItemRef, StoreError> {
    let mut changed = mailbox.update_item(item, update, Some(expect))?;
    let old: Vec<_> = mailbox.attachments(&[item])?.iter().map(|row: &AttachmentRow| row.attachment).collect();
    if old.is_empty() && parsed.attachments.is_empty() {
        return Ok(changed);
    }
    if !old.is_empty() {
        changed = mailbox.delete_attachments(item, &old)?.1;
    }
    let new: Vec<Attached> = parsed.attachments.iter().cloned().map(Attached::parsed).collect();
    if !new.is_empty() {
        let rows: Vec<_> = new.iter().map(Attached::row).collect();
        changed = mailbox.create_attachments(item, &rows)?.1;
    }
    // The attachments are the message's own: it tells the whole, and its size is that of its octets.
    let mut settled = ItemUpdate::default();
    if update.set_flags & bit::MIME_STALE == 0 {
        settled.clear_flags = bit::MIME_STALE;
    }
    if let Some(size) = update.set.number(Column::Size) {
        settled.set.set(Column::Size, Value::Long(size));
    }
    mailbox.update_item(item, &settled, Some(changed.change))
}
