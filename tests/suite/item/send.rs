//! Sending: CreateItem SendOnly and SendAndSaveCopy, SendItem; local recipients get it in the same moment, others are queued.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{Id, find, folder, get, get_error, list, save, save_simple, shape, subjects};
use crate::support::xml::Node;
use crate::support::{message, ops, race, shared};

crate::tests![
    sends_without_a_copy,
    sends_and_saves_a_copy,
    saves_the_copy_where_told,
    sends_mime,
    hides_blind_copies,
    sends_to_several_and_to_oneself,
    sends_a_draft,
    sends_a_draft_without_a_copy,
    sends_once_whatever_two_workers_do,
    refuses_a_stale_draft,
    refuses_what_cannot_be_sent,
    queues_for_elsewhere,
    delivers_with_attachments,
    keeps_categories_to_the_sender,
];

fn to(addresses: &[&str]) -> String {
    let all: String =
        addresses.iter().map(|a| format!("<t:Mailbox><t:EmailAddress>{a}</t:EmailAddress></t:Mailbox>")).collect();
    format!("<t:ToRecipients>{all}</t:ToRecipients>")
}

fn letter(subject: &str, addresses: &[&str]) -> String {
    format!(
        "<t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">words of {subject}</t:Body>{}</t:Message>",
        to(addresses)
    )
}

fn send_request(disposition: &str, into: &str, items: &str) -> String {
    let into = if into.is_empty() {
        String::new()
    } else {
        format!("<m:SavedItemFolderId>{}</m:SavedItemFolderId>", folder(into))
    };
    format!("<m:CreateItem MessageDisposition=\"{disposition}\">{into}<m:Items>{items}</m:Items></m:CreateItem>")
}

fn send_item_request(id: &str, copy: bool, into: &str) -> String {
    let into = if into.is_empty() {
        String::new()
    } else {
        format!("<m:SavedItemFolderId>{}</m:SavedItemFolderId>", folder(into))
    };
    format!("<m:SendItem SaveItemToFolder=\"{copy}\"><m:ItemIds>{id}</m:ItemIds>{into}</m:SendItem>")
}

/// The one message of this subject in the inbox.
fn received(ews: &mut Ews, subject: &str) -> Node {
    let root = find(ews, "inbox", &shape("IdOnly", &["item:Subject"]), "");
    let found: Vec<Id> =
        root.all("t:Items/*").into_iter().filter(|i| i.text("t:Subject") == Some(subject)).map(Id::of).collect();
    assert_eq!(found.len(), 1, "messages of the subject {subject}");
    get(ews, &found[0], &shape("AllProperties", &["item:Body"]))
}

/// MS-OXWSMSG_R83 MS-OXWSMSG_R203 MS-OXWSMSG_R84 MS-OXWSMSG_R31
fn sends_without_a_copy() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("sent");
    let message = me.one(&send_request("SendOnly", "", &letter(&subject, &[&peer.account.address])));
    assert_eq!(message.want("m:Items").children, [], "no copy, no id");
    let got = received(&mut peer, &subject);
    assert_eq!(got.text("t:From/t:Mailbox/t:EmailAddress"), Some(me.account.address.as_str()));
    assert_eq!(got.text("t:ToRecipients/t:Mailbox/t:EmailAddress"), Some(peer.account.address.as_str()));
    assert_eq!(
        (got.text("t:IsRead"), got.text("t:IsDraft"), got.text("t:IsFromMe")),
        (Some("false"), Some("false"), Some("false"))
    );
    assert_eq!(got.want("t:Body").text.trim(), format!("words of {subject}"));
    assert!(got.text("t:InternetMessageId").is_some_and(|id| id.starts_with('<') && id.ends_with('>')));
    assert!(got.text("t:DateTimeSent").is_some() && got.text("t:DateTimeReceived").is_some());
    for place in ["sentitems", "drafts", "outbox"] {
        assert_eq!(subjects(&mut me, place), Vec::<String>::new(), "{place}");
    }
}

/// MS-OXWSMSG_R85 MS-OXWSMSG_R204 MS-OXWSMSG_R86 MS-OXWSCORE_R1609
fn sends_and_saves_a_copy() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("sent");
    let message = me.one(&send_request("SendAndSaveCopy", "", &letter(&subject, &[&peer.account.address])));
    assert_eq!(message.want("m:Items").children, []);
    received(&mut peer, &subject);
    let copy = list(&mut me, "sentitems").remove(0);
    let copy = get(&mut me, &copy, &shape("AllProperties", &[]));
    assert_eq!(
        (copy.text("t:Subject"), copy.text("t:IsRead"), copy.text("t:IsDraft")),
        (Some(subject.as_str()), Some("true"), Some("false"))
    );
    assert_eq!(copy.text("t:From/t:Mailbox/t:EmailAddress"), Some(me.account.address.as_str()));
}

fn saves_the_copy_where_told() {
    let (mut me, peer) = (shared::mailbox(), shared::mailbox());
    let place = ops::create_folder(&mut me, "inbox", "my copies");
    let subject = message::unique("sent");
    me.one(&send_request("SendAndSaveCopy", &place, &letter(&subject, &[&peer.account.address])));
    assert_eq!(subjects(&mut me, &place), [subject]);
    assert_eq!(subjects(&mut me, "sentitems"), Vec::<String>::new());
}

/// Thunderbird, Evolution and DavMail send MIME; Thunderbird names the recipients beside it.
fn sends_mime() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("mime");
    let mime = format!(
        "From: {}\r\nTo: {}\r\nSubject: {subject}\r\nMessage-ID: <{}@client.test>\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nWörter\r\n",
        me.account.address,
        peer.account.address,
        subject.replace(' ', ".")
    );
    let item = format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(&mime));
    me.one(&send_request("SendAndSaveCopy", "sentitems", &item));
    let got = received(&mut peer, &subject);
    assert_eq!(got.text("t:InternetMessageId"), Some(format!("<{}@client.test>", subject.replace(' ', ".")).as_str()));
    assert_eq!(got.want("t:Body").text.trim(), "Wörter");
    assert_eq!(subjects(&mut me, "sentitems"), [subject]);
}

/// The MIME's Bcc line and the BccRecipients element reach the blind recipient, and nobody sees them.
fn hides_blind_copies() {
    let (mut me, mut open, mut blind) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let subject = message::unique("blind");
    let item = letter(&subject, &[&open.account.address]).replace(
        "</t:Message>",
        &format!(
            "<t:BccRecipients><t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox></t:BccRecipients></t:Message>",
            blind.account.address
        ),
    );
    me.one(&send_request("SendAndSaveCopy", "", &item));
    let mime_subject = message::unique("blind mime");
    let mime = format!(
        "From: {}\r\nTo: {}\r\nBcc: {}\r\nSubject: {mime_subject}\r\n\r\nwords\r\n",
        me.account.address, open.account.address, blind.account.address
    );
    let item = format!("<t:Message><t:MimeContent>{}</t:MimeContent></t:Message>", STANDARD.encode(&mime));
    me.one(&send_request("SendOnly", "", &item));
    let address = blind.account.address.clone();
    for subject in [&subject, &mime_subject] {
        for ews in [&mut open, &mut blind] {
            let got = received(ews, subject);
            assert_eq!(got.get("t:BccRecipients"), None, "{got:#?}");
            let id = Id::of(&got);
            let item =
                get(ews, &id, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
            let mime = String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap();
            let visible: String = mime
                .lines()
                .filter(|l| {
                    !l.to_ascii_lowercase().contains("for <") && !l.to_ascii_lowercase().starts_with("delivered-to")
                })
                .collect();
            assert!(!visible.contains(&address), "{mime}");
        }
    }
    let copy = list(&mut me, "sentitems").remove(0);
    let copy = get(&mut me, &copy, &shape("AllProperties", &["message:BccRecipients"]));
    assert_eq!(copy.text("t:BccRecipients/t:Mailbox/t:EmailAddress"), Some(address.as_str()), "the sender still knows");
}

fn sends_to_several_and_to_oneself() {
    let (mut me, mut one, mut two) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let subject = message::unique("several");
    let own = me.account.address.clone();
    let addresses =
        [one.account.address.to_uppercase(), two.account.address.clone(), own.clone(), two.account.address.clone()];
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    me.one(&send_request("SendAndSaveCopy", "", &letter(&subject, &addresses)));
    received(&mut one, &subject);
    received(&mut two, &subject);
    let got = received(&mut me, &subject);
    assert_eq!(got.text("t:IsFromMe"), Some("true"), "MS-OXWSCORE_R85");
}

/// MS-OXWSMSG_R81 MS-OXWSMSG_R177 MS-OXWSMSG_R178 MS-OXWSMSG_R179
fn sends_a_draft() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("draft");
    let id = save(&mut me, "drafts", &letter(&subject, &[&peer.account.address]));
    me.one(&send_item_request(&id.xml(), true, "sentitems"));
    received(&mut peer, &subject);
    assert_eq!(subjects(&mut me, "drafts"), Vec::<String>::new());
    assert_eq!(subjects(&mut me, "sentitems"), [subject]);
    assert_eq!(get_error(&mut me, &id), "ErrorItemNotFound");
    let again = me.error(&send_item_request(&id.xml(), true, ""));
    assert_eq!(again, "ErrorItemNotFound", "it cannot be sent twice");
}

fn sends_a_draft_without_a_copy() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("draft");
    let id = save(&mut me, "drafts", &letter(&subject, &[&peer.account.address]));
    me.one(&send_item_request(&id.xml(), false, ""));
    received(&mut peer, &subject);
    for place in ["drafts", "sentitems"] {
        assert_eq!(subjects(&mut me, place), Vec::<String>::new(), "{place}");
    }
}

/// Both have read the draft before either can write.
fn sends_once_whatever_two_workers_do() {
    let server = Demo::start(Options::default());
    let [mut me, mut peer] = [0, 1].map(|at| Ews::connect(&server, &server.accounts[at]));
    let id = save(&mut me, "drafts", &letter("once", &[&peer.account.address]));
    let codes = race::twice(&server, &me, &send_item_request(&id.xml(), false, ""));
    assert_eq!(codes, ["ErrorItemNotFound", "NoError"]);
    received(&mut peer, "once");
}

fn refuses_a_stale_draft() {
    let (mut me, peer) = (shared::mailbox(), shared::mailbox());
    let stale = save(&mut me, "drafts", &letter("stale", &[&peer.account.address]));
    let fresh = ops::set_field(&mut me, &stale, "item:Subject", "<t:Subject>fresh</t:Subject>");
    assert_eq!(me.error(&send_item_request(&stale.xml(), true, "")), "ErrorStaleObject");
    assert_eq!(me.error(&send_item_request(&stale.bare(), true, "")), "ErrorChangeKeyRequiredForWriteOperations");
    me.one(&send_item_request(&fresh.xml(), true, ""));
}

fn refuses_what_cannot_be_sent() {
    let mut me = shared::mailbox();
    let nobody = save_simple(&mut me, "drafts", "nobody");
    assert_eq!(me.error(&send_item_request(&nobody.xml(), true, "")), "ErrorMissingRecipients");
    assert_eq!(
        me.error(&send_request("SendOnly", "", "<t:Message><t:Subject>nobody</t:Subject></t:Message>")),
        "ErrorMissingRecipients"
    );
    let contact = save(&mut me, "contacts", "<t:Contact><t:Subject>somebody</t:Subject></t:Contact>");
    assert_eq!(me.error(&send_item_request(&contact.xml(), true, "")), "ErrorInvalidItemForOperationSendItem");
    assert_eq!(me.error(&send_item_request(&nobody.xml(), false, "sentitems")), "ErrorInvalidSendItemSaveSettings");
    let invalid = me.error(&send_request("SendOnly", "", &letter("invalid", &["no address at all"])));
    assert_eq!(invalid, "ErrorInvalidRecipients");
    assert_eq!(subjects(&mut me, "sentitems"), Vec::<String>::new());
    assert_eq!(subjects(&mut me, "drafts"), ["nobody"], "what could not be sent is kept");
}

fn queues_for_elsewhere() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("mixed");
    me.one(&send_request("SendAndSaveCopy", "", &letter(&subject, &[&peer.account.address, "far@elsewhere.test"])));
    received(&mut peer, &subject);
    assert_eq!(subjects(&mut me, "sentitems"), [subject]);
    // Who is nobody here is told at once: no report of a failed delivery has to come back.
    let unknown = letter("unknown", &[&peer.account.address, "nobody.here@example.test"]);
    assert_eq!(me.error(&send_request("SendAndSaveCopy", "", &unknown)), "ErrorInvalidRecipients");
    assert_eq!(subjects(&mut me, "sentitems").len(), 1, "all or nothing");
    assert_eq!(subjects(&mut peer, "inbox").len(), 1);
}

fn delivers_with_attachments() {
    let (mut me, mut peer) = (shared::mailbox(), shared::mailbox());
    let subject = message::unique("files");
    let content = STANDARD.encode((0..=255u8).collect::<Vec<_>>());
    let item = letter(&subject, &[&peer.account.address]).replace(
        "<t:ToRecipients>",
        &format!("<t:Attachments><t:FileAttachment><t:Name>dätei.bin</t:Name><t:Content>{content}</t:Content></t:FileAttachment></t:Attachments><t:ToRecipients>"),
    );
    me.one(&send_request("SendAndSaveCopy", "", &item));
    let got = received(&mut peer, &subject);
    assert_eq!(got.text("t:HasAttachments"), Some("true"));
    let file = got.want("t:Attachments/t:FileAttachment");
    assert_eq!(file.text("t:Name"), Some("dätei.bin"));
    let id = file.want("t:AttachmentId").attribute("Id").unwrap();
    let message = peer.one(&format!(
        "<m:GetAttachment><m:AttachmentIds><t:AttachmentId Id=\"{id}\"/></m:AttachmentIds></m:GetAttachment>"
    ));
    assert_eq!(message.text("m:Attachments/t:FileAttachment/t:Content"), Some(content.as_str()));
}

/// Categories are everybody's own (Exchange clears them as mail comes in); what the sender keeps has them.
fn keeps_categories_to_the_sender() {
    let (mut ann, mut bob) = (shared::mailbox(), shared::mailbox());
    let marks = "<t:Categories><t:String>Own</t:String></t:Categories><t:Importance>High</t:Importance>";
    let item =
        letter("marked", &[&bob.account.address]).replace("<t:ToRecipients>", &format!("{marks}<t:ToRecipients>"));
    ann.ok(&send_request("SendAndSaveCopy", "sentitems", &item));
    let kept = list(&mut ann, "sentitems").remove(0);
    assert_eq!(
        get(&mut ann, &kept, &shape("Default", &["item:Categories"])).text("t:Categories/t:String"),
        Some("Own")
    );
    let got = received(&mut bob, "marked");
    assert_eq!(got.text("t:Importance"), Some("High"));
    assert!(got.find("t:Categories").is_none(), "{got:#?}");
}
