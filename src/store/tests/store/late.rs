//! A server that is there and does not answer, statements that take too long, and what sessions keep and log.

use crate::support::*;
use ewsd_store::*;
use nix_free::*;
use std::os::unix::net::UnixListener;
use std::time::Duration;

/// What `kill` and `/proc` tell of a server process.
mod nix_free {
    use std::process::Command;

    pub fn signal(pid: i32, name: &str) {
        assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
    }

    /// Octets of its own memory.
    pub fn private(pid: i32) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        let number: u64 = line("Private_Dirty:").split_whitespace().nth(1).unwrap().parse().unwrap();
        number * 1024
    }
}

fn plain(options: &Options) -> postgres::Client {
    postgres::Client::connect(&options.url, postgres::NoTls).unwrap()
}

/// The session of an application.
fn backend(options: &Options) -> i32 {
    let watcher = Options { application: "watcher".into(), ..options.clone() };
    let sql = "select pid from pg_stat_activity where application_name = $1 and datname = current_database()";
    plain(&watcher).query_one(sql, &[&options.application]).unwrap().get(0)
}

#[test]
fn a_socket_that_takes_connections_and_says_nothing_is_away() {
    let directory = std::env::temp_dir().join(format!("ewsd-silent-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir(&directory).unwrap();
    let _listener = UnixListener::bind(directory.join(".s.PGSQL.5432")).unwrap();
    let connect_timeout = Duration::from_millis(50);
    let options = Options { connect_timeout, ..Options::socket(&directory, "x") };
    assert!(matches!(Store::connect(&options), Err(StoreError::Busy { .. })));
    assert!(matches!(wait_ready(&options, Duration::ZERO), Err(StoreError::Busy { .. })));
    assert!(matches!(migrate(&options), Err(StoreError::Busy { .. })));
    let mut patient = Store::lazy(&Options { connect_timeout: Duration::from_secs(3600), ..options }).unwrap();
    patient.limit(Some(Duration::from_millis(50)));
    assert!(matches!(patient.ping(), Err(StoreError::Busy { .. })), "the request's time counts, too");
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_statement_that_waits_too_long_is_busy_and_costs_no_connection() {
    let mut house = house();
    let statement_timeout = Some(Duration::from_millis(100));
    let options = Options { statement_timeout, application: "short".into(), ..house.database.options() };
    let mut store = Store::connect(&options).unwrap();
    let before = backend(&options);
    let mut other = plain(&house.database.options());
    let mut lock = other.transaction().unwrap();
    lock.batch_execute("lock table item").unwrap();
    let alone = store.mailbox(house.mailbox).create_item(&message(house.inbox, "x"));
    assert!(matches!(alone, Err(StoreError::Busy { .. })), "{alone:?}");
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let together: Result<(), StoreError> =
        store.transaction(|store| store.mailbox(mailbox).create_item(&message(inbox, "x")).map(drop));
    assert!(matches!(together, Err(StoreError::Busy { .. })), "{together:?}");
    assert!(store.is_connected());
    lock.rollback().unwrap();
    store.mailbox(mailbox).create_item(&message(inbox, "after")).unwrap();
    assert_eq!(backend(&options), before);
    house.check();
}

#[test]
fn a_server_process_that_stands_still_is_given_up_and_ends_when_it_goes_on() {
    let mut house = house();
    let options = Options { application: "still".into(), ..house.database.options() };
    let mut store = Store::connect(&options).unwrap();
    let stopped = backend(&options);
    signal(stopped, "-STOP");
    store.limit(Some(Duration::from_millis(200)));
    let read = store.mailbox(house.mailbox).newest();
    assert!(matches!(read, Err(StoreError::Busy { .. })), "{read:?}");
    assert!(!store.is_connected());
    let again = store.mailbox(house.mailbox).newest();
    assert!(matches!(again, Err(StoreError::Busy { .. })), "the time is over: {again:?}");
    store.limit(Some(Duration::from_secs(60)));
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while let Err(error) = store.mailbox(house.mailbox).newest() {
        assert!(matches!(error, StoreError::Busy { .. }) && std::time::Instant::now() < patience, "{error}");
    }
    assert_ne!(backend_other_than(&options, stopped), stopped);
    signal(stopped, "-CONT");
    house.check();
}

fn backend_other_than(options: &Options, pid: i32) -> i32 {
    let sql = "select pid from pg_stat_activity where application_name = $1 and pid <> $2";
    plain(&Options { application: "watcher".into(), ..options.clone() })
        .query_one(sql, &[&options.application, &pid])
        .unwrap()
        .get(0)
}

/// What waits for a lock when its time is over is cancelled: nobody's statement goes on, and it did not happen.
#[test]
fn a_late_statement_is_cancelled() {
    let mut house = house();
    let end_timeout = Duration::from_secs(30);
    let options = Options { application: "overdue".into(), end_timeout, ..house.database.options() };
    let mut other = plain(&house.database.options());
    let mut lock = other.transaction().unwrap();
    lock.batch_execute("lock table item").unwrap();
    let mut store = Store::connect(&options).unwrap();
    store.limit(Some(Duration::from_millis(100)));
    let left = store.mailbox(house.mailbox).create_item(&message(house.inbox, "x"));
    assert!(matches!(left, Err(StoreError::Busy { .. })), "{left:?}");
    let waits = "select from pg_stat_activity where application_name = 'overdue' and state = 'active' and datname = current_database()";
    assert!(lock.query_opt(waits, &[]).unwrap().is_none(), "it waits on");
    lock.rollback().unwrap();
    store.limit(None);
    let page = store.mailbox(house.mailbox).count_items(&Search::new(&[house.inbox])).unwrap();
    assert_eq!(page, 0);
    house.check();
}

/// It was too far to be cancelled: who is told "later" would make it again.
#[test]
fn a_late_change_that_happens_all_the_same_is_told_as_done() {
    let mut house = house();
    house.execute(
        "create function slow() returns trigger language plpgsql as $$ begin
            begin perform pg_sleep(60); exception when query_canceled then null; end; return new; end $$",
    );
    house.execute("create trigger slow before insert on item for each row execute function slow()");
    let options =
        Options { application: "late".into(), end_timeout: Duration::from_secs(30), ..house.database.options() };
    let mut store = Store::connect(&options).unwrap();
    let before = backend(&options);
    store.limit(Some(Duration::from_millis(200)));
    store.mailbox(house.mailbox).create_item(&message(house.inbox, "x")).unwrap();
    assert_eq!(store.take_changes().len(), 1);
    house.execute("drop trigger slow on item");
    // Nothing that is asked next is hit by a cancellation that comes late.
    store.limit(None);
    assert_eq!(store.mailbox(house.mailbox).count_items(&Search::new(&[house.inbox])).unwrap(), 1);
    assert_ne!(backend(&options), before);
    house.check();
}

#[test]
fn ever_other_restrictions_do_not_make_the_session_grow() {
    let mut house = house();
    let options = Options { application: "grows".into(), ..house.database.options() };
    let mut store = Store::connect(&options).unwrap();
    let first = backend(&options);
    store.mailbox(house.mailbox).newest().unwrap();
    let before = private(first);
    for n in 0..300 {
        let leaf = |k: usize| Filter::Contains {
            field: Field::Column(ewsd_model::property::Column::Subject),
            mode: ContainsMode::Substring,
            ignore_case: true,
            text: format!("word {k}"),
        };
        // As many conditions as may stand in a request, arranged in ever other ways.
        let (left, right) = (0..200).map(leaf).partition::<Vec<_>, _>(|filter| match filter {
            Filter::Contains { text, .. } => text.len() % 2 == 0 || text.ends_with(char::from(b'0' + (n % 10) as u8)),
            _ => false,
        });
        let filter = Filter::Or(vec![Filter::And(left), Filter::Or(right), Filter::And(vec![Filter::True; n])]);
        store.mailbox(house.mailbox).count_items(&Search { filter: &filter, ..Search::new(&[house.inbox]) }).unwrap();
    }
    let after = private(backend(&options));
    println!("the server's process: {} KB, after 300 restrictions {} KB", before / 1024, after / 1024);
    assert!(after < before + (60 << 20), "{before} -> {after}");
    house.check();
}

/// `database.url` may name a role that may not set what is logged.
#[test]
fn a_role_without_privileges_is_served() {
    let mut house = house();
    house.execute("do $$ begin create role modest login; exception when duplicate_object then null; end $$");
    house.execute("grant all on all tables in schema public to modest");
    let url = house.database.options().url.replace("user='ewsd'", "user=modest");
    assert!(url.contains("modest"), "{url}");
    let mut store = Store::connect(&Options { url, ..house.database.options() }).unwrap();
    let newest = store.mailbox(house.mailbox).newest().unwrap();
    assert_eq!(newest, house.newest());
}

/// The detail of such an error quotes the row.
#[test]
fn an_error_quotes_no_row() {
    let mut house = house();
    house.execute("alter table item add constraint picky check (subject <> 'very private')");
    let refused = house.store.mailbox(house.mailbox).create_item(&message(house.inbox, "very private"));
    let Err(StoreError::Unfit { text, .. }) = refused else { panic!("{refused:?}") };
    assert!(text.contains("23514") && text.contains("picky") && !text.contains("private"), "{text}");
}
