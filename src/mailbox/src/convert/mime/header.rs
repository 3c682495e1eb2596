//! Header lines of a message as it came: listed for item:InternetMessageHeaders, added at delivery (RFC 5322
//! section 2.2). The rest of the message is never touched; what leaves is written by `outgoing/`.

use ewsd_mime::{Head, Limits};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

/// Every field in order, unfolded and decoded (RFC 2047); of a head beyond all measure, those that are read of it.
pub(in crate::convert) fn headers(mime: &[u8]) -> Vec<(String, String)> {
    let head = Head::read(mime, Limits::default());
    head.all().iter().map(|field| (field.name.to_owned(), field.text())).collect()
}

/// A time as header fields have it (RFC 5322 section 3.3), in UTC; empty for years that have more than four digits.
pub fn date(time: Timestamp) -> String {
    rfc2822::to_string(&time.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

/// The message with `lines` (each with its CRLF) before its first field.
pub fn prepend(lines: &str, mime: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() + mime.len());
    out.extend_from_slice(lines.as_bytes());
    out.extend_from_slice(without_mark(mime));
    out
}

/// Without the byte order mark that some editors begin a file with. It is passed over at a message's start only: with
/// anything before it, it is the first letter of a field's name that nobody knows.
pub(super) fn without_mark(mime: &[u8]) -> &[u8] {
    mime.strip_prefix(b"\xef\xbb\xbf").unwrap_or(mime)
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

    #[test]
    fn a_byte_order_mark_eats_no_field() {
        let marked = [b"\xef\xbb\xbf", MESSAGE].concat();
        let lines = "Return-Path: <a@b.test>\r\n";
        assert_eq!(prepend(lines, &marked), [lines.as_bytes(), MESSAGE].concat());
        let found = headers(&prepend(lines, &marked));
        assert_eq!(found.get(1).map(|(name, _)| name.as_str()), Some("Subject"));
    }
}
