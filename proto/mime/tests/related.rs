//! multipart/related (RFC 2387), `cid:` and Content-Location (RFC 2392, RFC 2557).
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{Message, References, choose};

fn shown(text: &str) -> (String, Vec<(String, bool)>) {
    let octets = text.replace('\n', "\r\n").into_bytes();
    let message = Message::read(&octets);
    let shown = choose(&message);
    (shown.body(str::to_owned), shown.files.iter().map(|file| (file.name.clone(), file.inline)).collect())
}

fn related(parameters: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--r\n{part}\n")).collect();
    format!("Subject: x\nContent-Type: multipart/related; boundary=r{parameters}\n\n{parts}--r--\n")
}

const PICTURE: &str = "Content-Type: image/png; name=p.png\nContent-ID: <pic@x.test>\n\nPNG";
const ROOT: &str = "Content-Type: text/html\nContent-ID: <root@example.net>\n\n<img src=\"cid:pic@x.test\">";

#[test]
fn the_root_is_the_body() {
    let html = "<img src=\"cid:pic@x.test\">".to_owned();
    let picture = vec![("p.png".to_owned(), true)];
    for text in [
        related("; type=\"text/html\"; start=\"<root@example.net>\"", &[PICTURE, ROOT]),
        related("; start=root@example.net", &[PICTURE, ROOT]),
        related("; start=\"<nobody@example.net>\"", &[PICTURE, ROOT]),
        related("", &[PICTURE, ROOT]),
        related("", &[ROOT, PICTURE]),
    ] {
        assert_eq!(shown(&text), (html.clone(), picture.clone()), "{text}");
    }
}

#[test]
fn a_root_of_alternatives() {
    let alternative = "Content-Type: multipart/alternative; boundary=a\n\n--a\n\nplain\n--a\nContent-Type: text/html\n\n<img src=cid:pic@x.test>\n--a--";
    let (body, files) = shown(&related("", &[alternative, PICTURE]));
    assert_eq!((body.as_str(), files.as_slice()), ("<img src=cid:pic@x.test>", &[("p.png".to_owned(), true)][..]));
    let (body, files) = shown(&related("", &[PICTURE, alternative]));
    assert_eq!((body.as_str(), files.len()), ("<img src=cid:pic@x.test>", 1));
}

#[test]
fn other_texts_are_files() {
    let other = "Content-Type: text/html\nContent-ID: <other@x.test>\n\n<p>frame";
    let (body, files) = shown(&related("", &[ROOT, other]));
    assert!(body.starts_with("<img") && files == [("ATT00001.htm".to_owned(), false)]);
    let (body, _) = shown(&related("; start=\"<pic@x.test>\"", &[PICTURE, ROOT]));
    assert!(body.starts_with("<img"), "a picture as root leaves the text to be shown");
}

#[test]
fn cid_is_a_url() {
    let has = |html: &str, id: &str| References::of(html).has(Some(id), None);
    for (html, id) in [
        ("<img src=\"cid:bild%251$neu@mail.example.net\">", "bild%1$neu@mail.example.net"),
        ("<img src=\"cid:bild%1$neu@mail.example.net\">", "bild%1$neu@mail.example.net"),
        ("<img src='CID:a@x.test'>", "a@x.test"),
        ("<img src=cid:a@x.test>", "a@x.test"),
        ("<img src = \"cid:a@x.test\" alt=x>", "a@x.test"),
        ("<img src=\" cid:a@x.test \">", "a@x.test"),
        ("<IMG\nSRC\n=\n\"cid:a&#64;x.test\">", "a@x.test"),
        ("<img src=\"&#99;id:a&#x40;x.test\">", "a@x.test"),
        ("<img src=\"cid:a%40x.test\">", "a@x.test"),
        ("<img src=\"cid:a&amp;b@x.test\">", "a&b@x.test"),
        ("<img src=\"cid:a&commat;x.test\">", "a@x.test"),
        ("<td background=\"cid:a@x.test\">", "a@x.test"),
        ("<td style=\"background:url(cid:a@x.test) red\">", "a@x.test"),
        ("<td style=\"background:url('cid:a@x.test')\">", "a@x.test"),
        ("<td style=\"background:url(&quot;cid:a@x.test&quot;)\">", "a@x.test"),
        ("<style>p { background: url(cid:a@x.test); }</style>", "a@x.test"),
        ("<img srcset=\"cid:b@x.test 1x, cid:a@x.test 2x\">", "a@x.test"),
        ("<!--[if vml]><v:imagedata src=\"cid:a@x.test\"/><![endif]-->", "a@x.test"),
        ("<img alt=\"a > b\" src=\"cid:a@x.test\">", "a@x.test"),
        ("<p title='it\"s'><img src=cid:a@x.test/>", "a@x.test/"),
        ("<img src=\"cid:%E4%B8%AD@x.test\">", "\u{4e2d}@x.test"),
    ] {
        assert!(has(html, id), "{html}");
    }
    for html in
        ["cid:a@x.test", "<p>see cid:a@x.test</p>", "<img src=\"acid:a@x.test\">", "<img src=\"cid:a@x.test.org\">", ""]
    {
        assert!(!has(html, "a@x.test"), "{html}");
    }
}

#[test]
fn places_are_urls_too() {
    let has = |html: &str, place: &str| References::of(html).has(None, Some(place));
    assert!(has("<img src=\"http://x.test/a%20b.png\">", "http://x.test/a%20b.png"));
    assert!(has("<img src=\"http://x.test/?a=1&amp;b=2\">", "http://x.test/?a=1&b=2"));
    assert!(has("<img src=a.png>", "a.png"));
    assert!(!has("<img src=b.png>", "a.png"));
}

#[test]
fn a_picture_with_an_odd_name_is_inline() {
    let text = related(
        "",
        &[
            "Content-Type: text/html\n\n<img src=\"cid:bild%251$neu@mail.example.net\"><img src=\"http://x.test/b.png\">",
            "Content-Type: image/png; name=p.png\nContent-ID: <bild%1$neu@mail.example.net>\n\nPNG",
            "Content-Type: image/png; name=b.png\nContent-Location: http://x.test/\n  b.png\n\nPNG",
            "Content-Type: image/png; name=c.png\nContent-ID: <nobody@x.test>\n\nPNG",
        ],
    );
    let files = [("p.png".to_owned(), true), ("b.png".to_owned(), true), ("c.png".to_owned(), false)];
    assert_eq!(shown(&text).1, files);
}
