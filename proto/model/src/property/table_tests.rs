//! The property table against itself and, where it is present, against the reference.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::*;
use crate::reference::{self, Line};
use std::collections::HashSet;

/// Every kind with its element.
fn kinds() -> Vec<(&'static str, Kinds)> {
    let items = ItemKind::all().map(|kind| (kind.row().element, kind.kinds()));
    items.chain(FolderKind::all().map(|kind| (kind.row().element, kind.kinds()))).collect()
}

/// Families of results that no operation of ours gives back.
const LEFT_OUT: [&str; 6] = ["abchperson", "booking", "insight", "network", "person", "rolemember"];

#[test]
fn rows_agree_with_themselves() {
    let mut uris = HashSet::new();
    for (at, row) in TABLE.iter().enumerate() {
        assert_eq!(row.id as usize, at);
        assert!(row.uri.is_empty() || uris.insert(row.uri), "{} twice", row.uri);
        if !row.uri.is_empty() {
            assert_eq!(PropId::from_uri(row.uri), Some(row.id));
        }
        for shape in [row.default_shape, row.all_shape] {
            assert_eq!(shape.0 & !row.kinds.0, 0, "{}: shape of a kind that has it not", row.element);
        }
        if let (Some(mapi), true) = (row.mapi, row.built()) {
            let found = PropId::from_mapi(&mapi.path(), row.kinds);
            assert!(found.is_some(), "{}: its MAPI name leads nowhere", row.uri);
        }
        if row.source == Source::Computed {
            assert_eq!(row.can & can::FIND, 0, "{}: worked out, yet searched", row.uri);
        }
    }
    for (uri, id) in table::SYNONYMS {
        assert_eq!(PropId::from_uri(uri), Some(*id));
    }
    assert_eq!(PropId::from_uri("item:subject"), None);
    assert_eq!(PropId::from_uri(""), None);
}

#[test]
fn elements_of_a_kind_differ() {
    for (name, kind) in kinds() {
        let mut seen = HashSet::new();
        for (at, id) in sequence(kind).iter().enumerate() {
            assert!(seen.insert(id.row().element), "{name}: {} twice", id.row().element);
            assert_eq!(id.position(kind), Some(at as u16));
        }
    }
    assert_eq!(PropId::FolderDisplayName.position(Kinds::MESSAGE), None);
    assert_eq!(PropId::from_item_element(ItemKind::Message, "From"), Some(PropId::MessageFrom));
    assert_eq!(PropId::from_item_element(ItemKind::Contact, "From"), None);
    assert_eq!(PropId::from_item_element(ItemKind::Contact, "DisplayName"), Some(PropId::ContactDisplayName));
    assert_eq!(PropId::from_folder_element(FolderKind::Folder, "DisplayName"), Some(PropId::FolderDisplayName));
    assert_eq!(PropId::from_folder_element(FolderKind::Folder, ""), None);
}

#[test]
fn words_and_numbers() {
    let importance = PropId::ItemImportance.row();
    assert_eq!((importance.number_of("High"), importance.word_of(2)), (Some(2), Some("High")));
    assert_eq!((importance.number_of("high"), importance.word_of(3), importance.word_of(-1)), (None, None, None));
    let icon = PropId::ItemIconIndex.row();
    assert_eq!((icon.number_of("MailReplied"), icon.word_of(0x105)), (Some(0x105), Some("MailReplied")));
    assert_eq!(PropId::ItemSubject.row().number_of("High"), None);
}

#[test]
fn columns_a_query_reads() {
    assert_eq!(PropId::ItemSubject.row().columns(), [Column::Subject]);
    assert_eq!(PropId::ItemFlag.row().columns().len(), 4);
    assert_eq!(PropId::ItemIsDraft.row().columns(), []);
}

#[test]
fn sequences_are_the_schemas() {
    let Some(table) = reference::table("class_sequences.tsv") else { return };
    for (name, kind) in kinds() {
        let theirs: Vec<&str> =
            table.lines().filter(|line| line.get("class") == name).map(|line| line.get("element")).collect();
        let ours: Vec<&str> = sequence(kind).iter().map(|id| id.row().element).collect();
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn fields_are_the_schemas() {
    let Some(table) = reference::table("fields.tsv") else { return };
    let mut known = 0;
    for line in table.lines() {
        let uri = line.get("FieldURI");
        let Some(id) = PropId::from_uri(uri) else {
            let family = uri.split(':').next().unwrap_or_default();
            assert!(LEFT_OUT.contains(&family), "{uri} is missing");
            continue;
        };
        known += 1;
        if table::SYNONYMS.iter().any(|synonym| synonym.0 == uri) {
            continue;
        }
        let row = id.row();
        if row.kinds != Kinds::NONE {
            assert_eq!(row.element, line.get("element"), "{uri}");
        }
        assert_eq!(row.since, since(&line), "{uri}: since");
        check_kinds(row, &line);
        check_abilities(row, &line);
        check_shape(row, row.default_shape, line.get("default_shape"), "Default");
        // Two names of one row: it is in the shapes of both.
        let shared = id == PropId::MessageIsResponseRequested;
        if !uri.starts_with("folder:") && !shared {
            check_shape(row, row.all_shape, line.get("allproperties_shape"), "AllProperties");
        }
    }
    assert_eq!(known, 425);
}

/// What it is called and what it says is seen of every kind, but where the documented shape has neither.
#[test]
fn all_properties_hold_subject_and_body_of_every_kind() {
    for kind in ItemKind::all().filter(|kind| *kind != ItemKind::PostItem) {
        for id in [PropId::ItemSubject, PropId::ItemBody] {
            assert!(id.row().all_shape.has_item(kind), "{kind:?} is shown without {id:?}");
        }
    }
}

/// The version that has the field: the later of what the documents say and the first schema that has it (the schemas of
/// 2010 and 2013 before their service packs are not there to be asked).
fn since(line: &Line<'_>) -> Version {
    let schema = match line.get("schema_first_seen") {
        "2010_SP1" => Version::Exchange2010,
        "2010_SP2" => Version::Exchange2010Sp2,
        "2013_SP1" => Version::Exchange2013,
        "2016 (pre)" => Version::Exchange2015,
        "2016" | "2019/SE" | "online only" => Version::Exchange2016,
        _ => Version::Exchange2007,
    };
    let said = match Version::parse(line.get("min_version")) {
        None | Some(Version::Exchange2007Sp1) => Version::Exchange2007,
        Some(said) => said,
    };
    schema.max(said)
}

fn check_kinds(row: &Prop, line: &Line<'_>) {
    let classes: HashSet<&str> = line.get("classes").split(',').collect();
    for (name, kind) in kinds() {
        if classes.contains(name) {
            assert!(row.kinds.meets(kind), "{}: not of {name}", row.uri);
        }
    }
}

fn check_abilities(row: &Prop, line: &Line<'_>) {
    let uri = row.uri;
    let columns = [
        ("can_create", can::CREATE),
        ("can_update", can::SET),
        ("can_delete", can::DELETE),
        ("can_append", can::APPEND),
        ("can_find", can::FIND),
    ];
    for (column, ability) in columns {
        // Worked out on the way out: no column to look at.
        let unsought = ability == can::FIND && row.source == Source::Computed;
        // Searched by clients, though the reference's source says no.
        let sought = ability == can::FIND && row.id == PropId::ItemBody;
        // Given by clients that make their own, though documented as read-only.
        let given = ability == can::CREATE && row.id == PropId::MessageInternetMessageId;
        // Clients add members to a list and take all of them away, though the reference's source says no.
        let added = matches!(ability, can::APPEND | can::DELETE) && row.id == PropId::ListMembers;
        // Two names of one row: it can what either can.
        let shared = row.id == PropId::MessageIsResponseRequested;
        if !line.get(column).is_empty() && !unsought && !sought && !given && !added && !shared {
            assert_eq!(row.can & ability == ability, line.get(column) == "yes", "{uri}: {column}");
        }
    }
    if line.get("spec_read_only") == "yes" && row.id != PropId::MessageInternetMessageId {
        assert_eq!(row.can & can::WRITE, 0, "{uri} is read-only");
    }
}

/// Shapes are documented for five kinds of items, and for folders in words; the others go with their nearest kin.
fn check_shape(row: &Prop, ours: Kinds, said: &str, shape: &str) {
    let expected: Vec<(&str, bool)> = match said {
        "" => return,
        "all" => ItemKind::all().map(|kind| (kind.row().element, true)).collect(),
        "all folder kinds" => FolderKind::all().map(|kind| (kind.row().element, true)).collect(),
        "all but CalendarFolder" => {
            FolderKind::all().map(|kind| (kind.row().element, kind != FolderKind::CalendarFolder)).collect()
        }
        words => {
            let listed: Vec<&str> = words.split(',').map(|word| word.split('(').next().unwrap().trim()).collect();
            let kinds: &[&str] = if row.uri.starts_with("folder:") {
                &["Folder", "SearchFolder", "TasksFolder"]
            } else {
                &["Message", "CalendarItem", "Contact", "Task", "PostItem"]
            };
            kinds.iter().map(|kind| (*kind, listed.contains(kind))).collect()
        }
    };
    for (name, wanted) in expected {
        let kind = kinds().into_iter().find(|kind| kind.0 == name).unwrap().1;
        assert_eq!(ours.meets(kind), wanted && row.kinds.meets(kind), "{}: {shape} of {name}", row.uri);
    }
}
