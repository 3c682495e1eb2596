//! Reading a calendar (MS-OXCICAL 2.1.3). An event that lacks what it cannot do without is left, with a word why; everything else is
//! read as far as it goes.

mod parts;

use ewsd_ical::{Component, Moment, Property, Rule, duration, duration_minutes};
use ewsd_model::recurrence::{Clock, Times};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::{Body, BodyType};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};

use super::ZONE;
use super::event::{Busy, Calendar, Event, Importance, Left, Sensitivity};
use super::limits::{Budget, DELETED, Limits, Unreadable};
use super::rule;
use super::zone::Zones;

/// Characters of subjects and places.
const SHORT: usize = 255;

/// Days that an event may last by its DURATION.
const MOST_DAYS: i64 = 10 * 366;

/// Minutes of a reminder whose trigger nobody can read.
const REMINDER: i32 = 15;
const ALL_DAY_REMINDER: i32 = 1080;

/// Reads the calendars of a text as one. `zone` is that of times that name none, and of events that are said in UTC.
pub(super) fn read(octets: &[u8], zone: &ItemZone, limits: &Limits) -> Result<Calendar, Unreadable> {
    let text = String::from_utf8_lossy(octets);
    let calendars = ewsd_ical::read(&text, &limits.syntax())?;
    if calendars.is_empty() {
        return Err(Unreadable::NoCalendar);
    }
    let mut all = Calendar::default();
    let mut named = Vec::new();
    for calendar in &calendars {
        all.method = all.method.or_else(|| calendar.word("METHOD"));
        let reader = Reader { zones: Zones::of(calendar)?, zone };
        for event in calendar.components_of("VEVENT") {
            match reader.event(event) {
                Ok(event) => {
                    named.extend(event.1.map(|id| (all.events.len(), id)));
                    all.events.push(event.0);
                }
                Err(why @ Unreadable::TooMuch(_)) => return Err(why),
                Err(why) => all.left.push(Left { name: name(event), why }),
            }
        }
    }
    match all.left.first() {
        Some(left) if all.events.is_empty() => return Err(left.why),
        _ => name_occurrences(&mut all.events, named),
    }
    few_exceptions(&all, limits.exceptions)?;
    Ok(all)
}

/// What people know an event by that cannot be read.
fn name(event: &Component) -> String {
    one_line(&event.text("SUMMARY").or_else(|| event.text("UID")).unwrap_or_default())
}

/// Has exceptions name the occurrence that they stand for.
fn name_occurrences(events: &mut [Event], named: Vec<(usize, ZonedMoment)>) {
    let exceptions: HashSet<usize> = named.iter().map(|(at, _)| *at).collect();
    let series = events.iter().enumerate().rev().filter(|(at, _)| !exceptions.contains(at));
    let series: HashMap<String, usize> = series.map(|(at, event)| (event.uid.clone(), at)).collect();
    for (at, id) in named {
        let Some(event) = events.get(at) else { continue };
        let original = original(event, series.get(&event.uid).and_then(|at| events.get(*at)), &id);
        events.get_mut(at).into_iter().for_each(|event| event.recurrence_id = Some(original));
    }
}

/// A day alone, and any midnight where the series is of whole days, is one of the series' days; what else is told is an instant.
fn original(event: &Event, series: Option<&Event>, id: &ZonedMoment) -> Timestamp {
    let own = id.zone.as_ref().unwrap_or(&event.zone);
    let of = series.unwrap_or(event);
    let zone = of.zone.time_zone();
    match id.moment {
        moment if series.is_some_and(|series| series.all_day) => instant(&zone, midnight(day(moment, own, &zone))),
        Moment::Date(date) => {
            let meant = of.clock.and_then(|clock| Time::midnight().checked_add(minutes(clock.start)).ok());
            instant(&zone, date.to_datetime(meant.unwrap_or(zone.to_datetime(of.start).time())))
        }
        moment => at(moment, own),
    }
}

fn minutes(minutes: i32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(minutes))
}

/// The day that is meant where days are told: that of a midnight, whose ever it is, else the one that it is in the zone.
fn day(moment: Moment, own: &ItemZone, zone: &TimeZone) -> Date {
    match moment {
        Moment::Utc(time) | Moment::Local(time) if time.time() != Time::midnight() => {
            zone.to_datetime(at(moment, own)).date()
        }
        moment => moment.date(),
    }
}

/// Each occurrence of a series that differs lies in its item.
fn few_exceptions(calendar: &Calendar, most: u64) -> Result<(), Unreadable> {
    let mut of_series: HashMap<&str, u64> = HashMap::new();
    for event in calendar.events.iter().filter(|event| event.recurrence_id.is_some()) {
        let count = of_series.entry(&event.uid).or_default();
        *count += 1;
        if *count > most {
            return Err(Unreadable::TooMuch(Budget::Exceptions));
        }
    }
    Ok(())
}

struct Reader<'a> {
    zones: Zones,
    zone: &'a ItemZone,
}

/// A time and what was said of its zone.
struct ZonedMoment {
    moment: Moment,
    /// None: floating, or in UTC.
    zone: Option<ItemZone>,
}

impl Reader<'_> {
    /// With what it says of the occurrence that it stands for.
    fn event(&self, component: &Component) -> Result<(Event, Option<ZonedMoment>), Unreadable> {
        let start = component.property("DTSTART").ok_or(Unreadable::NoStart)?;
        let start = self.when(start)?;
        let rule = component.property("RRULE").map(|rule| Rule::read(&rule.value));
        let of_days = self.days_of(component, &start);
        let floats = of_days.is_none() && start.zone.is_none() && !matches!(start.moment, Moment::Utc(_));
        let zone = of_days.unwrap_or_else(|| self.zone_of(&start, rule.is_some()));
        let end = component.property("DTEND").map(|end| self.when(end)).transpose()?;
        let end_zone = end.as_ref().and_then(|end| end.zone.clone()).unwrap_or_else(|| zone.clone());
        let begins = at(start.moment, &zone);
        let clock = clock(component, &start, end.as_ref(), zone == end_zone);
        let ends = match (&end, start.moment) {
            (Some(end), Moment::Date(_)) => instant(&zone.time_zone(), midnight(last(end.moment, &zone))),
            (Some(end), _) => at(end.moment, &end_zone),
            (None, moment) => lasts_until(component, moment, &zone),
        };
        // Both may lie in an hour that is missing.
        let lasts = clock.map(|clock| minutes(clock.end - clock.start));
        let ends = lasts.filter(|_| ends <= begins).map_or(ends, |lasts| begins + lasts);
        let uid = component.text("UID").unwrap_or_default();
        let mut event = Event::new(&uid, zone, begins, ends.max(begins));
        event.end_zone = end_zone;
        event.floats = floats;
        event.all_day = all_day(component, &start, end.as_ref(), &event);
        event.clock = clock.filter(|clock| rule.is_some() && tells_more(*clock, &event));
        self.series(component, rule, &start, &mut event)?;
        describe(component, &mut event);
        event.reminder = reminder(component, &event);
        parts::read(component, &mut event)?;
        let id = component.property("RECURRENCE-ID").and_then(|id| {
            let zone = id.parameter("TZID").and_then(|id| self.zones.find(id));
            Some(ZonedMoment { moment: Moment::read(&id.value)?, zone })
        });
        Ok((event, id))
    }

    fn when(&self, property: &Property) -> Result<ZonedMoment, Unreadable> {
        let moment = Moment::read(&property.value).ok_or(Unreadable::BadTime)?;
        let zone = match (moment, property.parameter("TZID")) {
            (Moment::Utc(_), _) | (_, None) => None,
            (_, Some(id)) => {
                let zone = self.zones.find(id);
                Some(zone.ok_or(Unreadable::UnknownZone)?)
            }
        };
        Ok(ZonedMoment { moment, zone })
    }

    /// The zone whose days an event of dates is on, where it says so.
    fn days_of(&self, component: &Component, start: &ZonedMoment) -> Option<ItemZone> {
        let Moment::Date(_) = start.moment else { return None };
        self.zones.find(&component.property(ZONE)?.value)
    }

    /// A series in UTC recurs in UTC; a single event only tells its instant by it.
    fn zone_of(&self, start: &ZonedMoment, recurs: bool) -> ItemZone {
        match (&start.zone, start.moment) {
            (Some(zone), _) => zone.clone(),
            (None, Moment::Utc(_)) if recurs => ItemZone::utc(),
            _ => self.zone.clone(),
        }
    }

    fn series(
        &self,
        component: &Component,
        rule: Option<Option<Rule>>,
        start: &ZonedMoment,
        event: &mut Event,
    ) -> Result<(), Unreadable> {
        let zone = event.zone.time_zone();
        if let Some(rule) = rule {
            let first = match start.moment {
                Moment::Date(date) => midnight(date),
                Moment::Local(time) => time,
                Moment::Utc(_) => zone.to_datetime(event.start),
            };
            event.recurrence = rule.and_then(|rule| rule::recurrence(&rule, first.date(), first.time(), &zone));
            event.rule_lost = event.recurrence.is_none();
        }
        // Days of an event of whole days, and days alone, are told by their dates.
        let time = match (start.moment, event.clock) {
            (Moment::Local(time), Some(_)) => time.time(),
            _ => zone.to_datetime(event.start).time(),
        };
        let original = |moment: Moment, own: &ItemZone| match moment {
            moment if event.all_day => instant(&zone, midnight(day(moment, own, &zone))),
            Moment::Date(date) => instant(&zone, date.to_datetime(time)),
            moment => at(moment, own),
        };
        let lists = component.properties.iter().filter(|p| matches!(p.name.as_str(), "EXDATE" | "X-MICROSOFT-EXDATE"));
        let mut deleted: Vec<Timestamp> = lists
            .flat_map(|list| {
                let own = list.parameter("TZID").and_then(|id| self.zones.find(id));
                let own = own.unwrap_or_else(|| event.zone.clone());
                let moments = list.value.split(',').filter_map(Moment::read);
                moments.map(|moment| original(moment, &own)).collect::<Vec<_>>()
            })
            .take(DELETED + 1)
            .collect();
        if deleted.len() > DELETED {
            return Err(Unreadable::TooMuch(Budget::Deleted));
        }
        deleted.sort_unstable();
        deleted.dedup();
        event.deleted = deleted;
        Ok(())
    }
}

fn at(moment: Moment, zone: &ItemZone) -> Timestamp {
    match moment {
        Moment::Date(date) => instant(&zone.time_zone(), midnight(date)),
        Moment::Local(time) => instant(&zone.time_zone(), time),
        Moment::Utc(time) => instant(&TimeZone::UTC, time),
    }
}

fn midnight(date: Date) -> DateTime {
    date.to_datetime(Time::midnight())
}

/// What the clocks are to say when it begins and ends, where both are told by those of one zone.
fn clock(component: &Component, start: &ZonedMoment, end: Option<&ZonedMoment>, same_zone: bool) -> Option<Clock> {
    let Moment::Local(begins) = start.moment else { return None };
    let ends = match end.map(|end| end.moment) {
        Some(Moment::Local(ends)) if same_zone => ends,
        Some(_) => return None,
        None => {
            let (days, seconds) = length(component, start.moment);
            begins.checked_add(SignedDuration::from_secs(days * 86_400 + seconds)).ok()?
        }
    };
    let minutes = |local: DateTime| i32::try_from(local.duration_since(midnight(begins.date())).as_mins()).ok();
    let clock = Clock { start: minutes(begins)?, end: minutes(ends)? };
    (clock.end > clock.start).then_some(clock)
}

/// Whether the instants of an event do not tell its clock.
fn tells_more(clock: Clock, event: &Event) -> bool {
    Times::of(event.zone.time_zone(), event.start, event.end).clock() != clock
}

/// Days and seconds without DTEND: DURATION, else a day of a date, else nothing (RFC 5545 3.6.1).
fn length(component: &Component, start: Moment) -> (i64, i64) {
    let said = component.property("DURATION").and_then(|length| duration(&length.value));
    let (days, seconds) = said.unwrap_or((i64::from(matches!(start, Moment::Date(_))), 0));
    (days.clamp(0, MOST_DAYS), seconds.clamp(0, MOST_DAYS * 86_400))
}

/// The end of what begins then: days are as long as the clock has them.
fn lasts_until(component: &Component, start: Moment, zone: &ItemZone) -> Timestamp {
    let (days, seconds) = length(component, start);
    let (days, seconds) = match start {
        // A day of which a part is told counts.
        Moment::Date(_) => (days + (seconds + 86_399) / 86_400, 0),
        _ => (days, seconds),
    };
    let later = |local: DateTime| local.checked_add(SignedDuration::from_hours(24 * days)).unwrap_or(local);
    let ends = match start {
        Moment::Date(date) => Moment::Local(later(midnight(date))),
        Moment::Local(time) => Moment::Local(later(time)),
        Moment::Utc(time) => Moment::Utc(later(time)),
    };
    let ends = at(ends, zone);
    ends.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(ends)
}

/// The day before which whole days end: one of which a part is told counts.
fn last(end: Moment, zone: &ItemZone) -> Date {
    let zone = zone.time_zone();
    let local = match end {
        Moment::Utc(time) if time.time() != Time::midnight() => zone.to_datetime(instant(&TimeZone::UTC, time)),
        Moment::Date(date) => midnight(date),
        Moment::Utc(time) | Moment::Local(time) => time,
    };
    if local.time() == Time::midnight() { local.date() } else { local.date().tomorrow().unwrap_or(local.date()) }
}

/// Dates; or midnights that float or are said to be whole days (MS-OXCICAL 2.1.3.1.1.20.28).
fn all_day(component: &Component, start: &ZonedMoment, end: Option<&ZonedMoment>, event: &Event) -> bool {
    let said = first_word(component, &["X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT"]);
    let said = said.is_some_and(|word| word == "TRUE");
    let floats = |when: &ZonedMoment| when.zone.is_none() && matches!(when.moment, Moment::Local(_));
    if let Moment::Date(_) = start.moment {
        return true;
    }
    // Where midnight is missing a day begins later.
    let zone = event.zone.time_zone();
    let is_midnight = |at: &Timestamp| instant(&zone, midnight(zone.to_datetime(*at).date())) == *at;
    let whole = [event.start, event.end].iter().all(is_midnight);
    whole && event.end > event.start && (said || floats(start) && end.is_some_and(floats))
}

fn first_word(component: &Component, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| component.word(name))
}

fn describe(component: &Component, event: &mut Event) {
    let short = |name: &str| component.text(name).map(|text| one_line(&text));
    event.subject = short("SUMMARY");
    event.location = short("LOCATION");
    event.body = body(component);
    let lists = component.properties_of("CATEGORIES").flat_map(|list| ewsd_ical::list(&list.value));
    event.categories = lists.map(|category| one_line(&category)).take(100).collect();
    event.sensitivity = match component.word("CLASS").as_deref() {
        Some("X-PERSONAL") => Sensitivity::Personal,
        Some(word) => Sensitivity::from_ical(word).unwrap_or(Sensitivity::Normal),
        None => Sensitivity::Normal,
    };
    let importance = first_word(component, &["X-MICROSOFT-CDO-IMPORTANCE", "X-MICROSOFT-MSNCALENDAR-IMPORTANCE"]);
    event.importance = match (importance.as_deref(), component.word("PRIORITY").as_deref()) {
        (Some("0"), _) => Importance::Low,
        (Some("1"), _) => Importance::Normal,
        (Some("2"), _) => Importance::High,
        // Nine steps are three.
        (_, Some("1" | "2" | "3" | "4")) => Importance::High,
        (_, Some("6" | "7" | "8")) => Importance::Low,
        (_, word) => word.and_then(Importance::from_ical).unwrap_or(Importance::Normal),
    };
    event.cancelled = component.word("STATUS").as_deref() == Some("CANCELLED");
    event.busy = busy(component);
    let intended = first_word(component, &["X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-MSNCALENDAR-INTENDEDSTATUS"]);
    event.intended = intended.and_then(|word| Busy::from_ical(&word));
    let sequence = first_word(component, &["X-MICROSOFT-CDO-APPT-SEQUENCE", "SEQUENCE"]);
    event.sequence = sequence.and_then(|number| number.parse().ok()).unwrap_or(0).max(0);
    event.stamp = component
        .property("DTSTAMP")
        .and_then(|stamp| Moment::read(&stamp.value))
        .map(|stamp| at(stamp, &ItemZone::utc()));
    event.allow_new_time = component.word("X-MICROSOFT-DISALLOW-COUNTER").as_deref() != Some("TRUE");
}

fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHORT).collect();
    line.trim().to_owned()
}

/// HTML wins.
fn body(component: &Component) -> Option<Body> {
    let html = component.properties_of("X-ALT-DESC").find(|body| body.says("FMTTYPE", "text/html"));
    if let Some(html) = html.map(|html| ewsd_ical::text(&html.value)).filter(|html| !html.trim().is_empty()) {
        return Some(Body { body_type: BodyType::Html, text: html, truncated: None });
    }
    let text = component.text("DESCRIPTION").filter(|text| !text.trim().is_empty())?;
    Some(Body { body_type: BodyType::Text, text: text.replace('\n', "\r\n"), truncated: None })
}

fn busy(component: &Component) -> Busy {
    let said = first_word(component, &["X-MICROSOFT-CDO-BUSYSTATUS", "X-MICROSOFT-MSNCALENDAR-BUSYSTATUS"]);
    if let Some(busy) = said.and_then(|word| Busy::from_ical(&word)) {
        return busy;
    }
    match (component.word("TRANSP").as_deref(), component.word("STATUS").as_deref()) {
        (Some("TRANSPARENT"), _) | (None, Some("CANCELLED")) => Busy::Free,
        (None, Some("TENTATIVE")) => Busy::Tentative,
        _ => Busy::Busy,
    }
}

/// That of the first alarm (MS-OXCICAL 2.1.3.1.1.20.62).
fn reminder(component: &Component, event: &Event) -> Option<i32> {
    let trigger = component.components_of("VALARM").next()?.property("TRIGGER");
    let usual = if event.all_day { ALL_DAY_REMINDER } else { REMINDER };
    let Some(trigger) = trigger else { return Some(usual) };
    let minutes = match duration_minutes(&trigger.value) {
        Some(minutes) => Some(minutes.abs()),
        None => Moment::read(&trigger.value)
            .map(|moment| event.start.duration_since(at(moment, &ItemZone::utc())).as_mins().abs()),
    };
    Some(minutes.and_then(|minutes| i32::try_from(minutes).ok()).unwrap_or(usual))
}
