//! Numbers of things inside the server, and the GUIDs that clients see instead.

use std::fmt;

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<i64> for $name {
            fn from(number: i64) -> Self {
                $name(number)
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> i64 {
                number.0
            }
        }
    )*};
}

number! {
    /// A mailbox, unique in the database. Never seen by clients: they see its GUID.
    MailboxNo;
    /// A folder, unique in its mailbox: the journal number at its creation. Kept when the folder moves.
    FolderNo;
    /// An item, unique in its mailbox: the journal number at which it entered its folder.
    ItemNo;
    /// An attachment, unique in its mailbox: the journal number at its creation.
    AttachmentNo;
    /// A number of a mailbox's journal.
    Seq;
}

/// Sixteen octets in the order of their text form.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// As a security identifier ([MS-DTYP] 2.4.2): `S-1-5-21-` and the four 32-bit words. Clients that name accounts by SID get and
    /// give this one.
    pub fn to_sid(self) -> String {
        let mut sid = "S-1-5-21".to_owned();
        for word in self.0.chunks_exact(4) {
            let word = <[u8; 4]>::try_from(word).map_or(0, u32::from_be_bytes);
            sid.push_str(&format!("-{word}"));
        }
        sid
    }

    /// The reverse of [`Guid::to_sid`]; none for any other SID.
    pub fn from_sid(sid: &str) -> Option<Guid> {
        let prefix = sid.get(..9).filter(|prefix| prefix.eq_ignore_ascii_case("S-1-5-21-"))?;
        let mut words = sid.get(prefix.len()..)?.split('-');
        let mut guid = [0; 16];
        for place in guid.chunks_exact_mut(4) {
            let word = words.next().filter(|word| word.bytes().all(|octet| octet.is_ascii_digit()))?;
            place.copy_from_slice(&word.parse::<u32>().ok()?.to_be_bytes());
        }
        words.next().is_none().then_some(Guid(guid))
    }

    /// Reads `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`, in braces or without, in either case.
    pub fn parse(text: &str) -> Option<Guid> {
        let bare = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        if bare.len() != 36 {
            return None;
        }
        let mut octets = [0; 16];
        let mut digits = bare.bytes().enumerate().filter_map(|(at, byte)| match at {
            8 | 13 | 18 | 23 => (byte != b'-').then_some(None),
            _ => Some(char::from(byte).to_digit(16)),
        });
        for octet in &mut octets {
            let (high, low) = (digits.next()??, digits.next()??);
            *octet = (high << 4 | low) as u8;
        }
        digits.next().is_none().then_some(Guid(octets))
    }

    /// The text form, in lower case.
    pub(crate) fn text(self) -> [u8; 36] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or_default();
        let mut digits = self.0.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]);
        let mut text = [b'-'; 36];
        for part in [0..8, 9..13, 14..18, 19..23, 24..36] {
            for (place, digit) in text.get_mut(part).unwrap_or_default().iter_mut().zip(&mut digits) {
                *place = digit;
            }
        }
        text
    }

    /// The octets as MAPI structures hold them: the first three fields little-endian (MS-DTYP 2.3.4.2).
    pub fn packed(self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0;
        let [i, j, k, l, m, n, o, p] = rest;
        [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
    }

    /// The reverse of [`Guid::packed`], which is its own inverse.
    pub fn from_packed(octets: [u8; 16]) -> Guid {
        Guid(Guid(octets).packed())
    }
}

impl From<[u8; 16]> for Guid {
    fn from(octets: [u8; 16]) -> Guid {
        Guid(octets)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
