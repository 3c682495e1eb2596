//! Reading a message takes time and memory in proportion to its size, whatever it repeats.
#![allow(clippy::unwrap_used)]

#[path = "../../../tests/growth/mod.rs"]
mod growth;

use std::cell::Cell;
use std::hint::black_box;
use std::time::Duration;

use ewsd_mime::{Limits, Message, choose, class};

#[global_allocator]
static COUNTING: growth::Counting = growth::Counting;

/// Budgets that bound nothing here: what grows faster is to show.
const LIMITS: Limits = Limits {
    head_octets: usize::MAX,
    fields: usize::MAX,
    all_fields: usize::MAX,
    field_octets: usize::MAX,
    addresses: usize::MAX,
    ids: usize::MAX,
    parts: usize::MAX,
    nesting: 100,
    parameters: usize::MAX,
};

/// Reads all that is read of a message; makes nothing.
fn read(message: &str) -> usize {
    let message = Message::within(message.as_bytes(), LIMITS);
    let head = message.head();
    head.addresses("To");
    head.text("Subject");
    head.date("Date");
    head.ids("References");
    class(&message);
    choose(&message);
    0
}

/// Each of `units`, repeated between the ends of each of `around`.
fn check(around: &[(&str, &str)], units: &[&str]) {
    let shapes = around.iter().flat_map(|(before, after)| units.iter().map(move |unit| (*before, *unit, *after)));
    let found = growth::faster_than_linear(shapes, read);
    assert!(found.is_empty(), "grows faster than its input:\n{}", found.join("\n"));
}

/// What the other tests rest upon.
#[test]
fn tells_what_grows_with_the_square() {
    let square = |text: &str| (text.len() * text.len()) >> 14;
    let rows = Cell::new(0);
    let others = || (rows.get(), Duration::ZERO);
    let told = |work: &dyn Fn(&str) -> usize| growth::faster_than_linear_with(["x"], work, &others).concat();
    assert_eq!(told(&|text| text.len() + text.matches('x').count()), "");
    assert!(told(&|text| black_box(Vec::<u8>::with_capacity(square(text))).len()).contains("octets allocated"));
    assert!(told(&square).contains("octets written"));
    let read = |text: &str| {
        rows.set(rows.get() + square(text) as u64);
        0
    };
    assert!(told(&read).contains("rows"));
    let counted = if cfg!(ewsd_coverage) { "steps" } else { "time" };
    assert!(
        told(&|text| (0..square(text)).map(black_box).filter(|step| *step == usize::MAX).count()).contains(counted)
    );
}

#[test]
fn heads() {
    check(
        &[("Subject: x\r\n", "")],
        &["X: y\r\n", "x\r\n", "Subject: x\r\n", " \r\n", "X:\r\n y\r\n", "To: a@b\r\n", "x\r\nTo: a@b\r\n", ":\r\n"],
    );
}

#[test]
fn addresses() {
    check(
        &[("To: ", "\r\n\r\n"), ("To: ", ")\">],?=\r\n\r\n")],
        &[
            "(",
            "(a",
            "\"",
            "<",
            "[",
            "a,",
            "a@b,",
            ":",
            "a:",
            "a@b ",
            "<a@b",
            "=?",
            "=?a?q?x ",
            "=?a?q?x?= ",
            "\\",
            "Doe, ",
            ". ",
            "<a@b>(c)",
            "@",
        ],
    );
}

#[test]
fn words_and_ids() {
    check(
        &[("Subject: ", "?=\r\n\r\n"), ("Subject: =?utf-8?b?R?= ", "\r\n\r\n")],
        &[
            "=?",
            "=?a?b?A",
            "=?utf-8?b?A?= ",
            "=?utf-8?b?R?=",
            "=?utf-8?q?=C3?= ",
            "=?a?q?",
            "?=",
            "=?=",
            "=?utf-8?b?AAAB?= ",
        ],
    );
    check(&[("References: ", "\r\n\r\n"), ("References: <", ">\r\n\r\n")], &["<", "<a@b> ", "(", "(a)", "\"", "a@b "]);
}

#[test]
fn parameters() {
    check(
        &[("Content-Type: text/plain", "\r\n\r\n"), ("Content-Type: text/plain; x=\"", "\";)\r\n\r\n")],
        &[
            "; a=b",
            ";a",
            "; a=\"b",
            "; a=\"b\"c",
            "; a*0=b",
            "; a*0*=%41",
            "; a*{n}=x",
            "; a{n}=x",
            "(",
            "; a=(",
            " a=b",
            "; a=\"\\",
            "\"",
            "=",
            "a ",
            "; a=b (",
        ],
    );
}

#[test]
fn structures() {
    let start = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    check(
        &[(start, "")],
        &[
            "--b\r\n\r\nx\r\n",
            "--b\r\nx\r\n",
            "--b\r\n",
            "--b--\r\n",
            "--\r\n",
            "x\r\n",
            "--b\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\n",
            "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
            "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n",
            "--b\r\nX: y\r\nz\r\n",
            "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\n\
             Content-Type: text/html\r\n\r\ny\r\n",
        ],
    );
    let nested: String =
        (0..99).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    check(&[(&format!("{nested}\r\n"), "")], &["--x\r\n"]);
}

#[test]
fn bodies() {
    for (encoding, unit) in [
        ("base64", "AAAA"),
        ("base64", "A="),
        ("base64", "!A"),
        ("quoted-printable", "=41"),
        ("quoted-printable", "=\r\n"),
        ("quoted-printable", " "),
        ("quoted-printable", "="),
        ("x-uuencode", "begin 644 a\r\n"),
        ("7bit", "begin 644 a\r\n#0V%T\r\n"),
        ("7bit", "begin 644 a\r\n#0V%T\r\nend\r\n"),
    ] {
        check(&[(&format!("Content-Transfer-Encoding: {encoding}\r\n\r\n"), "")], &[unit]);
    }
    for charset in ["utf-7", "hz", "iso-2022-kr", "utf-16", "utf-32", "cp850", "gb2312", "x"] {
        check(&[(&format!("Content-Type: text/plain; charset={charset}\r\n\r\n"), "")], &["+AOQ~{\u{fc}"]);
    }
}

#[test]
fn html() {
    let start = "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-ID: <a>\r\nContent-Type: image/png\r\n\r\n\
        --b\r\nContent-Type: text/html\r\n\r\n";
    check(
        &[(start, "")],
        &[
            "<",
            "<a",
            "<a b",
            "<a b=",
            "<a b=\"",
            "<a b='",
            "<a b=\"cid:x\">",
            "cid:",
            "(cid:",
            "&",
            "&#",
            "<meta",
            "<!--",
            "<a b=\"&#",
            "<img src=cid:a>",
            "<style>",
            "='cid:(cid:",
        ],
    );
}

#[test]
fn flowed() {
    let around = ["no", "yes"].map(|delsp| format!("Content-Type: text/plain; format=flowed; delsp={delsp}\r\n\r\n"));
    check(
        &around.each_ref().map(|start| (start.as_str(), "")),
        &["a \r\n", ">", "> a \r\n", ">a \n>>b \n", "-- \r\n", " \n", " ", ">\r\n"],
    );
}
