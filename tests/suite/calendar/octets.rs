//! What MAPI clients read and write of calendar items as octets (MS-OXOCAL 2.2.1.27, 2.2.1.28, 2.2.1.39 to 2.2.1.44): other names of
//! what the fields say. The octets here were made by the rules of the documents, and read by a public parser of MAPI.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::items::{all, create, create_request, delete_as, event, rows, set, times, update, update_request};
use super::series::{BERLIN, get_by, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, get};
use crate::support::shared;

crate::tests![
    tells_a_series,
    takes_a_series,
    changes_a_series,
    tells_zones,
    takes_zones,
    tells_and_takes_ids,
    refuses_octets_that_are_none,
];

/// Every other week on Monday and Wednesday from 2026-01-05, nine to ten, five times; the 19th deleted, the 21st moved to the 22nd.
const WEEKLY: &str = "043004300b20010000000000000002000000000000000a00000022200000050000000100000002000000c02a530d\
    0036530d01000000a03b530d00dc520d8079530d06300000093000001c020000580200000100343e530d703e530d1c38530d0100060005004d\
    6f76656400000000040000000000000000000000343e530d703e530d1c38530d05004d006f007600650064000000000000000000";

/// W. Europe Standard Time as the zone of a series, its only rule from 1601.
const BERLIN_ZONE: &str = "020134000200170057002e0020004500750072006f007000650020005300740061006e0064006100720064002000540069006d0065000100\
    02013e00030041060000000000000000000000000000c4ffffff00000000c4ffffff00000a0000000500030000000000000000000300000005000200000000000000";

const BERLIN_RULES: &str =
    "c4ffffff00000000c4ffffff000000000a00000005000300000000000000000000000300000005000200000000000000";

const UID: &str = "040000008200E00074C5B7101A82E00800000000000000000000000000000000000000001E0000007643616C2D55696401000000666F6F6261\
    72313233406162632E636F6D00";

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

fn base64(hex: &str) -> String {
    STANDARD.encode(octets(hex))
}

fn path(set: &str, id: u32) -> String {
    format!("<t:ExtendedFieldURI DistinguishedPropertySetId=\"{set}\" PropertyId=\"{id}\" PropertyType=\"Binary\"/>")
}

pub fn appointment(id: u32) -> String {
    path("Appointment", id)
}

pub fn property(path: &str, hex: &str) -> String {
    format!("<t:ExtendedProperty>{path}<t:Value>{}</t:Value></t:ExtendedProperty>", base64(hex))
}

/// The property's octets in hex.
pub fn told(ews: &mut Ews, id: &Id, path: &str) -> Option<String> {
    let shape = format!("<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties>{path}</t:AdditionalProperties>");
    let item = get(ews, id, &shape);
    let octets = STANDARD.decode(item.text("t:ExtendedProperty/t:Value")?).unwrap();
    Some(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn weekly(ews: &mut Ews) -> Id {
    let pattern = "<t:WeeklyRecurrence><t:Interval>2</t:Interval><t:DaysOfWeek>Monday Wednesday</t:DaysOfWeek>\
        <t:FirstDayOfWeek>Monday</t:FirstDayOfWeek></t:WeeklyRecurrence>";
    let members = format!(
        "<t:Subject>every other</t:Subject>{}{}{BERLIN}",
        times("2026-01-05T09:00:00", "2026-01-05T10:00:00"),
        super::series::recurrence(pattern, "2026-01-05", 5)
    );
    create(ews, &members)
}

fn tells_a_series() {
    let mut ews = shared::mailbox();
    let id = weekly(&mut ews);
    ews.one(&delete_as("HardDelete", &index(&id, 3)));
    let moved = set("item:Subject", "<t:Subject>Moved</t:Subject>")
        + &set("calendar:Start", "<t:Start>2026-01-22T10:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-01-22T11:00:00Z</t:End>");
    update(&mut ews, &index(&id, 4), &moved);
    assert_eq!(told(&mut ews, &id, &appointment(0x8216)), Some(WEEKLY.to_owned()));
    let single = create(&mut ews, &times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
    assert_eq!(told(&mut ews, &single, &appointment(0x8216)), None);
    let occurrence = Id::of(&get_by(&mut ews, &index(&id, 1)));
    assert_eq!(told(&mut ews, &occurrence, &appointment(0x8216)), None);
}

fn seen(ews: &mut Ews) -> Vec<(String, String)> {
    let rows = rows(ews, "2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z");
    rows.into_iter().map(|(subject, start, _)| (subject, start)).collect()
}

fn wanted(starts: &[(&str, &str)]) -> Vec<(String, String)> {
    starts.iter().map(|(subject, start)| ((*subject).to_owned(), (*start).to_owned())).collect()
}

fn takes_a_series() {
    let mut ews = shared::mailbox();
    let id = create(&mut ews, &format!("<t:Subject>x</t:Subject>{}{BERLIN}", property(&appointment(0x8216), WEEKLY)));
    let item = all(&mut ews, &id);
    assert_eq!(item.text("t:CalendarItemType"), Some("RecurringMaster"));
    assert_eq!(item.text("t:Recurrence/t:WeeklyRecurrence/t:DaysOfWeek"), Some("Monday Wednesday"));
    let starts = [
        ("x", "2026-01-05T08:00:00Z"),
        ("x", "2026-01-07T08:00:00Z"),
        ("Moved", "2026-01-22T10:00:00Z"),
        ("x", "2026-02-02T08:00:00Z"),
    ];
    assert_eq!(seen(&mut ews), wanted(&starts));
    assert_eq!(told(&mut ews, &id, &appointment(0x8216)), Some(WEEKLY.to_owned()));
}

fn changes_a_series() {
    let mut ews = shared::mailbox();
    let id = create(
        &mut ews,
        &format!("<t:Subject>x</t:Subject>{}{BERLIN}", times("2026-01-05T07:00:00", "2026-01-05T07:30:00")),
    );
    let change = |hex: &str| {
        format!(
            "<t:SetItemField>{}<t:CalendarItem>{}</t:CalendarItem></t:SetItemField>",
            appointment(0x8216),
            property(&appointment(0x8216), hex)
        )
    };
    update(&mut ews, &id.bare(), &change(WEEKLY));
    assert_eq!(seen(&mut ews).len(), 4);
    assert_eq!(seen(&mut ews)[0], ("x".to_owned(), "2026-01-05T08:00:00Z".to_owned()));
    // What octets do not tell an exception keeps.
    update(&mut ews, &index(&id, 4), &set("item:Body", "<t:Body BodyType=\"Text\">own words</t:Body>"));
    update(&mut ews, &id.bare(), &change(WEEKLY));
    assert_eq!(get_by(&mut ews, &index(&id, 4)).text("t:Body"), Some("own words"));
    update(&mut ews, &id.bare(), &format!("<t:DeleteItemField>{}</t:DeleteItemField>", appointment(0x8216)));
    assert_eq!(all(&mut ews, &id).text("t:CalendarItemType"), Some("Single"));
}

fn tells_zones() {
    let mut ews = shared::mailbox();
    let id = weekly(&mut ews);
    assert_eq!(told(&mut ews, &id, &appointment(0x8260)), Some(BERLIN_ZONE.to_owned()));
    assert_eq!(told(&mut ews, &id, &appointment(0x8233)), Some(BERLIN_RULES.to_owned()));
    // The same, but not as that of a series.
    let display = BERLIN_ZONE.replacen("02013e0003", "02013e0002", 1);
    for which in [0x825e, 0x825f] {
        assert_eq!(told(&mut ews, &id, &appointment(which)).as_deref(), Some(display.as_str()), "{which:x}");
    }
    let zones = r#"<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="Tokyo Standard Time"/>"#;
    let single = create(&mut ews, &format!("{}{zones}", times("2026-12-01T09:00:00", "2026-12-01T20:00:00")));
    assert_eq!(told(&mut ews, &single, &appointment(0x8260)), None);
    assert!(told(&mut ews, &single, &appointment(0x825f)).unwrap().contains("54006f006b0079006f00"));
}

fn takes_zones() {
    let mut ews = shared::mailbox();
    let at = times("2026-07-01T09:00:00", "2026-07-01T10:00:00");
    for (which, hex) in [(0x825e, BERLIN_ZONE), (0x8260, BERLIN_ZONE), (0x8233, BERLIN_RULES)] {
        // Extended properties stand before the times in the schema.
        let id = create(&mut ews, &format!("{}{at}", property(&appointment(which), hex)));
        assert_eq!(all(&mut ews, &id).text("t:Start"), Some("2026-07-01T07:00:00Z"), "{which:x}");
    }
    let id = create(&mut ews, &format!("{}{at}", property(&appointment(0x825e), BERLIN_ZONE)));
    assert_eq!(all(&mut ews, &id).text("t:StartTimeZoneId"), Some("W. Europe Standard Time"));
}

fn tells_and_takes_ids() {
    let mut ews = shared::mailbox();
    let at = times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
    let id = create(&mut ews, &format!("<t:UID>foobar123@abc.com</t:UID>{at}"));
    for which in [3, 35] {
        assert_eq!(told(&mut ews, &id, &path("Meeting", which)).map(|hex| hex.to_uppercase()), Some(UID.to_owned()));
    }
    // Whoever gives the octets, or their digits, means what is in them.
    let id = create(&mut ews, &format!("{}{at}", property(&path("Meeting", 35), UID)));
    assert_eq!(all(&mut ews, &id).text("t:UID"), Some("foobar123@abc.com"));
    let id = create(&mut ews, &format!("<t:UID>{UID}</t:UID>{at}"));
    assert_eq!(all(&mut ews, &id).text("t:UID"), Some("foobar123@abc.com"));
    let id = weekly(&mut ews);
    let occurrence = Id::of(&get_by(&mut ews, &index(&id, 2)));
    let clean = told(&mut ews, &occurrence, &path("Meeting", 35)).unwrap();
    let own = told(&mut ews, &occurrence, &path("Meeting", 3)).unwrap();
    assert_eq!((&own[32..40], &own[..32], &own[40..]), ("07ea0107", &clean[..32], &clean[40..]));
}

fn refuses_octets_that_are_none() {
    let mut ews = shared::mailbox();
    let at = times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
    for which in [0x8216, 0x8233, 0x825e, 0x825f, 0x8260] {
        let request = create_request(&event(&format!("{}{at}", property(&appointment(which), "00ff"))));
        assert_eq!(ews.error(&request), "ErrorCalendarInvalidPropertyState", "{which:x}");
    }
    let id = weekly(&mut ews);
    let cut = format!(
        "<t:SetItemField>{}<t:CalendarItem>{}</t:CalendarItem></t:SetItemField>",
        appointment(0x8216),
        property(&appointment(0x8216), &WEEKLY[..100])
    );
    assert_eq!(ews.error(&update_request(&id.bare(), &cut)), "ErrorCalendarInvalidPropertyState");
    assert_eq!(all(&mut ews, &id).text("t:CalendarItemType"), Some("RecurringMaster"));
}
