//! What meeting messages take from the item that they are about.

use ewsd_model::PropId;

/// Which messages take a property.
#[derive(Clone, Copy, PartialEq)]
pub enum By {
    All,
    Requests,
}

/// A row: the property, which messages of people here take it, and whether every message that came as mail takes it from the
/// event in its calendar; what none does is told apart there (`mail.rs`), or never comes by mail.
const MEMBERS: [(PropId, By, bool); 27] = [
    (PropId::CalendarUID, By::All, true),
    (PropId::CalendarStart, By::All, true),
    (PropId::CalendarEnd, By::All, true),
    (PropId::CalendarStartTimeZone, By::All, true),
    (PropId::CalendarEndTimeZone, By::All, true),
    (PropId::CalendarTimeZone, By::All, true),
    (PropId::CalendarDuration, By::All, true),
    (PropId::CalendarLocation, By::All, true),
    (PropId::CalendarEnhancedLocation, By::All, true),
    (PropId::CalendarRecurrence, By::All, true),
    (PropId::CalendarRecurrenceId, By::All, false),
    (PropId::CalendarOriginalStart, By::All, false),
    (PropId::CalendarCalendarItemType, By::All, true),
    (PropId::CalendarDateTimeStamp, By::All, false),
    (PropId::CalendarAppointmentSequenceNumber, By::All, true),
    (PropId::CalendarOrganizer, By::All, false),
    (PropId::CalendarIsAllDayEvent, By::All, true),
    (PropId::CalendarRequiredAttendees, By::Requests, true),
    (PropId::CalendarOptionalAttendees, By::Requests, true),
    (PropId::CalendarAllowNewTimeProposal, By::Requests, false),
    (PropId::CalendarConferenceType, By::Requests, false),
    (PropId::CalendarIsOnlineMeeting, By::Requests, false),
    (PropId::CalendarMeetingWorkspaceUrl, By::Requests, false),
    (PropId::CalendarNetShowUrl, By::Requests, false),
    (PropId::CalendarModifiedOccurrences, By::Requests, true),
    (PropId::CalendarDeletedOccurrences, By::Requests, true),
    (PropId::ItemReminderMinutesBeforeStart, By::Requests, false),
];

/// The members of the item's document that messages of people here take: all of them, or requests besides.
pub fn of_item(by: By) -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().filter(move |(_, whose, _)| *whose == by).map(|(id, ..)| id.row().element)
}

/// Those that messages which came as mail take from their event.
pub fn of_event() -> impl Iterator<Item = &'static str> {
    MEMBERS.iter().filter(|(_, _, of_event)| *of_event).map(|(id, ..)| id.row().element)
}
