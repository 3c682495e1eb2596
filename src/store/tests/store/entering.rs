//! Entering words: it comes to an end, and what is no longer right in the index is known whatever happens beside it.

use crate::support::*;
use crate::words::{compare_each, enter, many};
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_store::*;
use std::sync::mpsc;

fn same() -> Filter {
    Filter::Words { place: Place::Subject, text: "same".into(), whole: true }
}

fn count(house: &mut House, filter: &Filter) -> i64 {
    let inboxes = [house.inbox];
    house.store.mailbox(house.mailbox).count_items(&Search { filter, ..Search::new(&inboxes) }).unwrap()
}

fn find(house: &mut House, filter: &Filter, offset: i64) -> Found<ItemRow> {
    let inboxes = [house.inbox];
    let search = Search { filter, ..Search::new(&inboxes) };
    let page = Page { offset, limit: 50, from_end: false };
    house.store.mailbox(house.mailbox).find_items(&search, &Plan::default(), page).unwrap()
}

/// A row of the index that no item brought: a renewal takes it away.
fn put_sign(house: &mut House) {
    let mailbox = house.mailbox.0;
    house.execute(&format!("insert into word (mailbox, term, chunk, items) values ({mailbox}, 'sign', 0, '')"));
}

fn has_sign(house: &mut House) -> bool {
    house.number("select count(*) from word where term = 'sign'") == 1
}

fn dead(house: &mut House) -> i64 {
    house.number("select coalesce(sum(octet_length(items)) / 2, 0)::bigint from word where term = '/dead'")
}

/// Items of which each is followed by a change: most of them are deleted, three of 43 stay.
fn come_and_go(house: &mut House, folder: FolderNo, count: i64) {
    let (mailbox, from, folder) = (house.mailbox.0, house.newest().0, folder.0);
    house.execute(&format!(
        "insert into item (mailbox, item, folder, kind, class, change, subject, search) \
         select {mailbox}, {from} + 2 * n - 1, {folder}, {kind}, 'IPM.Note', {from} + 2 * n - 1, 'Same', '''same'':1B' \
         from generate_series(1, {count}) n where n % 43 < 3; \
         insert into journal (mailbox, seq, kind, item, folder) select {mailbox}, {from} + 2 * n - 1, 1, {from} + 2 * n - 1, {folder} \
         from generate_series(1, {count}) n; \
         insert into journal (mailbox, seq, kind, item, folder) \
         select {mailbox}, {from} + 2 * n, case when n % 43 < 3 then 3 else 7 end, {from} + 2 * n - 1, {folder} \
         from generate_series(1, {count}) n; \
         update counter set seq = seq + 2 * {count} where mailbox = {mailbox}; \
         update folder o set total = n.n, unread = n.n from \
         (select count(*) as n from item where mailbox = {mailbox} and folder = {folder}) n where mailbox = {mailbox} and o.folder = {folder}",
        kind = ItemKind::Message as i16,
    ));
}

/// Deletes items of a folder, the oldest first, some in each call.
fn delete(house: &mut House, folder: FolderNo, count: i64) {
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let oldest = "select item from item where mailbox = $1 and folder = $2 order by item limit $3";
    let rows = client.query(oldest, &[&house.mailbox.0, &folder.0, &count]).unwrap();
    let items: Vec<ItemNo> = rows.iter().map(|row| ItemNo(row.get(0))).collect();
    for some in items.chunks(1_000) {
        house.store.mailbox(house.mailbox).delete_items(some).unwrap();
    }
}

/// Lets the journal end, as a month does in which nothing happens.
fn trim(house: &mut House) {
    house.execute("update journal set at = now() - interval '40 days'");
    while house.store.mailbox(house.mailbox).trim_journal(before(30 * 86_400), 500).unwrap() > 0 {}
    assert_eq!(house.number("select count(*) from journal"), 0);
}

/// The journal names many that are gone, and none of them was ever entered.
#[test]
fn a_mailbox_of_which_most_is_gone_is_entered_in_some_steps() {
    let mut house = house();
    let inbox = house.inbox;
    come_and_go(&mut house, inbox, 43_000);
    let steps = (0..20).position(|_| !house.store.mailbox(house.mailbox).enter_words(1_000).unwrap().more);
    assert_eq!(steps, Some(3), "3,000 items, and nothing behind them");
    assert_eq!(dead(&mut house), 0);
    assert_eq!(count(&mut house, &same()), 3_000);
}

/// Much of what was entered is gone, so all is entered anew: once, whatever goes between the steps of that.
#[test]
fn a_worn_index_is_made_anew_once() {
    let mut house = house();
    let (inbox, drafts) = (house.inbox, house.drafts);
    many(&mut house, inbox, 14_000);
    many(&mut house, drafts, 12_000);
    enter(&mut house);
    put_sign(&mut house);
    delete(&mut house, inbox, 13_500);
    assert!(!house.store.mailbox(house.mailbox).enter_words(1_000).unwrap().more);
    assert_eq!((has_sign(&mut house), dead(&mut house)), (true, 13_500), "it is judged before a step");
    house.add(inbox, "one more");
    assert!(house.store.mailbox(house.mailbox).enter_words(11_500).unwrap().more);
    assert_eq!((has_sign(&mut house), dead(&mut house)), (false, 0));
    put_sign(&mut house);
    delete(&mut house, drafts, 10_100);
    enter(&mut house);
    assert!(has_sign(&mut house), "a renewal that has begun comes to its end");
    assert!(dead(&mut house) > 10_000);
    compare_each(&mut house, &[same()]);
}

/// What was entered before a renewal goes in steps as well.
#[test]
fn a_large_index_is_removed_in_steps() {
    let mut house = house();
    let (inbox, mailbox) = (house.inbox, house.mailbox);
    many(&mut house, inbox, 100);
    enter(&mut house);
    house.add(inbox, "one more");
    house.execute(&format!(
        "insert into word (mailbox, term, chunk, items) select {}, 'sign', n, '' from generate_series(1, 60000) n; \
         delete from journal; update counter set trimmed = seq",
        mailbox.0
    ));
    let step = house.store.mailbox(mailbox).enter_words(1_000).unwrap();
    assert_eq!(step, Entered { items: 0, more: true });
    assert_eq!(house.number("select count(*) from word where term = 'sign'") / 1_000, 10);
    assert_eq!(count(&mut house, &same()), 100);
    let step = house.store.mailbox(mailbox).enter_words(1_000).unwrap();
    assert_eq!(step, Entered { items: 101, more: false });
    compare_each(&mut house, &[same()]);
    assert_eq!(house.number("select count(*) from word where term = 'sign'"), 0);
}

/// What was deleted is known when the journal no longer tells.
#[test]
fn a_quiet_month_leaves_no_wrong_totals() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 8_000);
    enter(&mut house);
    delete(&mut house, inbox, 400);
    assert_eq!(count(&mut house, &same()), 7_600);
    put_sign(&mut house);
    trim(&mut house);
    assert_eq!((count(&mut house, &same()), dead(&mut house)), (7_600, 400));
    let page = find(&mut house, &same(), 7_560);
    assert_eq!((page.rows.len(), page.total, page.last), (40, 7_600, true));
    many(&mut house, inbox, 2_000);
    enter(&mut house);
    assert_eq!((count(&mut house, &same()), dead(&mut house)), (9_600, 400));
    assert!(has_sign(&mut house), "nothing is entered anew for it");
}

/// A journal that was trimmed by who did not enter what went.
#[test]
fn a_journal_that_ends_behind_the_index_has_all_entered_anew() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 8_000);
    enter(&mut house);
    delete(&mut house, inbox, 400);
    house.execute("delete from journal; update counter set trimmed = seq");
    put_sign(&mut house);
    assert_eq!(count(&mut house, &same()), 7_600);
    assert_eq!(house.store.unindexed(1_000, MailboxNo(0), 10).unwrap(), [house.mailbox]);
    enter(&mut house);
    assert_eq!(count(&mut house, &same()), 7_600);
    assert_eq!((has_sign(&mut house), dead(&mut house)), (false, 0));
    assert_eq!(house.store.unindexed(1_000, MailboxNo(0), 10).unwrap(), []);
}

/// Whatever the total says: a page behind the end is the last.
#[test]
fn paging_ends_where_no_rows_are() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 3_000);
    enter(&mut house);
    // Numbers of none.
    house.execute(
        "update word set items = items || (select string_agg(set_byte(set_byte('\\x0000', 0, n % 256), 1, n / 256), '') \
         from generate_series(20000, 20099) n) where term in ('same', ':ssame') or term = '/' || \
         (select folder from folder where distinguished = 'inbox')",
    );
    let page = find(&mut house, &same(), 3_000);
    assert_eq!(page.rows.len(), 0);
    assert!(page.last, "{page:?}");
    let page = find(&mut house, &same(), 2_950);
    assert_eq!((page.rows.len(), page.last), (50, false), "{page:?}");
    let grouping = Grouping {
        by: Field::Column(Column::Subject),
        on: Field::Column(Column::Subject),
        largest: true,
        ascending: true,
    };
    let (inboxes, filter) = ([inbox], same());
    let search = Search { filter: &filter, ..Search::new(&inboxes) };
    for (offset, rows) in [(2_980, 20), (3_000, 0)] {
        let page = Page { offset, limit: 50, from_end: false };
        let found = house.store.mailbox(house.mailbox).find_groups(&search, &grouping, &Plan::default(), page).unwrap();
        assert_eq!((found.rows.len(), found.last), (rows, true));
    }
}

/// New words of an item that was marked already, while all is entered anew: the mark is gone, and the words came later.
#[test]
fn words_that_change_beside_a_renewal_are_found() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 3_000);
    enter(&mut house);
    let mailbox = house.mailbox;
    let item = ItemNo(house.newest().0);
    house.execute(&format!(
        "insert into reword select {}, item from item where mailbox = {0} order by item desc limit 2600",
        mailbox.0
    ));
    house.add(inbox, "one more");
    let words = [(Area::Subject, "other".to_owned())];
    let mut update = ItemUpdate { search: Some(&words), ..ItemUpdate::default() };
    update.set = subject("other");
    let (mut writer, mut janitor) = (house.other(), house.other());
    let ((changed, changes), (go, gone)) = (mpsc::channel(), mpsc::channel::<()>());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            writer
                .transaction::<_, StoreError>(|store| {
                    store.mailbox(mailbox).update_item(item, &update, None)?;
                    changed.send(()).unwrap();
                    gone.recv().unwrap();
                    Ok(())
                })
                .unwrap();
        });
        changes.recv().unwrap();
        let entering = scope.spawn(move || while janitor.mailbox(mailbox).enter_words(1_000).unwrap().more {});
        // It waits for the writer, or it does not.
        while !entering.is_finished() && house.number("select count(*) from pg_locks where not granted") == 0 {
            std::thread::yield_now();
        }
        go.send(()).unwrap();
    });
    let other = Filter::Words { place: Place::Subject, text: "other".into(), whole: true };
    assert_eq!(count(&mut house, &other), 1);
    compare_each(&mut house, &[other, same()]);
    assert_eq!(house.number("select count(*) from reword where item <= (select upto from indexed)"), 0);
}

/// Items that changed before they were entered are as good as any.
#[test]
fn new_items_that_changed_are_no_reason_for_a_renewal() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 100);
    enter(&mut house);
    put_sign(&mut house);
    many(&mut house, inbox, 2_600);
    let text = "file".to_owned();
    let item = ItemNo(house.newest().0);
    let file = NewAttachment { name: "omega", search: &text, ..NewAttachment::file() };
    house.store.mailbox(house.mailbox).create_attachments(item, &[file]).unwrap();
    assert_eq!(house.number("select count(*) from reword"), 1);
    house.execute(&format!(
        "insert into reword select mailbox, item from item where item <> {} order by item desc limit 2599",
        item.0
    ));
    let named = Filter::Words { place: Place::Attachment, text: "omega".into(), whole: true };
    assert_eq!(count(&mut house, &named), 1);
    enter(&mut house);
    assert!(has_sign(&mut house));
    assert_eq!(house.number("select count(*) from reword"), 0);
    compare_each(&mut house, &[same(), named]);
}

/// A search that has asked what the index does not know, and asks for words after the first step of a renewal, all of which is
/// done before it looks whether there was one.
#[test]
fn a_renewal_that_has_ended_meanwhile_is_seen() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 3_000);
    enter(&mut house);
    house.execute("create table whole as select * from word");
    let client = || postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let (mut first, mut second, mut look) = (client(), client(), client());
    let mut step = first.transaction().unwrap();
    step.batch_execute("lock table word in access exclusive mode").unwrap();
    let mailbox = house.mailbox;
    let store = &mut house.store;
    let found = std::thread::scope(|scope| {
        let search = scope.spawn(move || {
            let filter = Filter::Words { place: Place::Subject, text: "even".into(), whole: true };
            let inboxes = [inbox];
            let search = Search { filter: &filter, ..Search::new(&inboxes) };
            store.mailbox(mailbox).find_items(&search, &Plan::default(), Page::first(10)).unwrap().total
        });
        let mut wait = |table: &str| {
            let waits = format!("select count(*) from pg_locks where not granted and relation = '{table}'::regclass");
            while look.query_one(&waits, &[]).unwrap().get::<_, i64>(0) == 0 {
                assert!(!search.is_finished(), "the search does not ask {table}");
            }
        };
        wait("word");
        step.batch_execute("update word set items = substr(items, 1, octet_length(items) / 4 * 2)").unwrap();
        let mut last = second.transaction().unwrap();
        last.batch_execute("lock table indexed in access exclusive mode").unwrap();
        step.commit().unwrap();
        wait("indexed");
        last.batch_execute(
            "delete from word; insert into word table whole; update indexed set renewals = renewals + 1",
        )
        .unwrap();
        last.commit().unwrap();
        search.join().unwrap()
    });
    assert_eq!(found, 1_500);
}

/// A step that ends while the account is deleted.
#[test]
fn a_deleted_account_leaves_no_words_of_the_last_step() {
    let mut house = house();
    let inbox = house.inbox;
    house.add(inbox, "one");
    enter(&mut house);
    let (account, mailbox) = (house.account.account, house.mailbox.0);
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let mut step = client.transaction().unwrap();
    step.batch_execute("select from indexed for update").unwrap();
    let mut admin = house.other();
    std::thread::scope(|scope| {
        let deletion = scope.spawn(move || admin.delete_account(account).unwrap());
        while !deletion.is_finished() && house.number("select count(*) from pg_locks where not granted") == 0 {
            std::thread::yield_now();
        }
        step.batch_execute(&format!(
            "insert into word (mailbox, term, chunk, items) values ({mailbox}, 'late', 0, '')"
        ))
        .unwrap();
        step.commit().unwrap();
    });
    assert_eq!(house.number("select count(*) from word"), 0);
    assert_eq!(house.number("select count(*) from indexed"), 0);
}
