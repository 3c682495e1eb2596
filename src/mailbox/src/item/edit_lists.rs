//! Lists and dictionaries while an edit is made: many changes of one are collected, and written into its document once.
//! Whatever looks at the document settles the edit before.

use std::collections::{BTreeMap, HashMap};

use ewsd_model::property::{Source, Type};
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use ewsd_store::json;

use super::edit::{Edit, Snapshot};

/// What is being collected, by property.
pub(super) type Pending = BTreeMap<PropId, Collected>;

#[derive(Clone, Debug)]
pub(super) enum Collected {
    /// The mailboxes to be added.
    More(Vec<Mailbox>),
    Entries(Entries),
}

/// A dictionary in the order in which its entries were set.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries {
    entries: Vec<Option<(String, String)>>,
    places: HashMap<String, usize>,
}

impl Entries {
    /// None takes the entry out.
    fn put(&mut self, key: &str, text: Option<String>) {
        let before = self.places.remove(key);
        if let Some(place) = before.and_then(|place| self.entries.get_mut(place)) {
            *place = None;
        }
        if let Some(text) = text {
            self.places.insert(key.to_owned(), self.entries.len());
            self.entries.push(Some((key.to_owned(), text)));
        }
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

    /// Sets one entry of a dictionary; None takes it out.
    pub(super) fn put_entry(&mut self, id: PropId, key: &str, text: Option<String>) {
        if !matches!(self.pending.get(&id), Some(Collected::Entries(_))) {
            let mut entries = Entries::default();
            let row = id.row();
            if let Some(Value::Entries(all)) = self.member(row.element).and_then(|all| json::decode(row.ty, all)) {
                all.into_iter().for_each(|(key, text)| entries.put(&key, Some(text)));
            }
            self.pending.insert(id, Collected::Entries(entries));
        }
        if let Some(Collected::Entries(entries)) = self.pending.get_mut(&id) {
            entries.put(key, text);
        }
        self.touched.insert(id);
    }

    /// Writes what was collected into the documents.
    pub fn settle(&mut self) {
        while let Some(id) = self.pending.keys().next().copied() {
            self.settle_one(id);
        }
    }

    /// The same of one property, before it is looked at or set as a whole.
    pub(super) fn settle_one(&mut self, id: PropId) {
        match self.pending.remove(&id) {
            None => {}
            Some(Collected::More(more)) => {
                let before = Snapshot::Member(self.member(id.row().element).cloned());
                let mut list = self.mailboxes(id);
                list.extend(more);
                self.set_mailboxes(id, list);
                self.note(id, Some(before));
            }
            Some(Collected::Entries(entries)) => {
                let entries = entries.entries.into_iter().flatten().collect();
                self.set_member(id.row().element, Value::Entries(entries));
            }
        }
    }
}
