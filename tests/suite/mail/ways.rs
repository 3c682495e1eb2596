//! Mail as it comes, whichever way it comes in: each kind of trouble that the world's mail makes, through each of the ways in,
//! read as people would read it and kept octet by octet. What will never be taken is told so, never put off.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::suite::calendar::items as events;
use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::Lmtp;
use crate::support::message::noise;
use crate::support::ops::{
    Id, field, find, get, list, save, save_mime, save_request, save_simple, set, shape, subjects, update_request,
};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    every_kind_is_read_whichever_way_it_comes,
    nothing_is_put_off_that_will_never_pass,
    too_large_is_told_for_good,
    every_reader_of_messages_is_a_way_in,
    answers_go_to_who_has_an_address,
    an_id_on_two_lines_is_one_conversation,
    an_id_on_two_lines_is_answered_as_one,
    a_uid_of_any_length_names_its_meeting,
];

/// A way by which octets of strangers become an item.
struct Way {
    name: &'static str,
    /// The source that reads the message there.
    file: &'static str,
    put: fn(&Demo, &mut Ews, &[u8]) -> Result<Id, String>,
}

/// Whoever adds a way adds its row: a test finds what reads messages and is not here.
const WAYS: &[Way] = &[
    Way { name: "LMTP", file: "src/mailbox/src/deliver/mod.rs", put: by_lmtp },
    Way { name: "ewsctl deliver", file: "src/mailbox/src/deliver/mod.rs", put: by_command },
    Way { name: "CreateItem", file: "src/mailbox/src/item/draft.rs", put: by_create },
    Way { name: "UpdateItem", file: "worker/src/op/item/update.rs", put: by_update },
];

/// Sources that read messages which are in a mailbox already, or were written here.
const READERS: &[&str] =
    &["src/mailbox/src/deliver/again.rs", "worker/src/courier/report.rs", "worker/src/op/attachment/get.rs"];

fn newest(ews: &mut Ews) -> Id {
    list(ews, "inbox").remove(0)
}

fn by_lmtp(server: &Demo, ews: &mut Ews, mime: &[u8]) -> Result<Id, String> {
    let reply = Lmtp::hello(server.lmtp()).deliver("a@far.test", &[&ews.account.address], mime).remove(0);
    if reply.code == 250 { Ok(newest(ews)) } else { Err(format!("{} {:?}", reply.code, reply.lines)) }
}

fn by_command(server: &Demo, ews: &mut Ews, mime: &[u8]) -> Result<Id, String> {
    let output = server.ewsctl_with(&["deliver", "--to", &ews.account.address], mime);
    match output.status.code() {
        Some(0) => Ok(newest(ews)),
        code => Err(format!("{code:?} {}", String::from_utf8_lossy(&output.stderr))),
    }
}

fn by_create(_: &Demo, ews: &mut Ews, mime: &[u8]) -> Result<Id, String> {
    Ok(save_mime(ews, "inbox", mime))
}

fn by_update(_: &Demo, ews: &mut Ews, mime: &[u8]) -> Result<Id, String> {
    let id = save_simple(ews, "inbox", "before");
    let content = STANDARD.encode(mime);
    let change = set("item:MimeContent", &format!("<t:MimeContent CharacterSet=\"UTF-8\">{content}</t:MimeContent>"));
    Ok(Id::of(ews.one(&update_request(&id.xml(), "AlwaysOverwrite", &change)).want("m:Items/*")))
}

/// A message, and what must be read off it.
struct Case {
    name: &'static str,
    mime: Vec<u8>,
    subject: &'static str,
    /// The text of the body holds these.
    body: &'static [&'static str],
    from: &'static str,
    class: &'static str,
    /// Name, octets, inline.
    files: &'static [(&'static str, &'static [u8], bool)],
    /// Of a picture within the text alone nobody is told.
    has_attachments: bool,
}

const CASE: Case = Case {
    name: "",
    mime: Vec::new(),
    subject: "as it comes",
    body: &["text"],
    from: "ann@far.test",
    class: "IPM.Note",
    files: &[],
    has_attachments: false,
};

/// A message with these fields behind From and Subject, and what follows them.
fn message(fields: &str, body: &str) -> Vec<u8> {
    format!("From: Ann <ann@far.test>\nSubject: as it comes\nMIME-Version: 1.0\n{fields}\n\n{body}")
        .replace('\n', "\r\n")
        .into_bytes()
}

fn mixed(boundary: &str, parts: &[&str]) -> Vec<u8> {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    message(&format!("Content-Type: multipart/mixed; boundary=\"{boundary}\""), &format!("{parts}--{boundary}--\n"))
}

/// A calendar with one meeting, of a method if it is sent.
fn calendar(method: Option<&str>, uid: &str, guest: &str, sequence: u8) -> String {
    let method = method.map(|method| format!("METHOD:{method}\n")).unwrap_or_default();
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//far//EN\n{method}BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:{sequence}\n\
         DTSTAMP:2026110{}T100000Z\nSUMMARY:as it comes\nLOCATION:room {sequence}\nDTSTART:20261202T090000Z\nDTEND:20261202T100000Z\n\
         ORGANIZER:mailto:ann@far.test\nATTENDEE;RSVP=TRUE:mailto:{guest}\nEND:VEVENT\nEND:VCALENDAR\n",
        sequence + 1
    )
}

/// Octets as they are, for texts in other sets.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).expect("one octet")).collect()
}

/// attSubject, attBody (as a property list), an attachment: MS-OXTNEF 2.1.
fn tnef() -> Vec<u8> {
    fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
        let sum = data.iter().fold(0_u16, |sum, octet| sum.wrapping_add(u16::from(*octet)));
        let length = u32::try_from(data.len()).unwrap();
        [&[level], &id.to_le_bytes()[..], &length.to_le_bytes(), data, &sum.to_le_bytes()].concat()
    }
    let html = b"<p>rich <b>text</b></p>\0";
    let mut list = [1_u32.to_le_bytes(), 0x1013_0102_u32.to_le_bytes(), 1_u32.to_le_bytes()].concat();
    list.extend_from_slice(&u32::try_from(html.len()).unwrap().to_le_bytes());
    list.extend_from_slice(html);
    list.resize(list.len().next_multiple_of(4), 0);
    [
        vec![0x78, 0x9f, 0x3e, 0x22, 1, 0],
        attribute(1, 0x0006_9003, &list),
        attribute(2, 0x0006_9002, &[1, 0, 0xff, 0xff, 0xff, 0xff, 0x20, 0, 0x20, 0, 0, 0, 0, 0]),
        attribute(2, 0x0001_8010, b"offer.txt\0"),
        attribute(2, 0x0006_800f, b"ten for five"),
    ]
    .concat()
}

fn cases() -> Vec<Case> {
    let csv = "Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment; filename=a.csv\n";
    let pdf_lines = "JVBERi0xLjcK!\n aGVs!\n bG8=";
    let winmail = STANDARD.encode(tnef());
    vec![
        Case {
            name: "a boundary within a line is text",
            mime: mixed("=_Part_7", &[
                "Content-Type: text/plain\n\nPlease cut at --=_Part_7 and send it back.\ntext to the end",
                &format!("{csv}\nx,--=_Part_7\nlast"),
            ]),
            body: &["--=_Part_7 and send it back.", "text to the end"],
            files: &[("a.csv", b"x,--=_Part_7\r\nlast", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "foreign octets do not undo base64",
            mime: mixed("b", &[
                "\ntext",
                &format!("Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\n{pdf_lines}"),
            ]),
            files: &[("a.pdf", b"%PDF-1.7\nhello", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "the sender is who has an address",
            mime: b"From: Doe, Jane <jane.doe@example.net>\r\nSubject: as it comes\r\n\r\ntext\r\n".to_vec(),
            from: "jane.doe@example.net",
            ..CASE
        },
        Case {
            name: "a date does not eat the field behind it",
            mime: b"Date: Fri, 21 Nov 1997 09:55:06 Z\r\nSubject: behind the date\r\nFrom: ann@far.test\r\n\r\ntext\r\n".to_vec(),
            subject: "behind the date",
            ..CASE
        },
        Case {
            name: "pieces are joined before they are decoded",
            mime: mixed("b", &[
                "\ntext",
                "Content-Type: application/pdf\nContent-Disposition: attachment;\n filename*0*=iso-8859-1''Angebot%20f%FCr;\n \
                 filename*1*=%20M%FCnchen%20;\n filename*2=\"(neu).pdf\"\n\nx",
            ]),
            files: &[("Angebot f\u{fc}r M\u{fc}nchen (neu).pdf", b"x", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "cid: is a URL",
            mime: message(
                "Content-Type: multipart/related; boundary=b",
                "--b\nContent-Type: text/html\n\n<p>text <img src=\"cid:bild%251$neu@mail.example.net\"></p>\n--b\n\
                 Content-Type: image/png; name=p.png\nContent-ID: <bild%1$neu@mail.example.net>\n\nx\n--b--\n",
            ),
            files: &[("p.png", b"x", true)],
            ..CASE
        },
        Case {
            name: "signed mail has its class",
            mime: message(
                "Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; boundary=b",
                "--b\nContent-Type: text/plain\n\ntext\n--b\nContent-Type: application/x-pkcs7-signature; name=smime.p7s\n\ns\n--b--\n",
            ),
            class: "IPM.Note.SMIME.MultipartSigned",
            files: &[("smime.p7s", b"s", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "the root of multipart/related",
            mime: message(
                "Content-Type: multipart/related; type=\"text/html\"; start=\"<root@far.test>\"; boundary=b",
                "--b\nContent-Type: image/png; name=p.png\nContent-ID: <p@far.test>\n\nx\n--b\nContent-Type: text/html\n\
                 Content-ID: <root@far.test>\n\n<p>text <img src=\"cid:p@far.test\"></p>\n--b--\n",
            ),
            files: &[("p.png", b"x", true)],
            ..CASE
        },
        Case {
            name: "HTML names its own characters",
            mime: latin(&String::from_utf8(message(
                "Content-Type: text/html\nContent-Transfer-Encoding: 8bit",
                "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=windows-1251\"><p>text \u{cf}\u{f0}\u{e8}\u{e2}\u{e5}\u{f2}</p>",
            )).unwrap()),
            body: &["text \u{41f}\u{440}\u{438}\u{432}\u{435}\u{442}"],
            ..CASE
        },
        Case {
            name: "comments do not count",
            mime: message(
                "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable (soft line breaks)",
                "text Gr=C3=BC=C3=9Fe",
            ),
            body: &["text Gr\u{fc}\u{df}e"],
            ..CASE
        },
        Case {
            name: "an invalid type is plain text",
            mime: message("Content-Type: text/plain charset=utf-8", "text"),
            ..CASE
        },
        Case { name: "a type of one word is plain text", mime: message("Content-Type: text", "text"), ..CASE },
        Case {
            name: "quotes belong to the address",
            mime: b"From: \"john smith\"@example.net\r\nSubject: as it comes\r\n\r\ntext\r\n".to_vec(),
            from: "\"john smith\"@example.net",
            ..CASE
        },
        Case {
            name: "a Message-ID of any length",
            mime: message(&format!("Message-ID: <{}@far.test>", noise(3_000)), "text"),
            ..CASE
        },
        Case {
            name: "one wrong escape does not undo quoted-printable",
            mime: mixed("b", &[
                "\ntext",
                "Content-Type: application/octet-stream; name=a.bin\nContent-Disposition: attachment; filename=a.bin\n\
                 Content-Transfer-Encoding: quoted-printable\n\none=3Dtwo=ZZ=C3=BC =\n100%=3 \t\n=\n=e2=82=AC=3d=",
            ]),
            files: &[("a.bin", b"one=two=ZZ\xc3\xbc 100%=3\r\n\xe2\x82\xac=", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "winmail.dat is unpacked",
            mime: mixed("b", &[
                "\nplain text",
                &format!("Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n{winmail}"),
            ]),
            body: &["rich <b>text</b>"],
            files: &[("offer.txt", b"ten for five", false)],
            has_attachments: true,
            ..CASE
        },
        Case {
            name: "a voice message",
            mime: message("Content-Class: voice\nContent-Type: audio/wav; name=v.wav", "x"),
            body: &[],
            class: "IPM.Note.Microsoft.Voicemail.UM",
            files: &[("v.wav", b"x\r\n", false)],
            has_attachments: true,
            ..CASE
        },
    ]
}

/// What is different from what must be.
fn differences(ews: &mut Ews, case: &Case, id: &Id) -> Vec<String> {
    let uris =
        ["item:Subject", "item:ItemClass", "item:HasAttachments", "item:Attachments", "message:From", "item:Body"];
    let item = get(ews, id, &(shape("IdOnly", &uris)));
    let mut wrong = Vec::new();
    let mut compare = |what: &str, got: Option<&str>, wanted: &str| {
        if got != Some(wanted) {
            wrong.push(format!("{what} {got:?} for {wanted:?}"));
        }
    };
    compare("subject", item.text("t:Subject"), case.subject);
    compare("class", item.text("t:ItemClass"), case.class);
    compare("from", item.text("t:From/t:Mailbox/t:EmailAddress"), case.from);
    compare("has attachments", item.text("t:HasAttachments"), &case.has_attachments.to_string());
    let body = item.text("t:Body").unwrap_or_default();
    wrong.extend(case.body.iter().filter(|text| !body.contains(**text)).map(|text| format!("no {text:?} in {body:?}")));
    let files: Vec<(String, Vec<u8>, bool)> =
        item.all("t:Attachments/*").into_iter().map(|one| attachment(ews, one)).collect();
    let wanted: Vec<(String, Vec<u8>, bool)> =
        case.files.iter().map(|(name, octets, inline)| ((*name).to_owned(), octets.to_vec(), *inline)).collect();
    let octets = |files: &[(String, Vec<u8>, bool)]| -> Vec<(String, String, bool)> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim_end().to_owned();
        files.iter().map(|(name, content, inline)| (name.clone(), text(content), *inline)).collect()
    };
    if octets(&files) != octets(&wanted) {
        wrong.push(format!("files {:?} for {:?}", octets(&files), octets(&wanted)));
    }
    let whole = get(ews, id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    let mime = STANDARD.decode(whole.text("t:MimeContent").unwrap_or_default()).unwrap();
    let kept = mime.windows(case.mime.len().max(1)).any(|window| window == case.mime);
    if !kept {
        wrong.push("the octets are not as they came".to_owned());
    }
    wrong
}

fn attachment(ews: &mut Ews, one: &Node) -> (String, Vec<u8>, bool) {
    let id = one.want("t:AttachmentId").attribute("Id").unwrap();
    let answer = ews.one(&format!(
        "<m:GetAttachment><m:AttachmentShape/><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>"
    ));
    let content = answer.want("m:Attachments/*").text("t:Content").unwrap_or_default();
    let name = one.text("t:Name").unwrap_or_default().to_owned();
    (name, STANDARD.decode(content).unwrap(), one.text("t:IsInline") == Some("true"))
}

fn every_kind_is_read_whichever_way_it_comes() {
    let mut wrong = Vec::new();
    for way in WAYS {
        let mut ews = shared::mailbox();
        for case in cases() {
            match (way.put)(shared::server(), &mut ews, &case.mime) {
                Ok(id) => {
                    let found = differences(&mut ews, &case, &id);
                    wrong.extend(found.into_iter().map(|text| format!("{}, {}: {text}", way.name, case.name)));
                }
                Err(error) => wrong.push(format!("{}, {}: refused: {error}", way.name, case.name)),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What no field can hold is kept as octets all the same: whoever sends it is never put off.
fn nothing_is_put_off_that_will_never_pass() {
    let long = "y".repeat(100_000);
    let hostile: Vec<Vec<u8>> = vec![
        message(&format!("Message-ID: <{long}@x>"), "text"),
        message(&format!("References: <{long}@x> <{long}@y>"), "text"),
        message(&format!("To: {}", format!("\"{long}\" <{long}@x>, ").repeat(2)), "text"),
        message(&format!("Thread-Topic: {long}\nThread-Index: {}", STANDARD.encode(&long)), "text"),
        message("Date: Fri, 99 Nov 99999 99:99:99 +9999", "text"),
        message("X-Nul: a\0b\nKeywords: a\0b", "text\0text"),
        message(&format!("Content-Type: {long}/{long}; name=\"{long}\""), "text"),
        message(&format!("Keywords: {}", "k,".repeat(20_000)), "text"),
        latin("From: \u{ff}\u{fe}\u{0}@\u{ff}\r\nSubject: \u{ed}\u{a0}\u{80}\r\n\r\n\u{f8}\u{88}"),
        mixed("b", &vec!["Content-Type: application/octet-stream\n\nx"; 1500]),
        b"\r\n".to_vec(),
    ];
    for way in WAYS {
        let mut ews = shared::mailbox();
        for (number, mime) in hostile.iter().enumerate() {
            let put = (way.put)(shared::server(), &mut ews, mime);
            let id = put.unwrap_or_else(|error| panic!("{}, {number}: {error}", way.name));
            get(&mut ews, &id, &shape("AllProperties", &["item:Body"]));
        }
    }
}

fn too_large_is_told_for_good() {
    let server = Demo::start(Options { accounts: 1, ..Options::default() }.set("limits.message_bytes", 100_000));
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let large = message("X: y", &"0123456789\n".repeat(20_000));
    let lmtp = by_lmtp(&server, &mut ews, &large).unwrap_err();
    assert!(lmtp.starts_with("552"), "{lmtp}");
    let command = by_command(&server, &mut ews, &large).unwrap_err();
    assert!(!command.starts_with("Some(75)"), "not EX_TEMPFAIL: {command}");
    let content = |mime: &[u8]| format!("<t:MimeContent>{}</t:MimeContent>", STANDARD.encode(mime));
    let draft = save_simple(&mut ews, "drafts", "before");
    let mut update = |mime: &[u8]| {
        ews.error(&update_request(&draft.xml(), "AlwaysOverwrite", &set("item:MimeContent", &content(mime))))
    };
    assert_eq!(update(&large), "ErrorMessageSizeExceeded");
    let file = |size: usize| {
        let octets = STANDARD.encode(vec![b'x'; size]);
        format!(
            "<t:Attachments><t:FileAttachment><t:Name>x</t:Name><t:Content>{octets}</t:Content></t:FileAttachment></t:Attachments>"
        )
    };
    for (inner, error) in
        [(content(&large), "ErrorMessageSizeExceeded"), (file(100_001), "ErrorAttachmentSizeLimitExceeded")]
    {
        assert_eq!(ews.error(&save_request("drafts", &format!("<t:Message>{inner}</t:Message>"))), error);
    }
    let event = |text: &str| {
        let lines = calendar(None, "as large as may be", "b@far.test", 0);
        content(lines.replace("SUMMARY:", &format!("DESCRIPTION:{text}\nSUMMARY:")).as_bytes())
    };
    let large = event(&"0123456789\n ".repeat(20_000));
    let create = |inner: &str| {
        format!(
            "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem>{inner}</t:CalendarItem></m:Items>\
             </m:CreateItem>"
        )
    };
    assert_eq!(ews.error(&create(&large)), "ErrorMessageSizeExceeded");
    let meeting = Id::of(ews.one(&create(&event("small"))).want("m:Items/*"));
    let change = events::update_request(&meeting.xml(), &events::set("item:MimeContent", &large));
    assert_eq!(ews.error(&change), "ErrorMessageSizeExceeded");
    assert_eq!(list(&mut ews, "calendar").len(), 1);
    assert_eq!(subjects(&mut ews, "drafts"), ["before"]);
    save(
        &mut ews,
        "drafts",
        &format!("<t:Message><t:Subject>as large as may be</t:Subject>{}</t:Message>", file(100_000)),
    );
}

/// A source that reads messages is a way in, or reads what is in already.
fn every_reader_of_messages_is_a_way_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut readers = Vec::new();
    let mut folders = vec![root.join("src"), root.join("worker/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                let is_test = name.contains("/tests") || name.ends_with("tests.rs");
                if text.contains("ask(&Mail {") && !is_test {
                    readers.push(name);
                }
            }
        }
    }
    readers.sort();
    let mut known: Vec<&str> = WAYS.iter().map(|way| way.file).chain(READERS.iter().copied()).collect();
    known.sort_unstable();
    known.dedup();
    assert_eq!(readers, known, "a source that reads messages needs a row of WAYS, or of READERS");
}

/// Nobody quoted the comma, or the address itself has quotes: an answer can be sent all the same.
fn answers_go_to_who_has_an_address() {
    let mut ews = shared::mailbox();
    for (from, address) in [
        ("Doe, Jane <jane.doe@example.net>", "jane.doe@example.net"),
        ("\"john smith\"@example.net", "\"john smith\"@example.net"),
        ("a group: x <x@far.test>, y@far.test;", "x@far.test"),
    ] {
        let id = save_mime(&mut ews, "inbox", format!("From: {from}\r\nSubject: x\r\n\r\ntext\r\n").as_bytes());
        let answer = ews.one(&format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:ReplyToItem><t:ReferenceItemId Id=\"{}\" \
             ChangeKey=\"{}\"/></t:ReplyToItem></m:Items></m:CreateItem>",
            id.id, id.key
        ));
        let draft = Id::of(answer.want("m:Items/*"));
        let item = get(&mut ews, &draft, &shape("IdOnly", &["message:ToRecipients"]));
        assert_eq!(item.text("t:ToRecipients/t:Mailbox/t:EmailAddress"), Some(address), "{from}");
        let draft = draft.xml();
        ews.ok(&format!("<m:SendItem SaveItemToFolder=\"false\"><m:ItemIds>{draft}</m:ItemIds></m:SendItem>"));
    }
}

fn an_id_on_two_lines_is_one_conversation() {
    let mut ews = shared::mailbox();
    let id = "a-very-long-id-of-a-big-system.0123456789abcdef@mail.example.net";
    let (start, end) = id.split_at(41);
    let first = format!("From: a@far.test\r\nSubject: one\r\nMessage-ID: <{start}\r\n\t{end}>\r\n\r\ntext\r\n");
    let answer = format!("From: b@far.test\r\nSubject: two\r\nIn-Reply-To: <{id}>\r\n\r\ntext\r\n");
    let (first, answer) =
        (save_mime(&mut ews, "inbox", first.as_bytes()), save_mime(&mut ews, "inbox", answer.as_bytes()));
    let conversation = |ews: &mut Ews, id: &Id| {
        let item = get(ews, id, &shape("IdOnly", &["item:ConversationId", "message:InternetMessageId"]));
        let of = item.want("t:ConversationId").attribute("Id").unwrap().to_owned();
        (of, item.text("t:InternetMessageId").unwrap_or_default().to_owned())
    };
    let (of_first, message_id) = conversation(&mut ews, &first);
    assert_eq!(message_id, format!("<{id}>"));
    assert_eq!(conversation(&mut ews, &answer).0, of_first);
    let restriction = format!(
        "<m:Restriction><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value=\"&lt;{id}&gt;\"/></t:FieldURIOrConstant>\
         </t:IsEqualTo></m:Restriction>",
        field("message:InternetMessageId")
    );
    assert_eq!(find(&mut ews, "inbox", &shape("IdOnly", &[]), &restriction).all("t:Items/*").len(), 1);
}

/// Whoever gets the answer finds what it answers by these ids.
fn an_id_on_two_lines_is_answered_as_one() {
    let id = "another-very-long-id-of-a-big-system.fedcba9876543210@mail.example.net";
    let (start, end) = id.split_at(37);
    let fields = format!(
        "Message-ID: <{start}\n {end}>\nReferences: <first@far.test>\n <sec\n\tond@far.test>\nIn-Reply-To: <sec\n ond@far.test>"
    );
    let answer = |kind: &str, id: &Id| {
        format!("<t:{kind}><t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/></t:{kind}>", id.id, id.key)
    };
    let references = format!("<first@far.test> <second@far.test> <{id}>");
    for way in WAYS {
        let mut ews = shared::mailbox();
        let original = (way.put)(shared::server(), &mut ews, &message(&fields, "text")).expect("it is taken");
        for kind in ["ReplyToItem", "ReplyAllToItem", "ForwardItem"] {
            let draft = save(&mut ews, "drafts", &answer(kind, &original));
            let uris = ["item:InReplyTo", "message:References", "item:MimeContent"];
            let item = get(&mut ews, &draft, &shape("IdOnly", &uris));
            let name = format!("{}, {kind}", way.name);
            assert_eq!(item.text("t:InReplyTo"), Some(format!("<{id}>").as_str()), "{name}");
            assert_eq!(item.text("t:References"), Some(references.as_str()), "{name}");
            let mime = STANDARD.decode(item.text("t:MimeContent").unwrap_or_default()).unwrap();
            let mime = String::from_utf8(mime).unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
            for (field, value) in [("In-Reply-To", format!("<{id}>")), ("References", references.clone())] {
                let line = mime.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
                let words: Vec<&str> = line.unwrap_or_default().split_whitespace().collect();
                assert_eq!(words.join(" "), value, "{name}: {mime}");
            }
        }
    }
}

/// A row of an index holds 2,704 octets, measured when what repeats is compressed: noise stays as long as it is.
fn a_uid_of_any_length_names_its_meeting() {
    for length in [3_000, 60_000] {
        let uid = noise(length);
        for way in WAYS {
            let mut ews = shared::mailbox();
            let name = format!("{}, {length}", way.name);
            for sequence in [0, 1] {
                let calendar = calendar(Some("REQUEST"), &uid, &ews.account.address, sequence);
                let body = format!(
                    "--b\nContent-Type: text/plain\n\ntext\n--b\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\n\n{calendar}--b--\n"
                );
                let mime = message("Content-Type: multipart/alternative; boundary=b", &body);
                let put = (way.put)(shared::server(), &mut ews, &mime);
                let id = put.unwrap_or_else(|error| panic!("{name}: {error}"));
                let item = get(&mut ews, &id, &shape("IdOnly", &["item:Body", "item:ItemClass"]));
                assert!(item.text("t:Body").unwrap_or_default().contains("text"), "{name}");
                // What nobody sent is no invitation.
                let is_sent = matches!(way.name, "LMTP" | "ewsctl deliver");
                let class = if is_sent { "IPM.Schedule.Meeting.Request" } else { "IPM.Note" };
                assert_eq!(item.text("t:ItemClass"), Some(class), "{name}");
                let meetings = list(&mut ews, "calendar");
                assert_eq!(meetings.len(), usize::from(is_sent), "{name}: an update is no second meeting");
                for meeting in meetings {
                    let meeting = get(&mut ews, &meeting, &shape("IdOnly", &["calendar:Location", "calendar:UID"]));
                    assert_eq!(meeting.text("t:Location"), Some(format!("room {sequence}").as_str()), "{name}");
                    assert!(meeting.text("t:UID") == Some(uid.as_str()), "{name}: {meeting:#?}");
                }
            }
        }
        let mut ews = shared::mailbox();
        let content = STANDARD.encode(calendar(None, &uid, &ews.account.address, 0));
        let made = ews.one(&format!(
            "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:MimeContent>{content}</t:MimeContent>\
             </t:CalendarItem></m:Items></m:CreateItem>"
        ));
        let item = get(&mut ews, &Id::of(made.want("m:Items/*")), &shape("IdOnly", &["calendar:UID"]));
        assert!(item.text("t:UID") == Some(uid.as_str()), "{length}: {item:#?}");
    }
}
