//! UpdateItem: set, append, delete, conflicts, and what may not be changed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::ews::Ews;
use crate::support::ops::{
    Id, field, get, get_fields, save, save_mime, save_simple, set, set_field, set_read, shape, simple, update_request,
};
use crate::support::xml::Node;
use crate::support::{message, ops, shared};

crate::tests![
    sets_appends_and_deletes,
    makes_a_new_change_key,
    answers_with_the_number_of_conflicts,
    refuses_to_overwrite_when_told_never_to,
    merges_what_does_not_conflict,
    replaces_nothing_whole_that_changed_meanwhile,
    overwrites_when_told_always_to,
    needs_a_key_to_resolve,
    changes_all_or_nothing,
    changes_several_in_order,
    refuses_wrong_changes,
    sets_extended_properties_on_any_kind,
    agrees_in_both_views,
    keeps_numbers_that_have_no_word,
    keeps_ids_as_they_were_given,
    makes_mime_anew_after_a_change,
    ignores_sending_for_what_cannot_be_sent,
    marks_read_and_flagged,
];

fn append(uri: &str, property: &str) -> String {
    format!("<t:AppendToItemField>{}<t:Message>{property}</t:Message></t:AppendToItemField>", field(uri))
}

fn unset(uri: &str) -> String {
    format!("<t:DeleteItemField>{}</t:DeleteItemField>", field(uri))
}

fn subject(text: &str) -> String {
    set("item:Subject", &format!("<t:Subject>{text}</t:Subject>"))
}

fn to(address: &str) -> String {
    format!("<t:ToRecipients><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:ToRecipients>")
}

fn update(ews: &mut Ews, id: &Id, updates: &str) -> Id {
    Id::of(ews.one(&update_request(&id.xml(), "AutoResolve", updates)).want("m:Items/*"))
}

fn read(ews: &mut Ews, id: &Id) -> Node {
    get(ews, id, &shape("AllProperties", &["item:Body"]))
}

/// MS-OXWSMSG_R143 MS-OXWSMSG_R144 MS-OXWSMSG_R145 MS-OXWSMSG_R32
fn sets_appends_and_deletes() {
    let mut ews = shared::mailbox();
    let id = save(
        &mut ews,
        "drafts",
        &format!(
            "<t:Message><t:Subject>before</t:Subject><t:Body BodyType=\"Text\">one</t:Body><t:Categories><t:String>Red</t:String>\
             </t:Categories><t:Importance>High</t:Importance>{}</t:Message>",
            to("a@elsewhere.test")
        ),
    );
    let updates = [
        subject("after"),
        append("message:ToRecipients", &to("b@elsewhere.test")),
        append("item:Body", "<t:Body BodyType=\"Text\"> two</t:Body>"),
        unset("item:Categories"),
        set("item:Importance", "<t:Importance>Low</t:Importance>"),
        set(
            "message:CcRecipients",
            "<t:CcRecipients><t:Mailbox><t:EmailAddress>c@elsewhere.test</t:EmailAddress></t:Mailbox></t:CcRecipients>",
        ),
    ]
    .concat();
    let id = update(&mut ews, &id, &updates);
    let item = read(&mut ews, &id);
    assert_eq!(item.text("t:Subject"), Some("after"));
    assert_eq!(item.want("t:Body").text.trim(), "one two");
    assert_eq!(item.get("t:Categories"), None);
    assert_eq!(item.text("t:Importance"), Some("Low"));
    let addresses: Vec<&str> =
        item.all("t:ToRecipients/t:Mailbox/t:EmailAddress").into_iter().map(|n| n.text.as_str()).collect();
    assert_eq!(addresses, ["a@elsewhere.test", "b@elsewhere.test"]);
    assert_eq!(item.text("t:CcRecipients/t:Mailbox/t:EmailAddress"), Some("c@elsewhere.test"));
    let id = update(&mut ews, &id, &(unset("message:ToRecipients") + &unset("item:Categories") + &unset("item:Body")));
    let item = read(&mut ews, &id);
    assert_eq!(item.get("t:ToRecipients"), None, "deleting what is absent is no error");
    assert!(item.text("t:Body").is_none_or(|b| b.trim().is_empty()));
}

fn makes_a_new_change_key() {
    let mut ews = shared::mailbox();
    let first = save_simple(&mut ews, "drafts", "keyed");
    let second = set_field(&mut ews, &first, "item:Subject", "<t:Subject>other</t:Subject>");
    assert_eq!(first.id, second.id, "an update keeps the id");
    assert_ne!(first.key, second.key);
    let read = Id::of(&get(&mut ews, &second, &shape("IdOnly", &[])));
    assert_eq!(read, second);
}

/// MS-OXWSCORE_R61 MS-OXWSCORE_R65
fn answers_with_the_number_of_conflicts() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "counted");
    let message = ews.one(&update_request(&id.xml(), "AutoResolve", &subject("other")));
    assert_eq!(message.text("m:ConflictResults/t:Count"), Some("0"));
}

fn refuses_to_overwrite_when_told_never_to() {
    let mut ews = shared::mailbox();
    let stale = save_simple(&mut ews, "drafts", "first");
    let fresh = set_field(&mut ews, &stale, "item:Subject", "<t:Subject>second</t:Subject>");
    assert_eq!(
        ews.error(&update_request(&stale.xml(), "NeverOverwrite", &subject("third"))),
        "ErrorIrresolvableConflict"
    );
    assert_eq!(read(&mut ews, &fresh).text("t:Subject"), Some("second"));
    ews.one(&update_request(&fresh.xml(), "NeverOverwrite", &subject("third")));
}

/// AutoResolve merges when other properties were changed, and fails when the same one was.
fn merges_what_does_not_conflict() {
    let mut ews = shared::mailbox();
    let stale = save_simple(&mut ews, "drafts", "first");
    set_field(&mut ews, &stale, "item:Importance", "<t:Importance>High</t:Importance>");
    let merged = update(&mut ews, &stale, &subject("second"));
    let item = read(&mut ews, &merged);
    assert_eq!((item.text("t:Subject"), item.text("t:Importance")), (Some("second"), Some("High")));
    assert_eq!(ews.error(&update_request(&stale.xml(), "AutoResolve", &subject("third"))), "ErrorIrresolvableConflict");
    assert_eq!(read(&mut ews, &merged).text("t:Subject"), Some("second"));
}

/// A message that is given whole is all that it tells: subject, body, files.
fn replaces_nothing_whole_that_changed_meanwhile() {
    const CONFLICT: &str = "ErrorIrresolvableConflict";
    let mut ews = shared::mailbox();
    let octets = |subject: &str| STANDARD.encode(message::plain(subject, "new"));
    let whole = |subject: &str| {
        set("item:MimeContent", &format!("<t:MimeContent CharacterSet=\"UTF-8\">{}</t:MimeContent>", octets(subject)))
    };
    let body = set("item:Body", "<t:Body BodyType=\"Text\">other</t:Body>");
    let attach = |ews: &mut Ews, id: &Id| {
        let message = ews.one(&format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name>\
             <t:Content>YQ==</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
            id.id
        ));
        let id = message.want("m:Attachments/t:FileAttachment/t:AttachmentId");
        (id.attribute("Id").unwrap().to_owned(), id.attribute("RootItemChangeKey").unwrap().to_owned())
    };
    for change in [subject("second"), body.clone()] {
        let stale = save_mime(&mut ews, "drafts", &message::plain("first", "old"));
        update(&mut ews, &stale, &change);
        assert_eq!(ews.error(&update_request(&stale.xml(), "AutoResolve", &whole("whole"))), CONFLICT);
        let stale = save_mime(&mut ews, "drafts", &message::plain("first", "old"));
        let fresh = update(&mut ews, &stale, &whole("whole"));
        assert_eq!(ews.error(&update_request(&stale.xml(), "AutoResolve", &change)), CONFLICT);
        update(&mut ews, &stale, &set("item:Categories", "<t:Categories><t:String>Red</t:String></t:Categories>"));
        update(&mut ews, &fresh, &change);
    }
    let stale = save_mime(&mut ews, "drafts", &message::plain("first", "old"));
    let (file, key) = attach(&mut ews, &stale);
    assert_eq!(ews.error(&update_request(&stale.xml(), "AutoResolve", &whole("whole"))), CONFLICT, "it has a file now");
    update(&mut ews, &stale, &subject("second"));
    let stale = Id { key, ..stale };
    ews.one(&format!(
        "<m:DeleteAttachment><m:AttachmentIds><t:AttachmentId Id=\"{file}\"/></m:AttachmentIds></m:DeleteAttachment>"
    ));
    let other = set("item:Subject", "<t:Subject>second</t:Subject>");
    assert_eq!(ews.error(&update_request(&stale.xml(), "AutoResolve", &(other + &whole("whole")))), CONFLICT);
    let fresh = Id::of(&get(&mut ews, &stale, &shape("IdOnly", &[])));
    update(&mut ews, &fresh, &whole("whole"));
}

fn overwrites_when_told_always_to() {
    let mut ews = shared::mailbox();
    let stale = save_simple(&mut ews, "drafts", "first");
    set_field(&mut ews, &stale, "item:Subject", "<t:Subject>second</t:Subject>");
    ews.one(&update_request(&stale.xml(), "AlwaysOverwrite", &subject("third")));
    ews.one(&update_request(&stale.bare(), "AlwaysOverwrite", &subject("fourth")));
    assert_eq!(read(&mut ews, &stale).text("t:Subject"), Some("fourth"));
}

fn needs_a_key_to_resolve() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "keyless");
    assert_eq!(ews.error(&update_request(&id.bare(), "AutoResolve", &subject("x"))), "ErrorChangeKeyRequired");
    let wrong = format!("<t:ItemId Id=\"{}\" ChangeKey=\"XXX\"/>", id.id);
    assert_eq!(ews.error(&update_request(&wrong, "AutoResolve", &subject("x"))), "ErrorInvalidChangeKey");
}

fn changes_all_or_nothing() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "whole");
    let updates = subject("half") + &set("item:Size", "<t:Size>5</t:Size>");
    assert_eq!(ews.error(&update_request(&id.xml(), "AutoResolve", &updates)), "ErrorInvalidPropertySet");
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:Subject"]));
    assert_eq!((item.text("t:Subject"), Id::of(&item).key), (Some("whole"), id.key));
}

fn changes_several_in_order() {
    let mut ews = shared::mailbox();
    let ids: Vec<Id> = (0..4).map(|n| save_simple(&mut ews, "drafts", &format!("several {n}"))).collect();
    ops::delete(&mut ews, "HardDelete", &ids[1]);
    let changes: String = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            format!("<t:ItemChange>{}<t:Updates>{}</t:Updates></t:ItemChange>", id.xml(), subject(&format!("new {n}")))
        })
        .collect();
    let answer = ews.call(&format!(
        "<m:UpdateItem MessageDisposition=\"SaveOnly\" ConflictResolution=\"AutoResolve\"><m:ItemChanges>{changes}</m:ItemChanges></m:UpdateItem>"
    ));
    assert_eq!(answer.codes(), ["NoError", "ErrorItemNotFound", "NoError", "NoError"]);
    assert_eq!(ops::subjects(&mut ews, "drafts"), ["new 0", "new 2", "new 3"]);
}

/// MS-OXWSCDATA_R335 and what stands beside it: each change names one path and one property, the same.
fn refuses_wrong_changes() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "unchanged");
    for (updates, wanted) in [
        (set("item:Subject", "<t:Importance>Low</t:Importance>"), "ErrorUpdatePropertyMismatch"),
        (set("item:Subject", ""), "ErrorIncorrectUpdatePropertyCount"),
        (
            set("item:Subject", "<t:Subject>a</t:Subject><t:Importance>Low</t:Importance>"),
            "ErrorIncorrectUpdatePropertyCount",
        ),
        (append("item:Subject", "<t:Subject>a</t:Subject>"), "ErrorInvalidPropertyAppend"),
        (append("item:Body", "<t:Body BodyType=\"HTML\">a</t:Body>"), "ErrorInvalidPropertyAppend"),
        (
            set("item:DateTimeCreated", "<t:DateTimeCreated>2026-01-01T00:00:00Z</t:DateTimeCreated>"),
            "ErrorInvalidPropertySet",
        ),
        (unset("item:DateTimeCreated"), "ErrorInvalidPropertyDelete"),
        (set("item:ItemClass", "<t:ItemClass>IPM.Appointment</t:ItemClass>"), "ErrorObjectTypeChanged"),
    ] {
        let found = ews.error(&update_request(&id.xml(), "AutoResolve", &updates));
        assert_eq!(found, wanted, "{updates}");
    }
    assert_eq!(read(&mut ews, &id).text("t:Subject"), Some("unchanged"));
    let request = format!(
        "<m:UpdateItem ConflictResolution=\"AutoResolve\"><m:ItemChanges><t:ItemChange>{}<t:Updates>{}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        id.xml(),
        subject("x")
    );
    assert_eq!(ews.error(&request), "ErrorMessageDispositionRequired");
}

/// DavMail wraps extended properties in t:Item, whatever the kind.
fn sets_extended_properties_on_any_kind() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "drafts", "wrapped");
    let path = "<t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Keywords\" PropertyType=\"StringArray\"/>";
    let property =
        format!("<t:ExtendedProperty>{path}<t:Values><t:Value>kw1</t:Value></t:Values></t:ExtendedProperty>");
    let id = update(&mut ews, &id, &format!("<t:SetItemField>{path}<t:Item>{property}</t:Item></t:SetItemField>"));
    let item = get_fields(&mut ews, &id, &["item:Categories"]);
    assert_eq!(item.text("t:Categories/t:String"), Some("kw1"), "keywords are the categories");
    let id = update(&mut ews, &id, &format!("<t:DeleteItemField>{path}</t:DeleteItemField>"));
    assert_eq!(get_fields(&mut ews, &id, &["item:Categories"]).get("t:Categories"), None);
}

/// MAPI properties are another view of the same fields.
fn agrees_in_both_views() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "inbox", "views");
    let tag = |tag: &str, kind: &str| format!("<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"{kind}\"/>");
    let set_tag = |path: &str, value: &str| {
        format!(
            "<t:SetItemField>{path}<t:Message><t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty></t:Message></t:SetItemField>"
        )
    };
    let id = update(&mut ews, &id, &set_tag(&tag("0x0037", "String"), "by tag"));
    let id = update(&mut ews, &id, &set_tag(&tag("0x0017", "Integer"), "2"));
    let item = read(&mut ews, &id);
    assert_eq!((item.text("t:Subject"), item.text("t:Importance")), (Some("by tag"), Some("High")));
    let id = set_read(&mut ews, &id, false);
    let id = set_read(&mut ews, &id, true);
    let flags = |ews: &mut Ews, id: &Id| {
        let asked = format!(
            "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{}</t:AdditionalProperties>",
            tag("0x0e07", "Integer")
        );
        get(ews, id, &asked).want("t:ExtendedProperty/t:Value").text.parse::<u32>().unwrap()
    };
    assert_eq!(flags(&mut ews, &id) & 1, 1);
    let id = set_read(&mut ews, &id, false);
    assert_eq!(flags(&mut ews, &id) & 1, 0);
}

/// A client that says a number by its tag gets it back by the tag; the field tells it only where it has a word for it.
fn keeps_numbers_that_have_no_word() {
    let mut ews = shared::mailbox();
    let id = save_simple(&mut ews, "inbox", "numbers");
    let path = |tag: &str| format!("<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"Integer\"/>");
    let fields = [
        ("0x1090", "item:Flag", "t:Flag/t:FlagStatus", Some("NotFlagged")),
        ("0x0017", "item:Importance", "t:Importance", None),
        ("0x0036", "item:Sensitivity", "t:Sensitivity", None),
        ("0x1080", "item:IconIndex", "t:IconIndex", None),
    ];
    let id = fields.into_iter().fold(id, |id, (tag, uri, element, word)| {
        [191, -7, 70_000].into_iter().fold(id, |id, number| {
            let path = path(tag);
            let property = format!("<t:ExtendedProperty>{path}<t:Value>{number}</t:Value></t:ExtendedProperty>");
            let set = format!("<t:SetItemField>{path}<t:Message>{property}</t:Message></t:SetItemField>");
            let id = update(&mut ews, &id, &set);
            let asked = format!(
                "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{}{path}</t:AdditionalProperties>",
                field(uri)
            );
            let item = get(&mut ews, &id, &asked);
            assert_eq!(item.text("t:ExtendedProperty/t:Value"), Some(number.to_string().as_str()), "{tag}");
            assert_eq!(item.text(element), word, "{tag} = {number}");
            id
        })
    });
    let id = set_field(&mut ews, &id, "item:Importance", "<t:Importance>High</t:Importance>");
    assert_eq!(read(&mut ews, &id).text("t:Importance"), Some("High"));
}

/// Ids that a field gives are told and compared as given, and written into heads as ids.
fn keeps_ids_as_they_were_given() {
    let mut ews = shared::mailbox();
    let place = ops::create_folder(&mut ews, "inbox", "given ids");
    let unique = message::unique("id").replace(' ', ".");
    for (at, spelled) in
        [format!("{unique}.a@x.test"), format!(" &lt; {unique}.b @x.test &gt; (mine)")].iter().enumerate()
    {
        let request = format!(
            "<t:Message><t:Subject>ids {at}</t:Subject><t:InReplyTo>{spelled}</t:InReplyTo>\
             <t:InternetMessageId>{spelled}</t:InternetMessageId><t:References>{spelled}  {spelled}</t:References></t:Message>"
        );
        let id = save(&mut ews, &place, &request);
        let plain = spelled.replace("&lt;", "<").replace("&gt;", ">");
        let item = read(&mut ews, &id);
        assert_eq!(item.text("t:InternetMessageId"), Some(plain.as_str()));
        assert_eq!(item.text("t:InReplyTo"), Some(plain.as_str()));
        assert_eq!(item.text("t:References"), Some(format!("{plain}  {plain}").as_str()));
        for uri in ["message:InternetMessageId", "item:InReplyTo"] {
            let equal = format!(
                "<m:Restriction><t:IsEqualTo>{}<t:FieldURIOrConstant><t:Constant Value=\"{spelled}\"/></t:FieldURIOrConstant>\
                 </t:IsEqualTo></m:Restriction>",
                field(uri)
            );
            let found = ops::find(&mut ews, &place, &shape("IdOnly", &[]), &equal);
            assert_eq!(found.all("t:Items/*").len(), 1, "{uri} {spelled}");
        }
        use base64::Engine;
        let item = get(&mut ews, &id, &shape("IdOnly", &["item:MimeContent"]));
        let octets = base64::engine::general_purpose::STANDARD.decode(&item.want("t:MimeContent").text).unwrap();
        let mime = String::from_utf8(octets).unwrap();
        let clean = format!("<{unique}.{}@x.test>", if at == 0 { 'a' } else { 'b' });
        assert!(
            mime.contains(&format!("Message-ID: {clean}")) && mime.contains(&format!("In-Reply-To: {clean}")),
            "{mime}"
        );
    }
}

fn makes_mime_anew_after_a_change() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::rich(&message::unique("original")));
    let id = set_field(&mut ews, &id, "item:Subject", "<t:Subject>edited subject</t:Subject>");
    let item = get(&mut ews, &id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    let mime = String::from_utf8(STANDARD.decode(&item.want("t:MimeContent").text).unwrap()).unwrap();
    assert!(mime.contains("edited subject") && !mime.contains("Subject: original"), "{mime}");
    assert!(mime.contains("figures.bin") && mime.contains("dot.png"), "attachments are kept");
}

/// Evolution updates contacts with MessageDisposition SendAndSaveCopy: what cannot be sent is just saved.
fn ignores_sending_for_what_cannot_be_sent() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "contacts", "<t:Contact><t:Subject>Contact</t:Subject></t:Contact>");
    let request = update_request(
        &id.xml(),
        "AlwaysOverwrite",
        &format!(
            "<t:SetItemField>{}<t:Contact><t:Subject>Changed</t:Subject></t:Contact></t:SetItemField>",
            field("item:Subject")
        ),
    )
    .replace("\"SaveOnly\"", "\"SendAndSaveCopy\" SendMeetingInvitationsOrCancellations=\"SendToAllAndSaveCopy\"");
    ews.one(&request);
    assert_eq!(ops::subjects(&mut ews, "contacts"), ["Changed"]);
    assert_eq!(ops::subjects(&mut ews, "sentitems"), Vec::<String>::new());
}

/// MS-OXWSMSG_R61 MS-OXWSMSG_R6100 MS-OXWSCORE_R1045
fn marks_read_and_flagged() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "inbox", &simple("flags", "x"));
    let id = set_read(&mut ews, &id, false);
    assert_eq!(get_fields(&mut ews, &id, &["message:IsRead"]).text("t:IsRead"), Some("false"));
    // Thunderbird writes FlagStatus in the wrong namespace.
    let flag = "<t:Flag><m:FlagStatus>Flagged</m:FlagStatus></t:Flag>";
    ews.recorded = false;
    let id = set_field(&mut ews, &id, "item:Flag", flag);
    ews.recorded = true;
    assert_eq!(get_fields(&mut ews, &id, &["item:Flag"]).text("t:Flag/t:FlagStatus"), Some("Flagged"));
    let flag = "<t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag>";
    let id = set_field(&mut ews, &id, "item:Flag", flag);
    assert_eq!(get_fields(&mut ews, &id, &["item:Flag"]).text("t:Flag/t:FlagStatus"), Some("NotFlagged"));
}
