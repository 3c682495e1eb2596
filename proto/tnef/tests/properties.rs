//! Lists of MAPI properties: every type, one and many, names, code pages, and lists that break off.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_model::id::Guid;
use ewsd_model::property::mapi::{ExtendedName, ExtendedPath, ExtendedValue, MapiType, Scalar, SetId};
use ewsd_tnef::{Budget, Damage, FileTime, Limit, Value, id, tag};
use std::borrow::Cow;
use support::{COMMON, MESSAGE, PUBLIC_STRINGS, Props, Stream, V, parse, read};

/// The only property of a stream, behind one that shows whether the reader stayed in step.
fn one(value: V) -> (ExtendedPath, Value<'static>) {
    let props = Props::new().with(0x6000, value).with(tag::SUBJECT, V::Uni("in step".to_owned()));
    let octets: &'static [u8] = Stream::new(1252).props(&props).0.leak();
    let tnef = parse(octets);
    assert_eq!((tnef.properties.text(tag::SUBJECT), &tnef.damage[..]), (Some("in step"), &[][..]));
    let first = tnef.properties.0[0].clone();
    (first.path, first.value)
}

fn path(ty: MapiType, array: bool) -> ExtendedPath {
    ExtendedPath { name: ExtendedName::Tag(0x6000), ty, array }
}

const GUID: [u8; 16] = [0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];

#[test]
fn every_type() {
    let guid = Guid::parse("00112233-4455-6677-8899-aabbccddeeff").unwrap();
    for (written, ty, value) in [
        (V::Null, MapiType::Null, Value::Null),
        (V::I2(-5), MapiType::Short, Value::Int(-5)),
        (V::I4(-70_000), MapiType::Integer, Value::Int(-70_000)),
        (V::R4(1.5), MapiType::Float, Value::Real(1.5)),
        (V::R8(-2.25), MapiType::Double, Value::Real(-2.25)),
        (V::Currency(123_400), MapiType::Currency, Value::Int(123_400)),
        (V::AppTime(40_000.5), MapiType::ApplicationTime, Value::Real(40_000.5)),
        (V::Error(0x8004_010f), MapiType::Error, Value::Error(0x8004_010f)),
        (V::Bool(true), MapiType::Boolean, Value::Bool(true)),
        (V::Bool(false), MapiType::Boolean, Value::Bool(false)),
        (V::I8(i64::MIN), MapiType::Long, Value::Int(i64::MIN)),
        (V::Time(127_215_195_350_000_000), MapiType::SystemTime, Value::Time(FileTime(127_215_195_350_000_000))),
        (V::Clsid(GUID), MapiType::Clsid, Value::Clsid(guid)),
        (V::Str8(b"na\xefve".to_vec()), MapiType::String, Value::Text("na\u{ef}ve".to_owned())),
        (V::Uni("\u{1f600}\u{65e5}".to_owned()), MapiType::String, Value::Text("\u{1f600}\u{65e5}".to_owned())),
        (V::Uni(String::new()), MapiType::String, Value::Text(String::new())),
        (V::Bin(vec![0, 1, 2, 3, 4]), MapiType::Binary, Value::Binary(Cow::Borrowed(&[0, 1, 2, 3, 4]))),
        (V::Obj(GUID, vec![9; 5]), MapiType::Object, Value::Object(guid, &[9; 5])),
    ] {
        assert_eq!(one(written), (path(ty, false), value));
    }
}

#[test]
fn every_type_many_times() {
    for (written, ty, values) in [
        (vec![V::I2(1), V::I2(-2), V::I2(3)], MapiType::Short, vec![Value::Int(1), Value::Int(-2), Value::Int(3)]),
        (vec![V::I4(1), V::I4(2)], MapiType::Integer, vec![Value::Int(1), Value::Int(2)]),
        (vec![V::R4(0.5)], MapiType::Float, vec![Value::Real(0.5)]),
        (vec![V::R8(0.5), V::R8(1.0)], MapiType::Double, vec![Value::Real(0.5), Value::Real(1.0)]),
        (vec![V::Currency(5)], MapiType::Currency, vec![Value::Int(5)]),
        (vec![V::I8(5), V::I8(6)], MapiType::Long, vec![Value::Int(5), Value::Int(6)]),
        (vec![V::Time(5)], MapiType::SystemTime, vec![Value::Time(FileTime(5))]),
        (
            vec![V::Clsid(GUID); 2],
            MapiType::Clsid,
            vec![Value::Clsid(Guid::parse("00112233-4455-6677-8899-aabbccddeeff").unwrap()); 2],
        ),
        (
            vec![V::Str8(b"a".to_vec()), V::Str8(b"\xe4bc".to_vec())],
            MapiType::String,
            vec![Value::Text("a".to_owned()), Value::Text("\u{e4}bc".to_owned())],
        ),
        (
            vec![V::Uni("Rot".to_owned()), V::Uni("Gr\u{fc}n".to_owned())],
            MapiType::String,
            vec![Value::Text("Rot".to_owned()), Value::Text("Gr\u{fc}n".to_owned())],
        ),
        (
            vec![V::Bin(vec![1]), V::Bin(vec![]), V::Bin(vec![2; 9])],
            MapiType::Binary,
            vec![
                Value::Binary(Cow::Borrowed(&[1])),
                Value::Binary(Cow::Borrowed(&[])),
                Value::Binary(Cow::Borrowed(&[2; 9])),
            ],
        ),
    ] {
        assert_eq!(one(V::Many(written)), (path(ty, true), Value::Many(values)));
    }
}

#[test]
fn names_of_properties() {
    let odd = [0x77; 16];
    let props = Props::new()
        .named(0x8001, PUBLIC_STRINGS, "Keywords", V::Many(vec![V::Uni("Work".to_owned())]))
        .named_id(0x8002, COMMON, 0x8570, V::I4(3))
        .named(0x8003, odd, "X-Gr\u{f6}\u{df}e", V::Str8(b"9".to_vec()));
    let octets = Stream::new(1252).props(&props).0;
    let tnef = parse(&octets);
    let keywords = ExtendedName::Name(SetId::PublicStrings, "Keywords".to_owned());
    assert_eq!(tnef.properties.get(&keywords), Some(&Value::Many(vec![Value::Text("Work".to_owned())])));
    assert_eq!(tnef.properties.get(&ExtendedName::Id(SetId::Common, 0x8570)), Some(&Value::Int(3)));
    let size = ExtendedName::Name(SetId::Guid(odd), "X-Gr\u{f6}\u{df}e".to_owned());
    assert_eq!(tnef.properties.get(&size), Some(&Value::Text("9".to_owned())));
    assert_eq!((tnef.properties.tag(0x8001), tnef.damage), (None, vec![]));
    let keys: Vec<String> = read(&octets).properties.iter().map(|(path, _)| path.key()).collect();
    assert_eq!(keys[0], "{00020329-0000-0000-c000-000000000046}/Keywords/101f");
    assert_eq!(keys[1], "{00062008-0000-0000-c000-000000000046}/0x8570/0003");
}

#[test]
fn a_mailbox_gets_values_it_can_keep() {
    let props = Props::new()
        .with(0x6000, V::Null)
        .with(0x6001, V::Error(1))
        .with(0x6002, V::Obj(GUID, vec![]))
        .with(0x6003, V::Time(116_444_736_010_000_000))
        .with(0x6004, V::Clsid(GUID))
        .with(0x6005, V::Time(i64::MAX))
        .with(0x6006, V::Many(vec![V::Bin(vec![1])]))
        .text(tag::BODY, "not here");
    let octets = Stream::new(1252).props(&props).0;
    let kept = read(&octets).properties;
    let values: Vec<_> = kept.iter().map(|(path, value)| (path.key(), value.clone())).collect();
    let second = jiff::Timestamp::from_second(1).unwrap();
    assert_eq!(
        values,
        [
            ("0x60030040".to_owned(), ExtendedValue::One(Scalar::Time(second))),
            (
                "0x60040048".to_owned(),
                ExtendedValue::One(Scalar::Text("00112233-4455-6677-8899-aabbccddeeff".to_owned()))
            ),
            ("0x60061102".to_owned(), ExtendedValue::Many(vec![Scalar::Bytes(vec![1])])),
        ]
    );
}

fn subject(stream: Stream) -> String {
    read(&stream.0).subject.unwrap()
}

#[test]
fn eight_bits_by_the_code_page_that_is_told() {
    let privet = b"\xcf\xf0\xe8\xe2\xe5\xf2".to_vec();
    let cyrillic = "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}";
    let props = Props::new().with(tag::SUBJECT, V::Str8(privet.clone()));
    assert_eq!(subject(Stream::new(1251).props(&props)), cyrillic);
    // The attribute counts before the properties (it is what the writer encoded by).
    let other = props.clone().with(tag::MESSAGE_CODEPAGE, V::I4(1252));
    assert_eq!(subject(Stream::new(1251).props(&other)), cyrillic);
    for tag in [tag::MESSAGE_CODEPAGE, tag::INTERNET_CODEPAGE] {
        let told = props.clone().with(tag, V::I4(1251));
        assert_eq!(subject(Stream::bare().props(&told)), cyrillic);
        assert_eq!(subject(Stream::new(4_000_000).props(&told)), cyrillic);
    }
    // "Any character" is no way to write octets.
    let unicode = props.clone().with(tag::MESSAGE_CODEPAGE, V::I4(1200)).with(tag::INTERNET_CODEPAGE, V::I4(1251));
    for begun in [Stream::bare(), Stream::new(1200)] {
        assert_eq!(subject(begun.props(&unicode)), cyrillic);
    }
    let sent_on =
        Props::new().with(tag::SUBJECT, V::Str8(b"\x93\xfa".to_vec())).with(tag::INTERNET_CODEPAGE, V::I4(50220));
    assert_eq!(subject(Stream::bare().props(&sent_on)), "\u{65e5}");
    let japanese = Stream::new(932).text(id::SUBJECT, b"\x93\xfa\x96\x7b\x8c\xea");
    assert_eq!(subject(japanese), "\u{65e5}\u{672c}\u{8a9e}");
    assert_eq!(subject(Stream::bare().text(id::SUBJECT, "Gr\u{fc}n".as_bytes())), "Gr\u{fc}n");
    assert_eq!(subject(Stream::bare().text(id::SUBJECT, b"Gr\xfcn")), "Gr\u{fc}n");
}

#[test]
fn nul_is_never_in_a_text() {
    let props = Props::new().with(tag::SUBJECT, V::Str8(b"a\0b\0\0".to_vec()));
    assert_eq!(subject(Stream::new(1252).props(&props)), "ab");
}

#[test]
fn a_list_that_breaks_off_keeps_what_stood_before() {
    let good = Props::new().text(tag::SUBJECT, "kept");
    for (broken, what) in [
        (good.clone().typed(0x6000, 0x0099, &[0; 8]), "an unknown type"),
        (good.clone().typed(0x6000, 0x0000, &[]), "no type"),
        (good.clone().typed(0x6000, 0x1001, &u32::MAX.to_le_bytes()), "many nothings"),
        (good.clone().typed(0x6000, 0x101f, &u32::MAX.to_le_bytes()), "a count without values"),
        (good.clone().typed(0x6000, 0x0102, &[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1]), "a length without octets"),
        (good.clone().typed(0x8000, 0x0003, &[0; 15]), "half a name"),
        (good.clone().typed(0x8000, 0x0003, &[9; 28]), "a name of an unknown kind"),
        (good.clone().typed(0x6000, 0x0040, &[1; 7]), "half a number"),
    ] {
        let stream = Stream::new(1252).props(&broken).text(id::BODY, b"and this");
        let message = read(&stream.0);
        assert_eq!(
            (message.subject.as_deref(), &message.damage[..]),
            (Some("kept"), &[Damage::Properties][..]),
            "{what}"
        );
        assert_eq!(message.body.text.as_deref(), Some("and this"));
    }
    let claims = [&u32::MAX.to_le_bytes()[..], &good.bytes()[4..]].concat();
    let message = Stream::new(1252).put(MESSAGE, id::MSG_PROPS, 6, &claims).0;
    assert_eq!((read(&message).subject.as_deref(), read(&message).damage), (Some("kept"), vec![Damage::Properties]));
}

#[test]
fn of_several_values_the_first_counts() {
    let two = [&2_u32.to_le_bytes()[..], &[2, 0, 0, 0, b'a', 0, 0, 0], &[2, 0, 0, 0, b'b', 0, 0, 0]].concat();
    let props = Props::new().typed(tag::SUBJECT, 0x001e, &two).text(tag::BODY, "in step");
    let octets = Stream::new(1252).props(&props).0;
    assert_eq!((read(&octets).subject.as_deref(), read(&octets).body.text.as_deref()), (Some("a"), Some("in step")));
    let none = Props::new().typed(tag::SUBJECT, 0x001e, &[0; 4]).text(tag::BODY, "in step");
    let octets = Stream::new(1252).props(&none).0;
    assert_eq!((read(&octets).subject, read(&octets).body.text.as_deref()), (None, Some("in step")));
}

#[test]
fn values_are_counted() {
    let values = V::Many((0..100).map(V::I4).collect());
    let octets = Stream::new(1252).props(&Props::new().text(tag::SUBJECT, "kept").with(0x6000, values)).0;
    let budget = Budget { properties: 50, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!(message.subject.as_deref(), Some("kept"));
    assert_eq!(message.damage, [Damage::Over(Limit::Properties), Damage::Properties]);
}

#[test]
fn copies_count_as_output() {
    let props = Props::new().with(0x6000, V::Bin(vec![1; 400])).with(0x6001, V::Bin(vec![2; 400]));
    let octets = Stream::new(1252).props(&props).0;
    let budget = Budget { output: 500, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!((message.properties.len(), message.damage), (1, vec![Damage::Over(Limit::Output)]));
}

#[test]
fn attributes_fill_what_the_properties_lack() {
    let stream = Stream::new(1252)
        .text(id::SUBJECT, b"short")
        .text(id::BODY, b"attribute")
        .date(id::DATE_SENT, [2004, 2, 17, 11, 25, 35])
        .props(
            &Props::new().text(tag::SUBJECT, "long").with(tag::CLIENT_SUBMIT_TIME, V::Time(127_215_195_350_000_000)),
        );
    let message = read(&stream.0);
    assert_eq!((message.subject.as_deref(), message.body.text.as_deref()), (Some("long"), Some("attribute")));
    assert_eq!(message.sent.unwrap().to_string(), "2004-02-17T19:25:35Z");
}

#[test]
fn a_subject_in_two_pieces() {
    let props = Props::new().text(tag::SUBJECT_PREFIX, "AW: ").text(tag::NORMALIZED_SUBJECT, "Termin");
    assert_eq!(subject(Stream::new(1252).props(&props)), "AW: Termin");
}
