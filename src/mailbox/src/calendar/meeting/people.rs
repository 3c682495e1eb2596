//! Who is invited to a meeting, as its document says it.

use ewsd_model::calendar::{Answer, Attendee, state};
use ewsd_model::property::Type;
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use ewsd_store::{Map, json};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::item::edit::same_address;
pub use crate::kind::calendar::ATTENDEES;

/// The attendees of one of the lists.
pub fn list(props: &Map, id: PropId) -> Vec<Attendee> {
    match props.get(id.row().element).and_then(|list| json::decode(Type::Attendees, list)) {
        Some(Value::Attendees(list)) => list,
        _ => Vec::new(),
    }
}

pub fn put(props: &mut Map, id: PropId, list: Vec<Attendee>) {
    let json = if list.is_empty() { Json::Null } else { json::member(&Value::Attendees(list)) };
    props.insert(id.row().element.to_owned(), json);
}

/// Everybody who is invited, rooms too.
pub fn everybody(props: &Map) -> Vec<Mailbox> {
    let all = ATTENDEES.iter().flat_map(|id| list(props, *id)).map(|one| one.mailbox);
    all.filter(|one| one.address.is_some()).collect()
}

/// Those of `some` who are not among `others`.
pub fn without(some: &[Mailbox], others: &[Mailbox]) -> Vec<Mailbox> {
    some.iter().filter(|one| !others.iter().any(|other| same_address(one, other))).cloned().collect()
}

pub fn organizer(props: &Map) -> Option<Mailbox> {
    match json::decode(Type::SingleRecipient, props.get(PropId::CalendarOrganizer.row().element)?)? {
        Value::Mailbox(organizer) => Some(organizer),
        _ => None,
    }
}

/// Whether the meeting is organized by somebody of this address.
pub fn is_organized_by(props: &Map, address: &str) -> bool {
    let of = |one: Mailbox| one.address.is_some_and(|known| known.trim().eq_ignore_ascii_case(address.trim()));
    organizer(props).is_some_and(of)
}

/// Whether a message is about one occurrence of a series.
pub fn is_of_instance(message: &Map) -> bool {
    message.contains_key(PropId::CalendarRecurrenceId.row().element)
}

/// Bits of [`state`].
pub fn state_of(props: &Map) -> i32 {
    number(props, PropId::CalendarAppointmentState)
}

pub fn is_received(props: &Map) -> bool {
    state_of(props) & state::RECEIVED != 0
}

pub fn number(props: &Map, id: PropId) -> i32 {
    let number = props.get(id.row().element).and_then(Json::as_i64);
    number.and_then(|number| i32::try_from(number).ok()).unwrap_or(0)
}

pub fn text(props: &Map, id: PropId) -> Option<&str> {
    props.get(id.row().element)?.as_str()
}

pub fn answer(props: &Map) -> Answer {
    text(props, PropId::CalendarMyResponseType).and_then(Answer::from_name).unwrap_or_default()
}

/// What somebody said.
pub struct AttendeeResponse<'a> {
    pub who: &'a Mailbox,
    pub answer: Answer,
    pub at: Timestamp,
    pub proposed: [Option<Timestamp>; 2],
}

/// Puts an answer down at whoever gave it. Somebody who was not invited, a request may have been passed on, is from now on, if he
/// wants. False: a later answer is known already.
pub fn track(props: &mut Map, said: &AttendeeResponse<'_>) -> bool {
    for id in ATTENDEES {
        let mut attendees = list(props, id);
        let Some(known) = attendees.iter_mut().find(|one| same_address(&one.mailbox, said.who)) else { continue };
        if known.last_response.is_some_and(|before| before > said.at) {
            return false;
        }
        known.response = Some(said.answer);
        known.last_response = Some(said.at);
        [known.proposed_start, known.proposed_end] = said.proposed;
        put(props, id, attendees);
        return true;
    }
    let mut optional = list(props, PropId::CalendarOptionalAttendees);
    optional.push(Attendee {
        mailbox: said.who.clone(),
        response: Some(said.answer),
        last_response: Some(said.at),
        proposed_start: None,
        proposed_end: None,
    });
    put(props, PropId::CalendarOptionalAttendees, optional);
    true
}
