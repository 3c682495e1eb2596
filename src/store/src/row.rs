//! Rows, read from the first column to the last: a statement's `select` and the reader below it name the same things in the
//! same order, and no reader counts. A column that does not hold what the statement promised is [`StoreError::Corrupt`].

use crate::error::text;
use crate::{Map, StoreError};
use ewsd_model::id::{AttachmentNo, FolderNo, Guid, ItemNo, MailboxNo, Seq};
use ewsd_model::{FolderKind, ItemKind};
use jiff::Timestamp;
use postgres::Row;
use postgres::types::{FromSql, Type, accepts};
use std::error::Error;

/// What is left of a row.
pub(crate) struct Fields<'r> {
    row: &'r Row,
    at: usize,
}

/// What a column can be read as. Wrapped in `Option`, it may be null.
pub(crate) trait FromColumn<'r>: Sized {
    /// How the driver reads it.
    type Raw: FromSql<'r>;

    fn from_column(raw: Self::Raw) -> Result<Self, StoreError>;
}

impl<'r> Fields<'r> {
    pub fn new(row: &'r Row) -> Self {
        Fields { row, at: 0 }
    }

    /// The next column.
    pub fn next<T: FromColumn<'r>>(&mut self) -> Result<T, StoreError> {
        let raw = self.row.try_get(self.at).map_err(|error| StoreError::Corrupt(text(&error)))?;
        self.at += 1;
        T::from_column(raw)
    }

    /// The next column where it was asked for.
    pub fn next_if<T: FromColumn<'r>>(&mut self, wanted: bool) -> Result<Option<T>, StoreError> {
        wanted.then(|| self.next()).transpose()
    }

    /// Passes columns by.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        self.at += columns;
        self
    }
}

/// The only column of a row, or its first.
pub(crate) fn first<'r, T: FromColumn<'r>>(row: &'r Row) -> Result<T, StoreError> {
    Fields::new(row).next()
}

/// The first column of each row.
pub(crate) fn firsts<T: for<'r> FromColumn<'r>>(rows: &[Row]) -> Result<Vec<T>, StoreError> {
    rows.iter().map(first).collect()
}

/// Each row, as `read` reads it.
pub(crate) fn all<T>(
    rows: &[Row],
    read: impl Fn(&mut Fields<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(&mut Fields::new(row))).collect()
}

/// A whole number of any width.
pub(crate) struct Whole(pub i64);

impl<'r> FromSql<'r> for Whole {
    fn from_sql(ty: &Type, raw: &'r [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Whole(match *ty {
            Type::INT2 => i16::from_sql(ty, raw)?.into(),
            Type::INT4 => i32::from_sql(ty, raw)?.into(),
            _ => i64::from_sql(ty, raw)?,
        }))
    }

    accepts!(INT2, INT4, INT8);
}

macro_rules! as_they_are {
    ($($ty:ty),* $(,)?) => { $(
        impl<'r> FromColumn<'r> for $ty {
            type Raw = $ty;

            fn from_column(raw: $ty) -> Result<Self, StoreError> {
                Ok(raw)
            }
        }
    )* };
}

as_they_are!(bool, i32, i64, f64, String, Timestamp, Vec<u8>, Vec<i64>, Vec<String>, serde_json::Value, Whole,);

macro_rules! numbers {
    ($($ty:ident),* $(,)?) => { $(
        impl<'r> FromColumn<'r> for $ty {
            type Raw = i64;

            fn from_column(raw: i64) -> Result<Self, StoreError> {
                Ok($ty(raw))
            }
        }
    )* };
}

numbers!(AttachmentNo, FolderNo, ItemNo, MailboxNo, Seq);

/// Kinds: a small number that means something.
macro_rules! kinds {
    ($($ty:ident: $read:expr, $name:literal;)*) => { $(
        impl<'r> $crate::row::FromColumn<'r> for $ty {
            type Raw = i16;

            fn from_column(raw: i16) -> Result<Self, $crate::StoreError> {
                let known: fn(i16) -> Option<$ty> = $read;
                known(raw).ok_or_else(|| $crate::StoreError::Corrupt(format!("{} {raw}", $name)))
            }
        }
    )* };
}

pub(crate) use kinds;

kinds! {
    ItemKind: ItemKind::from_number, "item kind";
    FolderKind: FolderKind::from_number, "folder kind";
}

impl<'r> FromColumn<'r> for &'r str {
    type Raw = &'r str;

    fn from_column(raw: &'r str) -> Result<Self, StoreError> {
        Ok(raw)
    }
}

impl<'r> FromColumn<'r> for &'r [u8] {
    type Raw = &'r [u8];

    fn from_column(raw: &'r [u8]) -> Result<Self, StoreError> {
        Ok(raw)
    }
}

/// 32 bits, or a count; the column is signed.
impl<'r> FromColumn<'r> for u32 {
    type Raw = i32;

    fn from_column(raw: i32) -> Result<Self, StoreError> {
        Ok(raw as u32)
    }
}

impl<'r> FromColumn<'r> for Guid {
    type Raw = uuid::Uuid;

    fn from_column(raw: uuid::Uuid) -> Result<Self, StoreError> {
        Ok(Guid(*raw.as_bytes()))
    }
}

/// A `jsonb` column that holds an object; null and anything else are the empty one.
impl<'r> FromColumn<'r> for Map {
    type Raw = Option<serde_json::Value>;

    fn from_column(raw: Self::Raw) -> Result<Self, StoreError> {
        Ok(match raw {
            Some(serde_json::Value::Object(members)) => members,
            _ => Map::new(),
        })
    }
}

impl<'r, T: FromColumn<'r>> FromColumn<'r> for Option<T>
where
    Option<T::Raw>: FromSql<'r>,
{
    type Raw = Option<T::Raw>;

    fn from_column(raw: Self::Raw) -> Result<Self, StoreError> {
        raw.map(T::from_column).transpose()
    }
}
