//! A message in seven bits, for a smarthost that does not offer 8BITMIME (RFC 6152 section 3): each part with octets above 127
//! is encoded anew, and nothing else is touched. Or its heads alone, the message's and its parts', for one that takes eight
//! bits in bodies, or is not told of more (RFC 6531). What is signed or encrypted must stay as it is (RFC 1847 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{ContentType, Cut, Encoding, Limits};

use super::{Sealed, ascii, split};

/// Parts within parts beyond that are encoded as a whole.
const DEPTH: usize = 50;
/// Octets of a line of base64, before it is encoded: 76 characters after.
const BASE64_LINE: usize = 57;
/// Characters of a line of quoted-printable, the soft break included.
const QUOTED_LINE: usize = 76;

/// The whole message; `bodies`: not its heads alone.
pub(in crate::convert) fn seven_bit(message: &[u8], bodies: bool) -> Result<Vec<u8>, Sealed> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 8);
    entity(message, DEPTH, &Way { bodies, sealed: false }, &mut out)?;
    Ok(out)
}

#[derive(Clone, Copy)]
struct Way {
    bodies: bool,
    /// Within what is signed or encrypted.
    sealed: bool,
}

fn entity(whole: &[u8], depth: usize, way: &Way, out: &mut Vec<u8>) -> Result<(), Sealed> {
    if whole.is_ascii() {
        out.extend_from_slice(whole);
        return Ok(());
    }
    let (head, body) = split(whole);
    if way.sealed && !head.is_ascii() {
        return Err(Sealed::Head);
    }
    let kind = content_type(head);
    let encodes = |encoding| Some(encoding).filter(|_| way.bodies);
    match kind.as_ref().map(|kind| kind.main.as_str()) {
        _ if body.is_ascii() => {
            fields(head, None, out)?;
            out.extend_from_slice(body);
        }
        Some("multipart") if depth > 0 => {
            let boundary = kind.as_ref().and_then(|kind| kind.parameters.get("boundary")).unwrap_or_default();
            if way.sealed || kind.as_ref().is_some_and(is_sealed) {
                return sealed((head, body), boundary.as_bytes(), depth, way, out);
            }
            fields(head, encodes("7bit"), out)?;
            parts(body, boundary.as_bytes(), depth, way, out)?;
        }
        Some("message") if depth > 0 && kind.as_ref().is_some_and(is_message) => {
            fields(head, encodes("7bit"), out)?;
            entity(body, depth - 1, way, out)?;
        }
        // Heads lie there, and nobody has looked at them.
        Some("multipart" | "message") if !way.bodies && depth == 0 => return Err(Sealed::Head),
        _ if !way.bodies => {
            fields(head, None, out)?;
            out.extend_from_slice(body);
        }
        // Some write octets above 127 into what they call quoted-printable or base64: readers decode all the same, so that is
        // what is encoded.
        None | Some("text") => {
            fields(head, Some("quoted-printable"), out)?;
            quoted(&encoding(head).decode(body), out);
        }
        _ => {
            fields(head, Some("base64"), out)?;
            let plain = encoding(head).decode(body);
            encode(&plain, out);
        }
    }
    Ok(())
}

/// What is signed or encrypted, octet by octet; its own head is no part of that. Heads in it must be ASCII already.
fn sealed(
    (head, body): (&[u8], &[u8]),
    boundary: &[u8],
    depth: usize,
    way: &Way,
    out: &mut Vec<u8>,
) -> Result<(), Sealed> {
    if way.bodies {
        return Err(Sealed::Body);
    }
    fields(head, None, out)?;
    parts(body, boundary, depth, &Way { sealed: true, ..*way }, &mut Vec::new())?;
    out.extend_from_slice(body);
    Ok(())
}

/// Those that hold a message (RFC 2046 5.2.1, RFC 6532 3.7); reports have fields of their own in their bodies.
fn is_message(kind: &ContentType) -> bool {
    ["rfc822", "global", "news"].contains(&kind.sub.as_str())
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
fn parts(body: &[u8], boundary: &[u8], depth: usize, way: &Way, out: &mut Vec<u8>) -> Result<(), Sealed> {
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
            entity(content.strip_suffix(b"\r\n").unwrap_or(content), depth - 1, way, out)?;
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(line);
        part = (rest != b"--").then_some(at);
    }
    if let Some(begun) = part {
        entity(body.cut(begun..), depth - 1, way, out)?;
    }
    Ok(())
}

/// The header in ASCII, with another Content-Transfer-Encoding if one is told, and the empty line.
fn fields(head: &[u8], encoding: Option<&str>, out: &mut Vec<u8>) -> Result<(), Sealed> {
    for field in lines(head) {
        if encoding.is_none() || !is(field, "Content-Transfer-Encoding") {
            ascii::field(field, out).ok_or(Sealed::Head)?;
        }
    }
    if let Some(encoding) = encoding {
        out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
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
        let seven = seven_bit(message.as_bytes(), true).unwrap();
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
        let seven = seven_bit(format!("Subject: x\r\n\r\n{long}\r\n").as_bytes(), true).unwrap();
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
        assert_eq!(seven_bit(signed("\u{e4}").as_bytes(), true), Err(Sealed::Body));
        assert_eq!(seven_bit(signed("a").as_bytes(), true), Ok(signed("a").into_bytes()));
    }

    /// RFC 2047 for what people read, RFC 2231 for names of files, in every head; bodies as they are, or encoded.
    #[test]
    fn heads_say_the_same_in_ascii() {
        let message = "From: J\u{fc}rgen <a@x.test>, \"B, \u{e4}\" <b@x.test>\r\nSubject: Gr\u{fc}\u{df}e\r\n\
            Content-Type: multipart/mixed; boundary=\"b=1\"\r\n\r\n--b=1\r\nContent-Type: text/plain;\r\n name=\"\u{e4} b.txt\"\r\n\
            Content-Disposition: attachment; filename=\"\u{e4} b.txt\"; size=3\r\n\r\nascii\r\n--b=1\r\n\
            Content-Description: \u{f6}\r\nContent-Type: message/rfc822\r\n\r\nSubject: inn\u{e9}r\r\n\r\nW\u{f6}rter\r\n--b=1--\r\n";
        for bodies in [false, true] {
            let told = seven_bit(message.as_bytes(), bodies).unwrap();
            let text = String::from_utf8(told.clone()).unwrap();
            assert_eq!(text.is_ascii(), bodies, "{text}");
            assert!(
                bodies || text.contains("\r\n\r\nW\u{f6}rter\r\n") && text.replace("W\u{f6}rter", "").is_ascii(),
                "{text}"
            );
            let (told, before) = (Message::read(&told), Message::read(message.as_bytes()));
            assert_eq!(told.head().addresses("From"), before.head().addresses("From"), "{text}");
            for (after, before) in told.parts().zip(before.parts()) {
                for field in ["Subject", "Content-Description"] {
                    assert_eq!(after.head.text(field), before.head.text(field), "{text}");
                }
                assert_eq!(after.file_name(), before.file_name(), "{text}");
                assert_eq!(
                    after.disposition.as_ref().and_then(|one| one.parameters.get("size")).is_some(),
                    before.file_name().is_some()
                );
            }
            assert_eq!(told.parts().count(), before.parts().count());
        }
        assert_eq!(
            seven_bit("To: <\u{fc}@x.test>\r\n\r\nx".as_bytes(), false),
            Err(Sealed::Head),
            "no word says an address"
        );
    }

    /// Domains as the envelope has them; what names nobody as a group of nobody.
    #[test]
    fn people_are_named_in_ascii() {
        for (field, ascii) in [
            ("To: <a@b\u{fc}cher.test>, b@x.test", "To: <a@xn--bcher-kva.test>, <b@x.test>"),
            ("To: Empf\u{e4}nger:;", "To: =?utf-8?B?RW1wZsOkbmdlcg==?=:;"),
            ("Cc: b@x.test, J\u{f6}rg", "Cc: <b@x.test>,\r\n =?utf-8?B?SsO2cmc=?=:;"),
        ] {
            let told = seven_bit(format!("{field}\r\n\r\nx").as_bytes(), false).unwrap();
            assert_eq!(String::from_utf8(told).unwrap(), format!("{ascii}\r\n\r\nx"));
        }
    }

    /// A report has fields in its body that are no head.
    #[test]
    fn bodies_that_look_like_heads_are_kept() {
        let report = "Content-Type: message/global-delivery-status\r\n\r\nFinal-Recipient: utf-8; j\u{f6}rg@x.test\r\n";
        assert_eq!(seven_bit(report.as_bytes(), false).unwrap(), report.as_bytes());
        let seven = seven_bit(report.as_bytes(), true).unwrap();
        assert!(seven.is_ascii(), "{}", String::from_utf8_lossy(&seven));
    }

    /// The head of what is signed is no part of that.
    #[test]
    fn what_is_signed_may_have_a_head_in_ascii() {
        let signed = |subject: &str, name: &str| {
            format!(
                "Subject: {subject}\r\nContent-Type: multipart/signed; boundary=b\r\n\r\npre\r\n--b\r\n\
                 Content-Description: {name}\r\n\r\n\u{e4}\r\n--b\r\n\r\nsignature\r\n--b--\r\nafter\r\n"
            )
        };
        let told = seven_bit(signed("\u{e4}", "a").as_bytes(), false).unwrap();
        assert_eq!(String::from_utf8(told).unwrap(), signed("=?utf-8?B?w6Q=?=", "a"));
        assert_eq!(seven_bit(signed("x", "\u{e4}").as_bytes(), false), Err(Sealed::Head));
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
            let seven = seven_bit(message.as_bytes(), true).unwrap();
            assert!(seven.is_ascii(), "{encoding}");
            assert_eq!(contents(&seven), contents(message.as_bytes()), "{encoding} of {kind}");
        }
    }

    proptest::proptest! {
        #[test]
        fn only_ascii_bodies_come_out(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
            let message = [&b"Content-Type: multipart/x; boundary=b\r\n\r\n--b\r\n\r\n"[..], &body, b"\r\n--b--"].concat();
            let mut lines = Vec::new();
            for line in seven_bit(&message, true).unwrap().split(|byte| *byte == b'\n') {
                lines.push(line.is_ascii());
            }
            // What stands outside of all parts stays away or is kept; a boundary in the octets may make some of that.
            proptest::prop_assert!(lines.first().copied().unwrap_or(true));
        }
    }
}
