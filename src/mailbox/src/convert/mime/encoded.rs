//! Transfer encodings undone as far as counting needs it (RFC 2045 6.7, 6.8): whatever is wrong is passed over.

/// An encoding that changes octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    QuotedPrintable,
}

impl Encoding {
    /// None for those that change nothing, and for those that nobody knows.
    pub fn of(value: &[u8]) -> Option<Encoding> {
        let has = |word: &[u8]| value.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
        match (has(b"base64"), has(b"quoted-printable")) {
            (true, _) => Some(Encoding::Base64),
            (_, true) => Some(Encoding::QuotedPrintable),
            _ => None,
        }
    }
}

pub(super) fn decode(encoding: Encoding, octets: &[u8]) -> Vec<u8> {
    match encoding {
        Encoding::Base64 => base64(octets),
        Encoding::QuotedPrintable => quoted_printable(octets),
    }
}

fn base64(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0);
    for byte in octets {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 | u32::from(value);
        count += 1;
        if count == 4 {
            out.extend(bits.to_be_bytes().iter().skip(1));
            (bits, count) = (0, 0);
        }
    }
    if count > 1 {
        let rest = (bits << (6 * (4 - count))).to_be_bytes();
        out.extend(rest.iter().skip(1).take(count - 1));
    }
    out
}

fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let hex = |at: usize| octets.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while let Some(byte) = octets.get(at) {
        let rest = octets.get(at + 1..).unwrap_or_default();
        at += match (byte, hex(at + 1), hex(at + 2)) {
            (b'=', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                3
            }
            (b'=', ..) if rest.starts_with(b"\r\n") => 3,
            (b'=', ..) if rest.starts_with(b"\n") => 2,
            _ => {
                out.push(*byte);
                1
            }
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_undone_whatever_stands_between() {
        assert_eq!(decode(Encoding::Base64, b"U3V!iamVj\r\n dDog eA=="), b"Subject: x");
        assert_eq!(decode(Encoding::Base64, b"YWI"), b"ab");
        assert_eq!(decode(Encoding::QuotedPrintable, b"a=3D=\r\nb=zz=\n="), b"a=b=zz=");
        assert_eq!(Encoding::of(b" BASE64 (x)"), Some(Encoding::Base64));
        assert_eq!(Encoding::of(b" 8bit"), None);
    }
}
