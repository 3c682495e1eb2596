//! Reading and writing values: little-endian integers, byte strings with a 32-bit length, lists with a 16-bit count.
//!
//! Decoding trusts nothing: every length is checked against what is left, and a message must end where its last field ends.
//! Tables that use this are declared by [`wire!`](crate::wire).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Why bytes were refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Ends inside a field.
    Short,
    /// Goes on after the last field.
    Long,
    /// No message has this kind byte.
    UnknownKind(u8),
    /// A field holds a value that its type does not have.
    BadValue(&'static str),
    /// More than the table allows.
    TooBig(&'static str),
    /// Came with another number of descriptors than the table states.
    Descriptors {
        /// How many the message must carry.
        expected: usize,
        /// How many came.
        came: usize,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Short => write!(f, "message ends inside a field"),
            Refused::Long => write!(f, "message goes on after its last field"),
            Refused::UnknownKind(kind) => write!(f, "unknown message kind {kind}"),
            Refused::BadValue(what) => write!(f, "impossible value in {what}"),
            Refused::TooBig(what) => write!(f, "{what} is over its limit"),
            Refused::Descriptors { expected, came } => write!(f, "{came} descriptors came, {expected} belong here"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<Refused> for std::io::Error {
    fn from(refused: Refused) -> Self {
        std::io::Error::new(std::io::ErrorKind::InvalidData, refused)
    }
}

/// Reads fields one after the other out of a received message.
pub struct Reader<'m> {
    rest: &'m [u8],
}

impl<'m> Reader<'m> {
    /// Starts at the first byte of `message`.
    pub fn new(message: &'m [u8]) -> Self {
        Reader { rest: message }
    }

    /// The next `n` bytes.
    ///
    /// # Errors
    /// [`Refused::Short`] when fewer are left.
    pub fn take(&mut self, n: usize) -> Result<&'m [u8], Refused> {
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(Refused::Short)?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Refused::Short`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refused> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(Refused::Short)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// [`Refused::Long`] when bytes are left.
    pub fn end(&self) -> Result<(), Refused> {
        if self.rest.is_empty() { Ok(()) } else { Err(Refused::Long) }
    }
}

/// A value that can be a field of a message.
pub trait Wire: Sized {
    /// Appends the value.
    fn put(&self, out: &mut Vec<u8>);
    /// Reads the value.
    ///
    /// # Errors
    /// [`Refused`] when the bytes are no such value.
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused>;
    /// How many descriptors travel with the message because of this value.
    fn descriptors(&self) -> usize {
        0
    }
}

macro_rules! wire_int {
    ($($int:ty)*) => {$(
        impl Wire for $int {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
                Ok(<$int>::from_le_bytes(reader.array()?))
            }
        }
    )*};
}
wire_int!(u8 u16 u32 u64 i64);

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        match u8::get(reader)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Refused::BadValue("flag")),
        }
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok(if bool::get(reader)? { Some(T::get(reader)?) } else { None })
    }
    fn descriptors(&self) -> usize {
        self.as_ref().map_or(0, Wire::descriptors)
    }
}

impl Wire for Vec<u8> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let n = u32::get(reader)? as usize;
        Ok(reader.take(n)?.to_vec())
    }
}

impl Wire for SocketAddr {
    fn put(&self, out: &mut Vec<u8>) {
        match self.ip() {
            IpAddr::V4(ip) => {
                out.push(4);
                out.extend_from_slice(&ip.octets());
            }
            IpAddr::V6(ip) => {
                out.push(6);
                out.extend_from_slice(&ip.octets());
            }
        }
        self.port().put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        let ip = match u8::get(reader)? {
            4 => IpAddr::V4(Ipv4Addr::from(reader.array::<4>()?)),
            6 => IpAddr::V6(Ipv6Addr::from(reader.array::<16>()?)),
            _ => return Err(Refused::BadValue("address family")),
        };
        Ok(SocketAddr::new(ip, u16::get(reader)?))
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }
    fn get(reader: &mut Reader<'_>) -> Result<Self, Refused> {
        Ok((A::get(reader)?, B::get(reader)?))
    }
}

/// Appends a list: a 16-bit count, then the members.
pub fn put_list<T: Wire>(list: &[T], out: &mut Vec<u8>) {
    (list.len() as u16).put(out);
    for member in list {
        member.put(out);
    }
}

/// Reads a list of at most `max` members; `what` names it in the refusal.
///
/// # Errors
/// [`Refused::TooBig`] over `max`, otherwise what a member refuses.
pub fn get_list<T: Wire>(reader: &mut Reader<'_>, max: usize, what: &'static str) -> Result<Vec<T>, Refused> {
    let n = usize::from(u16::get(reader)?);
    if n > max {
        return Err(Refused::TooBig(what));
    }
    let mut list = Vec::with_capacity(n);
    for _ in 0..n {
        list.push(T::get(reader)?);
    }
    Ok(list)
}

/// Reads a byte string of at most `max` bytes; `what` names it in the refusal.
///
/// # Errors
/// [`Refused::TooBig`] over `max`, [`Refused::Short`] when it is cut off.
pub fn get_bytes(reader: &mut Reader<'_>, max: usize, what: &'static str) -> Result<Vec<u8>, Refused> {
    let n = u32::get(reader)? as usize;
    if n > max {
        return Err(Refused::TooBig(what));
    }
    Ok(reader.take(n)?.to_vec())
}

/// Reads an octet that must be this one; `what` names it in the refusal.
///
/// # Errors
/// [`Refused::BadValue`] when it is another, [`Refused::Short`] when there is none.
pub fn expect(reader: &mut Reader<'_>, octet: u8, what: &'static str) -> Result<(), Refused> {
    if u8::get(reader)? == octet { Ok(()) } else { Err(Refused::BadValue(what)) }
}

/// Reads `n` octets that must be 0.
///
/// # Errors
/// [`Refused::BadValue`] when one is not, [`Refused::Short`] when they are not there.
pub fn zeros(reader: &mut Reader<'_>, n: usize, what: &'static str) -> Result<(), Refused> {
    if reader.take(n)?.iter().all(|octet| *octet == 0) { Ok(()) } else { Err(Refused::BadValue(what)) }
}
