//! FindItem: groups.

use super::items::{equal, id_only, order, page, restricted};
use crate::support::ops::{create_folder, field, find, find_request, save_mime};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![groups_by_any_property, refuses_wrong_groups,];

fn grouped(by: &str, on: &str, aggregate: &str, order: &str) -> String {
    format!(
        "<m:GroupBy Order=\"{order}\">{}<t:AggregateOn Aggregate=\"{aggregate}\">{}</t:AggregateOn></m:GroupBy>",
        field(by),
        field(on)
    )
}

/// Each group's number and subjects.
fn groups(root: &Node) -> Vec<(String, Vec<String>)> {
    let one = |group: &&Node| {
        let subjects = group.all("t:Items/*").into_iter().map(|item| item.text("t:Subject").unwrap().to_owned());
        (group.text("t:GroupIndex").unwrap().to_owned(), subjects.collect())
    };
    root.all("t:Groups/t:GroupedItems").iter().map(one).collect()
}

/// Groups are put in order by what their items have in another field, items within them by the order asked for.
fn groups_by_any_property() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "grouped");
    for (subject, from, day) in
        [("a", "Hope", 1), ("b", "Sadie", 2), ("c", "hope", 3), ("d", "Sadie", 4), ("e", "Zoe", 5)]
    {
        let date = format!("{day:02} Apr 2019 10:00:00 +0000");
        let mime = format!("From: {from} <{from}@x.test>\r\nSubject: {subject}\r\nDate: {date}\r\n\r\nx\r\n");
        save_mime(&mut ews, &id, mime.as_bytes());
    }
    let sorted = order("Descending", "item:DateTimeSent");
    let of = |numbers: &[&str]| -> Vec<(String, Vec<String>)> {
        (0..)
            .zip(numbers)
            .map(|(n, group): (i32, _)| (n.to_string(), group.chars().map(String::from).collect()))
            .collect()
    };
    for (aggregate, direction, expected) in [
        ("Minimum", "Descending", ["e", "db", "ca"]),
        ("Minimum", "Ascending", ["ca", "db", "e"]),
        ("Maximum", "Ascending", ["ca", "db", "e"]),
    ] {
        let view = grouped("message:From", "item:DateTimeSent", aggregate, direction) + &sorted;
        let root = find(&mut ews, &id, &id_only(), &view);
        assert_eq!(groups(&root), of(&expected), "{aggregate} {direction}");
        assert_eq!(root.attribute("TotalItemsInView"), Some("5"));
    }
    // A page ends within a group; the next one goes on with it.
    let view = |offset, from| {
        page(offset, 2, from) + &grouped("message:From", "item:DateTimeSent", "Minimum", "Ascending") + &sorted
    };
    let root = find(&mut ews, &id, &id_only(), &view(1, "Beginning"));
    assert_eq!((groups(&root), root.attribute("IndexedPagingOffset")), (of(&["a", "d"]), Some("3")));
    let root = find(&mut ews, &id, &id_only(), &view(0, "End"));
    assert_eq!(groups(&root), of(&["b", "e"]));
    let topic = "<m:DistinguishedGroupBy Order=\"Descending\"><t:StandardGroupBy>ConversationTopic</t:StandardGroupBy>\
                 </m:DistinguishedGroupBy>";
    assert_eq!(groups(&find(&mut ews, &id, &id_only(), topic)).len(), 5);
    let restricted = grouped("message:From", "item:DateTimeSent", "Minimum", "Ascending")
        + &restricted(&equal("item:Subject", "none"));
    let root = find(&mut ews, &id, &id_only(), &restricted);
    assert!(root.get("t:Groups").is_some_and(|groups| groups.children.is_empty()));
}

fn refuses_wrong_groups() {
    let mut ews = shared::mailbox();
    let body = grouped("item:Body", "item:DateTimeSent", "Minimum", "Ascending");
    assert_eq!(ews.error(&find_request("inbox", &id_only(), &body)), "ErrorUnsupportedPathForSortGroup");
    let seek = "<m:SeekToConditionPageItemView BasePoint=\"Beginning\" MaxEntriesReturned=\"5\"><t:Condition>"
        .to_owned()
        + &equal("item:Subject", "x")
        + "</t:Condition></m:SeekToConditionPageItemView>"
        + &grouped("message:From", "item:DateTimeSent", "Minimum", "Ascending");
    assert_eq!(ews.error(&find_request("inbox", &id_only(), &seek)), "ErrorInvalidOperation");
}
