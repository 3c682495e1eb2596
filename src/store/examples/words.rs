//! How long searches for words take in a mailbox of a thousand, a hundred thousand and a million items, with the word index and
//! without, and how long the index takes to be filled. Prints a table.
//!
//! `cargo run --release -p ewsd-store --features testing --example words [ITEMS]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::id::{FolderNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_store::testing::Cluster;
use ewsd_store::*;
use std::time::{Duration, Instant};

const SIZES: [i64; 3] = [1_000, 100_000, 1_000_000];

fn main() {
    let most: i64 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("number of items"));
    let cluster = Cluster::start_with("synchronous_commit = off\nmax_wal_size = '8GB'\n");
    let mut store = Store::connect(&cluster.options()).unwrap();
    let new = NewAccount { login: "a".into(), addresses: vec!["a@example.test".into()], ..NewAccount::default() };
    let account = store.create_account(&new).unwrap();
    let inbox = store.mailbox(account.mailbox).folder_by_distinguished("inbox").unwrap().folder;
    let mut client = postgres::Client::connect(&cluster.options().url, postgres::NoTls).unwrap();
    let mut items = 0;
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        fill(&mut client, account.mailbox, inbox, size - items);
        items = size;
        let start = Instant::now();
        let mut entered = 0;
        loop {
            let step = store.mailbox(account.mailbox).enter_words(2_000).unwrap();
            entered += step.items;
            if !step.more {
                break;
            }
        }
        let took = start.elapsed();
        client.batch_execute("vacuum analyze").unwrap();
        println!("{size} items: {entered} entered in {took:.1?}");
        let octets: i64 = client
            .query_one("select pg_total_relation_size('word'), pg_total_relation_size('item')", &[])
            .map(|row| row.get(0))
            .unwrap();
        println!("  the index takes {} MB", octets >> 20);
        report(&mut store, account.mailbox, inbox, 30, "with");
        if size <= 100_000 {
            client.batch_execute("create table kept as select * from indexed; delete from indexed").unwrap();
            report(&mut store, account.mailbox, inbox, 5, "without");
            client.batch_execute("insert into indexed select * from kept; drop table kept").unwrap();
        }
    }
}

/// Items as a server of years has them: some 80 words each, a few of them frequent, a thousand senders, one in twenty with a
/// file. One item in 100,000 has the rare word.
fn fill(client: &mut postgres::Client, mailbox: MailboxNo, folder: FolderNo, count: i64) {
    let (mut left, step) = (count, 20_000);
    while left > 0 {
        let now = left.min(step);
        left -= now;
        client.batch_execute(&statement(mailbox.0, folder.0, now)).unwrap();
    }
    client.batch_execute("analyze").unwrap();
}

fn statement(mailbox: i64, folder: i64, count: i64) -> String {
    format!(
        "with base as (select seq from counter where mailbox = {mailbox}),
         made as (
             insert into item (mailbox, item, folder, kind, class, change, received, subject, from_name, attachments, search)
             select {mailbox}, b.seq + n, {folder}, 1, 'IPM.Note', b.seq + n, now() - make_interval(secs => 2000000 - b.seq - n),
                 'Subject of ' || n, 'Sender ' || n % 1000, (n % 20 = 0)::int,
                 (select string_agg(format('''%s'':%s%s', w.word, w.at, w.place), ' ') from (
                     select 'sender' as word, 1 as at, 'A' as place union all
                     select 'person' || (b.seq + n) % 1000, 2, 'A' union all
                     select 'subject', 4, 'B' union all
                     select 'about' || (b.seq + n) % 5000, 5, 'B' union all
                     select 'half', 7, '' where n % 2 = 0 union all
                     select 'quarterly', 8, '' where n % 50 = 0 union all
                     select 'figures', case n % 100 when 0 then 9 else 90 end, '' where n % 25 = 0 union all
                     select 'rare', 10, '' where (b.seq + n) % 100000 = 77 union all
                     select 'w' || r.rank, min(10 + r.at), '' from (
                         select power(20000, random())::int as rank, k as at from generate_series(1, 80) k where n > 0
                     ) r group by r.rank
                 ) w)::tsvector
             from base b, generate_series(1, {count}) n
         ),
         files as (
             insert into attachment (mailbox, attachment, item, name, content, search)
             select {mailbox}, b.seq + n, b.seq + n, 'report.pdf', '\\x00',
                 format('''report'':1A ''number%s'':2A', (b.seq + n) % 1000)::tsvector
             from base b, generate_series(1, {count}) n where n % 20 = 0
         ),
         told as (
             insert into journal (mailbox, seq, kind, item, folder)
             select {mailbox}, b.seq + n, 2, b.seq + n, {folder} from base b, generate_series(1, {count}) n
         ),
         counted as (update folder set total = total + {count} where mailbox = {mailbox} and folder = {folder})
         update counter set seq = seq + {count} where mailbox = {mailbox}"
    )
}

fn words(place: Place, text: &str, whole: bool) -> Filter {
    Filter::Words { place, text: text.to_owned(), whole }
}

fn report(store: &mut Store, mailbox: MailboxNo, inbox: FolderNo, rounds: usize, how: &str) {
    let both = Filter::And(vec![words(Place::Anywhere, "quarterly", false), words(Place::Anywhere, "w777", true)]);
    let searches = [
        ("a rare word", words(Place::Anywhere, "rare", true)),
        ("a word in half of all", words(Place::Anywhere, "half", true)),
        ("a beginning of many words", words(Place::Anywhere, "w123", false)),
        ("a phrase", words(Place::Anywhere, "quarterly figures", true)),
        ("two words", both),
        ("from:", words(Place::From, "person77", true)),
        ("subject:", words(Place::Subject, "about77", true)),
        ("attachment:", words(Place::Attachment, "number40", true)),
    ];
    let plan = Plan { columns: [Column::Subject, Column::Received].into_iter().collect(), ..Plan::default() };
    let inboxes = [inbox];
    for (name, filter) in searches {
        let search = Search { filter: &filter, ..Search::new(&inboxes) };
        let mut times: Vec<Duration> = Vec::new();
        let mut total = 0;
        for _ in 0..rounds {
            let start = Instant::now();
            let found = store.mailbox(mailbox).find_items(&search, &plan, Page::first(50)).unwrap();
            times.push(start.elapsed());
            total = found.total;
        }
        times.sort();
        println!(
            "  {how:8} {name:26} {total:8} hits   p50 {:>9.1?}   worst {:>9.1?}",
            times[rounds / 2],
            times[rounds - 1]
        );
    }
}
