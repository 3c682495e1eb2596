//! MimeContent of calendar items (MS-OXCICAL): what clients give as iCalendar, and what they get.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::items::{
    all, create, create_request, delete_as, event, rows, set, times, update, update_request, with_zone,
};
use super::series::{BERLIN, daily, five, get_by, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, get, list, shape};
use crate::support::shared;

crate::tests![
    takes_what_davmail_gives,
    takes_whole_days_and_floating_times,
    takes_a_series_with_its_exceptions,
    takes_somebody_elses_meeting,
    lets_fields_win,
    takes_a_message_around_a_calendar,
    gives_what_exchange_gives,
    gives_one_occurrence_alone,
    gives_what_it_takes,
    replaces_an_event_as_a_whole,
    gives_a_message_with_its_calendar,
    names_its_files,
    refuses_what_it_cannot_read,
    refuses_what_is_too_much,
];

/// The form in which DavMail has events.
pub fn calendar(events: &str) -> String {
    let zone = "BEGIN:VTIMEZONE\nTZID:Romance Standard Time\nBEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n\
        TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
        TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nEND:DAYLIGHT\nEND:VTIMEZONE";
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:PUBLISH\n{zone}\n{events}\nEND:VCALENDAR\n").replace('\n', "\r\n")
}

pub fn content(text: &str) -> String {
    format!("<t:MimeContent>{}</t:MimeContent>", STANDARD.encode(text))
}

/// Makes an item of a text, with members beside it.
fn make(ews: &mut Ews, text: &str, members: &str) -> Id {
    create(ews, &format!("{}{members}", content(text)))
}

/// The item's calendar, unfolded.
pub fn told(ews: &mut Ews, id: &str) -> String {
    let request = format!(
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>\
         <m:ItemIds>{id}</m:ItemIds></m:GetItem>"
    );
    let item = ews.one(&request).want("m:Items/*").clone();
    let octets = STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap();
    let text = String::from_utf8(octets).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    text.replace("\r\n ", "")
}

pub fn lines(text: &str, name: &str) -> Vec<String> {
    let of = |line: &&str| line.split([':', ';']).next() == Some(name);
    text.lines().filter(of).map(str::to_owned).collect()
}

fn assert_lines(text: &str, wanted: &[&str]) {
    for line in wanted {
        assert!(text.lines().any(|one| one == *line), "no {line} in {text}");
    }
}

fn check(item: &crate::support::xml::Node, wanted: &[(&str, &str)]) {
    for (name, text) in wanted {
        assert_eq!(item.text(&format!("t:{name}")), Some(*text), "{name}: {item:#?}");
    }
}

fn takes_what_davmail_gives() {
    let mut ews = shared::mailbox();
    with_zone(&mut ews, "GMT Standard Time");
    let own = ews.account.address.clone();
    let text = calendar(&format!(
        "BEGIN:VEVENT\nUID:ev-1\nDTSTAMP:20261101T000000Z\nSUMMARY:Event\\, one\nDTSTART;TZID=Romance Standard Time:20261201T100000\n\
         DTEND;TZID=Romance Standard Time:20261201T110000\nLOCATION:Room 1\nDESCRIPTION:Some\\nwords\nORGANIZER:MAILTO:{own}\nCLASS:PRIVATE\nPRIORITY:1\n\
         CATEGORIES:Red,Blue\nX-MICROSOFT-CDO-ALLDAYEVENT:FALSE\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT20M\n\
         DESCRIPTION:r\nEND:VALARM\nEND:VEVENT"
    ));
    let id = make(&mut ews, &text, "");
    let item = all(&mut ews, &id);
    check(
        &item,
        &[
            ("Subject", "Event, one"),
            ("UID", "ev-1"),
            ("Start", "2026-12-01T09:00:00Z"),
            ("End", "2026-12-01T10:00:00Z"),
            ("Location", "Room 1"),
            ("Sensitivity", "Private"),
            ("Importance", "High"),
            ("LegacyFreeBusyStatus", "OOF"),
            ("IsAllDayEvent", "false"),
            ("ReminderIsSet", "true"),
            ("ReminderMinutesBeforeStart", "20"),
            ("IsMeeting", "false"),
            ("AppointmentState", "0"),
            ("MyResponseType", "Organizer"),
            ("CalendarItemType", "Single"),
            ("StartTimeZoneId", "Romance Standard Time"),
        ],
    );
    assert_eq!(item.text("t:Body").map(|body| body.replace('\r', "")).as_deref(), Some("Some\nwords"));
    let categories: Vec<Option<&str>> =
        item.all("t:Categories/t:String").iter().map(|one| Some(one.text.as_str())).collect();
    assert_eq!(categories, [Some("Red"), Some("Blue")]);
    assert_eq!(item.text("t:Organizer/t:Mailbox/t:EmailAddress"), Some(own.as_str()));
    // Without an alarm there is no reminder.
    let id = make(&mut ews, &calendar("BEGIN:VEVENT\nUID:2\nDTSTART:20261201T100000Z\nDURATION:PT30M\nEND:VEVENT"), "");
    check(
        &all(&mut ews, &id),
        &[("ReminderIsSet", "false"), ("End", "2026-12-01T10:30:00Z"), ("LegacyFreeBusyStatus", "Busy")],
    );
}

fn takes_whole_days_and_floating_times() {
    let mut ews = shared::mailbox();
    with_zone(&mut ews, "Tokyo Standard Time");
    let said = calendar(
        "BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Romance Standard Time:20261205T000000\nDTEND;TZID=Romance Standard Time:20261206T000000\n\
         X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\nEND:VEVENT",
    );
    let id = make(&mut ews, &said, "");
    let day = [("IsAllDayEvent", "true"), ("Start", "2026-12-04T23:00:00Z"), ("End", "2026-12-05T23:00:00Z")];
    check(&all(&mut ews, &id), &day);
    let dates = calendar("BEGIN:VEVENT\nUID:2\nDTSTART;VALUE=DATE:20261205\nEND:VEVENT");
    let id = make(&mut ews, &dates, "");
    let tokyo = [("IsAllDayEvent", "true"), ("Start", "2026-12-04T15:00:00Z"), ("End", "2026-12-05T15:00:00Z")];
    check(&all(&mut ews, &id), &tokyo);
    // The item's own zone goes before that of the request.
    let id = make(&mut ews, &dates, BERLIN);
    check(&all(&mut ews, &id), &day);
    let floating = calendar("BEGIN:VEVENT\nUID:3\nDTSTART:20261205T090000\nDTEND:20261205T100000\nEND:VEVENT");
    let id = make(&mut ews, &floating, "");
    check(&all(&mut ews, &id), &[("Start", "2026-12-05T00:00:00Z"), ("StartTimeZoneId", "Tokyo Standard Time")]);
}

const SERIES: &str = "BEGIN:VEVENT\nUID:s\nSUMMARY:daily\nLOCATION:Hall\nDTSTART;TZID=Romance Standard Time:20261201T100000\n\
    DTEND;TZID=Romance Standard Time:20261201T110000\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;TZID=Romance Standard Time:20261202T100000\n\
    EXDATE:20261204T090000Z\nEXDATE:20270101T090000Z\nEND:VEVENT\nBEGIN:VEVENT\nUID:s\nSUMMARY:moved\nLOCATION:Hall\n\
    RECURRENCE-ID;TZID=Romance Standard Time:20261203T100000\nDTSTART;TZID=Romance Standard Time:20261203T140000\n\
    DTEND;TZID=Romance Standard Time:20261203T153000\nEND:VEVENT";

fn takes_a_series_with_its_exceptions() {
    let mut ews = shared::mailbox();
    let id = make(&mut ews, &calendar(SERIES), "");
    let item = all(&mut ews, &id);
    check(&item, &[("CalendarItemType", "RecurringMaster"), ("Start", "2026-12-01T09:00:00Z")]);
    assert_eq!(item.text("t:Recurrence/t:NumberedRecurrence/t:NumberOfOccurrences"), Some("5"));
    let deleted: Vec<Option<&str>> =
        item.all("t:DeletedOccurrences/t:DeletedOccurrence").iter().map(|one| one.text("t:Start")).collect();
    assert_eq!(deleted, [Some("2026-12-02T09:00:00Z"), Some("2026-12-04T09:00:00Z")]);
    let changed = item.all("t:ModifiedOccurrences/t:Occurrence");
    assert_eq!((changed.len(), changed[0].text("t:Start")), (1, Some("2026-12-03T13:00:00Z")));
    let seen: Vec<(String, String)> = rows(&mut ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
        .into_iter()
        .map(|(subject, start, _)| (subject, start))
        .collect();
    let wanted =
        [("daily", "2026-12-01T09:00:00Z"), ("moved", "2026-12-03T13:00:00Z"), ("daily", "2026-12-05T09:00:00Z")];
    assert_eq!(seen, wanted.map(|(subject, start)| (subject.to_owned(), start.to_owned())));
    // What the exception says like its series follows the series.
    update(&mut ews, &id.bare(), &set("calendar:Location", "<t:Location>Yard</t:Location>"));
    let third = get_by(&mut ews, &index(&id, 3));
    check(
        &third,
        &[
            ("Location", "Yard"),
            ("Subject", "moved"),
            ("CalendarItemType", "Exception"),
            ("OriginalStart", "2026-12-03T09:00:00Z"),
        ],
    );
    // A rule that no pattern says leaves its first occurrence.
    let lost = calendar(
        "BEGIN:VEVENT\nUID:l\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nRRULE:FREQ=HOURLY\nEND:VEVENT",
    );
    let id = make(&mut ews, &lost, "");
    check(&all(&mut ews, &id), &[("CalendarItemType", "Single")]);
}

fn takes_somebody_elses_meeting() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let text = calendar(&format!(
        "BEGIN:VEVENT\nUID:m\nSUMMARY:theirs\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nORGANIZER;CN=Boss:MAILTO:boss@far.test\n\
         ATTENDEE;CN=Me;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT:mailto:{own}\nATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION:mailto:other@far.test\n\
         ATTENDEE;CUTYPE=ROOM:mailto:hall@far.test\nEND:VEVENT"
    ));
    let id = make(&mut ews, &text, "");
    let item = all(&mut ews, &id);
    check(&item, &[("AppointmentState", "3"), ("IsMeeting", "true"), ("MyResponseType", "Accept")]);
    assert_eq!(item.text("t:Organizer/t:Mailbox/t:EmailAddress"), Some("boss@far.test"));
    let addresses = |list: &str| -> Vec<String> {
        let all = item.all(&format!("t:{list}/t:Attendee"));
        all.iter().map(|one| one.text("t:Mailbox/t:EmailAddress").unwrap().to_owned()).collect()
    };
    assert_eq!(addresses("RequiredAttendees"), ["boss@far.test", &own]);
    assert_eq!(
        (addresses("OptionalAttendees"), addresses("Resources")),
        (vec!["other@far.test".to_owned()], vec!["hall@far.test".to_owned()])
    );
    let back = told(&mut ews, &id.bare());
    let me = format!("ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Me:mailto:{own}");
    assert_lines(&back, &["ORGANIZER;CN=Boss:mailto:boss@far.test", &me]);
    assert_eq!(lines(&back, "ATTENDEE").len(), 3);
    // Who is named alone has published it.
    let text = calendar(
        "BEGIN:VEVENT\nUID:p\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nORGANIZER:mailto:boss@far.test\nEND:VEVENT",
    );
    let id = make(&mut ews, &text, "");
    check(&all(&mut ews, &id), &[("AppointmentState", "0"), ("IsMeeting", "false")]);
}

fn lets_fields_win() {
    let mut ews = shared::mailbox();
    let text = calendar(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:text\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nTRANSP:OPAQUE\nEND:VEVENT",
    );
    let state = "<t:ExtendedProperty><t:ExtendedFieldURI DistinguishedPropertySetId=\"Appointment\" PropertyId=\"33303\" PropertyType=\"Integer\"/>\
        <t:Value>1</t:Value></t:ExtendedProperty>";
    let beside =
        format!("<t:ReminderIsSet>false</t:ReminderIsSet>{state}<t:LegacyFreeBusyStatus>Free</t:LegacyFreeBusyStatus>");
    let id = make(&mut ews, &text, &beside);
    check(
        &all(&mut ews, &id),
        &[("Subject", "text"), ("LegacyFreeBusyStatus", "Free"), ("AppointmentState", "1"), ("ReminderIsSet", "false")],
    );
}

fn takes_a_message_around_a_calendar() {
    let mut ews = shared::mailbox();
    let text = calendar(
        "BEGIN:VEVENT\nUID:1\nSUMMARY:gr\u{fc}n\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nEND:VEVENT",
    );
    let message = format!(
        "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n\
         --b\r\nContent-Type: text/calendar; charset=utf-8; method=PUBLISH\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        STANDARD.encode(text)
    );
    let id = make(&mut ews, &message, "");
    check(&all(&mut ews, &id), &[("Subject", "gr\u{fc}n"), ("ItemClass", "IPM.Appointment")]);
}

fn gives_what_exchange_gives() {
    let mut ews = shared::mailbox();
    let id = five(&mut ews);
    update(&mut ews, &index(&id, 2), &set("item:Subject", "<t:Subject>second</t:Subject>"));
    ews.one(&delete_as("HardDelete", &index(&id, 4)));
    let text = told(&mut ews, &id.bare());
    assert!(text.starts_with("BEGIN:VCALENDAR\r\nMETHOD:PUBLISH\r\nPRODID:Microsoft Exchange Server 2010\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\n"), "{text}");
    assert!(text.ends_with("END:VEVENT\r\nEND:VCALENDAR\r\n"), "{text}");
    assert_lines(
        &text,
        &[
            "TZID:W. Europe Standard Time",
            "RRULE:FREQ=DAILY;COUNT=5;INTERVAL=1",
            "EXDATE;TZID=W. Europe Standard Time:20261204T090000",
            "DTSTART;TZID=W. Europe Standard Time:20261201T090000",
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20261202T090000",
            "SUMMARY:second",
            "X-MICROSOFT-CDO-INSTTYPE:1",
            "X-MICROSOFT-CDO-INSTTYPE:3",
            "TRIGGER;RELATED=START:-PT15M",
        ],
    );
    assert_eq!((lines(&text, "UID").len(), lines(&text, "SUMMARY").len()), (2, 2));
    assert!(lines(&text, "ORGANIZER").is_empty(), "an appointment has none");
    // As a property beside others, too.
    let item = get(&mut ews, &id, &shape("IdOnly", &["item:MimeContent", "item:Subject"]));
    assert!(item.text("t:MimeContent").is_some() && item.text("t:Subject") == Some("five"));
    assert!(all(&mut ews, &id).find("t:MimeContent").is_none(), "only when it is asked for");
}

fn gives_one_occurrence_alone() {
    let mut ews = shared::mailbox();
    let id = five(&mut ews);
    update(&mut ews, &index(&id, 2), &set("item:Subject", "<t:Subject>second</t:Subject>"));
    for (number, day, kind, subject) in [(2, "02", "3", "second"), (3, "03", "3", "five")] {
        let text = told(&mut ews, &index(&id, number));
        let original = format!("RECURRENCE-ID;TZID=W. Europe Standard Time:202612{day}T090000");
        assert_lines(&text, &[&original, &format!("X-MICROSOFT-CDO-INSTTYPE:{kind}"), &format!("SUMMARY:{subject}")]);
        assert_eq!(text.matches("BEGIN:VEVENT").count(), 1);
        assert!(!text[text.find("BEGIN:VEVENT").unwrap()..].contains("RRULE"), "{text}");
    }
}

/// What the server gives another mailbox takes, and gives the same.
fn gives_what_it_takes() {
    let mut ews = shared::mailbox();
    let mut other = shared::mailbox();
    let single = format!("<t:Subject>one</t:Subject>{}{BERLIN}", times("2026-12-01T09:00:00", "2026-12-01T10:00:00"));
    let day = format!(
        "<t:Subject>day</t:Subject>{}<t:IsAllDayEvent>true</t:IsAllDayEvent>{BERLIN}",
        times("2026-12-01T00:00:00", "2026-12-03T00:00:00")
    );
    let html = format!(
        "<t:Subject>a; b\\ c</t:Subject><t:Body BodyType=\"HTML\">&lt;p&gt;long {}&lt;/p&gt;</t:Body>{}{BERLIN}",
        "w\u{f6}rter ".repeat(40),
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00")
    );
    let days = format!(
        "<t:Subject>days</t:Subject>{}<t:IsAllDayEvent>true</t:IsAllDayEvent>{}{BERLIN}",
        times("2026-12-01T00:00:00", "2026-12-02T00:00:00"),
        daily(4)
    );
    for members in [single, day, html, days] {
        let id = create(&mut ews, &members);
        let text = told(&mut ews, &id.bare());
        let taken = make(&mut other, &text, "");
        let again = told(&mut other, &taken.bare());
        let plain = |text: &str| -> Vec<String> {
            text.lines().filter(|line| !line.starts_with("DTSTAMP")).map(str::to_owned).collect()
        };
        assert_eq!(plain(&again), plain(&text));
    }
}

fn replaces_an_event_as_a_whole() {
    let mut ews = shared::mailbox();
    let id = five(&mut ews);
    let before = all(&mut ews, &id);
    update(&mut ews, &index(&id, 2), &set("item:Subject", "<t:Subject>second</t:Subject>"));
    let replaced = update(&mut ews, &id.bare(), &set("item:MimeContent", &content(&calendar(SERIES))));
    assert_eq!(replaced.id, id.id);
    let item = all(&mut ews, &id);
    assert_eq!(item.text("t:UID"), before.text("t:UID"), "the UID stays");
    check(
        &item,
        &[("Subject", "daily"), ("Location", "Hall"), ("Start", "2026-12-01T09:00:00Z"), ("ReminderIsSet", "false")],
    );
    assert_eq!((item.all("t:ModifiedOccurrences/*").len(), item.all("t:DeletedOccurrences/*").len()), (1, 2));
    let single =
        calendar("BEGIN:VEVENT\nUID:x\nSUMMARY:once\nDTSTART:20261210T100000Z\nDTEND:20261210T110000Z\nEND:VEVENT");
    update(&mut ews, &id.bare(), &set("item:MimeContent", &content(&single)));
    let item = all(&mut ews, &id);
    check(&item, &[("Subject", "once"), ("CalendarItemType", "Single"), ("Start", "2026-12-10T10:00:00Z")]);
    assert!(item.find("t:Location").is_none() && item.find("t:Recurrence").is_none());
    assert_eq!(rows(&mut ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z").len(), 1);
}

fn gives_a_message_with_its_calendar() {
    let mut host = shared::mailbox();
    let mut guest = shared::mailbox();
    let members = format!(
        "<t:Subject>plan</t:Subject><t:Body BodyType=\"Text\">agenda</t:Body>{}<t:RequiredAttendees>{}</t:RequiredAttendees>{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        super::items::attendee(&guest.account.address)
    );
    host.one(&create_request(&event(&members)).replace("SendToNone", "SendOnlyToAll"));
    let request = list(&mut guest, "inbox").remove(0);
    let item =
        get(&mut guest, &request, "<t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent>");
    let text = String::from_utf8(STANDARD.decode(item.text("t:MimeContent").unwrap()).unwrap()).unwrap();
    for part in [
        "Content-Class: urn:content-classes:calendarmessage",
        "multipart/alternative",
        "text/calendar",
        "method=\"REQUEST\"",
        "agenda",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

fn names_its_files() {
    let mut ews = shared::mailbox();
    let octets = STANDARD.encode("some octets");
    let text = calendar(&format!(
        "BEGIN:VEVENT\nUID:1\nDTSTART:20261201T100000Z\nDTEND:20261201T110000Z\n\
         ATTACH;VALUE=BINARY;ENCODING=BASE64;FMTTYPE=text/plain;X-FILENAME=a.txt:{octets}\nATTACH:http://far.test/b.pdf\nATTACH:CID:c\nEND:VEVENT"
    ));
    let id = make(&mut ews, &text, "");
    let item = get(&mut ews, &id, &shape("AllProperties", &["item:Attachments"]));
    let names: Vec<Option<&str>> = item.all("t:Attachments/*").iter().map(|one| one.text("t:Name")).collect();
    assert_eq!((names, item.text("t:HasAttachments")), (vec![Some("a.txt"), Some("b.pdf")], Some("true")));
    let back = told(&mut ews, &id.bare());
    assert_lines(&back, &["ATTACH;FMTTYPE=text/plain:CID:a.txt", "ATTACH:http://far.test/b.pdf"]);
}

/// A weekly series from Monday on, so many of whose occurrences differ.
pub fn series_of(exceptions: usize) -> String {
    let one = |n: usize| {
        let (day, minute) = (1 + n % 28, n % 60);
        format!(
            "BEGIN:VEVENT\nUID:many\nRECURRENCE-ID:202612{day:02}T10{minute:02}00Z\nDTSTART:202612{day:02}T110000Z\nDURATION:PT1H\nEND:VEVENT\n"
        )
    };
    let master = "BEGIN:VEVENT\nUID:many\nDTSTART:20261207T100000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n";
    (0..exceptions).fold(master.to_owned(), |text, n| text + &one(n))
}

/// `limits.calendar_exceptions`, `limits.calendar_bytes`, and what no program writes.
fn refuses_what_is_too_much() {
    let mut ews = shared::mailbox().unrecorded();
    let event_of = |lines: &str| format!("BEGIN:VEVENT\nUID:1\nDTSTART:20261201T100000Z\n{lines}END:VEVENT\n");
    for (events, told) in [
        (series_of(501), "limits.calendar_exceptions"),
        (event_of(&format!("DESCRIPTION:{}\n", "x".repeat(5 << 20))), "limits.calendar_bytes"),
        (event_of(&format!("LOCATION;X={}:Hall\n", "x".repeat(9_000))), "A parameter is too long"),
        (event_of(&format!("LOCATION{}:Hall\n", ";X=1".repeat(501))), "too many parameters"),
        (event_of(&"ATTENDEE:mailto:a@b.test\n".repeat(5_001)), "too many attendees"),
        (event_of("").repeat(20_001), "too many components"),
    ] {
        let answer = ews.call(&create_request(&event(&content(&calendar(&events)))));
        let answer = format!("{:?}", answer.envelope);
        assert!(answer.contains("ErrorMimeContentInvalid") && answer.contains(told), "{told}: {answer}");
    }
    assert!(list(&mut ews, "calendar").is_empty());
    make(&mut ews, &calendar(&event_of("DESCRIPTION:small\n")), "");
}

fn refuses_what_it_cannot_read() {
    let mut ews = shared::mailbox();
    let zone = calendar("BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Nowhere/Land:20261201T100000\nEND:VEVENT");
    for text in
        ["", "words", "Subject: mail\r\n\r\nwords", &calendar(""), &calendar("BEGIN:VEVENT\nUID:1\nEND:VEVENT"), &zone]
    {
        assert_eq!(ews.error(&create_request(&event(&content(text)))), "ErrorMimeContentInvalid", "{text}");
    }
    let id = five(&mut ews);
    let broken = set("item:MimeContent", &content("words"));
    assert_eq!(ews.error(&update_request(&id.bare(), &broken)), "ErrorMimeContentInvalid");
    assert_eq!(
        ews.error(&update_request(&index(&id, 1), &set("item:MimeContent", &content(&calendar(SERIES))))),
        "ErrorInvalidPropertySet"
    );
    assert_eq!(list(&mut ews, "calendar").len(), 1);
}
