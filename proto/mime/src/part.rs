//! One part of a message: what its fields say, its octets, its text.

use std::borrow::Cow;
use std::ops::Range;

use crate::charset::Charset;
use crate::content::{ContentType, Disposition};
use crate::head::Head;
use crate::transfer::Encoding;
use crate::{Limits, flowed, html, lex};

/// A part, or the message itself.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Its place in [`crate::Message::part`].
    pub number: usize,
    pub parent: Option<usize>,
    /// Parts of a multipart, in order.
    pub children: Vec<usize>,
    pub head: Head<'a>,
    /// What it is: as it says, or as the standard has it where it does not (RFC 2045 5.2, RFC 2046 5.1.5).
    pub content_type: ContentType,
    pub disposition: Option<Disposition>,
    pub encoding: Encoding,
    /// Without angle brackets.
    pub content_id: Option<String>,
    pub location: Option<String>,
    pub description: Option<String>,
    /// Where its fields stand in the message.
    pub head_range: Range<usize>,
    /// Where its body stands, without the line end that belongs to the delimiter behind it.
    pub body: Range<usize>,
    /// What stands before the first delimiter of a multipart; None if there is no delimiter.
    pub preamble: Option<Range<usize>>,
    /// What stands behind the last delimiter.
    pub epilogue: Option<Range<usize>>,
    /// A multipart's last delimiter was there.
    pub closed: bool,
    pub(crate) octets: &'a [u8],
}

impl<'a> Part<'a> {
    pub(crate) fn new(
        number: usize,
        parent: Option<usize>,
        head: Head<'a>,
        is_digest: bool,
        limits: &Limits,
    ) -> Part<'a> {
        let types = || head.fields("Content-Type").map(|field| ContentType::read(field.value, limits));
        let default = || {
            if is_digest {
                ContentType { main: "message".into(), sub: "rfc822".into(), ..ContentType::plain() }
            } else {
                ContentType::plain()
            }
        };
        let content_type = types().find(|kind| !kind.invalid).or_else(|| types().next()).unwrap_or_else(default);
        let encodings = || head.fields("Content-Transfer-Encoding").map(|field| Encoding::named(field.value));
        let encoding = encodings()
            .find(|encoding| *encoding != Encoding::Unknown)
            .or_else(|| encodings().next())
            .unwrap_or_default();
        let disposition = head.field("Content-Disposition").map(|field| Disposition::read(field.value, limits));
        let url = |text: String| {
            let text: String = text.split_whitespace().collect();
            let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(&text);
            (!bare.is_empty()).then(|| bare.to_owned())
        };
        Part {
            number,
            parent,
            children: Vec::new(),
            content_id: head.id("Content-ID"),
            location: head.text("Content-Location").and_then(url),
            description: head.text("Content-Description"),
            content_type,
            disposition,
            encoding,
            head,
            head_range: crate::structure::empty(),
            body: crate::structure::empty(),
            preamble: None,
            epilogue: None,
            closed: false,
            octets: &[],
        }
    }

    pub(crate) fn parameters_over(&self) -> bool {
        self.content_type.parameters.over || self.disposition.as_ref().is_some_and(|found| found.parameters.over)
    }

    /// The body as it came.
    pub fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The body without its transfer encoding. Borrowed where there is none; multiparts have none (RFC 2045 6.4).
    pub fn decoded(&self) -> Cow<'a, [u8]> {
        if self.content_type.is_multipart() && !self.children.is_empty() {
            return Cow::Borrowed(self.octets);
        }
        self.encoding.decode(self.octets)
    }

    /// The octets of the message that this part is.
    pub fn message(&self) -> Option<Cow<'a, [u8]>> {
        self.content_type.is_message().then(|| self.decoded())
    }

    /// The body as characters: by its byte order mark, its `charset`, what HTML says of itself, or a guess. Lines that flow are
    /// made one (RFC 3676).
    pub fn text(&self) -> String {
        self.text_of(&self.decoded())
    }

    pub(crate) fn text_of(&self, octets: &[u8]) -> String {
        let text = self.characters(octets);
        let says = |name, word| {
            self.content_type.parameters.get(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
        };
        if self.content_type.is("text", "plain") && says("format", "flowed") {
            return flowed::unfolded(&text, says("delsp", "yes"));
        }
        text
    }

    fn characters(&self, octets: &[u8]) -> String {
        let marked = octets.strip_prefix(b"\xef\xbb\xbf").and_then(|rest| std::str::from_utf8(rest).ok());
        if let Some(text) = marked {
            return text.to_owned();
        }
        let named = self.content_type.parameters.get("charset").and_then(Charset::find);
        let charset = match named {
            None | Some(Charset::Guess) if self.content_type.sub == "html" => html::charset(octets),
            _ => named,
        };
        charset.unwrap_or(Charset::Guess).decode(octets).into_owned()
    }

    /// The name of the file it holds: `filename`, or else `name`.
    pub fn file_name(&self) -> Option<&str> {
        let filename = self.disposition.as_ref().and_then(|found| found.parameters.get("filename"));
        let name = || self.content_type.parameters.get("name");
        filename.filter(|name| !name.is_empty()).or_else(|| name().filter(|name| !name.is_empty()))
    }

    /// It says that it is an attachment.
    pub fn is_attachment(&self) -> bool {
        self.disposition.as_ref().is_some_and(Disposition::is_attachment)
    }

    /// One word of a field that has words, in lower case: comments do not count.
    pub fn word(&self, field: &str) -> Option<String> {
        let value = self.head.field(field)?.value;
        let word = String::from_utf8_lossy(lex::first_word(value)).to_ascii_lowercase();
        (!word.is_empty()).then_some(word)
    }
}
