//! What an item says as iCalendar: a single event, a series with what is of its own in it, or one occurrence.

use ewsd_model::calendar::{Answer as Response, Attendee as Invited, state};
use ewsd_model::property::{Column, bit};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::{Body, Mailbox};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{AttachmentRow, Columns, ItemRow, Map};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::calendar::meeting::{people, plan};
use crate::calendar::series::{Master, clock_in, recurrence_in, time_in, zone_in};
use crate::calendar::when::whole_days;
use crate::convert::Failed;
use crate::convert::ical::{
    self, Answer, Attachment, Attendee, Busy, Calendar, Content, Event, Importance, Role, Sensitivity,
};
use crate::convert::mime::{self, CalendarPart};
use crate::property::body;

/// The type of an attachment that is a link elsewhere: iCalendar has such.
pub const LINK: &str = "text/uri-list";

/// What becomes of the files of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// They are named; whoever wants them asks for them.
    Named,
    /// They are in the text. Their rows need their contents.
    Inside,
}

/// An item, or a message before it is one.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub columns: &'a Columns,
    pub props: &'a Map,
    pub flags: u32,
}

/// The calendar of an item or occurrence. `own`: the address of the one whose calendar it is in, if that is known.
/// None: it has no times.
pub fn of_row(row: &ItemRow, files: &[AttachmentRow], how: Files, own: Option<&str>) -> Option<Calendar> {
    let none = Map::new();
    let props = row.props.as_ref().unwrap_or(&none);
    let mut first = of_item(row, own)?;
    first.attachments = files.iter().filter_map(|file| attachment(file, how)).collect();
    let mut events = vec![first];
    if let Some(master) = Master::read(props).filter(|_| row.occurrence.is_none()) {
        if let Some(first) = events.first_mut() {
            first.deleted = master.deleted.iter().map(|date| master.original(*date)).collect();
        }
        for date in master.exceptions.keys() {
            let Ok(placed) = master.on(*date) else { continue };
            events.extend(of_item(&master.shown(row, placed), own));
        }
    }
    Some(Calendar { events, ..Calendar::default() })
}

/// The same as octets.
///
/// # Errors
/// [`Failed`] when a body could not be read.
pub fn text(row: &ItemRow, files: &[AttachmentRow], how: Files, own: Option<&str>) -> Result<Vec<u8>, Failed> {
    ical::write(&of_row(row, files, how, own).unwrap_or_default()).map(String::into_bytes)
}

/// A calendar as a part of a message.
///
/// # Errors
/// [`Failed`] when a body could not be read.
pub fn part(calendar: &Calendar) -> Result<CalendarPart, Failed> {
    let method = calendar.method.clone().unwrap_or_else(|| "PUBLISH".to_owned());
    Ok(CalendarPart { method, text: ical::write(calendar)? })
}

fn of_item(row: &ItemRow, own: Option<&str>) -> Option<Event> {
    let none = Map::new();
    let props = row.props.as_ref().unwrap_or(&none);
    let source = Source { columns: &row.columns, props, flags: row.flags };
    let mut event = event(source, body::stored(row), own)?;
    // A date whose series is not here is an item of its own, and stays that date.
    let original = if row.occurrence.is_some() { PropId::CalendarOriginalStart } else { PropId::CalendarRecurrenceId };
    event.recurrence_id = time_in(props, original);
    Some(event)
}

/// What a meeting message is for, as iCalendar says it. None: it is no meeting message of these kinds.
pub fn method(kind: ItemKind, props: &Map) -> Option<&'static str> {
    let proposes = time_in(props, PropId::MeetingProposedStart).is_some();
    match kind {
        ItemKind::MeetingRequest => Some("REQUEST"),
        ItemKind::MeetingCancellation => Some("CANCEL"),
        ItemKind::MeetingResponse if proposes => Some("COUNTER"),
        ItemKind::MeetingResponse => Some("REPLY"),
        _ => None,
    }
}

/// The calendar that a meeting message carries (RFC 5546).
pub fn of_message(kind: ItemKind, source: Source<'_>, body: Option<Body>) -> Option<Calendar> {
    let props = source.props;
    let method = method(kind, props)?;
    let mut first = event(source, body, None)?;
    first.recurrence_id = time_in(props, PropId::CalendarRecurrenceId);
    first.organizer = people::organizer(props);
    first.reminder = (kind == ItemKind::MeetingRequest).then(|| minutes(props)).flatten();
    let mut events = vec![first];
    if let Some(first) = events.first_mut() {
        match kind {
            // What is meant to be free is so before anybody has answered.
            ItemKind::MeetingRequest if first.intended == Some(Busy::Free) => first.busy = Busy::Free,
            ItemKind::MeetingRequest => {}
            ItemKind::MeetingCancellation => cancelled(first, props),
            _ => answer(first, source),
        }
    }
    if kind == ItemKind::MeetingRequest {
        exceptions(&mut events, source);
    }
    Some(Calendar { method: Some(method.to_owned()), events, left: Vec::new() })
}

/// A cancellation names whom it is for.
fn cancelled(event: &mut Event, props: &Map) {
    event.cancelled = true;
    event.response_requested = false;
    let to = mime::mailboxes(props, PropId::MessageToRecipients.row().element);
    let one = |mailbox| Attendee { mailbox, role: Role::Required, answer: Answer::NoResponseReceived };
    event.attendees = to.into_iter().map(one).collect();
}

/// An answer names whoever gives it, and the time that is proposed.
fn answer(event: &mut Event, source: Source<'_>) {
    let props = source.props;
    let said = people::text(props, PropId::MeetingResponseType).and_then(Response::from_name);
    let answer = said.map_or(Answer::NoResponseReceived, part_stat);
    if let Some(Value::Mailbox(from)) = source.columns.get(Column::From) {
        event.attendees = vec![Attendee { mailbox: from.clone(), role: Role::Required, answer }];
    }
    // What is asked for is what is not shown of a series.
    (event.recurrence, event.clock) = (None, None);
    event.response_requested = false;
    let proposed = [PropId::MeetingProposedStart, PropId::MeetingProposedEnd].map(|id| time_in(props, id));
    if let [Some(start), Some(end)] = proposed {
        (event.start, event.end) = (start, end.max(start));
        // Another time of a whole day need not be one.
        let whole = whole_days(&event.zone.time_zone(), event.start, event.end) == (event.start, event.end);
        event.all_day &= whole;
    }
}

/// What a request says of single occurrences.
fn exceptions(events: &mut Vec<Event>, source: Source<'_>) {
    let (Some(master), Some(first)) = (Master::read(source.props), events.first_mut()) else { return };
    first.deleted = master.deleted.iter().map(|date| master.original(*date)).collect();
    let row = ItemRow {
        columns: source.columns.clone(),
        props: Some(source.props.clone()),
        flags: source.flags,
        ..plan::nothing(ItemKind::CalendarItem)
    };
    for date in master.exceptions.keys() {
        let Ok(placed) = master.on(*date) else { continue };
        let Some(mut event) = of_item(&master.shown(&row, placed), None) else { continue };
        event.organizer = people::organizer(source.props);
        events.push(event);
    }
}

fn minutes(props: &Map) -> Option<i32> {
    let minutes = props.get(PropId::ItemReminderMinutesBeforeStart.row().element).and_then(Json::as_i64);
    i32::try_from(minutes.unwrap_or(15)).ok()
}

fn event(source: Source<'_>, body: Option<Body>, own: Option<&str>) -> Option<Event> {
    let Source { columns, props, flags } = source;
    let (start, end) = (time_in(props, PropId::CalendarStart)?, time_in(props, PropId::CalendarEnd)?);
    let zone = zone_in(props, PropId::CalendarStartTimeZone).unwrap_or_else(ItemZone::utc);
    let text = |id: PropId| people::text(props, id);
    let truth = |id: PropId| props.get(id.row().element).and_then(Json::as_bool);
    let mut event = Event::new(text(PropId::CalendarUID).unwrap_or_default(), zone, start, end.max(start));
    if let Some(end_zone) = zone_in(props, PropId::CalendarEndTimeZone) {
        event.end_zone = end_zone;
    }
    event.all_day = truth(PropId::CalendarIsAllDayEvent) == Some(true);
    event.recurrence = recurrence_in(props);
    event.clock = clock_in(props);
    event.subject = columns.text(Column::Subject).map(str::to_owned);
    event.location = text(PropId::CalendarLocation).map(str::to_owned);
    event.body = body.filter(|body| !body.text.is_empty());
    if let Some(Value::Texts(categories)) = columns.get(Column::Categories) {
        event.categories = categories.clone();
    }
    event.sensitivity = match columns.number(Column::Sensitivity) {
        Some(1) => Sensitivity::Personal,
        Some(2) => Sensitivity::Private,
        Some(3) => Sensitivity::Confidential,
        _ => Sensitivity::Normal,
    };
    event.importance = match columns.number(Column::Importance) {
        Some(0) => Importance::Low,
        Some(2) => Importance::High,
        _ => Importance::Normal,
    };
    event.busy = text(PropId::CalendarLegacyFreeBusyStatus).and_then(Busy::from_word).unwrap_or(Busy::Busy);
    event.intended = text(PropId::MeetingRequestIntendedFreeBusyStatus).and_then(Busy::from_word);
    event.reminder = (flags & bit::REMINDER_SET != 0).then(|| minutes(props)).flatten();
    event.sequence = people::number(props, PropId::CalendarAppointmentSequenceNumber);
    event.stamp = time_in(props, PropId::CalendarDateTimeStamp).or_else(|| changed(columns));
    event.allow_new_time = truth(PropId::CalendarAllowNewTimeProposal) != Some(false);
    let now = people::state_of(props);
    event.cancelled = now & state::CANCELLED != 0;
    if now & state::MEETING != 0 {
        event.organizer = people::organizer(props);
        event.response_requested = flags & bit::RESPONSE_REQUESTED != 0;
        event.attendees = attendees(props, own);
    }
    Some(event)
}

fn changed(columns: &Columns) -> Option<Timestamp> {
    columns.time(Column::Modified).or_else(|| columns.time(Column::Created))
}

/// Everybody who is invited but the organizer, who is told apart, unless nobody else is: an organizer alone is no meeting. In the
/// calendar of somebody who is invited that one's answer is what stands there as the own.
fn attendees(props: &Map, own: Option<&str>) -> Vec<Attendee> {
    let roles = [Role::Required, Role::Optional, Role::Resource];
    let mine = people::is_received(props).then(|| people::answer(props));
    let is_own = |mailbox: &Mailbox| {
        let address = mailbox.address.as_deref();
        own.zip(address).is_some_and(|(own, address)| own.eq_ignore_ascii_case(address.trim()))
    };
    let one = |(invited, role): (Invited, Role)| {
        let said = invited.response.unwrap_or_default();
        let said = mine.filter(|_| is_own(&invited.mailbox)).unwrap_or(said);
        Attendee { mailbox: invited.mailbox, role, answer: part_stat(said) }
    };
    let all = people::ATTENDEES.into_iter().zip(roles);
    let all = all.flat_map(|(id, role)| people::list(props, id).into_iter().map(move |invited| (invited, role)));
    let all: Vec<(Invited, Role)> = all.filter(|(invited, _)| invited.mailbox.address.is_some()).collect();
    let is_organizer = |invited: &Invited| invited.response == Some(Response::Organizer);
    let alone = all.iter().all(|(invited, _)| is_organizer(invited));
    all.into_iter().filter(|(invited, _)| alone || !is_organizer(invited)).map(one).collect()
}

fn part_stat(answer: Response) -> Answer {
    match answer {
        Response::Accept | Response::Organizer => Answer::Accept,
        Response::Tentative => Answer::Tentative,
        Response::Decline => Answer::Decline,
        Response::Unknown | Response::NoResponseReceived => Answer::NoResponseReceived,
    }
}

fn attachment(row: &AttachmentRow, how: Files) -> Option<Attachment> {
    let content = match (how, &row.content) {
        (_, Some(link)) if row.content_type.as_deref() == Some(LINK) => {
            Content::Link(String::from_utf8_lossy(link).trim().to_owned())
        }
        (Files::Inside, Some(octets)) => Content::Octets(octets.clone()),
        (Files::Inside, None) => return None,
        (Files::Named, _) => Content::Part(row.content_id.clone().unwrap_or_else(|| row.name.clone())),
    };
    let is_link = matches!(content, Content::Link(_));
    let content_type = row.content_type.clone().filter(|_| !is_link);
    Some(Attachment { name: row.name.clone(), content_type, content })
}
