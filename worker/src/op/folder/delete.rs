//! DeleteFolder (MS-OXWSFOLD 3.1.4.4).

use ewsd_ews::request::DeleteFolder;
use ewsd_ews::word::DeleteType;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_model::code::Code;
use ewsd_model::distinguished::{DELETED_ITEMS, SOFT_DELETED};
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::FolderNo;
use ewsd_model::target::TargetFolder;
use ewsd_store::{FolderUpdate, Mailbox, Missing, StoreError};

use super::is_fixed;
use crate::op::Cx;

pub fn run(cx: &mut Cx<'_>, request: DeleteFolder) -> Result<Vec<Outcome<()>>> {
    request.folders.iter().map(|target| outcome(delete_folder(cx, target, request.delete_type))).collect()
}

fn delete_folder(cx: &mut Cx<'_>, target: &TargetFolder, how: DeleteType) -> Result<()> {
    let folder = cx.gate.folder(target, Right::ManageFolder)?;
    if is_fixed(&folder) {
        return Err(Code::ErrorDeleteDistinguishedFolder.into());
    }
    cx.gate.check_below(&folder, Right::ManageFolder)?;
    match how {
        DeleteType::Hard => {
            let granted = folder.granted;
            cx.gate.open(&granted).delete_folder(folder.row.folder).map(drop).map_err(gone)
        }
        DeleteType::Soft => relocate(cx, &folder, SOFT_DELETED),
        DeleteType::ToDeletedItems => relocate(cx, &folder, DELETED_ITEMS),
    }
}

/// Below one of the folders that came with the mailbox; beside one of the same name it gets a number.
fn relocate(cx: &mut Cx<'_>, folder: &Folder, name: &'static str) -> Result<()> {
    let granted = folder.granted;
    let mut mailbox = cx.gate.open(&granted);
    let target = mailbox.folder_by_distinguished(name)?.folder;
    if folder.row.parent == Some(target) {
        return Ok(());
    }
    mailbox.transaction(|mailbox| place(mailbox, folder, target))
}

/// How many names are tried before the folder stays where it is.
const NAMES: u32 = 1000;

fn place(mailbox: &mut Mailbox<'_>, folder: &Folder, target: FolderNo) -> Result<()> {
    let name = free_name(mailbox, &folder.row.name, target)?;
    if name != folder.row.name {
        let update = FolderUpdate { name: Some(name), ..FolderUpdate::default() };
        mailbox.update_folder(folder.row.folder, &update, None)?;
    }
    mailbox.move_folder(folder.row.folder, target).map(drop).map_err(gone)
}

/// A name that no folder below `target` has: the folder's own, else with a number behind it.
fn free_name(mailbox: &mut Mailbox<'_>, name: &str, target: FolderNo) -> Result<String> {
    let taken = mailbox.child_names(target)?;
    let is_free = |wish: &str| !taken.iter().any(|known| known.to_lowercase() == wish.to_lowercase());
    std::iter::once(name.to_owned())
        .chain((1..NAMES).map(|number| format!("{name}{number}")))
        .find(|wish| is_free(wish))
        .ok_or_else(|| {
            Failure::with_text(Code::ErrorDeleteItemsFailed, "Too many deleted folders have this name.").into()
        })
}

pub(super) fn gone(error: StoreError) -> Error {
    match error {
        StoreError::NotFound(Missing::Folder) => Code::ErrorFolderNotFound.into(),
        StoreError::Cycle => {
            let text = "A folder cannot be put into itself or below itself.";
            Failure::with_text(Code::ErrorMoveCopyFailed, text).into()
        }
        other => other.into(),
    }
}
