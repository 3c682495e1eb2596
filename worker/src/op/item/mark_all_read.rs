//! MarkAllItemsAsRead (MS-OXWSCORE 3.1.4.6): the read state of everything in a folder.

use ewsd_ews::request::MarkAllItemsAsRead;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_model::failure::Outcome;

use crate::op::Cx;

/// Nobody is sent a receipt: none is before there are receipts, and SuppressReadReceipts asks for that anyway.
pub fn run(cx: &mut Cx<'_>, request: MarkAllItemsAsRead) -> Result<Vec<Outcome<()>>> {
    let folders = cx.gate.folders(&request.folders, Right::EditItems)?;
    let mark = |folder: Result<Folder>| {
        let folder = folder?;
        let granted = folder.granted;
        cx.gate.open(&granted).set_all_read(folder.row.folder, request.read)?;
        Ok(())
    };
    folders.into_iter().map(mark).map(outcome).collect()
}
