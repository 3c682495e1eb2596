//! Character sets that shift in and out of ASCII: UTF-7 (RFC 2152), HZ (RFC 1843), ISO-2022-KR and -CN (RFC 1557, RFC 1922).

use encoding_rs::{Encoding, GBK};

use crate::cut::Cut;
use crate::transfer;

/// `+` begins base64 of UTF-16, which ends before anything else; `+-` is `+`.
pub(crate) fn utf7(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = rest.iter().position(|byte| *byte == b'+') {
        let (before, from) = rest.split_at(at);
        plain(before, &mut out);
        let after = from.cut(1..);
        let count = after.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count();
        let (letters, tail) = after.split_at_checked(count).unwrap_or((after, &[]));
        let explicit = tail.first() == Some(&b'-');
        match (letters.is_empty(), explicit) {
            (true, true) | (true, false) => out.push('+'),
            (false, _) => {
                let mut octets = transfer::base64(letters);
                octets.truncate(octets.len() / 2 * 2);
                out.push_str(&encoding_rs::UTF_16BE.decode_without_bom_handling(&octets).0);
            }
        }
        rest = if explicit { tail.cut(1..) } else { tail };
    }
    plain(rest, &mut out);
    out
}

fn plain(octets: &[u8], out: &mut String) {
    out.push_str(&crate::text::utf8(octets));
}

/// `~{` begins Chinese in seven bits, `~}` or a line's end ends it; `~~` is `~`, `~` before a line's end joins lines.
pub(crate) fn hz(octets: &[u8]) -> String {
    let mut eight = Vec::with_capacity(octets.len());
    let mut shifted = false;
    let mut rest = octets;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'~', [b'{', tail @ ..]) => (shifted, rest) = (true, tail),
            (b'~', [b'}', tail @ ..]) => (shifted, rest) = (false, tail),
            (b'~', [b'~', tail @ ..]) if !shifted => {
                eight.push(b'~');
                rest = tail;
            }
            (b'~', [b'\n', tail @ ..] | [b'\r', b'\n', tail @ ..]) => rest = tail,
            (b'\n', _) => {
                shifted = false;
                eight.push(b'\n');
            }
            (0x21..=0x7e, _) if shifted => eight.push(byte | 0x80),
            _ => eight.push(*byte),
        }
    }
    GBK.decode_without_bom_handling(&eight).0.into_owned()
}

/// SO shifts to the other set, SI and a line's end back; what names the sets (ESC `$` `)` and a letter) goes.
pub(crate) fn iso_2022(octets: &[u8], other: &'static Encoding) -> String {
    let mut eight = Vec::with_capacity(octets.len());
    let mut shifted = false;
    let mut rest = octets;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (0x1b, [b'$', b')' | b'*' | b'+', _, tail @ ..]) => rest = tail,
            (0x0e, _) => shifted = true,
            (0x0f, _) => shifted = false,
            (b'\n', _) => {
                shifted = false;
                eight.push(b'\n');
            }
            (0x21..=0x7e, _) if shifted => eight.push(byte | 0x80),
            _ => eight.push(*byte),
        }
    }
    other.decode_without_bom_handling(&eight).0.into_owned()
}
