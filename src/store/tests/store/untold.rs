//! What the index cannot tell of an item is looked at there: answers are those of the texts, whatever of their words is kept.

use crate::support::*;
use crate::words::{compare_each, enter};
use ewsd_model::Value;
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_store::*;

fn contains(field: Field, mode: ContainsMode, text: &str) -> Filter {
    Filter::Contains { field, mode, ignore_case: true, text: text.to_owned() }
}

fn substring(column: Column, text: &str) -> Filter {
    contains(Field::Column(column), ContainsMode::Substring, text)
}

fn put(house: &mut House, columns: &[(Column, &str)], words: &[(Area, &str)]) {
    let words: Vec<(Area, String)> = words.iter().map(|(area, text)| (*area, (*text).to_owned())).collect();
    let mut new = message(house.inbox, "x");
    for (column, text) in columns {
        new.columns.set(*column, Value::Text((*text).to_owned()));
    }
    new.search = &words;
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
}

fn count(house: &mut House, filter: &Filter) -> i64 {
    let inboxes = [house.inbox];
    let search = Search { filter, ..Search::new(&inboxes) };
    house.store.mailbox(house.mailbox).count_items(&search).unwrap()
}

/// The names of a list stand one behind the other, their words with addresses between them.
#[test]
fn names_of_several_people_are_found() {
    let mut house = house();
    for _ in 0..600 {
        put(
            &mut house,
            &[(Column::DisplayTo, "Ann Example; Bob Brown")],
            &[(Area::To, "Ann Example ann@example.test"), (Area::To, "Bob Brown bob@example.test")],
        );
    }
    enter(&mut house);
    use ContainsMode::*;
    for (mode, text, expected) in [
        (Substring, "ann example; bob brown", 600),
        (FullString, "ann example; bob brown", 600),
        (Substring, "ple; bo", 600),
        (ExactPhrase, "example; bob", 600),
        (Substring, "bob brown", 600),
        (Substring, "example bob", 0),
        (Substring, "brown; ann", 0),
    ] {
        let filter = contains(Field::Column(Column::DisplayTo), mode, text);
        assert_eq!(count(&mut house, &filter), expected, "{filter:?}");
    }
    let equal = Scalar::Text("Ann Example; Bob Brown".to_owned());
    assert_eq!(count(&mut house, &Filter::Compare(Field::Column(Column::DisplayTo), Cmp::Eq, equal)), 600);
}

/// Of a word 255 positions are kept, and none beyond the 16,383rd: then it is not told in which places it stands.
#[test]
fn words_beyond_the_last_position_are_found() {
    let mut house = house();
    let often = "ha ".repeat(255);
    put(
        &mut house,
        &[(Column::Subject, &often), (Column::DisplayTo, "Ha")],
        &[(Area::From, "Zed z@x.test"), (Area::Subject, &often), (Area::To, "Ha x@y.test")],
    );
    // The one word that is not kept, and nothing else.
    put(
        &mut house,
        &[(Column::Subject, "none"), (Column::DisplayTo, "none Ha")],
        &[(Area::From, &often), (Area::Subject, "none"), (Area::To, "none Ha")],
    );
    let people: Vec<String> = (0..2_400).map(|n| format!("First{n} Last{n} first{n}@example.test")).collect();
    let mut words = vec![(Area::From, "Ann Example ann@example.test")];
    words.extend(people.iter().map(|text| (Area::To, text.as_str())));
    words.push((Area::Cc, "Ann Example ann@example.test"));
    put(&mut house, &[(Column::DisplayCc, "Ann Example")], &words);
    put(&mut house, &[(Column::DisplayCc, "Other")], &[(Area::From, "Ann"), (Area::To, "ha"), (Area::Cc, "Other")]);
    enter(&mut house);
    for (filter, expected) in [
        (substring(Column::DisplayTo, "ha"), 2),
        (substring(Column::DisplayCc, "ann"), 1),
        (substring(Column::DisplayCc, "ann example"), 1),
        (substring(Column::Subject, "ha"), 1),
        (substring(Column::DisplayCc, "last2399"), 0),
    ] {
        assert_eq!(count(&mut house, &filter), expected, "{filter:?}");
    }
    // What is far in a body tells nothing of what stands before it.
    let body = "the ".repeat(300);
    put(&mut house, &[(Column::Subject, "plain")], &[(Area::Subject, "plain"), (Area::Body, &body)]);
    let before = house.number("select coalesce(sum(octet_length(items)), 0)::bigint from word where term = '/cut:s'");
    enter(&mut house);
    let after = house.number("select coalesce(sum(octet_length(items)), 0)::bigint from word where term = '/cut:s'");
    assert_eq!(before, after);
}

/// Where a body begins is not told if its first word has its 255 positions before it: nor what stands around its others.
#[test]
fn the_beginning_of_a_body_is_not_taken_for_another() {
    let mut house = house();
    let often = "ha ".repeat(255);
    let bodies = ["ha x, x y", "ha x x, y"];
    for number in 0..1_200 {
        let text = bodies[usize::from(number % 3 == 0)];
        let words = [(Area::Subject, often.clone()), (Area::Body, text.to_owned())];
        let mut new = message(house.inbox, &often);
        (new.search, new.body) = (&words, Some(text.as_bytes()));
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    for (text, expected) in [("x, y", 400), ("x y", 800), ("x, x", 800), ("x x", 400)] {
        let filter = contains(Field::Body, ContainsMode::Substring, text);
        assert_eq!(count(&mut house, &filter), expected, "{text}");
    }
}

/// Of an attachment's name 4,000 words are kept.
#[test]
fn names_of_very_many_words_are_looked_at() {
    let mut house = house();
    let name = (0..4_100).map(|n| format!("w{n} ")).collect::<String>();
    let mut new = message(house.inbox, "x");
    new.attachments = vec![NewAttachment { name: &name, ..NewAttachment::file() }];
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    enter(&mut house);
    compare_each(
        &mut house,
        &["w5", "w4099", "w4100"].map(|text| contains(Field::AttachmentName, ContainsMode::Substring, text)),
    );
    assert_eq!(count(&mut house, &contains(Field::AttachmentName, ContainsMode::Substring, "w4099")), 1);
}

/// A capital I with a dot that is put together has another small letter for words than for PostgreSQL.
#[test]
fn letters_that_words_make_others_are_looked_at() {
    let mut house = house();
    for text in ["I\u{307}stanbul", "\u{130}stanbul", "Istanbul", "other"] {
        let words = [Area::From, Area::Subject, Area::Body].map(|area| (area, text.to_owned()));
        let mut new = message(house.inbox, text);
        let person = ewsd_model::value::Mailbox { name: Some(text.to_owned()), ..Default::default() };
        new.columns.set(Column::From, Value::Mailbox(person));
        (new.search, new.body) = (&words, Some(text.as_bytes()));
        new.attachments = vec![NewAttachment { name: text, ..NewAttachment::file() }];
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    let fields = [Field::Column(Column::Subject), Field::Column(Column::From), Field::AttachmentName, Field::Body];
    let filters = fields.map(|field| contains(field, ContainsMode::Substring, "istanbul"));
    compare_each(&mut house, &filters);
    assert!(filters.iter().all(|filter| count(&mut house, filter) == 2));
}

/// Such a character is not stored: what is on both sides of it is one word.
#[test]
fn words_are_those_of_what_is_stored() {
    let mut house = house();
    put(
        &mut house,
        &[(Column::Subject, "foo\0bar"), (Column::DisplayTo, "A\0nn")],
        &[(Area::Subject, "foo\0bar"), (Area::To, "A\0nn a@x.test")],
    );
    let mut new = message(house.inbox, "other");
    new.attachments = vec![NewAttachment { name: "foo\0bar", search: "say\0ing", ..NewAttachment::file() }];
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    enter(&mut house);
    let words = |place, text: &str| Filter::Words { place, text: text.to_owned(), whole: true };
    for filter in [
        substring(Column::Subject, "oobar"),
        substring(Column::DisplayTo, "ann"),
        contains(Field::AttachmentName, ContainsMode::FullString, "foobar"),
        words(Place::Subject, "foobar"),
        words(Place::Attachment, "saying"),
    ] {
        assert_eq!(count(&mut house, &filter), 1, "{filter:?}");
    }
}

/// A text that is the HTML of another message, too: what that says without markup is not what is looked at in it.
#[test]
fn a_text_is_not_as_long_as_what_the_same_octets_say_as_html() {
    let mut house = house();
    let text = "<b>".repeat(100_000) + "needle";
    for (body_type, plain, words) in [(1, Some("needle"), "needle"), (0, None, &text[..SEARCHED])] {
        let words = [(Area::Body, words.to_owned())];
        let mut new = message(house.inbox, "x");
        new.columns.set(Column::BodyType, Value::Int(body_type));
        (new.search, new.body, new.plain) = (&words, Some(text.as_bytes()), plain);
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    assert_eq!(count(&mut house, &contains(Field::Body, ContainsMode::Substring, "needle")), 2);
}

/// A pattern that overlaps itself in PostgreSQL's small letters alone.
#[test]
fn a_pattern_is_found_behind_another_one_that_it_overlaps() {
    let mut house = house();
    house.add(house.inbox, "ai x i x i");
    let filter = contains(Field::Column(Column::Subject), ContainsMode::ExactPhrase, "i x \u{130}");
    assert_eq!(count(&mut house, &filter), 1);
}
