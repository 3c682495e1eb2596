//! Attachments: names, types, ids, inline or not, objects, messages inside messages.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Content, Damage, FileContent, Limit, id, tag};
use support::{ATTACHMENT, IID_MESSAGE, IID_STORAGE, Props, Stream, V, parse, read, recipient};

#[test]
fn files_have_their_names_types_and_octets() {
    let long = Props::new()
        .text(tag::ATTACH_LONG_FILENAME, "Angebot M\u{fc}nchen.pdf")
        .text(tag::ATTACH_FILENAME, "ANGEBO~1.PDF")
        .text(tag::ATTACH_MIME_TAG, "Application/PDF")
        .with(tag::LAST_MODIFICATION_TIME, V::Time(127_215_195_350_000_000));
    let stream = Stream::new(1252)
        .attach()
        .title(b"ANGEBO~1.PDF")
        .data(b"%PDF")
        .attach_props(&long)
        .attach()
        .title(b"pr\xfcfung.txt")
        .data(b"")
        .attach()
        .put(ATTACHMENT, id::ATTACH_TRANSPORT_NAME, 6, b"transport.bin\0")
        .data(&[0, 1, 2])
        .attach();
    let message = read(&stream.0);
    let [pdf, text, transport, nothing] = &message.attachments[..] else { panic!("{:?}", message.attachments) };
    assert_eq!(pdf.name.as_deref(), Some("Angebot M\u{fc}nchen.pdf"));
    assert_eq!((pdf.content_type.as_deref(), &pdf.content), (Some("application/pdf"), &FileContent::Octets(b"%PDF")));
    assert_eq!((pdf.is_inline, pdf.position), (false, None));
    assert_eq!(pdf.modified.unwrap().to_string(), "2004-02-17T19:25:35Z");
    assert_eq!((text.name.as_deref(), &text.content), (Some("pr\u{fc}fung.txt"), &FileContent::Octets(b"")));
    assert_eq!(transport.name.as_deref(), Some("transport.bin"));
    assert_eq!((nothing.name.as_deref(), &nothing.content), (None, &FileContent::Nothing));
    assert_eq!(message.damage, []);
}

#[test]
fn data_may_stand_in_the_properties_or_before_the_name() {
    let props = Props::new().with(tag::ATTACH_DATA, V::Bin(b"from properties".to_vec()));
    let stream = Stream::new(1252).attach().attach_props(&props).attach().data(b"early").title(b"late.txt");
    let message = read(&stream.0);
    assert_eq!(message.attachments[0].content, FileContent::Octets(b"from properties"));
    assert_eq!(message.attachments[1].content, FileContent::Octets(b"early"));
    assert_eq!(message.attachments[1].name.as_deref(), Some("late.txt"));
}

#[test]
fn inline_is_what_is_hidden_or_referred_to() {
    let with = |props: Props| Stream::new(1252).attach().attach_props(&props).data(b"x").0;
    let id = |props: Props| props.text(tag::ATTACH_CONTENT_ID, "<logo@a.test>");
    let plain = with(id(Props::new()));
    let file = &read(&plain).attachments[0];
    assert_eq!((file.content_id.as_deref(), file.is_inline), (Some("logo@a.test"), false));
    for props in [
        Props::new().with(tag::ATTACHMENT_HIDDEN, V::Bool(true)),
        Props::new().with(tag::ATTACH_FLAGS, V::I4(4)).text(tag::ATTACH_CONTENT_LOCATION, "http://a.test/x.png"),
    ] {
        let octets = with(props);
        assert!(read(&octets).attachments[0].is_inline);
    }
    let placed = with(Props::new().with(tag::RENDERING_POSITION, V::I4(17)));
    assert_eq!(read(&placed).attachments[0].position, Some(17));
}

fn inner(subject: &str) -> Stream {
    Stream::new(1251).text(id::SUBJECT, subject.as_bytes()).recipients(&[recipient(1, "In", "SMTP", "in@i.test")])
}

fn wrap(outer: Stream, octets: &[u8]) -> Stream {
    let props =
        Props::new().with(tag::ATTACH_DATA, V::Obj(IID_MESSAGE, octets.to_vec())).with(tag::ATTACH_METHOD, V::I4(5));
    outer.attach().attach_props(&props)
}

#[test]
fn a_message_inside_has_its_own_code_page_people_and_files() {
    let nested = inner("\u{0}").0;
    assert_eq!(read(&nested).subject, None);
    let nested = Stream::new(1251).text(id::SUBJECT, b"\xcf\xf0\xe8").attach().title(b"deep.txt").data(b"deep");
    let nested = nested.recipients(&[recipient(1, "In", "SMTP", "in@i.test")]).0;
    let octets = wrap(Stream::new(1252).text(id::SUBJECT, b"outer"), &nested).0;
    let message = read(&octets);
    let file = &message.attachments[0];
    let FileContent::Message(inside) = &file.content else { panic!("{file:?}") };
    assert_eq!(file.name.as_deref(), Some("\u{41f}\u{440}\u{438}"));
    assert_eq!((inside.subject.as_deref(), inside.recipients.len()), (Some("\u{41f}\u{440}\u{438}"), 1));
    assert_eq!(inside.attachments[0].content, FileContent::Octets(b"deep"));
    assert_eq!((&message.damage[..], &inside.damage[..]), (&[][..], &[][..]));
}

#[test]
fn a_message_inside_takes_the_outer_code_page_if_it_tells_none() {
    let nested = Stream::bare().text(id::SUBJECT, b"\xcf\xf0\xe8").0;
    let octets = wrap(Stream::new(1251), &nested).0;
    assert_eq!(read(&octets).attachments[0].name.as_deref(), Some("\u{41f}\u{440}\u{438}"));
}

#[test]
fn a_stream_in_the_data_attribute_is_a_message_too() {
    let method = Props::new().with(tag::ATTACH_METHOD, V::I4(5));
    let nested = Stream::new(1252).text(id::SUBJECT, b"inside").0;
    let octets = Stream::new(1252).attach().data(&nested).attach_props(&method).0;
    assert_eq!(read(&octets).attachments[0].name.as_deref(), Some("inside"));
    let file = Stream::new(1252).attach().title(b"winmail.dat").data(&nested).0;
    assert_eq!(read(&file).attachments[0].content, FileContent::Octets(&nested));
}

#[test]
fn damage_inside_is_the_inner_message_s() {
    let nested = Stream::new(1252).text(id::SUBJECT, b"inside").0;
    let octets = wrap(Stream::new(1252), &nested[..nested.len() - 4]).0;
    let message = read(&octets);
    let FileContent::Message(inside) = &message.attachments[0].content else { panic!() };
    assert_eq!((&message.damage[..], &inside.damage[..]), (&[][..], &[Damage::Truncated][..]));
    let octets = wrap(Stream::new(1252), b"no stream").0;
    let message = read(&octets);
    assert_eq!(message.attachments[0].content, FileContent::Octets(b"no stream"));
    assert_eq!(message.damage, [Damage::Nested]);
}

#[test]
fn nesting_is_bounded_and_what_is_over_stays_octets() {
    let mut octets = Stream::new(1252).text(id::SUBJECT, b"innermost").0;
    for _ in 0..5 {
        octets = wrap(Stream::new(1252), &octets).0;
    }
    let budget = Budget { nesting: 3, ..Budget::default() };
    let tnef = ewsd_tnef::parse(&octets, &budget).unwrap();
    let mut depth = 0;
    let mut at = &tnef;
    while let Content::Message(inside) = &at.attachments[0].content {
        depth += 1;
        at = inside;
    }
    assert_eq!(depth, 3);
    assert!(matches!(at.attachments[0].content, Content::Octets(left) if left.starts_with(b"\x78\x9f\x3e\x22")));
    assert_eq!(at.damage, [Damage::Over(Limit::Nesting)]);
}

#[test]
fn two_messages_side_by_side_nest_once() {
    let nested = Stream::new(1252).text(id::SUBJECT, b"inside").0;
    let octets = (0..3).fold(Stream::new(1252), |stream, _| wrap(stream, &nested)).0;
    let budget = Budget { nesting: 1, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert!(message.attachments.iter().all(|file| matches!(file.content, FileContent::Message(_))));
}

#[test]
fn ole_objects_stay_as_they_are() {
    let storage = Props::new().with(tag::ATTACH_DATA, V::Obj(IID_STORAGE, b"\xd0\xcf\x11\xe0".to_vec()));
    let octets = Stream::new(1252).attach_kind(2).attach_props(&storage).data(b"metafile").0;
    let tnef = parse(&octets);
    let Content::Object(interface, octets) = &tnef.attachments[0].content else { panic!() };
    assert_eq!(interface.to_string(), "0000000b-0000-0000-c000-000000000046");
    assert_eq!(*octets, b"\xd0\xcf\x11\xe0");
    assert_eq!(tnef.attachments[0].properties.int(tag::ATTACH_METHOD), Some(6));
}
