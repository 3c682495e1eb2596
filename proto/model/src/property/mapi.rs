//! Extended properties: how clients name them, their spellings, and the key they are stored under (MS-OXWSXPROP).
//!
//! Which of them are other names of table properties is in `alias.rs`.

use crate::id::Guid;
use std::borrow::Cow;

/// MAPI property types as the schema names them (MapiPropertyTypeType), single-valued part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MapiType {
    ApplicationTime,
    Binary,
    Boolean,
    Clsid,
    Currency,
    Double,
    Float,
    Integer,
    Long,
    Short,
    String,
    SystemTime,
    Error,
    Null,
    Object,
}

/// Property sets with a name in the schema (DistinguishedPropertySetType).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SetId {
    Meeting,
    Appointment,
    Common,
    PublicStrings,
    Address,
    InternetHeaders,
    CalendarAssistant,
    UnifiedMessaging,
    Task,
    Sharing,
    /// Any other, by GUID in its 16 octets, big-endian text order.
    Guid([u8; 16]),
}

/// An ExtendedFieldURI in canonical form: a distinguished set given by its GUID is the named one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtendedPath {
    pub name: ExtendedName,
    pub ty: MapiType,
    /// `StringArray` and the like.
    pub array: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExtendedName {
    /// Below 0x8000.
    Tag(u16),
    Id(SetId, u32),
    Name(SetId, String),
}

/// The MAPI identity of a table property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapi {
    Tag(u16, MapiType),
    /// Multi-valued.
    Tags(u16, MapiType),
    Id(SetId, u32, MapiType),
    Ids(SetId, u32, MapiType),
    Name(SetId, &'static str, MapiType),
    Names(SetId, &'static str, MapiType),
}

/// The value of an extended property (`t:Value` or `t:Values`), already of its type.
#[derive(Clone, Debug, PartialEq)]
pub enum ExtendedValue {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Bool(bool),
    /// Integer, Short, Long, Currency.
    Int(i64),
    /// Double, Float, ApplicationTime.
    Real(f64),
    /// String, Clsid (as text).
    Text(String),
    Time(jiff::Timestamp),
    Bytes(Vec<u8>),
}

/// Spelling, type, and the number of the type in MAPI (MS-OXCDATA 2.11.1).
const TYPES: &[(&str, MapiType, u16)] = &[
    ("ApplicationTime", MapiType::ApplicationTime, 0x0007),
    ("Binary", MapiType::Binary, 0x0102),
    ("Boolean", MapiType::Boolean, 0x000b),
    ("CLSID", MapiType::Clsid, 0x0048),
    ("Currency", MapiType::Currency, 0x0006),
    ("Double", MapiType::Double, 0x0005),
    ("Error", MapiType::Error, 0x000a),
    ("Float", MapiType::Float, 0x0004),
    ("Integer", MapiType::Integer, 0x0003),
    ("Long", MapiType::Long, 0x0014),
    ("Null", MapiType::Null, 0x0001),
    ("Object", MapiType::Object, 0x000d),
    ("Short", MapiType::Short, 0x0002),
    ("String", MapiType::String, 0x001f),
    ("SystemTime", MapiType::SystemTime, 0x0040),
];

/// What a multi-valued type's number has besides.
const MANY: u16 = 0x1000;

impl MapiType {
    /// Reads a MapiPropertyTypeType: the type, and whether it is an array. No arrays of Boolean, Error and Null.
    pub fn parse(text: &str) -> Option<(MapiType, bool)> {
        let (name, array) = match text.strip_suffix("Array") {
            Some(name) => (name, true),
            None => (text, false),
        };
        let ty = TYPES.iter().find(|row| row.0 == name)?.1;
        let single = matches!(ty, MapiType::Boolean | MapiType::Error | MapiType::Null);
        (!(array && single)).then_some((ty, array))
    }

    /// The spelling of the single type; `Array` behind it makes the multi-valued one.
    pub fn name(self) -> &'static str {
        TYPES.iter().find(|row| row.1 == self).map_or("String", |row| row.0)
    }

    /// The number of the single type in MAPI.
    pub fn number(self) -> u16 {
        TYPES.iter().find(|row| row.1 == self).map_or(0x001f, |row| row.2)
    }

    /// The type of a number, and whether it is multi-valued.
    pub fn from_number(number: u16) -> Option<(MapiType, bool)> {
        TYPES.iter().find(|row| row.2 == number & !MANY).map(|row| (row.1, number & MANY != 0))
    }

    /// Whole numbers of any width: a client may ask for one as another.
    pub fn is_whole(self) -> bool {
        matches!(self, MapiType::Integer | MapiType::Short | MapiType::Long | MapiType::Currency)
    }

    /// Whether a value of one can be given as the other.
    pub fn fits(self, other: MapiType) -> bool {
        self == other || self.is_whole() && other.is_whole()
    }
}

/// The GUIDs of the Outlook family: {xxxxxxxx-0000-0000-C000-000000000046}.
const fn outlook(first: u32) -> [u8; 16] {
    let [a, b, c, d] = first.to_be_bytes();
    [a, b, c, d, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46]
}

/// DistinguishedPropertySetType: spelling, set, GUID (MS-OXPROPS 1.3.2).
const SETS: &[(&str, SetId, [u8; 16])] = &[
    ("Meeting", SetId::Meeting, 0x6ed8da90_450b_101b_98da_00aa003f1305_u128.to_be_bytes()),
    ("Appointment", SetId::Appointment, outlook(0x0006_2002)),
    ("Common", SetId::Common, outlook(0x0006_2008)),
    ("PublicStrings", SetId::PublicStrings, outlook(0x0002_0329)),
    ("Address", SetId::Address, outlook(0x0006_2004)),
    ("InternetHeaders", SetId::InternetHeaders, outlook(0x0002_0386)),
    ("CalendarAssistant", SetId::CalendarAssistant, 0x11000e07_b51b_40d6_af21_caa85edab1d0_u128.to_be_bytes()),
    ("UnifiedMessaging", SetId::UnifiedMessaging, 0x4442858e_a9e3_4e80_b900_317a210cc15b_u128.to_be_bytes()),
    ("Task", SetId::Task, outlook(0x0006_2003)),
    ("Sharing", SetId::Sharing, outlook(0x0006_2040)),
];

impl SetId {
    /// The set of a DistinguishedPropertySetId.
    pub fn from_name(name: &str) -> Option<SetId> {
        SETS.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    /// The DistinguishedPropertySetId; None for a set that has none.
    pub fn name(self) -> Option<&'static str> {
        SETS.iter().find(|row| row.1 == self).map(|row| row.0)
    }

    /// The set of a GUID: the named one where there is one.
    pub fn from_guid(guid: Guid) -> SetId {
        SETS.iter().find(|row| row.2 == guid.0).map_or(SetId::Guid(guid.0), |row| row.1)
    }

    pub fn guid(self) -> Guid {
        match self {
            SetId::Guid(octets) => Guid(octets),
            named => Guid(SETS.iter().find(|row| row.1 == named).map_or([0; 16], |row| row.2)),
        }
    }
}

/// Reads a PropertyTag: sixteen bits, decimal or hexadecimal behind `0x`.
pub fn parse_tag(text: &str) -> Option<u16> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u16::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?,
    }
}

/// A PropertyTag as answers spell it: `0xe08`.
pub fn print_tag(tag: u16) -> String {
    format!("{tag:#x}")
}

impl ExtendedPath {
    pub fn tag(tag: u16, ty: MapiType) -> ExtendedPath {
        ExtendedPath { name: ExtendedName::Tag(tag), ty, array: false }
    }

    /// The key it is stored under: `0x1035001f`, `{guid}/0x8570/0003`, `{guid}/Keywords/101f`. Part of the database
    /// format; the number at the end is the type's.
    pub fn key(&self) -> String {
        let ty = self.ty.number() | if self.array { MANY } else { 0 };
        match &self.name {
            ExtendedName::Tag(tag) => format!("{tag:#06x}{ty:04x}"),
            ExtendedName::Id(set, id) => format!("{{{}}}/{id:#06x}/{ty:04x}", set.guid()),
            ExtendedName::Name(set, name) => format!("{{{}}}/{}/{ty:04x}", set.guid(), escape(name)),
        }
    }

    /// The path of a key. None for what [`ExtendedPath::key`] never made.
    pub fn from_key(key: &str) -> Option<ExtendedPath> {
        let (name, ty) = match key.strip_prefix("0x") {
            Some(hex) => {
                let (tag, ty) = hex.split_at_checked(4)?;
                (ExtendedName::Tag(u16::from_str_radix(tag, 16).ok()?), ty)
            }
            None => {
                let (guid, rest) = key.split_once('/')?;
                let set = SetId::from_guid(Guid::parse(guid)?);
                let (name, ty) = rest.rsplit_once('/')?;
                match name.strip_prefix("0x") {
                    Some(hex) => (ExtendedName::Id(set, u32::from_str_radix(hex, 16).ok()?), ty),
                    None => (ExtendedName::Name(set, name.strip_prefix('~').unwrap_or(name).to_owned()), ty),
                }
            }
        };
        let (ty, array) = MapiType::from_number(u16::from_str_radix(ty, 16).ok()?)?;
        let path = ExtendedPath { name, ty, array };
        (path.key() == key).then_some(path)
    }
}

/// Keeps a name apart from the numbers of its set.
fn escape(name: &str) -> Cow<'_, str> {
    if name.starts_with("0x") || name.starts_with('~') { Cow::Owned(format!("~{name}")) } else { Cow::Borrowed(name) }
}

impl Mapi {
    /// The path a client would name it by.
    pub fn path(self) -> ExtendedPath {
        let (name, ty, array) = match self {
            Mapi::Tag(tag, ty) => (ExtendedName::Tag(tag), ty, false),
            Mapi::Tags(tag, ty) => (ExtendedName::Tag(tag), ty, true),
            Mapi::Id(set, id, ty) => (ExtendedName::Id(set, id), ty, false),
            Mapi::Ids(set, id, ty) => (ExtendedName::Id(set, id), ty, true),
            Mapi::Name(set, name, ty) => (ExtendedName::Name(set, name.to_owned()), ty, false),
            Mapi::Names(set, name, ty) => (ExtendedName::Name(set, name.to_owned()), ty, true),
        };
        ExtendedPath { name, ty, array }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn types() {
        assert_eq!(MapiType::parse("StringArray"), Some((MapiType::String, true)));
        assert_eq!(MapiType::parse("CLSID"), Some((MapiType::Clsid, false)));
        for none in ["", "Array", "string", "BooleanArray", "NullArray"] {
            assert_eq!(MapiType::parse(none), None, "{none}");
        }
        for row in TYPES {
            assert_eq!(MapiType::parse(row.1.name()), Some((row.1, false)));
            assert_eq!(MapiType::from_number(row.2 | MANY), Some((row.1, true)));
        }
    }

    #[test]
    fn sets() {
        for row in SETS {
            assert_eq!(SetId::from_name(row.0), Some(row.1));
            assert_eq!(row.1.name(), Some(row.0));
            assert_eq!(SetId::from_guid(row.1.guid()), row.1);
        }
        assert_eq!(SetId::Common.guid().to_string(), "00062008-0000-0000-c000-000000000046");
        assert_eq!(SetId::from_guid(Guid([7; 16])), SetId::Guid([7; 16]));
    }

    #[test]
    fn tags() {
        for (text, tag) in [("0xe08", 0xe08), ("0x0E08", 0xe08), ("3592", 0xe08), ("0X37", 0x37), ("65535", 0xffff)] {
            assert_eq!(parse_tag(text), Some(tag), "{text}");
        }
        for none in ["", "0x", "0x+1", "+1", "-1", "65536", "0x10000", "0xg", "é"] {
            assert_eq!(parse_tag(none), None, "{none}");
        }
        assert_eq!((print_tag(0x1035), print_tag(0xe08)), ("0x1035".to_owned(), "0xe08".to_owned()));
    }

    #[test]
    fn keys() {
        assert_eq!(ExtendedPath::tag(0x1035, MapiType::String).key(), "0x1035001f");
        assert_eq!(ExtendedPath::tag(0x0e08, MapiType::Long).key(), "0x0e080014");
        assert_eq!(
            Mapi::Id(SetId::Common, 0x8570, MapiType::Integer).path().key(),
            "{00062008-0000-0000-c000-000000000046}/0x8570/0003"
        );
        assert_eq!(
            Mapi::Names(SetId::PublicStrings, "Keywords", MapiType::String).path().key(),
            "{00020329-0000-0000-c000-000000000046}/Keywords/101f"
        );
        for none in ["", "0x", "0x1035", "0x1035ffff", "0x1035001F", "{}/a/001f", "a/b", "/", "0x103é001f"] {
            assert_eq!(ExtendedPath::from_key(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn keys_round_trip(set: [u8; 16], name in "(0x|~)?.{0,20}", id: u32, tag: u16, ty in 0..TYPES.len(), array: bool) {
            let set = SetId::from_guid(Guid(set));
            for name in [ExtendedName::Tag(tag), ExtendedName::Id(set, id), ExtendedName::Name(set, name)] {
                let path = ExtendedPath { name, ty: TYPES[ty].1, array };
                prop_assert_eq!(ExtendedPath::from_key(&path.key()), Some(path));
            }
        }

        #[test]
        fn hostile_keys(key in "[0x{}/~a-f-]{0,60}|.{0,30}") {
            let _ = (ExtendedPath::from_key(&key), parse_tag(&key), MapiType::parse(&key));
        }
    }
}
