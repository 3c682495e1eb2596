//! Places with their addresses (EnhancedLocationType).

use ewsd_model::calendar::{ADDRESS_PARTS, AddressPart, EnhancedLocation, LOCATION_SOURCES};

use super::text;
use crate::cursor::{Cursor, Element};
use crate::fault::Fault;
use crate::record::{record, text as string};
use crate::writer::{T, Writer};

/// Elements with their texts.
type Parts = Vec<(String, String)>;

record! {
    impl EnhancedLocation {
        attributes {}
        elements {
            "DisplayName" display_name: required String, string => write_text;
            "Annotation" annotation: filled String, string => write_text;
            "PostalAddress" address: optional Parts, read_parts => write_parts;
        }
    }
}

fn write_text(w: &mut Writer<'_>, name: &str, text: &str) {
    w.text_element(T, name, text);
}

fn read_parts(c: &mut Cursor<'_>, _: &Element<'_>) -> Result<Parts, Fault> {
    let mut parts = Parts::new();
    while let Some(child) = c.child()? {
        let Some((name, part)) = ADDRESS_PARTS.iter().find(|(name, _)| *name == child.name()) else {
            return Err(c.unexpected(&child));
        };
        let text = match part {
            AddressPart::Text => c.text()?.into_owned(),
            AddressPart::Number => {
                let number: f64 = c.value(&child)?;
                number.to_string()
            }
            AddressPart::Source => text::one_of(c, &child, LOCATION_SOURCES)?.to_owned(),
        };
        parts.push(((*name).to_owned(), text));
    }
    Ok(parts)
}

fn write_parts(w: &mut Writer<'_>, name: &str, parts: &Parts) {
    w.open(T, name);
    for (element, _) in ADDRESS_PARTS {
        let part = parts.iter().find(|(known, _)| known == element);
        w.some_text(T, element, part.map(|(_, text)| text.as_str()));
    }
    w.close(T, name);
}
