//! A message in seven bits, for a smarthost that does not offer 8BITMIME (RFC 6152 section 3): each part with octets above 127
//! is encoded anew, and nothing else is touched. What is signed or encrypted must stay as it is (RFC 1847 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{ContentType, Cut, Encoding, Limits};

use super::split;

/// Parts within parts beyond that are encoded as a whole.
const DEPTH: usize = 50;
/// Octets of a line of base64, before it is encoded: 76 characters after.
const BASE64_LINE: usize = 57;
/// Characters of a line of quoted-printable, the soft break included.
const QUOTED_LINE: usize = 76;

/// The whole message. None if octets above 127 stand where none may be changed.
pub(in crate::convert) fn seven_bit(message: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 8);
    entity(message, DEPTH, &mut out)?;
    Some(out)
}

fn entity(whole: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    if whole.is_ascii() {
        out.extend_from_slice(whole);
        return Some(());
    }
    let (head, body) = split(whole);
    let kind = content_type(head);
    match kind.as_ref().map(|kind| kind.main.as_str()) {
        _ if body.is_ascii() => out.extend_from_slice(whole),
        Some("multipart") if kind.as_ref().is_some_and(is_sealed) => return None,
        Some("multipart") if depth > 0 => {
            fields(head, "7bit", out);
            let boundary = kind.as_ref().and_then(|kind| kind.parameters.get("boundary")).unwrap_or_default();
            parts(body, boundary.as_bytes(), depth, out)?;
        }
        Some("message") if depth > 0 => {
            fields(head, "7bit", out);
            entity(body, depth - 1, out)?;
        }
        // Some write octets above 127 into what they call quoted-printable or base64: readers decode all the same, so that is
        // what is encoded.
        None | Some("text") => {
            fields(head, "quoted-printable", out);
            quoted(&encoding(head).decode(body), out);
        }
        _ => {
            fields(head, "base64", out);
            let plain = encoding(head).decode(body);
            encode(&plain, out);
        }
    }
    Some(())
}

/// Base64 (RFC 2045 6.8).
pub(super) fn encode(octets: &[u8], out: &mut Vec<u8>) {
    for line in octets.chunks(BASE64_LINE) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// What the head says of the body's octets, which need not be true.
fn encoding(head: &[u8]) -> Encoding {
    let field = lines(head).find(|field| is(field, "Content-Transfer-Encoding"));
    let value = field.and_then(|field| field.splitn(2, |byte| *byte == b':').nth(1));
    value.map(Encoding::named).unwrap_or_default()
}

pub(super) fn is_sealed(kind: &ContentType) -> bool {
    ["signed", "encrypted"].contains(&kind.sub.as_str())
}

pub(super) fn content_type(head: &[u8]) -> Option<ContentType> {
    let field = lines(head).find(|field| is(field, "Content-Type"))?;
    let colon = field.iter().position(|byte| *byte == b':')?;
    Some(ContentType::read(field.get(colon + 1..)?, &Limits::default()))
}

/// The parts between the boundary's lines. What stands before the first and after the last is for nobody's eyes.
fn parts(body: &[u8], boundary: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
    let delimiter = [b"--", boundary].concat();
    let mut part: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let start = at;
        at += line.len();
        if boundary.is_empty() || !line.starts_with(&delimiter) {
            continue;
        }
        let rest = line.cut(delimiter.len()..).trim_ascii();
        if !matches!(rest, b"" | b"--") {
            continue;
        }
        if let Some(begun) = part {
            // The line's end before a boundary belongs to the boundary (RFC 2046 5.1.1).
            let content = body.cut(begun..start);
            entity(content.strip_suffix(b"\r\n").unwrap_or(content), depth - 1, out)?;
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(line);
        part = (rest != b"--").then_some(at);
    }
    if let Some(begun) = part {
        entity(body.cut(begun..), depth - 1, out)?;
    }
    Some(())
}

/// The header with another Content-Transfer-Encoding, and the empty line.
fn fields(head: &[u8], encoding: &str, out: &mut Vec<u8>) {
    for field in lines(head).filter(|field| !is(field, "Content-Transfer-Encoding")) {
        out.extend_from_slice(field);
    }
    out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n\r\n").as_bytes());
}

/// Fields with the lines that continue them.
pub(super) fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = head;
    std::iter::from_fn(move || {
        let mut end = 0;
        loop {
            let line = rest.get(end..).filter(|line| !line.is_empty());
            let Some(line) = line else { break };
            end += line.iter().position(|byte| *byte == b'\n').map_or(line.len(), |at| at + 1);
            if !matches!(rest.get(end), Some(b' ' | b'\t')) {
                break;
            }
        }
        let (field, after) = rest.split_at_checked(end).filter(|(field, _)| !field.is_empty())?;
        rest = after;
        Some(field)
    })
}

pub(super) fn is(field: &[u8], name: &str) -> bool {
    field
        .iter()
        .position(|byte| *byte == b':')
        .is_some_and(|colon| field.cut(..colon).trim_ascii_end().eq_ignore_ascii_case(name.as_bytes()))
}

/// Quoted-printable (RFC 2045 6.7) of text whose lines end in CR LF. mail-builder has one, too, whose lines come to 77
/// characters with the soft break, and which leaves control characters as they are.
fn quoted(body: &[u8], out: &mut Vec<u8>) {
    let mut column = 0;
    for (at, byte) in body.iter().enumerate() {
        let next = body.get(at + 1);
        match byte {
            b'\r' if next == Some(&b'\n') => {
                out.push(*byte);
                continue;
            }
            b'\n' => {
                out.push(*byte);
                column = 0;
                continue;
            }
            _ => {}
        }
        let ends = matches!(next, None | Some(b'\r' | b'\n'));
        let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || (matches!(byte, b' ' | b'\t') && !ends);
        let width = if plain { 1 } else { 3 };
        if column + width > QUOTED_LINE - 1 {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        column += width;
        if plain { out.push(*byte) } else { out.extend_from_slice(format!("={byte:02X}").as_bytes()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use ewsd_mime::Message;

    fn contents(message: &[u8]) -> Vec<Vec<u8>> {
        let message = Message::read(message);
        let leaves = message.parts().filter(|part| !part.content_type.is_multipart());
        leaves
            .flat_map(|part| match part.message() {
                Some(inner) => contents(&inner),
                None => vec![part.decoded().into_owned()],
            })
            .collect()
    }

    #[test]
    fn every_part_says_the_same_in_seven_bits() {
        let message = "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\
            Content-Transfer-Encoding: 8bit\r\n\r\npre\r\n--b 1\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 8bit\r\n\r\nW\u{f6}rter = und \r\nmehr\r\n--b 1\r\nContent-Type: text/plain\r\n\r\n\
            ascii = kept\r\n--b 1\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: binary\r\n\r\n\
            \u{e4}\u{f6}\u{fc}\r\n--b 1\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\
            Content-Type: text/plain; charset=utf-8\r\n\r\n\u{df}\r\n--b 1--\r\n";
        let seven = seven_bit(message.as_bytes()).unwrap();
        let text = String::from_utf8(seven.clone()).unwrap();
        assert!(text.is_ascii(), "{text}");
        assert_eq!(contents(&seven), contents(message.as_bytes()), "{text}");
        assert!(text.contains("Content-Type: text/plain\r\n\r\nascii = kept\r\n--b 1"), "{text}");
        let parsed = Message::read(&seven);
        assert_eq!(parsed.root().encoding, Encoding::Identity);
        assert_eq!(parsed.head().text("Content-Transfer-Encoding").as_deref(), Some("7bit"));
    }

    #[test]
    fn a_message_without_a_type_is_text() {
        let long = "\u{e4} ".repeat(100);
        let seven = seven_bit(format!("Subject: x\r\n\r\n{long}\r\n").as_bytes()).unwrap();
        let text = String::from_utf8(seven.clone()).unwrap();
        assert!(text.lines().all(|line| line.len() <= 76), "{text}");
        assert_eq!(String::from_utf8(contents(&seven).remove(0)).unwrap().trim_end(), long.trim_end());
    }

    #[test]
    fn what_is_signed_is_not_touched() {
        let signed = |text: &str| {
            format!(
                "Subject: x\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/Signed; \
                 boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n--b\r\n\r\nsignature\r\n--b--\r\n--o--\r\n"
            )
        };
        assert_eq!(seven_bit(signed("\u{e4}").as_bytes()), None);
        assert_eq!(seven_bit(signed("a").as_bytes()), Some(signed("a").into_bytes()));
    }

    #[test]
    fn what_says_that_it_is_encoded_is_encoded_once() {
        for (kind, encoding, body) in [
            ("text/plain; charset=utf-8", "quoted-printable", "W=C3=B6rter \u{e4} =3D und=\r\n mehr"),
            ("text/plain; charset=utf-8", "base64", "aGFsbG8=\r\n\u{e4}"),
            ("application/x", "Quoted-Printable", "=00=FF\u{e4}"),
        ] {
            let head = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
            let message = format!("Subject: x\r\n{head}{body}");
            let seven = seven_bit(message.as_bytes()).unwrap();
            assert!(seven.is_ascii(), "{encoding}");
            assert_eq!(contents(&seven), contents(message.as_bytes()), "{encoding} of {kind}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_ascii_bodies_come_out(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let message = [&b"Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n"[..], &body, b"\r\n--b--"].concat();
            let mut lines = Vec::new();
            for line in seven_bit(&message).unwrap().split(|byte| *byte == b'\n') {
                lines.push(line.is_ascii());
            }
            // What stands outside of all parts stays away or is kept; a boundary in the octets may make some of that.
            proptest::prop_assert!(lines.first().copied().unwrap_or(true));
        }
    }
}
