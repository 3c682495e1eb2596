//! Formatted texts: TNEF, RTF, HTML.

use ewsd_mailbox::convert::html::Images;
use ewsd_mailbox::convert::table::{Reads, SafeHtml};
use ewsd_tnef::{Budget, FileContent, Meter};

use super::{BINARY, Target, all, ask};

pub const TARGETS: &[Target] = &[
    Target { name: "tnef", run: tnef, seeds: &[TNEF], pieces: BINARY },
    Target { name: "rtf", run: rtf, seeds: RTFS, pieces: RTF_WORDS },
    Target { name: "html", run: html_body, seeds: PAGES, pieces: HTML },
];

fn tnef(octets: &[u8]) {
    let budget = Budget { output: 1 << 20, ..Budget::default() };
    let mut meter = Meter::new(&budget);
    if let Ok(message) = ewsd_tnef::read_with(octets, &mut meter) {
        for file in &message.attachments {
            if let FileContent::Octets(content) = file.content {
                assert!(content.len() <= octets.len(), "a file is larger than all of it");
            }
        }
    }
}

fn rtf(octets: &[u8]) {
    let budget = Budget { output: 1 << 20, ..Budget::default() };
    let mut meter = Meter::new(&budget);
    let _ = ewsd_tnef::read_rtf(octets, None, &mut meter);
    if let Some(raw) = ewsd_tnef::decompress(octets, &mut meter) {
        let _ = ewsd_tnef::read_rtf(&raw, None, &mut meter);
    }
}

/// What was filtered goes through again unchanged, and nothing in it can run.
fn html_body(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    all(Reads::Html, octets);
    let filter = |html: &str| ask(&SafeHtml { images: Images::Own }, html.as_bytes());
    let once = filter(&text);
    assert_eq!(filter(&once), once, "filtering again changes it");
    assert!(!once.to_ascii_lowercase().contains("<script"), "a script is left");
}

/// attSubject; attMsgProps with PidTagBody; a file.
const TNEF: &[u8] = b"\x78\x9f\x3e\x22\x01\0\
    \x01\x04\x80\x01\0\x06\0\0\0Hello\0\xf4\x01\
    \x01\x03\x90\x06\0\x14\0\0\0\x01\0\0\0\x1e\0\0\x10\x01\0\0\0\x04\0\0\0abc\0\x5d\x01\
    \x02\x02\x90\x06\0\x0e\0\0\0\x01\0\xff\xff\xff\xff\x20\0\x20\0\0\0\0\0\x3d\x04\
    \x02\x10\x80\x01\0\x06\0\0\0a.txt\0\xf7\x01\
    \x02\x0f\x80\x06\0\x03\0\0\0xyz\x6b\x01";

const RTFS: &[&[u8]] = &[
    b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 a\\'e4 \\u8364?\\par}}",
    b"\x20\0\0\0\x10\0\0\0LZFu\0\0\0\0\0{\\rtf1 x}\x0c\xf0",
];

const RTF_WORDS: &[&[u8]] = &[
    b"{\\rtf1",
    b"\\fromhtml1",
    b"\\fromtext",
    b"{\\*\\htmltag64 ",
    b"\\htmlrtf ",
    b"\\htmlrtf0 ",
    b"\\par ",
    b"\\'e4",
    b"\\u8364?",
    b"\\uc1",
    b"{",
    b"}",
    b"\\",
    b"\\ansicpg1251",
    b"{\\fonttbl{\\f0\\fcharset204 A;}}",
    b"\\f0 ",
    b"\\bin3 ",
    b"\\pntext",
    b"\\~",
    b"\\_",
    b"LZFu",
    b"MELA",
    b"\0",
];

const PAGES: &[&[u8]] =
    &[b"<p>a <b title='x'>b</b><img src=\"cid:x\">&amp;&#x41;<!-- c --><style>p{color:red}</style></p>"];

const HTML: &[&[u8]] = &[
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!--",
    b"-->",
    b"<p>",
    b"<b>",
    b"</b>",
    b"<table><tr><td>",
    b"<style>",
    b"</style>",
    b"<script>",
    b"</script>",
    b"<a href=\"",
    b"<img src=",
    b"'",
    b"\"",
    b"=",
    b"&",
    b"&amp;",
    b"&#",
    b"&#x",
    b";",
    b"<svg>",
    b"<math>",
    b"<plaintext>",
    b"<![CDATA[",
    b"]]>",
    b"javascript:",
    b"url(",
    b"expression(",
    b"@import",
    b"/*",
    b"*/",
    b"{",
    b"}",
    b"style=\"",
    b"onload=",
    b"\0",
    b"\xf0\x9f\x8e\x89",
];
