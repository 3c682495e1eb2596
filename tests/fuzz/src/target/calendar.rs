//! Calendars, and the octets that they have beside (MS-OXOCAL).

use ewsd_mailbox::convert::ical;
use ewsd_mailbox::convert::table::{Calendar, Reads};
use ewsd_model::global_id::GlobalId;
use ewsd_model::recurrence::Series;
use ewsd_model::recurrence::blob::RecurrenceBlob;
use ewsd_model::timezone::{Daylight, Definition, ItemZone, Rules};

use super::{BINARY, Target, all, ask};

pub const TARGETS: &[Target] = &[
    Target { name: "calendar", run: calendar, seeds: CALENDARS, pieces: CALENDAR },
    Target { name: "recurrence", run: recurrence, seeds: &[RECURRENCE], pieces: BINARY },
    Target { name: "zone", run: zone, seeds: &[ZONE, RULES], pieces: BINARY },
];

/// What was read can be written, and is read again with all its events.
fn calendar(octets: &[u8]) {
    all(Reads::Calendar, octets);
    let whole = Calendar { zone: ItemZone::utc(), limits: ical::Limits::default() };
    let Ok(read) = ask(&whole, octets) else { return };
    for event in &read.events {
        assert!(event.start <= event.end, "an event ends before it starts");
        if let Some(recurrence) = &event.recurrence {
            assert!(recurrence.check().is_ok(), "a recurrence that is none");
        }
    }
    let written = ical::write(&read).expect("this process converts");
    assert!(written.split("\r\n").all(|line| line.len() <= 75), "a line is too long");
    let again = ask(&whole, written.as_bytes()).expect("what was written is read");
    assert_eq!(again.events.len(), read.events.len(), "an event is lost");
}

/// What was written is read as the same; a series has each of its occurrences where its number says.
fn recurrence(octets: &[u8]) {
    if let Some(id) = GlobalId::read(octets) {
        assert_eq!(GlobalId::read(&id.octets()), Some(id), "an id does not come back");
    }
    let Some(read) = RecurrenceBlob::read(octets) else { return };
    let Some(written) = read.write() else { return };
    let again = RecurrenceBlob::read(&written).expect("what was written is read");
    assert_eq!(again.write(), Some(written), "it is another one when it is written again");
    let Ok(series) = Series::new(&read.recurrence) else { return };
    for (number, date) in series.from(series.first()).take(100) {
        assert_eq!(series.number(date), Some(number), "a day has another number");
    }
}

/// Rules come back, and read times.
fn zone(octets: &[u8]) {
    if let Some(rules) = Rules::from_struct(octets) {
        assert_eq!(Rules::from_struct(&rules.to_struct()), Some(rules), "a rule does not come back");
    }
    let Some(zone) = ItemZone::from_blob(octets) else { return };
    let again = ItemZone::from_blob(&zone.to_blob(2026, true)).expect("what was written is read");
    let years = 2020..=2030;
    assert_eq!(again.history(years.clone()).in_year(2026), zone.history(years.clone()).in_year(2026), "other rules");
    let history = zone.history(years);
    let definition = Definition::of(zone.id(), zone.name(), &history);
    assert_eq!(definition.history().map(|read| read.in_year(2026).clone()), Ok(ahead(history.in_year(2026))));
    let at = jiff::civil::date(2026, 3, 29).at(2, 30, 0, 0);
    let _ = ewsd_model::timezone::instant(&zone.time_zone(), at);
}

/// The same, where the time that is ahead is called the daylight time: definitions are read so, whatever calls it what.
fn ahead(rules: &Rules) -> Rules {
    match &rules.daylight {
        Some(daylight) if daylight.bias > rules.standard => Rules {
            standard: daylight.bias,
            daylight: Some(Daylight { bias: rules.standard, begins: daylight.ends, ends: daylight.begins }),
        },
        _ => rules.clone(),
    }
}

const CALENDARS: &[&[u8]] = &[b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n\
    TZOFFSETFROM:+0205\r\nTZOFFSETTO:+0105\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n\
    DTSTART:16010101T020000\r\nTZOFFSETFROM:+0105\r\nTZOFFSETTO:+0205\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n\
    END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Own:20260105T090000\r\nDTEND;TZID=Own:20260105T100000\r\n\
    RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO\r\nEXDATE;TZID=Own:20260112T090000\r\nSUMMARY;LANGUAGE=en:a\\, b\r\n\
    ATTENDEE;CN=\"a, b\";ROLE=OPT-PARTICIPANT:mailto:a@x.test\r\nATTACH;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=a:aGk=\r\n\
    BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID;TZID=Own:20260119T090000\r\n\
    DTSTART;VALUE=DATE:20260120\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"];

const CALENDAR: &[&[u8]] = &[
    b"\r\n",
    b"\n ",
    b"BEGIN:VEVENT\r\n",
    b"END:VEVENT\r\n",
    b"BEGIN:VTIMEZONE\r\n",
    b"RRULE:",
    b"FREQ=DAILY",
    b"FREQ=MONTHLY",
    b"FREQ=YEARLY",
    b";INTERVAL=",
    b";COUNT=",
    b";UNTIL=",
    b";BYDAY=",
    b"-1SU",
    b"MO,TU",
    b";BYMONTHDAY=",
    b"-1",
    b"31",
    b";BYSETPOS=",
    b";BYMONTH=",
    b"DTSTART",
    b"DTEND",
    b"DURATION:PT1H\r\n",
    b";VALUE=DATE:",
    b";TZID=",
    b"Europe/Berlin",
    b"Own",
    b"EXDATE:",
    b"RECURRENCE-ID:",
    b"99991231T235959Z",
    b"16010101T000000",
    b"00010101",
    b"TRIGGER:P\r\n",
    b"TZOFFSETTO:-1200\r\n",
    b"X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n",
    b"\\n",
    b"\"",
    b"^n",
];

/// A weekly series with an exception (MS-OXOCAL 2.2.1.44).
const RECURRENCE: &[u8] = &[
    4, 48, 4, 48, 11, 32, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 34, 32, 0, 0, 5, 0, 0, 0, 1, 0,
    0, 0, 2, 0, 0, 0, 192, 42, 83, 13, 0, 54, 83, 13, 1, 0, 0, 0, 160, 59, 83, 13, 0, 220, 82, 13, 128, 121, 83, 13, 6,
    48, 0, 0, 9, 48, 0, 0, 28, 2, 0, 0, 88, 2, 0, 0, 1, 0, 52, 62, 83, 13, 112, 62, 83, 13, 28, 56, 83, 13, 1, 0, 6, 0,
    5, 0, 77, 111, 118, 101, 100, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 52, 62, 83, 13, 112, 62, 83, 13, 28,
    56, 83, 13, 5, 0, 77, 0, 111, 0, 118, 0, 101, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// A zone of a name that nobody knows (MS-OXOCAL 2.2.1.41).
const ZONE: &[u8] = &[
    2, 1, 52, 0, 2, 0, 23, 0, 88, 0, 46, 0, 32, 0, 69, 0, 117, 0, 114, 0, 111, 0, 112, 0, 101, 0, 32, 0, 83, 0, 116, 0,
    97, 0, 110, 0, 100, 0, 97, 0, 114, 0, 100, 0, 32, 0, 84, 0, 105, 0, 109, 0, 101, 0, 1, 0, 2, 1, 62, 0, 3, 0, 65, 6,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 196, 255, 255, 255, 0, 0, 0, 0, 196, 255, 255, 255, 0, 0, 10, 0, 0, 0, 5,
    0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 0, 0, 0,
];

/// Those of Central Europe, alone (2.2.1.39).
const RULES: &[u8] = &[0xc4, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xc4, 0xff, 0xff, 0xff, 0, 0, 0, 0, 10, 0, 0, 0, 5, 0, 3, 0];
