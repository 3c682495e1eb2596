//! What it costs to have a mail read by a converter instead of in the same process: medians of interleaved pairs, in microseconds;
//! and what it costs to start a converter, which reads the rules of all zones before it shuts itself in.
//!
//! `cargo run --release -p ewsd-worker --example convert [PAIRS]`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use ewsd_mailbox::convert::ical::Limits;
use ewsd_mailbox::convert::table::{HtmlText, Mail, MailCalendar};
use ewsd_mailbox::convert::{Ask, Confined, Convert, InProcess};
use ewsd_worker::convert::{Child, be_child};
use jiff::Timestamp;

/// The own program's word for being the converter.
const WORD: &str = "--convert-for-parent";

fn main() -> Result<(), String> {
    let word = std::env::args().nth(1);
    if word.as_deref() == Some(WORD) {
        return be_child();
    }
    let pairs = word.and_then(|word| word.parse().ok()).unwrap_or(2_000);
    let (here, there) = (InProcess(Confined::claim()), Child::new(WORD));
    println!("{:28} {:>10} {:>10} {:>10}", "microseconds", "here", "converter", "more");
    let mail = Mail { now: Timestamp::UNIX_EPOCH };
    for (what, octets) in mails() {
        compare(what, &mail, &octets, pairs, &here, &there);
    }
    compare("20 KB of HTML as text", &HtmlText {}, html(20).as_bytes(), pairs, &here, &there);
    let calendar = MailCalendar { limits: Limits::default() };
    compare(
        "the calendar of a mail, 1 KB",
        &calendar,
        INVITATION.replace('\n', "\r\n").as_bytes(),
        pairs,
        &here,
        &there,
    );
    let mut starts: Vec<f64> = (0..20).map(|_| start(&there)).collect();
    println!("{:28} {:>10} {:10.1}", "a converter's start", "", median(&mut starts));
    Ok(())
}

/// Until a fresh one has answered.
fn start(there: &Child) -> f64 {
    there.rest();
    let start = Instant::now();
    there.convert(HtmlText::CONVERSION, &ewsd_wire::to_bytes(&HtmlText {}), b"x").unwrap();
    start.elapsed().as_secs_f64() * 1e6
}

fn compare<A: Ask>(what: &str, ask: &A, octets: &[u8], pairs: usize, here: &dyn Convert, there: &dyn Convert) {
    let pairs = pairs.min(200_000_000 / octets.len().max(10_000)).max(7);
    let one = |by: &dyn Convert| {
        let start = Instant::now();
        let asked = ewsd_wire::to_bytes(ask);
        let answer = by.convert(A::CONVERSION, &asked, octets).unwrap();
        drop(A::hear(&answer).unwrap());
        start.elapsed().as_secs_f64() * 1e6
    };
    let (mut first, mut second): (Vec<f64>, Vec<f64>) = (0..pairs).map(|_| (one(here), one(there))).unzip();
    let (here, there) = (median(&mut first), median(&mut second));
    println!("{what:28} {here:10.1} {there:10.1} {:10.1}", there - here);
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

const HEAD: &str = "Received: from a.test by b.test with ESMTP id 1; Fri, 21 Nov 1997 09:55:06 +0000\r\nFrom: Ann <ann@a.test>\r\n\
    To: Bob <bob@b.test>, Carl <carl@b.test>\r\nSubject: Lunch on Friday\r\nMessage-ID: <1@a.test>\r\n\
    Date: Fri, 21 Nov 1997 09:55:06 +0000\r\nMIME-Version: 1.0\r\n";

const INVITATION: &str = "From: Ann <ann@a.test>\nSubject: Lunch\nContent-Type: text/calendar; method=REQUEST\n\n\
    BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
    DTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\n\
    END:VTIMEZONE\nBEGIN:VEVENT\nUID:1@a.test\nDTSTAMP:20260101T000000Z\nSUMMARY:Lunch\nDTSTART;TZID=Europe/Berlin:20260105T120000\n\
    DTEND;TZID=Europe/Berlin:20260105T130000\nORGANIZER;CN=Ann:mailto:ann@a.test\n\
    ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@b.test\nRRULE:FREQ=WEEKLY;COUNT=10\n\
    END:VEVENT\nEND:VCALENDAR\n";

fn text(kilobytes: usize) -> String {
    "Where shall we meet, and when does the train leave?\r\n".repeat(kilobytes * 20)
}

fn html(kilobytes: usize) -> String {
    "<p>Where shall we <b>meet</b>, and <a href=\"http://x.test/\">when</a> does it leave?</p>\r\n"
        .repeat(kilobytes * 12)
}

fn mails() -> Vec<(&'static str, Vec<u8>)> {
    let plain = |kilobytes| format!("{HEAD}\r\n{}", text(kilobytes)).into_bytes();
    let html = format!("{HEAD}Content-Type: text/html\r\n\r\n{}", html(20)).into_bytes();
    let file = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{}\r\n--b\r\nContent-Type: application/pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}--b--\r\n",
        text(1),
        "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0\r\n".repeat(65_536)
    );
    vec![
        ("plain mail, 1 KB", plain(1)),
        ("plain mail, 10 KB", plain(10)),
        ("HTML mail, 20 KB", html),
        ("with a file, 5 MB", file.into_bytes()),
    ]
}
