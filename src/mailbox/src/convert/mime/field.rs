//! How fields are written: in lines of 78 characters where they have blanks (RFC 5322 2.1.1), in encoded words where they are
//! beyond ASCII (RFC 2047). mail-builder puts encoded words between quotes, where they are none (5, 3), and makes longer ones
//! than 75 characters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_model::value::Mailbox;

/// Characters of a line.
const LINE: usize = 76;
/// Octets of an encoded word before they are encoded: 64 characters after, so that it has room behind `Subject:` (RFC 2047 2).
const ENCODED: usize = 39;
/// Longer words are encoded, so that no line is longer than SMTP allows.
const WORD: usize = 900;
/// Octets of a quoted name, and of a parameter's value, that stands on a line as a whole.
const QUOTED: usize = 60;
/// Characters of each piece of a parameter that goes on several lines.
const PIECE: usize = 45;

/// The fields of a head, each with its line ends.
#[derive(Debug, Default)]
pub(super) struct Fields {
    out: Vec<u8>,
    /// Characters of the line that is being written.
    column: usize,
}

impl Fields {
    pub fn into_octets(self) -> Vec<u8> {
        self.out
    }

    /// One whose syntax is ASCII.
    pub fn raw(&mut self, name: &str, value: &str) {
        self.begin(name);
        for (at, word) in words(value).enumerate() {
            self.word(word, at > 0);
        }
        self.end();
    }

    /// One that is text for people, or that came so.
    pub fn text(&mut self, name: &str, value: &str) {
        if is_plain(value) && words(value).all(|word| word.len() < WORD) {
            return self.raw(name, value);
        }
        self.begin(name);
        self.encoded(value);
        self.end();
    }

    pub fn mailboxes<'m>(&mut self, name: &str, mailboxes: impl Iterator<Item = &'m Mailbox>) {
        self.begin(name);
        let mut mailboxes = mailboxes.enumerate().peekable();
        while let Some((at, mailbox)) = mailboxes.next() {
            let end = if mailboxes.peek().is_some() { "," } else { "" };
            let address = mailbox.address.as_deref().unwrap_or_default();
            let called = mailbox.name.as_deref().filter(|name| *name != address && !name.is_empty());
            let is_named = called.is_some();
            if let Some(called) = called.map(super::build::one_line) {
                if is_plain(&called) && called.len() <= QUOTED {
                    self.word(&quoted(&called), at > 0);
                } else {
                    self.encoded(&called);
                }
            }
            self.word(&format!("<{}>{end}", super::build::one_word(address)), at > 0 || is_named);
        }
        self.end();
    }

    /// One of a kind and parameters, whose values are written as RFC 2231 has it where they are long or beyond ASCII. Those
    /// without a value are left out.
    pub fn parameters<'p>(&mut self, name: &str, kind: &str, parameters: impl Iterator<Item = (&'p str, &'p str)>) {
        let mut words = vec![kind.to_owned()];
        for (name, value) in parameters.filter(|(_, value)| !value.is_empty()) {
            if is_plain(value) && value.len() <= QUOTED {
                words.push(format!("{name}={}", quoted(value)));
                continue;
            }
            let pieces = pieces(value);
            words.extend(pieces.iter().enumerate().map(|(at, piece)| {
                let number = if pieces.len() > 1 { format!("*{at}") } else { String::new() };
                let charset = if at == 0 { "utf-8''" } else { "" };
                format!("{name}{number}*={charset}{piece}")
            }));
        }
        self.begin(name);
        let last = words.len() - 1;
        for (at, word) in words.iter().enumerate() {
            let end = if at < last { ";" } else { "" };
            self.word(&format!("{word}{end}"), at > 0);
        }
        self.end();
    }

    fn begin(&mut self, name: &str) {
        self.column = 0;
        self.push(name);
        self.push(":");
    }

    fn end(&mut self) {
        self.push("\r\n");
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }

    /// On a line of its own, if it must be and `folds`.
    fn word(&mut self, word: &str, folds: bool) {
        if folds && self.column + 1 + word.len() > LINE {
            self.push("\r\n");
            self.column = 0;
        }
        self.push(" ");
        self.push(word);
    }

    fn encoded(&mut self, text: &str) {
        encoded_words(text).iter().for_each(|word| self.word(word, true));
    }
}

/// A text as encoded words (RFC 2047), none with part of a character.
pub fn encoded_words(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for c in text.chars() {
        match parts.last_mut() {
            Some(part) if part.len() + c.len_utf8() <= ENCODED => part.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    parts.iter().map(|part| format!("=?utf-8?B?{}?=", STANDARD.encode(part))).collect()
}

/// ASCII that nobody takes for encoded words.
fn is_plain(text: &str) -> bool {
    text.is_ascii() && !text.split_once("=?").is_some_and(|(_, rest)| rest.contains("?="))
}

/// What stands between single blanks; other blanks belong to the words, so that no line consists of them.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let octets = text.as_bytes();
    let is_blank = |at: usize| octets.get(at).is_none_or(|byte| *byte == b' ');
    let mut begun = Some(0);
    std::iter::from_fn(move || {
        let start = begun?;
        let splits = |at: &usize| is_blank(*at) && *at > start && !is_blank(*at - 1) && !is_blank(*at + 1);
        let end = (start..text.len()).find(splits);
        begun = end.map(|end| end + 1);
        text.get(start..end.unwrap_or(text.len()))
    })
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// attribute-char (RFC 2231 7).
fn is_attribute(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`{|}~".contains(&byte)
}

fn pieces(value: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for byte in value.bytes() {
        let octet = if is_attribute(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        match pieces.last_mut().filter(|piece| piece.len() + octet.len() <= PIECE) {
            Some(piece) => piece.push_str(&octet),
            None => pieces.push(octet),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_mime::{Head, Limits, Message};

    fn written(write: impl FnOnce(&mut Fields)) -> String {
        let mut fields = Fields::default();
        write(&mut fields);
        String::from_utf8(fields.into_octets()).unwrap()
    }

    fn is_short(text: &str) -> bool {
        text.lines().all(|line| line.len() <= 76 && !line.trim().is_empty())
    }

    #[test]
    fn names_are_encoded_outside_of_quotes_in_words_that_fit() {
        let long = "\u{418}\u{432}\u{430}\u{43d} ".repeat(20).trim().to_owned();
        let names = ["J\u{fc}rgen", "Doe, \"J\"", "=?utf-8?B?QQ==?=", long.as_str(), ""];
        let people = names.map(|name| Mailbox {
            name: Some(name.to_owned()),
            address: Some("someone@example.test".to_owned()),
            routing: None,
            kind: None,
            item: None,
        });
        let text = written(|fields| fields.mailboxes("Disposition-Notification-To", people.iter()));
        assert!(text.is_ascii() && is_short(&text) && !text.contains("\"=?"), "{text}");
        assert!(text.contains("\"Doe, \\\"J\\\"\" <someone@example.test>,"), "{text}");
        let found = Head::read(text.as_bytes(), Limits::default()).addresses("Disposition-Notification-To").mailboxes;
        let found: Vec<_> = found.iter().map(|one| one.name.clone().unwrap_or_default()).collect();
        assert_eq!(found, names);
    }

    #[test]
    fn ascii_is_folded_and_not_encoded() {
        let value = format!("from a.test  (b) by c.test; {} <https://a.test/?x=?y> ", "keydata=abc ".repeat(20));
        let text = written(|fields| fields.text("Received", &value));
        assert!(is_short(&text), "{text}");
        assert_eq!(text.replace("\r\n ", " "), format!("Received: {value}\r\n"));
        let odd = written(|fields| fields.text("Subject", &"x".repeat(2000)));
        assert!(is_short(&odd) && odd.contains("=?utf-8?B?"), "{odd}");
        let read = Head::read(odd.as_bytes(), Limits::default()).text("Subject");
        assert_eq!(read, Some("x".repeat(2000)));
    }

    #[test]
    fn parameters_are_read_as_they_were() {
        for name in
            ["plain name.txt", "r\u{e9}sum\u{e9}.pdf", &"\u{65e5}\u{672c} ".repeat(30), &"long name ".repeat(20)]
        {
            let name = name.trim();
            let parameters = [("charset", "utf-8"), ("name", name)];
            let text = written(|fields| fields.parameters("Content-Type", "text/plain", parameters.into_iter()));
            assert!(text.is_ascii() && !text.contains("=?") && is_short(&text), "{text}");
            let message = Message::read(text.as_bytes());
            let parameters = &message.root().content_type.parameters;
            assert_eq!((parameters.get("charset"), parameters.get("name")), (Some("utf-8"), Some(name)), "{text}");
        }
    }
}
