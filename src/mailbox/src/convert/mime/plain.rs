//! A plain envelope for a message whose properties the database would not take: who, what and when, each cut short, and the
//! beginning of the text. The octets stay beside it, whole.

use ewsd_model::property::{Column, bit};
use ewsd_model::value::{BodyType, Mailbox};
use ewsd_model::{ItemKind, Value};
use ewsd_store::{Area, Columns, GAVE_UP, Map, SEARCHED};
use jiff::Timestamp;

use super::Parsed;
use super::parse::{beginning, describe, plain_of};
use super::thread::Thread;
use super::words::Lists;
use crate::convert::READING;

/// Octets of a name, an address, a subject: far below every limit of a database.
const TEXT: usize = 255;

/// What whoever gets such a message sees of it.
const UNREAD_SUBJECT: &str = "(A message that could not be read)";
const UNREAD: &str =
    "This message could not be read here. It is kept as it came: whoever downloads or exports it gets all of it.\r\n";

/// What is kept of `parsed`, which was read off `mime`.
pub(in crate::convert) fn plain(parsed: &Parsed<'_>, mime: &[u8]) -> Parsed<'static> {
    let mut columns = Columns::new();
    columns.set(Column::Class, Value::Text(ItemKind::Message.row().default_class.to_owned()));
    let sent = parsed.columns.time(Column::Sent).unwrap_or(Timestamp::UNIX_EPOCH);
    columns.set(Column::Sent, Value::Time(sent));
    columns.set(Column::Size, Value::Long(i64::try_from(mime.len()).unwrap_or(i64::MAX)));
    let subject = short(parsed.columns.text(Column::Subject)).unwrap_or_default();
    let thread = Thread::derive(&subject, None, None, None, None, None, sent);
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
    if !subject.is_empty() {
        columns.set(Column::Subject, Value::Text(subject));
    }
    for column in [Column::From, Column::Sender] {
        if let Some(Value::Mailbox(one)) = parsed.columns.get(column) {
            columns.set(column, Value::Mailbox(person(one)));
        }
    }
    if let Some(name) = short(parsed.columns.text(Column::FromName)) {
        columns.set(Column::FromName, Value::Text(name));
    }
    let body = beginning(&parsed.body, SEARCHED).to_owned();
    let html = parsed.columns.number(Column::BodyType) == Some(BodyType::Html as i64);
    let body_type = if html { BodyType::Html } else { BodyType::Text };
    // Preview and form; what it is searched by is the subject alone.
    let plain = plain_of(body_type, &body);
    describe(&mut columns, &[], &Lists::default(), body_type, plain.as_deref().unwrap_or(&body));
    let search = vec![(Area::Subject, columns.text(Column::Subject).unwrap_or_default().to_owned())];
    let kind = ItemKind::Message;
    Parsed { kind, flags: 0, columns, props: Map::new(), body, plain, attachments: Vec::new(), search }
}

/// What is kept of a message that no converter could read: who says to have sent it, and when it came. It is not looked into.
pub fn unread(mime: &[u8], sender: &str, now: Timestamp) -> Parsed<'static> {
    let mut columns = Columns::new();
    columns.set(Column::Class, Value::Text(ItemKind::Message.row().default_class.to_owned()));
    columns.set(Column::Sent, Value::Time(now));
    columns.set(Column::Size, Value::Long(i64::try_from(mime.len()).unwrap_or(i64::MAX)));
    let thread = Thread::derive("", None, None, None, None, None, now);
    columns.set(Column::ConversationIndex, Value::Bytes(thread.index));
    columns.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
    if let Some(address) = short(Some(sender)) {
        let routing = Some("SMTP".to_owned());
        let from =
            Mailbox { name: Some(address.clone()), address: Some(address.clone()), routing, ..Mailbox::default() };
        columns.set(Column::FromName, Value::Text(address));
        columns.set(Column::From, Value::Mailbox(from.clone()));
        columns.set(Column::Sender, Value::Mailbox(from));
    }
    columns.set(Column::Subject, Value::Text(UNREAD_SUBJECT.to_owned()));
    let body = UNREAD.to_owned();
    let search = describe(&mut columns, &[], &Lists::default(), BodyType::Text, &body);
    let mut props = Map::new();
    props.insert(GAVE_UP.to_owned(), READING.into());
    let (kind, flags) = (ItemKind::Message, bit::UNREADABLE);
    Parsed { kind, flags, columns, props, body, plain: None, attachments: Vec::new(), search }
}

fn person(one: &Mailbox) -> Mailbox {
    let cut = |text: &Option<String>| short(text.as_deref());
    Mailbox { name: cut(&one.name), address: cut(&one.address), routing: one.routing.clone(), ..Mailbox::default() }
}

/// The beginning, without control characters.
fn short(text: Option<&str>) -> Option<String> {
    let text: String = beginning(text?, TEXT).chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_envelope_is_short_and_the_text_is_there() {
        let mime = format!(
            "From: \"{}\" <a@x.test>\r\nSubject: {}\r\nMessage-ID: <{}@x>\r\nDate: Fri, 21 Nov 1997 09:55:06 +0000\r\n\
             Keywords: a, b\r\n\r\ntext\r\n",
            "n".repeat(3000),
            "s".repeat(3000),
            "i".repeat(3000)
        );
        let parsed = super::super::parse(mime.as_bytes(), Timestamp::UNIX_EPOCH);
        let plain = plain(&parsed, mime.as_bytes());
        assert_eq!(plain.columns.text(Column::Subject).map(str::len), Some(TEXT));
        assert_eq!(plain.columns.text(Column::FromName).map(str::len), Some(TEXT));
        assert_eq!(plain.columns.time(Column::Sent), parsed.columns.time(Column::Sent));
        assert_eq!(plain.columns.text(Column::MessageId), None);
        assert_eq!((plain.body.trim(), plain.attachments.len()), ("text", 0));
    }
}
