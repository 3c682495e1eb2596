//! Changes of single occurrences, as changes of their master (MS-OXWSMTGS 3.1.4.9, 3.1.4.3): one that is changed becomes an
//! exception, one that is deleted a day that the series leaves out.

use ewsd_model::PropId;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::property::Column;
use ewsd_store::{ColumnSet, ItemRow, Map, column_name, json};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value as Json;

use super::reminder;
use super::series::{Exception, Master};
use crate::item::derive;
use crate::item::edit::Edit;
use crate::property::body;

/// Takes what an edit of an occurrence says into the series. What the occurrence had of its own stays, where the edit does not
/// say otherwise. ErrorOccurrenceCrossingBoundary where it would get in the way of its neighbours.
pub fn absorb(master: &mut Master, date: Date, edit: Edit<'_>) -> Result<(), Failure> {
    let before = master.place(date);
    let own = merged(master, date, edit);
    let was = master.exceptions.insert(date, own);
    let now = master.place(date);
    // What is where it was is in nobody's way that it was not in before.
    if (now.start, now.end) != (before.start, before.end) {
        if let Err(failure) = check_place(master, date, now.start, now.end) {
            match was {
                Some(was) => drop(master.exceptions.insert(date, was)),
                None => drop(master.exceptions.remove(&date)),
            }
            return Err(failure);
        }
    }
    Ok(())
}

/// The same of what the organizer says, who has moved all of it.
pub fn absorb_from_organizer(master: &mut Master, date: Date, edit: Edit<'_>) {
    let own = merged(master, date, edit);
    master.exceptions.insert(date, own);
}

/// Gives the occurrence of a day what `put` says, without a look at its neighbours: it is how somebody else has it. `row` is the
/// master's.
pub fn put(
    master: &mut Master,
    row: &ItemRow,
    date: Date,
    now: Timestamp,
    put: impl FnOnce(&mut Edit<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let placed = master.on(date)?;
    let shown = master.shown(row, placed);
    let mut edit = Edit::new(row.kind, Some(&shown), now);
    put(&mut edit)?;
    derive::complete(&mut edit)?;
    absorb_from_organizer(master, date, edit);
    Ok(())
}

/// Takes out of an edit of an occurrence what it has from its series.
fn only_what_differs(edit: &mut Edit<'_>, shown: &ItemRow) {
    let none = Map::new();
    let before = shown.props.as_ref().unwrap_or(&none);
    edit.props.retain(|name, value| match before.get(name) {
        Some(old) => old != value,
        None => !value.is_null(),
    });
    let same = edit.set.iter().filter(|(column, value)| shown.columns.get(*column) == Some(*value));
    let same: Vec<Column> = same.map(|(column, _)| column).collect();
    same.into_iter().for_each(|column| edit.set.remove(column));
    let absent: Vec<Column> = edit.unset.iter().filter(|column| shown.columns.get(*column).is_none()).collect();
    absent.into_iter().for_each(|column| edit.unset = edit.unset.without(column));
    edit.set_flags &= !shown.flags;
    edit.clear_flags &= shown.flags;
    if edit.body == Some(body::stored(shown)) {
        edit.body = None;
    }
}

/// Puts into an edit of the master what its series has become.
pub fn write_into(edit: &mut Edit<'_>, master: &Master) {
    edit.props.extend(master.write_changes().map(|(name, json)| (name.to_owned(), json)));
    edit.touched.extend([PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences]);
    edit.changed.extend([PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences]);
}

/// Only what differs from what is shown of it is taken in: what an edit says again stays the series'.
fn merged(master: &Master, date: Date, mut edit: Edit<'_>) -> Exception {
    if let Some(shown) = edit.base {
        only_what_differs(&mut edit, shown);
    }
    let mut own = master.exceptions.get(&date).cloned().unwrap_or_default();
    for (name, value) in edit.props.iter().filter(|(name, _)| !is_of_series(name)) {
        own.props.insert(name.clone(), value.clone());
    }
    own.ext.extend(
        edit.ext.iter().filter(|(key, _)| edit.touched_keys.contains(*key)).map(|(k, v)| (k.clone(), v.clone())),
    );
    columns(&mut own, &edit);
    own.set = (own.set | edit.set_flags) & !edit.clear_flags;
    own.clear = (own.clear | edit.clear_flags) & !edit.set_flags;
    if let Some(body) = &edit.body {
        own.body = Some(match body {
            Some(body) => Json::from(vec![Json::from(body.body_type as i32), Json::from(body.text.as_str())]),
            None => Json::Null,
        });
    }
    own
}

/// Members that are the series' alone.
fn is_of_series(name: &str) -> bool {
    const OF_SERIES: [PropId; 9] = [
        PropId::CalendarUID,
        PropId::CalendarRecurrence,
        PropId::CalendarModifiedOccurrences,
        PropId::CalendarDeletedOccurrences,
        PropId::CalendarCalendarItemType,
        PropId::CalendarIsRecurring,
        PropId::CalendarOriginalStart,
        PropId::CalendarRecurrenceId,
        PropId::ItemReminderNextTime,
    ];
    name.starts_with('~') || name == reminder::DAY || OF_SERIES.iter().any(|id| id.row().element == name)
}

fn columns(own: &mut Exception, edit: &Edit<'_>) {
    const LEFT: [Column; 3] = [Column::ReminderDue, Column::Size, Column::ModifiedBy];
    let left: ColumnSet = LEFT.into_iter().collect();
    for (column, value) in edit.set.iter().filter(|(column, _)| !left.contains(*column)) {
        if let (Some(name), Some(json)) = (column_name(column), json::encode(value)) {
            own.columns.insert(name.to_owned(), json);
        }
    }
    for column in edit.unset.iter().filter(|column| !left.contains(*column)) {
        if let Some(name) = column_name(column) {
            own.columns.insert(name.to_owned(), Json::Null);
        }
    }
}

/// An occurrence may neither pass its neighbours nor touch the days they are on (MS-OXOCAL 2.2.1.44.2).
fn check_place(master: &Master, date: Date, start: Timestamp, end: Timestamp) -> Result<(), Failure> {
    let (by_pattern, until) = master.times.on(date);
    if start == by_pattern && end == until {
        return Ok(());
    }
    let number = master.series.number(date).unwrap_or(1);
    let zone = &master.times.zone;
    let day = |time: Timestamp| zone.to_datetime(time).date();
    let neighbour = |number: u32| {
        let date = master.series.date(number)?;
        (!master.deleted.contains(&date)).then(|| master.on(date).ok()).flatten()
    };
    let crossing = || Err(Failure::new(Code::ErrorOccurrenceCrossingBoundary));
    if let Some(before) = (1..number).rev().take(master.deleted.len() + 1).find_map(neighbour) {
        if before.end > start || day(before.start) >= day(start) {
            return crossing();
        }
    }
    let later = number.saturating_add(1);
    let most = u32::try_from(master.deleted.len()).unwrap_or(u32::MAX);
    if let Some(after) = (later..=later.saturating_add(most)).find_map(neighbour) {
        if end > after.start || day(after.start) <= day(start) {
            return crossing();
        }
    }
    Ok(())
}

/// Takes an occurrence out of the series.
pub fn delete(master: &mut Master, date: Date) -> Result<(), Code> {
    master.on(date)?;
    master.exceptions.remove(&date);
    master.deleted.insert(date);
    Ok(())
}

/// The edit of the master that writes what its series has become.
pub fn edit<'a>(row: &'a ItemRow, master: &Master, now: Timestamp) -> Edit<'a> {
    let mut edit = Edit::new(row.kind, Some(row), now);
    write_into(&mut edit, master);
    edit
}
