//! Series of every pattern as clients see them: the cases of the reference, created in their zones and looked at through views.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::items::{self, event, rows, set, times, update, view};
use super::series::{BERLIN, index, recurrence};
use super::{meeting, mime, octets};
use crate::support::ews::{Ews, code};
use crate::support::ops::{Id, find, folder, shape};
use crate::support::shared;
use crate::support::validate::reference;

crate::tests![
    are_where_the_reference_has_them,
    keep_the_clock_of_a_missing_hour,
    are_told_with_the_clock_of_a_missing_hour,
    take_the_first_of_an_hour_that_comes_twice,
];

/// Cases that share a calendar.
const TOGETHER: usize = 12;

/// A line of the table.
struct Case {
    id: String,
    zone: String,
    /// On the clocks of the zone.
    start: DateTime,
    recurrence: String,
    /// The first of them, at most twelve.
    starts: Vec<Timestamp>,
    total: Option<usize>,
    why: String,
}

/// `AbsoluteMonthlyRecurrence Interval=1 DayOfMonth=31`: as an element with its children.
fn element(text: &str) -> String {
    let (name, mut rest) = text.split_once(' ').unwrap();
    let mut children = String::new();
    while let Some((child, after)) = rest.trim_start().split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => after.split_once(' ').unwrap_or((after, "")),
        };
        children.push_str(&format!("<t:{child}>{value}</t:{child}>"));
        rest = after;
    }
    format!("<t:{name}>{children}</t:{name}>")
}

/// Those of the table; None where it is not at hand.
fn cases() -> Option<Vec<Case>> {
    let text = std::fs::read_to_string(reference()?.join("recurrence_cases.tsv")).ok()?;
    let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let header = lines.next()?;
    let case = |cells: Vec<&str>| {
        let cell =
            |name: &str| cells.get(header.iter().position(|known| *known == name).unwrap()).copied().unwrap_or("");
        let utc = |text: &str| text.replace('Z', ":00Z").parse().unwrap();
        Case {
            id: cell("id").to_owned(),
            zone: cell("zone").to_owned(),
            start: cell("start").parse().unwrap(),
            recurrence: format!("<t:Recurrence>{}{}</t:Recurrence>", element(cell("fields")), element(cell("range"))),
            starts: cell("utc_starts").split_whitespace().map(utc).collect(),
            total: cell("total").parse().ok(),
            why: cell("why").to_owned(),
        }
    };
    Some(lines.map(case).collect())
}

impl Case {
    /// As an item of half an hour.
    fn item(&self) -> String {
        let end = self.start.checked_add(30.minutes()).unwrap();
        let clock = |at: DateTime| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        event(&format!(
            "<t:Subject>{}</t:Subject>{}{}<t:StartTimeZone Id=\"{}\"/>",
            self.id,
            times(&clock(self.start), &clock(end)),
            self.recurrence,
            self.zone
        ))
    }

    /// All that is known of it, and all there is.
    fn is_whole(&self) -> bool {
        self.total.is_some_and(|total| total == self.starts.len())
    }
}

fn create_calendars(ews: &mut Ews, count: usize) -> Vec<String> {
    let calendars: String = (0..count)
        .map(|n| format!("<t:CalendarFolder><t:DisplayName>{n}</t:DisplayName></t:CalendarFolder>"))
        .collect();
    let made = ews.ok(&format!(
        "<m:CreateFolder><m:ParentFolderId>{}</m:ParentFolderId><m:Folders>{calendars}</m:Folders></m:CreateFolder>",
        folder("calendar")
    ));
    made.iter().map(|one| one.want("m:Folders/*/t:FolderId").attribute("Id").unwrap().to_owned()).collect()
}

fn create(ews: &mut Ews, calendar: &str, cases: &[&Case]) -> Vec<crate::support::xml::Node> {
    let items: String = cases.iter().map(|case| case.item()).collect();
    let request = format!(
        "<m:CreateItem SendMeetingInvitations=\"SendToNone\"><m:SavedItemFolderId>{}</m:SavedItemFolderId>\
         <m:Items>{items}</m:Items></m:CreateItem>",
        folder(calendar)
    );
    ews.call(&request).messages
}

/// The starts in a calendar from one time to another, by subject; in views as long as may be.
fn starts(ews: &mut Ews, calendar: &str, from: Timestamp, to: Timestamp) -> BTreeMap<String, BTreeSet<Timestamp>> {
    let mut found: BTreeMap<String, BTreeSet<Timestamp>> = BTreeMap::new();
    let (mut at, longest) = (from, SignedDuration::from_hours(24 * 730));
    while at < to {
        let end = to.min(at + longest);
        let view = view(&at.to_string(), &end.to_string());
        let root = find(ews, calendar, &shape("IdOnly", &["item:Subject", "calendar:Start"]), &view);
        assert_eq!(root.attribute("IncludesLastItemInRange"), Some("true"));
        for item in root.all("t:Items/*") {
            let start = item.text("t:Start").unwrap().parse().unwrap();
            found.entry(item.text("t:Subject").unwrap().to_owned()).or_default().insert(start);
        }
        at = end;
    }
    found
}

/// Every case of the reference's table (`recurrence_cases.tsv`, where it is at hand): created in its zone, and what views show of it
/// is where the table has it, no more and no less; what cannot be is refused with the code that is documented.
fn are_where_the_reference_has_them() {
    let Some(cases) = cases() else {
        return println!("skipped: no table of cases here (EWSD_REFERENCE names the folder of the reference)");
    };
    let mut ews = shared::mailbox();
    let (refused, mut kept): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.starts.is_empty());
    for (case, message) in refused.iter().zip(create(&mut ews, "calendar", &refused)) {
        let code = code(&message);
        assert!(code.starts_with("Error") && case.why.contains(code), "{}: {code}, but {}", case.id, case.why);
    }
    // Those whose starts lie near each other are looked at together.
    kept.sort_by_key(|case| case.starts.last().copied());
    let together: Vec<&[&Case]> = kept.chunks(TOGETHER).collect();
    let calendars = create_calendars(&mut ews, together.len());
    let (mut compared, mut wrong, mut numbers) = (0, Vec::new(), Vec::new());
    for (calendar, cases) in calendars.iter().zip(together) {
        let ids: Vec<Option<Id>> =
            create(&mut ews, calendar, cases).iter().map(|made| made.get("m:Items/*").map(Id::of)).collect();
        let all = || cases.iter().flat_map(|case| &case.starts).copied();
        let (first, last) = (all().min().unwrap(), all().max().unwrap());
        let found = starts(&mut ews, calendar, first - 48.hours(), last + 48.hours());
        for (case, id) in cases.iter().zip(ids) {
            let Some(id) = id else {
                wrong.push(format!("{} is refused", case.id));
                continue;
            };
            let wanted: BTreeSet<Timestamp> = case.starts.iter().copied().collect();
            let until = if case.is_whole() { Timestamp::MAX } else { *wanted.last().unwrap() };
            let found = found.get(&case.id).cloned().unwrap_or_default();
            let found: BTreeSet<Timestamp> = found.into_iter().filter(|start| *start <= until).collect();
            if found != wanted {
                wrong.push(format!("{}: {found:?} instead of {wanted:?}", case.id));
            }
            compared += wanted.len();
            numbers.extend(case.total.map(|total| (case.id.clone(), id, i32::try_from(total).unwrap())));
        }
    }
    // By numbers there are as many as the table says.
    let ids: String = numbers.iter().map(|(_, id, total)| index(id, *total) + &index(id, total + 1)).collect();
    let shape = shape("IdOnly", &[]);
    let told =
        ews.call(&format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds>{ids}</m:ItemIds></m:GetItem>"));
    for ((case, _, total), codes) in numbers.iter().zip(told.codes().chunks(2)) {
        if codes != ["NoError", "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange"] {
            wrong.push(format!("{case} has not {total} occurrences: {codes:?}"));
        }
    }
    println!(
        "{} rows of recurrence_cases.tsv: {} series with {compared} starts, {} ends, {} refused",
        cases.len(),
        kept.len(),
        numbers.len(),
        refused.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kept.len() > 140 && refused.len() >= 4);
}

const DAILY: &str = "<t:DailyRecurrence><t:Interval>1</t:Interval></t:DailyRecurrence>";

/// Three days from that one, so long by the clocks of Berlin.
fn three(ews: &mut Ews, start: &str, end: &str) -> Id {
    let members = format!("{}{}{BERLIN}", times(start, end), recurrence(DAILY, &start[..10], 3));
    items::create(ews, &members)
}

/// Starts and ends in the year, without the seconds.
fn in_2026(ews: &mut Ews, calendar: &str) -> Vec<String> {
    let shape = shape("IdOnly", &["calendar:Start", "calendar:End"]);
    let root = find(ews, calendar, &shape, &view("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"));
    let time = |text: &str| text[5..16].to_owned();
    let row = |item: &crate::support::xml::Node| {
        format!("{} {}", time(item.text("t:Start").unwrap()), time(item.text("t:End").unwrap()))
    };
    root.all("t:Items/*").into_iter().map(row).collect()
}

/// In Berlin 02:00 is followed by 03:00 on the 29th of March: half past two is half past three on that day (RFC 5545 3.3.5), and half
/// past two on every other day of the series. An end that would not be after it keeps the length.
fn keep_the_clock_of_a_missing_hour() {
    let wanted = ["03-29T01:30 03-29T02:00", "03-30T00:30 03-30T01:00", "03-31T00:30 03-31T01:00"];
    let mut ews = shared::mailbox();
    let id = three(&mut ews, "2026-03-29T02:30:00", "2026-03-29T03:00:00");
    assert_eq!(in_2026(&mut ews, "calendar"), wanted);
    // Another property, the pattern again, the clocks again with their zone, and the instants that the server tells.
    let local = |start: &str, end: &str| {
        set("calendar:Start", &format!("<t:Start>{start}</t:Start>"))
            + &set("calendar:End", &format!("<t:End>{end}</t:End>"))
    };
    let zones = set("calendar:StartTimeZone", "<t:StartTimeZone Id=\"W. Europe Standard Time\"/>")
        + &set("calendar:EndTimeZone", "<t:EndTimeZone Id=\"W. Europe Standard Time\"/>");
    let again = set("calendar:Recurrence", &recurrence(DAILY, "2026-03-29", 3));
    for changes in [
        set("item:Subject", "<t:Subject>x</t:Subject>"),
        again.clone(),
        local("2026-03-29T02:30:00", "2026-03-29T03:00:00") + &zones + &again,
        local("2026-03-29T01:30:00Z", "2026-03-29T02:00:00Z"),
    ] {
        update(&mut ews, &id.bare(), &changes);
        assert_eq!(in_2026(&mut ews, "calendar"), wanted, "{changes}");
    }
    // One date more has it, too, and one that is taken out is found by its day.
    update(&mut ews, &id.bare(), &set("calendar:Recurrence", &recurrence(DAILY, "2026-03-29", 4)));
    ews.one(&items::delete_as("HardDelete", &index(&id, 1)));
    assert_eq!(in_2026(&mut ews, "calendar"), [&wanted[1..], &["04-01T00:30 04-01T01:00"]].concat());
    // The clocks stay where the zone is another.
    let london = zones.replace("W. Europe", "GMT");
    update(&mut ews, &id.bare(), &london);
    assert_eq!(in_2026(&mut ews, "calendar")[1], "03-30T01:30 03-30T02:00");
    // Half past three, said so, is another time.
    update(&mut ews, &id.bare(), &(local("2026-03-29T03:30:00", "2026-03-29T04:00:00") + &zones));
    assert_eq!(in_2026(&mut ews, "calendar")[1], "03-30T01:30 03-30T02:00");

    // A single item, and a series whose own day begins it later.
    let mut ews = shared::mailbox();
    items::create(&mut ews, &format!("{}{BERLIN}", times("2026-03-29T02:30:00", "2026-03-29T03:00:00")));
    assert_eq!(in_2026(&mut ews, "calendar"), wanted[..1]);
    let yearly = "<t:RelativeMonthlyRecurrence><t:Interval>1</t:Interval><t:DaysOfWeek>Sunday</t:DaysOfWeek>\
        <t:DayOfWeekIndex>Last</t:DayOfWeekIndex></t:RelativeMonthlyRecurrence>";
    let mut ews = shared::mailbox();
    let members = format!(
        "{}{}{BERLIN}",
        times("2026-03-01T02:30:00", "2026-03-01T02:45:00"),
        recurrence(yearly, "2026-03-01", 2)
    );
    items::create(&mut ews, &members);
    assert_eq!(in_2026(&mut ews, "calendar"), ["03-29T01:30 03-29T01:45", "04-26T00:30 04-26T00:45"]);
}

/// As iCalendar, as octets, and to whoever is invited.
fn are_told_with_the_clock_of_a_missing_hour() {
    let wanted = ["03-29T01:30 03-29T02:00", "03-30T00:30 03-30T01:00", "03-31T00:30 03-31T01:00"];
    let mut ews = shared::mailbox();
    let id = three(&mut ews, "2026-03-29T02:30:00", "2026-03-29T03:00:00");
    let text = mime::told(&mut ews, &id.bare());
    assert_eq!(mime::lines(&text, "DTSTART").last().unwrap(), "DTSTART;TZID=W. Europe Standard Time:20260329T023000");
    assert_eq!(mime::lines(&text, "DURATION"), ["DURATION:PT30M"]);
    let hex = octets::told(&mut ews, &id, &octets::appointment(0x8216)).unwrap();
    let mut other = shared::mailbox();
    items::create(&mut other, &mime::content(&text));
    assert_eq!(in_2026(&mut other, "calendar"), wanted);
    let mut other = shared::mailbox();
    let blob = octets::property(&octets::appointment(0x8216), &hex);
    let id = items::create(&mut other, &format!("{blob}{BERLIN}"));
    assert_eq!(in_2026(&mut other, "calendar"), wanted);
    assert_eq!(octets::told(&mut other, &id, &octets::appointment(0x8216)).unwrap(), hex);

    let (mut ann, mut bob) = (shared::mailbox(), shared::mailbox());
    let members = format!(
        "{}{}{}{BERLIN}",
        times("2026-03-29T02:30:00", "2026-03-29T03:00:00"),
        meeting::people(&[&bob.account.address]),
        recurrence(DAILY, "2026-03-29", 3)
    );
    ann.one(&meeting::invite("SendToAllAndSaveCopy", &members));
    assert_eq!(in_2026(&mut bob, "calendar"), wanted);
}

/// On the 25th of October half past two comes twice: the first counts (RFC 5545 3.3.5), also for a series that is said to begin with
/// the second, for its clock does not tell them apart.
fn take_the_first_of_an_hour_that_comes_twice() {
    let wanted = ["10-25T00:30 10-25T02:00", "10-26T01:30 10-26T02:00", "10-27T01:30 10-27T02:00"];
    for (start, end) in
        [("2026-10-25T02:30:00", "2026-10-25T03:00:00"), ("2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z")]
    {
        let mut ews = shared::mailbox();
        three(&mut ews, start, end);
        assert_eq!(in_2026(&mut ews, "calendar"), wanted, "{start}");
    }
    // A single one is when it is said to be.
    let mut ews = shared::mailbox();
    items::create(&mut ews, &format!("{}{BERLIN}", times("2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z")));
    assert_eq!(rows(&mut ews, "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z")[0].1, "2026-10-25T01:30:00Z");
}
