//! Private items (Sensitivity Private) in a calendar that others may read: when they are, and nothing else.

use super::items::{create, delete_as, set, times, update, update_request};
use super::series::{BERLIN, daily, index};
use crate::support::ews::{Ews, code};
use crate::support::ops::{Id, find_request, get, get_request, shape, sync_request};
use crate::support::shared;
use crate::support::sharing::{give_request, lend, named, person};
use crate::support::xml::Node;

crate::tests![
    is_hidden_in_views_and_lists,
    is_hidden_whole,
    cannot_be_changed_or_taken_away,
    is_found_by_nothing_that_is_hidden,
    hides_single_occurrences,
    stays_hidden_in_a_copied_folder,
    guards_single_occurrences,
];

const PRIVATE: &str = "<t:Sensitivity>Private</t:Sensitivity>";

struct Two {
    owner: Ews,
    reader: Ews,
}

/// A calendar that another has rights on.
fn two(level: &str) -> Two {
    let (mut owner, reader) = (shared::mailbox(), shared::mailbox());
    let level = format!("<t:CalendarPermissionLevel>{level}</t:CalendarPermissionLevel>");
    let entry = person(&reader.account.address, &level).replace("t:Permission>", "t:CalendarPermission>");
    owner.one(&give_request("calendar", "CalendarFolder", "CalendarPermissions", &entry));
    Two { owner, reader }
}

fn item(ews: &mut Ews, subject: &str, hour: u32, more: &str) -> Id {
    let at = |minute: &str| format!("2026-12-01T{hour:02}:{minute}:00Z");
    create(
        ews,
        &format!(
            "<t:Subject>{subject}</t:Subject>{more}<t:Body BodyType=\"Text\">words of {subject}</t:Body>\
             <t:Categories><t:String>Red</t:String></t:Categories>{}<t:LegacyFreeBusyStatus>OOF</t:LegacyFreeBusyStatus>\
             <t:Location>Clinic</t:Location>",
            times(&at("00"), &at("30"))
        ),
    )
}

/// FindItem in the owner's calendar.
fn look(two: &Two, shape: &str, more: &str) -> String {
    let own = "<t:DistinguishedFolderId Id=\"calendar\"/>";
    find_request("calendar", shape, more).replace(own, &named(&two.owner.account.address, "calendar"))
}

fn rows(message: &Node) -> Vec<(String, bool)> {
    let row = |item: &&Node| (item.text("t:Subject").unwrap_or("-").to_owned(), item.get("t:Location").is_some());
    message.all("m:RootFolder/t:Items/*").iter().map(row).collect()
}

fn is_hidden_in_views_and_lists() {
    let mut two = two("Reviewer");
    item(&mut two.owner, "open", 9, "");
    item(&mut two.owner, "doctor", 10, PRIVATE);
    item(&mut two.owner, "secret", 11, "<t:Sensitivity>Confidential</t:Sensitivity>");
    let shape = shape("Default", &["item:Sensitivity", "calendar:LegacyFreeBusyStatus", "item:Categories"]);
    let view = "<m:CalendarView StartDate=\"2026-12-01T00:00:00Z\" EndDate=\"2026-12-02T00:00:00Z\"/>";
    for more in [view, ""] {
        let request = look(&two, &shape, more);
        let found = two.reader.one(&request);
        let mut told = rows(&found);
        told.sort();
        let wanted = [("Private Appointment", false), ("open", true), ("secret", true)];
        assert_eq!(told, wanted.map(|(subject, place)| (subject.to_owned(), place)));
        let hidden =
            found.all("m:RootFolder/t:Items/*").into_iter().find(|one| one.get("t:Location").is_none()).unwrap();
        assert_eq!(hidden.text("t:Sensitivity"), Some("Private"));
        assert_eq!(hidden.text("t:LegacyFreeBusyStatus"), Some("OOF"));
        assert_eq!(hidden.text("t:Start"), Some("2026-12-01T10:00:00Z"));
        assert!(hidden.get("t:Categories").is_none() && hidden.get("t:Organizer").is_none(), "{hidden:#?}");
    }
    let own = two.owner.one(&find_request("calendar", &shape, view));
    assert!(rows(&own).contains(&("doctor".to_owned(), true)), "its owner sees it");
    let sync = sync_request("calendar", "", 100, &shape)
        .replace("<t:DistinguishedFolderId Id=\"calendar\"/>", &named(&two.owner.account.address, "calendar"));
    let told = two.reader.one(&sync);
    let subjects: Vec<&str> = told.find_all("t:Subject").iter().map(|one| one.text.as_str()).collect();
    assert!(subjects.contains(&"Private Appointment") && !subjects.contains(&"doctor"), "{subjects:?}");
}

fn is_hidden_whole() {
    let mut two = two("Editor");
    let id = item(&mut two.owner, "doctor", 10, PRIVATE);
    let whole = shape("AllProperties", &["item:TextBody", "item:ReminderMinutesBeforeStart", "calendar:Organizer"]);
    let seen = get(&mut two.reader, &id, &whole);
    assert_eq!(seen.text("t:Subject"), Some("Private Appointment"));
    assert_eq!((seen.text("t:Start"), seen.text("t:IsAllDayEvent")), (Some("2026-12-01T10:00:00Z"), Some("false")));
    // Whatever has no body has an empty one.
    assert_eq!(seen.text("t:Body"), Some(""));
    for name in ["TextBody", "Location", "Organizer", "Categories", "Attachments", "ReminderMinutesBeforeStart"] {
        assert!(seen.get(&format!("t:{name}")).is_none(), "{name}: {seen:#?}");
    }
    assert_eq!(get(&mut two.owner, &id, &whole).text("t:Subject"), Some("doctor"));
    // Whoever made it, or owns the calendar as well, knows it.
    let own = "<t:DistinguishedFolderId Id=\"calendar\"/>";
    let request = super::items::create_request(&super::items::event(&format!(
        "<t:Subject>made</t:Subject>{PRIVATE}{}",
        times("2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z")
    )));
    let request = request.replace(own, &named(&two.owner.account.address, "calendar"));
    let made = Id::of(two.reader.one(&request).want("m:Items/*"));
    assert_eq!(get(&mut two.reader, &made, &whole).text("t:Subject"), Some("made"));
    let level = "<t:CalendarPermissionLevel>Owner</t:CalendarPermissionLevel>";
    let entry = person(&two.reader.account.address, level).replace("t:Permission>", "t:CalendarPermission>");
    two.owner.one(&give_request("calendar", "CalendarFolder", "CalendarPermissions", &entry));
    assert_eq!(get(&mut two.reader, &id, &whole).text("t:Subject"), Some("doctor"));
}

fn cannot_be_changed_or_taken_away() {
    let mut two = two("PublishingEditor");
    let id = item(&mut two.owner, "doctor", 10, PRIVATE);
    let open = item(&mut two.owner, "open", 11, "");
    let change = update_request(&id.bare(), &set("item:Subject", "<t:Subject>mine</t:Subject>"));
    assert_eq!(two.reader.error(&change), "ErrorAccessDenied");
    assert_eq!(two.reader.error(&delete_as("HardDelete", &id.bare())), "ErrorAccessDenied");
    for name in ["MoveItem", "CopyItem"] {
        let request = put(&two, name, "calendar", &format!("<m:ItemIds>{}</m:ItemIds>", id.bare()));
        assert_eq!(two.reader.error(&request), "ErrorAccessDenied", "{name}");
    }
    // What is not private can be.
    update(&mut two.reader, &open.bare(), &set("item:Subject", "<t:Subject>ours</t:Subject>"));
    two.reader.one(&delete_as("HardDelete", &open.bare()));
}

fn is_found_by_nothing_that_is_hidden() {
    let mut two = two("Reviewer");
    item(&mut two.owner, "open doctor", 9, "");
    item(&mut two.owner, "doctor", 10, PRIVATE);
    let contains = "<m:Restriction><t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\">\
        <t:FieldURI FieldURI=\"item:Subject\"/><t:Constant Value=\"doctor\"/></t:Contains></m:Restriction>";
    let shape = shape("IdOnly", &["item:Subject", "calendar:Location"]);
    let request = look(&two, &shape, contains);
    assert_eq!(rows(&two.reader.one(&request)), [("open doctor".to_owned(), true)]);
    assert_eq!(rows(&two.owner.one(&find_request("calendar", &shape, contains))).len(), 2);
}

/// An open series whose second date is private.
fn series(owner: &mut Ews) -> Id {
    let members = format!(
        "<t:Subject>five</t:Subject>{}{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        daily(5)
    );
    let series = create(owner, &members);
    let own = set("item:Sensitivity", PRIVATE) + &set("item:Subject", "<t:Subject>doctor</t:Subject>");
    update(owner, &index(&series, 2), &own);
    series
}

/// An operation that puts something into a folder of the owner's.
fn put(two: &Two, name: &str, into: &str, what: &str) -> String {
    format!("<m:{name}><m:ToFolderId>{}</m:ToFolderId>{what}</m:{name}>", named(&two.owner.account.address, into))
}

fn hides_single_occurrences() {
    let mut two = two("Reviewer");
    let series = series(&mut two.owner);
    let view = "<m:CalendarView StartDate=\"2026-12-01T00:00:00Z\" EndDate=\"2026-12-04T00:00:00Z\"/>";
    let request = look(&two, &shape("IdOnly", &["item:Subject"]), view);
    let found = two.reader.one(&request);
    let subjects: Vec<String> = rows(&found).into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(subjects, ["five", "Private Appointment", "five"]);
    let second = Id::of(found.all("m:RootFolder/t:Items/*")[1]);
    let seen = two.reader.ok(&get_request(&shape("AllProperties", &[]), &[&second, &series]));
    let subject = |at: usize| seen[at].text("m:Items/t:CalendarItem/t:Subject");
    assert_eq!((subject(0), subject(1), code(&seen[1])), (Some("Private Appointment"), Some("five"), "NoError"));
    let forward = |id: &Id| {
        format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:ForwardItem><t:ReferenceItemId Id=\"{}\"/>\
             </t:ForwardItem></m:Items></m:CreateItem>",
            id.id
        )
    };
    assert_eq!(two.reader.error(&forward(&second)), "ErrorAccessDenied");
    two.reader.one(&forward(&Id::of(found.all("m:RootFolder/t:Items/*")[2])));
}

/// Who copies a folder has not made what was private in it.
fn stays_hidden_in_a_copied_folder() {
    let mut two = two("PublishingEditor");
    let reader = two.reader.account.address.clone();
    lend(&mut two.owner, "inbox", &reader, "PublishingEditor");
    item(&mut two.owner, "open", 9, "");
    item(&mut two.owner, "doctor", 10, PRIVATE);
    series(&mut two.owner);
    let calendar = named(&two.owner.account.address, "calendar");
    let request = put(&two, "CopyFolder", "inbox", &format!("<m:FolderIds>{calendar}</m:FolderIds>"));
    let made = two.reader.one(&request);
    let copy = made.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned();
    let view = "<m:CalendarView StartDate=\"2026-12-01T00:00:00Z\" EndDate=\"2026-12-03T00:00:00Z\"/>";
    let seen = |ews: &mut Ews| {
        let found = ews.one(&find_request(&copy, &shape("IdOnly", &["item:Subject", "calendar:Location"]), view));
        let mut subjects: Vec<String> = rows(&found).into_iter().map(|(subject, _)| subject).collect();
        subjects.sort();
        subjects
    };
    let hidden = "Private Appointment";
    assert_eq!(seen(&mut two.reader), [hidden, hidden, "five", "open"]);
    assert_eq!(seen(&mut two.owner), ["doctor", "doctor", "five", "open"]);
}

fn guards_single_occurrences() {
    let mut two = two("PublishingEditor");
    let series = series(&mut two.owner);
    let change = update_request(&index(&series, 2), &set("item:Sensitivity", "<t:Sensitivity>Normal</t:Sensitivity>"));
    assert_eq!(two.reader.error(&change), "ErrorAccessDenied");
    assert_eq!(two.reader.error(&delete_as("HardDelete", &index(&series, 2))), "ErrorAccessDenied");
    for name in ["MoveItem", "CopyItem"] {
        let request = put(&two, name, "calendar", &format!("<m:ItemIds>{}</m:ItemIds>", series.bare()));
        assert_eq!(two.reader.error(&request), "ErrorAccessDenied", "{name}");
    }
    let whole = shape("IdOnly", &["item:Subject"]);
    let request = get_request(&whole, &[&series]).replace(&series.bare(), &index(&series, 2));
    let seen = two.owner.one(&request);
    assert_eq!(seen.text("m:Items/*/t:Subject"), Some("doctor"));
    // Its open dates can be changed and taken out.
    update(&mut two.reader, &index(&series, 3), &set("item:Subject", "<t:Subject>ours</t:Subject>"));
    two.reader.one(&delete_as("HardDelete", &index(&series, 4)));
}
