//! The six formats of ConvertId (MS-OXWSCVTID, IdFormatType): ids taken apart and put together again, ours and those of
//! other servers. Nothing is looked up: a well-formed id is converted whether or not the thing exists.

use crate::id::{EwsId, Guid, IdError, Moniker, ObjectKind, entry, processing, storage};
use crate::{FolderKind, ItemKind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write;

/// IdFormatType.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFormat {
    /// Names the mailbox by its address, as Exchange 2007 did before SP1.
    EwsLegacyId,
    EwsId,
    /// The entry id in base64.
    EntryId,
    HexEntryId,
    /// The entry id between its length and the number of its kind, in base64.
    StoreId,
    /// An EwsId fit for an address line: `-` for `/`, `_` for `+`.
    OwaId,
}

const FORMATS: &[(&str, IdFormat)] = &[
    ("EwsLegacyId", IdFormat::EwsLegacyId),
    ("EwsId", IdFormat::EwsId),
    ("EntryId", IdFormat::EntryId),
    ("HexEntryId", IdFormat::HexEntryId),
    ("StoreId", IdFormat::StoreId),
    ("OwaId", IdFormat::OwaId),
];

impl IdFormat {
    pub fn parse(name: &str) -> Option<IdFormat> {
        FORMATS.iter().find(|row| row.0 == name).map(|row| row.1)
    }

    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|row| row.1 == self).map_or("EwsId", |row| row.0)
    }
}

/// An id in no particular format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlternateId {
    moniker: Option<Moniker>,
    processing: u8,
    entry: Vec<u8>,
    attachments: Vec<Vec<u8>>,
}

impl AlternateId {
    /// Reads an id. Malformed ones, those of conversations and those of public folders are refused.
    pub fn read(text: &str, format: IdFormat) -> Result<AlternateId, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        let id = match format {
            IdFormat::EwsId => AlternateId::from_ews(EwsId::parse(text)?, storage::MAILBOX)?,
            IdFormat::EwsLegacyId => AlternateId::from_ews(EwsId::parse(text)?, storage::LEGACY)?,
            IdFormat::OwaId => AlternateId::from_ews(EwsId::parse(&from_owa(text)?)?, storage::MAILBOX)?,
            IdFormat::EntryId => AlternateId::from_entry(decode(text)?),
            IdFormat::HexEntryId => AlternateId::from_entry(from_hex(text).ok_or(IdError::Malformed)?),
            IdFormat::StoreId => AlternateId::from_entry(from_store_id(&decode(text)?)?),
        };
        match id.entry.len() {
            entry::FOLDER_LEN | entry::ITEM_LEN => Ok(id),
            entry::OCCURRENCE_LEN if id.processing == processing::RECURRENCE => Ok(id),
            _ => Err(IdError::Malformed),
        }
    }

    fn from_ews(id: EwsId, wanted: u8) -> Result<AlternateId, IdError> {
        match id.storage {
            storage if storage == wanted => {}
            storage::LEGACY => return Err(IdError::Legacy),
            storage::CONVERSATION => return Err(IdError::IsConversation),
            _ => return Err(IdError::Malformed),
        }
        let EwsId { moniker, processing, entry, attachments, .. } = id;
        Ok(AlternateId { moniker: Some(moniker), processing, entry, attachments })
    }

    fn from_entry(entry: Vec<u8>) -> AlternateId {
        AlternateId { moniker: None, processing: processing::NORMAL, entry, attachments: Vec::new() }
    }

    /// The mailbox it names, if it does so by a GUID: one of ours, or another server's.
    pub fn mailbox(&self) -> Option<Guid> {
        match &self.moniker {
            Some(Moniker::Guid(guid)) => Some(*guid),
            _ => {
                let provider = self.entry.get(4..20)?;
                Some(Guid::from_packed(provider.try_into().ok()?))
            }
        }
    }

    /// The address it names the mailbox by, in the old format.
    pub fn address(&self) -> Option<&str> {
        match &self.moniker {
            Some(Moniker::Address(address)) => Some(address),
            _ => None,
        }
    }

    /// Puts it together. `mailbox` and `address` are those of its mailbox; they are used by formats that name it, if the id
    /// itself does not. [`IdError::IsAttachment`]: the format cannot tell an attachment or an occurrence.
    pub fn write(&self, format: IdFormat, mailbox: Guid, address: &str) -> Result<String, IdError> {
        if format == IdFormat::EwsId || format == IdFormat::OwaId {
            let guid = match &self.moniker {
                Some(Moniker::Guid(guid)) => *guid,
                _ => mailbox,
            };
            let text = STANDARD.encode(self.ews(storage::MAILBOX, Moniker::Guid(guid)).octets());
            return Ok(if format == IdFormat::OwaId { text.replace('/', "-").replace('+', "_") } else { text });
        }
        if format == IdFormat::EwsLegacyId {
            let moniker = Moniker::Address(self.address().unwrap_or(address).to_owned());
            return Ok(STANDARD.encode(self.ews(storage::LEGACY, moniker).octets()));
        }
        if !self.attachments.is_empty() || self.processing != processing::NORMAL {
            return Err(IdError::IsAttachment);
        }
        Ok(match format {
            IdFormat::HexEntryId => to_hex(&self.entry),
            IdFormat::StoreId => {
                let folder = self.entry.len() == entry::FOLDER_LEN;
                let kind: ObjectKind = if folder { FolderKind::Folder.into() } else { ItemKind::Message.into() };
                let mut octets = vec![self.entry.len() as u8];
                octets.extend(&self.entry);
                octets.push(kind.number() as u8);
                STANDARD.encode(octets)
            }
            _ => STANDARD.encode(&self.entry),
        })
    }

    fn ews(&self, storage: u8, moniker: Moniker) -> EwsId {
        let AlternateId { processing, entry, attachments, .. } = self.clone();
        EwsId { storage, moniker, processing, entry, attachments }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, IdError> {
    STANDARD.decode(text).map_err(|_| IdError::Malformed)
}

fn from_store_id(octets: &[u8]) -> Result<Vec<u8>, IdError> {
    let (&count, rest) = octets.split_first().ok_or(IdError::Malformed)?;
    match rest.split_at_checked(usize::from(count)) {
        Some((entry, [_kind])) => Ok(entry.to_vec()),
        _ => Err(IdError::Malformed),
    }
}

/// Undoes what was done to an id for an address line, percent signs too.
fn from_owa(text: &str) -> Result<String, IdError> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        plain.push(match c {
            '-' => '/',
            '_' => '+',
            '%' => {
                let mut digit = || rest.next().and_then(|c| c.to_digit(16)).ok_or(IdError::Malformed);
                let octet = digit()? << 4 | digit()?;
                char::from(octet as u8)
            }
            other => other,
        });
    }
    Ok(plain)
}

fn to_hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02X}");
        text
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let pairs = digits?;
    let mut octets = Vec::with_capacity(pairs.len() / 2);
    for pair in pairs.chunks(2) {
        let [high, low] = pair else { return None };
        octets.push((high << 4 | low) as u8);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;
    use crate::id::{AttachmentId, AttachmentNo, AttachmentPath, ConversationId, FolderId, FolderNo, ItemId, ItemNo};
    use proptest::prelude::*;

    const BOX: Guid = Guid([0xa5; 16]);
    const ADDRESS: &str = "alice@example.test";

    fn ours() -> ItemId {
        ItemId { mailbox: BOX, folder: FolderNo(3), item: ItemNo(0x01fe_dcba) }
    }

    /// An id as another server gives them: other GUIDs throughout, packed.
    fn foreign() -> String {
        let mut entry = vec![0; 4];
        entry.extend([0x31; 16]);
        entry.extend([7, 0]);
        entry.extend([0x32; 16]);
        entry.extend([0, 0, 1, 2, 3, 4, 0, 0]);
        entry.extend([0x32; 16]);
        entry.extend([0, 0, 1, 2, 3, 5, 0, 0]);
        STANDARD.encode(EwsId::own(Guid([0x77; 16]), storage::MAILBOX, entry).octets())
    }

    #[test]
    fn every_format_leads_back() {
        for text in [ours().encode(), FolderId { mailbox: BOX, folder: FolderNo(3) }.encode(), foreign()] {
            let id = AlternateId::read(&text, IdFormat::EwsId).unwrap();
            let mailbox = id.mailbox().unwrap();
            for (name, format) in FORMATS {
                assert_eq!(IdFormat::parse(name), Some(*format));
                assert_eq!(format.name(), *name);
                let there = id.write(*format, mailbox, ADDRESS).unwrap();
                let back = AlternateId::read(&there, *format).unwrap();
                assert_eq!(back.write(IdFormat::EwsId, mailbox, ADDRESS).unwrap(), text, "{name}");
            }
        }
        assert_eq!(IdFormat::parse("ewsid"), None);
    }

    #[test]
    fn who_and_where() {
        let id = AlternateId::read(&ours().encode(), IdFormat::EwsId).unwrap();
        assert_eq!((id.mailbox(), id.address()), (Some(BOX), None));
        let legacy = id.write(IdFormat::EwsLegacyId, BOX, ADDRESS).unwrap();
        let legacy = AlternateId::read(&legacy, IdFormat::EwsLegacyId).unwrap();
        assert_eq!((legacy.mailbox(), legacy.address()), (Some(BOX), Some(ADDRESS)));
        let hex = id.write(IdFormat::HexEntryId, BOX, ADDRESS).unwrap();
        assert_eq!(hex.len(), 140);
        assert!(hex.starts_with("00000000A5A5"));
        let owa = AlternateId::read(&foreign(), IdFormat::EwsId).unwrap().write(IdFormat::OwaId, BOX, "").unwrap();
        assert!(!owa.contains(['/', '+']));
        let escaped = owa.replace('_', "%2b").replace('-', "%2F").replace('=', "%3d");
        assert!(AlternateId::read(&escaped, IdFormat::OwaId).is_ok());
    }

    #[test]
    fn refusals() {
        let attachment =
            AttachmentId { item: ours(), attachment: AttachmentNo(4), within: AttachmentPath::default() }.encode();
        let id = AlternateId::read(&attachment, IdFormat::EwsId).unwrap();
        assert_eq!(id.write(IdFormat::StoreId, BOX, ADDRESS), Err(IdError::IsAttachment));
        assert_eq!(id.write(IdFormat::EwsId, BOX, ADDRESS), Ok(attachment));

        let legacy = AlternateId::read(&ours().encode(), IdFormat::EwsId).unwrap();
        let legacy = legacy.write(IdFormat::EwsLegacyId, BOX, ADDRESS).unwrap();
        assert_eq!(AlternateId::read(&legacy, IdFormat::EwsId), Err(IdError::Legacy));
        assert_eq!(ItemId::decode(&legacy), Err(IdError::Legacy));
        assert_eq!(AlternateId::read(&ours().encode(), IdFormat::EwsLegacyId), Err(IdError::Malformed));

        let conversation = ConversationId { mailbox: BOX, conversation: [1; 16] }.encode();
        assert_eq!(AlternateId::read(&conversation, IdFormat::EwsId), Err(IdError::IsConversation));
        for (_, format) in FORMATS {
            assert_eq!(AlternateId::read("", *format), Err(IdError::Empty));
            for bad in ["DUMMY", "AA", "ABCD", "%", "%zz", "é"] {
                assert_eq!(AlternateId::read(bad, *format), Err(IdError::Malformed), "{bad} {format:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn hostile(text in "[A-Za-z0-9+/=_%-]{0,200}|.{0,100}", at in 0..FORMATS.len()) {
            if let Ok(id) = AlternateId::read(&text, FORMATS[at].1) {
                let _ = id.write(IdFormat::StoreId, BOX, ADDRESS);
            }
        }
    }
}
