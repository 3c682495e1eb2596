//! The three ways to name a property: FieldURI, IndexedFieldURI, ExtendedFieldURI (MS-OXWSCDATA, BasePathToElementType).

use std::borrow::Cow;

use crate::property::ExtendedPath;
use crate::value::PostalPart;
use crate::{ItemKind, PropId};

/// The name of a property in shapes, updates, restrictions and sort orders.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Path {
    Prop(PropId),
    /// One entry of a dictionary property.
    Indexed(IndexedPath),
    Extended(ExtendedPath),
}

/// An IndexedFieldURI: `contacts:EmailAddress` of `EmailAddress1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexedPath {
    pub dictionary: Dictionary,
    /// FieldIndex: the entry's key, or a header's name.
    pub key: String,
}

impl IndexedPath {
    /// The property that it names an entry of. None where it is not built.
    pub fn prop(&self) -> Option<PropId> {
        let element = self.dictionary.row().element;
        let kinds = [ItemKind::Message, ItemKind::Contact, ItemKind::DistributionList];
        let id = kinds.into_iter().find_map(|kind| PropId::from_item_element(kind, element))?;
        id.row().built().then_some(id)
    }

    /// What the store's table of contacts calls the entry, or the part of it: what contacts are searched and sorted by.
    /// None where the property is not in that table.
    pub fn contact_key(&self) -> Option<String> {
        let row = self.prop()?.row();
        row.in_contact_table().then(|| contact_key(row.element, &self.key, self.dictionary.row().part))
    }

    /// A key as keys of its dictionary are compared.
    pub fn folded<'k>(&self, key: &'k str) -> Cow<'k, str> {
        if self.dictionary.ignores_case() { Cow::Owned(key.to_ascii_lowercase()) } else { Cow::Borrowed(key) }
    }
}

/// `EmailAddresses/EmailAddress1`, `PhysicalAddresses/Home/City`: part of the database format.
pub fn contact_key(element: &str, key: &str, part: Option<PostalPart>) -> String {
    match part {
        Some(part) => format!("{element}/{key}/{}", part.element()),
        None => format!("{element}/{key}"),
    }
}

/// DictionaryURIType.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Dictionary {
    InternetMessageHeader,
    ImAddress,
    Street,
    City,
    State,
    CountryOrRegion,
    PostalCode,
    PhoneNumber,
    EmailAddress,
    Member,
}

/// The row of an indexed property.
#[derive(Clone, Copy, Debug)]
pub struct DictionaryRow {
    pub dictionary: Dictionary,
    /// FieldURI.
    pub uri: &'static str,
    /// Of the whole property.
    pub element: &'static str,
    /// Of one entry.
    pub entry: &'static str,
    /// The attribute that holds an entry's key.
    pub key_attribute: &'static str,
    /// The part of the entry that is meant, where entries have parts.
    pub part: Option<PostalPart>,
}

const fn entries(dictionary: Dictionary, uri: &'static str, element: &'static str) -> DictionaryRow {
    DictionaryRow { dictionary, uri, element, entry: "Entry", key_attribute: "Key", part: None }
}

impl DictionaryRow {
    const fn of(mut self, entry: &'static str, key_attribute: &'static str) -> DictionaryRow {
        self.entry = entry;
        self.key_attribute = key_attribute;
        self
    }

    const fn part(mut self, part: PostalPart) -> DictionaryRow {
        self.part = Some(part);
        self
    }
}

/// In the order of [`Dictionary`].
#[rustfmt::skip]
static DICTIONARIES: [DictionaryRow; 10] = [
    entries(Dictionary::InternetMessageHeader, "item:InternetMessageHeader", "InternetMessageHeaders").of("InternetMessageHeader", "HeaderName"),
    entries(Dictionary::ImAddress, "contacts:ImAddress", "ImAddresses"),
    entries(Dictionary::Street, "contacts:PhysicalAddress:Street", "PhysicalAddresses").part(PostalPart::Street),
    entries(Dictionary::City, "contacts:PhysicalAddress:City", "PhysicalAddresses").part(PostalPart::City),
    entries(Dictionary::State, "contacts:PhysicalAddress:State", "PhysicalAddresses").part(PostalPart::State),
    entries(Dictionary::CountryOrRegion, "contacts:PhysicalAddress:CountryOrRegion", "PhysicalAddresses").part(PostalPart::CountryOrRegion),
    entries(Dictionary::PostalCode, "contacts:PhysicalAddress:PostalCode", "PhysicalAddresses").part(PostalPart::PostalCode),
    entries(Dictionary::PhoneNumber, "contacts:PhoneNumber", "PhoneNumbers"),
    entries(Dictionary::EmailAddress, "contacts:EmailAddress", "EmailAddresses"),
    entries(Dictionary::Member, "distributionlist:Members:Member", "Members").of("Member", "Key"),
];

impl Dictionary {
    pub fn row(self) -> &'static DictionaryRow {
        // The table has one row for each variant, in their order: a test compares.
        #[allow(clippy::indexing_slicing)]
        &DICTIONARIES[self as usize]
    }

    pub fn from_uri(uri: &str) -> Option<Dictionary> {
        DICTIONARIES.iter().find(|row| row.uri == uri).map(|row| row.dictionary)
    }

    /// Header names are compared without case, keys exactly.
    pub fn ignores_case(self) -> bool {
        self == Dictionary::InternetMessageHeader
    }
}

impl From<PropId> for Path {
    fn from(id: PropId) -> Path {
        Path::Prop(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_are_in_the_order_of_the_enum() {
        for (at, row) in DICTIONARIES.iter().enumerate() {
            assert_eq!((row.dictionary as usize, row.dictionary.row().uri), (at, row.uri));
            assert_eq!(Dictionary::from_uri(row.uri), Some(row.dictionary));
        }
    }
}
