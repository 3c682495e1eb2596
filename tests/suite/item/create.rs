//! CreateItem: messages from fields and from MIME, and what may not be created.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ops::{Id, folder, folder_id, get, get_fields, save, save_mime, save_request, shape, simple};
use crate::support::{message, ops, shared};

crate::tests![
    saves_a_message_from_its_fields,
    saves_into_drafts_when_no_folder_is_named,
    gives_a_generic_item_back_as_a_message,
    saves_several_in_order_with_errors_in_place,
    keeps_every_kind_of_text,
    reads_dates_in_every_form,
    takes_booleans_as_digits,
    saves_from_mime,
    keeps_mime_that_cannot_be_parsed,
    reads_mail_of_every_charset,
    takes_the_mapi_view_of_a_message,
    keeps_extended_properties,
    refuses_wrong_extended_properties,
    refuses_what_is_read_only,
    needs_a_disposition,
    keeps_the_flag_rules,
    refuses_a_folder_that_is_none,
    gives_long_ids,
];

/// MS-OXWSCORE_R72 MS-OXWSCORE_R73 MS-OXWSCORE_R75 MS-OXWSCORE_R76 MS-OXWSCORE_R80 MS-OXWSCORE_R81 MS-OXWSCORE_R1608
/// MS-OXWSMSG_R26 MS-OXWSMSG_R30 MS-OXWSMSG_R33 MS-OXWSMSG_R36 MS-OXWSMSG_R42 MS-OXWSMSG_R46 MS-OXWSMSG_R53 MS-OXWSMSG_R61
/// MS-OXWSMSG_R65 MS-OXWSMSG_R66 MS-OXWSMSG_R69 MS-OXWSMSG_R80 MS-OXWSMSG_R82
fn saves_a_message_from_its_fields() {
    let mut ews = shared::mailbox();
    let mailbox = |name: &str, address: &str| {
        format!("<t:Mailbox><t:Name>{name}</t:Name><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>")
    };
    let own = ews.account.address.clone();
    let id = save(
        &mut ews,
        "drafts",
        &format!(
            "<t:Message><t:ItemClass>IPM.Note</t:ItemClass><t:Subject>Fields &amp; more</t:Subject><t:Sensitivity>Private</t:Sensitivity>\
             <t:Body BodyType=\"HTML\">&lt;p&gt;Hello&lt;/p&gt;</t:Body><t:Categories><t:String>Red</t:String><t:String>Blau</t:String></t:Categories>\
             <t:Importance>High</t:Importance><t:InReplyTo>&lt;one@elsewhere.test&gt;</t:InReplyTo>\
             <t:ReminderDueBy>2026-04-05T06:07:08Z</t:ReminderDueBy><t:ReminderIsSet>true</t:ReminderIsSet><t:Culture>de-DE</t:Culture>\
             <t:Sender>{}</t:Sender><t:ToRecipients>{}{}</t:ToRecipients><t:CcRecipients>{}</t:CcRecipients>\
             <t:BccRecipients>{}</t:BccRecipients><t:IsReadReceiptRequested>true</t:IsReadReceiptRequested>\
             <t:IsDeliveryReceiptRequested>true</t:IsDeliveryReceiptRequested><t:From>{}</t:From><t:IsRead>true</t:IsRead>\
             <t:IsResponseRequested>true</t:IsResponseRequested><t:References>&lt;zero@elsewhere.test&gt;</t:References>\
             <t:ReplyTo>{}</t:ReplyTo></t:Message>",
            mailbox("Own", &own),
            mailbox("Ánna", "anna@elsewhere.test"),
            mailbox("Ben", "ben@elsewhere.test"),
            mailbox("Cy", "cy@elsewhere.test"),
            mailbox("Di", "di@elsewhere.test"),
            mailbox("Own", &own),
            mailbox("Ed", "ed@elsewhere.test"),
        ),
    );
    let item =
        get(&mut ews, &id, &shape("AllProperties", &["item:Culture", "item:ReminderDueBy", "item:ReminderIsSet"]));
    assert_eq!(item.name, "t:Message");
    for (path, value) in [
        ("t:ItemClass", "IPM.Note"),
        ("t:Subject", "Fields & more"),
        ("t:Sensitivity", "Private"),
        ("t:Importance", "High"),
        ("t:InReplyTo", "<one@elsewhere.test>"),
        ("t:IsDraft", "true"),
        ("t:IsRead", "true"),
        ("t:IsReadReceiptRequested", "true"),
        ("t:IsDeliveryReceiptRequested", "true"),
        ("t:IsResponseRequested", "true"),
        ("t:References", "<zero@elsewhere.test>"),
        ("t:ReminderDueBy", "2026-04-05T06:07:08Z"),
        ("t:ReminderIsSet", "true"),
        ("t:Culture", "de-DE"),
        ("t:HasAttachments", "false"),
        ("t:From/t:Mailbox/t:EmailAddress", own.as_str()),
        ("t:ToRecipients/t:Mailbox/t:Name", "Ánna"),
        ("t:ToRecipients/t:Mailbox/t:EmailAddress", "anna@elsewhere.test"),
        ("t:CcRecipients/t:Mailbox/t:EmailAddress", "cy@elsewhere.test"),
        ("t:BccRecipients/t:Mailbox/t:EmailAddress", "di@elsewhere.test"),
        ("t:ReplyTo/t:Mailbox/t:EmailAddress", "ed@elsewhere.test"),
        ("t:DisplayTo", "Ánna; Ben"),
        ("t:DisplayCc", "Cy"),
    ] {
        assert_eq!(item.text(path), Some(value), "{path} in {item:#?}");
    }
    assert_eq!(item.all("t:ToRecipients/t:Mailbox").len(), 2);
    let categories: Vec<&str> = item.all("t:Categories/t:String").iter().map(|c| c.text.as_str()).collect();
    assert_eq!(categories, ["Red", "Blau"]);
    assert_eq!(item.want("t:Body").attribute("BodyType"), Some("HTML"));
    assert!(item.want("t:Body").text.contains("<p>Hello</p>"));
}

/// MS-OXWSMSG_R80: into the folder named, else into drafts.
fn saves_into_drafts_when_no_folder_is_named() {
    let mut ews = shared::mailbox();
    let message = ews.one(&format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items>{}</m:Items></m:CreateItem>",
        simple("no folder", "x")
    ));
    let id = Id::of(message.want("m:Items/t:Message"));
    let item = get_fields(&mut ews, &id, &["item:ParentFolderId"]);
    let drafts = folder_id(&mut ews, "drafts");
    assert_eq!(item.want("t:ParentFolderId").attribute("Id"), Some(drafts.as_str()));
}

/// MS-OXWSCDATA_R102000000: from 2007 SP1 on, an item of no other kind is a t:Message.
fn gives_a_generic_item_back_as_a_message() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "drafts", "<t:Item><t:Subject>generic</t:Subject></t:Item>");
    let item = get(&mut ews, &id, &shape("Default", &[]));
    assert_eq!((item.name.as_str(), item.text("t:Subject")), ("t:Message", Some("generic")));
}

fn saves_several_in_order_with_errors_in_place() {
    let mut ews = shared::mailbox();
    let wrong = "<t:Message><t:ItemClass>IPM.Appointment</t:ItemClass><t:Subject>wrong</t:Subject></t:Message>";
    let items = [simple("first", "1"), wrong.to_owned(), simple("third", "3")].concat();
    let answer = ews.call(&save_request("drafts", &items));
    assert_eq!(answer.codes(), ["NoError", "ErrorObjectTypeChanged", "NoError"], "MS-OXWSCORE_R2023 MS-OXWSCDATA_R619");
    assert_eq!(answer.messages[1].want("m:Items").children, []);
    for (n, subject) in [(0, "first"), (2, "third")] {
        let id = Id::of(answer.messages[n].want("m:Items/*"));
        assert_eq!(get_fields(&mut ews, &id, &["item:Subject"]).text("t:Subject"), Some(subject));
    }
    assert_eq!(ops::subjects(&mut ews, "drafts"), ["first", "third"]);
}

fn keeps_every_kind_of_text() {
    let mut ews = shared::mailbox();
    let texts = [
        "日本語のテキスト",
        "ελληνικά и кириллица",
        "עברית ועוד",
        "🎉 beyond the basic plane 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
        "a & b < c > d \"e\" 'f' ]]>",
        "combining e\u{301} and precomposed é",
        "right\u{200f}to\u{200e}left, zero\u{200b}width, soft\u{ad}hyphen",
        "%s %n \\0 \\x00 $1 {} '; drop table items; --",
    ];
    for text in texts {
        let id = save(&mut ews, "drafts", &simple(text, &format!("first line\r\n\r\n{text}\r\n\ttabbed")));
        let item = get_fields(&mut ews, &id, &["item:Subject", "item:Body"]);
        assert_eq!(item.text("t:Subject"), Some(text));
        let body = item.want("t:Body").text.replace("\r\n", "\n");
        assert!(body.contains(&format!("first line\n\n{text}\n\ttabbed")), "{body:?}");
    }
    let long = "é".repeat(255);
    let id = save(&mut ews, "drafts", &simple(&long, ""));
    assert_eq!(get_fields(&mut ews, &id, &["item:Subject"]).text("t:Subject"), Some(long.as_str()), "MS-OXWSCORE_R74");
}

/// Dates go out as UTC with Z and whole seconds, in whatever form they came: ews-javascript-api writes +00:00, DavMail
/// .000Z, and both read Z only.
fn reads_dates_in_every_form() {
    let mut ews = shared::mailbox();
    for (given, read) in [
        ("2026-04-05T06:07:08Z", "2026-04-05T06:07:08Z"),
        ("2026-04-05T06:07:08.000Z", "2026-04-05T06:07:08Z"),
        ("2026-04-05T06:07:08.999+00:00", "2026-04-05T06:07:08Z"),
        ("2026-04-05T06:07:08+05:30", "2026-04-05T00:37:08Z"),
        ("2026-04-05T06:07:08-08:00", "2026-04-05T14:07:08Z"),
        ("2026-04-05T06:07:08", "2026-04-05T06:07:08Z"),
    ] {
        let item =
            format!("<t:Message><t:Subject>{given}</t:Subject><t:ReminderDueBy>{given}</t:ReminderDueBy></t:Message>");
        let id = save(&mut ews, "drafts", &item);
        assert_eq!(get_fields(&mut ews, &id, &["item:ReminderDueBy"]).text("t:ReminderDueBy"), Some(read), "{given}");
    }
}

/// exchangelib writes 0 and 1; answers say true and false.
fn takes_booleans_as_digits() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "drafts", "<t:Message><t:Subject>digits</t:Subject><t:IsRead>1</t:IsRead></t:Message>");
    assert_eq!(get_fields(&mut ews, &id, &["message:IsRead"]).text("t:IsRead"), Some("true"));
    let id = save(&mut ews, "drafts", "<t:Message><t:Subject>digits</t:Subject><t:IsRead>0</t:IsRead></t:Message>");
    assert_eq!(get_fields(&mut ews, &id, &["message:IsRead"]).text("t:IsRead"), Some("false"));
}

/// MS-OXWSCORE_R69 MS-OXWSCORE_R2012 MS-OXWSCORE_R78 MS-OXWSCORE_R88 MS-OXWSCORE_R100 MS-OXWSCORE_R1620
fn saves_from_mime() {
    let mut ews = shared::mailbox();
    let subject = message::unique("rich");
    let id = save_mime(&mut ews, "inbox", &message::rich(&subject));
    let item = get(&mut ews, &id, &shape("AllProperties", &["item:InternetMessageHeaders", "item:Body"]));
    for (path, value) in [
        ("t:Subject", subject.as_str()),
        ("t:Importance", "High"),
        ("t:DateTimeSent", "2026-03-02T10:20:30Z"),
        ("t:From/t:Mailbox/t:Name", "Jürgen Grün"),
        ("t:From/t:Mailbox/t:EmailAddress", "juergen@elsewhere.test"),
        ("t:CcRecipients/t:Mailbox/t:EmailAddress", "copy@elsewhere.test"),
        ("t:InReplyTo", "<earlier@elsewhere.test>"),
        ("t:HasAttachments", "true"),
    ] {
        assert_eq!(item.text(path), Some(value), "{path} in {item:#?}");
    }
    assert_eq!(
        item.text("t:InternetMessageId"),
        Some(format!("<{}@elsewhere.test>", subject.replace(' ', ".")).as_str())
    );
    assert_eq!(item.text("t:References").map(str::trim), Some("<first@elsewhere.test> <earlier@elsewhere.test>"));
    assert_eq!(item.want("t:Body").attribute("BodyType"), Some("HTML"), "the richest form");
    assert!(item.want("t:Body").text.contains("<b>words</b>"));
    let header = item.all("t:InternetMessageHeaders/t:InternetMessageHeader");
    assert!(header.iter().any(|h| h.attribute("HeaderName") == Some("X-Test-Header") && h.text == "seen by us"));
    let files = item.all("t:Attachments/t:FileAttachment");
    let names: Vec<(&str, &str)> =
        files.iter().map(|f| (f.text("t:Name").unwrap(), f.text("t:IsInline").unwrap())).collect();
    assert!(names.contains(&("dot.png", "true")) && names.contains(&("figures.bin", "false")), "{names:?}");
    let inline = files.iter().find(|f| f.text("t:Name") == Some("dot.png")).unwrap();
    assert_eq!(inline.text("t:ContentId"), Some("picture@elsewhere.test"));
    assert_eq!(inline.text("t:ContentType"), Some("image/png"));
}

fn keeps_mime_that_cannot_be_parsed() {
    let mut ews = shared::mailbox();
    let none = "<t:Message><t:MimeContent>$$$$</t:MimeContent></t:Message>";
    assert_eq!(ews.error(&save_request("inbox", none)), "ErrorMimeContentInvalidBase64String");
    for mime in [
        b"no header at all".to_vec(),
        b"\r\n\r\nonly a body\r\n".to_vec(),
        b"Subject: torn\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nno end".to_vec(),
        b"Subject: bad base64\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!\r\n".to_vec(),
        [b"Subject: bytes\r\n\r\n".to_vec(), (128..=255).collect()].concat(),
        b"Subject: =?utf-8?B?////?=\r\nFrom: <<<>>>\r\nTo: ,,,;;\r\nDate: never\r\n\r\nx".to_vec(),
        b"Content-Type: text/plain; charset=no-such-charset\r\n\r\nwords".to_vec(),
    ] {
        let id = save_mime(&mut ews, "inbox", &mime);
        let item = get(&mut ews, &id, "<t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
        let kept = STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap();
        assert_eq!(kept, mime, "{}", String::from_utf8_lossy(&mime));
    }
}

fn reads_mail_of_every_charset() {
    let mut ews = shared::mailbox();
    let mail = |charset: &str, encoding: &str, body: &[u8]| {
        let head = format!(
            "Subject: charset\r\nFrom: a@elsewhere.test\r\nContent-Type: text/plain; charset={charset}\r\n\
             Content-Transfer-Encoding: {encoding}\r\nMIME-Version: 1.0\r\n\r\n"
        );
        [head.into_bytes(), body.to_vec()].concat()
    };
    for (mime, words) in [
        (mail("iso-8859-1", "8bit", b"na\xefve caf\xe9"), "naïve café"),
        (mail("iso-8859-2", "quoted-printable", b"=BF=F3=B3=E6"), "żółć"),
        (mail("windows-1251", "8bit", b"\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет"),
        (mail("koi8-r", "8bit", b"\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет"),
        (mail("shift_jis", "8bit", b"\x93\xfa\x96\x7b"), "日本"),
        (mail("iso-2022-jp", "7bit", b"\x1b$BF|K\\\x1b(B"), "日本"),
        (mail("gb18030", "8bit", b"\xd6\xd0\xce\xc4"), "中文"),
        (mail("big5", "8bit", b"\xa4\xa4\xa4\xe5"), "中文"),
        (mail("euc-kr", "8bit", b"\xc7\xd1\xb1\xdb"), "한글"),
        (mail("utf-8", "base64", b"8J+Yig=="), "😊"),
    ] {
        let id = save_mime(&mut ews, "inbox", &mime);
        let body = get_fields(&mut ews, &id, &["item:Body"]);
        assert_eq!(body.want("t:Body").text.trim(), words, "{}", String::from_utf8_lossy(&mime));
    }
}

/// DavMail sets the subject by 0x0037, flags by 0x0E07; without MSGFLAG_UNSENT (8) the message is no draft, with 1 it is read.
fn takes_the_mapi_view_of_a_message() {
    let mut ews = shared::mailbox();
    let property = |tag: &str, kind: &str, value: &str| {
        format!(
            "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"{kind}\"/><t:Value>{value}</t:Value></t:ExtendedProperty>"
        )
    };
    let item = format!(
        "<t:Message>{}{}</t:Message>",
        property("0x0037", "String", "by tag"),
        property("0x0e07", "Integer", "1")
    );
    let id = save(&mut ews, "inbox", &item);
    let read = get_fields(&mut ews, &id, &["item:Subject", "message:IsRead", "item:IsDraft"]);
    assert_eq!(read.text("t:Subject"), Some("by tag"));
    assert_eq!((read.text("t:IsRead"), read.text("t:IsDraft")), (Some("true"), Some("false")));
    let id = save(&mut ews, "inbox", &format!("<t:Message>{}</t:Message>", property("0xe07", "Integer", "8")));
    let read = get_fields(&mut ews, &id, &["message:IsRead", "item:IsDraft"]);
    assert_eq!((read.text("t:IsRead"), read.text("t:IsDraft")), (Some("false"), Some("true")));
    let mapi = "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag=\"0x0037\" PropertyType=\"String\"/>\
        <t:ExtendedFieldURI PropertyTag=\"3591\" PropertyType=\"Integer\"/><t:ExtendedFieldURI PropertyTag=\"0x0e08\" PropertyType=\"Integer\"/>\
        <t:ExtendedFieldURI PropertyTag=\"0x3008\" PropertyType=\"SystemTime\"/><t:ExtendedFieldURI PropertyTag=\"0x001a\" PropertyType=\"String\"/>\
        </t:AdditionalProperties>";
    let id = save(&mut ews, "drafts", &simple("by field", "x"));
    let read = get(&mut ews, &id, mapi);
    let values: std::collections::HashMap<&str, &str> = read
        .all("t:ExtendedProperty")
        .into_iter()
        .map(|p| (p.want("t:ExtendedFieldURI").attribute("PropertyTag").unwrap(), p.text("t:Value").unwrap()))
        .collect();
    assert_eq!(values.get("0x37"), Some(&"by field"), "{values:?}");
    assert_eq!(values.get("0x1a"), Some(&"IPM.Note"));
    assert!(values.get("0xe08").is_some_and(|v| v.parse::<u32>().unwrap() > 0));
    assert!(values.get("0xe07").is_some_and(|v| v.parse::<u32>().unwrap() & 8 == 8), "{values:?}");
    assert!(values.get("0x3008").is_some_and(|v| v.ends_with('Z') && !v.contains('.')));
}

/// MS-OXWSCORE_R101 MS-OXWSXPROP_R43 MS-OXWSXPROP_R47 MS-OXWSXPROP_R50 MS-OXWSXPROP_R53 MS-OXWSXPROP_R55
fn keeps_extended_properties() {
    let mut ews = shared::mailbox();
    let own = "PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\"";
    let table: Vec<(String, Vec<&str>)> = vec![
        (format!("{own} PropertyName=\"a\" PropertyType=\"String\""), vec!["tëxt &amp; more"]),
        (format!("{own} PropertyName=\"b\" PropertyType=\"Integer\""), vec!["-2147483648"]),
        (format!("{own} PropertyName=\"c\" PropertyType=\"Boolean\""), vec!["true"]),
        (format!("{own} PropertyName=\"d\" PropertyType=\"Double\""), vec!["1.5"]),
        (format!("{own} PropertyName=\"e\" PropertyType=\"SystemTime\""), vec!["2026-01-02T03:04:05Z"]),
        (format!("{own} PropertyName=\"f\" PropertyType=\"Binary\""), vec!["AAECAwQ="]),
        (format!("{own} PropertyName=\"g\" PropertyType=\"CLSID\""), vec!["c11ff724-aa03-4555-9952-8fa248a11c3e"]),
        (format!("{own} PropertyName=\"h\" PropertyType=\"Long\""), vec!["9223372036854775807"]),
        (format!("{own} PropertyName=\"i\" PropertyType=\"Short\""), vec!["-5"]),
        (format!("{own} PropertyName=\"j\" PropertyType=\"Float\""), vec!["0.25"]),
        (format!("{own} PropertyName=\"k\" PropertyType=\"StringArray\""), vec!["x", "y", "x"]),
        (format!("{own} PropertyName=\"l\" PropertyType=\"IntegerArray\""), vec!["3", "1", "2"]),
        (format!("{own} PropertyName=\"m\" PropertyType=\"BinaryArray\""), vec!["AQ==", "AgM="]),
        (format!("{own} PropertyId=\"33000\" PropertyType=\"String\""), vec!["by id"]),
        (
            "DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"n\" PropertyType=\"String\"".into(),
            vec!["public"],
        ),
        (
            "DistinguishedPropertySetId=\"InternetHeaders\" PropertyName=\"x-own\" PropertyType=\"String\"".into(),
            vec!["header"],
        ),
        ("PropertyTag=\"0x1090\" PropertyType=\"Integer\"".into(), vec!["2"]),
        ("PropertyTag=\"0x6001\" PropertyType=\"String\"".into(), vec!["tagged"]),
    ];
    let properties: String = table
        .iter()
        .map(|(path, values)| {
            let values: String = values.iter().map(|v| format!("<t:Value>{v}</t:Value>")).collect();
            let values = if path.contains("Array") { format!("<t:Values>{values}</t:Values>") } else { values };
            format!("<t:ExtendedProperty><t:ExtendedFieldURI {path}/>{values}</t:ExtendedProperty>")
        })
        .collect();
    let id = save(&mut ews, "drafts", &format!("<t:Message><t:Subject>extended</t:Subject>{properties}</t:Message>"));
    for (path, values) in &table {
        let asked = format!(
            "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI {path}/></t:AdditionalProperties>"
        );
        let item = get(&mut ews, &id, &asked);
        let property = item.get("t:ExtendedProperty").unwrap_or_else(|| panic!("{path}: {item:#?}"));
        let place = if path.contains("Array") { "t:Values/t:Value" } else { "t:Value" };
        let found: Vec<String> = property.all(place).iter().map(|v| v.text.clone()).collect();
        let wanted: Vec<String> = values.iter().map(|v| v.replace("&amp;", "&")).collect();
        assert_eq!(found, wanted, "{path}");
    }
}

/// MS-OXWSXPROP_R42 MS-OXWSXPROP_R157 MS-OXWSXPROP_R158 MS-OXWSXPROP_R161 MS-OXWSXPROP_R51 MS-OXWSXPROP_R138
/// MS-OXWSXPROP_R139 MS-OXWSXPROP_R140
fn refuses_wrong_extended_properties() {
    let mut ews = shared::mailbox();
    let set = "PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\"";
    for (path, value, code) in [
        (format!("{set} PropertyTag=\"0x1090\" PropertyType=\"Integer\""), "1", "ErrorInvalidExtendedProperty"),
        (
            format!("{set} DistinguishedPropertySetId=\"Common\" PropertyName=\"a\" PropertyType=\"Integer\""),
            "1",
            "ErrorInvalidExtendedProperty",
        ),
        (
            format!("{set} PropertyName=\"a\" PropertyId=\"5\" PropertyType=\"Integer\""),
            "1",
            "ErrorInvalidExtendedProperty",
        ),
        (format!("{set} PropertyType=\"Integer\""), "1", "ErrorInvalidExtendedProperty"),
        ("PropertyName=\"a\" PropertyType=\"Integer\"".into(), "1", "ErrorInvalidExtendedProperty"),
        (
            "PropertyTag=\"0x1090\" PropertyName=\"a\" PropertyType=\"Integer\"".into(),
            "1",
            "ErrorInvalidExtendedProperty",
        ),
        ("PropertyTag=\"0x8001\" PropertyType=\"Integer\"".into(), "1", "ErrorNoPropertyTagForCustomProperties"),
        (format!("{set} PropertyName=\"a\" PropertyType=\"Integer\""), "words", "ErrorInvalidExtendedPropertyValue"),
        (
            format!("{set} PropertyName=\"a\" PropertyType=\"Integer\""),
            "99999999999",
            "ErrorInvalidExtendedPropertyValue",
        ),
        (format!("{set} PropertyName=\"a\" PropertyType=\"SystemTime\""), "words", "ErrorInvalidExtendedPropertyValue"),
        (format!("{set} PropertyName=\"a\" PropertyType=\"Binary\""), "!", "ErrorInvalidExtendedPropertyValue"),
        (format!("{set} PropertyName=\"a\" PropertyType=\"StringArray\""), "one", "ErrorInvalidExtendedPropertyValue"),
        (format!("{set} PropertyName=\"a\" PropertyType=\"Object\""), "1", "ErrorUnsupportedMapiPropertyType"),
    ] {
        let item = format!(
            "<t:Message><t:ExtendedProperty><t:ExtendedFieldURI {path}/><t:Value>{value}</t:Value></t:ExtendedProperty></t:Message>"
        );
        assert_eq!(ews.error(&save_request("drafts", &item)), code, "{path} {value}");
    }
}

/// MS-OXWSCORE_R2347 MS-OXWSCORE_R2348 MS-OXWSCORE_R2349 MS-OXWSCORE_R2272 MS-OXWSCORE_R2273 MS-OXWSCORE_R2274 MS-OXWSCORE_R2275
fn refuses_what_is_read_only() {
    let mut ews = shared::mailbox();
    let other = save(&mut ews, "drafts", &simple("other", "x"));
    for property in [
        other.xml(),
        format!("<t:ParentFolderId Id=\"{}\"/>", folder_id(&mut ews, "inbox")),
        "<t:DateTimeReceived>2026-01-01T00:00:00Z</t:DateTimeReceived>".into(),
        "<t:Size>5</t:Size>".into(),
        "<t:DateTimeSent>2026-01-01T00:00:00Z</t:DateTimeSent>".into(),
        "<t:DateTimeCreated>2026-01-01T00:00:00Z</t:DateTimeCreated>".into(),
        "<t:DisplayTo>somebody</t:DisplayTo>".into(),
        "<t:HasAttachments>true</t:HasAttachments>".into(),
    ] {
        let code = ews.error(&save_request("drafts", &format!("<t:Message>{property}</t:Message>")));
        assert_eq!(code, "ErrorInvalidPropertySet", "{property}");
    }
}

fn needs_a_disposition() {
    let mut ews = shared::mailbox();
    let request = format!("<m:CreateItem><m:Items>{}</m:Items></m:CreateItem>", simple("none", "x"));
    assert_eq!(ews.error(&request), "ErrorMessageDispositionRequired");
}

/// MS-OXWSCORE_R2002 MS-OXWSCORE_R2005 MS-OXWSCORE_R2008 MS-OXWSCORE_R1042 MS-OXWSCORE_R1043 MS-OXWSCORE_R1044
fn keeps_the_flag_rules() {
    let mut ews = shared::mailbox();
    let (start, due) =
        ("<t:StartDate>2026-05-01T00:00:00Z</t:StartDate>", "<t:DueDate>2026-05-02T00:00:00Z</t:DueDate>");
    let complete = "<t:CompleteDate>2026-05-03T00:00:00Z</t:CompleteDate>";
    let item = |flag: String| format!("<t:Message><t:Subject>flagged</t:Subject><t:Flag>{flag}</t:Flag></t:Message>");
    for flag in [
        format!("<t:FlagStatus>NotFlagged</t:FlagStatus>{start}{due}"),
        format!("<t:FlagStatus>Flagged</t:FlagStatus>{start}"),
        format!("<t:FlagStatus>Flagged</t:FlagStatus>{complete}"),
        format!("<t:FlagStatus>Complete</t:FlagStatus>{start}{due}"),
    ] {
        assert_eq!(ews.error(&save_request("drafts", &item(flag.clone()))), "ErrorInvalidArgument", "{flag}");
    }
    for (flag, mapi) in [
        ("<t:FlagStatus>NotFlagged</t:FlagStatus>".to_owned(), None),
        (format!("<t:FlagStatus>Flagged</t:FlagStatus>{start}{due}"), Some("2")),
        (format!("<t:FlagStatus>Complete</t:FlagStatus>{complete}"), Some("1")),
    ] {
        let id = save(&mut ews, "drafts", &item(flag.clone()));
        let read = get_fields(&mut ews, &id, &["item:Flag"]);
        let status = flag.split(['>', '<']).nth(2).unwrap();
        assert_eq!(read.text("t:Flag/t:FlagStatus"), Some(status));
        if status == "Flagged" {
            assert_eq!(read.text("t:Flag/t:StartDate"), Some("2026-05-01T00:00:00Z"));
            assert_eq!(read.text("t:Flag/t:DueDate"), Some("2026-05-02T00:00:00Z"));
        }
        let tag = "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/></t:AdditionalProperties>";
        let read = get(&mut ews, &id, tag);
        if mapi.is_some() {
            assert_eq!(read.text("t:ExtendedProperty/t:Value"), mapi, "the same flag, seen as a MAPI property");
        }
    }
}

fn refuses_a_folder_that_is_none() {
    let mut ews = shared::mailbox();
    let item = save(&mut ews, "drafts", &simple("item", "x"));
    for (target, codes) in [
        ("<t:FolderId Id=\"XXX\"/>".to_owned(), &["ErrorInvalidIdMalformed"][..]),
        (folder(&item.id), &["ErrorCannotUseItemIdForFolderId"]),
    ] {
        let request = format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId>{target}</m:SavedItemFolderId><m:Items>{}{}</m:Items></m:CreateItem>",
            simple("a", "x"),
            simple("b", "x")
        );
        let answer = ews.call(&request);
        assert_eq!(answer.messages.len(), 2, "one answer for each item");
        assert!(answer.codes().iter().all(|c| codes.contains(c)), "{:?}", answer.codes());
    }
}

/// DavMail knows its own links by ids of at least 140 characters; clients store 512 bytes at most.
fn gives_long_ids() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "drafts", &simple("long", "x"));
    assert!((140..=512).contains(&id.id.len()), "{} characters", id.id.len());
    assert!(STANDARD.decode(&id.id).is_ok() && STANDARD.decode(&id.key).is_ok(), "base64");
    let inbox = folder_id(&mut ews, "inbox");
    assert!(inbox.len() <= 512 && STANDARD.decode(&inbox).is_ok());
}
