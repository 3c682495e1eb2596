//! Who: names and addresses out of properties, an SMTP address wherever one can be found.

use crate::codepage::{self, Charset};
use crate::cursor::Cursor;
use crate::property::{Properties, without_nul};
use crate::tag;

/// A name and an address; either may be empty, not both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    pub address: String,
    /// `SMTP` wherever an SMTP address was found; else what the sender's system calls it (`EX`, `FAX`), or empty.
    pub address_type: String,
}

/// How a recipient was addressed (MS-OXOMSG 2.2.3.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    To,
    Cc,
    Bcc,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub role: Role,
    pub person: Person,
}

/// The provider of one-off entry ids (MS-OXCDATA 2.2.5.1).
const ONE_OFF: [u8; 16] = 0x812b_1fa4_bea3_1019_9d6e_00dd_010f_5402_u128.to_be_bytes();

/// Texts of the entry id are UTF-16.
const WIDE: u16 = 0x8000;

/// The person that these properties tell; None if they tell neither name nor address.
pub(crate) fn person(properties: &Properties<'_>, tags: &tag::Person, charset: Option<Charset>) -> Option<Person> {
    let one_off = properties.octets(tags.entry_id).and_then(|octets| one_off(octets, charset));
    let text = |tag| properties.text(tag).map(|text| text.trim().to_owned());
    let (ty, address) = (text(tags.address_type), text(tags.address));
    let is_smtp = ty.as_deref().map_or_else(
        || address.as_deref().is_some_and(|address| address.contains('@')),
        |ty| ty.eq_ignore_ascii_case("SMTP"),
    );
    let of_one_off = one_off.as_ref().filter(|person| person.address_type == "SMTP");
    let smtp = text(tags.smtp)
        .or_else(|| address.clone().filter(|_| is_smtp))
        .or_else(|| of_one_off.map(|person| person.address.clone()));
    let name = text(tags.name)
        .or_else(|| one_off.as_ref().map(|person| person.name.clone()).filter(|name| !name.is_empty()))
        .unwrap_or_default();
    let found = match smtp {
        Some(address) => Person { name, address, address_type: "SMTP".to_owned() },
        None => {
            Person { name, address: address.unwrap_or_default(), address_type: ty.unwrap_or_default().to_uppercase() }
        }
    };
    (!(found.name.is_empty() && found.address.is_empty())).then_some(found)
}

/// A row of attRecipTable. The originator's row is no recipient.
pub(crate) fn recipient(row: &Properties<'_>, charset: Option<Charset>) -> Option<Recipient> {
    // The upper bits say how far it has been delivered.
    let role = match row.int(tag::RECIPIENT_TYPE).map_or(1, |ty| ty & 0xf) {
        0 => return None,
        2 => Role::Cc,
        3 => Role::Bcc,
        _ => Role::To,
    };
    let mut person = person(row, &tag::RECIPIENT, charset)?;
    if person.name.is_empty() {
        let others = [tag::RECIPIENT_DISPLAY_NAME, tag::TRANSMITTABLE_DISPLAY_NAME];
        person.name = others.iter().find_map(|tag| row.text(*tag)).unwrap_or_default().trim().to_owned();
    }
    Some(Recipient { role, person })
}

/// Name, kind and address that an entry id holds itself.
fn one_off(octets: &[u8], charset: Option<Charset>) -> Option<Person> {
    let mut cursor = Cursor::new(octets);
    let _flags = cursor.u32()?;
    if cursor.array()? != ONE_OFF {
        return None;
    }
    let (_version, flags) = cursor.u16().zip(cursor.u16())?;
    let mut rest = cursor.rest();
    let mut next = || {
        let (text, behind) = if flags & WIDE != 0 { wide(rest) } else { narrow(rest, charset) };
        rest = behind;
        text.trim().to_owned()
    };
    let (name, ty, address) = (next(), next(), next());
    Some(Person { name, address, address_type: ty.to_uppercase() })
}

/// A text up to its NUL, and what stands behind.
fn narrow(octets: &[u8], charset: Option<Charset>) -> (String, &[u8]) {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    let (text, rest) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    (codepage::guess(charset, text), rest.get(1..).unwrap_or_default())
}

fn wide(octets: &[u8]) -> (String, &[u8]) {
    let end = octets.chunks_exact(2).position(|unit| unit == [0, 0]).map_or(octets.len(), |at| at * 2);
    let (text, rest) = octets.split_at_checked(end).unwrap_or((octets, &[]));
    (without_nul(codepage::utf16(text)), rest.get(2..).unwrap_or_default())
}
