//! Tasks (MS-OXWSTASK): status, percentage and completion say the same thing; whichever was written, the others follow. Of a
//! task that recurs there is one at a time: the next one comes when it is done (`task/series.rs`).

pub mod series;

use ewsd_model::failure::Failure;
use ewsd_model::property::{Column, bit};
use ewsd_model::{PropId, Value};
use serde_json::Value as Json;

use super::{KindBehaviour, text};
use crate::item::edit::Edit;

pub struct Task;

impl KindBehaviour for Task {
    fn arrange(&self, edit: &mut Edit<'_>) -> Result<(), Failure> {
        series::settle(edit)
    }

    fn settle(&self, edit: &mut Edit<'_>) {
        remind(edit);
        let touched = |edit: &Edit<'_>, id: PropId| edit.touched.contains(&id);
        let (status, percent, date) = (PropId::TaskStatus, PropId::TaskPercentComplete, PropId::TaskCompleteDate);
        let done = if touched(edit, status) {
            text(edit, status).as_deref() == Some("Completed")
        } else if touched(edit, percent) {
            percentage(edit).is_some_and(|percent| percent >= 100.0)
        } else if touched(edit, date) {
            edit.member(date.row().element).is_some()
        } else if edit.base.is_none() {
            false
        } else {
            return;
        };
        edit.put_member(PropId::TaskIsComplete, done);
        if done {
            edit.put_member(status, "Completed");
            edit.put_member(percent, 100.0);
            if edit.member(date.row().element).is_none() {
                let now = edit.now.to_string();
                edit.put_member(date, now);
            }
            return;
        }
        if !touched(edit, status) && text(edit, status).is_none_or(|status| status == "Completed") {
            let started = percentage(edit).is_some_and(|part| part > 0.0);
            edit.put_member(status, if started { "InProgress" } else { "NotStarted" });
        }
        if !touched(edit, percent) {
            let before = percentage(edit).unwrap_or(0.0);
            edit.put_member(percent, if before >= 100.0 { 0.0 } else { before });
        }
        if !touched(edit, date) {
            edit.put_member(date, Json::Null);
        }
    }
}

/// A task reminds at the time that it says.
fn remind(edit: &mut Edit<'_>) {
    let says = [PropId::ItemReminderIsSet, PropId::ItemReminderDueBy];
    if edit.base.is_some() && !says.iter().any(|id| edit.touched.contains(id)) {
        return;
    }
    let at = match edit.column(Column::ReminderDue) {
        Some(Value::Time(at)) if edit.flags() & bit::REMINDER_SET != 0 => Json::from(at.to_string()),
        _ => Json::Null,
    };
    let next = PropId::ItemReminderNextTime;
    if !at.is_null() || edit.member(next.row().element).is_some() {
        edit.put_member(next, at);
    }
}

fn percentage(edit: &Edit<'_>) -> Option<f64> {
    edit.member(PropId::TaskPercentComplete.row().element)?.as_f64()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use ewsd_model::ItemKind;
    use jiff::Timestamp;

    #[test]
    fn tasks_are_settled() {
        let mut edit = Edit::new(ItemKind::Task, None, Timestamp::UNIX_EPOCH);
        Task.settle(&mut edit);
        assert_eq!((&edit.props["Status"], &edit.props["PercentComplete"]), (&"NotStarted".into(), &0.0.into()));
        edit.set(PropId::TaskStatus, Value::Text("Completed".into())).unwrap();
        Task.settle(&mut edit);
        assert_eq!(edit.props["PercentComplete"], 100.0);
        assert_eq!(edit.props["IsComplete"], true);
        assert_eq!(edit.props["CompleteDate"], "1970-01-01T00:00:00Z");
    }
}
