//! The three ways to name a property: FieldURI, IndexedFieldURI, ExtendedFieldURI (MS-OXWSCDATA, BasePathToElementType).

use crate::PropId;
use crate::property::ExtendedPath;

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

/// The row of an indexed property: FieldURI, the property's element, the entry's element, its key attribute, and
/// the part of the entry if it has parts.
struct Row(Dictionary, &'static str, &'static str, &'static str, &'static str, Option<&'static str>);

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

const ROWS: [Row; 10] = [
    Row(
        Dictionary::InternetMessageHeader,
        "item:InternetMessageHeader",
        "InternetMessageHeaders",
        "InternetMessageHeader",
        "HeaderName",
        None,
    ),
    Row(Dictionary::ImAddress, "contacts:ImAddress", "ImAddresses", "Entry", "Key", None),
    Row(Dictionary::Street, "contacts:PhysicalAddress:Street", "PhysicalAddresses", "Entry", "Key", Some("Street")),
    Row(Dictionary::City, "contacts:PhysicalAddress:City", "PhysicalAddresses", "Entry", "Key", Some("City")),
    Row(Dictionary::State, "contacts:PhysicalAddress:State", "PhysicalAddresses", "Entry", "Key", Some("State")),
    Row(
        Dictionary::CountryOrRegion,
        "contacts:PhysicalAddress:CountryOrRegion",
        "PhysicalAddresses",
        "Entry",
        "Key",
        Some("CountryOrRegion"),
    ),
    Row(
        Dictionary::PostalCode,
        "contacts:PhysicalAddress:PostalCode",
        "PhysicalAddresses",
        "Entry",
        "Key",
        Some("PostalCode"),
    ),
    Row(Dictionary::PhoneNumber, "contacts:PhoneNumber", "PhoneNumbers", "Entry", "Key", None),
    Row(Dictionary::EmailAddress, "contacts:EmailAddress", "EmailAddresses", "Entry", "Key", None),
    Row(Dictionary::Member, "distributionlist:Members:Member", "Members", "Member", "Key", None),
];

impl Dictionary {
    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.0 == self).unwrap_or(&ROWS[0])
    }

    pub fn from_uri(uri: &str) -> Option<Dictionary> {
        ROWS.iter().find(|row| row.1 == uri).map(|row| row.0)
    }

    /// The FieldURI.
    pub fn uri(self) -> &'static str {
        self.row().1
    }

    /// The element of the whole property.
    pub fn element(self) -> &'static str {
        self.row().2
    }

    /// The element of one entry.
    pub fn entry(self) -> &'static str {
        self.row().3
    }

    /// The attribute that holds the entry's key.
    pub fn key_attribute(self) -> &'static str {
        self.row().4
    }

    /// The part of the entry that is meant, where entries have parts.
    pub fn part(self) -> Option<&'static str> {
        self.row().5
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
