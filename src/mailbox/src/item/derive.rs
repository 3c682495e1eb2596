//! What follows from an item's properties: display names, preview, the words it is found by, its size, its conversation.
//! Worked out when the item is written, so that lists never have to.

use ewsd_model::property::{Column, bit};
use ewsd_model::value::{Body, BodyType};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{Columns, Map};

use super::edit::Edit;
use crate::convert::mime::{self, Thread};

/// Recipient lists and the columns that show their names.
const DISPLAYED: [(PropId, Column); 3] = [
    (PropId::MessageToRecipients, Column::DisplayTo),
    (PropId::MessageCcRecipients, Column::DisplayCc),
    (PropId::MessageBccRecipients, Column::DisplayBcc),
];

/// What an item counts beside its contents.
const OVERHEAD: i64 = 512;

/// Whether the edit changes what the message as octets tells.
pub fn touches_mime(edit: &Edit<'_>) -> bool {
    let hidden_only = |id: &PropId| *id == PropId::MessageBccRecipients && edit.hides_more;
    edit.changed.iter().any(|id| id.row().in_octets && !hidden_only(id))
}

/// Completes an edit. Answers the words that the item is found by, if they changed.
pub fn complete(edit: &mut Edit<'_>) -> Option<String> {
    edit.settle();
    show_people(edit);
    match edit.kind {
        ItemKind::Contact => name_contact(edit),
        ItemKind::Task => settle_task(edit),
        _ => {}
    }
    let is_new = edit.base.is_none();
    let retitles =
        edit.changed.contains(&PropId::ItemSubject) && !edit.touched.contains(&PropId::MessageConversationTopic);
    if !is_new && retitles && edit.flags() & bit::DRAFT != 0 {
        retitle(edit);
    }
    let words = is_new || !edit.kind.row().is_mail || edit.touched.iter().any(|id| id.row().in_words);
    let search = words.then(|| describe(edit));
    if !is_new {
        if touches_mime(edit) {
            edit.set_bit(bit::MIME_STALE, true);
        }
        resize(edit);
    }
    search
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
fn describe(edit: &mut Edit<'_>) -> String {
    let body = edit.whole_body();
    let (body_type, text) = body.as_deref().map_or_else(Default::default, |body| (body.body_type, body.text.as_str()));
    let mut columns = Columns::new();
    for column in [Column::Subject, Column::FromName, Column::DisplayTo, Column::DisplayCc, Column::From] {
        if let Some(value) = edit.column(column) {
            columns.set(column, value.clone());
        }
    }
    let mut search = mime::describe(&mut columns, body_type, text);
    drop(body);
    if !edit.kind.row().is_mail {
        for text in texts(edit) {
            search.push('\n');
            search.push_str(&text);
        }
    }
    if edit.body.is_some() || edit.base.is_none() {
        edit.set.set(Column::BodyType, Value::Int(body_type as i32));
        let preview = columns.text(Column::Preview).unwrap_or_default().to_owned();
        put_text(edit, Column::Preview, &preview);
    }
    search
}

/// The texts among the properties of a contact or task: names, companies, addresses.
fn texts(edit: &Edit<'_>) -> Vec<String> {
    let before = edit.base.and_then(|base| base.props.as_ref()).into_iter().flatten();
    let before = before.filter(|(name, _)| !name.starts_with('~') && !edit.props.contains_key(*name));
    let mut found = Vec::new();
    before.chain(&edit.props).for_each(|(_, value)| collect(value, &mut found));
    found
}

fn collect(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(values) => values.iter().for_each(|value| collect(value, found)),
        serde_json::Value::Object(members) => members.values().for_each(|value| collect(value, found)),
        _ => {}
    }
}

fn member_text(edit: &Edit<'_>, id: PropId) -> Option<String> {
    let text = edit.member(id.row().element)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A contact is listed by its display name, which follows from its names where the client gives none, and filed by it or by
/// surname (MS-OXWSCONT).
fn name_contact(edit: &mut Edit<'_>) {
    let parts = [PropId::ContactGivenName, PropId::ContactMiddleName, PropId::ContactSurname];
    let names: Vec<String> = parts.iter().filter_map(|id| member_text(edit, *id)).collect();
    if edit.base.is_none() {
        let company = member_text(edit, PropId::ContactCompanyName);
        let given = member_text(edit, PropId::ContactGivenName);
        let by_surname = match (member_text(edit, PropId::ContactSurname), &given) {
            (Some(surname), Some(given)) => Some(format!("{surname}, {given}")),
            (surname, given) => surname.or_else(|| given.clone()),
        };
        let full = (!names.is_empty()).then(|| names.join(" "));
        put_member(edit, PropId::ContactDisplayName, full.or_else(|| company.clone()));
        let display = member_text(edit, PropId::ContactDisplayName);
        put_member(edit, PropId::ContactFileAs, by_surname.or(company).or(display));
    }
    if edit.base.is_none() || edit.touched.contains(&PropId::ContactDisplayName) {
        if let Some(name) = member_text(edit, PropId::ContactDisplayName) {
            if !edit.touched.contains(&PropId::ItemSubject) {
                put_text(edit, Column::Subject, &name);
            }
        }
    }
}

/// Sets a member that has no value yet.
fn put_member(edit: &mut Edit<'_>, id: PropId, text: Option<String>) {
    if let (None, Some(text)) = (member_text(edit, id), text) {
        edit.props.insert(id.row().element.to_owned(), text.into());
    }
}

/// Status, percentage and completion of a task say the same thing (MS-OXWSTASK): whichever was written, the others follow.
fn settle_task(edit: &mut Edit<'_>) {
    let touched = |edit: &Edit<'_>, id: PropId| edit.touched.contains(&id);
    let (status, percent, date) = (PropId::TaskStatus, PropId::TaskPercentComplete, PropId::TaskCompleteDate);
    let done = if touched(edit, status) {
        member_text(edit, status).as_deref() == Some("Completed")
    } else if touched(edit, percent) {
        edit.member(percent.row().element).and_then(serde_json::Value::as_f64).is_some_and(|percent| percent >= 100.0)
    } else if touched(edit, date) {
        edit.member(date.row().element).is_some()
    } else if edit.base.is_none() {
        false
    } else {
        return;
    };
    let set = |edit: &mut Edit<'_>, id: PropId, value: serde_json::Value| {
        edit.props.insert(id.row().element.to_owned(), value);
    };
    set(edit, PropId::TaskIsComplete, done.into());
    if done {
        set(edit, status, "Completed".into());
        set(edit, percent, 100.0.into());
        if edit.member(date.row().element).is_none() {
            set(edit, date, edit.now.to_string().into());
        }
        return;
    }
    if !touched(edit, status) && member_text(edit, status).is_none_or(|status| status == "Completed") {
        let started =
            edit.member(percent.row().element).and_then(serde_json::Value::as_f64).is_some_and(|part| part > 0.0);
        set(edit, status, if started { "InProgress" } else { "NotStarted" }.into());
    }
    if !touched(edit, percent) {
        let before = edit.member(percent.row().element).and_then(serde_json::Value::as_f64).unwrap_or(0.0);
        set(edit, percent, if before >= 100.0 { 0.0 } else { before }.into());
    }
    if !touched(edit, date) {
        set(edit, date, serde_json::Value::Null);
    }
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
        let words = complete(&mut edit).unwrap();
        assert_eq!(edit.set.text(Column::DisplayTo), Some("ann@example.test; bob@example.test"));
        assert_eq!(edit.set.text(Column::Preview), Some("At noon"));
        assert_eq!(edit.set.number(Column::BodyType), Some(1));
        assert!(words.contains("Lunch") && words.contains("noon") && words.contains("bob@example.test"));
    }

    #[test]
    fn only_what_mime_tells_makes_it_stale() {
        let base = row();
        let mut edit = Edit::new(ItemKind::Message, Some(&base), Timestamp::UNIX_EPOCH);
        edit.set(PropId::ItemCategories, Value::Texts(vec!["a".into()])).unwrap();
        assert_eq!(complete(&mut edit), None);
        assert_eq!(edit.set_flags & bit::MIME_STALE, 0);
        edit.set(PropId::ItemSubject, text("x")).unwrap();
        assert!(complete(&mut edit).is_some());
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

    #[test]
    fn contacts_are_named() {
        let mut edit = new(ItemKind::Contact);
        edit.set(PropId::ContactGivenName, text("Jana")).unwrap();
        edit.set(PropId::ContactSurname, text("Nov")).unwrap();
        let words = complete(&mut edit).unwrap();
        assert_eq!(edit.props["DisplayName"], "Jana Nov");
        assert_eq!(edit.props["FileAs"], "Nov, Jana");
        assert_eq!(edit.set.text(Column::Subject), Some("Jana Nov"));
        assert!(words.contains("Jana"));
    }

    #[test]
    fn tasks_are_settled() {
        let mut edit = new(ItemKind::Task);
        complete(&mut edit);
        assert_eq!((&edit.props["Status"], &edit.props["PercentComplete"]), (&"NotStarted".into(), &0.0.into()));
        edit.set(PropId::TaskStatus, text("Completed")).unwrap();
        complete(&mut edit);
        assert_eq!(edit.props["PercentComplete"], 100.0);
        assert_eq!(edit.props["IsComplete"], true);
        assert_eq!(edit.props["CompleteDate"], "1970-01-01T00:00:00Z");
    }
}
