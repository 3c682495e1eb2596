//! The authorization gate: the one place where ids and names from the wire become things of a mailbox.
//!
//! [`Granted`] can be made here only, and nobody gets at the store without one. Today an account owns exactly its own
//! mailbox: whoever names another is refused. Folder rights, delegates and impersonation will be decided here as well, and
//! handlers will not notice.
//!
//! Folders are looked up here (one query for all that a request names); items and attachments are decoded only: the handler's
//! own query finds out whether they are there.

use std::rc::Rc;

use ewsd_ews::fault::Failure;
use ewsd_ews::target::{BaseItemId, TargetFolder};
use ewsd_model::FolderKind;
use ewsd_model::code::Code;
use ewsd_model::distinguished;
use ewsd_model::id::{
    AttachmentId, AttachmentNo, ChangeKey, FolderId, FolderNo, Guid, IdError, ItemId, ItemNo, MailboxNo, Seq,
};
use ewsd_model::value::{EffectiveRights, Mailbox};
use ewsd_store::{Account, DirectoryEntry, FolderRow, Store};

use crate::error::{Error, Result};

/// What a handler is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// See that the folder is there.
    Visible,
    Read,
    CreateItems,
    CreateFolders,
    Modify,
    Delete,
    /// What only the mailbox's owner may: subscribe to everything, change rights.
    Owner,
}

/// Leave to use one mailbox. Only the gate makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    mailbox: MailboxNo,
    guid: Guid,
    rights: EffectiveRights,
}

impl Granted {
    /// For tests of what is told of a mailbox.
    #[cfg(test)]
    pub fn testing(mailbox: MailboxNo, guid: Guid) -> Granted {
        Granted { mailbox, guid, rights: EffectiveRights::OWNER }
    }

    pub fn mailbox(&self) -> MailboxNo {
        self.mailbox
    }

    /// For making ids.
    pub fn guid(&self) -> Guid {
        self.guid
    }

    /// What the caller may do there, as clients are told.
    pub fn rights(&self) -> EffectiveRights {
        self.rights
    }

    pub fn item_id(&self, folder: FolderNo, item: ItemNo) -> ItemId {
        ItemId { mailbox: self.guid, folder, item }
    }

    pub fn folder_id(&self, folder: FolderNo) -> FolderId {
        FolderId { mailbox: self.guid, folder }
    }

    pub fn attachment_id(&self, folder: FolderNo, item: ItemNo, attachment: AttachmentNo) -> AttachmentId {
        AttachmentId { item: self.item_id(folder, item), attachment }
    }
}

/// A folder that is there and may be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Folder {
    pub granted: Granted,
    pub row: FolderRow,
    /// Of the change key that came with the id.
    pub change: Option<Seq>,
}

/// An item that may be used, if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    pub granted: Granted,
    pub item: ItemNo,
    /// Where it was when the id was made.
    pub folder: FolderNo,
    /// Of the change key that came with the id.
    pub change: Option<Seq>,
}

/// An attachment that may be used, if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub item: Item,
    pub attachment: AttachmentNo,
}

/// Whose things the caller may use. Holds the store for the time of one request.
pub struct Gate<'a> {
    store: &'a mut Store,
    caller: Rc<Account>,
}

impl<'a> Gate<'a> {
    pub fn new(store: &'a mut Store, caller: Rc<Account>) -> Gate<'a> {
        Gate { store, caller }
    }

    /// The store, for the mailbox that `granted` names.
    pub fn store(&mut self, _granted: &Granted) -> &mut Store {
        self.store
    }

    /// Whom the directory knows by a name: every account may ask.
    pub fn resolve_names(&mut self, name: &str, most: i64) -> Result<Vec<DirectoryEntry>> {
        Ok(self.store.resolve_names(name, most)?)
    }

    /// The caller's own mailbox.
    pub fn own(&self) -> Granted {
        Granted { mailbox: self.caller.mailbox, guid: self.caller.guid, rights: EffectiveRights::OWNER }
    }

    /// The mailbox that an id names. `missing` is said of ids that no mailbox here ever gave out.
    fn mailbox(&mut self, guid: Guid, missing: Code, _right: Right) -> Result<Granted> {
        if guid == self.caller.guid {
            return Ok(self.own());
        }
        match self.store.mailbox_by_guid(guid)? {
            Some(_) => Err(Code::ErrorAccessDenied.into()),
            None => Err(missing.into()),
        }
    }

    /// One folder. See [`Gate::folders`].
    pub fn folder(&mut self, target: &TargetFolder, right: Right) -> Result<Folder> {
        match self.folders(std::slice::from_ref(target), right)?.pop() {
            Some(folder) => folder,
            None => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// Folders in the order asked for, each found or refused by itself, with one query for all.
    pub fn folders(&mut self, targets: &[TargetFolder], right: Right) -> Result<Vec<Result<Folder>>> {
        let mut wanted = Vec::with_capacity(targets.len());
        for target in targets {
            wanted.push(match self.place(target, right) {
                Err(fault @ Error::Fault(_)) => return Err(fault),
                place => place,
            });
        }
        let places = || wanted.iter().filter_map(|place| place.as_ref().ok());
        let numbers: Vec<FolderNo> = places().filter_map(|place| place.number).collect();
        let names: Vec<&str> = places().filter_map(|place| place.name).collect();
        let own = self.own();
        let rows = match numbers.is_empty() && names.is_empty() {
            true => Vec::new(),
            false => self.store.folders(own.mailbox, &numbers, &names)?,
        };
        let find = |place: Place| {
            let row = rows.iter().find(|row| match (place.number, place.name) {
                (Some(number), _) => row.folder == number,
                (None, name) => row.distinguished.as_deref() == name,
            });
            let row = row.cloned().ok_or(place.missing)?;
            Ok(Folder { granted: own, row, change: place.change })
        };
        Ok(wanted.into_iter().map(|place| place.and_then(find)).collect())
    }

    /// What a folder is to be looked up by.
    fn place(&mut self, target: &TargetFolder, right: Right) -> Result<Place> {
        match target {
            TargetFolder::Id(id) => {
                let change = id.change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                let folder = FolderId::decode(&id.id)?;
                self.mailbox(folder.mailbox, Code::ErrorFolderNotFound, right)?;
                Ok(Place { number: Some(folder.folder), name: None, change, missing: Code::ErrorFolderNotFound })
            }
            TargetFolder::Distinguished { name, change_key, mailbox } => {
                let change = change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                if let Some(mailbox) = mailbox {
                    self.whose(mailbox, right)?;
                }
                let missing =
                    distinguished::find(name).and_then(|row| row.refusal()).unwrap_or(Code::ErrorFolderNotFound);
                Ok(Place { number: None, name: Some(name), change, missing })
            }
            TargetFolder::AddressList(_) => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// The mailbox named by an address: the primary one of its owner.
    fn whose(&mut self, mailbox: &Mailbox, _right: Right) -> Result<Granted> {
        let address = mailbox.address.as_deref().unwrap_or_default().trim();
        if self.caller.primary_address.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(address)) {
            return Ok(self.own());
        }
        let Some(owner) = self.store.account_by_address(address)? else {
            return Err(Code::ErrorNonExistentMailbox.into());
        };
        match owner.primary_address {
            Some(primary) if !primary.eq_ignore_ascii_case(address) => {
                Err(Failure::new(Code::ErrorNonPrimarySmtpAddress).value("Primary", primary).into())
            }
            _ if owner.mailbox == self.caller.mailbox => Ok(self.own()),
            _ => Err(Code::ErrorAccessDenied.into()),
        }
    }

    /// An item by its id. Occurrences of series are not kept apart yet.
    pub fn item(&mut self, target: &BaseItemId, right: Right) -> Result<Item> {
        match target {
            BaseItemId::Item(id) => self.item_by_id(&id.id, id.change_key.as_deref(), right),
            BaseItemId::Occurrence { master, change_key, .. } => {
                self.item_by_id(master, change_key.as_deref(), right)?;
                Err(Code::ErrorCalendarCannotUseIdForOccurrenceId.into())
            }
            BaseItemId::RecurringMaster { occurrence, change_key } => {
                self.item_by_id(occurrence, change_key.as_deref(), right)?;
                Err(Code::ErrorCalendarCannotUseIdForRecurringMasterId.into())
            }
            BaseItemId::MasterRanges { id, .. } => self.item_by_id(&id.id, id.change_key.as_deref(), right),
        }
    }

    pub fn item_by_id(&mut self, id: &str, change_key: Option<&str>, right: Right) -> Result<Item> {
        let id = ItemId::decode(id)?;
        let change = change_key.filter(|key| !key.is_empty()).map(ChangeKey::of_item).transpose()?;
        let granted = self.mailbox(id.mailbox, Code::ErrorItemNotFound, right)?;
        Ok(Item { granted, item: id.item, folder: id.folder, change })
    }

    pub fn attachment(&mut self, id: &str, right: Right) -> Result<Attachment> {
        let id = AttachmentId::decode(id).map_err(attachment_code)?;
        let granted = self.mailbox(id.item.mailbox, Code::ErrorInvalidAttachmentId, right)?;
        let item = Item { granted, item: id.item.item, folder: id.item.folder, change: None };
        Ok(Attachment { item, attachment: id.attachment })
    }
}

/// Ids that are none of an attachment are told apart from broken ones only where clients can do something about it.
fn attachment_code(error: IdError) -> Error {
    match error {
        IdError::NoSuchItem => Code::ErrorInvalidAttachmentId.into(),
        other => other.into(),
    }
}

/// What a folder is looked up by: a number or a DistinguishedFolderId.
#[derive(Clone, Copy)]
struct Place {
    number: Option<FolderNo>,
    name: Option<&'static str>,
    change: Option<Seq>,
    /// Said when it is not there.
    missing: Code,
}

impl Folder {
    /// For handlers that take only folders of one kind.
    pub fn is(&self, kind: FolderKind) -> bool {
        self.row.kind == kind
    }
}
