//! Values of MAPI properties, typed (MS-OXCDATA 2.11.1).

use ewsd_model::id::Guid;
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use jiff::Timestamp;
use std::borrow::Cow;

/// A value. Octets are the stream's own where they can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// Short, Integer, Long; Currency in ten-thousandths.
    Int(i64),
    /// Float, Double, ApplicationTime.
    Real(f64),
    Error(u32),
    /// Of 8 bits or UTF-16, decoded, without the NULs at its end.
    Text(String),
    Time(FileTime),
    Clsid(Guid),
    Binary(Cow<'a, [u8]>),
    /// An object of this interface: a message, a storage, a stream.
    Object(Guid, &'a [u8]),
    Many(Vec<Value<'a>>),
}

/// Hundreds of nanoseconds since 1601 (MS-DTYP 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileTime(pub i64);

/// 1970 as a FILETIME.
const UNIX: i64 = 116_444_736_000_000_000;

impl FileTime {
    /// None for what lies outside of the years that can be told.
    pub fn timestamp(self) -> Option<Timestamp> {
        let ticks = i128::from(self.0) - i128::from(UNIX);
        Timestamp::from_nanosecond(ticks * 100).ok()
    }

    /// Of seconds since 1970.
    pub fn from_unix(seconds: i64) -> FileTime {
        FileTime(seconds.saturating_mul(10_000_000).saturating_add(UNIX))
    }
}

impl Value<'_> {
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(is) => Some(i64::from(*is)),
            _ => None,
        }
    }

    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Value::Time(time) => time.timestamp(),
            _ => None,
        }
    }

    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Value::Binary(octets) => Some(octets),
            _ => None,
        }
    }

    /// Octets that a copy takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::Binary(octets) => octets.len(),
            Value::Many(values) => values.iter().map(|value| value.size() + 8).sum(),
            _ => 8,
        }
    }

    /// The value as a mailbox keeps extended properties. None for what it cannot keep: nothing, errors, objects.
    pub fn extended(&self) -> Option<ExtendedValue> {
        match self {
            Value::Many(values) => values.iter().map(Value::scalar).collect::<Option<_>>().map(ExtendedValue::Many),
            one => one.scalar().map(ExtendedValue::One),
        }
    }

    fn scalar(&self) -> Option<Scalar> {
        Some(match self {
            Value::Bool(is) => Scalar::Bool(*is),
            Value::Int(number) => Scalar::Int(*number),
            Value::Real(number) => Scalar::Real(*number),
            Value::Text(text) => Scalar::Text(text.clone()),
            Value::Time(time) => Scalar::Time(time.timestamp()?),
            Value::Clsid(guid) => Scalar::Text(guid.to_string()),
            Value::Binary(octets) => Scalar::Bytes(octets.to_vec()),
            Value::Null | Value::Error(_) | Value::Object(..) | Value::Many(_) => return None,
        })
    }
}
