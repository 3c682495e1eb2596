//! The property engine's vocabulary: what a row of the property table says.
//!
//! Everything that depends on a property is read off its row: parsing, writing, shapes, UpdateItem, restrictions,
//! sort orders, MAPI aliases, which columns a query reads. The rows are in `table.rs`, in schema order.

pub mod mapi;
mod table;

pub use mapi::{ExtendedPath, Mapi, MapiType, SetId};
pub use table::{COUNT, PropId, TABLE};

use crate::{FolderKind, ItemKind, Kinds, Version};

/// How a property's element is read and written; one typed reader and writer in `proto/ews` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Bool,
    Int,
    Long,
    Double,
    Time,
    Bytes,
    /// Text that must be one of the words.
    Enum(&'static [&'static str]),
    /// `<String>` children.
    Texts,
    /// One `t:Mailbox` child.
    SingleRecipient,
    /// `t:Mailbox` children.
    Recipients,
    Body,
    Mime,
    Flag,
    ItemId,
    FolderId,
    Headers,
    Attachments,
    Rights,
    Responses,
    /// `<Entry Key="…">` children; the words are the keys.
    Entries(&'static [&'static str]),
    Permissions,
    /// The place of extended properties in the sequence; not a property itself.
    Extended,
    /// Known to the schema, not built yet: left out of answers, refused when written.
    Unbuilt,
}

/// Where a property's value comes from. Exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A column of the item or folder row.
    Column(Column),
    /// A bit of the item's flags column.
    Bit(u32),
    /// A member of the row's JSON document, under the element's name.
    Json,
    /// Octets or text in the blob table, read only when asked for.
    Blob(Blob),
    /// Rows of another table.
    Children,
    /// Worked out by the worker (`worker/src/compute`).
    Computed,
}

/// Columns of the item and folder tables that properties name. The store knows their SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Column {
    // items and folders
    Id,
    Parent,
    Class,
    Change,
    Created,
    Modified,
    Size,
    // items
    Subject,
    Received,
    Sent,
    Importance,
    Sensitivity,
    DisplayTo,
    DisplayCc,
    DisplayBcc,
    FromName,
    /// JSON of one [`Mailbox`](crate::value::Mailbox).
    From,
    Sender,
    MessageId,
    InReplyTo,
    References,
    ConversationId,
    ConversationTopic,
    ConversationIndex,
    Culture,
    Categories,
    Preview,
    IconIndex,
    FlagStatus,
    FlagStart,
    FlagDue,
    FlagComplete,
    ModifiedBy,
    ReminderDue,
    BodyType,
    // folders
    Name,
    Distinguished,
    Total,
    Unread,
    ChildCount,
    Hidden,
}

/// Which blob of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Blob {
    Body,
    Mime,
}

/// Bits of the item's flags column.
pub mod bit {
    pub const READ: u32 = 1;
    pub const DRAFT: u32 = 1 << 1;
    pub const FROM_ME: u32 = 1 << 2;
    pub const RESEND: u32 = 1 << 3;
    pub const SUBMITTED: u32 = 1 << 4;
    pub const UNMODIFIED: u32 = 1 << 5;
    pub const HAS_ATTACHMENTS: u32 = 1 << 6;
    pub const ASSOCIATED: u32 = 1 << 7;
    pub const READ_RECEIPT: u32 = 1 << 8;
    pub const DELIVERY_RECEIPT: u32 = 1 << 9;
    pub const RESPONSE_REQUESTED: u32 = 1 << 10;
    pub const REMINDER_SET: u32 = 1 << 11;
    /// The stored MIME no longer tells the item's properties: it is regenerated when asked for.
    pub const MIME_STALE: u32 = 1 << 12;
}

/// What a client may do with a property.
pub mod can {
    pub const CREATE: u8 = 1;
    pub const SET: u8 = 1 << 1;
    pub const APPEND: u8 = 1 << 2;
    pub const DELETE: u8 = 1 << 3;
    pub const SORT: u8 = 1 << 4;
    pub const QUERY: u8 = 1 << 5;
    pub const WRITE: u8 = CREATE | SET | DELETE;
    pub const FIND: u8 = SORT | QUERY;
}

/// A row of the property table.
#[derive(Clone, Copy, Debug)]
pub struct Prop {
    pub id: PropId,
    /// `item:Subject`; empty for elements that have no FieldURI.
    pub uri: &'static str,
    /// Element name in the types namespace.
    pub element: &'static str,
    pub ty: Type,
    /// Kinds whose schema type has the element.
    pub kinds: Kinds,
    pub since: Version,
    /// Kinds whose Default shape has it.
    pub default_shape: Kinds,
    /// Kinds whose AllProperties shape has it.
    pub all_shape: Kinds,
    /// Bits of [`can`].
    pub can: u8,
    /// The MAPI property that is the same thing.
    pub mapi: Option<Mapi>,
    pub source: Source,
    /// Only GetItem answers it; FindItem and SyncFolderItems leave it out.
    pub get_only: bool,
}

impl Prop {
    pub fn allows(&self, ability: u8) -> bool {
        self.can & ability == ability
    }
}

impl PropId {
    pub fn row(self) -> &'static Prop {
        // The table is indexed by the enum that the same macro made.
        &TABLE[self as usize]
    }

    /// By FieldURI, case-sensitive as in the schema.
    pub fn from_uri(uri: &str) -> Option<PropId> {
        table::by_uri(uri)
    }

    /// By element name, for a kind of item.
    pub fn from_item_element(kind: ItemKind, element: &str) -> Option<PropId> {
        TABLE.iter().find(|row| row.element == element && row.kinds.has_item(kind)).map(|row| row.id)
    }

    /// By element name, for a kind of folder.
    pub fn from_folder_element(kind: FolderKind, element: &str) -> Option<PropId> {
        TABLE.iter().find(|row| row.element == element && row.kinds.has_folder(kind)).map(|row| row.id)
    }
}
