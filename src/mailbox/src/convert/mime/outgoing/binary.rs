//! Parts whose octets are no lines (`Content-Transfer-Encoding: binary`, RFC 2045 2.9). They pass only between servers that
//! offer BINARYMIME (RFC 3030), and ending their lines would change them: here they become base64, or keep their octets under
//! another name where they are lines after all. Everything else gets its lines ended.

use ewsd_mime::{ContentType, Cut};

use super::seven::{content_type, encode, is, is_sealed, lines};
use super::{LINE, Refused, address, end_lines, has_whole_lines};

/// Parts within parts beyond that are no longer looked at.
const DEPTH: usize = 50;

/// Whether a Content-Transfer-Encoding says so.
pub(super) fn is_binary(value: &[u8]) -> bool {
    address::without_comments(value).trim_ascii().eq_ignore_ascii_case(b"binary")
}

/// An entity's body on its way.
pub(super) struct Body<'a> {
    kind: Option<ContentType>,
    /// What its head says.
    binary: bool,
    octets: &'a [u8],
    /// Within something signed or encrypted: no octet may be another afterwards.
    sealed: bool,
    depth: usize,
}

impl<'a> Body<'a> {
    pub fn new(kind: Option<ContentType>, binary: bool, octets: &'a [u8]) -> Body<'a> {
        Body { kind, binary, octets, sealed: false, depth: DEPTH }
    }

    /// What it is called when it leaves, if its head cannot keep `binary`.
    pub fn encoding(&self) -> Option<&'static str> {
        if !self.binary || self.sealed {
            return None;
        }
        Some(match () {
            () if self.holds_entities() => "8bit",
            () if !is_lines(self.octets) => "base64",
            () if self.octets.is_ascii() => "7bit",
            () => "8bit",
        })
    }

    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Refused> {
        match &self.kind {
            Some(kind) if self.holds_entities() && kind.is_multipart() => self.parts(kind, out),
            Some(_) if self.holds_entities() => self.entity(self.octets, self.sealed, out),
            _ if self.binary && !is_lines(self.octets) => {
                if self.sealed {
                    return Err(Refused::Lines);
                }
                encode(self.octets, out);
                Ok(())
            }
            _ => {
                end_lines(self.octets, out);
                Ok(())
            }
        }
    }

    fn holds_entities(&self) -> bool {
        self.depth > 0 && self.kind.as_ref().is_some_and(|kind| kind.is_multipart() || kind.is_message())
    }

    fn entity(&self, whole: &[u8], sealed: bool, out: &mut Vec<u8>) -> Result<(), Refused> {
        let (head, body) = split(whole);
        let says = lines(head).find(|field| is(field, "Content-Transfer-Encoding"));
        let value = says.and_then(|field| field.splitn(2, |byte| *byte == b':').nth(1));
        let binary = value.is_some_and(is_binary);
        let body = Body { kind: content_type(head), binary, octets: body, sealed, depth: self.depth.saturating_sub(1) };
        match body.encoding() {
            None => end_lines(head, out),
            Some(encoding) => {
                for field in lines(head).filter(|field| !is(field, "Content-Transfer-Encoding")) {
                    // The empty line comes last.
                    if field.trim_ascii().is_empty() {
                        continue;
                    }
                    end_lines(field, out);
                }
                out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n\r\n").as_bytes());
            }
        }
        body.write(out)
    }

    fn parts(&self, kind: &ContentType, out: &mut Vec<u8>) -> Result<(), Refused> {
        let sealed = self.sealed || is_sealed(kind);
        let boundary = kind.parameters.get("boundary").unwrap_or_default();
        let delimiter = [b"--", boundary.as_bytes()].concat();
        let mut begun: Option<usize> = None;
        let (mut at, mut written) = (0, 0);
        for line in self.octets.split_inclusive(|byte| *byte == b'\n') {
            let start = at;
            at += line.len();
            let Some(rest) = line.strip_prefix(delimiter.as_slice()).filter(|_| !boundary.is_empty()) else { continue };
            let rest = rest.trim_ascii();
            if !matches!(rest, b"" | b"--") {
                continue;
            }
            match begun {
                Some(begun) => {
                    // The line's end before a boundary belongs to the boundary (RFC 2046 5.1.1).
                    let content = self.octets.cut(begun..start);
                    let bare = content.strip_suffix(b"\n").map(|bare| bare.strip_suffix(b"\r").unwrap_or(bare));
                    self.entity(bare.unwrap_or(content), sealed, out)?;
                    if bare.is_some() {
                        out.extend_from_slice(b"\r\n");
                    }
                }
                None => end_lines(self.octets.cut(written..start), out),
            }
            end_lines(line, out);
            written = at;
            begun = (rest != b"--").then_some(at);
        }
        match begun {
            Some(begun) => self.entity(self.octets.cut(begun..), sealed, out),
            None => {
                end_lines(self.octets.cut(written..), out);
                Ok(())
            }
        }
    }
}

/// Lines that SMTP takes, as they are.
fn is_lines(octets: &[u8]) -> bool {
    let fits = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).len() <= LINE;
    has_whole_lines(octets) && !octets.contains(&0) && octets.split(|byte| *byte == b'\n').all(fits)
}

/// Head, with the empty line, and body of an entity, whatever ends its lines.
fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    for line in entity.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if line.ends_with(b"\n") && line.trim_ascii().is_empty() && !matches!(line.first(), Some(b' ' | b'\t')) {
            break;
        }
    }
    (entity.cut(..at), entity.cut(at..))
}
