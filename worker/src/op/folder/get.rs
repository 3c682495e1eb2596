//! GetFolder (MS-OXWSFOLD 3.1.4.6): one query for all folders named.

use ewsd_ews::request::GetFolder;
use ewsd_ews::view::FolderView;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::Right;
use ewsd_model::failure::Outcome;

use crate::op::Cx;
use crate::op::folder::view::FolderFields;

pub fn run(cx: &mut Cx<'_>, request: GetFolder) -> Result<Vec<Outcome<FolderView>>> {
    let wanted = FolderFields::get(&request.shape, cx.version);
    let folders = cx.gate.folders(&request.folders, Right::Visible)?;
    let view =
        |folder: Result<ewsd_mailbox::gate::Folder>| folder.map(|folder| wanted.view(&folder.granted, &folder.row));
    folders.into_iter().map(|folder| outcome(view(folder))).collect()
}
