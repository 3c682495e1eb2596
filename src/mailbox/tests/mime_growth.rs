//! What reading a message costs grows as the message does, whatever it repeats; and at no time does it take more than a bounded
//! multiple of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../tests/growth/mod.rs"]
mod growth;

use ewsd_mailbox::convert::table::{Reads, Row};
use ewsd_mailbox::convert::{self, Confined, TABLE};

#[global_allocator]
static COUNTING: growth::Counting = growth::Counting;

/// Allocated at one time for a message of 1 MB, whatever it is made of.
const PEAK: usize = 32 << 20;

/// What stands before the units, a unit, what stands after them.
type Shape = (&'static str, &'static str, &'static str);

const HEAD: &str = "Subject: x\r\n";
const PARTS: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";

const SHAPES: &[Shape] = &[
    // Addresses.
    ("To: ", "a@b, ", "\r\n\r\n"),
    ("To: ", "<a@b>", "\r\n\r\n"),
    ("To: ", "\"A, B\" <a@b>,\r\n ", "\r\n\r\n"),
    ("To: ", ",", "\r\n\r\n"),
    ("To: ", "g:;", "\r\n\r\n"),
    ("To: ", "g: a@b, ", "\r\n\r\n"),
    ("To: ", "a ", "\r\n\r\n"),
    ("To: ", "<", "\r\n\r\n"),
    ("To: ", "\"", "\r\n\r\n"),
    ("To: ", "(", "\r\n\r\n"),
    ("To: ", "(x) ", "\r\n\r\n"),
    ("To: ", "\\\"", "\r\n\r\n"),
    ("To: ", "@a,@b:", "\r\n\r\n"),
    ("To: ", "=?utf-8?q?=C3=A4?= <a@b>, ", "\r\n\r\n"),
    // Fields.
    ("", "To: a@b\r\n", "\r\n"),
    ("", "Cc: a@b, c@d\r\n", "\r\n"),
    ("", "A:\r\n", "\r\n"),
    ("", "Subject: x\r\n", "\r\n"),
    ("", "Received: from a by b with c id d for <e@f>; Fri, 21 Nov 1997 09:55:06 +0000\r\n", "\r\n"),
    ("", "Date: Fri, 21 Nov 1997 09:55:06 +0000\r\n", "\r\n"),
    ("", "Content-Type: text/plain; a=b\r\n", "\r\n"),
    ("", "no field at all\r\n", "\r\n"),
    ("X: ", "x\r\n ", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?q?a?= ", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?b?w6Q=?=\r\n ", "\r\n\r\n"),
    ("Subject: ", "=?", "\r\n\r\n"),
    ("Subject: ", "=?utf-8?q?", "\r\n\r\n"),
    ("Subject: ", "Re: ", "\r\n\r\n"),
    ("Subject: ", "[x] ", "\r\n\r\n"),
    ("Subject: ", "\u{fc}", "\r\n\r\n"),
    ("References: ", "<a@b> ", "\r\n\r\n"),
    ("References: ", "<", "\r\n\r\n"),
    ("In-Reply-To: ", "a ", "\r\n\r\n"),
    ("Message-ID: <", "a", ">\r\n\r\n"),
    ("Keywords: ", "a,", "\r\n\r\n"),
    ("Keywords: ", "\"a\" ", "\r\n\r\n"),
    ("Date: ", "1 ", "\r\n\r\n"),
    ("Date: Fri, 21 Nov 1997 ", "(", "\r\n\r\n"),
    ("Thread-Index: ", "AAAA", "\r\n\r\n"),
    // Parameters.
    ("Content-Type: text/plain", "; a=b", "\r\n\r\nx"),
    ("Content-Type: text/plain", ";", "\r\n\r\nx"),
    ("Content-Type: text/plain; name=", "\"a\" ", "\r\n\r\nx"),
    ("Content-Disposition: attachment", "; filename*0*=a", "\r\n\r\nx"),
    ("Content-Disposition: attachment", "; filename*1=a; filename*0=b", "\r\n\r\nx"),
    ("Content-Disposition: attachment; filename*=utf-8''", "%C3%A4", "\r\n\r\nx"),
    ("Content-Type: multipart/mixed; boundary=", "a", "\r\n\r\n--a\r\n\r\nx"),
    // Structure.
    (PARTS, "--b\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\nTo: a@b, c@d\r\n\r\nx\r\n", "--b--\r\n"),
    (PARTS, "--b\r\n", "--b--\r\n"),
    (PARTS, "--b--\r\n", ""),
    (PARTS, "--c\r\n", "--b--\r\n"),
    (PARTS, "--bc\r\n", "--b--\r\n"),
    (PARTS, "x--b ", "\r\n--b--\r\n"),
    (PARTS, "--", "\r\n--b--\r\n"),
    (PARTS, "-", ""),
    ("", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "\r\nx"),
    ("", "Content-Type: message/rfc822\r\n\r\nSubject: y\r\n", "\r\nx"),
    (PARTS, "--b\r\nContent-Type: message/rfc822\r\n\r\nTo: a@b\r\n\r\nx\r\n", "--b--\r\n"),
    ("Content-Type: multipart/digest; boundary=b\r\n\r\n", "--b\r\n\r\nTo: a@b\r\n\r\nx\r\n", "--b--\r\n"),
    ("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n", "VG86IGEsYixjCg==", "\r\n"),
    // Bodies.
    ("Content-Transfer-Encoding: base64\r\n\r\n", "!", "\r\n"),
    ("Content-Transfer-Encoding: base64\r\n\r\n", "AAAA\r\n", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "= \r\n", "\r\n"),
    ("Content-Transfer-Encoding: quoted-printable\r\n\r\n", "=C3=A4", "\r\n"),
    ("Content-Type: text/plain; charset=utf-7\r\n\r\n", "+AOQ-", "\r\n"),
    ("\r\n", "\r\n", ""),
    ("\r\n", "word ", ""),
    ("\r\n", "/message", ""),
];

/// Octets of the answer.
fn read(row: &Row, message: &str) -> usize {
    let told = convert::answer(&Confined::claim(), row.conversion, &(row.sample)(), message.as_bytes()).unwrap();
    usize::try_from(told.length()).unwrap()
}

/// Whatever reads messages.
fn readers() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| row.reads == Reads::Message)
}

#[test]
fn reading_is_linear() {
    assert!(SHAPES.len() >= 30);
    let shapes: Vec<(String, &Shape)> = SHAPES.iter().map(|shape| (format!("{HEAD}{}", shape.0), shape)).collect();
    let units = shapes.iter().map(|(before, (_, unit, after))| (before.as_str(), *unit, *after));
    for row in readers() {
        let found = growth::faster_than_linear(units.clone(), |message| read(row, message));
        assert!(found.is_empty(), "{} grows faster than its input:\n{}", row.name, found.join("\n"));
    }
}

#[test]
fn a_message_takes_a_bounded_multiple_of_its_size() {
    for row in readers() {
        let peaks = SHAPES.iter().map(|(before, unit, after)| {
            let message = format!("{HEAD}{before}{}{after}", unit.repeat((1 << 20) / unit.len()));
            (growth::peak(|| read(row, &message)), before, unit)
        });
        let large: Vec<_> = peaks.filter(|(peak, ..)| *peak > PEAK).collect();
        assert!(large.is_empty(), "{}: {large:#?}", row.name);
    }
}
