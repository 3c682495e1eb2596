//! A message that came with a winmail.dat (MS-OXTNEF): what is in that one file is shown as if it had come in MIME. The octets
//! of the message stay as they came; a file that is damaged, or no TNEF, stays in the list as well.
//!
//! What MIME tells wins, for that is what other programs show: a head's people, subject and ids, and an HTML body. The file
//! fills in what is missing, and has the better body where MIME has plain text only.

use std::borrow::Cow;

use ewsd_mime::References;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_model::{ItemKind, Value};
use ewsd_store::{Columns, Map};
use ewsd_tnef::{Budget, File, FileContent, Message, Person, Role};

use super::build::{self, Part};
use super::parse::{display, set_list, set_text};
use super::words::{self, Lists};
use super::{Attachment, Parsed};
use crate::convert::html;

/// Types under which the file comes.
const TYPES: [&str; 2] = ["application/ms-tnef", "application/vnd.ms-tnef"];
/// Names under which it comes where its type got lost.
const NAMES: [&str; 2] = ["winmail.dat", "win.dat"];
/// Files of one message that are unpacked.
const MOST: usize = 4;

/// Unpacks what there is to unpack. `body_type` is that of `parsed.body`.
pub(super) fn unpack(parsed: &mut Parsed<'_>, lists: &mut Lists, body_type: &mut BodyType) {
    let mut unpacked = 0;
    let mut kept = Vec::with_capacity(parsed.attachments.len());
    let files = std::mem::take(&mut parsed.attachments);
    for file in files {
        if unpacked >= MOST || !is_tnef(&file) {
            kept.push(file);
            continue;
        }
        let Ok(message) = ewsd_tnef::read(&file.content, &Budget::default()) else {
            kept.push(spoilt(file));
            continue;
        };
        unpacked += 1;
        take_over(&message, parsed, lists, body_type);
        kept.extend(message.attachments.iter().map(attachment));
        let is_damaged = !message.damage.is_empty();
        drop(message);
        if is_damaged {
            kept.push(spoilt(file));
        }
    }
    parsed.attachments = kept;
    if unpacked > 0 {
        settle(parsed, *body_type);
    }
}

fn is_tnef(file: &Attachment<'_>) -> bool {
    let is_named = |names: &[&str], text: &str| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    file.essence().is_some_and(|told| is_named(&TYPES, told)) || is_named(&NAMES, &file.name)
}

/// What cannot be read whole is a file like any (MS-OXCMAIL 2.2.3.4.1.2).
fn spoilt(file: Attachment<'_>) -> Attachment<'_> {
    Attachment { content_type: Some("application/octet-stream".to_owned()), ..file }
}

/// What is within the text, and whether anything is beside it.
fn settle(parsed: &mut Parsed<'_>, body_type: BodyType) {
    if body_type == BodyType::Html {
        let references = References::of(&parsed.body);
        for one in &mut parsed.attachments {
            one.inline |= references.has(one.content_id.as_deref(), one.content_location.as_deref());
        }
    }
    parsed.flags &= !bit::HAS_ATTACHMENTS;
    if parsed.attachments.iter().any(|one| !one.inline) {
        parsed.flags |= bit::HAS_ATTACHMENTS;
    }
}

fn take_over(message: &Message<'_>, parsed: &mut Parsed<'_>, lists: &mut Lists, body_type: &mut BodyType) {
    let columns = &mut parsed.columns;
    if let Some(body) = body(message) {
        let is_better = *body_type == BodyType::Text && body.body_type == BodyType::Html;
        if is_better || parsed.body.trim().is_empty() {
            (parsed.body, *body_type) = (body.text, body.body_type);
        }
    }
    let mut fill = Columns::new();
    describe(message, &mut fill);
    for (column, value) in fill.iter() {
        let is_plain = column == Column::Class && columns.text(column) == Some("IPM.Note");
        if is_plain || columns.get(column).is_none() {
            columns.set(column, value.clone());
        }
    }
    if lists.iter().all(Vec::is_empty) {
        *lists = recipients(message);
        set_recipients(lists, columns, &mut parsed.props);
    }
}

/// The best form of the text that it tells.
fn body(message: &Message<'_>) -> Option<Body> {
    let of = |body_type, text: &Option<String>| {
        let text = text.as_ref().filter(|text| !text.trim().is_empty())?.clone();
        Some(Body { body_type, text, truncated: None })
    };
    of(BodyType::Html, &message.body.html).or_else(|| of(BodyType::Text, &message.body.text))
}

/// Everything with a column that is told.
fn describe(message: &Message<'_>, columns: &mut Columns) {
    // Meetings, tasks and contacts are no mail by their class alone.
    let class = message.class.trim();
    if class.len() <= 255 && ItemKind::from_class(class) == ItemKind::Message {
        columns.set(Column::Class, Value::Text(class.to_owned()));
    }
    set_text(columns, Column::Subject, message.subject.as_deref());
    let from = message.from.as_ref().map(mailbox);
    if let Some(from) = from {
        set_text(columns, Column::FromName, from.name.as_deref().or(from.address.as_deref()));
        columns.set(Column::From, Value::Mailbox(from));
    }
    if let Some(sender) = message.sender.as_ref().or(message.from.as_ref()).map(mailbox) {
        columns.set(Column::Sender, Value::Mailbox(sender));
    }
    if let Some(sent) = message.sent {
        columns.set(Column::Sent, Value::Time(sent));
    }
    let ids = |text: &Option<String>| {
        let ids: Vec<String> = ewsd_mime::ids(text.as_deref()?).iter().map(|id| format!("<{id}>")).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    };
    set_text(columns, Column::MessageId, ids(&message.message_id).as_deref());
    set_text(columns, Column::InReplyTo, ids(&message.in_reply_to).as_deref());
    set_text(columns, Column::References, ids(&message.references).as_deref());
    for (column, number) in [(Column::Importance, message.importance), (Column::Sensitivity, message.sensitivity)] {
        if let Some(number) = number.and_then(|number| i32::try_from(number).ok()).filter(|n| (0..=3).contains(n)) {
            columns.set(column, Value::Int(number));
        }
    }
}

fn mailbox(person: &Person) -> Mailbox {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let is_smtp = person.address_type == "SMTP";
    let address = some(&person.address).filter(|_| is_smtp);
    Mailbox {
        name: some(&person.name).or_else(|| some(&person.address)),
        routing: address.is_some().then(|| "SMTP".to_owned()),
        address,
        ..Mailbox::default()
    }
}

/// Whoever has an address that can be written to.
fn recipients(message: &Message<'_>) -> Lists {
    [Role::To, Role::Cc, Role::Bcc].map(|role| {
        let all = message.recipients.iter().filter(|one| one.role == role).map(|one| mailbox(&one.person));
        all.filter(|one| one.address.is_some()).collect()
    })
}

fn set_recipients(lists: &Lists, columns: &mut Columns, props: &mut Map) {
    let names = [
        ("ToRecipients", Column::DisplayTo),
        ("CcRecipients", Column::DisplayCc),
        ("BccRecipients", Column::DisplayBcc),
    ];
    for ((element, column), list) in names.into_iter().zip(lists) {
        set_text(columns, column, Some(&display(list)));
        set_list(props, element, list.clone());
    }
}

fn attachment<'o>(file: &File<'_>) -> Attachment<'o> {
    let name = ewsd_mime::file_name(file.name.as_deref().unwrap_or_default());
    let (content_type, content) = content(file);
    let words = words::of_file(content_type.as_deref(), &name, &content);
    Attachment {
        words,
        name,
        content_type,
        content_id: file.content_id.clone(),
        content_location: file.content_location.clone(),
        inline: file.is_inline,
        content: content.into(),
    }
}

/// The octets of a file, and what they are; a message is written as one.
fn content(file: &File<'_>) -> (Option<String>, Vec<u8>) {
    match &file.content {
        FileContent::Nothing => (file.content_type.clone(), Vec::new()),
        FileContent::Octets(octets) | FileContent::Object(_, octets) => (file.content_type.clone(), octets.to_vec()),
        FileContent::Message(inner) => (Some("message/rfc822".to_owned()), written(inner)),
    }
}

/// A message inside, as MIME. The nesting is what the reader's budget allows.
fn written(message: &Message<'_>) -> Vec<u8> {
    let (mut columns, mut props) = (Columns::new(), Map::new());
    describe(message, &mut columns);
    set_recipients(&recipients(message), &mut columns, &mut props);
    let contents: Vec<_> = message.attachments.iter().map(|file| (file, content(file))).collect();
    let mut body = body(message);
    if let Some(body) = body.as_mut().filter(|body| body.body_type == BodyType::Html && !body.text.contains('<')) {
        body.text = html::from_text(&body.text);
    }
    let parts: Vec<Part<'_>> = contents
        .iter()
        .map(|(file, (content_type, content))| Part {
            name: file.name.as_deref().unwrap_or_default(),
            content_type: content_type.as_deref(),
            content_id: file.content_id.as_deref(),
            content_location: file.content_location.as_deref(),
            inline: file.is_inline,
            content: Cow::Borrowed(content),
        })
        .collect();
    let plain = body.as_ref().filter(|body| body.body_type == BodyType::Html).map(|body| html::to_text(&body.text));
    let message = build::Message {
        calendar: None,
        columns: &columns,
        props: &props,
        flags: 0,
        body: body.as_ref(),
        parts: &parts,
        kept: &[],
        bcc: true,
    };
    build::write(&message, plain)
}
