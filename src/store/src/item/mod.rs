//! Items: what is read of them and written to them. One file per verb.

use crate::{Area, ColumnSet, Columns, Map, NewAttachment};
use ewsd_model::ItemKind;
use ewsd_model::id::{FolderNo, ItemNo, Seq};
use jiff::civil::Date;

mod busy;
mod contact;
mod create;
mod delete;
mod event;
mod find;
mod place;
mod read;
mod relocate;
mod reminder;
mod unread;
mod update;

pub use busy::{Bounds, BusyItem, Outline};
pub use contact::FoundContact;
pub use event::{Event, EventsIn, FoundEvent};
pub use find::Search;
pub use place::ItemPlace;
pub use reminder::FoundReminder;
pub use unread::{GAVE_UP, Unread};

/// The member of `props` that has the authors of a message beside the one of the column, as recipients are kept.
pub const AUTHORS: &str = "OtherAuthors";
pub(crate) use update::{item_ref, merged};

/// What a query reads of each item. Item, folder, kind, change, flags and the number of attachments always come along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Plan {
    pub columns: ColumnSet,
    /// The `props` document.
    pub json: bool,
    /// The extended properties.
    pub ext: bool,
    /// The body's text. Never with a search.
    pub body: bool,
    /// The message as RFC 5322 octets. Never with a search.
    pub mime: bool,
}

/// An item as a [`Plan`] asked for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRow {
    pub item: ItemNo,
    pub folder: FolderNo,
    pub kind: ItemKind,
    pub change: Seq,
    /// Bits of [`ewsd_model::property::bit`].
    pub flags: u32,
    /// How many attachments it has, inline ones too.
    pub attachments: u32,
    /// The account that made it. None: the owner of the mailbox.
    pub creator: Option<i64>,
    pub columns: Columns,
    pub props: Option<Map>,
    pub ext: Option<Map>,
    /// None if not asked for, or if there is none.
    pub body: Option<Vec<u8>>,
    pub mime: Option<Vec<u8>>,
    /// What is shown is this occurrence of the series, by the day on which the pattern has it. Rows as they are read have none.
    pub occurrence: Option<Date>,
}

/// An item to be written. What `columns` does not say gets the table's default (times: now; class: the kind's).
#[derive(Clone, Debug)]
pub struct NewItem<'a> {
    pub folder: FolderNo,
    pub kind: ItemKind,
    /// Bits of [`ewsd_model::property::bit`]; `HAS_ATTACHMENTS` is the caller's to set (inline ones do not count).
    pub flags: u32,
    pub columns: Columns,
    pub props: Map,
    pub ext: Map,
    /// Of a contact or list: what it is searched and sorted by, each key once.
    pub contact: Vec<(String, String)>,
    /// Of a calendar item or meeting message: when it takes place.
    pub event: Option<Event>,
    pub body: Option<&'a [u8]>,
    /// Of an HTML body the text without markup: in it searches look.
    pub plain: Option<&'a str>,
    pub mime: Option<&'a [u8]>,
    /// Texts whose words find the item, and where they stand in it. What is attached has its own.
    pub search: &'a [(Area, String)],
    pub attachments: Vec<NewAttachment<'a>>,
    /// Came in by delivery: watchers of the folder are told of new mail.
    pub delivered: bool,
    /// The account that makes it. None: the owner of the mailbox.
    pub creator: Option<i64>,
}

impl NewItem<'_> {
    pub fn new(folder: FolderNo, kind: ItemKind) -> Self {
        NewItem {
            folder,
            kind,
            flags: 0,
            columns: Columns::new(),
            props: Map::new(),
            ext: Map::new(),
            contact: Vec::new(),
            event: None,
            body: None,
            plain: None,
            mime: None,
            search: &[],
            attachments: Vec::new(),
            delivered: false,
            creator: None,
        }
    }
}

/// Where an item is after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemRef {
    pub item: ItemNo,
    pub folder: FolderNo,
    pub kind: ItemKind,
    pub change: Seq,
    /// The number it had when the caller named it; another one after a move or copy.
    pub old: ItemNo,
}

/// What changes in an item. An update of nothing but `READ` is remembered as a change of the read state.
#[derive(Clone, Debug, Default)]
pub struct ItemUpdate<'a> {
    pub set_flags: u32,
    pub clear_flags: u32,
    pub set: Columns,
    pub unset: ColumnSet,
    /// Members to set in `props`; null takes the member out.
    pub props: Map,
    /// The same for extended properties.
    pub ext: Map,
    /// `Some(None)` takes the body away.
    pub body: Option<Option<&'a [u8]>>,
    /// Of an HTML body that is set the text without markup: in it searches look.
    pub plain: Option<&'a str>,
    pub mime: Option<Option<&'a [u8]>>,
    pub search: Option<&'a [(Area, String)]>,
    pub kind: Option<ItemKind>,
    /// Of a contact or list: all that it is searched and sorted by from now on, each key once.
    pub contact: Option<&'a [(String, String)]>,
    /// Of a calendar item: when it takes place from now on, if that or how busy its owner is then becomes another.
    pub event: Option<Event>,
}
