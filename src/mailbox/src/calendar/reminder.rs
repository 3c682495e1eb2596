//! Reminders (MS-OXORMDR): of an item there is one, of a series that of the occurrence which comes next. Dismissed, a series
//! goes on to the one after it; put off, it waits for the time that was said.
//!
//! The time is `item:ReminderNextTime`. Of a series its document has besides the day of the occurrence that is meant, for a time
//! that was put off says nothing of it.

use ewsd_model::property::{Column, bit};
use ewsd_model::{ItemKind, PropId};
use ewsd_store::{ItemRow, Map};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::series::{Master, Occurrence, time_in};
use super::when;

/// The member with the day of the occurrence that a series reminds of next.
pub const DAY: &str = "ReminderDay";

/// What an item reminds of.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub at: Timestamp,
    /// Of a series.
    pub placed: Option<Occurrence>,
    /// When what it reminds of is, as far as that is said.
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
}

/// What has to be written, to props, so that an item reminds of this and nothing else; null members are taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub props: Map,
    /// The reminder is no longer set.
    pub cleared: bool,
}

fn minutes_in(props: &Map) -> Option<i64> {
    props.get(PropId::ItemReminderMinutesBeforeStart.row().element).and_then(Json::as_i64)
}

fn day_in(props: &Map) -> Option<Date> {
    props.get(DAY)?.as_str()?.parse().ok()
}

/// When an occurrence reminds; None: it does not. An occurrence may say something else than its series.
fn of_occurrence(master: &Master, flags: u32, minutes: Option<i64>, at: Occurrence) -> Option<Timestamp> {
    let own = master.exceptions.get(&at.date);
    let flags = own.map_or(flags, |own| (flags | own.set) & !own.clear);
    let minutes = own.and_then(|own| minutes_in(&own.props)).or(minutes);
    (flags & bit::REMINDER_SET != 0).then(|| when::reminder(at.start, minutes))
}

/// The first occurrence that starts after a time and reminds, and when it does.
pub fn next(master: &Master, flags: u32, minutes: Option<i64>, after: Timestamp) -> Option<(Occurrence, Timestamp)> {
    first_of(master, flags, minutes, after, Timestamp::MIN)
}

/// The same of those that remind at `from` or later. Those of the pattern remind all alike, so the first of them is enough.
fn first_of(
    master: &Master,
    flags: u32,
    minutes: Option<i64>,
    after: Timestamp,
    from: Timestamp,
) -> Option<(Occurrence, Timestamp)> {
    let ahead = from.duration_since(when::reminder(from, minutes));
    let before = from.checked_add(ahead).and_then(|start| start.checked_sub(SignedDuration::from_nanos(1)));
    let plain = master.plain_after(after.max(before.unwrap_or(from))).filter(|_| flags & bit::REMINDER_SET != 0);
    let own = master.own().filter(|at| at.start > after);
    let all = plain.into_iter().chain(own);
    let reminded = all.filter_map(|at| of_occurrence(master, flags, minutes, at).map(|time| (at, time)));
    reminded.filter(|(_, time)| *time >= from).min_by_key(|(at, _)| at.start)
}

/// What an item reminds of, if it does: of a series the occurrence that was kept, or, where others have come up meanwhile, the
/// last one that did before `now`; of those that remind before `from` none.
pub fn due(row: &ItemRow, from: Timestamp, now: Timestamp) -> Option<Due> {
    let props = row.props.as_ref()?;
    let at = time_in(props, PropId::ItemReminderNextTime).filter(|_| row.flags & bit::REMINDER_SET != 0)?;
    let Some(master) = Master::read(props).filter(|_| row.kind == ItemKind::CalendarItem) else {
        let [start, end] = dates(row.kind).map(|id| time_in(props, id));
        return Some(Due { at, placed: None, start, end });
    };
    let minutes = minutes_in(props);
    let kept = day_in(props).and_then(|day| master.on(day).ok()).map(|placed| (placed, at));
    let since = kept.map_or(at, |(placed, _)| placed.start);
    // The last one that has come up since, and the next to come where none of them is late enough.
    let came = last_that_came(&master, row.flags, minutes, since, now);
    let (placed, at) = match came.or(kept) {
        Some(found) if found.1 >= from => found,
        Some((placed, _)) => first_of(&master, row.flags, minutes, placed.start, from)?,
        None => first_of(&master, row.flags, minutes, since, from)?,
    };
    Some(Due { at, placed: Some(placed), start: Some(placed.start), end: Some(placed.end) })
}

/// How far back it is looked for what has come up: who has not looked for longer is reminded of what comes.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24 * 31);

/// The last occurrence that starts after `since` and had reminded by `now`.
fn last_that_came(
    master: &Master,
    flags: u32,
    minutes: Option<i64>,
    since: Timestamp,
    now: Timestamp,
) -> Option<(Occurrence, Timestamp)> {
    let own = master.exceptions.values().filter_map(|own| minutes_in(&own.props));
    let longest = own.chain([minutes.unwrap_or(when::REMINDER)]).max();
    let ahead = now.duration_since(when::reminder(now, longest));
    let until = now.checked_add(ahead).unwrap_or(now).checked_add(SignedDuration::from_secs(1)).unwrap_or(now);
    let from = now.checked_sub(LOOK_BACK).unwrap_or(now).max(since);
    let reminded = |at: Occurrence| of_occurrence(master, flags, minutes, at).map(|time| (at, time));
    let all = master.between(from, until).filter(|at| at.start > since).filter_map(reminded);
    all.filter(|(_, time)| *time <= now).max_by_key(|(at, _)| at.start)
}

/// Subject and place of an occurrence where they are others than its series' own.
pub fn own_texts(row: &ItemRow, at: Occurrence) -> Option<(Option<String>, Option<String>)> {
    let master = Master::of_row(row)?;
    let own = master.exceptions.get(&at.date)?;
    let text = |map: &Map, name: &str| map.get(name).and_then(Json::as_str).map(str::to_owned);
    let subject = ewsd_store::column_name(Column::Subject).and_then(|name| text(&own.columns, name));
    Some((subject, text(&own.props, PropId::CalendarLocation.row().element)))
}

/// What says when something is.
fn dates(kind: ItemKind) -> [PropId; 2] {
    match kind {
        ItemKind::Task => [PropId::TaskStartDate, PropId::TaskDueDate],
        _ => [PropId::CalendarStart, PropId::CalendarEnd],
    }
}

fn change(at: Option<Timestamp>, day: Option<Date>, cleared: bool) -> Change {
    let text = |text: Option<String>| text.map_or(Json::Null, Json::from);
    let mut props = Map::new();
    let element = PropId::ItemReminderNextTime.row().element.to_owned();
    props.insert(element, text(at.map(|at| at.to_string())));
    props.insert(DAY.to_owned(), text(day.map(|day| day.to_string())));
    Change { props, cleared }
}

/// Nobody is reminded of this any more; a series reminds of the occurrence after it. `day`: of the one that was dismissed.
pub fn dismissed(row: &ItemRow, day: Option<Date>, now: Timestamp) -> Option<Change> {
    let due = due(row, Timestamp::MIN, now)?;
    let master = due.placed.and_then(|_| Master::of_row(row));
    let (Some(master), Some(pending)) = (master, due.placed) else { return Some(change(None, None, true)) };
    let named = day.and_then(|day| master.on(day).ok());
    // One that is not to come up yet: the earlier ones stay.
    if named.is_some_and(|named| named.start > pending.start) {
        return None;
    }
    let minutes = row.props.as_ref().and_then(minutes_in);
    match next(&master, row.flags, minutes, pending.start) {
        Some((placed, at)) => Some(change(Some(at), Some(placed.date), false)),
        // It was the last.
        None => Some(change(None, None, true)),
    }
}

/// It reminds again at a later time. Where the next occurrence of a series reminds before that, this one counts as dismissed.
pub fn put_off(row: &ItemRow, day: Option<Date>, time: Timestamp, now: Timestamp) -> Option<Change> {
    let time = when::whole_microseconds(time);
    let due = due(row, Timestamp::MIN, now)?;
    if time <= due.at.min(now) {
        return None;
    }
    let master = due.placed.and_then(|_| Master::of_row(row));
    let (Some(master), Some(pending)) = (master, due.placed) else { return Some(change(Some(time), None, false)) };
    let placed = match day {
        Some(day) => master.on(day).ok().filter(|named| named.start <= pending.start).map(|_| pending)?,
        None => pending,
    };
    let minutes = row.props.as_ref().and_then(minutes_in);
    match next(&master, row.flags, minutes, placed.start) {
        Some((_, at)) if at <= time => dismissed(row, day, now),
        _ => Some(change(Some(time), Some(placed.date), false)),
    }
}

/// What a new or changed item of a series reminds of, from now on. `before`: the series as it was, if there was one and nothing but
/// its occurrences has changed: what was put off or dismissed stays so.
pub fn settled(
    master: &Master,
    before: Option<(&Master, &ItemRow)>,
    flags: u32,
    minutes: Option<i64>,
    now: Timestamp,
) -> Option<(Timestamp, Date)> {
    let kept = before.and_then(|(before, row)| {
        let props = row.props.as_ref()?;
        let (day, at) = (day_in(props)?, time_in(props, PropId::ItemReminderNextTime)?);
        let stays = of_day(before, row.flags, minutes_in(props), day) == of_day(master, flags, minutes, day);
        (stays && master.on(day).is_ok()).then_some((at, day))
    });
    kept.or_else(|| next(master, flags, minutes, now).map(|(placed, at)| (at, placed.date)))
}

fn of_day(master: &Master, flags: u32, minutes: Option<i64>, day: Date) -> Option<(Occurrence, Option<Timestamp>)> {
    let placed = master.on(day).ok()?;
    Some((placed, of_occurrence(master, flags, minutes, placed)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Daily at nine UTC, ten times from the first of December; the third is later and reminds an hour before, the fourth does not.
    fn daily() -> ItemRow {
        let mut row = crate::property::testing::row();
        row.kind = ItemKind::CalendarItem;
        row.flags = bit::REMINDER_SET;
        row.props = serde_json::json!({
            "Start": "2026-12-01T09:00:00Z", "End": "2026-12-01T10:00:00Z", "StartTimeZone": "UTC",
            "ReminderMinutesBeforeStart": 15, "ReminderNextTime": "2026-12-01T08:45:00Z", "ReminderDay": "2026-12-01",
            "Recurrence": { "pattern": "Daily", "interval": 1, "start": "2026-12-01", "count": 10 },
            "ModifiedOccurrences": [
                { "date": "2026-12-03", "props": { "Start": "2026-12-03T11:00:00Z", "End": "2026-12-03T12:00:00Z",
                  "ReminderMinutesBeforeStart": 60 } },
                { "date": "2026-12-04", "clear": bit::REMINDER_SET },
            ],
        })
        .as_object()
        .cloned();
        row
    }

    fn write(row: &mut ItemRow, change: &Change) {
        let props = row.props.as_mut().unwrap();
        for (name, value) in &change.props {
            if value.is_null() {
                props.remove(name);
            } else {
                props.insert(name.clone(), value.clone());
            }
        }
        if change.cleared {
            row.flags &= !bit::REMINDER_SET;
        }
    }

    fn told(row: &ItemRow, now: &str) -> Option<(String, String)> {
        let due = due(row, Timestamp::MIN, at(now))?;
        Some((due.at.to_string(), due.start.unwrap().to_string()))
    }

    fn both(at: &str, start: &str) -> Option<(String, String)> {
        Some((at.to_owned(), start.to_owned()))
    }

    #[test]
    fn a_series_reminds_of_one_after_the_other() {
        let mut row = daily();
        let first = both("2026-12-01T08:45:00Z", "2026-12-01T09:00:00Z");
        assert_eq!(told(&row, "2026-11-20T00:00:00Z"), first);
        assert_eq!(told(&row, "2026-12-01T12:00:00Z"), first, "nobody has dismissed it");
        // Whoever looks late is told of the last that came.
        assert_eq!(told(&row, "2026-12-03T10:30:00Z"), both("2026-12-03T10:00:00Z", "2026-12-03T11:00:00Z"));
        let dismiss = |row: &mut ItemRow, now: &str| write(row, &dismissed(row, None, at(now)).unwrap());
        dismiss(&mut row, "2026-12-01T08:50:00Z");
        assert_eq!(told(&row, "2026-12-01T08:50:00Z"), both("2026-12-02T08:45:00Z", "2026-12-02T09:00:00Z"));
        dismiss(&mut row, "2026-12-03T10:30:00Z");
        // The fourth is silent.
        assert_eq!(told(&row, "2026-12-03T10:31:00Z"), both("2026-12-05T08:45:00Z", "2026-12-05T09:00:00Z"));
        dismiss(&mut row, "2027-01-01T00:00:00Z");
        assert_eq!((told(&row, "2027-01-01T00:00:00Z"), row.flags & bit::REMINDER_SET), (None, 0));
        assert_eq!(dismissed(&row, None, at("2027-01-01T00:00:00Z")), None);
    }

    #[test]
    fn what_was_put_off_comes_again_unless_the_next_comes_before() {
        let mut row = daily();
        let now = at("2026-12-01T08:50:00Z");
        let later = put_off(&row, None, at("2026-12-01T09:30:00.000000999Z"), now).unwrap();
        write(&mut row, &later);
        assert_eq!(told(&row, "2026-12-01T09:31:00Z"), both("2026-12-01T09:30:00Z", "2026-12-01T09:00:00Z"));
        assert_eq!(
            put_off(&row, None, at("2026-12-01T08:00:00Z"), at("2026-12-01T09:31:00Z")),
            None,
            "not into the past"
        );
        let beyond = put_off(&row, None, at("2026-12-02T08:45:00Z"), at("2026-12-01T09:31:00Z")).unwrap();
        write(&mut row, &beyond);
        assert_eq!(told(&row, "2026-12-01T10:00:00Z"), both("2026-12-02T08:45:00Z", "2026-12-02T09:00:00Z"));
        assert_eq!(dismissed(&row, Some("2026-12-07".parse().unwrap()), now), None, "one that has not come up");
    }

    #[test]
    fn a_silent_series_reminds_of_what_is_not_silent_in_it() {
        let mut row = daily();
        let props = row.props.as_mut().unwrap();
        let own: Vec<Json> = (1..=9)
            .map(|day| serde_json::json!({ "date": format!("2026-12-{day:02}"), "clear": bit::REMINDER_SET }))
            .chain([serde_json::json!({ "date": "2026-12-10", "props": { "ReminderMinutesBeforeStart": 2880 } })])
            .collect();
        props.insert("ModifiedOccurrences".into(), own.into());
        let master = Master::of_row(&row).unwrap();
        let tenth = at("2026-12-08T09:00:00Z");
        let found = |flags: u32, from: &str| {
            first_of(&master, flags, Some(15), at("2026-12-01T00:00:00Z"), at(from)).map(|(_, time)| time)
        };
        assert_eq!(found(bit::REMINDER_SET, "2026-12-01T00:00:00Z"), Some(tenth));
        assert_eq!(found(bit::REMINDER_SET, "2026-12-08T09:00:00Z"), Some(tenth));
        assert_eq!(found(bit::REMINDER_SET, "2026-12-08T09:00:01Z"), None);
        assert_eq!(found(0, "2026-12-01T00:00:00Z"), None);
    }

    #[test]
    fn a_change_of_something_else_leaves_what_was_put_off() {
        let mut row = daily();
        let later = put_off(&row, None, at("2026-12-01T09:30:00Z"), at("2026-12-01T08:50:00Z")).unwrap();
        write(&mut row, &later);
        let before = Master::of_row(&row).unwrap();
        let now = at("2026-12-01T09:10:00Z");
        let settle = |after: &Master| settled(after, Some((&before, &row)), row.flags, Some(15), now).unwrap();
        let mut after = before.clone();
        after.deleted.insert("2026-12-08".parse().unwrap());
        assert_eq!(settle(&after), (at("2026-12-01T09:30:00Z"), "2026-12-01".parse().unwrap()));
        after.deleted.insert("2026-12-01".parse().unwrap());
        assert_eq!(settle(&after), (at("2026-12-02T08:45:00Z"), "2026-12-02".parse().unwrap()));
    }
}
