//! The history of migrations: taken over from early programs, and refused when it does not fit the program.

use crate::support::house;
use ewsd_store::testing::{Database, database};
use ewsd_store::{ChangeKind, Options, StoreError, migrate, migration_status};

/// The history as early programs made it.
const FORMER: &str = "create table refinery_schema_history (
    version int4 primary key, name varchar(255), applied_on varchar(255), checksum varchar(255))";

fn client(database: &Database) -> postgres::Client {
    postgres::Client::connect(&database.options().url, postgres::NoTls).unwrap()
}

fn rows(client: &mut postgres::Client) -> Vec<(i32, String, String)> {
    let rows = client.query("select version, name, checksum from migration order by version", &[]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

fn refusal(database: &Database) -> String {
    match migrate(&database.options()) {
        Err(StoreError::Hopeless(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// What it was made with cannot be changed later, and a search for "\u{e4}pfel" is to find "\u{c4}pfel".
#[test]
fn a_new_database_that_knows_no_letters_is_refused() {
    let database = database();
    for (name, with) in [("letterless", "encoding 'UTF8' locale 'C'"), ("latin", "encoding 'LATIN1' locale 'C'")] {
        client(&database).batch_execute(&format!("create database {name} template template0 {with}")).unwrap();
        let options = database.options();
        let (server, _) = options.url.split_once(" dbname=").unwrap();
        let options = Options { url: format!("{server} dbname={name}"), ..options };
        let refused = migrate(&options);
        assert!(matches!(&refused, Err(StoreError::Hopeless(why)) if why.contains("C.UTF-8")), "{name}: {refused:?}");
        assert_eq!(migration_status(&options).unwrap().applied, []);
    }
}

#[test]
fn a_database_of_an_early_program_goes_on() {
    let database = database();
    let mut client = client(&database);
    let before = rows(&mut client);
    let status = migration_status(&database.options()).unwrap();
    // As the first program left it: one migration of today's, applied at a time that is to be kept.
    client.batch_execute("drop schema public cascade; create schema public").unwrap();
    client.batch_execute(include_str!("../../migrations/V1__mailboxes.sql")).unwrap();
    client.batch_execute(FORMER).unwrap();
    let row =
        "insert into refinery_schema_history values (1, 'mailboxes', '2026-03-01T10:20:30.123456789Z', '1234567890')";
    client.batch_execute(row).unwrap();
    let old = migration_status(&database.options()).unwrap();
    assert_eq!((old.applied.len(), old.pending.len(), old.unknown.len()), (1, before.len() - 1, 0));

    assert_eq!(migrate(&database.options()).unwrap(), old.pending);
    assert_eq!(migration_status(&database.options()).unwrap(), status);
    assert_eq!(rows(&mut client), before);
    let kept = client
        .query_one(
            "select extract(epoch from applied)::bigint, to_regclass('refinery_schema_history') is null
            from migration where version = 1",
            &[],
        )
        .unwrap();
    assert_eq!((kept.get::<_, i64>(0), kept.get::<_, bool>(1)), (1_772_360_430, true));
    assert_eq!(migrate(&database.options()).unwrap(), []);
}

#[test]
fn a_former_history_with_nothing_to_do_is_taken_over_as_well() {
    let database = database();
    let mut client = client(&database);
    let before = rows(&mut client);
    client.batch_execute(FORMER).unwrap();
    client
        .batch_execute(
            "insert into refinery_schema_history select version, name, '2026-03-01T10:20:30Z', '1' from migration;
            drop table migration",
        )
        .unwrap();
    assert!(migration_status(&database.options()).unwrap().is_current());
    assert_eq!(migrate(&database.options()).unwrap(), []);
    assert_eq!(rows(&mut client), before);
}

#[test]
fn a_history_that_does_not_fit_is_refused_and_left() {
    let database = database();
    let mut client = client(&database);
    let mut with = |change: &str, words: &str| {
        client.batch_execute(&format!("create table kept as table migration; {change}")).unwrap();
        let changed = rows(&mut client);
        let text = refusal(&database);
        assert!(text.contains(words), "{change}: {text}");
        assert_eq!(rows(&mut client), changed);
        client.batch_execute("truncate migration; insert into migration table kept; drop table kept").unwrap();
    };
    with("update migration set checksum = repeat('0', 64) where version = 2", "V2 outbox_holder was edited");
    with("update migration set name = 'other' where version = 2", "V2 was applied as other");
    with("insert into migration values (9999, 'future', '')", "a newer ewsd applied the migration V9999 future");
    with("delete from migration where version = 2", "V2 outbox_holder was never applied");
    assert_eq!(migrate(&database.options()).unwrap(), []);
}

#[test]
fn mailboxes_of_early_programs_get_the_folders_of_new_ones() {
    let mut house = house();
    let mut client = client(&house.database);
    let text = include_str!("../../migrations/V10__folder_class.sql");
    let inner: Vec<&str> = ewsd_model::distinguished::INNER.iter().map(|row| row.name).collect();
    let tree = "select distinguished, kind, class, name, hidden from folder where mailbox = $1 order by distinguished";
    let mailbox = house.mailbox.0;
    let read = |client: &mut postgres::Client| -> Vec<(Option<String>, i16, String, String, bool)> {
        let rows = client.query(tree, &[&mailbox]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4))).collect()
    };
    let new = read(&mut client);
    client.execute("delete from folder where distinguished = any($1)", &[&inner]).unwrap();
    client.execute("update folder set class = 'IPF.Note' where distinguished = 'msgfolderroot'", &[]).unwrap();
    let before = house.newest();
    client.batch_execute(text).unwrap();
    assert_eq!(read(&mut client), new);
    let kinds = house.kinds(before);
    assert_eq!((kinds[0], kinds.len()), (ChangeKind::FolderModified, inner.len() + 1));
    assert!(kinds[1..].iter().all(|kind| *kind == ChangeKind::FolderCreated));
    house.check();
    // Again there is nothing to do.
    let before = house.newest();
    client.batch_execute(text).unwrap();
    assert_eq!((house.kinds(before).len(), read(&mut client)), (0, new));
}
