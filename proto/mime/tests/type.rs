//! What is shown of a message and what is a file: no message with a text has an empty body.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{Message, choose};

/// Body, and names of files with a `*` for those that are shown within it.
fn shown(text: &str) -> (String, Vec<String>) {
    let octets = text.replace('\n', "\r\n").into_bytes();
    let message = Message::read(&octets);
    let shown = choose(&message);
    let names = shown.files.iter().map(|file| format!("{}{}", file.name, if file.inline { "*" } else { "" }));
    (shown.body(|text| format!("<pre>{text}</pre>")), names.collect())
}

fn mixed(kind: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
    format!("Subject: x\nContent-Type: multipart/{kind}; boundary=b\n\n{parts}--b--\n")
}

fn is(found: (String, Vec<String>), body: &str, files: &[&str]) {
    assert_eq!((found.0.as_str(), found.1.iter().map(String::as_str).collect::<Vec<_>>()), (body, files.to_vec()));
}

const PLAIN: &str = "Content-Type: text/plain\n\nplain";
const HTML: &str = "Content-Type: text/html\n\n<p>html";

#[test]
fn one_text() {
    is(shown("Subject: x\n\nhello\n"), "hello\r\n", &[]);
    is(shown("Subject: x\nContent-Type: text/html\n\n<p>hello"), "<p>hello", &[]);
    is(shown("Subject: x\nContent-Type: text/enriched\n\n<bold>hello"), "<bold>hello", &[]);
    is(shown("Subject: x\nContent-Type: text/plain; name=a.txt\n\nhello"), "hello", &[]);
    is(shown("Subject: x\nContent-Disposition: attachment\n\nhello"), "hello", &[]);
    is(shown("Subject: x\nContent-Disposition: attachment; filename=a.txt\n\nhello"), "", &["a.txt"]);
    is(shown("no field at all"), "no field at all", &[]);
    is(shown(""), "", &[]);
}

#[test]
fn the_last_alternative_that_can_be_shown() {
    is(shown(&mixed("alternative", &[PLAIN, HTML])), "<p>html", &[]);
    is(shown(&mixed("alternative", &[HTML, PLAIN])), "plain", &[]);
    is(
        shown(&mixed(
            "alternative",
            &[PLAIN, "Content-Type: text/html\n\n<html><head><title>t</title></head><body>&nbsp;</body></html>"],
        )),
        "plain",
        &[],
    );
    is(shown(&mixed("alternative", &[PLAIN, "Content-Type: text/html\n\n<img src=x>"])), "<img src=x>", &[]);
    is(
        shown(&mixed("alternative", &[PLAIN, HTML, "Content-Type: text/x-amp-html\n\n<html amp4email>"])),
        "<p>html",
        &[],
    );
    is(shown(&mixed("alternative", &["Content-Type: text/enriched\n\n<b>only"])), "<b>only", &[]);
    is(
        shown(&mixed("alternative", &[PLAIN, "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR"])),
        "plain",
        &["invite.ics"],
    );
    is(shown(&mixed("alternative", &["Content-Type: text/plain\n\n", HTML])), "<p>html", &[]);
    is(shown(&mixed("alternative", &[])), "--b--\r\n", &[]);
}

#[test]
fn texts_one_after_another() {
    let footer = "Content-Type: text/plain\n\nfooter";
    is(shown(&mixed("mixed", &[PLAIN, footer])), "plain\r\nfooter", &[]);
    is(shown(&mixed("mixed", &[HTML, footer])), "<p>html<pre>footer</pre>", &[]);
    is(shown(&mixed("mixed", &[PLAIN, "Content-Type: text/plain; name=notes.txt\n\nnotes"])), "plain", &["notes.txt"]);
    is(shown(&mixed("mixed", &[PLAIN, "Content-Type: text/csv\n\na,b"])), "plain", &["ATT00001.csv"]);
    is(
        shown(&mixed("mixed", &[PLAIN, "Content-Type: text/plain\nContent-Disposition: attachment\n\nx"])),
        "plain",
        &["ATT00001.txt"],
    );
    is(shown(&mixed("mixed", &["Content-Type: text/plain; name=a.txt\n\nfirst", footer])), "first\r\nfooter", &[]);
    is(shown(&mixed("unknown", &[PLAIN, footer])), "plain\r\nfooter", &[]);
}

#[test]
fn names_of_files() {
    let part = |fields: &str| shown(&mixed("mixed", &[PLAIN, &format!("{fields}\n\nx")])).1.concat();
    for (fields, name) in [
        ("Content-Type: application/pdf; name=a.pdf", "a.pdf"),
        ("Content-Type: application/pdf; name=a.pdf\nContent-Disposition: attachment; filename=b.pdf", "b.pdf"),
        ("Content-Type: application/pdf", "ATT00001.pdf"),
        ("Content-Type: application/x-thing", "ATT00001.bin"),
        ("Content-Type: image/png", "ATT00001.png"),
        ("Content-Type: text/plain; name=\"../../etc/notes.txt\"", "notes.txt"),
        ("Content-Type: text/plain; name=\"C:\\dir\\notes.txt\"", "notes.txt"),
        ("Content-Type: application/pdf; name=\"/\"", "attachment"),
        ("Content-Type: message/rfc822\n\nSubject: =?utf-8?q?inn=C3=A9r?=", "inn\u{e9}r"),
        ("Content-Type: message/rfc822\n\nFrom: a@b", "message"),
        ("Content-Type: message/delivery-status", "ATT00001.bin"),
    ] {
        assert_eq!(part(fields), name, "{fields}");
    }
}

#[test]
fn no_text_is_lost() {
    is(shown("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\njust text\n"), "just text\r\n", &[]);
    is(shown("Subject: x\nContent-Type: multipart/mixed\n\njust text\n"), "just text\r\n", &[]);
    is(
        shown("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nas far as it"),
        "as far as it",
        &[],
    );
    is(
        shown("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>as far"),
        "<p>as far",
        &[],
    );
    is(
        shown(
            "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment; filename=a\n\ntext",
        ),
        "",
        &["a"],
    );
    is(
        shown(&mixed("mixed", &["Content-Type: image/png\n\nx", "Content-Type: text/plain; name=a.txt\n\nhello"])),
        "hello",
        &["ATT00001.png"],
    );
    is(
        shown(&mixed("mixed", &["Content-Type: image/png\n\nx", "Content-Type: text/markdown\n\n# hello"])),
        "# hello",
        &["ATT00001.png"],
    );
    is(
        shown(&mixed("signed", &[PLAIN, "Content-Type: application/pgp-signature; name=s.asc\n\nx"])),
        "plain",
        &["s.asc"],
    );
    is(
        shown(&mixed(
            "report",
            &[
                PLAIN,
                "Content-Type: message/delivery-status\n\nx: y",
                "Content-Type: text/rfc822-headers\n\nSubject: y",
            ],
        )),
        "plain",
        &["ATT00001.bin", "ATT00002.bin"],
    );
}

#[test]
fn files_of_alternatives_are_kept() {
    let apple = "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: text/html\n\n<p>one\n--c\nContent-Type: application/pdf; name=a.pdf\n\nx\n\
                 --c\nContent-Type: text/html\n\n<p>two\n--c--";
    is(shown(&mixed("alternative", &[PLAIN, apple])), "<p>one<p>two", &["a.pdf"]);
    let other =
        "Content-Type: multipart/mixed; boundary=c\n\n--c\nContent-Type: application/pdf; name=a.pdf\n\nx\n--c--";
    is(shown(&mixed("alternative", &[other, PLAIN])), "plain", &["a.pdf"]);
}

#[test]
fn a_type_that_could_be_anything() {
    let zip = "Content-Type: zip\nContent-Transfer-Encoding: base64\n\nUEsDBBQAAAAI";
    is(shown(&mixed("mixed", &[PLAIN, zip])), "plain", &["ATT00001.txt"]);
}

/// RFC 3676: a paragraph is one line, whatever its transfer encoding; files keep their octets.
#[test]
fn lines_that_flow() {
    let flowed = "Content-Type: text/plain; Format=Flowed; DelSp=Yes\nContent-Transfer-Encoding: quoted-printable\n\n";
    is(shown(&format!("{flowed}one=20\ntwo =20\nthree\n\n> quo=20\n> ted\n")), "onetwo three\r\n\r\n> quoted\r\n", &[]);
    is(shown("Content-Type: text/plain; format=fixed\n\none \ntwo\n"), "one \r\ntwo\r\n", &[]);
    is(shown("Content-Type: text/html; format=flowed\n\none \ntwo\n"), "one \r\ntwo\r\n", &[]);
    let octets = mixed("mixed", &[PLAIN, "Content-Type: text/plain; format=flowed; name=a.txt\n\none \ntwo"]);
    let message = Message::read(octets.as_bytes());
    assert_eq!(&*choose(&message).files[0].content, b"one \ntwo");
}
