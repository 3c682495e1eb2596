//! Why ours are not Python's: rules that hold of a difference, and the messages whose differences were looked at one by one.

use crate::boundary::{Named, multiparts};

/// A field in which ours are not Python's.
pub struct Difference<'d> {
    /// The message's file.
    pub name: &'d str,
    pub octets: &'d [u8],
    pub field: &'d str,
    pub own: &'d str,
    pub python: &'d str,
    /// mail-parser's, which tells of parts the type alone.
    pub third: &'d str,
}

impl Difference<'_> {
    fn has(&self, text: &str) -> bool {
        self.octets.windows(text.len()).any(|window| window.eq_ignore_ascii_case(text.as_bytes()))
    }

    fn is_part(&self) -> bool {
        self.field.starts_with("part")
    }

    /// Both have a part of one type, and how many octets of it each.
    fn sizes(&self) -> Option<(usize, usize)> {
        let of = |value: &str| {
            let mut words = value.split(' ');
            Some((words.next()?.to_owned(), words.next()?.parse().ok()?))
        };
        let ((own_kind, own), (kind, python)): ((String, usize), (String, usize)) = (of(self.own)?, of(self.python)?);
        (self.is_part() && own_kind == kind).then_some((own, python))
    }

    /// Ours have the parts of a multipart, Python has it whole, or has fewer; and a multipart of that type, or any if Python says
    /// none, names its boundary so.
    fn takes_apart(&self, how: Named) -> bool {
        let kind = self.python.split(' ').next().filter(|kind| kind.starts_with("multipart/"));
        let is_apart = match kind {
            Some(_) => !self.own.starts_with("multipart/"),
            None => self.is_part() && self.own != "-" && self.python == "-",
        };
        let is_such = |(of, named): &(String, Named)| *named == how && kind.is_none_or(|kind| kind == of);
        is_apart && multiparts(self.octets).iter().any(is_such)
    }

    /// Python found no field, or other parts, and an odd line of that kind is the first in the head.
    fn ends_early(&self, how: Odd) -> bool {
        (self.is_part() || self.python.is_empty()) && odd(self.octets) == Some(how)
    }

    fn made(&self, damages: &[&str]) -> bool {
        let name = self.name.trim_end_matches(".eml");
        name.starts_with("made-") && damages.iter().any(|damage| name.ends_with(damage))
    }
}

/// What explains a difference, if anything does.
pub fn why(difference: &Difference<'_>) -> Option<&'static str> {
    let rule = RULES.iter().find(|(_, holds)| holds(difference)).map(|(why, _)| *why);
    rule.or_else(|| LOOKED_AT.iter().find(|(name, _)| difference.name.ends_with(name)).map(|(_, why)| *why))
}

type Rule = (&'static str, fn(&Difference<'_>) -> bool);

const RULES: &[Rule] = &[
    ("a delimiter behind a head without an empty line ends it", |d| d.made(&["no-empty-line", "blank-for-empty-line"])),
    ("no base64 without a head that says so", |d| d.made(&["garbage-ends-head", "empty-line-in-head", "no-head"])),
    ("an encoding's name may have something behind it", |d| d.made(&["encoding-with-comment", "encoding-unknown"])),
    ("blanks may stand before a field's colon (RFC 5322 4.5); for Python the head ends there", |d| {
        d.ends_early(Odd::BlankBeforeColon)
    }),
    (
        "a line From within a head, quoted or not, is a mailbox's (RFC 4155) and no field; for Python the head ends there",
        |d| d.ends_early(Odd::FromLine),
    ),
    ("a byte order mark is none of the head's first name; for Python it is, or there is no head", |d| {
        d.ends_early(Odd::Marked)
    }),
    (
        "a head goes on behind a line that is no field (RFC 5322 2.2 has none) where known fields follow; Python ends it there",
        |d| d.ends_early(Odd::NoField),
    ),
    ("CR CR LF is one line end; Python takes it for an empty line", |d| {
        d.octets.windows(3).any(|three| three == b"\r\r\n")
    }),
    ("bare octets in fields are UTF-8 or else windows-1252; Python loses them", |d| {
        let is_bare = d.octets.iter().any(|octet| *octet >= 0x80);
        !d.is_part() && is_bare && (d.python.contains('\u{fffd}') || d.python.contains("=?") && !d.own.contains("=?"))
    }),
    ("an encoded word with a whole mailbox in it is one", |d| {
        matches!(d.field, "from" | "to" | "cc") && d.python.is_empty() && !d.own.is_empty() && d.has("?=")
    }),
    ("an address before an address in angle brackets is a name", |d| {
        let is_within = !d.own.is_empty() && d.own.split(' ').all(|one| d.python.split(' ').any(|other| other == one));
        is_within && matches!(d.field, "from" | "to" | "cc") && d.third == d.own
    }),
    ("blanks between encoded words are none, in the middle of a text, too", |d| {
        let solid = |text: &str| text.split_whitespace().collect::<String>();
        d.field == "subject" && solid(d.own) == solid(d.python)
    }),
    ("blanks at the ends of quoted-printable's lines were put there on the way (RFC 2045 6.7)", |d| {
        let is_blank_end = d.octets.windows(2).any(|two| matches!(two, b" \n" | b" \r" | b"\t\n"));
        d.has("quoted-printable") && is_blank_end && d.sizes().is_some_and(|(own, python)| own < python)
    }),
    ("base64 with foreign octets or a wrong length is decoded as far as it goes; Python leaves it", |d| {
        d.has("base64") && d.sizes().is_some_and(|(own, python)| own < python)
    }),
    ("base64 goes on behind its padding: texts are put one after another", |d| {
        d.has("base64") && d.sizes().is_some_and(|(own, python)| own > python)
    }),
    (
        "a boundary's quote that nothing closes is closed by the line's end (RFC 2045 5.1 has no such value); Python keeps all of it",
        |d| d.takes_apart(Named::OpenQuote),
    ),
    (
        "a multipart must name its boundary (RFC 2046 5.1.1); where it does not, its first delimiter does, here alone",
        |d| d.takes_apart(Named::No),
    ),
    ("a boundary that is folded has no line end in it (RFC 5322 2.2.3); Python leaves it there", |d| {
        d.takes_apart(Named::Folded)
    }),
];

/// Messages whose differences none of the rules explains, by the ends of their files' names.
const LOOKED_AT: &[(&str, &str)] = &[
    ("doublebound.msg", EMPTY_PART),
    ("double-bound.msg", EMPTY_PART),
    ("multipartemptypart.msg", EMPTY_PART),
    ("malformed_000.eml", EMPTY_PART),
    ("ending-boundaries.msg", WHOLE_MULTIPART),
    ("missing-inner-start-boundary.msg", WHOLE_MULTIPART),
    ("multipartnopart.msg", WHOLE_MULTIPART),
    ("input_substring.mbox", SAME_BOUNDARY),
    ("malformed_003.eml", SAME_BOUNDARY),
    ("malformed_013.eml", SAME_BOUNDARY),
    ("mail_malformed_1", SAME_BOUNDARY),
    (
        "malformed_005.eml",
        "a line that is an inner multipart's delimiter and an outer one's last is the inner one's; Python takes it for the outer's",
    ),
    (
        "simple-encapsulated.mbox",
        "two messages in a file: a delimiter behind the last one begins a part again, though RFC 2046 5.1.1 has it ignored",
    ),
    ("msg_15.txt", SAME_BOUNDARY),
    ("msg_39.txt", SAME_BOUNDARY),
    ("mime-bad-content-type.raw", TYPE),
    ("mime-blank-media-name.raw", TYPE),
    ("unconvertable_msg-2.txt", TYPE),
    ("crlf.hdr", TYPE),
    ("malformed_017.eml", TYPE),
    ("mime4j-219-new-date-time-format.msg", "a zone without a sign is one"),
    ("smtp32_01.txt", "the year 101 is 2001: programs wrote years since 1900"),
    ("bad_date_tz.txt", ZONE),
    ("bad_folding.txt", ZONE),
    ("encrypted-signed.eml", "six o'clock PM is six in the evening, and EDT is told"),
    ("autocrypt_mdn.mbox", "a zone behind a comment is one"),
    ("phish_sender3.eml", "two fields From, of which one has a blank before its colon: both are read"),
    ("simple_35.txt", "an address that is none of the standard's is kept as it is written"),
    ("phish_sender6.eml", "a route before an address (RFC 5322 4.4) is no address"),
    ("bad-subject-header.txt", "ISO-8859-1 is windows-1252, as browsers read it"),
    ("mail_test_9", "an encoded word whose characters are cut in two is read with the next one"),
    ("deeply_nested.txt", "multiparts beyond a hundred levels are not taken apart: Limits::nesting"),
];

const EMPTY_PART: &str = "between two delimiters is a part, and if it is empty";
const WHOLE_MULTIPART: &str = "of a multipart without parts all is shown, its delimiters and what is behind them, too";
const SAME_BOUNDARY: &str =
    "a line is a delimiter of the innermost multipart with that boundary; Python leaves that one empty";
const TYPE: &str = "a type that breaks the syntax is read as far as it goes, or else plain text";
const ZONE: &str = "a zone of more than a day is none";

/// What is no field within a head.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    /// A byte order mark, at the beginning.
    Marked,
    BlankBeforeColon,
    /// Of a mailbox file, behind the first line or quoted.
    FromLine,
    NoField,
}

/// The first of them.
fn odd(octets: &[u8]) -> Option<Odd> {
    if octets.starts_with(b"\xef\xbb\xbf") {
        return Some(Odd::Marked);
    }
    let head = octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let head = head.take_while(|line| !line.is_empty()).enumerate();
    let is_odd = |(number, line): (usize, &[u8])| {
        if line.starts_with(b" ") || line.starts_with(b"\t") || (number == 0 && line.starts_with(b"From ")) {
            return None;
        }
        let end = line.iter().position(|octet| !octet.is_ascii_graphic() || *octet == b':').unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(end)?;
        match rest.trim_ascii_start().first() {
            Some(b':') if !name.is_empty() => (rest.first() != Some(&b':')).then_some(Odd::BlankBeforeColon),
            _ if line.starts_with(b"From ") || line.starts_with(b">From ") => Some(Odd::FromLine),
            _ => Some(Odd::NoField),
        }
    };
    let mut lines = head;
    lines.find_map(is_odd)
}
