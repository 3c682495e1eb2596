//! The word index: whatever it holds, answers are those of the words themselves.

use crate::support::*;
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, MailboxNo};
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_store::*;

const WORDS: [&str; 8] = ["alpha", "alphabet", "beta", "gamma", "delta", "s", "t", "omega"];

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn text(&mut self) -> String {
        (0..=self.roll(3)).map(|_| WORDS[self.roll(WORDS.len())]).collect::<Vec<_>>().join(" ")
    }
}

fn texts(dice: &mut Dice) -> Vec<(Area, String)> {
    [Area::From, Area::To, Area::Cc, Area::Bcc, Area::Subject, Area::Body].map(|area| (area, dice.text())).to_vec()
}

fn add(house: &mut House, dice: &mut Dice) -> ItemNo {
    let words = texts(dice);
    let subject = words[4].1.clone();
    let mut new = message(house.inbox, &subject);
    new.search = &words;
    let (name, text) = (dice.text(), dice.text());
    if dice.roll(3) == 0 {
        new.attachments = vec![NewAttachment { name: &name, search: &text, ..NewAttachment::file() }];
    }
    house.store.mailbox(house.mailbox).create_item(&new).unwrap().item
}

fn filters() -> Vec<Filter> {
    use Place::*;
    let words = |place, text: &str, whole| Filter::Words { place, text: text.to_owned(), whole };
    let mut all = Vec::new();
    for place in [Anywhere, From, To, Cc, Bcc, Subject, Body, Recipients, Participants, Attachment] {
        for (text, whole) in [
            ("alpha", true),
            ("alpha", false),
            ("t", false),
            ("s", true),
            ("beta gamma", false),
            ("beta gamma", true),
            ("s t", true),
            ("t s t", true),
            ("omega omega", true),
            ("alpha none", true),
            ("none", true),
        ] {
            all.push(words(place, text, whole));
        }
    }
    let both = Filter::And(vec![words(Anywhere, "alpha", true), words(Subject, "beta", true)]);
    let either = Filter::Or(vec![words(From, "delta", true), words(Attachment, "omega", true)]);
    let not = Filter::Not(Box::new(words(Anywhere, "alpha", false)));
    let subject = || Field::Column(Column::Subject);
    let contains = |mode| Filter::Contains { field: subject(), mode, ignore_case: true, text: "Alpha be".to_owned() };
    let equal = Filter::Compare(subject(), Cmp::Eq, Scalar::Text("ALPHA beta".to_owned()));
    all.extend([
        Filter::And(vec![not.clone(), words(Anywhere, "beta", true)]),
        Filter::And(vec![equal.clone(), Filter::True]),
        Filter::Or(vec![both.clone(), equal]),
        both,
        either,
        not,
    ]);
    all.extend(
        [
            ContainsMode::PrefixOnWords,
            ContainsMode::ExactPhrase,
            ContainsMode::FullString,
            ContainsMode::Prefixed,
            ContainsMode::Substring,
        ]
        .map(contains),
    );
    all
}

/// What each search finds, and how many that are.
fn answers(house: &mut House, filters: &[Filter]) -> Vec<(Vec<ItemNo>, i64, i64)> {
    let inbox = [house.inbox];
    let mut mailbox = house.store.mailbox(house.mailbox);
    let mut ask = |filter: &Filter| {
        let search = Search { filter, ..Search::new(&inbox) };
        let page = mailbox.find_items(&search, &Plan::default(), Page::first(1000)).unwrap();
        (page.rows.iter().map(|row| row.item).collect(), page.total, mailbox.count_items(&search).unwrap())
    };
    filters.iter().map(&mut ask).collect()
}

pub fn enter(house: &mut House) {
    while house.store.mailbox(house.mailbox).enter_words(100).unwrap().more {}
}

/// Compares what is found by the index with what is found without.
fn compare(house: &mut House) {
    compare_each(house, &filters());
}

pub fn compare_each(house: &mut House, filters: &[Filter]) {
    let with = answers(house, filters);
    house.execute("alter table indexed rename to hidden; create table indexed (like hidden)");
    let without = answers(house, filters);
    house.execute("drop table indexed; alter table hidden rename to indexed");
    for ((filter, with), without) in filters.iter().zip(with).zip(without) {
        assert_eq!(with, without, "{filter:?}");
    }
}

#[test]
fn answers_are_those_of_the_words_themselves() {
    let (mut house, mut dice) = (house(), Dice(7));
    let mut items: Vec<ItemNo> = (0..200).map(|_| add(&mut house, &mut dice)).collect();
    enter(&mut house);
    assert!(house.number("select count(*) from word where term = ':salpha'") > 0);
    compare(&mut house);
    for round in 0..3 {
        let trash = trash(&mut house);
        let mut mailbox = house.store.mailbox(house.mailbox);
        for _ in 0..10 {
            let item = items.swap_remove(dice.roll(items.len()));
            mailbox.delete_items(&[item]).unwrap();
            let item = items.swap_remove(dice.roll(items.len()));
            mailbox.move_items(&[item], trash).unwrap();
            let item = items[dice.roll(items.len())];
            let words = texts(&mut dice);
            let mut update = ItemUpdate { search: Some(&words), ..ItemUpdate::default() };
            update.set = subject(&words[4].1);
            mailbox.update_item(item, &update, None).unwrap();
            let text = dice.text();
            let file = NewAttachment { name: "omega", search: &text, ..NewAttachment::file() };
            mailbox.create_attachments(items[dice.roll(items.len())], &[file]).unwrap();
            let copy = items[dice.roll(items.len())];
            let inbox = house.inbox;
            items.push(mailbox.copy_items(&[copy], inbox, None).unwrap()[0].item);
        }
        items.extend((0..10).map(|_| add(&mut house, &mut dice)));
        compare(&mut house);
        if round != 1 {
            enter(&mut house);
            compare(&mut house);
        }
    }
    house.check();
}

/// Phrases of words that most items have: those of which it is known where they stand, and later ones.
#[test]
fn phrases_of_frequent_words_are_those_that_are_there() {
    let (mut house, mut dice) = (house(), Dice(11));
    let mut items: Vec<ItemNo> = (0..1_500).map(|_| add(&mut house, &mut dice)).collect();
    enter(&mut house);
    assert!(house.number("select count(*) from word_place where term in ('s', ':ts', ':as')") >= 3);
    compare(&mut house);
    for _ in 0..50 {
        let item = items.swap_remove(dice.roll(items.len()));
        house.store.mailbox(house.mailbox).delete_items(&[item]).unwrap();
        let text = dice.text();
        let file = NewAttachment { name: "s", search: &text, ..NewAttachment::file() };
        let of = items[dice.roll(items.len())];
        house.store.mailbox(house.mailbox).create_attachments(of, &[file]).unwrap();
        items.push(add(&mut house, &mut dice));
    }
    compare(&mut house);
    enter(&mut house);
    compare(&mut house);
}

/// A word of items and of attachments on both sides of a number where a row ends.
#[test]
fn rows_end_between_the_items_of_a_page() {
    let mut house = house();
    let inbox = house.inbox;
    house.execute("update counter set seq = 65530");
    let words = [(Area::Body, "same text".to_owned())];
    for _ in 0..10 {
        let mut new = message(inbox, "x");
        new.search = &words;
        new.attachments = vec![NewAttachment { name: "same", ..NewAttachment::file() }];
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    assert_eq!(house.number("select count(*) from word where term = 'same'"), 2);
    compare(&mut house);
}

/// In a later row from its first item on.
#[test]
fn places_of_a_word_are_kept_once_it_is_frequent() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 200);
    enter(&mut house);
    house.execute("update counter set seq = 70000");
    many(&mut house, inbox, 10);
    enter(&mut house);
    let rows = |house: &mut House, term: &str| {
        house.number(&format!("select count(*) from word_place where term = '{term}' and chunk = 70000 / 4096"))
    };
    assert_eq!((rows(&mut house, "same"), rows(&mut house, "even")), (1, 0));
    compare(&mut house);
}

/// Many items at once, as no client makes them.
pub fn many(house: &mut House, folder: FolderNo, count: i64) {
    let (mailbox, from) = (house.mailbox.0, house.newest().0);
    house.execute(&format!(
        "insert into item (mailbox, item, folder, kind, class, change, subject, search) \
         select {mailbox}, {from} + n, {folder}, {kind}, 'IPM.Note', {from} + n, \
             case when n % 2 = 0 then 'Same, even' else 'Same' end, \
             (case when n % 2 = 0 then '''same'':1B ''even'':2B' else '''same'':1B' end)::tsvector \
         from generate_series(1, {count}) n; \
         insert into journal (mailbox, seq, kind, item, folder) select {mailbox}, {from} + n, 1, {from} + n, {folder} \
         from generate_series(1, {count}) n; \
         update counter set seq = seq + {count} where mailbox = {mailbox}; \
         update folder set total = total + {count}, unread = unread + {count} where mailbox = {mailbox} and folder = {folder}",
        folder = folder.0,
        kind = ItemKind::Message as i16,
    ));
}

/// A word of most of the items: how many is told by the index, and exactly so whatever happened since.
#[test]
fn frequent_words_are_counted_by_the_index() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 12_000);
    enter(&mut house);
    let word = Filter::Words { place: Place::Subject, text: "same".into(), whole: true };
    let part = Filter::Contains {
        field: Field::Column(Column::Subject),
        mode: ContainsMode::Substring,
        ignore_case: true,
        text: "AM".into(),
    };
    let total = |house: &mut House| {
        let totals = [&word, &part].map(|filter| {
            let mut mailbox = house.store.mailbox(house.mailbox);
            let inboxes = [inbox];
            let search = Search { filter, ..Search::new(&inboxes) };
            let page = mailbox.find_items(&search, &Plan::default(), Page::first(50)).unwrap();
            assert_eq!(page.rows.len(), 50);
            assert_eq!(mailbox.count_items(&search).unwrap(), page.total);
            page.total
        });
        assert_eq!(totals[0], totals[1]);
        totals[0]
    };
    assert_eq!(total(&mut house), 12_000);
    let even = Filter::Words { place: Place::Subject, text: "even".into(), whole: true };
    compare_each(&mut house, &[even, part.clone()]);
    let newest = house.newest().0;
    let trash = trash(&mut house);
    let mut mailbox = house.store.mailbox(house.mailbox);
    mailbox.delete_items(&[ItemNo(newest), ItemNo(newest - 1)]).unwrap();
    mailbox.move_items(&[ItemNo(newest - 2)], trash).unwrap();
    let words = [(Area::Subject, "other".to_owned())];
    let mut update = ItemUpdate { search: Some(&words), ..ItemUpdate::default() };
    update.set = subject("other");
    mailbox.update_item(ItemNo(newest - 3), &update, None).unwrap();
    assert_eq!(total(&mut house), 11_996);
    let words = [(Area::Subject, "same".to_owned())];
    let mut new = message(inbox, "same");
    new.search = &words;
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    assert_eq!(total(&mut house), 11_997);
    enter(&mut house);
    assert_eq!(total(&mut house), 11_997);
}

/// Each restore leaves 2^24 numbers out (`incarnation.rs`): hits on both sides of these are met on the way through the folder.
#[test]
fn hits_among_lost_numbers_are_told_by_the_index() {
    let mut house = house();
    let inbox = house.inbox;
    for _ in 0..3 {
        many(&mut house, inbox, 1_000);
        house.execute("update counter set seq = seq + (1 << 24)");
    }
    enter(&mut house);
    // Whoever asks the items for their words finds nothing any more.
    house.execute("update item set search = null, subject = null");
    let word = Filter::Words { place: Place::Subject, text: "same".into(), whole: true };
    let inboxes = [inbox];
    let search = Search { filter: &word, ..Search::new(&inboxes) };
    for (page, numbers) in [(Page::first(3_000), 3_000), (Page { from_end: true, ..Page::first(50) }, 50)] {
        let found = house.store.mailbox(house.mailbox).find_items(&search, &Plan::default(), page).unwrap();
        assert_eq!((found.rows.len(), found.total), (numbers, 3_000));
    }
}

/// However many conditions a search has, the index is asked a few times.
#[test]
fn a_search_asks_for_all_words_at_once() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 1_400);
    enter(&mut house);
    let url = house.database.options().url;
    let mut here = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    let name: String = here.query_one("select current_database()::text", &[]).unwrap().get(0);
    drop(here);
    // Whoever counts is elsewhere, and not counted.
    let mut other = postgres::Client::connect(&url.replace(&name, "postgres"), postgres::NoTls).unwrap();
    let House { database, store, mailbox, .. } = house;
    drop(store);
    // What a session did is counted at its end at the latest.
    let mut transactions = || -> i64 {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let sessions = "select count(*) from pg_stat_activity where datname = $1";
        while other.query_one(sessions, &[&name]).unwrap().get::<_, i64>(0) > 0 {
            assert!(std::time::Instant::now() < deadline, "a session does not end");
        }
        other.query_one("select xact_commit from pg_stat_database where datname = $1", &[&name]).unwrap().get(0)
    };
    let before = transactions();
    let mut store = Store::connect(&database.options()).unwrap();
    let equal = || Filter::Compare(Field::Column(Column::Subject), Cmp::Eq, Scalar::Text("same, even".to_owned()));
    let filter = Filter::Or((0..300).map(|_| equal()).collect());
    let inboxes = [inbox];
    let found = store.mailbox(mailbox).count_items(&Search { filter: &filter, ..Search::new(&inboxes) }).unwrap();
    assert_eq!(found, 700);
    drop(store);
    let asked = transactions() - before;
    assert!((5..50).contains(&asked), "{asked}");
}

/// What is too much to enter at once is entered in steps, and too much that changed has all entered anew.
#[test]
fn it_is_entered_in_steps_and_anew() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 3_000);
    assert_eq!(house.store.unindexed(1_000, MailboxNo(0), 10).unwrap(), [house.mailbox]);
    let step = house.store.mailbox(house.mailbox).enter_words(1_000).unwrap();
    assert_eq!((step.items, step.more), (1_000, true));
    enter(&mut house);
    assert_eq!(house.store.unindexed(1_000, MailboxNo(0), 10).unwrap(), []);
    assert_eq!(house.number("select sum(octet_length(items)) / 2 from word where term = 'even'"), 1_500);
    let mailbox = house.mailbox.0;
    house.execute(&format!("insert into reword select {mailbox}, item from item where mailbox = {mailbox} limit 2600"));
    house.add(inbox, "one more");
    enter(&mut house);
    assert_eq!(house.number("select count(*) from reword"), 0);
    assert_eq!(house.number("select sum(octet_length(items)) / 2 from word where term = 'even'"), 1_500);
}

/// A search that has asked what the index does not know, and asks for words when all of them are entered anew, of which the
/// first step is done.
#[test]
fn a_search_during_the_renewal_finds_everything() {
    let mut house = house();
    let inbox = house.inbox;
    many(&mut house, inbox, 3_000);
    enter(&mut house);
    let mut other = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    let mut renewal = other.transaction().unwrap();
    renewal.batch_execute("lock table word in access exclusive mode").unwrap();
    let mailbox = house.mailbox;
    let store = &mut house.store;
    let found = std::thread::scope(|scope| {
        let search = scope.spawn(move || {
            let filter = Filter::Words { place: Place::Subject, text: "even".into(), whole: true };
            let inboxes = [inbox];
            let search = Search { filter: &filter, ..Search::new(&inboxes) };
            store.mailbox(mailbox).find_items(&search, &Plan::default(), Page::first(10)).unwrap().total
        });
        let waits = "select count(*) from pg_locks where not granted and relation = 'word'::regclass";
        while renewal.query_one(waits, &[]).unwrap().get::<_, i64>(0) == 0 {
            assert!(!search.is_finished(), "the search asks for no word");
        }
        renewal.batch_execute("delete from word; update indexed set upto = 1, renewals = renewals + 1").unwrap();
        renewal.commit().unwrap();
        search.join().unwrap()
    });
    assert_eq!(found, 1_500);
}

pub fn trash(house: &mut House) -> FolderNo {
    house.store.mailbox(house.mailbox).folder_by_distinguished("deleteditems").unwrap().folder
}
