//! Text that does not say its character set, or says one by a name that few know: old mail and mail from small devices.
//!
//! Nothing here fails: what cannot be told is shown with replacement characters, as it was before.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, MessagePart, MimeHeaders};

/// Names that mail programs write for character sets that are known by others.
const ALIASES: &[(&str, &str)] = &[
    ("cp932", "shift_jis"),
    ("ms932", "shift_jis"),
    ("windows-932", "shift_jis"),
    ("windows-936", "gbk"),
    ("cp949", "euc-kr"),
    ("ms949", "euc-kr"),
    ("cp950", "big5"),
    ("windows-950", "big5"),
    ("unicode-1-1-utf-7", "utf-7"),
    ("x-unicode-1-1-utf-7", "utf-7"),
];

/// What octets are that nobody said anything of and that are no UTF-8: the set that most such mail was written in.
const LAST: &[u8] = b"windows-1252";

/// The octets of a part, without its transfer encoding, as they were attached. None where they cannot be told.
pub(super) fn octets<'a>(part: &MessagePart<'_>, raw: &Cow<'a, [u8]>) -> Option<Cow<'a, [u8]>> {
    let place = part.offset_body as usize..part.offset_end as usize;
    let encoded = match raw {
        Cow::Borrowed(raw) => Cow::Borrowed(raw.get(place)?),
        Cow::Owned(raw) => Cow::Owned(raw.get(place)?.to_vec()),
    };
    match part.encoding {
        Encoding::None => Some(encoded),
        Encoding::Base64 => base64_decode(&encoded).map(Cow::Owned),
        Encoding::QuotedPrintable => quoted_printable_decode(&encoded).map(Cow::Owned),
    }
}

/// The text of a part that the parser read with losses, read better. None where it cannot be.
pub(super) fn reread(part: &MessagePart<'_>, raw: &[u8], text: &str) -> Option<String> {
    if !text.contains(char::REPLACEMENT_CHARACTER) {
        return None;
    }
    let named = part.content_type().and_then(|kind| kind.attribute("charset")).map(|name| name.trim().to_lowercase());
    let named = named.as_deref().filter(|name| !name.is_empty());
    let known = |name: &&str| matches!(*name, "utf-8" | "utf8") || charset_decoder(name.as_bytes()).is_some();
    let name: &[u8] = match named {
        Some(name) if !known(&name) => {
            ALIASES.iter().find(|(alias, _)| *alias == name).map_or(LAST, |(_, known)| known.as_bytes())
        }
        // It says what it is and is not: nothing else is any likelier.
        Some(_) => return None,
        None => LAST,
    };
    Some(charset_decoder(name)?(&octets(part, &Cow::Borrowed(raw))?))
}

/// Octets of a header in which somebody wrote characters bare, as UTF-8; line by line, for each field has another writer.
/// None: they are UTF-8 already.
pub(super) fn utf8(octets: &[u8]) -> Option<String> {
    if std::str::from_utf8(octets).is_ok() {
        return None;
    }
    let decode = charset_decoder(LAST)?;
    let mut out = String::with_capacity(octets.len() + octets.len() / 8);
    for line in octets.split_inclusive(|byte| *byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(line) => out.push_str(line),
            Err(_) => out.push_str(&decode(line)),
        }
    }
    Some(out)
}
