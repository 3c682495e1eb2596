//! Message ids (RFC 5322 3.6.4, 4.5.4): one reader for all fields that have them.
#![allow(clippy::unwrap_used)]

use ewsd_mime::{Head, Limits};

fn one(value: &str) -> Option<String> {
    read("Message-ID", value, |head| head.id("Message-ID"))
}

fn all(value: &str) -> Vec<String> {
    read("References", value, |head| head.ids("References"))
}

/// Reading one field ends with it: what is behind it is there.
fn read<T>(name: &str, value: &str, ids: impl Fn(&Head) -> T) -> T {
    let octets = format!("{name}: {value}\r\nSubject: behind the id\r\nIn-Reply-To: <z@y.test>\r\n\r\n");
    let head = Head::read(octets.as_bytes(), Limits::default());
    assert_eq!(head.text("Subject").as_deref(), Some("behind the id"), "{value}");
    assert_eq!(head.ids("In-Reply-To"), ["z@y.test"], "{value}");
    ids(&head)
}

#[test]
fn an_id_on_two_lines_is_one_id() {
    let id = "a-very-long-id-of-a-big-system.0123456789abcdef@mail.example.net";
    assert_eq!(one("<a-very-long-id-of-a-big-system.0123456789\r\n\tabcdef@mail.example.net>").as_deref(), Some(id));
    assert_eq!(all("<a-very-long-id-of-a-big-system.0123456789\r\n\tabcdef@mail.example.net>"), [id]);
    assert_eq!(one("\r\n <x@y.test>").as_deref(), Some("x@y.test"));
}

#[test]
fn ids_free_of_blanks_and_comments() {
    for (value, is) in [
        ("<x@y.test>", "x@y.test"),
        ("< x @ y.test >", "x@y.test"),
        ("(comment) <x@y.test> (other)", "x@y.test"),
        ("<x(comment)@y.test>", "x@y.test"),
        ("<x @(comment)y . test>", "x@y.test"),
        ("<a(b)c@y.test>", "a(b)c@y.test"),
        ("<a(b@y.test>", "a(b@y.test"),
        ("<\"quoted local\"@y.test>", "\"quotedlocal\"@y.test"),
        ("<no-at-all>", "no-at-all"),
        ("x@y.test", "x@y.test"),
        ("no brackets and no sign", "nobracketsandnosign"),
        ("<x@y.test", "x@y.test"),
        ("x@y.test>", "x@y.test"),
        ("<x@y.test> <z@y.test>", "x@y.test"),
        ("<x@[127.0.0.1]>", "x@[127.0.0.1]"),
        ("<<x@y.test>>", "x@y.test"),
    ] {
        assert_eq!(one(value).as_deref(), Some(is), "{value}");
    }
    assert_eq!((one(""), one("<>"), one("( )")), (None, None, None));
}

#[test]
fn what_nothing_ends_is_letters_and_ends_with_its_field() {
    for (value, is) in [
        ("(unended <a@x.test>", &["a@x.test"][..]),
        ("<a@x.test> (unended", &["a@x.test"]),
        ("<a@x.test> (unended (or so) <b@x.test>", &["a@x.test", "b@x.test"]),
        ("<a@x.test> (unended \\) <b@x.test>", &["a@x.test", "b@x.test"]),
        ("\"unended <a@x.test>", &["a@x.test"]),
        ("<a@x.test> \"unended <b@x.test>", &["a@x.test", "b@x.test"]),
        ("\"a\" \"unended \\\" <a@x.test>", &["a@x.test"]),
        ("<a@x.test> \"unended\r\n\t<b@x.test>", &["a@x.test", "b@x.test"]),
        ("<\"a@x.test>", &["\"a@x.test"]),
        ("<a\"b@x.test> (\" <b(c@x.test>", &["a\"b@x.test", "b(c@x.test"]),
        ("<(a@x.test>", &["(a@x.test"]),
        ("<a@x.test", &["a@x.test"]),
    ] {
        assert_eq!(all(value), is, "{value}");
        assert_eq!(one(value).as_deref(), is.first().copied(), "{value}");
    }
}

#[test]
fn lists_of_ids_and_old_answers() {
    for (value, is) in [
        ("<a@x.test> <b@x.test>", &["a@x.test", "b@x.test"][..]),
        ("<a@x.test>,<b@x.test>\r\n\t<c@x.test>", &["a@x.test", "b@x.test", "c@x.test"]),
        ("<a@x.test><b@x.test>", &["a@x.test", "b@x.test"]),
        ("Your message of \"Mon, 1 Jan <not@this.test>\" <a@x.test>", &["a@x.test"]),
        ("Jane <jane's words> of Monday <a@x.test>", &["jane'swords", "a@x.test"]),
        ("a@x.test, b@x.test", &["a@x.test", "b@x.test"]),
        ("message of Monday", &[]),
        ("<a@x.test> (see <b@x.test>)", &["a@x.test", "b@x.test"]),
        ("<a@x.test <b@x.test>", &["a@x.test", "b@x.test"]),
        ("", &[]),
    ] {
        assert_eq!(all(value), is, "{value}");
    }
    let many = "<a@x.test> ".repeat(50);
    let limits = Limits { ids: 10, ..Limits::default() };
    assert_eq!(Head::read(format!("References: {many}\r\n\r\n").as_bytes(), limits).ids("References").len(), 10);
}
