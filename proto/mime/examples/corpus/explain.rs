//! Why ours are not Python's: rules that hold of a difference, and the messages whose differences were looked at one by one.

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
    ("Python ends a head at an odd line or a byte order mark; here it goes on where known fields follow", |d| {
        (d.is_part() || d.python.is_empty()) && odd_line_in_head(d.octets)
    }),
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
    ("a multipart that Python leaves whole, whose boundary nobody named rightly, is taken apart", |d| {
        d.python.starts_with("multipart/") && !d.own.starts_with("multipart/") || d.own != "-" && d.python == "-"
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

/// A line that is no field within the head.
fn odd_line_in_head(octets: &[u8]) -> bool {
    let is_marked = octets.starts_with(b"\xef\xbb\xbf");
    let head = octets.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let is_field = |line: &[u8]| {
        let colon = line.iter().position(|octet| !octet.is_ascii_graphic() || *octet == b':');
        colon.is_some_and(|colon| colon > 0 && line.get(colon) == Some(&b':'))
    };
    is_marked
        || head.take_while(|line| !line.is_empty()).enumerate().any(|(number, line)| {
            !line.starts_with(b" ")
                && !line.starts_with(b"\t")
                && !is_field(line)
                && (number > 0 || !line.starts_with(b"From "))
        })
}
