//! SendItem (MS-OXWSCORE 3.1.4.8): messages that were saved go out; what the sender keeps of them goes to a folder.

use ewsd_ews::request::SendItem;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Folder, Granted, GrantedItem, Right};
use ewsd_mailbox::item::load::LoadedItem;
use ewsd_mailbox::item::submit as post;
use ewsd_model::code::Code;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::{ItemNo, Seq};
use ewsd_model::property::{Column, bit};
use ewsd_model::target::TargetFolder;
use ewsd_model::{ItemKind, Value};
use ewsd_store::{ItemUpdate, Map};

use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: SendItem) -> Result<Vec<Outcome<()>>> {
    let folder = match (request.save, &request.saved_folder) {
        (false, Some(_)) => return Err(Code::ErrorInvalidSendItemSaveSettings.into()),
        (false, None) => None,
        (true, folder) => Some(copy_folder(cx, folder.as_ref())?),
    };
    let items = cx.gate.items(&request.items, Right::EditItems)?;
    items.into_iter().map(|item| outcome(item.and_then(|item| send_item(cx, &item, folder.as_ref())))).collect()
}

/// The folder for the sender's copy: the one asked for, or the sent items.
pub fn copy_folder(cx: &mut Cx<'_>, target: Option<&TargetFolder>) -> Result<Folder> {
    let sent = TargetFolder::Distinguished { name: "sentitems", change_key: None, mailbox: None };
    cx.gate.folder(target.unwrap_or(&sent), Right::CreateItems)
}

/// Said of messages that are to be sent from another's folder.
pub fn not_from_here() -> Error {
    let text = "Messages are sent from the sender's own mailbox only.";
    Failure::with_text(Code::ErrorAccessDenied, text).into()
}

fn send_item(cx: &mut Cx<'_>, item: &GrantedItem, folder: Option<&Folder>) -> Result<()> {
    let Some(change) = item.change else { return Err(Code::ErrorChangeKeyRequiredForWriteOperations.into()) };
    submit(cx, &item.granted, item.item, Some(change), folder)
}

/// Sends a stored message: with `folder` it is moved there, without one it is gone. `seen`: only if that is its change.
pub fn submit(
    cx: &mut Cx<'_>,
    granted: &Granted,
    item: ItemNo,
    seen: Option<Seq>,
    folder: Option<&Folder>,
) -> Result<()> {
    let whole = LoadedItem::read(cx, granted, item)?;
    let row = &whole.row;
    if seen.is_some_and(|seen| seen != row.change) {
        return Err(Code::ErrorStaleObject.into());
    }
    if row.kind != ItemKind::Message || row.flags & bit::ASSOCIATED != 0 {
        return Err(Code::ErrorInvalidItemForOperationSendItem.into());
    }
    if folder.is_some_and(|folder| folder.granted.mailbox() != granted.mailbox()) {
        return Err(Failure::new(Code::ErrorCrossMailboxMoveCopy).into());
    }
    let none = Map::new();
    let envelope = post::address(cx, granted, row.props.as_ref().unwrap_or(&none))?;
    let now = cx.now;
    let message = post::checked(cx, &row.columns, &whole.outgoing(now)?)?;
    let mut sent = ItemUpdate { set_flags: bit::READ, clear_flags: bit::DRAFT, ..ItemUpdate::default() };
    sent.set.set(Column::Sent, Value::Time(now));
    sent.set.set(Column::Received, Value::Time(now));
    let change = row.change;
    envelope.send(cx, &message, |mailbox| {
        // Also where it is gone in a moment: what another session has changed or sent meanwhile is not sent by this one.
        mailbox.update_item(item, &sent, Some(change))?;
        match folder {
            Some(folder) => drop(mailbox.move_items(&[item], folder.row.folder)?),
            None => drop(mailbox.delete_items(&[item])?),
        }
        Ok(())
    })
}
