//! Lines, components, values and rules as programs write them; and nothing stops on what is none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use ewsd_ical::{
    Component, Frequency, Limits, Moment, Over, Rule, Writer, duration, duration_minutes, escape, list, offset_minutes,
    text,
};
use jiff::civil::{Weekday, date};
use proptest::prelude::*;

fn read(text: &str) -> Vec<Component> {
    ewsd_ical::read(text, &Limits::default()).unwrap()
}

#[test]
fn a_calendar() {
    let calendars = read(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nbegin:vevent\r\nSUMMARY;LANGUAGE=en-US:One\\, two\r\n  and three\r\n\
         ATTENDEE;CN=\"Doe, Jane\";X=a,\"b;c\":MAILTO:jane@example.test\nno line\n\nBEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT\r\n\
         END:VCALENDAR\r\n",
    );
    let [calendar] = &calendars[..] else { panic!("{calendars:?}") };
    let event = calendar.components_of("VEVENT").next().unwrap();
    assert_eq!(event.text("SUMMARY").as_deref(), Some("One, two and three"));
    let attendee = event.property("ATTENDEE").unwrap();
    assert_eq!(attendee.parameter("CN"), Some("Doe, Jane"));
    assert_eq!(attendee.parameters[1].values, ["a", "b;c"]);
    assert_eq!(attendee.value, "MAILTO:jane@example.test");
    assert_eq!((event.properties.len(), event.components.len()), (2, 1));
}

#[test]
fn odd_calendars() {
    // No end; an end of what never began; far too deep.
    let open = read("BEGIN:VCALENDAR\nEND:VEVENT\nBEGIN:VEVENT\nUID:1");
    assert_eq!(open[0].components[0].text("UID").as_deref(), Some("1"));
    assert_eq!(read("BEGIN:VCARD\nEND:VCARD\nUID:1"), []);
    let deep =
        format!("BEGIN:VCALENDAR\n{}UID:1\n{}UID:2\nEND:VCALENDAR", "BEGIN:X\n".repeat(9_999), "END:X\n".repeat(9_999));
    assert_eq!(read(&deep)[0].text("UID").as_deref(), Some("2"));
}

/// A wrong end, or none, costs what follows nothing.
#[test]
fn components_that_are_left_open() {
    for wrong in ["", "END:VTOOD\n", "BEGIN:VALARM\n"] {
        let read = read(&format!(
            "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\n{wrong}BEGIN:VEVENT\nUID:2\nBEGIN:VALARM\nEND:VALARM\nEND:VEVENT\nEND:VCALENDAR\n"
        ));
        let [calendar] = &read[..] else { panic!("{read:?}") };
        let event = calendar.components_of("VEVENT").next().unwrap_or_else(|| panic!("{wrong}: {read:?}"));
        assert_eq!((event.text("UID").as_deref(), event.components.len()), (Some("2"), 1), "{wrong}");
    }
}

#[test]
fn a_calendar_is_in_no_calendar() {
    let event = "BEGIN:VEVENT\nEND:VEVENT\n";
    let text = format!("BEGIN:VCALENDAR\n{event}BEGIN:VCALENDAR\n{event}{event}END:VCALENDAR\nEND:VCALENDAR\n");
    let events: Vec<usize> = read(&text).iter().map(|one| one.components_of("VEVENT").count()).collect();
    assert_eq!(events, [1, 2]);
}

#[test]
fn parameters_come_back() {
    let odd = ["^n", "^^n", "^'", "a^", "\"^\"", "x: y", "line\nline"];
    for told in odd {
        let mut w = Writer::default();
        w.begin("VCALENDAR");
        w.line("X", &[("CN", told)], "tab\there");
        w.end("VCALENDAR");
        let read = read(&w.finish());
        let property = read[0].property("X").unwrap();
        assert_eq!((property.parameter("CN"), property.value.as_str()), (Some(told), "tab\there"));
    }
    // A fold that was made wrongly leaves a space before the quote.
    let read = read("BEGIN:VCALENDAR\nX;D=\n  \"mailto:a@b.test\";CN=Anna:mailto:c@d.test\nEND:VCALENDAR");
    let property = read[0].property("X").unwrap();
    assert_eq!((property.parameter("CN"), property.value.as_str()), (Some("Anna"), "mailto:c@d.test"));
}

#[test]
fn what_is_too_much_is_refused() {
    let limits = Limits { octets: 500, components: 3, properties: 4, parameters: 3, parameter_octets: 5 };
    let over = |lines: &str| ewsd_ical::read(&format!("BEGIN:VCALENDAR\n{lines}END:VCALENDAR\n"), &limits).err();
    let event = |lines: &str| format!("BEGIN:VEVENT\n{lines}END:VEVENT\n");
    assert_eq!(over(&event("A;B=12345;C=1,2:x\n").repeat(2)), None);
    assert_eq!(over(&event("").repeat(3)), Some(Over::Components));
    // What is too deep to be kept, and ends of nothing, are work as well.
    assert_eq!(over(&"END:X\n".repeat(50)), None);
    assert_eq!(ewsd_ical::read(&"END:X\n".repeat(4), &limits).err(), Some(Over::Components));
    assert_eq!(over(&event("A:x\n").repeat(2)), None);
    assert_eq!(over(&event(&"A:x\n".repeat(5))), Some(Over::Properties));
    assert_eq!(over("A;B=1;C=1;D;E=1:x\n"), Some(Over::Parameters));
    assert_eq!(over("A;B=1,2,3,\"4\":x\n"), Some(Over::Parameters));
    assert_eq!(over("A;B=\"123456\":x\n"), Some(Over::ParameterOctets));
    assert_eq!(over(&"A\n".repeat(300)), Some(Over::Octets));
    // A larger text may hold more, and a smaller one as much as usual.
    let (usual, large) = (Limits::default(), Limits::of_octets(12 << 20));
    assert_eq!((large.components, large.properties), (3 * usual.components, 3 * usual.properties));
    assert_eq!(Limits::of_octets(1).components, usual.components);
}

#[test]
fn values() {
    assert_eq!(Moment::read("20260714"), Some(Moment::Date(date(2026, 7, 14))));
    assert_eq!(Moment::read("20260714T0900"), Some(Moment::Local(date(2026, 7, 14).at(9, 0, 0, 0))));
    assert_eq!(Moment::read("2026-07-14T09:00:00Z"), Some(Moment::Utc(date(2026, 7, 14).at(9, 0, 0, 0))));
    assert_eq!(Moment::read("20260714T240000"), Some(Moment::Local(date(2026, 7, 15).at(0, 0, 0, 0))));
    for wrong in ["", "2026071", "20260230", "20260714T", "20260714T9", "20260714T256000", "x0260714", "20260714T+9+9"]
    {
        assert_eq!(Moment::read(wrong), None, "{wrong}");
    }
    assert_eq!(Moment::Utc(date(2026, 7, 4).at(9, 5, 0, 0)).write(), "20260704T090500Z");
    let minutes = ["-PT15M", "PT1H30M", "P1W", "P1DT2H", "P", "PT90S", "+PT5M"].map(duration_minutes);
    assert_eq!(minutes, [Some(-15), Some(90), Some(10_080), Some(1_560), Some(0), Some(1), Some(5)]);
    assert_eq!(["-P1DT2H", "P2W", "PT25H"].map(duration), [Some((-1, -7_200)), Some((14, 0)), Some((0, 90_000))]);
    for wrong in ["", "15M", "P15M", "PT", "PT1", "PT-1M", "P99999999999999999999D"] {
        assert!(duration_minutes(wrong).is_none_or(|minutes| wrong == "PT" && minutes == 0), "{wrong}");
    }
    assert_eq!(
        ["+0100", "-0530", "+01:00", "-043000", "0200"].map(offset_minutes),
        [Some(60), Some(-330), Some(60), Some(-270), Some(120)]
    );
    assert_eq!(["", "+1", "+2500", "+0160"].map(offset_minutes), [None; 4]);
    assert_eq!(text(r"a\nb\, c\; \\n\"), "a\nb, c; \\n\\");
    assert_eq!(list(r"One,Two\, three,,Four"), ["One", "Two, three", "Four"]);
}

#[test]
fn rules() {
    let rule = Rule::read("FREQ=MONTHLY;BYDAY=-1FR,2mo;BYSETPOS=1;WKST=SU;UNTIL=20260714T090000Z;INTERVAL=2").unwrap();
    assert_eq!((rule.frequency, rule.interval, rule.by_position), (Frequency::Monthly, 2, vec![1]));
    assert_eq!((rule.by_day[0].nth, rule.by_day[0].day, rule.by_day[1].nth), (Some(-1), Weekday::Friday, Some(2)));
    assert_eq!(rule.week_start, Some(Weekday::Sunday));
    assert!(Rule::read("FREQ=YEARLY;BYWEEKNO=20").unwrap().others);
    for wrong in ["", "INTERVAL=1", "FREQ=NEVER", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;COUNT=x", "FREQ=DAILY;UNTIL=1"] {
        assert_eq!(Rule::read(wrong), None, "{wrong}");
    }
}

#[test]
fn folded_between_characters() {
    let mut w = Writer::default();
    w.begin("VCALENDAR");
    w.text("SUMMARY", &[("CN", "a \"b\"; c")], &"äöü, ".repeat(40));
    w.octets("ATTACH", &[("FMTTYPE", "image/png")], &[0; 100]);
    w.end("VCALENDAR");
    let written = w.finish();
    assert!(written.split("\r\n").all(|line| line.len() <= 75), "{written}");
    let calendar = &read(&written)[0];
    assert_eq!(calendar.text("SUMMARY").unwrap(), "äöü, ".repeat(40));
    assert_eq!(calendar.property("SUMMARY").unwrap().parameter("CN"), Some("a \"b\"; c"));
    assert!(
        calendar.property("ATTACH").unwrap().says("value", "binary")
            || calendar.property("ATTACH").unwrap().says("VALUE", "binary")
    );
}

proptest! {
    #[test]
    fn any_text_is_read(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&octets);
        read(&text);
        read(&format!("BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR"));
        Rule::read(&text);
        Moment::read(&text);
        duration_minutes(&text);
        offset_minutes(&text);
    }

    #[test]
    fn texts_come_back_as_they_were(value in "[^\\p{Cc}]{0,200}") {
        prop_assert_eq!(text(&escape(&value)), value.clone());
        let mut w = Writer::default();
        w.begin("VCALENDAR");
        w.text("SUMMARY", &[], &value);
        w.end("VCALENDAR");
        let written = w.finish();
        prop_assert_eq!(read(&written)[0].text("SUMMARY").unwrap_or_default(), value);
    }
}
