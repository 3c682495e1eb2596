//! GetUserAvailability (MS-OXWAVLS): who is busy when, as far as the asking may know; when many could meet.

use super::items::{create, times, update, with_zone};
use super::series::{BERLIN, daily, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, find_request, get_folder, shape};
use crate::support::sharing::{entry, give_request, named, person};
use crate::support::xml::Node;
use crate::support::{message, shared};

crate::tests![
    tells_the_owner_everything,
    tells_others_by_their_rights,
    hides_what_is_private,
    reads_the_zone_in_every_form,
    tells_old_clients_the_offset,
    refuses_what_cannot_be_asked,
    answers_each_mailbox_by_itself,
    merges_the_members_of_a_group,
    knows_when_people_work,
    suggests_times,
    suggests_around_the_meeting_that_moves,
    looks_into_series_without_walking_there,
    tells_no_more_events_than_it_may,
];

/// The zone that every program here sends in another way.
const ZONE: &str = "<t:TimeZone><t:Bias>-60</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>03:00:00</t:Time>\
    <t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime>\
    <t:Bias>-60</t:Bias><t:Time>02:00:00</t:Time><t:DayOrder>5</t:DayOrder><t:Month>3</t:Month>\
    <t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>";

pub const UTC: &str = "<t:TimeZone><t:Bias>0</t:Bias><t:StandardTime><t:Bias>0</t:Bias><t:Time>00:00:00</t:Time>\
    <t:DayOrder>0</t:DayOrder><t:Month>0</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek></t:StandardTime><t:DaylightTime>\
    <t:Bias>0</t:Bias><t:Time>00:00:00</t:Time><t:DayOrder>0</t:DayOrder><t:Month>0</t:Month>\
    <t:DayOfWeek>Sunday</t:DayOfWeek></t:DaylightTime></t:TimeZone>";

fn mailbox(address: &str, kind: &str) -> String {
    format!(
        "<t:MailboxData><t:Email><t:Address>{address}</t:Address></t:Email><t:AttendeeType>{kind}</t:AttendeeType>\
         <t:ExcludeConflicts>false</t:ExcludeConflicts></t:MailboxData>"
    )
}

pub fn required(addresses: &[&str]) -> String {
    addresses.iter().map(|address| mailbox(address, "Required")).collect()
}

fn window(start: &str, end: &str) -> String {
    format!("<t:StartTime>{start}</t:StartTime><t:EndTime>{end}</t:EndTime>")
}

pub fn view(start: &str, end: &str, minutes: u32, kind: &str) -> String {
    format!(
        "<t:FreeBusyViewOptions><t:TimeWindow>{}</t:TimeWindow>\
         <t:MergedFreeBusyIntervalInMinutes>{minutes}</t:MergedFreeBusyIntervalInMinutes>\
         <t:RequestedView>{kind}</t:RequestedView></t:FreeBusyViewOptions>",
        window(start, end)
    )
}

pub fn request(zone: &str, mailboxes: &str, options: &str) -> String {
    format!(
        "<m:GetUserAvailabilityRequest>{zone}<m:MailboxDataArray>{mailboxes}</m:MailboxDataArray>{options}\
         </m:GetUserAvailabilityRequest>"
    )
}

fn answer(ews: &mut Ews, request: &str) -> Node {
    ews.call(request).envelope.want("s:Body/m:GetUserAvailabilityResponse").clone()
}

/// Of each mailbox.
pub fn responses(ews: &mut Ews, request: &str) -> Vec<Node> {
    answer(ews, request).want("m:FreeBusyResponseArray").children.clone()
}

fn code(response: &Node) -> &str {
    response.text("m:ResponseMessage/m:ResponseCode").unwrap_or_else(|| panic!("{response:#?}"))
}

/// The view of one mailbox on the first of December, in half hours from seven to twelve in Berlin.
fn morning(ews: &mut Ews, address: &str, kind: &str) -> Node {
    let options = view("2026-12-01T07:00:00", "2026-12-01T12:00:00", 30, kind);
    let mut all = responses(ews, &request(ZONE, &required(&[address]), &options));
    assert_eq!(all.len(), 1);
    let one = all.remove(0);
    assert_eq!(code(&one), "NoError", "{one:#?}");
    one.want("m:FreeBusyView").clone()
}

/// Start, kind and subject of each event.
pub fn events(view: &Node) -> Vec<(String, String, String)> {
    let text = |event: &Node, path: &str| event.text(path).unwrap_or("-").to_owned();
    let row = |event: &&Node| {
        (text(event, "t:StartTime"), text(event, "t:BusyType"), text(event, "t:CalendarEventDetails/t:Subject"))
    };
    view.all("t:CalendarEventArray/t:CalendarEvent").iter().map(row).collect()
}

fn row(start: &str, kind: &str, subject: &str) -> (String, String, String) {
    (format!("2026-12-01T{start}:00"), kind.to_owned(), subject.to_owned())
}

/// An item on the first of December by the clocks of Berlin.
fn item(ews: &mut Ews, subject: &str, start: &str, end: &str, more: &str) -> Id {
    let day = |time: &str| format!("2026-12-01T{time}:00");
    create(ews, &format!("<t:Subject>{subject}</t:Subject>{}{more}{BERLIN}", times(&day(start), &day(end))))
}

fn status(word: &str) -> String {
    format!("<t:LegacyFreeBusyStatus>{word}</t:LegacyFreeBusyStatus><t:Location>Hall</t:Location>")
}

/// A morning of every kind of item.
fn fill(ews: &mut Ews) {
    item(ews, "away", "07:00", "07:30", &status("OOF"));
    item(ews, "perhaps", "08:00", "08:45", &status("Tentative"));
    item(ews, "nothing", "09:00", "10:00", &status("Free"));
    item(ews, "elsewhere", "10:30", "11:00", &status("WorkingElsewhere"));
    item(ews, "work", "11:30", "13:00", &status("Busy"));
}

fn levels(owner: &mut Ews, entries: &str) {
    let entries = entries.replace("t:Permission>", "t:CalendarPermission>");
    owner.one(&give_request("calendar", "CalendarFolder", "CalendarPermissions", &entries));
}

fn level(name: &str) -> String {
    format!("<t:CalendarPermissionLevel>{name}</t:CalendarPermissionLevel>")
}

/// MS-OXWSMTGS_R16500 MS-OXWSMTGS_R16501 MS-OXWSMTGS_R16503 MS-OXWSMTGS_R16504
fn tells_the_owner_everything() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let none = morning(&mut ews, &address, "DetailedMerged");
    assert_eq!(none.text("t:MergedFreeBusy"), Some("0000000000"));
    assert!(none.get("t:CalendarEventArray").is_none(), "no array without events: {none:#?}");
    fill(&mut ews);
    let daily = format!(
        "<t:Subject>daily</t:Subject>{}{}{BERLIN}",
        times("2026-11-30T08:30:00", "2026-11-30T09:30:00"),
        daily(5)
    );
    let series = create(&mut ews, &daily.replace("2026-12-01</t:StartDate>", "2026-11-30</t:StartDate>"));
    let seen = morning(&mut ews, &address, "DetailedMerged");
    assert_eq!(seen.text("t:FreeBusyViewType"), Some("DetailedMerged"));
    assert_eq!(seen.text("t:MergedFreeBusy"), Some("3012200402"));
    assert_eq!(
        events(&seen),
        [
            row("07:00", "OOF", "away"),
            row("08:00", "Tentative", "perhaps"),
            row("08:30", "Busy", "daily"),
            row("09:00", "Free", "nothing"),
            row("10:30", "WorkingElsewhere", "elsewhere"),
            row("11:30", "Busy", "work"),
        ]
    );
    let all = seen.all("t:CalendarEventArray/t:CalendarEvent");
    assert_eq!(all[5].text("t:EndTime"), Some("2026-12-01T13:00:00"), "whole, though it sticks out");
    let details = |at: usize, name: &str| all[at].text(&format!("t:CalendarEventDetails/t:{name}")).map(str::to_owned);
    assert_eq!(details(0, "Location").as_deref(), Some("Hall"));
    assert!(
        details(0, "ID").is_some_and(|id| id.len() > 40 && id.bytes().all(|b| b.is_ascii_hexdigit())),
        "an entry id"
    );
    let flags = |at: usize| {
        ["IsMeeting", "IsRecurring", "IsException", "IsReminderSet", "IsPrivate"].map(|name| details(at, name).unwrap())
    };
    assert_eq!(flags(0), ["false", "false", "false", "true", "false"]);
    assert_eq!(flags(2), ["false", "true", "false", "true", "false"]);
    let changes = super::items::set("item:Subject", "<t:Subject>other</t:Subject>")
        + &super::items::set(
            "calendar:LegacyFreeBusyStatus",
            "<t:LegacyFreeBusyStatus>Tentative</t:LegacyFreeBusyStatus>",
        );
    update(&mut ews, &index(&series, 2), &changes);
    let seen = morning(&mut ews, &address, "Detailed");
    assert!(seen.get("t:MergedFreeBusy").is_none(), "nobody asked for digits");
    assert_eq!(events(&seen)[2], row("08:30", "Tentative", "other"));
    let exception = seen.all("t:CalendarEventArray/t:CalendarEvent")[2]
        .text("t:CalendarEventDetails/t:IsException")
        .map(str::to_owned);
    assert_eq!(exception.as_deref(), Some("true"));
    let plain = morning(&mut ews, &address, "FreeBusyMerged");
    assert_eq!((events(&plain).len(), plain.find("t:CalendarEventDetails").is_some()), (6, false));
    assert_eq!(plain.text("t:MergedFreeBusy"), Some("3011100402"));
    let digits = morning(&mut ews, &address, "MergedOnly");
    assert!(digits.get("t:CalendarEventArray").is_none() && digits.get("t:WorkingHours").is_some());
    ews.version = Some("Exchange2010_SP2");
    assert_eq!(
        morning(&mut ews, &address, "MergedOnly").text("t:MergedFreeBusy"),
        Some("3011100002"),
        "no digit for elsewhere"
    );
}

fn tells_others_by_their_rights() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let (address, guest) = (owner.account.address.clone(), other.account.address.clone());
    fill(&mut owner);
    // Nothing was ever said: everybody may know when.
    let set = get_folder(&mut owner, "calendar", "IdOnly", &["folder:PermissionSet"]);
    let everybody = set.want("t:PermissionSet/t:CalendarPermissions/t:CalendarPermission").clone();
    assert_eq!(everybody.text("t:UserId/t:DistinguishedUser"), Some("Default"));
    assert_eq!(everybody.text("t:ReadItems"), Some("TimeOnly"));
    assert_eq!(everybody.text("t:CalendarPermissionLevel"), Some("FreeBusyTimeOnly"));
    let told = |ews: &mut Ews, kind: &str| {
        let seen = morning(ews, &address, kind);
        (seen.text("t:FreeBusyViewType").unwrap().to_owned(), events(&seen)[0].clone())
    };
    let (kind, first) = told(&mut other, "Detailed");
    assert_eq!((kind.as_str(), first), ("FreeBusy", row("07:00", "OOF", "-")));
    assert_eq!(told(&mut other, "DetailedMerged").0, "FreeBusyMerged");
    assert_eq!(morning(&mut other, &address, "MergedOnly").text("t:FreeBusyViewType"), Some("MergedOnly"));
    let look = find_request("calendar", &shape("IdOnly", &[]), "");
    let look = look.replace("<t:DistinguishedFolderId Id=\"calendar\"/>", &named(&address, "calendar"));
    assert_eq!(other.error(&look), "ErrorAccessDenied", "the items themselves stay the owner's");
    for (name, kind) in
        [("FreeBusyTimeAndSubjectAndLocation", "Detailed"), ("Reviewer", "Detailed"), ("FreeBusyTimeOnly", "FreeBusy")]
    {
        levels(&mut owner, &person(&guest, &level(name)));
        let (told, first) = told(&mut other, "Detailed");
        let subject = if kind == "Detailed" { "away" } else { "-" };
        assert_eq!((told.as_str(), first), (kind, row("07:00", "OOF", subject)), "{name}");
    }
    let options = view("2026-12-01T00:00:00", "2026-12-02T00:00:00", 30, "Detailed");
    for none in ["None", "Contributor"] {
        levels(&mut owner, &person(&guest, &level(none)));
        let denied = responses(&mut other, &request(ZONE, &required(&[&address]), &options));
        assert_eq!(code(&denied[0]), "ErrorNoFreeBusyAccess", "{none}");
        assert!(denied[0].get("m:FreeBusyView").is_none());
    }
    // Nobody else either, once the owner says so.
    let default = entry("<t:DistinguishedUser>Default</t:DistinguishedUser>", &level("None"));
    levels(&mut owner, &default);
    assert_eq!(
        code(&responses(&mut other, &request(ZONE, &required(&[&address]), &options))[0]),
        "ErrorNoFreeBusyAccess"
    );
    assert_eq!(code(&responses(&mut owner, &request(ZONE, &required(&[&address]), &options))[0]), "NoError");
}

fn hides_what_is_private() {
    let (mut owner, mut other) = (shared::mailbox(), shared::mailbox());
    let (address, guest) = (owner.account.address.clone(), other.account.address.clone());
    let members = format!(
        "<t:Subject>secret</t:Subject><t:Sensitivity>Private</t:Sensitivity>{}<t:Location>Hall</t:Location>{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00")
    );
    create(&mut owner, &members);
    levels(&mut owner, &person(&guest, &level("Reviewer")));
    let seen = morning(&mut other, &address, "Detailed");
    assert_eq!(events(&seen), [row("09:00", "Busy", "-")]);
    let details = seen.find("t:CalendarEventDetails").unwrap();
    assert_eq!(details.text("t:IsPrivate"), Some("true"));
    assert!(details.get("t:Location").is_none() && details.get("t:ID").is_none(), "{details:#?}");
    assert_eq!(events(&morning(&mut owner, &address, "Detailed")), [row("09:00", "Busy", "secret")]);
    levels(&mut owner, &person(&guest, &level("Owner")));
    assert_eq!(events(&morning(&mut other, &address, "Detailed")), [row("09:00", "Busy", "secret")]);
}

fn reads_the_zone_in_every_form() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    item(&mut ews, "work", "09:00", "10:00", "");
    let first = |ews: &mut Ews, zone: &str, start: &str, end: &str| {
        let found = responses(ews, &request(zone, &required(&[&address]), &view(start, end, 60, "FreeBusyMerged")));
        let seen = found[0].want("m:FreeBusyView");
        let start = seen.find("t:StartTime").map_or("-", |time| time.text.as_str()).to_owned();
        (seen.text("t:MergedFreeBusy").unwrap().to_owned(), start)
    };
    let wanted = |digits: &str, start: &str| (digits.to_owned(), start.to_owned());
    let (from, to) = ("2026-12-01T08:00:00", "2026-12-01T11:00:00");
    assert_eq!(first(&mut ews, ZONE, from, to), wanted("020", "2026-12-01T09:00:00"));
    assert_eq!(first(&mut ews, UTC, from, to), wanted("200", "2026-12-01T08:00:00"));
    assert_eq!(first(&mut ews, UTC, "2026-12-01T08:00:00Z", "2026-12-01T12:00:00+01:00").0, "200");
    // No summer time, told as two equal ones.
    let equal =
        UTC.replace("<t:DayOrder>0</t:DayOrder><t:Month>0</t:Month>", "<t:DayOrder>1</t:DayOrder><t:Month>3</t:Month>");
    assert_eq!(first(&mut ews, &equal, from, to).1, "2026-12-01T08:00:00");
    // A date of one year, and a clock that no place has.
    let year = ZONE.replace("<t:Bias>-60</t:Bias><t:StandardTime>", "<t:Bias>-107</t:Bias><t:StandardTime>").replace(
        "<t:DayOrder>5</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek>",
        "<t:DayOrder>25</t:DayOrder><t:Month>10</t:Month><t:DayOfWeek>Sunday</t:DayOfWeek><t:Year>2026</t:Year>",
    );
    assert_eq!(first(&mut ews, &year, from, "2026-12-01T12:00:00").1, "2026-12-01T09:47:00");
    with_zone(&mut ews, "Tokyo Standard Time");
    assert_eq!(first(&mut ews, "", "2026-12-01T16:00:00", "2026-12-01T19:00:00"), wanted("020", "2026-12-01T17:00:00"));
    assert_eq!(first(&mut ews, ZONE, from, to).1, "2026-12-01T09:00:00", "the element goes before the header");
    ews.soap_headers.clear();
    let options = view(from, to, 60, "MergedOnly");
    assert_eq!(ews.fault(&request("", &required(&[&address]), &options)), "ErrorTimeZone");
    let wrong = ZONE.replace("<t:Month>10</t:Month>", "<t:Month>13</t:Month>");
    assert_eq!(ews.fault(&request(&wrong, &required(&[&address]), &options)), "ErrorTimeZone");
}

fn tells_old_clients_the_offset() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    item(&mut ews, "work", "09:00", "10:00", "");
    ews.version = Some("Exchange2007_SP1");
    let seen = morning(&mut ews, &address, "Detailed");
    assert_eq!(events(&seen)[0].0, "2026-12-01T09:00:00+01:00");
}

fn refuses_what_cannot_be_asked() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let own = required(&[&address]);
    let usual = view("2026-12-01T00:00:00", "2026-12-02T00:00:00", 30, "FreeBusy");
    let many: String = (0..101).map(|n| mailbox(&format!("{n}@example.test"), "Required")).collect();
    let at = |start: &str, end: &str| view(start, end, 30, "FreeBusy");
    for (mailboxes, options, code) in [
        ("", usual.clone(), "ErrorMailboxDataArrayEmpty"),
        (many.as_str(), usual.clone(), "ErrorMailboxDataArrayTooBig"),
        (own.as_str(), String::new(), "ErrorInvalidFreeBusyViewType"),
        (
            own.as_str(),
            usual.replace("<t:RequestedView>FreeBusy<", "<t:RequestedView>None<"),
            "ErrorInvalidFreeBusyViewType",
        ),
        (own.as_str(), usual.replace(">30<", ">4<"), "ErrorInvalidMergedFreeBusyInterval"),
        (own.as_str(), usual.replace(">30<", ">1441<"), "ErrorInvalidMergedFreeBusyInterval"),
        (own.as_str(), at("2026-12-01T00:00:00", "2026-12-01T00:00:00"), "ErrorInvalidTimeInterval"),
        (own.as_str(), at("2026-12-02T00:00:00", "2026-12-01T00:00:00"), "ErrorInvalidTimeInterval"),
        (own.as_str(), at("2026-12-01T00:00:00", "2027-02-03T00:00:00"), "ErrorTimeIntervalTooBig"),
        (own.as_str(), usual.replace("FreeBusy<", "Everything<"), "ErrorSchemaValidation"),
    ] {
        let mut wrong = ews.again().unrecorded();
        assert_eq!(wrong.fault(&request(ZONE, mailboxes, &options)), code, "{options}");
    }
    // Two months, over the change of the clocks too.
    for (start, end) in [("2026-12-01T00:00:00", "2027-02-01T00:00:00"), ("2026-10-01T00:00:00", "2026-12-02T00:00:00")]
    {
        assert_eq!(code(&responses(&mut ews, &request(ZONE, &own, &at(start, end)))[0]), "NoError");
    }
}

fn answers_each_mailbox_by_itself() {
    let (mut ews, mut other) = (shared::mailbox(), shared::mailbox());
    let (address, elsewhere) = (ews.account.address.clone(), other.account.address.clone());
    item(&mut other, "work", "09:00", "10:00", "");
    let options = view("2026-12-01T09:00:00", "2026-12-01T10:00:00", 60, "MergedOnly");
    let all = required(&[
        "nobody@example.test",
        &address,
        &elsewhere.to_uppercase(),
        "",
        "somebody@elsewhere.example",
        &elsewhere,
    ]);
    let found = responses(&mut ews, &request(ZONE, &all, &options));
    let told: Vec<(&str, Option<&str>)> =
        found.iter().map(|one| (code(one), one.text("m:FreeBusyView/t:MergedFreeBusy"))).collect();
    assert_eq!(
        told,
        [
            ("ErrorMailRecipientNotFound", None),
            ("NoError", Some("0")),
            ("NoError", Some("2")),
            ("ErrorMailRecipientNotFound", None),
            ("ErrorMailRecipientNotFound", None),
            ("NoError", Some("2")),
        ]
    );
    let hundred = vec![elsewhere.as_str(); 100];
    let found = responses(&mut ews, &request(ZONE, &required(&hundred), &options));
    assert!(found.len() == 100 && found.iter().all(|one| one.text("m:FreeBusyView/t:MergedFreeBusy") == Some("2")));
    // An account that is switched off is nobody.
    let server = shared::server();
    server.ewsctl(&["account", "disable", &elsewhere]);
    let found = responses(&mut ews, &request(ZONE, &required(&[&elsewhere]), &options));
    assert_eq!(code(&found[0]), "ErrorMailRecipientNotFound");
    server.ewsctl(&["account", "enable", &elsewhere]);
}

fn merges_the_members_of_a_group() {
    let (mut ews, mut one, mut two) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let server = shared::server();
    let name = |word: &str| format!("{}@example.test", message::unique(word).replace(' ', "-").to_lowercase());
    let (team, inner, empty) = (name("avail"), name("inner"), name("empty"));
    for group in [&team, &inner, &empty] {
        server.ewsctl(&["group", "create", group]);
    }
    server.ewsctl(&["group", "add", &inner, &two.account.address]);
    server.ewsctl(&["group", "add", &team, &one.account.address, &inner]);
    item(&mut one, "early", "07:00", "08:00", "");
    item(&mut two, "late", "11:00", "12:00", &status("OOF"));
    let options = view("2026-12-01T07:00:00", "2026-12-01T12:00:00", 60, "DetailedMerged");
    let found = responses(&mut ews, &request(ZONE, &required(&[&team, &empty]), &options));
    let seen = found[0].want("m:FreeBusyView");
    assert_eq!((seen.text("t:FreeBusyViewType"), seen.text("t:MergedFreeBusy")), (Some("MergedOnly"), Some("20003")));
    assert!(seen.get("t:CalendarEventArray").is_none() && seen.get("t:WorkingHours").is_none());
    assert_eq!(found[1].text("m:FreeBusyView/t:MergedFreeBusy"), Some("55555"), "of nobody nothing is known");
    // Who may not be looked at is not part of it.
    levels(&mut two, &entry("<t:DistinguishedUser>Default</t:DistinguishedUser>", &level("None")));
    let found = responses(&mut ews, &request(ZONE, &required(&[&team]), &options));
    assert_eq!(found[0].text("m:FreeBusyView/t:MergedFreeBusy"), Some("20000"));
}

fn knows_when_people_work() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let hours = |ews: &mut Ews| morning(ews, &address, "MergedOnly").want("t:WorkingHours").clone();
    let usual = hours(&mut ews);
    assert_eq!(usual.text("t:TimeZone/t:Bias"), Some("0"));
    let period = usual.want("t:WorkingPeriodArray/t:WorkingPeriod");
    assert_eq!(period.text("t:DayOfWeek"), Some("Monday Tuesday Wednesday Thursday Friday"));
    assert_eq!((period.number("t:StartTimeInMinutes"), period.number("t:EndTimeInMinutes")), (480, 1020));
    let server = shared::server();
    server.ewsctl(&["account", "set", &address, "zone=Europe/Vienna", "working_hours=mo-th 9:00-18:00, fr+su 8-13"]);
    let own = hours(&mut ews);
    assert_eq!(own.text("t:TimeZone/t:Bias"), Some("-60"));
    assert_eq!(own.text("t:TimeZone/t:DaylightTime/t:Bias"), Some("-60"));
    assert_eq!(own.text("t:TimeZone/t:DaylightTime/t:Time"), Some("02:00:00"));
    assert_eq!(own.number("t:TimeZone/t:StandardTime/t:DayOrder"), 5);
    let periods = own.all("t:WorkingPeriodArray/t:WorkingPeriod");
    let days: Vec<&str> = periods.iter().map(|period| period.text("t:DayOfWeek").unwrap()).collect();
    assert_eq!(days, ["Monday Tuesday Wednesday Thursday", "Sunday Friday"]);
    assert!(server.ewsctl(&["account", "show", &address]).contains("mo-th 9:00-18:00"));
    server.ewsctl(&["account", "set", &address, "zone=default", "working_hours=default"]);
    assert_eq!(hours(&mut ews), usual);
}

fn suggestions(more: &str) -> String {
    format!(
        "<t:SuggestionsViewOptions>{more}<t:DetailedSuggestionsWindow>{}</t:DetailedSuggestionsWindow></t:SuggestionsViewOptions>",
        window("2026-12-01T00:00:00", "2026-12-03T00:00:00")
    )
}

/// Time, quality and conflicts of the suggestions of a day.
fn suggested(day: &Node) -> Vec<(String, String, Vec<String>)> {
    let conflict = |one: &Node| one.children.first().map_or(one.name.clone(), |child| child.text.clone());
    let row = |one: &&Node| {
        let text = |name: &str| one.text(name).unwrap().to_owned();
        let conflicts = one.want("t:AttendeeConflictDataArray").children.iter().map(conflict).collect();
        (text("t:MeetingTime"), text("t:SuggestionQuality"), conflicts)
    };
    day.all("t:SuggestionArray/t:Suggestion").iter().map(row).collect()
}

fn suggests_times() {
    let (mut ews, mut one, mut two) = (shared::mailbox(), shared::mailbox(), shared::mailbox());
    let server = shared::server();
    let (first, second) = (one.account.address.clone(), two.account.address.clone());
    for address in [&first, &second] {
        server.ewsctl(&["account", "set", address, "zone=W. Europe Standard Time"]);
    }
    item(&mut one, "all day long", "08:00", "16:00", "");
    item(&mut two, "late", "15:00", "17:00", &status("Tentative"));
    let all = required(&[&first, &second]) + &mailbox("nobody@example.test", "Optional");
    let found =
        answer(&mut ews, &request(ZONE, &all, &suggestions("<t:MaximumResultsByDay>4</t:MaximumResultsByDay>")));
    assert!(found.get("m:FreeBusyResponseArray").is_none(), "nobody asked for views");
    let told = found.want("m:SuggestionsResponse");
    assert_eq!(told.text("m:ResponseMessage/m:ResponseCode"), Some("NoError"));
    let days = told.all("m:SuggestionDayResultArray/t:SuggestionDayResult");
    let dates: Vec<(&str, &str)> =
        days.iter().map(|day| (day.text("t:Date").unwrap(), day.text("t:DayQuality").unwrap())).collect();
    assert_eq!(dates, [("2026-12-01T00:00:00", "Excellent"), ("2026-12-02T00:00:00", "Excellent")]);
    let row = |time: &str, quality: &str, conflicts: [&str; 3]| {
        (time.to_owned(), quality.to_owned(), conflicts.map(str::to_owned).to_vec())
    };
    let unknown = "t:UnknownAttendeeConflictData";
    // Half of them could come; nobody knows of the third.
    assert_eq!(
        suggested(days[0]),
        [
            row("2026-12-01T08:00:00", "Fair", ["Busy", "Free", unknown]),
            row("2026-12-01T08:30:00", "Fair", ["Busy", "Free", unknown]),
            row("2026-12-01T09:00:00", "Fair", ["Busy", "Free", unknown]),
            row("2026-12-01T09:30:00", "Fair", ["Busy", "Free", unknown]),
        ]
    );
    assert_eq!(suggested(days[1])[0], row("2026-12-02T08:00:00", "Excellent", ["Free", "Free", unknown]));
    assert!(days[1].all("t:SuggestionArray/t:Suggestion").iter().all(|one| one.text("t:IsWorkTime") == Some("true")));
    // Outside of their hours, where that is asked for, and only the best.
    let more = "<t:MaximumResultsByDay>1</t:MaximumResultsByDay><t:MaximumNonWorkHourResultsByDay>1</t:MaximumNonWorkHourResultsByDay>\
        <t:MinimumSuggestionQuality>Excellent</t:MinimumSuggestionQuality>";
    let found = answer(&mut ews, &request(ZONE, &all, &suggestions(more)));
    let days = found.all("m:SuggestionsResponse/m:SuggestionDayResultArray/t:SuggestionDayResult");
    assert_eq!(suggested(days[0])[0].0, "2026-12-01T00:00:00");
    assert_eq!(days[0].text("t:SuggestionArray/t:Suggestion/t:IsWorkTime"), Some("false"));
    let wrong = suggestions("<t:MeetingDurationInMinutes>20</t:MeetingDurationInMinutes>");
    let found = answer(&mut ews, &request(ZONE, &all, &wrong));
    assert_eq!(found.text("m:SuggestionsResponse/m:ResponseMessage/m:ResponseCode"), Some("ErrorInvalidArgument"));
    // Views and suggestions together.
    let both = view("2026-12-01T00:00:00", "2026-12-02T00:00:00", 60, "MergedOnly") + &suggestions("");
    let found = answer(&mut ews, &request(ZONE, &all, &both));
    assert_eq!(found.want("m:FreeBusyResponseArray").children.len(), 3);
    assert_eq!(found.all("m:SuggestionsResponse/m:SuggestionDayResultArray/*").len(), 2);
}

fn suggests_around_the_meeting_that_moves() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    shared::server().ewsctl(&["account", "set", &address, "zone=W. Europe Standard Time"]);
    let id = item(&mut ews, "moves", "08:00", "09:00", "");
    let uid = super::items::all(&mut ews, &id).text("t:UID").unwrap().to_owned();
    let own = required(&[&address]);
    let first = |ews: &mut Ews, options: &str| {
        let found = answer(ews, &request(ZONE, &own, options));
        suggested(found.all("m:SuggestionsResponse/m:SuggestionDayResultArray/t:SuggestionDayResult")[0])[0].0.clone()
    };
    assert_eq!(first(&mut ews, &suggestions("")), "2026-12-01T09:00:00");
    let meeting = suggestions("").replace(
        "</t:DetailedSuggestionsWindow>",
        &format!("</t:DetailedSuggestionsWindow><t:CurrentMeetingTime>2026-12-01T08:00:00</t:CurrentMeetingTime><t:GlobalObjectId>{uid}</t:GlobalObjectId>"),
    );
    assert_eq!(first(&mut ews, &meeting), "2026-12-01T08:00:00", "it is not in its own way");
}

fn looks_into_series_without_walking_there() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    let endless = "<t:Recurrence><t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence><t:NoEndRecurrence>\
        <t:StartDate>1901-01-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
    create(
        &mut ews,
        &format!("<t:Subject>ever</t:Subject>{}{endless}{BERLIN}", times("1901-01-01T09:00:00", "1901-01-01T09:30:00")),
    );
    let yearly = "<t:Recurrence><t:AbsoluteYearlyRecurrence><t:DayOfMonth>1</t:DayOfMonth><t:Month>July</t:Month>\
        </t:AbsoluteYearlyRecurrence><t:NoEndRecurrence><t:StartDate>1950-07-01</t:StartDate></t:NoEndRecurrence></t:Recurrence>";
    create(
        &mut ews,
        &format!(
            "<t:Subject>birthday</t:Subject>{}{yearly}{BERLIN}",
            times("1950-07-01T12:00:00", "1950-07-01T13:00:00")
        ),
    );
    let options = view("4400-07-01T00:00:00", "4400-07-03T00:00:00", 720, "DetailedMerged");
    let found = responses(&mut ews, &request(ZONE, &required(&[&address]), &options));
    let seen = found[0].want("m:FreeBusyView");
    let starts: Vec<String> =
        events(seen).into_iter().map(|(start, _, subject)| format!("{start} {subject}")).collect();
    assert_eq!(starts, ["4400-07-01T09:00:00 ever", "4400-07-01T12:00:00 birthday", "4400-07-02T09:00:00 ever"]);
    assert_eq!(seen.text("t:MergedFreeBusy"), Some("2220"));
}

fn tells_no_more_events_than_it_may() {
    let mut ews = shared::mailbox();
    let address = ews.account.address.clone();
    for n in 0..17 {
        let at = format!("2026-12-01T{:02}:00:00", n + 4);
        let members =
            format!("<t:Subject>{n}</t:Subject>{}{}{BERLIN}", times(&at, &at.replace(":00:00", ":20:00")), daily(90));
        create(&mut ews, &members);
    }
    let ask = |ews: &mut Ews, days: u32, kind: &str| {
        let end = format!("2027-01-{days:02}T00:00:00");
        let options = view("2026-12-01T00:00:00", &end, 1440, kind);
        let found = responses(ews, &request(ZONE, &required(&[&address]), &options));
        (code(&found[0]).to_owned(), found[0].all("m:FreeBusyView/t:CalendarEventArray/*").len())
    };
    assert_eq!(ask(&mut ews, 27, "FreeBusy"), ("NoError".to_owned(), 57 * 17));
    assert_eq!(ask(&mut ews, 29, "FreeBusy").0, "ErrorResultSetTooBig");
    assert_eq!(ask(&mut ews, 29, "MergedOnly"), ("NoError".to_owned(), 0), "digits are always few");
}
