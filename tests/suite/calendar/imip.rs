//! Meetings with people elsewhere (iMIP, RFC 6047): invitations, answers and cancellations that come as mail and leave as mail.

use super::items::{all, attendee, create_request, delete_as, event, rows, set, times, update_request};
use super::mime::series_of;
use super::series::{BERLIN, daily, get_by, index};
use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::deliver;
use crate::support::ops::{Id, get, list, shape, subjects};
use crate::support::shared;
use crate::support::smtp::{Letter, Smarthost};
use crate::support::xml::Node;

crate::tests![
    becomes_a_meeting_request,
    is_called_by_its_summary,
    follows_the_organizer_elsewhere,
    takes_cancellations_from_the_organizer_alone,
    takes_one_occurrence,
    tracks_answers_from_elsewhere,
    is_on_the_days_of_whoever_gets_it,
    leaves_other_mail_with_calendars_alone,
    leaves_mail_with_too_much_alone,
    answers_an_organizer_elsewhere,
    invites_people_elsewhere,
    tells_people_elsewhere_of_one_occurrence,
];

/// A mail with a calendar beside its words.
pub fn mail(from: &str, method: &str, calendar: &str) -> Vec<u8> {
    format!(
        "From: Far Boss <{from}>\nTo: somebody@example.test\nSubject: plan\nDate: Sun, 1 Nov 2026 10:00:00 +0000\nMessage-ID: <m.{method}@far.test>\n\
         MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nagenda\n\
         --b\nContent-Type: text/calendar; charset=utf-8; method={method}\n\n{calendar}--b--\n"
    )
    .replace('\n', "\r\n")
    .into_bytes()
}

/// A calendar with a zone of its own name: that of Berlin.
pub fn calendar(method: &str, events: &str) -> String {
    let part = |name: &str, from: &str, to: &str, month: i32, hour: i32| {
        format!(
            "BEGIN:{name}\nDTSTART:19700101T{hour:02}0000\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH={month}\nTZOFFSETFROM:{from}\nTZOFFSETTO:{to}\nEND:{name}\n"
        )
    };
    let zone = part("STANDARD", "+0200", "+0100", 10, 3) + &part("DAYLIGHT", "+0100", "+0200", 3, 2);
    format!(
        "BEGIN:VCALENDAR\nPRODID:-//far//EN\nVERSION:2.0\nMETHOD:{method}\nBEGIN:VTIMEZONE\nTZID:Our Office\n{zone}END:VTIMEZONE\n{events}END:VCALENDAR\n"
    )
}

/// An event of the organizer elsewhere, on a day of December from nine, with lines besides.
pub fn theirs(uid: &str, guest: &str, sequence: i32, day: i32, more: &str) -> String {
    format!(
        "BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:{sequence}\nDTSTAMP:20261101T1000{sequence:02}Z\nSUMMARY:plan\nLOCATION:Hall\n\
         DTSTART;TZID=Our Office:202612{day:02}T090000\nDTEND;TZID=Our Office:202612{day:02}T100000\nORGANIZER;CN=Far Boss:mailto:boss@far.test\n\
         ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}\nATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:other@far.test\n\
         {more}END:VEVENT\n"
    )
}

pub fn receive(ews: &Ews, from: &str, method: &str, events: &str) {
    deliver(shared::server().lmtp(), &ews.account.address, &mail(from, method, &calendar(method, events)));
}

const MEETING: &[&str] = &[
    "calendar:UID",
    "calendar:StartTimeZoneId",
    "calendar:RecurrenceId",
    "meeting:AssociatedCalendarItemId",
    "meeting:HasBeenProcessed",
    "meeting:IsOutOfDate",
    "meeting:ResponseType",
    "meeting:ProposedStart",
    "meetingRequest:MeetingRequestType",
    "meetingRequest:IntendedFreeBusyStatus",
];

fn whole(ews: &mut Ews, folder: &str) -> Vec<Node> {
    let ids = list(ews, folder);
    ids.iter().map(|id| get(ews, id, &shape("AllProperties", MEETING))).collect()
}

fn newest(ews: &mut Ews, folder: &str) -> Node {
    let mut found = list(ews, folder);
    let newest = found.remove(0);
    get(ews, &newest, &shape("AllProperties", MEETING))
}

/// The only item of the calendar.
fn copy(ews: &mut Ews) -> Node {
    let mut found = whole(ews, "calendar");
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

pub fn check(item: &Node, wanted: &[(&str, &str)]) {
    for (name, text) in wanted {
        assert_eq!(item.text(&format!("t:{name}")), Some(*text), "{name}: {item:#?}");
    }
}

fn respond(element: &str, id: &Id, more: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"SendAndSaveCopy\"><m:Items><t:{element}>{more}<t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/>\
         </t:{element}></m:Items></m:CreateItem>",
        id.id, id.key
    )
}

/// MS-OXWSMTGS_R214
fn becomes_a_meeting_request() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let events = theirs(
        "far-1",
        &own,
        0,
        1,
        "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nX-MICROSOFT-CDO-INTENDEDSTATUS:OOF\nPRIORITY:1\n",
    );
    receive(&ews, "boss@far.test", "REQUEST", &events);
    let request = newest(&mut ews, "inbox");
    assert_eq!(request.name, "t:MeetingRequest");
    check(
        &request,
        &[
            ("ItemClass", "IPM.Schedule.Meeting.Request"),
            ("Subject", "plan"),
            ("Body", "agenda"),
            ("UID", "far-1"),
            ("Start", "2026-12-01T08:00:00Z"),
            ("End", "2026-12-01T09:00:00Z"),
            ("StartTimeZoneId", "W. Europe Standard Time"),
            ("Location", "Hall"),
            ("MeetingRequestType", "NewMeetingRequest"),
            ("IntendedFreeBusyStatus", "OOF"),
            ("HasBeenProcessed", "true"),
            ("IsOutOfDate", "false"),
            ("IsRead", "false"),
            ("HasAttachments", "false"),
            ("MyResponseType", "NoResponseReceived"),
            ("IsResponseRequested", "true"),
            ("Importance", "High"),
        ],
    );
    let offered: Vec<&str> = request.want("t:ResponseObjects").children.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(offered[..3], ["t:AcceptItem", "t:TentativelyAcceptItem", "t:DeclineItem"]);
    let item = copy(&mut ews);
    check(
        &item,
        &[
            ("AppointmentState", "3"),
            ("LegacyFreeBusyStatus", "Tentative"),
            ("MyResponseType", "NoResponseReceived"),
            ("Start", "2026-12-01T08:00:00Z"),
            ("Subject", "plan"),
            ("Location", "Hall"),
            ("Body", "agenda"),
            ("UID", "far-1"),
        ],
    );
    assert_eq!(request.want("t:AssociatedCalendarItemId").attribute("Id"), item.want("t:ItemId").attribute("Id"));
    assert_eq!(item.text("t:Organizer/t:Mailbox/t:EmailAddress"), Some("boss@far.test"));
    let first = item.want("t:RequiredAttendees/t:Attendee");
    assert_eq!(
        (first.text("t:ResponseType"), first.text("t:Mailbox/t:EmailAddress")),
        (Some("Organizer"), Some("boss@far.test"))
    );
    assert_eq!(item.all("t:RequiredAttendees/t:Attendee").len() + item.all("t:OptionalAttendees/t:Attendee").len(), 3);
}

/// Some programs send no Subject: the calendar has one.
fn is_called_by_its_summary() {
    let mut ews = shared::mailbox();
    let events = theirs("far-0", &ews.account.address.clone(), 0, 1, "");
    let message = String::from_utf8(mail("boss@far.test", "REQUEST", &calendar("REQUEST", &events))).unwrap();
    let message = message.replace("Subject: plan\r\n", "");
    deliver(shared::server().lmtp(), &ews.account.address, message.as_bytes());
    assert_eq!(newest(&mut ews, "inbox").text("t:Subject"), Some("plan"));
    assert_eq!(copy(&mut ews).text("t:Subject"), Some("plan"));
}

fn follows_the_organizer_elsewhere() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-2", &own, 0, 1, ""));
    // The same again says nothing new; what is older neither.
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-2", &own, 2, 3, ""));
    let moved = newest(&mut ews, "inbox");
    check(&moved, &[("MeetingRequestType", "FullUpdate"), ("IsOutOfDate", "false")]);
    check(&copy(&mut ews), &[("Start", "2026-12-03T08:00:00Z")]);
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-2", &own, 1, 2, ""));
    check(&newest(&mut ews, "inbox"), &[("IsOutOfDate", "true")]);
    check(&copy(&mut ews), &[("Start", "2026-12-03T08:00:00Z")]);
    // Nobody else moves it, however young the message is.
    receive(&ews, "mallory@far.test", "REQUEST", &theirs("far-2", &own, 9, 9, ""));
    check(&newest(&mut ews, "inbox"), &[("HasBeenProcessed", "false")]);
    check(&copy(&mut ews), &[("Start", "2026-12-03T08:00:00Z")]);
    let request = whole(&mut ews, "inbox")
        .into_iter()
        .find(|one| one.text("t:MeetingRequestType") == Some("FullUpdate"))
        .unwrap();
    ews.one(&respond("AcceptItem", &Id::of(&request), "").replace("SendAndSaveCopy", "SaveOnly"));
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-2", &own, 3, 3, "").replace("Hall", "Yard"));
    check(&newest(&mut ews, "inbox"), &[("MeetingRequestType", "InformationalUpdate")]);
    check(&copy(&mut ews), &[("Location", "Yard"), ("MyResponseType", "Accept")]);
}

fn takes_cancellations_from_the_organizer_alone() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-3", &own, 0, 1, ""));
    let before = copy(&mut ews);
    let cancelled = theirs("far-3", &own, 1, 1, "STATUS:CANCELLED\n");
    receive(&ews, "mallory@far.test", "CANCEL", &cancelled);
    let forged = newest(&mut ews, "inbox");
    check(&forged, &[("ItemClass", "IPM.Schedule.Meeting.Canceled"), ("HasBeenProcessed", "false")]);
    // An organizer of their own in the text changes nothing about it.
    receive(&ews, "mallory@far.test", "CANCEL", &cancelled.replace("boss@far.test", "mallory@far.test"));
    assert_eq!(copy(&mut ews), before, "a forged cancellation changes nothing");
    receive(&ews, "boss@far.test", "CANCEL", &cancelled);
    check(&newest(&mut ews, "inbox"), &[("HasBeenProcessed", "true")]);
    check(
        &copy(&mut ews),
        &[
            ("AppointmentState", "7"),
            ("IsCancelled", "true"),
            ("LegacyFreeBusyStatus", "Free"),
            ("Subject", "Canceled: plan"),
        ],
    );
    let message = Id::of(&newest(&mut ews, "inbox"));
    ews.one(&respond("RemoveItem", &message, ""));
    assert!(list(&mut ews, "calendar").is_empty());
    // A meeting of one's own is nobody else's to cancel.
    let members = format!(
        "<t:Subject>mine</t:Subject><t:UID>own-3</t:UID>{}",
        times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z")
    );
    ews.one(&create_request(&event(&members)));
    receive(&ews, &own.clone(), "CANCEL", &theirs("own-3", &own, 5, 1, "").replace("boss@far.test", &own));
    check(&copy(&mut ews), &[("IsCancelled", "false"), ("Subject", "mine")]);
}

fn takes_one_occurrence() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let series = theirs("far-4", &own, 0, 1, "RRULE:FREQ=DAILY;COUNT=4\nEXDATE;TZID=Our Office:20261202T090000\n");
    let third = |sequence: i32, status: &str| {
        theirs("far-4", &own, sequence, 3, &format!("RECURRENCE-ID;TZID=Our Office:20261203T090000\n{status}"))
            .replace("T090000\nDTEND;TZID=Our Office:20261203T100000", "T150000\nDTEND;TZID=Our Office:20261203T160000")
    };
    receive(&ews, "boss@far.test", "REQUEST", &(series + &third(0, "")));
    let request = newest(&mut ews, "inbox");
    check(&request, &[("IsRecurring", "true"), ("CalendarItemType", "RecurringMaster")]);
    let days = |ews: &mut Ews| -> Vec<String> {
        rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z").into_iter().map(|(_, start, _)| start).collect()
    };
    assert_eq!(days(&mut ews), ["2026-12-01T08:00:00Z", "2026-12-03T14:00:00Z", "2026-12-04T08:00:00Z"]);
    receive(&ews, "boss@far.test", "CANCEL", &third(1, "STATUS:CANCELLED\n"));
    let told = newest(&mut ews, "inbox");
    check(&told, &[("RecurrenceId", "2026-12-03T08:00:00Z"), ("HasBeenProcessed", "true")]);
    let master = Id::of(&copy(&mut ews));
    check(&get_by(&mut ews, &index(&master, 3)), &[("IsCancelled", "true")]);
    check(&get_by(&mut ews, &index(&master, 1)), &[("IsCancelled", "false")]);
    // One date of a series that is not known here is an item of its own.
    let mut guest = shared::mailbox();
    receive(&guest, "boss@far.test", "REQUEST", &third(0, "").replace(&own, &guest.account.address));
    check(&copy(&mut guest), &[("CalendarItemType", "Single"), ("Start", "2026-12-03T14:00:00Z")]);
}

/// Somebody's answer to a meeting of this UID.
fn answer(uid: &str, host: &str, who: &str, answer: &str) -> String {
    format!(
        "BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20261102T100000Z\nDTSTART;TZID=Our Office:20261201T090000\nDTEND;TZID=Our Office:20261201T100000\n\
         ORGANIZER:mailto:{host}\nATTENDEE;PARTSTAT={answer}:mailto:{who}\nSEQUENCE:0\nEND:VEVENT\n"
    )
}

fn tracks_answers_from_elsewhere() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let members = format!(
        "<t:Subject>plan</t:Subject><t:UID>own-5@{own}</t:UID>{}<t:RequiredAttendees>{}{}</t:RequiredAttendees>{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        attendee("a@far.test"),
        attendee("b@far.test")
    );
    let id = Id::of(ews.one(&create_request(&event(&members))).want("m:Items/*"));
    let uid = format!("own-5@{own}");
    let said = |ews: &mut Ews| -> Vec<Option<String>> {
        let item = all(ews, &id);
        item.all("t:RequiredAttendees/t:Attendee")
            .iter()
            .map(|one| one.text("t:ResponseType").map(str::to_owned))
            .collect()
    };
    let at = |day: u32, text: &str| {
        answer(&uid, &own, "a@far.test", text).replace("DTSTAMP:20261102", &format!("DTSTAMP:202001{day:02}"))
    };
    receive(&ews, "A@far.test", "REPLY", &at(2, "ACCEPTED"));
    let response = newest(&mut ews, "inbox");
    assert_eq!(response.name, "t:MeetingResponse");
    check(
        &response,
        &[("ItemClass", "IPM.Schedule.Meeting.Resp.Pos"), ("ResponseType", "Accept"), ("HasBeenProcessed", "true")],
    );
    assert_eq!(response.want("t:AssociatedCalendarItemId").attribute("Id"), Some(id.id.as_str()));
    assert_eq!(said(&mut ews), [Some("Accept".to_owned()), Some("Unknown".to_owned())]);
    // What was said before that came late.
    receive(&ews, "A@far.test", "REPLY", &at(1, "DECLINED"));
    assert_eq!(said(&mut ews)[0].as_deref(), Some("Accept"));
    let first = all(&mut ews, &id);
    assert_eq!(first.text("t:RequiredAttendees/t:Attendee/t:LastResponseTime"), Some("2020-01-02T10:00:00Z"));
    // Nobody says no for somebody else.
    receive(&ews, "mallory@far.test", "REPLY", &answer(&uid, &own, "a@far.test", "DECLINED"));
    check(&newest(&mut ews, "inbox"), &[("ItemClass", "IPM.Schedule.Meeting.Resp.Neg"), ("HasBeenProcessed", "false")]);
    assert_eq!(said(&mut ews)[0].as_deref(), Some("Accept"));
    let counter = answer(&uid, &own, "b@far.test", "TENTATIVE")
        .replace("T090000", "T150000")
        .replace("T100000\nORGANIZER", "T160000\nORGANIZER");
    receive(&ews, "b@far.test", "COUNTER", &counter);
    let proposal = newest(&mut ews, "inbox");
    check(&proposal, &[("ItemClass", "IPM.Schedule.Meeting.Resp.Tent"), ("ProposedStart", "2026-12-01T14:00:00Z")]);
    assert_eq!(said(&mut ews)[1].as_deref(), Some("Tentative"));
    check(&all(&mut ews, &id), &[("Start", "2026-12-01T08:00:00Z")]);
    // Somebody to whom it was passed on wants to come as well.
    receive(&ews, "c@far.test", "REPLY", &answer(&uid, &own, "c@far.test", "ACCEPTED"));
    assert_eq!(all(&mut ews, &id).text("t:OptionalAttendees/t:Attendee/t:Mailbox/t:EmailAddress"), Some("c@far.test"));
}

/// Days, and times that name no zone, are those of whoever gets them.
fn is_on_the_days_of_whoever_gets_it() {
    let (mut east, mut west) = (shared::mailbox(), shared::mailbox());
    let zones = [(&mut east, "Tokyo Standard Time", "2026-11-30T15:00:00Z", "2026-12-02T23:00:00Z")];
    let all =
        zones.into_iter().chain([(&mut west, "Eastern Standard Time", "2026-12-01T05:00:00Z", "2026-12-03T13:00:00Z")]);
    for (ews, zone, day, clock) in all {
        let own = ews.account.address.clone();
        shared::server().ewsctl(&["account", "set", &own, &format!("zone={zone}")]);
        let of_day = |uid: &str, more: &str| {
            theirs(uid, &own, 0, 1, more)
                .replace("DTSTART;TZID=Our Office:20261201T090000", "DTSTART;VALUE=DATE:20261201")
                .replace("DTEND;TZID=Our Office:20261201T100000", "DTEND;VALUE=DATE:20261202")
        };
        receive(ews, "boss@far.test", "REQUEST", &of_day("far-day", "RRULE:FREQ=DAILY;COUNT=2\n"));
        let item = copy(ews);
        check(&item, &[("Start", day), ("IsAllDayEvent", "true"), ("CalendarItemType", "RecurringMaster")]);
        assert_eq!(item.want("t:StartTimeZone").attribute("Id"), Some(zone));
        // The same once more moves nothing.
        let request = Id::of(&newest(ews, "inbox"));
        ews.one(&respond("AcceptItem", &request, "").replace("SendAndSaveCopy", "SaveOnly"));
        receive(ews, "boss@far.test", "REQUEST", &of_day("far-day", "RRULE:FREQ=DAILY;COUNT=2\n"));
        check(&copy(ews), &[("Start", day), ("MyResponseType", "Accept")]);
        // One of them is cancelled by its day.
        let second = of_day("far-day", "RECURRENCE-ID;VALUE=DATE:20261202\nSTATUS:CANCELLED\n");
        let second = second
            .replace("DATE:20261201", "DATE:20261202")
            .replace("DTEND;VALUE=DATE:20261202", "DTEND;VALUE=DATE:20261203");
        receive(ews, "boss@far.test", "CANCEL", &second);
        let master = Id::of(&copy(ews));
        check(&get_by(ews, &index(&master, 2)), &[("IsCancelled", "true")]);
        ews.one(&delete_as("HardDelete", &master.bare()));
        let floats =
            theirs("far-clock", &own, 0, 3, "").replace(";TZID=Our Office:", ":").replace("T090000", "T080000");
        receive(ews, "boss@far.test", "REQUEST", &floats);
        check(&copy(ews), &[("Start", clock), ("IsAllDayEvent", "false")]);
    }
}

fn leaves_other_mail_with_calendars_alone() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let fine = theirs("far-6", &own, 0, 1, "");
    receive(&ews, "boss@far.test", "PUBLISH", &fine);
    receive(&ews, "boss@far.test", "REFRESH", &fine);
    receive(&ews, "boss@far.test", "REQUEST", &fine.replace("Our Office:2026", "Nowhere:2026"));
    receive(&ews, "boss@far.test", "REQUEST", "");
    receive(&ews, "boss@far.test", "REQUEST", &(fine.clone() + &fine.replace("far-6", "far-7")));
    receive(&ews, "boss@far.test", "REPLY", &fine);
    let attached = String::from_utf8(mail("boss@far.test", "REQUEST", &calendar("REQUEST", &fine))).unwrap();
    let attached = attached.replace("; method=REQUEST", "\r\nContent-Disposition: attachment; filename=a.ics");
    deliver(shared::server().lmtp(), &own, attached.as_bytes());
    let all = whole(&mut ews, "inbox");
    assert_eq!(all.len(), 7);
    for item in all {
        assert_eq!((item.name.as_str(), item.text("t:ItemClass")), ("t:Message", Some("IPM.Note")), "{item:#?}");
        assert_eq!(item.text("t:HasAttachments"), Some("true"));
    }
    assert!(list(&mut ews, "calendar").is_empty());
}

/// Beyond `limits.calendar_bytes`, `limits.calendar_exceptions` and what programs write it is mail like any other, whole.
fn leaves_mail_with_too_much_alone() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let with = |more: &str| theirs("far-12", &own, 0, 1, more);
    receive(&ews, "boss@far.test", "REQUEST", &with(&format!("DESCRIPTION:{}\n", "words ".repeat(1 << 20))));
    receive(&ews, "boss@far.test", "REQUEST", &with(&format!("COMMENT;X={}:x\n", "x".repeat(9_000))));
    receive(&ews, "boss@far.test", "REQUEST", &series_of(501));
    let all = whole(&mut ews, "inbox");
    assert_eq!(all.len(), 3);
    for item in all {
        assert_eq!((item.name.as_str(), item.text("t:ItemClass")), ("t:Message", Some("IPM.Note")), "{item:#?}");
        assert_eq!((item.text("t:Subject"), item.text("t:HasAttachments")), (Some("plan"), Some("true")));
    }
    assert!(list(&mut ews, "calendar").is_empty());
    receive(&ews, "boss@far.test", "REQUEST", &with("DESCRIPTION:few words\n"));
    assert_eq!(newest(&mut ews, "inbox").text("t:ItemClass"), Some("IPM.Schedule.Meeting.Request"));
}

pub fn server(smarthost: &Smarthost) -> Demo {
    Demo::start(Options::default().set("courier.smarthost", smarthost.address).set("courier.retry_seconds", 1))
}

/// The calendar in a letter, unfolded.
pub fn calendar_of(letter: &Letter) -> String {
    let parsed = letter.text();
    let at = parsed.find("Content-Type: text/calendar").unwrap_or_else(|| panic!("{parsed}"));
    let part = &parsed[at..];
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    let body = body.split("\r\n--").next().unwrap();
    let text = if head.contains("quoted-printable") {
        unquoted(body)
    } else if head.contains("base64") {
        use base64::Engine;
        let letters: String = body.split_whitespace().collect();
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(letters).unwrap()).unwrap()
    } else {
        body.to_owned()
    };
    text.replace("\r\n ", "")
}

/// Quoted-printable undone (RFC 2045 6.7).
fn unquoted(text: &str) -> String {
    let joined = text.replace("=\r\n", "");
    let mut octets = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'=').then(|| after.get(..2)).flatten();
        let hex = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        octets.push(hex.unwrap_or(*first));
        rest = if hex.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(octets).unwrap()
}

pub fn assert_lines(text: &str, wanted: &[&str]) {
    for line in wanted {
        assert!(text.lines().any(|one| one == *line), "no {line} in {text}");
    }
}

fn answers_an_organizer_elsewhere() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    let own = server.accounts[0].address.clone();
    deliver(
        server.lmtp(),
        &own,
        &mail("boss@far.test", "REQUEST", &calendar("REQUEST", &theirs("far-8", &own, 4, 1, ""))),
    );
    let request = Id::of(&newest(&mut me, "inbox"));
    let done = me.one(&respond("AcceptItem", &request, "<t:Body BodyType=\"Text\">gladly</t:Body>"));
    let told: Vec<&str> = done.want("m:Items").children.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(told, ["t:CalendarItem", "t:MeetingRequest"]);
    check(&copy(&mut me), &[("MyResponseType", "Accept"), ("LegacyFreeBusyStatus", "Busy")]);
    check(&newest(&mut me, "sentitems"), &[("ItemClass", "IPM.Schedule.Meeting.Resp.Pos")]);
    let letter = smarthost.letter_to("boss@far.test");
    assert_eq!(letter.header("Subject").as_deref(), Some("Accepted: plan"));
    assert!(letter.text().contains("multipart/alternative") && letter.text().contains("gladly"), "{}", letter.text());
    assert!(letter.text().contains("method=\"REPLY\""), "{}", letter.text());
    let text = calendar_of(&letter);
    assert!(!text.contains("DTSTAMP:20261101T100004Z"), "the organizer's, not that of the answer: {text}");
    assert_lines(&text, &["METHOD:REPLY", "UID:far-8", "SEQUENCE:4", "ORGANIZER;CN=Far Boss:mailto:boss@far.test"]);
    let mine: Vec<&str> = text.lines().filter(|line| line.starts_with("ATTENDEE")).collect();
    assert!(
        matches!(mine.as_slice(), [one] if one.contains("PARTSTAT=ACCEPTED") && one.ends_with(&format!("mailto:{own}"))),
        "{text}"
    );
    // A proposal is a counter.
    let item = Id::of(&copy(&mut me));
    let proposal =
        "<t:ProposedStart>2026-12-01T12:00:00Z</t:ProposedStart><t:ProposedEnd>2026-12-01T13:00:00Z</t:ProposedEnd>";
    let tentative = respond("TentativelyAcceptItem", &item, "")
        .replace("</t:TentativelyAcceptItem>", &format!("{proposal}</t:TentativelyAcceptItem>"));
    me.one(&tentative);
    let letter = crate::support::wait::until("the counter", crate::support::wait::LONG, || {
        smarthost.letters_to("boss@far.test").into_iter().find(|one| one.text().contains("method=\"COUNTER\""))
    });
    assert_lines(&calendar_of(&letter), &["METHOD:COUNTER", "DTSTART;TZID=W. Europe Standard Time:20261201T130000"]);
}

pub fn until_letters(smarthost: &Smarthost, to: &str, count: usize) -> Letter {
    crate::support::wait::until("a letter", crate::support::wait::LONG, || {
        let mut letters = smarthost.letters_to(to);
        (letters.len() >= count).then(|| letters.swap_remove(count - 1))
    })
}

fn invites_people_elsewhere() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    let own = server.accounts[0].address.clone();
    let members = format!(
        "<t:Subject>plan</t:Subject><t:Body BodyType=\"HTML\">&lt;p&gt;agenda&lt;/p&gt;</t:Body>{}<t:Location>Hall</t:Location>\
         <t:RequiredAttendees>{}{}</t:RequiredAttendees>{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        attendee("a@far.test"),
        attendee("b@far.test")
    );
    let made = Id::of(
        me.one(&create_request(&event(&members)).replace("SendToNone", "SendToAllAndSaveCopy")).want("m:Items/*"),
    );
    let letter = until_letters(&smarthost, "a@far.test", 1);
    assert_eq!(letter.recipients, ["a@far.test", "b@far.test"]);
    assert_eq!(letter.header("Content-Class").as_deref(), Some("urn:content-classes:calendarmessage"));
    let text = calendar_of(&letter);
    let organizer = text.lines().find(|line| line.starts_with("ORGANIZER")).unwrap().to_owned();
    assert!(organizer.ends_with(&format!("mailto:{own}")), "{organizer}");
    assert_lines(
        &text,
        &[
            "METHOD:REQUEST",
            "SUMMARY:plan",
            "LOCATION:Hall",
            "DTSTART;TZID=W. Europe Standard Time:20261201T090000",
            "DESCRIPTION:agenda\\n",
            "SEQUENCE:0",
            "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN=a@far.test:mailto:a@far.test",
            "X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY",
        ],
    );
    assert_eq!(text.lines().filter(|line| line.starts_with("ATTENDEE")).count(), 2);
    let uid = text.lines().find_map(|line| line.strip_prefix("UID:")).unwrap().to_owned();
    assert_eq!(all(&mut me, &made).text("t:UID"), Some(uid.as_str()));
    // The answer finds its way back.
    deliver(
        server.lmtp(),
        &own,
        &mail("a@far.test", "REPLY", &calendar("REPLY", &answer(&uid, &own, "a@far.test", "ACCEPTED"))),
    );
    assert_eq!(all(&mut me, &made).text("t:RequiredAttendees/t:Attendee/t:ResponseType"), Some("Accept"));
    let later = set("calendar:Start", "<t:Start>2026-12-02T08:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T09:00:00Z</t:End>");
    me.one(&update_request(&made.bare(), &later).replace("SendToNone", "SendOnlyToAll"));
    let text = calendar_of(&until_letters(&smarthost, "a@far.test", 2));
    assert_lines(&text, &["METHOD:REQUEST", "SEQUENCE:1", "DTSTART;TZID=W. Europe Standard Time:20261202T090000"]);
    me.one(&delete_as("MoveToDeletedItems", &made.bare()).replace("SendToNone", "SendOnlyToAll"));
    let letter = until_letters(&smarthost, "a@far.test", 3);
    assert_eq!(letter.header("Subject").as_deref(), Some("Canceled: plan"));
    let text = calendar_of(&letter);
    assert_lines(&text, &["METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:2", &format!("UID:{uid}")]);
    assert_eq!(text.lines().filter(|line| line.starts_with("ATTENDEE")).count(), 2);
}

fn tells_people_elsewhere_of_one_occurrence() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let mut me = Ews::connect(&server, &server.accounts[0]);
    let members = format!(
        "<t:Subject>daily</t:Subject>{}<t:RequiredAttendees>{}</t:RequiredAttendees>{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        attendee("a@far.test"),
        daily(5)
    );
    let made =
        Id::of(me.one(&create_request(&event(&members)).replace("SendToNone", "SendOnlyToAll")).want("m:Items/*"));
    assert_lines(&calendar_of(&until_letters(&smarthost, "a@far.test", 1)), &["RRULE:FREQ=DAILY;COUNT=5;INTERVAL=1"]);
    let moved = set("calendar:Start", "<t:Start>2026-12-02T12:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T13:00:00Z</t:End>");
    me.one(&update_request(&index(&made, 2), &moved).replace("SendToNone", "SendOnlyToAll"));
    let text = calendar_of(&until_letters(&smarthost, "a@far.test", 2));
    assert_lines(
        &text,
        &[
            "RECURRENCE-ID;TZID=W. Europe Standard Time:20261202T090000",
            "DTSTART;TZID=W. Europe Standard Time:20261202T130000",
            "METHOD:REQUEST",
        ],
    );
    assert!(!text[text.find("BEGIN:VEVENT").unwrap()..].contains("RRULE"), "{text}");
    me.one(&delete_as("HardDelete", &index(&made, 4)).replace("SendToNone", "SendOnlyToAll"));
    let text = calendar_of(&until_letters(&smarthost, "a@far.test", 3));
    assert_lines(&text, &["METHOD:CANCEL", "RECURRENCE-ID;TZID=W. Europe Standard Time:20261204T090000"]);
    assert!(subjects(&mut me, "inbox").is_empty());
}
