//! FindItem: pages, order, restrictions, shapes.

use crate::support::ews::Ews;
use crate::support::ops::{
    create_folder, field, find, find_request, folder, folder_id, get_fields, save, save_mime, save_request,
    save_simple, set_field, shape, simple,
};
use crate::support::xml::{Node, escape};
use crate::support::{lmtp, message, ops, shared, sharing};

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
    restricts_by_equality,
    finds_nothing_by_ids_of_another_mailbox,
    restricts_by_comparison,
    restricts_by_text,
    restricts_by_the_class_that_mail_came_to_have,
    restricts_by_existence,
    restricts_by_bits,
    combines_conditions,
    restricts_by_extended_properties,
    compares_two_fields,
    refuses_wrong_restrictions,
    searches_several_folders,
    finds_what_the_imap_gateway_asks,
    grows_an_article_number,
    caps_the_rows_of_an_answer,
    groups_by_any_property,
    refuses_wrong_groups,
];

fn id_only() -> String {
    shape("IdOnly", &["item:Subject"])
}

fn subjects(root: &Node) -> Vec<&str> {
    root.all("t:Items/*").into_iter().map(|i| i.text("t:Subject").unwrap_or_default()).collect()
}

fn page(offset: i64, most: i64, from: &str) -> String {
    format!("<m:IndexedPageItemView MaxEntriesReturned=\"{most}\" Offset=\"{offset}\" BasePoint=\"{from}\"/>")
}

fn order(direction: &str, uri: &str) -> String {
    format!("<m:SortOrder><t:FieldOrder Order=\"{direction}\">{}</t:FieldOrder></m:SortOrder>", field(uri))
}

fn restricted(inner: &str) -> String {
    format!("<m:Restriction>{inner}</m:Restriction>")
}

fn compare(operator: &str, path: &str, value: &str) -> String {
    format!(
        "<t:{operator}>{path}<t:FieldURIOrConstant><t:Constant Value=\"{}\"/></t:FieldURIOrConstant></t:{operator}>",
        escape(value)
    )
}

fn equal(uri: &str, value: &str) -> String {
    compare("IsEqualTo", &field(uri), value)
}

/// A folder with messages of these subjects.
fn filled(ews: &mut Ews, names: &[&str]) -> String {
    let id = create_folder(ews, "inbox", &message::unique("filled"));
    let items: String = names.iter().map(|n| simple(n, n)).collect();
    ews.ok(&save_request(&id, &items));
    id
}

fn found(ews: &mut Ews, which: &str, restriction: &str) -> Vec<String> {
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

/// Text compares without case; on a list, any value counts.
fn restricts_by_equality() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["One", "Two", "Übung"]);
    let first = ops::list(&mut ews, &id)[0].clone();
    let first = set_field(
        &mut ews,
        &first,
        "item:Categories",
        "<t:Categories><t:String>Red</t:String><t:String>Blue</t:String></t:Categories>",
    );
    let marked = get_fields(&mut ews, &first, &["item:Subject"]).text("t:Subject").unwrap().to_owned();
    ops::set_read(&mut ews, &first, true);
    assert_eq!(found(&mut ews, &id, &equal("item:Subject", "one")), ["One"]);
    assert_eq!(found(&mut ews, &id, &equal("item:Subject", "üBUNG")), ["Übung"]);
    assert_eq!(found(&mut ews, &id, &equal("item:Subject", "On")), Vec::<String>::new());
    assert_eq!(found(&mut ews, &id, &equal("item:Categories", "blue")), std::slice::from_ref(&marked));
    assert!(found(&mut ews, &id, &equal("message:IsRead", "true")).contains(&marked));
    assert_eq!(found(&mut ews, &id, &equal("item:ItemClass", "IPM.Note")).len(), 3);
    assert_eq!(found(&mut ews, &id, &compare("IsNotEqualTo", &field("item:Subject"), "one")), ["Two", "Übung"]);
    assert_eq!(found(&mut ews, &id, &equal("item:Subject", "%")), Vec::<String>::new());
    assert_eq!(found(&mut ews, &id, &equal("item:Subject", "' or 1=1 --")), Vec::<String>::new());
}

/// Two mailboxes in which the same was done have the same numbers, and ids that differ in whose they are.
fn finds_nothing_by_ids_of_another_mailbox() {
    let (mut ews, mut other) = (shared::mailbox(), shared::mailbox());
    let [own, theirs] = [&mut ews, &mut other].map(|ews| {
        let folder = create_folder(ews, "inbox", "numbered");
        let item = save_simple(ews, &folder, "mine");
        (folder, item.id)
    });
    for (uri, own_id, their_id) in [("item:ItemId", &own.1, &theirs.1), ("item:ParentFolderId", &own.0, &theirs.0)] {
        let by = |ews: &mut Ews, operator: &str, id: &str| found(ews, &own.0, &compare(operator, &field(uri), id));
        assert_eq!(by(&mut ews, "IsEqualTo", own_id), ["mine"], "{uri}");
        assert!(by(&mut ews, "IsNotEqualTo", own_id).is_empty(), "{uri}");
        assert!(by(&mut ews, "IsEqualTo", their_id).is_empty(), "{uri}");
        assert_eq!(by(&mut ews, "IsNotEqualTo", their_id), ["mine"], "{uri}");
    }
    // In the other's folder it is the other's ids that name something.
    sharing::lend(&mut other, &theirs.0, &ews.account.address, "Reviewer");
    let by = |ews: &mut Ews, id: &str| found(ews, &theirs.0, &equal("item:ItemId", id));
    assert_eq!((by(&mut ews, &theirs.1), by(&mut ews, &own.1)), (vec!["mine".to_owned()], Vec::new()));
}

fn restricts_by_comparison() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "compared");
    for (n, day) in [(1, "02"), (2, "10"), (3, "20")] {
        let mime = String::from_utf8(message::plain(&format!("m{n}"), "x"))
            .unwrap()
            .replace("2 Mar 2026 10:20:30 +0100", &format!("{day} Mar 2026 12:00:00 +0000"));
        save_mime(&mut ews, &id, mime.as_bytes());
    }
    let mut ask =
        |operator: &str, uri: &str, value: &str| found(&mut ews, &id, &compare(operator, &field(uri), value)).concat();
    assert_eq!(ask("IsGreaterThan", "item:DateTimeSent", "2026-03-10T12:00:00Z"), "m3");
    assert_eq!(ask("IsGreaterThanOrEqualTo", "item:DateTimeSent", "2026-03-10T12:00:00Z"), "m2m3");
    assert_eq!(ask("IsLessThan", "item:DateTimeSent", "2026-03-10T13:00:00+01:00"), "m1");
    assert_eq!(ask("IsLessThanOrEqualTo", "item:DateTimeSent", "2026-03-10T12:00:00Z"), "m1m2");
    assert_eq!(ask("IsGreaterThan", "item:Size", "0"), "m1m2m3");
    assert_eq!(ask("IsLessThan", "item:Size", "0"), "");
    assert_eq!(ask("IsGreaterThan", "item:Subject", "m1"), "m2m3");
}

fn contains(uri: &str, mode: &str, comparison: &str, value: &str) -> String {
    format!(
        "<t:Contains ContainmentMode=\"{mode}\" ContainmentComparison=\"{comparison}\">{}<t:Constant Value=\"{}\"/></t:Contains>",
        field(uri),
        escape(value)
    )
}

fn restricts_by_text() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["The quick fox", "quick", "Quicksand 100%", "slow_fox"]);
    let mut ask = |mode: &str, comparison: &str, value: &str| {
        found(&mut ews, &id, &contains("item:Subject", mode, comparison, value))
    };
    assert_eq!(ask("Substring", "IgnoreCase", "QUICK"), ["Quicksand 100%", "The quick fox", "quick"]);
    assert_eq!(ask("Substring", "Exact", "Quick"), ["Quicksand 100%"]);
    assert_eq!(ask("Prefixed", "IgnoreCase", "quick"), ["Quicksand 100%", "quick"]);
    assert_eq!(ask("FullString", "IgnoreCase", "QUICK"), ["quick"]);
    assert_eq!(ask("PrefixOnWords", "IgnoreCase", "fo"), ["The quick fox"]);
    assert_eq!(ask("ExactPhrase", "IgnoreCase", "quick fox"), ["The quick fox"]);
    assert_eq!(ask("Substring", "IgnoreCase", "%"), ["Quicksand 100%"], "no wildcard");
    assert_eq!(ask("Substring", "IgnoreCase", "_"), ["slow_fox"], "no wildcard");
    assert_eq!(ask("Substring", "IgnoreCase", "\\"), Vec::<String>::new());
    let body = contains("item:Body", "Substring", "IgnoreCase", "QUICK FOX");
    assert_eq!(found(&mut ews, &id, &body), ["The quick fox"]);
}

/// Nobody gave these a class: it is what their types say (MS-OXCMAIL 2.2.3.4.2).
fn restricts_by_the_class_that_mail_came_to_have() {
    let mut ews = shared::mailbox();
    let signature = "--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\
                     Content-Transfer-Encoding: base64\r\n\r\nMAA=\r\n--b--\r\n";
    for (subject, kind, body) in [
        ("signed", "multipart/signed; protocol=\"application/pkcs7-signature\"; micalg=sha-256; boundary=b", signature),
        ("opaque", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "x\r\n"),
        ("plain IPM.Note.SMIME", "text/plain", "of the class IPM.Note.SMIME\r\n"),
        ("mixed", "multipart/mixed; boundary=b", signature),
    ] {
        let octets = format!(
            "From: a@far.test\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n{body}"
        );
        lmtp::deliver(shared::server().lmtp(), &ews.account.address, octets.as_bytes());
    }
    for (mode, comparison, value, expected) in [
        ("Prefixed", "IgnoreCase", "IPM.Note.SMIME", &["opaque", "signed"][..]),
        ("Prefixed", "IgnoreCase", "ipm.note.smime", &["opaque", "signed"]),
        ("Prefixed", "Exact", "IPM.Note.SMIME", &["opaque", "signed"]),
        ("Prefixed", "Exact", "ipm.note.smime", &[]),
        ("Substring", "IgnoreCase", "IPM.Note.SMIME", &["opaque", "signed"]),
        ("Substring", "Exact", "SMIME", &["opaque", "signed"]),
        ("FullString", "IgnoreCase", "IPM.Note.SMIME", &["opaque"]),
        ("FullString", "IgnoreCase", "IPM.Note.SMIME.MultipartSigned", &["signed"]),
        ("Prefixed", "IgnoreCase", "IPM.Note.SMIME.", &["signed"]),
        ("Prefixed", "IgnoreCase", "IPM.Note", &["mixed", "opaque", "plain IPM.Note.SMIME", "signed"]),
        ("Prefixed", "IgnoreCase", "SMIME", &[]),
    ] {
        let asked = contains("item:ItemClass", mode, comparison, value);
        assert_eq!(found(&mut ews, "inbox", &asked), expected, "{mode} {comparison} {value}");
    }
}

fn restricts_by_existence() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["with", "without"]);
    let with = ops::list(&mut ews, &id)
        .into_iter()
        .find(|i| get_fields(&mut ews, i, &["item:Subject"]).text("t:Subject") == Some("with"))
        .unwrap();
    set_field(&mut ews, &with, "item:Categories", "<t:Categories><t:String>c</t:String></t:Categories>");
    let exists = |path: &str| format!("<t:Exists>{path}</t:Exists>");
    assert_eq!(found(&mut ews, &id, &exists(&field("item:Categories"))), ["with"]);
    assert_eq!(found(&mut ews, &id, &format!("<t:Not>{}</t:Not>", exists(&field("item:Categories")))), ["without"]);
    let extended = "<t:ExtendedFieldURI PropertyTag=\"0x1090\" PropertyType=\"Integer\"/>";
    assert_eq!(found(&mut ews, &id, &exists(extended)), Vec::<String>::new());
}

fn restricts_by_bits() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "bits");
    let flags = "<t:ExtendedFieldURI PropertyTag=\"0x0e07\" PropertyType=\"Integer\"/>";
    for (subject, value) in [("read", 1), ("unread", 0)] {
        let property = format!("<t:ExtendedProperty>{flags}<t:Value>{value}</t:Value></t:ExtendedProperty>");
        save(&mut ews, &id, &format!("<t:Message><t:Subject>{subject}</t:Subject>{property}</t:Message>"));
    }
    for mask in ["1", "0x1"] {
        let excludes = format!("<t:Excludes>{flags}<t:Bitmask Value=\"{mask}\"/></t:Excludes>");
        assert_eq!(found(&mut ews, &id, &excludes), ["unread"], "true when none of the bits is set");
    }
}

fn combines_conditions() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["a", "b", "c", "d"]);
    let is = |v: &str| equal("item:Subject", v);
    let mut ask = |inner: String| found(&mut ews, &id, &inner).concat();
    assert_eq!(ask(format!("<t:Or>{}{}{}</t:Or>", is("a"), is("c"), is("x"))), "ac");
    assert_eq!(ask(format!("<t:And>{}{}</t:And>", is("a"), is("c"))), "");
    assert_eq!(ask(format!("<t:Not><t:Or>{}{}</t:Or></t:Not>", is("a"), is("c"))), "bd");
    assert_eq!(ask(format!("<t:And><t:Not>{}</t:Not><t:Or>{}{}</t:Or></t:And>", is("a"), is("a"), is("b"))), "b");
    let many: String = (0..250).map(|n| is(&format!("no {n}"))).collect();
    assert_eq!(ask(format!("<t:Or>{many}{}</t:Or>", is("d"))), "d", "a search of 252 nodes");
}

fn restricts_by_extended_properties() {
    let mut ews = shared::mailbox();
    let id = create_folder(&mut ews, "inbox", "extended");
    let path = "<t:ExtendedFieldURI PropertySetId=\"c11ff724-aa03-4555-9952-8fa248a11c3e\" PropertyName=\"n\" PropertyType=\"Integer\"/>";
    let list = "<t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"Keywords\" PropertyType=\"StringArray\"/>";
    for n in [5, 50, 500] {
        save(
            &mut ews,
            &id,
            &format!(
                "<t:Message><t:Subject>n{n}</t:Subject><t:ExtendedProperty>{path}<t:Value>{n}</t:Value></t:ExtendedProperty>\
                 <t:ExtendedProperty>{list}<t:Values><t:Value>all</t:Value><t:Value>k{n}</t:Value></t:Values></t:ExtendedProperty></t:Message>"
            ),
        );
    }
    assert_eq!(found(&mut ews, &id, &compare("IsEqualTo", path, "50")), ["n50"]);
    assert_eq!(found(&mut ews, &id, &compare("IsGreaterThan", path, "6")), ["n50", "n500"], "numbers as numbers");
    assert_eq!(found(&mut ews, &id, &compare("IsEqualTo", list, "k5")), ["n5"]);
    assert_eq!(found(&mut ews, &id, &compare("IsEqualTo", list, "all")).len(), 3);
    let url = "<t:ExtendedFieldURI PropertyTag=\"0x10f3\" PropertyType=\"String\"/>";
    let item = format!(
        "<t:Message><t:Subject>named</t:Subject><t:ExtendedProperty>{url}<t:Value>x.EML</t:Value></t:ExtendedProperty></t:Message>"
    );
    save(&mut ews, &id, &item);
    assert_eq!(found(&mut ews, &id, &compare("IsEqualTo", url, "x.EML")), ["named"]);
}

fn compares_two_fields() {
    let mut ews = shared::mailbox();
    let id = filled(&mut ews, &["x"]);
    let two = |left: &str, right: &str| {
        format!(
            "<t:IsEqualTo>{}<t:FieldURIOrConstant>{}</t:FieldURIOrConstant></t:IsEqualTo>",
            field(left),
            field(right)
        )
    };
    let answer = ews.call(&find_request(&id, &id_only(), &restricted(&two("item:Subject", "item:Subject"))));
    match answer.codes()[0] {
        "NoError" => assert_eq!(answer.messages[0].all("m:RootFolder/t:Items/*").len(), 1),
        refused => assert!(refused.starts_with("Error"), "{refused}"),
    }
}

fn refuses_wrong_restrictions() {
    let mut ews = shared::mailbox();
    let many: String = (0..300).map(|n| equal("item:Subject", &n.to_string())).collect();
    for (restriction, code) in [
        (format!("<t:Or>{many}</t:Or>"), "ErrorRestrictionTooLong"),
        (contains("item:Size", "Substring", "IgnoreCase", "5"), "ErrorContainsFilterWrongType"),
        (compare("IsEqualTo", &field("item:Size"), "many"), "ErrorInvalidValueForProperty"),
        (compare("IsGreaterThan", &field("item:DateTimeSent"), "noon"), "ErrorInvalidValueForProperty"),
        (compare("IsEqualTo", &field("message:IsRead"), "perhaps"), "ErrorInvalidValueForProperty"),
        (format!("<t:Exists>{}</t:Exists>", field("message:IsRead")), "ErrorInvalidPropertyForExists"),
        (equal("item:ResponseObjects", "x"), "ErrorUnsupportedPathForQuery"),
    ] {
        let found = ews.error(&find_request("inbox", &id_only(), &restricted(&restriction)));
        assert_eq!(found, code, "{restriction:.300}");
    }
    let sorted = ews.error(&find_request("inbox", &id_only(), &order("Ascending", "item:ResponseObjects")));
    assert_eq!(sorted, "ErrorUnsupportedPathForSortGroup");
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
