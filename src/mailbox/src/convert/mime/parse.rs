//! A message that came in, as properties (RFC 5322, RFC 2045 and following).

use std::borrow::Cow;
use std::collections::HashSet;

use ewsd_model::property::{Column, bit};
use ewsd_model::value::{BodyType, Mailbox};
use ewsd_model::{ItemKind, Value};
use ewsd_store::{Columns, Map, json};
use jiff::Timestamp;
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::budget::View;
use super::report;
use super::thread::Thread;
use super::{Attachment, PREVIEW, Parsed, SEARCHED, charset, header};
use crate::convert::html;

/// More parts than that are in the stored message only: each attachment is a row of its own.
const ATTACHMENTS: usize = 1000;

/// A mailing list's digest holds a few dozen messages; nobody nests a thousand.
const NESTED: usize = 1000;

/// Reads a message, as far as `budget.rs` lets it. `now` stands in for a Date field that is missing or absurd.
pub fn parse(mime: &[u8], now: Timestamp) -> Parsed<'_> {
    let view = View::of(mime);
    match &view.octets {
        Cow::Borrowed(_) => read(mime, &view, now),
        Cow::Owned(octets) => read(octets, &view, now).into_owned(),
    }
}

/// Reads `mime`, which are the octets of `view`.
fn read<'a>(mime: &'a [u8], view: &View<'a>, now: Timestamp) -> Parsed<'a> {
    let Some(mut message) = structure(mime) else {
        return unreadable(mime, view, now);
    };
    let mut parsed = Parsed {
        kind: ItemKind::Message,
        flags: 0,
        columns: Columns::new(),
        props: Map::new(),
        body: String::new(),
        attachments: Vec::new(),
        search: String::new(),
    };
    let decoded = charset::utf8(header::block(mime));
    let head = decoded.as_deref().and_then(|fields| guarded(|| MessageParser::default().parse_headers(fields)));
    let head = head.as_ref().unwrap_or(&message);
    envelope(head, &mut parsed);
    identity(head, now, &mut parsed);
    marks(head, &mut parsed);
    show_unended(&mut message);
    let body_type = body(&message, &mut parsed);
    attachments(&mut message, view, body_type, &mut parsed);
    finish(mime, view, body_type, &mut parsed);
    parsed
}

/// None if there is no field at its head, or if the parser gives up on it. It has never been seen to panic outside of
/// debug builds; should mail be found that makes it, that mail must be kept like any other, not come again and again.
fn structure(mime: &[u8]) -> Option<Message<'_>> {
    header::fields(mime).find_map(|field| field.name())?;
    if may_nest(mime) > NESTED {
        return None;
    }
    guarded(|| MessageParser::default().parse(mime))
}

fn guarded<T>(parse: impl FnOnce() -> Option<T> + std::panic::UnwindSafe) -> Option<T> {
    std::panic::catch_unwind(parse).ok().flatten()
}

/// How deep messages could lie in messages at most: each needs a type that says so. The parser's tree is as deep, and
/// letting go of it takes stack at each level.
fn may_nest(mime: &[u8]) -> usize {
    let slashes = mime.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let message = |at: usize| {
        at.checked_sub(7)
            .and_then(|start| mime.get(start..at))
            .is_some_and(|word| word.eq_ignore_ascii_case(b"message"))
    };
    let digest = |at: usize| mime.get(at + 1..at + 7).is_some_and(|word| word.eq_ignore_ascii_case(b"digest"));
    slashes.filter(|at| message(*at) || digest(*at)).count()
}

/// Kept whole all the same: the beginning of its text is its body.
fn unreadable<'a>(mime: &'a [u8], view: &View<'_>, now: Timestamp) -> Parsed<'a> {
    let mut columns = Columns::new();
    columns.set(Column::Class, Value::Text(ItemKind::Message.row().default_class.to_owned()));
    columns.set(Column::Sent, Value::Time(now));
    let thread = Thread::derive("", None, None, None, None, None, now);
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
    let body = String::from_utf8_lossy(mime.get(..SEARCHED).unwrap_or(mime)).into_owned();
    let mut parsed = Parsed {
        kind: ItemKind::Message,
        flags: 0,
        columns,
        props: Map::new(),
        body,
        attachments: Vec::new(),
        search: String::new(),
    };
    finish(mime, view, BodyType::Text, &mut parsed);
    parsed
}

fn set_text(columns: &mut Columns, column: Column, text: Option<&str>) {
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        columns.set(column, Value::Text(text.to_owned()));
    }
}

/// Who wrote to whom.
fn envelope(message: &Message<'_>, parsed: &mut Parsed<'_>) {
    let from = message.from().into_iter().flat_map(mailboxes).next();
    let sender = message.sender().into_iter().flat_map(mailboxes).next().or_else(|| from.clone());
    if let Some(from) = from.or_else(|| sender.clone()) {
        set_text(&mut parsed.columns, Column::FromName, from.name.as_deref().or(from.address.as_deref()));
        parsed.columns.set(Column::From, Value::Mailbox(from));
    }
    if let Some(sender) = sender {
        parsed.columns.set(Column::Sender, Value::Mailbox(sender));
    }
    let lists: [(_, _, Vec<Mailbox>); 3] = [
        ("ToRecipients", Column::DisplayTo, message.header_values(HeaderName::To).flat_map(addresses).collect()),
        ("CcRecipients", Column::DisplayCc, message.all_cc().flat_map(mailboxes).collect()),
        ("BccRecipients", Column::DisplayBcc, message.all_bcc().flat_map(mailboxes).collect()),
    ];
    for (element, column, list) in lists {
        set_text(&mut parsed.columns, column, Some(&display(&list)));
        set_list(&mut parsed.props, element, list);
    }
    set_list(&mut parsed.props, "ReplyTo", message.reply_to().into_iter().flat_map(mailboxes).collect());
}

fn set_list(props: &mut Map, element: &str, list: Vec<Mailbox>) {
    if list.is_empty() {
        return;
    }
    if let Some(json) = json::encode(&Value::Mailboxes(list)) {
        props.insert(element.to_owned(), json);
    }
}

/// Names, or addresses where there is none, as lists of messages show them.
pub fn display(list: &[Mailbox]) -> String {
    let names = list.iter().filter_map(|one| one.name.as_deref().or(one.address.as_deref()));
    names.collect::<Vec<_>>().join("; ")
}

fn addresses(value: &HeaderValue<'_>) -> Vec<Mailbox> {
    value.as_address().map(|address| mailboxes(address).collect()).unwrap_or_default()
}

/// Groups are taken as their members.
fn mailboxes<'a>(address: &'a Address<'_>) -> Box<dyn Iterator<Item = Mailbox> + 'a> {
    Box::new(address.iter().filter_map(|one| {
        let clean = |text: &str| {
            let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            (!text.is_empty()).then_some(text)
        };
        let address = one.address.as_deref().and_then(clean);
        let name = one.name.as_deref().and_then(clean);
        let routing = address.is_some().then(|| "SMTP".to_owned());
        (address.is_some() || name.is_some()).then(|| Mailbox {
            name: name.or_else(|| address.clone()),
            address,
            routing,
            kind: None,
        })
    }))
}

/// Subject, ids, times, conversation.
fn identity(message: &Message<'_>, now: Timestamp, parsed: &mut Parsed<'_>) {
    let columns = &mut parsed.columns;
    let subject = message.subject().unwrap_or_default().trim();
    set_text(columns, Column::Subject, Some(subject));
    columns.set(Column::Class, Value::Text(report::class(message).to_owned()));
    let sent = message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok());
    let sent = sent.filter(|time| time.as_second() > 0).unwrap_or(now);
    columns.set(Column::Sent, Value::Time(sent));

    let ids = |value: &HeaderValue<'_>| {
        // Blanks come from lines that were folded inside an id.
        let bare = |id: &str| id.split_whitespace().collect::<String>();
        let ids: Vec<String> = texts(value).map(|id| format!("<{}>", bare(id))).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    };
    let message_id = message.message_id().map(|id| format!("<{id}>"));
    let in_reply_to = ids(message.in_reply_to());
    let references = ids(message.references());
    set_text(columns, Column::MessageId, message_id.as_deref());
    set_text(columns, Column::InReplyTo, in_reply_to.as_deref());
    set_text(columns, Column::References, references.as_deref());

    let topic = text_of(message, "Thread-Topic");
    let index = text_of(message, "Thread-Index");
    let thread = Thread::derive(
        subject,
        topic.as_deref(),
        index.as_deref(),
        references.as_deref(),
        in_reply_to.as_deref(),
        message_id.as_deref(),
        sent,
    );
    set_text(columns, Column::ConversationTopic, Some(&thread.topic));
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
}

fn texts<'a>(value: &'a HeaderValue<'_>) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    match value {
        HeaderValue::Text(text) => Box::new(std::iter::once(text.as_ref())),
        HeaderValue::TextList(list) => Box::new(list.iter().map(AsRef::as_ref)),
        _ => Box::new(std::iter::empty()),
    }
}

/// A field that the parser has no type for, or the text it is.
fn text_of<'a>(message: &'a Message<'_>, name: &'static str) -> Option<Cow<'a, str>> {
    let value = message.header_as(name, mail_parser::HeaderForm::Text).into_iter().next()?;
    value.into_text().filter(|text| !text.trim().is_empty())
}

/// Importance, sensitivity, keywords, receipts (RFC 2156, MS-OXCMAIL 2.2.3.2).
fn marks(message: &Message<'_>, parsed: &mut Parsed<'_>) {
    let word = |name| text_of(message, name).map(|text| text.trim().to_ascii_lowercase());
    let importance = word("Importance").as_deref().and_then(|word| match word {
        "high" => Some(2),
        "normal" => Some(1),
        "low" => Some(0),
        _ => None,
    });
    // X-Priority: 1 (Highest) to 5 (Lowest); Priority: urgent, normal, non-urgent.
    let priority = || match word("X-Priority").as_deref()?.chars().next()? {
        '1' | '2' => Some(2),
        '3' => Some(1),
        '4' | '5' => Some(0),
        _ => None,
    };
    let urgency = || match word("Priority").as_deref()? {
        "urgent" => Some(2),
        "normal" => Some(1),
        "non-urgent" => Some(0),
        _ => None,
    };
    if let Some(importance) = importance.or_else(priority).or_else(urgency) {
        parsed.columns.set(Column::Importance, Value::Int(importance));
    }
    let sensitivity = word("Sensitivity").as_deref().and_then(|word| match word {
        "personal" => Some(1),
        "private" => Some(2),
        "company-confidential" => Some(3),
        _ => None,
    });
    if let Some(sensitivity) = sensitivity {
        parsed.columns.set(Column::Sensitivity, Value::Int(sensitivity));
    }
    let keywords = message.header_values(HeaderName::Keywords).flat_map(texts);
    let categories: Vec<String> = keywords
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if !categories.is_empty() {
        parsed.columns.set(Column::Categories, Value::Texts(categories));
    }
    if text_of(message, "Disposition-Notification-To").is_some() {
        parsed.flags |= bit::READ_RECEIPT;
    }
    if text_of(message, "Return-Receipt-To").is_some() {
        parsed.flags |= bit::DELIVERY_RECEIPT;
    }
}

/// A message that was cut off in the middle of its text, whose parts nothing ends: the parser attaches such a part, people
/// want to read it.
fn show_unended(message: &mut Message<'_>) {
    if !message.text_body.is_empty() || !message.html_body.is_empty() {
        return;
    }
    let Message { parts, attachments, text_body, html_body, .. } = message;
    let is_text = |id: &u32| {
        parts.get(*id as usize).is_some_and(|part| {
            let plain = part.content_transfer_encoding().is_none_or(|name| name.trim().ends_with("bit"));
            let kind = part.content_type();
            let shown = kind.is_none_or(|kind| kind.c_type.eq_ignore_ascii_case("text"))
                && !part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment);
            part.is_encoding_problem && plain && shown && matches!(part.body, PartType::Text(_) | PartType::Html(_))
        })
    };
    let Some(at) = attachments.iter().position(is_text) else { return };
    let id = attachments.remove(at);
    text_body.push(id);
    html_body.push(id);
    let Some(part) = parts.get_mut(id as usize) else { return };
    let is_html = part.content_type().and_then(|kind| kind.subtype()).is_some_and(|kind| kind == "html");
    if let (true, PartType::Text(text)) = (is_html, &mut part.body) {
        part.body = PartType::Html(std::mem::take(text));
    }
}

/// The text that is shown: HTML if any part of it is, with the parts one after another.
fn body(message: &Message<'_>, parsed: &mut Parsed<'_>) -> BodyType {
    let shown = |ids: &[u32]| -> Vec<(bool, Cow<'_, str>)> {
        let parts = ids.iter().filter_map(|id| message.parts.get(*id as usize));
        let texts = parts.filter_map(|part| match &part.body {
            PartType::Text(text) => Some((false, part, text)),
            PartType::Html(text) => Some((true, part, text)),
            _ => None,
        });
        let read = |text: &Cow<'_, str>, part| charset::reread(part, &message.raw_message, text);
        texts
            .map(|(is_html, part, text)| (is_html, read(text, part).map_or_else(|| text.clone(), Cow::Owned)))
            .collect()
    };
    let html = shown(&message.html_body);
    if html.iter().any(|(is_html, _)| *is_html) {
        for (is_html, text) in html {
            match is_html {
                true => parsed.body.push_str(&text),
                false => parsed.body.push_str(&html::from_text(&text)),
            }
        }
        return BodyType::Html;
    }
    for (at, (_, text)) in shown(&message.text_body).into_iter().enumerate() {
        if at > 0 && !parsed.body.ends_with('\n') {
            parsed.body.push_str("\r\n");
        }
        parsed.body.push_str(&text);
    }
    BodyType::Text
}

fn attachments<'a>(message: &mut Message<'a>, view: &View<'a>, body_type: BodyType, parsed: &mut Parsed<'a>) {
    let raw = std::mem::take(&mut message.raw_message);
    for (number, id) in message.attachments.iter().take(ATTACHMENTS).enumerate() {
        let Some(part) = message.parts.get_mut(*id as usize) else { continue };
        let mut attachment = attachment(part, number + 1);
        attachment.content = content(part, &raw, view);
        parsed.attachments.push(attachment);
    }
    if body_type == BodyType::Html {
        let shown = shown(&parsed.body, &parsed.attachments);
        for (attachment, shown) in parsed.attachments.iter_mut().zip(shown) {
            attachment.inline = shown;
        }
    }
    if parsed.attachments.iter().any(|attachment| !attachment.inline) {
        parsed.flags |= bit::HAS_ATTACHMENTS;
    }
}

/// Which attachments an HTML body refers to, by Content-ID or Content-Location (RFC 2392, RFC 2557). The body is read
/// once, however many there are.
fn shown(html: &str, attachments: &[Attachment<'_>]) -> Vec<bool> {
    let names = |one: &Attachment<'_>| [one.content_id.clone(), one.content_location.clone()];
    let wanted: HashSet<String> =
        attachments.iter().flat_map(names).flatten().filter(|name| !name.is_empty()).collect();
    let mut found: HashSet<&str> = HashSet::new();
    if !wanted.is_empty() {
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '(' | ')');
        for word in html.split(ends) {
            // `src=cid:…` without quotes is one word.
            for word in [Some(word), word.split_once('=').map(|(_, value)| value)].into_iter().flatten() {
                found.extend(wanted.get(word.strip_prefix("cid:").unwrap_or(word)).map(String::as_str));
            }
        }
    }
    let is_found = |name: Option<String>| name.is_some_and(|name| found.contains(name.as_str()));
    attachments.iter().map(|one| names(one).into_iter().any(is_found)).collect()
}

fn attachment<'a>(part: &MessagePart<'_>, number: usize) -> Attachment<'a> {
    let content_type = part.content_type().map(|ct| match &ct.c_subtype {
        Some(subtype) => format!("{}/{subtype}", ct.c_type).to_ascii_lowercase(),
        None => ct.c_type.to_ascii_lowercase(),
    });
    let nested = match &part.body {
        PartType::Message(inner) => Some(inner.subject().unwrap_or("message").trim().to_owned()),
        _ => None,
    };
    let given = part.attachment_name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let name = given.or(nested).unwrap_or_else(|| match content_type.as_deref() {
        // Numbered as Exchange does it.
        Some("text/plain") => format!("ATT{number:05}.txt"),
        Some("text/html") => format!("ATT{number:05}.htm"),
        Some("text/calendar") => "invite.ics".to_owned(),
        _ => format!("ATT{number:05}.bin"),
    });
    Attachment {
        name: file_name(&name),
        content_type,
        content_id: part.content_id().map(|id| id.trim_matches(['<', '>', ' ']).to_owned()).filter(|id| !id.is_empty()),
        content_location: part.content_location().map(str::to_owned),
        ..Attachment::default()
    }
}

/// A name without directories and control characters, at most 255 characters.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let clean: String = last.chars().filter(|c| !c.is_control()).take(255).collect();
    if clean.trim().is_empty() { "attachment".to_owned() } else { clean }
}

/// What was attached, octet by octet: a text in whatever characters its writer used.
fn content<'a>(part: &mut MessagePart<'a>, raw: &Cow<'a, [u8]>, view: &View<'a>) -> Cow<'a, [u8]> {
    match std::mem::take(&mut part.body) {
        PartType::Binary(octets) | PartType::InlineBinary(octets) => octets,
        PartType::Text(text) | PartType::Html(text) => match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => charset::octets(part, raw).unwrap_or_else(|| Cow::Owned(text.into_bytes())),
        },
        PartType::Message(inner) => {
            // Within the whole message, or within its own decoded octets.
            let place = inner.parts.first().map_or(0..0, |root| root.offset_header as usize..root.offset_end as usize);
            match inner.raw_message {
                Cow::Borrowed(_) => Cow::Borrowed(view.whole(place)),
                Cow::Owned(octets) => Cow::Owned(octets.get(place).unwrap_or_default().to_vec()),
            }
        }
        PartType::Multipart(_) => match raw {
            Cow::Borrowed(_) => Cow::Borrowed(view.whole(part.offset_body as usize..part.offset_end as usize)),
            Cow::Owned(_) => Cow::default(),
        },
    }
}

/// Size, preview, header lines, words to search for.
fn finish(mime: &[u8], view: &View<'_>, body_type: BodyType, parsed: &mut Parsed<'_>) {
    let size = i64::try_from(view.size()).unwrap_or(i64::MAX);
    parsed.columns.set(Column::Size, Value::Long(size));
    if let Some(lines) = json::encode(&Value::Headers(super::headers(mime))) {
        parsed.props.insert("InternetMessageHeaders".to_owned(), lines);
    }
    parsed.search = describe(&mut parsed.columns, body_type, &parsed.body);
}

/// What follows from a body: its type and preview are put into `columns`. Answers the words that find the message: the
/// body's, and the subject and people that `columns` have.
pub fn describe(columns: &mut Columns, body_type: BodyType, body: &str) -> String {
    let words = match body_type {
        BodyType::Html => Cow::Owned(html::to_words(body)),
        BodyType::Text => Cow::Borrowed(body),
    };
    columns.set(Column::BodyType, Value::Int(body_type as i32));
    columns.set(Column::Preview, Value::Text(html::preview(&words, PREVIEW)));
    let mut search = String::with_capacity(words.len().min(SEARCHED) + 256);
    for column in [Column::Subject, Column::FromName, Column::DisplayTo, Column::DisplayCc] {
        if let Some(text) = columns.text(column) {
            search.push_str(text);
            search.push('\n');
        }
    }
    if let Some(Value::Mailbox(from)) = columns.get(Column::From) {
        search.push_str(from.address.as_deref().unwrap_or_default());
        search.push('\n');
    }
    search.push_str(beginning(&words, SEARCHED.saturating_sub(search.len())));
    search.truncate(beginning(&search, SEARCHED).len());
    search
}

/// At most so many octets, whole characters only.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
