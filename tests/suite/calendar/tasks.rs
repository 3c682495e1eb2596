//! Tasks that recur (MS-OXWSTASK): one at a time, the next one when it is done.

use crate::support::demo::{Demo, Options};
use crate::support::ews::Ews;
use crate::support::ops::{Id, field, get, list, save, shape};
use crate::support::xml::Node;
use crate::support::{race, shared, sharing};

crate::tests![
    goes_on_by_its_pattern,
    is_due_again_after_it_was_done,
    ends_with_its_range,
    goes_on_when_one_is_deleted,
    becomes_one_and_is_none_any_more,
    refuses_recurrences_that_cannot_be,
    goes_on_for_each_who_says_that_it_is_done,
    makes_nothing_for_who_may_only_edit,
];

const DAYS: &str = "<t:DailyRecurrence><t:Interval>2</t:Interval></t:DailyRecurrence>";

fn recurrence(pattern: &str, range: &str) -> String {
    format!("<t:Recurrence>{pattern}{range}</t:Recurrence>")
}

fn numbered(start: &str, count: u32) -> String {
    format!(
        "<t:NumberedRecurrence><t:StartDate>{start}</t:StartDate><t:NumberOfOccurrences>{count}</t:NumberOfOccurrences></t:NumberedRecurrence>"
    )
}

fn endless(start: &str) -> String {
    format!("<t:NoEndRecurrence><t:StartDate>{start}</t:StartDate></t:NoEndRecurrence>")
}

/// A task with a due date a day after its start; elements in the order of the schema.
fn task(ews: &mut Ews, recurrence: &str) -> Id {
    let item = format!(
        "<t:Task><t:Subject>water</t:Subject><t:Body BodyType=\"Text\">the plants</t:Body><t:DueDate>2026-12-02T00:00:00Z</t:DueDate>\
         {recurrence}<t:StartDate>2026-12-01T00:00:00Z</t:StartDate></t:Task>"
    );
    save(ews, "tasks", &item)
}

fn update(ews: &mut Ews, id: &Id, uri: &str, property: &str) -> Id {
    let set = format!("<t:SetItemField>{}<t:Task>{property}</t:Task></t:SetItemField>", field(uri));
    Id::of(ews.one(&request(id, &set)).want("m:Items/*"))
}

fn request(id: &Id, change: &str) -> String {
    format!(
        "<m:UpdateItem ConflictResolution=\"AlwaysOverwrite\" MessageDisposition=\"SaveOnly\"><m:ItemChanges><t:ItemChange>{}\
         <t:Updates>{change}</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>",
        id.bare()
    )
}

fn done(ews: &mut Ews, id: &Id) -> Id {
    update(ews, id, "task:Status", "<t:Status>Completed</t:Status>")
}

fn shown(ews: &mut Ews, id: &Id) -> Node {
    get(ews, id, &shape("AllProperties", &["task:Recurrence"]))
}

fn check(item: &Node, wanted: &[(&str, &str)]) {
    for (name, text) in wanted {
        assert_eq!(item.text(&format!("t:{name}")), Some(*text), "{name}: {item:#?}");
    }
}

fn goes_on_by_its_pattern() {
    let mut ews = shared::mailbox();
    let id = task(&mut ews, &recurrence(DAYS, &endless("2026-12-01")));
    let item = shown(&mut ews, &id);
    check(&item, &[("IsRecurring", "true"), ("IsComplete", "false"), ("StartDate", "2026-12-01T00:00:00Z")]);
    assert_eq!(item.text("t:Recurrence/t:DailyRecurrence/t:Interval"), Some("2"));
    let copy = done(&mut ews, &id);
    assert_ne!(copy.id, id.id, "what was done is a task of its own");
    let one_off = shown(&mut ews, &copy);
    check(
        &one_off,
        &[
            ("Subject", "water"),
            ("Body", "the plants"),
            ("IsComplete", "true"),
            ("IsRecurring", "false"),
            ("Status", "Completed"),
            ("StartDate", "2026-12-01T00:00:00Z"),
            ("DueDate", "2026-12-02T00:00:00Z"),
        ],
    );
    assert!(one_off.find("t:Recurrence").is_none());
    let next = shown(&mut ews, &id);
    check(
        &next,
        &[
            ("IsComplete", "false"),
            ("IsRecurring", "true"),
            ("Status", "NotStarted"),
            ("PercentComplete", "0"),
            ("StartDate", "2026-12-03T00:00:00Z"),
            ("DueDate", "2026-12-04T00:00:00Z"),
            ("Body", "the plants"),
        ],
    );
    assert!(next.find("t:CompleteDate").is_none());
    // By its percentage, too.
    update(&mut ews, &id, "task:PercentComplete", "<t:PercentComplete>100</t:PercentComplete>");
    check(&shown(&mut ews, &id), &[("StartDate", "2026-12-05T00:00:00Z"), ("DueDate", "2026-12-06T00:00:00Z")]);
    assert_eq!(list(&mut ews, "tasks").len(), 3);
    // What is done already is not done once more.
    update(&mut ews, &copy, "item:Subject", "<t:Subject>watered</t:Subject>");
    assert_eq!(list(&mut ews, "tasks").len(), 3);
}

fn is_due_again_after_it_was_done() {
    let mut ews = shared::mailbox();
    let weekly = "<t:WeeklyRegeneration><t:Interval>1</t:Interval></t:WeeklyRegeneration>";
    let id = task(&mut ews, &recurrence(weekly, &numbered("2026-12-01", 3)));
    assert_eq!(shown(&mut ews, &id).text("t:Recurrence/t:WeeklyRegeneration/t:Interval"), Some("1"));
    update(&mut ews, &id, "task:CompleteDate", "<t:CompleteDate>2026-12-10T00:00:00Z</t:CompleteDate>");
    let next = shown(&mut ews, &id);
    check(&next, &[("StartDate", "2026-12-17T00:00:00Z"), ("DueDate", "2026-12-18T00:00:00Z")]);
    assert_eq!(next.text("t:Recurrence/t:NumberedRecurrence/t:NumberOfOccurrences"), Some("2"));
    update(&mut ews, &id, "task:CompleteDate", "<t:CompleteDate>2026-12-17T00:00:00Z</t:CompleteDate>");
    let last = update(&mut ews, &id, "task:CompleteDate", "<t:CompleteDate>2026-12-24T00:00:00Z</t:CompleteDate>");
    assert_eq!(last.id, id.id, "there is none after the last one");
    check(&shown(&mut ews, &id), &[("IsComplete", "true"), ("StartDate", "2026-12-24T00:00:00Z")]);
}

fn ends_with_its_range() {
    let mut ews = shared::mailbox();
    let id = task(&mut ews, &recurrence(DAYS, &numbered("2026-12-01", 2)));
    assert_ne!(done(&mut ews, &id).id, id.id);
    assert_eq!(done(&mut ews, &id).id, id.id);
    check(&shown(&mut ews, &id), &[("IsComplete", "true"), ("StartDate", "2026-12-03T00:00:00Z")]);
    assert_eq!(list(&mut ews, "tasks").len(), 2);
}

fn delete(id: &Id, which: &str) -> String {
    format!(
        "<m:DeleteItem DeleteType=\"HardDelete\" AffectedTaskOccurrences=\"{which}\"><m:ItemIds>{}</m:ItemIds></m:DeleteItem>",
        id.bare()
    )
}

fn goes_on_when_one_is_deleted() {
    let mut ews = shared::mailbox();
    let id = task(&mut ews, &recurrence(DAYS, &numbered("2026-12-01", 2)));
    ews.one(&delete(&id, "SpecifiedOccurrenceOnly"));
    check(&shown(&mut ews, &id), &[("IsComplete", "false"), ("StartDate", "2026-12-03T00:00:00Z")]);
    ews.one(&delete(&id, "SpecifiedOccurrenceOnly"));
    assert!(list(&mut ews, "tasks").is_empty());
    let id = task(&mut ews, &recurrence(DAYS, &endless("2026-12-01")));
    ews.one(&delete(&id, "AllOccurrences"));
    assert!(list(&mut ews, "tasks").is_empty());
}

fn becomes_one_and_is_none_any_more() {
    let mut ews = shared::mailbox();
    let id = save(&mut ews, "tasks", "<t:Task><t:Subject>plain</t:Subject></t:Task>");
    check(&shown(&mut ews, &id), &[("IsComplete", "false")]);
    // Dates come with the recurrence, where there are none.
    let monthly = "<t:AbsoluteMonthlyRecurrence><t:Interval>1</t:Interval><t:DayOfMonth>15</t:DayOfMonth></t:AbsoluteMonthlyRecurrence>";
    update(&mut ews, &id, "task:Recurrence", &recurrence(monthly, &endless("2026-12-01")));
    check(
        &shown(&mut ews, &id),
        &[("IsRecurring", "true"), ("StartDate", "2026-12-15T00:00:00Z"), ("DueDate", "2026-12-15T00:00:00Z")],
    );
    ews.one(&request(&id, &format!("<t:DeleteItemField>{}</t:DeleteItemField>", field("task:Recurrence"))));
    let item = shown(&mut ews, &id);
    assert_eq!((item.text("t:IsRecurring"), item.find("t:Recurrence").is_none()), (Some("false"), true));
    assert_eq!(done(&mut ews, &id).id, id.id);
}

fn refuses_recurrences_that_cannot_be() {
    let mut ews = shared::mailbox();
    let until = "<t:EndDateRecurrence><t:StartDate>2026-12-01</t:StartDate><t:EndDate>2026-12-31</t:EndDate></t:EndDateRecurrence>";
    let regenerates = "<t:DailyRegeneration><t:Interval>1</t:Interval></t:DailyRegeneration>";
    let none = "<t:DailyRecurrence><t:Interval>1000</t:Interval></t:DailyRecurrence>";
    for (pattern, range, code) in [
        (regenerates, until.to_owned(), "ErrorUnsupportedRecurrence"),
        (none, endless("2026-12-01"), "ErrorCalendarOutOfRange"),
        (DAYS, endless("1600-01-01"), "ErrorCalendarOutOfRange"),
    ] {
        let item = format!("<t:Task><t:Subject>x</t:Subject>{}</t:Task>", recurrence(pattern, &range));
        assert_eq!(ews.error(&crate::support::ops::save_request("tasks", &item)), code, "{pattern}");
    }
}

/// Both have read the task before either can change it, and both were told to overwrite.
fn goes_on_for_each_who_says_that_it_is_done() {
    let server = Demo::start(Options::default());
    let mut ews = Ews::connect(&server, &server.accounts[0]);
    let id = task(&mut ews, &recurrence(DAYS, &endless("2026-12-01")));
    let done = format!(
        "<t:SetItemField>{}<t:Task><t:Status>Completed</t:Status></t:Task></t:SetItemField>",
        field("task:Status")
    );
    assert_eq!(race::twice(&server, &ews, &request(&id, &done)), ["NoError", "NoError"]);
    check(&shown(&mut ews, &id), &[("StartDate", "2026-12-05T00:00:00Z")]);
    assert_eq!(list(&mut ews, "tasks").len(), 3);
}

/// What is done becomes a task of its own, which is for those who may make tasks.
fn makes_nothing_for_who_may_only_edit() {
    let (mut ews, mut other) = (shared::mailbox(), shared::mailbox());
    let id = task(&mut ews, &recurrence(DAYS, &endless("2026-12-01")));
    let give = |ews: &mut Ews, create: bool| {
        let rights = format!(
            "<t:CanCreateItems>{create}</t:CanCreateItems><t:CanCreateSubFolders>false</t:CanCreateSubFolders>\
             <t:IsFolderOwner>false</t:IsFolderOwner><t:IsFolderVisible>true</t:IsFolderVisible>\
             <t:IsFolderContact>false</t:IsFolderContact><t:EditItems>All</t:EditItems><t:DeleteItems>None</t:DeleteItems>\
             <t:ReadItems>FullDetails</t:ReadItems>"
        );
        let entry = sharing::person(&other.account.address, &(rights + &sharing::level("Custom")));
        ews.one(&sharing::give_request("tasks", "TasksFolder", "Permissions", &entry));
    };
    give(&mut ews, false);
    let set = |uri: &str, property: &str| {
        request(&id, &format!("<t:SetItemField>{}<t:Task>{property}</t:Task></t:SetItemField>", field(uri)))
    };
    let done = set("task:Status", "<t:Status>Completed</t:Status>");
    assert_eq!(other.again().error(&done), "ErrorAccessDenied");
    other.again().one(&set("item:Subject", "<t:Subject>water them</t:Subject>"));
    assert_eq!(list(&mut ews, "tasks").len(), 1);
    check(&shown(&mut ews, &id), &[("Subject", "water them"), ("StartDate", "2026-12-01T00:00:00Z")]);
    give(&mut ews, true);
    other.one(&done);
    assert_eq!(list(&mut ews, "tasks").len(), 2);
}
