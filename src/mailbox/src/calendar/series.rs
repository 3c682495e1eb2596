//! A series: its pattern in its zone, the occurrences that differ from it, those that are gone; and an occurrence as an item of
//! its own.

use std::collections::{BTreeMap, BTreeSet};

use ewsd_model::calendar::OccurrenceInfo;
use ewsd_model::code::Code;
use ewsd_model::failure::Failure;
use ewsd_model::id::OccurrenceId;
use ewsd_model::property::{Column, Type, bit};
use ewsd_model::recurrence::{Clock, Pattern, Recurrence, Series, Times};
use ewsd_model::target::OccurrenceRange;
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::WireId;
use ewsd_model::{ItemKind, PropId, Value, id};
use ewsd_store::{ItemRow, Map, json};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde_json::Value as Json;

use super::mapi;
use crate::gate::{Granted, Part};

/// Occurrences that a series may have with properties of their own, and that may be taken out of it.
const EXCEPTIONS: usize = 2000;

/// ErrorCalendarInvalidRecurrence: a series has more changed or more deleted occurrences than it may.
pub fn few(count: usize) -> Result<(), Failure> {
    if count <= EXCEPTIONS {
        return Ok(());
    }
    let text = format!("A series can have at most {EXCEPTIONS} changed and as many deleted occurrences.");
    Err(Failure::with_text(Code::ErrorCalendarInvalidRecurrence, text))
}

/// What an occurrence has of its own. As it is kept in the master's document: an object of `date`, `props`, `ext`, `columns` (null
/// for those taken away), `set` and `clear` (flags), `body`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exception {
    pub props: Map,
    pub ext: Map,
    pub columns: Map,
    pub set: u32,
    pub clear: u32,
    /// The form and the text; null: the occurrence has none.
    pub body: Option<Json>,
}

impl Exception {
    fn read(json: &Json) -> Option<(Date, Exception)> {
        let map = |key: &str| json.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
        let flags = |key: &str| json.get(key).and_then(Json::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        let date = json.get("date")?.as_str()?.parse().ok()?;
        let body = json.get("body").cloned();
        let (props, ext, columns) = (map("props"), map("ext"), map("columns"));
        Some((date, Exception { props, ext, columns, set: flags("set"), clear: flags("clear"), body }))
    }

    fn write(&self, date: Date) -> Json {
        let mut members = Map::new();
        members.insert("date".to_owned(), date.to_string().into());
        for (key, map) in [("props", &self.props), ("ext", &self.ext), ("columns", &self.columns)] {
            if !map.is_empty() {
                members.insert(key.to_owned(), Json::Object(map.clone()));
            }
        }
        for (key, flags) in [("set", self.set), ("clear", self.clear)] {
            if flags != 0 {
                members.insert(key.to_owned(), flags.into());
            }
        }
        if let Some(body) = &self.body {
            members.insert("body".to_owned(), body.clone());
        }
        Json::Object(members)
    }

    pub fn time(&self, id: PropId) -> Option<Timestamp> {
        self.props.get(id.row().element)?.as_str()?.parse().ok()
    }
}

/// The master of a series, as its document says.
#[derive(Clone, Debug)]
pub struct Master {
    pub recurrence: Recurrence,
    pub series: Series,
    pub times: Times,
    pub zone: ItemZone,
    /// By the days on which the pattern has them.
    pub exceptions: BTreeMap<Date, Exception>,
    pub deleted: BTreeSet<Date>,
}

/// An occurrence where and when it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The day on which the pattern has it.
    pub date: Date,
    pub start: Timestamp,
    pub end: Timestamp,
    /// It has properties of its own.
    pub exception: bool,
}

/// The zone in a document.
pub fn zone_in(props: &Map, id: PropId) -> Option<ItemZone> {
    json::decode_zone(props.get(id.row().element)?)
}

/// The time in a document.
pub fn time_in(props: &Map, id: PropId) -> Option<Timestamp> {
    props.get(id.row().element)?.as_str()?.parse().ok()
}

/// The pattern in a document.
pub fn recurrence_in(props: &Map) -> Option<Recurrence> {
    let row = PropId::CalendarRecurrence.row();
    match json::decode(row.ty, props.get(row.element)?)? {
        Value::Recurrence(recurrence) => Some(recurrence),
        _ => None,
    }
}

/// The clocks of a series in a document that notes them.
pub fn clock_in(props: &Map) -> Option<Clock> {
    json::recurrence::clock(props.get(PropId::CalendarRecurrence.row().element)?)
}

/// When the occurrences of a series begin and end whose first one is then. Days are whole wherever the clocks go forward at
/// midnight, and the first hour of one of them is missing. What falls into such an hour is told by `clock`, if that fits.
pub fn times_of(zone: TimeZone, start: Timestamp, end: Timestamp, of_days: bool, clock: Option<Clock>) -> Times {
    if let Some(times) = clock.filter(|_| !of_days).and_then(|clock| Times::fitting(&zone, clock, start, end)) {
        return times;
    }
    let [first, last] = [start, end].map(|time| zone.to_datetime(time).date());
    let begins = |day: Date| instant(&zone, day.to_datetime(Time::midnight()));
    if !of_days || begins(first) != start || begins(last) != end {
        return Times::of(zone, start, end);
    }
    let days = i32::try_from(last.duration_since(first).as_hours() / 24).unwrap_or(1).max(1);
    Times { zone, start: 0, end: days.saturating_mul(1440) }
}

/// Exceptions and deletions in a document.
fn changes_in(props: &Map) -> (BTreeMap<Date, Exception>, BTreeSet<Date>) {
    let list = |id: PropId| props.get(id.row().element).and_then(Json::as_array).into_iter().flatten();
    let deleted: BTreeSet<Date> =
        list(PropId::CalendarDeletedOccurrences).filter_map(|day| day.as_str()?.parse().ok()).collect();
    // What is gone is gone, whatever it had of its own.
    let exceptions = list(PropId::CalendarModifiedOccurrences).filter_map(Exception::read);
    let exceptions = exceptions.filter(|(date, _)| !deleted.contains(date)).collect();
    (exceptions, deleted)
}

impl Master {
    /// None: the document is none of a series.
    pub fn read(props: &Map) -> Option<Master> {
        let recurrence = recurrence_in(props)?;
        let series = Series::new(&recurrence).ok()?;
        let zone = zone_in(props, PropId::CalendarStartTimeZone).unwrap_or_else(ItemZone::utc);
        let (start, end) = (time_in(props, PropId::CalendarStart)?, time_in(props, PropId::CalendarEnd)?);
        let of_days = props.get(PropId::CalendarIsAllDayEvent.row().element).and_then(Json::as_bool) == Some(true);
        let times = times_of(zone.time_zone(), start, end, of_days, clock_in(props));
        let (exceptions, deleted) = changes_in(props);
        Some(Master { recurrence, series, times, zone, exceptions, deleted })
    }

    pub fn of_row(row: &ItemRow) -> Option<Master> {
        Master::read(row.props.as_ref()?)
    }

    /// Exceptions and deletions as the document has them; null where there are none.
    pub fn write_changes(&self) -> [(&'static str, Json); 2] {
        let list = |all: Vec<Json>| if all.is_empty() { Json::Null } else { Json::Array(all) };
        let exceptions = self.exceptions.iter().map(|(date, one)| one.write(*date)).collect();
        let deleted = self.deleted.iter().map(|date| date.to_string().into()).collect();
        [
            (PropId::CalendarModifiedOccurrences.row().element, list(exceptions)),
            (PropId::CalendarDeletedOccurrences.row().element, list(deleted)),
        ]
    }

    /// Leaves what the pattern no longer has.
    pub fn retain(&mut self) {
        let Master { series, exceptions, deleted, .. } = self;
        exceptions.retain(|date, _| series.number(*date).is_some());
        deleted.retain(|date| series.number(*date).is_some());
    }

    /// Where the occurrence of a day that the pattern has is now, deleted or not.
    pub(super) fn place(&self, date: Date) -> Occurrence {
        let (start, end) = self.times.on(date);
        match self.exceptions.get(&date) {
            Some(own) => Occurrence {
                date,
                start: own.time(PropId::CalendarStart).unwrap_or(start),
                end: own.time(PropId::CalendarEnd).unwrap_or(end),
                exception: true,
            },
            None => Occurrence { date, start, end, exception: false },
        }
    }

    /// The occurrence of a day. ErrorItemNotFound: the pattern has none.
    pub fn on(&self, date: Date) -> Result<Occurrence, Code> {
        match self.series.number(date) {
            None => Err(Code::ErrorItemNotFound),
            Some(_) if self.deleted.contains(&date) => Err(Code::ErrorCalendarOccurrenceIsDeletedFromRecurrence),
            Some(_) => Ok(self.place(date)),
        }
    }

    /// The day of the occurrence of a number, from 1.
    pub fn date(&self, index: i32) -> Result<Date, Code> {
        let number = u32::try_from(index).ok();
        let date = number.and_then(|number| self.series.date(number));
        let date = date.ok_or(Code::ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange)?;
        if self.deleted.contains(&date) {
            return Err(Code::ErrorCalendarOccurrenceIsDeletedFromRecurrence);
        }
        Ok(date)
    }

    /// The day of the occurrence that is named by the start which the pattern gives it; one who tells it a little wrong means the
    /// one of that day.
    pub fn day_of(&self, original: Timestamp) -> Option<Date> {
        let starting = self.series.starting(&self.times, original).map(|at| at.date);
        starting.or_else(|| {
            let date = self.times.zone.to_datetime(original).date();
            self.series.number(date).map(|_| date)
        })
    }

    /// Where the pattern has the occurrence of a day.
    pub fn original(&self, date: Date) -> Timestamp {
        self.times.on(date).0
    }

    /// The occurrences that start before `to` and end at `from` or later, by the days on which the pattern has them.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Occurrence> + '_ {
        self.plain_between(from, to).chain(self.moved_between(from, to))
    }

    /// Those of them that are as the pattern has them, in the order of their starts.
    pub fn plain_between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Occurrence> + '_ {
        let by_pattern = self.series.within(&self.times, from, to).map(|at| Occurrence {
            date: at.date,
            start: at.start,
            end: at.end,
            exception: false,
        });
        by_pattern.filter(|at| !self.deleted.contains(&at.date) && !self.exceptions.contains_key(&at.date))
    }

    /// Those that have something of their own.
    pub fn moved_between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Occurrence> + '_ {
        self.own().filter(move |at| at.start < to && at.end >= from)
    }

    /// How many [`Master::between`] gives, without going through them.
    pub fn count_between(&self, from: Timestamp, to: Timestamp) -> usize {
        let moved = self.moved_between(from, to).count();
        let Some((first, last)) = self.series.numbers_within(&self.times, from, to) else { return moved };
        let (Some(begins), Some(ends)) = (self.series.date(first), self.series.date(last)) else { return moved };
        let all = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
        let is = |date: &&Date| self.series.number(**date).is_some();
        let changed = self.exceptions.range(begins..=ends).map(|(date, _)| date).filter(is).count();
        let deleted = self.deleted.range(begins..=ends).filter(is);
        let deleted = deleted.filter(|date| !self.exceptions.contains_key(date)).count();
        all.saturating_sub(changed + deleted) + moved
    }

    /// The days of the occurrences that lie in any of the ranges, in the order of their starts now. None: there are more than
    /// `most`.
    pub fn in_ranges(&self, ranges: &[OccurrenceRange], most: usize) -> Option<Vec<Date>> {
        let mut found: BTreeSet<(Timestamp, Date)> = BTreeSet::new();
        for range in ranges {
            let from = range.start.unwrap_or(Timestamp::MIN);
            let to = range.end.unwrap_or(Timestamp::MAX);
            let count = usize::try_from(range.count.unwrap_or(i32::MAX)).unwrap_or(0);
            let start = |at: &Occurrence| if range.compare_original_start { self.original(at.date) } else { at.start };
            let day = self.times.zone.to_datetime(from).date();
            let first = day.yesterday().unwrap_or(Date::MIN);
            let plain = self.series.from(first).map(|(_, date)| date);
            let plain = plain.take_while(|date| self.original(*date) <= to);
            let plain = plain.filter(|date| !self.deleted.contains(date) && !self.exceptions.contains_key(date));
            // No more of them can be among the first so many of all.
            let enough = count.min(most + 1).saturating_add(2);
            let own = self.exceptions.keys().copied();
            let plain: Vec<Date> = plain.filter(|date| self.original(*date) >= from).take(enough).collect();
            let all = plain.into_iter().chain(own).map(|date| self.place(date));
            let mut all: Vec<(Timestamp, Occurrence)> =
                all.map(|at| (start(&at), at)).filter(|(at, _)| *at >= from && *at <= to).collect();
            all.sort_by_key(|(at, placed)| (*at, placed.date));
            found.extend(all.into_iter().take(count).map(|(_, placed)| (placed.start, placed.date)));
        }
        (found.len() <= most).then(|| found.into_iter().map(|(_, date)| date).collect())
    }

    /// The first occurrence that was not deleted.
    pub fn first(&self) -> Option<Occurrence> {
        let left = self.series.from(self.series.first()).map(|(_, date)| date);
        left.take(self.deleted.len() + 1).find(|date| !self.deleted.contains(date)).map(|date| self.place(date))
    }

    /// The last one; None also where there is no end.
    pub fn last(&self) -> Option<Occurrence> {
        let count = self.series.count()?;
        let mut numbers = (1..=count).rev().take(self.deleted.len() + 1);
        let date = numbers.find_map(|n| self.series.date(n).filter(|date| !self.deleted.contains(date)))?;
        Some(self.place(date))
    }

    /// From the first start to the last end, exceptions included; None: it has no end.
    pub fn span(&self) -> (Timestamp, Option<Timestamp>) {
        let (first, _) = self.times.on(self.series.first());
        let starts = self.own().map(|at| at.start).fold(first, Timestamp::min);
        let last = self.series.last().map(|date| self.times.on(date).1);
        (starts, last.map(|last| self.own().map(|at| at.end).fold(last, Timestamp::max)))
    }

    /// The first occurrence as the pattern has it that starts after `now`.
    pub fn plain_after(&self, now: Timestamp) -> Option<Occurrence> {
        let day = self.times.zone.to_datetime(now).date().yesterday().unwrap_or(Date::MIN);
        let plain = self.series.from(day).map(|(_, date)| date).take(self.deleted.len() + self.exceptions.len() + 4);
        let mut plain = plain.filter(|date| !self.deleted.contains(date) && !self.exceptions.contains_key(date));
        plain.find(|date| self.original(*date) > now).map(|date| self.place(date))
    }

    /// The occurrences that have something of their own, by the days on which the pattern has them.
    pub fn own(&self) -> impl Iterator<Item = Occurrence> + '_ {
        self.exceptions.keys().map(|date| self.place(*date))
    }

    /// Whether a pattern means the days of this series. Who says a weekly one again need not say when weeks begin.
    pub fn is_as(&self, pattern: Pattern, days: &Series) -> bool {
        match (self.recurrence.pattern, pattern) {
            (Pattern::Weekly(was), Pattern::Weekly(now)) => {
                was.interval == now.interval && was.days == now.days && self.series.is_in_step(days)
            }
            (was, now) => was == now,
        }
    }

    /// As the master tells of an occurrence.
    pub fn info(&self, owner: &Granted, row: &ItemRow, at: Occurrence) -> OccurrenceInfo {
        let master = owner.item_id(row.folder, row.item);
        let id = OccurrenceId { master, date: at.date }.encode();
        let change_key = id::ChangeKey::new(row.kind, row.change).encode();
        let id = WireId { id, change_key: Some(change_key) };
        OccurrenceInfo { id, start: at.start, end: at.end, original: self.original(at.date) }
    }

    /// The occurrence as an item of its own: what the master has, with what it has itself over it.
    pub fn shown(&self, master: &ItemRow, at: Occurrence) -> ItemRow {
        let mut row = master.clone();
        row.occurrence = Some(at.date);
        let mut props = row.props.take().unwrap_or_default();
        for id in [PropId::CalendarRecurrence, PropId::CalendarModifiedOccurrences, PropId::CalendarDeletedOccurrences]
        {
            props.remove(id.row().element);
        }
        let mut put = |id: PropId, value: Json| drop(props.insert(id.row().element.to_owned(), value));
        let original = self.original(at.date);
        put(PropId::CalendarStart, at.start.to_string().into());
        put(PropId::CalendarEnd, at.end.to_string().into());
        put(PropId::CalendarOriginalStart, original.to_string().into());
        put(PropId::CalendarRecurrenceId, original.to_string().into());
        put(PropId::CalendarIsRecurring, true.into());
        put(PropId::CalendarCalendarItemType, if at.exception { "Exception" } else { "Occurrence" }.into());
        put(PropId::CalendarDuration, super::when::duration(at.start, at.end).into());
        if let Some(own) = self.exceptions.get(&at.date) {
            overlay(&mut row, &mut props, own);
        }
        row.columns.set(Column::ReminderDue, Value::Time(at.start));
        let minutes = props.get(PropId::ItemReminderMinutesBeforeStart.row().element).and_then(Json::as_i64);
        let element = PropId::ItemReminderNextTime.row().element.to_owned();
        if row.flags & bit::REMINDER_SET != 0 {
            props.insert(element, super::when::reminder(at.start, minutes).to_string().into())
        } else {
            props.remove(&element)
        };
        let uid = props.get(PropId::CalendarUID.row().element).and_then(Json::as_str).unwrap_or_default().to_owned();
        mapi::of_occurrence(row.ext.get_or_insert_with(Map::new), &uid, at);
        row.props = Some(props);
        row
    }
}

fn merge(into: &mut Map, from: &Map) {
    for (key, value) in from {
        if value.is_null() { drop(into.remove(key)) } else { drop(into.insert(key.clone(), value.clone())) }
    }
}

/// Puts what an exception has of its own over its master's row.
fn overlay(row: &mut ItemRow, props: &mut Map, own: &Exception) {
    merge(props, &own.props);
    if !own.ext.is_empty() {
        merge(row.ext.get_or_insert_with(Map::new), &own.ext);
    }
    row.flags = (row.flags | own.set) & !own.clear;
    for (name, value) in &own.columns {
        let Some((column, ty)) = ewsd_store::stored_column(name) else { continue };
        match json::decode(ty, value) {
            Some(value) => row.columns.set(column, value),
            None => drop(row.columns.take(column)),
        }
    }
    match &own.body {
        Some(Json::Null) => row.body = None,
        Some(body) => {
            row.body = body.get(1).and_then(Json::as_str).map(|text| text.as_bytes().to_vec());
            if let Some(form) = body.get(0).and_then(|form| json::decode(Type::Int, form)) {
                row.columns.set(Column::BodyType, form);
            }
        }
        None => {}
    }
}

/// What of an item is meant: all of it, or one occurrence of the series that it is the master of.
pub enum ItemOrOccurrence {
    Whole,
    Occurrence(Box<Master>, Occurrence),
}

/// What a request means by a part of the item. The row must have its document where it is not the whole.
pub fn resolve(row: &ItemRow, part: Part) -> Result<ItemOrOccurrence, Failure> {
    let master = || Master::of_row(row).filter(|_| row.kind == ItemKind::CalendarItem).map(Box::new);
    match part {
        Part::Whole | Part::Ranges => Ok(ItemOrOccurrence::Whole),
        Part::MasterOf(Some(day)) => match master() {
            Some(master) if master.series.number(day).is_some() => Ok(ItemOrOccurrence::Whole),
            _ => Err(Failure::new(Code::ErrorItemNotFound)),
        },
        Part::MasterOf(None) => Err(Failure::new(Code::ErrorCalendarCannotUseIdForRecurringMasterId)),
        Part::Index(index) => {
            let master = master().ok_or_else(|| Failure::new(Code::ErrorCalendarCannotUseIdForOccurrenceId))?;
            let placed = master.on(master.date(index)?)?;
            Ok(ItemOrOccurrence::Occurrence(master, placed))
        }
        Part::Day(day) => {
            let master = master().ok_or_else(|| Failure::new(Code::ErrorItemNotFound))?;
            let placed = master.on(day)?;
            Ok(ItemOrOccurrence::Occurrence(master, placed))
        }
    }
}
