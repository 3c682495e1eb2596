//! How much of a message is read. A pass over its octets, before any reader: what is more than a budget is left out of the view
//! that the reader gets, and stays in the stored octets. Mail within the budgets is handed on as it is, without a copy.
//!
//! A reader makes objects of fields, addresses and parts, a hundred and more octets for each of two or three: here it is counted
//! what they would become. The pass is linear, knows lines, fields and delimiters (RFC 5322 2.2, RFC 2046 5.1.1) and no reader; it
//! takes for a part or an address whatever any reader might, rather too much than too little.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::BufRead;
use std::ops::Range;

use super::encoded::{Encoding, decode};

/// What heads may cost.
#[derive(Clone, Copy, Debug, Default)]
struct Heads {
    octets: usize,
    fields: usize,
    /// Commas, semicolons, colons and angle brackets: each ends an address, a group, a parameter, a keyword or an id.
    marks: usize,
}

/// Of one head. Heads of real mail have at most some 200 fields and 60 KB; 10,240 addresses are what postfix takes, two marks each.
const HEAD: Heads = Heads { octets: 256 * 1024, fields: 1_000, marks: 20_480 };
/// Of all heads of a message: its own, its parts', those of attached messages; enough for a digest of 400 messages.
const HEADS: Heads = Heads { octets: 4 * 1024 * 1024, fields: 40_000, marks: 81_920 };
/// Octets of one field, as in postfix (`header_size_limit`).
const FIELD: usize = 102_400;
/// Parts: twice as many as become attachments.
const PARTS: usize = 2_000;
/// Multiparts and messages in one another, as in postfix (`mime_nesting_limit`).
const NESTED: usize = 100;
/// Messages attached in base64 or quoted-printable (which RFC 2046 5.2.1 forbids) within one another.
const ENCODED: usize = 3;
/// Octets of a delimiter that are looked at; RFC 2046 allows 70.
const DELIMITER: usize = 1_000;
/// Octets and marks of a field that is read although the budget of its head is used up.
const RESERVED: (usize, usize) = (2_048, 64);
/// Those fields: without the first two a body cannot be read, without the others a message has no face.
const NEEDED: [&[u8]; 6] = [b"content-type", b"content-transfer-encoding", b"from", b"subject", b"date", b"message-id"];
/// Of [`NEEDED`], when the budget of all heads is used up.
const STRUCTURAL: usize = 2;

/// The file that an attached message is where it would cost too much to read.
const AS_FILE: &[u8] = b"Content-Type: application/octet-stream\r\n";

/// What is read of a message.
pub(super) struct View<'a> {
    pub octets: Cow<'a, [u8]>,
    whole: &'a [u8],
    cuts: Vec<Cut>,
}

/// A piece left out, and what stands there instead.
#[derive(Clone, Copy, Debug)]
struct Cut {
    from: usize,
    to: usize,
    with: &'static [u8],
}

impl<'a> View<'a> {
    pub fn of(mime: &'a [u8]) -> View<'a> {
        let mut spent = Spent::default();
        let mut pass = Pass::new(mime, &mut spent, 0);
        pass.message();
        View::with(mime, pass.cuts)
    }

    /// Of the first head alone, and the octets after it.
    pub fn of_head(mime: &'a [u8]) -> View<'a> {
        let mut spent = Spent::default();
        let mut pass = Pass::new(mime, &mut spent, 0);
        pass.head(0);
        View::with(mime, pass.cuts)
    }

    fn with(whole: &'a [u8], mut cuts: Vec<Cut>) -> View<'a> {
        cuts.sort_by_key(|cut| cut.from);
        if cuts.is_empty() {
            return View { octets: Cow::Borrowed(whole), whole, cuts };
        }
        let mut octets = Vec::with_capacity(whole.len());
        let mut at = 0;
        // A field that was cut short may have been taken out after that.
        cuts.retain(|cut| {
            let apart = cut.from >= at;
            if apart {
                octets.extend_from_slice(whole.get(at..cut.from).unwrap_or_default());
                octets.extend_from_slice(cut.with);
            }
            at = at.max(cut.to);
            apart
        });
        octets.extend_from_slice(whole.get(at..).unwrap_or_default());
        View { octets: Cow::Owned(octets), whole, cuts }
    }

    /// Octets of the whole message.
    pub fn size(&self) -> usize {
        self.whole.len()
    }

    /// The whole octets of what the view has at `place`.
    pub fn whole(&self, place: Range<usize>) -> &'a [u8] {
        self.whole.get(self.original(place.start)..self.original(place.end)).unwrap_or_default()
    }

    fn original(&self, at: usize) -> usize {
        let (mut out, mut put) = (0, 0);
        for cut in &self.cuts {
            let place = cut.from + put - out;
            if at <= place {
                break;
            }
            if at < place + cut.with.len() {
                return cut.from;
            }
            out += cut.to - cut.from;
            put += cut.with.len();
        }
        at + out - put
    }
}

/// What was spent on all heads and parts so far, those of encoded messages too.
#[derive(Default)]
struct Spent {
    heads: Heads,
    parts: usize,
}

/// A head that was gone through.
#[derive(Default)]
struct Head {
    /// Where its body begins.
    body: usize,
    /// The fields that say a type.
    types: Vec<Range<usize>>,
    boundaries: Vec<Vec<u8>>,
    digest: bool,
    message: bool,
    encoding: Option<Encoding>,
    cost: Heads,
    /// Of [`NEEDED`], those that were read beyond the budget.
    needed: u8,
}

/// A multipart whose end was not seen, or a message (without a boundary).
struct Level {
    boundary: Option<Vec<u8>>,
    digest: bool,
}

/// A delimiter's line.
struct Delimiter {
    line: Range<usize>,
    level: usize,
    last: bool,
}

struct Pass<'a, 's> {
    octets: &'a [u8],
    spent: &'s mut Spent,
    cuts: Vec<Cut>,
    open: Vec<Level>,
    /// The innermost level of each boundary.
    known: HashMap<Vec<u8>, usize>,
    /// How many encodings lie around these octets.
    depth: usize,
}

impl<'a, 's> Pass<'a, 's> {
    fn new(octets: &'a [u8], spent: &'s mut Spent, depth: usize) -> Pass<'a, 's> {
        Pass { octets, spent, cuts: Vec::new(), open: Vec::new(), known: HashMap::new(), depth }
    }

    fn message(&mut self) {
        let mut at = 0;
        loop {
            let head = self.head(at);
            at = head.body;
            let mut encoded = None;
            let is_message = head.message || (head.types.is_empty() && self.open.last().is_some_and(|top| top.digest));
            if head.boundaries.is_empty() && !is_message {
                // A leaf.
            } else if self.open.len() + head.boundaries.len().max(1) > NESTED {
                head.types.iter().for_each(|field| self.cut(field.clone(), b""));
            } else if !head.boundaries.is_empty() {
                head.boundaries.iter().for_each(|boundary| self.enter(Some(boundary), head.digest));
            } else if let Some(encoding) = head.encoding {
                encoded = Some(encoding);
            } else {
                self.enter(None, false);
                continue;
            }
            let start = at;
            let next = self.next_part(&mut at);
            if let Some(encoding) = encoded {
                let end = next.as_ref().map_or(self.octets.len(), |delimiter| delimiter.line.start);
                self.attached(&head, encoding, start..end);
            }
            if next.is_none() {
                return;
            }
        }
    }

    /// Goes to the head of the next part, out of whatever ends on the way. Answers the first delimiter on it.
    fn next_part(&mut self, at: &mut usize) -> Option<Delimiter> {
        let mut first = None;
        while let Some(delimiter) = self.delimiter(*at) {
            *at = delimiter.line.end;
            self.leave(delimiter.level + usize::from(!delimiter.last));
            let last = delimiter.last;
            if last {
                first.get_or_insert(delimiter);
                continue;
            }
            self.spent.parts += 1;
            if self.spent.parts > PARTS {
                self.cut(delimiter.line.start..self.octets.len(), b"");
                return None;
            }
            return Some(first.unwrap_or(delimiter));
        }
        None
    }

    fn enter(&mut self, boundary: Option<&Vec<u8>>, digest: bool) {
        if let Some(boundary) = boundary {
            self.known.insert(boundary.clone(), self.open.len());
        }
        self.open.push(Level { boundary: boundary.cloned(), digest });
    }

    /// Leaves all levels but the outermost `kept`.
    fn leave(&mut self, kept: usize) {
        while self.open.len() > kept {
            let Some(boundary) = self.open.pop().and_then(|level| level.boundary) else { continue };
            match self.open.iter().rposition(|level| level.boundary.as_ref() == Some(&boundary)) {
                Some(outer) => self.known.insert(boundary, outer),
                None => self.known.remove(&boundary),
            };
        }
    }

    /// The next line from `at` on that is a delimiter of an open level.
    fn delimiter(&mut self, mut at: usize) -> Option<Delimiter> {
        while !self.known.is_empty() && at < self.octets.len() {
            let line = at..self.line_end(at);
            if let Some((level, last)) = self.delimits(&line) {
                return Some(Delimiter { line, level, last });
            }
            if self.is_alike(&line) {
                // Some readers go by the beginning of a line.
                self.spent.parts += 1;
                if self.spent.parts > PARTS {
                    self.cut(line.start..self.octets.len(), b"");
                    return None;
                }
            }
            at = line.end;
        }
        None
    }

    /// Which level's delimiter the line is, and whether it is the last one.
    fn delimits(&self, line: &Range<usize>) -> Option<(usize, bool)> {
        let text = self.dashed(line)?.trim_ascii_end();
        let whole = self.known.get(text).map(|level| (*level, false));
        whole.or_else(|| Some((*self.known.get(text.strip_suffix(b"--")?)?, true)))
    }

    fn is_alike(&self, line: &Range<usize>) -> bool {
        let Some(text) = self.dashed(line) else { return false };
        let mut inner = self.open.iter().rev().take(8).filter_map(|level| level.boundary.as_deref());
        inner.any(|boundary| text.starts_with(boundary))
    }

    /// The beginning of a line, after the dashes that it begins with.
    fn dashed(&self, line: &Range<usize>) -> Option<&'a [u8]> {
        let text = self.octets.get(line.clone())?.strip_prefix(b"--")?;
        Some(text.get(..DELIMITER).unwrap_or(text))
    }

    fn line_end(&self, at: usize) -> usize {
        let mut rest = self.octets.get(at..).unwrap_or_default();
        // Of octets in memory nothing fails.
        rest.skip_until(b'\n').map_or(self.octets.len(), |read| at + read)
    }

    /// Goes through a head from `at` on: cuts what is too much, and finds out what its body is.
    fn head(&mut self, mut at: usize) -> Head {
        let mut head = Head::default();
        while let Some(first) = self.octets.get(at) {
            let mut end = self.line_end(at);
            if *first == b'\n' || (*first == b'\r' && end == at + 2) {
                at = end;
                break;
            }
            if !self.known.is_empty() && self.delimits(&(at..end)).is_some() {
                break;
            }
            while matches!(self.octets.get(end), Some(b' ' | b'\t')) {
                end = self.line_end(end);
            }
            self.field(at..end, &mut head);
            at = end;
        }
        head.body = at;
        head
    }

    fn field(&mut self, place: Range<usize>, head: &mut Head) {
        let octets = self.octets.get(place.clone()).unwrap_or_default();
        let colon = octets.iter().take(100).position(|byte| *byte == b':');
        let name = colon.and_then(|colon| octets.get(..colon)).unwrap_or_default().trim_ascii();
        let spent = &self.spent.heads;
        let octets_left = |budget: &Heads, cost: &Heads| match cost.fields < budget.fields {
            true => budget.octets.saturating_sub(cost.octets),
            false => 0,
        };
        let all = octets_left(&HEADS, spent);
        let most = octets_left(&HEAD, &head.cost).min(all);
        let all_marks = HEADS.marks.saturating_sub(spent.marks);
        let marks = HEAD.marks.saturating_sub(head.cost.marks).min(all_marks);
        let (most, marks) = if most > 0 && marks > RESERVED.1 {
            (most.min(FIELD), marks)
        } else {
            let count = if all == 0 || all_marks <= RESERVED.1 { STRUCTURAL } else { NEEDED.len() };
            let needed = NEEDED.iter().take(count).position(|needed| needed.eq_ignore_ascii_case(name));
            match needed {
                Some(bit) if head.needed & 1 << bit == 0 => {
                    head.needed |= 1 << bit;
                    RESERVED
                }
                // A field without marks.
                _ if most > 0 => (most.min(FIELD), 0),
                _ => return self.cut(place, b""),
            }
        };
        let (kept, marks) = within(octets, colon.map_or(0, |colon| colon + 1), most, marks);
        for cost in [&mut head.cost, &mut self.spent.heads] {
            cost.octets += kept;
            cost.fields += 1;
            cost.marks += marks;
        }
        let text = octets.len() - line_end(octets);
        if kept < text {
            self.cut(place.start + kept..place.start + text, b"");
        }
        let value = octets.get(colon.map_or(0, |colon| colon + 1)..kept).unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-type") {
            head.types.push(place);
            head.boundaries.extend(boundary(value));
            head.digest |= holds(value, b"/digest");
            head.message |= holds(value, b"message/");
        } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
            head.encoding = Encoding::of(value).or(head.encoding);
        }
    }

    /// A message attached in an encoding: it may not cost more than another, so it is looked at without it. One that would is a
    /// file.
    fn attached(&mut self, head: &Head, encoding: Encoding, body: Range<usize>) {
        let fits = self.depth < ENCODED && {
            let decoded = decode(encoding, self.octets.get(body).unwrap_or_default());
            let mut inner = Pass::new(&decoded, self.spent, self.depth + 1);
            inner.message();
            inner.cuts.is_empty()
        };
        if !fits {
            for (at, field) in head.types.iter().enumerate() {
                self.cut(field.clone(), if at == 0 { AS_FILE } else { b"" });
            }
        }
    }

    fn cut(&mut self, place: Range<usize>, with: &'static [u8]) {
        match self.cuts.last_mut() {
            Some(last) if last.to == place.start && with.is_empty() => last.to = place.end,
            _ if place.is_empty() => {}
            _ => self.cuts.push(Cut { from: place.start, to: place.end, with }),
        }
    }
}

/// How many octets of a field are read, and how many marks they have. `name` octets are kept in any case.
fn within(field: &[u8], name: usize, most: usize, marks: usize) -> (usize, usize) {
    let is_mark = |byte: u8| matches!(byte, b',' | b';' | b':' | b'<');
    let (mut count, mut kept) = (0, field.len());
    for (at, byte) in field.iter().enumerate().skip(name) {
        if at >= most || (is_mark(*byte) && count == marks) {
            kept = at;
            break;
        }
        count += usize::from(is_mark(*byte));
    }
    if kept < field.len() {
        // Not in the middle of a word, if there is a better place; not in the middle of a character.
        let tail = field.get(kept.saturating_sub(1_024).max(name)..kept).unwrap_or_default();
        let word = tail.iter().rposition(|byte| byte.is_ascii_whitespace() || is_mark(*byte));
        kept = word.map_or(kept, |at| kept - tail.len() + at);
        while kept > name && field.get(kept).is_some_and(|byte| byte & 0xc0 == 0x80) {
            kept -= 1;
        }
    }
    (kept.max(name.min(field.len())), count)
}

/// Octets of the line end that a field has.
fn line_end(field: &[u8]) -> usize {
    match field {
        [.., b'\r', b'\n'] => 2,
        [.., b'\n'] => 1,
        _ => 0,
    }
}

/// The boundary that a type names, in whatever form: a quoted string, a word, in pieces (RFC 2231).
fn boundary(value: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"boundary";
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = find(value.get(at..).unwrap_or_default(), NAME) {
        at += next + NAME.len();
        let rest = value.get(at..).unwrap_or_default();
        let Some(equals) = rest.iter().take(16).position(|byte| *byte == b'=') else { continue };
        let is_name = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_whitespace() || *byte == b'*';
        if !rest.get(..equals).unwrap_or_default().iter().all(is_name) {
            continue;
        }
        let text = rest.get(equals + 1..).unwrap_or_default().trim_ascii_start();
        let end = match text.strip_prefix(b"\"") {
            Some(quoted) => quoted.iter().position(|byte| *byte == b'"').map_or(text.len(), |at| at + 1),
            None => text.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b';').unwrap_or(text.len()),
        };
        let text = text.get(..end.min(DELIMITER)).unwrap_or(text);
        found.extend(text.strip_prefix(b"\"").unwrap_or(text).iter().filter(|byte| **byte != b'\\'));
    }
    let end = found.trim_ascii_end().len().min(DELIMITER);
    found.truncate(end);
    (!found.is_empty()).then_some(found)
}

fn holds(text: &[u8], word: &[u8]) -> bool {
    find(text, word).is_some()
}

/// Where the word is first, in either case.
fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window.eq_ignore_ascii_case(word))
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
