//! The zone of an item, of a request or of a mailbox: one of the table, or one that a client defined and that is kept.

use super::{Definition, History, Zone, find};
use jiff::tz::TimeZone;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq)]
pub enum ItemZone {
    Known(&'static Zone),
    Custom(Arc<Custom>),
}

/// A zone of a client's own, under its names.
#[derive(Clone, Debug, PartialEq)]
pub struct Custom {
    pub id: String,
    pub name: String,
    pub history: History,
    zone: TimeZone,
}

impl Custom {
    pub fn new(id: &str, name: &str, history: History) -> Custom {
        Custom { id: id.to_owned(), name: name.to_owned(), zone: history.time_zone(), history }
    }
}

impl ItemZone {
    /// What counts where nobody says otherwise.
    pub fn utc() -> ItemZone {
        match find("UTC") {
            Some(zone) => ItemZone::Known(zone),
            None => ItemZone::Custom(Arc::new(Custom::new("UTC", "UTC", History::always(super::Rules::fixed(0))))),
        }
    }

    /// The Windows id, or the client's own.
    pub fn id(&self) -> &str {
        match self {
            ItemZone::Known(zone) => zone.id,
            ItemZone::Custom(zone) => &zone.id,
        }
    }

    /// What people read.
    pub fn name(&self) -> &str {
        match self {
            ItemZone::Known(zone) => zone.name,
            ItemZone::Custom(zone) => &zone.name,
        }
    }

    /// The zone itself: what reads local times.
    pub fn time_zone(&self) -> TimeZone {
        match self {
            ItemZone::Known(zone) => zone.time_zone(),
            ItemZone::Custom(zone) => zone.zone.clone(),
        }
    }

    pub fn history(&self, years: std::ops::RangeInclusive<i16>) -> History {
        match self {
            ItemZone::Known(zone) => zone.history(years),
            ItemZone::Custom(zone) => zone.history.clone(),
        }
    }

    /// As StartTimeZone and EndTimeZone are answered: id and name, and of a zone that only this client knows its rules.
    pub fn definition(&self) -> Definition {
        match self {
            ItemZone::Known(zone) => Definition::named(zone.id, zone.name),
            ItemZone::Custom(zone) => Definition::of(&zone.id, &zone.name, &zone.history),
        }
    }
}
