//! Edits: properties put into an item, the same way for CreateItem and UpdateItem.
//!
//! An edit knows the item as it is (nothing, for a new one) and collects what changes. What may be written at all was
//! decided by the property table when the request was read. MAPI names of properties are `edit_mapi.rs`, lists that are changed
//! piece by piece `edit_lists.rs`, what calendar items have `edit_event.rs`; what follows from
//! an edit (display names, preview, words, size) is `derive.rs`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::{IndexedPath, Path};
use ewsd_model::property::{Blob, Column, Source, Type};
use ewsd_model::value::{Body, Flag, FlagStatus, Mailbox};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ColumnSet, Columns, Event, ItemRow, Map, is_always_set, json};
use jiff::Timestamp;
use jiff::civil::DateTime;

pub use super::edit_event::{WholeSeries, same_address};
use super::edit_lists::{Pending, are_same, is_same};
use crate::convert::mime;
use crate::session::ZoneContext;

/// Changes to one item.
#[derive(Clone, Debug)]
pub struct Edit<'a> {
    pub kind: ItemKind,
    /// The item as it is, as far as it was read. None: it is new.
    pub base: Option<&'a ItemRow>,
    /// For what is done without saying when.
    pub now: Timestamp,
    pub set: Columns,
    pub unset: ColumnSet,
    pub set_flags: u32,
    pub clear_flags: u32,
    /// Members of `props`; null takes one out.
    pub props: Map,
    pub ext: Map,
    /// `Some(None)` takes the body away.
    pub body: Option<Option<Body>>,
    /// The text of the body after the edit, where that is HTML and its text is known.
    pub plain: Option<String>,
    /// A message given whole.
    pub mime: Option<Vec<u8>>,
    /// The rows that were touched, by whatever name.
    pub touched: BTreeSet<PropId>,
    /// Those of them that have another value now.
    pub changed: BTreeSet<PropId>,
    /// There are hidden recipients now, and there were none before.
    pub hides_more: bool,
    /// Keys of extended properties that were touched.
    pub touched_keys: BTreeSet<String>,
    /// What the store's table of contacts is to have. None: nothing of the item is there.
    pub contact_rows: Option<Vec<(String, String)>>,
    /// Of a calendar item: when it takes place. None: that stays as it is.
    pub event: Option<Event>,
    /// What a series is given as beside its own members, which are settled first.
    pub given: Option<WholeSeries>,
    /// The zone of times that name none, where the item does not say it.
    pub zone: ZoneContext,
    /// Times that name no zone, until the item's zones are known.
    pub locals: BTreeMap<PropId, DateTime>,
    /// Changes of lists that are not in `props` yet.
    pub(super) pending: Pending,
}

/// Few live at once, and not for long: none of them is worth an allocation.
#[derive(PartialEq)]
#[allow(clippy::large_enum_variant)]
pub(super) enum Snapshot {
    Column(Option<Value>),
    Bit(bool),
    Member(Option<serde_json::Value>),
}

impl<'a> Edit<'a> {
    pub fn new(kind: ItemKind, base: Option<&'a ItemRow>, now: Timestamp) -> Edit<'a> {
        Edit {
            kind,
            base,
            now,
            set: Columns::new(),
            unset: ColumnSet::NONE,
            set_flags: 0,
            clear_flags: 0,
            props: Map::new(),
            ext: Map::new(),
            body: None,
            plain: None,
            mime: None,
            touched: BTreeSet::new(),
            changed: BTreeSet::new(),
            hides_more: false,
            touched_keys: BTreeSet::new(),
            contact_rows: None,
            event: None,
            given: None,
            zone: ZoneContext::default(),
            locals: BTreeMap::new(),
            pending: Pending::new(),
        }
    }

    /// Has times that name no zone read in this one.
    pub fn within(mut self, zone: &ZoneContext) -> Self {
        self.zone = zone.clone();
        self
    }

    /// The flags after the edit.
    pub fn flags(&self) -> u32 {
        let before = self.base.map_or(0, |base| base.flags);
        (before | self.set_flags) & !self.clear_flags
    }

    /// A column after the edit.
    pub fn column(&self, column: Column) -> Option<&Value> {
        if self.unset.contains(column) {
            return None;
        }
        self.set.get(column).or_else(|| self.base?.columns.get(column))
    }

    /// A member of `props` after the edit.
    pub fn member(&self, element: &str) -> Option<&serde_json::Value> {
        match self.props.get(element) {
            Some(changed) => (!changed.is_null()).then_some(changed),
            None => self.base?.props.as_ref()?.get(element),
        }
    }

    /// The mailboxes of a recipient list after the edit, but for those that are still being collected.
    pub fn mailboxes(&self, id: PropId) -> Vec<Mailbox> {
        self.list(id.row().element)
    }

    /// A member of `props` that lists mailboxes, after the edit.
    pub fn list(&self, element: &str) -> Vec<Mailbox> {
        match self.member(element).and_then(|list| json::decode(Type::Recipients, list)) {
            Some(Value::Mailboxes(list)) => list,
            _ => Vec::new(),
        }
    }

    /// The body after the edit.
    pub fn whole_body(&self) -> Option<Cow<'_, Body>> {
        match &self.body {
            Some(changed) => changed.as_ref().map(Cow::Borrowed),
            None => crate::property::body::stored(self.base?).map(Cow::Owned),
        }
    }

    /// Sets a property of the table.
    pub fn set(&mut self, id: PropId, value: Value) -> Result<(), Failure> {
        self.settle_one(id);
        let before = self.snapshot(id);
        self.put(id, value)?;
        self.note(id, before);
        Ok(())
    }

    /// What a row's value is compared by. None: taken for changed whenever it is touched.
    pub(super) fn snapshot(&self, id: PropId) -> Option<Snapshot> {
        match id.row().source {
            Source::Column(Column::FlagStatus) => None,
            Source::Column(column) => {
                let told = self.column(column).map(|value| in_head(column, value));
                Some(Snapshot::Column(told.or_else(|| unsaid(column))))
            }
            Source::Bit(mask) => Some(Snapshot::Bit(self.flags() & mask != 0)),
            Source::Json => Some(Snapshot::Member(self.member(id.row().element).cloned())),
            _ => None,
        }
    }

    pub(super) fn note(&mut self, id: PropId, before: Option<Snapshot>) {
        self.touched.insert(id);
        if before.is_none() || before != self.snapshot(id) {
            // A message that says nothing of hidden recipients is none the worse for getting some.
            self.hides_more |= id == PropId::MessageBccRecipients && before == Some(Snapshot::Member(None));
            self.changed.insert(id);
        }
    }

    fn put(&mut self, id: PropId, value: Value) -> Result<(), Failure> {
        let row = id.row();
        let Some(value) = self.put_event(id, value)? else { return Ok(()) };
        match (row.source, value) {
            // Clients repeat as addresses whom the message names in full.
            (Source::Column(column), Value::Mailbox(new)) if self.is_same(column, &new) => Ok(()),
            (Source::Json, Value::Mailboxes(new)) if are_same(&self.mailboxes(id), &new) => Ok(()),
            (Source::Column(_), Value::Flag(flag)) => self.set_flag(flag),
            (Source::Column(column), value) => {
                let value = match (row.ty, value) {
                    (Type::Enum(_), Value::Text(word)) => {
                        row.number_of(&word).map(Value::Int).ok_or_else(|| refused(id))?
                    }
                    (_, Value::Mailbox(mailbox)) => Value::Mailbox(complete(mailbox)),
                    (_, value) => value,
                };
                if id == PropId::ItemItemClass {
                    self.check_class(&value)?;
                }
                self.set_column(column, value);
                Ok(())
            }
            (Source::Bit(mask), Value::Bool(on)) => {
                self.set_bit(mask, on);
                Ok(())
            }
            (Source::Json, Value::Mailboxes(list)) => {
                self.set_mailboxes(id, list);
                Ok(())
            }
            (Source::Json, Value::Members(members)) => {
                self.set_member(row.element, Value::Members(crate::kind::list::keyed(members)));
                Ok(())
            }
            (Source::Json, value) => {
                self.set_member(row.element, dictionary(value));
                Ok(())
            }
            (Source::Blob(Blob::Body), Value::Body(body)) => {
                self.set_body(Some(body));
                Ok(())
            }
            (Source::Blob(Blob::Mime), Value::Mime(octets)) => {
                self.mime = Some(octets);
                Ok(())
            }
            // The server's to say; clients echo it (MS-OXWSCORE 2.2.4.24: ignored).
            (Source::Computed, _) if id == PropId::ItemStoreEntryId => Ok(()),
            _ => Err(refused(id)),
        }
    }

    pub(super) fn set_mailboxes(&mut self, id: PropId, list: Vec<Mailbox>) {
        self.set_member(id.row().element, Value::Mailboxes(list.into_iter().map(complete).collect()));
    }

    fn is_same(&self, column: Column, new: &Mailbox) -> bool {
        matches!(self.column(column), Some(Value::Mailbox(old)) if is_same(old, new))
    }

    /// Takes a property away. One that is not there is gone already.
    pub fn unset(&mut self, id: PropId) -> Result<(), Failure> {
        self.settle_one(id);
        let row = id.row();
        let before = self.snapshot(id);
        match row.source {
            Source::Column(Column::FlagStatus) => self.set_flag(Flag::default())?,
            Source::Column(column) if column == Column::Parent || is_always_set(column) => {
                return Err(Failure::at(Code::ErrorInvalidPropertyDelete, id));
            }
            Source::Column(column) => self.unset_column(column),
            Source::Bit(mask) => self.set_bit(mask, false),
            Source::Json => {
                self.props.insert(row.element.to_owned(), serde_json::Value::Null);
            }
            Source::Blob(Blob::Body) => self.set_body(None),
            Source::Blob(Blob::Mime) | Source::Children | Source::Computed => {
                return Err(Failure::at(Code::ErrorInvalidPropertyDelete, id));
            }
        }
        self.note(id, before);
        Ok(())
    }

    /// Adds to what is there: recipients to a list, text to a body of the same form.
    pub fn append(&mut self, id: PropId, value: Value) -> Result<(), Failure> {
        match value {
            Value::Mailboxes(more) => {
                if self.add_mailboxes(id, more) {
                    Ok(())
                } else {
                    Err(Failure::at(Code::ErrorInvalidPropertyAppend, id))
                }
            }
            Value::Attendees(more) => self.add_attendees(id, more),
            Value::Members(more) => {
                if self.add_members(id, more) {
                    Ok(())
                } else {
                    Err(Failure::at(Code::ErrorInvalidPropertyAppend, id))
                }
            }
            Value::Body(more) => {
                // Taken and put back: many texts may be appended to a long one.
                let body = match self.body.take() {
                    Some(body) => body,
                    None => self.whole_body().map(Cow::into_owned),
                };
                let mut body = body.unwrap_or(Body { body_type: more.body_type, ..Body::default() });
                let fits = body.body_type == more.body_type;
                if fits {
                    body.text.push_str(&more.text);
                }
                self.set_body(Some(body));
                if fits { Ok(()) } else { Err(Failure::at(Code::ErrorInvalidPropertyAppend, id)) }
            }
            _ => Err(Failure::at(Code::ErrorInvalidPropertyAppend, id)),
        }
    }

    /// Sets one entry of a dictionary property, or one part of it.
    pub fn set_entry(&mut self, path: &IndexedPath, value: Value) -> Result<(), Failure> {
        let id = self.dictionary(path)?;
        match (path.dictionary.row().part, value) {
            (Some(part), Value::Text(text)) => self.put_entry_part(id, &path.key, part.element(), "", Some(text)),
            (None, Value::Text(text)) => self.put_entry(id, &path.key, Some(text.into())),
            (None, Value::Mailbox(mailbox)) if mailbox.address.is_none() => self.put_entry(id, &path.key, None),
            (None, value @ Value::Mailbox(_)) => self.put_entry(id, &path.key, json::encode(&value)),
            // A member set anew gets a key anew.
            (None, Value::Members(members)) => {
                self.put_entry(id, &path.key, None);
                self.add_members(id, members);
            }
            _ => return Err(Failure::at(Code::ErrorInvalidPropertySet, Path::Indexed(path.clone()))),
        }
        Ok(())
    }

    /// Takes one entry of a dictionary property out, or one part of it.
    pub fn unset_entry(&mut self, path: &IndexedPath) -> Result<(), Failure> {
        let id = self.dictionary(path)?;
        match path.dictionary.row().part {
            Some(part) => self.put_entry_part(id, &path.key, part.element(), "", None),
            None => self.put_entry(id, &path.key, None),
        }
        Ok(())
    }

    /// The property that the path names an entry of, if its entries can be written.
    fn dictionary(&self, path: &IndexedPath) -> Result<PropId, Failure> {
        let refused = |code| Failure::at(code, Path::Indexed(path.clone()));
        let is_dictionary = |id: &PropId| {
            let row = id.row();
            row.source == Source::Json && (row.keys().is_some() || row.ty == Type::Members)
        };
        let id = path.prop().filter(is_dictionary).ok_or_else(|| refused(Code::ErrorInvalidPropertySet))?;
        if id.row().kinds.has_item(self.kind) { Ok(id) } else { Err(refused(Code::ErrorInvalidPropertyRequest)) }
    }

    pub(crate) fn set_column(&mut self, column: Column, value: Value) {
        // An empty text is no text: clients that unset a subject send one.
        if matches!(&value, Value::Text(text) if text.is_empty())
            || matches!(&value, Value::Texts(list) if list.is_empty())
        {
            return self.unset_column(column);
        }
        self.unset = self.unset.without(column);
        self.set.set(column, value);
    }

    pub(super) fn unset_column(&mut self, column: Column) {
        self.set.take(column);
        self.unset.insert(column);
    }

    pub fn set_bit(&mut self, mask: u32, on: bool) {
        if on {
            self.set_flags |= mask;
            self.clear_flags &= !mask;
        } else {
            self.clear_flags |= mask;
            self.set_flags &= !mask;
        }
    }

    pub(super) fn set_member(&mut self, element: &str, value: Value) {
        let empty = match &value {
            Value::Text(text) => text.is_empty(),
            Value::Texts(texts) => texts.is_empty(),
            Value::Mailboxes(list) => list.is_empty(),
            Value::Entries(entries) => entries.is_empty(),
            Value::Addresses(entries) => entries.is_empty(),
            Value::PostalAddresses(entries) => entries.is_empty(),
            Value::Members(members) => members.is_empty(),
            Value::Attendees(list) => list.is_empty(),
            _ => false,
        };
        let json = if empty { serde_json::Value::Null } else { json::member(&value) };
        self.props.insert(element.to_owned(), json);
    }

    pub(super) fn set_body(&mut self, body: Option<Body>) {
        self.touched.insert(PropId::ItemBody);
        self.changed.insert(PropId::ItemBody);
        self.body = Some(body);
        self.plain = None;
    }

    /// `item:Flag` as a whole, by the rules of MS-OXWSCORE 2.2.4.15.
    pub(super) fn set_flag(&mut self, flag: Flag) -> Result<(), Failure> {
        if !flag.dates_fit() {
            return Err(Failure::at(Code::ErrorInvalidArgument, PropId::ItemFlag));
        }
        let Flag { status, start, due, complete } = flag;
        self.set_flag_status((status != FlagStatus::NotFlagged).then_some(status as i32));
        self.put_time(Column::FlagStart, start);
        self.put_time(Column::FlagDue, due);
        if status == FlagStatus::Complete {
            self.put_time(Column::FlagComplete, Some(complete.unwrap_or(self.now)));
        }
        Ok(())
    }

    /// PidTagFlagStatus, any number. A completed flag has a time of completion, no other has one.
    pub(super) fn set_flag_status(&mut self, number: Option<i32>) {
        match number {
            None => self.unset_column(Column::FlagStatus),
            Some(number) => self.set_column(Column::FlagStatus, Value::Int(number)),
        }
        if number != Some(FlagStatus::Complete as i32) {
            self.unset_column(Column::FlagComplete);
        } else if self.column(Column::FlagComplete).is_none() {
            self.put_time(Column::FlagComplete, Some(self.now));
        }
    }

    pub(super) fn put_time(&mut self, column: Column, at: Option<Timestamp>) {
        match at {
            Some(at) => self.set_column(column, Value::Time(at)),
            None => self.unset_column(column),
        }
    }

    /// The class must stay one of the item's kind (ErrorObjectTypeChanged).
    fn check_class(&self, value: &Value) -> Result<(), Failure> {
        match value {
            Value::Text(class) if fits_class(self.kind, class) => Ok(()),
            _ => Err(Failure::at(Code::ErrorObjectTypeChanged, PropId::ItemItemClass)),
        }
    }
}

/// Whether an item of this kind may have the class.
pub fn fits_class(kind: ItemKind, class: &str) -> bool {
    !class.is_empty() && (kind == ItemKind::Item || ItemKind::from_class(class) == kind)
}

/// The value as a head tells it: ids are the same however they are spelled.
fn in_head(column: Column, value: &Value) -> Value {
    match (column, value) {
        (Column::MessageId, Value::Text(text)) => Value::Texts(mime::id(text).into_iter().collect()),
        (Column::InReplyTo | Column::References, Value::Text(text)) => Value::Texts(mime::ids(text)),
        (_, value) => value.clone(),
    }
}

/// What it means that a message does not say.
fn unsaid(column: Column) -> Option<Value> {
    match column {
        Column::Importance => Some(Value::Int(1)),
        Column::Sensitivity => Some(Value::Int(0)),
        _ => None,
    }
}

/// A dictionary without entries that say nothing.
fn dictionary(value: Value) -> Value {
    match value {
        Value::Addresses(mut entries) => {
            entries.retain(|(_, mailbox)| mailbox.address.is_some());
            Value::Addresses(entries)
        }
        Value::PostalAddresses(mut entries) => {
            entries.retain(|(_, address)| !address.is_empty());
            Value::PostalAddresses(entries)
        }
        value => value,
    }
}

/// A recipient with what clients leave out: the address is the name of somebody without one.
pub(crate) fn complete(mut mailbox: Mailbox) -> Mailbox {
    let blank = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
    if blank(&mailbox.address) {
        mailbox.address = None;
    }
    if blank(&mailbox.name) {
        mailbox.name.clone_from(&mailbox.address);
    }
    if mailbox.address.is_some() && blank(&mailbox.routing) {
        mailbox.routing = Some("SMTP".to_owned());
    }
    mailbox
}

fn refused(id: PropId) -> Failure {
    Failure::at(Code::ErrorInvalidPropertySet, id)
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
