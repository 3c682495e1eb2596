//! Calendar items (MS-OXWSMTGS 2.2.4.4): what they begin with, and what follows from what was written. When they are is
//! `calendar/when.rs`.

use ewsd_model::calendar::{Answer, EnhancedLocation, state};
use ewsd_model::failure::Failure;
use ewsd_model::global_id::GlobalId;
use ewsd_model::object::ResponseKind;
use ewsd_model::property::{Type, bit};
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use ewsd_store::{ItemRow, json};
use serde_json::Value as Json;

use super::{KindBehaviour, read_by_its_maker, text};
use crate::calendar::meeting::people;
use crate::calendar::{blob, ical, mapi, when};
use crate::item::edit::{Edit, WholeSeries, same_address};
use crate::random;
use crate::session::Session;

pub struct Calendar;

/// The lists of those who are invited.
pub const ATTENDEES: [PropId; 3] =
    [PropId::CalendarRequiredAttendees, PropId::CalendarOptionalAttendees, PropId::CalendarResources];

impl KindBehaviour for Calendar {
    fn begin(&self, session: &Session<'_>, edit: &mut Edit<'_>, _parsed: bool) {
        read_by_its_maker(edit);
        for (id, mask) in [
            (PropId::ItemReminderIsSet, bit::REMINDER_SET),
            (PropId::MessageIsResponseRequested, bit::RESPONSE_REQUESTED),
        ] {
            if !edit.touched.contains(&id) {
                edit.set_bit(mask, true);
            }
        }
        mapi::take_ids(edit);
        if text(edit, PropId::CalendarUID).is_none() {
            let id = GlobalId::new(session.now, random::array());
            edit.put_member(PropId::CalendarUID, id.uid());
        }
        if edit.member(PropId::CalendarOrganizer.row().element).is_none() {
            edit.put_member(PropId::CalendarOrganizer, json::member(&Value::Mailbox(myself(session))));
        }
        let defaults: [(PropId, Json); 9] = [
            (PropId::CalendarIsAllDayEvent, false.into()),
            (PropId::CalendarLegacyFreeBusyStatus, "Busy".into()),
            (PropId::CalendarIsCancelled, false.into()),
            (PropId::CalendarMeetingRequestWasSent, false.into()),
            (PropId::CalendarAppointmentSequenceNumber, 0.into()),
            (PropId::CalendarAllowNewTimeProposal, true.into()),
            (PropId::CalendarIsOnlineMeeting, false.into()),
            (PropId::CalendarConferenceType, 0.into()),
            (PropId::CalendarAppointmentState, 0.into()),
        ];
        for (id, value) in defaults {
            if edit.member(id.row().element).is_none() {
                edit.put_member(id, value);
            }
        }
    }

    fn arrange(&self, edit: &mut Edit<'_>) -> Result<(), Failure> {
        if let Some(WholeSeries::Octets(blob)) = edit.given.clone() {
            blob::begin(edit, &blob);
        }
        when::settle(edit)?;
        place(edit);
        tell(edit);
        if let Some(given) = text(edit, PropId::CalendarUID).filter(|_| edit.touched.contains(&PropId::CalendarUID)) {
            // Whoever gives the octets of a UID means what is in them.
            edit.put_member(PropId::CalendarUID, GlobalId::from_uid(&given).map_or(given, |id| id.uid()));
        }
        match edit.given.clone() {
            Some(WholeSeries::Event(told)) => ical::settle(edit, &told)?,
            Some(WholeSeries::Octets(blob)) => blob::settle(edit, &blob)?,
            None => {}
        }
        // An occurrence is found by its master.
        let is_occurrence = edit.base.is_some_and(|base| base.occurrence.is_some());
        if is_occurrence { Ok(()) } else { when::index(edit) }
    }

    fn offers(&self, row: &ItemRow) -> Vec<ResponseKind> {
        let state = row.props.as_ref().and_then(|props| props.get(PropId::CalendarAppointmentState.row().element));
        let mut offered = offers(state.and_then(Json::as_i64).and_then(|state| i32::try_from(state).ok()).unwrap_or(0));
        if !may_be_moved(row) {
            offered.retain(|kind| *kind != ResponseKind::ProposeNewTime);
        }
        offered
    }
}

/// Whether the organizer lets others propose another time: unless the meeting says otherwise.
pub(super) fn may_be_moved(row: &ItemRow) -> bool {
    let said = row.props.as_ref().and_then(|props| props.get(PropId::CalendarAllowNewTimeProposal.row().element));
    said.and_then(Json::as_bool) != Some(false)
}

/// Whether a request was passed on to somebody who is none of those invited.
pub(super) fn is_passed_on(row: &ItemRow) -> bool {
    let Some(props) = row.props.as_ref() else { return false };
    let received = props.get(PropId::MessageReceivedBy.row().element);
    let Some(Value::Mailbox(reader)) = received.and_then(|json| json::decode(Type::SingleRecipient, json)) else {
        return false;
    };
    let mut invited = ATTENDEES.iter().flat_map(|id| people::list(props, *id));
    !invited.any(|one| same_address(&one.mailbox, &reader))
}

/// What can be answered to an item in this state, in schema order.
pub fn offers(now: i32) -> Vec<ResponseKind> {
    use ResponseKind::{
        Accept, CancelCalendarItem, Decline, Forward, ProposeNewTime, Remove, ReplyAllTo, ReplyTo, TentativelyAccept,
    };
    let received = now & state::RECEIVED != 0;
    match (now & state::MEETING != 0, received, now & state::CANCELLED != 0) {
        (false, ..) => vec![Forward],
        (true, true, false) => vec![Accept, TentativelyAccept, Decline, ProposeNewTime, ReplyTo, Forward, ReplyAllTo],
        (true, true, true) => vec![ReplyTo, Forward, ReplyAllTo, Remove],
        (true, false, false) => vec![ReplyTo, Forward, ReplyAllTo, CancelCalendarItem],
        (true, false, true) => vec![Forward],
    }
}

/// The caller, as an organizer is told.
pub fn myself(session: &Session<'_>) -> Mailbox {
    Mailbox {
        name: Some(session.name().to_owned()),
        address: Some(session.address()),
        routing: Some("SMTP".to_owned()),
        kind: Some("Mailbox".to_owned()),
        item: None,
    }
}

/// The place and its name are the same thing.
fn place(edit: &mut Edit<'_>) {
    let (plain, whole) = (PropId::CalendarLocation, PropId::CalendarEnhancedLocation);
    let location = edit.member(whole.row().element).and_then(|member| json::decode(Type::EnhancedLocation, member));
    if edit.touched.contains(&whole) {
        let name = match location {
            Some(Value::EnhancedLocation(location)) if !location.display_name.is_empty() => {
                Json::from(location.display_name)
            }
            _ => Json::Null,
        };
        edit.put_member(plain, name);
    } else if edit.touched.contains(&plain) {
        let name = text(edit, plain).map(|display_name| EnhancedLocation { display_name, ..Default::default() });
        let name = name.and_then(|location| json::encode(&Value::EnhancedLocation(location)));
        edit.put_member(whole, name.unwrap_or_default());
    }
}

/// What the item is: a meeting or not, whose, of a series or not.
fn tell(edit: &mut Edit<'_>) {
    let number = |edit: &Edit<'_>, id: PropId| edit.member(id.row().element).and_then(Json::as_i64);
    let is_occurrence = edit.base.is_some_and(|base| base.occurrence.is_some());
    let id = PropId::CalendarAppointmentState;
    let mut now = number(edit, id).and_then(|state| i32::try_from(state).ok()).unwrap_or(0);
    if now & state::RECEIVED == 0 {
        let invited = ATTENDEES.iter().any(|id| edit.member(id.row().element).is_some());
        let given = edit.touched.contains(&id) && now & state::MEETING != 0;
        now = if invited || given { now | state::MEETING } else { now & !state::MEETING };
    }
    let received = now & state::RECEIVED != 0;
    edit.put_member(id, now);
    edit.put_member(PropId::CalendarIsMeeting, now & state::MEETING != 0);
    edit.put_member(PropId::CalendarIsCancelled, now & state::CANCELLED != 0);
    edit.put_member(PropId::CalendarIsOrganizer, !received);
    let answer = text(edit, PropId::CalendarMyResponseType).and_then(|word| Answer::from_name(&word));
    if !received {
        edit.put_member(PropId::CalendarMyResponseType, Answer::Organizer.name());
    } else if answer.is_none() {
        edit.put_member(PropId::CalendarMyResponseType, Answer::NoResponseReceived.name());
    }
    // Of what somebody else organizes, that one says when it was changed.
    let is_new = edit.base.is_none();
    if !received && (is_new || edit.changed.iter().any(|id| id.row().uri.starts_with("calendar:"))) {
        let now = edit.now.to_string();
        edit.put_member(PropId::CalendarDateTimeStamp, now);
    }
    if !is_occurrence {
        let series = edit.member(PropId::CalendarRecurrence.row().element).is_some();
        edit.put_member(PropId::CalendarCalendarItemType, if series { "RecurringMaster" } else { "Single" });
        // Of the organizer's own series it is said of the occurrences alone.
        edit.put_member(PropId::CalendarIsRecurring, series && received);
    }
}
