//! Lists of MAPI properties as attMsgProps, attAttachment and the rows of attRecipTable hold them (MS-OXTNEF 2.1.3.4).

use crate::budget::{Damage, Limit, Meter};
use crate::codepage::{self, Charset};
use crate::cursor::Cursor;
use crate::value::{FileTime, Value};
use ewsd_model::id::Guid;
use ewsd_model::property::mapi::{ExtendedName, ExtendedPath, MapiType, SetId};
use jiff::Timestamp;
use std::borrow::Cow;

/// Text of 8 bits; the model knows one type of text.
const STRING8: u16 = 0x001e;
const MANY: u16 = 0x1000;
/// From here on a property's id is the sender's own, and its name follows.
const NAMED: u16 = 0x8000;

/// A property: how a client would name it, and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Property<'a> {
    pub path: ExtendedPath,
    pub value: Value<'a>,
}

/// Properties in the order in which they stood; of several with one name the first counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties<'a>(pub Vec<Property<'a>>);

impl<'a> Properties<'a> {
    pub fn iter(&self) -> std::slice::Iter<'_, Property<'a>> {
        self.0.iter()
    }

    /// By name, of whatever type.
    pub fn get(&self, name: &ExtendedName) -> Option<&Value<'a>> {
        self.0.iter().find(|property| property.path.name == *name).map(|property| &property.value)
    }

    /// By the number of a property that has no name.
    pub fn tag(&self, tag: u16) -> Option<&Value<'a>> {
        self.get(&ExtendedName::Tag(tag))
    }

    /// A text that says something.
    pub fn text(&self, tag: u16) -> Option<&str> {
        self.tag(tag)?.text().filter(|text| !text.trim().is_empty())
    }

    pub fn int(&self, tag: u16) -> Option<i64> {
        self.tag(tag)?.int()
    }

    pub fn time(&self, tag: u16) -> Option<Timestamp> {
        self.tag(tag)?.time()
    }

    pub fn octets(&self, tag: u16) -> Option<&[u8]> {
        self.tag(tag)?.octets()
    }

    pub fn is(&self, tag: u16) -> bool {
        self.int(tag).is_some_and(|value| value != 0)
    }
}

/// Reads a counted list. What cannot be understood ends it: without its type nobody knows how long a value is.
pub(crate) fn list<'a>(cursor: &mut Cursor<'a>, charset: Option<Charset>, meter: &mut Meter) -> Properties<'a> {
    let mut found = Properties::default();
    let before = cursor.rest().len();
    let Some(count) = cursor.u32() else {
        meter.tell(Damage::Properties);
        return found;
    };
    for _ in 0..count {
        if cursor.rest().is_empty() || !meter.take(Limit::Properties) {
            meter.tell(Damage::Properties);
            break;
        }
        let Some(property) = property(cursor, charset, meter) else {
            meter.tell(Damage::Properties);
            break;
        };
        found.0.push(property);
    }
    meter.step(before - cursor.rest().len());
    found
}

fn property<'a>(cursor: &mut Cursor<'a>, charset: Option<Charset>, meter: &mut Meter) -> Option<Property<'a>> {
    let (number, id) = cursor.u16().zip(cursor.u16())?;
    let name = if id < NAMED { ExtendedName::Tag(id) } else { name(cursor)? };
    let many = number & MANY != 0;
    let eight_bits = number & !MANY == STRING8;
    let ty = if eight_bits { MapiType::String } else { MapiType::from_number(number)?.0 };
    let mut reader = Reader { ty, eight_bits, charset, meter };
    let value = if many { reader.many(cursor)? } else { reader.single(cursor)? };
    Some(Property { path: ExtendedPath { name, ty, array: many }, value })
}

/// The set's GUID, then a number or a text (MS-OXTNEF 2.1.3.4, NamedPropSpec).
fn name(cursor: &mut Cursor<'_>) -> Option<ExtendedName> {
    let set = SetId::from_guid(Guid::from_packed(cursor.array()?));
    match cursor.u32()? {
        0 => Some(ExtendedName::Id(set, cursor.u32()?)),
        1 => {
            let length = cursor.u32()?;
            let octets = cursor.counted(length)?;
            cursor.pad(octets.len());
            Some(ExtendedName::Name(set, without_nul(codepage::utf16(octets))))
        }
        _ => None,
    }
}

/// Reads values of one type.
struct Reader<'m> {
    ty: MapiType,
    eight_bits: bool,
    charset: Option<Charset>,
    meter: &'m mut Meter,
}

impl Reader<'_> {
    /// A single value. Those of any length have a count before them, which is 1.
    fn single<'a>(&mut self, cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
        if !self.is_counted() {
            return self.fixed(cursor);
        }
        let count = cursor.u32()?;
        let mut first = None;
        for _ in 0..count {
            if first.is_some() && !self.meter.take(Limit::Properties) {
                return None;
            }
            let value = self.variable(cursor)?;
            first.get_or_insert(value);
        }
        Some(first.unwrap_or(Value::Null))
    }

    fn many<'a>(&mut self, cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
        if matches!(self.ty, MapiType::Null | MapiType::Object) {
            return None;
        }
        let mut values = Vec::new();
        for _ in 0..cursor.u32()? {
            if !self.meter.take(Limit::Properties) {
                return None;
            }
            values.push(if self.is_counted() { self.variable(cursor)? } else { self.fixed(cursor)? });
        }
        Some(Value::Many(values))
    }

    fn is_counted(&self) -> bool {
        matches!(self.ty, MapiType::String | MapiType::Binary | MapiType::Object)
    }

    /// Values of known size; what is shorter than four octets is filled up to them.
    fn fixed<'a>(&self, cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
        Some(match self.ty {
            MapiType::Null => Value::Null,
            MapiType::Short | MapiType::Boolean => {
                let number = cursor.i16()?;
                cursor.pad(2);
                match self.ty {
                    MapiType::Boolean => Value::Bool(number != 0),
                    _ => Value::Int(i64::from(number)),
                }
            }
            MapiType::Integer => Value::Int(i64::from(cursor.i32()?)),
            MapiType::Error => Value::Error(cursor.u32()?),
            MapiType::Float => Value::Real(f64::from(f32::from_le_bytes(cursor.array()?))),
            MapiType::Double | MapiType::ApplicationTime => Value::Real(f64::from_le_bytes(cursor.array()?)),
            MapiType::Long | MapiType::Currency => Value::Int(cursor.i64()?),
            MapiType::SystemTime => Value::Time(FileTime(cursor.i64()?)),
            MapiType::Clsid => Value::Clsid(Guid::from_packed(cursor.array()?)),
            MapiType::String | MapiType::Binary | MapiType::Object => return None,
        })
    }

    /// Values behind their length, filled up to four octets.
    fn variable<'a>(&mut self, cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
        let length = cursor.u32()?;
        let octets = cursor.counted(length)?;
        cursor.pad(octets.len());
        Some(match self.ty {
            MapiType::String => Value::Text(self.text(octets)),
            MapiType::Object => match octets.split_first_chunk() {
                Some((interface, data)) => Value::Object(Guid::from_packed(*interface), data),
                None => Value::Null,
            },
            _ => Value::Binary(Cow::Borrowed(octets)),
        })
    }

    fn text(&mut self, octets: &[u8]) -> String {
        let octets = self.meter.cut(octets);
        let text = if self.eight_bits { codepage::guess(self.charset, octets) } else { codepage::utf16(octets) };
        self.meter.keep(without_nul(text))
    }
}

/// NULs end a text and are never part of one that anybody could read or store.
pub(crate) fn without_nul(text: String) -> String {
    let end = text.trim_end_matches('\0').len();
    let mut text = text;
    text.truncate(end);
    if text.contains('\0') { text.replace('\0', "") } else { text }
}
