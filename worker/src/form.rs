//! How values of the model are laid out in bytes of our own: what clients keep (watermarks, sync states, ids of subscriptions)
//! and what connections and held calls keep. The tables are where the bytes are used; the macro is `wire!` of `proto/wire`.

use ewsd_model::Version;
use ewsd_model::id::{FolderNo, Guid, ItemNo, Seq};
use ewsd_model::operation::Op;
use ewsd_wire::form::{BigEndian, Form};
use ewsd_wire::{Reader, Refused, Wire};

/// A GUID as it is.
pub enum Octets {}

impl Form<Guid> for Octets {
    fn put(value: &Guid, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.0);
    }
    fn get(reader: &mut Reader<'_>, _what: &'static str) -> Result<Guid, Refused> {
        reader.array().map(Guid)
    }
}

/// A number of the store, the most significant octet first. None of them is negative.
pub enum Number {}

macro_rules! numbers {
    ($($name:ident)*) => {$(
        impl Form<$name> for Number {
            fn put(value: &$name, out: &mut Vec<u8>) {
                BigEndian::put(&value.0, out);
            }
            fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<$name, Refused> {
                let number = BigEndian::get(reader, what)?;
                if number < 0 { Err(Refused::BadValue(what)) } else { Ok($name(number)) }
            }
        }
    )*};
}
numbers!(Seq FolderNo ItemNo);

/// A folder's number; -1: none.
pub enum MaybeNumber {}

impl Form<Option<FolderNo>> for MaybeNumber {
    fn put(value: &Option<FolderNo>, out: &mut Vec<u8>) {
        BigEndian::put(&value.map_or(-1, |folder| folder.0), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Option<FolderNo>, Refused> {
        match BigEndian::get(reader, what)? {
            -1 => Ok(None),
            number if number < 0 => Err(Refused::BadValue(what)),
            number => Ok(Some(FolderNo(number))),
        }
    }
}

/// An operation that may be held, or a version, by the number of its row: it changes when a row comes in ahead.
pub enum Row {}

impl Form<Op> for Row {
    fn put(value: &Op, out: &mut Vec<u8>) {
        out.push(value.number());
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Op, Refused> {
        Op::from_number(u8::get(reader)?).filter(|op| op.row().may_hold).ok_or(Refused::BadValue(what))
    }
}

impl Form<Version> for Row {
    fn put(value: &Version, out: &mut Vec<u8>) {
        out.push(value.number());
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Version, Refused> {
        Version::from_number(u8::get(reader)?).ok_or(Refused::BadValue(what))
    }
}
