//! Whether a resource can be had: the meeting against the resource's rules and its calendar (the options of Set-CalendarProcessing;
//! a series by all its occurrences that are still to come). Nothing is changed here.

use ewsd_model::PropId;
use ewsd_model::availability::{BusyType, WorkingHours};
use ewsd_model::calendar::Answer;
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_store::{Account, ItemRow, Mailbox, Map};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::people;
use super::respond::Invitation;
use crate::calendar::series::{Master, Occurrence, time_in, zone_in};
use crate::calendar::view;
use crate::error::Result;

/// Bookings and occurrences that an answer names at most.
const NAMED: usize = 20;

/// NoticeKind the resource says.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub answer: Answer,
    /// Why, as its answer says it.
    pub text: String,
    /// Occurrences of an accepted series that are declined by themselves.
    pub without: Vec<Occurrence>,
}

impl Verdict {
    fn decline(why: impl Into<String>) -> Verdict {
        let text = format!("Your request was declined: {}", why.into());
        Verdict { answer: Answer::Decline, text, without: Vec::new() }
    }
}

/// A time that is wanted.
#[derive(Clone, Copy)]
struct Wanted {
    start: Timestamp,
    end: Timestamp,
    /// Of a series.
    placed: Option<Occurrence>,
}

/// A time that somebody else has.
struct Taken {
    start: Timestamp,
    end: Timestamp,
    organizer: Option<String>,
}

/// The zone in which a resource counts days and hours: its own, else the meeting's.
pub(super) fn zone(resource: &Account, meeting: &Map) -> ItemZone {
    let own = resource.zone.as_deref().and_then(ItemZone::named);
    own.or_else(|| zone_in(meeting, PropId::CalendarStartTimeZone)).unwrap_or_else(ItemZone::utc)
}

/// The last day that can be booked.
pub(super) fn last_day(resource: &Account, zone: &ItemZone, now: Timestamp) -> Date {
    let today = zone.time_zone().to_datetime(now).date();
    let days = i64::from(resource.booking.window_days);
    today.checked_add(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(Date::MAX)
}

/// When the window ends: the midnight behind its last day.
fn horizon(resource: &Account, zone: &ItemZone, now: Timestamp) -> Timestamp {
    let behind = last_day(resource, zone, now).tomorrow().unwrap_or(Date::MAX);
    instant(&zone.time_zone(), behind.to_datetime(Time::midnight()))
}

/// Judges a meeting that stands in the calendar already, as it is not answered yet. `until`: the day as far as which a series that
/// goes on was booked.
pub(super) fn judge(
    mailbox: &mut Mailbox<'_>,
    resource: &Account,
    invited: &Invitation,
    until: Option<Date>,
    now: Timestamp,
) -> Result<Verdict> {
    let meeting = invited.shown().props.unwrap_or_default();
    let zone = zone(resource, &meeting);
    let horizon = horizon(resource, &zone, now);
    let series = if invited.day.is_none() { Master::of_row(&invited.item) } else { None };
    let wanted = wanted(&meeting, series.as_ref(), now, horizon);
    if let Some(refused) = refused(resource, &zone, series.as_ref(), &wanted, horizon, now) {
        return Ok(Verdict::decline(refused));
    }
    let uid = people::text(&meeting, PropId::CalendarUID).unwrap_or_default();
    let taken =
        if resource.booking.conflicts || is_free(&meeting) { Vec::new() } else { taken(mailbox, uid, &wanted)? };
    let clashes: Vec<(Wanted, &Taken)> = wanted
        .iter()
        .filter_map(|one| Some((*one, taken.iter().find(|other| other.start < one.end && other.end > one.start)?)))
        .collect();
    Ok(settled(resource, &zone, &wanted, &clashes, until))
}

/// The times of a meeting, of a series those that are still to come, in order.
fn wanted(meeting: &Map, series: Option<&Master>, now: Timestamp, horizon: Timestamp) -> Vec<Wanted> {
    match series {
        Some(master) => {
            let all = master.between(now, horizon);
            let mut all: Vec<Wanted> =
                all.map(|at| Wanted { start: at.start, end: at.end, placed: Some(at) }).collect();
            all.sort_by_key(|one| one.start);
            all
        }
        None => {
            let times = [PropId::CalendarStart, PropId::CalendarEnd].map(|id| time_in(meeting, id));
            let [Some(start), Some(end)] = times else { return Vec::new() };
            vec![Wanted { start, end, placed: None }]
        }
    }
}

/// NoticeKind is against the rules, whoever else has booked.
fn refused(
    resource: &Account,
    zone: &ItemZone,
    series: Option<&Master>,
    wanted: &[Wanted],
    horizon: Timestamp,
    now: Timestamp,
) -> Option<String> {
    let rules = &resource.booking;
    if series.is_some() && !rules.recurring {
        return Some("it takes no recurring meetings.".to_owned());
    }
    let longest = i64::from(rules.maximum_minutes);
    if longest > 0 && wanted.iter().any(|one| one.end.duration_since(one.start).as_mins() > longest) {
        return Some(format!("it can be booked for at most {longest} minutes."));
    }
    let far = || {
        let last = last_day(resource, zone, now);
        Some(format!("it can be booked up to {} days ahead, {last} at the latest.", rules.window_days))
    };
    match series.map(Master::span) {
        Some((first, _)) if first >= horizon => return far(),
        Some((_, last)) if rules.enforce_window && last.is_none_or(|last| last > horizon) => return far(),
        None if wanted.iter().any(|one| one.start >= horizon) => return far(),
        _ => {}
    }
    let periods = resource.working_hours.as_deref().and_then(WorkingHours::periods_of);
    let hours = match periods {
        Some(periods) => WorkingHours { zone: zone.clone(), periods },
        None => WorkingHours::usual(zone.clone()),
    };
    let outside = rules.work_hours_only && !wanted.iter().all(|one| hours.cover(one.start, one.end));
    outside.then(|| format!("it can be booked within its hours only: {}.", hours.periods_text()))
}

fn is_free(props: &Map) -> bool {
    let intended = people::text(props, PropId::MeetingRequestIntendedFreeBusyStatus);
    let busy = intended.or_else(|| people::text(props, PropId::CalendarLegacyFreeBusyStatus));
    busy.and_then(BusyType::from_word).is_some_and(|busy| busy == BusyType::Free)
}

/// NoticeKind others have booked between the first and the last that is wanted.
fn taken(mailbox: &mut Mailbox<'_>, uid: &str, wanted: &[Wanted]) -> Result<Vec<Taken>> {
    let ends = wanted.iter().map(|one| one.end).max();
    let (Some(first), Some(end)) = (wanted.first(), ends) else { return Ok(Vec::new()) };
    let calendar = mailbox.folder_by_distinguished("calendar")?.folder;
    let view = view::find(mailbox, &[calendar], first.start, end, usize::MAX)?;
    let rows = view.rows(mailbox, &view::brief())?;
    Ok(rows.iter().filter_map(|row| taken_by(row, uid)).collect())
}

fn taken_by(row: &ItemRow, uid: &str) -> Option<Taken> {
    let props = row.props.as_ref()?;
    let busy = people::text(props, PropId::CalendarLegacyFreeBusyStatus).and_then(BusyType::from_word);
    if people::text(props, PropId::CalendarUID) == Some(uid) || busy == Some(BusyType::Free) {
        return None;
    }
    let organizer = people::organizer(props).and_then(|one| one.name.or(one.address));
    Some(Taken { start: time_in(props, PropId::CalendarStart)?, end: time_in(props, PropId::CalendarEnd)?, organizer })
}

/// NoticeKind comes of the bookings that are in the way: a series may have some, within both limits, which it goes without.
fn settled(
    resource: &Account,
    zone: &ItemZone,
    wanted: &[Wanted],
    clashes: &[(Wanted, &Taken)],
    until: Option<Date>,
) -> Verdict {
    let rules = &resource.booking;
    let (bad, all) = (clashes.len() as u64, wanted.len() as u64);
    let without: Vec<Occurrence> = clashes.iter().filter_map(|(one, _)| one.placed).collect();
    let bearable = bad <= u64::from(rules.conflict_instances)
        && bad * 100 <= u64::from(rules.conflict_percentage) * all
        && bad < all
        && without.len() == clashes.len();
    let named = named(resource, zone, clashes);
    if bad > 0 && !bearable {
        return Verdict::decline(format!("it is in conflict with other bookings.\n{named}"));
    }
    let mut text = "Your request was accepted.".to_owned();
    if let Some(until) = until {
        text.push_str(&format!(" The series is booked as far as {until}: nothing can be booked beyond."));
    }
    if bad > 0 {
        text.push_str(&format!(" These occurrences are declined, they are in conflict with other bookings:\n{named}"));
    }
    Verdict { answer: Answer::Accept, text, without }
}

/// The times that cannot be had, a line each, with whoever has them if that is told.
fn named(resource: &Account, zone: &ItemZone, clashes: &[(Wanted, &Taken)]) -> String {
    let local = zone.time_zone();
    let clock = |time: Timestamp| local.to_datetime(time).strftime("%Y-%m-%d %H:%M").to_string();
    let mut lines: Vec<String> = Vec::new();
    for (_, other) in clashes.iter().take(NAMED) {
        let times = format!("{} to {} ({})", clock(other.start), clock(other.end), zone.name());
        let who = other.organizer.as_ref().filter(|_| resource.booking.tell_organizers);
        lines.push(who.map_or_else(|| times.clone(), |who| format!("{times}: {who}")));
    }
    if clashes.len() > NAMED {
        lines.push(format!("and {} more", clashes.len() - NAMED));
    }
    lines.join("\n")
}
