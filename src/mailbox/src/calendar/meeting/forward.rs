//! Passing an invitation on (MS-OXWSMTGS 3.1.4.4, MS-OXOCAL 2.2.7): whoever is named gets a request for the same meeting, with its UID
//! and its organizer, who is told who was asked.
//!
//! What the documents leave open is so here:
//!
//! - The request is one of the organizer's, sent by whoever passes it on. It invites people who do not know the meeting, and changes
//!   nothing for those who do: what it says is a copy's word, and only the organizer moves a meeting.
//! - People elsewhere get it as mail from whoever passes it on, with the organizer in its calendar (RFC 5546 3.2.2.6): the organizer's
//!   domain has not sent it, and says so to who asks.
//! - Who is written to is invited in the request, as an optional attendee behind Cc, and nobody's name stands in it behind Bcc. In the
//!   organizer's calendar they appear with their answer: until then it has those whom the organizer wants.
//! - The organizer is told only here. Exchange sends notifications to no other domain unless it is told to
//!   (MeetingForwardNotificationEnabled), and the answers come in any case.
//! - Dates of a series that were declined are gone from the copy, and from what is passed on.
//! - What is only saved is a draft of mail, as nobody can keep a meeting message as a draft; so is what is passed on out of somebody
//!   else's calendar, and what was cancelled.

use ewsd_model::calendar::{Attendee, ChangeHighlights, state};
use ewsd_model::code::Code;
use ewsd_model::object::NewItem;
use ewsd_model::property::Column;
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::{Body, BodyType, Mailbox as Person};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRow, Map, Plan};
use serde_json::Value as Json;

use super::notice::{Notice, NoticeKind, NoticeSource, plain_subject};
use super::post::Post;
use super::{people, plan, respond};
use crate::calendar::series::{self, ItemOrOccurrence, time_in, zone_in};
use crate::convert::mime;
use crate::error::Result;
use crate::gate::GrantedItem;
use crate::item::edit::same_address;
use crate::item::{load, respond as quoting, submit};
use crate::kind::calendar::myself;
use crate::session::Session;

/// Who is asked: the lists of the forward, with addresses.
struct Asked {
    required: Vec<Person>,
    optional: Vec<Person>,
    hidden: Vec<Person>,
}

impl Asked {
    fn of(session: &mut Session<'_>, wanted: &NewItem) -> Result<Asked> {
        let mut list = |id: PropId| match wanted.get(id) {
            Some(Value::Mailboxes(list)) => list.iter().map(|one| addressed(session, one)).collect(),
            _ => Ok(Vec::new()),
        };
        Ok(Asked {
            required: list(PropId::MessageToRecipients)?,
            optional: list(PropId::MessageCcRecipients)?,
            hidden: list(PropId::MessageBccRecipients)?,
        })
    }

    fn everybody(&self) -> Vec<Person> {
        [&self.required, &self.optional, &self.hidden].into_iter().flatten().cloned().collect()
    }
}

/// Somebody whom the client may have named by a name alone.
fn addressed(session: &mut Session<'_>, one: &Person) -> Result<Person> {
    let address = submit::resolve(session, one)?;
    Ok(Person { address: Some(address), ..one.clone() })
}

/// Sends what the response object says, if it is about a meeting that can be passed on. False: it is mail like any other.
///
/// # Errors
/// ErrorMissingRecipients, and what is wrong with one of them.
pub fn forward(session: &mut Session<'_>, item: &GrantedItem, wanted: &NewItem, copies: bool) -> Result<bool> {
    if !session.gate.is_own(&item.granted) {
        return Ok(false);
    }
    // Most of what is forwarded is mail, which is read where it is quoted.
    let kind = load::row(session, item, &Plan::default())?.kind;
    if !matches!(kind, ItemKind::CalendarItem | ItemKind::MeetingRequest) {
        return Ok(false);
    }
    let row = respond::read(session, item)?;
    let shown = match series::resolve(&row, item.part)? {
        ItemOrOccurrence::Whole => row,
        ItemOrOccurrence::Occurrence(master, placed) => master.shown(&row, placed),
    };
    if !is_meeting(&shown) {
        return Ok(false);
    }
    let asked = Asked::of(session, wanted)?;
    let everybody = asked.everybody();
    if everybody.is_empty() {
        return Err(Code::ErrorMissingRecipients.into());
    }
    let me = myself(session);
    let organizer = people::organizer(&shown.props.clone().unwrap_or_default()).unwrap_or_else(|| me.clone());
    let mut notices = vec![(request(session, item, &shown, wanted, &asked, &organizer, &me)?, everybody.clone())];
    let others = people::without(std::slice::from_ref(&organizer), std::slice::from_ref(&me));
    if !others.is_empty() && submit::resolve(session, &organizer).is_ok() {
        notices.push((notification(session, &shown, &organizer, &me, &everybody)?, others));
    }
    Post::new(session, &item.granted, notices)?.send(session, copies, |_| Ok(()))?;
    Ok(true)
}

/// Whether the calendar item is a meeting that takes place, or the request one that still counts.
fn is_meeting(row: &ItemRow) -> bool {
    let none = Map::new();
    let props = row.props.as_ref().unwrap_or(&none);
    let now = people::state_of(props);
    let told = now & state::MEETING != 0 && now & state::CANCELLED == 0;
    let outdated = props.get(PropId::MeetingIsOutOfDate.row().element).and_then(Json::as_bool) == Some(true);
    told && (row.kind == ItemKind::CalendarItem || !outdated)
}

fn request(
    session: &mut Session<'_>,
    item: &GrantedItem,
    shown: &ItemRow,
    wanted: &NewItem,
    asked: &Asked,
    organizer: &Person,
    me: &Person,
) -> Result<Notice> {
    let mut told = shown.clone();
    let props = told.props.get_or_insert_with(Map::new);
    if people::is_received(props) {
        as_organized(props);
    }
    invite(props, asked);
    let subject = match wanted.get(PropId::ItemSubject) {
        Some(Value::Text(subject)) => subject.clone(),
        _ => format!("FW: {}", mime::topic(shown.columns.text(Column::Subject).unwrap_or_default())),
    };
    told.columns.set(Column::Subject, Value::Text(subject));
    let body = match (wanted.get(PropId::ItemBody), &wanted.new_body) {
        (Some(Value::Body(body)), _) => Some(body.clone()),
        (_, Some(new)) => Some(quoting::quote(Some(new.clone()), shown)?),
        _ => None,
    };
    let attachments = plan::attachments(session, &item.granted, shown)?;
    let to: Vec<Person> = asked.required.iter().chain(&asked.optional).cloned().collect();
    let what = NoticeKind::Request { full: true, highlights: ChangeHighlights::default() };
    let id = submit::new_message_id(session);
    let source = NoticeSource { row: &told, attachments, body };
    let mut request = Notice::new(what, source, organizer, &to, id, session.now)?;
    request.pass_on(me.clone());
    Ok(request)
}

/// The copy of somebody who is invited, without what that one made of it: what it is to be is what the organizer said.
fn as_organized(props: &mut Map) {
    let busy = PropId::CalendarLegacyFreeBusyStatus.row().element;
    if let Some(intended) = props.get(PropId::MeetingRequestIntendedFreeBusyStatus.row().element).cloned() {
        props.insert(busy.to_owned(), intended);
    }
    let own = props.get_mut(PropId::CalendarModifiedOccurrences.row().element).and_then(Json::as_array_mut);
    for exception in own.into_iter().flatten() {
        if let Some(own) = exception.get_mut("props").and_then(Json::as_object_mut) {
            own.remove(busy);
        }
    }
}

/// Puts those who are asked among those who are invited.
fn invite(props: &mut Map, asked: &Asked) {
    let mut known = people::everybody(props);
    for (id, more) in
        [(PropId::CalendarRequiredAttendees, &asked.required), (PropId::CalendarOptionalAttendees, &asked.optional)]
    {
        let mut list = people::list(props, id);
        for one in more {
            if !known.iter().any(|other| same_address(other, one)) {
                known.push(one.clone());
                list.push(Attendee { mailbox: crate::item::edit::complete(one.clone()), ..Attendee::default() });
            }
        }
        people::put(props, id, list);
    }
}

/// What the organizer is told.
fn notification(
    session: &Session<'_>,
    shown: &ItemRow,
    organizer: &Person,
    me: &Person,
    asked: &[Person],
) -> Result<Notice> {
    let subject = plain_subject(shown.columns.text(Column::Subject).unwrap_or_default()).to_owned();
    let mut told = shown.clone();
    told.columns.set(Column::Subject, Value::Text(subject.clone()));
    let names: Vec<String> = asked.iter().map(|one| format!("\r\n  {}", called(one))).collect();
    let text = format!(
        "{} has passed your meeting request on to others.\r\n\r\nMeeting: {subject}\r\n{}To:{}\r\n",
        called(me),
        when(shown.props.as_ref()),
        names.concat()
    );
    let body = Some(Body { body_type: BodyType::Text, text, truncated: None });
    let (to, id) = (std::slice::from_ref(organizer), submit::new_message_id(session));
    let source = NoticeSource { row: &told, attachments: Vec::new(), body };
    Notice::new(NoticeKind::Forward, source, me, to, id, session.now)
}

fn called(one: &Person) -> String {
    match (one.name.as_deref(), one.address.as_deref()) {
        (Some(name), Some(address)) if name != address => format!("{name} <{address}>"),
        (name, address) => address.or(name).unwrap_or_default().to_owned(),
    }
}

/// A line of when it is, on the clocks of the meeting.
fn when(props: Option<&Map>) -> String {
    let line = props.and_then(|props| {
        let zone = zone_in(props, PropId::CalendarStartTimeZone).unwrap_or_else(ItemZone::utc);
        let at = |id: PropId| {
            let local = zone.time_zone().to_datetime(time_in(props, id)?);
            Some(local.strftime("%Y-%m-%d %H:%M").to_string())
        };
        let (start, end) = (at(PropId::CalendarStart)?, at(PropId::CalendarEnd)?);
        Some(format!("When: {start} to {end}, {}\r\n", zone.name()))
    });
    line.unwrap_or_default()
}
