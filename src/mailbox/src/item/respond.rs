//! Response objects of CreateItem: replies and forwards become messages, the others do something to the item they refer to
//! (MS-OXWSCDATA ResponseObjectType and what derives from it).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::object::{NewAttachment, NewContent, NewItem, NewKind, ResponseKind};
use ewsd_model::property::mapi::{ExtendedValue, MapiType, Scalar};
use ewsd_model::property::{Column, ExtendedPath, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{AttachmentKind, ItemRow, ItemUpdate, Map, json};

use super::load;
use crate::calendar::meeting::people;
use crate::calendar::series::{self, ItemOrOccurrence};
use crate::convert::mime::{self, Thread};
use crate::convert::table::HtmlText;
use crate::convert::{Failed, ask, html};
use crate::error::{Error, Result};
use crate::gate::{GrantedItem, Right};
use crate::property::{Needs, body};
use crate::session::Session;

/// What is remembered of the item that was answered, once the answer is sent (MS-OXOMSG 2.2.1.4: last verb).
pub struct LastVerb {
    item: GrantedItem,
    verb: i64,
    /// The word of its icon.
    icon: &'static str,
}

const LAST_VERB: u16 = 0x1081;
const LAST_VERB_TIME: u16 = 0x1082;

impl LastVerb {
    /// What an answer of this kind leaves. None: nothing.
    pub fn of(item: GrantedItem, kind: ResponseKind) -> Option<LastVerb> {
        kind.row().trace.map(|(verb, icon)| LastVerb { item, verb, icon })
    }

    pub fn remember(&self, session: &mut Session<'_>) -> Result<()> {
        if !self.item.allows(Right::EditItems) {
            return Ok(());
        }
        let mut update = ItemUpdate::default();
        let verb = ExtendedValue::One(Scalar::Int(self.verb));
        let time = ExtendedValue::One(Scalar::Time(session.now));
        let key = |tag, ty| ExtendedPath::tag(tag, ty).key();
        update.ext.insert(key(LAST_VERB, MapiType::Integer), json::encode_extended(&verb));
        update.ext.insert(key(LAST_VERB_TIME, MapiType::SystemTime), json::encode_extended(&time));
        if let Some(icon) = PropId::ItemIconIndex.row().number_of(self.icon) {
            update.set.set(Column::IconIndex, Value::Int(icon));
        }
        let granted = self.item.granted;
        match session.gate.open(&granted).update_item(self.item.item, &update, None) {
            // Gone meanwhile: there is nothing to remember it by.
            Ok(_) | Err(ewsd_store::StoreError::NotFound(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The message that a response object is. None where it was done by a change of the item alone.
pub fn message(
    session: &mut Session<'_>,
    mut wanted: NewItem,
    kind: ResponseKind,
) -> Result<Option<(NewItem, LastVerb)>> {
    let refused = |code: Code| Err(Error::from(code));
    let Some(reference) = wanted.reference.take() else { return refused(Code::ErrorMissingInformationReferenceItemId) };
    let right = if kind == ResponseKind::SuppressReadReceipt { Right::EditItems } else { Right::Read };
    let item = session.gate.item_by_id(&reference.id, reference.change_key.as_deref(), right)?;
    if kind == ResponseKind::SuppressReadReceipt {
        return suppress_receipt(session, &item).map(|()| None);
    }
    let Some((verb, icon)) = kind.row().trace else { return refused(kind.row().refusal) };
    let mut needs = Needs::of_message();
    needs.plan.mime = false;
    needs.plan.ext = false;
    let mut original = load::row(session, &item, &needs.plan)?;
    if let ItemOrOccurrence::Occurrence(master, placed) = series::resolve(&original, item.part)? {
        original = master.shown(&original, placed);
        item.check_shown(&original)?;
    }
    if original.kind.row().answers.is_empty() {
        return refused(Code::ErrorInvalidOperation);
    }
    let mut message = NewItem { kind: NewKind::Item(ItemKind::Message), ..wanted };
    address(session, &mut message, &original, kind);
    title(&mut message, &original, kind);
    link(session, &mut message, &original);
    let new_body = message.new_body.take();
    let text = quote(new_body, &original)?;
    let is_html = text.body_type == BodyType::Html;
    put(&mut message, PropId::ItemBody, Value::Body(text));
    carry(session, &mut message, &item, &original, kind, is_html)?;
    Ok(Some((message, LastVerb { item, verb, icon })))
}

/// The client's own value, or this one.
fn put(message: &mut NewItem, id: PropId, value: Value) {
    if message.get(id).is_none() {
        message.props.push((id, value));
    }
}

fn suppress_receipt(session: &mut Session<'_>, item: &GrantedItem) -> Result<()> {
    let update = ItemUpdate { clear_flags: bit::READ_RECEIPT, ..ItemUpdate::default() };
    let granted = item.granted;
    session.gate.open(&granted).update_item(item.item, &update, None)?;
    Ok(())
}

/// To whom: the author, and for all the others too, but never the one who answers.
fn address(session: &Session<'_>, message: &mut NewItem, original: &ItemRow, kind: ResponseKind) {
    let none = Map::new();
    let props = original.props.as_ref().unwrap_or(&none);
    let list = |id: PropId| mime::mailboxes(props, id.row().element);
    let own = session.caller.primary_address.clone().unwrap_or_default();
    let is_own = |one: &Mailbox| one.address.as_deref().is_some_and(|address| address.eq_ignore_ascii_case(&own));
    let mut to = match kind {
        ResponseKind::Forward => return,
        _ => list(PropId::MessageReplyTo),
    };
    if to.is_empty() {
        to.extend(match original.columns.get(Column::From) {
            // A name alone can be read, but not written to.
            Some(Value::Mailbox(from)) => Some(from.clone()).filter(|from| from.address.is_some()),
            _ => None,
        });
    }
    if original.kind == ItemKind::CalendarItem {
        to.extend(people::organizer(props).filter(|organizer| !is_own(organizer)));
    }
    if kind == ResponseKind::ReplyAllTo {
        if original.kind == ItemKind::CalendarItem {
            let others = people::everybody(props).into_iter().filter(|one| !is_own(one));
            let others: Vec<Mailbox> = others.filter(|one| !to.iter().any(|other| same(other, one))).collect();
            to.extend(others);
        }
        let known = |to: &[Mailbox], one: &Mailbox| to.iter().any(|other| same(other, one));
        for one in list(PropId::MessageToRecipients) {
            if !is_own(&one) && !known(&to, &one) {
                to.push(one);
            }
        }
        let cc: Vec<Mailbox> =
            list(PropId::MessageCcRecipients).into_iter().filter(|one| !is_own(one) && !known(&to, one)).collect();
        if !cc.is_empty() {
            put(message, PropId::MessageCcRecipients, Value::Mailboxes(cc));
        }
    }
    put(message, PropId::MessageToRecipients, Value::Mailboxes(to));
}

fn same(one: &Mailbox, other: &Mailbox) -> bool {
    match (&one.address, &other.address) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}

fn title(message: &mut NewItem, original: &ItemRow, kind: ResponseKind) {
    let subject = original.columns.text(Column::Subject).unwrap_or_default();
    let prefix = if kind == ResponseKind::Forward { "FW: " } else { "RE: " };
    put(message, PropId::ItemSubject, Value::Text(format!("{prefix}{}", mime::topic(subject))));
}

/// The place in the conversation.
fn link(session: &Session<'_>, message: &mut NewItem, original: &ItemRow) {
    let columns = &original.columns;
    if let Some(id) = columns.text(Column::MessageId).and_then(mime::id) {
        let before = columns.text(Column::References).or_else(|| columns.text(Column::InReplyTo)).unwrap_or_default();
        let mut references = mime::ids(before);
        references.push(id.clone());
        put(message, PropId::ItemInReplyTo, Value::Text(id));
        put(message, PropId::MessageReferences, Value::Text(references.join(" ")));
    }
    if let Some(Value::Bytes(index)) = columns.get(Column::ConversationIndex) {
        put(message, PropId::MessageConversationIndex, Value::Bytes(Thread::answer(index, session.now)));
    }
    if let Some(topic) = columns.text(Column::ConversationTopic) {
        put(message, PropId::MessageConversationTopic, Value::Text(topic.to_owned()));
    }
    if let Some(Value::Bytes(id)) = columns.get(Column::ConversationId) {
        put(message, PropId::ItemConversationId, Value::Bytes(id.clone()));
    }
}

/// The new text with the old one below it, in the form of the new one.
pub(crate) fn quote(new: Option<Body>, original: &ItemRow) -> Result<Body, Failed> {
    let old = body::stored(original).unwrap_or_default();
    let body_type = new.as_ref().map_or(old.body_type, |new| new.body_type);
    let new = new.map(|new| new.text).unwrap_or_default();
    let head = heading(original);
    let text = match body_type {
        BodyType::Text => {
            let is_html = old.body_type == BodyType::Html;
            let old = if is_html { ask(&HtmlText {}, old.text.as_bytes())? } else { old.text };
            let lines: Vec<String> = head.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            format!("{new}\r\n\r\n-----Original Message-----\r\n{}\r\n{old}", lines.concat())
        }
        BodyType::Html => {
            let old = if old.body_type == BodyType::Text { html::from_text(&old.text) } else { old.text };
            let lines: Vec<String> =
                head.iter().map(|(name, value)| format!("<b>{name}:</b> {}<br>\r\n", escape(value))).collect();
            format!(
                "<html>\r\n<body>\r\n{}\r\n<hr>\r\n<div id=\"divRplyFwdMsg\">{}</div>\r\n<br>\r\n{}\r\n</body>\r\n</html>\r\n",
                inside(&new),
                lines.concat(),
                inside(&old)
            )
        }
    };
    Ok(Body { body_type, text, truncated: None })
}

/// Who wrote what is quoted, when, to whom, about what.
fn heading(original: &ItemRow) -> Vec<(&'static str, String)> {
    let columns = &original.columns;
    let from = match columns.get(Column::From) {
        Some(Value::Mailbox(Mailbox { name: Some(name), address: Some(address), .. })) if name != address => {
            Some(format!("{name} <{address}>"))
        }
        Some(Value::Mailbox(one)) => one.address.clone().or_else(|| one.name.clone()),
        _ => None,
    };
    let sent = columns.time(Column::Sent).map(|sent| sent.strftime("%A, %-d %B %Y %H:%M UTC").to_string());
    let text = |column| columns.text(column).map(str::to_owned);
    [
        ("From", from),
        ("Sent", sent),
        ("To", text(Column::DisplayTo)),
        ("Cc", text(Column::DisplayCc)),
        ("Subject", text(Column::Subject)),
    ]
    .into_iter()
    .filter_map(|(name, value)| value.map(|value| (name, value)))
    .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What stands inside the `body` element of a document; the text itself if it is none.
fn inside(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let start =
        lower.find("<body").and_then(|at| lower.get(at..).and_then(|rest| rest.find('>')).map(|end| at + end + 1));
    let start = start.unwrap_or(0);
    let end = lower.rfind("</body").filter(|end| *end >= start).unwrap_or(html.len());
    html.get(start..end).unwrap_or(html).trim()
}

/// A forward carries all attachments along, an HTML reply the pictures in what it quotes.
fn carry(
    session: &mut Session<'_>,
    message: &mut NewItem,
    item: &GrantedItem,
    original: &ItemRow,
    kind: ResponseKind,
    is_html: bool,
) -> Result<()> {
    let granted = item.granted;
    let wanted = |inline: bool| if inline { is_html } else { kind == ResponseKind::Forward };
    let mut needs = Needs::of_items();
    needs.attachments = true;
    for row in load::attachments(session, &granted, std::slice::from_ref(original), &needs)? {
        if !wanted(row.inline) {
            continue;
        }
        let row = session.gate.open(&granted).attachment(item.item, row.attachment, true)?;
        let content = row.content.ok_or_else(|| Error::from(Failure::new(Code::ErrorItemNotFound)))?;
        message.attachments.push(NewAttachment {
            name: row.name,
            content_type: row.content_type,
            content_id: row.content_id,
            content_location: row.content_location,
            inline: row.inline,
            contact_photo: false,
            content: match row.kind {
                AttachmentKind::File => NewContent::File(content),
                AttachmentKind::Message => NewContent::Message(content),
                AttachmentKind::Whole => NewContent::Stored(content),
            },
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::property::testing::row;

    fn original(body_type: BodyType, text: &str) -> ItemRow {
        let mut item = row();
        item.columns.set(Column::Subject, Value::Text("Lunch <1>".into()));
        item.columns.set(Column::BodyType, Value::Int(body_type as i32));
        item.body = Some(text.as_bytes().to_vec());
        item
    }

    #[test]
    fn text_is_quoted_below() {
        let new = Body { body_type: BodyType::Text, text: "Yes".into(), truncated: None };
        let quoted = quote(Some(new), &original(BodyType::Html, "<p>When?</p>")).unwrap();
        assert!(quoted.text.starts_with("Yes\r\n"));
        assert!(quoted.text.contains("Subject: Lunch <1>\r\n") && quoted.text.contains("When?"));
        assert!(!quoted.text.contains("<p>"));
    }

    #[test]
    fn html_is_quoted_inside_one_document() {
        let new = Body { body_type: BodyType::Html, text: "<html><body>Yes</body></html>".into(), truncated: None };
        let quoted = quote(Some(new), &original(BodyType::Text, "a < b")).unwrap();
        assert_eq!(quoted.text.matches("<body").count(), 1);
        assert!(quoted.text.contains("Lunch &lt;1&gt;") && quoted.text.contains("a &lt; b"));
    }

    #[test]
    fn bodies_are_taken_out_of_documents() {
        assert_eq!(inside("<html><BODY class=x> a </BODY></html>"), "a");
        assert_eq!(inside("plain"), "plain");
        assert_eq!(inside("</body><body>"), "");
    }
}
