//! Subscriptions, the outbox, quotas.

use crate::support::*;
use ewsd_model::Value;
use ewsd_model::id::{FolderNo, Guid, ItemNo, MailboxNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_store::*;

fn pull(house: &House) -> NewSubscription {
    NewSubscription {
        account: house.account.account,
        kind: SubscriptionKind::Pull,
        scope: Scope::Folders(vec![house.inbox, house.drafts]),
        events: 0x8000_0003,
        timeout_seconds: 600,
        details: serde_json::json!({"url": "x"}).as_object().unwrap().clone(),
    }
}

#[test]
fn a_subscription_comes_back_until_its_time_is_over() {
    let mut house = house();
    let new = pull(&house);
    let (id, since) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    assert_eq!(since, house.newest());
    let read = house.store.mailbox(house.mailbox).subscription(id).unwrap();
    let expected = Subscription {
        mailbox: house.mailbox,
        id,
        account: new.account,
        kind: new.kind,
        scope: new.scope.clone(),
        events: new.events,
        since,
        timeout_seconds: 600,
        details: new.details.clone(),
        expired: false,
        quiet: None,
        stream: None,
        told: EventPosition { seq: since, events: 255 },
    };
    assert_eq!(read, expected);
    let listed = house.store.listed_subscriptions(Some(new.account)).unwrap();
    let one = (listed.len(), listed[0].id, listed[0].kind, listed[0].folders);
    let folders = match &new.scope {
        Scope::All => None,
        Scope::Folders(folders) => Some(folders.len() as i64),
    };
    assert_eq!(one, (1, id, new.kind, folders));
    assert!(listed[0].login == listed[0].owner && (590..=600).contains(&listed[0].left_seconds), "{listed:?}");
    assert_eq!(house.store.listed_subscriptions(Some(new.account + 1)).unwrap(), []);
    house.execute("update subscription set ends = now() - interval '5 seconds'");
    assert!(house.store.mailbox(house.mailbox).subscription(id).unwrap().expired);
    assert!(house.store.mailbox(house.mailbox).subscription(id).unwrap().expired, "asking does not revive it");
    assert_eq!(house.store.expire_subscriptions(before(60)).unwrap(), 0);
    assert_eq!(house.store.expire_subscriptions(before(1)).unwrap(), 1);
    assert!(matches!(
        house.store.mailbox(house.mailbox).subscription(id),
        Err(StoreError::NotFound(Missing::Subscription))
    ));
}

#[test]
fn asking_starts_the_time_anew_but_writes_seldom() {
    let mut house = house();
    let new = NewSubscription { scope: Scope::All, kind: SubscriptionKind::Streaming, ..pull(&house) };
    let (id, _) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    let left = |house: &mut House| house.number("select extract(epoch from ends - now())::bigint from subscription");
    house.execute("update subscription set ends = now() + interval '590 seconds'");
    house.store.mailbox(house.mailbox).subscription(id).unwrap();
    assert!(left(&mut house) <= 590);
    house.execute("update subscription set ends = now() + interval '100 seconds'");
    assert_eq!(house.store.mailbox(house.mailbox).subscription(id).unwrap().scope, Scope::All);
    assert!(left(&mut house) > 590);
    // The same of several at once; one whose time is over does not come back.
    let (over, _) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    let ends = |id: Guid, seconds: i64| {
        format!(
            "update subscription set ends = now() + interval '{seconds} seconds' where id = '{}'",
            uuid::Uuid::from_bytes(id.0)
        )
    };
    let mut renewed = |seconds: i64| {
        house.execute(&ends(id, seconds));
        house.execute(&ends(over, -5));
        let found = house.store.mailbox(house.mailbox).renew_subscriptions(&[over, id, Guid([7; 16])]).unwrap();
        let mut found: Vec<(Guid, bool)> = found.into_iter().map(|found| (found.id, found.expired)).collect();
        found.sort_by_key(|(_, expired)| *expired);
        assert_eq!(found, [(id, false), (over, true)]);
        let left = "select extract(epoch from max(ends) - now())::bigint from subscription";
        (house.number(left), house.number("select count(*) from subscription where ends > now()"))
    };
    let ((few, one), (many, still)) = (renewed(590), renewed(100));
    assert!(few <= 590 && many > 590 && (one, still) == (1, 1), "{few} {many} {one} {still}");
}

/// The stream that asked last has a subscription; what another one would keep of it is not kept.
#[test]
fn a_subscription_is_read_by_one_stream() {
    let mut house = house();
    let new = NewSubscription { kind: SubscriptionKind::Streaming, ..pull(&house) };
    let (one, since) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    let (two, _) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    let at = |seq, events| EventPosition { seq: Seq(seq), events };
    let begin = at(since.0, 255);
    let told = |stream, id, told| StreamPosition { stream, id, told };
    let mut claimed = house.store.mailbox(house.mailbox).claim_stream(&[two, one], 7, 60).unwrap();
    claimed.sort_by_key(|claim| claim.id == two);
    let claim = |id, told| ClaimedSubscription { id, told, newest: since };
    assert_eq!(claimed, [claim(one, begin), claim(two, begin)]);
    assert_eq!(house.number("select min(extract(epoch from ends - now()))::bigint / 10 from subscription"), 66);
    assert!(house.store.take_ended_streams().is_empty());
    let mut mailbox = house.store.mailbox(house.mailbox);
    assert_eq!(mailbox.tell_streams(&[told(7, one, at(9, 2)), told(7, two, at(8, 255))]).unwrap(), 2);
    assert_eq!(mailbox.claim_stream(&[one], 8, 60).unwrap(), [claim(one, at(9, 2))]);
    assert_eq!(mailbox.tell_streams(&[told(7, one, at(10, 255)), told(7, two, at(10, 255))]).unwrap(), 1);
    let mut rows = mailbox.subscriptions(&[one, two, Guid([9; 16])]).unwrap();
    rows.sort_by_key(|row| row.id == two);
    let read: Vec<_> = rows.iter().map(|row| (row.id, row.stream, row.told)).collect();
    assert_eq!(read, [(one, Some(8), at(9, 2)), (two, Some(7), at(10, 255))]);
    mailbox.delete_subscription(two).unwrap();
    assert_eq!(house.store.take_ended_streams(), [7, 7], "by the second stream, and by the end of the subscription");
    assert!(house.store.take_ended_streams().is_empty());
    house.execute("update subscription set ends = now() - interval '5 seconds'");
    assert_eq!(house.store.mailbox(house.mailbox).claim_stream(&[one, two], 9, 60).unwrap(), []);
}

/// Whoever asks for a subscription while its stream is told gets it with the place up to which that was.
#[test]
fn nobody_gets_a_subscription_while_its_stream_is_told() {
    let mut house = house();
    let new = NewSubscription { kind: SubscriptionKind::Streaming, ..pull(&house) };
    let mut mailbox = house.store.mailbox(house.mailbox);
    let (id, _) = mailbox.create_subscription(&new, 10).unwrap();
    mailbox.claim_stream(&[id], 7, 60).unwrap();
    let mut teller = Store::connect(&house.database.options()).unwrap();
    let told = EventPosition { seq: Seq(9), events: 255 };
    let number = house.mailbox;
    let telling = teller.mailbox(number).with_subscriptions(&[id], |store, rows| {
        assert_eq!(rows[0].stream, Some(7));
        let mut other = Store::connect(&house.database.options())?;
        let asks = std::thread::spawn(move || other.mailbox(number).claim_stream(&[id], 8, 60).unwrap());
        let blocked =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while house.number(blocked) == 0 {
            assert!(!asks.is_finished(), "it did not wait");
            std::thread::yield_now();
        }
        store.mailbox(number).tell_streams(&[StreamPosition { stream: 7, id, told }])?;
        Ok::<_, StoreError>(asks)
    });
    let claimed = telling.unwrap().join().unwrap();
    assert_eq!((claimed[0].id, claimed[0].told), (id, told));
}

#[test]
fn an_account_has_so_many_subscriptions_and_no_more() {
    let mut house = house();
    let new = NewSubscription { kind: SubscriptionKind::Push, ..pull(&house) };
    let (first, _) = house.store.mailbox(house.mailbox).create_subscription(&new, 2).unwrap();
    house.store.mailbox(house.mailbox).create_subscription(&new, 2).unwrap();
    assert!(matches!(house.store.mailbox(house.mailbox).create_subscription(&new, 2), Err(StoreError::Subscriptions)));
    house.store.mailbox(house.mailbox).delete_subscription(first).unwrap();
    assert!(house.store.mailbox(house.mailbox).delete_subscription(first).is_err());
    assert!(house.store.mailbox(house.mailbox).delete_subscription(Guid([9; 16])).is_err());
    house.store.mailbox(house.mailbox).create_subscription(&new, 2).unwrap();
    assert!(matches!(
        house.store.mailbox(MailboxNo(99)).create_subscription(&new, 2),
        Err(StoreError::NotFound(Missing::Mailbox))
    ));
    assert_eq!(house.newest(), Seq(house.newest().0), "subscriptions are no changes of the mailbox");
}

fn claim(holder: i32, limit: i64) -> Claim {
    Claim { holder, lease_seconds: 60, limit, submitted: None }
}

fn wait<'a>(out: &Outgoing, holder: i32, recipients: &'a [String]) -> Postponed<'a> {
    let error = Some("451 later");
    Postponed { mailbox: out.mailbox, id: out.id, holder, seconds: 0, recipients, error, attempted: true }
}

#[test]
fn outgoing_mail_waits_until_it_is_done_with() {
    let mut house = house();
    let mailbox = house.mailbox;
    let both = ["b@x.test".to_owned(), "c@x.test".to_owned()];
    let new = NewOutgoing { mailbox, sender: "a@x.test", recipients: &both, mime: b"Subject: x\r\n\r\n" };
    assert!(!house.store.take_queued());
    let id = house.store.put_outgoing(&new).unwrap();
    assert!(house.store.take_queued() && !house.store.take_queued());
    let figures = house.store.outbox_figures().unwrap();
    assert_eq!((figures.queued, figures.deferred, figures.oldest.is_some()), (1, 0, true));
    assert!(house.store.next_outgoing_seconds().unwrap().unwrap() <= 0.0);
    let old = Claim { submitted: Some(before(3600)), ..claim(1, 9) };
    assert_eq!(house.store.claim_outgoing(&old).unwrap(), []);
    let out = house.store.claim_outgoing(&claim(1, 9)).unwrap().remove(0);
    assert_eq!((out.mailbox, out.id, out.attempts), (mailbox, id, 1));
    assert_eq!(
        (out.sender.as_str(), out.recipients.as_slice(), out.mime.as_slice()),
        ("a@x.test", &both[..], new.mime)
    );
    assert_eq!(house.store.claim_outgoing(&claim(1, 9)).unwrap(), [], "it is in hand");
    assert_eq!(house.store.next_outgoing_seconds().unwrap(), None);
    assert!(house.store.queued_one(id).unwrap().sending);
    assert_eq!((house.store.retry_queued(None).unwrap(), house.store.cancel_queued(id).unwrap()), (0, false));
    assert!(!house.store.postpone_outgoing(&wait(&out, 2, &both)).unwrap(), "it is not in the hands of the second");
    assert!(house.store.postpone_outgoing(&wait(&out, 1, &both[1..])).unwrap());
    assert_eq!(house.store.outbox_figures().unwrap().deferred, 1);
    let out = house.store.claim_outgoing(&claim(1, 9)).unwrap().remove(0);
    assert_eq!((out.attempts, out.recipients.as_slice()), (2, &both[1..]));
    assert_eq!(out.last_error.as_deref(), Some("451 later"));
    let untried = Postponed { seconds: 3600, attempted: false, error: None, ..wait(&out, 1, &both[1..]) };
    assert!(house.store.postpone_outgoing(&untried).unwrap());
    assert_eq!(house.store.claim_outgoing(&claim(1, 9)).unwrap(), []);
    assert_eq!(house.store.retry_queued(Some(id)).unwrap(), 1);
    let listed = house.store.queued(0, 9).unwrap().remove(0);
    assert_eq!((listed.attempts, listed.sending, listed.size), (1, false, 14));
    assert_eq!(listed.last_error.as_deref(), Some("451 later"));
    assert_eq!(house.store.queued_mime(id).unwrap(), new.mime);
    assert!(house.store.finish_outgoing(mailbox, id).unwrap());
    assert!(!house.store.finish_outgoing(mailbox, id).unwrap());
    let second = house.store.put_outgoing(&new).unwrap();
    assert!(house.store.cancel_queued(second).unwrap());
    let undone: Result<(), StoreError> = house.store.transaction(|store| {
        store.put_outgoing(&new)?;
        Err(StoreError::Quota)
    });
    assert!(undone.is_err());
    assert_eq!(house.store.outbox_figures().unwrap(), OutboxFigures::default());
}

#[test]
fn what_a_dead_courier_held_is_free_and_what_a_living_one_holds_is_not() {
    let mut house = house();
    let to = ["b@x.test".to_owned()];
    let new = NewOutgoing { mailbox: house.mailbox, sender: "a@x.test", recipients: &to, mime: b"Subject: x\r\n\r\n" };
    house.store.put_outgoing(&new).unwrap();
    let mut first = house.other();
    let mut second = house.other();
    assert_eq!(first.claim_outgoing(&claim(1, 9)).unwrap().len(), 1);
    first.renew_outgoing(1, 60).unwrap();
    assert_eq!(second.free_outgoing(2).unwrap(), 0);
    assert_eq!(second.claim_outgoing(&claim(2, 9)).unwrap(), []);
    drop(first);
    // PostgreSQL notices the end of the first one's connection a moment later.
    let freed = (0..5000).any(|_| {
        std::thread::yield_now();
        second.free_outgoing(2).unwrap() == 1
    });
    assert!(freed);
    let mut again = second.claim_outgoing(&claim(2, 9)).unwrap();
    assert_eq!(again.remove(0).attempts, 2);
    second.renew_outgoing(2, -1).unwrap();
    assert_eq!(house.store.free_outgoing(3).unwrap(), 1, "it did not renew in time");
    second.release_outgoing(2).unwrap();
}

#[test]
fn a_mailbox_is_as_full_as_its_items_are_large() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    house.add(house.drafts, "y");
    assert_eq!(house.store.mailbox(house.mailbox).used().unwrap(), 200);
    let mailbox = house.mailbox;
    let mut check =
        |octets, default| house.store.mailbox(mailbox).check_quota(octets, default).map_err(|e| e.to_string());
    assert!(check(1 << 40, 0).is_ok());
    assert!(check(100, 300).is_ok());
    assert_eq!(check(101, 300), Err(StoreError::Quota.to_string()));
    house.store.set_quota(house.account.account, Some(250)).unwrap();
    let mut check = |octets, default| house.store.mailbox(mailbox).check_quota(octets, default).is_ok();
    assert!(check(50, 0) && !check(51, 0) && !check(51, 1000));
    house.store.mailbox(mailbox).delete_items(&[item]).unwrap();
    assert_eq!(house.store.mailbox(mailbox).used().unwrap(), 100);
    assert!(house.store.mailbox(MailboxNo(99)).check_quota(1, 0).is_err());
}

fn limited(house: &House, limits: Limits) -> Store {
    Store::connect(&Options { limits, ..house.database.options() }).unwrap()
}

fn is_full<T>(result: Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Quota))
}

#[test]
fn a_full_mailbox_takes_contents_by_no_way() {
    let mut house = house();
    let mut store = limited(&house, Limits { quota_bytes: 1000, ..Limits::default() });
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let sized = |octets: i64| {
        let mut new = message(inbox, "x");
        new.columns.set(Column::Size, Value::Long(octets));
        new
    };
    let item = store.mailbox(mailbox).create_item(&sized(600)).unwrap().item;
    assert!(is_full(store.mailbox(mailbox).create_item(&sized(401))));
    assert!(is_full(store.mailbox(mailbox).copy_items(&[item], inbox, None)));
    assert!(is_full(store.mailbox(mailbox).copy_folder(inbox, house.drafts, None)));
    let content = vec![1; 401];
    let file = NewAttachment { content: &content, ..NewAttachment::file() };
    assert!(is_full(store.mailbox(mailbox).create_attachments(item, &[file])));
    let update = ItemUpdate { body: Some(Some(&content)), ..ItemUpdate::default() };
    assert!(is_full(store.mailbox(mailbox).update_item(item, &update, None)));
    let read = ItemUpdate { set_flags: bit::READ, ..ItemUpdate::default() };
    assert!(store.mailbox(mailbox).update_item(item, &read, None).is_ok(), "what takes no room goes on");
    let report = store.without_quota(|store| store.mailbox(mailbox).create_item(&sized(500))).unwrap().item;
    assert!(matches!(store.mailbox(mailbox).create_item(&message(FolderNo(9999), "x")), Err(StoreError::Quota)));
    store.mailbox(mailbox).delete_items(&[item, report]).unwrap();
    assert!(matches!(store.mailbox(mailbox).create_item(&message(FolderNo(9999), "x")), Err(StoreError::NotFound(_))));
    let again = store.mailbox(mailbox).create_item(&sized(900)).unwrap().item;
    // A quota of the mailbox's own stands before the general one; 0 is none.
    store.set_quota(house.account.account, Some(0)).unwrap();
    store.mailbox(mailbox).create_item(&sized(5000)).unwrap();
    store.set_quota(house.account.account, Some(1 << 40)).unwrap();
    store.mailbox(mailbox).create_item(&sized(5000)).unwrap();
    store.mailbox(mailbox).delete_items(&[again]).unwrap();
    house.check();
}

#[test]
fn what_was_let_go_of_counts_until_it_is_collected() {
    let mut house = house();
    let mut store = limited(&house, Limits { quota_bytes: 1000, ..Limits::default() });
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let body = vec![1; 900];
    let put = |store: &mut Store, n: u8| {
        let mut body = body.clone();
        body[0] = n;
        let mut new = NewItem { body: Some(&body), ..message(inbox, "x") };
        new.columns.set(Column::Size, Value::Long(900));
        store.mailbox(mailbox).create_item(&new).map(|made| made.item)
    };
    for n in 0..2 {
        let item = put(&mut store, n).unwrap();
        store.mailbox(mailbox).delete_items(&[item]).unwrap();
    }
    assert!(is_full(put(&mut store, 2)), "1,800 octets lie there, 800 more than a quota");
    store.mailbox(mailbox).recount_orphans().unwrap();
    assert!(is_full(put(&mut store, 2)), "they still do");
    assert_eq!(store.littered(1 << 20, 10).unwrap(), [mailbox]);
    assert_eq!(store.mailbox(mailbox).collect_orphans(before(0), 100).unwrap(), 2);
    store.mailbox(mailbox).recount_orphans().unwrap();
    let item = put(&mut store, 2).unwrap();
    assert!(store.littered(0, 10).unwrap().is_empty());
    // A body that is replaced lies there as well.
    for n in 0..30u8 {
        let content = vec![n; 90];
        let update = ItemUpdate { body: Some(Some(&content)), ..ItemUpdate::default() };
        if n < 2 {
            store.mailbox(mailbox).update_item(item, &update, None).unwrap();
        } else {
            let _ = store.mailbox(mailbox).update_item(item, &update, None);
        }
    }
    assert_eq!(store.littered(1 << 20, 10).unwrap(), [mailbox]);
    house.check();
}

/// Should the hour end in between, it begins anew.
#[test]
fn changes_and_recipients_are_counted_by_the_hour() {
    let mut house = house();
    let mut store = limited(&house, Limits { changes_per_hour: 30, ..Limits::default() });
    let busy = |result: Result<(), StoreError>| match result {
        Err(StoreError::Busy { retry_ms }) => Some(retry_ms),
        other => other.map(|()| None).unwrap(),
    };
    let waits =
        (0..100).find_map(|_| busy(store.mailbox(house.mailbox).create_item(&message(house.inbox, "x")).map(drop)));
    assert!(waits.is_some_and(|wait| (1..=3_600_000).contains(&wait)), "{waits:?}");
    assert!(store.mailbox(house.mailbox).items(&[ItemNo(1)], &Plan::default()).is_ok(), "reading goes on");
    let waits = (0..10).find_map(|_| busy(store.mailbox(house.mailbox).count_recipients(30, 50)));
    assert!(waits.is_some_and(|wait| (1..=3_600_000).contains(&wait)), "{waits:?}");
    assert!(store.mailbox(house.mailbox).count_recipients(30, 0).is_ok());
    // No share binds an archiver.
    store.change_account(house.account.account, &[AccountChange::Exempt(true)]).unwrap();
    assert!(store.account_by_login(&house.account.login).unwrap().unwrap().exempt);
    for _ in 0..40 {
        store.mailbox(house.mailbox).create_item(&message(house.inbox, "x")).unwrap();
        store.mailbox(house.mailbox).count_recipients(30, 50).unwrap();
    }
    house.check();
}

#[test]
fn folders_are_few_and_not_too_deep() {
    let mut house = house();
    let made = i64::try_from(ewsd_model::distinguished::made().count()).unwrap();
    let mut store = limited(&house, Limits { folder_depth: 4, folders: made + 5, ..Limits::default() });
    let mailbox = house.mailbox;
    let new = |parent, name: &str| NewFolder::new(parent, ewsd_model::FolderKind::Folder, name);
    let third = store.mailbox(mailbox).create_folder(&new(house.inbox, "third")).unwrap().0;
    let fourth = store.mailbox(mailbox).create_folder(&new(third, "fourth")).unwrap().0;
    let deep = |result: Result<_, StoreError>| matches!(result, Err(StoreError::Folders { deep: true }));
    assert!(deep(store.mailbox(mailbox).create_folder(&new(fourth, "fifth"))));
    let beside = store.mailbox(mailbox).create_folder(&new(house.drafts, "beside")).unwrap().0;
    assert!(deep(store.mailbox(mailbox).copy_folder(third, beside, None)));
    assert!(matches!(store.mailbox(mailbox).move_folder(third, beside), Err(StoreError::Folders { deep: true })));
    store.mailbox(mailbox).move_folder(fourth, beside).unwrap();
    store.mailbox(mailbox).copy_folder(beside, house.inbox, None).unwrap();
    let full = store.mailbox(mailbox).create_folder(&new(house.inbox, "one more"));
    assert!(matches!(full, Err(StoreError::Folders { deep: false })), "{full:?}");
    house.check();
}

#[test]
fn quiet_stretches_are_remembered() {
    let mut house = house();
    let new = NewSubscription {
        account: house.account.account,
        kind: SubscriptionKind::Pull,
        scope: Scope::All,
        events: 1,
        timeout_seconds: 600,
        details: Map::new(),
    };
    let (id, _) = house.store.mailbox(house.mailbox).create_subscription(&new, 10).unwrap();
    assert_eq!(house.store.mailbox(house.mailbox).subscription(id).unwrap().quiet, None);
    house.store.mailbox(house.mailbox).note_quiet(id, Seq(3), Seq(9)).unwrap();
    assert_eq!(house.store.mailbox(house.mailbox).subscription(id).unwrap().quiet, Some((Seq(3), Seq(9))));
}
