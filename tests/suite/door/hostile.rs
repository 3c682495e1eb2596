//! Mail that is made to do harm, through every way in: taken, or refused once and for all; never put off for ever, never a fault
//! of the server, and the next message is served as before.

use std::fmt::Write as _;
use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::{Ews, code};
use crate::support::lmtp::Lmtp;
use crate::support::message::noise;
use crate::support::ops::{Id, field, get_fields, save, save_request, save_simple, set, update_request};
use crate::support::xml::escape;
use crate::support::{shared, wait};

crate::tests![
    nasty_mail_by_every_way_in,
    nasty_values_by_every_way_in,
    long_texts_of_clients_are_converted,
    an_account_of_many_addresses_sends,
    what_cannot_be_stored_is_kept_plain,
    one_that_cannot_be_stored_keeps_no_other_back,
    a_worker_that_wants_too_much_ends_alone,
    long_ids_are_found,
    changes_of_one_object_have_a_limit,
];

/// What may be said of something that is not taken (MS-OXWSCDATA 2.2.5.24).
const REFUSALS: &[&str] = &[
    "ErrorDataSizeLimitExceeded",
    "ErrorItemSavePropertyError",
    "ErrorInvalidExtendedPropertyValue",
    "ErrorInvalidArgument",
    "ErrorMessageSizeExceeded",
    "ErrorInvalidPropertySet",
];

/// Nasty messages by name.
fn messages() -> Vec<(String, Vec<u8>)> {
    let mut list: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, octets: Vec<u8>| list.push((name.to_owned(), octets));
    let with = |fields: &str| format!("From: a@elsewhere.test\r\n{fields}\r\nbody\r\n").into_bytes();
    for length in [900, 3_000, 100_000] {
        add("a long Message-ID", with(&format!("Message-ID: <{}@x>\r\n", noise(length))));
        add("a long In-Reply-To", with(&format!("In-Reply-To: <{}@x>\r\n", noise(length))));
        add(
            "a long boundary",
            with(&format!("Content-Type: multipart/mixed; boundary={0}\r\n\r\n--{0}\r\n\r\nx", noise(length))),
        );
        add("a long file name", with(&format!("Content-Disposition: attachment; filename=\"{}\"\r\n", noise(length))));
        add("a long type", with(&format!("Content-Type: a{0}/b{0}; name=x\r\n", noise(length))));
    }
    add("NUL octets", b"From: a\0b@x.test\r\nSubject: a\0b\r\nMessage-ID: <a\0b@x>\r\n\0: \0\r\n\r\nbo\0dy".to_vec());
    add("invalid UTF-8", b"From: \xff\xfe <a@x.test>\r\nSubject: \xc3\x28 \xed\xa0\x80\r\n\r\n\xf8\x88\x80".to_vec());
    add("a subject of 1 MB", with(&format!("Subject: {}\r\n", noise(1 << 20))));
    add("names of 1 MB", with(&format!("To: \"{}\" <b@x.test>\r\nFrom: \"{0}\" <c@x.test>\r\n", noise(1 << 20))));
    add("addresses of 1 MB", with(&format!("To: {0}@x.test\r\nSender: {0}@x.test\r\n", noise(1 << 20))));
    let nested: String =
        (0..300).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}.\r\n\r\n--b{n}.\r\n")).collect();
    add("300 nested parts", format!("Subject: x\r\n{nested}\r\ntext").into_bytes());
    add("300 nested messages", with(&"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n".repeat(300)));
    let parts = "--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n".repeat(3_000);
    add("3,000 parts", with(&format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--")));
    for year in ["0000", "0001", "1969", "9999", "10000", "99999", "-0001", "2147483648"] {
        add("an absurd year", with(&format!("Date: Fri, 31 Dec {year} 23:59:60 +9999\r\n")));
    }
    add("a date that is none", with("Date: 99 Xyz 99 99:99:99 \u{1f4a3}\r\n"));
    add("huge References", with(&format!("References:{}\r\n", " <abcdefghij@example.test>".repeat(20_000))));
    add("lone surrogates", with("Subject: =?utf-16be?b?2ADYAA==?= =?utf-8?q?=ED=A0=80?= =?utf-7?q?+2AA-?=\r\n"));
    add("NUL by an encoded word", with("Subject: =?utf-8?q?a=00b?=\r\nFrom: =?utf-8?b?AAAA?= <a@x.test>\r\n"));
    add(
        "a bad Thread-Index",
        with(&format!("Thread-Index: {}\r\nThread-Topic: {}\r\n", "A".repeat(9_000), noise(9_000))),
    );
    add("many keywords", with(&format!("Keywords: {}\r\n", "x,".repeat(50_000))));
    add("many addresses", with(&format!("To: {}\r\n", "a@b,".repeat(100_000))));
    add("many groups", with(&format!("Cc: {}\r\n", "a:;".repeat(100_000))));
    add("many fields", with(&"To: a@b\r\n".repeat(50_000)));
    add("many empty fields", with(&"A:\r\n".repeat(100_000)));
    add(
        "a million words",
        format!("Subject: x\r\n\r\n{}", (0..200_000).map(|n| format!("{n:x}{} ", noise(40))).collect::<String>())
            .into_bytes(),
    );
    list
}

/// The one response message's code: success, or a documented refusal of what cannot be taken.
fn judge(ews: &mut Ews, name: &str, request: &str) -> bool {
    let answer = ews.call_with(request, &[]);
    assert_eq!(answer.status, 200, "{name}: {:#?}", answer.envelope);
    assert_eq!(answer.messages.len(), 1, "{name}");
    let code = code(&answer.messages[0]);
    assert!(code == "NoError" || REFUSALS.contains(&code), "{name}: {code}");
    code == "NoError"
}

fn mime_message(message: &[u8]) -> String {
    format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(message))
}

fn attach_request(id: &Id, attachment: &str) -> String {
    format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments>{attachment}</m:Attachments></m:CreateAttachment>",
        id.id
    )
}

/// A way by which a message comes in whole: its name, whether it takes everything, and what to do with one message. False: it was
/// refused, by a code of [`REFUSALS`].
type Way = (&'static str, bool, fn(&mut Ews, &str, &[u8]) -> bool);

/// Every way in. A new one gets a row.
const WAYS: &[Way] = &[
    ("LMTP", true, |ews, name, message| {
        let mut lmtp = Lmtp::hello(shared::server().lmtp());
        let reply = lmtp.deliver("sender@elsewhere.test", &[&ews.account.address], message).remove(0);
        assert_eq!(reply.code, 250, "{name}: {reply:?}");
        true
    }),
    ("ewsctl deliver", true, |ews, name, message| {
        let output = shared::server().ewsctl_with(&["deliver", "--to", &ews.account.address], message);
        assert!(output.status.success(), "{name}: {output:?}");
        true
    }),
    ("CreateItem", true, |ews, name, message| judge(ews, name, &save_request("drafts", &mime_message(message)))),
    ("UpdateItem", true, |ews, name, message| {
        let id = save_simple(ews, "drafts", "x");
        let content = format!("<t:MimeContent>{}</t:MimeContent>", STANDARD.encode(message));
        judge(ews, name, &update_request(&id.bare(), "AlwaysOverwrite", &set("item:MimeContent", &content)))
    }),
    ("CreateAttachment", true, |ews, name, message| {
        let id = save_simple(ews, "drafts", "x");
        let inner = format!("<t:ItemAttachment><t:Name>x</t:Name>{}</t:ItemAttachment>", mime_message(message));
        judge(ews, name, &attach_request(&id, &inner))
    }),
];

fn nasty_mail_by_every_way_in() {
    let messages = messages();
    std::thread::scope(|threads| {
        for (way, takes_all, give) in WAYS {
            let messages = &messages;
            threads.spawn(move || {
                let mut ews = shared::mailbox().unrecorded();
                for (name, message) in messages {
                    let taken = give(&mut ews, &format!("{way}: {name}"), message);
                    assert!(taken || !takes_all, "{way} refuses: {name}");
                }
            });
        }
    });
}

/// Nasty values of properties: the FieldURI, and the property as it is written.
fn values() -> Vec<(&'static str, String)> {
    let mut list: Vec<(&'static str, String)> = Vec::new();
    for length in [900, 3_000, 100_000, 1 << 20] {
        let text = noise(length);
        list.push(("message:InternetMessageId", format!("<t:InternetMessageId>{text}</t:InternetMessageId>")));
        list.push(("item:Subject", format!("<t:Subject>{text}</t:Subject>")));
        list.push(("item:InReplyTo", format!("<t:InReplyTo>{text}</t:InReplyTo>")));
        list.push(("message:References", format!("<t:References>{text}</t:References>")));
        list.push(("item:Culture", format!("<t:Culture>{text}</t:Culture>")));
        list.push(("item:Categories", format!("<t:Categories><t:String>{text}</t:String></t:Categories>")));
        let person =
            format!("<t:Mailbox><t:Name>{text}</t:Name><t:EmailAddress>{text}@x.test</t:EmailAddress></t:Mailbox>");
        list.push(("message:From", format!("<t:From>{person}</t:From>")));
        list.push(("message:ToRecipients", format!("<t:ToRecipients>{person}</t:ToRecipients>")));
    }
    for time in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"] {
        list.push(("item:ReminderDueBy", format!("<t:ReminderDueBy>{time}</t:ReminderDueBy>")));
    }
    let many = |n: usize| {
        (0..n).fold(String::new(), |mut out, n| {
            let _ = write!(out, "<t:String>{n}</t:String>");
            out
        })
    };
    list.push(("item:Categories", format!("<t:Categories>{}</t:Categories>", many(50_000))));
    list
}

fn nasty_values_by_every_way_in() {
    let mut ews = shared::mailbox().unrecorded();
    let id = save_simple(&mut ews, "drafts", "x");
    for (uri, value) in values() {
        judge(&mut ews, uri, &save_request("drafts", &format!("<t:Message>{value}</t:Message>")));
        judge(&mut ews, uri, &update_request(&id.bare(), "AlwaysOverwrite", &set(uri, &value)));
    }
    for length in [900, 3_000, 100_000, 1 << 20] {
        for element in ["Name", "ContentType", "ContentId", "ContentLocation"] {
            let text = noise(length);
            let name = if element == "Name" { "" } else { "<t:Name>x</t:Name>" };
            let file = format!(
                "<t:FileAttachment>{name}<t:{element}>{text}</t:{element}><t:Content>AA==</t:Content></t:FileAttachment>"
            );
            judge(&mut ews, element, &attach_request(&id, &file));
        }
    }
}

const MB: usize = 1 << 20;

/// What converters are asked of clients' texts of a megabyte, and in questions that hold such: done, never taken for no question.
fn long_texts_of_clients_are_converted() {
    let mut ews = shared::mailbox().unrecorded();
    let html = format!("<p>begins</p>{}<p>ends</p>", "<p>some words</p>".repeat(MB / 17));
    let body = |tag: &str| format!("<t:{tag} BodyType=\"HTML\">{}</t:{tag}>", escape(&html));
    let id = save(&mut ews, "drafts", &format!("<t:Message><t:Subject>x</t:Subject>{}</t:Message>", body("Body")));
    let item = get_fields(&mut ews, &id, &["item:Body", "item:TextBody", "item:UniqueBody", "item:MimeContent"]);
    for member in ["t:Body", "t:TextBody", "t:UniqueBody"] {
        let text = item.text(member).unwrap_or_default();
        assert!(text.contains("begins") && text.contains("ends"), "{member}");
    }
    ews.one(&update_request(&id.bare(), "AlwaysOverwrite", &set("item:Body", &body("Body"))));
    let reply = format!(
        "<t:ReplyToItem><t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/>{}</t:ReplyToItem>",
        id.id,
        get_fields(&mut ews, &id, &["item:Size"]).want("t:ItemId").attribute("ChangeKey").unwrap(),
        body("NewBodyContent")
    );
    ews.one(&save_request("drafts", &reply));
    // An own zone beside a calendar, of names as long as attributes may be, and longer.
    let id = Id::of(ews.one(&in_a_zone_of(&noise(60_000))).want("m:Items/*"));
    assert_eq!(get_fields(&mut ews, &id, &["calendar:Start"]).text("t:Start"), Some("2026-12-01T06:40:00Z"));
    assert_eq!(ews.fault(&in_a_zone_of(&noise(MB))), "ErrorSchemaValidation");
}

/// A calendar in a zone of that name, three hours and twenty minutes east.
fn in_a_zone_of(name: &str) -> String {
    let zone = format!(
        "<t:StartTimeZone Id=\"{name}\" Name=\"{name}\"><t:Periods><t:Period Bias=\"-PT3H20M\" Name=\"Standard\" Id=\"std\"/></t:Periods>\
         <t:TransitionsGroups><t:TransitionsGroup Id=\"0\"><t:Transition><t:To Kind=\"Period\">std</t:To></t:Transition></t:TransitionsGroup>\
         </t:TransitionsGroups><t:Transitions><t:Transition><t:To Kind=\"Group\">0</t:To></t:Transition></t:Transitions></t:StartTimeZone>"
    );
    let event = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T100000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n";
    let calendar = STANDARD.encode(format!("BEGIN:VCALENDAR\r\n{event}END:VCALENDAR\r\n"));
    format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:Items><t:CalendarItem><t:MimeContent>{calendar}</t:MimeContent>{zone}\
         </t:CalendarItem></m:Items></m:CreateItem>"
    )
}

/// Fields of mail that leaves are of any length that a head may have, and its sender may have any number of addresses.
fn an_account_of_many_addresses_sends() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let own = ews.account.address.clone();
    let added = server.query(&format!(
        "insert into address (address, account) select 'alias' || n || '@{}.example.test', account
         from generate_series(1, 20000) n, address where address = '{own}' returning 1",
        "long".repeat(10)
    ));
    assert!(added.len() >= 20_000);
    let send = |members: &str| {
        format!(
            "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:Message>{members}</t:Message></m:Items></m:CreateItem>"
        )
    };
    let to = |name: &str| {
        format!(
            "<t:ToRecipients><t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{own}</t:EmailAddress></t:Mailbox></t:ToRecipients>"
        )
    };
    ews.one(&send(&format!("<t:Subject>few</t:Subject>{}", to("x"))));
    let text = noise(MB);
    judge(&mut ews, "a subject", &send(&format!("<t:Subject>{text}</t:Subject>{}", to("x"))));
    judge(&mut ews, "a name", &send(&format!("<t:Subject>name</t:Subject>{}", to(&text))));
    let refers = format!("<t:Subject>refers</t:Subject>{}<t:References>{text}</t:References>", to("x"));
    judge(&mut ews, "references", &send(&refers));
    assert!(crate::support::ops::subjects(&mut ews, "inbox").contains(&"few".to_owned()));
}

/// What the database will not have is kept as octets with a plain envelope, in whatever way it comes to a mailbox.
fn what_cannot_be_stored_is_kept_plain() {
    let server = Demo::start(Options::default());
    server.query("alter table item add constraint no_words check (preview is null or preview not like '%xyzzy%')");
    server.query("alter table attachment add constraint no_names check (name <> 'xyzzy.txt')");
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let attached = "Subject: kept\r\nContent-Type: text/plain; name=xyzzy.txt\r\nContent-Disposition: attachment; \
                    filename=xyzzy.txt\r\n\r\ntext\r\n";
    crate::support::lmtp::deliver(server.lmtp(), &ews.account.address, attached.as_bytes());
    let found = crate::support::ops::list(&mut ews, "inbox");
    assert_eq!(crate::support::ops::subjects(&mut ews, "inbox"), ["kept"]);
    let item = get_fields(&mut ews, &found[0], &["item:MimeContent", "item:HasAttachments"]);
    let octets = STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap();
    assert!(octets.ends_with(attached.as_bytes()) && item.text("t:HasAttachments") == Some("false"));
    // Not even that: for good, and told so.
    let refused = Lmtp::hello(server.lmtp()).deliver("", &[&ews.account.address], b"Subject: x\r\n\r\nxyzzy\r\n");
    assert_eq!(refused[0].code, 554, "{refused:?}");
    let mime = mime_message(b"Subject: x\r\n\r\nxyzzy\r\n");
    assert_eq!(ews.error(&save_request("drafts", &mime)), "ErrorItemSavePropertyError");
    let id = save_simple(&mut ews, "drafts", "x");
    let file = "<t:FileAttachment><t:Name>xyzzy.txt</t:Name><t:Content>AA==</t:Content></t:FileAttachment>";
    assert_eq!(ews.error(&attach_request(&id, file)), "ErrorItemSavePropertyError");
}

/// Of several items of one request only that one is refused, and the others keep their places.
fn one_that_cannot_be_stored_keeps_no_other_back() {
    let server = Demo::start(Options::default().set("limits.message_bytes", MB as u64));
    server.query("alter table item add constraint no_words check (preview is null or preview not like '%xyzzy%')");
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let plain = |subject: &str, text: &str| format!("Subject: {subject}\r\n\r\n{text}\r\n").into_bytes();
    let calendar = |mime: &[u8]| mime_message(mime).replace("t:Message>", "t:CalendarItem>");
    for (name, error, middle) in [
        ("the database refuses its text", "ErrorItemSavePropertyError", mime_message(&plain("middle", "xyzzy"))),
        (
            "larger than messages may be",
            "ErrorMessageSizeExceeded",
            mime_message(&plain("middle", &"many words ".repeat(MB / 8))),
        ),
        ("no calendar", "ErrorMimeContentInvalid", calendar(b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")),
        (
            "a calendar without an event",
            "ErrorMimeContentInvalid",
            calendar(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"),
        ),
    ] {
        let subjects = ["first", "third"].map(|which| format!("{which}: {name}"));
        let [first, third] = subjects.each_ref().map(|subject| mime_message(&plain(subject, "words")));
        let answer = ews.call_with(
            &format!(
                "<m:CreateItem MessageDisposition=\"SaveOnly\" SendMeetingInvitations=\"SendToNone\"><m:Items>{first}{middle}{third}\
                 </m:Items></m:CreateItem>"
            ),
            &[],
        );
        assert_eq!(answer.messages.len(), 3, "{name}: {:#?}", answer.envelope);
        let codes: Vec<&str> = answer.messages.iter().map(code).collect();
        assert_eq!(codes, ["NoError", error, "NoError"], "{name}");
        assert!(answer.messages[1].all("m:Items/*").is_empty(), "{name}");
        for (at, subject) in [(0, &subjects[0]), (2, &subjects[1])] {
            let id = Id::of(answer.messages[at].want("m:Items/t:Message"));
            let item = get_fields(&mut ews, &id, &["item:Subject", "item:Body"]);
            assert_eq!(item.text("t:Subject"), Some(subject.as_str()), "{name}");
            assert!(item.text("t:Body").unwrap_or_default().contains("words"), "{name}");
        }
        let found = crate::support::ops::subjects(&mut ews, "drafts");
        assert_eq!(found.iter().filter(|subject| subject.ends_with(name)).count(), 2, "{name}: {found:?}");
    }
    assert!(crate::support::ops::list(&mut ews, "calendar").is_empty());
}

/// No other worker, and nothing but that request.
fn a_worker_that_wants_too_much_ends_alone() {
    let server = Demo::start(Options::default().set("limits.worker_bytes", 134_217_728u64));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    let mut message = b"Subject: large\r\n\r\n".to_vec();
    message.extend(b"the quick brown fox\r\n".iter().cycle().take(49 << 20));
    let envelope = ews.envelope(&save_request("drafts", &mime_message(&message)));
    let authorization = ews.authorization();
    let lines = [crate::support::ews::CONTENT_TYPE, authorization.as_str()];
    let answer = ews.http.try_post(crate::support::ews::PATH, &lines, envelope.as_bytes());
    assert!(answer.as_ref().map_or(true, |reply| reply.status >= 500), "{:?}", answer.map(|reply| reply.status));
    let mut ews = Ews::connect(&server, &server.accounts[0]).unrecorded();
    save_simple(&mut ews, "drafts", "small");
    wait::true_within("the log says so", wait::LONG, || {
        fs::read_to_string(server.folder.with_extension("log"))
            .unwrap_or_default()
            .lines()
            .any(|line| line.contains("limits.worker_bytes") && line.len() > 80)
    });
}

fn long_ids_are_found() {
    let mut ews = shared::mailbox().unrecorded();
    let id = format!("<{}@x>", noise(3_000));
    let message = format!("Message-ID: {id}\r\nSubject: long\r\n\r\nx");
    crate::support::lmtp::deliver(shared::server().lmtp(), &ews.account.address, message.as_bytes());
    let restriction = format!(
        "<m:Restriction><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value=\"{}\"/></t:FieldURIOrConstant>\
         </t:IsEqualTo></m:Restriction>",
        field("message:InternetMessageId"),
        escape(&id)
    );
    let shape = "<t:BaseShape>IdOnly</t:BaseShape>";
    let root = crate::support::ops::find(&mut ews, "inbox", shape, &restriction);
    let found = root.all("t:Items/*");
    assert_eq!(found.len(), 1);
    let item = get_fields(&mut ews, &Id::of(found[0]), &["message:InternetMessageId", "item:Subject"]);
    assert_eq!((item.text("t:InternetMessageId"), item.text("t:Subject")), (Some(id.as_str()), Some("long")));
}

fn changes_of_one_object_have_a_limit() {
    let mut ews = shared::mailbox().unrecorded();
    let id = save_simple(&mut ews, "drafts", "x");
    let body = "<t:AppendToItemField><t:FieldURI FieldURI=\"item:Body\"/><t:Message><t:Body BodyType=\"Text\">y</t:Body>\
                </t:Message></t:AppendToItemField>";
    let many = |n: usize| update_request(&id.bare(), "AlwaysOverwrite", &body.repeat(n));
    ews.ok(&many(1_000));
    let item = get_fields(&mut ews, &id, &["item:Body"]);
    assert_eq!(item.text("t:Body").map(|text| text.matches('y').count()), Some(1_000));
    assert_eq!(ews.error(&many(1_001)), "ErrorInvalidArgument");
}
