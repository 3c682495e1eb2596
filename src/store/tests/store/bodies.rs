//! Searching in bodies: their text is looked at, without markup.

use crate::support::*;
use ewsd_model::Value;
use ewsd_model::property::Column;
use ewsd_store::*;

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
