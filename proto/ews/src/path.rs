//! The elements that name a property (MS-OXWSCDATA, BasePathToElementType).

use ewsd_model::PropId;
use ewsd_model::path::{Dictionary, IndexedPath, Path};

use crate::cursor::{Cursor, Element, Read};
use crate::extended;
use crate::fault::Fault;
use crate::writer::{T, Writer};

impl Read for Path {
    fn read(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<Path, Fault> {
        match read_if(c, element)? {
            Some(path) => Ok(path),
            None => Err(c.unexpected(element)),
        }
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

/// The element of a path.
pub(crate) fn write(w: &mut Writer<'_>, path: &Path) {
    match path {
        Path::Prop(id) => {
            w.tag(T, "FieldURI");
            w.plain_attribute("FieldURI", id.row().uri);
        }
        Path::Indexed(indexed) => {
            w.tag(T, "IndexedFieldURI");
            w.plain_attribute("FieldURI", indexed.dictionary.row().uri);
            w.attribute("FieldIndex", &indexed.key);
        }
        Path::Extended(path) => return extended::write_path(w, path),
    }
    w.end_empty();
}
