//! Rooms and equipment, which answer meeting requests by themselves (Set-CalendarProcessing; MS-OXWSMTGS 3.1.4). What they can be
//! booked for counts from today, and so do the days here.

use super::availability::{UTC, events, request, required, responses, view};
use super::imip::{assert_lines, calendar, calendar_of, check, mail, until_letters};
use super::items::{all, attendee, create, create_request, delete_as, event, set, times};
use super::meeting::{one_of, people, tracked, update_to, whole};
use super::series::{get_by, index, recurrence};
use crate::support::demo::{Account, Demo, Options};
use crate::support::ews::Ews;
use crate::support::lmtp::deliver;
use crate::support::ops::{Id, list, subjects};
use crate::support::shared;
use crate::support::smtp::Smarthost;
use crate::support::wait;
use crate::support::xml::Node;

crate::tests![
    is_set_by_ewsctl,
    books_what_is_free,
    books_nothing_twice,
    follows_changes_and_cancellations,
    declines_what_its_rules_forbid,
    answers_series,
    keeps_what_it_is_told_to,
    is_like_a_person_unless_it_answers,
    answers_people_elsewhere,
    answers_mail_of_people_here,
];

/// A day from today on, at an hour of UTC.
pub fn at(day: i64, hour: i8) -> String {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today.checked_add(jiff::Span::new().days(day)).unwrap();
    format!("{day}T{hour:02}:00:00Z")
}

pub fn account_set(server: &Demo, room: &str, changes: &[&str]) {
    let mut arguments = vec!["account", "set", room];
    arguments.extend(changes);
    server.ewsctl(&arguments);
}

/// A mailbox that is a room, in UTC.
pub fn room(changes: &[&str]) -> Ews {
    let room = shared::mailbox();
    account_set(shared::server(), &room.account.address, &["resource=room", "zone=UTC"]);
    if !changes.is_empty() {
        account_set(shared::server(), &room.account.address, changes);
    }
    room
}

fn name(ews: &Ews) -> String {
    let shown = shared::server().ewsctl(&["account", "show", &ews.account.address, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    shown["name"].as_str().unwrap().to_owned()
}

/// Somebody wants the room from hour to hour of a day.
fn want(host: &mut Ews, room: &str, subject: &str, day: i64, hours: (i8, i8), more: &str) -> Id {
    let members = format!(
        "<t:Subject>{subject}</t:Subject><t:Sensitivity>Private</t:Sensitivity><t:Body BodyType=\"Text\">agenda</t:Body>{}\
         <t:Resources>{}</t:Resources>{more}",
        times(&at(day, hours.0), &at(day, hours.1)),
        attendee(room),
    );
    Id::of(host.one(&create_request(&event(&members)).replace("SendToNone", "SendOnlyToAll")).want("m:Items/*"))
}

/// What the room says to a request, and why.
fn answer(host: &mut Ews, subject: &str) -> (String, String) {
    let said = whole(host, "inbox").into_iter().find(|one| one.text("t:Subject").unwrap().ends_with(subject));
    let said = said.unwrap_or_else(|| panic!("no answer to {subject}"));
    let text = |path: &str| said.text(path).unwrap_or_default().to_owned();
    (text("t:ResponseType"), text("t:Body"))
}

pub fn resource(host: &mut Ews, id: &str) -> String {
    let item = get_by(host, id);
    item.text("t:Resources/t:Attendee/t:ResponseType").unwrap_or_default().to_owned()
}

fn is_set_by_ewsctl() {
    let room = room(&["booking.window_days=30", "booking.conflicts=yes"]);
    let server = shared::server();
    let show = |more: &[&str]| {
        let mut arguments = vec!["account", "show", room.account.address.as_str()];
        arguments.extend(more);
        server.ewsctl(&arguments)
    };
    assert!(show(&[]).contains("resource   room (conflicts=yes, window_days=30)"), "{}", show(&[]));
    let json: serde_json::Value = serde_json::from_str(&show(&["--json"])).unwrap();
    assert_eq!((&json["resource"], &json["booking"]["window_days"]), (&"room".into(), &30.into()));
    account_set(server, &room.account.address, &["booking.window_days=default", "resource=equipment"]);
    assert!(show(&[]).contains("resource   equipment (conflicts=yes)"));
    account_set(server, &room.account.address, &["resource=none"]);
    assert!(!show(&[]).contains("resource"));
    let wrong = server.ewsctl_with(&["account", "set", &room.account.address, "booking.window_days=many"], b"");
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("a number up to 1080"), "{wrong:?}");
}

/// MS-OXWSMTGS_R191 MS-OXWSMTGS_R319
fn books_what_is_free() {
    let (mut host, mut other, mut room) = (shared::mailbox(), shared::mailbox(), room(&[]));
    let address = room.account.address.clone();
    let id = want(&mut host, &address, "plan", 3, (9, 10), "");
    assert_eq!(answer(&mut host, "plan"), ("Accept".to_owned(), "Your request was accepted.".to_owned()));
    assert_eq!(subjects(&mut host, "inbox"), ["Accepted: plan"]);
    assert_eq!(resource(&mut host, &id.bare()), "Accept");
    let booked = one_of(&mut room, "calendar", "CalendarItem");
    check(
        &booked,
        &[
            ("Subject", &name(&host)),
            ("Sensitivity", "Normal"),
            ("LegacyFreeBusyStatus", "Busy"),
            ("MyResponseType", "Accept"),
            ("Start", &at(3, 9)),
        ],
    );
    assert_eq!(booked.text("t:Body").unwrap_or_default(), "");
    assert!(booked.find("t:Resources").is_none());
    assert!(list(&mut room, "inbox").is_empty() && list(&mut room, "sentitems").is_empty());
    check(&one_of(&mut room, "deleteditems", "MeetingRequest"), &[("Subject", "plan"), ("HasBeenProcessed", "true")]);
    // What overlaps is declined, what touches is not.
    let id = want(&mut other, &address, "late", 3, (9, 11), "");
    let (said, why) = answer(&mut other, "late");
    assert_eq!((said.as_str(), resource(&mut other, &id.bare()).as_str()), ("Decline", "Decline"));
    assert!(why.contains("in conflict") && why.contains(&name(&host)) && why.contains("09:00 to "), "{why}");
    want(&mut other, &address, "next", 3, (10, 11), "");
    assert_eq!(answer(&mut other, "next").0, "Accept");
    assert_eq!(list(&mut room, "calendar").len(), 2);
    // Everybody may know when it is to be had.
    let options = view(&at(3, 8).replace('Z', ""), &at(3, 12).replace('Z', ""), 60, "DetailedMerged");
    let told = responses(&mut other, &request(UTC, &required(&[&address]), &options)).remove(0);
    assert_eq!(told.text("m:FreeBusyView/t:MergedFreeBusy"), Some("0220"));
    assert_eq!(events(told.want("m:FreeBusyView")).len(), 2);
    let named = other.one(&format!(
        "<m:ResolveNames ReturnFullContactData=\"false\"><m:UnresolvedEntry>{address}</m:UnresolvedEntry></m:ResolveNames>"
    ));
    assert_eq!(named.text("m:ResolutionSet/t:Resolution/t:Mailbox/t:MailboxType"), Some("Mailbox"));
}

/// Of several who want the same time at once one has it.
fn books_nothing_twice() {
    let mut room = room(&[]);
    let address = room.account.address.clone();
    let mut all: Vec<Ews> = (0..4).map(|_| shared::mailbox()).collect();
    std::thread::scope(|scope| {
        for host in &mut all {
            let address = &address;
            scope.spawn(move || want(host, address, "plan", 3, (9, 10), ""));
        }
    });
    let said: Vec<String> = all.iter_mut().map(|host| answer(host, "plan").0).collect();
    assert_eq!(said.iter().filter(|one| *one == "Accept").count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|one| *one == "Decline").count(), 3, "{said:?}");
    assert_eq!(list(&mut room, "calendar").len(), 1);
}

fn move_to(host: &mut Ews, id: &Id, day: i64, hours: (i8, i8)) -> Id {
    let changes = set("calendar:Start", &format!("<t:Start>{}</t:Start>", at(day, hours.0)))
        + &set("calendar:End", &format!("<t:End>{}</t:End>", at(day, hours.1)));
    update_to(host, &id.xml(), "SendOnlyToAll", &changes)
}

fn starts(room: &mut Ews) -> Vec<String> {
    let mut all: Vec<String> =
        whole(room, "calendar").iter().map(|one| one.text("t:Start").unwrap().to_owned()).collect();
    all.sort();
    all
}

fn follows_changes_and_cancellations() {
    let (mut host, mut other, mut room) = (shared::mailbox(), shared::mailbox(), room(&[]));
    let address = room.account.address.clone();
    let id = want(&mut host, &address, "plan", 3, (9, 10), "");
    want(&mut other, &address, "theirs", 4, (9, 10), "");
    // The own booking is in nobody's way.
    let id = move_to(&mut host, &id, 3, (9, 11));
    assert_eq!(subjects(&mut host, "inbox"), ["Accepted: plan", "Accepted: plan"]);
    let id = move_to(&mut host, &id, 5, (9, 10));
    assert_eq!(starts(&mut room), [at(4, 9), at(5, 9)]);
    let id = move_to(&mut host, &id, 4, (9, 10));
    assert_eq!(
        (answer(&mut host, "plan").0.as_str(), resource(&mut host, &id.bare()).as_str()),
        ("Decline", "Decline")
    );
    assert_eq!(starts(&mut room), [at(4, 9)]);
    let id = move_to(&mut host, &id, 6, (9, 10));
    assert_eq!((resource(&mut host, &id.bare()).as_str(), starts(&mut room)), ("Accept", vec![at(4, 9), at(6, 9)]));
    host.one(&delete_as("MoveToDeletedItems", &id.bare()).replace("SendToNone", "SendOnlyToAll"));
    assert_eq!(starts(&mut room), [at(4, 9)]);
    assert!(list(&mut room, "inbox").is_empty());
    assert!(subjects(&mut room, "deleteditems").contains(&"Canceled: plan".to_owned()));
}

fn declines_what_its_rules_forbid() {
    let (mut host, room) = (shared::mailbox(), room(&["booking.window_days=10", "booking.maximum_minutes=120"]));
    let address = room.account.address.clone();
    let daily = |count: u32| {
        let day = at(5, 9);
        recurrence("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", &day[..10], count)
    };
    let mut said = |subject: &str, changes: &[&str], day: i64, hours: (i8, i8), more: &str| {
        if !changes.is_empty() {
            account_set(shared::server(), &address, changes);
        }
        want(&mut host, &address, subject, day, hours, more);
        answer(&mut host, subject)
    };
    /// Subject, settings, day, hours, more of the request, what the answer says.
    type Case<'a> = (&'a str, &'a [&'a str], i64, (i8, i8), String, &'a str);
    let cases: &[Case<'_>] = &[
        ("long", &[], 5, (9, 12), String::new(), "at most 120 minutes"),
        ("far", &[], 11, (9, 10), String::new(), "up to 10 days ahead"),
        ("beyond", &[], 5, (7, 8), daily(9), "up to 10 days ahead"),
        ("endless", &[], 5, (7, 8), daily(9).replace("NumberedRecurrence", "NoEndRecurrence"), "up to 10 days ahead"),
        ("series", &["booking.recurring=no"], 5, (9, 10), daily(2), "no recurring meetings"),
        (
            "night",
            &["booking.work_hours_only=yes", "working_hours=mo-su 8:00-17:00"],
            5,
            (18, 19),
            String::new(),
            "mo-su 8:00-17:00",
        ),
    ];
    for (subject, changes, day, hours, more, why) in cases {
        let more = if subject == &"endless" {
            more.split("<t:NumberOfOccurrences>").next().unwrap().to_owned() + "</t:NoEndRecurrence></t:Recurrence>"
        } else {
            more.clone()
        };
        let (answer, text) = said(subject, changes, *day, *hours, &more);
        assert!(answer == "Decline" && text.contains(why), "{subject}: {answer}: {text}");
    }
    assert_eq!(said("fits", &[], 10, (15, 17), "").0, "Accept");
    assert_eq!(
        said("longer", &["booking.maximum_minutes=0", "booking.tell_reasons=no"], 9, (8, 15), ""),
        ("Accept".to_owned(), String::new())
    );
    assert_eq!(said("over", &["booking.conflicts=yes"], 9, (8, 15), "").0, "Accept");
}

fn answers_series() {
    let (mut host, mut other, mut room) = (shared::mailbox(), shared::mailbox(), room(&[]));
    let address = room.account.address.clone();
    let day = at(2, 9);
    let daily =
        |count: u32| recurrence("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", &day[..10], count);
    want(&mut other, &address, "theirs", 4, (9, 10), "");
    // One conflict is too many, unless some are allowed: then the occurrence is declined by itself.
    want(&mut host, &address, "whole", 2, (9, 10), &daily(5));
    assert_eq!(answer(&mut host, "whole").0, "Decline");
    assert_eq!(list(&mut room, "calendar").len(), 1);
    account_set(shared::server(), &address, &["booking.conflict_instances=1", "booking.conflict_percentage=10"]);
    want(&mut host, &address, "share", 2, (9, 10), &daily(5));
    assert_eq!(answer(&mut host, "share").0, "Decline");
    account_set(shared::server(), &address, &["booking.conflict_percentage=20"]);
    let id = want(&mut host, &address, "most", 2, (9, 10), &daily(5));
    let said = whole(&mut host, "inbox");
    let of = |word: &str| -> Vec<&Node> { said.iter().filter(|one| one.text("t:Subject") == Some(word)).collect() };
    let (accepted, declined) = (of("Accepted: most"), of("Declined: most"));
    assert!(accepted[0].text("t:Body").unwrap().contains(&at(4, 9)[..10]), "{accepted:#?}");
    assert_eq!(declined.len(), 1);
    check(declined[0], &[("Start", &at(4, 9))]);
    assert_eq!(resource(&mut host, &id.bare()), "Accept");
    assert_eq!(
        (resource(&mut host, &index(&id, 3)), resource(&mut host, &index(&id, 2))),
        ("Decline".into(), "Accept".into())
    );
    let series = whole(&mut room, "calendar").into_iter().find(|one| one.find("t:Recurrence").is_some()).unwrap();
    check(&series, &[("MyResponseType", "Accept"), ("LegacyFreeBusyStatus", "Busy")]);
    assert_eq!(series.all("t:DeletedOccurrences/t:DeletedOccurrence").len(), 1);
    // One occurrence moves: it is asked for by itself.
    let moved = set("calendar:Start", &format!("<t:Start>{}</t:Start>", at(4, 12)))
        + &set("calendar:End", &format!("<t:End>{}</t:End>", at(4, 13)));
    update_to(&mut host, &index(&id, 3), "SendOnlyToAll", &moved);
    assert_eq!(resource(&mut host, &index(&id, 3)), "Accept");
    host.one(&delete_as("HardDelete", &index(&id, 1)).replace("SendToNone", "SendOnlyToAll"));
    let series = get_by(&mut room, &Id::of(&series).bare());
    assert_eq!((series.all("t:DeletedOccurrences/*").len(), series.all("t:ModifiedOccurrences/*").len()), (1, 1));
    // Booked as far as can be booked.
    account_set(shared::server(), &address, &["booking.window_days=8", "booking.enforce_window=no"]);
    let id = want(&mut host, &address, "ahead", 2, (14, 15), &daily(100));
    let (answer, text) = answer(&mut host, "ahead");
    assert!(answer == "Accept" && text.contains(&at(8, 9)[..10]), "{text}");
    let uid = all(&mut host, &id).text("t:UID").map(str::to_owned);
    let booked = whole(&mut room, "calendar").into_iter().find(|one| one.text("t:UID") == uid.as_deref()).unwrap();
    assert_eq!(booked.text("t:LastOccurrence/t:Start"), Some(at(8, 14).as_str()));
}

fn keeps_what_it_is_told_to() {
    let changes = [
        "booking.delete_subject=no",
        "booking.delete_comments=no",
        "booking.remove_private=no",
        "booking.tell_organizers=no",
    ];
    let (mut host, mut room) = (shared::mailbox(), room(&changes));
    let address = room.account.address.clone();
    want(&mut host, &address, "plan", 3, (9, 10), "");
    let subject = format!("{} plan", name(&host));
    let booked = one_of(&mut room, "calendar", "CalendarItem");
    check(&booked, &[("Subject", &subject), ("Body", "agenda"), ("Sensitivity", "Private")]);
    want(&mut host, &address, "again", 3, (9, 10), "");
    let (_, why) = answer(&mut host, "again");
    assert!(why.contains("09:00 to") && !why.contains(&name(&host)), "{why}");
    let letter = b"From: a@far.test\r\nSubject: offer\r\n\r\nwords\r\n";
    deliver(shared::server().lmtp(), &address, letter);
    assert!(list(&mut room, "inbox").is_empty());
    assert!(subjects(&mut room, "deleteditems").contains(&"offer".to_owned()));
    account_set(shared::server(), &address, &["booking.delete_mail=no"]);
    deliver(shared::server().lmtp(), &address, letter);
    assert_eq!(subjects(&mut room, "inbox"), ["offer"]);
}

fn is_like_a_person_unless_it_answers() {
    let (mut host, mut room) = (shared::mailbox(), room(&["booking.auto_accept=no"]));
    let address = room.account.address.clone();
    let members = format!("<t:Subject>plan</t:Subject>{}{}", times(&at(3, 9), &at(3, 10)), people(&[&address]));
    let id =
        Id::of(host.one(&create_request(&event(&members)).replace("SendToNone", "SendOnlyToAll")).want("m:Items/*"));
    assert_eq!(tracked(&mut host, &id.bare()).0, "Unknown");
    check(&one_of(&mut room, "inbox", "MeetingRequest"), &[("HasBeenProcessed", "true")]);
    check(
        &one_of(&mut room, "calendar", "CalendarItem"),
        &[("LegacyFreeBusyStatus", "Tentative"), ("Subject", "plan")],
    );
}

/// An event of somebody's, in UTC.
fn theirs(uid: &str, host: &str, room: &str, sequence: i32, start: &str, end: &str) -> String {
    let time = |text: &str| text.replace([':', '-'], "");
    format!(
        "BEGIN:VEVENT\nUID:{uid}\nSEQUENCE:{sequence}\nDTSTAMP:20261101T1000{sequence:02}Z\nSUMMARY:plan\nDTSTART:{}\nDTEND:{}\n\
         ORGANIZER;CN=Far Boss:mailto:{host}\nATTENDEE;CUTYPE=ROOM;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{room}\nEND:VEVENT\n",
        time(start),
        time(end)
    )
}

fn answers_people_elsewhere() {
    let smarthost = Smarthost::start();
    let server =
        Demo::start(Options::default().set("courier.smarthost", smarthost.address).set("courier.retry_seconds", 1));
    let own: Account = server.accounts[0].clone();
    let mut room = Ews::connect(&server, &own);
    let address = own.address.as_str();
    let receive = |method: &str, event: &str| {
        deliver(server.lmtp(), address, &mail("boss@far.test", method, &calendar(method, event)));
    };
    account_set(&server, address, &["resource=room", "zone=UTC"]);
    // Strangers book nothing, unless they may.
    let first = theirs("far-1", "boss@far.test", address, 0, &at(3, 9), &at(3, 10));
    receive("REQUEST", &first);
    check(&one_of(&mut room, "inbox", "MeetingRequest"), &[("HasBeenProcessed", "false")]);
    assert!(list(&mut room, "calendar").is_empty());
    account_set(&server, address, &["booking.external=yes"]);
    receive("REQUEST", &first);
    let letter = until_letters(&smarthost, "boss@far.test", 1);
    assert_eq!(letter.header("Subject").as_deref(), Some("Accepted: plan"));
    let text = calendar_of(&letter);
    assert_lines(&text, &["METHOD:REPLY", "UID:far-1", "ORGANIZER;CN=Far Boss:mailto:boss@far.test"]);
    assert!(text.contains("PARTSTAT=ACCEPTED") && text.contains(&format!("mailto:{address}")), "{text}");
    check(&one_of(&mut room, "calendar", "CalendarItem"), &[("Subject", "Far Boss"), ("LegacyFreeBusyStatus", "Busy")]);
    receive("REQUEST", &theirs("far-2", "boss@far.test", address, 0, &at(3, 9), &at(3, 11)));
    let letter = until_letters(&smarthost, "boss@far.test", 2);
    assert_eq!(letter.header("Subject").as_deref(), Some("Declined: plan"));
    assert!(letter.text().contains("Far Boss") && calendar_of(&letter).contains("PARTSTAT=DECLINED"));
    // A forged cancellation frees nothing, the organizer's does.
    let cancelled = first.replace("SEQUENCE:0", "SEQUENCE:1");
    deliver(server.lmtp(), address, &mail("mallory@far.test", "CANCEL", &calendar("CANCEL", &cancelled)));
    assert_eq!(starts(&mut room), [at(3, 9)]);
    receive("CANCEL", &cancelled);
    assert!(list(&mut room, "calendar").is_empty());
    assert_eq!(smarthost.letters_to("boss@far.test").len(), 2);
}

/// Whoever is here and writes by other ways than EWS is answered by the queue.
fn answers_mail_of_people_here() {
    let (mut host, room) = (shared::mailbox(), room(&[]));
    let (from, address) = (host.account.address.clone(), room.account.address.clone());
    let uid = format!("own-9@{from}");
    let mine = format!(
        "<t:Subject>plan</t:Subject><t:UID>{uid}</t:UID>{}{}",
        times(&at(3, 9), &at(3, 10)),
        people(&[&address])
    );
    let id = create(&mut host, &mine);
    let event = theirs(&uid, &from, &address, 0, &at(3, 9), &at(3, 10));
    deliver(shared::server().lmtp(), &address, &mail(&from, "REQUEST", &calendar("REQUEST", &event)));
    wait::true_within("the room's answer", wait::LONG, || !list(&mut host, "inbox").is_empty());
    check(&one_of(&mut host, "inbox", "MeetingResponse"), &[("ResponseType", "Accept"), ("Subject", "Accepted: plan")]);
    assert_eq!(tracked(&mut host, &id.bare()).0, "Accept");
}
