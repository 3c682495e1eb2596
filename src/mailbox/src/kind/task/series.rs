//! Tasks that recur (MS-OXWSTASK 2.2.4.6): only one instance exists at a time. When it is done, it is the one-off task that it was,
//! and the next one begins: by the pattern, or so long after the day on which it was done.

use ewsd_model::failure::Failure;
use ewsd_model::property::{Column, Type};
use ewsd_model::recurrence::{End, Recurrence, Series};
use ewsd_model::timezone::instant;
use ewsd_model::{ItemKind, PropId, Value};
use ewsd_store::{ItemRow, json};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use crate::item::edit::Edit;

const RECURRENCE: PropId = PropId::TaskRecurrence;
const DATES: [PropId; 2] = [PropId::TaskStartDate, PropId::TaskDueDate];

fn recurrence(edit: &Edit<'_>) -> Option<Recurrence> {
    match json::decode(Type::TaskRecurrence, edit.member(RECURRENCE.row().element)?)? {
        Value::Recurrence(recurrence) => Some(recurrence),
        _ => None,
    }
}

fn time(edit: &Edit<'_>, id: PropId) -> Option<Timestamp> {
    edit.member(id.row().element)?.as_str()?.parse().ok()
}

fn midnight(zone: &TimeZone, day: Date) -> Timestamp {
    instant(zone, day.to_datetime(Time::midnight()))
}

/// Refuses what is no recurrence of a task, and says what follows from one.
pub fn settle(edit: &mut Edit<'_>) -> Result<(), Failure> {
    if !edit.touched.contains(&RECURRENCE) {
        return Ok(());
    }
    let recurrence = recurrence(edit);
    edit.give_member(PropId::TaskIsRecurring, recurrence.is_some());
    let Some(recurrence) = recurrence else { return Ok(()) };
    recurrence.check_of_task().map_err(|code| Failure::at(code, RECURRENCE))?;
    let first = if recurrence.pattern.is_regeneration() {
        recurrence.range.start
    } else {
        Series::new(&recurrence).map_err(|code| Failure::at(code, RECURRENCE))?.first()
    };
    if DATES.iter().all(|id| edit.member(id.row().element).is_none()) {
        let first = midnight(&edit.zone.zone.time_zone(), first).to_string();
        DATES.iter().for_each(|id| edit.give_member(*id, first.clone()));
    }
    Ok(())
}

/// The day that a date of a task means: its midnight, as another zone may have written it.
fn day(time: Timestamp, zone: &TimeZone) -> Date {
    let local = zone.to_datetime(time);
    if local.hour() >= 12 { local.date().tomorrow().unwrap_or(local.date()) } else { local.date() }
}

/// What the task becomes of which the edit makes an instance done. None: it does not recur, or there is none after it; then it is
/// simply done.
pub fn next<'a>(row: &'a ItemRow, edit: &Edit<'_>) -> Option<Edit<'a>> {
    let done = |json: Option<&Json>| json.and_then(Json::as_bool) == Some(true);
    let element = PropId::TaskIsComplete.row().element;
    let before = row.props.as_ref().and_then(|props| props.get(element));
    if row.kind != ItemKind::Task || !done(edit.member(element)) || done(before) {
        return None;
    }
    follow(row, edit)
}

/// The next one after the instance that there is, which is dealt with at the time of the edit.
fn follow<'a>(row: &'a ItemRow, edit: &Edit<'_>) -> Option<Edit<'a>> {
    let mut recurrence = recurrence(edit)?;
    let zone = edit.zone.zone.time_zone();
    let dates = DATES.map(|id| time(edit, id));
    let days: Vec<Date> = dates.iter().flatten().map(|time| day(*time, &zone)).collect();
    let (from, to) = if recurrence.pattern.is_regeneration() {
        let done = time(edit, PropId::TaskCompleteDate).unwrap_or(edit.now);
        let to = recurrence.pattern.regenerated(zone.to_datetime(done).date())?;
        if let End::After(count) = recurrence.range.end {
            // It counts down: the pattern has no days to be counted.
            recurrence.range.end = End::After(Some(count - 1).filter(|left| *left > 0)?);
        }
        recurrence.range.start = to;
        (days.first().copied().unwrap_or(to), to)
    } else {
        let series = Series::new(&recurrence).ok()?;
        let known = days.iter().find(|day| series.number(**day).is_some());
        let from = known.or(days.first()).copied().unwrap_or(series.first());
        let (_, to) = series.from(from.tomorrow().ok()?).next()?;
        (from, to)
    };
    let shift = from.until(to).ok()?;
    let later = |time: Timestamp| {
        let local = zone.to_datetime(time).checked_add(shift).ok()?;
        Some(instant(&zone, local))
    };
    let mut next = Edit::new(ItemKind::Task, Some(row), edit.now).within(&edit.zone);
    for (id, date) in DATES.into_iter().zip(dates) {
        if let Some(date) = date.and_then(later) {
            next.give_member(id, date.to_string());
        }
    }
    next.give_member(PropId::TaskStatus, "NotStarted");
    next.give_member(PropId::TaskPercentComplete, 0.0);
    next.give_member(PropId::TaskIsComplete, false);
    next.give_member(PropId::TaskCompleteDate, Json::Null);
    let element = RECURRENCE.row().element.to_owned();
    next.props.insert(element, json::member(&Value::Recurrence(recurrence)));
    if let Some(due) = row.columns.time(Column::ReminderDue).and_then(later) {
        next.set_column(Column::ReminderDue, Value::Time(due));
        next.touched.insert(PropId::ItemReminderDueBy);
    }
    Some(next)
}

/// What the task becomes whose instance is taken away.
pub fn without<'a>(row: &'a ItemRow, now: Timestamp, zone: &crate::session::ZoneContext) -> Option<Edit<'a>> {
    let mut gone = Edit::new(ItemKind::Task, Some(row), now).within(zone);
    gone.give_member(PropId::TaskCompleteDate, now.to_string());
    follow(row, &gone)
}

/// Makes of an edit the one-off task that a done instance is.
pub fn one_off(edit: &mut Edit<'_>) {
    edit.give_member(RECURRENCE, Json::Null);
    edit.give_member(PropId::TaskIsRecurring, false);
}
