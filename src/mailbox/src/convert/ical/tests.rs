//! Calendars as events and back: what each field says, what is kept, what cannot be read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod made;

use super::*;
use ewsd_model::recurrence::{
    AbsoluteMonthly, AbsoluteYearly, DayOfWeek, Days, End, Every, Index, Month, Pattern, Range, Recurrence,
    RelativeMonthly, RelativeYearly, Weekly,
};
use ewsd_model::timezone::{ItemZone, instant};
use ewsd_model::value::BodyType;
use jiff::Timestamp;
use jiff::civil::date;

fn read(octets: &[u8], zone: &ItemZone) -> Result<Calendar, Unreadable> {
    super::read(octets, zone, &Limits::default())
}

fn utc(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn berlin() -> ItemZone {
    ItemZone::named("W. Europe Standard Time").unwrap()
}

fn calendar(lines: &str) -> Calendar {
    read(format!("BEGIN:VCALENDAR\nVERSION:2.0\n{lines}\nEND:VCALENDAR\n").as_bytes(), &ItemZone::utc()).unwrap()
}

fn event(lines: &str) -> Event {
    calendar(&format!("BEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT")).events.remove(0)
}

/// The pattern of a rule, for a start on Monday 2026-01-05.
fn pattern(rule: &str) -> Option<Pattern> {
    let event = event(&format!("DTSTART;TZID=Europe/Berlin:20260105T090000\nDURATION:PT1H\nRRULE:{rule}"));
    assert_eq!(event.rule_lost, event.recurrence.is_none(), "{rule}");
    event.recurrence.map(|recurrence| recurrence.pattern)
}

/// MS-OXCICAL 2.1.3.2.2, and what programs write beside it.
#[test]
fn rules_that_patterns_say() {
    use DayOfWeek::{Friday, Monday, Sunday, Thursday, Tuesday, Wednesday, Weekday, WeekendDay};
    let weekly =
        |interval, days: &[DayOfWeek], first| Some(Pattern::Weekly(Weekly { interval, days: Days::of(days), first }));
    let monthly = |interval, day| Some(Pattern::AbsoluteMonthly(AbsoluteMonthly { interval, day }));
    let relative = |interval, day, index| Some(Pattern::RelativeMonthly(RelativeMonthly { interval, day, index }));
    let yearly = |day, month| Some(Pattern::AbsoluteYearly(AbsoluteYearly { day, month }));
    assert_eq!(pattern("FREQ=DAILY"), Some(Pattern::Daily(Every { interval: 1 })));
    assert_eq!(pattern("FREQ=DAILY;INTERVAL=3;WKST=MO"), Some(Pattern::Daily(Every { interval: 3 })));
    let working = [Monday, Tuesday, Wednesday, Thursday, Friday];
    assert_eq!(pattern("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"), weekly(1, &working, Sunday));
    assert_eq!(pattern("FREQ=WEEKLY"), weekly(1, &[Monday], Monday));
    assert_eq!(pattern("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU"), weekly(2, &[Sunday, Tuesday], Sunday));
    assert_eq!(pattern("FREQ=MONTHLY"), monthly(1, 5));
    assert_eq!(pattern("FREQ=MONTHLY;BYMONTHDAY=-1"), monthly(1, 31));
    assert_eq!(pattern("FREQ=YEARLY;BYMONTHDAY=15"), monthly(1, 15));
    assert_eq!(pattern("FREQ=MONTHLY;BYMONTHDAY=30;INTERVAL=2"), monthly(2, 30));
    assert_eq!(pattern("FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"), monthly(1, 30));
    assert_eq!(pattern("FREQ=MONTHLY;BYDAY=2WE"), relative(1, Wednesday, Index::Second));
    assert_eq!(pattern("FREQ=MONTHLY;BYDAY=-1FR"), relative(1, Friday, Index::Last));
    assert_eq!(pattern("FREQ=MONTHLY;BYDAY=WE;BYSETPOS=3"), relative(1, Wednesday, Index::Third));
    assert_eq!(pattern("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=-1"), relative(1, WeekendDay, Index::Last));
    assert_eq!(pattern("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"), relative(1, Weekday, Index::First));
    assert_eq!(pattern("FREQ=YEARLY"), yearly(5, Month::January));
    assert_eq!(pattern("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), yearly(29, Month::February));
    let november = RelativeYearly { day: Thursday, index: Index::Fourth, month: Month::November };
    assert_eq!(pattern("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"), Some(Pattern::RelativeYearly(november)));
    assert_eq!(pattern("FREQ=YEARLY;INTERVAL=2"), monthly(24, 5));
    for lost in [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYMONTH=1",
        "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=MO,WE;BYSETPOS=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=15",
        "FREQ=YEARLY;BYMONTHDAY=15;BYSETPOS=1",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=YEARLY;INTERVAL=9",
        "FREQ=YEARLY;BYMONTH=1,2",
        "FREQ=DAILY;INTERVAL=0",
        "NONSENSE",
    ] {
        assert_eq!(pattern(lost), None, "{lost}");
    }
}

#[test]
fn ends_of_rules() {
    let end = |rule: &str| {
        event(&format!("DTSTART;TZID=Europe/Berlin:20260105T003000\nRRULE:FREQ=DAILY;{rule}"))
            .recurrence
            .unwrap()
            .range
            .end
    };
    // Half past eleven of the day before in UTC.
    assert_eq!(end("UNTIL=20260109T233000Z"), End::On(date(2026, 1, 10)));
    // The bound is a moment: what begins by then, and no day more.
    assert_eq!(end("UNTIL=20260109T232959Z"), End::On(date(2026, 1, 9)));
    assert_eq!(end("UNTIL=20260110T002959"), End::On(date(2026, 1, 9)));
    assert_eq!(end("UNTIL=20260110"), End::On(date(2026, 1, 10)));
    assert_eq!(end("COUNT=999"), End::After(999));
    assert_eq!(end("COUNT=1000"), End::On(date(2028, 9, 30)));
    assert_eq!(end("INTERVAL=1"), End::Never);
}

#[test]
fn times_and_days() {
    let at = |lines: &str| {
        let event = event(lines);
        (event.start.to_string(), event.end.to_string(), event.all_day, event.zone.id().to_owned())
    };
    let told =
        |start: &str, end: &str, all_day, zone: &str| (start.to_owned(), end.to_owned(), all_day, zone.to_owned());
    let wanted = told("2026-07-14T07:00:00Z", "2026-07-14T08:30:00Z", false, "W. Europe Standard Time");
    assert_eq!(at("DTSTART;TZID=Europe/Berlin:20260714T090000\nDURATION:PT1H30M"), wanted);
    assert_eq!(
        at("DTSTART;TZID=\"/example.org/2005_1/Europe/Berlin\":20260714T090000\nDTEND:20260714T083000Z"),
        wanted
    );
    assert_eq!(at("DTSTART:20260714T090000Z"), told("2026-07-14T09:00:00Z", "2026-07-14T09:00:00Z", false, "UTC"));
    let day = told("2026-07-14T00:00:00Z", "2026-07-15T00:00:00Z", true, "UTC");
    assert_eq!(at("DTSTART;VALUE=DATE:20260714"), day);
    assert_eq!(at("DTSTART:20260714T000000\nDTEND:20260715T000000"), day);
    // Not said to be a day, and not floating: a meeting of 24 hours.
    let long = told("2026-07-13T22:00:00Z", "2026-07-14T22:00:00Z", false, "W. Europe Standard Time");
    let lines =
        "DTSTART;TZID=W. Europe Standard Time:20260714T000000\nDTEND;TZID=W. Europe Standard Time:20260715T000000";
    assert_eq!(at(lines), long);
    let (start, end, _, zone) = long;
    assert_eq!(at(&format!("{lines}\nX-MICROSOFT-CDO-ALLDAYEVENT:TRUE")), (start, end, true, zone));
    // An end before the start is none.
    assert_eq!(event("DTSTART:20260714T090000Z\nDTEND:20260714T080000Z").end, utc("2026-07-14T09:00:00Z"));

    let refused = |lines: &str| {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
        read(text.as_bytes(), &berlin()).is_err()
    };
    assert!(refused("DTSTART;TZID=Nowhere:20260714T090000") && refused("SUMMARY:x") && refused("DTSTART:tomorrow"));
    assert!(read(b"hello", &berlin()).is_err());
}

#[test]
fn zones_that_calendars_define() {
    let zone = |definition: &str, id: &str| {
        let text = format!(
            "BEGIN:VTIMEZONE\nTZID:{id}\n{definition}\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\n\
            DTSTART;TZID={id}:20260714T090000\nEND:VEVENT"
        );
        calendar(&text).events.remove(0).zone
    };
    let european = "BEGIN:DAYLIGHT\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nDTSTART:19810329T020000\n\
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n\
        DTSTART:19961027T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD";
    assert_eq!(zone(european, "My own zone").id(), "W. Europe Standard Time");
    // The Sunday among the last seven days is the last one.
    let days = european.replace("BYDAY=-1SU", "BYDAY=SU;BYMONTHDAY=25,26,27,28,29,30,31");
    assert_eq!(zone(&days, "My own zone").id(), "W. Europe Standard Time");
    assert_eq!(zone(&european.replace("-1SU", "SU;BYMONTHDAY=22,23,24,25,26,27,28"), "Mine").id(), "Mine");
    let fixed = "BEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0105\nTZOFFSETTO:+0105\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nDTSTART:16010101T000000\nTZOFFSETFROM:+0105\nTZOFFSETTO:+0105\nEND:DAYLIGHT";
    let own = zone(fixed, "Somewhere");
    assert_eq!((own.id(), own.name()), ("Somewhere", "Somewhere"));
    assert_eq!(instant(&own.time_zone(), date(2026, 7, 14).at(9, 0, 0, 0)), utc("2026-07-14T07:55:00Z"));
    // The rule of 2006 and the one since 2007, as older programs write both.
    let american = "BEGIN:DAYLIGHT\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nDTSTART:20000402T020000\n\
        RRULE:FREQ=YEARLY;UNTIL=20060402T070000Z;BYMONTH=4;BYDAY=1SU\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:-0400\n\
        TZOFFSETTO:-0500\nDTSTART:20001029T020000\nRRULE:FREQ=YEARLY;UNTIL=20061029T060000Z;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n\
        BEGIN:DAYLIGHT\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400\nDTSTART:20070311T020000\n\
        RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nEND:DAYLIGHT\nBEGIN:STANDARD\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\n\
        DTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\nEND:STANDARD";
    assert_eq!(zone(american, "East").id(), "Eastern Standard Time");
}

/// What DavMail sends for an exception and a deleted occurrence, and an invitation from elsewhere.
#[test]
fn a_series_with_exceptions() {
    let calendar = calendar(
        "METHOD:REQUEST\nBEGIN:VEVENT\nUID:u@example.test\nDTSTART;TZID=Europe/Berlin:20260105T090000\n\
         DTEND;TZID=Europe/Berlin:20260105T100000\nRRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\nSUMMARY:Weekly\n\
         EXDATE;TZID=America/New_York:20260112T030000,20260119T030000\nEXDATE:20260202T080000Z\n\
         ORGANIZER;CN=\"Boss, The\":mailto:boss@example.test\n\
         ATTENDEE;CN=Anna;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT:MAILTO:anna@example.test\n\
         ATTENDEE;CUTYPE=ROOM;RSVP=TRUE:mailto:room@example.test\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:u@example.test\nRECURRENCE-ID;TZID=Europe/Berlin:20260126T090000\n\
         DTSTART;TZID=Europe/Berlin:20260127T110000\nSUMMARY:Moved\nEND:VEVENT\n\
         BEGIN:VEVENT\nUID:other\nDTSTART:20260101T000000Z\nEND:VEVENT",
    );
    assert_eq!(calendar.method.as_deref(), Some("REQUEST"));
    let items: Vec<&Event> = calendar.items().collect();
    assert_eq!(items.iter().map(|item| item.uid.as_str()).collect::<Vec<_>>(), ["u@example.test", "other"]);
    let master = items[0];
    let deleted: Vec<String> = master.deleted.iter().map(Timestamp::to_string).collect();
    assert_eq!(deleted, ["2026-01-12T08:00:00Z", "2026-01-19T08:00:00Z", "2026-02-02T08:00:00Z"]);
    let exceptions: Vec<&Event> = calendar.exceptions(master).collect();
    assert_eq!(exceptions[0].recurrence_id, Some(utc("2026-01-26T08:00:00Z")));
    assert_eq!(exceptions[0].start, utc("2026-01-27T10:00:00Z"));
    assert_eq!(master.organizer.as_ref().unwrap().name.as_deref(), Some("Boss, The"));
    let people: Vec<(Role, Answer)> = master.attendees.iter().map(|one| (one.role, one.answer)).collect();
    assert_eq!(people, [(Role::Optional, Answer::Accept), (Role::Resource, Answer::NoResponseReceived)]);
    assert!(master.response_requested);
}

/// Whole days, told by days, by midnights of other zones, by a length, and by what is none.
#[test]
fn days_are_days_wherever_they_are_told() {
    let days = |zone: &ItemZone, lines: &str| {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR");
        let mut calendar = read(text.as_bytes(), zone).unwrap();
        // What is written says whose days they are, and how busy one is to be.
        for event in &mut calendar.events {
            (event.floats, event.intended) = (false, Some(event.busy));
        }
        let written = write(&calendar).unwrap();
        let told = |name: &str| {
            let lines = written.lines().filter(|line| line.starts_with(name));
            lines.map(|line| line.rsplit(':').next().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read(written.as_bytes(), zone).unwrap().events, calendar.events, "{written}");
        format!(
            "{}-{} {} {}",
            told("DTSTART;VALUE=DATE"),
            told("DTEND;VALUE=DATE"),
            told("EXDATE"),
            told("RECURRENCE-ID")
        )
    };
    let new_york = ItemZone::named("Eastern Standard Time").unwrap();
    // The 25th of October has 25 hours in Berlin.
    let day = "DTSTART;VALUE=DATE:20261025\n";
    for lasts in ["", "DURATION:P1D", "DURATION:PT10H", "DTEND:20261025T230000Z", "DTEND;VALUE=DATE:20261026"] {
        assert_eq!(days(&berlin(), &format!("{day}{lasts}")).trim(), "20261025-20261026", "{lasts}");
    }
    assert_eq!(days(&berlin(), &format!("{day}DTEND:20261027T000000Z")).trim(), "20261025-20261027");
    let hours = event("DTSTART;TZID=Europe/Berlin:20261024T120000\nDURATION:P1DT1H");
    assert_eq!(hours.end, utc("2026-10-25T12:00:00Z"));
    // Exceptions and deletions of Exchange stand by the midnights of their zone.
    let other = "BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20261104\nRECURRENCE-ID";
    let named = |zone: &ItemZone, by: &str| {
        days(
            zone,
            &format!("{day}RRULE:FREQ=WEEKLY\nEXDATE{by}:20261108T000000\nEND:VEVENT\n{other}{by}:20261101T000000"),
        )
    };
    for by in ["", ";TZID=GMT Standard Time", ";TZID=Tokyo Standard Time"] {
        for zone in [&berlin(), &new_york] {
            assert_eq!(named(zone, by), "20261025 20261104-20261026 20261105 20261108 20261101", "{by}");
        }
    }
    let by_utc = format!("{day}RRULE:FREQ=WEEKLY\nEND:VEVENT\n{other}:20261101T000000Z");
    assert_eq!(days(&new_york, &by_utc), "20261025 20261104-20261026 20261105  20261101");
}

/// The day by which an exception is named is one of its series, wherever and whenever it itself is.
#[test]
fn a_day_names_an_occurrence_by_the_series() {
    let text = "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;VALUE=DATE:20260714\nDTSTART;TZID=Eastern Standard Time:20260714T200000\n\
        END:VEVENT\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20260713T090000\nRRULE:FREQ=DAILY\nEND:VEVENT";
    assert_eq!(calendar(text).events[0].recurrence_id, Some(utc("2026-07-14T07:00:00Z")));
    // A zone that nobody knows names it by the clock.
    let foreign = text.replace(";VALUE=DATE:20260714", ";TZID=Nowhere:20260714T090000").replace("Eastern", "W. Europe");
    assert_eq!(calendar(&foreign).events[0].recurrence_id, Some(utc("2026-07-14T07:00:00Z")));
}

/// What cannot be read costs the rest nothing, and is named; a message is whole or none.
#[test]
fn what_cannot_be_read_is_left() {
    let fine = "BEGIN:VEVENT\nUID:1\nDTSTART:20260714T090000Z\nEND:VEVENT\n";
    let wrong = "BEGIN:VEVENT\nUID:2\nSUMMARY:Some day\nEND:VEVENT\nBEGIN:VEVENT\nUID:3\nDTSTART:tomorrow\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:4\nDTSTART;TZID=Nowhere:20260714T090000\nEND:VEVENT\n";
    let told = calendar(&format!("{wrong}{fine}"));
    let left: Vec<(&str, Unreadable)> = told.left.iter().map(|left| (left.name.as_str(), left.why)).collect();
    assert_eq!(left, [("Some day", Unreadable::NoStart), ("3", Unreadable::BadTime), ("4", Unreadable::UnknownZone)]);
    assert_eq!(told.events.len(), 1);
    let mail = |events: &str| {
        let text = format!("Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n{events}END:VCALENDAR\n");
        in_message(text.as_bytes(), &berlin(), &Limits::default()).map(|found| found.calendar.events.len())
    };
    assert_eq!(mail(fine), Ok(1));
    assert_eq!(mail(&format!("{fine}{wrong}")), Err(Unreadable::NoStart));
}

/// MS-OXCICAL 2.1.3.1.1.20.
#[test]
fn what_describes_an_event() {
    let start = "DTSTART:20260714T090000Z\n";
    let with = |lines: &str| event(&format!("{start}{lines}"));
    for (lines, busy) in [
        ("", Busy::Busy),
        ("TRANSP:TRANSPARENT", Busy::Free),
        ("TRANSP:TRANSPARENT\nX-MICROSOFT-CDO-BUSYSTATUS:OOF", Busy::OOF),
        ("STATUS:TENTATIVE", Busy::Tentative),
        ("STATUS:CANCELLED", Busy::Free),
        ("X-MICROSOFT-MSNCALENDAR-BUSYSTATUS:WORKINGELSEWHERE", Busy::WorkingElsewhere),
    ] {
        assert_eq!(with(lines).busy, busy, "{lines}");
    }
    for (lines, importance) in [
        ("PRIORITY:0", Importance::Normal),
        ("PRIORITY:4", Importance::High),
        ("PRIORITY:6", Importance::Low),
        ("PRIORITY:1\nX-MICROSOFT-CDO-IMPORTANCE:0", Importance::Low),
    ] {
        assert_eq!(with(lines).importance, importance, "{lines}");
    }
    assert_eq!(with("CLASS:X-PERSONAL").sensitivity, Sensitivity::Personal);
    assert_eq!(with("CLASS:confidential").sensitivity, Sensitivity::Confidential);
    for (alarm, reminder) in [
        ("TRIGGER:-PT15M", 15),
        ("TRIGGER;RELATED=START:P", 0),
        ("TRIGGER;VALUE=DATE-TIME:20260714T080000Z", 60),
        ("TRIGGER:soon", 15),
        ("ACTION:DISPLAY", 15),
    ] {
        let lines = format!("BEGIN:VALARM\n{alarm}\nEND:VALARM");
        assert_eq!(with(&lines).reminder, Some(reminder), "{alarm}");
    }
    assert_eq!(with("").reminder, None);
    let whole = event("DTSTART;VALUE=DATE:20260714\nBEGIN:VALARM\nEND:VALARM");
    assert_eq!(whole.reminder, Some(1080));
    let html = with("DESCRIPTION:plain\nX-ALT-DESC;FMTTYPE=text/html:<p>rich</p>").body.unwrap();
    assert_eq!((html.body_type, html.text.as_str()), (BodyType::Html, "<p>rich</p>"));
    let files = with(
        "ATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a.txt;FMTTYPE=text/plain:aGVsbG8=\nATTACH:CID:x@y\n\
        ATTACH:https://example.test/b.pdf",
    );
    let contents: Vec<Content> = files.attachments.iter().map(|file| file.content.clone()).collect();
    let wanted = [
        Content::Octets(b"hello".to_vec()),
        Content::Part("x@y".to_owned()),
        Content::Link("https://example.test/b.pdf".to_owned()),
    ];
    assert_eq!(contents, wanted);
    assert_eq!(files.attachments[2].name, "b.pdf");
    let named = with("ATTACH;FILENAME=plan.pdf:https://example.test/b?view=att");
    let text = write(&Calendar { events: vec![named.clone()], ..Calendar::default() }).unwrap();
    assert_eq!(read(text.as_bytes(), &berlin()).unwrap().events[0].attachments, named.attachments, "{text}");
}

/// An occurrence is named by the start that its series has, in the form of that one (RFC 5545 3.8.4.4).
#[test]
fn occurrences_are_named_as_the_series_is() {
    let day = (utc("2026-07-13T22:00:00Z"), utc("2026-07-14T22:00:00Z"));
    let hour = (utc("2026-07-14T07:00:00Z"), utc("2026-07-14T08:00:00Z"));
    let named = |series: (Timestamp, Timestamp), of_days: bool, own: (Timestamp, Timestamp)| {
        let mut master = Event::new("1", berlin(), series.0, series.1);
        master.all_day = of_days;
        let range = Range { start: date(2026, 7, 14), end: End::After(5) };
        master.recurrence = Some(Recurrence { pattern: Pattern::Daily(Every { interval: 1 }), range });
        let mut exception = Event::new("1", ItemZone::named("Tokyo Standard Time").unwrap(), own.0, own.1);
        exception.all_day = !of_days;
        exception.recurrence_id = Some(series.0);
        let text = write(&Calendar { events: vec![master, exception], ..Calendar::default() }).unwrap();
        text.lines().find(|line| line.starts_with("RECURRENCE-ID")).unwrap().to_owned()
    };
    assert_eq!(named(day, true, hour), "RECURRENCE-ID;VALUE=DATE:20260714");
    assert_eq!(named(hour, false, day), "RECURRENCE-ID;TZID=W. Europe Standard Time:20260714T090000");
}

/// What begins in the hour that is missing in the night of the 29th of March goes by the clock that was said.
#[test]
fn a_series_keeps_its_clock_over_a_missing_hour() {
    let series = |times: &str| {
        let rule = "RRULE:FREQ=DAILY;COUNT=3";
        let mut told = event(&format!("DTSTART;TZID=Europe/Berlin:{times}\n{rule}"));
        told.intended = Some(told.busy);
        let text = write(&Calendar { events: vec![told.clone()], ..Calendar::default() }).unwrap();
        assert_eq!(read(text.as_bytes(), &ItemZone::utc()).unwrap().events, [told.clone()], "{text}");
        let line = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap_or("none").to_owned();
        let clock = told.clock.map(|clock| (clock.start, clock.end));
        (format!("{} {}", told.start, told.end), clock, line("DTSTART;TZID"), line("DTEND"), line("DURATION"))
    };
    let zoned = |name: &str, time: &str| format!("{name};TZID=W. Europe Standard Time:2026{time}");
    let none = || "none".to_owned();
    let at = |times: &str| times.to_owned();
    assert_eq!(
        series("20260329T023000\nDTEND;TZID=Europe/Berlin:20260329T024500"),
        (
            at("2026-03-29T01:30:00Z 2026-03-29T01:45:00Z"),
            Some((150, 165)),
            zoned("DTSTART", "0329T023000"),
            zoned("DTEND", "0329T024500"),
            none()
        )
    );
    // The end is there, but before the start: nobody else would understand it.
    assert_eq!(
        series("20260329T023000\nDTEND;TZID=Europe/Berlin:20260329T030000"),
        (
            at("2026-03-29T01:30:00Z 2026-03-29T02:00:00Z"),
            Some((150, 180)),
            zoned("DTSTART", "0329T023000"),
            none(),
            at("DURATION:PT30M")
        )
    );
    assert_eq!(
        series("20260328T220000\nDTEND;TZID=Europe/Berlin:20260329T023000"),
        (
            at("2026-03-28T21:00:00Z 2026-03-29T01:30:00Z"),
            Some((1320, 1590)),
            zoned("DTSTART", "0328T220000"),
            zoned("DTEND", "0329T023000"),
            none()
        )
    );
    assert_eq!(series("20260330T023000\nDTEND;TZID=Europe/Berlin:20260330T024500").1, None);
}

/// In Havana the 8th of March has no midnight: that day begins at one.
#[test]
fn a_day_without_a_midnight_is_whole() {
    let day = "DTSTART;TZID=Cuba Standard Time:20260308T000000\nDTEND;TZID=Cuba Standard Time:20260309T000000\n\
        X-MICROSOFT-CDO-ALLDAYEVENT:TRUE";
    let told = event(day);
    assert!(told.all_day, "{told:?}");
    assert_eq!((told.start, told.end), (utc("2026-03-08T05:00:00Z"), utc("2026-03-09T04:00:00Z")));
}

/// The form that Exchange gives it, line for line.
#[test]
fn as_exchange_writes_it() {
    let mut event = Event::new("1", berlin(), utc("2026-07-14T07:00:00Z"), utc("2026-07-14T08:00:00Z"));
    let weekly = Weekly { interval: 2, days: Days::of(&[DayOfWeek::Tuesday]), first: DayOfWeek::Monday };
    let range = Range { start: date(2026, 7, 14), end: End::On(date(2026, 12, 31)) };
    event.recurrence = Some(Recurrence { pattern: Pattern::Weekly(weekly), range });
    event.reminder = Some(0);
    let text = write(&Calendar { events: vec![event], ..Calendar::default() }).unwrap();
    let wanted = "BEGIN:VCALENDAR|METHOD:PUBLISH|PRODID:Microsoft Exchange Server 2010|VERSION:2.0|BEGIN:VTIMEZONE|\
        TZID:W. Europe Standard Time|BEGIN:STANDARD|DTSTART:16010101T030000|TZOFFSETFROM:+0200|TZOFFSETTO:+0100|\
        RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10|END:STANDARD|BEGIN:DAYLIGHT|DTSTART:16010101T020000|\
        TZOFFSETFROM:+0100|TZOFFSETTO:+0200|RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3|END:DAYLIGHT|END:VTIMEZONE|\
        BEGIN:VEVENT|RRULE:FREQ=WEEKLY;UNTIL=20261231T080000Z;INTERVAL=2;BYDAY=TU;WKST=MO|UID:1|SUMMARY:|\
        DTSTART;TZID=W. Europe Standard Time:20260714T090000|DTEND;TZID=W. Europe Standard Time:20260714T100000|CLASS:PUBLIC|\
        PRIORITY:5|TRANSP:OPAQUE|STATUS:CONFIRMED|SEQUENCE:0|X-MICROSOFT-CDO-APPT-SEQUENCE:0|X-MICROSOFT-CDO-BUSYSTATUS:BUSY|\
        X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY|X-MICROSOFT-CDO-ALLDAYEVENT:FALSE|X-MICROSOFT-CDO-IMPORTANCE:1|\
        X-MICROSOFT-CDO-INSTTYPE:1|X-MICROSOFT-DISALLOW-COUNTER:FALSE|BEGIN:VALARM|DESCRIPTION:REMINDER|\
        TRIGGER;RELATED=START:-PT0M|ACTION:DISPLAY|END:VALARM|END:VEVENT|END:VCALENDAR|";
    assert_eq!(text.replace("\r\n", "|"), wanted);
}

/// Its zone is told with the rules of years near it, some of which no date has.
#[test]
fn events_of_the_last_year_are_written() {
    for time in ["9999-12-30T20:00:00Z", "9998-01-01T00:00:00Z", "0001-01-01T00:00:00Z"] {
        let event = Event::new("1", berlin(), utc(time), utc(time));
        let text = write(&Calendar { events: vec![event], ..Calendar::default() }).unwrap();
        let again = read(text.as_bytes(), &ItemZone::utc()).unwrap();
        assert_eq!(again.events.first().map(|event| event.start), Some(utc(time)), "{text}");
    }
    let late = "BEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:99991231T235959Z\nTZOFFSETFROM:+0205\nTZOFFSETTO:+0105\n\
        END:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\nDTSTART;TZID=Own:99991230T090000\nEND:VEVENT";
    let text = write(&calendar(late)).unwrap();
    assert!(text.contains("DTSTART;TZID=Own:99991230T090000"), "{text}");
}
