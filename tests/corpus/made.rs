//! Messages that are made: each structure of a table, as it should be and with each damage of another table done to it. Always
//! the same ones.
//!
//! A message says itself what must be found in it, in its field [`SHOWS`]: words that stand in its texts and files, of which no
//! other message has any. A damage that hides some takes them out of there.

/// The field with the words that must be found in what is shown or in a file.
pub const SHOWS: &str = "X-Shows";

/// A message, and how it is called.
pub struct Made {
    pub name: String,
    pub octets: Vec<u8>,
    pub is_damaged: bool,
}

/// All of them: of each structure one as it should be and one for each damage that can be done to it.
pub fn messages() -> Vec<Made> {
    let mut all = Vec::new();
    for (structure, part) in STRUCTURES {
        for (damage, harm) in std::iter::once(&("whole", Harm::None)).chain(DAMAGES) {
            let mut writer = Writer { word: format!("w{:03}", all.len()), words: Vec::new(), boundaries: 0 };
            let body = writer.part(part);
            let Some(octets) = harm.done_to(&body, &writer.words, &format!("{structure}, {damage}")) else { continue };
            let name = format!("made-{:04}-{structure}-{damage}.eml", all.len());
            all.push(Made { name, octets, is_damaged: *damage != "whole" });
        }
    }
    all
}

/// A part of a message.
enum P {
    /// Plain text in an encoding and a charset.
    T(E, &'static str),
    /// The same text, of which another form is shown.
    Hidden(E, &'static str),
    /// HTML.
    H(E),
    /// A text with other fields, such as parameters of its type.
    With(&'static str, E),
    /// A file: its type and disposition, and whether its words are to be found.
    F(&'static str, &'static str),
    /// An attached text without a name.
    Attached(E),
    /// Text with a uuencoded file in it.
    Uu,
    /// A part of nothing.
    Nothing(&'static str),
    /// Parts below a multipart of a subtype with parameters.
    M(&'static str, &'static [P]),
    /// The same without a type, in a digest.
    Bare(&'static P),
    /// A message.
    Mail(&'static P),
}

/// A transfer encoding.
#[derive(Clone, Copy)]
enum E {
    Plain,
    Qp,
    B64,
}

use E::{B64, Plain, Qp};
use P::{Attached, Bare, F, H, Hidden, M, Mail, Nothing, T, Uu, With};

const UTF8: &str = "utf-8";
const TEXT: P = T(Plain, UTF8);
const PDF: P = F("application/pdf; name=\"plan.pdf\"", "attachment; filename=\"plan.pdf\"");
const PNG: P = F("image/png", "inline; filename*=UTF-8''%C3%BCber.png");
const CSV: P = F("text/csv; charset=utf-8", "attachment; filename*0=\"sums of \"; filename*1=\"the year.csv\"");
const BOTH: P = M("alternative", &[Hidden(Qp, UTF8), H(Qp)]);
const RELATED: P = M("related; type=\"text/html\"", &[H(Qp), PNG]);
const LETTER: P = Mail(&M("mixed", &[TEXT, PDF]));

const STRUCTURES: &[(&str, P)] = &[
    ("plain", TEXT),
    ("plain-qp", T(Qp, UTF8)),
    ("plain-base64", T(B64, UTF8)),
    ("plain-latin1", T(Qp, "iso-8859-1")),
    ("plain-windows", T(B64, "windows-1252")),
    ("plain-ascii", T(Plain, "us-ascii")),
    ("plain-no-charset", With("Content-Type: text/plain", Plain)),
    ("plain-flowed", With("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes", Plain)),
    ("plain-described", With("Content-Type: text/plain; charset=utf-8 (a text)\r\nContent-Description: text", Qp)),
    ("plain-language", With("Content-Type: text/plain; charset=utf-8\r\nContent-Language: de", B64)),
    ("plain-inline", With("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: inline", Plain)),
    ("untyped", With("X-Nothing: said", Plain)),
    ("html", H(Plain)),
    ("html-qp", H(Qp)),
    ("html-base64", H(B64)),
    ("enriched", With("Content-Type: text/enriched; charset=utf-8", Plain)),
    ("markdown", With("Content-Type: text/markdown; charset=utf-8", Plain)),
    ("uuencoded", Uu),
    ("only-pdf", PDF),
    ("only-png", PNG),
    ("only-attached-text", Attached(Qp)),
    ("mixed-one", M("mixed", &[TEXT])),
    ("mixed-two-texts", M("mixed", &[TEXT, T(B64, UTF8)])),
    ("mixed-text-pdf", M("mixed", &[TEXT, PDF])),
    ("mixed-pdf-text", M("mixed", &[PDF, TEXT])),
    ("mixed-text-pdf-text", M("mixed", &[T(Qp, UTF8), PDF, TEXT])),
    ("mixed-html-pdf", M("mixed", &[H(Qp), PDF])),
    ("mixed-html-text", M("mixed", &[H(Qp), TEXT])),
    ("mixed-text-html", M("mixed", &[TEXT, H(B64)])),
    ("mixed-three-files", M("mixed", &[TEXT, PDF, CSV, PNG])),
    ("mixed-attached-text", M("mixed", &[TEXT, Attached(Qp)])),
    ("mixed-empty-parts", M("mixed", &[Nothing("text/plain"), TEXT, Nothing("application/octet-stream")])),
    ("mixed-in-mixed", M("mixed", &[TEXT, M("mixed", &[PDF, CSV])])),
    ("mixed-deep", M("mixed", &[M("mixed", &[M("mixed", &[M("mixed", &[TEXT, PDF])])])])),
    ("mixed-uuencoded", M("mixed", &[Uu, PDF])),
    ("alternative", BOTH),
    ("alternative-one", M("alternative", &[TEXT])),
    ("alternative-html-only", M("alternative", &[H(B64)])),
    ("alternative-unknown", M("alternative", &[TEXT, Nothing("text/x-amp-html")])),
    ("alternative-related", M("alternative", &[Hidden(Plain, UTF8), RELATED])),
    ("alternative-mixed", M("alternative", &[Hidden(Plain, UTF8), M("mixed", &[H(Qp), PDF])])),
    ("mixed-alternative-pdf", M("mixed", &[BOTH, PDF])),
    ("mixed-alternative-footer", M("mixed", &[BOTH, TEXT])),
    ("mixed-alternative-related-pdf", M("mixed", &[M("alternative", &[Hidden(Plain, UTF8), RELATED]), PDF])),
    ("mixed-related-pdf", M("mixed", &[RELATED, PDF])),
    ("related", RELATED),
    ("related-alternative", M("related; type=\"multipart/alternative\"", &[BOTH, PNG])),
    ("related-text-png", M("related", &[TEXT, PNG])),
    ("related-two-pictures", M("related", &[H(B64), PNG, PNG])),
    ("unknown-multipart", M("x-strange", &[TEXT, PDF])),
    ("parallel", M("parallel", &[TEXT, PNG])),
    (
        "signed-pgp",
        M(
            "signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha512",
            &[TEXT, F("application/pgp-signature; name=\"signature.asc\"", "attachment; filename=\"signature.asc\"")],
        ),
    ),
    (
        "signed-mixed",
        M(
            "signed; protocol=\"application/pgp-signature\"",
            &[M("mixed", &[TEXT, PDF]), F("application/pgp-signature", "attachment; filename=\"signature.asc\"")],
        ),
    ),
    (
        "report",
        M(
            "report; report-type=delivery-status",
            &[TEXT, Nothing("message/delivery-status"), Nothing("text/rfc822-headers")],
        ),
    ),
    (
        "report-read",
        M("report; report-type=disposition-notification", &[TEXT, Nothing("message/disposition-notification")]),
    ),
    ("forwarded", M("mixed", &[TEXT, LETTER])),
    ("forwarded-two", M("mixed", &[TEXT, LETTER, Mail(&H(Qp))])),
    ("forwarded-deep", M("mixed", &[TEXT, Mail(&M("mixed", &[TEXT, Mail(&TEXT)]))])),
    ("forwarded-alone", M("mixed", &[LETTER])),
    ("letter-alone", LETTER),
    ("digest", M("mixed", &[TEXT, M("digest", &[Bare(&Mail(&TEXT)), Bare(&Mail(&TEXT))])])),
    ("digest-typed", M("digest", &[Mail(&TEXT), Mail(&H(Qp))])),
    (
        "calendar",
        M("mixed", &[TEXT, F("text/calendar; charset=utf-8; method=PUBLISH", "attachment; filename=\"a.ics\"")]),
    ),
    ("card", M("mixed", &[TEXT, F("text/vcard; charset=utf-8", "attachment; filename=\"ann.vcf\"")])),
    ("text-named", M("mixed", &[TEXT, F("text/plain; charset=utf-8; name=\"readme.txt\"", "inline")])),
    ("name-words", M("mixed", &[TEXT, F("application/zip; name=\"=?utf-8?q?gr=C3=BCn=2Ezip?=\"", "attachment")])),
    ("octets-unnamed", M("mixed", &[TEXT, F("application/octet-stream", "attachment")])),
];

/// What goes wrong on the way.
enum Harm {
    None,
    /// Done to the whole message; None where it changes nothing.
    Whole(fn(&str) -> Option<String>),
    /// Done to the lines of the message's own head.
    Head(fn(&str) -> Option<String>),
    /// The same, and nobody can tell any more what the texts are: only that there are some.
    Blind(fn(&str) -> Option<String>),
}

const DAMAGES: &[(&str, Harm)] = &[
    ("no-end", Harm::Whole(|text| changed(text, "end--\r\n", ""))),
    ("no-empty-line", Harm::Whole(|text| changed(text, "end\"\r\n\r\n--", "end\"\r\n--"))),
    ("blank-for-empty-line", Harm::Whole(|text| changed(text, "end\"\r\n\r\n--", "end\"\r\n \r\n--"))),
    ("bare-lf", Harm::Whole(|text| Some(text.replace("\r\n", "\n")))),
    ("double-cr", Harm::Whole(|text| Some(text.replace("\r\n", "\r\r\n")))),
    ("space-behind-delimiters", Harm::Whole(|text| changed(text, "end\r\n", "end \t\r\n"))),
    ("space-before-colons", Harm::Head(|head| Some(head.replace("Content-Type: ", "Content-Type : ")))),
    ("garbage-in-head", Harm::Head(|head| Some(format!("this is no field\r\nnor: \u{1}this\r\n{head}")))),
    ("from-line", Harm::Head(|head| Some(format!(">From nobody Mon Sep 17 00:00:00 2001\r\n{head}")))),
    (
        "types-doubled",
        Harm::Head(|head| {
            head.contains("Content-Type: ").then(|| format!("{head}Content-Type: application/x-other; name=none\r\n"))
        }),
    ),
    ("type-quote-open", Harm::Head(|head| changed(head, "end\"\r\n", "end\r\n"))),
    ("type-semicolons", Harm::Head(|head| changed(head, "; ", ";; ;\r\n\t "))),
    (
        "type-in-capitals",
        Harm::Head(|head| {
            changed(head, "Content-Type: multipart/", "CONTENT-TYPE: MULTIPART/")
                .or_else(|| changed(head, "Content-Type: text/plain", "content-TYPE: Text/PLAIN"))
        }),
    ),
    ("long-fields", Harm::Head(|head| Some(format!("X-Long: {}\r\n{head}", "long ".repeat(3_000))))),
    ("raw-octets-in-head", Harm::Head(|head| Some(format!("X-Raw: gr\u{fc}n \u{202e} \u{1f600}\r\n{head}")))),
    ("delimiters-in-text", Harm::Whole(|text| changed(text, "gr\u{fc}n ", "gr\u{fc}n --b1 --b1-end-- "))),
    (
        "foreign-in-base64",
        Harm::Whole(|text| {
            text.contains("base64\r\n").then(|| in_base64(text, |line| format!("{}!{}*", &line[..8], &line[8..])))
        }),
    ),
    (
        "no-padding",
        Harm::Whole(|text| {
            text.contains("base64\r\n").then(|| in_base64(text, |line| line.trim_end_matches('=').to_owned()))
        }),
    ),
    ("bad-escapes", Harm::Whole(|text| changed(text, "=C3=BCn", "=c3=bcn =ZZ =4"))),
    ("encoding-with-comment", Harm::Whole(|text| changed(text, "Encoding: base64\r\n", "Encoding: BASE64 (sic);\r\n"))),
    ("encoding-unknown", Harm::Whole(|text| changed(text, "Encoding: 8bit\r\n", "Encoding: 8bits, they say\r\n"))),
    ("charset-unknown", Harm::Whole(|text| changed(text, "charset=utf-8", "charset=\"x-none\""))),
    ("charset-lies", Harm::Whole(|text| changed(text, "charset=utf-8", "charset=us-ascii"))),
    ("no-boundary", Harm::Blind(|head| changed(head, "boundary=", "bondary="))),
    ("empty-line-in-head", Harm::Blind(|head| Some(format!("\r\n{head}")))),
    ("garbage-ends-head", Harm::Blind(|head| Some(format!("{head}this is no field\r\n")))),
    ("no-head", Harm::Blind(|_| Some(String::new()))),
];

fn changed(text: &str, from: &str, to: &str) -> Option<String> {
    text.contains(from).then(|| text.replace(from, to))
}

/// Each line of base64 changed.
fn in_base64(text: &str, change: impl Fn(&str) -> String) -> String {
    let is_base64 = |line: &str| {
        line.len() > 16 && line.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+/=".contains(&octet))
    };
    text.split("\r\n")
        .map(|line| if is_base64(line) { change(line) } else { line.to_owned() })
        .collect::<Vec<_>>()
        .join("\r\n")
}

impl Harm {
    /// The message with this done to it. Its own head is the type of its body; what all have stands before that.
    fn done_to(&self, part: &str, words: &[String], subject: &str) -> Option<Vec<u8>> {
        let (head, body) = part.split_once("\r\n\r\n")?;
        let head = format!("{head}\r\n");
        let text = |head: &str, words: &[String]| {
            let shows = if words.is_empty() { String::new() } else { format!("{SHOWS}: {}\r\n", words.join(" ")) };
            format!(
                "From: \"Maker, of mail\" <maker@example.net>\r\nTo: reader@example.net, Other <other@example.org>\r\n\
                 Subject: made: {subject}\r\nDate: Mon, 17 Sep 2001 10:20:30 +0200\r\nMessage-ID: <{}@example.net>\r\n\
                 {shows}MIME-Version: 1.0\r\n{head}\r\n{body}",
                subject.replace(", ", ".")
            )
        };
        let whole = match self {
            Harm::None => text(&head, words),
            Harm::Whole(harm) => harm(&text(&head, words))?,
            Harm::Head(harm) => text(&harm(&head)?, words),
            Harm::Blind(harm) => text(&harm(&head)?, &[]),
        };
        Some(whole.into_bytes())
    }
}

/// Writes parts with words that are theirs alone.
struct Writer {
    word: String,
    words: Vec<String>,
    boundaries: usize,
}

impl Writer {
    fn next_word(&mut self) -> String {
        let word = format!("{}x{}", self.word, self.words.len());
        self.words.push(word.clone());
        word
    }

    fn part(&mut self, part: &P) -> String {
        match part {
            T(encoding, charset) => {
                let word = self.next_word();
                leaf(&format!("Content-Type: text/plain; charset={charset}"), *encoding, charset, &text(&word))
            }
            Hidden(encoding, charset) => {
                leaf(&format!("Content-Type: text/plain; charset={charset}"), *encoding, charset, &text("hidden"))
            }
            H(encoding) => {
                let page = format!("<html><body><p>{}</p></body></html>\r\n", text(&self.next_word()).trim_end());
                leaf("Content-Type: text/html; charset=utf-8", *encoding, UTF8, &page)
            }
            With(fields, encoding) => leaf(fields, *encoding, UTF8, &text(&self.next_word())),
            F(kind, disposition) => {
                let content = text(&self.next_word());
                leaf(&format!("Content-Type: {kind}\r\nContent-Disposition: {disposition}"), B64, UTF8, &content)
            }
            Attached(encoding) => {
                let fields = "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment";
                leaf(fields, *encoding, UTF8, &text(&self.next_word()))
            }
            Uu => {
                let content = format!("{}begin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n", text(&self.next_word()));
                leaf("Content-Type: text/plain; charset=utf-8", Plain, UTF8, &content)
            }
            Nothing(kind) => format!("Content-Type: {kind}\r\n\r\n"),
            M(kind, parts) => {
                self.boundaries += 1;
                let boundary = format!("b{}-end", self.boundaries);
                let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n");
                for part in *parts {
                    out.push_str(&format!("--{boundary}\r\n{}\r\n", self.part(part)));
                }
                out + &format!("--{boundary}--\r\n")
            }
            Bare(part) => self.part(part).replacen("Content-Type: message/rfc822\r\n", "", 1),
            Mail(part) => format!(
                "Content-Type: message/rfc822\r\n\r\nFrom: ann@example.net\r\nSubject: within\r\n{}",
                self.part(part)
            ),
        }
    }
}

fn text(word: &str) -> String {
    format!(
        "What is in here is called {word}, and stands on a line of some length.\r\nThe meadows are gr\u{fc}n now.\r\n"
    )
}

fn leaf(fields: &str, encoding: E, charset: &str, text: &str) -> String {
    let octets: Vec<u8> = match charset {
        // Both have the characters of the first 256 where they are in Unicode, of those that are used here.
        "iso-8859-1" | "windows-1252" => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect(),
        "us-ascii" => text.replace('\u{fc}', "ue").into_bytes(),
        _ => text.as_bytes().to_vec(),
    };
    let (name, body) = match encoding {
        Plain => ("8bit", String::from_utf8_lossy(&octets).into_owned()),
        Qp => ("quoted-printable", quoted(&octets)),
        B64 => ("base64", based(&octets)),
    };
    format!("{fields}\r\nContent-Transfer-Encoding: {name}\r\n\r\n{body}")
}

fn quoted(octets: &[u8]) -> String {
    let is_plain = |octet: u8| octet.is_ascii_graphic() && octet != b'=' || octet == b' ';
    let mut out = String::new();
    let mut column = 0;
    for &octet in octets {
        match octet {
            b'\r' | b'\n' => {
                out.push(char::from(octet));
                column = 0;
                continue;
            }
            octet if is_plain(octet) => out.push(char::from(octet)),
            octet => out.push_str(&format!("={octet:02X}")),
        }
        column += 1;
        if column == 60 {
            out.push_str("=\r\n");
            column = 0;
        }
    }
    out
}

fn based(octets: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (at, three) in octets.chunks(3).enumerate() {
        let number = three.iter().enumerate().fold(0_u32, |sum, (at, octet)| sum | u32::from(*octet) << (16 - 8 * at));
        for digit in 0..4 {
            let value = usize::try_from(number >> (18 - 6 * digit) & 63).unwrap_or(0);
            out.push(if digit <= three.len() { char::from(DIGITS[value]) } else { '=' });
        }
        if at % 19 == 18 {
            out.push_str("\r\n");
        }
    }
    if !out.ends_with("\r\n") {
        out.push_str("\r\n");
    }
    out
}
