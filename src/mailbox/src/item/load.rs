//! Reading items for operations: many in one query, and whole messages with everything they are written from.

use std::borrow::Cow;

use ewsd_model::Value;
use ewsd_model::code::Code;
use ewsd_model::id::ItemNo;
use ewsd_model::property::{Column, bit};
use ewsd_store::attached::{self, AttachedItem};
use ewsd_store::{AttachmentKind, AttachmentRow, Columns, ItemRow, Map, Plan};
use jiff::Timestamp;

use crate::convert::mime::{self, Message, Part};
use crate::error::{Error, Result};
use crate::gate::{Granted, Item};
use crate::log::note;
use crate::property::{Needs, body, item};
use crate::session::Session;

/// The items of each mailbox.
pub fn by_mailbox<'i>(items: impl IntoIterator<Item = &'i Item>) -> Vec<(Granted, Vec<ItemNo>)> {
    let mut groups: Vec<(Granted, Vec<ItemNo>)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(granted, _)| granted.mailbox() == item.granted.mailbox()) {
            Some((_, numbers)) => numbers.push(item.item),
            None => groups.push((item.granted, vec![item.item])),
        }
    }
    groups
}

/// One item's row.
pub fn row(session: &mut Session<'_>, item: &Item, plan: &Plan) -> Result<ItemRow> {
    let granted = item.granted;
    let rows = session.gate.open(&granted).items(&[item.item], plan)?;
    rows.into_iter().next().ok_or_else(|| Code::ErrorItemNotFound.into())
}

/// The attachments of those rows that have some and need them told, without contents.
pub fn attachments(
    session: &mut Session<'_>,
    granted: &Granted,
    rows: &[ItemRow],
    needs: &Needs,
) -> Result<Vec<AttachmentRow>> {
    let having = rows.iter().filter(|row| row.attachments > 0 && needs.attachments_of(row.kind));
    let having: Vec<ItemNo> = having.map(|row| row.item).collect();
    if having.is_empty() {
        return Ok(Vec::new());
    }
    Ok(session.gate.open(granted).attachments(&having)?)
}

/// A message with everything it is written from.
pub struct Whole {
    pub row: ItemRow,
    /// With their contents.
    pub attachments: Vec<AttachmentRow>,
}

impl Whole {
    /// Reads the message. Contents of attachments are read only where the stored octets are of no use.
    pub fn read(session: &mut Session<'_>, granted: &Granted, number: ItemNo) -> Result<Whole> {
        let mut mailbox = session.gate.open(granted);
        let rows = mailbox.items(&[number], &Needs::of_message().plan)?;
        let row = rows.into_iter().next().ok_or(Error::from(Code::ErrorItemNotFound))?;
        let mut attachments = Vec::new();
        if row.attachments > 0 && is_stale(&row) {
            for one in mailbox.attachments(&[number])? {
                attachments.push(mailbox.attachment(number, one.attachment, true)?);
            }
        }
        Ok(Whole { row, attachments })
    }

    /// What is to leave: as it was stored, or written anew, sent at `now`.
    pub fn outgoing(&self, now: Timestamp) -> Cow<'_, [u8]> {
        match &self.row.mime {
            Some(octets) if !is_stale(&self.row) => Cow::Borrowed(octets),
            _ => Cow::Owned(self.written(now)),
        }
    }

    /// The message as its owner may see it, for whoever needs nothing else of it.
    pub fn into_mime(self) -> Vec<u8> {
        self.into_octets(true)
    }

    /// The octets that are kept, or written anew, with hidden recipients or without.
    fn into_octets(mut self, bcc: bool) -> Vec<u8> {
        let stale = is_stale(&self.row);
        match self.row.mime.take() {
            Some(octets) if !stale => octets,
            _ => self.build(&self.row.columns, bcc),
        }
    }

    /// An attached item, whose octets come along with it.
    pub fn attached(whole: AttachedItem<'_>) -> Whole {
        let AttachedItem { row, mut attachments, contents } = whole;
        for (one, content) in attachments.iter_mut().zip(contents) {
            one.content = Some(content.to_vec());
        }
        Whole { row, attachments }
    }

    /// The message written anew, without Bcc, sent at `now`.
    fn written(&self, now: Timestamp) -> Vec<u8> {
        let mut columns = self.row.columns.clone();
        columns.set(Column::Sent, Value::Time(now));
        self.build(&columns, false)
    }

    fn build(&self, columns: &Columns, bcc: bool) -> Vec<u8> {
        let body = body::stored(&self.row);
        let kept = item::headers(&self.row).unwrap_or_default();
        let parts: Vec<Part<'_>> = self.attachments.iter().map(|one| part(one, bcc)).collect();
        let none = Map::new();
        mime::build(&Message {
            columns,
            props: self.row.props.as_ref().unwrap_or(&none),
            flags: self.row.flags,
            body: body.as_ref(),
            parts: &parts,
            kept: &kept,
            bcc,
        })
    }
}

fn part(row: &AttachmentRow, bcc: bool) -> Part<'_> {
    Part {
        name: &row.name,
        content_type: row.content_type.as_deref(),
        content_id: row.content_id.as_deref(),
        content_location: row.content_location.as_deref(),
        inline: row.inline,
        content: octets(row.kind, row.content.as_deref().unwrap_or_default(), bcc),
    }
}

/// What is attached as a message tells it: an item as MIME, everything else as it is.
pub(super) fn octets(kind: AttachmentKind, content: &[u8], bcc: bool) -> Cow<'_, [u8]> {
    if kind != AttachmentKind::Whole {
        return Cow::Borrowed(content);
    }
    match attached::decode(content, Timestamp::UNIX_EPOCH) {
        Ok(whole) => Cow::Owned(Whole::attached(whole).into_octets(bcc)),
        Err(error) => {
            note!(Error, "an attached item is left out of a message: {error}");
            Cow::default()
        }
    }
}

/// Whether the message must be written anew before anybody sees it as octets.
pub fn is_stale(row: &ItemRow) -> bool {
    row.mime.is_none() || row.flags & bit::MIME_STALE != 0
}
