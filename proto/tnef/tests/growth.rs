//! Work grows as the octets do: units repeated n, 2n, 4n, 8n, steps counted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Meter, id, read_rtf, read_with, tag};
use support::lzfu::store;
use support::{ATTACHMENT, COMMON, IID_MESSAGE, MESSAGE, PUBLIC_STRINGS, Props, Stream, V, one_off, recipient};

const WIDE: Budget = Budget {
    attributes: usize::MAX,
    properties: usize::MAX,
    text: usize::MAX,
    output: 1 << 30,
    nesting: 8,
    attachments: usize::MAX,
    recipients: usize::MAX,
    groups: 1000,
};

fn ratio(what: &str, mut steps: impl FnMut(usize) -> u64) {
    let counts: Vec<u64> = [500, 1000, 2000, 4000].iter().map(|n| steps(*n)).collect();
    for pair in counts.windows(2) {
        assert!(pair[1] as f64 <= 2.2 * pair[0] as f64, "{what}: {counts:?}");
    }
    assert!(counts[3] > counts[0], "{what}: {counts:?} does not count");
}

fn stream(what: &str, build: impl Fn(usize) -> Vec<u8>) {
    ratio(what, |n| {
        let octets = build(n);
        let mut meter = Meter::new(&WIDE);
        read_with(&octets, &mut meter).unwrap();
        meter.steps()
    });
}

fn repeated(props: impl Fn(Props, usize) -> Props) -> impl Fn(usize) -> Vec<u8> {
    move |n| Stream::new(1252).props(&(0..n).fold(Props::new(), &props)).0
}

#[test]
fn attributes() {
    let many = |put: fn(Stream) -> Stream| move |n| (0..n).fold(Stream::new(1252), |stream, _| put(stream)).0;
    stream("subjects", many(|s| s.text(id::SUBJECT, b"x")));
    stream("dates", many(|s| s.date(id::DATE_SENT, [2004, 2, 17, 11, 25, 35])));
    stream("unknown ones", many(|s| s.put(MESSAGE, 0x4321, 6, b"")));
    stream("wrong ones", many(|s| s.put(MESSAGE, id::FROM, 0, b"?")));
    stream("wrong sums", many(|s| s.put_summed(MESSAGE, id::SUBJECT, 1, b"x", 9)));
    stream("lists", many(|s| s.props(&Props::new().text(0x6000, "x"))));
    stream("tables", many(|s| s.recipients(&[recipient(1, "a", "SMTP", "a@b.test")])));
    stream("attachments", many(|s| s.attach().title(b"a").data(b"x")));
    stream("data of one attachment", many(|s| s.put(ATTACHMENT, id::ATTACH_DATA, 6, b"x")));
    stream(
        "messages inside",
        many(|s| {
            let inner = Stream::new(1252).text(id::SUBJECT, b"in").0;
            s.attach().attach_props(&Props::new().with(tag::ATTACH_DATA, V::Obj(IID_MESSAGE, inner)))
        }),
    );
    stream("long data", |n| Stream::new(1252).attach().data(&vec![7; n * 10]).0);
    stream("filling", |n| [Stream::new(1252).0, vec![0; n * 10]].concat());
}

#[test]
fn properties() {
    stream("numbers", repeated(|p, n| p.with(0x6000 + n as u16 % 0x1000, V::I4(1))));
    stream("texts of 8 bits", repeated(|p, _| p.with(0x6000, V::Str8(b"text".to_vec()))));
    stream("texts of 16 bits", repeated(|p, _| p.text(0x6000, "text")));
    stream("named by text", repeated(|p, n| p.named(0x8000, PUBLIC_STRINGS, &format!("n{n}"), V::I4(1))));
    stream("named by number", repeated(|p, n| p.named_id(0x8000, COMMON, n as u32, V::I4(1))));
    stream("objects", repeated(|p, _| p.with(0x6000, V::Obj(COMMON, vec![1; 9]))));
    stream("many values", |n| Stream::new(1252).props(&Props::new().with(0x6000, V::Many(vec![V::Bin(vec![1]); n]))).0);
    stream("many numbers", |n| Stream::new(1252).props(&Props::new().with(0x6000, V::Many(vec![V::I2(1); n]))).0);
    stream("one long text", |n| {
        Stream::new(932).props(&Props::new().with(tag::BODY, V::Str8(b"\x93\xfa".repeat(n)))).0
    });
    stream("nul", |n| Stream::new(1252).props(&Props::new().with(tag::BODY, V::Str8(b"\0a".repeat(n)))).0);
    stream("html", |n| Stream::new(1252).props(&Props::new().with(tag::HTML, V::Bin(b"<p>\xfc".repeat(n)))).0);
    stream("no code page told", |n| Stream::bare().props(&(0..n).fold(Props::new(), |p, _| p.text(0x6000, "x"))).0);
    stream("recipients", |n| Stream::new(1252).recipients(&vec![recipient(1, "a", "SMTP", "a@b.test"); n]).0);
    stream("a long entry id", |n| {
        let id = one_off(true, &"n".repeat(n), "SMTP", "a@b.test");
        Stream::new(1252).recipients(&[Props::new().with(tag::ENTRY_ID, V::Bin(id))]).0
    });
}

fn rtf(what: &str, unit: &str, end: &str) {
    for head in ["{\\rtf1\\ansi ", "{\\rtf1\\fromhtml1\\ansicpg932 "] {
        ratio(what, |n| {
            let text = format!("{head}{}{}}}", unit.repeat(n), end.repeat(n));
            let mut meter = Meter::new(&WIDE);
            read_rtf(text.as_bytes(), None, &mut meter);
            meter.steps()
        });
    }
}

#[test]
fn rtf_texts() {
    rtf("groups", "{a}", "");
    rtf("deep groups", "{", "}");
    rtf("words", "\\b1 a", "");
    rtf("long names", "\\abcdefghijklmnopqrstuvwxyzabcdefghijklm", "");
    rtf("hexadecimal", "\\'93", "");
    rtf("halves of characters in fonts", "\\f1\\'93\\f2", "");
    rtf("unicode", "\\u8364?", "");
    rtf("high halves", "\\u-10179 ", "");
    rtf("stand-ins", "\\uc16\\u65?", "");
    rtf("tags", "{\\*\\htmltag84 <b>}", "");
    rtf("suppressed", "\\htmlrtf x\\htmlrtf0 y", "");
    rtf("ampersands", "&", "");
    rtf("references", "&amp;&#1", "");
    rtf("angles", "<", "");
    rtf("fonts", "{\\fonttbl{\\f1\\fcharset128 x;}}a", "");
    rtf("binary", "\\bin1 {", "");
    rtf("stars", "{\\*\\x y}", "");
    rtf("backslashes", "\\\\", "");
    rtf("lines", "\r\n", "a");
    rtf("pages", "\\ansicpg1252 a\\ansicpg932 ", "");
    rtf("unicode forms", "{\\upr{a}{\\*\\ud b}}", "");
}

#[test]
fn compressed_texts() {
    let of = |contents: fn(usize) -> Vec<u8>| move |n| Stream::new(1252).props(&Props::new().rtf(&contents(n))).0;
    stream("literals", of(|n| (0..n).flat_map(|n| (n as u32).wrapping_mul(2_654_435_761).to_le_bytes()).collect()));
    stream("references", of(|n| [&b"{\\rtf1 "[..], &b"again and ".repeat(n), b"}"].concat()));
    stream("one letter", of(|n| [&b"{\\rtf1 "[..], &vec![b'a'; 20 * n], b"}"].concat()));
    stream("stored", |n| {
        let rtf = store(&[&b"{\\rtf1 "[..], &b"\\par a".repeat(n), b"}"].concat());
        Stream::new(1252).props(&Props::new().with(tag::RTF_COMPRESSED, V::Bin(rtf))).0
    });
}
