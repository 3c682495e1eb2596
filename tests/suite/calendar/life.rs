//! A meeting from its invitation to its end, as each mailbox sees it: the calendars, the messages, the events. Two people and a room of
//! one server; then people elsewhere, whose messages come and go as mail.

use super::imip::{assert_lines, calendar, calendar_of, check, mail, server, until_letters};
use super::items::{attendee, create_request, delete_as, event, rows, set, times};
use super::meeting::{one_of, people, respond, tracked, update_to, whole};
use super::rooms::{account_set, at, resource, room};
use super::series::{get_by, index, recurrence};
use crate::support::ews::Ews;
use crate::support::lmtp::deliver;
use crate::support::ops::{Id, Subscription, drain, folder_id, list, subjects, subscribe};
use crate::support::shared;
use crate::support::smtp::Smarthost;
use crate::support::xml::Node;

crate::tests![two_people_and_a_room, an_organizer_elsewhere, an_attendee_elsewhere];

const EVENTS: [&str; 6] =
    ["CreatedEvent", "NewMailEvent", "ModifiedEvent", "MovedEvent", "DeletedEvent", "FreeBusyChangedEvent"];

const FOLDERS: [&str; 4] = ["inbox", "calendar", "sentitems", "deleteditems"];

/// Somebody whose mailbox is watched.
struct Watched {
    ews: Ews,
    folders: Vec<String>,
    subscription: Subscription,
}

impl Watched {
    fn new(mut ews: Ews) -> Watched {
        let folders = FOLDERS.iter().map(|name| folder_id(&mut ews, name)).collect();
        let subscription = subscribe(&mut ews, &FOLDERS, &EVENTS);
        Watched { ews, folders, subscription }
    }

    /// What has happened to items since the last look: the kind of each event and where, each once, in order.
    fn events(&mut self) -> String {
        let mut seen: Vec<String> = Vec::new();
        for (kind, event) in drain(&mut self.ews, &mut self.subscription) {
            if event.find("t:ItemId").is_none() {
                continue;
            }
            let parent = event.want("t:ParentFolderId").attribute("Id").unwrap();
            let place = self.folders.iter().position(|id| id == parent).map_or("elsewhere", |at| FOLDERS[at]);
            let one = format!("{} {place}", kind.trim_end_matches("Event"));
            if !seen.contains(&one) {
                seen.push(one);
            }
        }
        seen.join(", ")
    }

    fn address(&self) -> String {
        self.ews.account.address.clone()
    }

    /// The newest message about a meeting.
    fn newest(&mut self, folder: &str) -> Node {
        whole(&mut self.ews, folder).remove(0)
    }

    /// Days and hours of what stands in the calendar, without what is cancelled.
    fn starts(&mut self) -> Vec<String> {
        let all = rows(&mut self.ews, &at(0, 0), &at(60, 0)).into_iter();
        all.filter(|(subject, ..)| !subject.starts_with("Canceled: ")).map(|(_, start, _)| start).collect()
    }

    /// The series as it stands there.
    fn series(&mut self) -> Node {
        let mut all = whole(&mut self.ews, "calendar");
        assert_eq!(all.len(), 1, "{all:#?}");
        all.remove(0)
    }
}

fn daily(count: u32) -> String {
    let day = at(3, 0);
    recurrence("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", &day[..10], count)
}

/// Five days from nine to ten, with whoever and whatever is invited.
fn invite(host: &mut Ews, invited: &[&str], resources: &str) -> Id {
    let members = format!(
        "<t:Subject>plan</t:Subject><t:Body BodyType=\"Text\">agenda</t:Body>{}<t:Location>Hall</t:Location>{}{resources}{}",
        times(&at(3, 9), &at(3, 10)),
        people(invited),
        daily(5)
    );
    let request = create_request(&event(&members)).replace("SendToNone", "SendToAllAndSaveCopy");
    Id::of(host.one(&request).want("m:Items/*"))
}

fn days(days: &[i64], hour: i8) -> Vec<String> {
    days.iter().map(|day| at(*day, hour)).collect()
}

fn place(name: &str) -> String {
    set("calendar:Location", &format!("<t:Location>{name}</t:Location>"))
}

fn hours(day: i64, from: i8, to: i8) -> String {
    set("calendar:Start", &format!("<t:Start>{}</t:Start>", at(day, from)))
        + &set("calendar:End", &format!("<t:End>{}</t:End>", at(day, to)))
}

/// Says something about a meeting in another's name.
fn forge(uid: &str, organizer: &str, to: &str) {
    let time = |text: String| text.replace([':', '-'], "");
    let event = format!(
        "BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:9\nDTSTAMP:20300101T100000Z\nSUMMARY:plan\nDTSTART:{}\nDTEND:{}\n\
         ORGANIZER:mailto:{organizer}\nATTENDEE:mailto:{to}\nSTATUS:CANCELLED\nEND:VEVENT\n",
        time(at(3, 9)),
        time(at(3, 10))
    );
    deliver(shared::server().lmtp(), to, &mail("mallory@far.test", "CANCEL", &calendar("CANCEL", &event)));
}

fn two_people_and_a_room() {
    let mut host = Watched::new(shared::mailbox());
    let mut guest = Watched::new(shared::mailbox());
    let mut hall = Watched::new(room(&[]));
    let (own, theirs, hall_is) = (host.address(), guest.address(), hall.address());
    // Invited: tentative at once, and booked.
    let resources = format!("<t:Resources>{}</t:Resources>", attendee(&hall_is));
    let id = invite(&mut host.ews, &[&theirs], &resources);
    check(
        &host.series(),
        &[("AppointmentState", "1"), ("MyResponseType", "Organizer"), ("MeetingRequestWasSent", "true")],
    );
    check(&host.newest("sentitems"), &[("ItemClass", "IPM.Schedule.Meeting.Request"), ("Subject", "plan")]);
    check(&host.newest("inbox"), &[("ItemClass", "IPM.Schedule.Meeting.Resp.Pos"), ("Subject", "Accepted: plan")]);
    assert_eq!(
        (tracked(&mut host.ews, &id.bare()).0.as_str(), resource(&mut host.ews, &id.bare())),
        ("Unknown", "Accept".to_owned())
    );
    check(
        &guest.series(),
        &[("AppointmentState", "3"), ("MyResponseType", "NoResponseReceived"), ("LegacyFreeBusyStatus", "Tentative")],
    );
    check(
        &guest.newest("inbox"),
        &[("MeetingRequestType", "NewMeetingRequest"), ("IsRecurring", "true"), ("HasBeenProcessed", "true")],
    );
    check(&hall.series(), &[("AppointmentState", "3"), ("MyResponseType", "Accept"), ("LegacyFreeBusyStatus", "Busy")]);
    assert!(list(&mut hall.ews, "inbox").is_empty());
    assert_eq!(host.events(), "Created calendar, Created sentitems, Modified calendar, Created inbox, NewMail inbox");
    assert_eq!(guest.events(), "Created calendar, Created inbox, NewMail inbox");
    assert_eq!(
        hall.events(),
        "Created calendar, Modified calendar, FreeBusyChanged calendar, Created deleteditems, NewMail deleteditems"
    );
    // Accepted.
    let request = Id::of(&guest.newest("inbox"));
    guest.ews.one(&respond("AcceptItem", &request, "SendAndSaveCopy", "<t:Body BodyType=\"Text\">gladly</t:Body>"));
    check(
        &guest.series(),
        &[("MyResponseType", "Accept"), ("LegacyFreeBusyStatus", "Busy"), ("AppointmentState", "3")],
    );
    assert!(guest.series().text("t:AppointmentReplyTime").is_some());
    assert_eq!(tracked(&mut host.ews, &id.bare()), ("Accept".to_owned(), true));
    check(&host.newest("inbox"), &[("ResponseType", "Accept"), ("Body", "gladly")]);
    assert_eq!(host.events(), "Modified calendar, Created inbox, NewMail inbox");
    assert_eq!(guest.events(), "Modified calendar, FreeBusyChanged calendar, Moved deleteditems, Created sentitems");
    // Another place: whoever said yes need not say it again.
    let id = update_to(&mut host.ews, &id.xml(), "SendToAllAndSaveCopy", &place("Yard"));
    check(&guest.newest("inbox"), &[("MeetingRequestType", "InformationalUpdate")]);
    check(&guest.series(), &[("MyResponseType", "Accept"), ("Location", "Yard"), ("LegacyFreeBusyStatus", "Busy")]);
    check(&hall.series(), &[("MyResponseType", "Accept"), ("Location", "Yard")]);
    assert_eq!(guest.events(), "Modified calendar, Created inbox, NewMail inbox, Modified deleteditems");
    // Another time: everything is open again.
    let id = update_to(&mut host.ews, &id.xml(), "SendToAllAndSaveCopy", &hours(3, 11, 12));
    check(&guest.newest("inbox"), &[("MeetingRequestType", "FullUpdate"), ("IsOutOfDate", "false")]);
    let told = guest.newest("inbox");
    assert_eq!(told.text("t:ChangeHighlights/t:Start"), Some(at(3, 9).as_str()));
    check(
        &guest.series(),
        &[("MyResponseType", "NoResponseReceived"), ("LegacyFreeBusyStatus", "Tentative"), ("Start", &at(3, 11))],
    );
    let outdated =
        whole(&mut guest.ews, "inbox").into_iter().find(|one| one.text("t:IsOutOfDate") == Some("true")).unwrap();
    check(&outdated, &[("MeetingRequestType", "Outdated")]);
    check(&hall.series(), &[("MyResponseType", "Accept"), ("Start", &at(3, 11))]);
    assert_eq!(resource(&mut host.ews, &id.bare()), "Accept");
    assert!(guest.events().contains("FreeBusyChanged calendar"));
    // Perhaps; but not on the second day.
    let series = Id::of(&guest.series());
    guest.ews.one(&respond("TentativelyAcceptItem", &series, "SendAndSaveCopy", ""));
    let second = Id::of(&get_by(&mut guest.ews, &index(&series, 2)));
    guest.ews.one(&respond("DeclineItem", &second, "SendAndSaveCopy", ""));
    assert_eq!(guest.starts(), days(&[3, 5, 6, 7], 11));
    assert_eq!(host.starts(), days(&[3, 4, 5, 6, 7], 11));
    check(&host.newest("inbox"), &[("ItemClass", "IPM.Schedule.Meeting.Resp.Neg"), ("Start", &at(4, 11))]);
    let said = |host: &mut Ews, day: i32| tracked(host, &index(&id, day)).0;
    assert_eq!((said(&mut host.ews, 1).as_str(), said(&mut host.ews, 2).as_str()), ("Tentative", "Decline"));
    check(&guest.series(), &[("MyResponseType", "Tentative"), ("LegacyFreeBusyStatus", "Tentative")]);
    // Not on the fourth, says the organizer.
    host.ews.one(&delete_as("HardDelete", &index(&id, 4)).replace("SendToNone", "SendToAllAndSaveCopy"));
    check(&guest.newest("inbox"), &[("ItemClass", "IPM.Schedule.Meeting.Canceled"), ("Start", &at(6, 11))]);
    check(&get_by(&mut guest.ews, &index(&series, 4)), &[("IsCancelled", "true"), ("LegacyFreeBusyStatus", "Free")]);
    check(&guest.series(), &[("IsCancelled", "false")]);
    assert_eq!(guest.starts(), days(&[3, 5, 7], 11));
    assert_eq!((host.starts(), hall.starts()), (days(&[3, 4, 5, 7], 11), days(&[3, 4, 5, 7], 11)));
    // Somebody else cancels nothing.
    for one in [&mut host, &mut guest, &mut hall] {
        one.events();
    }
    let uid = host.series().text("t:UID").unwrap().to_owned();
    forge(&uid, &own, &theirs);
    forge(&uid, "mallory@far.test", &theirs);
    forge(&uid, &own, &hall_is);
    assert_eq!((guest.starts(), hall.starts()), (days(&[3, 5, 7], 11), days(&[3, 4, 5, 7], 11)));
    check(&guest.newest("inbox"), &[("HasBeenProcessed", "false")]);
    assert_eq!(
        (guest.events().as_str(), hall.events().as_str()),
        ("Created inbox, NewMail inbox", "Created inbox, NewMail inbox")
    );
    // The end.
    let id = Id::of(&host.series());
    host.ews.one(&respond("CancelCalendarItem", &id, "SendAndSaveCopy", ""));
    check(
        &one_of(&mut host.ews, "deleteditems", "CalendarItem"),
        &[("AppointmentState", "5"), ("IsCancelled", "true")],
    );
    check(
        &guest.series(),
        &[
            ("AppointmentState", "7"),
            ("IsCancelled", "true"),
            ("LegacyFreeBusyStatus", "Free"),
            ("Subject", "Canceled: plan"),
        ],
    );
    let told = guest.newest("inbox");
    check(
        &told,
        &[("ItemClass", "IPM.Schedule.Meeting.Canceled"), ("Subject", "Canceled: plan"), ("HasBeenProcessed", "true")],
    );
    assert_eq!((host.starts().len(), guest.starts().len(), hall.starts().len()), (0, 0, 0));
    assert!(guest.events().contains("FreeBusyChanged calendar") && hall.events().contains("Moved deleteditems"));
    assert!(subjects(&mut host.ews, "sentitems").iter().filter(|one| *one == "Canceled: plan").count() == 2);
    guest.ews.one(&respond("RemoveItem", &Id::of(&told), "SaveOnly", ""));
    assert!(list(&mut guest.ews, "calendar").is_empty() && list(&mut hall.ews, "calendar").is_empty());
    assert_eq!(guest.events(), "Moved deleteditems");
}

/// An event as a program elsewhere writes it: `days` from the third on, at an hour of UTC, with lines besides.
fn elsewhere(uid: &str, people: (&str, &str), sequence: i32, hour: i8, more: &str) -> String {
    let time = |text: String| text.replace([':', '-'], "");
    let (host, guest) = people;
    format!(
        "BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:{sequence}\nDTSTAMP:20261101T10{sequence:02}00Z\nSUMMARY:plan\n{}\
         ORGANIZER:mailto:{host}\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}\nEND:VEVENT\n",
        if more.contains("DTSTART") {
            more.to_owned()
        } else {
            format!("DTSTART:{}\nDTEND:{}\n{more}", time(at(3, hour)), time(at(3, hour + 1)))
        }
    )
}

/// The times of one occurrence.
fn on(day: i64, hour: i8) -> String {
    let time = |hour: i8| at(day, hour).replace([':', '-'], "");
    format!("RECURRENCE-ID:{0}\nDTSTART:{0}\nDTEND:{1}\n", time(hour), time(hour + 1))
}

fn an_organizer_elsewhere() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let mut guest = Watched::new(Ews::connect(&server, &server.accounts[0]));
    let mut hall = Watched::new(Ews::connect(&server, &server.accounts[1]));
    let (boss, own, hall_is) = ("boss@far.test", guest.address(), hall.address());
    account_set(&server, &hall_is, &["resource=room", "booking.external=yes"]);
    let rule = "RRULE:FREQ=DAILY;COUNT=5\n";
    let say = |from: &str, method: &str, sequence: i32, hour: i8, more: &str| {
        for to in [&own, &hall_is] {
            let event = elsewhere("far-life", (boss, to), sequence, hour, more);
            deliver(server.lmtp(), to, &mail(from, method, &calendar(method, &event)));
        }
    };
    say(boss, "REQUEST", 0, 9, &format!("LOCATION:Hall\n{rule}"));
    check(
        &guest.series(),
        &[("MyResponseType", "NoResponseReceived"), ("LegacyFreeBusyStatus", "Tentative"), ("AppointmentState", "3")],
    );
    assert_eq!(guest.events(), "Created calendar, Created inbox, NewMail inbox");
    assert_eq!(until_letters(&smarthost, boss, 1).header("Subject").as_deref(), Some("Accepted: plan"));
    check(&hall.series(), &[("MyResponseType", "Accept"), ("LegacyFreeBusyStatus", "Busy")]);
    let request = Id::of(&guest.newest("inbox"));
    guest.ews.one(&respond("AcceptItem", &request, "SendAndSaveCopy", ""));
    let text = calendar_of(&until_letters(&smarthost, boss, 2));
    assert_lines(&text, &["METHOD:REPLY", "UID:far-life"]);
    assert!(text.contains("PARTSTAT=ACCEPTED"), "{text}");
    guest.events();
    // Another place keeps the answer, another time does not.
    say(boss, "REQUEST", 1, 9, &format!("LOCATION:Yard\n{rule}"));
    check(&guest.newest("inbox"), &[("MeetingRequestType", "InformationalUpdate")]);
    check(&guest.series(), &[("MyResponseType", "Accept"), ("Location", "Yard"), ("LegacyFreeBusyStatus", "Busy")]);
    assert_eq!(guest.events(), "Modified calendar, Created inbox, NewMail inbox, Modified deleteditems");
    say(boss, "REQUEST", 2, 11, &format!("LOCATION:Yard\n{rule}"));
    check(&guest.newest("inbox"), &[("MeetingRequestType", "FullUpdate")]);
    check(
        &guest.series(),
        &[("MyResponseType", "NoResponseReceived"), ("LegacyFreeBusyStatus", "Tentative"), ("Start", &at(3, 11))],
    );
    check(&hall.series(), &[("MyResponseType", "Accept"), ("Start", &at(3, 11))]);
    // The room has answered twice more; the guest says no to the second day.
    until_letters(&smarthost, boss, 4);
    let series = Id::of(&guest.series());
    let second = Id::of(&get_by(&mut guest.ews, &index(&series, 2)));
    guest.ews.one(&respond("DeclineItem", &second, "SendOnly", ""));
    let text = calendar_of(&until_letters(&smarthost, boss, 5));
    assert!(text.contains("PARTSTAT=DECLINED") && text.contains("RECURRENCE-ID"), "{text}");
    assert_eq!(guest.starts(), days(&[3, 5, 6, 7], 11));
    say(boss, "CANCEL", 3, 11, &on(6, 11));
    assert_eq!((guest.starts(), hall.starts()), (days(&[3, 5, 7], 11), days(&[3, 4, 5, 7], 11)));
    guest.events();
    say("mallory@far.test", "CANCEL", 9, 11, rule);
    assert_eq!((guest.starts(), hall.starts()), (days(&[3, 5, 7], 11), days(&[3, 4, 5, 7], 11)));
    assert_eq!(guest.events(), "Created inbox, NewMail inbox");
    say(boss, "CANCEL", 4, 11, rule);
    check(&guest.series(), &[("AppointmentState", "7"), ("IsCancelled", "true"), ("LegacyFreeBusyStatus", "Free")]);
    assert!(list(&mut hall.ews, "calendar").is_empty());
    assert_eq!(smarthost.letters_to(boss).len(), 5, "cancellations are not answered");
}

fn an_attendee_elsewhere() {
    let smarthost = Smarthost::start();
    let server = server(&smarthost);
    let mut host = Watched::new(Ews::connect(&server, &server.accounts[0]));
    let (far, own) = ("a@far.test", host.address());
    let id = invite(&mut host.ews, &[far], "");
    let text = calendar_of(&until_letters(&smarthost, far, 1));
    assert_lines(&text, &["METHOD:REQUEST", "SEQUENCE:0", "LOCATION:Hall", "RRULE:FREQ=DAILY;COUNT=5;INTERVAL=1"]);
    let uid = text.lines().find_map(|line| line.strip_prefix("UID:")).unwrap().to_owned();
    let reply = |from: &str, who: &str, answer: &str, hour: i8, more: &str| {
        let event = elsewhere(&uid, (&own, who), 0, hour, more);
        let event = event.replace("PARTSTAT=NEEDS-ACTION;RSVP=TRUE", &format!("PARTSTAT={answer}"));
        deliver(server.lmtp(), &own, &mail(from, "REPLY", &calendar("REPLY", &event)));
    };
    host.events();
    reply(far, far, "ACCEPTED", 9, "");
    assert_eq!(tracked(&mut host.ews, &id.bare()), ("Accept".to_owned(), true));
    assert_eq!(host.events(), "Modified calendar, Created inbox, NewMail inbox");
    let id = update_to(&mut host.ews, &id.xml(), "SendOnlyToAll", &place("Yard"));
    assert_lines(&calendar_of(&until_letters(&smarthost, far, 2)), &["METHOD:REQUEST", "SEQUENCE:1", "LOCATION:Yard"]);
    let id = update_to(&mut host.ews, &id.xml(), "SendOnlyToAll", &hours(3, 11, 12));
    assert_lines(&calendar_of(&until_letters(&smarthost, far, 3)), &["METHOD:REQUEST", "SEQUENCE:2"]);
    reply(far, far, "TENTATIVE", 11, "");
    reply(far, far, "DECLINED", 11, &on(4, 11));
    let said = |host: &mut Ews, day: i32| tracked(host, &index(&id, day)).0;
    assert_eq!((said(&mut host.ews, 1).as_str(), said(&mut host.ews, 2).as_str()), ("Tentative", "Decline"));
    // Nobody answers for another, and an attendee cancels nothing.
    reply("mallory@far.test", far, "ACCEPTED", 11, "");
    let event = elsewhere(&uid, (&own, far), 9, 11, "");
    deliver(server.lmtp(), &own, &mail(far, "CANCEL", &calendar("CANCEL", &event)));
    assert_eq!(
        (tracked(&mut host.ews, &id.bare()).0.as_str(), host.starts()),
        ("Tentative", days(&[3, 4, 5, 6, 7], 11))
    );
    check(&host.series(), &[("AppointmentState", "1"), ("IsCancelled", "false")]);
    host.ews.one(&delete_as("HardDelete", &index(&id, 4)).replace("SendToNone", "SendOnlyToAll"));
    let text = calendar_of(&until_letters(&smarthost, far, 4));
    assert!(text.contains("METHOD:CANCEL") && text.contains("RECURRENCE-ID"), "{text}");
    assert_eq!(host.starts(), days(&[3, 4, 5, 7], 11));
    let id = Id::of(&host.series());
    host.ews.one(&respond("CancelCalendarItem", &id, "SendOnly", ""));
    let text = calendar_of(&until_letters(&smarthost, far, 5));
    assert_lines(&text, &["METHOD:CANCEL", "STATUS:CANCELLED", &format!("UID:{uid}")]);
    assert!(!text.contains("RECURRENCE-ID"), "{text}");
    check(&one_of(&mut host.ews, "deleteditems", "CalendarItem"), &[("AppointmentState", "5")]);
    assert!(host.starts().is_empty());
}
