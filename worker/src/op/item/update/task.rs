//! UpdateItem that makes a recurring task done: a task of its own is what was done, and the one that is named goes on to its
//! next date (MS-OXWSTASK 2.2.4.6). The answer names what was done. It takes the right to make items in the folder, besides
//! that to change the task.

use ewsd_mailbox::error::Result;
use ewsd_mailbox::gate::{GrantedItem, Right};
use ewsd_mailbox::item::derive;
use ewsd_mailbox::item::edit::Edit;
use ewsd_mailbox::kind::task::series;
use ewsd_store::{ItemRef, ItemRow, Missing, StoreError};

use super::update as as_update;
use crate::op::Cx;

pub fn go_on(
    cx: &mut Cx<'_>,
    item: &GrantedItem,
    row: &ItemRow,
    done: &mut Edit<'_>,
    mut next: Edit<'_>,
) -> Result<ItemRef> {
    item.granted.check(Right::CreateItems)?;
    series::one_off(done);
    let words_of_done = derive::complete(done)?;
    let words_of_next = derive::complete(&mut next)?;
    let done = as_update(cx, done, row, words_of_done.as_deref());
    let next = as_update(cx, &next, row, words_of_next.as_deref());
    let granted = item.granted;
    let change = |mailbox: &mut ewsd_store::Mailbox<'_>| {
        let copy = mailbox.copy_items(&[row.item], row.folder, granted.creator())?.pop();
        let copy = copy.ok_or(StoreError::NotFound(Missing::Item))?;
        let made = mailbox.update_item(copy.item, &done, None)?;
        mailbox.update_item(row.item, &next, Some(row.change))?;
        Ok::<_, StoreError>(made)
    };
    Ok(cx.gate.open(&granted).transaction(change)?)
}
