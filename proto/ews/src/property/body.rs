//! The body of an item (BodyType).

use ewsd_model::value::{Body, BodyType};

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::Write;
use crate::scalar::{FromText, Reading};
use crate::writer::{T, Writer, boolean};

impl FromText for BodyType {
    const WHAT: &'static str = "HTML or Text";

    fn from_text(text: &str, _: &Reading) -> Option<BodyType> {
        match text {
            "HTML" => Some(BodyType::Html),
            "Text" => Some(BodyType::Text),
            _ => None,
        }
    }
}

impl Read for Body {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Body, Fault> {
        let body_type = c.attribute(element, "BodyType")?;
        Ok(Body { body_type, text: c.text()?.into_owned(), truncated: None })
    }
}

impl Write for Body {
    fn write(&self, w: &mut Writer<'_>, name: &str) {
        w.tag(T, name);
        w.plain_attribute("BodyType", if self.body_type == BodyType::Html { "HTML" } else { "Text" });
        if let Some(truncated) = self.truncated {
            w.plain_attribute("IsTruncated", boolean(truncated));
        }
        w.end_tag();
        w.text(&self.text);
        w.close(T, name);
    }
}
