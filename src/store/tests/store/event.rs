//! The table of when items take place: written, moved, copied and gone with the item, and found like a walk through all would.

use crate::support::*;
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo};
use ewsd_store::*;
use jiff::{SignedDuration, Timestamp};

fn hour(hour: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hour)
}

fn event(from: i64, to: Option<i64>) -> Event {
    Event { starts: hour(from), ends: to.map(hour), series: to.is_none(), uid: format!("uid {from}") }
}

fn add(house: &mut House, event: Event) -> ItemNo {
    let new = NewItem { event: Some(event), ..NewItem::new(house.inbox, ItemKind::CalendarItem) };
    house.store.mailbox(house.mailbox).create_item(&new).unwrap().item
}

fn between(house: &mut House, folder: FolderNo, from: i64, to: i64) -> Vec<ItemNo> {
    let found = house.store.mailbox(house.mailbox).events_between(&[folder], hour(from), hour(to)).unwrap();
    found.iter().map(|event| event.item).collect()
}

#[test]
fn a_look_finds_what_a_walk_would() {
    let mut house = house();
    let mut all = Vec::new();
    // Lengths of every class, from nothing to two centuries and more, and without end.
    let lengths = [0, 1, 2, 3, 5, 24, 100, 5_000, 100_000, 2_000_000];
    for (n, length) in lengths.iter().enumerate() {
        for start in [-3_000_000, -100, 0, 7, 90, 4_000] {
            let to = start + length;
            all.push((add(&mut house, event(start, Some(to))), start, Some(to)));
            if n == 0 {
                all.push((add(&mut house, event(start, None)), start, None));
            }
        }
    }
    let inbox = house.inbox;
    for (from, to) in
        [(0, 1), (7, 8), (8, 8), (-101, -99), (3_000, 5_000), (-5_000_000, 5_000_000), (10_000_000, 10_000_001)]
    {
        let meets = |start: i64, end: Option<i64>| start < to && end.is_none_or(|end| end >= from);
        let mut wanted: Vec<(i64, ItemNo)> =
            all.iter().filter(|(_, start, end)| meets(*start, *end)).map(|(item, start, _)| (*start, *item)).collect();
        wanted.sort();
        let wanted: Vec<ItemNo> = wanted.into_iter().map(|(_, item)| item).collect();
        assert_eq!(between(&mut house, inbox, from, to), wanted, "{from} to {to}");
    }
}

#[test]
fn rows_go_where_their_item_goes() {
    let mut house = house();
    let (inbox, drafts) = (house.inbox, house.drafts);
    let item = add(&mut house, event(0, Some(1)));
    let update = ItemUpdate { event: Some(event(10, Some(11))), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(item, &update, None).unwrap();
    assert_eq!((between(&mut house, inbox, 0, 2), between(&mut house, inbox, 10, 12)), (vec![], vec![item]));
    let other = ItemUpdate { set: subject("x"), ..ItemUpdate::default() };
    house.store.mailbox(house.mailbox).update_item(item, &other, None).unwrap();
    let copy = house.store.mailbox(house.mailbox).copy_items(&[item], drafts, None).unwrap()[0].item;
    assert_eq!(between(&mut house, drafts, 10, 12), [copy]);
    let moved = house.store.mailbox(house.mailbox).move_items(&[item], drafts).unwrap()[0].item;
    assert_eq!((between(&mut house, inbox, 10, 12), between(&mut house, drafts, 10, 12)), (vec![], vec![copy, moved]));
    let of_uid = house.store.mailbox(house.mailbox).events_of_uid("uid 10").unwrap();
    assert_eq!(of_uid, [(moved, drafts), (copy, drafts)]);
    house.store.mailbox(house.mailbox).delete_items(&[moved]).unwrap();
    assert_eq!(between(&mut house, drafts, 10, 12), [copy]);
}
