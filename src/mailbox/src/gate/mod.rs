//! The authorization gate: the one place where ids and names from the wire become things of a mailbox.
//!
//! [`Granted`] can be made here only, and nobody gets at the store without one. An account owns its own mailbox. Of another's it
//! may use the folders on which the owner gave it rights, and what is in them, in operations that are let in ([`Gate::share`]):
//! all others refuse whoever names another mailbox. Delegates and impersonation will be decided here as well.
//!
//! Folders are looked up here (one query for all that a request names); items and attachments are decoded only: the handler's
//! own query finds out whether they are there.

pub mod permission;

use std::rc::Rc;

use ewsd_model::FolderKind;
use ewsd_model::code::Code;
use ewsd_model::distinguished;
use ewsd_model::failure::Failure;
use ewsd_model::id::{
    AttachmentId, AttachmentNo, ChangeKey, FolderId, FolderNo, Guid, IdError, ItemId, ItemNo, MailboxNo, Seq, Within,
};
use ewsd_model::rights::Rights;
use ewsd_model::target::{BaseItemId, TargetFolder};
use ewsd_model::value::{EffectiveRights, Mailbox};
use ewsd_store::{Account, DirectoryEntry, FolderRow, Plan, Store};

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
    #[cfg(feature = "testing")]
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

    fn whose(&self) -> Whose {
        Whose { mailbox: self.mailbox, guid: self.guid }
    }

    /// The same grant, if it covers `right`.
    fn check(self, right: Right) -> Result<Granted> {
        let rights = self.rights;
        let covered = match right {
            Right::Visible | Right::Read => rights.read,
            Right::CreateItems => rights.create_contents,
            Right::CreateFolders => rights.create_hierarchy,
            Right::Modify => rights.modify,
            Right::Delete => rights.delete,
            Right::Owner => rights == EffectiveRights::OWNER,
        };
        if covered { Ok(self) } else { Err(Code::ErrorAccessDenied.into()) }
    }

    pub fn item_id(&self, folder: FolderNo, item: ItemNo) -> ItemId {
        ItemId { mailbox: self.guid, folder, item }
    }

    pub fn folder_id(&self, folder: FolderNo) -> FolderId {
        FolderId { mailbox: self.guid, folder }
    }

    pub fn attachment_id(&self, folder: FolderNo, item: ItemNo, attachment: AttachmentNo) -> AttachmentId {
        AttachmentId { item: self.item_id(folder, item), attachment, within: Within::default() }
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

/// Somebody to whom rights can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub account: i64,
    pub name: String,
    /// The primary one.
    pub address: String,
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
    /// Where inside it, if it is a message.
    pub within: Within,
}

/// Whose things the caller may use. Holds the store for the time of one request.
pub struct Gate<'a> {
    store: &'a mut Store,
    caller: Rc<Account>,
    shared: bool,
}

/// The mailbox that something lies in.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Whose {
    mailbox: MailboxNo,
    guid: Guid,
}

/// Whether rights that were given on a folder let do this with it.
fn covers(rights: Rights, right: Right) -> bool {
    match right {
        Right::Visible => rights.0 & (Rights::FOLDER_VISIBLE.or(Rights::READ_ANY).or(Rights::FOLDER_OWNER)).0 != 0,
        Right::Read => rights.has(Rights::READ_ANY),
        Right::CreateItems => rights.has(Rights::CREATE),
        Right::CreateFolders => rights.has(Rights::CREATE_SUBFOLDER),
        Right::Modify | Right::Delete => rights.has(Rights::FOLDER_OWNER),
        Right::Owner => false,
    }
}

impl<'a> Gate<'a> {
    pub fn new(store: &'a mut Store, caller: Rc<Account>) -> Gate<'a> {
        Gate { store, caller, shared: false }
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

    /// Whether things of other mailboxes are let in, as far as their owners gave rights. Only for operations that take each
    /// thing's mailbox from its own [`Granted`].
    pub fn share(&mut self, shared: bool) {
        self.shared = shared;
    }

    /// Whose address this is: every account may ask, as for names.
    pub fn member(&mut self, address: &str) -> Result<Option<Member>> {
        let found = self.store.account_by_address(address.trim())?;
        Ok(found.and_then(|account| {
            let address = account.primary_address?;
            Some(Member { account: account.account, name: account.display_name, address })
        }))
    }

    /// The mailbox that an id names. `missing` is said of ids that no mailbox here ever gave out.
    fn mailbox(&mut self, guid: Guid, missing: Code) -> Result<Whose> {
        if guid == self.caller.guid {
            return Ok(self.own().whose());
        }
        match self.store.mailbox_by_guid(guid)? {
            Some(mailbox) if self.shared => Ok(Whose { mailbox, guid }),
            Some(_) => Err(Code::ErrorAccessDenied.into()),
            None => Err(missing.into()),
        }
    }

    /// What the caller may do with a folder of any mailbox, if it is `right` at least.
    fn grant(&self, whose: Whose, row: &FolderRow, right: Right) -> Result<Granted> {
        if whose.mailbox == self.caller.mailbox {
            return self.own().check(right);
        }
        let rights = permission::rights(&row.props, self.caller.account);
        match covers(rights, right) {
            true => Ok(Granted { mailbox: whose.mailbox, guid: whose.guid, rights: rights.on_folder() }),
            false => Err(Code::ErrorAccessDenied.into()),
        }
    }

    /// Whether this is the caller's own mailbox: all that is in it may be seen.
    pub fn is_own(&self, granted: &Granted) -> bool {
        granted.mailbox == self.caller.mailbox
    }

    /// Of a folder that was found below another one: the leave to see it. None: it is to be left out.
    pub fn visible(&self, above: &Granted, row: &FolderRow) -> Option<Granted> {
        self.grant(above.whose(), row, Right::Visible).ok()
    }

    /// An item of another's mailbox: what is given on the folder in which it is, whatever its id says.
    fn lent(&mut self, whose: Whose, id: &ItemId, right: Right, missing: Code) -> Result<Granted> {
        let rows = self.store.items(whose.mailbox, &[id.item], &Plan::default())?;
        let found = rows.first();
        let number = found.map_or(id.folder, |row| row.folder);
        let folder = self.store.folders(whose.mailbox, &[number], &[])?;
        let Some(folder) = folder.first() else { return Err(Code::ErrorAccessDenied.into()) };
        let rights = permission::rights(&folder.props, self.caller.account);
        if found.is_none() {
            // That something is gone is told to those only who could read it.
            let code = if covers(rights, Right::Read) { missing } else { Code::ErrorAccessDenied };
            return Err(code.into());
        }
        // Nothing says who made an item, so the rights on one's own items give nothing.
        let rights = rights.on_item(false);
        Granted { mailbox: whose.mailbox, guid: whose.guid, rights }.check(right)
    }

    /// The mailbox of an item that may be used.
    fn item_grant(&mut self, id: &ItemId, right: Right, missing: Code) -> Result<Granted> {
        let whose = self.mailbox(id.mailbox, missing)?;
        match whose.mailbox == self.caller.mailbox {
            true => self.own().check(right),
            false => self.lent(whose, id, right, missing),
        }
    }

    /// One folder. See [`Gate::folders`].
    pub fn folder(&mut self, target: &TargetFolder, right: Right) -> Result<Folder> {
        match self.folders(std::slice::from_ref(target), right)?.pop() {
            Some(folder) => folder,
            None => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// Folders in the order asked for, each found or refused by itself, with one query for all of a mailbox.
    pub fn folders(&mut self, targets: &[TargetFolder], right: Right) -> Result<Vec<Result<Folder>>> {
        let mut wanted = Vec::with_capacity(targets.len());
        for target in targets {
            wanted.push(match self.place(target) {
                Err(fault @ Error::Fault(_)) => return Err(fault),
                place => place,
            });
        }
        let mut mailboxes: Vec<MailboxNo> = Vec::with_capacity(1);
        for place in wanted.iter().flatten() {
            if !mailboxes.contains(&place.whose.mailbox) {
                mailboxes.push(place.whose.mailbox);
            }
        }
        let mut rows: Vec<(MailboxNo, FolderRow)> = Vec::with_capacity(wanted.len());
        for mailbox in mailboxes {
            let places = || wanted.iter().flatten().filter(|place| place.whose.mailbox == mailbox);
            let numbers: Vec<FolderNo> = places().filter_map(|place| place.number).collect();
            let names: Vec<&str> = places().filter_map(|place| place.name).collect();
            rows.extend(self.store.folders(mailbox, &numbers, &names)?.into_iter().map(|row| (mailbox, row)));
        }
        let find = |place: Place| {
            let row = rows.iter().find(|(mailbox, row)| {
                *mailbox == place.whose.mailbox
                    && match (place.number, place.name) {
                        (Some(number), _) => row.folder == number,
                        (None, name) => row.distinguished.as_deref() == name,
                    }
            });
            let Some((_, row)) = row else {
                // Which folders another mailbox has is nothing that a stranger may learn.
                let own = place.whose.mailbox == self.caller.mailbox;
                return Err(if own { place.missing } else { Code::ErrorAccessDenied }.into());
            };
            Ok(Folder { granted: self.grant(place.whose, row, right)?, row: row.clone(), change: place.change })
        };
        Ok(wanted.into_iter().map(|place| place.and_then(find)).collect())
    }

    /// What a folder is to be looked up by.
    fn place(&mut self, target: &TargetFolder) -> Result<Place> {
        match target {
            TargetFolder::Id(id) => {
                let change = id.change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                let folder = FolderId::decode(&id.id)?;
                let missing = Code::ErrorFolderNotFound;
                let whose = self.mailbox(folder.mailbox, missing)?;
                Ok(Place { whose, number: Some(folder.folder), name: None, change, missing })
            }
            TargetFolder::Distinguished { name, change_key, mailbox } => {
                let change = change_key.as_deref().map(ChangeKey::of_folder).transpose()?;
                let whose = match mailbox {
                    Some(mailbox) => self.whose(mailbox)?,
                    None => self.own().whose(),
                };
                let missing =
                    distinguished::find(name).and_then(|row| row.refusal()).unwrap_or(Code::ErrorFolderNotFound);
                Ok(Place { whose, number: None, name: Some(name), change, missing })
            }
            TargetFolder::AddressList(_) => Err(Code::ErrorFolderNotFound.into()),
        }
    }

    /// The mailbox named by an address: the primary one of its owner.
    fn whose(&mut self, mailbox: &Mailbox) -> Result<Whose> {
        let address = mailbox.address.as_deref().unwrap_or_default().trim();
        if self.caller.primary_address.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(address)) {
            return Ok(self.own().whose());
        }
        let Some(owner) = self.store.account_by_address(address)? else {
            return Err(Code::ErrorNonExistentMailbox.into());
        };
        match owner.primary_address {
            Some(primary) if !primary.eq_ignore_ascii_case(address) => {
                Err(Failure::new(Code::ErrorNonPrimarySmtpAddress).value("Primary", primary).into())
            }
            _ if owner.mailbox == self.caller.mailbox || self.shared => {
                Ok(Whose { mailbox: owner.mailbox, guid: owner.guid })
            }
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
        let granted = self.item_grant(&id, right, Code::ErrorItemNotFound)?;
        Ok(Item { granted, item: id.item, folder: id.folder, change })
    }

    pub fn attachment(&mut self, id: &str, right: Right) -> Result<Attachment> {
        let id = AttachmentId::decode(id).map_err(attachment_code)?;
        let granted = self.item_grant(&id.item, right, Code::ErrorInvalidAttachmentId)?;
        let item = Item { granted, item: id.item.item, folder: id.item.folder, change: None };
        Ok(Attachment { item, attachment: id.attachment, within: id.within })
    }
}

/// Whatever an id is that is none of an attachment, clients look for one code; what is no id at all is told as for items.
fn attachment_code(error: IdError) -> Error {
    match error {
        IdError::Empty | IdError::Malformed => error.into(),
        _ => Code::ErrorInvalidAttachmentId.into(),
    }
}

/// What a folder is looked up by: a number or a DistinguishedFolderId.
#[derive(Clone, Copy)]
struct Place {
    whose: Whose,
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use ewsd_model::failure::Detail;
    use ewsd_model::value::WireId;
    use ewsd_store::testing::database;
    use ewsd_store::{NewAccount, StoreError};

    use super::*;

    fn account(store: &mut Store, login: &str) -> Account {
        let addresses = vec![format!("{login}@example.test"), format!("{login}.alias@example.test")];
        let new = NewAccount { login: login.into(), addresses, language: "en".into(), ..NewAccount::default() };
        store.create_account(&new).unwrap()
    }

    fn inbox_of(address: Option<&str>) -> TargetFolder {
        let mailbox = address.map(|address| Mailbox { address: Some(address.to_owned()), ..Mailbox::default() });
        TargetFolder::Distinguished { name: "inbox", change_key: None, mailbox }
    }

    fn by_id(id: impl Into<String>, change_key: Option<&str>) -> TargetFolder {
        TargetFolder::Id(WireId { id: id.into(), change_key: change_key.map(str::to_owned) })
    }

    fn code(result: Result<Folder>) -> Code {
        result.err().map_or(Code::NoError, |error| error.code())
    }

    #[test]
    fn an_account_sees_its_own_mailbox_and_no_other() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let (alice, bob) = (account(&mut store, "alice"), account(&mut store, "bob"));
        let bobs = store.folder_by_distinguished(bob.mailbox, "inbox").unwrap().folder;
        let bobs = FolderId { mailbox: bob.guid, folder: bobs };
        let mut gate = Gate::new(&mut store, Rc::new(alice.clone()));
        let own = gate.folder(&inbox_of(None), Right::Read).unwrap();
        let own_id = own.granted.folder_id(own.row.folder).encode();
        let key = ChangeKey::new(own.row.kind, own.row.change).encode();
        let nobodys = FolderId { mailbox: Guid([9; 16]), folder: FolderNo(3) }.encode();
        let missing = FolderId { mailbox: alice.guid, folder: FolderNo(1 << 30) }.encode();
        let item = ItemId { mailbox: alice.guid, folder: FolderNo(3), item: ItemNo(4) }.encode();
        for (target, expected) in [
            (inbox_of(Some("ALICE@example.test")), Code::NoError),
            (inbox_of(Some("alice.alias@example.test")), Code::ErrorNonPrimarySmtpAddress),
            (inbox_of(Some("bob@example.test")), Code::ErrorAccessDenied),
            (inbox_of(Some("bob.alias@example.test")), Code::ErrorNonPrimarySmtpAddress),
            (inbox_of(Some("nobody@example.test")), Code::ErrorNonExistentMailbox),
            (inbox_of(Some("")), Code::ErrorNonExistentMailbox),
            (by_id(own_id.as_str(), None), Code::NoError),
            (by_id(own_id.as_str(), Some(&key)), Code::NoError),
            (by_id(own_id.as_str(), Some("XXX")), Code::ErrorInvalidChangeKey),
            (by_id(bobs.encode(), None), Code::ErrorAccessDenied),
            (by_id(nobodys, None), Code::ErrorFolderNotFound),
            (by_id(missing, None), Code::ErrorFolderNotFound),
            (by_id(item, None), Code::ErrorCannotUseItemIdForFolderId),
            (by_id("XXX", None), Code::ErrorInvalidIdMalformed),
            (by_id("", None), Code::ErrorInvalidIdEmpty),
        ] {
            assert_eq!(code(gate.folder(&target, Right::Read)), expected, "{target:?}");
        }
        match gate.folder(&inbox_of(Some("alice.alias@example.test")), Right::Read) {
            Err(Error::Failure(failure)) => {
                assert_eq!(failure.details, [Detail::Value("Primary", "alice@example.test".into())]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn folders_come_in_the_order_asked_for() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let alice = account(&mut store, "alice");
        let mut gate = Gate::new(&mut store, Rc::new(alice));
        let name = |name| TargetFolder::Distinguished { name, change_key: None, mailbox: None };
        let targets = [
            name("drafts"),
            name("archiveroot"),
            name("inbox"),
            name("publicfoldersroot"),
            name("drafts"),
            by_id("AAA=", None),
        ];
        let found = gate.folders(&targets, Right::Visible).unwrap();
        let told: Vec<String> = found
            .into_iter()
            .map(|folder| match folder {
                Ok(folder) => folder.row.distinguished.unwrap_or_default(),
                Err(error) => error.code().name().to_owned(),
            })
            .collect();
        assert_eq!(
            told,
            [
                "drafts",
                "ErrorFolderNotFound",
                "inbox",
                "ErrorNoPublicFolderReplicaAvailable",
                "drafts",
                "ErrorInvalidIdMalformed"
            ]
        );
    }

    #[test]
    fn items_and_attachments_of_others_are_refused() {
        let database = database();
        let mut store = Store::connect(&database.options()).unwrap();
        let (alice, bob) = (account(&mut store, "alice"), account(&mut store, "bob"));
        let mut gate = Gate::new(&mut store, Rc::new(alice.clone()));
        let id = |mailbox| ItemId { mailbox, folder: FolderNo(3), item: ItemNo(44) };
        let mut item = |mailbox| gate.item_by_id(&id(mailbox).encode(), None, Right::Read).map(|item| item.item);
        assert_eq!(item(alice.guid).unwrap(), ItemNo(44));
        assert_eq!(item(bob.guid).unwrap_err().code(), Code::ErrorAccessDenied);
        assert_eq!(item(Guid([9; 16])).unwrap_err().code(), Code::ErrorItemNotFound);
        let attachment = |mailbox| {
            AttachmentId { item: id(mailbox), attachment: AttachmentNo(5), within: Within::default() }.encode()
        };
        assert_eq!(gate.attachment(&attachment(alice.guid), Right::Read).unwrap().attachment, AttachmentNo(5));
        assert_eq!(gate.attachment(&attachment(bob.guid), Right::Read).unwrap_err().code(), Code::ErrorAccessDenied);
        let folder = FolderId { mailbox: alice.guid, folder: FolderNo(3) }.encode();
        let error = gate.item_by_id(&folder, None, Right::Read).unwrap_err();
        assert_eq!(error.code(), Code::ErrorCannotUseFolderIdForItemId);
    }

    #[test]
    fn store_errors_become_what_clients_understand() {
        for (error, code, fault) in [
            (StoreError::Busy { retry_ms: 5 }, Code::ErrorServerBusy, true),
            (StoreError::Db("x".into()), Code::ErrorInternalServerError, true),
            (StoreError::Quota, Code::ErrorQuotaExceeded, false),
            (StoreError::Subscriptions, Code::ErrorExceededSubscriptionCount, false),
            (StoreError::Conflict { current: Seq(1) }, Code::ErrorIrresolvableConflict, false),
        ] {
            let told = Error::from(error);
            assert_eq!((told.code(), matches!(told, Error::Fault(_))), (code, fault));
        }
    }
}
