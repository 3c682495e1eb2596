//! Searching: every operator on every kind of field, and words.

use crate::support::*;
use ewsd_model::id::ItemNo;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use ewsd_model::value::Mailbox;
use ewsd_model::{ItemKind, Value};
use ewsd_store::*;
use serde_json::json;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Three items: full, other, bare. Nothing optional is set in the last.
pub fn shelf() -> (House, Vec<ItemNo>) {
    let mut house = house();
    let person = |name: &str, address: &str| {
        Value::Mailbox(Mailbox { name: Some(name.into()), address: Some(address.into()), ..Mailbox::default() })
    };
    let mut full = message(house.inbox, "Quarterly Report 100%_done");
    full.flags = bit::READ | bit::HAS_ATTACHMENTS;
    full.columns.set(Column::Importance, Value::Int(2));
    full.columns.set(Column::Received, Value::Time("2026-03-01T10:00:00.500Z".parse().unwrap()));
    full.columns.set(Column::Sent, Value::Time("2026-03-01T10:00:00Z".parse().unwrap()));
    full.columns.set(Column::Categories, Value::Texts(vec!["Red".into(), "Blue".into()]));
    full.columns.set(Column::MessageId, Value::Text("<A@x>".into()));
    full.columns.set(Column::ConversationId, Value::Bytes(vec![1; 16]));
    full.columns.set(Column::From, person("Ann Example", "ann@example.test"));
    full.props = json!({
        "Text": "Hello World", "Number": 5, "Yes": true, "Real": 2.5, "When": "2026-03-01T10:00:00Z", "Octets": "AQI=",
        "List": ["one", "two"], "ToRecipients": [{"name": "Bob B", "address": "bob@example.test"}],
        "InternetMessageHeaders": [["X-Spam", "no"], ["Received", "from a"], ["Received", "from b"]]
    })
    .as_object()
    .unwrap()
    .clone();
    full.ext = json!({"text": "abc", "long": 10, "flag": false, "time": "2026-03-01T10:00:00.25Z", "bytes": "AQI=", "many": ["x", "y"], "nums": [1, 2]})
        .as_object()
        .unwrap()
        .clone();
    full.body = Some("<p>Überraschung im Text</p>".as_bytes());
    let words = [
        (Area::From, "Ann Author ann@far.test".to_owned()),
        (Area::To, "Tom To tom@here.test".to_owned()),
        (Area::Cc, "Cilla Copy".to_owned()),
        (Area::Bcc, "Bert Blind".to_owned()),
        (Area::Subject, "Quarterly Report".to_owned()),
        (Area::Body, "Überraschung im Text 会議室".to_owned()),
    ];
    full.search = &words;
    full.attachments = vec![NewAttachment {
        name: "BRK3215.pptx",
        search: "slides about budgets",
        content: b"slides",
        ..NewAttachment::file()
    }];
    let mut other = message(house.inbox, "lunch");
    other.columns.set(Column::Importance, Value::Int(0));
    other.columns.set(Column::Received, Value::Time("2026-04-01T10:00:00Z".parse().unwrap()));
    other.columns.set(Column::Categories, Value::Texts(vec!["Green".into()]));
    other.props = json!({"Text": "bye", "Number": 7, "Yes": false, "Real": 0.5, "When": "2025-01-01T00:00:00Z"})
        .as_object()
        .unwrap()
        .clone();
    other.ext = json!({"text": "ABD", "long": -1, "flag": true}).as_object().unwrap().clone();
    let lunch = [(Area::Body, "lunch".to_owned())];
    other.search = &lunch;
    let mut bare = NewItem::new(house.inbox, ItemKind::Message);
    bare.columns.set(Column::Received, Value::Time("2026-05-01T10:00:00Z".parse().unwrap()));
    let items = [full, other, bare]
        .iter()
        .map(|new| house.store.mailbox(house.mailbox).create_item(new).unwrap().item)
        .collect();
    (house, items)
}

/// Which of the shelf's items the filter finds, as letters: f(ull) o(ther) b(are).
fn found(house: &mut House, items: &[ItemNo], filter: &Filter) -> String {
    let page = Page::first(10);
    let found = house.store.mailbox(house.mailbox).find_items(
        &Search { filter, ..Search::new(&[house.inbox]) },
        &Plan::default(),
        page,
    );
    let rows = found.unwrap_or_else(|error| panic!("{filter:?}: {error}")).rows;
    let letter = |item: &ItemNo| rows.iter().any(|row| row.item == *item);
    items.iter().zip(['f', 'o', 'b']).filter(|(item, _)| letter(item)).map(|(_, letter)| letter).collect()
}

pub fn json_field(name: &'static str, ty: ScalarType) -> Field {
    Field::Json(name, ty)
}

pub fn ext(key: &str, ty: ScalarType, array: bool) -> Field {
    Field::Ext { key: key.to_owned(), ty, array }
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

fn time(text: &str) -> Scalar {
    Scalar::Time(text.parse().unwrap())
}

#[test]
fn every_comparison_on_every_kind_of_field() {
    use Cmp::*;
    use ScalarType as T;
    let (mut house, items) = shelf();
    let column = Field::Column;
    let cases: Vec<(Field, Cmp, Scalar, &str)> = vec![
        (column(Column::Subject), Eq, text("quarterly report 100%_DONE"), "f"),
        (column(Column::Subject), Ne, text("lunch"), "fb"),
        (column(Column::Subject), Lt, text("M"), "o"),
        (column(Column::Subject), Ge, text("lunch"), "fo"),
        (column(Column::MessageId), Eq, text("<A@x>"), "f"),
        (column(Column::MessageId), Eq, text("<a@x>"), ""),
        (column(Column::MessageId), Ne, text("<A@x>"), "ob"),
        (column(Column::Importance), Eq, Scalar::Int(1), "b"),
        (column(Column::Importance), Gt, Scalar::Int(0), "fb"),
        (column(Column::Importance), Le, Scalar::Int(1), "ob"),
        (column(Column::Importance), Lt, Scalar::Int(1 << 40), "fob"),
        (column(Column::Size), Gt, Scalar::Int(50), "fo"),
        (column(Column::Received), Eq, time("2026-03-01T10:00:00Z"), "f"),
        (column(Column::Received), Ne, time("2026-03-01T10:00:00Z"), "ob"),
        (column(Column::Received), Gt, time("2026-03-02T10:00:00Z"), "ob"),
        (column(Column::Received), Le, time("2026-04-01T10:00:00Z"), "fo"),
        (column(Column::Sent), Ge, time("2000-01-01T00:00:00Z"), "f"),
        (column(Column::ConversationId), Eq, Scalar::Bytes(vec![1; 16]), "f"),
        (column(Column::ConversationId), Ne, Scalar::Bytes(vec![1; 16]), "ob"),
        (column(Column::Categories), Eq, text("blue"), "f"),
        (column(Column::Categories), Ne, text("blue"), "ob"),
        (column(Column::From), Eq, text("ANN@example.test"), "f"),
        (column(Column::From), Eq, text("ann example"), "f"),
        (Field::Bit(bit::READ), Eq, Scalar::Bool(true), "f"),
        (Field::Bit(bit::READ), Eq, Scalar::Bool(false), "ob"),
        (Field::Bit(bit::READ), Ne, Scalar::Bool(false), "f"),
        (Field::Bit(bit::READ), Eq, Scalar::Int(1), "f"),
        (json_field("Text", T::Text), Eq, text("hello world"), "f"),
        (json_field("Text", T::Text), Gt, text("c"), "f"),
        (json_field("Number", T::Int), Eq, Scalar::Int(5), "f"),
        (json_field("Number", T::Int), Ne, Scalar::Int(5), "ob"),
        (json_field("Number", T::Int), Gt, Scalar::Real(5.5), "o"),
        (json_field("Text", T::Int), Eq, Scalar::Int(5), ""),
        (json_field("Real", T::Real), Lt, Scalar::Real(1.0), "o"),
        (json_field("Yes", T::Bool), Eq, Scalar::Bool(true), "f"),
        (json_field("Yes", T::Bool), Ne, Scalar::Bool(true), "ob"),
        (json_field("When", T::Time), Gt, time("2026-01-01T00:00:00Z"), "f"),
        (json_field("Text", T::Time), Gt, time("2026-01-01T00:00:00Z"), ""),
        (json_field("Octets", T::Bytes), Eq, Scalar::Bytes(vec![1, 2]), "f"),
        (json_field("List", T::Texts), Eq, text("TWO"), "f"),
        (json_field("List", T::Texts), Ne, text("two"), "ob"),
        (json_field("ToRecipients", T::Mailboxes), Eq, text("bob@example.test"), "f"),
        (json_field("Text", T::Mailboxes), Eq, text("bob@example.test"), ""),
        (ext("text", T::Text, false), Eq, text("ABC"), "f"),
        (ext("text", T::Text, false), Gt, text("abc"), "o"),
        (ext("long", T::Int, false), Lt, Scalar::Int(0), "o"),
        (ext("flag", T::Bool, false), Eq, Scalar::Bool(true), "o"),
        (ext("time", T::Time, false), Ge, time("2026-03-01T10:00:00Z"), "f"),
        (ext("bytes", T::Bytes, false), Eq, Scalar::Bytes(vec![1, 2]), "f"),
        (ext("many", T::Text, true), Eq, text("y"), "f"),
        (ext("nums", T::Int, true), Eq, Scalar::Int(2), "f"),
        (ext("no'such\\", T::Text, false), Eq, text("x"), ""),
        (Field::Header("x-spam".into()), Eq, text("No"), "f"),
        (Field::Header("Received".into()), Eq, text("from b"), "f"),
        (Field::Body, Eq, text("<p>überraschung im text</p>"), "f"),
    ];
    for (field, cmp, scalar, expected) in cases {
        let filter = Filter::Compare(field, cmp, scalar);
        assert_eq!(found(&mut house, &items, &filter), expected, "{filter:?}");
        let not: String = "fob".chars().filter(|letter| !expected.contains(*letter)).collect();
        let filter = Filter::Not(Box::new(filter));
        assert_eq!(found(&mut house, &items, &filter), not, "{filter:?}");
    }
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let (mut house, _) = shelf();
    let page = Page::first(1);
    let bad = [
        Filter::Compare(Field::Column(Column::Received), Cmp::Eq, text("x")),
        Filter::Compare(Field::Column(Column::Name), Cmp::Eq, text("x")),
        Filter::CompareFields(Field::Column(Column::Subject), Cmp::Eq, Field::Column(Column::Size)),
        Filter::CompareFields(Field::Column(Column::Categories), Cmp::Eq, Field::Column(Column::Subject)),
        Filter::Excludes(Field::Column(Column::Subject), 1),
        Filter::Contains {
            field: Field::Column(Column::Size),
            mode: ContainsMode::Substring,
            ignore_case: true,
            text: "1".into(),
        },
    ];
    for filter in bad {
        let result = house.store.mailbox(house.mailbox).find_items(
            &Search { filter: &filter, ..Search::new(&[house.inbox]) },
            &Plan::default(),
            page,
        );
        assert!(matches!(result, Err(StoreError::Corrupt(_))), "{filter:?}");
    }
    let order = [Order { field: Field::Column(Column::Name), ascending: true }];
    assert!(
        house
            .store
            .mailbox(house.mailbox)
            .find_items(&Search { orders: &order, ..Search::new(&[house.inbox]) }, &Plan::default(), page)
            .is_err()
    );
}

#[test]
fn every_way_to_contain() {
    use ContainsMode::*;
    let (mut house, items) = shelf();
    let subject = || Field::Column(Column::Subject);
    let cases: Vec<(Field, ContainsMode, bool, &str, &str)> = vec![
        (subject(), FullString, true, "LUNCH", "o"),
        (subject(), FullString, false, "LUNCH", ""),
        (subject(), Prefixed, true, "quarter", "f"),
        (subject(), Prefixed, false, "quarter", ""),
        (subject(), Prefixed, true, "report", ""),
        (subject(), Substring, true, "REPORT", "f"),
        (subject(), Substring, true, "%", "f"),
        (subject(), Substring, true, "_", "f"),
        (subject(), Substring, true, "l%h", ""),
        (subject(), Substring, true, "l_nch", ""),
        (subject(), Substring, true, "\\", ""),
        (subject(), Substring, true, "", "fo"),
        (subject(), PrefixOnWords, true, "rep", "f"),
        (subject(), PrefixOnWords, true, "eport", ""),
        (subject(), PrefixOnWords, true, "100%", "f"),
        (subject(), PrefixOnWords, true, "r.port", ""),
        (subject(), ExactPhrase, true, "quarterly report", "f"),
        (subject(), ExactPhrase, true, "quarterly repor", ""),
        (subject(), ExactPhrase, true, "(", ""),
        (subject(), ExactPhrase, true, "[a-z]*+?{1}|^$\\d'", ""),
        (Field::Column(Column::Categories), Substring, true, "lu", "f"),
        (Field::Column(Column::From), Substring, true, "example", "f"),
        (json_field("Text", ScalarType::Text), Substring, true, "WORLD", "f"),
        (json_field("ToRecipients", ScalarType::Mailboxes), Substring, true, "bob@", "f"),
        (ext("text", ScalarType::Text, false), Prefixed, true, "ab", "fo"),
        (ext("many", ScalarType::Text, true), FullString, true, "X", "f"),
        (Field::Header("Received".into()), Substring, true, "FROM", "f"),
        (Field::Body, Substring, true, "ÜBERRASCHUNG", "f"),
    ];
    for (field, mode, ignore_case, text, expected) in cases {
        let filter = Filter::Contains { field, mode, ignore_case, text: text.to_owned() };
        assert_eq!(found(&mut house, &items, &filter), expected, "{filter:?}");
    }
}

/// Where a word begins or ends between two characters.
fn edge(before: Option<char>, after: Option<char>) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    word(before) != word(after)
}

/// What `Contains` means, in plain words.
fn contains(value: &str, mode: ContainsMode, ignore_case: bool, text: &str) -> bool {
    let fold = |text: &str| if ignore_case { text.to_lowercase() } else { text.to_owned() };
    let (value, text) = (fold(value), fold(text));
    let at_edge = |place: usize| edge(value[..place].chars().next_back(), value[place..].chars().next());
    let places =
        || value.char_indices().map(|(at, _)| at).chain([value.len()]).filter(|at| value[*at..].starts_with(&text));
    let of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let begins = |at: usize| !of_word(text.chars().next()) || at_edge(at);
    let ends = |at: usize| !of_word(text.chars().next_back()) || at_edge(at + text.len());
    match mode {
        ContainsMode::FullString => value == text,
        ContainsMode::Prefixed => value.starts_with(&text),
        ContainsMode::Substring => value.contains(&text),
        ContainsMode::PrefixOnWords => places().any(begins),
        ContainsMode::ExactPhrase => places().any(|at| begins(at) && ends(at)),
    }
}

/// Texts of a few characters each, the same in every run.
fn scraps(count: usize, longest: u64, mut seed: u64) -> Vec<String> {
    let letters: Vec<char> = "aAbBäÄé1_ -.(\\%*[議\u{1}".chars().collect();
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut scrap = || (0..next() % (longest + 1)).map(|_| letters[next() as usize % letters.len()]).collect();
    (0..count).map(|_| scrap()).collect()
}

/// Also for texts that no table has.
#[test]
fn what_is_contained_is_what_a_plain_reading_says() {
    use ContainsMode::*;
    let mut house = house();
    let values = scraps(300, 9, 1);
    let items: Vec<ItemNo> = values.iter().map(|value| house.add(house.inbox, value)).collect();
    // No request has that character.
    let texts: Vec<String> = scraps(60, 4, 2).into_iter().map(|text| text.replace('\u{1}', "")).collect();
    let inboxes = [house.inbox];
    let mut met = 0;
    for text in &texts {
        for mode in [FullString, Prefixed, Substring, PrefixOnWords, ExactPhrase] {
            for ignore_case in [true, false] {
                let field = Field::Column(Column::Subject);
                let filter = Filter::Contains { field, mode, ignore_case, text: text.clone() };
                let search = Search { filter: &filter, ..Search::new(&inboxes) };
                let mut mailbox = house.store.mailbox(house.mailbox);
                let found = mailbox.find_items(&search, &Plan::default(), Page::first(1000)).unwrap();
                let mut found: Vec<ItemNo> = found.rows.iter().map(|row| row.item).collect();
                found.sort();
                let expected = |(_, value): &(_, &String)| contains(value, mode, ignore_case, text);
                let expected: Vec<ItemNo> = items.iter().zip(&values).filter(expected).map(|(item, _)| *item).collect();
                assert_eq!(found, expected, "{filter:?} in {values:?}");
                met += found.len();
            }
        }
    }
    assert!(met > 1000, "{met}");
}

#[test]
fn existence_masks_words_and_connectives() {
    let (mut house, items) = shelf();
    let exists = |field| Filter::Exists(field);
    let sent = || exists(Field::Column(Column::Sent));
    let unread = || Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(false));
    let cases = [
        (Filter::True, "fob"),
        (sent(), "f"),
        (exists(Field::Column(Column::Subject)), "fo"),
        (exists(Field::Column(Column::Importance)), "fob"),
        (exists(Field::Bit(bit::READ)), "fob"),
        (exists(Field::Column(Column::Categories)), "fo"),
        (exists(json_field("Number", ScalarType::Int)), "fo"),
        (exists(json_field("ToRecipients", ScalarType::Mailboxes)), "f"),
        (exists(ext("flag", ScalarType::Bool, false)), "fo"),
        (exists(Field::Header("x-spam".into())), "f"),
        (exists(Field::Body), "f"),
        (Filter::Excludes(Field::Column(Column::Importance), 2), "ob"),
        (Filter::Excludes(json_field("Number", ScalarType::Int), 4), "b"),
        (Filter::Excludes(ext("long", ScalarType::Int, false), 8), "b"),
        (Filter::Excludes(Field::Bit(bit::READ), 1), "ob"),
        (Filter::And(vec![]), "fob"),
        (Filter::Or(vec![]), ""),
        (Filter::And(vec![sent(), unread()]), ""),
        (Filter::Or(vec![sent(), unread()]), "fob"),
        (Filter::Not(Box::new(Filter::Or(vec![sent(), Filter::Not(Box::new(unread()))]))), "ob"),
        (Filter::Not(Box::new(Filter::True)), ""),
        (Filter::CompareFields(Field::Column(Column::Received), Cmp::Gt, Field::Column(Column::Sent)), "f"),
        (Filter::CompareFields(Field::Column(Column::Subject), Cmp::Eq, json_field("Text", ScalarType::Text)), ""),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&mut house, &items, &filter), expected, "{filter:?}");
    }
}

#[test]
fn associated_items_are_found_apart() {
    let mut house = house();
    house.add(house.inbox, "normal");
    let mut hidden = message(house.inbox, "hidden");
    hidden.flags = bit::ASSOCIATED;
    let hidden = house.store.mailbox(house.mailbox).create_item(&hidden).unwrap().item;
    let found = house
        .store
        .mailbox(house.mailbox)
        .find_items(&Search { associated: true, ..Search::new(&[house.inbox]) }, &Plan::default(), Page::first(1))
        .unwrap();
    assert_eq!((found.rows[0].item, found.total, found.last), (hidden, 1, true));
    let count = house.store.mailbox(house.mailbox).count_items(&Search::new(&[house.inbox])).unwrap();
    assert_eq!(count, 1);
}

/// Six hundred items by subject, most of them read, and one associated item among them.
pub fn stack() -> (House, Vec<ItemNo>) {
    let mut house = house();
    let put = |n: usize| {
        let mut new = message(house.inbox, &format!("{:04}", n * 7919 % 600));
        let place = i32::try_from(n % 5).unwrap();
        new.columns.set(Column::Importance, Value::Int(place % 3));
        new.flags = if n % 97 == 5 { 0 } else { bit::READ };
        house.store.mailbox(house.mailbox).create_item(&new).unwrap().item
    };
    let items = (0..600).map(put).collect();
    let mut hidden = message(house.inbox, "0300");
    hidden.flags = bit::ASSOCIATED;
    house.store.mailbox(house.mailbox).create_item(&hidden).unwrap();
    (house, items)
}

/// Ids of any length are kept and found, by an index whose entries have one length.
#[test]
fn ids_of_any_length_are_found_by_an_index() {
    let mut house = house();
    // Signs that no compression makes short: PostgreSQL's looks for what repeats.
    let id = |octets: usize| {
        let noise = (0..octets).map(|n| BuildHasherDefault::<DefaultHasher>::default().hash_one(n));
        format!("<{}\\é@x>", noise.map(|n| char::from(b'!' + (n % 90) as u8)).collect::<String>())
    };
    for octets in [900, 3_000, 100_000] {
        let mut new = message(house.inbox, "x");
        new.columns.set(Column::MessageId, Value::Text(id(octets)));
        let item = house.store.mailbox(house.mailbox).create_item(&new).unwrap().item;
        let equal = |text: String| Filter::Compare(Field::Column(Column::MessageId), Cmp::Eq, Scalar::Text(text));
        let mut find = |filter: &Filter| {
            let plan = Plan::default();
            let found = house.store.mailbox(house.mailbox).find_items(
                &Search { filter, ..Search::new(&[house.inbox]) },
                &plan,
                Page::first(9),
            );
            found.unwrap().rows.iter().map(|row| row.item).collect::<Vec<_>>()
        };
        assert_eq!(find(&equal(id(octets))), [item], "{octets}");
        assert!(find(&equal(id(octets).replace("@x", "@y"))).is_empty());
    }
}

/// The expression is that of the query builder; a place in the folder's order would be the other way to find it.
#[test]
fn the_index_of_ids_is_used() {
    let (house, _) = stack();
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    client.batch_execute("update item set message_id = '<' || item || '@x>'").unwrap();
    client.batch_execute("vacuum analyze item").unwrap();
    let digest = |text: &str| format!(r"substring(sha256(decode(replace({text}, '\', '\\'), 'escape')) for 16)");
    client.batch_execute("set enable_seqscan = off").unwrap();
    let text = format!(
        "explain select item from item i where i.mailbox = {} and i.folder = {} and ({} = {} and i.message_id = '<9@x>')
         order by received desc, item desc limit 50",
        house.mailbox.0,
        house.inbox.0,
        digest("i.message_id"),
        digest("'<9@x>'::text")
    );
    let plan: Vec<String> = client.query(&text, &[]).unwrap().iter().map(|line| line.get(0)).collect();
    assert!(plan.iter().any(|line| line.contains("item_message_id")), "{plan:#?}");
}

#[test]
fn words_stand_in_places_and_in_order() {
    use Place::*;
    let (mut house, items) = shelf();
    let words = |place, text: &str, whole| Filter::Words { place, text: text.to_owned(), whole };
    for (place, text, whole, expected) in [
        (Anywhere, "REPORT", false, "f"),
        (Body, "\u{5ba4}", false, "f"),
        (Body, "\u{5ba4}", true, "f"),
        (Anywhere, "repo", false, "f"),
        (Anywhere, "repo", true, ""),
        (Anywhere, "quarterly rep", false, "f"),
        (Anywhere, "report quarterly", false, ""),
        (Anywhere, "u\u{308}berr", false, "f"),
        (Anywhere, "überr", false, "f"),
        (Anywhere, "議室", false, "f"),
        (Anywhere, "会議室", true, "f"),
        (Anywhere, "report lunch", false, ""),
        (Anywhere, "report überraschung", false, ""),
        (Anywhere, "lun' & ! \\", false, "o"),
        (Anywhere, "...", false, ""),
        (Anywhere, "budgets", true, "f"),
        (Anywhere, "brk3215.pp", false, "f"),
        (Subject, "report", true, "f"),
        (Subject, "text", true, ""),
        (Body, "text", true, "f"),
        (Body, "report", true, ""),
        (From, "author", true, "f"),
        (From, "ann@far", false, "f"),
        (From, "far ann", false, ""),
        (From, "tom", true, ""),
        (To, "tom to", true, "f"),
        (To, "copy", true, ""),
        (Cc, "copy", true, "f"),
        (Bcc, "bli", false, "f"),
        (Recipients, "copy", true, "f"),
        (Recipients, "author", true, ""),
        (Participants, "author", true, "f"),
        (Participants, "blind", true, "f"),
        (Participants, "report", true, ""),
        (Attachment, "BRK3215.pptx", true, "f"),
        (Attachment, "about bud", false, "f"),
        (Attachment, "report", true, ""),
    ] {
        assert_eq!(found(&mut house, &items, &words(place, text, whole)), expected, "{place:?} {text}");
    }
    let not = Filter::Not(Box::new(words(Attachment, "budgets", true)));
    assert_eq!(found(&mut house, &items, &not), "ob");
    let name = Filter::Contains {
        field: Field::AttachmentName,
        mode: ContainsMode::Substring,
        ignore_case: true,
        text: "3215.PP".into(),
    };
    assert_eq!(found(&mut house, &items, &name), "f");
}

/// What an update says is all that finds the item; words of attachments come and go with them, and go along with copies.
#[test]
fn words_follow_what_is_written() {
    let (mut house, items) = shelf();
    let item = items[0];
    let words = |text: &str| Filter::Words { place: Place::Anywhere, text: text.to_owned(), whole: true };
    let texts = [(Area::Subject, "renamed".to_owned())];
    let update = ItemUpdate { search: Some(&texts), ..ItemUpdate::default() };
    let inbox = house.inbox;
    let mut mailbox = house.store.mailbox(house.mailbox);
    mailbox.update_item(item, &update, None).unwrap();
    let more = NewAttachment { name: "notes.txt", search: "minutes", ..NewAttachment::file() };
    let (numbers, _) = mailbox.create_attachments(item, &[more]).unwrap();
    let copy = mailbox.copy_items(&[item], inbox, None).unwrap()[0].item;
    for (text, expected) in [("quarterly", ""), ("renamed", "f"), ("minutes", "f"), ("budgets", "f")] {
        assert_eq!(found(&mut house, &items, &words(text)), expected, "{text}");
    }
    house.store.mailbox(house.mailbox).delete_attachments(item, &numbers).unwrap();
    assert_eq!(found(&mut house, &items, &words("minutes")), "");
    assert_eq!(found(&mut house, &[copy, items[1], items[2]], &words("minutes")), "f");
}
