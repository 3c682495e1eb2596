//! Texts, words and octets, one and several.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::{Prop, Type};

use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::writer::{T, Writer};

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<String>, Fault> {
    Ok(Some(c.text()?.into_owned()))
}

/// Unset text has no element.
pub(super) fn write(w: &mut Writer<'_>, name: &str, text: &str) {
    w.some_text(T, name, Some(text));
}

/// The current element's text as one of the words.
pub(super) fn one_of(c: &mut Cursor<'_>, element: &Element<'_>, words: &[&'static str]) -> Result<&'static str, Fault> {
    let text = c.text()?;
    match words.iter().find(|word| **word == text.trim()) {
        Some(word) => Ok(word),
        None => Err(c.wrong_value(element.at, element.local_name(), &text, &format!("one of {}", words.join(" ")))),
    }
}

/// A word of the row's list.
pub(super) fn read_word(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<String>, Fault> {
    let words = if let Type::Enum(words) = row.ty { words } else { &[] };
    one_of(c, element, words).map(|word| Some(word.to_owned()))
}

/// ArrayOfStringsType.
pub(super) fn read_all(c: &mut Cursor<'_>, _: &Element<'_>, _: &Prop) -> Result<Option<Vec<String>>, Fault> {
    let mut texts = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "String" {
            return Err(c.unexpected(&child));
        }
        texts.push(c.text()?.into_owned());
    }
    Ok(Some(texts))
}

pub(super) fn write_all(w: &mut Writer<'_>, name: &str, texts: &[String]) {
    super::list(w, name, texts, |w, text| w.text_element(T, "String", text));
}

pub(super) fn read_octets(c: &mut Cursor<'_>, element: &Element<'_>, row: &Prop) -> Result<Option<Vec<u8>>, Fault> {
    match c.base64()? {
        Some(octets) => Ok(Some(octets)),
        None => Err(c.wrong_value(element.at, row.element, "…", "base64")),
    }
}

/// No octets have no element.
pub(super) fn write_octets(w: &mut Writer<'_>, name: &str, octets: &[u8]) {
    if !octets.is_empty() {
        w.base64_element(T, name, octets);
    }
}

/// MimeContentType.
pub(super) fn read_mime(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<Vec<u8>>, Fault> {
    let octets = c.base64()?;
    if octets.is_none() {
        c.fail(Failure::at(Code::ErrorMimeContentInvalidBase64String, row.id));
    }
    Ok(octets)
}

pub(super) fn write_mime(w: &mut Writer<'_>, name: &str, octets: &[u8]) {
    w.tag(T, name);
    w.plain_attribute("CharacterSet", "UTF-8");
    w.end_tag();
    w.base64(octets);
    w.close(T, name);
}
