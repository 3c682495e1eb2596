//! Subscriptions to folders of another's mailbox: whoever may read them may watch them, and only for as long as that is so.

use crate::support::ews::Ews;
use crate::support::ops::{
    self, ALL_EVENTS, Subscription, create_folder, delete, events_of, events_request, folder_id, poll, save_simple,
    set_field, subscribe, subscribe_request, transfer,
};
use crate::support::sharing::{give, lend, named};
use crate::support::stream::{self, Document, Stream};
use crate::support::{lmtp, message, shared, wait};

crate::tests![
    tells_of_a_lent_folder_and_of_no_other,
    wakes_who_is_held_over_a_lent_folder,
    ends_when_the_right_to_read_is_taken_away,
    goes_on_with_the_folders_that_are_left,
    streams_of_a_lent_folder_end_with_the_right,
    refuses_what_is_not_lent,
];

/// An owner with two folders below the Inbox, of which the reader may read the first.
struct Stage {
    owner: Ews,
    reader: Ews,
    lent: String,
    kept: String,
}

impl Stage {
    fn new() -> Stage {
        let (mut owner, reader) = (shared::mailbox(), shared::mailbox());
        let (lent, kept) = (create_folder(&mut owner, "inbox", "lent"), create_folder(&mut owner, "inbox", "kept"));
        lend(&mut owner, &lent, &reader.account.address, "Reviewer");
        Stage { owner, reader, lent, kept }
    }

    fn watch(&mut self) -> Subscription {
        subscribe(&mut self.reader, &[&self.lent], ALL_EVENTS)
    }
}

/// The codes of a GetEvents that does not wait.
fn refused(reader: &mut Ews, subscription: &Subscription) -> String {
    let answer = reader.call_with(&events_request(subscription), &["Prefer: wait=0"]);
    answer.codes()[0].to_owned()
}

/// What moves in was created for the reader, what moves out deleted: the other folder is not named.
fn tells_of_a_lent_folder_and_of_no_other() {
    let mut stage = Stage::new();
    let mut subscription = stage.watch();
    let item = save_simple(&mut stage.owner, &stage.lent, "seen");
    let told = poll(&mut stage.reader, &mut subscription);
    assert_eq!(told.kinds(), ["Created", "Modified folder"]);
    assert_eq!(told.events[0].1.want("t:ItemId").attribute("Id"), Some(item.id.as_str()));
    ops::get_fields(&mut stage.reader, &item, &["item:Subject"]);

    save_simple(&mut stage.owner, &stage.kept, "unseen");
    save_simple(&mut stage.owner, "inbox", "unseen");
    assert_eq!(poll(&mut stage.reader, &mut subscription).kinds(), ["Status"]);

    let away = transfer(&mut stage.owner, "MoveItem", &item, &stage.kept);
    let told = poll(&mut stage.reader, &mut subscription);
    assert_eq!(told.kinds(), ["Deleted", "Modified folder"]);
    assert_eq!(told.events[0].1.want("t:ItemId").attribute("Id"), Some(item.id.as_str()));
    let back = transfer(&mut stage.owner, "MoveItem", &away, &stage.lent);
    let copy = transfer(&mut stage.owner, "CopyItem", &back, &stage.kept);
    transfer(&mut stage.owner, "CopyItem", &copy, &stage.lent);
    let told = ops::drain(&mut stage.reader, &mut subscription);
    let text = format!("{told:?}");
    assert!(told.iter().filter(|(kind, _)| kind == "CreatedEvent").count() >= 2, "{text}");
    assert!(!text.contains(&stage.kept), "the other folder is not named: {text}");
    assert!(!text.contains("OldItemId"), "{text}");
}

fn wakes_who_is_held_over_a_lent_folder() {
    let (mut owner, mut reader) = (shared::mailbox(), shared::mailbox());
    lend(&mut owner, "inbox", &reader.account.address, "Reviewer");
    let inbox = named(&owner.account.address, "inbox");
    let request =
        subscribe_request(&["inbox"], &["NewMailEvent"], 5).replace("<t:DistinguishedFolderId Id=\"inbox\"/>", &inbox);
    let message = reader.one(&request);
    let subscription = Subscription {
        id: message.want("m:SubscriptionId").text.clone(),
        watermark: message.want("m:Watermark").text.clone(),
    };
    reader.send(&events_request(&subscription), &["Prefer: wait=120"]);
    lmtp::deliver(shared::server().lmtp(), &reader.account.address, &message::plain("one's own", "x"));
    lmtp::deliver(shared::server().lmtp(), &owner.account.address, &message::plain("for both", "x"));
    let events = events_of(&reader.receive());
    assert_eq!(events.kinds(), ["NewMail"]);
    assert_eq!(
        events.events[0].1.want("t:ParentFolderId").attribute("Id"),
        Some(folder_id(&mut owner, "inbox").as_str())
    );
}

/// The loss of the right itself wakes who is held.
fn ends_when_the_right_to_read_is_taken_away() {
    let mut stage = Stage::new();
    let mut subscription = stage.watch();
    assert_eq!(poll(&mut stage.reader, &mut subscription).kinds(), ["Status"]);
    stage.reader.send(&events_request(&subscription), &["Prefer: wait=120"]);
    give(&mut stage.owner, &stage.lent, "");
    assert_eq!(stage.reader.receive().codes(), ["ErrorAccessDenied"]);
    save_simple(&mut stage.owner, &stage.lent, "secret");
    assert_eq!(refused(&mut stage.reader, &subscription), "ErrorAccessDenied");
    // It is the same subscription, should the owner think better of it.
    lend(&mut stage.owner, &stage.lent, &stage.reader.account.address, "Reviewer");
    assert_eq!(refused(&mut stage.reader, &subscription), "NoError");
    let request = format!("<m:Unsubscribe><m:SubscriptionId>{}</m:SubscriptionId></m:Unsubscribe>", subscription.id);
    stage.reader.one(&request);
    assert_eq!(refused(&mut stage.reader, &subscription), "ErrorSubscriptionNotFound");
}

fn goes_on_with_the_folders_that_are_left() {
    let mut stage = Stage::new();
    lend(&mut stage.owner, &stage.kept, &stage.reader.account.address, "Reviewer");
    let mut subscription = subscribe(&mut stage.reader, &[&stage.lent, &stage.kept], &["CreatedEvent"]);
    give(&mut stage.owner, &stage.kept, "");
    save_simple(&mut stage.owner, &stage.kept, "unseen");
    assert_eq!(poll(&mut stage.reader, &mut subscription).kinds(), ["Status"]);
    save_simple(&mut stage.owner, &stage.lent, "seen");
    assert_eq!(poll(&mut stage.reader, &mut subscription).kinds(), ["Created"]);
    // A folder that is gone is left out as well.
    stage.owner.ok(&format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
        ops::folder(&stage.kept)
    ));
    let item = save_simple(&mut stage.owner, &stage.lent, "seen, too");
    assert_eq!(poll(&mut stage.reader, &mut subscription).kinds(), ["Created"]);
    delete(&mut stage.owner, "HardDelete", &item);
}

fn streams_of_a_lent_folder_end_with_the_right() {
    let mut stage = Stage::new();
    let theirs = stream::subscribe(&mut stage.reader, &[&stage.lent], &["CreatedEvent", "ModifiedEvent"]);
    let own = stream::subscribe(&mut stage.reader, &["inbox"], &["CreatedEvent"]);
    let mut stream = Stream::open(&stage.reader, &[&theirs, &own], 5);
    let item = save_simple(&mut stage.owner, &stage.lent, "one");
    assert_eq!(stream.kinds(), ["Created", "Modified folder"]);
    set_field(&mut stage.owner, &item, "item:Subject", "<t:Subject>two</t:Subject>");
    assert_eq!(stream.kinds(), ["Modified"]);
    give(&mut stage.owner, &stage.lent, "");
    assert_eq!(stream.news(), Document::Error("ErrorAccessDenied".to_owned(), vec![theirs.clone()]));
    save_simple(&mut stage.owner, &stage.lent, "secret");
    save_simple(&mut stage.reader, "inbox", "one's own");
    match stream.news() {
        Document::Events(of, events) => {
            assert_eq!(of, own, "the other subscription lives on");
            assert_eq!(events.len(), 1);
        }
        other => panic!("{other:?}"),
    }
    drop(stream);
    wait::true_within("it is told at once when opened anew", wait::LONG, || {
        Stream::open(&stage.reader, &[&theirs], 5).news()
            == Document::Error("ErrorAccessDenied".into(), vec![theirs.clone()])
    });
}

fn refuses_what_is_not_lent() {
    let mut stage = Stage::new();
    let mut error = |folders: &[&str]| stage.reader.error(&subscribe_request(folders, ALL_EVENTS, 5));
    assert_eq!(error(&[&stage.kept]), "ErrorAccessDenied");
    assert_eq!(error(&[&stage.lent, &stage.kept]), "ErrorAccessDenied");
    assert_eq!(error(&[&stage.lent, "inbox"]), "ErrorInvalidSubscriptionRequest", "of two mailboxes");
    // To see that a folder is there is not to read it.
    lend(&mut stage.owner, &stage.kept, &stage.reader.account.address, "Contributor");
    assert_eq!(stage.reader.error(&subscribe_request(&[&stage.kept], ALL_EVENTS, 5)), "ErrorAccessDenied");
    // Watermarks of another mailbox are places elsewhere.
    let own = subscribe(&mut stage.reader, &["inbox"], ALL_EVENTS);
    let theirs = stage.watch();
    let mixed = Subscription { id: theirs.id, watermark: own.watermark };
    assert_eq!(refused(&mut stage.reader, &mixed), "ErrorInvalidWatermark");
}
