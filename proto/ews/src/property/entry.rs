//! Pairs of a name and a text: entries of dictionary properties (`contacts:PhoneNumber` ...), and a message's header.

use ewsd_model::property::{Prop, Type};

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::writer::{T, Writer};

type Pairs = Vec<(String, String)>;

/// `<Entry Key="…">`; the keys are those of the row.
pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<Pairs>, Fault> {
    let keys = if let Type::Entries(keys) = row.ty { keys } else { &[] };
    let mut entries = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Entry" {
            return Err(c.unexpected(&child));
        }
        let key: String = c.attribute(&child, "Key")?;
        if !keys.contains(&key.as_str()) {
            return Err(c.wrong_value(child.at, "Key", &key, &format!("one of {}", keys.join(" "))));
        }
        entries.push((key, c.text()?.into_owned()));
    }
    Ok(Some(entries))
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, entries: &[(String, String)]) {
    super::list(w, name, entries, |w, pair| element(w, "Entry", "Key", pair));
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

/// The text of a dictionary's entry, or of one part of it; leaves the current element.
pub(crate) fn read_text(c: &mut Cursor<'_>, part: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(part) = part else { return c.text().map(|text| Some(text.into_owned())) };
    let mut value = None;
    while let Some(child) = c.child()? {
        if child.name() == part {
            value = Some(c.text()?.into_owned());
        } else {
            return Err(c.unexpected(&child));
        }
    }
    Ok(value)
}
