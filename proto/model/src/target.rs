//! Ids as requests name their objects. They are taken as they come: what they mean is decided at the mailbox's gate.

use crate::value::{Mailbox, WireId};
use jiff::Timestamp;

/// A folder: `FolderId`, `DistinguishedFolderId` or `AddressListId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetFolder {
    Id(WireId),
    Distinguished {
        /// A name of DistinguishedFolderIdNameType.
        name: &'static str,
        change_key: Option<String>,
        /// Whose folder, if not the caller's.
        mailbox: Option<Mailbox>,
    },
    /// An address list of the directory.
    AddressList(String),
}

/// An item: `ItemId`, `OccurrenceItemId`, `RecurringMasterItemId` or `RecurringMasterItemIdRanges`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaseItemId {
    Item(WireId),
    /// One occurrence of a series.
    Occurrence {
        master: String,
        change_key: Option<String>,
        /// From 1 over the pattern, deleted ones included.
        index: i32,
    },
    /// The series of an occurrence.
    RecurringMaster {
        occurrence: String,
        change_key: Option<String>,
    },
    /// A series with the occurrences that lie in ranges.
    MasterRanges {
        id: WireId,
        ranges: Vec<OccurrenceRange>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OccurrenceRange {
    pub start: Option<Timestamp>,
    pub end: Option<Timestamp>,
    pub count: Option<i32>,
    pub compare_original_start: bool,
}
