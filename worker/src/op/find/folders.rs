//! FindFolder (MS-OXWSSRCH 3.1.4.1): the folders below others, by name.

use ewsd_ews::reply::{Found, Next};
use ewsd_ews::request::FindFolder;
use ewsd_ews::view::FolderView;
use ewsd_ews::word::FolderTraversal;
use ewsd_mailbox::error::{Result, outcome};
use ewsd_mailbox::gate::{Folder, Right};
use ewsd_model::Kinds;
use ewsd_model::failure::{Failure, Outcome};
use ewsd_model::id::Guid;
use ewsd_store::{Filter, FolderRow, Page};

use super::page::{self, Pages};
use crate::op::Cx;
use crate::op::find::{check_cost, restriction};
use crate::op::folder::view::FolderFields;

pub fn run(cx: &mut Cx<'_>, request: FindFolder) -> Result<Vec<Outcome<Found<FolderView>>>> {
    let own = cx.gate.own().guid();
    check_cost(cx, filter_in(&request, own)?.cost())?;
    let parents = cx.gate.folders(&request.parents, Right::Visible)?;
    let each = |parent: Result<Folder>| {
        let parent = parent?;
        let filter = filter_in(&request, parent.granted.guid())?;
        find_folders(cx, &request, &parent, &filter)
    };
    parents.into_iter().map(each).map(outcome).collect()
}

/// What is searched for, as it is in a mailbox.
fn filter_in(request: &FindFolder, mailbox: Guid) -> Result<Filter, Failure> {
    match &request.restriction {
        Some(condition) => restriction::filter(condition, Kinds::ALL_FOLDERS, mailbox),
        None => Ok(Filter::True),
    }
}

fn find_folders(cx: &mut Cx<'_>, request: &FindFolder, parent: &Folder, filter: &Filter) -> Result<Found<FolderView>> {
    let granted = parent.granted;
    let deep = match request.traversal {
        FolderTraversal::Shallow => false,
        FolderTraversal::Deep => true,
        // Folders that were soft-deleted lie below the recoverable items, where they can be listed.
        FolderTraversal::SoftDeleted => {
            return Ok(Found { rows: Vec::new(), total: 0, includes_last: true, next: Next::None, groups: None });
        }
    };
    let paging = request.paging.as_ref();
    let count = Page { offset: 0, limit: 0, from_end: false };
    let page = Pages::new(cx.settings).page(paging, || Ok(children(cx, parent, deep, filter, count)?.total))?;
    let found = children(cx, parent, deep, filter, page)?;
    let next = page::next(paging, &found);
    let wanted = FolderFields::find(&request.shape, cx.version);
    let view = |row| cx.gate.visible(&granted, row).map(|granted| wanted.view(&granted, row));
    let rows = found.rows.iter().filter_map(view).collect();
    Ok(Found { rows, total: found.total, includes_last: found.last, next, groups: None })
}

/// One page of what is below and may be seen.
fn children(
    cx: &mut Cx<'_>,
    parent: &Folder,
    deep: bool,
    filter: &Filter,
    page: Page,
) -> Result<ewsd_store::Found<FolderRow>> {
    let (granted, top) = (parent.granted, parent.row.folder);
    let own = cx.gate.is_own(&granted);
    let mut list = |page| cx.gate.open(&granted).children(top, deep, filter, &[], page);
    if own {
        return Ok(list(page)?);
    }
    let mut rows = list(Page::first(i64::MAX))?.rows;
    rows.retain(|row| cx.gate.visible(&granted, row).is_some());
    cx.gate.count_visible(&granted, &mut rows)?;
    let total = rows.len();
    let (offset, limit) = (usize::try_from(page.offset).unwrap_or(0), usize::try_from(page.limit).unwrap_or(0));
    let (from, to) = (offset.min(total), offset.saturating_add(limit).min(total));
    let window = if page.from_end { total - to..total - from } else { from..to };
    let rows = rows.get(window).unwrap_or_default().to_vec();
    let offset = page.offset.max(0) + i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    Ok(ewsd_store::Found { rows, total, offset, last: offset >= total })
}
