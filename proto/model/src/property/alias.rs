//! What an extended property is when it is not just stored: another name of a row, a part of one, or worked out.
//!
//! A row's own MAPI identity is an alias of it (PropertyTag 0x0037 *is* the subject); the table here holds the rest.
//! Both directions go through it: reading gives the property's value in the type asked for, writing sets the property.
//! What it does not know is stored under its key as it came. How a value is worked out is in `src/mailbox/src/property`.

use super::mapi::ExtendedName;
use super::{Column, ExtendedPath, MapiType, PropId, SetId, TABLE, bit};
use crate::Kinds;
use crate::property::Mapi;
use crate::value::PostalPart;
use std::collections::HashMap;
use std::sync::OnceLock;

/// What an extended property stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alias {
    /// The property itself. Words of an enumeration are numbers: `Prop::number_of`, `Prop::word_of`.
    Prop(PropId),
    /// A column that is no property of that kind.
    Column(Column),
    /// One part of a property of one mailbox.
    Part(PropId, Part),
    /// The names of a property of many mailboxes, with `; ` between. Not written.
    Names(PropId),
    /// One entry of a dictionary property.
    Entry(PropId, &'static str),
    /// One part of an entry of mail addresses.
    EntryPart(PropId, &'static str, Part),
    /// One part of an entry of postal addresses.
    Postal(PropId, &'static str, PostalPart),
    Flag(FlagPart),
    /// The line of that name in the message's header (the path has the name, in lower case).
    Header,
    /// All of the message's header. Not written.
    Headers,
    /// PidTagMessageFlags: [`message_flags`].
    MessageFlags,
    /// The body as plain text.
    PlainBody,
    /// The body as HTML, in UTF-8.
    HtmlBody,
    /// The subject's prefix (`Re: `), and the subject without it. Not written.
    SubjectPrefix,
    NormalizedSubject,
    /// A number that grows within the folder: the item's own. Not written, like all below.
    Place,
    /// The entry ids of the thing, and of the folder it is in.
    EntryId,
    ParentEntryId,
    /// Octets that name the thing among those of its mailbox, for ever and until it moves.
    RecordKey,
    SearchKey,
    InstanceKey,
    /// Of a folder: the number the next item gets, the newest item's, the time of the last change in it.
    NextPlace,
    LastPlace,
    LastChange,
    /// Whether a folder has folders in it.
    HasSubfolders,
    /// PidTagAccess: what the caller may do.
    Access,
    /// When a calendar item is, as octets. Written, too.
    Octets(TimeOctets),
}

/// What MAPI has as octets of the time of a calendar item (MS-OXOCAL 2.2.1.39 to 2.2.1.44).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOctets {
    /// PidLidAppointmentRecur.
    Recurrence,
    /// PidLidTimeZoneStruct: the rules of a series' zone.
    ZoneStruct,
    /// PidLidAppointmentTimeZoneDefinitionStartDisplay.
    StartZone,
    /// PidLidAppointmentTimeZoneDefinitionEndDisplay.
    EndZone,
    /// PidLidAppointmentTimeZoneDefinitionRecur.
    RecurrenceZone,
}

/// The part of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Name,
    Address,
    /// `SMTP`.
    Routing,
}

/// The part of `item:Flag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagPart {
    Status,
    Start,
    Due,
    Complete,
}

const ITEMS: Kinds = Kinds::ALL_ITEMS;
const FOLDERS: Kinds = Kinds::ALL_FOLDERS;
const BOTH: Kinds = ITEMS.or(FOLDERS);
const MAIL: Kinds = Kinds::MESSAGES.or(Kinds::POST).or(Kinds::ITEM);
const CONTACT: Kinds = Kinds::CONTACT;
/// Tasks have dates of their own; elsewhere they belong to the flag.
const NO_TASKS: Kinds = Kinds(ITEMS.0 & !Kinds::TASK.0);

use Alias::*;
use MapiType::{Binary, Boolean, Integer, String, SystemTime};

const fn tag(tag: u16, ty: MapiType, kinds: Kinds, alias: Alias) -> (Mapi, Kinds, Alias) {
    (Mapi::Tag(tag, ty), kinds, alias)
}

const fn address(id: u32, key: &'static str, part: Part) -> (Mapi, Kinds, Alias) {
    (Mapi::Id(SetId::Address, id, String), CONTACT, EntryPart(PropId::ContactEmailAddresses, key, part))
}

const fn postal(number: u16, key: &'static str, part: PostalPart) -> (Mapi, Kinds, Alias) {
    tag(number, String, CONTACT, Postal(PropId::ContactPhysicalAddresses, key, part))
}

const fn business(id: u32, part: PostalPart) -> (Mapi, Kinds, Alias) {
    (Mapi::Id(SetId::Address, id, String), CONTACT, Postal(PropId::ContactPhysicalAddresses, "Business", part))
}

const fn phone(number: u16, key: &'static str) -> (Mapi, Kinds, Alias) {
    tag(number, String, CONTACT, Entry(PropId::ContactPhoneNumbers, key))
}

const fn time_octets(id: u32, which: TimeOctets) -> (Mapi, Kinds, Alias) {
    (Mapi::Id(SetId::Appointment, id, Binary), Kinds::CALENDAR, Octets(which))
}

/// The rows: MAPI property, where it is known, what it is. The first that fits is taken, before the property table.
const ALIASES: &[(Mapi, Kinds, Alias)] = &[
    // Folders
    tag(0x3007, SystemTime, FOLDERS, Column(Column::Created)),
    tag(0x3008, SystemTime, FOLDERS, Column(Column::Modified)),
    tag(0x3603, Integer, FOLDERS, Prop(PropId::FolderUnreadCount)),
    tag(0x360a, Boolean, FOLDERS, HasSubfolders),
    tag(0x0e08, Integer, FOLDERS, Column(Column::Size)),
    tag(0x10f4, Boolean, FOLDERS, Column(Column::Hidden)),
    tag(0x6751, Integer, FOLDERS, NextPlace),
    tag(0x6752, Integer, FOLDERS, LastPlace),
    tag(0x670a, SystemTime, FOLDERS, LastChange),
    // Folders and items
    tag(0x0fff, Binary, BOTH, EntryId),
    tag(0x0e09, Binary, BOTH, ParentEntryId),
    tag(0x0ff9, Binary, BOTH, RecordKey),
    tag(0x0ff4, Integer, BOTH, Access),
    // Items
    tag(0x300b, Binary, ITEMS, SearchKey),
    tag(0x0ff6, Binary, ITEMS, InstanceKey),
    tag(0x0e23, Integer, ITEMS, Place),
    tag(0x0e07, Integer, ITEMS, MessageFlags),
    tag(0x1000, String, ITEMS, PlainBody),
    tag(0x1013, Binary, ITEMS, HtmlBody),
    tag(0x1013, String, ITEMS, HtmlBody),
    tag(0x007d, String, ITEMS, Headers),
    tag(0x003d, String, ITEMS, SubjectPrefix),
    tag(0x0e1d, String, ITEMS, NormalizedSubject),
    tag(0x3013, Binary, ITEMS, Column(Column::ConversationId)),
    tag(0x1090, Integer, ITEMS, Flag(FlagPart::Status)),
    tag(0x1091, SystemTime, ITEMS, Flag(FlagPart::Complete)),
    (Mapi::Id(SetId::Task, 0x8104, SystemTime), NO_TASKS, Flag(FlagPart::Start)),
    (Mapi::Id(SetId::Task, 0x8105, SystemTime), NO_TASKS, Flag(FlagPart::Due)),
    // Messages: who
    tag(0x0042, String, MAIL, Part(PropId::MessageFrom, Part::Name)),
    tag(0x0065, String, MAIL, Part(PropId::MessageFrom, Part::Address)),
    tag(0x5d02, String, MAIL, Part(PropId::MessageFrom, Part::Address)),
    tag(0x0064, String, MAIL, Part(PropId::MessageFrom, Part::Routing)),
    tag(0x0c1a, String, MAIL, Part(PropId::MessageSender, Part::Name)),
    tag(0x0c1f, String, MAIL, Part(PropId::MessageSender, Part::Address)),
    tag(0x5d01, String, MAIL, Part(PropId::MessageSender, Part::Address)),
    tag(0x0c1e, String, MAIL, Part(PropId::MessageSender, Part::Routing)),
    tag(0x0040, String, MAIL, Part(PropId::MessageReceivedBy, Part::Name)),
    tag(0x0076, String, MAIL, Part(PropId::MessageReceivedBy, Part::Address)),
    tag(0x5d07, String, MAIL, Part(PropId::MessageReceivedBy, Part::Address)),
    tag(0x0075, String, MAIL, Part(PropId::MessageReceivedBy, Part::Routing)),
    tag(0x0044, String, MAIL, Part(PropId::MessageReceivedRepresenting, Part::Name)),
    tag(0x0078, String, MAIL, Part(PropId::MessageReceivedRepresenting, Part::Address)),
    tag(0x5d08, String, MAIL, Part(PropId::MessageReceivedRepresenting, Part::Address)),
    tag(0x0077, String, MAIL, Part(PropId::MessageReceivedRepresenting, Part::Routing)),
    tag(0x0050, String, MAIL, Names(PropId::MessageReplyTo)),
    // Contacts: entries of dictionaries
    address(0x8080, "EmailAddress1", Part::Name),
    address(0x8082, "EmailAddress1", Part::Routing),
    address(0x8083, "EmailAddress1", Part::Address),
    address(0x8090, "EmailAddress2", Part::Name),
    address(0x8092, "EmailAddress2", Part::Routing),
    address(0x8093, "EmailAddress2", Part::Address),
    address(0x80a0, "EmailAddress3", Part::Name),
    address(0x80a2, "EmailAddress3", Part::Routing),
    address(0x80a3, "EmailAddress3", Part::Address),
    postal(0x3a5d, "Home", PostalPart::Street),
    postal(0x3a59, "Home", PostalPart::City),
    postal(0x3a5c, "Home", PostalPart::State),
    postal(0x3a5a, "Home", PostalPart::CountryOrRegion),
    postal(0x3a5b, "Home", PostalPart::PostalCode),
    business(0x8045, PostalPart::Street),
    business(0x8046, PostalPart::City),
    business(0x8047, PostalPart::State),
    business(0x8049, PostalPart::CountryOrRegion),
    business(0x8048, PostalPart::PostalCode),
    postal(0x3a63, "Other", PostalPart::Street),
    postal(0x3a5f, "Other", PostalPart::City),
    postal(0x3a62, "Other", PostalPart::State),
    postal(0x3a60, "Other", PostalPart::CountryOrRegion),
    postal(0x3a61, "Other", PostalPart::PostalCode),
    (Mapi::Id(SetId::Address, 0x8062, String), CONTACT, Entry(PropId::ContactImAddresses, "ImAddress1")),
    phone(0x3a2e, "AssistantPhone"),
    phone(0x3a24, "BusinessFax"),
    phone(0x3a08, "BusinessPhone"),
    phone(0x3a1b, "BusinessPhone2"),
    phone(0x3a02, "Callback"),
    phone(0x3a1e, "CarPhone"),
    phone(0x3a57, "CompanyMainPhone"),
    phone(0x3a25, "HomeFax"),
    phone(0x3a09, "HomePhone"),
    phone(0x3a2f, "HomePhone2"),
    phone(0x3a2d, "Isdn"),
    phone(0x3a1c, "MobilePhone"),
    phone(0x3a23, "OtherFax"),
    phone(0x3a1f, "OtherTelephone"),
    phone(0x3a21, "Pager"),
    phone(0x3a1a, "PrimaryPhone"),
    phone(0x3a1d, "RadioPhone"),
    phone(0x3a2c, "Telex"),
    phone(0x3a4b, "TtyTddPhone"),
    // Calendar items
    time_octets(0x8216, TimeOctets::Recurrence),
    time_octets(0x8233, TimeOctets::ZoneStruct),
    time_octets(0x825e, TimeOctets::StartZone),
    time_octets(0x825f, TimeOctets::EndZone),
    time_octets(0x8260, TimeOctets::RecurrenceZone),
];

#[derive(PartialEq, Eq, Hash)]
enum Name<'a> {
    Tag(u16),
    Id(SetId, u32),
    Named(SetId, &'a str),
}

struct Row {
    ty: MapiType,
    array: bool,
    kinds: Kinds,
    alias: Alias,
}

fn rows() -> &'static HashMap<Name<'static>, Vec<Row>> {
    static ROWS: OnceLock<HashMap<Name<'static>, Vec<Row>>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let own = TABLE.iter().filter(|row| row.built());
        let own = own.filter_map(|row| row.mapi.map(|mapi| (mapi, row.kinds, Prop(row.id))));
        let mut rows: HashMap<Name<'static>, Vec<Row>> = HashMap::new();
        for (mapi, kinds, alias) in ALIASES.iter().copied().chain(own) {
            let (name, ty, array) = match mapi {
                Mapi::Tag(tag, ty) => (Name::Tag(tag), ty, false),
                Mapi::Tags(tag, ty) => (Name::Tag(tag), ty, true),
                Mapi::Id(set, id, ty) => (Name::Id(set, id), ty, false),
                Mapi::Ids(set, id, ty) => (Name::Id(set, id), ty, true),
                Mapi::Name(set, name, ty) => (Name::Named(set, name), ty, false),
                Mapi::Names(set, name, ty) => (Name::Named(set, name), ty, true),
            };
            rows.entry(name).or_default().push(Row { ty, array, kinds, alias });
        }
        rows
    })
}

impl ExtendedPath {
    /// What it stands for where things of these kinds are meant. None: it is stored under its key as it comes.
    pub fn alias(&self, kinds: Kinds) -> Option<Alias> {
        let name = match &self.name {
            ExtendedName::Tag(tag) => Name::Tag(*tag),
            ExtendedName::Id(set, id) => Name::Id(*set, *id),
            ExtendedName::Name(SetId::InternetHeaders, _) => {
                let text = self.ty == String && !self.array && kinds.meets(ITEMS);
                return text.then_some(Header);
            }
            ExtendedName::Name(set, name) => Name::Named(*set, name),
        };
        let fits = |row: &&Row| row.kinds.meets(kinds) && row.array == self.array && row.ty.fits(self.ty);
        rows().get(&name)?.iter().find(fits).map(|row| row.alias)
    }
}

impl PropId {
    /// The row a MAPI property is another name of, where things of these kinds are meant.
    pub fn from_mapi(path: &ExtendedPath, kinds: Kinds) -> Option<PropId> {
        match path.alias(kinds)? {
            Prop(id) => Some(id),
            _ => None,
        }
    }
}

/// Bits of PidTagMessageFlags (MS-OXCMSG 2.2.1.6) and of the item's flags column.
pub const MESSAGE_FLAGS: &[(i32, u32)] = &[
    (0x01, bit::READ),
    (0x02, bit::UNMODIFIED),
    (0x04, bit::SUBMITTED),
    (0x08, bit::DRAFT),
    (0x10, bit::HAS_ATTACHMENTS),
    (0x20, bit::FROM_ME),
    (0x40, bit::ASSOCIATED),
    (0x80, bit::RESEND),
];

/// PidTagMessageFlags of an item with these flags.
pub fn message_flags(flags: u32) -> i32 {
    MESSAGE_FLAGS.iter().filter(|row| flags & row.1 != 0).fold(0, |sum, row| sum | row.0)
}

/// The flags of an item to which PidTagMessageFlags was written: read, draft, unmodified, from me and resend follow it;
/// what the server knows better (attachments, submitted, associated) and bits that are not its own stay.
pub fn written_message_flags(value: i32, flags: u32) -> u32 {
    const CLIENTS: u32 = bit::READ | bit::UNMODIFIED | bit::DRAFT | bit::FROM_ME | bit::RESEND;
    let written = MESSAGE_FLAGS.iter().filter(|row| value & row.0 != 0).fold(0, |sum, row| sum | row.1);
    (flags & !CLIENTS) | (written & CLIENTS)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    fn at(tag: u16, ty: MapiType, kinds: Kinds) -> Option<Alias> {
        ExtendedPath::tag(tag, ty).alias(kinds)
    }

    #[test]
    fn rows_by_their_mapi_identity() {
        for (tag, id) in [
            (0x0037, PropId::ItemSubject),
            (0x1035, PropId::MessageInternetMessageId),
            (0x1039, PropId::MessageReferences),
            (0x1042, PropId::ItemInReplyTo),
            (0x0070, PropId::MessageConversationTopic),
            (0x001a, PropId::ItemItemClass),
            (0x0e02, PropId::ItemDisplayBcc),
            (0x0e03, PropId::ItemDisplayCc),
            (0x0e04, PropId::ItemDisplayTo),
        ] {
            assert_eq!(at(tag, String, Kinds::MESSAGE), Some(Prop(id)), "{tag:#x}");
        }
        for (tag, id) in [
            (0x0017, PropId::ItemImportance),
            (0x0036, PropId::ItemSensitivity),
            (0x0e08, PropId::ItemSize),
            (0x1080, PropId::ItemIconIndex),
        ] {
            assert_eq!(at(tag, Integer, Kinds::MESSAGE), Some(Prop(id)), "{tag:#x}");
        }
        for (tag, id) in [
            (0x0e06, PropId::ItemDateTimeReceived),
            (0x0039, PropId::ItemDateTimeSent),
            (0x3007, PropId::ItemDateTimeCreated),
            (0x3008, PropId::ItemLastModifiedTime),
        ] {
            assert_eq!(at(tag, SystemTime, Kinds::MESSAGE), Some(Prop(id)), "{tag:#x}");
        }
        assert_eq!(at(0x0071, Binary, ITEMS), Some(Prop(PropId::MessageConversationIndex)));
        assert_eq!(at(0x0029, Boolean, ITEMS), Some(Prop(PropId::MessageIsReadReceiptRequested)));
        let keywords = Mapi::Names(SetId::PublicStrings, "Keywords", String).path();
        assert_eq!(PropId::from_mapi(&keywords, ITEMS), Some(PropId::ItemCategories));
    }

    #[test]
    fn the_rest() {
        assert_eq!(at(0x0e07, Integer, ITEMS), Some(MessageFlags));
        assert_eq!(at(0x1000, String, ITEMS), Some(PlainBody));
        assert_eq!(at(0x0e23, Integer, ITEMS), Some(Place));
        assert_eq!(at(0x0e08, MapiType::Long, FOLDERS), Some(Column(Column::Size)));
        assert_eq!(at(0x3008, SystemTime, FOLDERS), Some(Column(Column::Modified)));
        assert_eq!(at(0x3001, String, FOLDERS), Some(Prop(PropId::FolderDisplayName)));
        assert_eq!(at(0x3001, String, Kinds::CONTACT), Some(Prop(PropId::ContactDisplayName)));
        assert_eq!(at(0x3001, String, Kinds::MESSAGE), None);
        assert_eq!(at(0x3602, Integer, Kinds::CALENDAR_FOLDER), Some(Prop(PropId::FolderTotalCount)));
        assert_eq!(at(0x3603, Integer, Kinds::CALENDAR_FOLDER), Some(Prop(PropId::FolderUnreadCount)));
        assert_eq!(at(0x3613, String, FOLDERS), Some(Prop(PropId::FolderFolderClass)));
        assert_eq!(at(0x0c1f, String, ITEMS), Some(Part(PropId::MessageSender, Part::Address)));
        let due = Mapi::Id(SetId::Task, 0x8105, SystemTime).path();
        assert_eq!(due.alias(Kinds::MESSAGE), Some(Flag(FlagPart::Due)));
        assert_eq!(due.alias(Kinds::TASK), Some(Prop(PropId::TaskDueDate)));
        let header = Mapi::Name(SetId::InternetHeaders, "content-class", String).path();
        assert_eq!(header.alias(ITEMS), Some(Header));
        // Stored as they come: the url name, IMAP's deleted mark, the last verb, another type.
        assert_eq!(at(0x10f3, String, ITEMS), None);
        assert_eq!(Mapi::Id(SetId::Common, 0x8570, Integer).path().alias(ITEMS), None);
        assert_eq!(at(0x1081, Integer, ITEMS), None);
        assert_eq!(at(0x0037, Binary, ITEMS), None);
    }

    #[test]
    fn flags_both_ways() {
        for value in 0..0x100 {
            let server = 0x10 | 0x40 | 0x04;
            assert_eq!(message_flags(written_message_flags(value, 0)), value & !server);
        }
        let before = bit::HAS_ATTACHMENTS | bit::READ_RECEIPT | bit::READ | bit::DRAFT;
        assert_eq!(written_message_flags(0x01, before), bit::HAS_ATTACHMENTS | bit::READ_RECEIPT | bit::READ);
    }

    /// Every phone and address entry is a key of its row.
    #[test]
    fn entries_are_keys() {
        for row in ALIASES {
            if let Entry(id, key) | EntryPart(id, key, _) | Postal(id, key, _) = row.2 {
                assert!(id.row().keys().expect("a dictionary").contains(&key), "{key}");
            }
        }
    }
}
