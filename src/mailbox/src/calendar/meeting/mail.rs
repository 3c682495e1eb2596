//! Meeting messages that come as mail (iMIP: RFC 6047; MS-OXCICAL 2.1.3.1.1.1): what REQUEST, CANCEL, REPLY and COUNTER say
//! becomes the same messages that people of one server send each other. All other mail with a calendar stays mail: PUBLISH,
//! REFRESH, ADD, DECLINECOUNTER, several meetings at once, and what cannot be read.

use ewsd_model::calendar::{Answer, ChangeHighlights, state};
use ewsd_model::property::{Column, bit};
use ewsd_model::value::{Body, Mailbox as Person};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{Store, StoreError, json};
use jiff::Timestamp;
use std::rc::Rc;

use super::notice::{Notice, NoticeKind, lead};
use super::{members, occurrences};
use crate::calendar::ical::{self, EventItem};
use crate::convert::ical::{self as events, Event, Found, Limits, Unreadable};
use crate::convert::mime::{self, Parsed};
use crate::convert::table::MailCalendar;
use crate::convert::{Failed, ask};
use crate::item::derive;
use crate::item::draft::Attached;
use crate::item::edit::{Edit, same_address};
use crate::log::note;

/// Reads a message's calendar. None: it is mail like any other, as it also is when no converter can read the calendar.
///
/// # Errors
/// [`Failed::Busy`]: it can be asked again.
pub fn read(message: &[u8], parsed: &Parsed<'_>, limits: Limits, now: Timestamp) -> Result<Option<Notice>, Failed> {
    let has_calendar = |one: &mime::Attachment<'_>| one.essence() == Some("text/calendar");
    if !parsed.attachments.iter().any(has_calendar) {
        return Ok(None);
    }
    match ask(&MailCalendar { limits }, message) {
        Err(Failed::Busy) => Err(Failed::Busy),
        Err(failed) => {
            note!(Error, "a calendar in a message is not read: {failed}");
            Ok(None)
        }
        Ok(Err(why @ Unreadable::TooMuch(_))) => {
            note!(Warn, "a calendar in a message is not read: {why}");
            Ok(None)
        }
        Ok(Err(_)) => Ok(None),
        Ok(Ok(found)) => Ok(of_calendar(found, parsed, now)),
    }
}

fn of_calendar(found: Found, parsed: &Parsed<'_>, now: Timestamp) -> Option<Notice> {
    // A name alone may be read, but says nothing of who it is.
    let from = match parsed.columns.get(Column::From) {
        Some(Value::Mailbox(from)) if from.address.is_some() => from.clone(),
        _ => return None,
    };
    let Found { calendar, method } = found;
    let told = one_meeting(EventItem::all(calendar, &Rc::from([])))?;
    let what = notice_kind(&method?, &told.event)?;
    let who = match what {
        NoticeKind::Response { .. } => responder(&told.event).cloned(),
        _ => None,
    };
    let mut notice = notice(what, told, &from, parsed, now)?;
    // Of an invitation that is new here anybody may tell; who changes what is known is compared with it.
    notice.may = who.as_ref().is_none_or(|who| same_address(who, &from));
    notice.who = who;
    Some(notice)
}

/// Several are no message about one thing.
fn one_meeting(mut all: Vec<EventItem>) -> Option<EventItem> {
    let first = all.first().map(|told| told.event.uid.clone()).filter(|uid| !uid.is_empty())?;
    if all.iter().all(|told| told.event.uid == first) { Some(all.swap_remove(0)) } else { None }
}

fn responder(event: &Event) -> Option<&Person> {
    match event.attendees.as_slice() {
        [only] => Some(&only.mailbox),
        _ => None,
    }
}

fn notice_kind(method: &str, event: &Event) -> Option<NoticeKind> {
    let said = || match event.attendees.as_slice() {
        [only] => match only.answer {
            events::Answer::Accept => Some(Answer::Accept),
            events::Answer::Tentative => Some(Answer::Tentative),
            events::Answer::Decline => Some(Answer::Decline),
            events::Answer::NoResponseReceived => None,
        },
        _ => None,
    };
    match method {
        "REQUEST" => Some(NoticeKind::Request { full: false, highlights: ChangeHighlights::default() }),
        "CANCEL" => Some(NoticeKind::Cancellation),
        "REPLY" => Some(NoticeKind::Response { answer: said()?, proposed: [None, None] }),
        "COUNTER" => {
            responder(event)?;
            let answer = said().unwrap_or(Answer::Tentative);
            Some(NoticeKind::Response { answer, proposed: [Some(event.start), Some(event.end)] })
        }
        _ => None,
    }
}

fn notice(what: NoticeKind, told: EventItem, from: &Person, parsed: &Parsed<'_>, now: Timestamp) -> Option<Notice> {
    let mut edit = Edit::new(what.kind(), None, now);
    edit.set = parsed.columns.clone();
    edit.props = parsed.props.clone();
    edit.set_flags = parsed.flags & !bit::HAS_ATTACHMENTS;
    edit.set_column(Column::Class, Value::Text(what.class().to_owned()));
    // Some send no Subject either.
    if edit.set.text(Column::Subject).is_none_or(str::is_empty) {
        if let Some(subject) = &told.event.subject {
            edit.set_column(Column::Subject, Value::Text(subject.clone()));
        }
    }
    let told = Rc::new(told);
    meeting(&mut edit, &what, &told, from)?;
    let text = parsed.body.clone();
    let body_type = derive::body_type(&parsed.columns);
    // Some send nothing but the calendar.
    let words = (!text.is_empty()).then_some(Body { body_type, text, truncated: None });
    edit.plain = words.as_ref().and(parsed.plain.clone());
    edit.body = words.or_else(|| told.event.body.clone()).map(Some);
    let attachments: Vec<Attached> =
        parsed.attachments.iter().filter(|one| !is_calendar(one)).cloned().map(Attached::parsed).collect();
    edit.set_bit(bit::HAS_ATTACHMENTS, attachments.iter().any(|one| !one.is_inline()));
    let search = derive::complete(&mut edit).ok()?.unwrap_or_default();
    edit.props.retain(|_, value| !value.is_null());
    Some(Notice { what, edit, search, attachments, may: true, who: None, floats: told.event.floats, passed_on: None })
}

/// The calendar once more, as programs attach it for people whose programs do not know it.
fn is_calendar(one: &mime::Attachment<'_>) -> bool {
    matches!(one.essence(), Some("text/calendar" | "application/ics" | "text/x-vcalendar"))
}

/// What the event says, as a meeting message has it: put together as the item that it would be, then taken over.
fn meeting(edit: &mut Edit<'static>, what: &NoticeKind, told: &Rc<EventItem>, from: &Person) -> Option<()> {
    let event = &told.event;
    let mut item = Edit::new(ItemKind::CalendarItem, None, edit.now);
    ical::lay(&mut item, told.clone()).ok()?;
    let of_event = ["UID", "Start", "End"];
    let settled = derive::complete(&mut item).is_ok() && of_event.iter().all(|name| item.props.contains_key(*name));
    if !settled {
        return None;
    }
    for element in members::of_event() {
        if let Some(value) = item.props.remove(element).filter(|value| !value.is_null()) {
            edit.props.insert(element.to_owned(), value);
        }
    }
    put_origin(edit, what, event, from);
    for id in [PropId::MeetingIsDelegated, PropId::MeetingIsOutOfDate, PropId::MeetingHasBeenProcessed] {
        edit.put_member(id, false);
    }
    edit.put_member(PropId::CalendarIsOrganizer, matches!(what, NoticeKind::Response { .. }));
    match what {
        NoticeKind::Request { .. } => request(edit, event),
        NoticeKind::Cancellation => edit.put_member(PropId::MeetingResponseType, Answer::Unknown.name()),
        // Nobody sends one as mail.
        NoticeKind::Forward => return None,
        NoticeKind::Response { answer, proposed } => {
            edit.put_member(PropId::MeetingResponseType, answer.name());
            for (id, time) in [PropId::MeetingProposedStart, PropId::MeetingProposedEnd].into_iter().zip(proposed) {
                if let Some(time) = time {
                    edit.put_member(id, time.to_string());
                }
            }
        }
    }
    Some(())
}

/// Which instance it is about, since when it is so, and who organizes it.
fn put_origin(edit: &mut Edit<'_>, what: &NoticeKind, event: &Event, from: &Person) {
    let stamp = event.stamp.or_else(|| edit.set.time(Column::Sent)).unwrap_or(edit.now);
    edit.put_member(PropId::CalendarDateTimeStamp, stamp.to_string());
    if let Some(original) = event.recurrence_id {
        edit.put_member(PropId::CalendarRecurrenceId, original.to_string());
        edit.put_member(PropId::CalendarOriginalStart, original.to_string());
        edit.put_member(PropId::CalendarCalendarItemType, "Exception");
    }
    let organizer = match what {
        NoticeKind::Response { .. } => event.organizer.clone(),
        _ => Some(event.organizer.clone().unwrap_or_else(|| from.clone())),
    };
    if let Some(organizer) = organizer.map(crate::item::edit::complete) {
        edit.put_member(PropId::CalendarOrganizer, json::member(&Value::Mailbox(organizer)));
    }
}

fn request(edit: &mut Edit<'_>, event: &Event) {
    // Before anybody has answered it is tentative; what it is to be is said apart, by some in the other of the two places.
    let intended = event.intended.filter(|_| event.busy != events::Busy::Free).unwrap_or(event.busy);
    edit.put_member(PropId::MeetingRequestIntendedFreeBusyStatus, intended.word());
    edit.put_member(PropId::CalendarLegacyFreeBusyStatus, "Tentative");
    edit.put_member(PropId::CalendarAppointmentState, state::MEETING | state::RECEIVED);
    edit.put_member(PropId::CalendarIsMeeting, true);
    edit.put_member(PropId::CalendarIsCancelled, false);
    edit.put_member(PropId::CalendarMeetingRequestWasSent, true);
    for id in [PropId::CalendarMyResponseType, PropId::MeetingResponseType] {
        edit.put_member(id, Answer::NoResponseReceived.name());
    }
    edit.put_member(PropId::CalendarIsRecurring, event.recurrence.is_some() || event.recurrence_id.is_some());
    edit.put_member(PropId::MeetingRequestMeetingRequestType, "NewMeetingRequest");
    edit.put_member(PropId::CalendarAllowNewTimeProposal, event.allow_new_time);
    if let Some(minutes) = event.reminder {
        edit.put_member(PropId::ItemReminderMinutesBeforeStart, minutes);
    }
    edit.set_bit(bit::RESPONSE_REQUESTED, event.response_requested);
    if edit.set.get(Column::Importance).is_none() && event.importance != events::Importance::Normal {
        let number = if event.importance == events::Importance::High { 2 } else { 0 };
        edit.set_column(Column::Importance, Value::Int(number));
    }
    if let Some(number) = PropId::ItemSensitivity.row().number_of(event.sensitivity.word()).filter(|n| *n != 0) {
        edit.set_column(Column::Sensitivity, Value::Int(number));
    }
    lead(&mut edit.props);
    occurrences::tell(&mut edit.props);
}

/// Somebody here who answers by another of the own addresses is still the one who was invited.
pub fn recognize(store: &mut Store, notice: &mut Notice) -> Result<(), StoreError> {
    let (false, Some(who)) = (notice.may, notice.who.clone()) else { return Ok(()) };
    let (Some(invited), Some(writes)) = (who.address, notice.from().address) else { return Ok(()) };
    let known = store.recipients(&[invited.clone(), writes.clone()])?;
    let mailbox = |address: &str| {
        let of = known.iter().filter(|one| one.address.eq_ignore_ascii_case(address)).map(|one| one.mailbox);
        let of: Vec<_> = of.collect();
        // A group is nobody in particular.
        if let [only] = of.as_slice() { Some(*only) } else { None }
    };
    notice.may = mailbox(&invited).is_some_and(|one| mailbox(&writes) == Some(one));
    Ok(())
}
