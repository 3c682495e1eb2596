//! Messages that came with a winmail.dat: what of them is shown, and that nothing is lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../../proto/tnef/tests/support/mod.rs"]
mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_mailbox::convert::mime::Parsed;
use ewsd_mailbox::convert::table::Mail;
use ewsd_mailbox::convert::{self, Confined, InProcess};
use ewsd_model::Value;
use ewsd_model::property::{Column, bit};
use ewsd_store::Area;
use ewsd_tnef::{id, tag};
use jiff::Timestamp;
use support::{IID_MESSAGE, Props, Stream, V, recipient};

const HEAD: &str = "From: Ann <ann@x.test>\r\nTo: Bob <bob@x.test>\r\nSubject: of the head\r\n";

/// A message with a text and the stream as its only file.
fn message(head: &str, text: &str, stream: &[u8]) -> Vec<u8> {
    let file: String = STANDARD
        .encode(stream)
        .as_bytes()
        .chunks(76)
        .map(|line| format!("{}\r\n", String::from_utf8_lossy(line)))
        .collect();
    format!(
        "{head}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         {text}\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n\
         {file}--b--\r\n"
    )
    .into_bytes()
}

fn read(octets: &[u8]) -> Parsed<'static> {
    convert::by(InProcess(Confined::claim()));
    convert::ask(&Mail { now: Timestamp::UNIX_EPOCH }, octets).unwrap()
}

fn is_html(parsed: &Parsed<'_>) -> bool {
    parsed.columns.number(Column::BodyType) == Some(1)
}

const HTML: &[u8] = br#"{\rtf1\ansi\ansicpg1251\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 \'cf\'f0\'e8\'e2\'e5\'f2 {\*\htmltag84 <img src="cid:logo@x">}\htmlrtf }\htmlrtf0{\*\htmltag72 </p>}}"#;

#[test]
fn the_html_that_the_rtf_holds_is_the_body() {
    let logo = Props::new().text(tag::ATTACH_CONTENT_ID, "logo@x").text(tag::ATTACH_LONG_FILENAME, "logo.png");
    let report = Props::new()
        .text(tag::ATTACH_LONG_FILENAME, "../Bericht M\u{e4}rz.txt")
        .text(tag::ATTACH_MIME_TAG, "text/plain");
    let stream = Stream::new(1251)
        .class("IPM.Note")
        .props(&Props::new().rtf(HTML))
        .attach()
        .data(b"\x89PNG")
        .attach_props(&logo)
        .attach()
        .data(b"turnover of March")
        .attach_props(&report);
    let octets = message(HEAD, "Privet", &stream.0);
    let parsed = read(&octets);
    assert!(
        is_html(&parsed) && parsed.body.contains("<p>\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"),
        "{}",
        parsed.body
    );
    let files: Vec<_> = parsed.attachments.iter().map(|one| (one.name.as_str(), one.inline, &*one.content)).collect();
    assert_eq!(
        files,
        [("logo.png", true, b"\x89PNG".as_slice()), ("Bericht M\u{e4}rz.txt", false, b"turnover of March")]
    );
    assert_eq!(parsed.attachments[1].words, "turnover of March");
    assert_ne!(parsed.flags & bit::HAS_ATTACHMENTS, 0);
    let found = |area, word: &str| parsed.search.iter().any(|(place, text)| *place == area && text.contains(word));
    assert!(found(Area::Body, "\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}") && found(Area::Subject, "of the head"));
    assert_eq!(parsed.columns.text(Column::Preview), Some("\u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"));
}

#[test]
fn what_the_head_tells_wins_and_what_is_missing_is_filled_in() {
    let people = [recipient(1, "Tom", "SMTP", "tom@t.test"), recipient(2, "Exchange", "EX", "/O=ORG/CN=X")];
    let stream = Stream::new(1252).class("IPM.Note.Custom").recipients(&people).props(
        &Props::new()
            .text(tag::SUBJECT, "of the stream")
            .text(tag::INTERNET_MESSAGE_ID, "<id@t.test>")
            .with(tag::IMPORTANCE, V::I4(2))
            .text(tag::BODY, "words of the stream"),
    );
    let octets = message(HEAD, "words of MIME", &stream.0);
    let parsed = read(&octets);
    assert_eq!(parsed.columns.text(Column::Subject), Some("of the head"));
    assert_eq!(parsed.columns.text(Column::DisplayTo), Some("Bob"));
    assert_eq!(parsed.columns.text(Column::Class), Some("IPM.Note.Custom"));
    assert_eq!(parsed.columns.text(Column::MessageId), Some("<id@t.test>"));
    assert_eq!(parsed.columns.number(Column::Importance), Some(2));
    assert_eq!((parsed.body.trim(), parsed.attachments.len()), ("words of MIME", 0));
    assert_eq!(parsed.flags & bit::HAS_ATTACHMENTS, 0);
    let octets = message("X-Head: without people\r\n", "", &stream.0);
    let parsed = read(&octets);
    assert_eq!(parsed.columns.text(Column::Subject), Some("of the stream"));
    assert_eq!(parsed.columns.text(Column::DisplayTo), Some("Tom"));
    assert_eq!(parsed.columns.text(Column::DisplayCc), None, "nobody without an address is listed");
    assert_eq!(parsed.body.trim(), "words of the stream");
    assert!(parsed.search.iter().any(|(area, text)| *area == Area::To && text.contains("tom@t.test")));
}

#[test]
fn messages_inside_are_messages() {
    let inner = Stream::new(1252)
        .recipients(&[recipient(1, "In", "SMTP", "in@i.test")])
        .props(
            &Props::new()
                .text(tag::SUBJECT, "inner s\u{fc}bject")
                .text(tag::BODY, "inner words")
                .text(0x0c1a, "Sender")
                .text(0x0c1e, "SMTP")
                .text(0x0c1f, "s@i.test"),
        )
        .attach()
        .title(b"deep.txt")
        .data(b"deepest words");
    let object = Props::new().with(tag::ATTACH_DATA, V::Obj(IID_MESSAGE, inner.0)).with(tag::ATTACH_METHOD, V::I4(5));
    let stream = Stream::new(1252).text(id::SUBJECT, b"outer").attach().attach_props(&object);
    let octets = message(HEAD, "text", &stream.0);
    let parsed = read(&octets);
    let [one] = &parsed.attachments[..] else { panic!("{:?}", parsed.attachments) };
    assert_eq!((one.name.as_str(), one.content_type.as_deref()), ("inner s\u{fc}bject", Some("message/rfc822")));
    assert!(one.words.contains("inner words") && one.words.contains("deepest words"), "{}", one.words);
    let inner = read(&one.content);
    assert_eq!(inner.columns.text(Column::Subject), Some("inner s\u{fc}bject"));
    assert_eq!(inner.columns.text(Column::DisplayTo), Some("In"));
    let Some(Value::Mailbox(from)) = inner.columns.get(Column::From) else { panic!("no author") };
    assert_eq!((from.name.as_deref(), from.address.as_deref()), (Some("Sender"), Some("s@i.test")));
    assert_eq!(inner.body.trim(), "inner words");
    assert_eq!(
        (inner.attachments[0].name.as_str(), &*inner.attachments[0].content),
        ("deep.txt", b"deepest words".as_slice())
    );
}

#[test]
fn meetings_and_tasks_stay_mail() {
    for class in ["IPM.Microsoft Schedule.MtgReq", "IPM.Task", "IPM.Contact"] {
        let stream = Stream::new(1252).class(class).text(id::SUBJECT, b"x");
        let octets = message(HEAD, "text", &stream.0);
        assert_eq!(read(&octets).columns.text(Column::Class), Some("IPM.Note"), "{class}");
    }
}

#[test]
fn what_is_damaged_or_no_stream_stays_a_file() {
    let stream = Stream::new(1252).text(id::SUBJECT, b"x").attach().title(b"a.txt").data(b"whole content");
    let cut = &stream.0[..stream.0.len() - 8];
    let octets = message(HEAD, "text", cut);
    let parsed = read(&octets);
    let names: Vec<_> = parsed.attachments.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["a.txt", "winmail.dat"]);
    assert_eq!(&*parsed.attachments[1].content, cut);
    let octets = message(HEAD, "text", b"no stream");
    let parsed = read(&octets);
    assert_eq!((parsed.attachments.len(), parsed.attachments[0].name.as_str()), (1, "winmail.dat"));
    assert_eq!(parsed.body.trim(), "text");
}

#[test]
fn a_stream_that_is_the_whole_message_or_has_lost_its_type_is_read() {
    let stream = Stream::new(1252).props(&Props::new().text(tag::BODY, "words"));
    let whole = format!(
        "{HEAD}Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        STANDARD.encode(&stream.0)
    );
    assert_eq!(read(whole.as_bytes()).body, "words");
    let octets = String::from_utf8(message(HEAD, "", &stream.0))
        .unwrap()
        .replace("application/ms-tnef", "application/octet-stream");
    assert_eq!(read(octets.as_bytes()).body.trim(), "words");
}
