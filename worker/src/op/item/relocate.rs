//! MoveItem and CopyItem (MS-OXWSCORE 3.1.4.7, 3.1.4.1). Either gives the item a new id: its number is its place in the folder.

use ewsd_ews::request::MoveCopyItem;
use ewsd_ews::view::ItemView;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Granted, GrantedItem, Right};
use ewsd_mailbox::item::load;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ChangeKey, ItemNo, MailboxNo};
use ewsd_model::value::WireId;
use ewsd_model::{FolderKind, Version};
use ewsd_store::{ItemRef, Plan};

use crate::op::{Cx, MoveOrCopy};

pub fn run(cx: &mut Cx<'_>, request: MoveCopyItem, how: MoveOrCopy) -> Result<Vec<Outcome<Option<ItemView>>>> {
    let target = cx.gate.folder(&request.to, Right::CreateItems).map_err(target_missing)?;
    if target.is(FolderKind::SearchFolder) {
        let text = "Items cannot be put into a search folder.";
        return Err(Failure::with_text(Code::ErrorInvalidOperation, text).into());
    }
    // Before 2010 SP1 the new ids are always told.
    let tells = request.return_new_ids.unwrap_or(true) || cx.version < Version::Exchange2010Sp1;
    let right = if how == MoveOrCopy::Move { Right::DeleteItems } else { Right::Read };
    let mut items = cx.gate.items(&request.items, right)?;
    refuse_hidden_dates(cx, &mut items)?;
    let mut moved = Vec::with_capacity(items.len());
    for numbers in rounds(&items, target.granted.mailbox()) {
        let granted = target.granted;
        let mut mailbox = cx.gate.open(&granted);
        moved.extend(match how {
            MoveOrCopy::Move => mailbox.move_items(&numbers, target.row.folder)?,
            MoveOrCopy::Copy => mailbox.copy_items(&numbers, target.row.folder, granted.creator())?,
        });
    }
    let each = |item: Result<GrantedItem>| {
        let item = item?;
        if item.granted.mailbox() != target.granted.mailbox() {
            return Err(Code::ErrorCrossMailboxMoveCopy.into());
        }
        let at = moved.iter().position(|one| one.old == item.item).ok_or(Code::ErrorItemNotFound)?;
        let moved = moved.remove(at);
        Ok(tells.then(|| id_view(&target.granted, &moved)))
    };
    items.into_iter().map(each).map(outcome).collect()
}

/// Refuses series with dates that are hidden from the caller: they cannot be taken anywhere, as single private items cannot.
fn refuse_hidden_dates(cx: &mut Cx<'_>, items: &mut [Result<GrantedItem>]) -> Result<()> {
    let plan = Plan { json: true, ..Plan::default() };
    let asked = load::by_mailbox(items.iter().flatten().filter(|item| item.granted.may_hide()));
    for (granted, numbers) in asked {
        let rows = cx.gate.open(&granted).items(&numbers, &plan)?;
        for place in items.iter_mut() {
            let hides = |item: &GrantedItem| {
                let row = rows.iter().find(|row| row.item == item.item);
                item.granted.mailbox() == granted.mailbox() && row.is_some_and(|row| item.granted.hides_dates_of(row))
            };
            if place.as_ref().is_ok_and(hides) {
                *place = Err(Code::ErrorAccessDenied.into());
            }
        }
    }
    Ok(())
}

/// The items of the mailbox, all in one change; an item that is named again, in one more.
fn rounds(items: &[Result<GrantedItem>], mailbox: MailboxNo) -> Vec<Vec<ItemNo>> {
    let mut rounds: Vec<Vec<ItemNo>> = Vec::new();
    for item in items.iter().flatten().filter(|item| item.granted.mailbox() == mailbox) {
        match rounds.iter_mut().find(|round| !round.contains(&item.item)) {
            Some(round) => round.push(item.item),
            None => rounds.push(vec![item.item]),
        }
    }
    rounds
}

/// Clients tell a target that is gone by this code.
fn target_missing(error: Error) -> Error {
    match error {
        Error::Failure(failure) if failure.code == Code::ErrorFolderNotFound => Code::ErrorToFolderNotFound.into(),
        other => other,
    }
}

/// The id and change key of an item after a change, as nothing but that.
pub fn id_view(owner: &Granted, item: &ItemRef) -> ItemView {
    ItemView::of_id(item.kind, wire_id(owner, item))
}

/// The id and change key of an item after a change.
pub fn wire_id(owner: &Granted, item: &ItemRef) -> WireId {
    let change_key = ChangeKey::new(item.kind, item.change).encode();
    WireId { id: owner.item_id(item.folder, item.item).encode(), change_key: Some(change_key) }
}
