//! Answers of GetServerTimeZones (MS-OXWSGTZ).

use ewsd_model::operation::Op;
use ewsd_model::timezone::{Change, Zone};

use crate::writer::{M, T, Writer};

/// Zones of the model's table, as they are in a year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZones {
    pub zones: Vec<&'static Zone>,
    pub year: i16,
    /// With periods and transitions; else only ids and names.
    pub full: bool,
}

/// The id of the one group of transitions that a zone has.
const GROUP: &str = "0";

pub(super) fn definitions(w: &mut Writer<'_>, _: Op, zones: Option<&TimeZones>) {
    let Some(TimeZones { zones, year, full }) = zones else { return w.empty(M, "TimeZoneDefinitions") };
    w.open(M, "TimeZoneDefinitions");
    for zone in zones {
        w.tag(T, "TimeZoneDefinition");
        w.attribute("Id", zone.id);
        w.attribute("Name", &zone.display_name(*year));
        if *full {
            w.end_tag();
            rules(w, zone, *year);
            w.close(T, "TimeZoneDefinition");
        } else {
            w.end_empty();
        }
    }
    w.close(M, "TimeZoneDefinitions");
}

fn rules(w: &mut Writer<'_>, zone: &Zone, year: i16) {
    let rules = zone.rules(year);
    let standard = format!("{}/Standard", zone.id);
    let daylight = format!("{}/Daylight", zone.id);
    w.open(T, "Periods");
    period(w, "Standard", &standard, rules.standard);
    if let Some(summer) = &rules.daylight {
        period(w, "Daylight", &daylight, summer.bias);
    }
    w.close(T, "Periods");
    w.open(T, "TransitionsGroups");
    w.tag(T, "TransitionsGroup");
    w.plain_attribute("Id", GROUP);
    w.end_tag();
    match &rules.daylight {
        Some(summer) => {
            recurring(w, &daylight, &summer.begins);
            recurring(w, &standard, &summer.ends);
        }
        None => always(w, "Period", &standard),
    }
    w.close(T, "TransitionsGroup");
    w.close(T, "TransitionsGroups");
    w.open(T, "Transitions");
    always(w, "Group", GROUP);
    w.close(T, "Transitions");
}

fn period(w: &mut Writer<'_>, name: &str, id: &str, bias: i32) {
    w.tag(T, "Period");
    w.plain_attribute("Bias", &duration(bias));
    w.plain_attribute("Name", name);
    w.attribute("Id", id);
    w.end_empty();
}

fn to(w: &mut Writer<'_>, kind: &str, id: &str) {
    w.tag(T, "To");
    w.plain_attribute("Kind", kind);
    w.end_tag();
    w.text(id);
    w.close(T, "To");
}

/// A transition from the beginning of time.
fn always(w: &mut Writer<'_>, kind: &str, id: &str) {
    w.open(T, "Transition");
    to(w, kind, id);
    w.close(T, "Transition");
}

/// A transition of each year.
fn recurring(w: &mut Writer<'_>, period: &str, change: &Change) {
    w.open(T, "RecurringDayTransition");
    to(w, "Period", period);
    w.text_element(T, "TimeOffset", &duration(change.minutes));
    w.number_element(T, "Month", i64::from(change.month));
    w.text_element(T, "DayOfWeek", change.day_name());
    w.number_element(T, "Occurrence", i64::from(change.occurrence));
    w.close(T, "RecurringDayTransition");
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

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        assert_eq!([0, 60, -60, -330, 45].map(duration), ["PT0S", "PT1H", "-PT1H", "-PT5H30M", "PT45M"]);
    }
}
