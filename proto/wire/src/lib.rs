//! Bytes of our own, as tables: what processes tell each other, and what clients and connections keep for us.
//!
//! | question | file |
//! |---|---|
//! | how is a value read and written, why is one refused? | [`codec`] |
//! | how is a field laid out that is not as usual: a bound, an order of octets? | [`form`] |
//! | how is a struct or an enum declared? | `table.rs`: [`wire!`](crate::wire) |
//! | damage is to be noticed | [`seal`], [`unseal`] |
//!
//! No I/O, no allocation that a length alone could ask for, nothing that a reader skips: bytes are one value, or refused.

pub mod codec;
pub mod form;
mod table;

pub use codec::{Reader, Refused, Wire};

/// The value as bytes.
pub fn to_bytes<T: Wire>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    value.put(&mut out);
    out
}

/// The value that `bytes` are, all of them.
///
/// # Errors
/// [`Refused`] when they are none, or more than one.
pub fn from_bytes<T: Wire>(bytes: &[u8]) -> Result<T, Refused> {
    let mut reader = Reader::new(bytes);
    let value = T::get(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The value as bytes, with a checksum of four octets behind: against damage, not against forgery.
pub fn seal<T: Wire>(value: &T) -> Vec<u8> {
    let mut out = to_bytes(value);
    let sum = checksum(&out);
    out.extend_from_slice(&sum.to_be_bytes());
    out
}

/// The value that [`seal`] made `bytes` of.
///
/// # Errors
/// [`Refused`] when the checksum is wrong, and as [`from_bytes`].
pub fn unseal<T: Wire>(bytes: &[u8]) -> Result<T, Refused> {
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or(Refused::Short)?;
    if u32::from_be_bytes(*sum) == checksum(body) { from_bytes(body) } else { Err(Refused::BadValue("checksum")) }
}

/// FNV-1a of 32 bits.
fn checksum(octets: &[u8]) -> u32 {
    octets.iter().fold(0x811c_9dc5, |sum, octet| (sum ^ u32::from(*octet)).wrapping_mul(0x0100_0193))
}
