//! Reading octets that somebody else wrote, little-endian (MAPI): never beyond the end, no memory before there is something for
//! it.

pub(crate) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    pub fn new(octets: &'a [u8]) -> Octets<'a> {
        Octets(octets)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// So many units of UTF-16; what is none becomes U+FFFD.
    pub fn utf16(&mut self, units: usize) -> Option<String> {
        let octets = self.take(units.checked_mul(2)?)?;
        let units = octets.chunks_exact(2).filter_map(|pair| pair.try_into().ok().map(u16::from_le_bytes));
        Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    }

    /// Octets with their number before them.
    pub fn counted(&mut self) -> Option<&'a [u8]> {
        let count = usize::try_from(self.u32()?).ok()?;
        self.take(count)
    }
}

/// The units of a text, so many at most.
pub(crate) fn utf16(text: &str, most: usize) -> Vec<u16> {
    text.encode_utf16().take(most).collect()
}
