//! Subscriptions, the outbox, quotas.

use crate::support::*;
use ewsd_model::id::{Guid, MailboxNo, Seq};
use ewsd_store::*;

fn pull(house: &House) -> NewSubscription {
    NewSubscription {
        mailbox: house.mailbox,
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
    let (id, since) = house.store.create_subscription(&new, 10).unwrap();
    assert_eq!(since, house.newest());
    let read = house.store.subscription(house.mailbox, id).unwrap();
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
    };
    assert_eq!(read, expected);
    house.execute("update subscription set ends = now() - interval '5 seconds'");
    assert!(house.store.subscription(house.mailbox, id).unwrap().expired);
    assert!(house.store.subscription(house.mailbox, id).unwrap().expired, "asking does not revive it");
    assert_eq!(house.store.expire_subscriptions(60).unwrap(), 0);
    assert_eq!(house.store.expire_subscriptions(1).unwrap(), 1);
    assert!(matches!(house.store.subscription(house.mailbox, id), Err(StoreError::NotFound(Missing::Subscription))));
}

#[test]
fn asking_starts_the_time_anew_but_writes_seldom() {
    let mut house = house();
    let new = NewSubscription { scope: Scope::All, kind: SubscriptionKind::Streaming, ..pull(&house) };
    let (id, _) = house.store.create_subscription(&new, 10).unwrap();
    let left = |house: &mut House| house.number("select extract(epoch from ends - now())::bigint from subscription");
    house.execute("update subscription set ends = now() + interval '590 seconds'");
    house.store.touch_subscription(house.mailbox, id).unwrap();
    assert!(left(&mut house) <= 590);
    house.execute("update subscription set ends = now() + interval '100 seconds'");
    assert_eq!(house.store.subscription(house.mailbox, id).unwrap().scope, Scope::All);
    assert!(left(&mut house) > 590);
}

#[test]
fn an_account_has_so_many_subscriptions_and_no_more() {
    let mut house = house();
    let new = NewSubscription { kind: SubscriptionKind::Push, ..pull(&house) };
    let (first, _) = house.store.create_subscription(&new, 2).unwrap();
    house.store.create_subscription(&new, 2).unwrap();
    assert!(matches!(house.store.create_subscription(&new, 2), Err(StoreError::Quota)));
    house.store.delete_subscription(house.mailbox, first).unwrap();
    assert!(house.store.delete_subscription(house.mailbox, first).is_err());
    assert!(house.store.delete_subscription(house.mailbox, Guid([9; 16])).is_err());
    house.store.create_subscription(&new, 2).unwrap();
    let nowhere = NewSubscription { mailbox: MailboxNo(99), ..new };
    assert!(matches!(house.store.create_subscription(&nowhere, 2), Err(StoreError::NotFound(Missing::Mailbox))));
    assert_eq!(house.newest(), Seq(house.newest().0), "subscriptions are no changes of the mailbox");
}

#[test]
fn outgoing_mail_waits_until_it_is_done_with() {
    let mut house = house();
    let mailbox = house.mailbox;
    let both = ["b@x.test".to_owned(), "c@x.test".to_owned()];
    let new = NewOutgoing { mailbox, sender: "a@x.test", recipients: &both, mime: b"Subject: x\r\n\r\n" };
    let id = house.store.put_outgoing(&new).unwrap();
    assert_eq!(house.store.outgoing_count().unwrap(), 1);
    let out = house.store.next_outgoing(60).unwrap().unwrap();
    assert_eq!((out.mailbox, out.id, out.attempts), (mailbox, id, 1));
    assert_eq!(
        (out.sender.as_str(), out.recipients.as_slice(), out.mime.as_slice()),
        ("a@x.test", &both[..], new.mime)
    );
    assert!(house.store.next_outgoing(60).unwrap().is_none(), "it is reserved");
    house.store.postpone_outgoing(mailbox, id, 0, &both[1..], "451 later").unwrap();
    let out = house.store.next_outgoing(60).unwrap().unwrap();
    assert_eq!((out.attempts, out.recipients.as_slice()), (2, &both[1..]));
    assert_eq!(out.last_error.as_deref(), Some("451 later"));
    house.store.finish_outgoing(mailbox, id).unwrap();
    assert!(matches!(house.store.finish_outgoing(mailbox, id), Err(StoreError::NotFound(Missing::Outgoing))));
    assert!(house.store.postpone_outgoing(mailbox, id, 0, &both, "").is_err());
    let undone: Result<(), StoreError> = house.store.transaction(|store| {
        store.put_outgoing(&new)?;
        Err(StoreError::Quota)
    });
    assert!(undone.is_err());
    assert_eq!(house.store.outgoing_count().unwrap(), 0);
}

#[test]
fn a_mailbox_is_as_full_as_its_items_are_large() {
    let mut house = house();
    let item = house.add(house.inbox, "x");
    house.add(house.drafts, "y");
    assert_eq!(house.store.used(house.mailbox).unwrap(), 200);
    let mailbox = house.mailbox;
    let mut check = |octets, default| house.store.check_quota(mailbox, octets, default).map_err(|e| e.to_string());
    assert!(check(1 << 40, 0).is_ok());
    assert!(check(100, 300).is_ok());
    assert_eq!(check(101, 300), Err(StoreError::Quota.to_string()));
    house.store.set_quota(house.account.account, Some(250)).unwrap();
    let mut check = |octets, default| house.store.check_quota(mailbox, octets, default).is_ok();
    assert!(check(50, 0) && !check(51, 0) && !check(51, 1000));
    house.store.delete_items(mailbox, &[item]).unwrap();
    assert_eq!(house.store.used(mailbox).unwrap(), 100);
    assert!(house.store.check_quota(MailboxNo(99), 1, 0).is_err());
}
