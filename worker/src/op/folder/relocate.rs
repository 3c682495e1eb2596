//! MoveFolder and CopyFolder (MS-OXWSFOLD 3.1.4.7, 3.1.4.1). A folder keeps its id when it moves; a copy has a new one.

use ewsd_ews::request::MoveCopyFolder;
use ewsd_ews::view::FolderView;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::target::TargetFolder;

use super::delete::gone;
use super::{is_fixed, name_taken};
use crate::op::folder::view::wire_id;
use crate::op::{Cx, MoveOrCopy};

pub fn run(cx: &mut Cx<'_>, request: MoveCopyFolder, how: MoveOrCopy) -> Result<Vec<Outcome<FolderView>>> {
    let target = outcome(cx.gate.folder(&request.to, Right::CreateFolders))?;
    let each = |cx: &mut Cx<'_>, folder: &TargetFolder| match &target {
        Outcome::Success(target) => relocate_folder(cx, folder, target, how),
        refused => Err(refused
            .failure()
            .map_or(Code::ErrorToFolderNotFound, |failure| match failure.code {
                Code::ErrorFolderNotFound => Code::ErrorToFolderNotFound,
                code => code,
            })
            .into()),
    };
    request.folders.iter().map(|folder| outcome(each(cx, folder))).collect()
}

fn relocate_folder(cx: &mut Cx<'_>, folder: &TargetFolder, target: &Folder, how: MoveOrCopy) -> Result<FolderView> {
    let right = if how == MoveOrCopy::Move { Right::ManageFolder } else { Right::Read };
    let folder = cx.gate.folder(folder, right)?;
    if how == MoveOrCopy::Move && is_fixed(&folder) {
        return Err(Code::ErrorMoveDistinguishedFolder.into());
    }
    let granted = folder.granted;
    if granted.mailbox() != target.granted.mailbox() {
        return Err(Code::ErrorCrossMailboxMoveCopy.into());
    }
    if how == MoveOrCopy::Copy {
        cx.gate.check_below(&folder, right)?;
    }
    let mut mailbox = cx.gate.open(&granted);
    let done = match how {
        MoveOrCopy::Move => {
            mailbox.move_folder(folder.row.folder, target.row.folder).map(|change| (folder.row.folder, change))
        }
        MoveOrCopy::Copy => mailbox.copy_folder(folder.row.folder, target.row.folder, granted.creator()),
    };
    let (number, change) = done.map_err(|error| match error {
        ewsd_store::StoreError::Exists(_) => name_taken(error, &folder.row.name),
        other => gone(other),
    })?;
    Ok(FolderView::of_id(folder.row.kind, wire_id(&granted, folder.row.kind, number, change)))
}
