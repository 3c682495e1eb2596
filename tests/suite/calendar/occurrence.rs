//! Meetings of which one occurrence is meant, and all others are to stay as they are (MS-OXWSMTGS 3.1.4).

use super::items::{delete_as, rows, set};
use super::meeting::{one_of, respond, series, tracked, update_to, whole};
use super::series::{get_by, index, recurrence};
use crate::support::ews::Ews;
use crate::support::ops::{Id, list};
use crate::support::shared;

crate::tests![leaves_the_series_to_itself, takes_away_what_is_cancelled_alone];

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
