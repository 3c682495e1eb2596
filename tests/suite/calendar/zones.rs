//! Zones of calendar items as Exchange 2007 says them (MeetingTimeZone), and those of a request's header.

use super::items::{create, create_request, event, set, times, update, with_zone};
use super::series::daily;
use crate::support::ews::Ews;
use crate::support::ops::{get, shape};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    reads_the_zone_of_2007,
    tells_the_zone_of_2007_of_series_alone,
    refuses_zones_of_2007_that_cannot_be,
    reads_the_zone_of_the_header,
];

/// Berlin's rule, by its offsets.
const RULES: &str = "<t:BaseOffset>-PT1H</t:BaseOffset><t:Standard TimeZoneName=\"Standard\"><t:Offset>PT0H</t:Offset>\
    <t:RelativeYearlyRecurrence><t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex>\
    <t:Month>October</t:Month></t:RelativeYearlyRecurrence><t:Time>03:00:00</t:Time></t:Standard>\
    <t:Daylight TimeZoneName=\"Daylight\"><t:Offset>-PT1H</t:Offset><t:RelativeYearlyRecurrence>\
    <t:DaysOfWeek>Sunday</t:DaysOfWeek><t:DayOfWeekIndex>Last</t:DayOfWeekIndex><t:Month>March</t:Month>\
    </t:RelativeYearlyRecurrence><t:Time>02:00:00.0000000</t:Time></t:Daylight>";

fn of_2007() -> Ews {
    let mut ews = shared::mailbox();
    ews.version = Some("Exchange2007_SP1");
    ews
}

fn meeting_zone(name: &str, rules: &str) -> String {
    format!("<t:MeetingTimeZone TimeZoneName=\"{name}\">{rules}</t:MeetingTimeZone>")
}

fn item(more: &str) -> String {
    format!("<t:Subject>zone</t:Subject>{}{more}", times("2026-07-14T09:00:00", "2026-07-14T10:00:00"))
}

fn starts(ews: &mut Ews, more: &str) -> String {
    let id = create(ews, &item(more));
    get(ews, &id, &shape("IdOnly", &["calendar:Start"])).text("t:Start").unwrap().to_owned()
}

/// MS-OXWSMTGS_R403 MS-OXWSMTGS_R407 MS-OXWSMTGS_R409 MS-OXWSMTGS_R411 MS-OXWSMTGS_R585 MS-OXWSMTGS_R715
fn reads_the_zone_of_2007() {
    let mut ews = of_2007();
    for (zone, start) in [
        (meeting_zone("W. Europe Standard Time", ""), "2026-07-14T07:00:00Z"),
        (meeting_zone("Europe/Vienna", ""), "2026-07-14T07:00:00Z"),
        (meeting_zone("Home", RULES), "2026-07-14T07:00:00Z"),
        (meeting_zone("Fixed", "<t:BaseOffset>PT5H30M</t:BaseOffset>"), "2026-07-14T14:30:00Z"),
        (String::new(), "2026-07-14T09:00:00Z"),
    ] {
        assert_eq!(starts(&mut ews, &zone), start, "{zone}");
    }
    // The header is none of this version's.
    with_zone(&mut ews, "Tokyo Standard Time");
    assert_eq!(starts(&mut ews, ""), "2026-07-14T09:00:00Z");
}

/// MS-OXWSMTGS_R1053
fn tells_the_zone_of_2007_of_series_alone() {
    let mut ews = of_2007();
    let single = create(&mut ews, &item(&meeting_zone("Home", RULES)));
    let members = format!(
        "<t:Subject>five</t:Subject>{}{}{}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        daily(5),
        meeting_zone("Home", RULES)
    );
    let series = create(&mut ews, &members);
    let all = shape("AllProperties", &[]);
    assert!(get(&mut ews, &single, &all).get("t:MeetingTimeZone").is_none());
    let told = get(&mut ews, &series, &all).want("t:MeetingTimeZone").clone();
    assert_eq!(told.attribute("TimeZoneName"), Some("W. Europe Standard Time"), "known by its rules");
    let half = |name: &str| -> Vec<String> {
        let half = told.want(&format!("t:{name}"));
        let path = |path: &str| half.text(path).unwrap().to_owned();
        vec![
            path("t:Offset"),
            path("t:RelativeYearlyRecurrence/t:DayOfWeekIndex"),
            path("t:RelativeYearlyRecurrence/t:Month"),
            path("t:Time"),
        ]
    };
    assert_eq!(told.text("t:BaseOffset"), Some("-PT1H"));
    assert_eq!(half("Standard"), ["PT0S", "Last", "October", "03:00:00"]);
    assert_eq!(half("Daylight"), ["-PT1H", "Last", "March", "02:00:00"]);
    // What was told can be said again; the clocks stay.
    let again = update(
        &mut ews,
        &series.bare(),
        &set("calendar:MeetingTimeZone", &meeting_zone("W. Europe Standard Time", "")),
    );
    let item = get(&mut ews, &again, &all);
    assert_eq!(item.text("t:Start"), Some("2026-12-01T08:00:00Z"));
    ews.version = Some("Exchange2013_SP1");
    let newer = get(&mut ews, &series, &all);
    assert!(newer.get("t:MeetingTimeZone").is_none(), "{newer:#?}");
    assert_eq!(newer.want("t:StartTimeZone").attribute("Id"), Some("W. Europe Standard Time"));
}

fn refuses_zones_of_2007_that_cannot_be() {
    let mut ews = of_2007();
    let weekday = RULES.replace("<t:DaysOfWeek>Sunday<", "<t:DaysOfWeek>Weekday<");
    for (zone, code) in [
        (meeting_zone("Nowhere Standard Time", ""), "ErrorCalendarInvalidTimeZone"),
        (meeting_zone("Home", &weekday), "ErrorCalendarInvalidDayForTimeChangePattern"),
    ] {
        assert_eq!(ews.error(&create_request(&event(&item(&zone)))), code);
    }
}

fn reads_the_zone_of_the_header() {
    let mut ews = shared::mailbox();
    with_zone(&mut ews, "Tokyo Standard Time");
    let id = create(&mut ews, &item(""));
    let told: Node = get(&mut ews, &id, &shape("AllProperties", &[]));
    assert_eq!(told.text("t:Start"), Some("2026-07-14T00:00:00Z"));
    assert_eq!(told.want("t:StartTimeZone").attribute("Id"), Some("Tokyo Standard Time"));
    // A day is one of that zone.
    let day = format!(
        "<t:Subject>day</t:Subject>{}<t:IsAllDayEvent>true</t:IsAllDayEvent>",
        times("2026-07-14T00:00:00", "2026-07-15T00:00:00")
    );
    let id = create(&mut ews, &day);
    let told = get(&mut ews, &id, &shape("IdOnly", &["calendar:Start", "calendar:End"]));
    assert_eq!(
        (told.text("t:Start"), told.text("t:End")),
        (Some("2026-07-13T15:00:00Z"), Some("2026-07-14T15:00:00Z"))
    );
    ews.soap_headers =
        r#"<t:TimeZoneContext><t:TimeZoneDefinition Id="Nowhere Standard Time"/></t:TimeZoneContext>"#.to_owned();
    let mut wrong = ews.again().unrecorded();
    assert_eq!(wrong.fault(&create_request(&event(&item("")))), "ErrorTimeZone");
}
