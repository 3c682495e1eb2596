//! Time zones: those that clients know by their Windows ids ("W. Europe Standard Time"), and those that clients define.
//!
//! | question | file |
//! |---|---|
//! | which zones are there, under which names? | `table.rs` |
//! | where do their rules come from? | `source.rs` |
//! | what is a rule, what a history of rules? | `rules.rs`; out of tz data `facts.rs`; as a zone that reads times `compile.rs` |
//! | what does a client's definition say? | `definition.rs`, the form of free/busy requests `serializable.rs` |
//! | which zone does a client mean? | `resolve.rs` |
//! | which octets is it in MAPI? | `blob.rs` |
//!
//! No clock; the tz data of the system is read by `source.rs` alone, once and for all where no file can be read later ([`hold`]).

mod blob;
mod compile;
mod definition;
mod facts;
mod item;
mod resolve;
mod rules;
mod serializable;
mod source;
mod table;
#[cfg(test)]
mod tests;

pub use definition::{Definition, Group, Period, Target, TargetKind, Transition, TransitionTime, Yearly, YearlyDay};
pub use item::{Custom, ItemZone};
pub use rules::{Change, DayRule, Daylight, History, Rules};
pub use serializable::{SerializableTime, SerializableZone};
pub use source::{Origin, hold};
pub use table::ZONES;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A row of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct Zone {
    /// The Windows id.
    pub id: &'static str,
    /// The name shown to people: `(UTC+01:00) Amsterdam, Berlin, ...`.
    pub name: &'static str,
    /// Its representative in the tz database; or a rule in the form of POSIX, for what the database has not.
    pub iana: &'static str,
    /// The names that stand for it in each territory (ISO 3166, `ZZ` for none), the most usual first.
    pub territories: &'static [(&'static str, &'static str)],
    /// Older and other spellings, CLDR's own for `iana` first where it differs.
    pub also: &'static str,
}

/// The zone of a Windows id, without case.
pub fn find(id: &str) -> Option<&'static Zone> {
    by_name(|zone| vec![zone.id], &IDS, id)
}

/// The zone that a name of the tz database belongs to, without case: all that CLDR maps, and other spellings of those.
pub fn from_iana(name: &str) -> Option<&'static Zone> {
    by_name(|zone| zone.iana_names().collect(), &IANA, name)
}

type Names = OnceLock<HashMap<String, &'static Zone>>;
static IDS: Names = OnceLock::new();
static IANA: Names = OnceLock::new();

fn by_name(names: fn(&'static Zone) -> Vec<&'static str>, map: &Names, name: &str) -> Option<&'static Zone> {
    let map = map.get_or_init(|| {
        let all =
            ZONES.iter().flat_map(|zone| names(zone).into_iter().map(move |name| (name.to_ascii_lowercase(), zone)));
        // The first row counts: a retired id stands beside the one that has its zone now.
        let mut map = HashMap::new();
        for (name, zone) in all {
            map.entry(name).or_insert(zone);
        }
        map
    });
    map.get(&name.to_ascii_lowercase()).copied()
}

impl Zone {
    /// All names of the tz database that mean it.
    pub fn iana_names(&self) -> impl Iterator<Item = &'static str> {
        let territories = self.territories.iter().flat_map(|(_, names)| names.split(' '));
        std::iter::once(self.iana).chain(territories).chain(self.also.split(' ').filter(|name| !name.is_empty()))
    }

    /// The name of the tz database that people in that territory use for it.
    pub fn iana_in(&self, territory: &str) -> &'static str {
        let row = self.territories.iter().find(|(code, _)| code.eq_ignore_ascii_case(territory));
        row.and_then(|(_, names)| names.split(' ').next()).unwrap_or(self.iana)
    }

    /// The zone itself, with all its history.
    pub fn time_zone(&self) -> TimeZone {
        source::zone(self).0
    }

    /// Where [`Zone::time_zone`] has it from.
    pub fn origin(&self) -> Origin {
        source::zone(self).1
    }

    /// Its rules in those years. The first one's hold before, the last one's after.
    pub fn history(&self, years: std::ops::RangeInclusive<i16>) -> History {
        History::of(&self.time_zone(), years)
    }

    /// What it does in a year.
    pub fn rules(&self, year: i16) -> Rules {
        self.history(year..=year).in_year(year).clone()
    }
}

/// The midnight that begins a year; of years that no date has the first or the last time there is.
fn begin_of(year: i16) -> DateTime {
    let beyond = if year < 0 { DateTime::MIN } else { DateTime::MAX };
    Date::new(year, 1, 1).map_or(beyond, |day| day.to_datetime(Time::midnight()))
}

/// The instant of a wall-clock time. One that does not exist is read with the offset before the gap (02:30 is 03:30), one that
/// exists twice is the first (RFC 5545 3.3.5). Everything that reads local times reads them here.
pub fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    zone.to_ambiguous_timestamp(local)
        .compatible()
        .unwrap_or_else(|_| if local.year() < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
