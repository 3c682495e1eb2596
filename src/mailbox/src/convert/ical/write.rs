//! Writing a calendar in the form that Exchange gives it (MS-OXCICAL 2.1.3.1): what order, which names.

use ewsd_ical::{Moment, Writer};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::{BodyType, Mailbox};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

use super::event::{Answer, Attachment, Attendee, Busy, Calendar, Content, Event, Importance, Role};
use super::{ZONE, last_of, rule, zone};
use crate::convert::table::HtmlText;
use crate::convert::{Failed, ask};

/// Programs look for Exchange's.
const PRODUCT: &str = "Microsoft Exchange Server 2010";

/// What a calendar says that is nobody's message.
const NO_METHOD: &str = "PUBLISH";

/// Nobody else knows its rules.
fn is_custom(zone: &ItemZone) -> bool {
    matches!(zone, ItemZone::Custom(_))
}

/// # Errors
/// [`Failed`] when an HTML body could not be converted to the text beside it.
pub fn write(calendar: &Calendar) -> Result<String, Failed> {
    let mut w = Writer::default();
    w.begin("VCALENDAR");
    w.line("METHOD", &[], calendar.method.as_deref().unwrap_or(NO_METHOD));
    w.line("PRODID", &[], PRODUCT);
    w.line("VERSION", &[], "2.0");
    let mut told: Vec<&str> = Vec::new();
    for event in &calendar.events {
        // Days alone need a zone only where they recur.
        let ends = Some(&event.end_zone).filter(|_| !event.all_day);
        let starts = Some(&event.zone).filter(|zone| !event.all_day || event.recurrence.is_some() || is_custom(zone));
        for zone in starts.into_iter().chain(ends) {
            if !told.contains(&zone.id()) {
                told.push(zone.id());
                zone::write(&mut w, zone, zone.time_zone().to_datetime(event.start).year());
            }
        }
    }
    let series = calendar.events.iter().rev().filter(|event| event.recurrence_id.is_none());
    let series: HashMap<&str, &Event> = series.map(|event| (event.uid.as_str(), event)).collect();
    for event in &calendar.events {
        let kind = match (&event.recurrence, event.recurrence_id) {
            (Some(_), _) => "1",
            (None, Some(_)) => "3",
            (None, None) => "0",
        };
        let named_by = series.get(event.uid.as_str()).copied().unwrap_or(event);
        write_event(&mut w, event, named_by, kind)?;
    }
    w.end("VCALENDAR");
    Ok(w.finish())
}

/// `series`: the event whose times name an occurrence.
fn write_event(w: &mut Writer, event: &Event, series: &Event, kind: &str) -> Result<(), Failed> {
    w.begin("VEVENT");
    if let Some(organizer) = &event.organizer {
        address(w, "ORGANIZER", &[], organizer);
    }
    let answered = event.attendees.iter().all(|one| one.answer != Answer::NoResponseReceived);
    event.attendees.iter().for_each(|one| {
        let asked = answered || one.answer == Answer::NoResponseReceived;
        attendee(w, one, event.response_requested && asked);
    });
    event.attachments.iter().for_each(|one| attachment(w, one));
    body(w, event)?;
    if let Some(recurrence) = &event.recurrence {
        if let Some(rule) = rule::write(recurrence, clocks(event, event.start, &event.zone).time(), &event.zone) {
            w.line("RRULE", &[], &rule);
        }
    }
    deleted(w, event);
    w.text("UID", &[], &event.uid);
    if let Some(id) = event.recurrence_id {
        named(w, series, id);
    }
    // Always, also of exceptions: programs take no title from the series.
    w.text("SUMMARY", &[], event.subject.as_deref().unwrap_or_default());
    time(w, "DTSTART", event, event.start, &event.zone);
    end(w, event);
    if event.all_day {
        w.text(ZONE, &[], event.zone.id());
    }
    w.line("CLASS", &[], event.sensitivity.ical());
    w.line("PRIORITY", &[], event.importance.ical());
    if let Some(stamp) = event.stamp {
        w.line("DTSTAMP", &[], &utc(stamp));
    }
    let opaque = !matches!(event.busy, Busy::Free | Busy::WorkingElsewhere);
    w.line("TRANSP", &[], if opaque { "OPAQUE" } else { "TRANSPARENT" });
    w.line("STATUS", &[], if event.cancelled { "CANCELLED" } else { "CONFIRMED" });
    w.line("SEQUENCE", &[], &event.sequence.to_string());
    if let Some(location) = &event.location {
        w.text("LOCATION", &[], location);
    }
    if !event.categories.is_empty() {
        let categories: Vec<String> = event.categories.iter().map(|category| ewsd_ical::escape(category)).collect();
        w.line("CATEGORIES", &[], &categories.join(","));
    }
    private(w, event, kind);
    if let Some(minutes) = event.reminder {
        alarm(w, minutes);
    }
    w.end("VEVENT");
    Ok(())
}

/// What only Exchange and its clients say.
fn private(w: &mut Writer, event: &Event, kind: &str) {
    let truth = |value: bool| if value { "TRUE" } else { "FALSE" };
    w.line("X-MICROSOFT-CDO-APPT-SEQUENCE", &[], &event.sequence.to_string());
    w.line("X-MICROSOFT-CDO-BUSYSTATUS", &[], event.busy.ical());
    w.line("X-MICROSOFT-CDO-INTENDEDSTATUS", &[], event.intended.unwrap_or(event.busy).ical());
    w.line("X-MICROSOFT-CDO-ALLDAYEVENT", &[], truth(event.all_day));
    let importance = match event.importance {
        Importance::Low => "0",
        Importance::Normal => "1",
        Importance::High => "2",
    };
    w.line("X-MICROSOFT-CDO-IMPORTANCE", &[], importance);
    w.line("X-MICROSOFT-CDO-INSTTYPE", &[], kind);
    w.line("X-MICROSOFT-DISALLOW-COUNTER", &[], truth(!event.allow_new_time));
}

fn utc(time: Timestamp) -> String {
    Moment::Utc(TimeZone::UTC.to_datetime(time)).write()
}

/// What the clocks in its zone say at a time of the event, or are meant to say where that hour is missing on the first day of a series.
fn clocks(event: &Event, time: Timestamp, zone: &ItemZone) -> DateTime {
    let meant = event.clock.filter(|_| time == event.start && zone == &event.zone);
    let meant = meant.and_then(|clock| meant_at(event, clock.start));
    meant.unwrap_or_else(|| zone.time_zone().to_datetime(time))
}

/// Those minutes of the day on which the first occurrence of a series begins by its clock.
fn meant_at(event: &Event, minutes: i32) -> Option<DateTime> {
    let (clock, zone) = (event.clock?, event.zone.time_zone());
    let on = |date: Date, minutes: i32| {
        date.to_datetime(Time::midnight()).checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()
    };
    // A gap at the end of a day makes it the next one.
    let begins = zone.to_datetime(event.start).date();
    let mut days = [Some(begins), begins.yesterday().ok()].into_iter().flatten();
    let day = days.find(|day| on(*day, clock.start).is_some_and(|local| instant(&zone, local) == event.start))?;
    on(day, minutes)
}

/// By its clock, unless that is missing then or before the start: the length is the same on every day.
fn end(w: &mut Writer, event: &Event) {
    let meant = event.clock.filter(|_| !event.all_day && event.zone == event.end_zone);
    let Some((clock, local)) = meant.and_then(|clock| Some((clock, meant_at(event, clock.end)?))) else {
        return time(w, "DTEND", event, event.end, &event.end_zone);
    };
    if local > clocks(event, event.start, &event.zone) && instant(&event.zone.time_zone(), local) == event.end {
        w.line("DTEND", &[("TZID", event.zone.id())], &Moment::Local(local).write());
    } else {
        w.line("DURATION", &[], &format!("PT{}M", clock.end - clock.start));
    }
}

/// A time as DTSTART has it: the day of an event of whole days, UTC as such, else the clock of its zone.
fn time(w: &mut Writer, name: &str, event: &Event, time: Timestamp, zone: &ItemZone) {
    let local = clocks(event, time, zone);
    if event.all_day {
        let local = event.zone.time_zone().to_datetime(time);
        w.line(name, &[("VALUE", "DATE")], &Moment::Date(local.date()).write());
    } else {
        w.line(name, &[("TZID", zone.id())], &Moment::Local(local).write());
    }
}

/// Which occurrence it is: a day of a series of whole days, if it is one of its midnights.
fn named(w: &mut Writer, series: &Event, id: Timestamp) {
    let zone = series.zone.time_zone();
    let local = zone.to_datetime(id);
    if series.all_day && instant(&zone, local.date().to_datetime(Time::midnight())) != id {
        return w.line("RECURRENCE-ID", &[("TZID", series.zone.id())], &Moment::Local(local).write());
    }
    time(w, "RECURRENCE-ID", series, id, &series.zone);
}

/// One line.
fn deleted(w: &mut Writer, event: &Event) {
    if event.deleted.is_empty() {
        return;
    }
    let zone = event.zone.time_zone();
    let locals = event.deleted.iter().map(|time| zone.to_datetime(*time));
    if event.all_day {
        let days: Vec<String> = locals.map(|local| Moment::Date(local.date()).write()).collect();
        w.line("EXDATE", &[("VALUE", "DATE")], &days.join(","));
    } else {
        let times: Vec<String> = locals.map(|local| Moment::Local(local).write()).collect();
        w.line("EXDATE", &[("TZID", event.zone.id())], &times.join(","));
    }
}

fn address(w: &mut Writer, name: &str, parameters: &[(&str, &str)], mailbox: &Mailbox) {
    let address = mailbox.address.as_deref().unwrap_or_default();
    let mut all = parameters.to_vec();
    all.push(("CN", mailbox.name.as_deref().filter(|name| !name.is_empty()).unwrap_or(address)));
    w.line(name, &all, &format!("mailto:{address}"));
}

/// `asked`: who has answered is not asked again, unless all have: then it says that they were.
fn attendee(w: &mut Writer, attendee: &Attendee, asked: bool) {
    let mut parameters = match attendee.role {
        Role::Required => vec![("ROLE", "REQ-PARTICIPANT")],
        Role::Optional => vec![("ROLE", "OPT-PARTICIPANT")],
        Role::Resource => vec![("CUTYPE", "RESOURCE"), ("ROLE", "NON-PARTICIPANT")],
    };
    parameters.push(("PARTSTAT", attendee.answer.ical()));
    if asked {
        parameters.push(("RSVP", "TRUE"));
    }
    address(w, "ATTENDEE", &parameters, &attendee.mailbox);
}

fn attachment(w: &mut Writer, attachment: &Attachment) {
    let mut parameters = Vec::new();
    if let Some(kind) = &attachment.content_type {
        parameters.push(("FMTTYPE", kind.as_str()));
    }
    match &attachment.content {
        Content::Octets(octets) => {
            parameters.push(("X-FILENAME", &attachment.name));
            w.octets("ATTACH", &parameters, octets);
        }
        Content::Link(link) => {
            if attachment.name != last_of(link) {
                parameters.push(("X-FILENAME", &attachment.name));
            }
            w.line("ATTACH", &parameters, link);
        }
        Content::Part(id) => w.line("ATTACH", &parameters, &format!("CID:{id}")),
    }
}

fn body(w: &mut Writer, event: &Event) -> Result<(), Failed> {
    let Some(body) = &event.body else { return Ok(()) };
    match body.body_type {
        BodyType::Text => w.text("DESCRIPTION", &[], &body.text),
        BodyType::Html => {
            w.text("DESCRIPTION", &[], &ask(&HtmlText {}, body.text.as_bytes())?);
            w.text("X-ALT-DESC", &[("FMTTYPE", "text/html")], &body.text);
        }
    }
    Ok(())
}

fn alarm(w: &mut Writer, minutes: i32) {
    w.begin("VALARM");
    w.line("DESCRIPTION", &[], "REMINDER");
    // Zero has a unit as well: a bare sign of a duration is read by nobody.
    let sign = if minutes < 0 { "" } else { "-" };
    w.line("TRIGGER", &[("RELATED", "START")], &format!("{sign}PT{}M", minutes.unsigned_abs()));
    w.line("ACTION", &[], "DISPLAY");
    w.end("VALARM");
}
