//! The frame: signature, attributes, checksums, what is told of damage; what old attributes stand for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod support;

use ewsd_tnef::{Budget, Damage, Limit, Meter, NotTnef, id, message_class, read_with, tag};
use support::{ATTACHMENT, MESSAGE, Props, Stream, V, parse, read};

#[test]
fn a_message_of_attributes_alone() {
    let trp = [&[4, 0, 0, 0, 6, 0, 18, 0][..], b"Anna\0\0", b"SMTP:anna@a.test\0\0"].concat();
    let stream = Stream::new(1252)
        .class("IPM.Microsoft Mail.Note")
        .text(id::SUBJECT, b"Gr\xfc\xdfe")
        .text(id::BODY, b"Guten Tag\r\n")
        .put(MESSAGE, id::FROM, 0, &trp)
        .date(id::DATE_SENT, [2004, 2, 17, 11, 25, 35])
        .date(id::DATE_RECEIVED, [2004, 2, 17, 11, 26, 0])
        .put(MESSAGE, id::PRIORITY, 4, &[1, 0])
        .text(id::MESSAGE_ID, b"757BB19CDE93")
        .put(MESSAGE, id::MESSAGE_STATUS, 6, &[0xa1]);
    let message = read(&stream.0);
    assert_eq!((message.class.as_str(), message.subject.as_deref()), ("IPM.Note", Some("Gr\u{fc}\u{df}e")));
    assert_eq!(message.body.text.as_deref(), Some("Guten Tag\r\n"));
    let from = message.from.unwrap();
    assert_eq!(
        (from.name.as_str(), from.address.as_str(), from.address_type.as_str()),
        ("Anna", "anna@a.test", "SMTP")
    );
    assert_eq!(message.sent.unwrap().to_string(), "2004-02-17T11:25:35Z");
    assert_eq!(message.received.unwrap().to_string(), "2004-02-17T11:26:00Z");
    assert_eq!((message.importance, message.damage), (Some(2), vec![]));
    let tnef = parse(&stream.0);
    assert_eq!((tnef.key, tnef.code_page, tnef.attributes.len()), (7, Some(1252), 11));
    assert_eq!(tnef.properties.octets(tag::SEARCH_KEY), Some(&[0x75, 0x7b, 0xb1, 0x9c, 0xde, 0x93][..]));
    assert_eq!(tnef.properties.int(tag::MESSAGE_FLAGS), Some(0x11));
}

#[test]
fn classes_are_those_of_mapi() {
    for (told, class) in [
        ("IPM.Microsoft Mail.Note", "IPM.Note"),
        ("IPM.Microsoft Mail.Read Receipt", "Report.IPM.Note.IPNRN"),
        ("IPM.Microsoft Mail.Non-Delivery", "Report.IPM.Note.NDR"),
        ("IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos"),
        ("IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg"),
        ("IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent"),
        ("IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"),
        ("IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"),
        ("Microsoft Mail v3.0 IPM.Microsoft Mail.Note", "IPM.Note"),
        ("IPM.Task", "IPM.Task"),
        ("Microsoft Mail v3.0 IPM.Other", "Microsoft Mail v3.0 IPM.Other"),
    ] {
        assert_eq!(message_class(told), class, "{told}");
        assert_eq!(read(&Stream::new(1252).class(told).0).class, class);
    }
}

#[test]
fn a_class_in_the_properties_counts_and_the_original_one_is_no_date() {
    let stream = Stream::new(1252)
        .class("IPM.Microsoft Mail.Note")
        .put(MESSAGE, id::DATE_START, 7, b"IPM.Microsoft Schedule.MtgReq\0")
        .props(&Props::new().text(tag::MESSAGE_CLASS, "IPM.Contact"));
    let tnef = parse(&stream.0);
    assert_eq!(tnef.properties.text(tag::MESSAGE_CLASS), Some("IPM.Contact"));
    assert_eq!(tnef.properties.text(tag::ORIGINAL_MESSAGE_CLASS), Some("IPM.Schedule.Meeting.Request"));
    assert_eq!((tnef.properties.time(tag::START_DATE), tnef.damage), (None, vec![]));
}

#[test]
fn people_of_meetings() {
    let person = [&[4, 0][..], b"Bob\0", &[19, 0], b"SMTP:bob@bob.test\0\0"].concat();
    let asked = Stream::new(1252).class("IPM.Microsoft Schedule.MtgReq").put(MESSAGE, id::OWNER, 6, &person);
    let from = read(&asked.0).from.unwrap();
    assert_eq!((from.name.as_str(), from.address.as_str()), ("Bob", "bob@bob.test"));
    let answered = Stream::new(1252)
        .put(MESSAGE, id::OWNER, 6, &person)
        .put(MESSAGE, id::SENT_FOR, 6, &[&[4, 0][..], b"Eve\0", &[4, 0], b"EX:\0"].concat())
        .class("IPM.Microsoft Schedule.MtgRespP");
    assert_eq!(parse(&answered.0).properties.text(tag::RECEIVED_REPRESENTING.name), Some("Bob"));
    assert_eq!(read(&answered.0).from.unwrap().name, "Eve");
}

#[test]
fn numbers_and_dates_of_meetings() {
    let stream = Stream::new(1252)
        .date(id::DATE_START, [2021, 8, 27, 16, 0, 0])
        .date(id::DATE_END, [2021, 8, 27, 17, 0, 0])
        .put(MESSAGE, id::AID_OWNER, 5, &(-7_i32).to_le_bytes())
        .put(MESSAGE, id::REQUEST_RES, 4, &[1, 0])
        .date(id::DATE_SENT, [0; 6]);
    let tnef = parse(&stream.0);
    assert_eq!(tnef.properties.time(tag::START_DATE).unwrap().to_string(), "2021-08-27T16:00:00Z");
    assert_eq!(tnef.properties.time(tag::END_DATE).unwrap().to_string(), "2021-08-27T17:00:00Z");
    assert_eq!(tnef.properties.int(tag::OWNER_APPOINTMENT_ID), Some(-7));
    assert!(tnef.properties.is(tag::RESPONSE_REQUESTED));
    assert_eq!((tnef.properties.time(tag::CLIENT_SUBMIT_TIME), tnef.damage), (None, vec![]));
}

#[test]
fn what_is_no_stream_is_refused() {
    for octets in [&b""[..], b"\x78\x9f\x3e", b"%PDF-1.7\n", b"\x22\x3e\x9f\x78\0\0"] {
        assert_eq!(ewsd_tnef::read(octets, &Budget::default()), Err(NotTnef));
    }
    assert!(NotTnef.to_string().contains("winmail.dat"));
    assert_eq!(read(b"\x78\x9f\x3e\x22").damage, [Damage::Truncated]);
    assert_eq!(read(&Stream::bare().0).damage, []);
}

#[test]
fn a_wrong_checksum_is_told_and_the_data_are_read() {
    let stream = Stream::new(1252).put_summed(MESSAGE, id::SUBJECT, 1, b"Still here\0", 1);
    let message = read(&stream.0);
    assert_eq!((message.subject.as_deref(), message.damage), (Some("Still here"), vec![Damage::Checksum(id::SUBJECT)]));
    let class = Stream::new(1252).put_summed(MESSAGE, id::MESSAGE_CLASS, 7, b"IPM.Task\0", 1);
    assert_eq!((read(&class.0).class.as_str(), read(&class.0).damage), ("IPM.Task", vec![]));
}

#[test]
fn every_cut_gives_what_stands_before() {
    let whole = Stream::new(1252).text(id::SUBJECT, b"Hello").attach().title(b"a.txt").data(b"0123456789").0;
    for end in 6..whole.len() {
        let tnef = parse(&whole[..end]);
        let begins = [6, 21, 40, 57, 82, 99];
        assert_eq!(tnef.damage.is_empty(), begins.contains(&end), "{end}: {:?}", tnef.damage);
    }
    let message = read(&whole[..whole.len() - 5]);
    assert_eq!(message.attachments[0].content, ewsd_tnef::FileContent::Octets(b"0123456"));
    assert_eq!(message.damage, [Damage::Truncated]);
}

#[test]
fn what_follows_is_told_unless_it_fills() {
    let whole = Stream::new(1252).text(id::SUBJECT, b"Hello").0;
    assert_eq!(read(&[&whole[..], b"\0\0\0\r\n"].concat()).damage, []);
    let octets = [&whole[..], b"--boundary"].concat();
    let message = read(&octets);
    assert_eq!((message.subject.as_deref(), message.damage), (Some("Hello"), vec![Damage::Trailing]));
}

#[test]
fn malformed_attributes_are_told_and_passed() {
    let stream = Stream::new(1252)
        .put(MESSAGE, id::FROM, 0, b"\x04\0")
        .put(MESSAGE, id::DATE_SENT, 3, &[1; 14])
        .put(MESSAGE, id::MESSAGE_ID, 1, b"XYZ")
        .put(MESSAGE, id::PRIORITY, 4, b"")
        .put(MESSAGE, id::RECIP_TABLE, 6, b"\x01")
        .put(MESSAGE, 0x1234, 6, b"unknown")
        .text(id::SUBJECT, b"Hello");
    let message = read(&stream.0);
    let attributes = [id::FROM, id::DATE_SENT, id::MESSAGE_ID, id::PRIORITY, id::RECIP_TABLE];
    assert_eq!(message.damage, attributes.map(Damage::Attribute));
    assert_eq!(message.subject.as_deref(), Some("Hello"));
}

#[test]
fn budgets_end_it_and_say_so() {
    let many = |n: usize| (0..n).fold(Stream::new(1252).text(id::SUBJECT, b"Hi"), |s, _| s.attach().data(b"x"));
    let budget = Budget { attributes: 10, ..Budget::default() };
    let message = ewsd_tnef::read(&many(10).0, &budget).unwrap().damage;
    assert_eq!(message, [Damage::Over(Limit::Attributes)]);
    let octets = many(10).0;
    let budget = Budget { attachments: 4, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!((message.attachments.len(), message.damage), (4, vec![Damage::Over(Limit::Attachments)]));
    let octets = Stream::new(1252).text(id::SUBJECT, b"Hello").0;
    let budget = Budget { text: 3, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!((message.subject.as_deref(), message.damage), (Some("Hel"), vec![Damage::Over(Limit::Text)]));
    let octets = Stream::new(65001).text(id::SUBJECT, "\u{fc}\u{fc}\u{fc}".as_bytes()).0;
    let budget = Budget { output: 5, ..Budget::default() };
    let message = ewsd_tnef::read(&octets, &budget).unwrap();
    assert_eq!(message.subject.as_deref(), Some("\u{fc}\u{fc}"));
    assert_eq!(message.damage, [Damage::Over(Limit::Output)]);
}

#[test]
fn attachments_without_their_first_attribute_are_there() {
    let stream = Stream::new(1252).title(b"lost.txt").data(b"abc").attach().title(b"next.txt");
    let message = read(&stream.0);
    let names: Vec<_> = message.attachments.iter().map(|file| file.name.as_deref()).collect();
    assert_eq!(names, [Some("lost.txt"), Some("next.txt")]);
    let early = Stream::new(1252).attach().put(ATTACHMENT, 0x7777, 6, b"?").put(MESSAGE, id::SUBJECT, 1, b"late");
    assert_eq!(read(&early.0).subject.as_deref(), Some("late"));
}

#[test]
fn work_is_counted() {
    let mut meter = Meter::new(&Budget::default());
    let stream = Stream::new(1252).props(&Props::new().with(tag::SUBJECT, V::Str8(vec![b'a'; 1000])));
    read_with(&stream.0, &mut meter).unwrap();
    assert!((1000..10_000).contains(&meter.steps()), "{}", meter.steps());
}
