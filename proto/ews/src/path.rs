//! The three ways to name a property: FieldURI, IndexedFieldURI, ExtendedFieldURI (MS-OXWSCDATA, BasePathToElementType).

use ewsd_model::PropId;
use ewsd_model::property::ExtendedPath;

use crate::cursor::{Cursor, Element};
use crate::extended;
use crate::fault::Fault;

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
    pub(crate) fn entry(self) -> &'static str {
        self.row().3
    }

    /// The attribute that holds the entry's key.
    pub(crate) fn key_attribute(self) -> &'static str {
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

impl Path {
    /// Reads a path element; what else stands there violates the schema.
    pub(crate) fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
        match Path::read_if(c, element)? {
            Some(path) => Ok(path),
            None => Err(c.unexpected(element)),
        }
    }

    /// Reads the element if it is a path.
    pub(crate) fn read_if(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Option<Path>, Fault> {
        let path = match element.name() {
            "FieldURI" => field(c, element)?,
            "IndexedFieldURI" => indexed(c, element)?,
            "ExtendedFieldURI" => return extended::read_path(c, element).map(|path| Some(Path::Extended(path))),
            _ => return Ok(None),
        };
        c.empty()?;
        Ok(Some(path))
    }
}

fn field(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    let mut found = None;
    c.attributes(element, |c, name, text| {
        if name == "FieldURI" {
            let id = PropId::from_uri(text.trim())
                .ok_or_else(|| c.wrong_value(element.at, name, text, "the FieldURI of a property"))?;
            c.since(id.row().since, text)?;
            found = Some(id);
        }
        Ok(())
    })?;
    found.map(Path::Prop).ok_or_else(|| c.missing_attribute(element, "FieldURI"))
}

fn indexed(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
    let (mut dictionary, mut key) = (None, None);
    c.attributes(element, |c, name, text| {
        match name {
            "FieldURI" => {
                let known = Dictionary::from_uri(text.trim());
                let what = "the FieldURI of a dictionary property";
                dictionary = Some(known.ok_or_else(|| c.wrong_value(element.at, name, text, what))?);
            }
            "FieldIndex" => key = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    })?;
    let dictionary = dictionary.ok_or_else(|| c.missing_attribute(element, "FieldURI"))?;
    let key = key.ok_or_else(|| c.missing_attribute(element, "FieldIndex"))?;
    Ok(Path::Indexed(IndexedPath { dictionary, key }))
}
