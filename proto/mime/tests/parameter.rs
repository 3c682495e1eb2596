//! Parameters (RFC 2045 5.1, RFC 2231), and types that break the syntax.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{ContentType, Disposition, Limits, Message, choose};

fn kind(value: &str) -> ContentType {
    ContentType::read(value.as_bytes(), &Limits::default())
}

fn parameter(rest: &str, name: &str) -> Option<String> {
    let value = format!("attachment{rest}");
    Disposition::read(value.as_bytes(), &Limits::default()).parameters.get(name).map(str::to_owned)
}

#[test]
fn pieces_are_joined_before_they_are_decoded() {
    let name = |rest: &str| parameter(rest, "filename").unwrap();
    for (rest, is) in [
        (
            "; filename*0*=iso-8859-1''Angebot%20f%FCr; filename*1*=%20M%FCnchen%20; filename*2=\"(neu).pdf\"",
            "Angebot f\u{fc}r M\u{fc}nchen (neu).pdf",
        ),
        ("; filename*0*=utf-8''gr%C3; filename*1*=%BCn.txt", "gr\u{fc}n.txt"),
        ("; filename*1*=%BCn.txt; filename*0*=utf-8''gr%C3", "gr\u{fc}n.txt"),
        ("; filename*0=\"long \"; filename*1=name.txt", "long name.txt"),
        ("; filename*0=a; filename*2=c", "ac"),
        ("; filename*0=a; filename*0=b; filename*1=c", "ac"),
        ("; filename*10=k; filename*9=j; filename*0=a", "ajk"),
        ("; filename*=utf-8''%e2%82%ac%20rates", "\u{20ac} rates"),
        ("; filename*=UTF-8'en'gr%c3%bcn", "gr\u{fc}n"),
        ("; filename*=gr%c3%bcn", "gr\u{fc}n"),
        ("; filename*=''gr%fcn", "gr\u{fc}n"),
        ("; filename=plain.txt; filename*=utf-8''gr%c3%bcn.txt", "gr\u{fc}n.txt"),
        ("; filename*=utf-8''gr%c3%bcn.txt; filename=plain.txt", "gr\u{fc}n.txt"),
        ("; filename*=utf-8''100%.txt", "100%.txt"),
        ("; filename*=utf-8''it's.txt", "it's.txt"),
        (
            "; filename*0*=us-ascii'en'This%20is%20; filename*1*=%2A%2A%2Afun%2A%2A%2A%20; filename*2=\"isn't it!\"",
            "This is ***fun*** isn't it!",
        ),
    ] {
        assert_eq!(name(rest), is, "{rest}");
    }
}

#[test]
fn encoded_words_where_they_do_not_belong() {
    let name = |rest: &str| parameter(rest, "filename").unwrap();
    for (rest, is) in [
        ("; filename=\"=?utf-8?q?gr=C3=BCn.txt?=\"", "gr\u{fc}n.txt"),
        ("; filename==?utf-8?q?gr=C3=BCn.txt?=", "gr\u{fc}n.txt"),
        ("; filename=\"=?utf-8?q?gr=C3?=\r\n =?utf-8?q?=BCn.txt?=\"", "gr\u{fc}n.txt"),
        ("; filename==?utf-8?q?gr?=\r\n =?utf-8?q?=C3=BCn.txt?=; x=y", "gr\u{fc}n.txt"),
        ("; filename*0=\"=?utf-8?q?gr=C3\"; filename*1=\"=BCn.txt?=\"", "gr\u{fc}n.txt"),
    ] {
        assert_eq!(name(rest), is, "{rest}");
    }
    let raw = Disposition::read(b"attachment; filename=\"gr\xfcn.txt\"", &Limits::default());
    assert_eq!(raw.parameters.get("filename"), Some("gr\u{fc}n.txt"));
}

#[test]
fn values_as_people_write_them() {
    let name = |rest: &str| parameter(rest, "filename").unwrap();
    for (rest, is) in [
        ("; filename=my file.pdf", "my file.pdf"),
        ("; filename=my file.pdf; size=3", "my file.pdf"),
        ("; filename=report (1).pdf", "report (1).pdf"),
        ("; filename=report.pdf (a comment)", "report.pdf"),
        ("; filename=\"a;b.pdf\"", "a;b.pdf"),
        ("; filename=\"a \\\"b\\\" c.pdf\"", "a \"b\" c.pdf"),
        ("; filename=\"a \"b\" c.pdf\"", "a \"b\" c.pdf"),
        ("; filename=\"C:\\dir\\a.pdf\"", "C:\\dir\\a.pdf"),
        ("; filename=\"unended.pdf; size=3", "unended.pdf"),
        ("; filename = \"a.pdf\" ; size = 3", "a.pdf"),
        ("; FileName=a.pdf", "a.pdf"),
        (" filename=a.pdf", "a.pdf"),
        (";; ;filename=a.pdf;", "a.pdf"),
        ("; filename=\"a\r\n b.pdf\"", "a b.pdf"),
        ("; x; filename=a.pdf", "a.pdf"),
        ("; size=3 filename=a.pdf", "a.pdf"),
        ("; filename=a.pdf; filename=b.pdf", "a.pdf"),
        ("; (comment) filename(other)=(third)a.pdf", "a.pdf"),
        ("; filename=a=b.pdf", "a=b.pdf"),
    ] {
        assert_eq!(name(rest), is, "{rest}");
    }
    assert_eq!(parameter("; filename=", "filename").as_deref().unwrap_or(""), "");
    let alone = Disposition::read(b"filename=a.pdf", &Limits::default());
    assert_eq!((alone.kind.as_str(), alone.parameters.get("filename")), ("", Some("a.pdf")));
}

#[test]
fn what_nothing_ends_is_letters_and_ends_with_its_field() {
    for (value, essence, name, is) in [
        ("text/html (unended; charset=koi8-r", "text/html", "charset", "koi8-r"),
        ("text/html; charset=koi8-r; (unended", "text/html", "charset", "koi8-r"),
        ("text/html; (unended charset=koi8-r", "text/html", "charset", "koi8-r"),
        ("text/html; charset=koi8-r (unended", "text/html", "charset", "koi8-r"),
        ("text/html; charset=koi8-r (unended; x=y", "text/html", "charset", "koi8-r"),
        ("text/html; charset=\"koi8-r", "text/html", "charset", "koi8-r"),
        ("text/html; charset=\"koi8-r; x=y", "text/html", "charset", "koi8-r"),
        ("text/html; charset=\"koi8-r\" (unended", "text/html", "charset", "koi8-r"),
        ("text/html; x=\"unended; charset=koi8-r", "text/html", "charset", "koi8-r"),
        ("text/html; x=\"unended\r\n\t; charset=koi8-r", "text/html", "charset", "koi8-r"),
        ("\"text/html; charset=koi8-r", "text/html", "charset", "koi8-r"),
        ("(text/html; charset=koi8-r", "text/plain", "charset", "koi8-r"),
        ("text/html; charset=koi8-r (unended (or so)", "text/html", "charset", "koi8-r"),
        ("text/html; charset=\"koi8-r\" (unended; x=\"y\"", "text/html", "charset", "koi8-r"),
        ("image/png; name=\"a.png\" (unended", "image/png", "name", "a.png"),
        ("image/png; name=\"a (1.png\"", "image/png", "name", "a (1.png"),
        ("image/png; name=a (1.png", "image/png", "name", "a (1.png"),
        ("image/png; name=\"a (1.png", "image/png", "name", "a (1.png"),
    ] {
        let octets = format!("Content-Type: {value}\r\nSubject: behind the type\r\nFrom: a@b.test\r\n\r\ntext\r\n");
        let message = Message::read(octets.as_bytes());
        let head = message.head();
        assert_eq!(head.text("Subject").as_deref(), Some("behind the type"), "{value}");
        assert_eq!(head.addresses("From").mailboxes.len(), 1, "{value}");
        let kind = &message.root().content_type;
        assert_eq!((kind.essence().as_str(), kind.parameters.get(name)), (essence, Some(is)), "{value}");
        assert_eq!(message.root().octets(), b"text\r\n", "{value}");
    }
    for boundary in ["b (unended", "\"b", "\"b\" (unended", "b; x=\"unended", "b; (unended", "b (unended; x=y"] {
        let octets =
            format!("Content-Type: multipart/mixed; boundary={boundary}\r\nX: y\r\n\r\n--b\r\n\r\none\r\n--b--\r\n");
        let message = Message::read(octets.as_bytes());
        assert_eq!(message.part(1).map(|part| part.octets()), Some(&b"one"[..]), "{boundary}");
        assert_eq!(message.head().text("X").as_deref(), Some("y"), "{boundary}");
    }
}

#[test]
fn types_are_read_by_tokens() {
    for (value, is) in [
        ("text/plain; charset=us-ascii (Plain text)", "text/plain"),
        ("(a) text (b) / (c) html (d) ; charset=utf-8", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html;", "text/html"),
        ("text/html charset=utf-8", "text/html"),
        ("\"text/html\"", "text/html"),
        ("text/html\r\n\t; charset=utf-8", "text/html"),
        ("image/svg+xml", "image/svg+xml"),
        ("application/vnd.ms-excel.sheet.12", "application/vnd.ms-excel.sheet.12"),
        ("text", "text/plain"),
        ("charset=utf-8", "text/plain"),
        ("text/plain charset=utf-8", "text/plain"),
        ("plain text; charset=utf-8", "text/plain"),
        ("text/", "text/plain"),
        ("/html", "text/plain"),
        ("", "text/plain"),
        ("; charset=utf-8", "text/plain"),
    ] {
        assert_eq!(kind(value).essence(), is, "{value}");
    }
    for value in [
        "charset=utf-8",
        "text/plain charset=utf-8",
        "plain text; charset=utf-8",
        "text; charset=\"utf-8\"",
        "text/plain; charset = UTF-8 ;",
    ] {
        assert_eq!(kind(value).parameters.get("charset").map(str::to_lowercase).as_deref(), Some("utf-8"), "{value}");
    }
    assert_eq!(kind("text/plain; charset=us-ascii (Plain text)").parameters.get("charset"), Some("us-ascii"));
    assert!(kind("text").invalid && !kind("text/html").invalid);
}

#[test]
fn an_invalid_type_is_shown_as_text() {
    for value in ["text", "charset=utf-8", "text/plain charset=utf-8", "plain text; charset=utf-8", "", "text/", "!!"] {
        let octets = format!("Subject: x\r\nContent-Type: {value}\r\n\r\nGr\u{fc}\u{df}e\r\n");
        let message = Message::read(octets.as_bytes());
        let shown = choose(&message);
        assert_eq!((shown.body(str::to_owned).as_str(), shown.files.len()), ("Gr\u{fc}\u{df}e\r\n", 0), "{value}");
    }
    let twice = Message::read(b"Content-Type: oops\r\nContent-Type: text/html\r\n\r\n<p>x");
    assert_eq!(twice.root().content_type.essence(), "text/html");
}

#[test]
fn too_many_parameters_stay_in_the_octets() {
    let many: String = (0..50).map(|n| format!("; p{n}=x")).collect();
    let limits = Limits { parameters: 10, ..Limits::default() };
    let read = ContentType::read(format!("text/plain{many}").as_bytes(), &limits);
    assert!(read.parameters.over && read.parameters.iter().count() == 10);
}

/// Writes a text as RFC 2231 pieces, cut at octets, in an order of its own.
fn pieces(text: &str, cuts: &[usize], reversed: bool) -> String {
    let octets = text.as_bytes();
    let mut at = 0;
    let mut pieces = Vec::new();
    for cut in cuts.iter().map(|cut| (at + cut).min(octets.len())).collect::<Vec<_>>() {
        let cut = cut.max(at);
        pieces.push(&octets[at..cut]);
        at = cut;
    }
    pieces.push(&octets[at..]);
    let mut written: Vec<String> = pieces
        .iter()
        .enumerate()
        .map(|(number, piece)| {
            let plain = number > 0 && piece.iter().all(u8::is_ascii_alphanumeric) && !piece.is_empty();
            let encoded: String = piece.iter().map(|byte| format!("%{byte:02X}")).collect();
            let start = if number == 0 { "utf-8''" } else { "" };
            if plain {
                format!("; filename*{number}={}", String::from_utf8_lossy(piece))
            } else {
                format!("; filename*{number}*={start}{encoded}")
            }
        })
        .collect();
    if reversed {
        written.reverse();
    }
    written.concat()
}

proptest::proptest! {
    #[test]
    fn any_pieces_come_back_whole(text in "[a-z\u{fc}\u{20ac}\u{1f600} '%;\"]{1,20}", cuts in proptest::collection::vec(0_usize..9, 0..6), reversed: bool) {
        let found = parameter(&pieces(&text, &cuts, reversed), "filename").unwrap_or_default();
        proptest::prop_assert_eq!(found, text.trim());
    }
}
