//! Answers of every operation are well-formed and, where the reference kit and a Python with lxml are, valid.
//! `EWSD_REFERENCE` names the kit, `EWSD_PYTHON` the Python.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::rc::Rc;

use std::path::PathBuf;
use std::process::Command;

use ewsd_ews::fault::Fault;
use ewsd_ews::reply::{
    AttachmentView, Availability, CalendarEvent, Change, Event, EventDetails, Expansion, Found, FreeBusyView, Next,
    Notification, Object, Reminder, Reply, Resolution, Resolutions, StreamDocument, Subscribed, SyncPage, TimeZones,
    Updated,
};
use ewsd_ews::request::AlternateId;
use ewsd_ews::word::{ConnectionStatus, EventType, FreeBusyViewType};
use ewsd_ews::{FolderView, Form, ItemView, parse_envelope};
use ewsd_model::availability::{BusyType, Candidate, Conflict, DaySuggestions, Quality, WorkingHours};
use ewsd_model::calendar::{Answer, Attendee, ChangeHighlights, EnhancedLocation, InnerItem, OccurrenceInfo};
use ewsd_model::code::Code;
use ewsd_model::failure::{Detail, Failure, Outcome};
use ewsd_model::id_format::IdFormat;
use ewsd_model::object::ResponseKind;
use ewsd_model::operation::{OPERATIONS, Op};
use ewsd_model::path::{Dictionary, IndexedPath, Path};
use ewsd_model::property::mapi::{ExtendedName, ExtendedPath, ExtendedValue, MapiType, Scalar, SetId};
use ewsd_model::property::{TABLE, Type};
use ewsd_model::rights::Rights;
use ewsd_model::timezone::{Definition, ItemZone, SerializableZone, ZONES, Zone};
use ewsd_model::value::{
    AttachmentInfo, Body, BodyType, CompleteName, EffectiveRights, Flag, FlagStatus, Mailbox, Member, Permission,
    PermissionUser, PostalAddress, WireId,
};
use ewsd_model::{FolderKind, ItemKind, Kinds, PropId, Value};

const NOW: &str = "2026-01-02T03:04:05.678Z";

fn id(text: &str) -> WireId {
    WireId { id: text.to_owned(), change_key: Some("CQAAAA==".to_owned()) }
}

fn mailbox(address: &str) -> Mailbox {
    Mailbox {
        name: Some("Bo <& \"Anna\">".to_owned()),
        address: Some(address.to_owned()),
        routing: Some("SMTP".to_owned()),
        kind: Some("Mailbox".to_owned()),
        item: None,
    }
}

fn occurrence(time: jiff::Timestamp) -> OccurrenceInfo {
    OccurrenceInfo { id: id("AAMk="), start: time, end: time, original: time }
}

/// Some value of the type; None for what is not written.
fn some_value(ty: &Type) -> Option<Value> {
    let time = NOW.parse().unwrap();
    Some(match ty {
        Type::Text => Value::Text("a<b>&\u{1}\r\nä".to_owned()),
        Type::Bool => Value::Bool(true),
        Type::Int => Value::Int(7),
        Type::Long => Value::Long(7),
        Type::Double => Value::Double(0.5),
        Type::Time => Value::Time(time),
        Type::Bytes => Value::Bytes(vec![1, 2, 3]),
        Type::Enum(words) => Value::Text(words[0].to_owned()),
        Type::Texts => Value::Texts(vec!["a".to_owned(), "b".to_owned()]),
        Type::SingleRecipient => Value::Mailbox(mailbox("bo@example.test")),
        Type::Recipients => Value::Mailboxes(vec![mailbox("a@example.test"), Mailbox::default()]),
        Type::Body => {
            Value::Body(Body { body_type: BodyType::Html, text: "<p>hi</p>".to_owned(), truncated: Some(false) })
        }
        Type::Mime => Value::Mime(b"From: a\r\n".to_vec()),
        Type::Flag => {
            Value::Flag(Flag { status: FlagStatus::Flagged, start: Some(time), due: Some(time), complete: None })
        }
        Type::ItemId => Value::ItemId(id("AAMkAGQ0=")),
        Type::FolderId => Value::FolderId(id("AQMkAD=")),
        Type::Headers => Value::Headers(vec![("X-Mailer".to_owned(), "x".to_owned())]),
        Type::Attachments => Value::Attachments(vec![attachment(false), attachment(true)]),
        Type::Rights => Value::Rights(EffectiveRights::OWNER),
        Type::Responses => {
            Value::Responses(vec![ResponseKind::ReplyTo, ResponseKind::ReplyAllTo, ResponseKind::Forward])
        }
        Type::Addresses(keys) => Value::Addresses(vec![(keys[0].to_owned(), mailbox("a&b@example.test"))]),
        Type::PostalAddresses(keys) => Value::PostalAddresses(vec![(
            keys[0].to_owned(),
            PostalAddress {
                street: Some("1 <x> St".to_owned()),
                postal_code: Some("1".to_owned()),
                ..PostalAddress::default()
            },
        )]),
        Type::Members => Value::Members(vec![Member {
            key: "AA==".to_owned(),
            mailbox: Mailbox { item: Some(Box::new(id("AAMkAGQ0="))), ..mailbox("a@example.test") },
            status: Some("Normal".to_owned()),
        }]),
        Type::CompleteName => Value::CompleteName(Box::new(CompleteName {
            title: Some("Dr".to_owned()),
            full: Some("A B".to_owned()),
            ..CompleteName::default()
        })),
        Type::Entries(keys) => Value::Entries(vec![(keys[0].to_owned(), "x@example.test".to_owned())]),
        Type::Permissions => Value::Permissions(vec![
            Permission { user: PermissionUser::Default, rights: Rights::NONE, calendar: false },
            Permission {
                user: PermissionUser::Address { name: "Bo".to_owned(), address: "bo@example.test".to_owned() },
                rights: Rights::REVIEWER,
                calendar: false,
            },
        ]),
        Type::MeetingTimeZone => {
            let zone = ItemZone::named("W. Europe Standard Time").unwrap();
            Value::TimeZone(Box::new(Definition::of(zone.id(), zone.name(), &zone.history(2026..=2026))))
        }
        Type::Clock => Value::Text("2026-01-02T03:04:05+01:00".to_owned()),
        Type::Attendees => Value::Attendees(vec![Attendee {
            mailbox: mailbox("a@example.test"),
            response: Some(Answer::Accept),
            last_response: Some(time),
            proposed_start: Some(time),
            proposed_end: Some(time),
        }]),
        Type::EnhancedLocation => Value::EnhancedLocation(EnhancedLocation {
            display_name: "Room".to_owned(),
            annotation: Some("left".to_owned()),
            address: Some(vec![
                ("LocationSource".to_owned(), "Device".to_owned()),
                ("Street".to_owned(), "1".to_owned()),
            ]),
        }),
        Type::Occurrence => Value::Occurrence(occurrence(time)),
        Type::Occurrences => Value::Occurrences(vec![occurrence(time)]),
        Type::DeletedOccurrences => Value::DeletedOccurrences(vec![time]),
        Type::Items => Value::Items(vec![InnerItem {
            kind: ItemKind::CalendarItem,
            props: vec![(PropId::ItemItemId, Value::ItemId(id("AAMk="))), (PropId::CalendarStart, Value::Time(time))],
        }]),
        Type::ChangeHighlights => {
            Value::ChangeHighlights(ChangeHighlights { location: Some("old".to_owned()), start: Some(time), end: None })
        }
        Type::Extended | Type::Unbuilt => return None,
        #[allow(unreachable_patterns)]
        _ => return None,
    })
}

fn attachment(is_item: bool) -> AttachmentInfo {
    AttachmentInfo {
        id: "AAMkAGQ0AAA=".to_owned(),
        name: "note & more.txt".to_owned(),
        content_type: Some("text/plain".to_owned()),
        content_id: Some("<1@example.test>".to_owned()),
        content_location: None,
        size: 11,
        modified: Some(NOW.parse().unwrap()),
        inline: false,
        content: None,
        is_item,
        is_photo: false,
    }
}

/// Every property that the kind can show, in the wrong order.
fn all_props(kind: Kinds) -> Vec<(PropId, Value)> {
    let rows = TABLE.iter().rev().filter(|row| row.kinds.meets(kind));
    rows.filter_map(|row| some_value(&row.ty).map(|value| (row.id, special(row.element, value)))).collect()
}

/// Elements whose schema type is narrower than the row's.
fn special(element: &str, value: Value) -> Value {
    let text = |text: &str| Value::Text(text.to_owned());
    match element {
        "AbchContactId" | "ConversationGuid" => text("9bf757ae-69b5-4d8a-bf1d-2dd0c0871a28"),
        "Culture" => text("en-US"),
        "DistinguishedFolderId" => text("inbox"),
        "ItemClass" => text("IPM.Note"),
        "SenderSMTPAddress" => text("a@example.test"),
        _ => value,
    }
}

fn extended() -> Vec<(ExtendedPath, ExtendedValue)> {
    let path = |name, ty, array| ExtendedPath { name, ty, array };
    vec![
        (path(ExtendedName::Tag(0x0e08), MapiType::Integer, false), ExtendedValue::One(Scalar::Int(12))),
        (
            path(ExtendedName::Id(SetId::Common, 34051), MapiType::SystemTime, false),
            ExtendedValue::One(Scalar::Time(NOW.parse().unwrap())),
        ),
        (
            path(ExtendedName::Id(SetId::Guid([7; 16]), 1), MapiType::String, true),
            ExtendedValue::Many(vec![Scalar::Text("a".to_owned()), Scalar::Text(String::new())]),
        ),
        (path(ExtendedName::Tag(0x0ff9), MapiType::Binary, false), ExtendedValue::One(Scalar::Bytes(vec![1, 2]))),
    ]
}

fn item(kind: ItemKind) -> ItemView {
    ItemView { kind, props: all_props(kind.kinds()), extended: extended() }
}

fn folder(kind: FolderKind) -> FolderView {
    FolderView { kind, props: all_props(kind.kinds()), extended: extended() }
}

fn failure() -> Failure {
    let failure = Failure::at(Code::ErrorInvalidPropertyRequest, PropId::ItemSubject);
    Failure { text: "No such property.".into(), ..failure }.value("InnerErrorMessageText", "no <such> thing")
}

fn ok<T>(value: T) -> Outcome<T> {
    Outcome::Success(value)
}

fn failed<T>() -> Outcome<T> {
    Outcome::Error(failure())
}

fn id_item() -> ItemView {
    ItemView::of_id(ItemKind::Message, id("AAMkAGQ0="))
}

fn id_folder() -> FolderView {
    FolderView::of_id(FolderKind::Folder, id("AQMkAD="))
}

fn notification(streaming: bool) -> Notification {
    let mark = |text: &str| (!streaming).then(|| text.to_owned());
    let at = NOW.parse().unwrap();
    let change = |kind, object, old, unread| Event::Change {
        kind,
        watermark: mark("AQAAAAI="),
        at,
        object,
        parent: WireId { id: "AQMkAD=".to_owned(), change_key: None },
        old,
        unread,
    };
    Notification {
        subscription: "JgBzdWI=".to_owned(),
        previous_watermark: mark("AQAAAAE="),
        more_events: (!streaming).then_some(false),
        events: vec![
            change(EventType::Created, Object::Item(id("AAA=")), None, None),
            change(EventType::NewMail, Object::Item(id("AAA=")), None, None),
            change(EventType::Modified, Object::Folder(id("AAA=")), None, Some(3)),
            change(EventType::Moved, Object::Item(id("AAA=")), Some((Object::Item(id("B=")), id("C="))), None),
            change(EventType::Copied, Object::Folder(id("AAA=")), Some((Object::Folder(id("B=")), id("C="))), None),
            Event::Status { watermark: mark("AQAAAAI=") },
        ],
    }
}

fn found<T>(rows: Vec<T>, next: Next) -> Found<T> {
    Found { rows, total: 3, includes_last: false, next, groups: None }
}

fn zones(full: bool) -> TimeZones {
    let definition = |zone: &Zone| {
        if full {
            Definition::of(zone.id, zone.name, &zone.history(2000..=2031))
        } else {
            Definition::named(zone.id, zone.name)
        }
    };
    TimeZones(ZONES.iter().map(definition).collect())
}

fn availability() -> Availability {
    let (start, end) = (NOW.parse().unwrap(), "2026-01-02T04:04:00Z".parse().unwrap());
    let zone = ItemZone::named("W. Europe Standard Time").unwrap();
    let event = |details| CalendarEvent { start, end, busy: BusyType::OOF, details };
    let details = EventDetails {
        id: Some("00FF".to_owned()),
        subject: Some("a<b".to_owned()),
        location: Some(String::new()),
        is_meeting: true,
        ..EventDetails::default()
    };
    let hours = WorkingHours::usual(zone.clone());
    let detailed = FreeBusyView {
        kind: FreeBusyViewType::DetailedMerged,
        merged: Some("00312".to_owned()),
        events: vec![event(None), event(Some(details)), event(Some(EventDetails::default()))],
        hours: Some((SerializableZone::of(&hours.zone, 2026), hours.periods)),
    };
    let merged =
        FreeBusyView { kind: FreeBusyViewType::MergedOnly, events: Vec::new(), hours: None, ..detailed.clone() };
    let conflicts = vec![
        Conflict::One(BusyType::WorkingElsewhere),
        Conflict::Group { members: 3, free: 1, busy: 1, unknown: 1 },
        Conflict::TooBigGroup,
        Conflict::Unknown,
    ];
    let candidate = Candidate { start, is_work_time: true, quality: Quality::Good, conflicts };
    let day = DaySuggestions {
        date: jiff::civil::date(2026, 1, 2),
        quality: Quality::Good,
        suggestions: vec![candidate.clone(), Candidate { conflicts: Vec::new(), ..candidate }],
    };
    let empty = DaySuggestions { suggestions: Vec::new(), quality: Quality::Poor, ..day.clone() };
    Availability {
        zone: zone.time_zone(),
        views: Some(vec![ok(detailed), failed(), ok(merged)]),
        suggestions: Some(ok(vec![day, empty])),
    }
}

fn reminders() -> Vec<Reminder> {
    let at = NOW.parse().unwrap();
    let one = Reminder {
        subject: "a<b".to_owned(),
        location: Some("Hall".to_owned()),
        at,
        start: Some(at),
        end: Some(at),
        item: id("AAM="),
        master: Some(id("AAN=")),
        is_task: false,
        uid: "u".to_owned(),
    };
    let task = Reminder { location: None, start: None, end: None, master: None, is_task: true, ..one.clone() };
    vec![one, task]
}

/// An answer of every operation that has a record, with successes and failures.
fn built() -> Vec<Reply> {
    let archive = AlternateId::Mailbox {
        format: IdFormat::OwaId,
        id: "x%2b".to_owned(),
        mailbox: "a@example.test".to_owned(),
        archive: Some(false),
    };
    let root = AttachmentView { info: attachment(false), root: Some(id("AAM=")), item: None };
    let file = AttachmentView {
        info: AttachmentInfo { content: Some(b"hello".to_vec()), ..attachment(false) },
        root: None,
        item: None,
    };
    let nested = AttachmentView { info: attachment(true), root: None, item: Some(item(ItemKind::Message)) };
    vec![
        Reply::GetUserAvailability(vec![ok(availability())]),
        Reply::GetReminders(vec![ok(reminders())]),
        Reply::PerformReminderAction(vec![ok(vec![id("AAM=")])]),
        Reply::GetFolder(FolderKind::all().map(|kind| ok(folder(kind))).chain([failed()]).collect()),
        Reply::FindFolder(vec![ok(found(vec![id_folder(), id_folder()], Next::Indexed(2))), failed()]),
        Reply::CreateFolder(vec![ok(id_folder()), failed()]),
        Reply::UpdateFolder(vec![ok(id_folder()), failed()]),
        Reply::DeleteFolder(vec![ok(()), failed()]),
        Reply::MoveFolder(vec![ok(id_folder()), failed()]),
        Reply::CopyFolder(vec![ok(id_folder()), failed()]),
        Reply::EmptyFolder(vec![ok(()), failed()]),
        Reply::CreateItem(vec![ok(vec![id_item(), id_item()]), ok(vec![]), failed()]),
        Reply::GetItem(ItemKind::all().map(|kind| ok(vec![Rc::new(item(kind))])).chain([failed()]).collect()),
        Reply::FindItem(vec![
            ok(Rc::new(found(vec![id_item()], Next::Fractional { numerator: 1, denominator: 3 }))),
            ok(Rc::new(found(vec![], Next::None))),
            failed(),
        ]),
        Reply::UpdateItem(vec![ok(Updated { item: Some(id_item()), conflicts: 0 }), failed()]),
        Reply::DeleteItem(vec![ok(()), Outcome::Warning(Failure::new(Code::ErrorBatchProcessingStopped), None)]),
        Reply::MoveItem(vec![ok(Some(id_item())), ok(None), failed()]),
        Reply::CopyItem(vec![ok(Some(id_item())), failed()]),
        Reply::SendItem(vec![ok(()), failed()]),
        Reply::CreateAttachment(vec![ok(root), failed()]),
        Reply::GetAttachment(vec![ok(Rc::new(file)), ok(Rc::new(nested)), failed()]),
        Reply::DeleteAttachment(vec![ok(id("AAM=")), failed()]),
        Reply::SyncFolderHierarchy(vec![
            ok(SyncPage {
                state: "H4s=".to_owned(),
                includes_last: true,
                changes: vec![
                    Change::Create(folder(FolderKind::Folder)),
                    Change::Update(id_folder()),
                    Change::Delete(id("A=")),
                ],
            }),
            failed(),
        ]),
        Reply::SyncFolderItems(vec![
            ok(SyncPage {
                state: "H4s=".to_owned(),
                includes_last: false,
                changes: vec![
                    Change::Create(id_item()),
                    Change::Update(id_item()),
                    Change::Delete(id("A=")),
                    Change::ReadFlag(id("A="), true),
                ],
            }),
            ok(SyncPage { state: "H4s=".to_owned(), includes_last: true, changes: vec![] }),
            failed(),
        ]),
        Reply::Subscribe(vec![
            ok(Subscribed { id: "JgBz".to_owned(), watermark: Some("AQA=".to_owned()) }),
            ok(Subscribed { id: "JgBz".to_owned(), watermark: None }),
            failed(),
        ]),
        Reply::Unsubscribe(vec![ok(()), failed()]),
        Reply::GetEvents(vec![ok(notification(false)), failed()]),
        Reply::GetStreamingEvents(vec![
            ok(StreamDocument::Status(ConnectionStatus::Ok)),
            ok(StreamDocument::Notifications(vec![notification(true)])),
            ok(StreamDocument::Notifications(vec![Notification {
                subscription: "JgBz".to_owned(),
                previous_watermark: None,
                more_events: None,
                events: vec![],
            }])),
            ok(StreamDocument::Error { failure: failure(), subscriptions: vec!["JgBz".to_owned()] }),
            ok(StreamDocument::Status(ConnectionStatus::Closed)),
        ]),
        Reply::ConvertId(vec![
            ok(archive),
            ok(AlternateId::PublicFolder { format: IdFormat::EwsId, folder: "A=".to_owned() }),
            ok(AlternateId::PublicFolderItem {
                format: IdFormat::EwsId,
                folder: "A=".to_owned(),
                item: "B=".to_owned(),
            }),
            failed(),
        ]),
        Reply::ExpandDL(vec![
            Outcome::Success(Expansion { members: vec![mailbox("a@example.test"), mailbox("b@example.test")] }),
            failed(),
        ]),
        Reply::ResolveNames(vec![
            Outcome::Warning(
                Failure::new(Code::ErrorNameResolutionMultipleResults),
                Some(Resolutions {
                    candidates: vec![
                        Resolution { mailbox: mailbox("a@example.test"), contact: Some(item(ItemKind::Contact)) },
                        Resolution { mailbox: mailbox("b@example.test"), contact: None },
                    ],
                    includes_last: true,
                }),
            ),
            failed(),
        ]),
        Reply::GetServerTimeZones(vec![ok(zones(true)), ok(zones(false)), failed()]),
        Reply::MarkAllItemsAsRead(vec![ok(()), failed()]),
    ]
}

fn faults() -> Vec<Fault> {
    let mut detailed = Fault::with_text(Code::ErrorInvalidPropertyRequest, "text <&> \u{0}");
    detailed.details = vec![
        Detail::Path(Path::Prop(PropId::ItemSubject)),
        Detail::Path(Path::Indexed(IndexedPath {
            dictionary: Dictionary::EmailAddress,
            key: "EmailAddress1".to_owned(),
        })),
        Detail::Path(Path::Extended(extended().swap_remove(0).0)),
    ];
    vec![
        Fault::busy(12_000),
        Fault::new(Code::ErrorInvalidServerVersion),
        detailed,
        parse_envelope(b"<a\n><b></a>").unwrap_err(),
    ]
}

/// Documents by name.
fn documents() -> Vec<(String, Vec<u8>)> {
    let mut documents: Vec<(String, Vec<u8>)> = Vec::new();
    for reply in built() {
        documents.push((reply.op().name().to_owned(), reply.to_bytes(Form::default())));
    }
    for row in OPERATIONS.iter().filter(|row| !NO_VALID_REFUSAL.contains(&row.op)) {
        let refused = Reply::refused(row.op, Failure::with_text(row.refusal, "Not here."), 2);
        documents
            .push((format!("refused-{}", row.name), refused.to_bytes(Form { milliseconds: true, ..Form::default() })));
    }
    for (number, fault) in faults().iter().enumerate() {
        documents.push((format!("fault-{number}"), fault.to_bytes()));
    }
    documents
}

/// Every built operation of the table has an answer here, and the other way round.
#[test]
fn every_built_operation_has_an_answer() {
    let answered: Vec<Op> = built().iter().map(Reply::op).collect();
    for row in OPERATIONS.iter().filter(|row| row.built) {
        assert!(answered.contains(&row.op), "{} has no reply", row.name);
        assert!(ewsd_ews::BUILT.contains(&row.op), "{} has no request", row.name);
    }
    for op in ewsd_ews::BUILT {
        assert!(op.row().built, "{op} is not marked as built");
    }
}

/// A kind's elements come in the order of the table, extended properties in their place.
#[test]
fn elements_stand_in_order_whatever_the_order_of_values() {
    let props = vec![
        (PropId::ItemSubject, Value::Text("s".to_owned())),
        (PropId::ItemItemId, Value::ItemId(id("A="))),
        (PropId::ItemHasAttachments, Value::Bool(false)),
        (PropId::ItemCulture, Value::Text("en-US".to_owned())),
        (PropId::ItemDisplayTo, Value::Text(String::new())),
        // Of another kind, and of another type: left out.
        (PropId::FolderDisplayName, Value::Text("f".to_owned())),
        (PropId::ItemSize, Value::Text("7".to_owned())),
    ];
    let view = ItemView { kind: ItemKind::Message, props, extended: extended().into_iter().take(1).collect() };
    let text = String::from_utf8(Reply::GetItem(vec![Outcome::Success(vec![Rc::new(view)])]).to_bytes(Form::default()))
        .unwrap();
    let from = text.find("<t:Message>").unwrap();
    let to = text.find("</t:Message>").unwrap();
    assert_eq!(
        &text[from..to],
        "<t:Message><t:ItemId Id=\"A=\" ChangeKey=\"CQAAAA==\"/><t:Subject>s</t:Subject>\
         <t:HasAttachments>false</t:HasAttachments><t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0xe08\" \
         PropertyType=\"Integer\"/><t:Value>12</t:Value></t:ExtendedProperty><t:Culture>en-US</t:Culture>"
    );
}

/// Answers that are kept as they are written: a change of theirs is a change on the wire.
const KEPT: &[&str] = &[
    "GetUserAvailability",
    "CreateItem",
    "FindItem",
    "UpdateItem",
    "CreateAttachment",
    "SyncFolderItems",
    "GetEvents",
    "GetStreamingEvents",
    "ConvertId",
    "refused-GetUserAvailability",
    "refused-GetInboxRules",
    "fault-0",
    "fault-2",
    "fault-3",
];

/// `EWSD_BLESS=1` writes the kept answers anew, to be looked at before they are kept.
#[test]
fn answers_are_written_as_kept() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/replies");
    let mut kept = 0;
    for (name, bytes) in documents().into_iter().filter(|(name, _)| KEPT.contains(&name.as_str())) {
        let path = folder.join(format!("{name}.xml"));
        if std::env::var_os("EWSD_BLESS").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        let (found, expected) = (String::from_utf8(bytes).unwrap(), std::fs::read_to_string(&path).unwrap_or_default());
        assert!(found == expected, "{} differs; found:\n{found}", path.display());
        kept += 1;
    }
    assert_eq!(kept, KEPT.len());
}

/// Operations for whose errors the schema has no valid form (it demands a whole result), or of which the on-premises
/// schema knows nothing.
const NO_VALID_REFUSAL: &[Op] = &[
    Op::GetPersona,
    Op::PerformReminderAction,
    Op::UpdateExtensionUsage,
    Op::FindAvailableMeetingTimes,
    Op::FindMeetingTimeCandidates,
    Op::SetUserPhoto,
    Op::GetMeetingSpace,
    Op::UpdateMeetingSpace,
    Op::CreateMeetingSpace,
    Op::GetMeetingInstance,
    Op::UpdateMeetingInstance,
    Op::CreateMeetingInstance,
    Op::ExecuteSearch,
    Op::GetSearchSuggestions,
    Op::DeleteSearchSuggestion,
];

#[test]
fn answers_are_valid_against_the_reference_schema() {
    let reference = std::env::var_os("EWSD_REFERENCE")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference"));
    let validator = reference.join("validate.py");
    let python = std::env::var_os("EWSD_PYTHON")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../ewsd-clients/venv/bin/python"));
    let able = Command::new(&python).args(["-c", "import lxml"]).output().is_ok_and(|output| output.status.success());
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("ewsd-ews-replies");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut files = Vec::new();
    for (name, bytes) in documents() {
        let path = folder.join(format!("{name}.xml"));
        std::fs::write(&path, bytes).unwrap();
        files.push(path);
    }
    if !validator.is_file() || !able {
        return println!("{} answers written, none validated: no reference kit or no python with lxml", files.len());
    }
    let output = Command::new(&python).arg(&validator).args(&files).output().unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    let wrong: Vec<&str> = report.lines().filter(|line| !line.contains(": ok")).collect();
    assert!(output.status.success() && wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} answers are valid", files.len());
}

/// In pieces it is the same document, and no piece is much larger than another.
#[test]
fn a_long_answer_comes_in_pieces() {
    let text: String = ('a'..='z').chain(['ä', '€', '&']).cycle().take(1 << 20).collect();
    let octets: Vec<u8> = (0..3_000_001u32).map(|n| (n % 251) as u8).collect();
    let props = vec![
        (PropId::ItemMimeContent, Value::Mime(octets)),
        (PropId::ItemSubject, Value::Text(text)),
        (PropId::ItemPreview, Value::Text("short".to_owned())),
    ];
    let view = Rc::new(ItemView { kind: ItemKind::Message, props, extended: Vec::new() });
    let reply = Reply::GetItem((0..3).map(|_| Outcome::Success(vec![view.clone()])).collect());
    let (mut whole, mut pieces) = (Vec::new(), 0);
    let last = reply.write_in_pieces(Form::default(), &mut |piece| {
        assert!(piece.len() < 2 << 20, "{}", piece.len());
        whole.append(piece);
        pieces += 1;
    });
    whole.extend(last);
    assert!(pieces > 20, "{pieces}");
    assert!(whole == reply.to_bytes(Form::default()));
}
