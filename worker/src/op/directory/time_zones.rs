//! GetServerTimeZones (MS-OXWSGTZ 3.1.4.1): the zones of the model's table, with their rules of these years.

use ewsd_ews::reply::TimeZones;
use ewsd_ews::request::GetServerTimeZones;
use ewsd_mailbox::error::Result;
use ewsd_model::failure::Outcome;
use ewsd_model::timezone::{self, Definition, Zone};
use jiff::tz::TimeZone;

use crate::op::Cx;

/// The first year whose rules are told; they hold before it as well.
const FIRST_YEAR: i16 = 2000;

/// Years to come whose rules are told where they change.
const AHEAD: i16 = 5;

pub fn run(cx: &mut Cx<'_>, request: GetServerTimeZones) -> Result<Vec<Outcome<TimeZones>>> {
    let zones: Vec<&'static Zone> = match &request.ids {
        None => timezone::ZONES.iter().collect(),
        // Zones that are not known are left out, as the documents have it; the others are told once.
        Some(ids) => {
            let mut zones: Vec<&'static Zone> = Vec::new();
            for zone in ids.iter().filter_map(|id| timezone::find(id.trim())) {
                if !zones.iter().any(|known| known.id == zone.id) {
                    zones.push(zone);
                }
            }
            zones
        }
    };
    let until = cx.now.to_zoned(TimeZone::UTC).year().saturating_add(AHEAD);
    let full = |zone: &Zone| Definition::of(zone.id, zone.name, &zone.history(FIRST_YEAR..=until));
    let definitions = zones.into_iter().map(|zone| match request.full {
        Some(false) => Definition::named(zone.id, zone.name),
        _ => full(zone),
    });
    Ok(vec![Outcome::Success(TimeZones(definitions.collect()))])
}
