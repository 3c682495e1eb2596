//! A meeting request (iTIP, RFC 5546 and RFC 6047): text and text/calendar with METHOD:REQUEST as alternatives.

use mail_builder::mime::MimePart;

use super::{ALICE, BOB, CAROL, Clock, Sample, finish, letter};

/// Two days from now, at a full hour, for one hour.
const AHEAD: i64 = 2 * 86_400;

pub fn invitation(clock: &Clock) -> std::io::Result<Sample> {
    let start = (clock.0.as_second() + AHEAD) / 3600 * 3600;
    let calendar = format!(
        "BEGIN:VCALENDAR\r\n\
         PRODID:-//example.test//planner 1.0//EN\r\n\
         VERSION:2.0\r\n\
         METHOD:REQUEST\r\n\
         BEGIN:VEVENT\r\n\
         UID:review-1@example.test\r\n\
         SEQUENCE:0\r\n\
         DTSTAMP:{}\r\n\
         DTSTART:{}\r\n\
         DTEND:{}\r\n\
         SUMMARY:Review of the second quarter\r\n\
         LOCATION:Oak\r\n\
         DESCRIPTION:Please bring your figures.\r\n\
         ORGANIZER;CN={}:mailto:{}\r\n\
         ATTENDEE;CN={};ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:\r\n mailto:{}\r\n\
         ATTENDEE;CN={};ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:\r\n mailto:{}\r\n\
         STATUS:CONFIRMED\r\n\
         TRANSP:OPAQUE\r\n\
         BEGIN:VALARM\r\n\
         ACTION:DISPLAY\r\n\
         DESCRIPTION:Reminder\r\n\
         TRIGGER:-PT15M\r\n\
         END:VALARM\r\n\
         END:VEVENT\r\n\
         END:VCALENDAR\r\n",
        utc(clock.ago(60)),
        utc(start),
        utc(start + 3600),
        BOB.0,
        BOB.1,
        ALICE.0,
        ALICE.1,
        CAROL.0,
        CAROL.1,
    );
    let text = "Bob Brown invites you to a review of the second quarter, in Oak. Please bring your figures.\r\n";
    let body = MimePart::new(
        "multipart/alternative",
        vec![
            MimePart::new("text/plain; charset=utf-8", text),
            MimePart::new("text/calendar; charset=utf-8; method=REQUEST", calendar),
        ],
    );
    finish(BOB, letter(BOB, "Review of the second quarter", "review-1", clock.ago(60)).body(body))
}

/// `20250615T100000Z`.
fn utc(seconds: i64) -> String {
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}
