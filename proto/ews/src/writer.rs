//! The streaming writer: elements and attributes straight into a buffer, with only the characters XML 1.0 allows.
//!
//! The prefixes are fixed (`s:` SOAP, `m:` messages, `t:` types) and declared by the envelope (`soap.rs`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::soap::Form;

/// The prefix of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ns {
    /// `m:`
    Messages,
    /// `t:`
    Types,
    /// None: the document's default namespace.
    Bare,
}

pub(crate) use Ns::{Bare, Messages as M, Types as T};

impl Ns {
    fn prefix(self) -> &'static [u8] {
        match self {
            Ns::Messages => b"m:",
            Ns::Types => b"t:",
            Ns::Bare => b"",
        }
    }
}

/// Octets that are gathered before they are given away, where somebody takes an answer in pieces.
const PIECE: usize = 256 << 10;

/// Takes the beginning of a document and leaves the buffer empty for what follows.
pub(crate) type PieceSink<'t> = &'t mut dyn FnMut(&mut Vec<u8>);

/// Writes to a buffer that it does not own, so that documents can follow each other.
pub(crate) struct Writer<'b> {
    out: &'b mut Vec<u8>,
    form: Form,
    taker: Option<PieceSink<'b>>,
}

impl<'b> Writer<'b> {
    pub fn new(out: &'b mut Vec<u8>, form: Form) -> Writer<'b> {
        Writer { out, form, taker: None }
    }

    /// Gives away what is written, a piece at a time. What is left in `out` at the end is the last one.
    pub fn in_pieces(out: &'b mut Vec<u8>, form: Form, taker: PieceSink<'b>) -> Writer<'b> {
        Writer { out, form, taker: Some(taker) }
    }

    pub fn form(&self) -> Form {
        self.form
    }

    fn give_away(&mut self) {
        if let Some(taker) = &mut self.taker {
            if self.out.len() >= PIECE {
                taker(self.out);
            }
        }
    }

    /// Markup as it is.
    pub fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn name(&mut self, ns: Ns, name: &str) {
        self.out.extend_from_slice(ns.prefix());
        self.out.extend_from_slice(name.as_bytes());
    }

    /// `<m:Name>`
    pub fn open(&mut self, ns: Ns, name: &str) {
        self.out.push(b'<');
        self.name(ns, name);
        self.out.push(b'>');
    }

    /// `</m:Name>`
    pub fn close(&mut self, ns: Ns, name: &str) {
        self.out.extend_from_slice(b"</");
        self.name(ns, name);
        self.out.push(b'>');
        self.give_away();
    }

    /// `<m:Name/>`
    pub fn empty(&mut self, ns: Ns, name: &str) {
        self.out.push(b'<');
        self.name(ns, name);
        self.out.extend_from_slice(b"/>");
    }

    /// `<m:Name`, to be followed by [`Writer::attribute`] and [`Writer::end_tag`] or [`Writer::end_empty`].
    pub fn tag(&mut self, ns: Ns, name: &str) {
        self.out.push(b'<');
        self.name(ns, name);
    }

    pub fn attribute(&mut self, name: &str, value: &str) {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        escape(self.out, value, true);
        self.out.push(b'"');
    }

    /// An attribute whose value is base64, a number or a word, and needs no escaping.
    pub fn plain_attribute(&mut self, name: &str, value: &str) {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    pub fn number_attribute(&mut self, name: &str, value: i64) {
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        self.number(value);
        self.out.push(b'"');
    }

    pub fn end_tag(&mut self) {
        self.out.push(b'>');
    }

    pub fn end_empty(&mut self) {
        self.out.extend_from_slice(b"/>");
    }

    /// Character data.
    pub fn text(&mut self, text: &str) {
        let mut rest = text;
        while self.taker.is_some() && rest.len() > PIECE {
            let at = (PIECE - 3..=PIECE).find(|at| rest.is_char_boundary(*at)).unwrap_or(PIECE);
            let (piece, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            escape(self.out, piece, false);
            self.give_away();
            rest = after;
        }
        escape(self.out, rest, false);
    }

    /// `<m:Name>text</m:Name>`
    pub fn text_element(&mut self, ns: Ns, name: &str, text: &str) {
        self.open(ns, name);
        self.text(text);
        self.close(ns, name);
    }

    /// The element, if there is a text: unset text has no element.
    pub fn some_text(&mut self, ns: Ns, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text_element(ns, name, text);
        }
    }

    pub fn bool_element(&mut self, ns: Ns, name: &str, value: bool) {
        self.text_element(ns, name, boolean(value));
    }

    pub fn number_element(&mut self, ns: Ns, name: &str, value: i64) {
        self.open(ns, name);
        self.number(value);
        self.close(ns, name);
    }

    pub fn double_element(&mut self, ns: Ns, name: &str, value: f64) {
        self.open(ns, name);
        self.double(value);
        self.close(ns, name);
    }

    pub fn time_element(&mut self, ns: Ns, name: &str, value: Timestamp) {
        self.open(ns, name);
        self.time(value);
        self.close(ns, name);
    }

    pub fn base64_element(&mut self, ns: Ns, name: &str, octets: &[u8]) {
        self.open(ns, name);
        self.base64(octets);
        self.close(ns, name);
    }

    pub fn number(&mut self, value: i64) {
        let mut digits = [0u8; 20];
        let mut rest = value.unsigned_abs();
        let mut used = 0;
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
    }

    /// xs:double.
    pub fn double(&mut self, value: f64) {
        match value {
            f64::INFINITY => self.raw("INF"),
            f64::NEG_INFINITY => self.raw("-INF"),
            _ => self.raw(&value.to_string()),
        }
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`: the one form that all clients read. Whole seconds, rounded down, unless milliseconds
    /// were asked for.
    pub fn time(&mut self, value: Timestamp) {
        let at = jiff::tz::Offset::UTC.to_datetime(value);
        self.digits(i64::from(at.year().max(1)), 4);
        for (before, part) in
            [(b'-', at.month()), (b'-', at.day()), (b'T', at.hour()), (b':', at.minute()), (b':', at.second())]
        {
            self.out.push(before);
            self.digits(i64::from(part), 2);
        }
        if self.form.milliseconds {
            self.out.push(b'.');
            self.digits(i64::from(at.millisecond()), 3);
        }
        self.out.push(b'Z');
    }

    fn digits(&mut self, value: i64, count: u32) {
        for place in (0..count).rev() {
            self.out.push(b'0' + u8::try_from(value / 10i64.pow(place) % 10).unwrap_or(0));
        }
    }

    pub fn base64(&mut self, octets: &[u8]) {
        let mut rest = octets;
        // Each piece is whole groups of three, so that they join without padding.
        while let Some((piece, after)) = rest.split_at_checked(PIECE / 4 * 3).filter(|_| self.taker.is_some()) {
            self.base64_whole(piece);
            self.give_away();
            rest = after;
        }
        self.base64_whole(rest);
    }

    fn base64_whole(&mut self, octets: &[u8]) {
        let start = self.out.len();
        self.out.resize(start + octets.len().div_ceil(3) * 4, 0);
        let room = self.out.get_mut(start..).unwrap_or_default();
        // The room is exact, so this cannot fail; a wrong length would show as zero octets.
        let written = STANDARD.encode_slice(octets, room).unwrap_or(0);
        self.out.truncate(start + written);
    }
}

pub(crate) fn boolean(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

// Evaluated by the compiler, where an index out of range is an error of the build.
#[allow(clippy::indexing_slicing)]
/// What an octet of UTF-8 needs: 0 nothing, 1 always looked at, 2 in attributes only.
const SPECIAL: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut octet = 0;
    while octet < 0x20 {
        table[octet] = 1;
        octet += 1;
    }
    table[b'\t' as usize] = 2;
    table[b'\n' as usize] = 2;
    table[b'"' as usize] = 2;
    table[b'&' as usize] = 1;
    table[b'<' as usize] = 1;
    table[b'>' as usize] = 1;
    // U+FFFE and U+FFFF begin with it.
    table[0xef] = 1;
    table
};

/// The one place where text becomes XML: markup is escaped, carriage returns are kept as references (a parser would
/// drop them), and characters that XML 1.0 has not become U+FFFD.
pub(crate) fn escape(out: &mut Vec<u8>, text: &str, attribute: bool) {
    let bytes = text.as_bytes();
    let level = if attribute { 2 } else { 1 };
    let mut from = 0;
    let mut at = 0;
    out.reserve(bytes.len());
    while let Some(&octet) = bytes.get(at) {
        let special = SPECIAL.get(usize::from(octet)).copied().unwrap_or(0);
        if special == 0 || special > level {
            at += 1;
            continue;
        }
        let (replacement, len): (&[u8], usize) = match octet {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'"' => (b"&quot;", 1),
            b'\r' => (b"&#xD;", 1),
            b'\n' => (b"&#xA;", 1),
            b'\t' => (b"&#x9;", 1),
            0xef => match bytes.get(at + 1..at + 3) {
                Some([0xbf, 0xbe | 0xbf]) => ("\u{fffd}".as_bytes(), 3),
                _ => {
                    at += 1;
                    continue;
                }
            },
            _ => ("\u{fffd}".as_bytes(), 1),
        };
        out.extend_from_slice(bytes.get(from..at).unwrap_or_default());
        out.extend_from_slice(replacement);
        at += len;
        from = at;
    }
    out.extend_from_slice(bytes.get(from..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut out = Vec::new();
        write(&mut Writer::new(&mut out, Form::default()));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_is_escaped_and_only_legal_characters_remain() {
        let text = "a<b>&\"c\"\r\n\tä漢😀\u{0}\u{1f}\u{fffe}\u{ffff}\u{fffd}\u{feff}é";
        assert_eq!(
            written(|w| w.text(text)),
            "a&lt;b&gt;&amp;\"c\"&#xD;\n\tä漢😀\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{feff}é"
        );
        assert_eq!(written(|w| w.attribute("a", "x\"\n\t<")), " a=\"x&quot;&#xA;&#x9;&lt;\"");
    }

    #[test]
    fn times_have_whole_seconds_and_z() {
        for (given, shown) in [
            ("2026-12-03T09:00:00.999Z", "2026-12-03T09:00:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-30T00:00:00Z", "9999-12-30T00:00:00Z"),
        ] {
            assert_eq!(written(|w| w.time(given.parse().unwrap())), shown);
        }
    }

    #[test]
    fn numbers_and_base64() {
        assert_eq!(written(|w| w.number(i64::MIN)), i64::MIN.to_string());
        assert_eq!(written(|w| w.number(0)), "0");
        assert_eq!(written(|w| w.number(-120)), "-120");
        for len in 0..10 {
            let octets = vec![7u8; len];
            assert_eq!(written(|w| w.base64(&octets)), STANDARD.encode(&octets));
        }
        assert_eq!(written(|w| w.double(f64::INFINITY)), "INF");
        assert_eq!(written(|w| w.double(1.5)), "1.5");
    }
}
