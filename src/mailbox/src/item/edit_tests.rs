//! What an edit does with properties, by either of their names.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_model::path::Dictionary;
use ewsd_model::property::mapi::{ExtendedValue, Scalar};
use ewsd_model::property::{ExtendedPath, Mapi, MapiType, SetId, bit};
use ewsd_model::value::BodyType;

use super::*;
use crate::property::testing::row;

fn edit(base: Option<&ItemRow>) -> Edit<'_> {
    Edit::new(ItemKind::Message, base, Timestamp::UNIX_EPOCH)
}

fn tag(tag: u16, ty: MapiType) -> ExtendedPath {
    ExtendedPath::tag(tag, ty)
}

fn int(number: i64) -> ExtendedValue {
    ExtendedValue::One(Scalar::Int(number))
}

fn text(text: &str) -> ExtendedValue {
    ExtendedValue::One(Scalar::Text(text.to_owned()))
}

#[test]
fn both_names_of_a_property_write_the_same() {
    let mut edit = edit(None);
    edit.set_extended(&tag(0x0037, MapiType::String), &text("Hello")).unwrap();
    edit.set_extended(&tag(0x0017, MapiType::Integer), &int(2)).unwrap();
    assert_eq!(edit.set.text(Column::Subject), Some("Hello"));
    assert_eq!(edit.set.number(Column::Importance), Some(2));
    edit.set(PropId::ItemImportance, Value::Text("Low".into())).unwrap();
    assert_eq!(edit.set.number(Column::Importance), Some(0));
    assert!(edit.touched.contains(&PropId::ItemSubject) && edit.ext.is_empty());
}

#[test]
fn what_means_nothing_is_kept_under_its_key() {
    let mut edit = edit(None);
    let deleted = Mapi::Id(SetId::Common, 0x8570, MapiType::Integer).path();
    edit.set_extended(&deleted, &int(1)).unwrap();
    edit.set_extended(&tag(0x10f3, MapiType::String), &text("a.EML")).unwrap();
    assert_eq!(edit.ext[&deleted.key()], 1);
    assert_eq!(edit.ext["0x10f3001f"], "a.EML");
    edit.unset_extended(&deleted).unwrap();
    assert!(edit.ext[&deleted.key()].is_null());
}

#[test]
fn message_flags_make_drafts_and_read_state() {
    let mut edit = edit(None);
    edit.set_extended(&tag(0x0e07, MapiType::Integer), &int(1)).unwrap();
    assert_eq!(edit.flags() & (bit::READ | bit::DRAFT), bit::READ);
    edit.set_extended(&tag(0x0e07, MapiType::Integer), &int(8)).unwrap();
    assert_eq!(edit.flags() & (bit::READ | bit::DRAFT), bit::DRAFT);
    assert!(edit.touched.contains(&PropId::ItemIsDraft));
}

#[test]
fn flags_follow_their_rules() {
    let at = Some(Timestamp::UNIX_EPOCH);
    let flag = |status, start, due, complete| Value::Flag(Flag { status, start, due, complete });
    let good = [
        flag(FlagStatus::NotFlagged, None, None, None),
        flag(FlagStatus::Flagged, None, None, None),
        flag(FlagStatus::Flagged, at, at, None),
        flag(FlagStatus::Complete, None, None, at),
    ];
    let bad = [
        flag(FlagStatus::NotFlagged, at, at, None),
        flag(FlagStatus::Flagged, at, None, None),
        flag(FlagStatus::Flagged, at, at, at),
        flag(FlagStatus::Complete, at, at, at),
    ];
    for value in good {
        edit(None).set(PropId::ItemFlag, value.clone()).unwrap_or_else(|_| panic!("{value:?}"));
    }
    for value in bad {
        assert_eq!(edit(None).set(PropId::ItemFlag, value).unwrap_err().code, Code::ErrorInvalidArgument);
    }
    let mut done = edit(None);
    done.set_extended(&tag(0x1090, MapiType::Integer), &int(1)).unwrap();
    assert!(done.set.time(Column::FlagComplete).is_some());
    done.set_extended(&tag(0x1090, MapiType::Integer), &int(2)).unwrap();
    assert!(done.column(Column::FlagComplete).is_none());
}

#[test]
fn recipients_are_appended_to_what_is_there() {
    let mut base = row();
    base.props = serde_json::json!({ "ToRecipients": [{ "address": "a@b" }] }).as_object().cloned();
    let mut edit = edit(Some(&base));
    let more = Mailbox { address: Some("c@d".into()), ..Mailbox::default() };
    edit.append(PropId::MessageToRecipients, Value::Mailboxes(vec![more])).unwrap();
    edit.settle();
    let list = edit.mailboxes(PropId::MessageToRecipients);
    let addresses: Vec<_> = list.iter().filter_map(|one| one.address.as_deref()).collect();
    assert_eq!(addresses, ["a@b", "c@d"]);
    assert_eq!(list.last().and_then(|one| one.name.as_deref()), Some("c@d"));
}

#[test]
fn bodies_are_appended_in_their_own_form_only() {
    let mut base = row();
    base.columns.set(Column::BodyType, Value::Int(BodyType::Text as i32));
    base.body = Some(b"one ".to_vec());
    let body = |body_type| Value::Body(Body { body_type, text: "two".into(), truncated: None });
    let mut text = edit(Some(&base));
    text.append(PropId::ItemBody, body(BodyType::Text)).unwrap();
    assert_eq!(text.whole_body().unwrap().text, "one two");
    let refused = edit(Some(&base)).append(PropId::ItemBody, body(BodyType::Html)).unwrap_err();
    assert_eq!(refused.code, Code::ErrorInvalidPropertyAppend);
}

#[test]
fn classes_stay_with_their_kind() {
    let mut edit = edit(None);
    edit.set(PropId::ItemItemClass, Value::Text("IPM.Note.Secure".into())).unwrap();
    let other = edit.set(PropId::ItemItemClass, Value::Text("IPM.Contact".into())).unwrap_err();
    assert_eq!(other.code, Code::ErrorObjectTypeChanged);
}

#[test]
fn nothing_is_unset_that_always_has_a_value() {
    let mut edit = edit(None);
    let refused = edit.unset_extended(&tag(0x0017, MapiType::Integer)).unwrap_err();
    assert_eq!(refused.code, Code::ErrorInvalidPropertyDelete);
    edit.unset(PropId::ItemSubject).unwrap();
    edit.unset(PropId::MessageReplyTo).unwrap();
    assert!(edit.unset.contains(Column::Subject) && edit.props["ReplyTo"].is_null());
}

#[test]
fn single_entries_are_set_and_taken_out() {
    let mut edit = Edit::new(ItemKind::Contact, None, Timestamp::UNIX_EPOCH);
    let path = |key: &str| IndexedPath { dictionary: Dictionary::PhoneNumber, key: key.into() };
    edit.set_entry(&path("MobilePhone"), Value::Text("1".into())).unwrap();
    edit.set_entry(&path("HomePhone"), Value::Text("2".into())).unwrap();
    edit.unset_entry(&path("MobilePhone")).unwrap();
    edit.settle();
    assert_eq!(edit.props["PhoneNumbers"], serde_json::json!([["HomePhone", "2"]]));
}

#[test]
fn parts_of_entries_are_set_one_by_one() {
    let mut base = row();
    base.kind = ItemKind::Contact;
    base.props = serde_json::json!({ "EmailAddresses": [["EmailAddress1", "a@b"]] }).as_object().cloned();
    let mut edit = Edit::new(ItemKind::Contact, Some(&base), Timestamp::UNIX_EPOCH);
    let street = IndexedPath { dictionary: Dictionary::Street, key: "Home".into() };
    let city = IndexedPath { dictionary: Dictionary::City, key: "Home".into() };
    edit.set_entry(&street, Value::Text("1 St".into())).unwrap();
    edit.set_entry(&city, Value::Text("Brno".into())).unwrap();
    edit.set_extended(&tag(0x3a5b, MapiType::String), &text("60200")).unwrap();
    edit.unset_entry(&street).unwrap();
    let name = Mapi::Id(SetId::Address, 0x8080, MapiType::String).path();
    edit.set_extended(&name, &text("Ann")).unwrap();
    edit.settle();
    assert_eq!(
        edit.props["PhysicalAddresses"],
        serde_json::json!([["Home", { "City": "Brno", "PostalCode": "60200" }]])
    );
    let first = serde_json::json!([["EmailAddress1", { "address": "a@b", "name": "Ann" }]]);
    assert_eq!(edit.props["EmailAddresses"], first);
    edit.unset_entry(&city).unwrap();
    edit.unset_extended(&tag(0x3a5b, MapiType::String)).unwrap();
    edit.settle();
    assert!(edit.props["PhysicalAddresses"].is_null(), "nothing is left of it");
    assert!(edit.changed.contains(&PropId::ContactPhysicalAddresses));
}

#[test]
fn entries_are_those_of_the_kind() {
    let phone = IndexedPath { dictionary: Dictionary::PhoneNumber, key: "HomePhone".into() };
    let refused = edit(None).set_entry(&phone, Value::Text("1".into())).unwrap_err();
    assert_eq!(refused.code, Code::ErrorInvalidPropertyRequest);
}

#[test]
fn ids_are_as_they_were_given() {
    let ids = [
        (PropId::MessageInternetMessageId, Column::MessageId),
        (PropId::ItemInReplyTo, Column::InReplyTo),
        (PropId::MessageReferences, Column::References),
    ];
    for given in ["1@client.example", " < 1 @ client.example > (mine)", "two words", " "] {
        for (id, column) in ids {
            let mut edit = edit(None);
            edit.set(id, Value::Text(given.into())).unwrap();
            assert_eq!(edit.set.text(column), Some(given), "{id:?}");
        }
    }
}

/// Clients repeat beside a message the id that it has, without its brackets: the octets stay as they came.
#[test]
fn an_id_spelled_otherwise_is_no_change_of_the_head() {
    let mut base = row();
    base.columns.set(Column::MessageId, Value::Text("<1@client.example>".into()));
    let mut edit = edit(Some(&base));
    edit.set(PropId::MessageInternetMessageId, Value::Text("1@client.example".into())).unwrap();
    assert_eq!(edit.set.text(Column::MessageId), Some("1@client.example"));
    assert!(edit.changed.is_empty());
    edit.set(PropId::MessageInternetMessageId, Value::Text("2@client.example".into())).unwrap();
    assert!(edit.changed.contains(&PropId::MessageInternetMessageId));
}

#[test]
fn numbers_without_a_word_are_kept() {
    let kept = [(0x0017, Column::Importance), (0x0036, Column::Sensitivity), (0x1080, Column::IconIndex)];
    for (number, column) in kept.into_iter().chain([(0x1090, Column::FlagStatus)]) {
        for value in [191, 0, -7, 70_000] {
            let mut edit = edit(None);
            edit.set_extended(&tag(number, MapiType::Integer), &int(value)).unwrap();
            assert_eq!(edit.set.number(column), Some(value), "{number:#x}");
        }
    }
    let mut task = Edit::new(ItemKind::Task, None, Timestamp::UNIX_EPOCH);
    let status = Mapi::Id(SetId::Task, 0x8101, MapiType::Integer).path();
    task.set_extended(&status, &int(42)).unwrap();
    assert_eq!(task.props["Status"], 42);
    task.set_extended(&status, &int(1)).unwrap();
    assert_eq!(task.props["Status"], "InProgress");
}

#[test]
fn an_address_is_spelled_as_it_was_given_last() {
    let mut base = row();
    base.props =
        serde_json::json!({ "ToRecipients": [{ "name": "Ann", "address": "Ann@b.test" }] }).as_object().cloned();
    let given = |address: &str| {
        let mut edit = edit(Some(&base));
        let one = Mailbox { address: Some(address.into()), ..Mailbox::default() };
        edit.set(PropId::MessageToRecipients, Value::Mailboxes(vec![one])).unwrap();
        let list = edit.mailboxes(PropId::MessageToRecipients);
        (list[0].name.clone().unwrap(), list[0].address.clone().unwrap())
    };
    assert_eq!(given("Ann@b.test"), ("Ann".into(), "Ann@b.test".into()));
    assert_eq!(given("ann@b.test"), ("ann@b.test".into(), "ann@b.test".into()));
}

#[test]
fn a_list_that_is_set_whole_is_what_counts_from_there_on() {
    let mut edit = edit(None);
    let one = |address: &str| Value::Mailboxes(vec![Mailbox { address: Some(address.into()), ..Mailbox::default() }]);
    edit.append(PropId::MessageBccRecipients, one("a@b")).unwrap();
    edit.set(PropId::MessageBccRecipients, one("c@d")).unwrap();
    edit.append(PropId::MessageBccRecipients, one("e@f")).unwrap();
    edit.append(PropId::MessageToRecipients, one("g@h")).unwrap();
    edit.unset(PropId::MessageToRecipients).unwrap();
    edit.settle();
    let addresses = |id| edit.mailboxes(id).into_iter().filter_map(|one| one.address).collect::<Vec<_>>();
    assert_eq!(addresses(PropId::MessageBccRecipients), ["c@d", "e@f"]);
    assert!(addresses(PropId::MessageToRecipients).is_empty());
    assert!(edit.changed.contains(&PropId::MessageBccRecipients) && edit.hides_more);
    let refused = edit.append(PropId::ItemSubject, one("a@b")).unwrap_err();
    assert_eq!(refused.code, Code::ErrorInvalidPropertyAppend);
}
