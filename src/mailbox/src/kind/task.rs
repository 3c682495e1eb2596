//! Tasks (MS-OXWSTASK): status, percentage and completion say the same thing; whichever was written, the others follow.

use ewsd_model::PropId;
use serde_json::Value as Json;

use super::{Kind, put, text};
use crate::item::edit::Edit;

pub struct Task;

impl Kind for Task {
    fn settle(&self, edit: &mut Edit<'_>) {
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
        put(edit, PropId::TaskIsComplete, done);
        if done {
            put(edit, status, "Completed");
            put(edit, percent, 100.0);
            if edit.member(date.row().element).is_none() {
                let now = edit.now.to_string();
                put(edit, date, now);
            }
            return;
        }
        if !touched(edit, status) && text(edit, status).is_none_or(|status| status == "Completed") {
            let started = percentage(edit).is_some_and(|part| part > 0.0);
            put(edit, status, if started { "InProgress" } else { "NotStarted" });
        }
        if !touched(edit, percent) {
            let before = percentage(edit).unwrap_or(0.0);
            put(edit, percent, if before >= 100.0 { 0.0 } else { before });
        }
        if !touched(edit, date) {
            put(edit, date, Json::Null);
        }
    }
}

fn percentage(edit: &Edit<'_>) -> Option<f64> {
    edit.member(PropId::TaskPercentComplete.row().element)?.as_f64()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use ewsd_model::{ItemKind, Value};
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
