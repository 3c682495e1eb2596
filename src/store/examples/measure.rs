//! How long the store's hot calls take on this machine, against a private PostgreSQL with fsync on. Prints a table.
//!
//! `cargo run --release -p ewsd-store --features testing --example measure [ITEMS]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_model::property::Column;
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, Value};
use ewsd_store::testing::Cluster;
use ewsd_store::*;
use std::time::{Duration, Instant};

fn main() {
    let items: usize = std::env::args().nth(1).map_or(2_000, |text| text.parse().expect("number of items"));
    // Lines for postgresql.conf to compare with, such as `synchronous_commit = off`.
    let conf = std::env::var("EWSD_MEASURE_CONF").unwrap_or_default();
    let cluster = Cluster::start_with(&(conf + "\n"));
    let mut store = Store::connect(&cluster.options()).unwrap();
    let new = NewAccount { login: "a".into(), addresses: vec!["a@example.test".into()], ..NewAccount::default() };
    let account = store.create_account(&new).unwrap();
    let mut mailbox = store.mailbox(account.mailbox);
    let inbox = mailbox.folder_by_distinguished("inbox").unwrap().folder;

    let bodies: Vec<String> = (0..items).map(text).collect();
    let words: Vec<[(Area, String); 1]> = bodies.iter().map(|body| [(Area::Body, body.clone())]).collect();
    report("create item, 10 KB", items, |n| {
        mailbox.create_item(&message(inbox, &bodies[n], &words[n])).unwrap();
    });
    let all = mailbox.item_numbers(inbox).unwrap();
    pairs(&mut mailbox, inbox, &bodies, &words);
    report("get folder by name", 5_000, |_| {
        mailbox.folders(&[], &["inbox"]).unwrap();
    });
    let whole = Plan { columns: list(), json: true, ext: false, body: true, mime: false };
    report("get item with body", 5_000, |n| {
        assert!(mailbox.items(&[all[n % all.len()]], &whole).unwrap()[0].body.is_some());
    });
    let plan = Plan { columns: list(), ..Plan::default() };
    report("find 50, newest first", 2_000, |n| {
        let page = Page { offset: (n as i64 * 50) % 500, limit: 50, from_end: false };
        assert_eq!(mailbox.find_items(&Search::new(&[inbox]), &plan, page).unwrap().rows.len(), 50);
    });
    let by_subject = [Order { field: Field::Column(Column::Subject), ascending: true }];
    report("find 50, by subject", 200, |_| {
        mailbox.find_items(&Search { orders: &by_subject, ..Search::new(&[inbox]) }, &plan, Page::first(50)).unwrap();
    });
    let filter = Filter::And(["lorem", "w42"].map(word).to_vec());
    report("find 50, words", 200, |_| {
        mailbox.find_items(&Search { filter: &filter, ..Search::new(&[inbox]) }, &plan, Page::first(50)).unwrap();
    });
    report("sync page of 512", 500, |_| {
        assert_eq!(mailbox.sync_items(&ItemState::new(inbox), false, 512).unwrap().changes.len(), 512.min(items));
    });
    let newest = mailbox.newest().unwrap();
    report("sync, nothing new", 5_000, |_| {
        mailbox.sync_items(&ItemState::At { folder: inbox, seq: newest }, false, 512).unwrap();
    });
    let start = ItemState::At { folder: inbox, seq: ewsd_model::id::Seq(60) };
    report("sync round of 512", 200, |_| {
        mailbox.sync_items(&start, false, 512).unwrap();
    });
    report("events, nothing new", 5_000, |_| {
        mailbox.events(&Scope::Folders(vec![inbox]), newest, 50).unwrap();
    });
    report("hierarchy, whole", 500, |_| {
        mailbox.sync_folders(FolderNo(1), None).unwrap();
    });
    report("set read", 500.min(items), |n| {
        mailbox.set_read(&[all[n]], true).unwrap();
    });
    let update = ItemUpdate { set: subject("changed"), ..ItemUpdate::default() };
    report("update item", 500.min(items), |n| {
        mailbox.update_item(all[n], &update, None).unwrap();
    });
    let trash = mailbox.folder_by_distinguished("deleteditems").unwrap().folder;
    let mut moved: Vec<ItemNo> = Vec::new();
    report("move item", 500.min(items), |n| {
        moved.push(mailbox.move_items(&[all[n]], trash).unwrap()[0].item);
    });
    report("delete item", moved.len(), |n| {
        mailbox.delete_items(&[moved[n]]).unwrap();
    });
}

/// What words cost at insertion: each message with its words and without, one after the other, which comes first in turns.
fn pairs(mailbox: &mut ewsd_store::Mailbox<'_>, to: FolderNo, bodies: &[String], words: &[[(Area, String); 1]]) {
    let mut ratios: Vec<f64> = Vec::new();
    let mut times = [Vec::new(), Vec::new()];
    for (n, (body, words)) in bodies.iter().zip(words).enumerate() {
        for has_words in [n % 2 == 0, n % 2 == 1] {
            let new = message(to, body, if has_words { words } else { &[] });
            let begin = Instant::now();
            mailbox.create_item(&new).unwrap();
            times[usize::from(has_words)].push(begin.elapsed());
        }
        ratios.push(times[1][n].as_secs_f64() / times[0][n].as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    times.iter_mut().for_each(|times| times.sort());
    let [without, with] = times.each_ref().map(|times| times[times.len() / 2]);
    println!(
        "create item, {with:.1?} with words, {without:.1?} without: {:.3} of it (median of pairs)",
        ratios[ratios.len() / 2]
    );
}

fn report(name: &str, rounds: usize, mut call: impl FnMut(usize)) {
    let mut times: Vec<Duration> = Vec::with_capacity(rounds);
    let start = Instant::now();
    for n in 0..rounds {
        let begin = Instant::now();
        call(n);
        times.push(begin.elapsed());
    }
    let rate = rounds as f64 / start.elapsed().as_secs_f64();
    times.sort();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("").trim();
    println!(
        "{name:24} {rate:9.0}/s   p50 {:>9.1?}   p99 {:>9.1?}   {resident}",
        times[rounds / 2],
        times[rounds * 99 / 100]
    );
}

fn word(text: &str) -> Filter {
    Filter::Words { place: Place::Anywhere, text: text.to_owned(), whole: false }
}

fn subject(text: &str) -> Columns {
    let mut columns = Columns::new();
    columns.set(Column::Subject, Value::Text(text.to_owned()));
    columns
}

fn message<'a>(folder: FolderNo, body: &'a str, words: &'a [(Area, String)]) -> NewItem<'a> {
    let mut columns = subject(&body[..40]);
    let who =
        Mailbox { name: Some("Ann Example".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
    columns.set(Column::From, Value::Mailbox(who));
    columns.set(Column::FromName, Value::Text("Ann Example".into()));
    columns.set(Column::DisplayTo, Value::Text("Bob Example".into()));
    columns.set(Column::Size, Value::Long(body.len() as i64));
    columns.set(Column::MessageId, Value::Text(format!("<{}@example.test>", body.len())));
    columns.set(Column::ConversationId, Value::Bytes(body.as_bytes()[..16].to_vec()));
    columns.set(Column::Preview, Value::Text(body[..250].to_owned()));
    let props = serde_json::json!({"ToRecipients": [{"name": "Bob Example", "address": "bob@example.test"}]});
    NewItem {
        columns,
        props: props.as_object().unwrap().clone(),
        body: Some(body.as_bytes()),
        search: words,
        ..NewItem::new(folder, ItemKind::Message)
    }
}

/// About 10 KB of words, different for each number, as frequent as words in texts are.
fn text(number: usize) -> String {
    let mut state = number as u64 * 2_654_435_761 + 1;
    let mut text = format!("lorem ipsum number {number} of the measuring of the store ");
    while text.len() < 10_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The n-th word is as frequent as one n-th of the first.
        let rank = 20_000_f64.powf((state >> 40) as f64 / (1_u64 << 24) as f64) as u64;
        text.push_str(&format!("w{rank} "));
    }
    text
}

fn list() -> ColumnSet {
    use Column::*;
    [
        Class,
        Size,
        Subject,
        Received,
        Sent,
        Created,
        Importance,
        Sensitivity,
        FromName,
        From,
        DisplayTo,
        Culture,
        Categories,
        Modified,
    ]
    .into_iter()
    .collect()
}
