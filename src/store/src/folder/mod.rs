//! Folders: what is read of them and written to them. One file per verb.

use crate::Map;
use ewsd_model::id::{FolderNo, Seq};
use ewsd_model::{FolderKind, PropId};
use jiff::Timestamp;

mod change;
mod children;
mod create;
mod delete;
mod read;
mod relocate;
mod rights;

/// Of the folder `o`: something in it changes. The clock is read behind the mailbox's lock, so it does not go back.
pub(crate) const TOUCHED: &str = "touched = clock_timestamp()";

pub(crate) use create::Seed;
pub(crate) use read::{FIELDS, folder_row};

/// A folder, whole.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderRow {
    pub folder: FolderNo,
    /// None only for the mailbox's root.
    pub parent: Option<FolderNo>,
    pub kind: FolderKind,
    pub class: String,
    pub name: String,
    /// The DistinguishedFolderId, if it has one.
    pub distinguished: Option<String>,
    pub change: Seq,
    pub created: Timestamp,
    /// When the folder itself last changed.
    pub modified: Timestamp,
    /// When something in it last did.
    pub touched: Timestamp,
    /// Items that are not associated.
    pub total: i64,
    pub unread: i64,
    /// Folders directly below.
    pub child_count: i64,
    /// Sum of all items' sizes.
    pub bytes: i64,
    pub hidden: bool,
    pub props: Map,
    pub ext: Map,
}

/// A folder to be made.
#[derive(Clone, Debug)]
pub struct NewFolder {
    pub parent: FolderNo,
    pub kind: FolderKind,
    pub class: String,
    pub name: String,
    /// For folders that are found by a DistinguishedFolderId, made later than the mailbox.
    pub distinguished: Option<String>,
    pub hidden: bool,
    pub props: Map,
    pub ext: Map,
}

impl NewFolder {
    pub fn new(parent: FolderNo, kind: FolderKind, name: impl Into<String>) -> Self {
        NewFolder {
            parent,
            kind,
            class: kind.row().default_class.to_owned(),
            name: name.into(),
            distinguished: None,
            hidden: false,
            props: Map::new(),
            ext: Map::new(),
        }
    }
}

/// The member of `props` that says who may use the folder: what it was before a change goes into the journal.
pub(crate) fn rights_member() -> &'static str {
    PropId::FolderPermissionSet.row().element
}

/// The same in a statement, of the document `props`; never null.
pub(crate) fn rights_of(props: &str) -> String {
    format!("coalesce({props} -> '{}', '[]'::jsonb)", rights_member())
}

/// What changes in a folder.
#[derive(Clone, Debug, Default)]
pub struct FolderUpdate {
    pub name: Option<String>,
    pub class: Option<String>,
    pub hidden: Option<bool>,
    /// Members to set in `props`; null takes the member out.
    pub props: Map,
    pub ext: Map,
}
