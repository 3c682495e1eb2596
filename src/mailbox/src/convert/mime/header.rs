//! Header lines of a message as it came: listed for item:InternetMessageHeaders, added at delivery (RFC 5322
//! section 2.2). The rest of the message is never touched; what leaves is written by `outgoing/`.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::budget::View;
use super::charset;

/// Every field in order, unfolded and decoded (RFC 2047); of a head beyond all measure, those that are read of it.
pub fn headers(mime: &[u8]) -> Vec<(String, String)> {
    let view = View::of_head(mime);
    fields(&view.octets).filter_map(|field| Some((field.name()?.to_owned(), field.value()))).collect()
}

/// The message with `lines` (each with its CRLF) before its first field.
pub fn prepend(lines: &str, mime: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() + mime.len());
    out.extend_from_slice(lines.as_bytes());
    out.extend_from_slice(mime);
    out
}

/// A field with its folded lines and line ends.
pub(super) struct RawField<'a>(&'a [u8]);

impl<'a> RawField<'a> {
    /// None for a line that is no field.
    pub fn name(&self) -> Option<&'a str> {
        let colon = self.0.iter().position(|b| *b == b':')?;
        let name = self.0.get(..colon)?.trim_ascii_end();
        let legal = !name.is_empty() && name.iter().all(|b| (33..=126).contains(b));
        std::str::from_utf8(name).ok().filter(|_| legal)
    }

    pub fn value(&self) -> String {
        let colon = self.0.iter().position(|b| *b == b':').map_or(0, |at| at + 1);
        let raw = self.0.get(colon..).unwrap_or_default();
        let decoded = charset::utf8(raw);
        match MessageStream::new(decoded.as_deref().map_or(raw, str::as_bytes)).parse_unstructured() {
            HeaderValue::Text(text) => text.trim().to_owned(),
            _ => String::new(),
        }
    }
}

/// The fields before the empty line. Bare LF ends a line too: messages are kept as they came.
pub(super) fn fields(mime: &[u8]) -> impl Iterator<Item = RawField<'_>> {
    let mut rest = mime;
    std::iter::from_fn(move || {
        if rest.is_empty() || rest.starts_with(b"\r\n") || rest.starts_with(b"\n") {
            return None;
        }
        let mut end = 0;
        loop {
            let line = rest.get(end..)?;
            end = line.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| end + at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, tail) = rest.split_at_checked(end)?;
        rest = tail;
        Some(RawField(field))
    })
}

/// The octets of all fields.
pub(super) fn block(mime: &[u8]) -> &[u8] {
    let end = fields(mime).map(|field| field.0.len()).sum();
    mime.get(..end).unwrap_or(mime)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] = b"Subject: =?utf-8?q?gr=C3=BCn?=\r\n und mehr\r\nBcc: secret@x.test,\r\n other@x.test\r\nX-Odd:\r\nTo: a@b\r\n\r\nBcc: body\r\n";

    #[test]
    fn fields_are_listed_decoded() {
        let found = headers(MESSAGE);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Subject", "Bcc", "X-Odd", "To"]);
        assert_eq!(found.first().map(|(_, value)| value.as_str()), Some("gr\u{fc}n und mehr"));
    }

    proptest::proptest! {
        #[test]
        fn no_octets_break_the_lists(mime in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            headers(&mime);
        }
    }
}
