//! When a calendar item is: its zones, its start and end, whole days, its series; and what follows from them. All of an edit
//! together, for the zones that it sets decide how its other times are read (MS-OXWSMTGS 2.2.4.4).

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::{Column, bit};
use ewsd_model::recurrence::{Clock, Series, Times};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::{PropId, Value};
use ewsd_store::{Event, Map, json};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::Value as Json;

use super::mapi;
use super::series::{Master, clock_in, few, recurrence_in, time_in, times_of, zone_in};
use crate::item::edit::Edit;

/// Minutes before the start at which a reminder is due where nobody says otherwise.
pub const REMINDER: i64 = 15;

/// The length of an item of which only the start is given.
const LENGTH: SignedDuration = SignedDuration::from_mins(30);

/// Years that an item may last.
const YEARS: i16 = 5;

/// `PT1H30M`, as xs:duration has it.
pub fn duration(start: Timestamp, end: Timestamp) -> String {
    let minutes = end.duration_since(start).as_mins().max(0);
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let mut text = String::from("P");
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    if hours > 0 || rest > 0 || days == 0 {
        text.push('T');
    }
    if hours > 0 {
        text.push_str(&format!("{hours}H"));
    }
    if rest > 0 || minutes == 0 {
        text.push_str(&format!("{rest}M"));
    }
    text
}

/// When the reminder of what starts then is due.
pub fn reminder(start: Timestamp, minutes: Option<i64>) -> Timestamp {
    let before = SignedDuration::from_mins(minutes.unwrap_or(REMINDER).clamp(0, 60 * 24 * 366));
    start.checked_sub(before).unwrap_or(start)
}

/// As exactly as the database knows it.
pub fn whole_microseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn put_time(edit: &mut Edit<'_>, id: PropId, time: Timestamp) {
    edit.put_member(id, time.to_string());
}

/// The document as it is after the edit, as far as times go.
fn document(edit: &Edit<'_>) -> Map {
    const IDS: [PropId; 8] = [
        PropId::CalendarIsAllDayEvent,
        PropId::CalendarStart,
        PropId::CalendarEnd,
        PropId::CalendarStartTimeZone,
        PropId::CalendarEndTimeZone,
        PropId::CalendarRecurrence,
        PropId::CalendarModifiedOccurrences,
        PropId::CalendarDeletedOccurrences,
    ];
    let elements = IDS.map(|id| id.row().element);
    elements.iter().filter_map(|name| Some(((*name).to_owned(), edit.member(name)?.clone()))).collect()
}

fn touched(edit: &Edit<'_>, id: PropId) -> bool {
    edit.touched.contains(&id)
}

/// The zones that count after the edit, written into it.
fn zones(edit: &mut Edit<'_>) -> (ItemZone, ItemZone) {
    let (start_id, end_id) = (PropId::CalendarStartTimeZone, PropId::CalendarEndTimeZone);
    let set = |edit: &mut Edit<'_>, id: PropId, zone: &ItemZone| {
        edit.put_member(id, json::encode_zone(zone));
    };
    // The older form stands for both.
    if touched(edit, PropId::CalendarMeetingTimeZone) && !touched(edit, start_id) {
        let meeting = edit.member(PropId::CalendarMeetingTimeZone.row().element).cloned();
        if let Some(zone) = meeting.and_then(|zone| json::decode_zone(&zone)) {
            for id in [start_id, end_id] {
                set(edit, id, &zone);
                edit.touched.insert(id);
            }
        }
        edit.props.insert(PropId::CalendarMeetingTimeZone.row().element.to_owned(), Json::Null);
    }
    let known = document(edit);
    let start = match zone_in(&known, start_id) {
        Some(zone) => zone,
        None => {
            let zone = edit.zone.zone.clone();
            set(edit, start_id, &zone);
            zone
        }
    };
    let end = match zone_in(&known, end_id) {
        Some(zone) if touched(edit, end_id) || !touched(edit, start_id) => zone,
        _ => {
            set(edit, end_id, &start);
            start.clone()
        }
    };
    (start, end)
}

fn is_of_days(edit: &Edit<'_>) -> bool {
    edit.member(PropId::CalendarIsAllDayEvent.row().element).and_then(Json::as_bool) == Some(true)
}

/// A time, and what the clocks in the zone of the start are meant to say then, where that is known. They do not say it where the
/// time lies in an hour that is missing.
#[derive(Clone, Copy)]
struct Reading {
    time: Timestamp,
    local: Option<DateTime>,
}

impl Reading {
    fn at(time: Timestamp) -> Reading {
        Reading { time: whole_minute(time), local: None }
    }

    fn on(zone: &ItemZone, local: DateTime, start_zone: &ItemZone) -> Reading {
        let local_there = Some(local).filter(|_| zone == start_zone);
        Reading { time: whole_minute(instant(&zone.time_zone(), local)), local: local_there }
    }

    /// An end in a missing hour may lie before its start: then it is the start with the length that the clocks tell.
    fn after(self, start: Reading) -> Reading {
        match (start.local, self.local) {
            (Some(begins), Some(ends)) if ends > begins && self.time <= start.time => {
                let time = start.time.checked_add(ends.duration_since(begins)).unwrap_or(self.time);
                Reading { time: whole_minute(time), ..self }
            }
            _ => self,
        }
    }

    fn clock(self, end: Reading) -> Option<Clock> {
        let (begins, ends) = (self.local?, end.local?);
        let midnight = begins.date().to_datetime(Time::midnight());
        let minutes = |local: DateTime| i32::try_from(local.duration_since(midnight).as_mins()).ok();
        Some(Clock { start: minutes(begins)?, end: minutes(ends)? })
    }
}

/// A time of the edit that names no zone, read in the zone that counts for it.
fn local(edit: &Edit<'_>, id: PropId, own: Option<&ItemZone>, start_zone: &ItemZone) -> Option<Reading> {
    let local = edit.locals.get(&id)?;
    Some(Reading::on(own.unwrap_or(&edit.zone.zone), *local, start_zone))
}

/// What the clocks say at a time of a document, in the zone that it has there.
fn clocks_of(document: &Map, id: PropId, zone_id: PropId) -> Option<DateTime> {
    let (time, zone) = (time_in(document, id)?, zone_in(document, zone_id)?);
    let Some(master) = Master::read(document).filter(|master| master.zone == zone) else {
        return Some(zone.time_zone().to_datetime(time));
    };
    let minutes = if id == PropId::CalendarStart { master.times.start } else { master.times.end };
    let midnight = master.series.first().to_datetime(Time::midnight());
    midnight.checked_add(SignedDuration::from_mins(i64::from(minutes))).ok()
}

fn whole_minute(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap_or(time)
}

/// The half hour that begins next.
fn next_half_hour(now: Timestamp) -> Timestamp {
    Timestamp::from_second((now.as_second().div_euclid(1800) + 1) * 1800).unwrap_or(now)
}

/// Start and end as they are after the edit, before they are made whole days.
fn times(edit: &Edit<'_>, start_zone: &ItemZone, end_zone: &ItemZone) -> (Reading, Reading) {
    let (start_id, end_id) = (PropId::CalendarStart, PropId::CalendarEnd);
    let (start_zoned, end_zoned) =
        (touched(edit, PropId::CalendarStartTimeZone), touched(edit, PropId::CalendarEndTimeZone));
    let known = document(edit);
    let before = edit.base.and_then(|base| base.props.as_ref());
    // Only the zone is another: the clocks on the wall say the same as before (MS-OXWSMTGS 2.2.4.4). What the item had is read by
    // its old zone: an edit that is settled once more has the new time already.
    let kept = |id: PropId, zone_id: PropId, new: &ItemZone, zoned: bool| {
        let old = before.filter(|_| zoned && !touched(edit, id));
        match old.and_then(|before| clocks_of(before, id, zone_id)) {
            Some(local) => Some(Reading::on(new, local, start_zone)),
            None => time_in(&known, id).map(Reading::at),
        }
    };
    let own = |zoned: bool, zone| if zoned || edit.base.is_none() { Some(zone) } else { None };
    let start = local(edit, start_id, own(start_zoned, start_zone), start_zone)
        .or_else(|| kept(start_id, PropId::CalendarStartTimeZone, start_zone, start_zoned))
        .unwrap_or_else(|| Reading::at(next_half_hour(edit.now)));
    let end_own = if end_zoned { Some(end_zone) } else { own(start_zoned, end_zone) };
    let end = local(edit, end_id, end_own, start_zone)
        .or_else(|| kept(end_id, PropId::CalendarEndTimeZone, end_zone, end_zoned || start_zoned))
        .unwrap_or_else(|| Reading::at(start.time.checked_add(LENGTH).unwrap_or(start.time)));
    (start, end.after(start))
}

fn midnight(zone: &TimeZone, day: Date) -> Timestamp {
    instant(zone, day.to_datetime(Time::midnight()))
}

/// The days of a zone that hold the time, from midnight to midnight; at least one.
pub fn whole_days(zone: &TimeZone, start: Timestamp, end: Timestamp) -> (Timestamp, Timestamp) {
    let first = zone.to_datetime(start).date();
    let last = zone.to_datetime(end).date();
    let next = |day: Date| day.tomorrow().unwrap_or(day);
    let last = if midnight(zone, last) == end { last } else { next(last) };
    let last = if last > first { last } else { next(first) };
    (midnight(zone, first), midnight(zone, last))
}

fn check(start: Timestamp, end: Timestamp) -> Result<(), Failure> {
    if end <= start {
        return Err(Failure::new(Code::ErrorCalendarEndDateIsEarlierThanStartDate));
    }
    let utc = TimeZone::UTC;
    let most = utc.to_datetime(start).checked_add(Span::new().years(YEARS)).unwrap_or(DateTime::MAX);
    if utc.to_datetime(end) > most {
        return Err(Failure::new(Code::ErrorCalendarDurationIsTooLong));
    }
    Ok(())
}

/// What of an edit is about the time of an item.
const TIMES: [PropId; 7] = [
    PropId::CalendarStart,
    PropId::CalendarEnd,
    PropId::CalendarStartTimeZone,
    PropId::CalendarEndTimeZone,
    PropId::CalendarMeetingTimeZone,
    PropId::CalendarIsAllDayEvent,
    PropId::CalendarRecurrence,
];

/// Settles everything about the time of a new or changed item.
pub fn settle(edit: &mut Edit<'_>) -> Result<(), Failure> {
    let is_new = edit.base.is_none();
    let is_occurrence = edit.base.is_some_and(|base| base.occurrence.is_some());
    if is_occurrence && touched(edit, PropId::CalendarRecurrence) {
        return Err(Failure::at(Code::ErrorInvalidPropertySet, PropId::CalendarRecurrence));
    }
    let moves = is_new || TIMES.iter().any(|id| touched(edit, *id));
    let (start_zone, end_zone) = zones(edit);
    let (starts, ends) = times(edit, &start_zone, &end_zone);
    let (mut start, mut end) = (starts.time, ends.time);
    if moves {
        let zone = start_zone.time_zone();
        if is_of_days(edit) {
            (start, end) = whole_days(&zone, start, end);
        }
        check(start, end)?;
        put_time(edit, PropId::CalendarStart, start);
        put_time(edit, PropId::CalendarEnd, end);
        if !is_occurrence {
            (start, end) = series(edit, zone, (start, end), starts.clock(ends))?;
        }
        edit.put_member(PropId::CalendarDuration, duration(start, end));
        edit.put_member(PropId::CalendarTimeZone, start_zone.name());
    }
    let moved = moves && is_elsewhere(edit);
    remind(edit, start, moved);
    Ok(())
}

/// Whether the item is at another time than before the edit. Some programs say its time again with every change.
fn is_elsewhere(edit: &Edit<'_>) -> bool {
    let before = edit.base.and_then(|base| base.props.as_ref());
    let same = |id: &PropId| {
        let name = id.row().element;
        before.and_then(|before| before.get(name)) == edit.member(name)
    };
    !TIMES.iter().all(same)
}

/// When the occurrences are of a series that starts and ends then. Where the first one does not tell it, `said` does, else what was
/// noted: who gives the times again that the series has moves nothing.
fn clock(edit: &Edit<'_>, zone: &TimeZone, (start, end): (Timestamp, Timestamp), said: Option<Clock>) -> Times {
    let before = edit.base.and_then(|base| base.props.as_ref());
    let mut clocks = [said, clock_in(&document(edit)), before.and_then(clock_in)].into_iter().flatten();
    let clock = clocks.find(|clock| Times::fitting(zone, *clock, start, end).is_some());
    times_of(zone.clone(), start, end, is_of_days(edit), clock)
}

/// Puts a series in its place. Answers start and end of its first occurrence, or those of a single item as they are.
fn series(
    edit: &mut Edit<'_>,
    zone: TimeZone,
    (start, end): (Timestamp, Timestamp),
    said: Option<Clock>,
) -> Result<(Timestamp, Timestamp), Failure> {
    let known = document(edit);
    let id = PropId::CalendarRecurrence;
    let Some(mut recurrence) = recurrence_in(&known) else {
        for id in [PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences] {
            if edit.member(id.row().element).is_some() {
                edit.put_member(id, Json::Null);
            }
        }
        return Ok((start, end));
    };
    let before = edit.base.and_then(Master::of_row);
    let times = clock(edit, &zone, (start, end), said);
    if !touched(edit, id)
        && before.as_ref().is_some_and(|before| {
            before.times.zone != zone || {
                let was = edit.base.and_then(|base| time_in(base.props.as_ref()?, PropId::CalendarStart));
                was.is_some_and(|was| zone.to_datetime(was).date() != zone.to_datetime(start).date())
            }
        })
    {
        // The first one was moved to another day, and all with it.
        recurrence.range.start = zone.to_datetime(start).date();
    }
    let days = Series::new(&recurrence).map_err(|code| Failure::at(code, id))?;
    if days.gap().is_some_and(|gap| i64::from(times.minutes()) > gap * 1440) {
        return Err(Failure::new(Code::ErrorOccurrenceTimeSpanTooBig));
    }
    let (start, end) = times.on(days.first());
    if let Some(mut json) = json::encode(&Value::Recurrence(recurrence.clone())) {
        if times_of(zone, start, end, is_of_days(edit), None) != times {
            json::recurrence::put_clock(&mut json, times.clock());
        }
        edit.put_member(id, json);
    }
    put_time(edit, PropId::CalendarStart, start);
    put_time(edit, PropId::CalendarEnd, end);
    // A series that was only made longer or shorter keeps what was changed in it; another one has other occurrences.
    let kept = before.filter(|before| {
        before.is_as(recurrence.pattern, &days)
            && before.recurrence.range.start == recurrence.range.start
            && before.times == times
    });
    if let Some(mut kept) = kept {
        kept.series = days;
        kept.retain();
        kept.write_changes().into_iter().for_each(|(name, json)| drop(edit.props.insert(name.to_owned(), json)));
    } else if edit.base.is_some() {
        for id in [PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences] {
            edit.put_member(id, Json::Null);
        }
    }
    Ok((start, end))
}

/// The reminder follows the start. One that names its own time by the clock is read in the zone of the item. What was put off or
/// dismissed stays so as long as times and reminders do.
fn remind(edit: &mut Edit<'_>, start: Timestamp, moves: bool) {
    const SAYS: [PropId; 3] =
        [PropId::ItemReminderIsSet, PropId::ItemReminderMinutesBeforeStart, PropId::ItemReminderDueBy];
    edit.locals.remove(&PropId::ItemReminderDueBy);
    edit.set_column(Column::ReminderDue, Value::Time(start));
    let element = PropId::ItemReminderMinutesBeforeStart.row().element;
    let minutes = edit.member(element).and_then(Json::as_i64);
    if edit.base.is_none() && minutes.is_none() {
        edit.put_member(PropId::ItemReminderMinutesBeforeStart, REMINDER);
    }
    let next = PropId::ItemReminderNextTime;
    let settle = |edit: &mut Edit<'_>, at: Option<Timestamp>, day: Option<Date>| {
        let text = |text: Option<String>| text.map_or(Json::Null, Json::from);
        edit.put_member(next, text(at.map(|at| at.to_string())));
        edit.props.insert(super::reminder::DAY.to_owned(), text(day.map(|day| day.to_string())));
    };
    if edit.flags() & bit::REMINDER_SET == 0 {
        return settle(edit, None, None);
    }
    let stays = !moves && edit.member(next.row().element).is_some() && !SAYS.iter().any(|id| edit.changed.contains(id));
    let Some(master) = Master::read(&document(edit)) else {
        if !stays {
            settle(edit, Some(reminder(start, minutes)), None);
        }
        return;
    };
    let was = edit.base.filter(|_| stays).and_then(|base| Some((Master::of_row(base)?, base)));
    let before = was.as_ref().map(|(master, row)| (master, *row));
    match super::reminder::settled(&master, before, edit.flags(), minutes, edit.now) {
        Some((at, day)) => settle(edit, Some(at), Some(day)),
        None => settle(edit, Some(reminder(start, minutes)), None),
    }
}

/// When the item of a document is. None: it does not say.
fn event(props: &Map, uid: String) -> Option<Event> {
    let (start, end) = (time_in(props, PropId::CalendarStart)?, time_in(props, PropId::CalendarEnd)?);
    let master = Master::read(props);
    let (starts, ends) = master.as_ref().map_or((start, Some(end)), Master::span);
    Some(Event { starts, ends, series: master.is_some(), uid })
}

/// What lists, views and MAPI clients find the item by, once all else is settled.
pub fn index(edit: &mut Edit<'_>) -> Result<(), Failure> {
    let known = document(edit);
    let (Some(start), Some(end)) = (time_in(&known, PropId::CalendarStart), time_in(&known, PropId::CalendarEnd))
    else {
        return Ok(());
    };
    let uid = edit.member(PropId::CalendarUID.row().element).and_then(Json::as_str).unwrap_or_default().to_owned();
    let master = Master::read(&known);
    if let Some(master) = &master {
        few(master.exceptions.len().max(master.deleted.len()))?;
    }
    mapi::of_item(&mut edit.ext, &uid, start, end, master.as_ref());
    let event = event(&known, uid);
    let busy = PropId::CalendarLegacyFreeBusyStatus.row().element;
    let before = edit.base.and_then(|base| base.props.as_ref());
    let stays = before.is_some_and(|before| {
        let uid = before.get(PropId::CalendarUID.row().element).and_then(Json::as_str).unwrap_or_default();
        self::event(before, uid.to_owned()) == event
            && before.get(PropId::CalendarRecurrence.row().element)
                == known.get(PropId::CalendarRecurrence.row().element)
            && before.get(busy) == edit.member(busy)
            && !edit.touched.contains(&PropId::CalendarModifiedOccurrences)
    });
    edit.event = event.filter(|_| !stays);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_model::timezone::find;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn lengths_are_durations() {
        let start = at("2026-07-14T00:00:00Z");
        for (end, text) in [
            ("2026-07-14T01:00:00Z", "PT1H"),
            ("2026-07-14T00:30:00Z", "PT30M"),
            ("2026-07-15T00:00:00Z", "P1D"),
            ("2026-07-16T01:05:00Z", "P2DT1H5M"),
            ("2026-07-14T00:00:00Z", "PT0M"),
        ] {
            assert_eq!(duration(start, at(end)), text);
        }
    }

    /// In Cairo the clocks go from midnight to one in the night to Friday, 24 April 2026.
    #[test]
    fn whole_days_of_a_series_stay_whole() {
        let series = |start: &str, end: &str, of_days: bool| {
            let props = serde_json::json!({
                "Start": start, "End": end, "StartTimeZone": "Egypt Standard Time", "IsAllDayEvent": of_days,
                "Recurrence": { "pattern": "Daily", "interval": 1, "start": &start[..10], "count": 5 },
            });
            Master::read(props.as_object().unwrap()).unwrap()
        };
        let on = |master: &Master, day: &str| {
            let (start, end) = master.times.on(day.parse().unwrap());
            (start.to_string(), end.to_string())
        };
        let days = |text: [&str; 2]| (text[0].to_owned(), text[1].to_owned());
        // The first day has no midnight.
        let master = series("2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z", true);
        assert_eq!((master.times.start, master.times.end), (0, 1440));
        assert_eq!(on(&master, "2026-04-25"), days(["2026-04-24T21:00:00Z", "2026-04-25T21:00:00Z"]));
        // The midnight that ends the first day is missing.
        let master = series("2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", true);
        assert_eq!((master.times.start, master.times.end), (0, 1440));
        let master = series("2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", false);
        assert_eq!((master.times.start, master.times.end), (0, 1500));
    }

    #[test]
    fn whole_days_are_those_of_their_zone() {
        let berlin = find("W. Europe Standard Time").unwrap().time_zone();
        let day = (at("2026-07-13T22:00:00Z"), at("2026-07-14T22:00:00Z"));
        assert_eq!(whole_days(&berlin, day.0, day.1), day);
        assert_eq!(whole_days(&berlin, at("2026-07-14T08:00:00Z"), at("2026-07-14T08:00:00Z")), day);
        assert_eq!(whole_days(&berlin, day.0, at("2026-07-14T22:01:00Z")).1, at("2026-07-15T22:00:00Z"));
        // The clocks go back in the night of the 25th of October.
        let autumn = whole_days(&berlin, at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z"));
        assert_eq!(autumn, (at("2026-10-24T22:00:00Z"), at("2026-10-25T23:00:00Z")));
    }
}
