//! Synchronization: a client that asks for pages while others change the folder ends with the folder.

use crate::support::*;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_model::{FolderKind, ItemKind, Value};
use ewsd_store::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a client knows of an item: subject and whether it is read.
type Copy = BTreeMap<ItemNo, (String, bool)>;

struct Client {
    state: ItemState,
    copy: Copy,
    /// Items told of in the round that is under way.
    told: BTreeSet<ItemNo>,
}

impl Client {
    fn new(folder: FolderNo) -> Client {
        Client { state: ItemState::new(folder), copy: Copy::new(), told: BTreeSet::new() }
    }

    /// Asks for one page and obeys it, as a client does that trusts the server.
    fn page(&mut self, house: &mut House, limit: usize) -> bool {
        let page = house.store.mailbox(house.mailbox).sync_items(&self.state, false, limit).unwrap();
        assert!(page.changes.len() <= limit);
        if matches!(self.state, ItemState::At { .. }) {
            self.told.clear();
        }
        for change in &page.changes {
            assert!(self.told.insert(change.item), "told twice in a round: {change:?}");
            match change.what {
                SyncKind::Delete => {
                    assert!(
                        self.copy.remove(&change.item).is_some()
                            || matches!(page.state, ItemState::At { .. } | ItemState::Round { .. })
                    );
                }
                SyncKind::ReadFlag => {
                    let known = self.copy.get_mut(&change.item).expect("a read flag of a known item");
                    known.1 = change.flags & READ != 0;
                }
                SyncKind::Update | SyncKind::Create => {
                    let plan = Plan { columns: ColumnSet::NONE.with(Column::Subject), ..Plan::default() };
                    // Between the page and this it may have gone; the next round says so.
                    let row = house.store.mailbox(house.mailbox).items(&[change.item], &plan).unwrap().pop();
                    if change.what == SyncKind::Update {
                        assert!(self.copy.contains_key(&change.item), "an update of an unknown item: {change:?}");
                    }
                    if let Some(row) = row {
                        let subject = row.columns.text(Column::Subject).unwrap().to_owned();
                        self.copy.insert(change.item, (subject, row.flags & READ != 0));
                    }
                }
            }
        }
        self.state = page.state;
        page.last
    }

    fn all(&mut self, house: &mut House, limit: usize) {
        while !self.page(house, limit) {}
    }
}

fn folder_now(house: &mut House, folder: FolderNo) -> Copy {
    let plan = Plan { columns: ColumnSet::NONE.with(Column::Subject), ..Plan::default() };
    let items = house.store.mailbox(house.mailbox).item_numbers(folder).unwrap();
    let rows = house.store.mailbox(house.mailbox).items(&items, &plan).unwrap();
    let normal = rows.into_iter().filter(|row| row.flags & bit::ASSOCIATED == 0);
    normal
        .map(|row| (row.item, (row.columns.text(Column::Subject).unwrap().to_owned(), row.flags & READ != 0)))
        .collect()
}

fn whats(house: &mut House, state: &ItemState) -> (Vec<(SyncKind, i64)>, ItemState) {
    let page = house.store.mailbox(house.mailbox).sync_items(state, false, 100).unwrap();
    assert!(page.last);
    (page.changes.iter().map(|change| (change.what, change.item.0)).collect(), page.state)
}

#[test]
fn the_first_listing_is_newest_first_and_ends_at_the_newest_number() {
    let mut house = house();
    let items: Vec<i64> = (0..5).map(|n| house.add(house.inbox, &n.to_string()).0).collect();
    house.add(house.drafts, "elsewhere");
    let newest = house.newest();
    let first = house.store.mailbox(house.mailbox).sync_items(&ItemState::new(house.inbox), false, 3).unwrap();
    assert!(!first.last);
    // What enters now is of the next round.
    let late = house.add(house.inbox, "late");
    let second = house.store.mailbox(house.mailbox).sync_items(&first.state, false, 3).unwrap();
    assert!(!second.last, "the client must come again at once");
    let listed: Vec<i64> = first.changes.iter().chain(&second.changes).map(|change| change.item.0).collect();
    assert_eq!(listed, items.iter().rev().copied().collect::<Vec<_>>());
    assert_eq!(second.state, ItemState::At { folder: house.inbox, seq: newest });
    assert_eq!(whats(&mut house, &second.state).0, [(SyncKind::Create, late.0)]);
}

#[test]
fn each_kind_of_change_is_told_as_what_it_is() {
    let mut house = house();
    let items: Vec<ItemNo> = (0..6).map(|n| house.add(house.inbox, &n.to_string())).collect();
    let start = ItemState::new(house.inbox);
    let (_, state) = whats(&mut house, &start);
    assert_eq!(whats(&mut house, &state), (vec![], state));

    let update = ItemUpdate { set: subject("new"), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).set_read(&items[..2], true).unwrap();
    house.store.mailbox(house.mailbox).update_item(items[1], &update, None).unwrap();
    house.store.mailbox(house.mailbox).update_item(items[2], &update, None).unwrap();
    house.store.mailbox(house.mailbox).delete_items(&[items[3]]).unwrap();
    house.store.mailbox(house.mailbox).move_items(&[items[4]], house.drafts).unwrap();
    let brief = house.add(house.inbox, "brief");
    house.store.mailbox(house.mailbox).delete_items(&[brief]).unwrap();
    let copy = house.store.mailbox(house.mailbox).copy_items(&[items[5]], house.inbox, None).unwrap()[0].item;
    let away = house.store.mailbox(house.mailbox).copy_items(&[items[5]], house.drafts, None).unwrap()[0].item;
    let back = house.store.mailbox(house.mailbox).move_items(&[away], house.inbox).unwrap()[0].item;
    let mut hidden = message(house.inbox, "hidden");
    hidden.flags = bit::ASSOCIATED;
    let hidden = house.store.mailbox(house.mailbox).create_item(&hidden).unwrap().item;

    let (told, after) = whats(&mut house, &state);
    assert_eq!(
        told,
        [
            (SyncKind::ReadFlag, items[0].0),
            (SyncKind::Update, items[1].0),
            (SyncKind::Update, items[2].0),
            (SyncKind::Delete, items[3].0),
            (SyncKind::Delete, items[4].0),
            (SyncKind::Create, copy.0),
            (SyncKind::Create, back.0),
        ]
    );
    assert_eq!(after, ItemState::At { folder: house.inbox, seq: house.newest() });
    let page = house.store.mailbox(house.mailbox).sync_items(&state, true, 100).unwrap();
    assert_eq!(page.changes.last().unwrap().item, hidden);
}

#[test]
fn a_state_that_the_journal_does_not_reach_is_refused() {
    let mut house = house();
    for n in 0..5 {
        house.add(house.inbox, &n.to_string());
    }
    let at = |seq: i64| ItemState::At { folder: FolderNo(1), seq: Seq(seq) };
    let newest = house.newest();
    house.execute("update journal set at = now() - interval '40 days'");
    assert_eq!(house.store.mailbox(house.mailbox).trim_journal(before(30 * 86_400), 3).unwrap(), 3);
    assert_eq!(
        [2, 3, newest.0, newest.0 + 1].map(|seq| house.store.mailbox(house.mailbox).knows(Seq(seq)).unwrap()),
        [false, true, true, false]
    );
    house.check();
    assert!(matches!(house.store.mailbox(house.mailbox).sync_items(&at(2), false, 9), Err(StoreError::Trimmed)));
    assert!(house.store.mailbox(house.mailbox).sync_items(&at(3), false, 9).is_ok());
    assert!(matches!(
        house.store.mailbox(house.mailbox).sync_items(&at(newest.0 + 1), false, 9),
        Err(StoreError::Trimmed)
    ));
    let root = house.store.mailbox(house.mailbox).folder_by_distinguished("root").unwrap().folder;
    assert!(matches!(house.store.mailbox(house.mailbox).sync_folders(root, Some(Seq(2))), Err(StoreError::Trimmed)));
    assert!(matches!(house.store.mailbox(house.mailbox).events(&Scope::All, Seq(2), 9), Err(StoreError::Trimmed)));
    assert!(house.store.mailbox(house.mailbox).events(&Scope::All, Seq(3), 9).is_ok());
    assert_eq!(house.store.mailbox(house.mailbox).trim_journal(before(50 * 86_400), 100).unwrap(), 0);
    while house.store.mailbox(house.mailbox).trim_journal(before(30 * 86_400), 10).unwrap() > 0 {}
    assert_eq!(
        [newest.0 - 1, newest.0].map(|seq| house.store.mailbox(house.mailbox).knows(Seq(seq)).unwrap()),
        [false, true]
    );
    assert!(house.store.mailbox(house.mailbox).sync_items(&at(newest.0), false, 9).is_ok());
    house.check();
}

#[test]
fn numbers_of_a_database_that_was_lost_are_never_given_again() {
    let mut house = house();
    for n in 0..5 {
        house.add(house.inbox, &n.to_string());
    }
    let survived = house.newest();
    let root = house.store.mailbox(house.mailbox).folder_by_distinguished("root").unwrap().folder;
    // What a client was told by the database that this one is a copy of, after it was taken.
    let told = Seq(survived.0 + 3);
    house.execute("update incarnation set identity = 'the one before'");
    // All workers come back at once.
    let options = house.database.options();
    let stores = [(); 4].map(|()| {
        let options = options.clone();
        std::thread::spawn(move || Store::connect(&options).unwrap())
    });
    let mut stores = stores.map(|store| store.join().unwrap());
    house.store = Store::connect(&options).unwrap();
    let resumed = house.newest();
    assert_eq!(resumed, Seq(survived.0 + (1 << 24)), "once");
    let at = |seq: Seq| ItemState::At { folder: house.inbox, seq };
    let (inbox, mailbox) = (house.inbox, house.mailbox);
    for round in 0..2 {
        let mut mailbox = house.store.mailbox(mailbox);
        assert!(matches!(mailbox.sync_items(&at(told), false, 9), Err(StoreError::Trimmed)));
        assert!(matches!(mailbox.sync_folders(root, Some(told)), Err(StoreError::Trimmed)));
        assert!(matches!(mailbox.events(&Scope::All, told, 9), Err(StoreError::Lost)));
        assert_eq!([told, survived, resumed].map(|seq| mailbox.knows(seq).unwrap()), [false, true, true]);
        // What is older goes on, what was told since as well.
        for seq in [Seq(survived.0 - 1), survived, resumed] {
            let changes = mailbox.sync_items(&at(seq), false, 9).unwrap().changes.len();
            assert_eq!(changes, round * 3 + usize::from(seq < survived), "{seq:?}");
            assert!(mailbox.sync_folders(root, Some(seq)).is_ok() && mailbox.events(&Scope::All, seq, 9).is_ok());
        }
        if round == 0 {
            for _ in 0..3 {
                let item =
                    stores[0].mailbox(house.mailbox).create_item(&NewItem::new(inbox, ItemKind::Message)).unwrap();
                assert!(item.item.0 > resumed.0, "{item:?}");
            }
        }
    }
    assert_eq!(house.number("select count(*) from lost"), 1);
    assert!(house.number("select max(seq) - min(seq) from journal") > 1 << 24, "it leaves out what was lost");
}

/// One step of the interleaving. Numbers choose among what is there.
#[derive(Clone, Debug)]
enum Step {
    Add(u8),
    Update(u16),
    Read(u16, bool),
    Move(u16, u8),
    Copy(u16, u8),
    Delete(u16),
    Page(u8),
    AllRead(u8, bool),
    Empty(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2_u8).prop_map(Step::Add),
        3 => any::<u16>().prop_map(Step::Update),
        3 => any::<(u16, bool)>().prop_map(|(n, read)| Step::Read(n, read)),
        3 => (any::<u16>(), 0..2_u8).prop_map(|(n, to)| Step::Move(n, to)),
        1 => (any::<u16>(), 0..2_u8).prop_map(|(n, to)| Step::Copy(n, to)),
        2 => any::<u16>().prop_map(Step::Delete),
        5 => (1..5_u8).prop_map(Step::Page),
        1 => (0..2_u8, any::<bool>()).prop_map(|(folder, read)| Step::AllRead(folder, read)),
        1 => (0..20_u8).prop_map(Step::Empty),
    ]
}

fn take(house: &mut House, folders: [FolderNo; 2], step: &Step, n: usize) {
    let all: Vec<ItemNo> =
        folders.iter().flat_map(|f| house.store.mailbox(house.mailbox).item_numbers(*f).unwrap()).collect();
    let pick = |number: u16| all.get(usize::from(number) % all.len().max(1)).copied();
    let mailbox = house.mailbox;
    let update = |text: &str| ItemUpdate { set: subject(text), ..ItemUpdate::default() };
    match step {
        Step::Add(folder) => drop(house.add(folders[usize::from(*folder)], &n.to_string())),
        Step::Update(item) => {
            pick(*item)
                .map(|item| house.store.mailbox(mailbox).update_item(item, &update(&n.to_string()), None).unwrap());
        }
        Step::Read(item, read) => {
            pick(*item).map(|item| house.store.mailbox(mailbox).set_read(&[item], *read).unwrap());
        }
        Step::Move(item, to) => {
            pick(*item)
                .map(|item| house.store.mailbox(mailbox).move_items(&[item], folders[usize::from(*to)]).unwrap());
        }
        Step::Copy(item, to) => {
            pick(*item)
                .map(|item| house.store.mailbox(mailbox).copy_items(&[item], folders[usize::from(*to)], None).unwrap());
        }
        Step::Delete(item) => {
            pick(*item).map(|item| house.store.mailbox(mailbox).delete_items(&[item]).unwrap());
        }
        Step::AllRead(folder, read) => {
            house.store.mailbox(mailbox).set_all_read(folders[usize::from(*folder)], *read).unwrap();
        }
        // Rare: it leaves little to test with.
        Step::Empty(0) => drop(house.store.mailbox(mailbox).empty_folder(folders[0], true).unwrap()),
        Step::Empty(_) | Step::Page(_) => {}
    }
}

#[test]
fn a_mirror_equals_the_folder_whatever_happens_between_its_pages() {
    let shared = std::cell::RefCell::new((house(), 0));
    let config = ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..60))| {
        let (house, number) = &mut *shared.borrow_mut();
        *number += 1;
        let folders = ["a", "b"].map(|name| {
            let new = NewFolder::new(house.inbox, FolderKind::Folder, format!("{name}{number}"));
            house.store.mailbox(house.mailbox).create_folder(&new).unwrap().0
        });
        let mut clients = folders.map(Client::new);
        for (n, step) in steps.iter().enumerate() {
            take(house, folders, step, n);
            if let Step::Page(limit) = step {
                for client in &mut clients {
                    client.page(house, usize::from(*limit));
                }
            }
        }
        for (client, folder) in clients.iter_mut().zip(folders) {
            // Finish the listing or round, then one round more.
            client.all(house, 3);
            client.all(house, 2);
            let now = folder_now(house, folder);
            prop_assert_eq!(&client.copy, &now);
        }
        house.check();
    });
}

#[test]
fn a_mirror_equals_the_folder_while_others_are_at_work() {
    let mut house = house();
    let folders = [house.inbox, house.drafts];
    let mailbox = house.mailbox;
    let mut clients = folders.map(Client::new);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..3)
            .map(|seed| {
                let mut store = house.other();
                scope.spawn(move || crate::journal::work(&mut store, mailbox, folders, seed, 80))
            })
            .collect();
        while workers.iter().any(|worker| !worker.is_finished()) {
            for client in &mut clients {
                client.page(&mut house, 4);
            }
        }
    });
    for (client, folder) in clients.iter_mut().zip(folders) {
        client.all(&mut house, 5);
        assert_eq!(client.copy, folder_now(&mut house, folder));
    }
    house.check();
}

#[test]
fn the_hierarchy_is_told_with_parents_first() {
    let mut house = house();
    let top = house.store.mailbox(house.mailbox).folder_by_distinguished("msgfolderroot").unwrap().folder;
    let first = house.store.mailbox(house.mailbox).sync_folders(top, None).unwrap();
    assert!(first.deleted.is_empty());
    assert!(first.changed.iter().all(|change| change.created && change.folder.folder != top));
    let mut known = BTreeSet::from([top]);
    for change in &first.changed {
        assert!(known.contains(&change.folder.parent.unwrap()), "parent first");
        known.insert(change.folder.folder);
    }
    assert_eq!(first.upto, house.newest());
    let nothing = house.store.mailbox(house.mailbox).sync_folders(top, Some(first.upto)).unwrap();
    assert!(nothing.changed.is_empty() && nothing.deleted.is_empty());
}

#[test]
fn a_count_makes_an_update_of_the_folder() {
    let mut house = house();
    let top = house.store.mailbox(house.mailbox).folder_by_distinguished("msgfolderroot").unwrap().folder;
    let base = house.newest();
    house.add(house.inbox, "x");
    let page = house.store.mailbox(house.mailbox).sync_folders(top, Some(base)).unwrap();
    assert_eq!(page.changed.len(), 1);
    assert!(!page.changed[0].created);
    assert_eq!((page.changed[0].folder.folder, page.changed[0].folder.unread), (house.inbox, 1));
}

/// Obeys a hierarchy page; the copy has each folder's parent and name.
fn obey(copy: &mut BTreeMap<FolderNo, (FolderNo, String)>, page: &HierarchyPage) {
    for folder in &page.deleted {
        copy.remove(folder);
    }
    for change in &page.changed {
        let value = (change.folder.parent.unwrap(), change.folder.name.clone());
        let known = copy.insert(change.folder.folder, value).is_some();
        assert!(known || change.created, "an update of an unknown folder: {change:?}");
    }
}

#[test]
fn folders_that_come_go_and_move_are_told() {
    let mut house = house();
    let mailbox = house.mailbox;
    let top = house.store.mailbox(mailbox).folder_by_distinguished("msgfolderroot").unwrap().folder;
    let outside = house.store.mailbox(mailbox).folder_by_distinguished("recoverableitemsroot").unwrap().folder;
    let new = |house: &mut House, parent, name: &str| {
        house.store.mailbox(mailbox).create_folder(&NewFolder::new(parent, FolderKind::Folder, name)).unwrap().0
    };
    let inbox = house.inbox;
    let a = new(&mut house, inbox, "a");
    let b = new(&mut house, a, "b");
    let c = new(&mut house, b, "c");
    let first = house.store.mailbox(mailbox).sync_folders(top, None).unwrap();
    let sync = |house: &mut House, base: Seq| house.store.mailbox(mailbox).sync_folders(top, Some(base)).unwrap();

    house.store.mailbox(mailbox).move_folder(b, house.drafts).unwrap();
    let moved = sync(&mut house, first.upto);
    assert!(moved.deleted.is_empty());
    assert!(moved.changed.iter().all(|change| !change.created));
    assert!(moved.changed.iter().any(|change| change.folder.folder == b && change.folder.parent == Some(house.drafts)));

    house.store.mailbox(mailbox).move_folder(b, outside).unwrap();
    let out = sync(&mut house, moved.upto);
    assert_eq!(BTreeSet::from_iter(out.deleted), BTreeSet::from([b, c]));

    house.store.mailbox(mailbox).move_folder(b, a).unwrap();
    let back = sync(&mut house, out.upto);
    let created: Vec<FolderNo> = back.changed.iter().filter(|ch| ch.created).map(|ch| ch.folder.folder).collect();
    assert_eq!(created, [b, c]);

    house.store.mailbox(mailbox).move_folder(b, outside).unwrap();
    house.store.mailbox(mailbox).move_folder(b, top).unwrap();
    let there_and_back = sync(&mut house, back.upto);
    assert!(there_and_back.deleted.is_empty());
    assert!(there_and_back.changed.iter().any(|change| change.folder.folder == c));

    let brief = new(&mut house, a, "brief");
    house.store.mailbox(mailbox).delete_folder(brief).unwrap();
    house.store.mailbox(mailbox).delete_folder(b).unwrap();
    let gone = sync(&mut house, there_and_back.upto);
    assert_eq!(BTreeSet::from_iter(gone.deleted.clone()), BTreeSet::from([b, c]));
    let rename = FolderUpdate { name: Some("z".into()), ..FolderUpdate::default() };
    house.store.mailbox(mailbox).update_folder(a, &rename, None).unwrap();

    let mut copy = BTreeMap::new();
    for page in [&first, &moved] {
        obey(&mut copy, page);
    }
    let mut late = copy.clone();
    obey(&mut late, &sync(&mut house, moved.upto));
    let mut fresh = BTreeMap::new();
    obey(&mut fresh, &house.store.mailbox(mailbox).sync_folders(top, None).unwrap());
    assert_eq!(late, fresh);
}

#[test]
fn values_of_a_listing_are_those_of_the_item() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.columns.set(Column::Class, Value::Text("IPM.Contact".into()));
    new.kind = ewsd_model::ItemKind::Contact;
    new.flags = READ;
    let made = house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    let page = house.store.mailbox(house.mailbox).sync_items(&ItemState::new(house.inbox), false, 10).unwrap();
    let change = page.changes[0];
    assert_eq!((change.item, change.kind, change.change, change.flags), (made.item, new.kind, made.change, READ));
}
