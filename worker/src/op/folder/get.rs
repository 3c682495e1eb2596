//! GetFolder (MS-OXWSFOLD 3.1.4.6): one query for all folders named.

use ewsd_ews::request::GetFolder;
use ewsd_ews::view::FolderView;
use ewsd_model::failure::Outcome;

use crate::compute::folder::Wanted;
use crate::error::{Result, outcome};
use crate::gate::Right;
use crate::session::Cx;

pub fn run(cx: &mut Cx<'_>, request: GetFolder) -> Result<Vec<Outcome<FolderView>>> {
    let wanted = Wanted::get(&request.shape, cx.version);
    let folders = cx.gate.folders(&request.folders, Right::Visible)?;
    let view = |folder: Result<crate::gate::Folder>| folder.map(|folder| wanted.view(&folder.granted, &folder.row));
    folders.into_iter().map(|folder| outcome(view(folder))).collect()
}
