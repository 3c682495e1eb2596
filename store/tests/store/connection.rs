//! The database away, back, new, and not ours.

use crate::support::*;
use ewsd_model::id::MailboxNo;
use ewsd_store::testing::{Cluster, database};
use ewsd_store::*;
use std::time::Duration;

/// Calls until the store has connected again, as a worker does with each request. Every refusal must say that it is away.
fn until<T>(mut call: impl FnMut() -> Result<T, StoreError>) -> T {
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        match call() {
            Ok(value) => return value,
            Err(StoreError::Busy { retry_ms: 1234 }) if std::time::Instant::now() < patience => {
                std::thread::yield_now()
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_lost_database_is_busy_and_comes_back() {
    let mut cluster = Cluster::start();
    let options = Options { retry_ms: 1234, ..cluster.options() };
    let mut store = Store::connect(&options).unwrap();
    let account = store.create_account(&new_account("alice")).unwrap();
    let inbox = store.folder_by_distinguished(account.mailbox, "inbox").unwrap().folder;
    let kept = store.create_item(account.mailbox, &message(inbox, "kept")).unwrap().item;

    for crash in [false, true] {
        if crash {
            cluster.crash()
        } else {
            cluster.stop()
        }
        for _ in 0..3 {
            assert!(matches!(store.newest(account.mailbox), Err(StoreError::Busy { retry_ms: 1234 })));
            let write = store.create_item(account.mailbox, &message(inbox, "lost"));
            assert!(matches!(write, Err(StoreError::Busy { .. })));
            let both: Result<(), StoreError> = store.transaction(|store| store.newest(account.mailbox).map(drop));
            assert!(matches!(both, Err(StoreError::Busy { .. })));
        }
        assert!(!store.is_connected());
        assert!(matches!(migrate(&options), Err(StoreError::Busy { .. })));
        assert!(matches!(wait_ready(&options, Duration::ZERO), Err(StoreError::Busy { .. })));
        assert!(Store::connect(&options).is_err());
        cluster.start_again();
        wait_ready(&options, Duration::from_secs(30)).unwrap();
        let items = until(|| store.item_numbers(account.mailbox, inbox));
        assert_eq!(items[0], kept);
        until(|| store.create_item(account.mailbox, &message(inbox, "after")));
    }
    assert_eq!(store.item_numbers(account.mailbox, inbox).unwrap().len(), 3);
}

#[test]
fn a_connection_that_was_cut_is_noticed_only_by_a_change_under_way() {
    let mut house = house();
    let cut = "do $$ begin perform pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid(); end $$";
    house.execute(cut);
    assert!(house.store.newest(house.mailbox).is_ok());
    house.execute(cut);
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let result: Result<(), StoreError> =
        house.store.transaction(|store| store.create_item(mailbox, &message(inbox, "x")).map(drop));
    result.unwrap();
    house.execute(cut);
    let result = house.store.create_item(mailbox, &message(inbox, "x"));
    // Whether it came through is for the caller to find out, unless the store found the loss before.
    assert!(matches!(result, Ok(_) | Err(StoreError::Busy { .. })));
    assert!(house.store.create_item(mailbox, &message(inbox, "x")).is_ok());
}

/// Cuts all connections to the database but its own, and waits until they are gone.
fn cut(options: &Options) {
    let mut client = postgres::Client::connect(&options.url, postgres::NoTls).unwrap();
    client
        .batch_execute(
            "do $$ begin perform pg_terminate_backend(pid, 5000) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid(); end $$",
        )
        .unwrap();
}

#[test]
fn a_connection_lost_in_a_transaction_undoes_it() {
    let mut house = house();
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let options = house.database.options();
    let before = house.newest();
    for swallow in [false, true] {
        let result: Result<(), StoreError> = house.store.transaction(|store| {
            store.create_item(mailbox, &message(inbox, "x"))?;
            cut(&options);
            if !swallow {
                return Ok(());
            }
            assert!(store.create_item(mailbox, &message(inbox, "y")).is_err());
            assert!(store.newest(mailbox).is_err(), "a new connection knows nothing of the transaction");
            Ok(())
        });
        assert!(matches!(result, Err(StoreError::Busy { .. })));
        assert_eq!(house.newest(), before);
        assert!(house.store.take_changes().is_empty());
    }
    house.check();
}

#[test]
fn migrations_are_applied_once_and_told() {
    let database = database();
    let status = migration_status(&database.options()).unwrap();
    assert!(status.is_current());
    assert_eq!(status.applied[0], (1, "mailboxes".to_owned()));
    assert_eq!(migrate(&database.options()).unwrap(), []);
    let mut client = postgres::Client::connect(&database.options().url, postgres::NoTls).unwrap();
    client
        .batch_execute("update refinery_schema_history set version = 9999, name = 'future' where version = 1")
        .unwrap();
    let status = migration_status(&database.options()).unwrap();
    assert_eq!((status.unknown.len(), status.pending.is_empty(), status.is_current()), (1, false, false));
    client.batch_execute("drop schema public cascade; create schema public").unwrap();
    let status = migration_status(&database.options()).unwrap();
    assert!(status.applied.is_empty() && !status.pending.is_empty());
    std::thread::scope(|scope| {
        // Several nodes start at once: one applies, the others find it done.
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| migrate(&database.options()).unwrap().len())).collect();
        let applied: usize = runs.into_iter().map(|run| run.join().unwrap()).sum();
        assert_eq!(applied, status.pending.len());
    });
    assert!(migration_status(&database.options()).unwrap().is_current());
}

#[test]
fn a_wrong_setting_is_told_as_such() {
    assert!(matches!(Store::lazy(&Options::new("host=")), Ok(_) | Err(StoreError::Db(_))));
    assert!(matches!(Store::connect(&Options::new("nonsense")), Err(StoreError::Db(_))));
    let mut options = database().options();
    options.url = options.url.replace("dbname='test", "dbname='nosuch");
    assert!(matches!(Store::connect(&options), Err(StoreError::Db(text)) if text.contains("nosuch")));
    let mut lazy = Store::lazy(&Options::new("host=/nonexistent user=x")).unwrap();
    assert!(matches!(lazy.newest(MailboxNo(1)), Err(StoreError::Busy { .. })));
}

#[test]
fn more_forms_of_statements_than_are_kept_prepared_are_no_matter() {
    let mut house = house();
    house.add(house.inbox, "x");
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    for n in 0..700 {
        let filter = Filter::And(vec![Filter::Exists(Field::Bit(1)); n % 350 + 1]);
        assert_eq!(house.store.count_items(mailbox, &[inbox], false, &filter).unwrap(), 1);
    }
    assert!(
        house.number(
            "select count(*) from pg_stat_activity where application_name = 'ewsd' and datname = current_database()"
        ) >= 1
    );
}

#[test]
fn the_recommended_settings_are_taken_by_the_server() {
    let mut house = house();
    for (name, value, _) in embedded::SETTINGS {
        let value = value.trim_matches('\'');
        let taken = format!(
            "select count(*) from pg_file_settings where name = '{name}' and setting = '{value}' and applied and error is null"
        );
        assert_eq!(house.number(&taken), 1, "{name}");
    }
    assert!(embedded::conf(&["jit"]).lines().all(|line| !line.starts_with("jit ") && line.contains(" = '")));
}
