//! The fields of a head, each as one: its lines are settled as they are read, so that no reader sees other ones.

use std::borrow::Cow;

use ewsd_mime::Cut;

use super::fold;
use crate::convert::mime::header::without_mark;

/// A field as it is to leave.
pub(super) struct Field {
    /// The first line up to the colon.
    name: String,
    /// What follows the colon, and the lines that continue it, each without its end.
    lines: Vec<Vec<u8>>,
}

impl Field {
    /// Without blanks, as it was written.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Unfolded.
    pub fn value(&self) -> Vec<u8> {
        self.lines.concat()
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let mut lines = self.lines.iter();
        let first = lines.next().map(Vec::as_slice).unwrap_or_default();
        fold(&[self.name.as_bytes(), b":", first].concat(), out);
        for line in lines {
            fold(line, out);
        }
    }
}

/// Reads a message's head, field by field.
pub(super) struct Head<'a> {
    /// Read ahead: it may continue the field before it.
    next: Option<Cow<'a, [u8]>>,
    rest: &'a [u8],
    ended: bool,
}

impl<'a> Head<'a> {
    pub fn new(message: &'a [u8]) -> Head<'a> {
        let mut head = Head { next: None, rest: without_mark(message), ended: false };
        head.next = head.line();
        // The line that separates messages in an mbox file.
        if head.next.as_ref().is_some_and(|line| is_envelope(line)) {
            head.next = head.line();
        }
        head
    }

    /// The next field; the line itself where it is none.
    pub fn next_field(&mut self) -> Option<Result<Field, Vec<u8>>> {
        let line = self.next.take()?;
        self.next = self.line();
        let Some((name, first)) = split(&line) else { return Some(Err(line.into_owned())) };
        let mut field = Field { name: name.to_owned(), lines: vec![first.to_vec()] };
        while let Some(more) = self.next.take_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
            // A line of blanks says nothing, and some take it for the end of the head.
            if !more.trim_ascii().is_empty() {
                field.lines.push(more.into_owned());
            }
            self.next = self.line();
        }
        Some(Ok(field))
    }

    /// What follows the head, once it was read.
    pub fn body(&self) -> &'a [u8] {
        self.rest
    }

    /// There was an empty line.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// A line of the head without its end: CRs before a LF belong to it. A CR elsewhere is a blank, so that nothing begins
    /// behind it; NUL is nothing, for some would end the line there, some leave it out.
    fn line(&mut self) -> Option<Cow<'a, [u8]>> {
        if self.ended || self.rest.is_empty() {
            return None;
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (mut line, rest) = match end {
            Some(at) => (self.rest.cut(..at), self.rest.cut(at + 1..)),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        while let Some(shorter) = line.strip_suffix(b"\r") {
            line = shorter;
        }
        let line = if line.iter().any(|byte| matches!(byte, b'\r' | 0)) {
            let settled = line.iter().filter(|byte| **byte != 0);
            Cow::Owned(settled.map(|byte| if *byte == b'\r' { b' ' } else { *byte }).collect())
        } else {
            Cow::Borrowed(line)
        };
        self.ended = line.is_empty();
        Some(line).filter(|_| !self.ended)
    }
}

fn is_envelope(line: &[u8]) -> bool {
    (line.starts_with(b"From ") || line.starts_with(b">From ")) && split(line).is_none()
}

/// Name and the rest behind the colon. Blanks before the colon were allowed once (RFC 5322 4.5).
fn split(line: &[u8]) -> Option<(&str, &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    if matches!(name.first(), Some(b' ' | b'\t')) {
        return None;
    }
    let name = name.trim_ascii_end();
    let legal = !name.is_empty() && name.iter().all(|byte| (33..=126).contains(byte));
    let name = std::str::from_utf8(name).ok().filter(|_| legal)?;
    Some((name, value.cut(1..)))
}
