//! `Contains` by the words of the index and parts of these: whatever texts and patterns are made of, it finds what looking at
//! each text does.

use crate::support::*;
use crate::words::{Dice, compare_each, enter};
use ewsd_model::property::Column;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::value::Mailbox as Person;
use ewsd_model::{ItemKind, Value};
use ewsd_store::*;
use serde_json::json;

/// What texts are made of: letters with and without marks, in both cases, composed and not; letters of which another is the
/// capital, or whose lower case is two; digits that are none for PostgreSQL; scripts without spaces; marks between words.
const CHARACTERS: &str = "aaabbiIeEsSkK019  --@._'\r\u{e4}\u{c4}\u{e9}\u{c9}\u{df}\u{1e9e}\u{301}\u{307}\u{308}\u{338}\u{345}\u{130}\
    \u{131}\u{212a}\u{212b}\u{3c2}\u{3c3}\u{3a3}\u{b2}\u{bd}\u{24d0}\u{ff21}\u{ff41}\u{4f1a}\u{8b70}\u{5ba4}\u{304b}\u{3099}\u{30ab}\
    \u{915}\u{947}\u{93c}\u{958}\u{1100}\u{1161}\u{11a8}\u{ac00}\u{5e9}\u{5c1}\u{e01}\u{e34}\u{3002}\u{2014}\u{a0}\u{ad}\u{1f642}";

/// Words of which others are parts, and words that are cut.
const WORDS: [&str; 10] = [
    "report",
    "Quarterly",
    "figures",
    "port",
    "REPORTS",
    "ort",
    "a@example.test",
    "caf\u{e9}",
    "0123456789012345678901234567890123456789abc",
    "abcdefghijabcdefghijabcdefghijabcdefghi\u{e9}\u{e4}",
];

fn text(dice: &mut Dice) -> String {
    let characters: Vec<char> = CHARACTERS.chars().collect();
    let mut text = String::new();
    for _ in 0..=dice.roll(4) {
        match dice.roll(3) {
            0 => (0..=dice.roll(5)).for_each(|_| text.push(characters[dice.roll(characters.len())])),
            1 => text.push_str(WORDS[dice.roll(WORDS.len())]),
            _ => text.push([' ', '-', '\u{4f1a}', '.', '_'][dice.roll(5)]),
        }
    }
    text
}

/// The texts of an item in which patterns are looked for.
struct Texts {
    subject: String,
    from: Person,
    sender: Option<Person>,
    from_name: Option<String>,
    to: Person,
    body: String,
    file: Option<String>,
}

fn person(dice: &mut Dice) -> Person {
    let name = (dice.roll(4) > 0).then(|| text(dice));
    let address = if dice.roll(4) == 0 { name.clone() } else { Some(text(dice)) };
    Person { name, address, ..Person::default() }
}

impl Texts {
    fn new(dice: &mut Dice) -> Texts {
        let from = person(dice);
        Texts {
            subject: text(dice),
            sender: (dice.roll(4) == 0).then(|| person(dice)),
            from_name: if dice.roll(8) == 0 { Some(text(dice)) } else { from.name.clone() },
            from,
            to: person(dice),
            body: text(dice),
            file: (dice.roll(2) == 0).then(|| text(dice)),
        }
    }

    fn all(&self) -> Vec<&String> {
        let people = [&self.from.name, &self.from.address, &self.to.name, &self.to.address];
        let rest = people.into_iter().chain([&self.from_name, &self.file]).flatten();
        [&self.subject, &self.body].into_iter().chain(rest).collect()
    }

    /// As whoever stores mail gives them.
    fn words(&self, is_task: bool) -> Vec<(Area, String)> {
        let of = |one: &Person| {
            let (name, address) = (one.name.as_deref().unwrap_or_default(), one.address.as_deref().unwrap_or_default());
            if name == address { address.to_owned() } else { format!("{name} {address}") }
        };
        let mut words: Vec<(Area, String)> = [Some(&self.from), self.sender.as_ref()]
            .into_iter()
            .flatten()
            .map(|one| (Area::From, of(one)))
            .chain(self.from_name.iter().map(|name| (Area::From, name.clone())))
            .collect();
        words.extend([
            (Area::Subject, self.subject.clone()),
            (Area::To, of(&self.to)),
            (Area::Body, self.body.clone()),
        ]);
        if is_task {
            words.push((Area::Body, "reported by itself".to_owned()));
        }
        words
    }
}

fn add(house: &mut House, dice: &mut Dice, texts: &Texts) {
    let is_task = dice.roll(6) == 0;
    let kind = if is_task { ItemKind::Task } else { ItemKind::Message };
    let words = texts.words(is_task);
    let html = (dice.roll(3) == 0).then(|| format!("<p>{}", texts.body));
    let mut new = NewItem::new(house.inbox, kind);
    new.columns.set(Column::Subject, Value::Text(texts.subject.clone()));
    new.columns.set(Column::From, Value::Mailbox(texts.from.clone()));
    if let Some(sender) = &texts.sender {
        new.columns.set(Column::Sender, Value::Mailbox(sender.clone()));
    }
    if let Some(name) = &texts.from_name {
        new.columns.set(Column::FromName, Value::Text(name.clone()));
    }
    if let Some(shown) = texts.to.name.as_ref().or(texts.to.address.as_ref()) {
        new.columns.set(Column::DisplayTo, Value::Text(shown.clone()));
        new.props = json!({"ToRecipients": [{"name": texts.to.name, "address": texts.to.address}]})
            .as_object()
            .unwrap()
            .clone();
    }
    new.columns.set(Column::BodyType, Value::Int(html.is_some().into()));
    new.body = Some(html.as_ref().unwrap_or(&texts.body).as_bytes());
    new.plain = html.is_some().then_some(texts.body.as_str());
    // Of what could not be read only the subject's words are kept.
    let at = words.iter().position(|(area, _)| *area == Area::Subject).unwrap();
    new.search = if dice.roll(10) == 0 { &words[at..=at] } else { &words };
    let file = texts.file.iter().map(|name| NewAttachment { name, search: "quarterly text", ..NewAttachment::file() });
    new.attachments = file.collect();
    house.store.mailbox(house.mailbox).create_item(&new).unwrap();
}

/// A piece of one of the texts, in other letters.
fn pattern(dice: &mut Dice, texts: &[Texts]) -> String {
    if dice.roll(8) == 0 {
        return text(dice);
    }
    let of = texts[dice.roll(texts.len())].all();
    let characters: Vec<char> = of[dice.roll(of.len())].chars().collect();
    let begin = dice.roll(characters.len() + 1);
    let length = [1, 2, 3, 5, 8, 50][dice.roll(6)];
    let piece: String = characters.iter().skip(begin.min(characters.len().saturating_sub(1))).take(length).collect();
    match dice.roll(4) {
        0 => piece.to_uppercase(),
        1 => piece.to_lowercase(),
        _ => piece,
    }
}

const FIELDS: [Field; 7] = [
    Field::Column(Column::Subject),
    Field::Column(Column::From),
    Field::Column(Column::FromName),
    Field::Column(Column::DisplayTo),
    Field::Json("ToRecipients", ScalarType::Mailboxes),
    Field::AttachmentName,
    Field::Body,
];

fn contains(dice: &mut Dice, texts: &[Texts]) -> Filter {
    use ContainsMode::*;
    Filter::Contains {
        field: FIELDS[dice.roll(FIELDS.len())].clone(),
        mode: [Substring, Substring, Substring, Prefixed, FullString, PrefixOnWords, ExactPhrase][dice.roll(7)],
        ignore_case: dice.roll(3) > 0,
        text: pattern(dice, texts),
    }
}

fn filter(dice: &mut Dice, texts: &[Texts]) -> Filter {
    let mut one = || contains(dice, texts);
    let (a, b) = (one(), one());
    match dice.roll(10) {
        0 => Filter::And(vec![a, b]),
        1 => Filter::Or(vec![a, b]),
        2 => Filter::And(vec![Filter::Not(Box::new(a)), b]),
        3 => Filter::And(vec![a, Filter::Compare(Field::Column(Column::Size), Cmp::Gt, Scalar::Int(40))]),
        4 => Filter::Compare(FIELDS[dice.roll(FIELDS.len())].clone(), Cmp::Eq, Scalar::Text(pattern(dice, texts))),
        _ => a,
    }
}

#[test]
fn parts_of_texts_are_found_where_they_are() {
    let mut house = house();
    let seed = std::env::var("EWSD_PARTS_SEED").map_or(3, |seed| seed.parse().unwrap());
    let rounds = std::env::var("EWSD_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    let mut dice = Dice(seed);
    let mut texts: Vec<Texts> = Vec::new();
    for round in 0..rounds {
        for _ in 0..60 {
            let new = Texts::new(&mut dice);
            add(&mut house, &mut dice, &new);
            texts.push(new);
        }
        let filters: Vec<Filter> = (0..300).map(|_| filter(&mut dice, &texts)).collect();
        if round != 1 {
            enter(&mut house);
        }
        compare_each(&mut house, &filters);
    }
    for code in ["", ":s", ":f", ":r", ":n"] {
        assert!(house.number(&format!("select count(*) from vocabulary where code = '{code}'")) > 0, "{code}");
    }
}

/// Patterns of words that most items have: those of which it is known where they stand, and what stands between them.
#[test]
fn rows_of_frequent_words_are_those_that_are_there() {
    const OFTEN: [&str; 9] =
        ["best", "Regards", "the", "s", "bests", "\u{4f1a}\u{8b70}", "other", "caf\u{e9}", "\u{212a}9"];
    // Most often one blank; marks that are put together with a letter, or become ASCII where they are put together; what is a part
    // of a word for PostgreSQL alone.
    const BETWEEN: [&str; 16] = [
        " ",
        " ",
        " ",
        "-",
        ", ",
        "\r\n",
        "_",
        " _",
        "; ",
        "\u{37e} ",
        "\u{301} ",
        "=\u{338}",
        "\u{2014}",
        "\u{4f1a}",
        "  ",
        "\u{24d0} ",
    ];
    let (mut house, mut dice) =
        (house(), Dice(std::env::var("EWSD_ROWS_SEED").map_or(5, |seed| seed.parse().unwrap())));
    let mut texts = Vec::new();
    let some = |dice: &mut Dice| {
        let mut text = BETWEEN[dice.roll(BETWEEN.len())].to_owned();
        for _ in 0..=dice.roll(4) {
            text.push_str(OFTEN[dice.roll(OFTEN.len())]);
            text.push_str(BETWEEN[dice.roll(BETWEEN.len())]);
        }
        // More often than places are kept, and farther behind, where each word stood before.
        match dice.roll(300) {
            0 => "best ".repeat(300) + &text,
            1 => (0..3_900).map(|n| format!("w{n} x y z v ")).collect::<String>() + &text,
            2 => format!("best regards{text}{}best regards{text}", " the".repeat(16_400)),
            _ => text,
        }
    };
    for _ in 0..1_200 {
        let (subject, body, file) = (some(&mut dice), some(&mut dice), some(&mut dice));
        let mut new = message(house.inbox, &subject);
        let words = [(Area::Subject, subject.clone()), (Area::Body, body.clone())];
        let html = (dice.roll(3) == 0).then(|| body.replace(' ', "</>"));
        (new.search, new.body) = (&words, Some(html.as_ref().unwrap_or(&body).as_bytes()));
        // The text of some is not known yet.
        new.plain = (html.is_some() && dice.roll(2) == 0).then_some(body.as_str());
        new.columns.set(Column::BodyType, Value::Int(html.is_some().into()));
        if dice.roll(5) == 0 {
            new.attachments = vec![NewAttachment { name: "best", search: &file, ..NewAttachment::file() }];
        }
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
        texts.push([subject, body]);
    }
    enter(&mut house);
    assert!(house.number("select count(*) from word_place where term in ('best', 'regards', '\u{4f1a}\u{8b70}')") >= 3);
    let filters = (0..160).map(|_| {
        let text: Vec<char> = texts[dice.roll(texts.len())][dice.roll(2)].chars().collect();
        let begin = text.len().saturating_sub(1 + dice.roll(30));
        Filter::Contains {
            field: [Field::Column(Column::Subject), Field::Body][dice.roll(2)].clone(),
            mode: [ContainsMode::Substring, ContainsMode::ExactPhrase, ContainsMode::PrefixOnWords][dice.roll(3)],
            ignore_case: dice.roll(8) > 0,
            text: text.iter().skip(begin).take(4 + dice.roll(16)).collect::<String>().trim_matches(' ').to_owned(),
        }
    });
    compare_each(&mut house, &filters.collect::<Vec<_>>());
    // What was not known is filled in.
    house.execute("update blob set plain = replace(convert_from(data, 'UTF8'), '</>', ' ') where plain is null");
    compare_each(&mut house, &["best the", "the best", "st caf", "regards best", "s s"].map(body));
}

fn body(text: &str) -> Filter {
    Filter::Contains { field: Field::Body, mode: ContainsMode::Substring, ignore_case: true, text: text.to_owned() }
}

/// Patterns of several words, and whole words, of which the index tells all that is asked for: no body is looked at.
#[test]
fn what_stands_between_words_is_told_by_the_index() {
    let mut house = house();
    for number in 0..900 {
        let between = [" ", ", ", "\r\n"][number % 3];
        let text = format!(
            "With{between}best{between}regards. {}",
            ["The quarterly_figures", "the quarterly figures"][number % 2]
        );
        let words = [(Area::Subject, "Best".to_owned()), (Area::Body, text.clone())];
        let mut new = message(house.inbox, "Best");
        (new.search, new.body) = (&words, Some(text.as_bytes()));
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    house.execute("update blob set data = 'nothing'");
    let phrase =
        |text: &str, mode| Filter::Contains { field: Field::Body, mode, ignore_case: true, text: text.to_owned() };
    use ContainsMode::{ExactPhrase, PrefixOnWords, Substring};
    for (text, mode, expected) in [
        ("best regards", Substring, 300),
        ("ith, best, rega", Substring, 300),
        ("st\r\nre", Substring, 300),
        ("best; regards", Substring, 0),
        ("regards. the", Substring, 900),
        ("th best regards", PrefixOnWords, 0),
        ("with best reg", PrefixOnWords, 300),
        ("best", ExactPhrase, 900),
        // Each subject has the word, too.
        ("est", Substring, 900),
        ("best, regards", ExactPhrase, 300),
        // Whether PostgreSQL takes what is beside the words for a part of them is looked at.
        ("figures", ExactPhrase, 450),
        ("quarterly", ExactPhrase, 450),
    ] {
        let inbox = [house.inbox];
        let filter = phrase(text, mode);
        let search = Search { filter: &filter, ..Search::new(&inbox) };
        assert_eq!(house.store.mailbox(house.mailbox).count_items(&search).unwrap(), expected, "{text} {mode:?}");
    }
}

/// A piece that stands in more words than are asked for at once, and in nearly every item: what is left is looked at.
#[test]
fn parts_of_very_many_words_are_found() {
    let mut house = house();
    for number in 0..900 {
        let text = match number % 9 {
            0 => format!("x{number}"),
            1 => format!("later wa{number}"),
            _ => format!("wa wa{number} other"),
        };
        let words = [(Area::Body, text.clone())];
        let mut new = message(house.inbox, "x");
        (new.search, new.body) = (&words, Some(text.as_bytes()));
        house.store.mailbox(house.mailbox).create_item(&new).unwrap();
    }
    enter(&mut house);
    compare_each(&mut house, &["wa", "a", "wa7", "er wa", "wa wa8", "w", "x"].map(body));
}

/// A database of a language whose small letters are others than those of the index's words.
#[test]
fn other_languages_letters_are_looked_at() {
    let here = house();
    let mut client = postgres::Client::connect(&here.database.options().url, postgres::NoTls).unwrap();
    client.batch_execute("create database turkish template template0 locale_provider icu icu_locale 'tr'").unwrap();
    let mut options = here.database.options();
    let name: String = client.query_one("select current_database()::text", &[]).unwrap().get(0);
    options.url = options.url.replace(&name, "turkish");
    migrate(&options).unwrap();
    let mut store = Store::connect(&options).unwrap();
    let account = store.create_account(&new_account("a")).unwrap();
    let inbox = store.mailbox(account.mailbox).folder_by_distinguished("inbox").unwrap().folder;
    for text in ["I. Elma", "\u{131}. elma"] {
        let words = [(Area::Subject, text.to_owned())];
        let mut new = message(inbox, text);
        new.search = &words;
        store.mailbox(account.mailbox).create_item(&new).unwrap();
    }
    store.mailbox(account.mailbox).enter_words(100).unwrap();
    for (text, expected) in [("I. e", 2), ("i. e", 0), ("elma", 2)] {
        let field = Field::Column(Column::Subject);
        let filter =
            Filter::Contains { field, mode: ContainsMode::Substring, ignore_case: true, text: text.to_owned() };
        let inboxes = [inbox];
        let search = Search { filter: &filter, ..Search::new(&inboxes) };
        assert_eq!(store.mailbox(account.mailbox).count_items(&search).unwrap(), expected, "{text}");
    }
}
