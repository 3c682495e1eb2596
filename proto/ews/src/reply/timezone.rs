//! Answers of GetServerTimeZones (MS-OXWSGTZ).

use ewsd_model::operation::Op;
use ewsd_model::timezone::Definition;

use crate::record::Write;
use crate::writer::{M, Writer};

/// Zones, with their rules or as names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZones(pub Vec<Definition>);

pub(super) fn definitions(w: &mut Writer<'_>, _: Op, zones: Option<&TimeZones>) {
    let Some(TimeZones(zones)) = zones.filter(|zones| !zones.0.is_empty()) else {
        return w.empty(M, "TimeZoneDefinitions");
    };
    w.open(M, "TimeZoneDefinitions");
    zones.iter().for_each(|zone| zone.write(w, "TimeZoneDefinition"));
    w.close(M, "TimeZoneDefinitions");
}
