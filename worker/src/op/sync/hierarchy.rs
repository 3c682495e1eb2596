//! SyncFolderHierarchy (MS-OXWSSYNC 3.1.4.1). All changes come in one answer: the schema knows no pages here.

use ewsd_ews::reply::{Change, SyncPage};
use ewsd_ews::request::SyncFolderHierarchy;
use ewsd_ews::view::FolderView;
use ewsd_mailbox::error::{Error, Result, outcome};
use ewsd_mailbox::gate::Right;
use ewsd_model::code::Code;
use ewsd_model::failure::Outcome;
use ewsd_model::id::FolderNo;
use ewsd_store::StoreError;

use super::state::{HierarchyState, decode_hierarchy, encode_hierarchy};
use crate::op::Cx;
use crate::op::folder::view::{FolderFields, bare_id};

pub fn run(cx: &mut Cx<'_>, request: SyncFolderHierarchy) -> Result<Vec<Outcome<SyncPage<FolderView>>>> {
    Ok(vec![outcome(sync_hierarchy(cx, &request))?])
}

fn sync_hierarchy(cx: &mut Cx<'_>, request: &SyncFolderHierarchy) -> Result<SyncPage<FolderView>> {
    let folder = request.folder.as_ref().map(|target| cx.gate.folder(target, Right::Visible)).transpose();
    let folder = folder.map_err(|error| match error {
        Error::Failure(failure) if failure.code == Code::ErrorFolderNotFound => Code::ErrorSyncFolderNotFound.into(),
        other => other,
    })?;
    let granted = folder.as_ref().map_or_else(|| cx.gate.own(), |folder| folder.granted);
    let root = folder.map(|folder| folder.row.folder);
    let text = request.sync_state.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let base = match text.map(|text| decode_hierarchy(granted.guid(), text)) {
        None => None,
        Some(Some(state)) if state.root == root => Some(state.upto),
        Some(_) => return Err(Code::ErrorInvalidSyncStateData.into()),
    };
    let mut mailbox = cx.gate.open(&granted);
    let top = match root {
        Some(root) => root,
        None => mailbox.folder_by_distinguished(TOP)?.folder,
    };
    let mut page = mailbox.sync_folders(top, base).map_err(|error| match error {
        StoreError::Trimmed | StoreError::Lost => Code::ErrorInvalidSyncStateData.into(),
        other => Error::from(other),
    })?;
    cx.gate.count_visible(&granted, page.changed.iter_mut().map(|change| &mut change.folder))?;
    let wanted = FolderFields::find(&request.shape, cx.version);
    // What the client has: of another's tree the folders that were there and that its user could see.
    let old = page.changed.iter().filter(|change| !change.created).map(|change| change.folder.folder);
    let old: Vec<FolderNo> = old.chain(page.deleted.iter().copied()).collect();
    let seen = cx.gate.seen(&granted, &old, base.unwrap_or_default())?;
    let changed = page.changed.iter().filter_map(|change| {
        let known = seen.contains(&change.folder.folder);
        match cx.gate.visible(&granted, &change.folder) {
            Some(granted) => {
                let view = wanted.view(&granted, &change.folder);
                Some(if known { Change::Update(view) } else { Change::Create(view) })
            }
            // The right to see it was taken away; or it was never given, and nothing is told.
            None => known.then(|| Change::Delete(bare_id(&granted, change.folder.folder))),
        }
    });
    let deleted = page.deleted.iter().filter(|folder| seen.contains(folder));
    let deleted = deleted.map(|folder| Change::Delete(bare_id(&granted, *folder)));
    Ok(SyncPage {
        state: encode_hierarchy(granted.guid(), HierarchyState { root, upto: page.upto }),
        includes_last: true,
        changes: changed.chain(deleted).collect(),
    })
}

/// Where clients begin that name no folder: the mailbox's root, which has hidden folders too (2010 and later).
const TOP: &str = "root";
