//! DeleteItem (MS-OXWSCORE 3.1.4.3): to the deleted items, to the recoverable ones, or for good.

use std::collections::{HashMap, HashSet, VecDeque};

use ewsd_ews::request::DeleteItem;
use ewsd_ews::word::{AffectedTasks, DeleteType};
use ewsd_mailbox::calendar::change;
use ewsd_mailbox::calendar::meeting::plan::Sending;
use ewsd_mailbox::calendar::series::{self, ItemOrOccurrence};
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Granted, GrantedItem, Part, Right};
use ewsd_mailbox::item::{derive, load};
use ewsd_mailbox::kind::task::series as task_series;
use ewsd_mailbox::property::Needs;
use ewsd_model::ItemKind;
use ewsd_model::code::Code;
use ewsd_model::distinguished::{DELETED_ITEMS, SOFT_DELETED};
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ItemNo, MailboxNo};
use ewsd_model::kind::RequiredWord;
use ewsd_model::property::bit;
use ewsd_store::{ItemRow, Mailbox, Plan};

use super::{meeting, update};
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: DeleteItem) -> Result<Vec<Outcome<()>>> {
    let mut items = cx.gate.parts(&request.items, Right::DeleteItems)?;
    let mut apart = occurrences(cx, &request, &mut items)?;
    let mut gone = HashSet::new();
    let mut checked: HashMap<(MailboxNo, ItemNo), Result<(), Failure>> = HashMap::new();
    let whole = |item: &&GrantedItem| !is_occurrence(item);
    for (granted, numbers) in load::by_mailbox(items.iter().flatten().filter(whole)) {
        let mailbox = granted.mailbox();
        let rows = cx.gate.open(&granted).items(&numbers, &Plan::default())?;
        checked.extend(rows.iter().map(|row| ((mailbox, row.item), check(&request, row))));
        let may_go = |row: &&ItemRow| matches!(checked.get(&(mailbox, row.item)), Some(Ok(())));
        let mut doomed: Vec<&ItemRow> = rows.iter().filter(may_go).collect();
        let mut done = Done::default();
        meetings(cx, &granted, &request, &mut doomed, &mut done)?;
        tasks(cx, &granted, &request, &mut doomed, &mut done)?;
        let result = dispose_in(&mut cx.gate.open(&granted), request.delete_type, &doomed);
        done.note(&doomed, result)?;
        gone.extend(done.gone.into_iter().map(|item| (mailbox, item)));
        checked.extend(done.refused.into_iter().map(|(item, failure)| ((mailbox, item), Err(failure))));
    }
    let each = |item: Result<GrantedItem>| {
        let item = item?;
        if is_occurrence(&item) {
            return apart.pop_front().unwrap_or_else(|| Err(Code::ErrorItemNotFound.into()));
        }
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

/// What came of the items of one mailbox: what is done of them stays done, whatever the others say.
#[derive(Default)]
struct Done {
    gone: Vec<ItemNo>,
    refused: Vec<(ItemNo, Failure)>,
}

impl Done {
    /// Keeps what came of these rows. A fault ends the request.
    fn note(&mut self, rows: &[&ItemRow], result: Result<Vec<ItemNo>>) -> Result<()> {
        match by_itself(result)? {
            Ok(items) => self.gone.extend(items),
            Err(error) => {
                let failure = error.into_failure();
                self.refused.extend(rows.iter().map(|row| (row.item, failure.clone())));
            }
        }
        Ok(())
    }
}

fn is_occurrence(item: &GrantedItem) -> bool {
    matches!(item.part, Part::Day(_) | Part::Index(_))
}

/// Takes single occurrences out of their series, in their order. What names a master by an occurrence becomes the master, or is
/// refused.
fn occurrences(
    cx: &mut Cx<'_>,
    request: &DeleteItem,
    items: &mut [Result<GrantedItem>],
) -> Result<VecDeque<Result<()>>> {
    let mut done = VecDeque::new();
    for place in items.iter_mut() {
        match place {
            Ok(item) if is_occurrence(item) => {
                let item = *item;
                done.push_back(by_itself(delete_occurrence(cx, request, &item))?);
            }
            Ok(item) if item.part != Part::Whole => {
                let (item, plan) = (*item, Plan { json: true, ..Plan::default() });
                let meant = load::row(cx, &item, &plan).and_then(|row| Ok(series::resolve(&row, item.part)?));
                *place = by_itself(meant)?.map(|_| item.whole());
            }
            _ => {}
        }
    }
    Ok(done)
}

fn by_itself<T>(result: Result<T>) -> Result<Result<T>> {
    match result {
        Err(fault @ Error::Fault(_)) => Err(fault),
        result => Ok(result),
    }
}

/// How often an occurrence is taken out anew of what another session wrote meanwhile.
const ATTEMPTS: usize = 4;

fn delete_occurrence(cx: &mut Cx<'_>, request: &DeleteItem, item: &GrantedItem) -> Result<()> {
    let mut needs = Needs::of_message();
    needs.plan.mime = false;
    for attempt in 1.. {
        let row = load::row(cx, item, &needs.plan)?;
        check(request, &row)?;
        let ItemOrOccurrence::Occurrence(mut master, placed) = series::resolve(&row, item.part)? else {
            return Err(Code::ErrorItemNotFound.into());
        };
        let shown = master.shown(&row, placed);
        item.check_shown(&shown)?;
        let post = meeting::cancellations(cx, request, &item.granted, &shown)?;
        change::delete(&mut master, placed.date)?;
        let mut edit = change::edit(&row, &master, cx.now);
        let search = derive::complete(&mut edit)?;
        let update = update::update(cx, &edit, &row, search.as_deref());
        let granted = item.granted;
        let write = |mailbox: &mut Mailbox<'_>| -> Result<()> {
            Ok(mailbox.update_item(item.item, &update, Some(row.change)).map(drop)?)
        };
        let written = match post {
            Some(post) => post.send(cx, meeting::sending_to_all(request.cancellations).copies, write),
            None => write(&mut cx.gate.open(&granted)),
        };
        match written {
            Err(error) if attempt < ATTEMPTS && error.code() == Code::ErrorIrresolvableConflict => {}
            result => return result,
        }
    }
    Err(Code::ErrorIrresolvableConflict.into())
}

/// Takes those away whose attendees are told, each with its cancellations.
fn meetings(
    cx: &mut Cx<'_>,
    granted: &Granted,
    request: &DeleteItem,
    doomed: &mut Vec<&ItemRow>,
    done: &mut Done,
) -> Result<()> {
    let sending = meeting::sending_to_all(request.cancellations);
    if sending == Sending::NONE || doomed.iter().all(|row| row.kind != ItemKind::CalendarItem) {
        return Ok(());
    }
    let mut needs = Needs::of_calendar();
    needs.plan.mime = false;
    let numbers: Vec<ItemNo> =
        doomed.iter().filter(|row| row.kind == ItemKind::CalendarItem).map(|row| row.item).collect();
    for row in cx.gate.open(granted).items(&numbers, &needs.plan)? {
        let how = request.delete_type;
        let result = match meeting::cancellations(cx, request, granted, &row) {
            Ok(None) => continue,
            Ok(Some(post)) => post.send(cx, sending.copies, |mailbox| match dispose_in(mailbox, how, &[&row])? {
                // Another session took it away, and told everybody.
                items if items.is_empty() => Err(Code::ErrorItemNotFound.into()),
                items => Ok(items),
            }),
            Err(error) => Err(error),
        };
        done.note(&[&row], result)?;
        doomed.retain(|other| other.item != row.item);
    }
    Ok(())
}

/// Has tasks go on to their next dates of which only the instance that there is is taken away.
fn tasks(
    cx: &mut Cx<'_>,
    granted: &Granted,
    request: &DeleteItem,
    doomed: &mut Vec<&ItemRow>,
    done: &mut Done,
) -> Result<()> {
    let numbers: Vec<ItemNo> = doomed.iter().filter(|row| row.kind == ItemKind::Task).map(|row| row.item).collect();
    if request.affected_tasks != Some(AffectedTasks::Specified) || numbers.is_empty() {
        return Ok(());
    }
    let mut needs = Needs::of_message();
    needs.plan.mime = false;
    for row in cx.gate.open(granted).items(&numbers, &needs.plan)? {
        let Some(mut next) = task_series::without(&row, cx.now, &cx.zone) else { continue };
        let result = match derive::complete(&mut next) {
            Ok(search) => {
                let update = update::update(cx, &next, &row, search.as_deref());
                let written = cx.gate.open(granted).update_item(row.item, &update, Some(row.change));
                written.map(|changed| vec![changed.item]).map_err(Error::from)
            }
            Err(error) => Err(error.into()),
        };
        done.note(&[&row], result)?;
        doomed.retain(|other| other.item != row.item);
    }
    Ok(())
}

/// Takes the items away, all in one change. Answers those that were there.
fn dispose_in(mailbox: &mut Mailbox<'_>, how: DeleteType, rows: &[&ItemRow]) -> Result<Vec<ItemNo>> {
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
        RequiredWord::Cancellations if request.cancellations.is_none() => {
            Err(Failure::new(Code::ErrorSendMeetingCancellationsRequired))
        }
        RequiredWord::AffectedTasks if request.affected_tasks.is_none() => {
            Err(Failure::new(Code::ErrorAffectedTaskOccurrencesRequired))
        }
        _ => Ok(()),
    }
}
