//! The item operations on a real database: from the request's XML to the answer's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::op::testing::{ALICE, BOB, World, between, create, get, id_of};

fn set(uri: &str, element: &str) -> String {
    format!("<t:SetItemField><t:FieldURI FieldURI=\"{uri}\"/><t:Message>{element}</t:Message></t:SetItemField>")
}

fn letter(subject: &str, to: &str) -> String {
    format!(
        "<t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">words</t:Body><t:ToRecipients><t:Mailbox>\
         <t:EmailAddress>{to}</t:EmailAddress></t:Mailbox></t:ToRecipients></t:Message>"
    )
}

fn whole(octets: &str, more: &str) -> String {
    format!("<t:Message><t:MimeContent>{}</t:MimeContent>{more}</t:Message>", STANDARD.encode(octets))
}

const OCTETS: &str = "From: alice@example.test\r\nTo: bob@example.test\r\nBcc: carol@elsewhere.test\r\nSubject: given\r\n\
    Message-ID: <given@client>\r\nDate: Sun, 22 Nov 2026 00:30:42 +0000\r\nX-Signed: yes\r\n\r\nBody\r\n";

/// From as it is given, and as it is written for what leaves.
const AUTHOR: (&str, &str) = ("From: alice@example.test\r\n", "From: <alice@example.test>\r\n");

#[test]
fn a_message_given_whole_is_kept_and_sent_as_it_is() {
    let mut world = World::new();
    let more = "<t:IsDeliveryReceiptRequested>false</t:IsDeliveryReceiptRequested>\
                <t:InternetMessageId>given@client</t:InternetMessageId>";
    let id = world.save(ALICE, &whole(OCTETS, more));
    assert_eq!(world.mime(ALICE, &id), OCTETS, "what the fields say is what it says");
    world.create(ALICE, "SendOnly", &whole(OCTETS, more));
    let got = world.list(BOB, "inbox").pop().unwrap();
    let mime = world.mime(BOB, &got);
    let leaves = OCTETS.replace("Bcc: carol@elsewhere.test\r\n", "").replace(AUTHOR.0, AUTHOR.1);
    assert!(mime.ends_with(&leaves), "{mime}");
}

/// As Evolution sends: what the message says already, and hidden recipients beside it.
#[test]
fn what_clients_repeat_of_a_message_leaves_it_as_it_is() {
    let mut world = World::new();
    let named =
        OCTETS.replace("To: bob@", "To: \"Bob B.\" <bob@").replace("test\r\nBcc: carol@elsewhere.test", "test>");
    let people = |list: &str, address: &str| {
        format!("<t:{list}><t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox></t:{list}>")
    };
    let more = [
        "<t:Importance>Normal</t:Importance>".to_owned(),
        people("ToRecipients", "bob@example.test"),
        people("BccRecipients", "alice@example.test"),
        people("From", "alice@example.test"),
    ]
    .concat();
    world.create(ALICE, "SendOnly", &whole(&named, &more));
    let got = world.list(BOB, "inbox").pop().unwrap();
    let mime = world.mime(BOB, &got);
    assert!(mime.ends_with(&named.replace(AUTHOR.0, AUTHOR.1)), "{mime}");
    assert!(world.get(BOB, &got, &["item:DisplayTo"]).contains("Bob B."));
    assert_eq!(world.list(ALICE, "inbox").len(), 1, "the hidden one has it, too");
}

#[test]
fn read_state_and_icons_are_as_clients_say() {
    let mut world = World::new();
    let flags = "<t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"3591\" PropertyType=\"Integer\"/><t:Value>1</t:Value>\
                 </t:ExtendedProperty><t:IsRead>false</t:IsRead>";
    let id = world.save(ALICE, &whole(OCTETS, flags));
    let item = world.get(ALICE, &id, &["message:IsRead", "item:IsDraft"]);
    assert!(item.contains("<t:IsRead>false<") && item.contains("<t:IsDraft>false<"), "{item}");
    let path = "<t:ExtendedFieldURI PropertyTag=\"0x1080\" PropertyType=\"Integer\"/>";
    let icon = format!(
        "<t:SetItemField>{path}<t:Message><t:ExtendedProperty>{path}<t:Value>263</t:Value></t:ExtendedProperty></t:Message>\
         </t:SetItemField>"
    );
    let id = id_of(&world.update(ALICE, &id, "AlwaysOverwrite", &icon));
    assert!(world.good(ALICE, &get(&id, path)).contains("<t:Value>263<"));
}

#[test]
fn fields_over_mime_make_it_anew() {
    let mut world = World::new();
    let id = world.save(ALICE, &whole(OCTETS, "<t:Subject>changed</t:Subject>"));
    let mime = world.mime(ALICE, &id);
    assert!(mime.contains("Subject: changed\r\n") && mime.contains("X-Signed: yes\r\n"), "{mime}");
    assert!(mime.contains("Bcc:"), "a draft shows its owner everybody: {mime}");
}

#[test]
fn a_message_is_replaced_whole() {
    let mut world = World::new();
    let id = world.save(
        ALICE,
        "<t:Message><t:Subject>old</t:Subject><t:Categories><t:String>kept</t:String></t:Categories><t:Attachments>\
         <t:FileAttachment><t:Name>old.txt</t:Name><t:Content>YQ==</t:Content></t:FileAttachment></t:Attachments></t:Message>",
    );
    let mime = format!("<t:MimeContent>{}</t:MimeContent>", STANDARD.encode(OCTETS));
    let answer = world.update(ALICE, &id, "AlwaysOverwrite", &set("item:MimeContent", &mime));
    let id = id_of(&answer);
    assert_eq!(world.mime(ALICE, &id), OCTETS);
    let item =
        world.get(ALICE, &id, &["item:Subject", "item:Categories", "item:Attachments", "item:DisplayTo", "item:Body"]);
    for part in ["<t:Subject>given<", "kept", "<t:DisplayTo>bob@example.test<", "Body&#xD;"] {
        assert!(item.contains(part), "{part}: {item}");
    }
    assert!(!item.contains("old.txt"), "{item}");
}

#[test]
fn replies_and_forwards_stay_in_the_conversation() {
    let mut world = World::new();
    world.create(ALICE, "SendOnly", &letter("Lunch", "bob@example.test"));
    let got = world.list(BOB, "inbox").pop().unwrap();
    let reference = got.replace("t:ItemId", "t:ReferenceItemId");
    let reply =
        format!("<t:ReplyToItem>{reference}<t:NewBodyContent BodyType=\"HTML\">Yes</t:NewBodyContent></t:ReplyToItem>");
    world.create(BOB, "SendAndSaveCopy", &reply);
    let answer = world.list(ALICE, "inbox").pop().unwrap();
    let fields = ["item:Subject", "item:InReplyTo", "item:Body", "item:UniqueBody"];
    let item = world.get(ALICE, &answer, &fields);
    assert!(item.contains("<t:Subject>RE: Lunch<") && item.contains("<t:InReplyTo>&lt;"), "{item}");
    assert!(item.contains("words") && !between(&item, "<t:UniqueBody", "</t:UniqueBody").contains("words"), "{item}");
    let verb = "<t:ExtendedFieldURI PropertyTag=\"0x1081\" PropertyType=\"Integer\"/>";
    assert!(world.good(BOB, &get(&got, verb)).contains("<t:Value>102<"));
    let to =
        "<t:ToRecipients><t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox></t:ToRecipients>";
    let forward = world.save(BOB, &format!("<t:ForwardItem>{to}{reference}</t:ForwardItem>"));
    let item = world.get(BOB, &forward, &["item:Subject", "item:IsDraft"]);
    assert!(item.contains("<t:Subject>FW: Lunch<") && item.contains("<t:IsDraft>true<"), "{item}");
    let none = "<t:ReplyToItem><t:NewBodyContent BodyType=\"Text\">Yes</t:NewBodyContent></t:ReplyToItem>";
    assert_eq!(world.bad(BOB, &create("SaveOnly", none)), "ErrorMissingInformationReferenceItemId");
}

#[test]
fn stale_updates_merge_unless_they_meet() {
    let mut world = World::new();
    let first = world.save(ALICE, &letter("one", "bob@example.test"));
    let subject = |text: &str| set("item:Subject", &format!("<t:Subject>{text}</t:Subject>"));
    world.update(ALICE, &first, "AutoResolve", &subject("two"));
    let importance = set("item:Importance", "<t:Importance>High</t:Importance>");
    let merged = world.update(ALICE, &first, "AutoResolve", &importance);
    assert!(merged.contains("NoError"), "{merged}");
    let met = world.update(ALICE, &first, "AutoResolve", &subject("three"));
    assert!(met.contains("ErrorIrresolvableConflict"), "{met}");
    let never = world.update(ALICE, &first, "NeverOverwrite", &importance);
    assert!(never.contains("ErrorIrresolvableConflict"), "{never}");
    let read = world.update(ALICE, &first, "AutoResolve", &set("message:IsRead", "<t:IsRead>false</t:IsRead>"));
    assert!(read.contains("NoError"), "{read}");
    let item = world.get(ALICE, &first, &["item:Subject", "item:Importance"]);
    assert!(item.contains(">two<") && item.contains(">High<"), "{item}");
}

#[test]
fn what_cannot_be_sent_leaves_nothing_behind() {
    let mut world = World::new();
    for (to, code) in [
        ("nobody@example.test", "ErrorInvalidRecipients"),
        ("no address", "ErrorInvalidRecipients"),
        ("alice", "NoError"),
    ] {
        let item = letter("x", to).replace("EmailAddress>", if code == "NoError" { "Name>" } else { "EmailAddress>" });
        let answer = world.call(BOB, &create("SendAndSaveCopy", &item));
        assert_eq!(between(&answer, "<m:ResponseCode>", "<"), code, "{to}");
    }
    assert_eq!(
        world.bad(BOB, &create("SendOnly", "<t:Message><t:Subject>x</t:Subject></t:Message>")),
        "ErrorMissingRecipients"
    );
    let forged = letter("x", "alice@example.test").replace(
        "</t:Message>",
        "<t:From><t:Mailbox><t:EmailAddress>alice@example.test</t:EmailAddress></t:Mailbox></t:From></t:Message>",
    );
    assert_eq!(world.bad(BOB, &create("SendOnly", &forged)), "ErrorSendAsDenied");
    assert_eq!((world.list(BOB, "sentitems").len(), world.list(ALICE, "inbox").len()), (1, 1));
    assert_eq!(world.store.outbox_figures().unwrap().queued, 0);
}

#[test]
fn a_full_mailbox_gets_its_mail_from_the_queue() {
    let mut world = World::new();
    world.store.set_quota(world.accounts[ALICE].account, Some(10)).unwrap();
    world.create(BOB, "SendAndSaveCopy", &letter("late", "alice@example.test"));
    assert!(world.list(ALICE, "inbox").is_empty());
    assert_eq!(world.store.outbox_figures().unwrap().queued, 1);
    world.create(BOB, "SendOnly", &letter("far", "somebody@elsewhere.test"));
    assert_eq!(world.store.outbox_figures().unwrap().queued, 2);
}

#[test]
fn attached_messages_are_items() {
    let mut world = World::new();
    let inner = "<t:ItemAttachment><t:Name>inner</t:Name><t:Message><t:Subject>within</t:Subject>\
                 <t:Body BodyType=\"HTML\">&lt;b&gt;hi&lt;/b&gt;</t:Body></t:Message></t:ItemAttachment>";
    let item = letter("outer", "bob@example.test")
        .replace("<t:ToRecipients>", &format!("<t:Attachments>{inner}</t:Attachments><t:ToRecipients>"));
    world.create(ALICE, "SendOnly", &item);
    let got = world.list(BOB, "inbox").pop().unwrap();
    let listed = world.get(BOB, &got, &["item:Attachments"]);
    assert!(listed.contains("<t:ItemAttachment>"), "{listed}");
    let id = between(&listed, "<t:AttachmentId Id=\"", "\"");
    let attachment = world.good(
        BOB,
        &format!("<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>"),
    );
    assert!(attachment.contains("<t:Subject>within<") && attachment.contains("BodyType=\"HTML\""), "{attachment}");
    assert!(!attachment.contains("<t:ItemId"), "{attachment}");
}

#[test]
fn other_kinds_are_shown_whole_in_mail_folders() {
    let mut world = World::new();
    let contact = "<m:CreateItem><m:Items><t:Contact><t:GivenName>Jana</t:GivenName><t:Surname>Nov</t:Surname></t:Contact>\
                   </m:Items></m:CreateItem>";
    let id = id_of(&world.good(ALICE, contact));
    world.good(
        ALICE,
        &format!("<m:DeleteItem DeleteType=\"MoveToDeletedItems\"><m:ItemIds>{id}</m:ItemIds></m:DeleteItem>"),
    );
    world.save(ALICE, &letter("mail", "bob@example.test"));
    let found = world.good(
        ALICE,
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape><t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ParentFolderIds>\
         <t:DistinguishedFolderId Id=\"deleteditems\"/></m:ParentFolderIds></m:FindItem>",
    );
    assert!(found.contains("<t:Contact>") && found.contains("<t:FileAs>Nov, Jana<"), "{found}");
}
