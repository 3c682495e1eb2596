//! What reading a calendar costs grows as its text does, whatever it repeats; and at no time does it take more than a bounded
//! multiple of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../tests/growth/mod.rs"]
mod growth;

use ewsd_mailbox::convert::table::{Calendar, Reads, Row};
use ewsd_mailbox::convert::{self, Ask, Confined, TABLE};

#[global_allocator]
static COUNTING: growth::Counting = growth::Counting;

/// Allocated at one time for a calendar of 1 MB, whatever it is made of.
const PEAK: usize = 64 << 20;

/// What stands before the units, a unit, what stands after them.
type Shape = (&'static str, &'static str, &'static str);

const EVENT: &str = "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260105T090000Z\r\n";
const ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Own\r\n";
const SUMMARY: &str = "BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nSUMMARY:";

const SHAPES: &[Shape] = &[
    // Components.
    ("", "BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nEND:VEVENT\r\n", ""),
    (
        "",
        "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Berlin:20260105T090000\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n",
        "",
    ),
    ("", "BEGIN:VEVENT\r\nDTSTART;TZID=EST5EDT:20260105T090000\r\nEND:VEVENT\r\n", ""),
    ("", "BEGIN:VTODO\r\nEND:VTODO\r\n", ""),
    ("", "BEGIN:X\r\n", ""),
    ("", "END:X\r\n", ""),
    ("", "BEGIN:X\r\nEND:Y\r\n", ""),
    ("", "BEGIN:X\r\nBEGIN:Y\r\nEND:X\r\n", ""),
    ("", "END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n", ""),
    (EVENT, "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n", ""),
    (EVENT, "BEGIN:VALARM\r\n", ""),
    // Lines.
    ("", "A:\r\n", ""),
    ("", "A\r\n", ""),
    ("", "\r\n", ""),
    ("", ":\r\n", ""),
    ("", "x", ""),
    ("", "x.", ":\r\n"),
    ("", "\u{fc}", ":\r\n"),
    (SUMMARY, "\r\n x", "\r\n"),
    (SUMMARY, "\r\n ", "\r\n"),
    (SUMMARY, "\r\n \r\n", "\r\n"),
    (SUMMARY, "x", "\r\n"),
    (SUMMARY, "\\", "\r\n"),
    (SUMMARY, "\\n", "\r\n"),
    (SUMMARY, "\\,", "\r\n"),
    (SUMMARY, "\u{fc}", "\r\n"),
    // Parameters.
    (EVENT, "X;A=b;C=\"d\",e:f\r\n", ""),
    (EVENT, "X;A=^n^n^^^':f\r\n", ""),
    (EVENT, "X;A;B:f\r\n", ""),
    (EVENT, "X;A=\"\r\n", ""),
    ("BEGIN:VEVENT\r\nDTSTART", ";A=b", ":20260105\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART;A=b", ",b", ":20260105\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART;A=\"", "b", "\":20260105\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART;TZID=", "/", ":20260105T090000\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART;TZID=", "a/", ":20260105T090000\r\n"),
    // Zones.
    ("", "BEGIN:VTIMEZONE\r\nTZID:Own\r\nEND:VTIMEZONE\r\n", ""),
    (ZONE, "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\n", "END:VTIMEZONE\r\n"),
    (ZONE, "BEGIN:STANDARD\r\nEND:STANDARD\r\n", "END:VTIMEZONE\r\n"),
    ("BEGIN:VTIMEZONE\r\nTZID:/", "a/", "\r\nEND:VTIMEZONE\r\n"),
    (ZONE, "X-LIC-LOCATION:Europe/Berlin\r\n", "END:VTIMEZONE\r\n"),
    // Series.
    (EVENT, "RRULE:FREQ=DAILY\r\n", ""),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nRRULE:FREQ=DAILY", ";COUNT=1000000000", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nRRULE:FREQ=MONTHLY;BYDAY=", "MO,", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=", "1,", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nRRULE:", ";", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nEXDATE:", "20260105T090000Z,", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nEXDATE:", ",", "\r\n"),
    (EVENT, "EXDATE;TZID=EST5EDT:20260105T090000\r\n", ""),
    (EVENT, "EXDATE;TZID=Nowhere/Else:20260105T090000\r\n", ""),
    ("", "BEGIN:VEVENT\r\nUID:1\r\nRECURRENCE-ID:20260105T090000Z\r\nDTSTART:20260105T090000Z\r\nEND:VEVENT\r\n", ""),
    // People, files, texts.
    (EVENT, "ATTENDEE;CN=a;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:a@b\r\n", ""),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nORGANIZER:mailto:a@b", "?", "\r\n"),
    (EVENT, "ATTACH;VALUE=BINARY;ENCODING=BASE64:QUJD\r\n", ""),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nATTACH;ENCODING=BASE64:", "QUJD", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nATTACH:", "/", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nCATEGORIES:", "a,", "\r\n"),
    (EVENT, "CATEGORIES:a\\,b\r\n", ""),
    (EVENT, "X-ALT-DESC;FMTTYPE=text/html:<p>x</p>\r\n", ""),
    (EVENT, "X-ALT-DESC:x\r\n", ""),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nDESCRIPTION:", "\\n", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:20260105T090000Z\r\nDURATION:P", "1D", "\r\n"),
    ("BEGIN:VEVENT\r\nDTSTART:", "2", "\r\n"),
];

const BEGIN: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";

/// Octets of the answer.
fn read(row: &Row, calendar: &str) -> usize {
    let told = convert::answer(&Confined::claim(), row.conversion, &(row.sample)(), calendar.as_bytes()).unwrap();
    usize::try_from(told.length()).unwrap()
}

/// Whatever reads calendars.
fn readers() -> impl Iterator<Item = &'static Row> {
    TABLE.iter().filter(|row| row.reads == Reads::Calendar)
}

#[test]
fn reading_is_linear() {
    assert!(SHAPES.len() >= 40);
    assert!(readers().any(|row| row.conversion == Calendar::CONVERSION));
    let shapes: Vec<(String, &Shape)> = SHAPES.iter().map(|shape| (format!("{BEGIN}{}", shape.0), shape)).collect();
    let units = shapes.iter().map(|(before, (_, unit, after))| (before.as_str(), *unit, *after));
    for row in readers() {
        let found = growth::faster_than_linear(units.clone(), |calendar| read(row, calendar));
        assert!(found.is_empty(), "{} grows faster than its input:\n{}", row.name, found.join("\n"));
    }
}

/// The same as a part of a message: what a mail costs besides.
#[test]
fn reading_of_mail_is_linear() {
    let head = "Subject: x\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n";
    let shapes: Vec<(String, &Shape)> = SHAPES.iter().map(|shape| (format!("{head}{}", shape.0), shape)).collect();
    let units = shapes.iter().map(|(before, (_, unit, after))| (before.as_str(), *unit, *after));
    let row = TABLE.iter().find(|row| row.name == "mail-calendar").unwrap();
    let found = growth::faster_than_linear(units, |mail| read(row, mail));
    assert!(found.is_empty(), "{} grows faster than its input:\n{}", row.name, found.join("\n"));
}

#[test]
fn a_calendar_takes_a_bounded_multiple_of_its_size() {
    for row in readers() {
        let peaks = SHAPES.iter().map(|(before, unit, after)| {
            let calendar = format!("{BEGIN}{before}{}{after}", unit.repeat((1 << 20) / unit.len()));
            (growth::peak(|| read(row, &calendar)), before, unit)
        });
        let large: Vec<_> = peaks.filter(|(peak, ..)| *peak > PEAK).collect();
        assert!(large.is_empty(), "{}: {large:#?}", row.name);
    }
}
