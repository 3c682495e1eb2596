//! Which characters a text is in: what a parameter, a byte order mark, HTML itself say, or what it looks like.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{Charset, Message};

fn text(kind: &str, octets: &[u8]) -> String {
    let whole =
        [b"Subject: x\r\nContent-Type: ", kind.as_bytes(), b"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", octets]
            .concat();
    Message::read(&whole).root().text()
}

const CYRILLIC: &[u8] = b"\xcf\xf0\xe8\xe2\xe5\xf2";
const PRIVET: &str = "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}";

#[test]
fn html_names_its_own_characters() {
    for start in [
        "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1251\">",
        "<META content='text/html;charset=windows-1251' http-equiv=Content-Type>",
        "<html><head><meta charset=windows-1251>",
        "<html><head><meta charset = \"windows-1251\" />",
        "<meta name=viewport content=x><meta charset='cp1251'>",
        "<?xml version=\"1.0\" encoding=\"windows-1251\"?>",
        "<meta http-equiv=content-type content=\"text/html; charset=&quot;\"><meta charset=windows-1251>",
    ] {
        let shown = text("text/html", &[start.as_bytes(), CYRILLIC].concat());
        assert!(shown.ends_with(PRIVET), "{shown}");
        let ascii = text("text/html; charset=us-ascii", &[start.as_bytes(), CYRILLIC].concat());
        assert!(ascii.ends_with(PRIVET), "{ascii}");
    }
    let named = text("text/html; charset=windows-1251", &[b"<meta charset=utf-8>", CYRILLIC].concat());
    assert!(named.ends_with(PRIVET), "the parameter goes before what the text says");
    let none = text("text/html", b"<p>na\xefve");
    assert_eq!(none, "<p>na\u{ef}ve");
    let wide = text("text/html", "<meta charset=utf-16><p>\u{fc}".as_bytes());
    assert!(wide.ends_with('\u{fc}'));
    assert_eq!(text("text/html", b"<meta charset=utf-7>+ADw-"), "<meta charset=utf-7>+ADw-");
    let plain = text("text/plain", b"<meta charset=windows-1251>\xcf");
    assert!(plain.ends_with('\u{cf}'), "only HTML is asked");
}

#[test]
fn byte_order_marks() {
    assert_eq!(text("text/plain", b"\xef\xbb\xbfgr\xc3\xbcn"), "gr\u{fc}n");
    assert_eq!(text("text/plain; charset=iso-8859-1", b"\xef\xbb\xbfgr\xc3\xbcn"), "gr\u{fc}n");
    assert_eq!(text("text/plain", b"\xff\xfeg\0\xfc\0"), "g\u{fc}");
    assert_eq!(text("text/plain; charset=utf-16", b"\xff\xfeg\0\xfc\0"), "g\u{fc}");
    assert_eq!(text("text/plain; charset=utf-16", b"\0g\0\xfc"), "g\u{fc}");
    assert_eq!(text("text/plain; charset=utf-16", b"g\0\xfc\0"), "g\u{fc}");
    assert_eq!(text("text/plain; charset=utf-16le", b"\xff\xfeg\0"), "g");
}

#[test]
fn sets_by_many_names() {
    for (label, octets, is) in [
        ("utf-8", &b"gr\xc3\xbcn"[..], "gr\u{fc}n"),
        ("UTF8", b"gr\xc3\xbcn", "gr\u{fc}n"),
        ("\"utf-8\"", b"gr\xc3\xbcn", "gr\u{fc}n"),
        ("'utf-8'", b"gr\xc3\xbcn", "gr\u{fc}n"),
        ("utf-8", b"a\xff", "a\u{fffd}"),
        ("iso-8859-1", b"gr\xfcn \x80", "gr\u{fc}n \u{20ac}"),
        ("iso-8859-15", b"\xa4", "\u{20ac}"),
        ("iso8859-15", b"\xa4", "\u{20ac}"),
        ("iso_8859-1:1987", b"\xfc", "\u{fc}"),
        ("8859-1", b"\xfc", "\u{fc}"),
        ("latin1", b"\xfc", "\u{fc}"),
        ("latin-9", b"\xa4", "\u{20ac}"),
        ("cp1252", b"\x80", "\u{20ac}"),
        ("cp-1251", CYRILLIC, PRIVET),
        ("win-1251", CYRILLIC, PRIVET),
        ("windows1251", CYRILLIC, PRIVET),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", PRIVET),
        ("cp866", b"\x8f\xe0\xa8\xa2\xa5\xe2", PRIVET),
        ("us-ascii", b"gr\xc3\xbcn", "gr\u{fc}n"),
        ("us-ascii", b"gr\xfcn", "gr\u{fc}n"),
        ("unknown-8bit", b"gr\xfcn", "gr\u{fc}n"),
        ("x-unknown", b"gr\xc3\xbcn", "gr\u{fc}n"),
        ("x-user-defined", b"gr\xfcn", "gr\u{fc}n"),
        ("nobody-knows", b"na\xefve", "na\u{ef}ve"),
        ("gb2312", b"\xc4\xe3\xba\xc3", "\u{4f60}\u{597d}"),
        ("gb18030", b"\xc4\xe3\xba\xc3", "\u{4f60}\u{597d}"),
        ("big5", b"\xa7A\xa6n", "\u{4f60}\u{597d}"),
        ("cp950", b"\xa7A\xa6n", "\u{4f60}\u{597d}"),
        ("shift_jis", b"\x93\xfa\x96{", "\u{65e5}\u{672c}"),
        ("cp932", b"\x93\xfa\x96{", "\u{65e5}\u{672c}"),
        ("euc-jp", b"\xc6\xfc\xcb\xdc", "\u{65e5}\u{672c}"),
        ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B", "\u{65e5}\u{672c}"),
        ("ks_c_5601-1987", b"\xc7\xd1\xb1\xb9", "\u{d55c}\u{ad6d}"),
        ("ks_c_5601", b"\xc7\xd1\xb1\xb9", "\u{d55c}\u{ad6d}"),
        ("ksc5601", b"\xc7\xd1\xb1\xb9", "\u{d55c}\u{ad6d}"),
        ("cp949", b"\xc7\xd1\xb1\xb9", "\u{d55c}\u{ad6d}"),
        ("iso-2022-kr", b"\x1b$)C\x0eGQ19\x0f!\n\x0eGQ\nx", "\u{d55c}\u{ad6d}!\n\u{d55c}\nx"),
        ("iso-2022-cn", b"\x1b$)A\x0eVPND\x0f!", "\u{4e2d}\u{6587}!"),
        ("hz-gb-2312", b"~{VPND~} ~~ a~\nb", "\u{4e2d}\u{6587} ~ ab"),
        ("utf-7", b"+ZeVnLA-! 1 +- 1 a+AOQ-b +AOQ.", "\u{65e5}\u{672c}! 1 + 1 a\u{e4}b \u{e4}."),
        ("unicode-1-1-utf-7", b"+ZeVnLA-", "\u{65e5}\u{672c}"),
        ("utf-7", b"a + b +", "a + b +"),
        ("utf-32be", b"\0\0\0g\0\0\x20\xac", "g\u{20ac}"),
        ("utf-32", b"\xff\xfe\0\0g\0\0\0", "g"),
        ("cp850", b"gr\x81n \xe1 \xd5", "gr\u{fc}n \u{df} \u{131}"),
        ("ibm437", b"gr\x81n \xe1", "gr\u{fc}n \u{df}"),
        ("macintosh", b"\x9f", "\u{fc}"),
        ("tis-620", b"\xa1", "\u{e01}"),
        ("windows-1258", b"\xd0", "\u{110}"),
    ] {
        assert_eq!(text(&format!("text/plain; charset={label}"), octets), is, "{label}");
    }
    assert_eq!(Charset::find("nobody-knows"), None);
    assert_eq!(Charset::named("iso-8859-99"), Charset::Guess);
}

#[test]
fn no_name_makes_text_vanish() {
    for label in ["replacement", "iso-2022-cn-ext", "csiso2022kr", "hz", "utf-1", "ebcdic", "", "*", "\u{fc}"] {
        assert!(text(&format!("text/plain; charset=\"{label}\""), b"hello there").contains("hello"), "{label}");
    }
}
