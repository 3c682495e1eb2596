//! What stands under a key: entries of dictionary properties (`contacts:PhoneNumber` ...), of texts and of mail addresses, and a
//! message's header.

use ewsd_model::Value;
use ewsd_model::property::{Prop, Type};
use ewsd_model::value::{Mailbox, Member, PostalPart};

use super::mailbox::TYPES;
use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::writer::{T, Writer};

type Pairs = Vec<(String, String)>;

/// The entries of a dictionary, `<Entry Key="…">` each, whose keys are those of the row. `read` reads what an entry holds and
/// leaves it.
pub(super) fn keyed<V>(
    c: &mut Cursor<'_>,
    row: &Prop,
    read: impl Fn(&mut Cursor<'_>, &Element<'_>) -> Result<V, Fault>,
) -> Result<Vec<(String, V)>, Fault> {
    let mut entries = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Entry" {
            return Err(c.unexpected(&child));
        }
        let key: String = c.attribute(&child, "Key")?;
        check_key(c, &child, row, &key)?;
        entries.push((key, read(c, &child)?));
    }
    Ok(entries)
}

/// A key must be one of the row's, unless the server makes them.
pub(crate) fn check_key(c: &Cursor<'_>, element: &Element<'_>, row: &Prop, key: &str) -> Result<(), Fault> {
    match row.keys().filter(|keys| !keys.contains(&key)) {
        Some(keys) => Err(c.wrong_value(element.at, "Key", key, &format!("one of {}", keys.join(" ")))),
        None => Ok(()),
    }
}

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<Pairs>, Fault> {
    keyed(c, row, |c, _| Ok(c.text()?.into_owned())).map(Some)
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, entries: &[(String, String)]) {
    super::list(w, name, entries, |w, pair| element(w, "Entry", "Key", pair));
}

/// Mail addresses, whose names and kinds are attributes (EmailAddressDictionaryType).
pub(super) fn read_addresses(
    c: &mut Cursor<'_>,
    _: &Element<'_>,
    row: &Prop,
) -> Result<Option<Vec<(String, Mailbox)>>, Fault> {
    keyed(c, row, read_address).map(Some)
}

fn read_address(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Mailbox, Fault> {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut mailbox = Mailbox::default();
    c.attributes(element, |c, name, text| {
        match name {
            "Name" => mailbox.name = some(text),
            "RoutingType" => mailbox.routing = some(text),
            "MailboxType" if !TYPES.contains(&text) => {
                return Err(c.wrong_value(element.at, name, text, &format!("one of {}", TYPES.join(" "))));
            }
            "MailboxType" => mailbox.kind = Some(text.to_owned()),
            _ => {}
        }
        Ok(())
    })?;
    mailbox.address = some(&c.text()?);
    Ok(mailbox)
}

pub(super) fn write_addresses(w: &mut Writer<'_>, name: &str, entries: &[(String, Mailbox)]) {
    super::list(w, name, entries, |w, (key, mailbox)| {
        w.tag(T, "Entry");
        w.attribute("Key", key);
        let parts = [("Name", &mailbox.name), ("RoutingType", &mailbox.routing), ("MailboxType", &mailbox.kind)];
        for (name, text) in parts {
            if let Some(text) = text {
                w.attribute(name, text);
            }
        }
        w.end_tag();
        w.text(mailbox.address.as_deref().unwrap_or_default());
        w.close(T, "Entry");
    });
}

/// `<InternetMessageHeader HeaderName="…">`
pub(super) fn read_headers(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<Pairs>, Fault> {
    let mut headers = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "InternetMessageHeader" {
            return Err(c.unexpected(&child));
        }
        let name = c.attribute(&child, "HeaderName")?;
        headers.push((name, c.text()?.into_owned()));
    }
    Ok(Some(headers))
}

pub(super) fn write_headers(w: &mut Writer<'_>, name: &str, headers: &[(String, String)]) {
    super::list(w, name, headers, |w, pair| element(w, "InternetMessageHeader", "HeaderName", pair));
}

fn element(w: &mut Writer<'_>, name: &str, attribute: &str, (key, text): &(String, String)) {
    w.tag(T, name);
    w.attribute(attribute, key);
    w.end_tag();
    w.text(text);
    w.close(T, name);
}

/// One entry of a dictionary, or one part of it, as an update gives it; leaves the current element. None: it has no such part.
pub(crate) fn read_one(
    c: &mut Cursor<'_>,
    element: &Element<'_>,
    row: &Prop,
    part: Option<PostalPart>,
) -> Result<Option<Value>, Fault> {
    let Some(part) = part else {
        return Ok(Some(match row.ty {
            Type::Addresses(_) => Value::Mailbox(read_address(c, element)?),
            Type::Members => Value::Members(vec![Member::read(c, element)?]),
            _ => Value::Text(c.text()?.into_owned()),
        }));
    };
    let mut value = None;
    while let Some(child) = c.child()? {
        if child.name() != part.element() {
            return Err(c.unexpected(&child));
        }
        value = Some(Value::Text(c.text()?.into_owned()));
    }
    Ok(value)
}
