//! Heads that are written anew: by example, and by chance with two readers that were not made for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::*;

const OWN: &[&str] = &["me@here.test", "also.me@here.test"];

fn with<T>(act: impl FnOnce(&Sender<'_>) -> T) -> T {
    let own: Vec<String> = OWN.iter().map(|one| (*one).to_owned()).collect();
    act(&Sender { primary: "me@here.test", own: &own, others: &["chair@here.test".to_owned()] })
}

const MISSING: Missing<'_> = Missing { message_id: "<new@here.test>", date: Timestamp::UNIX_EPOCH };
const ADDED: &str = "Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <new@here.test>\r\n";

fn written(message: &str) -> Result<String, Refused> {
    with(|sender| {
        let octets = write(message.as_bytes(), sender, &MISSING)?;
        check(&octets, sender).unwrap();
        Ok(String::from_utf8_lossy(&octets).into_owned())
    })
}

/// From and Sender of what leaves.
fn people(message: &str) -> Result<String, Refused> {
    written(&format!("{message}\r\n\r\n")).map(|text| text.split("Date:").next().unwrap().replace("\r\n", "|"))
}

#[test]
fn an_own_author_stays_and_is_written_anew() {
    for (given, leaves) in [
        ("Subject: x", "From: <me@here.test>|"),
        ("From: me@here.test", "From: <me@here.test>|"),
        ("From: ME@Here.Test", "From: <me@here.test>|"),
        ("\u{feff}From: ME@Here.Test", "From: <me@here.test>|"),
        ("from :\t<also.me@here.test>", "From: <also.me@here.test>|Sender: <me@here.test>|"),
        ("From: \"Me, \\\"I\\\"\" <me@here.test>", "From: \"Me, \\\"I\\\"\" <me@here.test>|"),
        ("From: Me Q. Too (home) <me@here.test> (at work)", "From: Me \"Q.\" Too <me@here.test>|"),
        ("From: =?utf-8?Q?J._D=C3=B6?= <me@here.test>", "From: =?utf-8?Q?J._D=C3=B6?= <me@here.test>|"),
        ("From: D\u{f6}ra\r\n <me@here.test>", "From: D\u{f6}ra <me@here.test>|"),
        ("From: \"me\"@here.test", "From: <me@here.test>|"),
        ("From: me@here.test, me@here.test", "From: <me@here.test>|"),
        (
            "From: me@here.test, A <also.me@here.test>",
            "From: <me@here.test>, A <also.me@here.test>|Sender: <me@here.test>|",
        ),
        ("From: chair@here.test", "From: <chair@here.test>|Sender: <me@here.test>|"),
        ("From: chair@here.test\r\nSender: also.me@here.test", "From: <chair@here.test>|Sender: <also.me@here.test>|"),
        ("From: me@here.test\r\nSender: me@here.test", "From: <me@here.test>|"),
        ("From: also.me@here.test\r\nSender: also.me@here.test", "From: <also.me@here.test>|Sender: <me@here.test>|"),
        ("Sender: also.me@here.test", "From: <me@here.test>|Sender: <also.me@here.test>|"),
    ] {
        assert_eq!(people(given).as_deref(), Ok(leaves), "{given}");
    }
}

#[test]
fn nobody_else_is_an_author() {
    for given in [
        "From: chief@here.test",
        "From: chief@here.test\r\nFrom: me@here.test",
        "From: me@here.test\r\nFrom: me@here.test",
        "From : chief@here.test\r\nFrom: me@here.test",
        "From: me@here.test\r\nFROM\t: chief@here.test",
        "From: me@here.test, chief@here.test",
        "From: \"chief@here.test\" <>",
        "From: \"chief@here.test\"",
        "From: chief@here.test <me@here.test>",
        "From: <chief@here.test> <me@here.test>",
        "From: <chief@here.test>, ",
        "From: us: me@here.test, chief@here.test;",
        "From: us: me@here.test;",
        "From: <@chief.test:me@here.test>",
        "From: me@here.test (no end",
        "From: me@here.test)",
        "From: \"no end <me@here.test>",
        "From: me @here.test",
        "From: me@here.test\\",
        "From: me@here.test\u{7}",
        "From:",
        "From: me@here.test\nFrom: chief@here.test",
        "Subject: x\nFrom: chief@here.test",
        "Subject: x\0\nFr\0om: chief@here.test",
        "Sender: chief@here.test",
        "Sender: me@here.test, also.me@here.test",
        "Sender: me@here.test\r\nSender: me@here.test",
        "Sender: chair@here.test",
        "Sender:",
    ] {
        assert_eq!(people(given), Err(Refused::Author), "{given:?}");
    }
}

#[test]
fn nothing_begins_behind_odd_line_ends() {
    let text = |head: &str| written(&format!("{head}\r\n\r\nbody")).unwrap().replacen(ADDED, "", 1);
    assert_eq!(text("Subject: a\rFrom: chief@x"), "From: <me@here.test>\r\nSubject: a From: chief@x\r\n\r\nbody");
    assert_eq!(
        text("Subject: a\r\n\rFrom: chief@x"),
        "From: <me@here.test>\r\nSubject: a\r\n From: chief@x\r\n\r\nbody"
    );
    assert_eq!(
        text("Subject: a\r\r\n \r\n\t\r\n b\r\nTo : c"),
        "From: <me@here.test>\r\nSubject: a\r\n b\r\nTo: c\r\n\r\nbody"
    );
    assert_eq!(written("To: a\n\nb\nc\rd").unwrap().split_once("\r\n\r\n").unwrap().1, "b\r\nc\r\nd");
    assert_eq!(
        written("From me@x Thu Jan 1 00:00:00\nTo: a").unwrap(),
        format!("From: <me@here.test>\r\n{ADDED}To: a\r\n\r\n")
    );
    for malformed in
        ["no field", " blank: x", "Na me: x", "X: y\r\nwords", ": x", "Fr\u{f6}m: x", "To: a\r\nFrom me@x 1:2"]
    {
        assert_eq!(written(malformed), Err(Refused::Malformed), "{malformed}");
    }
    assert_eq!(written(&format!("{}: x", "n".repeat(NAME + 1))), Err(Refused::Malformed));
}

#[test]
fn only_what_is_the_clients_to_say_stays() {
    let kept = "To: a@b,\r\n\tc@d\r\nSubject:  =?utf-8?q?x?=  \r\nX-Odd:\r\nDKIM: x\r\nList-Id: <l>\r\nReturn-Receipt-To: r@x\r\n";
    let mut message =
        String::from("Date: Mon, 2 Mar 2026 10:20:30 +0100 (CET)\r\nMessage-Id: <1@x>\r\n").to_owned() + kept;
    let own = message.clone();
    for name in [
        "Return-Path",
        "Received",
        "DKIM-Signature",
        "dkim-signature ",
        "ARC-Seal",
        "Arc-Message-Signature",
        "Bcc",
        "BCC",
        "Resent-From",
        "Resent-Bcc",
        "Authentication-Results",
        "X-MS-Exchange-Organization-SCL",
        "Delivered-To",
    ] {
        message.push_str(&format!("{name}: chief@x\r\n\tmore of it\r\n"));
    }
    assert_eq!(
        written(&format!("{message}\r\nbody\r\n")).unwrap(),
        format!("From: <me@here.test>\r\n{own}\r\nbody\r\n")
    );
}

#[test]
fn ids_and_dates_are_valid_and_there_once() {
    let bad = "Message-ID: 1@x\r\nMessage-ID: <>\r\nMessage-ID: <a b@x>\r\nMessage-ID: <a>\r\nMessage-ID: <@x>\r\nMessage-ID: <a@b> <c@d>\r\nDate: then\r\nDate:\r\n";
    assert_eq!(
        written(&format!("{bad}To: a\r\n\r\n")).unwrap(),
        format!("From: <me@here.test>\r\n{ADDED}To: a\r\n\r\n")
    );
    let good = "Message-ID:\r\n <a@b>\r\nDate: 2 Mar 26 10:20 EST\r\n";
    let more = "Message-ID: <c@d>\r\nDate: Mon, 2 Mar 2026 10:20:30 +0000\r\n";
    assert_eq!(
        written(&format!("{bad}{good}{more}\r\n")).unwrap(),
        format!("From: <me@here.test>\r\nMessage-ID:\r\n <a@b>\r\nDate: 2 Mar 26 10:20 EST\r\n\r\n")
    );
}

#[test]
fn what_is_signed_leaves_octet_by_octet() {
    let sealed = ["multipart/signed; micalg=x", " Multipart/Encrypted", "(a) multipart (b) /\r\n signed (c)"];
    for kind in sealed {
        let head = format!("Content-Type: {kind}\r\nTo: a\nBcc: b\r\n");
        let body = "--b\r\nFrom: chief\r\nBcc: in\r\n\r\n.\r\n..\r\n \u{f6}\0\r\n--b--";
        let text = written(&format!("{head}\r\n{body}")).unwrap();
        assert_eq!(text.split_once("\r\n\r\n").unwrap().1, body, "{kind}");
        for odd in ["a\nb", "a\rb", "a\r", "\n", "a\r\r\nb", "a\r\n\n"] {
            assert_eq!(written(&format!("{head}\r\n{odd}")), Err(Refused::Lines), "{kind}: {odd:?}");
        }
    }
    for plain in ["multipart/mixed; x=multipart/signed", "text/plain", "x\r\nX-Content-Type: multipart/signed"] {
        assert!(written(&format!("Content-Type: {plain}\r\n\r\na\nb")).unwrap().ends_with("\r\n\r\na\r\nb"), "{plain}");
    }
}

#[test]
fn lines_fit() {
    let ids = format!("References: {}\r\n", "<12345678@x> ".repeat(300));
    let word = format!("X-Word: {}\r\n", "\u{f6}".repeat(2000));
    let blanks = format!("X-Blank: a{}b{}\r\n", " ".repeat(3000), " ".repeat(3000));
    let name = format!("From: {} <me@here.test>\r\n", "name ".repeat(300));
    let long = format!("From: {} <me@here.test>\r\n", "n".repeat(3000));
    for head in [&ids, &word, &blanks, &name, &long] {
        let text = written(&format!("{head}To: a\r\n\r\n")).unwrap();
        for line in text.split("\r\n") {
            assert!(line.len() <= LINE && (line.is_empty() || !line.trim().is_empty()), "{line}");
        }
        let bare = |text: &str| text.replace([' ', '\r', '\n'], "");
        let whole = bare(&text).contains(&bare(head));
        assert!(whole || head == &long, "{text}");
        assert!(!text.contains('\u{fffd}'));
    }
}

#[test]
fn the_second_look_finds_what_the_first_let_through() {
    with(|sender| {
        for (head, found) in [
            ("From: <me@here.test>\r\nSubject: x\r\n", true),
            ("From: \"a,b <c@d>\" <me@here.test>,\r\n <chair@here.test>\r\nSender: <me@here.test>\r\n", true),
            ("From: <chair@here.test>\r\n", false),
            ("From: <also.me@here.test>\r\n", false),
            ("From: <also.me@here.test>\r\nSender: <me@here.test>\r\n", true),
            ("Subject: x\r\n", false),
            ("From: <chief@here.test>\r\n", false),
            ("From: me@here.test\r\n", false),
            ("From: <me@here.test>\r\nFrom: <me@here.test>\r\n", false),
            ("From: <me@here.test>\r\nFrom\t : <chief@here.test>\r\n", false),
            ("From: <me@here.test>\r\nF\u{f6}rom: <chief@here.test>\r\n", false),
            ("From: <me@here.test>\r\nX: y\rFrom: <chief@here.test>\r\n", false),
            ("From: <me@here.test>\r\nX: y\nFrom: <chief@here.test>\r\n", false),
            ("From: <me@here.test>\r\nX: y\0\r\n", false),
            ("From: <me@here.test>\r\nSender: <chief@here.test>\r\n", false),
            ("From: <me@here.test>\r\nBcc: <x@y>\r\n", false),
            ("From: <me@here.test>\r\nReceived : x\r\n", false),
        ] {
            assert_eq!(check(format!("{head}\r\nbody").as_bytes(), sender).is_ok(), found, "{head:?}");
        }
        assert!(check(b"From: <me@here.test>\r\n", sender).is_err());
    });
}

/// Fields named From as a reader takes them that ends lines at `ends`, and their addresses.
fn read(message: &[u8], lax: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(message).into_owned();
    let text = if lax {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text.replace("\r\n", "\u{1}").replace('\u{1}', "\n")
    };
    let head = text.split("\n\n").next().unwrap_or_default();
    let lines: Vec<&str> = head.split('\n').collect();
    let mut found: Vec<String> = Vec::new();
    let mut inside = false;
    for line in lines {
        if line.starts_with([' ', '\t']) {
            if inside {
                found.last_mut().unwrap().push_str(line);
            }
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        let name = if lax { name.trim() } else { name };
        inside = name.eq_ignore_ascii_case("from");
        if inside {
            found.push(value.to_owned());
        }
    }
    found
}

/// What stands in angle brackets and not in quotes.
fn in_brackets(value: &str) -> Vec<String> {
    let (mut quoted, mut escaped) = (false, false);
    let mut bare = String::new();
    for c in value.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            c if !quoted => bare.push(c),
            _ => {}
        }
    }
    bare.split('<').skip(1).map(|rest| rest.split('>').next().unwrap().to_owned()).collect()
}

/// Heads that are nearly right, and pieces of heads without any order.
fn heads() -> impl Strategy<Value = String> {
    let pick = |from: &'static [&'static str]| prop::sample::select(from);
    let addresses = pick(&[
        "me@here.test",
        "Me <me@here.test>",
        "<also.me@here.test>",
        "\"x\" <ME@here.test>, also.me@here.test",
        "=?utf-8?q?x?= (c) <me@here.test>",
        "chief@here.test",
        "me@here.test, <chief@here.test>",
        "\"<chief@here.test>\" <me@here.test>",
        "(<chief@here.test>) me@here.test",
        "D\u{f6} <me@here.test>\r\n ",
        "x\rFrom: chief@here.test",
        "x\nFrom: chief@here.test",
        "<>",
        "",
    ]);
    let names = pick(&["From", "from", "FROM", "Sender", "Subject", "X", "Fr\0om", "Bcc", "Resent-From", "Date", "To"]);
    let colons = pick(&[":", ": ", " : ", "\t:", ":\r\n ", ":\n\t", ":\r"]);
    let ends = pick(&["\r\n", "\r\n", "\n", "\r\r\n", "\r", "\r\n \r\n", "\0\r\n", "\r\n\r"]);
    let lines = prop::collection::vec((names, colons, addresses, ends), 0..4);
    let lines = lines.prop_map(|lines| lines.into_iter().map(|(a, b, c, d)| [a, b, c, d].concat()).collect());
    let pieces = pick(&[
        "From",
        "from",
        "Sender",
        "Subject",
        ":",
        ": ",
        " :",
        "\t",
        " ",
        "\r",
        "\n",
        "\r\n",
        "\r\n ",
        "\r\r\n",
        "\0",
        "<",
        ">",
        "me@here.test",
        "chief@here.test",
        "<me@here.test>",
        "<chief@here.test>",
        "\"",
        "(",
        ")",
        ",",
        ";",
        "\\",
        "To: x\r\n",
        "\r\n\r\n",
        "From: me@here.test\r\n",
        "Content-Type: multipart/signed\r\n",
        "X: y",
        "\u{b}",
        "\u{85}",
        "\u{f6}",
    ]);
    prop_oneof![3 => lines, 1 => prop::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn one_own_author_leaves_whatever_comes(
        head in heads(),
        octets in prop::collection::vec(any::<u8>(), 0..10),
        at in any::<prop::sample::Index>(),
    ) {
        let mut message = head.into_bytes();
        if octets.len() > 7 {
            let place = at.index(message.len() + 1);
            message.splice(place..place, octets);
        }
        with(|sender| {
            let Ok(written) = write(&message, sender, &MISSING) else { return Ok(()) };
            prop_assert_eq!(check(&written, sender), Ok(()));
            for lax in [false, true] {
                let found = read(&written, lax);
                prop_assert_eq!(found.len(), 1, "{:?}", String::from_utf8_lossy(&written));
                let value = in_brackets(&found[0]);
                prop_assert!(!value.is_empty() && value.iter().all(|one| OWN.contains(&one.as_str())), "{:?}", found);
            }
            let again = write(&written, sender, &MISSING).unwrap();
            prop_assert_eq!(&again, &written, "what was written is not changed again");
            let mut settled = Vec::new();
            settle(&written, &mut settled);
            prop_assert_eq!(&settled, &written);
            Ok(())
        })?;
    }

    #[test]
    fn lines_fit_whatever_comes(pieces in prop::collection::vec((" {0,3}[a-z\u{f6}:]{1,4}", 1_usize..600), 1..5)) {
        let value: String = pieces.iter().map(|(piece, times)| piece.repeat(*times)).collect();
        let text = written(&format!("X:{value}\r\n\r\n")).unwrap();
        for line in text.split("\r\n") {
            prop_assert!(line.len() <= LINE);
        }
        let bare = |text: &str| text.replace([' ', '\r', '\n'], "");
        prop_assert!(bare(&text).contains(&bare(&value)));
    }
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\n\rx";

fn decoded(message: &[u8]) -> Vec<Vec<u8>> {
    let message = ewsd_mime::Message::read(message);
    message
        .parts()
        .filter(|part| !part.content_type.is_multipart())
        .flat_map(|part| match part.message() {
            Some(inner) => decoded(&inner),
            None => vec![part.decoded().into_owned()],
        })
        .collect()
}

#[test]
fn binary_parts_arrive_as_they_were() {
    let picture = |end: &str| {
        let head =
            ["Content-Type: image/png", "Content-Transfer-Encoding: Binary (all of it)", "X: y", "", ""].join(end);
        [head.as_bytes(), PNG].concat()
    };
    for end in ["\r\n", "\n"] {
        let lines = |lines: &[&str]| format!("{}{end}", lines.join(end)).into_bytes();
        let mixed = [
            lines(&[
                "Content-Type: multipart/mixed; boundary=b",
                "Content-Transfer-Encoding: binary",
                "",
                "pre",
                "--b",
            ]),
            lines(&["Content-Transfer-Encoding: binary", "", "text", "--b"]),
            picture(end),
            lines(&["", "--b", "Content-Type: message/rfc822", "Content-Transfer-Encoding: binary", ""]),
            picture(end),
            lines(&["", "--b--", "post"]),
        ]
        .concat();
        for (message, parts) in [(mixed, vec![b"text", PNG, PNG]), (picture(end), vec![PNG])] {
            let out = with(|sender| write(&message, sender, &MISSING)).unwrap();
            assert_eq!(decoded(&out), parts, "{}", String::from_utf8_lossy(&out));
            assert!(has_whole_lines(&out) && out.is_ascii());
            let text = String::from_utf8(out).unwrap();
            assert!(!text.to_ascii_lowercase().contains("binary"), "{text}");
            assert!(
                parts.len() == 1 || (text.contains("\r\n\r\npre\r\n--b\r\n") && text.ends_with("--b--\r\npost\r\n"))
            );
        }
    }
}

#[test]
fn binary_that_is_lines_changes_its_name_only() {
    let head = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: binary\r\n\r\n";
    for (body, name) in [("a\r\nb\r\n", "7bit"), ("\u{e4}\r\n", "8bit")] {
        let out = written(&format!("{head}{body}")).unwrap();
        assert!(out.ends_with(&format!("Content-Transfer-Encoding: {name}\r\n\r\n{body}")), "{out}");
    }
}

#[test]
fn binary_within_a_signed_part_stays_or_is_refused() {
    let signed = |body: &str| {
        format!(
            "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/signed; boundary=b\r\n\r\n\
             --b\r\nContent-Transfer-Encoding: binary\r\n\r\n{body}\r\n--b\r\n\r\nsignature\r\n--b--\r\n--o--\r\n"
        )
    };
    let whole = signed("a\r\nb");
    assert!(written(&whole).unwrap().ends_with(whole.split_once("--o").unwrap().1));
    assert_eq!(written(&signed("a\nb")), Err(Refused::Lines));
}
