//! Each verb's statements as they are, in `tests/sql/<verb>.sql`: to be read, and to see in a change what the server will
//! be asked. `EWSD_WRITE_SQL=1` writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod clock;
mod global;
mod layout;

use crate::testing::database;
use crate::*;
use ewsd_model::id::{AttachmentNo, FolderNo, Guid, ItemNo, MailboxNo, Seq};
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use ewsd_model::{FolderKind, ItemKind, Value};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

/// What is older than anything that is stored.
fn before() -> Before {
    Believed::for_test(jiff::Timestamp::UNIX_EPOCH).older_than_days(0)
}

/// What is older than a time to come.
fn after() -> Before {
    Believed::for_test("2900-01-01T00:00:00Z".parse().unwrap()).older_than_days(0)
}

/// The pages being written: name and statements.
struct Pages {
    store: Store,
    mailbox: MailboxNo,
    written: BTreeMap<&'static str, String>,
}

impl Pages {
    /// What the store is asked by something that succeeds.
    fn of<T, E: Debug>(&mut self, verb: &'static str, what: impl FnOnce(&mut Store) -> Result<T, E>) -> T {
        self.store.prepared.clear();
        let done = what(&mut self.store);
        let statements: Vec<String> = self.store.prepared.seen.iter().map(|sql| layout::layout(sql)).collect();
        assert!(!statements.is_empty(), "{verb}");
        assert!(self.written.insert(verb, statements.join("\n")).is_none(), "{verb} stands there already");
        done.unwrap_or_else(|error| panic!("{verb}: {error:?}"))
    }

    /// The same in the mailbox.
    fn mail<T>(&mut self, verb: &'static str, what: impl FnOnce(&mut Mailbox<'_>) -> Result<T, StoreError>) -> T {
        let no = self.mailbox;
        self.of(verb, |store| what(&mut store.mailbox(no)))
    }
}

fn message<'a>(folder: FolderNo) -> NewItem<'a> {
    let mut item = NewItem::new(folder, ItemKind::Message);
    item.columns.set(Column::Subject, Value::Text("subject".to_owned()));
    item.body = Some(b"<p>body");
    item.plain = Some("body");
    item.attachments = vec![NewAttachment { content: b"octets", ..NewAttachment::file() }];
    item
}

fn items(pages: &mut Pages, inbox: FolderNo, trash: FolderNo) {
    let item = pages.mail("create_item", |mailbox| mailbox.create_item(&message(inbox))).item;
    let plan =
        Plan { columns: [Column::Subject, Column::Received].into_iter().collect(), json: true, ..Plan::default() };
    pages.mail("items", |mailbox| mailbox.items(&[item], &Plan { ext: true, body: true, mime: true, ..plan }));
    pages.mail("item_places", |mailbox| mailbox.item_places(&[(inbox, item)]));
    let words = [(Area::Subject, "word".to_owned())];
    let mut update =
        ItemUpdate { set_flags: bit::READ, body: Some(Some(b"new")), search: Some(&words), ..ItemUpdate::default() };
    update.set.set(Column::Subject, Value::Text("other".to_owned()));
    update.set.set(Column::Size, Value::Long(7));
    update.props.insert("Culture".to_owned(), "de".into());
    pages.mail("update_item", |mailbox| mailbox.update_item(item, &update, Some(Seq(item.0))));
    pages.mail("set_read", |mailbox| mailbox.set_read(&[item], false));
    pages.mail("mark_all_read", |mailbox| mailbox.set_all_read(inbox, true));
    let filter = Filter::And(vec![
        Filter::Compare(Field::Column(Column::Subject), Cmp::Ge, Scalar::Text("a".to_owned())),
        Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(true)),
    ]);
    let orders = [Order { field: Field::Column(Column::Subject), ascending: true }];
    let inboxes = [inbox];
    let search = Search { filter: &filter, orders: &orders, ..Search::new(&inboxes) };
    pages.mail("find_items", |mailbox| mailbox.find_items(&search, &plan, Page::first(50)));
    pages.mail("find_items_newest_first", |mailbox| mailbox.find_items(&Search::new(&[inbox]), &plan, Page::first(50)));
    pages.mail("count_items", |mailbox| mailbox.count_items(&search));
    pages.mail("rows_before", |mailbox| mailbox.rows_before(&search, &filter, false));
    let received = Field::Column(Column::Received);
    let said = Filter::Contains {
        field: Field::Body,
        mode: ContainsMode::Substring,
        ignore_case: true,
        text: "bod".to_owned(),
    };
    let said = Search { filter: &said, ..Search::new(&inboxes) };
    pages.mail("find_in_bodies", |mailbox| mailbox.find_items(&said, &Plan::default(), Page::first(50)));
    let grouping = Grouping { by: Field::Column(Column::FromName), on: received, largest: true, ascending: false };
    pages.mail("find_groups", |mailbox| mailbox.find_groups(&search, &grouping, &plan, Page::first(50)));
    let copy = pages.mail("copy_items", |mailbox| mailbox.copy_items(&[item], trash, None))[0].item;
    let moved = pages.mail("move_items", |mailbox| mailbox.move_items(&[item], trash))[0].item;
    attachments(pages, moved);
    pages.mail("delete_items", |mailbox| mailbox.delete_items(&[moved, copy]));
}

fn contacts(pages: &mut Pages, inbox: FolderNo) {
    let rows = [("DisplayName".to_owned(), "Ann".to_owned())];
    let new = NewItem { contact: rows.to_vec(), ..NewItem::new(inbox, ItemKind::Contact) };
    let item = pages.mail("create_contact", |mailbox| mailbox.create_item(&new)).item;
    let update = ItemUpdate { contact: Some(&rows), ..ItemUpdate::default() };
    pages.mail("update_contact", |mailbox| mailbox.update_item(item, &update, None));
    pages.mail("resolve_contacts", |mailbox| mailbox.resolve_contacts(&[inbox], "an", false, 5));
    pages.mail("resolve_contact_address", |mailbox| mailbox.resolve_contacts(&[inbox], "ann@example.test", true, 5));
    let named = Field::Contact("DisplayName".to_owned());
    let filter = Filter::Compare(named.clone(), Cmp::Eq, Scalar::Text("Ann".to_owned()));
    let (inboxes, orders) = ([inbox], [Order { field: named, ascending: true }]);
    let search = Search { filter: &filter, orders: &orders, ..Search::new(&inboxes) };
    pages.mail("find_contacts", |mailbox| mailbox.find_items(&search, &Plan::default(), Page::first(50)));
}

fn calendar(pages: &mut Pages, inbox: FolderNo) {
    let starts = jiff::Timestamp::UNIX_EPOCH;
    let event = Event { starts, ends: None, series: true, uid: "u".to_owned() };
    let mut new = NewItem { event: Some(event.clone()), ..NewItem::new(inbox, ItemKind::CalendarItem) };
    new.props.insert("ReminderNextTime".to_owned(), "2026-01-01T00:00:00Z".into());
    let item = pages.mail("create_event", |mailbox| mailbox.create_item(&new)).item;
    let update = ItemUpdate { event: Some(event), ..ItemUpdate::default() };
    pages.mail("update_event", |mailbox| mailbox.update_item(item, &update, None));
    pages.mail("events_between", |mailbox| mailbox.events_between(&[inbox], starts, starts));
    let outline = Outline { members: &["Start", "ModifiedOccurrences"], changes: "ModifiedOccurrences" };
    let bounds = Bounds { rows: 10, octets: 10_000 };
    pages.mail("events_in", |mailbox| mailbox.events_in(&[inbox], starts, starts, 10, 10));
    pages.mail("outlines", |mailbox| mailbox.outlines(&[item], &outline));
    pages.mail("busy_between", |mailbox| mailbox.busy_between(inbox, starts, starts, &outline, bounds));
    pages.of("calendars", |store| store.calendars(&["a@example.test"]));
    pages.of("group_calendars", |store| store.group_calendars(1, 100));
    pages.mail("reminders_between", |mailbox| mailbox.reminders_between(starts, starts, false, 10));
    pages.mail("events_of_uid", |mailbox| mailbox.events_of_uid("u"));
}

fn attachments(pages: &mut Pages, item: ItemNo) {
    let new = [NewAttachment { content: b"more", ..NewAttachment::file() }];
    let made = pages.mail("create_attachments", |mailbox| mailbox.create_attachments(item, &new)).0;
    let number: AttachmentNo = made[0];
    pages.mail("attachments", |mailbox| mailbox.attachments(&[item]));
    pages.mail("attachment", |mailbox| mailbox.attachment(item, number, true));
    pages.mail("delete_attachments", |mailbox| mailbox.delete_attachments(item, &[number]));
}

fn folders(pages: &mut Pages, inbox: FolderNo, trash: FolderNo) {
    let new = NewFolder::new(inbox, FolderKind::Folder, "new".to_owned());
    let folder = pages.mail("create_folder", |mailbox| mailbox.create_folder(&new)).0;
    pages.mail("folders", |mailbox| mailbox.folders(&[folder], &["inbox"]));
    pages.mail("children", |mailbox| mailbox.children(inbox, true, &Filter::True, &[], Page::first(50)));
    let update = FolderUpdate { name: Some("other".to_owned()), ..FolderUpdate::default() };
    pages.mail("update_folder", |mailbox| mailbox.update_folder(folder, &update, None));
    pages.mail("move_folder", |mailbox| mailbox.move_folder(folder, trash));
    pages.mail("copy_folder", |mailbox| mailbox.copy_folder(folder, inbox, None));
    pages.mail("folder_rights_at", |mailbox| mailbox.folder_rights_at(&[folder], Seq(1)));
    pages.mail("child_rights", |mailbox| mailbox.child_rights(&[inbox]));
    pages.mail("delete_folder", |mailbox| mailbox.delete_folder(folder));
    pages.mail("empty_folder", |mailbox| mailbox.empty_folder(trash, true));
}

fn news(pages: &mut Pages, inbox: FolderNo) {
    let root = pages.store.mailbox(pages.mailbox).folder_by_distinguished("root").unwrap().folder;
    let newest = pages.mail("newest", |mailbox| mailbox.newest());
    pages.mail("sync_items_first", |mailbox| mailbox.sync_items(&ItemState::new(inbox), false, 512));
    let state = ItemState::At { folder: inbox, seq: newest };
    pages.mail("sync_items", |mailbox| mailbox.sync_items(&state, false, 512));
    pages.mail("sync_folders", |mailbox| mailbox.sync_folders(root, Some(newest)));
    pages.mail("events", |mailbox| mailbox.events(&Scope::Folders(vec![inbox]), newest, 50));
    pages.mail("last_parents", |mailbox| mailbox.last_parents(&[inbox]));
    let new = NewSubscription {
        account: 1,
        kind: SubscriptionKind::Pull,
        scope: Scope::All,
        events: 1,
        timeout_seconds: 60,
        details: Map::new(),
    };
    let id: Guid = pages.mail("create_subscription", |mailbox| mailbox.create_subscription(&new, 9)).0;
    pages.mail("subscription", |mailbox| mailbox.subscription(id));
    pages.mail("subscriptions", |mailbox| mailbox.subscriptions(&[id]));
    pages.mail("claim_stream", |mailbox| mailbox.claim_stream(&[id], 7, 60));
    let told = EventPosition { seq: Seq(1), events: 255 };
    pages.mail("tell_streams", |mailbox| mailbox.tell_streams(&[StreamPosition { stream: 7, id, told }]));
    pages.mail("with_subscriptions", |mailbox| mailbox.with_subscriptions(&[id], |_, rows| Ok(rows)));
    pages.mail("delete_subscription", |mailbox| mailbox.delete_subscription(id));
    pages.of("listed_subscriptions", |store| store.listed_subscriptions(None));
    pages.of("expire_subscriptions", |store| store.expire_subscriptions(before()));
}

fn outbox(pages: &mut Pages) {
    let recipients = ["far@away.test".to_owned()];
    let new =
        NewOutgoing { mailbox: pages.mailbox, sender: "alice@example.test", recipients: &recipients, mime: b"mail" };
    let id = pages.of("put_outgoing", |store| store.put_outgoing(&new));
    let claim = Claim { holder: 7, lease_seconds: 60, limit: 5, submitted: None };
    pages.of("claim_outgoing", |store| store.claim_outgoing(&claim));
    pages.of("renew_outgoing", |store| store.renew_outgoing(7, 60));
    let wait = Postponed {
        mailbox: pages.mailbox,
        id,
        holder: 7,
        seconds: 60,
        recipients: &recipients,
        error: Some("busy"),
        attempted: true,
    };
    pages.of("postpone_outgoing", |store| store.postpone_outgoing(&wait));
    pages.of("free_outgoing", |store| store.free_outgoing(7));
    pages.of("queued", |store| store.queued(0, 50));
    let mailbox = pages.mailbox;
    pages.of("finish_outgoing", |store| store.finish_outgoing(mailbox, id));
}

fn token_keys(pages: &mut Pages) {
    let url = "https://id.example.test/keys";
    pages.of("claim_token_keys", |store| store.claim_token_keys(url, 60));
    pages.of("keep_token_keys", |store| store.keep_token_keys(url, "{}", 3600));
    pages.of("want_token_keys", |store| store.want_token_keys(url, 60));
    pages.of("next_token_keys_seconds", |store| store.next_token_keys_seconds(url));
    pages.of("token_keys", |store| store.token_keys(url));
}

fn upkeep(pages: &mut Pages, inbox: FolderNo) {
    pages.mail("check_quota", |mailbox| mailbox.check_quota(1, 1 << 30));
    pages.of("almost_full", |store| store.almost_full(90, before(), 100));
    pages.mail("warn_of_quota", |mailbox| mailbox.warn_of_quota(before()));
    pages.mail("used", |mailbox| mailbox.used());
    pages.mail("trim_journal", |mailbox| mailbox.trim_journal(after(), 1));
    pages.of("plain_due", |store| store.plain_due(100));
    let due = pages.mail("bodies_due", |mailbox| mailbox.bodies_due(100));
    pages.mail("put_plain", |mailbox| mailbox.put_plain(&Hash::of(b"<p>body"), "body"));
    pages.mail("settle_plain", |mailbox| mailbox.settle_plain(&due));
    pages.mail("enter_words", |mailbox| mailbox.enter_words(1000));
    // One that is looked at beside the index.
    pages.store.mailbox(pages.mailbox).create_item(&message(inbox)).unwrap();
    pages.of("unindexed", |store| store.unindexed(0, MailboxNo(0), 100));
    let filter = Filter::Words { place: Place::Anywhere, text: "subject".to_owned(), whole: false };
    let inboxes = [inbox];
    let search = Search { filter: &filter, ..Search::new(&inboxes) };
    pages.mail("find_words", |mailbox| mailbox.find_items(&search, &Plan::default(), Page::first(50)));
    let filter = Filter::Contains {
        field: Field::Body,
        mode: ContainsMode::Substring,
        ignore_case: true,
        text: "bod".to_owned(),
    };
    let search = Search { filter: &filter, ..Search::new(&inboxes) };
    pages.mail("find_parts", |mailbox| mailbox.find_items(&search, &Plan::default(), Page::first(50)));
    pages.mail("collect_orphans", |mailbox| mailbox.collect_orphans(before(), 1000));
    let (members, delivery) = ([pages.mailbox], Hash::of(b"mail"));
    pages.mail("note_delivered", |mailbox| mailbox.note_delivered(&[delivery]));
    pages.of("forget_delivered", |store| store.forget_delivered(&members, delivery));
    pages.of("seen_clock", Store::seen_clock);
    let now = jiff::Timestamp::now();
    assert!(pages.of("judge_clock", |store| store.judge_clock(now, 60)).is_ok());
    pages.of("expire_delivered", |store| store.expire_delivered(before()));
    let unread = Unread { mailbox: None, before: Some(1) };
    pages.of("unread_mail", |store| store.unread_mail(unread, (MailboxNo(0), ItemNo(0)), 100));
}

fn directory(pages: &mut Pages, account: i64) {
    let recipients = ["alice@example.test".to_owned()];
    pages.of("account_by_login", |store| store.account_by_login("alice"));
    pages.of("account_by_address", |store| store.account_by_address("alice@example.test"));
    pages.of("add_address", |store| store.add_address(account, "al@example.test", true));
    pages.of("remove_address", |store| store.remove_address("al@example.test"));
    pages.of("recipients", |store| store.recipients(&recipients));
    pages.of("resolve_names", |store| store.resolve_names("al", 5));
    pages.of("resolve_address", |store| store.resolve_names("smtp:alice@example.test", 5));
    let group = pages.of("create_group", |store| store.create_group("team@example.test", "Team")).group;
    let member = GroupMember::Account { account, name: String::new(), address: String::new() };
    pages.of("add_member", |store| store.add_member(group, &member));
    pages.of("members", |store| store.members(group));
    pages.of("groups_named", |store| store.groups_named("team"));
    pages.of("group_recipients", |store| store.group_recipients(group));
    pages.of("remove_member", |store| store.remove_member(group, &member));
    pages.of("delete_group", |store| store.delete_group(group));
    pages.of("note_login", |store| store.note_login(account, "192.0.2.1", "basic"));
    pages.of("login_places", |store| store.login_places(account, 20));
    pages.of("people_of_network", |store| store.people_of_network("192.0.2.1", 20));
    pages.of("expire_login_places", |store| store.expire_login_places(before()));
    pages.of("delete_account", |store| store.delete_account(account));
}

#[test]
fn every_statement_is_the_one_written_down() {
    let database = database();
    let store = Store::connect(&database.options()).unwrap();
    let mut pages = Pages { store, mailbox: MailboxNo(0), written: BTreeMap::new() };
    let new = NewAccount {
        login: "alice".to_owned(),
        addresses: vec!["alice@example.test".to_owned()],
        language: "en".to_owned(),
        ..NewAccount::default()
    };
    let account = pages.of("create_account", |store| store.create_account(&new));
    pages.mailbox = account.mailbox;
    let mut folder = |name| pages.store.mailbox(account.mailbox).folder_by_distinguished(name).unwrap().folder;
    let (inbox, trash) = (folder("inbox"), folder("deleteditems"));
    items(&mut pages, inbox, trash);
    contacts(&mut pages, inbox);
    calendar(&mut pages, inbox);
    folders(&mut pages, inbox, trash);
    news(&mut pages, inbox);
    outbox(&mut pages);
    token_keys(&mut pages);
    upkeep(&mut pages, inbox);
    directory(&mut pages, account.account);
    compare(&pages.written);
}

fn compare(written: &BTreeMap<&'static str, String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sql");
    let file = |verb: &str| folder.join(format!("{verb}.sql"));
    if std::env::var_os("EWSD_WRITE_SQL").is_some() {
        fs::create_dir_all(&folder).unwrap();
        written.iter().for_each(|(verb, text)| fs::write(file(verb), text).unwrap());
    }
    let other: Vec<&str> = written
        .iter()
        .filter(|(verb, text)| fs::read_to_string(file(verb)).unwrap_or_default() != **text)
        .map(|(verb, _)| *verb)
        .collect();
    assert!(other.is_empty(), "other statements than in tests/sql (EWSD_WRITE_SQL=1 writes them anew): {other:?}");
    for entry in fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(written.contains_key(name.trim_end_matches(".sql")), "nothing is asked like tests/sql/{name}");
    }
}

#[test]
fn a_statement_is_laid_out_by_clauses() {
    let sql = "with a as (select x,  y from t where exists (select from u)) \
               insert into t (x, y) select a.x, 'from  (here)' from a left join b on a.x = b.x for update";
    let expected = "\
with a as (select x, y from t where exists (select from u))
insert into t (x, y)
select a.x, 'from  (here)'
from a
left join b on a.x = b.x for update;
";
    assert_eq!(layout::layout(sql), expected);
}
