//! Which zone a client means: by its id, by a name of the tz database, by the name shown to people, by its rules; else the
//! definition itself is the zone.

use super::rules::{Change, Rules};
use super::{Custom, Definition, History, ItemZone, ZONES, Zone, find, from_iana, source};
use crate::Code;
use std::sync::Arc;

/// Names that mean UTC and stand in no table.
const UTC: &[&str] = &["tzone://Microsoft/Utc", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "GMT", "Z"];

/// Years of which the rules of a zone that has a name only are kept.
const YEARS: std::ops::RangeInclusive<i16> = 1990..=2040;

/// A year whose rules most zones still have.
const LATELY: i16 = 2025;

impl ItemZone {
    /// The zone of a name alone: a Windows id, a name of the tz database, or what people are shown.
    pub fn named(name: &str) -> Option<ItemZone> {
        let name = name.trim();
        if let Some(zone) = find(name).or_else(|| from_iana(name)).or_else(|| shown(name)) {
            return Some(ItemZone::Known(zone));
        }
        if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) {
            return Some(ItemZone::utc());
        }
        // A zone that Windows does not know.
        let history = History::of(&source::named(name)?, YEARS);
        Some(ItemZone::Custom(Arc::new(Custom::new(name, name, history))))
    }

    /// The zone that a request's times are in, by the newest of its rules.
    pub fn of_request(definition: &Definition) -> Result<ItemZone, Code> {
        let newest = definition.history().ok().and_then(|history| Some(history.rules().last()?.0));
        ItemZone::resolve(definition, newest.unwrap_or_default().max(LATELY), None)
    }

    /// The zone that a definition means. Rules that several zones share in `year` (the item's, the first of a series) mean
    /// `preferred` if it is one of them. ErrorCalendarInvalidTimeZone for a name that nobody knows, and for what
    /// [`Definition::history`] refuses.
    pub fn resolve(definition: &Definition, year: i16, preferred: Option<&'static Zone>) -> Result<ItemZone, Code> {
        let id = definition.id.as_deref().unwrap_or_default();
        let name = definition.name.as_deref().unwrap_or_default();
        if let Some(zone) = ItemZone::named(id) {
            return Ok(zone);
        }
        if let Some(zone) = Some(name).filter(|name| !name.is_empty()).and_then(ItemZone::named) {
            return Ok(zone);
        }
        if definition.is_name() {
            return Err(Code::ErrorCalendarInvalidTimeZone);
        }
        let history = definition.history()?;
        if let Some(zone) = by_rules(history.in_year(year), year, preferred) {
            return Ok(ItemZone::Known(zone));
        }
        let text = |first: &str, second: &str| if first.is_empty() { second.to_owned() } else { first.to_owned() };
        let (id, name) = (text(id, name), text(name, id));
        Ok(ItemZone::Custom(Arc::new(Custom::new(&id, &name, history))))
    }
}

/// By the name people are shown, with the offset before it or without.
fn shown(name: &str) -> Option<&'static Zone> {
    let places = |zone: &Zone| zone.name.split_once(") ").map(|(_, places)| places);
    ZONES.iter().find(|zone| zone.name.eq_ignore_ascii_case(name) || places(zone).is_some_and(|places| places == name))
}

/// The zone with these rules in that year: the preferred one, else the first of the table.
pub(super) fn by_rules(rules: &Rules, year: i16, preferred: Option<&'static Zone>) -> Option<&'static Zone> {
    let preferred = preferred.into_iter();
    // The zones of a name like UTC+12 stand for ships; a place comes first.
    let (places, others): (Vec<&Zone>, Vec<&Zone>) = ZONES.iter().partition(|zone| !zone.iana.starts_with("Etc/"));
    // Which of two rules a year follows, other years tell: the fourth Sunday may be the last.
    let years = year.saturating_sub(6)..=year.saturating_add(6);
    preferred.chain(places).chain(others).find(|zone| alike(zone.history(years.clone()).in_year(year), rules))
}

/// Whether two rules say the same. A change at the last minute of a day is one at its end.
fn alike(one: &Rules, other: &Rules) -> bool {
    let same = |one: &Change, other: &Change| {
        (one.month, one.on) == (other.month, other.on) && one.minutes.abs_diff(other.minutes) <= 1
    };
    one.standard == other.standard
        && match (&one.daylight, &other.daylight) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                one.bias == other.bias && same(&one.begins, &other.begins) && same(&one.ends, &other.ends)
            }
            _ => false,
        }
}
