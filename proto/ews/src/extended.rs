//! Extended properties on the wire: ExtendedFieldURI in all its addressing forms, and typed values (MS-OXWSXPROP).
//!
//! What breaks the rules of addressing or typing is a failure of the entry that holds it, not of the request.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::Path;
use ewsd_model::property::mapi::{ExtendedName, ExtendedValue, Scalar};
use ewsd_model::property::{ExtendedPath, MapiType, SetId};
use jiff::tz::TimeZone;

use crate::cursor::{Cursor, Element, is_space};
use crate::fault::Fault;
use crate::property::list;
use crate::scalar;
use crate::writer::{T, Writer};

/// MapiPropertyTypeType: spelling, type, array?
pub(crate) const TYPES: &[(&str, MapiType, bool)] = &[
    ("ApplicationTime", MapiType::ApplicationTime, false),
    ("ApplicationTimeArray", MapiType::ApplicationTime, true),
    ("Binary", MapiType::Binary, false),
    ("BinaryArray", MapiType::Binary, true),
    ("Boolean", MapiType::Boolean, false),
    ("CLSID", MapiType::Clsid, false),
    ("CLSIDArray", MapiType::Clsid, true),
    ("Currency", MapiType::Currency, false),
    ("CurrencyArray", MapiType::Currency, true),
    ("Double", MapiType::Double, false),
    ("DoubleArray", MapiType::Double, true),
    ("Error", MapiType::Error, false),
    ("Float", MapiType::Float, false),
    ("FloatArray", MapiType::Float, true),
    ("Integer", MapiType::Integer, false),
    ("IntegerArray", MapiType::Integer, true),
    ("Long", MapiType::Long, false),
    ("LongArray", MapiType::Long, true),
    ("Null", MapiType::Null, false),
    ("Object", MapiType::Object, false),
    ("ObjectArray", MapiType::Object, true),
    ("Short", MapiType::Short, false),
    ("ShortArray", MapiType::Short, true),
    ("SystemTime", MapiType::SystemTime, false),
    ("SystemTimeArray", MapiType::SystemTime, true),
    ("String", MapiType::String, false),
    ("StringArray", MapiType::String, true),
];

/// The first octets of the sets of the Outlook family: {xxxxxxxx-0000-0000-C000-000000000046}.
const fn outlook(first: u32) -> [u8; 16] {
    let [a, b, c, d] = first.to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
}

/// DistinguishedPropertySetType: spelling, set, its GUID (MS-OXPROPS 1.3.2).
const SETS: &[(&str, SetId, [u8; 16])] = &[
    (
        "Meeting",
        SetId::Meeting,
        [0x6e, 0xd8, 0xda, 0x90, 0x45, 0x0b, 0x10, 0x1b, 0x98, 0xda, 0, 0xaa, 0, 0x3f, 0x13, 0x05],
    ),
    ("Appointment", SetId::Appointment, outlook(0x0006_2002)),
    ("Common", SetId::Common, outlook(0x0006_2008)),
    ("PublicStrings", SetId::PublicStrings, outlook(0x0002_0329)),
    ("Address", SetId::Address, outlook(0x0006_2004)),
    ("InternetHeaders", SetId::InternetHeaders, outlook(0x0002_0386)),
    (
        "CalendarAssistant",
        SetId::CalendarAssistant,
        [0x11, 0, 0x0e, 0x07, 0xb5, 0x1b, 0x40, 0xd6, 0xaf, 0x21, 0xca, 0xa8, 0x5e, 0xda, 0xb1, 0xd0],
    ),
    (
        "UnifiedMessaging",
        SetId::UnifiedMessaging,
        [0x44, 0x42, 0x85, 0x8e, 0xa9, 0xe3, 0x4e, 0x80, 0xb9, 0, 0x31, 0x7a, 0x21, 0x0c, 0xc1, 0x5b],
    ),
    ("Task", SetId::Task, outlook(0x0006_2003)),
    ("Sharing", SetId::Sharing, outlook(0x0006_2040)),
];

/// The name of a distinguished set; None for any other.
fn set_name(set: &SetId) -> Option<&'static str> {
    SETS.iter().find(|row| row.1 == *set).map(|row| row.0)
}

fn set_from_guid(octets: [u8; 16]) -> SetId {
    SETS.iter().find(|row| row.2 == octets).map_or(SetId::Guid(octets), |row| row.1)
}

/// The spelling of a type.
fn type_name(ty: MapiType, array: bool) -> &'static str {
    let row = TYPES.iter().find(|row| row.1 == ty && row.2 == array);
    row.or_else(|| TYPES.iter().find(|row| row.1 == ty)).map_or("String", |row| row.0)
}

/// The attributes of an ExtendedFieldURI as they came.
#[derive(Default)]
struct Addressing {
    tag: Option<u32>,
    set: Option<SetId>,
    distinguished: Option<SetId>,
    name: Option<String>,
    id: Option<u32>,
    ty: Option<(MapiType, bool)>,
}

/// Reads an ExtendedFieldURI in canonical form and leaves it.
pub(crate) fn read_path(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<ExtendedPath, Fault> {
    let mut form = Addressing::default();
    c.attributes(element, |c, name, text| {
        let wrong = |what: &str| c.wrong_value(element.at, name, text, what);
        match name {
            "PropertyTag" => form.tag = Some(tag(text.trim()).ok_or_else(|| wrong("a property tag"))?),
            "PropertySetId" => {
                let octets = scalar::guid(text.trim()).ok_or_else(|| wrong("a GUID"))?;
                form.set = Some(set_from_guid(octets));
            }
            "DistinguishedPropertySetId" => {
                let row = SETS.iter().find(|row| row.0 == text.trim());
                form.distinguished = Some(row.ok_or_else(|| wrong("a distinguished property set"))?.1);
            }
            "PropertyName" => form.name = Some(text.to_owned()),
            "PropertyId" => {
                let id: i32 = text.trim().parse().map_err(|_| wrong("a whole number"))?;
                form.id = Some(id as u32);
            }
            "PropertyType" => {
                let row = TYPES.iter().find(|row| row.0 == text.trim());
                form.ty = row.map(|row| (row.1, row.2));
                row.ok_or_else(|| wrong("a MAPI property type"))?;
            }
            _ => {}
        }
        Ok(())
    })?;
    let Some((ty, array)) = form.ty else { return Err(c.missing_attribute(element, "PropertyType")) };
    c.empty()?;
    if matches!(ty, MapiType::Object | MapiType::Null | MapiType::Error) {
        c.fail(Failure::new(Code::ErrorUnsupportedMapiPropertyType));
    }
    let name = form.name().unwrap_or_else(|code| {
        c.fail(Failure::new(code));
        ExtendedName::Tag(0)
    });
    Ok(ExtendedPath { name, ty, array })
}

impl Addressing {
    /// The one form of addressing, or what is wrong with the mix (MS-OXWSXPROP 2.1.5).
    fn name(self) -> Result<ExtendedName, Code> {
        let mix = Code::ErrorInvalidExtendedProperty;
        match (self.tag, self.distinguished, self.set, self.name, self.id) {
            (Some(tag), None, None, None, None) => match u16::try_from(tag) {
                Ok(tag) if tag < 0x8000 => Ok(ExtendedName::Tag(tag)),
                _ => Err(Code::ErrorNoPropertyTagForCustomProperties),
            },
            (None, Some(set), None, Some(name), None) | (None, None, Some(set), Some(name), None) => {
                // Header names have no case, and Exchange keeps them in lower case.
                let name = if set == SetId::InternetHeaders { name.to_ascii_lowercase() } else { name };
                if name.is_empty() { Err(mix) } else { Ok(ExtendedName::Name(set, name)) }
            }
            (None, Some(set), None, None, Some(id)) | (None, None, Some(set), None, Some(id)) => {
                Ok(ExtendedName::Id(set, id))
            }
            _ => Err(mix),
        }
    }
}

/// PropertyTagType: decimal, or hexadecimal with `0x`, sixteen bits. A whole 32-bit tag with its type is taken too.
fn tag(text: &str) -> Option<u32> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if (1..=4).contains(&hex.len()) => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.parse::<u16>().ok().map(u32::from),
    }
}

/// Reads an ExtendedProperty and leaves it.
pub(crate) fn read_property(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<(ExtendedPath, ExtendedValue), Fault> {
    let mut path = None;
    let mut value = None;
    let mut last = 0;
    while let Some(child) = c.child()? {
        c.in_order(&mut last, &[&["ExtendedFieldURI"], &["Value", "Values"]], &child)?;
        match (child.name(), &path) {
            ("ExtendedFieldURI", _) => path = Some(read_path(c, &child)?),
            ("Value", Some(path)) => value = Some(single_value(c, path)?),
            ("Values", Some(path)) => value = Some(values(c, &child, path)?),
            _ => return Err(c.missing(element, "ExtendedFieldURI")),
        }
    }
    match (path, value) {
        (Some(path), Some(value)) => Ok((path, value)),
        (None, _) => Err(c.missing(element, "ExtendedFieldURI")),
        (_, None) => Err(c.missing(element, "Value")),
    }
}

fn single_value(c: &mut Cursor<'_>, path: &ExtendedPath) -> Result<ExtendedValue, Fault> {
    let text = c.text()?;
    match parse(&text, path.ty, &c.reading.zone) {
        Some(value) if !path.array => Ok(ExtendedValue::One(value)),
        _ => Ok(ExtendedValue::One(invalid(c, path))),
    }
}

fn values(c: &mut Cursor<'_>, element: &Element<'_>, path: &ExtendedPath) -> Result<ExtendedValue, Fault> {
    let mut values = Vec::new();
    while let Some(child) = c.child()? {
        if child.name() != "Value" {
            return Err(c.unexpected(&child));
        }
        let text = c.text()?;
        values.push(match parse(&text, path.ty, &c.reading.zone) {
            Some(value) if path.array => value,
            _ => invalid(c, path),
        });
    }
    if values.is_empty() {
        return Err(c.missing(element, "Value"));
    }
    Ok(ExtendedValue::Many(values))
}

fn invalid(c: &mut Cursor<'_>, path: &ExtendedPath) -> Scalar {
    c.fail(Failure::at(Code::ErrorInvalidExtendedPropertyValue, Path::Extended(path.clone())));
    Scalar::Bool(false)
}

/// A value of a MAPI type; None if the text is none. Times without a zone are in `zone`.
pub fn parse(text: &str, ty: MapiType, zone: &TimeZone) -> Option<Scalar> {
    let trimmed = text.trim_matches(is_space);
    Some(match ty {
        MapiType::String => Scalar::Text(text.to_owned()),
        MapiType::Boolean => Scalar::Bool(scalar::boolean(trimmed)?),
        MapiType::Short => Scalar::Int(trimmed.parse::<i16>().ok()?.into()),
        MapiType::Integer => Scalar::Int(trimmed.parse::<i32>().ok()?.into()),
        MapiType::Long | MapiType::Currency => Scalar::Int(trimmed.parse().ok()?),
        MapiType::Double | MapiType::Float | MapiType::ApplicationTime => Scalar::Real(scalar::double(trimmed)?),
        MapiType::SystemTime => Scalar::Time(scalar::timestamp(trimmed, zone)?),
        MapiType::Binary => Scalar::Bytes(scalar::base64(trimmed)?),
        MapiType::Clsid => Scalar::Text(scalar::guid_text(&scalar::guid(trimmed)?)),
        // Refused by read_path already.
        MapiType::Error | MapiType::Null | MapiType::Object => Scalar::Text(text.to_owned()),
    })
}

// ---- written

pub(crate) fn write_path(w: &mut Writer<'_>, path: &ExtendedPath) {
    let set_attribute = |w: &mut Writer<'_>, set| match set_name(set) {
        Some(name) => w.plain_attribute("DistinguishedPropertySetId", name),
        None => {
            if let SetId::Guid(octets) = set {
                w.plain_attribute("PropertySetId", &scalar::guid_text(octets));
            }
        }
    };
    w.tag(T, "ExtendedFieldURI");
    match &path.name {
        ExtendedName::Tag(tag) => w.plain_attribute("PropertyTag", &format!("{tag:#x}")),
        ExtendedName::Id(set, id) => {
            set_attribute(w, set);
            w.number_attribute("PropertyId", i64::from(*id as i32));
        }
        ExtendedName::Name(set, name) => {
            set_attribute(w, set);
            w.attribute("PropertyName", name);
        }
    }
    w.plain_attribute("PropertyType", type_name(path.ty, path.array));
    w.end_empty();
}

/// `t:ExtendedProperty`; nothing for an array without members.
pub(crate) fn write_property(w: &mut Writer<'_>, path: &ExtendedPath, value: &ExtendedValue) {
    if matches!(value, ExtendedValue::Many(values) if values.is_empty()) {
        return;
    }
    w.open(T, "ExtendedProperty");
    write_path(w, path);
    match value {
        ExtendedValue::One(value) => write_scalar(w, value),
        ExtendedValue::Many(values) => list(w, "Values", values, write_scalar),
    }
    w.close(T, "ExtendedProperty");
}

fn write_scalar(w: &mut Writer<'_>, value: &Scalar) {
    match value {
        Scalar::Bool(value) => w.bool_element(T, "Value", *value),
        Scalar::Int(value) => w.number_element(T, "Value", *value),
        Scalar::Text(text) => w.text_element(T, "Value", text),
        Scalar::Time(time) => w.time_element(T, "Value", *time),
        Scalar::Bytes(octets) => w.base64_element(T, "Value", octets),
        Scalar::Real(value) => w.double_element(T, "Value", *value),
    }
}
