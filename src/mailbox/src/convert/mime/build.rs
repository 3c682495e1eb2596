//! A message written from its properties: for messages that clients made from fields, and after edits (RFC 5322, RFC 2045).
//!
//! The same properties always give the same octets: boundaries are taken from the content, times from the properties.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::Value;
use ewsd_model::property::{Column, Type, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_store::{Columns, Map, json};
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use super::id;
use crate::convert::table::HtmlText;
use crate::convert::{Failed, ask};

/// What a message is made of. `columns`, `props` and `flags` are those of its row, read or about to be written.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub columns: &'a Columns,
    pub props: &'a Map,
    /// Bits of [`bit`].
    pub flags: u32,
    pub body: Option<&'a Body>,
    pub parts: &'a [Part<'a>],
    /// Header fields to keep that nothing above tells (those that something does tell are left out).
    pub kept: &'a [(String, String)],
    /// Write Bcc: in the sender's own copy, never in what is sent.
    pub bcc: bool,
    /// What it says as a calendar: one more way to show it (RFC 6047).
    pub calendar: Option<&'a CalendarPart>,
}

/// A calendar in a message.
#[derive(Clone, Debug)]
pub struct CalendarPart {
    /// In upper case; the same stands in the text.
    pub method: String,
    pub text: String,
}

/// What a message with a calendar says of itself (MS-OXCMAIL 2.2.3.2.1).
const CALENDAR_CLASS: &str = "urn:content-classes:calendarmessage";

/// An attachment.
#[derive(Clone, Debug, Default)]
pub struct Part<'a> {
    pub name: &'a str,
    pub content_type: Option<&'a str>,
    pub content_id: Option<&'a str>,
    pub content_location: Option<&'a str>,
    pub inline: bool,
    pub content: Cow<'a, [u8]>,
}

/// Fields that come out of properties; they are not taken from [`Message::kept`].
const OWN: &[&str] = &[
    "from",
    "sender",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "importance",
    "x-priority",
    "priority",
    "sensitivity",
    "keywords",
    "thread-topic",
    "thread-index",
    "disposition-notification-to",
    "return-receipt-to",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "content-language",
    "content-location",
    "content-description",
    "resent-bcc",
    "dkim-signature",
];

/// The message as octets, with CRLF line ends.
///
/// # Errors
/// [`Failed`] when an HTML body could not be converted to the text beside it.
pub fn build(message: &Message<'_>) -> Result<Vec<u8>, Failed> {
    let html = message.body.filter(|body| body.body_type == BodyType::Html);
    let plain = html.map(|body| ask(&HtmlText {}, body.text.as_bytes())).transpose()?;
    Ok(write(message, plain))
}

/// The same; `plain` is the text of an HTML body.
pub(super) fn write(message: &Message<'_>, plain: Option<String>) -> Vec<u8> {
    let mut root = structure(message, plain);
    let mut headers = header_fields(message);
    headers.append(&mut root.headers);
    root.headers = headers;
    let mut out = Vec::with_capacity(1024 + root.size() * 4 / 3);
    // Writing into memory does not fail; a part of it would still be better than nothing.
    let _written = root.write_part(&mut out);
    out
}

type Field<'a> = (Cow<'a, str>, HeaderType<'a>);

fn header_fields<'a>(message: &Message<'a>) -> Vec<Field<'a>> {
    let columns = message.columns;
    let mut fields: Vec<Field<'a>> = Vec::with_capacity(24);
    for (name, value) in message.kept {
        let classed = message.calendar.is_some() && name.eq_ignore_ascii_case("content-class");
        let own = classed || OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        if !own && is_name(name) {
            fields.push((Cow::Borrowed(name), Text::new(one_line(value)).into()));
        }
    }
    let one = |column| match columns.get(column) {
        Some(Value::Mailbox(mailbox)) => Some(mailbox),
        _ => None,
    };
    let (from, sender) = (one(Column::From), one(Column::Sender));
    fields.extend(from.or(sender).map(|from| ("From".into(), address(from).into())));
    if let Some(sender) = sender.filter(|sender| from.is_some_and(|from| from.address != sender.address)) {
        fields.push(("Sender".into(), address(sender).into()));
    }
    for (name, element) in
        [("To", "ToRecipients"), ("Cc", "CcRecipients"), ("Bcc", "BccRecipients"), ("Reply-To", "ReplyTo")]
    {
        let list = mailboxes(message.props, element);
        if !list.is_empty() && (name != "Bcc" || message.bcc) {
            fields.push((name.into(), Address::new_list(list.iter().map(address_owned).collect()).into()));
        }
    }
    let text = |column| columns.text(column).filter(|text| !text.trim().is_empty()).map(one_line);
    fields.extend(text(Column::Subject).map(|subject| ("Subject".into(), Text::new(subject).into())));
    fields.extend(columns.time(Column::Sent).map(|sent| ("Date".into(), Date::new(sent.as_second()).into())));
    // However the client spelled them, in a head they are ids.
    fields
        .extend(columns.text(Column::MessageId).and_then(id::id).map(|id| ("Message-ID".into(), Raw::new(id).into())));
    for (name, column) in [("In-Reply-To", Column::InReplyTo), ("References", Column::References)] {
        let ids = columns.text(column).map(id::ids).unwrap_or_default();
        if !ids.is_empty() {
            fields.push((name.into(), Raw::new(ids.join(" ")).into()));
        }
    }
    marks(message, from, &mut fields);
    fields.extend(text(Column::ConversationTopic).map(|topic| ("Thread-Topic".into(), Text::new(topic).into())));
    if let Some(Value::Bytes(index)) = columns.get(Column::ConversationIndex) {
        fields.push(("Thread-Index".into(), Raw::new(STANDARD.encode(index)).into()));
    }
    if message.calendar.is_some() {
        fields.push(("Content-Class".into(), Raw::new(CALENDAR_CLASS).into()));
    }
    fields.push(("MIME-Version".into(), Raw::new("1.0").into()));
    fields
}

/// Importance, sensitivity, categories, receipts.
fn marks<'a>(message: &Message<'a>, from: Option<&'a Mailbox>, fields: &mut Vec<Field<'a>>) {
    match message.columns.number(Column::Importance) {
        Some(0) => fields.push(("Importance".into(), Raw::new("low").into())),
        Some(2) => fields.push(("Importance".into(), Raw::new("high").into())),
        _ => {}
    }
    let sensitivity = match message.columns.number(Column::Sensitivity) {
        Some(1) => Some("Personal"),
        Some(2) => Some("Private"),
        Some(3) => Some("Company-Confidential"),
        _ => None,
    };
    fields.extend(sensitivity.map(|word| ("Sensitivity".into(), Raw::new(word).into())));
    if let Some(Value::Texts(categories)) = message.columns.get(Column::Categories) {
        if !categories.is_empty() {
            fields.push(("Keywords".into(), Text::new(one_line(&categories.join(", ")).into_owned()).into()));
        }
    }
    if let Some(from) = from {
        for (name, bit) in
            [("Disposition-Notification-To", bit::READ_RECEIPT), ("Return-Receipt-To", bit::DELIVERY_RECEIPT)]
        {
            if message.flags & bit != 0 {
                fields.push((name.into(), address(from).into()));
            }
        }
    }
}

/// The recipients in a row's document under `element`.
pub fn mailboxes(props: &Map, element: &str) -> Vec<Mailbox> {
    match props.get(element).and_then(|list| json::decode(Type::Recipients, list)) {
        Some(Value::Mailboxes(list)) => list,
        _ => Vec::new(),
    }
}

fn address(mailbox: &Mailbox) -> Address<'_> {
    let address = mailbox.address.as_deref().unwrap_or_default();
    let name = mailbox.name.as_deref().filter(|name| *name != address && !name.is_empty());
    Address::new_address(name.map(one_line), one_word(address))
}

fn address_owned(mailbox: &Mailbox) -> Address<'static> {
    let address = mailbox.address.as_deref().unwrap_or_default();
    let name = mailbox.name.as_deref().filter(|name| *name != address && !name.is_empty());
    Address::new_address(name.map(|name| one_line(name).into_owned()), one_word(address).into_owned())
}

/// Text that cannot end its header line.
fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}

/// An address that cannot end its brackets. Between the quotes of a local part blanks and brackets are letters like others.
fn one_word(address: &str) -> Cow<'_, str> {
    if ewsd_model::address::Address::parse(address).is_some_and(|address| address.is_quoted()) {
        return Cow::Borrowed(address);
    }
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';');
    if address.contains(odd) { Cow::Owned(address.replace(odd, "")) } else { Cow::Borrowed(address) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 76 && name.bytes().all(|b| (33..=126).contains(&b) && b != b':')
}

/// The tree of parts: alternatives inside, pictures around them, attachments outermost.
fn structure<'a>(message: &Message<'a>, plain: Option<String>) -> MimePart<'a> {
    let (inline, attached): (Vec<&Part<'a>>, Vec<&Part<'a>>) = message.parts.iter().partition(|part| part.inline);
    let mut content = text_part(message.body, plain.unwrap_or_default(), message.calendar);
    if !inline.is_empty() {
        content = multipart("related", std::iter::once(content).chain(inline.into_iter().map(part)).collect());
    }
    if !attached.is_empty() {
        content = multipart("mixed", std::iter::once(content).chain(attached.into_iter().map(part)).collect());
    }
    content
}

fn text_part<'a>(body: Option<&'a Body>, plain: String, calendar: Option<&'a CalendarPart>) -> MimePart<'a> {
    let text = |text: &'a str| MimePart::new(utf8("text/plain"), text);
    let mut ways = match body {
        Some(Body { body_type: BodyType::Html, text, .. }) => {
            vec![MimePart::new(utf8("text/plain"), plain), MimePart::new(utf8("text/html"), text.as_str())]
        }
        Some(body) => vec![text(body.text.as_str())],
        None => vec![text("")],
    };
    // The last one is the one that says most (RFC 2046 5.1.4).
    if let Some(calendar) = calendar {
        let content_type = utf8("text/calendar").attribute("method", calendar.method.as_str());
        ways.push(MimePart::new(content_type, calendar.text.as_str()));
    }
    match ways.len() {
        1 => ways.remove(0),
        _ => multipart("alternative", ways),
    }
}

fn utf8(content_type: &str) -> ContentType<'_> {
    ContentType::new(content_type).attribute("charset", "utf-8")
}

fn part<'a>(part: &Part<'a>) -> MimePart<'a> {
    let given = part.content_type.filter(|given| is_content_type(given)).unwrap_or("application/octet-stream");
    // A message inside a message stands there as it is (RFC 2046 5.2.1), if it can; everything else is base64, so that no
    // octet is changed on its way.
    let message = given.eq_ignore_ascii_case("message/rfc822");
    let (content_type, encoding) = match (message, lines(&part.content)) {
        (true, Some(encoding)) => (given, encoding),
        (true, None) => ("application/octet-stream", "base64"),
        (false, _) => (given, "base64"),
    };
    let name = one_line(part.name).into_owned();
    let disposition = if part.inline { "inline" } else { "attachment" };
    let mut headers: Vec<Field<'a>> = vec![
        ("Content-Type".into(), ContentType::new(content_type.to_owned()).attribute("name", name.clone()).into()),
        ("Content-Disposition".into(), ContentType::new(disposition).attribute("filename", name).into()),
    ];
    if let Some(id) = part.content_id.map(one_word).filter(|id| !id.is_empty()) {
        headers.push(("Content-ID".into(), Raw::new(format!("<{id}>")).into()));
    }
    if let Some(place) = part.content_location.map(one_line).filter(|place| !place.is_empty()) {
        headers.push(("Content-Location".into(), Raw::new(place).into()));
    }
    headers.push(("Content-Transfer-Encoding".into(), Raw::new(encoding).into()));
    let contents = match encoding {
        "base64" => BodyPart::Text(base64_lines(&part.content).into()),
        _ => BodyPart::Binary(part.content.clone()),
    };
    MimePart { headers, contents }
}

/// The encoding that octets have as they are: `7bit` or `8bit`, or none if they are no lines (RFC 2045 2.7, 2.8).
fn lines(octets: &[u8]) -> Option<&'static str> {
    let whole = octets.split(|byte| *byte == b'\n').all(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0)
    });
    whole.then_some(if octets.is_ascii() { "7bit" } else { "8bit" })
}

fn is_content_type(text: &str) -> bool {
    let token =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    text.split_once('/')
        .is_some_and(|(kind, subtype)| token(kind) && token(subtype) && !kind.eq_ignore_ascii_case("multipart"))
}

/// Lines of 76 characters (RFC 2045 6.8).
fn base64_lines(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 4 / 3 + bytes.len() / 28 + 8);
    for line in bytes.chunks(57) {
        STANDARD.encode_string(line, &mut out);
        out.push_str("\r\n");
    }
    out
}

/// A boundary that the parts cannot hold by chance: a hash of what they hold.
fn multipart<'a>(kind: &str, parts: Vec<MimePart<'a>>) -> MimePart<'a> {
    let mut digest = Sha256::new();
    digest.update(kind);
    for part in &parts {
        match &part.contents {
            BodyPart::Text(text) => digest.update(text.as_bytes()),
            BodyPart::Binary(bytes) => digest.update(bytes),
            BodyPart::Multipart(inner) => digest.update(inner.len().to_le_bytes()),
        }
    }
    let hash: [u8; 32] = digest.finalize().into();
    let boundary: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let content_type =
        ContentType::new(format!("multipart/{kind}")).attribute("boundary", format!("=_{kind}_{boundary}"));
    MimePart { headers: vec![("Content-Type".into(), content_type.into())], contents: BodyPart::Multipart(parts) }
}
