//! The property engine's vocabulary: what a row of the property table says.
//!
//! Everything that depends on a property is read off its row: parsing, writing, shapes, UpdateItem, restrictions,
//! sort orders, MAPI aliases, which columns a query reads. The rows are in `table.rs`, in schema order.

pub mod alias;
mod icon;
mod index;
pub mod mapi;
mod table;

pub use alias::Alias;
pub use index::sequence;
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
    /// The same of mail addresses, with their name, routing and kind as attributes.
    Addresses(&'static [&'static str]),
    /// The same of postal addresses.
    PostalAddresses(&'static [&'static str]),
    /// `<Member Key="…">` children; the server makes the keys.
    Members,
    CompleteName,
    Permissions,
    /// Of calendar items.
    Recurrence,
    /// Of tasks: the same, with the patterns that regenerate.
    TaskRecurrence,
    /// TimeZoneDefinitionType.
    TimeZone,
    MeetingTimeZone,
    /// A time as the clocks of a zone show it, with their distance to UTC. Never read.
    Clock,
    /// `<Attendee>` children.
    Attendees,
    EnhancedLocation,
    Occurrence,
    Occurrences,
    DeletedOccurrences,
    /// Items with some of their properties.
    Items,
    ChangeHighlights,
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
    /// Worked out by the mailbox (`src/mailbox/src/property`).
    Computed,
}

/// Makes the enum and the list of its variants out of one list.
macro_rules! columns {
    ($($(#[$doc:meta])* $column:ident,)*) => {
        /// Columns of the item and folder tables that properties name. The store knows their SQL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Column {
            $($(#[$doc])* $column,)*
        }

        static COLUMNS: &[Column] = &[$(Column::$column,)*];
    };
}

columns! {
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

impl Column {
    /// The column of that number in their list, which changes from one version to the next.
    pub fn from_number(number: u8) -> Option<Column> {
        COLUMNS.get(usize::from(number)).copied()
    }

    /// The column as a list of one.
    fn alone(self) -> &'static [Column] {
        COLUMNS.get(self as usize..=self as usize).unwrap_or_default()
    }
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
    /// No converter could read the message: it has a plain envelope, and the version that gave up in its document.
    pub const UNREADABLE: u32 = 1 << 13;
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

/// How the message as octets tells a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InMime {
    /// Not at all.
    No,
    /// Always: where the message has no word of it, the item has none.
    Always,
    /// Perhaps: where the message has no word of it, the item keeps its own.
    Perhaps,
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
    /// What is read of it off a message that is given whole.
    pub in_mime: InMime,
    /// A change of it makes the stored message say something else than the item does.
    pub in_octets: bool,
    /// The words that find an item are computed anew when it changes. Which words those are is said elsewhere: of mail by
    /// `describe` (`src/mailbox/src/item/derive.rs`), of other kinds by `texts` (`src/mailbox/src/kind/mod.rs`).
    pub in_words: bool,
    /// History once a message was sent: it can no longer be changed.
    pub is_history: bool,
    /// A time that names no zone is in the item's own.
    pub is_local: bool,
}

impl Prop {
    pub fn allows(&self, ability: u8) -> bool {
        self.can & ability == ability
    }

    /// The keys of a dictionary. None: it is none, or its keys are the server's.
    pub fn keys(&self) -> Option<&'static [&'static str]> {
        match self.ty {
            Type::Entries(keys) | Type::Addresses(keys) | Type::PostalAddresses(keys) => Some(keys),
            _ => None,
        }
    }

    /// Contacts and lists are searched and sorted by it, so its texts are in a table of their own, under the element or
    /// under [`contact_key`](crate::path::contact_key).
    pub fn in_contact_table(&self) -> bool {
        const PEOPLE: Kinds = Kinds::CONTACT.or(Kinds::LIST);
        let text = matches!(self.ty, Type::Text) && self.allows(can::QUERY);
        self.source == Source::Json && self.kinds.0 & !PEOPLE.0 == 0 && (text || self.keys().is_some())
    }

    pub fn built(&self) -> bool {
        self.ty != Type::Unbuilt
    }

    /// The columns a query reads for it; the flag and the author need more than the one their row names.
    pub fn columns(&self) -> &'static [Column] {
        const FLAG: &[Column] = &[Column::FlagStatus, Column::FlagStart, Column::FlagDue, Column::FlagComplete];
        const BODY: &[Column] = &[Column::BodyType];
        match self.source {
            Source::Column(Column::FlagStatus) => FLAG,
            Source::Column(column) => column.alone(),
            Source::Blob(Blob::Body) => BODY,
            _ => &[],
        }
    }

    /// The number that stands for a word of an [`Type::Enum`] row in its MAPI property and its column.
    pub fn number_of(&self, word: &str) -> Option<i32> {
        match self.ty {
            Type::Enum(table::ICONS) => icon::number(word),
            Type::Enum(words) => words.iter().position(|known| *known == word).map(|at| at as i32),
            _ => None,
        }
    }

    /// The word of an [`Type::Enum`] row for a number.
    pub fn word_of(&self, number: i32) -> Option<&'static str> {
        match self.ty {
            Type::Enum(table::ICONS) => icon::word(number),
            Type::Enum(words) => usize::try_from(number).ok().and_then(|at| words.get(at)).copied(),
            _ => None,
        }
    }
}

/// The builders of `table.rs`.
const fn row(ty: Type, kinds: Kinds) -> Prop {
    Prop {
        id: PropId::FolderFolderId,
        uri: "",
        element: "",
        ty,
        kinds,
        since: Version::Exchange2007,
        default_shape: Kinds::NONE,
        all_shape: Kinds::NONE,
        can: 0,
        mapi: None,
        source: Source::Json,
        get_only: false,
        in_mime: InMime::No,
        in_octets: false,
        in_words: false,
        is_history: false,
        is_local: false,
    }
}

const fn unbuilt(kinds: Kinds) -> Prop {
    row(Type::Unbuilt, kinds)
}

impl Prop {
    /// Gives the row its names. A row of no kind has a FieldURI that requests may hold, but no element.
    const fn named(mut self, id: PropId, uri: &'static str, element: &'static str) -> Prop {
        self.id = id;
        self.uri = match uri.as_bytes() {
            [b'-', ..] => "",
            _ => uri,
        };
        self.element = if self.kinds.0 == 0 { "" } else { element };
        self
    }

    const fn since(mut self, version: Version) -> Prop {
        self.since = version;
        self
    }

    const fn default(mut self, kinds: Kinds) -> Prop {
        self.default_shape = kinds;
        self
    }

    const fn all(mut self, kinds: Kinds) -> Prop {
        self.all_shape = kinds;
        self
    }

    const fn can(mut self, abilities: u8) -> Prop {
        self.can = abilities;
        self
    }

    const fn get_only(mut self) -> Prop {
        self.get_only = true;
        self
    }

    /// The message tells it, and is out of date when it changes: the subject.
    const fn told(mut self) -> Prop {
        self.in_octets = true;
        self.read_off()
    }

    /// The message may tell it, and is out of date when it changes: the importance.
    const fn hinted(mut self) -> Prop {
        self.in_octets = true;
        self.noted()
    }

    /// Follows from the message; a change of it alone leaves the octets as they came.
    const fn read_off(mut self) -> Prop {
        self.in_mime = InMime::Always;
        self
    }

    /// The message may bring it along; a change of it alone leaves the octets as they came.
    const fn noted(mut self) -> Prop {
        self.in_mime = InMime::Perhaps;
        self
    }

    const fn words(mut self) -> Prop {
        self.in_words = true;
        self
    }

    const fn history(mut self) -> Prop {
        self.is_history = true;
        self
    }

    const fn local(mut self) -> Prop {
        self.is_local = true;
        self
    }

    const fn from(mut self, source: Source) -> Prop {
        self.source = source;
        self
    }

    const fn column(self, column: Column) -> Prop {
        self.from(Source::Column(column))
    }

    const fn bit(self, bit: u32) -> Prop {
        self.from(Source::Bit(bit))
    }

    const fn blob(self, blob: Blob) -> Prop {
        self.from(Source::Blob(blob))
    }

    const fn children(self) -> Prop {
        self.from(Source::Children)
    }

    const fn computed(self) -> Prop {
        self.from(Source::Computed)
    }

    const fn mapi(mut self, mapi: Mapi) -> Prop {
        self.mapi = Some(mapi);
        self
    }

    const fn tag(self, tag: u16, ty: MapiType) -> Prop {
        self.mapi(Mapi::Tag(tag, ty))
    }

    const fn tags(self, tag: u16, ty: MapiType) -> Prop {
        self.mapi(Mapi::Tags(tag, ty))
    }

    const fn id(self, set: SetId, id: u32, ty: MapiType) -> Prop {
        self.mapi(Mapi::Id(set, id, ty))
    }

    const fn ids(self, set: SetId, id: u32, ty: MapiType) -> Prop {
        self.mapi(Mapi::Ids(set, id, ty))
    }

    const fn names(self, set: SetId, name: &'static str, ty: MapiType) -> Prop {
        self.mapi(Mapi::Names(set, name, ty))
    }
}

impl PropId {
    pub fn row(self) -> &'static Prop {
        // The table has one row for each variant: the same macro made both.
        #[allow(clippy::indexing_slicing)]
        &TABLE[self as usize]
    }

    /// By FieldURI, case-sensitive as in the schema.
    pub fn from_uri(uri: &str) -> Option<PropId> {
        index::by_uri(uri)
    }

    /// By element name, for a kind of item.
    pub fn from_item_element(kind: ItemKind, element: &str) -> Option<PropId> {
        index::by_element(kind.kinds(), element)
    }

    /// By element name, for a kind of folder.
    pub fn from_folder_element(kind: FolderKind, element: &str) -> Option<PropId> {
        index::by_element(kind.kinds(), element)
    }

    /// Its place among the elements of one kind: the order in which they are written. None: the kind has it not.
    pub fn position(self, kind: Kinds) -> Option<u16> {
        index::position(self, kind)
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
