//! Messages as people and programs send them, and octets as nobody should.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::borrow::Cow;

use ewsd_model::Value;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::{Body, BodyType, Mailbox};
use ewsd_store::Area;
use jiff::Timestamp;
use proptest::prelude::*;

use super::build::mailboxes;
use super::*;

fn read(text: &str) -> Parsed<'static> {
    let bytes: &'static [u8] = Box::leak(text.replace('\n', "\r\n").into_bytes().into_boxed_slice());
    parse(bytes, Timestamp::UNIX_EPOCH)
}

fn text<'a>(parsed: &'a Parsed<'_>, column: Column) -> &'a str {
    parsed.columns.text(column).unwrap_or("-")
}

#[test]
fn ids_that_were_folded_are_whole() {
    let parsed = read("In-Reply-To: <a-very-long\n\t-id@b.test>\nReferences: <1@a.test>\n <2@\n b.test>\n\nx\n");
    assert_eq!(text(&parsed, Column::InReplyTo), "<a-very-long-id@b.test>");
    assert_eq!(text(&parsed, Column::References), "<1@a.test> <2@b.test>");
}

#[test]
fn who_has_an_address_is_the_sender() {
    let address = |parsed: &Parsed<'_>, column| match parsed.columns.get(column) {
        Some(Value::Mailbox(one)) => (one.name.clone().unwrap_or_default(), one.address.clone().unwrap_or_default()),
        _ => Default::default(),
    };
    for (from, name, is) in [
        ("Doe, Jane <jane@a.test>", "Doe, Jane", "jane@a.test"),
        ("\"john smith\"@a.test", "\"john smith\"@a.test", "\"john smith\"@a.test"),
        ("root (Cron Daemon)", "root", ""),
    ] {
        let parsed = read(&format!("From: {from}\nTo: list:;, bob@b.test\nSubject: x\n\nx\n"));
        assert_eq!(address(&parsed, Column::From), (name.to_owned(), is.to_owned()), "{from}");
        assert_eq!(address(&parsed, Column::Sender), (name.to_owned(), is.to_owned()), "{from}");
        assert_eq!(text(&parsed, Column::FromName), name);
        assert_eq!(mailboxes(&parsed.props, "ToRecipients").len(), 1);
    }
}

#[test]
fn odd_mail_is_read_whole() {
    let date = read("Date: Fri, 21 Nov 1997 09:55:06 Z\nSubject: behind the date\nFrom: a@b.test\n\nx\n");
    assert_eq!(text(&date, Column::Subject), "behind the date");
    assert_eq!(date.columns.time(Column::Sent).unwrap().to_string(), "1997-11-21T09:55:06Z");
    let id = read("Message-ID: <a-very-long-id\n\t-of-a-system@b.test>\n\nx\n");
    assert_eq!(text(&id, Column::MessageId), "<a-very-long-id-of-a-system@b.test>");
    let cut = read("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ncut at --b here\nmore\n--b--\n");
    assert_eq!((cut.body.as_str(), cut.flags), ("cut at --b here\r\nmore", 0));
    let signed = read(
        "Content-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/x-pkcs7-signature\n\ny\n--b--\n",
    );
    assert_eq!(text(&signed, Column::Class), "IPM.Note.SMIME.MultipartSigned");
    let related = read(
        "Subject: x\nContent-Type: multipart/related; start=\"<root@a.test>\"; boundary=r\n\n--r\nContent-Type: image/png\n\
         Content-ID: <a%1$b@a.test>\n\nPNG\n--r\nContent-Type: text/html\nContent-ID: <root@a.test>\n\n\
         <img src=\"cid:a%251$b@a.test\">\n--r--\n",
    );
    assert!(related.body.starts_with("<img") && related.attachments[0].inline && !related.has_attachments());
    for kind in ["text", "charset=utf-8", "text/plain charset=utf-8", "plain text; charset=utf-8"] {
        let parsed = read(&format!("Subject: x\nContent-Type: {kind}\n\nhello"));
        assert_eq!((parsed.body.as_str(), parsed.attachments.len()), ("hello", 0), "{kind}");
    }
}

#[test]
fn ids_are_freed_of_blanks_and_comments() {
    let parsed = read(
        "Message-ID: (made here) < 1 @a.test > (really)\nIn-Reply-To: Your message of Monday\n <0@b.test> (Ann's)\n\
         References: <9@b.test>(one)\n\t<0@b.test>\n\nx\n",
    );
    assert_eq!(text(&parsed, Column::MessageId), "<1@a.test>");
    assert_eq!(text(&parsed, Column::InReplyTo), "<0@b.test>");
    assert_eq!(text(&parsed, Column::References), "<9@b.test> <0@b.test>");
}

#[test]
fn a_plain_message() {
    let parsed = read(
        "From: =?utf-8?q?J=C3=BCrgen?= <juergen@a.test>\nTo: Ann <ann@b.test>, bob@b.test\nCc: Team: x@c.test, Y <y@c.test>;\n\
         Subject: Re: =?iso-8859-1?b?R3L8bmU=?= Idee\nDate: Fri, 20 Nov 2026 12:00:00 +0100\nMessage-ID: <1@a.test>\n\
         In-Reply-To: <0@b.test>\nReferences: <9@b.test> <0@b.test>\nImportance: High\nSensitivity: Company-Confidential\n\
         Keywords: red, blue\nDisposition-Notification-To: juergen@a.test\n\nHello,\n\nthis is it.\n",
    );
    assert_eq!(text(&parsed, Column::Subject), "Re: Gr\u{fc}ne Idee");
    assert_eq!(text(&parsed, Column::ConversationTopic), "Gr\u{fc}ne Idee");
    assert_eq!(text(&parsed, Column::FromName), "J\u{fc}rgen");
    assert_eq!(text(&parsed, Column::DisplayTo), "Ann; bob@b.test");
    assert_eq!(text(&parsed, Column::DisplayCc), "x@c.test; Y");
    assert_eq!(text(&parsed, Column::MessageId), "<1@a.test>");
    assert_eq!(text(&parsed, Column::InReplyTo), "<0@b.test>");
    assert_eq!(text(&parsed, Column::References), "<9@b.test> <0@b.test>");
    assert_eq!(text(&parsed, Column::Preview), "Hello, this is it.");
    assert_eq!(text(&parsed, Column::Class), "IPM.Note");
    assert_eq!(parsed.columns.time(Column::Sent).unwrap().to_string(), "2026-11-20T11:00:00Z");
    assert_eq!(parsed.columns.number(Column::Importance), Some(2));
    assert_eq!(parsed.columns.number(Column::Sensitivity), Some(3));
    assert_eq!(parsed.columns.number(Column::BodyType), Some(0));
    assert_eq!(parsed.columns.get(Column::Categories), Some(&Value::Texts(vec!["red".into(), "blue".into()])));
    assert_eq!(parsed.flags, bit::READ_RECEIPT);
    assert_eq!(parsed.body, "Hello,\r\n\r\nthis is it.\r\n");
    let to = mailboxes(&parsed.props, "ToRecipients");
    assert_eq!(
        to[1],
        Mailbox {
            name: Some("bob@b.test".into()),
            address: Some("bob@b.test".into()),
            routing: Some("SMTP".into()),
            kind: None,
            item: None
        }
    );
    let found = |area, text: &str| parsed.search.iter().any(|(place, words)| *place == area && words.contains(text));
    assert!(found(Area::From, "juergen@a.test") && found(Area::Body, "this is it"), "{:?}", parsed.search);
    assert!(found(Area::To, "bob@b.test"), "{:?}", parsed.search);
}

const RICH: &str = "From: a@a.test\nSubject: pictures\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=m\n\n\
    --m\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: multipart/alternative; boundary=a\n\n\
    --a\nContent-Type: text/plain\n\nplain words\n--a\nContent-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n\
    <p>gr=FCn <img src=3D\"cid:pic@x\"></p>\n--a--\n\n\
    --r\nContent-Type: image/png; name=\"p.png\"\nContent-ID: <pic@x>\nContent-Transfer-Encoding: base64\n\niVBORw0=\n--r--\n\n\
    --m\nContent-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''r%C3%A9sum%C3%A9.pdf\n\
    Content-Transfer-Encoding: base64\n\nJVBERg==\n\
    --m\nContent-Type: message/rfc822\n\nFrom: b@b.test\nSubject: inner\n\ninner body\n\
    --m\nContent-Type: text/plain; name=\"../../etc/notes.txt\"\nContent-Disposition: attachment\n\nnotes\n--m--\n";

#[test]
fn a_message_with_pictures_and_attachments() {
    let parsed = read(RICH);
    assert_eq!(parsed.columns.number(Column::BodyType), Some(1));
    assert!(parsed.body.contains("gr\u{fc}n") && !parsed.body.contains("plain words"), "{}", parsed.body);
    assert_eq!(text(&parsed, Column::Preview), "gr\u{fc}n");
    let names: Vec<_> = parsed.attachments.iter().map(|a| (a.name.as_str(), a.inline)).collect();
    assert_eq!(names, [("p.png", true), ("r\u{e9}sum\u{e9}.pdf", false), ("inner", false), ("notes.txt", false)]);
    assert_eq!(parsed.attachments[0].content_id.as_deref(), Some("pic@x"));
    assert_eq!(parsed.attachments[0].content_type.as_deref(), Some("image/png"));
    assert_eq!(&*parsed.attachments[1].content, b"%PDF");
    assert!(parsed.attachments[2].content.starts_with(b"From: b@b.test"));
    assert_eq!(parsed.attachments[2].content_type.as_deref(), Some("message/rfc822"));
    assert!(parsed.has_attachments());
}

#[test]
fn pictures_alone_are_no_attachments() {
    let parsed = read(
        "Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n\
         <img src=\"cid:1\">\n--r\nContent-Type: image/gif\nContent-ID: <1>\n\nGIF89a\n--r--\n",
    );
    assert_eq!(parsed.attachments.len(), 1);
    assert!(!parsed.has_attachments());
}

#[test]
fn an_invitation_keeps_its_calendar_part() {
    let parsed = read(
        "Subject: Meet\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n\
         Come.\n--a\nContent-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--a--\n",
    );
    assert_eq!(parsed.body.trim_end(), "Come.");
    assert_eq!(parsed.attachments.len(), 1);
    assert_eq!(parsed.attachments[0].name, "invite.ics");
    assert!(parsed.attachments[0].content.starts_with(b"BEGIN:VCALENDAR"));
}

#[test]
fn attached_text_keeps_its_octets() {
    for (fields, encoded, octets) in [
        ("text/plain", &b"caf\xe9\r\n"[..], &b"caf\xe9\r\n"[..]),
        ("text/csv; charset=windows-1252", b"caf\xe9;\x80", b"caf\xe9;\x80"),
        ("text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64", b"/v9hAGIA", b"\xfe\xffa\0b\0"),
        (
            "text/html; charset=iso-2022-jp\r\nContent-Transfer-Encoding: quoted-printable",
            b"=1B$B=46|=1B(B=3D",
            b"\x1b$BF|\x1b(B=",
        ),
    ] {
        let mut mime =
            b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n--b\r\nContent-Type: "
                .to_vec();
        mime.extend_from_slice(fields.as_bytes());
        mime.extend_from_slice(b"\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n");
        mime.extend_from_slice(encoded);
        mime.extend_from_slice(b"\r\n--b--\r\n");
        let parsed = parse(&mime, Timestamp::UNIX_EPOCH);
        assert_eq!(parsed.attachments.len(), 1, "{fields}");
        assert_eq!(parsed.attachments[0].content, octets, "{fields}");
    }
}

#[test]
fn characters_that_nobody_named_are_told() {
    let head = parse(b"From: J\xfcrgen <j@x.test>\r\nSubject: caf\xc3\xa9\r\n\r\nna\xefve", Timestamp::UNIX_EPOCH);
    assert_eq!((text(&head, Column::Subject), text(&head, Column::FromName)), ("caf\u{e9}", "J\u{fc}rgen"));
    assert_eq!(head.body, "na\u{ef}ve");
    assert!(head.props["InternetMessageHeaders"].to_string().contains("caf\u{e9}"));
    for (charset, octets, shown) in [
        ("cp932", &b"\x93\xfa\x96{"[..], "\u{65e5}\u{672c}"),
        ("x-nobody-knows", b"na\xefve", "na\u{ef}ve"),
        ("unicode-1-1-utf-7", b"+ZeVnLA-", "\u{65e5}\u{672c}"),
        ("utf-8", b"a\xff", "a\u{fffd}"),
    ] {
        let mut mime = format!("Subject: x\r\nContent-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
        mime.extend_from_slice(octets);
        assert_eq!(parse(&mime, Timestamp::UNIX_EPOCH).body, shown, "{charset}");
    }
}

#[test]
fn bodies_have_no_characters_that_no_search_may_meet() {
    for kind in ["text/plain", "text/html"] {
        let mime = format!("Subject: x\r\nContent-Type: {kind}\r\n\r\non\0e\0");
        assert_eq!(parse(mime.as_bytes(), Timestamp::UNIX_EPOCH).body, "one", "{kind}");
    }
}

#[test]
fn a_message_that_was_cut_off_is_shown() {
    let head = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: ";
    let plain = read(&format!("{head}text/plain\n\nas far as it"));
    assert_eq!((plain.body.as_str(), plain.attachments.len(), plain.flags), ("as far as it", 0, 0));
    let html = read(&format!("{head}text/html\n\n<p>as far"));
    assert_eq!((html.body.as_str(), html.columns.number(Column::BodyType)), ("<p>as far", Some(1)));
    let file = read(&format!("{head}text/plain\nContent-Disposition: attachment; filename=a\n\ntext"));
    assert_eq!((file.body.as_str(), file.attachments.len()), ("", 1));
}

#[test]
fn what_is_no_message_is_kept_whole() {
    for octets in [&b""[..], b"\x00\xff\xfe garbage", b"no colon here\r\n", b"\r\n\r\n"] {
        let parsed = parse(octets, Timestamp::UNIX_EPOCH);
        assert_eq!(parsed.columns.text(Column::Class), Some("IPM.Note"), "{octets:?}");
        assert!(parsed.columns.time(Column::Sent).is_some());
        assert!(parsed.columns.get(Column::ConversationId).is_some());
    }
    assert!(parse(b"\xff\xfe garbage", Timestamp::UNIX_EPOCH).body.contains("garbage"));
}

#[test]
fn messages_in_messages_end_some_time() {
    let nested = |depth: usize| {
        let levels = "Content-Type: Message/RFC822\r\n\r\nSubject: y\r\n".repeat(depth);
        format!("Subject: x\r\n{levels}\r\nx").into_bytes()
    };
    let parsed = parse(Box::leak(nested(900).into_boxed_slice()), Timestamp::UNIX_EPOCH);
    assert_eq!((text(&parsed, Column::Subject), parsed.attachments.len()), ("x", 1));
    let parsed = parse(Box::leak(nested(500_000).into_boxed_slice()), Timestamp::UNIX_EPOCH);
    assert_eq!((text(&parsed, Column::Subject), parsed.attachments.len()), ("x", 1));
}

#[test]
fn what_is_beyond_the_budgets_is_in_the_octets() {
    let inner = format!("Subject: y\r\n{}To: {}\r\n\r\ntext", "X: 1\r\n".repeat(5_000), "a@b,".repeat(30_000));
    let mime = format!(
        "Subject: x\r\nTo: {}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nbody\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n",
        "<a@b>,".repeat(100_000)
    );
    let parsed = parse(mime.as_bytes(), Timestamp::UNIX_EPOCH);
    assert_eq!((text(&parsed, Column::Subject), parsed.body.as_str()), ("x", "body"));
    assert_eq!(parsed.columns.number(Column::Size), Some(mime.len() as i64));
    let people = parsed.props["ToRecipients"].as_array().unwrap().len();
    assert!((5_000..=10_240).contains(&people), "{people}");
    assert!(parsed.attachments.len() == 1 && parsed.attachments[0].content == inner.as_bytes());
    let again = parse(&parsed.attachments[0].content, Timestamp::UNIX_EPOCH);
    assert_eq!((text(&again, Column::Subject), again.body.as_str()), ("y", "text"));
    assert_eq!(headers(inner.as_bytes()).len(), 1_000);
}

/// Written anew, a text is read as it was, and lines are no longer than they should be (RFC 5322 2.1.1).
#[test]
fn files_keep_what_tells_how_they_are_read() {
    let name = "a long name of a file \u{fc} ".repeat(8);
    let parsed = read(&format!(
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/csv; name=\"{name}\"; x=y;\n \
         charset=\"windows-1252\"; header=present\n\na;b\n--b\nContent-Type: message/rfc822; charset=utf-8\n\nSubject: y\n\ny\n--b\n\
         Content-Type: text/x; charset=\"a b;c\"\n\nz\n--b--\n"
    ));
    let types: Vec<_> = parsed.attachments.iter().map(|one| one.content_type.as_deref().unwrap()).collect();
    assert_eq!(types, ["text/csv; charset=windows-1252; header=present", "message/rfc822", "text/x"]);
    assert_eq!(parsed.attachments[0].essence(), Some("text/csv"));
    let again = written(&parsed, false);
    assert!(again.lines().all(|line| line.len() <= 78), "{again}");
    let again = read(&again.replace("\r\n", "\n"));
    let told = |parsed: &Parsed<'_>| {
        parsed.attachments.iter().map(|one| (one.name.clone(), one.content_type.clone())).collect::<Vec<_>>()
    };
    assert_eq!(told(&again), told(&parsed));
}

fn written(parsed: &Parsed<'_>, bcc: bool) -> String {
    let body_type = if parsed.columns.number(Column::BodyType) == Some(1) { BodyType::Html } else { BodyType::Text };
    let body = Body { body_type, text: parsed.body.clone(), truncated: None };
    let parts: Vec<Part<'_>> = parsed
        .attachments
        .iter()
        .map(|a| Part {
            name: &a.name,
            content_type: a.content_type.as_deref(),
            content_id: a.content_id.as_deref(),
            content_location: a.content_location.as_deref(),
            inline: a.inline,
            content: Cow::Borrowed(&a.content),
        })
        .collect();
    let kept = [("Received".to_owned(), "from x".to_owned()), ("Subject".to_owned(), "not this".to_owned())];
    let message = Message {
        calendar: None,
        columns: &parsed.columns,
        props: &parsed.props,
        flags: parsed.flags,
        body: Some(&body),
        parts: &parts,
        kept: &kept,
        bcc,
    };
    assert_eq!(build(&message).unwrap(), build(&message).unwrap(), "the same properties give the same octets");
    String::from_utf8_lossy(&build(&message).unwrap()).into_owned()
}

#[test]
fn what_is_written_reads_the_same() {
    let first = read(RICH);
    let text = written(&first, true);
    assert!(text.starts_with("Received: from x\r\n") && !text.contains("not this"), "{text}");
    let second = parse(text.as_bytes(), Timestamp::UNIX_EPOCH);
    assert_eq!(second.body.trim(), first.body.trim());
    assert_eq!(second.flags, first.flags);
    for column in [
        Column::Subject,
        Column::From,
        Column::Sent,
        Column::ConversationTopic,
        Column::ConversationIndex,
        Column::Preview,
    ] {
        assert_eq!(second.columns.get(column), first.columns.get(column), "{column:?}");
    }
    let all = |parsed: &Parsed<'_>| -> Vec<_> {
        parsed
            .attachments
            .iter()
            .map(|a| (a.name.clone(), a.inline, a.content_id.clone(), a.content_type.clone(), a.content.to_vec()))
            .collect()
    };
    assert!(all(&second) == all(&first), "attachments differ");
}

#[test]
fn bcc_is_written_only_for_the_sender() {
    let parsed = read("From: \"A, B\" <a@a.test>\nTo: b@b.test\nBcc: c@c.test\nSubject: \u{96ea}\n\nx\n");
    assert!(written(&parsed, true).contains("c@c.test"));
    let sent = written(&parsed, false);
    assert!(!sent.contains("c@c.test") && sent.contains("a@a.test") && sent.is_ascii(), "{sent}");
}

#[test]
fn attached_messages_stay_as_they_are_if_they_can() {
    for (octets, encoding) in [
        (&b"Subject: a\r\n\r\nb\r\n"[..], "7bit"),
        ("Subject: \u{e4}\r\n\r\nb\r\n".as_bytes(), "8bit"),
        (b"Subject: a\r\n\r\n\0\r\n", "base64"),
        (&[b'x'; 2000], "base64"),
    ] {
        let mut parsed = read("From: a@a.test\nSubject: x\n\nbody\n");
        let content_type = Some("message/rfc822".to_owned());
        parsed.attachments.push(Attachment {
            name: "m".into(),
            content_type,
            content: octets.into(),
            ..Attachment::default()
        });
        let text = written(&parsed, true);
        assert!(text.contains(&format!("filename=\"m\"\r\nContent-Transfer-Encoding: {encoding}\r\n")), "{text}");
        assert_eq!(text.contains("message/rfc822"), encoding != "base64");
    }
}

#[test]
fn nothing_from_a_property_ends_a_line() {
    let mut parsed = read("From: a@a.test\nSubject: x\n\nbody\n");
    let evil = "x\r\nBcc: evil@x.test\r\n\r\nbody";
    parsed.columns.set(Column::Subject, Value::Text(evil.into()));
    parsed.columns.set(Column::MessageId, Value::Text(evil.into()));
    parsed.columns.set(Column::ConversationTopic, Value::Text(evil.into()));
    let mailbox = Mailbox { name: Some(evil.into()), address: Some(format!("a@b.test>{evil}")), ..Mailbox::default() };
    parsed.columns.set(Column::From, Value::Mailbox(mailbox.clone()));
    parsed.props.insert("ToRecipients".into(), ewsd_store::json::encode(&Value::Mailboxes(vec![mailbox])).unwrap());
    parsed.attachments.push(Attachment {
        name: evil.into(),
        content_type: Some(evil.into()),
        content_id: Some(evil.into()),
        content_location: Some(evil.into()),
        ..Attachment::default()
    });
    let text = written(&parsed, true);
    assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
}

proptest! {
    #[test]
    fn no_octets_break_the_reader(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        parse(&octets, Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn no_structure_breaks_the_reader(
        lines in proptest::collection::vec(
            "(Content-Type: (multipart/(mixed|alternative|related|digest)|text/(html|plain|calendar)|message/rfc822|[a-z/;=]{0,9})(; boundary=\"?[ab]\"?)?(; charset=(utf-8|utf-7|x))?|\
              Content-Transfer-Encoding: (base64|quoted-printable|8bit|x)|Content-ID: <[a-c]>|Subject: (=\\?utf-8\\?[qb]\\?[A-Za-z=]{0,9}\\?=|[a-z ]{0,9})|\
              (From|To|Cc|Date|References|Thread-Index): [-a-z@<>\",;:()0-9 ]{0,20}|--[ab](--)?|<img src=cid:[a-c]>|[A-Za-z=+/ ]{0,30}|)",
            0..40
        )
    ) {
        let mime = lines.join("\r\n");
        let parsed = parse(mime.as_bytes(), Timestamp::UNIX_EPOCH);
        let again = written(&parsed, true);
        parse(again.as_bytes(), Timestamp::UNIX_EPOCH);
    }
}
