//! What is tried, and what must hold of it whatever the input is: that it ends, that it does not panic, and the promises that
//! its own documentation makes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ewsd_mailbox::convert::html::Images;
use ewsd_mailbox::convert::ical;
use ewsd_mailbox::convert::table::{Calendar, Mail, Reads, SafeHtml};
use ewsd_mailbox::convert::{self, Ask, Confined, InProcess, TABLE};
use ewsd_mime::{Limits, Message, Part};
use ewsd_model::global_id::GlobalId;
use ewsd_model::recurrence::Series;
use ewsd_model::recurrence::blob::RecurrenceBlob;
use ewsd_model::timezone::{Definition, ItemZone, Rules};
use ewsd_tnef::{Budget, FileContent, Meter};
use jiff::{Timestamp, tz::TimeZone};

/// A reader under test.
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
}

pub const TARGETS: &[Target] = &[
    Target { name: "structure", run: structure },
    Target { name: "transfer", run: transfer },
    Target { name: "fields", run: fields },
    Target { name: "message", run: message },
    Target { name: "tnef", run: tnef },
    Target { name: "rtf", run: rtf },
    Target { name: "html", run: html_body },
    Target { name: "aqs", run: aqs },
    Target { name: "calendar", run: calendar },
    Target { name: "recurrence", run: recurrence },
    Target { name: "zone", run: zone },
];

/// Every part lies within the one around it; a message that has a text to show shows one.
fn structure(octets: &[u8]) {
    let message = Message::read(octets);
    for part in message.parts() {
        let within = match part.parent.and_then(|parent| message.part(parent)) {
            Some(parent) => parent.body.clone(),
            None => 0..octets.len(),
        };
        assert!(part.body.start <= part.body.end && part.body.end <= octets.len(), "a part ends behind the message");
        // A head that a delimiter cuts off has no body: the line end between belongs to both.
        let is_within = within.start <= part.body.start && part.body.end <= within.end;
        assert!(part.body.is_empty() || is_within, "a part reaches out of its multipart");
        assert!(part.number == 0 || part.parent.is_some(), "a part hangs nowhere");
    }
    let shown = ewsd_mime::choose(&message);
    let is_text = |part: &Part<'_>| {
        part.content_type.is("text", "plain")
            && !part.is_attachment()
            && part.file_name().is_none()
            && !part.text().trim().is_empty()
    };
    let is_blank = shown.body(str::to_owned).trim().is_empty();
    assert!(!is_blank || !message.parts().any(is_text) || !shown.files.is_empty(), "a text is not shown");
    let _ = ewsd_mime::class(&message);
}

/// What was encoded comes back, and anything else ends.
fn transfer(octets: &[u8]) {
    let Some((kind, text)) = octets.split_first() else { return };
    match kind % 3 {
        0 => {
            ewsd_mime::base64(text);
            let encoded = STANDARD.encode(text);
            assert_eq!(*ewsd_mime::base64(encoded.as_bytes()), *text, "base64 does not come back");
        }
        1 => {
            ewsd_mime::quoted_printable(text);
            let encoded: String = text.iter().map(|octet| format!("={octet:02X}")).collect();
            assert_eq!(*ewsd_mime::quoted_printable(encoded.as_bytes()), *text, "quoted-printable does not come back");
        }
        _ => {
            let mut end = 0;
            for file in ewsd_mime::uuencoded_files(text) {
                assert!(end <= file.place.start && file.place.end <= text.len(), "files overlap");
                end = file.place.end;
            }
        }
    }
}

/// No address without something to write to, no id with blanks.
fn fields(octets: &[u8]) {
    let head = ewsd_mime::Head::read(octets, Limits::default());
    for field in head.all() {
        let _ = (field.text(), field.line());
        let mut one = b"X: ".to_vec();
        one.extend_from_slice(field.value);
        let _ = ewsd_mime::ContentType::read(field.value, &Limits::default()).essence();
        let _ = ewsd_mime::Disposition::read(field.value, &Limits::default());
        let _ = head.date(field.name);
        for mailbox in head.addresses(field.name).mailboxes {
            assert!(!mailbox.address.is_empty(), "a mailbox without an address");
        }
        for id in head.ids(field.name) {
            assert!(!id.is_empty() && !id.contains(char::is_whitespace), "an id with blanks: {id:?}");
        }
    }
    let text = String::from_utf8_lossy(octets);
    let _ = ewsd_mime::decode_words(&text);
}

/// Everything that reads messages; mail that goes into a mailbox comes out of its answer as it went in.
fn message(octets: &[u8]) {
    all(Reads::Message, octets);
    for attachment in &ask(&Mail { now: Timestamp::UNIX_EPOCH }, octets).attachments {
        assert!(!attachment.name.is_empty(), "an attachment without a name");
    }
}

/// Every conversion that takes the octets for such.
fn all(reads: Reads, octets: &[u8]) {
    for row in TABLE.iter().filter(|row| row.reads == reads) {
        let told = convert::answer(&Confined::claim(), row.conversion, &(row.sample)(), octets).expect(row.name);
        assert_eq!(told.whole().len() as u64, told.length(), "{}: another length than was told", row.name);
    }
}

fn ask<A: Ask>(question: &A, octets: &[u8]) -> A::Answer {
    convert::by(InProcess(Confined::claim()));
    let name = A::CONVERSION.name();
    convert::ask(question, octets).expect(name)
}

fn tnef(octets: &[u8]) {
    let budget = Budget { output: 1 << 20, ..Budget::default() };
    let mut meter = Meter::new(&budget);
    if let Ok(message) = ewsd_tnef::read_with(octets, &mut meter) {
        for file in &message.attachments {
            if let FileContent::Octets(content) = file.content {
                assert!(content.len() <= octets.len(), "a file is larger than all of it");
            }
        }
    }
}

fn rtf(octets: &[u8]) {
    let budget = Budget { output: 1 << 20, ..Budget::default() };
    let mut meter = Meter::new(&budget);
    let _ = ewsd_tnef::read_rtf(octets, None, &mut meter);
    if let Some(raw) = ewsd_tnef::decompress(octets, &mut meter) {
        let _ = ewsd_tnef::read_rtf(&raw, None, &mut meter);
    }
}

/// What was filtered goes through again unchanged, and nothing in it can run.
fn html_body(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    all(Reads::Html, octets);
    let filter = |html: &str| ask(&SafeHtml { images: Images::Own }, html.as_bytes());
    let once = filter(&text);
    assert_eq!(filter(&once), once, "filtering again changes it");
    assert!(!once.to_ascii_lowercase().contains("<script"), "a script is left");
}

/// Blanks around a query mean nothing.
fn aqs(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let now = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let once = ewsd_aqs::parse(&text, &now);
    assert_eq!(ewsd_aqs::parse(&format!(" {text} "), &now), once, "blanks around it change it");
    if let Err(error) = once {
        assert!(!error.to_string().is_empty());
    }
}

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
    assert_eq!(definition.history().map(|read| read.in_year(2026).clone()), Ok(history.in_year(2026).clone()));
    let at = jiff::civil::date(2026, 3, 29).at(2, 30, 0, 0);
    let _ = ewsd_model::timezone::instant(&zone.time_zone(), at);
}
