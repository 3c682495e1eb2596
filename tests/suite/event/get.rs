//! Subscribe (pull), GetEvents, Unsubscribe: which events come, in which order, and what is refused. What waits is in `hold`.

use crate::support::ews::{Ews, code};
use crate::support::ops::{
    ALL_EVENTS, Events, Id, Subscription, create_folder, delete, drain, events_of, events_request, folder_id, poll,
    save_simple, set_field, set_read, subscribe, subscribe_request, transfer,
};
use crate::support::xml::Node;
use crate::support::{lmtp, message, ops, shared};

crate::tests![
    begins_with_one_status_event,
    tells_of_new_mail,
    tells_of_what_is_created_and_changed,
    tells_of_a_move,
    tells_of_a_copy,
    tells_of_deletions,
    tells_of_folders,
    tells_of_a_renamed_folder,
    tells_where_a_folder_was_that_has_gone,
    tells_only_what_was_asked,
    tells_only_of_the_folders_asked,
    tells_of_all_folders,
    hands_out_fifty_at_most,
    reads_a_long_journal_in_steps_and_once,
    replays_from_an_earlier_watermark,
    takes_a_watermark_when_subscribing,
    names_items_as_they_can_be_read,
    keeps_subscriptions_apart,
    ends_with_unsubscribe,
    refuses_wrong_subscriptions,
    refuses_a_watermark_of_what_is_still_to_come,
    belongs_to_its_creator,
];

fn kinds(ews: &mut Ews, subscription: &mut Subscription) -> Vec<String> {
    let events = drain(ews, subscription);
    names(&events)
}

fn names(events: &[(String, Node)]) -> Vec<String> {
    Events { previous: String::new(), more: false, events: events.to_vec() }.kinds()
}

fn item_id(event: &Node) -> Option<&str> {
    event.get("t:ItemId").and_then(|i| i.attribute("Id"))
}

/// exchangelib expects exactly one from the first GetEvents.
fn begins_with_one_status_event() {
    let mut ews = shared::mailbox();
    let mut subscription = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let asked = subscription.watermark.clone();
    let first = poll(&mut ews, &mut subscription);
    assert_eq!(first.kinds(), ["Status"]);
    assert_eq!(first.previous, asked);
    assert!(!first.more);
    let second = poll(&mut ews, &mut subscription);
    assert_eq!(second.kinds(), ["Status"]);
}

/// New mail makes Created and NewMail for the item and Modified, with the unread count, for the folder.
fn tells_of_new_mail() {
    let mut ews = shared::mailbox();
    let mut subscription = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("news", "x"));
    let events = drain(&mut ews, &mut subscription);
    let mut found = names(&events);
    found.sort();
    assert_eq!(found, ["Created", "Modified folder", "NewMail"]);
    let inbox = folder_id(&mut ews, "inbox");
    let position = |kind: &str| events.iter().position(|(k, _)| k == kind).unwrap();
    assert!(position("CreatedEvent") < position("ModifiedEvent"));
    let (created, mail) = (&events[position("CreatedEvent")].1, &events[position("NewMailEvent")].1);
    assert_eq!(item_id(created), item_id(mail));
    assert_eq!(created.want("t:ParentFolderId").attribute("Id"), Some(inbox.as_str()));
    let modified = &events[position("ModifiedEvent")].1;
    assert_eq!(modified.want("t:FolderId").attribute("Id"), Some(inbox.as_str()));
    assert_eq!(modified.text("t:UnreadCount"), Some("1"));
    for (_, event) in &events {
        let stamp = event.want("t:TimeStamp").text.clone();
        assert!(stamp.ends_with('Z') && !stamp.contains('.'), "{stamp}");
        assert!(!event.want("t:Watermark").text.is_empty());
    }
}

fn tells_of_what_is_created_and_changed() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "events");
    let mut subscription = subscribe(&mut ews, &[&which], ALL_EVENTS);
    let id = save_simple(&mut ews, &which, "new");
    let mut found = kinds(&mut ews, &mut subscription);
    found.sort();
    assert_eq!(found, ["Created", "Modified folder"]);
    set_field(&mut ews, &id, "item:Subject", "<t:Subject>changed</t:Subject>");
    let events = drain(&mut ews, &mut subscription);
    let found = names(&events);
    assert!(found.contains(&"Modified".to_owned()) && found.iter().all(|k| k.starts_with("Modified")), "{found:?}");
    let modified = events.iter().find(|(_, e)| e.get("t:ItemId").is_some()).unwrap();
    assert_eq!(item_id(&modified.1), Some(id.id.as_str()));
    set_read(&mut ews, &id, false);
    set_read(&mut ews, &id, true);
    assert!(kinds(&mut ews, &mut subscription).contains(&"Modified".to_owned()));
}

/// Moved carries the old ids; both parents are Modified.
fn tells_of_a_move() {
    let mut ews = shared::mailbox();
    let (from, to) = (create_folder(&mut ews, "inbox", "from"), create_folder(&mut ews, "inbox", "to"));
    let old = save_simple(&mut ews, &from, "moving");
    let mut subscription = subscribe(&mut ews, &[&from, &to], ALL_EVENTS);
    let new = transfer(&mut ews, "MoveItem", &old, &to);
    let events = drain(&mut ews, &mut subscription);
    let mut found = names(&events);
    found.sort();
    assert_eq!(found, ["Modified folder", "Modified folder", "Moved"]);
    let moved = &events.iter().find(|(kind, _)| kind == "MovedEvent").unwrap().1;
    assert_eq!(item_id(moved), Some(new.id.as_str()));
    assert_eq!(moved.want("t:ParentFolderId").attribute("Id"), Some(to.as_str()));
    assert_eq!(moved.want("t:OldItemId").attribute("Id"), Some(old.id.as_str()));
    assert_eq!(moved.want("t:OldParentFolderId").attribute("Id"), Some(from.as_str()));
}

fn tells_of_a_copy() {
    let mut ews = shared::mailbox();
    let (from, to) = (create_folder(&mut ews, "inbox", "from"), create_folder(&mut ews, "inbox", "to"));
    let old = save_simple(&mut ews, &from, "copied");
    let mut subscription = subscribe(&mut ews, &[&to], ALL_EVENTS);
    let new = transfer(&mut ews, "CopyItem", &old, &to);
    let events = drain(&mut ews, &mut subscription);
    let mut found = names(&events);
    found.sort();
    assert_eq!(found, ["Copied", "Modified folder"]);
    let copied = &events.iter().find(|(kind, _)| kind == "CopiedEvent").unwrap().1;
    assert_eq!(item_id(copied), Some(new.id.as_str()));
    assert_eq!(copied.want("t:OldItemId").attribute("Id"), Some(old.id.as_str()));
    assert_eq!(copied.want("t:OldParentFolderId").attribute("Id"), Some(from.as_str()));
}

/// Soft deletion of 2013 and later: Moved when folders are listed.
fn tells_of_deletions() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "deleting");
    let ids: Vec<Id> = (0..3).map(|n| save_simple(&mut ews, &which, &format!("{n}"))).collect();
    let mut subscription = subscribe(&mut ews, &[&which], ALL_EVENTS);
    for (id, kind, event) in
        [(&ids[0], "HardDelete", "Deleted"), (&ids[1], "MoveToDeletedItems", "Moved"), (&ids[2], "SoftDelete", "Moved")]
    {
        delete(&mut ews, kind, id);
        let events = drain(&mut ews, &mut subscription);
        let found = names(&events);
        assert!(found.contains(&event.to_owned()), "{kind}: {found:?}");
        assert!(found.contains(&"Modified folder".to_owned()), "{kind}: {found:?}");
        let told = events.iter().find(|(k, _)| k.trim_end_matches("Event") == event).unwrap();
        let path = if event == "Moved" { "t:OldItemId" } else { "t:ItemId" };
        assert_eq!(told.1.want(path).attribute("Id"), Some(id.id.as_str()), "{kind}");
    }
}

fn tells_of_folders() {
    let mut ews = shared::mailbox();
    let mut subscription = subscribe(&mut ews, &[], ALL_EVENTS);
    let made = create_folder(&mut ews, "inbox", "made");
    let events = drain(&mut ews, &mut subscription);
    let created = events.iter().find(|(kind, _)| kind == "CreatedEvent").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(created.1.want("t:FolderId").attribute("Id"), Some(made.as_str()));
    ews.ok(&format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
        ops::folder(&made)
    ));
    let events = drain(&mut ews, &mut subscription);
    let deleted = events.iter().find(|(kind, _)| kind == "DeletedEvent").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(deleted.1.want("t:FolderId").attribute("Id"), Some(made.as_str()));
}

/// Who watches the folder above hears of it, as of making, moving and deleting.
fn tells_of_a_renamed_folder() {
    let mut ews = shared::mailbox();
    let made = create_folder(&mut ews, "inbox", "named");
    let inbox = folder_id(&mut ews, "inbox");
    let mut subscription = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    ews.one(&format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange>{}<t:Updates><t:SetFolderField>{}<t:Folder><t:DisplayName>renamed\
         </t:DisplayName></t:Folder></t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>",
        ops::folder(&made),
        ops::field("folder:DisplayName")
    ));
    let events = drain(&mut ews, &mut subscription);
    assert_eq!(names(&events), ["Modified folder"]);
    assert_eq!(events[0].1.want("t:FolderId").attribute("Id"), Some(made.as_str()));
    assert_eq!(events[0].1.want("t:ParentFolderId").attribute("Id"), Some(inbox.as_str()));
}

fn tells_where_a_folder_was_that_has_gone() {
    let mut ews = shared::mailbox();
    let made = create_folder(&mut ews, "inbox", "going");
    let inbox = folder_id(&mut ews, "inbox");
    save_simple(&mut ews, &made, "inside");
    let mut subscription = subscribe(&mut ews, &[&made], ALL_EVENTS);
    ews.ok(&format!(
        "<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{}</m:FolderIds></m:DeleteFolder>",
        ops::folder(&made)
    ));
    let events = drain(&mut ews, &mut subscription);
    assert_eq!(names(&events), ["Deleted", "Modified folder", "Deleted folder"]);
    for (_, event) in &events[1..] {
        assert_eq!(event.want("t:ParentFolderId").attribute("Id"), Some(inbox.as_str()), "{event:?}");
    }
}

fn tells_only_what_was_asked() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "asked");
    let mut mail = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    let mut gone = subscribe(&mut ews, &[&which], &["DeletedEvent"]);
    let id = save_simple(&mut ews, &which, "x");
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("asked", "x"));
    assert_eq!(kinds(&mut ews, &mut mail), ["NewMail"]);
    assert_eq!(kinds(&mut ews, &mut gone), Vec::<String>::new());
    delete(&mut ews, "HardDelete", &id);
    assert_eq!(kinds(&mut ews, &mut gone), ["Deleted"]);
}

fn tells_only_of_the_folders_asked() {
    let mut ews = shared::mailbox();
    let (a, b) = (create_folder(&mut ews, "inbox", "a"), create_folder(&mut ews, "inbox", "b"));
    let mut subscription = subscribe(&mut ews, &[&a], &["CreatedEvent"]);
    save_simple(&mut ews, &b, "elsewhere");
    save_simple(&mut ews, "inbox", "above");
    assert_eq!(kinds(&mut ews, &mut subscription), Vec::<String>::new());
    let id = save_simple(&mut ews, &a, "here");
    let events = drain(&mut ews, &mut subscription);
    assert_eq!(events.iter().filter_map(|(_, e)| item_id(e)).collect::<Vec<_>>(), [id.id]);
}

fn tells_of_all_folders() {
    let mut ews = shared::mailbox();
    let mut subscription = subscribe(&mut ews, &[], &["CreatedEvent"]);
    for place in ["inbox", "drafts", "calendar"] {
        let item = if place == "calendar" { "drafts" } else { place };
        let id = save_simple(&mut ews, item, place);
        let events = drain(&mut ews, &mut subscription);
        assert_eq!(events.iter().filter_map(|(_, e)| item_id(e)).collect::<Vec<_>>(), [id.id], "{place}");
    }
}

/// One look goes through 50,000 rows that it tells nothing of; what a subscription went through is not read again, wherever its
/// client begins.
fn reads_a_long_journal_in_steps_and_once() {
    const ROWS: usize = 120_000;
    let mut ews = shared::mailbox().unrecorded();
    let mut subscription = subscribe(&mut ews, &[], &["DeletedEvent"]);
    let beginning = subscription.watermark.clone();
    let id = save_simple(&mut ews, "drafts", "changed");
    set_read(&mut ews, &id, true);
    shared::server().query(&format!(
        "with own as (select mailbox from account where login = '{}'),
         last as (select j.* from journal j join own using (mailbox) order by seq desc limit 1),
         more as (insert into journal (mailbox, seq, kind, item, folder)
             select mailbox, seq + n, kind, item, folder from last, generate_series(1, {ROWS}) n)
         update counter c set seq = c.seq + {ROWS} from own where c.mailbox = own.mailbox",
        ews.account.login
    ));
    let mut steps = 0;
    while poll(&mut ews, &mut subscription).more {
        steps += 1;
    }
    assert_eq!(steps, 2, "more to come");
    let mut again = Subscription { watermark: beginning, ..subscription };
    let told = poll(&mut ews, &mut again);
    assert!(!told.more, "it went there before");
    assert_eq!(told.kinds(), ["Status"]);
    delete(&mut ews, "HardDelete", &id);
    assert_eq!(kinds(&mut ews, &mut again), ["Deleted"]);
}

/// Each answer has at most 50 events and says whether more are there.
fn hands_out_fifty_at_most() {
    let mut ews = shared::mailbox().unrecorded();
    let which = create_folder(&mut ews, "inbox", "many");
    let mut subscription = subscribe(&mut ews, &[&which], &["CreatedEvent"]);
    let mut wanted = Vec::new();
    for n in 0..120 {
        wanted.push(save_simple(&mut ews, &which, &n.to_string()).id);
    }
    let (mut found, mut more) = (Vec::new(), true);
    while more {
        let events = poll(&mut ews, &mut subscription);
        assert!(events.events.len() <= 50);
        more = events.more;
        assert!(!more || events.events.len() == 50, "MoreEvents with only {}", events.events.len());
        found.extend(events.events.iter().filter_map(|(_, e)| item_id(e).map(str::to_owned)));
    }
    assert_eq!(found, wanted, "in the order in which they happened");
}

fn replays_from_an_earlier_watermark() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "replayed");
    let mut subscription = subscribe(&mut ews, &[&which], &["CreatedEvent"]);
    let start = subscription.clone();
    let one = save_simple(&mut ews, &which, "one");
    let first = poll(&mut ews, &mut subscription);
    assert_eq!(item_id(&first.events[0].1), Some(one.id.as_str()));
    let again = events_of(&ews.call_with(&events_request(&start), &["Prefer: wait=0"]));
    assert_eq!(first.events, again.events, "the previous watermark replays");
    let two = save_simple(&mut ews, &which, "two");
    let rest = poll(&mut ews, &mut subscription);
    assert_eq!(rest.events.iter().filter_map(|(_, e)| item_id(e)).collect::<Vec<_>>(), [two.id]);
}

fn takes_a_watermark_when_subscribing() {
    let mut ews = shared::mailbox();
    let which = create_folder(&mut ews, "inbox", "resumed");
    let mut first = subscribe(&mut ews, &[&which], &["CreatedEvent"]);
    save_simple(&mut ews, &which, "seen");
    poll(&mut ews, &mut first);
    let missed = save_simple(&mut ews, &which, "missed");
    let request = subscribe_request(&[&which], &["CreatedEvent"], 10)
        .replace("<t:Timeout>", &format!("<t:Watermark>{}</t:Watermark><t:Timeout>", first.watermark));
    let message = ews.one(&request);
    let mut second = Subscription {
        id: message.want("m:SubscriptionId").text.clone(),
        watermark: message.want("m:Watermark").text.clone(),
    };
    let events = drain(&mut ews, &mut second);
    assert_eq!(events.iter().filter_map(|(_, e)| item_id(e)).collect::<Vec<_>>(), [missed.id]);
}

/// The id in an event opens the item; its key need not be the current one.
fn names_items_as_they_can_be_read() {
    let mut ews = shared::mailbox();
    let mut subscription = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("readable", "x"));
    let events = drain(&mut ews, &mut subscription);
    let id = Id { id: item_id(&events[0].1).unwrap().to_owned(), key: String::new() };
    assert_eq!(ops::get_fields(&mut ews, &id, &["item:Subject"]).text("t:Subject"), Some("readable"));
}

fn keeps_subscriptions_apart() {
    let mut ews = shared::mailbox();
    let mut first = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    let mut second = subscribe(&mut ews, &["inbox"], &["NewMailEvent"]);
    assert_ne!(first.id, second.id);
    lmtp::deliver(shared::server().lmtp(), &ews.account.address, &message::plain("both", "x"));
    assert_eq!(kinds(&mut ews, &mut first), ["NewMail"]);
    assert_eq!(kinds(&mut ews, &mut second), ["NewMail"], "what one has read, the other still gets");
}

fn ends_with_unsubscribe() {
    let mut ews = shared::mailbox();
    let subscription = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let request = format!("<m:Unsubscribe><m:SubscriptionId>{}</m:SubscriptionId></m:Unsubscribe>", subscription.id);
    ews.one(&request);
    assert_eq!(ews.error(&request), "ErrorSubscriptionNotFound");
    assert_eq!(ews.error(&events_request(&subscription)), "ErrorSubscriptionNotFound");
}

fn refuses_wrong_subscriptions() {
    let mut ews = shared::mailbox();
    let good = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let with = |id: &str, watermark: &str| Subscription { id: id.to_owned(), watermark: watermark.to_owned() };
    let mut ask = |subscription: &Subscription| {
        let answer = ews.call_with(&events_request(subscription), &["Prefer: wait=0"]);
        code(&answer.messages[0]).to_owned()
    };
    let found = ask(&with("AAAA", &good.watermark));
    assert!(matches!(found.as_str(), "ErrorSubscriptionNotFound" | "ErrorInvalidSubscription"), "{found}");
    assert_eq!(ask(&with(&good.id, "nonsense")), "ErrorInvalidWatermark");
    assert_eq!(ask(&with(&good.id, "AAAA")), "ErrorInvalidWatermark");
    let found = ews.error(&subscribe_request(&["archiveinbox"], ALL_EVENTS, 5));
    assert!(
        matches!(found.as_str(), "ErrorFolderNotFound" | "ErrorItemNotFound" | "ErrorInvalidSubscriptionRequest"),
        "{found}"
    );
    let both = subscribe_request(&["inbox"], ALL_EVENTS, 5)
        .replace("<m:PullSubscriptionRequest>", "<m:PullSubscriptionRequest SubscribeToAllFolders=\"true\">");
    assert_eq!(ews.error(&both), "ErrorInvalidSubscriptionRequest");
    let neither = subscribe_request(&["inbox"], ALL_EVENTS, 5)
        .replace("<t:FolderIds><t:DistinguishedFolderId Id=\"inbox\"/></t:FolderIds>", "");
    assert_eq!(ews.error(&neither), "ErrorInvalidSubscriptionRequest");
}

/// After a database was put back to an earlier day, clients hold places that it has not reached: they must begin anew, not wait.
fn refuses_a_watermark_of_what_is_still_to_come() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut ews = shared::mailbox();
    let good = subscribe(&mut ews, &["inbox"], ALL_EVENTS);
    let mut octets = STANDARD.decode(&good.watermark).unwrap();
    octets[17..25].copy_from_slice(&(1i64 << 40).to_be_bytes());
    let late = Subscription { id: good.id, watermark: STANDARD.encode(octets) };
    let answer = ews.call_with(&events_request(&late), &["Prefer: wait=0"]);
    assert_eq!(answer.codes(), ["ErrorInvalidWatermark"]);
}

fn belongs_to_its_creator() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let subscription = subscribe(&mut owner, &["inbox"], ALL_EVENTS);
    assert_eq!(other.error(&events_request(&subscription)), "ErrorSubscriptionAccessDenied");
    let request = format!("<m:Unsubscribe><m:SubscriptionId>{}</m:SubscriptionId></m:Unsubscribe>", subscription.id);
    assert_eq!(other.error(&request), "ErrorSubscriptionAccessDenied");
    owner.one(&request);
}
