//! Series (MS-OXWSMTGS): masters, occurrences, exceptions, deletions, by every way to name them.

use super::items::{all, create, create_request, delete_as, event, rows, set, times, update, update_request};
use crate::support::ews::Ews;
use crate::support::ops::{Id, field, find, get_request, shape, sync, sync_all, transfer_request};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    decides_conflicts_by_date,
    becomes_a_series_and_single_again,
    names_occurrences_by_index,
    names_occurrences_by_ranges,
    changes_one_occurrence,
    deletes_one_occurrence,
    is_forwarded_as_its_date_shows_it,
    takes_files_for_all_dates_only,
    keeps_occurrences_between_their_neighbours,
    starts_anew_with_another_pattern,
    goes_on_with_the_same_weeks,
    is_cut_where_single_items_are,
    follows_what_its_master_gets,
    keeps_the_clock_through_the_year,
    refuses_what_is_no_series,
    refuses_patterns_that_cannot_be,
    is_one_item_to_lists_and_synchronization,
];

pub const BERLIN: &str =
    r#"<t:StartTimeZone Id="W. Europe Standard Time"/><t:EndTimeZone Id="W. Europe Standard Time"/>"#;

/// Daily from the 1st of December 2026, so many times.
pub fn daily(count: u32) -> String {
    recurrence("<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>", "2026-12-01", count)
}

pub fn recurrence(pattern: &str, start: &str, count: u32) -> String {
    format!(
        "<t:Recurrence>{pattern}<t:NumberedRecurrence><t:StartDate>{start}</t:StartDate>\
         <t:NumberOfOccurrences>{count}</t:NumberOfOccurrences></t:NumberedRecurrence></t:Recurrence>"
    )
}

/// Every day from nine to ten in Berlin, five times.
pub fn five(ews: &mut Ews) -> Id {
    let members = format!(
        "<t:Subject>five</t:Subject>{}{}{BERLIN}",
        times("2026-12-01T09:00:00", "2026-12-01T10:00:00"),
        daily(5)
    );
    create(ews, &members)
}

pub fn index(master: &Id, index: i32) -> String {
    format!(r#"<t:OccurrenceItemId RecurringMasterId="{}" InstanceIndex="{index}"/>"#, master.id)
}

pub fn get_by(ews: &mut Ews, id: &str) -> Node {
    ews.one(&request_by(id)).want("m:Items/*").clone()
}

fn request_by(id: &str) -> String {
    let shape = shape("AllProperties", &["calendar:UID", "calendar:RecurrenceId"]);
    format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{id}</m:ItemIds></m:GetItem>")
}

fn december(ews: &mut Ews) -> Vec<(String, String, String)> {
    rows(ews, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
}

fn starts(ews: &mut Ews) -> Vec<String> {
    december(ews).into_iter().map(|(_, start, _)| start).collect()
}

/// MS-OXWSMTGS_R390 MS-OXWSMTGS_R391
fn becomes_a_series_and_single_again() {
    let mut ews = shared::mailbox();
    let id = five(&mut ews);
    let master = all(&mut ews, &id);
    assert_eq!(
        (master.text("t:CalendarItemType"), master.text("t:IsRecurring")),
        (Some("RecurringMaster"), Some("false"))
    );
    assert_eq!(master.text("t:Recurrence/t:NumberedRecurrence/t:NumberOfOccurrences"), Some("5"));
    assert_eq!(master.text("t:FirstOccurrence/t:Start"), Some("2026-12-01T08:00:00Z"));
    assert_eq!(master.text("t:LastOccurrence/t:Start"), Some("2026-12-05T08:00:00Z"));
    assert!(master.find("t:ModifiedOccurrences").is_none() && master.find("t:DeletedOccurrences").is_none());
    let seen = december(&mut ews);
    assert_eq!(seen.len(), 5);
    assert!(seen.iter().all(|(subject, _, kind)| subject == "five" && kind == "Occurrence"), "{seen:?}");
    let single = format!("<t:DeleteItemField>{}</t:DeleteItemField>", field("calendar:Recurrence"));
    let id = update(&mut ews, &id.xml(), &single);
    assert_eq!(all(&mut ews, &id).text("t:CalendarItemType"), Some("Single"));
    assert_eq!(starts(&mut ews), ["2026-12-01T08:00:00Z"]);
    let again = set("calendar:Recurrence", &daily(3));
    let id = update(&mut ews, &id.xml(), &again);
    assert_eq!(all(&mut ews, &id).text("t:CalendarItemType"), Some("RecurringMaster"));
    assert_eq!(starts(&mut ews).len(), 3);
}

/// An occurrence has one id, however it is reached.
/// MS-OXWSMTGS_R54
fn names_occurrences_by_index() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    let second = get_by(&mut ews, &index(&master, 2));
    assert_eq!(second.text("t:Start"), Some("2026-12-02T08:00:00Z"));
    for (name, text) in [
        ("CalendarItemType", "Occurrence"),
        ("IsRecurring", "true"),
        ("OriginalStart", "2026-12-02T08:00:00Z"),
        ("RecurrenceId", "2026-12-02T08:00:00Z"),
    ] {
        assert_eq!(second.text(&format!("t:{name}")), Some(text), "{name}");
    }
    assert!(second.find("t:Recurrence").is_none() && second.find("t:FirstOccurrence").is_none());
    let whole = all(&mut ews, &master);
    assert_eq!(second.text("t:UID"), whole.text("t:UID"));
    let id = Id::of(&second);
    let key = whole.want("t:ItemId").attribute("ChangeKey").map(str::to_owned);
    assert_eq!(second.want("t:ItemId").attribute("ChangeKey").map(str::to_owned), key);
    assert_eq!(get_by(&mut ews, &id.xml()).text("t:Start"), Some("2026-12-02T08:00:00Z"));
    let root = find(
        &mut ews,
        "calendar",
        &shape("IdOnly", &[]),
        &super::items::view("2026-12-02T00:00:00Z", "2026-12-03T00:00:00Z"),
    );
    assert_eq!(root.want("t:Items/t:CalendarItem/t:ItemId").attribute("Id"), Some(id.id.as_str()));
    let of = format!(r#"<t:RecurringMasterItemId OccurrenceId="{}"/>"#, id.id);
    assert_eq!(get_by(&mut ews, &of).want("t:ItemId").attribute("Id"), Some(master.id.as_str()));
    assert_eq!(ews.error(&request_by(&index(&master, 6))), "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange");
    assert_eq!(ews.error(&request_by(&index(&master, 0))), "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange");
    assert_eq!(
        ews.error(&transfer_request("MoveItem", &[&id], "deleteditems")),
        "ErrorCalendarCannotMoveOrCopyOccurrence"
    );
}

/// MS-OXWSMTGS_R161 MS-OXWSMTGS_R217 MS-OXWSMTGS_R377 MS-OXWSMTGS_R381 MS-OXWSMTGS_R383 MS-OXWSMTGS_R385 MS-OXWSMTGS_R387
fn changes_one_occurrence() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    let id = Id::of(&get_by(&mut ews, &index(&master, 3)));
    let changes = set("item:Subject", "<t:Subject>moved</t:Subject>")
        + &set("calendar:Start", "<t:Start>2026-12-03T10:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-03T11:30:00Z</t:End>")
        + &set("item:Body", "<t:Body BodyType=\"Text\">only here</t:Body>")
        + &set("calendar:Location", "<t:Location>there</t:Location>");
    let changed = update(&mut ews, &id.xml(), &changes);
    assert_eq!((changed.id == id.id, changed.key == id.key), (true, false));
    let own = get_by(&mut ews, &changed.xml());
    for (name, text) in [
        ("Subject", "moved"),
        ("CalendarItemType", "Exception"),
        ("OriginalStart", "2026-12-03T08:00:00Z"),
        ("Duration", "PT1H30M"),
        ("Body", "only here"),
        ("Location", "there"),
    ] {
        assert_eq!(own.text(&format!("t:{name}")), Some(text), "{name}");
    }
    let whole = all(&mut ews, &master);
    assert_eq!((whole.text("t:Subject"), whole.find("t:Location").is_none()), (Some("five"), true));
    let told = whole.all("t:ModifiedOccurrences/t:Occurrence");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].want("t:ItemId").attribute("Id"), Some(id.id.as_str()));
    assert_eq!(
        (told[0].text("t:Start"), told[0].text("t:End"), told[0].text("t:OriginalStart")),
        (Some("2026-12-03T10:00:00Z"), Some("2026-12-03T11:30:00Z"), Some("2026-12-03T08:00:00Z"))
    );
    let seen = december(&mut ews);
    assert_eq!(seen[2], ("moved".to_owned(), "2026-12-03T10:00:00Z".to_owned(), "Exception".to_owned()));
    // Changed again, the rest of what is its own stays.
    let again = set("item:Subject", "<t:Subject>again</t:Subject>");
    update(&mut ews, &index(&master, 3), &again);
    let own = get_by(&mut ews, &index(&master, 3));
    assert_eq!(
        (own.text("t:Subject"), own.text("t:Location"), own.text("t:Start")),
        (Some("again"), Some("there"), Some("2026-12-03T10:00:00Z"))
    );
    let series = set("calendar:Recurrence", &daily(2));
    assert_eq!(ews.error(&update_request(&index(&master, 3), &series)), "ErrorInvalidPropertySet");
}

/// MS-OXWSMTGS_R219 MS-OXWSMTGS_R373
fn deletes_one_occurrence() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    update(&mut ews, &index(&master, 4), &set("item:Subject", "<t:Subject>x</t:Subject>"));
    ews.one(&delete_as("HardDelete", &index(&master, 2)));
    ews.one(&delete_as("MoveToDeletedItems", &index(&master, 4)));
    ews.one(&delete_as("MoveToDeletedItems", &index(&master, 5)));
    let whole = all(&mut ews, &master);
    let gone: Vec<&str> =
        whole.all("t:DeletedOccurrences/t:DeletedOccurrence/t:Start").iter().map(|s| s.text.as_str()).collect();
    assert_eq!(gone, ["2026-12-02T08:00:00Z", "2026-12-04T08:00:00Z", "2026-12-05T08:00:00Z"]);
    assert!(whole.find("t:ModifiedOccurrences").is_none());
    assert_eq!(whole.text("t:LastOccurrence/t:Start"), Some("2026-12-03T08:00:00Z"));
    assert_eq!(starts(&mut ews), ["2026-12-01T08:00:00Z", "2026-12-03T08:00:00Z"]);
    let is_gone = "ErrorCalendarOccurrenceIsDeletedFromRecurrence";
    assert_eq!(ews.error(&request_by(&index(&master, 2))), is_gone);
    assert_eq!(ews.error(&delete_as("HardDelete", &index(&master, 2))), is_gone);
    assert_eq!(
        ews.error(&update_request(&index(&master, 2), &set("item:Subject", "<t:Subject>x</t:Subject>"))),
        is_gone
    );
    assert_eq!(
        get_by(&mut ews, &index(&master, 3)).text("t:Start"),
        Some("2026-12-03T08:00:00Z"),
        "the others keep their numbers"
    );
    ews.one(&delete_as("HardDelete", &master.bare()));
    assert!(december(&mut ews).is_empty());
    assert_eq!(ews.error(&request_by(&index(&master, 1))), "ErrorItemNotFound");
}

fn keeps_occurrences_between_their_neighbours() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    let moved = |start: &str, end: &str| {
        set("calendar:Start", &format!("<t:Start>{start}</t:Start>"))
            + &set("calendar:End", &format!("<t:End>{end}</t:End>"))
    };
    let crossing = "ErrorOccurrenceCrossingBoundary";
    for (start, end) in [
        ("2026-12-04T10:00:00Z", "2026-12-04T11:00:00Z"),
        ("2026-12-02T10:00:00Z", "2026-12-02T11:00:00Z"),
        ("2026-12-03T20:00:00Z", "2026-12-04T08:30:00Z"),
        ("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z"),
    ] {
        assert_eq!(ews.error(&update_request(&index(&master, 3), &moved(start, end))), crossing, "{start}");
    }
    let id = update(&mut ews, &index(&master, 3), &moved("2026-12-03T21:00:00Z", "2026-12-03T22:00:00Z"));
    assert_eq!(get_by(&mut ews, &id.xml()).text("t:Start"), Some("2026-12-03T21:00:00Z"));
    ews.one(&delete_as("HardDelete", &index(&master, 4)));
    update(&mut ews, &id.xml(), &moved("2026-12-04T10:00:00Z", "2026-12-04T11:00:00Z"));
    let long = format!("{}{}{BERLIN}", times("2026-12-01T09:00:00", "2026-12-02T09:01:00"), daily(3));
    assert_eq!(ews.error(&create_request(&event(&long))), "ErrorOccurrenceTimeSpanTooBig");
}

/// DavMail says the pattern with every change, without FirstDayOfWeek.
fn goes_on_with_the_same_weeks() {
    let mut ews = shared::mailbox();
    let weekly = |interval: i32, first: &str| {
        let pattern = format!(
            "<t:WeeklyRecurrence><t:Interval>{interval}</t:Interval><t:DaysOfWeek>Tuesday Sunday</t:DaysOfWeek>{first}</t:WeeklyRecurrence>"
        );
        recurrence(&pattern, "2026-12-01", 4)
    };
    let monday = "<t:FirstDayOfWeek>Monday</t:FirstDayOfWeek>";
    for (interval, last) in [(1, "2026-12-13T08:00:00Z"), (2, "2026-12-20T08:00:00Z")] {
        let times = times("2026-12-01T09:00:00", "2026-12-01T10:00:00");
        let master = create(&mut ews, &format!("{times}{}{BERLIN}", weekly(interval, monday)));
        ews.one(&delete_as("HardDelete", &index(&master, 2)));
        assert_eq!((starts(&mut ews).len(), starts(&mut ews).last().map(String::as_str)), (3, Some(last)));
        update(&mut ews, &master.xml(), &set("calendar:Recurrence", &weekly(interval, "")));
        // In every other week the days are others when weeks begin on Sundays.
        assert_eq!(starts(&mut ews).len(), if interval == 1 { 3 } else { 4 });
        ews.one(&delete_as("HardDelete", &master.bare()));
    }
}

fn starts_anew_with_another_pattern() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    let rename = set("item:Subject", "<t:Subject>x</t:Subject>");
    update(&mut ews, &index(&master, 2), &rename);
    ews.one(&delete_as("HardDelete", &index(&master, 4)));
    // The same pattern for longer keeps what was changed.
    let longer = set("calendar:Recurrence", &daily(7));
    update(&mut ews, &master.xml(), &longer);
    let whole = all(&mut ews, &master);
    assert_eq!((whole.all("t:ModifiedOccurrences/t:Occurrence").len(), starts(&mut ews).len()), (1, 6));
    let every_other = recurrence("<t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence>", "2026-12-01", 3);
    update(&mut ews, &master.xml(), &set("calendar:Recurrence", &every_other));
    assert!(all(&mut ews, &master).find("t:ModifiedOccurrences").is_none());
    assert_eq!(starts(&mut ews), ["2026-12-01T08:00:00Z", "2026-12-03T08:00:00Z", "2026-12-05T08:00:00Z"]);
    // Another day for the first one moves them all.
    let later = set("calendar:Start", "<t:Start>2026-12-02T08:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T09:00:00Z</t:End>");
    update(&mut ews, &master.xml(), &later);
    assert_eq!(starts(&mut ews), ["2026-12-02T08:00:00Z", "2026-12-04T08:00:00Z", "2026-12-06T08:00:00Z"]);
}

/// Single items are found by the database, which knows microseconds, and occurrences by arithmetic.
fn is_cut_where_single_items_are() {
    let mut ews = shared::mailbox();
    five(&mut ews);
    create(&mut ews, &times("2026-12-02T08:00:00Z", "2026-12-02T09:00:00Z"));
    let rows = |ews: &mut Ews, to: &str| rows(ews, "2026-12-01T12:00:00Z", to).len();
    assert_eq!(rows(&mut ews, "2026-12-02T08:00:00.0000004Z"), 0);
    assert_eq!(rows(&mut ews, "2026-12-02T08:00:00.000001Z"), 2);
}

fn follows_what_its_master_gets() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    update(&mut ews, &index(&master, 2), &set("item:Subject", "<t:Subject>own</t:Subject>"));
    let both =
        set("item:Subject", "<t:Subject>all</t:Subject>") + &set("calendar:Location", "<t:Location>hall</t:Location>");
    update(&mut ews, &master.xml(), &both);
    let second = get_by(&mut ews, &index(&master, 2));
    assert_eq!((second.text("t:Subject"), second.text("t:Location")), (Some("own"), Some("hall")));
    let subjects: Vec<String> = december(&mut ews).into_iter().map(|(subject, ..)| subject).collect();
    assert_eq!(subjects, ["all", "own", "all", "all", "all"]);
}

fn keeps_the_clock_through_the_year() {
    let mut ews = shared::mailbox();
    let weekly =
        "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Sunday</t:DaysOfWeek></t:WeeklyRecurrence>";
    let forever = format!(
        "<t:Recurrence>{weekly}<t:NoEndRecurrence><t:StartDate>2001-01-07</t:StartDate></t:NoEndRecurrence></t:Recurrence>"
    );
    let members =
        format!("<t:Subject>w</t:Subject>{}{forever}{BERLIN}", times("2001-01-07T09:00:00", "2001-01-07T10:00:00"));
    let id = create(&mut ews, &members);
    assert!(all(&mut ews, &id).find("t:LastOccurrence").is_none(), "it has no end");
    let seen = rows(&mut ews, "2026-03-15T00:00:00Z", "2026-04-06T00:00:00Z");
    let starts: Vec<&str> = seen.iter().map(|(_, start, _)| start.as_str()).collect();
    assert_eq!(
        starts,
        ["2026-03-15T08:00:00Z", "2026-03-22T08:00:00Z", "2026-03-29T07:00:00Z", "2026-04-05T07:00:00Z"]
    );
}

/// MS-OXWSMTGS_R1222 MS-OXWSMTGS_R1223
fn refuses_what_is_no_series() {
    let mut ews = shared::mailbox();
    let single = create(&mut ews, &times("2026-12-07T09:00:00Z", "2026-12-07T10:00:00Z"));
    assert_eq!(ews.error(&request_by(&index(&single, 1))), "ErrorCalendarCannotUseIdForOccurrenceId");
    let of = |id: &Id| format!(r#"<t:RecurringMasterItemId OccurrenceId="{}"/>"#, id.id);
    assert_eq!(ews.error(&request_by(&of(&single))), "ErrorCalendarCannotUseIdForRecurringMasterId");
    let master = five(&mut ews);
    assert_eq!(ews.error(&request_by(&of(&master))), "ErrorCalendarCannotUseIdForRecurringMasterId");
    let occurrence = Id::of(&get_by(&mut ews, &index(&master, 1)));
    assert_eq!(ews.error(&request_by(&index(&occurrence, 1))), "ErrorCalendarCannotUseIdForOccurrenceId");
}

/// MS-OXWSCDATA_R1065
fn refuses_patterns_that_cannot_be() {
    let mut ews = shared::mailbox();
    let with = |recurrence: &str| {
        create_request(&event(&format!("{}{recurrence}{BERLIN}", times("2026-12-01T09:00:00", "2026-12-01T10:00:00"))))
    };
    let pattern = |pattern: &str| with(&recurrence(pattern, "2026-12-01", 3));
    let day = |interval: u32| format!("<t:DailyRecurrence><t:Interval>{interval}</t:Interval></t:DailyRecurrence>");
    assert_eq!(ews.error(&pattern(&day(1000))), "ErrorCalendarOutOfRange");
    let weekday =
        "<t:WeeklyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Weekday</t:DaysOfWeek></t:WeeklyRecurrence>";
    assert_eq!(ews.error(&pattern(weekday)), "ErrorCalendarInvalidDayForWeeklyRecurrence");
    let ended = |end: &str| {
        let range = format!(
            "<t:EndDateRecurrence><t:StartDate>2026-12-01</t:StartDate><t:EndDate>{end}</t:EndDate></t:EndDateRecurrence>"
        );
        with(&format!("<t:Recurrence>{}{range}</t:Recurrence>", day(1)))
    };
    assert_eq!(ews.error(&ended("4501-01-01")), "ErrorRecurrenceEndDateTooBig");
    assert_eq!(ews.error(&ended("2026-11-30")), "ErrorRecurrenceHasNoOccurrence");
    ews.one(&ended("2026-12-01"));
}

fn is_one_item_to_lists_and_synchronization() {
    let mut ews = shared::mailbox();
    let state = sync_all(&mut ews, "calendar");
    let master = five(&mut ews);
    let page = sync(&mut ews, "calendar", &state, 10);
    assert_eq!(page.kinds(), ["Create"]);
    update(&mut ews, &index(&master, 2), &set("item:Subject", "<t:Subject>x</t:Subject>"));
    let page = sync(&mut ews, "calendar", &page.state, 10);
    assert_eq!(page.kinds(), ["Update"]);
    let root = find(&mut ews, "calendar", &shape("IdOnly", super::items::ROW), "");
    let kinds: Vec<Option<&str>> = root.all("t:Items/*").iter().map(|item| item.text("t:CalendarItemType")).collect();
    assert_eq!(kinds, [Some("RecurringMaster")]);
    let several = get_request(&shape("IdOnly", &["calendar:Start"]), &[&master]).replace(
        "</m:ItemIds>",
        &format!("{}{}{}</m:ItemIds>", index(&master, 1), index(&master, 5), index(&master, 9)),
    );
    let answer = ews.call(&several);
    assert_eq!(answer.codes(), ["NoError", "NoError", "NoError", "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"]);
    assert_eq!(answer.messages[2].text("m:Items/t:CalendarItem/t:Start"), Some("2026-12-05T08:00:00Z"));
}

fn names_occurrences_by_ranges() {
    let mut ews = shared::mailbox();
    let id = five(&mut ews);
    let moved = set("calendar:Start", "<t:Start>2026-12-02T20:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2026-12-02T21:00:00Z</t:End>");
    update(&mut ews, &index(&id, 2), &moved);
    ews.one(&delete_as("HardDelete", &index(&id, 3)));
    let shape = shape("IdOnly", &["calendar:Start", "calendar:CalendarItemType"]);
    let request = |ranges: &str| {
        format!(
            "<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds><t:RecurringMasterItemIdRanges Id=\"{}\"><t:Ranges>{ranges}\
             </t:Ranges></t:RecurringMasterItemIdRanges></m:ItemIds></m:GetItem>",
            id.id
        )
    };
    let mut starts = |ranges: &str| -> Vec<String> {
        let told = ews.one(&request(ranges));
        told.all("m:Items/*").iter().map(|item| item.text("t:Start").unwrap()[8..13].to_owned()).collect()
    };
    let range = |more: &str| {
        format!("<t:Range Start=\"2026-12-02T10:00:00Z\" End=\"2026-12-31T00:00:00Z\" Count=\"10\" {more}/>")
    };
    assert_eq!(starts(&range("")), ["02T20", "04T08", "05T08"]);
    assert_eq!(starts(&range("CompareOriginalStartTime=\"true\"")), ["04T08", "05T08"]);
    let two = "<t:Range Start=\"2026-12-01T00:00:00Z\" End=\"2027-01-01T00:00:00Z\" Count=\"2\" CompareOriginalStartTime=\"false\"/>\
        <t:Range Start=\"2026-12-05T00:00:00Z\" End=\"2027-01-01T00:00:00Z\" Count=\"2\" CompareOriginalStartTime=\"false\"/>";
    assert_eq!(starts(two), ["01T08", "02T20", "05T08"]);
    let single = create(&mut ews, &times("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z"));
    let wrong = request(&range("CompareOriginalStartTime=\"false\"")).replace(&id.id, &single.id);
    assert_eq!(ews.error(&wrong), "ErrorCalendarCannotUseIdForOccurrenceId");
}

fn is_forwarded_as_its_date_shows_it() {
    let mut ews = shared::mailbox();
    let series = five(&mut ews);
    let own = set("item:Subject", "<t:Subject>moved</t:Subject>")
        + &set("item:Body", "<t:Body BodyType=\"Text\">only here</t:Body>");
    update(&mut ews, &index(&series, 2), &own);
    for (number, subject, has_body) in [(2, "FW: moved", true), (3, "FW: five", false)] {
        let day = Id::of(&get_by(&mut ews, &index(&series, number)));
        let request = format!(
            "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:Items><t:ForwardItem><t:ReferenceItemId Id=\"{}\"/>\
             </t:ForwardItem></m:Items></m:CreateItem>",
            day.id
        );
        let made = Id::of(ews.one(&request).want("m:Items/*"));
        let forward = all(&mut ews, &made);
        assert_eq!(forward.text("t:Subject"), Some(subject));
        assert_eq!(forward.want("t:Body").text.contains("only here"), has_body, "{forward:#?}");
    }
}

/// A file that is attached to one date would be on every other one.
fn takes_files_for_all_dates_only() {
    let mut ews = shared::mailbox();
    let series = five(&mut ews);
    let day = Id::of(&get_by(&mut ews, &index(&series, 2)));
    let attach = |id: &Id| {
        format!(
            "<m:CreateAttachment><m:ParentItemId Id=\"{}\"/><m:Attachments><t:FileAttachment><t:Name>a</t:Name>\
             <t:Content>YQ==</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>",
            id.id
        )
    };
    assert_eq!(ews.error(&attach(&day)), "ErrorInvalidOperation");
    let has_files = |ews: &mut Ews| get_by(ews, &index(&series, 4)).text("t:HasAttachments").map(str::to_owned);
    assert_eq!(has_files(&mut ews).as_deref(), Some("false"));
    ews.one(&attach(&series));
    assert_eq!(has_files(&mut ews).as_deref(), Some("true"));
}

/// AutoResolve: what was changed of one date conflicts with what somebody who has not seen it changes of the same, and with nothing
/// of another date.
fn decides_conflicts_by_date() {
    let mut ews = shared::mailbox();
    let master = five(&mut ews);
    let [second, third] = [2, 3].map(|number| Id::of(&get_by(&mut ews, &index(&master, number))));
    let write = |ews: &mut Ews, id: &Id, uri: &str, property: &str| {
        let request = update_request(&id.xml(), &set(uri, property)).replace("AlwaysOverwrite", "AutoResolve");
        let answer = ews.call(&request);
        let written = answer.messages[0].get("m:Items/*").map(Id::of);
        (answer.codes()[0].to_owned(), written)
    };
    let subject = |text: &str| format!("<t:Subject>{text}</t:Subject>");
    let (_, seen) = write(&mut ews, &second, "item:Subject", &subject("one"));
    let seen = seen.expect("it was not changed before");
    assert_eq!(write(&mut ews, &second, "item:Subject", &subject("two")).0, "ErrorIrresolvableConflict");
    let place = "<t:Location>Yard</t:Location>";
    assert_eq!(write(&mut ews, &second, "calendar:Location", place).0, "NoError", "another property");
    assert_eq!(write(&mut ews, &third, "item:Subject", &subject("three")).0, "NoError", "another date");
    assert_eq!(write(&mut ews, &seen, "item:Subject", &subject("four")).0, "NoError", "what was seen");
    assert_eq!(get_by(&mut ews, &index(&master, 2)).text("t:Subject"), Some("four"));
    // Of the whole series, which has a subject of its own, nothing was changed.
    assert_eq!(write(&mut ews, &master, "item:Subject", &subject("all")).0, "NoError");
    assert_eq!(write(&mut ews, &third, "item:Subject", &subject("late")).0, "ErrorIrresolvableConflict");
}
