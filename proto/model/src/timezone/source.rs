//! Where tz data comes from: the system's, so that a new rule needs no new build; where it has a zone under CLDR's spelling only,
//! that; else what is built in. What changed on disk is noticed after some minutes, but by a process that has read all of it
//! ([`hold`]) because it will see no file any more.

use super::{ZONES, Zone, from_iana};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use std::collections::HashMap;
use std::path::Path;
use std::sync::OnceLock;

/// What a zone's rules were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The system's file of that name.
    System,
    /// The system's file of another spelling.
    Alias,
    BuiltIn,
    /// The row itself.
    Row,
}

/// Debian's, and that of every other system there is.
const FOLDER: &str = "/usr/share/zoneinfo";

fn system() -> Option<&'static TimeZoneDatabase> {
    static SYSTEM: OnceLock<Option<TimeZoneDatabase>> = OnceLock::new();
    SYSTEM.get_or_init(|| TimeZoneDatabase::from_dir(FOLDER).ok()).as_ref()
}

fn built_in() -> &'static TimeZoneDatabase {
    static BUILT_IN: OnceLock<TimeZoneDatabase> = OnceLock::new();
    BUILT_IN.get_or_init(TimeZoneDatabase::bundled)
}

pub(super) fn zone(row: &Zone) -> (TimeZone, Origin) {
    if row.iana.starts_with('<') {
        // A test has every row looked up.
        return (TimeZone::posix(row.iana).unwrap_or(TimeZone::UTC), Origin::Row);
    }
    let spelling = row.also.split(' ').next().filter(|name| !name.is_empty());
    if let Some(zone) = from_system(row.iana) {
        (zone, Origin::System)
    } else if let Some(zone) = spelling.and_then(from_system) {
        (zone, Origin::Alias)
    } else {
        (built_in().get(row.iana).unwrap_or(TimeZone::UTC), Origin::BuiltIn)
    }
}

fn from_system(name: &str) -> Option<TimeZone> {
    match HELD.get() {
        Some(held) => held.get(&name.to_ascii_lowercase()).cloned(),
        None => system()?.get(name).ok(),
    }
}

/// By their names in small letters.
type Held = HashMap<String, TimeZone>;
static HELD: OnceLock<Held> = OnceLock::new();

/// Reads all that the system has of zones that may be asked for: from now on no file is looked at, and what changes on disk is not
/// noticed. For processes that are about to shut themselves in.
pub fn hold() {
    HELD.get_or_init(|| all_of(Path::new(FOLDER)));
}

/// What [`from_system`] may be asked for: what the rows name first, and what is built in and belongs to no row.
fn all_of(folder: &Path) -> Held {
    let rows = ZONES.iter().flat_map(|row| [row.iana, row.also.split(' ').next().unwrap_or_default()]);
    let rows = rows.filter(|name| !name.is_empty() && !name.starts_with('<')).map(str::to_owned);
    let others = built_in().available().map(|name| name.to_string()).filter(|name| from_iana(name).is_none());
    let read = |name: String| {
        let zone = match name.as_str() {
            // Those have no rules that a file could tell, whatever lies there.
            "UTC" | "Etc/Unknown" => built_in().get(&name).ok()?,
            _ => TimeZone::tzif(&name, &std::fs::read(folder.join(&name)).ok()?).ok()?,
        };
        Some((name.to_ascii_lowercase(), zone))
    };
    rows.chain(others).filter_map(read).collect()
}

/// A zone of the tz database, of the table or not. The folder of the system has other files beside, which count leap seconds or
/// are none of zones: only a name that is built in as well is looked up.
pub(super) fn named(name: &str) -> Option<TimeZone> {
    let known = built_in().get(name).ok()?;
    Some(from_system(name).unwrap_or(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_what_is_read() {
        let held = all_of(Path::new(FOLDER));
        assert_eq!(held.is_empty(), system().is_none_or(|system| system.available().next().is_none()));
        for row in ZONES.iter().filter(|row| !row.iana.starts_with('<')) {
            assert_eq!(held.get(&row.iana.to_ascii_lowercase()).cloned(), from_system(row.iana), "{}", row.iana);
        }
        for name in built_in().available() {
            let name = name.as_str();
            if from_iana(name).is_none() && super::super::find(name).is_none() {
                assert_eq!(held.get(&name.to_ascii_lowercase()).cloned(), from_system(name), "{name}");
            }
        }
    }
}
