//! What reading requests and writing answers costs: `cargo bench -p ewsd-ews`. Medians in microseconds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::hint::black_box;
use std::rc::Rc;
use std::time::Instant;

use ewsd_ews::reply::{Change, SyncPage};
use ewsd_ews::{Form, ItemView, Reply, parse_envelope};
use ewsd_model::failure::Outcome;
use ewsd_model::value::{Body, BodyType, Mailbox, WireId};
use ewsd_model::{ItemKind, PropId, Value};

const ROUNDS: usize = 2001;

fn median(name: &str, mut work: impl FnMut()) {
    let mut times: Vec<u128> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        work();
        times.push(start.elapsed().as_nanos());
    }
    times.sort_unstable();
    println!("{name:<44} {:>9.2}", times[ROUNDS / 2] as f64 / 1000.0);
}

fn id(number: usize) -> WireId {
    let text = format!("{number:0>152}");
    WireId { id: text, change_key: Some("CQAAABYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB".to_owned()) }
}

fn message(number: usize, body: usize) -> ItemView {
    let text = |text: &str| Value::Text(text.to_owned());
    let bo = Mailbox {
        name: Some("Bo".to_owned()),
        address: Some("bo@example.test".to_owned()),
        routing: Some("SMTP".to_owned()),
        kind: Some("Mailbox".to_owned()),
        item: None,
    };
    let mut props = vec![
        (PropId::ItemItemId, Value::ItemId(id(number))),
        (PropId::ItemSubject, text("A subject of the usual length, more or less")),
        (PropId::ItemSensitivity, text("Normal")),
        (PropId::ItemDateTimeReceived, Value::Time(jiff::Timestamp::from_second(1_800_000_000).unwrap())),
        (PropId::ItemSize, Value::Int(12_345)),
        (PropId::ItemImportance, text("Normal")),
        (PropId::ItemHasAttachments, Value::Bool(false)),
        (PropId::MessageFrom, Value::Mailbox(bo.clone())),
        (PropId::MessageToRecipients, Value::Mailboxes(vec![bo])),
        (PropId::MessageIsRead, Value::Bool(true)),
    ];
    if body > 0 {
        let text = "All work and no play makes a dull mailbox.\r\n".repeat(body.div_ceil(44));
        props.push((PropId::ItemBody, Value::Body(Body { body_type: BodyType::Text, text, truncated: None })));
    }
    ItemView { kind: ItemKind::Message, props, extended: Vec::new() }
}

fn main() {
    let get_item = include_bytes!("../tests/fixtures/get_item.xml");
    let find_item = include_bytes!("../tests/fixtures/find_item.xml");
    let create_item = include_bytes!("../tests/fixtures/create_item.xml");
    median("read GetItem, 3 ids, 6 properties", || drop(black_box(parse_envelope(get_item).unwrap())));
    median("read FindItem with a restriction", || drop(black_box(parse_envelope(find_item).unwrap())));
    median("read CreateItem, 4 items", || drop(black_box(parse_envelope(create_item).unwrap())));

    let ids = (0..512).map(|n| Change::Create(ItemView::of_id(ItemKind::Message, id(n)))).collect();
    let page = SyncPage { state: "H4sIAAA=".to_owned(), includes_last: false, changes: ids };
    let sync = Reply::SyncFolderItems(vec![Outcome::Success(page)]);
    median("write SyncFolderItems, 512 ids", || drop(black_box(sync.to_bytes(Form::default()))));
    let item = Reply::GetItem(vec![Outcome::Success(vec![Rc::new(message(1, 10_000))])]);
    median("write GetItem, 10 KB text", || drop(black_box(item.to_bytes(Form::default()))));
    let many = Reply::GetItem((0..50).map(|n| Outcome::Success(vec![Rc::new(message(n, 0))])).collect());
    median("write GetItem, 50 items, 10 properties", || drop(black_box(many.to_bytes(Form::default()))));
}
