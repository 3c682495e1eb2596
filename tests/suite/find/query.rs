//! FindItem by query string (AQS): every form that is documented finds what it should, in mail as it was delivered; what is no
//! form of it is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ews::Ews;
use crate::support::lmtp::deliver;
use crate::support::ops::{
    Id, create_folder, field, find_request, get_fields, list, save, save_mime, set_field, shape,
};
use crate::support::xml::escape;
use crate::support::{message, shared};

crate::tests![
    finds_by_keyword,
    finds_by_operators,
    finds_by_dates_and_sizes,
    finds_in_attachments,
    finds_attachments_by_restriction,
    finds_what_was_just_delivered,
    finds_what_was_changed,
    finds_every_author,
    finds_phrases,
    refuses_what_is_not_understood,
    knows_the_days_of_the_clients_zone,
];

fn query(text: &str) -> String {
    format!("<m:QueryString>{}</m:QueryString>", escape(text))
}

/// The request, which has its query behind the folder.
fn request(which: &str, text: &str) -> String {
    let request = find_request(which, &shape("IdOnly", &["item:Subject"]), "");
    request.replace("</m:FindItem>", &format!("{}</m:FindItem>", query(text)))
}

/// First letters of the subjects that are found, sorted.
fn found(ews: &mut Ews, which: &str, text: &str) -> String {
    let answer = ews.one(&request(which, text));
    let root = answer.want("m:RootFolder");
    let mut letters: Vec<char> =
        root.all("t:Items/*").iter().filter_map(|item| item.text("t:Subject")?.chars().next()).collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

fn check(ews: &mut Ews, which: &str, cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, expected)| {
            let got = found(ews, which, text);
            (got != *expected).then(|| format!("{text}: {got:?} for {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Three messages: a of Sadie, with a report; b of Hope; c, a draft that has nothing else.
fn shelf(ews: &mut Ews) -> String {
    let id = create_folder(ews, "inbox", &message::unique("shelf"));
    let mime = |head: &str, text: &str| format!("{head}\r\nMIME-Version: 1.0\r\n{text}").into_bytes();
    let a = mime(
        "From: Sadie Daniels <sadie@contoso.test>\r\nTo: \"Mack, Tom\" <tom.mack@here.test>\r\nCc: Ronnie Sturgis <r@here.test>\r\n\
         Bcc: hidden@here.test\r\nSubject: A project plan for December\r\nDate: Fri, 19 Apr 2019 17:51:33 +0000\r\nImportance: high",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n\
         <p>Sales <b>figures</b> of&nbsp;the quarter</p>\r\n--b\r\nContent-Type: application/vnd.ms-powerpoint\r\n\
         Content-Disposition: attachment; filename=BRK3215.pptx\r\n\r\nslides\r\n\
         --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n\
         Content-Disposition: attachment; filename=\"annual report.txt\"\r\n\r\nturnover in M\u{fc}nchen\r\n--b--\r\n",
    );
    // The charset that the part names.
    let a: Vec<u8> = String::from_utf8(a).unwrap().chars().map(|c| c as u8).collect();
    let b = mime(
        "From: Hope Gross <hope@hotmail.test>\r\nTo: sadie@contoso.test\r\nSubject: Big projections of product\r\n\
         Date: Thu, 18 Apr 2019 10:00:00 +0000",
        "Content-Type: text/plain\r\n\r\nthe plan of the normal project\r\n",
    );
    save_mime(ews, &id, &a);
    let b = save_mime(ews, &id, &b);
    set_field(ews, &b, "message:IsRead", "<t:IsRead>true</t:IsRead>");
    save(
        ews,
        &id,
        "<t:Message><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>Coffee</t:Subject><t:Body BodyType=\"Text\">caf\u{e9} \
         \u{4f1a}\u{8b70}\u{5ba4}</t:Body><t:Categories><t:String>Red project</t:String></t:Categories>\
         <t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag></t:Message>",
    );
    id
}

fn finds_by_keyword() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    check(
        &mut ews,
        &id,
        &[
            ("", "ABC"),
            ("subject:project", "AB"),
            ("subject:\"project\"", "A"),
            ("subject:proj", "AB"),
            ("subject:\"proj\"", ""),
            ("SUBJECT:\"project plan\"", "A"),
            ("subject:\"plan project\"", ""),
            ("subject:project plan", "A"),
            ("body:sales figures", "A"),
            ("body:\"figures of the quarter\"", "A"),
            ("content:project", "B"),
            ("body:december", ""),
            ("from:hope", "B"),
            ("from:\"@hotmail.test\"", "B"),
            ("from:sadie@contoso.test", "A"),
            ("to:\"Tom Mack\"", "A"),
            ("to:\"Mack Mack\"", ""),
            ("to:\"Mack, Tom\"", "A"),
            ("to:sadie", "B"),
            ("cc:\"Ronnie Sturgis\"", "A"),
            ("bcc:hidden", "A"),
            ("to:hidden", ""),
            ("participants:sadie", "AB"),
            ("recipients:sadie", "B"),
            ("category:project", "C"),
            ("category:\"red project\"", "C"),
            ("category:blue", ""),
            ("importance:high", "A"),
            ("hasattachment:true", "A"),
            ("has attachment:true subject:project", "A"),
            ("hasattachment:FALSE", "BC"),
            ("isflagged:true", "C"),
            ("kind:email", "ABC"),
            ("kind:contacts", ""),
            ("caf\u{c9}", "C"),
            ("\u{8b70}\u{5ba4}", "C"),
            ("sadie", "AB"),
        ],
    );
}

fn finds_by_operators() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    check(
        &mut ews,
        &id,
        &[
            ("project plan", "AB"),
            ("project AND from:\"Sadie Daniels\"", "A"),
            ("subject:(project AND plan)", "A"),
            ("subject:coffee OR from:\"Hope Gross\"", "BC"),
            ("from:(\"Sadie Daniels\" OR \"Hope Gross\")", "AB"),
            ("NOT from:\"Sadie Daniels\"", "BC"),
            ("body:(NOT project)", "AC"),
            ("plan - sales", "B"),
            ("project -from:sadie", "B"),
            ("(coffee OR sales) AND NOT hasattachment:true", "C"),
            ("\"normal proj\"*", "B"),
            ("\"normal proj\"", ""),
        ],
    );
}

fn finds_by_dates_and_sizes() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    check(
        &mut ews,
        &id,
        &[
            ("sent:4/19/2019", "A"),
            ("sent:2019-04-18..4/19/2019", "AB"),
            ("sent:>2019-04-19 17:51:32 AND subject:project", "A"),
            ("sent:> 2019-04-19 17:51:32", "AC"),
            ("sent:>2019-04-19 17:51:33", "C"),
            ("sent:April 2019", "AB"),
            ("sent:<4/19/2019", "B"),
            ("received:today", "ABC"),
            ("received:NOT today", ""),
            ("received:yesterday", ""),
            ("received:this week", "ABC"),
            ("received:past month", "ABC"),
            ("received:>=yesterday coffee", "C"),
            ("size:>1", "ABC"),
            ("size:1..2", ""),
            ("size:<1mb coffee", "C"),
        ],
    );
}

fn finds_in_attachments() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    let inner = "From: x@deep.test\r\nSubject: inner matters\r\n\r\nburied treasure\r\n";
    let outer = format!(
        "From: y@x.test\r\nSubject: D forwards\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee below\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    );
    save_mime(&mut ews, &id, outer.as_bytes());
    check(
        &mut ews,
        &id,
        &[
            ("attachment:BRK3215.pptx", "A"),
            ("attachment:brk", "A"),
            ("attachment:report", "A"),
            ("attachments:\"annual report.txt\"", "A"),
            ("attachment:turnover", "A"),
            ("attachment:m\u{fc}nchen", "A"),
            ("attachment:sales", ""),
            ("attachment:treasure", "D"),
            ("attachment:\"inner matters\"", "D"),
            ("attachment:deep.test", "D"),
            ("subject:inner", ""),
            ("buried", "D"),
            ("BRK3215", "A"),
            ("attachment:slides", ""),
        ],
    );
}

fn finds_attachments_by_restriction() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    let contains = |mode: &str, text: &str| {
        format!(
            "<m:Restriction><t:Contains ContainmentMode=\"{mode}\" ContainmentComparison=\"IgnoreCase\">{}<t:Constant \
             Value=\"{text}\"/></t:Contains></m:Restriction>",
            field("item:Attachments")
        )
    };
    for (mode, text, expected) in [
        ("Substring", "3215.PP", 1),
        ("PrefixOnWords", "rep", 1),
        ("FullString", "annual report.txt", 1),
        ("Prefixed", "report", 0),
    ] {
        let answer = ews.one(&find_request(&id, &shape("IdOnly", &[]), &contains(mode, text)));
        assert_eq!(answer.want("m:RootFolder").all("t:Items/*").len(), expected, "{mode} {text}");
    }
}

/// The newest mail is found as soon as its 250 is there.
fn finds_what_was_just_delivered() {
    let mut ews = shared::mailbox();
    for number in 0..3 {
        let word = format!("fresh{number}word");
        deliver(shared::server().lmtp(), &ews.account.address, &message::plain("Fresh", &word));
        assert_eq!(found(&mut ews, "inbox", &word), "F");
    }
    assert_eq!(found(&mut ews, "inbox", "fresh"), "FFF");
}

/// Updates, attachments that are added and taken away, moves.
fn finds_what_was_changed() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    let item = list(&mut ews, &id).into_iter().find(|item| subject(&mut ews, item).starts_with('C')).unwrap();
    let item = set_field(&mut ews, &item, "item:Subject", "<t:Subject>Cocoa</t:Subject>");
    let item = set_field(
        &mut ews,
        &item,
        "message:ToRecipients",
        "<t:ToRecipients><t:Mailbox><t:Name>Late Comer</t:Name><t:EmailAddress>late@x.test</t:EmailAddress></t:Mailbox>\
         </t:ToRecipients>",
    );
    let content = STANDARD.encode("minutes of the meeting");
    let answer = ews.one(&format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>notes.txt</t:Name>\
         <t:ContentType>text/plain</t:ContentType><t:Content>{content}</t:Content></t:FileAttachment></m:Attachments>\
         </m:CreateAttachment>",
        item.id
    ));
    let attachment = answer.want("m:Attachments/*/t:AttachmentId").attribute("Id").unwrap().to_owned();
    check(
        &mut ews,
        &id,
        &[
            ("coffee", ""),
            ("subject:cocoa", "C"),
            ("to:\"late comer\"", "C"),
            ("to:late@x.test", "C"),
            ("caf\u{e9}", "C"),
            ("attachment:minutes", "C"),
            ("attachment:notes", "C"),
        ],
    );
    ews.one(&format!(
        "<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id=\"{attachment}\"/></m:AttachmentIds></m:DeleteAttachment>"
    ));
    check(&mut ews, &id, &[("attachment:minutes", ""), ("minutes", ""), ("cocoa", "C")]);
}

/// Clients are shown one author of several (message:From), and find all of them: by query and by restriction, until somebody
/// else is said to have written it.
fn finds_every_author() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", &message::unique("authors"));
    let two = "From: Ann First <ann@one.test>,\r\n =?utf-8?q?Bj=C3=B6rn?= Second <second@two.test>\r\nSender: post@office.test\r\n\
               Subject: Two wrote this\r\n\r\ntext\r\n";
    let item = save_mime(&mut ews, &id, two.as_bytes());
    save_mime(&mut ews, &id, b"From: Cid Alone <cid@one.test>\r\nSubject: One wrote this\r\n\r\nsecond\r\n");
    let contains = |ews: &mut Ews, mode: &str, text: &str| {
        let restriction = format!(
            "<m:Restriction><t:Contains ContainmentMode=\"{mode}\" ContainmentComparison=\"IgnoreCase\">{}<t:Constant \
             Value=\"{text}\"/></t:Contains></m:Restriction>",
            field("message:From")
        );
        let answer = ews.one(&find_request(&id, &shape("IdOnly", &["item:Subject"]), &restriction));
        answer.want("m:RootFolder").all("t:Items/*").len()
    };
    let cases = [
        ("from:ann", "T"),
        ("from:second", "T"),
        ("from:second@two.test", "T"),
        ("from:\"bj\u{f6}rn second\"", "T"),
        ("from:\"first bj\u{f6}rn\"", ""),
        // From the one into the other.
        ("from:\"test bj\u{f6}rn\"", ""),
        ("from:office", "T"),
        ("participants:second", "T"),
        ("to:second", ""),
        ("from:cid", "O"),
    ];
    check(&mut ews, &id, &cases);
    for (mode, text, expected) in [
        ("Substring", "n@one", 1),
        ("Substring", "econd@TWO", 1),
        ("PrefixOnWords", "sec", 1),
        ("ExactPhrase", "Bj\u{f6}rn", 1),
        ("FullString", "second@two.test", 1),
        ("Prefixed", "office", 0),
        ("Substring", "one.test", 2),
    ] {
        assert_eq!(contains(&mut ews, mode, text), expected, "{mode} {text}");
    }
    let shown = get_fields(&mut ews, &item, &["message:From"]);
    assert_eq!(shown.want("t:From").text("t:Mailbox/t:EmailAddress"), Some("ann@one.test"));
    let other =
        "<t:From><t:Mailbox><t:Name>Eve Else</t:Name><t:EmailAddress>eve@x.test</t:EmailAddress></t:Mailbox></t:From>";
    set_field(&mut ews, &item, "message:From", other);
    check(&mut ews, &id, &[("from:eve", "T"), ("from:second", "")]);
    assert_eq!(contains(&mut ews, "Substring", "second@two"), 0);
}

/// Words that stand one after the other, whatever is between them, in one place.
fn finds_phrases() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", &message::unique("phrases"));
    let save = |ews: &mut Ews, subject: &str, file: &str, text: &str| {
        let mime = format!(
            "From: x@y.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n\
             --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"{file}\"\r\n\r\nx\r\n--b--\r\n"
        );
        save_mime(ews, &id, mime.as_bytes());
    };
    save(&mut ews, "A of the day", "plan of-the_year.pdf", "It was\r\nthe best, of\r\n\r\n> the TIMES!");
    save(&mut ews, "B the of", "the of.pdf", "times the of best; the and of \u{c9}t\u{e9} \u{e0} la plage");
    save(&mut ews, "C unit\u{e9}", "one.pdf", "the the the of of of the; UNIT\u{c9} d'e\u{301}te\u{301}: it's 5:30");
    let cases = [
        ("\"was the best\"", "A"),
        ("\"best of the times\"", "A"),
        ("\"BEST OF\"", "A"),
        ("\"of the\"", "AC"),
        ("\"the of\"", "BC"),
        ("\"the the the\"", "C"),
        ("\"the of the\"", ""),
        ("subject:\"of the\"", "A"),
        ("subject:\"the of\"", "B"),
        ("attachment:\"of the year\"", "A"),
        ("attachment:\"the of\"", "B"),
        ("body:\"the of best\"", "B"),
        ("body:\"of the day\"", ""),
        // Out of one place into the next.
        ("\"day it\"", ""),
        ("\"\u{e9}t\u{e9} \u{e0} la\"", "B"),
        ("\"unit\u{e9} d \u{e9}t\u{e9}\"", "C"),
        ("\"Unite\u{301} D'\u{c9}T\u{c9}\"", "C"),
        ("\"it's 5:30\"", "C"),
        ("\"s 5 30\"", "C"),
        ("\"best times\"", ""),
        ("\"was the best\" AND subject:\"of the\"", "A"),
        ("\"the of\" OR \"was the\"", "ABC"),
        ("NOT \"the of\"", "A"),
    ];
    check(&mut ews, &id, &cases);
}

fn subject(ews: &mut Ews, item: &Id) -> String {
    get_fields(ews, item, &["item:Subject"]).text("t:Subject").unwrap_or_default().to_owned()
}

fn refuses_what_is_not_understood() {
    let mut ews = shared::mailbox();
    let id = shelf(&mut ews);
    for text in ["subjekt:x", "received:someday", "size:big", "\"never closed", "(a", "a OR", "s*t", "&", "kind:cars"] {
        assert_eq!(ews.error(&request(&id, text)), "ErrorInvalidArgument", "{text}");
    }
    assert_eq!(ews.error(&request(&id, &"word ".repeat(300))), "ErrorRestrictionTooLong");
    assert_eq!(ews.error(&request(&id, &"word:".repeat(20_000))), "ErrorInvalidArgument");
    assert_eq!(ews.error(&request(&id, &"a.".repeat(20_000))), "ErrorRestrictionTooComplex");
}

/// A day is one of the zone that the client is in.
fn knows_the_days_of_the_clients_zone() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", &message::unique("zone"));
    let late = "From: a@x.test\r\nSubject: E late\r\nDate: Fri, 19 Apr 2019 23:30:00 +0000\r\n\r\nx\r\n";
    save_mime(&mut ews, &id, late.as_bytes());
    assert_eq!(found(&mut ews, &id, "sent:4/19/2019"), "E");
    ews.soap_headers =
        "<t:TimeZoneContext><t:TimeZoneDefinition Id=\"W. Europe Standard Time\"/></t:TimeZoneContext>".into();
    assert_eq!(found(&mut ews, &id, "sent:4/19/2019"), "");
    assert_eq!(found(&mut ews, &id, "sent:4/20/2019"), "E");
}
