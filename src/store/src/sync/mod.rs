//! What changed since a client last asked: of a folder's items and of a tree of folders.

use crate::FolderRow;
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, Seq};

mod hierarchy;
mod items;

/// How far a client's copy of a folder has come. The worker writes it into the SyncState.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// In the first listing: items present at `upto` are given out newest first, below `cursor`.
    Initial { folder: FolderNo, upto: Seq, cursor: ItemNo },
    /// In a round of changes after `base` up to `upto`; those whose place in it is after `cursor` (twice the number of the
    /// last change, and one for an item that enters) are still to come.
    Round { folder: FolderNo, base: Seq, upto: Seq, cursor: Seq },
    /// The copy is the folder as it was at `seq`.
    At { folder: FolderNo, seq: Seq },
}

impl ItemState {
    /// Of a client that has nothing.
    pub const fn new(folder: FolderNo) -> ItemState {
        ItemState::Initial { folder, upto: Seq(i64::MAX), cursor: ItemNo(i64::MAX) }
    }

    pub const fn folder(&self) -> FolderNo {
        match self {
            ItemState::Initial { folder, .. } | ItemState::Round { folder, .. } | ItemState::At { folder, .. } => {
                *folder
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncKind {
    Create,
    Update,
    /// Nothing but the read state changed.
    ReadFlag,
    Delete,
}

/// One item's news. For a deleted one `kind`, `change` and `flags` say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemChange {
    pub what: SyncKind,
    pub item: ItemNo,
    pub kind: ItemKind,
    pub change: Seq,
    /// Bits of [`ewsd_model::property::bit`], as they are now.
    pub flags: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemPage {
    pub changes: Vec<ItemChange>,
    pub state: ItemState,
    /// No more pages in this round.
    pub last: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FolderChange {
    /// New to the client; otherwise known and changed.
    pub created: bool,
    pub folder: FolderRow,
}

#[derive(Clone, Debug, PartialEq)]
pub struct HierarchyPage {
    /// A parent before its children.
    pub changed: Vec<FolderChange>,
    pub deleted: Vec<FolderNo>,
    /// What to ask from the next time.
    pub upto: Seq,
}
