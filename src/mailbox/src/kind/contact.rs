//! Contacts (MS-OXWSCONT): named and filed by their parts, and found by every text that the table says they are found by.

use std::collections::BTreeMap;

use ewsd_model::path::contact_key;
use ewsd_model::property::{Type, sequence};
use ewsd_model::value::{CompleteName, PostalPart};
use ewsd_model::{PropId, Value};
use ewsd_store::{ItemRow, json};

use super::file_as::{Names, file_as};
use super::{KindBehaviour, put_missing, put_subject, text};
use crate::item::edit::Edit;

pub struct Contact;

/// What FileAs is made of.
const NAMES: [PropId; 6] = [
    PropId::ContactGivenName,
    PropId::ContactMiddleName,
    PropId::ContactSurname,
    PropId::ContactGeneration,
    PropId::ContactCompanyName,
    PropId::ContactDisplayName,
];

impl KindBehaviour for Contact {
    /// A contact is listed by its display name, which follows from its names where the client gives none, and filed as its
    /// mapping says.
    fn settle(&self, edit: &mut Edit<'_>) {
        let is_new = edit.base.is_none();
        if is_new || edit.touched.contains(&PropId::ContactDisplayName) {
            let name = full_name(edit).or_else(|| text(edit, PropId::ContactCompanyName)).or_else(|| address(edit));
            put_missing(edit, PropId::ContactDisplayName, name);
            let name = text(edit, PropId::ContactDisplayName);
            put_subject(edit, name);
        }
        file(edit);
        if is_new {
            edit.put_member(PropId::ContactContactSource, "Store");
        }
    }

    fn contact_rows(&self, edit: &Edit<'_>) -> Option<Vec<(String, String)>> {
        Some(rows(edit))
    }
}

/// FileAs by the mapping, whenever that or a name is written; a FileAs that is given alone ends the mapping.
fn file(edit: &mut Edit<'_>) {
    let (own, mapping) = (PropId::ContactFileAs, PropId::ContactFileAsMapping);
    if edit.touched.contains(&own) && !edit.touched.contains(&mapping) {
        if text(edit, mapping).is_some() {
            edit.put_member(mapping, "None");
        }
        return;
    }
    let names = names(edit);
    let is_new = edit.base.is_none();
    let moved = is_new || edit.touched.contains(&mapping) || NAMES.iter().any(|id| edit.touched.contains(id));
    let made = text(edit, mapping).and_then(|mapping| file_as(&mapping, &names));
    match made {
        Some(made) if moved && made.is_empty() => edit.put_member(own, serde_json::Value::Null),
        Some(made) if moved => edit.put_member(own, made),
        None if is_new => {
            let by_surname = file_as("LastCommaFirst", &Names { middle: String::new(), ..names.clone() });
            let found = by_surname.into_iter().chain([names.company, names.display]).find(|name| !name.is_empty());
            put_missing(edit, own, found);
        }
        _ => {}
    }
}

fn names(edit: &Edit<'_>) -> Names {
    let [first, middle, last, suffix, company, display] = NAMES.map(|id| text(edit, id).unwrap_or_default());
    Names { first, middle, last, suffix, company, display }
}

fn full_name(edit: &Edit<'_>) -> Option<String> {
    file_as("FirstSpaceLast", &Names { suffix: String::new(), ..names(edit) }).filter(|name| !name.is_empty())
}

/// The first mail address.
fn address(edit: &Edit<'_>) -> Option<String> {
    let row = PropId::ContactEmailAddresses.row();
    match json::decode(row.ty, edit.member(row.element)?)? {
        Value::Addresses(entries) => entries.into_iter().find_map(|(_, mailbox)| mailbox.address),
        _ => None,
    }
}

/// What is in the store's table of contacts: every text by its element, every entry of a dictionary by its key.
pub(super) fn rows(edit: &Edit<'_>) -> Vec<(String, String)> {
    let mut rows = BTreeMap::new();
    for id in sequence(edit.kind.kinds()) {
        let row = id.row();
        let member = edit.member(row.element).filter(|_| row.in_contact_table());
        let Some(value) = member.and_then(|member| json::decode(row.ty, member)) else { continue };
        let mut put = |key: String, text: &str| {
            if !text.trim().is_empty() {
                rows.insert(key, text.to_owned());
            }
        };
        match value {
            Value::Text(text) => {
                if *id == PropId::ContactDisplayName {
                    let rests = later_words(&text);
                    (2..).zip(rests).for_each(|(n, rest)| put(format!("{}/{n}", row.element), rest));
                }
                put(row.element.to_owned(), &text);
            }
            Value::Entries(entries) => {
                entries.iter().for_each(|(key, text)| put(contact_key(row.element, key, None), text));
            }
            Value::Addresses(entries) => entries.iter().for_each(|(key, mailbox)| {
                put(contact_key(row.element, key, None), mailbox.address.as_deref().unwrap_or_default());
            }),
            Value::PostalAddresses(entries) => entries.iter().for_each(|(key, address)| {
                for part in PostalPart::ALL {
                    put(contact_key(row.element, key, Some(part)), address.part(part).unwrap_or_default());
                }
            }),
            _ => {}
        }
    }
    rows.into_iter().collect()
}

/// Words of a name that are looked up by themselves.
const WORDS: usize = 8;

/// The rest of a name from each word on but the first.
fn later_words(name: &str) -> Vec<&str> {
    let mut rests = Vec::new();
    let mut rest = name.trim_start();
    while let Some((_, behind)) = rest.split_once(char::is_whitespace).filter(|_| rests.len() < WORDS) {
        rest = behind.trim_start();
        if !rest.is_empty() {
            rests.push(rest);
        }
    }
    rests
}

/// PidTagDisplayNamePrefix, which no element but the complete name tells, as `ext` keeps it.
const TITLE: &str = "0x3a45001f";

/// The names of a contact in one. None: it has none.
pub fn complete_name(row: &ItemRow) -> Option<CompleteName> {
    let own = |id: PropId| match json::decode(Type::Text, row.props.as_ref()?.get(id.row().element)?) {
        Some(Value::Text(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let title = row.ext.as_ref().and_then(|ext| ext.get(TITLE)).and_then(serde_json::Value::as_str);
    let name = CompleteName {
        title: title.filter(|title| !title.is_empty()).map(str::to_owned),
        first: own(PropId::ContactGivenName),
        middle: own(PropId::ContactMiddleName),
        last: own(PropId::ContactSurname),
        suffix: own(PropId::ContactGeneration),
        initials: own(PropId::ContactInitials),
        full: own(PropId::ContactDisplayName),
        nickname: own(PropId::ContactNickname),
        yomi_first: own(PropId::ContactPhoneticFirstName),
        yomi_last: own(PropId::ContactPhoneticLastName),
    };
    (name != CompleteName::default()).then_some(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use crate::property::testing::row;
    use ewsd_model::ItemKind;
    use ewsd_model::property::Column;
    use ewsd_model::value::{Mailbox, PostalAddress};
    use jiff::Timestamp;
    use serde_json::json;

    fn words(edit: &mut Edit<'_>, props: &[(PropId, &str)]) {
        props.iter().for_each(|(id, text)| edit.set(*id, Value::Text((*text).to_owned())).unwrap());
    }

    fn new(props: &[(PropId, &str)]) -> Edit<'static> {
        let mut edit = Edit::new(ItemKind::Contact, None, Timestamp::UNIX_EPOCH);
        words(&mut edit, props);
        Contact.settle(&mut edit);
        edit
    }

    #[test]
    fn contacts_are_named() {
        let edit = new(&[(PropId::ContactGivenName, "Jana"), (PropId::ContactSurname, "Nov")]);
        assert_eq!((&edit.props["DisplayName"], &edit.props["FileAs"]), (&json!("Jana Nov"), &json!("Nov, Jana")));
        assert_eq!(edit.set.text(Column::Subject), Some("Jana Nov"));
        assert_eq!(edit.props["ContactSource"], "Store");
        let company = new(&[(PropId::ContactCompanyName, "Acme")]);
        assert_eq!((&company.props["DisplayName"], &company.props["FileAs"]), (&json!("Acme"), &json!("Acme")));
        let mut mailed = Edit::new(ItemKind::Contact, None, Timestamp::UNIX_EPOCH);
        let mailbox = Mailbox { address: Some("a@b".into()), ..Mailbox::default() };
        mailed.set(PropId::ContactEmailAddresses, Value::Addresses(vec![("EmailAddress1".into(), mailbox)])).unwrap();
        Contact.settle(&mut mailed);
        assert_eq!(mailed.props["DisplayName"], "a@b");
    }

    #[test]
    fn a_mapping_goes_on_filing() {
        let edit = new(&[
            (PropId::ContactGivenName, "Jana"),
            (PropId::ContactSurname, "Nov"),
            (PropId::ContactFileAsMapping, "FirstSpaceLast"),
        ]);
        assert_eq!(edit.props["FileAs"], "Jana Nov");
        let mut base = row();
        base.props = Some(edit.props.clone());
        let mut later = Edit::new(ItemKind::Contact, Some(&base), Timestamp::UNIX_EPOCH);
        words(&mut later, &[(PropId::ContactSurname, "Dvor")]);
        Contact.settle(&mut later);
        assert_eq!(later.props["FileAs"], "Jana Dvor");
        let mut given = Edit::new(ItemKind::Contact, Some(&base), Timestamp::UNIX_EPOCH);
        words(&mut given, &[(PropId::ContactFileAs, "Boss")]);
        Contact.settle(&mut given);
        assert_eq!((&given.props["FileAs"], &given.props["FileAsMapping"]), (&json!("Boss"), &json!("None")));
        let mut other = Edit::new(ItemKind::Contact, Some(&base), Timestamp::UNIX_EPOCH);
        words(&mut other, &[(PropId::ContactDepartment, "Lab")]);
        Contact.settle(&mut other);
        assert!(!other.props.contains_key("FileAs"), "no name was written");
    }

    #[test]
    fn texts_are_found_by_element_and_entries_by_key() {
        let mut edit = new(&[
            (PropId::ContactDisplayName, "Jana  Nov"),
            (PropId::ContactSurname, "Nov"),
            (PropId::ContactManager, "Ada"),
        ]);
        let mailbox = Mailbox { address: Some("a@b".into()), ..Mailbox::default() };
        let home = PostalAddress { city: Some("Brno".into()), ..PostalAddress::default() };
        edit.set(PropId::ContactEmailAddresses, Value::Addresses(vec![("EmailAddress1".into(), mailbox)])).unwrap();
        edit.set(PropId::ContactPhysicalAddresses, Value::PostalAddresses(vec![("Home".into(), home)])).unwrap();
        let rows = Contact.contact_rows(&edit).unwrap();
        for wanted in [
            ("Surname", "Nov"),
            ("DisplayName", "Jana  Nov"),
            ("DisplayName/2", "Nov"),
            ("Manager", "Ada"),
            ("EmailAddresses/EmailAddress1", "a@b"),
            ("PhysicalAddresses/Home/City", "Brno"),
        ] {
            assert!(rows.contains(&(wanted.0.to_owned(), wanted.1.to_owned())), "{wanted:?} in {rows:?}");
        }
    }

    #[test]
    fn the_complete_name_has_a_title_too() {
        let mut item = row();
        item.props = json!({ "GivenName": "Jana", "Generation": "Jr." }).as_object().cloned();
        item.ext = json!({ "0x3a45001f": "Dr" }).as_object().cloned();
        let name = complete_name(&item).unwrap();
        assert_eq!((name.title.as_deref(), name.suffix.as_deref()), (Some("Dr"), Some("Jr.")));
        assert_eq!(complete_name(&row()), None);
    }
}
