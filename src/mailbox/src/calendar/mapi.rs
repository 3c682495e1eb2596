//! What MAPI clients know of a calendar item under names of their own (MS-OXOCAL): kept among the extended properties, so that it
//! is read, searched and sorted as if a client had written it, and made anew whenever what it is told from changes.

use ewsd_model::PropId;
use ewsd_model::global_id::GlobalId;
use ewsd_model::property::{Mapi, MapiType, SetId};
use ewsd_store::Map;
use jiff::Timestamp;
use serde_json::Value as Json;

use super::series::{Master, Occurrence};
use crate::item::edit::Edit;

use MapiType::{Binary, Boolean, Integer, String as Text, SystemTime};
use SetId::{Appointment, Common, Meeting, PublicStrings};

/// `urn:schemas:calendar:instancetype`: 0 single, 1 master, 2 occurrence, 3 exception (MS-OXCICAL X-MICROSOFT-CDO-INSTTYPE).
pub const INSTANCE_TYPE: Mapi = Mapi::Name(PublicStrings, "urn:schemas:calendar:instancetype", Integer);
/// PidLidRecurring: a series, which calendar:IsRecurring is not said of.
pub const RECURRING: Mapi = Mapi::Id(Appointment, 0x8223, Boolean);
pub const GLOBAL_ID: Mapi = Mapi::Id(Meeting, 0x0003, Binary);
pub const CLEAN_ID: Mapi = Mapi::Id(Meeting, 0x0023, Binary);
const IS_EXCEPTION: Mapi = Mapi::Id(Meeting, 0x000a, Boolean);
const DURATION: Mapi = Mapi::Id(Appointment, 0x8213, Integer);
const RECURRENCE_TYPE: Mapi = Mapi::Id(Appointment, 0x8231, Integer);
const PATTERN: Mapi = Mapi::Id(Appointment, 0x8232, Text);
const CLIP_START: Mapi = Mapi::Id(Appointment, 0x8235, SystemTime);
const CLIP_END: Mapi = Mapi::Id(Appointment, 0x8236, SystemTime);
const COMMON_START: Mapi = Mapi::Id(Common, 0x8516, SystemTime);
const COMMON_END: Mapi = Mapi::Id(Common, 0x8517, SystemTime);

/// The key of a property.
pub fn key(of: Mapi) -> String {
    of.path().key()
}

fn put(ext: &mut Map, of: Mapi, value: impl Into<Json>) {
    ext.insert(key(of), value.into());
}

fn octets(octets: &[u8]) -> Json {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(octets).into()
}

/// The UID of a new item that is given by a global object id and not by its own name. Octets that are none say nothing.
pub fn take_ids(edit: &mut Edit<'_>) {
    use base64::Engine;
    let element = PropId::CalendarUID.row().element;
    if edit.member(element).is_some() {
        return;
    }
    let given = |of: Mapi| {
        let text = edit.ext.get(&key(of))?.as_str()?;
        let octets = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        GlobalId::read(&octets)
    };
    if let Some(id) = given(CLEAN_ID).or_else(|| given(GLOBAL_ID)) {
        edit.props.insert(element.to_owned(), id.uid().into());
    }
}

/// The UID that a client means by the id of a meeting: its digits, its octets as base64, or the UID itself.
pub fn named(id: &str) -> String {
    use base64::Engine;
    let octets = base64::engine::general_purpose::STANDARD.decode(id).ok();
    let id_of = octets.and_then(|octets| GlobalId::read(&octets)).or_else(|| GlobalId::from_uid(id));
    id_of.map_or_else(|| id.to_owned(), |id| id.uid())
}

/// What is told of an item, and of a series by its master.
pub fn of_item(ext: &mut Map, uid: &str, start: Timestamp, end: Timestamp, master: Option<&Master>) {
    put(ext, INSTANCE_TYPE, i32::from(master.is_some()));
    put(ext, RECURRING, master.is_some());
    if let Some(id) = GlobalId::from_uid(uid) {
        let clean = octets(&id.clean());
        put(ext, GLOBAL_ID, clean.clone());
        put(ext, CLEAN_ID, clean);
    }
    put(ext, DURATION, end.duration_since(start).as_mins());
    put(ext, COMMON_START, start.to_string());
    put(ext, COMMON_END, end.to_string());
    match master {
        Some(master) => {
            let (from, to) = master.span();
            put(ext, RECURRENCE_TYPE, recurrence_type(master));
            put(ext, PATTERN, Json::Null);
            put(ext, CLIP_START, from.to_string());
            put(ext, CLIP_END, to.unwrap_or(endless()).to_string());
        }
        None => {
            put(ext, RECURRENCE_TYPE, 0);
            put(ext, PATTERN, Json::Null);
            put(ext, CLIP_START, start.to_string());
            put(ext, CLIP_END, end.to_string());
        }
    }
}

/// What a series without end ends at (MS-OXOCAL 2.2.1.15).
fn endless() -> Timestamp {
    jiff::civil::date(4500, 8, 31)
        .at(23, 59, 0, 0)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .map_or(Timestamp::MAX, |at| at.timestamp())
}

/// PidLidRecurrenceType.
fn recurrence_type(master: &Master) -> i32 {
    use ewsd_model::recurrence::Pattern;
    match master.recurrence.pattern {
        Pattern::Daily(_) | Pattern::Regeneration(..) => 1,
        Pattern::Weekly(_) => 2,
        Pattern::AbsoluteMonthly(_) | Pattern::RelativeMonthly(_) => 3,
        Pattern::AbsoluteYearly(_) | Pattern::RelativeYearly(_) => 4,
    }
}

/// What is told of an occurrence, over what its master has.
pub fn of_occurrence(ext: &mut Map, uid: &str, at: Occurrence) {
    put(ext, INSTANCE_TYPE, if at.exception { 3 } else { 2 });
    put(ext, IS_EXCEPTION, at.exception);
    if let Some(id) = GlobalId::from_uid(uid) {
        put(ext, GLOBAL_ID, octets(&GlobalId { instance: Some(at.date), ..id }.octets()));
    }
    put(ext, DURATION, at.end.duration_since(at.start).as_mins());
    for (of, time) in [(COMMON_START, at.start), (COMMON_END, at.end), (CLIP_START, at.start), (CLIP_END, at.end)] {
        put(ext, of, time.to_string());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use base64::Engine;

    #[test]
    fn meetings_are_named_in_three_ways() {
        let octets = GlobalId::from_uid("foobar123@abc.com").unwrap().clean();
        let digits: String = octets.iter().map(|octet| format!("{octet:02X}")).collect();
        let base64 = base64::engine::general_purpose::STANDARD.encode(&octets);
        for id in [digits.as_str(), "foobar123@abc.com", &base64] {
            assert_eq!(named(id), "foobar123@abc.com", "{id}");
        }
    }
}
