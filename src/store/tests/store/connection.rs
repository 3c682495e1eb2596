//! The database away, back, new, and not ours.

use crate::support::*;
use ewsd_model::id::{MailboxNo, Seq};
use ewsd_model::property::Column;
use ewsd_store::testing::{Cluster, database};
use ewsd_store::*;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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
    let inbox = store.mailbox(account.mailbox).folder_by_distinguished("inbox").unwrap().folder;
    let kept = store.mailbox(account.mailbox).create_item(&message(inbox, "kept")).unwrap().item;

    for crash in [false, true] {
        if crash {
            cluster.crash()
        } else {
            cluster.stop()
        }
        for _ in 0..3 {
            assert!(matches!(store.mailbox(account.mailbox).newest(), Err(StoreError::Busy { retry_ms: 1234 })));
            let write = store.mailbox(account.mailbox).create_item(&message(inbox, "lost"));
            assert!(matches!(write, Err(StoreError::Busy { .. })));
            let both: Result<(), StoreError> =
                store.transaction(|store| store.mailbox(account.mailbox).newest().map(drop));
            assert!(matches!(both, Err(StoreError::Busy { .. })));
        }
        assert!(!store.is_connected());
        assert!(matches!(migrate(&options), Err(StoreError::Busy { .. })));
        assert!(matches!(wait_ready(&options, Duration::ZERO), Err(StoreError::Busy { .. })));
        assert!(Store::connect(&options).is_err());
        cluster.start_again();
        wait_ready(&options, Duration::from_secs(30)).unwrap();
        let items = until(|| store.mailbox(account.mailbox).item_numbers(inbox));
        assert_eq!(items[0], kept);
        until(|| store.mailbox(account.mailbox).create_item(&message(inbox, "after")));
    }
    assert_eq!(store.mailbox(account.mailbox).item_numbers(inbox).unwrap().len(), 3);
}

#[test]
fn a_connection_that_was_cut_is_noticed_only_by_a_change_under_way() {
    let mut house = house();
    let cut = "do $$ begin perform pg_terminate_backend(pid) from pg_stat_activity
               where datname = current_database() and pid <> pg_backend_pid(); end $$";
    house.execute(cut);
    assert!(house.store.mailbox(house.mailbox).newest().is_ok());
    house.execute(cut);
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let result: Result<(), StoreError> =
        house.store.transaction(|store| store.mailbox(mailbox).create_item(&message(inbox, "x")).map(drop));
    result.unwrap();
    house.execute(cut);
    let result = house.store.mailbox(mailbox).create_item(&message(inbox, "x"));
    // Whether it came through is for the caller to find out, unless the store found the loss before.
    assert!(matches!(result, Ok(_) | Err(StoreError::Busy { .. })));
    assert!(house.store.mailbox(mailbox).create_item(&message(inbox, "x")).is_ok());
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
            store.mailbox(mailbox).create_item(&message(inbox, "x"))?;
            cut(&options);
            if !swallow {
                return Ok(());
            }
            assert!(store.mailbox(mailbox).create_item(&message(inbox, "y")).is_err());
            assert!(store.mailbox(mailbox).newest().is_err(), "a new connection knows nothing of the transaction");
            Ok(())
        });
        assert!(matches!(result, Err(StoreError::Busy { .. })));
        assert_eq!(house.newest(), before);
        assert!(house.store.take_changes().is_empty());
    }
    house.check();
}

/// Waits until the sessions of an application are gone.
fn until_gone(options: &Options) {
    let mut client = postgres::Client::connect(&options.url, postgres::NoTls).unwrap();
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    let sql = "select count(*) from pg_stat_activity where application_name = $1";
    while client.query_one(sql, &[&options.application]).unwrap().get::<_, i64>(0) > 0 {
        assert!(std::time::Instant::now() < patience);
        std::thread::yield_now();
    }
}

/// 25P03: not the statement that hears of it is at fault.
#[test]
fn a_session_that_the_server_ended_is_away_whatever_the_reason() {
    let mut house = house();
    let (mailbox, inbox, before) = (house.mailbox, house.inbox, house.newest());
    let url = format!("{} options='-c idle_in_transaction_session_timeout=1ms'", house.database.options().url);
    let hasty = Options { url, application: "hasty".into(), ..house.database.options() };
    let mut store = Store::connect(&hasty).unwrap();
    let watcher = Options { application: hasty.application.clone(), ..house.database.options() };
    let result: Result<(), StoreError> = store.transaction(|store| {
        store.mailbox(mailbox).newest()?;
        until_gone(&watcher);
        store.mailbox(mailbox).create_item(&message(inbox, "x")).map(drop)
    });
    assert!(matches!(result, Err(StoreError::Busy { .. })), "{result:?}");
    assert_eq!(house.newest(), before);
    assert_eq!(store.mailbox(mailbox).newest().unwrap(), before);
}

/// 25006: the primary is elsewhere by now, which only a new connection finds.
#[test]
fn a_server_that_takes_no_changes_is_left() {
    let mut house = house();
    let url = format!("{} options='-c default_transaction_read_only=on'", house.database.options().url);
    let mut store = Store::connect(&Options { url, ..house.database.options() }).unwrap();
    let write = store.mailbox(house.mailbox).create_item(&message(house.inbox, "x"));
    assert!(matches!(write, Err(StoreError::Busy { .. })), "{write:?}");
    assert!(!store.is_connected());
    house.check();
}

#[test]
fn an_administrator_who_keeps_sessions_out_is_waited_for() {
    let mut house = house();
    let options = house.database.options();
    let name = options.url.split("dbname='").nth(1).unwrap().trim_end_matches('\'').to_owned();
    let template = Options { url: options.url.replace(&name, "postgres"), ..options.clone() };
    let mut admin = postgres::Client::connect(&template.url, postgres::NoTls).unwrap();
    let end_sessions = format!(
        "do $$ begin perform pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'; end $$"
    );
    admin.batch_execute(&format!("alter database {name} allow_connections false")).unwrap();
    admin.batch_execute(&end_sessions).unwrap();
    assert!(matches!(house.store.mailbox(house.mailbox).newest(), Err(StoreError::Busy { .. })));
    // Who starts with such a server may have the wrong one.
    assert!(matches!(Store::connect(&options), Err(StoreError::Db(_))));
    admin.batch_execute(&format!("alter database {name} allow_connections true")).unwrap();
    let (mailbox, retry_ms) = (house.mailbox, options.retry_ms);
    let patience = std::time::Instant::now() + Duration::from_secs(30);
    while let Err(error) = house.store.mailbox(mailbox).newest() {
        assert!(matches!(error, StoreError::Busy { retry_ms: same } if same == retry_ms), "{error}");
        assert!(house.store.pause_left() <= Duration::from_secs(2) && std::time::Instant::now() < patience);
    }
    assert_eq!(house.store.pause_left(), Duration::ZERO);
}

/// Stands between the store and PostgreSQL. While `armed` it lets the first message that begins with this octet (and holds
/// this text) through and cuts the connection instead of bringing the answer.
struct Cutter {
    options: Options,
    armed: Arc<Mutex<Option<(u8, &'static str)>>>,
}

impl Cutter {
    fn start(options: Options) -> Cutter {
        let directory = options.url.split('\'').nth(1).unwrap().to_owned();
        let own = std::path::PathBuf::from(format!("{directory}/cutter"));
        let _ = std::fs::remove_dir_all(&own);
        std::fs::create_dir(&own).unwrap();
        let listener = UnixListener::bind(own.join(".s.PGSQL.5432")).unwrap();
        let armed = Arc::new(Mutex::new(None));
        let (theirs, server) = (armed.clone(), format!("{directory}/.s.PGSQL.5432"));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                relay(client.unwrap(), UnixStream::connect(&server).unwrap(), &theirs);
            }
        });
        let url = options.url.replacen(&directory, &own.to_string_lossy(), 1);
        Cutter { options: Options { url, ..options }, armed }
    }

    fn arm(&self, kind: u8, text: &'static str) {
        *self.armed.lock().unwrap() = Some((kind, text));
    }

    fn has_cut(&self) -> bool {
        self.armed.lock().unwrap().is_none()
    }
}

/// Question and answer in turn; an answer ends with ReadyForQuery.
fn relay(mut client: UnixStream, mut server: UnixStream, armed: &Mutex<Option<(u8, &'static str)>>) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = client.read(&mut buffer).unwrap_or(0);
        if n == 0 || server.write_all(&buffer[..n]).is_err() {
            return;
        }
        let cut = {
            let mut armed = armed.lock().unwrap();
            let text = String::from_utf8_lossy(&buffer[1..n]);
            armed.take_if(|(kind, part)| buffer[0] == *kind && text.contains(*part)).is_some()
        };
        let mut answer = Vec::new();
        while answer.len() < 6 || !answer[answer.len() - 6..].starts_with(&[b'Z', 0, 0, 0, 5]) {
            let n = server.read(&mut buffer).unwrap_or(0);
            if n == 0 {
                return;
            }
            answer.extend_from_slice(&buffer[..n]);
        }
        if cut || client.write_all(&answer).is_err() {
            return;
        }
    }
}

/// The answer to a commit gets lost: nobody may be told that it is done, and nothing may be done twice.
#[test]
fn a_change_of_unknown_outcome_is_neither_acknowledged_nor_made_again() {
    let mut house = house();
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let cutter = Cutter::start(house.database.options());
    let mut store = Store::connect(&cutter.options).unwrap();
    store.mailbox(mailbox).create_item(&message(inbox, "prepared")).unwrap();
    store.take_changes();
    // A statement of its own (Bind first), then a transaction's end (Query).
    cutter.arm(b'B', "");
    let alone = store.mailbox(mailbox).create_item(&message(inbox, "alone"));
    assert!(matches!(alone, Err(StoreError::Busy { .. })) && cutter.has_cut(), "{alone:?}");
    cutter.arm(b'Q', "commit");
    let together: Result<(), StoreError> =
        store.transaction(|store| store.mailbox(mailbox).create_item(&message(inbox, "together")).map(drop));
    assert!(matches!(together, Err(StoreError::Busy { .. })) && cutter.has_cut(), "{together:?}");
    assert_eq!(store.take_changes(), []);
    // Both were committed, each once; a look that is cut is taken again without a word.
    cutter.arm(b'B', "");
    assert_eq!(store.mailbox(mailbox).item_numbers(inbox).unwrap().len(), 3);
    assert_eq!(house.number("select count(*) from item"), 3);
    house.check();
}

/// Stands between the store and PostgreSQL too, and counts how often that is asked. While `spoils`, no transaction begins.
struct Listener {
    options: Options,
    own: std::path::PathBuf,
    asked: Arc<AtomicUsize>,
    spoils: Arc<AtomicBool>,
}

impl Listener {
    fn start(options: Options) -> Listener {
        let directory = options.url.split('\'').nth(1).unwrap().to_owned();
        let own = std::path::PathBuf::from(format!("{directory}/listener"));
        let _ = std::fs::remove_dir_all(&own);
        std::fs::create_dir(&own).unwrap();
        let listener = UnixListener::bind(own.join(".s.PGSQL.5432")).unwrap();
        let (asked, spoils) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counts, spoiling, server) = (asked.clone(), spoils.clone(), format!("{directory}/.s.PGSQL.5432"));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                listen(client.unwrap(), UnixStream::connect(&server).unwrap(), &counts, &spoiling);
            }
        });
        let url = options.url.replacen(&directory, &own.to_string_lossy(), 1);
        Listener { options: Options { url, ..options }, own, asked, spoils }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.own);
    }
}

fn listen(mut client: UnixStream, mut server: UnixStream, asked: &AtomicUsize, spoils: &AtomicBool) {
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = client.read(&mut buffer).unwrap_or(0);
        asked.fetch_add(1, Ordering::Relaxed);
        let begin = buffer[..n].windows(6).position(|text| text == b"begin\0");
        if let Some(at) = begin.filter(|_| spoils.load(Ordering::Relaxed)) {
            buffer[at..at + 6].copy_from_slice(b"bogus\0");
        }
        if n == 0 || server.write_all(&buffer[..n]).is_err() {
            return;
        }
    }
}

/// A statement that is sent with the beginning of its transaction is run by PostgreSQL though that fails.
#[test]
fn nothing_is_done_in_a_transaction_whose_beginning_fails() {
    let mut house = house();
    let listener = Listener::start(house.database.options());
    let mut store = Store::connect(&listener.options).unwrap();
    let mut mailbox = store.mailbox(house.mailbox);
    let (kind, scope) = (SubscriptionKind::Streaming, Scope::All);
    let account = house.number("select account from account");
    let new = NewSubscription { account, kind, scope, events: 1, timeout_seconds: 600, details: Map::new() };
    let (id, since) = mailbox.create_subscription(&new, 10).unwrap();
    mailbox.claim_stream(&[id], 7, 60).unwrap();
    let at = |seq| EventPosition { seq: Seq(seq), events: 255 };
    let tell = |store: &mut Store, seq| {
        store.mailbox(house.mailbox).with_subscriptions(&[id], |store, rows| {
            let [row] = &rows[..] else { panic!("{rows:?}") };
            let told = StreamPosition { stream: 7, id: row.id, told: at(seq) };
            store.mailbox(row.mailbox).tell_streams(&[told])
        })
    };
    assert_eq!(tell(&mut store, since.0 + 1).unwrap(), 1);
    let before = listener.asked.load(Ordering::Relaxed);
    assert_eq!(tell(&mut store, since.0 + 2).unwrap(), 1);
    assert_eq!(listener.asked.load(Ordering::Relaxed) - before, 3, "the beginning has none of its own");
    listener.spoils.store(true, Ordering::Relaxed);
    assert!(tell(&mut store, since.0 + 3).is_err());
    listener.spoils.store(false, Ordering::Relaxed);
    let told = |store: &mut Store| store.mailbox(house.mailbox).subscriptions(&[id]).unwrap()[0].told;
    assert_eq!(told(&mut store), at(since.0 + 2));
    // Inside of another one, and after a connection that was lost, it begins as well.
    assert_eq!(store.transaction(|store| tell(store, since.0 + 4)).unwrap(), 1);
    assert_eq!(told(&mut store), at(since.0 + 4));
    cut(&house.database.options());
    assert_eq!(tell(&mut store, since.0 + 5).unwrap(), 1);
    assert_eq!(told(&mut store), at(since.0 + 5));
}

#[test]
fn migrations_are_applied_once_and_told() {
    let database = database();
    let status = migration_status(&database.options()).unwrap();
    assert!(status.is_current());
    assert_eq!(status.applied[0], (1, "mailboxes".to_owned()));
    assert_eq!(migrate(&database.options()).unwrap(), []);
    let mut client = postgres::Client::connect(&database.options().url, postgres::NoTls).unwrap();
    client.batch_execute("update migration set version = 9999, name = 'future' where version = 1").unwrap();
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
    assert!(matches!(Store::lazy(&Options::new("host=")), Ok(_) | Err(StoreError::Hopeless(_))));
    assert!(matches!(Store::connect(&Options::new("nonsense")), Err(StoreError::Hopeless(_))));
    let mut options = database().options();
    options.url = options.url.replace("dbname='test", "dbname='nosuch");
    assert!(matches!(Store::connect(&options), Err(StoreError::Hopeless(text)) if text.contains("nosuch")));
    let mut lazy = Store::lazy(&Options::new("host=/nonexistent user=x")).unwrap();
    assert!(matches!(lazy.mailbox(MailboxNo(1)).newest(), Err(StoreError::Busy { .. })));
}

#[test]
fn more_forms_of_statements_than_are_kept_prepared_are_no_matter() {
    let mut house = house();
    house.add(house.inbox, "x");
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    for n in 0..700 {
        let filter = Filter::And(vec![Filter::Exists(Field::Bit(1)); n % 350 + 1]);
        assert_eq!(
            house.store.mailbox(mailbox).count_items(&Search { filter: &filter, ..Search::new(&[inbox]) }).unwrap(),
            1
        );
    }
    assert!(
        house.number(
            "select count(*) from pg_stat_activity where application_name = 'ewsd' and datname = current_database()"
        ) >= 1
    );
}

/// Octets that the largest of the store's sessions has for itself.
fn session_memory(house: &mut House) -> usize {
    let sessions = "select coalesce(string_agg(pid::text, ' '), '') from pg_stat_activity
        where application_name = 'ewsd' and datname = current_database()";
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let pids: String = client.query_one(sessions, &[]).unwrap().get(0);
    let anonymous = |pid: &str| {
        // One may have ended since.
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kb| kb.parse::<usize>().ok()).unwrap_or(0) << 10
    };
    pids.split(' ').map(anonymous).max().unwrap_or(0)
}

/// What a client shapes is not kept for good: each form costs the server many times its text.
#[test]
fn sessions_do_not_fill_with_the_plans_of_ever_other_searches() {
    const MOST: usize = 96 << 20;
    let mut house = house();
    house.add(house.inbox, "x");
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let contains = |mode| Filter::Contains {
        field: Field::Column(Column::Subject),
        mode,
        ignore_case: true,
        text: "word".to_owned(),
    };
    let (folders, mut largest) = ([inbox], 0);
    for n in 0..300 {
        let mut parts = vec![contains(ContainsMode::ExactPhrase); 100];
        parts.extend(vec![contains(ContainsMode::PrefixOnWords); n % 150]);
        let filter = if n < 150 { Filter::Or(parts) } else { Filter::And(parts) };
        let search = Search { filter: &filter, ..Search::new(&folders) };
        assert_eq!(house.store.mailbox(mailbox).count_items(&search).unwrap(), 0);
        if n % 20 == 19 {
            largest = largest.max(session_memory(&mut house));
        }
    }
    println!("a session took {} MB at most", largest >> 20);
    assert!((1..MOST).contains(&largest), "{} MB", largest >> 20);
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

/// What one part of a transaction cannot store, another may, and the transaction goes on.
#[test]
fn a_part_that_fails_undoes_itself_alone() {
    let mut house = house();
    house.execute("alter table item add constraint no_words check (subject <> 'xyzzy')");
    let (mailbox, inbox) = (house.mailbox, house.inbox);
    let give = |store: &mut Store, text: &str| store.mailbox(mailbox).create_item(&message(inbox, text));
    let unfit = |result: &Result<ItemRef, StoreError>| matches!(result, Err(StoreError::Unfit { large: false, text }) if text.contains("no_words") && !text.contains("xyzzy"));
    assert!(unfit(&give(&mut house.store, "xyzzy")));
    house
        .store
        .transaction(|store| {
            give(store, "before")?;
            assert!(unfit(&store.part(|store| give(store, "xyzzy"))));
            store.part(|store| give(store, "instead")).map(drop)
        })
        .unwrap();
    assert_eq!(house.counts(inbox), (2, 2));
    assert_eq!(house.store.take_changes(), [(mailbox, house.newest())]);
    let spoiled = house.store.transaction(|store| {
        assert!(unfit(&give(store, "xyzzy")));
        store.part(|store| give(store, "too late")).map(drop)
    });
    assert!(spoiled.is_err());
    assert_eq!(house.counts(inbox), (2, 2));
}
