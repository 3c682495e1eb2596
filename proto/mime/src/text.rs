//! Octets of fields as characters: folded lines made one, and octets above 127 that somebody wrote bare (RFC 5322 2.2.3,
//! RFC 6532).

use std::borrow::Cow;

use encoding_rs::WINDOWS_1252;

/// UTF-8 where it is UTF-8; else each run of octets above 127 for itself, as UTF-8 or windows-1252.
pub(crate) fn utf8(octets: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(octets) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(octets.len() + octets.len() / 4);
    for run in octets.chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
        match std::str::from_utf8(run) {
            Ok(text) => out.push_str(text),
            Err(_) => out.push_str(&WINDOWS_1252.decode_without_bom_handling(run).0),
        }
    }
    Cow::Owned(out)
}

/// A field's value on one line: line ends go, the blanks after them stay. A stray CR, LF or NUL counts as a blank.
pub(crate) fn unfolded(value: &[u8]) -> Cow<'_, str> {
    let text = utf8(value);
    let trimmed = text.trim_end_matches(['\r', '\n']);
    if !trimmed.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        return match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches(['\r', '\n'])),
            Cow::Owned(_) => Cow::Owned(trimmed.to_owned()),
        };
    }
    let mut out = String::with_capacity(trimmed.len());
    let mut broken = false;
    for c in trimmed.chars() {
        match c {
            '\r' | '\n' | '\0' => broken = true,
            _ => {
                if broken && !matches!(c, ' ' | '\t') {
                    out.push(' ');
                }
                broken = false;
                out.push(c);
            }
        }
    }
    Cow::Owned(out)
}
