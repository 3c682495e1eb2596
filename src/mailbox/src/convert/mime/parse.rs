//! A message that came in, as properties (RFC 5322, RFC 2045 and following).

use ewsd_mime::{File, Head, Message, Shown};
use ewsd_model::property::{Column, bit};
use ewsd_model::value::{BodyType, Mailbox};
use ewsd_model::{ItemKind, Value};
use ewsd_store::{AUTHORS, Columns, Map, SEARCHED, json};
use jiff::Timestamp;

use super::thread::Thread;
use super::tnef;
use super::words::{self, Lists, Texts};
use super::{Attachment, PREVIEW, Parsed};
use crate::convert::table::HtmlWords;
use crate::convert::{Failed, ask, html};

/// More parts than that are in the stored message only: each attachment is a row of its own.
const ATTACHMENTS: usize = 1000;

/// Reads a message. `now` stands in for a Date field that is missing or absurd.
pub(in crate::convert) fn parse(mime: &[u8], now: Timestamp) -> Parsed<'_> {
    let message = Message::read(mime);
    if message.head().all().is_empty() {
        return unreadable(mime, now);
    }
    let mut parsed = Parsed {
        kind: ItemKind::Message,
        flags: 0,
        columns: Columns::new(),
        props: Map::new(),
        body: String::new(),
        plain: None,
        attachments: Vec::new(),
        search: Vec::new(),
    };
    let mut lists = envelope(message.head(), &mut parsed);
    identity(&message, now, &mut parsed);
    marks(message.head(), &mut parsed);
    let shown = ewsd_mime::choose(&message);
    parsed.body = shown.body(html::from_text);
    let mut body_type = if shown.is_html() { BodyType::Html } else { BodyType::Text };
    attachments(&message, shown, &mut parsed);
    tnef::unpack(&mut parsed, &mut lists, &mut body_type);
    finish(mime, &lists, body_type, &mut parsed);
    parsed
}

/// Kept whole all the same: the beginning of its text is its body.
fn unreadable(mime: &[u8], now: Timestamp) -> Parsed<'_> {
    let mut columns = Columns::new();
    columns.set(Column::Class, Value::Text(ItemKind::Message.row().default_class.to_owned()));
    columns.set(Column::Sent, Value::Time(now));
    let thread = Thread::derive("", None, None, None, None, None, now);
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
    let body = String::from_utf8_lossy(mime.get(..SEARCHED).unwrap_or(mime)).replace('\0', "");
    let mut parsed = Parsed {
        kind: ItemKind::Message,
        flags: 0,
        columns,
        props: Map::new(),
        body,
        plain: None,
        attachments: Vec::new(),
        search: Vec::new(),
    };
    finish(mime, &Lists::default(), BodyType::Text, &mut parsed);
    parsed
}

pub(super) fn set_text(columns: &mut Columns, column: Column, text: Option<&str>) {
    if let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) {
        columns.set(column, Value::Text(text.to_owned()));
    }
}

/// Who wrote to whom; answers the recipients.
fn envelope(head: &Head<'_>, parsed: &mut Parsed<'_>) -> Lists {
    let from = author(head, "From");
    let sender = author(head, "Sender").filter(|one| one.address.is_some()).or_else(|| from.clone());
    if let Some(from) = from.or_else(|| sender.clone()) {
        set_text(&mut parsed.columns, Column::FromName, from.name.as_deref().or(from.address.as_deref()));
        parsed.columns.set(Column::From, Value::Mailbox(from));
    }
    // Clients are shown one author; a search finds all of them.
    set_list(&mut parsed.props, AUTHORS, mailboxes(head, "From").into_iter().skip(1).collect());
    if let Some(sender) = sender {
        parsed.columns.set(Column::Sender, Value::Mailbox(sender));
    }
    let lists = ["To", "Cc", "Bcc"].map(|field| mailboxes(head, field));
    let names = [
        ("ToRecipients", Column::DisplayTo),
        ("CcRecipients", Column::DisplayCc),
        ("BccRecipients", Column::DisplayBcc),
    ];
    for ((element, column), list) in names.into_iter().zip(&lists) {
        set_text(&mut parsed.columns, column, Some(&display(list)));
        set_list(&mut parsed.props, element, list.clone());
    }
    set_list(&mut parsed.props, "ReplyTo", mailboxes(head, "Reply-To"));
    lists
}

/// The first who has an address; a name alone where nobody has (`root (Cron Daemon)`), for people want to see it.
fn author(head: &Head<'_>, field: &str) -> Option<Mailbox> {
    let all = head.addresses(field);
    let named = || all.rest.first().map(|name| Mailbox { name: Some(name.clone()), ..Mailbox::default() });
    all.mailboxes.first().cloned().map(mailbox).or_else(named)
}

fn mailboxes(head: &Head<'_>, field: &str) -> Vec<Mailbox> {
    head.addresses(field).mailboxes.into_iter().map(mailbox).collect()
}

fn mailbox(one: ewsd_mime::Mailbox) -> Mailbox {
    let name = one.name.unwrap_or_else(|| one.address.clone());
    Mailbox { name: Some(name), address: Some(one.address), routing: Some("SMTP".to_owned()), ..Mailbox::default() }
}

pub(super) fn set_list(props: &mut Map, element: &str, list: Vec<Mailbox>) {
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

/// Subject, ids, times, conversation.
fn identity(message: &Message<'_>, now: Timestamp, parsed: &mut Parsed<'_>) {
    let head = message.head();
    let columns = &mut parsed.columns;
    let subject = head.text("Subject").unwrap_or_default();
    set_text(columns, Column::Subject, Some(&subject));
    columns.set(Column::Class, Value::Text(ewsd_mime::class(message).into_owned()));
    let sent = head.date("Date").and_then(|date| Timestamp::from_second(date.seconds).ok());
    let sent = sent.filter(|time| time.as_second() > 0).unwrap_or(now);
    columns.set(Column::Sent, Value::Time(sent));

    let ids = |field| {
        let ids: Vec<String> = head.ids(field).iter().map(|id| format!("<{id}>")).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    };
    let message_id = head.id("Message-ID").map(|id| format!("<{id}>"));
    let in_reply_to = ids("In-Reply-To");
    let references = ids("References");
    set_text(columns, Column::MessageId, message_id.as_deref());
    set_text(columns, Column::InReplyTo, in_reply_to.as_deref());
    set_text(columns, Column::References, references.as_deref());

    let thread = Thread::derive(
        &subject,
        head.text("Thread-Topic").as_deref(),
        head.text("Thread-Index").as_deref(),
        references.as_deref(),
        in_reply_to.as_deref(),
        message_id.as_deref(),
        sent,
    );
    set_text(columns, Column::ConversationTopic, Some(&thread.topic));
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
}

/// Importance, sensitivity, keywords, receipts (RFC 2156, MS-OXCMAIL 2.2.3.2).
fn marks(head: &Head<'_>, parsed: &mut Parsed<'_>) {
    let word = |name| head.text(name).map(|text| text.to_ascii_lowercase());
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
    let keywords: Vec<String> = head.fields("Keywords").map(|field| field.text()).collect();
    let categories: Vec<String> = keywords
        .iter()
        .flat_map(|text| text.split(','))
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    if !categories.is_empty() {
        parsed.columns.set(Column::Categories, Value::Texts(categories));
    }
    if head.text("Disposition-Notification-To").is_some() {
        parsed.flags |= bit::READ_RECEIPT;
    }
    if head.text("Return-Receipt-To").is_some() {
        parsed.flags |= bit::DELIVERY_RECEIPT;
    }
}

fn attachments<'a>(message: &Message<'a>, shown: Shown<'a>, parsed: &mut Parsed<'a>) {
    // A file that was found in a text is not of the text's type.
    let part =
        |file: &File<'a>| message.part(file.part).filter(|part| part.content_type.essence() == file.content_type);
    parsed.attachments.extend(shown.files.into_iter().take(ATTACHMENTS).map(|file| Attachment {
        words: part(&file).map(|part| words::of_part(part, &file.content)).unwrap_or_default(),
        content_type: Some(file.told_type()),
        name: file.name,
        content_id: file.content_id,
        content_location: file.location,
        inline: file.inline,
        content: file.content.into(),
    }));
    if parsed.attachments.iter().any(|attachment| !attachment.inline) {
        parsed.flags |= bit::HAS_ATTACHMENTS;
    }
}

/// Size, preview, header lines, words to search for.
fn finish(mime: &[u8], lists: &Lists, body_type: BodyType, parsed: &mut Parsed<'_>) {
    let size = i64::try_from(mime.len()).unwrap_or(i64::MAX);
    parsed.columns.set(Column::Size, Value::Long(size));
    if let Some(lines) = json::encode(&Value::Headers(super::headers(mime))) {
        parsed.props.insert("InternetMessageHeaders".to_owned(), lines);
    }
    // No XML says it, and PostgreSQL searches in no text that has it: one such body would fail the search of all.
    parsed.body.retain(|c| c != '\0');
    parsed.plain = plain_of(body_type, &parsed.body);
    let words = parsed.plain.as_deref().unwrap_or(&parsed.body);
    let authors = super::mailboxes(&parsed.props, AUTHORS);
    parsed.search = describe(&mut parsed.columns, &authors, lists, body_type, words);
}

/// The text of an HTML body, without markup.
///
/// # Errors
/// [`Failed`] when it could not be converted.
pub fn plain_text(html: &str) -> Result<String, Failed> {
    ask(&HtmlWords {}, html.as_bytes()).map(ended)
}

/// What follows from a body, whose text without markup is `words`: its type and preview are put into `columns`. Answers
/// the texts that find the message: the body's, and those of subject and people.
///
/// `authors` are those beside the one in the columns.
pub fn describe(columns: &mut Columns, authors: &[Mailbox], lists: &Lists, body_type: BodyType, words: &str) -> Texts {
    columns.set(Column::BodyType, Value::Int(body_type as i32));
    columns.set(Column::Preview, Value::Text(html::preview(words, PREVIEW)));
    words::texts(columns, authors, lists, words)
}

/// The text of an HTML body, read here.
pub(super) fn plain_of(body_type: BodyType, body: &str) -> Option<String> {
    (body_type == BodyType::Html).then(|| ended(html::to_words(body)))
}

/// Without the end of the last line: whoever asks for all of a body means its words.
fn ended(mut text: String) -> String {
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    text
}

/// At most so many octets, whole characters only.
pub(super) fn beginning(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    end.and_then(|end| text.get(..end)).unwrap_or_default()
}
