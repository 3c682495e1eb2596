//! PerformReminderAction (MS-OXWSMTGS 3.1.4.7): puts reminders off, or away.

use ewsd_model::value::WireId;
use jiff::Timestamp;

use crate::cursor::{Cursor, Element, Read};
use crate::fault::Fault;
use crate::record::{list, record, value};
use crate::word::ReminderAction;

record! {
    PerformReminderAction {
        attributes {}
        elements {
            "ReminderItemActions" actions: required Vec<ReminderItemAction>, list(action);
        }
    }
}

record! {
    /// What is done about one reminder.
    ReminderItemAction {
        attributes {}
        elements {
            "ActionType" action: required ReminderAction, value;
            /// Of an item, or of one occurrence of a series.
            "ItemId" item: required WireId, WireId::read;
            /// When it is to come again.
            "NewReminderTime" time: optional Timestamp, value;
        }
    }
}

fn action(c: &mut Cursor<'_>, element: &Element<'_>) -> Result<ReminderItemAction, Fault> {
    match element.name() {
        "ReminderItemAction" => ReminderItemAction::read(c, element),
        _ => Err(c.unexpected(element)),
    }
}
