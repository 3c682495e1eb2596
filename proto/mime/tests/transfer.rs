//! Transfer encodings (RFC 2045 6): one wrong octet undoes nothing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{Encoding, Message, base64, choose, quoted_printable, uuencoded_files};

fn decoded(fields: &str, body: &[u8]) -> Vec<u8> {
    let octets = [b"Subject: x\r\n", fields.as_bytes(), b"\r\n\r\n", body].concat();
    Message::read(&octets).root().decoded().into_owned()
}

#[test]
fn base64_passes_over_what_is_foreign() {
    for (letters, octets) in [
        ("JVBERi0xLjQ=", "%PDF-1.4"),
        ("JVBE!\r\n Ri0x!\r\n LjQ=", "%PDF-1.4"),
        ("JVBE.\r\nRi0x.\r\nLjQ=.", "%PDF-1.4"),
        ("J V B E R i 0 x L j Q", "%PDF-1.4"),
        ("JVBERi0xLjQ", "%PDF-1.4"),
        ("JVBERi0xLjQ=JVBE", "%PDF-1.4%PDF-"[..11].trim_end_matches('-')),
        ("YQ==Yg==\r\nYw==", "abc"),
        ("YWI=YQ==", "aba"),
        ("=YWJj", "abc"),
        ("YWJjZ", "abc"),
        ("\u{fc}YWJj\0", "abc"),
        ("", ""),
        ("====", ""),
    ] {
        assert_eq!(String::from_utf8_lossy(&base64(letters.as_bytes())), octets, "{letters:?}");
    }
}

#[test]
fn long_base64_with_a_foreign_octet_anywhere() {
    let file: Vec<u8> = (0..10_000_u32).map(|n| (n * 7 % 251) as u8).collect();
    let letters = STANDARD.encode(&file);
    for every in [1, 2, 3, 5, 76, 990] {
        for foreign in ["!\r\n ", ".\r\n", "-", "\0"] {
            let broken: Vec<String> =
                letters.as_bytes().chunks(every).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
            assert!(base64(broken.join(foreign).as_bytes()) == file, "{every} {foreign:?}");
        }
    }
}

#[test]
fn quoted_printable_goes_on() {
    for (text, octets) in [
        ("gr=C3=BCn", "gr\u{fc}n"),
        ("gr=c3=bcn", "gr\u{fc}n"),
        ("a=\r\nb", "ab"),
        ("a= \t\r\nb", "ab"),
        ("a=\nb", "ab"),
        ("a  \t\r\nb", "a\r\nb"),
        ("a \r\n b", "a\r\n b"),
        ("=ZZ 100% =", "=ZZ 100% "),
        ("1=2 and =3", "1=2 and =3"),
        ("a==3Db", "a==b"),
        ("=3D", "="),
        ("=\r\n", ""),
        ("end=", "end"),
        ("x=C3", "x\u{fffd}"),
        ("\u{fc}=20", "\u{fc} "),
    ] {
        assert_eq!(String::from_utf8_lossy(&quoted_printable(text.as_bytes())), octets, "{text:?}");
    }
}

#[test]
fn names_of_encodings_are_tokens() {
    for (value, encoding) in [
        ("quoted-printable (soft line breaks)", Encoding::QuotedPrintable),
        ("(ours) base64", Encoding::Base64),
        ("(a (nested \\) one)) BASE64", Encoding::Base64),
        ("base64;", Encoding::Base64),
        ("base64; x=y", Encoding::Base64),
        ("\"base64\"", Encoding::Base64),
        ("\r\n base64", Encoding::Base64),
        ("Base-64", Encoding::Base64),
        ("quoted_printable", Encoding::QuotedPrintable),
        ("QUOTED-PRINTABLE", Encoding::QuotedPrintable),
        ("8bit", Encoding::Identity),
        ("7-bit", Encoding::Identity),
        ("binary", Encoding::Identity),
        ("", Encoding::Identity),
        ("x-uuencode", Encoding::Uuencode),
        ("uuencode", Encoding::Uuencode),
        ("x-private", Encoding::Unknown),
        ("(unended base64", Encoding::Unknown),
    ] {
        assert_eq!(Encoding::named(value.as_bytes()), encoding, "{value:?}");
    }
    assert_eq!(decoded("Content-Transfer-Encoding: x-private", b"YQ=="), b"YQ==");
    assert_eq!(decoded("Content-Transfer-Encoding: base64", b"YQ=="), b"a");
    assert_eq!(decoded("Content-Transfer-Encoding: nonsense\r\nContent-Transfer-Encoding: base64", b"YQ=="), b"a");
}

#[test]
fn bodies_that_say_how_they_are_written_in_comments_are_read() {
    for (encoding, body) in [
        ("quoted-printable (soft line breaks)", "Gr=C3=BC=C3=9Fe aus K=C3=B6ln"),
        ("(ours) base64", "R3LDvMOfZSBhdXMgS8O2bG4="),
        ("base64;", "R3LDvMOfZSBhdXMgS8O2bG4="),
    ] {
        let octets =
            format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}");
        assert_eq!(Message::read(octets.as_bytes()).root().text(), "Gr\u{fc}\u{df}e aus K\u{f6}ln", "{encoding}");
    }
}

const UU: &str = "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n";

#[test]
fn uuencoded_parts_and_texts() {
    assert_eq!(decoded("Content-Transfer-Encoding: x-uuencode", UU.as_bytes()), b"Cat");
    assert_eq!(decoded("Content-Transfer-Encoding: x-uuencode", b"#0V%T\n"), b"Cat");
    let octets = format!("Subject: x\r\n\r\nSee below.\r\n\r\n{UU}bye\r\n");
    let message = Message::read(octets.as_bytes());
    let shown = choose(&message);
    assert_eq!(shown.body(str::to_owned), "See below.\r\n\r\nbye\r\n");
    assert_eq!((shown.files[0].name.as_str(), &*shown.files[0].content), ("cat.txt", &b"Cat"[..]));
}

#[test]
fn words_that_look_like_uuencode_are_words() {
    for text in [
        "begin 644 of the rest of our lives\r\nhello there, friend\r\nend\r\n",
        "begin 644 cat.txt\r\n#0V%T\r\n",
        "begin at the end\r\nend\r\n",
        "begin 6 x\r\n`\r\nend\r\n",
    ] {
        assert_eq!(uuencoded_files(text.as_bytes()), [], "{text}");
        let octets = format!("Subject: x\r\n\r\n{text}");
        assert_eq!(choose(&Message::read(octets.as_bytes())).body(str::to_owned), text);
    }
}

proptest::proptest! {
    #[test]
    fn what_was_encoded_comes_back(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), width in 1_usize..80) {
        let letters: Vec<String> =
            STANDARD.encode(&octets).as_bytes().chunks(width).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        proptest::prop_assert_eq!(&base64(letters.join("\r\n").as_bytes()), &octets);
        let quoted: String = octets.iter().map(|byte| format!("={byte:02X}")).collect();
        let lines: Vec<String> = quoted.as_bytes().chunks(width / 3 * 3 + 3).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        proptest::prop_assert_eq!(&quoted_printable(lines.join("=\r\n").as_bytes()), &octets);
    }
}
