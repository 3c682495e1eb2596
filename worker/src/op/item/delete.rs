//! DeleteItem (MS-OXWSCORE 3.1.4.3): to the deleted items, to the recoverable ones, or for good.

use std::collections::{HashMap, HashSet};

use ewsd_ews::request::DeleteItem;
use ewsd_ews::word::DeleteType;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Granted, Item, Right};
use ewsd_mailbox::item::load;
use ewsd_model::code::Code;
use ewsd_model::distinguished::{DELETED_ITEMS, SOFT_DELETED};
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::kind::MustSay;
use ewsd_model::property::bit;
use ewsd_store::{ItemRow, Plan};

use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: DeleteItem) -> Result<Vec<Outcome<()>>> {
    let items = cx.gate.items(&request.items, Right::DeleteItems)?;
    let mut gone = HashSet::new();
    let mut checked: HashMap<(MailboxNo, ItemNo), Result<(), Failure>> = HashMap::new();
    for (granted, numbers) in load::by_mailbox(items.iter().flatten()) {
        let mailbox = granted.mailbox();
        let rows = cx.gate.open(&granted).items(&numbers, &Plan::default())?;
        checked.extend(rows.iter().map(|row| ((mailbox, row.item), check(&request, row))));
        let may_go = |row: &&ItemRow| matches!(checked.get(&(mailbox, row.item)), Some(Ok(())));
        let doomed: Vec<&ItemRow> = rows.iter().filter(may_go).collect();
        let items = dispose(cx, &granted, request.delete_type, &doomed)?;
        gone.extend(items.into_iter().map(|item| (mailbox, item)));
    }
    let each = |item: Result<Item>| {
        let item = item?;
        let item = (item.granted.mailbox(), item.item);
        match checked.get(&item) {
            Some(Err(failure)) => Err(failure.clone().into()),
            // Named a second time it is gone already.
            _ if gone.remove(&item) => Ok(()),
            _ => Err(Code::ErrorItemNotFound.into()),
        }
    };
    items.into_iter().map(each).map(outcome).collect()
}

/// Takes the items away, all in one change. Answers those that were there.
fn dispose(cx: &mut Cx<'_>, granted: &Granted, how: DeleteType, rows: &[&ItemRow]) -> Result<Vec<ItemNo>> {
    let mut mailbox = cx.gate.open(granted);
    let name = match how {
        DeleteType::Hard => {
            let numbers: Vec<ItemNo> = rows.iter().map(|row| row.item).collect();
            return Ok(mailbox.delete_items(&numbers)?);
        }
        DeleteType::Soft => SOFT_DELETED,
        DeleteType::ToDeletedItems => DELETED_ITEMS,
    };
    let target = mailbox.folder_by_distinguished(name)?.folder;
    // What is there already stays there, under its id.
    let (there, elsewhere): (Vec<&ItemRow>, Vec<&ItemRow>) = rows.iter().partition(|row| row.folder == target);
    let numbers: Vec<ItemNo> = elsewhere.iter().map(|row| row.item).collect();
    let moved = mailbox.move_items(&numbers, target)?;
    Ok(there.iter().map(|row| row.item).chain(moved.iter().map(|one| one.old)).collect())
}

/// What some kinds need to be told with their deletion.
fn check(request: &DeleteItem, row: &ItemRow) -> Result<(), Failure> {
    if row.flags & bit::ASSOCIATED != 0 && request.delete_type != DeleteType::Hard {
        let text = "Folder associated items can only be deleted for good (HardDelete).";
        return Err(Failure::with_text(Code::ErrorInvalidOperation, text));
    }
    match row.kind.row().delete {
        MustSay::Cancellations if request.cancellations.is_none() => {
            Err(Failure::new(Code::ErrorSendMeetingCancellationsRequired))
        }
        MustSay::AffectedTasks if request.affected_tasks.is_none() => {
            Err(Failure::new(Code::ErrorAffectedTaskOccurrencesRequired))
        }
        _ => Ok(()),
    }
}
