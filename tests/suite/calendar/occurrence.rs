//! Meetings of which one occurrence is meant, and all others are to stay as they are (MS-OXWSMTGS 3.1.4).

use super::imip::{receive, theirs};
use super::items::{delete_as, rows, set, times, update, update_request};
use super::meeting::{invite, one_of, people, respond, series, tracked, update_to, whole};
use super::series::{BERLIN, get_by, index, recurrence};
use crate::support::ews::Ews;
use crate::support::ops::{Id, list};
use crate::support::shared;

crate::tests![
    leaves_the_series_to_itself,
    takes_away_what_is_cancelled_alone,
    keeps_dates_of_a_series_apart,
    takes_no_older_cancellation,
    is_cancelled_for_who_has_one_date,
    changes_what_stays_where_it_is,
];

/// An organizer and somebody who is invited to a series of five days, with the ids that the two have of it.
fn invited() -> (Ews, Id, Ews, Id) {
    let (mut host, mut guest) = (shared::mailbox(), shared::mailbox());
    let id = series(&mut host, &[&guest.account.address.clone()]);
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    (host, id, guest, copy)
}

fn starts(ews: &mut Ews) -> Vec<String> {
    let rows = rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    rows.into_iter().map(|(_, start, _)| start).collect()
}

/// What is answered to an occurrence that is no more is no answer to the series.
fn leaves_the_series_to_itself() {
    let (mut host, id, mut guest, copy) = invited();
    let place = set("calendar:Location", "<t:Location>Yard</t:Location>");
    update_to(&mut host, &index(&id, 2), "SendOnlyToAll", &place);
    let request = whole(&mut guest, "inbox").into_iter().find(|one| one.find("t:Recurrence").is_none()).unwrap();
    guest.one(&delete_as("HardDelete", &index(&copy, 2)));
    let is_gone = "ErrorCalendarOccurrenceIsDeletedFromRecurrence";
    assert_eq!(guest.error(&respond("DeclineItem", &Id::of(&request), "SendOnly", "")), is_gone);
    assert_eq!(starts(&mut guest).len(), 4);
    assert!(list(&mut host, "inbox").is_empty() && list(&mut guest, "deleteditems").is_empty());
    assert_eq!(tracked(&mut host, &id.bare()).0, "Unknown");
}

/// What was cancelled once and takes place again stays, as do the other occurrences.
fn takes_away_what_is_cancelled_alone() {
    let (mut host, id, mut guest, copy) = invited();
    let cancel = |host: &mut Ews, number: i32| {
        host.one(&delete_as("HardDelete", &index(&id, number)).replace("SendToNone", "SendOnlyToAll"));
    };
    cancel(&mut host, 4);
    let fourth = Id::of(&get_by(&mut guest, &index(&copy, 4)));
    guest.one(&respond("RemoveItem", &fourth, "SaveOnly", ""));
    assert_eq!(starts(&mut guest).len(), 4);
    let third = Id::of(&get_by(&mut guest, &index(&copy, 3)));
    assert_eq!(guest.error(&respond("RemoveItem", &third, "SaveOnly", "")), "ErrorInvalidItemForOperationRemoveItem");
    let cancellation = one_of(&mut guest, "inbox", "MeetingCancellation");
    // Now the series is an hour later on all five days.
    let later = set("calendar:Start", "<t:Start>2026-12-01T09:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-01T10:00:00Z</t:End>");
    update_to(&mut host, &id.bare(), "SendOnlyToAll", &later);
    assert_eq!(starts(&mut guest).len(), 5);
    guest.one(&respond("RemoveItem", &Id::of(&cancellation), "SaveOnly", ""));
    assert_eq!(starts(&mut guest).len(), 5);
    cancel(&mut host, 2);
    let cancellation = one_of(&mut guest, "inbox", "MeetingCancellation");
    let every_other = recurrence("<t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence>", "2026-12-01", 3);
    update_to(&mut host, &id.bare(), "SendOnlyToAll", &set("calendar:Recurrence", &every_other));
    guest.one(&respond("RemoveItem", &Id::of(&cancellation), "SaveOnly", ""));
    assert_eq!(starts(&mut guest), ["2026-12-01T09:00:00Z", "2026-12-03T09:00:00Z", "2026-12-05T09:00:00Z"]);
    assert_eq!(list(&mut guest, "calendar").len(), 1);
}

fn subjects(ews: &mut Ews) -> Vec<(String, String, String)> {
    rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
}

fn told(day: u32, subject: &str, kind: &str) -> (String, String, String) {
    (subject.to_owned(), format!("2026-12-{day:02}T08:00:00Z"), kind.to_owned())
}

/// The day of December on which a series elsewhere has the occurrence that a message is about.
fn of_day(day: u32) -> String {
    format!("RECURRENCE-ID;TZID=Our Office:202612{day:02}T090000\n")
}

/// Somebody is invited to two dates, and then to all of them.
fn keeps_dates_of_a_series_apart() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    for day in [1, 3] {
        receive(&ews, "boss@far.test", "REQUEST", &theirs("far-dates", &own, 0, day, &of_day(day as u32)));
    }
    let forged = theirs("far-dates", &own, 9, 5, &of_day(5)).replace("boss@far.test", "mallory@far.test");
    receive(&ews, "mallory@far.test", "REQUEST", &forged);
    assert_eq!(subjects(&mut ews), [told(1, "plan", "Single"), told(3, "plan", "Single")]);
    let dates = whole(&mut ews, "inbox");
    let first = dates.iter().find(|one| one.text("t:Start") == Some("2026-12-01T08:00:00Z")).unwrap();
    ews.one(&respond("AcceptItem", &Id::of(first), "SaveOnly", ""));
    let copies = whole(&mut ews, "calendar");
    let said: Vec<_> = copies.iter().map(|one| (one.text("t:Start"), one.text("t:MyResponseType"))).collect();
    assert!(said.contains(&(Some("2026-12-01T08:00:00Z"), Some("Accept"))), "{said:?}");
    assert!(said.contains(&(Some("2026-12-03T08:00:00Z"), Some("NoResponseReceived"))), "{said:?}");
    let gone = theirs("far-dates", &own, 1, 1, &format!("{}STATUS:CANCELLED\n", of_day(1)));
    receive(&ews, "boss@far.test", "CANCEL", &gone);
    assert_eq!(subjects(&mut ews), [told(1, "Canceled: plan", "Single"), told(3, "plan", "Single")]);
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-dates", &own, 2, 1, "RRULE:FREQ=DAILY;COUNT=4\n"));
    assert_eq!(subjects(&mut ews), [1, 2, 3, 4].map(|day| told(day, "plan", "Occurrence")));
    let series = one_of(&mut ews, "calendar", "CalendarItem");
    assert!(get_by(&mut ews, &Id::of(&series).bare()).find("t:RecurrenceId").is_none());
}

/// An occurrence that was told anew after it was cancelled takes place.
fn takes_no_older_cancellation() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    let from = |ews: &Ews, method: &str, event: &str| receive(ews, "boss@far.test", method, event);
    let third = |sequence: i32, more: &str| {
        let third = theirs("far-late", &own, sequence, 3, &format!("{}{more}", of_day(3)));
        third.replace("T090000\nDTEND;TZID=Our Office:20261203T10", "T150000\nDTEND;TZID=Our Office:20261203T16")
    };
    from(&ews, "REQUEST", &theirs("far-late", &own, 0, 1, "RRULE:FREQ=DAILY;COUNT=4\n"));
    from(&ews, "REQUEST", &third(2, ""));
    from(&ews, "CANCEL", &third(1, "STATUS:CANCELLED\n"));
    let at_third = |ews: &mut Ews| subjects(ews).swap_remove(2);
    let moved = |subject: &str| (subject.to_owned(), "2026-12-03T14:00:00Z".to_owned(), "Exception".to_owned());
    assert_eq!(at_third(&mut ews), moved("plan"));
    from(&ews, "CANCEL", &third(3, "STATUS:CANCELLED\n"));
    assert_eq!(at_third(&mut ews), moved("Canceled: plan"));
    assert_eq!(subjects(&mut ews).len(), 4);
}

/// The organizer has put two occurrences onto one day, which is in nobody's way who changes something else of them.
fn changes_what_stays_where_it_is() {
    let mut ews = shared::mailbox();
    let own = ews.account.address.clone();
    receive(&ews, "boss@far.test", "REQUEST", &theirs("far-near", &own, 0, 1, "RRULE:FREQ=DAILY;COUNT=4\n"));
    let third = theirs("far-near", &own, 1, 2, &of_day(3));
    let third =
        third.replace("T090000\nDTEND;TZID=Our Office:20261202T10", "T150000\nDTEND;TZID=Our Office:20261202T16");
    receive(&ews, "boss@far.test", "REQUEST", &third);
    let copy = Id::of(&one_of(&mut ews, "calendar", "CalendarItem"));
    let time = set("calendar:Start", "<t:Start>2026-12-02T14:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T15:00:00Z</t:End>");
    let mine = set("item:Categories", "<t:Categories><t:String>mine</t:String></t:Categories>");
    update(&mut ews, &index(&copy, 3), &(mine + &time));
    let shown = get_by(&mut ews, &index(&copy, 3));
    let told = (shown.text("t:Start"), shown.text("t:Categories/t:String"));
    assert_eq!(told, (Some("2026-12-02T14:00:00Z"), Some("mine")));
    let elsewhere = time.replace("T14:", "T13:");
    assert_eq!(ews.error(&update_request(&index(&copy, 3), &elsewhere)), "ErrorOccurrenceCrossingBoundary");
}

/// Who was invited to one date of a series hears that it is no more.
fn is_cancelled_for_who_has_one_date() {
    let (mut host, mut guest, mut other) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let (a, b) = (guest.account.address.clone(), other.account.address.clone());
    let daily = recurrence("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", "2096-12-03", 5);
    let members = format!(
        "<t:Subject>daily</t:Subject>{}{}{daily}{BERLIN}",
        times("2096-12-03T09:00:00", "2096-12-03T10:00:00"),
        people(&[&a])
    );
    let id = Id::of(host.one(&invite("SendOnlyToAll", &members)).want("m:Items/*"));
    update_to(&mut host, &index(&id, 2), "SendOnlyToAll", &set("calendar:RequiredAttendees", &people(&[&a, &b])));
    let copy = one_of(&mut other, "calendar", "CalendarItem");
    assert_eq!((copy.text("t:Start"), copy.text("t:IsCancelled")), (Some("2096-12-04T08:00:00Z"), Some("false")));
    host.one(&delete_as("HardDelete", &id.bare()).replace("SendToNone", "SendOnlyToAll"));
    for ews in [&mut guest, &mut other] {
        assert_eq!(one_of(ews, "calendar", "CalendarItem").text("t:IsCancelled"), Some("true"));
        let told = one_of(ews, "inbox", "MeetingCancellation");
        assert_eq!(told.text("t:Subject"), Some("Canceled: daily"));
    }
}
