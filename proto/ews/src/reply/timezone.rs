//! Answers of GetServerTimeZones (MS-OXWSGTZ).

use ewsd_model::operation::Op;
use jiff::civil::DateTime;

use crate::writer::{M, T, Writer};

/// TimeZoneDefinitionType. Without periods only id and name are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeZoneDefinition {
    /// `W. Europe Standard Time`
    pub id: String,
    pub name: String,
    pub periods: Vec<Period>,
    pub groups: Vec<TransitionsGroup>,
    pub transitions: Vec<Transition>,
}

/// A time during which the zone keeps one offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub id: String,
    /// `Standard` or `Daylight`.
    pub name: String,
    /// Minutes to be added to local time to get UTC: -60 for Central Europe in winter.
    pub bias: i32,
}

/// Transitions that come again each year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransitionsGroup {
    pub id: String,
    pub transitions: Vec<Transition>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub to: TransitionTo,
    pub at: TransitionAt,
}

/// What begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitionTo {
    Period(String),
    Group(String),
}

/// When it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransitionAt {
    /// From the beginning of time.
    Always,
    /// Once, in local time.
    Absolute(DateTime),
    /// Each year, on a day of the month.
    Date { minutes: i32, month: i8, day: i8 },
    /// Each year, on a weekday (`Sunday`); `occurrence` 1..=4, or -1 for the month's last.
    Day { minutes: i32, month: i8, weekday: &'static str, occurrence: i8 },
}

pub(super) fn definitions(w: &mut Writer<'_>, _: Op, zones: Option<&Vec<TimeZoneDefinition>>) {
    let Some(zones) = zones else { return w.empty(M, "TimeZoneDefinitions") };
    w.open(M, "TimeZoneDefinitions");
    zones.iter().for_each(|zone| definition(w, zone));
    w.close(M, "TimeZoneDefinitions");
}

fn definition(w: &mut Writer<'_>, zone: &TimeZoneDefinition) {
    w.tag(T, "TimeZoneDefinition");
    w.attribute("Id", &zone.id);
    w.attribute("Name", &zone.name);
    if zone.periods.is_empty() {
        return w.end_empty();
    }
    w.end_tag();
    w.open(T, "Periods");
    for period in &zone.periods {
        w.tag(T, "Period");
        w.plain_attribute("Bias", &duration(period.bias));
        w.attribute("Name", &period.name);
        w.attribute("Id", &period.id);
        w.end_empty();
    }
    w.close(T, "Periods");
    if !zone.groups.is_empty() {
        w.open(T, "TransitionsGroups");
        for group in &zone.groups {
            w.tag(T, "TransitionsGroup");
            w.attribute("Id", &group.id);
            w.end_tag();
            group.transitions.iter().for_each(|one| transition(w, one));
            w.close(T, "TransitionsGroup");
        }
        w.close(T, "TransitionsGroups");
    }
    if !zone.transitions.is_empty() {
        w.open(T, "Transitions");
        zone.transitions.iter().for_each(|one| transition(w, one));
        w.close(T, "Transitions");
    }
    w.close(T, "TimeZoneDefinition");
}

fn transition(w: &mut Writer<'_>, transition: &Transition) {
    let element = match transition.at {
        TransitionAt::Always => "Transition",
        TransitionAt::Absolute(_) => "AbsoluteDateTransition",
        TransitionAt::Date { .. } => "RecurringDateTransition",
        TransitionAt::Day { .. } => "RecurringDayTransition",
    };
    w.open(T, element);
    let (kind, id) = match &transition.to {
        TransitionTo::Period(id) => ("Period", id),
        TransitionTo::Group(id) => ("Group", id),
    };
    w.tag(T, "To");
    w.plain_attribute("Kind", kind);
    w.end_tag();
    w.text(id);
    w.close(T, "To");
    match transition.at {
        TransitionAt::Always => {}
        TransitionAt::Absolute(at) => w.text_element(T, "DateTime", &at.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        TransitionAt::Date { minutes, month, day } => {
            w.text_element(T, "TimeOffset", &duration(minutes));
            w.number_element(T, "Month", i64::from(month));
            w.number_element(T, "Day", i64::from(day));
        }
        TransitionAt::Day { minutes, month, weekday, occurrence } => {
            w.text_element(T, "TimeOffset", &duration(minutes));
            w.number_element(T, "Month", i64::from(month));
            w.text_element(T, "DayOfWeek", weekday);
            w.number_element(T, "Occurrence", i64::from(occurrence));
        }
    }
    w.close(T, element);
}

/// xs:duration of whole minutes: `-PT1H30M`, `PT0S`.
fn duration(minutes: i32) -> String {
    let (hours, rest) = (minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60);
    let sign = if minutes < 0 { "-" } else { "" };
    match (hours, rest) {
        (0, 0) => "PT0S".to_owned(),
        (hours, 0) => format!("{sign}PT{hours}H"),
        (0, rest) => format!("{sign}PT{rest}M"),
        (hours, rest) => format!("{sign}PT{hours}H{rest}M"),
    }
}
