//! Answers of GetUserAvailability (MS-OXWAVLS 2.2.4): for each mailbox a response message of its own, then the suggestions.

use ewsd_model::Version;
use ewsd_model::availability::{BusyType, Conflict, DaySuggestions, WorkingPeriod};
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::operation::Op;
use ewsd_model::timezone::SerializableZone;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::record::Write;
use crate::word::FreeBusyViewType;
use crate::writer::{M, T, Writer};

/// What was worked out; what was not asked for is None.
#[derive(Clone, Debug, PartialEq)]
pub struct Availability {
    /// The zone that times are told in.
    pub zone: TimeZone,
    /// One for each mailbox, in the order of the request.
    pub views: Option<Vec<Outcome<FreeBusyView>>>,
    pub suggestions: Option<Outcome<Vec<DaySuggestions>>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FreeBusyView {
    pub kind: FreeBusyViewType,
    /// A digit for each interval.
    pub merged: Option<String>,
    /// In the order of their starts.
    pub events: Vec<CalendarEvent>,
    pub hours: Option<(SerializableZone, Vec<WorkingPeriod>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct CalendarEvent {
    pub start: Timestamp,
    pub end: Timestamp,
    pub busy: BusyType,
    pub details: Option<EventDetails>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventDetails {
    /// The entry id in hexadecimal digits.
    pub id: Option<String>,
    pub subject: Option<String>,
    pub location: Option<String>,
    pub is_meeting: bool,
    pub is_recurring: bool,
    pub is_exception: bool,
    pub is_reminder_set: bool,
    pub is_private: bool,
}

/// For the log.
pub(super) fn failures(outcome: &Outcome<Availability>) -> Vec<&Failure> {
    let Outcome::Success(told) = outcome else { return outcome.failure().into_iter().collect() };
    let views = told.views.iter().flatten().filter_map(Outcome::failure);
    views.chain(told.suggestions.as_ref().and_then(Outcome::failure)).collect()
}

pub(super) fn write(w: &mut Writer<'_>, _: Op, told: Option<&Availability>) {
    let Some(Availability { zone, views, suggestions }) = told else { return };
    if let Some(views) = views {
        w.open(M, "FreeBusyResponseArray");
        for outcome in views {
            w.open(M, "FreeBusyResponse");
            super::bare_message(w, "ResponseMessage", outcome);
            if let Some(view) = outcome.value() {
                write_view(w, zone, view);
            }
            w.close(M, "FreeBusyResponse");
        }
        w.close(M, "FreeBusyResponseArray");
    }
    if let Some(outcome) = suggestions {
        w.open(M, "SuggestionsResponse");
        super::bare_message(w, "ResponseMessage", outcome);
        if let Some(days) = outcome.value() {
            super::list(w, M, "SuggestionDayResultArray", days, |w, day| write_day(w, zone, day));
        }
        w.close(M, "SuggestionsResponse");
    }
}

/// Local time without an offset; programs of 2007 are told the offset.
fn time(w: &mut Writer<'_>, name: &str, zone: &TimeZone, time: Timestamp) {
    let local = time.to_zoned(zone.clone());
    let form = if w.form().version >= Version::Exchange2010 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%:z" };
    w.text_element(T, name, &local.strftime(form).to_string());
}

fn write_view(w: &mut Writer<'_>, zone: &TimeZone, view: &FreeBusyView) {
    w.open(M, "FreeBusyView");
    w.text_element(T, "FreeBusyViewType", view.kind.word());
    w.some_text(T, "MergedFreeBusy", view.merged.as_deref());
    // An array without events is left out: some programs stumble over an empty one.
    if !view.events.is_empty() {
        super::list(w, T, "CalendarEventArray", &view.events, |w, event| write_event(w, zone, event));
    }
    if let Some((zone, periods)) = &view.hours {
        w.open(T, "WorkingHours");
        zone.write(w, "TimeZone");
        super::list(w, T, "WorkingPeriodArray", periods, write_period);
        w.close(T, "WorkingHours");
    }
    w.close(M, "FreeBusyView");
}

fn write_event(w: &mut Writer<'_>, zone: &TimeZone, event: &CalendarEvent) {
    w.open(T, "CalendarEvent");
    time(w, "StartTime", zone, event.start);
    time(w, "EndTime", zone, event.end);
    w.text_element(T, "BusyType", event.busy.word());
    if let Some(details) = &event.details {
        w.open(T, "CalendarEventDetails");
        for (name, text) in [("ID", &details.id), ("Subject", &details.subject), ("Location", &details.location)] {
            w.some_text(T, name, text.as_deref());
        }
        for (name, value) in [
            ("IsMeeting", details.is_meeting),
            ("IsRecurring", details.is_recurring),
            ("IsException", details.is_exception),
            ("IsReminderSet", details.is_reminder_set),
            ("IsPrivate", details.is_private),
        ] {
            w.bool_element(T, name, value);
        }
        w.close(T, "CalendarEventDetails");
    }
    w.close(T, "CalendarEvent");
}

fn write_period(w: &mut Writer<'_>, period: &WorkingPeriod) {
    let days: Vec<&str> = period.days.iter().map(|day| day.word()).collect();
    w.open(T, "WorkingPeriod");
    w.text_element(T, "DayOfWeek", &days.join(" "));
    w.number_element(T, "StartTimeInMinutes", i64::from(period.start));
    w.number_element(T, "EndTimeInMinutes", i64::from(period.end));
    w.close(T, "WorkingPeriod");
}

fn write_day(w: &mut Writer<'_>, zone: &TimeZone, day: &DaySuggestions) {
    w.open(T, "SuggestionDayResult");
    w.text_element(T, "Date", &format!("{}T00:00:00", day.date));
    w.text_element(T, "DayQuality", day.quality.word());
    if !day.suggestions.is_empty() {
        super::list(w, T, "SuggestionArray", &day.suggestions, |w, one| {
            w.open(T, "Suggestion");
            time(w, "MeetingTime", zone, one.start);
            w.bool_element(T, "IsWorkTime", one.is_work_time);
            w.text_element(T, "SuggestionQuality", one.quality.word());
            super::list(w, T, "AttendeeConflictDataArray", &one.conflicts, write_conflict);
            w.close(T, "Suggestion");
        });
    }
    w.close(T, "SuggestionDayResult");
}

fn write_conflict(w: &mut Writer<'_>, conflict: &Conflict) {
    match *conflict {
        Conflict::One(busy) => {
            w.open(T, "IndividualAttendeeConflictData");
            w.text_element(T, "BusyType", busy.word());
            w.close(T, "IndividualAttendeeConflictData");
        }
        Conflict::Group { members, free, busy, unknown } => {
            w.open(T, "GroupAttendeeConflictData");
            for (name, count) in [
                ("NumberOfMembers", members),
                ("NumberOfMembersAvailable", free),
                ("NumberOfMembersWithConflict", busy),
                ("NumberOfMembersWithNoData", unknown),
            ] {
                w.number_element(T, name, i64::try_from(count).unwrap_or(i64::MAX));
            }
            w.close(T, "GroupAttendeeConflictData");
        }
        Conflict::TooBigGroup => w.empty(T, "TooBigGroupAttendeeConflictData"),
        Conflict::Unknown => w.empty(T, "UnknownAttendeeConflictData"),
    }
}
