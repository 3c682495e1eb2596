//! Which other meetings one is in the way of, and which it touches (MS-OXWSMTGS 2.2.4.4: ConflictingMeetings, AdjacentMeetings):
//! in the calendar proper, busy ones only, occurrences each by itself.

use ewsd_model::calendar::InnerItem;
use ewsd_model::property::Column;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRow, Mailbox};
use jiff::Timestamp;

use super::people;
use crate::calendar::series::time_in;
use crate::calendar::view;
use crate::error::Result;
use crate::gate::Granted;
use crate::property::item::wire_id;

/// Meetings that are told at most; the count tells all.
const LISTED: usize = 100;

/// The four properties, of an item that is in nobody's way none but the counts.
pub fn properties(mailbox: &mut Mailbox<'_>, owner: &Granted, row: &ItemRow) -> Result<Vec<(PropId, Value)>> {
    let props = row.props.clone().unwrap_or_default();
    let times = (time_in(&props, PropId::CalendarStart), time_in(&props, PropId::CalendarEnd));
    let (Some(start), Some(end)) = times else { return Ok(Vec::new()) };
    let uid = people::text(&props, PropId::CalendarUID).unwrap_or_default();
    let calendar = mailbox.folder_by_distinguished("calendar")?.folder;
    let plan = view::brief();
    // What begins where this one ends is told too.
    let until = end.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(end);
    let view = view::find(mailbox, &[calendar], start, until, LISTED * 4)?;
    let (mut conflicts, mut neighbours) = (Vec::new(), Vec::new());
    for other in view.rows(mailbox, &plan)? {
        let own = other.props.clone().unwrap_or_default();
        let is_self = people::text(&own, PropId::CalendarUID) == Some(uid);
        if is_self || people::text(&own, PropId::CalendarLegacyFreeBusyStatus) == Some("Free") {
            continue;
        }
        let (Some(from), Some(to)) = (time_in(&own, PropId::CalendarStart), time_in(&own, PropId::CalendarEnd)) else {
            continue;
        };
        match meets(start, end, from, to) {
            Some(true) => conflicts.push(inner(owner, &other)),
            Some(false) => neighbours.push(inner(owner, &other)),
            None => {}
        }
    }
    let count = |list: &[InnerItem]| Value::Int(i32::try_from(list.len()).unwrap_or(i32::MAX));
    let mut told = vec![
        (PropId::CalendarConflictingMeetingCount, count(&conflicts)),
        (PropId::CalendarAdjacentMeetingCount, count(&neighbours)),
    ];
    for (id, mut list) in
        [(PropId::CalendarConflictingMeetings, conflicts), (PropId::CalendarAdjacentMeetings, neighbours)]
    {
        list.truncate(LISTED);
        if !list.is_empty() {
            told.push((id, Value::Items(list)));
        }
    }
    Ok(told)
}

/// Whether they overlap, or else touch. None: neither.
fn meets(start: Timestamp, end: Timestamp, from: Timestamp, to: Timestamp) -> Option<bool> {
    if from < end && to > start {
        return Some(true);
    }
    (from == end || to == start).then_some(false)
}

fn inner(owner: &Granted, row: &ItemRow) -> InnerItem {
    let props = row.props.clone().unwrap_or_default();
    let text = |id: PropId| people::text(&props, id).map(|text| (id, Value::Text(text.to_owned())));
    let time = |id: PropId| time_in(&props, id).map(|time| (id, Value::Time(time)));
    let subject = row.columns.text(Column::Subject).map(|s| (PropId::ItemSubject, Value::Text(s.to_owned())));
    let told = [
        Some((PropId::ItemItemId, Value::ItemId(wire_id(owner, row)))),
        subject,
        time(PropId::CalendarStart),
        time(PropId::CalendarEnd),
        text(PropId::CalendarLegacyFreeBusyStatus),
        text(PropId::CalendarLocation),
    ];
    InnerItem { kind: ItemKind::CalendarItem, props: told.into_iter().flatten().collect() }
}

/// Whether a time is free of everything but the meeting itself.
pub fn is_free(mailbox: &mut Mailbox<'_>, uid: &str, start: Timestamp, end: Timestamp) -> Result<bool> {
    let calendar = mailbox.folder_by_distinguished("calendar")?.folder;
    let plan = view::brief();
    let view = view::find(mailbox, &[calendar], start, end, usize::MAX)?;
    let free = view.rows(mailbox, &plan)?.iter().all(|other| {
        let own = other.props.clone().unwrap_or_default();
        let to = time_in(&own, PropId::CalendarEnd);
        people::text(&own, PropId::CalendarUID) == Some(uid)
            || people::text(&own, PropId::CalendarLegacyFreeBusyStatus) == Some("Free")
            || to.is_none_or(|to| to <= start)
    });
    Ok(free)
}
