//! The texts that find a message, each with its place in it, and the texts that find what is attached: of texts, HTML and
//! messages what they say, of anything else the name alone.

use std::borrow::Cow;

use ewsd_mime::{Charset, ContentType, Head, Limits, Message, Part};
use ewsd_model::Value;
use ewsd_model::property::Column;
use ewsd_model::value::Mailbox;
use ewsd_store::{Area, Columns, SEARCHED};

use super::parse::beginning;
use crate::convert::html;

/// To, Cc and Bcc.
pub type Lists = [Vec<Mailbox>; 3];

/// Texts with their places, as the store takes them.
pub type Texts = Vec<(Area, String)>;

/// Octets of an attached text that are read.
const TEXT: usize = 1 << 20;
/// Octets of an attached message that are read.
const MESSAGE: usize = 8 << 20;
/// Messages in one another that are read.
const DEPTH: usize = 3;
/// Attachments of an attached message that are read.
const FILES: usize = 100;

/// The texts of an item: people and subject out of its columns and lists, `others` who wrote it besides, and its body without
/// markup.
pub(super) fn texts(columns: &Columns, others: &[Mailbox], lists: &Lists, body: &str) -> Texts {
    let mut texts = Vec::new();
    let person = |one: &Mailbox| {
        let (name, address) = (one.name.as_deref().unwrap_or_default(), one.address.as_deref().unwrap_or_default());
        if name == address { address.to_owned() } else { format!("{name} {address}") }
    };
    let mut authors: Vec<String> = Vec::new();
    for column in [Column::From, Column::Sender] {
        if let Some(Value::Mailbox(one)) = columns.get(column) {
            authors.push(person(one));
        }
    }
    if let Some(name) = columns.text(Column::FromName) {
        authors.push(name.to_owned());
    }
    authors.extend(others.iter().map(person));
    authors.dedup();
    texts.extend(authors.into_iter().map(|text| (Area::From, text)));
    if let Some(subject) = columns.text(Column::Subject) {
        texts.push((Area::Subject, subject.to_owned()));
    }
    for (area, list) in [Area::To, Area::Cc, Area::Bcc].into_iter().zip(lists) {
        texts.extend(list.iter().map(|one| (area, person(one))));
    }
    texts.push((Area::Body, beginning(body, SEARCHED).to_owned()));
    texts
}

/// The words of a file: what it says, if it is a text. `content_type` with its parameters, if it has some.
pub(in crate::convert) fn of_file(content_type: Option<&str>, name: &str, content: &[u8]) -> String {
    let told = content_type.map(|told| ContentType::read(told.as_bytes(), &Limits::default()));
    let kind = told.filter(|kind| !kind.is("application", "octet-stream") && !kind.invalid);
    let charset = kind.as_ref().and_then(|kind| kind.parameters.get("charset")).and_then(Charset::find);
    let (is_text, is_html) = match &kind {
        Some(kind) if kind.is_message() => return of_message(content),
        Some(kind) => (is_text(kind), kind.sub == "html"),
        None => by_name(name),
    };
    let content = content.get(..TEXT).unwrap_or(content);
    if !is_text || (content.contains(&0) && charset.is_none()) {
        return String::new();
    }
    words(&charset.unwrap_or(Charset::Guess).decode(content), is_html)
}

/// The words of a message that is attached: as if it were a text.
pub(in crate::convert) fn of_message(content: &[u8]) -> String {
    let mut out = String::new();
    add_message(content, DEPTH, &mut out);
    out
}

/// The words of a part of a message, which has a file of this content.
pub(super) fn of_part(part: &Part<'_>, content: &[u8]) -> String {
    let mut out = String::new();
    add_part(part, content, DEPTH, &mut out);
    out
}

fn add_message(content: &[u8], depth: usize, out: &mut String) {
    let Some(depth) = depth.checked_sub(1).filter(|_| out.len() < SEARCHED) else { return };
    let message = Message::read(content.get(..MESSAGE).unwrap_or(content));
    add_head(message.head(), out);
    let shown = ewsd_mime::choose(&message);
    for piece in &shown.pieces {
        add(&words(&piece.text, piece.html), out);
    }
    for file in shown.files.iter().take(FILES) {
        add(&file.name, out);
        if let Some(part) = message.part(file.part).filter(|part| part.content_type.essence() == file.content_type) {
            add_part(part, &file.content, depth, out);
        }
    }
}

fn add_head(head: &Head<'_>, out: &mut String) {
    add(&head.text("Subject").unwrap_or_default(), out);
    for field in ["From", "To", "Cc"] {
        for one in head.addresses(field).mailboxes {
            add(one.name.as_deref().unwrap_or_default(), out);
            add(&one.address, out);
        }
    }
}

fn add_part(part: &Part<'_>, content: &[u8], depth: usize, out: &mut String) {
    let kind = &part.content_type;
    if kind.is_message() {
        add_message(content, depth, out);
    } else if is_text(kind) && content.len() <= TEXT {
        add(&words(&part.text(), kind.sub == "html"), out);
    } else {
        let told = match kind.parameters.get("charset") {
            Some(charset) => format!("{}; charset={charset}", kind.essence()),
            None => kind.essence(),
        };
        add(&of_file(Some(&told), part.file_name().unwrap_or_default(), content), out);
    }
}

fn add(text: &str, out: &mut String) {
    let room = SEARCHED.saturating_sub(out.len());
    out.push_str(beginning(text, room));
    out.push('\n');
}

fn words(text: &str, is_html: bool) -> String {
    let text = if is_html { Cow::Owned(html::to_words(text)) } else { Cow::Borrowed(text) };
    beginning(&text, SEARCHED).to_owned()
}

/// Whether what is of the type can be read as it is.
fn is_text(kind: &ContentType) -> bool {
    let is_data = || {
        let sub = kind.sub.as_str();
        matches!(sub, "json" | "xml" | "javascript" | "yaml" | "toml")
            || sub.ends_with("+xml")
            || sub.ends_with("+json")
    };
    (kind.main == "text" && kind.sub != "rtf") || (kind.main == "application" && is_data())
}

/// Of a file that does not say what it is: whether it is a text, and HTML.
fn by_name(name: &str) -> (bool, bool) {
    const TEXTS: [&str; 11] = ["txt", "csv", "md", "log", "html", "htm", "xml", "json", "ics", "vcf", "tex"];
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    (TEXTS.contains(&ending.as_str()), ending.starts_with("htm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_others_are_not() {
        for (content_type, name, content, expected) in [
            (Some("text/plain"), "a", b"plain w\xc3\xb6rds".as_slice(), "plain w\u{f6}rds"),
            (Some("text/plain; charset=iso-8859-2"), "a", b"\xb1", "\u{105}"),
            (Some("TEXT/HTML"), "a", b"<p>one <b>two</b></p>", "one two\r\n"),
            (Some("application/ld+json"), "a", b"{}", "{}"),
            (Some("application/octet-stream"), "notes.TXT", b"notes", "notes"),
            (None, "page.htm", b"<i>x</i>", "x\r\n"),
            (Some("application/pdf"), "a.txt", b"%PDF", ""),
            (Some("application/octet-stream"), "a.bin", b"x", ""),
            (Some("text/plain"), "a", b"a\0b", ""),
        ] {
            assert_eq!(of_file(content_type, name, content), expected, "{content_type:?} {name}");
        }
    }

    #[test]
    fn attached_messages_are_read_to_some_depth() {
        let mut message = "Subject: deepest\r\n\r\nwords".to_owned();
        for level in ["three", "two", "one"] {
            message = format!(
                "From: Ann <{level}@x.test>\r\nSubject: {level}\r\nContent-Type: multipart/mixed; boundary=b{level}\r\n\r\n\
                 --b{level}\r\n\r\ntext of {level}\r\n--b{level}\r\nContent-Type: message/rfc822\r\n\r\n{message}\r\n\
                 --b{level}\r\nContent-Type: text/csv; name={level}.csv\r\n\r\ncells of {level}\r\n--b{level}--\r\n"
            );
        }
        let words = of_file(Some("message/rfc822"), "", message.as_bytes());
        for found in ["one@x.test", "text of one", "cells of one", "one.csv", "text of two", "text of three"] {
            assert!(words.contains(found), "{found}: {words}");
        }
        // The name of what is attached is its subject.
        assert!(words.contains("deepest") && !words.contains("words"), "{words}");
    }
}
