//! GetServerTimeZones (MS-OXWSGTZ 3.1.4.1): the zones of the model's table, with this year's rules.

use ewsd_ews::reply::TimeZones;
use ewsd_ews::request::GetServerTimeZones;
use ewsd_mailbox::error::Result;
use ewsd_model::failure::Outcome;
use ewsd_model::timezone::{self, Zone};
use jiff::tz::TimeZone;

use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: GetServerTimeZones) -> Result<Vec<Outcome<TimeZones>>> {
    let zones: Vec<&'static Zone> = match &request.ids {
        None => timezone::ZONES.iter().collect(),
        // Zones that are not known are left out, as the documents have it.
        Some(ids) => ids.iter().filter_map(|id| timezone::find(id.trim())).collect(),
    };
    let year = cx.now.to_zoned(TimeZone::UTC).year();
    Ok(vec![Outcome::Success(TimeZones { zones, year, full: request.full.unwrap_or(true) })])
}
