//! A stream as a mailbox wants it beside MIME: bodies, attachments, people, times, and the properties worth keeping.
//!
//! Neutral: no MIME, no EWS. It says what is there; what is shown, cleaned or refused is the reader's to decide.

use crate::attribute::NotTnef;
use crate::budget::{Budget, Damage, Limit, Meter};
use crate::codepage::{self, Charset};
use crate::lzfu;
use crate::person::{self, Person, Recipient};
use crate::property::Properties;
use crate::rtf::{self, RtfSource};
use crate::stream::{self, Attachment, Content, Tnef};
use crate::tag;
use crate::value::Value;
use ewsd_model::id::Guid;
use ewsd_model::property::mapi::{ExtendedName, ExtendedPath, ExtendedValue};
use jiff::Timestamp;

/// A message out of a TNEF stream. `'a` are the stream's octets.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    /// The message class, `IPM.Note` if none is told.
    pub class: String,
    pub subject: Option<String>,
    /// On whose behalf it was sent; else the sender.
    pub from: Option<Person>,
    pub sender: Option<Person>,
    pub sent: Option<Timestamp>,
    pub received: Option<Timestamp>,
    pub message_id: Option<String>,
    pub in_reply_to: Option<String>,
    pub references: Option<String>,
    /// 0 low, 1 normal, 2 high.
    pub importance: Option<i64>,
    /// -1 not urgent, 0 normal, 1 urgent.
    pub priority: Option<i64>,
    /// 0 normal, 1 personal, 2 private, 3 confidential.
    pub sensitivity: Option<i64>,
    pub body: Body,
    pub recipients: Vec<Recipient>,
    pub attachments: Vec<File<'a>>,
    /// Properties of the message with a value that a mailbox can keep, without bodies.
    pub properties: Vec<(ExtendedPath, ExtendedValue)>,
    pub damage: Vec<Damage>,
}

/// The forms of the text that are there, most of a stream's messages have one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Told as text, or what RTF says in words if nothing else says it.
    pub text: Option<String>,
    /// Told as HTML, or encapsulated in RTF. Not cleaned.
    pub html: Option<String>,
    /// Decompressed.
    pub rtf: Option<Vec<u8>>,
}

/// An attachment.
#[derive(Clone, Debug, PartialEq)]
pub struct File<'a> {
    /// The long name, else the short one; as it was told, so it may hold what no file system takes.
    pub name: Option<String>,
    /// `image/png`, in lower case, if told.
    pub content_type: Option<String>,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    /// Shown inside the text and not in a list of files: hidden, or said to be referred to by it.
    pub is_inline: bool,
    /// The place in the RTF text, if it has one.
    pub position: Option<u32>,
    pub created: Option<Timestamp>,
    pub modified: Option<Timestamp>,
    pub content: FileContent<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FileContent<'a> {
    /// Nothing was attached but a name: a reference to a file elsewhere, or lost.
    Nothing,
    Octets(&'a [u8]),
    Message(Box<Message<'a>>),
    /// An OLE object of this interface.
    Object(Guid, &'a [u8]),
}

/// ATT_MHTML_REF of PidTagAttachFlags: the text refers to it.
const REFERRED_TO: i64 = 4;

/// Properties that are told otherwise.
const BODIES: &[u16] = &[tag::BODY, tag::RTF_COMPRESSED, tag::HTML];

/// Reads winmail.dat whole. `meter` says afterwards what it took.
pub fn read_with<'a>(octets: &'a [u8], meter: &mut Meter) -> Result<Message<'a>, NotTnef> {
    let tnef = stream::parse_with(octets, None, meter)?;
    Ok(message(&tnef, meter))
}

/// Reads winmail.dat whole.
pub fn read<'a>(octets: &'a [u8], budget: &Budget) -> Result<Message<'a>, NotTnef> {
    read_with(octets, &mut Meter::new(budget))
}

/// Bodies are made here, so this needs the budget again.
fn message<'a>(tnef: &Tnef<'a>, meter: &mut Meter) -> Message<'a> {
    let properties = &tnef.properties;
    let charset = tnef.code_page.and_then(Charset::of_text_page);
    let text = |tag| properties.text(tag).map(|text| text.trim().to_owned());
    let sender = person::person(properties, &tag::SENDER, charset);
    let body = body(properties, charset, meter);
    let attachments = tnef.attachments.iter().map(|attachment| file(attachment, meter)).collect();
    let kept = kept(properties, meter);
    tnef.damage.iter().for_each(|damage| meter.tell(*damage));
    Message {
        class: text(tag::MESSAGE_CLASS).unwrap_or_else(|| "IPM.Note".to_owned()),
        subject: subject(properties),
        from: person::person(properties, &tag::SENT_REPRESENTING, charset).or_else(|| sender.clone()),
        sender,
        sent: properties.time(tag::CLIENT_SUBMIT_TIME),
        received: properties.time(tag::MESSAGE_DELIVERY_TIME),
        message_id: text(tag::INTERNET_MESSAGE_ID),
        in_reply_to: text(tag::IN_REPLY_TO),
        references: text(tag::INTERNET_REFERENCES),
        importance: properties.int(tag::IMPORTANCE),
        priority: properties.int(tag::PRIORITY),
        sensitivity: properties.int(tag::SENSITIVITY),
        body,
        recipients: tnef.recipients.iter().filter_map(|row| person::recipient(row, charset)).collect(),
        attachments,
        properties: kept,
        damage: meter.damage(),
    }
}

/// The subject, else its prefix and the rest.
fn subject(properties: &Properties<'_>) -> Option<String> {
    let told = properties.text(tag::SUBJECT).map(str::to_owned);
    told.or_else(|| {
        let rest = properties.text(tag::NORMALIZED_SUBJECT)?;
        Some(properties.text(tag::SUBJECT_PREFIX).unwrap_or_default().to_owned() + rest)
    })
}

/// What is told as text or HTML counts as told; RTF fills what is missing, and never leaves a message without its words.
fn body(properties: &Properties<'_>, charset: Option<Charset>, meter: &mut Meter) -> Body {
    let mut body = Body {
        text: properties.text(tag::BODY).map(str::to_owned),
        html: html(properties, charset, meter).filter(|html| !html.trim().is_empty()),
        rtf: None,
    };
    let Some(compressed) = properties.octets(tag::RTF_COMPRESSED).filter(|octets| !octets.is_empty()) else {
        return body;
    };
    body.rtf = lzfu::decompress(compressed, meter);
    let Some(octets) = &body.rtf else {
        meter.tell(Damage::Compression);
        return body;
    };
    if body.html.is_some() && body.text.is_some() {
        return body;
    }
    let inside = rtf::read(octets, charset, meter);
    match inside.kind {
        _ if inside.text.trim().is_empty() => {}
        RtfSource::Html => body.html = body.html.or(Some(inside.text)),
        RtfSource::Text => body.text = body.text.or(Some(inside.text)),
        RtfSource::Native if body.html.is_none() && body.text.is_none() => body.text = Some(inside.text),
        RtfSource::Native => {}
    }
    body
}

/// PidTagHtml: octets of PidTagInternetCodepage, or a text.
fn html(properties: &Properties<'_>, charset: Option<Charset>, meter: &mut Meter) -> Option<String> {
    match properties.tag(tag::HTML)? {
        Value::Text(text) => Some(text.clone()),
        Value::Binary(octets) => {
            let page = properties.int(tag::INTERNET_CODEPAGE).and_then(|page| u32::try_from(page).ok());
            let octets = meter.cut(octets);
            let own = page.and_then(Charset::of_page).filter(|set| !set.is_wide() || octets.contains(&0));
            // Without a page of its own it is UTF-8 if it can be, whatever the other texts are.
            let known = own.or(charset.filter(|_| std::str::from_utf8(octets).is_err()));
            let text = codepage::guess(known, octets);
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            Some(meter.keep(crate::property::without_nul(text)))
        }
        _ => None,
    }
}

fn file<'a>(attachment: &Attachment<'a>, meter: &mut Meter) -> File<'a> {
    let properties = &attachment.properties;
    let text = |tag| properties.text(tag).map(|text| text.trim().to_owned());
    let content = match &attachment.content {
        Content::Nothing => FileContent::Nothing,
        Content::Octets(octets) => FileContent::Octets(octets),
        Content::Object(interface, octets) => FileContent::Object(*interface, octets),
        Content::Message(inner) => {
            let outer = meter.damage();
            let inner = message(inner, meter);
            outer.into_iter().for_each(|damage| meter.tell(damage));
            FileContent::Message(Box::new(inner))
        }
    };
    let subject = || match &content {
        FileContent::Message(inner) => inner.subject.clone(),
        _ => None,
    };
    let names = [tag::ATTACH_LONG_FILENAME, tag::ATTACH_FILENAME, tag::ATTACH_TRANSPORT_NAME, tag::DISPLAY_NAME];
    let hidden = properties.is(tag::ATTACHMENT_HIDDEN);
    let referred = properties.int(tag::ATTACH_FLAGS).is_some_and(|flags| flags & REFERRED_TO != 0);
    File {
        name: names.iter().find_map(|tag| text(*tag)).or_else(subject),
        content_type: text(tag::ATTACH_MIME_TAG).map(|told| told.to_ascii_lowercase()),
        content_id: text(tag::ATTACH_CONTENT_ID)
            .map(|id| id.trim_matches(|c| matches!(c, '<' | '>')).to_owned())
            .filter(|id| !id.is_empty()),
        content_location: text(tag::ATTACH_CONTENT_LOCATION),
        is_inline: hidden || referred,
        position: properties.int(tag::RENDERING_POSITION).and_then(|place| u32::try_from(place).ok()),
        created: properties.time(tag::CREATION_TIME),
        modified: properties.time(tag::LAST_MODIFICATION_TIME),
        content,
    }
}

/// Copies are made of these, so they count as output.
fn kept(properties: &Properties<'_>, meter: &mut Meter) -> Vec<(ExtendedPath, ExtendedValue)> {
    let is_body = |name: &ExtendedName| matches!(name, ExtendedName::Tag(tag) if BODIES.contains(tag));
    let mut kept = Vec::new();
    for property in properties.iter().filter(|property| !is_body(&property.path.name)) {
        let size = property.value.size();
        meter.step(size);
        if size > meter.room() {
            meter.tell(Damage::Over(Limit::Output));
        } else if let Some(value) = property.value.extended() {
            meter.made(size);
            kept.push((property.path.clone(), value));
        }
    }
    kept
}
