//! Reading items for operations: many in one query, and whole messages with everything they are written from.

use std::borrow::Cow;

use ewsd_model::code::Code;
use ewsd_model::id::ItemNo;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::BodyType;
use ewsd_model::{ItemKind, Value};
use ewsd_store::attached::{self, AttachedItem};
use ewsd_store::{AttachmentKind, AttachmentRow, Columns, ItemRow, Map, Plan};
use jiff::Timestamp;

use crate::calendar::ical;
use crate::calendar::series::{self, ItemOrOccurrence};
use crate::convert::mime::{self, CalendarPart, Message};
use crate::convert::table::HtmlWords;
use crate::convert::{Failed, ask};
use crate::error::{Error, Result};
use crate::gate::{Granted, GrantedItem, Part};
use crate::log::note;
use crate::property::{Needs, body, item};
use crate::session::Session;

/// The items of each mailbox.
pub fn by_mailbox<'i>(items: impl IntoIterator<Item = &'i GrantedItem>) -> Vec<(Granted, Vec<ItemNo>)> {
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
pub fn row(session: &mut Session<'_>, item: &GrantedItem, plan: &Plan) -> Result<ItemRow> {
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
pub struct LoadedItem {
    pub row: ItemRow,
    /// With their contents, but for those that a calendar only names.
    pub attachments: Vec<AttachmentRow>,
    /// The address of the one whose it is, if that is known.
    own: Option<String>,
}

impl LoadedItem {
    /// Reads the message. Contents of attachments are read only where the stored octets are of no use.
    pub fn read(session: &mut Session<'_>, granted: &Granted, number: ItemNo) -> Result<LoadedItem> {
        let mut mailbox = session.gate.open(granted);
        let rows = mailbox.items(&[number], &Needs::of_calendar().plan)?;
        let row = rows.into_iter().next().ok_or(Error::from(Code::ErrorItemNotFound))?;
        let mut attachments = Vec::new();
        if row.attachments > 0 && is_stale(&row) {
            // A calendar only names its files.
            let contents = row.kind != ItemKind::CalendarItem;
            for one in mailbox.attachments(&[number])? {
                let is_link = one.content_type.as_deref() == Some(ical::LINK);
                attachments.push(if contents || is_link {
                    mailbox.attachment(number, one.attachment, true)?
                } else {
                    one
                });
            }
        }
        let own = if session.gate.is_own(granted) { Some(session.address()) } else { None };
        Ok(LoadedItem { row, attachments, own })
    }

    /// What is meant of it: all, or an occurrence.
    pub fn part(mut self, part: Part) -> Result<LoadedItem> {
        if let ItemOrOccurrence::Occurrence(master, placed) = series::resolve(&self.row, part)? {
            self.row = master.shown(&self.row, placed);
        }
        Ok(self)
    }

    /// What is to leave: as it was stored, or written anew, sent at `now`.
    ///
    /// # Errors
    /// [`Failed`] when what it is written from could not be read.
    pub fn outgoing(&self, now: Timestamp) -> Result<Cow<'_, [u8]>, Failed> {
        match &self.row.mime {
            Some(octets) if !is_stale(&self.row) => Ok(Cow::Borrowed(octets)),
            _ => self.written(now).map(Cow::Owned),
        }
    }

    /// The message as its owner may see it, for whoever needs nothing else of it. A calendar item is iCalendar as it is.
    ///
    /// # Errors
    /// [`Failed`] when what it is written from could not be read.
    pub fn into_mime(self) -> Result<Vec<u8>, Failed> {
        match self.row.kind {
            ItemKind::CalendarItem => ical::text(&self.row, &self.attachments, ical::Files::Named, self.own.as_deref()),
            _ => self.into_octets(true),
        }
    }

    /// The octets that are kept, or written anew, with hidden recipients or without.
    fn into_octets(mut self, bcc: bool) -> Result<Vec<u8>, Failed> {
        let stale = is_stale(&self.row);
        match self.row.mime.take() {
            Some(octets) if !stale => Ok(octets),
            _ => self.build(&self.row.columns, bcc),
        }
    }

    /// An attached item, whose octets come along with it.
    pub fn attached(whole: AttachedItem<'_>) -> LoadedItem {
        let AttachedItem { row, mut attachments, contents } = whole;
        for (one, content) in attachments.iter_mut().zip(contents) {
            one.content = Some(content.to_vec());
        }
        LoadedItem { row, attachments, own: None }
    }

    /// The message written anew, without Bcc, sent at `now`.
    fn written(&self, now: Timestamp) -> Result<Vec<u8>, Failed> {
        let mut columns = self.row.columns.clone();
        columns.set(Column::Sent, Value::Time(now));
        self.build(&columns, false)
    }

    fn build(&self, columns: &Columns, bcc: bool) -> Result<Vec<u8>, Failed> {
        let body = body::stored(&self.row);
        let kept = item::headers(&self.row).unwrap_or_default();
        let parts: Vec<mime::Part<'_>> = self.attachments.iter().map(|one| part(one, bcc)).collect::<Result<_, _>>()?;
        let none = Map::new();
        let calendar = self.calendar()?;
        mime::build(&Message {
            columns,
            props: self.row.props.as_ref().unwrap_or(&none),
            flags: self.row.flags,
            body: body.as_ref(),
            parts: &parts,
            kept: &kept,
            bcc,
            calendar: calendar.as_ref(),
        })
    }

    /// What a meeting message says as a calendar, and a calendar item that is attached to a message.
    fn calendar(&self) -> Result<Option<CalendarPart>, Failed> {
        let row = &self.row;
        let none = Map::new();
        let calendar = match row.kind {
            ItemKind::CalendarItem => ical::of_row(row, &[], ical::Files::Named, self.own.as_deref()),
            kind => {
                let source = ical::Source {
                    columns: &row.columns,
                    props: row.props.as_ref().unwrap_or(&none),
                    flags: row.flags,
                };
                ical::of_message(kind, source, body::stored(row))
            }
        };
        calendar.map(|calendar| ical::part(&calendar)).transpose()
    }
}

fn part(row: &AttachmentRow, bcc: bool) -> Result<mime::Part<'_>, Failed> {
    Ok(mime::Part {
        name: &row.name,
        content_type: row.content_type.as_deref(),
        content_id: row.content_id.as_deref(),
        content_location: row.content_location.as_deref(),
        inline: row.inline,
        content: octets(row.kind, row.content.as_deref().unwrap_or_default(), bcc)?,
    })
}

/// What is attached as a message tells it: an item as MIME, everything else as it is.
pub(super) fn octets(kind: AttachmentKind, content: &[u8], bcc: bool) -> Result<Cow<'_, [u8]>, Failed> {
    if kind != AttachmentKind::Whole {
        return Ok(Cow::Borrowed(content));
    }
    match attached::decode(content, Timestamp::UNIX_EPOCH) {
        Ok(whole) => LoadedItem::attached(whole).into_octets(bcc).map(Cow::Owned),
        Err(error) => {
            note!(Error, "an attached item is left out of a message: {error}");
            Ok(Cow::default())
        }
    }
}

/// What an attached item says, for searching: subject, people and body.
pub(super) fn words(content: &[u8]) -> Result<String, Failed> {
    let Ok(whole) = attached::decode(content, Timestamp::UNIX_EPOCH) else { return Ok(String::new()) };
    let columns = &whole.row.columns;
    let mut words: Vec<String> = [Column::Subject, Column::FromName, Column::DisplayTo, Column::DisplayCc]
        .iter()
        .filter_map(|column| columns.text(*column))
        .map(str::to_owned)
        .collect();
    if let Some(body) = body::stored(&whole.row) {
        words.push(match body.body_type {
            BodyType::Html => ask(&HtmlWords {}, body.text.as_bytes())?,
            BodyType::Text => body.text,
        });
    }
    words.extend(whole.attachments.into_iter().map(|one| one.name));
    Ok(words.join("\n"))
}

/// Whether the message must be written anew before anybody sees it as octets.
pub fn is_stale(row: &ItemRow) -> bool {
    row.mime.is_none() || row.flags & bit::MIME_STALE != 0
}
