//! What a meeting message says (MS-OXWSMTGS 2.2.4.22 to 2.2.4.28): made of the item that it is about, whoever gets it.

use ewsd_model::calendar::{Answer, ChangeHighlights, state};
use ewsd_model::property::{Column, bit};
use ewsd_model::timezone::ItemZone;
use ewsd_model::value::{Body, Mailbox};
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{Columns, Event, ItemRow, Map, NewItem, Store, json};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::members::{self, By};
use super::{floating, occurrences, people};
use crate::calendar::ical;
use crate::calendar::series::time_in;
use crate::convert::mime;
use crate::error::Result;
use crate::item::derive;
use crate::item::draft::Attached;
use crate::item::edit::Edit;
use crate::item::submit::{self, Author, Checked};
use crate::property::body;
use crate::session::Session;

/// What is told.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeKind {
    /// `full`: the times are other ones, and whoever said yes must say it again.
    Request {
        full: bool,
        highlights: ChangeHighlights,
    },
    Cancellation,
    Response {
        answer: Answer,
        proposed: [Option<Timestamp>; 2],
    },
    /// The organizer is told that somebody passed the request on.
    Forward,
}

/// A meeting message before it is anybody's.
#[derive(Clone)]
pub struct Notice {
    pub what: NoticeKind,
    pub(super) edit: Edit<'static>,
    pub(super) search: mime::Texts,
    pub(super) attachments: Vec<Attached>,
    /// Whoever it is from may say it: nobody else wrote it in that one's name, as far as can be told.
    pub(super) may: bool,
    /// Who answers, where that is not simply the one who writes.
    pub(super) who: Option<Mailbox>,
    /// Its times name no zone; they are told as those of UTC.
    pub(super) floats: bool,
    /// Of a request that is not sent by its organizer: who sends it.
    pub(super) passed_on: Option<Mailbox>,
}

/// What an item is told by: the item as it is after the change that is told.
pub struct NoticeSource<'a> {
    pub row: &'a ItemRow,
    pub attachments: Vec<Attached>,
    /// A text in the place of the item's own.
    pub body: Option<Body>,
}

impl NoticeKind {
    pub(super) fn kind(&self) -> ItemKind {
        match self {
            NoticeKind::Request { .. } => ItemKind::MeetingRequest,
            NoticeKind::Cancellation => ItemKind::MeetingCancellation,
            NoticeKind::Response { .. } => ItemKind::MeetingResponse,
            NoticeKind::Forward => ItemKind::MeetingMessage,
        }
    }

    pub(super) fn class(&self) -> &'static str {
        match self {
            NoticeKind::Request { .. } => "IPM.Schedule.Meeting.Request",
            NoticeKind::Cancellation => "IPM.Schedule.Meeting.Canceled",
            NoticeKind::Response { answer: Answer::Accept, .. } => "IPM.Schedule.Meeting.Resp.Pos",
            NoticeKind::Response { answer: Answer::Decline, .. } => "IPM.Schedule.Meeting.Resp.Neg",
            NoticeKind::Response { .. } => "IPM.Schedule.Meeting.Resp.Tent",
            NoticeKind::Forward => "IPM.Schedule.Meeting.Notification.Forward",
        }
    }

    /// What stands before the subject.
    fn prefix(&self) -> &'static str {
        match self {
            NoticeKind::Request { .. } => "",
            NoticeKind::Cancellation => "Canceled: ",
            NoticeKind::Response { answer: Answer::Accept, .. } => "Accepted: ",
            NoticeKind::Response { answer: Answer::Decline, .. } => "Declined: ",
            NoticeKind::Response { .. } => "Tentative: ",
            NoticeKind::Forward => "Meeting Forward Notification: ",
        }
    }

    /// Whether whoever sends it keeps a copy, and people elsewhere get it.
    pub(super) fn is_letter(&self) -> bool {
        !matches!(self, NoticeKind::Forward)
    }
}

impl Notice {
    /// The message from `from` to `to` about the item.
    pub fn new(
        what: NoticeKind,
        told: NoticeSource<'_>,
        from: &Mailbox,
        to: &[Mailbox],
        id: String,
        now: Timestamp,
    ) -> Result<Notice> {
        let NoticeSource { row, attachments, body } = told;
        let none = Map::new();
        let props = row.props.as_ref().unwrap_or(&none);
        let mut edit = Edit::new(what.kind(), None, now);
        let subject = row.columns.text(Column::Subject).unwrap_or_default();
        edit.set_column(Column::Subject, Value::Text(format!("{}{subject}", what.prefix())));
        edit.set_column(Column::Class, Value::Text(what.class().to_owned()));
        edit.set_column(Column::MessageId, Value::Text(id));
        edit.set_column(Column::Sent, Value::Time(now));
        let name = from.name.clone().or_else(|| from.address.clone()).unwrap_or_default();
        edit.set_column(Column::FromName, Value::Text(name));
        for column in [Column::From, Column::Sender] {
            edit.set_column(column, Value::Mailbox(from.clone()));
        }
        for column in [Column::Importance, Column::Sensitivity] {
            if let Some(value) = row.columns.get(column) {
                edit.set_column(column, value.clone());
            }
        }
        edit.set(PropId::MessageToRecipients, Value::Mailboxes(to.to_vec()))?;
        copy(&mut edit, props, By::All);
        fill(&mut edit, &what, row, props);
        let body = body.or_else(|| body::stored(row).filter(|_| !matches!(what, NoticeKind::Response { .. })));
        edit.body = body.map(Some);
        if attachments.iter().any(|one| !one.is_inline()) {
            edit.set_bit(bit::HAS_ATTACHMENTS, true);
        }
        edit.set_bit(bit::UNMODIFIED, true);
        edit.set_bit(bit::RESPONSE_REQUESTED, row.flags & bit::RESPONSE_REQUESTED != 0);
        derive::thread(&mut edit, now);
        let search = derive::complete(&mut edit)?.unwrap_or_default();
        edit.props.retain(|_, value| !value.is_null());
        let size =
            derive::size(edit.whole_body().as_deref(), &edit.props, attachments.iter().map(Attached::size).sum());
        edit.set.set(Column::Size, Value::Long(size));
        Ok(Notice { what, edit, search, attachments, may: true, who: None, floats: false, passed_on: None })
    }

    /// Says who sends a request that is somebody else's.
    pub(super) fn pass_on(&mut self, by: Mailbox) {
        self.edit.set_column(Column::Sender, Value::Mailbox(by.clone()));
        self.passed_on = Some(by);
    }

    /// Whether its times are those on the clocks of whoever gets it.
    pub fn floats(&self) -> bool {
        self.floats
    }

    /// The message as somebody in that zone gets it, whose times name none: the same days and clocks there.
    pub fn within(&self, zone: &ItemZone) -> Notice {
        let mut notice = self.clone();
        floating::settle(&mut notice.edit.props, zone);
        if let NoticeKind::Response { proposed, .. } = &mut notice.what {
            proposed.iter_mut().flatten().for_each(|time| *time = floating::within(*time, zone));
        }
        notice.floats = false;
        notice
    }

    pub fn props(&self) -> &Map {
        &self.edit.props
    }

    pub fn props_mut(&mut self) -> &mut Map {
        &mut self.edit.props
    }

    pub fn uid(&self) -> &str {
        people::text(self.props(), PropId::CalendarUID).unwrap_or_default()
    }

    pub fn subject(&self) -> &str {
        self.edit.set.text(Column::Subject).unwrap_or_default()
    }

    /// Who answers.
    pub fn responder(&self) -> Mailbox {
        self.who.clone().unwrap_or_else(|| self.from())
    }

    /// Who it is from.
    pub fn from(&self) -> Mailbox {
        match self.edit.set.get(Column::From) {
            Some(Value::Mailbox(from)) => from.clone(),
            _ => Mailbox::default(),
        }
    }

    pub fn body(&self) -> Option<Body> {
        self.edit.body.clone().flatten()
    }

    pub fn attachments(&self) -> &[Attached] {
        &self.attachments
    }

    pub fn number(&self, column: Column) -> Option<i64> {
        self.edit.set.number(column)
    }

    pub fn asks(&self) -> bool {
        self.edit.flags() & bit::RESPONSE_REQUESTED != 0
    }

    /// The message as it leaves for people elsewhere.
    pub fn mail(&self, session: &mut Session<'_>) -> Result<Checked> {
        let columns = self.outgoing();
        let message = self.mime(&columns)?;
        submit::checked(session, &columns, &message)
    }

    /// What its head says elsewhere: from whoever sends it.
    fn outgoing(&self) -> Columns {
        let mut columns = self.edit.set.clone();
        if let Some(by) = &self.passed_on {
            let name = by.name.clone().or_else(|| by.address.clone()).unwrap_or_default();
            columns.set(Column::FromName, Value::Text(name));
            [Column::From, Column::Sender].into_iter().for_each(|id| columns.set(id, Value::Mailbox(by.clone())));
        }
        columns
    }

    /// The same of one that no session sends.
    pub fn mail_of(&self, store: &mut Store, author: &Author<'_>) -> Result<Checked> {
        let columns = self.outgoing();
        let message = self.mime(&columns)?;
        submit::checked_of(store, author, &columns, &message)
    }

    fn mime(&self, columns: &Columns) -> Result<Vec<u8>> {
        let body = self.body();
        let parts: Vec<mime::Part<'_>> = self.attachments.iter().map(Attached::part).collect::<Result<_, _>>()?;
        let source = ical::Source { columns: &self.edit.set, props: &self.edit.props, flags: self.edit.flags() };
        let calendar =
            ical::of_message(self.what.kind(), source, body.clone()).map(|one| ical::part(&one)).transpose()?;
        Ok(mime::build(&mime::Message {
            columns,
            props: &self.edit.props,
            flags: self.edit.flags(),
            body: body.as_ref(),
            parts: &parts,
            kept: &[],
            bcc: false,
            calendar: calendar.as_ref(),
        })?)
    }

    /// The message as an item of a folder, with what `more` says besides.
    pub fn item<'a>(&'a self, folder: ewsd_model::id::FolderNo, more: Map) -> NewItem<'a> {
        let mut item = NewItem::new(folder, self.what.kind());
        item.flags = self.edit.flags();
        item.columns = self.edit.set.clone();
        item.props = self.edit.props.clone();
        item.props.extend(more);
        item.props.retain(|_, value| !value.is_null());
        item.body = match &self.edit.body {
            Some(Some(body)) => Some(body.text.as_bytes()),
            _ => None,
        };
        item.plain = self.edit.plain.as_deref();
        item.search = &self.search;
        item.attachments = self.attachments.iter().map(Attached::row).collect();
        let starts = time_in(&self.edit.props, PropId::CalendarStart).unwrap_or(self.edit.now);
        let ends = time_in(&self.edit.props, PropId::CalendarEnd);
        item.event = Some(Event { starts, ends: ends.or(Some(starts)), series: false, uid: self.uid().to_owned() });
        item
    }
}

fn copy(edit: &mut Edit<'_>, props: &Map, by: By) {
    for element in members::of_item(by) {
        if let Some(value) = props.get(element) {
            edit.props.insert(element.to_owned(), value.clone());
        }
    }
}

/// What one kind of message has beside what all have.
fn fill(edit: &mut Edit<'_>, what: &NoticeKind, row: &ItemRow, props: &Map) {
    let now = edit.now.to_string();
    let mut put = |id: PropId, value: Json| drop(edit.props.insert(id.row().element.to_owned(), value));
    put(PropId::MeetingIsDelegated, false.into());
    put(PropId::MeetingIsOutOfDate, false.into());
    put(PropId::MeetingHasBeenProcessed, false.into());
    let to_organizer = matches!(what, NoticeKind::Response { .. } | NoticeKind::Forward);
    put(PropId::CalendarIsOrganizer, to_organizer.into());
    if let NoticeKind::Response { .. } = what {
        // Of two answers the later one counts; what is answered has a time of its own (RFC 5546 3.2.3).
        put(PropId::CalendarDateTimeStamp, now.into());
    }
    match what {
        NoticeKind::Request { highlights, .. } => {
            let intended = props.get(PropId::CalendarLegacyFreeBusyStatus.row().element).cloned();
            put(PropId::MeetingRequestIntendedFreeBusyStatus, intended.unwrap_or_else(|| "Busy".into()));
            put(PropId::CalendarLegacyFreeBusyStatus, "Tentative".into());
            put(PropId::CalendarAppointmentState, (state::MEETING | state::RECEIVED).into());
            put(PropId::CalendarIsMeeting, true.into());
            put(PropId::CalendarIsCancelled, false.into());
            put(PropId::CalendarMeetingRequestWasSent, true.into());
            put(PropId::CalendarMyResponseType, Answer::NoResponseReceived.name().into());
            put(PropId::MeetingResponseType, Answer::NoResponseReceived.name().into());
            let of_series = props.get(PropId::CalendarRecurrence.row().element).is_some() || row.occurrence.is_some();
            put(PropId::CalendarIsRecurring, of_series.into());
            put(PropId::MeetingRequestMeetingRequestType, "NewMeetingRequest".into());
            if *highlights != ChangeHighlights::default() {
                let json = json::member(&Value::ChangeHighlights(highlights.clone()));
                put(PropId::MeetingRequestChangeHighlights, json);
            }
            copy(edit, props, By::Requests);
            lead(&mut edit.props);
            occurrences::tell(&mut edit.props);
        }
        NoticeKind::Cancellation => put(PropId::MeetingResponseType, Answer::Unknown.name().into()),
        NoticeKind::Forward => {}
        NoticeKind::Response { answer, proposed } => {
            put(PropId::MeetingResponseType, answer.name().into());
            for (id, time) in [PropId::MeetingProposedStart, PropId::MeetingProposedEnd].into_iter().zip(proposed) {
                if let Some(time) = time {
                    put(id, time.to_string().into());
                }
            }
        }
    }
}

/// Whoever is invited sees the organizer first among those who come.
pub(super) fn lead(props: &mut Map) {
    let Some(organizer) = people::organizer(props) else { return };
    let id = PropId::CalendarRequiredAttendees;
    let mut required = people::list(props, id);
    required.retain(|one| !crate::item::edit::same_address(&one.mailbox, &organizer));
    let first =
        ewsd_model::calendar::Attendee { mailbox: organizer, response: Some(Answer::Organizer), ..Default::default() };
    required.insert(0, first);
    // What the others answered is the organizer's to know.
    required.iter_mut().skip(1).for_each(forget);
    people::put(props, id, required);
    let id = PropId::CalendarOptionalAttendees;
    let mut optional = people::list(props, id);
    if !optional.is_empty() {
        optional.iter_mut().for_each(forget);
        people::put(props, id, optional);
    }
}

fn forget(one: &mut ewsd_model::calendar::Attendee) {
    *one = ewsd_model::calendar::Attendee {
        mailbox: std::mem::take(&mut one.mailbox),
        response: Some(Answer::Unknown),
        ..Default::default()
    };
}

/// The subject without what messages put before it.
pub fn plain_subject(subject: &str) -> &str {
    let prefixes = ["Canceled: ", "Accepted: ", "Declined: ", "Tentative: "];
    prefixes.iter().find_map(|prefix| subject.strip_prefix(prefix)).unwrap_or_else(|| mime::topic(subject))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// The calendar of a message about a whole day, which the organizer changed on the first of November.
    fn told(what: NoticeKind) -> crate::convert::ical::Event {
        let mut row = crate::property::testing::row();
        row.kind = ItemKind::CalendarItem;
        row.props = serde_json::json!({
            "UID": "1", "Start": "2026-12-01T00:00:00Z", "End": "2026-12-02T00:00:00Z", "StartTimeZone": "UTC",
            "IsAllDayEvent": true, "DateTimeStamp": "2026-11-01T09:00:00Z", "AppointmentSequenceNumber": 3,
        })
        .as_object()
        .cloned();
        let me = Mailbox { address: Some("me@x.test".to_owned()), ..Mailbox::default() };
        let source = NoticeSource { row: &row, attachments: Vec::new(), body: None };
        let now = "2026-11-02T10:00:00Z".parse().unwrap();
        let notice = Notice::new(what, source, &me, &[], "<1@x.test>".to_owned(), now).unwrap();
        let source = ical::Source { columns: &notice.edit.set, props: notice.props(), flags: notice.edit.flags() };
        ical::of_message(notice.what.kind(), source, None).unwrap().events.remove(0)
    }

    fn stamp(event: &crate::convert::ical::Event) -> String {
        event.stamp.unwrap().to_string()
    }

    #[test]
    fn every_message_is_about_whole_days_and_answers_have_their_own_time() {
        let request = told(NoticeKind::Request { full: true, highlights: ChangeHighlights::default() });
        assert_eq!((request.all_day, stamp(&request).as_str()), (true, "2026-11-01T09:00:00Z"));
        let cancelled = told(NoticeKind::Cancellation);
        assert_eq!((cancelled.all_day, stamp(&cancelled).as_str()), (true, "2026-11-01T09:00:00Z"));
        let answer = |proposed| told(NoticeKind::Response { answer: Answer::Tentative, proposed });
        let answered = answer([None, None]);
        assert_eq!((answered.all_day, stamp(&answered).as_str()), (true, "2026-11-02T10:00:00Z"));
        let at = |text: &str| Some(text.parse().unwrap());
        assert!(answer([at("2026-12-03T00:00:00Z"), at("2026-12-04T00:00:00Z")]).all_day);
        assert!(!answer([at("2026-12-03T09:00:00Z"), at("2026-12-03T10:00:00Z")]).all_day);
    }
}
