//! How a field is laid out where its type alone does not say it: bounds, big-endian and variable-length numbers.
//!
//! A form is a type without values that a row names behind `as`; who declares a table may have forms for types of others.

use crate::codec::{Reader, Refused, Wire, get_bytes, get_list, put_list};

/// A layout for values of type `T`.
pub trait Form<T> {
    /// Appends the value.
    fn put(value: &T, out: &mut Vec<u8>);
    /// Reads the value; `what` names it in a refusal.
    ///
    /// # Errors
    /// [`Refused`] when the bytes are no such value.
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<T, Refused>;
    /// How many descriptors travel with the message because of this value.
    fn descriptors(_value: &T) -> usize {
        0
    }
}

/// As the type says by itself: what a row without `as` has.
#[derive(Debug)]
pub enum Plain {}

impl<T: Wire> Form<T> for Plain {
    fn put(value: &T, out: &mut Vec<u8>) {
        value.put(out);
    }
    fn get(reader: &mut Reader<'_>, _what: &'static str) -> Result<T, Refused> {
        T::get(reader)
    }
    fn descriptors(value: &T) -> usize {
        value.descriptors()
    }
}

/// At most `MAX` octets, behind a 32-bit length.
#[derive(Debug)]
pub enum Bytes<const MAX: usize> {}

impl<const MAX: usize> Form<Vec<u8>> for Bytes<MAX> {
    fn put(value: &Vec<u8>, out: &mut Vec<u8>) {
        value.put(out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<u8>, Refused> {
        get_bytes(reader, MAX, what)
    }
}

/// At most `MAX` members, behind a 16-bit count.
#[derive(Debug)]
pub enum List<const MAX: usize> {}

impl<T: Wire, const MAX: usize> Form<Vec<T>> for List<MAX> {
    fn put(value: &Vec<T>, out: &mut Vec<u8>) {
        put_list(value, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<T>, Refused> {
        get_list(reader, MAX, what)
    }
}

/// UTF-8 of at most `MAX` octets, behind its length as a variable-length number.
#[derive(Debug)]
pub enum Text<const MAX: usize> {}

impl<const MAX: usize> Form<String> for Text<MAX> {
    fn put(value: &String, out: &mut Vec<u8>) {
        put_varint(value.len() as u64, out);
        out.extend_from_slice(value.as_bytes());
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<String, Refused> {
        let length = bounded(get_varint(reader, what)?, MAX, what)?;
        String::from_utf8(reader.take(length)?.to_vec()).map_err(|_| Refused::BadValue(what))
    }
}

/// Numbers of variable length, at most `MAX` of them, behind their count, which is one as well.
#[derive(Debug)]
pub enum Varints<const MAX: usize> {}

impl<const MAX: usize> Form<Vec<u64>> for Varints<MAX> {
    fn put(value: &Vec<u64>, out: &mut Vec<u8>) {
        put_varint(value.len() as u64, out);
        value.iter().for_each(|number| put_varint(*number, out));
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<u64>, Refused> {
        let count = bounded(get_varint(reader, what)?, MAX, what)?;
        (0..count).map(|_| get_varint(reader, what)).collect()
    }
}

/// A number of variable length: the smaller, the shorter.
#[derive(Debug)]
pub enum Varint {}

impl Form<u64> for Varint {
    fn put(value: &u64, out: &mut Vec<u8>) {
        put_varint(*value, out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<u64, Refused> {
        get_varint(reader, what)
    }
}

impl Form<u32> for Varint {
    fn put(value: &u32, out: &mut Vec<u8>) {
        put_varint((*value).into(), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<u32, Refused> {
        u32::try_from(get_varint(reader, what)?).map_err(|_| Refused::BadValue(what))
    }
}

/// None is negative.
impl Form<i64> for Varint {
    fn put(value: &i64, out: &mut Vec<u8>) {
        put_varint(value.unsigned_abs(), out);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<i64, Refused> {
        i64::try_from(get_varint(reader, what)?).map_err(|_| Refused::BadValue(what))
    }
}

/// All that is left, at most `MAX` octets: of the last field only.
#[derive(Debug)]
pub enum Rest<const MAX: usize> {}

impl<const MAX: usize> Form<Vec<u8>> for Rest<MAX> {
    fn put(value: &Vec<u8>, out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Vec<u8>, Refused> {
        let length = bounded(reader.left() as u64, MAX, what)?;
        Ok(reader.take(length)?.to_vec())
    }
}

/// Octets of a fixed number, as they are.
#[derive(Debug)]
pub enum Octets {}

impl<const N: usize> Form<[u8; N]> for Octets {
    fn put(value: &[u8; N], out: &mut Vec<u8>) {
        out.extend_from_slice(value);
    }
    fn get(reader: &mut Reader<'_>, _what: &'static str) -> Result<[u8; N], Refused> {
        reader.array()
    }
}

/// The most significant octet first.
#[derive(Debug)]
pub enum BigEndian {}

impl Form<i64> for BigEndian {
    fn put(value: &i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&value.to_be_bytes());
    }
    fn get(reader: &mut Reader<'_>, _what: &'static str) -> Result<i64, Refused> {
        Ok(i64::from_be_bytes(reader.array()?))
    }
}

/// A flag, then what it says is there.
#[derive(Debug)]
pub struct Maybe<F>(F);

impl<T, F: Form<T>> Form<Option<T>> for Maybe<F> {
    fn put(value: &Option<T>, out: &mut Vec<u8>) {
        value.is_some().put(out);
        if let Some(value) = value {
            F::put(value, out);
        }
    }
    fn get(reader: &mut Reader<'_>, what: &'static str) -> Result<Option<T>, Refused> {
        if bool::get(reader)? { F::get(reader, what).map(Some) } else { Ok(None) }
    }
}

fn bounded(length: u64, max: usize, what: &'static str) -> Result<usize, Refused> {
    usize::try_from(length).ok().filter(|length| *length <= max).ok_or(Refused::TooBig(what))
}

/// Seven bits an octet, the least first; the highest bit says that more follow.
fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Only the shortest form is taken, so that no two texts are one value.
fn get_varint(reader: &mut Reader<'_>, what: &'static str) -> Result<u64, Refused> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let octet = u8::get(reader)?;
        let bits = u64::from(octet & 0x7f);
        let padded = octet == 0 && shift > 0;
        if padded || (bits << shift) >> shift != bits {
            return Err(Refused::BadValue(what));
        }
        value |= bits << shift;
        if octet & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Refused::BadValue(what))
}
