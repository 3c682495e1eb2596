//! One property of an item, wherever it comes from; the properties that are worked out are one match here.

use std::cell::Cell;

use ewsd_model::id::FolderNo;
use ewsd_model::property::{Blob, Column, Source, Type};
use ewsd_model::value::{AttachmentInfo, Mailbox, WireId};
use ewsd_model::{ItemKind, PropId, Value, id};
use ewsd_store::{AttachmentRow, ItemRow, json};

use super::body::{self, Bodies, Which};
use super::stored;
use crate::calendar::series::{self, Master};
use crate::convert::{Failed, mime};
use crate::gate::Granted;
use crate::item::draft;
use crate::kind::{self, contact};

/// An item with everything its properties are told from.
#[derive(Clone, Copy, Debug)]
pub struct ShownItem<'a> {
    pub row: &'a ItemRow,
    /// The mailbox it is in, for ids and rights.
    pub owner: &'a Granted,
    /// Its own, where they are to be told.
    pub attachments: &'a [AttachmentRow],
    /// The message as octets, regenerated where the stored one is out of date.
    pub mime: Option<&'a [u8]>,
    pub bodies: &'a Bodies,
    /// A row of a list: of people only the names.
    pub listed: bool,
    /// What whoever has the mailbox worked out of more than the item.
    pub told: &'a [(PropId, Value)],
    /// Where it is noted that a property could not be converted. Without one it is left out.
    pub trouble: Option<&'a FirstFailure>,
}

/// Why a property is not told that the item has: whoever shows the item says so instead of telling less.
#[derive(Debug, Default)]
pub struct FirstFailure(Cell<Option<Failed>>);

impl FirstFailure {
    /// The last trouble that there was.
    pub fn take(&self) -> Option<Failed> {
        self.0.take()
    }
}

/// The id and change key of a row.
pub fn wire_id(owner: &Granted, row: &ItemRow) -> WireId {
    let change_key = id::ChangeKey::new(row.kind, row.change).encode();
    let item = owner.item_id(row.folder, row.item);
    let id = match row.occurrence {
        Some(date) => id::OccurrenceId { master: item, date }.encode(),
        None => item.encode(),
    };
    WireId { id, change_key: Some(change_key) }
}

/// What a master tells of its occurrences, which are named as those of `named`: of itself, or of what it is about.
pub fn occurrences(owner: &Granted, row: &ItemRow, named: &ItemRow, id: PropId) -> Option<Value> {
    let master = Master::of_row(row)?;
    let info = |at| master.info(owner, named, at);
    match id {
        PropId::CalendarFirstOccurrence => master.first().map(|at| Value::Occurrence(info(at))),
        PropId::CalendarLastOccurrence => master.last().map(|at| Value::Occurrence(info(at))),
        PropId::CalendarModifiedOccurrences if !master.exceptions.is_empty() => {
            let days = master.exceptions.keys().filter_map(|date| master.on(*date).ok());
            Some(Value::Occurrences(days.map(info).collect()))
        }
        PropId::CalendarDeletedOccurrences if !master.deleted.is_empty() => {
            Some(Value::DeletedOccurrences(master.deleted.iter().map(|date| master.original(*date)).collect()))
        }
        _ => None,
    }
}

/// A time as the clocks of its zone show it, with their distance to UTC.
fn wall_clock(row: &ItemRow, time: PropId, zone: PropId) -> Option<Value> {
    let props = row.props.as_ref()?;
    let (time, zone) = (series::time_in(props, time)?, series::zone_in(props, zone)?);
    let clock = time.to_zoned(zone.time_zone());
    Some(Value::Text(clock.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()))
}

/// The zone of a series with its rule of the year in which it begins, for programs that know no other form.
fn meeting_zone(row: &ItemRow) -> Option<Value> {
    let props = row.props.as_ref()?;
    series::recurrence_in(props)?;
    let zone = series::zone_in(props, PropId::CalendarStartTimeZone)?;
    let year = zone.time_zone().to_datetime(series::time_in(props, PropId::CalendarStart)?).year();
    let history = zone.history(year.saturating_sub(3)..=year.saturating_add(3));
    let rules = ewsd_model::timezone::History::always(history.in_year(year).clone());
    Some(Value::TimeZone(Box::new(ewsd_model::timezone::Definition::of(zone.id(), zone.name(), &rules))))
}

fn zone_id(row: &ItemRow, zone: PropId) -> Option<Value> {
    series::zone_in(row.props.as_ref()?, zone).map(|zone| Value::Text(zone.id().to_owned()))
}

impl ShownItem<'_> {
    /// The property's value. None: it has none, or it is not there to be told.
    pub fn value(&self, id: PropId) -> Option<Value> {
        if let Some((_, told)) = self.told.iter().find(|(known, _)| *known == id) {
            return Some(told.clone());
        }
        let row = id.row();
        match row.source {
            _ if id == PropId::CalendarMeetingTimeZone => meeting_zone(self.row),
            Source::Column(Column::Id) => Some(Value::ItemId(wire_id(self.owner, self.row))),
            Source::Column(Column::Parent) => {
                let id = self.owner.folder_id(self.row.folder).encode();
                Some(Value::FolderId(WireId { id, change_key: None }))
            }
            Source::Column(Column::ConversationId) => self.conversation(),
            Source::Column(Column::From) if self.listed => {
                let name = self.row.columns.text(Column::FromName)?.to_owned();
                Some(Value::Mailbox(Mailbox { name: Some(name), ..Mailbox::default() }))
            }
            Source::Column(_) | Source::Bit(_) | Source::Json => {
                let value = stored::value(row, self.row)?;
                Some(if self.listed { names_only(value) } else { value })
            }
            Source::Blob(Blob::Body) => self.body(Which::Body),
            Source::Blob(Blob::Mime) => self.mime.map(|mime| Value::Mime(mime.to_vec())),
            Source::Children if row.ty == Type::Attachments => self.attachments(),
            Source::Children => None,
            Source::Computed => self.computed(id),
        }
    }

    /// Every property of the table that is worked out; a test holds the two together.
    fn computed(&self, id: PropId) -> Option<Value> {
        match id {
            PropId::ItemInternetMessageHeaders => self.headers().map(Value::Headers),
            PropId::ItemResponseObjects => {
                let offered = kind::of(self.row.kind).offers(self.row);
                (!offered.is_empty()).then_some(Value::Responses(offered))
            }
            PropId::ItemEffectiveRights => Some(Value::Rights(self.owner.on_item(self.row.creator))),
            PropId::ItemUniqueBody => self.body(Which::Unique),
            PropId::ItemNormalizedBody => self.body(Which::Normalized),
            PropId::ItemTextBody => self.body(Which::Text),
            PropId::ItemStoreEntryId => {
                Some(Value::Bytes(self.owner.item_id(self.row.folder, self.row.item).entry_id()))
            }
            PropId::ItemInstanceKey => Some(Value::Bytes(instance_key(self.row))),
            PropId::ContactCompleteName => contact::complete_name(self.row).map(Box::new).map(Value::CompleteName),
            // A message has none that could be opened: it names those of the calendar's item, if there is one (`told`).
            PropId::CalendarFirstOccurrence | PropId::CalendarLastOccurrence | PropId::CalendarModifiedOccurrences
                if self.row.kind == ItemKind::MeetingRequest =>
            {
                None
            }
            PropId::CalendarFirstOccurrence
            | PropId::CalendarLastOccurrence
            | PropId::CalendarModifiedOccurrences
            | PropId::CalendarDeletedOccurrences => occurrences(self.owner, self.row, self.row, id),
            PropId::CalendarStartWallClock => {
                wall_clock(self.row, PropId::CalendarStart, PropId::CalendarStartTimeZone)
            }
            PropId::CalendarEndWallClock => wall_clock(self.row, PropId::CalendarEnd, PropId::CalendarEndTimeZone),
            PropId::CalendarStartTimeZoneId => zone_id(self.row, PropId::CalendarStartTimeZone),
            PropId::CalendarEndTimeZoneId => zone_id(self.row, PropId::CalendarEndTimeZone),
            PropId::ContactHasPicture => self.has_picture().map(Value::Bool),
            _ => None,
        }
    }

    fn body(&self, which: Which) -> Option<Value> {
        self.converted(body::body(self.row, which, self.bodies)).flatten().map(Value::Body)
    }

    /// What was converted; where that failed it is noted.
    pub(super) fn converted<T>(&self, result: Result<T, Failed>) -> Option<T> {
        result.inspect_err(|failed| self.trouble.into_iter().for_each(|trouble| trouble.0.set(Some(*failed)))).ok()
    }

    fn conversation(&self) -> Option<Value> {
        let Some(Value::Bytes(octets)) = self.row.columns.get(Column::ConversationId) else { return None };
        let conversation = octets.as_slice().try_into().ok()?;
        let id = id::ConversationId { mailbox: self.owner.guid(), conversation }.encode();
        Some(Value::ItemId(WireId { id, change_key: None }))
    }

    fn attachments(&self) -> Option<Value> {
        let infos: Vec<AttachmentInfo> =
            self.attachments.iter().map(|one| attachment_info(self.owner, self.row.folder, one)).collect();
        (!infos.is_empty()).then_some(Value::Attachments(infos))
    }

    /// Whether a photo is attached. Lists do not read attachments and say it only where there are none.
    fn has_picture(&self) -> Option<bool> {
        if self.listed && self.row.attachments > 0 { None } else { Some(self.attachments.iter().any(is_photo)) }
    }

    /// The header lines the message came with.
    pub fn headers(&self) -> Option<Vec<(String, String)>> {
        headers(self.row)
    }
}

/// The header lines that were read off a message when it came.
pub fn headers(row: &ItemRow) -> Option<Vec<(String, String)>> {
    let member = row.props.as_ref()?.get(PropId::ItemInternetMessageHeaders.row().element)?;
    match json::decode(Type::Headers, member)? {
        Value::Headers(headers) if !headers.is_empty() => Some(headers),
        _ => None,
    }
}

/// What GetItem tells of an attachment.
pub fn attachment_info(owner: &Granted, folder: FolderNo, row: &AttachmentRow) -> AttachmentInfo {
    AttachmentInfo {
        id: owner.attachment_id(folder, row.item, row.attachment).encode(),
        name: row.name.clone(),
        // As Exchange tells it; the parameters leave in MIME.
        content_type: row.content_type.as_deref().map(|told| mime::essence(told).to_owned()),
        content_id: row.content_id.clone(),
        content_location: row.content_location.clone(),
        size: row.size,
        modified: Some(row.modified),
        inline: row.inline,
        content: None,
        is_item: row.kind.is_item(),
        is_photo: is_photo(row),
    }
}

/// Whether it is the picture of the contact that it is attached to.
fn is_photo(row: &AttachmentRow) -> bool {
    row.props.get(draft::PHOTO).and_then(serde_json::Value::as_bool) == Some(true)
}

/// Octets that name a row of a folder's list.
pub fn instance_key(row: &ItemRow) -> Vec<u8> {
    let mut key = row.folder.0.to_be_bytes().to_vec();
    key.extend(row.item.0.to_be_bytes());
    key
}

/// Lists show people by name alone: their addresses are an item's to tell.
fn names_only(value: Value) -> Value {
    match value {
        Value::Mailbox(one) => {
            let name = one.name.or(one.address);
            Value::Mailbox(Mailbox { name, ..Mailbox::default() })
        }
        value => value,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::property::testing::{owner, row};
    use ewsd_model::Kinds;
    use ewsd_model::property::TABLE;

    fn get(row: &ItemRow, listed: bool, id: PropId) -> Option<Value> {
        let owner = owner();
        let bodies = Bodies::default();
        // What only the calendar knows.
        let told = [
            PropId::MeetingAssociatedCalendarItemId,
            PropId::CalendarConflictingMeetingCount,
            PropId::CalendarAdjacentMeetingCount,
            PropId::CalendarConflictingMeetings,
            PropId::CalendarAdjacentMeetings,
        ]
        .map(|id| (id, Value::Bool(true)));
        ShownItem {
            row,
            owner: &owner,
            attachments: &[],
            mime: Some(b"x"),
            bodies: &bodies,
            listed,
            told: &told,
            trouble: None,
        }
        .value(id)
    }

    /// An item that has something of everything: each computed row must be told.
    #[test]
    fn every_computed_row_is_worked_out() {
        let mut item = row();
        item.body = Some(b"text".to_vec());
        item.props = serde_json::json!({
            "InternetMessageHeaders": [["Subject", "x"]], "GivenName": "x",
            "Start": "2026-01-05T08:00:00Z", "End": "2026-01-05T09:00:00Z",
            "StartTimeZone": "W. Europe Standard Time", "EndTimeZone": "W. Europe Standard Time",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2026-01-05", "count": 3 },
            "ModifiedOccurrences": [{ "date": "2026-01-06" }], "DeletedOccurrences": ["2026-01-07"],
        })
        .as_object()
        .cloned();
        let rows = TABLE.iter().filter(|row| row.source == Source::Computed && row.kinds.meets(Kinds::ALL_ITEMS));
        for row in rows {
            assert!(get(&item, false, row.id).is_some(), "{} is not worked out", row.uri);
        }
    }

    #[test]
    fn lists_tell_names_only() {
        let mut item = row();
        let ann = Mailbox { name: Some("Ann".into()), address: Some("ann@example.test".into()), ..Mailbox::default() };
        item.columns.set(Column::From, Value::Mailbox(ann.clone()));
        item.columns.set(Column::FromName, Value::Text("Ann".into()));
        item.columns.set(Column::Sender, Value::Mailbox(ann.clone()));
        let name = Mailbox { name: Some("Ann".into()), ..Mailbox::default() };
        assert_eq!(get(&item, false, PropId::MessageFrom), Some(Value::Mailbox(ann)));
        assert_eq!(get(&item, true, PropId::MessageFrom), Some(Value::Mailbox(name.clone())));
        assert_eq!(get(&item, true, PropId::MessageSender), Some(Value::Mailbox(name)));
    }

    #[test]
    fn ids_name_mailbox_folder_and_item() {
        let item = row();
        let Some(Value::ItemId(id)) = get(&item, false, PropId::ItemItemId) else { panic!("no id") };
        let decoded = id::ItemId::decode(&id.id).unwrap();
        assert_eq!((decoded.item, decoded.folder), (item.item, item.folder));
        assert!(id.change_key.is_some());
    }
}
