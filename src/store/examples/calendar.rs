//! What the database takes of a calendar's calls, alone: the statements of a view, of who is free, of a new series. It asks the
//! database of a server whose calendars `ewsload calendar --ready FILE` has filled, and beside which its own figures stand.
//!
//! `cargo run --release -p ewsd-store --features testing --example calendar -- 'host=DIR/state/pg-run user=ewsd dbname=ewsd'`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::{Duration, Instant};

use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_store::*;
use jiff::Timestamp;

/// What of a series says when its occurrences are, and what of an item says how its time is told.
const MEMBERS: &[&str] =
    &["IsAllDayEvent", "Start", "End", "StartTimeZone", "Recurrence", "ModifiedOccurrences", "DeletedOccurrences"];
const OUTLINE: Outline<'static> = Outline { members: MEMBERS, changes: "ModifiedOccurrences" };
const MONTH: [&str; 2] = ["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"];
const WEEK: [&str; 2] = ["2026-12-07T00:00:00Z", "2026-12-14T00:00:00Z"];
const ROUNDS: usize = 300;

fn main() {
    let url = std::env::args().nth(1).expect("where the database is");
    let mut store = Store::connect(&Options::new(&url)).unwrap();
    let mut calendars = Vec::new();
    for account in store.accounts().unwrap() {
        let folder = store.mailbox(account.mailbox).folder_by_distinguished("calendar").unwrap().folder;
        calendars.push((account.mailbox, folder));
    }
    let [few, many, series, ..] = calendars[..] else { panic!("not filled by ewsload calendar") };
    println!("| statements of | entries | p50 ms | p99 ms |\n|---|---|---|---|");
    for (name, calendar) in [("a month's view, small", few), ("a month's view, full", many)] {
        let found = view(&mut store, calendar);
        report(name, found, || view(&mut store, calendar));
    }
    let people = &calendars[..calendars.len().min(100)];
    let busy = |store: &mut Store| people.iter().map(|calendar| busy(store, *calendar)).sum();
    let found = busy(&mut store);
    report("a week of 100 people", found, || busy(&mut store));
    let (mailbox, folder) = series;
    report("a new series", 1, || {
        store.mailbox(mailbox).create_item(&new_series(folder)).unwrap();
        1
    });
}

fn instants(of: [&str; 2]) -> [Timestamp; 2] {
    of.map(|text| text.parse().unwrap())
}

/// The items of a month, the outlines of all series that may have an instance in it, and the rows that are told.
fn view(store: &mut Store, (mailbox, folder): (MailboxNo, FolderNo)) -> usize {
    let [from, to] = instants(MONTH);
    let mut mailbox = store.mailbox(mailbox);
    let found = mailbox.events_in(&[folder], from, to, 1001, 200_000).unwrap().unwrap();
    let mut told = 0;
    for some in found.series.chunks(500) {
        told += mailbox.outlines(some, &OUTLINE).unwrap().len();
    }
    let plan = Plan { columns: ColumnSet::of_items(), json: true, ..Plan::default() };
    let numbers: Vec<ItemNo> = found.singles.iter().map(|event| event.item).chain(found.series).collect();
    for some in numbers.chunks(500) {
        mailbox.items(some, &plan).unwrap();
    }
    found.singles.len() + told
}

fn busy(store: &mut Store, (mailbox, folder): (MailboxNo, FolderNo)) -> usize {
    let [from, to] = instants(WEEK);
    let bounds = Bounds { rows: 20_000, octets: 16 << 20 };
    store.mailbox(mailbox).busy_between(folder, from, to, &OUTLINE, bounds).unwrap().unwrap().len()
}

fn new_series(folder: FolderNo) -> NewItem<'static> {
    let [starts, _] = instants(MONTH);
    let event = Event { starts, ends: None, series: true, uid: "a series of the measuring".to_owned() };
    let props = serde_json::json!({"Recurrence": {"pattern": "weekly", "days": 2}, "UID": event.uid});
    NewItem {
        event: Some(event),
        props: props.as_object().unwrap().clone(),
        ..NewItem::new(folder, ItemKind::CalendarItem)
    }
}

fn report(name: &str, entries: usize, mut call: impl FnMut() -> usize) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            call();
            begin.elapsed()
        })
        .collect();
    times.sort();
    let ms = |at: usize| times[at].as_secs_f64() * 1e3;
    println!("| {name} | {entries} | {:.3} | {:.3} |", ms(ROUNDS / 2), ms(ROUNDS * 99 / 100));
}
