//! Tables: what is written is read, what was not written is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_wire::form::{BigEndian, Bytes, List, Maybe, Octets, Rest, Text, Varints};
use ewsd_wire::{Refused, Wire, from_bytes, seal, to_bytes, unseal, wire};
use proptest::collection::vec;
use proptest::prelude::*;

wire! {
    #[derive(Debug, Clone, PartialEq)]
    struct Sample version 7 {
        small: u8,
        place: i64 as BigEndian,
        key: [u8; 4] as Octets,
        name: String as Text<16>,
        nick: Option<String> as Maybe<Text<4>>,
        numbers: Vec<u64> as Varints<5>,
        choices: Vec<Choice> as List<3>,
        rest: Vec<u8> as Rest<6>,
    }

    #[derive(Debug, Clone, PartialEq)]
    enum Choice {
        0 Nothing
        1 One(value: u32)
        2 Both { left: bool, right: Vec<u8> as Bytes<2> } pad 3
        9 File(length: u64) fds 1
    }

    #[derive(Debug, Clone, PartialEq)]
    struct Inner(Vec<u8> as Bytes<3>);

    #[derive(Debug, Clone, PartialEq)]
    struct Padded version 3 pad 2 {
        value: u8,
    }
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Nothing),
        any::<u32>().prop_map(Choice::One),
        (any::<bool>(), vec(any::<u8>(), 0..3)).prop_map(|(left, right)| Choice::Both { left, right }),
        any::<u64>().prop_map(Choice::File),
    ]
}

prop_compose! {
    fn sample()(
        small in any::<u8>(), place in any::<i64>(), key in any::<[u8; 4]>(), name in "[a-z]{0,16}",
        nick in proptest::option::of("[a-z]{0,4}"), numbers in vec(any::<u64>(), 0..6), choices in vec(choice(), 0..4),
        rest in vec(any::<u8>(), 0..7),
    ) -> Sample {
        Sample { small, place, key, name, nick, numbers, choices, rest }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(sample in sample()) {
        prop_assert_eq!(from_bytes::<Sample>(&to_bytes(&sample)), Ok(sample.clone()));
        prop_assert_eq!(unseal::<Sample>(&seal(&sample)), Ok(sample));
    }

    /// No two texts are one value: whatever is read is written again as it was.
    #[test]
    fn whatever_is_read_was_written(sample in sample(), at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = to_bytes(&sample);
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(other) = from_bytes::<Sample>(&bytes) {
            prop_assert_eq!(to_bytes(&other), bytes);
        }
    }

    #[test]
    fn hostile_bytes_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        let _ = from_bytes::<Sample>(&bytes);
        let _ = unseal::<Sample>(&bytes);
    }

    #[test]
    fn damage_is_noticed(sample in sample(), at in any::<prop::sample::Index>(), change in 1u8..) {
        let mut bytes = seal(&sample);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        prop_assert!(unseal::<Sample>(&bytes).is_err());
    }
}

#[test]
fn the_layout_is_as_declared() {
    let sample = Sample {
        small: 1,
        place: 2,
        key: *b"abcd",
        name: "n".into(),
        nick: Some("m".into()),
        numbers: vec![300],
        choices: vec![Choice::Nothing, Choice::One(5), Choice::Both { left: true, right: vec![6] }],
        rest: vec![8, 9],
    };
    let bytes = b"\x07\x01\0\0\0\0\0\0\0\x02abcd\x01n\x01\x01m\x01\xac\x02\x03\0\0\x01\x05\0\0\0\x02\x01\x01\0\0\0\x06\0\0\0\x08\x09";
    assert_eq!(to_bytes(&sample), bytes);
    assert_eq!(to_bytes(&Inner::from(vec![1, 2])), b"\x02\0\0\0\x01\x02");
    assert_eq!(to_bytes(&Padded { value: 9 }), b"\x03\x09\0\0");
    assert_eq!(from_bytes::<Padded>(b"\x03\x09\0\x01"), Err(Refused::BadValue("Padded")));
    assert_eq!((Choice::File(3).descriptors(), Choice::One(3).descriptors()), (1, 0));
}

#[test]
fn what_was_not_written_is_refused() {
    for (bytes, refused) in [
        (&b"\x03"[..], Refused::BadValue("Choice")),
        (b"\x01\0\0\0", Refused::Short),
        (b"\x00\0", Refused::Long),
        (b"\x02\x02", Refused::BadValue("flag")),
        (b"\x02\0\x03\0\0\0", Refused::TooBig("Choice::Both.right")),
        (b"\x02\0\0\0\0\0\0\x01\0", Refused::BadValue("Choice")),
    ] {
        assert_eq!(from_bytes::<Choice>(bytes), Err(refused), "{bytes:?}");
    }
    assert_eq!(from_bytes::<Sample>(b"\x08\x01"), Err(Refused::BadValue("version of Sample")));
    assert_eq!(from_bytes::<Inner>(b"\x04\0\0\0abcd"), Err(Refused::TooBig("Inner")));
}

#[test]
fn numbers_have_one_form_only() {
    wire! { #[derive(Debug, PartialEq)] struct Numbers(Vec<u64> as Varints<2>); }
    assert_eq!(from_bytes::<Numbers>(b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), Ok(Numbers(vec![u64::MAX])));
    for bytes in
        [&b"\x01\x80\0"[..], b"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", b"\x81\0\x05", b"\x03\x01\x01\x01"]
    {
        assert!(from_bytes::<Numbers>(bytes).is_err(), "{bytes:?}");
    }
}
