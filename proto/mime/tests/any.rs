//! Octets as nobody should send them: nothing panics, all places lie within the message.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ewsd_mime::{Message, choose, class};
use proptest::prelude::*;

/// Reads all that can be read.
fn whole(octets: &[u8]) {
    let message = Message::read(octets);
    let head = message.head();
    for name in ["From", "To", "Subject", "Date", "References", "Message-ID"] {
        head.addresses(name);
        head.text(name);
        head.date(name);
        head.ids(name);
        head.id(name);
    }
    for part in message.parts() {
        assert!(octets.get(part.body.clone()) == Some(part.octets()), "{:?}", part.body);
        assert!(octets.get(part.head_range.clone()).is_some(), "{:?}", part.head_range);
        for place in [&part.preamble, &part.epilogue].into_iter().flatten() {
            assert!(
                octets.get(place.clone()).is_some() && place.start >= part.body.start && place.end <= part.body.end,
                "{place:?}"
            );
        }
        if let Some(parent) = part.parent.and_then(|parent| message.part(parent)) {
            assert!(parent.number < part.number && parent.children.contains(&part.number));
            assert!(parent.body.start <= part.head_range.start && part.body.end <= parent.body.end);
        }
        part.text();
        if let Some(inner) = part.message() {
            Message::read(&inner);
        }
    }
    class(&message);
    let shown = choose(&message);
    let mut seen: Vec<usize> = shown.pieces.iter().map(|piece| piece.part).collect();
    seen.extend(
        shown
            .files
            .iter()
            .filter(|file| !shown.pieces.iter().any(|piece| piece.part == file.part))
            .map(|file| file.part),
    );
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count, "no part is there twice");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_octets(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        whole(&octets);
    }

    #[test]
    fn any_structure(
        lines in proptest::collection::vec(
            "(Content-Type: (multipart/(mixed|alternative|related|digest|report|signed)|text/(html|plain|calendar|x)|message/rfc822|[a-z/;=]{0,9})(; boundary=\"?[ab]\"?)?(; (charset=(utf-8|utf-7|utf-16|hz|x)|name=[a.]{0,3}|format=flowed(; delsp=yes)?|start=a|report-type=delivery-status))?|\
              Content-Transfer-Encoding: (base64|quoted-printable|8bit|x-uuencode|x)|Content-ID: <[a-c]>|Subject: (=\\?utf-8\\?[qb]\\?[A-Za-z=]{0,9}\\?=|[a-z ]{0,9})|\
              (From|To|Date|References|Message-ID|Content-Disposition): [-a-z@<>\"\\\\,;:()0-9 =*?%']{0,30}|--[ab](--)?|<img src=cid:[a-c]>|<[a-z\"'= <>!-]{0,20}|begin 644 a|end|>{0,3} ?[a-z -]{0,9} |-- |[A-Za-z=+/ ]{0,30}|)",
            0..40
        ),
        end in "(\r\n|\n|\r|\r\r\n)"
    ) {
        whole(lines.join(&end).as_bytes());
    }
}
