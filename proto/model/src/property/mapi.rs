//! Extended properties: how clients name them and which of them are other names of table properties (MS-OXWSXPROP).

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
