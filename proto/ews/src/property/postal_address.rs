//! Postal addresses under their keys (PhysicalAddressDictionaryType).

use ewsd_model::property::Prop;
use ewsd_model::value::{PostalAddress, PostalPart};

use super::entry;
use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::writer::{T, Writer};

type Addresses = Vec<(String, PostalAddress)>;

pub(super) fn read(c: &mut Cursor<'_>, _: &Element<'_>, row: &Prop) -> Result<Option<Addresses>, Fault> {
    entry::keyed(c, row, read_parts).map(Some)
}

/// Each part is a field of its own in updates, so they are read one by one.
fn read_parts(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<PostalAddress, Fault> {
    let mut address = PostalAddress::default();
    while let Some(child) = c.child()? {
        let Some(part) = PostalPart::from_element(child.name()) else { return Err(c.unexpected(&child)) };
        let text = c.text()?.into_owned();
        address.set(part, Some(text));
    }
    Ok(address)
}

pub(super) fn write(w: &mut Writer<'_>, name: &str, entries: &[(String, PostalAddress)]) {
    super::list(w, name, entries, |w, (key, address)| {
        w.tag(T, "Entry");
        w.attribute("Key", key);
        w.end_tag();
        for part in PostalPart::ALL {
            w.some_text(T, part.element(), address.part(part));
        }
        w.close(T, "Entry");
    });
}
