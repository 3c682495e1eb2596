//! Lists and dictionaries while an edit is made: many changes of one are collected, and written into its document once.
//! Whatever looks at the document settles the edit before.

use std::collections::{BTreeMap, HashMap};

use ewsd_model::property::{Source, Type};
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use serde_json::Value as Json;

use super::edit::{Edit, Snapshot};

/// What is being collected, by property.
pub(super) type Pending = BTreeMap<PropId, Collected>;

#[derive(Clone, Debug)]
pub(super) enum Collected {
    /// The mailboxes to be added.
    More(Vec<Mailbox>),
    Entries(Entries),
}

/// A dictionary as its document has it, `[key, value]` each, in the order in which its entries came.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    entries: Vec<Option<(String, Json)>>,
    places: HashMap<String, usize>,
}

impl Entries {
    fn read(document: Option<&Json>) -> Entries {
        let mut entries = Entries::default();
        for pair in document.and_then(Json::as_array).into_iter().flatten() {
            if let Some([Json::String(key), value]) = pair.as_array().map(Vec::as_slice) {
                entries.put(key, Some(value.clone()));
            }
        }
        entries
    }

    fn get(&self, key: &str) -> Option<&Json> {
        let entry = self.entries.get(*self.places.get(key)?)?.as_ref()?;
        Some(&entry.1)
    }

    /// None takes the entry out. One that is there already keeps its place.
    fn put(&mut self, key: &str, value: Option<Json>) {
        let place = self.places.get(key).copied();
        match (place.and_then(|place| self.entries.get_mut(place)), value) {
            (Some(entry), Some(value)) => *entry = Some((key.to_owned(), value)),
            (Some(entry), None) => {
                *entry = None;
                self.places.remove(key);
            }
            (None, Some(value)) => {
                self.places.insert(key.to_owned(), self.entries.len());
                self.entries.push(Some((key.to_owned(), value)));
            }
            (None, None) => {}
        }
    }

    /// Null where nothing is left.
    fn write(self) -> Json {
        let pairs: Vec<Json> =
            self.entries.into_iter().flatten().map(|(key, value)| Json::from(vec![key.into(), value])).collect();
        if pairs.is_empty() { Json::Null } else { Json::from(pairs) }
    }
}

impl Edit<'_> {
    /// Adds to a list of recipients. False: the property is none.
    pub(super) fn add_mailboxes(&mut self, id: PropId, more: Vec<Mailbox>) -> bool {
        if id.row().source != Source::Json || id.row().ty != Type::Recipients {
            return false;
        }
        match self.pending.entry(id).or_insert_with(|| Collected::More(Vec::new())) {
            Collected::More(list) => list.extend(more),
            Collected::Entries(_) => return false,
        }
        true
    }

    /// Sets one entry of a dictionary to what its document is to hold; None takes it out.
    pub(crate) fn put_entry(&mut self, id: PropId, key: &str, value: Option<Json>) {
        self.touched.insert(id);
        if let Some(entries) = self.entries(id) {
            entries.put(key, value);
        }
    }

    /// Sets one member of an entry that has several; an entry without any is gone. `alone`: what an entry that is nothing
    /// but a text would have it as.
    pub(super) fn put_entry_part(&mut self, id: PropId, key: &str, part: &str, alone: &str, text: Option<String>) {
        self.touched.insert(id);
        let Some(entries) = self.entries(id) else { return };
        let mut members = match entries.get(key) {
            Some(Json::Object(members)) => members.clone(),
            Some(Json::String(text)) => [(alone.to_owned(), Json::from(text.as_str()))].into_iter().collect(),
            _ => serde_json::Map::new(),
        };
        match text.filter(|text| !text.is_empty()) {
            Some(text) => members.insert(part.to_owned(), text.into()),
            None => members.remove(part),
        };
        entries.put(key, (!members.is_empty()).then_some(Json::Object(members)));
    }

    fn entries(&mut self, id: PropId) -> Option<&mut Entries> {
        if !matches!(self.pending.get(&id), Some(Collected::Entries(_))) {
            let entries = Entries::read(self.member(id.row().element));
            self.pending.insert(id, Collected::Entries(entries));
        }
        match self.pending.get_mut(&id) {
            Some(Collected::Entries(entries)) => Some(entries),
            _ => None,
        }
    }

    /// Writes what was collected into the documents.
    pub fn settle(&mut self) {
        while let Some(id) = self.pending.keys().next().copied() {
            self.settle_one(id);
        }
    }

    /// The same of one property, before it is looked at or set as a whole.
    pub(super) fn settle_one(&mut self, id: PropId) {
        let Some(collected) = self.pending.remove(&id) else { return };
        let before = Snapshot::Member(self.member(id.row().element).cloned());
        match collected {
            Collected::More(more) => {
                let mut list = self.mailboxes(id);
                list.extend(more);
                self.set_mailboxes(id, list);
            }
            Collected::Entries(entries) => {
                self.props.insert(id.row().element.to_owned(), entries.write());
            }
        }
        self.note(id, Some(before));
    }

    /// Adds members to a list, each under the key that is its own. False: the property is none.
    pub(super) fn add_members(&mut self, id: PropId, members: Vec<ewsd_model::value::Member>) -> bool {
        if id.row().ty != Type::Members {
            return false;
        }
        for member in crate::kind::list::keyed(members) {
            let key = member.key.clone();
            let document = ewsd_store::json::encode(&Value::Members(vec![member]));
            let value = document.and_then(|pairs| pairs.get(0)?.get(1).cloned());
            self.put_entry(id, &key, value);
        }
        true
    }
}

/// Whether it is the one who is there already, by address as it is spelled, and by name if one is given.
pub(super) fn is_same(old: &Mailbox, new: &Mailbox) -> bool {
    let (Some(before), Some(after)) = (old.address.as_deref(), new.address.as_deref()) else { return false };
    let name = new.name.as_deref().map(str::trim).filter(|name| !name.is_empty() && *name != after.trim());
    before == after.trim() && name.is_none_or(|name| old.name.as_deref() == Some(name))
}

pub(super) fn are_same(old: &[Mailbox], new: &[Mailbox]) -> bool {
    !new.is_empty() && old.len() == new.len() && old.iter().zip(new).all(|(old, new)| is_same(old, new))
}
