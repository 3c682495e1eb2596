//! CreateAttachment, GetAttachment, DeleteAttachment, for files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ews::Ews;
use crate::support::ops::{Id, get, get_fields, save, save_mime, save_simple, shape};
use crate::support::xml::Node;
use crate::support::{message, ops, shared};

crate::tests![
    attaches_reads_and_deletes,
    moves_the_change_key_on,
    attaches_with_the_item,
    keeps_every_property,
    ignores_inline_ones_in_has_attachments,
    answers_each_id_in_order,
    reads_attachments_of_received_mail,
    reads_what_is_attached_to_attached_messages,
    refuses_wrong_ids_and_parents,
    keeps_empty_and_large_ones,
    copies_attachments_with_the_item,
    keeps_the_octets_of_texts,
    attaches_items_of_their_kind,
    keeps_every_property_of_attached_items,
    keeps_what_is_attached_to_attached_items,
    takes_attached_items_along,
    keeps_content_ids_as_given,
];

fn file(name: &str, content: &[u8]) -> String {
    format!(
        "<t:FileAttachment><t:Name>{name}</t:Name><t:Content>{}</t:Content></t:FileAttachment>",
        STANDARD.encode(content)
    )
}

fn attach_request(id: &Id, files: &str) -> String {
    format!(
        "<m:CreateAttachment><m:ParentItemId Id=\"{}\" ChangeKey=\"{}\"/><m:Attachments>{files}</m:Attachments></m:CreateAttachment>",
        id.id, id.key
    )
}

/// Attaches one file: the attachment's id, and the item's new identity.
fn attach(ews: &mut Ews, id: &Id, file: &str) -> (String, Id) {
    let message = ews.one(&attach_request(id, file));
    let made = message.want("m:Attachments/*/t:AttachmentId");
    let field = |name: &str| made.attribute(name).unwrap_or_else(|| panic!("no {name} in {made:#?}")).to_owned();
    (field("Id"), Id { id: field("RootItemId"), key: field("RootItemChangeKey") })
}

fn read_request(ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|i| format!("<t:AttachmentId Id=\"{i}\"/>")).collect();
    format!("<m:GetAttachment><m:AttachmentIds>{ids}</m:AttachmentIds></m:GetAttachment>")
}

fn content(ews: &mut Ews, id: &str) -> Vec<u8> {
    let message = ews.one(&read_request(&[id]));
    STANDARD.decode(message.text("m:Attachments/t:FileAttachment/t:Content").unwrap_or_default()).unwrap()
}

fn delete_request(ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|i| format!("<t:AttachmentId Id=\"{i}\"/>")).collect();
    format!("<m:DeleteAttachment><m:AttachmentIds>{ids}</m:AttachmentIds></m:DeleteAttachment>")
}

/// MS-OXWSATT_R38 MS-OXWSATT_R53201 MS-OXWSATT_R144 MS-OXWSATT_R145 MS-OXWSATT_R203 MS-OXWSATT_R204 MS-OXWSATT_R259 MS-OXWSATT_R260
/// MS-OXWSATT_R416 MS-OXWSATT_R59
fn attaches_reads_and_deletes() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "with a file");
    let (attachment, id) = attach(&mut ews, &id, &file("übung.txt", "Wörter".as_bytes()));
    let item = get_fields(&mut ews, &id, &["item:Attachments", "item:HasAttachments"]);
    assert_eq!(item.text("t:HasAttachments"), Some("true"));
    let listed = item.want("t:Attachments/t:FileAttachment");
    assert_eq!(listed.want("t:AttachmentId").attribute("Id"), Some(attachment.as_str()));
    assert_eq!(listed.text("t:Name"), Some("übung.txt"));
    assert_eq!(listed.get("t:Content"), None, "content comes from GetAttachment");
    assert!(listed.number("t:Size") >= 7);
    assert_eq!(content(&mut ews, &attachment), "Wörter".as_bytes());
    let message = ews.one(&delete_request(&[&attachment]));
    let root = message.want("m:RootItemId");
    assert_eq!(root.attribute("RootItemId"), Some(id.id.as_str()), "MS-OXWSATT_R443 MS-OXWSATT_R466");
    let item = get_fields(&mut ews, &id, &["item:Attachments", "item:HasAttachments"]);
    assert_eq!((item.get("t:Attachments"), item.text("t:HasAttachments")), (None, Some("false")));
    assert_eq!(root.attribute("RootItemChangeKey"), Some(Id::of(&item).key.as_str()), "MS-OXWSATT_R446");
    assert_eq!(ews.error(&read_request(&[&attachment])), "ErrorInvalidAttachmentId");
}

/// MS-OXWSATT_R43 MS-OXWSATT_R45: only the last one's key is the item's current key.
fn moves_the_change_key_on() {
    let mut ews = shared::mailbox();
    let before = save_simple(&mut ews, "drafts", "keys");
    let (_, one) = attach(&mut ews, &before, &file("1", b"1"));
    let (_, two) = attach(&mut ews, &one, &file("2", b"2"));
    assert_eq!((before.id.as_str(), one.id.as_str()), (one.id.as_str(), two.id.as_str()));
    assert!(before.key != one.key && one.key != two.key);
    assert_eq!(Id::of(&get(&mut ews, &two, &shape("IdOnly", &[]))), two);
    ops::set_field(&mut ews, &two, "item:Subject", "<t:Subject>the key is good</t:Subject>");
}

fn attaches_with_the_item() {
    let mut ews = shared::mailbox();
    let message = ews.one(&ops::save_request(
        "drafts",
        &format!(
            "<t:Message><t:Subject>at once</t:Subject><t:Attachments>{}{}</t:Attachments></t:Message>",
            file("a", b"A"),
            file("b", b"BB")
        ),
    ));
    let made = message.want("m:Items/t:Message");
    let ids: Vec<String> = made
        .all("t:Attachments/t:FileAttachment/t:AttachmentId")
        .into_iter()
        .map(|a| a.attribute("Id").unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 2, "CreateItem answers with their ids");
    assert_eq!(content(&mut ews, &ids[0]), b"A");
    assert_eq!(content(&mut ews, &ids[1]), b"BB");
}

/// MS-OXWSATT_R60 MS-OXWSATT_R6201 MS-OXWSATT_R63 MS-OXWSATT_R64
fn keeps_every_property() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "properties");
    let full = format!(
        "<t:FileAttachment><t:Name>a &amp; b.png</t:Name><t:ContentType>image/png</t:ContentType><t:ContentId>cid@elsewhere.test</t:ContentId>\
         <t:ContentLocation>http://elsewhere.test/a.png</t:ContentLocation><t:IsInline>true</t:IsInline><t:Content>{}</t:Content></t:FileAttachment>",
        STANDARD.encode(b"\x89PNG")
    );
    let (attachment, id) = attach(&mut ews, &id, &full);
    let item = get_fields(&mut ews, &id, &["item:Attachments"]);
    let read = ews.one(&read_request(&[&attachment]));
    for found in [item.want("t:Attachments/t:FileAttachment"), read.want("m:Attachments/t:FileAttachment")] {
        for (path, value) in [
            ("t:Name", "a & b.png"),
            ("t:ContentType", "image/png"),
            ("t:ContentId", "cid@elsewhere.test"),
            ("t:ContentLocation", "http://elsewhere.test/a.png"),
            ("t:IsInline", "true"),
        ] {
            assert_eq!(found.text(path), Some(value), "{path} in {found:#?}");
        }
        let modified = found.text("t:LastModifiedTime").expect("a time");
        assert!(modified.ends_with('Z') && !modified.contains('.'), "{modified}");
    }
}

fn ignores_inline_ones_in_has_attachments() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "inline");
    let inline = file("x.png", b"x")
        .replace("<t:Content>", "<t:ContentId>x@y</t:ContentId><t:IsInline>true</t:IsInline><t:Content>");
    let (_, id) = attach(&mut ews, &id, &inline);
    assert_eq!(get_fields(&mut ews, &id, &["item:HasAttachments"]).text("t:HasAttachments"), Some("false"));
    let (_, id) = attach(&mut ews, &id, &file("y", b"y"));
    assert_eq!(get_fields(&mut ews, &id, &["item:HasAttachments"]).text("t:HasAttachments"), Some("true"));
}

fn answers_each_id_in_order() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "several");
    let answer = ews.call(&attach_request(&id, &[file("a", b"A"), file("b", b"B"), file("c", b"C")].concat()));
    assert_eq!(answer.codes(), ["NoError"; 3]);
    let ids: Vec<String> = answer
        .messages
        .iter()
        .map(|m| m.want("m:Attachments/*/t:AttachmentId").attribute("Id").unwrap().to_owned())
        .collect();
    ews.ok(&delete_request(&[&ids[1]]));
    let answer = ews.call(&read_request(&[&ids[2], &ids[1], &ids[0]]));
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidAttachmentId", "NoError"]);
    assert_eq!(answer.messages[0].text("m:Attachments/t:FileAttachment/t:Name"), Some("c"));
    assert_eq!(answer.messages[2].text("m:Attachments/t:FileAttachment/t:Name"), Some("a"));
    let answer = ews.call(&delete_request(&[&ids[0], &ids[1], &ids[2]]));
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidAttachmentId", "NoError"]);
}

fn reads_attachments_of_received_mail() {
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::rich(&message::unique("received")));
    let item = get_fields(&mut ews, &id, &["item:Attachments"]);
    let found = item.all("t:Attachments/t:FileAttachment");
    let figures = found.iter().find(|a| a.text("t:Name") == Some("figures.bin")).expect("figures.bin");
    let attachment = figures.want("t:AttachmentId").attribute("Id").unwrap();
    assert_eq!(content(&mut ews, attachment), (0..16).collect::<Vec<u8>>());
    let attached = {
        let inner = String::from_utf8(message::plain("the inner one", "inner words")).unwrap();
        format!(
            "Subject: outer\r\nFrom: a@elsewhere.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\
             Content-Type: text/plain\r\n\r\nsee below\r\n--z\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--z--\r\n"
        )
    };
    let id = save_mime(&mut ews, "inbox", attached.as_bytes());
    let item = get_fields(&mut ews, &id, &["item:Attachments", "item:HasAttachments"]);
    assert_eq!(item.text("t:HasAttachments"), Some("true"));
    assert_eq!(item.all("t:Attachments/*").len(), 1, "{item:#?}");
}

/// A message passed on as it was keeps its files, and clients have no other way to them.
fn reads_what_is_attached_to_attached_messages() {
    let wrap = |subject: &str, inner: &str| {
        format!(
            "Subject: {subject}\r\nFrom: a@elsewhere.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; \
             boundary={subject}\r\n\r\n--{subject}\r\nContent-Type: text/plain\r\n\r\nwords of {subject}\r\n--{subject}\r\n\
             {inner}\r\n--{subject}--\r\n"
        )
    };
    let file = "Content-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment\r\n\r\nnot really";
    let passed =
        |subject: &str, message: &str| wrap(subject, &format!("Content-Type: message/rfc822\r\n\r\n{message}"));
    let octets = passed("outer", &passed("middle", &wrap("inner", file)));
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", octets.as_bytes());
    let item = get_fields(&mut ews, &id, &["item:Attachments"]);
    let mut attachment = item.want("t:Attachments/t:ItemAttachment/t:AttachmentId").attribute("Id").unwrap().to_owned();
    for subject in ["middle", "inner"] {
        let message = ews.one(&read_request(&[&attachment]));
        let read = message.want("m:Attachments/t:ItemAttachment");
        assert_eq!(read.want("t:AttachmentId").attribute("Id"), Some(attachment.as_str()));
        assert_eq!(read.text("t:Message/t:Subject"), Some(subject));
        assert_eq!(read.text("t:Message/t:HasAttachments"), Some("true"));
        let inner = read.want("t:Message/t:Attachments/*/t:AttachmentId").attribute("Id").unwrap();
        assert!(inner.len() < 512 && inner != attachment);
        attachment = inner.to_owned();
    }
    assert_eq!(content(&mut ews, &attachment), b"not really");
    assert_eq!(ews.error(&delete_request(&[&attachment])), "ErrorCannotDeleteObject");
    ops::delete(&mut ews, "HardDelete", &id);
    assert_eq!(ews.error(&read_request(&[&attachment])), "ErrorInvalidAttachmentId");
}

/// MS-OXWSATT_R145001 MS-OXWSATT_R145002 MS-OXWSATT_R465001 MS-OXWSATT_R474001
fn refuses_wrong_ids_and_parents() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "parent");
    for request in
        [read_request(&["XXX"]), delete_request(&["XXX"]), read_request(&[&id.id]), delete_request(&[&id.id])]
    {
        let refused = ews.error(&request);
        assert!(refused.starts_with("ErrorInvalid"), "{request}: {refused}");
    }
    assert_eq!(ews.error(&read_request(&["AAMk="])), "ErrorInvalidIdMalformed");
    let malformed = Id { id: "AAAA==".into(), key: id.key.clone() };
    assert_eq!(ews.error(&attach_request(&malformed, &file("a", b"a"))), "ErrorInvalidIdMalformed");
    ops::delete(&mut ews, "HardDelete", &id);
    assert_eq!(ews.error(&attach_request(&id, &file("a", b"a"))), "ErrorItemNotFound");
    let mut other = shared::mailbox();
    let theirs = save_simple(&mut other, "drafts", "theirs");
    let (attachment, _) = attach(&mut other, &theirs, &file("secret", b"secret"));
    let refused = ews.error(&read_request(&[&attachment]));
    assert!(
        matches!(refused.as_str(), "ErrorAccessDenied" | "ErrorInvalidAttachmentId" | "ErrorItemNotFound"),
        "{refused}"
    );
}

fn keeps_empty_and_large_ones() {
    let mut ews = shared::mailbox().unrecorded();
    let id = save_simple(&mut ews, "drafts", "sizes");
    let large: Vec<u8> = (0..8_000_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let (none, id) = attach(&mut ews, &id, &file("empty", b""));
    let (much, id) = attach(&mut ews, &id, &file("large", &large));
    assert_eq!(content(&mut ews, &none), b"");
    assert!(content(&mut ews, &much) == large, "8 MB come back");
    let item = get_fields(&mut ews, &id, &["item:Size"]);
    assert!(item.number("t:Size") > 8_000_000);
}

fn copies_attachments_with_the_item() {
    let mut ews = shared::mailbox();
    let id = save(
        &mut ews,
        "drafts",
        &format!(
            "<t:Message><t:Subject>copied</t:Subject><t:Attachments>{}</t:Attachments></t:Message>",
            file("a", b"A")
        ),
    );
    let copy = ops::transfer(&mut ews, "CopyItem", &id, "inbox");
    ops::delete(&mut ews, "HardDelete", &id);
    let item = get_fields(&mut ews, &copy, &["item:Attachments"]);
    let attachment = item.want("t:Attachments/t:FileAttachment/t:AttachmentId").attribute("Id").unwrap();
    assert_eq!(content(&mut ews, attachment), b"A");
}

/// Texts that came with a message are told as they were sent, whatever characters they are written in.
fn keeps_the_octets_of_texts() {
    let mut ews = shared::mailbox();
    let mut mime = b"Subject: list\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhere\r\n--b\r\n\
        Content-Type: text/csv; charset=windows-1252; name=a.csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
        .to_vec();
    mime.extend_from_slice(b"caf\xe9;\x80\r\n--b--\r\n");
    let id = save_mime(&mut ews, "inbox", &mime);
    let item = get_fields(&mut ews, &id, &["item:Attachments"]);
    assert_eq!(item.text("t:Attachments/t:FileAttachment/t:ContentType"), Some("text/csv"));
    let attachment = item.want("t:Attachments/t:FileAttachment/t:AttachmentId").attribute("Id").unwrap().to_owned();
    assert_eq!(content(&mut ews, &attachment), b"caf\xe9;\x80");
    // Written anew, it says how the octets are to be read.
    let (_, id) = attach(&mut ews, &id, &file("b.txt", b"b"));
    let item = get_fields(&mut ews, &id, &["item:MimeContent"]);
    let mime = String::from_utf8(STANDARD.decode(&item.want("t:MimeContent").text).unwrap()).unwrap();
    assert!(mime.contains("charset=\"windows-1252\""), "{mime}");
}

/// MS-OXWSATT_R36 MS-OXWSATT_R83 MS-OXWSATT_R99 MS-OXWSATT_R357 MS-OXWSATT_R532 MS-OXWSATT_R78002 MS-OXWSATT_R55001
fn attaches_items_of_their_kind() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "has items");
    let attached = |item: &str| format!("<t:ItemAttachment><t:Name>item</t:Name>{item}</t:ItemAttachment>");
    assert_eq!(ews.error(&attach_request(&id, &attached(""))), "ErrorMissingItemForCreateItemAttachment");

    let post = attached("<t:PostItem><t:Subject>pinned</t:Subject></t:PostItem>");
    let (post, id) = attach(&mut ews, &id, &post);
    let own = attached("<t:Message><t:ItemClass>IPM.Note.Own</t:ItemClass><t:Subject>own</t:Subject></t:Message>");
    let (own, id) = attach(&mut ews, &id, &own);
    for (attachment, element, class) in [(&post, "t:PostItem", "IPM.Post"), (&own, "t:Message", "IPM.Note.Own")] {
        let message = ews.one(&read_request(&[attachment]));
        let item = message.want("m:Attachments/t:ItemAttachment").want(element);
        assert_eq!(item.text("t:ItemClass"), Some(class));
    }

    let mime = b"From: ann@x.test\r\nX-Own: kept\r\nMessage-ID: <1@x.test>\r\nSubject: inner\r\n\r\nwords";
    let given = format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(mime));
    let (given, _) = attach(&mut ews, &id, &attached(&given));
    let shown = read_request(&[&given]).replace(
        "<m:AttachmentIds>",
        "<m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:AttachmentShape><m:AttachmentIds>",
    );
    let message = ews.one(&shown);
    let told = message.text("m:Attachments/t:ItemAttachment/t:Message/t:MimeContent").unwrap();
    assert_eq!(STANDARD.decode(told).unwrap(), mime);
}

/// An attachment that holds this item.
fn item_attachment(item: &str) -> String {
    format!("<t:ItemAttachment><t:Name>item</t:Name>{item}</t:ItemAttachment>")
}

/// The attachment read with MIME and more fields.
fn read_whole(ews: &mut Ews, id: &str, mime: bool, more: &str) -> Node {
    let request = read_request(&[id]).replace(
        "<m:AttachmentIds>",
        &format!(
            "<m:AttachmentShape><t:IncludeMimeContent>{mime}</t:IncludeMimeContent>\
             <t:AdditionalProperties>{more}</t:AdditionalProperties></m:AttachmentShape><m:AttachmentIds>"
        ),
    );
    ews.one(&request).want("m:Attachments/t:ItemAttachment").clone()
}

const TAG: &str = "<t:ExtendedFieldURI PropertySetId=\"d0e5a3a1-6a0b-4a53-a3c4-0f1f5a9c7b11\" PropertyName=\"own\" PropertyType=\"String\"/>";

/// A message with properties that MIME has no word for. Its attachments stand where the schema has them.
fn rich_message(subject: &str, attachments: &str) -> String {
    let attachments =
        if attachments.is_empty() { String::new() } else { format!("<t:Attachments>{attachments}</t:Attachments>") };
    format!(
        "<t:Message><t:ItemClass>IPM.Note.Own</t:ItemClass><t:Subject>{subject}</t:Subject><t:Sensitivity>Private</t:Sensitivity>\
         <t:Body BodyType=\"HTML\">&lt;p&gt;words of {subject}&lt;/p&gt;</t:Body>{attachments}\
         <t:Categories><t:String>red, blue</t:String><t:String>two</t:String></t:Categories><t:Importance>High</t:Importance>\
         <t:ReminderDueBy>2030-01-02T03:04:05Z</t:ReminderDueBy><t:ReminderIsSet>true</t:ReminderIsSet>\
         <t:ReminderMinutesBeforeStart>45</t:ReminderMinutesBeforeStart>\
         <t:ExtendedProperty>{TAG}<t:Value>own of {subject}</t:Value></t:ExtendedProperty><t:Culture>de-AT</t:Culture>\
         <t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>\
         <t:ToRecipients><t:Mailbox><t:EmailAddress>ann@elsewhere.test</t:EmailAddress></t:Mailbox></t:ToRecipients>\
         <t:IsResponseRequested>true</t:IsResponseRequested></t:Message>"
    )
}

fn check_rich(item: &Node, subject: &str) {
    let own = format!("own of {subject}");
    let body = format!("<p>words of {subject}</p>");
    for (path, value) in [
        ("t:ItemClass", "IPM.Note.Own"),
        ("t:Subject", subject),
        ("t:Sensitivity", "Private"),
        ("t:Body", &body),
        ("t:Importance", "High"),
        ("t:ReminderDueBy", "2030-01-02T03:04:05Z"),
        ("t:ReminderIsSet", "true"),
        ("t:ReminderMinutesBeforeStart", "45"),
        ("t:Culture", "de-AT"),
        ("t:Flag/t:FlagStatus", "Flagged"),
        ("t:ExtendedProperty/t:Value", &own),
        ("t:ToRecipients/t:Mailbox/t:EmailAddress", "ann@elsewhere.test"),
        ("t:IsResponseRequested", "true"),
    ] {
        assert_eq!(item.text(path), Some(value), "{path} in {item:#?}");
    }
    let categories: Vec<_> = item.all("t:Categories/t:String").into_iter().map(|one| one.text.as_str()).collect();
    assert_eq!(categories, ["red, blue", "two"]);
}

fn more() -> String {
    format!("<t:FieldURI FieldURI=\"item:Flag\"/>{TAG}")
}

/// MS-OXWSATT_R36 MS-OXWSATT_R477
fn keeps_every_property_of_attached_items() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "rich items");
    let (message, id) = attach(&mut ews, &id, &item_attachment(&rich_message("rich", "")));
    let read = read_whole(&mut ews, &message, true, &more());
    let item = read.want("t:Message");
    check_rich(item, "rich");
    assert!(item.get("t:ItemId").is_none());
    let mime = String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap();
    assert!(mime.contains("Subject: rich") && mime.contains("ann@elsewhere.test"), "{mime}");

    let contact = "<t:Contact><t:Subject>c</t:Subject><t:GivenName>Jana</t:GivenName><t:CompanyName>Firm</t:CompanyName>\
         <t:PhoneNumbers><t:Entry Key=\"MobilePhone\">+1 2</t:Entry></t:PhoneNumbers></t:Contact>";
    let task = "<t:Task><t:Subject>t</t:Subject><t:DueDate>2030-01-02T00:00:00Z</t:DueDate>\
         <t:PercentComplete>30</t:PercentComplete><t:Status>InProgress</t:Status></t:Task>";
    let post = "<t:PostItem><t:Subject>p</t:Subject><t:Culture>fr</t:Culture></t:PostItem>";
    let list =
        "<t:Item><t:ItemClass>IPM.DistList</t:ItemClass><t:Subject>l</t:Subject><t:Culture>it</t:Culture></t:Item>";
    let id = [
        (contact, "t:Contact/t:CompanyName", "Firm"),
        (contact, "t:Contact/t:PhoneNumbers/t:Entry", "+1 2"),
        (contact, "t:Contact/t:ItemClass", "IPM.Contact"),
        (task, "t:Task/t:PercentComplete", "30"),
        (task, "t:Task/t:Status", "InProgress"),
        (post, "t:PostItem/t:Culture", "fr"),
        (list, "t:Item/t:Culture", "it"),
        (list, "t:Item/t:ItemClass", "IPM.DistList"),
    ]
    .into_iter()
    .fold(id, |id, (item, path, value)| {
        let (made, id) = attach(&mut ews, &id, &item_attachment(item));
        let read = ews.one(&read_request(&[&made]));
        assert_eq!(read.want("m:Attachments/t:ItemAttachment").text(path), Some(value), "{read:#?}");
        id
    });
    // MS-OXWSATT_R552: not all of them have a MIME form.
    let (contact, _) = attach(&mut ews, &id, &item_attachment(contact));
    let shown = read_request(&[&contact]).replace(
        "<m:AttachmentIds>",
        "<m:AttachmentShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:AttachmentShape><m:AttachmentIds>",
    );
    assert_eq!(ews.error(&shown), "ErrorUnsupportedMimeConversion");
}

/// The ids that an item lists, by name.
fn listed(item: &Node, name: &str) -> String {
    let found = item.all("t:Attachments/*").into_iter().find(|one| one.text("t:Name") == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {item:#?}")).want("t:AttachmentId").attribute("Id").unwrap().to_owned()
}

/// Four messages inside each other, each with files of its own.
fn nested() -> String {
    (1..=4).rev().fold(String::new(), |inner, level| {
        let files =
            format!("{}{inner}{}", file("before", format!("a{level}").as_bytes()), file("after", &[0, 255, level]));
        item_attachment(&rich_message(&format!("level {level}"), &files))
    })
}

/// Reads all four of them, down from the first.
fn check_nested(ews: &mut Ews, outermost: &str) {
    let mut attachment = outermost.to_owned();
    for level in 1..=4u8 {
        let read = read_whole(ews, &attachment, false, &more());
        let item = read.want("t:Message");
        check_rich(item, &format!("level {level}"));
        assert_eq!(content(ews, &listed(item, "before")), format!("a{level}").as_bytes());
        assert_eq!(content(ews, &listed(item, "after")), [0, 255, level]);
        if level < 4 {
            attachment = listed(item, "item");
        }
    }
}

fn keeps_what_is_attached_to_attached_items() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "nested items");
    let (outermost, id) = attach(&mut ews, &id, &nested());
    check_nested(&mut ews, &outermost);
    // A change of the item that they are attached to leaves them alone.
    let id = ops::set_field(&mut ews, &id, "item:Subject", "<t:Subject>other</t:Subject>");
    check_nested(&mut ews, &outermost);
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:MimeContent"]));
    let mime = String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap();
    assert_eq!(mime.matches("Content-Type: message/rfc822").count(), 4, "{mime}");
}

fn takes_attached_items_along() {
    let mut ews = shared::mailbox();
    let id = save(
        &mut ews,
        "drafts",
        &format!("<t:Message><t:Subject>along</t:Subject><t:Attachments>{}</t:Attachments></t:Message>", nested()),
    );
    let copy = ops::transfer(&mut ews, "CopyItem", &id, "inbox");
    let moved = ops::transfer(&mut ews, "MoveItem", &id, "deleteditems");
    let mut peer = shared::mailbox();
    let forward = |how: &str| {
        format!(
            "<m:CreateItem MessageDisposition=\"{how}\"><m:Items><t:ForwardItem>\
             <t:ToRecipients><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:ToRecipients>\
             <t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/></t:ForwardItem></m:Items></m:CreateItem>",
            peer.account.address, copy.id, copy.key
        )
    };
    let saved = Id::of(ews.one(&forward("SaveOnly")).want("m:Items/*"));
    ews.one(&forward("SendAndSaveCopy"));
    let sent = ops::list(&mut ews, "sentitems").remove(0);
    for id in [&copy, &moved, &saved, &sent] {
        let item = get_fields(&mut ews, id, &["item:Attachments"]);
        check_nested(&mut ews, &listed(&item, "item"));
    }
    // What leaves has them as messages: the receiver reads them off it.
    let got = ops::list(&mut peer, "inbox").remove(0);
    let item = get_fields(&mut peer, &got, &["item:Attachments"]);
    let read = read_whole(&mut peer, &listed(&item, "item"), false, TAG);
    assert_eq!(read.text("t:Message/t:Subject"), Some("level 1"));
    let inner = read_whole(&mut peer, &listed(read.want("t:Message"), "item"), false, TAG);
    assert_eq!(inner.text("t:Message/t:Subject"), Some("level 2"));
}

fn keeps_content_ids_as_given() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "content ids");
    let given = file("a.png", b"x").replace("<t:Content>", "<t:ContentId> &lt;a b@c&gt; </t:ContentId><t:Content>");
    let (attachment, id) = attach(&mut ews, &id, &given);
    let read = ews.one(&read_request(&[&attachment]));
    assert_eq!(read.text("m:Attachments/t:FileAttachment/t:ContentId"), Some(" <a b@c> "));
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:MimeContent"]));
    let mime = String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap();
    assert!(mime.contains("Content-ID: <ab@c>"), "{mime}");
}
