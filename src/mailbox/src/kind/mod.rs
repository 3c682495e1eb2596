//! Kinds of items: what each does besides what all do. A kind is a row of the model's table (`proto/model/src/kind.rs`: names,
//! numbers, places, what must be said) and one file here: what a new item begins with, what follows from what was written,
//! what is refused, what it is found by, which answers it offers.
//!
//! Behaviour that differs by kind is a function of [`KindBehaviour`] and stands here, never a branch elsewhere.

pub mod calendar;
pub mod contact;
mod file_as;
pub mod list;
mod message;
mod post;
pub mod task;

use ewsd_model::failure::Failure;
use ewsd_model::object::ResponseKind;
use ewsd_model::property::{Column, Type, bit};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::ItemRow;
use serde_json::Value as Json;

use crate::item::edit::Edit;
use crate::session::Session;

/// What a kind does; by itself nothing special.
pub trait KindBehaviour: Sync {
    /// What a new item has that nobody gave it. `parsed`: it was given as a message, or over one.
    fn begin(&self, _session: &Session<'_>, edit: &mut Edit<'_>, _parsed: bool) {
        read_by_its_maker(edit);
    }

    /// What follows from what was written.
    fn settle(&self, _edit: &mut Edit<'_>) {}

    /// What follows from several properties together, which may not fit each other.
    fn arrange(&self, _edit: &mut Edit<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// Refuses what cannot be, after everything is settled.
    fn check(&self, _edit: &Edit<'_>) -> Result<(), Failure> {
        Ok(())
    }

    /// Texts beside subject, people and body whose words find the item. Mail has none.
    fn texts(&self, edit: &Edit<'_>) -> Vec<String> {
        if edit.kind.row().is_mail { Vec::new() } else { texts(edit) }
    }

    /// The rows of the store's table of contacts, by key. None: the kind has none there.
    fn contact_rows(&self, _edit: &Edit<'_>) -> Option<Vec<(String, String)>> {
        None
    }

    /// What can be answered to the item (MS-OXWSCORE NonEmptyArrayOfResponseObjectsType).
    fn offers(&self, row: &ItemRow) -> Vec<ResponseKind> {
        row.kind.row().answers.to_vec()
    }
}

/// The behaviour of a kind.
pub fn of(kind: ItemKind) -> &'static dyn KindBehaviour {
    match kind {
        ItemKind::Message => &message::Message,
        ItemKind::Item
        | ItemKind::MeetingMessage
        | ItemKind::MeetingRequest
        | ItemKind::MeetingResponse
        | ItemKind::MeetingCancellation => &message::Plain,
        ItemKind::CalendarItem => &calendar::Calendar,
        ItemKind::Contact => &contact::Contact,
        ItemKind::DistributionList => &list::List,
        ItemKind::Task => &task::Task,
        ItemKind::PostItem => &post::Post,
    }
}

/// Whoever makes an item has read it, unless the client says otherwise.
fn read_by_its_maker(edit: &mut Edit<'_>) {
    if !edit.touched.contains(&PropId::MessageIsRead) {
        edit.set_bit(bit::READ, true);
    }
}

/// A text of the document, without the blanks around it.
fn text(edit: &Edit<'_>, id: PropId) -> Option<String> {
    let text = edit.member(id.row().element)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Sets a member that has no value yet.
fn put_missing(edit: &mut Edit<'_>, id: PropId, value: Option<String>) {
    if let (None, Some(value)) = (text(edit, id), value) {
        edit.put_member(id, value);
    }
}

/// The item is listed by this name, where its subject was not given.
fn put_subject(edit: &mut Edit<'_>, name: Option<String>) {
    if let Some(name) = name.filter(|_| !edit.touched.contains(&PropId::ItemSubject)) {
        edit.set_column(Column::Subject, Value::Text(name));
    }
}

/// The texts among the properties in the document.
fn texts(edit: &Edit<'_>) -> Vec<String> {
    let before = edit.base.and_then(|base| base.props.as_ref()).into_iter().flatten();
    let before = before.filter(|(name, _)| !name.starts_with('~') && !edit.props.contains_key(*name));
    let mut found = Vec::new();
    for (name, value) in before.chain(&edit.props) {
        let row = PropId::from_item_element(edit.kind, name).map(|id| id.row());
        if row.is_some_and(|row| row.keys().is_some() || row.ty == Type::Members) {
            pairs(value).for_each(|(_, value)| collect(value, &mut found))
        } else {
            collect(value, &mut found)
        }
    }
    found
}

/// The entries of a dictionary's document.
fn pairs(document: &Json) -> impl Iterator<Item = (&str, &Json)> {
    let entries = document.as_array().into_iter().flatten();
    entries.filter_map(|pair| match pair.as_array().map(Vec::as_slice) {
        Some([Json::String(key), value]) => Some((key.as_str(), value)),
        _ => None,
    })
}

/// Parts of people that say nothing of them.
const UNSAID: &[&str] = &["routing", "kind", "item", "item_change", "status"];

fn collect(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.push(text.clone()),
        Json::Array(values) => values.iter().for_each(|value| collect(value, found)),
        Json::Object(members) => {
            let said = members.iter().filter(|(name, _)| !UNSAID.contains(&name.as_str()));
            said.for_each(|(_, value)| collect(value, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn keys_and_routings_are_no_words() {
        let mut edit = Edit::new(ItemKind::Contact, None, Timestamp::UNIX_EPOCH);
        edit.props = serde_json::json!({
            "EmailAddresses": [["EmailAddress1", { "address": "a@b", "routing": "SMTP" }]],
            "Children": ["Eva"], "Department": "Lab"
        })
        .as_object()
        .cloned()
        .unwrap();
        let mut found = texts(&edit);
        found.sort();
        assert_eq!(found, ["Eva", "Lab", "a@b"]);
    }
}
