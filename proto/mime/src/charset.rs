//! Character sets: which one a name means, and octets of it as text (WHATWG Encoding by encoding_rs, and what mail has
//! beside it). Nothing fails: what cannot be told is shown with replacement characters.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::cut::Cut;
use crate::{dos, shift, text};

/// A character set of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Nobody said, or a name that says nothing: UTF-8 where it is UTF-8, else windows-1252.
    Guess,
    /// One of encoding_rs, by itself.
    Known(&'static Encoding),
    /// UTF-16 whose order of octets the text says, or shows.
    Utf16,
    Utf32 {
        little: bool,
    },
    Utf7,
    Hz,
    Iso2022Kr,
    Iso2022Cn,
    Cp437,
    Cp850,
}

/// Names beside those of WHATWG, without punctuation.
const ALIASES: &[(&str, Charset)] = &[
    ("", Charset::Guess),
    ("ascii", Charset::Guess),
    ("usascii", Charset::Guess),
    ("us", Charset::Guess),
    ("ansix341968", Charset::Guess),
    ("iso646us", Charset::Guess),
    ("646", Charset::Guess),
    ("unknown", Charset::Guess),
    ("unknown8bit", Charset::Guess),
    ("8bit", Charset::Guess),
    ("7bit", Charset::Guess),
    ("binary", Charset::Guess),
    ("default", Charset::Guess),
    ("xunknown", Charset::Guess),
    ("xuserdefined", Charset::Guess),
    ("utf7", Charset::Utf7),
    ("unicode11utf7", Charset::Utf7),
    ("xunicode11utf7", Charset::Utf7),
    ("utf7imap", Charset::Guess),
    ("utf8mb4", Charset::Known(UTF_8)),
    ("utf8mb3", Charset::Known(UTF_8)),
    ("xutf8", Charset::Known(UTF_8)),
    ("utf16", Charset::Utf16),
    ("ucs2", Charset::Utf16),
    ("iso10646ucs2", Charset::Utf16),
    ("unicode", Charset::Utf16),
    ("utf16be", Charset::Known(UTF_16BE)),
    ("utf16le", Charset::Known(UTF_16LE)),
    ("utf32", Charset::Utf32 { little: false }),
    ("ucs4", Charset::Utf32 { little: false }),
    ("utf32be", Charset::Utf32 { little: false }),
    ("utf32le", Charset::Utf32 { little: true }),
    ("hz", Charset::Hz),
    ("hzgb2312", Charset::Hz),
    ("iso2022kr", Charset::Iso2022Kr),
    ("csiso2022kr", Charset::Iso2022Kr),
    ("iso2022cn", Charset::Iso2022Cn),
    ("iso2022cnext", Charset::Iso2022Cn),
    ("cp437", Charset::Cp437),
    ("ibm437", Charset::Cp437),
    ("437", Charset::Cp437),
    ("cp850", Charset::Cp850),
    ("ibm850", Charset::Cp850),
    ("850", Charset::Cp850),
    ("cp858", Charset::Cp850),
    ("cp932", Charset::Known(encoding_rs::SHIFT_JIS)),
    ("ms932", Charset::Known(encoding_rs::SHIFT_JIS)),
    ("windows932", Charset::Known(encoding_rs::SHIFT_JIS)),
    ("cp936", Charset::Known(encoding_rs::GBK)),
    ("ms936", Charset::Known(encoding_rs::GBK)),
    ("windows936", Charset::Known(encoding_rs::GBK)),
    ("gb2312", Charset::Known(encoding_rs::GB18030)),
    ("gbk", Charset::Known(encoding_rs::GB18030)),
    ("euccn", Charset::Known(encoding_rs::GB18030)),
    ("cp949", Charset::Known(encoding_rs::EUC_KR)),
    ("ms949", Charset::Known(encoding_rs::EUC_KR)),
    ("ksc5601", Charset::Known(encoding_rs::EUC_KR)),
    ("ksc56011992", Charset::Known(encoding_rs::EUC_KR)),
    ("cp950", Charset::Known(encoding_rs::BIG5)),
    ("ms950", Charset::Known(encoding_rs::BIG5)),
    ("windows950", Charset::Known(encoding_rs::BIG5)),
    ("eucjpms", Charset::Known(encoding_rs::EUC_JP)),
    ("iso2022jp1", Charset::Known(encoding_rs::ISO_2022_JP)),
    ("iso2022jp2", Charset::Known(encoding_rs::ISO_2022_JP)),
    ("iso2022jp3", Charset::Known(encoding_rs::ISO_2022_JP)),
    ("cp50220", Charset::Known(encoding_rs::ISO_2022_JP)),
    ("cp50221", Charset::Known(encoding_rs::ISO_2022_JP)),
    ("cp866", Charset::Known(encoding_rs::IBM866)),
    ("koi8", Charset::Known(encoding_rs::KOI8_R)),
];

impl Charset {
    /// The set that a label means; [`Charset::Guess`] where nobody knows it.
    pub fn named(label: &str) -> Charset {
        Charset::find(label).unwrap_or(Charset::Guess)
    }

    /// None for a label that nobody knows.
    pub fn find(label: &str) -> Option<Charset> {
        let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | ';' | ','));
        let plain: String =
            label.chars().filter(char::is_ascii_alphanumeric).take(40).collect::<String>().to_lowercase();
        if let Some((_, charset)) = ALIASES.iter().find(|(alias, _)| *alias == plain) {
            return Some(*charset);
        }
        let known = |label: &str| Encoding::for_label_no_replacement(label.as_bytes()).map(Charset::Known);
        known(label).or_else(|| known(&plain)).or_else(|| numbered(&plain).and_then(|label| known(&label)))
    }

    /// The octets as text, a byte order mark taken away.
    pub fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        match self {
            Charset::Guess => {
                let marked = Encoding::for_bom(octets);
                match marked {
                    Some((encoding, length)) => encoding.decode_without_bom_handling(octets.cut(length..)).0,
                    None if std::str::from_utf8(octets).is_ok() => text::utf8(octets),
                    None => WINDOWS_1252.decode_without_bom_handling(octets).0,
                }
            }
            Charset::Known(encoding) => encoding.decode_with_bom_removal(octets).0,
            Charset::Utf16 => order(octets).decode_with_bom_removal(octets).0,
            Charset::Utf32 { little } => Cow::Owned(utf32(octets, little)),
            Charset::Utf7 => Cow::Owned(shift::utf7(octets)),
            Charset::Hz => Cow::Owned(shift::hz(octets)),
            Charset::Iso2022Kr => Cow::Owned(shift::iso_2022(octets, encoding_rs::EUC_KR)),
            Charset::Iso2022Cn => Cow::Owned(shift::iso_2022(octets, encoding_rs::GBK)),
            Charset::Cp437 => Cow::Owned(dos::decode(octets, &dos::CP437)),
            Charset::Cp850 => Cow::Owned(dos::decode(octets, &dos::CP850)),
        }
    }
}

/// `cp1252`, `win-1252`, `iso8859_15`, `8859-1`, `latin-9` by the names that WHATWG has.
fn numbered(plain: &str) -> Option<String> {
    let digits = plain.trim_start_matches(|c: char| !c.is_ascii_digit());
    let name = plain.strip_suffix(digits)?;
    match name.trim_start_matches('x') {
        "cp" | "win" | "windows" | "ansi" | "ms" | "" if digits.starts_with("125") => Some(format!("windows-{digits}")),
        "iso" | "isoiec" | "" if digits.starts_with("8859") => {
            let part = digits.strip_prefix("8859")?;
            // A year may follow: `ISO_8859-1:1987`.
            let part = if part.len() > 4 { part.get(..part.len() - 4)? } else { part };
            Some(format!("iso-8859-{part}"))
        }
        "latin" | "isolatin" if digits == "9" => Some("iso-8859-15".to_owned()),
        "latin" | "isolatin" => Some(format!("latin{digits}")),
        "cp" | "ibm" if digits == "866" => Some("ibm866".to_owned()),
        _ => None,
    }
}

/// The order of UTF-16: as the mark says; else as the blanks and letters of most texts tell; else the network's.
fn order(octets: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(octets) {
        return if encoding == UTF_16LE { UTF_16LE } else { UTF_16BE };
    }
    let pairs = || octets.chunks_exact(2).take(1024);
    let zero_first = pairs().filter(|pair| pair.first() == Some(&0)).count();
    let zero_second = pairs().filter(|pair| pair.get(1) == Some(&0)).count();
    if zero_second > zero_first { UTF_16LE } else { UTF_16BE }
}

fn utf32(octets: &[u8], little: bool) -> String {
    let (octets, little) = match octets {
        [0, 0, 0xfe, 0xff, rest @ ..] => (rest, false),
        [0xff, 0xfe, 0, 0, rest @ ..] => (rest, true),
        _ => (octets, little),
    };
    let read = |four: &[u8]| {
        let four = <[u8; 4]>::try_from(four).ok()?;
        char::from_u32(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    octets.chunks(4).map(|four| read(four).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
