//! What MAPI clients know of the time of a calendar item as octets: PidLidAppointmentRecur and the zones (MS-OXOCAL 2.2.1.44,
//! 2.2.1.39 to 2.2.1.43). Told from the item when they are asked for, and written into it: there is one truth.

use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::path::Path;
use ewsd_model::property::alias::TimeOctets;
use ewsd_model::property::{Column, ExtendedPath, bit};
use ewsd_model::recurrence::blob::{Exception as Changed, RecurrenceBlob};
use ewsd_model::recurrence::{Clock, Times};
use ewsd_model::timezone::{Definition, History, ItemZone, Rules, instant};
use ewsd_model::{PropId, Value};
use ewsd_store::{ItemRow, Map, column_name, json};
use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value as Json;
use std::rc::Rc;

use super::change;
use super::meeting::plan;
use super::series::{Exception, Master, few, time_in, zone_in};
use crate::item::edit::{Edit, WholeSeries};

/// The zone of rules that have no name (what Outlook calls it).
const UNNAMED: &str = "Customized Time Zone";

/// The octets of an item. None: it has none of these.
pub fn value(row: &ItemRow, which: TimeOctets) -> Option<Vec<u8>> {
    let props = row.props.as_ref()?;
    let start = time_in(props, PropId::CalendarStart)?;
    let zone = |id| zone_in(props, id).unwrap_or_else(ItemZone::utc);
    let start_zone = zone(PropId::CalendarStartTimeZone);
    let year = start_zone.time_zone().to_datetime(start).year();
    match which {
        TimeOctets::StartZone => Some(start_zone.to_blob(year, false)),
        TimeOctets::EndZone => Some(zone(PropId::CalendarEndTimeZone).to_blob(year, false)),
        TimeOctets::RecurrenceZone => Master::read(props).map(|master| master.zone.to_blob(year, true)),
        TimeOctets::ZoneStruct => {
            let rules = |master: Master| master.zone.history(year - 1..=year + 1).in_year(year).to_struct();
            Master::read(props).map(rules)
        }
        TimeOctets::Recurrence => recurrence(&Master::read(props)?, props).write(),
    }
}

fn recurrence(master: &Master, props: &Map) -> RecurrenceBlob {
    let zone = &master.times.zone;
    let exceptions = master.exceptions.iter().filter_map(|(date, own)| {
        let placed = master.on(*date).ok()?;
        let original = at(*date, master.times.start);
        let mut changed = Changed::new(original, zone.to_datetime(placed.start), zone.to_datetime(placed.end));
        tell(&mut changed, own, props);
        Some(changed)
    });
    RecurrenceBlob {
        recurrence: master.recurrence.clone(),
        start: master.times.start,
        end: master.times.end,
        deleted: master.deleted.iter().copied().collect(),
        exceptions: exceptions.collect(),
    }
}

fn at(date: Date, minutes: i32) -> DateTime {
    let midnight = date.to_datetime(Time::midnight());
    midnight.checked_add(SignedDuration::from_mins(i64::from(minutes))).unwrap_or(midnight)
}

/// What the exception has otherwise than its series, of what the octets can tell.
fn tell(changed: &mut Changed, own: &Exception, series: &Map) {
    let member = |id: PropId| {
        let name = id.row().element;
        own.props.get(name).filter(|value| series.get(name).unwrap_or(&Json::Null) != *value)
    };
    let column = |column: Column| column_name(column).and_then(|name| own.columns.get(name));
    let number = |json: &Json| json.as_u64().and_then(|number| u32::try_from(number).ok());
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    changed.subject = column(Column::Subject).map(text);
    changed.location = member(PropId::CalendarLocation).map(text);
    changed.busy = member(PropId::CalendarLegacyFreeBusyStatus).and_then(|busy| {
        let word = PropId::CalendarLegacyFreeBusyStatus.row().number_of(busy.as_str()?)?;
        u32::try_from(word).ok()
    });
    changed.meeting = member(PropId::CalendarAppointmentState).and_then(number);
    changed.reminder_delta = member(PropId::ItemReminderMinutesBeforeStart).and_then(number);
    changed.all_day = member(PropId::CalendarIsAllDayEvent).and_then(Json::as_bool);
    if (own.set | own.clear) & bit::REMINDER_SET != 0 {
        changed.reminder_set = Some(own.set & bit::REMINDER_SET != 0);
    }
    changed.body = own.body.is_some();
}

/// Puts written octets into an edit. ErrorCalendarInvalidPropertyState: they are none.
pub fn set(edit: &mut Edit<'_>, which: TimeOctets, octets: &[u8], path: &ExtendedPath) -> Result<(), Failure> {
    let damaged = || Failure::at(Code::ErrorCalendarInvalidPropertyState, Path::Extended(path.clone()));
    match which {
        TimeOctets::Recurrence => {
            let blob = RecurrenceBlob::read(octets).ok_or_else(damaged)?;
            // Before each of them is looked at.
            few(blob.exceptions.len().max(blob.deleted.len()))?;
            edit.set(PropId::CalendarRecurrence, Value::Recurrence(blob.recurrence.clone()))?;
            edit.given = Some(WholeSeries::Octets(Rc::new(blob)));
        }
        TimeOctets::StartZone => {
            put_zone(edit, PropId::CalendarStartTimeZone, &ItemZone::from_blob(octets).ok_or_else(damaged)?);
        }
        TimeOctets::EndZone => {
            put_zone(edit, PropId::CalendarEndTimeZone, &ItemZone::from_blob(octets).ok_or_else(damaged)?);
        }
        // The zone of the start goes before these two, and of the two the one with a name.
        TimeOctets::RecurrenceZone => {
            let zone = ItemZone::from_blob(octets).ok_or_else(damaged)?;
            put_lesser(edit, &zone);
        }
        TimeOctets::ZoneStruct => {
            let rules = Rules::from_struct(octets).ok_or_else(damaged)?;
            put_lesser(edit, &unnamed(rules, edit).ok_or_else(damaged)?);
        }
    }
    Ok(())
}

fn unnamed(rules: Rules, edit: &Edit<'_>) -> Option<ItemZone> {
    let definition = Definition::of(UNNAMED, UNNAMED, &History::always(rules));
    let year = edit.now.to_zoned(jiff::tz::TimeZone::UTC).year();
    ItemZone::resolve(&definition, year, None).ok()
}

fn put_zone(edit: &mut Edit<'_>, id: PropId, zone: &ItemZone) {
    edit.props.insert(id.row().element.to_owned(), json::encode_zone(zone));
    edit.touched.insert(id);
    edit.changed.insert(id);
}

fn put_lesser(edit: &mut Edit<'_>, zone: &ItemZone) {
    if !edit.touched.contains(&PropId::CalendarStartTimeZone) {
        put_zone(edit, PropId::CalendarStartTimeZone, zone);
    }
}

/// Start and end as the octets say them, unless they were given otherwise.
pub fn begin(edit: &mut Edit<'_>, blob: &RecurrenceBlob) {
    let zone = edit.member(PropId::CalendarStartTimeZone.row().element).and_then(json::decode_zone);
    let zone = zone.unwrap_or_else(|| edit.zone.zone.clone()).time_zone();
    if let Some(recurrence) = edit.props.get_mut(PropId::CalendarRecurrence.row().element) {
        json::recurrence::put_clock(recurrence, Clock { start: blob.start, end: blob.end });
    }
    let (start, end) = Times { zone, start: blob.start, end: blob.end }.on(blob.recurrence.range.start);
    for (id, time) in [(PropId::CalendarStart, start), (PropId::CalendarEnd, end)] {
        if edit.touched.contains(&id) {
            continue;
        }
        edit.props.insert(id.row().element.to_owned(), time.to_string().into());
        edit.touched.insert(id);
        edit.changed.insert(id);
    }
}

/// Has the series of an edit whose own members are settled take the exceptions and deletions of the octets. What an exception had
/// before that octets do not tell (a body, who is invited) it keeps.
pub fn settle(edit: &mut Edit<'_>, blob: &RecurrenceBlob) -> Result<(), Failure> {
    let mut row = plan::after(edit);
    let Some(mut master) = Master::of_row(&row) else { return Ok(()) };
    // Octets say nothing of texts: the series' own is not read again for each exception.
    row.body = None;
    let before = edit.base.and_then(Master::of_row).map(|before| before.exceptions).unwrap_or_default();
    master.exceptions.clear();
    master.deleted = blob.deleted.iter().copied().filter(|date| master.series.number(*date).is_some()).collect();
    let zone = master.times.zone.clone();
    for one in &blob.exceptions {
        let date = one.original.date();
        if master.series.number(date).is_none() {
            continue;
        }
        if let Some(own) = before.get(&date) {
            master.exceptions.insert(date, own.clone());
        }
        change::put(&mut master, &row, date, edit.now, |edit| {
            edit.set(PropId::CalendarStart, Value::Time(instant(&zone, one.start)))?;
            edit.set(PropId::CalendarEnd, Value::Time(instant(&zone, one.end)))?;
            put_changed(edit, one)
        })?;
    }
    change::write_into(edit, &master);
    Ok(())
}

fn put_changed(edit: &mut Edit<'_>, one: &Changed) -> Result<(), Failure> {
    if let Some(subject) = &one.subject {
        edit.set(PropId::ItemSubject, Value::Text(subject.clone()))?;
    }
    if let Some(location) = &one.location {
        edit.set(PropId::CalendarLocation, Value::Text(location.clone()))?;
    }
    let number = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok());
    if let Some(minutes) = number(one.reminder_delta) {
        edit.set(PropId::ItemReminderMinutesBeforeStart, Value::Int(minutes))?;
    }
    if let Some(reminds) = one.reminder_set {
        edit.set(PropId::ItemReminderIsSet, Value::Bool(reminds))?;
    }
    if let Some(all_day) = one.all_day {
        edit.set(PropId::CalendarIsAllDayEvent, Value::Bool(all_day))?;
    }
    let busy = PropId::CalendarLegacyFreeBusyStatus;
    if let Some(word) = number(one.busy).and_then(|busy_number| busy.row().word_of(busy_number)) {
        edit.set(busy, Value::Text(word.to_owned()))?;
    }
    if let Some(state) = number(one.meeting) {
        edit.props.insert(PropId::CalendarAppointmentState.row().element.to_owned(), state.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ewsd_model::ItemKind;
    use ewsd_model::property::mapi::{ExtendedName, MapiType};
    use ewsd_model::recurrence::{End, Every, Pattern, Range, Recurrence};
    use jiff::{Timestamp, ToSpan};

    /// Every day from 2026 on, with so many that are an hour longer.
    fn longer(count: usize) -> Vec<u8> {
        let start = jiff::civil::date(2026, 1, 1);
        let recurrence =
            Recurrence { pattern: Pattern::Daily(Every { interval: 1 }), range: Range { start, end: End::Never } };
        let one = |days: usize| {
            let original = at(start.checked_add(i64::try_from(days).unwrap().days()).unwrap(), 540);
            Changed::new(original, original, original.checked_add(2.hours()).unwrap())
        };
        let exceptions = (0..count).map(one).collect();
        RecurrenceBlob { recurrence, start: 540, end: 600, deleted: Vec::new(), exceptions }.write().unwrap()
    }

    #[test]
    fn more_exceptions_than_a_series_may_have_are_not_looked_at() {
        let path = ExtendedPath { name: ExtendedName::Tag(0x6000), ty: MapiType::Binary, array: false };
        let set = |count: usize| {
            let mut edit = Edit::new(ItemKind::CalendarItem, None, Timestamp::UNIX_EPOCH);
            set(&mut edit, TimeOctets::Recurrence, &longer(count), &path).map_err(|failure| failure.code)
        };
        assert_eq!(set(2000), Ok(()));
        assert_eq!(set(2001), Err(Code::ErrorCalendarInvalidRecurrence));
    }
}
