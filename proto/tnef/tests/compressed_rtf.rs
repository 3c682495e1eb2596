//! Compressed RTF: the published examples, what a compressor of the tests' own makes, claims that are not true.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Damage, Limit, decompress, rtf_checksum};
use proptest::prelude::*;
use support::lzfu::{compress, crc, header, store};
use support::{Props, Stream, read};

/// MS-OXRTFCP 3.1.1.
const SIMPLE: &[u8] = &[
    0x2d, 0, 0, 0, 0x2b, 0, 0, 0, b'L', b'Z', b'F', b'u', 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00, 0x72, 0x63,
    0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a, 0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05,
    0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0,
];

/// MS-OXRTFCP 3.1.2: a reference into what it makes itself.
const CROSSING: &[u8] = &[
    0x1a, 0, 0, 0, 0x1c, 0, 0, 0, b'L', b'Z', b'F', b'u', 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20, 0x57, 0x58,
    0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0,
];

/// What came out, and the damage a message with it tells.
fn unpack(octets: &[u8]) -> (Option<Vec<u8>>, Vec<Damage>) {
    unpack_within(octets, &Budget::default())
}

fn unpack_within(octets: &[u8], budget: &Budget) -> (Option<Vec<u8>>, Vec<Damage>) {
    let mut meter = ewsd_tnef::Meter::new(budget);
    let made = decompress(octets, &mut meter);
    (made, meter.damage())
}

#[test]
fn published_examples() {
    let simple = b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n".to_vec();
    assert_eq!(unpack(SIMPLE), (Some(simple.clone()), vec![]));
    let crossing = b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}".to_vec();
    assert_eq!(unpack(CROSSING), (Some(crossing.clone()), vec![]));
    assert_eq!((rtf_checksum(&SIMPLE[16..]), rtf_checksum(&CROSSING[16..])), (0xa7c7_c5f1, 0x514b_d4e2));
    assert_eq!(crc(&SIMPLE[16..]), 0xa7c7_c5f1);
    assert_eq!((unpack(&compress(&simple)).0, unpack(&compress(&crossing)).0), (Some(simple), Some(crossing)));
}

#[test]
fn not_compressed() {
    let raw = b"{\\rtf1 plain}";
    assert_eq!(unpack(&store(raw)), (Some(raw.to_vec()), vec![]));
    assert_eq!(unpack(&store(b"")), (Some(vec![]), vec![]));
    let mut filled = store(raw);
    filled.extend([0; 5]);
    assert_eq!(unpack(&filled), (Some(raw.to_vec()), vec![]));
    let summed = [header(raw.len(), raw.len(), b"MELA", 1), raw.to_vec()].concat();
    assert_eq!(unpack(&summed), (Some(raw.to_vec()), vec![Damage::Compression]));
}

#[test]
fn what_has_no_known_header_is_none() {
    for octets in [&b""[..], &SIMPLE[..15], &[0; 40], b"{\\rtf1 not compressed at all, bare}"] {
        assert_eq!(unpack(octets), (None, vec![]));
    }
    let stream =
        Stream::new(1252).props(&Props::new().with(ewsd_tnef::tag::RTF_COMPRESSED, support::V::Bin(vec![7; 20])));
    assert_eq!(read(&stream.0).damage, [Damage::Compression]);
}

#[test]
fn claims_are_told_and_not_believed() {
    let raw = b"{\\rtf1 some text, some text, some text}".to_vec();
    let good = compress(&raw);
    for (at, what) in [(0, "compressed size"), (4, "raw size"), (12, "checksum")] {
        let mut octets = good.clone();
        octets[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpack(&octets), (Some(raw.clone()), vec![Damage::Compression]), "{what}");
    }
    for end in 16..good.len() {
        let (made, damage) = unpack(&good[..end]);
        assert!(raw.starts_with(&made.unwrap()));
        assert_eq!(damage, [Damage::Compression]);
    }
}

#[test]
fn output_is_bounded() {
    let raw = vec![b'a'; 100_000];
    let octets = compress(&raw);
    assert!(octets.len() < 15_000);
    let budget = Budget { output: 1000, ..Budget::default() };
    let (made, damage) = unpack_within(&octets, &budget);
    assert_eq!((made.unwrap().len(), damage[0]), (1000, Damage::Over(Limit::Output)));
    let (made, damage) = unpack_within(&store(&raw), &budget);
    assert_eq!((made.unwrap().len(), damage[0]), (1000, Damage::Over(Limit::Output)));
}

#[test]
fn references_beyond_the_window_s_turn() {
    let raw: Vec<u8> = (0..20_000_u32).flat_map(|n| format!("{} ", n * 7919 % 1000).into_bytes()).collect();
    assert_eq!(unpack(&compress(&raw)), (Some(raw), vec![]));
}

proptest! {
    #[test]
    fn what_is_compressed_comes_back(raw in prop::collection::vec("[a-d]{1,9}|\\\\par |\r\n|.", 0..400)) {
        let raw = raw.concat().into_bytes();
        prop_assert_eq!(unpack(&compress(&raw)), (Some(raw.clone()), vec![]));
        prop_assert_eq!(unpack(&store(&raw)), (Some(raw), vec![]));
    }

    #[test]
    fn anything_may_be_claimed(any: Vec<u8>, kind: bool, output in 0..5000_usize) {
        let mut octets = any;
        if let Some(place) = octets.get_mut(8..12) {
            place.copy_from_slice(if kind { b"LZFu" } else { b"MELA" });
        }
        let budget = Budget { output, ..Budget::default() };
        let made = unpack_within(&octets, &budget).0.unwrap_or_default();
        prop_assert!(made.len() <= output);
    }
}
