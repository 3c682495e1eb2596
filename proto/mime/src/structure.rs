//! The structure of a message: its parts, and where each begins and ends (RFC 2046 section 5.1).
//!
//! One walk over the lines. A delimiter is a line of its own: `--`, the boundary, `--` for the last one, blanks. It is compared
//! whole, so that no boundary is taken for one that begins like it, and an outer one ends whatever is open inside. A message
//! within a message is a part; whoever wants to look into it reads its octets ([`Part::message`]).

use std::collections::HashMap;
use std::ops::Range;

use crate::cut::Cut;
use crate::head::{self, Head};
use crate::line::{self, LineEnd, bare};
use crate::{Exceeded, Limits, Part};

/// A message that was taken apart. Parts are known by their numbers, 0 is the message itself.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    octets: &'a [u8],
    root: Part<'a>,
    rest: Vec<Part<'a>>,
    over: Exceeded,
    limits: Limits,
}

impl<'a> Message<'a> {
    /// Never fails: octets that are no message are one without fields.
    pub fn read(octets: &'a [u8]) -> Message<'a> {
        Message::within(octets, Limits::default())
    }

    pub fn within(octets: &'a [u8], limits: Limits) -> Message<'a> {
        let mut walk = Walk::new(octets, limits);
        walk.run();
        walk.done()
    }

    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    pub fn root(&self) -> &Part<'a> {
        &self.root
    }

    /// The message's own fields.
    pub fn head(&self) -> &Head<'a> {
        &self.root.head
    }

    pub fn part(&self, number: usize) -> Option<&Part<'a>> {
        match number.checked_sub(1) {
            None => Some(&self.root),
            Some(at) => self.rest.get(at),
        }
    }

    /// All parts in the order of their octets, the message itself first.
    pub fn parts(&self) -> impl Iterator<Item = &Part<'a>> {
        std::iter::once(&self.root).chain(&self.rest)
    }

    pub fn children<'m>(&'m self, part: &'m Part<'a>) -> impl Iterator<Item = &'m Part<'a>> {
        part.children.iter().filter_map(|number| self.part(*number))
    }

    /// What was more than its budget, and stays in the octets.
    pub fn over(&self) -> Exceeded {
        self.over
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// A multipart whose end has not come.
struct Open {
    part: usize,
    boundary: Vec<u8>,
    /// Its closing delimiter was there; what follows is for nobody's eyes.
    closed: bool,
}

struct Walk<'a> {
    octets: &'a [u8],
    ends: LineEnd,
    limits: Limits,
    over: Exceeded,
    parts: Vec<Part<'a>>,
    /// Of all parts.
    fields: usize,
    open: Stack,
    /// The part that is no multipart and whose end has not come.
    leaf: Option<usize>,
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(octets: &'a [u8], limits: Limits) -> Walk<'a> {
        let ends = LineEnd::of(octets);
        let at = head::start(octets, ends);
        let over = Exceeded::default();
        Walk { octets, ends, limits, over, parts: Vec::new(), fields: 0, open: Stack::default(), leaf: None, at }
    }

    fn run(&mut self) {
        self.begin(None);
        while self.at < self.octets.len() && !self.open.levels.is_empty() {
            let start = self.at;
            self.at = self.ends.next(self.octets, start);
            let line = self.octets.cut(start..self.at);
            if let Some((level, last)) = self.open.delimits(line) {
                self.delimiter(level, last, start);
            }
        }
        self.close(0, self.octets.len());
    }

    fn delimiter(&mut self, level: usize, last: bool, start: usize) {
        let end = line::before(self.octets, start);
        self.close(level + 1, end);
        let (at, octets) = (self.at, self.octets.len());
        let Some(open) = self.open.levels.get_mut(level) else { return };
        open.closed = last;
        let (number, first) = (open.part, self.parts.get(open.part).is_some_and(|part| part.preamble.is_none()));
        if let Some(part) = self.parts.get_mut(number) {
            if first {
                part.preamble = Some(part.body.start..end.max(part.body.start));
            }
            part.closed = last;
            part.epilogue = last.then_some(at..octets);
        }
        if !last {
            self.begin(Some(number));
        }
    }

    /// Reads the head at the place where the walk is, and goes behind it.
    fn begin(&mut self, parent: Option<usize>) {
        if self.parts.len() >= self.limits.parts {
            self.over.parts = true;
            return;
        }
        let number = self.parts.len();
        let stops = |line: &[u8]| self.open.delimits(line).is_some();
        let extent = head::extent(self.octets, self.at, self.ends, &self.limits, stops);
        let left = self.limits.all_fields.saturating_sub(self.fields).max(FEW_FIELDS);
        let limits = Limits { fields: self.limits.fields.min(left), ..self.limits };
        let head = Head::of(self.octets.cut(self.at..extent.end), self.ends, limits);
        self.fields += head.all().len();
        let is_digest =
            parent.and_then(|parent| self.parts.get(parent)).is_some_and(|p| p.content_type.is("multipart", "digest"));
        let mut part = Part::new(number, parent, head, is_digest, &self.limits);
        part.head_range = self.at..extent.end;
        part.body = extent.body..self.octets.len();
        self.over.head |= part.head.over;
        self.over.parameters |= part.parameters_over();
        self.at = extent.body;
        if let Some(parent) = parent.and_then(|parent| self.parts.get_mut(parent)) {
            parent.children.push(number);
        }
        let boundary = if part.content_type.is_multipart() { self.boundary(&part) } else { None };
        self.parts.push(part);
        match boundary {
            Some(boundary) if self.open.levels.len() < self.limits.nesting => {
                self.open.push(Open { part: number, boundary, closed: false });
            }
            Some(_) => {
                self.over.nesting = true;
                self.leaf = Some(number);
            }
            None => self.leaf = Some(number),
        }
    }

    /// The boundary that a multipart names, or else the one that its first part shows.
    fn boundary(&self, part: &Part<'a>) -> Option<Vec<u8>> {
        let named = part.content_type.parameters.get("boundary").map(str::trim_end);
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            return Some(named.as_bytes().to_vec());
        }
        let mut at = part.body.start;
        while at < self.octets.len() && at - part.body.start < SEARCHED {
            let next = self.ends.next(self.octets, at);
            let line = self.octets.cut(at..next);
            if self.open.delimits(line).is_some() {
                return None;
            }
            let text = line::trim(bare(line));
            let after = self.octets.cut(next..);
            let is_first = after.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"));
            if let Some(boundary) = text.strip_prefix(b"--").filter(|boundary| is_first && !boundary.is_empty()) {
                return Some(boundary.to_vec());
            }
            at = next;
        }
        None
    }

    /// Ends what is open from a level on.
    fn close(&mut self, level: usize, end: usize) {
        let closed = self.open.levels.cut(level..).iter().map(|open| open.part);
        for number in closed.chain(self.leaf.take()) {
            if let Some(part) = self.parts.get_mut(number) {
                part.body.end = end.max(part.body.start);
                if let Some(epilogue) = &mut part.epilogue {
                    epilogue.end = end.max(epilogue.start);
                }
            }
        }
        self.open.truncate(level);
    }

    fn done(mut self) -> Message<'a> {
        for part in &mut self.parts {
            part.octets = self.octets.get(part.body.clone()).unwrap_or_default();
        }
        let mut parts = self.parts.into_iter();
        let root = parts.next().unwrap_or_else(|| Part::new(0, None, Head::default(), false, &self.limits));
        Message { octets: self.octets, root, rest: parts.collect(), over: self.over, limits: self.limits }
    }
}

/// Fields of a head that are read although [`Limits::all_fields`] are.
const FEW_FIELDS: usize = 16;

/// How far a boundary is looked for that nobody named.
const SEARCHED: usize = 64 * 1024;

/// The multiparts that a line may be a delimiter of, the innermost last.
#[derive(Default)]
struct Stack {
    levels: Vec<Open>,
    /// Levels of each boundary: a line is looked up, not compared with a hundred.
    by_boundary: HashMap<Vec<u8>, Vec<usize>>,
}

impl Stack {
    fn push(&mut self, open: Open) {
        self.by_boundary.entry(open.boundary.clone()).or_default().push(self.levels.len());
        self.levels.push(open);
    }

    fn truncate(&mut self, level: usize) {
        for open in self.levels.drain(level.min(self.levels.len())..) {
            if let Some(levels) = self.by_boundary.get_mut(&open.boundary) {
                levels.pop();
            }
        }
    }

    /// Which one a line is a delimiter of, and whether it is its last one. The innermost counts; one that is closed goes on
    /// if none that is open has this boundary.
    fn delimits(&self, line: &[u8]) -> Option<(usize, bool)> {
        if !line.starts_with(b"--") || self.levels.is_empty() {
            return None;
        }
        let text = line.get(2..)?;
        let end =
            text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
        let text = text.get(..end)?;
        let level = |boundary: &[u8], closed: bool| {
            let is_wanted = |level: &&usize| self.levels.get(**level).is_some_and(|open| open.closed == closed);
            self.by_boundary.get(boundary)?.iter().rev().find(is_wanted).copied()
        };
        let last = || text.strip_suffix(b"--").and_then(|text| level(text, false));
        let plain = level(text, false).map(|level| (level, false));
        plain.or_else(|| last().map(|level| (level, true))).or_else(|| level(text, true).map(|level| (level, false)))
    }
}

/// Ranges of a part within the message's octets.
pub(crate) fn empty() -> Range<usize> {
    0..0
}
