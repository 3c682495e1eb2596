//! Structure: where parts begin and end (RFC 2046 5.1).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{Limits, Message};

fn crlf(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// Types and bodies of all parts that hold no others.
fn leaves(octets: &[u8]) -> Vec<(String, String)> {
    let message = Message::read(octets);
    let leaf = message.parts().filter(|part| part.children.is_empty());
    leaf.map(|part| (part.content_type.essence(), String::from_utf8_lossy(part.octets()).into_owned())).collect()
}

fn bodies(octets: &[u8]) -> Vec<String> {
    leaves(octets).into_iter().map(|(_, body)| body).collect()
}

fn mixed(boundary: &str, body: &str) -> Vec<u8> {
    crlf(&format!("Subject: x\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\n\n{body}"))
}

#[test]
fn a_boundary_within_a_line_is_text() {
    let text = "Please cut at --=_Part_7 and send it back.\n1\n2\n3\n4";
    let csv = "name,cut\nx,--=_Part_7\n --=_Part_7\ny,2";
    let octets = mixed(
        "=_Part_7",
        &format!("--=_Part_7\n\n{text}\n--=_Part_7\nContent-Type: text/csv\n\n{csv}\n--=_Part_7--\n"),
    );
    assert_eq!(bodies(&octets), [text.replace('\n', "\r\n"), csv.replace('\n', "\r\n")]);
}

#[test]
fn a_boundary_within_what_is_encoded_is_text() {
    // What is decoded is compared with what stands there: a line of the decoded text may be the delimiter to the letter.
    let text = "Please cut at --=_Part_7 and send it back.\n--=_Part_7\n --=_Part_7--\n--=_Part_7--\nlast";
    let lines = [
        "Please cut at --=3D_Part_7 and send it back.\n--=3D_Part_7\n --=_Part_7--\n=2D-=_Part_7--\nlast",
        "Please cut at --=_Part_7=20and send it back.\n-=\n-=_Part_7\n=20--=_Part_7--\n--=3D=\n_Part_7--\nlast",
        "Please cut at =\n--=_Part_7 and send it =\nback.\n--=\n=_Part_7\n --=_Part_7--\n--=_Part_7-=\n-\nlast",
    ];
    let base64 = STANDARD.encode(text.replace('\n', "\r\n"));
    let lines = lines.map(|lines| ("quoted-printable", lines.to_owned()));
    for (encoding, body) in lines.into_iter().chain([
        ("base64", base64.clone()),
        ("base64", base64.as_bytes().chunks(4).map(|c| format!("{}\n", String::from_utf8_lossy(c))).collect()),
    ]) {
        let part = format!("--=_Part_7\nContent-Transfer-Encoding: {encoding}\n\n{body}\n");
        let octets = mixed("=_Part_7", &format!("{part}{part}--=_Part_7\n\nbehind\n--=_Part_7--\n"));
        let message = Message::read(&octets);
        let found: Vec<String> =
            message.parts().skip(1).map(|part| String::from_utf8_lossy(&part.decoded()).into_owned()).collect();
        let whole = text.replace('\n', "\r\n");
        assert_eq!(found, [whole.as_str(), &whole, "behind"], "{encoding} {body}");
    }
}

#[test]
fn a_boundary_is_compared_whole() {
    let octets = mixed("b", "--b\n\n--bc\n--b-\n--b--x\n-- b\n--B\nlast\n--b \t\n\ntwo\n--b-- \nafter");
    assert_eq!(bodies(&octets), ["--bc\r\n--b-\r\n--b--x\r\n-- b\r\n--B\r\nlast", "two"]);
    let inner =
        mixed("b", "--b\nContent-Type: multipart/alternative; boundary=b1\n\n--b1\n\none\n--b1--\n--b\n\ntwo\n--b--\n");
    assert_eq!(bodies(&inner), ["one", "two"]);
    let dashes = mixed(
        "b",
        "--b\nContent-Type: multipart/alternative; boundary=\"b--\"\n\n--b--\n\none\n--b----\n--b\n\ntwo\n--b--\n",
    );
    assert_eq!(bodies(&dashes), ["one", "two"]);
}

#[test]
fn an_outer_delimiter_ends_what_is_open_inside() {
    let octets = mixed(
        "out",
        "--out\nContent-Type: multipart/mixed; boundary=in\n\n--in\n\none\n--in\nContent-Type: multipart/related; boundary=deep\n\n\
         --deep\n\ntwo\n--out\n\nthree\n--in\nstill three\n--out--\nrest\n",
    );
    assert_eq!(bodies(&octets), ["one", "two", "three\r\n--in\r\nstill three"]);
}

#[test]
fn boundaries_of_two_levels_may_be_the_same() {
    let octets = mixed(
        "b",
        "--b\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n\n--b\nContent-Type: text/x\n\nfile\n--b--\n",
    );
    let message = Message::read(&octets);
    assert_eq!(bodies(&octets), ["one", "two", "file"]);
    assert_eq!(message.parts().map(|part| part.parent).collect::<Vec<_>>(), [None, Some(0), Some(1), Some(1), Some(0)]);
}

#[test]
fn a_missing_end_loses_nothing() {
    let cut = mixed("b", "--b\n\none\n--b\n\nas far as it");
    assert_eq!(bodies(&cut), ["one", "as far as it"]);
    assert!(!Message::read(&cut).root().closed);
    let again = mixed("b", "--b\n\none\n--b--\nepilogue\n--b\n\ntwo\n--b--\n");
    assert_eq!(bodies(&again), ["one", "two"]);
}

#[test]
fn preamble_and_epilogue_have_places() {
    let octets = mixed("b", "before\n--b\n\none\n--b--\nbehind\n");
    let message = Message::read(&octets);
    let at = |range: Option<std::ops::Range<usize>>| String::from_utf8_lossy(&octets[range.unwrap()]).into_owned();
    assert_eq!(at(message.root().preamble.clone()), "before");
    assert_eq!(at(message.root().epilogue.clone()), "behind\r\n");
    let part = message.part(1).unwrap();
    assert_eq!((&octets[part.body.clone()], part.head_range.len()), (&b"one"[..], 0));
    assert!(message.root().closed);
}

#[test]
fn a_boundary_that_nobody_named_is_seen() {
    let octets =
        crlf("Content-Type: multipart/mixed\n\nhello\n--xyz\nContent-Type: text/plain\n\none\n--xyz\n\ntwo\n--xyz--\n");
    assert_eq!(bodies(&octets), ["one", "two"]);
    let none = crlf("Content-Type: multipart/mixed\n\n-- \nhello\n");
    assert_eq!(bodies(&none), ["-- \r\nhello\r\n"]);
    let never = mixed("b", "text without any\n--c\n");
    assert_eq!(bodies(&never), ["text without any\r\n--c\r\n"]);
}

#[test]
fn boundaries_of_any_letters() {
    for named in ["\"a b\"", "\"a:b/c=?d\"", "a_b+c", "\"'()+_,-./:=?\"", "----=_NextPart_000_0001", "a=b"] {
        let plain = named.trim_matches('"');
        let octets =
            crlf(&format!("Content-Type: multipart/mixed; boundary={named}\n\n--{plain}\n\none\n--{plain}--\n"));
        assert_eq!(bodies(&octets), ["one"], "{named}");
    }
    let padded = crlf("Content-Type: multipart/mixed; boundary=\"b  \"\n\n--b\n\none\n--b--\n");
    assert_eq!(bodies(&padded), ["one"]);
}

#[test]
fn lines_end_as_they_like() {
    let text =
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nX-A: 1\n\none\ntwo\n--b\n\nthree\n--b--\n";
    for end in ["\n", "\r\n", "\r", "\r\r\n"] {
        let octets = text.replace('\n', end).into_bytes();
        let message = Message::read(&octets);
        assert_eq!(message.head().text("Subject").as_deref(), Some("x"), "{end:?}");
        let found = bodies(&octets);
        assert_eq!(found.len(), 2, "{end:?} {found:?}");
        assert_eq!(found[0].trim_end().replace(end, "\n"), "one\ntwo", "{end:?}");
        assert_eq!(found[1].trim_end(), "three", "{end:?}");
    }
    let stray = b"Subject: a\rb\r\n\r\nx\ry\r\n";
    assert_eq!(Message::read(stray).head().text("Subject").as_deref(), Some("a b"));
    assert_eq!(bodies(stray), ["x\ry\r\n"]);
}

#[test]
fn heads_without_an_empty_line() {
    let octets = mixed(
        "b",
        "--b\nHello there\nmore\n--b\nContent-Type: text/html\n--b\nContent-Type: text/x\n<p>not a field\n--b--",
    );
    assert_eq!(
        leaves(&octets),
        [
            ("text/plain".into(), "Hello there\r\nmore".into()),
            ("text/html".into(), String::new()),
            ("text/x".into(), "<p>not a field".to_owned())
        ]
    );
    let only = Message::read(b"Subject: nothing else");
    assert_eq!((only.head().text("Subject").as_deref(), only.root().octets()), (Some("nothing else"), &b""[..]));
    let odd = Message::read(b"Subject: a\r\nwhat is this\r\nFrom: b@c.test\r\n\r\nbody");
    assert_eq!((odd.head().all().len(), odd.root().octets()), (2, &b"body"[..]));
    let text = Message::read(b"Subject: a\r\nHello all\r\nsee you\r\n");
    assert_eq!((text.head().all().len(), text.root().octets()), (1, &b"Hello all\r\nsee you\r\n"[..]));
}

#[test]
fn what_stands_before_the_fields_of_a_file() {
    for start in ["From jane@x.test Sat Jan  3 01:05:34 1996\n", ">From jane Sat Jan  3 01:05:34 1996\n", "\u{feff}"] {
        let octets = format!("{start}Subject: x\n\nbody\n");
        let message = Message::read(octets.as_bytes());
        assert_eq!(message.head().text("Subject").as_deref(), Some("x"), "{start}");
        assert_eq!(message.root().octets(), b"body\n");
    }
    let field = Message::read(b"From : a@b.test\r\n\r\nx");
    assert_eq!(field.head().addresses("from").mailboxes[0].address, "a@b.test");
}

#[test]
fn a_digest_is_of_messages() {
    let octets = crlf(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nfirst\n--b\nContent-Type: text/plain\n\nplain\n--b--\n",
    );
    assert_eq!(
        leaves(&octets),
        [("message/rfc822".into(), "Subject: one\r\n\r\nfirst".into()), ("text/plain".into(), "plain".to_owned())]
    );
    let message = Message::read(&octets);
    let inner = message.part(1).unwrap().message().unwrap();
    assert_eq!(Message::read(&inner).head().text("Subject").as_deref(), Some("one"));
}

#[test]
fn messages_within_messages() {
    for (fields, body) in [
        ("Content-Type: message/rfc822", "Subject: in\n\ninner"),
        ("Content-Type: message/global", "Subject: in\n\ninner"),
        ("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64", "U3ViamVjdDogaW4KCmlubmVy"),
        ("Content-Type: Message/RFC822\nContent-Transfer-Encoding: quoted-printable", "Subject=3A in\n\nin=\nner"),
    ] {
        let octets = mixed("b", &format!("--b\n{fields}\n\n{body}\n--b--\n"));
        let message = Message::read(&octets);
        let inner = message.part(1).unwrap().message().unwrap().into_owned();
        let inner = Message::read(&inner);
        assert_eq!(inner.head().text("Subject").as_deref(), Some("in"), "{fields}");
        assert_eq!(inner.root().text(), "inner", "{fields}");
    }
    let inner_parts = mixed(
        "b",
        "--b\nContent-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n--b\n\ntwo\n--b--\n",
    );
    let message = Message::read(&inner_parts);
    assert_eq!(message.parts().count(), 3);
    assert_eq!(bodies(message.part(1).unwrap().octets()), ["one"]);
}

#[test]
fn what_is_over_a_budget_stays_in_the_octets() {
    let many = mixed("b", &"--b\n\nx\n".repeat(50));
    let limits = Limits { parts: 10, ..Limits::default() };
    let message = Message::within(&many, limits);
    assert_eq!((message.parts().count(), message.over().parts), (10, true));
    assert_eq!(message.root().octets().len(), many.len() - message.root().body.start);

    let mut nested = String::from("Subject: x\n");
    for level in 0..20 {
        nested.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    nested.push_str("\ndeep\n");
    let nested = crlf(&nested);
    let message = Message::within(&nested, Limits { nesting: 5, ..Limits::default() });
    assert_eq!((message.parts().count(), message.over().nesting), (6, true));
    assert!(message.part(5).unwrap().octets().ends_with(b"deep\r\n"));
    assert!(!Message::read(&nested).over().any());

    let fields = crlf(&format!("{}\nbody", "X: y\n".repeat(100)));
    let message = Message::within(&fields, Limits { fields: 10, ..Limits::default() });
    assert_eq!((message.head().all().len(), message.over().head, message.root().octets()), (10, true, &b"body"[..]));
    let message = Message::within(&fields, Limits { head_octets: 30, ..Limits::default() });
    assert!(message.over().head && message.head().all().len() == 5 && message.root().octets() == b"body");
    let long = crlf("X: 0123456789\n\nbody");
    let message = Message::within(&long, Limits { field_octets: 6, ..Limits::default() });
    assert_eq!((message.over().head, message.head().text("x").as_deref()), (true, Some("01234")));
}

#[test]
fn a_multipart_that_breaks_the_syntax_of_its_type() {
    let octets = crlf("Content-Type: multipart; boundary=b\n\n--b\n\none\n--b--\n");
    assert_eq!(bodies(&octets), ["one"]);
    let encoded =
        crlf("Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n--b\n\none\n--b--\n");
    assert_eq!(bodies(&encoded), ["one"]);
}

#[test]
fn parts_begin_where_the_empty_line_after_the_head_is_missing() {
    let parts = "--b-1\nContent-Type: text/plain\n\none\n--b-1\nContent-Type: text/html\n\n<p>two\n--b-1--\n";
    for (head, between) in [
        ("Content-Type: multipart/mixed; boundary=\"b-1\"\n", ""),
        ("Content-Type: multipart/mixed;\n boundary=b-1\nDate: x\n", " \n"),
        ("Content-Type: multipart/mixed; BOUNDARY = b-1 ; x=y\nSubject: x\n", "This is a message of several parts.\n"),
    ] {
        assert_eq!(bodies(&crlf(&format!("{head}{between}{parts}"))), ["one", "<p>two"], "{head:?} {between:?}");
        // The same within another multipart.
        let whole = format!("--a\n{head}{between}{parts}--a--\n");
        let octets = crlf(&format!("Content-Type: multipart/mixed; boundary=a\n\n{whole}"));
        assert_eq!(bodies(&octets), ["one", "<p>two"], "{head:?} {between:?}, within");
    }
    // Nobody named these: a head goes on behind odd lines.
    let octets = crlf("Subject: x\n--b-1\nContent-Type: text/html; charset=b-1\n\n<p>y\n");
    assert_eq!(leaves(&octets), [("text/html".to_owned(), "<p>y\r\n".to_owned())]);
    let octets = crlf("X: b-1\n--b-1\nContent-Type: text/html\n\n<p>y\n");
    assert_eq!(leaves(&octets), [("text/html".to_owned(), "<p>y\r\n".to_owned())]);
}
