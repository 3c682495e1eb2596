//! FindItem: restrictions.

use super::items::{compare, equal, filled, found, id_only, order, restricted};
use crate::support::ews::Ews;
use crate::support::ops::{create_folder, field, find_request, get_fields, save, save_mime, save_simple, set_field};
use crate::support::xml::escape;
use crate::support::{lmtp, message, ops, shared, sharing};

crate::tests![
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
];

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
