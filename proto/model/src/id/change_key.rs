//! Change keys: the state of an item or folder as clients hold it (MS-OXWSITEMID 2.1 has no word of them: they are ours).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::code::Code;
use crate::id::Seq;
use crate::id::{IdError, Reader};
use crate::{FolderKind, ItemKind};

/// What a change key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    Item(ItemKind),
    Folder(FolderKind),
}

impl ObjectKind {
    /// The number that StoreIds and change keys carry for it.
    pub(crate) fn number(self) -> i32 {
        match self {
            ObjectKind::Item(kind) => kind.row().number,
            ObjectKind::Folder(kind) => kind.row().number,
        }
    }

    fn from_number(number: i32) -> Option<ObjectKind> {
        let items = ItemKind::all().map(ObjectKind::Item);
        items.chain(FolderKind::all().map(ObjectKind::Folder)).find(|kind| kind.number() == number)
    }
}

impl From<ItemKind> for ObjectKind {
    fn from(kind: ItemKind) -> Self {
        ObjectKind::Item(kind)
    }
}

impl From<FolderKind> for ObjectKind {
    fn from(kind: FolderKind) -> Self {
        ObjectKind::Folder(kind)
    }
}

/// The state of an item or folder: the journal number of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeKey {
    pub kind: ObjectKind,
    pub change: Seq,
}

/// A change key that cannot be read: ErrorInvalidChangeKey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeKeyError;

impl ChangeKeyError {
    pub fn code(self) -> Code {
        Code::ErrorInvalidChangeKey
    }
}

impl ChangeKey {
    pub fn new(kind: impl Into<ObjectKind>, change: Seq) -> ChangeKey {
        ChangeKey { kind: kind.into(), change }
    }

    pub fn encode(&self) -> String {
        let mut octets = Vec::with_capacity(16);
        octets.extend(self.kind.number().to_le_bytes());
        octets.extend(8i32.to_le_bytes());
        octets.extend(self.change.0.to_be_bytes());
        STANDARD.encode(octets)
    }

    pub fn decode(text: &str) -> Result<ChangeKey, ChangeKeyError> {
        if text.len() != 24 {
            return Err(ChangeKeyError);
        }
        let octets = STANDARD.decode(text).map_err(|_| ChangeKeyError)?;
        let mut input = Reader(&octets);
        let mut read = || -> Result<(i32, i32, i64), IdError> {
            let kind = i32::from_le_bytes(input.array()?);
            let count = i32::from_le_bytes(input.array()?);
            Ok((kind, count, i64::from_be_bytes(input.array()?)))
        };
        let (kind, count, change) = read().map_err(|_| ChangeKeyError)?;
        let kind = ObjectKind::from_number(kind).ok_or(ChangeKeyError)?;
        if count != 8 || change <= 0 || !input.0.is_empty() {
            return Err(ChangeKeyError);
        }
        Ok(ChangeKey { kind, change: Seq(change) })
    }

    /// The key given for an item. A folder's is of the wrong kind.
    pub fn of_item(text: &str) -> Result<Seq, ChangeKeyError> {
        match ChangeKey::decode(text)? {
            ChangeKey { kind: ObjectKind::Item(_), change } => Ok(change),
            _ => Err(ChangeKeyError),
        }
    }

    /// The key given for a folder. An item's is of the wrong kind.
    pub fn of_folder(text: &str) -> Result<Seq, ChangeKeyError> {
        match ChangeKey::decode(text)? {
            ChangeKey { kind: ObjectKind::Folder(_), change } => Ok(change),
            _ => Err(ChangeKeyError),
        }
    }
}
