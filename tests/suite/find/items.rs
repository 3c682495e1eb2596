//! FindItem: pages, order, shapes.

use crate::support::ews::Ews;
use crate::support::ops::{
    create_folder, field, find, find_request, folder, folder_id, get_fields, save, save_mime, save_request,
    save_simple, set_field, shape, simple,
};
use crate::support::xml::{Node, escape};
use crate::support::{message, ops, shared};

crate::tests![
    pages_forward_and_backward,
    pages_beyond_the_end,
    refuses_wrong_pages,
    pages_by_fraction,
    sorts_by_any_property,
    sorts_by_the_first_category,
    sorts_stably_over_pages,
    returns_the_shape_that_was_asked,
    never_returns_bodies,
    searches_several_folders,
    finds_what_the_imap_gateway_asks,
    grows_an_article_number,
    caps_the_rows_of_an_answer,
];

pub fn id_only() -> String {
    shape("IdOnly", &["item:Subject"])
}

pub fn subjects(root: &Node) -> Vec<&str> {
    root.all("t:Items/*").into_iter().map(|i| i.text("t:Subject").unwrap_or_default()).collect()
}

pub fn page(offset: i64, most: i64, from: &str) -> String {
    format!("<m:IndexedPageItemView MaxEntriesReturned=\"{most}\" Offset=\"{offset}\" BasePoint=\"{from}\"/>")
}

pub fn order(direction: &str, uri: &str) -> String {
    format!("<m:SortOrder><t:FieldOrder Order=\"{direction}\">{}</t:FieldOrder></m:SortOrder>", field(uri))
}

pub fn restricted(inner: &str) -> String {
    format!("<m:Restriction>{inner}</m:Restriction>")
}

pub fn compare(operator: &str, path: &str, value: &str) -> String {
    format!(
        "<t:{operator}>{path}<t:FieldURIOrConstant><t:Constant Value=\"{}\"/></t:FieldURIOrConstant></t:{operator}>",
        escape(value)
    )
}

pub fn equal(uri: &str, value: &str) -> String {
    compare("IsEqualTo", &field(uri), value)
}

/// A folder with messages of these subjects.
pub fn filled(ews: &mut Ews, names: &[&str]) -> String {
    let id = create_folder(ews, "inbox", &message::unique("filled"));
    let items: String = names.iter().map(|n| simple(n, n)).collect();
    ews.ok(&save_request(&id, &items));
    id
}

pub fn found(ews: &mut Ews, which: &str, restriction: &str) -> Vec<String> {
    let root = find(ews, which, &id_only(), &restricted(restriction));
    let mut found: Vec<String> = subjects(&root).into_iter().map(str::to_owned).collect();
    found.sort();
    found
}

/// 100 rows, offset 25 and size 10 from the end give the documented window.
fn pages_forward_and_backward() {
    let mut ews = shared::mailbox();
    let names: Vec<String> = (0..25).map(|n| format!("{n:02}")).collect();
    let id = filled(&mut ews, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let sorted = order("Ascending", "item:Subject");
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let root = find(&mut ews, &id, &id_only(), &(page(offset, 10, "Beginning") + &sorted));
        assert_eq!(root.attribute("TotalItemsInView"), Some("25"));
        seen.extend(subjects(&root).into_iter().map(str::to_owned));
        let next: i64 = root.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
        assert_eq!(next, seen.len() as i64);
        offset = next;
        if root.attribute("IncludesLastItemInRange") == Some("true") {
            break;
        }
    }
    assert_eq!(seen, names);
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let root = find(&mut ews, &id, &id_only(), &(page(offset, 10, "End") + &sorted));
        let rows = subjects(&root);
        assert!(rows.is_sorted(), "a window keeps the order: {rows:?}");
        seen.splice(0..0, rows.into_iter().map(str::to_owned));
        offset = root.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
        if root.attribute("IncludesLastItemInRange") == Some("true") {
            break;
        }
        assert!(seen.len() < 30, "it ends");
    }
    assert_eq!(seen, names, "from the end, too, each row comes once");
}

fn pages_beyond_the_end() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["a", "b"]);
    let root = find(&mut ews, &id, &id_only(), &page(50, 10, "Beginning"));
    assert_eq!((subjects(&root).len(), root.attribute("TotalItemsInView")), (0, Some("2")));
    assert_eq!(root.attribute("IncludesLastItemInRange"), Some("true"));
    let root = find(&mut ews, &id, &id_only(), &page(0, 2, "Beginning"));
    assert_eq!(root.attribute("IncludesLastItemInRange"), Some("true"), "a page that ends with the last row");
    let empty = create_folder(&mut ews, "inbox", "empty");
    let root = find(&mut ews, &empty, &id_only(), "");
    assert_eq!(root.attribute("TotalItemsInView"), Some("0"));
    assert!(root.get("t:Items").is_some_and(|i| i.children.is_empty()));
}

fn refuses_wrong_pages() {
    let mut ews = shared::mailbox();
    for (view, code) in [
        (page(-1, 10, "Beginning"), "ErrorInvalidIndexedPagingParameters"),
        (page(0, 0, "Beginning"), "ErrorInvalidPagingMaxRows"),
        (page(0, -5, "Beginning"), "ErrorInvalidPagingMaxRows"),
        (
            "<m:FractionalPageItemView MaxEntriesReturned=\"5\" Numerator=\"3\" Denominator=\"2\"/>".into(),
            "ErrorInvalidFractionalPagingParameters",
        ),
        (
            "<m:FractionalPageItemView MaxEntriesReturned=\"5\" Numerator=\"0\" Denominator=\"0\"/>".into(),
            "ErrorInvalidFractionalPagingParameters",
        ),
        (
            "<m:CalendarView StartDate=\"2026-01-01T00:00:00Z\" EndDate=\"2026-02-01T00:00:00Z\"/>".into(),
            "ErrorCalendarFolderIsInvalidForCalendarView",
        ),
    ] {
        assert_eq!(ews.error(&find_request("inbox", &id_only(), &view)), code, "{view}");
    }
}

fn pages_by_fraction() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["0", "1", "2", "3", "4", "5", "6", "7"]);
    let view = "<m:FractionalPageItemView MaxEntriesReturned=\"3\" Numerator=\"1\" Denominator=\"2\"/>".to_owned();
    let root = find(&mut ews, &id, &id_only(), &(view + &order("Ascending", "item:Subject")));
    assert_eq!(subjects(&root), ["4", "5", "6"]);
    assert_eq!(root.attribute("AbsoluteDenominator"), Some("8"));
    assert_eq!(root.attribute("NumeratorOffset"), Some("7"));
}

/// Unset values come first when ascending.
fn sorts_by_any_property() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "sorted");
    for (subject, importance, size) in [("b", "High", 10), ("C", "Low", 3000), ("a", "Normal", 200)] {
        save(
            &mut ews,
            &id,
            &format!(
                "<t:Message><t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">{}</t:Body><t:Importance>{importance}</t:Importance></t:Message>",
                "x".repeat(size)
            ),
        );
    }
    let mut ask =
        |direction: &str, uri: &str| subjects(&find(&mut ews, &id, &id_only(), &order(direction, uri))).concat();
    assert_eq!(ask("Ascending", "item:Subject"), "abC", "without case");
    assert_eq!(ask("Descending", "item:Subject"), "Cba");
    assert_eq!(ask("Ascending", "item:Importance"), "Cab");
    assert_eq!(ask("Ascending", "item:Size"), "baC");
    assert_eq!(ask("Descending", "item:DateTimeCreated").len(), 3);
    let both = format!(
        "<m:SortOrder><t:FieldOrder Order=\"Ascending\">{}</t:FieldOrder><t:FieldOrder Order=\"Descending\">{}</t:FieldOrder></m:SortOrder>",
        field("message:IsRead"),
        field("item:Subject")
    );
    assert_eq!(subjects(&find(&mut ews, &id, &id_only(), &both)).concat(), "Cba");
    let path = "<t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"rank\" PropertyType=\"Integer\"/>";
    for (subject, rank) in [("two", 2), ("ten", 10)] {
        let property = format!("<t:ExtendedProperty>{path}<t:Value>{rank}</t:Value></t:ExtendedProperty>");
        save(&mut ews, &id, &format!("<t:Message><t:Subject>{subject}</t:Subject>{property}</t:Message>"));
    }
    let ranked = format!("<m:SortOrder><t:FieldOrder Order=\"Ascending\">{path}</t:FieldOrder></m:SortOrder>");
    let root = find(&mut ews, &id, &id_only(), &ranked);
    assert_eq!(subjects(&root)[3..], ["two", "ten"], "numbers as numbers, unset ones first");
}

/// Items without any come first when ascending; lists are placed by what stands first in them.
fn sorts_by_the_first_category() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "by category");
    for (subject, categories) in [("b", &["blue", "a"][..]), ("n", &[]), ("r", &["Red"]), ("g", &["green", "blue"])] {
        let list: String = categories.iter().map(|name| format!("<t:String>{name}</t:String>")).collect();
        let list = if list.is_empty() { list } else { format!("<t:Categories>{list}</t:Categories>") };
        save(&mut ews, &id, &format!("<t:Message><t:Subject>{subject}</t:Subject>{list}</t:Message>"));
    }
    let mut ask = |direction: &str, view: &str| {
        subjects(&find(&mut ews, &id, &id_only(), &(view.to_owned() + &order(direction, "item:Categories")))).concat()
    };
    assert_eq!(ask("Ascending", ""), "nbgr");
    assert_eq!(ask("Descending", ""), "rgbn");
    assert_eq!(ask("Ascending", &page(1, 2, "Beginning")), "bg");
    assert_eq!(ask("Ascending", &page(0, 2, "End")), "gr");
}

fn sorts_stably_over_pages() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["same"; 20]);
    let mut ids = std::collections::HashSet::new();
    for offset in (0..20).step_by(3) {
        let root =
            find(&mut ews, &id, &id_only(), &(page(offset, 3, "Beginning") + &order("Ascending", "item:Subject")));
        ids.extend(root.all("t:Items/*").into_iter().map(|i| ops::Id::of(i).id));
    }
    assert_eq!(ids.len(), 20, "equal rows come in one order, whatever the page");
}

/// MS-OXWSCDATA_R61 MS-OXWSCDATA_R62
fn returns_the_shape_that_was_asked() {
    let mut ews = shared::mailbox();
    let id = save_mime(&mut ews, "inbox", &message::rich(&message::unique("found")));
    let root = find(&mut ews, "inbox", &shape("IdOnly", &[]), "");
    assert_eq!(root.want("t:Items/t:Message").names(), ["t:ItemId"]);
    assert_eq!(ops::Id::of(root.want("t:Items/t:Message")), id);
    let item = find(&mut ews, "inbox", &shape("Default", &[]), "").want("t:Items/t:Message").clone();
    for name in ["t:ItemId", "t:Subject", "t:HasAttachments", "t:From", "t:IsRead", "t:Size"] {
        assert!(item.get(name).is_some(), "{name} in Default of {item:#?}");
    }
    assert_eq!(item.text("t:From/t:Mailbox/t:Name"), Some("Jürgen Grün"));
    let all = find(&mut ews, "inbox", &shape("AllProperties", &[]), "").want("t:Items/t:Message").clone();
    for name in [
        "t:ItemClass",
        "t:DateTimeReceived",
        "t:Importance",
        "t:DisplayTo",
        "t:LastModifiedTime",
        "t:InternetMessageId",
    ] {
        assert!(all.get(name).is_some(), "{name} in AllProperties");
    }
}

fn never_returns_bodies() {
    let mut ews = shared::mailbox();
    save_mime(&mut ews, "inbox", &message::rich(&message::unique("bodiless")));
    let root = find(&mut ews, "inbox", &shape("AllProperties", &[]), "");
    let item = root.want("t:Items/t:Message");
    for name in [
        "t:Body",
        "t:MimeContent",
        "t:InternetMessageHeaders",
        "t:UniqueBody",
        "t:ResponseObjects",
        "t:ToRecipients",
        "t:Attachments",
    ] {
        assert!(item.get(name).is_none(), "{name}");
    }
}

fn searches_several_folders() {
    let mut ews = shared::mailbox();
    let (a, b) = (filled(&mut ews, &["in a"]), filled(&mut ews, &["in b", "also b"]));
    let gone = "<t:FolderId Id=\"XXX\"/>";
    let request = format!(
        "<m:FindItem Traversal=\"Shallow\"><m:ItemShape>{}</m:ItemShape><m:ParentFolderIds>{}{gone}{}</m:ParentFolderIds></m:FindItem>",
        id_only(),
        folder(&a),
        folder(&b)
    );
    let answer = ews.call(&request);
    assert_eq!(answer.codes(), ["NoError", "ErrorInvalidIdMalformed", "NoError"]);
    assert_eq!(subjects(answer.messages[0].want("m:RootFolder")), ["in a"]);
    assert_eq!(answer.messages[2].want("m:RootFolder").attribute("TotalItemsInView"), Some("2"));
}

/// DavMail's SELECT and its searches: pages of 500 by 0x0E23, restricted by flags and headers.
fn finds_what_the_imap_gateway_asks() {
    let mut ews = shared::mailbox();
    let inbox = folder_id(&mut ews, "inbox");
    let mime = message::plain(&message::unique("gateway"), "x");
    let id = save_mime(&mut ews, "inbox", &mime);
    let tag = |tag: &str, kind: &str| format!("<t:ExtendedFieldURI PropertyTag=\"{tag}\" PropertyType=\"{kind}\"/>");
    let paths: String = [
        tag("0xe07", "Integer"),
        tag("0x670e", "String"),
        field("message:IsRead"),
        tag("0x1083", "Integer"),
        tag("0xe06", "SystemTime"),
        tag("0x3008", "SystemTime"),
        tag("0xe23", "Integer"),
        tag("0x1081", "Integer"),
        tag("0xe08", "Integer"),
        tag("0x10f3", "String"),
        tag("0xff9", "Binary"),
        tag("0x1090", "Integer"),
    ]
    .concat();
    let asked = format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{paths}</t:AdditionalProperties>");
    let sorted = format!(
        "<m:SortOrder><t:FieldOrder Order=\"Ascending\">{}</t:FieldOrder></m:SortOrder>",
        tag("0xe23", "Integer")
    );
    let root = find(&mut ews, &inbox, &asked, &(page(0, 500, "Beginning") + &sorted));
    let item = root.want("t:Items/t:Message");
    let value = |tag: &str| {
        item.all("t:ExtendedProperty")
            .into_iter()
            .find(|p| p.want("t:ExtendedFieldURI").attribute("PropertyTag") == Some(tag))
            .and_then(|p| p.text("t:Value"))
    };
    for needed in ["0xe07", "0xe06", "0x3008", "0xe23", "0xe08"] {
        assert!(value(needed).is_some(), "{needed} in {item:#?}");
    }
    let subject = get_fields(&mut ews, &id, &["item:Subject"]).text("t:Subject").unwrap().to_owned();
    let header = "<t:ExtendedFieldURI DistinguishedPropertySetId=\"InternetHeaders\" PropertyName=\"from\" PropertyType=\"String\"/>";
    let from = format!(
        "<t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\">{header}<t:Constant Value=\"dora@\"/></t:Contains>"
    );
    assert_eq!(found(&mut ews, "inbox", &from), [subject]);
}

/// 0x0E23 grows within the folder and is given anew when an item enters one: IMAP's UIDs.
fn grows_an_article_number() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "numbered");
    let path = "<t:ExtendedFieldURI PropertyTag=\"0xe23\" PropertyType=\"Integer\"/>";
    let asked = format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}</t:AdditionalProperties>");
    let number = |ews: &mut Ews, item: &ops::Id| {
        ops::get(ews, item, &asked).want("t:ExtendedProperty/t:Value").text.parse::<u32>().unwrap()
    };
    let first = save_simple(&mut ews, &id, "first");
    let second = save_simple(&mut ews, &id, "second");
    let (one, two) = (number(&mut ews, &first), number(&mut ews, &second));
    assert!(one < two);
    ops::delete(&mut ews, "HardDelete", &second);
    let third = save_simple(&mut ews, &id, "third");
    let three = number(&mut ews, &third);
    assert!(three > two, "never given twice");
    let away = ops::transfer(&mut ews, "MoveItem", &first, "drafts");
    let back = ops::transfer(&mut ews, "MoveItem", &away, &id);
    assert!(number(&mut ews, &back) > three);
    let back = set_field(&mut ews, &back, "item:Subject", "<t:Subject>changed</t:Subject>");
    assert!(number(&mut ews, &back) > three, "a change of the item is none of its number");
}

/// More than 1,000 asked has no effect.
fn caps_the_rows_of_an_answer() {
    let mut ews = shared::mailbox().unrecorded();
    let id = create_folder(&mut ews, "inbox", "big");
    let hundred: String = (0..105).map(|n| simple(&n.to_string(), "x")).collect();
    for _ in 0..10 {
        ews.ok(&save_request(&id, &hundred));
    }
    for view in [String::new(), page(0, 5000, "Beginning")] {
        let root = find(&mut ews, &id, &shape("IdOnly", &[]), &view);
        assert_eq!(root.all("t:Items/*").len(), 1000);
        assert_eq!(root.attribute("TotalItemsInView"), Some("1050"));
        assert_eq!(root.attribute("IncludesLastItemInRange"), Some("false"));
        if !view.is_empty() {
            assert_eq!(root.attribute("IndexedPagingOffset"), Some("1000"));
        }
    }
}
