//! Answers of GetReminders and PerformReminderAction (MS-OXWSMTGS 3.1.4.5, 3.1.4.7).

use ewsd_model::operation::Op;
use ewsd_model::value::WireId;
use jiff::Timestamp;

use crate::record::Write;
use crate::writer::{M, T, Writer};

/// What somebody is to be reminded of.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    pub subject: String,
    pub location: Option<String>,
    pub at: Timestamp,
    /// A task may have neither.
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    /// Of an occurrence, if it is one.
    pub item: WireId,
    /// Of the series that it is an occurrence of.
    pub master: Option<WireId>,
    pub is_task: bool,
    pub uid: String,
}

/// What stands where a task has no date.
const NO_DATE: &str = "0001-01-02T00:00:00Z";

pub(super) fn reminders(w: &mut Writer<'_>, _: Op, found: Option<&Vec<Reminder>>) {
    let found = found.map(Vec::as_slice).unwrap_or_default();
    super::list(w, M, "Reminders", found, write);
}

fn write(w: &mut Writer<'_>, reminder: &Reminder) {
    w.open(T, "Reminder");
    w.text_element(T, "Subject", &reminder.subject);
    w.some_text(T, "Location", reminder.location.as_deref());
    w.time_element(T, "ReminderTime", reminder.at);
    for (name, time) in [("StartDate", reminder.start), ("EndDate", reminder.end)] {
        match time {
            Some(time) => w.time_element(T, name, time),
            None => w.text_element(T, name, NO_DATE),
        }
    }
    reminder.item.write(w, "ItemId");
    if let Some(master) = &reminder.master {
        master.write(w, "RecurringMasterItemId");
    }
    w.text_element(T, "ReminderGroup", if reminder.is_task { "Task" } else { "Calendar" });
    w.text_element(T, "UID", &reminder.uid);
    w.close(T, "Reminder");
}

/// Ids of the items that are another now.
pub(super) fn performed(w: &mut Writer<'_>, _: Op, ids: Option<&Vec<WireId>>) {
    let ids = ids.map(Vec::as_slice).unwrap_or_default();
    super::list(w, M, "UpdatedItemIds", ids, |w, id| id.write(w, "ItemId"));
}
