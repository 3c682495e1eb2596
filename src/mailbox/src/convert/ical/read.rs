//! Reading a calendar (MS-OXCICAL 2.1.3). What an event cannot do without is refused with a word; everything else is read as far as
//! it goes.

mod parts;

use ewsd_ical::{Component, Moment, Property, Rule, duration_minutes};
use ewsd_model::recurrence::{Clock, Times};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::{Body, BodyType};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

use super::ZONE;
use super::event::{Busy, Calendar, Event, Importance, Sensitivity};
use super::limits::{Budget, DELETED, Limits, Unreadable};
use super::rule;
use super::zone::Zones;

/// Characters of subjects and places.
const SHORT: usize = 255;

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
    for calendar in &calendars {
        all.method = all.method.or_else(|| calendar.word("METHOD"));
        let reader = Reader { zones: Zones::of(calendar)?, zone };
        for event in calendar.components_of("VEVENT") {
            all.events.push(reader.event(event)?);
        }
    }
    few_exceptions(&all, limits.exceptions)?;
    Ok(all)
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
    fn event(&self, component: &Component) -> Result<Event, Unreadable> {
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
        let ends = match &end {
            Some(end) => at(end.moment, &end_zone),
            None => begins + length(component, start.moment),
        };
        // Both may lie in an hour that is missing.
        let lasts = clock.map(|clock| SignedDuration::from_mins(i64::from(clock.end - clock.start)));
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
        Ok(event)
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
            Moment::Date(date) => instant(&zone, date.to_datetime(time)),
            moment => at(moment, own),
        };
        let id = component.property("RECURRENCE-ID").and_then(|id| self.when(id).ok());
        event.recurrence_id = id.map(|id| original(id.moment, id.zone.as_ref().unwrap_or(&event.zone)));
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
        None => begins.checked_add(length(component, start.moment)).ok()?,
    };
    let minutes = |local: DateTime| i32::try_from(local.duration_since(midnight(begins.date())).as_mins()).ok();
    let clock = Clock { start: minutes(begins)?, end: minutes(ends)? };
    (clock.end > clock.start).then_some(clock)
}

/// Whether the instants of an event do not tell its clock.
fn tells_more(clock: Clock, event: &Event) -> bool {
    Times::of(event.zone.time_zone(), event.start, event.end).clock() != clock
}

/// Without DTEND: DURATION, else a day of a date, else nothing (RFC 5545 3.6.1).
fn length(component: &Component, start: Moment) -> SignedDuration {
    let said = component.property("DURATION").and_then(|length| duration_minutes(&length.value));
    let usual = if let Moment::Date(_) = start { 1440 } else { 0 };
    SignedDuration::from_mins(said.unwrap_or(usual).clamp(0, 10 * 366 * 1440))
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
