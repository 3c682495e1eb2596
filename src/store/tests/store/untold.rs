//! What the index cannot tell of an item is looked at there: answers are those of the texts, whatever of their words is kept.

use crate::support::*;
use crate::words::enter;
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
