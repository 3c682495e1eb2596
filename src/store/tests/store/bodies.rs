//! Searching in bodies: their text is looked at, without markup, and by the index where it knows their words.

use crate::support::*;
use ewsd_model::Value;
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_store::*;

/// Bodies from before NULs were kept out are searched as if they had none, and keep no other from being found.
#[test]
fn bodies_with_nuls_are_searched() {
    let mut house = house();
    for body in ["one\0two \\000 \\\\ th\0\0ree \u{e4}\0", "\0", "one\\two \u{e4}", "plain \\000"] {
        let new = NewItem { body: Some(body.as_bytes()), ..message(house.inbox, "x") };
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    for (text, expected) in
        [("onetwo \\000 \\\\ three \u{e4}", 1), ("one\\two", 1), ("\u{e4}", 2), ("\\000", 2), ("two", 2), ("000000", 0)]
    {
        let mode = ContainsMode::Substring;
        let filter = Filter::Contains { field: Field::Body, mode, ignore_case: true, text: text.to_owned() };
        let inbox = [house.inbox];
        let search = Search { filter: &filter, ..Search::new(&inbox) };
        assert_eq!(house.store.mailbox(house.mailbox).count_items(&search).unwrap(), expected, "{text}");
    }
}

/// What an HTML body says stands beside its octets, in as many pieces, whoever named them first.
#[test]
fn bodies_are_searched_by_what_they_say() {
    let mut house = house();
    let part = "<p>word</p>\u{20ac}".repeat(100_000);
    let (said, more) = ("word \u{20ac}".repeat(150_000), format!("{part}<p>"));
    let mut html = message(house.inbox, "html");
    html.columns.set(Column::BodyType, Value::Int(1));
    let texts: [(&str, &str); 3] = [("<b>al</b>pha", "alpha"), (&part, &said), (&more, "")];
    for (markup, plain) in texts {
        // A file of the same octets has no text; an HTML body gives them one.
        let file = NewAttachment { content: markup.as_bytes(), ..NewAttachment::file() };
        let with_file = NewItem { attachments: vec![file], ..message(house.inbox, "file") };
        house.store.mailbox(house.mailbox).create_item(&with_file).unwrap();
        let new = NewItem { body: Some(markup.as_bytes()), plain: Some(plain), ..html.clone() };
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    let count = |house: &mut House, text: &str| {
        let mode = ContainsMode::Substring;
        let filter = Filter::Contains { field: Field::Body, mode, ignore_case: true, text: text.to_owned() };
        let inbox = [house.inbox];
        house.store.mailbox(house.mailbox).count_items(&Search { filter: &filter, ..Search::new(&inbox) }).unwrap()
    };
    for (text, expected) in [("alpha", 1), ("<b>", 0), ("<p>", 0), ("\u{20ac}word \u{20ac}", 1)] {
        assert_eq!(count(&mut house, text), expected, "{text}");
    }
    // From before, and filled in by steps: those of another form, and those that have it, are left alone.
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    client.execute("update blob set plain = null", &[]).unwrap();
    client.execute("insert into plain_due select mailbox, 0 from mailbox", &[]).unwrap();
    assert_eq!((count(&mut house, "alpha"), count(&mut house, "<b>"), count(&mut house, "<p>")), (0, 1, 2));
    let (mut steps, mut filled) = (0, 0);
    while house.store.plain_due(10).unwrap() == [house.mailbox] {
        let due = house.store.mailbox(house.mailbox).bodies_due(4).unwrap();
        for body in &due.bodies {
            let octets = house.store.mailbox(house.mailbox).blob(body).unwrap();
            let (_, plain) = texts.into_iter().find(|(markup, _)| markup.as_bytes() == octets).unwrap();
            house.store.mailbox(house.mailbox).put_plain(body, plain).unwrap();
            filled += 1;
        }
        house.store.mailbox(house.mailbox).settle_plain(&due).unwrap();
        steps += 1;
    }
    assert_eq!((steps, filled), (2, 3));
    for (text, expected) in [("alpha", 1), ("<b>", 0), ("<p>", 0), ("\u{20ac}word \u{20ac}", 1)] {
        assert_eq!(count(&mut house, text), expected, "{text}");
    }
}

/// Bodies that are longer than what is kept of their words are looked at one by one.
#[test]
fn bodies_are_found_by_any_of_their_words() {
    let mut house = house();
    let long = format!("{} behind all of it", "a word ".repeat(SEARCHED / 7));
    let many: String = (0..5_000).map(|n| format!("w{n} ")).collect();
    let texts = ["alpha beta gamma", "beta alpha", "alphabet", &long, &many, "no words are kept of alpha beta"];
    let mut items = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let kept = text.get(..SEARCHED.min(text.len())).unwrap();
        let words = [(Area::Subject, "subject".to_owned()), (Area::Body, kept.to_owned())];
        let words = if at + 1 == texts.len() { &words[..1] } else { &words[..] };
        for html in [false, true] {
            let mut new = message(house.inbox, "subject");
            let body = format!("<p>{text}");
            new.search = words;
            new.body = Some(if html { body.as_bytes() } else { text.as_bytes() });
            new.plain = html.then_some(text);
            new.columns.set(Column::BodyType, Value::Int(html.into()));
            items.push(house.store.mailbox(house.mailbox).create_item(&new).unwrap().item);
        }
    }
    let contains =
        |mode, text: &str| Filter::Contains { field: Field::Body, mode, ignore_case: true, text: text.to_owned() };
    let filters = [
        (contains(ContainsMode::ExactPhrase, "Alpha beta"), "05"),
        (contains(ContainsMode::PrefixOnWords, "alpha"), "0125"),
        (contains(ContainsMode::PrefixOnWords, "beta alph"), "1"),
        (contains(ContainsMode::Prefixed, "beta al"), "1"),
        (contains(ContainsMode::FullString, "Beta Alpha"), "1"),
        (contains(ContainsMode::Substring, "lpha b"), "05"),
        (contains(ContainsMode::ExactPhrase, "behind all"), "3"),
        (contains(ContainsMode::ExactPhrase, "w4998 w4999"), "4"),
        (contains(ContainsMode::ExactPhrase, "p"), ""),
        (contains(ContainsMode::ExactPhrase, "\u{2014}"), ""),
        (Filter::Compare(Field::Body, Cmp::Eq, Scalar::Text("BETA alpha".into())), "1"),
        (Filter::Not(Box::new(contains(ContainsMode::ExactPhrase, "w1"))), "01235"),
    ];
    for entered in [false, true] {
        if entered {
            house.store.mailbox(house.mailbox).enter_words(1_000).unwrap();
        }
        for (filter, expected) in &filters {
            let inbox = [house.inbox];
            let search = Search { filter, ..Search::new(&inbox) };
            let page =
                house.store.mailbox(house.mailbox).find_items(&search, &Plan::default(), Page::first(100)).unwrap();
            let mut found: Vec<usize> =
                page.rows.iter().map(|row| items.iter().position(|item| *item == row.item).unwrap()).collect();
            found.sort_unstable();
            let expected: Vec<usize> =
                expected.bytes().map(|digit| usize::from(digit - b'0') * 2).flat_map(|at| [at, at + 1]).collect();
            assert_eq!(found, expected, "{filter:?} {entered}");
        }
    }
}

/// Where a text stands in another one, as whoever reads both letter by letter sees it.
fn stands(value: &str, text: &str, phrase: bool) -> bool {
    let (value, text): (Vec<char>, Vec<char>) = (value.chars().collect(), text.chars().collect());
    let of_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let asks = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    (0..=value.len().saturating_sub(text.len())).any(|at| {
        let (before, rest) = value.split_at(at);
        let Some(behind) = rest.strip_prefix(text.as_slice()) else {
            return false;
        };
        let begins = !asks(text.first()) || !before.last().is_some_and(of_word);
        begins && (!phrase || !asks(text.last()) || !behind.first().is_some_and(of_word))
    })
}

#[test]
fn texts_are_found_where_words_begin_and_end() {
    let mut house = house();
    let mut state = 7_u64;
    let mut roll = |sides: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    };
    let mut any = |most: u64| -> String {
        (0..=roll(most)).map(|_| ['a', 'b', ' ', ' ', '-', '_', '\u{e4}', '7'][roll(8) as usize]).collect()
    };
    let values: Vec<String> = (0..200).map(|_| any(14)).chain(["xa a a".to_owned(), "aa".to_owned()]).collect();
    let texts: Vec<String> = (0..150).map(|_| any(3)).chain(["a a".to_owned(), "a".to_owned()]).collect();
    for value in &values {
        let new = NewItem { body: Some(value.as_bytes()), ..message(house.inbox, "x") };
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    let inbox = [house.inbox];
    for text in &texts {
        for (mode, phrase) in [(ContainsMode::PrefixOnWords, false), (ContainsMode::ExactPhrase, true)] {
            let filter = Filter::Contains { field: Field::Body, mode, ignore_case: false, text: text.clone() };
            let search = Search { filter: &filter, ..Search::new(&inbox) };
            let expected = values.iter().filter(|value| stands(value, text, phrase)).count() as i64;
            let found = house.store.mailbox(house.mailbox).count_items(&search).unwrap();
            assert_eq!(found, expected, "{mode:?} {text:?}");
        }
    }
}
