//! Anything at all, and good streams with anything done to them: no panic, nothing beyond the budget.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, FileContent, Message, Meter, RtfSource, SIGNATURE, id, read_rtf, read_with, tag};
use proptest::prelude::*;
use support::{COMMON, IID_MESSAGE, IID_STORAGE, MESSAGE, PUBLIC_STRINGS, Props, Stream, V, one_off, recipient};

/// A stream with one of everything.
fn everything() -> Vec<u8> {
    let rtf = b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1\\deff0{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset128 B;}}\\uc1 \
                {\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 a \\u8364? \\f1\\'93\\'fa\\~\\par{\\*\\mhtmltag x}{\\bin3 abc}}}";
    let inner =
        Stream::new(1251)
            .text(id::SUBJECT, b"\xcf\xf0")
            .props(&Props::new().rtf(rtf))
            .recipients(&[
                recipient(2, "In", "EX", "/o=x").with(tag::ENTRY_ID, V::Bin(one_off(true, "N", "SMTP", "a@b.test")))
            ]);
    let props = Props::new()
        .text(tag::SUBJECT, "subject")
        .rtf(rtf)
        .with(tag::HTML, V::Bin(b"<p>\xfc".to_vec()))
        .named(0x8000, PUBLIC_STRINGS, "Keywords", V::Many(vec![V::Uni("a".to_owned()), V::Uni("b".to_owned())]))
        .named_id(0x8001, COMMON, 0x8570, V::Many(vec![V::I2(1), V::I2(2)]))
        .with(0x6000, V::Clsid([1; 16]))
        .with(0x6001, V::R4(1.0))
        .with(0x6002, V::Time(1));
    Stream::new(1252)
        .class("IPM.Microsoft Mail.Note")
        .put(MESSAGE, id::FROM, 0, &[&[4, 0, 0, 0, 2, 0, 7, 0][..], b"A\0SMTP:a\0"].concat())
        .put(MESSAGE, id::OWNER, 6, &[2, 0, b'B', 0, 2, 0, b'C', 0])
        .date(id::DATE_SENT, [2004, 2, 17, 11, 25, 35])
        .text(id::MESSAGE_ID, b"0123456789ABCDEF")
        .recipients(&[recipient(1, "Out", "SMTP", "o@o.test"), recipient(3, "B", "EX", "/o=y")])
        .props(&props)
        .attach()
        .title(b"a.txt")
        .data(b"data")
        .attach_props(&Props::new().text(tag::ATTACH_LONG_FILENAME, "long name.txt"))
        .attach()
        .attach_props(&Props::new().with(tag::ATTACH_DATA, V::Obj(IID_MESSAGE, inner.0)))
        .attach_kind(2)
        .attach_props(&Props::new().with(tag::ATTACH_DATA, V::Obj(IID_STORAGE, vec![1; 40])))
        .0
}

const SMALL: Budget = Budget {
    attributes: 60,
    properties: 200,
    text: 2000,
    output: 6000,
    nesting: 2,
    attachments: 20,
    recipients: 20,
    groups: 20,
};

/// Attachments, recipients, octets made, depth.
fn sizes(message: &Message<'_>) -> (usize, usize, usize, usize) {
    let body = &message.body;
    let made = body.text.as_ref().map_or(0, String::len)
        + body.html.as_ref().map_or(0, String::len)
        + body.rtf.as_ref().map_or(0, Vec::len);
    message.attachments.iter().fold((message.attachments.len(), message.recipients.len(), made, 1), |sum, file| {
        match &file.content {
            FileContent::Message(inner) => {
                let more = sizes(inner);
                (sum.0 + more.0, sum.1 + more.1, sum.2 + more.2, sum.3.max(more.3 + 1))
            }
            _ => sum,
        }
    })
}

fn check(octets: &[u8]) {
    for budget in [&SMALL, &Budget::default()] {
        let mut meter = Meter::new(budget);
        let Ok(message) = read_with(octets, &mut meter) else { continue };
        let (attachments, recipients, made, depth) = sizes(&message);
        assert!(attachments <= budget.attachments && recipients <= budget.recipients);
        // Texts may be told and made once more as RTF, each within the budget's output.
        assert!(made <= 2 * budget.output && depth <= budget.nesting + 1, "{made} {depth}");
        assert!(meter.steps() <= 40 * (octets.len() as u64 + budget.output as u64) + 10_000, "{}", meter.steps());
    }
}

#[test]
fn everything_is_read_whole() {
    let octets = everything();
    let message = support::read(&octets);
    assert_eq!((message.damage.len(), message.attachments.len(), message.recipients.len()), (0, 3, 2));
    let FileContent::Message(inner) = &message.attachments[1].content else { panic!() };
    assert_eq!((inner.damage.len(), inner.recipients[0].person.address.as_str()), (0, "a@b.test"));
    assert_eq!(inner.body.html.as_deref(), Some("<p>a \u{20ac} \u{65e5}&nbsp;\r\n"));
    check(&octets);
}

#[test]
fn every_cut_of_everything() {
    let octets = everything();
    (0..octets.len()).for_each(|end| check(&octets[..end]));
}

#[test]
fn every_octet_turned() {
    let octets = everything();
    for at in 4..octets.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut wrong = octets.clone();
            wrong[at] ^= change;
            check(&wrong);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn anything_behind_a_signature(rest: Vec<u8>) {
        check(&[&SIGNATURE.to_le_bytes()[..], &rest].concat());
    }

    #[test]
    fn anything_in_an_attribute(level in 1..=2_u8, at in 0..32_usize, ty: u16, data: Vec<u8>) {
        let ids = [
            id::OWNER, id::SENT_FOR, id::DELEGATE, id::DATE_START, id::DATE_END, id::AID_OWNER, id::REQUEST_RES, id::FROM,
            id::SUBJECT, id::DATE_SENT, id::MESSAGE_STATUS, id::MESSAGE_CLASS, id::MESSAGE_ID, id::BODY, id::PRIORITY,
            id::ATTACH_DATA, id::ATTACH_TITLE, id::ATTACH_META_FILE, id::ATTACH_REND_DATA, id::MSG_PROPS, id::RECIP_TABLE,
            id::ATTACHMENT, id::OEM_CODEPAGE,
        ];
        let known = ids[at % ids.len()];
        check(&Stream::new(1252).put(level, known, ty, &data).0);
        let counted = [&1_u32.to_le_bytes()[..], &data].concat();
        check(&Stream::new(932).put(level, known, ty, &counted).0);
    }

    #[test]
    fn good_streams_with_pieces_exchanged(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>(), 1..=4_usize), 1..6),
        cut in any::<prop::sample::Index>(),
        twice: bool,
    ) {
        let mut octets = everything();
        for (at, with, count) in changes {
            let at = at.index(octets.len() - 4);
            octets[at..at + count].copy_from_slice(&with.to_le_bytes()[..count]);
        }
        octets[..4].copy_from_slice(&SIGNATURE.to_le_bytes());
        if twice {
            let at = cut.index(octets.len());
            let rest = octets[at..].to_vec();
            octets.extend(rest);
        }
        check(&octets);
    }

    #[test]
    fn any_rtf(pieces in prop::collection::vec(
        "[{}]|\\\\[a-z]{1,6}-?[0-9]{0,7} ?|\\\\'[0-9a-f]{0,2}|\\\\\\*|.|\\\\(htmltag|htmlrtf0?|fromhtml1?|fonttbl|f1|fcharset128|uc9|u-10179|upr|ud|bin9|ansicpg932|deff1) ?",
        0..60,
    ), head: bool) {
        let text = format!("{{\\rtf1{}{}", if head { "\\fromhtml1 " } else { "" }, pieces.concat());
        let mut meter = Meter::new(&SMALL);
        let rtf = read_rtf(text.as_bytes(), None, &mut meter);
        prop_assert!(rtf.text.len() <= SMALL.output);
        prop_assert!(head || rtf.kind != RtfSource::Html || text.contains("fromhtml"));
    }

    #[test]
    fn plain_words_are_never_lost(words in prop::collection::vec("[a-zA-Z]{1,8}", 1..40), seed: u64) {
        // Words with dress around them, as a writer might put it.
        let mut text = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}}".to_owned();
        for (at, word) in words.iter().enumerate() {
            text.push_str(&match (seed >> (at % 60)) % 7 {
                0 => format!("{{\\b {word}}} "),
                1 => format!("\\f1 {word}\\f0\\par "),
                2 => format!("{{\\*\\bkmkstart x}}{word}{{\\*\\bkmkend x}}\\tab "),
                3 => format!("\\u8364?{word}\\~"),
                4 => format!("{{\\field{{\\*\\fldinst HYPERLINK}}{{\\fldrslt {word}}}}} "),
                5 => format!("\\trowd {word}\\cell\\row "),
                _ => format!("\\'{:02x}{} ", word.as_bytes()[0], &word[1..]),
            });
        }
        text.push('}');
        let mut meter = Meter::new(&Budget::default());
        let rtf = read_rtf(text.as_bytes(), None, &mut meter);
        let found: Vec<&str> = rtf.text.split(|c: char| !c.is_ascii_alphabetic()).filter(|w| !w.is_empty()).collect();
        prop_assert_eq!(found, words);
    }

    #[test]
    fn html_comes_back(pieces in prop::collection::vec("<[a-z]{1,5}>|[a-z ]{1,9}|&[a-z]{2,6};|\u{fc}|\u{416}|\u{1f600}|[{}\\\\]", 0..40)) {
        // Tags and references go into groups, text stays shared, as MS-OXRTFEX has it.
        let mut rtf = "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1\\uc1 ".to_owned();
        for piece in &pieces {
            let escaped: String = piece.chars().map(|c| match c {
                '{' | '}' | '\\' => format!("\\{c}"),
                c if c.is_ascii() => c.to_string(),
                c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{}?", *unit as i16)).collect(),
            }).collect();
            let tag = piece.starts_with(['<', '&']);
            rtf.push_str(&if tag { format!("{{\\*\\htmltag84 {escaped}}}\\htmlrtf x\\htmlrtf0 ") } else { escaped });
        }
        rtf.push('}');
        let mut meter = Meter::new(&Budget::default());
        prop_assert_eq!(read_rtf(rtf.as_bytes(), None, &mut meter).text, pieces.concat());
    }
}
