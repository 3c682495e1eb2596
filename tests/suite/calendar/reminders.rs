//! GetReminders and PerformReminderAction (MS-OXWSMTGS 3.1.4.5, 3.1.4.7): what people are reminded of, and what they do about it.

use super::items::{create, set, times, update};
use super::rooms::at as day;
use super::series::{BERLIN, daily, index};
use crate::support::ews::Ews;
use crate::support::ops::{Id, get_fields, save};
use crate::support::shared;
use crate::support::xml::Node;

crate::tests![
    reminds_of_items_in_a_time,
    reminds_of_tasks,
    tells_what_is_current_and_what_is_old,
    dismisses_and_puts_off,
    goes_on_in_a_series,
    refuses_reminders_that_cannot_be,
];

fn request(members: &str) -> String {
    format!("<m:GetReminders>{members}</m:GetReminders>")
}

fn span(begin: &str, end: &str) -> String {
    format!("<m:BeginTime>{begin}</m:BeginTime><m:EndTime>{end}</m:EndTime>")
}

fn answer(ews: &mut Ews, request: &str) -> Node {
    let answer = ews.call(request).envelope.want("s:Body/*").clone();
    assert_eq!(answer.text("m:ResponseCode"), Some("NoError"), "{answer:#?}");
    answer
}

fn reminders(ews: &mut Ews, members: &str) -> Vec<Node> {
    let answer = answer(ews, &request(members));
    assert_eq!(answer.name, "m:GetRemindersResponse");
    answer.want("m:Reminders").children.clone()
}

/// Subject, reminder time and start of each.
fn told(ews: &mut Ews, members: &str) -> Vec<(String, String, String)> {
    let text = |one: &Node, name: &str| one.text(name).unwrap().to_owned();
    let all = reminders(ews, members);
    all.iter().map(|one| (text(one, "t:Subject"), text(one, "t:ReminderTime"), text(one, "t:StartDate"))).collect()
}

fn row(subject: &str, at: &str, start: &str) -> (String, String, String) {
    let time = |text: &str| format!("2020-12-{text}:00Z");
    (subject.to_owned(), time(at), time(start))
}

fn act(action: &str, id: &str, time: &str) -> String {
    let time = if time.is_empty() { String::new() } else { format!("<t:NewReminderTime>{time}</t:NewReminderTime>") };
    format!(
        "<m:PerformReminderAction><m:ReminderItemActions><t:ReminderItemAction><t:ActionType>{action}</t:ActionType>{id}{time}\
         </t:ReminderItemAction></m:ReminderItemActions></m:PerformReminderAction>"
    )
}

/// The ids of what has changed.
fn done(ews: &mut Ews, request: &str) -> Vec<Id> {
    answer(ews, request).want("m:UpdatedItemIds").children.iter().map(Id::of).collect()
}

fn item(ews: &mut Ews, subject: &str, day: u32, more: &str) -> Id {
    let at = |time: &str| format!("2020-12-{day:02}T{time}:00:00Z");
    create(
        ews,
        &format!("<t:Subject>{subject}</t:Subject>{more}{}<t:Location>Hall</t:Location>", times(&at("09"), &at("10"))),
    )
}

/// A series of five mornings at nine in Berlin from the first of December. They are over, on whatever day this is run: of one that
/// began and is not over the reminder is the next one's.
fn series(ews: &mut Ews) -> Id {
    let members = format!(
        "<t:Subject>five</t:Subject>{}{}{BERLIN}",
        times("2020-12-01T09:00:00", "2020-12-01T10:00:00"),
        daily(5).replace("2026", "2020")
    );
    create(ews, &members)
}

/// MS-OXWSMTGS_R2032 MS-OXWSMTGS_R2033 MS-OXWSMTGS_R2055 MS-OXWSMTGS_R2061 MS-OXWSMTGS_R2063 MS-OXWSMTGS_R2065 MS-OXWSMTGS_R2072
/// MS-OXWSMTGS_R2077 MS-OXWSMTGS_R2079 MS-OXWSMTGS_R2081 MS-OXWSMTGS_R2083 MS-OXWSMTGS_R2085 MS-OXWSMTGS_R2087 MS-OXWSMTGS_R2093
/// MS-OXWSMTGS_R20911 MS-OXWSMTGS_R2099
fn reminds_of_items_in_a_time() {
    let mut ews = shared::mailbox();
    let early =
        "<t:ReminderIsSet>true</t:ReminderIsSet><t:ReminderMinutesBeforeStart>120</t:ReminderMinutesBeforeStart>";
    item(&mut ews, "usual", 1, "");
    let private = "<t:Sensitivity>Private</t:Sensitivity>";
    let plan = item(&mut ews, "early", 2, &format!("{private}{early}"));
    item(&mut ews, "silent", 2, "<t:ReminderIsSet>false</t:ReminderIsSet>");
    let gone = item(&mut ews, "gone", 2, "");
    ews.one(&super::items::delete_as("MoveToDeletedItems", &gone.bare()));
    assert_eq!(
        told(&mut ews, &span("2020-12-01T00:00:00Z", "2020-12-31T00:00:00Z")),
        [row("usual", "01T08:45", "01T09:00"), row("early", "02T07:00", "02T09:00")]
    );
    let both = span("2020-12-01T08:45:00Z", "2020-12-02T06:59:00Z");
    assert_eq!(told(&mut ews, &both), [row("usual", "01T08:45", "01T09:00")], "the times themselves count");
    let all = reminders(&mut ews, &span("2020-12-02T00:00:00Z", "2020-12-03T00:00:00Z"));
    let one = &all[0];
    let whole = super::items::all(&mut ews, &plan);
    assert_eq!((one.text("t:Location"), one.text("t:ReminderGroup")), (Some("Hall"), Some("Calendar")));
    assert_eq!((one.text("t:UID"), one.text("t:EndDate")), (whole.text("t:UID"), Some("2020-12-02T10:00:00Z")));
    assert_eq!(Id::of(one), Id::of(&whole));
    assert!(one.get("t:RecurringMasterItemId").is_none());
    let most = format!("{}<m:MaxItems>1</m:MaxItems>", span("2020-12-01T00:00:00Z", "2020-12-31T00:00:00Z"));
    assert_eq!(told(&mut ews, &most).len(), 1);
    // It follows what is said.
    update(
        &mut ews,
        &plan.bare(),
        &set("item:ReminderMinutesBeforeStart", "<t:ReminderMinutesBeforeStart>5</t:ReminderMinutesBeforeStart>"),
    );
    assert_eq!(told(&mut ews, "")[1], row("early", "02T08:55", "02T09:00"));
    update(&mut ews, &plan.bare(), &set("item:ReminderIsSet", "<t:ReminderIsSet>false</t:ReminderIsSet>"));
    assert_eq!(told(&mut ews, "").len(), 1);
}

/// MS-OXWSMTGS_R20912 MS-OXWSMTGS_R2091 MS-OXWSMTGS_R2100
fn reminds_of_tasks() {
    let mut ews = shared::mailbox();
    let task = "<t:Task><t:Subject>do it</t:Subject><t:ReminderDueBy>2020-12-04T07:30:00Z</t:ReminderDueBy>\
        <t:ReminderIsSet>true</t:ReminderIsSet></t:Task>";
    let id = save(&mut ews, "tasks", task);
    let all = reminders(&mut ews, &span("2020-12-01T00:00:00Z", "2020-12-31T00:00:00Z"));
    assert_eq!(
        (all[0].text("t:ReminderTime"), all[0].text("t:ReminderGroup")),
        (Some("2020-12-04T07:30:00Z"), Some("Task"))
    );
    assert_eq!(all[0].text("t:StartDate"), Some("0001-01-02T00:00:00Z"), "no date");
    let changed = done(&mut ews, &act("Dismiss", &id.bare(), ""));
    assert_eq!(get_fields(&mut ews, &changed[0], &["item:ReminderIsSet"]).text("t:ReminderIsSet"), Some("false"));
    assert!(reminders(&mut ews, "").is_empty());
}

/// MS-OXWSMTGS_R2067
fn tells_what_is_current_and_what_is_old() {
    let mut ews = shared::mailbox();
    let attendee = "<t:RequiredAttendees><t:Attendee><t:Mailbox><t:EmailAddress>nobody@example.test</t:EmailAddress></t:Mailbox>\
        </t:Attendee></t:RequiredAttendees>";
    let at = |ews: &mut Ews, subject: &str, start: &str, end: &str, more: &str| {
        create(ews, &format!("<t:Subject>{subject}</t:Subject>{}{more}", times(start, end)))
    };
    at(&mut ews, "meeting that was", "2020-01-01T09:00:00Z", "2020-01-01T10:00:00Z", attendee);
    at(&mut ews, "appointment that was", "2020-01-02T09:00:00Z", "2020-01-02T10:00:00Z", "");
    at(&mut ews, "meeting that goes on", &day(-30, 9), &day(30, 9), attendee);
    let subjects = |ews: &mut Ews, which: &str, begin: &str, end: &str| -> Vec<String> {
        let members = format!("{}<m:ReminderType>{which}</m:ReminderType>", span(begin, end));
        told(ews, &members).into_iter().map(|(subject, ..)| subject).collect()
    };
    let (begin, end) = (&day(-20, 0), &day(-10, 0));
    assert!(subjects(&mut ews, "All", begin, end).is_empty());
    assert_eq!(subjects(&mut ews, "Current", begin, end), ["appointment that was", "meeting that goes on"]);
    assert_eq!(subjects(&mut ews, "Old", "2019-01-01T00:00:00Z", end), ["meeting that was"]);
    assert_eq!(subjects(&mut ews, "All", "2019-01-01T00:00:00Z", end).len(), 3);
}

/// MS-OXWSMTGS_R2124 MS-OXWSMTGS_R2125 MS-OXWSMTGS_R2145 MS-OXWSMTGS_R2165 MS-OXWSMTGS_R2171 MS-OXWSMTGS_R2172
fn dismisses_and_puts_off() {
    let mut ews = shared::mailbox();
    let id = item(&mut ews, "plan", 1, "");
    let later = done(&mut ews, &act("Snooze", &id.xml(), "2020-12-01T08:55:00Z"));
    assert!(later.len() == 1 && later[0].key != id.key, "it is another now");
    assert_eq!(told(&mut ews, ""), [row("plan", "01T08:55", "01T09:00")]);
    let item = get_fields(&mut ews, &later[0], &["item:ReminderNextTime", "item:ReminderIsSet"]);
    assert_eq!(
        (item.text("t:ReminderNextTime"), item.text("t:ReminderIsSet")),
        (Some("2020-12-01T08:55:00Z"), Some("true"))
    );
    // Something else of it does not bring the old time back.
    update(&mut ews, &id.bare(), &set("item:Subject", "<t:Subject>plan b</t:Subject>"));
    assert_eq!(told(&mut ews, ""), [row("plan b", "01T08:55", "01T09:00")]);
    // Nor does the time that it has, which some programs say with every change.
    let same = set("calendar:Start", "<t:Start>2020-12-01T09:00:00Z</t:Start>")
        + &set("calendar:End", "<t:End>2020-12-01T10:00:00Z</t:End>")
        + &set("item:ReminderIsSet", "<t:ReminderIsSet>true</t:ReminderIsSet>");
    update(&mut ews, &id.bare(), &same);
    assert_eq!(told(&mut ews, ""), [row("plan b", "01T08:55", "01T09:00")]);
    done(&mut ews, &act("Dismiss", &id.bare(), ""));
    assert!(told(&mut ews, "").is_empty());
    let item = get_fields(&mut ews, &id, &["item:ReminderNextTime", "item:ReminderIsSet"]);
    assert_eq!((item.get("t:ReminderNextTime"), item.text("t:ReminderIsSet")), (None, Some("false")));
    // A second time there is nothing to do.
    let mut again = ews.again().unrecorded();
    assert!(done(&mut again, &act("Dismiss", &id.bare(), "")).is_empty());
    update(&mut ews, &id.bare(), &set("item:ReminderIsSet", "<t:ReminderIsSet>true</t:ReminderIsSet>"));
    assert_eq!(told(&mut ews, ""), [row("plan b", "01T08:45", "01T09:00")]);
}

/// MS-OXWSMTGS_R2089
fn goes_on_in_a_series() {
    let mut ews = shared::mailbox();
    let master = series(&mut ews);
    let all = reminders(&mut ews, "");
    assert_eq!(all.len(), 1, "a series has one");
    assert_eq!(all[0].want("t:RecurringMasterItemId").attribute("Id"), Some(master.id.as_str()));
    let first = Id::of(&all[0]);
    assert_ne!(first.id, master.id);
    assert_eq!(super::series::get_by(&mut ews, &first.bare()).text("t:CalendarItemType"), Some("Occurrence"));
    assert_eq!(told(&mut ews, ""), [row("five", "01T07:45", "01T08:00")]);
    // In a later time it is the one that comes then.
    let later = span("2020-12-03T00:00:00Z", "2020-12-09T00:00:00Z");
    assert_eq!(told(&mut ews, &later), [row("five", "03T07:45", "03T08:00")]);
    let changed = done(&mut ews, &act("Dismiss", &first.bare(), ""));
    assert_eq!(changed[0].id, first.id);
    assert_eq!(told(&mut ews, ""), [row("five", "02T07:45", "02T08:00")]);
    // An occurrence of its own says when itself.
    let own = set("item:Subject", "<t:Subject>other</t:Subject>")
        + &set("item:ReminderMinutesBeforeStart", "<t:ReminderMinutesBeforeStart>60</t:ReminderMinutesBeforeStart>");
    update(&mut ews, &index(&master, 3), &own);
    assert_eq!(told(&mut ews, ""), [row("five", "02T07:45", "02T08:00")], "what was dismissed stays so");
    done(&mut ews, &act("Dismiss", &master.bare(), ""));
    assert_eq!(told(&mut ews, ""), [row("other", "03T07:00", "03T08:00")]);
    done(&mut ews, &act("Snooze", &master.bare(), "2020-12-03T07:30:00Z"));
    assert_eq!(told(&mut ews, ""), [row("other", "03T07:30", "03T08:00")]);
    // Beyond the next one it is dismissed.
    done(&mut ews, &act("Snooze", &master.bare(), "2020-12-04T12:00:00Z"));
    assert_eq!(told(&mut ews, ""), [row("five", "04T07:45", "04T08:00")]);
    done(&mut ews, &act("Dismiss", &master.bare(), ""));
    done(&mut ews, &act("Dismiss", &master.bare(), ""));
    assert!(told(&mut ews, "").is_empty(), "that was the last");
}

/// MS-OXWSMTGS_R2034 MS-OXWSMTGS_R2126
fn refuses_reminders_that_cannot_be() {
    let (mut ews, mut other) = (shared::mailbox(), shared::mailbox());
    let code = |ews: &mut Ews, request: &str| {
        let answer = ews.call(request).envelope.want("s:Body/*").clone();
        assert_eq!(answer.attribute("ResponseClass"), Some("Error"), "{answer:#?}");
        answer.text("m:ResponseCode").unwrap().to_owned()
    };
    assert_eq!(
        code(&mut ews, &request(&span("2020-12-02T00:00:00Z", "2020-12-01T00:00:00Z"))),
        "ErrorInvalidOperation"
    );
    let old = "<m:EndTime>2020-12-01T00:00:00Z</m:EndTime><m:ReminderType>Old</m:ReminderType>";
    assert_eq!(code(&mut ews, &request(old)), "ErrorInvalidOperation");
    let mut wrong = ews.again().unrecorded();
    assert_eq!(wrong.fault(&request("<m:MaxItems>201</m:MaxItems>")), "ErrorSchemaValidation");
    let id = item(&mut ews, "plan", 1, "");
    assert_eq!(code(&mut wrong, &act("Snooze", &id.bare(), "")), "ErrorInvalidArgument");
    ews.one(&super::items::delete_as("HardDelete", &id.bare()));
    assert_eq!(code(&mut wrong, &act("Dismiss", &id.bare(), "")), "ErrorItemNotFound");
    let theirs = item(&mut other, "theirs", 1, "");
    assert_eq!(code(&mut wrong, &act("Dismiss", &theirs.bare(), "")), "ErrorAccessDenied");
}
