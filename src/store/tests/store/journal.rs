//! The journal: order, gaps, events, and many sessions at once.

use crate::support::*;
use ewsd_model::FolderKind;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo, Seq};
use ewsd_store::*;
use std::sync::Barrier;

#[test]
fn events_come_in_order_and_in_parts() {
    let mut house = house();
    let base = house.newest();
    let items: Vec<ItemNo> = (0..5).map(|n| house.add(house.inbox, &n.to_string())).collect();
    let mut after = base;
    let mut seen = Vec::new();
    loop {
        let part = house.store.mailbox(house.mailbox).events(&Scope::All, after, 2).unwrap();
        seen.extend(part.entries.iter().map(|entry| entry.item.unwrap()));
        after = part.upto;
        if !part.more {
            break;
        }
    }
    assert_eq!((seen, after), (items, house.newest()));
    let none = house.store.mailbox(house.mailbox).events(&Scope::All, after, 2).unwrap();
    assert_eq!((none.entries.len(), none.upto, none.more), (0, after, false));
    assert!(house.store.mailbox(MailboxNo(99)).events(&Scope::All, Seq(0), 2).is_err());
}

#[test]
fn a_scope_sees_what_touches_its_folders() {
    let mut house = house();
    let mut new = message(house.inbox, "x");
    new.delivered = true;
    let base = house.newest();
    let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
    house.add(house.drafts, "elsewhere");
    let moved = house.store.mailbox(house.mailbox).move_items(&[item], house.drafts).unwrap()[0].item;
    house.store.mailbox(house.mailbox).copy_items(&[moved], house.inbox, None).unwrap();
    let sub = NewFolder::new(house.inbox, FolderKind::Folder, "Sub");
    let (sub, _) = house.store.mailbox(house.mailbox).create_folder(&sub).unwrap();
    house.store.mailbox(house.mailbox).delete_folder(sub).unwrap();
    let mut kinds = |folder: FolderNo| {
        let scope = Scope::Folders(vec![folder]);
        let events = house.store.mailbox(house.mailbox).events(&scope, base, 50).unwrap();
        assert_eq!(events.upto, house.store.mailbox(house.mailbox).newest().unwrap(), "all of it was looked at");
        events.entries.iter().map(|entry| entry.kind).collect::<Vec<_>>()
    };
    use ChangeKind::*;
    assert_eq!(kinds(house.inbox), [ItemNewMail, ItemMoved, ItemCopied, FolderCreated, FolderDeleted]);
    assert_eq!(kinds(house.drafts), [ItemCreated, ItemMoved, ItemCopied]);
    assert_eq!(kinds(sub), [FolderCreated, FolderDeleted]);
    let all = house.store.mailbox(house.mailbox).events(&Scope::All, base, 50).unwrap();
    assert_eq!(all.entries[0].unread, Some(1), "of the inbox now: the copy");
    assert_eq!(all.entries[2].old_unread, Some(1));
    assert_eq!(all.entries.last().unwrap().unread, None, "the folder is gone");
    assert!(all.entries[0].counts && !all.entries.last().unwrap().counts);
}

#[test]
fn what_is_rolled_back_leaves_no_trace() {
    let mut house = house();
    let before = house.newest();
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let result: Result<(), StoreError> = house.store.transaction(|store| {
        store.mailbox(mailbox).create_item(&message(inbox, "x"))?;
        store.mailbox(mailbox).set_all_read(inbox, true)?;
        Err(StoreError::Quota)
    });
    assert!(matches!(result, Err(StoreError::Quota)));
    assert_eq!(house.newest(), before);
    assert!(house.store.take_changes().is_empty());
    house.check();
    // An error that the caller swallows spoils the transaction all the same.
    let result: Result<(), StoreError> = house.store.transaction(|store| {
        store.mailbox(mailbox).create_item(&message(inbox, "x"))?;
        let _ = store.mailbox(mailbox).create_folder(&NewFolder::new(FolderNo(1), FolderKind::Folder, "x"));
        let _ = store.transaction(|_| Err::<(), _>(StoreError::Quota));
        Ok(())
    });
    assert!(result.is_err());
    assert_eq!(house.newest(), before);
    let made: Result<_, StoreError> = house.store.transaction(|store| {
        let item = store.mailbox(mailbox).create_item(&message(inbox, "x"))?.item;
        store.transaction(|store| store.mailbox(mailbox).set_read(&[item], true))?;
        assert!(store.take_changes().is_empty(), "not before the commit");
        Ok(item)
    });
    assert_eq!(house.store.take_changes(), [(mailbox, Seq(made.unwrap().0 + 1))]);
    house.check();
}

/// What one of several sessions does to the mailbox that they share.
pub fn work(store: &mut Store, mailbox: MailboxNo, folders: [FolderNo; 2], seed: usize, rounds: usize) {
    for round in 0..rounds {
        let here = folders[(seed + round) % 2];
        let there = folders[(seed + round + 1) % 2];
        match (seed * 7 + round) % 6 {
            0 | 1 => drop(store.mailbox(mailbox).create_item(&message(here, "x")).unwrap()),
            2 => drop(store.mailbox(mailbox).set_all_read(here, round % 4 < 2).unwrap()),
            number => {
                let items = store.mailbox(mailbox).item_numbers(here).unwrap();
                let Some(item) = items.get((seed * 31 + round) % items.len().max(1)).copied() else { continue };
                // Others are after the same items: gone is no error of several, and one of one.
                match number {
                    3 => drop(store.mailbox(mailbox).move_items(&[item], there).unwrap()),
                    4 => drop(store.mailbox(mailbox).delete_items(&[item]).unwrap()),
                    _ => {
                        let update = ItemUpdate { set: subject("y"), set_flags: READ, ..ItemUpdate::default() };
                        match store.mailbox(mailbox).update_item(item, &update, None) {
                            Ok(_) | Err(StoreError::NotFound(Missing::Item)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn many_sessions_leave_no_gap_and_every_counter_right() {
    const SESSIONS: usize = 6;
    let mut house = house();
    let folders = [house.inbox, house.drafts];
    for n in 0..20 {
        house.add(folders[n % 2], "start");
    }
    let barrier = Barrier::new(SESSIONS);
    std::thread::scope(|scope| {
        for seed in 0..SESSIONS {
            let (mut store, mailbox, barrier) = (house.other(), house.mailbox, &barrier);
            scope.spawn(move || {
                barrier.wait();
                work(&mut store, mailbox, folders, seed, 60);
            });
        }
    });
    house.check();
}

#[test]
fn a_reader_never_misses_a_number() {
    // A number must not become visible before a smaller one: the reader would go past it.
    let mut house = house();
    let base = house.newest();
    const EACH: usize = 60;
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    std::thread::scope(|scope| {
        let write = |mut store: Store| {
            scope.spawn(move || {
                for _ in 0..EACH {
                    store.mailbox(mailbox).create_item(&message(inbox, "x")).unwrap();
                }
            })
        };
        let writers = [(); 4].map(|()| write(house.other()));
        let mut reader = house.other();
        let mut after = base;
        loop {
            let last = writers.iter().all(|writer| writer.is_finished());
            let part = reader.mailbox(mailbox).events(&Scope::All, after, 7).unwrap();
            for (at, entry) in part.entries.iter().enumerate() {
                assert_eq!(entry.seq.0, after.0 + 1 + at as i64, "a gap");
            }
            after = part.upto;
            if last && part.entries.is_empty() {
                break;
            }
        }
        assert_eq!(after.0 - base.0, (4 * EACH) as i64);
    });
    house.check();
}

#[test]
fn transactions_over_the_same_rows_are_run_again() {
    let mut house = house();
    let mailbox = house.mailbox;
    let items: Vec<ItemNo> = (0..4).map(|n| house.add(house.inbox, &n.to_string())).collect();
    std::thread::scope(|scope| {
        for session in 0..4_usize {
            let (mut store, items) = (house.other(), items.clone());
            scope.spawn(move || {
                for round in 0..20 {
                    let result: Result<(), StoreError> = store.transaction(|store| {
                        for item in &items {
                            store.mailbox(mailbox).set_read(&[*item], (session + round) % 2 == 0)?;
                            let update = ItemUpdate { set: subject(&round.to_string()), ..ItemUpdate::default() };
                            store.mailbox(mailbox).update_item(*item, &update, None)?;
                        }
                        Ok(())
                    });
                    result.unwrap();
                }
            });
        }
    });
    house.check();
}

#[test]
fn two_mailboxes_in_either_order_come_through() {
    let mut house = house();
    let bob = house.store.create_account(&new_account("bob")).unwrap().mailbox;
    let other = house.store.mailbox(bob).folder_by_distinguished("inbox").unwrap().folder;
    let (alice, inbox) = (house.mailbox, house.inbox);
    std::thread::scope(|scope| {
        for session in 0..2 {
            let mut store = house.other();
            scope.spawn(move || {
                for _ in 0..10 {
                    let mut order = [(alice, inbox), (bob, other)];
                    if session == 1 {
                        order.reverse();
                    }
                    let result: Result<(), StoreError> = store.transaction(|store| {
                        for (mailbox, folder) in order {
                            store.mailbox(mailbox).create_item(&message(folder, "x"))?;
                        }
                        Ok(())
                    });
                    result.unwrap();
                }
            });
        }
    });
    assert_eq!(house.counts(inbox).0, 20);
    house.check();
}

#[test]
fn a_lower_counter_is_not_waited_for_but_all_are_taken_anew_in_order() {
    let mut house = house();
    let bob = house.store.create_account(&new_account("bob")).unwrap().mailbox;
    let other = house.store.mailbox(bob).folder_by_distinguished("inbox").unwrap().folder;
    let (alice, inbox) = (house.mailbox, house.inbox);
    assert!(alice < bob);
    let (held, waiting) = (Barrier::new(3), Barrier::new(2));
    let runs = std::thread::scope(|scope| {
        let session = |order: [(MailboxNo, FolderNo); 2], first_run: &'static (dyn Fn(&Barrier, &Barrier) + Sync)| {
            let (mut store, held, waiting) = (house.other(), &held, &waiting);
            scope.spawn(move || {
                let mut runs = 0;
                let result: Result<(), StoreError> = store.transaction(|store| {
                    runs += 1;
                    store.mailbox(order[0].0).create_item(&message(order[0].1, "x"))?;
                    if runs == 1 {
                        first_run(held, waiting);
                    }
                    store.mailbox(order[1].0).create_item(&message(order[1].1, "x")).map(drop)
                });
                result.unwrap();
                runs
            })
        };
        let upwards = session([(alice, inbox), (bob, other)], &|held, _| {
            held.wait();
        });
        let downwards = session([(bob, other), (alice, inbox)], &|held, waiting| {
            held.wait();
            waiting.wait();
        });
        held.wait();
        let blocked =
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        while house.number(blocked) == 0 {
            std::thread::yield_now();
        }
        waiting.wait();
        [upwards, downwards].map(|session| session.join().unwrap())
    });
    assert_eq!(runs, [1, 2], "who waits in order is never the one to begin anew");
    assert_eq!(house.counts(inbox).0, 2);
    house.check();
}

#[test]
fn only_the_journal_module_takes_numbers_and_writes_the_journal() {
    fn visit(directory: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap().to_lowercase();
                for words in ["insert into journal", "update counter", "update journal"] {
                    if text.contains(words) {
                        found.push(format!("{}: {words}", path.file_name().unwrap().to_string_lossy()));
                    }
                }
            }
        }
    }
    let mut found = Vec::new();
    visit(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort();
    // A stretch of numbers that are left out is no change.
    assert_eq!(
        found,
        ["incarnation.rs: update counter", "journal.rs: insert into journal", "journal.rs: update counter"]
    );
}
