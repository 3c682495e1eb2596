//! Orders and pages of searches: near and far, from both ends.

use crate::search::{ext, json_field, shelf, stack};
use crate::support::*;
use ewsd_model::id::ItemNo;
use ewsd_model::property::mapi::Scalar;
use ewsd_model::property::{Column, bit};
use ewsd_store::*;

#[test]
fn every_column_can_be_sorted_by_and_unset_comes_first() {
    let (mut house, items) = shelf();
    let mut sorted = |field: Field, ascending: bool| {
        let orders = [Order { field, ascending }];
        let found = house
            .store
            .mailbox(house.mailbox)
            .find_items(&Search { orders: &orders, ..Search::new(&[house.inbox]) }, &Plan::default(), Page::first(9))
            .unwrap();
        found
            .rows
            .iter()
            .map(|row| items.iter().zip("fob".chars()).find(|(item, _)| **item == row.item).unwrap().1)
            .collect::<String>()
    };
    assert_eq!(sorted(Field::Column(Column::Subject), true), "bof");
    assert_eq!(sorted(Field::Column(Column::Subject), false), "fob");
    assert_eq!(sorted(Field::Column(Column::Sent), true), "obf");
    assert_eq!(sorted(Field::Column(Column::Sent), false), "fbo");
    assert_eq!(sorted(Field::Column(Column::Importance), true), "obf");
    assert_eq!(sorted(Field::Column(Column::Received), false), "bof");
    assert_eq!(sorted(Field::Bit(bit::READ), false), "fbo");
    assert_eq!(sorted(json_field("Number", ScalarType::Int), true), "bfo");
    assert_eq!(sorted(ext("text", ScalarType::Text, false), false), "ofb");
    assert_eq!(sorted(Field::Column(Column::Categories), true), "bof", "by the first of several");
    assert_eq!(sorted(Field::Column(Column::Categories), false), "fob");
    for row in everything_sortable() {
        assert_eq!(sorted(Field::Column(row), true).len(), 3);
    }
}

fn everything_sortable() -> Vec<Column> {
    let not = [Column::Categories, Column::From, Column::Sender];
    let all = ColumnSet::of_items();
    (0..64)
        .zip([
            Column::Id,
            Column::Parent,
            Column::Class,
            Column::Change,
            Column::Created,
            Column::Modified,
            Column::Size,
            Column::Subject,
            Column::Received,
            Column::Sent,
            Column::Importance,
            Column::Sensitivity,
            Column::DisplayTo,
            Column::DisplayCc,
            Column::DisplayBcc,
            Column::FromName,
            Column::MessageId,
            Column::InReplyTo,
            Column::References,
            Column::ConversationId,
            Column::ConversationTopic,
            Column::ConversationIndex,
            Column::Culture,
            Column::Preview,
            Column::IconIndex,
            Column::FlagStatus,
            Column::FlagStart,
            Column::FlagDue,
            Column::FlagComplete,
            Column::ModifiedBy,
            Column::ReminderDue,
            Column::BodyType,
        ])
        .map(|(_, column)| column)
        .filter(|column| all.contains(*column) && !not.contains(column))
        .collect()
}

#[test]
fn pages_go_through_everything_once_in_both_directions() {
    let mut house = house();
    let items: Vec<ItemNo> = (0..23).map(|n| house.add(house.inbox, &format!("{}", n % 3))).collect();
    house.add(house.drafts, "elsewhere");
    let by_subject = [Order { field: Field::Column(Column::Subject), ascending: true }];
    for filter in [Filter::True, Filter::Exists(Field::Column(Column::Subject))] {
        for from_end in [false, true] {
            for limit in [1, 4, 23, 100] {
                let mut all = Vec::new();
                let mut offset = 0;
                loop {
                    let page = Page { offset, limit, from_end };
                    let found = house
                        .store
                        .mailbox(house.mailbox)
                        .find_items(
                            &Search { filter: &filter, orders: &by_subject, ..Search::new(&[house.inbox]) },
                            &Plan::default(),
                            page,
                        )
                        .unwrap();
                    assert_eq!((found.total, found.last), (23, found.offset == 23), "{page:?}");
                    let numbers: Vec<ItemNo> = found.rows.iter().map(|row| row.item).collect();
                    if from_end {
                        all.splice(0..0, numbers)
                    } else {
                        all.splice(all.len().., numbers)
                    };
                    offset = found.offset;
                    if found.last {
                        break;
                    }
                }
                let mut expected = items.clone();
                expected.sort_by_key(|item| (items.iter().position(|i| i == item).unwrap() % 3, item.0));
                assert_eq!(all, expected);
            }
        }
    }
    let beyond = Page { offset: 50, limit: 5, from_end: false };
    let found =
        house.store.mailbox(house.mailbox).find_items(&Search::new(&[house.inbox]), &Plan::default(), beyond).unwrap();
    assert_eq!((found.rows.len(), found.total, found.last), (0, 23, true));
    let both = [house.inbox, house.drafts];
    let found =
        house.store.mailbox(house.mailbox).find_items(&Search::new(&both), &Plan::default(), Page::first(3)).unwrap();
    assert_eq!((found.rows.len(), found.total), (3, 24));
    let found =
        house.store.mailbox(house.mailbox).find_items(&Search::new(&[]), &Plan::default(), Page::first(3)).unwrap();
    assert_eq!((found.rows.len(), found.total), (0, 0));
}

#[test]
fn far_pages_hold_what_near_ones_would() {
    let (mut house, items) = stack();
    let subject = Field::Column(Column::Subject);
    let orders: [&[Order]; 4] = [
        &[],
        &[Order { field: Field::Column(Column::Id), ascending: true }],
        &[Order { field: subject.clone(), ascending: false }],
        &[Order { field: Field::Column(Column::Sent), ascending: true }, Order { field: subject, ascending: true }],
    ];
    let unread = Filter::Compare(Field::Bit(bit::READ), Cmp::Eq, Scalar::Bool(false));
    for (filter, total) in [(Filter::True, 600), (Filter::Exists(Field::Column(Column::Subject)), 600), (unread, 7)] {
        for orders in orders {
            for from_end in [false, true] {
                let mut read = |offset: i64, limit: i64| {
                    let page = Page { offset, limit, from_end };
                    let plan = Plan { columns: ColumnSet::of_items(), ..Plan::default() };
                    let found = house.store.mailbox(house.mailbox).find_items(
                        &Search { filter: &filter, orders, ..Search::new(&[house.inbox]) },
                        &plan,
                        page,
                    );
                    let found = found.unwrap();
                    assert_eq!((found.total, found.last), (total, found.offset >= total), "{page:?}");
                    assert!(found.rows.iter().all(|row| row.columns.text(Column::Subject).is_some()));
                    found.rows.iter().map(|row| row.item).collect::<Vec<_>>()
                };
                let mut all = read(0, 1000);
                assert_eq!(all.len() as i64, total);
                assert!(all.iter().all(|item| items.contains(item)));
                if from_end {
                    all.reverse();
                }
                for (offset, limit) in [
                    (0, 5),
                    (3, 9),
                    (255, 10),
                    (256, 10),
                    (299, 2),
                    (300, 50),
                    (560, 50),
                    (599, 50),
                    (600, 5),
                    (900, 5),
                ] {
                    let mut page = read(offset, limit);
                    if from_end {
                        page.reverse();
                    }
                    let range = (offset.min(total) as usize)..((offset + limit).min(total) as usize);
                    assert_eq!(page, all[range], "{filter:?} {orders:?} {from_end} {offset}+{limit}");
                }
            }
        }
    }
}

#[test]
fn the_place_of_a_row_is_how_many_come_before_it() {
    let (mut house, items) = stack();
    let by_subject = [Order { field: Field::Column(Column::Subject), ascending: true }];
    let at_least = |text: &str| Filter::Compare(Field::Column(Column::Subject), Cmp::Ge, Scalar::Text(text.to_owned()));
    let (mailbox, inbox) = (house.mailbox, [house.inbox]);
    let mut before = |filter: &Filter, wanted: &Filter, from_end: bool| {
        house
            .store
            .mailbox(mailbox)
            .rows_before(&Search { filter, orders: &by_subject, ..Search::new(&inbox) }, wanted, from_end)
            .unwrap()
    };
    assert_eq!(before(&Filter::True, &at_least("0450"), false), Some(450));
    assert_eq!(before(&Filter::True, &at_least("0450"), true), Some(0));
    assert_eq!(before(&Filter::True, &Filter::Not(Box::new(at_least("0450"))), true), Some(150));
    assert_eq!(before(&Filter::True, &at_least("9"), false), None);
    assert_eq!(before(&at_least("0100"), &at_least("0450"), false), Some(350));
    let newest_first = house.store.mailbox(mailbox).rows_before(&Search::new(&inbox), &Filter::True, false);
    assert_eq!(newest_first.unwrap(), Some(0));
    let oldest = Filter::Compare(Field::Column(Column::Id), Cmp::Eq, Scalar::Int(items[0].0));
    assert_eq!(house.store.mailbox(mailbox).rows_before(&Search::new(&inbox), &oldest, false).unwrap(), Some(599));
}

/// A page is counted off an index, without a look at the rows.
#[test]
fn far_pages_need_an_index_only() {
    let (house, _) = stack();
    let mut client = postgres::Client::connect(&house.database.options().url, postgres::NoTls).unwrap();
    client.batch_execute("vacuum analyze item").unwrap();
    for order in ["received desc, item desc", "received, item", "item", "item desc"] {
        let text = format!(
            "explain select item from item i where i.mailbox = {} and i.folder = {} and not i.associated
             order by {order} limit 10 offset 300",
            house.mailbox.0, house.inbox.0
        );
        let lines = client.query(&text, &[]).unwrap();
        let plan: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains("Index Only Scan")), "{text}: {plan:#?}");
    }
}
