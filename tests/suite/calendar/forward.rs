//! Invitations that are passed on (MS-OXWSMTGS 3.1.4.4, MS-OXOCAL 2.2.7): who gets what, who is told, what stays as it is.

use super::imip;
use super::items::{set, times, update_request};
use super::meeting::{invite, meeting, one_of, people, respond, update_to, whole};
use super::series::{BERLIN, daily, get_by, index};
use crate::support::demo::Account;
use crate::support::ews::Ews;
use crate::support::ops::{Id, get, list, shape};
use crate::support::shared;
use crate::support::smtp::Smarthost;
use crate::support::xml::Node;

crate::tests![
    lets_others_accept,
    passes_one_date_on,
    changes_nothing_for_who_is_invited,
    leaves_other_forwards_mail,
    reaches_people_elsewhere,
];

const NOTIFICATION: &str = "IPM.Schedule.Meeting.Notification.Forward";

fn to(list: &str, addresses: &[&str]) -> String {
    let all: String = addresses
        .iter()
        .map(|address| format!("<t:Mailbox><t:EmailAddress>{address}</t:EmailAddress></t:Mailbox>"))
        .collect();
    format!("<t:{list}>{all}</t:{list}>")
}

fn forward(id: &Id, how: &str, people: &str, text: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"{how}\"><m:Items><t:ForwardItem>{people}<t:ReferenceItemId Id=\"{}\"/>{text}\
         </t:ForwardItem></m:Items></m:CreateItem>",
        id.id
    )
}

/// The addresses of those who are invited, in their lists.
fn invited(item: &Node) -> Vec<String> {
    let lists = ["t:RequiredAttendees/t:Attendee", "t:OptionalAttendees/t:Attendee"];
    let all = lists.iter().flat_map(|path| item.all(path));
    all.map(|one| one.text("t:Mailbox/t:EmailAddress").unwrap().to_owned()).collect()
}

fn addresses<const N: usize>(all: [&Ews; N]) -> [String; N] {
    all.map(|one| one.account.address.clone())
}

fn address_of(item: &Node, path: &str) -> String {
    item.want(path).text("t:Mailbox/t:EmailAddress").unwrap().to_owned()
}

/// Whoever gets it is invited by the organizer, who hears of it, and of the answer; updates follow then.
fn lets_others_accept() {
    let (mut ann, mut bob, mut carol, dora) =
        (shared::mailbox(), shared::mailbox(), shared::mailbox(), shared::mailbox());
    let [anns, bobs, carols, doras] = addresses([&ann, &bob, &carol, &dora]);
    let id = meeting(&mut ann, "plan", &[&bobs]);
    let copy = Id::of(&one_of(&mut bob, "calendar", "CalendarItem"));
    let text = "<t:NewBodyContent BodyType=\"Text\">come along</t:NewBodyContent>";
    let lists = to("ToRecipients", &[&carols]) + &to("CcRecipients", &[&doras]);
    let answer = bob.one(&forward(&copy, "SendAndSaveCopy", &lists, text));
    assert!(answer.all("m:Items/*").is_empty());

    let request = one_of(&mut carol, "inbox", "MeetingRequest");
    let own = one_of(&mut ann, "calendar", "CalendarItem");
    for (name, text) in [
        ("ItemClass", "IPM.Schedule.Meeting.Request"),
        ("Subject", "FW: plan"),
        ("Start", "2026-12-01T08:00:00Z"),
        ("Location", "Hall"),
        ("IntendedFreeBusyStatus", "Busy"),
        ("MeetingRequestType", "NewMeetingRequest"),
        ("HasBeenProcessed", "true"),
        ("UID", own.text("t:UID").unwrap()),
    ] {
        assert_eq!(request.text(&format!("t:{name}")), Some(text), "{name}: {request:#?}");
    }
    for (path, address) in [("t:Organizer", &anns), ("t:From", &anns), ("t:Sender", &bobs)] {
        assert_eq!(&address_of(&request, path), address, "{path}");
    }
    let body = request.text("t:Body").unwrap();
    assert!(body.starts_with("come along") && body.contains("agenda"), "{body}");
    assert_eq!(invited(&request), [anns.clone(), bobs.clone(), carols.clone(), doras.clone()]);
    let shown = one_of(&mut carol, "calendar", "CalendarItem");
    assert_eq!(shown.text("t:LegacyFreeBusyStatus"), Some("Tentative"));
    assert_eq!(one_of(&mut bob, "sentitems", "MeetingRequest").text("t:Subject"), Some("FW: plan"));
    assert_eq!(list(&mut bob, "sentitems").len(), 1, "the notification is the organizer's");
    let icon = get(&mut bob, &copy, &shape("IdOnly", &["item:IconIndex"]));
    assert_eq!(icon.text("t:IconIndex"), Some("MailForwarded"));

    let told = one_of(&mut ann, "inbox", "MeetingMessage");
    for (name, text) in [("ItemClass", NOTIFICATION), ("Subject", "Meeting Forward Notification: plan")] {
        assert_eq!(told.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert_eq!((address_of(&told, "t:From"), told.text("t:UID")), (bobs.clone(), own.text("t:UID")));
    let body = told.text("t:Body").unwrap();
    for part in [carols.as_str(), doras.as_str(), "When: 2026-12-01 09:00 to 2026-12-01 10:00"] {
        assert!(body.contains(part), "no {part} in {body}");
    }
    assert_eq!(invited(&own), std::slice::from_ref(&bobs), "nobody was asked by the organizer");

    carol.one(&respond("AcceptItem", &Id::of(&request), "SendAndSaveCopy", ""));
    let own = get_by(&mut ann, &id.bare());
    assert_eq!(invited(&own), [bobs.clone(), carols.clone()]);
    assert_eq!(own.text("t:OptionalAttendees/t:Attendee/t:ResponseType"), Some("Accept"));
    assert_eq!(one_of(&mut ann, "inbox", "MeetingResponse").text("t:Subject"), Some("Accepted: plan"));
    let later = set("calendar:Start", "<t:Start>2026-12-01T12:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-01T13:00:00Z</t:End>");
    update_to(&mut ann, &id.bare(), "SendToAllAndSaveCopy", &later);
    let shown = one_of(&mut carol, "calendar", "CalendarItem");
    assert_eq!(shown.text("t:Start"), Some("2026-12-01T12:00:00Z"));
}

/// Out of the request in the inbox; and one date of a series out of the calendar.
fn passes_one_date_on() {
    let (mut ann, mut bob, mut carol) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let [anns, bobs, carols] = addresses([&ann, &bob, &carol]);
    let members = format!(
        "<t:Subject>week</t:Subject>{}{}{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        people(&[&bobs]),
        daily(3)
    );
    ann.one(&invite("SendToAllAndSaveCopy", &members));
    let series = Id::of(&one_of(&mut bob, "calendar", "CalendarItem"));
    let second = Id::of(&get_by(&mut bob, &index(&series, 2)));
    bob.one(&forward(&second, "SendOnly", &to("ToRecipients", &[&carols]), ""));
    assert!(list(&mut bob, "sentitems").is_empty());
    let starts = |ews: &mut Ews| -> Vec<String> {
        let seen = super::items::rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
        seen.into_iter().map(|(_, start, _)| start).collect()
    };
    assert_eq!(starts(&mut carol), ["2026-12-02T08:00:00Z"]);
    let request = one_of(&mut carol, "inbox", "MeetingRequest");
    assert_eq!(address_of(&request, "t:Organizer"), anns);
    carol.one(&respond("AcceptItem", &Id::of(&request), "SendAndSaveCopy", ""));
    let own = Id::of(&one_of(&mut ann, "calendar", "CalendarItem"));
    assert_eq!(invited(&get_by(&mut ann, &index(&own, 2))), [bobs.clone(), carols.clone()]);
    assert_eq!(invited(&get_by(&mut ann, &index(&own, 1))), std::slice::from_ref(&bobs));

    let mut dora = shared::mailbox();
    let request = Id::of(&one_of(&mut bob, "inbox", "MeetingRequest"));
    let people = to("ToRecipients", &[&dora.account.address]);
    bob.one(&forward(&request, "SendOnly", &people, ""));
    let days = ["2026-12-01T08:00:00Z", "2026-12-02T08:00:00Z", "2026-12-03T08:00:00Z"];
    assert_eq!(starts(&mut dora), days);
    assert_eq!(whole(&mut ann, "inbox").iter().filter(|one| one.name == "t:MeetingMessage").count(), 2);
}

/// What a copy says is not what the organizer says.
fn changes_nothing_for_who_is_invited() {
    let (mut ann, mut bob, mut carol) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let [anns, bobs, carols] = addresses([&ann, &bob, &carol]);
    meeting(&mut ann, "plan", &[&bobs, &carols]);
    let copy = Id::of(&one_of(&mut bob, "calendar", "CalendarItem"));
    let elsewhere = set("calendar:Location", "<t:Location>Cellar</t:Location>")
        + &set("calendar:Start", "<t:Start>2026-12-01T08:30:00Z</t:Start>");
    bob.one(&update_request(&copy.bare(), &elsewhere));
    bob.one(&forward(&copy, "SendOnly", &to("ToRecipients", &[&carols, &anns]), ""));
    let shown = one_of(&mut carol, "calendar", "CalendarItem");
    assert_eq!((shown.text("t:Location"), shown.text("t:Start")), (Some("Hall"), Some("2026-12-01T08:00:00Z")));
    let all = whole(&mut carol, "inbox");
    let passed_on = all.iter().find(|one| one.text("t:Subject") == Some("FW: plan")).expect("it came");
    assert_eq!(passed_on.text("t:HasBeenProcessed"), Some("false"));
    let own = one_of(&mut ann, "calendar", "CalendarItem");
    assert_eq!((own.text("t:Location"), own.text("t:Start")), (Some("Hall"), Some("2026-12-01T08:00:00Z")));
}

fn leaves_other_forwards_mail() {
    let (mut ann, mut bob, mut carol) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let [bobs, carols] = addresses([&bob, &carol]);
    let people = to("ToRecipients", &[&carols]);
    // Nobody has to be told what the organizer does.
    let id = meeting(&mut ann, "own", &[&bobs]);
    ann.one(&forward(&id, "SendOnly", &people, ""));
    assert_eq!(one_of(&mut carol, "inbox", "MeetingRequest").text("t:Subject"), Some("FW: own"));
    assert!(list(&mut ann, "inbox").is_empty());
    assert_eq!(ann.error(&forward(&id, "SendOnly", "", "")), "ErrorMissingRecipients");
    assert_eq!(ann.error(&forward(&id, "SendOnly", &to("ToRecipients", &["nobody"]), "")), "ErrorInvalidRecipients");
    // What is saved is a draft; an appointment is nobody's meeting.
    let draft = ann.one(&forward(&id, "SaveOnly", &people, ""));
    assert_eq!(draft.want("m:Items/*").name, "t:Message");
    let plain = super::items::create(&mut ann, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    ann.one(&forward(&plain, "SendOnly", &people, ""));
    assert_eq!(whole(&mut carol, "inbox").iter().filter(|one| one.name == "t:Message").count(), 1);
    // Nor is what was called off passed on as something to come to.
    ann.one(&super::items::delete_as("MoveToDeletedItems", &id.bare()).replace("SendToNone", "SendToAllAndSaveCopy"));
    let copy = Id::of(&one_of(&mut bob, "calendar", "CalendarItem"));
    bob.one(&forward(&copy, "SendOnly", &people, ""));
    assert_eq!(whole(&mut carol, "inbox").iter().filter(|one| one.name == "t:Message").count(), 2);
}

/// They get it from whoever passes it on; an organizer elsewhere is asked by their answer alone.
fn reaches_people_elsewhere() {
    let smarthost = Smarthost::start();
    let server = imip::server(&smarthost);
    let account = |at: usize| -> Account { server.accounts[at].clone() };
    let (mut ann, mut bob) = (Ews::connect(&server, &account(0)), Ews::connect(&server, &account(1)));
    let [anns, bobs] = addresses([&ann, &bob]);
    meeting(&mut ann, "plan", &[&bobs]);
    let copy = Id::of(&one_of(&mut bob, "calendar", "CalendarItem"));
    bob.one(&forward(&copy, "SendOnly", &to("ToRecipients", &["eve@far.test"]), ""));
    let letter = imip::until_letters(&smarthost, "eve@far.test", 1);
    let from = letter.header("From").unwrap();
    assert!(from.contains(&bobs) && !from.contains(&anns), "{from}");
    let told = imip::calendar_of(&letter);
    imip::assert_lines(&told, &["METHOD:REQUEST"]);
    let organizer = told.lines().find(|line| line.starts_with("ORGANIZER")).unwrap();
    assert!(organizer.to_ascii_lowercase().ends_with(&anns.to_ascii_lowercase()), "{organizer}");
    assert!(told.lines().any(|line| line.starts_with("ATTENDEE") && line.ends_with("eve@far.test")), "{told}");
    assert_eq!(one_of(&mut ann, "inbox", "MeetingMessage").text("t:ItemClass"), Some(NOTIFICATION));

    let theirs = imip::calendar("REQUEST", &imip::theirs("far-1", &bobs, 0, 3, ""));
    crate::support::lmtp::deliver(server.lmtp(), &bobs, &imip::mail("boss@far.test", "REQUEST", &theirs));
    let all = whole(&mut bob, "inbox");
    let request = all.iter().find(|one| one.text("t:UID") == Some("far-1")).expect("it came");
    bob.one(&forward(&Id::of(request), "SendOnly", &to("ToRecipients", &[&anns, "eve@far.test"]), ""));
    let letter = imip::until_letters(&smarthost, "eve@far.test", 2);
    imip::assert_lines(&imip::calendar_of(&letter), &["METHOD:REQUEST", "UID:far-1"]);
    let shown = whole(&mut ann, "calendar").into_iter().find(|one| one.text("t:UID") == Some("far-1")).expect("asked");
    ann.one(&respond("AcceptItem", &Id::of(&shown), "SendOnly", ""));
    let answer = imip::until_letters(&smarthost, "boss@far.test", 1);
    imip::assert_lines(&imip::calendar_of(&answer), &["METHOD:REPLY", "UID:far-1"]);
}
