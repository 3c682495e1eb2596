//! Whatever comes in, the reader answers: a request or a fault, never a panic, and never a fault without a place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_ews::parse_envelope;
use ewsd_model::code::Code;
use proptest::prelude::*;

/// One request of each kind that has something inside.
const SEEDS: &[&str] = &[
    include_str!("fixtures/get_item.xml"),
    include_str!("fixtures/find_item.xml"),
    include_str!("fixtures/create_item.xml"),
    include_str!("fixtures/update_item.xml"),
    include_str!("fixtures/create_attachment.xml"),
    include_str!("fixtures/sync_folder_items.xml"),
    include_str!("fixtures/subscribe.xml"),
    include_str!("fixtures/create_folder.xml"),
];

fn read(document: &[u8]) {
    if let Err(fault) = parse_envelope(document) {
        assert_eq!(fault.violation.is_some(), fault.code == Code::ErrorSchemaValidation);
        let shown = fault.to_bytes();
        assert!(shown.starts_with(b"<?xml"));
    }
}

/// What a mutation does at a place.
#[derive(Clone, Debug)]
enum Change {
    Cut(usize),
    Flip(u8),
    Insert(Vec<u8>),
    /// Copies so many octets from another place.
    Copy(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let pieces: &[&[u8]] = &[
        b"<",
        b">",
        b"&",
        b";",
        b"\"",
        b"/>",
        b"</",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"]]>",
        b"<?x?>",
        b"&#x0;",
        b"&amp;",
        b"<t:Message>",
        b"</t:Message>",
        b"xmlns:q=\"\"",
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b" Id=\"\"",
    ];
    prop_oneof![
        (1usize..40).prop_map(Change::Cut),
        any::<u8>().prop_map(Change::Flip),
        proptest::sample::select(pieces).prop_map(|piece| Change::Insert(piece.to_vec())),
        proptest::collection::vec(any::<u8>(), 0..8).prop_map(Change::Insert),
        (any::<usize>(), 1usize..200).prop_map(|(from, len)| Change::Copy(from, len)),
    ]
}

fn mutate(document: &mut Vec<u8>, place: usize, change: &Change) {
    if document.is_empty() {
        return;
    }
    let place = place % document.len();
    match change {
        Change::Cut(len) => drop(document.drain(place..(place + len).min(document.len()))),
        Change::Flip(bits) => document[place] ^= bits,
        Change::Insert(octets) => drop(document.splice(place..place, octets.iter().copied())),
        Change::Copy(from, len) => {
            let from = from % document.len();
            let copied = document[from..(from + len).min(document.len())].to_vec();
            drop(document.splice(place..place, copied));
        }
    }
}

#[test]
fn the_seeds_are_read() {
    for seed in SEEDS {
        parse_envelope(seed.as_bytes()).unwrap();
    }
}

/// Every beginning of a request, and every request that lacks one octet.
#[test]
fn torn_requests() {
    for seed in SEEDS {
        let document = seed.as_bytes();
        for end in 0..document.len() {
            read(&document[..end]);
            let mut torn = document.to_vec();
            torn.remove(end);
            read(&torn);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_requests(
        seed in proptest::sample::select(SEEDS),
        changes in proptest::collection::vec((any::<usize>(), change()), 1..6),
    ) {
        let mut document = seed.as_bytes().to_vec();
        for (place, change) in &changes {
            mutate(&mut document, *place, change);
        }
        read(&document);
    }

    #[test]
    fn any_octets(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        read(&document);
    }

    #[test]
    fn any_value_of_a_simple_type(text in "\\PC{0,40}") {
        let zone = jiff::tz::TimeZone::UTC;
        let _ = ewsd_ews::scalar::timestamp(&text, &zone);
        let _ = ewsd_ews::scalar::base64(&text);
        let _ = ewsd_ews::scalar::guid(&text);
        let _ = ewsd_ews::scalar::double(&text);
    }

    /// A time that is written is read as the same second.
    #[test]
    fn times_come_back(seconds in -62_135_596_800i64..253_402_207_200) {
        let time = jiff::Timestamp::from_second(seconds).unwrap();
        let text = time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        prop_assert_eq!(ewsd_ews::scalar::timestamp(&text, &jiff::tz::TimeZone::UTC), Some(time));
    }
}
