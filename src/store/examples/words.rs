//! How long searches for words take in a mailbox of a thousand, a hundred thousand and a million items, by query strings and by
//! `Contains` on the same fields, with the word index and without; how long the index takes to be filled. Items go in as any
//! others, by `create_item`. Prints a table: how long each took, and what this program took at most for it.
//!
//! `cargo run --release -p ewsd-store --features testing --example words [ITEMS [NAME]]`: with a name, only the searches whose
//! name has it.
//!
//! With `EWSD_WORDS_DATABASE`, the address of an empty database or of the one of a run before, it is used and kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::id::{FolderNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_model::value::Mailbox as Person;
use ewsd_model::{ItemKind, Value};
use ewsd_store::testing::Cluster;
use ewsd_store::*;
use std::time::{Duration, Instant};

const SIZES: [i64; 3] = [1_000, 100_000, 1_000_000];
/// Items of one transaction: what each costs alone is measured elsewhere.
const STEP: i64 = 1_000;

fn main() {
    let most: i64 = std::env::args().nth(1).map_or(1_000_000, |text| text.parse().expect("number of items"));
    let named = std::env::args().nth(2).unwrap_or_default();
    let kept = std::env::var("EWSD_WORDS_DATABASE").ok();
    let own = kept.is_none().then(|| Cluster::start_with("synchronous_commit = off\nmax_wal_size = '8GB'\n"));
    let options = own.as_ref().map_or_else(|| Options::new(kept.unwrap()), Cluster::options);
    let mut client = postgres::Client::connect(&options.url, postgres::NoTls).unwrap();
    migrate(&options).unwrap();
    let mut store = Store::connect(&options).unwrap();
    let login = "a";
    let account = match store.account_by_login(login).unwrap() {
        Some(account) => account,
        None => store.create_account(&NewAccount { login: login.into(), ..NewAccount::default() }).unwrap(),
    };
    let inbox = store.mailbox(account.mailbox).folder_by_distinguished("inbox").unwrap().folder;
    let count = |client: &mut postgres::Client, text: &str| client.query_one(text, &[]).unwrap().get::<_, i64>(0);
    for size in SIZES.into_iter().filter(|size| *size <= most) {
        let items = count(&mut client, "select count(*) from item");
        if items > size {
            continue;
        }
        let start = Instant::now();
        fill(&mut store, account.mailbox, inbox, items..size);
        let filled = start.elapsed();
        let start = Instant::now();
        let entered = enter(&mut store, account.mailbox);
        println!("{size} items: {} made in {filled:.1?}, {entered} entered in {:.1?}", size - items, start.elapsed());
        client.batch_execute("vacuum analyze").unwrap();
        for table in ["word", "word_place", "vocabulary", "item", "blob"] {
            let octets = count(&mut client, &format!("select pg_total_relation_size('{table}')"));
            println!("  {table} takes {} MB", octets >> 20);
        }
        report(&mut store, account.mailbox, inbox, 30, ("with", &named));
        if size <= 100_000 {
            client.batch_execute("create table kept as select * from indexed; delete from indexed").unwrap();
            report(&mut store, account.mailbox, inbox, 3, ("without", &named));
            client.batch_execute("insert into indexed select * from kept; drop table kept").unwrap();
        }
    }
}

fn enter(store: &mut Store, mailbox: MailboxNo) -> usize {
    let mut entered = 0;
    loop {
        let step = store.mailbox(mailbox).enter_words(2_000).unwrap();
        entered += step.items;
        if !step.more {
            return entered;
        }
    }
}

fn fill(store: &mut Store, mailbox: MailboxNo, folder: FolderNo, numbers: std::ops::Range<i64>) {
    let mut next = numbers.start;
    while next < numbers.end {
        let end = numbers.end.min(next + STEP);
        store
            .mailbox(mailbox)
            .transaction::<_, StoreError>(|mailbox| {
                (next..end).try_for_each(|n| mailbox.create_item(&Message::of(n).item(folder)).map(drop))
            })
            .unwrap();
        next = end;
    }
}

/// What a server of years has: some 90 words, as frequent as words are in texts, a thousand senders, one in twenty with a file.
struct Message {
    number: i64,
    from: Person,
    subject: String,
    body: String,
    words: Vec<(Area, String)>,
    file: Option<String>,
}

impl Message {
    fn of(number: i64) -> Message {
        let from = Person {
            name: Some(format!("Sender{} Person{}", number % 7, number % 1000)),
            address: Some(format!("person{}@example.test", number % 1000)),
            ..Person::default()
        };
        let subject = format!("About{} the subject of {number}", number % 5000);
        let body = body(number);
        let author = format!("{} {}", from.name.as_deref().unwrap(), from.address.as_deref().unwrap());
        let words = vec![
            (Area::From, author),
            (Area::Subject, subject.clone()),
            (Area::To, "Ann Example a@example.test".to_owned()),
            (Area::Body, body.clone()),
        ];
        let file = (number % 20 == 0).then(|| format!("report number{}.pdf", number / 20 % 1000));
        Message { number, from, subject, body, words, file }
    }

    fn item(&self, folder: FolderNo) -> NewItem<'_> {
        let mut columns = Columns::new();
        columns.set(Column::Subject, Value::Text(self.subject.clone()));
        columns.set(Column::From, Value::Mailbox(self.from.clone()));
        columns.set(Column::FromName, Value::Text(self.from.name.clone().unwrap()));
        columns.set(Column::DisplayTo, Value::Text("Ann Example".into()));
        columns.set(Column::Size, Value::Long(self.body.len() as i64));
        columns.set(Column::Received, Value::Time(received(self.number)));
        let attachment = |name| NewAttachment { name, content: b"%PDF", ..NewAttachment::file() };
        NewItem {
            columns,
            body: Some(self.body.as_bytes()),
            search: &self.words,
            attachments: self.file.iter().map(|name| attachment(name)).collect(),
            delivered: true,
            ..NewItem::new(folder, ItemKind::Message)
        }
    }
}

/// One a minute.
fn received(number: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(1_500_000_000 + 60 * number).unwrap()
}

/// The n-th word is as frequent as one n-th of the first.
fn body(number: i64) -> String {
    let mut state = number as u64 * 2_654_435_761 + 1;
    let mut text = String::new();
    for at in 0..80 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let rank = 20_000_f64.powf((state >> 40) as f64 / (1_u64 << 24) as f64) as u64;
        text.push_str(&format!("w{rank}{}", if at % 12 == 11 { ".\r\n" } else { " " }));
    }
    for (every, of, piece) in [
        (2, 0, "half of them "),
        (100, 0, "the quarterly figures "),
        (100, 50, "figures that are quarterly "),
        (100, 25, "figures alone "),
        (100_000, 77, "something rare "),
        (100_000, 33, "regards, best "),
        (2, 1, "Best\r\nregards, "),
    ] {
        if number % every == of {
            text.push_str(piece);
        }
    }
    text
}

fn words(place: Place, text: &str, whole: bool) -> Filter {
    Filter::Words { place, text: text.to_owned(), whole }
}

fn contains(field: Field, mode: ContainsMode, text: &str) -> Filter {
    Filter::Contains { field, mode, ignore_case: true, text: text.to_owned() }
}

fn any(filters: impl Iterator<Item = Filter>) -> Filter {
    Filter::Or(filters.collect())
}

fn one_of_two(n: i64) -> Filter {
    any([n, n + 1].into_iter().map(|n| words(Place::Anywhere, &format!("w{n}"), true)))
}

fn searches() -> Vec<(&'static str, Filter)> {
    use ContainsMode::{ExactPhrase, Substring};
    use Place::{Anywhere, Attachment, From, Subject};
    let column = Field::Column;
    let body = |text: &str, mode| contains(Field::Body, mode, text);
    let both = |one: Filter, other: Filter| Filter::And(vec![one, other]);
    vec![
        ("a rare word", words(Anywhere, "rare", true)),
        ("a word in half of all", words(Anywhere, "half", true)),
        ("a beginning of many words", words(Anywhere, "w123", false)),
        ("a phrase, one in 100", words(Anywhere, "quarterly figures", true)),
        ("a phrase, 10 of frequent words", words(Anywhere, "regards best", true)),
        ("a phrase in half of all", words(Anywhere, "best regards", true)),
        ("a phrase of three, one in 100", words(Anywhere, "the quarterly figures", true)),
        ("two words", both(words(Anywhere, "quarterly", false), words(Anywhere, "w777", true))),
        ("two words, one in 100", both(words(Anywhere, "quarterly", false), words(Anywhere, "figures", true))),
        ("from:", words(From, "person77", true)),
        ("from: one in 7", words(From, "sender3", true)),
        ("subject:", words(Subject, "about77", true)),
        ("attachment:", words(Attachment, "number40", true)),
        ("body has rare word", body("rare", Substring)),
        ("body has word in half", body("half", Substring)),
        ("body has phrase, 1 in 100", body("quarterly figures", Substring)),
        ("body has part of rare word", body("omethin", Substring)),
        ("body has part of word in half", body("hal", Substring)),
        ("body has part of many words", body("w77", Substring)),
        ("body has part of most words", body("w1", Substring)),
        ("body has parts of two, 1 in 100", body("rterly fig", Substring)),
        ("body has parts of two, 10", body("gards, be", Substring)),
        ("body has parts of two, half", body("est\r\nreg", Substring)),
        ("body has no such word", body("xyzzy", Substring)),
        ("body has whole phrase", body("quarterly figures", ExactPhrase)),
        ("body has whole word, half", body("half", ExactPhrase)),
        ("body has word of all subjects", body("the", Substring)),
        ("body has two words", both(body("quarterly", Substring), body("w777", Substring))),
        ("from has", contains(column(Column::From), Substring, "person77@")),
        ("from has part in 1 of 10", contains(column(Column::From), Substring, "erson7")),
        ("from has part in all", contains(column(Column::From), Substring, "xampl")),
        ("from name has", contains(column(Column::FromName), Substring, "person77")),
        ("subject has", contains(column(Column::Subject), Substring, "about77 ")),
        ("subject has part of words", contains(column(Column::Subject), Substring, "out77")),
        ("subject has digits", contains(column(Column::Subject), Substring, "4242")),
        ("subject has part in all", contains(column(Column::Subject), Substring, "bjec")),
        ("subject has whole word", contains(column(Column::Subject), ExactPhrase, "about77")),
        ("attachment name has", contains(Field::AttachmentName, Substring, "number40.pdf")),
        ("attachment name has part in all", contains(Field::AttachmentName, Substring, "epor")),
        // What somebody would ask who means to take much.
        ("any of 200 frequent words", any((1..=200).map(|n| words(Anywhere, &format!("w{n}"), true)))),
        ("100 times one of two words", Filter::And((1..=100).map(one_of_two).collect())),
        ("100 phrases of frequent words", any((0..100).map(|_| words(Anywhere, "half regards best of", true)))),
        ("body has one of 15 parts", any((1..=15).map(|n| body(&format!("{n}"), Substring)))),
    ]
}

fn report(store: &mut Store, mailbox: MailboxNo, inbox: FolderNo, rounds: usize, (how, named): (&str, &str)) {
    let plan = Plan { columns: [Column::Subject, Column::Received].into_iter().collect(), ..Plan::default() };
    let inboxes = [inbox];
    for (name, filter) in searches().into_iter().filter(|(name, _)| name.contains(named)) {
        let search = Search { filter: &filter, ..Search::new(&inboxes) };
        let mut times: Vec<Duration> = Vec::new();
        let mut total = 0;
        let begun = Instant::now();
        // What is there already counts as long as it is used.
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        while times.len() < rounds && (times.is_empty() || begun.elapsed() < Duration::from_secs(10)) {
            let start = Instant::now();
            match store.mailbox(mailbox).find_items(&search, &plan, Page::first(50)) {
                Ok(found) => total = found.total,
                Err(error) => println!("  {name}: {error}"),
            }
            times.push(start.elapsed());
        }
        times.sort();
        let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
        let grown = memory("VmHWM:") >> 10;
        println!("  {how:8} {name:32} {total:8} hits   p50 {middle:>9.1?}   worst {last:>9.1?}   {grown:>4} MB");
    }
}

/// A line of what the system says of this program, in KB.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|of| of.strip_prefix(line)).unwrap();
    value.trim_end_matches("kB").trim().parse().unwrap()
}
