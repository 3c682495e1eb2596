//! EmptyFolder (MS-OXWSFOLD 3.1.4.5).

use ewsd_ews::request::EmptyFolder;
use ewsd_ews::word::DeleteType;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::Right;
use ewsd_model::FolderKind;
use ewsd_model::code::Code;
use ewsd_model::distinguished::{DELETED_ITEMS, SOFT_DELETED};
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::FolderNo;
use ewsd_model::target::TargetFolder;
use ewsd_store::Mailbox;

use super::delete::gone;
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: EmptyFolder) -> Result<Vec<Outcome<()>>> {
    let (how, deep) = (request.delete_type, request.sub_folders);
    request.folders.iter().map(|target| outcome(empty_folder(cx, target, how, deep))).collect()
}

/// Whether a folder that came with the mailbox is below: those stay as long as it does.
fn keeps_the_mailbox(mailbox: &mut Mailbox<'_>, folder: FolderNo) -> Result<bool> {
    let below = mailbox.descendants(folder)?;
    Ok(!below.is_empty() && mailbox.distinguished_map()?.iter().any(|(_, known)| below.contains(known)))
}

fn empty_folder(cx: &mut Cx<'_>, target: &TargetFolder, how: DeleteType, deep: bool) -> Result<()> {
    let folder = cx.gate.folder(target, Right::DeleteItems)?;
    if matches!(folder.row.kind, FolderKind::CalendarFolder | FolderKind::SearchFolder) || folder.row.parent.is_none() {
        return Err(Code::ErrorCannotEmptyFolder.into());
    }
    if deep {
        cx.gate.check_below(&folder, Right::DeleteItems)?;
        cx.gate.check_below(&folder, Right::ManageFolder)?;
    }
    let granted = folder.granted;
    let mut mailbox = cx.gate.open(&granted);
    if deep && keeps_the_mailbox(&mut mailbox, folder.row.folder)? {
        let text = "Folders that came with the mailbox are below this one. Empty it without its folders.";
        return Err(Failure::with_text(Code::ErrorCannotEmptyFolder, text).into());
    }
    let target = match how {
        DeleteType::Hard => {
            return mailbox.empty_folder(folder.row.folder, deep).map(drop).map_err(gone);
        }
        DeleteType::Soft => SOFT_DELETED,
        DeleteType::ToDeletedItems => DELETED_ITEMS,
    };
    let target = mailbox.folder_by_distinguished(target)?.folder;
    if target == folder.row.folder {
        // What is in it lies where it would go.
        return Ok(());
    }
    mailbox.transaction(|mailbox| {
        let mut from = vec![folder.row.folder];
        if deep {
            from.extend(mailbox.descendants(folder.row.folder)?);
        }
        for number in from {
            let items = mailbox.item_numbers(number)?;
            mailbox.move_items(&items, target)?;
        }
        if deep {
            // The folders are empty now; only their frames go.
            mailbox.empty_folder(folder.row.folder, true)?;
        }
        Ok(())
    })
}
