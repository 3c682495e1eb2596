//! GetServerTimeZones.

use crate::support::{ops, shared};

crate::tests![lists_time_zones, names_time_zones_asked_for,];

/// exchangelib expects 100 to 160 zones, with Periods named Standard and Daylight.
fn lists_time_zones() {
    let mut ews = shared::mailbox();
    let message = ews.one("<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\"/>");
    let zones = message.all("m:TimeZoneDefinitions/t:TimeZoneDefinition");
    assert!((100..=160).contains(&zones.len()), "{} zones", zones.len());
    let ids: std::collections::HashSet<&str> = zones.iter().filter_map(|z| z.attribute("Id")).collect();
    assert_eq!(ids.len(), zones.len(), "each once");
    for wanted in
        ["UTC", "W. Europe Standard Time", "Pacific Standard Time", "India Standard Time", "Tokyo Standard Time"]
    {
        assert!(ids.contains(wanted), "{wanted}");
    }
    for zone in &zones {
        assert!(zone.attribute("Name").is_some_and(|n| !n.is_empty()));
        assert!(!zone.all("t:Periods/t:Period").is_empty(), "{zone:#?}");
        assert!(zone.get("t:TransitionsGroups").is_some() && zone.get("t:Transitions").is_some(), "{zone:#?}");
    }
    let berlin = zones.iter().find(|z| z.attribute("Id") == Some("W. Europe Standard Time")).unwrap();
    let names: std::collections::HashSet<&str> =
        berlin.all("t:Periods/t:Period").into_iter().filter_map(|p| p.attribute("Name")).collect();
    assert_eq!(names, ["Standard", "Daylight"].into_iter().collect());
    let short = ews.one("<m:GetServerTimeZones ReturnFullTimeZoneData=\"false\"/>");
    assert!(short.all("m:TimeZoneDefinitions/t:TimeZoneDefinition").iter().all(|z| z.get("t:Periods").is_none()));
}

fn names_time_zones_asked_for() {
    let mut ews = shared::mailbox();
    let message = ews.one(
        "<m:GetServerTimeZones ReturnFullTimeZoneData=\"true\"><m:Ids><t:Id>Tokyo Standard Time</t:Id><t:Id>UTC</t:Id></m:Ids></m:GetServerTimeZones>",
    );
    let zones = message.all("m:TimeZoneDefinitions/t:TimeZoneDefinition");
    let mut ids: Vec<&str> = zones.iter().filter_map(|z| z.attribute("Id")).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["Tokyo Standard Time", "UTC"]);
    let tokyo = zones.iter().find(|z| z.attribute("Id") == Some("Tokyo Standard Time")).unwrap();
    let bias = tokyo.want("t:Periods/t:Period").attribute("Bias").unwrap();
    assert_eq!(bias, "-PT9H");
    ops::get_folder(&mut ews, "inbox", "IdOnly", &[]);
}
