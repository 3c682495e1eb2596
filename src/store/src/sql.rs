//! Statements being put together: text with numbered places, and the values for them.
//!
//! [`Param`] takes the type that the server inferred for its place, so one kind of number serves every integer column.

use crate::{Map, StoreError};
use jiff::Timestamp;
use postgres::types::{IsNull, ToSql, Type, private::BytesMut, to_sql_checked};
use std::borrow::Cow;
use std::error::Error;

/// A value for a place in a statement.
#[derive(Clone, Debug)]
pub(crate) enum Param<'a> {
    Null,
    Bool(bool),
    /// `smallint`, `integer`, `bigint`, whichever the place wants.
    Int(i64),
    Real(f64),
    Text(Cow<'a, str>),
    Time(Timestamp),
    Bytes(Cow<'a, [u8]>),
    /// A `tsvector` as it is sent.
    Vector(Vec<u8>),
    Json(serde_json::Value),
    Guid(uuid::Uuid),
    Guids(Vec<uuid::Uuid>),
    Ints(Vec<i64>),
    Texts(Vec<Cow<'a, str>>),
    BytesMany(Vec<Cow<'a, [u8]>>),
    Times(Vec<Option<Timestamp>>),
    Bools(Vec<bool>),
    Jsons(Vec<serde_json::Value>),
    OptTexts(Vec<Option<Cow<'a, str>>>),
}

type Encoded = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        match self {
            Param::Null => Ok(IsNull::Yes),
            Param::Bool(value) => value.to_sql(ty, out),
            Param::Int(value) => integer(*value, ty, out),
            Param::Real(value) if *ty == Type::FLOAT4 => (*value as f32).to_sql(ty, out),
            Param::Real(value) => value.to_sql(ty, out),
            Param::Text(value) => value.as_ref().to_sql(ty, out),
            Param::Time(value) => value.to_sql(ty, out),
            Param::Bytes(value) => value.as_ref().to_sql(ty, out),
            Param::Vector(value) => {
                out.extend_from_slice(value);
                Ok(IsNull::No)
            }
            Param::Json(value) => value.to_sql(ty, out),
            Param::Guid(value) => value.to_sql(ty, out),
            Param::Guids(values) => values.to_sql(ty, out),
            Param::Ints(values) if *ty == Type::INT4_ARRAY => narrowed::<i32>(values)?.to_sql(ty, out),
            Param::Ints(values) if *ty == Type::INT2_ARRAY => narrowed::<i16>(values)?.to_sql(ty, out),
            Param::Ints(values) => values.to_sql(ty, out),
            Param::Texts(values) => values.to_sql(ty, out),
            Param::BytesMany(values) => values.iter().map(AsRef::as_ref).collect::<Vec<&[u8]>>().to_sql(ty, out),
            Param::Times(values) => values.to_sql(ty, out),
            Param::Bools(values) => values.to_sql(ty, out),
            Param::Jsons(values) => values.to_sql(ty, out),
            Param::OptTexts(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn integer(value: i64, ty: &Type, out: &mut BytesMut) -> Encoded {
    match *ty {
        Type::INT2 => i16::try_from(value)?.to_sql(ty, out),
        Type::INT4 => i32::try_from(value)?.to_sql(ty, out),
        Type::FLOAT8 => (value as f64).to_sql(ty, out),
        _ => value.to_sql(ty, out),
    }
}

fn narrowed<T: TryFrom<i64>>(values: &[i64]) -> Result<Vec<T>, T::Error> {
    values.iter().map(|&value| T::try_from(value)).collect()
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Param::Int(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Param::Bool(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Param::Text(clean(value))
    }
}

impl<'a> From<Option<&'a str>> for Param<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Param::Null, Param::from)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Param::Bytes(Cow::Borrowed(value))
    }
}

impl From<Timestamp> for Param<'_> {
    fn from(value: Timestamp) -> Self {
        Param::Time(value)
    }
}

impl From<Option<Timestamp>> for Param<'_> {
    fn from(value: Option<Timestamp>) -> Self {
        value.map_or(Param::Null, Param::Time)
    }
}

impl From<Vec<i64>> for Param<'_> {
    fn from(value: Vec<i64>) -> Self {
        Param::Ints(value)
    }
}

impl From<Map> for Param<'_> {
    fn from(value: Map) -> Self {
        Param::Json(clean_json(serde_json::Value::Object(value)))
    }
}

/// PostgreSQL's text cannot hold U+0000; nor can what clients are answered in XML 1.0.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// The same for every text in a document, names of members included.
pub(crate) fn clean_json(mut value: serde_json::Value) -> serde_json::Value {
    fn visit(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
            serde_json::Value::Array(values) => values.iter_mut().for_each(visit),
            serde_json::Value::Object(members) => {
                if members.keys().any(|name| name.contains('\0')) {
                    *members = std::mem::take(members).into_iter().map(|(k, v)| (k.replace('\0', ""), v)).collect();
                }
                members.values_mut().for_each(visit);
            }
            _ => {}
        }
    }
    visit(&mut value);
    value
}

/// A statement: its text is the key of the statement cache, so the same question must be put in the same words.
#[derive(Debug, Default)]
pub(crate) struct Sql<'a> {
    pub text: String,
    pub params: Vec<Param<'a>>,
    /// Which conditions, orders or columns stand in the text is a client's wish: there may be any number of such statements.
    pub shaped: bool,
}

impl<'a> Sql<'a> {
    pub fn new(text: impl Into<String>) -> Self {
        Sql { text: text.into(), ..Sql::default() }
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds the value and writes its place.
    pub fn bind(&mut self, param: impl Into<Param<'a>>) -> &mut Self {
        let place = self.place(param);
        self.text.push_str(&place);
        self
    }

    /// Adds the value and says its place (`$3`), for use once or more.
    pub fn place(&mut self, param: impl Into<Param<'a>>) -> String {
        self.params.push(param.into());
        format!("${}", self.params.len())
    }

    /// Adds values for the places that `text` names by number.
    pub fn with(mut self, params: impl IntoIterator<Item = Param<'a>>) -> Self {
        self.params.extend(params);
        self
    }
}

/// A count that the protocol keeps in range, as the database counts.
pub(crate) fn int(number: usize) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Corrupt("number too large".to_owned()))
}

#[cfg(test)]
mod tests;
