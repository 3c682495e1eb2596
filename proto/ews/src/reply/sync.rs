//! Answers of SyncFolderHierarchy and SyncFolderItems.

use ewsd_model::operation::Op;
use ewsd_model::value::WireId;

use crate::record::Write;
use crate::view::{FolderView, ItemView};
use crate::writer::{M, T, Writer};

/// One page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct SyncPage<V> {
    /// Opaque to clients; to be sent with the next request.
    pub state: String,
    /// No change follows.
    pub includes_last: bool,
    pub changes: Vec<Change<V>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change<V> {
    Create(V),
    Update(V),
    Delete(WireId),
    /// The read state alone has changed (items only).
    ReadFlag(WireId, bool),
}

pub(super) fn hierarchy(w: &mut Writer<'_>, _: Op, page: Option<&SyncPage<FolderView>>) {
    write(w, page, "IncludesLastFolderInRange", "FolderId", FolderView::write);
}

pub(super) fn items(w: &mut Writer<'_>, _: Op, page: Option<&SyncPage<ItemView>>) {
    write(w, page, "IncludesLastItemInRange", "ItemId", ItemView::write);
}

fn write<V>(
    w: &mut Writer<'_>,
    page: Option<&SyncPage<V>>,
    last_name: &str,
    id_name: &str,
    write_view: fn(&V, &mut Writer<'_>),
) {
    let Some(page) = page else {
        // Some clients read both before they look at the error; an empty state makes them start anew.
        w.empty(M, "SyncState");
        return w.bool_element(M, last_name, true);
    };
    w.text_element(M, "SyncState", &page.state);
    w.bool_element(M, last_name, page.includes_last);
    if page.changes.is_empty() {
        return w.empty(M, "Changes");
    }
    w.open(M, "Changes");
    for change in &page.changes {
        let name = match change {
            Change::Create(_) => "Create",
            Change::Update(_) => "Update",
            Change::Delete(_) => "Delete",
            Change::ReadFlag(..) => "ReadFlagChange",
        };
        w.open(T, name);
        match change {
            Change::Create(view) | Change::Update(view) => write_view(view, w),
            Change::Delete(id) => id.write(w, id_name),
            Change::ReadFlag(id, read) => {
                id.write(w, id_name);
                w.bool_element(T, "IsRead", *read);
            }
        }
        w.close(T, name);
    }
    w.close(M, "Changes");
}
