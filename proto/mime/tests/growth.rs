//! Work grows with the octets, not faster: each unit n, 2n, 4n and 8n times, at most 2.2 for each doubling. Time is that of
//! this thread, the least of five.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use ewsd_mime::{Limits, Message, References, choose, class, decode_words};
use nix::time::{ClockId, clock_gettime};

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

fn thread_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

fn read(octets: &[u8]) {
    let message = Message::within(octets, LIMITS);
    let head = message.head();
    head.addresses("To");
    head.text("Subject");
    head.date("Date");
    head.ids("References");
    class(&message);
    choose(&message);
}

/// Of so many readings, the least of `tries` times.
fn least(octets: &[u8], readings: u32, tries: u32) -> f64 {
    let time = |_| {
        let before = thread_time();
        (0..readings).for_each(|_| read(octets));
        thread_time() - before
    };
    (0..tries).map(time).min().unwrap().as_secs_f64()
}

/// Sizes that fit into caches: what does not takes more time for each octet, and tells nothing of steps. A small one is read
/// often, so that it takes time enough. What looks wrong at a glance is measured with care, and what holds once holds: other
/// programs on the machine disturb.
fn check(name: &str, of: impl Fn(usize) -> Vec<u8>) {
    let octets = [1, 2, 4, 8].map(|times| of(1000 * times));
    let mut found = Vec::new();
    for (enough, tries) in [(0.001, 2), (0.005, 5), (0.005, 5), (0.005, 5)] {
        let mut readings = 1;
        while least(&octets[0], readings, 1) < enough {
            readings *= 2;
        }
        let times = octets.each_ref().map(|octets| least(octets, readings, tries));
        found.push(times);
        if (times[3] / times[0]).cbrt() <= 2.2 {
            return;
        }
    }
    panic!("{name:?}: {found:?}");
}

fn field(name: &str, start: &str, unit: &str, end: &str) {
    check(unit, |n| format!("{name}: {start}{}{end}\r\n\r\n", unit.repeat(n)).into_bytes());
}

#[test]
fn heads() {
    for unit in
        ["X: y\r\n", "x\r\n", "Subject: x\r\n", " \r\n", "X:\r\n y\r\n", "To: a@b\r\n", "x\r\nTo: a@b\r\n", ":\r\n"]
    {
        check(unit, |n| format!("Subject: x\r\n{}", unit.repeat(n)).into_bytes());
    }
}

#[test]
fn addresses() {
    for unit in [
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
    ] {
        field("To", "", unit, "");
        field("To", "", unit, ")\">],?=");
    }
}

#[test]
fn words_and_ids() {
    for unit in [
        "=?",
        "=?a?b?A",
        "=?utf-8?b?A?= ",
        "=?utf-8?b?R?=",
        "=?utf-8?q?=C3?= ",
        "=?a?q?",
        "?=",
        "=?=",
        "=?utf-8?b?AAAB?= ",
    ] {
        field("Subject", "", unit, "?=");
        field("Subject", "=?utf-8?b?R?= ", unit, "");
    }
    for unit in ["<", "<a@b> ", "(", "(a)", "\"", "a@b "] {
        field("References", "", unit, "");
        field("References", "<", unit, ">");
    }
}

#[test]
fn parameters() {
    for unit in [
        "; a=b",
        ";a",
        "; a=\"b",
        "; a=\"b\"c",
        "; a*0=b",
        "; a*0*=%41",
        "(",
        "; a=(",
        " a=b",
        "; a=\"\\",
        "\"",
        "=",
        "a ",
        "; a=b (",
    ] {
        field("Content-Type", "text/plain", unit, "");
        field("Content-Type", "text/plain; x=\"", unit, "\";)");
    }
    check("numbered", |n| {
        let pieces: String = (0..n).map(|number| format!("; a*{number}=x")).collect();
        format!("Content-Type: text/plain{pieces}\r\n\r\n").into_bytes()
    });
    check("named", |n| {
        let pieces: String = (0..n).map(|number| format!("; a{number}=x")).collect();
        format!("Content-Type: text/plain{pieces}\r\n\r\n").into_bytes()
    });
}

#[test]
fn structures() {
    let start = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let alternative = "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\nContent-Type: text/html\r\n\r\ny\r\n";
    for unit in [
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
        alternative,
    ] {
        check(unit, |n| format!("{start}{}", unit.repeat(n)).into_bytes());
    }
    let nested: String =
        (0..99).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    check("deep", |n| format!("{nested}\r\n{}", "--x\r\n".repeat(n)).into_bytes());
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
        check(unit, |n| format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{}", unit.repeat(n)).into_bytes());
    }
    for charset in ["utf-7", "hz", "iso-2022-kr", "utf-16", "utf-32", "cp850", "gb2312", "x"] {
        check(charset, |n| {
            format!("Content-Type: text/plain; charset={charset}\r\n\r\n{}", "+AOQ~{\u{fc}".repeat(n)).into_bytes()
        });
    }
}

#[test]
fn html() {
    let start = "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-ID: <a>\r\nContent-Type: image/png\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n";
    for unit in [
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
    ] {
        check(unit, |n| format!("{start}{}", unit.repeat(n)).into_bytes());
    }
    assert!(References::of("").has(None, None) == decode_words("").contains('x'));
}

#[test]
fn flowed() {
    for unit in ["a \r\n", ">", "> a \r\n", ">a \n>>b \n", "-- \r\n", " \n", " ", ">\r\n"] {
        for delsp in ["no", "yes"] {
            check(unit, |n| {
                format!("Content-Type: text/plain; format=flowed; delsp={delsp}\r\n\r\n{}", unit.repeat(n)).into_bytes()
            });
        }
    }
}
