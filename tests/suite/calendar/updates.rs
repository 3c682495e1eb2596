//! What an update of a meeting says to those who are invited: no more and no less than what the organizer changed (MS-OXWSMTGS
//! 3.1.4.9).

use super::items::{all, rows, set, times, update};
use super::meeting::{invite, one_of, people, respond, series, tracked, update_to};
use super::series::{BERLIN, daily, get_by, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, field};
use crate::support::shared;

crate::tests![
    moves_once_with_another_zone,
    tells_of_occurrences_what_all_may_know,
    takes_away_what_the_organizer_takes_away,
    takes_away_what_one_occurrence_has_no_more,
];

/// The clocks on the wall say the same as before, also where the change is told.
fn moves_once_with_another_zone() {
    let (mut host, mut guest) = (shared::mailbox(), shared::mailbox());
    let address = guest.account.address.clone();
    let members = format!(
        "<t:Subject>plan</t:Subject>{}{}{BERLIN}",
        times("2026-07-07T09:00:00", "2026-07-07T10:00:00"),
        people(&[&address])
    );
    let id = Id::of(host.one(&invite("SendOnlyToAll", &members)).want("m:Items/*"));
    let tokyo = set("calendar:StartTimeZone", r#"<t:StartTimeZone Id="Tokyo Standard Time"/>"#)
        + &set("calendar:EndTimeZone", r#"<t:EndTimeZone Id="Tokyo Standard Time"/>"#);
    let id = update_to(&mut host, &id.xml(), "SendToAllAndSaveCopy", &tokyo);
    for item in [all(&mut host, &id), one_of(&mut guest, "calendar", "CalendarItem")] {
        let both = (item.text("t:Start"), item.text("t:End"));
        assert_eq!(both, (Some("2026-07-07T00:00:00Z"), Some("2026-07-07T01:00:00Z")));
    }
}

/// Start and kind of what stands in somebody's December.
fn december(ews: &mut Ews) -> Vec<(String, String)> {
    let rows = rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    rows.into_iter().map(|(_, start, kind)| (start, kind)).collect()
}

fn day(start: &str, kind: &str) -> (String, String) {
    (format!("2026-12-{start}:00:00Z"), kind.to_owned())
}

/// Of an occurrence with something of its own the others hear what it is, not what the organizer knows of it besides; and what
/// somebody has declined stays away.
fn tells_of_occurrences_what_all_may_know() {
    let (mut host, mut guest, mut other) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let id = series(&mut host, &[&guest.account.address.clone(), &other.account.address.clone()]);
    for (ews, number) in [(&mut guest, 2), (&mut other, 3)] {
        let copy = Id::of(&one_of(ews, "calendar", "CalendarItem"));
        let occurrence = Id::of(&get_by(ews, &index(&copy, number)));
        ews.one(&respond("DeclineItem", &occurrence, "SendOnly", ""));
    }
    assert_eq!(tracked(&mut host, &index(&id, 2)).0, "Decline");
    let own = set("calendar:Start", "<t:Start>2026-12-04T12:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-04T13:00:00Z</t:End>")
        + &set("item:Categories", "<t:Categories><t:String>mine</t:String></t:Categories>");
    update(&mut host, &index(&id, 4), &own);
    update_to(&mut host, &id.bare(), "SendOnlyToAll", &set("calendar:Location", "<t:Location>Yard</t:Location>"));
    let left =
        [day("01T08", "Occurrence"), day("03T08", "Occurrence"), day("04T12", "Exception"), day("05T08", "Occurrence")];
    assert_eq!(december(&mut guest), left);
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    let fourth = get_by(&mut guest, &index(&copy, 4));
    for (name, text) in [
        ("AppointmentState", "3"),
        ("MyResponseType", "NoResponseReceived"),
        ("LegacyFreeBusyStatus", "Tentative"),
        ("Location", "Yard"),
    ] {
        assert_eq!(fourth.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert!(fourth.find("t:Categories").is_none());
    let third = get_by(&mut guest, &index(&copy, 3));
    let said: Vec<Option<&str>> =
        third.all("t:RequiredAttendees/t:Attendee").iter().map(|one| one.text("t:ResponseType")).collect();
    assert_eq!(said, [Some("Organizer"), Some("Unknown"), Some("Unknown")]);
    assert_eq!(third.text("t:Location"), Some("Yard"));
}

fn delete(uri: &str) -> String {
    format!("<t:DeleteItemField>{}</t:DeleteItemField>", field(uri))
}

fn takes_away_what_the_organizer_takes_away() {
    let (mut host, mut guest, other) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let optional = people(&[&other.account.address]).replace("RequiredAttendees", "OptionalAttendees");
    let members = format!(
        "<t:Subject>daily</t:Subject><t:Body BodyType=\"Text\">agenda</t:Body>{}<t:Location>Hall</t:Location>{}{optional}{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        people(&[&guest.account.address.clone()]),
        daily(5)
    );
    let id = Id::of(host.one(&invite("SendOnlyToAll", &members)).want("m:Items/*"));
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert_eq!((copy.text("t:Body"), copy.all("t:OptionalAttendees/*").len()), (Some("agenda"), 1));
    let changes = delete("calendar:Location") + &delete("calendar:OptionalAttendees") + &delete("item:Body");
    let id = update_to(&mut host, &id.xml(), "SendOnlyToAll", &changes);
    let copy = one_of(&mut guest, "calendar", "CalendarItem");
    assert!(copy.find("t:Location").is_none() && copy.find("t:OptionalAttendees").is_none(), "{copy:#?}");
    assert_eq!((copy.text("t:Body").unwrap_or_default(), copy.text("t:DisplayCc").unwrap_or_default()), ("", ""));
    assert_eq!(copy.text("t:ReminderMinutesBeforeStart"), Some("15"), "the own one");
    assert_eq!(december(&mut guest).len(), 5);
    update_to(&mut host, &id.xml(), "SendOnlyToAll", &delete("calendar:Recurrence"));
    assert_eq!(december(&mut guest), [day("01T08", "Single")]);
}

fn takes_away_what_one_occurrence_has_no_more() {
    let (mut host, mut guest) = (shared::mailbox(), shared::mailbox());
    let id = series(&mut host, &[&guest.account.address.clone()]);
    let place = set("calendar:Location", "<t:Location>Yard</t:Location>");
    let id = update_to(&mut host, &id.xml(), "SendOnlyToAll", &place);
    update_to(&mut host, &index(&id, 2), "SendOnlyToAll", &delete("calendar:Location"));
    let copy = Id::of(&one_of(&mut guest, "calendar", "CalendarItem"));
    let places =
        [1, 2, 3].map(|number| get_by(&mut guest, &index(&copy, number)).text("t:Location").map(str::to_owned));
    assert_eq!(places, [Some("Yard".to_owned()), None, Some("Yard".to_owned())]);
    assert_eq!(december(&mut guest).len(), 5);
}
