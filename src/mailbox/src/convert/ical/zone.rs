//! VTIMEZONE and zones (MS-OXCICAL 2.1.3.1.1.19): one standard time and perhaps one daylight time, each from a yearly rule.

use ewsd_ical::{Component, Frequency, Moment, Rule, Writer, offset_minutes};
use ewsd_model::timezone::{Change, DayRule, Daylight, Definition, History, ItemZone, Rules};
use jiff::civil::{Date, DateTime, Time, date};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::limits::{Budget, Unreadable, ZONE_PARTS, ZONES};
use super::rule::short;

/// The zones that a calendar may name: its own by the ids that it gives them, and others that were looked up before. What nobody
/// knows is kept as such.
#[derive(Debug, Default)]
pub(super) struct Zones(RefCell<BTreeMap<String, Option<ItemZone>>>);

/// Octets of a zone's name: longer ones are nobody's.
const NAME: usize = 255;

impl Zones {
    pub fn of(calendar: &Component) -> Result<Zones, Unreadable> {
        let all: Vec<&Component> = calendar.components_of("VTIMEZONE").take(ZONES + 1).collect();
        if all.len() > ZONES || all.iter().any(|zone| zone.components.len() > ZONE_PARTS) {
            return Err(Unreadable::TooMuch(Budget::Zones));
        }
        let zones = all.into_iter().filter_map(|zone| {
            let id = zone.text("TZID").filter(|id| id.len() <= NAME)?;
            let found = match ItemZone::named(inner(&id)) {
                Some(zone) => zone,
                None => own(&id, zone)?,
            };
            Some((id, Some(found)))
        });
        Ok(Zones(RefCell::new(zones.collect())))
    }

    /// The zone of a TZID. None: nobody knows it.
    pub fn find(&self, id: &str) -> Option<ItemZone> {
        let id = ewsd_ical::text(id.trim());
        let mut known = self.0.borrow_mut();
        if let Some(found) = known.get(&id) {
            return found.clone();
        }
        let found = ItemZone::named(inner(&id));
        known.insert(id, found.clone());
        found
    }
}

/// Some write a path before the name: `/example.org/20050126_1/Europe/Berlin`.
fn inner(id: &str) -> &str {
    let id = id.trim().trim_matches('"');
    if !id.starts_with('/') || id.len() > NAME {
        return id;
    }
    let starts = id.match_indices('/').map(|(at, _)| id.get(at + 1..).unwrap_or_default());
    starts.clone().find(|name| ItemZone::named(name).is_some()).unwrap_or(id)
}

/// A part of a zone: since which year, perhaps until which, what it is, and when in the year it begins.
struct Part {
    since: i16,
    until: i16,
    daylight: bool,
    bias: i32,
    change: Option<Change>,
}

/// The zone that the rules say.
fn own(id: &str, zone: &Component) -> Option<ItemZone> {
    let parts = zone.components.iter().map(part).collect::<Option<Vec<Part>>>()?;
    // Rules change where a part begins or has ended.
    let ends = parts.iter().filter(|part| part.until < i16::MAX).map(|part| part.until + 1);
    let years: BTreeSet<i16> = parts.iter().map(|part| part.since).chain(ends).collect();
    let rules = years.iter().filter_map(|year| Some((*year, rules(&parts, *year)?)));
    let history = History::new(rules.take(100).collect())?;
    let newest = history.rules().last().map_or(2025, |(year, _)| (*year).max(2025));
    ItemZone::resolve(&Definition::of(id, id, &history), newest, None).ok()
}

fn part(component: &Component) -> Option<Part> {
    let daylight = match component.name.as_str() {
        "STANDARD" => false,
        "DAYLIGHT" => true,
        _ => return None,
    };
    let bias = -offset_minutes(&component.property("TZOFFSETTO")?.value)?;
    let begins = match Moment::read(&component.property("DTSTART")?.value)? {
        Moment::Date(date) => date.at(0, 0, 0, 0),
        Moment::Local(time) | Moment::Utc(time) => time,
    };
    let rule = component.property("RRULE").and_then(|rule| Rule::read(&rule.value));
    let until = match &rule {
        Some(Rule { until: Some(until), .. }) => until.date().year(),
        _ => i16::MAX,
    };
    let change = rule.and_then(|rule| change(&rule, begins));
    Some(Part { since: begins.year(), until, daylight, bias, change })
}

fn change(rule: &Rule, begins: DateTime) -> Option<Change> {
    if rule.frequency != Frequency::Yearly {
        return None;
    }
    let month = match rule.by_month.as_slice() {
        [] => begins.month(),
        [month] => i8::try_from(*month).ok().filter(|month| (1..=12).contains(month))?,
        _ => return None,
    };
    let on = match (rule.by_day.as_slice(), rule.by_month_day.as_slice()) {
        ([day], []) => {
            let nth = day.nth.or_else(|| rule.by_position.first().copied())?;
            DayRule::Nth(day.day.into(), i8::try_from(nth).ok().filter(|nth| (-4..=4).contains(nth) && *nth != 0)?)
        }
        ([], []) => DayRule::Day(begins.day()),
        ([], [day]) => DayRule::Day(i8::try_from(*day).ok().filter(|day| (1..=31).contains(day))?),
        ([day], days) => DayRule::Nth(day.day.into(), week(month, days)?),
        _ => return None,
    };
    let minutes = i32::from(begins.hour()) * 60 + i32::from(begins.minute());
    let minutes = if minutes == 1439 { 1440 } else { minutes };
    Some(Change { month, on, minutes })
}

/// Which one of a month the day of the week is that is one of these days, as some write it. Seven that end the month are its last.
fn week(month: i8, days: &[i32]) -> Option<i8> {
    let (first, last) = (*days.iter().min()?, *days.iter().max()?);
    let of_month = i32::from(Date::new(2025, month, 1).ok()?.days_in_month());
    match first {
        -7 => Some(-1),
        22 => Some(4),
        1..=31 if last >= of_month => Some(-1),
        1..=31 => i8::try_from((first - 1) / 7 + 1).ok().map(|nth| nth.min(4)),
        _ => None,
    }
}

/// What is in force in a year.
fn rules(parts: &[Part], year: i16) -> Option<Rules> {
    let newest = |daylight: bool| {
        let of_year = parts.iter().filter(|part| part.daylight == daylight && part.since <= year && year <= part.until);
        of_year.max_by_key(|part| part.since)
    };
    let (standard, daylight) = (newest(false), newest(true));
    let bias = standard.or(daylight)?.bias;
    let daylight = match (standard, daylight) {
        (Some(Part { change: Some(ends), .. }), Some(Part { change: Some(begins), bias, .. })) => {
            Some(Daylight { bias: *bias, begins: *begins, ends: *ends })
        }
        _ => None,
    };
    Some(Rules { standard: bias, daylight }.simple())
}

/// Writes the zone as it is in a year.
pub(super) fn write(w: &mut Writer, zone: &ItemZone, year: i16) {
    let rules = zone.history(year.saturating_sub(3)..=year.saturating_add(3)).in_year(year).clone();
    w.begin("VTIMEZONE");
    w.text("TZID", &[], zone.id());
    let standard = rules.standard;
    let (daylight, ends, begins) = match rules.daylight {
        Some(daylight) => (daylight.bias, Some(daylight.ends), Some(daylight.begins)),
        None => (standard, None, None),
    };
    write_part(w, "STANDARD", ends, daylight, standard);
    write_part(w, "DAYLIGHT", begins, standard, daylight);
    w.end("VTIMEZONE");
}

fn write_part(w: &mut Writer, name: &str, change: Option<Change>, from: i32, to: i32) {
    w.begin(name);
    // The end of a day has no time of its own.
    let minutes = change.map_or(0, |change| change.minutes.min(1439));
    let time = Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).unwrap_or_default();
    let at = date(1601, 1, 1).to_datetime(time);
    w.line("DTSTART", &[], &Moment::Local(at).write());
    w.line("TZOFFSETFROM", &[], &offset(from));
    w.line("TZOFFSETTO", &[], &offset(to));
    if let Some(change) = change {
        let on = match change.on {
            DayRule::Nth(day, nth) => format!("BYDAY={nth}{}", short(day)),
            DayRule::Day(day) => format!("BYMONTHDAY={day}"),
        };
        w.line("RRULE", &[], &format!("FREQ=YEARLY;INTERVAL=1;{on};BYMONTH={}", change.month));
    }
    w.end(name);
}

fn offset(bias: i32) -> String {
    let east = -bias;
    let sign = if east < 0 { '-' } else { '+' };
    format!("{sign}{:02}{:02}", east.abs() / 60, east.abs() % 60)
}
