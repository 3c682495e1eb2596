//! Numbers of things inside the server, and the ids clients see for them (MS-OXWSITEMID 2.1, MS-OXCDATA 2.2.4).
//!
//! A wire id is base64 over: compression byte, storage type, mailbox GUID as text, processing byte, entry id, and for
//! attachments their number. Reading never trusts a length; an accepted id encodes to the very text it came from.
//! Whether the thing exists is the store's business, whether the caller may see it the worker's gate.
//! Conversion between the six formats of ConvertId is in `id_format.rs`.

mod change_key;
mod number;
mod occurrence;

use crate::code::Code;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use change_key::{ChangeKey, ChangeKeyError, ObjectKind};
pub use number::{AttachmentNo, FolderNo, Guid, ItemNo, MailboxNo, Seq};
pub use occurrence::OccurrenceId;

/// Why an id was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdError {
    Empty,
    Malformed,
    MonikerTooLong,
    StoreIdTooLong,
    TooManyAttachments,
    /// An item was wanted.
    IsFolder,
    /// A folder was wanted.
    IsItem,
    /// An item or folder was wanted.
    IsAttachment,
    /// An attachment was wanted.
    NotAttachment,
    /// One occurrence of a series where only whole items are taken.
    IsOccurrence,
    IsConversation,
    PublicFolder,
    /// The form that names the mailbox by its address, from Exchange 2007 before SP1.
    Legacy,
    /// Well-formed, but nothing this server ever gave out.
    NoSuchItem,
    NoSuchFolder,
}

impl IdError {
    pub fn code(self) -> Code {
        match self {
            IdError::Empty => Code::ErrorInvalidIdEmpty,
            IdError::Malformed | IdError::IsConversation | IdError::IsAttachment => Code::ErrorInvalidIdMalformed,
            IdError::MonikerTooLong => Code::ErrorInvalidIdMonikerTooLong,
            IdError::StoreIdTooLong => Code::ErrorInvalidIdStoreObjectIdTooLong,
            IdError::TooManyAttachments => Code::ErrorInvalidIdTooManyAttachmentLevels,
            IdError::IsFolder => Code::ErrorCannotUseFolderIdForItemId,
            IdError::IsItem => Code::ErrorCannotUseItemIdForFolderId,
            IdError::NotAttachment => Code::ErrorInvalidIdNotAnItemAttachmentId,
            IdError::Legacy => Code::ErrorInvalidIdMalformedEwsLegacyIdFormat,
            IdError::PublicFolder => Code::ErrorNoPublicFolderReplicaAvailable,
            IdError::IsOccurrence | IdError::NoSuchItem => Code::ErrorItemNotFound,
            IdError::NoSuchFolder => Code::ErrorFolderNotFound,
        }
    }
}

/// An item, as `t:ItemId` names it. `mailbox` and `item` find it. The folder is the one it entered under that number: whose rights
/// decide where the mailbox is another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId {
    pub mailbox: Guid,
    pub folder: FolderNo,
    pub item: ItemNo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FolderId {
    pub mailbox: Guid,
    pub folder: FolderNo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentId {
    /// The item it hangs on. One that moves gets a new number, and its attachments new ids with it.
    pub item: ItemId,
    pub attachment: AttachmentNo,
    pub within: AttachmentPath,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId {
    pub mailbox: Guid,
    pub conversation: [u8; 16],
}

impl ItemId {
    /// 152 characters. (DavMail takes nothing below 140 for an item id.)
    pub fn encode(&self) -> String {
        STANDARD.encode(self.octets())
    }

    pub fn decode(text: &str) -> Result<ItemId, IdError> {
        let id = EwsId::parse(text)?;
        if !id.attachments.is_empty() {
            return Err(IdError::IsAttachment);
        }
        id.item()
    }

    fn octets(&self) -> Vec<u8> {
        EwsId::own(self.mailbox, storage::MAILBOX, self.entry_id()).octets()
    }

    /// The 70 octets of PidTagEntryId (MS-OXCDATA 2.2.4.2).
    pub fn entry_id(&self) -> Vec<u8> {
        let mut entry = FolderId { mailbox: self.mailbox, folder: self.folder }.entry_as(entry::PRIVATE_MESSAGE);
        entry.extend(self.mailbox.packed());
        entry.extend(counter(self.item.0));
        entry
    }
}

impl FolderId {
    /// 120 characters.
    pub fn encode(&self) -> String {
        STANDARD.encode(EwsId::own(self.mailbox, storage::MAILBOX, self.entry_id()).octets())
    }

    pub fn decode(text: &str) -> Result<FolderId, IdError> {
        let id = EwsId::parse(text)?;
        if !id.attachments.is_empty() {
            return Err(IdError::IsAttachment);
        }
        id.folder()
    }

    /// The 46 octets of PidTagEntryId (MS-OXCDATA 2.2.4.1).
    pub fn entry_id(&self) -> Vec<u8> {
        self.entry_as(entry::PRIVATE_FOLDER)
    }

    fn entry_as(&self, kind: u16) -> Vec<u8> {
        let mut entry = Vec::with_capacity(entry::ITEM_LEN);
        entry.extend([0; 4]);
        entry.extend(self.mailbox.packed());
        entry.extend(kind.to_le_bytes());
        entry.extend(self.mailbox.packed());
        entry.extend(counter(self.folder.0));
        entry
    }
}

impl AttachmentId {
    pub fn encode(&self) -> String {
        let mut octets = self.item.octets();
        let inner = self.within.levels();
        // At most MAX_WITHIN levels.
        octets.push(inner.len() as u8 + 1);
        push_counted(&mut octets, &self.attachment.0.to_be_bytes());
        for level in inner {
            push_counted(&mut octets, &level.to_be_bytes());
        }
        STANDARD.encode(octets)
    }

    pub fn decode(text: &str) -> Result<AttachmentId, IdError> {
        let id = EwsId::parse(text)?;
        let Some((outer, inner)) = id.attachments.split_first() else { return Err(IdError::NotAttachment) };
        let item = id.item()?;
        let number = <[u8; 8]>::try_from(outer.as_slice()).map(i64::from_be_bytes);
        let attachment = number.ok().filter(|n| *n > 0).ok_or(IdError::NoSuchItem)?;
        let mut within = AttachmentPath::default();
        for level in inner {
            let number = <[u8; 2]>::try_from(level.as_slice()).map(u16::from_be_bytes);
            within = number.ok().and_then(|n| within.deeper(n)).ok_or(IdError::NoSuchItem)?;
        }
        Ok(AttachmentId { item, attachment: AttachmentNo(attachment), within })
    }
}

/// Messages inside messages that an [`AttachmentId`] reaches into.
pub const MAX_WITHIN: usize = 9;

/// The way to what is attached to an attached message: numbers of attachments, from the outermost message inward, each
/// counted from 1. Empty for an attachment of the item itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttachmentPath {
    levels: [u16; MAX_WITHIN],
    count: u8,
}

impl AttachmentPath {
    pub fn levels(&self) -> &[u16] {
        self.levels.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The attachment of that number of the message that this is the way to. None: 0, or too deep.
    pub fn deeper(mut self, number: u16) -> Option<AttachmentPath> {
        *self.levels.get_mut(usize::from(self.count)).filter(|_| number > 0)? = number;
        self.count += 1;
        Some(self)
    }
}

impl ConversationId {
    pub fn encode(&self) -> String {
        STANDARD.encode(EwsId::own(self.mailbox, storage::CONVERSATION, self.conversation.to_vec()).octets())
    }

    pub fn decode(text: &str) -> Result<ConversationId, IdError> {
        let id = EwsId::parse(text)?;
        match (id.storage, &id.moniker) {
            (storage::CONVERSATION, Moniker::Guid(mailbox)) if id.attachments.is_empty() => {
                let conversation = id.entry.as_slice().try_into().map_err(|_| IdError::Malformed)?;
                Ok(ConversationId { mailbox: *mailbox, conversation })
            }
            _ => Err(IdError::Malformed),
        }
    }
}

/// Storage types (MS-OXWSITEMID 2.1.3.2).
pub(crate) mod storage {
    pub const LEGACY: u8 = 0;
    pub const PUBLIC_FOLDER: u8 = 1;
    pub const PUBLIC_ITEM: u8 = 2;
    pub const MAILBOX: u8 = 3;
    pub const CONVERSATION: u8 = 4;
    pub const DIRECTORY: u8 = 5;
}

/// Processing instructions (MS-OXWSITEMID 2.1.3.2).
pub(crate) mod processing {
    pub const NORMAL: u8 = 0;
    pub const RECURRENCE: u8 = 1;
    pub const SERIES: u8 = 2;
}

/// Facts of entry ids (MS-OXCDATA 2.2.4).
pub(crate) mod entry {
    pub const PRIVATE_FOLDER: u16 = 1;
    pub const PRIVATE_MESSAGE: u16 = 7;
    pub const FOLDER_LEN: usize = 46;
    pub const ITEM_LEN: usize = 70;
    /// An item's, and the day of an occurrence in ticks.
    pub const OCCURRENCE_LEN: usize = 78;
}

/// The most octets an id may have, unpacked or not: clients are told to store 512 characters.
const MAX_OCTETS: usize = 1024;
/// What stands before the entry id where the mailbox is named by its GUID.
const HEAD_LEN: usize = 43;
/// The longest mailbox part: an address (RFC 5321 4.5.3.1) or a GUID.
const MAX_MONIKER: usize = 320;
const MAX_STORE_ID: usize = 512;

/// The mailbox part of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Moniker {
    Guid(Guid),
    Address(String),
}

/// Any well-formed id that names something in a mailbox, taken apart; ours or another server's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EwsId {
    pub storage: u8,
    pub moniker: Moniker,
    pub processing: u8,
    pub entry: Vec<u8>,
    /// From the outermost to the innermost.
    pub attachments: Vec<Vec<u8>>,
}

impl EwsId {
    pub fn own(mailbox: Guid, storage: u8, entry: Vec<u8>) -> EwsId {
        EwsId {
            storage,
            moniker: Moniker::Guid(mailbox),
            processing: processing::NORMAL,
            entry,
            attachments: Vec::new(),
        }
    }

    pub fn parse(text: &str) -> Result<EwsId, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > MAX_OCTETS * 4 / 3 {
            return Err(IdError::Malformed);
        }
        let packed = STANDARD.decode(text).map_err(|_| IdError::Malformed)?;
        let (&compression, rest) = packed.split_first().ok_or(IdError::Malformed)?;
        match compression {
            0 => EwsId::read(rest),
            1 => EwsId::read(&unpack(rest)?),
            _ => Err(IdError::Malformed),
        }
    }

    fn read(octets: &[u8]) -> Result<EwsId, IdError> {
        let mut input = Reader(octets);
        let storage = input.byte()?;
        let moniker = match storage {
            storage::LEGACY => Moniker::Address(input.moniker()?.to_owned()),
            storage::MAILBOX | storage::CONVERSATION => {
                Moniker::Guid(Guid::parse(input.moniker()?).ok_or(IdError::Malformed)?)
            }
            storage::PUBLIC_FOLDER | storage::PUBLIC_ITEM => return Err(IdError::PublicFolder),
            storage::DIRECTORY => return Err(IdError::NoSuchItem),
            _ => return Err(IdError::Malformed),
        };
        let processing = input.byte()?;
        if processing > processing::SERIES {
            return Err(IdError::Malformed);
        }
        let entry = input.counted(MAX_STORE_ID, IdError::StoreIdTooLong)?.to_vec();
        let mut attachments = Vec::new();
        if !input.0.is_empty() {
            for _ in 0..input.byte()? {
                attachments.push(input.counted(MAX_STORE_ID, IdError::TooManyAttachments)?.to_vec());
            }
            if attachments.is_empty() || !input.0.is_empty() {
                return Err(IdError::Malformed);
            }
        }
        Ok(EwsId { storage, moniker, processing, entry, attachments })
    }

    pub fn octets(&self) -> Vec<u8> {
        // Room for all of it at once, whoever's it is: lists are full of ids.
        let mut octets = Vec::with_capacity(self.entry.len() + HEAD_LEN);
        octets.extend([0, self.storage]);
        match &self.moniker {
            Moniker::Guid(guid) => push_counted(&mut octets, &guid.text()),
            Moniker::Address(address) => push_counted(&mut octets, address.as_bytes()),
        }
        octets.push(self.processing);
        push_counted(&mut octets, &self.entry);
        if !self.attachments.is_empty() {
            octets.push(self.attachments.len() as u8);
            for attachment in &self.attachments {
                push_counted(&mut octets, attachment);
            }
        }
        octets
    }

    /// The mailbox of an id that could be one of ours, and its entry id.
    fn mailbox(&self) -> Result<(Guid, Reader<'_>), IdError> {
        match (&self.moniker, self.storage) {
            (Moniker::Address(_), _) => Err(IdError::Legacy),
            (Moniker::Guid(_), storage::CONVERSATION) => Err(IdError::IsConversation),
            (Moniker::Guid(_), _) if matches!(self.processing, processing::RECURRENCE | processing::SERIES) => {
                Err(IdError::IsOccurrence)
            }
            (Moniker::Guid(mailbox), _) => Ok((*mailbox, Reader(&self.entry))),
        }
    }

    fn item(&self) -> Result<ItemId, IdError> {
        let (mailbox, mut input) = self.mailbox()?;
        match self.entry.len() {
            entry::ITEM_LEN => {}
            entry::FOLDER_LEN => return Err(IdError::IsFolder),
            _ => return Err(IdError::Malformed),
        }
        let folder = input.folder_part(mailbox, entry::PRIVATE_MESSAGE)?;
        let item = input.numbered(mailbox)?;
        match (folder, item) {
            (Some(folder), Some(item)) => Ok(ItemId { mailbox, folder: FolderNo(folder), item: ItemNo(item) }),
            _ => Err(IdError::NoSuchItem),
        }
    }

    fn folder(&self) -> Result<FolderId, IdError> {
        let (mailbox, mut input) = self.mailbox()?;
        match self.entry.len() {
            entry::FOLDER_LEN => {}
            entry::ITEM_LEN => return Err(IdError::IsItem),
            _ => return Err(IdError::Malformed),
        }
        let folder = input.folder_part(mailbox, entry::PRIVATE_FOLDER)?.ok_or(IdError::NoSuchFolder)?;
        Ok(FolderId { mailbox, folder: FolderNo(folder) })
    }
}

/// A global counter of an entry id: 48 bits, big-endian, and two octets of padding.
fn counter(number: i64) -> [u8; 8] {
    let [_, _, a, b, c, d, e, f] = number.to_be_bytes();
    [a, b, c, d, e, f, 0, 0]
}

fn push_counted(octets: &mut Vec<u8>, part: &[u8]) {
    octets.extend((part.len() as u16).to_le_bytes());
    octets.extend(part);
}

/// Undoes the run-length packing of other servers' ids: two equal octets are followed by how many more there are
/// (MS-OXWSITEMID 2.1.3.1.2).
fn unpack(packed: &[u8]) -> Result<Vec<u8>, IdError> {
    let mut octets = Vec::with_capacity(packed.len());
    let mut rest = packed;
    while let Some((&octet, tail)) = rest.split_first() {
        let (more, tail) = match tail {
            [same, count, tail @ ..] if *same == octet => (usize::from(*count) + 1, tail),
            [same] if *same == octet => return Err(IdError::Malformed),
            _ => (0, tail),
        };
        octets.resize(octets.len() + 1 + more, octet);
        if octets.len() > MAX_OCTETS {
            return Err(IdError::Malformed);
        }
        rest = tail;
    }
    Ok(octets)
}

/// Bounded reading of an id's octets.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], IdError> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(IdError::Malformed)?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], IdError> {
        self.take(N)?.try_into().map_err(|_| IdError::Malformed)
    }

    fn byte(&mut self) -> Result<u8, IdError> {
        self.array().map(|[byte]| byte)
    }

    fn counted(&mut self, most: usize, too_long: IdError) -> Result<&'a [u8], IdError> {
        let count = usize::from(u16::from_le_bytes(self.array()?));
        if count > most { Err(too_long) } else { self.take(count) }
    }

    fn moniker(&mut self) -> Result<&'a str, IdError> {
        std::str::from_utf8(self.counted(MAX_MONIKER, IdError::MonikerTooLong)?).map_err(|_| IdError::Malformed)
    }

    /// The part that ids of folders and items share. None: not made by this server.
    fn folder_part(&mut self, mailbox: Guid, kind: u16) -> Result<Option<i64>, IdError> {
        let flags: [u8; 4] = self.array()?;
        let provider: [u8; 16] = self.array()?;
        let stated = u16::from_le_bytes(self.array()?);
        let number = self.numbered(mailbox)?;
        let ours = flags == [0; 4] && provider == mailbox.packed() && stated == kind;
        Ok(number.filter(|_| ours))
    }

    /// A replica GUID and a global counter. None: not made by this server.
    fn numbered(&mut self, mailbox: Guid) -> Result<Option<i64>, IdError> {
        let replica: [u8; 16] = self.array()?;
        let [a, b, c, d, e, f, pad @ ..]: [u8; 8] = self.array()?;
        let number = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Ok((replica == mailbox.packed() && pad == [0, 0] && number > 0).then_some(number))
    }
}

#[cfg(test)]
mod tests;
