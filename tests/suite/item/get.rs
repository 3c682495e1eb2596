//! GetItem: shapes, bodies, MIME, and errors in their places.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ops::{
    Id, folder_id, get, get_error, get_fields, get_request, save, save_mime, save_request, save_simple, shape, simple,
};
use crate::support::{message, ops, shared};

crate::tests![
    answers_each_id_in_order,
    returns_the_shape_that_was_asked,
    orders_properties_as_the_schema_does,
    leaves_out_what_does_not_apply,
    says_that_a_body_is_empty,
    converts_bodies_as_asked,
    cuts_a_body_when_asked,
    filters_html_when_asked,
    blocks_external_images_when_asked,
    gives_mime_as_it_came,
    makes_mime_of_fields,
    gives_mime_only_when_asked,
    refuses_ids_that_are_none,
    takes_a_thousand_ids,
    does_not_mark_as_read,
];

/// One answer for each id, in the order of the ids, errors in their places.
fn answers_each_id_in_order() {
    let mut ews = shared::mailbox();
    let ids: Vec<Id> = (0..5).map(|n| save_simple(&mut ews, "drafts", &format!("item {n}"))).collect();
    ops::delete(&mut ews, "HardDelete", &ids[2]);
    let malformed = Id { id: "AAAA==".into(), key: String::new() };
    let asked = [&ids[4], &ids[2], &ids[0], &malformed, &ids[3], &ids[0]];
    let answer = ews.call(&get_request(&shape("IdOnly", &["item:Subject"]), &asked));
    assert_eq!(
        answer.codes(),
        ["NoError", "ErrorItemNotFound", "NoError", "ErrorInvalidIdMalformed", "NoError", "NoError"]
    );
    let subjects: Vec<Option<&str>> = answer.messages.iter().map(|m| m.text("m:Items/*/t:Subject")).collect();
    assert_eq!(subjects, [Some("item 4"), None, Some("item 0"), None, Some("item 3"), Some("item 0")]);
    assert_eq!(answer.messages[1].want("m:Items").children, [], "an error has an empty Items");
}

/// MS-OXWSMSG_R127 MS-OXWSMSG_R198 MS-OXWSCDATA_R1185 MS-OXWSCDATA_R1197
fn returns_the_shape_that_was_asked() {
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::rich(&message::unique("shape")));
    let id_only = get(&mut ews, &id, &shape("IdOnly", &[]));
    assert_eq!(id_only.names(), ["t:ItemId"], "DavMail takes the key of any further id");
    assert!(id_only.want("t:ItemId").attribute("ChangeKey").is_some());
    let default = get(&mut ews, &id, &shape("Default", &[]));
    for name in [
        "t:ItemId",
        "t:Subject",
        "t:Body",
        "t:HasAttachments",
        "t:ToRecipients",
        "t:CcRecipients",
        "t:From",
        "t:IsRead",
    ] {
        assert!(default.get(name).is_some(), "{name} in Default");
    }
    let all = get(&mut ews, &id, &shape("AllProperties", &[]));
    for name in [
        "t:ParentFolderId",
        "t:ItemClass",
        "t:DateTimeReceived",
        "t:Size",
        "t:Importance",
        "t:DateTimeSent",
        "t:DateTimeCreated",
        "t:DisplayTo",
        "t:LastModifiedTime",
        "t:InternetMessageId",
        "t:ConversationTopic",
        "t:IsDraft",
        "t:EffectiveRights",
        "t:InternetMessageHeaders",
    ] {
        assert!(all.get(name).is_some(), "{name} in AllProperties");
    }
    for name in ["t:MimeContent", "t:UniqueBody", "t:TextBody", "t:NormalizedBody", "t:Preview"] {
        assert!(all.get(name).is_none(), "{name} only when asked");
    }
    let added = get_fields(&mut ews, &id, &["item:TextBody", "item:Preview", "message:ToRecipients"]);
    assert!(added.want("t:TextBody").text.contains("words"));
    assert!(added.want("t:Preview").text.contains("words"));
    assert_eq!(added.all("t:ToRecipients/t:Mailbox").len(), 2);
}

fn orders_properties_as_the_schema_does() {
    let mut ews = shared::mailbox();
    let id = save(
        &mut ews,
        "drafts",
        "<t:Message><t:Subject>s</t:Subject><t:Sensitivity>Normal</t:Sensitivity><t:Importance>Low</t:Importance></t:Message>",
    );
    let item = get_fields(
        &mut ews,
        &id,
        &[
            "message:IsRead",
            "item:Importance",
            "item:Subject",
            "item:ParentFolderId",
            "item:ItemClass",
            "item:Sensitivity",
        ],
    );
    assert_eq!(
        item.names(),
        ["t:ItemId", "t:ParentFolderId", "t:ItemClass", "t:Subject", "t:Sensitivity", "t:Importance", "t:IsRead"]
    );
}

/// exchangelib asks each folder for the properties of every kind of item that it may hold.
fn leaves_out_what_does_not_apply() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "plain");
    let item = get_fields(
        &mut ews,
        &id,
        &[
            "item:Subject",
            "item:Categories",
            "message:CcRecipients",
            "item:InReplyTo",
            "item:Attachments",
            "item:ReminderDueBy",
        ],
    );
    assert_eq!(item.names(), ["t:ItemId", "t:Subject"], "never an empty element for what has no value");
}

/// MS-OXWSCDATA_R15 MS-OXWSCDATA_R17 MS-OXWSCDATA_R18 MS-OXWSCDATA_R1190 MS-OXWSCORE_R1679 MS-OXWSCORE_R1680
fn converts_bodies_as_asked() {
    let mut ews = shared::mailbox();
    let text = save(&mut ews, "drafts", &simple("text", "a < b & c\r\nnext"));
    let html = save(
        &mut ews,
        "drafts",
        "<t:Message><t:Subject>html</t:Subject><t:Body BodyType=\"HTML\">&lt;html&gt;&lt;body&gt;&lt;p&gt;Hello &lt;b&gt;there&lt;/b&gt; \
         &amp;amp; you&lt;/p&gt;&lt;/body&gt;&lt;/html&gt;</t:Body></t:Message>",
    );
    let mut body = |id: &Id, kind: &str| {
        let kind = if kind.is_empty() { String::new() } else { format!("<t:BodyType>{kind}</t:BodyType>") };
        let item = get(
            &mut ews,
            id,
            &format!(
                "<t:BaseShape>IdOnly</t:BaseShape>{kind}<t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>"
            ),
        );
        let body = item.want("t:Body");
        (body.attribute("BodyType").unwrap().to_owned(), body.text.trim().replace("\r\n", "\n"))
    };
    for kind in ["", "Best", "Text"] {
        assert_eq!(body(&text, kind), ("Text".to_owned(), "a < b & c\nnext".to_owned()), "{kind}");
    }
    let (kind, made) = body(&text, "HTML");
    assert_eq!(kind, "HTML");
    assert!(made.contains("a &lt; b &amp; c") && made.to_ascii_lowercase().contains("<html"), "{made}");
    for kind in ["", "Best", "HTML"] {
        let (found, markup) = body(&html, kind);
        assert_eq!(found, "HTML", "{kind}");
        assert!(markup.contains("<b>there</b>"), "{markup}");
    }
    let (kind, plain) = body(&html, "Text");
    assert_eq!(kind, "Text");
    assert!(
        plain.contains("Hello") && plain.contains("there") && plain.contains("& you") && !plain.contains('<'),
        "{plain}"
    );
}

/// An item without a body has an empty one, whatever it is: as the samples of the documents have it, and as Evolution reads
/// tasks.
fn says_that_a_body_is_empty() {
    let mut ews = shared::mailbox();
    let kinds = [("drafts", "Message"), ("calendar", "CalendarItem"), ("contacts", "Contact"), ("tasks", "Task")];
    for (folder, kind) in kinds {
        let item = format!("<t:{kind}><t:Subject>bare</t:Subject></t:{kind}>");
        let request =
            save_request(folder, &item).replace("<m:CreateItem", "<m:CreateItem SendMeetingInvitations=\"SendToNone\"");
        let id = Id::of(ews.one(&request).want("m:Items/*"));
        for (wanted, said) in [("Text", "Text"), ("HTML", "HTML"), ("Best", "Text")] {
            let asked = shape("IdOnly", &["item:Body", "item:TextBody"]).replace(
                "<t:AdditionalProperties>",
                &format!("<t:BodyType>{wanted}</t:BodyType><t:AdditionalProperties>"),
            );
            let item = get(&mut ews, &id, &asked);
            let body = item.want("t:Body");
            assert_eq!((body.attribute("BodyType"), body.text.as_str()), (Some(said), ""), "{kind}, {wanted}");
            assert_eq!(item.find("t:TextBody"), None, "{kind}");
        }
        assert_eq!(get(&mut ews, &id, &shape("AllProperties", &[])).text("t:Body"), Some(""), "{kind}");
    }
}

fn cuts_a_body_when_asked() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "drafts", &simple("long", &"ö".repeat(1_000_000)));
    let cut = get(
        &mut ews,
        &id,
        "<t:BaseShape>IdOnly</t:BaseShape><t:MaximumBodySize>1000</t:MaximumBodySize><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>",
    );
    let body = cut.want("t:Body");
    assert_eq!(body.attribute("IsTruncated"), Some("true"), "MS-OXWSCDATA_R4003");
    // In kilobytes, whole characters.
    assert_eq!(body.text.len(), 1000 * 1024);
    let whole = get_fields(&mut ews, &id, &["item:Body"]);
    assert_ne!(whole.want("t:Body").attribute("IsTruncated"), Some("true"));
}

/// MS-OXWSCDATA_R21193 MS-OXWSCDATA_R21194
fn filters_html_when_asked() {
    let mut ews = shared::mailbox();
    let markup = "<html><body><script>alert(1)</script><p onclick=\"x()\">Hello</p></body></html>";
    let item = format!(
        "<t:Message><t:Subject>script</t:Subject><t:Body BodyType=\"HTML\">{}</t:Body></t:Message>",
        crate::support::xml::escape(markup)
    );
    let id = save(&mut ews, "drafts", &item);
    let mut body = |filter: &str| {
        let asked = format!(
            "<t:BaseShape>IdOnly</t:BaseShape><t:FilterHtmlContent>{filter}</t:FilterHtmlContent><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>"
        );
        get(&mut ews, &id, &asked).want("t:Body").text.clone()
    };
    let filtered = body("true");
    assert!(filtered.contains("Hello") && !filtered.contains("alert") && !filtered.contains("onclick"), "{filtered}");
    assert!(body("false").contains("alert"));
}

/// Pictures from elsewhere tell their sender that a message is read; those that it brings along do not.
fn blocks_external_images_when_asked() {
    let mut ews = shared::mailbox();
    let markup = "<p>Hello</p><img src=\"http://elsewhere.test/seen.png\"><img src=\"data:image/png;base64,AA==\">\
        <p style=\"background:image-set('http://elsewhere.test/1.png' 1x)\">x</p>";
    let item = format!(
        "<t:Message><t:Subject>images</t:Subject><t:Body BodyType=\"HTML\">{}</t:Body></t:Message>",
        crate::support::xml::escape(markup)
    );
    let id = save(&mut ews, "drafts", &item);
    let mut body = |asked: &str| {
        let asked = format!(
            "<t:BaseShape>IdOnly</t:BaseShape>{asked}<t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>"
        );
        get(&mut ews, &id, &asked).want("t:Body").text.clone()
    };
    let filter = "<t:FilterHtmlContent>true</t:FilterHtmlContent>";
    let block = "<t:BlockExternalImages>true</t:BlockExternalImages>";
    assert!(body("").contains("seen.png"));
    let filtered = body(filter);
    assert!(filtered.contains("seen.png") && !filtered.contains("image-set"), "{filtered}");
    for asked in [block.to_owned(), format!("{filter}{block}")] {
        let blocked = body(&asked);
        assert!(blocked.contains("Hello") && blocked.contains("data:image/png"), "{blocked}");
        assert!(!blocked.contains("elsewhere.test"), "{blocked}");
    }
}

/// MS-OXWSCDATA_R21188 MS-OXWSCORE_R23091: what came as MIME leaves as it came, byte for byte.
fn gives_mime_as_it_came() {
    let mut ews = shared::mailbox();
    let mime = message::rich(&message::unique("mime"));
    let id = save_mime(&mut ews, "inbox", &mime);
    let item = get(&mut ews, &id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    assert_eq!(item.want("t:MimeContent").attribute("CharacterSet"), Some("UTF-8"));
    assert_eq!(item.names(), ["t:MimeContent", "t:ItemId"]);
    let found = STANDARD.decode(&item.want("t:MimeContent").text).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), String::from_utf8_lossy(&mime));
    let asked = get_fields(&mut ews, &id, &["item:MimeContent"]);
    assert_eq!(STANDARD.decode(&asked.want("t:MimeContent").text).unwrap(), mime);
}

fn makes_mime_of_fields() {
    let mut ews = shared::mailbox();
    let id = save(
        &mut ews,
        "drafts",
        "<t:Message><t:Subject>Grüße an alle</t:Subject><t:Body BodyType=\"HTML\">&lt;p&gt;Wörter&lt;/p&gt;</t:Body><t:ToRecipients>\
         <t:Mailbox><t:Name>Ánna</t:Name><t:EmailAddress>anna@elsewhere.test</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>",
    );
    let item = get(&mut ews, &id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    let mime = STANDARD.decode(&item.want("t:MimeContent").text).unwrap();
    let text = String::from_utf8(mime.clone()).expect("7 bits, or UTF-8");
    let lower = text.to_ascii_lowercase();
    assert!(
        lower.contains("anna@elsewhere.test") && lower.contains("\r\nsubject: ") || lower.starts_with("subject: "),
        "{text}"
    );
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "lines end in CRLF");
    // Read it back: the same message.
    let again = save_mime(&mut ews, "drafts", &mime);
    let again = get_fields(&mut ews, &again, &["item:Subject", "item:Body", "message:ToRecipients"]);
    assert_eq!(again.text("t:Subject"), Some("Grüße an alle"));
    assert!(again.want("t:Body").text.contains("<p>Wörter</p>"));
    assert_eq!(again.text("t:ToRecipients/t:Mailbox/t:Name"), Some("Ánna"));
}

/// MS-OXWSCDATA_R21189
fn gives_mime_only_when_asked() {
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::plain("plain", "x"));
    let without = get(
        &mut ews,
        &id,
        "<t:BaseShape>AllProperties</t:BaseShape><t:IncludeMimeContent>false</t:IncludeMimeContent>",
    );
    assert!(without.get("t:MimeContent").is_none());
}

fn refuses_ids_that_are_none() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "good");
    let inbox = folder_id(&mut ews, "inbox");
    let other = |id: &str| Id { id: id.to_owned(), key: String::new() };
    assert_eq!(get_error(&mut ews, &other(&inbox)), "ErrorCannotUseFolderIdForItemId");
    assert_eq!(get_error(&mut ews, &other("XXX")), "ErrorInvalidIdMalformed");
    let empty = get_error(&mut ews, &other(""));
    assert!(matches!(empty.as_str(), "ErrorInvalidIdEmpty" | "ErrorInvalidIdMalformed"), "{empty}");
    let mut forged = STANDARD.decode(&id.id).unwrap();
    for at in 0..forged.len() {
        forged[at] ^= 0x55;
        let answer = ews.call(&get_request(&shape("IdOnly", &[]), &[&other(&STANDARD.encode(&forged))]));
        match answer.codes()[0] {
            // The item's own number decides; what is answered is the id that the server gave.
            "NoError" => assert_eq!(Id::of(answer.messages[0].want("m:Items/*")), id, "byte {at}"),
            code => {
                let known = ["ErrorItemNotFound", "ErrorAccessDenied", "ErrorCannotUseFolderIdForItemId"];
                assert!(code.starts_with("ErrorInvalidId") || known.contains(&code), "byte {at}: {code}");
            }
        }
        forged[at] ^= 0x55;
    }
    let request = format!(
        "<m:GetItem><m:ItemShape>{}</m:ItemShape><m:ItemIds><t:ItemId Id=\"{}\" ChangeKey=\"XXX\"/></m:ItemIds></m:GetItem>",
        shape("IdOnly", &[]),
        id.id
    );
    assert_eq!(ews.error(&request), "ErrorInvalidChangeKey");
}

fn takes_a_thousand_ids() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "again and again");
    let ids: Vec<&Id> = std::iter::repeat_n(&id, 1000).collect();
    let messages = ews.ok(&get_request(&shape("IdOnly", &["item:Subject"]), &ids));
    assert_eq!(messages.len(), 1000);
    assert!(messages.iter().all(|m| m.text("m:Items/*/t:Subject") == Some("again and again")));
}

fn does_not_mark_as_read() {
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::plain("unread", "x"));
    let id = ops::set_read(&mut ews, &id, false);
    let first = get(&mut ews, &id, &shape("AllProperties", &[]));
    let second = get(&mut ews, &id, &shape("AllProperties", &[]));
    assert_eq!(first, second, "reading changes nothing");
    assert_eq!(second.text("t:IsRead"), Some("false"));
}
