//! Meetings of people of one server (MS-OXWSMTGS 3.1.4): each mailbox, each message, each calendar, step by step.

use super::items::{all, attendee, create_request, delete_as, event, rows, set, times, update_request};
use super::series::{BERLIN, daily, get_by, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, find, get, list, shape, subjects};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    invites_and_is_accepted,
    is_declined_and_taken_tentatively,
    offers_what_can_be_answered,
    asks_again_when_it_moves,
    tells_those_who_changed,
    is_cancelled_by_the_organizer,
    cancels_and_removes,
    answers_one_occurrence,
    tells_of_one_occurrence,
    names_the_occurrences_of_the_calendar,
    sends_nothing_when_told_so,
    refuses_answers_that_cannot_be,
    tells_conflicts_and_neighbours,
];

struct Three {
    host: Ews,
    guest: Ews,
    other: Ews,
}

fn three() -> Three {
    Three { host: shared::mailbox(), guest: shared::mailbox(), other: shared::mailbox() }
}

pub fn invite(sends: &str, members: &str) -> String {
    create_request(&event(members)).replace("SendToNone", sends)
}

pub fn people(addresses: &[&str]) -> String {
    let all: String = addresses.iter().map(|address| attendee(address)).collect();
    format!("<t:RequiredAttendees>{all}</t:RequiredAttendees>")
}

/// A meeting of an hour at nine, to which they are invited.
pub fn meeting(host: &mut Ews, subject: &str, addresses: &[&str]) -> Id {
    let members = format!(
        "<t:Subject>{subject}</t:Subject><t:Body BodyType=\"Text\">agenda</t:Body>{}<t:Location>Hall</t:Location>{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        people(addresses)
    );
    Id::of(host.one(&invite("SendToAllAndSaveCopy", &members)).want("m:Items/*"))
}

/// The items of a folder with all that they tell.
pub fn whole(ews: &mut Ews, folder: &str) -> Vec<Node> {
    let ids = list(ews, folder);
    ids.iter().map(|id| get(ews, id, &shape("AllProperties", MEETING))).collect()
}

const MEETING: &[&str] = &[
    "calendar:UID",
    "meeting:AssociatedCalendarItemId",
    "meeting:IsDelegated",
    "meeting:IsOutOfDate",
    "meeting:HasBeenProcessed",
    "meeting:ResponseType",
    "meetingRequest:MeetingRequestType",
    "meetingRequest:IntendedFreeBusyStatus",
    "meetingRequest:ChangeHighlights",
    "meeting:ProposedStart",
];

fn only(mut items: Vec<Node>) -> Node {
    assert_eq!(items.len(), 1, "{items:#?}");
    items.remove(0)
}

/// The only item of the folder of that element.
pub fn one_of(ews: &mut Ews, folder: &str, element: &str) -> Node {
    only(whole(ews, folder).into_iter().filter(|item| item.name == format!("t:{element}")).collect())
}

pub fn respond(element: &str, id: &Id, disposition: &str, more: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"{disposition}\"><m:Items><t:{element}>{more}<t:ReferenceItemId Id=\"{}\" ChangeKey=\"{}\"/>\
         </t:{element}></m:Items></m:CreateItem>",
        id.id, id.key
    )
}

pub fn update_to(ews: &mut Ews, id: &str, sends: &str, changes: &str) -> Id {
    let request = update_request(id, changes).replace("SendToNone", sends);
    Id::of(ews.one(&request).want("m:Items/*"))
}

/// What the organizer knows of the answer of whoever is invited first.
pub fn tracked(host: &mut Ews, id: &str) -> (String, bool) {
    let item = get_by(host, id);
    let first = item.want("t:RequiredAttendees/t:Attendee");
    (first.text("t:ResponseType").unwrap().to_owned(), first.text("t:LastResponseTime").is_some())
}

/// MS-OXWSMTGS_R72 MS-OXWSMTGS_R28500 MS-OXWSMTGS_R500 MS-OXWSMTGS_R287 MS-OXWSMTGS_R297 MS-OXWSMTGS_R313 MS-OXWSMTGS_R315 MS-
/// OXWSMTGS_R494 MS-OXWSMTGS_R555 MS-OXWSMTGS_R728 MS-OXWSMTGS_R734 MS-OXWSMTGS_R738 MS-OXWSMTGS_R739 MS-OXWSMTGS_R749 MS-
/// OXWSMTGS_R751 MS-OXWSMTGS_R82 MS-OXWSMTGS_R84 MS-OXWSMTGS_R139 MS-OXWSMTGS_R141
fn invites_and_is_accepted() {
    let Three { mut host, mut guest, .. } = three();
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    let own = all(&mut host, &id);
    for (name, text) in [
        ("IsMeeting", "true"),
        ("MeetingRequestWasSent", "true"),
        ("AppointmentState", "1"),
        ("MyResponseType", "Organizer"),
    ] {
        assert_eq!(own.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!(one_of(&mut host, "sentitems", "MeetingRequest").text("t:Subject"), Some("plan"));
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    for (name, text) in [
        ("ItemClass", "IPM.Schedule.Meeting.Request"),
        ("Subject", "plan"),
        ("Body", "agenda"),
        ("Start", "2026-12-01T08:00:00Z"),
        ("End", "2026-12-01T09:00:00Z"),
        ("Location", "Hall"),
        ("MeetingRequestType", "NewMeetingRequest"),
        ("IntendedFreeBusyStatus", "Busy"),
        ("HasBeenProcessed", "true"),
        ("IsOutOfDate", "false"),
        ("IsDelegated", "false"),
        ("IsRead", "false"),
        ("MyResponseType", "NoResponseReceived"),
    ] {
        assert_eq!(request.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!(request.text("t:Organizer/t:Mailbox/t:EmailAddress"), Some(host.account.address.as_str()));
    assert_eq!(request.text("t:UID"), own.text("t:UID"));
    let offered: Vec<&str> = request.want("t:ResponseObjects").children.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(offered[..3], ["t:AcceptItem", "t:TentativelyAcceptItem", "t:DeclineItem"]);
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    for (name, text) in [
        ("AppointmentState", "3"),
        ("LegacyFreeBusyStatus", "Tentative"),
        ("MyResponseType", "NoResponseReceived"),
        ("Start", "2026-12-01T08:00:00Z"),
        ("Body", "agenda"),
        ("ReminderIsSet", "true"),
        ("IsMeeting", "true"),
    ] {
        assert_eq!(copy.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!(request.want("t:AssociatedCalendarItemId").attribute("Id"), copy.want("t:ItemId").attribute("Id"));
    let first = copy.want("t:RequiredAttendees/t:Attendee");
    assert_eq!(first.text("t:ResponseType"), Some("Organizer"));
    let answer = guest.one(&respond(
        "AcceptItem",
        &Id::of(&request),
        "SendAndSaveCopy",
        "<t:Body BodyType=\"Text\">gladly</t:Body>",
    ));
    let told: Vec<&str> = answer.want("m:Items").children.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(told, ["t:CalendarItem", "t:MeetingRequest"]);
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert_eq!((copy.text("t:MyResponseType"), copy.text("t:LegacyFreeBusyStatus")), (Some("Accept"), Some("Busy")));
    assert!(copy.text("t:AppointmentReplyTime").is_some());
    assert!(list(&mut guest, "inbox").is_empty(), "the request goes to the deleted items");
    assert_eq!(one_of(&mut guest, "deleteditems", "MeetingRequest").text("t:Subject"), Some("plan"));
    assert_eq!(one_of(&mut guest, "sentitems", "MeetingResponse").text("t:Subject"), Some("Accepted: plan"));
    let response = one_of(&mut host, "inbox", "MeetingResponse");
    for (name, text) in [
        ("ItemClass", "IPM.Schedule.Meeting.Resp.Pos"),
        ("Subject", "Accepted: plan"),
        ("ResponseType", "Accept"),
        ("Body", "gladly"),
    ] {
        assert_eq!(response.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!(response.want("t:AssociatedCalendarItemId").attribute("Id"), Some(id.id.as_str()));
    assert_eq!(tracked(&mut host, &id.bare()), ("Accept".to_owned(), true));
}

/// ProposeNewTime is offered where times may be proposed, AddItemToMyCalendar to whoever was not invited, both since 2013 SP1.
/// MS-OXWSMTGS_R1245 MS-OXWSMTGS_R1246 MS-OXWSMTGS_R1255 MS-OXWSMTGS_R1256 MS-OXWSMTGS_R1291 MS-OXWSMTGS_R1292
fn offers_what_can_be_answered() {
    let Three { mut host, mut guest, mut other } = three();
    let offered = |ews: &mut Ews, folder: &str| -> String {
        let item = whole(ews, folder).remove(0);
        let names = item.want("t:ResponseObjects").children.iter().map(|one| one.name.replace("t:", ""));
        names.collect::<Vec<_>>().join(" ")
    };
    for one in [&mut host, &mut guest, &mut other] {
        one.version = Some("Exchange2013_SP1");
    }
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    assert!(
        offered(&mut guest, "calendar").starts_with("AcceptItem TentativelyAcceptItem DeclineItem ProposeNewTime ")
    );
    assert!(!offered(&mut guest, "inbox").contains("AddItemToMyCalendar"));
    assert!(!offered(&mut host, "calendar").contains("ProposeNewTime"));
    guest.version = Some("Exchange2013");
    for folder in ["inbox", "calendar"] {
        assert!(!offered(&mut guest, folder).contains("ProposeNewTime"), "{folder}");
    }
    guest.version = Some("Exchange2013_SP1");
    let fixed = set("calendar:AllowNewTimeProposal", "<t:AllowNewTimeProposal>false</t:AllowNewTimeProposal>");
    update_to(&mut host, &id.xml(), "SendOnlyToAll", &fixed);
    for folder in ["inbox", "calendar"] {
        assert!(!offered(&mut guest, folder).contains("ProposeNewTime"), "{folder}");
    }
    // It came to somebody whom it does not name.
    let event = "BEGIN:VEVENT\nUID:passed-on\nDTSTAMP:20261101T100000Z\nSUMMARY:plan\nDTSTART:20261201T080000Z\nDTEND:20261201T090000Z\n\
                 ORGANIZER:mailto:boss@far.test\nATTENDEE;RSVP=TRUE:mailto:somebody@far.test\nEND:VEVENT\n";
    let message = super::imip::mail("boss@far.test", "REQUEST", &super::imip::calendar("REQUEST", event));
    crate::support::lmtp::deliver(shared::server().lmtp(), &other.account.address, &message);
    assert!(offered(&mut other, "inbox").ends_with(" AddItemToMyCalendar"));
    other.version = Some("Exchange2013");
    assert!(!offered(&mut other, "inbox").contains("AddItemToMyCalendar"));
}

/// MS-OXWSMTGS_R81 MS-OXWSMTGS_R83
fn is_declined_and_taken_tentatively() {
    let Three { mut host, mut guest, mut other } = three();
    let (a, b) = (guest.account.address.clone(), other.account.address.clone());
    let id = meeting(&mut host, "plan", &[&a, &b]);
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    let proposal =
        "<t:ProposedStart>2026-12-01T12:00:00Z</t:ProposedStart><t:ProposedEnd>2026-12-01T13:00:00Z</t:ProposedEnd>";
    let request = respond("TentativelyAcceptItem", &Id::of(&copy), "SendOnly", "")
        .replace("</t:TentativelyAcceptItem>", &format!("{proposal}</t:TentativelyAcceptItem>"));
    guest.one(&request);
    let request = one_of(&mut other, "inbox", "MeetingRequest");
    other.one(&respond("DeclineItem", &Id::of(&request), "SendOnly", ""));
    assert!(list(&mut other, "calendar").is_empty() && list(&mut other, "sentitems").is_empty());
    assert_eq!(one_of(&mut other, "deleteditems", "CalendarItem").text("t:MyResponseType"), Some("Decline"));
    assert_eq!(subjects(&mut host, "inbox"), ["Declined: plan", "Tentative: plan"]);
    let item = all(&mut host, &id);
    let said: Vec<Option<&str>> =
        item.all("t:RequiredAttendees/t:Attendee").iter().map(|one| one.text("t:ResponseType")).collect();
    assert_eq!(said, [Some("Tentative"), Some("Decline")]);
    let proposed =
        whole(&mut host, "inbox").into_iter().find(|item| item.text("t:Subject") == Some("Tentative: plan")).unwrap();
    assert_eq!(proposed.text("t:ProposedStart"), Some("2026-12-01T12:00:00Z"));
}

/// MS-OXWSMTGS_R484 MS-OXWSMTGS_R485 MS-OXWSMTGS_R71 MS-OXWSMTGS_R587 MS-OXWSMTGS_R750
fn asks_again_when_it_moves() {
    let Three { mut host, mut guest, .. } = three();
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    guest.one(&respond("AcceptItem", &Id::of(&request), "SendOnly", ""));
    // Another room: whoever said yes need not say it again.
    let room = set("calendar:Location", "<t:Location>Yard</t:Location>");
    let id = update_to(&mut host, &id.xml(), "SendToAllAndSaveCopy", &room);
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    assert_eq!(request.text("t:MeetingRequestType"), Some("InformationalUpdate"));
    assert_eq!(request.text("t:ChangeHighlights/t:Location"), Some("Hall"));
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert_eq!(
        (copy.text("t:MyResponseType"), copy.text("t:Location"), copy.text("t:LegacyFreeBusyStatus")),
        (Some("Accept"), Some("Yard"), Some("Busy"))
    );
    // Another time: all answers are open again, and what was asked before is out of date.
    let later = set("calendar:Start", "<t:Start>2026-12-02T08:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T09:00:00Z</t:End>");
    let id = update_to(&mut host, &id.xml(), "SendOnlyToAll", &later);
    assert_eq!(all(&mut host, &id).text("t:AppointmentSequenceNumber"), Some("2"));
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert_eq!(
        (copy.text("t:MyResponseType"), copy.text("t:Start"), copy.text("t:LegacyFreeBusyStatus")),
        (Some("NoResponseReceived"), Some("2026-12-02T08:00:00Z"), Some("Tentative"))
    );
    let requests = whole(&mut guest, "inbox");
    let kinds: Vec<(Option<&str>, Option<&str>)> =
        requests.iter().map(|one| (one.text("t:MeetingRequestType"), one.text("t:IsOutOfDate"))).collect();
    assert!(
        kinds.contains(&(Some("FullUpdate"), Some("false"))) && kinds.contains(&(Some("Outdated"), Some("true"))),
        "{kinds:?}"
    );
    let old = requests.iter().find(|one| one.text("t:IsOutOfDate") == Some("true")).map(Id::of).unwrap();
    assert_eq!(guest.error(&respond("AcceptItem", &old, "SendOnly", "")), "ErrorCalendarMeetingRequestIsOutOfDate");
}

/// MS-OXWSMTGS_R62 MS-OXWSMTGS_R6200 MS-OXWSMTGS_R65 MS-OXWSMTGS_R6500
fn tells_those_who_changed() {
    let Three { mut host, mut guest, mut other } = three();
    let (a, b) = (guest.account.address.clone(), other.account.address.clone());
    let id = meeting(&mut host, "plan", &[&a]);
    let exchanged = set("calendar:RequiredAttendees", &people(&[&b]));
    update_to(&mut host, &id.xml(), "SendToChangedAndSaveCopy", &exchanged);
    let cancelled = one_of(&mut guest, "inbox", "MeetingCancellation");
    assert_eq!(
        (cancelled.text("t:ItemClass"), cancelled.text("t:Subject")),
        (Some("IPM.Schedule.Meeting.Canceled"), Some("Canceled: plan"))
    );
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    for (name, text) in [
        ("IsCancelled", "true"),
        ("AppointmentState", "7"),
        ("LegacyFreeBusyStatus", "Free"),
        ("Subject", "Canceled: plan"),
    ] {
        assert_eq!(copy.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!(one_of(&mut other, "calendar", "CalendarItem").text("t:Subject"), Some("plan"));
    assert_eq!(
        guest.error(&respond("AcceptItem", &Id::of(&copy), "SendOnly", "")),
        "ErrorCalendarIsCancelledForAccept"
    );
    guest.one(&respond("RemoveItem", &Id::of(&cancelled), "SendOnly", ""));
    assert!(list(&mut guest, "calendar").is_empty());
    assert!(!subjects(&mut guest, "inbox").contains(&"Canceled: plan".to_owned()));
}

/// MS-OXWSMTGS_R730 MS-OXWSMTGS_R741
fn is_cancelled_by_the_organizer() {
    let Three { mut host, mut guest, .. } = three();
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    let request = delete_as("MoveToDeletedItems", &id.bare()).replace("SendToNone", "SendToAllAndSaveCopy");
    host.one(&request);
    assert!(list(&mut host, "calendar").is_empty());
    assert_eq!(subjects(&mut host, "sentitems"), ["Canceled: plan", "plan"]);
    assert_eq!(one_of(&mut guest, "calendar", "CalendarItem").text("t:IsCancelled"), Some("true"));
    // What an attendee deletes, and what is nobody's meeting, tells nobody anything.
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    guest.one(&delete_as("HardDelete", &Id::of(&copy).bare()).replace("SendToNone", "SendToAllAndSaveCopy"));
    assert!(list(&mut guest, "sentitems").is_empty() && list(&mut host, "inbox").is_empty());
}

/// MS-OXWSMTGS_R491 MS-OXWSMTGS_R492
fn cancels_and_removes() {
    let Three { mut host, mut guest, .. } = three();
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    let text = "<t:NewBodyContent BodyType=\"Text\">not this time</t:NewBodyContent>";
    let cancel = respond("CancelCalendarItem", &id, "SendAndSaveCopy", "")
        .replace("</t:CancelCalendarItem>", &format!("{text}</t:CancelCalendarItem>"));
    host.one(&cancel);
    assert!(list(&mut host, "calendar").is_empty());
    let gone = one_of(&mut host, "deleteditems", "CalendarItem");
    assert_eq!(gone.text("t:AppointmentState"), Some("5"));
    assert_eq!(host.error(&cancel), "ErrorItemNotFound");
    let told = one_of(&mut guest, "inbox", "MeetingCancellation");
    assert_eq!(told.text("t:Body"), Some("not this time"));
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    guest.one(&respond("RemoveItem", &Id::of(&copy), "SaveOnly", ""));
    assert!(list(&mut guest, "calendar").is_empty());
}

pub fn series(host: &mut Ews, addresses: &[&str]) -> Id {
    let members = format!(
        "<t:Subject>daily</t:Subject>{}{}{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        people(addresses),
        daily(5)
    );
    // Elements stand in the order of the schema.
    let members = members.replacen(&daily(5), "", 1).replacen(BERLIN, &format!("{}{BERLIN}", daily(5)), 1);
    Id::of(host.one(&invite("SendOnlyToAll", &members)).want("m:Items/*"))
}

fn december(ews: &mut Ews) -> Vec<(String, String, String)> {
    rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
}

fn answers_one_occurrence() {
    let Three { mut host, mut guest, .. } = three();
    let id = series(&mut host, &[&guest.account.address.clone()]);
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert_eq!((copy.text("t:CalendarItemType"), copy.text("t:IsRecurring")), (Some("RecurringMaster"), Some("true")));
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    assert_eq!((request.text("t:IsRecurring"), request.find("t:Recurrence").is_some()), (Some("true"), true));
    guest.one(&respond("AcceptItem", &Id::of(&request), "SendOnly", ""));
    assert_eq!(tracked(&mut host, &id.bare()).0, "Accept");
    let second = Id::of(&get_by(&mut guest, &index(&Id::of(&copy), 2)));
    guest.one(&respond("DeclineItem", &second, "SendOnly", ""));
    assert_eq!(december(&mut guest).len(), 4);
    assert_eq!(
        (tracked(&mut host, &index(&id, 2)).0, tracked(&mut host, &index(&id, 1)).0),
        ("Decline".to_owned(), "Accept".to_owned())
    );
    let third = Id::of(&get_by(&mut guest, &index(&Id::of(&copy), 3)));
    guest.one(&respond("TentativelyAcceptItem", &third, "SendOnly", ""));
    let shown = get_by(&mut guest, &third.bare());
    assert_eq!(
        (shown.text("t:CalendarItemType"), shown.text("t:MyResponseType")),
        (Some("Exception"), Some("Tentative"))
    );
    assert_eq!(tracked(&mut host, &index(&id, 3)).0, "Tentative");
    assert_eq!(december(&mut host).len(), 5, "answers move nothing");
}

/// MS-OXWSMTGS_R277
fn tells_of_one_occurrence() {
    let Three { mut host, mut guest, .. } = three();
    let id = series(&mut host, &[&guest.account.address.clone()]);
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    let moved = set("calendar:Start", "<t:Start>2026-12-02T12:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T13:00:00Z</t:End>");
    update_to(&mut host, &index(&id, 2), "SendToAllAndSaveCopy", &moved);
    let second = get_by(&mut guest, &index(&copy, 2));
    assert_eq!(
        (second.text("t:Start"), second.text("t:CalendarItemType")),
        (Some("2026-12-02T12:00:00Z"), Some("Exception"))
    );
    let request =
        whole(&mut guest, "inbox").into_iter().find(|one| one.text("t:Start") == Some("2026-12-02T12:00:00Z")).unwrap();
    assert!(request.find("t:Recurrence").is_none());
    host.one(&delete_as("HardDelete", &index(&id, 4)).replace("SendToNone", "SendOnlyToAll"));
    let fourth = get_by(&mut guest, &index(&copy, 4));
    assert_eq!((fourth.text("t:IsCancelled"), fourth.text("t:LegacyFreeBusyStatus")), (Some("true"), Some("Free")));
    let whole_series = get_by(&mut guest, &copy.bare());
    assert_eq!((whole_series.text("t:IsCancelled"), december(&mut guest).len()), (Some("false"), 5));
    let cancelled = one_of(&mut guest, "inbox", "MeetingCancellation");
    guest.one(&respond("RemoveItem", &Id::of(&cancelled), "SaveOnly", ""));
    assert_eq!(december(&mut guest).len(), 4);
}

/// A message has no occurrences of its own: what it names can be opened, and is not named when it is gone.
fn names_the_occurrences_of_the_calendar() {
    let Three { mut host, mut guest, .. } = three();
    let members = times("2026-12-01T09:00:00", "2026-12-01T10:00:00") + &daily(5) + BERLIN;
    let id = Id::of(host.one(&invite("SendToNone", &members)).want("m:Items/*"));
    let moved = set("calendar:Start", "<t:Start>2026-12-02T12:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T13:00:00Z</t:End>");
    update_to(&mut host, &index(&id, 2), "SendToNone", &moved);
    let address = guest.account.address.clone();
    let invited = set("calendar:RequiredAttendees", &people(&[&address]));
    update_to(&mut host, &id.bare(), "SendToAllAndSaveCopy", &invited);
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    for (name, number) in [("t:FirstOccurrence", 1), ("t:ModifiedOccurrences/t:Occurrence", 2), ("t:LastOccurrence", 5)]
    {
        let told = request.want(name);
        let opened = get_by(&mut guest, &Id::of(told).bare());
        assert_eq!(opened.text("t:Start"), told.text("t:Start"), "{name}");
        assert_eq!(Id::of(&opened).id, Id::of(&get_by(&mut guest, &index(&copy, number))).id, "{name}");
    }
    guest.one(&delete_as("HardDelete", &copy.bare()));
    let request = one_of(&mut guest, "inbox", "MeetingRequest");
    assert!(request.find("t:FirstOccurrence").is_none() && request.find("t:ModifiedOccurrences").is_none());
    assert!(request.find("t:Recurrence").is_some());
}

fn sends_nothing_when_told_so() {
    let Three { mut host, mut guest, .. } = three();
    let address = guest.account.address.clone();
    let members = format!(
        "<t:Subject>later</t:Subject>{}{}",
        times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"),
        people(&[&address])
    );
    let id = Id::of(host.one(&invite("SendToNone", &members)).want("m:Items/*"));
    assert_eq!(all(&mut host, &id).text("t:MeetingRequestWasSent"), Some("false"));
    assert!(list(&mut guest, "inbox").is_empty() && list(&mut guest, "calendar").is_empty());
    // Evolution attaches its files in between, and sends with an update.
    let id =
        update_to(&mut host, &id.xml(), "SendToAllAndSaveCopy", &set("item:Subject", "<t:Subject>now</t:Subject>"));
    assert_eq!(one_of(&mut guest, "inbox", "MeetingRequest").text("t:MeetingRequestType"), Some("NewMeetingRequest"));
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    guest.one(&respond("AcceptItem", &Id::of(&copy), "SaveOnly", ""));
    assert_eq!(one_of(&mut guest, "calendar", "CalendarItem").text("t:MyResponseType"), Some("Accept"));
    assert!(list(&mut host, "inbox").is_empty() && list(&mut guest, "sentitems").is_empty());
    assert_eq!(tracked(&mut host, &id.bare()).0, "Unknown");
}

fn refuses_answers_that_cannot_be() {
    let Three { mut host, mut guest, .. } = three();
    let id = meeting(&mut host, "plan", &[&guest.account.address.clone()]);
    assert_eq!(host.error(&respond("AcceptItem", &id, "SendOnly", "")), "ErrorCalendarIsOrganizerForAccept");
    assert_eq!(host.error(&respond("DeclineItem", &id, "SendOnly", "")), "ErrorCalendarIsOrganizerForDecline");
    assert_eq!(host.error(&respond("RemoveItem", &id, "SendOnly", "")), "ErrorCalendarIsOrganizerForRemove");
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    assert_eq!(guest.error(&respond("CancelCalendarItem", &copy, "SendOnly", "")), "ErrorCalendarIsNotOrganizer");
    let bare = respond("AcceptItem", &copy, "SendOnly", "").replace(" MessageDisposition=\"SendOnly\"", "");
    assert_eq!(guest.error(&bare), "ErrorMessageDispositionRequired");
    let plain = super::items::create(&mut guest, &times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
    assert_eq!(guest.error(&respond("AcceptItem", &plain, "SendOnly", "")), "ErrorInvalidItemForOperationAcceptItem");
    let made = "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:MeetingRequest><t:Subject>x</t:Subject></t:MeetingRequest></m:Items></m:CreateItem>";
    assert_eq!(guest.error(made), "ErrorInvalidItemForOperationCreateItem");
}

/// MS-OXWSMTGS_R193 MS-OXWSMTGS_R195 MS-OXWSMTGS_R197 MS-OXWSMTGS_R199
fn tells_conflicts_and_neighbours() {
    let mut ews = shared::mailbox();
    let item = |ews: &mut Ews, subject: &str, start: &str, end: &str| {
        super::items::create(ews, &format!("<t:Subject>{subject}</t:Subject>{}", times(start, end)))
    };
    let id = item(&mut ews, "own", "2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
    item(&mut ews, "over", "2026-12-01T09:30:00Z", "2026-12-01T11:00:00Z");
    item(&mut ews, "before", "2026-12-01T08:00:00Z", "2026-12-01T09:00:00Z");
    item(&mut ews, "after", "2026-12-01T10:00:00Z", "2026-12-01T10:30:00Z");
    item(&mut ews, "far", "2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z");
    let wanted = [
        "calendar:ConflictingMeetingCount",
        "calendar:AdjacentMeetingCount",
        "calendar:ConflictingMeetings",
        "calendar:AdjacentMeetings",
    ];
    let told = get(&mut ews, &id, &shape("IdOnly", &wanted));
    assert_eq!((told.text("t:ConflictingMeetingCount"), told.text("t:AdjacentMeetingCount")), (Some("1"), Some("2")));
    assert_eq!(told.text("t:ConflictingMeetings/t:CalendarItem/t:Subject"), Some("over"));
    let near: Vec<Option<&str>> =
        told.all("t:AdjacentMeetings/t:CalendarItem").iter().map(|one| one.text("t:Subject")).collect();
    assert_eq!(near, [Some("before"), Some("after")]);
    assert!(
        find(&mut ews, "calendar", &shape("AllProperties", &[]), "")
            .all("t:Items/*")
            .iter()
            .all(|one| one.find("t:ConflictingMeetings").is_none())
    );
}
