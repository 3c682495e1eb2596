//! The values a property can hold, as handlers, store and XML see them.

use crate::calendar::{Attendee, ChangeHighlights, EnhancedLocation, InnerItem, OccurrenceInfo};
use crate::object::ResponseKind;
use crate::recurrence::Recurrence;
use crate::rights::Rights;
use crate::timezone::Definition;
use jiff::Timestamp;
use jiff::civil::DateTime;

/// One property's value. They are made, moved and dropped by the thousand for a page of a list, so what is large and rare lies
/// elsewhere (`Box`). Which variant a property uses is its row's [`Type`](crate::property::Type).
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Bool(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    /// UTC; written with whole seconds.
    Time(Timestamp),
    /// A time of a request that names no zone, where the item's own zone decides: never stored, never written.
    Local(DateTime),
    Bytes(Vec<u8>),
    Texts(Vec<String>),
    Mailbox(Mailbox),
    Mailboxes(Vec<Mailbox>),
    Body(Body),
    /// RFC 5322 octets, written as base64.
    Mime(Vec<u8>),
    Flag(Flag),
    /// Encoded id and change key, ready for the wire.
    ItemId(WireId),
    FolderId(WireId),
    Headers(Vec<(String, String)>),
    Attachments(Vec<AttachmentInfo>),
    Rights(EffectiveRights),
    /// Response objects offered for the item.
    Responses(Vec<ResponseKind>),
    /// Dictionary properties (`contacts:PhoneNumber` ...): key and value in document order.
    Entries(Vec<(String, String)>),
    /// `contacts:EmailAddresses`: the same of addresses with what is known besides.
    Addresses(Vec<(String, Mailbox)>),
    /// `contacts:PhysicalAddresses`.
    PostalAddresses(Vec<(String, PostalAddress)>),
    /// `distributionlist:Members`.
    Members(Vec<Member>),
    CompleteName(Box<CompleteName>),
    Permissions(Vec<Permission>),
    Recurrence(Recurrence),
    /// As a client gave it, or as it is answered: which zone it means is [`ItemZone`](crate::timezone::ItemZone).
    TimeZone(Box<Definition>),
    Attendees(Vec<Attendee>),
    EnhancedLocation(EnhancedLocation),
    Occurrence(OccurrenceInfo),
    Occurrences(Vec<OccurrenceInfo>),
    /// Where the pattern has the occurrences that were deleted.
    DeletedOccurrences(Vec<Timestamp>),
    /// `calendar:ConflictingMeetings` and the like.
    Items(Vec<InnerItem>),
    ChangeHighlights(ChangeHighlights),
}

/// An id and its change key as clients see them (base64 text).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WireId {
    pub id: String,
    /// None where the protocol says to leave it out (notifications).
    pub change_key: Option<String>,
}

/// `t:EmailAddressType` as it appears in recipients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mailbox {
    pub name: Option<String>,
    pub address: Option<String>,
    /// `SMTP` unless said otherwise.
    pub routing: Option<String>,
    /// `MailboxType`, as on the wire (`Mailbox`, `OneOff`, ...).
    pub kind: Option<String>,
    /// The contact or list in a mailbox that is meant.
    pub item: Option<Box<WireId>>,
}

/// `t:PhysicalAddressDictionaryEntryType` without its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostalAddress {
    pub street: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub country: Option<String>,
    pub postal_code: Option<String>,
}

/// One part of a postal address; each is a field of its own in updates and searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostalPart {
    Street,
    City,
    State,
    CountryOrRegion,
    PostalCode,
}

impl PostalPart {
    /// In schema order.
    pub const ALL: [PostalPart; 5] =
        [PostalPart::Street, PostalPart::City, PostalPart::State, PostalPart::CountryOrRegion, PostalPart::PostalCode];

    /// Its element.
    pub const fn element(self) -> &'static str {
        match self {
            PostalPart::Street => "Street",
            PostalPart::City => "City",
            PostalPart::State => "State",
            PostalPart::CountryOrRegion => "CountryOrRegion",
            PostalPart::PostalCode => "PostalCode",
        }
    }

    pub fn from_element(name: &str) -> Option<PostalPart> {
        Self::ALL.into_iter().find(|part| part.element() == name)
    }
}

impl PostalAddress {
    pub fn part(&self, part: PostalPart) -> Option<&str> {
        let text = match part {
            PostalPart::Street => &self.street,
            PostalPart::City => &self.city,
            PostalPart::State => &self.state,
            PostalPart::CountryOrRegion => &self.country,
            PostalPart::PostalCode => &self.postal_code,
        };
        text.as_deref()
    }

    /// An empty text is none.
    pub fn set(&mut self, part: PostalPart, text: Option<String>) {
        let place = match part {
            PostalPart::Street => &mut self.street,
            PostalPart::City => &mut self.city,
            PostalPart::State => &mut self.state,
            PostalPart::CountryOrRegion => &mut self.country,
            PostalPart::PostalCode => &mut self.postal_code,
        };
        *place = text.filter(|text| !text.is_empty());
    }

    pub fn is_empty(&self) -> bool {
        *self == PostalAddress::default()
    }
}

/// A member of a personal distribution list (MS-OXWSDLIST, MemberType).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The server's, opaque to clients: what they delete it by.
    pub key: String,
    pub mailbox: Mailbox,
    /// A word of MemberStatusType.
    pub status: Option<String>,
}

/// `t:CompleteNameType`, worked out of a contact's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompleteName {
    pub title: Option<String>,
    pub first: Option<String>,
    pub middle: Option<String>,
    pub last: Option<String>,
    pub suffix: Option<String>,
    pub initials: Option<String>,
    pub full: Option<String>,
    pub nickname: Option<String>,
    pub yomi_first: Option<String>,
    pub yomi_last: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyType {
    #[default]
    Text,
    Html,
}

/// BodyTypeResponseType: the form in which a body is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyFormat {
    /// As it was written.
    #[default]
    Best,
    Html,
    Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub body_type: BodyType,
    pub text: String,
    /// Written as IsTruncated when the client asked for at most so many bytes.
    pub truncated: Option<bool>,
}

/// `t:FlagType` (MS-OXWSCORE 2.2.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag {
    pub status: FlagStatus,
    pub start: Option<Timestamp>,
    pub due: Option<Timestamp>,
    pub complete: Option<Timestamp>,
}

impl Flag {
    /// Whether its dates go with its status: those of a follow-up come together, and only a completed one has a completion.
    pub fn dates_fit(&self) -> bool {
        match self.status {
            FlagStatus::NotFlagged => self.start.is_none() && self.due.is_none() && self.complete.is_none(),
            FlagStatus::Flagged => self.complete.is_none() && self.start.is_some() == self.due.is_some(),
            FlagStatus::Complete => self.start.is_none() && self.due.is_none(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum FlagStatus {
    #[default]
    NotFlagged = 0,
    /// PidTagFlagStatus: 1 is followupComplete, 2 followupFlagged (MS-OXOFLAG).
    Complete = 1,
    Flagged = 2,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct AttachmentInfo {
    /// Encoded attachment id.
    pub id: String,
    pub name: String,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub content_location: Option<String>,
    /// Octets of the content.
    pub size: i64,
    pub modified: Option<Timestamp>,
    pub inline: bool,
    /// Only from GetAttachment.
    pub content: Option<Vec<u8>>,
    /// True for an attached item: written as ItemAttachment.
    pub is_item: bool,
    /// The picture of the contact that it is attached to.
    pub is_photo: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EffectiveRights {
    pub create_associated: bool,
    pub create_contents: bool,
    pub create_hierarchy: bool,
    pub delete: bool,
    pub modify: bool,
    pub read: bool,
    pub view_private: bool,
}

impl EffectiveRights {
    pub const OWNER: EffectiveRights = EffectiveRights {
        create_associated: true,
        create_contents: true,
        create_hierarchy: true,
        delete: true,
        modify: true,
        read: true,
        view_private: true,
    };
}

/// One entry of a folder's permission set (MS-OXWSFOLD PermissionType).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    pub user: PermissionUser,
    pub rights: Rights,
    /// It stood in a list of a calendar's permissions.
    pub calendar: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionUser {
    Default,
    Anonymous,
    Address { name: String, address: String },
}

impl PermissionUser {
    /// Whether two entries are of the same user; addresses compare without case.
    pub fn is_same(&self, other: &PermissionUser) -> bool {
        match (self, other) {
            (PermissionUser::Address { address, .. }, PermissionUser::Address { address: known, .. }) => {
                address.eq_ignore_ascii_case(known)
            }
            _ => self == other,
        }
    }
}

/// No variant is larger than a mailbox, which every row of a list has.
const _: () = assert!(size_of::<Value>() <= size_of::<Mailbox>() + size_of::<usize>());
