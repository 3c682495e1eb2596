//! PerformReminderAction (MS-OXWSMTGS 3.1.4.7): reminders that were seen are dismissed, or put off to a later time.

use ewsd_ews::request::PerformReminderAction;
use ewsd_ews::request::perform_reminder_action::ReminderItemAction;
use ewsd_ews::word::ReminderAction;
use ewsd_mailbox::calendar::reminder;
use ewsd_mailbox::calendar::series::{self, ItemOrOccurrence};
use ewsd_mailbox::error::{Error, Result};
use ewsd_mailbox::gate::Right;
use ewsd_mailbox::item::load;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ChangeKey, OccurrenceId};
use ewsd_model::property::bit;
use ewsd_model::target::BaseItemId;
use ewsd_model::value::WireId;
use ewsd_store::{ItemUpdate, Plan, StoreError};

use crate::op::Cx;

/// How often a change is tried against others that are faster.
const ATTEMPTS: usize = 5;

pub fn run(cx: &mut Cx<'_>, request: PerformReminderAction) -> Result<Vec<Outcome<Vec<WireId>>>> {
    cx.check_changes(request.actions.len())?;
    let (mut changed, mut failed) = (Vec::new(), None);
    for action in request.actions {
        match perform(cx, &action) {
            Ok(id) => changed.extend(id),
            Err(Error::Failure(failure)) => drop(failed.get_or_insert(failure)),
            Err(fault) => return Err(fault),
        }
    }
    Ok(vec![match failed {
        None => Outcome::Success(changed),
        Some(failure) if changed.is_empty() => Outcome::Error(failure),
        Some(failure) => Outcome::Warning(failure, Some(changed)),
    }])
}

/// The id of the item where it is another now.
fn perform(cx: &mut Cx<'_>, action: &ReminderItemAction) -> Result<Option<WireId>> {
    let target = [BaseItemId::Item(action.item.clone())];
    let item =
        cx.gate.parts(&target, Right::EditItems)?.pop().unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()))?;
    let plan = Plan { json: true, ..Plan::default() };
    for _ in 0..ATTEMPTS {
        let row = load::row(cx, &item, &plan)?;
        let day = match series::resolve(&row, item.part)? {
            ItemOrOccurrence::Occurrence(master, placed) => {
                item.check_shown(&master.shown(&row, placed))?;
                Some(placed.date)
            }
            ItemOrOccurrence::Whole => None,
        };
        let change = match (action.action, action.time) {
            (ReminderAction::Dismiss, _) => reminder::dismissed(&row, day, cx.now),
            (ReminderAction::Snooze, Some(time)) => reminder::put_off(&row, day, time, cx.now),
            (ReminderAction::Snooze, None) => {
                let text = "A reminder is put off to a time: NewReminderTime.";
                return Err(Failure::with_text(Code::ErrorInvalidArgument, text).into());
            }
        };
        let Some(change) = change else { return Ok(None) };
        let clear_flags = if change.cleared { bit::REMINDER_SET } else { 0 };
        let update = ItemUpdate { props: change.props, clear_flags, ..ItemUpdate::default() };
        let granted = item.granted;
        match cx.gate.open(&granted).update_item(item.item, &update, Some(row.change)) {
            // Somebody was faster: decide again on what is there now.
            Err(StoreError::Conflict { .. }) => {}
            written => {
                let written = written?;
                let master = granted.item_id(written.folder, written.item);
                let id = day.map_or_else(|| master.encode(), |date| OccurrenceId { master, date }.encode());
                let change_key = Some(ChangeKey::new(written.kind, written.change).encode());
                return Ok(Some(WireId { id, change_key }));
            }
        }
    }
    Err(Code::ErrorIrresolvableConflict.into())
}
