//! The head of a message or of a part: its fields in order (RFC 5322 section 2.2), found by name and read by kind.

use std::cell::Cell;

use memchr::memmem;

use crate::address::{self, Addresses};
use crate::cut::Cut;
use crate::date::{self, Date};
use crate::line::{LineEnd, bare, is_blank, trim};
use crate::{Limits, id, text, words};

/// Fields that are read although the budget of their head is used up, the first of each: without the first two a body cannot be
/// read, without the others a message has no face.
const NEEDED: [&str; 6] = ["Content-Type", "Content-Transfer-Encoding", "From", "Subject", "Date", "Message-ID"];

/// The fields of one head. Reading a field ends with it, whatever stands in it.
#[derive(Clone, Debug, Default)]
pub struct Head<'a> {
    fields: Vec<Field<'a>>,
    limits: Limits,
    /// More than [`Limits::head_octets`], [`Limits::fields`] or [`Limits::field_octets`].
    pub over: bool,
}

/// One field as it came.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// As it is written; names are compared without regard to case.
    pub name: &'a str,
    /// All of it, with the name, folded lines and line ends.
    pub raw: &'a [u8],
    /// What stands after the colon, at most [`Limits::field_octets`].
    pub value: &'a [u8],
}

impl Field<'_> {
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Unfolded, characters as they can be told, encoded words left as they stand.
    pub fn line(&self) -> String {
        text::unfolded(self.value).trim().to_owned()
    }

    /// Unfolded and decoded (RFC 2047): the field as people read it.
    pub fn text(&self) -> String {
        words::decode(&text::unfolded(self.value)).trim().to_owned()
    }
}

/// The beginning, and no part of a character: a text would no longer be told as the UTF-8 that it is.
fn within(value: &[u8], most: usize) -> &[u8] {
    let is_whole = |end: &usize| value.get(*end).is_none_or(|octet| octet & 0xC0 != 0x80);
    let end = (most.saturating_sub(3)..=most).rev().find(is_whole).unwrap_or(most);
    value.get(..end).unwrap_or(value)
}

/// Where a head ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// After the last field's line.
    pub end: usize,
    /// After the empty line; the same as `end` where none is.
    pub body: usize,
}

impl<'a> Head<'a> {
    /// The head that `octets` begin with: a message, or fields alone.
    pub fn read(octets: &'a [u8], limits: Limits) -> Head<'a> {
        let ends = LineEnd::of(octets);
        let start = start(octets, ends);
        let extent = extent(octets, start, ends, &limits, |_| false);
        Head::of(octets.cut(start..extent.end), ends, limits)
    }

    pub(crate) fn of(octets: &'a [u8], ends: LineEnd, limits: Limits) -> Head<'a> {
        let mut head = Head { fields: Vec::new(), limits, over: octets.len() > limits.head_octets };
        let (mut at, mut seen) = (0, 0_u8);
        while at < octets.len() {
            let mut end = ends.next(octets, at);
            while octets.get(end).copied().is_some_and(is_blank) {
                end = ends.next(octets, end);
            }
            let raw = octets.cut(at..end);
            let is_within = at < limits.head_octets && head.fields.len() < limits.fields;
            at = end;
            let Some((name, value)) = split(raw) else { continue };
            let needed = NEEDED.iter().position(|needed| name.eq_ignore_ascii_case(needed)).map_or(0, |at| 1 << at);
            if !is_within {
                head.over = true;
                if needed & !seen == 0 {
                    continue;
                }
            }
            seen |= needed;
            head.over |= value.len() > limits.field_octets;
            head.fields.push(Field { name, raw, value: within(value, limits.field_octets) });
        }
        head
    }

    /// All fields in the order of the head.
    pub fn all(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.is(name))
    }

    pub fn fields<'n>(&self, name: &'n str) -> impl Iterator<Item = &Field<'a>> + use<'_, 'a, 'n> {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The first field of that name as people read it, if there is anything in it.
    pub fn text(&self, name: &str) -> Option<String> {
        self.fields(name).map(Field::text).find(|text| !text.is_empty())
    }

    /// The mailboxes of all fields of that name (RFC 5322 3.4).
    pub fn addresses(&self, name: &str) -> Addresses {
        let mut all = Addresses::default();
        for field in self.fields(name) {
            address::add(field.value, self.limits.addresses, &mut all);
        }
        all
    }

    /// The first date in fields of that name that can be understood (RFC 5322 3.3, 4.3).
    pub fn date(&self, name: &str) -> Option<Date> {
        self.fields(name).find_map(|field| date::read(field.value))
    }

    /// The id of a field that has one (Message-ID, Content-ID), without angle brackets.
    pub fn id(&self, name: &str) -> Option<String> {
        self.fields(name).find_map(|field| id::first(field.value))
    }

    /// The ids of all fields of that name (In-Reply-To, References), each without angle brackets.
    pub fn ids(&self, name: &str) -> Vec<String> {
        let mut all: Vec<String> = self.fields(name).flat_map(|field| id::all(field.value, self.limits.ids)).collect();
        all.truncate(self.limits.ids);
        all
    }
}

/// Where the fields of a message begin: after a byte order mark, and after the line that mailbox files put first.
pub(crate) fn start(octets: &[u8], ends: LineEnd) -> usize {
    let at = if octets.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let rest = octets.cut(at..);
    let is_mbox = rest.strip_prefix(b">").unwrap_or(rest).starts_with(b"From ");
    let line = octets.cut(at..ends.next(octets, at));
    if is_mbox && split(line).is_none() { ends.next(octets, at) } else { at }
}

/// Finds the end of the head at `start`. A line for which `stops` holds ends it as well, and so does a line that can be no
/// field; but odd lines with well-known fields after them are passed over, for the writer was not done. Where the empty line is
/// missing, the first part's delimiter ends the head.
pub(crate) fn extent(
    octets: &[u8],
    start: usize,
    ends: LineEnd,
    limits: &Limits,
    stops: impl Fn(&[u8]) -> bool,
) -> Extent {
    let mut at = start;
    let mut known_until = None;
    let delimiters = Cell::new(0);
    let stops = |at: usize, line: &[u8]| {
        let is_delimiter = line.starts_with(b"--") && delimiters.replace(delimiters.get() + 1) < DELIMITERS;
        stops(line) || is_delimiter && is_named(octets.cut(start..at), line)
    };
    while at < octets.len() {
        let next = ends.next(octets, at);
        let line = octets.cut(at..next);
        let text = bare(line);
        if text.is_empty() || (at == start && text.iter().all(|byte| is_blank(*byte))) {
            return Extent { end: at, body: next };
        }
        if stops(at, line) {
            break;
        }
        let goes_on = at > start && line.first().copied().is_some_and(is_blank);
        if !goes_on && split(line).is_none() {
            let until = *known_until.get_or_insert_with(|| last_known(octets, next, ends, limits, stops));
            if at >= until {
                break;
            }
        }
        at = next;
    }
    Extent { end: at, body: at }
}

/// Lines of a head that may be the first delimiter; each is looked for in all that stands before it.
const DELIMITERS: usize = 8;

/// Whether a line is a delimiter of the boundary that the head before it names.
fn is_named(head: &[u8], line: &[u8]) -> bool {
    let boundary = trim(line.strip_prefix(b"--").unwrap_or_default());
    let is_value = |at: usize| {
        let before = trim(head.cut(..at));
        let before = trim(before.strip_suffix(b"\"").unwrap_or(before));
        let before = trim(before.strip_suffix(b"=").unwrap_or_default());
        let is_end =
            head.get(at + boundary.len()).is_none_or(|byte| matches!(byte, b'"' | b';' | b' ' | b'\t' | b'\r' | b'\n'));
        is_end && before.len().checked_sub(8).is_some_and(|at| before.cut(at..).eq_ignore_ascii_case(b"boundary"))
    };
    // No boundary is longer (RFC 2046 5.1.1), many are.
    (1..=200).contains(&boundary.len()) && memmem::find_iter(head, boundary).take(DELIMITERS).any(is_value)
}

/// Where the last well-known field before the empty line begins, or 0.
fn last_known(
    octets: &[u8],
    from: usize,
    ends: LineEnd,
    limits: &Limits,
    stops: impl Fn(usize, &[u8]) -> bool,
) -> usize {
    let (mut at, mut last) = (from, 0);
    while at < octets.len() && at - from < limits.head_octets {
        let next = ends.next(octets, at);
        let line = octets.cut(at..next);
        if bare(line).is_empty() || stops(at, line) {
            break;
        }
        if split(line).is_some_and(|(name, _)| is_known(name)) {
            last = at;
        }
        at = next;
    }
    last
}

const KNOWN: [&str; 20] = [
    "bcc",
    "cc",
    "date",
    "delivered-to",
    "dkim-signature",
    "from",
    "in-reply-to",
    "list-id",
    "message-id",
    "mime-version",
    "organization",
    "received",
    "references",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
    "user-agent",
    "x-mailer",
];

fn is_known(name: &str) -> bool {
    let is_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    is_content || KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Name and value of a field; None for what can be none. Blanks before the colon are an obsolete form (RFC 5322 4.5).
fn split(raw: &[u8]) -> Option<(&str, &[u8])> {
    let colon = raw.iter().position(|byte| !(33..=126).contains(byte) || *byte == b':')?;
    let (name, rest) = raw.split_at_checked(colon).filter(|(name, _)| !name.is_empty())?;
    let blanks = rest.iter().position(|byte| !is_blank(*byte))?;
    let value = rest.get(blanks..)?.strip_prefix(b":")?;
    Some((std::str::from_utf8(name).ok()?, value))
}
