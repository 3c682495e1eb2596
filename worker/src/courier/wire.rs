//! What goes over the wire: the message with its line of trace, every line ended as SMTP wants it (RFC 5321 2.3.8).

use jiff::Timestamp;

use ewsd_mailbox::convert::mime::{self, outgoing};

/// A message ready for DATA.
pub(super) struct Wire {
    pub octets: Vec<u8>,
    /// Its header has octets above 127 (RFC 6532).
    pub utf8_header: bool,
    /// It has octets above 127 anywhere.
    pub eight_bit: bool,
}

/// Puts `Received` in front. What two servers could read in two ways was settled when the message was queued; it is again,
/// for reports and for what else may lie there.
pub(super) fn wire(message: &[u8], by: &str, id: i64, submitted: Timestamp) -> Wire {
    let date = mime::date(submitted);
    let mut octets = format!("Received: by {by} with HTTP id {id};\r\n\t{date}\r\n").into_bytes();
    octets.reserve(message.len() + message.len() / 64 + 2);
    outgoing::settle(message, &mut octets);
    // The codec ends the last line itself.
    if octets.ends_with(b"\r\n") {
        octets.truncate(octets.len() - 2);
    }
    let (head, _) = outgoing::split(&octets);
    let utf8_header = !head.is_ascii();
    let eight_bit = !octets.is_ascii();
    Wire { octets, utf8_header, eight_bit }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(message: &[u8]) -> String {
        let wire = wire(message, "mail.test", 7, Timestamp::UNIX_EPOCH);
        let text = String::from_utf8_lossy(&wire.octets).into_owned();
        let start = "Received: by mail.test with HTTP id 7;\r\n\tThu, 1 Jan 1970 00:00:00 +0000\r\n";
        assert!(text.starts_with(start), "{text}");
        text.replacen(start, "", 1)
    }

    #[test]
    fn every_line_ends_in_cr_lf() {
        assert_eq!(text(b"A: b\n\nx\r\ny\rz\r\n"), "A: b\r\n\r\nx\r\ny\r\nz");
        assert_eq!(text(b"A: b\r\n\r\n.\n.\r\n"), "A: b\r\n\r\n.\r\n.");
        assert_eq!(text(b"A: b\r\r\n\nx"), "A: b\r\n\r\nx");
        assert_eq!(text(b"A: b\rFrom: c\r\n\r\nx"), "A: b From: c\r\n\r\nx", "no field begins behind a CR");
    }

    #[test]
    fn octets_above_127_are_found_where_they_are() {
        let found = |message: &str| {
            let wire = wire(message.as_bytes(), "x", 1, Timestamp::UNIX_EPOCH);
            (wire.utf8_header, wire.eight_bit)
        };
        assert_eq!(found("A: b\r\n\r\nx"), (false, false));
        assert_eq!(found("A: b\r\n\r\n\u{e4}"), (false, true));
        assert_eq!(found("A: \u{e4}\r\n\r\nx"), (true, true));
    }
}
