//! What follows from an item's properties: display names, preview, the words it is found by, its size, its conversation.
//! Worked out when the item is written, so that lists never have to.

use std::borrow::Cow;

use ewsd_model::failure::Failure;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::{Body, BodyType};
use ewsd_model::{PropId, Value};
use ewsd_store::{AUTHORS, Area, Columns, Map};

use super::edit::Edit;
use crate::convert::Failed;
use crate::convert::mime::{self, Texts, Thread};
use crate::kind;

/// Recipient lists and the columns that show their names.
const DISPLAYED: [(PropId, Column); 6] = [
    (PropId::MessageToRecipients, Column::DisplayTo),
    (PropId::MessageCcRecipients, Column::DisplayCc),
    (PropId::MessageBccRecipients, Column::DisplayBcc),
    (PropId::CalendarRequiredAttendees, Column::DisplayTo),
    (PropId::CalendarOptionalAttendees, Column::DisplayCc),
    (PropId::CalendarResources, Column::DisplayBcc),
];

/// What an item counts beside its contents.
const OVERHEAD: i64 = 512;

/// Whether the edit changes what the message as octets tells.
pub fn touches_mime(edit: &Edit<'_>) -> bool {
    let hidden_only = |id: &PropId| *id == PropId::MessageBccRecipients && edit.hides_more;
    edit.changed.iter().any(|id| id.row().in_octets && !hidden_only(id))
}

/// Completes an edit, or refuses it. Answers the texts that the item is found by, if they changed.
pub fn complete(edit: &mut Edit<'_>) -> Result<Option<Texts>, Failure> {
    edit.settle();
    show_people(edit);
    let kind = kind::of(edit.kind);
    kind.settle(edit);
    kind.arrange(edit)?;
    kind.check(edit)?;
    edit.contact_rows = kind.contact_rows(edit);
    let is_new = edit.base.is_none();
    let retitles =
        edit.changed.contains(&PropId::ItemSubject) && !edit.touched.contains(&PropId::MessageConversationTopic);
    if !is_new && retitles && edit.flags() & bit::DRAFT != 0 {
        retitle(edit);
    }
    let words = is_new || !edit.kind.row().is_mail || edit.touched.iter().any(|id| id.row().in_words);
    let search = words.then(|| describe(edit)).transpose()?;
    if !is_new {
        if touches_mime(edit) {
            edit.set_bit(bit::MIME_STALE, true);
        }
        resize(edit);
    }
    Ok(search)
}

/// Display names of the lists and the author that were touched.
fn show_people(edit: &mut Edit<'_>) {
    for (id, column) in DISPLAYED {
        if edit.touched.contains(&id) {
            let names = mime::display(&edit.mailboxes(id));
            put_text(edit, column, &names);
        }
    }
    if edit.touched.contains(&PropId::MessageFrom) {
        let name = match edit.column(Column::From) {
            Some(Value::Mailbox(from)) => from.name.clone().or_else(|| from.address.clone()),
            _ => None,
        };
        put_text(edit, Column::FromName, name.as_deref().unwrap_or_default());
        if edit.member(AUTHORS).is_some() {
            edit.props.insert(AUTHORS.to_owned(), serde_json::Value::Null);
        }
    }
}

fn put_text(edit: &mut Edit<'_>, column: Column, text: &str) {
    if text.is_empty() {
        edit.set.take(column);
        edit.unset.insert(column);
    } else {
        edit.unset = edit.unset.without(column);
        edit.set.set(column, Value::Text(text.to_owned()));
    }
}

/// A draft's topic follows its subject. The conversation stays what it is.
fn retitle(edit: &mut Edit<'_>) {
    let subject = match edit.column(Column::Subject) {
        Some(Value::Text(subject)) => subject.clone(),
        _ => String::new(),
    };
    let topic = mime::topic(&subject).to_owned();
    put_text(edit, Column::ConversationTopic, &topic);
}

/// Body type, preview and words.
fn describe(edit: &mut Edit<'_>) -> Result<Texts, Failed> {
    let body = edit.whole_body();
    let (body_type, text) = body.as_deref().map_or_else(Default::default, |body| (body.body_type, body.text.as_str()));
    let plain = match (body_type, &edit.plain) {
        (BodyType::Html, None) => Some(Cow::Owned(mime::plain_text(text)?)),
        (BodyType::Html, Some(known)) => Some(Cow::Borrowed(known.as_str())),
        (BodyType::Text, _) => None,
    };
    let mut columns = Columns::new();
    for column in [Column::Subject, Column::FromName, Column::From, Column::Sender] {
        if let Some(value) = edit.column(column) {
            columns.set(column, value.clone());
        }
    }
    // Whom a message is written to, and who is invited to a meeting.
    let lists = [Column::DisplayTo, Column::DisplayCc, Column::DisplayBcc].map(|column| {
        let of = DISPLAYED.iter().filter(|(_, shown)| *shown == column);
        of.flat_map(|(id, _)| edit.mailboxes(*id)).collect::<Vec<_>>()
    });
    let authors = edit.list(AUTHORS);
    let mut search = mime::describe(&mut columns, &authors, &lists, body_type, plain.as_deref().unwrap_or(text));
    let plain = plain.map(Cow::into_owned);
    drop(body);
    edit.plain = plain;
    search.extend(kind::of(edit.kind).texts(edit).into_iter().map(|text| (Area::Body, text)));
    if edit.body.is_some() || edit.base.is_none() {
        edit.set.set(Column::BodyType, Value::Int(body_type as i32));
        let preview = columns.text(Column::Preview).unwrap_or_default().to_owned();
        put_text(edit, Column::Preview, &preview);
    }
    Ok(search)
}

/// The size after an update: the old one, with the new body for the old; a message given whole brings its own.
fn resize(edit: &mut Edit<'_>) {
    let (Some(base), Some(body), None) = (edit.base, &edit.body, &edit.mime) else { return };
    let Some(size) = base.columns.number(Column::Size) else { return };
    let before = base.body.as_ref().map_or(0, Vec::len);
    let after = body.as_ref().map_or(0, |body| body.text.len());
    let size = (size + octets(after) - octets(before)).max(OVERHEAD);
    edit.set.set(Column::Size, Value::Long(size));
}

/// The size of an item that was made from fields.
pub fn size(body: Option<&Body>, props: &Map, attachments: usize) -> i64 {
    let people: usize = props.values().map(|value| value.to_string().len()).sum();
    OVERHEAD + octets(body.map_or(0, |body| body.text.len())) + octets(people) + octets(attachments)
}

fn octets(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The conversation of a message made from fields: that of the message it answers, or a new one of its own.
pub fn thread(edit: &mut Edit<'_>, now: jiff::Timestamp) {
    let text = |column| match edit.column(column) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let subject = text(Column::Subject).unwrap_or_default();
    let (references, in_reply_to, message_id) =
        (text(Column::References), text(Column::InReplyTo), text(Column::MessageId));
    let given = text(Column::ConversationTopic);
    let thread = Thread::derive(
        &subject,
        given.as_deref(),
        None,
        references.as_deref(),
        in_reply_to.as_deref(),
        message_id.as_deref(),
        now,
    );
    if given.is_none() {
        put_text(edit, Column::ConversationTopic, &thread.topic);
    }
    if edit.column(Column::ConversationIndex).is_none() {
        edit.set.set(Column::ConversationIndex, Value::Bytes(thread.index));
    }
    if edit.column(Column::ConversationId).is_none() {
        edit.set.set(Column::ConversationId, Value::Bytes(thread.id.to_vec()));
    }
}

/// The form of a body, as its column says it.
pub fn body_type(columns: &Columns) -> BodyType {
    if columns.number(Column::BodyType) == Some(BodyType::Html as i64) { BodyType::Html } else { BodyType::Text }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::ItemKind;
    use ewsd_model::value::Mailbox;
    use jiff::Timestamp;

    fn new(kind: ItemKind) -> Edit<'static> {
        Edit::new(kind, None, Timestamp::UNIX_EPOCH)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn people(names: &[&str]) -> Value {
        let one = |name: &&str| Mailbox { address: Some(format!("{name}@example.test")), ..Mailbox::default() };
        Value::Mailboxes(names.iter().map(one).collect())
    }

    #[test]
    fn names_preview_and_words_follow() {
        let mut edit = new(ItemKind::Message);
        edit.set(PropId::ItemSubject, text("Lunch")).unwrap();
        edit.set(PropId::MessageToRecipients, people(&["ann", "bob"])).unwrap();
        let body = Body { body_type: BodyType::Html, text: "<p>At   noon</p>".into(), truncated: None };
        edit.set(PropId::ItemBody, Value::Body(body)).unwrap();
        let words = complete(&mut edit).unwrap().unwrap();
        assert_eq!(edit.set.text(Column::DisplayTo), Some("ann@example.test; bob@example.test"));
        assert_eq!(edit.set.text(Column::Preview), Some("At noon"));
        assert_eq!(edit.set.number(Column::BodyType), Some(1));
        let found = |area, text: &str| words.iter().any(|(place, words)| *place == area && words.contains(text));
        assert!(found(Area::Subject, "Lunch") && found(Area::Body, "noon") && found(Area::To, "bob@example.test"));
    }

    #[test]
    fn only_what_mime_tells_makes_it_stale() {
        let base = row();
        let mut edit = Edit::new(ItemKind::Message, Some(&base), Timestamp::UNIX_EPOCH);
        edit.set(PropId::ItemCategories, Value::Texts(vec!["a".into()])).unwrap();
        assert_eq!(complete(&mut edit).unwrap(), None);
        assert_eq!(edit.set_flags & bit::MIME_STALE, 0);
        edit.set(PropId::ItemSubject, text("x")).unwrap();
        assert!(complete(&mut edit).unwrap().is_some());
        assert_ne!(edit.set_flags & bit::MIME_STALE, 0);
    }

    #[test]
    fn writing_the_same_again_changes_nothing() {
        let mut base = row();
        base.columns.set(Column::Subject, text("x"));
        let mut edit = Edit::new(ItemKind::Message, Some(&base), Timestamp::UNIX_EPOCH);
        edit.set(PropId::ItemSubject, text("x")).unwrap();
        edit.set(PropId::MessageIsDeliveryReceiptRequested, Value::Bool(false)).unwrap();
        assert!(!touches_mime(&edit));
    }
}
