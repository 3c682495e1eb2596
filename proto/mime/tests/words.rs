//! Encoded words (RFC 2047): pieces of one text are joined before they are decoded.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ewsd_mime::{Head, Limits, decode_words};

#[test]
fn words_are_decoded() {
    for (text, is) in [
        ("=?utf-8?q?gr=C3=BCn?=", "gr\u{fc}n"),
        ("=?UTF-8?B?Z3LDvG4=?=", "gr\u{fc}n"),
        ("=?iso-8859-1?Q?gr=FCn?= und =?iso-8859-1?q?wei=DF?=", "gr\u{fc}n und wei\u{df}"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=   \t =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a_?= =?utf-8?q?b?=", "a b"),
        ("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b"),
        ("(=?ISO-8859-1?Q?a?=)", "(a)"),
        ("=?utf-8*de?q?gr=C3=BCn?=", "gr\u{fc}n"),
        ("=?us-ascii*en-US?q?gr=C3=BCn?=", "gr\u{fc}n"),
        ("=?utf-8?q?a b?=", "a b"),
        ("=?utf-8?q??=", ""),
        ("x=?utf-8?q?y?=z", "xyz"),
        ("=?utf-8?q?=3D=3F?=", "=?"),
        ("=?utf-8?q?a=?=", "a="),
        ("=?x-unknown?q?gr=FCn?=", "gr\u{fc}n"),
        ("=?unknown-8bit?q?gr=C3=BCn?=", "gr\u{fc}n"),
        ("=?gb2312?B?xOO6ww==?=", "\u{4f60}\u{597d}"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "\u{65e5}\u{672c}"),
        ("=?ks_c_5601-1987?B?x9GxuQ==?=", "\u{d55c}\u{ad6d}"),
        ("=?cp850?q?gr=81n?=", "gr\u{fc}n"),
        ("=?iso-8859-1?Q?Fr\u{f6}sche_=FC?=", "Fr\u{f6}sche \u{fc}"),
    ] {
        assert_eq!(decode_words(text), is, "{text}");
    }
}

#[test]
fn what_is_no_word_stays() {
    for text in [
        "=?",
        "=?utf-8",
        "=?utf-8?q",
        "=?utf-8?q?abc",
        "=?utf-8?x?abc?=",
        "=??q?abc?=",
        "a?=b",
        "=?a b?q?c?=",
        "=?=?=?=",
    ] {
        assert_eq!(decode_words(text), text);
    }
    assert_eq!(decode_words("=?utf-8?q?open =?utf-8?q?closed?="), "=?utf-8?q?open closed");
}

#[test]
fn characters_cut_in_two_are_whole() {
    for (text, is) in [
        ("=?utf-8?q?gr=C3?= =?utf-8?q?=BCn?=", "gr\u{fc}n"),
        ("=?utf-8?B?Z3LD?= =?utf-8?B?vG4=?=", "gr\u{fc}n"),
        ("=?utf-8?B?Z3LDvA?= =?utf-8?B?bg==?=", "gr\u{fc}n"),
        ("=?utf-8?B?Z3L?= =?utf-8?B?DvG4=?=", "gr\u{fc}n"),
        ("=?utf-8?B?Z?= =?utf-8?B?3?= =?utf-8?B?LDvG4?=", "gr\u{fc}n"),
        ("=?utf-8?B?Z3LD?= =?UTF-8?q?=BCn?=", "gr\u{fc}n"),
        ("=?gb2312?B?xA==?= =?GB2312?B?4w==?=", "\u{4f60}"),
    ] {
        assert_eq!(decode_words(text), is, "{text}");
    }
}

#[test]
fn fields_are_unfolded_and_told() {
    let octets = b"Subject: =?utf-8?q?gr?=\r\n =?utf-8?q?=C3=BCn?=\r\n und\r\n\tmehr \r\nX-Raw: caf\xe9 \xc3\xbc\r\nX-Utf8: caf\xc3\xa9\r\n\r\n";
    let head = Head::read(octets, Limits::default());
    assert_eq!(head.text("Subject").as_deref(), Some("gr\u{fc}n und\tmehr"));
    assert_eq!(head.text("X-Raw").as_deref(), Some("caf\u{e9} \u{fc}"));
    assert_eq!(head.text("X-Utf8").as_deref(), Some("caf\u{e9}"));
    assert_eq!(head.field("subject").unwrap().line(), "=?utf-8?q?gr?= =?utf-8?q?=C3=BCn?= und\tmehr");
    assert!(head.field("Subject").unwrap().raw.ends_with(b"mehr \r\n"));
}

#[test]
fn a_word_in_each_character_set() {
    for (label, octets, is) in [
        ("windows-1251", &b"\xcf\xf0\xe8\xe2\xe5\xf2"[..], "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        ("utf-16be", b"\0g\0\xfc", "g\u{fc}"),
        ("utf-7", b"gr+APw-n", "gr\u{fc}n"),
        ("hz-gb-2312", b"~{VPND~}!", "\u{4e2d}\u{6587}!"),
        ("iso-2022-kr", b"\x1b$)C\x0eGQ19\x0f!", "\u{d55c}\u{ad6d}!"),
    ] {
        let word = format!("=?{label}?B?{}?=", STANDARD.encode(octets));
        assert_eq!(decode_words(&word), is, "{label}");
    }
}

/// Writes a text as encoded words, cut at octets, in either encoding.
fn written(text: &str, cuts: &[(usize, bool)]) -> String {
    let octets = text.as_bytes();
    let mut at = 0_usize;
    let mut words = Vec::new();
    for (length, base64) in cuts.iter().copied().chain([(usize::MAX, false)]) {
        let end = at.saturating_add(length).min(octets.len());
        let piece = &octets[at..end];
        at = end;
        words.push(if base64 {
            format!("=?utf-8?B?{}?=", STANDARD.encode(piece))
        } else {
            format!("=?utf-8?Q?{}?=", piece.iter().map(|byte| format!("={byte:02X}")).collect::<String>())
        });
    }
    words.join("\r\n ")
}

proptest::proptest! {
    #[test]
    fn any_split_comes_back_whole(text in "[a-z\u{fc}\u{20ac}\u{1f600}?=_ ]{0,30}", cuts in proptest::collection::vec((0_usize..9, proptest::prelude::any::<bool>()), 0..8)) {
        let octets = format!("Subject: {}\r\n\r\n", written(&text, &cuts));
        let head = Head::read(octets.as_bytes(), Limits::default());
        proptest::prop_assert_eq!(head.text("Subject").unwrap_or_default(), text.trim());
    }

    #[test]
    fn letters_of_base64_cut_anywhere_come_back_whole(text in "[\u{fc}\u{20ac}\u{1f600}]{1,12}", cut in 1_usize..40) {
        let letters = STANDARD.encode(&text);
        let letters = letters.trim_end_matches('=');
        let (left, right) = letters.split_at(cut.min(letters.len()));
        // Bits that are all zero do not show that something is missing; writers that cut so are beyond help.
        let known = left.len() % 4 == 0 || left.len() % 4 == 1;
        let whole = decode_words(&format!("=?utf-8?b?{left}?= =?utf-8?b?{right}?=")).into_owned();
        proptest::prop_assert!(!known || whole == text, "{} {}", left, right);
    }
}

#[test]
fn what_is_cut_short_is_cut_between_characters() {
    let limits = Limits { field_octets: 10, ..Limits::default() };
    for value in ["aüüüüüüüü", "üüüüüüüü", "a議議議議", "ab議議議議"] {
        let mail = format!("Subject:{value}\r\n\r\n");
        let text = Head::read(mail.as_bytes(), limits).text("Subject").unwrap();
        assert!(value.starts_with(&text) && text.len() > 6, "{value}: {text}");
    }
}
