//! What a message may cost, and what is left of one that would cost more.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;
use proptest::prelude::*;

fn view(mime: &[u8]) -> Vec<u8> {
    View::of(mime).octets.into_owned()
}

fn count(octets: &[u8], word: &str) -> usize {
    octets.windows(word.len()).filter(|window| *window == word.as_bytes()).count()
}

#[test]
fn what_is_within_the_budgets_is_not_copied() {
    for mime in [
        &b""[..],
        b"Subject: x\r\n\r\nbody\r\n",
        b"no field\n\n\n",
        b"Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b\n\nx\n--a b--\nepilogue",
        b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: y\r\n\r\nz\r\n--b--\r\n",
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==\r\n",
    ] {
        assert!(matches!(View::of(mime).octets, Cow::Borrowed(_)), "{}", String::from_utf8_lossy(mime));
    }
}

#[test]
fn addresses_are_read_up_to_a_number() {
    for one in ["a@b, ", "<a@b>", "x:;", ",", "\"a\" <a@b>,\r\n "] {
        let mime = format!("Subject: s\r\nTo: {}\r\nX: y\r\n\r\nbody", one.repeat(200_000));
        let view = view(mime.as_bytes());
        assert!(view.len() < 2 * FIELD, "{one}: {}", view.len());
        assert!(view.starts_with(b"Subject: s\r\nTo: ") && view.ends_with(b"\r\nX: y\r\n\r\nbody"), "{one}");
        let many = format!("Subject: s\r\n{}\r\nbody", format!("To: {}\r\n", one.repeat(1000)).repeat(500));
        let view = self::view(many.as_bytes());
        let marks = view.iter().filter(|byte| b",;:<".contains(byte)).count();
        assert!(marks <= HEAD.marks + 1100 && view.ends_with(b"\r\n\r\nbody"), "{one}: {marks}");
    }
}

#[test]
fn fields_are_read_up_to_a_number_and_those_that_are_needed_beyond() {
    let junk = "X:\r\n".repeat(300_000);
    let mime = format!("{junk}Subject: s\r\nTo: a@b\r\nContent-Type: text/html\r\nSubject: again\r\n\r\nbody");
    let view = view(mime.as_bytes());
    assert_eq!(count(&view, "X:"), HEAD.fields);
    assert!(view.ends_with(b"X:\r\nSubject: s\r\nContent-Type: text/html\r\n\r\nbody"));
    let long = format!("X: {}\r\nSubject: {}\r\n\r\nbody", "x y ".repeat(100_000), "ü".repeat(200_000));
    let view = self::view(long.as_bytes());
    assert!(view.len() < 2 * FIELD + 100 && std::str::from_utf8(&view).is_ok());
    assert!(view.ends_with("ü\r\n\r\nbody".as_bytes()));
}

#[test]
fn parts_and_nesting_are_read_up_to_a_number() {
    let parts =
        format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", "--b\r\n\r\nx\r\n".repeat(9_000));
    assert_eq!(count(&view(parts.as_bytes()), "--b\r\n"), PARTS);
    let alike = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{}", "--bc\r\n".repeat(9_000));
    assert!(count(&view(alike.as_bytes()), "--b") <= PARTS);
    let mut nested: String =
        (0..1000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}.\r\n\r\n--b{n}.\r\n")).collect();
    nested.push_str("\r\ntext");
    let seen = view(nested.as_bytes());
    // What stands below the last level is text.
    assert_eq!(seen.len(), nested.len() - "Content-Type: multipart/mixed; boundary=b100.\r\n".len());
    let messages = format!("Subject: x\r\n{}\r\nx", "Content-Type: Message/RFC822\r\n\r\nSubject: y\r\n".repeat(900));
    let seen = view(messages.as_bytes());
    assert!(seen.len() < messages.len());
    assert!(seen.ends_with(b"Subject: y\r\n\r\nx"));
}

#[test]
fn the_heads_of_parts_count_together() {
    let part = format!("--b\r\nTo: {}\r\n\r\nx\r\n", "a@b,".repeat(10_000));
    let mime = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", part.repeat(100));
    let view = view(mime.as_bytes());
    assert!(view.iter().filter(|byte| **byte == b',').count() <= HEADS.marks);
    assert_eq!(count(&view, "--b\r\n"), 100, "the parts are there all the same");
}

#[test]
fn messages_in_an_encoding_cost_no_more() {
    use base64::Engine;
    let inner = format!("To: {}\r\n\r\nx", "a@b,".repeat(100_000));
    let encoded = base64::engine::general_purpose::STANDARD.encode(inner);
    let mime = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822; name=x\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n--b--\r\n"
    );
    let view = view(mime.as_bytes());
    assert!(count(&view, "message/rfc822") == 0 && count(&view, "application/octet-stream") == 1);
    assert!(view.ends_with(format!("{encoded}\r\n--b--\r\n").as_bytes()));
}

#[test]
fn places_of_a_view_are_found_in_the_whole() {
    let mime = format!("A: 1\r\n{}B: 2\r\n\r\nbody", "X:\r\n".repeat(5_000));
    let mime = mime.replace("B: 2", "Content-Type: text/plain");
    let view = View::of(mime.as_bytes());
    let at = view.octets.windows(4).position(|window| window == b"body").unwrap();
    assert_eq!(view.whole(at..at + 4), b"body");
    assert_eq!(view.whole(0..view.octets.len()), mime.as_bytes());
}

#[test]
fn boundaries_are_found_in_any_form() {
    for (value, wanted) in [
        (" multipart/mixed; boundary=abc", "abc"),
        (" multipart/mixed;\r\n\tBOUNDARY = \"a b;c\" ; x=y", "a b;c"),
        (" multipart/mixed; boundary*0=ab; boundary*1=\"c\"", "abc"),
        (" multipart/mixed boundary=\"unended", "unended"),
    ] {
        assert_eq!(boundary(value.as_bytes()), Some(wanted.as_bytes().to_vec()), "{value}");
    }
    assert_eq!(boundary(b" text/plain; charset=boundary"), None);
}

proptest! {
    #[test]
    fn no_octets_break_the_pass(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(view(&octets), octets);
    }

    #[test]
    fn small_messages_are_read_whole(
        lines in proptest::collection::vec(
            "(Content-Type: (multipart/(mixed|digest)|message/rfc822|text/plain); boundary=[ab]|To: [<>,;:a@ ]{0,9}|--[ab](--)?|[a-z]{0,9}|)",
            0..40
        )
    ) {
        let mime = lines.join("\r\n");
        prop_assert_eq!(view(mime.as_bytes()), mime.as_bytes());
    }
}
