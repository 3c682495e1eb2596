//! A message written from its properties: for messages that clients made from fields, and after edits (RFC 5322, RFC 2045).
//!
//! The same properties always give the same octets: boundaries are taken from the content, times from the properties.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::Value;
use ewsd_model::property::{Column, Type, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_store::{AUTHORS, Columns, Map, json};
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::{BodyPart, MimePart};
use sha2::{Digest, Sha256};

use super::field::Fields;
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
    let mut out = header_fields(message);
    structure(message, plain).write(&mut out);
    out
}

/// The message's content, or a part of it.
enum Entity<'a> {
    /// A way to show the message. mail-builder chooses its encoding.
    Text(MimePart<'a>),
    /// Fields of the head, and octets as they are written.
    File(Vec<u8>, Cow<'a, [u8]>),
    Parts {
        head: Vec<u8>,
        boundary: String,
        parts: Vec<Entity<'a>>,
    },
}

impl Entity<'_> {
    fn write(self, out: &mut Vec<u8>) {
        match self {
            // Writing into memory does not fail; a part of it would still be better than nothing.
            Entity::Text(text) => drop(text.write_part(out)),
            Entity::File(head, content) => out.extend([&head, &b"\r\n"[..], &content].concat()),
            Entity::Parts { head, boundary, parts } => {
                out.extend(head);
                out.extend(b"\r\n");
                for part in parts {
                    out.extend(format!("\r\n--{boundary}\r\n").bytes());
                    part.write(out);
                }
                out.extend(format!("\r\n--{boundary}--\r\n").bytes());
            }
        }
    }
}

fn header_fields(message: &Message<'_>) -> Vec<u8> {
    let columns = message.columns;
    let mut fields = Fields::default();
    for (name, value) in message.kept {
        let classed = message.calendar.is_some() && name.eq_ignore_ascii_case("content-class");
        let own = classed || OWN.iter().any(|own| own.eq_ignore_ascii_case(name));
        if !own && is_name(name) {
            fields.text(name, &one_line(value));
        }
    }
    let one = |column| match columns.get(column) {
        Some(Value::Mailbox(mailbox)) => Some(mailbox),
        _ => None,
    };
    let (from, sender) = (one(Column::From), one(Column::Sender));
    if let Some(from) = from.or(sender) {
        let others = mailboxes(message.props, AUTHORS);
        fields.mailboxes("From", std::iter::once(from).chain(&others));
    }
    if let Some(sender) = sender.filter(|sender| from.is_some_and(|from| from.address != sender.address)) {
        fields.mailboxes("Sender", std::iter::once(sender));
    }
    for (name, element) in
        [("To", "ToRecipients"), ("Cc", "CcRecipients"), ("Bcc", "BccRecipients"), ("Reply-To", "ReplyTo")]
    {
        let list = mailboxes(message.props, element);
        if !list.is_empty() && (name != "Bcc" || message.bcc) {
            fields.mailboxes(name, list.iter());
        }
    }
    let text = |column| columns.text(column).filter(|text| !text.trim().is_empty()).map(one_line);
    if let Some(subject) = text(Column::Subject) {
        fields.text("Subject", &subject);
    }
    if let Some(date) = columns.time(Column::Sent).map(super::date).filter(|date| !date.is_empty()) {
        fields.raw("Date", &date);
    }
    // However the client spelled them, in a head they are ids.
    if let Some(id) = columns.text(Column::MessageId).and_then(id::id) {
        fields.raw("Message-ID", &id);
    }
    for (name, column) in [("In-Reply-To", Column::InReplyTo), ("References", Column::References)] {
        let ids = columns.text(column).map(id::ids).unwrap_or_default();
        if !ids.is_empty() {
            fields.raw(name, &ids.join(" "));
        }
    }
    marks(message, from, &mut fields);
    if let Some(topic) = text(Column::ConversationTopic) {
        fields.text("Thread-Topic", &topic);
    }
    if let Some(Value::Bytes(index)) = columns.get(Column::ConversationIndex) {
        fields.raw("Thread-Index", &STANDARD.encode(index));
    }
    if message.calendar.is_some() {
        fields.raw("Content-Class", CALENDAR_CLASS);
    }
    fields.raw("MIME-Version", "1.0");
    fields.into_octets()
}

/// Importance, sensitivity, categories, receipts.
fn marks(message: &Message<'_>, from: Option<&Mailbox>, fields: &mut Fields) {
    match message.columns.number(Column::Importance) {
        Some(0) => fields.raw("Importance", "low"),
        Some(2) => fields.raw("Importance", "high"),
        _ => {}
    }
    match message.columns.number(Column::Sensitivity) {
        Some(1) => fields.raw("Sensitivity", "Personal"),
        Some(2) => fields.raw("Sensitivity", "Private"),
        Some(3) => fields.raw("Sensitivity", "Company-Confidential"),
        _ => {}
    }
    if let Some(Value::Texts(categories)) = message.columns.get(Column::Categories) {
        if !categories.is_empty() {
            fields.text("Keywords", &one_line(&categories.join(", ")));
        }
    }
    if let Some(from) = from {
        for (name, bit) in
            [("Disposition-Notification-To", bit::READ_RECEIPT), ("Return-Receipt-To", bit::DELIVERY_RECEIPT)]
        {
            if message.flags & bit != 0 {
                fields.mailboxes(name, std::iter::once(from));
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

/// Text that cannot end its header line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
    } else {
        Cow::Borrowed(text)
    }
}

/// An address that cannot end its brackets. Between the quotes of a local part blanks and brackets are letters like others.
pub(super) fn one_word(address: &str) -> Cow<'_, str> {
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
fn structure<'a>(message: &Message<'a>, plain: Option<String>) -> Entity<'a> {
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

fn text_part<'a>(body: Option<&'a Body>, plain: String, calendar: Option<&'a CalendarPart>) -> Entity<'a> {
    let text = |text: &'a str| Entity::Text(MimePart::new(utf8("text/plain"), text));
    let mut ways = match body {
        Some(Body { body_type: BodyType::Html, text, .. }) => {
            let ways = [MimePart::new(utf8("text/plain"), plain), MimePart::new(utf8("text/html"), text.as_str())];
            ways.map(Entity::Text).into()
        }
        Some(body) => vec![text(body.text.as_str())],
        None => vec![text("")],
    };
    // The last one is the one that says most (RFC 2046 5.1.4).
    if let Some(calendar) = calendar {
        let content_type = utf8("text/calendar").attribute("method", calendar.method.as_str());
        ways.push(Entity::Text(MimePart::new(content_type, calendar.text.as_str())));
    }
    match ways.len() {
        1 => ways.remove(0),
        _ => multipart("alternative", ways),
    }
}

fn utf8(content_type: &str) -> ContentType<'_> {
    ContentType::new(content_type).attribute("charset", "utf-8")
}

fn part<'a>(part: &Part<'a>) -> Entity<'a> {
    let (given, parameters) = content_type(part.content_type);
    // A message inside a message stands there as it is (RFC 2046 5.2.1), if it can; everything else is base64, so that no
    // octet is changed on its way.
    let (given, encoding) = match (given == "message/rfc822", lines(&part.content)) {
        (true, Some(encoding)) => (given, encoding),
        (true, None) => ("application/octet-stream".to_owned(), "base64"),
        (false, _) => (given, "base64"),
    };
    let name = one_line(part.name);
    let disposition = if part.inline { "inline" } else { "attachment" };
    let parameters = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut fields = Fields::default();
    fields.parameters("Content-Type", &given, parameters.chain([("name", name.as_ref())]));
    fields.parameters("Content-Disposition", disposition, [("filename", name.as_ref())].into_iter());
    if let Some(id) = part.content_id.map(one_word).filter(|id| !id.is_empty()) {
        fields.raw("Content-ID", &format!("<{id}>"));
    }
    if let Some(place) = part.content_location.map(one_line).filter(|place| !place.is_empty()) {
        // RFC 2557 section 4.4.2.
        fields.text("Content-Location", &place);
    }
    fields.raw("Content-Transfer-Encoding", encoding);
    let content = match encoding {
        "base64" => base64_lines(&part.content).into_bytes().into(),
        _ => part.content.clone(),
    };
    Entity::File(fields.into_octets(), content)
}

/// The encoding that octets have as they are: `7bit` or `8bit`, or none if they are no lines (RFC 2045 2.7, 2.8).
fn lines(octets: &[u8]) -> Option<&'static str> {
    let whole = octets.split(|byte| *byte == b'\n').all(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        line.len() <= 998 && !line.contains(&b'\r') && !line.contains(&0)
    });
    whole.then_some(if octets.is_ascii() { "7bit" } else { "8bit" })
}

/// What an attachment's type comes to: `type/subtype` in lower case, and the parameters that tell how its octets are read.
/// Parts cannot be given as one attachment.
fn content_type(given: Option<&str>) -> (String, Vec<(String, String)>) {
    let token =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let (essence, rest) = given.map(|given| given.split_once(';').unwrap_or((given, ""))).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let fits = |(main, sub): (&str, &str)| token(main) && token(sub) && main != "multipart";
    if !essence.split_once('/').is_some_and(fits) {
        return ("application/octet-stream".to_owned(), Vec::new());
    }
    // What is written in a harder way than that is left out: here nothing is read that asks for a reader.
    let parameter = |text: &str| {
        let (name, value) = text.split_once('=')?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        let fits = token(&name)
            && name.len() <= NAME
            && !bare.is_empty()
            && !bare.contains(|c: char| c.is_control() || "\"\\".contains(c));
        (fits && !is_names(&name)).then(|| (name, bare.to_owned()))
    };
    (essence, rest.split(';').filter_map(parameter).collect())
}

/// Characters of a parameter's name; nobody knows longer ones, and a line must hold it.
const NAME: usize = 50;

/// Told by the attachment's name, or of no use without the parts.
fn is_names(parameter: &str) -> bool {
    matches!(parameter, "name" | "boundary")
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
fn multipart<'a>(kind: &str, parts: Vec<Entity<'a>>) -> Entity<'a> {
    let mut digest = Sha256::new();
    digest.update(kind);
    for part in &parts {
        match part {
            Entity::Text(MimePart { contents: BodyPart::Text(text), .. }) => digest.update(text.as_bytes()),
            Entity::Text(_) => {}
            Entity::File(_, content) => digest.update(content),
            Entity::Parts { parts, .. } => digest.update(parts.len().to_le_bytes()),
        }
    }
    let hash: [u8; 32] = digest.finalize().into();
    let boundary: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let boundary = format!("=_{kind}_{boundary}");
    let mut fields = Fields::default();
    fields.parameters("Content-Type", &format!("multipart/{kind}"), [("boundary", boundary.as_str())].into_iter());
    Entity::Parts { head: fields.into_octets(), boundary, parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attachments_type_keeps_its_parameters() {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        for (given, is, parameters) in [
            ("Text/Plain; charset=\"iso-8859-1\"; Name=x", "text/plain", &[("charset", "iso-8859-1")][..]),
            ("text/csv; header=present;charset=utf-8", "text/csv", &[("header", "present"), ("charset", "utf-8")]),
            ("image/png", "image/png", &[]),
            ("multipart/mixed; boundary=b", "application/octet-stream", &[]),
            ("text", "application/octet-stream", &[]),
            ("", "application/octet-stream", &[]),
            ("a/b\r\nX: y", "application/octet-stream", &[]),
            ("a/b; x=\"y;z\"; c=d\r\nX", "a/b", &[]),
        ] {
            let expected = (is.to_owned(), parameters.iter().map(pair).collect());
            assert_eq!(content_type(Some(given)), expected, "{given:?}");
        }
    }
}
