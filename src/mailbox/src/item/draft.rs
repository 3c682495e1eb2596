//! A new item put together: from MIME, from fields, or from fields over MIME; ready to be saved or sent.

use std::borrow::Cow;
use std::rc::Rc;

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use ewsd_model::kind::Creatable;
use ewsd_model::object::{self, NewContent, NewKind};
use ewsd_model::property::{Column, bit};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::Body;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{AttachmentKind, AttachmentRow, Columns, Event, ItemRow, Map, NewAttachment, NewItem, attached};

use super::edit::{Edit, fits_class};
use super::{derive, load};
use crate::calendar::ical;
use crate::convert::ical::Unreadable;
use crate::convert::mime::{self, Message, Part, Texts};
use crate::convert::table::{FileWords, Headers, Mail, MessageWords};
use crate::convert::{Failed, ask};
use crate::deliver;
use crate::error::Result;
use crate::kind;
use crate::session::Session;

/// An item that is not stored yet.
#[derive(Clone, Debug)]
pub struct Draft {
    pub kind: ItemKind,
    pub flags: u32,
    pub columns: Columns,
    pub props: Map,
    ext: Map,
    contact_rows: Option<Vec<(String, String)>>,
    event: Option<Event>,
    body: Option<Body>,
    plain: Option<String>,
    /// The message as the client gave it.
    mime: Option<Vec<u8>>,
    search: Texts,
    pub attachments: Vec<Attached>,
}

/// An attachment that is not stored yet.
#[derive(Clone, Debug)]
pub struct Attached {
    kind: AttachmentKind,
    name: String,
    content_type: Option<String>,
    content_id: Option<String>,
    content_location: Option<String>,
    inline: bool,
    /// The picture of a contact.
    photo: bool,
    content: Vec<u8>,
    /// Text whose words find it.
    words: String,
}

/// The member of an attachment's document that says that a file is the picture of the contact.
pub const PHOTO: &str = "IsContactPhoto";

/// The kind that an item is created as. An `Item` is what its class says, a message if it says nothing.
pub fn kind_of(wanted: &object::NewItem) -> Result<ItemKind, Failure> {
    let NewKind::Item(element) = wanted.kind else { return Ok(ItemKind::Message) };
    let class = match wanted.get(PropId::ItemItemClass) {
        Some(Value::Text(class)) => Some(class.as_str()),
        _ => None,
    };
    let kind = match (element, class) {
        (ItemKind::Item, None) => ItemKind::Message,
        (ItemKind::Item, Some(class)) => ItemKind::from_class(class),
        (kind, Some(class)) if !fits_class(kind, class) => {
            return Err(Failure::at(Code::ErrorObjectTypeChanged, PropId::ItemItemClass));
        }
        (kind, _) => kind,
    };
    match kind.row().creatable {
        Creatable::Yes => Ok(kind),
        Creatable::NotYet(text) => Err(Failure::with_text(Code::ErrorInvalidItemForOperationCreateItem, text)),
        Creatable::Never => Err(Failure::new(Code::ErrorInvalidItemForOperationCreateItem)),
    }
}

impl Draft {
    pub fn new(session: &mut Session<'_>, kind: ItemKind, mut wanted: object::NewItem) -> Result<Draft> {
        session.check_changes(wanted.extended.len())?;
        let given = match wanted.take(PropId::ItemMimeContent) {
            Some(Value::Mime(_)) if !kind.row().has_mime => {
                return Err(Failure::at(Code::ErrorUnsupportedMimeConversion, PropId::ItemMimeContent).into());
            }
            Some(Value::Mime(octets)) => Some(octets),
            _ => None,
        };
        session.check_size(given.as_ref().map_or(0, Vec::len), Code::ErrorMessageSizeExceeded)?;
        if let (Some(octets), ItemKind::CalendarItem) = (&given, kind) {
            return Draft::of_calendar(session, wanted, octets);
        }
        let mut parsed = given.as_deref().map(|octets| ask(&Mail { now: session.now }, octets)).transpose()?;
        let mut edit = Edit::new(kind, None, session.now).within(&session.zone);
        let mut attachments = Vec::new();
        if let Some(parsed) = &mut parsed {
            // Taken over and not copied: messages can be large.
            edit.set = std::mem::take(&mut parsed.columns);
            edit.props = std::mem::take(&mut parsed.props);
            edit.set_flags = parsed.flags;
            let text = std::mem::take(&mut parsed.body);
            let body_type = derive::body_type(&edit.set);
            edit.body = (!text.is_empty()).then_some(Some(Body { body_type, text, truncated: None }));
            edit.plain = parsed.plain.take();
            attachments.extend(std::mem::take(&mut parsed.attachments).into_iter().map(Attached::parsed));
        }
        let parsed = parsed.is_some();
        let from_mime = attachments.len();
        for attachment in wanted.attachments {
            attachments.push(Attached::new(session, attachment)?);
        }
        for (id, value) in wanted.props {
            edit.set(id, value)?;
        }
        let read = edit.touched.contains(&PropId::MessageIsRead).then(|| edit.flags() & bit::READ != 0);
        for (path, value) in &wanted.extended {
            edit.set_extended(path, value)?;
        }
        // Clients that give both mean the one with the name.
        if let Some(read) = read {
            edit.set_bit(bit::READ, read);
        }
        kind::of(kind).begin(session, &mut edit, parsed);
        if attachments.iter().any(|one| !one.inline) {
            edit.set_bit(bit::HAS_ATTACHMENTS, true);
        }
        if given.is_some() && (derive::touches_mime(&edit) || attachments.len() > from_mime) {
            edit.set_bit(bit::MIME_STALE, true);
        }
        let search = derive::complete(&mut edit)?.unwrap_or_default();
        Ok(Draft::finish(session, edit, given, search, attachments))
    }

    /// A calendar item that is given as iCalendar; the fields beside it go over it.
    fn of_calendar(session: &mut Session<'_>, wanted: object::NewItem, octets: &[u8]) -> Result<Draft> {
        let zone = wanted.get(PropId::CalendarStartTimeZone).and_then(|zone| zone_of(zone, session.now));
        let zone = zone.unwrap_or_else(|| session.zone.zone.clone());
        let told = ical::first(session, zone, octets)?;
        Draft::with_event(session, told, wanted)
    }

    /// A calendar item that is an event and nothing else.
    pub fn of_event(session: &mut Session<'_>, told: Rc<ical::EventItem>) -> Result<Draft> {
        let nothing = object::NewItem {
            kind: NewKind::Item(ItemKind::CalendarItem),
            props: Vec::new(),
            extended: Vec::new(),
            attachments: Vec::new(),
            reference: None,
            new_body: None,
        };
        Draft::with_event(session, told, nothing)
    }

    fn with_event(session: &mut Session<'_>, told: Rc<ical::EventItem>, wanted: object::NewItem) -> Result<Draft> {
        let mut edit = Edit::new(ItemKind::CalendarItem, None, session.now).within(&session.zone);
        let mut attachments = ical::files(&told.event)?;
        ical::lay(&mut edit, told)?;
        for attachment in wanted.attachments {
            attachments.push(Attached::new(session, attachment)?);
        }
        for (id, value) in wanted.props {
            edit.set(id, value)?;
        }
        for (path, value) in &wanted.extended {
            edit.set_extended(path, value)?;
        }
        kind::of(edit.kind).begin(session, &mut edit, true);
        if attachments.iter().any(|one| !one.inline) {
            edit.set_bit(bit::HAS_ATTACHMENTS, true);
        }
        let search = derive::complete(&mut edit)?.unwrap_or_default();
        Ok(Draft::finish(session, edit, None, search, attachments))
    }

    fn finish(
        session: &Session<'_>,
        edit: Edit<'_>,
        mime: Option<Vec<u8>>,
        search: Texts,
        attachments: Vec<Attached>,
    ) -> Draft {
        let Edit {
            kind, set: mut columns, set_flags: flags, mut props, mut ext, body, plain, contact_rows, event, ..
        } = edit;
        props.retain(|_, value| !value.is_null());
        ext.retain(|_, value| !value.is_null());
        let body = body.flatten();
        if columns.get(Column::Class).is_none() {
            columns.set(Column::Class, Value::Text(kind.row().default_class.to_owned()));
        }
        columns.set(Column::ModifiedBy, Value::Text(session.name().to_owned()));
        let culture = session.culture.unwrap_or(&session.caller.language);
        if columns.get(Column::Culture).is_none() && is_language(culture) {
            columns.set(Column::Culture, Value::Text(culture.to_owned()));
        }
        let attached = attachments.iter().map(|one| one.content.len()).sum();
        let size = match &mime {
            Some(octets) => i64::try_from(octets.len()).unwrap_or(i64::MAX),
            None => derive::size(body.as_ref(), &props, attached),
        };
        columns.set(Column::Size, Value::Long(size));
        Draft { kind, flags, columns, props, ext, contact_rows, event, body, plain, mime, search, attachments }
    }

    /// As the store takes it.
    pub fn item(&self, folder: FolderNo, flags: u32) -> NewItem<'_> {
        let mut item = NewItem::new(folder, self.kind);
        item.flags = flags;
        item.columns = self.columns.clone();
        item.props = self.props.clone();
        item.ext = self.ext.clone();
        item.contact = self.contact_rows.clone().unwrap_or_default();
        item.event = self.event.clone();
        item.body = self.body.as_ref().map(|body| body.text.as_bytes());
        item.plain = self.plain.as_deref();
        item.mime = self.mime.as_deref();
        item.search = &self.search;
        item.attachments = self.attachments.iter().map(Attached::row).collect();
        item
    }

    /// As if it were stored: what messages about it are made from.
    pub fn row(&self, folder: FolderNo) -> ItemRow {
        ItemRow {
            item: ItemNo(0),
            folder,
            kind: self.kind,
            change: Seq(0),
            flags: self.flags,
            attachments: u32::try_from(self.attachments.len()).unwrap_or(u32::MAX),
            creator: None,
            columns: self.columns.clone(),
            props: Some(self.props.clone()),
            ext: Some(self.ext.clone()),
            body: self.body.as_ref().map(|body| body.text.clone().into_bytes()),
            mime: None,
            occurrence: None,
        }
    }

    /// What is to leave: what the client gave where that still says the same.
    ///
    /// # Errors
    /// [`Failed`] when what it is written from could not be read.
    pub fn outgoing(&self) -> Result<Cow<'_, [u8]>, Failed> {
        match &self.mime {
            Some(octets) if self.flags & bit::MIME_STALE == 0 => Ok(Cow::Borrowed(octets)),
            _ => self.build().map(Cow::Owned),
        }
    }

    /// The message written from its properties, without Bcc.
    fn build(&self) -> Result<Vec<u8>, Failed> {
        let kept = self.mime.as_deref().map(|octets| ask(&Headers {}, octets)).transpose()?.unwrap_or_default();
        let parts: Vec<Part<'_>> = self.attachments.iter().map(Attached::part).collect::<Result<_, _>>()?;
        mime::build(&Message {
            columns: &self.columns,
            props: &self.props,
            flags: self.flags,
            body: self.body.as_ref(),
            parts: &parts,
            kept: &kept,
            bcc: false,
            calendar: None,
        })
    }
}

/// The zone that a request says of an item, if it can be read.
fn zone_of(value: &Value, now: jiff::Timestamp) -> Option<ItemZone> {
    let Value::TimeZone(definition) = value else { return None };
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    ItemZone::resolve(definition, year, None).ok()
}

/// What is told of a calendar that cannot be read.
pub fn unreadable(why: Unreadable) -> Failure {
    let text = format!("The iCalendar text cannot be read as an event: {why}").into();
    Failure { text, ..Failure::at(Code::ErrorMimeContentInvalid, PropId::ItemMimeContent) }
}

/// What `xs:language` allows, which is what answers may hold.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let part = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.next().is_some_and(|first| part(first) && first.bytes().all(|byte| byte.is_ascii_alphabetic()))
        && parts.all(part)
}

impl Attached {
    /// A part of a message.
    pub fn parsed(part: mime::Attachment<'_>) -> Attached {
        Attached {
            kind: deliver::attachment_kind(&part),
            name: part.name,
            content_type: part.content_type,
            content_id: part.content_id,
            content_location: part.content_location,
            inline: part.inline,
            photo: false,
            content: part.content.into_owned(),
            words: part.words,
        }
    }

    /// A file with these octets.
    ///
    /// # Errors
    /// [`Failed`] when its words could not be read.
    pub fn file(name: &str, content_type: Option<String>, content: Vec<u8>) -> Result<Attached, Failed> {
        let kind = AttachmentKind::File;
        Ok(Attached {
            words: words(kind, content_type.as_deref(), name, &content)?,
            kind,
            name: name.to_owned(),
            content_type,
            content_id: None,
            content_location: None,
            inline: false,
            photo: false,
            content,
        })
    }

    /// From a request. An item is kept with all its properties, most of which MIME has no word for.
    pub fn new(session: &mut Session<'_>, wanted: object::NewAttachment) -> Result<Attached> {
        let object::NewAttachment {
            name,
            content_type,
            content_id,
            content_location,
            inline,
            contact_photo: photo,
            content,
        } = wanted;
        let message = || Some("message/rfc822".to_owned());
        let (kind, content_type, content) = match content {
            NewContent::File(octets) => (AttachmentKind::File, content_type, octets),
            NewContent::Item(item) => {
                if matches!(item.kind, NewKind::Response(_)) {
                    return Err(Failure::new(Code::ErrorInvalidItemForOperationCreateItemAttachment).into());
                }
                let kind = kind_of(&item).map_err(not_attachable)?;
                let draft = Draft::new(session, kind, *item)?;
                let whole = attached::encode(&draft.item(FolderNo(0), draft.flags));
                (AttachmentKind::Whole, message(), whole)
            }
            NewContent::Message(octets) => (AttachmentKind::Message, message(), octets),
            NewContent::Stored(whole) => (AttachmentKind::Whole, message(), whole),
        };
        session.check_size(content.len(), Code::ErrorAttachmentSizeLimitExceeded)?;
        let content_type = content_type.filter(|text| !text.trim().is_empty());
        let words = words(kind, content_type.as_deref(), &name, &content)?;
        Ok(Attached { kind, name, content_type, content_id, content_location, inline, photo, content, words })
    }

    pub fn is_inline(&self) -> bool {
        self.inline
    }

    /// One that is stored already, with its content, for another item.
    ///
    /// # Errors
    /// [`Failed`] when its words could not be read.
    pub fn stored(row: AttachmentRow) -> Result<Attached, Failed> {
        let content = row.content.unwrap_or_default();
        Ok(Attached {
            words: words(row.kind, row.content_type.as_deref(), &row.name, &content)?,
            kind: row.kind,
            name: row.name,
            content_type: row.content_type,
            content_id: row.content_id,
            content_location: row.content_location,
            inline: row.inline,
            photo: false,
            content,
        })
    }

    /// Octets of the content.
    pub fn size(&self) -> usize {
        self.content.len()
    }

    /// As the store takes it.
    pub fn row(&self) -> NewAttachment<'_> {
        NewAttachment {
            kind: self.kind,
            name: &self.name,
            content_type: self.content_type.as_deref(),
            content_id: self.content_id.as_deref(),
            content_location: self.content_location.as_deref(),
            inline: self.inline,
            modified: None,
            content: &self.content,
            search: &self.words,
            props: self.photo.then(|| (PHOTO.to_owned(), true.into())).into_iter().collect(),
        }
    }

    /// As a part of a message that leaves.
    pub(crate) fn part(&self) -> Result<Part<'_>, Failed> {
        Ok(Part {
            name: &self.name,
            content_type: self.content_type.as_deref(),
            content_id: self.content_id.as_deref(),
            content_location: self.content_location.as_deref(),
            inline: self.inline,
            content: load::octets(self.kind, &self.content, false)?,
        })
    }
}

/// Characters of a file's type and name that tell what it is.
const LOOKED_AT: usize = 1_000;

/// What an attachment is found by.
fn words(kind: AttachmentKind, content_type: Option<&str>, name: &str, content: &[u8]) -> Result<String, Failed> {
    match kind {
        AttachmentKind::File => {
            // Whether it is a text is seen at the start of its type and the end of its name, and neither has a limit.
            let content_type = content_type.map(|text| text.chars().take(LOOKED_AT).collect());
            let skipped = name.chars().count().saturating_sub(LOOKED_AT);
            ask(&FileWords { content_type, name: name.chars().skip(skipped).collect() }, content)
        }
        AttachmentKind::Message => ask(&MessageWords {}, content),
        AttachmentKind::Whole => load::words(content),
    }
}

fn not_attachable(failure: Failure) -> Failure {
    match failure.code {
        Code::ErrorInvalidItemForOperationCreateItem => {
            Failure::new(Code::ErrorInvalidItemForOperationCreateItemAttachment)
        }
        _ => failure,
    }
}
