//! An event put into an item: its members as edits, and of a series the exceptions and deletions that the calendar tells.

use ewsd_model::calendar::{Answer as Response, Attendee as Invited, state};
use ewsd_model::failure::Failure;
use ewsd_model::property::bit;
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::Mailbox;
use ewsd_model::{PropId, Value};
use ewsd_store::{ItemRow, Map, json};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use std::rc::Rc;

use super::out::LINK;
use crate::calendar::change;
use crate::calendar::meeting::{people, plan};
use crate::calendar::series::Master;
use crate::convert::ical::{Answer, Attendee, Calendar, Content, Event, Limits, Role, Unreadable};
use crate::convert::{Failed, ask, table};
use crate::item::draft::{Attached, unreadable};
use crate::item::edit::{Edit, WholeSeries};
use crate::session::Session;

/// What a calendar tells of one item: its event, and of a series the occurrences that differ.
#[derive(Clone, Debug)]
pub struct EventItem {
    pub event: Event,
    exceptions: Vec<Event>,
    /// All addresses of the one whose calendar it is to be in.
    own: Rc<[String]>,
}

impl EventItem {
    /// The items of a calendar in the order of its text. An exception whose series is not there is an item.
    pub fn all(calendar: Calendar, own: &Rc<[String]>) -> Vec<EventItem> {
        let mut masters: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<EventItem> = Vec::new();
        let (series, exceptions): (Vec<Event>, Vec<Event>) =
            calendar.events.into_iter().partition(|event| event.recurrence_id.is_none());
        let told = |event| EventItem { event, exceptions: Vec::new(), own: own.clone() };
        for event in series {
            masters.entry(event.uid.clone()).or_insert(all.len());
            all.push(told(event));
        }
        for event in exceptions {
            match masters.get(&event.uid).and_then(|at| all.get_mut(*at)) {
                Some(series) => series.exceptions.push(event),
                None => all.push(told(event)),
            }
        }
        all
    }

    /// Has a series take a date that stood for itself, unless it tells of that one.
    pub fn take_in(&mut self, date: Event) {
        if !self.exceptions.iter().any(|one| one.recurrence_id == date.recurrence_id) {
            self.exceptions.push(date);
        }
    }

    fn is_own(&self, mailbox: &Mailbox) -> bool {
        let address = mailbox.address.as_deref().unwrap_or_default().trim();
        self.own.iter().any(|own| own.eq_ignore_ascii_case(address))
    }
}

/// The item that a client means who gives octets with a calendar for one. `zone`: that of times that name none.
pub fn first(session: &mut Session<'_>, zone: ItemZone, octets: &[u8]) -> crate::error::Result<Rc<EventItem>> {
    let limits = Limits::of(session.settings);
    let calendar = ask(&table::Calendar { zone, limits }, octets)?.map_err(unreadable)?;
    if let Some(left) = calendar.left.first() {
        return Err(unreadable(left.why).into());
    }
    let own = session.own_addresses()?.into();
    let told = EventItem::all(calendar, &own).into_iter().next();
    Ok(Rc::new(told.ok_or_else(|| unreadable(Unreadable::NoEvent))?))
}

/// Puts an event into an edit that has nothing else yet: other changes of the same request go over it. What the event does not
/// say the item has no more, but for its UID and for what iCalendar has no word for.
pub fn lay(edit: &mut Edit<'_>, told: Rc<EventItem>) -> Result<(), Failure> {
    put_event(edit, &told.event, &told)?;
    edit.given = Some(WholeSeries::Event(told));
    Ok(())
}

/// Has the occurrence of a day of a series be what an event says.
pub fn lay_occurrence(
    master: &mut Master,
    row: &ItemRow,
    date: Date,
    now: Timestamp,
    told: &EventItem,
) -> Result<(), Failure> {
    change::put(master, row, date, now, |edit| put_event(edit, &told.event, told))
}

fn put_event(edit: &mut Edit<'_>, event: &Event, told: &EventItem) -> Result<(), Failure> {
    times(edit, event)?;
    texts(edit, event)?;
    let reminds = event.reminder.is_some();
    edit.set(PropId::ItemReminderIsSet, Value::Bool(reminds))?;
    if let Some(minutes) = event.reminder {
        edit.set(PropId::ItemReminderMinutesBeforeStart, Value::Int(minutes))?;
    }
    edit.set(PropId::CalendarLegacyFreeBusyStatus, Value::Text(event.busy.word().to_owned()))?;
    edit.set(PropId::CalendarAllowNewTimeProposal, Value::Bool(event.allow_new_time))?;
    edit.give_member(PropId::CalendarAppointmentSequenceNumber, event.sequence);
    people(edit, event, told)
}

fn times(edit: &mut Edit<'_>, event: &Event) -> Result<(), Failure> {
    if edit.base.is_none() && !event.uid.is_empty() {
        edit.set(PropId::CalendarUID, Value::Text(event.uid.clone()))?;
    }
    let end = if event.end > event.start {
        event.end
    } else {
        // Others have events that take no time; here each has a width.
        event.start.checked_add(jiff::SignedDuration::from_mins(1)).unwrap_or(event.start)
    };
    edit.give_member(PropId::CalendarStartTimeZone, json::encode_zone(&event.zone));
    edit.give_member(PropId::CalendarEndTimeZone, json::encode_zone(&event.end_zone));
    edit.set(PropId::CalendarStart, Value::Time(event.start))?;
    edit.set(PropId::CalendarEnd, Value::Time(end))?;
    edit.set(PropId::CalendarIsAllDayEvent, Value::Bool(event.all_day))?;
    if edit.base.is_some_and(|base| base.occurrence.is_some()) {
        return Ok(());
    }
    if let Some(original) = event.recurrence_id {
        edit.give_member(PropId::CalendarRecurrenceId, original.to_string());
    }
    match &event.recurrence {
        Some(recurrence) => {
            edit.set(PropId::CalendarRecurrence, Value::Recurrence(recurrence.clone()))?;
            let kept = edit.props.get_mut(PropId::CalendarRecurrence.row().element);
            if let (Some(clock), Some(kept)) = (event.clock, kept) {
                json::recurrence::put_clock(kept, clock);
            }
            Ok(())
        }
        None if edit.base.is_some() => edit.unset(PropId::CalendarRecurrence),
        None => Ok(()),
    }
}

fn texts(edit: &mut Edit<'_>, event: &Event) -> Result<(), Failure> {
    let text = |text: &Option<String>| Value::Text(text.clone().unwrap_or_default());
    edit.set(PropId::ItemSubject, text(&event.subject))?;
    edit.set(PropId::CalendarLocation, text(&event.location))?;
    match &event.body {
        Some(body) => edit.set(PropId::ItemBody, Value::Body(body.clone()))?,
        None if edit.base.is_some() => edit.unset(PropId::ItemBody)?,
        None => {}
    }
    edit.set(PropId::ItemCategories, Value::Texts(event.categories.clone()))?;
    edit.set(PropId::ItemSensitivity, Value::Text(event.sensitivity.word().to_owned()))?;
    edit.set(PropId::ItemImportance, Value::Text(event.importance.word().to_owned()))
}

/// Who is invited, and whether it is somebody else's meeting. A calendar that names an organizer and nobody else tells of no
/// meeting.
fn people(edit: &mut Edit<'_>, event: &Event, told: &EventItem) -> Result<(), Failure> {
    let organizer = event.organizer.as_ref().filter(|_| !event.attendees.is_empty());
    let foreign = organizer.filter(|organizer| !told.is_own(organizer));
    let lists = [Role::Required, Role::Optional, Role::Resource];
    for (id, role) in people::ATTENDEES.into_iter().zip(lists) {
        let mut list: Vec<Invited> = Vec::new();
        if let (Some(organizer), Role::Required) = (foreign, role) {
            list.push(Invited {
                mailbox: organizer.clone(),
                response: Some(Response::Organizer),
                ..Invited::default()
            });
        }
        list.extend(event.attendees.iter().filter(|one| one.role == role).map(invited));
        edit.set(id, Value::Attendees(list))?;
    }
    if let Some(organizer) = foreign {
        let organizer = crate::item::edit::complete(organizer.clone());
        edit.give_member(PropId::CalendarOrganizer, json::member(&Value::Mailbox(organizer)));
        let mine = event.attendees.iter().find(|one| told.is_own(&one.mailbox)).map(|one| response(one.answer));
        let mine = mine.filter(|mine| *mine != Response::Unknown).unwrap_or(Response::NoResponseReceived);
        edit.give_member(PropId::CalendarMyResponseType, mine.name());
        if let Some(intended) = event.intended {
            edit.give_member(PropId::MeetingRequestIntendedFreeBusyStatus, intended.word());
        }
        if let Some(stamp) = event.stamp {
            edit.give_member(PropId::CalendarDateTimeStamp, stamp.to_string());
        }
    }
    let mut now = if foreign.is_some() { state::MEETING | state::RECEIVED } else { 0 };
    if event.cancelled {
        now |= state::CANCELLED;
    }
    edit.give_member(PropId::CalendarAppointmentState, now);
    if !event.attendees.is_empty() {
        edit.set_bit(bit::RESPONSE_REQUESTED, event.response_requested);
        edit.touched.insert(PropId::MessageIsResponseRequested);
    }
    Ok(())
}

fn invited(attendee: &Attendee) -> Invited {
    Invited { mailbox: attendee.mailbox.clone(), response: Some(response(attendee.answer)), ..Invited::default() }
}

fn response(answer: Answer) -> Response {
    match answer {
        Answer::NoResponseReceived => Response::Unknown,
        Answer::Accept => Response::Accept,
        Answer::Tentative => Response::Tentative,
        Answer::Decline => Response::Decline,
    }
}

/// The files that stand in an event or that it points to.
///
/// # Errors
/// [`Failed`] when their words could not be read.
pub fn files(event: &Event) -> Result<Vec<Attached>, Failed> {
    let one = |attachment: &crate::convert::ical::Attachment| match &attachment.content {
        Content::Octets(octets) => {
            Some(Attached::file(&attachment.name, attachment.content_type.clone(), octets.clone()))
        }
        Content::Link(link) => Some(Attached::file(&attachment.name, Some(LINK.to_owned()), link.clone().into_bytes())),
        // It is a part of a message that holds the calendar, or of the item already.
        Content::Part(_) => None,
    };
    event.attachments.iter().filter_map(one).collect()
}

/// Has the series of an edit whose own members are settled take what the calendar says of single occurrences. What was of
/// their own there before is no more.
pub fn settle(edit: &mut Edit<'_>, told: &EventItem) -> Result<(), Failure> {
    let row = plan::after(edit);
    let Some(mut master) = Master::of_row(&row).filter(|_| told.event.recurrence.is_some()) else { return Ok(()) };
    master.exceptions.clear();
    master.deleted = told.event.deleted.iter().filter_map(|time| master.day_of(*time)).collect();
    for one in &told.exceptions {
        let Some(date) = one.recurrence_id.and_then(|time| master.day_of(time)) else { continue };
        master.deleted.remove(&date);
        if one.cancelled && !people::is_received(row.props.as_ref().unwrap_or(&Map::new())) {
            master.deleted.insert(date);
            continue;
        }
        change::put(&mut master, &row, date, edit.now, |edit| put_event(edit, one, told))?;
    }
    change::write_into(edit, &master);
    Ok(())
}
